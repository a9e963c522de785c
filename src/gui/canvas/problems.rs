//! Problems where they are: a bubble at the wire or the card says what is wrong, expected, got and why, with repairs as
//! buttons. Those of the graph as a whole are in a strip at the top.

use egui::{Button, Pos2, Rect, RichText, Sense, Stroke, UiBuilder, pos2, vec2};

use super::super::theme::{Tokens, medium, mono, regular};
use super::{CanvasUi, Frame, Gesture, geometry, wires};
use crate::model::{LayerId, Place, Problem};
use crate::session::Action;

const WIDTH: f32 = 248.0;
/// With more problems than this only those that are pointed at or selected are spelled out.
const SPELLED_OUT: usize = 3;

pub fn bubbles(ui: &mut egui::Ui, frame: &Frame<'_>, local: &CanvasUi, actions: &mut Vec<Action>) {
    if !matches!(local.gesture, Gesture::Idle) {
        return;
    }
    let local_problems = || frame.state.inference.problems.iter().filter(|p| p.place != Place::Graph);
    let all = local_problems().count() <= SPELLED_OUT;
    for (i, problem) in local_problems().enumerate() {
        let Some(anchor) = anchor(frame, problem) else { continue };
        if !frame.rect.contains(anchor) {
            continue;
        }
        if all || pointed_at(frame, local, problem) {
            bubble(ui, frame, i, problem, anchor, actions);
        } else {
            badge(frame, anchor);
        }
    }
}

/// The point on the screen that a bubble hangs from.
fn anchor(frame: &Frame<'_>, problem: &Problem) -> Option<Pos2> {
    match problem.place {
        Place::Wire(id) => {
            let points = wires::curve(frame, id)?;
            Some(geometry::along(points, 0.5) + vec2(0.0, frame.scaled(14.0)))
        }
        Place::Layer(id) => {
            let card = frame.cards.get(&id)?;
            Some(frame.at(card.rect.center_bottom()) + vec2(0.0, 2.0))
        }
        Place::Graph => None,
    }
}

/// The layers that problems are about.
pub fn culprits<'a>(frame: &'a Frame<'_>) -> impl Iterator<Item = LayerId> + 'a {
    frame.state.inference.problems.iter().filter_map(|problem| match problem.place {
        Place::Layer(id) => Some(id),
        Place::Wire(id) => frame.graph.wire(id).map(|wire| wire.to),
        Place::Graph => None,
    })
}

fn pointed_at(frame: &Frame<'_>, local: &CanvasUi, problem: &Problem) -> bool {
    match problem.place {
        Place::Wire(id) => {
            let target = frame.graph.wire(id).map(|w| w.to);
            frame.state.selection.wire == Some(id)
                || local.hovered_wire == Some(id)
                || target.is_some_and(|t| frame.state.selection.layers.contains(&t))
        }
        Place::Layer(id) => frame.state.selection.layers.contains(&id),
        Place::Graph => false,
    }
}

fn badge(frame: &Frame<'_>, at: Pos2) {
    let t = &frame.tokens;
    frame.painter.circle_filled(at, 8.0, t.bad);
    frame.painter.text(at, egui::Align2::CENTER_CENTER, "!", medium(12.0), t.on_icon);
}

fn bubble(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    index: usize,
    problem: &Problem,
    anchor: Pos2,
    actions: &mut Vec<Action>,
) {
    let t = &frame.tokens;
    let limit = frame.rect.shrink(8.0);
    let left = (anchor.x - WIDTH / 2.0).min(limit.right() - WIDTH).max(limit.left());
    let salt = egui::Id::unique(("canvas", "problem", index));
    let known = ui.ctx().data(|d| d.get_temp::<f32>(salt)).unwrap_or(96.0);
    let top = (beside_cards(frame, left, anchor.y + 8.0, known)).min(limit.bottom() - known).max(limit.top());
    let place = Rect::from_min_size(pos2(left, top), vec2(WIDTH, known));
    if top > anchor.y {
        frame.painter.vline(anchor.x, anchor.y..=top, Stroke::new(1.0, t.bad));
        let base = (top - 8.0).max(anchor.y);
        let tip = vec![pos2(anchor.x, base), pos2(anchor.x - 6.0, top + 1.0), pos2(anchor.x + 6.0, top + 1.0)];
        frame.painter.add(egui::Shape::convex_polygon(tip, t.bad, Stroke::NONE));
    }
    let builder = UiBuilder::new().scope_id(salt).max_rect(place).sense(Sense::click());
    let mut child = ui.new_child(builder);
    let bubble = egui::Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.bad))
        .corner_radius(8)
        .inner_margin(egui::Margin::symmetric(10, 8));
    let shown = bubble.show(&mut child, |ui| {
        ui.set_width(WIDTH - 20.0);
        ui.spacing_mut().item_spacing.y = 5.0;
        contents(ui, frame, problem, actions);
    });
    let height = shown.response.rect.height();
    if (height - known).abs() > 0.5 {
        ui.ctx().data_mut(|d| d.insert_temp(salt, height));
        ui.ctx().request_repaint();
    }
}

/// How far down a bubble has to hang to cover no card, where the canvas is high enough for that.
fn beside_cards(frame: &Frame<'_>, left: f32, top: f32, height: f32) -> f32 {
    let cards = frame.cards.values().map(|card| frame.on_screen(card.rect).expand(4.0));
    let mut tops: Vec<Rect> = cards.filter(|card| card.right() > left && card.left() < left + WIDTH).collect();
    tops.sort_by(|a, b| a.bottom().total_cmp(&b.bottom()));
    let lower =
        tops.iter().fold(
            top,
            |top, card| {
                if card.top() < top + height && card.bottom() > top { card.bottom() + 8.0 } else { top }
            },
        );
    // The controls at the lower edge keep their room.
    if lower + height < frame.rect.bottom() - 52.0 { lower } else { top }
}

fn contents(ui: &mut egui::Ui, frame: &Frame<'_>, problem: &Problem, actions: &mut Vec<Action>) {
    let t = &frame.tokens;
    if let Some((expected, got)) = &problem.expected_got {
        ui.spacing_mut().interact_size.y = 16.0;
        for (what, value, colour) in [("expected", expected, t.text), ("got", got, t.bad)] {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
                ui.label(RichText::new(what).font(regular(12.0)).color(t.muted));
                ui.label(RichText::new(value).font(mono(12.0)).color(colour));
            });
        }
    }
    ui.label(RichText::new(&problem.message).font(regular(12.0)).color(t.text));
    if !problem.repairs.is_empty() {
        ui.horizontal_wrapped(|ui| repairs(ui, problem, actions));
    }
}

/// The repairs as buttons, the likeliest first.
pub fn repairs(ui: &mut egui::Ui, problem: &Problem, actions: &mut Vec<Action>) {
    for (i, repair) in problem.repairs.iter().enumerate() {
        let t = Tokens::of(ui);
        let (fill, colour) = if i == 0 { (t.accent, t.on_accent) } else { (t.raised, t.text) };
        let words = RichText::new(&repair.label).font(medium(12.0)).color(colour);
        if ui.add(Button::new(words).fill(fill).min_size(vec2(0.0, 26.0))).clicked() {
            actions.push(Action::Edit(repair.edit.clone()));
        }
    }
}
