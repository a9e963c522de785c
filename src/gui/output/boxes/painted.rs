//! Boxes over a picture.

use egui::{Painter, Pos2, Rect, Shape, Stroke, StrokeKind};

use super::Card;
use crate::gui::theme::Tokens;
use crate::model::boxes::{Extent, Judged};

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
