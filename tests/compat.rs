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

fn opened(name: &str) -> (Debugger, Curves, Vec<String>) {
    let (project, Kept { saved, curves, marks, forks, .. }) =
        checkpoint::load(&folder().join(format!("{name}.safetensors"))).unwrap();
    assert!(forks.resting.is_empty(), "nothing was kept of branches then");
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let run = Run::resume(&project, dataset, Device::Cpu, saved).unwrap();
    let mut debugger = Debugger::new(run, 1 << 24).unwrap();
    let notices = debugger.take_notices();
    assert!(notices.iter().any(|notice| notice.contains("older version of Glassbox")), "{notices:?}");
    (debugger, curves, marks.into_iter().map(|mark| mark.label).collect())
}

#[test]
fn runs_of_the_first_format_go_on_and_back() {
    let told = std::fs::read_to_string(folder().join("goes-on.json")).unwrap();
    let told: BTreeMap<String, GoesOn> = serde_json::from_str(&told).unwrap();
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

#[test]
fn what_was_changed_and_watched_in_them_is_known() {
    let (debugger, _, marks) = opened("moons-changed");
    assert_eq!(debugger.changes().0.len(), 4);
    assert_eq!(marks, ["lr 0.01 → 0.02", "dense_1.bias = 0.25", "dense_2.weight[0, 1] = -0.5", "network edited"]);
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
