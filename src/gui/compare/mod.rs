//! The Compare tab: every run of the project as a row, the curves of those that are picked over each other, and two of them
//! side by side.
//!
//! Owns order, filter, colours and what is being typed; which runs are picked and paired is in [`Runs`](crate::session::Runs).

mod colours;
mod columns;
mod curves;
mod disagreements;
mod editing;
mod filter;
mod menu;
mod networks;
mod pair;
mod picking;
mod row;
pub mod rows;
mod side_by_side;
mod table;

#[cfg(test)]
pub mod test_runs;
#[cfg(test)]
mod tests;

use egui::{CentralPanel, Frame, Panel, Ui};

use super::dialogs::Dialogs;
use super::panels::fixed;
use super::theme::Tokens;
use crate::session::{Action, State};
use crate::trace::Watch;

use colours::Colours;
use curves::CurvesUi;
use editing::Editing;
use pair::PairUi;
use rows::{Order, Rows};

/// The tab's own state.
#[derive(Debug, Default)]
pub struct CompareUi {
    pub order: Order,
    /// As it is typed.
    pub filter: String,
    /// The run that keys and buttons are about.
    pub current: Option<String>,
    rows: Rows,
    colours: Colours,
    editing: Option<Editing>,
    picking: picking::Picking,
    /// The next frame brings the current row into sight.
    reveal: bool,
    curves: CurvesUi,
    pair: PairUi,
}

impl CompareUi {
    /// Adds what the tab wants pictured while it is on the screen.
    pub fn subscribe(&self, state: &State, watch: &mut Watch) {
        let is_live = |id: &String| Some(id.as_str()) == self.rows.live_id();
        watch.output |= state.runs.pair.as_ref().is_some_and(|pair| pair.iter().any(is_live));
    }
}

/// What the three panels draw from.
struct Seen<'a> {
    state: &'a State,
    tokens: Tokens,
}

pub fn show(ui: &mut Ui, state: &State, local: &mut CompareUi, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let seen = Seen { state, tokens: Tokens::of(ui) };
    let now = ui.input(|i| i.time);
    local.rows.update(state, local.order, &local.filter, now);
    picking::follow(state, local, actions);
    local.colours.assign(&state.runs.picked, local.rows.live_id());
    let panel = Frame::new().fill(seen.tokens.panel);
    if local.rows.total == 0 {
        CentralPanel::no_frame().frame(panel).show(ui, |ui| table::nothing(ui, &seen, actions));
        return;
    }
    let (width, height) = (ui.available_width(), ui.available_height());
    let low = height < 720.0;
    let top = Panel::top(("runs", low)).frame(panel).default_size((height * 0.36).clamp(150.0, 320.0));
    top.resizable(true).size_range(120.0..=(height * 0.7)).show(ui, |ui| {
        fixed(ui, |ui| table::show(ui, &seen, local, dialogs, actions));
    });
    let narrow = width < 1200.0;
    let right = Panel::right(("pair", narrow)).frame(Frame::new().fill(seen.tokens.canvas));
    right.default_size(width * 0.4).size_range(200.0..=(width * 0.7).max(200.0)).show(ui, |ui| {
        fixed(ui, |ui| pair::show(ui, &seen, local, actions));
    });
    CentralPanel::no_frame().frame(panel).show(ui, |ui| curves::show(ui, &seen, local, actions));
}
