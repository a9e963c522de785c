//! Painting curves of any length: a line through the means, a band from minimum to maximum where points fall together, and a
//! mark where a value was NaN or infinite.

use egui::{Color32, Mesh, Painter, Pos2, Shape, Stroke};

use super::axes::Frame;
use crate::gui::theme::Tokens;
use crate::trace::Bucket;

/// The line through the means; it breaks where there is no finite value.
pub fn paint_line(painter: &Painter, frame: &Frame, buckets: &[Bucket], stroke: Stroke) {
    let mut run: Vec<Pos2> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        if drawable(frame, bucket.mean) {
            run.push(frame.at(middle(bucket), f64::from(bucket.mean)));
        } else {
            paint_run(painter, std::mem::take(&mut run), stroke);
        }
    }
    paint_run(painter, run, stroke);
}

fn paint_run(painter: &Painter, run: Vec<Pos2>, stroke: Stroke) {
    match run.as_slice() {
        [] => {}
        [only] => {
            painter.circle_filled(*only, stroke.width + 1.0, stroke.color);
        }
        _ => {
            painter.add(Shape::line(run, stroke));
        }
    }
}

/// From minimum to maximum. Every extreme is reached, also that of a single point.
pub fn paint_band(painter: &Painter, frame: &Frame, buckets: &[Bucket], colour: Color32) {
    let mut mesh = Mesh::default();
    let mut joined = false;
    for bucket in buckets {
        if !drawable(frame, bucket.max) {
            joined = false;
            continue;
        }
        let low = if drawable(frame, bucket.min) { frame.y_at(f64::from(bucket.min)) } else { frame.rect.bottom() };
        let (x, high) = (frame.x_at(middle(bucket)), frame.y_at(f64::from(bucket.max)));
        let n = mesh.vertices.len() as u32;
        mesh.colored_vertex(Pos2::new(x, high), colour);
        mesh.colored_vertex(Pos2::new(x, low.max(high + 0.5)), colour);
        if joined {
            mesh.add_triangle(n - 2, n - 1, n);
            mesh.add_triangle(n - 1, n, n + 1);
        }
        joined = true;
    }
    painter.add(Shape::mesh(mesh));
}

/// A small cross at the top wherever a value was NaN or infinite. Returns whether there was any.
pub fn paint_broken(painter: &Painter, tokens: &Tokens, frame: &Frame, buckets: &[Bucket]) -> bool {
    let stroke = Stroke::new(1.5, tokens.bad);
    let mut last = f32::NEG_INFINITY;
    for bucket in buckets.iter().filter(|b| b.broken) {
        let at = Pos2::new(frame.x_at(middle(bucket)), frame.rect.top() + 4.0);
        if at.x - last >= 3.0 && frame.rect.x_range().contains(at.x) {
            last = at.x;
            painter.line_segment([at + egui::vec2(-3.0, -3.0), at + egui::vec2(3.0, 3.0)], stroke);
            painter.line_segment([at + egui::vec2(-3.0, 3.0), at + egui::vec2(3.0, -3.0)], stroke);
        }
    }
    last > f32::NEG_INFINITY
}

fn middle(bucket: &Bucket) -> f64 {
    (bucket.first + bucket.last) / 2.0
}

fn drawable(frame: &Frame, value: f32) -> bool {
    value.is_finite() && (!frame.y.log || value > 0.0)
}
