//! A last row without a name whose numbers are the sums of those above it: it is no sample.

use ::csv::StringRecord;

use super::number;
use super::odd_rows::is_word_of_totals;
use super::table::Table;
use crate::data::{DataError, NoProgress};

/// Larger texts are not looked through for it: tables that people add up are small.
pub(super) const MOST_BYTES: u64 = 2 << 20;
/// Rows above it, at least.
const LEAST_ROWS: u64 = 3;

/// One column, summed row by row, read with a decimal point and with a comma.
#[derive(Clone, Default)]
struct Column {
    sums: [f64; 2],
    numbers: u64,
    others: u64,
    /// Other than zero.
    counting: u64,
    decimals: u8,
}

impl Column {
    fn add(&mut self, cell: &str) {
        match number::read(cell) {
            Some(read) => {
                self.numbers += 1;
                let values = read.values.map(|value| value.unwrap_or(f64::NAN));
                self.counting += u64::from(values.iter().any(|value| *value != 0.0));
                self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
                self.decimals = self.decimals.max(read.decimals.into_iter().max().unwrap_or(0));
            }
            None => self.others += u64::from(!cell.is_empty()),
        }
    }

    fn is_numeric(&self) -> bool {
        self.numbers > 0 && self.others == 0
    }

    /// Whether a number is the sum of those above it, each of which may have been rounded.
    fn adds_up_to(&self, cell: &str) -> bool {
        let Some(read) = number::read(cell) else { return false };
        let digits = read.decimals.into_iter().max().unwrap_or(0).min(self.decimals);
        let rounding = 0.5 * 10f64.powi(-i32::from(digits)) * (1.0 + (self.numbers as f64).sqrt());
        let is_near = |(sum, value): (&f64, Option<f64>)| {
            value.is_some_and(|value| value != 0.0 && (sum - value).abs() <= rounding + 1e-9 * sum.abs())
        };
        // A whole number of thousands says more than one of units.
        let is_exact = |(sum, value): (&f64, Option<f64>)| value.is_some_and(|value| *sum == value);
        let ways = || self.sums.iter().zip(read.values);
        self.counting > 1 && (ways().any(is_exact) || (self.decimals > 0 && ways().any(is_near)))
    }
}

/// The line of the last row, where it is one.
pub(super) fn find(table: &Table) -> Result<Option<u64>, DataError> {
    let mut columns = vec![Column::default(); table.names.len()];
    let mut last: Option<(u64, StringRecord)> = None;
    let mut rows = 0;
    table.for_each_row(&NoProgress, (0.0, 0.0), |line, record| {
        if let Some((_, above)) = last.replace((line, record.clone())) {
            rows += 1;
            columns.iter_mut().zip(&above).for_each(|(column, cell)| column.add(cell.trim()));
        }
        Ok(())
    })?;
    let Some((line, record)) = last.filter(|_| rows >= LEAST_ROWS) else { return Ok(None) };
    let cells = || columns.iter().zip(record.iter().map(str::trim));
    let numeric = || cells().filter(|(column, cell)| column.is_numeric() && !cell.is_empty());
    let (all, sums) = (numeric().count(), numeric().filter(|(column, cell)| column.adds_up_to(cell)).count());
    let mut words = cells().filter(|(column, _)| !column.is_numeric());
    let is_named = words.clone().any(|(_, cell)| !cell.is_empty() && !is_word_of_totals(cell));
    let is_unnamed = words.any(|(_, cell)| cell.is_empty()) && !is_named;
    // One sum may be chance; beside an empty name it isn't.
    let is_it = sums == all && (sums >= 2 || (sums == 1 && is_unnamed)) || (is_unnamed && sums >= 2 && sums * 2 >= all);
    Ok(is_it.then_some(line))
}

#[cfg(test)]
mod tests {
    use super::super::inspect_csv;
    use super::*;
    use crate::model::{Kept, Reading};

    fn rows(text: &str, reading: &Reading) -> (usize, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let table = inspect_csv(&path, reading, &NoProgress).unwrap();
        (table.rows, table.notes)
    }

    #[test]
    fn a_last_row_of_sums_is_left_out_and_said() {
        let usual = Reading::default();
        for text in [
            "shop,sold,price\na,1,2.5\nb,2,3.5\nc,3,4.25\n,6,10.25\n",
            "sold,price\n1,2.5\n2,3.5\n3,4.25\n6,10.25\n",
            "shop,share\na,33.33\nb,33.33\nc,33.33\n,100.00\n",
            "shop;sold\na;1,5\nb;2,5\nc;3\n;7,0\n",
        ] {
            let (rows, notes) = rows(text, &usual);
            assert_eq!((rows, notes[0].as_str()), (3, "Skipped in the file: 1 row of totals at the end."), "{text}");
        }
        let kept = Reading { totals: Some(Kept::Keep), ..Reading::default() };
        assert_eq!(rows("shop,sold\na,1\nb,2\nc,3\n,6\n", &kept).0, 4);
        for text in [
            "shop,sold\na,1\nb,2\nc,3\nd,6\n",
            "x\n1\n2\n3\n6\n",
            "shop,sold\na,0\nb,0\nc,0\n,0\n",
            "shop,sold,price\na,1,2\nb,2,3\nc,3,4\n,7,8\n",
        ] {
            assert_eq!(rows(text, &usual), (4, Vec::new()), "{text}");
        }
    }

    #[test]
    fn totals_between_rows_are_said_and_left_out_if_asked() {
        let text = "shop,sold\na,1\nb,2\nTotal,3\nc,4\nd,6\nSumme,10\ne,7\n";
        let (all, notes) = rows(text, &Reading::default());
        assert_eq!(all, 7);
        assert!(notes[0].starts_with("2 rows between the others look like totals (line 4 first)"), "{notes:?}");
        let (left, notes) = rows(text, &Reading { totals: Some(Kept::Drop), ..Reading::default() });
        assert_eq!((left, notes[0].as_str()), (5, "Skipped in the file: 2 rows of totals between the others."));
    }

    #[test]
    fn long_rows_are_left_out_or_cut_and_a_quote_that_swallows_lines_is_said() {
        let long: String = (0..20).map(|i| format!("{i},x\n")).collect::<String>() + "1,y,9\n";
        let (left, notes) = rows(&format!("a,b\n{long}"), &Reading::default());
        assert!(
            left == 20 && notes[0].contains("1 row (line 22 first)") && notes[0].contains("--long-rows keep"),
            "{notes:?}"
        );
        let (cut, notes) =
            rows(&format!("a,b\n{long}"), &Reading { long_rows: Some(Kept::Keep), ..Reading::default() });
        assert!(cut == 21 && notes[0].contains("cut"), "{notes:?}");
        let swallowed = "a,b\n1,x\n2,\"y\n3,x\n4,x\n5,x\n6,x\n7,x\n8,z\"\n9,x\n10,x\n";
        let (_, notes) = rows(swallowed, &Reading::default());
        assert_eq!(notes, ["A quoted cell that begins on line 3 goes on for 7 lines. Is a quotation mark missing?"]);
    }
}
