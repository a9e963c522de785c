//! A gradient checked by a nudge: the step it belongs to is rehearsed from its start, with the changes that were made
//! in it.
//!
//! Owns where the step began and what was changed; the differences and the judgement are the engine's.

use super::super::value;
use super::{DebugError, Debugger, Moment};
use crate::engine::{Override, Rehearsal};
use crate::trace::Verdict;
use crate::trainer::{Change, JournalEntry};

impl Debugger {
    /// Whether an element of a gradient of the step in progress, or of the one completed last, is the slope of the
    /// loss. The gradient as it stands is meant, set by hand or not. Everything stands afterwards as it stood.
    pub fn nudge(&mut self, name: &str, index: &[usize]) -> Result<Verdict, DebugError> {
        let machine = self.machine();
        let id = value::locate(machine.program(), name).map_err(DebugError::Value)?;
        let of_gradient = machine.nudged_by(id).is_some();
        let Some(made) = self.made(id)?.filter(|_| of_gradient) else {
            return Err(DebugError::NoGradient(machine.program().name(id).to_owned()));
        };
        let here = self.moment();
        let rehearsal = self.rehearse(Moment { step: made.step, instruction: 0 });
        self.travel(here, rehearsal.is_ok(), &mut |_| true)?;
        Ok(rehearsal?.verdict(self.machine(), id, index)?)
    }

    /// The step that begins at a place, from its start; stands there.
    fn rehearse(&mut self, start: Moment) -> Result<Rehearsal, DebugError> {
        let in_step = |entry: &&JournalEntry| entry.step == start.step && entry.instruction > 0;
        let changes: Vec<_> = self.changes().0.iter().filter(in_step).cloned().collect();
        let overrides = changes.iter().map(|entry| self.override_of(entry)).collect::<Result<Vec<_>, _>>()?;
        self.goto(start)?;
        if !self.machine().is_in_step() {
            self.run.begin_step()?;
        }
        Ok(Rehearsal::of(self.machine(), &overrides.into_iter().flatten().collect::<Vec<_>>())?)
    }

    /// What a change put where; none where it changed no number.
    fn override_of(&mut self, entry: &JournalEntry) -> Result<Vec<Override>, DebugError> {
        let place = Moment { step: entry.step, instruction: entry.instruction };
        let names: Vec<&String> = match &entry.change {
            Change::Value { name, .. } | Change::Tensor { name, .. } => vec![name],
            Change::Weights { tensors, .. } => tensors.keys().collect(),
            _ => Vec::new(),
        };
        let of = |debugger: &mut Self, name: &String| {
            let id = value::locate(debugger.machine().program(), name).map_err(DebugError::Value)?;
            let elements = match &entry.change {
                Change::Value { index, value, .. } => {
                    let (dims, _) = debugger.machine().read_f64(id)?;
                    let flat = value::offset(name, &dims, index).map_err(DebugError::Value)?;
                    vec![(flat, f64::from(*value))]
                }
                // What became of the tensor is known where it was made.
                _ => {
                    debugger.goto(place)?;
                    debugger.machine().read_f64(id)?.1.into_iter().enumerate().collect()
                }
            };
            Ok(Override { after: entry.instruction, value: id, elements })
        };
        names.into_iter().map(|name| of(self, name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bits, debugger, xor};
    use super::*;
    use crate::model::layer::{Activation, Dense};
    use crate::model::templates;
    use crate::trace::Judgement;
    use crate::trainer::TensorEdit;

    const BUDGET: usize = 64 << 20;

    fn judged(debugger: &mut Debugger, name: &str, index: &[usize]) -> Judgement {
        debugger.nudge(name, index).unwrap().judgement
    }

    #[test]
    fn a_gradient_agrees_before_and_after_the_update() {
        let mut debugger = debugger(&xor(), BUDGET);
        debugger.goto_step(5).unwrap();
        let before = bits(&debugger);
        for (name, index) in [("dense_1.weight.grad", &[3, 1][..]), ("d%1", &[2, 5]), ("dense_2.bias.grad", &[0])] {
            assert_eq!(judged(&mut debugger, name, index), Judgement::Agrees, "{name}");
        }
        assert!(bits(&debugger) == before && debugger.moment() == Moment { step: 5, instruction: 0 });
        let instructions = debugger.machine().program().instructions.len();
        debugger.goto(Moment { step: 5, instruction: instructions - 2 }).unwrap();
        let before = bits(&debugger);
        assert_eq!(judged(&mut debugger, "dense_1.weight.grad", &[3, 1]), Judgement::Agrees);
        assert!(bits(&debugger) == before);
    }

    #[test]
    fn a_gradient_that_was_set_by_hand_differs() {
        let mut debugger = debugger(&xor(), BUDGET);
        let id = debugger.machine().program().find("dense_1.weight.grad").unwrap();
        let made = debugger.machine().program().instructions.iter().position(|i| i.outputs.contains(&id)).unwrap();
        debugger.goto(Moment { step: 4, instruction: made + 1 }).unwrap();
        let was = debugger.machine().read(id).unwrap().data[0];
        debugger.set("dense_1.weight.grad", &[0, 0], was * 1.5 + 0.1).unwrap();
        let judgement = judged(&mut debugger, "dense_1.weight.grad", &[0, 0]);
        assert!(matches!(judgement, Judgement::Differs { by } if by > 0.1), "{judgement:?}");
        assert_eq!(judged(&mut debugger, "dense_1.weight.grad", &[0, 1]), Judgement::Agrees);
        debugger.goto_step(5).unwrap();
        assert!(matches!(judged(&mut debugger, "dense_1.weight.grad", &[0, 0]), Judgement::Differs { .. }));
    }

    #[test]
    fn changes_in_the_step_are_made_in_the_rehearsal_too() {
        let mut debugger = debugger(&xor(), BUDGET);
        debugger.goto(Moment { step: 3, instruction: 2 }).unwrap();
        debugger.set("%1", &[1, 3], 0.7).unwrap();
        debugger.set("dense_2.weight", &[0, 3], -1.5).unwrap();
        debugger.goto(Moment { step: 3, instruction: 3 }).unwrap();
        debugger.edit("%2", TensorEdit::Scale { by: 0.5 }).unwrap();
        debugger.goto_step(4).unwrap();
        let before = bits(&debugger);
        for (name, index) in [("dense_2.weight.grad", &[0, 3][..]), ("d%2", &[1, 3]), ("dense_2.bias.grad", &[1])] {
            assert_eq!(judged(&mut debugger, name, index), Judgement::Agrees, "{name}");
        }
        assert!(bits(&debugger) == before);
    }

    #[test]
    fn a_relu_at_zero_is_a_kink() {
        let mut project = xor();
        let layers = vec![
            Dense { units: 6, activation: Activation::Relu, ..Dense::default() }.into(),
            Dense { units: 2, ..Dense::default() }.into(),
        ];
        project.graph = templates::chain(layers);
        let mut debugger = debugger(&project, BUDGET);
        debugger.goto(Moment { step: 2, instruction: 2 }).unwrap();
        debugger.set("%1", &[0, 3], 0.0).unwrap();
        debugger.set("%1", &[1, 3], 0.5).unwrap();
        debugger.goto_step(3).unwrap();
        assert_eq!(judged(&mut debugger, "d%1", &[0, 3]), Judgement::AtKink);
        assert_eq!(judged(&mut debugger, "d%1", &[1, 3]), Judgement::Agrees);
    }

    #[test]
    fn what_is_no_gradient_is_a_sentence() {
        let mut debugger = debugger(&xor(), BUDGET);
        debugger.goto(Moment { step: 1, instruction: 2 }).unwrap();
        let said = |found: Result<Verdict, DebugError>| found.unwrap_err().to_string();
        assert!(said(debugger.nudge("%1", &[0, 0])).contains("%1 can't be checked"));
        assert!(said(debugger.nudge("d%1", &[0, 0])).contains("hasn't been computed yet"));
        debugger.goto_step(2).unwrap();
        assert!(said(debugger.nudge("d%1", &[0, 99])).contains("no element"));
        assert!(said(debugger.nudge("dense_1.weight", &[0, 0])).contains("only gradients can"));
    }
}
