//! Wires: curves between ports with the shape that flows along them.

use std::sync::Arc;

use egui::epaint::CubicBezierShape;
use egui::{Color32, Galley, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, vec2};

use super::super::numbers;
use super::super::theme::regular;
use super::{CanvasUi, Frame, Gesture, around, geometry, id, menus, phases, wiring};
use crate::model::{Shape, Wire, WireId};
use crate::session::Action;

/// How far from a curve the pointer still touches it, in points of the screen.
pub const TOUCH: f32 = 7.0;

/// All wires with their curves on the screen.
pub fn curves(frame: &Frame<'_>) -> Vec<(Wire, [Pos2; 4])> {
    let ends = geometry::all_ends(frame.graph);
    let curve = |(wire, from, to): (Wire, Pos2, Pos2)| {
        let detour = frame.scaled(geometry::detour(frame.graph, &wire, from, to));
        (wire, geometry::curve_around(frame.at(from), frame.at(to), frame.view.zoom, detour))
    };
    ends.into_iter().map(curve).collect()
}

/// Whether another wire leads from the same port to the same layer, and says what flows already.
fn is_double(frame: &Frame<'_>, wire: &Wire) -> bool {
    let twin = frame.graph.wires().iter().find(|w| (w.from, w.output, w.to) == (wire.from, wire.output, wire.to));
    twin.is_some_and(|twin| twin.id != wire.id)
}

/// The curve of one wire.
pub fn curve(frame: &Frame<'_>, wire: WireId) -> Option<[Pos2; 4]> {
    frame.curves.iter().find(|(w, _)| w.id == wire).map(|(_, points)| *points)
}

/// The wire nearest to a place on the screen, within `reach`.
pub fn nearest(frame: &Frame<'_>, at: Pos2, reach: f32) -> Option<WireId> {
    let distances = frame.curves.iter().map(|(wire, points)| (geometry::distance(*points, at), wire.id));
    let near = distances.filter(|(distance, _)| *distance <= reach);
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, id)| id)
}

pub fn show(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    background: &Response,
    actions: &mut Vec<Action>,
) {
    let touched = background
        .hover_pos()
        .filter(|_| background.hovered() && matches!(local.gesture, Gesture::Idle))
        .and_then(|at| nearest(frame, at, TOUCH));
    if let Some(wire) = touched.filter(|_| background.clicked()) {
        actions.push(Action::SelectWire(wire));
    }
    if touched.is_some() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    }
    let hovered = touched.or(local.hovered_wire.filter(|_| !background.hovered()));
    local.hovered_wire = touched;
    let detached = match &local.gesture {
        Gesture::Wire(wiring::Loose::End { detached, .. }) => *detached,
        _ => None,
    };
    let screen = frame.rect.expand(8.0);
    for &(ref wire, points) in frame.curves.iter().filter(|(wire, _)| Some(wire.id) != detached) {
        let on_screen = Rect::from_points(&points).intersects(screen);
        let look = Look::of(frame, wire, hovered == Some(wire.id));
        // Lines between units say more than the wire and its shape.
        let is_column = |layer| frame.cards.get(layer).is_some_and(|card| card.is_column);
        let is_linked = local.linked.contains(&wire.to) && is_column(&wire.from) && is_column(&wire.to);
        let is_plain = look.text == frame.tokens.muted && is_linked;
        if on_screen {
            if !is_plain {
                paint_curve(frame, points, look.stroke);
            }
            phases::along(ui, frame, points, wire);
        }
        let response = pill(ui, frame, wire, points, &look, on_screen && !is_plain);
        if response.hovered() {
            local.hovered_wire = Some(wire.id);
        }
        if response.clicked() || response.secondary_clicked() {
            actions.push(Action::SelectWire(wire.id));
        }
        if menus::wanted(&response) {
            response.context_menu(|ui| menus::wire(ui, frame, wire.id, actions));
        }
    }
}

/// Colours of a wire.
struct Look {
    stroke: Stroke,
    text: Color32,
}

impl Look {
    fn of(frame: &Frame<'_>, wire: &Wire, hovered: bool) -> Self {
        let t = &frame.tokens;
        let width = frame.scaled(2.0).clamp(1.0, 4.0) * t.weight;
        let wrong = frame.state.inference().wire_problem(wire.id).is_some();
        let selected = frame.state.selection().wire == Some(wire.id);
        let (colour, text) = match (wrong, selected, hovered) {
            (true, ..) => (t.bad, t.bad),
            (_, true, _) => (t.accent, t.text),
            (.., true) => (t.text, t.text),
            _ => (t.faint, t.muted),
        };
        let width = if selected || hovered { width + 1.0 } else { width };
        Self { stroke: Stroke::new(width, colour), text }
    }
}

pub fn paint_curve(frame: &Frame<'_>, points: [Pos2; 4], stroke: Stroke) {
    frame.painter.add(CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
}

/// The shape on its wire, in the middle. It is also what the wire is called by.
fn pill(ui: &egui::Ui, frame: &Frame<'_>, wire: &Wire, points: [Pos2; 4], look: &Look, on_screen: bool) -> Response {
    let double = is_double(frame, wire);
    let middle = geometry::along(points, if double { 0.25 } else { 0.5 });
    let shape = frame.state.inference().shape_on(wire);
    let room = (points[3].x - points[0].x).abs() - frame.scaled(14.0);
    let galley = shape.filter(|_| on_screen && !double).map(|shape| label(frame, shape, room, look.text));
    let galley = galley.filter(|galley| frame.has_detail() || galley.size().x <= room);
    let rect = match &galley {
        Some(galley) if galley.rows.len() > 1 => around(middle, galley.size(), [frame.scaled(3.0), frame.scaled(2.0)]),
        Some(galley) => around(middle, galley.size(), [frame.scaled(6.0), frame.scaled(2.0)]),
        None => Rect::from_center_size(middle, vec2(14.0, 14.0)),
    };
    let response = ui.interact(rect, id("wire", wire.id.0), Sense::click());
    let of = |id| frame.graph.layer(id).map_or(String::new(), |l| l.name.clone());
    let title = format!("wire {} to {}", of(wire.from), of(wire.to));
    response.widget_info(|| egui::WidgetInfo {
        current_text_value: Some(shape.map_or("?".to_owned(), ToString::to_string)),
        ..egui::WidgetInfo::labeled(Role::Button, true, &title)
    });
    if let Some(galley) = galley {
        let radius = frame.scaled(9.0);
        let stroke =
            Stroke::new(1.0, if look.text == frame.tokens.muted { frame.tokens.line } else { look.stroke.color });
        frame.painter.rect(rect, radius, frame.tokens.canvas, stroke, StrokeKind::Inside);
        let at = rect.center() - galley.rect.center().to_vec2();
        frame.painter.galley(at, galley, look.text);
    }
    if response.hovered() { response.on_hover_text(words(&of(wire.from), &of(wire.to), shape)) } else { response }
}

/// On one line where there is room, else broken after the first axis.
fn label(frame: &Frame<'_>, shape: &Shape, room: f32, colour: Color32) -> Arc<Galley> {
    let font = frame.legible(regular(11.0));
    let one = frame.painter.layout_no_wrap(shape.to_string(), font, colour);
    if one.size().x + frame.scaled(12.0) <= room || shape.rank() < 2 {
        return one;
    }
    let rest = Shape(shape.0[1..].to_vec());
    let broken = |font| {
        let words = format!("{} ×\n{rest}", shape.0[0]);
        let mut job = egui::text::LayoutJob::simple(words, font, colour, f32::INFINITY);
        job.halign = egui::Align::Center;
        frame.painter.layout_job(job)
    };
    let legible = broken(frame.legible(regular(11.0)));
    // The ports at its ends stay free.
    let fits = legible.size().x <= room - frame.scaled(6.0);
    if fits || !frame.has_detail() { legible } else { broken(frame.font(regular(11.0))) }
}

fn words(from: &str, to: &str, shape: Option<&Shape>) -> String {
    match shape {
        Some(shape) => format!(
            "{from} to {to}: {shape}, {} value{} per sample. Click to select, Delete to disconnect.",
            numbers::count(shape.len() as u64),
            if shape.len() == 1 { "" } else { "s" }
        ),
        None => format!("{from} to {to}: the shape is unknown because of a problem upstream."),
    }
}
