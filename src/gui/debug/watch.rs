//! The watch list: expressions with their values here and at the place before, and tensors that stay in sight.

use egui::{Label, RichText, Ui};
use egui_material_icons::icons;

use super::explanation::ExplanationUi;
use super::hover::HoverUi;
use super::plane::{Plane, Pointed};
use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{icon_button, path_field, perhaps, section, text_field};
use crate::persist::Desk;
use crate::session::{Action, RunStatus, State};
use crate::trace::{DebugView, Element, Inspection, TensorRecord, Watched};
use crate::trainer::DebugCommand;

/// The buttons that end a row.
const CROSS: f32 = 68.0;

/// What is watched at first, and what only training has.
const OF_TRAINING: [&str; 2] = ["loss", "learning_rate"];

pub struct WatchUi {
    expressions: Vec<String>,
    typed: String,
    asked: String,
    /// Those of the expressions that are drawn as curves.
    curves: Vec<String>,
    /// Tensors that stay in sight.
    pub pinned: Vec<String>,
}

impl Default for WatchUi {
    fn default() -> Self {
        let expressions = OF_TRAINING.map(str::to_owned).to_vec();
        Self { expressions, typed: String::new(), asked: String::new(), curves: Vec::new(), pinned: Vec::new() }
    }
}

impl WatchUi {
    /// As it lay on the desk when the project was saved.
    pub fn of(desk: &Desk) -> Self {
        let fresh = Self::default();
        let expressions = desk.watches.clone().unwrap_or_else(|| fresh.expressions.clone());
        Self { expressions, curves: desk.curves.clone(), pinned: desk.pins.clone(), ..fresh }
    }

    pub fn subscribe(&self, inspection: &mut Inspection) {
        inspection.watches.clone_from(&self.expressions);
        inspection.curves = self.curves.iter().filter(|curve| self.expressions.contains(curve)).cloned().collect();
        inspection.pinned.clone_from(&self.pinned);
        for name in &self.pinned {
            if !inspection.tensors.contains(name) {
                inspection.tensors.push(name.clone());
            }
        }
    }

    /// Stays in sight, or no longer.
    pub fn pin(&mut self, name: &str) {
        if let Some(at) = self.pinned.iter().position(|pinned| pinned == name) {
            self.pinned.remove(at);
        } else {
            self.pinned.push(name.to_owned());
        }
    }
}

/// Returns the number of a pinned tensor that was clicked.
pub fn show(
    ui: &mut Ui,
    state: &State,
    view: &DebugView,
    local: &mut WatchUi,
    pointing: (&mut HoverUi, &ExplanationUi),
    actions: &mut Vec<Action>,
) -> Option<Element> {
    let tokens = Tokens::of(ui);
    heads(ui, &tokens);
    let mut changed = None;
    let only_predicts = state.inference().is_forward_only();
    let shown = |expression: &String| !only_predicts || !OF_TRAINING.contains(&expression.as_str());
    for (i, expression) in local.expressions.iter().enumerate().filter(|(_, expression)| shown(expression)) {
        let watched = view.watches.iter().find(|watched| watched.expression == *expression);
        let drawn = local.curves.contains(expression);
        if let Some(change) = row(ui, &tokens, (i, drawn), expression, watched) {
            changed = Some((i, change));
        }
        let curve = view.curves.iter().find(|curve| drawn && curve.expression == *expression);
        perhaps(ui, curve, |ui, curve| super::curve::show(ui, state, view, curve, actions));
    }
    if let Some((i, change)) = changed {
        change_row(state, local, i, change, actions);
    }
    add(ui, view, local, actions);
    pinned(ui, view, local, pointing)
}

/// What is to become of a row.
enum RowChange {
    Other(String),
    Gone,
    /// Drawn as a curve, or no longer.
    Curve,
}

fn change_row(state: &State, local: &mut WatchUi, row: usize, change: RowChange, actions: &mut Vec<Action>) {
    let expression = local.expressions[row].clone();
    match change {
        RowChange::Other(other) => {
            for curve in local.curves.iter_mut().filter(|curve| **curve == expression) {
                curve.clone_from(&other);
            }
            local.expressions[row] = other;
        }
        RowChange::Gone => {
            local.expressions.remove(row);
            local.curves.retain(|curve| local.expressions.contains(curve));
        }
        RowChange::Curve if local.curves.contains(&expression) => local.curves.retain(|curve| *curve != expression),
        RowChange::Curve => {
            local.curves.push(expression.clone());
            // A run that goes on is not held up for the steps so far.
            if state.run().status != RunStatus::Running {
                actions.push(Action::Debug(DebugCommand::GatherCurve(expression)));
            }
        }
    }
}

/// Above the columns of the rows.
fn heads(ui: &mut Ui, tokens: &Tokens) {
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.add_space(CROSS);
            // Where there is no room for what was before, it is read where the pointer is.
            for title in ["before", "value"].into_iter().skip(usize::from(is_narrow(ui))) {
                let (rect, _) = ui.allocate_exact_size(egui::vec2(column(ui), 24.0), egui::Sense::hover());
                let font = theme::regular(11.0);
                ui.painter().text(rect.right_center(), egui::Align2::RIGHT_CENTER, title, font, tokens.faint);
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.label(RichText::new("EXPRESSION").size(11.0).color(tokens.faint));
            });
        });
    });
}

fn row(
    ui: &mut Ui,
    tokens: &Tokens,
    (index, drawn): (usize, bool),
    expression: &str,
    watched: Option<&Watched>,
) -> Option<RowChange> {
    let mut change = None;
    ui.push_id(("watch", index), |ui| {
        ui.horizontal(|ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                if icon_button(ui, icons::ICON_CLOSE, true, false, &format!("Stop watching {expression}")).clicked() {
                    change = Some(RowChange::Gone);
                }
                let name = format!("Curve of {expression} over the steps");
                if icon_button(ui, icons::ICON_SHOW_CHART, true, drawn, &name).clicked() {
                    change = Some(RowChange::Curve);
                }
                let before = watched.and_then(|watched| watched.before);
                let value = watched.and_then(|watched| watched.value.as_ref().ok().copied());
                let text = |value: Option<f64>| value.map_or("–".to_owned(), |value| significant(value, 4));
                let narrow = is_narrow(ui);
                if !narrow {
                    number(ui, text(before), tokens.faint, &format!("{expression} before: {}", text(before)));
                }
                let moved = value.is_some() && before.is_some() && value != before;
                let colour = if moved { tokens.accent } else { tokens.text };
                let told = if narrow { format!(", before {}", text(before)) } else { String::new() };
                let why =
                    watched.filter(|watched| watched.comes_later).and_then(|watched| watched.value.as_ref().err());
                let why = why.map_or(String::new(), |why| format!("\n{why}"));
                number(ui, text(value), colour, &format!("{expression} = {}{told}{why}", text(value)));
                let (_, typed) = text_field(ui, &format!("Watch {expression}"), expression, |field| {
                    let field = field
                        .font(theme::mono(if narrow { 11.0 } else { 12.0 }))
                        .background_color(egui::Color32::TRANSPARENT);
                    field.desired_width(f32::INFINITY).clip_text(true).margin(egui::Margin::symmetric(0, 4))
                });
                if let Some(typed) = typed {
                    let typed = typed.trim().to_owned();
                    change = Some(if typed.is_empty() { RowChange::Gone } else { RowChange::Other(typed) });
                }
            });
        });
        // A number that is not there yet comes by itself: its line would make all below it jump at every step.
        if let Some(Err(why)) = watched.filter(|watched| !watched.comes_later).map(|watched| &watched.value) {
            ui.add(Label::new(RichText::new(why).small().color(tokens.muted)).wrap());
        }
    });
    change
}

/// How wide a number may be: two of them, the cross and the expression share the panel.
fn column(ui: &Ui) -> f32 {
    if is_narrow(ui) { 52.0 } else { 60.0 }
}

fn is_narrow(ui: &Ui) -> bool {
    ui.max_rect().width() < 270.0
}

fn number(ui: &mut Ui, text: String, colour: egui::Color32, name: &str) {
    let (rect, response) = ui.allocate_exact_size(egui::vec2(column(ui), 24.0), egui::Sense::hover());
    ui.painter().text(rect.right_center(), egui::Align2::RIGHT_CENTER, text, theme::mono(12.0), colour);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, name));
    response.on_hover_text(name);
}

fn add(ui: &mut Ui, view: &DebugView, local: &mut WatchUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let (field, entered) = path_field(ui, "Watch another expression", "max(abs(d%1))", &mut local.typed);
    field.on_hover_text(
        "An expression over the names in the listing: loss, norm(dense_1.weight), mean(%2 == 0). Press Enter to add \
            it.",
    );
    let typed = local.typed.trim().to_owned();
    if typed != local.asked {
        local.asked.clone_from(&typed);
        if !typed.is_empty() {
            actions.push(Action::Debug(DebugCommand::CheckExpression(typed.clone())));
        }
    }
    let problem = view.checked(&typed, false).and_then(|checked| checked.problem.as_ref());
    perhaps(ui, problem, |ui, problem| drop(ui.label(RichText::new(problem).color(tokens.bad))));
    if problem.is_none() && entered && !typed.is_empty() {
        local.expressions.push(typed);
        local.typed.clear();
    }
}

fn pinned(
    ui: &mut Ui,
    view: &DebugView,
    local: &mut WatchUi,
    (hover, explained): (&mut HoverUi, &ExplanationUi),
) -> Option<Element> {
    let tokens = Tokens::of(ui);
    let (mut loose, mut clicked) = (None, None);
    for name in &local.pinned {
        ui.push_id(("pinned", name), |ui| {
            let shape = view.listing.token(name).map_or(String::new(), |token| token.shape(view.batch));
            section(ui, &format!("PINNED  {name}"), &shape);
            match view.sight.tensor(name) {
                Some(record) => {
                    let lit = hover.lit(name, &view.sight, explained);
                    let pointed = small(ui, &tokens, record, &lit);
                    hover.point(pointed.hovered);
                    clicked = pointed.clicked.or(clicked.take());
                }
                None => {
                    let why = view.sight.why_missing(name).unwrap_or("Not computed yet.");
                    ui.label(RichText::new(why).small().color(tokens.muted));
                }
            }
            if ui.small_button("Unpin").clicked() {
                loose = Some(name.clone());
            }
        });
    }
    if let Some(name) = loose {
        local.pin(&name);
    }
    clicked
}

/// The plane of what is pointed at, or the first.
fn small(ui: &mut Ui, tokens: &Tokens, record: &TensorRecord, lit: &[Element]) -> Pointed {
    let plane = Plane::of(record, lit, 120.0);
    if !plane.outer.is_empty() {
        ui.label(RichText::new(plane.place()).small().color(tokens.faint));
    }
    plane.show(ui, tokens, "small")
}
