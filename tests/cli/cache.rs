//! Tables that are larger than memory, and `glassbox cache`.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::*;

/// With a home of its own, where every table is too large.
fn small(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbox"));
    command.current_dir(folder).args(arguments);
    command.env("GLASSBOX_HOME", folder.join("home")).env("GLASSBOX_TABLE_MEMORY", "0");
    command
}

fn answered(folder: &Path, arguments: &[&str]) -> Value {
    let output = small(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn put_table(folder: &Path, rows: usize) {
    let mut text = "a,b,c,kind\n".to_owned();
    for i in 0..rows {
        text += &format!("{},{},{},{}\n", i * 37 % 101, i % 13, (i * i) as f64 / 7.0, ["no", "yes"][i % 2]);
    }
    std::fs::write(folder.join("t.csv"), text).unwrap();
}

fn left(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("home/cache")).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn a_table_is_converted_once_and_its_rows_are_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put_table(folder, 500);
    let none = small(folder, &["cache"]).output().unwrap();
    assert!(text(&none.stdout).contains("Nothing is cached"));
    let new = ["new", "table", "--data", "t.csv", "--target", "kind", "-o", "p.json", "--json"];
    let held = json(folder, &new);
    assert!(!held["notes"].to_string().contains("glassbox cache") && left(folder).is_empty(), "{held}");
    let train = ["train", "p.json", "--epochs", "2", "--threads", "1", "--json"];
    let (held, mapped) = (json(folder, &train), answered(folder, &train));
    assert!(mapped["notes"].to_string().contains("glassbox cache"), "{mapped}");
    assert_eq!((&mapped["train_loss"], &mapped["val_loss"]), (&held["train_loss"], &held["val_loss"]));
    let listed = answered(folder, &["cache", "--json"]);
    let table = &listed["tables"][0];
    assert_eq!((listed["tables"].as_array().unwrap().len(), table["rows"].as_u64()), (1, Some(500)));
    assert_eq!((table["is_current"].as_bool(), &table["bytes"]), (Some(true), &listed["bytes"]));
    assert!(table["table"].as_str().unwrap().ends_with("t.csv"), "{table}");
    let shown = small(folder, &["cache"]).output().unwrap();
    assert!(text(&shown.stdout).contains("t.csv") && text(&shown.stdout).contains("of 20.0 GiB"));

    let clear = |more: &[&str]| answered(folder, &[&["cache", "clear", "--json"], more].concat())["removed"].clone();
    assert!(clear(&[]).as_array().unwrap().is_empty() && clear(&["--older-than", "1h"]).as_array().unwrap().is_empty());
    put_table(folder, 501);
    let shown = small(folder, &["cache"]).output().unwrap();
    assert!(text(&shown.stdout).contains("changed or gone"), "{}", text(&shown.stdout));
    assert_eq!(clear(&[]).as_array().unwrap().len(), 1);
    answered(folder, &train);
    assert_eq!(clear(&["--all"]).as_array().unwrap().len(), 1);
    assert!(left(folder).is_empty(), "{:?}", left(folder));
    let limit = answered(folder, &["cache", "limit", "2GB", "--json"]);
    assert_eq!(
        (&limit["limit_bytes"], &answered(folder, &["cache", "--json"])["limit_bytes"]),
        (&2_000_000_000u64.into(), &2_000_000_000u64.into())
    );
    for (arguments, word) in
        [(&["cache", "limit", "much"][..], "no size"), (&["cache", "clear", "--older-than", "long"], "no age")]
    {
        let output = small(folder, arguments).output().unwrap();
        assert!(output.status.code() == Some(1) && text(&output.stderr).contains(word), "{}", text(&output.stderr));
    }
}

/// Until something is on its way into the cache, or the program has ended.
fn wait_for_work(folder: &Path, child: &mut Child) {
    let began = Instant::now();
    while left(folder).is_empty() && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::yield_now();
    }
}

#[test]
#[cfg(unix)]
fn killed_halfway_it_leaves_nothing_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put_table(folder, 200_000);
    let new = ["new", "table", "--data", "t.csv", "--target", "kind", "-o", "p.json", "--json"];
    let mut child = small(folder, &new).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_work(folder, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!left(folder).iter().any(|name| name.ends_with(".rows")), "{:?}", left(folder));
    let made = answered(folder, &new);
    assert!(!made["notes"].to_string().contains("damaged"), "{made}");
    let names = left(folder);
    assert!(names.len() == 1 && names[0].ends_with(".rows"), "{names:?}");
}

/// As on a disk that is full: no file may grow beyond some blocks.
#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_nothing_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put_table(folder, 20_000);
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {:?} new table --data t.csv --target kind -o p.json",
        env!("CARGO_BIN_EXE_glassbox")
    );
    let mut command = Command::new("bash");
    command.current_dir(folder).args(["-c", &script]);
    command.env("GLASSBOX_HOME", folder.join("home")).env("GLASSBOX_TABLE_MEMORY", "0");
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("Free some space") && said.contains("t.csv"), "{said}");
    assert!(left(folder).is_empty() && !folder.join("p.json").exists(), "{:?}", left(folder));
    // With room again it works.
    answered(folder, &["new", "table", "--data", "t.csv", "--target", "kind", "-o", "p.json", "--json"]);
}
