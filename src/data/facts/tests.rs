//! Against numpy, pandas and scipy, whose figures stand here, and by hand.

use std::path::PathBuf;

use super::*;
use crate::data::test_data::test_data;
use crate::data::{NoProgress, inspect_csv, load};
use crate::model::{ColumnChoice, Division, Scaling, Source};

fn csv(path: PathBuf, target: &str) -> CsvSpec {
    CsvSpec {
        path,
        target: target.into(),
        columns: Vec::new(),
        missing: MissingPolicy::Fill,
        scaling: Scaling::Standardise,
        reading: Default::default(),
    }
}

struct Known {
    table: TablePreview,
    spec: DataSpec,
    facts: TableFacts,
}

impl Known {
    fn of(csv: CsvSpec) -> Self {
        Self::with(csv, Division::Usual)
    }

    fn with(csv: CsvSpec, split: Division) -> Self {
        let spec = DataSpec { source: Source::Csv(csv.clone()), split, ..DataSpec::default() };
        Self::again(spec)
    }

    fn again(spec: DataSpec) -> Self {
        let Source::Csv(csv) = &spec.source else { panic!("a table") };
        let table = inspect_csv(&csv.path, &csv.reading, &NoProgress).unwrap();
        let dataset = load(&spec, std::path::Path::new(""), &NoProgress).unwrap();
        let facts = facts(&table, &spec, csv, &dataset, &NoProgress).unwrap();
        Self { table, spec, facts }
    }

    fn column(&self, name: &str) -> &ColumnFacts {
        let index = self.table.columns.iter().position(|column| column.name == name).unwrap();
        &self.facts.columns[index]
    }

    fn numbers(&self, name: &str) -> &Spread {
        let Distribution::Numbers(spread) = &self.column(name).distribution else { panic!("{name} is no number") };
        spread
    }

    fn relation(&self, name: &str) -> (Measure, f64) {
        let relation = self.column(name).relation.unwrap_or_else(|| panic!("{name}"));
        (relation.measure, relation.value)
    }
}

/// A table of a test's own.
fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn is(found: f64, right: f64) -> bool {
    (found - right).abs() <= 1e-9 * right.abs().max(1.0)
}

#[test]
fn titanic_is_described_as_pandas_and_scipy_do() {
    let Some(folder) = test_data("csv") else { return };
    let known = Known::of(csv(folder.join("titanic.csv"), "survived"));
    assert_eq!((known.facts.rows, known.facts.drawn, known.facts.are_of_some()), (891, 891, false));
    let age = known.numbers("age");
    assert_eq!((age.count, age.min, age.median, age.max), (714, 0.42, 28.0, 80.0));
    assert!(is(age.lower, 20.125) && is(age.upper, 38.0) && is(age.mean, 29.69911764705882));
    assert!(is(age.deviation, 14.516321150817316));
    assert_eq!(age.outliers.map(|o| (o.count, o.is_tail)), Some((0, false)));
    let fare = known.numbers("fare");
    let fences = fare.outliers.unwrap();
    assert!(is(fences.high, 31.0 + 3.0 * (31.0 - 7.9104)) && fences.count == 53 && fences.is_tail);
    assert_eq!(fare.histogram.above, 53);
    assert_eq!(fare.histogram.bars.iter().sum::<u32>() + 53, 891);
    let sex = known.column("sex");
    let Distribution::Categories(counts) = &sex.distribution else { panic!("{sex:?}") };
    assert_eq!(counts.top, [("male".to_owned(), 577), ("female".to_owned(), 314)]);
    for (name, measure, right) in [
        ("age", Measure::Ratio, 0.07722109457217761),
        ("fare", Measure::Ratio, 0.25730652238496243),
        ("sibsp", Measure::Ratio, 0.03532249888573558),
        ("sex", Measure::CramersV, 0.5433513806577551),
        ("embarked", Measure::CramersV, 0.17261682709984438),
        ("deck", Measure::CramersV, 0.20259588222496852),
        ("alive", Measure::CramersV, 1.0),
    ] {
        let (found, value) = known.relation(name);
        assert!(found == measure && is(value, right), "{name}: {value}, not {right}");
    }
    // A number that is taken as classes.
    let mut classes = csv(folder.join("titanic.csv"), "survived");
    classes.columns.push(ColumnChoice { name: "pclass".into(), role: ColumnRole::Categorical });
    let (measure, value) = Known::of(classes).relation("pclass");
    assert!(measure == Measure::CramersV && is(value, 0.33981738800531175));
}

#[test]
fn of_several_targets_the_one_that_a_column_tells_is_named() {
    // "copy" is the second target in another unit, "near" the third almost.
    let row = |i: usize| {
        let (a, b, c) = (i * 37 % 101, i * 53 % 89, i * 29 % 97);
        format!("{a},{b},{c},{},{}\n", 3 * b + 1, c as f64 + (i % 3) as f64)
    };
    let (_folder, path) = written(&format!("first,second,third,copy,near\n{}", (0..80).map(row).collect::<String>()));
    let target = |name: &str| ColumnChoice { name: name.into(), role: ColumnRole::Target };
    let several = CsvSpec { columns: vec![target("second"), target("third")], ..csv(path, "first") };
    let known = Known::of(several);
    let words: Vec<&str> = known.facts.warnings.iter().map(|warning| warning.words.as_str()).collect();
    assert!(words.iter().any(|words| words.starts_with("\"copy\" determines \"second\" exactly")), "{words:?}");
    let near = "\"near\" follows \"third\" almost exactly (|r| = ";
    assert!(words.iter().any(|words| words.starts_with(near) && words.ends_with("before \"third\"?")), "{words:?}");
    assert_eq!((known.facts.targets.as_slice(), known.column("second").relation), ([0, 1, 2].as_slice(), None));
}

#[test]
fn numeric_targets_have_relations_too() {
    let Some(folder) = test_data("csv") else { return };
    let known = Known::of(csv(folder.join("penguins.csv"), "body_mass_g"));
    let (bill, species) = (known.relation("bill_length_mm"), known.relation("species"));
    assert!(bill.0 == Measure::Correlation && is(bill.1, 0.5951098244376302), "{bill:?}");
    assert!(species.0 == Measure::Ratio && is(species.1, 0.8183348664745757), "{species:?}");
    assert_eq!(known.column("body_mass_g").relation, None);
    assert_eq!(known.numbers("body_mass_g").count, 342);
}

#[test]
fn what_the_network_gets_is_scaled_and_filled() {
    let Some(folder) = test_data("csv") else { return };
    let known = Known::of(CsvSpec { scaling: Scaling::MinMax, ..csv(folder.join("titanic.csv"), "survived") });
    let age = known.column("age");
    assert_eq!((age.inputs.len(), age.fill), (1, Some(28.0)));
    assert!(age.inputs[0].min >= -0.01 && age.inputs[0].max <= 1.2);
    let sex = &known.column("sex").inputs;
    assert_eq!(sex.iter().map(|input| input.name.as_str()).collect::<Vec<_>>(), ["sex = female", "sex = male"]);
    assert!(is(sex[0].mean, 314.0 / 891.0) && is(sex[1].mean, 577.0 / 891.0));
}

#[test]
fn bars_stand_for_whole_numbers_or_equal_stretches() {
    let whole = Spread::of(&[1.0, 2.0, 2.0, 5.0, f64::NAN]).unwrap();
    assert_eq!((whole.count, whole.histogram.bars.as_slice()), (4, &[1, 2, 0, 0, 1][..]));
    assert_eq!((whole.histogram.from, whole.histogram.to), (0.5, 5.5));
    let same = Spread::of(&[0.25; 7]).unwrap();
    assert_eq!((same.histogram.bars.as_slice(), same.outliers), (&[7][..], None));
    let mut far: Vec<f64> = (0..1000).map(|i| f64::from(i) / 10.0).collect();
    far.push(1e6);
    let far = Spread::of(&far).unwrap();
    assert_eq!(far.outliers.map(|o| (o.count, o.is_tail)), Some((1, false)));
    assert_eq!((far.histogram.above, far.histogram.bars.len()), (1, 32));
    assert_eq!(Spread::of(&[f64::NAN]), None);
}

#[test]
fn of_a_long_table_the_same_fair_rows_are_drawn() {
    let columns = 400;
    let names: Vec<String> = (0..columns).map(|i| format!("x{i}")).collect();
    let mut text = format!("{},y\n", names.join(","));
    for row in 0..8000 {
        let cells: Vec<String> = (0..columns).map(|i| format!("{}", (row * (i + 7)) % 1000)).collect();
        text.push_str(&format!("{},{}\n", cells.join(","), row % 1000));
    }
    let (_folder, path) = written(&text);
    let drawn = inspect_csv(&path, &Default::default(), &NoProgress).unwrap().drawn;
    assert_eq!((drawn.of, drawn.rows), (8000, 2_000_000 / 401));
    let DrawnColumn::Numbers(y) = &drawn.columns[columns] else { panic!("numbers") };
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    assert!((mean - 499.5).abs() < 10.0, "{mean}");
    assert_eq!(*drawn, *inspect_csv(&path, &Default::default(), &NoProgress).unwrap().drawn);
}

#[test]
fn every_repair_mends_what_it_is_offered_for() {
    let row = |i: usize| {
        let (x, answer) = (i * 37 % 101, i % 3);
        let code = if i.is_multiple_of(9) { -999.0 } else { 5.0 + (i % 7) as f64 / 2.0 };
        let gap = if i % 10 < 7 { String::new() } else { format!("{}", i % 5) };
        format!("{x},{},{code},{gap},{},same,{}\n", ["p", "q", "r"][answer], i, ["a", "b", "c"][answer])
    };
    let text = format!("x,copy,code,sparse,id,constant,answer\n{}", (0..200).map(row).collect::<String>());
    let (_folder, path) = written(&text);
    let mut settings = csv(path, "answer");
    let said = [("id", ColumnRole::Numeric), ("constant", ColumnRole::Categorical)];
    settings.columns = said.map(|(name, role)| ColumnChoice { name: name.into(), role }).to_vec();
    let mut known = Known::of(CsvSpec { scaling: Scaling::None, ..settings });
    let words = |known: &Known| known.facts.warnings.iter().map(|w| w.words.clone()).collect::<Vec<_>>().join("\n");
    assert!(known.facts.warnings[0].words.contains("\"copy\" determines"), "{}", words(&known));
    for _ in 0..10 {
        let Some(warning) = known.facts.warnings.iter().find(|warning| warning.repair.is_some()) else { break };
        let (told, repair) = (warning.words.clone(), warning.repair.clone().unwrap());
        let spec = repair.applied(&known.spec);
        assert_ne!(spec, known.spec);
        known = Known::again(spec);
        assert!(!words(&known).contains(&told), "{told} is still there after {repair:?}");
    }
    assert_eq!(words(&known), "");
    let Source::Csv(csv) = &known.spec.source else { panic!("a table") };
    let out = |name: &str| csv.columns.iter().any(|c| c.name == name && c.role == ColumnRole::LeftOut);
    assert!(["copy", "sparse", "id", "constant"].into_iter().all(out), "{csv:?}");
    assert_eq!(
        (csv.reading.missing_words.as_slice(), csv.scaling),
        (&["code=-999".to_owned()][..], Scaling::Standardise)
    );
}

#[test]
fn lost_rows_twins_and_rare_classes_are_told() {
    let row = |i: usize| {
        let gap = if i.is_multiple_of(4) { String::new() } else { format!("{}", i % 3) };
        format!("{},{gap},{}\n", i % 5, if i % 20 == 1 { "rare" } else { "usual" })
    };
    let (_folder, path) = written(&format!("x,z,y\n{}", (0..300).map(row).collect::<String>()));
    let known = Known::of(CsvSpec { missing: MissingPolicy::DropRow, ..csv(path.clone(), "y") });
    let repairs: Vec<_> = known.facts.warnings.iter().map(|warning| warning.repair.clone()).collect();
    assert!(repairs.contains(&Some(Repair::FillGaps)), "{:?}", known.facts.warnings);
    let known = Known::of(csv(path, "y"));
    let twins = known.facts.twins.unwrap();
    assert_eq!((twins.count, twins.of), (60, 60));
    let split = known.facts.warnings.iter().find(|w| w.repair == Some(Repair::Stratify)).unwrap();
    assert!(split.words.contains("rare"), "{}", split.words);
    let known = Known::again(Repair::Stratify.applied(&known.spec));
    assert!(!known.facts.warnings.iter().any(|w| w.repair == Some(Repair::Stratify)));
    let is_mended = |w: &Warning| w.repair == Some(Repair::KeepTogether);
    assert!(known.facts.warnings.iter().any(is_mended), "{:?}", known.facts.warnings);
    assert_eq!(Repair::KeepTogether.option().as_deref(), Some("--split together"));
    let known = Known::again(Repair::KeepTogether.applied(&known.spec));
    assert_eq!(known.facts.twins.map(|twins| twins.count), Some(0));
    assert!(!known.facts.warnings.iter().any(is_mended));
}

#[test]
fn dates_are_spread_by_time() {
    let rows: String = (0..60).map(|i| format!("2024-{:02}-{:02},{i}\n", 1 + i / 28, 1 + i % 28)).collect();
    let (_folder, path) = written(&format!("day,sold\n{rows}"));
    let known = Known::of(csv(path, "sold"));
    let day = known.column("day");
    let Distribution::Dates(spread) = &day.distribution else { panic!("{day:?}") };
    assert_eq!((spread.min, spread.count), (1_704_067_200.0, 60));
    assert!(known.relation("day").1 > 0.99 && !day.inputs.is_empty());
}

#[test]
fn a_category_for_an_embedding_needs_no_look() {
    let rows: String = (0..300).map(|i| format!("c{},{},{}\n", i * 31 % 60, i * 7 % 300, i * 13 % 97)).collect();
    let (_folder, path) = written(&format!("city,x,y\n{rows}"));
    let warned = |role| {
        let columns = vec![ColumnChoice { name: "city".into(), role }];
        let known = Known::of(CsvSpec { columns, ..csv(path.clone(), "y") });
        known.facts.warnings.iter().any(|warning| warning.words.contains("\"city\" is an input, but"))
    };
    assert!(!warned(ColumnRole::Embedded) && warned(ColumnRole::Categorical));
}

/// Whoever follows every piece of advice can still train.
#[test]
fn no_advice_takes_the_last_input_or_the_only_useful_one() {
    let out = |known: &Known| {
        let repairs = known.facts.warnings.iter().filter_map(|warning| warning.repair.clone());
        repairs.filter(|repair| matches!(repair, Repair::LeaveOut(_))).count()
    };
    // An honest main predictor alone, and three of which each follows the target.
    let years: String = (0..60).map(|i| format!("{},{},{}\n", i * 3 + i % 2, i * 3 + i % 3, i * 3 + i % 5)).collect();
    for (header, target) in [("y2000,y2010,y2020", "y2020"), ("area,rooms,price", "price")] {
        let (_folder, path) = written(&format!("{header}\n{years}"));
        let known = Known::of(csv(path, target));
        let asked: Vec<_> = known.facts.warnings.iter().filter(|w| w.words.contains("almost exactly")).collect();
        assert!(asked.len() == 2 && asked.iter().all(|w| w.asks()), "{:?}", known.facts.warnings);
        assert_eq!(out(&known), 0, "{:?}", known.facts.warnings);
    }
    // Beside it a column that says nothing is no reason to give it up; beside one that says much it may be.
    let row = |noise: usize| move |i: usize| format!("{},{},{}\n", i * 3, (i * 37 + i * noise) % 101, i * 3 + i % 5);
    let (_folder, path) = written(&format!("area,lot,price\n{}", (0..60).map(row(0)).collect::<String>()));
    assert_eq!(out(&Known::of(csv(path, "price"))), 0);
    let good = |i: usize| format!("{},{},{}\n", i * 3, i + i * 7 % 23, i * 3 + i % 5);
    let (_folder, path) = written(&format!("area,rooms,price\n{}", (0..60).map(good).collect::<String>()));
    let known = Known::of(csv(path, "price"));
    assert_eq!(out(&known), 1, "{:?}", known.facts.warnings);
    // The only input, were it ever so exact.
    let (_folder, path) = written(&format!(
        "c,f\n{}",
        (0..40).map(|i| format!("{},{}\n", i * 7 % 41, 2 * (i * 7 % 41) + 3)).collect::<String>()
    ));
    assert_eq!(out(&Known::of(csv(path, "f"))), 0);
}

#[test]
fn a_word_among_numbers_is_a_missing_value_with_a_click() {
    let row = |i: usize| {
        let x = if i % 17 == 3 { "brak".to_owned() } else { (i * 7 % 97).to_string() };
        format!("{x},{},{}\n", i % 5, i * 11 % 23)
    };
    let (_folder, path) = written(&format!("x,z,y\n{}", (0..120).map(row).collect::<String>()));
    let known = Known::of(csv(path.clone(), "y"));
    let warning = known.facts.warnings.iter().find(|w| w.words.contains("\"brak\" in 7 rows")).expect("it is told");
    let repair = warning.repair.clone().unwrap();
    assert_eq!(
        (repair.label().as_str(), repair.option().as_deref()),
        ("Take brak as missing", Some("--missing x=brak"))
    );
    let dataset = load(&known.spec, std::path::Path::new(""), &NoProgress).unwrap();
    let note = dataset.notes.iter().find(|note| note.starts_with("\"x\" is left out")).unwrap();
    assert!(note.contains("113 numbers, but 7 texts") && note.ends_with("add --missing x=brak."), "{note}");
    assert!(warning.is_told(&known.table, &dataset), "it is not said twice");
    let known = Known::again(repair.applied(&known.spec));
    assert!(!known.column("x").inputs.is_empty() && known.table.columns[0].missing == 7);
    assert!(!known.facts.warnings.iter().any(|w| w.words.contains("brak")), "{:?}", known.facts.warnings);
    // As the target, or as a number that was asked for, it says what to do.
    let number = ColumnChoice { name: "x".into(), role: ColumnRole::Numeric };
    let asked = CsvSpec { columns: vec![number], ..csv(path, "y") };
    let spec = DataSpec { source: Source::Csv(asked), ..DataSpec::default() };
    let said = load(&spec, std::path::Path::new(""), &NoProgress).unwrap_err().message;
    assert!(said.contains("is set to number") && said.contains("add --missing x=brak. Otherwise"), "{said}");
}
