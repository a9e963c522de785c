//! A layer dragged in from the palette: a ghost shows where it will land and what it will be connected to.

use egui::{CornerRadius, DragAndDrop, Pos2, Rect, Stroke, StrokeKind, vec2};

use super::super::palette::DragLayer;
use super::super::theme::medium;
use super::super::widgets::paint_kind_icon;
use super::{CanvasUi, Frame, geometry, hand, select, view, wires, wiring};
use crate::model::layer::Inputs;
use crate::model::{Edit, LayerId, LayerKind, WireId};
use crate::session::Action;

/// Where a dragged layer would land.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Landing {
    OnWire(WireId),
    /// Fed by a layer whose output is near.
    After(LayerId, [f32; 2]),
    Free([f32; 2]),
}

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, _local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let Some(payload) = DragAndDrop::payload::<DragLayer>(ui.ctx()) else { return };
    let Some(pointer) = hand(ui) else { return };
    if !frame.rect.contains(pointer) {
        return;
    }
    let landing = landing(frame, &payload.kind, pointer);
    if ui.input(|i| i.pointer.any_released()) {
        let Some(payload) = DragAndDrop::take_payload::<DragLayer>(ui.ctx()) else { return };
        let edit = edit(landing, payload.kind.clone(), frame.state.inside());
        actions.push(Action::Edit(edit.like_neighbours(frame.graph, frame.state.inference())));
    } else {
        ghost(frame, &payload.kind, landing, pointer);
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    }
}

fn edit(landing: Landing, kind: LayerKind, inside: Option<LayerId>) -> Edit {
    match landing {
        Landing::OnWire(wire) => Edit::InsertOnWire { wire, kind, position: None },
        Landing::After(from, position) => Edit::AddConnected { from: from.into(), kind, position },
        Landing::Free(position) => Edit::Add { kind, position, inside },
    }
}

fn landing(frame: &Frame<'_>, kind: &LayerKind, pointer: Pos2) -> Landing {
    let about = kind.about();
    if about.has_output && about.inputs != Inputs::None {
        let reach = frame.scaled(14.0).max(10.0);
        if let Some(wire) = wires::nearest(frame, pointer, reach) {
            return Landing::OnWire(wire);
        }
    }
    let corner = frame.graph_point(pointer) - vec2(geometry::width(kind) / 2.0, geometry::AXIS);
    let corner = [(corner.x / 8.0).round() * 8.0, (corner.y / 8.0).round() * 8.0];
    let width = geometry::width(kind);
    match (about.inputs != Inputs::None).then(|| near_output(frame, pointer, corner)).flatten() {
        Some((from, position)) => Landing::After(from, free_place(frame, width, position)),
        None => Landing::Free(free_place(frame, width, corner)),
    }
}

/// Between a dropped card and its neighbours, at least.
const MARGIN: f32 = 16.0;
/// How far aside a card is put at most, to have a place of its own.
const ASIDE: i32 = 40;

/// The place nearest to `corner` where a card of usual height covers no other.
fn free_place(frame: &Frame<'_>, width: f32, corner: [f32; 2]) -> [f32; 2] {
    let card = |[x, y]: [f32; 2]| Rect::from_min_size(view::point([x, y]), vec2(width, 2.0 * geometry::AXIS));
    let reach = MARGIN * (ASIDE + 1) as f32;
    let around = card(corner).expand(reach + geometry::WIDTH);
    let taken = frame.graph.layers().map(|layer| {
        let nominal = geometry::nominal(layer);
        frame.cards.get(&layer.id).map_or(nominal, |card| card.rect.union(nominal)).expand(MARGIN - 1.0)
    });
    let taken: Vec<Rect> = taken.filter(|rect| rect.intersects(around)).collect();
    let is_free = |at: [f32; 2]| !taken.iter().any(|rect| rect.intersects(card(at)));
    let steps = (-ASIDE..=ASIDE).flat_map(|x| (-ASIDE..=ASIDE).map(move |y| (x * x + y * y, x, y)));
    let moved = |(_, x, y): (i32, i32, i32)| [corner[0] + MARGIN * x as f32, corner[1] + MARGIN * y as f32];
    if is_free(corner) {
        return corner;
    }
    let nearest = steps.filter(|&step| is_free(moved(step))).min_by_key(|step| step.0);
    nearest.map_or(corner, moved)
}

/// The output that the pointer or the ghost's left side is near, and where the layer then goes: beside it, on its axis.
fn near_output(frame: &Frame<'_>, pointer: Pos2, corner: [f32; 2]) -> Option<(LayerId, [f32; 2])> {
    let left = frame.at(view::point(corner) + vec2(0.0, geometry::AXIS));
    let reach = frame.scaled(44.0).max(24.0);
    let distances = frame.cards.keys().filter_map(|&id| {
        let layer = frame.graph.layer(id)?;
        let port = frame.at(geometry::output_port(layer, frame.graph.main_output(id))?);
        let distance = port.distance(pointer).min(port.distance(left));
        (distance <= reach).then_some((distance, layer))
    });
    let (_, layer) = distances.min_by(|a, b| a.0.total_cmp(&b.0))?;
    let beside = layer.position[0] + geometry::width(&layer.kind) + 56.0;
    let row = layer.position[1];
    let y = if (corner[1] - row).abs() < 48.0 { row } else { corner[1] };
    Some((layer.id, [corner[0].max(beside), y]))
}

fn ghost(frame: &Frame<'_>, kind: &LayerKind, landing: Landing, pointer: Pos2) {
    let t = &frame.tokens;
    let about = kind.about();
    let (centre, size) = match landing {
        Landing::OnWire(wire) => {
            select::highlight(frame, Some(wire));
            // Above the wire, so that it can be seen which one it is.
            let size = vec2(geometry::width(kind), 36.0) * frame.view.zoom;
            (pointer - vec2(0.0, size.y / 2.0 + frame.scaled(20.0)), size)
        }
        Landing::After(_, at) | Landing::Free(at) => {
            let size = vec2(geometry::width(kind), 72.0);
            (frame.at(view::point(at) + vec2(size.x / 2.0, geometry::AXIS)), size * frame.view.zoom)
        }
    };
    let rect = Rect::from_center_size(centre, size);
    if let Landing::After(from, _) = landing
        && let Some(port) =
            frame.graph.layer(from).and_then(|layer| geometry::output_port(layer, frame.graph.main_output(from)))
    {
        let points = geometry::curve(frame.at(port), rect.left_center(), frame.view.zoom);
        wires::paint_curve(frame, points, Stroke::new(frame.scaled(2.0).max(1.5), t.accent));
    }
    let fill = t.panel.gamma_multiply(0.85);
    let radius = CornerRadius::from(frame.scaled(10.0));
    frame.painter.rect(rect, radius, fill, Stroke::new(1.5, t.accent), StrokeKind::Inside);
    let icon = Rect::from_center_size(
        rect.left_top() + vec2(frame.scaled(19.0), frame.scaled(18.0)),
        egui::Vec2::splat(frame.scaled(18.0)),
    );
    paint_kind_icon(&frame.painter, t, about, icon);
    let room = rect.width() - frame.scaled(46.0);
    let left = icon.right_center() + vec2(frame.scaled(8.0), 0.0);
    frame.elided(left, about.title, medium(13.0), t.text, room);
    if let Landing::After(from, _) = landing {
        let name = frame.graph.layer(from).map_or("", |l| l.name.as_str());
        wiring::caption(frame, rect.left_bottom(), &format!("connects to {name}"));
    }
}
