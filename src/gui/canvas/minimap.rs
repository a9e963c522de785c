//! The whole graph in a corner, when it is larger than the canvas. A click or a drag moves the view.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Vec2, vec2};

use super::{CanvasUi, Frame, geometry, id, name, problems};

/// As large as it gets.
const SIZE: Vec2 = vec2(168.0, 104.0);
/// Can be hit.
const LEAST: f32 = 28.0;

pub fn show(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi) {
    let Some(content) = geometry::bounds(frame.graph) else { return };
    let visible = frame.view.visible(frame.rect);
    if visible.expand(4.0).contains_rect(content) {
        return;
    }
    // Where one looks past the graph, that is in it too.
    let all = if content.intersects(visible) { content } else { content.union(visible) }.expand(40.0);
    let size = size(all.size());
    if frame.rect.width() < 3.0 * size.x || frame.rect.height() < 3.0 * size.y {
        return;
    }
    let t = &frame.tokens;
    let map = place(frame, size);
    let scale = (map.size() / all.size()).min_elem();
    let at = |p: egui::Pos2| map.center() + (p - all.center()) * scale;
    let response = ui.interact(map, id("minimap", 0), Sense::click_and_drag());
    name(&response, Role::Button, "minimap");
    local.floating.push(map);
    let painter = frame.painter.with_clip_rect(map);
    painter.rect(map, 8.0, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let broken: std::collections::BTreeSet<_> = problems::culprits(frame).collect();
    for layer in frame.graph.layers() {
        let card = geometry::nominal(layer);
        let card = Rect::from_min_max(at(card.min), at(card.max));
        let broken = broken.contains(&layer.id);
        let colour = if broken { t.bad } else { t.group(layer.kind.about().group) };
        painter.rect_filled(card, 2.0, colour.gamma_multiply(0.7));
    }
    let seen = Rect::from_min_max(at(visible.min), at(visible.max)).intersect(map.shrink(1.0));
    painter.rect_stroke(seen, 3.0, Stroke::new(1.5, t.accent), StrokeKind::Inside);
    if let Some(pointer) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        let target = all.center() + (pointer - map.center()) / scale;
        local.view.centre_on(frame.rect, target);
    }
}

/// Of the shape of what it shows: a chain needs but a strip.
fn size(all: Vec2) -> Vec2 {
    let scale = (SIZE / all.max(Vec2::splat(1.0))).min_elem();
    (all * scale).clamp(Vec2::splat(LEAST), SIZE)
}

/// In the lower right corner, or where it covers less of the cards.
fn place(frame: &Frame<'_>, size: Vec2) -> Rect {
    let room = Rect::from_min_max(frame.rect.min + vec2(16.0, 16.0), frame.rect.max - vec2(16.0, 52.0));
    let corners = [Align2::RIGHT_BOTTOM, Align2::RIGHT_TOP, Align2::LEFT_BOTTOM, Align2::LEFT_TOP];
    let maps = corners.map(|corner| corner.align_size_within_rect(size, room));
    let covered = |map: &Rect| {
        let cards = frame.cards.values().map(|card| frame.on_screen(card.rect).expand(4.0).intersect(*map));
        cards.map(|shared| shared.size().max(Vec2::ZERO)).map(|shared| shared.x * shared.y).sum::<f32>()
    };
    maps.into_iter().min_by(|a, b| covered(a).total_cmp(&covered(b))).unwrap_or(room)
}
