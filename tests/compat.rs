//! Files that earlier versions wrote open, go on and can be gone back in, for ever.
//!
//! `tests/compat` holds checkpoints as they were written by the program of their time, and `goes-on.json` what came
//! next there. What lies in it is never written anew: another format adds another folder's worth of files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Mode, compile};
use glassbox::persist::project_file;
use glassbox::session::checkpoint;
use glassbox::trace::{Curves, Weights};
use glassbox::trainer::{Debugger, Kept, Run, Stop};
use serde::Deserialize;

#[derive(Deserialize)]
struct GoesOn {
    step: u64,
    train_losses: Vec<f64>,
    finished: bool,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat"))
}

/// Another processor rounds otherwise.
#[track_caller]
fn close(what: &str, got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-3 * expected.abs().max(1e-2), "{what}: {got}, and it was {expected}");
}

fn resumed(file: &Path) -> (Debugger, Kept) {
    let (project, kept) = checkpoint::load(file).unwrap();
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let run = Run::resume(&project, dataset, Device::Cpu, kept.saved.clone()).unwrap();
    (Debugger::new(run, 1 << 24).unwrap(), kept)
}

fn opened(name: &str) -> (Debugger, Curves, Vec<String>) {
    let (mut debugger, Kept { curves, marks, forks, .. }) = resumed(&folder().join(format!("{name}.safetensors")));
    assert!(forks.resting.is_empty(), "nothing was kept of branches then");
    let notices = debugger.take_notices();
    assert!(notices.iter().any(|notice| notice.contains("older version of Glassbox")), "{notices:?}");
    (debugger, curves, marks.into_iter().map(|mark| mark.label).collect())
}

fn goes_on(folder: &Path) -> BTreeMap<String, GoesOn> {
    serde_json::from_str(&std::fs::read_to_string(folder.join("goes-on.json")).unwrap()).unwrap()
}

#[test]
fn runs_of_the_first_format_go_on_and_back() {
    let told = goes_on(folder());
    assert_eq!(told.len(), 4);
    for (name, GoesOn { step, train_losses, finished }) in told {
        let (mut debugger, curves, _) = opened(&name);
        assert_eq!((debugger.machine().step(), curves.train_loss.len() as u64), (step, step), "{name}");
        // Beyond its end this program, unlike that one, goes on keeping the lowest loss whatever early stopping wants.
        let comparable = if finished { 4 } else { train_losses.len() };
        for expected in &train_losses[..comparable] {
            close(&name, debugger.run_free().unwrap().row.unwrap().loss, *expected);
        }
        assert_eq!(debugger.run().finished().is_some(), finished, "{name}");
        assert_eq!(debugger.run().history().origin.weights, Weights::Fresh, "{name}");
        debugger.goto_step(0).unwrap();
        debugger.goto_step(step).unwrap();
        let last = debugger.run_free().unwrap().row.unwrap();
        assert_eq!(last.step, step + 1, "{name}");
        if !finished {
            close(&format!("{name}, from its beginning"), last.loss, train_losses[0]);
        }
    }
}

/// Epochs were shuffled in memory then: the very batches come, saved once more or gone back in, and only new runs have
/// others.
#[test]
fn a_run_keeps_the_order_that_its_epochs_began_in() {
    let folder = folder().join("state-2");
    let GoesOn { step, train_losses, .. } = &goes_on(&folder)["fisher-yates"];
    let (mut debugger, kept) = resumed(&folder.join("fisher-yates.safetensors"));
    let again = tempfile::tempdir().unwrap();
    let again = again.path().join("again.safetensors");
    checkpoint::save(&again, &kept.saved.project, &kept).unwrap();
    let losses = |debugger: &mut Debugger| -> Vec<f64> {
        train_losses.iter().map(|_| debugger.run_free().unwrap().row.unwrap().loss).collect()
    };
    let went_on = losses(&mut debugger);
    went_on.iter().zip(train_losses).for_each(|(got, expected)| close("a batch", *got, *expected));
    debugger.goto_step(0).unwrap();
    debugger.goto_step(*step).unwrap();
    // Kernels have changed since: in the last bits, which other batches would not be.
    losses(&mut debugger).iter().zip(&went_on).for_each(|(got, there)| close("from its beginning", *got, *there));
    assert_eq!(losses(&mut resumed(&again).0), went_on, "saved once more");
    let run = debugger.run();
    let new = Run::new(run.origin(), run.dataset().clone(), Device::Cpu).unwrap();
    debugger.goto_step(0).unwrap();
    assert_ne!(new.next_rows(), debugger.run().next_rows());
}

#[test]
fn what_was_changed_and_watched_in_them_is_known() {
    let (debugger, _, marks) = opened("moons-changed");
    assert_eq!(debugger.changes().0.len(), 4);
    assert_eq!(marks, ["lr 0.01 → 0.02", "dense_1.bias = 0.25", "dense_2.weight[0, 1] = -0.5", "Dense 1 12 → 9 units"]);
    let (mut debugger, _, marks) = opened("circle-plateau");
    assert_eq!((debugger.changes().0.len(), marks.len()), (0, 0));
    let place = debugger.save().unwrap().place;
    assert!(place.plateau.best.is_some() && place.best_loss.is_some());
    assert_eq!(
        (place.early_loss, place.early_epoch),
        (place.best_loss, place.best_epoch),
        "one loss was watched by both"
    );
    let (debugger, _, _) = opened("circle-stopped");
    assert_eq!(debugger.run().finished(), Some(Stop::Early { patience: 3 }));
}

/// Instructions without their settings, whose words may change.
fn bare(listing: &str) -> Vec<String> {
    let without = |line: &str| match (line.find('['), line.find(']')) {
        (Some(from), Some(to)) => format!("{}{}", &line[..from], &line[to + 1..]),
        _ => line.to_owned(),
    };
    listing.lines().map(|line| without(line).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn projects_of_the_first_format_compile_to_what_they_were() {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder().join("format-1")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.display();
        let project = project_file::load(&path).unwrap();
        let dataset = data::load(&project.data, Path::new(""), &NoProgress).unwrap();
        let program = compile(&project.graph, &dataset.signature(), &project.training, Mode::Train).unwrap();
        let told = path.with_extension("").with_extension("txt");
        assert_eq!(bare(&program.listing()), bare(&std::fs::read_to_string(told).unwrap()), "{name}");
        // What is written now says the same.
        let text = project_file::to_text(&project).unwrap();
        assert!(text.contains("\"glassbox\": 2") && !text.contains("every_step"), "{name}");
        assert_eq!(project_file::from_text(&text, &path).unwrap(), project, "{name}");
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn a_run_of_the_first_format_with_numbered_inputs_goes_on_and_back() {
    let (mut debugger, _) = resumed(&folder().join("format-1/all-ports.safetensors"));
    for expected in [2.3684730529785156, 2.3234663009643555, 2.2873826026916504, 2.3313002586364746] {
        close("all-ports", debugger.run_free().unwrap().row.unwrap().loss, expected);
    }
    debugger.goto_step(0).unwrap();
    debugger.goto_step(3).unwrap();
    close("all-ports, from its beginning", debugger.run_free().unwrap().row.unwrap().loss, 2.3684730529785156);
}
