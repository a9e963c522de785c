//! Runs that are kept with a project: trained by name, listed, exported, renamed, deleted.

use super::*;

/// A project with two runs: the second with another learning rate.
fn two_runs(folder: &Path) {
    json_free(folder, &["new", "xor", "-o", "x.glassbox.json"]);
    json_free(folder, &["train", "x.glassbox.json", "--epochs", "2", "--name", "first"]);
    let file = folder.join("x.glassbox.json");
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    project["training"]["learning_rate"] = 0.5.into();
    std::fs::write(&file, project.to_string()).unwrap();
    json_free(folder, &["train", "x.glassbox.json", "--epochs", "3", "--seed", "9", "--name", "hot, \"wide\""]);
}

fn listed(folder: &Path) -> Vec<Value> {
    json(folder, &["runs", "x.glassbox.json", "--json"])["runs"].as_array().unwrap().clone()
}

fn names(folder: &Path) -> Vec<String> {
    listed(folder).iter().map(|run| run["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn runs_are_kept_by_name_listed_renamed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.glassbox.json"]);
    assert!(json_free(folder, &["runs", "x.glassbox.json"]).contains("--name"));
    two_runs(folder);
    let runs = listed(folder);
    assert_eq!((runs[0]["steps"].as_u64(), runs[1]["steps"].as_u64()), (Some(50), Some(75)));
    assert_eq!((runs[1]["seed"].as_u64(), &runs[1]["ending"]["how"]), (Some(9), &Value::from("done")));
    assert!(runs[1]["differs"].to_string().contains("learning rate"), "{}", runs[1]);
    for number in ["train_loss", "val_loss", "best_val_loss", "score", "best_score", "seconds"] {
        assert!(runs.iter().all(|run| run[number].as_f64().is_some()), "{number}: {runs:?}");
    }
    let told = json_free(folder, &["runs", "x.glassbox.json"]);
    assert!(told.lines().count() == 3 && told.contains("learning rate") && told.contains("best val loss"), "{told}");

    fails(folder, &["train", "x.glassbox.json", "--name", "first"], &["\"first\"", "(50 steps)", "--resume"]);
    fails(folder, &["runs", "x.glassbox.json", "rename", "frist", "a"], &["Did you mean \"first\"?"]);
    fails(folder, &["runs", "x.glassbox.json", "rename", "run-2", "first"], &["already"]);
    json_free(folder, &["runs", "x.glassbox.json", "rename", "run-2", "hot"]);
    assert_eq!(names(folder), ["first", "hot"]);
    let deleted = json(folder, &["runs", "x.glassbox.json", "delete", "first", "--json"]);
    assert_eq!((deleted["deleted"][0]["id"].as_str(), names(folder)), (Some("run-1"), vec!["hot".to_owned()]));
    fails(folder, &["runs", "x.glassbox.json", "delete", "hot", "first"], &["There is no run \"first\""]);
    assert_eq!(names(folder), ["hot"], "nothing is done where a part cannot be");
    fails(folder, &["runs", "none.json"], &["none.json"]);
}

#[test]
fn a_kept_run_goes_on_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    two_runs(folder);
    json_free(folder, &["runs", "x.glassbox.json", "rename", "run-2", "hot"]);
    let go_on =
        ["train", "x.glassbox.json", "--seed", "9", "--epochs", "5", "--resume", "hot", "--name", "hot", "--json"];
    let resumed = json(folder, &go_on);
    let whole = json(folder, &["train", "x.glassbox.json", "--seed", "9", "--epochs", "5", "--json"]);
    assert_eq!((&resumed["steps"], &resumed["val_loss"]), (&whole["steps"], &whole["val_loss"]));
    let runs = listed(folder);
    assert_eq!((runs.len(), runs[1]["steps"].as_u64(), runs[1]["id"].as_str()), (2, Some(125), Some("run-2")));
    // Under another name it is another run, and the one that it went on from stays.
    json_free(folder, &["train", "x.glassbox.json", "--epochs", "7", "--resume", "hot", "--name", "hotter"]);
    let steps: Vec<_> = listed(folder).iter().map(|run| run["steps"].as_u64().unwrap()).collect();
    assert_eq!(steps, [50, 125, 175]);
    fails(folder, &["train", "x.glassbox.json", "--resume", "hott"], &["Did you mean"]);
    let info = json_free(folder, &["debug", "x.glassbox.json", "--resume", "first", "--command", "info"]);
    assert!(info.contains("50"), "{info}");
}

#[test]
fn runs_are_exported_as_checkpoints_curves_and_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    two_runs(folder);
    let export = |more: &[&'static str]| [&["runs", "x.glassbox.json", "export"][..], more].concat();
    json_free(folder, &export(&["first", "-o", "first.safetensors"]));
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    assert!(bytes("first.safetensors") == bytes("x.runs/run-1.safetensors"));
    let written = json(folder, &export(&["-o", "all/", "--json"]));
    assert_eq!(written["files"].as_array().unwrap().len(), 2);
    assert!(bytes("all/first.safetensors") == bytes("first.safetensors"));
    json_free(folder, &export(&["-o", "curves.csv", "--curves", "--table", "runs.csv"]));
    let curves = String::from_utf8(bytes("curves.csv")).unwrap();
    let points =
        |run: &str, curve: &str| curves.lines().filter(|line| line.starts_with(&format!("{run},{curve},"))).count();
    assert_eq!((points("first", "train_loss"), points("first", "validation_loss")), (50, 2));
    assert_eq!(points("\"hot, \"\"wide\"\"\"", "train_loss"), 75);
    assert_eq!(String::from_utf8(bytes("runs.csv")).unwrap().lines().count(), 3);
    // What was exported is replaced by an export, and nothing else is without a word.
    json_free(folder, &export(&["-o", "curves.csv", "--curves", "--table", "runs.csv"]));
    std::fs::write(folder.join("mine.csv"), "a,b\n1,2\n").unwrap();
    fails(folder, &export(&["--table", "mine.csv"]), &["not a Glassbox table", "--force"]);
    fails(folder, &export(&["first", "-o", "x.glassbox.json", "--force"]), &["is the project"]);
    fails(folder, &export(&["first", "-o", "x.runs/run-1.safetensors", "--force"]), &["is a run"]);
    fails(folder, &export(&["-o", "both.safetensors"]), &["Name a folder"]);
    assert_eq!(glassbox(folder, &export(&[])).status.code(), Some(2));
}

/// What the window names and notes while a run trains here is not lost, nor is the run.
#[test]
fn who_renames_a_run_while_it_trains_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    two_runs(folder);
    let runs = glassbox::persist::RunFolder::beside(&folder.join("x.glassbox.json"));
    runs.change("run-1", |card| (card.note, card.pinned) = ("mine".into(), true)).unwrap();
    json_free(folder, &["train", "x.glassbox.json", "--epochs", "4", "--resume", "first", "--name", "first"]);
    let card = runs.read("run-1").unwrap();
    assert_eq!((card.note.as_str(), card.pinned, card.steps), ("mine", true, 100));
}
