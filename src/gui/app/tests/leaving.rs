//! Nothing of a project is seen in the next one.

use egui::{Key, Modifiers};

use super::hands::Hands;
use crate::session::{Action, State, Tab};

fn sine(hands: &mut Hands) {
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| {
        let view = hands.state().debug().view.as_ref();
        view.is_some_and(|view| view.listing.token("dense_3.weight").is_some() && !view.sight.tensors.is_empty())
    });
    hands.wait();
}

fn drawn(hands: &mut Hands) {
    hands.wait_for_data();
    hands.wait_until("what its units do is drawn", |hands| hands.sees("unit 0 of Dense 1"));
}

fn everything(hands: &Hands) -> Vec<String> {
    let mut names = hands.names_containing("");
    names.sort();
    names
}

#[test]
fn another_project_opens_as_if_nothing_had_been_before() {
    let mut fresh = Hands::at([1440.0, 900.0], State::start(None));
    fresh.click("Sine");
    drawn(&mut fresh);
    let built = everything(&fresh);
    sine(&mut fresh);

    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands.select_card("node Dense 1");
    hands.click_tab("Debug");
    hands.wait_until("the program is there", |hands| {
        hands.state().debug().view.as_ref().is_some_and(|v| !v.listing.lines.is_empty())
    });
    // A value is looked at, a number chosen, samples probed, lines marked, conditions and expressions typed.
    hands.key(Modifiers::NONE, Key::F8);
    hands.wait_until("a step is done", |hands| hands.state().debug().view.as_ref().is_some_and(|v| v.moment.step == 1));
    hands.click("value dense_1.weight in line 2");
    hands.wait_until("it is pictured", |hands| hands.sees("dense_1.weight, 8 units × 2 inputs"));
    hands.press_at(hands.place("dense_1.weight, 8 units × 2 inputs"));
    hands.click("breakpoint at line 4");
    hands.click("Probe batch");
    hands.click("First batch of the run");
    hands.wait_until("it is probed", |hands| hands.state().debug().inspection.probe.is_some());
    hands.click_tab("Breakpoints 1");
    hands.type_into("Condition", "loss > 3");
    hands.click_tab("Program");
    assert!(
        !hands.state().debug().breakpoints.is_empty()
            && hands.state().debug().inspection != fresh.state().debug().inspection
    );

    hands.apply(Action::ShowTab(Tab::Build));
    hands.apply(Action::OpenTemplate("sine".into()));
    drawn(&mut hands);
    assert_eq!(everything(&hands), built);
    sine(&mut hands);
    hands.wait_until("it looks at the same", |hands| {
        hands.state().debug().inspection == fresh.state().debug().inspection
    });
    hands.wait();
    assert_eq!(everything(&hands), everything(&fresh));
    assert_eq!(hands.state().wanted(), fresh.state().wanted());
    assert!(hands.state().debug().breakpoints.is_empty() && hands.state().selection() == fresh.state().selection());
}
