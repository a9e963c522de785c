//! The Debug tab: the program with the place in it, what its values hold, and the whole run to go back and forth in.
//!
//! Owns the arrangement and what is looked at. What is seen comes from the trainer ([`crate::trace::DebugView`]); what
//! is done goes to it as commands.

pub mod bar;
pub mod keys;
mod listing;
mod middle;

use egui::{CentralPanel, Frame, Panel, Ui};

use super::canvas::CanvasUi;
use super::panels::{fixed, header};
use super::theme::Tokens;
use super::widgets::tab_strip;
use crate::session::{Action, State};
use crate::trace::{Gaze, Watch};
use listing::ListingUi;
use middle::MiddleUi;

/// What the Debug tab keeps for itself.
#[derive(Default)]
pub struct DebugUi {
    left: Left,
    listing: ListingUi,
    middle: MiddleUi,
    /// Of the last frame, to notice that the run has moved.
    seen: Option<crate::trace::Moment>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    #[default]
    Program,
}

/// Draws the tab into what is left below the top bar.
pub fn show(ui: &mut Ui, state: &State, local: &mut DebugUi, canvas: &mut CanvasUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let panel = Frame::new().fill(tokens.panel);
    let width = ui.available_width();
    let (class, left_width) = match width {
        w if w < 1200.0 => (0, 328.0),
        _ => (1, 452.0),
    };
    follow(state, local);
    let left = Panel::left(("program", class)).frame(panel).default_size(left_width);
    left.size_range(240.0..=(width * 0.5)).show(ui, |ui| {
        header(ui, |ui| tab_strip(ui, &mut local.left, &[(Left::Program, "Program")]));
        fixed(ui, |ui| match &state.debug {
            Some(view) => listing::show(ui, view, local, actions),
            None => nothing(ui, state),
        });
    });
    CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        middle::show(ui, state, &mut local.middle, canvas, actions);
    });
    let (gaze, watch) = (wanted_gaze(state, local), wanted_watch(state, local, canvas));
    if gaze != state.gaze {
        actions.push(Action::Gaze(gaze));
    }
    if watch != state.watch {
        actions.push(Action::Watch(watch));
    }
}

/// When the run has moved: the listing shows where it is, and the middle what was made last.
fn follow(state: &State, local: &mut DebugUi) {
    let Some(view) = &state.debug else { return };
    if local.seen == Some(view.moment) {
        return;
    }
    local.seen = Some(view.moment);
    local.listing.reveal = true;
    local.middle.follow(view);
}

fn wanted_gaze(state: &State, local: &DebugUi) -> Gaze {
    let mut gaze = Gaze::default();
    if let Some(view) = &state.debug {
        local.middle.subscribe(view, &mut gaze);
    }
    gaze
}

fn wanted_watch(state: &State, local: &DebugUi, canvas: &CanvasUi) -> Watch {
    let mut watch = Watch { sample: state.watch.sample, ..Watch::default() };
    if local.middle.shows_canvas() {
        canvas.subscribe(&mut watch);
    }
    watch
}

/// Why there is no program to be seen.
fn nothing(ui: &mut Ui, state: &State) {
    let why = state.inference.problems.first().map(|problem| problem.message.as_str());
    super::panels::body(ui, |ui| {
        ui.label(why.unwrap_or("The program appears here as soon as the data is loaded and the network is valid."));
    });
}
