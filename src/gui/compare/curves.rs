//! The curves of the runs that are picked, over each other: drawn by the chart of the live plots, each at its own pace.

use std::collections::HashMap;

use egui::{Align, Layout, Rect, Ui, UiBuilder, Vec2};
use egui_plot::Corner;

use super::rows::Row;
use super::{CompareUi, Seen};
use crate::gui::anchors;
use crate::gui::numbers::number;
use crate::gui::plots::chart::{Chart, ChartUi, Line};
use crate::gui::plots::controls::AxisSettings;
use crate::gui::plots::curves::of_metric;
use crate::gui::plots::empty;
use crate::gui::plots::scale::{Scale, StepAxis};
use crate::gui::plots::smooth::Smoother;
use crate::gui::plots::ticks::TickKind;
use crate::gui::widgets::tab_strip;
use crate::model::Metric;
use crate::session::{Anchor, State};
use crate::trace::{Curves, Pace, RunCard, Series};

/// More curves than this over each other tell nothing, and cost.
const MOST: usize = 24;
const HEADER: f32 = 36.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Validation,
    Train,
    Score,
    Difference,
}

/// The panel's own state.
#[derive(Debug)]
pub struct CurvesUi {
    pub tab: Tab,
    /// 0 (none) to 0.99.
    pub smoothing: f32,
    pub unit: StepAxis,
    charts: [ChartUi; 4],
    smoothers: HashMap<(String, Tab), Smoother>,
    gap: Option<Gap>,
}

impl Default for CurvesUi {
    fn default() -> Self {
        let charts = [ChartUi::default(); 4];
        let smoothers = HashMap::new();
        Self { tab: Tab::default(), smoothing: 0.6, unit: StepAxis::Steps, charts, smoothers, gap: None }
    }
}

/// One run's curve less another's.
#[derive(Debug)]
struct Gap {
    of: GapOf,
    name: String,
    series: Series,
    zero: Series,
}

/// What a gap was computed of: ids, lengths, and what the step axis counts.
#[derive(Clone, Debug, PartialEq)]
struct GapOf {
    ids: [String; 2],
    points: [usize; 2],
    unit: StepAxis,
}

/// A run whose curves are there.
struct Shown<'a> {
    pub row: Row,
    pub curves: &'a Curves,
    pub scale: Scale<'a>,
}

fn shown<'a>(state: &'a State, row: Row, unit: StepAxis) -> Option<Shown<'a>> {
    if row.live {
        return Some(Shown { row, curves: &state.run().curves, scale: Scale::new(unit, state.run()) });
    }
    let curves = &**state.runs().curves.get(&row.card.id)?;
    let scale = Scale::of(unit, &curves.pace, end(&row.card));
    Some(Shown { row, curves, scale })
}

fn end(card: &RunCard) -> Pace {
    Pace { step: card.steps, epoch: card.epochs, seconds: card.seconds }
}

pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi) {
    anchors::put_at(ui, Anchor::RunsChart, ui.max_rect());
    let metric = metric_of(&picked(seen.state, local));
    header(ui, seen, &mut local.curves, metric);
    contents(ui, seen, local);
}

/// All but the heading.
pub(super) fn contents(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi) {
    let state = seen.state;
    let picked: Vec<Row> = picked(state, local);
    let metric = metric_of(&picked);
    if picked.is_empty() {
        let text =
            "Click a row above to see its curves. Ctrl-click another row, or click its colour, to overlay its curves.";
        return empty::say(ui, &seen.tokens, "No run selected", text);
    }
    if local.curves.tab == Tab::Difference {
        return difference(ui, seen, local);
    }
    let (tab, unit) = (local.curves.tab, local.curves.unit);
    let left_out = picked.len().saturating_sub(MOST);
    let there: Vec<Shown<'_>> = picked.into_iter().take(MOST).filter_map(|row| shown(state, row, unit)).collect();
    if there.is_empty() {
        return missing(ui, seen);
    }
    let with_points: Vec<&Shown<'_>> = there.iter().filter(|one| !series(one.curves, tab).is_empty()).collect();
    if with_points.is_empty() {
        let (title, text) = match tab {
            Tab::Train => ("No steps yet", "The loss of every batch appears here."),
            _ => ("Not measured yet", "It is measured on the validation set at the end of each epoch."),
        };
        return empty::say(ui, &seen.tokens, title, text);
    }
    let CurvesUi { smoothers, charts, smoothing, .. } = &mut local.curves;
    smoothers.retain(|(id, _), _| there.iter().any(|one| one.row.card.id == *id));
    for one in with_points.iter().filter(|_| *smoothing > 0.0) {
        let smoother = smoothers.entry((one.row.card.id.clone(), tab)).or_default();
        smoother.follow(series(one.curves, tab), *smoothing);
    }
    let lines = with_points.iter().map(|one| {
        let id = &one.row.card.id;
        let smooth = smoothers.get(&(id.clone(), tab)).filter(|_| *smoothing > 0.0).map(Smoother::smoothed);
        let colour = local.colours.get(&seen.tokens, id);
        let raw = series(one.curves, tab);
        Line { name: &one.row.card.name, raw, smooth, colour, scale: one.scale, faint: false }
    });
    let (values, write) =
        if tab == Tab::Score { of_metric(metric) } else { (TickKind::Number, number as fn(f32) -> String) };
    let legend = Some(if tab == Tab::Score { Corner::RightBottom } else { Corner::RightTop });
    let chart = Chart {
        title: title(tab, metric),
        lines: lines.collect(),
        marks: &[],
        scale: with_points[0].scale,
        several: true,
        ghost: None,
        legend,
        values,
        write,
        left_out,
    };
    chart.show(ui, &seen.tokens, &mut charts[tab as usize]);
}

fn metric_of(picked: &[Row]) -> Metric {
    picked.first().map_or(Metric::Accuracy, |row| row.card.metric)
}

/// In the order of the table.
fn picked(state: &State, local: &CompareUi) -> Vec<Row> {
    let picked = &state.runs().picked;
    let in_sight = local.rows.shown.iter().filter(|row| picked.contains(&row.card.id)).cloned();
    let mut all: Vec<Row> = in_sight.collect();
    // The filter hides rows, not the curves that were picked.
    let hidden = picked.iter().filter(|id| local.rows.position(id).is_none());
    all.extend(hidden.filter_map(|id| local.rows.find(id)));
    all
}

fn series(curves: &Curves, tab: Tab) -> &Series {
    match tab {
        Tab::Validation | Tab::Difference => &curves.validation_loss,
        Tab::Train => &curves.train_loss,
        Tab::Score => &curves.validation_metric,
    }
}

pub(super) fn title(tab: Tab, metric: Metric) -> &'static str {
    match (tab, metric) {
        (Tab::Validation, _) => "Val loss of runs",
        (Tab::Train, _) => "Train loss of runs",
        (Tab::Score, Metric::Accuracy) => "Accuracy of runs",
        (Tab::Score, Metric::R2) => "R² of runs",
        (Tab::Score, Metric::Map50) => "mAP@0.5 of runs",
        (Tab::Difference, _) => "Difference of runs",
    }
}

/// None of the picked runs has curves here.
fn missing(ui: &mut Ui, seen: &Seen<'_>) {
    let runs = seen.state.runs();
    match runs.picked.iter().find_map(|id| runs.problems.get(id)) {
        Some(problem) => empty::say(ui, &seen.tokens, "Can't read the curves", problem),
        None => empty::say(ui, &seen.tokens, "Reading the curves", "They are stored beside the project."),
    }
}

fn header(ui: &mut Ui, seen: &Seen<'_>, local: &mut CurvesUi, metric: Metric) {
    let all = ui.available_rect_before_wrap();
    let row = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADER));
    ui.painter().hline(row.x_range(), row.bottom(), egui::Stroke::new(1.0, seen.tokens.line));
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let tabs = [
        (Tab::Validation, "Val loss"),
        (Tab::Train, "Train loss"),
        (Tab::Score, metric.title()),
        (Tab::Difference, "Difference"),
    ];
    let tabs_room = inner.with_max_x(inner.right() - 72.0);
    let left = UiBuilder::new().max_rect(tabs_room).layout(Layout::left_to_right(Align::Center));
    let used = ui.scope_builder(left, |ui| tab_strip(ui, &mut local.tab, &tabs)).response.rect;
    let rest = inner.with_min_x((used.right() + 16.0).min(inner.right()));
    let right = UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(right, |ui| {
        ui.push_id("curves of runs", |ui| {
            let smooths = local.tab != Tab::Difference;
            let settings = AxisSettings {
                chart: &mut local.charts[local.tab as usize],
                unit: &mut local.unit,
                smoothing: smooths.then_some(&mut local.smoothing),
                smooths_all: true,
                log: smooths,
            };
            if settings.show(ui, &seen.tokens, rest.width()) {
                local.charts.iter_mut().for_each(|chart| chart.show_all = true);
            }
        });
    });
    ui.advance_cursor_after_rect(row);
}

/// The loss of the first of the pair less that of the second.
fn difference(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi) {
    let (state, unit) = (seen.state, local.curves.unit);
    let rows = state.runs().pair.as_ref().map(|pair| pair.each_ref().map(|id| local.rows.find(id)));
    let Some([Some(a), Some(b)]) = rows else {
        let text = "Click a row above, then Ctrl-click another.";
        return empty::say(ui, &seen.tokens, "Select two runs to see their difference", text);
    };
    let colour = local.colours.get(&seen.tokens, &a.card.id);
    let (Some(a), Some(b)) = (shown(state, a, unit), shown(state, b, unit)) else { return missing(ui, seen) };
    let validated = [&a, &b].iter().all(|one| !one.curves.validation_loss.is_empty());
    let (first, second) = (curve_of(&a, validated), curve_of(&b, validated));
    let of = GapOf { ids: [a.row.card.id.clone(), b.row.card.id.clone()], points: [first.len(), second.len()], unit };
    if local.curves.gap.as_ref().is_none_or(|gap| gap.of != of) {
        local.curves.gap = Some(gap(of, &a, &b, first, second));
    }
    let CurvesUi { gap: Some(gap), charts, .. } = &mut local.curves else { return };
    if gap.series.is_empty() {
        let text = "The two runs have no steps in common yet.";
        return empty::say(ui, &seen.tokens, "Nothing to compare", text);
    }
    let line = |name, raw, colour, faint| Line { name, raw, smooth: None, colour, scale: a.scale, faint };
    let chart = Chart {
        title: title(Tab::Difference, Metric::Accuracy),
        lines: vec![
            line(&gap.name, &gap.series, colour, false),
            line("no difference", &gap.zero, seen.tokens.muted, true),
        ],
        marks: &[],
        scale: a.scale,
        several: true,
        ghost: None,
        legend: Some(Corner::RightTop),
        values: TickKind::Number,
        write: number,
        left_out: 0,
    };
    chart.show(ui, &seen.tokens, &mut charts[Tab::Difference as usize]);
}

fn curve_of<'a>(one: &Shown<'a>, validated: bool) -> &'a Series {
    series(one.curves, if validated { Tab::Validation } else { Tab::Train })
}

fn gap(of: GapOf, a: &Shown<'_>, b: &Shown<'_>, first: &Series, second: &Series) -> Gap {
    let (mut series, mut zero) = (Series::default(), Series::default());
    let last = second.last().map_or(0, |(step, _)| step);
    for (&step, &value) in first.steps().iter().zip(first.values()) {
        let there = (b.scale.step(a.scale.at(step as f64)) + 1e-6).floor();
        if there > last as f64 {
            break;
        }
        if let Some(other) = second.at(there.max(0.0) as u64) {
            series.push(step, value - other);
            zero.push(step, 0.0);
        }
    }
    let name = format!("{} − {}", a.row.card.name, b.row.card.name);
    Gap { of, name, series, zero }
}
