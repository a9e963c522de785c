//! Everything that needs a look, in one list: what keeps the network from training, what went wrong in the run, what
//! the diagnosis found, and what was noticed in the data. Each says where it is, and what can be done about it.

mod embedding;

use super::diagnosed::key;
use super::{Action, BoxAction, DataState, RunStatus, State, WayOut};
use crate::data::Dataset;
use crate::data::facts::Repair;
use crate::diagnosis::{self, Change, Place, Remedy};
use crate::expr::thousands;
use crate::model::{Edit, Layer, LayerId, Problem, Subject, WireId};
use crate::trace::{LayerPicture, NotFinite, Severity, significant};

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
    /// The rule of the diagnosis that found it; `None` of what needs none.
    pub rule: Option<Rule>,
}

/// What a rule says of its finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// "Dead ReLU units"
    pub title: &'static str,
    /// Titles of rules that found what this may only follow from.
    pub causes: Vec<&'static str>,
    /// Of each button its place among the remedies of the finding.
    pub tries: Vec<usize>,
    /// What only a person can do about it.
    pub by_hand: Vec<String>,
    /// What it fires on, with its threshold.
    pub fires: &'static str,
    /// Why that threshold.
    pub why: &'static str,
    /// Where it was published.
    pub source: &'static str,
    /// By which the finding is dismissed.
    pub key: [String; 2],
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
    /// The settings of training.
    Training,
    /// Where the debugger looks.
    Run,
}

impl State {
    /// The worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<Finding> = self.of_run().collect();
        found.extend(self.inference.problems.iter().map(|problem| self.of_problem(problem)));
        found.extend(self.of_idle());
        found.extend(self.diagnosed().map(|one| self.of_diagnosis(one)));
        let of_table = self.of_table(&found);
        found.extend(of_table);
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
        found.extend(self.data.dataset().into_iter().flat_map(|dataset| Self::of_dataset(dataset)));
        let indices = self.data.dataset().map(|dataset| embedding::findings(&self.project.graph, dataset));
        found.extend(indices.unwrap_or_default());
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        found
    }

    /// The picture of a layer, once there was a step.
    pub fn pictured(&self, layer: LayerId) -> Option<&LayerPicture> {
        let all = self.run.picture.as_deref().filter(|_| self.run.step > 0)?;
        all.layers.get(&layer)
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
            rule: None,
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
            rule: None,
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
            rule: None,
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
            rule: None,
        })
    }

    /// What a rule of the diagnosis found.
    fn of_diagnosis(&self, found: &diagnosis::Finding) -> Finding {
        let graph = &self.project.graph;
        let (spot, subject) = match &found.place {
            Place::Layer(id) => (Spot::Layers(vec![id.drawn()]), graph.path_name(*id)),
            Place::Network => (Spot::Network, "Network".to_owned()),
            Place::Setting(name) => (Spot::Training, setting(name)),
            Place::Column(name) => (Spot::Data, format!("\"{name}\"")),
            Place::Data => (Spot::Data, "Data".to_owned()),
        };
        let severity = match found.severity {
            diagnosis::Severity::Serious => Severity::Bad,
            diagnosis::Severity::Warning => Severity::Warning,
            diagnosis::Severity::Note => Severity::Unknown,
        };
        let (offers, by_hand): (Vec<_>, Vec<_>) =
            found.remedies.iter().partition(|remedy| remedy.change != Change::ByHand);
        let numbers: Vec<String> = found.evidence.iter().map(ToString::to_string).collect();
        let at = found.step.map_or(String::new(), |step| format!(" at step {}", thousands(step)));
        let titles = found.may_follow_from.iter().filter_map(|id| diagnosis::find(id)).map(|rule| rule.title);
        let tries = found.remedies.iter().enumerate().filter(|(_, remedy)| remedy.change != Change::ByHand);
        let rule = Rule {
            title: found.rule.title,
            tries: tries.map(|(at, _)| at).collect(),
            causes: titles.collect(),
            by_hand: by_hand.into_iter().map(|remedy| remedy.label.clone()).collect(),
            fires: found.rule.fires,
            why: found.rule.why,
            source: found.rule.source,
            key: key(found),
        };
        Finding {
            severity,
            spot,
            subject,
            words: found.words.clone(),
            evidence: if numbers.is_empty() { String::new() } else { format!("{}{at}", numbers.join(", ")) },
            offers: offers.into_iter().filter_map(offer).collect(),
            rule: Some(rule),
        }
    }

    /// What was noticed in the columns of a table, but for what a rule offers the same button for.
    fn of_table(&self, known: &[Finding]) -> Vec<Finding> {
        let warnings = self.facts.iter().flat_map(|facts| &facts.warnings);
        let told = warnings.map(|warning| {
            let offer = |repair: &Repair| (repair.label(), Action::SetData(repair.applied(&self.project.data)));
            let offers = warning.repair.iter().map(offer).collect();
            Finding { severity: Severity::Warning, offers, ..of_data(&warning.words) }
        });
        let is_known = |offer: &(String, Action)| known.iter().any(|one| one.offers.iter().any(|(_, a)| *a == offer.1));
        told.filter(|finding| !finding.offers.iter().any(is_known)).collect()
    }

    fn of_dataset<'a>(dataset: &'a Dataset) -> impl Iterator<Item = Finding> + 'a {
        // A column that tells the target has a rule of its own.
        let is_leak = |note: &String| dataset.giveaways.iter().any(|leak| leak.words == *note);
        dataset.notes.iter().filter(move |note| !is_leak(note)).map(|note| of_data(note))
    }
}

/// A remedy as a button: its words, and what it does.
fn offer(remedy: &Remedy) -> Option<(String, Action)> {
    let action = match remedy.change.clone() {
        Change::Network(edits) => Action::Edits { name: lower_first(&remedy.label), edits },
        Change::Training(training) => Action::SetTraining(*training),
        Change::Data(data) => Action::SetData(*data),
        Change::ByHand => return None,
    };
    Some((remedy.label.clone(), action))
}

/// As undo goes on after a colon.
fn lower_first(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}

/// "training.learning_rate" as "Learning rate".
fn setting(key: &str) -> String {
    let name = key.rsplit('.').next().unwrap_or(key).replace('_', " ");
    let mut chars = name.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
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
        rule: None,
    }
}

/// "outputs 0.4 ± 0.2, gradient 0.03"
pub fn numbers(picture: &LayerPicture) -> String {
    let short = |value: f32| significant(f64::from(value), 4);
    let gradient = picture.gradient_norm.map_or(String::new(), |norm| format!(", gradient {}", short(norm)));
    format!("outputs {} ± {}{gradient}", short(picture.statistics.mean), short(picture.statistics.std))
}

#[cfg(test)]
#[path = "findings/tests.rs"]
mod tests;
