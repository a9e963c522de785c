//! A look inside a layer: weights, their gradients, what comes out of it.

use egui::Ui;

use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::histogram::histogram_ui;
use crate::gui::numbers::number;
use crate::gui::theme::Tokens;
use crate::gui::widgets::section;
use crate::trace::{LayerPicture, Matrix};

pub(super) fn show(ui: &mut Ui, picture: &LayerPicture) {
    for (i, matrix) in picture.weights.iter().enumerate() {
        ui.push_id(i, |ui| matrix_ui(ui, matrix));
    }
    if let Some(norm) = picture.gradient_norm {
        section(ui, "GRADIENT NORM", &number(norm));
    }
    outputs(ui, picture);
}

fn matrix_ui(ui: &mut Ui, matrix: &Matrix) {
    let tokens = Tokens::of(ui);
    let (rows, columns) = layout(&matrix.dims);
    let title = format!("{} {}", matrix.name.to_uppercase(), dims_text(&matrix.dims));
    let norm = matrix.values.iter().map(|v| v * v).sum::<f32>().sqrt();
    section(ui, &title, &format!("|w| {}", number(norm)));
    let map =
        |name, values| Heatmap { name, row_word: "unit", column_word: "input", ..Heatmap::new(rows, columns, values) };
    map(&matrix.name, &matrix.values).show(ui, &tokens, "values");
    if let Some(gradient) = &matrix.gradient {
        let name = format!("{} gradient", matrix.name);
        section(ui, &name.to_uppercase(), &format!("max {}", number(largest(gradient))));
        map(&name, gradient).show(ui, &tokens, "gradient");
    }
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
