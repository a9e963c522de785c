//! Files that earlier versions wrote open, go on and can be gone back in, for ever.
//!
//! `tests/compat` holds checkpoints as they were written by the program of their time, and `goes-on.json` what came next there. What
//! lies in it is never written anew: another format adds another folder's worth of files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::Device;
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

/// Epochs were shuffled in memory then: the very batches come, saved once more or gone back in, and only new runs have others.
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
    assert_eq!(losses(&mut debugger), went_on, "from its beginning");
    assert_eq!(losses(&mut resumed(&again).0), went_on, "saved once more");
    let run = debugger.run();
    let new = Run::new(run.origin(), run.dataset().clone(), Device::Cpu).unwrap();
    debugger.goto_step(0).unwrap();
    assert_ne!(new.next_batch().rows, debugger.run().next_batch().rows);
}

#[test]
fn what_was_changed_and_watched_in_them_is_known() {
    let (debugger, _, marks) = opened("moons-changed");
    assert_eq!(debugger.changes().0.len(), 4);
    assert_eq!(marks, ["lr 0.01 → 0.02", "dense_1.bias = 0.25", "dense_2.weight[0, 1] = -0.5", "Dense 1 8 → 9 units"]);
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
