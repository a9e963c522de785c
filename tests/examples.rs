//! The project files in examples/ open, have no problem, and train to what their README promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Threads};
use glassbox::persist::project_file;
use glassbox::trainer::Run;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Name and promised score of every row of the README's table.
fn promised() -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[3].parse().unwrap())
    })
    .collect()
}

fn score_of(path: &Path) -> f64 {
    let project = project_file::load(path).unwrap();
    let dataset = Arc::new(data::load(&project.data, &folder(), &NoProgress).unwrap());
    let mut run = Run::new(&project, dataset, Device::Cpu).unwrap();
    while run.finished().is_none() {
        if run.step().unwrap().epoch_done {
            let scores = run.evaluate().unwrap();
            run.judge(&scores).unwrap();
        }
    }
    run.restore_best().unwrap();
    run.evaluate().unwrap().score
}

#[test]
fn every_project_file_is_in_the_table_and_reaches_its_score() {
    let promised = promised();
    let ending = ".glassbox.json";
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    let mut listed: Vec<_> = promised.iter().map(|(name, _)| name.clone()).collect();
    found.sort();
    listed.sort();
    assert_eq!(found, listed);
    Threads::new(0).unwrap().run(|| {
        for (name, score) in promised {
            let reached = score_of(&folder().join(format!("{name}{ending}")));
            assert!(reached > score - 0.02, "{name}: {reached} instead of {score}");
        }
    });
}
