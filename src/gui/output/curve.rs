//! One number in, one number out: the fitted curve over the data.

use std::sync::Arc;

use egui::{Id, Rect, RichText, Stroke, Ui, Vec2, WidgetInfo};
use egui_plot::{Line, PlotPoint, PlotResponse, Points, VLine};

use super::{OutputUi, OutputView};
use crate::data::{Dataset, Samples};
use crate::gui::numbers::{count, number};
use crate::gui::plots::figure;
use crate::gui::plots::ticks::TickKind;
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::Tokens;
use crate::trace::OutputPicture;

/// The most points of a part that are drawn.
const MOST: usize = 2_000;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut OutputUi) {
    let dataset = view.dataset;
    let fitted = match view.picture {
        Some(OutputPicture::Curve { x, y }) if x.len() == y.len() && !x.is_empty() => Some((x, y)),
        _ => None,
    };
    let train = points(dataset, &dataset.train);
    let test = if local.test { points(dataset, &dataset.validation) } else { Vec::new() };
    let plot = figure::figure(tokens, Id::unique("fitted curve").with(view.salt), TickKind::Number, TickKind::Number);
    let shown = figure::show(ui, plot.set_margin_fraction(Vec2::new(0.0, 0.08)), 26.0, |plot| {
        for (points, colour) in [(&train, tokens.accent), (&test, tokens.warn)] {
            let points: Vec<[f64; 2]> = points.iter().map(|p| p.map(f64::from)).collect();
            plot.points(Points::new("", points).radius(3.0 * tokens.weight.sqrt()).color(colour.gamma_multiply(0.7)));
        }
        if let Some((x, y)) = fitted {
            let points: Vec<[f64; 2]> = x.iter().zip(y.iter()).map(|(&x, &y)| [x.into(), y.into()]).collect();
            for run in points.split(|p| !p[1].is_finite()) {
                plot.line(Line::new("", run.to_vec()).stroke(Stroke::new(2.0 * tokens.weight, tokens.text)));
            }
        }
        if let Some(pointer) = plot.pointer_coordinate().filter(|_| plot.response().hovered()) {
            plot.vline(VLine::new("", pointer.x).stroke(Stroke::new(1.0, tokens.muted)));
        }
    });
    shown.response.widget_info(|| {
        let name = if fitted.is_some() { "Fitted curve" } else { "The data" };
        WidgetInfo::labeled(egui::Role::Image, true, name)
    });
    paint_reading(tokens, dataset, &shown, fitted, &[(&train, "training"), (&test, "validation")]);
    legend(ui, tokens, view, *shown.transform.frame(), fitted.is_some(), local.test);
}

/// (input, target in the user's units), evenly chosen where there are too many.
fn points(dataset: &Dataset, part: &Samples) -> Vec<[f32; 2]> {
    let unit = dataset.truth.unit(0);
    let some = part.fetch(&part.spread(MOST)).unwrap_or_default();
    some.inputs.iter().zip(&some.targets).map(|(&x, &y)| [x, unit.value(y)]).collect()
}

type Fitted<'a> = Option<(&'a Arc<[f32]>, &'a Arc<[f32]>)>;

fn paint_reading(
    tokens: &Tokens,
    dataset: &Dataset,
    shown: &PlotResponse<()>,
    fitted: Fitted<'_>,
    data: &[(&Vec<[f32; 2]>, &str)],
) {
    let Some(pos) = shown.response.hover_pos() else { return };
    let x = shown.transform.value_from_position(pos).x;
    let input = dataset.input_names.first().map_or("x", String::as_str);
    let output = dataset.truth.first_name().unwrap_or("y");
    read(&shown.response, |ui| {
        ui.label(RichText::new(format!("{input} {}", number(x as f32))).font(crate::gui::theme::mono(12.0)));
        if let Some(y) = fitted.and_then(|(xs, ys)| at(xs, ys, x as f32)) {
            reading_row(ui, tokens, tokens.text, &format!("{output} predicted"), &number(y));
        }
        let at = |p: &[f32; 2]| shown.transform.position_from_point(&PlotPoint::new(p[0], p[1]));
        let near = |p: &[f32; 2]| at(p).distance(pos);
        for (points, part) in data {
            let nearest = points.iter().filter(|p| near(p) < 8.0).min_by(|a, b| near(a).total_cmp(&near(b)));
            if let Some([x, y]) = nearest {
                let colour = if *part == "training" { tokens.accent } else { tokens.warn };
                reading_row(ui, tokens, colour, &format!("{part} point at {}", number(*x)), &number(*y));
            }
        }
    });
}

/// The curve at `x`, between its two neighbouring points.
fn at(xs: &[f32], ys: &[f32], x: f32) -> Option<f32> {
    let after = xs.partition_point(|&v| v < x);
    if after == 0 || after >= xs.len() {
        return None;
    }
    let (x0, x1) = (xs[after - 1], xs[after]);
    let share = if x1 > x0 { (x - x0) / (x1 - x0) } else { 0.0 };
    Some(ys[after - 1] + share * (ys[after] - ys[after - 1]))
}

fn legend(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, frame: Rect, fitted: bool, test: bool) {
    let room = ui.available_rect_before_wrap();
    let top = frame.bottom() + 24.0;
    let (left, right) = (room.left() + 12.0, room.right() - 12.0);
    let rect = Rect::from_min_max(egui::pos2(left, top), egui::pos2(right, top + 20.0));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        reading_row(ui, tokens, tokens.accent, "training", "");
        if test {
            reading_row(ui, tokens, tokens.warn, "validation", "");
        }
        if fitted {
            reading_row(ui, tokens, tokens.text, "network", "");
        } else {
            let text = RichText::new("untrained").small().color(tokens.faint);
            ui.label(text).on_hover_text("Not trained yet: press Space.");
        }
        let most = view.dataset.train.len().max(view.dataset.validation.len());
        if most > MOST {
            let text = format!("at most {} points drawn per set", count(MOST as u64));
            ui.add(egui::Label::new(RichText::new(text).small().color(tokens.faint)).truncate());
        }
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn between_points_the_curve_is_straight() {
        let (xs, ys) = ([0.0, 1.0, 3.0], [0.0, 10.0, 30.0]);
        assert_eq!(super::at(&xs, &ys, 2.0), Some(20.0));
        assert_eq!(super::at(&xs, &ys, -1.0), None);
    }
}
