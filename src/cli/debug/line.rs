//! A line that is being typed: what each key does to it. Knows no terminal.

use console::Key;

/// What a key asks for beyond the line itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Nothing: the line may be another.
    Edited,
    Done,
    /// Ctrl-C: another line instead of this one.
    GivenUp,
    /// Ctrl-D on an empty line: no more lines.
    End,
    Complete,
    /// Among the lines typed before.
    Earlier,
    Later,
    ClearScreen,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    text: Vec<char>,
    /// Characters before the cursor.
    cursor: usize,
    /// An escape sequence so far, of which the terminal's reader hands out the rest as if it were typed; else empty.
    sequence: Vec<char>,
}

impl Line {
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub fn before(&self) -> String {
        self.text[..self.cursor].iter().collect()
    }

    /// Another line, with the cursor at its end.
    pub fn replace(&mut self, text: &str) {
        self.text = text.chars().collect();
        self.cursor = self.text.len();
    }

    /// Another beginning, up to the cursor.
    pub fn replace_before(&mut self, text: &str) {
        let cursor = text.chars().count();
        self.text.splice(..self.cursor, text.chars());
        self.cursor = cursor;
    }

    /// As much of it as `columns` hold, with the cursor inside; and where the cursor stands there.
    pub fn window(&self, columns: usize) -> (String, usize) {
        let first = (self.cursor + 1).saturating_sub(columns.max(1));
        (self.text.iter().skip(first).take(columns).collect(), self.cursor - first)
    }

    pub fn press(&mut self, key: Key) -> Press {
        let sequence = std::mem::take(&mut self.sequence);
        if let Key::Char(next) = key
            && is_continued(&sequence, next)
        {
            self.go_on(sequence, next);
            return Press::Edited;
        }
        match key {
            Key::Enter => return Press::Done,
            Key::CtrlC => return Press::GivenUp,
            Key::Tab => return Press::Complete,
            Key::ArrowUp | Key::Char('\x10') => return Press::Earlier,
            Key::ArrowDown | Key::Char('\x0e') => return Press::Later,
            Key::Char('\x0c') => return Press::ClearScreen,
            Key::Char('\x04') if self.text.is_empty() => return Press::End,
            Key::Char('\x04') | Key::Del => self.remove(self.cursor, (self.cursor + 1).min(self.text.len())),
            Key::Backspace => self.remove(self.cursor.saturating_sub(1), self.cursor),
            Key::Char('\x15') => self.remove(0, self.cursor),
            Key::Char('\x17') => self.remove(self.word_before(), self.cursor),
            Key::Char('\x0b') => self.text.truncate(self.cursor),
            Key::ArrowLeft | Key::Char('\x02') => self.cursor = self.cursor.saturating_sub(1),
            Key::ArrowRight | Key::Char('\x06') => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::UnknownEscSeq(sequence) => match sequence[..] {
                ['b'] => self.cursor = self.word_before(),
                ['f'] => self.cursor = self.word_after(),
                _ if is_open(&sequence) => self.sequence = sequence,
                _ => {}
            },
            Key::Char(typed) if !typed.is_control() => {
                self.text.insert(self.cursor, typed);
                self.cursor += 1;
            }
            _ => {}
        }
        Press::Edited
    }

    /// Of all keys that a terminal tells by longer sequences (F5 is `[15~`, Ctrl and the arrow to the right `[1;5C`),
    /// only arrows with Ctrl, Alt or Shift do something.
    fn go_on(&mut self, mut sequence: Vec<char>, next: char) {
        sequence.push(next);
        match sequence[..] {
            ['[', '1', ';', _, 'C'] => self.cursor = self.word_after(),
            ['[', '1', ';', _, 'D'] => self.cursor = self.word_before(),
            _ if is_open(&sequence) => self.sequence = sequence,
            _ => {}
        }
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.text.drain(from..to);
        self.cursor = from;
    }

    fn word_before(&self) -> usize {
        let spaces = self.text[..self.cursor].iter().rev().take_while(|c| c.is_whitespace()).count();
        let end = self.cursor - spaces;
        end - self.text[..end].iter().rev().take_while(|c| !c.is_whitespace()).count()
    }

    fn word_after(&self) -> usize {
        let spaces = self.text[self.cursor..].iter().take_while(|c| c.is_whitespace()).count();
        let begin = self.cursor + spaces;
        begin + self.text[begin..].iter().take_while(|c| !c.is_whitespace()).count()
    }
}

/// Whether the end of an escape sequence is still to come (ECMA-48: behind `[` anything before `@`; behind `O` one
/// letter, as of F1 to F4).
fn is_open(sequence: &[char]) -> bool {
    match sequence {
        ['[', parameters @ ..] => !parameters.is_empty() && parameters.iter().all(|c| is_parameter(*c)),
        ['O', parameters @ ..] => parameters.iter().all(|c| is_parameter(*c)),
        _ => false,
    }
}

/// Whether a character belongs to what is open. What cannot was typed, after a sequence that broke off.
fn is_continued(sequence: &[char], next: char) -> bool {
    let is_end = match sequence.first() {
        Some('O') => next.is_ascii_uppercase(),
        _ => ('@'..='~').contains(&next),
    };
    is_open(sequence) && (is_parameter(next) || is_end)
}

/// Digits, `;` and what else may stand inside a sequence.
fn is_parameter(c: char) -> bool {
    ('0'..='?').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[Key]) -> Line {
        let mut line = Line::default();
        line.replace("goto 20 é");
        for key in keys {
            line.press(key.clone());
        }
        line
    }

    #[test]
    fn keys_edit_the_line() {
        let ctrl = |letter: char| Key::Char((letter as u8 - b'a' + 1) as char);
        let escape = |keys: &str| Key::UnknownEscSeq(keys.chars().collect());
        for (keys, before, text) in [
            (&[Key::Char('x')][..], "goto 20 éx", "goto 20 éx"),
            (&[Key::Backspace, Key::Backspace], "goto 20", "goto 20"),
            (&[ctrl('w')], "goto 20 ", "goto 20 "),
            (&[ctrl('w'), ctrl('w')], "goto ", "goto "),
            (&[ctrl('u')], "", ""),
            (&[Key::Home, Key::ArrowRight, ctrl('k')], "g", "g"),
            (&[Key::Home, Key::Del, ctrl('d')], "", "to 20 é"),
            (&[Key::Home, Key::Backspace, Key::ArrowLeft], "", "goto 20 é"),
            (&[Key::Del, Key::ArrowRight], "goto 20 é", "goto 20 é"),
            (&[escape("b"), escape("b"), Key::Char('1')], "goto 1", "goto 120 é"),
            (&[Key::Home, escape("f"), Key::Char('!')], "goto!", "goto! 20 é"),
            (&[escape("[1;"), Key::Char('5'), Key::Char('D'), Key::Char('x')], "goto 20 x", "goto 20 xé"),
            (&[Key::Home, escape("[1;"), Key::Char('5'), Key::Char('C')], "goto", "goto 20 é"),
            (&[escape("[1;"), Key::Char('5'), Key::Home, Key::Char('x')], "x", "xgoto 20 é"),
            (&[Key::Char('\x1a'), Key::Unknown, Key::PageUp, escape("[")], "goto 20 é", "goto 20 é"),
        ] {
            let line = typed(keys);
            assert_eq!((line.before().as_str(), line.text().as_str()), (before, text), "{keys:?}");
        }
    }

    /// As the terminal's reader hands them out: three characters of a sequence, or what came of it, then the rest one
    /// by one.
    #[test]
    fn keys_that_do_nothing_leave_the_line_alone() {
        for (key, sequence) in [
            ("F1", "OP"),
            ("F4 in a console", "[[D"),
            ("F5", "[15~"),
            ("F10", "[21~"),
            ("F11", "[23~"),
            ("Ctrl F1", "O5P"),
            ("Shift F5", "[15;2~"),
            ("Shift F10", "[21;2~"),
            ("Shift F11", "[23;2~"),
            ("Ctrl Shift F12", "[24;6~"),
            ("Ctrl Delete", "[3;5~"),
            ("Shift Home", "[1;2H"),
            ("F5, cut after two", "[1"),
            ("what a terminal is", "[?1;2c"),
        ] {
            let handed = sequence.chars().count().min(if sequence.starts_with('O') { 1 } else { 3 });
            let (first, rest) = sequence.split_at(handed);
            let mut keys = vec![Key::UnknownEscSeq(first.chars().collect())];
            keys.extend(rest.chars().map(Key::Char));
            keys.extend([Key::ArrowLeft, Key::Char('ä'), Key::End, Key::Char('!')]);
            assert_eq!(typed(&keys).text(), "goto 20 äé!", "{key}: {keys:?}");
        }
    }

    #[test]
    fn keys_ask_for_more_than_editing() {
        let mut line = typed(&[]);
        for (key, press) in [
            (Key::Enter, Press::Done),
            (Key::CtrlC, Press::GivenUp),
            (Key::Tab, Press::Complete),
            (Key::ArrowUp, Press::Earlier),
            (Key::ArrowDown, Press::Later),
            (Key::Char('\x04'), Press::Edited),
        ] {
            assert_eq!(line.press(key.clone()), press, "{key:?}");
        }
        assert_eq!(Line::default().press(Key::Char('\x04')), Press::End);
    }

    #[test]
    fn a_long_line_is_shown_around_the_cursor() {
        let mut line = typed(&[]);
        assert_eq!(line.window(80), ("goto 20 é".to_owned(), 9));
        assert_eq!(line.window(4), ("0 é".to_owned(), 3));
        line.press(Key::Home);
        assert_eq!(line.window(4), ("goto".to_owned(), 0));
        line.replace_before("x");
        assert_eq!((line.text().as_str(), line.window(0).1), ("xgoto 20 é", 0));
    }
}
