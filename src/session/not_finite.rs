//! What is done about a loss that has become NaN or infinite.

use super::{Action, State, Tab, Transport, WayOut};
use crate::model::TrainingSpec;
use crate::model::limits::LEARNING_RATE;
use crate::trace::{Moment, NotFinite};
use crate::trainer::DebugCommand;

/// A rate that is too large is usually far too large.
const LOWER_BY: f64 = 10.0;

impl State {
    /// What made the first NaN or infinity, as long as nothing was done about it.
    pub fn not_finite(&self) -> Option<&NotFinite> {
        self.run.not_finite.as_ref().filter(|_| !self.run.not_finite_seen)
    }

    /// The learning rate that is offered instead; `None` where there is none that is lower.
    pub fn lower_rate(&self) -> Option<f64> {
        let rate = self.rate_in_force() / LOWER_BY;
        // 0.001, not 0.0010000000000000002
        let rate = format!("{rate:.6e}").parse().unwrap_or(rate);
        LEARNING_RATE.refuse(rate).is_none().then_some(rate)
    }

    pub(super) fn leave_not_finite(&mut self, way: WayOut) {
        let Some(found) = self.run.not_finite.clone() else { return };
        self.run.not_finite_seen = way != WayOut::Show;
        match way {
            WayOut::Show => {
                self.apply(Action::ShowTab(Tab::Debug));
                self.apply(Action::Debug(DebugCommand::ShowNotFinite));
            }
            WayOut::GoBack => {
                let moment = Moment { step: found.step.saturating_sub(1), instruction: 0 };
                self.apply(Action::Debug(DebugCommand::Goto(moment)));
            }
            WayOut::LowerRate => {
                let Some(learning_rate) = self.lower_rate() else { return };
                // Not a change of the run that is there: another one.
                self.works.told = None;
                let training = TrainingSpec { learning_rate, ..self.project.training.clone() };
                self.apply(Action::SetTraining(training));
                self.apply(Action::Transport(Transport::Play));
            }
            WayOut::Dismiss => {}
        }
    }
}
