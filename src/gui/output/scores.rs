//! How good the network is: overall beside simple models, class by class, and what each column is worth to it.

use egui::{Button, RichText, Ui};

use super::{OutputUi, OutputView, Tab, beside, boxes, classes, columns, folds};
use crate::gui::theme::Tokens;
use crate::model::AnswerView;
use crate::session::Action;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    #[default]
    Overall,
    Classes,
    Columns,
    Folds,
}

/// Those that there are, in their order.
pub(super) fn parts(view: &OutputView<'_>) -> Vec<Part> {
    let by_class = matches!(view.state.view(), Some(AnswerView::Images | AnswerView::Rows | AnswerView::Boxes));
    let all = [
        (Part::Overall, beside::is_there(view)),
        (Part::Classes, by_class),
        (Part::Columns, columns::is_there(view)),
        (Part::Folds, folds::is_there(view)),
    ];
    all.into_iter().filter_map(|(part, is_there)| is_there.then_some(part)).collect()
}

/// The one that is shown.
pub(super) fn part(view: &OutputView<'_>, local: &OutputUi) -> Option<Part> {
    let all = parts(view);
    all.iter().copied().find(|part| *part == local.scores).or(all.first().copied())
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let (all, shown) = (parts(view), part(view, local));
    if all.len() > 1 {
        egui::Frame::NONE.inner_margin(egui::Margin { left: 10, right: 10, top: 6, bottom: 0 }).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                for part in all {
                    let title = match part {
                        Part::Overall => "Overall",
                        Part::Classes => "By class",
                        Part::Columns => "By column",
                        Part::Folds => "Folds",
                    };
                    let is_on = shown == Some(part);
                    let text = RichText::new(title).size(12.0).color(if is_on { tokens.text } else { tokens.muted });
                    if ui.add(Button::selectable(is_on, text)).clicked() {
                        local.scores = part;
                    }
                }
            });
        });
    }
    match shown {
        Some(Part::Overall) => beside::show(ui, tokens, view, actions),
        Some(Part::Columns) => columns::show(ui, tokens, view, local, actions),
        Some(Part::Folds) => folds::show(ui, tokens, view, actions),
        Some(Part::Classes) if view.state.view() == Some(AnswerView::Boxes) => boxes::scores(ui, tokens, view, actions),
        Some(Part::Classes) | None => {
            local.tab = Tab::Scores;
            classes::show(ui, tokens, view, local, actions);
        }
    }
}
