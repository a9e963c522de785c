use super::tests::{load_with, settings};
use super::*;
use crate::data::NoProgress;
use crate::data::test_data::test_data;
use crate::model::{ColumnChoice, MissingPolicy, Scaling};

fn preview(name: &str) -> Option<TablePreview> {
    Some(inspect_csv(&test_data(&format!("csv/{name}.csv"))?, &Default::default(), &NoProgress).unwrap())
}

#[test]
fn the_likely_target_is_suggested() {
    for (name, target, role) in [
        ("penguins", "species", ColumnRole::Categorical),
        ("titanic", "survived", ColumnRole::Categorical),
        ("diamonds", "price", ColumnRole::Numeric),
        ("mpg", "mpg", ColumnRole::Numeric),
        ("iris", "species", ColumnRole::Categorical),
        ("tips", "tip", ColumnRole::Numeric),
        ("flights", "passengers", ColumnRole::Numeric),
    ] {
        let Some(preview) = preview(name) else { return };
        let suggested = suggest_target(&preview, &|_| false).unwrap();
        assert_eq!(suggested, target);
        let column = preview.columns.iter().find(|c| c.name == suggested).unwrap();
        assert_eq!(column.as_target, role, "{name}: {}", column.target_reason);
    }
}

#[test]
fn the_preview_tells_counts_ranges_and_values() {
    let Some(titanic) = preview("titanic") else { return };
    assert_eq!((titanic.rows, titanic.columns.len(), titanic.delimiter, titanic.has_header), (891, 15, ',', true));
    assert_eq!(titanic.head.len(), 20);
    let column = |name: &str| titanic.columns.iter().find(|c| c.name == name).unwrap();
    assert_eq!((column("age").missing, column("deck").missing), (177, 688));
    assert_eq!(column("age").range, Some((0.42, 80.0)));
    assert_eq!(column("sex").top_values, [("male".to_owned(), 577), ("female".to_owned(), 314)]);
    assert_eq!((column("age").role, column("sex").role), (ColumnRole::Numeric, ColumnRole::Categorical));
    let Some(mpg) = preview("mpg") else { return };
    let name = mpg.columns.iter().find(|c| c.name == "name").unwrap();
    assert_eq!((name.role, name.distinct), (ColumnRole::LeftOut, 305));
}

#[test]
fn penguins_lose_two_rows_when_missing_rows_are_dropped() {
    let Some(path) = test_data("csv/penguins.csv") else { return };
    let filled = load_with(&settings(&path, "species")).unwrap();
    assert_eq!(filled.train.len() + filled.validation.len(), 344);
    assert_eq!(filled.classes().unwrap(), ["Adelie", "Chinstrap", "Gentoo"]);
    let dropped = load_with(&CsvSpec { missing: MissingPolicy::DropRow, ..settings(&path, "species") }).unwrap();
    assert!(dropped.train.len() + dropped.validation.len() < 344);
    assert_eq!(dropped.input_len() + 1, filled.input_len(), "sex needs no \"missing\"");
}

#[test]
fn titanic_says_that_alive_gives_survived_away() {
    let Some(path) = test_data("csv/titanic.csv") else { return };
    let mut settings = settings(&path, "survived");
    let set = load_with(&settings).unwrap();
    assert_eq!(set.classes().unwrap(), ["0", "1"]);
    let told: Vec<_> = set.notes.iter().filter(|n| n.contains("exactly")).collect();
    assert!(told.len() == 1 && told[0].contains("\"alive\""), "{:?}", set.notes);
    settings.columns.push(ColumnChoice { name: "alive".into(), role: ColumnRole::LeftOut });
    let set = load_with(&settings).unwrap();
    assert!(
        !set.input_names.iter().any(|n| n.starts_with("alive")) && !set.notes.iter().any(|n| n.contains("exactly"))
    );
}

#[test]
fn diamonds_are_a_regression_of_26_inputs() {
    let Some(path) = test_data("csv/diamonds.csv") else { return };
    let set = load_with(&settings(&path, "price")).unwrap();
    assert_eq!((set.train.len(), set.validation.len()), (43_152, 10_788));
    assert_eq!(set.input_len(), 6 + 5 + 7 + 8);
    let unit = set.truth.unit(0);
    assert!((unit.offset - 3933.0).abs() < 40.0 && (unit.scale - 3989.0).abs() < 60.0, "{unit:?}");
}

/// Files as people have them: what was done to read each is said.
#[test]
fn odd_files_are_read_and_what_was_done_is_said() {
    for (name, target, said, classes) in [
        ("02_utf16be_bom.csv", "state", "It was read as UTF-16BE.", &["high", "low", "mid"][..]),
        ("04_cp1252.csv", "Zustand", "It was read as windows-1252.", &[]),
        (
            "22_banner_lines_before_header.csv",
            "state",
            "Skipped in the file: 2 lines above the table.",
            &["high", "low", "mid"],
        ),
        (
            "25_comment_lines_hash.csv",
            "state",
            "Skipped in the file: 1 line above the table, 1 comment.",
            &["high", "low", "mid"],
        ),
        ("26_sep_line_excel.csv", "state", "Skipped in the file: 1 line above the table.", &["high", "low", "mid"]),
        ("47_nul_bytes_inside.csv", "state", "Removed 3 NUL characters, which aren't text.", &["high", "low", "mid"]),
        ("51_gzipped_csv.csv.gz", "state", "", &["high", "low", "mid"]),
        ("p68_mid_header_repeat.csv", "y", "repeating the header.", &[]),
        ("p43_totals_row.csv", "bought", "Skipped in the file: 1 row of totals at the end.", &["no", "yes"]),
    ] {
        let Some(path) = test_data(&format!("odd/tables/{name}")) else { return };
        let set = load_with(&settings(&path, target)).unwrap_or_else(|error| panic!("{name}: {}", error.message));
        assert!(said.is_empty() || set.notes.iter().any(|note| note.contains(said)), "{name}: {:?}", set.notes);
        if !classes.is_empty() {
            assert_eq!(set.classes().unwrap(), classes, "{name}");
        }
    }
    let Some(path) = test_data("odd/tables/04_cp1252.csv") else { return };
    let preview = inspect_csv(&path, &Default::default(), &NoProgress).unwrap();
    assert!(preview.columns[2].top_values.iter().any(|(value, _)| value == "fr\u{fc}h"), "{:?}", preview.columns[2]);
    for (name, word) in [("49_git_lfs_pointer.csv", "git-lfs pointer"), ("p46b.xlsx", "workbook is damaged")] {
        let Some(path) = test_data(&format!("odd/tables/{name}")) else { return };
        let said = inspect_csv(&path, &Default::default(), &NoProgress).unwrap_err().message;
        assert!(said.contains(word), "{name}: {said}");
    }
}

/// An odd table with its settings, columns unscaled.
fn odd(name: &str, target: &str) -> Option<Dataset> {
    let path = test_data(&format!("odd/tables/{name}"))?;
    let settings = CsvSpec { scaling: Scaling::None, ..settings(&path, target) };
    Some(load_with(&settings).unwrap_or_else(|error| panic!("{name}: {}", error.message)))
}

/// Lowest and highest value of an input over both parts.
fn range(set: &Dataset, input: &str) -> [f32; 2] {
    let place =
        set.input_names.iter().position(|name| name == input).unwrap_or_else(|| panic!("{:?}", set.input_names));
    let parts = [&set.train, &set.validation];
    let all = || parts.iter().flat_map(|part| part.inputs().chunks(set.input_len()).map(|row| row[place]));
    [all().fold(f32::MAX, f32::min), all().fold(f32::MIN, f32::max)]
}

fn targets(set: &Dataset) -> [f32; 2] {
    let unit = set.truth.unit(0);
    let all =
        || [&set.train, &set.validation].into_iter().flat_map(|part| part.targets().to_vec()).map(|t| unit.value(t));
    [all().fold(f32::MAX, f32::min), all().fold(f32::MIN, f32::max)]
}

#[test]
fn odd_amounts_are_numbers() {
    let Some(set) = odd("09_quoted_decimal_comma_in_comma_csv.csv", "class") else { return };
    assert_eq!(range(&set, "value"), [15.93, 34.6]);
    let Some(set) = odd("10_thousands_comma_quoted.csv", "class") else { return };
    assert!(range(&set, "population")[0] > 1e6 && range(&set, "price")[1] > 1000.0, "{:?}", range(&set, "price"));
    let Some(set) = odd("12_currency_percent_units.csv", "class") else { return };
    assert_eq!(
        (&set.input_names[..], range(&set, "weight")),
        (&["price", "rate", "weight"].map(String::from)[..], [1.0, 9.0])
    );
    let Some(set) = odd("p03b_semicolon_de_thousands.csv", "price") else { return };
    assert!(targets(&set)[0] > 1000.0 && targets(&set)[1] < 5000.0, "{:?}", targets(&set));
    for name in ["p51_thousands_partial.csv", "p53_german_thousands_dot_int.csv"] {
        let target = if name.starts_with("p51") { "price" } else { "preis" };
        let Some(set) = odd(name, target) else { return };
        assert!(targets(&set)[0] > 300.0 && targets(&set)[1] > 1000.0, "{name}: {:?}", targets(&set));
    }
    let Some(set) = odd("p66_percent_target.csv", "rate") else { return };
    assert!(set.classes().is_none() && targets(&set)[1] > 50.0 && targets(&set)[1] <= 100.0, "{:?}", targets(&set));
}

#[test]
fn odd_words_and_codes_are_what_they_are() {
    let Some(set) = odd("15_missing_markers.csv", "class") else { return };
    assert_eq!(set.input_names, ["a", "b"]);
    assert!(set.notes.iter().any(|note| note.contains("-9999 in 1 row")), "{:?}", set.notes);
    let Some(set) = odd("16_NA_is_a_category.csv", "grade") else { return };
    assert!(set.input_names.contains(&"region = NA".to_owned()), "{:?}", set.input_names);
    let Some(set) = odd("29_label_stray_spaces_case.csv", "label") else { return };
    assert_eq!(set.classes().unwrap(), ["no", "yes"]);
    let Some(set) = odd("44_huge_ids.csv", "label") else { return };
    assert_eq!(set.input_names, ["big"], "ids are no quantity: {:?}", set.notes);
    assert!(set.notes.iter().any(|note| note.contains("larger than a 32-bit number")), "{:?}", set.notes);
    for (name, target, first) in
        [("53_leading_zeros_codes.csv", "label", "zip = 00501"), ("p36_zip_codes.csv", "rent", "zip = 01001")]
    {
        let Some(set) = odd(name, target) else { return };
        assert_eq!(set.input_names[0], first);
    }
}

#[test]
fn odd_years_and_dates_are_features() {
    let Some(set) = odd("p11_dates_iso.csv", "price") else { return };
    assert_eq!(set.input_names[..4], ["date: year", "date: month", "date: weekday", "date: days since 2020-01-01"]);
    assert_eq!((range(&set, "date: month"), range(&set, "date: weekday")), ([1.0, 12.0], [1.0, 7.0]));
    let Some(set) = odd("p75_year_feature_sorted.csv", "sales") else { return };
    assert_eq!(range(&set, "year"), [1900.0, 2019.0]);
    let Some(set) = odd("p54_header_of_years.csv", "2004") else { return };
    assert_eq!((set.input_names.len(), set.train.len() + set.validation.len()), (3, 100));
    let Some(set) = odd("p56_int_target_10.csv", "score") else { return };
    assert_eq!(set.classes().map(<[String]>::len), Some(10));
}
