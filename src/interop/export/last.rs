//! The folders of Keras and TensorFlow, where channels are last: weights and recordings are turned as the code has
//! them.

use std::collections::BTreeMap;

use super::{ExportError, File, From, file, first_weights, named, proof, tensor_file, text};
use crate::data::Dataset;
use crate::engine::Snapshot;
use crate::files::NamedTensor;
use crate::interop::code::Names;
use crate::interop::keras::file::{archive, numbers};
use crate::interop::keras::plan::{Biases, Plan, Step, Variable};
use crate::interop::{Network, Refusal, keras, tensorflow};
use crate::model::Project;

const TENSORFLOW_RUN: &str = include_str!("../../../assets/interop/tensorflow_run.py");

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

fn recorded(from: &From, plan: &Plan, called: Called) -> Result<Vec<NamedTensor>, ExportError> {
    let ours = proof::record(from.project, from.dataset, from.first, &|ours| Some(ours.to_owned()))?;
    let [slopes, after] = ["f32/grad/", "f64/after/"];
    let mut all = turned(plan, &ours, slopes, true, called);
    all.extend(turned(plan, &ours, after, false, called));
    all.extend(ours.into_iter().filter(|one| !one.name.starts_with(slopes) && !one.name.starts_with(after)));
    Ok(all)
}

/// What only the TensorFlow folder has.
pub(super) fn tensorflow(from: &From) -> Result<Vec<File>, ExportError> {
    let names = Names::of(from.network, &tensorflow::TAKEN);
    let plan = Plan::new(from.network, &names, Biases::Apart).map_err(sentence("TensorFlow"))?;
    let called = |step: &Step, variable: &Variable, _: usize| tensorflow::variable_name(step, variable);
    let own = turned(&plan, &named(from.first, &|ours| Some(ours.to_owned())), "", false, &called);
    let proof = recorded(from, &plan, &called)?;
    let verify = include_str!("../../../assets/interop/tensorflow_verify.py")
        .replace("__CLASS__", &from.twin.class)
        .replace("__ANSWER__", &from.twin.answer.to_string());
    Ok(vec![
        text("verify.py", &verify),
        text("tensorflow_run.py", TENSORFLOW_RUN),
        file("weights.safetensors", tensor_file(own)?),
        file("proof.safetensors", tensor_file(proof)?),
    ])
}

/// The `.keras` file alone: layers and weights, ready for `keras.models.load_model`.
pub fn keras_file(project: &Project, dataset: &Dataset, weights: Option<&Snapshot>) -> Result<Vec<u8>, ExportError> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(ExportError::Invalid)?;
    let names = Names::of(&network, &keras::code::TAKEN);
    let plan = Plan::new(&network, &names, Biases::Summed).map_err(sentence("Keras"))?;
    keras_archive(project, &plan, &first_weights(project, dataset, weights)?)
}

/// What only the Keras folder has.
pub(super) fn keras(from: &From) -> Result<Vec<File>, ExportError> {
    let names = Names::of(from.network, &keras::code::TAKEN);
    let plan = Plan::new(from.network, &names, Biases::Summed).map_err(sentence("Keras"))?;
    // As the model's layers count them: `lstm_1.0` is the first of `get_layer("lstm_1").weights`.
    let called = |step: &Step, _: &Variable, place: usize| format!("{}.{place}", step.name);
    let proof = recorded(from, &plan, &called)?;
    let usual = ("1e-8", "float64", "Relative to each tensor's largest magnitude.");
    let (steps, precision, why) = plan.single_precision().map_or(usual, |why| ("1e-5", "float32", why));
    let verify = include_str!("../../../assets/interop/keras_verify.py")
        .replace("__STEPS__", steps)
        .replace("__PRECISION__", precision)
        .replace("__WHY__", why)
        .replace("__ANSWER__", &from.twin.answer.to_string());
    Ok(vec![
        text("verify.py", &verify),
        text("keras_run.py", include_str!("../../../assets/interop/keras_run.py")),
        text("tensorflow_run.py", TENSORFLOW_RUN),
        file("proof.safetensors", tensor_file(proof)?),
        file("model.keras", keras_archive(from.project, &plan, from.first)?),
    ])
}

fn keras_archive(project: &Project, plan: &Plan, first: &Snapshot) -> Result<Vec<u8>, ExportError> {
    let weights = named(first, &|ours| Some(ours.to_owned()));
    archive(plan, &keras::code::title(&project.name), &weights).map_err(sentence("Keras"))
}
