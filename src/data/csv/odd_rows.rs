//! Rows of a file that are no samples, or not whole: what is left out, and what is said of it.

use ::csv::StringRecord;

use super::number;
use super::table::Table;
use crate::expr::{agreeing, counted};

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
/// Lines of a cell that people write.
const MOST_LINES: usize = 5;

/// Whether a cell names a row of totals.
pub(super) fn is_word_of_totals(cell: &str) -> bool {
    let word = cell.trim_end_matches([':', '.', ' ']).to_lowercase();
    TOTALS.contains(&word.as_str())
}

/// How many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OddRows {
    comments: usize,
    headers: usize,
    empty: usize,
    totals: usize,
    /// Between samples, of which the first stands on a line; left out or not.
    pub totals_between: usize,
    first_between: u64,
    drops_between: bool,
    below: usize,
    short: usize,
    pub long: usize,
    keeps_long: bool,
    /// A quoted cell of very many lines: where it begins, and how many.
    swallowed: (u64, usize),
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

    pub fn take_empty(&mut self, rows: usize) {
        self.empty += rows;
    }

    /// `is_kept`: without the cells that are too many.
    pub fn take_long(&mut self, line: u64, width: usize, is_kept: bool) {
        self.long += 1;
        self.keeps_long = is_kept;
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

    /// The last row, which has no name but is one of totals.
    pub fn take_unnamed(&mut self) {
        self.totals += 1;
    }

    /// Those that were held and are followed by others.
    pub fn take_between(&mut self, held: &Held, drops: bool) {
        let mut totals = held.rows.iter().filter(|row| row.is_totals).map(|row| row.line);
        if let Some(first) = totals.next() {
            self.first_between = if self.totals_between == 0 { first } else { self.first_between };
            self.totals_between += 1 + totals.count();
            self.drops_between = drops;
        }
    }

    /// Looks for a cell that goes on and on.
    pub fn look_for_open_quote(&mut self, line: u64, record: &StringRecord) {
        let lines = |text: &str| memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1;
        if lines(record.as_slice()) <= MOST_LINES {
            return;
        }
        let most = record.iter().map(lines).max().unwrap_or(0);
        if most > MOST_LINES && most > self.swallowed.1 {
            self.swallowed = (line, most);
        }
    }

    /// Whether each row of the file is one as it stands.
    pub fn are_none(&self) -> bool {
        let noted = Self {
            totals_between: self.totals_between,
            first_between: self.first_between,
            swallowed: self.swallowed,
            ..Self::default()
        };
        *self == noted
    }

    /// What was held at the end of the file is left out.
    pub fn end(&mut self, held: &Held, rows: u64) {
        if held.len() < rows {
            let totals = held.rows.iter().filter(|row| row.is_totals).count();
            self.totals += totals;
            self.below = held.rows.len() - totals;
            // They needed no padding.
            let padded = held.rows.iter().filter(|row| row.is_short).count();
            self.short = self.short.saturating_sub(padded);
        }
    }

    /// Whether the rows are so uneven that the table is hardly understood.
    pub fn are_many(&self, rows: u64) -> bool {
        let long = if self.keeps_long { 0 } else { self.long };
        (self.short + long) as u64 * 5 > rows
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
            count(if self.drops_between { self.totals_between } else { 0 }, "row")
                .map(|rows| format!("{rows} of totals between the others")),
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
        notes.extend(count(self.long, "row").map(|rows| {
            let what = match self.keeps_long {
                true => "cut to the width of the header",
                false => "left out. To keep their first cells, add --long-rows keep",
            };
            format!("Longer than the header: {rows} (line {} first), {what}.", self.first_long)
        }));
        if self.totals_between > 0 && !self.drops_between {
            notes.push(format!(
                "{} between the others {} like totals (line {} first). If so, add --totals drop.",
                counted(self.totals_between, "row"),
                agreeing(self.totals_between, "looks", "look"),
                self.first_between
            ));
        }
        let (line, lines) = self.swallowed;
        if lines > 0 {
            notes.push(format!(
                "A quoted cell that begins on line {line} goes on for {lines} lines. Is a quotation mark missing?"
            ));
        }
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
    /// `keeps_totals`: those are samples.
    pub fn take(&mut self, line: u64, record: &StringRecord, is_short: bool, keeps_totals: bool) -> bool {
        let mut present = record.iter().map(str::trim).filter(|cell| !cell.is_empty());
        let Some(first) = present.next() else { return false };
        // Hardly a row begins like this.
        let is_word = first.starts_with(|c: char| c.is_alphabetic() || matches!(c, '*' | '(' | '\u{a9}'));
        if !is_word || self.rows.len() == MOST_HELD {
            return false;
        }
        let is_alone = record.len() > 2 && record.iter().filter(|cell| !cell.trim().is_empty()).count() == 1;
        let is_totals = !keeps_totals && is_word_of_totals(first) && present.any(|cell| number::read(cell).is_some());
        let is_note = is_alone && first.contains([' ', ':']) && record[0].trim() == first;
        if is_totals || is_note {
            let record = record.clone();
            self.rows.push(HeldRow { line, record, is_totals, is_short });
        }
        is_totals || is_note
    }

    /// They were samples after all.
    /// `drops_totals`: but for those of totals.
    pub fn give_back(&mut self, drops_totals: bool) -> Vec<(u64, StringRecord)> {
        let rows = std::mem::take(&mut self.rows).into_iter().filter(|row| !(drops_totals && row.is_totals));
        rows.map(|row| (row.line, row.record)).collect()
    }
}
