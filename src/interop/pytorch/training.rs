//! `train.py`: samples, optimiser, schedule and the loop.

use super::super::code::{Level, Names, Part, Script, Writer, python};
use super::super::{Network, training};
use super::loss::{self, Losses};
use super::optimiser;
use super::schedule;
use super::{TAKEN, model};
use crate::model::layer::LayerKind;
use crate::model::{Clip, Project};

/// What the loop needs to know.
struct Loop<'a> {
    class: &'a str,
    project: &'a Project,
    network: &'a Network,
    losses: &'a Losses,
    /// The answer among what `forward` returns; `outputs` itself where it returns nothing else.
    answer: String,
    /// How the right classes of a batch are found; `None` for numbers.
    right: Option<&'static str>,
}

/// Writes the file.
pub fn script(class: &str, project: &Project, network: &Network, losses: &Losses) -> Script {
    let place = model::main_answer(network, losses);
    let answer = if losses.returned.len() > 1 { format!("outputs[{place}]") } else { "outputs".to_owned() };
    let right = loss::right_answers(network);
    let it = Loop { class, project, network, losses, answer, right };
    let mut w = Writer::default();
    it.head(&mut w);
    optimiser::definitions(&mut w, &project.training.optimiser);
    schedule::definitions(&mut w, &project.training);
    it.optimiser(&mut w);
    it.step(&mut w);
    it.evaluate(&mut w);
    w.blank(2);
    w.block("def main():", |w| {
        it.prepare(w);
        w.blank(1);
        it.epochs(w);
    });
    w.blank(2);
    w.block("if __name__ == \"__main__\":", |w| w.line("main()"));
    w.script("train.py")
}

impl Loop<'_> {
    fn head(&self, w: &mut Writer) {
        let (training, losses) = (&self.project.training, self.losses);
        w.line(format!("\"\"\"Trains {} on the samples of Glassbox, in the same order.", self.class));
        w.blank(1);
        w.line("python train.py, or on several processes: torchrun --nproc_per_node=2 train.py");
        w.line("\"\"\"");
        w.blank(1);
        training::imports(w, &[("copy", training.keep_best), ("math", schedule::uses_math(training))]);
        w.line("import torch");
        if training.clip != Clip::None {
            w.line("from torch import nn");
        }
        w.line("from torch.utils.data import DataLoader, TensorDataset");
        w.blank(1);
        training::modules(w, training, self.network, false);
        let is_r_squared = self.right.is_none() && !training::finds(self.network);
        if is_r_squared || schedule::is_scaled(training) {
            w.line("import reproduce");
        }
        w.line("import torch_run");
        let mut names = vec![self.class.to_owned(), "loss_function".to_owned()];
        names.extend(losses.are_several().then(|| "losses".to_owned()));
        names.extend((!losses.penalties.is_empty()).then(|| "penalty".to_owned()));
        w.line(format!("from model import {}", names.join(", ")));
        w.blank(1);
        training::constants(w, training, self.network, false);
        let draws = self.draws();
        if !draws.is_empty() {
            w.line("# What keys the random numbers of these layers.");
            w.wrapped(&format!("DRAWS = {draws}"));
        }
        w.blank(2);
    }

    fn optimiser(&self, w: &mut Writer) {
        let training = &self.project.training;
        w.about(Part::Optimiser, Level::Layer, |w| {
            w.block("def make_optimizer(network):", |w| {
                optimiser::construct(w, &training.optimiser, training.learning_rate);
            });
        });
        w.blank(2);
    }

    /// `x, y = x.to(device), y.to(device)`
    fn moved(&self, batch: &str, device: &str) -> String {
        let moved: Vec<_> = batch.split(", ").map(|one| format!("{one}.to({device})")).collect();
        format!("{batch} = {}", moved.join(", "))
    }

    fn trained_batch(&self) -> &'static str {
        training::trained_batch(&self.project.training, self.network)
    }

    /// `loss_function(outputs, y)`
    fn loss_of(&self, outputs: &str) -> String {
        format!("loss_function({})", self.losses.arguments().replacen("outputs", outputs, 1))
    }

    fn evaluate(&self, w: &mut Writer) {
        w.line("@torch.no_grad()");
        w.block("def evaluate(network, loader, device):", |w| {
            w.line("\"\"\"Loss and score over all samples.\"\"\"");
            w.line("network.eval()");
            match self.right {
                Some(_) => w.line("loss, right, seen = 0.0, 0.0, 0"),
                None => w.line("loss, seen, answers, truths = 0.0, 0, [], []"),
            }
            let several = self.losses.are_several();
            if several {
                w.line("each = {}");
            }
            let batch = training::batch(self.network);
            w.block(format!("for {batch} in loader:"), |w| {
                w.line(self.moved(batch, "device"));
                w.line("outputs = network(x)");
                w.line(format!("loss += {}.item() * len(x)", self.loss_of("outputs")));
                if several {
                    let arguments = self.losses.arguments();
                    w.block(format!("for name, value in losses({arguments}).items():"), |w| {
                        w.line("each[name] = each.get(name, 0.0) + value.item() * len(x)");
                    });
                }
                match self.right {
                    Some(right) => {
                        let right = right.replace("answer", &self.answer);
                        w.line(format!("right += ({right}).float().mean().item() * len(x)"));
                    }
                    None => {
                        w.line(format!("answers.append({}.float().cpu())", self.answer));
                        w.line(format!("truths.append({}.float().cpu())", self.truth()));
                    }
                }
                w.line("seen += len(x)");
            });
            if several {
                w.line("each = {name: value / seen for name, value in each.items()}");
            }
            let each = if several { ", each" } else { "" };
            match self.right {
                Some(_) => w.line(format!("return loss / seen, right / seen{each}")),
                None => {
                    let together = self.network.task != self.network.signature.task;
                    let (answers, truths) = ("torch.cat(answers)", "torch.cat(truths)");
                    let call = training::scored((self.project, self.network), answers, truths, together, false);
                    w.wrapped(&format!("return loss / seen, {call}{each}"));
                }
            }
        });
    }

    /// What the answer is compared with for its score.
    fn truth(&self) -> String {
        let main = self.network.main_loss().map(|(node, _)| node.slug.clone());
        let one = self.losses.each.iter().find(|one| Some(&one.slug) == main.as_ref());
        let truth = one.map_or("y", |one| one.truth.as_str());
        let returned = loss::names_of(self.network, &Names::of(self.network, &TAKEN), &self.losses.returned);
        match returned.iter().position(|name| name == truth) {
            Some(place) if returned.len() > 1 => format!("outputs[{place}]"),
            _ => truth.to_owned(),
        }
    }

    fn prepare(&self, w: &mut Writer) {
        w.line("options = torch_run.options(EPOCHS)");
        w.line("process = torch_run.Process(options)");
        w.about(Part::Data, Level::Layer, |w| {
            w.line("train = TensorDataset(*data.load(\"train\"))");
            w.line("validation = TensorDataset(*data.load(\"validation\"))");
            w.line("order = torch_run.EpochOrder(len(train), BATCH_SIZE, SEED, process)");
            if training::augments(&self.project.training, self.network) {
                w.line("train = torch_run.Augmented(train, AUGMENTATION, order)");
            }
            w.line("loader = DataLoader(train, batch_sampler=order)");
            w.line("validation_loader = DataLoader(validation, batch_size=512)");
        });
        w.blank(1);
        w.at_level(Level::Layer, |w| {
            w.line(format!("network = {}()", self.class));
            w.line("network.load_state_dict(torch_run.weights())");
            if !self.draws().is_empty() {
                w.line("replay = torch_run.Replay(network, SEED, DRAWS, process.share)");
            }
            w.line("model = process.wrap(network)");
        });
        w.about(Part::Optimiser, Level::Layer, |w| w.line("optimizer = make_optimizer(network)"));
        schedule::construct(w, &self.project.training);
        w.line("saved = torch_run.resume(options, network, optimizer)");
        w.line("epoch, step = saved[\"epoch\"], saved[\"step\"]");
        if training::is_scaled(&self.project.training) {
            w.block("if \"plateau\" in saved:", |w| w.line("plateau.load_state_dict(saved[\"plateau\"])"));
        }
        training::prepare(w, &self.project.training, |name, usual| match usual {
            "None" => format!("saved.get(\"{name}\")"),
            usual => format!("saved.get(\"{name}\", {usual})"),
        });
    }

    /// The layers that draw numbers while training, with what keys them.
    fn draws(&self) -> String {
        let names = Names::of(self.network, &TAKEN);
        let draws = |kind: &LayerKind| matches!(kind, LayerKind::Dropout(_) | LayerKind::GaussianNoise(_));
        let drawing = self.network.nodes.iter().zip(&names.layers).filter(|(node, _)| draws(&node.kind));
        let pairs: Vec<_> = drawing.map(|(node, name)| format!("\"{name}\": {}", node.id.0 + 1)).collect();
        if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(", ")) }
    }

    fn epochs(&self, w: &mut Writer) {
        let settings = &self.project.training;
        w.at_level(Level::Loop, |w| {
            let goes_on = training::goes_on(settings);
            w.block(format!("while epoch < options.epochs and {goes_on}not process.is_over(step):"), |w| {
                w.about(Part::Data, Level::Loop, |w| w.line("order.set_epoch(epoch)"));
                w.line("model.train()");
                w.line("total, count = 0.0, 0");
                w.block(format!("for {} in loader:", self.trained_batch()), |w| self.batch(w));
                w.line("epoch += 1");
                let [told, each] = if self.losses.are_several() { [", each", "each"] } else { [""; 2] };
                w.wrapped(&format!("val_loss, score{told} = evaluate(network, validation_loader, process.device)"));
                let score = format!("val_{}=score", training::score(self.network));
                let told = ["epoch", "step", "total / count", "val_loss", each, &score];
                let told: Vec<_> = told.into_iter().filter(|one| !one.is_empty()).map(str::to_owned).collect();
                w.call("process.tell_epoch", &told, "");
                if let Some(watched) = training::watched(settings, "val_loss", "score") {
                    w.about(Part::Schedule, Level::Layer, |w| w.line(format!("plateau.step({watched})")));
                }
                training::judge(w, settings, "copy.deepcopy(network.state_dict())");
                let mut saved = ["network", "optimizer", "epoch=epoch", "step=step"].map(str::to_owned).to_vec();
                saved.extend(training::is_scaled(settings).then(|| "plateau=plateau.state_dict()".to_owned()));
                saved.extend(training::remembered(settings).iter().map(|name| format!("{name}={name}")));
                w.call("process.save", &saved, "");
            });
        });
        w.line("process.finish()");
    }

    fn step(&self, w: &mut Writer) {
        let (training, losses) = (&self.project.training, self.losses);
        let scale = if schedule::is_scaled(training) { ", scale=1.0" } else { "" };
        let batch = self.trained_batch();
        if losses.mixes {
            training::mixed_losses(w, &losses.arguments(), losses.are_several());
        }
        w.block(format!("def train_step(network, model, optimizer, {batch}, step, amp=False{scale}):"), |w| {
            w.line("\"\"\"One step; `model` is `network`, perhaps compiled or on several devices.\"\"\"");
            schedule::step(w, training);
            w.about(Part::Optimiser, Level::Loop, |w| w.line("optimizer.zero_grad()"));
            w.at_level(Level::Loop, |w| {
                w.block("with torch.autocast(x.device.type, torch.bfloat16, enabled=amp):", |w| {
                    w.line("outputs = model(x)");
                    w.line(match losses.mixes {
                        true => format!("loss = mixed_loss({}, other_y, share)", losses.arguments()),
                        false => format!("loss = {}", self.loss_of("outputs")),
                    });
                });
            });
            w.about(Part::Optimiser, Level::Loop, |w| {
                let penalised = !losses.penalties.is_empty();
                w.line(if penalised { "(loss + penalty(network)).backward()" } else { "loss.backward()" });
                let clip =
                    |name: &str, max: f64| format!("nn.utils.{name}(network.parameters(), {})", python::float(max));
                match training.clip {
                    Clip::None => {}
                    Clip::Norm { max } => w.line(clip("clip_grad_norm_", max)),
                    Clip::Value { max } => w.line(clip("clip_grad_value_", max)),
                }
                w.line("optimizer.step()");
            });
            w.line("return outputs, loss.detach()");
        });
        w.blank(2);
    }

    /// The body of the loop over batches.
    fn batch(&self, w: &mut Writer) {
        let batch = self.trained_batch();
        w.line(self.moved(batch, "process.device"));
        if !self.draws().is_empty() {
            w.line("replay.step = step");
        }
        let batch = batch.split(", ");
        let arguments = ["network", "model", "optimizer"].into_iter().chain(batch).chain(["step", "options.amp"]);
        let mut arguments: Vec<String> = arguments.map(str::to_owned).collect();
        arguments.extend(schedule::is_scaled(&self.project.training).then(|| "plateau.scale".to_owned()));
        w.call("outputs, loss = train_step", &arguments, "");
        w.line("step += 1");
        w.line("total, count = total + loss.item(), count + 1");
        let right = self.right.map(|right| format!("({})", right.replace("answer", &self.answer)));
        let mut arguments = vec!["step".to_owned(), "loss".to_owned(), "optimizer".to_owned()];
        arguments.extend(right.map(|right| format!("right={right}")));
        if self.losses.are_several() {
            let plain = self.losses.arguments();
            arguments.push(match self.losses.mixes {
                true => format!("losses=mixed_losses({plain}, other_y, share)"),
                false => format!("losses=losses({plain})"),
            });
        }
        w.call("process.tell_step", &arguments, "");
        w.block("if process.is_over(step):", |w| w.line("break"));
    }
}
