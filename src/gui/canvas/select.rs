//! Selecting with the mouse and moving what is selected.

use std::collections::BTreeSet;

use egui::{Pos2, Rect, Response, Stroke, StrokeKind, Vec2, vec2};

use super::{CanvasUi, Frame, Gesture, geometry, hand, view, wires, wiring};
use crate::model::layer::Inputs;
use crate::model::{Edit, Graph, LayerId, WireId};
use crate::session::Action;

/// Cards move in steps of this many points, so that rows stay straight.
const GRID: f32 = 8.0;

/// Cards in the hand.
#[derive(Clone, Debug)]
pub struct Moving {
    start: Vec<(LayerId, [f32; 2])>,
    /// Where they were grabbed, in the graph's points.
    grabbed: Pos2,
    moved: bool,
}

impl Moving {
    pub fn begin(graph: &Graph, layers: &BTreeSet<LayerId>, grabbed: Pos2) -> Self {
        let start = layers.iter().filter_map(|&id| Some((id, graph.layer(id)?.position))).collect();
        Self { start, grabbed, moved: false }
    }

    pub fn moves(&self, layer: LayerId) -> bool {
        self.start.iter().any(|(id, _)| *id == layer)
    }

    fn moved_by(&self, delta: Vec2) -> Vec<(LayerId, [f32; 2])> {
        let snap = |v: f32| (v / GRID).round() * GRID;
        let delta = vec2(snap(delta.x), snap(delta.y));
        self.start.iter().map(|&(id, [x, y])| (id, [x + delta.x, y + delta.y])).collect()
    }
}

pub fn show(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    background: &Response,
    actions: &mut Vec<Action>,
) {
    start(ui, frame, local, background, actions);
    let escape = ui.input(|i| i.key_pressed(egui::Key::Escape));
    let released = ui.input(|i| i.pointer.primary_released() || !i.pointer.primary_down());
    let pointer = hand(ui);
    match std::mem::take(&mut local.gesture) {
        Gesture::Box { from } => {
            let Some(pointer) = pointer.filter(|_| !escape) else { return };
            let area = Rect::from_two_pos(from, frame.graph_point(pointer));
            if released {
                let extend = ui.input(|i| i.modifiers.shift || i.modifiers.command);
                actions.push(Action::Select { layers: inside(frame, area), extend });
            } else {
                paint_box(frame, area);
                local.gesture = Gesture::Box { from };
            }
        }
        Gesture::Move(moving) if escape => {
            if moving.moved {
                actions.extend([Action::Edit(Edit::Move(moving.start)), Action::EndEdit]);
            }
        }
        Gesture::Move(mut moving) => {
            if let Some(pointer) = pointer {
                follow(frame, &mut moving, pointer, actions);
            }
            let onto = pointer.and_then(|at| wire_under(frame, &moving, at));
            if released {
                drop_cards(&moving, onto, actions);
            } else {
                highlight(frame, onto);
                local.gesture = Gesture::Move(moving);
            }
        }
        other => local.gesture = other,
    }
}

/// A press on nothing: a click selects nothing, a drag draws a box.
fn start(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, background: &Response, actions: &mut Vec<Action>) {
    if background.clicked() && local.hovered_wire.is_none() {
        local.pinned_unit = None;
        actions.push(Action::SelectNothing);
    }
    if background.drag_started_by(egui::PointerButton::Primary)
        && matches!(local.gesture, Gesture::Idle)
        && let Some(at) = ui.input(|i| i.pointer.press_origin())
    {
        local.gesture = Gesture::Box { from: frame.graph_point(at) };
    }
}

fn inside(frame: &Frame<'_>, area: Rect) -> Vec<LayerId> {
    let rect = |id: &LayerId| frame.cards.get(id).map(|card| card.rect);
    let touched = |id: &LayerId| rect(id).is_some_and(|r| r.intersects(area));
    frame.graph.layers().map(|l| l.id).filter(touched).collect()
}

fn paint_box(frame: &Frame<'_>, area: Rect) {
    let t = &frame.tokens;
    frame.painter.rect(frame.on_screen(area), 2.0, t.accent_soft, Stroke::new(1.0, t.accent), StrokeKind::Inside);
}

fn follow(frame: &Frame<'_>, moving: &mut Moving, pointer: Pos2, actions: &mut Vec<Action>) {
    let next = moving.moved_by(frame.graph_point(pointer) - moving.grabbed);
    let stays = next.iter().all(|(id, at)| frame.graph.layer(*id).is_none_or(|l| l.position == *at));
    if !stays {
        moving.moved = true;
        actions.push(Action::Edit(Edit::Move(next)));
    }
}

/// The wire that a single card without wires would be put into.
fn wire_under(frame: &Frame<'_>, moving: &Moving, pointer: Pos2) -> Option<WireId> {
    let [(id, _)] = moving.start[..] else { return None };
    let layer = frame.graph.layer(id)?;
    let about = layer.kind.about();
    let fits = about.has_output && about.inputs != Inputs::None;
    let free = frame.graph.wires().iter().all(|w| w.from != id && w.to != id);
    if !(fits && free && moving.moved) {
        return None;
    }
    let axis = frame.at(view::point(layer.position) + vec2(geometry::width(&layer.kind) / 2.0, geometry::AXIS));
    let reach = frame.scaled(16.0).max(8.0);
    wires::nearest(frame, pointer, reach).or_else(|| wires::nearest(frame, axis, reach))
}

/// Shows that letting go would put something into this wire.
pub fn highlight(frame: &Frame<'_>, wire: Option<WireId>) {
    if let Some(points) = wire.and_then(|id| wires::curve(frame, id)) {
        let t = &frame.tokens;
        wires::paint_curve(frame, points, Stroke::new(frame.scaled(8.0).max(4.0), t.accent_soft));
        wires::paint_curve(frame, points, Stroke::new(frame.scaled(3.0).max(2.0), t.accent));
        let middle = geometry::along(points, 0.5);
        frame.painter.circle_filled(middle, frame.scaled(9.0).max(6.0), t.accent);
        wiring::caption(frame, middle, "insert here");
    }
}

fn drop_cards(moving: &Moving, onto: Option<WireId>, actions: &mut Vec<Action>) {
    if !moving.moved {
        return;
    }
    actions.push(Action::EndEdit);
    if let (Some(wire), [(layer, _)]) = (onto, &moving.start[..]) {
        actions.push(Action::Edit(Edit::MoveOntoWire { wire, layer: *layer }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_move_together_in_steps_of_the_grid() {
        let mut graph = Graph::default();
        let a = graph.add(crate::model::layer::Dense::default().into(), [3.0, 0.0]);
        let b = graph.add(crate::model::layer::Dense::default().into(), [219.0, 5.0]);
        let moving = Moving::begin(&graph, &[a, b].into(), Pos2::ZERO);
        assert_eq!(moving.moved_by(vec2(13.0, -3.0)), [(a, [19.0, 0.0]), (b, [235.0, 5.0])]);
    }
}
