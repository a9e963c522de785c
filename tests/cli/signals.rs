//! A run that somebody ends.
#![cfg(unix)]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::*;

/// Polls until `done`, at most a minute.
fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// A run that would go on for days.
fn endless(folder: &Path, more: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_glassbox"))
        .args([&["train", "x.json", "--epochs", "1000000000", "--threads", "1"][..], more].concat())
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn steps(log: &str) -> Vec<u64> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == "step").map(|line| line["step"].as_u64().unwrap()).collect()
}

#[test]
fn a_run_that_is_ended_has_written_everything_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let log = || std::fs::read_to_string(folder.join("run.jsonl")).unwrap_or_default();
    let files = ["--log", "run.jsonl", "--checkpoint", "run.safetensors", "--json"];
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let child = endless(folder, &files);
        wait_for("a written line", || !log().is_empty());
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let (summary, said): (Value, _) = (serde_json::from_slice(&output.stdout).unwrap(), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{said}");
        let step = summary["steps"].as_u64().unwrap();
        assert_eq!((summary["interrupted"].as_bool(), log().ends_with('\n')), (Some(true), true));
        assert_eq!(steps(&log()), (1..=step).collect::<Vec<_>>());
        let sentence = summary["error"].as_str().unwrap();
        assert!(sentence.contains(&format!("Stopped after step {step}")), "{sentence}");
        assert_eq!(said.matches(sentence).count(), 1, "{said}");
        // The very command that it names goes on.
        let again = sentence.split("To continue: glassbox ").nth(1).unwrap();
        let last = (step + 10).to_string();
        let arguments = [again.split(' ').collect(), vec!["--steps", &last]].concat();
        assert_eq!(json(folder, &arguments)["steps"].as_u64(), Some(step + 10));
        assert_eq!(steps(&log()), (1..=step + 10).collect::<Vec<_>>());
        std::fs::remove_file(folder.join("run.jsonl")).unwrap();
    }
}

/// Nobody reads the log, so that the program waits for ever to write it: the first request cannot be met.
#[test]
fn a_second_request_ends_the_program_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let mut child = endless(folder, &["--log", "pipe"]);
    let mut pipe = std::fs::File::open(folder.join("pipe")).unwrap();
    std::io::Read::read_exact(&mut pipe, &mut [0; 1]).unwrap();
    signal(&child, "-INT");
    signal(&child, "-INT");
    wait_for("the end", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// Its last step in the log stays the same for a while of its own lines' pace.
fn stands_still(folder: &Path, log: &str) -> bool {
    let read = || std::fs::read_to_string(folder.join(log)).unwrap_or_default().lines().count();
    let before = read();
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        std::thread::yield_now();
    }
    before > 0 && read() == before
}

/// What a race says to a process: it pauses, goes on, stops with what it has, and ends when nobody is left to hear it.
fn hears_words(mut command: Command, folder: &Path, log: &str, checkpoint: &str) {
    use std::io::Write;
    command.args(["--until-closed", "--seconds", "--log", log, "--checkpoint", checkpoint]).current_dir(folder);
    let start = |command: &mut Command| {
        let _ = std::fs::remove_file(folder.join(log));
        let _ = std::fs::remove_file(folder.join(checkpoint));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for("a written line", || std::fs::metadata(folder.join(log)).is_ok_and(|there| there.len() > 0));
        child
    };
    let mut child = start(&mut command);
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"pause\n").unwrap();
    wait_for("a pause", || stands_still(folder, log));
    input.write_all(b"go\n").unwrap();
    wait_for("going on", || !stands_still(folder, log));
    input.write_all(b"stop\n").unwrap();
    wait_for("the end", || child.try_wait().unwrap().is_some());
    assert!(folder.join(checkpoint).exists(), "it has kept what it had");
    let lines = std::fs::read_to_string(folder.join(log)).unwrap();
    assert!(lines.lines().last().unwrap().contains("peak_bytes"), "its log has an end");

    let mut child = start(&mut command);
    drop(child.stdin.take());
    wait_for("the end with its parent's", || child.try_wait().unwrap().is_some());
}

#[test]
fn a_process_of_a_race_hears_words_and_ends_with_who_started_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbox"));
    command.args(["train", "x.json", "--epochs", "1000000000", "--threads", "1"]);
    hears_words(command, folder, "run.jsonl", "end.safetensors");
    let Some(python) = super::support::frameworks::python_with(&["torch"], "train.py hears words") else { return };
    json_free(folder, &["export", "x.json", "--to", "pytorch", "-o", "there"]);
    let mut command = Command::new(python);
    command.args(["train.py", "--epochs", "1000000000"]);
    hears_words(command, &folder.join("there"), "run.jsonl", "end.pt");
}
