//! A model as a `.keras` file: an archive of its layers in JSON and of its weights in HDF5, which
//! `keras.models.load_model` opens. Written without Python.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use hdf5_pure::FileBuilder;
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::call::{Call, Make, Setting, call};
use super::order::{folders, order};
use super::plan::{Plan, Step, Tensor, Variable, What};
use crate::files::{NamedTensor, Values};

/// The oldest Keras that reads all that is written here: RMS norm came last.
const KERAS: &str = "3.9.0";

/// Classes of their own that an exported model needs to be opened.
const PACKAGE: &str = "glassbox";

/// The bytes of the file. `weights` as checkpoints have them. Errors: a sentence on a weight that is missing or of
/// another size, or on a file that cannot be made.
pub fn archive(plan: &Plan, title: &str, weights: &[NamedTensor]) -> Result<Vec<u8>, String> {
    let written = |error: &dyn std::fmt::Display| format!("The model couldn't be written: {error}.");
    let parts = [
        ("metadata.json", json!({ "keras_version": KERAS }).to_string().into_bytes()),
        ("config.json", config(plan, title).to_string().into_bytes()),
        ("model.weights.h5", hdf5(plan, weights)?),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(name, options).map_err(|error| written(&error))?;
        archive.write_all(&bytes).map_err(|error| written(&error))?;
    }
    Ok(archive.finish().map_err(|error| written(&error))?.into_inner())
}

/// The outputs of the model: what arrives at each Loss.
pub fn outputs(plan: &Plan) -> Vec<Tensor> {
    plan.answers.iter().map(|answer| answer.answer).collect()
}

/// The class that a step's weights are filed under.
fn class(plan: &Plan, step: &Step) -> Option<String> {
    Some(match call(plan, step).map(|call| call.make) {
        None => "InputLayer".to_owned(),
        Some(Make::Layer(class) | Make::Improved(class)) => class.to_owned(),
        Some(Make::Own(class)) => class,
        // What is no layer is not counted.
        Some(Make::Op(..) | Make::Item { .. }) => return None,
    })
}

/// Where each variable lies in `model.weights.h5`: `layers/dense_1/vars/0`.
pub fn paths(plan: &Plan) -> Vec<(String, &Variable)> {
    let steps = order(plan, &outputs(plan));
    let folders = folders(steps.into_iter().filter_map(|step| Some((step, class(plan, &plan.steps[step])?))));
    let mut paths = Vec::new();
    for (step, folder) in folders {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for variable in &plan.steps[step].variables {
            let inside = if variable.inside.is_empty() { String::new() } else { format!("/{}", variable.inside) };
            let count = counts.entry(variable.inside).or_insert(0);
            paths.push((format!("{folder}{inside}/vars/{count}"), variable));
            *count += 1;
        }
    }
    paths
}

/// A variable's numbers from the weights. Errors: one is missing, or has another size.
pub fn numbers(variable: &Variable, weights: &BTreeMap<&str, &NamedTensor>) -> Result<Values, String> {
    let turn = &variable.turn;
    let find = |name: &String| {
        let found = weights.get(name.as_str()).ok_or_else(|| format!("There are no weights called {name}."))?;
        let len: usize = found.dims.iter().product();
        if len == turn.part_len() {
            return Ok(*found);
        }
        Err(format!("{name} has {len} numbers, but the network has {} there.", turn.part_len()))
    };
    let parts = turn.parts.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let single = |part: &&NamedTensor| match &part.values {
        Values::F32(numbers) => Some(numbers.clone()),
        Values::F64(_) => None,
    };
    if let Some(parts) = parts.iter().map(single).collect::<Option<Vec<_>>>() {
        let parts: Vec<&[f32]> = parts.iter().map(Vec::as_slice).collect();
        return Ok(Values::F32(turn.apply(&parts)));
    }
    let double = |part: &&NamedTensor| match &part.values {
        Values::F32(numbers) => numbers.iter().map(|&number| f64::from(number)).collect(),
        Values::F64(numbers) => numbers.clone(),
    };
    let parts: Vec<Vec<f64>> = parts.iter().map(double).collect();
    let parts: Vec<&[f64]> = parts.iter().map(Vec::as_slice).collect();
    Ok(Values::F64(turn.apply(&parts)))
}

/// By their names.
pub fn by_name(weights: &[NamedTensor]) -> BTreeMap<&str, &NamedTensor> {
    weights.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect()
}

/// Groups within groups.
#[derive(Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    tensors: BTreeMap<String, (Vec<u64>, Vec<f32>)>,
}

impl Folder {
    fn put(&mut self, path: &str, tensor: (Vec<u64>, Vec<f32>)) {
        match path.split_once('/') {
            Some((folder, rest)) => self.folders.entry(folder.to_owned()).or_default().put(rest, tensor),
            None => {
                self.tensors.insert(path.to_owned(), tensor);
            }
        }
    }

    fn write(&self, group: &mut hdf5_pure::GroupBuilder) {
        for (name, (dims, numbers)) in &self.tensors {
            group.create_dataset(name).with_f32_data(numbers).with_shape(dims);
        }
        for (name, folder) in &self.folders {
            let mut inner = group.create_group(name);
            folder.write(&mut inner);
            group.add_group(inner.finish());
        }
    }
}

fn hdf5(plan: &Plan, weights: &[NamedTensor]) -> Result<Vec<u8>, String> {
    let weights = by_name(weights);
    let mut root = Folder::default();
    for (path, variable) in paths(plan) {
        let dims = variable.turn.dims.iter().map(|&size| size as u64).collect();
        let numbers = match numbers(variable, &weights)? {
            Values::F32(numbers) => numbers,
            Values::F64(numbers) => numbers.into_iter().map(|number| number as f32).collect(),
        };
        root.put(&path, (dims, numbers));
    }
    let mut file = FileBuilder::new();
    for (name, folder) in &root.folders {
        let mut group = file.create_group(name);
        folder.write(&mut group);
        file.add_group(group.finish());
    }
    file.finish().map_err(|error| format!("The weights couldn't be written: {error}."))
}

/// Beside the settings of a Formula, where Keras passes it over: what was typed.
pub const FORMULA: &str = "glassbox_formula";

/// `config.json`
fn config(plan: &Plan, title: &str) -> Value {
    let place = |tensor: &Tensor| json!([plan.steps[tensor.step].name, 0, tensor.port]);
    let all = |tensors: &[Tensor]| match tensors {
        [one] => place(one),
        _ => tensors.iter().map(place).collect(),
    };
    let inputs: Vec<Tensor> = plan.inputs().map(|(step, _)| Tensor { step, port: 0 }).collect();
    let layers: Vec<Value> = plan.steps.iter().map(|step| layer(plan, step)).collect();
    json!({
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": {
            "name": title,
            "trainable": true,
            "layers": layers,
            "input_layers": all(&inputs),
            "output_layers": all(&outputs(plan)),
        },
        "registered_name": "Functional",
    })
}

fn batched(dims: &[usize]) -> Value {
    std::iter::once(Value::Null).chain(dims.iter().map(|&size| size.into())).collect()
}

fn layer(plan: &Plan, step: &Step) -> Value {
    let mut settings = Map::new();
    settings.insert("name".into(), step.name.clone().into());
    let Some(call) = call(plan, step) else {
        settings.insert("batch_shape".into(), batched(&step.leaves[0]));
        settings.insert("dtype".into(), "float32".into());
        return json!({
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": settings,
            "registered_name": null,
            "name": step.name,
            "inbound_nodes": [],
        });
    };
    // Some layers without weights don't take it.
    if !step.variables.is_empty() {
        settings.insert("trainable".into(), (!step.frozen).into());
    }
    settings.extend(call.settings.iter().map(|(key, setting)| ((*key).to_owned(), json(setting))));
    let (module, class, registered) = match &call.make {
        Make::Layer(class) | Make::Improved(class) => ("keras.layers".to_owned(), (*class).to_owned(), Value::Null),
        Make::Own(class) => ("glassbox_layers".to_owned(), class.clone(), format!("{PACKAGE}>{class}").into()),
        Make::Op(module, class, _) => (format!("keras.src.ops.{module}"), (*class).to_owned(), (*class).into()),
        Make::Item { .. } => ("keras.src.ops.numpy".to_owned(), "GetItem".to_owned(), "GetItem".into()),
    };
    let mut layer = json!({
        "module": module,
        "class_name": class,
        "config": settings,
        "registered_name": registered,
        "name": step.name,
        "inbound_nodes": [node(plan, step, &call)],
    });
    if let What::Formula { expression } = &step.what {
        layer[FORMULA] = expression.clone().into();
    }
    layer
}

/// How a layer is applied.
fn node(plan: &Plan, step: &Step, call: &Call) -> Value {
    let tensor = |tensor: &Tensor| {
        json!({
            "class_name": "__keras_tensor__",
            "config": {
                "shape": batched(plan.dims(*tensor)),
                "dtype": "float32",
                "keras_history": [plan.steps[tensor.step].name, 0, tensor.port],
            },
        })
    };
    let reads: Vec<Value> = step.reads.iter().map(tensor).collect();
    let mut named: Map<String, Value> =
        call.saying.iter().map(|(key, setting)| ((*key).to_owned(), json(setting))).collect();
    let args = match (&step.what, &call.make) {
        (What::Merge(_) | What::Concat { .. }, _) => vec![reads.into()],
        (What::Attention { .. }, _) => {
            named.insert("key".into(), reads[2].clone());
            reads[..2].to_vec()
        }
        (_, Make::Item { axis, first, length, drops }) => {
            let slice = |start: Value, stop: Value| json!({ "class_name": "__slice__", "config": { "start": start, "stop": stop, "step": null } });
            let mut items: Vec<Value> = (0..*axis).map(|_| slice(Value::Null, Value::Null)).collect();
            items.push(if *drops { (*first).into() } else { slice((*first).into(), (first + length).into()) });
            vec![reads[0].clone(), items.into()]
        }
        _ => reads,
    };
    json!({ "args": args, "kwargs": named })
}

fn json(setting: &Setting) -> Value {
    match setting {
        Setting::Int(n) => (*n).into(),
        Setting::Float(number) => (*number).into(),
        Setting::Bool(is_so) => (*is_so).into(),
        Setting::Word(word) => (*word).into(),
        Setting::Text(text) => text.clone().into(),
        Setting::List(all) => all.iter().map(json).collect(),
        Setting::Penalty([l1, l2]) => json!({
            "module": "keras.regularizers",
            "class_name": "L1L2",
            "config": { "l1": l1, "l2": l2 },
            "registered_name": null,
        }),
        Setting::Constant(value) => json!({
            "module": "keras.initializers",
            "class_name": "Constant",
            "config": { "value": value },
            "registered_name": null,
        }),
        Setting::Layer(call) => {
            let class = match &call.make {
                Make::Layer(class) | Make::Improved(class) => class,
                Make::Own(_) | Make::Op(..) | Make::Item { .. } => "Identity",
            };
            let settings: Map<String, Value> =
                call.settings.iter().map(|(key, setting)| ((*key).to_owned(), json(setting))).collect();
            json!({ "module": "keras.layers", "class_name": class, "config": settings, "registered_name": null })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::interop::Network;
    use crate::interop::code::Names;
    use crate::interop::keras::plan::Biases;
    use crate::model::layer::{Conv2d, Dense, Flatten, LayerKind};
    use crate::model::templates::chain;
    use crate::model::{DataSignature, Shape, Task};

    fn part(archive: &[u8], name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        archive.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    /// Real Keras opens such files in tests/export_twins.rs.
    #[test]
    fn the_archive_holds_layers_and_weights_with_the_channels_last() {
        let conv = LayerKind::from(Conv2d { filters: 2, ..Conv2d::default() });
        let dense = LayerKind::from(Dense { units: 3, ..Dense::default() });
        let graph = chain(vec![conv, Flatten {}.into(), dense]);
        let signature =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 2, 2]), task: Task::Classes(3) };
        let network = Network::new(&graph, &signature).unwrap();
        let plan = Plan::new(&network, &Names::of(&network, &[]), Biases::Summed).unwrap();
        let weights: Vec<NamedTensor> = network
            .nodes
            .iter()
            .flat_map(|node| node.weights.iter().map(move |weight| (format!("{}.{}", node.slug, weight.name), weight)))
            .map(|(name, weight)| {
                let numbers = (0..weight.dims.iter().product::<usize>()).map(|i| i as f32).collect();
                NamedTensor { name, dims: weight.dims.clone(), values: Values::F32(numbers) }
            })
            .collect();
        let bytes = archive(&plan, "small", &weights).unwrap();
        let config: Value = serde_json::from_slice(&part(&bytes, "config.json")).unwrap();
        let classes: Vec<_> = config["config"]["layers"].as_array().unwrap().iter().map(|l| &l["class_name"]).collect();
        assert_eq!(classes, ["InputLayer", "Conv2D", "Flatten", "Dense"]);
        let file = hdf5_pure::File::from_bytes(part(&bytes, "model.weights.h5")).unwrap();
        assert_eq!(file.dataset("layers/conv2d/vars/0").unwrap().shape().unwrap(), [3, 3, 1, 2]);
        // Our rows go through all places of the first channel first.
        let kernel = file.dataset("layers/dense/vars/0").unwrap();
        assert_eq!(kernel.shape().unwrap(), [8, 3]);
        assert_eq!(kernel.read_f32().unwrap()[..6], [0.0, 8.0, 16.0, 4.0, 12.0, 20.0]);
        let missing = archive(&plan, "small", &weights[1..]).unwrap_err();
        assert_eq!(missing, "There are no weights called conv_2_d_1.weight.");
    }
}
