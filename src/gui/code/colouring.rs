//! Python in colours: words of the language, names that are defined, strings, numbers and comments. egui's own
//! highlighter brings its own colours, which would not follow the theme.

use egui::Color32;
use egui::text::{LayoutJob, TextFormat};

use crate::gui::theme::{self, Tokens};
use crate::interop::code::python::KEYWORDS;

/// What a stretch of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Plain,
    Keyword,
    Name,
    Text,
    Number,
    Comment,
}

impl Token {
    fn colour(self, tokens: &Tokens) -> Color32 {
        match self {
            Self::Plain => tokens.text,
            Self::Keyword => tokens.of_words(tokens.k_seq),
            Self::Name => tokens.of_words(tokens.pos),
            Self::Text => tokens.of_words(tokens.ok),
            Self::Number => tokens.of_words(tokens.warn),
            Self::Comment => tokens.of_words(tokens.faint),
        }
    }
}

/// Which lines lie inside of a string that began on an earlier line.
pub fn inside_strings<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<bool> {
    let mut inside = false;
    let mut all = Vec::new();
    for line in lines {
        all.push(inside);
        inside ^= line.matches("\"\"\"").count() % 2 == 1;
    }
    all
}

/// A line as egui draws it.
pub fn python(line: &str, is_inside: bool, tokens: &Tokens, size: f32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let parts = if is_inside { vec![(line, Token::Text)] } else { split(line) };
    for (text, token) in parts {
        let color = token.colour(tokens);
        job.append(text, 0.0, TextFormat { font_id: theme::mono(size), color, ..TextFormat::default() });
    }
    job
}

/// Stretches of a line that have one colour each.
fn split(line: &str) -> Vec<(&str, Token)> {
    let mut parts: Vec<(&str, Token)> = Vec::new();
    let mut rest = line;
    let mut defines = false;
    while let Some(c) = rest.chars().next() {
        let (length, token) = if c == '#' {
            (rest.len(), Token::Comment)
        } else if c == '"' {
            (text_length(rest), Token::Text)
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.')).unwrap_or(rest.len());
            let is_power = rest[..end].ends_with('e') && rest[end..].starts_with(['-', '+']);
            let more = |from: usize| rest[from..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |n| from + n);
            (if is_power { more(end + 1) } else { end }, Token::Number)
        } else if c.is_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let word = &rest[..end];
            let token = if KEYWORDS.contains(&word) {
                Token::Keyword
            } else if std::mem::take(&mut defines) {
                Token::Name
            } else {
                Token::Plain
            };
            defines = matches!(word, "def" | "class");
            (end, token)
        } else {
            (c.len_utf8(), Token::Plain)
        };
        let (part, behind) = rest.split_at(length);
        parts.push((part, token));
        rest = behind;
    }
    parts
}

/// How long the string at the beginning is.
fn text_length(text: &str) -> usize {
    if let Some(inner) = text.strip_prefix("\"\"\"") {
        return inner.find("\"\"\"").map_or(text.len(), |end| end + 6);
    }
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_strings_numbers_and_comments_are_told_apart_and_nothing_is_lost() {
        let line = "def f(x1, y=1e-5): return F.pad(x1, \"a\\\"b\", 2)  # ü";
        let parts = split(line);
        assert_eq!(parts.iter().map(|(text, _)| *text).collect::<String>(), line);
        let of = |wanted: Token| -> Vec<&str> {
            parts.iter().filter(|(_, token)| *token == wanted).map(|(text, _)| *text).collect()
        };
        assert_eq!(of(Token::Keyword), ["def", "return"]);
        assert_eq!((of(Token::Name), of(Token::Number)), (vec!["f"], vec!["1e-5", "2"]));
        assert_eq!((of(Token::Text), of(Token::Comment)), (vec!["\"a\\\"b\""], vec!["# ü"]));
        assert_eq!(split("\"\"\"A whole \"line\".\"\"\"").len(), 1);
        assert_eq!(split("\"open").len(), 1);
        let lines = ["\"\"\"One", "two", "\"\"\"", "x = 1", "\"\"\"Whole.\"\"\"", "y"];
        assert_eq!(inside_strings(lines.into_iter()), [false, true, true, false, false, false]);
    }
}
