//! What the numbers of a project may be: one table, which the fields of the window, `glassbox check` and whoever opens
//! a project read. Those of layers stand with their parameters (`layer_params!`).

use super::{
    Augmentation, Clip, DataSpec, OneCycle, Optimiser, OwnPoint, Plateau, Project, Schedule, Source, SyntheticSpec,
    TrainingSpec, problem_of_drawn,
};

/// The least and the largest that a number may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits<T> {
    /// What a sentence calls it: "the learning rate".
    pub name: &'static str,
    /// The smallest value allowed.
    pub least: T,
    /// The largest value allowed.
    pub most: T,
}

const fn real(name: &'static str, least: f64, most: f64) -> Limits<f64> {
    Limits { name, least, most }
}

const fn whole(name: &'static str, least: usize, most: usize) -> Limits<usize> {
    Limits { name, least, most }
}

/// Before the schedule.
pub const LEARNING_RATE: Limits<f64> = real("the learning rate", 1e-7, 10.0);
/// 0: no warm-up.
pub const WARM_UP: Limits<usize> = whole("the number of warm-up steps", 0, 100_000);
/// Samples.
pub const BATCH_SIZE: Limits<usize> = whole("the batch size", 1, 65_536);
/// Passes over the training data.
pub const EPOCHS: Limits<usize> = whole("the number of epochs", 1, 1_000_000_000);
/// What JSON's readers and the window's fields can hold.
pub const SEED: Limits<usize> = whole("the seed", 0, i64::MAX as usize);

/// In degrees, either way.
pub const ROTATION: Limits<f64> = real("the rotation", 0.0, 180.0);
/// Degrees.
pub const SHEAR: Limits<f64> = real("the shear", 0.0, 60.0);
/// A share of the side.
pub const SHIFT: Limits<f64> = real("the shift", 0.0, 0.5);
/// A share of the size.
pub const ZOOM: Limits<f64> = real("the zoom", 0.0, 1.0);
/// Of 0 to 1.
pub const BRIGHTNESS: Limits<f64> = real("the change of brightness", 0.0, 1.0);
/// A share of it.
pub const CONTRAST: Limits<f64> = real("the change of contrast", 0.0, 1.0);
/// A share of it.
pub const SATURATION: Limits<f64> = real("the change of saturation", 0.0, 1.0);
/// Standard deviation.
pub const PIXEL_NOISE: Limits<f64> = real("the noise of augmentation", 0.0, 0.5);
/// A share of the side.
pub const CUTOUT: Limits<f64> = real("the cutout", 0.0, 0.8);
/// Of the Beta distribution; 0: nothing is mixed.
pub const MIXUP: Limits<f64> = real("the alpha of mixup", 0.0, 10.0);

/// Of SGD and RMSprop.
pub const MOMENTUM: Limits<f64> = real("the momentum", 0.0, 0.999);
/// Of Adam and its relatives: how much of the mean of gradients is kept each step.
pub const BETA1: Limits<f64> = real("beta 1", 0.0, 0.999);
/// The same for the mean of their squares.
pub const BETA2: Limits<f64> = real("beta 2", 0.0, 0.99999);
/// Added to what is divided by.
pub const EPSILON: Limits<f64> = real("epsilon", 1e-12, 1.0);
/// Of every optimiser.
pub const WEIGHT_DECAY: Limits<f64> = real("the weight decay", 0.0, 10.0);
/// Of RMSprop.
pub const ALPHA: Limits<f64> = real("alpha", 0.0, 0.9999);
/// Of Adagrad.
pub const RATE_DECAY: Limits<f64> = real("the rate decay", 0.0, 1.0);
/// Of Adagrad.
pub const SUM_START: Limits<f64> = real("the initial sum", 0.0, 10.0);
/// Of NAdam.
pub const MOMENTUM_DECAY: Limits<f64> = real("the momentum decay", 0.0, 1.0);

/// Of the gradient's norm, or of each of its numbers.
pub const CLIP: Limits<f64> = real("the clipping limit", 1e-4, 1000.0);
/// Epochs without a gain.
pub const PATIENCE: Limits<usize> = whole("the patience of early stopping", 1, 10_000);
/// Of the validation loss.
pub const LEAST_GAIN: Limits<f64> = real("the minimum gain of early stopping", 0.0, 10.0);

/// Between two drops.
pub const STEP_EVERY: Limits<usize> = whole("the number of steps between drops of the rate", 1, 1_000_000);
/// At each drop.
pub const STEP_FACTOR: Limits<f64> = real("the factor of the schedule", 0.01, 1.0);
/// At each epoch.
pub const EXPONENTIAL_FACTOR: Limits<f64> = real("the factor of the schedule", 0.9, 1.0);
/// Until the rate is lowest.
pub const SCHEDULE_STEPS: Limits<usize> = whole("the number of steps of the schedule", 1, 10_000_000);
/// As a share of the full rate.
pub const COSINE_FLOOR: Limits<f64> = real("the floor of the schedule", 0.0, 1.0);
/// The share of the steps in which the rate rises.
pub const CYCLE_RISE: Limits<f64> = real("the rise of the cycle", 0.0, 1.0);
/// What the full rate is divided by for the first step.
pub const START_DIVISOR: Limits<f64> = real("the start divisor of the cycle", 1.0, 1e6);
/// What the first rate is divided by for the last step.
pub const END_DIVISOR: Limits<f64> = real("the end divisor of the cycle", 1.0, 1e9);
/// Both its lowest and its highest.
pub const CYCLE_MOMENTUM: Limits<f64> = real("the momentum of the cycle", 0.0, 0.999);
/// At each cut.
pub const PLATEAU_FACTOR: Limits<f64> = real("the factor of the schedule", 0.01, 0.99);
/// Without a gain, before a cut.
pub const PLATEAU_WAIT: Limits<usize> = whole("the number of epochs to wait on a plateau", 0, 10_000);
/// The gain that counts.
pub const PLATEAU_THRESHOLD: Limits<f64> = real("the threshold of the schedule", 0.0, 1.0);
/// Epochs after a cut in which none is counted.
pub const PLATEAU_COOLDOWN: Limits<usize> = whole("the cooldown of the schedule", 0, 10_000);
/// Below it the rate is not cut.
pub const PLATEAU_LEAST_RATE: Limits<f64> = real("the minimum rate of the schedule", 0.0, 1.0);
/// A cut by less is not made.
pub const PLATEAU_LEAST_CUT: Limits<f64> = real("the minimum cut of the schedule", 0.0, 0.1);

/// Of the samples that are held back.
pub const VALIDATION: Limits<f64> = real("the validation share", 0.05, 0.9);
/// Of the samples that are set aside.
pub const TEST: Limits<f64> = real("the test share", 0.0, 0.9);
/// Equal parts, each of which validates once.
pub const FOLDS: Limits<usize> = whole("the number of folds", 2, 50);
/// Which of them.
pub const FOLD: Limits<usize> = whole("the fold", 1, 50);
/// Generated ones, before they are split.
pub const POINTS: Limits<usize> = whole("the number of points", 10, 100_000);
/// Of generated points.
pub const CLASSES: Limits<usize> = whole("the number of classes", 2, 10);
/// Drawn ones, before they are split.
pub const DIGITS: Limits<usize> = whole("the number of digits", 100, 60_000);
/// Of generated points and drawn digits.
pub const NOISE: Limits<f64> = real("the noise", 0.0, 0.5);
/// Of each part of a folder of pictures.
pub const PICTURES: Limits<usize> = whole("the number of images per set", 10, 10_000_000);

/// Drawn ones in colour, before they are split.
pub const DRAWN: Limits<usize> = whole("the number of pictures", 100, 60_000);
/// Rows and columns of a drawn picture in colour.
pub const DRAWN_SIDE: Limits<usize> = whole("the size of the pictures", 16, 256);
/// In a drawn scene at most.
pub const THINGS: Limits<usize> = whole("the number of things in a picture", 1, 20);
/// Rows and columns of a picture from a file.
pub const SIDE: Limits<usize> = whole("the size of the pictures", 8, 512);

impl<T: Copy + PartialOrd + Shown> Limits<T> {
    /// Smallest and largest value.
    pub fn range(&self) -> (T, T) {
        (self.least, self.most)
    }

    /// A sentence where a number lies outside.
    pub fn refuse(&self, value: T) -> Option<String> {
        if self.least <= value && value <= self.most {
            return None;
        }
        let mut name = self.name.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let (least, most, value) = (self.least.shown(), self.most.shown(), value.shown());
        Some(format!("{name} must be between {least} and {most}, not {value}."))
    }
}

/// A number as people write it.
pub trait Shown {
    /// With as many places as it takes.
    fn shown(self) -> String;
}

impl Shown for f64 {
    fn shown(self) -> String {
        let size = self.abs();
        if size > 0.0 && !(1e-4..1e7).contains(&size) { format!("{self:e}") } else { self.to_string() }
    }
}

impl Shown for usize {
    /// 100,000
    fn shown(self) -> String {
        let digits = self.to_string();
        let places = digits.len();
        let spaced = digits.chars().enumerate().flat_map(|(i, digit)| {
            let comma = (i > 0 && (places - i).is_multiple_of(3)).then_some(',');
            comma.into_iter().chain([digit])
        });
        spaced.collect()
    }
}

fn count(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Gathers what is refused.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn look<T: Copy + PartialOrd + Shown>(&mut self, limits: &Limits<T>, value: T) {
        self.0.extend(limits.refuse(value));
    }

    /// Of drawn pictures in colour, whose numbers are allowed by themselves.
    fn look_at_memory(&mut self, samples: usize, size: usize) {
        const MOST: usize = 1_500_000_000;
        if self.0.is_empty() && samples.saturating_mul(size * size * 3 * size_of::<f32>()) > MOST {
            let samples = samples.shown();
            self.0.push(format!(
                "{samples} pictures of {size} × {size} don't fit in memory. Choose fewer, or smaller ones."
            ));
        }
    }

    fn adam(&mut self, [beta1, beta2, epsilon, weight_decay]: [f64; 4]) {
        self.look(&BETA1, beta1);
        self.look(&BETA2, beta2);
        self.look(&EPSILON, epsilon);
        self.look(&WEIGHT_DECAY, weight_decay);
    }

    fn optimiser(&mut self, optimiser: &Optimiser) {
        match *optimiser {
            Optimiser::Sgd { momentum, weight_decay, nesterov: _ } => {
                self.look(&MOMENTUM, momentum);
                self.look(&WEIGHT_DECAY, weight_decay);
            }
            Optimiser::Adam { beta1, beta2, epsilon, weight_decay }
            | Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
                self.adam([beta1, beta2, epsilon, weight_decay]);
            }
            Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
                self.look(&ALPHA, alpha);
                self.look(&EPSILON, epsilon);
                self.look(&MOMENTUM, momentum);
                self.look(&WEIGHT_DECAY, weight_decay);
            }
            Optimiser::Adagrad { rate_decay, start, epsilon, weight_decay } => {
                self.look(&RATE_DECAY, rate_decay);
                self.look(&SUM_START, start);
                self.look(&EPSILON, epsilon);
                self.look(&WEIGHT_DECAY, weight_decay);
            }
            Optimiser::NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay } => {
                self.adam([beta1, beta2, epsilon, weight_decay]);
                self.look(&MOMENTUM_DECAY, momentum_decay);
            }
            Optimiser::Lion { beta1, beta2, weight_decay } => {
                self.look(&BETA1, beta1);
                self.look(&BETA2, beta2);
                self.look(&WEIGHT_DECAY, weight_decay);
            }
        }
    }

    fn schedule(&mut self, schedule: &Schedule) {
        match schedule {
            Schedule::Constant => {}
            Schedule::Step { every, factor } => {
                self.look(&STEP_EVERY, *every);
                self.look(&STEP_FACTOR, *factor);
            }
            Schedule::Exponential { factor } => self.look(&EXPONENTIAL_FACTOR, *factor),
            Schedule::Cosine { steps, floor } => {
                self.look(&SCHEDULE_STEPS, *steps);
                self.look(&COSINE_FLOOR, *floor);
            }
            Schedule::OneCycle(OneCycle {
                steps,
                rise,
                start_divisor,
                end_divisor,
                low_momentum,
                high_momentum,
                linear: _,
                three_phases: _,
                cycle_momentum: _,
            }) => {
                self.look(&SCHEDULE_STEPS, *steps);
                self.look(&CYCLE_RISE, *rise);
                self.look(&START_DIVISOR, *start_divisor);
                self.look(&END_DIVISOR, *end_divisor);
                self.look(&CYCLE_MOMENTUM, *low_momentum);
                self.look(&CYCLE_MOMENTUM, *high_momentum);
            }
            Schedule::Plateau(Plateau {
                factor,
                patience,
                threshold,
                cooldown,
                least_rate,
                least_cut,
                watch: _,
                relative: _,
            }) => {
                self.look(&PLATEAU_FACTOR, *factor);
                self.look(&PLATEAU_WAIT, count(*patience));
                self.look(&PLATEAU_THRESHOLD, *threshold);
                self.look(&PLATEAU_COOLDOWN, count(*cooldown));
                self.look(&PLATEAU_LEAST_RATE, *least_rate);
                self.look(&PLATEAU_LEAST_CUT, *least_cut);
            }
        }
    }
}

impl TrainingSpec {
    /// A sentence about every number that cannot be.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Found::default();
        found.look(&LEARNING_RATE, self.learning_rate);
        found.optimiser(&self.optimiser);
        found.schedule(&self.schedule);
        found.look(&WARM_UP, self.warm_up_steps);
        found.look(&BATCH_SIZE, self.batch_size);
        found.look(&EPOCHS, self.epochs);
        if let Clip::Norm { max } | Clip::Value { max } = self.clip {
            found.look(&CLIP, max);
        }
        if let Some(stopping) = self.early_stopping {
            found.look(&PATIENCE, stopping.patience);
            found.look(&LEAST_GAIN, stopping.min_delta);
        }
        let Augmentation {
            flip: _,
            flip_up_down: _,
            rotation,
            shift,
            zoom,
            shear,
            brightness,
            contrast,
            saturation,
            noise,
            cutout,
            mixup,
        } = *self.augmentation;
        found.look(&ROTATION, rotation);
        found.look(&SHIFT, shift);
        found.look(&ZOOM, zoom);
        found.look(&SHEAR, shear);
        found.look(&BRIGHTNESS, brightness);
        found.look(&CONTRAST, contrast);
        found.look(&SATURATION, saturation);
        found.look(&PIXEL_NOISE, noise);
        found.look(&CUTOUT, cutout);
        found.look(&MIXUP, mixup);
        found.look(&SEED, count(self.seed));
        found.0
    }
}

/// Of points that were put by hand.
fn problem_of_own(spec: &SyntheticSpec) -> Option<String> {
    let points = &spec.points;
    if points.is_empty() {
        return None;
    }
    let Some(classes) = spec.class_count() else {
        return Some(format!("Points of your own have classes, but {} predicts numbers.", spec.kind.title()));
    };
    let reach = -OwnPoint::REACH..=OwnPoint::REACH;
    let is_outside = |point: &&OwnPoint| !reach.contains(&point.x) || !reach.contains(&point.y);
    if let Some(OwnPoint { x, y, .. }) = points.iter().find(is_outside) {
        let reach = OwnPoint::REACH;
        return Some(format!("The point {x}, {y} lies outside the plane, which reaches from -{reach} to {reach}."));
    }
    if let Some(point) = points.iter().find(|point| point.class >= classes) {
        return Some(format!("A point has the class {}, but the last is {}.", point.class, classes - 1));
    }
    let most = OwnPoint::MOST;
    (points.len() > most).then(|| format!("There are {} points of your own; the most is {most}.", points.len()))
}

impl DataSpec {
    /// A sentence about every number that cannot be. Numbers that have no meaning for the source are not looked at.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Found::default();
        match &self.source {
            Source::Synthetic(points) => {
                found.look(&POINTS, points.samples);
                found.look(&NOISE, points.noise);
                if points.kind.has_class_count() {
                    found.look(&CLASSES, points.classes);
                }
                found.0.extend(problem_of_own(points));
            }
            Source::Digits(digits) => {
                found.look(&DIGITS, digits.samples);
                found.look(&NOISE, digits.noise);
            }
            Source::Shapes(shapes) => {
                found.look(&DRAWN, shapes.samples);
                found.look(&DRAWN_SIDE, shapes.size);
                found.look(&NOISE, shapes.noise);
                found.look_at_memory(shapes.samples, shapes.size);
            }
            Source::Scenes(scenes) => {
                found.look(&DRAWN, scenes.samples);
                found.look(&DRAWN_SIDE, scenes.size);
                found.look(&THINGS, scenes.most);
                found.look(&NOISE, scenes.noise);
                found.look_at_memory(scenes.samples, scenes.size);
            }
            Source::Idx(pictures) => {
                if let Some(limit) = pictures.limit {
                    found.look(&PICTURES, limit);
                }
            }
            Source::Pictures(pictures) => found.look(&SIDE, pictures.size),
            Source::Boxes(pictures) => {
                found.look(&SIDE, pictures.size);
                found.0.extend(problem_of_drawn(&pictures.drawn));
            }
            Source::Csv(csv) => {
                if let Some(delimiter) =
                    csv.reading.delimiter.filter(|c| !c.is_ascii() || matches!(c, '\n' | '\r' | '"'))
                {
                    found
                        .0
                        .push(format!("Cells can't be delimited by {delimiter:?}: choose one such as , ; | or a tab."));
                }
            }
            Source::Sample(sample) => {
                let numbers = sample.parts.iter().fold(0usize, |sum, part| sum.saturating_add(part.shape.len()));
                if numbers == 0 || numbers > super::infer::MAX_NUMBERS {
                    found.0.push(format!("A sample has 1 to {} numbers, not {numbers}.", super::infer::MAX_NUMBERS));
                }
            }
        }
        found.0.extend(self.problems_of_parts());
        found.0
    }
}

impl Project {
    /// A sentence about every number of data and training that cannot be. A graph has none: it refuses them when it is
    /// read.
    pub fn number_problems(&self) -> Vec<String> {
        [self.data.problems(), self.training.problems()].concat()
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        BoxesSpec, CsvSpec, DigitsSpec, DrawnBox, DrawnPicture, EarlyStopping, Fit, IdxSpec, MissingPolicy,
        PictureSpec, Scaling, ScenesSpec, ShapesSpec, SyntheticKind, SyntheticSpec, templates,
    };

    /// Where the numbers lie in a value.
    fn numbers(value: &Value, at: &str, places: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, v)| numbers(v, &format!("{at}/{key}"), places)),
            Value::Number(_) => places.push(at.to_owned()),
            _ => {}
        }
    }

    /// Every number of a value is refused when it is far too large.
    fn every_number_has_limits<T: Serialize + DeserializeOwned>(
        spec: &T,
        free: &[&str],
        problems: fn(&T) -> Vec<String>,
    ) {
        assert_eq!(problems(spec), Vec::<String>::new());
        let value = serde_json::to_value(spec).unwrap();
        let mut places = Vec::new();
        numbers(&value, "", &mut places);
        for place in places.iter().filter(|place| !free.contains(&place.as_str())) {
            let mut other = value.clone();
            let number = other.pointer_mut(place).unwrap();
            *number = if number.is_f64() { json!(1e300) } else { json!(u64::MAX) };
            let found = problems(&serde_json::from_value(other).unwrap());
            assert_eq!(found.len(), 1, "{place}: {found:?}");
        }
    }

    #[test]
    fn there_is_no_number_without_limits() {
        let specs = Optimiser::all().map(|optimiser| TrainingSpec { optimiser, ..TrainingSpec::default() }).into_iter();
        let specs = specs.chain(Schedule::all().map(|schedule| TrainingSpec { schedule, ..TrainingSpec::default() }));
        let clips = [Clip::Norm { max: 1.0 }, Clip::Value { max: 1.0 }];
        let early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.5 });
        let specs = specs.chain(clips.map(|clip| TrainingSpec { clip, early_stopping, ..TrainingSpec::default() }));
        let augmentation = Augmentation {
            flip: true,
            flip_up_down: false,
            rotation: 5.0,
            shift: 0.1,
            zoom: 0.1,
            shear: 5.0,
            brightness: 0.1,
            contrast: 0.1,
            saturation: 0.1,
            noise: 0.1,
            cutout: 0.1,
            mixup: 0.1,
        };
        let augmentation = Box::new(augmentation);
        let specs = specs.chain([TrainingSpec { augmentation, ..TrainingSpec::default() }]);
        specs.for_each(|spec| every_number_has_limits(&spec, &[], TrainingSpec::problems));
        let blobs = SyntheticSpec { kind: SyntheticKind::Blobs, ..SyntheticSpec::default() };
        let csv = CsvSpec {
            path: "a".into(),
            target: "b".into(),
            columns: Vec::new(),
            missing: MissingPolicy::default(),
            scaling: Scaling::default(),
            reading: Default::default(),
        };
        let points = vec![OwnPoint { x: 0.5, y: -1.0, class: 1 }; 4];
        let boxes = vec![DrawnBox::from(("cat".to_owned(), 0.1, 0.2, 0.5, 0.6))];
        let drawn = DrawnPicture { picture: "a.png".into(), boxes: boxes.into() };
        for source in [
            Source::Synthetic(SyntheticSpec { points, ..blobs.clone() }),
            Source::Synthetic(blobs),
            Source::Digits(DigitsSpec::default()),
            Source::Shapes(ShapesSpec::default()),
            Source::Scenes(ScenesSpec::default()),
            Source::Boxes(BoxesSpec {
                folder: "a".into(),
                size: 32,
                grey: true,
                fit: Fit::Pad,
                drawn: vec![drawn].into(),
            }),
            Source::Idx(IdxSpec { folder: "a".into(), limit: Some(100) }),
            Source::Csv(csv),
            Source::Pictures(PictureSpec {
                folder: "a".into(),
                size: 32,
                grey: true,
                fit: Fit::Pad,
                label: String::new(),
            }),
        ] {
            let spec = DataSpec { source, ..DataSpec::default() };
            every_number_has_limits(&spec, &["/seed"], DataSpec::problems);
        }
    }

    #[test]
    fn a_refusal_names_the_number_and_its_limits() {
        let rate = |rate| LEARNING_RATE.refuse(rate);
        assert_eq!(rate(-1.0).unwrap(), "The learning rate must be between 1e-7 and 10, not -1.");
        assert_eq!((rate(1e-7), rate(10.0), rate(f64::NAN).is_some()), (None, None, true));
        assert_eq!(POINTS.refuse(9).unwrap(), "The number of points must be between 10 and 100,000, not 9.");
        assert_eq!([0, 12, 123, 1234, 1_234_567].map(Shown::shown), ["0", "12", "123", "1,234", "1,234,567"]);
        let wrong = TrainingSpec {
            batch_size: 0,
            optimiser: Optimiser::Adam { beta1: 0.9, beta2: 2.0, epsilon: 1e-8, weight_decay: 0.0 },
            ..TrainingSpec::default()
        };
        let found = wrong.problems();
        assert!(found.len() == 2 && found[0].starts_with("Beta 2") && found[1].contains("batch size"), "{found:?}");
    }

    #[test]
    fn templates_keep_to_them() {
        for template in templates::TEMPLATES {
            let Some(project) = templates::build(template.key) else { continue };
            assert_eq!(project.number_problems(), Vec::<String>::new(), "{}", template.key);
        }
    }
}
