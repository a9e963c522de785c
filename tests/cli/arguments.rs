//! Arguments that cannot be meant, and what is only found out late.

use super::*;

/// Runs a command that must be refused as wrong usage, with every one of `words`.
fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = glassbox(folder, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?} should mention {word:?}: {said}");
    }
}

#[test]
fn every_help_has_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "templates",
        "new",
        "check",
        "diagnose",
        "train",
        "predict",
        "runs",
        "debug",
        "bench",
        "export",
        "import",
        "race",
        "engines",
    ] {
        let help = json_free(folder.path(), &[command, "--help"]);
        let example = format!("glassbox {command}");
        assert!(help.split("Example").nth(1).is_some_and(|examples| examples.contains(&example)), "{command}: {help}");
    }
    assert!(json_free(folder.path(), &["--help"]).contains("2 wrong usage"));
}

#[test]
fn a_word_that_is_neither_a_command_nor_a_file_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    refused(folder, &["trian"], &["no command or file 'trian'", "did you mean 'train'", "glassbox <COMMAND>"]);
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    for (arguments, words) in [
        (&["trian", "x.json"][..], "did you mean 'train'"),
        (&["chekc", "x.json", "--json"], "did you mean 'check'"),
        (&["frobnicate", "x.json", "-o", "y"], "the commands are templates, new"),
    ] {
        refused(folder, arguments, &[words, arguments[0]]);
        let said = text(&glassbox(folder, arguments).stderr);
        assert!(!said.contains("[FILE]'"), "{said}");
    }
    refused(folder, &["x.json", "train", "--json"], &["the command comes first: glassbox train x.json"]);
}

#[test]
fn measurements_refuse_what_has_no_meaning_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for seconds in ["0", "nan", "inf", "1e300", "x"] {
        refused(folder, &["bench", "--only", "toy-2-4-2-1", "--seconds", seconds], &["above 0"]);
    }
    refused(folder, &["bench", "--profile", "--json"], &["--profile"]);
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("p.json", r#"{"ms_per_step": {"toy-2-4-2-1": 1}}"#);
    fails(
        folder,
        &["bench", "--only", "scrub", "--profile"],
        &["--profile only works with the workloads", "not with scrub"],
    );
    fails(folder, &["bench", "--only", "scaling", "--against", "p.json"], &["--against only works with the workloads"]);
    fails(folder, &["bench", "--only", "ui-frame", "--device", "auto"], &["--device only works with the workloads"]);
    for (text, words) in [
        ("[]", "isn't an object"),
        (r#"{"ms_per_step": {"toy-2-4-2-1": -1}}"#, "toy-2-4-2-1 can't take -1e0 ms"),
        (r#"{"ms_per_step": {"toy-2-4-2-1": 1, "mlp-784": 1e-300}}"#, "mlp-784 can't take 1e-300 ms"),
        (r#"{"ms_per_step": {"toy-2-4-2-1": null}}"#, "ms_per_step"),
        (r#"{"ms_per_step": {"another": 1}}"#, "none of the workloads"),
    ] {
        write("p.json", text);
        fails(folder, &["bench", "--only", "toy-2-4-2-1", "--against", "p.json"], &["p.json", words]);
    }
}

/// A million steps are not trained before it is found out that they cannot be written.
#[test]
fn what_cannot_be_written_is_said_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let long = ["train", "x.json", "--epochs", "1000000000", "--checkpoint"];
    fails(folder, &[&long[..], &["none/run.safetensors"]].concat(), &["there is no folder none"]);
    fails(folder, &[&long[..], &["."]].concat(), &["directory"]);
    assert!(
        glassbox(folder, &["train", "x.json", "--epochs", "1", "--checkpoint", "run.safetensors"]).status.success()
    );
    for (more, words) in [(["--epochs", "1"], "with --epochs N"), (["--steps", "3"], "--steps 3 has been reached")] {
        let arguments = [&["train", "x.json", "--resume", "run.safetensors"], &more[..]].concat();
        let output = glassbox(folder, &arguments);
        let said = text(&output.stderr);
        assert!(output.status.success() && said.contains(words), "{said}");
    }
}

/// More epochs do not help a run that was stopped early; another patience does, and the sentence says so.
#[test]
fn a_run_that_was_stopped_early_says_what_makes_it_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("x.json")).unwrap()).unwrap();
    let mut write = |early_stopping: Value| {
        project["training"]["early_stopping"] = early_stopping;
        std::fs::write(folder.join("x.json"), project.to_string()).unwrap();
    };
    // No improvement is ever enough.
    write(serde_json::json!({ "patience": 2, "min_delta": 10.0 }));
    let first = json(folder, &["train", "x.json", "--checkpoint", "run.safetensors", "--json"]);
    assert_eq!((first["stopped_early"].as_bool(), first["epochs"].as_u64()), (Some(true), Some(3)), "{first}");
    let resumed = |more: &[&str]| {
        let output =
            glassbox(folder, &[&["train", "x.json", "--resume", "run.safetensors", "--json"][..], more].concat());
        assert!(output.status.success(), "{}", text(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        (summary["epochs"].as_u64(), text(&output.stderr))
    };
    for more in [&[][..], &["--epochs", "90"], &["--steps", "10"]] {
        let (epochs, said) = resumed(more);
        assert_eq!(epochs, Some(3), "{more:?}");
        assert!(said.contains("stopped early") && said.contains("for 2 epochs") && said.contains("x.json"), "{said}");
        assert!(!said.contains("--epochs") && !said.contains("--steps"), "{said}");
    }
    write(serde_json::json!({ "patience": 4, "min_delta": 10.0 }));
    assert_eq!(resumed(&[]), (Some(5), String::new()));
    write(Value::Null);
    assert_eq!(resumed(&["--epochs", "7"]), (Some(7), String::new()));
}

/// One table of limits: what no field of the window takes, no command takes from a file.
#[test]
fn numbers_that_the_window_would_refuse_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "blobs", "-o", "good.json"]);
    let good: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("good.json")).unwrap()).unwrap();
    let wrong = [
        ("/training/learning_rate", serde_json::json!(-1), "The learning rate must be between 1e-7 and 10, not -1."),
        ("/training/batch_size", serde_json::json!(0), "The batch size must be between 1 and 65,536, not 0."),
        ("/training/epochs", serde_json::json!(0), "The number of epochs must be"),
        ("/training/optimiser/beta2", serde_json::json!(2), "Beta 2 must be between 0 and 0.99999, not 2."),
        ("/data/validation", serde_json::json!(0.99), "The validation share must be"),
        ("/data/source/noise", serde_json::json!(0.6), "The noise must be"),
        ("/data/source/samples", serde_json::json!(9), "The number of points must be"),
        ("/data/source/classes", serde_json::json!(11), "The number of classes must be"),
    ];
    let write = |project: &Value| std::fs::write(folder.join("p.json"), project.to_string()).unwrap();
    for (place, value, sentence) in &wrong {
        let mut project = good.clone();
        *project.pointer_mut(place).unwrap() = value.clone();
        write(&project);
        let output = glassbox(folder, &["check", "p.json", "--json"]);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{place}");
        let problems = said["problems"].as_array().unwrap();
        assert!(problems.len() == 1 && problems[0].as_str().unwrap().starts_with(sentence), "{said}");
        fails(folder, &["train", "p.json"], &[sentence, "p.json"]);
        fails(folder, &["debug", "p.json", "--command", "info"], &[sentence]);
    }
    // All at once are all told.
    let mut project = good.clone();
    wrong.iter().for_each(|(place, value, _)| *project.pointer_mut(place).unwrap() = value.clone());
    write(&project);
    let output = glassbox(folder, &["check", "p.json"]);
    let (told, said) = (text(&output.stdout), text(&output.stderr));
    assert!(wrong.iter().all(|(_, _, sentence)| told.contains(sentence)), "{told}");
    assert!(said.contains("There are 8 problems"), "{said}");
    // Nor from an option.
    for wrong in [["--epochs", "0"], ["--epochs", "2000000000"], ["--seed", "9223372036854775808"]] {
        refused(folder, &[&["train", "good.json"][..], &wrong].concat(), &["must be between"]);
    }
}

#[test]
fn the_breakpoint_for_nan_tells_what_it_cannot_see() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "xor.glassbox.json"]);
    let said = debugged(folder, "break nan; set dense_1.weight[0, 0] = nan; break nan; break nan(loss); run");
    assert!(said[0]["note"].is_null(), "{}", said[0]);
    assert!(said[2]["note"].as_str().unwrap().contains("dense_1.weight already contains NaN"), "{}", said[2]);
    assert_eq!((said[1]["value"].as_str(), said[4]["breakpoint"].as_u64()), (Some("NaN"), Some(3)));
}
