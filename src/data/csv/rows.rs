//! Which rows of a table are used, and what is said about the others.

use super::InputColumn;
use super::encode::Values;
use super::table::Table;
use crate::data::DataError;
use crate::expr::{agreeing, counted, thousands};
use crate::model::{CsvSpec, MissingPolicy};

/// Fewer say nothing.
const LEAST_ROWS: usize = 4;

/// The rows that have a target and, where the policy wants it, no missing value; notes say what was dropped or filled.
pub(super) fn keep(
    settings: &CsvSpec,
    inputs: &[InputColumn],
    values: &[Values],
    targets: &[Values],
    table: &Table,
    notes: &mut Vec<String>,
) -> Result<Vec<usize>, DataError> {
    let len = targets.first().map_or(0, |target| match target {
        Values::Numbers(numbers) => numbers.len(),
        Values::Categories { codes, .. } => codes.len(),
    });
    let has_all = |&row: &usize| !targets.iter().any(|target| target.is_missing(row));
    let with_target: Vec<usize> = (0..len).filter(has_all).collect();
    if with_target.len() < len {
        let dropped = len - with_target.len();
        let names: Vec<String> = settings.targets().iter().map(|name| format!("\"{name}\"")).collect();
        let (rows, have) = (counted(dropped, "row"), if dropped == 1 { "has" } else { "have" });
        let are = if dropped == 1 { "is" } else { "are" };
        notes.push(format!("{rows} {have} no value in {} and {are} left out.", names.join(" or ")));
    }
    let missing = missing_by_column(inputs, values, &with_target);
    let rows = match settings.missing {
        MissingPolicy::Fill => with_target,
        MissingPolicy::DropRow => {
            let is_whole = |&row: &usize| values.iter().all(|values| !values.is_missing(row));
            with_target.iter().copied().filter(is_whole).collect()
        }
    };
    let dropped = len - rows.len();
    if !missing.is_empty() {
        notes.push(match settings.missing {
            MissingPolicy::Fill => format!(
                "Missing values are filled (numbers with the median of the training set, categories with \"missing\"): \
                 {missing}."
            ),
            MissingPolicy::DropRow => {
                let are = agreeing(dropped, "is", "are");
                format!(
                    "{} of {len} rows {are} left out, mostly because of missing values: {missing}.",
                    thousands(dropped as u64)
                )
            }
        });
    }
    if rows.len() < LEAST_ROWS {
        let way = match settings.missing {
            MissingPolicy::DropRow => "Set \"missing\" to \"fill\" in the project, or add rows to the file",
            MissingPolicy::Fill => "Add rows to the file, or choose another target",
        };
        return Err(DataError::new(format!(
            "{}, and training with validation needs at least {LEAST_ROWS}. {way}.{} File: {}",
            usable(rows.len(), len),
            notes.iter().map(|note| format!(" {note}")).collect::<String>(),
            table.path.display()
        )));
    }
    Ok(rows)
}

/// Of how many rows there are.
fn usable(rows: usize, of: usize) -> String {
    match rows == of {
        true => format!("The table has only {}", counted(of, "row")),
        false => format!("Only {} of {} can be used", thousands(rows as u64), counted(of, "row")),
    }
}

/// "age (177), deck (688)"; empty when nothing is missing.
fn missing_by_column(inputs: &[InputColumn], values: &[Values], rows: &[usize]) -> String {
    let with_missing = inputs.iter().zip(values).filter(|(column, _)| column.facts.missing > 0);
    let counted = with_missing.filter_map(|(column, values)| {
        let count = rows.iter().filter(|&&row| values.is_missing(row)).count();
        (count > 0).then(|| format!("{} ({})", column.name, thousands(count as u64)))
    });
    counted.collect::<Vec<_>>().join(", ")
}
