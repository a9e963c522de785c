//! Which samples to show when not all can be shown.

use super::{Dataset, Part};

/// Up to `count` row indices of `part`, spread evenly over it: of one class, or (for classification with `None`) the
/// classes in turn, so that a small preview shows them all.
pub fn sample_rows(dataset: &Dataset, part: &Part, class: Option<usize>, count: usize) -> Vec<u32> {
    let Some(classes) = dataset.classes() else {
        return spread(&(0..part.len as u32).collect::<Vec<_>>(), count);
    };
    let mut by_class = vec![Vec::new(); classes.len()];
    for (row, &target) in part.targets.iter().enumerate() {
        if let Some(rows) = by_class.get_mut(target as usize) {
            rows.push(row as u32);
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
    use crate::data::Truth;

    fn four_samples() -> Dataset {
        let part = Part { len: 5, inputs: vec![0.0; 5].into(), targets: vec![0.0, 0.0, 1.0, 0.0, 1.0].into() };
        Dataset {
            name: "test".into(),
            input_shape: vec![1],
            input_names: vec!["x".into()],
            input_units: Vec::new(),
            truth: Truth::classes(vec!["a".into(), "b".into()]),
            validation: part.clone(),
            train: part,
            plane: None,
            notes: Vec::new(),
            giveaways: Vec::new(),
            encoding: Default::default(),
        }
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
