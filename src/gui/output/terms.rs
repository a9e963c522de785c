//! How the number of one unit comes about, written out: inputs times weights, plus the bias, through the activation.

use egui::{Align, Label, Layout, RichText, Ui, Vec2};

use crate::gui::numbers::{count, number};
use crate::gui::theme::{self, Tokens};
use crate::gui::units;
use crate::session::State;
use crate::trace::UnitSum;

/// As many terms are written out, the largest first.
const MOST: usize = 100;

/// "sum 0.44", "tanh → 0.41"
pub(super) fn result(ui: &mut Ui, tokens: &Tokens, state: &State, sum: &UnitSum) {
    let line = |text: String| RichText::new(text).font(theme::mono(12.0)).color(tokens.text);
    ui.label(line(format!("sum {}", number(sum.sum))))
        .on_hover_text("The sum of every input times its weight, plus the bias.");
    let activation = activation(state, sum).unwrap_or_else(|| "no activation".to_owned());
    ui.label(line(format!("{activation} → {}", number(sum.output))));
}

/// What the function is called that the unit applies to its sum.
fn activation(state: &State, sum: &UnitSum) -> Option<String> {
    let activation = state.project().graph.layer(sum.of.layer)?.kind.activation()?;
    Some(activation.title().to_owned())
}

/// A row for each input and the bias.
pub(super) fn show(ui: &mut Ui, tokens: &Tokens, state: &State, sum: &UnitSum) {
    let source = state.project().graph.incoming(sum.of.layer).next().map(|wire| wire.from);
    let mut order: Vec<usize> = (0..sum.terms.len()).collect();
    let product = |at: usize| sum.terms[at].input * sum.terms[at].weight;
    if order.len() > 8 {
        order.sort_by(|&a, &b| product(b).abs().total_cmp(&product(a).abs()));
    }
    let mut row = |name: String, how: String, value: f32| {
        let mono = |text: String, colour| RichText::new(text).font(theme::mono(11.5)).color(colour);
        let colour = if value < 0.0 { tokens.neg } else { tokens.pos };
        let name = RichText::new(name).small().color(tokens.muted);
        cells(ui, [(name, 0.28), (mono(how, tokens.muted), 0.46), (mono(number(value), colour), 0.22)]);
    };
    for &at in order.iter().take(MOST) {
        let term = sum.terms[at];
        let name = source.map_or_else(|| format!("input {at}"), |source| units::short(state, source, at));
        row(name, format!("{} × {}", number(term.input), number(term.weight)), product(at));
    }
    if let Some(bias) = sum.bias {
        row("bias".to_owned(), String::new(), bias);
    }
    if order.len() > MOST {
        let rest = format!("and {} smaller ones", count((order.len() - MOST) as u64));
        ui.label(RichText::new(rest).small().color(tokens.faint));
    }
}

/// Beside each other, each with its share of the width.
fn cells(ui: &mut Ui, cells: [(RichText, f32); 3]) {
    let width = ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for (text, share) in cells {
            let size = Vec2::new(width * share, 16.0);
            ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(size.x);
                ui.add(Label::new(text).truncate());
            });
        }
    });
}
