//! What could be lost: files that a command must not write over, and lines of a log.

use glassbox::session::{Action, RunStatus, State};

use super::*;

/// A project that learns a table, and what else lies beside it.
fn table(folder: &Path) {
    let rows: String = (0..60)
        .map(|i| format!("{}.5,{},{}\n", (i * 37) % 61, (i * 7) % 13, if i % 2 == 0 { "even" } else { "odd" }))
        .collect();
    std::fs::write(folder.join("d.csv"), format!("a,b,kind\n{rows}")).unwrap();
    json_free(folder, &["new", "table", "--data", "d.csv", "--target", "kind", "-o", "p.glassbox.json"]);
    std::fs::write(folder.join("letter.txt"), "Dear reader").unwrap();
}

fn contents(folder: &Path, names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

#[test]
fn no_command_destroys_what_it_reads_or_what_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder);
    json_free(
        folder,
        &["train", "p.glassbox.json", "--epochs", "1", "--checkpoint", "run.safetensors", "--log", "run.jsonl"],
    );
    std::fs::write(folder.join("commands"), "goto 1").unwrap();
    let names = ["d.csv", "p.glassbox.json", "letter.txt", "run.safetensors", "run.jsonl", "commands"];
    let before = contents(folder, &names);
    let train = |more: &[&'static str]| [&["train", "p.glassbox.json", "--epochs", "1"][..], more].concat();
    let debug = |more: &[&'static str]| [&["debug", "p.glassbox.json"][..], more].concat();
    let new = |more: &[&'static str]| [&["new", "table", "--data", "d.csv"][..], more].concat();
    for (arguments, words) in [
        (train(&["--log", "d.csv"]), "d.csv is the data"),
        (train(&["--log", "d.csv", "--force"]), "d.csv is the data"),
        (train(&["--log", "./p.glassbox.json"]), "is the project"),
        (train(&["--checkpoint", "p.glassbox.json"]), "is the project"),
        (train(&["--checkpoint", "d.csv", "--force"]), "is the data"),
        (train(&["--log", "new", "--checkpoint", "./new"]), "name the same file"),
        (train(&["--resume", "run.safetensors", "--log", "run.safetensors"]), "is the checkpoint"),
        (train(&["--log", "letter.txt"]), "(11 bytes)"),
        (train(&["--checkpoint", "letter.txt"]), "--force"),
        (train(&["--checkpoint", "run.jsonl"]), "a Glassbox log"),
        (train(&["--log", "run.safetensors"]), "a Glassbox checkpoint"),
        (debug(&["--steps", "1", "--dump", "d.csv", "--force"]), "is the data"),
        (debug(&["--steps", "1", "--dump", "run.safetensors"]), "a Glassbox checkpoint"),
        (debug(&["--command", "goto 1; dump p.glassbox.json"]), "is the project"),
        (debug(&["--command", "goto 1; dump letter.txt"]), "would overwrite"),
        (debug(&["--script", "commands", "--steps", "1", "--dump", "commands"]), "cannot be used with"),
        (new(&["-o", "d.csv", "--force"]), "is the data"),
        (new(&["-o", "letter.txt"]), "would overwrite"),
    ] {
        let output = glassbox(folder, &arguments);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
        assert!(contents(folder, &names) == before, "{arguments:?} has changed a file");
    }
    // What is its own a command replaces as ever, and anything else with a word.
    json_free(folder, &train(&["--log", "run.jsonl", "--checkpoint", "run.safetensors"]));
    json_free(folder, &new(&["-o", "p.glassbox.json"]));
    json_free(folder, &train(&["--log", "letter.txt", "--force"]));
    assert!(std::fs::read_to_string(folder.join("letter.txt")).unwrap().starts_with("{"));
}

#[test]
fn the_log_of_a_run_that_goes_on_is_that_of_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "moons", "-o", "m.json"]);
    let train = |more: &[&str]| {
        let output = glassbox(folder, &[&["train", "m.json", "--epochs", "4"][..], more].concat());
        assert!(output.status.success(), "{more:?}: {}", text(&output.stderr));
        text(&output.stderr)
    };
    let log = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    train(&["--log", "whole.jsonl"]);
    train(&["--steps", "50", "--checkpoint", "half.safetensors"]);
    // It came further than its checkpoint, and its last line was cut off.
    train(&["--steps", "70", "--log", "run.jsonl"]);
    std::fs::write(folder.join("run.jsonl"), log("run.jsonl") + "{\"event\":\"st").unwrap();
    let said = train(&["--resume", "half.safetensors", "--log", "run.jsonl"]);
    assert!(said.contains("run.jsonl continues after step 50: removed 21"), "{said}");
    assert_eq!(log("run.jsonl"), log("whole.jsonl"));
    // Without --resume it is another run.
    train(&["--steps", "3", "--log", "run.jsonl"]);
    assert_eq!(log("run.jsonl").lines().count(), 3);
    let said = train(&["--resume", "half.safetensors", "--log", "run.jsonl"]);
    assert!(said.contains("run.jsonl is missing the 47 steps before step 51"), "{said}");
}

/// The same rows in another order are divided otherwise: what was learnt from would be validated on.
#[test]
fn a_run_does_not_go_on_with_other_data_unawares() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder);
    let good = std::fs::read_to_string(folder.join("d.csv")).unwrap();
    json_free(folder, &["train", "p.glassbox.json", "--epochs", "2", "--checkpoint", "run.safetensors"]);
    let resumed = ["train", "p.glassbox.json", "--epochs", "4", "--resume", "run.safetensors", "--json"];
    let whole = json(folder, &resumed);
    let mut rows: Vec<&str> = good.lines().collect();
    rows[1..].reverse();
    let shuffled = rows.join("\n") + "\n";
    let more = format!("{good}60.5,1,even\n");
    let other = good.replacen("\n37.5,", "\n-37.5,", 1);
    assert_ne!(other, good);
    for (text, words) in [
        (&shuffled, "split differently"),
        (&more, "but the data now has"),
        (&other, "trained and validated on different samples"),
    ] {
        std::fs::write(folder.join("d.csv"), text).unwrap();
        fails(folder, &resumed, &["belongs to different data", words, "--other-data"]);
        fails(folder, &["debug", "p.glassbox.json", "--resume", "run.safetensors", "--command", "info"], &[words]);
        let on_purpose = json(folder, &[&resumed[..], &["--other-data"]].concat());
        assert_eq!(on_purpose["epochs"], whole["epochs"]);
        assert!(on_purpose["warnings"][0].as_str().unwrap().contains(words), "{on_purpose}");
        // Nor in the window.
        let mut state = State::start(None);
        state.apply(Action::Open(folder.join("run.safetensors")));
        support::wait(&mut state, "a refusal", |state| state.run().status == RunStatus::Failed);
        assert!(state.error().is_some_and(|error| error.contains(words)), "{:?}", state.error());
    }
    // The rows themselves, whatever the file is called.
    std::fs::write(folder.join("copy.csv"), &good).unwrap();
    let same = json(folder, &[&resumed[..], &["--data", "copy.csv"]].concat());
    assert_eq!((&same["val_loss"], &same["warnings"]), (&whole["val_loss"], &serde_json::json!([])));
}

/// Told by its history, in the file as well.
#[test]
fn a_run_on_other_data_goes_back_to_the_weights_that_it_began_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    table(folder);
    let first = json(folder, &["train", "p.glassbox.json", "--epochs", "2", "--checkpoint", "a.safetensors", "--json"]);
    let said = |file: &str, commands: &str| -> Vec<Value> {
        let output =
            json_free(folder, &["debug", "p.glassbox.json", "--resume", file, "--json", "--command", commands]);
        output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let weights = said("a.safetensors", "print dense_1.weight").remove(0);
    let mut rows: Vec<String> =
        std::fs::read_to_string(folder.join("d.csv")).unwrap().lines().map(str::to_owned).collect();
    rows[1..].reverse();
    std::fs::write(folder.join("d.csv"), rows.join("\n") + "\n").unwrap();
    let on = ["train", "p.glassbox.json", "--resume", "a.safetensors", "--other-data", "--steps", "5"];
    let told = json(folder, &[&on[..], &["--checkpoint", "b.safetensors", "--log", "b.jsonl", "--json"]].concat());
    let steps = told["steps"].as_u64().unwrap();
    assert_eq!(steps, 5, "they count from the beginning");
    let lines = std::fs::read_to_string(folder.join("b.jsonl")).unwrap();
    assert!(lines.lines().filter(|line| line.contains("\"step\"")).count() as u64 >= steps);
    let commands =
        format!("info; print dense_1.weight; goto 0; print dense_1.weight; goto {steps}; print dense_1.weight");
    let said = said("b.safetensors", &commands);
    assert_eq!(said[0]["begun"]["step"], first["steps"]);
    assert!(said[0]["begun"]["other_data"].as_str().unwrap().contains("split differently"), "{}", said[0]);
    assert_eq!(said[3], weights, "what it began with");
    assert_eq!(said[5], said[1], "and the same again from there");
}
