//! One picture, large: its boxes can be read, and a click on one tells how its numbers come about.

use egui::{Rect, RichText, ScrollArea, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::super::classes::name;
use super::super::try_it::About;
use super::{Card, OutputUi, OutputView, Shown, from_score, legend, painted, thumbnail};
use crate::gui::numbers::number;
use crate::gui::theme::{self, Tokens};
use crate::model::boxes::{Grid, Judged, Seen};
use crate::model::task::CELL;
use crate::session::{Action, BoxAction};

/// The largest side of the picture.
pub(super) const LARGE: f32 = 460.0;
/// The smallest one, however low the panel is.
const SMALL: f32 = 200.0;
/// What stands above the picture.
const ABOVE: f32 = 100.0;

pub fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    (view, shown): (&OutputView<'_>, Option<Shown<'_>>),
    row: u32,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let finds = shown.and_then(|shown| shown.pictures.iter().find(|finds| finds.row == row));
    let card = match finds {
        Some(finds) => Some(Card::answered(finds, local.boxes.shown_from)),
        None => Card::unanswered(view, row),
    };
    let (Some(card), Ok(values)) = (card, view.dataset.validation.input(row as usize)) else {
        local.picked = None;
        return;
    };
    // The whole picture is to be seen, beside what stands above it.
    let side = (ui.available_height() - ABOVE).clamp(SMALL, LARGE);
    ScrollArea::vertical().id_salt("large picture").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                if ui.button("← All pictures").clicked() {
                    local.picked = None;
                }
                ui.label(RichText::new(card.describe()).color(tokens.muted));
                correct(ui, view, row, actions);
            });
            if shown.is_some() {
                from_score(ui, tokens, local);
            }
            legend(ui, tokens, &view.dataset.truth.names, card.is_answered);
            let side = ui.available_width().min(side);
            let (square, _) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
            let image = thumbnail::place(square, &view.dataset.input_shape);
            thumbnail::paint(ui, &ui.painter_at(square), square, "large boxes", &view.dataset.input_shape, &values);
            painted::boxes(&ui.painter_at(image), tokens, image, &card, 2.0);
            if let Some(at) = pressed(ui, tokens, view, image, &card, local.boxes.find) {
                local.boxes.find = (local.boxes.find != Some(at)).then_some(at);
            }
            let Some((finds, shown)) = finds.zip(shown) else { return };
            let Some(seen) = local.boxes.find.and_then(|at| finds.found.get(at)) else {
                let text = "Click a find to see how the network's numbers become its box.";
                ui.label(RichText::new(text).small().color(tokens.faint));
                return;
            };
            local.try_it.ask(view, About::Sample(row), &values, actions);
            explain(ui, tokens, view, shown.grid, seen, local.try_it.reply(view).map(|reply| reply.values.as_slice()));
        });
    });
}

/// The way to where its boxes are drawn, if it is a file of a person's own.
fn correct(ui: &mut Ui, view: &OutputView<'_>, row: u32, actions: &mut Vec<Action>) {
    let Some(file) = view.dataset.validation.picture(row as usize) else { return };
    if view.salt > 0 || view.state.drawn().is_none() {
        return;
    }
    let help = "Move, delete and draw the true boxes of this picture. Your label files stay as they are.";
    if ui.button("Correct its boxes …").on_hover_text(help).clicked() {
        actions.push(Action::Boxes(BoxAction::Open(Some(file.path().to_path_buf()))));
    }
}

/// Lets every box be read and clicked; returns the find that was.
fn pressed(
    ui: &Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    image: Rect,
    card: &Card,
    chosen: Option<usize>,
) -> Option<usize> {
    let names = &view.dataset.truth.names;
    let mut shown: Vec<usize> =
        (0..card.found.len()).filter(|&i| !matches!(card.verdict.found.get(i), None | Some(Judged::Hidden))).collect();
    // Small ones lie above those that they are in.
    shown.sort_by(|&a, &b| card.found[b].extent.area().total_cmp(&card.found[a].extent.area()));
    let mut clicked = None;
    for i in shown {
        let found = card.found[i];
        let rect = painted::place(image, found.extent).intersect(image);
        let judged = match card.verdict.found[i] {
            Judged::Right(thing) => {
                format!("right, overlaps by {:.2}", card.things[thing].extent.iou(found.extent))
            }
            _ => "false".to_owned(),
        };
        let text = format!("{} {:.2}: {judged}", name(names, found.class as u32), found.score);
        let response = ui.interact(rect, ui.scope_id().with(("found box", i)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &text));
        let painter = ui.painter_at(image);
        if response.hovered() || response.has_focus() || chosen == Some(i) {
            painter.rect_stroke(rect, 1.0, Stroke::new(3.0, tokens.class(found.class)), StrokeKind::Middle);
            painted::label(&painter, tokens, rect, names, &found);
        }
        if response.on_hover_text(&text).clicked() {
            clicked = Some(i);
        }
    }
    clicked
}

/// From the numbers of a cell to its box. `answer`: of the whole grid.
fn explain(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, grid: Grid, seen: &Seen, answer: Option<&[f32]>) {
    let [row, column] = seen.cell;
    let cell = |channel: usize| {
        let at = (channel * grid.rows + row) * grid.columns + column;
        answer.filter(|answer| answer.len() == grid.numbers()).map(|answer| answer[at])
    };
    let names = &view.dataset.truth.names;
    let class = name(names, seen.found.class as u32);
    let head = format!("{class} {:.3}, predicted by the cell in row {row}, column {column}", seen.found.score);
    ui.label(RichText::new(head).font(theme::medium(13.0)).color(tokens.text));
    let Some(numbers) = (0..CELL + grid.classes).map(cell).collect::<Option<Vec<f32>>>() else {
        ui.label(RichText::new("Asking the network …").small().color(tokens.faint));
        return;
    };
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    let there = sigmoid(numbers[0]);
    let share = seen.found.score / there;
    let at = seen.found.extent;
    let centre = |low: f32, high: f32| (low + high) / 2.0;
    let lines = [
        ("something is there", format!("σ({}) = {there:.3}", number(numbers[0]))),
        ("it is a", format!("{class}: softmax({}) = {share:.3}", number(numbers[CELL + seen.found.class]))),
        ("score", format!("{there:.3} · {share:.3} = {:.3}", seen.found.score)),
        (
            "centre across",
            format!(
                "({column} + 2σ({}) − ½) / {} = {:.3}",
                number(numbers[1]),
                grid.columns,
                centre(at.left, at.right)
            ),
        ),
        (
            "centre down",
            format!("({row} + 2σ({}) − ½) / {} = {:.3}", number(numbers[2]), grid.rows, centre(at.top, at.bottom)),
        ),
        ("width", format!("exp({}) / {} = {:.3}", number(numbers[3]), grid.columns, at.right - at.left)),
        ("height", format!("exp({}) / {} = {:.3}", number(numbers[4]), grid.rows, at.bottom - at.top)),
    ];
    egui::Grid::new("how a box comes about").num_columns(2).spacing([14.0, 3.0]).show(ui, |ui| {
        for (what, how) in lines {
            ui.label(RichText::new(what).color(tokens.muted));
            ui.label(RichText::new(how).font(theme::mono(12.0)).color(tokens.text));
            ui.end_row();
        }
    });
    let text =
        "Places and sizes are fractions of the picture. The numbers are what leaves the last layer at that cell.";
    ui.label(RichText::new(text).small().color(tokens.faint));
}
