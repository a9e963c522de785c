//! The same samples at every step: what is printed and explained of them in place of the step's own batch.

use serde_json::json;

use super::Said;
use super::command::Probing;
use super::obey::{Console, sentence};
use crate::expr::{Array, Expr};
use crate::trace::{Explanation, Probe};
use crate::trainer::inspect::Lens;

impl Console {
    pub(super) fn set_probe(&mut self, probing: Option<Probing>) -> Result<Said, String> {
        let wanted = match probing {
            None => self.probe.clone(),
            Some(Probing::Off) => None,
            Some(Probing::First) => Some(Probe::First),
            Some(Probing::Here) => {
                let rows = self.debugger().machine().batch_rows();
                if rows.is_empty() {
                    return Err("No batch is loaded yet. Run one instruction, or use 'probe on'.".into());
                }
                Some(Probe::Rows(rows.into()))
            }
        };
        let lens = Lens::of(self.debugger(), wanted.as_ref())?;
        self.probe = wanted;
        let samples = lens.probe().map(|machine| machine.batch_len());
        let text = match samples {
            Some(samples) => {
                format!("Showing values of the same {samples} samples at every step. 'probe off' ends this.")
            }
            None => "Showing values of each step's own batch.".to_owned(),
        };
        Ok(Said { text, json: json!({ "probe": samples }) })
    }

    pub(super) fn value(&mut self, expression: &Expr) -> Result<Array, String> {
        if self.probe.is_none() {
            return self.debugger_mut().value_with_before(expression).map_err(sentence);
        }
        let lens = Lens::of(self.debugger(), self.probe.as_ref())?;
        if let Some(why) = expression.names().iter().find_map(|name| lens.why_not(self.debugger(), name)) {
            return Err(why);
        }
        self.debugger().value_under(lens.machine(self.debugger()), expression)
    }

    pub(super) fn explanation(&mut self, name: &str, index: &[usize], check: bool) -> Result<Explanation, String> {
        let lens = Lens::of(self.debugger(), self.probe.as_ref())?;
        let mut found = lens.explain(self.debugger_mut(), name, index)?;
        if check {
            found.verdict = Some(lens.nudge(self.debugger_mut(), name, index)?);
        }
        Ok(found)
    }

    /// " (of the probe batch, after step 4)"
    pub(super) fn of_what(&self) -> String {
        let step = self.debugger().moment().step;
        self.probe.as_ref().map_or(String::new(), |_| format!(" (of the probe batch, after step {step})"))
    }
}
