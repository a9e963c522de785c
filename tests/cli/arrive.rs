//! A model of another program becomes a project with a run.

use super::*;

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras").join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_keras_model_becomes_a_project_with_its_weights_as_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = json(folder, &["import", &fixture("several.keras"), "-o", "x.glassbox.json", "--json"]);
    let report = told["report"].as_array().unwrap();
    assert!(report.iter().any(|line| line["fate"] == "translated" && line["what"] == "right"), "{told}");
    let runs = json(folder, &["runs", "x.glassbox.json", "--json"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
    assert_eq!(runs["runs"][0]["name"], "Imported");
    // Checked, it is well: it predicts.
    let checked = glassbox(folder, &["check", "x.glassbox.json"]);
    let said = text(&checked.stdout);
    assert!(checked.status.success() && said.contains("it predicts") && !said.contains("warning"), "{said}");
    assert_eq!(json(folder, &["check", "x.glassbox.json", "--json"])["problems"], serde_json::json!([]));
    // What was said stays with the project.
    let desk = std::fs::read_to_string(folder.join("x.runs/desk.json")).unwrap();
    assert!(desk.contains("\"translated\""), "{desk}");
    // It has no Loss: it can be looked at, not trained.
    fails(folder, &["train", "x.glassbox.json"], &["no Loss"]);
    let said = json_free(
        folder,
        &["debug", "x.glassbox.json", "--resume", "Imported", "--command", "step; step; print max(%1)"],
    );
    assert!(said.contains("max(%1) = "), "{said}");
    // A second time nothing is lost.
    let read = glassbox(folder, &["import", &fixture("words.keras")]);
    assert!(read.status.success() && text(&read.stdout).contains("translated"), "{}", text(&read.stderr));
    fails(folder, &["import", &fixture("words.keras")], &["already exists", "-o FILE"]);
}

#[test]
fn what_is_no_model_is_refused_with_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("model.keras"), "<!DOCTYPE html><html><body>Not found</body></html>").unwrap();
    fails(folder, &["import", "model.keras"], &["web page"]);
    std::fs::write(folder.join("half.h5"), &std::fs::read(fixture("nested.h5")).unwrap()[..2000]).unwrap();
    fails(folder, &["import", "half.h5"], &["half.h5"]);
    assert!(!folder.join("half.glassbox.json").exists());
}
