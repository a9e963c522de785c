//! Tables: from a path and the user's choices to a [`Dataset`].
//!
//! `source` has the text as UTF-8, which `kinds` write where a file is no text; `detect` finds delimiter, header and
//! quotes; `table` reads rows within bounds; `survey` counts what `number` and `date` read in each column; `columns`
//! decides what it holds and `judge` what for; `preview` is what the window shows; `encode` makes numbers of it;
//! `target` decides the task. The text is never held as a whole. It is read once where all columns in use are numbers,
//! else twice (to know the columns, and to take the values).

mod aligned;
mod archive;
mod ascii;
mod block;
mod capture;
mod cell;
mod charset;
mod columns;
mod convert;
mod copy;
mod date;
mod dates;
mod detect;
mod dividing;
mod drawn;
mod encode;
mod guess;
mod judge;
mod kinds;
mod languages;
mod lines;
mod mistaken;
mod number;
mod odd_rows;
mod parts;
mod preview;
mod read;
mod rows;
mod source;
mod spellings;
mod store;
mod survey;
mod table;
mod target;
mod texts;
mod totals;
mod unseen;
mod weights;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::encoding::{self, Encoding};
use super::progress::Progress;
use super::split::{self, Split, divide};
use super::{DataError, Dataset, Origin, OriginFiles, Places, Room, Samples, TargetPlace, origin};
use crate::expr::listed;
use crate::model::{ColumnRole, CsvSpec, DataSpec, Division};
use cell::Words;
use columns::ColumnFacts;
use convert::{Begin, Place};
use encode::{Encoder, Values};
use table::Table;
use target::Target;
use weights::Weights;

pub(super) use unseen::{points, rows};

pub use cell::MISSING as MISSING_WORDS;
pub use charset::ENCODINGS;
pub(in crate::data) use kinds::batches::{Batches, Head, has_batches, read_batches};
pub use parts::is_there;
pub use preview::{ColumnKind, ColumnPreview, Surveyed, TablePreview, inspect_csv, suggest_target, survey_csv};
pub(in crate::data) use texts::{Texts, texts};

/// The name of a text encoding as it is known best. Errors: a sentence.
pub fn encoding_named(name: &str) -> Result<String, String> {
    charset::Charset::called(name).map(|encoding| encoding.name().to_owned())
}

/// What the samples may take in memory.
const MAX_BYTES: u64 = 1_500_000_000;

/// A column that the network is given.
struct InputColumn<'a> {
    index: usize,
    name: &'a str,
    role: ColumnRole,
    facts: &'a ColumnFacts,
}

/// `room`: what is larger is converted, once, to a file that its rows are read from. `known`: what was found of the
/// table before.
pub(super) fn load_within(
    room: &Room,
    settings: &CsvSpec,
    path: &Path,
    spec: &DataSpec,
    known: Option<&Surveyed>,
    progress: &dyn Progress,
) -> Result<Dataset, DataError> {
    let place = Place::of(room, path, spec);
    let mut notes = Vec::new();
    if let Some(dataset) = place.as_ref().map(|place| place.find(&mut notes, progress)).transpose()?.flatten() {
        return Ok(dataset);
    }
    let mut new = None;
    let known = match known.filter(|known| known.is_of(path, &settings.reading)) {
        Some(known) => known,
        None => new.insert(Surveyed::new(path, &settings.reading, room, progress)?),
    };
    let (table, facts, captured) = (known.table(), known.facts(), known.take_captured());
    let targets = target::wanted(settings, table, facts)?;
    let weight = weights::place(settings, table, facts)?;
    notes.extend(table.notes());
    let inputs = choose_inputs((settings, &spec.split), table, facts, &mut notes)?;
    notes.extend(targets.iter().flat_map(|&(index, role)| facts[index].remarks(role)));
    let words = Words::of_columns(&settings.reading.missing_words, &table.names);
    let weighted = weight.map(|index| (index, ColumnRole::Weight));
    let wanted: Vec<(usize, ColumnRole)> =
        inputs.iter().map(|c| (c.index, c.role)).chain(targets.iter().copied()).chain(weighted).collect();
    let begun = match convert::begin(room, place.as_ref(), table, facts, &wanted, progress)? {
        Begin::InMemory => None,
        Begin::Convert(begun) => Some(begun),
        // Another program has just converted it.
        Begin::Again => return load_within(room, settings, path, spec, Some(known), progress),
    };
    let kept = encode::Kept { captured, scratch: begun.as_ref().map(convert::Begun::scratch).transpose()? };
    let mut values = encode::read_values(table, &words, facts, &wanted, kept, progress, (0.45, 0.75))?;
    let mut target_values = values.split_off(inputs.len());
    let weight = weight.and_then(|index| Some((index, target_values.pop()?)));
    let rows = rows::keep(settings, &inputs, &values, &target_values, table, &mut notes)?;
    let target = Target::new(settings, (table, facts), target_values, &rows, &mut notes)?;
    let giveaways = target::giveaways(settings, &inputs, &values, &target, &rows);
    notes.extend(giveaways.iter().map(|leak| leak.words.clone()));
    let split = divided(spec, (table, &words, facts), &rows, (&values, &target), &mut notes, progress)?;
    let pick = |positions: &[usize]| positions.iter().map(|&p| rows[p]).collect::<Vec<usize>>();
    let [train, validation] = [&split.train, &split.validation].map(|part| ascending(part, &rows));
    let weights = Weights::of_rows(weight, (table, &words), &rows, [&train, &validation], &mut notes, progress)?;
    let encoder = Encoder::new(settings, &inputs, &values, &train);
    let (truth, scale) = target.into_truth(settings, &train);
    drop((train, validation)); // Lists of rows are most of the memory that a large table takes.
    let (mut origin, mut places) = (None, None);
    let (parts, converted) = match &begun {
        Some(begun) => {
            let truth = (&scale, weights.as_ref());
            let (parts, made) = begun.convert(&encoder, truth, &rows, &parts_of(split), progress)?;
            (parts, Some(made))
        }
        None => {
            let parts: Vec<Vec<usize>> = parts_of(split).iter().map(|part| pick(part)).collect();
            let samples: Vec<_> = parts.iter().map(|rows| held(&encoder, (&scale, weights.as_ref()), rows)).collect();
            if weights.is_none() && table.is_plain() && wanted.iter().all(|&(index, _)| facts[index].is_plain) {
                origin = Some(Arc::new(origin_of(table, &inputs, scale.places(&targets), &parts, &samples)?));
            }
            places = Some(Arc::new(Places::new(&parts, values.par_iter().map(|values| gaps(values, &rows)).collect())));
            (samples, None)
        }
    };
    notes.extend(encoder.notes());
    let mut parts = parts.into_iter();
    let mut next = || parts.next().ok_or_else(|| DataError::new("The table has no rows."));
    let (train, validation, test) = (next()?, next()?, next().ok());
    let name = name(path);
    let (input_shape, input_names, input_units) = (vec![encoder.width()], encoder.names(), encoder.units());
    let encoding = Encoding {
        source: name.clone(),
        input_shape: input_shape.clone(),
        inputs: encoder.into_inputs(settings),
        target: encoding::Target::of(&truth, Some(&settings.target)),
    };
    let mut dataset = Dataset {
        name,
        input_shape,
        input_names,
        input_units,
        truth,
        train,
        validation,
        test,
        plane: None,
        notes,
        giveaways,
        encoding: Arc::new(encoding),
        origin,
        places,
        own_validation: false,
    };
    if let (Some(begun), Some(converted)) = (begun, converted) {
        begun.keep(converted, (values, scale, weights), &mut dataset)?;
    }
    Ok(dataset)
}

/// Some of all rows, which lie one behind the other then: going through them in the order they were drawn in takes many
/// times as long.
fn ascending(places: &[usize], rows: &[usize]) -> Vec<usize> {
    let mut is_one = vec![false; rows.len()];
    places.iter().for_each(|&place| is_one[place] = true);
    rows.iter().zip(is_one).filter_map(|(&row, is_one)| is_one.then_some(row)).collect()
}

/// The rows without a value, of some in ascending order.
fn gaps(values: &Values, rows: &[usize]) -> Vec<u32> {
    rows.iter().filter(|&&row| values.is_missing(row)).map(|&row| row as u32).collect()
}

/// Samples of some rows, in memory.
fn held(encoder: &Encoder, (target, weights): convert::Truth<'_>, rows: &[usize]) -> Samples {
    let mut numbers = Vec::with_capacity(rows.len() * target.width());
    rows.iter().for_each(|&row| target.push(row, &mut numbers));
    let weights = weights.iter().flat_map(|weights| rows.iter().map(|&row| weights.of(row)));
    Samples::weighted(&[encoder.width()], encoder.encode(rows), numbers, weights.collect::<Vec<_>>())
}

/// Whether the rows of a table lie in the cache already.
pub(super) fn is_converted(room: &Room, path: &Path, spec: &DataSpec) -> bool {
    Place::of(room, path, spec).is_some_and(|place| place.is_made())
}

/// The places of `rows` in each part.
fn divided(
    spec: &DataSpec,
    (table, words, facts): (&Table, &[Words], &[ColumnFacts]),
    rows: &[usize],
    (values, target): (&[Values], &Target),
    notes: &mut Vec<String>,
    progress: &dyn Progress,
) -> Result<Split, DataError> {
    let keys = match spec.split {
        Division::Together => dividing::equal(rows, values, target),
        _ => dividing::of_rows(&dividing::keys(&spec.split, table, words, facts, progress)?, rows),
    };
    let classes = target.classes_of(rows);
    let known = split::Rows { len: rows.len(), classes: classes.as_deref(), keys, is_stratified: false };
    let split = divide(spec, &known).map_err(|why| DataError::new(format!("{why}. File: {}", table.path.display())))?;
    notes.extend(dividing::note(&spec.split, &known.keys, &split));
    Ok(split)
}

/// Training, validation and, where there is one, the test.
fn parts_of(split: Split) -> Vec<Vec<usize>> {
    let test = Some(split.test).filter(|test| !test.is_empty());
    [split.train, split.validation].into_iter().chain(test).collect()
}

/// Where the samples stand, if others can read the file as it is. `parts`: their rows in the table.
fn origin_of(
    table: &Table,
    inputs: &[InputColumn],
    targets: Vec<TargetPlace>,
    parts: &[Vec<usize>],
    samples: &[Samples],
) -> Result<Origin, DataError> {
    let rows = |part: usize| Some(parts.get(part)?.iter().map(|&row| row as u32).collect());
    let [train, validation, ..] = samples else { return Err(DataError::new("The table has no rows.")) };
    Ok(Origin {
        files: OriginFiles::Table {
            path: table.path.clone(),
            delimiter: table.dialect.delimiter.into(),
            quote: table.dialect.quote.into(),
            has_header: table.dialect.has_header,
            columns: inputs.iter().map(|column| column.index).collect(),
            targets,
        },
        checksums: origin::checksums([train, validation])?,
        train: rows(0),
        validation: rows(1),
    })
}

/// What a table is called.
fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| "table".into(), |name| name.to_string_lossy().into_owned())
}

/// The columns that the network is given: the user's word counts, else what the column holds.
fn choose_inputs<'a>(
    (settings, division): (&CsvSpec, &Division),
    table: &'a Table,
    facts: &'a [ColumnFacts],
    notes: &mut Vec<String>,
) -> Result<Vec<InputColumn<'a>>, DataError> {
    let mut inputs = Vec::new();
    for (index, (name, facts)) in table.names.iter().zip(facts).enumerate() {
        if settings.predicts(name) {
            continue;
        }
        let chosen = settings.said(name);
        let (inferred, reason) = facts.infer();
        let role = chosen.unwrap_or(inferred);
        if chosen.is_none() && division.is_no_input(name) {
            notes.push(format!("\"{name}\" is left out: the rows are split by it."));
            continue;
        }
        if role == ColumnRole::Weight {
            continue;
        }
        if role == ColumnRole::LeftOut {
            if chosen.is_none() {
                let stray = facts.stray().filter(|_| !facts.is_numeric());
                let way = stray
                    .map(|(word, _)| format!(" If \"{word}\" means a missing value, add {}.", facts.as_missing(&word)));
                notes.push(format!("\"{name}\" is left out: {reason}.{}", way.unwrap_or_default()));
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
            "{}{} File: {}",
            nothing_to_learn_from(settings, table, facts),
            notes.iter().map(|note| format!(" {note}")).collect::<String>(),
            table.path.display()
        )));
    }
    Ok(inputs)
}

/// Why there is no input, and what helps.
fn nothing_to_learn_from(settings: &CsvSpec, table: &Table, facts: &[ColumnFacts]) -> String {
    if let [only] = table.names.as_slice() {
        return format!(
            "The table has only the column \"{only}\", and nothing to predict it from. If its cells hold several values, \
             say what stands between them: --delimiter."
        );
    }
    let is_other = |(name, _): &(&String, &ColumnFacts)| !settings.predicts(name);
    let differs = |(_, facts): &(&String, &ColumnFacts)| facts.distinct() > 1 && !facts.too_many;
    let useful: Vec<&String> =
        table.names.iter().zip(facts).filter(is_other).filter(differs).map(|(name, _)| name).collect();
    match useful.as_slice() {
        [] => {
            "No columns are left to learn from: every other column is empty, has one value, or has too many different \
               ones. Add columns to the file that say something about the target."
                .to_owned()
        }
        [first, ..] => format!(
            "No columns are left to learn from: all except the target are left out. Use one of them, in the Data tab or \
             with --keep: {} (for example --keep {first:?}).",
            listed(&useful)
        ),
    }
}

/// The user may ask for a role that the column cannot have.
fn check_role(name: &str, role: ColumnRole, facts: &ColumnFacts, table: &Table) -> Result<(), DataError> {
    let what = match role {
        ColumnRole::Numeric => facts.first_text.as_ref().map(|first| target::text_among_numbers(facts, first)),
        ColumnRole::Date if facts.dates.is_none() => {
            let example = facts.no_date.as_ref().or(facts.first_text.as_ref());
            let example = example.map(|(line, text)| format!(": line {line} has \"{text}\"")).unwrap_or_default();
            Some(format!("The column \"{name}\" can't all be read as dates{example}. Leave it out, or fix the file."))
        }
        ColumnRole::Categorical | ColumnRole::Embedded if facts.too_many => Some(format!(
            "The column \"{name}\" has {} distinct values, too many for categories. Leave it out.",
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
fn load(settings: &CsvSpec, path: &Path, spec: &DataSpec, progress: &dyn Progress) -> Result<Dataset, DataError> {
    load_within(&Room { memory: u64::MAX, cache: None }, settings, path, spec, None, progress)
}

#[cfg(test)]
mod column_tests;
#[cfg(test)]
mod mangled_tests;
#[cfg(test)]
mod mapped_tests;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod tests;
