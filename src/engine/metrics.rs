//! How good answers are: pure functions of a network's outputs and the targets, as plain numbers.
//!
//! Outputs are `[rows, n]` row-major. For classes n is their number, or 1 for two classes told apart by one number; how
//! a row is read is the model's [`Answer`].

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
}

/// Scores of predicted numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean squared error.
    pub rmse: f64,
    /// Share of the variance explained, mean over the outputs; 0 where the targets do not vary.
    pub r2: f64,
}

/// Share of the variance explained: see [`Regression::r2`].
pub fn r2(outputs: &[f32], targets: &[f32], n: usize) -> f64 {
    regression(outputs, targets, n).r2
}

/// The one score of a part, added up piece by piece: accuracy for classes, R² for numbers.
pub struct Tally {
    answer: Answer,
    rows: usize,
    hits: usize,
    /// Of the targets of each output.
    means: Vec<f64>,
    residuals: Vec<f64>,
    totals: Vec<f64>,
}

impl Tally {
    /// `means`: of the targets of the whole part, one for each number; not needed for classes.
    pub fn new(answer: Answer, means: &[f64]) -> Self {
        let means = if answer == Answer::Numbers { means.to_vec() } else { Vec::new() };
        let zeros = vec![0.0; means.len()];
        Self { answer, rows: 0, hits: 0, means, residuals: zeros.clone(), totals: zeros }
    }

    /// The next samples, in their order.
    pub fn take(&mut self, outputs: &[f32], targets: &[f32]) {
        let n = self.means.len();
        self.rows += targets.len() / n.max(1);
        if n == 0 {
            self.hits += hits(self.answer, outputs, targets, targets.len());
            return;
        }
        for (outputs, targets) in outputs.chunks_exact(n).zip(targets.chunks_exact(n)) {
            for column in 0..n {
                let (o, t) = (f64::from(outputs[column]), f64::from(targets[column]));
                self.residuals[column] += (o - t).powi(2);
                self.totals[column] += (t - self.means[column]).powi(2);
            }
        }
    }

    /// 0 for no rows; of numbers the mean over the outputs, 0 where the targets do not vary.
    pub fn score(&self) -> f64 {
        if self.rows == 0 {
            return 0.0;
        }
        if self.means.is_empty() {
            return self.hits as f64 / self.rows as f64;
        }
        self.each().iter().map(|one| one.r2).sum::<f64>() / self.means.len() as f64
    }

    /// Of each number by itself; nothing for classes.
    pub fn each(&self) -> Vec<NumberScore> {
        let of = |(&residual, &total): (&f64, &f64)| NumberScore {
            r2: if total == 0.0 { 0.0 } else { 1.0 - residual / total },
            rmse: (residual / self.rows.max(1) as f64).sqrt(),
        };
        self.residuals.iter().zip(&self.totals).map(of).collect()
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

/// `outputs` and `targets` are both `[rows, n]`.
pub fn regression(outputs: &[f32], targets: &[f32], n: usize) -> Regression {
    let (n, len) = (n.max(1), outputs.len().min(targets.len()));
    let rows = len / n;
    if rows == 0 {
        return Regression { mae: 0.0, rmse: 0.0, r2: 0.0 };
    }
    let pairs = || outputs.iter().zip(targets).map(|(&o, &t)| (f64::from(o), f64::from(t)));
    let r2_of = |column: usize| {
        let pairs = || pairs().skip(column).step_by(n);
        let mean = pairs().map(|(_, t)| t).sum::<f64>() / rows as f64;
        let residual: f64 = pairs().map(|(o, t)| (o - t).powi(2)).sum();
        let total: f64 = pairs().map(|(_, t)| (t - mean).powi(2)).sum();
        if total == 0.0 { 0.0 } else { 1.0 - residual / total }
    };
    Regression {
        mae: pairs().map(|(o, t)| (o - t).abs()).sum::<f64>() / len as f64,
        rmse: (pairs().map(|(o, t)| (o - t).powi(2)).sum::<f64>() / len as f64).sqrt(),
        r2: (0..n).map(r2_of).sum::<f64>() / n as f64,
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
        let found = regression(&[2.5, 0.0, 2.0, 8.0], &[3.0, -0.5, 2.0, 7.0], 1);
        assert!((found.r2 - 0.948_608_137_044_967_9).abs() < 1e-9);
        assert!((found.mae - 0.5).abs() < 1e-12);
        assert!((found.rmse - 0.375f64.sqrt()).abs() < 1e-9);
        assert_eq!(regression(&[], &[], 1).r2, 0.0);
    }

    #[test]
    fn a_score_in_pieces_is_the_score_of_the_whole() {
        let outputs: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin() + 0.1).collect();
        let targets: Vec<f32> = (0..60).map(|i| (i as f32 * 0.7).sin() * 3.0 + (i % 2) as f32).collect();
        let mean = |column| targets.iter().skip(column).step_by(2).map(|&t| f64::from(t)).sum::<f64>() / 30.0;
        let mut tally = Tally::new(Answer::Numbers, &[mean(0), mean(1)]);
        for (outputs, targets) in outputs.chunks(14).zip(targets.chunks(14)) {
            tally.take(outputs, targets);
        }
        assert_eq!(tally.score(), regression(&outputs, &targets, 2).r2);
        let classes: Vec<f32> = (0..20).map(|i| (i % 3) as f32).collect();
        let mut tally = Tally::new(Answer::Softmax, &[]);
        for (outputs, targets) in outputs.chunks(12).zip(classes.chunks(4)) {
            tally.take(outputs, targets);
        }
        assert_eq!(tally.score(), accuracy(Answer::Softmax, &outputs, &classes, 20));
        assert_eq!(Tally::new(Answer::Numbers, &[f64::NAN]).score(), 0.0);
    }
}
