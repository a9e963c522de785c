//! The window in which a repair is tried: the curves of both runs as they grow, which of them did better, and whether
//! the repair stays.

use egui::{Button, Context, Id, Key, Label, Modal, RichText, Ui, vec2};
use egui_plot::Corner;

use super::numbers::{count, number};
use super::panels::dialog_frame;
use super::plots::chart::{Chart, ChartUi, Line};
use super::plots::scale::{Scale, StepAxis};
use super::plots::smooth::Smoother;
use super::plots::ticks::TickKind;
use super::theme::{Tokens, medium, regular};
use super::widgets::{accent_button, prose};
use crate::session::trial::{Tried, Winner};
use crate::session::{DiagnosisAction, State, Trial};
use crate::trace::{Curves, Pace, Series};

const WIDTH: f32 = 560.0;
const HEIGHT: f32 = 220.0;
/// Points of the validation curves from which on they are drawn instead of those of the batches.
const TELLING: usize = 4;
/// Of the losses of batches, which vary.
const SMOOTHING: f32 = 0.8;

#[derive(Default)]
pub struct TrialUi {
    chart: ChartUi,
    smoothers: [Smoother; 2],
}

impl TrialUi {
    pub fn show(&mut self, ctx: &Context, state: &State, actions: &mut Vec<crate::session::Action>) {
        let Some(trial) = state.trial() else {
            self.smoothers = Default::default();
            return;
        };
        let modal = Modal::new(Id::unique("trial")).frame(dialog_frame(&ctx.global_style())).show(ctx, |ui| {
            ui.set_width(WIDTH.min(ctx.content_rect().width() - 64.0));
            self.contents(ui, trial)
        });
        // A click beside it throws nothing away.
        let left = ctx.input(|input| input.key_pressed(Key::Escape)).then_some(DiagnosisAction::Discard);
        actions.extend(modal.inner.or(left).map(Into::into));
    }

    fn contents(&mut self, ui: &mut Ui, trial: &Trial) -> Option<DiagnosisAction> {
        let t = Tokens::of(ui);
        ui.heading("Try the repair");
        let about = format!(
            "{}: {}. Both runs begin where this run began, and see the same batches. Your run stays as it is.",
            trial.title, trial.remedy.label
        );
        ui.add(Label::new(prose(&about, regular(12.5), t.muted)).wrap());
        ui.add_space(6.0);
        let room = vec2(ui.available_width(), HEIGHT.min(ui.ctx().content_rect().height() - 300.0).max(120.0));
        ui.allocate_ui(room, |ui| {
            ui.set_min_size(room);
            self.chart(ui, &t, &trial.curves.each_ref().map(|curves| &**curves), trial.steps);
        });
        ui.add_space(6.0);
        match &trial.outcome {
            None => training(ui, &t, trial),
            Some(Ok(tried)) => decision(ui, &t, tried),
            Some(Err(why)) => {
                ui.add(Label::new(prose(&format!("It couldn't be tried. {why}"), regular(13.0), t.bad)).wrap());
                ui.button("Close").clicked().then_some(DiagnosisAction::Discard)
            }
        }
    }

    fn chart(&mut self, ui: &mut Ui, t: &Tokens, curves: &[&Curves; 2], steps: u64) {
        let is_validated = curves.iter().all(|curves| curves.validation_loss.len() >= TELLING);
        let series =
            |at: usize| -> &Series { if is_validated { &curves[at].validation_loss } else { &curves[at].train_loss } };
        let now = Pace { step: steps, ..Pace::default() };
        let scale = Scale::of(StepAxis::Steps, &[], now);
        for (at, smoother) in self.smoothers.iter_mut().enumerate().filter(|_| !is_validated) {
            smoother.follow(series(at), SMOOTHING);
        }
        let names = ["as it is", "with the repair"];
        let colours = [t.muted, t.accent];
        let lines = (0..2).map(|at| Line {
            name: names[at],
            raw: series(at),
            smooth: (!is_validated).then(|| self.smoothers[at].smoothed()),
            colour: colours[at],
            scale,
            faint: false,
        });
        let chart = Chart {
            title: if is_validated { "Validation loss of both" } else { "Training loss of both" },
            lines: lines.collect(),
            marks: &[],
            scale,
            several: true,
            ghost: None,
            left_out: 0,
            legend: Some(Corner::LeftBottom),
            values: TickKind::Number,
            write: number,
        };
        chart.show(ui, t, &mut self.chart);
    }
}

/// What is shown while both are trained.
fn training(ui: &mut Ui, t: &Tokens, trial: &Trial) -> Option<DiagnosisAction> {
    let done = trial.curves.iter().filter_map(|curves| curves.train_loss.last()).map(|(step, _)| step).max();
    ui.add(egui::ProgressBar::new(trial.share()).desired_height(6.0));
    ui.horizontal(|ui| {
        let enough = ui.button("Compare now").on_hover_text("Stops here and compares what there is.");
        let cancel = ui.button("Cancel");
        let words = format!("step {} of {}", count(done.unwrap_or(0)), count(trial.steps));
        ui.add(Label::new(RichText::new(words).color(t.muted)));
        match (enough.clicked(), cancel.clicked()) {
            (true, _) => Some(DiagnosisAction::CompareNow),
            (false, true) => Some(DiagnosisAction::Discard),
            (false, false) => None,
        }
    })
    .inner
}

/// What came of it, and whether it stays.
fn decision(ui: &mut Ui, t: &Tokens, tried: &Tried) -> Option<DiagnosisAction> {
    let (sign, colour) = match tried.winner {
        Winner::Repair => ("✓", t.ok),
        Winner::Neither => ("○", t.muted),
        Winner::Original => ("✕", t.warn),
    };
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(sign).color(colour));
        ui.add(Label::new(prose(&tried.sentence, medium(13.5), t.text)).wrap());
    });
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let is_better = tried.winner == Winner::Repair;
        let keep = match is_better {
            true => accent_button(ui, true, "Keep the repair"),
            false => ui.add(Button::new("Keep the repair")),
        };
        let keep = keep.on_hover_text("Changes the project, which can be undone, and goes on with the repaired run.");
        let discard = ui.button("Discard").on_hover_text("Everything stays as it is.");
        match (keep.clicked(), discard.clicked()) {
            (true, _) => Some(DiagnosisAction::Keep),
            (false, true) => Some(DiagnosisAction::Discard),
            (false, false) => None,
        }
    })
    .inner
}

#[cfg(test)]
#[path = "trial/tests.rs"]
mod tests;
