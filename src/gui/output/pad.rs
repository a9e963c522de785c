//! A pad to draw a digit on: pixels of the size that the network takes, inked with soft strokes.

use egui::{Pos2, Rect, Response, Sense, Ui, Vec2, WidgetInfo};

use super::thumbnail;
use crate::gui::theme::Tokens;

/// Radius of the brush in pixels of a 28 x 28 picture.
const BRUSH: f32 = 1.1;

/// What is on the pad, `[rows, columns]`, 0 (empty) to 1 (ink).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pad {
    pub rows: usize,
    pub columns: usize,
    pub ink: Vec<f32>,
    last: Option<[f32; 2]>,
}

impl Pad {
    /// Keeps the drawing while the size is the same.
    pub fn fit(&mut self, rows: usize, columns: usize) {
        if (self.rows, self.columns) != (rows, columns) {
            *self = Self { rows, columns, ink: vec![0.0; rows * columns], last: None };
        }
    }

    pub fn clear(&mut self) {
        self.ink.fill(0.0);
    }

    pub fn is_empty(&self) -> bool {
        self.ink.iter().all(|&v| v == 0.0)
    }

    /// Inks along a straight line; points are (column, row) in pixels. With `erase`, takes the ink away instead.
    pub fn stroke(&mut self, from: [f32; 2], to: [f32; 2], erase: bool) {
        let radius = BRUSH * self.rows.min(self.columns) as f32 / 28.0;
        for row in 0..self.rows {
            for column in 0..self.columns {
                let pixel = Vec2::new(column as f32 + 0.5, row as f32 + 0.5);
                let distance = distance(pixel, from.into(), to.into());
                let ink = &mut self.ink[row * self.columns + column];
                if erase && distance < radius * 1.8 {
                    *ink = 0.0;
                } else if !erase {
                    *ink = ink.max((1.3 - (distance - radius * 0.5) / radius).clamp(0.0, 1.0));
                }
            }
        }
    }

    /// The pad on the screen. Left button draws, right button erases.
    pub fn ui(&mut self, ui: &mut Ui, tokens: &Tokens, side: f32) -> Response {
        let aspect = self.columns as f32 / self.rows.max(1) as f32;
        let (rect, mut response) = ui.allocate_exact_size(Vec2::new(side * aspect, side), Sense::click_and_drag());
        let erase = ui.input(|i| i.pointer.secondary_down());
        match response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on()) {
            Some(pos) => {
                let at = self.pixel(rect, pos);
                self.stroke(self.last.unwrap_or(at), at, erase);
                self.last = Some(at);
                response.mark_changed();
            }
            None => self.last = None,
        }
        let painter = ui.painter_at(rect);
        thumbnail::paint(ui, &painter, rect, "pad", &[1, self.rows, self.columns], &self.ink);
        let edge = if response.hovered() { tokens.accent } else { tokens.line };
        ui.painter().rect_stroke(rect, 2.0, egui::Stroke::new(1.0, edge), egui::StrokeKind::Outside);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, "Drawing pad"));
        response.on_hover_cursor(egui::CursorIcon::Crosshair)
    }

    fn pixel(&self, rect: Rect, pos: Pos2) -> [f32; 2] {
        let at = (pos - rect.min) / rect.size();
        [at.x * self.columns as f32, at.y * self.rows as f32]
    }
}

/// From a point to a line segment.
fn distance(point: Vec2, from: Vec2, to: Vec2) -> f32 {
    let along = to - from;
    let share =
        if along.length_sq() > 0.0 { ((point - from).dot(along) / along.length_sq()).clamp(0.0, 1.0) } else { 0.0 };
    (point - from - along * share).length()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stroke_leaves_ink_along_its_way_and_nowhere_else_and_can_be_erased() {
        let mut pad = Pad::default();
        pad.fit(28, 28);
        pad.stroke([4.0, 14.0], [24.0, 14.0], false);
        assert_eq!(pad.ink[14 * 28 + 14], 1.0);
        assert_eq!(pad.ink[5 * 28 + 14], 0.0);
        assert!(pad.ink.iter().any(|v| *v > 0.0 && *v < 1.0), "soft edges, as scanned digits have");
        pad.stroke([14.0, 14.0], [14.0, 14.0], true);
        assert_eq!(pad.ink[14 * 28 + 14], 0.0);
        pad.fit(28, 28);
        assert!(!pad.is_empty());
        pad.fit(8, 8);
        assert!(pad.is_empty());
    }
}
