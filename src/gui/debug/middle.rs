//! What usually stands in the middle of the Debug tab: the value that is looked at, and the canvas with the place lit.

use egui::{ScrollArea, Ui};

use super::explanation::{self, ExplanationUi};
use super::plane::Pointed;
use super::{DebugUi, Pane, change, pins, probe};
use crate::gui::canvas::{self, CanvasUi};
use crate::gui::dialogs::{Dialogs, Purpose};
use crate::gui::panels::body;
use crate::gui::tensor::{self, TensorResponse, TensorUi, TensorView};
use crate::gui::theme::Tokens;
use crate::gui::widgets::{is_second_click, named};
use crate::session::{Action, State};
use crate::trace::{DebugView, Element, Inspection, TensorRecord, ValueKind};
use crate::trainer::DebugCommand;

pub struct MiddleUi {
    /// It is to be seen when the panes are drawn next.
    pub front: bool,
    /// The value that is looked at.
    pub looked: Option<String>,
    /// What is looked at follows the run: always the value that was made last.
    pub follows: bool,
    tensor: TensorUi,
    pub explanation: ExplanationUi,
}

impl Default for MiddleUi {
    fn default() -> Self {
        Self {
            front: false,
            looked: None,
            follows: true,
            tensor: TensorUi::default(),
            explanation: ExplanationUi::default(),
        }
    }
}

impl MiddleUi {
    /// Looks at a value until another is chosen.
    pub fn look_at(&mut self, name: &str) {
        self.looked = Some(name.to_owned());
        self.follows = false;
        self.front = true;
    }

    /// Looks at what a value is for one sample.
    pub fn look_at_sample(&mut self, name: &str, row: usize) {
        self.look_at(name);
        self.tensor.cut_at_sample(row);
    }

    /// The number that is chosen in the value that is looked at.
    pub fn chosen(&self) -> Option<&[usize]> {
        self.tensor.selected.as_deref()
    }

    /// Looks at the number that another came from, and explains it in turn.
    pub fn follow_back(&mut self, element: Element) {
        self.look_at(&element.name);
        self.tensor.choose(element.index.clone());
        self.explanation.choose(element);
    }

    /// Shows and explains a number, until the run moves on.
    pub fn open(&mut self, element: Element) {
        let follows = self.follows;
        self.follow_back(element);
        self.follows = follows;
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
            let first = lines.iter().flat_map(|line| &line.inputs).find(|t| t.kind == ValueKind::Parameter);
            self.looked = first.map(|token| token.name.clone());
        }
    }

    pub fn subscribe(&self, view: &DebugView, inspection: &mut Inspection) {
        if let Some(name) = self.looked.as_ref().filter(|name| view.listing.token(name).is_some()) {
            self.tensor.subscribe(name, inspection);
        }
        if self.explanation.element().is_some_and(|element| Some(&element.name) == self.looked.as_ref()) {
            self.explanation.subscribe(&view.sight, inspection);
        }
    }

    /// The picture takes the keyboard.
    pub fn take_keys(&mut self) {
        self.tensor.take_keys();
    }

    /// From the explained number to the one that led to it.
    pub fn back(&mut self) {
        if let Some(before) = self.explanation.back() {
            self.follow_back(before);
        }
    }
}

/// The canvas, with what is pinned below the cards of its layers.
pub fn canvas_ui(ui: &mut Ui, state: &State, local: &mut DebugUi, canvas: &mut CanvasUi, actions: &mut Vec<Action>) {
    let within = ui.available_rect_before_wrap();
    canvas::show(ui, state, canvas, actions);
    let Some(view) = &state.debug().view else { return };
    if let Some((name, index)) = pins::show(ui, within, view, local, canvas) {
        local.middle.look_at(&name);
        if let Some(index) = index {
            local.middle.tensor.choose(index);
        }
    }
}

/// How much of a heading's width [`tools`] take.
pub fn tools_width(room: f32) -> f32 {
    if room < NARROW { 150.0 } else { 196.0 }
}

/// A heading of fewer points has room for an icon only.
const NARROW: f32 = 260.0;

/// Whether the value that is looked at follows the run, and what the network is asked besides.
pub fn tools(ui: &mut Ui, state: &State, local: &mut DebugUi, room: f32) {
    let button = egui::Button::selectable(local.middle.follows, "Follow").min_size(egui::vec2(0.0, 26.0));
    let help = "Show the result of the last instruction as the run moves on. When off, the selected value stays in \
        view.";
    if named(ui.add(button), "Follow").on_hover_text(help).clicked() {
        local.middle.follows = !local.middle.follows;
        if let (true, Some(view)) = (local.middle.follows, &state.debug().view) {
            local.middle.follow(view);
        }
    }
    if let Some(view) = &state.debug().view {
        probe::menu(ui, view, &mut local.probe, room < NARROW);
    }
}

pub fn tensor_ui(ui: &mut Ui, state: &State, local: &mut DebugUi, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let Some(view) = &state.debug().view else { return };
    let Some(name) = local.middle.looked.clone() else { return };
    if local.probe.is_on() {
        body(ui, |ui| probe::line(ui, &tokens, view, &mut local.probe));
    }
    if !tokens.dark {
        // On the canvas's grey a control is hardly darker than its ground.
        let visuals = ui.visuals_mut();
        (visuals.widgets.inactive.weak_bg_fill, visuals.widgets.inactive.bg_fill) = (tokens.hover, tokens.line);
        visuals.text_edit_bg_color = Some(tokens.hover);
    }
    let Some(record) = view.sight.tensor(&name) else {
        if let Some(why) = view.sight.why_missing(&name) {
            body(ui, |ui| drop(ui.label(why)));
        }
        return;
    };
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let peers = peers(view, record);
        let explains = local.middle.explanation.element().is_some_and(|element| element.name == name);
        let height = if explains { 216.0 } else { (ui.available_height() - 150.0).max(160.0) };
        let explained = &local.middle.explanation;
        let hovered = |name: &str| local.hover.lit(name, &view.sight, explained);
        let mut lit = explained.lit(&name, &view.sight);
        lit.extend(hovered(&name));
        let pointed = std::cell::RefCell::new(Pointed::default());
        let beside = |ui: &mut Ui| {
            pointed.replace(explanation::operands(ui, &tokens, &view.sight, &name, explained, &hovered));
        };
        let given = TensorView {
            other: local.middle.tensor.other(&name, &view.sight),
            peers: &peers,
            branches: &view.branches,
            branch: view.branch,
            pinned: local.watch.pinned.contains(&name),
            // Of a probe it is not the run's own.
            editable: change::can_change(view, &name) && (!local.probe.is_on() || change::is_state(view, &name)),
            is_older: !local.probe.is_on() && record.step < view.current_step() && !change::is_state(view, &name),
            height,
            lit: &lit,
            beside: if explains { Some(&beside) } else { None },
            ..TensorView::new(record)
        };
        let response = tensor::show(ui, &tokens, &given, &mut local.middle.tensor);
        let pointed = pointed.into_inner();
        let own = response.hovered.clone().map(|index| Element { name: name.clone(), index });
        local.hover.point(own.or(pointed.hovered));
        // The first of two clicks has moved things: the second is about what was clicked first.
        if let Some(element) = pointed.clicked.filter(|_| !is_second_click(ui)) {
            local.follow_back(view, element);
        }
        if explains {
            body(ui, |ui| explain(ui, view, record, local));
        }
        body(ui, |ui| tensor::summary(ui, &tokens, &local.middle.tensor));
        take(ui, record, response, local, dialogs, actions);
    });
}

/// The card of the chosen number; what it leads to is looked at next.
fn explain(ui: &mut Ui, view: &DebugView, record: &TensorRecord, local: &mut DebugUi) {
    let tokens = Tokens::of(ui);
    let response = explanation::show(ui, &tokens, &view.sight, Some(record), &mut local.middle.explanation);
    if let Some(element) = response.follow.filter(|_| !is_second_click(ui)) {
        local.follow_back(view, element);
    }
    if let Some(row) = response.sample {
        local.sample.row = row;
        local.front.push(Pane::Sample);
    }
}

/// Other values of this size, to compare with.
fn peers(view: &DebugView, record: &TensorRecord) -> Vec<String> {
    let tokens = view.listing.lines.iter().flat_map(|line| line.outputs.iter().chain(&line.inputs));
    let shape = view.listing.token(&record.name).map(|token| (token.batched, token.dims.clone()));
    let mut names: Vec<String> = tokens
        .filter(|token| token.name != record.name && Some((token.batched, token.dims.clone())) == shape)
        .map(|token| token.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn take(
    ui: &Ui,
    record: &TensorRecord,
    response: TensorResponse,
    local: &mut DebugUi,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    if let Some(index) = response.chosen {
        // The explained number stays in sight while the run goes on.
        local.middle.look_at(&record.name);
        let element = Element { name: record.name.clone(), index };
        local.middle.explanation.choose(element);
    }
    if let Some((index, value)) = response.edit {
        actions.push(Action::Debug(DebugCommand::Set { name: record.name.clone(), index, value }));
    }
    if response.pin {
        local.watch.pin(&record.name);
    }
    if let Some(format) = response.export {
        dialogs.ask(Purpose::Export { record: record.clone(), format }, ui.ctx());
    }
}
