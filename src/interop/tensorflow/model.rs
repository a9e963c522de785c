//! `model.py`: variables and the forward pass.

use super::brought::Brought;
use super::operations::{Around, Line, Lines, lines};
use crate::interop::Network;
use crate::interop::code::{Level, Names, Part, Script, Writer};
use crate::interop::keras::code::Values;
use crate::interop::keras::plan::{Plan, Step, Tensor, Variable, What};

/// Names that the code uses itself, and those that a `tf.Module` has.
pub const TAKEN: [&str; 14] = [
    "dropout",
    "name",
    "noise",
    "np",
    "scores",
    "self",
    "submodules",
    "tf",
    "training",
    "variables",
    "weights",
    "x",
    "network",
    "loss",
];

/// What the class of a project is called.
pub fn class(title: &str) -> String {
    crate::interop::code::python::class(title)
}

/// A variable among the weights of the file, and behind `self.`: `conv_2d_1_kernel`.
pub fn variable_name(step: &Step, variable: &Variable) -> String {
    let inside = match variable.inside.split('/').next().unwrap_or_default() {
        "" | "cell" => String::new(),
        part => part.trim_end_matches("layer").trim_end_matches("dense").to_owned(),
    };
    format!("{}_{inside}{}", step.name, variable.name)
}

/// Writes the file. Errors: an expression that cannot be read, which its layer says before.
pub fn model(class: &str, network: &Network, names: &Names, plan: &Plan) -> Result<Script, String> {
    let values = Values::new(plan, names, "x");
    let all = plan.steps.iter().enumerate().map(|(i, step)| written(network, plan, &values, i, step));
    let all = all.collect::<Result<Vec<Lines>, _>>()?;
    let mut brought: Vec<Brought> = all.iter().flat_map(|lines| lines.brought.iter().copied()).collect();
    brought.sort_unstable();
    brought.dedup();
    let mut w = Writer::default();
    if brought.iter().any(|function| function.uses_numpy()) {
        w.line("import numpy as np");
    }
    w.line("import tensorflow as tf");
    for function in &brought {
        w.blank(2);
        w.at_level(Level::Operation, |w| w.text(function.code()));
    }
    w.blank(2);
    w.block(format!("class {class}(tf.Module):"), |w| {
        w.block("def __init__(self, weights):", |w| {
            w.line("super().__init__()");
            for step in &plan.steps {
                w.about(Part::Layer(step.layer), Level::Operation, |w| {
                    step.variables.iter().for_each(|variable| keep(w, step, variable));
                });
            }
        });
        w.blank(1);
        w.block("def __call__(self, x, training=False):", |w| {
            for (step, lines) in plan.steps.iter().zip(&all) {
                w.about(Part::Layer(step.layer), Level::Operation, |w| {
                    lines.lines.iter().for_each(|line| put(w, line))
                });
            }
            let returned: Vec<_> = returned(plan).into_iter().map(|tensor| values.name(tensor)).collect();
            w.line(format!("return {}", returned.join(", ")));
        });
        random(w, plan);
    });
    Ok(w.script("model.py"))
}

/// What the network returns: every answer, and truths that are computed.
pub fn returned(plan: &Plan) -> Vec<Tensor> {
    let mut all: Vec<Tensor> = Vec::new();
    let answers = plan.answers.iter().map(|answer| answer.answer);
    let truths = plan.answers.iter().filter_map(|answer| answer.truth);
    for tensor in answers.chain(truths) {
        if !all.contains(&tensor) {
            all.push(tensor);
        }
    }
    all
}

fn keep(w: &mut Writer, step: &Step, variable: &Variable) {
    let name = variable_name(step, variable);
    let trained = if variable.is_trained && !step.frozen { "" } else { ", trainable=False" };
    w.wrapped(&format!("self.{name} = tf.Variable(weights[\"{name}\"]{trained})"));
}

fn written(network: &Network, plan: &Plan, values: &Values, i: usize, step: &Step) -> Result<Lines, String> {
    let reads: Vec<String> = step.reads.iter().map(|&read| values.name(read).to_owned()).collect();
    let target = values.target(i);
    let dims = step.reads.first().map_or(&[][..], |&read| plan.dims(read));
    let key = network.nodes[step.node].id.0 + 1;
    lines(step, &Around { target: &target, reads: &reads, dims, key })
}

fn put(w: &mut Writer, line: &Line) {
    match line {
        Line::Text(text) => w.wrapped(text),
        Line::Call(head, arguments, tail) => w.call(head, arguments, tail),
        Line::Training(text) => w.block("if training:", |w| w.line(text)),
    }
}

/// What draws numbers; `train.py` puts functions in their place that draw those of Glassbox.
fn random(w: &mut Writer, plan: &Plan) {
    let has = |is_it: fn(&What) -> bool| plan.steps.iter().any(|step| is_it(&step.what));
    if has(|what| matches!(what, What::Dropout { .. })) {
        w.blank(1);
        w.at_level(Level::Operation, |w| {
            w.block("def dropout(self, x, rate, layer, whole_channels=False, picture=None):", |w| {
                w.line("shape = tf.shape(x)");
                w.block("if whole_channels:", |w| {
                    w.line("ones = tf.ones_like(shape[1:-1])");
                    w.line("shape = tf.concat([shape[:1], ones, shape[-1:]], 0)");
                });
                w.line("return tf.nn.dropout(x, rate, noise_shape=shape)");
            });
        });
    }
    if has(|what| matches!(what, What::Noise { .. })) {
        w.blank(1);
        w.at_level(Level::Operation, |w| {
            w.block("def noise(self, x, deviation, layer):", |w| {
                w.line("return x + tf.random.normal(tf.shape(x), stddev=deviation, dtype=x.dtype)");
            });
        });
    }
}
