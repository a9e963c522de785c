//! Where the canvas stands: the transform between the graph's points and the screen's, and the gestures that change it.
//!
//! Everything is painted in screen space at its final size, so text stays crisp at every zoom; no layer is transformed.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Zoom limits: 25 % to 300 %.
pub const ZOOM: std::ops::RangeInclusive<f32> = 0.25..=3.0;

/// Below this zoom the pictures on the cards are hard to see.
const VISIBLE: f32 = 0.26;
/// Where what is on the cards can be read.
pub const READABLE: f32 = 0.7;

/// Maps points of the graph to the screen: `screen = canvas.min + offset + point * zoom`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub offset: Vec2,
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { offset: vec2(32.0, 64.0), zoom: 1.0 }
    }
}

impl View {
    pub fn to_screen(self, canvas: Rect, point: Pos2) -> Pos2 {
        canvas.min + self.offset + point.to_vec2() * self.zoom
    }

    pub fn to_graph(self, canvas: Rect, point: Pos2) -> Pos2 {
        ((point - canvas.min - self.offset) / self.zoom).to_pos2()
    }

    /// Zooms by a factor so that the point under `pointer` stays where it is.
    pub fn zoom_about(&mut self, canvas: Rect, pointer: Pos2, factor: f32) {
        let fixed = self.to_graph(canvas, pointer);
        self.zoom = (self.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        self.offset += pointer - self.to_screen(canvas, fixed);
    }

    /// The view that shows all of `content` (in the graph's points) in the middle, never above 100 %.
    pub fn fit(canvas: Rect, content: Rect) -> Self {
        // For the pills at the edges; a small canvas has less to spare.
        let margin = vec2(40.0, 104.0).min(canvas.size() * 0.25);
        let room = (canvas.size() - margin).max(Vec2::splat(1.0));
        let needed = content.size().max(Vec2::splat(1.0));
        let zoom = (room / needed).min_elem().clamp(*ZOOM.start(), 1.0);
        let offset = canvas.size() / 2.0 - content.center().to_vec2() * zoom;
        Self { offset: vec2(offset.x.round(), offset.y.round()), zoom }
    }

    /// The view for a first look: as [`Self::fit`], but where names and pictures would be too small, the beginning of
    /// the network, larger.
    pub fn first(canvas: Rect, content: Rect) -> Self {
        let whole = Self::fit(canvas, content);
        if whole.zoom >= VISIBLE {
            return whole;
        }
        let middle = canvas.height() / 2.0 - content.center().y * READABLE;
        let top = 52.0 - content.top() * READABLE;
        let y = if content.height() * READABLE > canvas.height() - 104.0 { top } else { middle };
        Self { offset: vec2((20.0 - content.left() * READABLE).round(), y.round()), zoom: READABLE }
    }

    /// Puts a point of the graph into the middle.
    pub fn centre_on(&mut self, canvas: Rect, point: Pos2) {
        self.offset = canvas.size() / 2.0 - point.to_vec2() * self.zoom;
    }

    /// What part of the graph is on the screen.
    pub fn visible(self, canvas: Rect) -> Rect {
        Rect::from_min_max(self.to_graph(canvas, canvas.min), self.to_graph(canvas, canvas.max))
    }
}

/// The grid's dots: finer ones vanish when they would crowd.
pub fn grid_step(zoom: f32) -> f32 {
    let mut step = 24.0;
    while step * zoom < 20.0 {
        step *= 2.0;
    }
    step
}

/// The first multiple of `step` at or after `from`.
pub fn first_line(from: f32, step: f32) -> f32 {
    (from / step).ceil() * step
}

/// A position as the model keeps it.
pub fn point([x, y]: [f32; 2]) -> Pos2 {
    pos2(x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANVAS: Rect = Rect { min: pos2(200.0, 50.0), max: pos2(1000.0, 650.0) };

    #[test]
    fn the_point_under_the_pointer_stays_while_zooming() {
        let mut view = View::default();
        let pointer = pos2(431.0, 222.0);
        let before = view.to_graph(CANVAS, pointer);
        view.zoom_about(CANVAS, pointer, 1.7);
        assert!((view.to_graph(CANVAS, pointer) - before).length() < 1e-3);
        view.zoom_about(CANVAS, pointer, 1000.0);
        assert_eq!(view.zoom, 3.0);
    }

    #[test]
    fn fit_shows_everything_and_does_not_magnify() {
        let content = Rect::from_min_size(pos2(-300.0, 40.0), vec2(2000.0, 500.0));
        let view = View::fit(CANVAS, content);
        assert!(view.visible(CANVAS).contains_rect(content));
        assert_eq!(View::first(CANVAS, content), view, "a first look shows everything too");
        let long = Rect::from_min_size(pos2(-300.0, 40.0), vec2(4000.0, 500.0));
        let first = View::first(CANVAS, long);
        assert!(first.zoom > View::fit(CANVAS, long).zoom && first.visible(CANVAS).contains(long.left_center()));
        let small = View::fit(CANVAS, Rect::from_min_size(pos2(7.0, 7.0), vec2(10.0, 10.0)));
        assert_eq!(small.zoom, 1.0);
    }

    #[test]
    fn there_and_back_again() {
        let view = View { offset: vec2(-13.0, 77.0), zoom: 0.6 };
        let p = pos2(12.0, -9.0);
        assert!((view.to_graph(CANVAS, view.to_screen(CANVAS, p)) - p).length() < 1e-3);
    }
}
