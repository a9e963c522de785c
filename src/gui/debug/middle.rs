//! The middle of the Debug tab: the value that is looked at, or the canvas with the place lit.

use egui::{RichText, Ui};

use crate::gui::canvas::{self, CanvasUi};
use crate::gui::heatmap::Heatmap;
use crate::gui::panels::{body, fixed, header};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{named, tab_strip};
use crate::session::{Action, State};
use crate::trace::{DebugView, Gaze, TensorRecord};

pub struct MiddleUi {
    tab: Tab,
    /// The value that is looked at.
    pub looked: Option<String>,
    /// What is looked at follows the run: always the value that was made last.
    pub follows: bool,
}

impl Default for MiddleUi {
    fn default() -> Self {
        Self { tab: Tab::Tensor, looked: None, follows: true }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Tensor,
    Canvas,
}

impl MiddleUi {
    /// Looks at a value until another is chosen.
    pub fn look_at(&mut self, name: &str) {
        self.looked = Some(name.to_owned());
        self.follows = false;
        self.tab = Tab::Tensor;
    }

    /// The run has moved: to what was made last.
    pub fn follow(&mut self, view: &DebugView) {
        let gone = self.looked.as_ref().is_some_and(|name| view.listing.token(name).is_none());
        if !self.follows && !gone && self.looked.is_some() {
            return;
        }
        let lines = &view.listing.lines;
        let last = view.moment.instruction.checked_sub(1).unwrap_or(lines.len().saturating_sub(1));
        self.looked = lines.get(last).and_then(|line| line.outputs.first()).map(|token| token.name.clone());
        if view.moment.step == 0 && view.moment.instruction == 0 {
            let first = lines.iter().flat_map(|line| &line.inputs).find(|t| t.kind == crate::trace::Kind::Parameter);
            self.looked = first.map(|token| token.name.clone());
        }
    }

    pub fn subscribe(&self, view: &DebugView, gaze: &mut Gaze) {
        gaze.tensors.extend(self.looked.clone().filter(|name| view.listing.token(name).is_some()));
    }

    pub fn shows_canvas(&self) -> bool {
        self.tab == Tab::Canvas
    }
}

pub fn show(ui: &mut Ui, state: &State, local: &mut MiddleUi, canvas: &mut CanvasUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    egui::Frame::new().fill(tokens.panel).show(ui, |ui| header(ui, |ui| heading(ui, state, local)));
    fixed(ui, |ui| match local.tab {
        Tab::Canvas => canvas::show(ui, state, canvas, actions),
        Tab::Tensor => tensor(ui, state, local),
    });
}

fn heading(ui: &mut Ui, state: &State, local: &mut MiddleUi) {
    let tokens = Tokens::of(ui);
    let name = local.looked.clone().unwrap_or_else(|| "Value".to_owned());
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width() - 96.0);
        tab_strip(ui, &mut local.tab, &[(Tab::Tensor, &name), (Tab::Canvas, "Canvas")]);
    });
    let shape = state.debug.as_ref().and_then(|view| Some(view.listing.token(&name)?.shape(view.batch)));
    ui.label(RichText::new(shape.unwrap_or_default()).font(theme::mono(12.0)).color(tokens.faint));
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
        ui.add_space(12.0);
        let button = egui::Button::selectable(local.follows, "Follow").min_size(egui::vec2(0.0, 26.0));
        let help = "Shows what the last instruction made, wherever the run goes. Off: stays with one value.";
        if named(ui.add(button), "Follow").on_hover_text(help).clicked() {
            local.follows = !local.follows;
            if let (true, Some(view)) = (local.follows, &state.debug) {
                local.follow(view);
            }
        }
    });
}

fn tensor(ui: &mut Ui, state: &State, local: &MiddleUi) {
    let Some(view) = &state.debug else { return };
    let Some(name) = &local.looked else { return };
    body(ui, |ui| match view.sight.tensor(name) {
        Some(record) => matrix(ui, record),
        None => {
            let why = view.sight.why_missing(name).unwrap_or("Nothing to be seen yet.");
            ui.label(why);
        }
    });
}

fn matrix(ui: &mut Ui, record: &TensorRecord) {
    let tokens = Tokens::of(ui);
    let columns = record.dims.last().copied().unwrap_or(1).max(1);
    let rows = record.data.len() / columns;
    let map = Heatmap::new(rows, columns, &record.data);
    Heatmap { max_height: 400.0, name: &record.name, ..map }.show(ui, &tokens, "looked at");
}
