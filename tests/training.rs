//! Runs: the same seed gives the same curve, saved runs go on bitwise, the journal replays, and the session drives it
//! all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::{Device, Threads};
use glassbox::model::layer::{BatchNorm, Conv1d, Dropout, Gru, SimpleRnn};
use glassbox::model::{
    DataSpec, Edit, End, LayerKind, Optimiser, ParamValue, Plateau, Project, Schedule, Source, TrainingSpec, templates,
};
use glassbox::persist::{Home, Note};
use glassbox::session::checkpoint::Kept;
use glassbox::session::{Action, DataState, RunStatus, State, Transport, WayOut, checkpoint};
use glassbox::trace::{Branches, Curves, Ending, Moment, PictureWishes};
use glassbox::trainer::{Change, DebugCommand, Debugger, Forks, Granularity, KeptBranch, Run};
use support::{notices, session, training_session, wait};

fn start(project: &Project) -> Run {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    Run::new(project, dataset, Device::Cpu).unwrap()
}

/// Moons through batch norm and dropout: state in buffers and randomness in masks.
fn moons() -> Project {
    let mut project = templates::build("moons").unwrap();
    let first = project.graph.find("Dense 1").unwrap().id;
    Edit::Append { after: first, kind: Dropout { rate: 0.3, ..Dropout::default() }.into() }
        .apply(&mut project.graph)
        .unwrap();
    Edit::Append { after: first, kind: BatchNorm::default().into() }.apply(&mut project.graph).unwrap();
    project
}

/// A few hundred digits through a template.
fn few_digits(template: &str) -> Project {
    let mut project = templates::build(template).unwrap();
    if let Source::Digits(digits) = &mut project.data.source {
        digits.samples = 300;
    }
    project
}

fn small_digits() -> Project {
    few_digits("digits-cnn")
}

/// The rows of digits through recurrent layers of every kind, in both directions, and one convolution along the rows.
fn recurrent_digits() -> Project {
    let mut project = few_digits("digits-lstm");
    let lstm = project.graph.find("LSTM 1").unwrap().id;
    let both = Edit::SetParam { layer: lstm, key: "bidirectional".into(), value: ParamValue::Bool(true) };
    both.apply(&mut project.graph).unwrap();
    let gru = Gru { units: 24, ..Gru::default() };
    let rnn = SimpleRnn { units: 20, bidirectional: true, ..SimpleRnn::default() };
    let (mut before, last) = (lstm, project.graph.find("Dense 1").unwrap().id);
    for kind in [LayerKind::from(Conv1d::default()), gru.into(), rnn.into()] {
        let id = project.graph.add(kind, [0.0; 2]);
        project.graph.connect(End::at(before, 0), id).unwrap();
        before = id;
    }
    project.graph.connect(before, last).unwrap();
    project
}

fn losses(run: &mut Run, steps: usize) -> Vec<u64> {
    (0..steps).map(|_| run.step().unwrap().loss.to_bits()).collect()
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for project in [moons(), small_digits(), recurrent_digits(), few_digits("digits-attention")] {
        let curve = |threads: usize| {
            Threads::new(threads).unwrap().run(|| {
                let mut run = start(&project);
                let losses = losses(&mut run, 12);
                (losses, run.machine().snapshot().unwrap())
            })
        };
        let one = curve(1);
        assert_eq!(one, curve(2));
        assert_eq!(one, curve(8));
    }
}

#[test]
fn another_seed_is_another_run() {
    let mut project = moons();
    let first = losses(&mut start(&project), 3);
    assert_eq!(first, losses(&mut start(&project), 3));
    project.training.seed += 1;
    assert_ne!(first, losses(&mut start(&project), 3));
}

#[test]
fn a_saved_run_goes_on_bitwise_also_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for project in [moons(), small_digits()] {
        let mut whole = start(&project);
        losses(&mut whole, 40);
        let path = folder.path().join("run.safetensors");
        checkpoint::save(&path, whole.project(), &Kept::new(whole.save().unwrap(), Curves::default())).unwrap();
        let (kept, Kept { saved, .. }) = checkpoint::load(&path).unwrap();
        let dataset = whole.dataset().clone();
        let mut resumed = Run::resume(&kept, dataset, Device::Cpu, saved).unwrap();
        assert_eq!(resumed.epoch(), whole.epoch());
        assert_eq!(losses(&mut whole, 30), losses(&mut resumed, 30));
        assert_eq!(whole.machine().snapshot().unwrap(), resumed.machine().snapshot().unwrap());
    }
}

#[test]
fn the_curves_of_a_run_come_back_with_it_from_a_file_and_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home")).unwrap();
    let mut state = State::start(Some(home.clone()));
    state.apply(Action::OpenTemplate("xor".into()));
    wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_)));
    for step in 1..=30 {
        state.apply(Action::Transport(Transport::StepBatch));
        wait(&mut state, "a step", |s| s.run().step == step);
    }
    let whole = state.run().curves.clone();
    assert_eq!((whole.train_loss.len(), whole.validation_loss.len()), (30, 1));
    let note = |state: &State| -> Option<Note> {
        let folder = state.session_folder()?;
        serde_json::from_str(&std::fs::read_to_string(folder.join("note.json")).ok()?).ok()
    };
    let run_kept = |state: &State| note(state).and_then(|note| note.run);
    wait(&mut state, "an autosave with the run", |s| run_kept(s).is_some());
    drop(state);
    let mut again = State::start(Some(home.clone()));
    assert!(again.recoverable().is_some());
    again.apply(Action::RecoverLast(true));
    wait(&mut again, "the run", |s| s.run().step > 0);
    let back = again.run().curves.train_loss.clone();
    // Nor is it lost when the same befalls it at once again: what was kept before its data was there is kept with it.
    let kept = run_kept(&again).unwrap();
    again.apply(Action::Transport(Transport::StepBatch));
    wait(&mut again, "the next autosave", |s| run_kept(s).unwrap() != kept);
    assert_eq!(back.steps()[0], 1);
    assert!(back.last().is_some_and(|(step, _)| step <= again.run().step));
    assert_eq!(back.values(), &whole.train_loss.values()[..back.len()]);

    let mut run = start(again.project());
    let mut curves = Curves::default();
    (0..30).for_each(|_| curves.append(&[run.step().unwrap()], &[]));
    let path = folder.path().join("run.safetensors");
    checkpoint::save(&path, run.project(), &Kept::new(run.save().unwrap(), curves.clone())).unwrap();
    again.apply(Action::Open(path.clone()));
    wait(&mut again, "the run of the file", |s| s.run().step == 30);
    again.apply(Action::Transport(Transport::StepBatch));
    wait(&mut again, "one more step", |s| s.run().step == 31 && s.run().curves.train_loss.len() == 31);
    assert_eq!(again.run().curves.train_loss.values()[..30], *whole.train_loss.values());
    assert_eq!(again.run().curves.train_metric.len(), 31);
    // As files were before curves were kept; nothing of the last run is taken for theirs.
    checkpoint::save(&path, run.project(), &Kept::new(run.save().unwrap(), Curves::default())).unwrap();
    again.apply(Action::Open(path));
    wait(&mut again, "the run of the older file", |s| s.run().step == 30);
    assert!(again.run().curves.train_loss.is_empty());
}

#[test]
fn the_journal_brings_any_moment_back() {
    let mut run = start(&moons());
    losses(&mut run, 30);
    let slower = TrainingSpec { learning_rate: 0.001, batch_size: 7, ..run.training().clone() };
    run.change(Change::Training { training: slower }).unwrap();
    losses(&mut run, 20);
    let mut graph = run.project().graph.clone();
    let dense = graph.find("Dense 2").unwrap().id;
    Edit::SetParam { layer: dense, key: "units".into(), value: ParamValue::Int(9) }.apply(&mut graph).unwrap();
    let kept = run.change(Change::Graph { graph }).unwrap();
    assert!(kept.kept > 0 && kept.kept < kept.of, "{kept:?}");
    losses(&mut run, 10);
    let mut again = from_the_beginning(&run);
    again.goto_step(60).unwrap();
    assert_eq!(again.machine().snapshot().unwrap(), run.machine().snapshot().unwrap());
    let mut earlier = from_the_beginning(&run);
    earlier.goto_step(40).unwrap();
    assert_eq!(earlier.machine().step(), 40);
    assert_ne!(earlier.machine().snapshot().unwrap(), run.machine().snapshot().unwrap());
}

/// The run once more, where it began: what it went through lies ahead.
fn from_the_beginning(run: &Run) -> Debugger {
    let (project, dataset) = (run.project().clone(), run.dataset().clone());
    let run = Run::resume(&project, dataset, Device::Cpu, run.save().unwrap()).unwrap();
    let mut debugger = Debugger::new(run, 64 << 20).unwrap();
    debugger.goto_step(0).unwrap();
    debugger
}

/// Trains with every epoch judged, and tells the rate of every step.
fn judged(run: &mut Run, steps: usize) -> Vec<f64> {
    let mut rates = Vec::new();
    for _ in 0..steps {
        let row = run.step().unwrap();
        rates.push(row.learning_rate);
        if row.epoch_done {
            let evaluation = run.evaluate().unwrap();
            run.judge(&evaluation).unwrap();
        }
    }
    rates
}

#[test]
fn a_rate_cut_on_a_plateau_is_journaled_saved_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let mut project = moons();
    project.training.learning_rate = 0.5;
    let plateau = Plateau { patience: 0, factor: 0.5, cooldown: 1, ..Plateau::default() };
    project.training.schedule = Schedule::Plateau(plateau);
    let mut whole = start(&project);
    let epoch = whole.steps_per_epoch() as usize;
    let rates = judged(&mut whole, 20 * epoch + 3);
    assert_eq!((rates[0], rates.contains(&0.25)), (0.5, true), "{rates:?}");
    let cuts = whole.journal().iter().filter(|entry| matches!(entry.change, Change::Plateau { .. })).count();
    assert!(cuts > 1 && *rates.last().unwrap() == 0.5 * 0.5f64.powi(cuts as i32));

    let path = folder.path().join("run.safetensors");
    let saved = whole.save().unwrap();
    checkpoint::save(&path, whole.project(), &Kept::new(saved.clone(), Curves::default())).unwrap();
    let (kept, Kept { saved: again, .. }) = checkpoint::load(&path).unwrap();
    assert_eq!(again.place.plateau, saved.place.plateau);
    let mut resumed = Run::resume(&kept, whole.dataset().clone(), Device::Cpu, again).unwrap();
    let mut replayed = from_the_beginning(&whole);
    replayed.goto_step(whole.machine().step()).unwrap();
    assert_eq!(replayed.save().unwrap().place.plateau, saved.place.plateau);
    assert_eq!(replayed.run().journal(), whole.journal());
    let expected = judged(&mut whole, 10 * epoch);
    assert_eq!(judged(&mut resumed, 10 * epoch), expected);
    let rates: Vec<_> = (0..10 * epoch).filter_map(|_| replayed.run_free().unwrap().row).collect();
    assert!(rates.iter().map(|row| row.learning_rate).eq(expected));
    for run in [&resumed, replayed.run()] {
        assert_eq!(run.machine().snapshot().unwrap(), whole.machine().snapshot().unwrap());
    }
    let other = TrainingSpec { schedule: Schedule::Constant, ..whole.training().clone() };
    whole.change(Change::Training { training: other }).unwrap();
    assert_eq!(judged(&mut whole, 1), [0.5]);
}

/// A run with a branch that rests: it was forked after five steps, got another bias there, and went one step further.
fn forked(project: &Project) -> (Debugger, Debugger, Kept) {
    let mut main = Debugger::new(start(project), 64 << 20).unwrap();
    main.goto_step(5).unwrap();
    let mut fork = main.fork().unwrap();
    let mut all = Branches::default();
    all.fork("warm".into(), fork.moment().step, fork.moment());
    fork.set("dense_1.bias", &[0], 2.0).unwrap();
    fork.advance(Granularity::Step).unwrap();
    all.switch(0, 6);
    main.goto_step(9).unwrap();
    let (project, saved) = (fork.run().project().clone(), fork.save().unwrap());
    let resting = vec![Arc::new(KeptBranch { id: 1, project, saved, curves: Curves::default() })];
    let kept = Kept { forks: Forks { all, resting }, ..Kept::new(main.save().unwrap(), Curves::default()) };
    (main, fork, kept)
}

#[test]
fn branches_come_back_from_a_file_bit_for_bit_with_their_own_past() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let (main, mut fork, kept) = forked(&moons());
    checkpoint::save(&path, main.run().project(), &kept).unwrap();
    let (_, back) = checkpoint::load(&path).unwrap();
    assert_eq!((&back.forks.all, &back.saved.now), (&kept.forks.all, &kept.saved.now));
    let weights = |name: &String| !name.contains('/');
    assert!(back.saved.now.tensors.keys().all(weights), "what is the branch's is not taken for the run's");
    let mut revived = back.forks.revive(main.run().dataset(), &Device::Cpu, 64 << 20);
    assert_eq!((revived.problems.len(), revived.all.all().len()), (0, 2));
    let (again, _) = revived.resting.first_mut().unwrap();
    fork.goto_step(12).unwrap();
    again.goto_step(12).unwrap();
    assert_eq!(again.machine().snapshot().unwrap(), fork.machine().snapshot().unwrap());
    assert_ne!(again.machine().snapshot().unwrap(), from_the_beginning(main.run()).machine().snapshot().unwrap());
    again.goto_step(3).unwrap();
    fork.goto_step(3).unwrap();
    assert_eq!(again.machine().snapshot().unwrap(), fork.machine().snapshot().unwrap());
}

#[test]
fn a_branch_that_cannot_come_back_is_said_and_the_run_does() {
    let (main, _, mut kept) = forked(&moons());
    let branch = Arc::get_mut(&mut kept.forks.resting[0]).unwrap();
    branch.saved.now.tensors.clear();
    let revived = kept.forks.revive(main.run().dataset(), &Device::Cpu, 64 << 20);
    assert_eq!((revived.resting.len(), revived.all.all().len()), (0, 1));
    assert!(revived.problems[0].starts_with("Couldn't restore the branch warm"), "{:?}", revived.problems);
}

#[test]
fn early_stopping_stops_and_the_best_weights_come_back() {
    let mut project = templates::build("xor").unwrap();
    project.training.learning_rate = 3.0;
    project.training.keep_best = true;
    project.training.early_stopping = Some(glassbox::model::EarlyStopping { patience: 2, min_delta: 0.0 });
    let mut run = start(&project);
    let mut best = f64::INFINITY;
    while run.finished().is_none() {
        if run.step().unwrap().epoch_done {
            let scores = run.evaluate().unwrap();
            best = best.min(scores.loss);
            run.judge(&scores).unwrap();
        }
    }
    assert!(run.epochs_done() < project.training.epochs as u64, "it stopped early");
    assert!(run.restore_best().unwrap().is_some());
    assert_eq!(run.evaluate().unwrap().loss, best);
}

#[test]
fn a_session_trains_a_template_to_its_end() {
    let mut state = session("gauss");
    assert_eq!(state.run().status, RunStatus::Paused);
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "the end", |s| s.run().status == RunStatus::Finished);
    let steps = state.run().curves.train_loss.len() as u64;
    assert_eq!((steps, state.run().step), (30 * state.run().steps_per_epoch, steps), "no step is lost");
    assert_eq!(state.run().curves.validation_loss.len(), 30);
    assert!(state.run().curves.validation_metric.last().unwrap().1 > 0.9);
    state.apply(Action::Transport(Transport::Reset));
    wait(&mut state, "the reset", |s| s.run().step == 0 && s.run().status == RunStatus::Paused);
    assert!(state.run().curves.train_loss.is_empty());
}

/// What a run still has to tell when its project is closed is not shown as the next one's.
#[test]
fn a_project_closed_on_a_long_way_leaves_nothing_in_the_next_one() {
    let mut state = session("xor");
    state.apply(Action::SetTraining(TrainingSpec { epochs: 10_000_000, ..state.project().training.clone() }));
    let to = Moment { step: 50_000_000, instruction: 0 };
    state.apply(Action::Debug(DebugCommand::Goto(to)));
    wait(&mut state, "the way", |s| s.run().step > 100);
    state.apply(Action::NewEmpty);
    for _ in 0..1000 {
        state.poll();
        std::thread::yield_now();
    }
    assert_eq!(
        (state.run().step, state.run().curves.train_loss.len(), state.run().status),
        (0, 0, RunStatus::NotReady)
    );
    state.apply(Action::OpenTemplate("circle".into()));
    wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_)));
    state.apply(Action::Transport(Transport::StepBatch));
    wait(&mut state, "a step", |s| s.run().step == 1);
    assert_eq!(state.run().curves.train_loss.len(), 1);
}

#[test]
fn a_learning_rate_changed_while_running_is_marked_and_resets_nothing() {
    let mut state = training_session("spiral");
    let training = TrainingSpec { learning_rate: 0.003, ..state.project().training.clone() };
    let at = state.run().step;
    state.apply(Action::SetTraining(training));
    wait(&mut state, "the new rate", |s| s.run().curves.learning_rate.last().is_some_and(|p| p.1 == 0.003));
    assert!(state.run().step >= at);
    assert_eq!(state.run().marks.len(), 1);
    assert_eq!(state.run().marks[0].label, "lr 0.01 → 0.003");
    state.apply(Action::Undo);
    wait(&mut state, "the old rate", |s| s.run().curves.learning_rate.last().is_some_and(|p| p.1 == 0.01));
}

#[test]
fn editing_the_graph_while_it_trains_keeps_what_fits() {
    let mut state = training_session("spiral");
    let second = state.project().graph.find("Dense 2").unwrap().id;
    state.apply(Action::Edit(Edit::SetParam { layer: second, key: "units".into(), value: ParamValue::Int(5) }));
    wait(&mut state, "the message", |s| s.run().message.as_deref().is_some_and(|m| m.starts_with("Kept")));
    let at = state.run().step;
    wait(&mut state, "going on", |s| s.run().step > at);
    // A broken wire pauses; mending it lets the same run go on.
    state.apply(Action::Edit(Edit::Remove(vec![second])));
    let loss = state.project().graph.layers().find(|l| matches!(l.kind, LayerKind::Loss(_))).unwrap().id;
    let wire = state.project().graph.incoming(loss).next().unwrap().id;
    state.apply(Action::Edit(Edit::Disconnect(wire)));
    assert_eq!(state.run().status, RunStatus::NotReady);
    state.apply(Action::Undo);
    state.apply(Action::Transport(Transport::Play));
    let at = state.run().step;
    wait(&mut state, "going on again", |s| s.run().step > at);
}

#[test]
fn playing_goes_on_past_the_last_epoch_and_past_early_stopping() {
    let mut state = session("xor");
    let training = TrainingSpec { epochs: 3, ..state.project().training.clone() };
    state.apply(Action::SetTraining(training.clone()));
    state.apply(Action::Transport(Transport::Play));
    let events = wait(&mut state, "the end", |s| s.run().status == RunStatus::Finished);
    let offers: Vec<_> =
        notices(&events).iter().flat_map(|notice| notice.offers.clone()).map(|(label, _)| label).collect();
    assert_eq!((offers, state.run().epoch), (vec!["Train on".to_owned(), "Start over".to_owned()], 3.0));
    state.apply(Action::Transport(Transport::Play));
    assert_eq!(state.project().training.epochs, 6);
    wait(&mut state, "the next end", |s| s.run().status == RunStatus::Finished && s.run().epoch == 6.0);
    let losses = state.run().curves.train_loss.values().to_vec();
    let mut whole = start(&Project { training: TrainingSpec { epochs: 6, ..training }, ..state.project().clone() });
    assert_eq!(losses.len() as u64, 6 * whole.steps_per_epoch());
    assert!(losses.iter().all(|&loss| loss == whole.step().unwrap().loss as f32), "as if it had never stopped");
    state.apply(Action::Transport(Transport::Play));
    assert_eq!(state.project().training.epochs, 9, "as many again as were suggested at first");
    wait(&mut state, "the last end", |s| s.run().status == RunStatus::Finished && s.run().epoch == 9.0);
    for epochs in [6, 3] {
        state.apply(Action::Undo);
        assert_eq!(state.project().training.epochs, epochs);
    }

    let early = Some(glassbox::model::EarlyStopping { patience: 0, min_delta: 10.0 });
    let training = TrainingSpec { epochs: 50, early_stopping: early, ..state.project().training.clone() };
    state.apply(Action::SetTraining(training));
    state.apply(Action::Transport(Transport::Reset));
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "an early end", |s| s.run().status == RunStatus::Finished);
    let at = state.run().epoch;
    assert!(at < 10.0);
    state.apply(Action::Transport(Transport::Play));
    assert_eq!(state.project().training.early_stopping, None);
    wait(&mut state, "the whole of it", |s| s.run().status == RunStatus::Finished && s.run().epoch == 50.0);
}

#[test]
fn a_template_starts_at_a_pace_that_one_can_watch_until_another_is_chosen() {
    let home = tempfile::tempdir().unwrap();
    let at = || Home::at(home.path().join("home"));
    let mut state = State::start(at());
    assert_eq!(state.speed(), 1.0);
    state.apply(Action::OpenTemplate("spiral".into()));
    let mut pace = state.speed();
    for template in templates::TEMPLATES.iter().filter(|template| template.needs.is_none()) {
        state.apply(Action::OpenTemplate(template.key.into()));
        let (training, data) = (&state.project().training, &state.project().data);
        let samples = match &data.source {
            Source::Synthetic(points) => points.samples,
            Source::Digits(digits) => digits.samples,
            Source::Shapes(shapes) => shapes.samples,
            Source::Scenes(scenes) => scenes.samples,
            other => panic!("{other:?}"),
        };
        let batches = samples as f64 * (1.0 - data.validation) / training.batch_size as f64;
        // From one step a second to a thousand.
        let seconds = batches * training.epochs as f64 / 10f64.powf(3.0 * f64::from(state.speed()));
        assert!((10.0..=20.0).contains(&seconds), "{}: {seconds} s", template.key);
        pace = state.speed();
    }
    state.apply(Action::SetSpeed(1.0));
    assert_eq!(state.pace(), Some(pace), "the way back from full speed");
    state.apply(Action::SetSpeed(0.9));
    state.close();
    let mut state = State::start(at());
    assert_eq!(state.speed(), 0.9);
    state.apply(Action::OpenTemplate("moons".into()));
    assert_eq!(state.speed(), 0.9);
}

#[test]
fn a_session_tells_once_where_the_first_nan_came_from_until_the_run_is_reset() {
    let mut state = session("sine");
    let training = state.project().training.clone();
    let (optimiser, epochs) = (Optimiser::sgd(), 100_000);
    state.apply(Action::SetTraining(TrainingSpec { learning_rate: 1e4, optimiser, epochs, ..training }));
    state.apply(Action::Transport(Transport::Play));
    let stands = |s: &State| s.not_finite().is_some() && s.run().status == RunStatus::Paused;
    wait(&mut state, "the banner", stands);
    let found = state.not_finite().cloned().unwrap();
    assert!(
        found.sentence.starts_with("Step ")
            && found.sentence.contains("` (")
            && found.sentence.contains("was the first instruction to produce"),
        "{found:?}"
    );
    assert!(found.is_of_size && found.step <= state.run().step, "{found:?}");
    state.apply(Action::AfterNotFinite(WayOut::Dismiss));
    let at = state.run().step;
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "more steps", |s| s.run().step > at + 20);
    assert_eq!(state.not_finite(), None, "it is told once");
    assert_eq!(state.live_card().unwrap().ending, Ending::NotFinite { step: found.step });
    state.apply(Action::Transport(Transport::Reset));
    assert_eq!((state.not_finite(), &state.run().not_finite), (None, &None));
}

#[test]
fn out_of_a_nan_one_goes_back_to_the_last_good_step_or_on_with_a_lower_rate() {
    let mut state = session("sine");
    let training = state.project().training.clone();
    let (optimiser, epochs) = (Optimiser::sgd(), 100_000);
    state.apply(Action::SetTraining(TrainingSpec { learning_rate: 10.0, optimiser, epochs, ..training }));
    state.apply(Action::Transport(Transport::Play));
    let stands = |s: &State| s.not_finite().is_some() && s.run().status == RunStatus::Paused;
    wait(&mut state, "the end of the numbers", stands);
    let found = state.not_finite().cloned().unwrap();
    state.apply(Action::AfterNotFinite(WayOut::GoBack));
    wait(&mut state, "the last good step", |s| s.run().step == found.step - 1);
    assert_eq!(&state.run().not_finite, &None);
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "the same once more", stands);
    assert_eq!(state.not_finite(), Some(&found));
    let all = state.runs().cards.len();
    assert_eq!(state.lower_rate(), Some(1.0));
    state.apply(Action::AfterNotFinite(WayOut::LowerRate));
    assert_eq!((state.project().training.learning_rate, state.runs().cards.len()), (1.0, all + 1));
    assert_eq!(state.runs().cards[all].ending, Ending::NotFinite { step: found.step });
    wait(&mut state, "the new run", |s| s.run().step > 0 && s.run().step < found.step || s.not_finite().is_some());
    state.apply(Action::Undo);
    assert_eq!(state.project().training.learning_rate, 10.0);
}

/// Only Linux tells how much memory there is.
#[cfg(target_os = "linux")]
#[test]
fn a_network_that_does_not_fit_in_memory_cannot_be_played_until_it_is_smaller() {
    let mut state = session("digits");
    assert!(state.memory().is_some_and(|memory| memory.total() > 4 * memory.parameters));
    let dense: Vec<_> = state.project().graph.layers().filter(|l| l.kind.key() == "dense").map(|l| l.id).collect();
    let wide = |layer| Edit::SetParam { layer, key: "units".into(), value: ParamValue::Int(65_536) };
    let mut edits = vec![wide(dense[0])];
    let kind = state.project().graph.layer(dense[0]).unwrap().kind.clone();
    edits.extend((0..40).map(|_| Edit::Append { after: dense[0], kind: kind.clone() }));
    state.apply(Action::Edits { name: "widen".into(), edits });
    let all: Vec<_> = state.project().graph.layers().filter(|l| l.kind.key() == "dense").map(|l| l.id).collect();
    let last = state.project().graph.topological_order().into_iter().rev().find(|id| all.contains(id)).unwrap();
    let edits = all.iter().filter(|&&id| id != last).map(|&id| wide(id)).collect();
    state.apply(Action::Edits { name: "widen".into(), edits });
    let problem = &state.inference().problems[0].message;
    for word in ["doesn't fit in memory", "parameters", "optimiser state", "activations for a batch of", "available"] {
        assert!(problem.contains(word), "{problem}");
    }
    assert_eq!(state.run().status, RunStatus::NotReady);
    let events = state.apply(Action::Transport(Transport::Play));
    assert_eq!(state.run().status, RunStatus::NotReady);
    assert!(notices(&events).iter().any(|notice| notice.text.contains("doesn't fit in memory")));
    let dataset = state.dataset().unwrap().clone();
    let refused = Run::new(state.project(), dataset, Device::Cpu).err().unwrap().to_string();
    assert!(refused.contains("doesn't fit in memory"), "{refused}");
    state.apply(Action::Undo);
    state.apply(Action::Undo);
    state.apply(Action::Transport(Transport::Play));
    wait(&mut state, "training", |s| s.run().step > 0);
}

#[test]
fn other_data_with_more_classes_mends_the_last_layer() {
    let mut state = session("spiral");
    let blobs = templates::build("blobs").unwrap().data;
    let mut events = state.apply(Action::SetData(blobs));
    events.extend(wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_))));
    assert!(state.inference().is_valid(), "{:?}", state.inference().problems);
    assert!(notices(&events).iter().any(|n| n.text.contains("to match the data")));
    state.apply(Action::Undo);
    wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_)));
    assert_eq!(*state.project(), templates::build("spiral").unwrap());
    assert!(state.inference().is_valid());
}

#[test]
fn an_answer_does_not_outlive_its_network_its_data_or_its_project() {
    let mut state = session("blobs");
    state.apply(Action::Want(PictureWishes { output: true, ..PictureWishes::default() }));
    let ask = Action::TryInput(vec![1.0, 0.5]);
    state.apply(ask.clone());
    wait(&mut state, "an answer", |s| s.try_output().is_some());
    let before = state.try_output().cloned().unwrap();
    assert!(
        before.probability && (before.values.iter().sum::<f32>() - 1.0).abs() < 1e-6 && *before.sample == [1.0, 0.5]
    );
    state.apply(Action::Transport(Transport::StepBatch));
    wait(&mut state, "the answer follows", |s| s.run().step == 1 && s.try_output() != Some(&before));

    let loss = state.project().graph.find("Loss").unwrap().id;
    let value = ParamValue::Text("mse".into());
    state.apply(Action::Edit(Edit::SetParam { layer: loss, key: "loss".into(), value }));
    assert_eq!(state.try_output(), None, "it was of another loss");
    wait(&mut state, "an answer as the loss now means it", |s| s.try_output().is_some_and(|r| !r.probability));

    let Source::Synthetic(mut spec) = state.project().data.source.clone() else { panic!("not generated") };
    spec.noise += 0.1;
    state.apply(Action::SetData(DataSpec { source: Source::Synthetic(spec), ..state.project().data.clone() }));
    wait(&mut state, "other data", |s| matches!(s.data(), DataState::Ready(_)) && s.try_output().is_none());
    state.apply(ask);
    wait(&mut state, "an answer", |s| s.try_output().is_some());
    state.apply(Action::OpenTemplate("moons".into()));
    assert_eq!(state.try_output(), None);
    wait(&mut state, "loading", |s| matches!(s.data(), DataState::Ready(_)));
    assert_eq!(state.try_output(), None);
}

#[test]
fn a_seed_changed_in_the_middle_of_a_run_orders_the_samples_from_there_and_draws_no_weights() {
    let mut run = start(&moons());
    losses(&mut run, 3);
    let (weights, rows) = (run.machine().snapshot().unwrap(), run.next_rows());
    let other = TrainingSpec { seed: 77, ..run.training().clone() };
    run.change(Change::Training { training: other }).unwrap();
    assert_eq!(run.machine().snapshot().unwrap(), weights);
    assert_ne!(run.next_rows(), rows, "the order of samples follows at once");
}
