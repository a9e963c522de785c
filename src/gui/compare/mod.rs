//! The Compare tab: every run of the project as a row, the curves of those that are picked over each other, and two of
//! them side by side.
//!
//! Owns order, filter, colours and what is being typed; which runs are picked and paired is in
//! [`Runs`](crate::session::Runs).

mod colours;
mod columns;
mod curves;
mod differences;
mod disagreements;
mod editing;
mod export;
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

use egui::{CentralPanel, Frame, Ui};
use egui_material_icons::{MaterialIcon, icons};

use super::figure::Take;
use super::panel::{self, Desk, Panel};
use super::panels::fixed;
use super::theme::Tokens;
use super::workspace::WorkspaceUi;
use crate::persist::Area;
use crate::session::{State, Tab};
use crate::trace::PictureWishes;

use colours::Colours;
use curves::CurvesUi;
use editing::Editing;
pub use export::sheet;
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
    pub export: Option<Take>,
}

impl CompareUi {
    /// The order of the table stays.
    pub fn for_another_project(&self) -> Self {
        Self { order: self.order, ..Self::default() }
    }

    /// Adds what the tab wants pictured while it is on the screen.
    pub fn subscribe(&self, state: &State, wanted: &mut PictureWishes) {
        let is_live = |id: &String| Some(id.as_str()) == self.rows.live_id();
        wanted.output |= state.runs().pair.as_ref().is_some_and(|pair| pair.iter().any(is_live));
    }
}

/// What the three panels draw from.
struct Seen<'a> {
    state: &'a State,
    tokens: Tokens,
}

impl<'a> Seen<'a> {
    fn of(ui: &Ui, state: &'a State) -> Self {
        Self { state, tokens: Tokens::of(ui) }
    }
}

pub fn show(ui: &mut Ui, desk: &mut Desk<'_>) {
    let state = desk.state;
    let seen = Seen::of(ui, state);
    let now = ui.input(|i| i.time);
    let (local, actions) = (&mut desk.own.compare, &mut *desk.actions);
    local.rows.update(state, local.order, &local.filter, now);
    picking::follow(state, local, actions);
    local.colours.assign(&state.runs().picked, local.rows.live_id());
    let ground = Frame::new().fill(seen.tokens.panel);
    if local.rows.total == 0 {
        CentralPanel::no_frame().frame(ground).show(ui, |ui| table::nothing(ui, &seen, actions));
        return;
    }
    let (width, height) = (ui.available_width(), ui.available_height());
    let low = height < 720.0;
    let arrangement = &state.settings().panels;
    let stands = |place: Area| !panel::at(arrangement, Tab::Compare, place).is_empty();
    for (place, edge) in
        [(Area::Top, egui::Panel::top(("runs", low))), (Area::Bottom, egui::Panel::bottom(("runs below", low)))]
    {
        if stands(place) {
            let edge = edge.frame(ground).default_size((height * 0.36).clamp(150.0, 320.0));
            edge.resizable(true).size_range(120.0..=(height * 0.7)).show(ui, |ui| {
                fixed(ui, |ui| panel::show(ui, Tab::Compare, &[place], desk));
            });
        }
    }
    // What stands at the right takes the whole room where nothing stands beside it.
    let middle = if stands(Area::Centre) { Area::Centre } else { Area::Right };
    if middle == Area::Centre && stands(Area::Right) {
        let narrow = width < 1200.0;
        let right = egui::Panel::right(("pair", narrow)).frame(Frame::new().fill(seen.tokens.canvas));
        right.default_size(width * 0.4).size_range(200.0..=(width * 0.7).max(200.0)).show(ui, |ui| {
            fixed(ui, |ui| panel::show(ui, Tab::Compare, &[Area::Right], desk));
        });
    }
    CentralPanel::no_frame().frame(ground).show(ui, |ui| panel::show(ui, Tab::Compare, &[middle], desk));
}

/// The table.
pub struct RunsPanel;

impl Panel for RunsPanel {
    fn name(&self) -> &'static str {
        "Runs"
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_TABLE_ROWS
    }

    fn key(&self) -> &'static str {
        "runs"
    }

    fn tab(&self) -> Tab {
        Tab::Compare
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Top, Area::Bottom]
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let seen = Seen::of(ui, desk.state);
        table::show(ui, &seen, &mut desk.own.compare, desk.dialogs, desk.actions);
    }
}

/// The curves of those that are picked.
pub struct CurvesPanel;

impl Panel for CurvesPanel {
    fn name(&self) -> &'static str {
        "Curves of runs"
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_TIMELINE
    }

    fn key(&self) -> &'static str {
        "curves"
    }

    fn tab(&self) -> Tab {
        Tab::Compare
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Centre, Area::Right]
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        curves::show(ui, &Seen::of(ui, desk.state), &mut desk.own.compare);
    }
}

/// Two of them.
pub struct PairPanel;

impl Panel for PairPanel {
    fn name(&self) -> &'static str {
        "Side by side"
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_COMPARE
    }

    fn key(&self) -> &'static str {
        "pair"
    }

    fn tab(&self) -> Tab {
        Tab::Compare
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Right, Area::Centre]
    }

    fn wants(&self, state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
        own.compare.subscribe(state, wanted);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        pair::show(ui, &Seen::of(ui, desk.state), &mut desk.own.compare, desk.is_named, desk.actions);
    }
}
