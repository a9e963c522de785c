//! Which samples to show when not all can be shown.

use super::samples::MOST;
use super::{Dataset, Samples};

/// Up to `count` row indices of `part`, spread evenly over it: of one class, or (for classification with `None`) the
/// classes in turn, so that a small preview shows them all. Of a very large part an even share is looked through.
pub fn sample_rows(dataset: &Dataset, part: &Samples, class: Option<usize>, count: usize) -> Vec<u32> {
    let Some(classes) = dataset.classes() else { return part.spread(count) };
    let mut by_class = vec![Vec::new(); classes.len()];
    for row in part.spread(MOST) {
        let Ok(target) = part.target(row as usize) else { continue };
        let class = target.first().map_or(0, |&target| target as usize);
        if let Some(rows) = by_class.get_mut(class) {
            rows.push(row);
        }
    }
    if let Some(class) = class {
        return by_class.get(class).map_or_else(Vec::new, |rows| spread(rows, count));
    }
    let share = count.div_ceil(classes.len().max(1));
    let chosen: Vec<Vec<u32>> = by_class.iter().map(|rows| spread(rows, share)).collect();
    let turns = (0..share).flat_map(|i| chosen.iter().filter_map(move |rows| rows.get(i).copied()));
    turns.take(count).collect()
}

fn spread(rows: &[u32], count: usize) -> Vec<u32> {
    if rows.len() <= count {
        return rows.to_vec();
    }
    (0..count).map(|i| rows[i * rows.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::test_data::dataset;

    fn four_samples() -> Dataset {
        dataset(1, vec![0.0; 5], vec![0.0, 0.0, 1.0, 0.0, 1.0], 2)
    }

    #[test]
    fn classes_take_turns() {
        let set = four_samples();
        assert_eq!(sample_rows(&set, &set.train, None, 4), [0, 2, 1, 4]);
        assert_eq!(sample_rows(&set, &set.train, None, 99), [0, 2, 1, 4, 3]);
        assert_eq!(sample_rows(&set, &set.train, Some(1), 1), [2]);
        assert_eq!(sample_rows(&set, &set.train, Some(7), 3), [0u32; 0]);
    }
}
