//! What was changed in a run, in a few words each: the lines across its curves.

use super::{Change, JournalEntry, Mark};
use crate::model::difference::{Difference, of_graphs, of_training};
use crate::model::{Device, Graph, Project, TrainingSpec};

/// Of all changes from the beginning, in their order. Dragging a slider leaves one mark, from where it began to where
/// it ended.
pub fn marks<'a>(origin: &Project, device: &Device, journal: impl IntoIterator<Item = &'a JournalEntry>) -> Vec<Mark> {
    let mut before = Before { training: &origin.training, graph: &origin.graph, device };
    let mut marks: Vec<(u64, Said)> = Vec::new();
    for entry in journal {
        let Some(mut said) = before.take(&entry.change) else { continue };
        if let Some((_, last)) = marks.pop_if(|(step, last)| *step == entry.step && last.is_one_drag(&said)) {
            said = last.dragged_to(said);
        }
        marks.push((entry.step, said));
    }
    marks.into_iter().map(|(step, said)| Mark { step, label: said.label() }).collect()
}

const ARROW: &str = " → ";

/// What is said of a change.
enum Said {
    /// Of one setting or layer.
    One(Difference),
    /// Of one setting that so many layers have alike.
    Alike(Difference, usize),
    Else(String),
}

impl Said {
    fn of(mut found: Vec<Difference>, graph: &Graph, otherwise: &str) -> Self {
        if let Some(alike) = alike(&found, graph) {
            return Self::Alike(alike, found.len());
        }
        match (found.pop(), found.first()) {
            (Some(only), None) => Self::One(Difference { what: short(&only.what).to_owned(), ..only }),
            (_, Some(first)) => Self::Else(format!("{first} and {} more", found.len())),
            (None, None) => Self::Else(otherwise.to_owned()),
        }
    }

    /// The setting that may be dragged, and how many layers have it.
    fn setting(&self) -> Option<(&Difference, usize)> {
        match self {
            Self::One(difference) => Some((difference, 1)),
            Self::Alike(difference, layers) => Some((difference, *layers)),
            Self::Else(_) => None,
        }
    }

    /// Whether this and what follows are of one setting, or say the same.
    fn is_one_drag(&self, next: &Self) -> bool {
        match (self.setting(), next.setting()) {
            (Some((a, m)), Some((b, n))) => (&a.what, m) == (&b.what, n) && !a.to.is_empty() && !b.from.is_empty(),
            (None, None) => self.label() == next.label(),
            _ => false,
        }
    }

    /// From where this began to where `next` ended, over where it was where both are the same: that may have left
    /// something behind.
    fn dragged_to(self, next: Self) -> Self {
        let Some((first, _)) = self.setting() else { return next };
        let (from, over) = (first.from.clone(), first.to.clone());
        let back = |to: &Difference| {
            let unit = to.to.strip_prefix(&from).filter(|unit| unit.is_empty() || unit.starts_with(' '))?;
            let over = over.strip_suffix(unit).unwrap_or(&over);
            Some(format!("{} {from}{ARROW}{over}{ARROW}{}", to.what, to.to))
        };
        match next {
            Self::One(to) => match back(&to) {
                Some(words) => Self::Else(words),
                None => Self::One(Difference { from, ..to }),
            },
            Self::Alike(to, layers) => match back(&to) {
                Some(words) => Self::Else(format!("{words} in {layers} layers")),
                None => Self::Alike(Difference { from, ..to }, layers),
            },
            next => next,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::One(difference) => difference.to_string(),
            Self::Alike(difference, layers) => format!("{difference} in {layers} layers"),
            Self::Else(words) => words.clone(),
        }
    }
}

/// Room is scarce across the curves.
fn short(what: &str) -> &str {
    match what {
        "learning rate" => "lr",
        "batch size" => "batch",
        what => what,
    }
}

/// What became another in several layers in the same way, without their names.
fn alike(found: &[Difference], graph: &Graph) -> Option<Difference> {
    let [first, _, ..] = found else { return None };
    let setting = |difference: &Difference| {
        let of_layer = |name: &str| Some(difference.what.strip_prefix(name)?.strip_prefix(' ')?.to_owned());
        graph.layers().find_map(|layer| of_layer(&layer.name))
    };
    let what = setting(first)?;
    let is_it = |other: &Difference| other.change() == first.change() && setting(other).as_ref() == Some(&what);
    found.iter().all(is_it).then(|| Difference { what: what.clone(), ..first.clone() })
}

/// What was in force.
struct Before<'a> {
    training: &'a TrainingSpec,
    graph: &'a Graph,
    device: &'a Device,
}

impl<'a> Before<'a> {
    /// A change in a few words; `None` where the run makes it by itself, or nothing becomes another.
    fn take(&mut self, change: &'a Change) -> Option<Said> {
        match change {
            Change::Training { training } => {
                let before = std::mem::replace(&mut self.training, training);
                (before != training).then(|| Said::of(of_training(before, training), self.graph, "settings changed"))
            }
            Change::Graph { graph } => {
                let before = std::mem::replace(&mut self.graph, graph);
                // A layer may have another name.
                (before != graph).then(|| Said::of(of_graphs(before, graph), graph, "network edited"))
            }
            Change::Device { device } => {
                let before = std::mem::replace(&mut self.device, device);
                (before != device).then(|| Said::Else(format!("device {before}{ARROW}{device}")))
            }
            Change::Plateau { .. } => None,
            Change::Value { .. } | Change::Tensor { .. } | Change::Weights { .. } => {
                Some(Said::Else(change.to_string()))
            }
        }
    }
}

/// Whether two labels are of the same setting or number, or say the same.
pub(super) fn is_one_drag(last: &str, label: &str) -> bool {
    let begin = |label: &str| [ARROW, " = "].iter().find_map(|sign| Some(label.split_once(sign)?.0.to_owned()));
    last == label || begin(last).is_some_and(|last| Some(last) == begin(label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::ParamValue;
    use crate::model::{Edit, Optimiser, Shared, templates};
    use crate::trace::TensorEdit;

    #[test]
    fn changes_are_named_by_what_they_change_and_drags_are_one() {
        let origin = templates::build("xor").unwrap();
        let rate = |learning_rate: f64| Change::Training {
            training: TrainingSpec { learning_rate, ..origin.training.clone() },
        };
        let slow = TrainingSpec { learning_rate: 0.02, ..origin.training.clone() };
        let sgd =
            TrainingSpec { optimiser: Optimiser::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }, ..slow };
        let edit = Change::Tensor { name: "dense_1.weight".into(), edit: TensorEdit::ZERO };
        let value = Change::Value { name: "dense_1.bias".into(), index: vec![0], value: 2.0 };
        let graph = |edit: Edit| {
            let mut graph = origin.graph.clone();
            edit.apply(&mut graph).unwrap();
            Change::Graph { graph }
        };
        let layer = origin.graph.find("Dense 1").unwrap().id;
        let units = |units| graph(Edit::SetParam { layer, key: "units".into(), value: ParamValue::Int(units) });
        let l2 = |weight| graph(Edit::SetAll { shared: Shared::L2, value: ParamValue::Float(weight) });
        let changes = [
            (3, rate(0.5)),
            (3, rate(0.25)),
            (3, rate(0.02)),
            (5, Change::Training { training: sgd.clone() }),
            (5, Change::Plateau { state: Default::default() }),
            (7, edit.clone()),
            (7, edit),
            (7, value),
            (8, Change::Graph { graph: origin.graph.clone() }),
            (8, units(9)),
            (8, units(8)),
            (9, units(9)),
            (9, units(12)),
            (10, l2(0.01)),
            (11, l2(0.02)),
            (11, l2(0.1)),
            (12, Change::Graph { graph: Graph::default() }),
            (12, Change::Device { device: Device::Cuda(0) }),
        ];
        let journal = changes.map(|(step, change)| JournalEntry { step, instruction: 0, change });
        let marks = marks(&origin, &Device::Cpu, &journal);
        let told: Vec<_> = marks.iter().map(|mark| (mark.step, mark.label.as_str())).collect();
        let from = origin.training.learning_rate;
        assert_eq!(
            told,
            [
                (3, format!("lr {from} → 0.02").as_str()),
                (5, format!("optimiser {} → SGD", origin.training.optimiser.title()).as_str()),
                (7, "dense_1.weight = 0"),
                (7, "dense_1.bias[0] = 2"),
                (8, "Dense 1 8 → 9 → 8 units"),
                (9, "Dense 1 8 → 12 units"),
                (10, "Dense 1 12 → 8 units and 2 more"),
                (11, "L2 0.01 → 0.1 in 2 layers"),
                (12, "layer − input and 3 more"),
                (12, "device cpu → cuda:0"),
            ]
        );
    }
}
