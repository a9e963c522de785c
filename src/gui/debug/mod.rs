//! The Debug tab: the program with the place in it, what its values hold, and the whole run to go back and forth in.
//!
//! Owns the arrangement and what is looked at. What is seen comes from the trainer ([`crate::trace::DebugView`]); what
//! is done goes to it as commands.

pub mod bar;
mod breakpoints;
mod change;
mod curve;
pub mod explanation;
mod hover;
pub mod keys;
mod layers;
mod listing;
mod middle;
mod pins;
mod places;
mod plane;
mod probe;
mod sample;
pub mod time;
mod watch;

use egui::{CentralPanel, Frame, Panel, Rect, ScrollArea, Ui};

pub use listing::id as listing_id;

use super::canvas::CanvasUi;
use super::dialogs::Dialogs;
use super::panels::{body, fixed, header};
use super::theme::Tokens;
use super::widgets::pane_tabs;
use crate::session::{Action, DataState, State};
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
    left: Left,
    right: Right,
    /// In a narrow window, where both sides share one panel: what is seen there is of the right one.
    is_right: bool,
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
    /// Of the last frame, to notice that the run has moved, or stopped.
    seen: Option<(u32, crate::trace::Moment)>,
    stopped: Option<Stopped>,
    /// The desk that it was laid out from.
    desk: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    #[default]
    Program,
    Breakpoints,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Right {
    #[default]
    Watch,
    Layers,
    Sample,
}

/// A pane of the one panel that a narrow window has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left(Left),
    Right(Right),
}

/// A window of fewer points has no room for a panel on either side of the middle.
const NARROW: f32 = 640.0;

const RIGHT: [(Right, &str); 3] = [(Right::Watch, "Watch"), (Right::Layers, "Layers"), (Right::Sample, "Sample")];

/// The parts of the tab that have a key each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Program,
    Breakpoints,
    Tensor,
    Canvas,
    Watch,
    Layers,
    Sample,
    Time,
}

impl DebugUi {
    /// Shows a pane, which takes the keyboard.
    pub fn show_pane(&mut self, pane: Pane) {
        match pane {
            Pane::Program => self.left = Left::Program,
            Pane::Breakpoints => self.left = Left::Breakpoints,
            Pane::Watch => self.right = Right::Watch,
            Pane::Layers => self.right = Right::Layers,
            Pane::Sample => self.right = Right::Sample,
            Pane::Tensor | Pane::Canvas | Pane::Time => {}
        }
        match pane {
            Pane::Program | Pane::Breakpoints => self.is_right = false,
            Pane::Watch | Pane::Layers | Pane::Sample => self.is_right = true,
            Pane::Tensor | Pane::Canvas | Pane::Time => {}
        }
        self.middle.show_pane(pane);
        self.focus = Some(pane);
    }

    /// Whether one of these is to take the keyboard now.
    fn takes_focus(&mut self, panes: &[Pane]) -> bool {
        self.focus.take_if(|pane| panes.contains(pane)).is_some()
    }

    /// Looks at the number that another came from: it is explained, and the listing goes to what made it.
    fn follow_back(&mut self, view: &DebugView, element: Element) {
        if let Some(line) = view.listing.maker(&element.name) {
            self.listing.choose(line);
        }
        self.middle.follow_back(element);
    }

    /// Which panels are open stays, and how the time line is drawn.
    pub fn for_another_project(&self) -> Self {
        Self {
            left: self.left,
            right: self.right,
            is_right: self.is_right,
            time: TimeUi::like(&self.time),
            ..Self::default()
        }
    }
}

/// Draws the tab into what is left below the top bar; returns where the middle is.
pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut DebugUi,
    canvas: &mut CanvasUi,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) -> Rect {
    if local.desk != state.desk_number() {
        // What lay beside the project was read.
        (local.watch, local.desk) = (WatchUi::of(state.desk()), state.desk_number());
    }
    let tokens = Tokens::of(ui);
    let panel = Frame::new().fill(tokens.panel);
    let (width, height) = (ui.available_width(), ui.available_height());
    let is_narrow = width < NARROW;
    let (class, left_width, right_width) = match width {
        _ if is_narrow => (3, 208.0, 0.0),
        w if w < 860.0 => (2, 208.0, 224.0),
        w if w < 1200.0 => (0, 316.0, 264.0),
        _ => (1, 436.0, 336.0),
    };
    let low = height < 720.0;
    follow(state, local);
    let bottom = Panel::bottom(("time", low)).frame(panel).default_size(if low { 120.0 } else { 150.0 });
    bottom.size_range(96.0..=(height * 0.5)).show(ui, |ui| {
        fixed(ui, |ui| {
            if let Some(view) = &state.debug().view {
                let focus = local.takes_focus(&[Pane::Time]);
                time::show(ui, state, view, (&mut local.time, focus), actions);
            }
        });
    });
    let left = Panel::left(("program", class)).frame(panel).default_size(left_width);
    left.size_range(200.0..=(width * 0.5)).show(ui, |ui| {
        if is_narrow {
            return both_ui(ui, state, local, actions);
        }
        let breakpoints = breakpoints_title(state);
        let tabs = [(Left::Program, "Program"), (Left::Breakpoints, breakpoints.as_str())];
        let focus = local.takes_focus(&[Pane::Breakpoints]);
        header(ui, |ui| pane_tabs(ui, &mut local.left, &tabs, "12", focus));
        left_ui(ui, state, local, actions);
    });
    let right = Panel::right(("watch", class)).frame(panel).default_size(right_width);
    if !is_narrow {
        right.size_range(208.0..=(width * 0.4)).show(ui, |ui| {
            let focus = local.takes_focus(&[Pane::Watch, Pane::Layers, Pane::Sample]);
            header(ui, |ui| pane_tabs(ui, &mut local.right, &RIGHT, "567", focus));
            right_ui(ui, state, local, actions);
        });
    }
    let centre = CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        let rect = ui.max_rect();
        middle::show(ui, state, local, canvas, dialogs, actions);
        rect
    });
    local.hover.turn(ui.ctx());
    let (inspection, wanted) = (all_inspected(state, local), all_wanted(state, local, canvas));
    if inspection != state.debug().inspection {
        actions.push(Action::Inspect(Box::new(inspection)));
    }
    if wanted != *state.wanted() {
        actions.push(Action::Want(wanted));
    }
    centre.inner
}

/// How many there are.
fn breakpoints_title(state: &State) -> String {
    match state.debug().breakpoints.len() {
        0 => "Breakpoints".to_owned(),
        n => format!("Breakpoints {n}"),
    }
}

/// The panes of both sides in one panel.
fn both_ui(ui: &mut Ui, state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let breakpoints = breakpoints_title(state);
    let mut tabs = vec![(Side::Left(Left::Program), "Program"), (Side::Left(Left::Breakpoints), breakpoints.as_str())];
    tabs.extend(RIGHT.map(|(pane, title)| (Side::Right(pane), title)));
    let focus = local.takes_focus(&[Pane::Breakpoints, Pane::Watch, Pane::Layers, Pane::Sample]);
    let mut shown = if local.is_right { Side::Right(local.right) } else { Side::Left(local.left) };
    header(ui, |ui| pane_tabs(ui, &mut shown, &tabs, "12567", focus));
    match shown {
        Side::Left(pane) => {
            (local.is_right, local.left) = (false, pane);
            left_ui(ui, state, local, actions);
        }
        Side::Right(pane) => {
            (local.is_right, local.right) = (true, pane);
            right_ui(ui, state, local, actions);
        }
    }
}

fn left_ui(ui: &mut Ui, state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    fixed(ui, |ui| match (&state.debug().view, local.left) {
        (Some(view), Left::Program) => listing::show(ui, state, view, local, actions),
        (Some(view), Left::Breakpoints) => {
            breakpoints::show(ui, state, view, &mut local.breakpoints, actions);
        }
        (None, _) => nothing(ui, state),
    });
}

fn right_ui(ui: &mut Ui, state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    fixed(ui, |ui| {
        let Some(view) = &state.debug().view else { return };
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            body(ui, |ui| match local.right {
                Right::Watch => {
                    let (hover, explained) = (&mut local.hover, &local.middle.explanation);
                    if let Some(element) = watch::show(ui, state, view, &mut local.watch, (hover, explained), actions) {
                        local.follow_back(view, element);
                    }
                    let about = (local.middle.looked.as_deref(), local.middle.chosen());
                    change::show(ui, state, view, about, &mut local.change, actions);
                }
                Right::Layers => {
                    if let Some(name) = layers::show(ui, &tokens, &view.sight, &mut local.layers) {
                        local.middle.look_at(&name);
                    }
                }
                Right::Sample => {
                    if let Some(name) = sample::show(ui, &tokens, &view.sight, &mut local.sample) {
                        local.middle.look_at_sample(&name, local.sample.row);
                    }
                }
            });
        });
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

fn all_inspected(state: &State, local: &DebugUi) -> Inspection {
    let mut inspection = Inspection::default();
    if let Some(view) = &state.debug().view {
        local.middle.subscribe(view, &mut inspection);
        local.watch.subscribe(&mut inspection);
        local.hover.subscribe(&mut inspection);
        local.probe.subscribe(&mut inspection);
        match local.right {
            Right::Watch => {}
            Right::Layers => local.layers.subscribe(&mut inspection),
            Right::Sample => local.sample.subscribe(&mut inspection),
        }
        inspection.tensors.retain(|name| knows(view, name));
    }
    inspection
}

fn knows(view: &DebugView, name: &str) -> bool {
    view.listing.token(name).is_some()
}

fn all_wanted(state: &State, local: &DebugUi, canvas: &CanvasUi) -> PictureWishes {
    let mut wanted = PictureWishes { sample: state.wanted().sample, ..PictureWishes::default() };
    if local.middle.shows_canvas() {
        canvas.subscribe(&mut wanted);
    }
    wanted
}

/// Why there is no program to be seen.
fn nothing(ui: &mut Ui, state: &State) {
    let why = state.inference().problems.first().map(|problem| problem.message.as_str());
    super::panels::body(ui, |ui| {
        let usual = match state.data() {
            DataState::Ready(_) => "Preparing the run. Its program appears here in a moment.",
            _ => "The program appears here once the data is loaded.",
        };
        ui.label(why.unwrap_or(usual));
    });
}
