//! Problems where they are: a bubble at the wire or the card says what is wrong, expected, got and why, with repairs as
//! buttons. Those of the graph as a whole are in a strip at the top.

use egui::{Button, Pos2, Rect, RichText, Role, Sense, Stroke, UiBuilder, Vec2, pos2, vec2};

use super::super::theme::{Tokens, medium, mono, regular};
use super::{CanvasUi, Frame, Gesture, geometry, id, name, steps, wires};
use crate::model::{LayerId, Problem, Subject};
use crate::session::Action;

const WIDTH: f32 = 248.0;
/// In a narrower one nothing can be read.
const NARROWEST: f32 = 160.0;
/// With more problems than this only those that are pointed at or selected are spelled out.
const SPELLED_OUT: usize = 3;
/// Between a bubble and what it must not cover.
const MARGIN: f32 = 6.0;
/// Further away from its place a bubble is not understood.
const FARTHEST: f32 = 240.0;

pub fn bubbles(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    local.bubbles.clear();
    if !matches!(local.gesture, Gesture::Idle) {
        return;
    }
    let local_problems = || frame.state.inference().problems.iter().filter(|p| p.place != Subject::Graph);
    let all = local_problems().count() <= SPELLED_OUT;
    // What floats over the canvas, the buttons on wires, and every bubble that hangs already.
    let mut taken: Vec<Rect> = local.floating.iter().copied().chain(steps::taken(frame)).collect();
    let cards: Vec<Rect> = frame.cards.values().map(|card| frame.on_screen(card.rect)).collect();
    for (i, problem) in local_problems().enumerate() {
        let Some([above, anchor]) = anchors(frame, problem) else { continue };
        if !frame.rect.contains(anchor) {
            continue;
        }
        let pointed_at = pointed_at(frame, local, problem);
        let size = size(ui, frame, i);
        let free = |keep_off: &[Rect]| free_place(frame.rect.shrink(8.0), anchor, size, keep_off);
        let place = (all || pointed_at).then(|| {
            let with = |cards: Vec<Rect>| -> Vec<Rect> { cards.into_iter().chain(taken.iter().copied()).collect() };
            // Where there is no other room, rather over a card that it is not about than without words.
            let (all, own) = (with(cards.clone()), with(ends(frame, problem)));
            free(&all).or_else(|| free(&own)).or_else(|| free(&taken).filter(|_| pointed_at))
        });
        match place.flatten() {
            Some(place) => {
                tether(frame, if place.bottom() < above.y { above } else { anchor }, place);
                bubble(ui, frame, i, problem, place, actions);
                taken.push(place);
                local.bubbles.push(place);
            }
            None => local.list_asked |= badge(ui, frame, i, problem, anchor),
        }
    }
}

/// What a problem in a Block that is not open is about here: the card of the Block.
fn here(frame: &Frame<'_>, place: Subject) -> Subject {
    let graph = &frame.state.project().graph;
    let layer = match place {
        Subject::Wire(id) if frame.graph.wire(id).is_none() => graph.wire(id).map(|wire| wire.to),
        Subject::Layer(id) if frame.graph.layer(id).is_none() => Some(id),
        _ => None,
    };
    let around = layer.map(|id| graph.around(id)).unwrap_or_default();
    around.into_iter().find(|&block| frame.graph.layer(block).is_some()).map_or(place, Subject::Layer)
}

/// The cards that a problem is about.
fn ends(frame: &Frame<'_>, problem: &Problem) -> Vec<Rect> {
    let layers = match here(frame, problem.place) {
        Subject::Wire(id) => frame.graph.wire(id).map_or(Vec::new(), |wire| vec![wire.from, wire.to]),
        Subject::Layer(id) => vec![id],
        Subject::Graph => Vec::new(),
    };
    layers.iter().filter_map(|id| frame.cards.get(id)).map(|card| frame.on_screen(card.rect)).collect()
}

/// The points on the screen that a bubble hangs from: one above it, and one below.
fn anchors(frame: &Frame<'_>, problem: &Problem) -> Option<[Pos2; 2]> {
    match here(frame, problem.place) {
        Subject::Wire(id) => {
            let middle = geometry::along(wires::curve(frame, id)?, 0.5);
            let reach = vec2(0.0, frame.scaled(14.0));
            Some([middle - reach, middle + reach])
        }
        Subject::Layer(id) => {
            let card = frame.on_screen(frame.cards.get(&id)?.rect);
            Some([card.center_top() - vec2(0.0, 2.0), card.center_bottom() + vec2(0.0, 2.0)])
        }
        Subject::Graph => None,
    }
}

/// The layers that problems are about.
pub fn culprits<'a>(frame: &'a Frame<'_>) -> impl Iterator<Item = LayerId> + 'a {
    frame.state.inference().problems.iter().filter_map(|problem| match problem.place {
        Subject::Layer(id) => Some(id),
        Subject::Wire(id) => frame.graph.wire(id).map(|wire| wire.to),
        Subject::Graph => None,
    })
}

fn pointed_at(frame: &Frame<'_>, local: &CanvasUi, problem: &Problem) -> bool {
    match here(frame, problem.place) {
        Subject::Wire(id) => {
            let target = frame.graph.wire(id).map(|w| w.to);
            frame.state.selection().wire == Some(id)
                || local.hovered_wire == Some(id)
                || target.is_some_and(|t| frame.state.selection().layers.contains(&t))
        }
        Subject::Layer(id) => frame.state.selection().layers.contains(&id),
        Subject::Graph => false,
    }
}

/// A mark where there is no room for words. Whether it was pressed.
fn badge(ui: &egui::Ui, frame: &Frame<'_>, index: usize, problem: &Problem, at: Pos2) -> bool {
    let t = &frame.tokens;
    frame.painter.circle_filled(at, 8.0, t.bad);
    frame.painter.text(at, egui::Align2::CENTER_CENTER, "!", medium(12.0), t.on_icon);
    let response =
        ui.interact(Rect::from_center_size(at, Vec2::splat(18.0)), id("badge", index as u32), Sense::click());
    name(&response, Role::Button, format!("Problem of {}", problem.layer));
    let pressed = response.clicked();
    response.on_hover_text(&problem.message);
    pressed
}

fn salt(index: usize) -> egui::Id {
    egui::Id::unique(("canvas", "problem", index))
}

/// As large as the bubble was when it was last drawn.
fn size(ui: &egui::Ui, frame: &Frame<'_>, index: usize) -> Vec2 {
    let height = ui.ctx().data(|d| d.get_temp::<f32>(salt(index))).unwrap_or(96.0);
    vec2(WIDTH.min(frame.rect.width() - 16.0), height)
}

fn bubble(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    index: usize,
    problem: &Problem,
    place: Rect,
    actions: &mut Vec<Action>,
) {
    let t = &frame.tokens;
    let builder = UiBuilder::new().scope_id(salt(index)).max_rect(place).sense(Sense::click());
    let mut child = ui.new_child(builder);
    let bubble = egui::Frame::new()
        .fill(t.panel)
        .stroke(Stroke::new(1.0, t.bad))
        .corner_radius(8)
        .inner_margin(egui::Margin::symmetric(10, 8));
    let shown = bubble.show(&mut child, |ui| {
        ui.set_width(place.width() - 20.0);
        ui.spacing_mut().item_spacing.y = 5.0;
        contents(ui, frame, problem, actions);
    });
    let height = shown.response.rect.height();
    if (height - place.height()).abs() > 0.5 {
        ui.ctx().data_mut(|d| d.insert_temp(salt(index), height));
        ui.ctx().request_repaint();
    }
}

/// From what is wrong to the words about it.
fn tether(frame: &Frame<'_>, anchor: Pos2, place: Rect) {
    let t = &frame.tokens;
    let inner = place.shrink(12.0);
    let end = pos2(anchor.x.clamp(inner.left(), inner.right()), anchor.y.clamp(place.top(), place.bottom()));
    frame.painter.line_segment([anchor, end], Stroke::new(1.0, t.bad));
    if place.top() > anchor.y && inner.x_range().contains(anchor.x) {
        let (top, base) = (place.top(), (place.top() - 8.0).max(anchor.y));
        let tip = vec![pos2(anchor.x, base), pos2(anchor.x - 6.0, top + 1.0), pos2(anchor.x + 6.0, top + 1.0)];
        frame.painter.add(egui::Shape::convex_polygon(tip, t.bad, Stroke::NONE));
    }
}

/// The place nearest to `anchor`, below it rather than above, where something of this size covers nothing of
/// `keep_off`.
fn free_place(room: Rect, anchor: Pos2, size: Vec2, keep_off: &[Rect]) -> Option<Rect> {
    if size.x > room.width() || size.y > room.height() || size.x < NARROWEST {
        return None;
    }
    let near = Rect::from_center_size(anchor, 2.0 * (size + Vec2::splat(FARTHEST)));
    let keep_off: Vec<Rect> = keep_off.iter().filter(|r| r.intersects(near)).map(|r| r.expand(MARGIN)).collect();
    // A best place touches its anchor, the edge of the room, or something that it must not cover.
    let lefts = keep_off.iter().flat_map(|r| [r.left() - size.x, r.right()]);
    let lefts: Vec<f32> = lefts
        .chain([anchor.x - size.x / 2.0, room.left(), room.right() - size.x])
        .map(|left| left.clamp(room.left(), room.right() - size.x))
        .collect();
    let tops = keep_off.iter().flat_map(|r| [r.top() - size.y, r.bottom()]);
    let tops = tops.chain([anchor.y + MARGIN + 2.0, anchor.y - size.y - 36.0, room.top(), room.bottom() - size.y]);
    let tops: Vec<f32> = tops.filter(|top| (room.top()..=room.bottom() - size.y).contains(top)).collect();
    let all = lefts.iter().flat_map(|&left| tops.iter().map(move |&top| Rect::from_min_size(pos2(left, top), size)));
    let free = all.filter(|place| !keep_off.iter().any(|r| r.shrink(0.1).intersects(*place)));
    let cost = |place: &Rect| {
        let aside = (place.center().x - anchor.x).abs() * 0.25;
        let above = if place.top() < anchor.y { 60.0 } else { 0.0 };
        place.distance_to_pos(anchor) + aside + above
    };
    let near = free.filter(|place| place.distance_to_pos(anchor) < FARTHEST);
    near.min_by(|a, b| cost(a).total_cmp(&cost(b)))
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

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(800.0, 500.0) };

    #[test]
    fn a_bubble_hangs_below_its_place_or_wherever_near_it_covers_nothing() {
        let (anchor, size) = (pos2(400.0, 100.0), vec2(248.0, 96.0));
        let free = free_place(ROOM, anchor, size, &[]).unwrap();
        assert!(free.top() > anchor.y && (free.center().x - anchor.x).abs() < 1.0, "{free}");
        let below = Rect::from_min_max(pos2(300.0, 110.0), pos2(500.0, 240.0));
        let beside = free_place(ROOM, anchor, size, &[below]).unwrap();
        assert!(!beside.intersects(below) && ROOM.contains_rect(beside), "{beside}");
        // Three at one place keep off each other.
        let mut taken = vec![below];
        for _ in 0..3 {
            let next = free_place(ROOM, anchor, size, &taken).unwrap();
            assert!(taken.iter().all(|other| !other.intersects(next)), "{next} {taken:?}");
            taken.push(next);
        }
    }

    #[test]
    fn where_there_is_no_room_there_is_no_bubble() {
        let anchor = pos2(400.0, 100.0);
        assert_eq!(free_place(ROOM, anchor, vec2(248.0, 96.0), &[ROOM]), None);
        assert_eq!(free_place(ROOM, anchor, vec2(900.0, 96.0), &[]), None);
        assert_eq!(free_place(ROOM, anchor, vec2(100.0, 96.0), &[]), None, "too narrow to be read");
    }
}
