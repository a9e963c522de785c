//! Tables whose cells stand in columns with spaces between, as programs print them: told from other text by its
//! beginning, and written once with tabs instead.

use std::io::{BufReader, Read, Write};
use std::path::Path;

use super::copy::{copy, unwritten};
use super::number;
use super::source::Source;
use super::table::unreadable;
use crate::data::DataError;
use crate::data::progress::{Progress, stop_if_cancelled};

/// Lines of the beginning that are looked at, the least that say anything, and how many may stand above the table.
const LINES: usize = 200;
const LEAST_LINES: usize = 3;
const MOST_ABOVE: usize = 20;
/// Read at once.
const BLOCK: usize = 1 << 16;

/// How its cells are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spacing {
    /// So many spaces at least, or a tab.
    gap: usize,
    /// The line with the names, counted from 0, which lacks that of the first column: rows are named, and that column
    /// isn't.
    lacking: Option<usize>,
    /// Lines above the table, but for that one.
    above: usize,
}

/// `is_asked`: somebody says that there is nothing but spaces between cells.
pub(super) fn find(sample: &[u8], is_asked: bool) -> Option<Spacing> {
    let text = String::from_utf8_lossy(sample);
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    // Words of one cell have one space between them, where cells have several.
    let found = [2, 1].into_iter().find_map(|gap| look(&lines, gap));
    found.filter(|found| is_asked || are_plainly_columns(&lines, *found)).or(is_asked.then_some(Spacing {
        gap: 1,
        lacking: None,
        above: 0,
    }))
}

fn is_left_out(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// Whether all lines, but for some above, have as many cells.
fn look(lines: &[&str], gap: usize) -> Option<Spacing> {
    let counts: Vec<(usize, usize)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !is_left_out(line))
        .map(|(i, l)| (i, cells(l, gap).len()))
        .collect();
    let &(_, width) = counts.last()?;
    let first = counts.iter().rposition(|(_, count)| *count != width).map_or(0, |at| at + 1);
    let rows = counts.len() - first;
    if width < 2 || rows + 1 < LEAST_LINES || first > MOST_ABOVE || rows <= first {
        return None;
    }
    let above = first.checked_sub(1).map(|at| counts[at]);
    let lacking = above.filter(|(_, count)| *count + 1 == width && width > 2).map(|(line, _)| line);
    Some(Spacing { gap, lacking, above: first - usize::from(lacking.is_some()) })
}

/// Whether it is hardly text of another kind: a column of names, of dates with times, or of numbers with their units.
fn are_plainly_columns(lines: &[&str], spacing: Spacing) -> bool {
    let rows: Vec<Vec<&str>> =
        lines.iter().filter(|line| !is_left_out(line)).map(|line| cells(line, spacing.gap)).collect();
    let Some(width) = rows.last().map(Vec::len) else { return false };
    let is_number = |cell: &str| number::read(cell).is_some_and(|number| number.unit == ["", ""]);
    let below = || rows.iter().skip(spacing.above + 1).filter(|row| row.len() == width);
    let numeric: Vec<bool> = (0..width).map(|column| below().all(|row| is_number(row[column]))).collect();
    // Other delimiters stand in numbers only.
    let is_delimited = |column: usize| {
        let with = below().filter(|row| row[column].contains([',', ';', '|'])).count();
        !numeric[column] && with * 2 > below().count()
    };
    if (0..width).any(is_delimited) {
        return false;
    }
    let numbers = numeric.iter().filter(|is_numeric| **is_numeric).count();
    let is_wide = |line: &&str| line.trim().contains("  ") || line.trim().contains('\t');
    let are_apart = lines.iter().any(is_wide);
    // A number may have a space between its thousands.
    let are_all = numbers == width && spacing.above == 0;
    are_all || (numbers > 0 && (width > 2 || are_apart))
}

/// The cells of a line; what is quoted is one.
fn cells(line: &str, gap: usize) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut start, mut spaces, mut has_tab, mut is_quoted) = (None, 0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        let is_space = matches!(byte, b' ' | b'\t' | b'\r') && !is_quoted;
        if is_space {
            spaces += 1;
            has_tab |= byte == b'\t';
            continue;
        }
        if let Some(from) = start.filter(|_| spaces >= gap || has_tab) {
            all.push(line[from..at - spaces].trim_end());
            start = None;
        }
        is_quoted = if byte == b'"' { !is_quoted && start.is_none() } else { is_quoted };
        start.get_or_insert(at);
        (spaces, has_tab) = (0, false);
    }
    all.extend(start.map(|from| line[from..].trim_end()));
    all
}

/// The same text with a tab between cells, line by line.
pub(super) fn with_tabs(
    source: &Source,
    spacing: Spacing,
    path: &Path,
    progress: &dyn Progress,
) -> Result<Source, DataError> {
    let mut text = BufReader::with_capacity(BLOCK, source.reader(path)?);
    let made = copy(path, |out| {
        let mut out = std::io::BufWriter::with_capacity(BLOCK, out);
        let mut state = Line::default();
        let mut block = vec![0; BLOCK];
        loop {
            let read = text.read(&mut block).map_err(|error| unreadable(&error, path))?;
            if read == 0 {
                break;
            }
            stop_if_cancelled(progress)?;
            state.take(&block[..read], spacing, &mut out).map_err(|error| unwritten(&error))?;
        }
        out.flush().map_err(|error| unwritten(&error))
    })?;
    Source::spaced(made, source, path)
}

/// Where one is in a line.
#[derive(Default)]
struct Line {
    number: usize,
    /// Since the last cell.
    spaces: usize,
    has_tab: bool,
    is_quoted: bool,
    /// Something stands in it already.
    has_begun: bool,
    /// A comment, which stays as it is.
    is_comment: bool,
}

impl Line {
    fn take(&mut self, bytes: &[u8], spacing: Spacing, out: &mut impl Write) -> std::io::Result<()> {
        for &byte in bytes {
            match byte {
                b'\n' => {
                    out.write_all(b"\n")?;
                    *self = Self { number: self.number + 1, ..Self::default() };
                    continue;
                }
                b'\r' => continue,
                b' ' | b'\t' if !self.is_quoted && !self.is_comment => {
                    self.spaces += 1;
                    self.has_tab |= byte == b'\t';
                    continue;
                }
                _ => {}
            }
            let is_new = !self.has_begun || self.spaces >= spacing.gap || self.has_tab;
            if !self.has_begun {
                self.is_comment = byte == b'#' && self.spaces == 0;
                if spacing.lacking == Some(self.number) {
                    out.write_all(b"\t")?;
                }
            } else if is_new {
                out.write_all(b"\t")?;
            } else {
                (0..self.spaces).try_for_each(|_| out.write_all(b" "))?;
            }
            if byte == b'"' {
                self.is_quoted = !self.is_quoted && is_new && !self.is_comment;
            }
            (self.spaces, self.has_tab, self.has_begun) = (0, false, true);
            out.write_all(&[byte])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::inspect_csv;
    use crate::data::NoProgress;
    use crate::model::Reading;

    fn read(text: &str, reading: &Reading) -> (Vec<String>, Vec<Vec<String>>, char) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.txt");
        std::fs::write(&path, text).unwrap();
        let table = inspect_csv(&path, reading, &NoProgress).unwrap();
        (table.columns.into_iter().map(|column| column.name).collect(), table.head, table.delimiter)
    }

    #[test]
    fn tables_with_spaces_between_are_read() {
        let usual = Reading::default();
        let (names, rows, delimiter) =
            read("name      x    y\nNew York  1    2.5\nOslo     10  -3\nBern      7    4\n", &usual);
        assert_eq!((names, delimiter), (["name", "x", "y"].map(str::to_owned).to_vec(), ' '));
        assert_eq!(rows, [["New York", "1", "2.5"], ["Oslo", "10", "-3"], ["Bern", "7", "4"]]);
        // As pandas and R print: rows are named, and the names aren't.
        let (names, rows, _) = read("   x    y\n0  1  2.5\n1  2  3.5\n2  3  4.5\n", &usual);
        assert_eq!(
            (names, &rows[1]),
            (["column 1", "x", "y"].map(str::to_owned).to_vec(), &["1", "2", "3.5"].map(str::to_owned).to_vec())
        );
        let (names, rows, _) = read("\"x\" \"kind\"\n\"a b\" 1 \"p q\"\n\"c\" 2 \"r\"\n\"d\" 3 \"s\"\n", &usual);
        assert_eq!((names[1].as_str(), &rows[0]), ("x", &["a b", "1", "p q"].map(str::to_owned).to_vec()));
        let (names, rows, _) = read("# a note\nt  1,5\n1  2,5\n2  3,5\n3  4,5\n", &usual);
        assert_eq!((names.len(), rows.last().unwrap()[1].as_str()), (2, "4,5"), "{names:?}");
        let (_, rows, _) = read("a^b\n1,5^2\n2,5^3\n", &usual);
        assert_eq!(rows[0], ["1,5", "2"]);
        let (_, rows, _) = read("a~b~c\n1~2~x\n2~3~y\n", &usual);
        assert_eq!(rows[0], ["1", "2", "x"]);
    }

    #[test]
    fn other_text_with_spaces_is_not_taken_apart() {
        for text in [
            "when\n2024-01-01 10:00\n2024-01-02 11:00\n2024-01-03 12:00\n",
            "weight\n5 kg\n6 kg\n7 kg\n",
            "weight (kg)\n5 kg\n6 kg\n7 kg\n",
            "name\nAnn Lee\nBob Ray\nCy Young\n",
            "full name\nAnn Lee\nBob Ray\nCy Young\n",
            "x,full name\n1,Ann  Lee\n2,Bob  Ray\n3,Cy  Young\n",
            "price\n1 234\n2 345\n3 456\n",
            "a report\nof May\na, b, c\n1, 2, 3\n4, 5, 6\n7, 8, 9\n1, 2, 4\n",
        ] {
            let (names, ..) = read(text, &Reading::default());
            let widest = text.lines().map(|line| line.split(',').count()).max();
            assert_eq!(Some(names.len()), widest, "{text}");
        }
        let asked = Reading { delimiter: Some(' '), ..Reading::default() };
        assert_eq!(read("first last\nAnn   Lee\nBob Ray\nCy Young\n", &asked).1[0], ["Ann", "Lee"]);
    }
}
