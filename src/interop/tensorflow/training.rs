//! `train.py`: loss, optimiser and the loop over steps.

use super::model::returned;
use crate::interop::Network;
use crate::interop::code::{Level, Part, Script, Writer, python};
use crate::interop::keras::losses::{Dialect, written};
use crate::interop::keras::optimisers;
use crate::interop::keras::plan::{Plan, Tensor};
use crate::interop::pytorch::schedule;
use crate::model::{Answer, Metric, Project, Schedule};

/// What the file is about.
pub struct Training<'a> {
    /// The network's class.
    pub class: &'a str,
    /// Settings.
    pub project: &'a Project,
    /// Its network.
    pub network: &'a Network,
    /// The same, channels last.
    pub plan: &'a Plan,
}

impl Training<'_> {
    /// Whether the schedule moves the momentum of an optimiser that has one.
    fn moves(&self) -> bool {
        let training = &self.project.training;
        training.momentum_at(0).is_some() && optimisers::has_momentum(&training.optimiser)
    }

    /// Of several returned values `outputs[0]`.
    fn output(&self, tensor: Tensor) -> String {
        let all = returned(self.plan);
        match all.iter().position(|one| *one == tensor) {
            Some(place) if all.len() > 1 => format!("outputs[{place}]"),
            _ => "outputs".to_owned(),
        }
    }

    /// Which of the returned values is the network's own answer.
    pub fn main_answer(&self) -> usize {
        let main = self.network.main_loss().map(|(node, _)| node.id);
        let answer = self.plan.answers.iter().find(|answer| Some(self.network.nodes[answer.node].id) == main);
        let place = answer.and_then(|answer| returned(self.plan).iter().position(|one| *one == answer.answer));
        place.unwrap_or(0)
    }

    /// Writes the file.
    pub fn script(&self) -> Script {
        let training = &self.project.training;
        let mut w = Writer::default();
        self.head(&mut w);
        let moves = self.moves();
        optimisers::definition(&mut w, &training.optimiser, training.clip, moves, Dialect::TensorFlow, &[]);
        schedule::definitions(&mut w, training);
        self.losses(&mut w);
        self.penalty(&mut w);
        self.steps(&mut w);
        self.evaluate(&mut w);
        w.block("def main():", |w| self.main(w));
        w.blank(2);
        w.block("if __name__ == \"__main__\":", |w| w.line("main()"));
        w.script("train.py")
    }

    fn head(&self, w: &mut Writer) {
        let training = &self.project.training;
        w.line(format!(
            "\"\"\"Trains {} on the samples of Glassbox, in the same order: python train.py\"\"\"",
            self.class
        ));
        w.blank(1);
        if schedule::uses_math(training) {
            w.line("import math");
            w.blank(1);
        }
        w.line("import numpy as np");
        w.line("import tensorflow as tf");
        w.blank(1);
        w.line("import reproduce");
        w.line("import tensorflow_run");
        w.line(format!("from model import {}", self.class));
        w.blank(1);
        w.line(format!("EPOCHS = {}", training.epochs));
        w.line(format!("BATCH_SIZE = {}", training.batch_size));
        w.line(format!("SEED = {}", training.seed));
        w.blank(2);
    }

    fn losses(&self, w: &mut Writer) {
        w.block("def loss_function(outputs, x, y):", |w| {
            let mut terms = Vec::new();
            for answer in &self.plan.answers {
                let node = &self.network.nodes[answer.node];
                let Some(loss) = node.loss() else { continue };
                let truth = answer.truth.map_or_else(|| "y".to_owned(), |truth| self.output(truth));
                let all = written(self.network, node, loss, Dialect::TensorFlow, "answer", &truth);
                w.about(Part::Layer(node.drawn), Level::Operation, |w| {
                    w.line(format!("answer = {}", self.output(answer.answer)));
                    all.lines.iter().for_each(|line| w.line(line));
                    let value = if loss.weight == 1.0 {
                        all.value
                    } else {
                        format!("{} * {}", python::float(loss.weight), all.value)
                    };
                    let name = format!("{}_value", node.slug.replace('.', "_"));
                    w.line(format!("{name} = {value}"));
                    terms.push(name);
                });
            }
            w.line(format!("return {}", terms.join(" + ")));
        });
        w.blank(2);
    }

    fn penalty(&self, w: &mut Writer) {
        let mut terms = Vec::new();
        for step in self.plan.steps.iter().filter(|step| step.penalty != [0.0; 2] && !step.frozen) {
            for variable in step.variables.iter().filter(|variable| variable.is_penalised) {
                let name = format!("network.{}", super::variable_name(step, variable));
                for (strength, function) in step.penalty.into_iter().zip(["abs", "square"]) {
                    if strength > 0.0 {
                        let term = format!("{} * tf.reduce_sum(tf.{function}({name}))", python::float(strength));
                        terms.push((step.layer, term));
                    }
                }
            }
        }
        w.block("def penalty(network):", |w| {
            w.line("\"\"\"L1 and L2 of the weights, part of what is minimised.\"\"\"");
            match terms.as_slice() {
                [] => w.line("return 0.0"),
                _ => {
                    w.line("total = 0.0");
                    for (layer, term) in &terms {
                        w.about(Part::Layer(*layer), Level::Operation, |w| w.line(format!("total += {term}")));
                    }
                    w.line("return total");
                }
            }
        });
        w.blank(2);
    }

    fn steps(&self, w: &mut Writer) {
        let training = &self.project.training;
        let (class, settings) = optimisers::construct(&training.optimiser, self.moves());
        w.about(Part::Optimiser, Level::Operation, |w| {
            w.block("def make_optimizer(network):", |w| {
                let arguments = [vec!["network.trainable_variables".to_owned()], settings].concat();
                w.call(&format!("return {class}"), &arguments, "");
            });
        });
        w.blank(2);
        w.about(Part::Schedule, Level::Operation, |w| {
            w.block("def pace(optimizer, step, dtype=np.float32):", |w| {
                w.line("\"\"\"The learning rate of a step.\"\"\"");
                if self.moves() {
                    w.line("optimizer.momentum.assign(momentum(step))");
                }
                let rate = match schedule::is_function(training) {
                    true => "learning_rate(step)".to_owned(),
                    false => python::float(training.learning_rate),
                };
                w.line(format!("return (tf.constant({rate}, dtype),)"));
            });
        });
        w.blank(2);
        w.block("def gradients(network, x, y):", |w| {
            w.block("with tf.GradientTape() as tape:", |w| {
                w.line("outputs = network(x, training=True)");
                w.line("loss = loss_function(outputs, x, y)");
                w.line("total = loss + penalty(network)");
            });
            w.line("variables = network.trainable_variables");
            w.line("zero = tf.UnconnectedGradients.ZERO");
            w.line("slopes = tape.gradient(total, variables, unconnected_gradients=zero)");
            w.line("return outputs, loss, [tf.convert_to_tensor(slope) for slope in slopes]");
        });
        w.blank(2);
        w.line("@tf.function");
        w.at_level(Level::Loop, |w| {
            w.block("def train_step(network, optimizer, x, y, rate):", |w| {
                w.line("outputs, loss, slopes = gradients(network, x, y)");
                w.line("optimizer.apply(slopes, rate)");
                w.line("return outputs, loss");
            });
        });
        w.blank(2);
    }

    fn right(&self) -> Option<&'static str> {
        self.network.task.classes()?;
        let (main, _) = self.network.main_loss()?;
        let is_single = main.input().0.last() == Some(&1);
        Some(match (is_single, self.network.answer == Answer::Probabilities) {
            (true, true) => "(answer[..., 0] > 0.5) == (y == 1)",
            (true, false) => "(answer[..., 0] > 0.0) == (y == 1)",
            (false, _) => "tf.argmax(answer, -1, tf.int32) == y",
        })
    }

    fn answer(&self) -> String {
        if returned(self.plan).len() > 1 { format!("outputs[{}]", self.main_answer()) } else { "outputs".to_owned() }
    }

    fn evaluate(&self, w: &mut Writer) {
        let task = self.network.task;
        w.block("def score(outputs, x, y):", |w| {
            w.line(format!("answer = {}", self.answer()));
            match self.right() {
                Some(right) => w.line(format!("return tf.reduce_mean(tf.cast({right}, tf.float32))")),
                None => {
                    let main = self.network.main_loss();
                    let wired = main.and_then(|(node, _)| {
                        let of = |answer: &&crate::interop::keras::plan::Answer| {
                            self.network.nodes[answer.node].id == node.id
                        };
                        self.plan.answers.iter().find(of)?.truth
                    });
                    let truth = wired.map_or_else(|| "y".to_owned(), |truth| self.output(truth));
                    let together = if task == self.network.signature.task { "" } else { ", together=True" };
                    w.line(format!("return reproduce.r_squared(answer, {truth}{together})"));
                }
            }
        });
        w.blank(2);
        w.block("def evaluate(network, data):", |w| {
            w.line("\"\"\"Loss and score over all samples.\"\"\"");
            w.line("x, y = (tf.constant(part) for part in data)");
            w.line("outputs = network(x)");
            w.line("return float(loss_function(outputs, x, y)), float(score(outputs, x, y))");
        });
        w.blank(2);
    }

    fn main(&self, w: &mut Writer) {
        let key = match self.network.task.metric() {
            Metric::Accuracy => "accuracy",
            Metric::R2 => "r2",
        };
        w.line("options = tensorflow_run.options(EPOCHS)");
        let classes = python::bool(self.network.signature.task.classes().is_some());
        w.about(Part::Data, Level::Layer, |w| {
            w.line(format!("train = tensorflow_run.samples(\"train\", classes={classes})"));
            w.line(format!("validation = tensorflow_run.samples(\"validation\", classes={classes})"));
        });
        w.line(format!("network = {}(tensorflow_run.weights())", self.class));
        w.line("draws = tensorflow_run.Draws(network, SEED)");
        w.line("optimizer = make_optimizer(network)");
        w.line("log, step = reproduce.Log(options.log, options.seconds), 0");
        w.at_level(Level::Loop, |w| {
            w.block("for epoch in range(options.epochs):", |w| {
                w.line("rows = reproduce.epoch_order(SEED, epoch, len(train[0]))");
                w.line("total = 0.0");
                w.block("for x, y in tensorflow_run.batches(train, BATCH_SIZE, rows):", |w| {
                    w.line("draws.step.assign(step)");
                    w.line("(rate,) = pace(optimizer, step)");
                    w.line("outputs, loss = train_step(network, optimizer, x, y, rate)");
                    w.line("step, total = step + 1, total + float(loss) * len(x)");
                    w.line("line = {\"loss\": float(loss), \"learning_rate\": float(rate)}");
                    if key == "accuracy" {
                        w.line("line[\"accuracy\"] = float(score(outputs, x, y))");
                    }
                    w.line("log.write(event=\"step\", step=step, **line)");
                    w.block("if options.steps is not None and step >= options.steps:", |w| w.line("return log.end()"));
                });
                w.line("val_loss, val_score = evaluate(network, validation)");
                w.line("train_loss = total / len(rows)");
                w.line(format!(
                    "line = {{\"train_loss\": train_loss, \"val_loss\": val_loss, \"val_{key}\": val_score}}"
                ));
                w.line("log.write(event=\"epoch\", epoch=epoch + 1, step=step, **line)");
                w.line("text = \", \".join(f\"{name} {value:.4f}\" for name, value in line.items())");
                w.line("print(f\"epoch {epoch + 1}: {text}\", flush=True)");
            });
            w.line("log.end()");
        });
    }
}

/// What keeps a project from being trained there, half a sentence each.
pub fn refusals(project: &Project) -> Vec<String> {
    let training = &project.training;
    let mut all = Vec::new();
    if let Schedule::Plateau(_) = training.schedule {
        all.push("A learning rate that falls on plateaus has no counterpart in the exported loop".to_owned());
    }
    if training.early_stopping.is_some() {
        all.push("Early stopping has no counterpart in the exported loop".to_owned());
    }
    if training.keep_best {
        all.push("Keeping the best weights has no counterpart in the exported loop".to_owned());
    }
    all
}
