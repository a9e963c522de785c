//! Cross-validation: a run for each fold of the data, and the mean and spread of their scores.

use egui::{ComboBox, Grid, Label, RichText, ScrollArea, Ui};

use super::{OutputView, beside};
use crate::expr::{agreeing, counted};
use crate::gui::figure::Table;
use crate::gui::numbers::significant;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{combo, progress};
use crate::model::{Metric, Source};
use crate::session::folds::{FoldResult, mean_and_spread};
use crate::session::{Action, ExamineAction, RunStatus, Tab};

/// How many folds can be chosen.
const FOLDS: [usize; 3] = [3, 5, 10];
/// As usual in the field.
const USUAL: usize = 5;

const HELP: &str = "Splits the samples into equal parts, the folds, and trains the network once for each: that fold \
    validates, the others train. The mean says more than one split does, and the spread shows how much of a score is luck.";

/// Whether samples can be divided into folds. Generated ones need no such care: more of them can be had.
pub(super) fn is_there(view: &OutputView<'_>) -> bool {
    let source = &view.state.project().data.source;
    let is_found = matches!(source, Source::Csv(_) | Source::Idx(_) | Source::Pictures(_) | Source::Boxes(_));
    view.salt == 0 && (is_found || view.state.cross_validation().of > 0)
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let found = view.state.cross_validation();
    ScrollArea::vertical().id_salt("folds").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            begin(ui, tokens, view, actions);
            if let Some(going) = &found.progress
                && progress(ui, going)
            {
                actions.push(ExamineAction::Folds(None).into());
            }
            if !found.folds.is_empty() {
                table(ui, tokens, &found.folds);
                remarks(ui, tokens, view, actions);
            }
        });
    });
}

fn begin(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let (found, state) = (view.state.cross_validation(), view.state);
    if found.progress.is_some() {
        return;
    }
    let why = (state.run().status == RunStatus::NotReady).then_some("The network can't train yet.");
    let id = ui.scope_id().with("folds");
    let mut of: usize = ui.data(|data| data.get_temp(id)).unwrap_or(USUAL);
    ui.horizontal_wrapped(|ui| {
        ui.label("Folds").on_hover_text(HELP);
        combo(ui, ComboBox::from_id_salt(id).width(44.0).selected_text(of.to_string()), |ui| {
            for choice in FOLDS {
                if ui.selectable_value(&mut of, choice, choice.to_string()).changed() {
                    ui.data_mut(|data| data.insert_temp(id, of));
                }
            }
        });
        let word = if found.folds.is_empty() { "Train all folds" } else { "Train all folds again" };
        let button = ui.add_enabled(why.is_none(), egui::Button::new(word)).on_hover_text(HELP);
        if button.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
            actions.push(ExamineAction::Folds(Some(of)).into());
        }
    });
    if found.folds.is_empty() {
        let text = "Cross-validation: the network is trained from scratch once per fold, and a different part of the samples \
            validates each time. Each fold becomes a run in Compare.";
        ui.add(Label::new(RichText::new(text).small().color(tokens.faint)).wrap());
    }
}

fn table(ui: &mut Ui, tokens: &Tokens, folds: &[FoldResult]) {
    let Some(metric) = folds.first().map(|fold| fold.scores.metric) else { return };
    let text = |ui: &mut Ui, text: String, strong: bool| {
        let colour = if strong { tokens.text } else { tokens.muted };
        ui.label(RichText::new(text).font(theme::mono(12.0)).color(colour))
    };
    Grid::new("folds").num_columns(3).min_row_height(16.0).spacing([18.0, 3.0]).show(ui, |ui| {
        for head in ["fold", metric.title(), "val loss"] {
            ui.label(RichText::new(head).small().color(tokens.faint));
        }
        ui.end_row();
        for fold in folds {
            let hint = format!(
                "{} {}.",
                counted(fold.scores.samples, "sample"),
                agreeing(fold.scores.samples, "validates", "validate")
            );
            text(ui, fold.number.to_string(), false).on_hover_text(hint);
            text(ui, beside::shown(metric, fold.scores.score), false);
            text(ui, significant(fold.scores.loss, 4), false);
            ui.end_row();
        }
        if folds.len() > 1 {
            let of = |score: fn(&FoldResult) -> f64| mean_and_spread(&folds.iter().map(score).collect::<Vec<_>>());
            ui.label(RichText::new("mean").color(tokens.text)).on_hover_text("Mean ± standard deviation of the folds.");
            text(ui, spread(metric, of(|fold| fold.scores.score)), true);
            let (mean, deviation) = of(|fold| fold.scores.loss);
            text(ui, format!("{} ± {}", significant(mean, 4), significant(deviation, 2)), true);
            ui.end_row();
        }
    });
}

/// "92.3 % ± 1.4".
fn spread(metric: Metric, (mean, deviation): (f64, f64)) -> String {
    let deviation = match metric {
        Metric::Accuracy => format!("{:.1}", 100.0 * deviation),
        Metric::R2 | Metric::Map50 => significant(deviation, 2),
    };
    format!("{} ± {deviation}", beside::shown(metric, mean))
}

fn remarks(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let (found, project) = (view.state.cross_validation(), view.state.project());
    let (there, of) = (found.folds.len(), found.of);
    let text = match () {
        () if found.progress.is_none() && there < of => Some(format!("Stopped after {there} of {of} folds.")),
        () if !found.is_of(project) => Some("The network or its settings have changed since.".to_owned()),
        () => None,
    };
    ui.horizontal_wrapped(|ui| {
        if let Some(text) = text {
            ui.add(Label::new(RichText::new(text).small().color(tokens.warn)).wrap());
        }
        if ui.link(RichText::new("Show the runs in Compare").small()).clicked() {
            actions.push(Action::ShowTab(Tab::Compare));
        }
    });
}

/// Every fold with its scores.
pub(super) fn numbers(view: &OutputView<'_>, table: &mut Table) {
    let folds = &view.state.cross_validation().folds;
    let Some(metric) = folds.first().map(|fold| fold.scores.metric) else { return };
    let names = ["fold", "run", "samples", "train loss", "val loss", metric.title()];
    table.row(names.map(str::to_owned));
    for fold in folds {
        let scores = fold.scores;
        let [number, samples] = [fold.number, scores.samples].map(|n| n.to_string());
        let [train, loss, score] = [scores.train_loss, scores.loss, scores.score].map(|n| n.to_string());
        table.row([number, fold.card.name.clone(), samples, train, loss, score]);
    }
}
