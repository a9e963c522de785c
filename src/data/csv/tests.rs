use std::io::Write;

use super::*;
use crate::data::{Curve, NoProgress, Unit};
use crate::model::{ColumnChoice, MissingPolicy, Scaling, Source, Task};

/// A temporary file with this text.
pub(super) fn file(text: impl AsRef<[u8]>) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(text.as_ref()).unwrap();
    file
}

pub(super) fn settings(path: &Path, target: &str) -> CsvSpec {
    CsvSpec {
        path: path.into(),
        target: target.into(),
        columns: Vec::new(),
        missing: MissingPolicy::Fill,
        scaling: Scaling::Standardise,
        reading: Default::default(),
    }
}

pub(super) fn load_with(settings: &CsvSpec) -> Result<Dataset, DataError> {
    let spec = DataSpec { source: Source::Csv(settings.clone()), validation: 0.2, seed: 1, ..DataSpec::default() };
    load(settings, &settings.path, &spec, &NoProgress)
}

pub(super) fn load_text(text: impl AsRef<[u8]>, target: &str) -> Result<Dataset, DataError> {
    let file = file(text);
    load_with(&settings(file.path(), target))
}

fn message(text: impl AsRef<[u8]>, target: &str) -> String {
    load_text(text, target).unwrap_err().message
}

pub(super) fn choose(name: &str, role: ColumnRole) -> ColumnChoice {
    ColumnChoice { name: name.into(), role }
}

/// `rows` rows of size, colour and kind; each with the line it stands on.
fn table(rows: usize) -> String {
    let mut text = "size,colour,kind\n".to_owned();
    for i in 0..rows {
        let colour = ["red", "green", "blue"][i % 3];
        text += &format!("{},{colour},{}\n", i as f64 * 0.5, if i % 2 == 0 { "cat" } else { "dog" });
    }
    text
}

#[test]
fn columns_become_inputs_and_the_target_classes() {
    let set = load_text(table(30), "kind").unwrap();
    assert_eq!(set.input_names, ["size", "colour = blue", "colour = green", "colour = red"]);
    assert_eq!(set.classes().unwrap(), ["cat", "dog"]);
    assert_eq!((set.train.len(), set.validation.len()), (24, 6));
    for row in set.train.inputs().chunks(4) {
        assert_eq!(row[1] + row[2] + row[3], 1.0);
    }
    let column = || set.train.inputs().chunks(4).map(|row| row[0]);
    let mean = column().sum::<f32>() / 24.0;
    let variance = column().map(|v| (v - mean).powi(2)).sum::<f32>() / 24.0;
    assert!(
        mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4,
        "the training part is standardised: {mean}, {variance}"
    );
    for size in column().map(|v| set.unit(0).value(v)) {
        assert!((size * 2.0 - (size * 2.0).round()).abs() < 1e-4, "{size} is back in the table's own unit");
    }
    assert_eq!((set.unit(1), set.unit(1).scaled(0.25)), (Unit::PLAIN, 0.25));
    let validation_mean = set.validation.inputs().chunks(4).map(|row| row[0]).sum::<f32>() / 6.0;
    assert!(validation_mean.abs() > 1e-3, "the validation part uses the training part's figures");
}

#[test]
fn byte_order_mark_delimiters_and_line_ends_make_no_difference() {
    let plain = load_text(table(30), "kind").unwrap();
    for variant in [
        format!("\u{FEFF}{}", table(30)),
        table(30).replace('\n', "\r\n"),
        table(30).replace(',', ";"),
        table(30).replace(',', "\t"),
        table(30).replace(',', " | "),
        table(30).trim_end().to_owned(),
        table(30).replace('\n', "\n\n"),
    ] {
        let set = load_text(&variant, "kind").unwrap();
        assert_eq!((&set.train, &set.input_names), (&plain.train, &plain.input_names), "{variant:.40}");
    }
    let decimal = load_text(table(30).replace(',', ";").replace(".5;", ",5;"), "kind").unwrap();
    assert_eq!(decimal.train, plain.train, "decimal commas");
}

#[test]
fn min_max_and_no_scaling() {
    let file = file(table(30));
    let with = |scaling| load_with(&CsvSpec { scaling, ..settings(file.path(), "kind") }).unwrap();
    let column = |set: &Dataset| set.train.inputs().chunks(4).map(|row| row[0]).collect::<Vec<_>>();
    let scaled = column(&with(Scaling::MinMax));
    assert!(scaled.contains(&0.0) && scaled.contains(&1.0) && scaled.iter().all(|v| (0.0..=1.0).contains(v)));
    assert!(column(&with(Scaling::None)).iter().any(|&v| v > 10.0));
}

#[test]
fn numbers_make_a_regression_in_the_users_units() {
    let set = load_text(table(40), "size").unwrap();
    assert_eq!((set.truth.task, &*set.truth.names), (Task::Numbers(1), &["size".to_owned()][..]));
    let unit = set.truth.unit(0);
    let mut values: Vec<f32> = set
        .train
        .targets()
        .iter()
        .chain(set.validation.targets().iter())
        .map(|t| t * unit.scale + unit.offset)
        .collect();
    values.sort_by(f32::total_cmp);
    for (i, value) in values.iter().enumerate() {
        assert!((value - i as f32 * 0.5).abs() < 1e-4);
    }
}

#[test]
fn the_task_follows_the_target_and_the_users_word() {
    let text = (0..40).fold("x,grade\n".to_owned(), |text, i| text + &format!("{}.5,{}\n", i, i % 4));
    let file = file(&text);
    let mut settings = settings(file.path(), "grade");
    assert_eq!(load_with(&settings).unwrap().classes().unwrap(), ["0", "1", "2", "3"]);
    settings.columns = vec![choose("grade", ColumnRole::Numeric)];
    assert!(load_with(&settings).unwrap().classes().is_none());
    settings.columns = vec![choose("grade", ColumnRole::LeftOut)];
    assert!(load_with(&settings).unwrap_err().message.contains("both the target and left out"));
}

#[test]
fn missing_values_are_filled_or_their_rows_dropped() {
    let mut text = table(30);
    text = text.replace("\n1.5,red,", "\n?,red,").replace("\n2,green,", "\n2,NA,").replace("\n7,blue,cat", "\n7,blue,");
    let file = file(&text);
    let fill = load_with(&settings(file.path(), "kind")).unwrap();
    assert_eq!(fill.train.len() + fill.validation.len(), 29);
    assert!(fill.input_names.contains(&"colour = missing".to_owned()));
    assert!(
        fill.notes.iter().any(|n| n.contains("1 row has no value in \"kind\" and is left out.")),
        "{:?}",
        fill.notes
    );
    assert!(fill.notes.iter().any(|n| n.contains("size (1), colour (1)")), "{:?}", fill.notes);
    let drop = load_with(&CsvSpec { missing: MissingPolicy::DropRow, ..settings(file.path(), "kind") }).unwrap();
    assert_eq!(drop.train.len() + drop.validation.len(), 27);
    assert!(!drop.input_names.contains(&"colour = missing".to_owned()));
}

#[test]
fn a_missing_number_gets_the_training_parts_median() {
    let text = (0..50)
        .fold("x,k\n".to_owned(), |t, i| t + &if i < 5 { format!(",{}\n", i % 2) } else { format!("7,{}\n", i % 2) });
    let file = file(text);
    let set = load_with(&CsvSpec { scaling: Scaling::None, ..settings(file.path(), "k") }).unwrap_err();
    assert!(set.message.contains("No columns are left"), "one value only: {}", set.message);
    let text = (0..50).fold("x,k\n".to_owned(), |t, i| {
        t + &if i < 5 { format!(",{}\n", i % 2) } else { format!("{},{}\n", 7 + i / 49, i % 2) }
    });
    let file = self::file(text);
    let set = load_with(&CsvSpec { scaling: Scaling::None, ..settings(file.path(), "k") }).unwrap();
    assert!(set.train.inputs().iter().chain(set.validation.inputs().iter()).all(|&v| v == 7.0 || v == 8.0));
}

#[test]
fn identifiers_and_constants_are_left_out_with_a_word() {
    let mut text = "id,name,land,x,kind\n".to_owned();
    for i in 0..60 {
        text += &format!("{},person {i},here,{},{}\n", i + 1, i * 7 % 10, i % 2);
    }
    let set = load_text(&text, "kind").unwrap();
    assert_eq!(set.input_names, ["x"]);
    for (name, word) in
        [("id", "only numbers the rows"), ("name", "60 distinct values"), ("land", "every row has the same value")]
    {
        let said = set.notes.iter().any(|note| note.contains(&format!("\"{name}\"")) && note.contains(word));
        assert!(said, "{name}: {:?}", set.notes);
    }
    let file = file(&text);
    let mut settings = settings(file.path(), "kind");
    settings.columns = vec![choose("id", ColumnRole::Numeric), choose("name", ColumnRole::Categorical)];
    assert_eq!(load_with(&settings).unwrap().input_len(), 62, "what the user asks for is used");
}

#[test]
fn a_column_of_100_000_categories_is_left_out() {
    let text = (0..100_000).fold("code,x,kind\n".to_owned(), |t, i| t + &format!("c{i},{},{}\n", i % 97, i % 2));
    let file = file(&text);
    let mut settings = settings(file.path(), "kind");
    let set = load_with(&settings).unwrap();
    assert_eq!(set.input_names, ["x"]);
    assert!(set.notes[0].contains("more than 10,000 distinct values in 100,000 rows"), "{:?}", set.notes);
    settings.columns = vec![choose("code", ColumnRole::Categorical)];
    assert!(load_with(&settings).unwrap_err().message.contains("too many for categories"));
    settings.target = "code".into();
    assert!(load_with(&settings).unwrap_err().message.contains("at most 1,000 classes"));
}

#[test]
fn nan_and_infinity_count_as_missing_and_are_told() {
    let text = table(30).replace("\n1.5,", "\ninf,").replace("\n2,", "\nNaN,").replace("\n3,", "\n1e999,");
    let set = load_text(text, "kind").unwrap();
    assert!(set.notes.iter().any(|n| n.contains("\"size\" has 3 NaN or infinite")), "{:?}", set.notes);
    assert!(set.train.inputs().iter().all(|v| v.is_finite()));
}

#[test]
fn a_column_that_gives_the_target_away_is_named() {
    let text = (0..40).fold("x,said,kind,cm,inch\n".to_owned(), |t, i| {
        let (yes, size) = (i % 3 == 0, f64::from(i) * 1.7);
        t + &format!("{},{},{},{size},{}\n", i * 13 % 11, if yes { "yes" } else { "no" }, u8::from(yes), size / 2.54)
    });
    let notes = load_text(&text, "kind").unwrap().notes;
    let told: Vec<_> = notes.iter().filter(|n| n.contains("exactly")).collect();
    assert!(told.len() == 1 && told[0].contains("\"said\" determines \"kind\""), "{notes:?}");
    assert!(load_text(&text, "cm").unwrap().notes.iter().any(|n| n.contains("\"inch\" determines \"cm\"")));
}

#[test]
fn rows_that_are_not_whole_are_padded_or_left_out_with_a_word() {
    let with = |line: usize, row: &str, ends: &str| {
        let mut lines: Vec<String> = table(30).lines().map(str::to_owned).collect();
        lines[line - 1] = row.into();
        lines.join(ends)
    };
    for ends in ["\n", "\r\n"] {
        for line in [2, 17, 31] {
            let set = load_text(with(line, "1.0,red", ends), "size").unwrap();
            let said = format!("Shorter than the header: 1 row (line {line} first).");
            assert!(set.notes.iter().any(|note| note.starts_with(&said)), "{said} {:?}", set.notes);
            assert_eq!(set.train.len() + set.validation.len(), 30);
            let set = load_text(with(line, "1.0,red,cat,9", ends), "size").unwrap();
            let said = format!("Longer than the header: 1 row (line {line} first), left out. ");
            assert!(set.notes.iter().any(|note| note.starts_with(&said)), "{said} {:?}", set.notes);
            assert_eq!(set.train.len() + set.validation.len(), 29);
        }
    }
    let after_blanks = load_text(with(17, "1.0,red", "\n").replacen("\n1.5,", "\n\n\n1.5,", 1), "size").unwrap();
    assert!(after_blanks.notes.iter().any(|note| note.contains("(line 19 first)")), "{:?}", after_blanks.notes);
    let open_quote = message(table(30).replace("\n7,blue", "\n7,\"blue"), "kind");
    assert!(open_quote.contains("opened on line 16") && open_quote.contains("never closes"), "{open_quote}");
    assert!(load_text(table(30).replace("blue,cat\n", "blue,cat,,\n"), "kind").is_ok(), "empty cells at the end");
    let uneven = message(table(30).replace(",red,", ",red,dark,"), "kind");
    assert!(uneven.contains("Line 2 has 4 cells, but the header row has 3"), "{uneven}");
}

#[test]
fn what_stands_below_a_table_is_left_out() {
    let rows = |end: &str| load_text(table(30) + end, "size").unwrap();
    let set = rows("TOTAL,217.5,\n\n");
    assert_eq!(set.train.len() + set.validation.len(), 30, "{:?}", set.notes);
    assert!(set.notes.contains(&"Skipped in the file: 1 row of totals at the end.".to_owned()), "{:?}", set.notes);
    let set = rows(",,\nSum:,9,\nSource: the zoo\n");
    let said = "Skipped in the file: 1 empty row, 1 row of totals at the end, 1 line below the table.";
    assert!(set.notes.iter().any(|note| note == said), "{:?}", set.notes);
    assert!(!set.notes.iter().any(|note| note.starts_with("Shorter")), "{:?}", set.notes);
    // Where rows follow it is one of them.
    let text =
        (0..40).fold("what,x,kind\n".to_owned(), |t, i| t + &format!("{},{i}.5,{}\n", ["mean", "max"][i % 2], i % 3));
    let set = load_text(text.trim_end().to_owned() + "\nmax,2,1\n", "kind").unwrap();
    assert_eq!(set.train.len() + set.validation.len(), 41);
    let set = load_text(table(30).replacen("kind\n", "kind\ncm,,\n", 1), "kind").unwrap();
    assert!(set.notes.contains(&"Skipped in the file: 1 row of units below the header.".to_owned()), "{:?}", set.notes);
    assert_eq!(set.train.len() + set.validation.len(), 30);
}

#[test]
fn text_where_numbers_were_promised_names_line_and_value() {
    let file = file(table(30).replace("\n7,blue", "\nseven,blue").replace("\n8,", "\neight,"));
    let mut settings = settings(file.path(), "kind");
    settings.columns = vec![choose("size", ColumnRole::Numeric)];
    let message = load_with(&settings).unwrap_err().message;
    assert!(message.contains("\"size\"") && message.contains("line 16 has \"seven\" (and 1 more)"), "{message}");
    settings.columns.clear();
    let set = load_with(&settings).unwrap();
    assert!(set.notes.iter().any(|n| n.contains("28 numbers, but 2 texts")), "{:?}", set.notes);
    settings.target = "size".into();
    settings.columns = vec![choose("size", ColumnRole::Numeric)];
    assert!(load_with(&settings).unwrap_err().message.contains("line 16"));
}

#[test]
fn other_bad_files_are_refused_in_words() {
    assert!(message("", "x").contains("The file is empty"));
    assert!(message("\u{FEFF}\n \n", "x").contains("The file is empty"));
    assert!(message("a,b\n", "b").contains("no data below it"));
    assert!(message(table(30), "nothing").contains("Choose one of: size, colour, kind"));
    assert!(message(table(30), "").contains("No column is chosen"));
    assert!(message(table(30).replace("dog", "cat"), "kind").contains("every row has the same value"));
    assert!(message(b"a,b\n1,\xc3\xa4\xc3\xb6\xff\n2,x\n", "b").contains("at byte 10 (line 2)"));
    assert!(load_with(&settings(Path::new("/gone.csv"), "x")).unwrap_err().message.contains("gone"));
    let folder = tempfile::tempdir().unwrap();
    assert!(load_with(&settings(folder.path(), "x")).unwrap_err().message.contains("The folder has no tables"));
}

#[test]
fn one_class_among_the_used_rows_is_refused() {
    let text =
        (0..20).fold("x,y,k\n".to_owned(), |t, i| t + &format!("{i}.5,{},{}\n", if i < 15 { "1" } else { "" }, i / 15));
    let file = file(&text);
    let columns = vec![choose("y", ColumnRole::Numeric)];
    let error = load_with(&CsvSpec { missing: MissingPolicy::DropRow, columns, ..settings(file.path(), "k") });
    assert!(error.as_ref().is_err_and(|e| e.message.contains("one class \"0\"")), "{error:?}");
}

#[test]
fn a_row_without_an_end_takes_no_memory_without_one() {
    for text in
        ["a,b\n1,2\n3,\"4\n".to_owned() + &"5,6\n".repeat(1 << 19), "a,b\n1,2\n3,".to_owned() + &"4".repeat(1 << 21)]
    {
        let file = file(&text);
        let said = inspect_csv(file.path(), &Default::default(), &NoProgress).unwrap_err().message;
        assert!(said.contains("a row is far too long"), "{said}");
    }
    let mut zeros = file("");
    zeros.as_file_mut().set_len(5_000_000_000).unwrap();
    let said = inspect_csv(zeros.path(), &Default::default(), &NoProgress).unwrap_err().message;
    assert!(said.contains("isn't a text file"), "{said}");
}

#[test]
fn cancel_is_heard() {
    struct Cancel;
    impl Progress for Cancel {
        fn report(&self, _: f32, _: &str) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let file = file(table(30));
    assert!(inspect_csv(file.path(), &Default::default(), &Cancel).unwrap_err().message.contains("cancelled"));
}

#[test]
fn names_are_all_different_and_never_empty() {
    let text =
        (0..20).fold("a,,a,k\n".to_owned(), |t, i| t + &format!("{i}.5,{},{},{}\n", i * 3 % 7, i * 5 % 11, i % 2));
    let preview = inspect_csv(file(&text).path(), &Default::default(), &NoProgress).unwrap();
    let names: Vec<_> = preview.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["a", "column 2", "a (2)", "k"]);
    let bare = inspect_csv(file("1,2\n3,4\n").path(), &Default::default(), &NoProgress).unwrap();
    assert!(!bare.has_header && bare.rows == 2 && bare.columns[0].name == "column 1");
    assert_eq!(bare.head, [["1", "2"], ["3", "4"]]);
}

#[test]
fn several_numbers_are_predicted_each_in_its_own_unit() {
    let rows: String = (0..40).map(|i| format!("{i},{},{},w\n", i % 4, 1000 - 10 * i)).collect();
    let file = file(format!("x,grade,price,word\n{rows}7,,3,w\n7,3,,w\n"));
    let spec = settings(file.path(), "price");
    let both = CsvSpec { columns: vec![choose("grade", ColumnRole::Target)], ..spec.clone() };
    let set = load_with(&both).unwrap();
    assert_eq!((set.truth.task, set.truth.names.clone()), (Task::Numbers(2), vec!["price".into(), "grade".into()]));
    assert_eq!((set.input_names.clone(), set.target_len()), (vec!["x".to_owned()], 2));
    // What only one of them has is left out.
    assert_eq!((set.train.len(), set.validation.len()), (32, 8));
    assert!(set.notes.iter().any(|note| note == "2 rows have no value in \"price\" or \"grade\" and are left out."));
    let alone = load_with(&spec).unwrap();
    for (row, target) in (0..32).map(|row| (row, set.train.target(row).unwrap())) {
        let x = set.unit(0).value(set.train.input(row).unwrap()[0]);
        assert_eq!([0, 1].map(|i| set.truth.unit(i).value(target[i])), [1000.0 - 10.0 * x, x % 4.0]);
    }
    let mean = |set: &Dataset, at: usize| set.train.target_means().unwrap()[at];
    assert!(mean(&set, 0).abs() < 1e-6 && mean(&set, 1).abs() < 1e-6 && mean(&alone, 0).abs() < 1e-6);
    assert_eq!(set.encoding.target.truth(), set.truth);
    // Both are linear in x, or one.
    assert_eq!(set.giveaways.iter().map(|one| (&*one.column, &*one.target)).collect::<Vec<_>>(), [("x", "price")]);
    assert!(set.giveaways[0].words.contains("determines \"price\""));
}

#[test]
fn words_and_other_uses_are_no_targets_among_several() {
    let file = file(table(30));
    let refused = |columns: Vec<ColumnChoice>| {
        load_with(&CsvSpec { columns, ..settings(file.path(), "size") }).unwrap_err().message
    };
    let words = refused(vec![choose("kind", ColumnRole::Target)]);
    assert!(words.starts_with(
        "Several targets at once are predicted as numbers, but \"kind\" has \"cat\" in line 2. Predict it by itself"
    ));
    let gone = refused(vec![choose("rooms", ColumnRole::Target)]);
    assert!(gone.starts_with("There is no column \"rooms\". Choose one of: size, colour, kind."), "{gone}");
    let classes = refused(vec![choose("kind", ColumnRole::Target), choose("size", ColumnRole::Categorical)]);
    assert!(classes.contains("\"size\" is set to categories"), "{classes}");
}

#[test]
fn of_a_wide_target_the_logarithm_is_learnt() {
    let log = |text: String| {
        let file = file(text);
        load_with(&CsvSpec { columns: vec![choose("y", ColumnRole::LogTarget)], ..settings(file.path(), "y") })
    };
    let rows = |add: f64| -> String {
        (0..50).map(|i| i * 7 % 50).map(|i| format!("{i},{}\n", (i as f64 * 0.2).exp() + add)).collect()
    };
    let set = log(format!("x,y\n{}", rows(0.0))).unwrap();
    assert_eq!((set.truth.task, set.truth.unit(0).curve), (Task::Numbers(1), Curve::Log));
    // What is standardised is the logarithm, here a fifth of x.
    let (unit, of_x) = (set.truth.unit(0), set.unit(0));
    assert!((unit.scale - of_x.scale * 0.2).abs() < 1e-4 && (unit.offset - of_x.offset * 0.2).abs() < 1e-4);
    for row in 0..set.train.len() {
        let (x, y) = (set.train.input(row).unwrap()[0], set.train.target(row).unwrap()[0]);
        assert!((x - y).abs() < 1e-5 && (unit.value(y) / (of_x.value(x) * 0.2).exp() - 1.0).abs() < 1e-5);
    }
    assert_eq!(set.encoding.target.truth(), set.truth);
    let note = "The network learns the logarithm of \"y\". Predictions and scores are in its own unit.";
    assert!(set.notes.iter().any(|one| one == note), "{:?}", set.notes);
    let zeros = log(format!("x,y\n{}", rows(-1.0))).unwrap();
    assert_eq!(zeros.truth.unit(0).curve, Curve::LogPlusOne);
    assert!((0..zeros.train.len()).all(|row| zeros.train.target(row).unwrap()[0].is_finite()));
    assert!(zeros.notes.iter().any(|note| note.contains("ln(1 + \"y\"), because it has zeros")));
    let refused = log(format!("x,y\n{}", rows(-5.0))).unwrap_err().message;
    assert!(refused.contains("it has negative values (-4)") && refused.contains("--target-scale linear"), "{refused}");
}
