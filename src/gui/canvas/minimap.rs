//! The whole graph in a corner, when it is larger than the canvas. A click or a drag moves the view.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, vec2};

use super::{CanvasUi, Frame, geometry, id, name, problems};

const SIZE: egui::Vec2 = vec2(168.0, 104.0);

pub fn show(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi) {
    let Some(content) = geometry::bounds(frame.graph) else { return };
    let visible = frame.view.visible(frame.rect);
    let small = frame.rect.width() < 3.0 * SIZE.x || frame.rect.height() < 3.0 * SIZE.y;
    if small || visible.expand(4.0).contains_rect(content) {
        return;
    }
    let t = &frame.tokens;
    let corner = frame.rect.max - SIZE - vec2(16.0, 52.0);
    let map = Rect::from_min_size(corner, SIZE);
    let all = content.union(visible).expand(40.0);
    let scale = (map.size() / all.size()).min_elem();
    let place = |p: egui::Pos2| map.center() + (p - all.center()) * scale;
    let response = ui.interact(map, id("minimap", 0), Sense::click_and_drag());
    name(&response, Role::Button, "minimap");
    let painter = frame.painter.with_clip_rect(map);
    painter.rect(map, 8.0, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let broken: std::collections::BTreeSet<_> = problems::culprits(frame).collect();
    for layer in frame.graph.layers() {
        let card = geometry::nominal(layer);
        let card = Rect::from_min_max(place(card.min), place(card.max));
        let broken = broken.contains(&layer.id);
        let colour = if broken { t.bad } else { t.group(layer.kind.about().group) };
        painter.rect_filled(card, 2.0, colour.gamma_multiply(0.7));
    }
    let seen = Rect::from_min_max(place(visible.min), place(visible.max));
    painter.rect_stroke(seen, 3.0, Stroke::new(1.5, t.accent), StrokeKind::Inside);
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        let target = all.center() + (at - map.center()) / scale;
        local.view.centre_on(frame.rect, target);
    }
}
