//! Which curves of the run go on which tab, and in which colours: training in the accent, validation in yellow.

use std::collections::HashMap;

use egui::{Color32, Ui};
use egui_plot::Corner;

use super::chart::{Asked, Chart, ChartUi, Line};
use super::scale::{Scale, StepAxis};
use super::smooth::Smoother;
use super::ticks::TickKind;
use super::{PlotsUi, Tab, empty};
use crate::gui::numbers::{number, percent};
use crate::gui::theme::{Tokens, mix};
use crate::model::{LayerId, Metric, is_penalised};
use crate::session::{Action, OtherBranch, RunAction, State};
use crate::trace::{Curves, Series};

pub(super) fn loss(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let curves = &state.run().curves;
    let ghost = Behind::of(state, local.unit);
    if curves.train_loss.is_empty() && curves.validation_loss.is_empty() && ghost.is_none() {
        return empty::no_run(ui, tokens, state, actions);
    }
    let smooth = smoothed(&mut local.smooth_loss, &curves.train_loss, local.smoothing);
    let scale = Scale::new(local.unit, state.run());
    let mut lines = live(tokens, scale, [&curves.train_loss, &curves.validation_loss], smooth);
    let (several, penalised) = (!curves.losses.is_empty(), is_penalised(&state.project().graph));
    lines[0].name = match (several, penalised) {
        (false, false) => "train",
        (false, true) => "train, without L1/L2",
        (true, false) => "train, weighted sum",
        (true, true) => "train, weighted sum without L1/L2",
    };
    if several {
        lines[1].name = "validation, weighted sum";
    }
    let names: Vec<_> = curves
        .of_losses(&state.project().graph)
        .map(|(_, layer, _)| ["train", "validation"].map(|part| format!("{part}, {layer}")))
        .collect();
    lines.extend(each_loss(tokens, state, scale, &names, (&mut local.smooth_losses, local.smoothing)));
    lines.extend(branches(tokens, state, scale, Tab::Loss, (&mut local.smooth_branches, local.smoothing)));
    if let Some(ghost) = &ghost {
        let (train, validation) = (&ghost.curves.train_loss, &ghost.curves.validation_loss);
        let smooth = smoothed(&mut local.smooth_ghost_loss, train, local.smoothing);
        lines.extend(ghost.lines(tokens, train, validation, smooth));
    }
    let chart = chart("Loss", state, scale, lines, number);
    dismiss(
        Chart { ghost: ghost.as_ref().map(|ghost| ghost.name), ..chart }.show(ui, tokens, &mut local.loss),
        actions,
    );
}

pub(super) fn metric(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let curves = &state.run().curves;
    let ghost = Behind::of(state, local.unit).filter(|ghost| ghost.curves.metric == curves.metric);
    if curves.train_metric.is_empty() && curves.validation_metric.is_empty() && ghost.is_none() {
        if curves.train_loss.is_empty() {
            return empty::no_run(ui, tokens, state, actions);
        }
        let title = format!("No {} yet", curves.metric.title());
        return empty::say(ui, tokens, &title, "It is measured on the validation set at the end of each epoch.");
    }
    let smooth = smoothed(&mut local.smooth_metric, &curves.train_metric, local.smoothing);
    let scale = Scale::new(local.unit, state.run());
    let mut lines = live(tokens, scale, [&curves.train_metric, &curves.validation_metric], smooth);
    lines.extend(branches(tokens, state, scale, Tab::Metric, (&mut local.smooth_branches, local.smoothing)));
    if let Some(ghost) = &ghost {
        let (train, validation) = (&ghost.curves.train_metric, &ghost.curves.validation_metric);
        let smooth = smoothed(&mut local.smooth_ghost_metric, train, local.smoothing);
        lines.extend(ghost.lines(tokens, train, validation, smooth));
    }
    let (values, write) = of_metric(curves.metric);
    let chart = chart(curves.metric.title(), state, scale, lines, write);
    // Losses fall, scores rise.
    let chart =
        Chart { legend: Some(Corner::RightBottom), values, ghost: ghost.as_ref().map(|ghost| ghost.name), ..chart };
    dismiss(chart.show(ui, tokens, &mut local.metric), actions);
}

/// How a score is written, on its axis and by itself.
pub fn of_metric(metric: Metric) -> (TickKind, fn(f32) -> String) {
    match metric {
        Metric::Accuracy => (TickKind::Share, percent),
        Metric::R2 | Metric::Map50 => (TickKind::Number, number),
    }
}

/// The two curves of each Loss, where there are several.
fn each_loss<'a>(
    tokens: &Tokens,
    state: &'a State,
    scale: Scale<'a>,
    names: &'a [[String; 2]],
    (smoothers, weight): (&'a mut HashMap<LayerId, Smoother>, f32),
) -> Vec<Line<'a>> {
    let losses = &state.run().curves.losses;
    smoothers.retain(|id, _| losses.contains_key(id));
    for (&id, both) in losses.iter().filter(|_| weight > 0.0) {
        smoothers.entry(id).or_default().follow(&both.train, weight);
    }
    let lines = losses.iter().zip(names).enumerate().flat_map(|(i, ((id, both), [train, validation]))| {
        // The first two colours of classes are those of signs, and of the sum.
        let colour = tokens.class(2 + i);
        let smooth = smoothers.get(id).filter(|_| weight > 0.0).map(Smoother::smoothed);
        let light = mix(colour, tokens.text, 0.5);
        [
            Line { name: train, raw: &both.train, smooth, colour, scale, faint: false },
            Line { name: validation, raw: &both.validation, smooth: None, colour: light, scale, faint: false },
        ]
    });
    lines.collect()
}

/// The two curves of the run that is on the table.
fn live<'a>(
    tokens: &Tokens,
    scale: Scale<'a>,
    [train, validation]: [&'a Series; 2],
    smooth: Option<&'a Series>,
) -> Vec<Line<'a>> {
    vec![
        Line { name: "train", raw: train, smooth, colour: tokens.accent, scale, faint: false },
        Line { name: "validation", raw: validation, smooth: None, colour: tokens.warn, scale, faint: false },
    ]
}

/// The run before, behind the live one.
struct Behind<'a> {
    name: &'a str,
    curves: &'a Curves,
    scale: Scale<'a>,
    /// Of its curves.
    names: [String; 2],
}

impl<'a> Behind<'a> {
    fn of(state: &'a State, unit: StepAxis) -> Option<Self> {
        let ghost = state.runs().ghost.as_ref()?;
        let names = ["train", "validation"].map(|part| format!("{} {part}", ghost.name));
        let curves = &*ghost.curves;
        Some(Self {
            name: &ghost.name,
            curves,
            scale: Scale::of(unit, &curves.pace, curves.pace.last().copied().unwrap_or_default()),
            names,
        })
    }

    fn lines<'l>(
        &'l self,
        tokens: &Tokens,
        train: &'l Series,
        validation: &'l Series,
        smooth: Option<&'l Series>,
    ) -> [Line<'l>; 2] {
        let [of_train, of_validation] = &self.names;
        let faint = |colour: Color32| mix(tokens.panel, colour, 0.45);
        let line = |name, raw, smooth, colour| Line { name, raw, smooth, colour, scale: self.scale, faint: true };
        [line(of_train, train, smooth, faint(tokens.accent)), line(of_validation, validation, None, faint(tokens.warn))]
    }
}

fn dismiss(asked: Asked, actions: &mut Vec<Action>) {
    if asked.dismissed {
        actions.push(Action::Runs(RunAction::DismissGhost));
    }
}

pub(super) fn learning_rate(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    local: &mut PlotsUi,
    actions: &mut Vec<Action>,
) {
    let rate = &state.run().curves.learning_rate;
    if rate.is_empty() {
        return empty::no_run(ui, tokens, state, actions);
    }
    let scale = Scale::new(local.unit, state.run());
    let line = Line { name: "learning rate", raw: rate, smooth: None, colour: tokens.accent, scale, faint: false };
    let outliers_too = ChartUi { whole: true, ..local.rate };
    local.rate = outliers_too;
    chart("Learning rate", state, scale, vec![line], number).show(ui, tokens, &mut local.rate);
}

/// The training curves of the branches that are not looked at, by their names.
pub(super) fn branches<'a>(
    tokens: &Tokens,
    state: &'a State,
    scale: Scale<'a>,
    tab: Tab,
    (smoothers, weight): (&'a mut HashMap<(u32, Tab), Smoother>, f32),
) -> Vec<Line<'a>> {
    let others = &state.run().others;
    let raw = |curves: &'a Curves| if tab == Tab::Loss { &curves.train_loss } else { &curves.train_metric };
    smoothers.retain(|(id, _), _| others.iter().any(|other| other.id == *id));
    for other in others.iter().filter(|_| weight > 0.0) {
        smoothers.entry((other.id, tab)).or_default().follow(raw(&other.curves), weight);
    }
    let name =
        |id: u32| state.debug().branches.iter().find(|branch| branch.id == id).map_or("another", |b| b.name.as_str());
    let line = |other: &'a OtherBranch| Line {
        name: name(other.id),
        raw: raw(&other.curves),
        smooth: smoothers.get(&(other.id, tab)).filter(|_| weight > 0.0).map(Smoother::smoothed),
        // The first two colours of classes are those of signs.
        colour: tokens.class(2 + other.id as usize),
        scale,
        faint: true,
    };
    others.iter().map(line).collect()
}

fn chart<'a>(
    title: &'static str,
    state: &'a State,
    scale: Scale<'a>,
    lines: Vec<Line<'a>>,
    write: fn(f32) -> String,
) -> Chart<'a> {
    let lines = lines.into_iter().filter(|line| !line.raw.is_empty()).collect();
    let (legend, values) = (Some(Corner::RightTop), TickKind::Number);
    Chart {
        title,
        lines,
        marks: &state.run().marks,
        scale,
        several: false,
        ghost: None,
        left_out: 0,
        legend,
        values,
        write,
    }
}

pub fn smoothed<'a>(smoother: &'a mut Smoother, raw: &Series, weight: f32) -> Option<&'a Series> {
    (weight > 0.0).then(|| smoother.follow(raw, weight))
}
