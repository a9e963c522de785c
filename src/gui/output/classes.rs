//! Classes of images or rows: samples with what was predicted, the confusion matrix, the scores of each class.

use egui::{RichText, ScrollArea, Ui};

use super::{OutputUi, OutputView, Tab, confusion, gallery, over_label, sample};
use crate::engine::class_scores::{accuracy, per_class};
use crate::gui::numbers::{count, percent};
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};
use crate::session::Action;
use crate::trace::{OutputPicture, Over, Prediction, Ranking};

/// The answers over the validation part, found to fit the data that is loaded.
#[derive(Clone, Copy)]
pub(super) struct Answers<'a> {
    pub predictions: &'a [Prediction],
    pub confusion: &'a [u32],
    pub ranking: &'a Ranking,
    pub names: &'a [String],
    pub over: Over,
    /// Whether confidences are probabilities.
    pub probability: bool,
}

impl<'a> Answers<'a> {
    pub fn of(view: &OutputView<'a>) -> Option<Self> {
        let names = view.dataset.classes()?;
        let Some(OutputPicture::Classes { predictions, confusion, classes, ranking, over, probability }) = view.picture
        else {
            return None;
        };
        let fits = *classes == names.len() && confusion.len() == classes * classes;
        fits.then_some(Self { predictions, confusion, ranking, names, over: *over, probability: *probability })
    }

    pub fn name(&self, class: u32) -> &'a str {
        name(self.names, class)
    }
}

pub(super) fn name(names: &[String], class: u32) -> &str {
    names.get(class as usize).map_or("?", String::as_str)
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let answers = Answers::of(view);
    if local.tab == Tab::Output {
        if let Some(row) = local.picked.filter(|&row| (row as usize) < view.dataset.validation.len()) {
            return sample::show(ui, tokens, view, answers, row, local, actions);
        }
        return gallery::show(ui, tokens, view, answers, local);
    }
    let Some(answers) = answers else { return empty::no_run(ui, tokens, view.state, actions) };
    match local.tab {
        Tab::Confusion => confusion::show(ui, tokens, &answers, local),
        _ => scores(ui, tokens, &answers),
    }
}

const ROC: &str = "The probability that a random sample of this class is ranked above a random sample of another: 1 is \
    perfect, 0.5 is guessing (area under the receiver operating characteristic, ROC AUC).";
const PR: &str = "Precision averaged over all thresholds (average precision: the area under the precision-recall \
    curve). Guessing scores the class's share of the samples.";

pub(super) fn area_text(area: Option<f64>) -> String {
    area.map_or_else(|| "–".to_owned(), |area| format!("{area:.3}"))
}

/// What is true of all classes together.
fn totals(ui: &mut Ui, tokens: &Tokens, accuracy: Option<f32>, answers: &Answers<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let mut say = |text: String, help: &str| {
            ui.label(RichText::new(text).font(theme::medium(13.0)).color(tokens.text)).on_hover_text(help);
        };
        let text = accuracy.map_or_else(|| "–".to_owned(), percent);
        say(format!("accuracy {text}"), "The share of samples classified correctly.");
        if let Some((k, share)) = answers.ranking.top {
            let help = format!("The share of samples whose true class is among the {k} most probable.");
            say(format!("top-{k} {}", percent(share as f32)), &help);
        }
        over_label(ui, tokens, answers.over);
    });
}

fn scores(ui: &mut Ui, tokens: &Tokens, answers: &Answers<'_>) {
    let scores = per_class(answers.confusion, answers.names.len());
    let overall = accuracy(answers.confusion, answers.names.len());
    let heads = [
        ("class", "The classes of the data."),
        ("precision", "Of the samples predicted as this class, the share that really are.\ntp / (tp + fp)"),
        ("recall", "Of the samples of this class, the share predicted as such.\ntp / (tp + fn)"),
        ("F1", "The harmonic mean of precision and recall.\n2 tp / (2 tp + fp + fn)"),
        ("ROC area", ROC),
        ("PR area", PR),
        ("samples", "Number of validation samples of this class (support)."),
    ];
    ScrollArea::both().id_salt("scores").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
            totals(ui, tokens, overall, answers);
            ui.add_space(4.0);
            egui::Grid::new("class scores").num_columns(7).spacing([14.0, 4.0]).show(ui, |ui| {
                for (head, help) in heads {
                    ui.label(RichText::new(head).small().color(tokens.faint)).on_hover_text(help);
                }
                ui.end_row();
                for (class, (name, one)) in answers.names.iter().zip(&scores).enumerate() {
                    ui.label(name);
                    for share in [one.precision, one.recall, one.f1] {
                        let text = share.map_or_else(|| "–".to_owned(), percent);
                        ui.label(RichText::new(text).font(theme::mono(12.0)).color(tokens.text));
                    }
                    let areas = answers.ranking.areas.get(class).copied().unwrap_or_default();
                    for area in [areas.roc, areas.precision_recall] {
                        ui.label(RichText::new(area_text(area)).font(theme::mono(12.0)).color(tokens.text));
                    }
                    ui.label(RichText::new(count(one.support)).font(theme::mono(12.0)).color(tokens.muted));
                    ui.end_row();
                }
            });
        });
    });
}
