//! One unit's function, large, and how its number comes about at one place: what the pointer on the canvas rests on, or
//! what was pinned there.

use std::borrow::Cow;

use egui::{
    Align, Color32, ColorImage, Layout, Pos2, Rect, RichText, Role, ScrollArea, Sense, Stroke, TextureOptions, Ui,
    Vec2, WidgetInfo,
};
use egui_plot::{Line, PlotBounds, PlotPoint, PlotPoints, PlotTransform};

use super::{HoveredUnit, OutputUi, terms};
use crate::data::Dataset;
use crate::gui::heatmap::{Heatmap, largest};
use crate::gui::histogram::histogram_ui;
use crate::gui::numbers::number;
use crate::gui::plots::figure;
use crate::gui::plots::ticks::TickKind;
use crate::gui::textures::{cached, fingerprint, mix};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::Number;
use crate::model::task::CELL;
use crate::model::{LayerId, Task};
use crate::session::State;
use crate::trace::{Histogram, Preview, UnitAt};

pub(super) struct Unit<'a> {
    of: HoveredUnit,
    /// "Dense 1 · unit 3"
    name: String,
    form: Form<'a>,
}

enum Form<'a> {
    Plane { resolution: usize, values: &'a [f32] },
    Map { rows: usize, columns: usize, values: &'a [f32] },
    Curve { values: &'a [f32] },
    Histogram(&'a Histogram),
}

/// The unit, when the layer's preview shows it.
pub(super) fn of(state: &State, (layer, unit): HoveredUnit) -> Option<Unit<'_>> {
    let name = &state.project().graph.layer(layer)?.name;
    let preview = &state.run().picture.as_ref()?.layers.get(&layer)?.preview;
    let mut word = "unit";
    let form = match preview {
        Preview::None => return None,
        Preview::Plane { resolution, units } => Form::Plane { resolution: *resolution, values: units.get(unit)? },
        Preview::Maps { rows, columns, channels } => {
            word = "channel";
            Form::Map { rows: *rows, columns: *columns, values: channels.get(unit)? }
        }
        Preview::Curves { units } => Form::Curve { values: units.get(unit)? },
        Preview::Histograms { units } => Form::Histogram(units.get(unit)?),
    };
    let meaning = is_answer(state, layer).then(|| meaning(state, unit)).flatten();
    let name = match meaning {
        Some(meaning) => format!("{name} · {meaning}"),
        None => format!("{name} · {word} {unit}"),
    };
    Some(Unit { of: (layer, unit), name, form })
}

/// Whether what the layer gives is the network's answer.
fn is_answer(state: &State, layer: LayerId) -> bool {
    let graph = &state.project().graph;
    let is_loss = |to: LayerId| graph.losses().any(|(loss, _)| loss.id == to);
    graph.wires().iter().any(|wire| wire.from == layer && is_loss(wire.to))
}

/// What a number of a detector's cell says.
fn meaning(state: &State, unit: usize) -> Option<String> {
    let Some(Task::Boxes { .. }) = state.task() else { return None };
    Some(match unit {
        0 => "whether a thing's centre is here".to_owned(),
        1 => "box: centre, across".to_owned(),
        2 => "box: centre, down".to_owned(),
        3 => "box: width".to_owned(),
        4 => "box: height".to_owned(),
        _ => format!("class {}", state.dataset()?.truth.names.get(unit - CELL)?),
    })
}

/// The unit at the place that is looked at.
pub(super) fn asked(state: &State, local: &OutputUi, (layer, unit): HoveredUnit) -> Option<UnitAt> {
    let dataset = state.dataset()?;
    Some(UnitAt { layer, unit, sample: sample(dataset, local)?.into() })
}

/// What the network is given there.
fn sample(dataset: &Dataset, local: &OutputUi) -> Option<Vec<f32>> {
    if let Some(plane) = &dataset.plane {
        let first = || Some([*plane.train_points.first()?, *plane.train_points.get(1)?]);
        let [x, y] = local.point.or_else(first)?;
        return Some(plane.input(x, y).collect());
    }
    if let (Some([x, _]), [1]) = (local.point, dataset.input_shape.as_slice()) {
        return Some(vec![x]);
    }
    let part = dataset.shown();
    part.input(local.row.min(part.len().saturating_sub(1))).ok().map(Cow::into_owned)
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    (state, dataset): (&State, &Dataset),
    local: &mut OutputUi,
    unit: &Unit<'_>,
    pinned: &mut Option<HoveredUnit>,
) {
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        heading(ui, tokens, unit, pinned);
        let sum = state.run().picture.as_ref().and_then(|picture| picture.unit.as_ref());
        let sum = sum.filter(|sum| (sum.of.layer, sum.of.unit) == unit.of);
        let room = ui.available_rect_before_wrap();
        let picture = match unit.form {
            Form::Map { .. } => return map(ui, tokens, unit),
            _ if sum.is_none() => room.size(),
            Form::Plane { .. } => Vec2::splat((room.width() * 0.45).min(room.height() * 0.6)),
            Form::Curve { .. } => Vec2::new(room.width() * 0.6, room.height() * 0.6),
            Form::Histogram(_) => Vec2::new(room.width() * 0.5, room.height() * 0.4),
        };
        ui.allocate_ui_with_layout(Vec2::new(room.width(), picture.y), Layout::left_to_right(Align::Min), |ui| {
            let rect = Rect::from_min_size(ui.cursor().min, picture);
            ui.scope_builder(egui::UiBuilder::new().max_rect(rect), |ui| {
                ui.set_min_size(picture);
                draw(ui, tokens, dataset, local, unit);
            });
            if let Some(sum) = sum {
                ui.add_space(8.0);
                ui.vertical(|ui| {
                    place(ui, tokens, dataset, local);
                    terms::result(ui, tokens, state, sum);
                });
            }
        });
        if let Some(sum) = sum {
            ScrollArea::vertical().id_salt("terms of the unit").auto_shrink(false).show(ui, |ui| {
                terms::show(ui, tokens, state, sum);
            });
        }
    });
}

/// Its name, with the value that has full colour, and the way to keep it or let it go.
fn heading(ui: &mut Ui, tokens: &Tokens, unit: &Unit<'_>, pinned: &mut Option<HoveredUnit>) {
    let text = match &unit.form {
        Form::Plane { values, .. } | Form::Map { values, .. } | Form::Curve { values } => {
            format!("{}, at most ±{}", unit.name, number(largest(values)))
        }
        Form::Histogram(histogram) => {
            format!("{}, {} to {}", unit.name, number(histogram.min), number(histogram.max))
        }
    };
    ui.allocate_ui_with_layout(Vec2::new(ui.available_width(), 20.0), Layout::right_to_left(Align::Center), |ui| {
        if *pinned == Some(unit.of) {
            let button = ui.small_button("Unpin").on_hover_text("Or press Escape, or click elsewhere.");
            if button.clicked() {
                *pinned = None;
            }
        } else {
            ui.label(RichText::new("click to pin").small().color(tokens.faint));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let text = RichText::new(text).font(theme::medium(12.0)).color(tokens.text);
            ui.add(egui::Label::new(text).truncate());
        });
    });
}

/// Where it is asked about.
fn place(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, local: &mut OutputUi) {
    let small = |text: String| RichText::new(text).small().color(tokens.muted);
    if dataset.plane.is_some() || dataset.input_shape == [1] {
        let words = match (local.point, dataset.plane.is_some()) {
            (Some([x, y]), true) => format!("at x {}, y {}", number(x), number(y)),
            (Some([x, _]), false) => format!("at {}", number(x)),
            (None, _) => "at the first sample".to_owned(),
        };
        ui.label(small(words)).on_hover_text("Move the pointer over the plot to evaluate another point.");
        return;
    }
    let last = dataset.shown().len().saturating_sub(1);
    ui.horizontal(|ui| {
        ui.label(small("sample".to_owned()));
        let number = Number::whole("Sample of the unit", (0.0, last as f64));
        let (field, change) = number.show(ui, local.row.min(last) as f64, |ui, drag| ui.add(drag));
        let label = || Some("Sample of the unit".to_owned());
        field.widget_info(|| WidgetInfo { label: label(), ..WidgetInfo::new(Role::SpinButton) });
        local.row = change.value.map_or(local.row, |row| row as usize);
    });
}

fn draw(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, local: &mut OutputUi, unit: &Unit<'_>) {
    match &unit.form {
        Form::Plane { resolution, values } => plane(ui, tokens, dataset, local, (*resolution, *values)),
        Form::Curve { values } => curve(ui, tokens, dataset, local, values),
        Form::Histogram(histogram) => {
            let height = (ui.available_height() - 4.0).max(24.0);
            histogram_ui(ui, tokens, &unit.name, histogram, height);
        }
        Form::Map { .. } => {}
    }
}

fn map(ui: &mut Ui, tokens: &Tokens, unit: &Unit<'_>) {
    let Form::Map { rows, columns, values } = unit.form else { return };
    let height = ui.available_height() - 24.0;
    let map = Heatmap::new(rows, columns, values);
    let cell = (height / rows.max(1) as f32).max(1.0);
    Heatmap { max_height: height, max_cell: cell, name: &unit.name, ..map }.show(ui, tokens, "hovered unit");
}

fn plane(ui: &Ui, tokens: &Tokens, dataset: &Dataset, local: &mut OutputUi, (n, values): (usize, &[f32])) {
    let room = ui.available_rect_before_wrap();
    let side = room.width().min(room.height()).max(48.0).round();
    let rect = Rect::from_min_size(room.min, Vec2::splat(side));
    let extent = dataset.plane.as_ref().map_or(6.0, |p| f64::from(p.extent));
    let places = PlotTransform::new(rect, PlotBounds::new_symmetrical(extent), false);
    let response = ui.interact(rect, ui.scope_id().with("function of a unit"), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Output of the unit, point by point"));
    if values.len() == n * n {
        let range = largest(values);
        let version = mix(fingerprint(values), u64::from(tokens.dark));
        let make = || ColorImage::new([n, n], values.iter().map(|v| tokens.diverging(v / range)).collect());
        let id = egui::Id::unique("hovered unit's function");
        let texture = cached(ui.ctx(), id, version, TextureOptions::LINEAR, make);
        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
        ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
    }
    if let Some(pointer) = response.hover_pos() {
        let at = places.value_from_position(pointer);
        local.point = Some([at.x as f32, at.y as f32]);
    }
    if let Some([x, y]) = local.point {
        let at = places.position_from_point(&PlotPoint::new(x, y));
        ui.painter_at(rect).circle_stroke(at, 4.0, Stroke::new(3.0, tokens.panel));
        ui.painter_at(rect).circle_stroke(at, 4.0, Stroke::new(1.5, tokens.text));
    }
}

fn curve(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, local: &mut OutputUi, values: &[f32]) {
    let range = dataset.train.input_range().filter(|(low, high)| low < high);
    let (low, high) = range.unwrap_or((-1.0, 1.0));
    let step = f64::from(high - low) / (values.len().max(2) - 1) as f64;
    let points = values.iter().enumerate().filter(|(_, v)| v.is_finite());
    let points: PlotPoints<'_> = points.map(|(i, &v)| [f64::from(low) + i as f64 * step, v.into()]).collect();
    let plot = figure::figure(tokens, egui::Id::unique("hovered unit's curve"), TickKind::Number, TickKind::Number);
    let plot = plot.set_margin_fraction(Vec2::new(0.0, 0.08)).include_y(0.0);
    let asked = local.point;
    let shown = figure::show(ui, plot, 0.0, |plot| {
        plot.line(Line::new("", points).color(tokens.accent).width(2.0));
        if let Some([x, _]) = asked {
            plot.vline(egui_plot::VLine::new("", x).color(tokens.muted));
        }
    });
    if let Some(pointer) = shown.response.hover_pos() {
        local.point = Some([shown.transform.value_from_position(pointer).x as f32, 0.0]);
    }
}
