//! What every panel says of itself, and the one list of them: a tab of the workspace is an arrangement of panels. A
//! person can put them elsewhere; several in one place are tabs.

use egui::{Align, Layout, Rect, Ui, vec2};
use egui_material_icons::{MaterialIcon, icons};

use super::code::{CodePanel, EnginesPanel, RacePanel};
use super::compare::{CurvesPanel, PairPanel, RunsPanel};
use super::debug::Pane;
use super::dialogs::Dialogs;
use super::panels::{HEADING, header};
use super::theme::Tokens;
use super::thumbnails::Thumbnails;
use super::widgets::pane_tabs;
use super::workspace::WorkspaceUi;
use super::{data_panel, inspector, output, palette, plots};
use crate::persist::{Area, Arrangement};
use crate::session::{Action, Anchor, State, Tab};
use crate::trace::PictureWishes;

/// What a panel draws from, and what it may change: its own state, and nothing of the session but by actions.
pub struct Desk<'a> {
    pub state: &'a State,
    pub own: &'a mut WorkspaceUi,
    pub thumbnails: &'a mut Thumbnails,
    pub dialogs: &'a mut Dialogs,
    pub actions: &'a mut Vec<Action>,
    /// The panel that is drawn has its name on a tab above it, and does not say it again.
    pub is_named: bool,
}

pub trait Panel: Sync {
    /// As its tab is called, and a screen reader says.
    fn name(&self) -> &'static str;

    /// On its tab: its name, and what there is to say of it.
    fn title(&self, state: &State) -> String {
        let _ = state;
        self.name().to_owned()
    }

    fn icon(&self) -> MaterialIcon;

    /// What it is called in the settings, for ever.
    fn key(&self) -> &'static str;

    /// The tab that it belongs to.
    fn tab(&self) -> Tab {
        Tab::Build
    }

    /// Where it may stand, the usual place first.
    fn places(&self) -> &'static [Area];

    /// Whether it draws its own heading. One that does not is shown below its tab, also where it stands alone.
    fn has_heading(&self) -> bool {
        true
    }

    /// The key that brings it to the front.
    fn shortcut(&self) -> Option<char> {
        None
    }

    /// Whether that key was pressed, and its tab has to take the keyboard.
    fn takes_focus(&self, own: &mut WorkspaceUi) -> bool {
        let _ = own;
        false
    }

    /// How much of a heading's width its controls beside the tabs take.
    fn tools_width(&self, room: f32) -> f32 {
        let _ = room;
        0.0
    }

    /// Those controls, from the right; `room` as above.
    fn tools(&self, ui: &mut Ui, desk: &mut Desk<'_>, room: f32) {
        let _ = (ui, desk, room);
    }

    /// What a tour points at it by.
    fn anchor(&self) -> Option<Anchor> {
        None
    }

    /// Adds what it wants pictured while it is on the screen.
    fn wants(&self, state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
        let _ = (state, own, wanted);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>);
}

/// Every panel.
pub static PANELS: [&dyn Panel; 19] = [
    &Layers,
    &Data,
    &Inspector,
    &Output,
    &Plots,
    &Pane::Program,
    &Pane::Breakpoints,
    &Pane::Tensor,
    &Pane::Canvas,
    &Pane::Watch,
    &Pane::Layers,
    &Pane::Sample,
    &Pane::Time,
    &RunsPanel,
    &CurvesPanel,
    &PairPanel,
    &CodePanel,
    &RacePanel,
    &EnginesPanel,
];

/// Where it stands.
pub fn place_of(panel: &dyn Panel, arrangement: &Arrangement) -> Option<Area> {
    let chosen = arrangement.place_of(panel.key()).filter(|place| panel.places().contains(place));
    chosen.or(panel.places().first().copied())
}

/// Those that stand there, in the order of the list.
pub fn at(arrangement: &Arrangement, tab: Tab, place: Area) -> Vec<&'static dyn Panel> {
    let stands = |panel: &&dyn Panel| panel.tab() == tab && place_of(*panel, arrangement) == Some(place);
    PANELS.into_iter().filter(stands).collect()
}

/// What those that stand there are called together: "Layers and data".
pub fn names(arrangement: &Arrangement, tab: Tab, place: Area) -> Option<String> {
    let panels = at(arrangement, tab, place);
    let (first, rest) = panels.split_first()?;
    let mut names = first.name().to_owned();
    for (i, panel) in rest.iter().enumerate() {
        names.push_str(if i + 1 == rest.len() { " and " } else { ", " });
        names.push_str(&panel.name().to_lowercase());
    }
    Some(names)
}

/// Which one is seen where several stand: the one that was chosen last, or else the first. By keys, the last choice at
/// the end.
#[derive(Default)]
pub struct Shown(Vec<&'static str>);

impl Shown {
    fn of(&self, here: &[&'static dyn Panel]) -> Option<&'static dyn Panel> {
        let chosen = |panel: &&&dyn Panel| self.0.iter().position(|key| *key == panel.key());
        here.iter().rev().max_by_key(chosen).copied()
    }

    /// Brings it to the front.
    pub fn choose(&mut self, key: &'static str) {
        self.0.retain(|other| *other != key);
        self.0.push(key);
    }
}

/// The panel that a tour calls so.
pub fn named(anchor: Anchor) -> Option<&'static dyn Panel> {
    PANELS.into_iter().find(|panel| panel.anchor() == Some(anchor))
}

/// Shows what stands in these places, with a tab each where that is more than one.
pub fn show(ui: &mut Ui, tab: Tab, places: &[Area], desk: &mut Desk<'_>) {
    let here = at_all(&desk.state.settings().panels, tab, places);
    // Fields of the tab that is left take what was typed into them.
    let Some(shown) = desk.own.shown.of(&here) else { return };
    desk.is_named = here.len() > 1 || !shown.has_heading();
    if desk.is_named {
        heading(ui, shown, &here, desk);
    }
    show_one(shown, ui, desk);
    desk.is_named = false;
}

/// Those that stand in any of these places.
fn at_all(arrangement: &Arrangement, tab: Tab, places: &[Area]) -> Vec<&'static dyn Panel> {
    places.iter().flat_map(|place| at(arrangement, tab, *place)).collect()
}

/// A tab for each, and the controls of the one that is seen.
fn heading(ui: &mut Ui, shown: &dyn Panel, here: &[&'static dyn Panel], desk: &mut Desk<'_>) {
    let titles: Vec<String> = here.iter().map(|panel| panel.title(desk.state)).collect();
    let tabs: Vec<(&str, &str)> = here.iter().map(|panel| panel.key()).zip(titles.iter().map(String::as_str)).collect();
    let keys: String = here.iter().filter_map(|panel| panel.shortcut()).collect();
    let focus = shown.takes_focus(desk.own);
    let mut chosen = shown.key();
    let ground = Rect::from_min_size(ui.available_rect_before_wrap().min, vec2(ui.available_width(), HEADING));
    ui.painter().rect_filled(ground, 0.0, Tokens::of(ui).panel);
    header(ui, |ui| {
        let room = ui.available_width();
        ui.scope(|ui| {
            ui.set_max_width(room - shown.tools_width(room));
            pane_tabs(ui, &mut chosen, &tabs, &keys, focus);
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(12.0);
            shown.tools(ui, desk, room);
        });
    });
    if chosen != shown.key() {
        desk.own.shown.choose(chosen);
    }
}

/// The one that is seen of those in these places.
pub fn seen(tab: Tab, places: &[Area], state: &State, own: &WorkspaceUi) -> Option<&'static dyn Panel> {
    own.shown.of(&at_all(&state.settings().panels, tab, places))
}

/// Shows one, and notes where it is.
pub fn show_one(panel: &dyn Panel, ui: &mut Ui, desk: &mut Desk<'_>) {
    super::help::bound(ui);
    if let Some(anchor) = panel.anchor() {
        super::anchors::put_at(ui, anchor, ui.max_rect().intersect(ui.clip_rect()));
    }
    panel.show(ui, desk);
}

/// What the one that is seen there wants pictured.
pub fn wants(tab: Tab, places: &[Area], state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
    if let Some(panel) = seen(tab, places, state, own) {
        panel.wants(state, own, wanted);
    }
}

/// Entries of a menu: where each panel of this tab stands, and everything back to where it usually does.
pub fn arrange(ui: &mut Ui, tab: Tab, arrangement: &Arrangement, actions: &mut Vec<Action>) {
    for panel in PANELS.into_iter().filter(|panel| panel.tab() == tab && panel.places().len() > 1) {
        let now = place_of(panel, arrangement);
        let menu = ui.menu_button(panel.name(), |ui| {
            for place in panel.places() {
                if ui.radio(now == Some(*place), place.title()).clicked() {
                    let mut changed = arrangement.clone();
                    changed.put(panel.key(), *place, panel.places()[0]);
                    actions.push(Action::ArrangePanels(changed));
                }
            }
        });
        super::widgets::named(menu.response, &format!("Place of {}", panel.name()));
    }
    ui.separator();
    if ui.add_enabled(!arrangement.is_usual(), egui::Button::new("Reset the layout")).clicked() {
        actions.push(Action::ArrangePanels(Arrangement::default()));
    }
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

    fn key(&self) -> &'static str {
        "layers"
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Left, Area::Right]
    }

    fn has_heading(&self) -> bool {
        false
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

    fn key(&self) -> &'static str {
        "data"
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Left, Area::Right, Area::LowerRight]
    }

    fn has_heading(&self) -> bool {
        false
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

    fn key(&self) -> &'static str {
        "inspector"
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Right, Area::Left]
    }

    fn wants(&self, state: &State, _own: &WorkspaceUi, wanted: &mut PictureWishes) {
        wanted.layers.extend(state.selection().only());
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        inspector::show(ui, desk.state, &mut desk.own.inspector, desk.actions);
    }
}

pub struct Output;

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

    fn key(&self) -> &'static str {
        "output"
    }

    fn places(&self) -> &'static [Area] {
        &[Area::LowerRight, Area::Right, Area::Left, Area::Bottom]
    }

    fn wants(&self, state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
        own.output.subscribe(state, own.canvas.shown_unit(), wanted);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let shown = desk.own.canvas.shown_unit();
        let pinned = &mut desk.own.canvas.pinned_unit;
        desk.own.output.is_named = desk.is_named;
        output::show(ui, desk.state, &mut desk.own.output, (shown, pinned), desk.actions);
    }
}

pub struct Plots;

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

    fn key(&self) -> &'static str {
        "plots"
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Bottom, Area::LowerRight, Area::Right, Area::Left]
    }

    fn wants(&self, _state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
        own.plots.subscribe(wanted);
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        plots::show(ui, desk.state, &mut desk.own.plots, desk.actions);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_has_a_place_a_name_and_a_key_of_its_own() {
        let (mut keys, mut called) = (Vec::new(), Vec::new());
        for panel in PANELS {
            assert!(!keys.contains(&panel.key()) && !called.contains(&(panel.tab(), panel.name())), "{}", panel.key());
            keys.push(panel.key());
            called.push((panel.tab(), panel.name()));
        }
        assert!(PANELS.iter().all(|panel| !panel.places().is_empty() && !panel.icon().codepoint.is_empty()));
        let usual = Arrangement::default();
        let left: Vec<&str> = at(&usual, Tab::Build, Area::Left).iter().map(|panel| panel.name()).collect();
        assert_eq!(left, ["Layers", "Data"]);
        assert_eq!(names(&usual, Tab::Build, Area::Left).as_deref(), Some("Layers and data"));
    }

    #[test]
    fn a_panel_stands_where_it_is_put_if_it_may() {
        let mut arrangement = Arrangement::default();
        arrangement.put("output", Area::Left, Area::LowerRight);
        arrangement.put("layers", Area::Top, Area::Left);
        let keys =
            |place| -> Vec<&str> { at(&arrangement, Tab::Build, place).iter().map(|panel| panel.key()).collect() };
        assert_eq!(keys(Area::Left), ["layers", "data", "output"]);
        assert!(keys(Area::LowerRight).is_empty() && keys(Area::Top).is_empty());
        let mut shown = Shown::default();
        let seen = |shown: &Shown, arrangement: &Arrangement, places: &[Area]| {
            shown.of(&at_all(arrangement, Tab::Build, places)).map(Panel::key)
        };
        assert_eq!(seen(&shown, &arrangement, &[Area::Left]), Some("layers"));
        shown.choose("data");
        shown.choose("output");
        assert_eq!(seen(&shown, &arrangement, &[Area::Left]), Some("output"));
        assert_eq!(seen(&shown, &Arrangement::default(), &[Area::Left]), Some("data"));
        assert_eq!(seen(&shown, &Arrangement::default(), &[Area::Left, Area::LowerRight]), Some("output"));
    }

    #[test]
    fn only_what_is_seen_is_watched_for() {
        let (mut state, mut own) = (State::default(), WorkspaceUi::default());
        let wants_output = |place, state: &State, own: &WorkspaceUi| {
            let mut wanted = PictureWishes::default();
            wants(Tab::Build, &[place], state, own, &mut wanted);
            wanted.output
        };
        assert!(!wants_output(Area::Left, &state, &own));
        assert!(wants_output(Area::LowerRight, &state, &own));
        state.pose().settings.panels.put("output", Area::Left, Area::LowerRight);
        assert!(!wants_output(Area::Left, &state, &own), "it stands behind another tab");
        own.shown.choose("output");
        assert!(wants_output(Area::Left, &state, &own));
    }
}
