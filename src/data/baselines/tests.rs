use std::path::Path;

use super::*;
use crate::data::test_data::test_data;
use crate::data::{NoProgress, load};
use crate::model::{ColumnChoice, ColumnRole, CsvSpec, DataSpec, Division, Source, SyntheticKind, SyntheticSpec};

/// A table with the usual split and scaling.
pub(super) fn table(name: &str, target: &str, drop: &[&str]) -> Option<Dataset> {
    let path = test_data(name)?;
    let left_out = |name: &&str| ColumnChoice { name: (*name).to_owned(), role: ColumnRole::LeftOut };
    let csv = CsvSpec {
        path,
        target: target.into(),
        columns: drop.iter().map(left_out).collect(),
        missing: Default::default(),
        scaling: Default::default(),
        reading: Default::default(),
    };
    let spec = DataSpec { source: Source::Csv(csv), split: Division::Random, ..DataSpec::default() };
    Some(load(&spec, Path::new(""), &NoProgress).unwrap())
}

/// scikit-learn 1.9.1 on the very numbers that these tables become: `scripts/bench/baselines.py` says how.
const RECORDED: [(&str, &str, &[&str], [f64; 3]); 4] = [
    ("csv/iris.csv", "species", &[], [0.166667, 0.966667, 0.966667]),
    ("csv/titanic.csv", "survived", &["alive"], [0.522472, 0.831461, 0.814607]),
    ("csv/mpg.csv", "mpg", &[], [-0.008729, 0.815177, 0.840191]),
    ("csv/diamonds.csv", "price", &[], [-0.000048, 0.919445, 0.954414]),
];

#[test]
fn they_reach_what_scikit_learn_reaches() {
    for (name, target, drop, expected) in RECORDED {
        let Some(dataset) = table(name, target, drop) else { return };
        let found = baselines(&dataset, &dataset.validation, &NoProgress).unwrap();
        for (baseline, expected) in found.iter().zip(expected) {
            // Neighbours at equal distances may be others there.
            let is_near = baseline.model == Model::Neighbours;
            let one = if is_near && dataset.classes().is_some() { 1.01 / baseline.scored as f64 } else { 1e-4 };
            assert!((baseline.score - expected).abs() <= one, "{name}: {baseline:?}, there {expected}");
        }
        assert_eq!(found.len(), 3);
    }
}

#[test]
fn they_learn_what_they_can() {
    let of = |kind, noise| {
        let settings = SyntheticSpec { kind, noise, samples: 400, ..SyntheticSpec::default() };
        let spec = DataSpec { source: Source::Synthetic(settings), ..DataSpec::default() };
        let set = load(&spec, Path::new(""), &NoProgress).unwrap();
        let found = baselines(&set, &set.validation, &NoProgress).unwrap();
        found.iter().map(|baseline| (baseline.model, baseline.score)).collect::<Vec<_>>()
    };
    let [(Model::Majority, majority), (Model::Logistic, logistic), (Model::Neighbours, near)] =
        of(SyntheticKind::Xor, 0.0)[..]
    else {
        panic!()
    };
    assert!((0.3..0.7).contains(&majority) && (0.3..0.7).contains(&logistic) && near > 0.95, "{logistic} {near}");
    let plane = of(SyntheticKind::Plane, 0.0);
    assert!(plane[0].1.abs() < 0.1 && plane[1].1 > 0.999, "{plane:?}");
    let blobs = of(SyntheticKind::Blobs, 0.0);
    assert!(blobs[1].1 > 0.95, "{blobs:?}");
}

#[test]
fn pictures_have_none_and_somebody_can_lose_patience() {
    let spec = DataSpec { source: Source::Digits(Default::default()), ..DataSpec::default() };
    let set = load(&spec, Path::new(""), &NoProgress).unwrap();
    assert_eq!(baselines(&set, &set.validation, &NoProgress), Ok(Vec::new()));
    struct Impatient;
    impl Progress for Impatient {
        fn report(&self, _: f32, _: &str) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let set = load(&DataSpec::default(), Path::new(""), &NoProgress).unwrap();
    assert!(baselines(&set, &set.validation, &Impatient).is_err());
}

/// What is compared, for `scripts/bench/baselines.py`.
#[test]
#[ignore = "writes the numbers that scikit-learn is asked about"]
fn write_what_is_compared() {
    let Some(folder) = std::env::var_os("GLASSBOX_BASELINES").map(std::path::PathBuf::from) else { return };
    for (name, target, drop, _) in RECORDED {
        let Some(dataset) = table(name, target, drop) else { return };
        let stem = Path::new(name).file_stem().unwrap().to_string_lossy().into_owned();
        let (train, validation) = (&dataset.train, &dataset.validation);
        for (part, samples, most) in
            [("train", train, MOST_LINEAR), ("validation", validation, usize::MAX), ("asked", validation, MOST_ASKED)]
        {
            let batch = samples.fetch(&some(&dataset, samples, most)).unwrap();
            let x = crate::files::npy::bytes(&[batch.len, dataset.input_len()], &batch.inputs);
            std::fs::write(folder.join(format!("{stem}-{part}-x.npy")), x).unwrap();
            let y = crate::files::npy::bytes(&[batch.len], &batch.targets);
            std::fs::write(folder.join(format!("{stem}-{part}-y.npy")), y).unwrap();
        }
        let found = baselines(&dataset, &dataset.validation, &NoProgress).unwrap();
        println!("{stem}: {found:?}");
    }
}

/// scikit-learn 1.9.1: `TransformedTargetRegressor` with the standardised logarithm around `Ridge()` and
/// `KNeighborsRegressor()`, and `DummyRegressor()` of the numbers themselves.
#[test]
fn of_a_logarithm_they_are_scored_in_its_own_unit() {
    let y = [3.0, 7.5, 4.0, 20.0, 11.0, 60.0, 35.0, 90.0, 250.0, 180.0, 900.0, 410.0];
    let rows = |part: &str| -> String { (0..12).map(|i| format!("{i},{},{part}\n", y[i])).collect() };
    let file = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(file.path(), format!("x,y,part\n{}{}", rows("train"), rows("validation"))).unwrap();
    let csv = CsvSpec {
        path: file.path().to_owned(),
        target: "y".into(),
        columns: vec![ColumnChoice { name: "y".into(), role: ColumnRole::LogTarget }],
        missing: Default::default(),
        scaling: Default::default(),
        reading: Default::default(),
    };
    let split = Division::Marks { column: "part".into() };
    let set = load(&DataSpec { source: Source::Csv(csv), split, ..DataSpec::default() }, Path::new(""), &NoProgress);
    let set = set.unwrap();
    let found = baselines(&set, &set.validation, &NoProgress).unwrap();
    for (baseline, expected) in found.iter().zip([0.0, 0.558_359_439_744_911_1, 0.436_538_256_642_233_67]) {
        assert!((baseline.score - expected).abs() < 1e-5, "{baseline:?}, there {expected}");
    }
}
