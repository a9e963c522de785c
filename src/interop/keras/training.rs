//! `train.py`: compile and fit, with losses and an optimiser that are Glassbox's.

use super::losses::{Dialect, written};
use super::optimisers;
use super::plan::{Cell, Plan, What};
use crate::interop::Network;
use crate::interop::code::{Level, Part, Script, Writer, python};
use crate::interop::pytorch::schedule;
use crate::interop::training;
use crate::model::{Answer, Metric, Project};

/// What the file is about.
pub struct Training<'a> {
    /// Settings.
    pub project: &'a Project,
    /// Its network.
    pub network: &'a Network,
    /// The same, channels last.
    pub plan: &'a Plan,
}

impl Training<'_> {
    fn moves(&self) -> bool {
        let training = &self.project.training;
        training.momentum_at(0).is_some() && optimisers::has_momentum(&training.optimiser)
    }

    /// Which of the model's outputs is the network's own answer.
    pub fn main_answer(&self) -> usize {
        let main = self.network.main_loss().map(|(node, _)| node.id);
        self.plan.answers.iter().position(|one| Some(self.network.nodes[one.node].id) == main).unwrap_or(0)
    }

    /// Variables that stand for two of ours: the one bias of LSTM and Simple RNN.
    fn twice(&self) -> Vec<String> {
        let mut all = Vec::new();
        for step in self.plan.steps.iter().filter(|step| !step.frozen) {
            let What::Recurrent(of) = step.what else { continue };
            let cell = match of.cell {
                Cell::Lstm => "lstm",
                Cell::Simple => "simple_rnn",
                Cell::Gru => continue,
            };
            if of.bias {
                let ways: &[&str] = if of.both_ways { &["forward_", "backward_"] } else { &[""] };
                all.extend(ways.iter().map(|way| match *way {
                    "" => format!("{}/{cell}_cell/bias", step.name),
                    way => format!("{}/{way}{cell}/{cell}_cell/bias", step.name),
                }));
            }
        }
        all
    }

    /// Layers that draw numbers while training: what keys them, and in which order a row lies.
    fn draws(&self) -> Vec<String> {
        let mut all = Vec::new();
        for step in &self.plan.steps {
            let key = self.network.nodes[step.node].id.0 + 1;
            match &step.what {
                What::Dropout { picture: Some(sizes), .. } => {
                    all.push(format!("\"{}\": ({key}, {})", step.name, python::tuple(sizes)));
                }
                What::Dropout { .. } | What::Noise { .. } => all.push(format!("\"{}\": ({key}, None)", step.name)),
                _ => {}
            }
        }
        all
    }

    /// Writes the file.
    pub fn script(&self) -> Script {
        let training = &self.project.training;
        let (moves, twice) = (self.moves(), self.twice());
        let mut w = Writer::default();
        self.head(&mut w, &twice);
        optimisers::definition(&mut w, &training.optimiser, training.clip, moves, Dialect::Keras, &twice);
        schedule::definitions(&mut w, training);
        self.losses(&mut w);
        self.accuracy(&mut w);
        self.compile(&mut w);
        w.block("def main():", |w| self.main(w));
        w.blank(2);
        w.block("if __name__ == \"__main__\":", |w| w.line("main()"));
        w.script("train.py")
    }

    fn head(&self, w: &mut Writer, twice: &[String]) {
        let settings = &self.project.training;
        w.line(training::headline(self.project, "python train.py"));
        w.blank(1);
        let uses_math = schedule::uses_math(settings) || optimisers::uses_math(&settings.optimiser);
        training::imports(w, &[("math", uses_math)]);
        w.line("import keras");
        w.line("from keras import ops");
        w.blank(1);
        training::modules(w, settings, self.network, true);
        w.line("import keras_run");
        if training::is_scaled(settings) || self.network.task.metric() == Metric::R2 {
            w.line("import reproduce");
        }
        w.line("from model import build_model");
        w.blank(1);
        training::constants(w, settings, self.network, true);
        let draws = self.draws();
        if !draws.is_empty() {
            w.line("# Layers that draw numbers while training, with what keys them in Glassbox.");
            w.wrapped(&format!("DRAWS = {{{}}}", draws.join(", ")));
        }
        if !twice.is_empty() {
            w.line("# One bias here is the sum of two in Glassbox, which move alike.");
            let listed: Vec<_> = twice.iter().map(|path| format!("\"{path}\"")).collect();
            w.list("TWICE", &listed);
        }
        w.blank(2);
    }

    fn name(&self, node: usize) -> String {
        self.network.nodes[node].slug.replace('.', "_")
    }

    fn losses(&self, w: &mut Writer) {
        for answer in &self.plan.answers {
            let node = &self.network.nodes[answer.node];
            let Some(loss) = node.loss() else { continue };
            // Of each sample: Keras shares a batch among devices only where it takes the mean itself.
            let all = written(self.network, (node, loss), (Dialect::Keras, true), "answer", "y");
            w.about(Part::Layer(node.drawn), Level::Operation, |w| {
                if self.mixes() {
                    w.line("@keras_run.mixed");
                }
                w.block(format!("def {}(y, answer):", self.name(answer.node)), |w| {
                    if self.network.task_of(node).classes().is_some() {
                        w.line("y = ops.cast(ops.reshape(y, ops.shape(answer)[:-1]), \"int32\")");
                    }
                    all.lines.iter().for_each(|line| w.wrapped(line));
                    w.wrapped(&format!("return {}", all.value));
                });
            });
            w.blank(2);
        }
    }

    fn compile(&self, w: &mut Writer) {
        let training = &self.project.training;
        let several = self.plan.answers.len() > 1;
        let (class, settings) = optimisers::construct(&training.optimiser, self.moves());
        w.block("def compile_model(model):", |w| {
            w.about(Part::Optimiser, Level::Layer, |w| {
                let all = [vec![python::float(training.learning_rate)], settings].concat();
                w.call(&format!("optimizer = {class}"), &all, "");
            });
            let names: Vec<String> = self.plan.answers.iter().map(|answer| self.name(answer.node)).collect();
            let weights: Vec<f64> = self
                .plan
                .answers
                .iter()
                .filter_map(|answer| Some(self.network.nodes[answer.node].loss()?.weight))
                .collect();
            let mut arguments = vec!["optimizer".to_owned()];
            arguments.push(if several { format!("loss=[{}]", names.join(", ")) } else { format!("loss={}", names[0]) });
            if weights.iter().any(|&weight| weight != 1.0) {
                let listed: Vec<_> = weights.iter().map(|&weight| python::float(weight)).collect();
                arguments.push(format!("loss_weights=[{}]", listed.join(", ")));
            }
            if self.network.task.metric() == Metric::Accuracy {
                let of = |place| if place == self.main_answer() { "[accuracy]" } else { "[]" };
                let all: Vec<_> = (0..self.plan.answers.len()).map(of).collect();
                arguments.push(if several {
                    format!("metrics=[{}]", all.join(", "))
                } else {
                    "metrics=[accuracy]".into()
                });
            }
            // XLA has no place for numbers that numpy draws.
            arguments.push("jit_compile=keras.backend.backend() == \"jax\"".to_owned());
            w.at_level(Level::Layer, |w| w.call("model.compile", &arguments, ""));
        });
        w.blank(2);
        w.about(Part::Data, Level::Operation, |w| {
            let weighted = self.network.signature.weighted;
            w.block(format!("def arranged({}):", training::batch(self.network)), |w| {
                w.line("\"\"\"What enters the model, and what each output is compared with.\"\"\"");
                let entering: Vec<_> = self.plan.inputs().map(|(place, _)| self.of_sample(place)).collect();
                let truths = self.plan.answers.iter().map(|one| match one.truth {
                    Some(truth) => self.of_sample(truth.step),
                    None => "y".to_owned(),
                });
                let all = [entering, truths.collect()].map(|all| match all.as_slice() {
                    [one] => one.clone(),
                    // tf.data makes one tensor of a list.
                    all => format!("({})", all.join(", ")),
                });
                w.line(format!("return {}{}", all.join(", "), if weighted { ", w" } else { "" }));
            });
        });
        w.blank(2);
        self.pace(w);
        w.block("def score(outputs, targets):", |w| {
            let place = self.main_answer();
            let main =
                if several { format!("outputs[{place}], targets[{place}]") } else { "outputs, targets".to_owned() };
            w.line(format!("answer, y = {main}"));
            let is_wired = self.plan.answers.get(place).is_some_and(|one| one.truth.is_some());
            match self.network.task.metric() {
                Metric::Accuracy => w.line("return \"accuracy\", float(ops.mean(accuracy(y, answer)))"),
                metric => {
                    self.own_truths(w);
                    let score = training::scored((self.project, self.network), "answer", "y", is_wired, true);
                    w.line(format!("return \"{}\", {score}", metric.key()));
                }
            }
        });
        w.blank(2);
    }

    fn mixes(&self) -> bool {
        training::mixes(&self.project.training, self.network)
    }

    /// Of the truths of mixed samples those of the larger parts.
    fn own_truths(&self, w: &mut Writer) {
        if self.mixes() {
            let width = self.network.signature.task.target().len();
            w.line(format!("y = y[:, :{width}]"));
        }
    }

    /// What an Input takes of the sample.
    fn of_sample(&self, step: usize) -> String {
        match &self.plan.steps[step].what {
            What::Input { columns: Some(columns) } => format!("x[:, {}]", python::list(columns)),
            _ => "x".to_owned(),
        }
    }

    fn accuracy(&self, w: &mut Writer) {
        if self.network.task.metric() != Metric::Accuracy {
            return;
        }
        let single = self.network.main_loss().is_some_and(|(main, _)| main.input().0.last() == Some(&1));
        let threshold = if self.network.answer == Answer::Probabilities { "0.5" } else { "0.0" };
        w.block("def accuracy(y, answer):", |w| {
            self.own_truths(w);
            w.line("y = ops.cast(ops.reshape(y, ops.shape(answer)[:-1]), \"int32\")");
            if single {
                w.line(format!("right = (answer[..., 0] > {threshold}) == (y == 1)"));
            } else {
                w.line("right = ops.argmax(answer, -1) == y");
            }
            w.line("return ops.cast(right, \"float32\")");
        });
        w.blank(2);
    }

    fn pace(&self, w: &mut Writer) {
        let settings = &self.project.training;
        w.about(Part::Schedule, Level::Operation, |w| {
            let scale = if training::is_scaled(settings) { ", scale=1.0" } else { "" };
            w.block(format!("def pace(optimizer, step{scale}):"), |w| {
                w.line("\"\"\"Sets the learning rate of a step.\"\"\"");
                w.line("rate = optimizer.learning_rate");
                let scale = if scale.is_empty() { "" } else { " * scale" };
                w.wrapped(&format!(
                    "rate.assign(ops.convert_to_tensor({}{scale}, rate.dtype))",
                    training::rate(settings)
                ));
                if self.moves() {
                    w.line("beta = optimizer.momentum");
                    w.line("beta.assign(ops.convert_to_tensor(momentum(step), beta.dtype))");
                }
            });
        });
        w.blank(2);
    }

    fn main(&self, w: &mut Writer) {
        let settings = &self.project.training;
        w.line("options = keras_run.options(EPOCHS)");
        w.line("devices = keras_run.Devices()");
        w.about(Part::Data, Level::Layer, |w| {
            w.line("train = arranged(*data.load(\"train\"))");
            w.line("validation = arranged(*data.load(\"validation\"))");
            if self.mixes() {
                w.line("validation = AUGMENTATION.packed(*validation)");
            }
            let augments = training::augments(settings, self.network);
            let more = if augments { ", AUGMENTATION" } else { "" };
            w.line(format!("batches, steps = devices.batches(train, BATCH_SIZE, SEED{more})"));
        });
        w.block("with devices.scope():", |w| {
            w.line("model = build_model()");
            w.line("model.load_weights(\"model.keras\")");
            w.line("compile_model(model)");
            w.line(match self.mixes() {
                true => "devices.adopt(model, AUGMENTATION.packed(*train))",
                false => "devices.adopt(model, train)",
            });
            let draws = if self.draws().is_empty() { "{}" } else { "DRAWS" };
            w.line(format!("draws = keras_run.Draws(model, SEED, {draws})"));
        });
        w.blank(1);
        w.line("watch = keras_run.Watch(options, pace, validation, score, draws)");
        if self.plan.answers.len() > 1 {
            let one = |answer: &super::plan::Answer| {
                format!("\"{}\": {}", self.network.nodes[answer.node].slug, self.name(answer.node))
            };
            let each = self.plan.answers.iter().map(one).collect::<Vec<_>>().join(", ");
            w.wrapped(&format!("watch.each = {{{each}}}"));
        }
        if let Some(watched) = training::watched(
            settings,
            "val_loss",
            match self.network.task.metric() {
                Metric::Accuracy => "val_accuracy",
                Metric::R2 => "val_r2",
                Metric::Map50 => "val_map50",
            },
        ) {
            training::plateau(w, settings);
            w.about(Part::Schedule, Level::Layer, |w| {
                w.line(format!("watch.plateau, watch.watched = plateau, \"{watched}\""));
            });
        }
        let callbacks = [vec!["watch".to_owned()], training::callbacks(settings)].concat();
        w.at_level(Level::Layer, |w| {
            if callbacks.len() > 1 {
                w.list("callbacks", &callbacks);
            }
            let callbacks = if callbacks.len() > 1 { "callbacks=callbacks" } else { "callbacks=[watch]" };
            let arguments = ["batches", "epochs=options.epochs", "steps_per_epoch=steps", callbacks, "verbose=0"];
            w.call("model.fit", &arguments.map(str::to_owned), "");
        });
        if settings.keep_best {
            w.line("watch.save()");
        }
    }
}

/// What keeps a project from being trained there, half a sentence each. `augments`: pictures are changed meanwhile.
pub fn refusals(plan: &Plan, augments: bool) -> Vec<String> {
    let mut all = Vec::new();
    let is_input = |answer: &super::plan::Answer| {
        let step = answer.truth.map(|truth| &plan.steps[truth.step].what);
        matches!(step, None | Some(What::Input { .. }))
    };
    if !plan.answers.iter().all(is_input) {
        all.push(
            "A truth that layers compute has no counterpart in Keras's fit, which takes it from the data".to_owned(),
        );
    }
    let is_plain = plan.inputs().count() == 1 && matches!(plan.answers.as_slice(), [one] if one.truth.is_none());
    if augments && !is_plain {
        let why = "Pictures are augmented for Keras only where one input enters and one answer is compared with the \
            target: switch augmentation off in the Data tab";
        all.push(why.to_owned());
    }
    all
}
