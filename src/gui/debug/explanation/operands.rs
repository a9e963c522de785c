//! Small pictures of the tensors that a number was made of, with the cells that it read lit.

use egui::{Label, RichText, Ui, Vec2};

use crate::gui::debug::plane::{Plane, Pointed};
use crate::gui::theme::Tokens;
use crate::trace::{Arithmetic, Element, Explanation, Sight, TensorRecord};

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

/// What the arithmetic does with the numbers of two tensors, where that can be said with a sign.
fn between(arithmetic: &Arithmetic, a: &str, b: &str) -> &'static str {
    let terms = arithmetic.terms();
    let (mut apart, mut together) = (terms.len() > 1, false);
    for term in &terms {
        let read = term.part.elements();
        let reads = |name: &str| read.iter().any(|(element, _)| element.name == name);
        if reads(a) && reads(b) {
            apart = false;
            together |= matches!(term.part, Arithmetic::Product(_));
        }
    }
    match (together, apart) {
        (true, _) => "×",
        (_, true) => "+",
        _ => ",",
    }
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
    let mut before = String::new();
    ui.horizontal_top(|ui| {
        for (i, record) in records.into_iter().enumerate() {
            let sign = if i == 0 { "=" } else { between(&explanation.arithmetic, &before, &record.name) };
            before.clone_from(&record.name);
            ui.add_sized([12.0, 96.0], Label::new(RichText::new(sign).color(tokens.muted)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_between_two_pictures_is_that_of_the_arithmetic() {
        let read = |name: &str, i: usize| Arithmetic::Read {
            element: Element { name: name.into(), index: vec![i] },
            value: 2.0,
        };
        let sum = Arithmetic::Sum(vec![read("w", 0) * read("%x", 0), read("w", 1) * read("%x", 1), read("b", 0)]);
        assert_eq!([between(&sum, "w", "%x"), between(&sum, "%x", "b")], ["×", "+"]);
        assert_eq!(between(&(read("a", 0) / read("b", 0)), "a", "b"), ",");
    }
}
