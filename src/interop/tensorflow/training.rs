//! `train.py`: loss, optimiser and the loop over steps.

use super::model::returned;
use crate::interop::Network;
use crate::interop::code::{Level, Part, Script, Writer, python};
use crate::interop::keras::losses::{Dialect, written};
use crate::interop::keras::optimisers;
use crate::interop::keras::plan::{self, Plan, Tensor};
use crate::interop::pytorch::schedule;
use crate::interop::training;
use crate::model::{Answer, Project};

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
        self.accuracy(&mut w);
        self.steps(&mut w);
        self.evaluate(&mut w);
        w.block("def main():", |w| self.main(w));
        w.blank(2);
        w.block("if __name__ == \"__main__\":", |w| w.line("main()"));
        w.script("train.py")
    }

    fn head(&self, w: &mut Writer) {
        let settings = &self.project.training;
        w.line(training::headline(self.project, "python train.py"));
        w.blank(1);
        let uses_math = schedule::uses_math(settings) || optimisers::uses_math(&settings.optimiser);
        training::imports(w, &[("math", uses_math)]);
        w.line("import numpy as np");
        w.line("import tensorflow as tf");
        w.blank(1);
        training::modules(w, settings, self.network, true);
        let is_r_squared = self.right().is_none() && !training::finds(self.network);
        if training::is_scaled(settings) || is_r_squared {
            w.line("import reproduce");
        }
        w.line("import tensorflow_run");
        w.line(format!("from model import {}", self.class));
        w.blank(1);
        training::constants(w, settings, self.network, false);
        w.blank(2);
    }

    fn losses(&self, w: &mut Writer) {
        let are_several = self.are_several();
        let (head, batch) = (if are_several { "losses" } else { "loss_function" }, training::batch(self.network));
        let (mut names, mut terms) = (Vec::new(), Vec::new());
        let more = if self.mixes() { ", w=1.0" } else { "" };
        w.block(format!("def {head}(outputs, {batch}{more}):"), |w| {
            if are_several {
                w.line("\"\"\"Each loss by its name, before its weight.\"\"\"");
            }
            for answer in &self.plan.answers {
                let node = &self.network.nodes[answer.node];
                let Some(loss) = node.loss() else { continue };
                let truth = answer.truth.map_or_else(|| "y".to_owned(), |truth| self.output(truth));
                let weighted = self.network.signature.weighted || self.mixes();
                let how = (Dialect::TensorFlow, weighted);
                let all = written(self.network, (node, loss), how, "answer", &truth);
                w.about(Part::Layer(node.drawn), Level::Operation, |w| {
                    w.line(format!("answer = {}", self.output(answer.answer)));
                    all.lines.iter().for_each(|line| w.wrapped(line));
                    let scaled = |value: &str| match loss.weight {
                        1.0 => value.to_owned(),
                        weight => format!("{} * {value}", python::float(weight)),
                    };
                    if are_several {
                        let name = format!("{}_value", node.slug.replace('.', "_"));
                        w.wrapped(&format!("{name} = {}", all.value));
                        names.push(format!("\"{}\": {name}", node.slug));
                        terms.push(scaled(&format!("each[\"{}\"]", node.slug)));
                    } else {
                        w.wrapped(&format!("return {}", scaled(&all.value)));
                    }
                });
            }
            if are_several {
                w.wrapped(&format!("return {{{}}}", names.join(", ")));
            }
        });
        w.blank(2);
        if are_several {
            w.block(format!("def loss_function(outputs, {batch}{more}):"), |w| {
                w.line(format!("each = losses(outputs, {batch}{})", more.replace("=1.0", "")));
                w.wrapped(&format!("return {}", terms.join(" + ")));
            });
            w.blank(2);
        }
        if self.mixes() {
            training::mixed_losses(w, &format!("outputs, {batch}"), are_several);
        }
    }

    fn mixes(&self) -> bool {
        training::mixes(&self.project.training, self.network)
    }

    fn trained_batch(&self) -> &'static str {
        training::trained_batch(&self.project.training, self.network)
    }

    /// Whether each Loss is told beside their sum.
    fn are_several(&self) -> bool {
        self.plan.answers.len() > 1
    }

    fn is_penalised(&self) -> bool {
        let is_so = |step: &plan::Step| step.penalty != [0.0; 2] && !step.frozen;
        self.plan.steps.iter().any(|step| is_so(step) && step.variables.iter().any(|variable| variable.is_penalised))
    }

    fn penalty(&self, w: &mut Writer) {
        if !self.is_penalised() {
            return;
        }
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
            w.line("total = 0.0");
            for (layer, term) in &terms {
                w.about(Part::Layer(*layer), Level::Operation, |w| w.wrapped(&format!("total += {term}")));
            }
            w.line("return total");
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
            let scale = if training::is_scaled(training) { ", scale=1.0" } else { "" };
            w.block(format!("def pace(optimizer, step, dtype=np.float32{scale}):"), |w| {
                w.line("\"\"\"The learning rate of a step.\"\"\"");
                if self.moves() {
                    w.line("optimizer.momentum.assign(momentum(step))");
                }
                let scale = if scale.is_empty() { "" } else { " * scale" };
                w.wrapped(&format!("return tf.constant({}{scale}, dtype)", training::rate(training)));
            });
        });
        w.blank(2);
        let (batch, mixed) = (self.trained_batch(), self.mixes());
        let (loss, losses) = if mixed { ("mixed_loss", "mixed_losses") } else { ("loss_function", "losses") };
        w.block(format!("def gradients(network, {batch}):"), |w| {
            w.block("with tf.GradientTape() as tape:", |w| {
                w.line("outputs = network(x, training=True)");
                w.line(format!("loss = {loss}(outputs, {batch})"));
                w.line(if self.is_penalised() { "total = loss + penalty(network)" } else { "total = loss" });
            });
            w.line("variables = network.trainable_variables");
            w.line("zero = tf.UnconnectedGradients.ZERO");
            w.line("slopes = tape.gradient(total, variables, unconnected_gradients=zero)");
            w.line("return outputs, loss, [tf.convert_to_tensor(slope) for slope in slopes]");
        });
        w.blank(2);
        w.at_level(Level::Loop, |w| {
            w.block(format!("def replica_step(network, optimizer, {batch}, rate):"), |w| {
                w.line("\"\"\"On one device; gradients are averaged over all.\"\"\"");
                w.line(format!("outputs, loss, slopes = gradients(network, {batch})"));
                w.line("replica = tf.distribute.get_replica_context()");
                w.line("optimizer.apply(replica.all_reduce(\"MEAN\", slopes), rate)");
                let each = format!("{losses}(outputs, {batch})");
                w.line(format!("return {}", self.told("accuracy(outputs, y)", &each)));
            });
            w.blank(2);
            w.line("@tf.function");
            w.block(format!("def train_step(strategy, network, optimizer, {batch}, rate):"), |w| {
                w.line(format!("told = strategy.run(replica_step, args=(network, optimizer, {batch}, rate))"));
                w.line("return tf.nest.map_structure(lambda n: strategy.reduce(\"MEAN\", n, axis=None), told)");
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

    /// What a step says: its loss, and what else there is.
    fn told(&self, right: &str, each: &str) -> String {
        let all = [Some("loss"), self.right().map(|_| right), self.are_several().then_some(each)];
        match all.into_iter().flatten().collect::<Vec<_>>().as_slice() {
            [loss] => format!("({loss},)"),
            all => all.join(", "),
        }
    }

    fn answer(&self) -> String {
        if returned(self.plan).len() > 1 { format!("outputs[{}]", self.main_answer()) } else { "outputs".to_owned() }
    }

    fn evaluate(&self, w: &mut Writer) {
        w.line("@tf.function");
        w.block("def predict(network, x):", |w| w.line("return network(x)"));
        w.blank(2);
        w.block("def evaluate(network, samples):", |w| {
            w.line("\"\"\"Loss and score over all samples.\"\"\"");
            let batch = training::batch(self.network);
            w.line(format!("{batch} = samples"));
            w.line("parts = [x[start : start + 512] for start in range(0, len(x), 512)]");
            w.line("outputs = [predict(network, tf.constant(part)) for part in parts]");
            w.line("outputs = tf.nest.map_structure(lambda *all: tf.concat(all, 0), *outputs)");
            w.line(format!("loss = float(loss_function(outputs, {batch}))"));
            let each = if self.are_several() { ", each" } else { "" };
            if self.are_several() {
                w.line(format!("each = losses(outputs, {batch})"));
                w.line("each = {name: float(value) for name, value in each.items()}");
            }
            match self.right() {
                Some(_) => w.line(format!("return loss, float(accuracy(outputs, y)){each}")),
                None => {
                    let truth = self.truth();
                    let together = self.network.task != self.network.signature.task;
                    let score = training::scored((self.project, self.network), &self.answer(), &truth, together, true);
                    w.wrapped(&format!("return loss, {score}{each}"));
                }
            }
        });
        w.blank(2);
    }

    /// What the network's own answer is compared with.
    fn truth(&self) -> String {
        let main = self.network.main_loss().map(|(node, _)| node.id);
        let of = |answer: &&plan::Answer| Some(self.network.nodes[answer.node].id) == main;
        let truth = self.plan.answers.iter().find(of).and_then(|answer| answer.truth);
        truth.map_or_else(|| "y".to_owned(), |truth| self.output(truth))
    }

    fn accuracy(&self, w: &mut Writer) {
        let Some(right) = self.right() else { return };
        w.block("def accuracy(outputs, y):", |w| {
            w.line(format!("right = {}", right.replace("answer", &self.answer())));
            w.line("return tf.reduce_mean(tf.cast(right, tf.float32))");
        });
        w.blank(2);
    }

    fn main(&self, w: &mut Writer) {
        let (settings, key) = (&self.project.training, training::score(self.network));
        w.line("options = tensorflow_run.options(EPOCHS)");
        w.line("strategy = tensorflow_run.strategy()");
        w.about(Part::Data, Level::Layer, |w| {
            w.line("train, validation = data.load(\"train\"), data.load(\"validation\")");
        });
        w.block("with tensorflow_run.copies(strategy):", |w| {
            w.line(format!("network = {}(tensorflow_run.weights())", self.class));
            w.line("draws = tensorflow_run.Draws(SEED, network)");
            w.line("optimizer = make_optimizer(network)");
        });
        w.blank(1);
        w.line("log, epoch, step = tensorflow_run.log(options), 0, 0");
        training::plateau(w, settings);
        training::prepare(w, settings, |_, usual| usual.to_owned());
        w.at_level(Level::Loop, |w| {
            let goes_on = training::goes_on(settings);
            w.block(format!("while epoch < options.epochs and {goes_on}step != options.steps:"), |w| {
                w.line("total, count = 0.0, 0");
                let mut arguments = vec!["strategy", "train", "BATCH_SIZE", "SEED", "epoch"];
                if training::augments(settings, self.network) {
                    arguments.push("augmentation=AUGMENTATION");
                }
                let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
                w.call("batches = tensorflow_run.batches", &arguments, "");
                w.block(format!("for {} in batches:", self.trained_batch()), |w| self.step(w));
                w.line("epoch += 1");
                let [told, each] = if self.are_several() { [", each", "each"] } else { [""; 2] };
                w.line(format!("val_loss, score{told} = evaluate(network, validation)"));
                let arguments = ["epoch", "step", "total / count", "val_loss", each, &format!("val_{key}=score")];
                let arguments = arguments.iter().filter(|one| !one.is_empty()).map(|&one| one.to_owned());
                w.call("log.epoch", &arguments.collect::<Vec<_>>(), "");
                w.line("tensorflow_run.save(options.checkpoint, network)");
                if let Some(watched) = training::watched(settings, "val_loss", "score") {
                    w.about(Part::Schedule, Level::Layer, |w| w.line(format!("plateau.step({watched})")));
                }
                training::judge(w, settings, "[v.numpy() for v in network.variables]");
            });
        });
        if settings.keep_best {
            w.block("for variable, array in zip(network.variables, kept or []):", |w| {
                w.line("variable.assign(array)");
            });
            w.line("tensorflow_run.save(options.checkpoint, network)");
        }
        w.line("log.end()");
    }

    /// The body of the loop over batches.
    fn step(&self, w: &mut Writer) {
        w.line("draws.step.assign(step)");
        let scale = if training::is_scaled(&self.project.training) { ", scale=plateau.scale" } else { "" };
        w.line(format!("rate = pace(optimizer, step{scale})"));
        let several = self.are_several();
        let right = if self.right().is_some() { "float(right)" } else { "None" };
        let each = if several { ", each" } else { "" };
        let told = self.told("right", "each");
        let batch = self.trained_batch();
        w.line(format!("{told} = train_step(strategy, network, optimizer, {batch}, rate)"));
        w.line("step += 1");
        w.line("total, count = total + float(loss), count + 1");
        if several {
            w.line("each = {name: float(value) for name, value in each.items()}");
        }
        w.line(format!("log.step(step, float(loss), {right}, float(rate){each})"));
        w.block("if step == options.steps:", |w| w.line("break"));
    }
}
