//! Runs on their way to the disk and back.

use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::model::{DataSpec, Edit, Feature, Source, SyntheticSpec, TrainingSpec};
use crate::session::{Action, RunAction, Transport};
use crate::trainer::DebugCommand;

fn until(state: &mut State, what: &str, done: impl Fn(&State) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(120);
    // A run that waits for its data is there to be seen, and does not go on yet.
    while state.run.waits || !done(state) {
        assert!(Instant::now() < deadline, "{what} never came: {:?} {:?}", state.error, state.run.status);
        state.poll();
        std::thread::yield_now();
    }
}

fn ready(state: &mut State) {
    until(state, "a run that is ready", |state| state.run.status == RunStatus::Paused);
}

/// XOR, ready to train.
fn xor() -> State {
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenTemplate("xor".into()));
    ready(&mut state);
    state
}

fn train(state: &mut State, steps: u64) {
    let goal = state.run.step + steps;
    for step in state.run.step..goal {
        state.apply(Action::Transport(Transport::StepBatch));
        until(state, "a step", |state| state.run.step > step && state.run.curves.train_loss.len() as u64 > step);
    }
}

fn save(state: &mut State, file: &Path) {
    state.apply(Action::SaveAs(file.to_owned()));
    until(state, "the saved project", |state| !state.unsaved);
    assert_eq!(state.error, None);
}

fn losses(state: &State) -> Vec<(u64, u32)> {
    state.run.curves.train_loss.points().map(|(step, loss)| (step, loss.to_bits())).collect()
}

#[test]
fn undo_after_saving_takes_back_the_last_edit_and_not_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = xor();
    let units = |state: &State| state.project.graph.find("Dense 1").and_then(|layer| layer.kind.spec().param("units"));
    let layer = state.project.graph.find("Dense 1").unwrap().id;
    let before = units(&state);
    state.apply(Action::Edit(Edit::Count { layer, by: 3 }));
    save(&mut state, &folder.path().join("mine.glassbox.json"));
    state.apply(Action::Undo);
    assert_eq!((state.project.name.as_str(), units(&state)), ("mine", before.clone()));
    state.apply(Action::Redo);
    assert_eq!(state.project.name, "mine");
    assert!(units(&state) != before && !state.unsaved, "as it was saved");
}

#[test]
fn training_is_unsaved_work_that_saving_keeps_and_opening_brings_back_to_go_on_bitwise() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.glassbox.json");
    let mut state = xor();
    assert!(!state.unsaved);
    train(&mut state, 5);
    assert!(state.unsaved, "steps that nobody has saved");
    save(&mut state, &file);
    let id = state.runs.live.clone().unwrap();
    train(&mut state, 3);
    assert!(state.unsaved);
    let all = losses(&state);
    drop(state);

    let mut state = State::default();
    state.apply(Action::Open(file.clone()));
    until(&mut state, "the run that was saved", |state| state.run.step == 5);
    assert_eq!((state.runs.live.as_ref(), state.unsaved), (Some(&id), false));
    assert_eq!(losses(&state), all[..5]);
    train(&mut state, 3);
    assert_eq!(losses(&state), all);
    save(&mut state, &file);
    assert_eq!(RunFolder::beside(&file).list().0.len(), 1, "the same run under the same id");
}

#[test]
fn branches_are_saved_with_the_run_and_are_unsaved_work_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.glassbox.json");
    let mut state = xor();
    train(&mut state, 5);
    save(&mut state, &file);
    state.apply(Action::Debug(DebugCommand::Fork { name: "warm".into() }));
    until(&mut state, "the fork", |state| state.run.branch == 1);
    assert!(state.unsaved, "a branch that nobody has saved");
    train(&mut state, 3);
    let of_fork = losses(&state);
    state.apply(Action::Debug(DebugCommand::Switch(0)));
    until(&mut state, "the first branch", |state| state.run.branch == 0 && state.run.step == 5);
    save(&mut state, &file);
    assert!(!state.unsaved);
    drop(state);

    let mut state = State::default();
    state.apply(Action::Open(file.clone()));
    until(&mut state, "the run that was saved", |state| state.run.step == 5);
    assert_eq!((state.run.branch, state.unsaved), (0, false));
    let names: Vec<_> = state.debug.branches.iter().map(|branch| (branch.name.as_str(), branch.step)).collect();
    assert_eq!(names, [("main", 5), ("warm", 8)]);
    state.apply(Action::Debug(DebugCommand::Switch(1)));
    until(&mut state, "the fork again", |state| state.run.branch == 1 && state.run.step == 8);
    assert_eq!(losses(&state), of_fork);
    train(&mut state, 1);
    assert!(state.unsaved);
}

/// It finds the table that lies beside the project, from wherever the program was started.
#[test]
fn a_run_of_the_folder_opens_by_itself_with_the_data_of_its_project() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..80).map(|i| {
        let (x, y) = ((f64::from(i) * 1.1).sin(), (f64::from(i) * 1.7).cos());
        format!("{x:.4},{y:.4},{}\n", if x * y > 0.0 { "same" } else { "other" })
    });
    let table = folder.path().join("signs.csv");
    std::fs::write(&table, format!("x,y,sign\n{}", rows.collect::<String>())).unwrap();
    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::OpenTable { path: table, target: Some("sign".into()) });
    ready(&mut state);
    train(&mut state, 3);
    let file = folder.path().join("mine.glassbox.json");
    save(&mut state, &file);
    let all = losses(&state);
    let id = state.runs.live.clone().unwrap();
    drop(state);
    let moved = folder.path().join("elsewhere");
    std::fs::create_dir(&moved).unwrap();
    for name in ["signs.csv", "mine.glassbox.json", "mine.runs"] {
        std::fs::rename(folder.path().join(name), moved.join(name)).unwrap();
    }

    let mut state = State { speed: 1.0, ..State::default() };
    state.apply(Action::Open(RunFolder::at(moved.join("mine.runs")).checkpoint(&id)));
    until(&mut state, "the run of the file", |state| state.run.step == 3);
    assert_eq!(losses(&state), all);
    train(&mut state, 1);
}

#[test]
fn a_run_that_gives_way_is_a_row_and_faint_behind_the_next() {
    let mut state = xor();
    train(&mut state, 4);
    state.apply(Action::Transport(Transport::NewSeed));
    let card = state.runs.cards[0].clone();
    assert_eq!((card.name.as_str(), card.steps, card.project.training.seed), ("Run 1", 4, 1));
    let ghost = state.runs.ghost.clone().unwrap();
    assert_eq!((ghost.id.as_str(), ghost.curves.train_loss.len()), (card.id.as_str(), 4));
    until(&mut state, "its file", |state| state.runs.cards[0].bytes > 0);
    train(&mut state, 2);
    assert_eq!(state.live_card().unwrap().name, "Run 2");

    state.apply(Action::Runs(RunAction::BringBack(card.id.clone())));
    until(&mut state, "the run brought back", |state| {
        state.runs.live.as_ref() == Some(&card.id) && state.run.step == 4
    });
    assert_eq!(state.project.training.seed, 1);
    assert_eq!(state.runs.cards.len(), 2, "the one that was there is kept");
    train(&mut state, 1);
    assert!(state.unsaved);
    state.apply(Action::Runs(RunAction::StartLike(card.id.clone())));
    ready(&mut state);
    assert_eq!((state.run.step, state.runs.cards.len()), (0, 2));
}

#[test]
fn rows_can_be_named_noted_deleted_and_had_back() {
    let mut state = xor();
    train(&mut state, 1);
    state.apply(Action::Transport(Transport::Reset));
    let id = state.runs.cards[0].id.clone();
    let row = |action: RunAction, state: &mut State| state.apply(Action::Runs(action));
    row(RunAction::Rename { id: id.clone(), name: "  wide ".into() }, &mut state);
    row(RunAction::Note { id: id.clone(), note: "as in class".into() }, &mut state);
    row(RunAction::Rename { id: id.clone(), name: " ".into() }, &mut state);
    assert_eq!((state.runs.cards[0].name.as_str(), state.runs.cards[0].note.as_str()), ("wide", "as in class"));
    row(RunAction::Delete(vec![id.clone()]), &mut state);
    assert!(state.runs.cards.is_empty() && state.runs.ghost.is_none());
    row(RunAction::Undelete(1), &mut state);
    assert_eq!(state.runs.cards.len(), 1);
    let folder = state.run_folder().unwrap();
    let busy = |state: &State| state.works.archive.as_ref().is_some_and(Archive::is_busy);
    until(&mut state, "the last write", |state| !busy(state));
    assert_eq!(state.error, None);
    let (cards, _) = folder.list();
    assert_eq!((cards[0].name.as_str(), cards[0].note.as_str()), ("wide", "as in class"));
}

#[test]
fn saving_elsewhere_takes_all_runs_along_and_two_writers_harm_neither() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(format!("{name}.glassbox.json")));
    let mut state = xor();
    train(&mut state, 2);
    state.apply(Action::Transport(Transport::Reset));
    ready(&mut state);
    train(&mut state, 3);
    save(&mut state, &one);
    save(&mut state, &two);
    let steps = |file: &Path| RunFolder::beside(file).list().0.iter().map(|card| card.steps).collect::<Vec<_>>();
    assert_eq!((steps(&one), steps(&two)), (vec![2, 3], vec![2, 3]));

    let mut other = State::default();
    other.apply(Action::Open(two.clone()));
    until(&mut other, "the run", |state| state.run.step == 3);
    train(&mut other, 1);
    save(&mut other, &two);
    train(&mut state, 4);
    save(&mut state, &two);
    let mut all = steps(&two);
    all.sort_unstable();
    assert_eq!(all, [2, 4, 7], "what another window wrote stays");
}

#[test]
fn two_runs_stand_side_by_side_with_what_they_say() {
    let mut state = xor();
    train(&mut state, 3);
    state.apply(Action::Transport(Transport::NewSeed));
    ready(&mut state);
    train(&mut state, 1);
    let first = state.runs.cards[0].id.clone();
    assert_eq!(state.runs.live, None);
    state.apply(Action::Runs(RunAction::Pick([first.clone(), String::new()].into())));
    let live = state.runs.live.clone().unwrap();
    assert_eq!(state.runs.picked, [first.clone(), live.clone()].into());
    state.apply(Action::Runs(RunAction::Pair(Some([first.clone(), live.clone()]))));
    until(&mut state, "both outputs", |state| state.runs.outputs.len() == 2);
    let of = |id: &str| &state.runs.outputs[id];
    assert_eq!((of(&first).step, of(&live).step), (3, 1));
    assert!(!of(&first).predictions.is_empty() && of(&first).picture != of(&live).picture);
    assert_eq!(state.runs.curves[&first].train_loss.len(), 3);
    assert_eq!(state.error, None);
}

#[test]
fn other_noise_features_or_parts_in_the_middle_of_a_run_leave_it_kept_and_faint_behind_the_next() {
    fn points(data: &mut DataSpec) -> &mut SyntheticSpec {
        match &mut data.source {
            Source::Synthetic(spec) => spec,
            other => panic!("{other:?}"),
        }
    }
    let changes: [fn(&mut DataSpec, u32); 3] = [
        |data, i| points(data).noise = 0.1 + 0.01 * f64::from(i),
        |data, _| points(data).features.push(Feature::XSquared),
        |data, i| data.validation = 0.3 + 0.01 * f64::from(i),
    ];
    for change in changes {
        let mut state = xor();
        let before = state.project.data.clone();
        state.apply(Action::SetSpeed(0.5));
        state.apply(Action::Transport(Transport::Play));
        until(&mut state, "some steps", |state| state.run.step > 3);
        // As a drag does.
        for i in 0..3 {
            let mut data = state.project.data.clone();
            change(&mut data, i);
            state.apply(Action::SetData(data));
            state.poll();
        }
        until(&mut state, "the new run", |state| state.run.status == RunStatus::Paused && state.run.step == 0);
        assert_eq!(state.runs.cards.len(), 1);
        let card = state.runs.cards[0].clone();
        assert!(card.name == "Run 1" && card.steps > 3 && card.project.data == before, "{card:?}");
        let ghost = state.runs.ghost.clone().unwrap();
        assert!(ghost.id == card.id && ghost.curves.train_loss.len() as u64 >= card.steps);
        train(&mut state, 1);
        assert_eq!(state.live_card().unwrap().name, "Run 2");
        state.apply(Action::Runs(RunAction::Pick([card.id.clone(), String::new()].into())));
        until(&mut state, "its curve", |state| state.runs.curves.contains_key(&card.id));
        assert_eq!(state.runs.picked.len(), 2, "the two lie over each other");
    }
}

#[test]
fn simple_mode_begins_with_a_beginners_template_and_stays_with_its_project() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.glassbox.json");
    let mut state = xor();
    assert!(state.desk.simple);
    save(&mut state, &file);
    for action in [Action::NewEmpty, Action::OpenTemplate("digits-lstm".into())] {
        state.apply(action);
        assert!(!state.desk.simple);
    }
    state.apply(Action::Open(file.clone()));
    until(&mut state, "what lay beside it", |state| state.desk.simple);
    state.apply(Action::SetSimple(false));
    state.apply(Action::OpenTemplate("xor".into()));
    assert!(!state.desk.simple, "who wants all of it wants it in the next template as well");
    state.apply(Action::Open(file));
    until(&mut state, "what lay beside it", |state| state.desk.simple);
}

/// A fork with another rate leaves the project as it is, before and after it was kept.
#[test]
fn the_rate_of_a_fork_is_no_edit_of_the_project_and_comes_back_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.glassbox.json");
    let mut state = xor();
    let own = state.project.training.learning_rate;
    train(&mut state, 4);
    state.apply(Action::Debug(DebugCommand::Fork { name: "hot".into() }));
    state.apply(Action::Debug(DebugCommand::SetRate(0.5)));
    until(&mut state, "the fork", |state| state.run.branch == 1 && state.run.learning_rate == 0.5);
    let before = state.project.clone();
    let undos = state.history.undo_name().map(str::to_owned);
    for (branch, rate) in [(0, own), (1, 0.5)] {
        state.apply(Action::Debug(DebugCommand::Switch(branch)));
        until(&mut state, "the branch", |s| {
            s.run.branch == branch && s.run.learning_rate == rate && s.rate_in_force() == rate
        });
        assert_eq!((&state.project, state.history.undo_name()), (&before, undos.as_deref()), "no edit");
    }
    assert_eq!(state.other_training_in_force().map(|there| there.learning_rate), Some(0.5));
    assert_eq!(state.lower_rate(), Some(0.05), "lower than the one that it has");
    // An edit of another setting is one of the fork too, and leaves it its rate.
    let training = TrainingSpec { batch_size: 3, ..state.project.training.clone() };
    state.apply(Action::SetTraining(training));
    until(&mut state, "the edit", |state| state.run.marks.len() == 2);
    let there = state.other_training_in_force().cloned().unwrap();
    assert_eq!((there.learning_rate, there.batch_size, state.rate_in_force()), (0.5, 3, 0.5));
    save(&mut state, &file);
    drop(state);

    let mut state = State::default();
    state.apply(Action::Open(file.clone()));
    until(&mut state, "the run that was saved", |state| state.run.step == 4);
    assert_eq!((state.run.branch, state.unsaved, state.project.training.learning_rate), (1, false, own));
    until(&mut state, "what is in force", |state| state.run.learning_rate == 0.5 && state.rate_in_force() == 0.5);
    assert_eq!(state.run.marks.len(), 2, "opening is no change");
    state.apply(Action::GiveSettingsToRun);
    until(&mut state, "the rate of the project", |state| state.run.learning_rate == own);
    until(&mut state, "both the same", |state| state.other_training_in_force().is_none());
    assert_eq!(state.run.marks.len(), 3);
}

/// Written through a link, as the device itself must not be replaced by a file.
#[cfg(target_os = "linux")]
#[test]
fn a_project_that_does_not_fit_on_the_disk_stays_unsaved_and_saves_elsewhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let [full, other] = ["full.glassbox.json", "other.glassbox.json"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink("/dev/full", &full).expect("a link");
    let mut state = xor();
    state.apply(Action::RenameProject("mine".into()));
    assert!(state.is_unsaved());
    let before = state.project().clone();
    state.apply(Action::SaveAs(full));
    let said = state.error().expect("a sentence").to_owned();
    assert!(said.contains("No space left") && said.contains("Choose another location or free some space"), "{said}");
    assert!(state.is_unsaved() && state.file.is_none() && *state.project() == before);
    save(&mut state, &other);
    assert!(crate::persist::project_file::load(&other).is_ok());
}
