//! The rules of the house that no lint can see, read off the source text: who may import whom, where colours stand, how
//! long things get. (The lints are in Cargo.toml and clippy.toml.)
//!
//! Each rule is a function with tests of its own over small strings (so that it is known to be able to fail), and one
//! test here that holds the whole tree against it. No parser and no crate besides the standard library.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod devices;
mod floors;
mod ops;
mod rules;
mod source;
mod state;
mod strings;
mod tree;

use std::path::{Path, PathBuf};

use source::Source;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn src() -> Vec<Source> {
    let sources = Source::all(&root(), "src");
    assert!(sources.len() > 5, "no sources found under {}", root().display());
    sources
}

/// `src/`, `tests/` and `examples/`.
fn everything() -> Vec<Source> {
    ["src", "tests", "examples"].iter().flat_map(|folder| Source::all(&root(), folder)).collect()
}

#[track_caller]
fn holds(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{rule}\n  {}\n", findings.join("\n  "));
}

fn check(rule: &str, sources: &[Source], find: impl Fn(&Source) -> Vec<String>) {
    holds(rule, sources.iter().flat_map(find).collect());
}

#[test]
fn a_module_imports_only_from_lower_floors() {
    check("A module imports only from lower floors:", &src(), floors::imports);
}

#[test]
fn the_map_in_lib_rs_names_every_module() {
    let lib = src().into_iter().find(|s| s.path == "src/lib.rs").expect("src/lib.rs");
    let words: Vec<&str> = source::words(&lib.production).map(|(_, word)| word).collect();
    let named: Vec<&str> = words.windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1]).collect();
    let mut findings: Vec<String> = named
        .iter()
        .filter(|name| floors::floor(name).is_none())
        .map(|name| format!("src/lib.rs: module `{name}` has no floor in tests/house_rules/floors.rs"))
        .collect();
    for (module, _) in floors::FLOORS {
        let exists = root().join("src").join(module).exists() || root().join(format!("src/{module}.rs")).exists();
        if exists && !named.contains(module) {
            findings.push(format!("src/{module} is not in the map of src/lib.rs"));
        }
    }
    holds("lib.rs is the map of the house:", findings);
}

#[test]
fn only_the_engine_names_candle_and_only_the_gui_names_egui() {
    check("A crate with one owner is named elsewhere:", &src(), floors::owned_crates);
}

#[test]
fn only_apply_and_poll_write_the_state() {
    check("Something else writes the state:", &src(), state::written_by_others);
    check("A state that never came about:", &src(), state::posed);
}

#[test]
fn comments_are_narrow() {
    check("A comment is too wide:", &everything(), rules::comment_width);
}

#[test]
fn files_are_short() {
    check("A file is too long:", &src(), rules::file_length);
}

#[test]
fn functions_are_short() {
    let lengths = rules::function_lengths(&src());
    let shown: Vec<String> = lengths.iter().take(5).map(|(lines, at)| format!("{lines} lines: {at}")).collect();
    println!("the longest functions:\n  {}", shown.join("\n  "));
    let long = lengths.iter().filter(|(lines, _)| *lines > rules::MAX_FUNCTION_LINES);
    let findings = long.map(|(lines, at)| format!("{at}: {lines} lines")).collect();
    holds(&format!("A function is longer than {} lines:", rules::MAX_FUNCTION_LINES), findings);
}

#[test]
fn every_file_opens_with_what_it_owns() {
    check("A file does not say what it is:", &everything(), rules::opens_with_a_word_about_itself);
}

#[test]
fn colours_are_written_in_the_theme_only() {
    check("A colour is written outside gui/theme.rs:", &src(), rules::colours_outside_the_theme);
}

#[test]
fn lists_open_at_their_top() {
    check("A list opens scrolled:", &src(), rules::lists_that_open_scrolled);
}

#[test]
fn nothing_hangs_on_spelling() {
    check("A decision hangs on spelling:", &src(), rules::decided_by_spelling);
}

#[test]
fn names_say_something() {
    check("A name says nothing:", &src(), rules::empty_names);
}

#[test]
fn every_op_is_checked_against_finite_differences_and_pytorch() {
    let fixtures: Vec<String> = tree::files(&root().join("tests/fixtures"))
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".json").map(str::to_owned))
        .collect();
    check("An op lacks its proofs:", &src(), |source| ops::recorded_and_tested(source, &fixtures));
}

#[test]
fn the_definition_of_an_op_computes_on_its_device() {
    check("A definition that is not the same on every device:", &src(), devices::in_definitions);
}

#[test]
fn what_people_read_is_idiomatic() {
    let sources = src();
    let mut list = String::new();
    for source in &sources {
        for text in strings::texts(source) {
            list.push_str(&format!("{}\n", source.at(text.at, &text.text)));
        }
    }
    println!("{list}");
    check("A wording that was mended once:", &sources, strings::unidiomatic);
}

#[test]
fn no_machine_paths_in_the_tree() {
    let is_text = |path: &Path| {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let endings = ["rs", "md", "toml", "py", "sh", "json", "html", "css", "csv", "yml", "yaml", "txt"];
        let known = path.extension().is_some_and(|e| endings.contains(&e.to_string_lossy().as_ref()));
        known || (path.extension().is_none() && !name.starts_with("LICENSE"))
    };
    let mut findings = Vec::new();
    for path in tree::files(&root()).iter().filter(|path| is_text(path)) {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        findings.extend(rules::machine_paths(&tree::relative(&root(), path), &text));
    }
    holds("A path of somebody's machine:", findings);
}
