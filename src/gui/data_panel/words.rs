//! What is said of a column: a line below it, and the lines that it opens to.

use super::chart::{date, plain};
use crate::data::encoding::{Column, ColumnValues};
use crate::data::facts::{ColumnFacts, Distribution, InputFacts, Measure, Relation, Spread};
use crate::data::{ColumnKind, ColumnPreview};
use crate::gui::numbers::{count, percent};
use crate::model::ColumnRole;

/// The two ways to show numbers.
pub(super) const UNITS: [&str; 2] = ["raw", "inputs"];
pub(super) const UNITS_HELP: &str =
    "Raw: what stands in the file. Inputs: as the network gets them, with gaps filled, and scaled.";

/// Inputs of one column that are told.
const MOST_INPUTS: usize = 6;

/// What is said of a column.
pub(super) struct Words {
    pub line: String,
    /// When it is open.
    pub facts: Vec<Fact>,
}

/// A number, what it is, and what that means.
pub(super) struct Fact {
    pub label: &'static str,
    pub value: String,
    pub help: &'static str,
}

const OUTLIERS: &str = "Values more than 3 interquartile ranges (widths of the middle half) below or above the middle \
    half. Where over 1 % of all values are that far out, they are a long tail, not exceptions.";

fn fact(label: &'static str, value: String, help: &'static str) -> Fact {
    Fact { label, value, help }
}

pub(super) fn of(
    column: &ColumnPreview,
    rows: usize,
    facts: Option<&ColumnFacts>,
    encoded: Option<&Column>,
    scaled: bool,
) -> Words {
    let Some(facts) = facts else { return Words { line: column.reason.clone(), facts: Vec::new() } };
    if scaled {
        return as_inputs(facts, encoded);
    }
    let what = match (column.role, column.kind) {
        (ColumnRole::LeftOut, _) | (_, ColumnKind::Empty | ColumnKind::Text) => column.reason.clone(),
        (_, ColumnKind::Number | ColumnKind::Date) => column.values.clone(),
    };
    let missing = match column.missing {
        0 => String::new(),
        n => format!(", {} missing", count(n as u64)),
    };
    Words { line: format!("{what}{missing}"), facts: in_the_file(column, rows, facts) }
}

fn in_the_file(column: &ColumnPreview, rows: usize, facts: &ColumnFacts) -> Vec<Fact> {
    let bound = if column.distinct_is_bound { "over " } else { "" };
    let mut all = vec![fact("Missing", share(column.missing, rows), "Rows without a value.")];
    let half = "The quartiles: half of the values lie between them.";
    match &facts.distribution {
        Distribution::Empty => {}
        Distribution::Numbers(spread) => {
            let mean = format!("{} ± {}", plain(spread.mean), plain(spread.deviation));
            all.push(fact("Range", range(spread, &plain), "The smallest and the largest value."));
            all.push(fact("Mean", mean, "The mean and the standard deviation."));
            all.push(fact("Median", plain(spread.median), "Half of the values are smaller."));
            all.push(fact("Middle half", format!("{} to {}", plain(spread.lower), plain(spread.upper)), half));
            all.push(fact("Outliers", outliers(spread), OUTLIERS));
        }
        Distribution::Dates(spread) => {
            all.push(fact("Range", range(spread, &date), "The first and the last."));
            all.push(fact("Middle half", format!("{} to {}", date(spread.lower), date(spread.upper)), half));
        }
        Distribution::Categories(counts) => {
            if let Some((name, n)) = counts.top.first() {
                let value = format!("{name}, {}", percent(*n as f32 / counts.count.max(1) as f32));
                all.push(fact("Commonest", value, "The most frequent value."));
            }
        }
    }
    all.push(fact(
        "Distinct",
        format!("{bound}{}", count(column.distinct as u64)),
        "How many distinct values there are.",
    ));
    all
}

fn share(part: usize, whole: usize) -> String {
    if part == 0 {
        "none".into()
    } else {
        format!("{}, {}", count(part as u64), percent(part as f32 / whole.max(1) as f32))
    }
}

fn range(spread: &Spread, written: &dyn Fn(f64) -> String) -> String {
    format!("{} to {}", written(spread.min), written(spread.max))
}

/// What lies beyond the fences, and why that is no list of mistakes.
fn outliers(spread: &Spread) -> String {
    match spread.outliers {
        None => "can't be told".into(),
        Some(found) if found.count == 0 => "none".into(),
        Some(found) if found.is_tail => format!("{}, a long tail", share(found.count, spread.count)),
        Some(found) => share(found.count, spread.count),
    }
}

fn as_inputs(facts: &ColumnFacts, encoded: Option<&Column>) -> Words {
    let Some(column) = encoded.filter(|_| !facts.inputs.is_empty()) else {
        return Words { line: "not an input".into(), facts: Vec::new() };
    };
    let line = match facts.inputs.as_slice() {
        [one] => format!("1 input, {} to {}, mean {}", plain(one.min), plain(one.max), plain(one.mean)),
        _ => format!("{} inputs", count(column.width() as u64)),
    };
    let of_input = |input: &InputFacts| {
        let name =
            input.name.strip_prefix(column.name.as_str()).unwrap_or(&input.name).trim_start_matches([' ', '=', ':']);
        let (numbers, help) = match column.values {
            ColumnValues::Categorical { .. } => {
                (format!("1 in {}", percent(input.mean as f32)), "1 in rows of this category, otherwise 0.")
            }
            _ => (format!("{} to {}", plain(input.min), plain(input.max)), "The smallest and the largest number."),
        };
        fact("Input", if name.is_empty() { numbers } else { format!("{name}: {numbers}") }, help)
    };
    let mut all: Vec<Fact> = facts.inputs.iter().take(MOST_INPUTS).map(of_input).collect();
    if let Some(fill) = facts.fill {
        let value = match &column.values {
            ColumnValues::Numeric { offset, scale, .. } => plain((fill - offset) / scale),
            _ => date(fill),
        };
        all.push(fact("Gaps become", value, "The median of the training set stands for a missing value."));
    }
    Words { line, facts: all }
}

/// What the number means.
pub(super) fn relation(relation: &Relation, column: &str, target: &str) -> String {
    let value = relation.value;
    let rows = count(relation.rows as u64);
    match relation.measure {
        Measure::Correlation => format!(
            "Correlation |r| = {value:.3} of {column} and {target}, over {rows} rows. 0: no straight line fits, 1: all \
             lie on one."
        ),
        Measure::Ratio => format!(
            "Correlation ratio η = {value:.3} of {column} and {target}, over {rows} rows. 0: the mean is the same in \
             each class, 1: the class determines it."
        ),
        Measure::CramersV => format!(
            "Cramér's V = {value:.3} of {column} and {target}, over {rows} rows. 0: independent, 1: one tells the other."
        ),
    }
}
