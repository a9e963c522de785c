//! A table that doesn't fit in memory trains to the same bits as one that does, and everything that looks at a run
//! works on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, Dataset, NoProgress, Room};
use glassbox::engine::Device;
use glassbox::files::cache::Cache;
use glassbox::model::{Project, Source};
use glassbox::session::checkpoint::{self, Kept};
use glassbox::session::{TableWish, propose_project, table_spec};
use glassbox::trace::Curves;
use glassbox::trainer::{Debugger, Granularity, Run};

struct Both {
    _folder: tempfile::TempDir,
    project: Project,
    held: Arc<Dataset>,
    mapped: Arc<Dataset>,
}

fn both(target: &str) -> Both {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let mut text = "a,b,c,kind,price\n".to_owned();
    for i in 0..3000 {
        let a = f64::from(i * 37 % 101) / 7.0;
        let b = ["x", "y", "", "z"][i as usize % 4];
        text +=
            &format!("{a},{b},{},{},{}\n", i * i % 89, ["no", "yes"][usize::from(a > 7.0)], a * 3.0 + f64::from(i % 5));
    }
    std::fs::write(&path, text).unwrap();
    let wish = TableWish { targets: vec![target.into()], ..TableWish::default() };
    let (spec, _) = table_spec(&path, &wish, Path::new(""), &NoProgress).unwrap();
    let load = |memory| {
        let room = Room { memory, cache: Some(Cache::at(folder.path().join("cache"))) };
        Arc::new(data::load_within(&room, &spec, Path::new(""), &NoProgress).unwrap())
    };
    let (held, made, mapped) = (load(u64::MAX), load(0), load(0));
    assert_eq!(made.notes, mapped.notes);
    let mut project = propose_project(&held, spec.clone());
    assert_eq!(project, propose_project(&mapped, spec));
    project.training.epochs = 2;
    project.training.batch_size = 100;
    Both { _folder: folder, project, held, mapped }
}

fn run(both: &Both, dataset: &Arc<Dataset>) -> Run {
    Run::new(&both.project, dataset.clone(), Device::Cpu).unwrap()
}

fn losses(run: &mut Run) -> Vec<u64> {
    let mut bits = Vec::new();
    while run.finished().is_none() {
        let row = run.step().unwrap();
        bits.push(row.loss.to_bits());
        if row.epoch_done {
            let results = run.evaluate().unwrap();
            bits.extend([results.loss.to_bits(), results.score.to_bits()]);
            run.judge(&results).unwrap();
        }
    }
    bits
}

#[test]
fn it_trains_to_the_same_bits() {
    for target in ["kind", "price"] {
        let both = both(target);
        assert!(matches!(both.project.data.source, Source::Csv(_)));
        let (mut held, mut mapped) = (run(&both, &both.held), run(&both, &both.mapped));
        let of_held = losses(&mut held);
        assert_eq!(of_held.len(), 2 * 24 + 4);
        assert_eq!(of_held, losses(&mut mapped), "{target}");
        assert_eq!(held.machine().snapshot().unwrap(), mapped.machine().snapshot().unwrap());
    }
}

#[test]
fn a_run_goes_on_with_the_same_table_held_otherwise() {
    let both = both("kind");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let mut first = run(&both, &both.held);
    let mut bits: Vec<u64> = (0..10).map(|_| first.step().unwrap().loss.to_bits()).collect();
    checkpoint::save(&path, first.project(), &Kept::new(first.save().unwrap(), Curves::default())).unwrap();
    let (kept, Kept { saved, .. }) = checkpoint::load(&path).unwrap();
    assert_eq!(Run::difference(&both.mapped, &saved.place).unwrap(), None);
    let mut second = Run::resume(&kept, both.mapped.clone(), Device::Cpu, saved).unwrap();
    bits.extend((0..10).map(|_| second.step().unwrap().loss.to_bits()));
    let mut whole = run(&both, &both.held);
    assert_eq!(bits, (0..20).map(|_| whole.step().unwrap().loss.to_bits()).collect::<Vec<_>>());
}

#[test]
fn going_back_and_explaining_work_on_it() {
    let both = both("kind");
    let debugger = |dataset: &Arc<Dataset>| Debugger::new(run(&both, dataset), 1 << 20).unwrap();
    let (mut held, mut mapped) = (debugger(&both.held), debugger(&both.mapped));
    let mut seen = Vec::new();
    for debugger in [&mut held, &mut mapped] {
        debugger.goto_step(30).unwrap();
        let late = debugger.machine().snapshot().unwrap();
        debugger.goto_step(3).unwrap();
        debugger.advance(Granularity::Instruction).unwrap();
        let rows = debugger.machine().batch_rows().to_vec();
        let input = debugger.machine().read(debugger.machine().program().input).unwrap();
        while debugger.machine().is_in_step() {
            debugger.advance(Granularity::Instruction).unwrap();
        }
        let explained = debugger.explain("dense_1.weight", &[0, 1]).unwrap();
        debugger.goto_step(30).unwrap();
        assert_eq!(debugger.machine().snapshot().unwrap(), late);
        seen.push((rows, input.data.to_vec(), explained.value.to_bits(), late));
    }
    assert_eq!(seen[0].0.len(), 100);
    assert!(seen[0] == seen[1]);
}
