//! `model.py`: the module, and the loss.

use super::super::code::{Level, Names, Part, Script, Writer};
use super::super::{Network, Source, training};
use super::loss::{self, Losses};
use super::pieces::{Member, Piece, Step};

/// Writes the file.
pub fn script(class: &str, network: &Network, names: &Names, pieces: &[Piece], losses: &Losses) -> Script {
    let mut w = Writer::default();
    w.line("import torch");
    w.line("from torch import nn");
    w.line("from torch.nn import functional as F");
    if training::finds(network) {
        w.blank(1);
        w.line("import detection");
    }
    let mut brought: Vec<_> = pieces.iter().flat_map(|piece| piece.brings.iter().copied()).collect();
    brought.sort_unstable();
    brought.dedup();
    for one in brought {
        w.blank(2);
        w.text(one.code().trim_end());
    }
    w.blank(2);
    w.block(format!("class {class}(nn.Module):"), |w| {
        w.block("def __init__(self):", |w| {
            w.line("super().__init__()");
            each(w, network, pieces, |w, piece| piece.members.iter().for_each(|member| member.write(w)));
            w.line("self.reset_parameters()");
        });
        w.blank(1);
        w.block("def reset_parameters(self):", |w| {
            each(w, network, pieces, |w, piece| piece.start.iter().for_each(|line| w.wrapped(line)));
            if pieces.iter().all(|piece| piece.start.is_empty()) {
                w.line("pass");
            }
        });
        stay_in_eval(w, network, pieces);
        w.blank(1);
        w.block("def forward(self, x):", |w| {
            each(w, network, pieces, |w, piece| piece.forward.iter().for_each(|step| step.write(w)));
            let returned: Vec<_> = losses.returned.iter().map(|&source| names.value(source)).collect();
            w.line(format!("return {}", returned.join(", ")));
        });
    });
    w.blank(2);
    losses.write(&mut w, &loss::names_of(network, names, &losses.returned));
    w.script("model.py")
}

/// What `write` makes of each layer is about it.
fn each(w: &mut Writer, network: &Network, pieces: &[Piece], write: impl Fn(&mut Writer, &Piece)) {
    for (node, piece) in network.nodes.iter().zip(pieces) {
        let level = if piece.members.is_empty() { Level::Operation } else { Level::Layer };
        w.about(Part::Layer(node.drawn), level, |w| write(w, piece));
    }
}

/// Running statistics of frozen layers are used and not changed.
fn stay_in_eval(w: &mut Writer, network: &Network, pieces: &[Piece]) {
    if pieces.iter().all(|piece| piece.stays_in_eval.is_empty()) {
        return;
    }
    w.blank(1);
    w.block("def train(self, mode=True):", |w| {
        w.line("super().train(mode)");
        each(w, network, pieces, |w, piece| {
            piece.stays_in_eval.iter().for_each(|name| w.line(format!("self.{name}.eval()  # frozen")));
        });
        w.line("return self");
    });
}

impl Member {
    fn write(&self, w: &mut Writer) {
        let Self { name, head, arguments, is_buffer } = self;
        match is_buffer {
            true => w.wrapped(&format!("self.register_buffer(\"{name}\", {head}({}))", arguments.join(", "))),
            false => w.call(&format!("self.{name} = {head}"), arguments, ""),
        }
    }
}

impl Step {
    fn write(&self, w: &mut Writer) {
        let Self { target, head, arguments, tail } = self;
        match arguments {
            // What changes nothing needs no line.
            None if target == head => {}
            None => w.wrapped(&format!("{target} = {head}{tail}")),
            Some(arguments) => w.call(&format!("{target} = {head}"), arguments, tail),
        }
    }
}

/// The answer of the network among what `forward` returns.
pub fn main_answer(network: &Network, losses: &Losses) -> usize {
    let answer = network.main_loss().and_then(|(node, _)| node.inputs.first().copied().flatten());
    let is_answer = |source: &Source| Some(*source) == answer;
    losses.returned.iter().position(is_answer).unwrap_or(0)
}
