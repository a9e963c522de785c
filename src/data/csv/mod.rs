//! Tables: from a path and the user's choices to a [`Dataset`].
//!
//! `source` has the text as UTF-8, which `kinds` write where a file is no text; `detect` finds delimiter, header and
//! quotes; `table` reads rows within bounds; `survey` counts what `number` and `date` read in each column; `columns`
//! decides what it holds and `judge` what for; `preview` is what the window shows; `encode` makes numbers of it;
//! `target` decides the task. The text is read twice (once to know the columns, once to take the values) and never held
//! as a whole.

mod archive;
mod cell;
mod columns;
mod copy;
mod date;
mod dates;
mod detect;
mod encode;
mod judge;
mod kinds;
mod number;
mod odd_rows;
mod parts;
mod preview;
mod rows;
mod source;
mod survey;
mod table;
mod target;
mod unseen;

use std::path::Path;
use std::sync::Arc;

use super::encoding::{self, Encoding, Inputs};
use super::progress::Progress;
use super::split::split;
use super::{DataError, Dataset, Origin, OriginFiles, Samples, origin};
use crate::model::{ColumnRole, CsvSpec, DataSpec};
use cell::Words;
use columns::ColumnFacts;
use encode::Encoder;
use table::Table;
use target::Target;

pub(super) use unseen::{points, rows};

pub use cell::MISSING as MISSING_WORDS;
pub use parts::is_there;
pub use preview::{ColumnKind, ColumnPreview, TablePreview, inspect_csv, suggest_target};

/// What the samples may take in memory.
const MAX_BYTES: u64 = 1_500_000_000;

/// A column that the network is given.
struct InputColumn<'a> {
    index: usize,
    name: &'a str,
    role: ColumnRole,
    facts: &'a ColumnFacts,
}

pub(super) fn load(
    settings: &CsvSpec,
    path: &Path,
    spec: &DataSpec,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    let table = Table::open(path, &settings.reading, progress)?;
    let facts = columns::survey(&table, &settings.reading, progress, (0.0, 0.45))?;
    let target_index = target_index(settings, &table)?;
    let mut notes = table.notes();
    let target_role = target::role(settings, &table, target_index, &facts[target_index])?;
    let inputs = choose_inputs(settings, &table, &facts, target_index, &mut notes)?;
    notes.extend(facts[target_index].remarks(target_role));
    let words = Words::new(&settings.reading.missing_words);
    let wanted: Vec<(usize, ColumnRole)> =
        inputs.iter().map(|c| (c.index, c.role)).chain([(target_index, target_role)]).collect();
    let mut values = encode::read_values(&table, &words, &facts, &wanted, progress, (0.45, 0.9))?;
    let Some(target_values) = values.pop() else { return Err(DataError::new("The table has no columns.")) };
    let rows = rows::keep(settings, &inputs, &values, &target_values, &table, &mut notes)?;
    let target = Target::new(settings, &table, target_values, &rows, &mut notes)?;
    let giveaways = target::giveaways(settings, &inputs, &values, &target, &rows);
    notes.extend(giveaways.iter().map(|leak| leak.words.clone()));
    let split = split(rows.len(), spec.validation, spec.seed, target.classes_of(&rows).as_deref());
    let pick = |positions: &[usize]| positions.iter().map(|&p| rows[p]).collect::<Vec<usize>>();
    let (train, validation) = (pick(&split.train), pick(&split.validation));
    let encoder = Encoder::new(settings, &inputs, &values, &train);
    encoder.check_size(rows.len(), path)?;
    let is_plain = wanted.iter().all(|&(index, _)| facts[index].is_plain);
    let (truth, scale) = target.into_truth(settings, &train);
    let rows_of = |rows: &[usize]| Some(rows.iter().map(|&row| row as u32).collect());
    let rows = [rows_of(&train), rows_of(&validation)];
    let part = |rows: &[usize]| {
        let targets: Arc<[f32]> = rows.iter().map(|&row| scale.of(row)).collect();
        Samples::in_memory(&[encoder.width()], encoder.encode(rows), targets)
    };
    let name = path.file_name().map_or_else(|| "table".into(), |name| name.to_string_lossy().into_owned());
    let (input_shape, input_names, input_units) = (vec![encoder.width()], encoder.names(), encoder.units());
    let (train, validation) = (part(&train), part(&validation));
    let origin = Origin {
        files: OriginFiles::Table {
            path: path.to_path_buf(),
            delimiter: table.dialect.delimiter.into(),
            quote: table.dialect.quote.into(),
            has_header: table.dialect.has_header,
            columns: inputs.iter().map(|column| column.index).collect(),
            target: target_index,
            unit: scale.unit(),
        },
        checksums: origin::checksums([&train, &validation])?,
        train: rows[0].clone(),
        validation: rows[1].clone(),
    };
    let encoding = Encoding {
        source: name.clone(),
        input_shape: input_shape.clone(),
        inputs: Inputs::Table {
            columns: encoder.into_columns(),
            missing: settings.missing,
            missing_words: settings.reading.missing_words.clone(),
        },
        target: encoding::Target::of(&truth, Some(&settings.target)),
    };
    Ok(Dataset {
        name,
        input_shape,
        input_names,
        input_units,
        truth,
        train,
        validation,
        plane: None,
        notes,
        giveaways,
        encoding: Arc::new(encoding),
        origin: (table.is_plain() && is_plain).then(|| Arc::new(origin)),
    })
}

fn target_index(settings: &CsvSpec, table: &Table) -> Result<usize, DataError> {
    table.names.iter().position(|name| *name == settings.target).ok_or_else(|| {
        let names = table.names.join(", ");
        let what = if settings.target.is_empty() {
            "No column is chosen as the target".to_owned()
        } else {
            format!("There is no column \"{}\"", settings.target)
        };
        DataError::new(format!("{what}. Choose one of: {names}. File: {}", table.path.display()))
    })
}

/// The columns that the network is given: the user's word counts, else what the column holds.
fn choose_inputs<'a>(
    settings: &CsvSpec,
    table: &'a Table,
    facts: &'a [ColumnFacts],
    target: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<InputColumn<'a>>, DataError> {
    let mut inputs = Vec::new();
    for (index, (name, facts)) in table.names.iter().zip(facts).enumerate() {
        if index == target {
            continue;
        }
        let chosen = settings.columns.iter().find(|choice| choice.name == *name);
        let (inferred, reason) = facts.infer();
        let role = chosen.map_or(inferred, |choice| choice.role);
        if role == ColumnRole::LeftOut {
            if chosen.is_none() {
                notes.push(format!("\"{name}\" is left out: {reason}."));
            }
            continue;
        }
        check_role(name, role, facts, table)?;
        notes.extend(facts.remarks(role));
        inputs.push(InputColumn { index, name, role, facts });
    }
    for choice in &settings.columns {
        if !table.names.contains(&choice.name) {
            notes.push(format!("The settings refer to a column \"{}\" that isn't in the file.", choice.name));
        }
    }
    if inputs.is_empty() {
        return Err(DataError::new(format!(
            "No columns are left to learn from: all except the target are left out. {} Choose columns to use \
             in the Data tab, or with --keep COLUMN. File: {}",
            notes.join(" "),
            table.path.display()
        )));
    }
    Ok(inputs)
}

/// The user may ask for a role that the column cannot have.
fn check_role(name: &str, role: ColumnRole, facts: &ColumnFacts, table: &Table) -> Result<(), DataError> {
    let what = match role {
        ColumnRole::Numeric => {
            facts.first_text.as_ref().map(|first| target::text_among_numbers(name, facts.texts, first))
        }
        ColumnRole::Date if facts.dates.is_none() => {
            let example = facts.no_date.as_ref().or(facts.first_text.as_ref());
            let example = example.map(|(line, text)| format!(": line {line} has \"{text}\"")).unwrap_or_default();
            Some(format!("The column \"{name}\" can't all be read as dates{example}. Leave it out, or fix the file."))
        }
        ColumnRole::Categorical if facts.too_many => Some(format!(
            "The column \"{name}\" has {} distinct values, too many for one input each. Leave it out.",
            facts.distinct_words()
        )),
        _ => None,
    };
    match what {
        Some(what) => Err(DataError::new(format!("{what} File: {}", table.path.display()))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod mangled_tests;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod tests;
