//! What is typed counts when a press elsewhere ends it, and the key that ends it does nothing else.

use egui::{Key, Modifiers, vec2};

use super::hands::Hands;
use crate::model::{ParamValue, Source};
use crate::session::State;

fn xor() -> Hands {
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    // Cards grow when what their units do is drawn.
    hands.wait_until("the units are drawn", |hands| hands.state().run().picture.is_some());
    hands
}

fn units(hands: &Hands, layer: &str) -> Option<ParamValue> {
    hands.state().project().graph.find(layer).and_then(|layer| layer.kind.spec().param("units"))
}

fn samples(hands: &Hands) -> usize {
    match &hands.state().project().data.source {
        Source::Synthetic(spec) => spec.samples,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_typed_counts_when_the_press_that_ends_it_takes_the_field_away() {
    let mut hands = xor();
    hands.select_card("node Dense 1");
    hands.write("Units", "6");
    let card = hands.rect("node Dense 2").center_top() + vec2(0.0, 12.0);
    hands.drag(card, card + vec2(10.0, 60.0));
    assert_eq!(units(&hands, "Dense 1"), Some(ParamValue::Int(6)));

    hands.select_card("node Dense 1");
    hands.write("Name", "Hidden");
    hands.click_tab("Training");
    assert!(hands.state().project().graph.find("Hidden").is_some() && hands.sees("Optimiser"));

    hands.click_tab("Data");
    hands.write("Samples", "300");
    hands.click_tab("Layers");
    assert_eq!(samples(&hands), 300);
}

#[test]
fn it_counts_also_when_press_and_release_come_at_once() {
    let mut hands = xor();
    hands.select_card("node Dense 1");
    hands.write("Units", "6");
    hands.tap_tab("Training");
    assert!(units(&hands, "Dense 1") == Some(ParamValue::Int(6)) && hands.sees("Optimiser"));
    hands.click_tab("Data");
    hands.write("Samples", "300");
    hands.tap_tab("Layers");
    assert!(samples(&hands) == 300 && hands.sees("Search layers"));
}

#[test]
fn the_key_that_ends_a_field_on_a_card_does_nothing_else() {
    let mut hands = xor();
    hands.select_card("node Dense 1");
    let selected = hands.state().selection().clone();
    hands.type_into("Units of Dense 1", "5");
    assert_eq!(units(&hands, "Dense 1"), Some(ParamValue::Int(5)));
    assert!(hands.nothing_has_focus(), "Enter ends it");
    for label in ["Units of Dense 1", "Units"] {
        hands.write(label, "9");
        hands.key(Modifiers::NONE, Key::Escape);
        assert_eq!(units(&hands, "Dense 1"), Some(ParamValue::Int(5)), "Escape gives it up");
        hands.wait_until("Escape leaves the field", |hands| hands.nothing_has_focus());
        assert_eq!(*hands.state().selection(), selected, "and only that");
    }
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(hands.state().selection().layers.is_empty());
}

#[test]
fn what_is_no_number_is_answered_on_cards_in_the_inspector_and_where_the_field_has_gone() {
    let mut hands = xor();
    hands.select_card("node Dense 1");
    let answered = "“many” isn't a number. Units takes a whole number from 1 to";
    let before = hands.value("Units of Dense 1");
    hands.type_into("Units of Dense 1", "many");
    assert_eq!((hands.value("Units of Dense 1").as_str(), hands.names_containing(answered).len()), ("many", 1));
    hands.key(Modifiers::NONE, Key::Escape);
    assert!(hands.value("Units of Dense 1") == before && hands.names_containing(answered).is_empty());

    hands.type_into("Units", "many");
    assert_eq!((hands.value("Units").as_str(), hands.names_containing(answered).len()), ("many", 1));
    hands.select_card("node Dense 2");
    assert_eq!(hands.names_containing(answered).len(), 1, "also where its field is another layer's now");
    assert!(hands.value("Units") != "many" && hands.value("Units of Dense 1") == before);

    hands.click_tab("Data");
    hands.type_into("Noise", "0,05");
    match &hands.state().project().data.source {
        Source::Synthetic(spec) => assert_eq!(spec.noise, 0.05),
        other => panic!("{other:?}"),
    }
    assert!(hands.names_containing(answered).is_empty(), "and a number that is taken needs no bubble");
}

#[test]
fn saving_in_the_middle_of_the_name_saves_under_the_new_one() {
    for modifiers in [Modifiers::COMMAND, Modifiers::COMMAND.plus(Modifiers::SHIFT)] {
        let mut hands = xor();
        hands.write("Project name", "Renamed");
        hands.key(modifiers, Key::S);
        assert_eq!(hands.state().project().name, "Renamed");
        assert!(hands.value("Path").contains("Renamed"), "{}", hands.value("Path"));
    }
}

#[test]
fn saving_does_not_wait_for_an_open_menu() {
    let mut hands = xor();
    hands.click("Menu");
    assert!(!hands.names_containing("Save as").is_empty());
    hands.key(Modifiers::COMMAND, Key::S);
    assert!(hands.names_containing("Save as").is_empty(), "the menu closes");
    assert!(hands.sees("Path"), "a project without a file is asked for one");
}
