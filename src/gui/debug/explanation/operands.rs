//! Small pictures of the tensors that a number was made of, with the cells that it read lit.

use egui::{Label, RichText, Ui, Vec2};

use crate::gui::debug::plane::{Plane, Pointed};
use crate::gui::theme::Tokens;
use crate::trace::{Element, Explanation, Sight, TensorRecord};

/// Tensors that are pictured at most.
const MOST: usize = 3;

/// Names of what was read, in reading order.
pub fn names(explanation: &Explanation) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (element, _) in explanation.arithmetic.elements() {
        if element.name != explanation.element.name && !names.contains(&element.name) {
            names.push(element.name.clone());
        }
    }
    names.truncate(MOST);
    names
}

/// Side by side; what is pointed at elsewhere lights up, and brings the plane in which it lies.
pub fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    sight: &Sight,
    explanation: &Explanation,
    lit: &dyn Fn(&str) -> Vec<Element>,
) -> Pointed {
    let elements = explanation.arithmetic.elements();
    let records: Vec<&TensorRecord> =
        names(explanation).iter().filter_map(|name| sight.tensor(name)).filter(|r| !r.dims.is_empty()).collect();
    let mut pointed = Pointed::default();
    if records.is_empty() {
        return pointed;
    }
    let side = (ui.available_width() / records.len() as f32 - 28.0).clamp(48.0, 160.0);
    ui.horizontal_top(|ui| {
        for (i, record) in records.into_iter().enumerate() {
            ui.add_sized([12.0, 96.0], Label::new(RichText::new(if i == 0 { "=" } else { "·" }).color(tokens.muted)));
            let read: Vec<&Element> = elements.iter().map(|(e, _)| *e).filter(|e| e.name == record.name).collect();
            let lit = lit(&record.name);
            let Some(first) = lit.first().or(read.first().copied()) else { continue };
            let outer = Plane::outer_of(&first.index).to_vec();
            let plane = Plane { record, outer, max_height: 112.0, read: &read, lit: &lit };
            ui.allocate_ui(Vec2::new(side, 120.0), |ui| {
                ui.vertical(|ui| {
                    plane.title(ui, tokens);
                    ui.set_max_width(side);
                    let one = plane.show(ui, tokens, "operand");
                    pointed.hovered = one.hovered.or(pointed.hovered.take());
                    pointed.clicked = one.clicked.or(pointed.clicked.take());
                });
            });
        }
    });
    pointed
}
