//! Finding things in pictures, from the target to what is found.

use std::sync::Arc;

use glassbox::data::{Dataset, Samples, Truth};
use glassbox::engine::Device;
use glassbox::model::boxes::{Judged, Verdict};
use glassbox::model::layer::{Activation, Conv2d, Input, LayerKind, Loss, LossKind, MaxPool2d};
use glassbox::model::task::{CELL, THING};
use glassbox::model::{Graph, Optimiser, Project, Task, TrainingSpec};
use glassbox::trace::OutputPicture;
use glassbox::trainer::{Run, whole_output};

const SIDE: usize = 24;
const MOST: usize = 2;

/// Squares and bars of light, of one channel, on the dark.
fn pictures(count: usize, seed: u64) -> Samples {
    let mut state = seed;
    let mut draw = |from: usize, to: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + (state >> 33) as usize % (to - from)
    };
    let (mut inputs, mut targets) = (Vec::new(), Vec::new());
    for i in 0..count {
        let mut picture = vec![0.0; SIDE * SIDE];
        // Each in its own half, and some pictures hold one thing only.
        for half in 0..MOST {
            if half > 0 && i % 4 == 0 {
                targets.extend([-1.0, 0.0, 0.0, 0.0, 0.0]);
                continue;
            }
            let class = draw(0, 2);
            let (width, height) = if class == 0 { (6, 6) } else { (4, 9) };
            let left = half * SIDE / 2 + draw(0, SIDE / 2 - width);
            let top = draw(0, SIDE - height);
            for row in top..top + height {
                picture[row * SIDE + left..row * SIDE + left + width].fill(1.0);
            }
            let share = |pixels: usize| pixels as f32 / SIDE as f32;
            targets.extend([class as f32, share(left), share(top), share(left + width), share(top + height)]);
        }
        inputs.extend(picture);
    }
    Samples::in_memory(&[1, SIDE, SIDE], inputs, targets)
}

fn dataset() -> Arc<Dataset> {
    let truth = Truth::things(["square", "bar"].map(String::from).to_vec(), MOST);
    Arc::new(Dataset {
        name: "lights".into(),
        input_shape: vec![1, SIDE, SIDE],
        input_names: Vec::new(),
        input_units: Vec::new(),
        truth,
        train: pictures(160, 1),
        validation: pictures(40, 99),
        test: None,
        plane: None,
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Default::default(),
        origin: None,
        places: None,
        own_validation: false,
    })
}

fn project() -> Project {
    let mut graph = Graph::default();
    let convolve = |filters, kernel| Conv2d { filters, kernel, ..Conv2d::default() };
    let layers: Vec<LayerKind> = vec![
        Input::default().into(),
        convolve(8, 5).into(),
        MaxPool2d::default().into(),
        convolve(16, 3).into(),
        MaxPool2d::default().into(),
        convolve(24, 3).into(),
        Conv2d { activation: Activation::None, ..convolve(CELL + 2, 1) }.into(),
        Loss { loss: LossKind::Detection, ..Loss::default() }.into(),
    ];
    let ids: Vec<_> = layers.into_iter().map(|kind| graph.add(kind, [0.0; 2])).collect();
    ids.windows(2).for_each(|pair| assert!(graph.connect(pair[0], pair[1]).is_ok()));
    let training = TrainingSpec {
        optimiser: Optimiser::adam(),
        learning_rate: 0.005,
        batch_size: 16,
        epochs: 60,
        ..TrainingSpec::default()
    };
    Project { graph, training, ..Project::default() }
}

#[test]
fn squares_and_bars_are_found_and_told_apart() {
    let dataset = dataset();
    let mut run = Run::new(&project(), dataset.clone(), Device::Cpu).unwrap();
    assert_eq!(run.task(), Task::Boxes { most: MOST, classes: 2 });
    let before = run.evaluate().unwrap();
    while run.finished().is_none() {
        run.step().unwrap();
    }
    let after = run.evaluate().unwrap();
    assert!(after.loss < before.loss / 3.0, "{} {}", before.loss, after.loss);
    assert!(after.score > 0.9 && before.score < 0.1, "mAP@0.5 is {}, was {}", after.score, before.score);
    let OutputPicture::Boxes { pictures, classes, map50, map, over, .. } = whole_output(&run).unwrap().picture else {
        panic!("no boxes")
    };
    assert_eq!((pictures.len(), over.is_whole(), classes.len()), (40, true, 2));
    assert_eq!(map50, Some(after.score));
    assert!(map.unwrap() < map50.unwrap());
    let right = |judged: &&Judged| matches!(judged, Judged::Right(_));
    let found: usize = pictures
        .iter()
        .map(|picture| {
            let found: Vec<_> = picture.found.iter().map(|seen| seen.found).collect();
            Verdict::of(&picture.things, &found, 0.3).found.iter().filter(right).count()
        })
        .sum();
    assert!(found > 60, "{found} of 70 are found");
    assert_eq!(pictures.iter().map(|picture| picture.things.len()).sum::<usize>(), 70);
    assert_eq!(dataset.target_len(), MOST * THING);
}
