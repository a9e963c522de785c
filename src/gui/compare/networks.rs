//! The two networks beside each other, from data to loss, layer against layer: what differs is lit.

use egui::epaint::CubicBezierShape;
use egui::{
    Align2, Color32, Pos2, Rect, RichText, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, Vec2,
    WidgetInfo,
};

use super::pair::{self, Both};
use super::{CompareUi, Seen};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::paint_kind_icon;
use crate::model::difference::layer_pairs;
use crate::model::{Difference, Graph, LayerId};
use crate::session::Action;

const CARD: f32 = 44.0;
const GAP: f32 = 20.0;
const HEAD: f32 = 30.0;

/// How a layer stands to its counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Same,
    Differs,
    Alone,
}

pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both, actions: &mut Vec<Action>) {
    // From the older to the newer, as the table reads: the first of the pair is the one that is looked at.
    let [first, second] = both.rows.each_ref().map(|row| &row.card.project.graph);
    let differs = local.rows.between(&both.rows[1].card, &both.rows[0].card);
    let pairs = layer_pairs(second, first);
    ScrollArea::vertical().id_salt("networks").auto_shrink(false).show(ui, |ui| {
        let room = ui.available_rect_before_wrap().shrink2(Vec2::new(16.0, 10.0));
        let width = ((room.width() - 16.0) / 2.0).max(80.0);
        let rows = pairs.len();
        let tall = HEAD + rows as f32 * (CARD + GAP);
        for (side, graph) in [first, second].into_iter().enumerate() {
            let left = room.left() + side as f32 * (width + 16.0);
            let head = Rect::from_min_size(Pos2::new(left, room.top()), Vec2::new(width, HEAD));
            ui.scope_builder(UiBuilder::new().id_salt(("network", side)).max_rect(head), |ui| {
                pair::name(ui, seen, local, both, side, actions);
            });
            let ids: Vec<Option<LayerId>> =
                pairs.iter().map(|(old, new)| if side == 0 { *new } else { *old }).collect();
            let place = |row: usize| {
                let top = room.top() + HEAD + row as f32 * (CARD + GAP);
                Rect::from_min_size(Pos2::new(left, top), Vec2::new(width, CARD))
            };
            wires(ui, &seen.tokens, graph, &ids, place);
            for (row, id) in ids.iter().enumerate() {
                let other = if side == 0 { pairs[row].0 } else { pairs[row].1 };
                let other = other.and_then(|id| [second, first][side].layer(id));
                card(ui, &seen.tokens, graph, *id, other, place(row), side);
            }
        }
        ui.advance_cursor_after_rect(Rect::from_min_size(room.min, Vec2::new(room.width(), tall)));
        ui.add_space(6.0);
        rest(ui, seen, both, &differs);
        ui.add_space(10.0);
    });
}

fn card(
    ui: &Ui,
    tokens: &Tokens,
    graph: &Graph,
    id: Option<LayerId>,
    other: Option<&crate::model::Layer>,
    rect: Rect,
    side: usize,
) {
    let Some(layer) = id.and_then(|id| graph.layer(id)) else {
        // A place that only the other has.
        let dash =
            Shape::dashed_line(&[rect.left_center(), rect.right_center()], Stroke::new(1.0, tokens.line), 4.0, 4.0);
        ui.painter().extend(dash);
        return;
    };
    let changed = other.map(|other| changed_settings(layer, other));
    let stands = match &changed {
        None => Stands::Alone,
        Some(changed) if changed.is_empty() => Stands::Same,
        Some(_) => Stands::Differs,
    };
    let line = match stands {
        Stands::Same => Stroke::new(1.0, tokens.line),
        Stands::Differs => Stroke::new(1.5, tokens.warn),
        Stands::Alone => Stroke::new(1.5, tokens.accent),
    };
    let painter = ui.painter_at(rect.expand(2.0));
    painter.rect(rect, 8.0, tokens.panel, line, StrokeKind::Inside);
    let icon = Rect::from_min_size(rect.min + Vec2::new(10.0, 7.0), Vec2::splat(14.0));
    paint_kind_icon(&painter, tokens, layer.kind.about(), icon);
    let at = Pos2::new(icon.right() + 7.0, icon.center().y);
    painter.text(at, Align2::LEFT_CENTER, &layer.name, theme::medium(12.0), tokens.text);
    let mut job = egui::text::LayoutJob::default();
    let spec = layer.kind.spec();
    for param in spec.param_specs() {
        let differs = changed.as_ref().is_some_and(|changed| changed.contains(&param.key));
        let Some(value) = spec.param(param.key).filter(|_| param.on_card || differs) else { continue };
        if !job.text.is_empty() {
            append(&mut job, "  ", tokens.faint);
        }
        append(&mut job, &format!("{} ", param.label.to_lowercase()), tokens.faint);
        append(
            &mut job,
            &crate::model::difference::value_in_words(&param, &value),
            if differs { tokens.warn } else { tokens.muted },
        );
    }
    if layer.frozen {
        let words = if job.text.is_empty() { "frozen" } else { "  frozen" };
        append(&mut job, words, tokens.muted);
    }
    if job.text.is_empty() {
        append(&mut job, layer.kind.about().tagline, tokens.faint);
    }
    let words = job.text.clone();
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width() - 18.0);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    painter.galley(Pos2::new(rect.left() + 10.0, rect.bottom() - 7.0 - galley.size().y), galley, Color32::PLACEHOLDER);
    let response = ui.interact(rect, ui.scope_id().with(("layer", side, layer.id)), Sense::HOVER);
    let note = match stands {
        Stands::Same => "same in both",
        Stands::Differs => "differs",
        Stands::Alone => "only in this one",
    };
    let label = format!("{}, {words}: {note}", layer.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    response.on_hover_text(label);
}

/// The settings in which a layer differs from its counterpart, by their keys.
fn changed_settings(layer: &crate::model::Layer, other: &crate::model::Layer) -> Vec<&'static str> {
    let (one, two) = (layer.kind.spec(), other.kind.spec());
    let specs = one.param_specs().into_iter().filter(|param| one.param(param.key) != two.param(param.key));
    let mut keys: Vec<&'static str> = specs.map(|param| param.key).collect();
    if layer.frozen != other.frozen {
        keys.push("frozen");
    }
    keys
}

/// Down from card to card; past others in a bow at the left.
fn wires(ui: &Ui, tokens: &Tokens, graph: &Graph, ids: &[Option<LayerId>], place: impl Fn(usize) -> Rect) {
    let row = |id: LayerId| ids.iter().position(|other| *other == Some(id));
    let stroke = Stroke::new(1.5, tokens.faint);
    for wire in graph.wires() {
        let (Some(from), Some(to)) = (row(wire.from), row(wire.to)) else { continue };
        let (above, below) = (place(from), place(to));
        let passes = (from + 1..to).any(|between| ids[between].is_some());
        let (start, end) = (above.left_bottom() + Vec2::new(24.0, 0.0), below.left_top() + Vec2::new(24.0, 0.0));
        if !passes {
            ui.painter().line_segment([start, end], stroke);
        } else {
            let aside = above.left() - 10.0;
            let (start, end) = (above.left_center(), below.left_center());
            let points = [start, Pos2::new(aside, start.y), Pos2::new(aside, end.y), end];
            let bow = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
            ui.painter().add(bow);
        }
    }
}

/// What differs beside the layers.
fn rest(ui: &mut Ui, seen: &Seen<'_>, both: &Both, differs: &[Difference]) {
    let tokens = &seen.tokens;
    let inside = ui.available_rect_before_wrap().shrink2(Vec2::new(16.0, 0.0));
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        let title = format!("From {} to {}", both.name(1), both.name(0));
        ui.add(egui::Label::new(RichText::new(title).font(theme::medium(12.0)).color(tokens.text)).truncate());
        if differs.is_empty() {
            ui.label(RichText::new("Network, data and settings are the same.").color(tokens.muted));
        }
        for difference in differs {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 5.0;
                ui.label(RichText::new(&difference.what).color(tokens.muted));
                ui.label(RichText::new(difference.change()).font(theme::medium(13.0)).color(tokens.text));
            });
        }
    });
}

fn append(job: &mut egui::text::LayoutJob, text: &str, colour: Color32) {
    let font_id = theme::regular(11.0);
    job.append(text, 0.0, egui::text::TextFormat { font_id, color: colour, ..Default::default() });
}
