//! A look inside a layer: weights, their gradients, what comes out of it. A weight that is clicked, or gone to with the
//! arrow keys and entered, can be set.

use egui::{EventFilter, Key, Response, RichText, Stroke, StrokeKind, Ui};

use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::histogram::histogram_ui;
use crate::gui::number_editor::{self, Number, NumberEditor};
use crate::gui::numbers::number;
use crate::gui::theme::Tokens;
use crate::gui::units;
use crate::gui::widgets::section;
use crate::model::{Layer, LayerKind};
use crate::session::State;
use crate::trace::{LayerPicture, Matrix};

pub(super) fn show(ui: &mut Ui, state: &State, layer: &Layer, picture: &LayerPicture, editor: &mut NumberEditor) {
    for (i, matrix) in picture.weights.iter().enumerate() {
        ui.push_id(i, |ui| matrix_ui(ui, state, layer, matrix, editor));
    }
    if let Some(norm) = picture.gradient_norm {
        section(ui, "GRADIENT NORM", &number(norm));
    }
    outputs(ui, picture);
}

fn matrix_ui(ui: &mut Ui, state: &State, layer: &Layer, matrix: &Matrix, editor: &mut NumberEditor) {
    let tokens = Tokens::of(ui);
    let (rows, columns) = layout(&matrix.dims);
    let title = format!("{} {}", matrix.name.to_uppercase(), dims_text(&matrix.dims));
    let norm = matrix.values.iter().map(|v| v * v).sum::<f32>().sqrt();
    section(ui, &title, &format!("|w| {}", number(norm)));
    let called = |at: usize| called(state, layer, matrix, at);
    let map = |name, values| Heatmap { name, called: Some(&called), ..Heatmap::new(rows, columns, values) };
    let values = map(&matrix.name, &matrix.values);
    let response = values.show(ui, &tokens, "values");
    grasp(ui, &tokens, &values, matrix, &response, editor);
    if let Some(gradient) = &matrix.gradient {
        let name = format!("{} gradient", matrix.name);
        section(ui, &name.to_uppercase(), &format!("max {}", number(largest(gradient))));
        map(&name, gradient).show(ui, &tokens, "gradient");
    }
}

/// "x → unit 3 of Dense 1"
fn called(state: &State, layer: &Layer, matrix: &Matrix, at: usize) -> String {
    let index = matrix.index(at);
    match (&layer.kind, matrix.name.as_str(), index.as_slice()) {
        (LayerKind::Dense(_), "weight", &[unit, input]) => {
            let source = state.project().graph.incoming(layer.id).next().map(|wire| wire.from);
            units::weight(state, source, layer.id, unit, Some(input))
        }
        (LayerKind::Dense(_), "bias", &[unit]) => units::weight(state, None, layer.id, unit, None),
        (_, name, index) => {
            let index: Vec<_> = index.iter().map(ToString::to_string).collect();
            format!("{name}[{}] of {}", index.join(", "), layer.name)
        }
    }
}

/// With the mouse a click on a cell; with the keyboard arrows from cell to cell, and Enter.
fn grasp(
    ui: &mut Ui,
    tokens: &Tokens,
    map: &Heatmap<'_>,
    matrix: &Matrix,
    response: &Response,
    editor: &mut NumberEditor,
) {
    let cursor = response.id.with("cursor");
    let last = matrix.values.len().saturating_sub(1);
    let mut at = ui.data(|data| data.get_temp::<usize>(cursor)).unwrap_or(0).min(last);
    let mut place = map.cell_rect(ui, response.rect, at).center();
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        (at, place) = (map.cell_at(ui, response.rect, pointer), pointer);
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        at = walked(ui, at, map.columns).min(last);
        let cell = map.cell_rect(ui, response.rect, at);
        place = cell.center();
        ui.painter().rect_stroke(cell, 0.0, Stroke::new(2.0, tokens.accent), StrokeKind::Outside);
        if let (Some(value), Some(called)) = (matrix.values.get(at), map.called) {
            let words = format!("{}: {}. Press Enter to set it.", called(at), number(*value));
            ui.label(RichText::new(words).small().color(tokens.muted));
        }
    }
    ui.data_mut(|data| data.insert_temp(cursor, at));
    if let (true, Some(&value), Some(called)) = (response.clicked(), matrix.values.get(at), map.called) {
        let (tensor, index) = (matrix.tensor.clone(), matrix.index(at));
        let number = Number { tensor, index, what: called(at), value, range: number_editor::reach(&matrix.values) };
        editor.open_from(number, place, response.id);
    }
}

/// Where the arrow keys lead.
fn walked(ui: &Ui, at: usize, columns: usize) -> usize {
    let pressed = |key| ui.input(|i| i.key_pressed(key));
    let steps = [(Key::ArrowLeft, 1, false), (Key::ArrowRight, 1, true), (Key::ArrowUp, columns, false)];
    steps
        .into_iter()
        .chain([(Key::ArrowDown, columns, true)])
        .filter(|(key, ..)| pressed(*key))
        .fold(at, |at, (_, by, forwards)| if forwards { at + by } else { at.checked_sub(by).unwrap_or(at) })
}

/// As rows and columns: the first axis down, all others across. A row vector lies flat.
fn layout(dims: &[usize]) -> (usize, usize) {
    match dims {
        [] => (1, 1),
        [n] => (1, *n),
        [first, rest @ ..] => (*first, rest.iter().product()),
    }
}

fn dims_text(dims: &[usize]) -> String {
    dims.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ")
}

fn outputs(ui: &mut Ui, picture: &LayerPicture) {
    let tokens = Tokens::of(ui);
    let s = &picture.statistics;
    if s.count == 0 {
        return;
    }
    section(ui, "OUTPUTS", &format!("mean {} · std {}", number(s.mean), number(s.std)));
    histogram_ui(ui, &tokens, "Outputs", &picture.histogram, 64.0);
    ui.horizontal(|ui| {
        let text = format!("{} to {} · {:.0} % zero", number(s.min), number(s.max), s.zeros * 100.0);
        ui.label(egui::RichText::new(text).small().color(tokens.faint));
        if s.nans + s.infinities > 0 {
            let text = format!("{} NaN, {} ∞", s.nans, s.infinities);
            ui.label(egui::RichText::new(text).small().color(tokens.bad));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_lie_one_a_row_and_biases_lie_flat() {
        assert_eq!(layout(&[8, 2]), (8, 2));
        assert_eq!(layout(&[16, 3, 3, 3]), (16, 27));
        assert_eq!(layout(&[8]), (1, 8));
        assert_eq!(layout(&[]), (1, 1));
    }
}
