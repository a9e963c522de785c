//! Slow motion: sparks run along the wires, forward with the numbers, then back with the gradients. Where the debugger
//! stands, arrows show which way the numbers go.

use egui::epaint::CubicBezierShape;
use egui::{Pos2, Shape, Stroke};

use super::{Frame, geometry};
use crate::model::{LayerId, Wire};
use crate::session::RunStatus;
use crate::trace::{DebugView, StepPhase};

/// One way through the network, in seconds.
const SECONDS: f64 = 0.9;

/// Paints the spark of a wire, if training runs slowly enough to be watched.
pub fn along(ui: &egui::Ui, frame: &Frame<'_>, points: [Pos2; 4], wire: &Wire) {
    let state = frame.state;
    if let Some(view) = state.debug().view.as_deref() {
        arrow(frame, points, wire, view);
    }
    let slow = state.run().status == RunStatus::Running && state.speed() < 0.999;
    if !slow || state.settings().reduced_motion {
        return;
    }
    let Some(bounds) = geometry::bounds(frame.graph) else { return };
    let (Some(from), Some(to)) = (frame.graph.layer(wire.from), frame.graph.layer(wire.to)) else { return };
    let share = |x: f32| ((x - bounds.left()) / bounds.width().max(1.0)).clamp(0.0, 1.0);
    let (start, end) = (share(from.position[0]), share(to.position[0]));
    let time = ui.input(|i| i.time) / SECONDS;
    let (phase, back) = ((time % 1.0) as f32, (time as u64) % 2 == 1);
    let front = if back { 1.0 - phase } else { phase };
    if end > start && (start..=end).contains(&front) {
        let t = (front - start) / (end - start);
        let colour = if back { frame.tokens.warn } else { frame.tokens.accent };
        let at = geometry::along(points, t);
        frame.painter.circle_filled(at, frame.scaled(7.0).max(4.0), colour.gamma_multiply(0.3));
        frame.painter.circle_filled(at, frame.scaled(3.5).max(2.0), colour);
    }
    ui.ctx().request_repaint_after_secs(1.0 / 60.0);
}

/// The layer that the next instruction belongs to, while the debugger stands in a step.
pub fn active(frame: &Frame<'_>) -> Option<LayerId> {
    frame.state.debug().view.as_ref()?.next_line()?.layer
}

/// On the wires of the active layer: where its numbers come from.
fn arrow(frame: &Frame<'_>, points: [Pos2; 4], wire: &Wire, view: &DebugView) {
    let (Some(line), Some(active)) = (view.next_line(), active(frame)) else { return };
    let back = line.stage == StepPhase::Backward;
    let is_lit = if back { wire.from == active } else { wire.to == active };
    if !is_lit || line.stage == StepPhase::Update {
        return;
    }
    let colour = if back { frame.tokens.warn } else { frame.tokens.accent };
    let curve = CubicBezierShape::from_points_stroke(
        points,
        false,
        egui::Color32::TRANSPARENT,
        Stroke::new(frame.scaled(3.0).max(2.0), colour),
    );
    frame.painter.add(curve);
    // The shape's pill is in the middle: the arrow stands beside it.
    let (tail, tip) = if back { (0.8, 0.7) } else { (0.2, 0.3) };
    let (tail, tip) = (geometry::along(points, tail), geometry::along(points, tip));
    let ahead = (tip - tail).normalized() * frame.scaled(10.0).max(7.0);
    let side = ahead.rot90() * 0.55;
    let corners = vec![tip + ahead * 0.6, tip - ahead * 0.4 + side, tip - ahead * 0.4 - side];
    frame.painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
}
