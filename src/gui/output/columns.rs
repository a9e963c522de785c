//! What each column of a table is worth to the network, and how its answer follows the one that is picked.

use egui::{
    Align2, Button, Color32, Id, Label, Pos2, Rect, RichText, ScrollArea, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo,
};
use egui_plot::{Line, PlotPoints};

use super::{OutputUi, OutputView};
use crate::data::encoding::Inputs;
use crate::gui::figure::Table;
use crate::gui::numbers::{count, number, significant};
use crate::gui::plots::{empty, figure, ticks::TickKind};
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{accent_button, progress};
use crate::model::Task;
use crate::session::{Action, ColumnWorth, ExamineAction, RunStatus};
use crate::trainer::judging::{Dependence, Importance};

/// Of a table with answers to be right about.
pub(super) fn is_there(view: &OutputView<'_>) -> bool {
    let has_truth = !matches!(view.state.task(), Some(Task::Input(_)));
    view.salt == 0 && has_truth && matches!(view.dataset.encoding.inputs, Inputs::Table { .. })
}

const HELP: &str = "Which columns does the network rely on? Each one in turn is shuffled among the samples: the more the \
    score falls, the more that column matters. Click one to see how the answer depends on it.";

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let (examined, run) = (view.state.examined(), view.state.run());
    if run.step == 0 && examined.columns.is_none() {
        return empty::no_run(ui, tokens, view.state, actions);
    }
    let doing = examined.doing == Some(ExamineAction::Columns);
    let can = run.status != RunStatus::NotReady && examined.doing.is_none();
    egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
        let Some(worth) = &examined.columns else {
            ui.add(Label::new(RichText::new(HELP).color(tokens.muted)).wrap());
            ui.add_space(4.0);
            if doing {
                if progress(ui, &examined.progress) {
                    actions.push(ExamineAction::Cancel.into());
                }
            } else if accent_button(ui, can, "Measure importance").clicked() {
                actions.push(ExamineAction::Columns.into());
            }
            return;
        };
        heading(ui, tokens, view, worth, (can, doing), actions);
        body(ui, tokens, view, worth, local);
    });
}

fn heading(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    worth: &ColumnWorth,
    (can, doing): (bool, bool),
    actions: &mut Vec<Action>,
) {
    ui.horizontal(|ui| {
        let name = view.dataset.truth.task.metric().title();
        let text = format!("{name} lost when shuffled, at step {}", count(worth.step));
        ui.add(Label::new(RichText::new(text).small().color(tokens.faint)).truncate())
            .on_hover_text(format!("{HELP}\nOver {} validation samples.", count(worth.over as u64)));
        if worth.step != view.state.run().step {
            let word = if doing { "Shuffling …" } else { "Again" };
            let button = ui.add_enabled(can, Button::new(word).small());
            if button.on_hover_text("Measure again, with the weights as they are now.").clicked() {
                actions.push(ExamineAction::Columns.into());
            }
        }
    });
}

fn body(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, worth: &ColumnWorth, local: &mut OutputUi) {
    let room = ui.available_rect_before_wrap();
    if room.width() >= BESIDE {
        let (list, chart) = room.split_left_right_at_fraction(0.48);
        let first = worth.importance.first().map(|one| one.column.clone());
        let picked = local.column.clone().or(first);
        ui.scope_builder(UiBuilder::new().max_rect(list), |ui| {
            rows(ui, tokens, worth, picked.as_ref(), |_, clicked| {
                local.column = clicked.or_else(|| local.column.take());
            });
        });
        let chart = chart.with_min_x(chart.left() + 12.0);
        ui.scope_builder(UiBuilder::new().max_rect(chart), |ui| curve(ui, tokens, view, worth, picked.as_ref()));
        return;
    }
    // The curve opens below its column.
    let picked = local.column.clone();
    rows(ui, tokens, worth, picked.as_ref(), |ui, clicked| match clicked {
        Some(column) => local.column = Some(column).filter(|column| picked.as_ref() != Some(column)),
        None => {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), CURVE), Sense::hover());
            ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| curve(ui, tokens, view, worth, picked.as_ref()));
        }
    });
}

/// From this width on the curve stands beside the columns.
const BESIDE: f32 = 480.0;
/// Height of a curve below its column.
const CURVE: f32 = 150.0;

/// A row for each column. `then` is told of one that is clicked, and with `None` draws what follows the picked one.
fn rows(
    ui: &mut Ui,
    tokens: &Tokens,
    worth: &ColumnWorth,
    picked: Option<&String>,
    mut then: impl FnMut(&mut Ui, Option<String>),
) {
    ScrollArea::vertical().id_salt("columns").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let most = worth.importance.iter().map(|one| one.mean + one.deviation).fold(1e-9, f64::max);
        for one in &worth.importance {
            let is_picked = picked == Some(&one.column);
            if row(ui, tokens, one, most, is_picked) {
                then(ui, Some(one.column.clone()));
            }
            if is_picked {
                then(ui, None);
            }
        }
    });
}

fn curve(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, worth: &ColumnWorth, picked: Option<&String>) {
    let Some(curve) = worth.curves.iter().find(|curve| Some(&curve.column) == picked) else {
        ui.label(RichText::new("Only the most important columns have a curve.").small().color(tokens.faint));
        return;
    };
    let answers = answers(view);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let is_of_classes = view.dataset.classes().is_some();
        let what = if is_of_classes { "mean probability" } else { "mean answer" };
        ui.label(RichText::new(what).small().color(tokens.faint)).on_hover_text(FOLLOWS);
        for (name, place) in answers.iter().take(if answers.len() > 1 { NAMED } else { 0 }) {
            let colour = tokens.of_words(colour(tokens, &answers, *place));
            ui.add(Label::new(RichText::new(name).small().color(colour)).truncate());
        }
        if answers.len() > NAMED {
            ui.label(RichText::new("…").small().color(tokens.faint));
        }
    });
    if curve.is_category { categories(ui, tokens, curve, &answers) } else { line(ui, tokens, curve, &answers) }
}

/// Answers that are named above a curve.
const NAMED: usize = 4;
const FOLLOWS: &str = "The column is set to a value in all samples, the others stay as they are, and the answers' mean is taken: \
    how the answer follows this column alone (partial dependence).";

/// The name and colour of each answer.
type Named = Vec<(String, usize)>;

fn answers(view: &OutputView<'_>) -> Named {
    view.dataset.truth.names.iter().cloned().zip(0..).collect()
}

fn colour(tokens: &Tokens, answers: &Named, place: usize) -> Color32 {
    if answers.len() == 1 { tokens.accent } else { tokens.class(place) }
}

/// As a table.
pub(super) fn numbers(view: &OutputView<'_>, table: &mut Table) {
    table.row(["column", "importance", "standard deviation"]);
    let worth = view.state.examined().columns.iter();
    for one in worth.flat_map(|worth| &worth.importance) {
        table.row([one.column.clone(), one.mean.to_string(), one.deviation.to_string()]);
    }
}

/// A column with its bar and whisker; whether it was clicked.
fn row(ui: &mut Ui, tokens: &Tokens, one: &Importance, most: f64, picked: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::click());
    let Importance { column, mean, deviation } = one;
    if picked || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4.0, if picked { tokens.raised } else { tokens.hover });
    }
    let name = rect.width() * 0.38;
    let clip = Rect::from_min_size(rect.min, Vec2::new(name - 6.0, rect.height())).intersect(ui.clip_rect());
    let painter = ui.painter().with_clip_rect(clip);
    painter.text(
        rect.left_center() + Vec2::new(6.0, 0.0),
        Align2::LEFT_CENTER,
        column,
        theme::regular(12.0),
        if picked { tokens.text } else { tokens.muted },
    );
    let text = format!("{} ± {}", significant(*mean, 2), significant(*deviation, 1));
    let numbers = 96.0_f32.min(rect.width() * 0.34);
    let full = (rect.width() - name - numbers - 8.0).max(8.0);
    let at = |value: f64| rect.left() + name + (value.max(0.0) / most) as f32 * full;
    let bar = Rect::from_min_max(Pos2::new(at(0.0), rect.top() + 7.0), Pos2::new(at(*mean), rect.bottom() - 7.0));
    ui.painter().rect_filled(bar, 2.0, tokens.accent);
    let whisker = [Pos2::new(at(mean - deviation), rect.center().y), Pos2::new(at(mean + deviation), rect.center().y)];
    ui.painter().line_segment(whisker, Stroke::new(1.0, tokens.text));
    let right = rect.right_center() - Vec2::new(6.0, 0.0);
    ui.painter().text(right, Align2::RIGHT_CENTER, &text, theme::mono(11.0), tokens.muted);
    let words = format!("Importance of {column}: {text}");
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, picked, &words));
    response.on_hover_text(words).clicked()
}

fn line(ui: &mut Ui, tokens: &Tokens, curve: &Dependence, answers: &Named) {
    let plot = figure::figure(tokens, Id::unique("dependence").with(&curve.column), TickKind::Number, TickKind::Number);
    let shown = figure::show(ui, plot, 0.0, |plot| {
        for (name, place) in answers {
            let points: PlotPoints<'_> = curve
                .points
                .iter()
                .filter_map(|point| Some([point.value, f64::from(*point.answers.get(*place)?)]))
                .collect();
            plot.line(Line::new(name, points).color(colour(tokens, answers, *place)).width(2.0));
        }
    });
    let words = format!("How the answer follows {}", curve.column);
    shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &words));
    let Some(pos) = shown.response.hover_pos() else { return };
    let value = shown.transform.value_from_position(pos).x;
    let near = curve.points.iter().min_by(|a, b| (a.value - value).abs().total_cmp(&(b.value - value).abs()));
    if let Some(point) = near {
        read_text(&shown.response, &sentence(curve, point.label.as_str(), &point.answers, answers));
    }
}

/// "age 34\nyes 0.42\nno 0.58"
fn sentence(curve: &Dependence, label: &str, numbers: &[f32], answers: &Named) -> String {
    let lines = answers.iter().zip(numbers).map(|((name, _), value)| format!("\n{name} {}", number(*value)));
    format!("{} {label}{}", curve.column, lines.collect::<String>())
}

/// Words have no order: a bar each, parted by class, or as long as the number is large.
fn categories(ui: &mut Ui, tokens: &Tokens, curve: &Dependence, answers: &Named) {
    let firsts = || curve.points.iter().filter_map(|point| point.answers.first()).copied().filter(|v| v.is_finite());
    let (low, high) = (firsts().fold(0.0f32, f32::min), firsts().fold(0.0f32, f32::max));
    ScrollArea::vertical().id_salt("categories").auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        for point in &curve.points {
            let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
            let name = rect.width() * 0.34;
            let clip = Rect::from_min_size(rect.min, Vec2::new(name - 6.0, rect.height())).intersect(ui.clip_rect());
            let painter = ui.painter().with_clip_rect(clip);
            painter.text(rect.left_center(), Align2::LEFT_CENTER, &point.label, theme::regular(12.0), tokens.muted);
            let full = rect.width() - name - 8.0;
            let bar = |from: f32, to: f32, colour: Color32| {
                let x = |share: f32| rect.left() + name + share.clamp(0.0, 1.0) * full;
                let (min, max) = (Pos2::new(x(from), rect.top() + 4.0), Pos2::new(x(to), rect.bottom() - 4.0));
                ui.painter().rect_filled(Rect::from_min_max(min, max), 1.0, colour);
            };
            if answers.len() == 1 {
                let place = |value: f32| (value - low) / (high - low).max(f32::MIN_POSITIVE);
                let value = point.answers.first().copied().unwrap_or_default();
                bar(place(value.min(0.0)), place(value.max(0.0)), tokens.accent);
            } else {
                let mut from = 0.0;
                for ((_, place), share) in answers.iter().zip(&point.answers) {
                    bar(from, from + share, colour(tokens, answers, *place));
                    from += share;
                }
            }
            let words = sentence(curve, &point.label, &point.answers, answers);
            response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, &words));
            response.on_hover_text(words);
        }
    });
}
