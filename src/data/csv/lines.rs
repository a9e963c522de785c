//! The lines of a text as they come, as long as a line is a row: no cell goes on in the next line, no end of a line but
//! the usual ones.

use std::borrow::Cow;
use std::io::{Cursor, Error, ErrorKind, Read, Result};

/// Read at once.
const BLOCK: usize = 1 << 20;

/// Text in blocks of whole lines.
pub(super) struct Lines {
    text: Box<dyn Read + Send>,
    /// Delimiter and quotation mark.
    marks: (u8, u8),
    longest: usize,
    buffer: Vec<u8>,
    /// The next line begins here.
    at: usize,
    /// Whole lines that were looked at end here.
    end: usize,
    is_at_end: bool,
    /// Between them are quotation marks.
    has_quotes: bool,
    /// Lines and bytes before the next one.
    pub lines: u64,
    pub bytes: u64,
}

/// What comes next.
pub(super) enum Next {
    /// A line, without its end.
    Line,
    /// As well; some of its cells stand between quotation marks.
    Quoted,
    /// The text is at its end.
    End,
    /// From here on a line may be no row.
    Other,
}

impl Lines {
    /// `longest`: bytes of a line.
    pub fn new(text: Box<dyn Read + Send>, marks: (u8, u8), longest: usize) -> Self {
        let buffer = Vec::with_capacity(2 * BLOCK);
        Self { text, marks, longest, buffer, at: 0, end: 0, is_at_end: false, has_quotes: false, lines: 0, bytes: 0 }
    }

    /// Moves on to the next line that is not empty, which becomes `line`.
    pub fn next(&mut self, line: &mut (usize, usize)) -> Result<Next> {
        loop {
            if self.at >= self.end {
                if self.is_at_end && self.at == self.buffer.len() {
                    return Ok(Next::End);
                }
                if !self.refill()? {
                    return Ok(Next::Other);
                }
                continue;
            }
            let rest = &self.buffer[self.at..self.end];
            let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let shown = if len > 0 && rest[len - 1] == b'\r' { len - 1 } else { len };
            let taken = (len + 1).min(rest.len());
            let is_quoted = self.has_quotes && memchr::memchr(self.marks.1, &rest[..shown]).is_some();
            if is_quoted && !is_whole(&rest[..shown], self.marks) {
                return Ok(Next::Other);
            }
            *line = (self.at, self.at + shown);
            self.at += taken;
            self.lines += 1;
            self.bytes += taken as u64;
            if shown > 0 {
                return Ok(if is_quoted { Next::Quoted } else { Next::Line });
            }
        }
    }

    /// The text of a line.
    pub fn text(&self, (from, to): (usize, usize)) -> &str {
        // Looked at in `refill`.
        std::str::from_utf8(&self.buffer[from..to]).unwrap_or_default()
    }

    /// Reads on to the end of a line. `false`: what was read is more than lines.
    fn refill(&mut self) -> Result<bool> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let mut looked = 0;
        loop {
            let before = self.buffer.len();
            let read = (&mut self.text).take(BLOCK as u64).read_to_end(&mut self.buffer)?;
            self.is_at_end = read < BLOCK;
            looked = looked.max(before.min(self.buffer.len()));
            let last = memchr::memrchr(b'\n', &self.buffer[looked..]).map(|at| looked + at + 1);
            self.end = if self.is_at_end { self.buffer.len() } else { last.unwrap_or(0) };
            if self.end > 0 || self.is_at_end {
                break;
            }
            if self.buffer.len() > self.longest {
                return Err(too_long());
            }
        }
        let lines = &self.buffer[..self.end];
        let mut ends = memchr::memchr_iter(b'\r', lines);
        self.has_quotes = memchr::memchr(self.marks.1, lines).is_some();
        let is_plain = ends.all(|at| lines.get(at + 1) == Some(&b'\n')) && std::str::from_utf8(lines).is_ok();
        Ok(is_plain)
    }

    /// All that was not handed out.
    pub fn rest(self) -> Box<dyn Read + Send> {
        let mut read = self.buffer;
        read.drain(..self.at);
        Box::new(Cursor::new(read).chain(self.text))
    }
}

/// Whether a line is a row by itself: quotation marks stand around cells only, and double within them.
fn is_whole(line: &[u8], (delimiter, quote): (u8, u8)) -> bool {
    let mut rest = line;
    loop {
        let Some(inside) = rest.strip_prefix(&[quote]) else {
            let end = memchr::memchr(delimiter, rest);
            let cell = &rest[..end.unwrap_or(rest.len())];
            match (memchr::memchr(quote, cell), end) {
                (Some(_), _) => return false,
                (None, None) => return true,
                (None, Some(end)) => rest = &rest[end + 1..],
            }
            continue;
        };
        let Some(close) = closing(inside, quote) else { return false };
        match inside.get(close + 1) {
            None => return true,
            Some(byte) if *byte == delimiter => rest = &inside[close + 2..],
            Some(_) => return false,
        }
    }
}

/// Where the quotation mark stands that ends a cell, behind its first.
fn closing(inside: &[u8], quote: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(quote, &inside[from..])?;
        if inside.get(at + 1) != Some(&quote) {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The cells of a line that is a row by itself.
pub(super) fn cells(line: &str, (delimiter, quote): (u8, u8)) -> impl Iterator<Item = Cow<'_, str>> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (cell, end) = match line.as_bytes().strip_prefix(&[quote]) {
            None => {
                let end = memchr::memchr(delimiter, line.as_bytes()).unwrap_or(line.len());
                (Cow::Borrowed(&line[..end]), end)
            }
            Some(inside) => {
                let close = closing(inside, quote).unwrap_or(inside.len());
                let cell = &line[1..1 + close];
                let once = char::from(quote);
                let is_plain = !cell.contains(once);
                let cell = if is_plain {
                    cell.into()
                } else {
                    cell.replace(&format!("{once}{once}"), &once.to_string()).into()
                };
                (cell, (close + 2).min(line.len()))
            }
        };
        rest = line.get(end + 1..);
        Some(cell)
    })
}

pub(super) fn too_long() -> Error {
    Error::new(ErrorKind::InvalidData, "a row is far too long: a quotation mark may never be closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: (u8, u8) = (b',', b'"');

    fn read(text: &str) -> (Vec<String>, String, u64) {
        let mut lines = Lines::new(Box::new(Cursor::new(text.to_owned().into_bytes())), MARKS, 1 << 30);
        let (mut found, mut line) = (Vec::new(), (0, 0));
        while let Next::Line | Next::Quoted = lines.next(&mut line).unwrap() {
            found.push(lines.text(line).to_owned());
        }
        let count = lines.lines;
        let mut rest = String::new();
        lines.rest().read_to_string(&mut rest).unwrap();
        (found, rest, count)
    }

    #[test]
    fn lines_are_handed_out_until_one_may_be_no_row() {
        assert_eq!(read("a,\"b\"\n\"1\"\"\",2\n\"3\n\",4").0, ["a,\"b\"", "\"1\"\"\",2"]);
        assert_eq!(read("a,b\n\r\n1,2\r\n\n3,4"), (vec!["a,b".into(), "1,2".into(), "3,4".into()], String::new(), 5));
        assert_eq!(read(""), (Vec::new(), String::new(), 0));
        assert_eq!(read("a\n\"b\n"), (vec!["a".into()], "\"b\n".into(), 1));
        assert_eq!(read("a\rb\n"), (Vec::new(), "a\rb\n".into(), 0));
        let long = "1,2,3\n".repeat(1 << 19);
        let (found, rest, count) = read(&format!("{long}\"4,5,6\n7\",8,9\n"));
        assert!(count as usize == found.len() && found.iter().all(|line| line == "1,2,3"));
        assert_eq!((rest.as_str(), found.len() * 6), ("\"4,5,6\n7\",8,9\n", long.len()));
    }

    #[test]
    fn cells_between_quotation_marks_are_those_of_the_reader_that_knows_all_of_csv() {
        let parts = [
            "",
            "a",
            "\"\"",
            "\"a\"",
            "\"a,b\"",
            "\"a\"\"b\"",
            "\"\"\"\"",
            "\"é,\"\",\"",
            " \"a\"",
            "a\"b",
            "\"a\"b",
            "\"a",
        ];
        let mut whole = 0;
        for (first, second) in parts.iter().flat_map(|first| parts.map(|second| (first, second))) {
            for line in [format!("{first},{second}"), format!("{second},1,{first}")] {
                let marked = line.contains('"');
                if marked && !is_whole(line.as_bytes(), MARKS) {
                    continue;
                }
                whole += 1;
                let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
                let wanted: Vec<String> = match reader.records().next() {
                    Some(record) => record.unwrap().iter().map(str::to_owned).collect(),
                    None => continue,
                };
                assert_eq!(cells(&line, MARKS).collect::<Vec<_>>(), wanted, "{line}");
            }
        }
        assert!(whole > 100, "{whole}");
    }

    #[test]
    fn a_line_without_an_end_is_an_error() {
        let text = "1".repeat(5 << 20);
        let mut lines = Lines::new(Box::new(Cursor::new(text.into_bytes())), MARKS, 1 << 20);
        assert!(lines.next(&mut (0, 0)).is_err());
    }
}
