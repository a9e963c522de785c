//! Slow motion: sparks run along the wires, forward with the numbers, then back with the gradients.

use egui::Pos2;

use super::{Frame, geometry};
use crate::model::Wire;
use crate::session::RunStatus;

/// One way through the network, in seconds.
const SECONDS: f64 = 0.9;

/// Paints the spark of a wire, if training runs slowly enough to be watched.
pub fn along(ui: &egui::Ui, frame: &Frame<'_>, points: [Pos2; 4], wire: &Wire) {
    let state = frame.state;
    let slow = state.run.status == RunStatus::Running && state.speed < 0.999;
    if !slow || state.settings.reduced_motion {
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
