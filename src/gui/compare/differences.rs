//! Validation samples of which two networks predict other numbers: what both say, the truth, and how far apart they
//! are.

use egui::{Align2, Pos2, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo};

use super::disagreements::head;
use super::pair::Both;
use super::{CompareUi, Seen};
use crate::data::Dataset;
use crate::gui::numbers::number;
use crate::gui::output;
use crate::gui::plots::empty;
use crate::gui::theme;
use crate::gui::widgets::small_choice;
use crate::model::Task;
use crate::trace::Guess;

const ROW: f32 = 28.0;

/// What is largest comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// How far the two are apart.
    #[default]
    Difference,
    /// How far the first or the second is from the truth.
    Error(usize),
}

impl By {
    fn of(self, pair: &[Guess; 2]) -> f32 {
        match self {
            Self::Difference => pair[0].predicted - pair[1].predicted,
            Self::Error(side) => pair[side].predicted - pair[side].truth,
        }
    }
}

/// What both say of the samples that both were asked about. What is no number at all comes first.
pub fn of(a: &[Guess], b: &[Guess], by: By) -> Vec<[Guess; 2]> {
    let mut pairs: Vec<[Guess; 2]> = a.iter().zip(b).filter(|(a, b)| a.row == b.row).map(|(a, b)| [*a, *b]).collect();
    let size = |pair: &[Guess; 2]| match by.of(pair) {
        none if none.is_nan() => f32::INFINITY,
        some => some.abs(),
    };
    pairs.sort_by(|one, other| size(other).total_cmp(&size(one)).then(one[0].row.cmp(&other[0].row)));
    pairs
}

pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both) {
    let tokens = &seen.tokens;
    let (Some(dataset), Some(pairs)) = (seen.state.dataset(), both.apart.clone()) else {
        return empty::say(ui, tokens, "No data yet", "Predictions are compared on the validation set.");
    };
    ui.add_space(6.0);
    choose(ui, seen, local, both, dataset);
    if pairs.iter().all(|[a, b]| a.predicted.to_bits() == b.predicted.to_bits()) {
        return empty::say(ui, tokens, "No difference", "Both networks predict the same number for every sample.");
    }
    let colour = |side: usize| local.colours.get(tokens, &both.rows[side].card.id);
    let titles = [
        ("sample", tokens.faint),
        ("truth", tokens.faint),
        (both.name(0), colour(0)),
        (both.name(1), colour(1)),
        ("difference", tokens.faint),
    ];
    head(ui, tokens, columns, titles);
    let width = ui.available_width();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("differences").auto_shrink(false).show_rows(ui, ROW, pairs.len(), |ui, range| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for pair in &pairs[range] {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(width, ROW), Sense::HOVER);
            row(ui, seen, dataset, pair, rect, &response);
        }
    });
}

/// By what they are sorted, and of which output they are.
fn choose(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both, dataset: &Dataset) {
    let inside = ui.available_rect_before_wrap().shrink2(Vec2::new(12.0, 0.0));
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 4.0);
            let names = &dataset.truth.names;
            match dataset.truth.task {
                Task::Numbers(outputs) if outputs > 1 => {
                    let titles: Vec<&str> = names.iter().map(String::as_str).collect();
                    let help = "Which of the predicted numbers is compared.";
                    if let Some(at) = small_choice(ui, "Target", help, local.pair.output, &titles) {
                        local.pair.output = at;
                    }
                    ui.label(RichText::new("by").color(seen.tokens.muted));
                }
                _ => {
                    let output = names.get(local.pair.output).map_or("output", String::as_str);
                    ui.label(RichText::new(format!("{output}, by")).color(seen.tokens.muted));
                }
            }
            let error = |side: usize| format!("error of {}", super::menu::short(both.name(side)));
            let all = [(By::Difference, "difference".to_owned()), (By::Error(0), error(0)), (By::Error(1), error(1))];
            for (by, title) in all {
                ui.selectable_value(&mut local.pair.by, by, title);
            }
        });
    });
    ui.add_space(4.0);
}

/// Where the columns begin: the sample, its truth, the two answers, and how far they are apart.
fn columns(rect: Rect) -> [f32; 5] {
    let left = rect.left() + 12.0;
    let width = rect.width() - 24.0;
    [0.0, 0.36, 0.52, 0.68, 0.84].map(|share| left + width * share)
}

fn row(ui: &Ui, seen: &Seen<'_>, dataset: &Dataset, pair: &[Guess; 2], rect: Rect, response: &egui::Response) {
    let (tokens, at, [a, b]) = (&seen.tokens, columns(rect), pair);
    let words = output::sample_in_words(dataset, a.row as usize);
    let apart = By::Difference.of(pair);
    let texts = [
        (words.clone(), theme::mono(11.0), tokens.muted),
        (number(a.truth), theme::mono(12.0), tokens.text),
        (number(a.predicted), theme::mono(12.0), tokens.text),
        (number(b.predicted), theme::mono(12.0), tokens.text),
        (number(apart), theme::mono(12.0), if apart == 0.0 { tokens.faint } else { tokens.text }),
    ];
    for (i, (text, font, colour)) in texts.into_iter().enumerate() {
        let end = at.get(i + 1).copied().unwrap_or(rect.right() - 6.0);
        let place = Rect::from_min_max(Pos2::new(at[i], rect.top()), Pos2::new(end - 6.0, rect.bottom()));
        ui.painter_at(place).text(place.left_center(), Align2::LEFT_CENTER, text, font, colour);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.line.gamma_multiply(0.4)));
    let label = format!(
        "Sample {}: truth {}, predictions {} and {}, {} apart",
        a.row,
        number(a.truth),
        number(a.predicted),
        number(b.predicted),
        number(apart.abs())
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &label));
    if response.hovered() {
        response.clone().on_hover_text(format!("{label}\n{words}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_difference_comes_first_whoever_is_right_and_nan_before_it() {
        let guesses = |numbers: [f32; 4]| -> Vec<Guess> {
            let guess = |(row, predicted): (usize, f32)| Guess { row: row as u32, truth: row as f32, predicted };
            numbers.into_iter().enumerate().map(guess).collect()
        };
        let (a, b) = (guesses([0.0, 1.5, 2.0, 9.0]), guesses([0.25, 1.5, f32::NAN, 3.0]));
        let rows = |by: By| of(&a, &b, by).iter().map(|[a, _]| a.row).collect::<Vec<_>>();
        assert_eq!(rows(By::Difference), [2, 3, 0, 1]);
        assert_eq!(rows(By::Error(0)), [3, 1, 0, 2]);
        assert_eq!(rows(By::Error(1)), [2, 1, 0, 3]);
        assert!(of(&a, &b[1..], By::Difference).is_empty(), "of the same samples only");
    }
}
