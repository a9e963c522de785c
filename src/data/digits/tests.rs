use super::*;
use crate::data::NoProgress;
use crate::data::order::shuffled;
use crate::model::Source;

fn make(samples: usize, seed: u64) -> Dataset {
    let settings = DigitsSpec { samples, ..DigitsSpec::default() };
    let spec = DataSpec { source: Source::Digits(settings.clone()), validation: 0.2, seed, ..DataSpec::default() };
    generate(&settings, &spec, &NoProgress).unwrap()
}

#[test]
fn pictures_have_shape_range_and_every_class() {
    let set = make(500, 1);
    assert_eq!((set.train.len(), set.validation.len()), (400, 100));
    assert_eq!(set.train.inputs().len(), 400 * 784);
    assert!(set.train.inputs().iter().all(|v| (0.0..=1.0).contains(v)));
    assert!(set.class_counts(&set.validation).iter().all(|&n| n > 0));
    let ink = set.train.inputs().chunks(784).map(|p| p.iter().filter(|&&v| v > 0.4).count()).min();
    assert!(ink > Some(10), "a picture with {ink:?} inked pixels");
}

#[test]
fn a_sample_depends_on_seed_and_index_alone() {
    let settings = DigitsSpec::default();
    let one = |index| draw(3, settings.noise, &mut Purpose::Digits.draws(1, index));
    assert_eq!(one(13), one(13));
    assert_ne!(one(13), one(23));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| make(300, 4)), make(300, 4));
    assert_ne!(make(300, 4), make(300, 5));
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
    let error = generate(&DigitsSpec::default(), &DataSpec::default(), &Cancel).unwrap_err();
    assert!(error.message.contains("cancelled"));
}

/// Softmax regression, trained by plain stochastic gradient descent: what no hidden layer can do.
fn linear_accuracy(set: &Dataset, epochs: u64) -> f64 {
    let mut weights = vec![[0.0f32; 10]; PIXELS + 1];
    let logits = |weights: &[[f32; 10]], picture: &[f32]| {
        let mut logits = weights[PIXELS];
        for (row, &pixel) in weights.iter().zip(picture) {
            (0..10).for_each(|k| logits[k] += pixel * row[k]);
        }
        logits
    };
    for epoch in 0..epochs {
        let rate = 0.02 / (1.0 + epoch as f32 * 0.3);
        for row in shuffled(1, epoch, set.train.len()) {
            let row = row as usize;
            let picture = &set.train.inputs()[row * PIXELS..(row + 1) * PIXELS];
            let mut error = logits(&weights, picture);
            let top = error.iter().copied().fold(f32::MIN, f32::max);
            let sum: f32 = error.iter().map(|l| (l - top).exp()).sum();
            error.iter_mut().for_each(|l| *l = (*l - top).exp() / sum);
            error[set.train.targets()[row] as usize] -= 1.0;
            for (weights, &pixel) in weights.iter_mut().zip(picture.iter().chain([&1.0])) {
                (0..10).for_each(|k| weights[k] -= rate * pixel * error[k]);
            }
        }
    }
    let right = (0..set.validation.len()).filter(|&row| {
        let logits = logits(&weights, &set.validation.inputs()[row * PIXELS..(row + 1) * PIXELS]);
        let best = (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        best as f32 == set.validation.targets()[row]
    });
    right.count() as f64 / set.validation.len() as f64
}

#[test]
fn a_linear_model_learns_something_but_not_enough() {
    let set = make(4000, 1);
    let accuracy = (1..=4).map(|part| linear_accuracy(&set, part * 4)).fold(0.0, f64::max);
    println!("linear: {accuracy}");
    assert!((0.6..0.95).contains(&accuracy), "a linear model reaches {accuracy}");
}

/// Writes pictures to look at: `GLASSBOX_SHEET=sheet.pgm cargo test contact_sheet`.
#[test]
fn contact_sheet() {
    let set = make(400, 2);
    let Ok(path) = std::env::var("GLASSBOX_SHEET") else { return };
    let (columns, rows) = (24, 10);
    let mut pixels = vec![0u8; columns * rows * PIXELS];
    for digit in 0..rows {
        for (column, row) in crate::data::sample_rows(&set, &set.train, Some(digit), columns).into_iter().enumerate() {
            let picture = &set.train.inputs()[row as usize * PIXELS..][..PIXELS];
            for (i, &value) in picture.iter().enumerate() {
                let (y, x) = (digit * SIDE + i / SIDE, column * SIDE + i % SIDE);
                pixels[y * columns * SIDE + x] = (value * 255.0) as u8;
            }
        }
    }
    let mut file = format!("P5 {} {} 255\n", columns * SIDE, rows * SIDE).into_bytes();
    file.extend(pixels);
    std::fs::write(path, file).unwrap();
}
