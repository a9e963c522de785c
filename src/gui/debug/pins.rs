//! What is pinned, as small pictures below the cards of the layers on the canvas, or above them where another card
//! stands below.
//!
//! Knows which layer a value belongs to; where the cards are it asks the canvas.

use std::collections::BTreeMap;

use egui::{Frame, Label, Margin, Pos2, Rect, RichText, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo};

use super::DebugUi;
use super::plane::{Plane, Pointed};
use crate::gui::canvas::CanvasUi;
use crate::gui::theme::{self, Tokens};
use crate::model::LayerId;
use crate::trace::{DebugView, Element, Listing, TensorRecord, ValueKind};

/// A picture is as wide as its card, within these.
const WIDTH: std::ops::RangeInclusive<f32> = 80.0..=160.0;
const TALLEST: f32 = 72.0;
const GAP: f32 = 8.0;

/// The layer that a value belongs to: whose weight it is, else who made it.
pub fn layer_of(listing: &Listing, name: &str) -> Option<LayerId> {
    let lines = || listing.lines.iter().filter(|line| line.layer.is_some());
    let reads = || lines().find(|line| line.inputs.iter().any(|token| token.name == name));
    let makes = || lines().find(|line| line.outputs.iter().any(|token| token.name == name));
    let is_weight = listing.token(name).is_some_and(|token| token.kind == ValueKind::Parameter);
    let line = if is_weight { reads().or_else(makes) } else { makes().or_else(reads) };
    line?.layer
}

/// Draws over the canvas; returns the tensor that was clicked, and which of its numbers.
pub fn show(
    ui: &mut Ui,
    within: Rect,
    view: &DebugView,
    local: &mut DebugUi,
    canvas: &CanvasUi,
) -> Option<(String, Option<Vec<usize>>)> {
    let tokens = Tokens::of(ui);
    // Several of one layer hang below each other.
    let mut ends: BTreeMap<LayerId, Rect> = BTreeMap::new();
    let mut clicked = None;
    for name in &local.watch.pinned {
        let Some(layer) = layer_of(&view.listing, name) else { continue };
        let Some(card) = canvas.card(layer) else { continue };
        let taken = ends.get(&layer).copied().unwrap_or(card);
        let id = ui.scope_id().with(("pin", name));
        // As tall as in the last frame.
        let height = ui.data(|data| data.get_temp(id)).unwrap_or(TALLEST);
        let size = Vec2::new(card.width().clamp(*WIDTH.start(), *WIDTH.end()), height);
        let place = free_place(card, taken, size, || canvas.cards());
        let mut child = ui.new_child(UiBuilder::new().id_salt(("pin", name)).max_rect(place));
        child.set_clip_rect(within.intersect(ui.clip_rect()));
        let lit = local.hover.lit(name, &view.sight, &local.middle.explanation);
        let record = view.sight.tensor(name);
        let why = view.sight.why_missing(name).unwrap_or("Not computed yet.");
        let (opened, pointed) = picture(&mut child, &tokens, (name, why), record, &lit);
        let drawn = child.min_rect();
        ui.data_mut(|data| data.insert_temp(id, drawn.height()));
        ends.insert(layer, taken.union(drawn));
        local.hover.point(pointed.hovered);
        if opened || pointed.clicked.is_some() {
            clicked = Some((name.clone(), pointed.clicked.map(|element| element.index)));
        }
    }
    clicked
}

/// Below what is taken, or above it where only there no other card is covered.
fn free_place<I: Iterator<Item = Rect>>(card: Rect, taken: Rect, size: Vec2, cards: impl Fn() -> I) -> Rect {
    let at = |top: f32| Rect::from_min_size(Pos2::new(card.center().x - size.x / 2.0, top), size);
    let covers = |place: Rect| cards().any(|other| other != card && other.intersects(place));
    let (below, above) = (at(taken.bottom() + GAP), at(taken.top() - GAP - size.y));
    if covers(below) && !covers(above) { above } else { below }
}

fn picture(
    ui: &mut Ui,
    tokens: &Tokens,
    (name, why): (&str, &str),
    record: Option<&TensorRecord>,
    lit: &[Element],
) -> (bool, Pointed) {
    let frame = Frame::new().fill(tokens.raised).stroke(Stroke::new(1.0, tokens.line)).corner_radius(6);
    let inner = frame.inner_margin(Margin::same(6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 2.0;
        let title = Label::new(RichText::new(name).font(theme::mono(11.0)).color(tokens.muted)).truncate();
        let title = ui.add(title.sense(Sense::click()));
        title.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, format!("Open pinned {name}")));
        let opened = title.on_hover_text("Click to show the whole tensor.").clicked();
        let pointed = match record {
            Some(record) => Plane::of(record, lit, TALLEST).show(ui, tokens, "pinned"),
            None => {
                ui.add(Label::new(RichText::new(why).size(11.0).color(tokens.faint)).truncate());
                Pointed::default()
            }
        };
        (opened, pointed)
    });
    inner.inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Line, StepPhase, Token};

    #[test]
    fn a_picture_hangs_where_it_covers_no_card() {
        let card = |x: f32, y: f32| Rect::from_min_size(Pos2::new(x, y), Vec2::new(160.0, 80.0));
        let all = [card(0.0, 0.0), card(0.0, 140.0), card(0.0, 280.0)];
        let size = Vec2::new(120.0, 90.0);
        let place = |i: usize| free_place(all[i], all[i], size, || all.into_iter());
        assert_eq!((place(0).bottom(), place(0).center().x), (-GAP, 80.0), "above the first line");
        assert_eq!(place(1).top(), 220.0 + GAP, "between two lines there is no better place");
        assert_eq!(place(2).top(), 360.0 + GAP);
    }

    #[test]
    fn a_weight_belongs_to_who_reads_it_and_a_value_to_who_made_it() {
        let token = |name: &str, kind| Token { name: name.into(), kind, batched: false, dims: vec![] };
        let line = |layer, outputs: Vec<Token>, inputs: Vec<Token>| Line {
            stage: StepPhase::Forward,
            layer,
            layer_name: String::new(),
            op: String::new(),
            settings: String::new(),
            outputs,
            inputs,
            formula: String::new(),
            words: String::new(),
        };
        let value = |name| token(name, ValueKind::Value);
        let weight = || token("w", ValueKind::Parameter);
        let lines = vec![
            line(None, vec![value("%x")], vec![]),
            line(Some(LayerId(4)), vec![value("%1")], vec![value("%x"), weight()]),
            line(Some(LayerId(7)), vec![value("%2")], vec![value("%1")]),
            line(Some(LayerId(9)), vec![weight()], vec![value("%2")]),
        ];
        let listing = Listing { lines };
        for (name, layer) in [("%x", 4), ("w", 4), ("%1", 4), ("%2", 7)] {
            assert_eq!(layer_of(&listing, name), Some(LayerId(layer)), "{name}");
        }
        assert_eq!(layer_of(&listing, "nothing"), None);
    }
}
