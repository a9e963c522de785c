//! One function a rule: a source in, findings out (each with file and line).

use super::source::{Source, functions, words};

pub const MAX_FILE_LINES: usize = 500;
pub const MAX_FUNCTION_LINES: usize = 100;

/// Columns of a comment; code is rustfmt's.
pub const MAX_COMMENT_COLUMNS: usize = 120;

pub fn comment_width(source: &Source) -> Vec<String> {
    let is_wide = |line: &str| line.trim_start().starts_with("//") && line.chars().count() > MAX_COMMENT_COLUMNS;
    let wide = source.text.lines().enumerate().filter(|(_, line)| is_wide(line));
    wide.map(|(i, _)| format!("{}:{}: a comment wider than {MAX_COMMENT_COLUMNS} columns", source.path, i + 1))
        .collect()
}

pub fn file_length(source: &Source) -> Vec<String> {
    let lines = source.production_lines();
    if lines <= MAX_FILE_LINES {
        return Vec::new();
    }
    vec![format!(
        "{}: {lines} lines before tests (at most {MAX_FILE_LINES}): look for the second idea in it",
        source.path
    )]
}

/// Lines, name and place of every function outside tests, longest first.
pub fn function_lengths(sources: &[Source]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for source in sources {
        for (at, name, range) in functions(&source.production) {
            found.push((source.production[range].lines().count(), source.at(at, name)));
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found
}

pub fn opens_with_a_word_about_itself(source: &Source) -> Vec<String> {
    let is_test_module = source.path.starts_with("src/") && source.production.trim().is_empty();
    if source.text.starts_with("//!") || is_test_module {
        return Vec::new();
    }
    vec![format!("{}: opens without `//!`: say what it owns and what it deliberately does not", source.path)]
}

/// Colours are tokens of the theme.
pub fn colours_outside_the_theme(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/gui/theme") {
        return Vec::new();
    }
    let code = &source.production;
    let mut found = Vec::new();
    for (at, word) in words(code) {
        let rest = &code[at + word.len()..];
        let member = rest.strip_prefix("::").and_then(|rest| words(rest).next()).map_or("", |(_, member)| member);
        let is_constant = member.chars().all(|c| c.is_ascii_uppercase() || c == '_') && !member.is_empty();
        let makes_colour = match word {
            // Not a colour but the lack of one: nothing, the caller's, and a picture's own pixels unchanged.
            "Color32" | "Rgba" if matches!(member, "TRANSPARENT" | "PLACEHOLDER" | "WHITE") => false,
            "Color32" => is_constant || member.starts_with("from_"),
            "Rgba" | "Hsva" | "HsvaGamma" => is_constant || member.starts_with("from_") || member == "new",
            "hex_color" => rest.starts_with('!'),
            _ => false,
        };
        if makes_colour {
            found.push(source.at(at, format_args!("`{word}::{member}`: take a token of gui/theme.rs")));
        }
    }
    found
}

/// egui's own list opens as it was left, perhaps scrolled away from its beginning.
pub fn lists_that_open_scrolled(source: &Source) -> Vec<String> {
    if source.path.starts_with("src/gui/widgets/") {
        return Vec::new();
    }
    let made = words(&source.production).filter(|(_, word)| *word == "show_ui");
    made.map(|(at, _)| source.at(at, "`show_ui`: take `combo` of gui/widgets")).collect()
}

/// An op or a layer is asked by a method: a decision that hangs on how one is spelt forgets the next one.
pub fn decided_by_spelling(source: &Source) -> Vec<String> {
    let code = &source.production;
    let mut found = Vec::new();
    for asked in ["op.name()", "kind.key()", "about().title"] {
        for (at, _) in code.match_indices(asked) {
            let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
            let (before, after) = (&code[line..at], code[at + asked.len()..].trim_start());
            let is_compared = ["==", "!=", ","].iter().any(|sign| {
                let rest = after.strip_prefix(sign).map(str::trim_start);
                rest.is_some_and(|rest| rest.starts_with('"')) && (*sign != "," || before.contains("matches!("))
            });
            if is_compared || (after.starts_with('{') && before.contains("match ")) {
                found.push(source.at(at, format_args!("`{asked}`: ask the op or the layer by a method of its own")));
            }
        }
    }
    found
}

/// A module's name says what it holds.
pub fn empty_names(source: &Source) -> Vec<String> {
    let empty = ["utils", "util", "common", "helpers", "helper", "manager", "misc", "stuff"];
    let name = source.module().last().copied().unwrap_or_default();
    let stem = source.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if [name, stem].iter().any(|n| empty.contains(n)) {
        return vec![format!("{}: `{name}` names nothing: what does it hold?", source.path)];
    }
    Vec::new()
}

/// Absolute paths of somebody's machine in any text file.
pub fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for folder in ["work", "farm", "root", "tmp"] {
            let needle = format!("/{folder}");
            for (at, _) in line.match_indices(&needle) {
                let before = line[..at].chars().next_back();
                let after = line[at + needle.len()..].chars().next();
                let starts = !before.is_some_and(|c| c.is_alphanumeric() || "._-/}>)*".contains(c));
                let ends = !after.is_some_and(|c| c.is_alphanumeric() || "_-".contains(c));
                if starts && ends {
                    found.push(format!("{path}:{}: the machine path `{needle}`", number + 1));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("src/model/a.rs", text)
    }

    #[test]
    fn decisions_by_spelling_are_found_and_names_may_be_shown() {
        let count = |text: &str| decided_by_spelling(&source(text)).len();
        assert_eq!(count("fn f() { if i.op.name() == \"relu\" { g() } }"), 1);
        assert_eq!(count("fn f() -> bool { matches!(i.op.name(), \"relu\" | \"tanh\") }"), 1);
        assert_eq!(count("fn f() { match layer.kind.key() { _ => g() } }"), 1);
        assert_eq!(
            count("fn f() { format!(\"{}\", i.op.name()); a.kind.key() == b.kind.key(); g(op.name(), \"x\"); }"),
            0
        );
    }

    #[test]
    fn comments_end_where_code_does() {
        let comment = |columns: usize| format!("    // {}\nlet a = 1;\n", "é".repeat(columns - 7));
        assert_eq!(comment_width(&source(&comment(MAX_COMMENT_COLUMNS))).len(), 0);
        let found = comment_width(&source(&comment(MAX_COMMENT_COLUMNS + 1)));
        assert!(found[0].starts_with("src/model/a.rs:1: "), "{found:?}");
        assert_eq!(comment_width(&source(&format!("let a = \"{}\";", "a".repeat(200)))).len(), 0);
    }

    #[test]
    fn long_files_and_functions_are_measured_without_tests() {
        let long = |n: usize| "let a = 1;\n".repeat(n);
        assert_eq!(file_length(&source(&long(MAX_FILE_LINES))).len(), 0);
        assert_eq!(file_length(&source(&long(MAX_FILE_LINES + 1))).len(), 1);
        let tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", long(600));
        assert_eq!(file_length(&source(&tests)).len(), 0);
        let function = format!("fn long() {{\n{}}}\nfn short() {{}}\n", long(10));
        let lengths = function_lengths(&[source(&function)]);
        assert_eq!(lengths[0], (12, "src/model/a.rs:1: long".to_string()));
        assert_eq!(lengths[1].0, 1);
    }

    #[test]
    fn a_module_says_what_it_is() {
        assert_eq!(opens_with_a_word_about_itself(&source("//! Shapes.\n")).len(), 0);
        assert_eq!(opens_with_a_word_about_itself(&source("// Shapes.\nuse a;\n")).len(), 1);
    }

    #[test]
    fn colours_live_in_the_theme() {
        let text = "let a = Color32::from_rgb(1, 2, 3); let b = egui::Color32::RED; let c = Color32::TRANSPARENT;";
        assert_eq!(colours_outside_the_theme(&Source::new("src/gui/palette.rs", text)).len(), 2);
        assert_eq!(colours_outside_the_theme(&Source::new("src/gui/theme.rs", text)).len(), 0);
        assert_eq!(colours_outside_the_theme(&source("fn f(c: Color32) { c.gamma_multiply(0.5) }")).len(), 0);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(empty_names(&Source::new("src/data/utils.rs", "")).len(), 1);
        assert_eq!(empty_names(&Source::new("src/data/helpers/mod.rs", "")).len(), 1);
        assert_eq!(empty_names(&Source::new("src/data/split.rs", "")).len(), 0);
    }

    #[test]
    fn machine_paths_are_found_and_urls_are_not() {
        let found = |text: &str| machine_paths("a.md", text).len();
        assert_eq!(found(concat!("cd /", "work/main")), 1);
        assert_eq!(found(concat!("let p = \"/", "tmp\";")), 1);
        assert_eq!(found("https://example.org/work/x and src/work/y and ${TMPDIR:-/tmp} /workshop /root-finding"), 0);
    }
}
