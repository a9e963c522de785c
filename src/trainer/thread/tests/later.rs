//! What lies ahead of a change stays as a branch.

use super::*;
use crate::trace::MOST_BY_CHANGE;

fn set_rate(desk: &Desk, learning_rate: f64) {
    let training = templates::build("xor").unwrap().training;
    let training = crate::model::TrainingSpec { learning_rate, epochs: 100_000, ..training };
    desk.trainer.send(Command::Change(Box::new(Change::Training { training })));
}

fn zero(desk: &Desk) {
    desk.debug(DebugCommand::Edit { name: "dense_1.weight".into(), edit: TensorEdit::ZERO });
}

fn gone_back(from: u64, to: u64) -> Desk {
    let mut desk = Desk::new();
    desk.goto(from);
    desk.arrive(from);
    desk.goto(to);
    desk.arrive(to);
    desk
}

fn names(view: &DebugView) -> Vec<(u32, &str, u64)> {
    view.branches.iter().map(|branch| (branch.id, branch.name.as_str(), branch.step)).collect()
}

#[test]
fn what_came_after_a_change_rests_at_its_end_comes_back_and_is_kept() {
    let mut desk = Desk::new();
    desk.goto(30);
    desk.arrive(30);
    let end = desk.save();
    desk.goto(10);
    desk.arrive(10);
    zero(&desk);
    let view = desk.until("the change is in the journal", |view| view.changes.len() == 1);
    assert_eq!((view.branch, view.furthest, view.changes[0].what.as_str()), (1, 10, "dense_1.weight = 0"));
    assert_eq!(names(&view), [(0, "main", 30), (1, "dense_1.weight = 0 from 10", 10)]);
    let forked: Vec<_> = desk.told.iter().filter_map(|told| told.forked).collect();
    assert_eq!(
        forked.iter().map(|forked| (forked.from, forked.step, forked.by_change)).collect::<Vec<_>>(),
        [(0, 10, true)]
    );
    desk.debug(DebugCommand::Forward(Granularity::Step));
    desk.arrive(11);
    assert_eq!(desk.rows().last(), Some(&11));
    let mut again = Desk::new();
    again.go_on(2, Some(desk.save()));
    again.until("both are back", |view| view.branches.len() == 2);
    for mut desk in [desk, again] {
        desk.debug(DebugCommand::Switch(0));
        desk.until("the first is back", |view| view.branch == 0 && view.moment.step == 30);
        let kept = desk.save();
        assert_eq!((&kept.saved.now, steps(&kept)), (&end.saved.now, steps(&end)));
        desk.debug(DebugCommand::Switch(1));
        let view = desk.until("the second is back", |view| view.branch == 1);
        assert_eq!((view.moment.step, view.changes.len()), (11, 1));
    }
}

#[test]
fn nothing_stays_where_nothing_lies_ahead_or_the_change_is_refused() {
    let mut desk = gone_back(9, 9);
    zero(&desk);
    let view = desk.until("the change is made", |view| view.changes.len() == 1);
    assert_eq!(view.branches.len(), 1);
    desk.goto(4);
    desk.arrive(4);
    desk.debug(DebugCommand::Edit { name: "dense_1.weight".into(), edit: TensorEdit::Clamp { limit: -1.0 } });
    let view = desk.until("it says so", |view| view.stopped.is_some());
    assert_eq!((view.branches.len(), view.changes.len(), view.furthest), (1, 1, 9), "as it was");
}

#[test]
fn a_drag_in_the_past_is_one_branch_with_its_last_value() {
    let mut desk = gone_back(20, 5);
    let rate = templates::build("xor").unwrap().training.learning_rate;
    for value in [0.5, 0.25, 0.125] {
        set_rate(&desk, value);
    }
    let name = format!("lr {rate} → 0.125 from 5");
    let view = desk.until("it is dragged to the end", |view| view.branches.last().is_some_and(|b| b.name == name));
    assert_eq!((names(&view).len(), view.branch, view.changes.len()), (2, 1, 1));
    zero(&desk);
    let view = desk.until("another change is made there", |view| view.changes.len() == 2);
    assert_eq!(view.branches[1].name, name, "it keeps its name");
}

#[test]
fn taking_the_change_back_leads_to_the_branch_that_it_left() {
    let mut desk = gone_back(20, 5);
    zero(&desk);
    desk.until("there are two", |view| view.branches.len() == 2);
    desk.debug(DebugCommand::Undo);
    let view = desk.until("there is one", |view| view.branches.len() == 1 && view.moment.step == 5);
    assert_eq!((view.branch, view.furthest, view.changes.len()), (0, 20, 0));
    assert_eq!(desk.told.iter().flat_map(|told| told.deleted.clone()).collect::<Vec<_>>(), [1]);
    // One that went on stays.
    zero(&desk);
    desk.debug(DebugCommand::Forward(Granularity::Step));
    desk.arrive(6);
    desk.debug(DebugCommand::Undo);
    let view = desk.until("it is back", |view| view.branch == 0 && view.moment.step == 5);
    assert_eq!(names(&view), [(0, "main", 5), (2, "dense_1.weight = 0 from 5", 6)]);
    let said: Vec<_> = desk.told.iter().flat_map(|told| &told.messages).collect();
    assert!(said.iter().any(|said| said.contains("Back on the branch main")), "{said:?}");
}

#[test]
fn what_came_after_a_change_that_is_taken_back_stays_too() {
    let mut desk = gone_back(5, 5);
    zero(&desk);
    desk.goto(9);
    desk.arrive(9);
    let changed = desk.save();
    desk.debug(DebugCommand::Undo);
    let view = desk.until("it is taken back", |view| view.branch == 1 && view.moment.step == 5);
    assert_eq!(names(&view), [(0, "main", 9), (1, "without dense_1.weight = 0 from 5", 5)]);
    assert_eq!((view.changes.len(), view.furthest), (0, 5));
    desk.debug(DebugCommand::Switch(0));
    desk.until("it is back", |view| view.branch == 0 && view.moment.step == 9);
    assert_eq!(desk.save().saved.now, changed.saved.now);
}

#[test]
fn the_oldest_that_nobody_named_give_way_and_are_told() {
    let mut desk = gone_back(20, 5);
    let most = MOST_BY_CHANGE as u32;
    for number in 1..=most + 3 {
        zero(&desk);
        desk.debug(DebugCommand::Forward(Granularity::Step));
        desk.until("it has begun", |view| view.branch == number && view.moment.step == 6);
        if number == 2 {
            desk.debug(DebugCommand::Rename { branch: 2, name: "mine".into() });
        }
        desk.goto(5);
        desk.arrive(5);
    }
    let view = desk.until("they gave way", |view| view.branches.len() == most as usize + 3);
    let ids: Vec<_> = view.branches.iter().map(|branch| branch.id).collect();
    let newest = (most + 3 - most)..=most + 3;
    assert_eq!(ids, [0, 2].into_iter().chain(newest).collect::<Vec<_>>(), "the first, what has a name, and the newest");
    let said = desk.told.iter().flat_map(|told| &told.messages).filter(|said| said.starts_with("Dropped the branch"));
    assert_eq!(said.count(), desk.told.iter().map(|told| told.deleted.len()).sum::<usize>());
}

#[test]
fn the_rate_of_a_fork_stays_its_own_and_the_settings_of_the_project_stay_too() {
    let mut desk = gone_back(5, 5);
    let mut training = templates::build("xor").unwrap().training;
    training.epochs = 100_000;
    let own = training.learning_rate;
    desk.debug(DebugCommand::Fork { name: "hot".into() });
    desk.debug(DebugCommand::SetRate(0.5));
    desk.until("it has its rate", |view| view.branch == 1 && view.learning_rate == 0.5);
    desk.debug(DebugCommand::Switch(0));
    desk.until("the first is back", |view| view.branch == 0 && view.learning_rate == own);
    desk.debug(DebugCommand::Switch(1));
    desk.until("the fork is back", |view| view.branch == 1 && view.learning_rate == 0.5);
    let pages = |desk: &Desk| {
        desk.told.iter().filter_map(|told| Some(told.page.as_ref()?.training.clone())).collect::<Vec<_>>()
    };
    assert_eq!(pages(&desk), [training.clone(), training.clone()], "nobody is to follow");
    // What is edited beside it is changed on the fork, and nothing else is.
    training.batch_size = 3;
    desk.trainer.send(Command::Change(Box::new(Change::Training { training: training.clone() })));
    desk.until("it is in the journal", |view| view.changes.len() == 2);
    let kept = desk.save();
    let there = &kept.saved.project.training;
    assert_eq!((there.learning_rate, there.batch_size), (0.5, 3));
    assert_eq!(kept.page.as_ref().map(|page| &page.training), Some(&training));
    let told = desk.told.iter().filter_map(|told| told.in_force.as_ref()).next_back().unwrap();
    assert_eq!((&told.project.training, &told.page.training), (there, &training));
    // The same from the kept run on: another edit leaves the rate.
    let mut again = Desk::new();
    again.go_on(2, Some(kept));
    training.batch_size = 4;
    again.trainer.send(Command::Change(Box::new(Change::Training { training: training.clone() })));
    let view = again.until("it is in the journal", |view| view.changes.len() == 3);
    assert_eq!(view.learning_rate, 0.5);
    // Taken back, it is as before; what the project has of its own stays.
    for _ in 0..3 {
        again.debug(DebugCommand::Undo);
    }
    again.until("all is taken back", |view| view.changes.is_empty() && view.learning_rate == own);
    let last = pages(&again).pop().unwrap();
    assert_eq!((last.learning_rate, last.batch_size), (own, templates::build("xor").unwrap().training.batch_size));
}

#[test]
fn a_fork_that_has_not_gone_its_own_way_is_not_kept_once_more() {
    let mut desk = gone_back(20, 5);
    desk.debug(DebugCommand::Fork { name: String::new() });
    (0..3).for_each(|_| desk.debug(DebugCommand::Forward(Granularity::Step)));
    desk.until("it goes the same way", |view| view.branch == 1 && view.moment.step == 8);
    desk.goto(6);
    zero(&desk);
    let view = desk.until("it goes its own", |view| view.changes.len() == 1);
    assert_eq!(names(&view), [(0, "main", 5), (1, "dense_1.weight = 0 from 6", 6)]);
    assert_eq!(steps(&desk.save()), [1, 2, 3, 4, 5, 6], "what it was told of is main's");
    desk.goto(9);
    desk.arrive(9);
    desk.goto(7);
    zero(&desk);
    let view = desk.until("and now there is something", |view| view.branches.len() == 3);
    assert_eq!(names(&view)[1], (1, "dense_1.weight = 0 from 6", 9));
}
