//! What the documents say about files is held against the program: their examples open, and no word is missing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glassbox::engine::{Mode, compile};
use glassbox::expr::{BinaryOperator, Function};
use glassbox::model::{
    DataSignature, Feature, LayerKind, Optimiser, ParamKind, Schedule, Shape, SyntheticKind, Task, TrainingSpec,
    templates,
};
use glassbox::persist::project_file;
use serde_json::Value;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    text.split(&open).skip(1).filter_map(|rest| rest.split("\n```").next()).collect()
}

/// Words that serde writes for a value: of an object its keys and its `type`, else the word itself.
fn words(value: &impl serde::Serialize) -> Vec<String> {
    match serde_json::to_value(value).unwrap() {
        Value::String(word) => vec![word],
        Value::Object(fields) => {
            let named = fields.iter().map(|(key, value)| match (key.as_str(), value) {
                ("type", Value::String(word)) => word.clone(),
                _ => key.clone(),
            });
            named.collect()
        }
        other => panic!("neither a word nor an object: {other}"),
    }
}

fn assert_named(document: &str, text: &str, word: &str) {
    assert!(text.contains(&format!("`{word}`")), "{document} does not name `{word}`");
}

#[test]
fn the_example_project_opens_and_keeps_what_it_says() {
    let text = read("docs/project-file.md");
    let examples = blocks(&text, "json");
    assert!(!examples.is_empty());
    for example in examples {
        let project = project_file::from_text(example, Path::new("docs/project-file.md")).unwrap();
        assert_eq!(project.graph.len(), 4);
        assert_eq!((project.training.epochs, project.training.learning_rate), (60, 0.03));
        let again = project_file::from_text(&project_file::to_text(&project).unwrap(), Path::new("again")).unwrap();
        assert_eq!(again, project);
    }
}

#[test]
fn every_layer_and_parameter_of_a_project_file_is_described() {
    let document = "docs/project-file.md";
    let text = read(document);
    for kind in LayerKind::all() {
        let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.key())));
        let row = row.unwrap_or_else(|| panic!("{document} has no row for the layer `{}`", kind.key()));
        for spec in kind.spec().param_specs() {
            assert_named(&format!("{document}, row `{}`,", kind.key()), row, spec.key);
            if let ParamKind::Choice(options) = spec.kind {
                options.iter().for_each(|(word, _)| assert_named(document, &text, word));
            }
        }
    }
}

fn assert_row(document: &str, text: &str, word: &str) {
    let row = format!("| `{word}` | ");
    assert!(text.lines().any(|line| line.starts_with(&row)), "{document} has no row for `{word}`");
}

#[test]
fn every_operator_and_call_in_json_is_described() {
    let document = "docs/debugger.md";
    let text = read(document);
    BinaryOperator::ALL.iter().for_each(|operator| assert_row(document, &text, operator.symbol()));
    Function::ALL.iter().for_each(|function| assert_row(document, &text, function.name()));
}

/// The names that an op's source gives to its instructions.
fn names_of_instructions(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let bodies =
        source.split("fn name(&self) -> &'static str {").skip(1).filter_map(|rest| rest.split("\n    }").next());
    let constants = ["const NAME: ", "const GRADIENT_NAME: ", "const GRADIENT_NAMES: "];
    let values = constants.into_iter().flat_map(|constant| {
        source
            .split(constant)
            .skip(1)
            .filter_map(|rest| rest.split(';').take(2).find(|part| part.contains('=') && !part.contains("const ")))
    });
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    bodies.chain(values).flat_map(quoted).collect()
}

#[test]
fn every_instruction_is_described() {
    let document = "docs/instructions.md";
    let text = read(document);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/engine/ops");
    let files = |folder: PathBuf| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let families = files(folder.clone()).filter(|path| path.is_dir());
    let mut known = BTreeSet::new();
    for path in families.flat_map(files).chain(files(folder.clone())) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // These only check others.
        let checks =
            ["check.rs", "explain_check.rs", "test_device.rs"].contains(&&*name) || name.ends_with("_tests.rs");
        if checks || !name.ends_with(".rs") {
            continue;
        }
        for instruction in names_of_instructions(&std::fs::read_to_string(&path).unwrap()) {
            assert_row(document, &text, &instruction);
            known.insert(instruction);
        }
    }
    assert!(known.len() > 150, "only {} names were found: the source writes them in another way now", known.len());
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned);
    assert_eq!(rows.collect::<BTreeSet<_>>(), known, "{document} has a row of no op");
}

#[test]
fn every_setting_of_a_project_file_is_described() {
    let document = "docs/project-file.md";
    let text = read(document);
    let mut all = words(&TrainingSpec::default());
    all.extend(SyntheticKind::ALL.iter().flat_map(words));
    all.extend(Feature::ALL.iter().flat_map(words));
    all.extend(Optimiser::all().iter().flat_map(words));
    all.extend(Schedule::all().iter().flat_map(words));
    all.iter().for_each(|word| assert_named(document, &text, word));
}

#[test]
fn an_unknown_field_is_an_error_wherever_it_stands() {
    let text = read("docs/project-file.md");
    let example = blocks(&text, "json")[0];
    let points = r#"{ "type": "synthetic", "kind": "xor", "samples": 300 }"#;
    let replaced = [
        (r#""name": "XOR"#, r#""nam": 1, "name": "XOR"#),
        (r#""units": 8"#, r#""units": 8, "uints": 9"#),
        (r#""kind": "input""#, r#""kind": "input", "widht": 9"#),
        (r#""wires": ["#, r#""wirse": 1, "wires": ["#),
        (r#""from": 1"#, r#""from": 1, "form": 2"#),
        (r#""data": {"#, r#""data": { "sed": 3,"#),
        (r#""samples": 300"#, r#""samples": 300, "nose": 0.1"#),
        (points, r#"{ "type": "csv", "path": "a.csv", "target": "b", "tagret": "c" }"#),
        (points, r#"{ "type": "idx", "folder": "a", "limt": 3 }"#),
        (r#""epochs": 60"#, r#""epochs": 60, "epoch": 60"#),
    ];
    for (right, wrong) in replaced {
        let mangled = example.replacen(right, wrong, 1);
        assert_ne!(mangled, example, "{right} is not in the example");
        assert!(project_file::from_text(&mangled, Path::new("p")).is_err(), "accepted: {wrong}");
    }
}

#[test]
fn the_program_shown_to_newcomers_is_the_one_that_runs() {
    let text = read("docs/architecture.md");
    let xor = templates::build("xor").unwrap();
    let signature = DataSignature { weighted: false, names: Vec::new(), input: Shape::row(2), task: Task::Classes(2) };
    let listing = compile(&xor.graph, &signature, &xor.training, Mode::Train).unwrap().listing();
    let shown: Vec<&str> = blocks(&text, "text")[0].lines().collect();
    assert!(shown.len() > 10);
    for (shown, real) in shown.iter().zip(listing.lines()) {
        let (start, is_cut) = shown.strip_suffix("...").map_or((*shown, false), |start| (start, true));
        assert!(if is_cut { real.starts_with(start) } else { real == start }, "shown: {shown}\nreal:  {real}");
    }
}

#[test]
fn what_the_semantics_say_is_recorded() {
    let document = "docs/semantics.md";
    let text = read(document);
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let names: Vec<&str> = rows.filter_map(|row| row.rsplit(" | ").next()).collect();
    assert!(names.len() > 15);
    for name in names.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}.json"));
        assert!(path.exists(), "{document} says that `{name}` holds a row, but {} is not there", path.display());
    }
}
