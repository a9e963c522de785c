//! What is printed: for a reader that is gone, for a full disk, as JSON also when something fails.

use std::process::Stdio;

use super::*;

/// Runs a command whose answers nobody reads: exit code and what it said on stderr.
fn unread(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_glassbox"))
        .args(arguments)
        .current_dir(folder)
        .env("GLASSBOX_HOME", folder.join("home"))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn a_reader_that_is_gone_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    for arguments in [
        &["templates"][..],
        &["templates", "--json"],
        &["check", "x.json"],
        &["check", "x.json", "--json"],
        &["train", "x.json", "--epochs", "1", "--json", "--checkpoint", "run.safetensors"],
        &["debug", "x.json", "--command", "help; list all; goto 2; dump two.safetensors"],
        &["debug", "x.json", "--steps", "2", "--dump", "step.safetensors", "--json"],
    ] {
        assert_eq!(unread(folder, arguments), (Some(0), String::new()), "{arguments:?}");
    }
    for file in ["run.safetensors", "two.safetensors", "step.safetensors"] {
        assert!(folder.join(file).exists(), "{file} is not written");
    }
    let (code, said) = unread(folder, &["bench", "--only", "toy-2-4-2-1", "--seconds", "0.01"]);
    assert_eq!((code, said.as_str()), (Some(0), "measuring toy-2-4-2-1 …\n"));
    let (code, said) = unread(folder, &["debug", "x.json", "--json", "--command", "rnu"]);
    assert_eq!((code, said.contains("no command 'rnu'")), (Some(1), true), "{said}");
}

/// Commands without end from a pipe end with the last one whose answer is read.
#[test]
fn commands_from_a_pipe_end_when_nobody_reads_the_answers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = Command::new(env!("CARGO_BIN_EXE_glassbox"))
        .args(["debug", "x.json"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(writer)
        .spawn()
        .unwrap();
    let mut commands = child.stdin.take().unwrap();
    let refused = (0..1_000_000).find_map(|_| std::io::Write::write_all(&mut commands, b"info\n").err());
    assert_eq!(refused.map(|error| error.kind()), Some(std::io::ErrorKind::BrokenPipe));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn answers_that_cannot_be_written_are_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for arguments in [&["templates"][..], &["templates", "--json"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_glassbox"))
            .args(arguments)
            .current_dir(folder)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.contains("Can't write to standard output")), (Some(1), true), "{said}");
    }
}

/// One object and no more, with the sentence that stands on stderr as well.
#[test]
fn failures_are_json_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    for arguments in [
        &["check", "none.json", "--json"][..],
        &["train", "none.json", "--json"],
        &["train", "x.json", "--resume", "none.safetensors", "--json"],
        &["debug", "none.json", "--json", "--command", "info"],
        &["debug", "x.json", "--json", "--script", "none.txt"],
        &["debug", "x.json", "--json", "--command", "print nothing"],
        &["bench", "--only", "nothing", "--json"],
    ] {
        let output = glassbox(folder, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}"));
        let sentence = said["error"].as_str().unwrap();
        assert!(text(&output.stderr).contains(sentence), "{arguments:?}: {said}");
    }
    // What has problems is told once, with its problems.
    let project = std::fs::read_to_string(folder.join("x.json")).unwrap();
    let cut = project.replace("\"kind\": \"input\"", "\"kind\": \"flatten\"").replace(COLUMNS, "");
    std::fs::write(folder.join("cut.json"), cut).unwrap();
    let output = glassbox(folder, &["check", "cut.json", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), said["problems"].as_array().map(Vec::is_empty)), (Some(1), Some(false)));
}

#[test]
fn a_script_names_the_line_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let long = format!("print {}", "(".repeat(5000));
    std::fs::write(folder.join("a.txt"), format!("# a remark\n\nstep; goto 3\n  print los\nquit\n{long}\n")).unwrap();
    fails(folder, &["debug", "x.json", "--script", "a.txt"], &["a.txt, line 4 (print los)", "'loss'"]);
    let output = glassbox(folder, &["debug", "x.json", "--script", "a.txt", "--json"]);
    let said: Value = serde_json::from_str(text(&output.stdout).lines().last().unwrap()).unwrap();
    let place = (said["command"].as_str(), said["file"].as_str(), said["line"].as_u64());
    assert_eq!(place, (Some("print los"), Some("a.txt"), Some(4)), "{said}");
    assert!(said["error"].as_str().unwrap().contains("'loss'"), "{said}");
    let output = glassbox(folder, &["debug", "x.json", "--command", "print los", "--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["error"].is_string() && said["file"].is_null() && said["line"].is_null(), "{said}");
    std::fs::write(folder.join("b.txt"), &long).unwrap();
    let said = text(&glassbox(folder, &["debug", "x.json", "--script", "b.txt"]).stderr);
    assert!(said.starts_with("glassbox: b.txt, line 1 (print (((") && said.len() < 300, "{said}");
}

/// Who reads only the answer learns all that was said on the way.
#[test]
fn notes_and_warnings_are_part_of_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String =
        (0..60).map(|i| format!("{}.5,{},same\n", (i * 37) % 61, if i % 2 == 0 { "even" } else { "odd" })).collect();
    std::fs::write(folder.join("d.csv"), format!("a,kind,constant\n{rows}")).unwrap();
    json_free(folder, &["new", "table", "--data", "d.csv", "--target", "kind", "-o", "p.json"]);
    let mut project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("p.json")).unwrap()).unwrap();
    project["training"]["batch_size"] = 500.into();
    std::fs::write(folder.join("p.json"), project.to_string()).unwrap();
    let listed =
        |found: &Value, key: &str| found[key].as_array().unwrap().iter().map(Value::to_string).collect::<String>();
    let checked = json(folder, &["check", "p.json", "--json"]);
    assert!(listed(&checked, "notes").contains("constant"), "{checked}");
    assert!(listed(&checked, "warnings").contains("batch size is 500"), "{checked}");
    assert!(json_free(folder, &["check", "p.json"]).contains("warning: The batch size is 500"));
    let trained = json(folder, &["train", "p.json", "--epochs", "1", "--checkpoint", "run.safetensors", "--json"]);
    assert_eq!(trained["notes"], checked["notes"]);
    assert_eq!(trained["warnings"], serde_json::json!([]));
    project["graph"]["layers"][1]["units"] = 3.into();
    std::fs::write(folder.join("p.json"), project.to_string()).unwrap();
    let resumed = json(folder, &["train", "p.json", "--epochs", "2", "--resume", "run.safetensors", "--json"]);
    assert!(listed(&resumed, "warnings").contains("the network is that of p.json"), "{resumed}");
}
