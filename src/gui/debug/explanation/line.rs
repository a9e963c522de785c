//! An arithmetic as a line of numbers: signed colours, the largest terms first where there are many, each number that
//! was read a link to where it came from.

use egui::{Color32, Label, RichText, Sense, Ui, WidgetInfo};

use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};
use crate::trace::{Arithmetic, Element, Piece};

/// Terms of a sum that are written out.
const MOST_TERMS: usize = 8;
const SIZE: f32 = 14.0;

/// Blue from 0 on, orange below.
pub fn colour(tokens: &Tokens, value: f64) -> Color32 {
    match value {
        v if !v.is_finite() => tokens.bad,
        v if v < 0.0 => tokens.neg,
        _ => tokens.pos,
    }
}

/// The line behind its beginning; returns the element that was clicked. It is broken between terms.
pub fn show(ui: &mut Ui, tokens: &Tokens, begin: &str, arithmetic: &Arithmetic) -> Option<Element> {
    // The first row takes its height from what is around it.
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 18.0;
        ui.horizontal_wrapped(|ui| terms_ui(ui, tokens, begin, arithmetic)).inner
    })
    .inner
}

fn terms_ui(ui: &mut Ui, tokens: &Tokens, begin: &str, arithmetic: &Arithmetic) -> Option<Element> {
    let mut clicked = None;
    let glyph = ui.ctx().fonts_mut(|fonts| fonts.glyph_width(&theme::mono(SIZE), '0'));
    ui.spacing_mut().item_spacing = egui::vec2(0.0, 4.0);
    ui.label(mono(format!("{begin} "), tokens.muted));
    let pieces = arithmetic.pieces(MOST_TERMS);
    for (i, piece) in pieces.iter().enumerate() {
        let is_first = i == 0 || piece.begins_term();
        let term = pieces[i..].iter().take(1).chain(pieces[i + 1..].iter().take_while(|p| !p.begins_term()));
        let length: usize = term.map(|piece| piece.text.chars().count()).sum();
        if is_first && i > 0 && length as f32 * glyph > ui.available_size_before_wrap().x {
            ui.end_row();
        }
        clicked = piece_ui(ui, tokens, piece).or(clicked.take());
    }
    clicked
}

fn mono(text: impl Into<String>, colour: Color32) -> RichText {
    RichText::new(text).font(theme::mono(SIZE)).color(colour)
}

fn piece_ui(ui: &mut Ui, tokens: &Tokens, piece: &Piece<'_>) -> Option<Element> {
    let Some(number) = piece.number else {
        ui.label(mono(&piece.text, tokens.faint));
        return None;
    };
    let exact = significant(number.value, 9);
    let Some(element) = number.element else {
        let label = ui.label(mono(&piece.text, tokens.text));
        if !number.name.is_empty() {
            label.on_hover_text(format!("{} = {exact}", number.name));
        }
        return None;
    };
    let link = ui.add(Label::new(mono(&piece.text, colour(tokens, number.value))).sense(Sense::click()));
    let label = format!("{element} = {}", significant(number.value, 4));
    link.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &label));
    let link = link.on_hover_text(format!("{element} = {exact}\nClick to see how it was computed."));
    link.on_hover_cursor(egui::CursorIcon::PointingHand).clicked().then(|| element.clone())
}
