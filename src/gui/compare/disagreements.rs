//! Validation samples to which the two networks give different answers, each with its truth and both answers.

use egui::{Align2, Pos2, Rect, RichText, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo};

use super::pair::Both;
use super::{CompareUi, Seen};
use crate::data::Dataset;
use crate::gui::numbers::{count, sure};
use crate::gui::output;
use crate::gui::plots::empty;
use crate::gui::theme;
use crate::session::Action;
use crate::trace::Prediction;

const ROW: f32 = 44.0;
const PICTURE: f32 = 36.0;

/// Which of them are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub right: Right,
    /// Instead of disagreements, the samples of a cell of one's confusion matrix: side, truth, predicted.
    pub cell: Option<(usize, u32, u32)>,
}

/// Whose answer is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Right {
    #[default]
    Any,
    First,
    Second,
    Neither,
}

impl Right {
    fn holds(self, [a, b]: &[Prediction; 2]) -> bool {
        let (first, second) = (a.predicted == a.truth, b.predicted == b.truth);
        match self {
            Self::Any => true,
            Self::First => first && !second,
            Self::Second => second && !first,
            Self::Neither => !first && !second,
        }
    }
}

pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both, _actions: &mut Vec<Action>) {
    let tokens = &seen.tokens;
    let Some(dataset) = seen.state.dataset() else {
        return empty::say(ui, tokens, "No data yet", "Predictions are compared on the validation set.");
    };
    let (Some(classes), Some(found)) = (dataset.classes(), both.disagreements.clone()) else {
        return unknown(ui, seen, both);
    };
    let names: [&str; 2] = [both.name(0), both.name(1)];
    let rows: Vec<[Prediction; 2]> = match local.pair.which.cell {
        Some(cell) => of_cell(both, cell),
        None => found.iter().filter(|pair| local.pair.which.right.holds(pair)).copied().collect(),
    };
    ui.add_space(6.0);
    choose(ui, seen, local, names, &found, classes, rows.len());
    if rows.is_empty() {
        return empty::say(ui, tokens, "No such samples", "Change the selection above.");
    }
    heads(ui, seen, local, both);
    let size = ui.available_size();
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("disagreements").auto_shrink(false).show_rows(ui, ROW, rows.len(), |ui, range| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for pair in &rows[range] {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(size.x, ROW), Sense::HOVER);
            row(ui, seen, dataset, classes, pair, rect, &response);
        }
    });
}

fn unknown(ui: &mut Ui, seen: &Seen<'_>, both: &Both) {
    let tokens = &seen.tokens;
    let problem = both.rows.iter().find_map(|row| seen.state.runs().problems.get(&row.card.id));
    match problem {
        Some(problem) => empty::say(ui, tokens, "These runs can't be compared", problem),
        None => empty::say(ui, tokens, "Running both networks", "The samples they disagree on appear here."),
    }
}

/// The samples of one cell of a confusion matrix, with both answers.
fn of_cell(both: &Both, (side, truth, predicted): (usize, u32, u32)) -> Vec<[Prediction; 2]> {
    let [Some(a), Some(b)] = &both.outputs else { return Vec::new() };
    let pairs = a.predictions.iter().zip(b.predictions.iter()).map(|(a, b)| [*a, *b]);
    pairs.filter(|pair| pair[side].truth == truth && pair[side].predicted == predicted).collect()
}

/// Which of them: as buttons with their numbers.
fn choose(
    ui: &mut Ui,
    seen: &Seen<'_>,
    local: &mut CompareUi,
    names: [&str; 2],
    found: &[[Prediction; 2]],
    classes: &[String],
    shown: usize,
) {
    let inside = ui.available_rect_before_wrap().shrink2(Vec2::new(12.0, 0.0));
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 4.0);
            let which = &mut local.pair.which;
            if let Some((side, truth, predicted)) = which.cell {
                let class = |index: u32| classes.get(index as usize).map_or("?", String::as_str);
                let text = format!(
                    "{} samples of {} that {} predicts as {}",
                    count(shown as u64),
                    class(truth),
                    names[side],
                    class(predicted)
                );
                ui.label(RichText::new(text).color(seen.tokens.text));
                if ui.button("Back to the disagreements").clicked() {
                    which.cell = None;
                }
                return;
            }
            let all = [
                (Right::Any, "all".to_owned()),
                (Right::First, format!("{} right", super::menu::short(names[0]))),
                (Right::Second, format!("{} right", super::menu::short(names[1]))),
                (Right::Neither, "neither right".to_owned()),
            ];
            for (right, title) in all {
                let n = found.iter().filter(|pair| right.holds(pair)).count();
                ui.selectable_value(&mut which.right, right, format!("{title} {}", count(n as u64)));
            }
        });
    });
    ui.add_space(4.0);
}

/// Where the columns begin: the sample, its truth, and the two answers.
fn columns(rect: Rect) -> [f32; 4] {
    let left = rect.left() + 12.0;
    let width = rect.width() - 24.0;
    [left, left + width * 0.30, left + width * 0.52, left + width * 0.76]
}

fn heads(ui: &mut Ui, seen: &Seen<'_>, local: &CompareUi, both: &Both) {
    let tokens = &seen.tokens;
    let colour = |side: usize| local.colours.get(tokens, &both.rows[side].card.id);
    let titles =
        [("sample", tokens.faint), ("truth", tokens.faint), (both.name(0), colour(0)), (both.name(1), colour(1))];
    head(ui, tokens, columns, titles);
}

/// The names of the columns, each in its colour.
pub(super) fn head<const N: usize>(
    ui: &mut Ui,
    tokens: &theme::Tokens,
    columns: impl Fn(Rect) -> [f32; N],
    titles: [(&str, egui::Color32); N],
) {
    let all = ui.available_rect_before_wrap();
    let strip = Rect::from_min_size(all.min, Vec2::new(all.width(), 24.0));
    let at = columns(strip);
    for (i, (title, colour)) in titles.into_iter().enumerate() {
        let end = at.get(i + 1).copied().unwrap_or(strip.right() - 12.0);
        let place = Rect::from_min_max(Pos2::new(at[i], strip.top()), Pos2::new(end - 6.0, strip.bottom()));
        let painter = ui.painter_at(place);
        painter.text(place.left_center(), Align2::LEFT_CENTER, title, theme::regular(11.0), colour);
    }
    ui.painter().hline(strip.x_range(), strip.bottom(), Stroke::new(1.0, tokens.line));
    ui.advance_cursor_after_rect(strip);
}

fn row(
    ui: &Ui,
    seen: &Seen<'_>,
    dataset: &Dataset,
    classes: &[String],
    pair: &[Prediction; 2],
    rect: Rect,
    response: &egui::Response,
) {
    let tokens = &seen.tokens;
    let at = columns(rect);
    let class = |index: u32| classes.get(index as usize).map_or("?", String::as_str);
    let [a, b] = pair;
    let sample = Rect::from_min_size(Pos2::new(at[0], rect.center().y - PICTURE / 2.0), Vec2::splat(PICTURE));
    let words = output::sample_in_words(dataset, a.row as usize);
    if output::paint_sample(ui, sample, dataset, a.row as usize).is_none() {
        let place = Rect::from_min_max(Pos2::new(at[0], rect.top()), Pos2::new(at[1] - 6.0, rect.bottom()));
        ui.painter_at(place).text(place.left_center(), Align2::LEFT_CENTER, &words, theme::mono(11.0), tokens.muted);
    }
    let text = |x: f32, end: f32, text: &str, font, colour| {
        let place = Rect::from_min_max(Pos2::new(x, rect.top()), Pos2::new(end - 6.0, rect.bottom()));
        ui.painter_at(place).text(place.left_center(), Align2::LEFT_CENTER, text, font, colour);
    };
    text(at[1], at[2], class(a.truth), theme::regular(13.0), tokens.text);
    let ends = [at[3], rect.right() - 6.0];
    for (i, answer) in pair.iter().enumerate() {
        let colour = if answer.predicted == answer.truth { tokens.ok } else { tokens.bad };
        let place = Rect::from_min_max(Pos2::new(at[2 + i], rect.top() + 5.0), Pos2::new(ends[i] - 6.0, rect.bottom()));
        let painter = ui.painter_at(place);
        painter.text(place.left_top(), Align2::LEFT_TOP, class(answer.predicted), theme::medium(13.0), colour);
        let below = place.left_top() + Vec2::new(0.0, 18.0);
        painter.text(below, Align2::LEFT_TOP, sure(answer.confidence), theme::mono(11.0), tokens.muted);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.line.gamma_multiply(0.4)));
    let label = format!(
        "Sample {}: truth {}, predictions {} and {}",
        a.row,
        class(a.truth),
        class(a.predicted),
        class(b.predicted)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &label));
    if response.hovered() {
        response.clone().on_hover_text(format!("{label}\n{words}"));
    }
}
