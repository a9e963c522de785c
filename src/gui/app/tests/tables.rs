//! Other data for a network that is there: what stays, what follows, and what a failure leaves alone.

use std::path::PathBuf;

use super::hands::Hands;
use crate::model::{DataSpec, LayerKind, ParamValue, Source};
use crate::session::{Action, DataState, RunStatus, State};

/// A table of flowers in a folder of its own, gone with the test.
struct Flowers(PathBuf);

impl Flowers {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("glassbox-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let flowers = Self(folder);
        let rows = (0..90).map(|i| {
            let (kind, i) = (["lily", "rose", "tulip"][i % 3], i as f32);
            format!("{},{},{},{kind}", 40.0 + i % 7.0, 200.0 + 10.0 * (i % 11.0), ["bog", "dune"][i as usize / 3 % 2])
        });
        let text = format!("height,weight,place,species\n{}\n", rows.collect::<Vec<_>>().join("\n"));
        std::fs::write(flowers.file(), text).expect("a file");
        flowers
    }

    fn file(&self) -> PathBuf {
        self.0.join("flowers.csv")
    }
}

impl Drop for Flowers {
    fn drop(&mut self) {
        // What cannot be removed is left to the system.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn xor() -> Hands {
    let mut hands = Hands::at([1440.0, 1300.0], State::start(None));
    hands.click("XOR");
    hands.wait_for_data();
    hands
}

fn choose_table(hands: &mut Hands, path: &str) {
    hands.click_tab("Data");
    hands.click("Change the data");
    hands.click("Table …");
    hands.type_into("Path", path);
}

fn units(hands: &Hands, layer: &str) -> Option<ParamValue> {
    hands.state().project().graph.find(layer).and_then(|layer| layer.kind.spec().param("units"))
}

#[test]
fn a_table_that_is_dropped_becomes_a_network_or_the_data_of_the_one_that_is_there() {
    let flowers = Flowers::new("dropped");
    let path = flowers.file().with_extension("jsonl");
    let row = |i: usize| format!("{{\"petal\": {}, \"kind\": \"{}\"}}\n", i % 7, ["a", "b"][i % 2]);
    std::fs::write(&path, (0..40).map(row).collect::<String>()).expect("a file");
    let is_there = |hands: &Hands| hands.state().dataset().is_some_and(|dataset| dataset.name == "flowers.jsonl");
    let mut hands = Hands::at([1440.0, 900.0], State::start(None));
    hands.apply(Action::Open(path.clone()));
    hands.wait_until("the table is there", is_there);
    let mut hands = xor();
    assert!(hands.state().keeps_project(&Action::Open(path.clone())));
    hands.apply(Action::Open(path));
    hands.wait_until("the table is there", is_there);
    assert!(hands.state().project().graph.find("Dense 1").is_some());
}

#[test]
fn a_table_for_the_network_that_is_there_suggests_its_target_and_keeps_the_network() {
    let flowers = Flowers::new("table");
    let mut hands = xor();
    let before = hands.state().project().clone();
    choose_table(&mut hands, &flowers.file().display().to_string());
    hands.wait_until("the table is there", |hands| {
        hands.state().dataset().is_some_and(|dataset| dataset.name == "flowers.csv")
    });
    let project = hands.state().project();
    assert!(matches!(&project.data.source, Source::Csv(csv) if csv.target == "species"));
    let kinds = |graph: &crate::model::Graph| graph.layers().map(|layer| layer.kind.key()).collect::<Vec<_>>();
    assert_eq!(kinds(&project.graph), kinds(&before.graph));
    assert_eq!(
        (units(&hands, "Dense 1"), units(&hands, "Dense 2")),
        (Some(ParamValue::Int(8)), Some(ParamValue::Int(3)))
    );
    assert_eq!(hands.value("wire Input to Dense 1"), "4");
    assert_eq!(hands.state().run().status, RunStatus::Paused, "it can train");
    assert_eq!(hands.state().history().undo_name(), Some("change the data"));
    hands.click("Undo: change the data (Ctrl Z)");
    hands.wait_for_data();
    assert_eq!(*hands.state().project(), before);
    assert_eq!(hands.value("wire Dense 2 to Loss"), "2");
}

#[test]
fn a_table_that_cannot_be_read_says_why_and_changes_nothing() {
    let mut hands = xor();
    let before = hands.state().project().clone();
    choose_table(&mut hands, "/nowhere/flowers.csv");
    hands.wait_until("it says so", |hands| hands.state().error().is_some());
    assert!(!hands.names_containing("/nowhere/flowers.csv").is_empty(), "it is on the screen");
    assert_eq!(*hands.state().project(), before);
    assert!(matches!(hands.state().data(), DataState::Ready(dataset) if dataset.plane.is_some()));
    assert_eq!(hands.state().run().status, RunStatus::Paused, "it still can train");
    let flowers = Flowers::new("second");
    choose_table(&mut hands, &flowers.file().display().to_string());
    hands.wait_until("the table is there", |hands| hands.state().table().is_some());
    assert!(hands.names_containing("/nowhere/flowers.csv").is_empty(), "the failure has been dealt with");
}

#[test]
fn trying_again_reads_the_same_file_and_draws_no_other_seed() {
    let flowers = Flowers::new("again");
    let mut hands = xor();
    choose_table(&mut hands, &flowers.file().display().to_string());
    hands.wait_until("the table is there", |hands| hands.state().table().is_some());
    let text = std::fs::read(flowers.file()).expect("the table");
    std::fs::write(flowers.file(), "height,species\n1,2,3\n").expect("a broken table");
    hands.click("New split");
    hands.wait_until("it has failed", |hands| matches!(hands.state().data(), DataState::Failed(_)));
    let asked: DataSpec = hands.state().project().data.clone();
    std::fs::write(flowers.file(), text).expect("the table mended");
    hands.click("Try again");
    hands.wait_for_data();
    assert_eq!(hands.state().project().data, asked);
    assert!(hands.state().project().graph.layers().any(|layer| matches!(layer.kind, LayerKind::Loss(_))));
}
