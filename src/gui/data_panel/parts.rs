//! How samples are divided into those for training, for validation and for the test.

use egui::Ui;

use super::settings::Draft;
use crate::data::{ColumnKind, ColumnPreview, TablePreview};
use crate::gui::widgets::{choice, float, labelled};
use crate::model::{Division, Source, limits};
use crate::session::State;

/// What can be chosen, as a list of words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Stratified,
    Random,
    Together,
    Order,
    Marks,
    Groups,
}

impl Way {
    const fn title(self) -> &'static str {
        match self {
            Self::Stratified => "stratified",
            Self::Random => "random",
            Self::Together => "equal rows together",
            Self::Order => "by order",
            Self::Marks => "marked rows",
            Self::Groups => "groups together",
        }
    }

    /// What a project that says nothing has is what its source does.
    fn of(division: &Division, source: &Source) -> Self {
        match division {
            Division::Usual if matches!(source, Source::Pictures(_)) => Self::Stratified,
            Division::Usual | Division::Random => Self::Random,
            Division::Stratified => Self::Stratified,
            Division::Together => Self::Together,
            Division::Order { .. } => Self::Order,
            Division::Marks { .. } => Self::Marks,
            Division::Groups { .. } => Self::Groups,
        }
    }
}

/// Columns that can decide in this way.
fn columns(way: Way, table: &TablePreview, target: &str) -> Vec<String> {
    let fits = |column: &&ColumnPreview| match way {
        Way::Stratified | Way::Random | Way::Together => false,
        Way::Order => matches!(column.kind, ColumnKind::Date | ColumnKind::Number),
        Way::Marks => column.has_marks,
        Way::Groups => column.name != target && column.distinct > 1 && column.distinct < table.rows,
    };
    table.columns.iter().filter(fits).map(|column| column.name.clone()).collect()
}

pub(super) fn show(ui: &mut Ui, state: &State, draft: &mut Draft) {
    let classes = state.dataset().is_none_or(|dataset| dataset.classes().is_some());
    if state.dataset().is_some_and(|dataset| dataset.own_validation) && draft.spec.fold.is_none() {
        let help = "The folder says which samples validate, so none are drawn.";
        labelled(ui, "Split", help, |ui| ui.label("as the folder says"));
        return test(ui, draft);
    }
    way(ui, state, draft, classes);
    if !fold(ui, draft) {
        let help = "The share of samples held out from training. They show whether the network has learnt the pattern \
            or only memorised the samples.";
        let change = float(ui, "Validation", help, draft.spec.validation, limits::VALIDATION.range());
        draft.spec.validation = draft.number(change, draft.spec.validation);
    }
    test(ui, draft);
}

/// Set aside before the folds are made.
fn test(ui: &mut Ui, draft: &mut Draft) {
    let help = "The share of samples set aside for the end. Neither training nor choosing the best weights sees them, so \
        they tell how well the network will do on new data.";
    let change = float(ui, "Test", help, draft.spec.test, limits::TEST.range());
    draft.spec.test = draft.number(change, draft.spec.test);
}

/// Whether a fold validates, as in the runs of cross-validation.
fn fold(ui: &mut Ui, draft: &mut Draft) -> bool {
    let Some(fold) = draft.spec.fold else { return false };
    let help = "The samples are split into equal parts, and this one validates. Runs of cross-validation have it.";
    labelled(ui, "Validation", help, |ui| {
        ui.horizontal(|ui| {
            ui.label(format!("fold {} of {}", fold.number, fold.of));
            let hint = "A share of all samples validates instead.";
            if ui.small_button("Use a share").on_hover_text(hint).clicked() {
                draft.spec.fold = None;
                draft.ended = true;
            }
        })
        .response
    });
    true
}

fn way(ui: &mut Ui, state: &State, draft: &mut Draft, classes: bool) {
    let Source::Csv(csv) = &draft.spec.source else {
        let current = Way::of(&draft.spec.split, &draft.spec.source);
        let ways = [Way::Stratified, Way::Random];
        let shown = if classes { &ways[..] } else { &ways[1..] };
        return pick(ui, draft, shown, current, |way| match way {
            Way::Stratified => Division::Stratified,
            _ => Division::Random,
        });
    };
    let (target, table) = (csv.target.clone(), state.table().cloned());
    let of = |way: Way| table.as_ref().map(|table| columns(way, table, &target)).unwrap_or_default();
    let current = Way::of(&draft.spec.split, &draft.spec.source);
    let all = [Way::Stratified, Way::Random, Way::Together, Way::Order, Way::Marks, Way::Groups];
    let is_there = |way: &Way| match way {
        Way::Stratified => classes,
        Way::Random | Way::Together | Way::Order => true,
        Way::Marks | Way::Groups => !of(*way).is_empty(),
    };
    let shown: Vec<Way> = all.into_iter().filter(|way| is_there(way) || *way == current).collect();
    pick(ui, draft, &shown, current, |way| {
        let first = || of(way).into_iter().next().unwrap_or_default();
        match way {
            Way::Stratified => Division::Stratified,
            Way::Random => Division::Random,
            Way::Together => Division::Together,
            Way::Order => Division::Order { column: None },
            Way::Marks => Division::Marks { column: first() },
            Way::Groups => Division::Groups { column: first() },
        }
    });
    column(ui, draft, &of);
}

fn pick(ui: &mut Ui, draft: &mut Draft, ways: &[Way], current: Way, division: impl Fn(Way) -> Division) {
    let names: Vec<&str> = ways.iter().map(|way| way.title()).collect();
    let at = ways.iter().position(|way| *way == current).unwrap_or(usize::MAX);
    let help = "Which samples validate. Stratified: each class in the same share. \
        Equal rows together: rows with the same values are in one part, so that none is learnt and judged by. By order: the last ones, as in time. \
        Marked rows: a column names the part of each row. Groups together: all rows of one value in one part.";
    if let Some(way) = choice(ui, "Split", help, at, &names).map(|i| ways[i])
        && way != current
    {
        draft.spec.split = division(way);
        draft.ended = true;
    }
}

/// The column by which rows are divided.
fn column(ui: &mut Ui, draft: &mut Draft, of: &dyn Fn(Way) -> Vec<String>) {
    const FILE: &str = "the file";
    let division = draft.spec.split.clone();
    let (way, help) = match division {
        Division::Usual | Division::Random | Division::Stratified | Division::Together => return,
        Division::Order { .. } => (Way::Order, "What the rows are ordered by: the last ones validate."),
        Division::Marks { .. } => (Way::Marks, "The column that says which part a row is in."),
        Division::Groups { .. } => (Way::Groups, "Rows with the same value in this column stay in one part."),
    };
    let mut names = of(way);
    if way == Way::Order {
        names.insert(0, FILE.to_owned());
    }
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = division.column().unwrap_or(FILE);
    let current = shown.iter().position(|name| *name == chosen).unwrap_or(usize::MAX);
    if let Some(i) = choice(ui, "Split by", help, current, &shown).filter(|i| *i != current) {
        let column = names[i].clone();
        draft.spec.split = match division {
            Division::Order { .. } => Division::Order { column: (i > 0).then_some(column) },
            Division::Marks { .. } => Division::Marks { column },
            _ => Division::Groups { column },
        };
        draft.ended = true;
    }
}
