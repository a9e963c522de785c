use super::*;
use crate::data::NoProgress;
use crate::data::encoding::{Column, ColumnValues, Target};
use crate::engine::{Numbers, SavedTensor};
use crate::model::layer::{Dense, Input, Loss};
use crate::model::{Graph, MissingPolicy};

/// A single layer with these weights over the columns a (a number: mean 3, scale 2), c (red or blue) and b (a number).
fn judge(target: Target, units: usize, weights: &[f32]) -> Judge {
    let mut graph = Graph::default();
    let dense = Dense { units, ..Dense::default() };
    let ids = [Input::default().into(), dense.into(), Loss::default().into()].map(|kind| graph.add(kind, [0.0, 0.0]));
    for pair in ids.windows(2) {
        graph.connect(pair[0], pair[1]).unwrap();
    }
    let number = |offset, scale| ColumnValues::Numeric { offset, scale, fill: 0.0, decimals: 1, written: None };
    let words = ColumnValues::Categorical { categories: vec!["red".into(), "blue".into()], has_missing: false };
    let columns = [("a", number(3.0, 2.0)), ("c", words), ("b", number(0.0, 1.0))];
    let columns = columns.map(|(name, values)| Column { name: name.into(), values }).to_vec();
    let inputs = Inputs::Table { columns, missing: MissingPolicy::Fill, missing_words: Vec::new(), encoding: None };
    let encoding = Arc::new(Encoding { source: "t.csv".into(), input_shape: vec![4], inputs, target });
    let tensor = |dims: &[usize], numbers: &[f32]| SavedTensor {
        dims: dims.to_vec(),
        numbers: Numbers::F32(numbers.to_vec().into()),
    };
    let tensors = [
        ("dense_1.weight".to_owned(), tensor(&[units, 4], weights)),
        ("dense_1.bias".to_owned(), tensor(&[units], &vec![0.0; units])),
    ];
    let project = Project { graph, ..Project::default() };
    let mut fresh = {
        let truth = encoding.target.truth();
        let signature =
            DataSignature { weighted: false, input: Shape(vec![4]), task: truth.task, names: encoding.names() };
        Machine::new(&project.graph, &signature, &project.training, Device::Cpu, Precision::F32).unwrap()
    }
    .snapshot()
    .unwrap();
    fresh.tensors.extend(tensors);
    Judge::new(&project, &fresh, &encoding, Device::Cpu).unwrap()
}

fn inputs(rows: usize) -> Vec<f32> {
    let row = |i: usize| {
        let red = f32::from(u8::from(i.is_multiple_of(3)));
        [(i * 7 % 20) as f32 / 10.0 - 1.0, red, 1.0 - red, (i * 3 % 11) as f32]
    };
    (0..rows).flat_map(row).collect()
}

fn number() -> Judge {
    let target = Target::Numbers { outputs: vec!["y".into()], offset: vec![10.0], scale: vec![5.0], curves: vec![] };
    judge(target, 1, &[2.0, 0.5, -0.5, 0.0])
}

#[test]
fn a_column_is_worth_what_is_lost_without_it() {
    let (judge, inputs) = (number(), inputs(400));
    let targets: Vec<f32> = judge.machine().predict(&inputs, 400).unwrap();
    let part = Samples::in_memory(&[4], inputs, targets.clone());
    let (found, over) = judge.importance(&part, &part.fair(false), 10, &NoProgress).unwrap();
    assert_eq!((over, found.len()), (400, 3));
    // Of a sum of independent parts each loses twice its share of the variance.
    let variance = |numbers: &[f32]| {
        let mean = numbers.iter().sum::<f32>() / numbers.len() as f32;
        f64::from(numbers.iter().map(|n| (n - mean).powi(2)).sum::<f32>())
    };
    let of_a: Vec<f32> = part.whole().unwrap().inputs.chunks(4).map(|row| 2.0 * row[0]).collect();
    let expected = 2.0 * variance(&of_a) / variance(&targets);
    assert_eq!(found.iter().map(|one| one.column.as_str()).collect::<Vec<_>>(), ["a", "c", "b"]);
    assert!((found[0].mean - expected).abs() < 0.1 && found[0].deviation > 0.0, "{found:?}, expected {expected}");
    assert!(found[1].mean > 0.05 && found[2].mean == 0.0 && found[2].deviation == 0.0, "{found:?}");
    assert_eq!(judge.importance(&part, &part.fair(false), 10, &NoProgress).unwrap().0, found, "by the seed");
}

#[test]
fn the_answer_follows_a_column_in_its_own_units() {
    let judge = number();
    let part = Samples::in_memory(&[4], inputs(60), vec![0.0; 60]);
    let rows = part.fair(false);
    let curve = judge.dependence(&part, &rows, "a").unwrap().unwrap();
    assert!(!curve.is_category && curve.points.len() == 20);
    let (first, last) = (&curve.points[0], &curve.points[19]);
    assert_eq!((first.value, first.label.as_str(), last.value), (1.0, "1", 4.8_f32.into()));
    // y = 5 (2 a + colour) + 10, and a is 2 a' + 3.
    let slope = f64::from(last.answers[0] - first.answers[0]) / (last.value - first.value);
    assert!((slope - 5.0).abs() < 1e-3, "{slope}");
    let colours = judge.dependence(&part, &rows, "c").unwrap().unwrap();
    let labels: Vec<_> = colours.points.iter().map(|point| point.label.as_str()).collect();
    assert!(colours.is_category && labels == ["red", "blue"]);
    assert!((colours.points[0].answers[0] - colours.points[1].answers[0] - 5.0).abs() < 1e-3);
    assert_eq!(judge.dependence(&part, &rows, "gone").unwrap(), None);
}

#[test]
fn a_report_says_how_right_answers_are() {
    let judge = number();
    let inputs = inputs(40);
    let mut targets = judge.machine().predict(&inputs, 40).unwrap();
    targets.iter_mut().enumerate().for_each(|(i, t)| *t += if i % 2 == 0 { 0.2 } else { -0.2 });
    let report = judge.report(&Samples::in_memory(&[4], inputs, targets), &NoProgress).unwrap();
    let [NumberReport { name, mae, rmse, r2 }] = &report.numbers[..] else { panic!("{report:?}") };
    assert!(name == "y" && (mae - 1.0).abs() < 1e-5 && (rmse - 1.0).abs() < 1e-5 && *r2 == report.score, "{report:?}");
    assert!(report.score > 0.9 && report.classes.is_none() && report.samples == 40);

    let target = Target::Classes { column: Some("kind".into()), classes: vec!["no".into(), "yes".into()] };
    let judge = self::judge(target, 2, &[0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0]);
    let inputs = [-0.5, 1.0, 0.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.7, 0.0, 1.0, 0.0, -0.2, 0.0, 1.0, 0.0];
    let report =
        judge.report(&Samples::in_memory(&[4], inputs.to_vec(), vec![0.0, 1.0, 0.0, 0.0]), &NoProgress).unwrap();
    let classes = report.classes.unwrap();
    assert_eq!((report.score, &classes.confusion[..]), (0.75, &[2, 1, 0, 1][..]));
    assert_eq!((classes.each[1].precision, classes.each[1].recall), (Some(0.5), Some(1.0)));
    assert!((classes.areas.unwrap().roc.unwrap() - 2.0 / 3.0).abs() < 1e-9);
}
