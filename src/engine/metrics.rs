//! How good answers are: pure functions of a network's outputs and the targets, as plain numbers.
//!
//! Outputs are `[rows, n]` row-major. For classes n is their number, or 1 for two classes told apart by one number; how
//! a row is read is the model's [`Answer`].

use crate::data::{Curve, Unit};
use crate::model::Answer;

/// Rows whose predicted class is the target.
pub fn hits(answer: Answer, outputs: &[f32], targets: &[f32], rows: usize) -> usize {
    each_row(outputs, rows).zip(targets).filter(|(row, target)| answer.class(row) == **target as usize).count()
}

/// Share of rows whose predicted class is the target; 0 for no rows.
pub fn accuracy(answer: Answer, outputs: &[f32], targets: &[f32], rows: usize) -> f64 {
    if rows == 0 { 0.0 } else { hits(answer, outputs, targets, rows) as f64 / rows as f64 }
}

fn each_row(outputs: &[f32], rows: usize) -> impl Iterator<Item = &[f32]> {
    outputs.chunks_exact((outputs.len() / rows.max(1)).max(1))
}

/// How often each class was taken for each: `[truth, predicted]`, row-major.
pub fn confusion(answer: Answer, outputs: &[f32], targets: &[f32], classes: usize) -> Vec<u32> {
    let mut counts = vec![0u32; classes * classes];
    for (row, &target) in each_row(outputs, targets.len()).zip(targets) {
        let (truth, predicted) = (target as usize, answer.class(row));
        if truth < classes && predicted < classes {
            counts[truth * classes + predicted] += 1;
        }
    }
    counts
}

/// How near one predicted number is to the true one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NumberScore {
    /// Share of the variance explained; 0 where the targets do not vary.
    pub r2: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Mean absolute error.
    pub mae: f64,
}

/// The one score of a part, added up piece by piece: accuracy for classes, R² for numbers.
pub struct Tally {
    answer: Answer,
    rows: usize,
    hits: usize,
    numbers: Vec<NumberTally>,
}

/// What is added up of one predicted number: as it is scaled, or in the user's unit where scaling is not all there is.
struct NumberTally {
    unit: Unit,
    /// Of the targets; of those so far where the number is bent.
    mean: f64,
    residual: f64,
    total: f64,
    absolute: f64,
}

impl NumberTally {
    /// `rows`: up to this one.
    fn take(&mut self, output: f32, target: f32, rows: usize) {
        let (o, t) = match self.unit.curve {
            Curve::Linear => {
                let t = f64::from(target);
                self.total += (t - self.mean).powi(2);
                (f64::from(output), t)
            }
            Curve::Log | Curve::LogPlusOne => {
                // Welford's way: the mean in this unit is not known before.
                let t = self.unit.number(target);
                let before = t - self.mean;
                self.mean += before / rows as f64;
                self.total += before * (t - self.mean);
                (self.unit.number(output), t)
            }
        };
        self.residual += (o - t).powi(2);
        self.absolute += (o - t).abs();
    }

    fn score(&self, rows: usize) -> NumberScore {
        let rows = rows.max(1) as f64;
        let scale = if self.unit.curve.is_linear() { f64::from(self.unit.scale).abs() } else { 1.0 };
        NumberScore {
            r2: if self.total == 0.0 { 0.0 } else { 1.0 - self.residual / self.total },
            rmse: (self.residual / rows).sqrt() * scale,
            mae: self.absolute / rows * scale,
        }
    }
}

impl Tally {
    /// `means`: of the targets of the whole part, one for each number, with its unit; not needed for classes.
    pub fn new(answer: Answer, means: &[f64], units: &[Unit]) -> Self {
        let number = |(at, &mean): (usize, &f64)| {
            let unit = units.get(at).copied().unwrap_or(Unit::PLAIN);
            let mean = if unit.curve.is_linear() { mean } else { 0.0 };
            NumberTally { unit, mean, residual: 0.0, total: 0.0, absolute: 0.0 }
        };
        let means = if answer == Answer::Numbers { means } else { &[] };
        Self { answer, rows: 0, hits: 0, numbers: means.iter().enumerate().map(number).collect() }
    }

    /// The next samples, in their order.
    pub fn take(&mut self, outputs: &[f32], targets: &[f32]) {
        let n = self.numbers.len();
        if n == 0 {
            self.rows += targets.len();
            self.hits += hits(self.answer, outputs, targets, targets.len());
            return;
        }
        for (outputs, targets) in outputs.chunks_exact(n).zip(targets.chunks_exact(n)) {
            self.rows += 1;
            for ((number, &output), &target) in self.numbers.iter_mut().zip(outputs).zip(targets) {
                number.take(output, target, self.rows);
            }
        }
    }

    /// 0 for no rows; of numbers the mean over the outputs, 0 where the targets do not vary.
    pub fn score(&self) -> f64 {
        if self.rows == 0 {
            return 0.0;
        }
        if self.numbers.is_empty() {
            return self.hits as f64 / self.rows as f64;
        }
        self.each().iter().map(|one| one.r2).sum::<f64>() / self.numbers.len() as f64
    }

    /// Of each number by itself, in the user's unit; nothing for classes.
    pub fn each(&self) -> Vec<NumberScore> {
        self.numbers.iter().map(|number| number.score(self.rows)).collect()
    }
}

/// The share of the variance of many numbers together that is explained: of a picture's pixels, many of which never
/// change, the mean over each by itself says little.
pub struct Explained {
    rows: usize,
    /// Of each number.
    sums: Vec<f64>,
    squares: f64,
    residuals: f64,
}

impl Explained {
    /// Of n numbers a sample.
    pub fn new(n: usize) -> Self {
        Self { rows: 0, sums: vec![0.0; n], squares: 0.0, residuals: 0.0 }
    }

    /// The next samples, in their order: both are `[rows, n]`.
    pub fn take(&mut self, outputs: &[f32], truth: &[f32]) {
        let n = self.sums.len().max(1);
        for (outputs, truth) in outputs.chunks_exact(n).zip(truth.chunks_exact(n)) {
            self.rows += 1;
            for ((sum, &o), &t) in self.sums.iter_mut().zip(outputs).zip(truth) {
                let (o, t) = (f64::from(o), f64::from(t));
                *sum += t;
                self.squares += t * t;
                self.residuals += (o - t).powi(2);
            }
        }
    }

    /// 0 for no rows, and where the truth does not vary.
    pub fn score(&self) -> f64 {
        let rows = self.rows.max(1) as f64;
        let total = self.squares - self.sums.iter().map(|sum| sum * sum / rows).sum::<f64>();
        if total <= 1e-12 * self.squares { 0.0 } else { 1.0 - self.residuals / total }
    }

    /// Root of the mean squared error.
    pub fn rmse(&self) -> f64 {
        (self.residuals / (self.rows * self.sums.len()).max(1) as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_explained_of_many_numbers_is_weighted_by_how_much_they_vary() {
        let truth = [0.0, 1.0, 0.0, 3.0, 0.0, 5.0];
        let mut explained = Explained::new(2);
        explained.take(&truth[..2], &truth[..2]);
        explained.take(&[0.0, 3.0, 1.0, 4.0], &truth[2..]);
        assert!(
            (explained.score() - (1.0 - 2.0 / 8.0)).abs() < 1e-12
                && (explained.rmse().powi(2) - 1.0 / 3.0).abs() < 1e-12
        );
        let mut same = Explained::new(1);
        same.take(&[0.5, 0.5], &[0.7, 0.7]);
        assert_eq!((same.score(), Explained::new(3).score()), (0.0, 0.0));
    }

    #[test]
    fn classes_are_counted_as_they_are_read() {
        let outputs = [0.1, 0.9, 0.0, 2.0, 1.0, 0.5];
        assert_eq!(accuracy(Answer::Softmax, &outputs, &[1.0, 0.0], 2), 1.0);
        assert_eq!(accuracy(Answer::Softmax, &outputs, &[2.0, 0.0], 2), 0.5);
        assert_eq!(accuracy(Answer::Sigmoid, &[-0.3, 0.2, 0.4], &[0.0, 1.0, 0.0], 3), 2.0 / 3.0);
        assert_eq!(accuracy(Answer::Probabilities, &[0.3, 0.2, 0.6], &[0.0, 1.0, 1.0], 3), 2.0 / 3.0);
        assert_eq!(confusion(Answer::Probabilities, &[0.3, 0.2, 0.6], &[0.0, 1.0, 1.0], 2), [1, 0, 1, 1]);
        let one_hot = |class: usize| (0..3).map(move |i| f32::from(u8::from(i == class)));
        let outputs: Vec<f32> = [0, 1, 1, 1, 0].into_iter().flat_map(one_hot).collect();
        let counts = confusion(Answer::Scores, &outputs, &[0.0, 0.0, 1.0, 1.0, 2.0], 3);
        assert_eq!(counts, [1, 1, 0, 0, 2, 0, 1, 0, 0]);
    }

    #[test]
    fn regression_scores_agree_with_scikit_learn() {
        // r2_score([3, -0.5, 2, 7], [2.5, 0, 2, 8]) = 0.9486081370449679
        let found = whole(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0], &[Unit::PLAIN]);
        assert!((found.score() - 0.948_608_137_044_967_9).abs() < 1e-9);
        let [NumberScore { mae, rmse, .. }] = found.each()[..] else { panic!("one number") };
        assert!((mae - 0.5).abs() < 1e-12 && (rmse - 0.375f64.sqrt()).abs() < 1e-9);
        assert_eq!(whole(&[], &[], &[Unit::PLAIN]).score(), 0.0);
    }

    /// All at once.
    fn whole(outputs: &[f32], targets: &[f32], units: &[Unit]) -> Tally {
        let (n, rows) = (units.len(), targets.len() / units.len());
        let mean = |at: usize| targets.iter().skip(at).step_by(n).map(|&t| f64::from(t)).sum::<f64>() / rows as f64;
        let mut tally = Tally::new(Answer::Numbers, &(0..n).map(mean).collect::<Vec<_>>(), units);
        tally.take(outputs, targets);
        tally
    }

    /// scikit-learn 1.9.1: predictions and scores of `TransformedTargetRegressor(LinearRegression(), func=np.log,
    /// inverse_func=np.exp)` fitted to these numbers by their places, and of one with `log1p` and `expm1`.
    #[test]
    fn what_is_learnt_as_a_logarithm_is_scored_as_scikit_learn_scores_it() {
        let y = [3.0, 7.5, 4.0, 20.0, 11.0, 60.0, 35.0, 90.0, 250.0, 180.0, 900.0, 410.0];
        let predicted = [
            2.894885, 4.7599, 7.826442, 12.868587, 21.159109, 34.790759, 57.204529, 94.058258, 154.654816, 254.2904,
            418.115706, 687.484637,
        ];
        let counts = [0.0, 0.0, 1.0, 3.0, 2.0, 9.0, 5.0, 14.0, 40.0, 22.0, 120.0, 75.0];
        let counted = [
            -0.196467, 0.239003, 0.910472, 1.94584, 3.542319, 6.004, 9.799772, 15.652639, 24.67743, 38.593147,
            60.050398, 93.136266,
        ];
        let unit = |curve| Unit { offset: 3.9, scale: 1.8, decimals: Some(u8::MAX), curve };
        let [log, plus_one] = [Curve::Log, Curve::LogPlusOne].map(unit);
        let scaled = |numbers: [f64; 12], unit: Unit| numbers.map(|number| unit.scaled(number as f32));
        let found = whole(&scaled(predicted, log), &scaled(y, log), &[log]);
        assert!((found.score() - 0.573_839_450_428_659).abs() < 1e-5, "{}", found.score());
        let [NumberScore { rmse, mae, .. }] = found.each()[..] else { panic!("one number") };
        assert!((rmse - 164.605_894_659_466_43).abs() < 1e-3 && (mae - 83.703_226_926_395_3).abs() < 1e-3);
        let found = whole(&scaled(counted, plus_one), &scaled(counts, plus_one), &[plus_one]);
        assert!((found.score() - 0.709_053_960_711_391_3).abs() < 1e-5, "{}", found.score());
        // Beside a number that is learnt as it is, in pieces.
        let both = |a: [f32; 12], b: [f64; 12]| -> Vec<f32> {
            a.into_iter().zip(b).flat_map(|(a, b)| [a, b as f32]).collect()
        };
        let [outputs, targets] = [both(scaled(predicted, log), predicted), both(scaled(y, log), y)];
        let mut tally = Tally::new(Answer::Numbers, &[0.0, y.iter().sum::<f64>() / 12.0], &[log, Unit::PLAIN]);
        outputs.chunks(10).zip(targets.chunks(10)).for_each(|(outputs, targets)| tally.take(outputs, targets));
        let [a, b] = tally.each()[..] else { panic!("two numbers") };
        assert!((a.r2 - b.r2).abs() < 1e-5 && (a.rmse / b.rmse - 1.0).abs() < 1e-5, "{a:?} {b:?}");
    }

    #[test]
    fn a_score_in_pieces_is_the_score_of_the_whole() {
        let outputs: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin() + 0.1).collect();
        let targets: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin() * 3.0 + (i % 2) as f32).collect();
        let mean = |column| targets.iter().skip(column).step_by(2).map(|&t| f64::from(t)).sum::<f64>() / 30.0;
        let mut tally = Tally::new(Answer::Numbers, &[mean(0), mean(1)], &[]);
        for (outputs, targets) in outputs.chunks(14).zip(targets.chunks(14)) {
            tally.take(outputs, targets);
        }
        assert_eq!(tally.score(), whole(&outputs, &targets, &[Unit::PLAIN; 2]).score());
        let classes: Vec<f32> = (0..20).map(|i| (i % 3) as f32).collect();
        let mut tally = Tally::new(Answer::Softmax, &[], &[]);
        for (outputs, targets) in outputs.chunks(12).zip(classes.chunks(4)) {
            tally.take(outputs, targets);
        }
        assert_eq!(tally.score(), accuracy(Answer::Softmax, &outputs, &classes, 20));
        assert_eq!(Tally::new(Answer::Numbers, &[f64::NAN], &[]).score(), 0.0);
    }
}
