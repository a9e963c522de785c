//! Boxes over a picture.

use egui::{Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2};

use super::super::classes::name;
use super::Card;
use crate::gui::theme::{self, Tokens};
use crate::model::boxes::{Extent, Found, Judged};

/// Where a box lies on the screen.
pub fn place(image: Rect, extent: Extent) -> Rect {
    let at = |x: f32, y: f32| Pos2::new(image.left() + x * image.width(), image.top() + y * image.height());
    Rect::from_two_pos(at(extent.left, extent.top), at(extent.right, extent.bottom))
}

/// True boxes dashed, found ones in the colour of their class.
pub fn boxes(painter: &Painter, tokens: &Tokens, image: Rect, card: &Card, width: f32) {
    for (i, thing) in card.things.iter().enumerate() {
        let is_missed = card.verdict.missed.contains(&i);
        let colour = if is_missed { tokens.bad } else { tokens.on_accent };
        dashed(painter, tokens, place(image, thing.extent), Stroke::new(width, colour));
    }
    for (found, judged) in card.found.iter().zip(&card.verdict.found).rev() {
        if !matches!(judged, Judged::Hidden) {
            let stroke = Stroke::new(width, tokens.class(found.class));
            painter.rect_stroke(place(image, found.extent), 1.0, stroke, StrokeKind::Middle);
        }
    }
}

/// Readable on any ground: light dashes over a dark line.
fn dashed(painter: &Painter, tokens: &Tokens, rect: Rect, stroke: Stroke) {
    let under = Stroke::new(stroke.width + 1.0, tokens.on_icon.gamma_multiply(0.45));
    painter.rect_stroke(rect, 0.0, under, StrokeKind::Middle);
    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    painter.extend(Shape::dashed_line(&corners, stroke, 4.0, 3.0));
}

/// Found boxes with what they are.
pub fn found(painter: &Painter, tokens: &Tokens, image: Rect, names: &[String], all: &[Found]) {
    for one in all.iter().rev() {
        let (rect, colour) = (place(image, one.extent), tokens.class(one.class));
        painter.rect_stroke(rect, 1.0, Stroke::new(2.0, colour), StrokeKind::Middle);
        label(painter, tokens, rect, names, one);
    }
}

/// "cat 0.93" in the upper left corner of its box.
pub fn label(painter: &Painter, tokens: &Tokens, rect: Rect, names: &[String], found: &Found) {
    let colour = tokens.class(found.class);
    let text = format!("{} {:.2}", name(names, found.class as u32), found.score);
    let galley = painter.layout_no_wrap(text, theme::medium(11.0), tokens.ink(colour));
    let ground = Rect::from_min_size(rect.left_top(), galley.size() + Vec2::new(6.0, 2.0));
    painter.rect_filled(ground, 1.0, colour);
    painter.galley(ground.min + Vec2::new(3.0, 1.0), galley, tokens.text);
}
