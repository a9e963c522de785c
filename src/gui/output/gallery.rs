//! Validation samples with what the network calls them; wrong ones are marked, and a click shows one large.

use egui::{Align2, Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::classes::{Answers, name};
use super::{OutputUi, OutputView, over_label, thumbnail};
use crate::data::Samples;
use crate::gui::numbers::{count, sure};
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};

/// Samples shown at first, and with each press of the button for more.
pub(super) const PAGE: usize = 96;
const IMAGE: f32 = 46.0;
const CARD: Vec2 = Vec2::new(52.0, 66.0);
const ROW: f32 = 24.0;

/// A sample and, when the network was asked, its answer.
#[derive(Clone, Copy)]
struct Card {
    row: u32,
    truth: u32,
    answer: Option<(u32, f32)>,
    probability: bool,
}

impl Card {
    fn wrong(&self) -> bool {
        self.answer.is_some_and(|(predicted, _)| predicted != self.truth)
    }

    /// "3", or "7, not 1" for a wrong one.
    fn caption(&self, names: &[String]) -> String {
        match self.answer {
            Some((predicted, _)) if predicted != self.truth => {
                format!("{}, not {}", name(names, predicted), name(names, self.truth))
            }
            _ => name(names, self.truth).to_owned(),
        }
    }

    /// What AccessKit and the tooltip say.
    fn describe(&self, names: &[String]) -> String {
        let truth = name(names, self.truth);
        match self.answer {
            None => format!("sample {}: {truth}", self.row),
            Some((predicted, confidence)) => {
                let predicted = name(names, predicted);
                let how = if self.probability { "" } else { "score " };
                format!("sample {}: predicted {predicted} ({how}{}), truth {truth}", self.row, sure(confidence))
            }
        }
    }
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    answers: Option<Answers<'_>>,
    local: &mut OutputUi,
) {
    let Some(names) = view.dataset.classes() else { return };
    let samples = local.samples.clone();
    let all = Cards::of(view, answers, &samples);
    if all.len() == 0 {
        let text = "No samples are held out: raise the validation share in the Data tab.";
        return empty::say(ui, tokens, "No validation samples", text);
    }
    let most = PAGE * (1 + local.pages);
    let (only_wrong, cell) = (local.only_wrong, local.cell);
    let wanted = |card: &Card| {
        (!only_wrong || card.wrong())
            && cell.is_none_or(|(t, p)| (card.truth, card.answer.map(|a| a.0)) == (t, Some(p)))
    };
    let mut found = all.iter().filter(wanted);
    let shown: Vec<Card> = found.by_ref().take(most).collect();
    let rest = found.count();
    ScrollArea::vertical().id_salt("gallery").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::new(4.0, 4.0);
            filters(ui, tokens, answers, local, &all);
            if view.dataset.input_shape.len() == 3 {
                ui.horizontal_wrapped(|ui| {
                    for card in &shown {
                        image_card(ui, tokens, view, names, *card, local);
                    }
                });
            } else {
                for card in &shown {
                    row_card(ui, tokens, names, *card, local);
                }
            }
            more(ui, tokens, shown.len(), rest, local);
        });
    });
}

/// Below the samples: a way to the rest, or a word about why there is none.
fn more(ui: &mut Ui, tokens: &Tokens, shown: usize, rest: usize, local: &mut OutputUi) {
    if shown == 0 {
        ui.label(RichText::new("None").color(tokens.muted));
    } else if rest > 0 && ui.button(format!("Show {} more", count(rest.min(PAGE) as u64))).clicked() {
        local.pages += 1;
    }
}

/// All samples that there are to show, which may be many: nothing is made of those that are not shown.
enum Cards<'a> {
    Answered(Answers<'a>),
    /// Rows of a part.
    Unanswered(&'a [u32], &'a Samples),
}

impl<'a> Cards<'a> {
    fn of(view: &OutputView<'a>, answers: Option<Answers<'a>>, samples: &'a [u32]) -> Self {
        let unanswered = Self::Unanswered(samples, &view.dataset.validation);
        answers.map_or(unanswered, Self::Answered)
    }

    fn len(&self) -> usize {
        match self {
            Self::Answered(answers) => answers.predictions.len(),
            Self::Unanswered(rows, _) => rows.len(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = Card> + '_ {
        (0..self.len()).map(|i| match self {
            Self::Answered(answers) => {
                let p = &answers.predictions[i];
                let (answer, probability) = (Some((p.predicted, p.confidence)), answers.probability);
                Card { row: p.row, truth: p.truth, answer, probability }
            }
            Self::Unanswered(rows, part) => {
                let target = part.target(rows[i] as usize).ok().and_then(|target| target.first().copied());
                let truth = target.map_or(0, |target| target as u32);
                Card { row: rows[i], truth, answer: None, probability: false }
            }
        })
    }
}

/// Above the samples: what is shown of what.
fn filters(ui: &mut Ui, tokens: &Tokens, answers: Option<Answers<'_>>, local: &mut OutputUi, all: &Cards<'_>) {
    let small = |text: String| RichText::new(text).small().color(tokens.faint);
    let Some(answers) = answers else {
        ui.label(small("Not trained yet: press Space.".into()));
        return;
    };
    let whole = count(all.len() as u64);
    ui.horizontal_wrapped(|ui| {
        if let Some((truth, predicted)) = local.cell {
            let text = format!("truth {}, predicted {}  ×", answers.name(truth), answers.name(predicted));
            let response = ui.button(RichText::new(text).small()).on_hover_text("Show all samples");
            if response.clicked() {
                (local.cell, local.pages) = (None, 0);
            }
            let of_cell = |card: &Card| (card.truth, card.answer.map(|a| a.0)) == (truth, Some(predicted));
            let tally = count(all.iter().filter(of_cell).count() as u64);
            ui.label(small(format!("{tally} of {whole}")));
        } else {
            let wrong = all.iter().filter(Card::wrong).count();
            let help = "Show only the samples the network gets wrong.";
            let only = ui.checkbox(&mut local.only_wrong, RichText::new("only wrong").small()).on_hover_text(help);
            if only.changed() {
                local.pages = 0;
            }
            ui.label(small(format!("{} of {whole} wrong", count(wrong as u64))));
        }
        over_label(ui, tokens, answers.over);
    });
}

fn image_card(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, names: &[String], card: Card, local: &mut OutputUi) {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, card.describe(names)));
    if ui.is_rect_visible(rect) {
        let image = Rect::from_min_size(rect.min + Vec2::new((CARD.x - IMAGE) / 2.0, 2.0), Vec2::splat(IMAGE));
        let painter = ui.painter_at(rect);
        painter.rect_filled(image, 2.0, tokens.canvas);
        if let Ok(values) = view.dataset.validation.input(card.row as usize) {
            thumbnail::paint(ui, &painter, image, card.row, &view.dataset.input_shape, &values);
        }
        let hot = response.hovered() || response.has_focus();
        if card.wrong() || hot {
            let colour = if card.wrong() { tokens.bad } else { tokens.accent };
            painter.rect_stroke(image, 2.0, Stroke::new(1.5, colour), StrokeKind::Outside);
        }
        let colour = if card.wrong() { tokens.bad } else { tokens.muted };
        let text = card.caption(names);
        let at = rect.center_bottom() - Vec2::new(0.0, 1.0);
        painter.text(at, Align2::CENTER_BOTTOM, text, theme::regular(11.0), colour);
    }
    if response.clicked() {
        local.picked = Some(card.row);
    }
    response.on_hover_text(card.describe(names));
}

fn row_card(ui: &mut Ui, tokens: &Tokens, names: &[String], card: Card, local: &mut OutputUi) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, card.describe(names)));
    let painter = ui.painter_at(rect);
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 4.0, tokens.hover);
    }
    let number = theme::mono(11.0);
    let left = rect.left_center() + Vec2::new(4.0, 0.0);
    painter.text(left, Align2::LEFT_CENTER, card.row, number.clone(), tokens.faint);
    let colour = if card.wrong() { tokens.bad } else { tokens.text };
    let text = card.caption(names);
    painter.text(left + Vec2::new(44.0, 0.0), Align2::LEFT_CENTER, text, theme::regular(13.0), colour);
    if let Some((_, confidence)) = card.answer {
        let right = rect.right_center() - Vec2::new(4.0, 0.0);
        painter.text(right, Align2::RIGHT_CENTER, sure(confidence), number, tokens.muted);
    }
    if response.clicked() {
        local.picked = Some(card.row);
    }
}
