//! Normalisation.

use super::super::code::python;
use super::layers::At;
use super::pieces::Piece;
use crate::model::layer::{BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RmsNorm};

/// `eps=...` where it is not PyTorch's.
fn epsilon(arguments: &mut Vec<String>, value: f64) {
    arguments.extend((value != 1e-5).then(|| format!("eps={}", python::float(value))));
}

fn starts(p: &mut Piece, name: &str) {
    p.start.push(format!("nn.init.ones_(self.{name}.weight)"));
    p.start.push(format!("nn.init.zeros_(self.{name}.bias)"));
}

fn apply(p: &mut Piece, at: &At) {
    p.step(&at.output, format!("self.{}({})", at.name, at.x()));
}

pub fn batch_norm(p: &mut Piece, at: &At, layer: &BatchNorm) {
    let dims = &at.node.input().0;
    let mut arguments = vec![dims[0].to_string()];
    epsilon(&mut arguments, layer.epsilon);
    arguments.extend((layer.momentum != 0.1).then(|| format!("momentum={}", python::float(layer.momentum))));
    p.member(at.name, if dims.len() == 3 { "nn.BatchNorm2d" } else { "nn.BatchNorm1d" }, arguments);
    starts(p, at.name);
    at.weight_and_bias(p, true);
    at.same(p, "running_mean", "running_mean");
    at.same(p, "running_var", "running_var");
    if at.node.frozen {
        p.stays_in_eval.push(at.name.to_owned());
    }
    apply(p, at);
}

/// Sizes of what is normalised: `8`, or `[3, 8, 8]`.
fn normalised(dims: &[usize]) -> String {
    match LayerNorm::default().normalised(dims) {
        [one] => one.to_string(),
        dims => python::list(dims),
    }
}

pub fn layer_norm(p: &mut Piece, at: &At, layer: &LayerNorm) {
    let mut arguments = vec![normalised(&at.node.input().0)];
    epsilon(&mut arguments, layer.epsilon);
    p.member(at.name, "nn.LayerNorm", arguments);
    starts(p, at.name);
    at.weight_and_bias(p, true);
    apply(p, at);
}

pub fn group_norm(p: &mut Piece, at: &At, layer: &GroupNorm) {
    let mut arguments = vec![layer.groups.to_string(), at.node.input().0[0].to_string()];
    epsilon(&mut arguments, layer.epsilon);
    p.member(at.name, "nn.GroupNorm", arguments);
    starts(p, at.name);
    at.weight_and_bias(p, true);
    apply(p, at);
}

pub fn instance_norm(p: &mut Piece, at: &At, layer: &InstanceNorm) {
    let dims = &at.node.input().0;
    let is_sequence = dims.len() == 2;
    let mut arguments = vec![layer.channels(dims).to_string()];
    epsilon(&mut arguments, layer.epsilon);
    arguments.push("affine=True".to_owned());
    p.member(at.name, if is_sequence { "nn.InstanceNorm1d" } else { "nn.InstanceNorm2d" }, arguments);
    starts(p, at.name);
    at.weight_and_bias(p, true);
    if is_sequence {
        p.step(&at.output, format!("self.{}({}.transpose(1, 2)).transpose(1, 2)", at.name, at.x()));
    } else {
        apply(p, at);
    }
}

pub fn rms_norm(p: &mut Piece, at: &At, layer: &RmsNorm) {
    let arguments = vec![normalised(&at.node.input().0), format!("eps={}", python::float(layer.epsilon))];
    p.member(at.name, "nn.RMSNorm", arguments);
    p.start.push(format!("nn.init.ones_(self.{}.weight)", at.name));
    at.same(p, "weight", "weight");
    p.needs = Some("2.4");
    apply(p, at);
}
