//! Data and pictures that the panel's tests show.

use std::sync::Arc;

use super::*;
use crate::data::{Plane, Samples, Truth, Unit};
use crate::model::{End, Feature, Shape, Task, layer};
use crate::trace::{ClassAreas, Codes, NumberScores, Picture, Prediction, Ranking, Reply};

pub fn part(shape: &[usize], inputs: Vec<f32>, targets: Vec<f32>) -> Samples {
    Samples::in_memory(shape, inputs, targets)
}

pub fn state(dataset: Dataset, output: Option<OutputPicture>) -> State {
    let mut state = State::default();
    *state.pose().data = DataState::Ready(Arc::new(dataset));
    if output.is_some() {
        state.pose().run.step = 10;
        state.pose().run.picture = Some(Arc::new(Picture { step: 10, output, ..Picture::default() }));
    }
    state
}

pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&n| n.to_owned()).collect()
}

pub fn two_classes() -> Dataset {
    let (train, test) = (vec![-3.0, 0.0, 3.0, 0.0], vec![0.0, 3.0]);
    Dataset {
        name: "test".into(),
        input_shape: vec![2],
        input_names: names(&["x", "y"]),
        input_units: Vec::new(),
        truth: Truth::classes(names(&["left", "right"])),
        train: part(&[2], train.clone(), vec![0.0, 1.0]),
        validation: part(&[2], test.clone(), vec![1.0]),
        test: None,
        plane: Some(Plane {
            features: vec![Feature::X, Feature::Y],
            extent: 6.0,
            train_points: train.into(),
            validation_points: test.into(),
        }),
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Arc::default(),
        origin: None,
        places: None,
        own_validation: false,
    }
}

/// Left half class 0, right half class 1, 90 % sure.
pub fn halves() -> OutputPicture {
    let right: Arc<[f32]> = (0..16).map(|i| if i % 4 >= 2 { 0.9 } else { 0.1 }).collect();
    let left: Arc<[f32]> = right.iter().map(|p| 1.0 - p).collect();
    OutputPicture::Surface { resolution: 4, extent: 6.0, scores: vec![left, right], task: Task::Classes(2) }
}

/// 2 x 2 images of three classes; validation truths 0, 1, 2, 1 and predictions 0, 1, 2, 2.
pub fn images() -> State {
    let inputs: Vec<f32> = (0..16).map(|i| i as f32 / 16.0).collect();
    let targets = vec![0.0, 1.0, 2.0, 1.0];
    let dataset = Dataset {
        input_shape: vec![1, 2, 2],
        input_names: Vec::new(),
        truth: Truth::classes(names(&["ant", "bee", "cat"])),
        train: part(&[1, 2, 2], inputs.clone(), targets.clone()),
        validation: part(&[1, 2, 2], inputs, targets),
        plane: None,
        ..two_classes()
    };
    let prediction = |(row, predicted): (usize, u32)| Prediction {
        row: row as u32,
        truth: [0, 1, 2, 1][row],
        predicted,
        confidence: 0.75,
    };
    let predictions = [0, 1, 2, 2].into_iter().enumerate().map(prediction).collect();
    let confusion = vec![1, 0, 0, 0, 1, 1, 0, 0, 1];
    let areas = |roc, precision_recall| ClassAreas { roc: Some(roc), precision_recall };
    let areas = vec![areas(1.0, Some(0.5)), areas(0.625, None), areas(0.75, Some(0.25))];
    let ranking = Ranking { top: Some((2, 0.875)), areas };
    state(dataset, Some(classes(predictions, confusion, 3, ranking)))
}

/// The same images, and what became of them: half of each. Through a layer of two units.
pub fn reconstructions() -> State {
    let mut state = images();
    let graph = &mut state.pose().project.graph;
    let input = graph.add(layer::Input::default().into(), [0.0; 2]);
    let code = graph.add(layer::Dense { units: 2, ..layer::Dense::default() }.into(), [0.0; 2]);
    let loss = graph.add(layer::Loss::default().into(), [0.0; 2]);
    graph.connect(code, loss).unwrap();
    graph.connect(input, End::at(loss, layer::Loss::TRUTH)).unwrap();
    state.pose().inference.outputs.insert(input, vec![Shape(vec![1, 2, 2])]);
    state.pose().inference.shapes.insert(code, Shape::row(2));
    let points = Arc::from([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
    let codes = Codes { layer: code, points, range: [[0.0, 1.0]; 2], side: 1, tiles: vec![0.5; 4].into() };
    let scores = NumberScores { r2: 0.75, rmse: 0.25, not_finite: 0 };
    let outputs = (0..16).map(|i| i as f32 / 32.0).collect();
    let over = Over { asked: 4, of: 4 };
    let output =
        OutputPicture::Reconstructions { rows: [0, 1, 2, 3].into(), outputs, scores, over, codes: Some(codes) };
    state.pose().run.picture = Some(Arc::new(Picture { step: 10, output: Some(output), ..Picture::default() }));
    state
}

/// Probabilities over the whole of a validation part.
pub fn classes(predictions: Vec<Prediction>, confusion: Vec<u32>, classes: usize, ranking: Ranking) -> OutputPicture {
    let over = Over { asked: predictions.len(), of: predictions.len() };
    OutputPicture::Classes { predictions, confusion, classes, ranking, over, probability: true }
}

pub fn reply(sample: &[f32], values: &[f32]) -> Reply {
    let class = (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b])).map(|class| class as u32);
    Reply { sample: sample.into(), values: values.to_vec(), class, probability: true }
}

pub fn table() -> Dataset {
    Dataset {
        input_shape: vec![3],
        input_names: names(&["age", "sex = female", "sex = male"]),
        input_units: vec![
            Unit { offset: 40.0, scale: 10.0, decimals: Some(0), ..Unit::PLAIN },
            Unit::PLAIN,
            Unit::PLAIN,
        ],
        train: part(&[3], vec![-1.0, 1.0, 0.0, 2.0, 0.0, 1.0], vec![0.0, 1.0]),
        validation: part(&[3], vec![0.5, 0.0, 1.0], vec![1.0]),
        plane: None,
        ..two_classes()
    }
}
