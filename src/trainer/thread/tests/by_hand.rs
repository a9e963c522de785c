//! Numbers that are set by hand, while the run goes on and while it stands.

use super::*;
use crate::engine::Numbers;

fn set(desk: &Desk, value: f32) {
    let (name, index) = ("dense_1.weight".into(), vec![0, 1]);
    desk.trainer.send(Command::Change(Box::new(Change::Value { name, index, value })));
}

fn number(kept: &Kept) -> f32 {
    match &kept.saved.now.tensors["dense_1.weight"].numbers {
        Numbers::F32(numbers) => numbers[1],
        Numbers::F64(numbers) => numbers[1] as f32,
    }
}

fn pass(asker: &Asker, step: u64) {
    let deadline = Instant::now() + PATIENCE;
    while asker.step() < step {
        assert!(Instant::now() < deadline, "it stands after step {}", asker.step());
        std::thread::yield_now();
    }
}

#[test]
fn a_weight_set_while_it_trains_is_in_the_journal_and_is_replayed_bit_for_bit() {
    let mut desk = Desk::new();
    let asker = desk.trainer.asker();
    desk.trainer.send(Command::Play);
    pass(&asker, 100);
    set(&desk, 0.75);
    let view = desk.until("the change is in the journal", |view| view.changes.len() == 1);
    assert!(!asker.is_standing(), "it goes on");
    let (at, what) = (view.changes[0].at, view.changes[0].what.as_str());
    assert_eq!((at.instruction, what), (0, "dense_1.weight[0, 1] = 0.75"));
    assert!(at.step >= 100, "{at:?}");
    pass(&asker, at.step + 100);
    desk.trainer.send(Command::Pause);
    let end = desk.save();
    let (last, there) = (end.saved.now.step, end.saved.now.clone());
    for from in [at.step + 1, at.step, at.step - 1, 0] {
        desk.goto(from);
        desk.arrive(from);
        assert_eq!(number(&desk.save()) == 0.75, from == at.step, "after {from} steps");
        desk.goto(last);
        desk.arrive(last);
        assert!(desk.save().saved.now == there, "from {from}");
    }
    // From its file, and from its very beginning.
    let mut again = Desk::new();
    again.go_on(2, Some(end));
    for step in [0, last] {
        again.goto(step);
        again.arrive(step);
    }
    assert!(again.save().saved.now == there);
    // It has made a difference.
    let mut without = Desk::new();
    without.goto(last);
    without.arrive(last);
    assert!(without.save().saved.now != there);
}

#[test]
fn a_number_set_twice_is_taken_back_twice_and_a_drag_at_once() {
    let mut desk = Desk::new();
    desk.goto(5);
    let drawn = {
        desk.arrive(5);
        number(&desk.save())
    };
    [0.125, 0.25].into_iter().for_each(|value| set(&desk, value));
    desk.trainer.send(Command::EndDrag);
    set(&desk, 0.5);
    for value in [0.75, 1.0] {
        desk.debug(DebugCommand::Set { name: "dense_1.weight".into(), index: vec![0, 1], value });
    }
    let view = desk.until("all are made", |view| view.changes.last().is_some_and(|last| last.what.ends_with("= 1")));
    let told: Vec<&str> = view.changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(told, ["0.25", "0.5", "0.75", "1"].map(|value| format!("dense_1.weight[0, 1] = {value}")));
    for (left, value) in [(3, 0.75), (2, 0.5), (1, 0.25), (0, drawn)] {
        desk.debug(DebugCommand::Undo);
        desk.until("one is taken back", |view| view.changes.len() == left);
        assert_eq!(number(&desk.save()), value);
    }
}
