//! Everything that needs a look, in one list: what keeps the network from training, what went wrong in the run, what
//! the numbers of a layer say, and what was noticed in the data. Each says where it is, and what can be done about it.

mod embedding;

use super::{Action, BoxAction, DataState, RunStatus, State, WayOut};
use crate::data::Dataset;
use crate::model::{ColumnChoice, ColumnRole, Edit, Layer, LayerId, Problem, Source, Subject, WireId};
use crate::trace::{LayerCondition, LayerPicture, NotFinite, Picture, Severity, Vitals, significant};

/// One thing that needs a look, or is worth knowing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Bad: training is not possible, or broken. Watch: it may go wrong. Unknown: worth knowing.
    pub severity: Severity,
    /// Where it is marked.
    pub spot: Spot,
    /// What it is about: "Dense 1", "Data".
    pub subject: String,
    /// A sentence or two.
    pub words: String,
    /// The numbers behind it; may be empty.
    pub evidence: String,
    /// What can be done about it, the likeliest first: the words on a button, and what it does.
    pub offers: Vec<(String, Action)>,
}

/// Where it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Spot {
    /// These cards.
    Layers(Vec<LayerId>),
    /// This wire.
    Wire(WireId),
    /// The network as a whole.
    Network,
    /// The Data panel.
    Data,
    /// Where the debugger looks.
    Run,
}

impl State {
    /// The worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.of_run().collect();
        found.extend(self.inference.problems.iter().map(|problem| self.of_problem(problem)));
        found.extend(self.of_idle());
        found.extend(self.of_layers());
        match &self.data {
            DataState::Failed(why) if self.is_to_be_drawn() => {
                let offers = vec![("Draw boxes".to_owned(), Action::Boxes(BoxAction::Open(None)))];
                found.push(Finding { offers, ..of_data(why) });
            }
            DataState::Failed(why) => {
                let offers = vec![("Try again".to_owned(), Action::ReloadData)];
                found.push(Finding { severity: Severity::Bad, offers, ..of_data(why) });
            }
            DataState::Loading { .. } => found.push(of_data("The data is loading.")),
            DataState::None | DataState::Ready(_) => {}
        }
        found.extend(self.data.dataset().into_iter().flat_map(|dataset| self.of_dataset(dataset)));
        let indices = self.data.dataset().map(|dataset| embedding::findings(&self.project.graph, dataset));
        found.extend(indices.unwrap_or_default());
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        found
    }

    /// How a layer is doing, as far as the newest picture tells; `None` before the first step and where nothing is
    /// known.
    ///
    /// `id`: of the layer, or of a repetition of it.
    pub fn condition(&self, layer: &Layer, id: LayerId) -> Option<LayerCondition> {
        let all = self.picture()?;
        Some(judge(layer, all.layers.get(&id)?, all, strongest(all), self.update(id, all.step)))
    }

    /// The picture of a layer, once there was a step.
    pub fn pictured(&self, layer: LayerId) -> Option<&LayerPicture> {
        self.picture()?.layers.get(&layer)
    }

    fn picture(&self) -> Option<&Picture> {
        self.run.picture.as_deref().filter(|_| self.run.step > 0)
    }

    /// The size of a layer's last update as a share of its weights. It is measured now and then; what was long ago says
    /// nothing of now.
    fn update(&self, layer: LayerId, now: u64) -> Option<f32> {
        let of_late = |&(step, _): &(u64, _)| 8 * now.saturating_sub(step) <= now;
        let summary = self.run.curves.summaries.of(layer).last().filter(of_late);
        summary.map(|(_, summary)| summary.update).filter(|share| !share.is_nan())
    }

    fn of_run(&self) -> impl Iterator<Item = Finding> {
        let not_finite = self.run.not_finite.as_ref().map(|found| self.of_not_finite(found));
        let message = self.run.message.clone().filter(|_| self.run.status == RunStatus::Failed);
        let failed = message.map(|words| Finding {
            severity: Severity::Bad,
            spot: Spot::Run,
            subject: "Training".to_owned(),
            words,
            evidence: String::new(),
            offers: Vec::new(),
        });
        not_finite.into_iter().chain(failed)
    }

    fn of_not_finite(&self, found: &NotFinite) -> Finding {
        let back = format!("Go back to step {}", found.step.saturating_sub(1));
        let lower = self.lower_rate().filter(|_| found.is_of_size);
        let lower =
            lower.map(|rate| (format!("Retry with learning rate {rate}"), Action::AfterNotFinite(WayOut::LowerRate)));
        Finding {
            severity: Severity::Bad,
            spot: Spot::Run,
            subject: "Training".to_owned(),
            words: found.sentence.clone(),
            evidence: found.advice.clone(),
            offers: [(back, Action::AfterNotFinite(WayOut::GoBack))].into_iter().chain(lower).collect(),
        }
    }

    fn of_problem(&self, problem: &Problem) -> Finding {
        let spot = match problem.place {
            Subject::Wire(wire) => Spot::Wire(wire),
            Subject::Layer(layer) => Spot::Layers(vec![layer]),
            Subject::Graph => Spot::Network,
        };
        let offers =
            problem.repairs.iter().map(|repair| (repair.label.clone(), Action::Edit(repair.edit.clone()))).collect();
        Finding {
            severity: Severity::Bad,
            spot,
            subject: if problem.layer.is_empty() { "Network".to_owned() } else { problem.layer.clone() },
            words: problem.message.clone(),
            evidence: problem
                .expected_got
                .as_ref()
                .map_or(String::new(), |(expected, got)| format!("expected {expected}, got {got}")),
            offers,
        }
    }

    /// Layers that no gradient reaches. Those that have a problem of their own are told of already.
    fn of_idle(&self) -> Option<Finding> {
        let graph = &self.project.graph;
        let idle = self.inference.idle.iter().filter(|&&id| self.inference.layer_problem(id).is_none());
        let idle: Vec<&Layer> = idle.filter_map(|&id| graph.layer(id)).collect();
        let ids: Vec<LayerId> = idle.iter().map(|layer| layer.id).collect();
        let names: Vec<&str> = idle.iter().map(|layer| layer.name.as_str()).collect();
        let (subject, words, delete) = match names.as_slice() {
            [] => return None,
            [one] => ((*one).to_owned(), IDLE.to_owned(), format!("Delete {one}")),
            many => (many.join(", "), IDLE_MANY.to_owned(), "Delete them".to_owned()),
        };
        Some(Finding {
            severity: Severity::Warning,
            spot: Spot::Layers(ids.clone()),
            subject,
            words,
            evidence: String::new(),
            offers: vec![(delete, Action::Edit(Edit::Remove(ids)))],
        })
    }

    /// What the numbers of a layer say, where that is amber or red.
    fn of_layers(&self) -> impl Iterator<Item = Finding> {
        let all = self.picture();
        let strongest = all.map_or(0.0, strongest);
        all.into_iter().flat_map(|all| all.layers.iter().map(move |(id, own)| (all, *id, own))).filter_map(
            move |found| {
                let (all, id, own) = found;
                // Of a Block its layers tell, each repetition for itself.
                let is_layer = |layer: &&Layer| !layer.kind.is_end() && self.project.graph.block(layer.id).is_none();
                let layer = self.project.graph.layer(id).filter(is_layer)?;
                if self.inference.idle.contains(&layer.id) {
                    return None;
                }
                let LayerCondition { severity, words } = judge(layer, own, all, strongest, self.update(id, all.step));
                (severity >= Severity::Warning).then(|| Finding {
                    severity,
                    spot: Spot::Layers(vec![layer.id]),
                    subject: self.project.graph.path_name(id),
                    words: sentence(&words),
                    evidence: format!("{} at step {}", numbers(own), self.run.step),
                    offers: Vec::new(),
                })
            },
        )
    }

    fn of_dataset<'a>(&'a self, dataset: &'a Dataset) -> impl Iterator<Item = Finding> + 'a {
        let leaks = dataset.giveaways.iter().map(|leak| Finding {
            severity: Severity::Warning,
            offers: self.leave_out(&leak.column).into_iter().collect(),
            ..of_data(&leak.words)
        });
        let is_leak = |note: &String| dataset.giveaways.iter().any(|leak| leak.words == *note);
        leaks.chain(dataset.notes.iter().filter(move |note| !is_leak(note)).map(|note| of_data(note)))
    }

    /// A column of the table that the network does not see any more.
    fn leave_out(&self, column: &str) -> Option<(String, Action)> {
        let mut data = self.project.data.clone();
        let Source::Csv(csv) = &mut data.source else { return None };
        csv.columns.retain(|choice| choice.name != column);
        csv.columns.push(ColumnChoice { name: column.to_owned(), role: ColumnRole::LeftOut });
        Some((format!("Leave out {column}"), Action::SetData(data)))
    }
}

/// The largest gradient of all layers.
fn strongest(all: &Picture) -> f32 {
    let norms = all.layers.values().filter_map(|other| other.gradient_norm);
    norms.filter(|norm| norm.is_finite()).fold(0.0, f32::max)
}

fn judge(layer: &Layer, own: &LayerPicture, all: &Picture, strongest: f32, update: Option<f32>) -> LayerCondition {
    let vitals = Vitals {
        outputs: &own.statistics,
        samples: own.samples,
        may_be_zero: layer.may_be_zero(),
        dead: own.dead,
        saturated: own.saturated,
        gradient: own.gradient_norm,
        batch: all.batch,
        strongest,
        update,
        is_frozen: layer.frozen,
    };
    vitals.condition()
}

/// Of a layer that training leaves alone.
pub const IDLE: &str = "It isn't connected to the Loss, so no gradient reaches it and it won't be trained.";
const IDLE_MANY: &str = "They aren't connected to the Loss, so no gradient reaches them and they won't be trained.";

fn of_data(words: &str) -> Finding {
    Finding {
        severity: Severity::Unknown,
        spot: Spot::Data,
        subject: "Data".to_owned(),
        words: words.to_owned(),
        evidence: String::new(),
        offers: Vec::new(),
    }
}

/// "outputs 0.4 ± 0.2, gradient 0.03"
pub fn numbers(picture: &LayerPicture) -> String {
    let short = |value: f32| significant(f64::from(value), 4);
    let gradient = picture.gradient_norm.map_or(String::new(), |norm| format!(", gradient {}", short(norm)));
    format!("outputs {} ± {}{gradient}", short(picture.statistics.mean), short(picture.statistics.std))
}

/// Words that follow a name and a colon, standing alone.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}

#[cfg(test)]
#[path = "findings/tests.rs"]
mod tests;
