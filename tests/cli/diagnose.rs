//! `glassbox diagnose`: its findings, its object, its exit codes.

use super::*;

/// A project of a template, with something in its file replaced.
fn planted(folder: &Path, template: &str, change: impl FnOnce(&mut Value)) {
    json_free(folder, &["new", template, "-o", "p.glassbox.json"]);
    let file = folder.join("p.glassbox.json");
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    change(&mut project);
    std::fs::write(&file, project.to_string()).unwrap();
}

/// What it says, which must end with this code.
fn diagnosed(folder: &Path, code: i32, more: &[&str]) -> Value {
    let arguments = [&["diagnose", "p.glassbox.json", "--json"], more].concat();
    let output = glassbox(folder, &arguments);
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_healthy_project_has_no_findings_and_a_fault_is_named_with_its_place_and_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    planted(folder, "xor", |_| {});
    let healthy = diagnosed(folder, 0, &["--steps", "60"]);
    assert_eq!((&healthy["findings"], &healthy["steps"]), (&object!([]), &Value::from(60)));
    assert!(
        json_free(folder, &["diagnose", "p.glassbox.json"]).contains("Nothing found after 200 steps by the "),
        "overfitting takes longer"
    );
    assert!(json_free(folder, &["diagnose", "p.glassbox.json", "--steps", "1000"]).contains("Nothing found by "));

    // The last layer squashes what the loss squashes once more.
    planted(folder, "xor", |project| {
        let layers = project["graph"]["layers"].as_array_mut().unwrap();
        let last = layers.iter_mut().find(|layer| layer["name"] == "Dense 2").unwrap();
        last["activation"] = "sigmoid".into();
    });
    let found = diagnosed(folder, 3, &["--steps", "0"]);
    let finding = &found["findings"][0];
    assert_eq!((&finding["rule"], &finding["severity"]), (&"double-activation".into(), &"serious".into()));
    assert_eq!(finding["place"], object!({ "kind": "layer", "name": "Dense 2" }));
    assert_eq!((&finding["step"], &finding["remedies"][0]["change"]), (&Value::Null, &"network".into()));
    assert!(finding["evidence"][0]["value"].as_f64().unwrap() > 0.3, "{finding}");
    for word in ["words", "confidence", "source", "title"] {
        assert!(finding[word].as_str().is_some_and(|text| !text.is_empty()), "{word} in {finding}");
    }
    let output = glassbox(folder, &["diagnose", "p.glassbox.json", "--steps", "0"]);
    let (said, aside) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(3));
    for word in [
        "serious: ",
        "Dense 2",
        "seen: ",
        "try: Take the sigmoid out of Dense 2",
        "Found before training: 1 serious finding.",
    ] {
        assert!(said.contains(word), "{word:?} in {said}");
    }
    assert!(!aside.contains("glassbox: "), "it is no failure: {aside}");
}

#[test]
fn training_tells_more_and_a_kept_run_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    planted(folder, "xor", |project| project["training"]["learning_rate"] = 10.0.into());
    let found = diagnosed(folder, 3, &["--steps", "100", "--seed", "3"]);
    let rules = |found: &Value| -> Vec<String> {
        found["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert!(rules(&found).contains(&"diverging".to_owned()), "{found}");
    assert_eq!(found, diagnosed(folder, 3, &["--steps", "100", "--seed", "3"]), "the same seed finds the same");
    json_free(folder, &["train", "p.glassbox.json", "--epochs", "4", "--seed", "3", "--name", "hot"]);
    let kept = diagnosed(folder, 3, &["--run", "hot"]);
    assert_eq!((&kept["steps"], &kept["run"]), (&Value::from(100), &"hot".into()));
    assert_eq!(rules(&kept), rules(&found), "the records of the kept run tell the same");
}

#[test]
fn a_remedy_is_tried_and_the_verdict_told_with_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    planted(folder, "xor", |project| {
        let layers = project["graph"]["layers"].as_array_mut().unwrap();
        let first = layers.iter_mut().find(|layer| layer["name"] == "Dense 1").unwrap();
        first["init"] = "zeros".into();
    });
    let before = std::fs::read(folder.join("p.glassbox.json")).unwrap();
    let found = diagnosed(folder, 3, &["--steps", "0", "--try"]);
    let trial = &found["findings"][0]["trial"];
    assert_eq!((&trial["winner"], &trial["metric"]), (&"repair".into(), &"accuracy".into()), "{trial}");
    let loss = |side: &str| trial[side]["loss"].as_f64().unwrap();
    assert!(loss("with") < 0.9 * loss("without"), "{trial}");
    assert_eq!((&trial["with"]["steps"], &trial["with"]["not_finite_at"]), (&Value::from(200), &Value::Null));
    let words = trial["words"].as_str().unwrap();
    assert!(words.starts_with("The repair won after 200 steps: validation loss "), "{words}");
    let output = glassbox(folder, &["diagnose", "p.glassbox.json", "--steps", "0", "--try"]);
    assert!(text(&output.stdout).contains(&format!("tried the first: {words}")), "{}", text(&output.stdout));
    assert_eq!(diagnosed(folder, 3, &["--steps", "0"])["findings"][0]["trial"], Value::Null);
    assert_eq!(std::fs::read(folder.join("p.glassbox.json")).unwrap(), before, "nothing is written");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_diagnosed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fails(folder, &["diagnose", "none.json"], &["none.json"]);
    planted(folder, "xor", |_| {});
    fails(folder, &["diagnose", "p.glassbox.json", "--run", "first"], &["There is no run \"first\""]);
    let refused = glassbox(folder, &["diagnose", "p.glassbox.json", "--run", "first", "--steps", "3"]);
    assert_eq!(refused.status.code(), Some(2));
    planted(folder, "xor", |project| {
        let layers = project["graph"]["layers"].as_array_mut().unwrap();
        layers.iter_mut().find(|layer| layer["name"] == "Dense 2").unwrap()["units"] = 5.into();
    });
    for steps in ["0", "10"] {
        fails(folder, &["diagnose", "p.glassbox.json", "--steps", steps], &["can't train yet", "2 classes"]);
    }
}
