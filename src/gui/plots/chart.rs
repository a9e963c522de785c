//! A chart of curves over training steps: lines, marks, legend, reading under the pointer, zoom.
//!
//! Knows what a series is, not what its numbers mean: [`super::curves`] says which go on which tab.

use egui::{Align2, Color32, Rect, Response, RichText, Sense, Stroke, Ui, UiBuilder, WidgetInfo};

use super::axes::{Axis, Frame, inner_rect};
use super::lines::{paint_band, paint_broken, paint_line};
use super::marks::paint_marks;
use super::range::{self, Range};
use super::view::View;
use crate::gui::numbers::{count, significant};
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::Tokens;
use crate::session::Mark;
use crate::trace::{Bucket, Series};

pub struct Line<'a> {
    pub name: &'static str,
    pub raw: &'a Series,
    /// Drawn in front of the raw curve, which is then faint.
    pub smooth: Option<&'a Series>,
    pub colour: Color32,
}

pub struct Chart<'a> {
    /// "Loss"
    pub title: &'static str,
    pub lines: Vec<Line<'a>>,
    pub marks: &'a [Mark],
    pub steps_per_epoch: u64,
    pub epochs: bool,
    /// How a value is written: "0.081", "98.8 %".
    pub write: fn(f32) -> String,
}

/// What a chart remembers.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChartUi {
    pub view: View,
    /// Show outliers although they flatten the rest.
    pub whole: bool,
    pub log: bool,
}

/// What was drawn, for saying what was not.
struct Drawn {
    frame: Frame,
    raw: Vec<Vec<Bucket>>,
    range: Range,
    broken: bool,
}

const LEGEND: f32 = 24.0;

impl Chart<'_> {
    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi) {
        let rect = inner_rect(ui, LEGEND);
        let response = ui.interact(rect, ui.scope_id().with(self.title), Sense::click_and_drag());
        let last = self.lines.iter().filter_map(|l| l.raw.last()).map(|(step, _)| step).max().unwrap_or(0);
        let whole_x = Axis::linear(0.0, (last as f64).max(1.0));
        let x = local.view.x_axis(whole_x);
        let pixels = rect.width() as usize;
        let raw: Vec<Vec<Bucket>> = self.lines.iter().map(|l| l.raw.visible(x.min, x.max, pixels)).collect();
        let range = range::choose(&raw.iter().map(Vec::as_slice).collect::<Vec<_>>(), local.log, !local.whole);
        let frame = Frame { rect, x, y: local.view.y_axis(range.axis) };
        local.view.interact(ui, &response, &frame, whole_x);

        let unit = if self.epochs { self.steps_per_epoch.max(1) as f64 } else { 1.0 };
        frame.paint_grid(ui.painter(), tokens, unit);
        let broken = self.paint(ui, tokens, &frame, &raw);
        let painter = ui.painter_at(rect);
        paint_marks(&painter, tokens, &frame, self.marks);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, self.summary()));
        self.paint_reading(ui, tokens, &response, &frame);
        self.notes(ui, tokens, local, &Drawn { frame, raw, range, broken });
        self.legend(ui, tokens, rect);
    }

    fn paint(&self, ui: &Ui, tokens: &Tokens, frame: &Frame, raw: &[Vec<Bucket>]) -> bool {
        let painter = ui.painter_at(frame.rect.expand2(egui::vec2(2.0, 0.0)));
        let mut broken = false;
        for (line, buckets) in self.lines.iter().zip(raw) {
            let faint = line.colour.gamma_multiply(if line.smooth.is_some() { 0.22 } else { 0.3 });
            if buckets.iter().any(|b| b.first != b.last) {
                paint_band(&painter, frame, buckets, faint);
            }
            match line.smooth {
                Some(smooth) => {
                    paint_line(&painter, frame, buckets, Stroke::new(1.0, line.colour.gamma_multiply(0.3)));
                    let means = smooth.visible(frame.x.min, frame.x.max, frame.rect.width() as usize);
                    paint_line(&painter, frame, &means, Stroke::new(2.0, line.colour));
                }
                None => paint_line(&painter, frame, buckets, Stroke::new(1.6, line.colour)),
            }
        }
        for buckets in raw {
            broken |= paint_broken(&painter, tokens, frame, buckets);
        }
        broken
    }

    /// One vertical line, and the exact values of every curve at that step.
    fn paint_reading(&self, ui: &Ui, tokens: &Tokens, response: &Response, frame: &Frame) {
        let Some(pos) = response.hover_pos() else { return };
        let Some(step) = self.nearest_step(frame.x_of(pos.x)) else { return };
        let painter = ui.painter_at(frame.rect.expand(4.0));
        painter.vline(frame.x_at(step as f64), frame.rect.y_range(), Stroke::new(1.0, tokens.muted));
        for line in &self.lines {
            let value = line.smooth.unwrap_or(line.raw).at(step).filter(|v| v.is_finite());
            if let Some(value) = value.map(f64::from).filter(|v| (frame.y.min..=frame.y.max).contains(v)) {
                painter.circle_filled(frame.at(step as f64, value), 3.5, line.colour);
            }
        }
        read(response, |ui| {
            ui.label(RichText::new(self.when(step)).color(tokens.faint).small());
            for line in &self.lines {
                let Some(value) = line.raw.at(step) else { continue };
                reading_row(ui, tokens, line.colour, line.name, &(self.write)(value));
                if let Some(smooth) = line.smooth.and_then(|s| s.at(step)) {
                    reading_row(ui, tokens, line.colour, "smoothed", &(self.write)(smooth));
                }
            }
            let reach = (frame.x.max - frame.x.min) * 4.0 / f64::from(frame.rect.width());
            for mark in self.marks.iter().filter(|m| (m.step as f64 - step as f64).abs() <= reach) {
                ui.label(RichText::new(&mark.label).color(tokens.warn).small());
            }
        });
    }

    /// "step 2,112 · epoch 132"
    fn when(&self, step: u64) -> String {
        let epoch = step as f64 / self.steps_per_epoch.max(1) as f64;
        if self.steps_per_epoch == 0 {
            return format!("step {}", count(step));
        }
        format!("step {} · epoch {}", count(step), significant((epoch * 100.0).round() / 100.0, 6))
    }

    /// The step with a point that is nearest to `x`, over the longest of the curves.
    fn nearest_step(&self, x: f64) -> Option<u64> {
        let steps = self.lines.iter().map(|l| l.raw.steps()).max_by_key(|s| s.len())?;
        let after = steps.partition_point(|&s| (s as f64) < x);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|i| steps.get(i));
        candidates.min_by(|a, b| (**a as f64 - x).abs().total_cmp(&(**b as f64 - x).abs())).copied()
    }

    /// What the picture leaves out, in the upper right corner, with the switch to change that.
    fn notes(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi, drawn: &Drawn) {
        let frame = &drawn.frame;
        let corner = Rect::from_min_max(frame.rect.center_top() - egui::vec2(0.0, 4.0), frame.rect.right_center());
        let layout = egui::Layout::right_to_left(egui::Align::TOP);
        ui.scope_builder(UiBuilder::new().max_rect(corner).layout(layout), |ui| {
            let small = |text: String| RichText::new(text).small();
            if !local.view.follows() && ui.button(small("Show all".into())).clicked() {
                local.view = View::default();
            }
            let (above, below) = self.outside(frame, &drawn.raw);
            if drawn.range.outliers && local.view.y.is_none() {
                let text = if local.whole { "Leave outliers out".to_owned() } else { "Show outliers".to_owned() };
                if ui.button(small(text)).clicked() {
                    local.whole = !local.whole;
                }
            }
            let mut notes = Vec::new();
            for (n, side) in [(above, "above"), (below, "below")].into_iter().filter(|(n, _)| *n > 0) {
                notes.push(format!("{} {} {side}", count(n as u64), if n == 1 { "point" } else { "points" }));
            }
            if drawn.broken {
                notes.push("× NaN or infinite".into());
            }
            if local.log && drawn.raw.iter().flatten().any(|b| b.min <= 0.0) {
                notes.push("values of 0 or less have no place on a log scale".into());
            }
            if !notes.is_empty() {
                ui.label(small(notes.join(" · ")).color(tokens.warn));
            }
        });
    }

    fn outside(&self, frame: &Frame, raw: &[Vec<Bucket>]) -> (usize, usize) {
        let mut all = (0, 0);
        for (line, buckets) in self.lines.iter().zip(raw) {
            let inside: Vec<Bucket> = buckets
                .iter()
                .copied()
                .filter(|b| b.last >= frame.x.min && b.first <= frame.x.max && !(frame.y.log && b.max <= 0.0))
                .collect();
            let (above, below) = range::outside(line.raw, &inside, &frame.y);
            all = (all.0 + above, all.1 + if frame.y.log { 0 } else { below });
        }
        all
    }

    fn legend(&self, ui: &mut Ui, tokens: &Tokens, chart: Rect) {
        let top = chart.bottom() + 24.0;
        let rect = Rect::from_min_max(egui::pos2(chart.left(), top), egui::pos2(chart.right(), top + LEGEND));
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), |ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            for line in &self.lines {
                if let Some((_, value)) = line.raw.last() {
                    reading_row(ui, tokens, line.colour, line.name, &(self.write)(value));
                }
            }
        });
        let unit = if self.epochs { "epochs" } else { "steps" };
        let at = egui::pos2(rect.right(), rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, unit, egui::FontId::proportional(11.0), tokens.faint);
    }

    /// "Loss chart: train 0.074, validation 0.081"
    fn summary(&self) -> String {
        let now = |l: &Line<'_>| l.raw.last().map(|(_, value)| format!("{} {}", l.name, (self.write)(value)));
        let values: Vec<String> = self.lines.iter().filter_map(now).collect();
        format!("{} chart: {}", self.title, values.join(", "))
    }
}
