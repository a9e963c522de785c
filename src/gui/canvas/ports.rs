//! Ports: where wires begin and end, and where dragging one starts.

use egui::{Pos2, Rect, Role, Sense, Stroke, Vec2};

use super::wiring::Loose;
use super::{CanvasUi, Frame, Gesture, geometry, id, name};
use crate::model::{Layer, LayerId};
use crate::session::Action;

const RADIUS: f32 = 5.0;

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, _actions: &mut Vec<Action>) {
    let near: Vec<LayerId> = frame.cards.keys().copied().collect();
    for layer in near.into_iter().filter_map(|id| frame.graph.layer(id)) {
        outputs(ui, frame, local, layer);
        inputs(ui, frame, local, layer);
    }
}

fn outputs(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, layer: &Layer) {
    let Some(port) = geometry::output_port(layer) else { return };
    let at = frame.at(port);
    let response = ui.interact(hit(frame, at), id("output", layer.id.0), Sense::click_and_drag());
    name(&response, Role::Button, format!("output of {}", layer.name));
    let starts = response.drag_started_by(egui::PointerButton::Primary) && matches!(local.gesture, Gesture::Idle);
    if starts {
        local.gesture = Gesture::Wire(Loose::End { from: layer.id, detached: None });
    }
    let lit = match &local.gesture {
        Gesture::Wire(loose @ Loose::Start { .. }) => Some(loose.may_meet(frame.graph, layer.id).is_ok()),
        Gesture::Wire(Loose::End { from, .. }) if *from == layer.id => Some(true),
        Gesture::Wire(_) => Some(false),
        _ => None,
    };
    dot(frame, at, response.hovered(), lit);
    hint(ui, local, response, "Drag to the left side of another layer to connect them.");
}

fn inputs(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, layer: &Layer) {
    let wires: Vec<_> = frame.graph.incoming(layer.id).copied().collect();
    for (i, port) in geometry::input_ports(frame.graph, layer).into_iter().enumerate() {
        let at = frame.at(port);
        let key = layer.id.0.wrapping_mul(1024).wrapping_add(i as u32);
        let response = ui.interact(hit(frame, at), id("input", key), Sense::click_and_drag());
        let label =
            if i == 0 { format!("input of {}", layer.name) } else { format!("input {} of {}", i + 1, layer.name) };
        name(&response, Role::Button, label);
        let starts = response.drag_started_by(egui::PointerButton::Primary) && matches!(local.gesture, Gesture::Idle);
        if starts {
            local.gesture = Gesture::Wire(match wires.get(i) {
                Some(wire) => Loose::End { from: wire.from, detached: Some(wire.id) },
                None => Loose::Start { to: layer.id },
            });
        }
        let lit = match &local.gesture {
            Gesture::Wire(loose @ Loose::End { .. }) => Some(loose.may_meet(frame.graph, layer.id).is_ok()),
            Gesture::Wire(Loose::Start { to }) if *to == layer.id => Some(true),
            Gesture::Wire(_) => Some(false),
            _ => None,
        };
        dot(frame, at, response.hovered(), lit);
        let words = match wires.get(i) {
            Some(_) => "Drag the wire off to disconnect it, or onto another layer to move it.",
            None => "Drag to the right side of the layer that should feed this one.",
        };
        hint(ui, local, response, words);
    }
}

fn hint(ui: &egui::Ui, local: &CanvasUi, response: egui::Response, words: &str) {
    if response.hovered() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
        if matches!(local.gesture, Gesture::Idle) {
            response.on_hover_text(words);
        }
    }
}

fn hit(frame: &Frame<'_>, at: Pos2) -> Rect {
    Rect::from_center_size(at, Vec2::splat(frame.scaled(18.0).max(14.0)))
}

/// `lit`: while a wire is being drawn, whether it may end here.
fn dot(frame: &Frame<'_>, at: Pos2, hovered: bool, lit: Option<bool>) {
    let t = &frame.tokens;
    if !frame.rect.expand(16.0).contains(at) {
        return;
    }
    let radius = frame.scaled(RADIUS).max(2.5);
    if lit == Some(true) {
        frame.painter.circle_filled(at, radius * 2.2, t.accent_soft);
    }
    let colour = match lit {
        Some(true) => t.accent,
        Some(false) => t.line,
        None if hovered => t.accent,
        None => t.faint,
    };
    let grown = if hovered { radius * 1.25 } else { radius };
    frame.painter.circle(at, grown, t.panel, Stroke::new(frame.scaled(2.0).clamp(1.0, 3.0), colour));
}
