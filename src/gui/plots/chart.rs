//! A chart of curves over training steps: what of them is looked at, marks, and the reading under the pointer.
//!
//! egui_plot draws; this says what. Knows what a series is, not what its numbers mean: [`super::curves`] says which go on
//! which tab.

use egui::{Color32, Id, Label, Rect, RichText, Stroke, Ui, UiBuilder, Vec2b, WidgetInfo};
use egui_plot::{Corner, ItemId, PlotMemory, PlotPoints, PlotResponse, PlotUi, Points, VLine};

use super::figure;
use super::lines::Pen;
use super::range::{self, Range};
use super::scale::Scale;
use super::ticks::Kind;
use super::{marks, view};
use crate::gui::numbers::{count, significant};
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::Tokens;
use crate::trace::Mark;
use crate::trace::{Bucket, Series};

pub struct Line<'a> {
    pub name: &'a str,
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
    pub scale: Scale<'a>,
    /// Where curves of this kind leave room for the legend.
    pub legend: Corner,
    /// On the value axis, when it is not logarithmic.
    pub values: Kind,
    /// How a value is written: "0.081", "98.8 %".
    pub write: fn(f32) -> String,
}

/// What a chart remembers beside what egui_plot does: see [`view`].
#[derive(Clone, Copy, Debug, Default)]
pub struct ChartUi {
    /// Show outliers although they flatten the rest.
    pub whole: bool,
    pub log: bool,
    /// Forget what was zoomed to.
    pub show_all: bool,
}

/// What was drawn, for saying what was not.
struct Drawn {
    raw: Vec<Vec<Bucket>>,
    /// Of the value axis while it follows.
    range: Range,
    /// Ends of the step axis.
    x: [f64; 2],
    following: Vec2b,
}

/// What the legend in the upper right corner takes of the row that the notes stand in.
const LEGEND: f32 = 100.0;

pub fn id(title: &str) -> Id {
    Id::unique("chart").with(title)
}

impl Chart<'_> {
    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi) {
        let id = id(self.title);
        let memory = PlotMemory::load(ui.ctx(), id).filter(|_| !std::mem::take(&mut local.show_all));
        let drawn = self.look(ui, memory.as_ref(), local);
        let kind = if local.log { Kind::Logarithm } else { self.values };
        let whole = self.whole();
        let bounds = memory.as_ref().filter(|_| !drawn.following.y).map(|m| *m.bounds());
        let (from, to) = bounds.map_or((drawn.range.from, drawn.range.to), |b| (b.min()[1], b.max()[1]));
        let pen = Pen { scale: self.scale, log: local.log, from, to };
        let plot = figure::figure(tokens, id, self.scale.unit.kind(), kind)
            .default_x_bounds(whole[0], whole[1])
            .default_y_bounds(drawn.range.from, drawn.range.to)
            .legend(figure::legend(self.legend))
            .allow_drag(Vec2b::new(!drawn.following.x, !drawn.following.y))
            .allow_zoom(Vec2b::new(false, true))
            .allow_boxed_zoom(true)
            .allow_double_click_reset(true);
        let shown = figure::show(ui, plot, 0.0, |plot| {
            match memory {
                Some(_) => view::steer(plot, whole, drawn.following),
                None => plot.set_auto_bounds(true),
            }
            self.draw(plot, tokens, &pen, &drawn)
        });
        self.after(ui, tokens, local, &pen, &drawn, &shown);
    }

    /// The part of the curves that is looked at, and the value axis that suits it.
    fn look(&self, ui: &Ui, memory: Option<&PlotMemory>, local: &ChartUi) -> Drawn {
        let following = memory.map_or(Vec2b::TRUE, |m| m.auto_bounds);
        let bounds = memory.filter(|_| !following.x).map(|m| *m.bounds());
        let x = bounds.map_or(self.whole(), |b| [b.min()[0], b.max()[0]]);
        let pixels = ui.available_width() as usize;
        let (from, to) = (self.scale.step(x[0]), self.scale.step(x[1]));
        let hidden = |line: &Line<'_>| memory.is_some_and(|m| m.hidden_items.contains(&ItemId::new(line.name)));
        let visible = |line: &Line<'_>| if hidden(line) { Vec::new() } else { line.raw.visible(from, to, pixels) };
        let raw: Vec<Vec<Bucket>> = self.lines.iter().map(visible).collect();
        let range = range::choose(&raw.iter().map(Vec::as_slice).collect::<Vec<_>>(), local.log, !local.whole);
        Drawn { raw, range, x, following }
    }

    /// All steps there are.
    fn whole(&self) -> [f64; 2] {
        let last = self.lines.iter().filter_map(|l| l.raw.last()).map(|(step, _)| step).max().unwrap_or(0);
        let first = self.lines.iter().filter_map(|l| l.raw.steps().first()).min().copied().unwrap_or(0);
        // A run that was taken up again begins where it stood.
        let first = if first > 1 { first } else { 0 };
        let (from, to) = (self.scale.at(first as f64), self.scale.at(last.max(first + 1) as f64));
        [from, if to > from { to } else { from + 1e-3 }]
    }

    /// Returns the step under the pointer.
    fn draw<'a>(&self, plot: &mut PlotUi<'a>, tokens: &Tokens, pen: &Pen<'_>, drawn: &Drawn) -> Option<u64> {
        let (from, to) = (self.scale.step(drawn.x[0]), self.scale.step(drawn.x[1]));
        let pixels = plot.transform().frame().width() as usize;
        self.name_curves(plot);
        for (line, buckets) in self.lines.iter().zip(&drawn.raw) {
            let colour = line.colour;
            if buckets.iter().any(|b| b.first != b.last) {
                let faint = colour.gamma_multiply(if line.smooth.is_some() { 0.22 } else { 0.3 });
                pen.band(plot, line.name, buckets, faint);
            }
            let smooth = line.smooth.filter(|_| !buckets.is_empty()).map(|s| s.visible(from, to, pixels));
            let raw =
                if smooth.is_some() { Stroke::new(1.0, colour.gamma_multiply(0.3)) } else { Stroke::new(1.6, colour) };
            pen.line(plot, line.name, buckets, raw);
            pen.line(plot, line.name, &smooth.unwrap_or_default(), Stroke::new(2.0, colour));
            pen.broken(plot, buckets, tokens.bad);
        }
        marks::add_lines(plot, tokens, &self.scale, self.marks);
        let pointer = plot.pointer_coordinate().filter(|_| plot.response().hovered())?;
        let step = self.nearest_step(self.scale.step(pointer.x))?;
        let x = self.scale.at(step as f64);
        plot.vline(VLine::new("", x).stroke(Stroke::new(1.0, tokens.muted)));
        for (line, _) in self.lines.iter().zip(&drawn.raw).filter(|(_, buckets)| !buckets.is_empty()) {
            let value = line.smooth.unwrap_or(line.raw).at(step);
            if let Some(y) = value.and_then(|value| pen.value(value)) {
                plot.points(Points::new("", [x, y]).radius(3.5).color(line.colour));
            }
        }
        Some(step)
    }

    /// For the legend: it shows the first item of every name, from the corner on, and a hidden curve has no other.
    fn name_curves(&self, plot: &mut PlotUi<'_>) {
        let name = |line: &Line<'_>| {
            plot.add(egui_plot::Line::new(line.name, PlotPoints::default()).color(line.colour));
        };
        match self.legend {
            Corner::LeftBottom | Corner::RightBottom => self.lines.iter().rev().for_each(name),
            Corner::LeftTop | Corner::RightTop => self.lines.iter().for_each(name),
        }
    }

    /// What stands over the plot, once it is known where everything is.
    fn after(
        &self,
        ui: &mut Ui,
        tokens: &Tokens,
        local: &mut ChartUi,
        pen: &Pen<'_>,
        drawn: &Drawn,
        shown: &PlotResponse<Option<u64>>,
    ) {
        let frame = *shown.transform.frame();
        let end = frame.right() - if self.legend == Corner::RightTop { LEGEND } else { 0.0 };
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, self.summary()));
        marks::paint_labels(ui, tokens, &self.scale, self.marks, &shown.transform, end);
        if let Some(step) = shown.inner {
            self.reading(tokens, shown, step);
        }
        let corner = Rect::from_min_max(frame.center_top(), frame.right_center()).with_max_x(end);
        let layout = egui::Layout::right_to_left(egui::Align::TOP);
        ui.scope_builder(UiBuilder::new().max_rect(corner).layout(layout), |ui| {
            self.notes(ui, tokens, local, pen, drawn);
        });
    }

    /// The exact values of every curve at a step.
    fn reading(&self, tokens: &Tokens, shown: &PlotResponse<Option<u64>>, step: u64) {
        let reach = 4.0 / shown.transform.dpos_dvalue_x();
        read(&shown.response, |ui| {
            ui.add(Label::new(RichText::new(self.when(step)).color(tokens.faint).small()).extend());
            for line in &self.lines {
                let Some(value) = line.raw.at(step) else { continue };
                reading_row(ui, tokens, line.colour, line.name, &(self.write)(value));
                if let Some(smooth) = line.smooth.and_then(|s| s.at(step)) {
                    reading_row(ui, tokens, line.colour, "smoothed", &(self.write)(smooth));
                }
            }
            let place = |step: u64| self.scale.at(step as f64);
            for mark in self.marks.iter().filter(|m| (place(m.step) - place(step)).abs() <= reach) {
                ui.label(RichText::new(&mark.label).color(tokens.warn).small());
            }
        });
    }

    /// "step 2,112 · epoch 132 · 12.4 s"
    fn when(&self, step: u64) -> String {
        let (epoch, seconds) = self.scale.moment(step as f64);
        let epoch = significant((epoch * 100.0).round() / 100.0, 6);
        format!("step {} · epoch {epoch} · {} s", count(step), significant((seconds * 100.0).round() / 100.0, 6))
    }

    /// The step with a point that is nearest to `x`, over the longest of the curves.
    fn nearest_step(&self, x: f64) -> Option<u64> {
        let steps = self.lines.iter().map(|l| l.raw.steps()).max_by_key(|s| s.len())?;
        let after = steps.partition_point(|&s| (s as f64) < x);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|i| steps.get(i));
        candidates.min_by(|a, b| (**a as f64 - x).abs().total_cmp(&(**b as f64 - x).abs())).copied()
    }

    /// What the picture leaves out, with the switch to change that.
    fn notes(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi, pen: &Pen<'_>, drawn: &Drawn) {
        let small = |text: &str| RichText::new(text).small();
        if !drawn.following.all() && ui.button(small("Show all")).clicked() {
            local.show_all = true;
        }
        if drawn.range.outliers && drawn.following.y {
            let text = if local.whole { "Leave outliers out" } else { "Show outliers" };
            if ui.button(small(text)).clicked() {
                local.whole = !local.whole;
            }
        }
        let mut notes = Vec::new();
        let (above, below) = self.outside(pen, drawn);
        for (n, side) in [(above, "above"), (below, "below")].into_iter().filter(|(n, _)| *n > 0) {
            notes.push(format!("{} {} {side}", count(n as u64), if n == 1 { "point" } else { "points" }));
        }
        if drawn.raw.iter().flatten().any(|b| b.broken) {
            notes.push("× NaN or infinite".into());
        }
        if local.log && drawn.raw.iter().flatten().any(|b| b.min <= 0.0) {
            notes.push("values of 0 or less have no place on a log scale".into());
        }
        if !notes.is_empty() {
            ui.label(small(&notes.join(" · ")).color(tokens.warn));
        }
    }

    /// How many points of what is looked at lie above and below the value axis.
    fn outside(&self, pen: &Pen<'_>, drawn: &Drawn) -> (usize, usize) {
        let (from, to) = (self.scale.step(drawn.x[0]), self.scale.step(drawn.x[1]));
        let value = |end: f64| if pen.log { 10f64.powf(end) } else { end };
        let mut all = (0, 0);
        for (line, buckets) in self.lines.iter().zip(&drawn.raw) {
            let looked_at = |b: &&Bucket| b.last >= from && b.first <= to && !(pen.log && b.max <= 0.0);
            let inside: Vec<Bucket> = buckets.iter().filter(looked_at).copied().collect();
            let (above, below) = range::outside(line.raw, &inside, value(pen.from), value(pen.to));
            all = (all.0 + above, all.1 + if pen.log { 0 } else { below });
        }
        all
    }

    /// "Loss chart: train 0.074, validation 0.081"
    fn summary(&self) -> String {
        let now = |l: &Line<'_>| l.raw.last().map(|(_, value)| format!("{} {}", l.name, (self.write)(value)));
        let values: Vec<String> = self.lines.iter().filter_map(now).collect();
        format!("{} chart: {}", self.title, values.join(", "))
    }
}
