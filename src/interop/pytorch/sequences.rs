//! Layers for sequences `[B, T, F]`. PyTorch's convolutions and pools want them on their side, `[B, F, T]`.

use super::super::code::python;
use super::layers::At;
use super::pictures::average;
use super::pieces::{Brought, Piece};
use super::start;
use super::windows::{self, Padded};
use crate::model::layer::{
    AvgPool1d, Conv1d, Embedding, Gru, Lstm, MaxPool1d, MultiHeadAttention, Nonlinearity, PaddingInTime,
    PositionalEncoding, Positions, Recurrence, SimpleRnn,
};

fn sizes(at: &At) -> [usize; 2] {
    <[usize; 2]>::try_from(at.node.input().0.as_slice()).unwrap_or([1; 2])
}

pub fn conv1d(p: &mut Piece, at: &At, layer: &Conv1d) {
    let [steps, features] = sizes(at);
    let (before, after, _) = layer.fit(steps);
    let is_same = layer.padding == PaddingInTime::Same && layer.stride == 1 && layer.kernel > 1;
    let padded = match is_same {
        true => Padded { inside: Some("\"same\"".to_owned()), outside: None },
        false => windows::of_pads(&[(before, after)]),
    };
    let mut arguments = vec![features.to_string(), layer.filters.to_string()];
    arguments.extend(windows::arguments(layer.kernel, layer.stride, 1, &padded));
    arguments.extend((layer.dilation != 1).then(|| format!("dilation={}", layer.dilation)));
    arguments.extend((!layer.bias).then(|| "bias=False".to_owned()));
    p.member(at.name, "nn.Conv1d", arguments);
    p.start.push(start::fill(&format!("self.{}.weight", at.name), layer.init, layer.init_value));
    p.start.extend(layer.bias.then(|| start::zeros(&format!("self.{}.bias", at.name))));
    at.weight_and_bias(p, layer.bias);
    let x = match &padded.outside {
        Some(zeros) => format!("F.pad({}.transpose(1, 2), {zeros})", at.x()),
        None => format!("{}.transpose(1, 2)", at.x()),
    };
    at.activated(p, layer.activated(), format!("self.{}({x}).transpose(1, 2)", at.name));
}

pub fn max_pool(p: &mut Piece, at: &At, layer: &MaxPool1d) {
    let (padded, keeps) = windows::of_pool(&layer.pool(), &sizes(at)[..1]);
    let x = format!("{}.transpose(1, 2)", at.x());
    let x = match &padded.outside {
        Some(zeros) => format!("F.pad({x}, {zeros}, value=float(\"-inf\"))"),
        None => x,
    };
    let mut arguments = [vec![x], windows::arguments(layer.kernel, layer.stride, layer.kernel, &padded)].concat();
    arguments.extend(keeps.then(|| "ceil_mode=True".to_owned()));
    p.call(&at.output, "F.max_pool1d", arguments, ".transpose(1, 2)");
}

pub fn avg_pool(p: &mut Piece, at: &At, layer: &AvgPool1d) {
    let (padded, keeps) = windows::of_pool(&layer.pool(), &sizes(at)[..1]);
    // Zeros in front of the last axis but one.
    let padded = Padded { outside: padded.outside.map(|zeros| zeros.replacen('(', "(0, 0, ", 1)), ..padded };
    let window = windows::arguments(layer.kernel, layer.stride, layer.kernel, &padded);
    average(p, at, ("F.avg_pool1d", ".transpose(1, 2)"), window, &padded, [keeps, layer.count_padding]);
}

pub fn embedding(p: &mut Piece, at: &At, layer: &Embedding) {
    p.member(at.name, "nn.Embedding", vec![layer.vocabulary.to_string(), layer.width.to_string()]);
    p.start.push(format!("nn.init.normal_(self.{}.weight)", at.name));
    at.same(p, "weight", "weight");
    p.step(&at.output, format!("self.{}({}.long())", at.name, at.x()));
}

pub fn positions(p: &mut Piece, at: &At, layer: &PositionalEncoding) {
    let [steps, features] = sizes(at);
    match layer.encoding {
        Positions::Learned => {
            p.member(at.name, "nn.Parameter", vec![format!("torch.empty({steps}, {features})")]);
            p.start.push(format!("nn.init.normal_(self.{}, std=0.02)", at.name));
            p.tensors.push((format!("{}.weight", at.node.slug), at.name.to_owned()));
        }
        Positions::Sinusoidal => {
            p.member(at.name, "sinusoids", vec![steps.to_string(), features.to_string()]);
            if let Some(member) = p.members.last_mut() {
                member.is_buffer = true;
            }
            p.brings.push(Brought::Sinusoids);
            p.tensors.push((format!("{}.table", at.node.slug), at.name.to_owned()));
        }
    }
    p.step(&at.output, format!("{} + self.{}", at.x(), at.name));
}

pub fn attention(p: &mut Piece, at: &At, layer: &MultiHeadAttention) {
    let [steps, width] = sizes(at);
    let mut arguments = vec![width.to_string(), layer.heads.to_string()];
    arguments.extend((!layer.bias).then(|| "bias=False".to_owned()));
    arguments.push("batch_first=True".to_owned());
    p.member(at.name, "nn.MultiheadAttention", arguments);
    let bound = python::float(1.0 / (width as f64).sqrt());
    p.start.push(format!("nn.init.xavier_uniform_(self.{}.in_proj_weight)", at.name));
    p.start.push(format!("nn.init.uniform_(self.{}.out_proj.weight, -{bound}, {bound})", at.name));
    let names = ["in_proj_weight", "out_proj.weight", "in_proj_bias", "out_proj.bias"];
    for name in names.iter().take(if layer.bias { 4 } else { 2 }) {
        at.same(p, name, name);
        p.start.extend(name.ends_with("bias").then(|| start::zeros(&format!("self.{}.{name}", at.name))));
    }
    let port = |port: usize| at.node.inputs.get(port).copied().flatten().is_some();
    let mut arrived = at.inputs.iter();
    let query = arrived.next().map_or("x", String::as_str);
    let key = if port(1) { arrived.next().map_or(query, String::as_str) } else { query };
    let value = if port(2) { arrived.next().map_or(key, String::as_str) } else { key };
    let mut arguments = vec![query.to_owned(), key.to_owned(), value.to_owned()];
    let is_asked = at.reads(MultiHeadAttention::WEIGHTS);
    arguments.extend((!is_asked).then(|| "need_weights=False".to_owned()));
    if layer.causal {
        let keys = if port(1) { at.node.arriving[1].as_ref().map_or(steps, |shape| shape.0[0]) } else { steps };
        let size = format!("{steps}, {keys}");
        p.step("mask", format!("torch.ones({size}, dtype=torch.bool, device={query}.device).triu(1)"));
        arguments.push("attn_mask=mask".to_owned());
    }
    let answer = if at.reads(0) { at.output.as_str() } else { "_" };
    let weights = if is_asked { at.outputs[MultiHeadAttention::WEIGHTS].as_str() } else { "_" };
    p.call(&format!("{answer}, {weights}"), &format!("self.{}", at.name), arguments, "");
}

/// What the three recurrent layers share: weights, starts, and which of sequence and last state is read.
fn recurrent(p: &mut Piece, at: &At, head: &str, r: Recurrence, more: Vec<String>) {
    let [_, features] = sizes(at);
    let mut arguments = [vec![features.to_string(), r.units.to_string()], more].concat();
    arguments.extend((!r.bias).then(|| "bias=False".to_owned()));
    arguments.push("batch_first=True".to_owned());
    arguments.extend(r.bidirectional.then(|| "bidirectional=True".to_owned()));
    p.member(at.name, head, arguments);
    // PyTorch starts them so itself.
    p.start.push(format!("self.{}.reset_parameters()", at.name));
    let directions: &[bool] = if r.bidirectional { &[false, true] } else { &[false] };
    for &reverse in directions {
        for ours in Recurrence::names(reverse).iter().take(if r.bias { 4 } else { 2 }) {
            let theirs = match ours.strip_suffix("_reverse") {
                Some(stem) => format!("{stem}_l0_reverse"),
                None => format!("{ours}_l0"),
            };
            at.same(p, ours, &theirs);
        }
    }
    // Where only the last state is read, both have one variable.
    let (states, last) = (&at.outputs[Recurrence::SEQUENCE], &at.outputs[Recurrence::LAST]);
    p.step(&format!("{states}, _"), format!("self.{}({})", at.name, at.x()));
    if at.reads(Recurrence::LAST) {
        let units = r.units;
        if r.bidirectional {
            let parts = format!("[{states}[:, -1, :{units}], {states}[:, 0, {units}:]]");
            p.call(last, "torch.cat", vec![parts, "dim=1".to_owned()], "");
        } else {
            p.step(last, format!("{states}[:, -1]"));
        }
    }
}

fn function(of: Nonlinearity) -> &'static str {
    match of {
        Nonlinearity::Tanh => "torch.tanh",
        Nonlinearity::Relu => "F.relu",
        Nonlinearity::Sigmoid => "torch.sigmoid",
        Nonlinearity::HardSigmoid => "F.hardsigmoid",
        Nonlinearity::Linear => "nn.Identity()",
    }
}

/// PyTorch's own layer where it has these functions, else one that the file brings.
fn gated(p: &mut Piece, at: &At, (class, brought): (&str, Brought), [state, gate]: [Nonlinearity; 2], r: Recurrence) {
    if (state, gate) == (Nonlinearity::Tanh, Nonlinearity::Sigmoid) {
        return recurrent(p, at, &format!("nn.{class}"), r, Vec::new());
    }
    p.brings.extend([Brought::StepByStep, brought]);
    let functions = [format!("function={}", function(state)), format!("gate={}", function(gate))];
    recurrent(p, at, class, r, functions.to_vec());
}

pub fn lstm(p: &mut Piece, at: &At, layer: &Lstm) {
    gated(p, at, ("LSTM", Brought::Lstm), [layer.nonlinearity, layer.gate_nonlinearity], layer.recurrence());
}

pub fn gru(p: &mut Piece, at: &At, layer: &Gru) {
    gated(p, at, ("GRU", Brought::Gru), [layer.nonlinearity, layer.gate_nonlinearity], layer.recurrence());
}

pub fn rnn(p: &mut Piece, at: &At, layer: &SimpleRnn) {
    match layer.nonlinearity {
        Nonlinearity::Tanh => recurrent(p, at, "nn.RNN", layer.recurrence(), Vec::new()),
        Nonlinearity::Relu => {
            recurrent(p, at, "nn.RNN", layer.recurrence(), vec!["nonlinearity=\"relu\"".to_owned()]);
        }
        Nonlinearity::Sigmoid | Nonlinearity::HardSigmoid | Nonlinearity::Linear => {
            p.brings.extend([Brought::StepByStep, Brought::Rnn]);
            let function = format!("function={}", function(layer.nonlinearity));
            recurrent(p, at, "RNN", layer.recurrence(), vec![function]);
        }
    }
}
