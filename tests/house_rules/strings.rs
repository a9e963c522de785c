//! What people read, off the source: string literals outside tests that are texts, help of the command line, and docs.
//!
//! `cargo test --release --test house_rules -- what_people_read --nocapture` prints the list, a line each, so that
//! wording can be reviewed in one go. It does not know what reaches the screen: a text is told from a name by its form.

use super::source::{Source, bracketed, word_before, words};

/// A text and the offset of its opening quote.
pub struct Text {
    pub at: usize,
    pub text: String,
}

/// Attributes whose strings people read: messages of errors, and what clap prints.
const READ_ATTRIBUTES: [&str; 4] = ["error", "arg", "command", "value"];

/// Calls whose string is a name for the program only.
const NAMING_CALLS: [&str; 24] = [
    "new_id",
    "id_salt",
    "push_id",
    "from_id_salt",
    "with",
    "make_persistent_id",
    "text_style",
    "env",
    "var",
    "var_os",
    "join",
    "strip_prefix",
    "strip_suffix",
    "starts_with",
    "ends_with",
    "trim_start_matches",
    "trim_end_matches",
    "split_once",
    "rsplit_once",
    "cfg",
    "include_str",
    "include_bytes",
    "extension",
    "name_of_thread",
];

/// Every text of a file, in order.
pub fn texts(source: &Source) -> Vec<Text> {
    let attributes = attributes(&source.production);
    let mut found = Vec::new();
    for (open, close) in literals(&source.production) {
        let attribute = attributes.iter().find(|(range, _)| range.contains(&open));
        if attribute.is_some_and(|(_, name)| !READ_ATTRIBUTES.contains(&name.as_str())) {
            continue;
        }
        let raw = source.production[..open].trim_end_matches('#').ends_with('r');
        let written = &source.text[open + 1..close];
        let text = if raw { written.to_owned() } else { unescaped(written) };
        let call = source.production[..open].trim_end().strip_suffix('(').map(|before| before.trim_end_matches('!'));
        let names = call.is_some_and(|before| {
            let call = word_before(before, before.len());
            NAMING_CALLS.contains(&call) || (call == "new" && before.ends_with("Id::new"))
        });
        if !names && is_text(&text) {
            found.push(Text { at: open, text });
        }
    }
    found.extend(help(source));
    found.sort_by_key(|text| text.at);
    found
}

/// Words with a space between them, or a label that begins with a capital: not a name in a file, a key or a format.
fn is_text(text: &str) -> bool {
    let bare = without_placeholders(text);
    let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
    let mut words = bare.split_whitespace().filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1);
    let first = words.next();
    let several = first.is_some() && words.next().is_some();
    let label = bare.trim_start().starts_with(|c: char| c.is_uppercase()) && !bare.contains("::") && letters > 1;
    several || label || (letters > 2 && bare.starts_with(' '))
}

/// `{name:.2}` holds code, not text.
fn without_placeholders(text: &str) -> String {
    let mut depth = 0usize;
    let outside = text.chars().filter(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    });
    outside.collect()
}

/// Opening and closing quote of every string literal.
fn literals(code: &str) -> Vec<(usize, usize)> {
    let quotes: Vec<usize> = code.match_indices('"').map(|(at, _)| at).collect();
    quotes.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Attributes with their names: `#[serde(...)]` is `serde`.
fn attributes(code: &str) -> Vec<(std::ops::Range<usize>, String)> {
    let starts = ["#[", "#!["].into_iter().flat_map(|open| code.match_indices(open).map(|(at, _)| at + open.len() - 1));
    let ranges = starts.map(|at| bracketed(code, at));
    ranges.map(|range| (range.clone(), words(&code[range]).next().map_or(String::new(), |w| w.1.to_owned()))).collect()
}

/// Quotes, line ends and continued lines as people see them.
fn unescaped(written: &str) -> String {
    let mut text = String::new();
    let mut rest = written.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, (c == '\\').then(|| rest.peek().copied()).flatten()) {
            ('\\', Some('\n')) => while rest.next_if(|c| c.is_whitespace()).is_some() {},
            ('\\', Some(escape @ ('n' | 't' | '"' | '\\' | '\''))) => {
                rest.next();
                text.push(match escape {
                    'n' | 't' => ' ',
                    other => other,
                });
            }
            _ => text.push(c),
        }
    }
    text
}

/// Doc comments that clap prints: those inside what derives its traits.
fn help(source: &Source) -> Vec<Text> {
    let mut found = Vec::new();
    for (range, name) in attributes(&source.production) {
        let derived = &source.production[range.clone()];
        let is_clap = ["Parser", "Args", "Subcommand", "ValueEnum"].iter().any(|t| words(derived).any(|w| w.1 == *t));
        if name != "derive" || !is_clap {
            continue;
        }
        let Some(open) = source.production[range.end..].find('{').map(|n| range.end + n) else { continue };
        let mut at = open;
        for line in source.text[bracketed(&source.production, open)].split_inclusive('\n') {
            if let Some(text) = line.trim_start().strip_prefix("/// ") {
                found.push(Text { at, text: text.trim_end().to_owned() });
            }
            at += line.len();
        }
    }
    found
}

/// Wordings that were in the program once and are not idiomatic; parts of a text, in lower case, whole words.
const BANNED: &[&str] = &[
    "a mistake in glassbox",
    "anew",
    "as it stands",
    "at the right end",
    "begins afresh",
    "behind any of these",
    "blame",
    "blamed",
    "bring back",
    "brought back",
    "cannot be asked",
    "cannot be told",
    "could not be carried out",
    "different texts",
    "different values",
    "goes on on",
    "how manieth",
    "how often all",
    "is gone",
    "is no finite number",
    "is no gradient",
    "is no number",
    "is no place",
    "is no table",
    "is no tensor",
    "is no text",
    "is well",
    "is written compare",
    "it says the same",
    "likeliest",
    "mend",
    "mends",
    "nobody",
    "number by number",
    "other than it",
    "put back",
    "puts back",
    "reads like names",
    "row of names",
    "shall be",
    "size of everything",
    "split anew",
    "spread 1",
    "stands alone",
    "stood",
    "stumble",
    "stumbled",
    "that is a number",
    "that stands",
    "take back",
    "taken off",
    "takes back",
    "the surprise",
    "took back",
    "training part",
    "validation part",
    "what arrives",
    "what came after",
    "what comes out",
    "what needs a look",
    "when it changes by 1",
    // American spellings.
    "behavior",
    "color",
    "colors",
    "gray",
    "initialize",
    "initializer",
    "normalization",
    "normalize",
    "normalizes",
    "optimizer",
    "regularization",
    "visualize",
];

/// The banned wordings in a text.
pub fn banned(text: &str) -> Vec<&'static str> {
    let spoken = format!(" {} ", text.to_lowercase().replace(|c: char| !c.is_alphanumeric() && c != '\'', " "));
    BANNED.iter().filter(|phrase| spoken.contains(&format!(" {phrase} "))).copied().collect()
}

/// Rooms whose texts are code of other programs, which spell as they do.
const CODE: [&str; 4] = ["src/interop/pytorch/", "src/interop/keras/", "src/interop/tensorflow/", "src/interop/onnx/"];

/// Texts of a source that hold a banned wording.
pub fn unidiomatic(source: &Source) -> Vec<String> {
    if CODE.iter().any(|room| source.path.starts_with(room)) {
        return Vec::new();
    }
    let texts = texts(source);
    let found = texts.iter().flat_map(|text| banned(&text.text).into_iter().map(move |phrase| (text.at, phrase)));
    found
        .map(|(at, phrase)| source.at(at, format_args!("\u{201c}{phrase}\u{201d}: say it as a native speaker would")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        texts(&Source::new("src/cli/a.rs", text)).into_iter().map(|text| text.text).collect()
    }

    #[test]
    fn texts_are_told_from_names() {
        let code = r#"fn f() { ui.label("Learning rate"); key("adam_m"); id_salt("my list"); format!("{a} of {b}"); g(" steps"); }"#;
        assert_eq!(read(code), ["Learning rate", " steps"]);
    }

    #[test]
    fn continued_lines_and_quotes_are_read_as_shown() {
        assert_eq!(read("const A: &str = \"one \\\n    \\\"two\\\"\";"), ["one \"two\""]);
    }

    #[test]
    fn attributes_count_where_people_read_them() {
        let code = "#[serde(rename = \"Not this\")]\n#[error(\"This one {0}\")]\nstruct A;\n";
        assert_eq!(read(code), ["This one {0}"]);
        let code = "#[derive(Args)]\nstruct A {\n    /// Passes over the data.\n    epochs: usize,\n}\n/// Not this.\nstruct B;";
        assert_eq!(read(code), ["Passes over the data."]);
    }

    #[test]
    fn tests_are_left_out() {
        assert!(read("#[cfg(test)]\nmod tests { const A: &str = \"A text\"; }").is_empty());
    }
}
