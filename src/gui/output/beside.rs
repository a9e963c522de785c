//! What a score is told beside: what simple models reach on the same samples, and the score on the test set.

use egui::{Button, Grid, Label, RichText, ScrollArea, Ui};

use super::{OutputView, classes};
use crate::data::baselines::{Baseline, Model};
use crate::engine::class_scores::accuracy;
use crate::expr::counted;
use crate::gui::numbers::{count, percent, significant};
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::progress;
use crate::model::Metric;
use crate::session::{Action, ExamineAction, RunStatus};
use crate::trace::OutputPicture;

/// Whether there is anything to tell.
pub(super) fn is_there(view: &OutputView<'_>) -> bool {
    view.salt == 0 && (!view.state.examined().baselines.is_empty() || view.dataset.test.is_some())
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    if view.picture.is_none() && view.state.examined().test.is_none() {
        return empty::no_run(ui, tokens, view.state, actions);
    }
    let task = view.state.task().unwrap_or(view.dataset.truth.task);
    let (metric, own) = (task.metric(), own(view));
    ScrollArea::vertical().id_salt("beside").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            table(ui, tokens, view, metric, own);
            ui.add_space(2.0);
            verdict(ui, tokens, view, metric, own);
            each(ui, tokens, view);
            test(ui, tokens, view, actions);
        });
    });
}

/// As scores of this kind are written.
pub(super) fn shown(metric: Metric, score: f64) -> String {
    match metric {
        Metric::Accuracy => percent(score as f32),
        Metric::R2 | Metric::Map50 => significant(score, 3),
    }
}

/// What the network reaches on the validation set: the number that stands beside it elsewhere.
fn own(view: &OutputView<'_>) -> Option<f64> {
    match view.picture? {
        OutputPicture::Classes { confusion, classes, .. } => accuracy(confusion, *classes).map(f64::from),
        OutputPicture::Numbers { r2, .. } => Some(*r2),
        OutputPicture::Reconstructions { scores, .. } => Some(scores.r2),
        OutputPicture::Surface { .. } | OutputPicture::Curve { .. } | OutputPicture::Boxes { .. } => {
            view.state.run().curves.validation_metric.last().map(|(_, score)| f64::from(score))
        }
    }
}

/// What a simple model is, for who has never heard of it.
fn gloss(model: Model) -> &'static str {
    match model {
        Model::Majority => "Always answers the most frequent class of the training set, whatever the sample.",
        Model::Mean => "Always answers the mean of the training set, whatever the sample. Its R² is about 0.",
        Model::Logistic => {
            "A weighted sum of the inputs for each class (logistic regression): what a single Dense layer can learn."
        }
        Model::Ridge => {
            "A weighted sum of the inputs (ridge regression, a straight line or plane): what a single Dense layer can \
                learn."
        }
        Model::Neighbours => "Answers what the five most similar training samples say.",
    }
}

/// Its row: "linear (logistic regression)".
fn title(model: Model) -> &'static str {
    match model {
        Model::Majority => "most frequent class",
        Model::Mean => "the mean",
        Model::Logistic => "linear (logistic regression)",
        Model::Ridge => "linear (ridge regression)",
        Model::Neighbours => "5 nearest neighbours",
    }
}

const NETWORK: &str = "The network with its weights as they are now.";
const VALIDATION: &str = "Samples that the network doesn't learn from.";
const TEST: &str = "Samples set aside that neither training nor choosing has seen.";

fn table(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, metric: Metric, own: Option<f64>) {
    let examined = view.state.examined();
    let mono = |text: String, strong: bool| {
        let colour = if strong { tokens.text } else { tokens.muted };
        RichText::new(text).font(theme::mono(12.0)).color(colour)
    };
    let head = |ui: &mut Ui, text: &str, help: &str| {
        ui.label(RichText::new(text).small().color(tokens.faint)).on_hover_text(help);
    };
    Grid::new("beside the score").num_columns(3).min_row_height(16.0).spacing([18.0, 3.0]).show(ui, |ui| {
        head(ui, metric.title(), metric_help(metric));
        head(ui, "validation", VALIDATION);
        if examined.test.is_some() {
            head(ui, "test", TEST);
        }
        ui.end_row();
        ui.label(RichText::new("this network").color(tokens.text)).on_hover_text(NETWORK);
        ui.label(mono(own.map_or_else(|| "–".to_owned(), |score| shown(metric, score)), true));
        if let Some(test) = &examined.test {
            let hint = format!(
                "{} over {} test samples, at step {}.",
                metric.title(),
                count(test.report.samples as u64),
                count(test.step)
            );
            ui.label(mono(shown(metric, test.report.score), true)).on_hover_text(hint);
        }
        ui.end_row();
        for baseline in &examined.baselines {
            let name = RichText::new(title(baseline.model)).color(tokens.muted);
            ui.label(name).on_hover_text(gloss(baseline.model));
            ui.label(mono(shown(metric, baseline.score), false)).on_hover_text(learnt(baseline));
            let there = |all: &[Baseline]| all.iter().find(|one| one.model == baseline.model).copied();
            if let Some(test) = examined.test.as_ref().and_then(|test| there(&test.baselines)) {
                ui.label(mono(shown(metric, test.score), false)).on_hover_text(learnt(&test));
            }
            ui.end_row();
        }
    });
}

fn metric_help(metric: Metric) -> &'static str {
    match metric {
        Metric::Accuracy => "The share of samples classified correctly.",
        Metric::R2 => "The share of the variance that is explained: 1 is perfect, 0 no better than always the mean.",
        Metric::Map50 => "Mean average precision of boxes that overlap the true ones by half or more.",
    }
}

fn learnt(baseline: &Baseline) -> String {
    let Baseline { train, of, scored, .. } = *baseline;
    let from = if train < of { format!("{} of {}", count(train as u64), count(of as u64)) } else { count(of as u64) };
    format!("Learnt from {from} training samples and scored on {}. Nothing about it is tuned.", count(scored as u64))
}

/// Whether the network was worth it, in a sentence.
fn verdict(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, metric: Metric, own: Option<f64>) {
    let all = &view.state.examined().baselines;
    let Some((own, best)) = own.zip(all.iter().max_by(|a, b| a.score.total_cmp(&b.score))) else { return };
    let (better, name) = (own - best.score, title(best.model));
    // A share of few samples is not certain to a point.
    let chance = match metric {
        Metric::Accuracy => (best.score * (1.0 - best.score) / view.dataset.validation.len().max(1) as f64).sqrt(),
        Metric::R2 | Metric::Map50 => 0.0,
    };
    let by = match metric {
        Metric::Accuracy => format!("{} points", significant(better.abs() * 100.0, 2)),
        Metric::R2 | Metric::Map50 => format!("{} of {}", significant(better.abs(), 2), metric.title()),
    };
    let text = if better.abs() <= chance {
        format!("About as good as {name}: the difference may be chance.")
    } else if better > 0.0 {
        format!("{by} above {name}, the best simple model.")
    } else {
        format!("{by} below {name}. Train longer, or change the network.")
    };
    ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
}

fn test(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let (examined, run) = (view.state.examined(), view.state.run());
    ui.add_space(6.0);
    let Some(part) = &view.dataset.test else {
        let text = "No test set: set one aside in the Data tab, under Test.";
        ui.add(Label::new(RichText::new(text).small().color(tokens.faint)).wrap());
        return;
    };
    if examined.doing == Some(ExamineAction::Test) {
        if progress(ui, &examined.progress) {
            actions.push(ExamineAction::Cancel.into());
        }
        return;
    }
    let word = if examined.test.is_some() { "Score again on the test set" } else { "Score on the test set" };
    let can = run.step > 0 && run.status != RunStatus::NotReady && examined.doing.is_none();
    let is_new = examined.test.as_ref().is_none_or(|test| test.step != run.step);
    let help = "Asks the network about the samples that were set aside, and the simple models too.";
    ui.horizontal_wrapped(|ui| {
        let button = ui.add_enabled(can && is_new, Button::new(word));
        if button.on_hover_text(help).on_disabled_hover_text("These weights are scored already.").clicked() {
            actions.push(ExamineAction::Test.into());
        }
        if let Some(test) = examined.test.as_ref().filter(|_| is_new) {
            let text = format!("scored at step {}", count(test.step));
            ui.label(RichText::new(text).small().color(tokens.faint));
        }
    });
    let of = count(part.len() as u64);
    let (text, colour) = match examined.looks {
        0 | 1 => (
            format!(
                "{of} samples the network has never seen. Look once, when everything is decided: repeated looks make the \
                 score worthless."
            ),
            tokens.faint,
        ),
        looks => (
            format!("Looked {}. The more is chosen by it, the less it says about new data.", counted(looks, "time")),
            tokens.warn,
        ),
    };
    ui.add(Label::new(RichText::new(text).small().color(colour)).wrap());
    if let Some(test) = &examined.test {
        details(ui, tokens, &test.report);
    }
}

/// Where several numbers are predicted, how good each is.
fn each(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>) {
    let Some(OutputPicture::Numbers { outputs, .. }) = view.picture else { return };
    if outputs.len() < 2 {
        return;
    }
    ui.add_space(6.0);
    let head = |ui: &mut Ui, text: &str, help: &str| {
        ui.label(RichText::new(text).small().color(tokens.faint)).on_hover_text(help);
    };
    let mono = |text: String| RichText::new(text).font(theme::mono(12.0)).color(tokens.muted);
    Grid::new("each target").num_columns(3).min_row_height(16.0).spacing([18.0, 3.0]).show(ui, |ui| {
        head(ui, "target", "Above stands the mean over all of them.");
        head(ui, "R²", metric_help(Metric::R2));
        head(ui, "RMSE", "Root mean squared error, in the units of the target.");
        ui.end_row();
        for (name, output) in view.dataset.truth.names.iter().zip(outputs) {
            ui.label(RichText::new(name).color(tokens.text));
            ui.label(mono(significant(output.scores.r2, 3)));
            ui.label(mono(significant(output.scores.rmse, 4)));
            ui.end_row();
        }
    });
}

/// Errors in the units of the data, areas under the curves.
fn details(ui: &mut Ui, tokens: &Tokens, report: &crate::trainer::judging::Report) {
    let line = |ui: &mut Ui, text: String| {
        ui.add(Label::new(RichText::new(text).font(theme::mono(12.0)).color(tokens.muted)).truncate());
    };
    for one in &report.numbers {
        let (rmse, mae) = (significant(one.rmse, 4), significant(one.mae, 4));
        let r2 = if report.numbers.len() > 1 { format!("R² {}, ", significant(one.r2, 3)) } else { String::new() };
        line(ui, format!("test {}: {r2}RMSE {rmse}, MAE {mae}", one.name));
    }
    if let Some(areas) = report.classes.as_ref().and_then(|classes| classes.areas) {
        let area = |area: Option<f64>| classes::area_text(area);
        line(ui, format!("test ROC area {}, PR area {}", area(areas.roc), area(areas.precision_recall)));
    }
}
