//! One more and one less: plus and minus for the units of a card and for the layers between cards, by mouse and by key.

use egui::{CursorIcon, Key, Modifiers, Rect, Response, Role, Sense, Stroke, StrokeKind, Vec2, vec2};

use super::geometry::{self, ParamSlot};
use super::{CanvasUi, Frame, Gesture, id, name};
use crate::model::layer::Activation;
use crate::model::{Edit, Layer, LayerId, ParamKind, ParamValue, Wire, WireId, one_less};
use crate::session::Action;

/// Across a button on a wire, at 100 %.
const SIZE: f32 = 16.0;
/// From a wire up to the middle of its buttons.
const RISE: f32 = 22.0;
/// On the screen a button is no smaller than this, for the hand; from further away there is no room for it.
const SMALLEST: f32 = 13.0;
const FURTHEST: f32 = 0.5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Less,
    More,
}

impl Sign {
    fn by(self) -> i64 {
        match self {
            Self::Less => -1,
            Self::More => 1,
        }
    }
}

/// Plus and minus at both ends of a card's number of units or filters.
pub fn units(ui: &egui::Ui, frame: &Frame<'_>, layer: &Layer, slot: &ParamSlot, actions: &mut Vec<Action>) {
    let (Some(places), ParamKind::Int { min, max }, ParamValue::Int(count)) =
        (slot.steps, &slot.spec.kind, &slot.value)
    else {
        return;
    };
    let words = slot.spec.label.to_lowercase();
    for (place, sign) in places.into_iter().zip([Sign::Less, Sign::More]) {
        let (part, label, help, possible) = match sign {
            Sign::Less => ("fewer", "Fewer", format!("Remove one of the {words} (−)."), count > min),
            Sign::More => ("more", "More", format!("Add one to the {words} (+)."), count < max),
        };
        let rect = frame.on_screen(place);
        let sense = if possible { Sense::click() } else { Sense::hover() };
        let response = ui.interact(rect, id(part, layer.id.0), sense);
        let label = format!("{label} {words} of {}", layer.name);
        response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, possible, &label));
        let t = &frame.tokens;
        let lit = possible && (response.hovered() || response.has_focus());
        frame.painter.rect_filled(rect, frame.scaled(5.0), if lit { t.hover } else { t.raised });
        glyph(frame, rect, sign, if possible { t.text } else { t.line });
        if response.clicked() {
            actions.push(Action::Edit(Edit::Count { layer: layer.id, by: sign.by() }));
        }
        response.on_hover_text(help);
    }
}

/// The card whose plus or minus is under the pointer, with its place in the graph. A card is as tall as its units are
/// many, and would take them away from under the hand.
pub fn held(ui: &egui::Ui, frame: &Frame<'_>, local: &CanvasUi) -> Option<(LayerId, Rect)> {
    let pointer = ui.ctx().pointer_latest_pos().filter(|_| matches!(local.gesture, Gesture::Idle))?;
    let is_over = |slot: &ParamSlot| slot.steps.iter().flatten().any(|at| frame.on_screen(*at).contains(pointer));
    let (&layer, card) = frame.cards.iter().find(|(_, card)| card.params.iter().any(is_over))?;
    local.held.filter(|(held, _)| *held == layer).or(Some((layer, card.rect)))
}

/// Plus and minus on every wire between two cards: a layer more there, or the one before it less.
pub fn layers(ui: &egui::Ui, frame: &Frame<'_>, local: &CanvasUi, actions: &mut Vec<Action>) {
    if !offers_layers(frame) || !matches!(local.gesture, Gesture::Idle) {
        return;
    }
    for (wire, [less, more]) in places(frame) {
        if let Some(leaves) = one_less(frame.graph, wire.id).and_then(|id| frame.graph.layer(id)) {
            let (label, help) = (format!("Remove {} here", leaves.name), format!("Remove {} (−).", leaves.name));
            // Two wires may offer the same: each says where it is.
            let label = format!("{label}: {}", title(frame, &wire));
            let response = button(ui, frame, less, Sign::Less, wire.id, label);
            if response.hovered() || response.has_focus() {
                doomed(frame, leaves.id);
            }
            if response.clicked() {
                actions.push(Action::Edit(Edit::Remove(vec![leaves.id])));
            }
            response.on_hover_text(help);
        }
        let edit = Edit::one_more(wire.id, frame.graph, frame.state.inference());
        let label = format!("Add a layer here: {}", title(frame, &wire));
        let response = button(ui, frame, more, Sign::More, wire.id, label);
        let help = format!("{} here (+).", added(&edit));
        if response.clicked() {
            actions.push(Action::Edit(edit));
        }
        response.on_hover_text(help);
    }
}

fn title(frame: &Frame<'_>, wire: &Wire) -> String {
    let of = |id| frame.graph.layer(id).map_or("", |layer| layer.name.as_str());
    format!("wire {} to {}", of(wire.from), of(wire.to))
}

/// "Put a Dense with 8 units and tanh"
fn added(edit: &Edit) -> String {
    let Edit::InsertOnWire { kind, .. } = edit else { return "Add a layer".to_owned() };
    let count = kind.count().map_or(String::new(), |(spec, n)| format!(" with {n} {}", spec.label.to_lowercase()));
    let activation = kind.chosen_activation().filter(|&activation| activation != Activation::None);
    let activation = activation.map_or(String::new(), |activation| format!(" and {}", activation.title()));
    format!("Add a {}{count}{activation}", kind.about().title)
}

/// Where those on wires are.
pub fn taken(frame: &Frame<'_>) -> Vec<Rect> {
    if !offers_layers(frame) {
        return Vec::new();
    }
    places(frame).into_iter().map(|(_, [less, more])| less.union(more)).collect()
}

fn offers_layers(frame: &Frame<'_>) -> bool {
    frame.view.zoom >= FURTHEST && !frame.is_crowded()
}

/// Where the two buttons of each wire stand on the screen: above its middle, between two cards beside each other at the
/// height of the lower title, where no weights are drawn; nowhere that a card is.
fn places(frame: &Frame<'_>) -> Vec<(Wire, [Rect; 2])> {
    let size = frame.scaled(SIZE).max(SMALLEST);
    let place = |(wire, points): &(Wire, [egui::Pos2; 4])| {
        let mut middle = geometry::along(*points, 0.5) - vec2(0.0, frame.scaled(RISE));
        let title = |id| frame.cards.get(&id).map(|card| frame.on_screen(card.title).center().y);
        if let Some((from, to)) = title(wire.from).zip(title(wire.to))
            && (points[0].y - points[3].y).abs() < frame.scaled(SIZE)
        {
            middle.y = middle.y.min(from.max(to));
        }
        let beside = vec2(size / 2.0 + 0.5, 0.0);
        let pair = [middle - beside, middle + beside].map(|centre| Rect::from_center_size(centre, Vec2::splat(size)));
        let both = pair[0].union(pair[1]);
        let covers = frame.cards.values().any(|card| frame.on_screen(card.rect).intersects(both));
        // A layer there would change the truth, not the network.
        let aside = frame.graph.layer(wire.to).is_some_and(|to| to.kind.about().inputs.is_aside(wire.input));
        let wrong = frame.state.inference().wire_problem(wire.id).is_some();
        (frame.rect.contains_rect(both) && !covers && !wrong && !aside).then_some((*wire, pair))
    };
    frame.curves.iter().filter_map(place).collect()
}

fn button(ui: &egui::Ui, frame: &Frame<'_>, rect: Rect, sign: Sign, wire: WireId, label: String) -> Response {
    let t = &frame.tokens;
    let part = if sign == Sign::Less { "layer less" } else { "layer more" };
    let response = ui.interact(rect, id(part, wire.0), Sense::click());
    name(&response, Role::Button, label);
    let lit = response.hovered() || response.has_focus();
    let (fill, edge, ink) = match (lit, sign) {
        (false, _) => (t.canvas, t.line, t.muted),
        (true, Sign::More) => (t.hover, t.accent, t.text),
        (true, Sign::Less) => (t.hover, t.bad, t.text),
    };
    frame.painter.rect(rect, frame.scaled(5.0), fill, Stroke::new(1.0, edge), StrokeKind::Inside);
    glyph(frame, rect, sign, ink);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

fn glyph(frame: &Frame<'_>, rect: Rect, sign: Sign, colour: egui::Color32) {
    let (centre, reach) = (rect.center(), frame.scaled(3.5));
    let stroke = Stroke::new(frame.scaled(1.5).max(1.0), colour);
    frame.painter.hline(centre.x - reach..=centre.x + reach, centre.y, stroke);
    if sign == Sign::More {
        frame.painter.vline(centre.x, centre.y - reach..=centre.y + reach, stroke);
    }
}

/// The card that would go.
fn doomed(frame: &Frame<'_>, layer: LayerId) {
    if let Some(card) = frame.cards.get(&layer) {
        let stroke = Stroke::new(2.0, frame.tokens.bad);
        frame.painter.rect_stroke(frame.on_screen(card.rect), frame.scaled(10.0), stroke, StrokeKind::Outside);
    }
}

/// Plus and minus: units of the selected cards, a layer on the selected wire; Insert puts a layer after the selected
/// card.
pub fn keys(ui: &egui::Ui, frame: &Frame<'_>, actions: &mut Vec<Action>) {
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let selection = frame.state.selection();
    if (selection.only().is_some() || selection.wire.is_some()) && pressed(Key::Insert) {
        let after = selection.only().and_then(|id| frame.graph.outgoing(id).next()).map(|wire| wire.id);
        actions.extend(selection.wire.or(after).map(|wire| on_wire(frame, wire)));
    }
    if selection.layers.is_empty() && selection.wire.is_none() {
        return;
    }
    let more = pressed(Key::Plus) || pressed(Key::Equals);
    let sign = if more { Sign::More } else { Sign::Less };
    if !more && !pressed(Key::Minus) {
        return;
    }
    if let Some(wire) = selection.wire.filter(|_| selection.layers.is_empty()) {
        match sign {
            Sign::More => actions.push(on_wire(frame, wire)),
            Sign::Less => actions.extend(one_less(frame.graph, wire).map(|id| Action::Edit(Edit::Remove(vec![id])))),
        }
        return;
    }
    let counted = |id: &&LayerId| frame.graph.layer(**id).is_some_and(|layer| layer.kind.count().is_some());
    let edits: Vec<Edit> =
        selection.layers.iter().filter(counted).map(|&layer| Edit::Count { layer, by: sign.by() }).collect();
    match edits.as_slice() {
        [] => {}
        [one] => actions.push(Action::Edit(one.clone())),
        many => {
            let verb = if sign == Sign::More { "add a unit to" } else { "remove a unit of" };
            actions.push(Action::Edits { name: format!("{verb} {} layers", many.len()), edits });
        }
    }
}

fn on_wire(frame: &Frame<'_>, wire: WireId) -> Action {
    Action::Edit(Edit::one_more(wire, frame.graph, frame.state.inference()))
}
