//! The folders of Keras and TensorFlow, where channels are last: weights and recordings are turned as the code has
//! them.

use std::collections::BTreeMap;

use super::{ExportError, File, first_weights, named, proof, samples, tensor_file};
use crate::data::Dataset;
use crate::engine::Snapshot;
use crate::files::NamedTensor;
use crate::interop::code::{Names, python};
use crate::interop::keras::file::{archive, numbers};
use crate::interop::keras::plan::{Biases, Plan, Step, Variable};
use crate::interop::{Network, Refusal, keras, tensorflow};
use crate::model::Project;

fn text(name: &'static str, text: &str) -> File {
    File { name, bytes: text.as_bytes().to_vec() }
}

fn sentence(framework: &'static str) -> impl Fn(String) -> ExportError {
    move |why| ExportError::Refused { framework, refused: vec![Refusal { layer: String::new(), why }] }
}

/// What a step's variable is called, with how many it keeps before it.
type Called<'a> = &'a dyn Fn(&Step, &Variable, usize) -> String;

/// Every variable that all of its parts are there for. `slopes`: gradients, of which each part of a sum has the whole.
fn turned(plan: &Plan, tensors: &[NamedTensor], prefix: &str, slopes: bool, called: Called) -> Vec<NamedTensor> {
    let strip = |tensor: &NamedTensor| {
        let name = tensor.name.strip_prefix(prefix)?.to_owned();
        Some(NamedTensor { name, ..tensor.clone() })
    };
    let own: Vec<NamedTensor> = tensors.iter().filter_map(strip).collect();
    let by_name: BTreeMap<&str, &NamedTensor> = own.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let mut all = Vec::new();
    for step in &plan.steps {
        for (i, variable) in step.variables.iter().enumerate() {
            let mut variable = variable.clone();
            if slopes {
                variable.turn = variable.turn.of_first();
            }
            if let Ok(values) = numbers(&variable, &by_name) {
                let name = format!("{prefix}{}", called(step, &variable, i));
                all.push(NamedTensor { name, dims: variable.turn.dims.clone(), values });
            }
        }
    }
    all
}

fn recorded(
    project: &Project,
    dataset: &Dataset,
    first: &Snapshot,
    plan: &Plan,
    called: Called,
) -> Result<Vec<NamedTensor>, ExportError> {
    let ours = proof::record(project, dataset, first, &|ours| Some(ours.to_owned()))?;
    let [slopes, after] = ["f32/grad/", "f64/after/"];
    let mut all = turned(plan, &ours, slopes, true, called);
    all.extend(turned(plan, &ours, after, false, called));
    all.extend(ours.into_iter().filter(|one| !one.name.starts_with(slopes) && !one.name.starts_with(after)));
    Ok(all)
}

/// The TensorFlow folder. `weights`: those of a run; without, the first weights of the project's seed.
pub fn tensorflow(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<File>, ExportError> {
    let refused = sentence("TensorFlow");
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    if let Some(why) = tensorflow::training::refusals(project).into_iter().next() {
        return Err(refused(why));
    }
    let names = Names::of(&network, &tensorflow::TAKEN);
    let plan = Plan::new(&network, &names, Biases::Apart).map_err(&refused)?;
    let class = tensorflow::class(&project.name);
    let training = tensorflow::training::Training { class: &class, project, network: &network, plan: &plan };
    let model = tensorflow::model(&class, &network, &names, &plan).map_err(&refused)?;
    let first = first_weights(project, dataset, weights)?;
    let called = |step: &Step, variable: &Variable, _: usize| tensorflow::variable_name(step, variable);
    let own = turned(&plan, &named(&first, &|ours| Some(ours.to_owned())), "", false, &called);
    let proof = recorded(project, dataset, &first, &plan, &called)?;
    let verify = include_str!("../../../assets/interop/tensorflow_verify.py")
        .replace("__CLASS__", &class)
        .replace("__ANSWER__", &training.main_answer().to_string())
        .replace("__CLASSES__", python::bool(network.signature.task.classes().is_some()));
    Ok(vec![
        text("model.py", &model.text()),
        text("train.py", &training.script().text()),
        text("verify.py", &verify),
        text("tensorflow_run.py", include_str!("../../../assets/interop/tensorflow_run.py")),
        text("reproduce.py", include_str!("../../../assets/interop/reproduce.py")),
        File { name: "weights.safetensors", bytes: tensor_file(own)? },
        File { name: "data.npz", bytes: samples::npz(dataset)? },
        File { name: "proof.safetensors", bytes: tensor_file(proof)? },
    ])
}

/// The `.keras` file alone: layers and weights, ready for `keras.models.load_model`.
pub fn keras_file(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let refused = sentence("Keras");
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let names = Names::of(&network, &keras::code::TAKEN);
    let plan = Plan::new(&network, &names, Biases::Summed).map_err(&refused)?;
    let first = first_weights(project, dataset, weights)?;
    let weights = named(&first, &|ours| Some(ours.to_owned()));
    archive(&plan, &keras::code::title(&project.name), &weights).map_err(refused)
}

/// The Keras folder. `weights`: those of a run; without, the first weights of the project's seed.
pub fn keras(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<File>, ExportError> {
    let refused = sentence("Keras");
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let names = Names::of(&network, &keras::code::TAKEN);
    let plan = Plan::new(&network, &names, Biases::Summed).map_err(&refused)?;
    if let Some(why) = keras::training::refusals(project, &plan).into_iter().next() {
        return Err(refused(why));
    }
    let training = keras::training::Training { project, network: &network, plan: &plan };
    let model = keras::code::script(&names, &plan, &keras::code::title(&project.name)).map_err(&refused)?;
    let first = first_weights(project, dataset, weights)?;
    // As the model's layers count them: `lstm_1.0` is the first of `get_layer("lstm_1").weights`.
    let called = |step: &Step, _: &Variable, place: usize| format!("{}.{place}", step.name);
    let proof = recorded(project, dataset, &first, &plan, &called)?;
    let usual = ("1e-8", "Relative to each tensor's largest magnitude.");
    let (steps, why) = plan.single_precision().map_or(usual, |why| ("1e-5", why));
    let verify = include_str!("../../../assets/interop/keras_verify.py")
        .replace("__STEPS__", steps)
        .replace("__WHY__", why)
        .replace("__ANSWER__", &training.main_answer().to_string())
        .replace("__CLASSES__", python::bool(network.signature.task.classes().is_some()));
    let mut files = vec![
        text("model.py", &model.text()),
        text("train.py", &training.script().text()),
        text("verify.py", &verify),
        text("keras_run.py", include_str!("../../../assets/interop/keras_run.py")),
        text("reproduce.py", include_str!("../../../assets/interop/reproduce.py")),
        File { name: "data.npz", bytes: samples::npz(dataset)? },
        File { name: "proof.safetensors", bytes: tensor_file(proof)? },
        File { name: "model.keras", bytes: keras_file(project, dataset, weights)? },
    ];
    if let Some(own) = keras::code::own_layers(&plan).map_err(refused)? {
        files.push(text("glassbox_layers.py", &own.text()));
    }
    Ok(files)
}
