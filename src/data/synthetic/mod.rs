//! Generated points: one file per family, each a recipe from (settings, random numbers) to raw samples.
//!
//! This file turns raw samples into a [`Dataset`]: split, feature functions, names. The first four families and the two
//! surfaces are TensorFlow Playground's recipes and ranges (github.com/tensorflow/playground, `src/dataset.ts`).

mod blobs;
mod circle;
mod gauss;
mod gauss_surface;
mod moons;
mod plane;
mod polynomial;
mod rings;
mod sine;
mod spiral;
mod xor;

use std::sync::Arc;

use super::encoding::{self, Encoding, Inputs};
use super::random::{Draws, Purpose};
use super::split::{self, divide};
use super::{DataError, Dataset, Plane, Samples, Truth};
use crate::model::{DataSpec, Feature, OwnPoint, SyntheticKind, SyntheticSpec};

/// Half the side of the square that is drawn; Playground's.
const EXTENT: f32 = 6.0;

/// One generated sample before feature functions. Curves use only the first raw number.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    raw: [f32; 2],
    /// Class index, or the value to predict.
    target: f32,
}

impl Sample {
    fn new(x: f64, y: f64, target: f64) -> Self {
        Self { raw: [x as f32, y as f32], target: target as f32 }
    }
}

pub(super) fn generate(settings: &SyntheticSpec, spec: &DataSpec) -> Result<Dataset, DataError> {
    let samples = samples(settings, spec.seed);
    let truth = truth(settings);
    if !settings.points.is_empty() && !OwnPoint::suffice(&settings.points) {
        let least = OwnPoint::LEAST;
        return Err(DataError::new(format!("Put at least {least} points on the plane, and points of two classes.")));
    }
    let title = if settings.points.is_empty() { settings.kind.title() } else { "Own points" };
    let classes: Option<Vec<usize>> =
        (!settings.kind.is_regression()).then(|| samples.iter().map(|s| s.target as usize).collect());
    let rows = split::Rows { len: samples.len(), classes: classes.as_deref(), ..Default::default() };
    let split = divide(spec, &rows).map_err(|why| DataError::new(format!("{why}.")))?;
    let features = features(settings);
    let (train, train_points) = part(&samples, &split.train, &features);
    let (validation, validation_points) = part(&samples, &split.validation, &features);
    let test = (!split.test.is_empty()).then(|| part(&samples, &split.test, &features).0);
    let is_plane = settings.kind.raw_dimensions() == 2;
    let encoding = Encoding {
        source: title.into(),
        input_shape: vec![features.len()],
        inputs: Inputs::Points { features: features.clone() },
        target: encoding::Target::of(&truth, None),
    };
    Ok(Dataset {
        name: title.into(),
        input_shape: vec![features.len()],
        input_names: features.iter().map(|f| f.label().to_owned()).collect(),
        input_units: Vec::new(),
        truth,
        train,
        validation,
        test,
        plane: is_plane.then(|| Plane {
            features,
            extent: EXTENT,
            train_points: train_points.into(),
            validation_points: validation_points.into(),
        }),
        notes: Vec::new(),
        giveaways: Vec::new(),
        encoding: Arc::new(encoding),
        origin: None,
        places: None,
        own_validation: false,
    })
}

/// Those put by hand, or generated ones.
fn samples(settings: &SyntheticSpec, seed: u64) -> Vec<Sample> {
    if settings.points.is_empty() {
        return draw(settings, &mut Purpose::Points.draws(seed, stream(settings.kind)));
    }
    settings.points.iter().map(|point| Sample { raw: [point.x, point.y], target: point.class as f32 }).collect()
}

/// All points of settings with classes, as if they had been put by hand; those outside of the plane are none.
pub(super) fn points(settings: &SyntheticSpec, seed: u64) -> Vec<OwnPoint> {
    let reach = -OwnPoint::REACH..=OwnPoint::REACH;
    let all = samples(settings, seed).into_iter();
    let all = all.filter(|sample| sample.raw.iter().all(|number| reach.contains(number)));
    all.map(|sample| OwnPoint { x: sample.raw[0], y: sample.raw[1], class: sample.target as usize }).collect()
}

/// Which stream of random numbers a family draws from: its own for ever, wherever it stands in a list. A new family
/// takes a number that no other has; a number that is changed changes the data of every project that has the family.
fn stream(kind: SyntheticKind) -> u64 {
    match kind {
        SyntheticKind::Circle => 0,
        SyntheticKind::Xor => 1,
        SyntheticKind::Gauss => 2,
        SyntheticKind::Spiral => 3,
        SyntheticKind::Moons => 4,
        SyntheticKind::Blobs => 5,
        SyntheticKind::Rings => 6,
        SyntheticKind::Plane => 7,
        SyntheticKind::GaussSurface => 8,
        SyntheticKind::Sine => 9,
        SyntheticKind::Polynomial => 10,
    }
}

fn draw(settings: &SyntheticSpec, draws: &mut Draws) -> Vec<Sample> {
    let (n, noise, classes) = (settings.samples, settings.noise, settings.classes);
    match settings.kind {
        SyntheticKind::Circle => circle::draw(n, noise, draws),
        SyntheticKind::Xor => xor::draw(n, noise, draws),
        SyntheticKind::Gauss => gauss::draw(n, noise, draws),
        SyntheticKind::Spiral => spiral::draw(n, noise, draws),
        SyntheticKind::Moons => moons::draw(n, noise, draws),
        SyntheticKind::Blobs => blobs::draw(n, noise, classes, draws),
        SyntheticKind::Rings => rings::draw(n, noise, classes, draws),
        SyntheticKind::Plane => plane::draw(n, noise, draws),
        SyntheticKind::GaussSurface => gauss_surface::draw(n, noise, draws),
        SyntheticKind::Sine => sine::draw(n, noise, draws),
        SyntheticKind::Polynomial => polynomial::draw(n, noise, draws),
    }
}

fn truth(settings: &SyntheticSpec) -> Truth {
    let numbered = |word: &str| (1..=settings.classes).map(|i| format!("{word} {i}")).collect();
    let pair = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    let classes = match settings.kind {
        SyntheticKind::Circle => pair(circle::CLASSES),
        SyntheticKind::Xor => pair(xor::CLASSES),
        SyntheticKind::Gauss => pair(gauss::CLASSES),
        SyntheticKind::Spiral => pair(spiral::CLASSES),
        SyntheticKind::Moons => pair(moons::CLASSES),
        SyntheticKind::Blobs => numbered("blob"),
        SyntheticKind::Rings => numbered("ring"),
        SyntheticKind::Plane | SyntheticKind::GaussSurface => return value_near_one("z"),
        SyntheticKind::Sine | SyntheticKind::Polynomial => return value_near_one("y"),
    };
    Truth::classes(classes)
}

/// A regression target that lies in about -1 to 1 already, so that it needs no scaling.
fn value_near_one(name: &str) -> Truth {
    Truth::numbers(vec![name.to_owned()], &[0.0], &[1.0])
}

/// The chosen feature functions, each once; x (and y) where none is chosen or none can be.
fn features(settings: &SyntheticSpec) -> Vec<Feature> {
    if settings.kind.raw_dimensions() == 1 {
        return vec![Feature::X];
    }
    let mut features: Vec<Feature> = Vec::new();
    for &feature in &settings.features {
        if !features.contains(&feature) {
            features.push(feature);
        }
    }
    if features.is_empty() { vec![Feature::X, Feature::Y] } else { features }
}

/// The samples at `rows` as a part, and their raw points interleaved.
fn part(samples: &[Sample], rows: &[usize], features: &[Feature]) -> (Samples, Vec<f32>) {
    let chosen = || rows.iter().map(|&row| &samples[row]);
    let inputs: Vec<f32> = chosen().flat_map(|s| features.iter().map(|f| f.of(s.raw[0], s.raw[1]))).collect();
    let targets: Arc<[f32]> = chosen().map(|s| s.target).collect();
    (Samples::in_memory(&[features.len()], inputs, targets), chosen().flat_map(|s| s.raw).collect())
}

/// How many samples each of `groups` gets so that the sum is `samples`: the first ones get the remainder.
fn shares(samples: usize, groups: usize) -> impl Iterator<Item = usize> {
    (0..groups).map(move |group| samples / groups + usize::from(group < samples % groups))
}

#[cfg(test)]
mod tests;
