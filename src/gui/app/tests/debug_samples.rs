//! Samples and tensors that are compared: a probe batch at two steps, a batch by its loss, one value on two branches.

use egui::Key;

use super::debug_keys::{press, stands_at, steps, view, xor};
use super::hands::Hands;
use crate::trace::SampleRecord;

fn sample(hands: &Hands) -> Option<SampleRecord> {
    view(hands)?.sight.sample.as_ref()?.as_ref().ok().map(|record| (**record).clone())
}

fn wait_for_sample(hands: &mut Hands, is_so: impl Fn(&SampleRecord) -> bool) -> SampleRecord {
    hands.wait_until("the sample is shown", |hands| sample(hands).is_some_and(|record| is_so(&record)));
    sample(hands).unwrap()
}

#[test]
fn a_probe_batch_asks_two_steps_about_the_same_samples() {
    let mut hands = xor();
    steps(&mut hands, 0, 3);
    press(&mut hands, Key::Num7);
    let own = wait_for_sample(&mut hands, |record| record.answer.is_some());
    hands.click("Probe batch");
    hands.click("Samples of this step");
    hands.wait_until("they are probed", |hands| view(hands).is_some_and(|view| view.sight.probe.is_some()));
    let then = wait_for_sample(&mut hands, |record| record.answer.is_some());
    assert_eq!((then.sample, &then.input.data), (own.sample, &own.input.data));
    steps(&mut hands, 3, 6);
    assert!(hands.sees("Probe batch: the same 16 samples at every step, shown with the weights after step 6."));
    let loss = |record: &SampleRecord| record.answer.as_ref().map(|answer| answer.loss);
    let now = wait_for_sample(&mut hands, |record| loss(record) != loss(&then));
    assert_eq!((now.sample, &now.input.data), (then.sample, &then.input.data), "another step, the same sample");
    // Back in the past it answers as it did.
    hands.key(egui::Modifiers::SHIFT, Key::F8);
    hands.key(egui::Modifiers::SHIFT, Key::F8);
    hands.key(egui::Modifiers::SHIFT, Key::F8);
    stands_at(&mut hands, 3);
    wait_for_sample(&mut hands, |record| loss(record) == loss(&then));
    hands.click("Stop probing");
    steps(&mut hands, 3, 6);
    wait_for_sample(&mut hands, |record| record.sample != then.sample);
}

#[test]
fn a_batch_is_listed_by_its_loss_and_a_click_follows_the_sample() {
    let mut hands = xor();
    steps(&mut hands, 0, 2);
    press(&mut hands, Key::Num7);
    hands.wait_until("a sample is shown", |hands| hands.sees("Worst first"));
    hands.wait();
    hands.click("Worst first");
    let record = wait_for_sample(&mut hands, |record| record.worst.is_some());
    let worst = record.worst.unwrap();
    assert_eq!(worst.len(), 16);
    assert!(worst.is_sorted_by(|a, b| a.loss >= b.loss), "{worst:?}");
    hands.wait_until("they are listed", |hands| !hands.names_containing(", loss ").is_empty());
    let mut listed = hands.names_containing(", loss ");
    listed.retain(|name| name.starts_with("Sample "));
    assert!(listed[0].starts_with(&format!("Sample {}, loss ", worst[0].row)), "{listed:?}");
    let second = listed[1].clone();
    hands.click(&second);
    wait_for_sample(&mut hands, |record| record.row == worst[1].row);
}

#[test]
fn a_tensor_is_compared_with_itself_on_another_branch() {
    let mut hands = xor();
    steps(&mut hands, 0, 2);
    hands.click("Fork here");
    hands.wait_until("there are two", |hands| hands.sees("Branch fork at 2"));
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("it is shown", |hands| hands.sees("More of this tensor") && hands.sees("Scale"));
    let compare = |hands: &mut Hands| {
        hands.click("More of this tensor");
        hands.click("Compare with branch");
        hands.click_on_top("main");
    };
    compare(&mut hands);
    hands.wait_until("nothing tells them apart", |hands| hands.sees("Identical, bit for bit."));
    hands.click("Scale");
    hands.wait_until("the fork is another", |hands| {
        !hands.names_containing("largest difference").is_empty() && hands.sees("difference")
    });
    assert_eq!(view(&hands).map(|view| view.branch), Some(1), "the run has stayed where it was");
}
