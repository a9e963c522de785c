//! TensorFlow without Keras: variables in a `tf.Module`, operations of `tf.nn`.

mod brought;
mod functions;
mod model;
mod operations;
pub mod training;

pub use model::{TAKEN, class, model, variable_name};

use super::code::{Names, Script};
use super::keras::plan::{Biases, Plan};
use super::{Network, Refusal, Twin};
use crate::model::Project;

/// The code of a project. Errors: everything in it that TensorFlow has no words for.
pub fn twin(project: &Project, network: &Network, data: Script) -> Result<Twin, Vec<Refusal>> {
    let refused = |why: String| vec![Refusal { layer: String::new(), why }];
    let names = Names::of(network, &TAKEN);
    let plan = Plan::new(network, &names, Biases::Apart).map_err(refused)?;
    let class = class(&project.name);
    let training = training::Training { class: &class, project, network, plan: &plan };
    Ok(Twin {
        model: model(&class, network, &names, &plan).map_err(refused)?,
        train: training.script(),
        data,
        layers: None,
        tensors: Vec::new(),
        answer: training.main_answer(),
        of_classes: network.signature.task.classes().is_some(),
        loss: String::new(),
        needs: None,
        class,
    })
}
