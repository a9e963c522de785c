//! JSON as Python writes it: NaN and infinities, which JSON has none of, become `null`.

use std::io::{self, Read};

use crate::data::progress::Progress;

const WORDS: [&[u8]; 3] = [b"NaN", b"-Infinity", b"Infinity"];
const NULL: &[u8] = b" null";

/// Reads in pieces; ends with an error when nobody wants the result any more.
pub(super) struct Lenient<'a, R> {
    source: R,
    progress: &'a dyn Progress,
    /// Not yet gone through.
    raw: Vec<u8>,
    ready: Vec<u8>,
    given: usize,
    is_in_text: bool,
    is_escaped: bool,
    is_at_end: bool,
}

impl<'a, R: Read> Lenient<'a, R> {
    pub fn new(source: R, progress: &'a dyn Progress) -> Self {
        let (raw, ready) = (Vec::new(), Vec::new());
        Self { source, progress, raw, ready, given: 0, is_in_text: false, is_escaped: false, is_at_end: false }
    }

    fn more(&mut self) -> io::Result<()> {
        if self.progress.cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let mut piece = vec![0; 1 << 16];
        let count = self.source.read(&mut piece)?;
        self.is_at_end = count == 0;
        self.raw.extend_from_slice(&piece[..count]);
        self.ready.clear();
        self.given = 0;
        let mut at = 0;
        while at < self.raw.len() {
            let rest = &self.raw[at..];
            let byte = rest[0];
            if !self.is_in_text && matches!(byte, b'N' | b'-' | b'I') {
                // The word may go on in the next piece.
                if WORDS.iter().any(|word| rest.len() < word.len() && word.starts_with(rest)) && !self.is_at_end {
                    break;
                }
                if let Some(word) = WORDS.iter().find(|word| rest.starts_with(word)) {
                    self.ready.extend_from_slice(NULL);
                    at += word.len();
                    continue;
                }
            }
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_in_text => self.is_escaped = true,
                b'"' => self.is_in_text = !self.is_in_text,
                _ => {}
            }
            self.ready.push(byte);
            at += 1;
        }
        self.raw.drain(..at);
        Ok(())
    }
}

impl<R: Read> Read for Lenient<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && !self.is_at_end {
            self.more()?;
        }
        let count = (&self.ready[self.given..]).read(to)?;
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NoProgress;

    /// Gives so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(to.len());
            self.0.read(&mut to[..count])
        }
    }

    #[test]
    fn words_that_json_lacks_become_null_wherever_a_piece_ends() {
        let text = br#"{"NaN \" NaN": [NaN, -Infinity, Infinity, -1, "Infinity\\", NaN], "I": "-"}"#;
        let right = br#"{"NaN \" NaN": [ null,  null,  null, -1, "Infinity\\",  null], "I": "-"}"#;
        for step in [1, 2, 3, 5, 100] {
            let mut read = Vec::new();
            Lenient::new(Slow(text, step), &NoProgress).read_to_end(&mut read).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), String::from_utf8_lossy(right), "{step}");
        }
        let mut cut = Vec::new();
        Lenient::new(&b"[Na"[..], &NoProgress).read_to_end(&mut cut).unwrap();
        assert_eq!(cut, b"[Na");
    }
}
