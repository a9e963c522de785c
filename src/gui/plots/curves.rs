//! Which curves of the run go on which tab, and in which colours: training in the accent, validation in yellow.

use egui::Ui;
use egui_plot::Corner;

use super::chart::{Chart, ChartUi, Line};
use super::scale::{Scale, Unit};
use super::smooth::Smoother;
use super::ticks::Kind;
use super::{PlotsUi, empty};
use crate::gui::numbers::{number, percent};
use crate::gui::theme::Tokens;
use crate::session::{Action, State};
use crate::trace::Series;
use crate::trace::{Curves, Metric};

pub(super) fn loss(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let curves = &state.run.curves;
    if curves.train_loss.is_empty() && curves.validation_loss.is_empty() {
        return empty::no_run(ui, tokens, state, actions);
    }
    let smooth = smoothed(&mut local.smooth_loss, &curves.train_loss, local.smoothing);
    let mut lines = vec![
        Line { name: "train", raw: &curves.train_loss, smooth, colour: tokens.accent },
        Line { name: "validation", raw: &curves.validation_loss, smooth: None, colour: tokens.warn },
    ];
    lines.extend(branches(tokens, state, |curves| &curves.train_loss));
    chart("Loss", state, local.unit, lines, number).show(ui, tokens, &mut local.loss);
}

pub(super) fn metric(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let curves = &state.run.curves;
    if curves.train_metric.is_empty() && curves.validation_metric.is_empty() {
        if curves.train_loss.is_empty() {
            return empty::no_run(ui, tokens, state, actions);
        }
        let title = format!("No {} yet", curves.metric.title());
        return empty::say(ui, tokens, &title, "It is measured on the validation part at the end of each epoch.");
    }
    let smooth = smoothed(&mut local.smooth_metric, &curves.train_metric, local.smoothing);
    let mut lines = vec![
        Line { name: "train", raw: &curves.train_metric, smooth, colour: tokens.accent },
        Line { name: "validation", raw: &curves.validation_metric, smooth: None, colour: tokens.warn },
    ];
    lines.extend(branches(tokens, state, |curves| &curves.train_metric));
    let (values, write): (_, fn(f32) -> String) = match curves.metric {
        Metric::Accuracy => (Kind::Share, percent),
        Metric::R2 => (Kind::Number, number),
    };
    let chart = chart(curves.metric.title(), state, local.unit, lines, write);
    // Losses fall, scores rise.
    Chart { legend: Corner::RightBottom, values, ..chart }.show(ui, tokens, &mut local.metric);
}

pub(super) fn learning_rate(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    local: &mut PlotsUi,
    actions: &mut Vec<Action>,
) {
    let rate = &state.run.curves.learning_rate;
    if rate.is_empty() {
        return empty::no_run(ui, tokens, state, actions);
    }
    let lines = vec![Line { name: "learning rate", raw: rate, smooth: None, colour: tokens.accent }];
    let outliers_too = ChartUi { whole: true, ..local.rate };
    local.rate = outliers_too;
    chart("Learning rate", state, local.unit, lines, number).show(ui, tokens, &mut local.rate);
}

/// The training curves of the branches that are not looked at, by their names.
fn branches<'a>(
    tokens: &Tokens,
    state: &'a State,
    curve: impl Fn(&'a Curves) -> &'a Series,
) -> impl Iterator<Item = Line<'a>> {
    let name = |id: u32| state.branches.iter().find(|branch| branch.id == id).map_or("another", |b| b.name.as_str());
    state.run.others.iter().map(move |other| Line {
        name: name(other.id),
        raw: curve(&other.curves),
        smooth: None,
        // The first two colours of classes are those of signs.
        colour: tokens.class(2 + other.id as usize),
    })
}

fn chart<'a>(
    title: &'static str,
    state: &'a State,
    unit: Unit,
    lines: Vec<Line<'a>>,
    write: fn(f32) -> String,
) -> Chart<'a> {
    let lines = lines.into_iter().filter(|line| !line.raw.is_empty()).collect();
    let (marks, scale) = (&state.run.marks, Scale::new(unit, &state.run));
    Chart { title, lines, marks, scale, legend: Corner::RightTop, values: Kind::Number, write }
}

fn smoothed<'a>(
    smoother: &'a mut Smoother,
    raw: &crate::trace::Series,
    weight: f32,
) -> Option<&'a crate::trace::Series> {
    (weight > 0.0).then(|| smoother.follow(raw, weight))
}
