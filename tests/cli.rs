//! The command line, as a shell sees it: exit codes, JSON, files.

mod support;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn glassbox(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glassbox"))
        .args(arguments)
        .current_dir(folder)
        .env("GLASSBOX_HOME", folder.join("home"))
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that must succeed and print one JSON object.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = glassbox(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stdout)))
}

/// Runs a command that must fail with 1 and a sentence that holds every one of `words`.
fn fails(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = glassbox(folder, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} should mention {word:?}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn every_template_is_listed_made_checked_and_trains_a_little() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let listed = json(folder, &["templates", "--json"]);
    let keys: Vec<_> = listed["templates"].as_array().unwrap().iter().map(|t| t["key"].as_str().unwrap()).collect();
    for wanted in [
        "spiral",
        "xor",
        "circle",
        "gauss",
        "moons",
        "blobs",
        "sine",
        "plane",
        "digits",
        "digits-cnn",
        "digits-lstm",
        "digits-attention",
        "mnist-mlp",
        "mnist-cnn",
        "table",
    ] {
        assert!(keys.contains(&wanted), "{wanted} is missing of {keys:?}");
    }
    for key in ["xor", "sine", "blobs"] {
        let file = format!("{key}.glassbox.json");
        assert!(glassbox(folder, &["new", key]).status.success());
        let checked = json(folder, &["check", &file, "--json"]);
        assert_eq!(checked["problems"].as_array().unwrap().len(), 0);
        let summary = json(folder, &["train", &file, "--epochs", "2", "--seed", "3", "--threads", "1", "--json"]);
        for field in ["train_loss", "val_loss", "seconds", "samples_per_second"] {
            assert!(summary[field].as_f64().is_some(), "{field} in {summary}");
        }
        assert_eq!(
            (summary["epochs"].as_u64(), summary["seed"].as_u64(), summary["threads"].as_u64()),
            (Some(2), Some(3), Some(1))
        );
        assert_eq!(summary["steps"].as_u64(), Some(50));
        assert_eq!(summary["device"], "cpu");
        let score = if key == "sine" { "val_r2" } else { "val_accuracy" };
        assert!(summary[score].as_f64().is_some(), "{summary}");
    }
}

#[test]
fn a_run_in_two_halves_equals_a_whole_one_and_the_log_has_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    glassbox(folder, &["new", "moons", "-o", "m.json"]);
    json(
        folder,
        &["train", "m.json", "--epochs", "6", "--checkpoint", "whole.safetensors", "--log", "whole.jsonl", "--json"],
    );
    json(folder, &["train", "m.json", "--epochs", "6", "--steps", "77", "--checkpoint", "half.safetensors", "--json"]);
    json(
        folder,
        &[
            "train",
            "m.json",
            "--epochs",
            "6",
            "--resume",
            "half.safetensors",
            "--checkpoint",
            "rest.safetensors",
            "--json",
        ],
    );
    let whole = std::fs::read(folder.join("whole.safetensors")).unwrap();
    assert!(whole == std::fs::read(folder.join("rest.safetensors")).unwrap(), "the checkpoints differ");
    let log = std::fs::read_to_string(folder.join("whole.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps = lines.iter().filter(|line| line["event"] == "step").count();
    assert_eq!((steps, lines.iter().filter(|line| line["event"] == "epoch").count()), (150, 6));
    fails(folder, &["train", "m.json", "--resume", "m.json"], &["not", "m.json"]);
}

#[test]
fn failures_say_what_to_do_and_wrong_usage_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fails(folder, &["train", "nowhere.glassbox.json"], &["nowhere.glassbox.json"]);
    fails(folder, &["new", "spirall"], &["spiral", "mnist-cnn"]);
    fails(folder, &["new", "table"], &["--data"]);
    fails(folder, &["new", "spiral", "--data", "x.csv"], &["--data"]);
    fails(folder, &["new", "table", "--data", "gone.csv"], &["gone.csv"]);
    fails(folder, &["new", "mnist-cnn", "--data", "."], &["IDX"]);
    std::fs::write(folder.join("t.csv"), "a,b,c\n1,x,2\n2,y,3\n3,x,4\n4,y,5\n").unwrap();
    fails(folder, &["new", "table", "--data", "t.csv", "--target", "d"], &["a", "b", "c"]);
    std::fs::write(folder.join("broken.json"), "{\"glassbox\": 7}").unwrap();
    fails(folder, &["check", "broken.json"], &["newer"]);
    glassbox(folder, &["new", "xor", "-o", "x.json"]);
    let project = std::fs::read_to_string(folder.join("x.json")).unwrap();
    let cut = project.replace("\"kind\": \"input\"", "\"kind\": \"flatten\"");
    assert_ne!(cut, project);
    std::fs::write(folder.join("cut.json"), cut).unwrap();
    fails(folder, &["check", "cut.json"], &["problem"]);
    fails(folder, &["train", "cut.json"], &["Input"]);
    fails(folder, &["train", "x.json", "--device", "cuda"], &["cpu"]);
    fails(folder, &["train", "x.json", "--epochs", "1", "--log", "no/where.jsonl"], &["no/where.jsonl"]);
    for wrong in
        [&["train"][..], &["new"], &["train", "x.json", "--epochs", "many"], &["train", "x.json", "--threads", "0"]]
    {
        assert_eq!(glassbox(folder, wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_table_and_a_folder_of_pictures_become_projects() {
    let Some(data) = support::test_data("a_table_and_a_folder_of_pictures_become_projects") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let csv = data.join("csv").join("penguins.csv");
    let csv = std::fs::canonicalize(csv).unwrap();
    let made = glassbox(
        folder,
        &["new", "table", "--data", csv.to_str().unwrap(), "--target", "species", "--drop", "island", "-o", "p.json"],
    );
    assert!(made.status.success(), "{}", text(&made.stderr));
    let summary = json(folder, &["train", "p.json", "--json"]);
    for score in ["val_accuracy", "val_roc_area", "val_pr_area"] {
        assert!(summary[score].as_f64().unwrap() > 0.9, "{score}: {summary}");
    }
    let mnist = std::fs::canonicalize(data.join("mnist10k")).unwrap();
    for template in ["mnist-mlp", "mnist-cnn"] {
        let made = glassbox(folder, &["new", template, "--data", mnist.to_str().unwrap(), "-o", "m.json"]);
        assert!(made.status.success(), "{}", text(&made.stderr));
        let summary = json(folder, &["train", "m.json", "--steps", "5", "--json"]);
        assert_eq!((summary["steps"].as_u64(), summary["top_k"].as_u64()), (Some(5), Some(5)));
        assert!(summary["val_top_k_accuracy"].as_f64().unwrap() >= summary["val_accuracy"].as_f64().unwrap());
    }
}

#[test]
fn bench_times_a_workload_and_compares_it_with_what_others_measured() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let peers = folder.join("peers.json");
    std::fs::write(&peers, r#"{"engine": "snail", "version": "1", "ms_per_step": {"toy-2-4-2-1": 1e6}}"#).unwrap();
    let quick = ["bench", "--only", "toy-2-4-2-1", "--seconds", "0.02"];
    let found = json(folder, &[&quick[..], &["--json", "--against", "peers.json"]].concat());
    let median = found["ms_per_step"]["toy-2-4-2-1"].as_f64().unwrap();
    let details = &found["workloads"]["toy-2-4-2-1"];
    assert!(median > 0.0 && found["peak_gflops"].as_f64().unwrap() > 0.0);
    assert_eq!(details["best_peer"], "snail");
    assert!((details["ratio_to_best"].as_f64().unwrap() - median / 1e6).abs() < 1e-12);
    let table = text(&glassbox(folder, &[&quick[..], &["--against", "peers.json"]].concat()).stdout);
    assert!(table.contains("snail") && table.contains("GFLOP/s"), "{table}");

    fails(folder, &["bench", "--only", "nothing"], &["nothing", "cnn-28", "ui-frame"]);
    fails(folder, &[&quick[..], &["--against", "missing.json"]].concat(), &["missing.json"]);
    std::fs::write(&peers, "not json").unwrap();
    fails(folder, &[&quick[..], &["--against", "peers.json"]].concat(), &["peers.json", "ms_per_step"]);
}
