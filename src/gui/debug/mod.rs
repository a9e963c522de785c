//! The Debug tab: the program with the place in it, what its values hold, and the whole run to go back and forth in.
//!
//! Owns the arrangement and what is looked at. What is seen comes from the trainer ([`crate::trace::DebugView`]); what
//! is done goes to it as commands.

pub mod bar;
mod breakpoints;
mod change;
mod colours;
mod curve;
pub mod explanation;
mod hover;
pub mod keys;
mod layers;
mod listing;
mod middle;
mod panes;
mod pins;
mod places;
mod plane;
mod probe;
mod sample;
pub mod time;
mod watch;

use egui::{CentralPanel, Frame, Panel, Ui};

pub use listing::id as listing_id;
pub use panes::Pane;

use super::panel::{self, Desk, Panel as _};
use super::panels::fixed;
use super::theme::Tokens;
use super::workspace::WorkspaceUi;
use crate::persist::Area;
use crate::session::{Action, State, Tab};
use crate::trace::{DebugView, Element, Inspection, PictureWishes, Stopped};
use breakpoints::BreakpointsUi;
use change::ChangeUi;
use hover::HoverUi;
use layers::LayersUi;
use listing::ListingUi;
use middle::MiddleUi;
use probe::ProbeUi;
use sample::SampleUi;
use time::TimeUi;
use watch::WatchUi;

/// What the Debug tab keeps for itself.
#[derive(Default)]
pub struct DebugUi {
    pub bar: bar::BarUi,
    listing: ListingUi,
    breakpoints: BreakpointsUi,
    middle: MiddleUi,
    watch: WatchUi,
    change: ChangeUi,
    layers: LayersUi,
    sample: SampleUi,
    probe: ProbeUi,
    time: TimeUi,
    hover: HoverUi,
    /// The pane that is to take the keyboard when it is drawn next.
    focus: Option<Pane>,
    /// Panes that are to be seen when all are drawn next.
    front: Vec<Pane>,
    /// Whether the canvas was seen in the last frame.
    shows_canvas: bool,
    /// Of the last frame, to notice that the run has moved, or stopped.
    seen: Option<(u32, crate::trace::Moment)>,
    stopped: Option<Stopped>,
    /// The desk that it was laid out from.
    desk: u64,
}

/// A window of fewer points has no room for a panel on either side of the middle.
const NARROW: f32 = 640.0;

impl DebugUi {
    /// Shows a pane, which takes the keyboard.
    pub fn show_pane(&mut self, pane: Pane) {
        self.front.push(pane);
        // Of the tensor its picture takes it.
        self.focus = (pane != Pane::Tensor).then_some(pane);
        if pane == Pane::Tensor {
            self.middle.take_keys();
        }
    }

    /// Whether this one is to take the keyboard now.
    fn takes_focus(&mut self, pane: Pane) -> bool {
        self.focus.take_if(|wanted| *wanted == pane).is_some()
    }

    /// Looks at the number that another came from: it is explained, and the listing goes to what made it.
    fn follow_back(&mut self, view: &DebugView, element: Element) {
        if let Some(line) = view.listing.maker(&element.name) {
            self.listing.choose(line);
        }
        self.middle.follow_back(element);
    }

    /// How the time line is drawn stays.
    pub fn for_another_project(&self) -> Self {
        Self { time: TimeUi::like(&self.time), ..Self::default() }
    }
}

/// Draws the tab into what is left below the top bar.
pub fn show(ui: &mut Ui, desk: &mut Desk<'_>) {
    let state = desk.state;
    let local = &mut desk.own.debug;
    if local.desk != state.desk_number() {
        // What lay beside the project was read.
        (local.watch, local.desk) = (WatchUi::of(state.desk()), state.desk_number());
    }
    follow(state, local);
    if std::mem::take(&mut local.middle.front) {
        local.front.push(Pane::Tensor);
    }
    for pane in std::mem::take(&mut local.front) {
        desk.own.shown.choose(pane.key());
    }
    let is_narrow = ui.available_width() < NARROW;
    let seen = |own: &WorkspaceUi, pane: Pane| {
        let mut keys = groups(is_narrow).iter().filter_map(|places| panel::seen(Tab::Debug, places, state, own));
        keys.any(|panel| panel.key() == pane.key())
    };
    desk.own.debug.shows_canvas = seen(desk.own, Pane::Canvas);
    arrange(ui, desk);
    let local = &mut desk.own.debug;
    local.hover.turn(ui.ctx());
    if local.middle.front || !local.front.is_empty() {
        ui.ctx().request_repaint();
    }
    let (layers, sample) = (seen(desk.own, Pane::Layers), seen(desk.own, Pane::Sample));
    let inspection = all_inspected(state, &desk.own.debug, layers, sample);
    if inspection != state.debug().inspection {
        desk.actions.push(Action::Inspect(Box::new(inspection)));
    }
    let mut wanted = PictureWishes { sample: state.wanted().sample, ..PictureWishes::default() };
    for places in groups(is_narrow) {
        panel::wants(Tab::Debug, places, state, desk.own, &mut wanted);
    }
    if wanted != *state.wanted() {
        desk.actions.push(Action::Want(wanted));
    }
}

/// The places whose panes share one row of tabs.
fn groups(is_narrow: bool) -> &'static [&'static [Area]] {
    if is_narrow {
        &[&[Area::Left, Area::Right], &[Area::Centre], &[Area::Top], &[Area::Bottom]]
    } else {
        &[&[Area::Left], &[Area::Right], &[Area::Centre], &[Area::Top], &[Area::Bottom]]
    }
}

/// Every pane in its place.
fn arrange(ui: &mut Ui, desk: &mut Desk<'_>) {
    let tokens = Tokens::of(ui);
    let ground = Frame::new().fill(tokens.panel);
    let (width, height) = (ui.available_width(), ui.available_height());
    let is_narrow = width < NARROW;
    let (class, left_width, right_width) = match width {
        _ if is_narrow => (3, 208.0, 0.0),
        w if w < 860.0 => (2, 208.0, 224.0),
        w if w < 1200.0 => (0, 316.0, 264.0),
        _ => (1, 436.0, 336.0),
    };
    let low = height < 720.0;
    let arrangement = &desk.state.settings().panels;
    let number = |place: Area| panel::at(arrangement, Tab::Debug, place).len();
    let [lefts, rights, tops, bottoms] = [Area::Left, Area::Right, Area::Top, Area::Bottom].map(number);
    for (place, edge, there) in [
        (Area::Top, Panel::top(("above", low)), tops),
        (Area::Bottom, Panel::bottom((if bottoms > 1 { "below" } else { "time" }, low)), bottoms),
    ] {
        if there > 0 {
            // The time line alone needs less than lists do.
            let usual = if there > 1 { (height * 0.3).max(150.0) } else { 150.0 };
            let edge = edge.frame(ground).default_size(if low && there == 1 { 120.0 } else { usual });
            edge.resizable(true).size_range(96.0..=(height * 0.5)).show(ui, |ui| {
                fixed(ui, |ui| panel::show(ui, Tab::Debug, &[place], desk));
            });
        }
    }
    let left: &[Area] = if is_narrow { &[Area::Left, Area::Right] } else { &[Area::Left] };
    if lefts > 0 || (is_narrow && rights > 0) {
        let edge = Panel::left(("program", class)).frame(ground).default_size(left_width);
        edge.size_range(200.0..=(width * 0.5)).show(ui, |ui| panel::show(ui, Tab::Debug, left, desk));
    }
    if rights > 0 && !is_narrow {
        let edge = Panel::right(("watch", class)).frame(ground).default_size(right_width);
        edge.size_range(208.0..=(width * 0.4)).show(ui, |ui| panel::show(ui, Tab::Debug, &[Area::Right], desk));
    }
    CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        desk.own.middle = Some(ui.max_rect());
        ui.spacing_mut().item_spacing.y = 0.0;
        panel::show(ui, Tab::Debug, &[Area::Centre], desk);
    });
}

/// When the run has moved: the listing shows where it is, and the middle what was made last.
fn follow(state: &State, local: &mut DebugUi) {
    let Some(view) = &state.debug().view else { return };
    local.time.note(view);
    local.layers.note(view.branch, &view.sight);
    if local.seen != Some((view.branch, view.moment)) {
        local.seen = Some((view.branch, view.moment));
        local.listing.reveal = true;
        local.middle.follow(view);
    }
    if view.travel.is_none() && local.stopped != view.stopped {
        local.stopped.clone_from(&view.stopped);
        // A NaN or infinity: the line that made it, and the number itself.
        if let Some(culprit) = view.stopped.as_ref().and_then(|stopped| stopped.culprit.clone()) {
            let last = view.listing.lines.len().saturating_sub(1);
            local.listing.choose(view.moment.instruction.checked_sub(1).unwrap_or(last));
            local.middle.open(culprit);
        }
    }
}

/// `layers`, `sample`: whether these panes are seen.
fn all_inspected(state: &State, local: &DebugUi, layers: bool, sample: bool) -> Inspection {
    let mut inspection = Inspection::default();
    if let Some(view) = &state.debug().view {
        local.middle.subscribe(view, &mut inspection);
        local.watch.subscribe(&mut inspection);
        local.hover.subscribe(&mut inspection);
        local.probe.subscribe(&mut inspection);
        if layers {
            local.layers.subscribe(&mut inspection);
        }
        if sample {
            local.sample.subscribe(&mut inspection);
        }
        inspection.tensors.retain(|name| knows(view, name));
    }
    inspection
}

fn knows(view: &DebugView, name: &str) -> bool {
    view.listing.token(name).is_some()
}
