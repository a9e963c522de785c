//! What the network is told about each point of the plane.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::settings::Draft;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::section;
use crate::model::{Feature, SyntheticSpec};

pub(super) fn features(ui: &mut Ui, draft: &mut Draft, spec: &mut SyntheticSpec) {
    section(ui, "FEATURES", "");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(8.0);
        for feature in Feature::ALL {
            let on = spec.features.contains(&feature);
            let is_last = on && spec.features.len() == 1;
            if toggle(ui, feature, on, is_last) && !is_last {
                let wanted = |f: &Feature| if *f == feature { !on } else { spec.features.contains(f) };
                spec.features = Feature::ALL.into_iter().filter(wanted).collect();
                draft.ended = true;
            }
        }
    });
}

const CELLS: usize = 12;

/// A tiny picture of the function over the plane; lit when the network is given it. The last one stays.
fn toggle(ui: &mut Ui, feature: Feature, on: bool, is_last: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(40.0, 56.0), Sense::click());
    let image = Rect::from_min_size(rect.min, Vec2::splat(40.0));
    let cell = image.width() / CELLS as f32;
    for i in 0..CELLS * CELLS {
        let (column, row) = ((i % CELLS) as f32, (i / CELLS) as f32);
        let at = |k: f32| (k + 0.5) / CELLS as f32 * 2.0 - 1.0;
        let (x, y) = (at(column) * 3.0, -at(row) * 3.0);
        let value = match feature {
            Feature::XSquared | Feature::YSquared | Feature::XTimesY => feature.of(x, y) / 9.0,
            Feature::X | Feature::Y => feature.of(x, y) / 3.0,
            Feature::SinX | Feature::SinY => feature.of(x, y),
        };
        let colour = tokens.diverging(value * if on { 1.0 } else { 0.45 });
        let min = image.min + Vec2::new(column * cell, row * cell);
        ui.painter().rect_filled(Rect::from_min_size(min, Vec2::splat(cell + 0.5)).intersect(image), 0.0, colour);
    }
    let lit = on || response.hovered() || response.has_focus();
    let stroke = if lit { tokens.focus_stroke() } else { Stroke::new(1.0, tokens.line) };
    ui.painter().rect_stroke(image, 4.0, stroke, StrokeKind::Outside);
    let colour = if on { tokens.text } else { tokens.faint };
    let below = egui::pos2(rect.center().x, rect.bottom());
    ui.painter().text(below, egui::Align2::CENTER_BOTTOM, feature.label(), theme::mono(11.0), colour);
    let name = format!("Feature {}", feature.label());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, !is_last, on, &name));
    let help = match (on, is_last) {
        (_, true) => "the network needs at least one feature; choose another before removing this one",
        (true, _) => "is an input of the network; click to remove it",
        (false, _) => "click to add it to the network's inputs",
    };
    response.on_hover_text(format!("{}: {help}", feature.label())).clicked()
}
