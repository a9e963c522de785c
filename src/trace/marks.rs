//! What was changed in a run, in a few words each: the lines across its curves.

use super::{Change, JournalEntry, Mark};
use crate::model::{Device, Graph, Project, TrainingSpec};

/// Of all changes from the beginning, in their order. Dragging a slider leaves one mark, from where it began to where it ended.
pub fn marks<'a>(origin: &Project, device: &Device, journal: impl IntoIterator<Item = &'a JournalEntry>) -> Vec<Mark> {
    let mut before = Before { training: &origin.training, graph: &origin.graph, device };
    let mut marks: Vec<Mark> = Vec::new();
    for entry in journal {
        let Some(label) = before.take(&entry.change) else { continue };
        match marks.last_mut() {
            Some(last) if last.step == entry.step && is_one_drag(&last.label, &label) => {
                let (from, to) = (last.label.split(ARROW).next(), label.split(ARROW).nth(1));
                last.label = match (from, to) {
                    (Some(from), Some(to)) => format!("{from}{ARROW}{to}"),
                    _ => label,
                };
            }
            _ => marks.push(Mark { step: entry.step, label }),
        }
    }
    marks
}

const ARROW: &str = " → ";

/// What was in force.
struct Before<'a> {
    training: &'a TrainingSpec,
    graph: &'a Graph,
    device: &'a Device,
}

impl<'a> Before<'a> {
    /// A change in a few words; `None` where the run makes it by itself, or nothing becomes another.
    fn take(&mut self, change: &'a Change) -> Option<String> {
        match change {
            Change::Training { training } => {
                let before = std::mem::replace(&mut self.training, training);
                (before != training).then(|| of_training(before, training))
            }
            Change::Graph { graph } => {
                let before = std::mem::replace(&mut self.graph, graph);
                (before != graph).then(|| "network edited".to_owned())
            }
            Change::Device { device } => {
                let before = std::mem::replace(&mut self.device, device);
                (before != device).then(|| format!("device {before}{ARROW}{device}"))
            }
            Change::Plateau { .. } => None,
            Change::Value { .. } | Change::Tensor { .. } => Some(change.to_string()),
        }
    }
}

/// Whether two labels at one step are of the same setting, or say the same.
pub(super) fn is_one_drag(last: &str, label: &str) -> bool {
    let setting = |label: &str| label.split_once(ARROW).and_then(|(from, _)| Some(from.split_once(' ')?.0.to_owned()));
    last == label || setting(last).is_some_and(|last| Some(last) == setting(label))
}

/// "lr 0.1 → 0.01", or which settings were changed.
fn of_training(old: &TrainingSpec, new: &TrainingSpec) -> String {
    if old.learning_rate != new.learning_rate {
        return format!("lr {}{ARROW}{}", old.learning_rate, new.learning_rate);
    }
    if old.batch_size != new.batch_size {
        return format!("batch {}{ARROW}{}", old.batch_size, new.batch_size);
    }
    if old.optimiser.title() != new.optimiser.title() {
        return format!("optimiser {}{ARROW}{}", old.optimiser.title(), new.optimiser.title());
    }
    if old.epochs != new.epochs {
        return format!("epochs {}{ARROW}{}", old.epochs, new.epochs);
    }
    if old.schedule != new.schedule {
        return format!("schedule {}{ARROW}{}", old.schedule.title(), new.schedule.title());
    }
    "settings changed".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Optimiser, templates};
    use crate::trace::TensorEdit;

    #[test]
    fn changes_are_named_by_what_they_change_and_drags_are_one() {
        let origin = templates::build("xor").unwrap();
        let rate = |learning_rate: f64| Change::Training {
            training: TrainingSpec { learning_rate, ..origin.training.clone() },
        };
        let slow = TrainingSpec { learning_rate: 0.01, ..origin.training.clone() };
        let sgd =
            TrainingSpec { optimiser: Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }, ..slow };
        let edit = Change::Tensor { name: "dense_1.weight".into(), edit: TensorEdit::ZERO };
        let value = Change::Value { name: "dense_1.bias".into(), index: vec![0], value: 2.0 };
        let changes = [
            (3, rate(0.5)),
            (3, rate(0.25)),
            (3, rate(0.01)),
            (5, Change::Training { training: sgd.clone() }),
            (5, Change::Plateau { state: Default::default() }),
            (7, edit.clone()),
            (7, edit),
            (7, value),
            (8, Change::Graph { graph: origin.graph.clone() }),
            (9, Change::Graph { graph: Graph::default() }),
            (9, Change::Device { device: Device::Cuda(0) }),
        ];
        let journal = changes.map(|(step, change)| JournalEntry { step, instruction: 0, change });
        let marks = marks(&origin, &Device::Cpu, &journal);
        let told: Vec<_> = marks.iter().map(|mark| (mark.step, mark.label.as_str())).collect();
        let from = origin.training.learning_rate;
        assert_eq!(
            told,
            [
                (3, format!("lr {from} → 0.01").as_str()),
                (5, format!("optimiser {} → SGD", origin.training.optimiser.title()).as_str()),
                (7, "dense_1.weight = 0"),
                (7, "dense_1.bias[0] = 2"),
                (9, "network edited"),
                (9, "device cpu → cuda:0"),
            ]
        );
    }
}
