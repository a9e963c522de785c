//! An arithmetic as a line of numbers: signed colours, the largest terms first where there are many, each number that was read
//! a link to where it came from.

use egui::{Color32, Label, RichText, Sense, Ui, WidgetInfo};

use crate::expr::BinaryOperator;
use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};
use crate::trace::{Arithmetic, Element};

/// Terms of a sum that are written out.
const MOST_TERMS: usize = 8;

/// A bit of the line.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece<'a> {
    Sign(String),
    Number {
        value: f64,
        /// Where it was read.
        element: Option<&'a Element>,
        /// What the formula calls it.
        name: &'static str,
    },
}

/// How tightly what stands around holds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Hold {
    Loose,
    Sum,
    Product,
    Atom,
}

/// The bits of an arithmetic, in reading order.
pub fn pieces(arithmetic: &Arithmetic) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let inner = match arithmetic {
        Arithmetic::Named { part, .. } => part,
        other => other,
    };
    write(inner, Hold::Loose, &mut pieces);
    pieces
}

fn sign(pieces: &mut Vec<Piece<'_>>, text: &str) {
    pieces.push(Piece::Sign(text.to_owned()));
}

fn write<'a>(arithmetic: &'a Arithmetic, around: Hold, out: &mut Vec<Piece<'a>>) {
    let holds = match arithmetic {
        Arithmetic::Sum(parts) if parts.len() > 1 => Hold::Sum,
        Arithmetic::Product(parts) if parts.len() > 1 => Hold::Product,
        Arithmetic::Binary(BinaryOperator::Add | BinaryOperator::Subtract, _) => Hold::Sum,
        Arithmetic::Binary(BinaryOperator::Multiply | BinaryOperator::Divide, _) => Hold::Product,
        Arithmetic::Binary(BinaryOperator::Power, _) => Hold::Atom,
        Arithmetic::Binary(..) => Hold::Loose,
        _ => Hold::Atom,
    };
    let parentheses = holds < around;
    if parentheses {
        sign(out, "(");
    }
    match arithmetic {
        Arithmetic::Read { element, value } => {
            out.push(Piece::Number { value: *value, element: Some(element), name: "" })
        }
        Arithmetic::Given { name, value } => out.push(Piece::Number { value: *value, element: None, name }),
        Arithmetic::Named { name, part } => out.push(Piece::Number { value: part.evaluate(), element: None, name }),
        Arithmetic::Sum(parts) => sum(parts, around, out),
        Arithmetic::Product(parts) => {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    sign(out, "·");
                }
                write(part, if parts.len() > 1 { Hold::Product } else { around }, out);
            }
        }
        Arithmetic::Binary(operator, parts) => binary(*operator, parts, out),
        Arithmetic::Call { function, arguments } => {
            sign(out, &format!("{}(", function.name()));
            for (i, part) in arguments.iter().take(MOST_TERMS).enumerate() {
                if i > 0 {
                    sign(out, ", ");
                }
                write(part, Hold::Loose, out);
            }
            let more = arguments.len().saturating_sub(MOST_TERMS);
            sign(out, &if more > 0 { format!(", … {more} more)") } else { ")".to_owned() });
        }
    }
    if parentheses {
        sign(out, ")");
    }
}

fn sum<'a>(parts: &'a [Arithmetic], around: Hold, out: &mut Vec<Piece<'a>>) {
    let (shown, rest) = Arithmetic::heaviest(parts, MOST_TERMS);
    let several = parts.len() > 1;
    for (i, part) in shown.into_iter().enumerate() {
        if i > 0 {
            sign(out, " + ");
        }
        write(part, if several { Hold::Sum } else { around }, out);
    }
    if !rest.is_empty() {
        let together: f64 = rest.iter().map(|part| part.evaluate()).sum();
        sign(out, &format!(" + {} more, together ", rest.len()));
        out.push(Piece::Number { value: together, element: None, name: "the sum of all other terms" });
    }
    if parts.is_empty() {
        sign(out, "0");
    }
}

fn binary<'a>(operator: BinaryOperator, parts: &'a [Arithmetic; 2], out: &mut Vec<Piece<'a>>) {
    let (text, left, right) = match operator {
        BinaryOperator::Add => (" + ", Hold::Sum, Hold::Sum),
        BinaryOperator::Subtract => (" − ", Hold::Sum, Hold::Product),
        BinaryOperator::Multiply => ("·", Hold::Product, Hold::Product),
        BinaryOperator::Divide => (" / ", Hold::Product, Hold::Atom),
        BinaryOperator::Power => ("^", Hold::Atom, Hold::Atom),
        other => (other.symbol(), Hold::Sum, Hold::Sum),
    };
    // The sign of a base belongs to it: (−3)² is 9.
    let number = matches!(parts[0], Arithmetic::Read { .. } | Arithmetic::Given { .. } | Arithmetic::Named { .. });
    let signed = operator == BinaryOperator::Power && number && parts[0].evaluate() < 0.0;
    if signed {
        sign(out, "(");
    }
    write(&parts[0], left, out);
    if signed {
        sign(out, ")");
    }
    match (operator, &parts[1]) {
        (BinaryOperator::Power, Arithmetic::Given { value: 2.0, .. }) => return sign(out, "²"),
        _ if left == Hold::Sum && right == Hold::Sum && text.trim() == text => sign(out, &format!(" {text} ")),
        _ => sign(out, text),
    }
    write(&parts[1], right, out);
}

/// Blue from 0 on, orange below.
pub fn colour(tokens: &Tokens, value: f64) -> Color32 {
    match value {
        v if !v.is_finite() => tokens.bad,
        v if v < 0.0 => tokens.neg,
        _ => tokens.pos,
    }
}

/// The line behind its beginning; returns the element that was clicked.
pub fn show(ui: &mut Ui, tokens: &Tokens, begin: &str, arithmetic: &Arithmetic) -> Option<Element> {
    let mut clicked = None;
    let mono = |text: String, colour| RichText::new(text).font(theme::mono(14.0)).color(colour);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.label(mono(format!("{begin} "), tokens.muted));
        for piece in pieces(arithmetic) {
            match piece {
                Piece::Sign(text) => drop(ui.label(mono(text, tokens.faint))),
                Piece::Number { value, element: Some(element), .. } => {
                    let text = mono(significant(value, 4), colour(tokens, value));
                    let link = ui.add(Label::new(text).sense(Sense::click()));
                    let label = format!("{element} = {}", significant(value, 4));
                    link.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &label));
                    let link = link.on_hover_text(format!(
                        "{element} = {}\nClick to see where it comes from.",
                        significant(value, 9)
                    ));
                    if link.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
                        clicked = Some(element.clone());
                    }
                }
                Piece::Number { value, name, .. } => {
                    let label = ui.label(mono(significant(value, 4), tokens.text));
                    if !name.is_empty() {
                        label.on_hover_text(format!("{name} = {}", significant(value, 9)));
                    }
                }
            }
        }
    });
    clicked
}

#[cfg(test)]
pub fn text(arithmetic: &Arithmetic) -> String {
    let write = |piece: Piece<'_>| match piece {
        Piece::Sign(text) => text,
        Piece::Number { value, .. } => significant(value, 4),
    };
    pieces(arithmetic).into_iter().map(write).collect()
}
