//! Ports: where wires begin and end, and where dragging one starts.

use egui::{Align2, Pos2, Rect, Role, Sense, Stroke, Vec2};

use super::super::theme::regular;
use super::wiring::Loose;
use super::{CanvasUi, Frame, Gesture, geometry, id, name};
use crate::model::layer::{Inputs, Need};
use crate::model::{End, Layer, LayerId, Wire};
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
    for (i, port) in geometry::output_ports(layer).enumerate() {
        let (at, end) = (frame.at(port), End::at(layer.id, i));
        let response = ui.interact(hit(frame, at), id("output", key(layer, i)), Sense::click_and_drag());
        let called = layer.kind.spec().outputs().get(i).copied().unwrap_or_default();
        name(&response, Role::Button, format!("{called} of {}", layer.name));
        let starts = response.drag_started_by(egui::PointerButton::Primary) && matches!(local.gesture, Gesture::Idle);
        if starts {
            local.gesture = Gesture::Wire(Loose::End { from: end, detached: None });
        }
        let lit = match &local.gesture {
            Gesture::Wire(loose @ Loose::Start { .. }) => Some(loose.may_meet(frame.graph, end).is_ok()),
            Gesture::Wire(Loose::End { from, .. }) if *from == end => Some(true),
            Gesture::Wire(_) => Some(false),
            _ => None,
        };
        dot(frame, at, response.hovered(), lit);
        if layer.kind.spec().outputs().len() > 1 {
            called_beside(frame, at + Vec2::new(NAME, 2.0), Align2::LEFT_TOP, called);
        }
        hint(ui, local, response, "Drag to the left side of another layer to connect them.");
    }
}

/// Of a port among all of the canvas.
fn key(layer: &Layer, port: usize) -> u64 {
    layer.id.0.wrapping_mul(1024).wrapping_add(port as u64)
}

fn inputs(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, layer: &Layer) {
    let wires: Vec<_> = frame.graph.incoming(layer.id).copied().collect();
    for (i, port) in geometry::input_ports(frame.graph, layer).into_iter().enumerate() {
        let at = frame.at(port);
        let response = ui.interact(hit(frame, at), id("input", key(layer, i)), Sense::click_and_drag());
        let inputs = layer.kind.about().inputs;
        let label = match (inputs, i) {
            (Inputs::Named(_), _) if inputs.is_named_for(i) => format!("{} of {}", inputs.name(i), layer.name),
            (_, 0) => format!("input of {}", layer.name),
            _ => format!("input {} of {}", i + 1, layer.name),
        };
        name(&response, Role::Button, label);
        let (end, wire) = (geometry::input_end(layer, i), wires.iter().find(|wire| wire.input == i));
        let starts = response.drag_started_by(egui::PointerButton::Primary) && matches!(local.gesture, Gesture::Idle);
        if starts {
            local.gesture = Gesture::Wire(match wire {
                Some(wire) => Loose::End { from: End::at(wire.from, wire.output), detached: Some(wire.id) },
                None => Loose::Start { to: end },
            });
        }
        let lit = match &local.gesture {
            Gesture::Wire(loose @ Loose::End { .. }) => Some(loose.may_meet(frame.graph, end).is_ok()),
            Gesture::Wire(Loose::Start { to }) if *to == end => Some(true),
            Gesture::Wire(_) => Some(false),
            _ => None,
        };
        dot(frame, at, response.hovered(), lit);
        if are_named(frame, local, layer, &wires) && inputs.is_named_for(i) {
            called_beside(frame, at + Vec2::new(-NAME, 2.0), Align2::RIGHT_TOP, &inputs.name(i));
        }
        let words = match wire {
            Some(_) => "Drag the wire off to disconnect it, or onto another layer to move it.",
            None => "Drag to the right side of the layer that should feed this one.",
        };
        match inputs.port(i) {
            Some(port) => hint(ui, local, response, &format!("{}: {}\n{words}", port.name, port.help)),
            None => hint(ui, local, response, words),
        }
    }
}

/// Whether the names of the inputs stand beside them: where there are several that mean different things. Those that
/// are wired for a purpose of their own only, as the truth of a Loss, are named where that is done or may be.
fn are_named(frame: &Frame<'_>, local: &CanvasUi, layer: &Layer, wires: &[Wire]) -> bool {
    let inputs = layer.kind.about().inputs;
    match inputs {
        Inputs::None | Inputs::One | Inputs::Many | Inputs::Any => false,
        Inputs::Named(ports) => {
            ports.iter().filter(|port| port.need != Need::Aside).count() > 1
                || wires.iter().any(|wire| inputs.is_aside(wire.input))
                || matches!(local.gesture, Gesture::Wire(_))
                || frame.state.selection().layers.contains(&layer.id)
        }
    }
}

/// The name of a port, below the wire that ends there.
fn called_beside(frame: &Frame<'_>, at: Pos2, align: Align2, called: &str) {
    if frame.has_detail() {
        frame.text(at, align, called, regular(10.5), frame.tokens.muted);
    }
}

/// From a port to its name, on the screen.
const NAME: f32 = 7.0;

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
