//! Weights that the exported code has trained, under our names and in our layouts again.

use std::collections::BTreeMap;
use std::path::Path;

use crate::files::{NamedTensor, Values};
use crate::interop::code::Names;
use crate::interop::keras::plan::{Biases, Plan, Variable};
use crate::interop::state_dict::{StateDict, mapping};
use crate::interop::{Framework, Network, Node, keras, tensorflow};
use crate::model::Project;
use crate::model::layer::Weight;

/// Those of the exported PyTorch code. `None`: these are not, or not all, the tensors that it has for this network.
pub fn pytorch_back(project: &Project, network: &Network, dict: &StateDict) -> Option<Vec<NamedTensor>> {
    let (twin, mut ours) = (Framework::PyTorch.twin(project, network, None).ok()?, Ours::of(network));
    for (name, theirs) in &twin.tensors {
        // Tables that are computed stand among them as well.
        if let Some((dims, numbers)) = ours.0.get_mut(name) {
            *numbers = Some(singles(dict, theirs, dims.iter().product())?);
        }
    }
    ours.all()
}

/// Those of the exported TensorFlow code; `None` as of [`pytorch_back`].
pub fn tensorflow_back(network: &Network, dict: &StateDict) -> Option<Vec<NamedTensor>> {
    let (names, mut ours) = (Names::of(network, &tensorflow::TAKEN), Ours::of(network));
    let plan = Plan::new(network, &names, Biases::Apart).ok()?;
    for step in &plan.steps {
        for variable in &step.variables {
            if ours.wants(variable) {
                let count = variable.turn.dims.iter().product();
                ours.turn_back(variable, &singles(dict, &tensorflow::variable_name(step, variable), count)?);
            }
        }
    }
    ours.all()
}

/// Those of a `.keras` file that the exported Keras code has saved; `None` as of [`pytorch_back`]. Errors: the file
/// cannot be read.
pub fn keras_back(network: &Network, path: &Path) -> Result<Option<Vec<NamedTensor>>, String> {
    let (names, mut ours) = (Names::of(network, &keras::code::TAKEN), Ours::of(network));
    let Ok(plan) = Plan::new(network, &names, Biases::Summed) else { return Ok(None) };
    let variables = keras::file::paths(&plan);
    let places: Vec<&str> = variables.iter().map(|(place, _)| place.as_str()).collect();
    let found = keras::read::variables(path, &places).map_err(|error| error.to_string())?;
    for ((_, variable), numbers) in variables.iter().zip(found) {
        if ours.wants(variable) {
            let count: usize = variable.turn.dims.iter().product();
            let Some(numbers) = numbers.filter(|numbers| numbers.len() == count) else { return Ok(None) };
            ours.turn_back(variable, &numbers);
        }
    }
    Ok(ours.all())
}

/// What the network keeps, by our names: sizes, and numbers as soon as they are known.
struct Ours(BTreeMap<String, (Vec<usize>, Option<Vec<f32>>)>);

/// A tensor of so many numbers.
fn singles(dict: &StateDict, name: &str, count: usize) -> Option<Vec<f32>> {
    let numbers = match dict.find(name)?.values.as_ref() {
        Values::F32(numbers) => numbers.clone(),
        Values::F64(numbers) => numbers.iter().map(|&number| number as f32).collect(),
    };
    (numbers.len() == count).then_some(numbers)
}

impl Ours {
    fn of(network: &Network) -> Self {
        let of_node = |node: &Node| {
            let slug = node.slug.clone();
            let entry = move |weight: &Weight| (format!("{slug}.{}", weight.name), (weight.dims.clone(), None));
            mapping::weights(node).map(entry).collect::<Vec<_>>()
        };
        Self(network.nodes.iter().flat_map(of_node).collect())
    }

    fn wants(&self, variable: &Variable) -> bool {
        variable.turn.parts.iter().any(|part| self.0.contains_key(part))
    }

    fn turn_back(&mut self, variable: &Variable, numbers: &[f32]) {
        let turn = &variable.turn;
        let start = |part: &String| {
            let known = self.0.get_mut(part).and_then(|(_, numbers)| numbers.take());
            known.unwrap_or_else(|| vec![0.0; turn.part_len()])
        };
        let mut parts: Vec<Vec<f32>> = turn.parts.iter().map(start).collect();
        turn.undo(numbers, &mut parts.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
        for (part, numbers) in turn.parts.iter().zip(parts) {
            if let Some((_, known)) = self.0.get_mut(part) {
                *known = Some(numbers);
            }
        }
    }

    /// All of them, or nothing.
    fn all(self) -> Option<Vec<NamedTensor>> {
        let whole = |(name, (dims, numbers)): (String, (Vec<usize>, Option<Vec<f32>>))| {
            let numbers = numbers.filter(|numbers| numbers.len() == dims.iter().product::<usize>())?;
            Some(NamedTensor { name, dims, values: Values::F32(numbers) })
        };
        self.0.into_iter().map(whole).collect()
    }
}
