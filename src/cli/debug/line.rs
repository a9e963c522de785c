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
    /// Keys of an escape sequence that the terminal's reader hands out as if they were typed.
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
        if !self.sequence.is_empty() {
            self.go_on(&key);
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
                ['[', '1', ';'] => self.sequence = sequence,
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

    /// Arrows with Ctrl: `1;5C`, of which the end comes as two keys more.
    fn go_on(&mut self, key: &Key) {
        match (key, self.sequence.len()) {
            (Key::Char(modifier), 3) => return self.sequence.push(*modifier),
            (Key::Char('C'), _) => self.cursor = self.word_after(),
            (Key::Char('D'), _) => self.cursor = self.word_before(),
            _ => {}
        }
        self.sequence.clear();
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
            (&[escape("[1;"), Key::Char('5'), Key::Home, Key::Char('x')], "goto 20 éx", "goto 20 éx"),
            (&[Key::Char('\x1a'), Key::Unknown, Key::PageUp, escape("[")], "goto 20 é", "goto 20 é"),
        ] {
            let line = typed(keys);
            assert_eq!((line.before().as_str(), line.text().as_str()), (before, text), "{keys:?}");
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
