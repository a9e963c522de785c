//! In which order samples are asked when not all may be: every beginning of it is a fair sample of the part.

use super::random::{Draws, Purpose};
use super::{Dataset, Part};

/// All rows of a part in an order that has the classes in their shares from the start (each sample where chance puts it within its
/// class), however the part is stored. Of numbers: shuffled. The same part is always ordered the same.
pub fn fair_order(dataset: &Dataset, part: &Part) -> Vec<u32> {
    let mut draws = Draws::new(0, Purpose::Fair, 0);
    let mut rows: Vec<u32> = (0..part.len as u32).collect();
    draws.shuffle(&mut rows);
    let Some(classes) = dataset.classes() else { return rows };
    let class_of = |row: u32| part.targets.get(row as usize).map_or(0, |&target| target as usize);
    let (counts, mut seen) = (dataset.class_counts(part), vec![0usize; classes.len()]);
    let mut placed: Vec<(f64, usize, u32)> = rows
        .into_iter()
        .map(|row| {
            let class = class_of(row);
            let place = seen.get_mut(class).map_or(0, |seen| std::mem::replace(seen, *seen + 1));
            let share = (place as f64 + 0.5) / counts.get(class).copied().unwrap_or(1).max(1) as f64;
            (share, class, row)
        })
        .collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    placed.into_iter().map(|(_, _, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Truth;

    fn stored_by_class(counts: [usize; 3]) -> Dataset {
        let targets: Vec<f32> = (0..3).flat_map(|class| vec![class as f32; counts[class]]).collect();
        let part = Part { len: targets.len(), inputs: vec![0.0; targets.len()].into(), targets: targets.into() };
        Dataset {
            name: "test".into(),
            input_shape: vec![1],
            input_names: vec!["x".into()],
            input_units: Vec::new(),
            truth: Truth::classes(["a", "b", "c"].map(String::from).to_vec()),
            validation: part.clone(),
            train: part,
            plane: None,
            notes: Vec::new(),
            giveaways: Vec::new(),
            encoding: Default::default(),
        }
    }

    #[test]
    fn every_beginning_has_the_classes_in_their_shares() {
        let set = stored_by_class([6000, 3000, 1000]);
        let order = fair_order(&set, &set.validation);
        let mut all = order.clone();
        all.sort_unstable();
        assert_eq!(all, (0..10_000).collect::<Vec<_>>(), "each row once");
        for len in [10, 256, 2000, 9_999] {
            for (class, share) in [(0, 0.6), (1, 0.3), (2, 0.1)] {
                let found = order[..len].iter().filter(|&&row| set.validation.targets[row as usize] == class as f32);
                let (found, right) = (found.count() as f64, share * len as f64);
                assert!((found - right).abs() <= 1.0, "class {class} of {len}: {found}, not {right}");
            }
        }
        assert_eq!(order, fair_order(&set, &set.validation));
        // Not the first of each class either.
        assert!(order[..100].iter().any(|&row| row > 300 && row < 6000));
    }

    #[test]
    fn numbers_are_shuffled_and_little_or_nothing_is_no_trouble() {
        let mut set = stored_by_class([1, 0, 2]);
        assert_eq!(fair_order(&set, &set.validation).len(), 3);
        set.truth = Truth::numbers(vec!["y".into()], &[0.0], &[1.0]);
        let part = Part { len: 1000, inputs: vec![0.0; 1000].into(), targets: vec![0.0; 1000].into() };
        let order = fair_order(&set, &part);
        assert!(order != (0..1000).collect::<Vec<_>>() && order.iter().map(|&r| u64::from(r)).sum::<u64>() == 499_500);
        assert!(fair_order(&set, &Part { len: 0, inputs: Vec::new().into(), targets: Vec::new().into() }).is_empty());
    }
}
