//! What the numbers of YOLO's classes are called: data.yaml, obj.names or classes.txt. Of YAML no more is read than
//! such a file needs.

use std::collections::HashMap;
use std::path::PathBuf;

use super::MAX_CLASSES;
use super::files::{Files, read_text, stem};
use crate::data::pictures::folder;

const MAX_FILE: u64 = 1 << 20;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    /// Empty where nothing says them.
    pub names: HashMap<usize, String>,
    /// Folders or lists of pictures for training, validation and testing.
    pub parts: [Vec<String>; 3],
    /// Lines have the places of joints behind their boxes.
    pub has_points: bool,
}

pub(super) fn find(files: &Files) -> Settings {
    // The outermost of each kind.
    let outermost = |endings: &[&str], is_one: &dyn Fn(&str) -> bool| {
        let mut all: Vec<PathBuf> = files.with_ending(endings).filter(|path| is_one(&stem(path))).cloned().collect();
        all.sort_by_key(|path| path.components().count());
        all
    };
    let mut settings = Settings::default();
    for path in outermost(&["yaml", "yml"], &|_| true) {
        let read = read_text(&path, MAX_FILE).ok().and_then(|text| yaml(&text));
        if let Some(read) = read {
            settings = read;
            break;
        }
    }
    if settings.names.is_empty() {
        let lists = outermost(&["names"], &|_| true)
            .into_iter()
            .chain(outermost(&["txt"], &|stem| ["classes", "predefined_classes", "obj", "names"].contains(&stem)));
        for path in lists.chain(files.others.iter().filter(|path| folder::name(path) == "_darknet.labels").cloned()) {
            let text = read_text(&path, MAX_FILE).unwrap_or_default();
            let names = text.trim_end().lines().map(|line| line.trim().to_owned()).enumerate().take(MAX_CLASSES);
            settings.names = names.filter(|(_, name)| !name.is_empty()).collect();
            if !settings.names.is_empty() {
                break;
            }
        }
    }
    settings
}

/// `None` for a file without names.
fn yaml(text: &str) -> Option<Settings> {
    let mut settings = Settings::default();
    let mut lines = text.lines().map(without_comment).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with([' ', '\t', '-', '#']) {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let mut value = value.trim().to_owned();
        let closes = match value.chars().next() {
            Some('[') => Some(']'),
            Some('{') => Some('}'),
            _ => None,
        };
        while let Some(closes) = closes
            && !value.ends_with(closes)
        {
            let Some(line) = lines.next() else { break };
            value.push(' ');
            value.push_str(line.trim());
        }
        let mut entries: Vec<(Option<String>, String)> = Vec::new();
        if let Some(closes) = closes {
            let inner = value[1..].strip_suffix(closes).unwrap_or(&value[1..]);
            entries.extend(pieces(inner).into_iter().map(|piece| entry(&piece, value.starts_with('{'))));
        } else if value.is_empty() {
            while let Some(line) = lines.next_if(|line| line.trim().is_empty() || line.starts_with([' ', '\t', '-'])) {
                let line = line.trim();
                match line.strip_prefix('-') {
                    Some(item) => entries.push((None, unquoted(item.trim()))),
                    None if !line.is_empty() => entries.push(entry(line, true)),
                    None => {}
                }
            }
        } else {
            entries.push((None, unquoted(&value)));
        }
        match key.trim().trim_matches(['"', '\'']) {
            "names" => {
                let number = |(at, (key, name)): (usize, (Option<String>, String))| {
                    let number = key.map_or(Some(at), |key| key.parse().ok())?;
                    (number < MAX_CLASSES && !name.is_empty()).then_some((number, name))
                };
                settings.names = entries.into_iter().enumerate().filter_map(number).collect();
            }
            "kpt_shape" => settings.has_points = true,
            key => {
                if let Some(part) = ["train", "val", "test"].iter().position(|part| *part == key) {
                    settings.parts[part] = entries.into_iter().map(|(_, place)| place).collect();
                }
            }
        }
    }
    (!settings.names.is_empty()).then_some(settings)
}

fn without_comment(line: &str) -> &str {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(letter),
            (None, '#') if before.is_whitespace() => return &line[..at],
            _ => {}
        }
        before = letter;
    }
    line.trim_end()
}

/// Parted by commas outside of quotes.
fn pieces(text: &str) -> Vec<String> {
    let (mut all, mut piece, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match (quote, letter) {
            (None, ',') => all.push(std::mem::take(&mut piece)),
            (None, '"' | '\'') if piece.trim().is_empty() || piece.ends_with([' ', ':']) => {
                quote = Some(letter);
                piece.push(letter);
            }
            (Some(open), _) if open == letter => {
                quote = None;
                piece.push(letter);
            }
            _ => piece.push(letter),
        }
    }
    all.push(piece);
    let all: Vec<String> = all.into_iter().map(|piece| piece.trim().to_owned()).collect();
    all.into_iter().filter(|piece| !piece.is_empty()).collect()
}

fn entry(text: &str, has_key: bool) -> (Option<String>, String) {
    match text.split_once(':').filter(|_| has_key) {
        Some((key, value)) => (Some(unquoted(key.trim())), unquoted(value.trim())),
        None => (None, unquoted(text)),
    }
}

fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_however_yaml_writes_them() {
        let names = |text: &str| -> Vec<(usize, String)> {
            let mut names: Vec<_> = yaml(text).unwrap_or_default().names.into_iter().collect();
            names.sort_unstable();
            names
        };
        let right = [(0, "red cell".to_owned()), (1, "it's, white".to_owned())];
        for text in [
            "# a comment\ntrain: images/train\nnc: 2\nnames: ['red cell', \"it's, white\"]",
            "names: [\n  red cell,   # first\n  \"it's, white\"\n]\nnc: 2",
            "names:\n- red cell\n- it's, white\n",
            "names:\n  0: red cell\n  1: \"it's, white\"\n\nval: x",
            "names: {0: red cell, 1: \"it's, white\"}",
        ] {
            assert_eq!(names(text), right, "{text}");
        }
        assert_eq!(names("names:\n  3: a\n  7: b"), [(3, "a".to_owned()), (7, "b".to_owned())]);
        assert_eq!(yaml("version: 2\nsteps:\n  - run: x"), None);
        for text in ["names: [", "names: {", "names: ]", "names: [']", "names: {:}", "names:", ":", "names: '"] {
            yaml(text);
        }
    }

    #[test]
    fn parts_and_points_are_read() {
        let read = yaml("train: ../train/images\nval: [a, b] # two\nkpt_shape: [17, 3]\nnames: [x]").unwrap();
        assert_eq!(read.parts, [vec!["../train/images".to_owned()], vec!["a".into(), "b".into()], vec![]]);
        assert!(read.has_points);
    }
}
