mod roles;

use std::path::PathBuf;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::*;
use crate::data::facts::facts;
use crate::data::{NoProgress, inspect_csv, load, mixture, share};
use crate::gui::dialogs::{FilePicker, Purpose};
use crate::gui::test_window::{Bench, bench, chain, unexplained};
use crate::model::{
    Augmentation, BoxesSpec, ColumnChoice, ColumnRole, CsvSpec, DataSpec, DigitsSpec, Feature, Fit, IdxSpec,
    PictureSpec, Source, SyntheticKind, SyntheticSpec,
};

struct NoPicker;

impl FilePicker for NoPicker {
    fn pick(&self, _: &Purpose) -> Option<PathBuf> {
        None
    }
}

fn panel(source: Source) -> Harness<'static, Bench<DataPanelUi>> {
    let mut state = chain(&["input", "dense", "loss"]);
    state.pose().project.data = DataSpec { source, ..DataSpec::default() };
    let dataset = load(&state.project().data, std::path::Path::new(""), &NoProgress).expect("samples");
    *state.pose().data = DataState::Ready(Arc::new(dataset));
    let (mut thumbnails, mut dialogs) = (Thumbnails::default(), Dialogs::new(Arc::new(NoPicker)));
    bench([260.0, 1200.0], state, DataPanelUi::default(), move |ui, state, local, actions| {
        show(ui, state, local, &mut thumbnails, &mut dialogs, actions);
    })
}

fn set(harness: &Harness<'static, Bench<DataPanelUi>>) -> Option<SyntheticSpec> {
    harness.state().actions.iter().find_map(|action| match action {
        Action::SetData(DataSpec { source: Source::Synthetic(spec), .. }) => Some(spec.clone()),
        _ => None,
    })
}

/// The panel of a table that has been looked through.
fn of_table(path: &std::path::Path, target: &str) -> Harness<'static, Bench<DataPanelUi>> {
    let spec = CsvSpec {
        path: path.to_owned(),
        target: target.into(),
        columns: Vec::new(),
        missing: Default::default(),
        scaling: Default::default(),
        reading: Default::default(),
    };
    let mut harness = panel(Source::Csv(spec));
    let table = inspect_csv(path, &Default::default(), &NoProgress).expect("a table");
    let state = &mut harness.state_mut().state;
    let (project, dataset) = (state.project().data.clone(), state.dataset().cloned().expect("samples"));
    let Source::Csv(csv) = &project.source else { panic!("a table") };
    let known = facts(&table, &project, csv, &dataset, &NoProgress).expect("facts");
    *state.pose().facts = Some(Arc::new(known));
    *state.pose().table = Some(Arc::new(table));
    harness.run();
    harness
}

#[test]
fn a_column_shows_how_its_values_are_spread_and_how_it_goes_with_the_target() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| {
        format!(
            "{},{},{}\n",
            if i.is_multiple_of(10) { String::new() } else { i.to_string() },
            ["a", "b"][i % 2],
            i * 2
        )
    };
    std::fs::write(&path, format!("x,kind,y\n{}", (0..60).map(row).collect::<String>())).expect("a table");
    let mut harness = of_table(&path, "y");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    assert!(harness.query_by_label("Distribution of x").is_some() && harness.query_by_label("Role of y").is_none());
    assert!(harness.query_by_label_contains("Correlation |r| = 1.000 of x and y, over 54 rows.").is_some());
    harness.get_by_label("About x").click();
    harness.run();
    let has = |harness: &Harness<'static, Bench<DataPanelUi>>, text: &str| {
        assert!(harness.query_by_label(text).is_some(), "{text}");
    };
    has(&harness, "6, 10.0 %");
    has(&harness, "1 to 59");
    has(&harness, "30 ± 17.27");
    harness.get_by_role_and_label(egui::Role::ComboBox, "Show").click();
    harness.run();
    harness.get_by_label("inputs").click();
    harness.run();
    has(&harness, "Gaps become");
    assert_eq!(unexplained(&harness), [""; 0]);
}

#[test]
fn rows_are_listed_in_the_users_units_and_one_goes_to_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| format!("{}.5,{},{}\n", i, ["red", "blue"][i % 2], i * 2);
    std::fs::write(&path, format!("x,colour,y\n{}", (0..500).map(row).collect::<String>())).expect("a table");
    let mut harness = of_table(&path, "y");
    harness.get_by_role_and_label(egui::Role::Tab, "Rows").click();
    harness.run();
    let text = |harness: &Harness<'static, Bench<DataPanelUi>>, row: usize| {
        let name = format!("Row {row}, ");
        harness.query_by_label_contains(&name).and_then(|node| node.accesskit_node().value())
    };
    let places = harness.state().state.dataset().expect("samples").places.clone().expect("places");
    let right = |row: usize| {
        let i = places.nth(0, row - 1).expect("a row").1;
        format!("Row {row}, line {}: y {}, x {i}.5, colour {}", i + 2, i * 2, ["red", "blue"][i % 2])
    };
    assert!((1..400).all(|row| places.nth(0, row).expect("a row").1 > places.nth(0, row - 1).expect("one").1));
    assert_eq!(text(&harness, 1), Some(right(1)));
    let last = right(400);
    harness.get_by_role_and_label(egui::Role::Slider, "Rows").focus();
    harness.run();
    harness.key_press(egui::Key::End);
    harness.run();
    assert_eq!(text(&harness, 400), Some(last));
    assert_eq!(text(&harness, 1), None);
}

#[test]
fn cells_are_shown_as_they_stand_in_the_file_and_gaps_as_gaps() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| {
        let price = ["\"$1,200.50\"", "", "NA", "7"][i % 4];
        format!("{price},note {i} {},{}\n", "goes on ".repeat(9), ["a", "b"][i / 2 % 2])
    };
    std::fs::write(&path, format!("# shop 4\nprice,note,kind\n{}", (0..80).map(row).collect::<String>()))
        .expect("a table");
    let mut harness = of_table(&path, "kind");
    harness.get_by_role_and_label(egui::Role::Tab, "Rows").click();
    harness.run();
    let places = harness.state().state.dataset().expect("samples").places.clone().expect("places");
    for nth in 0..8 {
        let i = places.nth(0, nth).expect("a row").1;
        let price = ["$1,200.50", "missing", "NA", "7"][i % 4];
        let text = format!(
            "Row {}, line {}: kind {}, price {price}, note note {i} goes",
            nth + 1,
            i + 3,
            ["a", "b"][i / 2 % 2]
        );
        assert!(harness.query_by_label_contains(&text).is_some(), "{text}");
    }
    // Under the pointer stands the whole.
    let bounds = harness.get_by_label_contains("Row 1, line").rect();
    let first = places.nth(0, 0).expect("a row").1;
    let whole = format!("note: note {first} {}", "goes on ".repeat(9));
    let seen = (0..24).any(|step| {
        harness.hover_at(egui::pos2(bounds.left() + 10.0 * step as f32, bounds.center().y));
        harness.run();
        harness.query_by_label_contains(whole.trim_end()).is_some()
    });
    assert!(seen, "{whole}");
}

#[test]
fn a_warning_is_mended_with_its_button() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let row = |i: usize| format!("{},{},{}\n", i * 37 % 101, ["p", "q"][i % 2], ["no", "yes"][i % 2]);
    std::fs::write(&path, format!("x,copy,answer\n{}", (0..60).map(row).collect::<String>())).expect("a table");
    let mut harness = of_table(&path, "answer");
    harness.get_by_label("Leave out copy").click();
    harness.run();
    let actions = &harness.state().actions;
    let out = ColumnChoice { name: "copy".into(), role: ColumnRole::LeftOut };
    let is_out = |action: &Action| matches!(action, Action::SetData(DataSpec { source: Source::Csv(csv), .. }) if csv.columns == [out.clone()]);
    assert!(actions.iter().any(is_out) && actions.contains(&Action::EndEdit), "{actions:?}");
}

#[test]
fn of_thousands_of_columns_those_on_the_screen_are_drawn_and_one_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wide.csv");
    let names: Vec<String> = (0..3000).map(|i| format!("x{i}")).collect();
    let rows: String = (0..30)
        .map(|row| format!("{}\n", (0..3001).map(|i| ((row * (i + 3)) % 17).to_string()).collect::<Vec<_>>().join(",")))
        .collect();
    std::fs::write(&path, format!("{},y\n{rows}", names.join(","))).expect("a table");
    let mut harness = of_table(&path, "y");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    assert!(harness.query_all_by_label_contains("Role of x").count() < 30);
    harness.get_by_label("Search columns").click();
    harness.run();
    harness.get_by_label("Search columns").type_text("X2999");
    harness.run();
    assert_eq!(harness.query_all_by_label_contains("Role of x").count(), 1);
    assert!(harness.query_by_label("Role of x2999").is_some());
}

#[test]
fn a_wrong_guess_about_a_table_is_corrected_with_a_click() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("1.{:03},{},{}\n", 100 + i, i * 7 % 11, i % 3)).collect();
    std::fs::write(&path, format!("size,x,grade\n{rows}")).expect("a table");
    let mut harness = of_table(&path, "grade");
    let mut said = |field: &str, option: &str| {
        harness.get_by_role_and_label(egui::Role::ComboBox, field).click();
        harness.run();
        harness.get_by_label(option).click();
        harness.run();
        let last = harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetData(DataSpec { source: Source::Csv(csv), .. }) => Some(csv.clone()),
            _ => None,
        });
        last.expect("new settings")
    };
    let grade = ColumnChoice { name: "grade".into(), role: ColumnRole::Numeric };
    assert_eq!(said("As", "numbers").columns, [grade]);
    assert_eq!(said("Decimals", "1.234,5").reading.decimal, Some(crate::model::Decimal::Comma));
    let bare = said("First row", "values");
    assert_eq!((bare.target.as_str(), bare.reading.header), ("column 3", Some(false)));
}

#[test]
fn a_feature_is_switched_on_and_the_last_one_stays() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec { features: vec![Feature::X], ..Default::default() }));
    harness.get_by_label("Feature x").click();
    harness.run();
    assert_eq!(set(&harness), None);
    harness.get_by_label("Feature x²").click();
    harness.run();
    assert_eq!(set(&harness).map(|spec| spec.features), Some(vec![Feature::X, Feature::XSquared]));
}

#[test]
fn another_source_keeps_what_still_means_something() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec { noise: 0.25, samples: 300, ..Default::default() }));
    harness.get_by_label("Change the data").click();
    harness.run();
    harness.get_by_label("Two moons").click();
    harness.run();
    let spec = set(&harness).expect("new data");
    assert_eq!((spec.kind, spec.noise, spec.samples), (SyntheticKind::Moons, 0.25, 300));
}

#[test]
fn an_open_set_may_be_the_data_of_a_project() {
    let mut harness = panel(Source::Digits(DigitsSpec { samples: 200, noise: 0.0 }));
    harness.get_by_label("Change the data").click();
    harness.run();
    harness.get_by_label("Fetch KMNIST").click();
    harness.run();
    assert!(harness.state().actions.contains(&Action::UseSet("kmnist".into())), "{:?}", harness.state().actions);
}

#[test]
fn digits_show_pictures_of_every_class() {
    let mut harness = panel(Source::Digits(DigitsSpec { samples: 200, noise: 0.0 }));
    harness.run();
    for digit in 0..10 {
        let name = format!("Sample of {digit}");
        assert!(harness.query_all_by_label(&name).count() >= 1, "{name}");
    }
}

#[test]
fn loading_can_be_cancelled_and_a_failure_says_why() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec::default()));
    *harness.state_mut().state.pose().data =
        DataState::Loading { fraction: 0.4, doing: "reading penguins.csv".into(), previous: None };
    harness.run_ok();
    harness.get_by_label("Cancel loading").click();
    harness.run_ok();
    assert_eq!(harness.state().actions, [Action::CancelLoading]);
    *harness.state_mut().state.pose().data = DataState::Failed("There is no such file.".into());
    harness.run_ok();
    assert!(harness.query_by_label("There is no such file.").is_some());
}

#[test]
fn a_folder_of_boxes_that_is_gone_can_be_tried_again() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec::default()));
    let state = &mut harness.state_mut().state;
    let (size, grey, fit) = (32, false, Fit::Pad);
    state.pose().project.data.source =
        Source::Boxes(BoxesSpec { folder: "/gone".into(), size, grey, fit, drawn: Default::default() });
    *state.pose().data = DataState::Failed("There is no folder /gone.".into());
    harness.run_ok();
    harness.get_by_label("Try again").click();
    harness.run_ok();
    assert_eq!(harness.state().actions, [Action::ReloadData]);
}

#[test]
fn a_table_says_why_columns_are_what_they_are_and_takes_the_users_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fruit.csv");
    let rows: String = (0..40).map(|i| format!("{i},{},{}\n", i % 3, ["apple", "pear"][i % 2])).collect();
    std::fs::write(&path, format!("weight,colour,kind\n{rows}")).expect("a file");
    let mut harness = of_table(&path, "kind");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    harness.get_by_label("Role of colour").click();
    harness.run();
    harness.get_by_label("left out").click();
    harness.run();
    let columns = harness.state().actions.iter().find_map(|action| match action {
        Action::SetData(DataSpec { source: Source::Csv(csv), .. }) => Some(csv.columns.clone()),
        _ => None,
    });
    assert_eq!(columns, Some(vec![ColumnChoice { name: "colour".into(), role: ColumnRole::LeftOut }]));
}

#[test]
fn rows_are_weighted_by_the_column_chosen_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String =
        (0..40).map(|i| format!("{},{},{},{}\n", i % 5, i % 7, i - 3, ["a", "b"][i as usize % 2])).collect();
    std::fs::write(&path, format!("first,second,below,kind\n{rows}")).expect("a file");
    let mut harness = of_table(&path, "kind");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    let mut choose = |column: &str| {
        harness.get_by_label(&format!("Role of {column}")).click();
        harness.run();
        if let Some(role) = harness.query_by_label("row weight") {
            role.click();
        }
        harness.run();
        let set = harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetData(spec) => Some(spec.clone()),
            _ => None,
        });
        if let Some(spec) = set {
            harness.state_mut().state.pose().project.data = spec;
        }
        let Source::Csv(csv) = &harness.state().state.project().data.source else { panic!("no table") };
        csv.columns.clone()
    };
    let weight = |name: &str| [ColumnChoice { name: name.into(), role: ColumnRole::Weight }];
    assert_eq!(choose("first"), weight("first"));
    assert_eq!(choose("second"), weight("second"));
    // Negative numbers are no weights, and aren't offered.
    assert_eq!(choose("below"), weight("second"));
}

#[test]
fn the_panel_keeps_its_width_while_a_file_with_a_long_name_is_read() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec::default()));
    let doing = format!("reading {}.csv", "penguins of the southern islands ".repeat(4));
    *harness.state_mut().state.pose().data = DataState::Loading { fraction: 0.4, doing: doing.clone(), previous: None };
    harness.run_ok();
    for name in [doing.as_str(), "Cancel loading", "Samples"] {
        assert!(harness.get_by_label(name).rect().right() <= 260.0, "{name}");
    }
}

#[test]
fn the_last_feature_stays_and_says_why() {
    let spec = SyntheticSpec { features: vec![Feature::X], ..SyntheticSpec::default() };
    let mut harness = panel(Source::Synthetic(spec));
    let name = format!("Feature {}", Feature::X.label());
    let at = harness.get_by_label(&name).rect().center();
    harness.hover_at(at);
    // A tooltip waits a moment.
    harness.run_steps(60);
    assert!(harness.query_by_label_contains("the network needs at least one feature").is_some());
    harness.get_by_label(&name).click();
    harness.run();
    assert_eq!(harness.state().actions, []);
    let other = format!("Feature {}", Feature::Y.label());
    harness.get_by_label(&other).click();
    harness.run();
    assert_eq!(set(&harness).map(|spec| spec.features), Some(vec![Feature::X, Feature::Y]));
}

#[test]
fn pictures_are_augmented_on_request_and_shown_as_they_will_be() {
    let mut harness = panel(Source::Digits(DigitsSpec { samples: 100, ..DigitsSpec::default() }));
    assert!(harness.query_by_label("Rotation").is_none());
    harness.get_by_label("Augment").click();
    harness.run();
    let set = |harness: &Harness<'static, Bench<DataPanelUi>>| {
        harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetTraining(training) => Some(*training.augmentation),
            _ => None,
        })
    };
    let chosen = set(&harness).expect("settings");
    assert!(chosen.is_active());
    *harness.state_mut().state.pose().project.training.augmentation = chosen;
    harness.run();
    assert_eq!(harness.query_all_by_label("As it is").count(), 4);
    assert!(harness.query_all_by_label("In epoch 1").count() == 4 && harness.query_by_label("Saturation").is_none());
    assert_eq!(unexplained(&harness), [""; 0]);
    harness.get_by_label("Flip").click();
    harness.run();
    assert!(set(&harness).is_some_and(|augmentation| augmentation.flip));
    harness.get_by_label("Augment").click();
    harness.run();
    assert_eq!(set(&harness), Some(Augmentation::default()));
}

#[test]
fn the_gallery_shows_mixed_pictures_with_their_parts() {
    let mut harness = panel(Source::Digits(DigitsSpec { samples: 100, ..DigitsSpec::default() }));
    let pose = |harness: &mut Harness<'static, Bench<DataPanelUi>>, augmentation| {
        *harness.state_mut().state.pose().project.training.augmentation = augmentation;
        harness.run();
    };
    pose(&mut harness, Augmentation { flip: true, ..Augmentation::default() });
    assert!(harness.query_by_label("Mixup alpha").is_none());
    harness.get_by_label("Mixup").click();
    harness.run();
    let set = |harness: &Harness<'static, Bench<DataPanelUi>>| {
        harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetTraining(training) => Some(training.augmentation.mixup),
            _ => None,
        })
    };
    assert_eq!(set(&harness), Some(0.2));
    pose(&mut harness, Augmentation { mixup: 1.0, ..Augmentation::default() });
    assert_eq!(unexplained(&harness), [""; 0]);
    assert_eq!(harness.query_all_by_label("As it is").count(), 4);
    assert!(harness.query_all_by_label_contains("In epoch ").count() >= 4);
    assert!(harness.query_by_label_contains("of all pictures are mixed by 10 % or more").is_some());
    // Each with the one of the line above, the first with the last, by the share of its row.
    let bench = harness.state();
    let dataset = bench.state.dataset().expect("samples");
    let rows = dataset.fair(&dataset.train);
    let class = |row: u32| dataset.train.target(row as usize).expect("y")[0].to_string();
    for line in 0..4 {
        let (own, other) = (rows[line], rows[(line + 3) % 4]);
        let epoch = (0..).find(|&epoch| share(1.0, 1, epoch, own) <= 0.9).expect("one in which it is seen");
        let parts = mixture(share(1.0, 1, epoch, own), &class(own), &class(other));
        let name = format!("In epoch {}: {}", epoch + 1, parts.join(", "));
        assert!(harness.query_all_by_label(&name).next().is_some(), "{name}");
    }
    harness.get_by_label("Mixup").click();
    harness.run();
    assert_eq!(set(&harness), Some(0.0));
}

#[test]
fn every_field_has_a_term() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fruit.csv");
    std::fs::write(&path, "weight,colour,kind\n1,red,a\n2,green,b\n3,red,a\n4,green,b\n5,red,a\n").expect("a file");
    let table = CsvSpec {
        path: path.clone(),
        target: "kind".into(),
        columns: Vec::new(),
        missing: Default::default(),
        scaling: Default::default(),
        reading: Default::default(),
    };
    let points = |kind| Source::Synthetic(SyntheticSpec { kind, ..Default::default() });
    let sources = SyntheticKind::ALL.iter().copied().map(points);
    for source in sources.chain([Source::Digits(DigitsSpec::default()), Source::Csv(table)]) {
        let mut harness = panel(source);
        *harness.state_mut().state.pose().table =
            inspect_csv(&path, &Default::default(), &NoProgress).ok().map(Arc::new);
        harness.run();
        assert_eq!(unexplained(&harness), [""; 0]);
    }
    let mut harness = panel(Source::Synthetic(SyntheticSpec::default()));
    harness.state_mut().state.pose().project.data.source =
        Source::Idx(IdxSpec { folder: folder.path().into(), limit: Some(100) });
    harness.run();
    assert!(harness.query_by_label("At most").is_some());
    assert_eq!(unexplained(&harness), [""; 0]);
    let pictures =
        PictureSpec { folder: folder.path().into(), size: 32, grey: false, fit: Fit::Crop, label: String::new() };
    harness.state_mut().state.pose().project.data.source = Source::Pictures(pictures);
    harness.run();
    assert_eq!(unexplained(&harness), [""; 0]);
    harness.get_by_label("Greyscale").click();
    harness.run();
    let is_set = |action: &Action| {
        matches!(action, Action::SetData(DataSpec { source: Source::Pictures(PictureSpec { grey: true, .. }), .. }))
    };
    assert!(harness.state().actions.iter().any(is_set), "{:?}", harness.state().actions);
}
