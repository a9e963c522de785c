//! What the network does on paper, and its numbers as a table.

use egui::{Ui, Vec2};

use super::classes::Answers;
use super::reconstructions::Pairs;
use super::scores::{self, Part};
use super::{OutputUi, OutputView, Tab, body, columns, folds, picture};
use crate::data::Dataset;
use crate::engine::class_scores::per_class;
use crate::gui::figure::{Offer, Sheet, Table, cell};
use crate::gui::theme::Tokens;
use crate::model::{AnswerView, Task};
use crate::session::State;
use crate::trace::{Finds, OutputPicture};

const SIZE: Vec2 = Vec2::new(520.0, 520.0);
/// Pictures whose numbers are in a table.
const EXPORTED: usize = 100;

/// Before the network has trained there is a picture of points, and nothing that it says of them.
pub(super) fn offer(state: &State, local: &OutputUi) -> Offer {
    if state.dataset().is_none() {
        return Offer::default();
    }
    let numbers = picture(state).is_some();
    if let (Tab::Scores, Some(dataset)) = (local.tab, state.dataset()) {
        let view = OutputView { state, dataset, picture: picture(state), salt: 0 };
        let is_weighed = state.examined().columns.is_some();
        let has_folds = !state.cross_validation().folds.is_empty();
        match scores::part(&view, local) {
            Some(Part::Overall) => return Offer { picture: numbers, numbers: false },
            Some(Part::Columns) => return Offer { picture: is_weighed, numbers: is_weighed },
            Some(Part::Folds) => return Offer { picture: has_folds, numbers: has_folds },
            Some(Part::Classes) | None => {}
        }
    }
    let points = matches!(state.view(), Some(AnswerView::Surface | AnswerView::Curve));
    Offer { picture: numbers || points || matches!(local.tab, Tab::Output | Tab::TryIt), numbers }
}

pub fn sheet<'a>(state: &'a State, local: &'a mut OutputUi) -> Sheet<'a> {
    let tab = local.tab;
    let part = state
        .dataset()
        .and_then(|dataset| scores::part(&OutputView { state, dataset, picture: picture(state), salt: 0 }, local));
    let what = match (state.view(), tab) {
        (_, Tab::Confusion) => "confusion matrix",
        (_, Tab::Scores) if part == Some(Part::Columns) => "columns",
        (_, Tab::Scores) if part == Some(Part::Folds) => "folds",
        (_, Tab::Scores) => "scores",
        (_, Tab::Codes) => "codes",
        (Some(AnswerView::Images | AnswerView::Rows), Tab::Output) => "samples",
        (Some(AnswerView::Curve), _) => "fitted curve",
        (Some(AnswerView::Numbers), Tab::Output) => "predictions",
        (Some(AnswerView::Reconstructions), Tab::Output) => "reconstructions",
        _ => "output",
    };
    let name = &state.project().name;
    let step = crate::gui::numbers::count(state.run().picture.as_ref().map_or(0, |picture| picture.step));
    Sheet {
        name: format!("{name} {what}"),
        title: format!("{name}: {what} at step {step}"),
        caption: String::new(),
        size: SIZE,
        prepare: Box::new(|_| {}),
        contents: Box::new(|ui: &mut Ui| {
            if let Some(dataset) = state.dataset() {
                let tokens = Tokens::of(ui);
                body(ui, &tokens, (state, dataset), local, &mut Vec::new());
            }
        }),
        numbers: Box::new(move |table: &mut Table| {
            if let (Some(dataset), Some(picture)) = (state.dataset(), picture(state)) {
                let view = OutputView { state, dataset, picture: Some(picture), salt: 0 };
                numbers(&view, picture, (tab, part), table);
            }
        }),
    }
}

fn numbers(view: &OutputView<'_>, picture: &OutputPicture, (tab, part): (Tab, Option<Part>), table: &mut Table) {
    if (tab, part) == (Tab::Scores, Some(Part::Columns)) {
        return columns::numbers(view, table);
    }
    if (tab, part) == (Tab::Scores, Some(Part::Folds)) {
        return folds::numbers(view, table);
    }
    match picture {
        OutputPicture::Surface { resolution, extent, scores, .. } => {
            table.row(["x".into(), "y".into()].into_iter().chain(answers(view.dataset)));
            for cell in 0..resolution * resolution {
                // The middle of a cell, from the top left one on.
                let place = |i: usize| ((i as f32 + 0.5) / *resolution as f32 * 2.0 - 1.0) * extent;
                let at = [place(cell % resolution), -place(cell / resolution)];
                let said = scores.iter().map(|scores| scores.get(cell).copied().unwrap_or(f32::NAN));
                table.row(at.into_iter().chain(said));
            }
        }
        OutputPicture::Curve { x, y } => {
            let input = view.dataset.input_names.first().map_or("x", String::as_str).to_owned();
            table.row(std::iter::once(input).chain(answers(view.dataset)));
            x.iter().zip(y.iter()).for_each(|(x, y)| table.row([x, y]));
        }
        OutputPicture::Numbers { outputs, .. } if outputs.len() > 1 => {
            let names = &view.dataset.truth.names;
            table.row(names.iter().map(|name| format!("{name} true")).chain(answers(view.dataset)));
            for i in 0..outputs.iter().map(|output| output.pairs.len()).min().unwrap_or(0) {
                let side = |side: usize| outputs.iter().map(move |output| output.pairs[i][side]);
                table.row(side(0).chain(side(1)));
            }
        }
        OutputPicture::Numbers { outputs, .. } => {
            table.row(std::iter::once("true".to_owned()).chain(answers(view.dataset)));
            outputs.iter().flat_map(|output| output.pairs.iter()).for_each(|pair| table.row(pair));
        }
        OutputPicture::Boxes { pictures, .. } => boxes(view, pictures, table),
        OutputPicture::Reconstructions { .. } if tab == Tab::Codes => codes(view, table),
        OutputPicture::Reconstructions { .. } => reconstructions(view, table),
        OutputPicture::Classes { .. } => {
            if let Some(answers) = Answers::of(view) {
                classes(&answers, tab, table);
            }
        }
    }
}

/// Every number of a picture beside what became of it.
fn reconstructions(view: &OutputView<'_>, table: &mut Table) {
    let Some(pairs) = Pairs::of(view) else { return };
    table.row(["validation row", "number", "input", "reconstruction"]);
    for (i, &row) in pairs.rows.iter().enumerate().take(EXPORTED) {
        let Ok(input) = view.dataset.validation.input(row as usize) else { continue };
        for (at, (input, output)) in input.iter().zip(pairs.output(i)).enumerate() {
            table.row([row.to_string(), at.to_string(), input.to_string(), output.to_string()]);
        }
    }
}

/// Where each sample lies in the plane of a layer of two units.
fn codes(view: &OutputView<'_>, table: &mut Table) {
    let Some((pairs, codes)) = Pairs::of(view).and_then(|pairs| Some((pairs, pairs.codes?))) else { return };
    table.row(["validation row", "unit 0", "unit 1"]);
    for (row, [x, y]) in pairs.rows.iter().zip(codes.points.iter()) {
        table.row([row.to_string(), x.to_string(), y.to_string()]);
    }
}

/// A row for each box that was found.
fn boxes(view: &OutputView<'_>, pictures: &[Finds], table: &mut Table) {
    table.row(["validation row", "class", "score", "left", "top", "right", "bottom"]);
    for (picture, seen) in pictures.iter().flat_map(|picture| picture.found.iter().map(move |seen| (picture, seen))) {
        let (found, at) = (seen.found, seen.found.extent);
        let class = super::classes::name(&view.dataset.truth.names, found.class as u32).to_owned();
        let edges = [at.left, at.top, at.right, at.bottom].map(|edge| edge.to_string());
        let [left, top, right, bottom] = edges;
        table.row([picture.row.to_string(), class, found.score.to_string(), left, top, right, bottom]);
    }
}

/// What the columns of the network's own numbers are called.
fn answers(dataset: &Dataset) -> Vec<String> {
    let named = |name: &String| match dataset.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => format!("class {name}"),
        Task::Numbers(_) | Task::Input(_) | Task::Boxes { .. } => format!("{name} predicted"),
    };
    dataset.truth.names.iter().map(named).collect()
}

fn classes(answers: &Answers<'_>, tab: Tab, table: &mut Table) {
    let names = answers.names;
    match tab {
        Tab::Confusion => {
            table.row(std::iter::once("truth \\ predicted").chain(names.iter().map(String::as_str)));
            for (name, row) in names.iter().zip(answers.confusion.chunks(names.len())) {
                table.row(std::iter::once(name.clone()).chain(row.iter().map(ToString::to_string)));
            }
        }
        Tab::Scores => {
            table.row(["class", "precision", "recall", "F1", "ROC area", "PR area", "samples"]);
            for (class, (name, one)) in names.iter().zip(per_class(answers.confusion, names.len())).enumerate() {
                let areas = answers.ranking.areas.get(class).copied().unwrap_or_default();
                let [precision, recall, f1] = [one.precision, one.recall, one.f1].map(cell);
                let [roc, pr] = [areas.roc, areas.precision_recall].map(cell);
                table.row([name.clone(), precision, recall, f1, roc, pr, one.support.to_string()]);
            }
        }
        Tab::Output | Tab::Codes | Tab::TryIt => {
            let sure = if answers.probability { "probability" } else { "score" };
            table.row(["validation row", "truth", "predicted", sure]);
            for one in answers.predictions {
                let [truth, predicted] = [one.truth, one.predicted].map(|class| answers.name(class).to_owned());
                table.row([one.row.to_string(), truth, predicted, one.confidence.to_string()]);
            }
        }
    }
}
