//! A chart of curves over training steps: what of them is looked at, marks, and the reading under the pointer.
//!
//! egui_plot draws; this says what. Knows what a series is, not what its numbers mean: [`super::curves`] says which go
//! on which tab.

use egui::{Color32, Id, Label, Rect, RichText, Stroke, Ui, UiBuilder, Vec2b, WidgetInfo};
use egui_plot::{Corner, ItemId, PlotMemory, PlotPoints, PlotResponse, PlotUi, Points, VLine};

use super::figure;
use super::lines::Pen;
use super::range::{self, Range};
use super::scale::{Scale, StepAxis};
use super::ticks::TickKind;
use super::{marks, view};
use crate::gui::anchors;
use crate::gui::figure::is_paper;
use crate::gui::numbers::{count, significant};
use crate::gui::reading::{read, reading_row};
use crate::gui::theme::Tokens;
use crate::gui::widgets::named;
use crate::session::Anchor;
use crate::trace::Mark;
use crate::trace::{Bucket, Series};

pub struct Line<'a> {
    pub name: &'a str,
    pub raw: &'a Series,
    /// Drawn in front of the raw curve, which is then faint.
    pub smooth: Option<&'a Series>,
    pub colour: Color32,
    /// Where its steps lie: runs went at paces of their own.
    pub scale: Scale<'a>,
    /// Drawn thin and behind the others: of a run that is over, or of another branch.
    pub faint: bool,
}

pub struct Chart<'a> {
    /// "Loss"
    pub title: &'static str,
    pub lines: Vec<Line<'a>>,
    pub marks: &'a [Mark],
    /// Of the axis and of the marks.
    pub scale: Scale<'a>,
    /// The curves are of several runs: a place is no longer one step, epoch and second.
    pub several: bool,
    /// The name of the run behind the live one, which can be dismissed.
    pub ghost: Option<&'a str>,
    /// So many curves more were asked for than are drawn.
    pub left_out: usize,
    /// Where curves of this kind leave room for the legend; `None`: what is beside it says which curve is which.
    pub legend: Option<Corner>,
    /// On the value axis, when it is not logarithmic.
    pub values: TickKind,
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

/// What was asked for beside the chart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The run behind the live one is to go.
    pub dismissed: bool,
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

/// What the legend in the upper right corner takes at least of the row that the notes stand in.
const LEGEND: f32 = 100.0;
/// What it takes beside the names.
const BESIDE: f32 = 46.0;

impl Line<'_> {
    /// The step at a place. Beyond its end (and the distance to its next point) a curve says nothing.
    fn at(&self, x: f64) -> Option<u64> {
        let step = (self.scale.step(x) + 1e-6).floor().max(0.0) as u64;
        let steps = self.raw.steps();
        let (&last, before) = (steps.last()?, steps.len().checked_sub(2).map(|i| steps[i]));
        let next = before.map_or(u64::MAX, |before| last + (last - before).max(1));
        (step <= next).then_some(step)
    }
}

pub fn id(title: &str) -> Id {
    Id::unique("chart").with(title)
}

impl Chart<'_> {
    pub fn show(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi) -> Asked {
        let id = id(self.title);
        let memory = PlotMemory::load(ui.ctx(), id).filter(|_| !std::mem::take(&mut local.show_all));
        let drawn = self.look(ui, memory.as_ref(), local);
        let kind = if local.log { TickKind::Logarithm } else { self.values };
        let whole = self.whole();
        let bounds = memory.as_ref().filter(|_| !drawn.following.y).map(|m| *m.bounds());
        let (from, to) = bounds.map_or((drawn.range.from, drawn.range.to), |b| (b.min()[1], b.max()[1]));
        let pen = Pen { scale: self.scale, log: local.log, from, to };
        let plot = figure::figure(tokens, id, self.scale.unit.kind(), kind)
            .default_x_bounds(whole[0], whole[1])
            .default_y_bounds(drawn.range.from, drawn.range.to)
            .allow_drag(Vec2b::new(!drawn.following.x, !drawn.following.y))
            .allow_zoom(Vec2b::new(false, true))
            .allow_boxed_zoom(true)
            .allow_double_click_reset(true);
        let plot = match self.legend {
            Some(corner) => plot.legend(figure::legend(corner)),
            None => plot,
        };
        let shown = figure::show(ui, plot, 0.0, |plot| {
            match memory {
                Some(_) => view::steer(plot, whole, drawn.following),
                None => plot.set_auto_bounds(true),
            }
            self.draw(plot, tokens, &pen, &drawn)
        });
        self.after(ui, tokens, local, &pen, &drawn, &shown)
    }

    /// The part of the curves that is looked at, and the value axis that suits it.
    fn look(&self, ui: &Ui, memory: Option<&PlotMemory>, local: &ChartUi) -> Drawn {
        let following = memory.map_or(Vec2b::TRUE, |m| m.auto_bounds);
        let bounds = memory.filter(|_| !following.x).map(|m| *m.bounds());
        let x = bounds.map_or(self.whole(), |b| [b.min()[0], b.max()[0]]);
        let pixels = ui.available_width() as usize;
        let hidden = |line: &Line<'_>| memory.is_some_and(|m| m.hidden_items.contains(&ItemId::new(line.name)));
        let visible = |line: &Line<'_>| match hidden(line) {
            true => Vec::new(),
            false => line.raw.visible(line.scale.step(x[0]), line.scale.step(x[1]), pixels),
        };
        let raw: Vec<Vec<Bucket>> = self.lines.iter().map(visible).collect();
        let range = range::choose(&raw.iter().map(Vec::as_slice).collect::<Vec<_>>(), local.log, !local.whole);
        Drawn { raw, range, x, following }
    }

    /// All places there are.
    fn whole(&self) -> [f64; 2] {
        // A run that was taken up again begins where it stood.
        let first = |line: &Line<'_>| line.raw.steps().first().map(|&step| if step > 1 { step } else { 0 });
        let ends = |line: &Line<'_>| {
            let (first, (last, _)) = (first(line)?, line.raw.last()?);
            Some([line.scale.at(first as f64), line.scale.at(last.max(first + 1) as f64)])
        };
        let all: Vec<[f64; 2]> = self.lines.iter().filter_map(ends).collect();
        let from = all.iter().map(|ends| ends[0]).reduce(f64::min).unwrap_or(0.0);
        // One curve may begin later than another of the same run.
        let begins = self.several || self.lines.iter().any(|line| first(line) == Some(0));
        let from = if begins { from.min(0.0) } else { from };
        let to = all.iter().map(|ends| ends[1]).reduce(f64::max).unwrap_or(1.0);
        [from, if to > from { to } else { from + 1e-3 }]
    }

    /// Returns the place under the pointer, if there is anything.
    fn draw<'a>(&self, plot: &mut PlotUi<'a>, tokens: &Tokens, pen: &Pen<'_>, drawn: &Drawn) -> Option<f64> {
        let pixels = plot.transform().frame().width() as usize;
        self.name_curves(plot);
        let (behind, before): (Vec<_>, Vec<_>) = self.lines.iter().zip(&drawn.raw).partition(|(line, _)| line.faint);
        for (line, buckets) in behind.into_iter().chain(before) {
            let pen = Pen { scale: line.scale, ..*pen };
            let (from, to) = (line.scale.step(drawn.x[0]), line.scale.step(drawn.x[1]));
            let colour = line.colour;
            if buckets.iter().any(|b| b.first != b.last) && !line.faint {
                let faint = colour.gamma_multiply(if line.smooth.is_some() { 0.22 } else { 0.3 });
                pen.band(plot, line.name, buckets, faint);
            }
            let smooth = line.smooth.filter(|_| !buckets.is_empty()).map(|s| s.visible(from, to, pixels));
            let thin = Stroke::new(tokens.weight, colour.gamma_multiply(0.3));
            let raw = match (line.faint, smooth.is_some()) {
                (true, _) => Stroke::new(1.2 * tokens.weight, colour),
                (false, true) => thin,
                (false, false) => Stroke::new(1.6 * tokens.weight, colour),
            };
            if !(line.faint && smooth.is_some()) {
                pen.line(plot, line.name, buckets, raw);
            }
            let front = Stroke::new(tokens.weight * if line.faint { 1.2 } else { 2.0 }, colour);
            pen.line(plot, line.name, &smooth.unwrap_or_default(), front);
            pen.broken(plot, buckets, tokens.bad);
        }
        marks::add_lines(plot, tokens, &self.scale, self.marks);
        let pointer = plot.pointer_coordinate().filter(|_| plot.response().hovered())?;
        let x = self.nearest_place(pointer.x)?;
        plot.vline(VLine::new("", x).stroke(Stroke::new(1.0, tokens.muted)));
        for (line, _) in self.lines.iter().zip(&drawn.raw).filter(|(_, buckets)| !buckets.is_empty()) {
            let value = line.at(x).and_then(|step| line.smooth.unwrap_or(line.raw).at(step));
            if let Some(y) = value.and_then(|value| pen.value(value)) {
                plot.points(Points::new("", [x, y]).radius(3.5).color(line.colour));
            }
        }
        Some(x)
    }

    /// For the legend: it shows the first item of every name, from the corner on, and a hidden curve has no other.
    fn name_curves(&self, plot: &mut PlotUi<'_>) {
        let name = |line: &Line<'_>| {
            plot.add(egui_plot::Line::new(line.name, PlotPoints::default()).color(line.colour));
        };
        match self.legend {
            Some(Corner::LeftBottom | Corner::RightBottom) => self.lines.iter().rev().for_each(name),
            Some(Corner::LeftTop | Corner::RightTop) => self.lines.iter().for_each(name),
            None => {}
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
        shown: &PlotResponse<Option<f64>>,
    ) -> Asked {
        let frame = *shown.transform.frame();
        let end = frame.right() - if self.legend == Some(Corner::RightTop) { self.legend_width(ui) } else { 0.0 };
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, self.summary()));
        let corner = Rect::from_min_max(frame.left_top(), frame.right_center()).with_max_x(end);
        let layout = egui::Layout::right_to_left(egui::Align::TOP);
        let builder = UiBuilder::new().max_rect(corner).layout(layout);
        let notes = ui.scope_builder(builder, |ui| self.notes(ui, tokens, local, pen, drawn));
        marks::paint_labels(ui, tokens, &self.scale, self.marks, &shown.transform, (end, notes.response.rect));
        if let Some(place) = shown.inner {
            self.reading(tokens, shown, place);
        }
        notes.inner
    }

    /// As wide as its longest name.
    fn legend_width(&self, ui: &Ui) -> f32 {
        let width = |line: &Line<'_>| {
            let font = egui::TextStyle::Small.resolve(ui.style());
            ui.painter().layout_no_wrap(line.name.to_owned(), font, Color32::PLACEHOLDER).size().x
        };
        self.lines.iter().map(width).fold(LEGEND - BESIDE, f32::max) + BESIDE
    }

    /// The exact values of every curve at a place.
    fn reading(&self, tokens: &Tokens, shown: &PlotResponse<Option<f64>>, x: f64) {
        let reach = 4.0 / shown.transform.dpos_dvalue_x();
        read(&shown.response, |ui| {
            ui.add(Label::new(RichText::new(self.when(x)).color(tokens.faint).small()).extend());
            for line in &self.lines {
                let Some((step, value)) = line.at(x).and_then(|step| Some((step, line.raw.at(step)?))) else {
                    continue;
                };
                reading_row(ui, tokens, line.colour, line.name, &(self.write)(value));
                if let Some(smooth) = line.smooth.and_then(|s| s.at(step)) {
                    reading_row(ui, tokens, line.colour, "smoothed", &(self.write)(smooth));
                }
            }
            let place = |mark: &Mark| self.scale.at(mark.step as f64);
            for mark in self.marks.iter().filter(|mark| (place(mark) - x).abs() <= reach) {
                ui.label(RichText::new(&mark.label).color(tokens.warn).small());
            }
        });
    }

    /// "step 2,112 · epoch 132 · 12.4 s"; of several runs only what the axis counts.
    fn when(&self, x: f64) -> String {
        let step = self.scale.step(x).round();
        let (epoch, seconds) = self.scale.moment(step);
        let short = |value: f64| significant((value * 100.0).round() / 100.0, 6);
        match (self.several, self.scale.unit) {
            (false, _) => format!("step {} · epoch {} · {} s", count(step as u64), short(epoch), short(seconds)),
            (true, StepAxis::Steps) => format!("step {}", count(step as u64)),
            (true, StepAxis::Epochs) => format!("epoch {}", short(x)),
            (true, StepAxis::Time) => format!("{} s", short(x)),
        }
    }

    /// The place of a point that is nearest to `x`, over the longest of the curves.
    fn nearest_place(&self, x: f64) -> Option<f64> {
        let line = self.lines.iter().max_by_key(|line| (!line.faint, line.raw.len()))?;
        let (steps, step) = (line.raw.steps(), line.scale.step(x));
        let after = steps.partition_point(|&s| (s as f64) < step);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|i| steps.get(i));
        let distance = |s: &&u64| (**s as f64 - step).abs();
        let nearest = candidates.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        Some(line.scale.at(*nearest as f64))
    }

    /// What the picture leaves out, with the switch to change that.
    fn notes(&self, ui: &mut Ui, tokens: &Tokens, local: &mut ChartUi, pen: &Pen<'_>, drawn: &Drawn) -> Asked {
        let small = |text: &str| RichText::new(text).small();
        let pressable = !is_paper(ui);
        let dismissed = self.ghost.filter(|_| pressable).is_some_and(|name| {
            let response = ui.button(small(&format!("{name} ×")).color(tokens.muted));
            anchors::put(ui, Anchor::DismissGhost, &response);
            named(response, &format!("Dismiss {name}")).clicked()
        });
        if pressable && !drawn.following.all() && ui.button(small("Show all")).clicked() {
            local.show_all = true;
        }
        if pressable && drawn.range.outliers && drawn.following.y {
            let text = if local.whole { "Hide outliers" } else { "Show outliers" };
            if ui.button(small(text)).clicked() {
                local.whole = !local.whole;
            }
        }
        let mut notes = Vec::new();
        if self.left_out > 0 {
            notes.push(format!("{} more selected than shown", self.left_out));
        }
        let (above, below) = self.outside(pen, drawn);
        for (n, side) in [(above, "above"), (below, "below")].into_iter().filter(|(n, _)| *n > 0) {
            notes.push(format!("{} {} {side}", count(n as u64), if n == 1 { "point" } else { "points" }));
        }
        if drawn.raw.iter().flatten().any(|b| b.broken) {
            notes.push("× NaN or infinite".into());
        }
        if local.log && drawn.raw.iter().flatten().any(|b| b.min <= 0.0) {
            notes.push("values of 0 or less can't be shown on a log scale".into());
        }
        if !notes.is_empty() {
            let notes = notes.join(" · ");
            ui.add(Label::new(small(&notes).color(tokens.warn)).truncate()).on_hover_text(notes);
        }
        Asked { dismissed }
    }

    /// How many points of what is looked at lie above and below the value axis.
    fn outside(&self, pen: &Pen<'_>, drawn: &Drawn) -> (usize, usize) {
        let value = |end: f64| if pen.log { 10f64.powf(end) } else { end };
        let mut all = (0, 0);
        for (line, buckets) in self.lines.iter().zip(&drawn.raw) {
            let (from, to) = (line.scale.step(drawn.x[0]), line.scale.step(drawn.x[1]));
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
