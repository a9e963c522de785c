//! Where something was changed during the run: dashed vertical lines with a few words.

use egui::{Painter, Pos2, Rect, Shape, Stroke};

use super::axes::Frame;
use crate::gui::theme::{self, Tokens};
use crate::session::Mark;

/// Rows of labels under the top edge; a label that fits in none is left to the reading under the pointer.
const ROWS: usize = 3;

pub fn paint_marks(painter: &Painter, tokens: &Tokens, frame: &Frame, marks: &[Mark]) {
    let mut taken = [f32::NEG_INFINITY; ROWS];
    let stroke = Stroke::new(1.0, tokens.muted);
    for mark in marks {
        let step = mark.step as f64;
        if !(frame.x.min..=frame.x.max).contains(&step) {
            continue;
        }
        let x = frame.x_at(step);
        let ends = [Pos2::new(x, frame.rect.top()), Pos2::new(x, frame.rect.bottom())];
        painter.extend(Shape::dashed_line(&ends, stroke, 4.0, 4.0));
        let text = painter.layout_no_wrap(mark.label.clone(), theme::regular(11.0), tokens.muted);
        // Near the right edge the words stand on the other side of the line.
        let left = if x + 6.0 + text.size().x > frame.rect.right() { x - 6.0 - text.size().x } else { x + 6.0 };
        let Some(row) = taken.iter().position(|&end| end < left) else { continue };
        taken[row] = left + text.size().x + 6.0;
        let at = Pos2::new(left, frame.rect.top() + 2.0 + row as f32 * 15.0);
        let ground = Rect::from_min_size(at, text.size()).expand(2.0);
        painter.rect_filled(ground, 3.0, tokens.panel.gamma_multiply(0.8));
        painter.galley(at, text, tokens.muted);
    }
}
