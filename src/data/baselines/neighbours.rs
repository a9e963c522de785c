//! The nearest neighbours: the five training samples at the least distance, all of one voice.

use crate::data::progress::{Progress, stop_if_cancelled};
use crate::data::{Batch, DataError};

/// How many are asked.
const K: usize = 5;

/// For each sample the class that most neighbours have (of equal ones the first), or the mean of their numbers. Of
/// equal distances the sample that comes first counts as nearer.
pub(super) fn answers(
    train: &Batch,
    inputs: &[f32],
    width: usize,
    classes: Option<usize>,
    progress: &dyn Progress,
) -> Result<Vec<f32>, DataError> {
    let n = (train.targets.len() / train.len.max(1)).max(1);
    let mut answers = Vec::new();
    for input in inputs.chunks_exact(width) {
        stop_if_cancelled(progress)?;
        let nearest = nearest(train, input, width);
        let target = |row: usize| &train.targets[row * n..(row + 1) * n];
        match classes {
            Some(classes) => {
                let mut votes = vec![0usize; classes];
                for row in nearest {
                    let class = target(row)[0] as usize;
                    votes[class.min(classes - 1)] += 1;
                }
                let most = (0..classes).rev().max_by_key(|&class| votes[class]).unwrap_or_default();
                answers.push(most as f32);
            }
            None => {
                let mean = |at: usize| {
                    let sum: f64 = nearest.iter().map(|&row| f64::from(target(row)[at])).sum();
                    (sum / nearest.len().max(1) as f64) as f32
                };
                answers.extend((0..n).map(mean));
            }
        }
    }
    Ok(answers)
}

/// Rows of the nearest, at most [`K`].
fn nearest(train: &Batch, input: &[f32], width: usize) -> Vec<usize> {
    let mut found: Vec<(f32, usize)> = Vec::with_capacity(K + 1);
    for (row, other) in train.inputs.chunks_exact(width).enumerate() {
        let distance = distance(input, other);
        if found.len() == K && found.last().is_some_and(|(most, _)| distance >= *most) {
            continue;
        }
        let place = found.partition_point(|(less, _)| *less <= distance);
        found.insert(place, (distance, row));
        found.truncate(K);
    }
    found.into_iter().map(|(_, row)| row).collect()
}

/// Squared; in lanes that do not wait for each other.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0f32; 8];
    for (a, b) in a8.iter().zip(b8) {
        for lane in 0..8 {
            lanes[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    lanes.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
}
