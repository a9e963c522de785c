//! How well answers are ordered, whatever the threshold: top-k accuracy, and the areas under the ROC and the
//! precision-recall curve. Pure functions of outputs and targets, as `metrics`; definitions are scikit-learn's.

use crate::model::Answer;
use crate::trace::ClassAreas;

/// Share of rows whose class is among the `k` largest outputs; `None` for no rows. Of equal outputs the first counts as
/// larger, as when a class is named.
pub fn top_k(outputs: &[f32], targets: &[f32], classes: usize, k: usize) -> Option<f64> {
    if targets.is_empty() || classes < 2 || outputs.len() != targets.len() * classes {
        return None;
    }
    let is_hit = |(row, target): &(&[f32], &f32)| {
        let truth = **target as usize;
        let Some(&own) = row.get(truth).filter(|own| !own.is_nan()) else { return false };
        let ahead = |(i, other): (usize, &f32)| *other > own || (*other == own && i < truth);
        row.iter().enumerate().filter(|&pair| ahead(pair)).count() < k
    };
    Some(outputs.chunks_exact(classes).zip(targets).filter(is_hit).count() as f64 / targets.len() as f64)
}

/// The `k` worth telling beside the accuracy.
pub fn telling_k(classes: usize) -> Option<usize> {
    match classes {
        0..4 => None,
        4..10 => Some(3),
        _ => Some(5),
    }
}

/// Each class against all others, by how much the outputs mean it. A single output tells two classes apart.
pub fn class_areas(answer: Answer, outputs: &[f32], targets: &[f32], classes: usize) -> Vec<ClassAreas> {
    let width = outputs.len() / targets.len().max(1);
    let rows = || outputs.chunks_exact(width.max(1)).take(targets.len());
    (0..classes)
        .map(|class| {
            let scores: Vec<f64> = rows().map(|row| answer.rank(row, class)).collect();
            areas(scores.into_iter().zip(targets.iter().map(|&t| t as usize == class)).collect())
        })
        .collect()
}

/// The mean over the classes that have an area; of two classes the second speaks for both, as usual.
pub fn overall(areas: &[ClassAreas]) -> ClassAreas {
    if let [_, second] = areas {
        return *second;
    }
    let mean = |of: fn(&ClassAreas) -> Option<f64>| {
        let found: Vec<f64> = areas.iter().filter_map(of).collect();
        (!found.is_empty()).then(|| found.iter().sum::<f64>() / found.len() as f64)
    };
    ClassAreas { roc: mean(|a| a.roc), precision_recall: mean(|a| a.precision_recall) }
}

/// From scores and whether each is of the class. Rows with equal scores change sides together. `None` where the class
/// (for ROC also everything else) does not occur, or a score is no number.
fn areas(mut rows: Vec<(f64, bool)>) -> ClassAreas {
    let positives = rows.iter().filter(|(_, is)| *is).count() as f64;
    let negatives = rows.len() as f64 - positives;
    if positives == 0.0 || rows.iter().any(|(score, _)| score.is_nan()) {
        return ClassAreas { roc: None, precision_recall: None };
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut hits, mut misses, mut pairs, mut precision) = (0.0, 0.0, 0.0, 0.0);
    for equal in rows.chunk_by(|a, b| a.0 == b.0) {
        let found = equal.iter().filter(|(_, is)| *is).count() as f64;
        let wrong = equal.len() as f64 - found;
        // Pairs that are in the right order; ties are half right.
        pairs += wrong * (hits + found / 2.0);
        (hits, misses) = (hits + found, misses + wrong);
        precision += found / positives * (hits / (hits + misses));
    }
    let roc = (negatives > 0.0).then(|| pairs / (positives * negatives));
    ClassAreas { roc, precision_recall: Some(precision) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Purpose;

    #[test]
    fn top_k_agrees_with_scikit_learn() {
        // The example of top_k_accuracy_score.
        let outputs = [0.5, 0.2, 0.2, 0.3, 0.4, 0.2, 0.2, 0.4, 0.3, 0.7, 0.2, 0.1];
        let targets = [0.0, 1.0, 2.0, 2.0];
        assert_eq!(top_k(&outputs, &targets, 3, 2), Some(0.75));
        assert_eq!(top_k(&outputs, &targets, 3, 1), Some(0.5));
        assert_eq!(top_k(&outputs, &targets, 3, 3), Some(1.0));
        assert_eq!(top_k(&[f32::NAN, 1.0], &[0.0], 2, 2), Some(0.0));
        assert_eq!(top_k(&[], &[], 3, 1), None);
    }

    #[test]
    fn areas_agree_with_scikit_learn() {
        // The example of roc_auc_score and average_precision_score, as single logits and as two.
        let (scores, targets) = ([0.1, 0.4, 0.35, 0.8], [0.0, 0.0, 1.0, 1.0]);
        let found = overall(&class_areas(Answer::Softmax, &scores, &targets, 2));
        assert_eq!(found.roc, Some(0.75));
        assert!((found.precision_recall.unwrap() - 0.833_333_333_333_333).abs() < 1e-12);
        let two: Vec<f32> = scores.iter().flat_map(|s| [0.0, *s]).collect();
        assert_eq!(overall(&class_areas(Answer::Softmax, &two, &targets, 2)), found);
        let one_class = class_areas(Answer::Softmax, &scores, &[1.0; 4], 2);
        assert_eq!(one_class[0], ClassAreas { roc: None, precision_recall: None });
        assert_eq!(one_class[1], ClassAreas { roc: None, precision_recall: Some(1.0) });
    }

    #[test]
    fn areas_agree_with_their_definitions_on_random_scores_with_ties() {
        let mut draws = Purpose::Weights.draws(3, 0, None);
        for _ in 0..50 {
            let rows: Vec<(f64, bool)> =
                (0..40).map(|_| (draws.uniform(0.0, 8.0).floor(), draws.unit() < 0.3)).collect();
            let of = |wanted: bool| rows.iter().filter(move |(_, is)| *is == wanted).map(|(score, _)| *score);
            if of(true).count() == 0 {
                continue;
            }
            let order = |a: f64, b: f64| if a > b { 1.0 } else { f64::from(u8::from(a == b)) / 2.0 };
            let right: f64 = of(true).flat_map(|p| of(false).map(move |n| order(p, n))).sum();
            let roc = right / (of(true).count() * of(false).count()) as f64;
            // Σ (R_n − R_{n−1}) P_n over falling thresholds.
            let (mut precision, mut recall) = (0.0, 0.0);
            for threshold in (0..8).rev().map(f64::from) {
                let called = rows.iter().filter(|(score, _)| *score >= threshold).count() as f64;
                let hits = of(true).filter(|score| *score >= threshold).count() as f64;
                let now = hits / of(true).count() as f64;
                precision += if called > 0.0 { (now - recall) * hits / called } else { 0.0 };
                recall = now;
            }
            let found = areas(rows.clone());
            assert!((found.roc.unwrap() - roc).abs() < 1e-12);
            assert!((found.precision_recall.unwrap() - precision).abs() < 1e-12);
        }
    }
}
