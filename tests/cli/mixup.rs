//! Pictures that are mixed with each other.

use super::*;

/// A project of a template with other settings in its file.
fn project(folder: &Path, key: &str, change: impl Fn(&mut Value)) {
    json_free(folder, &["new", key, "-o", "p.json", "--force"]);
    let path = folder.join("p.json");
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    change(&mut project);
    std::fs::write(path, project.to_string()).unwrap();
}

#[test]
fn it_trains_and_the_debugger_shows_both_parts_of_a_mixture() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, "digits", |project| {
        project["training"]["augmentation"] = object!({ "mixup": 1.0 });
        project["data"]["source"]["samples"] = object!(300);
    });
    assert_eq!(json(folder, &["check", "p.json", "--json"])["warnings"], object!([]));
    let losses = |more: &[&str]| {
        json_free(folder, &[&["train", "p.json", "--epochs", "2", "--log", "log", "--force"][..], more].concat());
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        let steps = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        steps.filter(|line| line["event"] == "step").map(|line| line["loss"].clone()).collect::<Vec<_>>()
    };
    let all = losses(&["--threads", "1"]);
    assert!(all.len() == 8 && all == losses(&["--threads", "2"]));
    assert!(all[0] != losses(&["--seed", "2"])[0]);
    let debug = |commands: &str| {
        let said = json_free(folder, &["debug", "p.json", "--json", "--command", commands]);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>()
    };
    let said = debug(
        "goto 3; explain %x_mixed[2, 0, 14, 14]; print %x[2, 0, 14, 14]; print %x[1, 0, 14, 14]; print %lambda[2]; \
         print loss; print loss.own + loss.partner; back step; goto 3; print loss",
    );
    let number = |place: usize| said[place]["numbers"][0].as_f64().unwrap();
    let [own, other, share] = [2, 3, 4].map(number);
    let mixed = evaluated(&said[1]["arithmetic"]);
    assert!((0.5..1.0).contains(&share) && (mixed - (share * own + (1.0 - share) * other)).abs() < 1e-6, "{said:?}");
    assert!((number(5) - number(6)).abs() < 1e-6 && number(5) == number(9), "{said:?}");
    assert!((number(5) - all[2].as_f64().unwrap()).abs() < 1e-6, "{said:?}");
    let listed = json_free(folder, &["debug", "p.json", "--command", "step; list all"]);
    for words in ["%x_mixed = mixup %x, %lambda", "%y_partner = partner %y", "loss = add loss.own, loss.partner"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
}

#[test]
fn what_cannot_be_mixed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mixing = |project: &mut Value| project["training"]["augmentation"] = object!({ "mixup": 0.2 });
    project(folder, "scenes", mixing);
    let sentence = "Mixup can't be used with boxes";
    fails(folder, &["train", "p.json", "--steps", "1"], &[sentence, "Set mixup to 0"]);
    let checked = glassbox(folder, &["check", "p.json", "--json"]);
    let told: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert!(told["problems"][0].as_str().unwrap().starts_with(sentence), "{told}");
    project(folder, "xor", mixing);
    let told = json(folder, &["check", "p.json", "--json"]);
    assert!(told["warnings"][0].as_str().unwrap().starts_with("Augmentation changes pictures"), "{told}");
    assert!(json(folder, &["train", "p.json", "--steps", "1", "--json"])["train_loss"].is_number());
    project(folder, "digits", |project| project["training"]["augmentation"] = object!({ "mixup": -1 }));
    fails(folder, &["train", "p.json"], &["The alpha of mixup must be between 0 and 10, not -1."]);
}
