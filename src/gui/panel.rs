//! What every panel says of itself, and the one list of them: a tab of the workspace is an arrangement of panels.

use egui::Ui;
use egui_material_icons::{MaterialIcon, icons};

use super::compare::{CurvesPanel, PairPanel, RunsPanel};
use super::dialogs::Dialogs;
use super::thumbnails::Thumbnails;
use super::workspace::WorkspaceUi;
use super::{data_panel, inspector, output, palette, plots};
use crate::session::{Action, Anchor, State, Tab};
use crate::trace::Watch;

/// Where in a tab a panel may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Left,
    Top,
    Centre,
    Right,
    /// Below the one at the right.
    LowerRight,
    Bottom,
}

/// What a panel draws from, and what it may change: its own state, and nothing of the session but by actions.
pub struct Desk<'a> {
    pub state: &'a State,
    pub own: &'a mut WorkspaceUi,
    pub thumbnails: &'a mut Thumbnails,
    pub dialogs: &'a mut Dialogs,
    pub actions: &'a mut Vec<Action>,
}

pub trait Panel: Sync {
    /// As its tab is called, and a screen reader says.
    fn name(&self) -> &'static str;

    fn icon(&self) -> MaterialIcon;

    /// Where it may stand, the usual place first.
    fn places(&self) -> &'static [(Tab, Place)];

    /// What a tour points at it by.
    fn anchor(&self) -> Option<Anchor> {
        None
    }

    /// Adds what it wants pictured while it is on the screen.
    fn watch(&self, state: &State, own: &WorkspaceUi, watch: &mut Watch) {
        let _ = (state, own, watch);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>);
}

/// Every panel.
pub static PANELS: [&dyn Panel; 8] =
    [&Layers, &Data, &Inspector, &Output, &Plots, &RunsPanel, &CurvesPanel, &PairPanel];

/// Those that stand there, in the order of the list.
pub fn at(tab: Tab, place: Place) -> impl Iterator<Item = &'static dyn Panel> {
    PANELS.into_iter().filter(move |panel| panel.places().contains(&(tab, place)))
}

/// Shows what stands there.
pub fn show(ui: &mut Ui, tab: Tab, place: Place, desk: &mut Desk<'_>) {
    at(tab, place).for_each(|panel| show_one(panel, ui, desk));
}

/// Shows one, and notes where it is.
pub fn show_one(panel: &dyn Panel, ui: &mut Ui, desk: &mut Desk<'_>) {
    super::help::bound(ui);
    if let Some(anchor) = panel.anchor() {
        super::anchors::put_at(ui, anchor, ui.max_rect().intersect(ui.clip_rect()));
    }
    panel.show(ui, desk);
}

/// What those that stand there want pictured.
pub fn watch(tab: Tab, place: Place, state: &State, own: &WorkspaceUi, watch: &mut Watch) {
    at(tab, place).for_each(|panel| panel.watch(state, own, watch));
}

struct Layers;

impl Panel for Layers {
    fn name(&self) -> &'static str {
        "Layers"
    }

    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor::Layers)
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_LAYERS
    }

    fn places(&self) -> &'static [(Tab, Place)] {
        &[(Tab::Build, Place::Left)]
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        palette::show(ui, desk.state, &mut desk.own.palette, desk.actions);
    }
}

struct Data;

impl Panel for Data {
    fn name(&self) -> &'static str {
        "Data"
    }

    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor::Data)
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_DATABASE
    }

    fn places(&self) -> &'static [(Tab, Place)] {
        &[(Tab::Build, Place::Left)]
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        data_panel::show(ui, desk.state, &mut desk.own.data, desk.thumbnails, desk.dialogs, desk.actions);
    }
}

struct Inspector;

impl Panel for Inspector {
    fn name(&self) -> &'static str {
        "Inspector"
    }

    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor::Inspector)
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_TUNE
    }

    fn places(&self) -> &'static [(Tab, Place)] {
        &[(Tab::Build, Place::Right)]
    }

    fn watch(&self, state: &State, _own: &WorkspaceUi, watch: &mut Watch) {
        watch.layers.extend(state.selection.only());
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        inspector::show(ui, desk.state, &mut desk.own.inspector, desk.actions);
    }
}

struct Output;

impl Panel for Output {
    fn name(&self) -> &'static str {
        "Output"
    }

    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor::Output)
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_IMAGE
    }

    fn places(&self) -> &'static [(Tab, Place)] {
        &[(Tab::Build, Place::LowerRight)]
    }

    fn watch(&self, state: &State, own: &WorkspaceUi, watch: &mut Watch) {
        own.output.subscribe(state, own.canvas.shown_unit(), watch);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let shown = desk.own.canvas.shown_unit();
        let pinned = &mut desk.own.canvas.pinned_unit;
        output::show(ui, desk.state, &mut desk.own.output, (shown, pinned), desk.actions);
    }
}

struct Plots;

impl Panel for Plots {
    fn name(&self) -> &'static str {
        "Plots"
    }

    fn anchor(&self) -> Option<Anchor> {
        Some(Anchor::Plots)
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_SHOW_CHART
    }

    fn places(&self) -> &'static [(Tab, Place)] {
        &[(Tab::Build, Place::Bottom)]
    }

    fn watch(&self, _state: &State, own: &WorkspaceUi, watch: &mut Watch) {
        own.plots.subscribe(watch);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        plots::show(ui, desk.state, &mut desk.own.plots, desk.actions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_has_a_place_and_a_name_of_its_own() {
        let mut names: Vec<&str> = PANELS.iter().map(|panel| panel.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PANELS.len());
        assert!(PANELS.iter().all(|panel| !panel.places().is_empty() && !panel.icon().codepoint.is_empty()));
        let left: Vec<&str> = at(Tab::Build, Place::Left).map(|panel| panel.name()).collect();
        assert_eq!(left, ["Layers", "Data"]);
    }

    #[test]
    fn only_what_stands_somewhere_is_watched_for() {
        let (state, own) = (State::default(), WorkspaceUi::default());
        let mut wanted = Watch::default();
        watch(Tab::Build, Place::Left, &state, &own, &mut wanted);
        assert!(!wanted.output);
        watch(Tab::Build, Place::LowerRight, &state, &own, &mut wanted);
        assert!(wanted.output);
    }
}
