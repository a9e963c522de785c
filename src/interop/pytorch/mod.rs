//! The PyTorch twin of a project: its network as an `nn.Module`, its loss, optimiser and loop, as somebody who uses
//! PyTorch every day would write them.

mod functions;
mod layers;
mod loss;
mod model;
mod norms;
mod optimiser;
mod pictures;
mod pieces;
pub(in crate::interop) mod schedule;
mod sequences;
mod start;
mod training;
mod windows;

use super::code::{Names, Script};
use super::{Network, Refusal, Twin};
use crate::model::{Optimiser, Project};

/// Names that a subclass of `nn.Module` must leave alone, and those that the code uses itself.
const TAKEN: [&str; 32] = [
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "eval",
    "extra_repr",
    "f",
    "float",
    "forward",
    "half",
    "input",
    "len",
    "modules",
    "nn",
    "parameters",
    "penalty",
    "register_buffer",
    "reset_parameters",
    "self",
    "share_memory",
    "super",
    "to",
    "torch",
    "train",
    "training",
    "type",
    "x",
];

/// Writes a project down. Errors: everything in it that PyTorch has no words for.
pub fn twin(project: &Project, network: &Network, data: Script) -> Result<Twin, Vec<Refusal>> {
    let names = Names::of(network, &TAKEN);
    let pieces = layers::all(network, &names)?;
    let class = super::code::python::class(&project.name);
    let loss = loss::of(network, &names, super::training::mixes(&project.training, network));
    let script = model::script(&class, network, &names, &pieces, &loss);
    let train = training::script(&class, project, network, &loss);
    let tensors = pieces.iter().flat_map(|piece| piece.tensors.clone()).collect();
    // NAdam of PyTorch 1 multiplies one of its momentum factors twice.
    let of_optimiser = matches!(project.training.optimiser, Optimiser::NAdam { .. }).then_some("2.0");
    let needs = pieces.iter().filter_map(|piece| piece.needs).chain(of_optimiser).max();
    let (answer, of_classes) = (model::main_answer(network, &loss), loss.of_classes);
    let of_batch = if loss.mixes {
        format!("train.mixed_loss({}, *w)", loss.arguments())
    } else {
        format!("train.loss_function({})", loss.arguments().replace(", w", ", *w"))
    };
    let layers = None;
    Ok(Twin { model: script, train, data, layers, tensors, class, answer, of_classes, loss: of_batch, needs })
}
