//! `train.py`: compile and fit, with losses and an optimiser that are Glassbox's.

use super::losses::{Dialect, written};
use super::optimisers;
use super::plan::{Cell, Plan, What};
use crate::interop::Network;
use crate::interop::code::{Level, Part, Script, Writer, python};
use crate::interop::pytorch::schedule;
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
        self.compile(&mut w);
        w.block("def main():", |w| self.main(w));
        w.blank(2);
        w.block("if __name__ == \"__main__\":", |w| w.line("main()"));
        w.script("train.py")
    }

    fn head(&self, w: &mut Writer, twice: &[String]) {
        let training = &self.project.training;
        w.line("\"\"\"Trains the model on the samples of Glassbox, in the same order: python train.py\"\"\"");
        w.blank(1);
        if schedule::uses_math(training) {
            w.line("import math");
            w.blank(1);
        }
        w.line("import keras");
        w.line("from keras import ops");
        w.blank(1);
        w.line("import keras_run");
        w.line("from model import build_model");
        w.blank(1);
        w.line(format!("EPOCHS = {}", training.epochs));
        w.line(format!("BATCH_SIZE = {}", training.batch_size));
        w.line(format!("SEED = {}", training.seed));
        let draws = self.draws();
        if !draws.is_empty() {
            w.line("# Layers that draw numbers while training, with what keys them in Glassbox.");
            w.line(format!("DRAWS = {{{}}}", draws.join(", ")));
        }
        if !twice.is_empty() {
            w.line("# One bias here is the sum of two in Glassbox, which move alike.");
            let listed: Vec<_> = twice.iter().map(|path| format!("\"{path}\"")).collect();
            w.line(format!("TWICE = [{}]", listed.join(", ")));
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
            let all = written(self.network, node, loss, Dialect::Keras, "answer", "y");
            w.about(Part::Layer(node.drawn), Level::Operation, |w| {
                w.block(format!("def {}(y, answer):", self.name(answer.node)), |w| {
                    if self.network.task_of(node).classes().is_some() {
                        w.line("y = ops.cast(ops.reshape(y, ops.shape(answer)[:-1]), \"int32\")");
                    }
                    all.lines.iter().for_each(|line| w.line(line));
                    w.line(format!("return {}", all.value));
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
            arguments.push("jit_compile=False".to_owned());
            w.at_level(Level::Layer, |w| w.call("model.compile", &arguments, ""));
        });
        w.blank(2);
        w.about(Part::Data, Level::Operation, |w| {
            w.block("def compared(x, y):", |w| {
                w.line("\"\"\"What each output is compared with.\"\"\"");
                let all: Vec<_> =
                    self.plan.answers.iter().map(|one| if one.truth.is_some() { "x" } else { "y" }).collect();
                match all.as_slice() {
                    [one] => w.line(format!("return {one}")),
                    all => w.line(format!("return [{}]", all.join(", "))),
                }
            });
        });
        w.blank(2);
        w.about(Part::Schedule, Level::Operation, |w| {
            w.block("def pace(optimizer, step):", |w| {
                w.line("\"\"\"Sets the learning rate of a step.\"\"\"");
                let rate = match schedule::is_function(training) {
                    true => "learning_rate(step)".to_owned(),
                    false => python::float(training.learning_rate),
                };
                w.line("rate = optimizer.learning_rate");
                w.line(format!("rate.assign(ops.convert_to_tensor({rate}, rate.dtype))"));
                if self.moves() {
                    w.line("beta = optimizer.momentum");
                    w.line("beta.assign(ops.convert_to_tensor(momentum(step), beta.dtype))");
                }
            });
        });
        w.blank(2);
        w.block("def score(answer, x, y):", |w| {
            let single = self.network.main_loss().is_some_and(|(main, _)| main.input().0.last() == Some(&1));
            let threshold = if self.network.answer == Answer::Probabilities { "0.5" } else { "0.0" };
            match (self.network.task.metric(), single) {
                (Metric::Accuracy, true) => {
                    w.line(format!("return float(((answer[..., 0] > {threshold}) == y).mean())"))
                }
                (Metric::Accuracy, false) => w.line("return float((answer.argmax(-1) == y).mean())"),
                (Metric::R2, _) => {
                    let is_wired = self.plan.answers.get(self.main_answer()).is_some_and(|one| one.truth.is_some());
                    let truth = if is_wired { "x, together=True" } else { "y" };
                    w.line(format!("return keras_run.reproduce.r_squared(answer, {truth})"));
                }
            }
        });
        w.blank(2);
    }

    fn main(&self, w: &mut Writer) {
        let classes = python::bool(self.network.signature.task.classes().is_some());
        w.line("options = keras_run.options(EPOCHS)");
        w.about(Part::Data, Level::Layer, |w| {
            w.line(format!("train = keras_run.samples(\"train\", classes={classes})"));
            w.line(format!("validation = keras_run.samples(\"validation\", classes={classes})"));
            w.line("batches = keras_run.Batches(train, compared, BATCH_SIZE, SEED)");
        });
        w.line("model = build_model()");
        w.line("model.load_weights(\"model.keras\")");
        if !self.draws().is_empty() {
            w.line("draws = keras_run.Draws(model, SEED, DRAWS)");
        }
        w.line("compile_model(model)");
        let draws = if self.draws().is_empty() { "None" } else { "draws" };
        let key = match self.network.task.metric() {
            Metric::Accuracy => "accuracy",
            Metric::R2 => "r2",
        };
        w.line(format!("watch = keras_run.Watch(options, pace, {draws})"));
        w.line(format!("watch.validate(validation, compared, score, \"{key}\", {})", self.main_answer()));
        w.at_level(Level::Layer, |w| {
            let arguments = ["batches", "epochs=options.epochs", "shuffle=False", "callbacks=[watch]", "verbose=0"];
            w.call("model.fit", &arguments.map(str::to_owned), "");
        });
    }
}

/// What keeps a project from being trained there, half a sentence each.
pub fn refusals(project: &Project, plan: &Plan) -> Vec<String> {
    let mut all = crate::interop::tensorflow::training::refusals(project);
    let is_input = |answer: &super::plan::Answer| {
        let step = answer.truth.map(|truth| &plan.steps[truth.step].what);
        matches!(step, None | Some(What::Input { columns: None }))
    };
    if !plan.answers.iter().all(is_input) {
        all.push(
            "A truth that layers compute has no counterpart in Keras's fit, which takes it from the data".to_owned(),
        );
    }
    if plan.inputs().any(|(_, step)| matches!(step.what, What::Input { columns: Some(_) })) {
        all.push("Inputs that take some of the columns are exported to PyTorch and TensorFlow only".to_owned());
    }
    all
}
