//! Races of pretended interpreters: how they go, and how they end where one of them dies.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::test_python::{Python, python};
use super::*;
use crate::data::{self, NoProgress};
use crate::model::{Project, templates};

fn engine(folder: &Path, kind: Python) -> Engine {
    let packages = BTreeMap::from([("torch".to_owned(), format!("{kind:?}"))]);
    let interpreter = Interpreter { path: python(folder, kind), python: "3.99.0".into(), packages, named: None };
    Engine::Framework(crate::interop::Framework::PyTorch, interpreter, None)
}

fn xor() -> (Project, Arc<crate::data::Dataset>) {
    let project = templates::build("xor").unwrap();
    let dataset = data::load(&project.data, Path::new(""), &NoProgress).unwrap();
    (project, Arc::new(dataset))
}

/// The standings at the end, and what was kept of each.
fn race(
    kinds: &[Python],
    (steps, at_once): (u64, bool),
    watch: &mut dyn FnMut(&[Racer]) -> Wishes,
) -> Vec<(Standing, Result<u64, String>)> {
    let folder = tempfile::tempdir().unwrap();
    let (project, dataset) = xor();
    let course = Course { project: &project, dataset: &dataset, base: Path::new(""), steps, threads: None };
    let engines = kinds.iter().map(|kind| engine(folder.path(), *kind)).collect();
    let racers = run(engines, at_once, &course, watch);
    let kept = |racer: &Racer| racer.kept(&course).map(|kept| kept.saved.now.step);
    racers.iter().map(|racer| (Standing::of(racer), kept(racer))).collect()
}

#[test]
fn racers_train_in_turn_and_their_weights_and_curves_are_kept() {
    let mut together = 0;
    let ends = race(&[Python::Trains, Python::Trains], (20, false), &mut |racers| {
        together = together.max(racers.iter().filter(|racer| *racer.status() == Status::Running).count());
        Wishes::default()
    });
    assert_eq!(together, 1);
    for (standing, kept) in &ends {
        assert_eq!((&standing.status, standing.told.len(), standing.now.step), (&Status::Done, 20, 20));
        assert_eq!(kept.as_ref(), Ok(&20));
        let finish = Finish::of(standing);
        assert_eq!((finish.seconds_to_first_step, finish.ms_per_step), (Some(1.5), Some(1000.0)));
        assert_eq!((finish.peak_bytes, finish.error), (Some(1 << 20), None));
        assert!(finish.lines_of_code > 10 && finish.final_loss == Some(0.979));
    }
    let standings: Vec<Standing> = ends.into_iter().map(|(standing, _)| standing).collect();
    let compared = compare(&standings);
    assert_eq!((compared.len(), compared[0].largest, compared[0].parts_at), (1, 0.0, None));
    assert_eq!(csv(&standings).lines().count(), 41);
}

#[test]
fn the_death_of_one_harms_no_other_and_says_what_happened() {
    let kinds = [Python::Fails, Python::Garbage, Python::Vanishes, Python::Trains];
    let ends = race(&kinds, (5, true), &mut |_| Wishes::default());
    let why = |i: usize| match &ends[i].0.status {
        Status::Failed(failure) => failure.clone(),
        other => panic!("{i}: {other:?}"),
    };
    assert_eq!(why(0).sentence, "PyTorch Fails ended with an error: ValueError: no");
    assert!(why(0).said.starts_with("Traceback"), "{}", why(0).said);
    assert!(why(1).sentence.contains("without having trained a step"), "{}", why(1).sentence);
    assert!(why(1).said.len() < 1 << 17);
    assert!(ends[2].1.as_ref().is_err_and(|why| why.contains("before it had saved")), "{:?}", ends[2].1);
    assert_eq!((&ends[3].0.status, ends[3].1.as_ref()), (&Status::Done, Ok(&5)));
}

#[test]
fn a_missing_interpreter_and_one_that_hangs_do_not_hold_up_the_race() {
    let folder = tempfile::tempdir().unwrap();
    let (project, dataset) = xor();
    let course = Course { project: &project, dataset: &dataset, base: Path::new(""), steps: 3, threads: None };
    let (gone, hangs) = (engine(folder.path(), Python::Trains), engine(folder.path(), Python::Hangs));
    std::fs::remove_file(folder.path().join("Trains")).unwrap();
    let began = std::time::Instant::now();
    let racers = run(vec![gone, hangs], false, &course, &mut |racers| Wishes {
        abandoned: *racers[1].status() == Status::Running,
        ..Wishes::default()
    });
    let Status::Failed(failure) = racers[0].status() else { panic!("{:?}", racers[0].status()) };
    assert!(failure.sentence.contains("can't be started"), "{}", failure.sentence);
    drop(racers);
    assert!(began.elapsed().as_secs() < 60, "who hangs is ended");
}

#[test]
fn a_racer_that_is_paused_waits_and_one_that_is_stopped_keeps_what_it_has() {
    let mut paused_at = None;
    let mut looks = 0;
    let ends = race(&[Python::Trains], (1_000_000, false), &mut |racers| {
        let step = racers[0].log.told.len();
        let mut wishes = Wishes::default();
        match paused_at {
            None if step > 3 => paused_at = Some(step),
            Some(_) if looks < 10 => {
                looks += 1;
                wishes.paused = true;
                // The first looks see what was written before the word arrived.
                paused_at = if looks == 5 { Some(step) } else { paused_at };
                assert!(looks < 6 || Some(step) == paused_at, "it goes on although it is paused");
            }
            Some(at) if step > at => drop(wishes.stopped.insert(0)),
            _ => {}
        }
        wishes
    });
    let (standing, kept) = &ends[0];
    assert_eq!(standing.status, Status::Stopped);
    assert_eq!(kept.as_ref(), Ok(&standing.now.step));
}
