//! What a column is used for, and how its file is read.

use super::*;

#[test]
fn another_number_is_predicted_as_well_with_a_click() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("{i},{},{},{}\n", i * i, i * 7 % 11, ["a", "b"][i % 2])).collect();
    std::fs::write(&path, format!("x,square,rest,word\n{rows}")).expect("a table");
    let mut harness = of_table(&path, "square");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    // A word is none of several numbers.
    harness.get_by_label("Role of word").click();
    harness.run();
    assert!(harness.query_by_label("category").is_some() && harness.query_by_label("target").is_none());
    harness.key_press(egui::Key::Escape);
    harness.run();
    harness.get_by_label("Role of rest").click();
    harness.run();
    harness.get_by_label("target").click();
    harness.run();
    let targets = harness.state().actions.iter().find_map(|action| match action {
        Action::SetData(DataSpec { source: Source::Csv(csv), .. }) => {
            Some(csv.targets().into_iter().map(str::to_owned).collect::<Vec<_>>())
        }
        _ => None,
    });
    assert_eq!(targets, Some(vec!["square".to_owned(), "rest".to_owned()]));
}

#[test]
fn the_logarithm_of_a_target_is_a_click_away_and_goes_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("{i}.5,{},{}\n", i * i, i * 7 % 31 - 5)).collect();
    std::fs::write(&path, format!("x,square,rest\n{rows}")).expect("a table");
    let mut harness = of_table(&path, "square");
    let mut said = |field: &str, option: &str| {
        harness.get_by_role_and_label(egui::Role::ComboBox, field).click();
        harness.run();
        harness.get_by_label(option).click();
        harness.run();
        let spec = harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetData(DataSpec { source: Source::Csv(csv), .. }) => Some(csv.clone()),
            _ => None,
        });
        spec.expect("an edit")
    };
    let log = said("As", "logarithm");
    assert_eq!(log.columns, [ColumnChoice { name: "square".into(), role: ColumnRole::LogTarget }]);
    let other = said("Predict", "x");
    assert_eq!((other.target.as_str(), other.columns.len()), ("x", 0), "{other:?}");
}

#[test]
fn a_fold_leaves_the_share_of_the_test_in_sight() {
    let mut harness = panel(Source::Synthetic(SyntheticSpec::default()));
    let shares = |harness: &Harness<'static, Bench<DataPanelUi>>| {
        ["Validation", "Test"].map(|name| harness.query_by_role_and_label(egui::Role::SpinButton, name).is_some())
    };
    assert_eq!(shares(&harness), [true, true]);
    harness.state_mut().state.pose().project.data.fold = Some(crate::model::Fold { number: 2, of: 5 });
    harness.run();
    assert_eq!(shares(&harness), [false, true]);
    assert!(harness.query_by_label("fold 2 of 5").is_some());
}

#[test]
fn the_encoding_of_a_file_is_said_and_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("t.csv");
    let rows: String = (0..40).map(|i| format!("{i},{},{}\n", i % 7, ["spät", "früh"][i % 2])).collect();
    std::fs::write(&path, encoding_rs::WINDOWS_1252.encode(&format!("x,z,wann\n{rows}")).0).expect("a table");
    let mut harness = of_table(&path, "wann");
    harness.get_by_role_and_label(egui::Role::ComboBox, "Encoding").click();
    harness.run();
    assert!(harness.query_by_label("windows-1252 (found)").is_some());
    harness.get_by_label("ISO-8859-2").click();
    harness.run();
    let said = harness.state().actions.iter().find_map(|action| match action {
        Action::ReadTable(reading) => reading.encoding.clone(),
        _ => None,
    });
    assert_eq!((said.as_deref(), unexplained(&harness).len()), (Some("ISO-8859-2"), 0));
}

#[test]
fn every_role_of_a_column_has_a_term() {
    use crate::model::glossary;
    let terms = glossary::all();
    let of = |name: &str| glossary::of_label(&terms, name).map(|term| term.name);
    for (role, name) in columns::ROLES {
        assert!(of(name).is_some() || role == ColumnRole::Numeric, "{name}");
    }
    assert_eq!(of("Role of colour"), Some("Role"));
    assert_eq!(
        [of("embedding"), of("target: log"), of("logarithm")],
        ["Embedding", "Logarithm", "Logarithm"].map(Some)
    );
}

/// A column of numbers with a word in some rows, beside one that gives the target away and one that is text.
fn with_stray(folder: &std::path::Path) -> PathBuf {
    let path = folder.join("t.csv");
    let row = |i: usize| {
        let x = if i % 17 == 3 { "brak".to_owned() } else { (i * 7 % 97).to_string() };
        format!("{x},{},{},{}\n", ["p", "q", "r"][i % 3], i * 11 % 23, i % 3)
    };
    std::fs::write(&path, format!("x,word,z,y\n{}", (0..120).map(row).collect::<String>())).expect("a table");
    path
}

#[test]
fn what_is_wrong_with_a_table_is_mended_by_a_button_and_notes_name_controls_of_the_window() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = of_table(&with_stray(folder.path()), "y");
    assert!(harness.query_by_label_contains("\"brak\" in 7 rows").is_some());
    assert!(harness.query_all_by_label_contains("--").next().is_none(), "no option of the command line");
    assert!(harness.query_all_by_label_contains("is left out: 113 numbers").next().is_none(), "it is not told twice");
    harness.get_by_label("Take brak as missing").click();
    harness.run();
    let words = |harness: &Harness<'static, Bench<DataPanelUi>>| {
        harness.state().actions.iter().rev().find_map(|action| match action {
            Action::SetData(DataSpec { source: Source::Csv(csv), .. }) => Some(csv.reading.missing_words.clone()),
            _ => None,
        })
    };
    assert_eq!(words(&harness), Some(vec!["x=brak".to_owned()]));
    // The same by hand.
    harness.get_by_role_and_label(egui::Role::TextInput, "Missing words").focus();
    harness.run();
    harness.get_by_role_and_label(egui::Role::TextInput, "Missing words").type_text("brak, -9999");
    harness.run();
    harness.key_press(egui::Key::Enter);
    harness.run();
    assert_eq!(words(&harness), Some(vec!["brak".to_owned(), "-9999".to_owned()]));
}

#[test]
fn only_what_a_column_can_be_is_offered() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut harness = of_table(&with_stray(folder.path()), "y");
    harness.get_by_role_and_label(egui::Role::Tab, "Columns").click();
    harness.run();
    let mut offered = |name: &str| {
        harness.get_by_label(&format!("Role of {name}")).click();
        harness.run();
        let found = ["number", "date", "row weight", "category"].map(|role| harness.query_by_label(role).is_some());
        harness.key_press(egui::Key::Escape);
        harness.run();
        found
    };
    assert_eq!(offered("x"), [false, false, false, true], "a word stands in it");
    assert_eq!(offered("z"), [true, true, true, true]);
}
