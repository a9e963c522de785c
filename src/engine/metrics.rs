//! How good answers are: pure functions of a network's outputs and the targets, as plain numbers.
//!
//! Outputs are `[rows, n]` row-major. For classes n is their number, or 1 for two classes told by the sign of one number.

/// The class that a row of outputs names: the largest, or for a single output whether it is positive.
pub fn predicted_class(row: &[f32]) -> usize {
    if let [single] = row {
        return usize::from(*single > 0.0);
    }
    let mut best = 0;
    for (i, &value) in row.iter().enumerate() {
        if value > row[best] {
            best = i;
        }
    }
    best
}

/// Rows whose predicted class is the target.
pub fn hits(outputs: &[f32], targets: &[f32], rows: usize) -> usize {
    each_row(outputs, rows).zip(targets).filter(|(row, target)| predicted_class(row) == **target as usize).count()
}

/// Share of rows whose predicted class is the target; 0 for no rows.
pub fn accuracy(outputs: &[f32], targets: &[f32], rows: usize) -> f64 {
    if rows == 0 { 0.0 } else { hits(outputs, targets, rows) as f64 / rows as f64 }
}

fn each_row(outputs: &[f32], rows: usize) -> impl Iterator<Item = &[f32]> {
    outputs.chunks_exact((outputs.len() / rows.max(1)).max(1))
}

/// How often each class was taken for each: `[truth, predicted]`, row-major.
pub fn confusion(outputs: &[f32], targets: &[f32], classes: usize) -> Vec<u32> {
    let mut counts = vec![0u32; classes * classes];
    for (row, &target) in each_row(outputs, targets.len()).zip(targets) {
        let (truth, predicted) = (target as usize, predicted_class(row));
        if truth < classes && predicted < classes {
            counts[truth * classes + predicted] += 1;
        }
    }
    counts
}

/// Scores of one class against all others. 0 where a score is 0 / 0, as scikit-learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScores {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Rows of this class.
    pub support: u32,
}

/// One entry a class, from what [`confusion`] counted.
pub fn class_scores(confusion: &[u32], classes: usize) -> Vec<ClassScores> {
    let share = |part: u32, whole: u32| if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) };
    let count = |truth: usize, predicted: usize| confusion.get(truth * classes + predicted).copied().unwrap_or(0);
    (0..classes)
        .map(|class| {
            let support = (0..classes).map(|predicted| count(class, predicted)).sum();
            let predicted = (0..classes).map(|truth| count(truth, class)).sum();
            let (precision, recall) = (share(count(class, class), predicted), share(count(class, class), support));
            let sum = precision + recall;
            let f1 = if sum == 0.0 { 0.0 } else { 2.0 * precision * recall / sum };
            ClassScores { precision, recall, f1, support }
        })
        .collect()
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
    fn classes_are_the_largest_output_or_the_sign_of_one() {
        let outputs = [0.1, 0.9, 0.0, 2.0, 1.0, 0.5];
        assert_eq!(accuracy(&outputs, &[1.0, 0.0], 2), 1.0);
        assert_eq!(accuracy(&outputs, &[2.0, 0.0], 2), 0.5);
        assert_eq!(accuracy(&[-0.3, 0.2, 0.4], &[0.0, 1.0, 0.0], 3), 2.0 / 3.0);
    }

    #[test]
    fn scores_agree_with_scikit_learn() {
        // precision_recall_fscore_support([0, 0, 1, 1, 2], [0, 1, 1, 1, 0], zero_division=0)
        let one_hot = |class: usize| (0..3).map(move |i| f32::from(u8::from(i == class)));
        let outputs: Vec<f32> = [0, 1, 1, 1, 0].into_iter().flat_map(one_hot).collect();
        let counts = confusion(&outputs, &[0.0, 0.0, 1.0, 1.0, 2.0], 3);
        assert_eq!(counts, [1, 1, 0, 0, 2, 0, 1, 0, 0]);
        let scores = class_scores(&counts, 3);
        assert_eq!((scores[0].precision, scores[0].recall, scores[0].f1), (0.5, 0.5, 0.5));
        assert!((scores[1].f1 - 0.8).abs() < 1e-12 && scores[1].recall == 1.0);
        assert_eq!((scores[2].precision, scores[2].recall, scores[2].f1, scores[2].support), (0.0, 0.0, 0.0, 1));
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
}
