//! One Rust source file as the rules see it: comments and the insides of strings blanked, tests told from the rest.
//!
//! Every form keeps the byte offsets of the original, so that an offset gives a line number in any of them. This is no
//! Rust parser: it knows strings, comments, attributes and brackets, which is all that the rules ask.

use std::ops::Range;
use std::path::Path;

/// A file under `src/`.
pub struct Source {
    /// From the package root, with `/`: "src/model/graph.rs".
    pub path: String,
    /// Comments and the insides of strings and character literals blanked.
    pub code: String,
    /// `code` without what stands under `#[cfg(test)]`; all blank in a file that is a test module as a whole.
    pub production: String,
    pub text: String,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank_comments_and_strings(text);
        let mut production = code.clone();
        for range in test_items(&code) {
            production = blank(&production, range);
        }
        Self { path: path.into(), code, production, text: text.into() }
    }

    /// Reads every `.rs` file under `folder`, and blanks `production` of those that are test modules of others.
    pub fn all(root: &Path, folder: &str) -> Vec<Self> {
        let mut sources: Vec<Self> = super::tree::files(&root.join(folder))
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "rs"))
            .map(|path| {
                let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                Self::new(&super::tree::relative(root, path), &text)
            })
            .collect();
        let test_files: Vec<String> = sources.iter().flat_map(Self::test_files).collect();
        for source in &mut sources {
            let folder = format!("{}/", source.path.trim_end_matches(".rs").trim_end_matches("/mod"));
            let is_test = |file: &String| {
                *file == source.path || folder.starts_with(&format!("{}/", file.trim_end_matches(".rs")))
            };
            if test_files.iter().any(is_test) {
                source.production = blank(&source.production, 0..source.production.len());
            }
        }
        sources
    }

    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset].iter().filter(|b| **b == b'\n').count()
    }

    /// "src/model/graph.rs:12: MESSAGE"
    pub fn at(&self, offset: usize, message: impl std::fmt::Display) -> String {
        format!("{}:{}: {message}", self.path, self.line(offset))
    }

    /// Lines that are not under `#[cfg(test)]`, comments included.
    pub fn production_lines(&self) -> usize {
        if self.production.trim().is_empty() {
            return 0;
        }
        let in_tests: usize = test_items(&self.code).iter().map(|range| self.code[range.clone()].lines().count()).sum();
        self.text.lines().count() - in_tests
    }

    /// Names of the modules that this file is, outermost first: `src/engine/ops/linear.rs` is `engine`, `ops`,
    /// `linear`.
    pub fn module(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let mut parts: Vec<&str> = inside.split('/').collect();
        if matches!(parts.last(), Some(&("mod" | "lib" | "main"))) {
            parts.pop();
        }
        parts
    }

    /// The files of modules declared as `#[cfg(test)] mod name;` here.
    fn test_files(&self) -> Vec<String> {
        let mut found = Vec::new();
        for range in test_items(&self.code) {
            let item = &self.code[range.clone()];
            let Some((at, name)) = words(item).skip_while(|(_, word)| *word != "mod").nth(1) else { continue };
            if !item[at + name.len()..].trim_start().starts_with(';') {
                continue;
            }
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let original = &self.text[range];
            if let Some(path) = original.split("#[path = \"").nth(1).and_then(|rest| rest.split('"').next()) {
                found.push(format!("{folder}/{path}"));
            } else {
                let is_folder_file = matches!(self.path.rsplit('/').next(), Some("mod.rs" | "lib.rs" | "main.rs"));
                let folder = if is_folder_file { folder } else { self.path.trim_end_matches(".rs") };
                found.push(format!("{folder}/{name}.rs"));
                found.push(format!("{folder}/{name}/mod.rs"));
            }
        }
        found
    }
}

/// Identifiers and keywords with their offsets.
pub fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = code.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() && !is_word(bytes[at]) {
            at += 1;
        }
        let start = at;
        while at < bytes.len() && is_word(bytes[at]) {
            at += 1;
        }
        (start < at).then(|| (start, &code[start..at]))
    })
}

/// The word that ends right before `offset`, if one does.
pub fn word_before(code: &str, offset: usize) -> &str {
    let before = &code[..offset];
    let start = before.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
    &before[start..]
}

/// From the bracket at `open` to the one that closes it, both included.
pub fn bracketed(code: &str, open: usize) -> Range<usize> {
    let mut depth = 0usize;
    for (i, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return open..i + 1;
                }
            }
            _ => {}
        }
    }
    open..code.len()
}

/// Where an item that starts at `start` ends: at its `;`, or at the end of its body.
fn item_end(code: &str, start: usize) -> usize {
    let bytes = code.as_bytes();
    let mut i = start;
    while i < bytes.len() {
        match bytes[i] {
            b';' => return i + 1,
            b'{' => return bracketed(code, i).end,
            b'(' | b'[' => i = bracketed(code, i).end,
            _ => i += 1,
        }
    }
    code.len()
}

/// The body of every function: where `fn` stands, its name, and the range from `fn` to the closing brace.
pub fn functions(code: &str) -> Vec<(usize, &str, Range<usize>)> {
    let mut found = Vec::new();
    let mut words = words(code).peekable();
    while let Some((at, word)) = words.next() {
        if word != "fn" {
            continue;
        }
        let Some((name_at, name)) = words.peek().copied() else { break };
        // `fn(f32) -> f32` is a type, without a name right after the keyword.
        if !code[at + 2..name_at].trim().is_empty() {
            continue;
        }
        let end = item_end(code, at);
        if code[..end].ends_with('}') {
            found.push((at, name, at..end));
        }
    }
    found
}

/// Everything under `#[cfg(test)]` (or `cfg(all(test, ...))`), attribute included.
fn test_items(code: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (start, _) in code.match_indices("#[cfg(") {
        if found.last().is_some_and(|last| last.contains(&start)) {
            continue;
        }
        let attribute = bracketed(code, start + 1);
        let condition = &code[start + "#[cfg(".len()..attribute.end - 1];
        if !(condition.starts_with("test)") || condition.starts_with("all(test")) {
            continue;
        }
        let mut next = attribute.end;
        loop {
            next += code[next..].len() - code[next..].trim_start().len();
            if !code[next..].starts_with("#[") {
                break;
            }
            next = bracketed(code, next + 1).end;
        }
        found.push(start..item_end(code, next));
    }
    found
}

fn blank(text: &str, range: Range<usize>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for byte in &mut bytes[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    // Ranges end where an ASCII bracket or quote stands, so no character was cut in two.
    String::from_utf8_lossy(&bytes).into_owned()
}

fn blank_comments_and_strings(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut ranges = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let end = match bytes[i] {
            b'/' if text[i..].starts_with("//") => text[i..].find('\n').map_or(text.len(), |n| i + n),
            b'/' if text[i..].starts_with("/*") => block_comment_end(bytes, i),
            b'"' => {
                let (inside, end) = string(text, i);
                ranges.push(inside);
                i = end;
                continue;
            }
            b'\'' => match character_end(text, i) {
                Some(end) => {
                    ranges.push(i + 1..end - 1);
                    i = end;
                    continue;
                }
                None => {
                    i += 1;
                    continue;
                }
            },
            _ => {
                i += 1;
                continue;
            }
        };
        ranges.push(i..end);
        i = end;
    }
    ranges.into_iter().fold(text.to_string(), |text, range| blank(&text, range))
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i + 1 < bytes.len() {
        match &bytes[i..i + 2] {
            b"/*" => (depth, i) = (depth + 1, i + 2),
            b"*/" => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    bytes.len()
}

/// The inside of the string whose opening quote is at `quote`, and where it ends.
fn string(text: &str, quote: usize) -> (Range<usize>, usize) {
    let before = &text[..quote];
    let hashes = before.len() - before.trim_end_matches('#').len();
    let is_raw = matches!(word_before(text, quote - hashes), "r" | "br" | "cr");
    if is_raw {
        let close = format!("\"{}", "#".repeat(hashes));
        let inside = text[quote + 1..].find(&close).map_or(text.len(), |n| quote + 1 + n);
        return (quote + 1..inside, (inside + close.len()).min(text.len()));
    }
    let bytes = text.as_bytes();
    let mut i = quote + 1;
    while i < bytes.len() && bytes[i] != b'"' {
        i += if bytes[i] == b'\\' { 2 } else { 1 };
    }
    let inside = i.min(bytes.len());
    (quote + 1..inside, (inside + 1).min(bytes.len()))
}

/// Where the character literal at `quote` ends; nothing for a lifetime.
fn character_end(text: &str, quote: usize) -> Option<usize> {
    let mut rest = text[quote + 1..].chars();
    let first = rest.next()?;
    if first == '\\' {
        let after = quote + 3;
        return text.get(after..)?.find('\'').map(|n| after + n + 1);
    }
    (rest.next()? == '\'').then(|| quote + 2 + first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_blanked_and_lifetimes_are_not() {
        let code = blank_comments_and_strings(
            "a /* b /* c */ d */ e // f\n\"g\\\"h\" r#\"i\"j\"# 'k' '\\'' b'\"' &'l str \"é\" 'é' m",
        );
        for gone in ["b", "c", "d", "f", "g", "h", "i", "j", "k"] {
            assert!(!words(&code).any(|(_, w)| w == gone && gone != "b"), "{gone} stays in {code:?}");
        }
        let kept: Vec<&str> = words(&code).map(|(_, w)| w).collect();
        assert_eq!(kept, ["a", "e", "r", "b", "l", "str", "m"]);
    }

    #[test]
    fn test_code_is_told_from_the_rest_and_lines_stay() {
        let source = Source::new(
            "src/x.rs",
            "fn a() {}\n#[cfg(test)]\n#[allow(dead_code)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nuse d;\n",
        );
        let names: Vec<&str> = functions(&source.production).iter().map(|f| f.1).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(source.line(source.production.find("fn c").unwrap()), 7);
        assert_eq!(source.production_lines(), 2);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_named() {
        let folder = Source::new("src/a/mod.rs", "#[cfg(test)]\nmod tests;\n");
        assert!(folder.test_files().contains(&"src/a/tests.rs".to_string()));
        let file = Source::new("src/a/b.rs", "#[cfg(test)]\nmod tests;\n");
        assert!(file.test_files().contains(&"src/a/b/tests.rs".to_string()));
        let named = Source::new("src/a/b.rs", "#[cfg(test)]\n#[path = \"b_tests.rs\"]\nmod tests;\n");
        assert_eq!(named.test_files(), ["src/a/b_tests.rs"]);
        let inline = Source::new("src/a/b.rs", "#[cfg(test)]\nmod tests { }\n");
        assert!(inline.test_files().is_empty());
    }

    #[test]
    fn functions_are_found_with_their_bodies() {
        let code = "trait T { fn no_body(&self); fn f(&self) -> [u8; 3] { g(|x: fn(u8)| { x }) } }";
        let found: Vec<(&str, &str)> =
            functions(code).into_iter().map(|(_, name, range)| (name, &code[range])).collect();
        assert_eq!(found, [("f", "fn f(&self) -> [u8; 3] { g(|x: fn(u8)| { x }) }")]);
    }
}
