//! The glyphs of numbers that no shade can show: NaN hatched, infinities and what is beyond the range as arrows. Each
//! can be told from the others without its colour, and is drawn large enough to be seen on the smallest cell.

use egui::{Painter, Pos2, Rect, Shape, Stroke, Vec2};

use super::scale::Mark;
use crate::gui::theme::Tokens;

/// The smallest glyph, whatever the cell.
const SMALLEST: f32 = 7.0;

pub fn paint(painter: &Painter, tokens: &Tokens, cell: Rect, mark: Mark) {
    match mark {
        Mark::Nan => hatched(painter, tokens, at_least(cell)),
        Mark::PlusInfinity => double(painter, tokens, at_least(cell), mark, 1.0),
        Mark::MinusInfinity => double(painter, tokens, at_least(cell), mark, -1.0),
        Mark::Above => corner(painter, tokens, cell, 1.0),
        Mark::Below => corner(painter, tokens, cell, -1.0),
    }
}

fn at_least(cell: Rect) -> Rect {
    Rect::from_center_size(cell.center(), cell.size().max(Vec2::splat(SMALLEST)))
}

/// A red square with dark lines across.
fn hatched(painter: &Painter, tokens: &Tokens, rect: Rect) {
    painter.rect_filled(rect, 0.0, tokens.bad);
    let painter = painter.with_clip_rect(painter.clip_rect().intersect(rect));
    let stroke = Stroke::new((rect.width() / 10.0).clamp(1.0, 2.0), tokens.on_icon);
    let pitch = (rect.width() / 4.0).clamp(3.0, 8.0);
    let mut offset = pitch / 2.0;
    while offset < rect.width() + rect.height() {
        let from = Pos2::new(rect.left() + offset, rect.top());
        painter.line_segment([from, from + Vec2::new(-rect.height(), rect.height())], stroke);
        offset += pitch;
    }
}

/// Two arrow heads on top of each other.
fn double(painter: &Painter, tokens: &Tokens, rect: Rect, mark: Mark, up: f32) {
    painter.rect_filled(rect, 0.0, mark.colour(tokens));
    let size = (rect.size().min_elem() * 0.6).min(14.0);
    let ink = tokens.bg;
    for shift in [-0.25, 0.25] {
        let centre = rect.center() + Vec2::new(0.0, shift * size);
        let (half, tall) = (size / 2.0, size / 4.0 * up);
        let points =
            vec![centre + Vec2::new(0.0, -tall), centre + Vec2::new(half, tall), centre + Vec2::new(-half, tall)];
        painter.add(Shape::convex_polygon(points, ink, Stroke::NONE));
    }
}

/// A small triangle in the upper right (above) or lower left (below) corner.
fn corner(painter: &Painter, tokens: &Tokens, cell: Rect, up: f32) {
    let size = (cell.size().min_elem() * 0.45).min(9.0);
    let points = if up > 0.0 {
        let at = cell.right_top();
        vec![at, at + Vec2::new(0.0, size), at - Vec2::new(size, 0.0)]
    } else {
        let at = cell.left_bottom();
        vec![at, at - Vec2::new(0.0, size), at + Vec2::new(size, 0.0)]
    };
    painter.add(Shape::convex_polygon(points, tokens.text, Stroke::NONE));
}
