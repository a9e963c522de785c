//! What part of a chart is looked at: everything (and it follows as training goes on), or a part that was zoomed to.

use egui::{Response, Ui};

use super::axes::{Axis, Frame};

/// `None` follows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct View {
    /// Steps.
    pub x: Option<[f64; 2]>,
    pub y: Option<[f64; 2]>,
}

impl View {
    pub fn follows(&self) -> bool {
        *self == Self::default()
    }

    pub fn x_axis(&self, whole: Axis) -> Axis {
        self.x.map_or(whole, |[from, to]| Axis::linear(from, to))
    }

    /// A zoomed value axis is kept only while the kind of axis allows it.
    pub fn y_axis(&self, whole: Axis) -> Axis {
        match self.y {
            Some([from, to]) if whole.log && from > 0.0 => Axis::logarithmic(from, to),
            Some([from, to]) if !whole.log => Axis::linear(from, to),
            _ => whole,
        }
    }

    /// Drag moves, scroll zooms along x around the pointer, Ctrl and scroll (or a pinch) along y, double click shows all.
    pub fn interact(&mut self, ui: &Ui, response: &Response, frame: &Frame, whole: Axis) {
        let before = *self;
        if response.double_clicked() {
            *self = Self::default();
        } else if response.dragged() {
            let drag = response.drag_delta();
            if self.x.is_some() {
                self.x = Some(moved(&frame.x, f64::from(-drag.x / frame.rect.width())));
            }
            if self.y.is_some() {
                self.y = Some(moved(&frame.y, f64::from(drag.y / frame.rect.height())));
            }
        }
        if let Some(pos) = response.hover_pos() {
            let (scroll, zoom) = ui.input(|i| (i.smooth_scroll_delta(), i.zoom_delta()));
            let across = f64::from((pos.x - frame.rect.left()) / frame.rect.width());
            let up = f64::from((frame.rect.bottom() - pos.y) / frame.rect.height());
            if zoom != 1.0 {
                self.y = Some(zoomed(&frame.y, up, f64::from(zoom)));
            } else if scroll.y != 0.0 {
                self.x = Some(zoomed(&frame.x, across, f64::from(scroll.y / 200.0).exp()));
            } else if scroll.x != 0.0 && self.x.is_some() {
                self.x = Some(moved(&frame.x, f64::from(-scroll.x / frame.rect.width())));
            }
        }
        self.x = self.x.and_then(|x| within(x, whole));
        if *self != before {
            ui.ctx().request_repaint();
        }
    }
}

fn moved(axis: &Axis, by: f64) -> [f64; 2] {
    [axis.value(by), axis.value(1.0 + by)]
}

fn zoomed(axis: &Axis, around: f64, factor: f64) -> [f64; 2] {
    [axis.value(around - around / factor), axis.value(around + (1.0 - around) / factor)]
}

/// Keeps a part of the axis inside the whole one; `None` when it is all of it.
fn within([from, to]: [f64; 2], whole: Axis) -> Option<[f64; 2]> {
    let span = (to - from).max(2.0);
    if span >= whole.max - whole.min {
        return None;
    }
    let from = from.clamp(whole.min, whole.max - span);
    Some([from, from + span])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let axis = Axis::linear(100.0, 300.0);
        let [from, to] = zoomed(&axis, 0.25, 2.0);
        assert_eq!((from, to), (125.0, 225.0));
        let log = Axis::logarithmic(0.01, 1.0);
        let [from, to] = zoomed(&log, 0.5, 2.0);
        assert!(((from * to).sqrt() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_view_stays_inside_and_zooming_out_far_enough_follows_again() {
        let whole = Axis::linear(0.0, 1000.0);
        assert_eq!(within([-50.0, 50.0], whole), Some([0.0, 100.0]));
        assert_eq!(within([980.0, 1080.0], whole), Some([900.0, 1000.0]));
        assert_eq!(within([-10.0, 1100.0], whole), None);
        assert_eq!(within([10.0, 10.5], whole), Some([10.0, 12.0]));
    }
}
