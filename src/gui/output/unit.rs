//! One unit's function, large: what the pointer on the canvas rests on.

use egui::{Align2, Color32, ColorImage, Pos2, Rect, RichText, TextureOptions, Ui, Vec2};
use egui_plot::{Line, PlotPoints};

use super::surface;
use crate::data::Dataset;
use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::numbers::number;
use crate::gui::plots::figure;
use crate::gui::plots::ticks::Kind;
use crate::gui::textures::{cached, fingerprint, mix};
use crate::gui::theme::{self, Tokens};
use crate::session::State;
use crate::trace::Preview;

pub(super) struct Unit<'a> {
    /// "Dense 1 · unit 3"
    name: String,
    values: &'a [f32],
    form: Form,
}

enum Form {
    Plane { resolution: usize },
    Map { rows: usize, columns: usize },
    Curve,
}

/// The unit, when the layer's preview shows it.
pub(super) fn of(state: &State, (layer, unit): super::HoveredUnit) -> Option<Unit<'_>> {
    let name = &state.project.graph.layer(layer)?.name;
    let preview = &state.run.picture.as_ref()?.layers.get(&layer)?.preview;
    let (values, form, word) = match preview {
        Preview::None | Preview::Histograms { .. } => return None,
        Preview::Plane { resolution, units } => (units.get(unit)?, Form::Plane { resolution: *resolution }, "unit"),
        Preview::Maps { rows, columns, channels } => {
            (channels.get(unit)?, Form::Map { rows: *rows, columns: *columns }, "channel")
        }
        Preview::Curves { units } => (units.get(unit)?, Form::Curve, "unit"),
    };
    Some(Unit { name: format!("{name} · {word} {unit}"), values, form })
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, unit: &Unit<'_>) {
    let range = largest(unit.values);
    match unit.form {
        Form::Plane { resolution } => {
            let extent = dataset.plane.as_ref().map_or(6.0, |p| f64::from(p.extent));
            let places = surface::places(ui, extent);
            if unit.values.len() == resolution * resolution {
                paint_plane(ui, tokens, *places.frame(), unit.values, resolution, range);
            }
            surface::paint_ticks(ui.painter(), tokens, &places);
            caption(ui, tokens, places.frame(), unit, range);
        }
        Form::Map { rows, columns } => {
            egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
                let text = format!("{}, at most ±{}", unit.name, number(range));
                ui.label(RichText::new(text).font(theme::medium(13.0)).color(tokens.text));
                let height = ui.available_height() - 24.0;
                let map = Heatmap::new(rows, columns, unit.values);
                let cell = (height / rows.max(1) as f32).max(1.0);
                let map = Heatmap { max_height: height, max_cell: cell, name: &unit.name, ..map };
                map.show(ui, tokens, "hovered unit");
            });
        }
        Form::Curve => curve(ui, tokens, dataset, unit),
    }
}

fn paint_plane(ui: &Ui, tokens: &Tokens, rect: Rect, values: &[f32], n: usize, range: f32) {
    let version = mix(fingerprint(values), u64::from(tokens.dark));
    let make = || ColorImage::new([n, n], values.iter().map(|v| tokens.diverging(v / range)).collect());
    let id = egui::Id::unique("hovered unit's function");
    let texture = cached(ui.ctx(), id, version, TextureOptions::LINEAR, make);
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
}

fn curve(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, unit: &Unit<'_>) {
    let inputs = dataset.train.inputs.iter().copied().filter(|v| v.is_finite());
    let (low, high) = inputs.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, high) = if low < high { (low, high) } else { (-1.0, 1.0) };
    let step = f64::from(high - low) / (unit.values.len().max(2) - 1) as f64;
    let points = unit.values.iter().enumerate().filter(|(_, v)| v.is_finite());
    let points: PlotPoints<'_> = points.map(|(i, &v)| [f64::from(low) + i as f64 * step, v.into()]).collect();
    let plot = figure::figure(tokens, egui::Id::unique("hovered unit's curve"), Kind::Number, Kind::Number);
    let plot = plot.set_margin_fraction(Vec2::new(0.0, 0.08)).include_y(0.0);
    let shown = figure::show(ui, plot, 22.0, |plot| {
        plot.line(Line::new("", points).color(tokens.accent).width(2.0));
    });
    caption(ui, tokens, shown.transform.frame(), unit, largest(unit.values));
}

/// The unit's name below the picture, with the value that has full colour. AccessKit sees it.
fn caption(ui: &mut Ui, tokens: &Tokens, frame: &Rect, unit: &Unit<'_>, range: f32) {
    let rect = Rect::from_min_size(
        Pos2::new(ui.max_rect().left() + 12.0, frame.bottom() + 20.0),
        Vec2::new((ui.max_rect().width() - 24.0).max(40.0), 20.0),
    );
    let text = format!("{}, at most ±{}", unit.name, number(range));
    let response = ui.interact(rect, ui.scope_id().with("unit name"), egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    ui.painter_at(rect).text(rect.center(), Align2::CENTER_CENTER, &text, theme::medium(12.0), tokens.text);
}
