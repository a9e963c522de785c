//! The command line, as a shell sees it: exit codes, JSON, files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

#[path = "cli/arguments.rs"]
mod arguments;
#[path = "cli/arrive.rs"]
mod arrive;
#[path = "cli/boxes.rs"]
mod boxes;
#[path = "cli/branches.rs"]
mod branches;
#[path = "cli/cache.rs"]
mod cache;
#[path = "cli/diagnose.rs"]
mod diagnose;
#[path = "cli/engines.rs"]
mod engines;
#[path = "cli/evaluate.rs"]
mod evaluate;
#[path = "cli/fetch.rs"]
mod fetch;
#[path = "cli/files.rs"]
mod files;
#[path = "cli/folds.rs"]
mod folds;
#[path = "cli/losses.rs"]
mod losses;
#[path = "cli/mixup.rs"]
mod mixup;
#[path = "cli/onto.rs"]
mod onto;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/predict.rs"]
mod predict;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/sentences.rs"]
mod sentences;
#[path = "cli/signals.rs"]
mod signals;
mod support;
#[path = "cli/table_files.rs"]
mod table_files;
#[path = "cli/tables.rs"]
mod tables;
#[path = "cli/terminal.rs"]
mod terminal;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use serde_json::json as object;

/// What an Input has that other layers have not.
const COLUMNS: &str = "\"columns\": \"\",";

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
        "digits-resnet",
        "digits-lstm",
        "digits-attention",
        "digits-autoencoder",
        "shapes",
        "scenes",
        "mnist-mlp",
        "mnist-cnn",
        "pictures",
        "detect",
        "table",
    ] {
        assert!(keys.contains(&wanted), "{wanted} is missing of {keys:?}");
    }
    for key in ["xor", "sine", "blobs"] {
        let file = format!("{key}.glassbox.json");
        assert!(glassbox(folder, &["new", key]).status.success());
        let checked = json(folder, &["check", &file, "--json"]);
        assert_eq!(checked["problems"].as_array().unwrap().len(), 0);
        let memory = |part: &str| checked["memory_bytes"][part].as_u64().unwrap();
        assert_eq!(memory("parameters"), 4 * checked["parameters"].as_u64().unwrap());
        assert_eq!(memory("total"), memory("parameters") + memory("moments") + memory("step"));
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
fn several_losses_are_told_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "blobs", "-o", "p.json"]);
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("p.json")).unwrap()).unwrap();
    let graph = &mut project["graph"];
    let layers = graph["layers"].as_array_mut().unwrap();
    let last = layers.iter().find(|layer| layer["name"] == "Dense 2").unwrap()["id"].clone();
    layers.push(object!({ "id": 90, "name": "Aside", "kind": "loss", "loss": "mse", "weight": 0.25 }));
    graph["wires"].as_array_mut().unwrap().push(object!({ "id": 91, "from": last, "to": 90 }));
    std::fs::write(folder.join("p.json"), project.to_string()).unwrap();
    assert_eq!(json(folder, &["check", "p.json", "--json"])["problems"].as_array().unwrap().len(), 0);
    let train = ["train", "p.json", "--epochs", "2", "--log", "l.jsonl", "--name", "a", "--json"];
    let summary = json(folder, &train);
    let near = |a: &Value, b: f64| (a.as_f64().unwrap() - b).abs() < 1e-5;
    let sum = |of: &dyn Fn(&str) -> f64| of("loss") + 0.25 * of("aside");
    let losses = summary["losses"].as_array().unwrap();
    assert_eq!((&losses[0]["name"], &losses[1]["name"]), (&object!("loss"), &object!("aside")));
    for part in ["train_loss", "val_loss"] {
        let of = |name: &str| losses.iter().find(|loss| loss["name"] == name).unwrap()[part].as_f64().unwrap();
        assert!(near(&summary[part], sum(&of)), "{summary}");
    }
    let log = std::fs::read_to_string(folder.join("l.jsonl")).unwrap();
    for line in log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let parts = if line["event"] == "step" {
            vec![("loss", "losses")]
        } else {
            vec![("train_loss", "train_losses"), ("val_loss", "val_losses")]
        };
        for (whole, each) in parts {
            let of = |name: &str| line[each][name].as_f64().unwrap();
            assert!(near(&line[whole], sum(&of)), "{line}");
        }
    }
    // And their curves are kept with the run.
    json_free(folder, &["runs", "p.json", "export", "-o", "c.csv", "--curves"]);
    let curves = std::fs::read_to_string(folder.join("c.csv")).unwrap();
    let points = |curve: &str| curves.lines().filter(|line| line.starts_with(&format!("a,{curve},"))).count();
    assert_eq!((points("train_loss.aside"), points("train_loss.loss")), (50, 50));
    assert_eq!((points("validation_loss.aside"), points("validation_loss")), (2, 2));
}

#[test]
fn the_instruction_that_made_the_first_nan_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut project: Value = {
        assert!(glassbox(folder, &["new", "sine", "-o", "s.json"]).status.success());
        serde_json::from_str(&std::fs::read_to_string(folder.join("s.json")).unwrap()).unwrap()
    };
    project["training"]["learning_rate"] = 10.into();
    project["training"]["optimiser"] = serde_json::to_value(glassbox::model::Optimiser::sgd()).unwrap();
    std::fs::write(folder.join("s.json"), project.to_string()).unwrap();
    let run = |more: &[&str]| {
        let arguments =
            [&["train", "s.json", "--epochs", "30", "--json", "--checkpoint", "s.safetensors"][..], more].concat();
        let output = glassbox(folder, &arguments);
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), summary, text(&output.stderr))
    };
    let (code, summary, said) = run(&[]);
    let found = &summary["first_not_finite"];
    let (step, line) = (found["step"].as_u64().unwrap(), found["line"].as_str().unwrap());
    assert!(step > 0 && !line.is_empty() && found["held_by"].is_null(), "{found}");
    let sentence = format!("Step {step}: `");
    let told = found["sentence"].as_str().unwrap();
    assert!(told.starts_with(&sentence) && told.contains("was the first instruction to produce"), "{found}");
    assert_eq!((said.matches(&sentence).count(), said.contains(line)), (1, true), "{said}");
    // Nothing comes of it: it ends with the step whose loss is no number, as a failure that is told once.
    let ended = summary["steps"].as_u64().unwrap();
    assert!(code == Some(1) && (step..750).contains(&ended), "{summary}");
    let error = summary["error"].as_str().unwrap();
    assert!(error.contains(&format!("stopped at step {ended}")) && error.contains("--past-nan"), "{error}");
    assert_eq!(said.matches(error).count(), 1, "{said}");
    let (code, summary, _) = run(&["--past-nan"]);
    assert_eq!((code, summary["steps"].as_u64(), &summary["error"]), (Some(0), Some(750), &Value::Null));
    assert_eq!(summary["first_not_finite"]["step"].as_u64(), Some(step));
}

#[test]
fn weights_that_are_no_numbers_do_not_take_the_place_of_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "sine", "-o", "s.json"]);
    json(folder, &["train", "s.json", "--epochs", "2", "--checkpoint", "s.safetensors", "--json"]);
    let good = std::fs::read(folder.join("s.safetensors")).unwrap();
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("s.json")).unwrap()).unwrap();
    project["training"]["learning_rate"] = 10.into();
    project["training"]["optimiser"] = serde_json::to_value(glassbox::model::Optimiser::sgd()).unwrap();
    std::fs::write(folder.join("s.json"), project.to_string()).unwrap();
    let both = ["--resume", "s.safetensors", "--checkpoint", "s.safetensors"];
    let words = ["stopped at step", "s.safetensors has the run as it was after step 50"];
    fails(folder, &[&["train", "s.json", "--epochs", "60"][..], &both].concat(), &words);
    assert!(std::fs::read(folder.join("s.safetensors")).unwrap() == good);
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
    fails(folder, &["train", "m.json", "--resume", "m.json"], &["isn't a Glassbox checkpoint", "m.json"]);
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
    let cut = project.replace("\"kind\": \"input\"", "\"kind\": \"flatten\"").replace(COLUMNS, "");
    assert_ne!(cut, project);
    std::fs::write(folder.join("cut.json"), cut).unwrap();
    fails(folder, &["check", "cut.json"], &["problem"]);
    fails(folder, &["train", "cut.json"], &["Input"]);
    if !cfg!(feature = "cuda") {
        fails(folder, &["train", "x.json", "--device", "cuda"], &["scripts/cuda/build", "Choose the CPU"]);
    }
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

#[test]
fn a_dump_is_byte_for_byte_the_same_whatever_the_way_to_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = json(folder, &["debug", "xor.glassbox.json", "--steps", "5", "--dump", "a.safetensors", "--json"]);
    assert_eq!((said["command"].as_str(), said["step"].as_u64()), (Some("dump"), Some(5)));
    json_free(folder, &["debug", "xor.glassbox.json", "--command", "goto 20; goto 3; goto 5; dump b.safetensors"]);
    std::fs::write(folder.join("script"), "# there and back\nrun 7\nback step 2\ndump c.safetensors\nquit\nnonsense")
        .unwrap();
    json_free(folder, &["debug", "xor.glassbox.json", "--script", "script"]);
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let a = bytes("a.safetensors");
    assert!(a == bytes("b.safetensors") && a == bytes("c.safetensors"));
    let file = safetensors::SafeTensors::deserialize(&a).unwrap();
    for name in
        ["batch.x", "%x", "%y", "%1", "d%1", "loss", "dense_1.weight", "dense_1.weight.before", "dense_1.weight.grad"]
    {
        assert!(file.names().contains(&name), "{name} is missing: {:?}", file.names());
    }
    fails(folder, &["train", "xor.glassbox.json", "--resume", "a.safetensors"], &["without a Glassbox project"]);
}

/// Runs a command that must succeed; what it printed.
fn json_free(folder: &Path, arguments: &[&str]) -> String {
    let output = glassbox(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_debugger_stops_prints_changes_and_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let debug = |commands: &str| {
        let said = json_free(folder, &["debug", "xor.glassbox.json", "--json", "--command", commands]);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let said = debug(
        "break step == 7 and max(abs(dense_1.weight.grad)) > 0; run; print step; back step; print step; run; run 3; delete 1; run",
    );
    assert_eq!((said[1]["breakpoint"].as_u64(), said[1]["phase"].as_str()), (Some(1), Some("update")));
    assert_eq!((said[2]["numbers"][0].as_f64(), said[4]["numbers"][0].as_f64()), (Some(7.0), Some(6.0)));
    assert_eq!((said[5]["breakpoint"].as_u64(), said[6]["steps_completed"].as_u64()), (Some(1), Some(9)));
    assert!(said[8]["end"].as_str().unwrap().contains("60 epochs"));
    let said = debug(
        "step; next; set %2[0, 1] = 2 * %2[0, 0]; print %2[0, 1] / %2[0, 0]; finish; goto 9; print loss; goto 2; goto 9; print loss; \
         info; undo; goto 9; print loss",
    );
    assert_eq!(said[3]["numbers"][0].as_f64(), Some(2.0));
    assert_eq!(said[4]["phase"], "loss");
    assert_eq!(said[6]["numbers"], said[9]["numbers"]);
    assert_eq!(said[10]["changes"].as_array().map(Vec::len), Some(1));
    assert_ne!(said[13]["numbers"], said[9]["numbers"]);
    let listed = json_free(
        folder,
        &["debug", "xor.glassbox.json", "--command", "step; list; list all; help; info; print dense_1.weight"],
    );
    for words in ["=>    2  forward", "set NAME[i, j]", "checkpoints", "shape [8, 2]"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
}

/// What the arithmetic of an explanation comes to, computed from its JSON alone.
fn evaluated(node: &Value) -> f64 {
    let all = |key: &str| node[key].as_array().unwrap().iter().map(evaluated).collect::<Vec<_>>();
    if let Some(value) = node.get("value") {
        return value.as_f64().unwrap();
    }
    if node.get("sum").is_some() {
        return all("sum").iter().sum();
    }
    if node.get("product").is_some() {
        return all("product").iter().product();
    }
    if node.get("named").is_some() {
        return evaluated(&node["part"]);
    }
    let of = all("of");
    match (node["operator"].as_str(), node["call"].as_str()) {
        (Some("-"), _) => of[0] - of[1],
        (Some("/"), _) => of[0] / of[1],
        (Some("^"), _) => of[0].powf(of[1]),
        (_, Some("sqrt")) => of[0].sqrt(),
        (_, Some("exp")) => of[0].exp(),
        (_, Some("log")) => of[0].ln(),
        (_, Some("tanh")) => of[0].tanh(),
        (_, Some("max")) => of[0].max(of[1]),
        _ => panic!("{node}"),
    }
}

#[test]
fn numbers_are_explained_so_that_a_script_can_compute_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let places = [
        "%1[1, 2]",
        "%2[0, 0]",
        "loss",
        "loss.softmax[3, 1]",
        "d%1[0, 0]",
        "dense_1.bias.grad[3]",
        "dense_1.weight[0, 1]",
        "dense_1.weight.adam_v[0, 1]",
    ];
    let explain: Vec<_> = places.iter().map(|place| format!("explain {place}; print {place}")).collect();
    let commands = format!("goto 3; {}", explain.join("; "));
    let said = json_free(folder, &["debug", "xor.glassbox.json", "--json", "--command", &commands]);
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), 1 + 2 * places.len());
    for pair in said[1..].chunks(2) {
        let (explained, printed) = (&pair[0], &pair[1]);
        let (value, terms) = (explained["value"].as_f64().unwrap(), explained["absolute"].as_f64().unwrap());
        assert_eq!(printed["numbers"][0].as_f64(), Some(value));
        let got = evaluated(&explained["arithmetic"]);
        assert!((got - value).abs() <= 1e-5 * terms, "{}: {got}, not {value}", explained["command"]);
        assert_eq!((explained["step"].as_u64(), explained["instruction"].is_u64()), (Some(3), true));
    }
    let text = json_free(folder, &["debug", "xor.glassbox.json", "--command", "goto 3; explain dense_1.weight[0, 1]"]);
    for words in ["(step 3)", "<- adam", "where m̂ = m / (1 − β₁", "from dense_1.weight.grad[0, 1] ="] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let text = json_free(folder, &["debug", "xor.glassbox.json", "--command", "goto 3; explain dense_1.bias.grad[3]"]);
    assert!(text.contains("d%1[") && text.contains("… and 8 more, together"), "{text}");
}

/// The debugger's answers to commands, each a JSON object.
fn debugged(folder: &Path, commands: &str) -> Vec<Value> {
    let said = json_free(folder, &["debug", "xor.glassbox.json", "--json", "--command", commands]);
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_debugger_stops_at_every_kind_of_place_and_goes_back_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = debugged(
        folder,
        "break at %2 if step == 5; run; break layer dense_2; disable 1; run; delete 2; break phase backward; run; \
         until dense_1.weight; info breakpoints",
    );
    assert!(said[1]["next"].as_str().unwrap().starts_with("%2 = tanh"), "{}", said[1]);
    assert_eq!(said[1]["steps_completed"], 4);
    assert!(said[4]["next"].as_str().unwrap().contains("dense_2.weight"), "{}", said[4]);
    assert_eq!((&said[7]["phase"], &said[7]["breakpoint"]), (&Value::from("backward"), &Value::from(3)));
    assert_eq!(said[8]["phase"], "update");
    let all = said[9]["breakpoints"].as_array().unwrap();
    assert_eq!((all.len(), &all[0]["enabled"], &all[0]["hits"]), (2, &Value::from(false), &Value::from(1)));

    let said = debugged(
        folder,
        "log step >= 3; watch max(abs(dense_1.weight)); run 4; goto 60; since step > 40; reverse step == 7; \
         break step == 5; reverse; reverse; enable 2; goto 3; back phase; back layer",
    );
    assert_eq!(said[2]["messages"].as_array().map(Vec::len), Some(2), "{}", said[2]);
    assert!(said[3]["watches"][0]["numbers"][0].as_f64().is_some());
    let steps: Vec<_> = [4, 5, 7, 8].map(|i| said[i]["steps_completed"].as_u64().unwrap()).into();
    assert_eq!(steps, [40, 6, 4, 4]);
    assert_eq!((&said[7]["found"], &said[8]["found"]), (&Value::from(true), &Value::from(false)));
}

#[test]
fn the_debugger_changes_whole_tensors_and_forks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = debugged(
        folder,
        "goto 20; fork hot; set learning_rate = 0.3; scale dense_1.weight 2; clip dense_1.weight 0.5; \
         print max(abs(dense_1.weight)); set dense_2.weight = 0 - dense_2.weight; reinit dense_1.bias; \
         set dense_2.bias = 0.25; print mean(dense_2.bias); info; run 10; branch main; run 10; print loss; compare; \
         branches; branch hot; undo; print dense_2.bias[0]; branch delete hot; branches",
    );
    assert_eq!((&said[5]["numbers"][0], &said[9]["numbers"][0]), (&Value::from(0.5), &Value::from(0.25)));
    assert_eq!(said[10]["changes"].as_array().map(Vec::len), Some(6));
    assert_eq!((&said[11]["branch"], &said[12]["branch"]), (&Value::from("hot"), &Value::from("main")));
    let compared = said[15]["branches"].as_array().unwrap();
    assert_eq!((said[15]["common_step"].as_u64(), compared.len()), (Some(30), 2));
    assert_eq!(compared[0]["loss"], said[14]["numbers"][0]);
    assert_ne!(compared[0]["loss"], compared[1]["loss"]);
    assert_eq!(said[16]["current"], "main");
    assert_ne!(said[19]["numbers"][0], 0.25);
    let without = Value::from("without dense_2.bias = 0.25 from 20");
    assert_eq!((&said[20]["deleted"], &said[21]["current"]), (&Value::from("hot"), &without), "what came after stayed");
    assert_eq!(said[21]["branches"].as_array().map(Vec::len), Some(2));
    // The trunk is the run that was never forked.
    let plain = debugged(folder, "goto 30; print loss");
    assert_eq!(plain[1]["numbers"], said[14]["numbers"]);
}

#[test]
fn a_gradient_is_checked_by_a_nudge() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let commands = "goto 3; explain dense_1.weight.grad[2, 1] check; break step == 4; run; set dense_1.weight.grad[2, 1] = 7; \
                    explain dense_1.weight.grad[2, 1] check";
    let said = json_free(folder, &["debug", "xor.glassbox.json", "--json", "--command", commands]);
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (right, edited) = (&said[1]["check"], &said[5]["check"]);
    assert_eq!(right["verdict"], "agrees");
    let (slope, value) = (right["difference"].as_f64().unwrap(), said[1]["value"].as_f64().unwrap());
    assert!((slope - value).abs() <= 1e-3 * value.abs() + 1e-6, "{slope}, not {value}");
    assert_eq!((edited["verdict"].as_str(), said[5]["value"].as_f64()), (Some("differs"), Some(7.0)));
    assert!(edited["by"].as_f64().unwrap() > 0.5);
    let text = json_free(folder, &["debug", "xor.glassbox.json", "--command", "goto 3; explain d%1[0, 0] check"]);
    assert!(text.contains("check: agrees; nudged by"), "{text}");
}
