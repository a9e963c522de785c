//! How large the things in pictures are: the boxes that are to be found, or what stands out from the background.

use crate::data::{DataError, Dataset};
use crate::model::Task;
use crate::model::task::THING;

/// Pictures that are looked at.
const PICTURES: usize = 100;
/// A pixel is no background from this difference on, as a share of the range of the picture.
const STANDS_OUT: f32 = 0.25;
/// Numbers behind the class of a thing: left, top, right, bottom.
const SIDES: std::ops::Range<usize> = 1..5;

/// The median longer side of things in pixels; `None` where the inputs are no pictures, or nothing stands out.
pub(super) fn longer_side(dataset: &Dataset) -> Result<Option<f64>, DataError> {
    let &[channels, rows, columns] = dataset.input_shape.as_slice() else { return Ok(None) };
    let train = &dataset.train;
    let batch = train.fetch(&train.spread(PICTURES))?;
    let mut sides: Vec<f64> = match dataset.truth.task {
        Task::Boxes { .. } => {
            let things = batch.targets.chunks_exact(THING).filter(|thing| thing[0] >= 0.0);
            let longer = |thing: &[f32]| {
                let [left, top, right, bottom] = [0, 1, 2, 3].map(|i| f64::from(thing[SIDES.start + i]));
                ((right - left) * columns as f64).max((bottom - top) * rows as f64)
            };
            things.map(longer).collect()
        }
        Task::Classes(_) => {
            let pictures = batch.inputs.chunks_exact((channels * rows * columns).max(1));
            pictures.filter_map(|picture| extent(picture, rows, columns)).collect()
        }
        Task::ClassesAt { .. } | Task::Numbers(_) | Task::Input(_) => Vec::new(),
    };
    sides.sort_by(f64::total_cmp);
    Ok(sides.get(sides.len() / 2).copied())
}

/// The longer side of the smallest box around what differs from the corners; `None` where nothing does.
fn extent(picture: &[f32], rows: usize, columns: usize) -> Option<f64> {
    let range = |numbers: &[f32]| {
        numbers.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &n| (low.min(n), high.max(n)))
    };
    let (low, high) = range(picture);
    let (mut top, mut bottom, mut left, mut right) = (rows, 0, columns, 0);
    for channel in picture.chunks_exact(rows * columns) {
        let corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1].map(|i| channel[i]);
        let background = corners.iter().sum::<f32>() / 4.0;
        for (i, &number) in channel.iter().enumerate() {
            if (number - background).abs() > STANDS_OUT * (high - low) {
                let (row, column) = (i / columns, i % columns);
                (top, bottom) = (top.min(row), bottom.max(row + 1));
                (left, right) = (left.min(column), right.max(column + 1));
            }
        }
    }
    (bottom > top).then(|| (bottom - top).max(right - left) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_out_has_a_longer_side() {
        // 6 rows of 8: a bar of 3 × 1 on a background of 0.2.
        let mut picture = vec![0.2; 48];
        (2..5).for_each(|row| picture[row * 8 + 3] = 1.0);
        assert_eq!(extent(&picture, 6, 8), Some(3.0));
        assert_eq!(extent(&[0.2; 48], 6, 8), None);
    }
}
