//! What columns hold, however people write it: each kind with the right values.

use super::tests::{choose, file, load_text, load_with, settings};
use super::*;
use crate::data::encoding::{ColumnValues, Inputs};
use crate::data::{NoProgress, read_unseen};
use crate::model::{DateOrder, Decimal, MissingPolicy, Reading, Scaling, Source};

/// A table whose column "v" has these cells in turn, quoted, with a number "x" and classes beside it.
fn with_cells(cells: &[&str], rows: usize) -> String {
    (0..rows).fold("v;x;kind\n".to_owned(), |text, i| {
        text + &format!("\"{}\";{};{}\n", cells[i % cells.len()], i * 7 % 11, ["a", "b"][i / 3 % 2])
    })
}

fn unscaled(text: &str, reading: Reading) -> Result<Dataset, DataError> {
    let file = file(text);
    load_with(&CsvSpec { scaling: Scaling::None, reading, ..settings(file.path(), "kind") })
}

/// The values of the first input, each once.
fn values(set: &Dataset) -> Vec<f32> {
    let width = set.input_len();
    let mut all: Vec<f32> =
        [&set.train, &set.validation].iter().flat_map(|part| part.inputs().to_vec()).step_by(width).collect();
    all.sort_by(f32::total_cmp);
    all.dedup();
    all
}

/// The numbers that a column of these cells is read as; empty where it is not read as numbers.
fn numbers(cells: &[&str]) -> Vec<f32> {
    numbers_of(cells, Reading::default()).0
}

fn numbers_of(cells: &[&str], reading: Reading) -> (Vec<f32>, Vec<String>) {
    let set = unscaled(&with_cells(cells, 60), reading).unwrap();
    let is_number = set.input_names[0] == "v";
    (if is_number { values(&set) } else { Vec::new() }, set.notes)
}

#[test]
fn every_column_decides_how_its_numbers_are_written() {
    for (cells, wanted) in [
        (&["892", "1.136", "798"][..], &[798.0, 892.0, 1136.0][..]),
        (&["1.136", "12,5"], &[12.5, 1136.0]),
        (&["1.136.200", "892"], &[892.0, 1_136_200.0]),
        (&["1,234.5", "7"], &[7.0, 1234.5]),
        (&["1.234,5", "7"], &[7.0, 1234.5]),
        (&["736", "1,160"], &[736.0, 1160.0]),
        (&["1.125", "0.875"], &[0.875, 1.125]),
        (&["1.125", "3", "5"], &[1.125, 3.0, 5.0]),
        (&["1\u{202f}234,5", "2\u{a0}345,5", "7"], &[7.0, 1234.5, 2345.5]),
        (&["1'234.50", "7.25"], &[7.25, 1234.5]),
        (&["$1,200", "($300.50)", "-$7"], &[-300.5, -7.0, 1200.0]),
        (&["12 \u{20ac}", "1.299,00 \u{20ac}"], &[12.0, 1299.0]),
        (&["EUR 5", "7 EUR"], &[5.0, 7.0]),
        (&["48.2%", "7 %"], &[7.0, 48.2]),
        (&["\u{2212}3", "+4", "5-"], &[-5.0, -3.0, 4.0]),
        (&["12 kg", "3.5kg"], &[3.5, 12.0]),
        (&["1 day", "20 days"], &[1.0, 20.0]),
        (&["12,34,567", "5"], &[5.0, 1_234_567.0]),
        (&["5 kg", "7"], &[5.0, 7.0]),
        (&["1e3", "2.5"], &[2.5, 1000.0]),
        // Never half: these are not numbers.
        (&["12 kg", "800 g"], &[]),
        (&["50%", "0.5"], &[]),
        (&["1.2K", "3M"], &[]),
        (&["1,234.5", "1.234,5"], &[]),
        (&["<5", "7"], &[]),
        (&["10-20", "30"], &[]),
        (&["A12", "B7"], &[]),
    ] {
        assert_eq!(numbers(cells), wanted, "{cells:?}");
    }
}

#[test]
fn what_is_open_is_said_with_the_option_that_changes_it() {
    let (found, notes) = numbers_of(&["1.136", "2.250"], Reading::default());
    assert_eq!(found, [1.136, 2.25]);
    let said = "1.136 is read as 1.136. If the \".\" is between thousands, add --decimal comma.";
    assert!(notes.iter().any(|note| note.contains(said)), "{notes:?}");
    let comma = Reading { decimal: Some(Decimal::Comma), ..Reading::default() };
    assert_eq!(numbers_of(&["1.136", "2.250"], comma).0, [1136.0, 2250.0]);
    let (found, notes) = numbers_of(&["892", "1.136"], Reading::default());
    let said = "1.136 is read as 1136. If the \".\" is a decimal point, add --decimal point.";
    assert!(found == [892.0, 1136.0] && notes.iter().any(|note| note.contains(said)), "{notes:?}");
    let point = Reading { decimal: Some(Decimal::Point), ..Reading::default() };
    assert_eq!(numbers_of(&["892", "1.136"], point).0, [1.136, 892.0]);
    let (_, notes) = numbers_of(&["12 kg", "800 g"], Reading::default());
    assert!(notes.is_empty(), "two values are categories: {notes:?}");
    let many: Vec<String> = (0..60).map(|i| format!("{i}.5 {}", ["kg", "g"][i % 2])).collect();
    let (_, notes) = numbers_of(&many.iter().map(String::as_str).collect::<Vec<_>>(), Reading::default());
    assert!(notes.iter().any(|note| note.contains("different units (kg, but on line 3: \"1.5 g\")")), "{notes:?}");
}

#[test]
fn the_rest_of_the_file_says_what_a_column_leaves_open() {
    let rows = |a: &str, b: &str| {
        (0..40).fold("v;x;kind\n".to_owned(), |t, i| {
            t + &format!("{};{};{}\n", [a, b][i % 2], if b == "2.250" { "7,4" } else { "7.4" }, i % 2)
        })
    };
    let text = rows("1.136", "2.250").replace("7,4;0", "8,4;0");
    assert_eq!(values(&unscaled(&text, Reading::default()).unwrap()), [1136.0, 2250.0]);
}

#[test]
fn words_for_what_is_missing_are_known() {
    let cells = [
        "1", "NA", "N/A", "#N/A", "null", "None", "-", "--", "?", "#DIV/0!", ".", "nan", "missing", "\\N", "unknown",
        "2.5",
    ];
    let set = unscaled(&with_cells(&cells, 64), Reading::default()).unwrap();
    assert!(values(&set).iter().all(|value| (1.0..=2.5).contains(value)), "filled with the median");
    assert!(set.notes.iter().any(|note| note.contains("v (56)")), "{:?}", set.notes);
    // Among words some of them are words.
    let set = unscaled(&with_cells(&["none", "mild", "unknown", ""], 64), Reading::default()).unwrap();
    assert_eq!(set.input_names[..4], ["v = mild", "v = none", "v = unknown", "v = missing"]);
}

#[test]
fn numbers_that_stand_for_missing_ones_are_said_and_taken_only_when_told() {
    let cells = ["5", "6", "7", "8", "9", "-999"];
    let (found, notes) = numbers_of(&cells, Reading::default());
    assert!(found.contains(&-999.0));
    assert!(
        notes.iter().any(|note| note.contains("-999 in 10 rows") && note.contains("--missing v=-999")),
        "{notes:?}"
    );
    let told = Reading { missing_words: vec!["-999".into()], ..Reading::default() };
    let (found, notes) = numbers_of(&cells, told);
    assert!(!found.contains(&-999.0) && notes.iter().any(|note| note.contains("v (10)")), "{notes:?}");
    assert!(
        !numbers_of(&["5", "-1", "3", "2", "1", "4", "0"], Reading::default())
            .1
            .iter()
            .any(|n| n.contains("--missing"))
    );
}

#[test]
fn na_among_codes_is_a_code() {
    let set = unscaled(&with_cells(&["NA", "DE", "ZA", "FR"], 64), Reading::default()).unwrap();
    assert_eq!(set.input_names[..4], ["v = DE", "v = FR", "v = NA", "v = ZA"]);
    assert!(set.notes.iter().any(|note| note.contains("NA is taken as a category")), "{:?}", set.notes);
    let told = Reading { missing_words: vec!["NA".into()], ..Reading::default() };
    let set = unscaled(&with_cells(&["NA", "DE", "ZA", "FR"], 64), told).unwrap();
    assert!(set.input_names.contains(&"v = missing".to_owned()));
    let set = unscaled(&with_cells(&["NA", "low", "high"], 63), Reading::default()).unwrap();
    assert!(set.input_names.contains(&"v = missing".to_owned()));
}

fn dates_of(cells: &[String], reading: Reading) -> Dataset {
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    unscaled(&with_cells(&cells, cells.len()), reading).unwrap()
}

#[test]
fn dates_become_the_parts_that_vary() {
    let cells: Vec<String> = (0..60).map(|i| format!("2024-0{}-{:02}", 1 + i / 28, 1 + i % 28)).collect();
    let set = dates_of(&cells, Reading::default());
    assert_eq!(set.input_names[..3], ["v: month", "v: weekday", "v: days since 2024-01-01"]);
    let (width, mut rows) = (set.input_len(), Vec::new());
    for part in [&set.train, &set.validation] {
        rows.extend(part.inputs().chunks(width).map(|row| [row[0], row[1], row[2]]));
    }
    assert!(rows.contains(&[1.0, 1.0, 0.0]) && rows.contains(&[2.0, 4.0, 31.0]), "{rows:?}");
    let cells: Vec<String> = (0..48).map(|i| format!("{}.12.2023 {:02}:30", 30 + i / 24, i % 24)).collect();
    let set = dates_of(&cells, Reading::default());
    assert_eq!(set.input_names[..3], ["v: weekday", "v: hour", "v: days since 2023-12-30 00:30"]);
    let times: Vec<String> = (0..40).map(|i| format!("{}:{:02}", i % 24, i)).collect();
    assert_eq!(dates_of(&times, Reading::default()).input_names[..2], ["v: hour", "x"]);
    let months: Vec<String> = (0..48).map(|i| format!("{}-{:02}", 2019 + i / 12, 1 + i % 12)).collect();
    assert_eq!(
        dates_of(&months, Reading::default()).input_names[..3],
        ["v: year", "v: month", "v: days since 2019-01-01"]
    );
}

#[test]
fn the_order_of_day_and_month_is_decided_by_the_column() {
    let month = |cells: &[&str], reading: Reading| {
        let cells: Vec<String> = (0..60).map(|i| cells[i % cells.len()].to_owned()).collect();
        let set = dates_of(&cells, reading);
        let place = set.input_names.iter().position(|name| name == "v: month").unwrap();
        let width = set.input_len();
        let mut all: Vec<f32> = set.train.inputs().chunks(width).map(|row| row[place]).collect();
        all.sort_by(f32::total_cmp);
        all.dedup();
        (all, set.notes)
    };
    let open = Reading::default;
    assert_eq!(month(&["5/6/2024", "31/7/2024"], open()).0, [6.0, 7.0]);
    assert_eq!(month(&["5/6/2024", "7/31/2024"], open()).0, [5.0, 7.0]);
    assert_eq!(month(&["5.6.2024", "1.7.2024"], open()).0, [6.0, 7.0]);
    let (found, notes) = month(&["5/6/2024", "7/1/2024"], open());
    assert!(found == [5.0, 7.0] && notes.iter().any(|n| n.contains("add --dates day-first")), "{notes:?}");
    let told = Reading { dates: Some(DateOrder::DayFirst), ..Reading::default() };
    assert_eq!(month(&["5/6/2024", "7/1/2024"], told).0, [1.0, 6.0]);
    assert_eq!(month(&["5 May 2024", "July 7, 2024"], open()).0, [5.0, 7.0]);
}

#[test]
fn numbers_are_dates_only_where_the_name_says_so() {
    let table = |name: &str, cell: fn(usize) -> u64| {
        (0..40).fold(format!("{name},x,kind\n"), |t, i| t + &format!("{},{},{}\n", cell(i), i * 7 % 11, i % 2))
    };
    for (name, cell, first) in [
        ("timestamp", (|i| 1_700_000_000 + i as u64 * 900_000) as fn(usize) -> u64, "timestamp: year"),
        ("created_ts", |i| 1_700_000_000_000 + i as u64 * 9_000_000_000, "created_ts: year"),
        ("date", |i| 20_240_101 + (i % 28) as u64, "date: weekday"),
        ("amount", |i| 1_700_000_000 + i as u64 * 90_000, "amount"),
        ("code", |i| 20_240_101 + (i % 28) as u64, "code"),
    ] {
        let set = load_text(table(name, cell), "kind").unwrap();
        assert!(set.input_names[0].starts_with(first), "{name}: {:?}", set.input_names);
    }
    let file = file(table("amount", |i| 1_700_000_000 + i as u64 * 90_000));
    let columns = vec![choose("amount", ColumnRole::Date)];
    let set = load_with(&CsvSpec { columns, ..settings(file.path(), "kind") }).unwrap();
    assert!(set.input_names[0].starts_with("amount: "), "{:?}", set.input_names);
    let columns = vec![choose("x", ColumnRole::Date)];
    let refused = load_with(&CsvSpec { columns, ..settings(file.path(), "kind") }).unwrap_err().message;
    assert!(refused.contains("\"x\" can't all be read as dates"), "{refused}");
}

/// A column's name, its cell in a row, and the first input.
type Case<'a> = (&'a str, &'a dyn Fn(usize) -> String, &'a str);

#[test]
fn codes_are_no_quantities_and_years_are() {
    let table = |name: &str, cell: &dyn Fn(usize) -> String| {
        (0..60).fold(format!("{name},x,kind\n"), |t, i| t + &format!("{},{}.5,{}\n", cell(i), i * 7 % 11, i % 2))
    };
    let cases: [Case; 8] = [
        ("plz", &|i| ["01067", "10115"][i % 2].into(), "plz = 01067"),
        ("Zip Code", &|i| ["94105", "10115"][i % 2].into(), "Zip Code = 10115"),
        ("no", &|i| (9_007_199_254_740_993 + i as u64 * 7).to_string(), "x"),
        ("customerId", &|i| (5000 + i * 37).to_string(), "x"),
        ("n", &|i| (i + 1).to_string(), "x"),
        ("year", &|i| (1900 + i).to_string(), "year"),
        ("t", &|i| i.to_string(), "t"),
        ("huge", &|i| format!("{}e300", i + 1), "x"),
    ];
    for (name, cell, first) in cases {
        let set = load_text(table(name, cell), "kind").unwrap();
        assert_eq!(set.input_names[0], first, "{name}: {:?}", set.notes);
    }
    let set = load_text(table("huge", &|i| format!("{}e300", i + 1)), "kind").unwrap();
    assert!(set.notes.iter().any(|note| note.contains("larger than a 32-bit number can be")), "{:?}", set.notes);
}

#[test]
fn labels_that_differ_by_case_or_spaces_are_one() {
    let labels = ["yes", "Yes", "YES", "no", "no  way", "no way", " yes"];
    let text = (0..70).fold("x,answer\n".to_owned(), |t, i| t + &format!("{},{}\n", i * 13 % 17, labels[i % 7]));
    let set = load_text(&text, "answer").unwrap();
    assert_eq!(set.classes().unwrap(), ["no", "no way", "yes"]);
    let said = |part: &str| set.notes.iter().any(|note| note.contains(part));
    assert!(
        said(
            "spellings that differ only in case or spaces were merged: \"YES\" as \"yes\", \"Yes\" as \"yes\", \"no  way\" as \"no way\""
        ),
        "{:?}",
        set.notes
    );
    assert!(said("spaces around the words of 10 cells don't count"), "{:?}", set.notes);
    let counts: usize = set.class_counts(&set.train).iter().sum();
    assert_eq!(counts + set.validation.len(), 70, "no row is lost");
}

/// What a person said of one text holds for later ones that would have to be guessed.
#[test]
fn later_files_are_in_the_encoding_that_was_said() {
    let cities = ["\u{141}om\u{17c}a", "Gda\u{144}sk"];
    let text = (0..60).fold("miasto,kind\n".to_owned(), |t, i| t + &format!("{},{}\n", cities[i % 2], i % 2));
    let of_web = |text: &str| file(encoding_rs::WINDOWS_1250.encode(text).0);
    let table = of_web(&text);
    let mut settings = settings(table.path(), "kind");
    settings.reading.encoding = Some("windows-1250".into());
    let set = load_with(&settings).unwrap();
    // In Western letters, too, these bytes are some.
    let new = format!("miasto\n{}\n{}\n", cities[1], cities[0]);
    for new in [of_web(&new), file(&new)] {
        let unseen = read_unseen(&set.encoding, new.path(), &NoProgress).unwrap();
        let names: Vec<_> = set.input_names.iter().map(|name| name.trim_start_matches("miasto = ")).collect();
        let row = |city: &str| names.iter().map(|name| f32::from(u8::from(*name == city))).collect::<Vec<f32>>();
        assert_eq!(unseen.inputs, [row(cities[1]), row(cities[0])].concat(), "{names:?} {:?}", unseen.notes);
    }
}

/// What was learnt from one file reads another, however that is written.
#[test]
fn later_rows_are_read_as_the_column_was() {
    let text = (0..60).fold("preis;tag;farbe;kind\n".to_owned(), |t, i| {
        t + &format!(
            "{}.{:03} \u{20ac};{:02}/0{}/2024;{};{}\n",
            1 + i % 7,
            i,
            1 + i % 28,
            1 + i % 9,
            ["Rot", "blau"][i % 2],
            i % 2
        )
    });
    let learnt = unscaled(&text, Reading { decimal: Some(Decimal::Comma), ..Reading::default() }).unwrap();
    let text = serde_json::to_string(&*learnt.encoding).unwrap();
    let encoding: Encoding = serde_json::from_str(&text).unwrap();
    assert_eq!(encoding, *learnt.encoding);
    let new = file("farbe;preis;tag\nrot;2.250 \u{20ac};05/06/2024\nBLAU;\u{2212}7,5 \u{20ac};2024-06-05\n;none;\n");
    let unseen = read_unseen(&encoding, new.path(), &NoProgress).unwrap();
    let names = &learnt.input_names;
    let value = |row: usize, name: &str| {
        let place = names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{names:?}"));
        unseen.inputs[row * names.len() + place]
    };
    assert_eq!([value(0, "preis"), value(1, "preis")], [2250.0, -7.5]);
    assert_eq!([value(0, "tag: month"), value(1, "tag: month")], [6.0, 6.0]);
    assert_eq!([value(0, "farbe = Rot"), value(1, "farbe = blau")], [1.0, 1.0]);
    assert!(unseen.notes.iter().any(|note| note.contains("\"preis\" lacks 1 value")), "{:?}", unseen.notes);
    let other = file("farbe;preis;tag\nrot;1,250.5;05/06/2024\n");
    let unseen = read_unseen(&encoding, other.path(), &NoProgress).unwrap();
    assert!(unseen.inputs.contains(&1250.5), "written otherwise, and plainly: {:?}", unseen.inputs);
    let wrong = file("farbe;preis;tag\nrot;5;yesterday\n");
    let refused = read_unseen(&encoding, wrong.path(), &NoProgress).unwrap_err().message;
    assert!(refused.contains("\"tag\" holds dates, but line 2 has \"yesterday\""), "{refused}");
}

#[test]
fn rows_with_gaps_can_be_dropped_from_dates_too() {
    let cells: Vec<String> =
        (0..60).map(|i| if i % 10 == 0 { "n/a".into() } else { format!("2024-01-{:02}", 1 + i % 28) }).collect();
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let file = file(with_cells(&cells, 60));
    let spec = CsvSpec { missing: MissingPolicy::DropRow, ..settings(file.path(), "kind") };
    let set = load_with(&spec).unwrap();
    assert_eq!(set.train.len() + set.validation.len(), 54);
}

#[test]
fn a_category_for_an_embedding_is_an_index_with_one_place_for_all_that_is_rare() {
    // 60 cities with five rows each, one of which the training rows hardly have.
    let rows: String = (0..300).map(|i| format!("{},c{:02},{}\n", i * 7 % 300, i % 60, i % 60 * 3 + i % 2)).collect();
    let file = file(format!("x,city,y\n{rows}9,once,3\n11,,3\n"));
    let left_out = load_with(&settings(file.path(), "y")).unwrap();
    assert_eq!(left_out.input_names, ["x"], "a saved project stays as it was");
    let columns = vec![choose("city", ColumnRole::Embedded)];
    let set = load_with(&CsvSpec { columns, ..settings(file.path(), "y") }).unwrap();
    assert_eq!((set.input_names.clone(), set.input_shape.clone()), (vec!["x".into(), "city".into()], vec![2]));
    let Inputs::Table { columns, .. } = &set.encoding.inputs else { panic!("no table") };
    let ColumnValues::Embedded { categories, rare } = &columns[1].values else { panic!("{columns:?}") };
    let is_known = |city: &str| categories.iter().position(|one| one == city).is_some_and(|at| !rare.contains(&at));
    assert!(categories.len() == 61 && rare.len() < 6 && !is_known("once"), "{categories:?} {rare:?}");
    for part in [&set.train, &set.validation] {
        for row in 0..part.len() {
            let (index, y) = (part.input(row).unwrap()[1], set.truth.unit(0).value(part.target(row).unwrap()[0]));
            let name = columns[1].category_at(index).unwrap();
            // The target tells the city.
            let city = format!("c{:02}", (y as usize) / 3);
            assert!(name == city || (index == 0.0 && (!is_known(&city) || y == 3.0)), "{name} {city}");
        }
    }
    assert!(set.notes.iter().any(|note| note.contains("an Embedding of") && note.contains("\"city\"")));
    let preview = inspect_csv(file.path(), &Default::default(), &NoProgress).unwrap();
    let embedded = |name: &str| preview.columns.iter().find(|one| one.name == name).unwrap().can_be_embedded;
    assert_eq!(["x", "city", "y"].map(embedded), [false, true, false]);
    // Later rows: what was never seen is said, and has the index of its own.
    let new = self::file("x,city\n5,c01\n6,nowhere\n7,\n8,C02\n");
    let unseen = read_unseen(&set.encoding, new.path(), &NoProgress).unwrap();
    let indices: Vec<f32> = unseen.inputs.chunks(2).map(|row| row[1]).collect();
    assert_eq!((indices[1], indices[2]), (0.0, 0.0));
    assert_eq!([0, 3].map(|i: usize| columns[1].category_at(indices[i]).unwrap()), ["c01", "c02"]);
    let told = unseen.notes.join(" ");
    assert!(told.contains("(\"nowhere\"): each is treated as rare or unknown"), "{told}");
    assert!(told.contains("\"city\" lacks 1 value: each is treated as rare or unknown"), "{told}");
}

#[test]
fn an_index_is_of_the_same_category_in_every_split() {
    // Each of a long tail of cities is in one row, two or three.
    let rows: String = (0..200).map(|i| format!("{},c{:03},{}\n", i * 77 % 200, (i * i) % 83, i % 7)).collect();
    let file = file(format!("x,city,y\n{rows}"));
    let columns = vec![choose("city", ColumnRole::Embedded)];
    let spec = CsvSpec { columns, ..settings(file.path(), "y") };
    let encodings: Vec<_> = (1..=5)
        .map(|number| {
            let fold = Some(crate::model::Fold { number, of: 5 });
            let data = DataSpec { source: Source::Csv(spec.clone()), fold, ..DataSpec::default() };
            load(&spec, file.path(), &data, &NoProgress).unwrap().encoding
        })
        .collect();
    let of = |encoding: &crate::data::Encoding| {
        let Inputs::Table { columns, .. } = &encoding.inputs else { panic!("no table") };
        let ColumnValues::Embedded { categories, rare } = &columns[1].values else { panic!("{columns:?}") };
        (categories.clone(), rare.clone(), columns[1].vocabulary())
    };
    let (first, second) = (of(&encodings[0]), of(&encodings[1]));
    assert!((&first.0, first.2) == (&second.0, second.2) && first.1 != second.1 && first.2.is_some(), "{first:?}");
    assert!(encodings.iter().all(|encoding| encoding.is_like(&encodings[0])));
    let plain = load_with(&settings(file.path(), "y")).unwrap().encoding;
    assert!(!plain.is_like(&encodings[0]));
}

#[test]
fn whole_numbers_that_are_dates_are_taken_as_such_and_others_are_not() {
    let kind = |name: &str, cell: &dyn Fn(usize) -> u64| {
        let rows: String = (0..60).map(|i| format!("{},{},{}\n", cell(i), i * 7 % 13, i % 2)).collect();
        let file = super::tests::file(format!("{name},x,y\n{rows}"));
        let table = super::inspect_csv(file.path(), &Reading::default(), &NoProgress).unwrap();
        (table.columns[0].role, table.columns[0].reason.clone())
    };
    let days = |i: usize| 20_210_103 + (i as u64 / 28) * 100 + i as u64 % 25;
    for name in ["v", "date", "sold", "observed"] {
        let (role, reason) = kind(name, &days);
        assert!(role == ColumnRole::Date && reason.ends_with("(written as yyyymmdd)"), "{name}: {reason}");
    }
    let seconds = |i: usize| 1_600_000_000 + i as u64 * 86_411;
    for name in ["time", "created_at", "timestamp", "updatedOn", "Event time"] {
        let (role, reason) = kind(name, &seconds);
        assert!(role == ColumnRole::Date && reason.contains("seconds since 1970"), "{name}: {reason}");
        assert_eq!(kind(name, &|i| seconds(i) * 1000).0, ColumnRole::Date, "{name}");
    }
    for (name, cell) in [
        ("revenue", &seconds as &dyn Fn(usize) -> u64),
        ("x1", &seconds),
        ("price", &days),
        ("v", &|i| 20_210_000 + i as u64),
        ("v", &|i| 10_210_103 + i as u64 % 25),
        ("time", &|i| 100 + i as u64),
        ("date", &|i| 1900 + i as u64),
    ] {
        assert_eq!(kind(name, cell).0, ColumnRole::Numeric, "{name} {}", cell(1));
    }
    let set = dates_of(&(0..60).map(|i| days(i).to_string()).collect::<Vec<_>>(), Reading::default());
    let said = "\"v\" is read as dates from 2021-01-03 to 2021-03-12, written as yyyymmdd. If they are numbers, add --numeric \"v\".";
    assert!(set.notes.iter().any(|note| note == said), "{:?}", set.notes);
    let cells: Vec<String> = (0..60).map(|i| seconds(i).to_string()).collect();
    let set = dates_of(&cells, Reading::default());
    assert!(
        set.notes.iter().any(|note| note.contains("could be seconds since 1970") && note.ends_with("--date \"v\"."))
    );
}
