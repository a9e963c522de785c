//! What is proposed for a table: its target, what its columns are used for, and how its rows are divided. Nothing is
//! loaded here.

use std::path::Path;

use crate::data::facts::log_skewness;
use crate::data::{self, ColumnPreview, DataError, Known, Progress, Room, TablePreview};
use crate::expr::{counted, listed};
use crate::model::{ColumnChoice, ColumnRole, CsvSpec, DataSpec, Division, MissingPolicy, Reading, Scaling, Source};

/// What the user says about a table before it is used.
#[derive(Clone, Debug, Default)]
pub struct TableWish {
    /// The columns to predict, several as numbers; none: the likeliest.
    pub targets: Vec<String>,
    /// Whether it is predicted as classes (`Categorical`) or as a number (`Numeric`).
    pub task: Option<ColumnRole>,
    /// Whether the network learns the logarithm of targets; `None`: of those that are very skewed.
    pub log: Option<bool>,
    /// A network is made for it: a category with many values may go through an Embedding.
    pub for_new_network: bool,
    /// What columns are used for.
    pub roles: Vec<ColumnChoice>,
    /// Columns to use that would be left out.
    pub keep: Vec<String>,
    /// How the file is read.
    pub reading: Reading,
}

/// Settings for a CSV file. Errors: it cannot be read, or has no such columns.
pub fn table_spec(
    path: &Path,
    wish: &TableWish,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(DataSpec, TablePreview), DataError> {
    surveyed_spec(path, wish, base, progress).map(|(spec, table, _)| (spec, table))
}

/// As [`table_spec`], with what loading the table needs.
pub fn surveyed_spec(
    path: &Path,
    wish: &TableWish,
    base: &Path,
    progress: &dyn Progress,
) -> Result<(DataSpec, TablePreview, Known), DataError> {
    let reading = &wish.reading;
    let (table, known) = data::survey_csv(&data::resolve(base, path), reading, Some(&Room::here()), progress)?;
    if let Some(sheet) = reading.sheet.as_ref().filter(|_| table.sheets.is_empty()) {
        return Err(DataError::new(format!("{} has no sheets, so there is no sheet {sheet:?}.", path.display())));
    }
    // With what of the file is no column.
    let notes: String = table.notes.iter().map(|note| format!(" {note}")).collect();
    let names = || format!("{}.{notes}", listed(table.columns.iter().map(|column| &column.name)));
    let others = wish.targets.iter().skip(1);
    let named = wish.roles.iter().map(|choice| &choice.name).chain(&wish.keep).chain(others.clone());
    for name in named {
        if !table.columns.iter().any(|column| column.name == *name) {
            return Err(DataError::new(format!("There is no column {name:?}. The columns are: {}", names())));
        }
    }
    let mut roles = wish.roles.clone();
    for column in table.columns.iter().filter(|column| wish.keep.contains(&column.name)) {
        roles.push(ColumnChoice { name: column.name.clone(), role: column.kept });
    }
    if let Some(twice) = roles.iter().enumerate().find(|(i, a)| roles[..*i].iter().any(|b| a.name == b.name)) {
        return Err(DataError::new(format!("The column {:?} is given two uses. Name it once.", twice.1.name)));
    }
    let is_no_answer = |role| matches!(role, ColumnRole::LeftOut | ColumnRole::Weight);
    let is_dropped = |name: &str| roles.iter().any(|choice| choice.name == name && is_no_answer(choice.role));
    let target = match wish.targets.first() {
        Some(name) => name.to_owned(),
        None => data::suggest_target(&table, &is_dropped).ok_or_else(|| {
            if table.rows < 2 {
                return DataError::new(format!(
                    "The table has only {}, and a network learns from what differs between rows. Add rows to the file: \
                     {}",
                    counted(table.rows, "row"),
                    path.display()
                ));
            }
            DataError::new(format!(
                "No column of {} can be predicted. Choose one with --target and --task. Its columns are: {}",
                path.display(),
                names()
            ))
        })?,
    };
    if wish.targets.len() > 1 && wish.task == Some(ColumnRole::Categorical) {
        return Err(DataError::new(
            "Several targets at once are predicted as numbers. Name one target, or leave out --task classes.",
        ));
    }
    for name in others {
        let is_meant = |role| matches!(role, ColumnRole::Numeric | ColumnRole::Target);
        roles.retain(|choice| choice.name != *name || !is_meant(choice.role));
        if roles.iter().any(|choice| choice.name == *name) {
            return Err(DataError::new(format!(
                "The column {name:?} is one of several targets, which are predicted as numbers, and has another use as \
                 well. Say one of them."
            )));
        }
        if *name != target {
            roles.push(ColumnChoice { name: name.clone(), role: ColumnRole::Target });
        }
    }
    if roles.iter().any(|choice| choice.name == target && choice.role == ColumnRole::Weight) {
        return Err(DataError::new(format!(
            "The column {target:?} is both the target and the weight of the rows. Say one of them."
        )));
    }
    if let Some(role) = wish.task {
        roles.retain(|choice| choice.name != target);
        roles.push(ColumnChoice { name: target.clone(), role });
    }
    let mut csv = CsvSpec {
        path: path.to_owned(),
        target,
        columns: roles,
        missing: MissingPolicy::default(),
        scaling: Scaling::default(),
        reading: Reading { sheet: table.sheet.clone().filter(|_| table.sheets.len() > 1), ..reading.clone() },
    };
    if let Some(name) = take_logarithms(&mut csv, &table, wish.log) {
        return Err(DataError::new(format!(
            "--target-scale log is for numbers, but {name:?} is predicted as classes. Leave it out, or add --task numbers."
        )));
    }
    let split = division(&table, &csv);
    if wish.for_new_network {
        let is_free = |name: &str| csv.said(name).is_none() && !csv.predicts(name) && !split.is_no_input(name);
        let many = table.columns.iter().filter(|column| column.can_be_embedded && is_free(&column.name));
        let embedded = |column: &ColumnPreview| ColumnChoice { name: column.name.clone(), role: ColumnRole::Embedded };
        let embedded: Vec<ColumnChoice> = many.map(embedded).collect();
        csv.columns.extend(embedded);
    }
    Ok((DataSpec { source: Source::Csv(csv), split, ..DataSpec::default() }, table, Known::Table(Box::new(known))))
}

/// Has the network learn the logarithm of targets: of all or none as somebody says, else of those whose numbers ask for
/// it. Tells of a target of which it can't.
fn take_logarithms(csv: &mut CsvSpec, table: &TablePreview, log: Option<bool>) -> Option<String> {
    let names: Vec<String> = csv.targets().into_iter().map(str::to_owned).collect();
    for name in &names {
        let Some(at) = table.columns.iter().position(|column| column.name == *name) else { continue };
        let found = if names.len() > 1 { ColumnRole::Numeric } else { table.columns[at].as_target };
        let role = csv.said(name).unwrap_or(found);
        let is_number = role == ColumnRole::Numeric || role.is_target();
        // Some rows are drawn; that none is negative has to be known of all.
        let has_logarithms = table.columns[at].range.is_some_and(|(least, _)| least >= 0.0);
        let asks =
            || has_logarithms && table.drawn.columns.get(at).is_some_and(|values| log_skewness(values).is_some());
        if !is_number && log == Some(true) {
            return Some(name.clone());
        }
        if is_number && log.unwrap_or_else(asks) {
            csv.columns.retain(|choice| choice.name != *name);
            csv.columns.push(ColumnChoice { name: name.clone(), role: ColumnRole::LogTarget });
        }
    }
    None
}

/// By the column that names the parts, where there is one; else classes are stratified.
fn division(table: &TablePreview, csv: &CsvSpec) -> Division {
    let is_said = |name: &str| csv.said(name).is_some();
    let marks =
        table.columns.iter().find(|column| column.has_marks && column.name != csv.target && !is_said(&column.name));
    if let Some(column) = marks {
        return Division::Marks { column: column.name.clone() };
    }
    if csv.targets().len() > 1 {
        return Division::Random;
    }
    let said = csv.said(&csv.target);
    let found = table.columns.iter().find(|column| column.name == csv.target).map(|column| column.as_target);
    if said.or(found) == Some(ColumnRole::Categorical) { Division::Stratified } else { Division::Random }
}
