//! What comes from other programs: the report of what came over, and the table of whose weights become whose.

mod mapping;
mod report;

use egui::Context;

use super::canvas::CanvasUi;
use crate::session::{Action, State, Tab};

#[derive(Default)]
pub struct ArrivingUi {
    /// The report is on the screen.
    pub report: bool,
    table: mapping::TableUi,
}

impl ArrivingUi {
    /// Whether something in front of the window has all keys.
    pub fn is_in_front(state: &State) -> bool {
        state.weights_offered().is_some()
    }

    pub fn show(&mut self, ctx: &Context, state: &State, canvas: &mut CanvasUi, actions: &mut Vec<Action>) {
        if let Some(offer) = state.weights_offered() {
            self.table.show(ctx, offer, actions);
        }
        canvas.covered = 0.0;
        match &state.desk().arrival {
            // Its names show layers of the canvas.
            Some(_) if self.report && state.tab() != Tab::Build => {}
            Some(arrival) if self.report => self.report = report::show(ctx, state, arrival, canvas, actions),
            _ => self.report = false,
        }
    }
}
