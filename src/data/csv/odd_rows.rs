//! Rows of a file that are no samples, or not whole: what is left out, and what is said of it.

use ::csv::StringRecord;

use super::columns::counted;
use super::number;
use super::table::Table;

/// Words that begin a row of totals.
const TOTALS: [&str; 20] = [
    "total",
    "totals",
    "sum",
    "sums",
    "subtotal",
    "sub-total",
    "sub total",
    "grand total",
    "overall",
    "average",
    "mean",
    "median",
    "summe",
    "gesamt",
    "gesamtsumme",
    "insgesamt",
    "durchschnitt",
    "mittelwert",
    "somme",
    "totale",
];
/// More rows at the end that look like totals or notes are samples.
const MOST_HELD: usize = 8;

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OddRows {
    comments: usize,
    headers: usize,
    empty: usize,
    totals: usize,
    below: usize,
    short: usize,
    long: usize,
    /// Of the first that is not as wide as the header.
    pub first_line: u64,
    pub first_width: usize,
    first_long: u64,
    first_short: u64,
}

impl OddRows {
    /// Whether a row is no sample: a comment, the names once more, or nothing at all.
    pub fn is_none(&mut self, record: &StringRecord, table: &Table) -> bool {
        let names = &table.names;
        let mut cells = record.iter().map(str::trim);
        let is_comment = record.len() == 1 && names.len() > 1 && record[0].trim_start().starts_with('#');
        let is_header = table.dialect.has_header
            && record.len() == names.len()
            && names.iter().all(|name| cells.next() == Some(name));
        let is_empty = names.len() > 1 && !table.keeps_all && record.iter().all(|cell| cell.trim().is_empty());
        self.comments += usize::from(is_comment);
        self.headers += usize::from(is_header);
        self.empty += usize::from(is_empty);
        is_comment || is_header || is_empty
    }

    pub fn take_long(&mut self, line: u64, width: usize) {
        self.long += 1;
        self.first(line, width);
        self.first_long = if self.first_long == 0 { line } else { self.first_long };
    }

    pub fn take_short(&mut self, line: u64, width: usize) {
        self.short += 1;
        self.first(line, width);
        self.first_short = if self.first_short == 0 { line } else { self.first_short };
    }

    fn first(&mut self, line: u64, width: usize) {
        if self.first_line == 0 {
            (self.first_line, self.first_width) = (line, width);
        }
    }

    /// What was held at the end of the file is left out.
    pub fn end(&mut self, held: &Held, rows: u64) {
        if held.len() < rows {
            self.totals = held.rows.iter().filter(|row| row.is_totals).count();
            self.below = held.rows.len() - self.totals;
            // They needed no padding.
            let padded = held.rows.iter().filter(|row| row.is_short).count();
            self.short = self.short.saturating_sub(padded);
        }
    }

    /// Whether the rows are so uneven that the table is hardly understood.
    pub fn are_many(&self, rows: u64) -> bool {
        (self.short + self.long) as u64 * 5 > rows
    }

    /// Sentences; `above`: lines in front of the table.
    pub fn notes(&self, above: u64, has_units: bool) -> Vec<String> {
        let count = |n: usize, what: &str| (n > 0).then(|| counted(n, what));
        let skipped = [
            count(above as usize, "line").map(|lines| format!("{lines} above the table")),
            has_units.then(|| "1 row of units below the header".to_owned()),
            count(self.comments, "comment"),
            count(self.headers, "row").map(|rows| format!("{rows} repeating the header")),
            count(self.empty, "empty row"),
            count(self.totals, "row").map(|rows| format!("{rows} of totals at the end")),
            count(self.below, "line").map(|lines| format!("{lines} below the table")),
        ];
        let skipped: Vec<String> = skipped.into_iter().flatten().collect();
        let mut notes = Vec::new();
        notes.extend((!skipped.is_empty()).then(|| format!("Skipped in the file: {}.", skipped.join(", "))));
        notes.extend(count(self.short, "row").map(|rows| {
            format!(
                "Shorter than the header: {rows} (line {} first). Cells lacking at the end count as missing.",
                self.first_short
            )
        }));
        notes.extend(
            count(self.long, "row")
                .map(|rows| format!("Longer than the header: {rows} (line {} first), left out.", self.first_long)),
        );
        notes
    }
}

struct HeldRow {
    line: u64,
    record: StringRecord,
    is_totals: bool,
    is_short: bool,
}

/// Rows that are totals or notes if nothing but such follows.
#[derive(Default)]
pub(super) struct Held {
    rows: Vec<HeldRow>,
}

impl Held {
    pub fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Keeps a row back if it looks like one below a table.
    pub fn take(&mut self, line: u64, record: &StringRecord, is_short: bool) -> bool {
        let mut present = record.iter().map(str::trim).filter(|cell| !cell.is_empty());
        let Some(first) = present.next() else { return false };
        // Hardly a row begins like this.
        let is_word = first.starts_with(|c: char| c.is_alphabetic() || matches!(c, '*' | '(' | '\u{a9}'));
        if !is_word || self.rows.len() == MOST_HELD {
            return false;
        }
        let word = first.trim_end_matches([':', '.', ' ']).to_lowercase();
        let is_alone = record.len() > 2 && record.iter().filter(|cell| !cell.trim().is_empty()).count() == 1;
        let is_totals = TOTALS.contains(&word.as_str()) && present.any(|cell| number::read(cell).is_some());
        let is_note = is_alone && first.contains([' ', ':']) && record[0].trim() == first;
        if is_totals || is_note {
            let record = record.clone();
            self.rows.push(HeldRow { line, record, is_totals, is_short });
        }
        is_totals || is_note
    }

    /// They were samples after all.
    pub fn give_back(&mut self) -> Vec<(u64, StringRecord)> {
        std::mem::take(&mut self.rows).into_iter().map(|row| (row.line, row.record)).collect()
    }
}
