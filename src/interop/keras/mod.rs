//! Keras: a network as functional code and as a `.keras` file, and models that it wrote.

pub mod call;
pub mod code;
pub mod file;
pub mod losses;
pub mod optimisers;
mod order;
pub mod plan;
pub mod read;
#[cfg(test)]
mod round_trip;
pub mod training;

use super::code::{Names, Script};
use super::{Network, Refusal, Twin};
use crate::model::Project;
use plan::{Biases, Plan};

/// The code of a project. Errors: everything in it that Keras has no words for.
pub fn twin(project: &Project, network: &Network, data: Script) -> Result<Twin, Vec<Refusal>> {
    let refused = |why: String| vec![Refusal { layer: String::new(), why }];
    let names = Names::of(network, &code::TAKEN);
    let plan = Plan::new(network, &names, Biases::Summed).map_err(refused)?;
    let refusals = training::refusals(&plan, super::training::augments(&project.training, network));
    if !refusals.is_empty() {
        return Err(refusals.into_iter().map(|why| Refusal { layer: String::new(), why }).collect());
    }
    let training = training::Training { project, network, plan: &plan };
    Ok(Twin {
        model: code::script(&names, &plan, &code::title(&project.name)).map_err(refused)?,
        train: training.script(),
        data,
        layers: code::own_layers(&plan).map_err(refused)?,
        tensors: Vec::new(),
        class: "build_model".to_owned(),
        answer: training.main_answer(),
        of_classes: network.signature.task.classes().is_some(),
        loss: String::new(),
        needs: None,
    })
}
