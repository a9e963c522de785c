//! Which module stands on which floor, and what may be imported from where.

use super::source::{Source, bracketed, word_before, words};

/// A module imports only from lower floors. A new module of `src/` gets its line here and in `lib.rs`.
pub const FLOORS: &[(&str, u8)] = &[
    ("expr", 0),
    ("model", 1),
    ("files", 1),
    ("data", 2),
    ("trace", 2),
    ("engine", 3),
    ("persist", 4),
    ("trainer", 4),
    ("interop", 4),
    ("diagnosis", 4),
    ("lesson", 4),
    ("session", 5),
    ("gui", 6),
    ("cli", 6),
];

/// Crates that one module alone may name.
const OWNERS: &[(&str, &str)] = &[("engine", "candle"), ("gui", "egui"), ("gui", "eframe"), ("gui", "rfd")];

/// Tests count too: a test that needs a higher floor crosses modules and belongs in `tests/`.
pub fn imports(source: &Source) -> Vec<String> {
    let module = source.module();
    let Some(&from) = module.first() else { return Vec::new() };
    let Some(floor) = floor(from) else {
        return vec![format!(
            "{}: module `{from}` has no floor: give it one in tests/house_rules/floors.rs",
            source.path
        )];
    };
    let mut found = Vec::new();
    for (at, to) in crate_paths(source) {
        match self::floor(&to) {
            _ if to == from => {}
            Some(other) if other < floor => {}
            Some(other) => {
                let way = if other == floor { "sideways" } else { "upwards" };
                found.push(source.at(at, format_args!("{from} (floor {floor}) reaches {way} to {to} (floor {other})")));
            }
            None => found.push(source.at(at, format_args!("`crate::{to}` is no module with a floor"))),
        }
    }
    found
}

pub fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// candle in the engine only, egui in the gui only.
pub fn owned_crates(source: &Source) -> Vec<String> {
    let module = source.module();
    let mut found = Vec::new();
    for (at, word) in words(&source.code) {
        let Some((owner, name)) =
            OWNERS.iter().find(|(_, name)| word == *name || word.starts_with(&format!("{name}_")))
        else {
            continue;
        };
        // A local name such as `egui_id` is no crate; a path or a `use` is.
        let (before, after) = (source.code[..at].trim_end(), source.code[at + word.len()..].trim_start());
        let is_crate = after.starts_with("::") || word_before(before, before.len()) == "use";
        if is_crate && module.first() != Some(owner) {
            found.push(source.at(at, format_args!("only `{owner}` names {name}")));
        }
    }
    found
}

/// First segments after `crate::`, also inside `crate::{...}` and where a chain of `super::` reaches the root.
fn crate_paths(source: &Source) -> Vec<(usize, String)> {
    let code = &source.code;
    let mut found = Vec::new();
    let mut after_super = 0;
    for (at, word) in words(code) {
        if at < after_super {
            continue;
        }
        match word {
            "crate" => first_segments(code, at + word.len(), &mut found),
            "super" => {
                let (supers, end) = super_chain(code, at);
                after_super = end;
                if supers >= source.module().len() + inline_depth(code, at) {
                    let mut reached = Vec::new();
                    first_segments(code, end, &mut reached);
                    // A test module named by `#[path]` lies deeper than its file says, so only names of modules count.
                    found.extend(reached.into_iter().filter(|(_, name)| floor(name).is_some()));
                }
            }
            _ => {}
        }
    }
    found
}

/// How many `super` stand in a row from `at`, and where the last one ends.
fn super_chain(code: &str, at: usize) -> (usize, usize) {
    let (mut count, mut end) = (1, at + "super".len());
    while let Some(rest) = code[end..].strip_prefix("::super") {
        if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            break;
        }
        count += 1;
        end += "::super".len();
    }
    (count, end)
}

/// Inline `mod name { }` blocks around `at`.
fn inline_depth(code: &str, at: usize) -> usize {
    let mut words = words(code).take_while(|(start, _)| *start < at);
    let mut depth = 0;
    while let Some((_, word)) = words.next() {
        if word != "mod" {
            continue;
        }
        let Some((name_at, name)) = words.next() else { break };
        let after = name_at + name.len();
        let open = after + code[after..].len() - code[after..].trim_start().len();
        if code[open..].starts_with('{') && bracketed(code, open).contains(&at) {
            depth += 1;
        }
    }
    depth
}

fn first_segments(code: &str, at: usize, found: &mut Vec<(usize, String)>) {
    let Some(rest) = code[at..].trim_start().strip_prefix("::") else { return };
    let start = code.len() - rest.trim_start().len();
    if !code[start..].starts_with('{') {
        found.extend(words(&code[start..]).next().map(|(_, word)| (start, word.to_string())));
        return;
    }
    let group = bracketed(code, start);
    let (mut depth, mut expects) = (0, true);
    for i in group {
        match code.as_bytes()[i] {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 1 => expects = true,
            b if expects && depth == 1 && b.is_ascii_alphabetic() => {
                found.extend(words(&code[i..]).next().map(|(_, word)| (i, word.to_string())));
                expects = false;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        imports(&Source::new(path, text)).len()
    }

    #[test]
    fn downward_is_fine_and_up_or_sideways_is_not() {
        assert_eq!(count("src/engine/op.rs", "use crate::model::Graph;\nuse crate::engine::Op;"), 0);
        assert_eq!(count("src/model/graph.rs", "use crate::engine::Machine;"), 1);
        assert_eq!(count("src/data/csv.rs", "fn f() -> crate::trace::Series { todo() }"), 1);
        assert_eq!(
            count("src/model/graph.rs", "// use crate::engine::Machine;\nconst A: &str = \"crate::gui::x\";"),
            0
        );
        assert_eq!(count("src/model/graph.rs", "pub(crate) fn f() {}"), 0);
        let message = imports(&Source::new("src/model/graph.rs", "\n\nuse crate::gui::App;")).remove(0);
        assert_eq!(message, "src/model/graph.rs:3: model (floor 1) reaches upwards to gui (floor 6)");
    }

    #[test]
    fn groups_and_tests_count() {
        assert_eq!(count("src/model/a.rs", "use crate::{expr::{self, parse}, engine::{Op, gui}, cli};"), 2);
        assert_eq!(count("src/model/a.rs", "#[cfg(test)] mod tests { use crate::data::load; }"), 1);
    }

    #[test]
    fn a_chain_of_super_to_the_root_counts() {
        assert_eq!(count("src/model/mod.rs", "use super::gui::App;"), 1);
        assert_eq!(count("src/model/a.rs", "use super::Graph; mod tests { use super::super::Graph; }"), 0);
        assert_eq!(count("src/model/a.rs", "use super::super::gui::App;"), 1);
        assert_eq!(count("src/model/a.rs", "mod tests { use super::super::super::gui::App; }"), 1);
    }

    #[test]
    fn an_unknown_module_needs_a_floor() {
        assert_eq!(count("src/attic/mod.rs", ""), 1);
        assert_eq!(count("src/model/a.rs", "use crate::attic::Box;"), 1);
        assert_eq!(count("src/lib.rs", "pub mod model;"), 0);
    }

    #[test]
    fn crates_have_one_owner() {
        let count = |path: &str, text: &str| owned_crates(&Source::new(path, text)).len();
        assert_eq!(count("src/engine/op.rs", "use candle_core::Tensor;"), 0);
        assert_eq!(count("src/data/mod.rs", "use candle_core::Tensor;"), 1);
        assert_eq!(count("src/session/mod.rs", "fn f(ui: &mut egui::Ui) {}"), 1);
        assert_eq!(count("src/main.rs", "use eframe as shell;"), 1);
        assert_eq!(count("src/session/mod.rs", "let egui_id = 3; // egui::Ui"), 0);
    }
}
