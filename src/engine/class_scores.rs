//! From a confusion matrix to the scores of each class. Pure.

/// How well one class is told from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassScores {
    /// Of the samples called this class, the share that is; `None` when none was.
    pub precision: Option<f32>,
    /// Of the samples of this class, the share that was found; `None` when there is none.
    pub recall: Option<f32>,
    /// Harmonic mean of the two: 2 tp / (2 tp + fp + fn).
    pub f1: Option<f32>,
    /// How many samples are of this class.
    pub support: u64,
}

/// `confusion` is `[truth][predicted]`, row-major, `classes * classes`.
pub fn per_class(confusion: &[u32], classes: usize) -> Vec<ClassScores> {
    let at = |truth: usize, predicted: usize| u64::from(confusion[truth * classes + predicted]);
    (0..classes)
        .map(|class| {
            let hits = at(class, class);
            let support: u64 = (0..classes).map(|predicted| at(class, predicted)).sum();
            let called: u64 = (0..classes).map(|truth| at(truth, class)).sum();
            ClassScores {
                precision: share(hits, called),
                recall: share(hits, support),
                f1: share(2 * hits, support + called),
                support,
            }
        })
        .collect()
}

/// The share of all samples that are on the diagonal.
pub fn accuracy(confusion: &[u32], classes: usize) -> Option<f32> {
    let hits: u64 = (0..classes).map(|class| u64::from(confusion[class * classes + class])).sum();
    share(hits, confusion.iter().map(|&n| u64::from(n)).sum())
}

fn share(part: u64, all: u64) -> Option<f32> {
    (all > 0).then(|| (part as f64 / all as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_their_definitions() {
        // truth 0: 8 right, 2 called 1; truth 1: 1 called 0, 9 right; truth 2: none, and none called.
        let confusion = [8, 2, 0, 1, 9, 0, 0, 0, 0];
        let scores = per_class(&confusion, 3);
        assert_eq!(scores[0].recall, Some(0.8));
        assert!((scores[0].precision.unwrap() - 8.0 / 9.0).abs() < 1e-6);
        assert!((scores[0].f1.unwrap() - 16.0 / 19.0).abs() < 1e-6);
        assert_eq!(scores[1].support, 10);
        assert_eq!(scores[2], ClassScores { precision: None, recall: None, f1: None, support: 0 });
        assert_eq!(accuracy(&confusion, 3), Some(0.85));
        assert_eq!(accuracy(&[0; 4], 2), None);
    }
}
