//! Where something was changed during the run: dashed vertical lines with a few words.

use egui::{Pos2, Rect, Stroke, Ui};
use egui_plot::{LineStyle, PlotTransform, PlotUi, VLine};

use super::scale::Scale;
use crate::gui::theme::{self, Tokens};
use crate::trace::Mark;

/// Rows of labels under the top edge; a label that fits in none is left to the reading under the pointer.
const ROWS: usize = 3;

pub fn add_lines(plot: &mut PlotUi<'_>, tokens: &Tokens, scale: &Scale<'_>, marks: &[Mark]) {
    for mark in marks {
        let line = VLine::new("", scale.at(mark.step as f64)).stroke(Stroke::new(1.0, tokens.muted));
        plot.vline(line.style(LineStyle::Dashed { length: 4.0 }));
    }
}

/// The words, up to `end` and off `others`, where something else stands.
pub fn paint_labels(
    ui: &Ui,
    tokens: &Tokens,
    scale: &Scale<'_>,
    marks: &[Mark],
    transform: &PlotTransform,
    (end, others): (f32, Rect),
) {
    let frame = transform.frame();
    let painter = ui.painter_at(*frame);
    let mut taken = [f32::NEG_INFINITY; ROWS];
    for mark in marks {
        let x = transform.position_from_point_x(scale.at(mark.step as f64));
        if !frame.x_range().contains(x) {
            continue;
        }
        let text = painter.layout_no_wrap(mark.label.clone(), theme::regular(11.0), tokens.muted);
        // Near the right edge the words stand on the other side of the line.
        let left = if x + 6.0 + text.size().x > end { x.min(end) - 6.0 - text.size().x } else { x + 6.0 };
        let ground = |row: usize| {
            let at = Pos2::new(left, frame.top() + 2.0 + row as f32 * 15.0);
            Rect::from_min_size(at, text.size()).expand(2.0)
        };
        let is_free = |row: &usize| taken[*row] < left && !ground(*row).intersects(others);
        let Some(row) = (0..ROWS).find(is_free) else { continue };
        taken[row] = left + text.size().x + 6.0;
        let (ground, at) = (ground(row), ground(row).shrink(2.0).min);
        painter.rect_filled(ground, 3.0, tokens.panel.gamma_multiply(0.8));
        painter.galley(at, text, tokens.muted);
    }
}
