//! Other frameworks: races, and runs that come back from where they were trained.

use super::support::frameworks::python_with;
use super::*;

/// The exported folder of a template, and whoever can train it.
fn exported(folder: &Path, template: &str, to: &str, modules: &[&str], test: &str) -> Option<std::path::PathBuf> {
    let python = python_with(modules, test)?;
    json_free(folder, &["new", template, "-o", "p.glassbox.json"]);
    json_free(folder, &["export", "p.glassbox.json", "--to", to, "-o", "there"]);
    Some(python)
}

fn trained(python: &Path, folder: &Path, arguments: &[&str]) {
    let output = Command::new(python).arg("train.py").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_run_that_pytorch_trained_elsewhere_comes_back_with_curves_and_weights_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let test = "a run comes back from PyTorch";
    let Some(python) = exported(folder, "xor", "pytorch", &["torch"], test) else { return };
    let there = folder.join("there");
    fails(folder, &["import", "there", "--onto", "p.glassbox.json"], &["holds no trained run", "--checkpoint"]);
    trained(&python, &there, &["--epochs", "3", "--log", "far.jsonl"]);
    fails(folder, &["import", "there", "--onto", "p.glassbox.json"], &["no checkpoint", "only curves"]);
    trained(&python, &there, &["--epochs", "3", "--log", "far.jsonl", "--checkpoint", "far.pt"]);
    fails(folder, &["import", "there"], &["--onto PROJECT"]);
    let told = json(folder, &["import", "there/far.jsonl", "--onto", "p.glassbox.json", "--json"]);
    let steps = told["steps"].as_u64().unwrap();
    assert_eq!((told["run"].as_str(), told["engine"].as_str()), (Some("far"), Some("pytorch")), "{told}");

    // The same as if it had been trained here.
    let here = ["train", "p.glassbox.json", "--epochs", "3", "--name", "here", "--json"];
    assert_eq!(json(folder, &here)["steps"].as_u64(), Some(steps));
    let runs = json(folder, &["runs", "p.glassbox.json", "--json"])["runs"].clone();
    let of = |name: &str, key: &str| {
        let run = runs.as_array().unwrap().iter().find(|run| run["name"] == name).unwrap();
        run[key].as_f64().unwrap()
    };
    for key in ["train_loss", "val_loss"] {
        let (far, near) = (of("far", key), of("here", key));
        assert!((far - near).abs() <= 1e-4 * near, "{key}: {far} {near}");
    }
    assert_eq!(of("far", "epochs"), 3.0);
    let more = ["train", "p.glassbox.json", "--epochs", "4", "--resume", "far", "--name", "more", "--json"];
    assert!(json(folder, &more)["steps"].as_u64() > Some(steps));
    json_free(folder, &["import", "there", "--onto", "p.glassbox.json", "--name", "again"]);
    fails(folder, &["import", "there", "--onto", "p.glassbox.json", "--name", "again"], &["already has a run"]);

    json_free(folder, &["new", "spiral", "-o", "other.glassbox.json"]);
    fails(folder, &["import", "there", "--onto", "other.glassbox.json"], &["doesn't fit this project"]);
}

#[test]
fn a_race_of_those_that_are_here_has_figures_and_losses_that_lie_on_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let Some(python) = exported(folder, "xor", "pytorch", &["torch"], "a race with PyTorch") else { return };
    let python = python.display().to_string();
    let race = ["race", "p.glassbox.json", "--engines", "glassbox,pytorch", "--steps", "60", "--python", &python];
    let told = json(folder, &[&race[..], &["--json", "--csv", "race.csv"]].concat());
    assert_eq!(told["engines"].as_array().map(Vec::len), Some(2), "{told}");
    for engine in told["engines"].as_array().unwrap() {
        assert!(engine["error"].is_null() && engine["steps"] == 60, "{engine}");
        assert!(engine["seconds_to_first_step"].as_f64() > Some(0.0), "{engine}");
    }
    assert!(told["compared"][0]["first_hundred"].as_f64() < Some(1e-4), "{told}");
    let csv = std::fs::read_to_string(folder.join("race.csv")).unwrap();
    assert_eq!((csv.lines().count(), csv.lines().next()), (121, Some("engine,step,seconds,loss")));
    fails(folder, &["race", "p.glassbox.json", "--engines", "theano"], &["no engine 'theano'", "keras-jax"]);
}

#[test]
fn engines_are_listed_with_what_they_are_called_in_a_race() {
    let folder = tempfile::tempdir().unwrap();
    let told = json(folder.path(), &["engines", "--json"]);
    assert_eq!(told["engines"][0]["engine"], "glassbox");
    let output = glassbox(folder.path(), &["engines", "--python", "missing/python"]);
    assert!(output.status.success() && text(&output.stderr).contains("missing/python can't be started"));
}
