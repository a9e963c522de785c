//! In which order samples are asked when not all may be: every beginning of it is a fair sample of the part.

use std::collections::BTreeMap;

use super::order::{Algorithm, EpochOrder};
use super::random::Purpose;
use super::samples::{MOST, Samples};

/// Rows of a part (all, or so many as are ever asked) in an order that has the classes in their shares from the start
/// (each sample where chance puts it within its class), however the part is stored. Of numbers: shuffled. The same part
/// is always ordered the same.
pub(super) fn order(samples: &Samples, by_class: bool) -> Vec<u32> {
    let len = samples.len();
    let mut rows: Vec<u32> = match len {
        // A fair choice of them, without going through all.
        len if len > MOST => EpochOrder::new(Algorithm::Feistel, 0, 0, len).rows(0..MOST),
        len => (0..len as u32).collect(),
    };
    Purpose::Fair.draws(0, 0).shuffle(&mut rows);
    let classes: Option<Vec<usize>> = by_class.then(|| rows.iter().map(|&row| class_of(samples, row)).collect());
    let Some(classes) = classes else { return rows };
    let (mut counts, mut seen) = (BTreeMap::<usize, usize>::new(), BTreeMap::<usize, usize>::new());
    classes.iter().for_each(|&class| *counts.entry(class).or_default() += 1);
    let mut share = |class: usize| {
        let place = seen.entry(class).or_default();
        *place += 1;
        (*place as f64 - 0.5) / counts.get(&class).copied().unwrap_or(1) as f64
    };
    let mut placed: Vec<(f64, usize, u32)> =
        rows.into_iter().zip(classes).map(|(row, class)| (share(class), class, row)).collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    placed.into_iter().map(|(_, _, row)| row).collect()
}

/// 0 for what cannot be read: it is said where it is trained on.
fn class_of(samples: &Samples, row: u32) -> usize {
    samples.target(row as usize).ok().and_then(|target| target.first().copied()).map_or(0, |target| target as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored_by_class(counts: [usize; 3]) -> Samples {
        let targets: Vec<f32> = (0..3).flat_map(|class| vec![class as f32; counts[class]]).collect();
        Samples::in_memory(&[1], vec![0.0; targets.len()], targets)
    }

    #[test]
    fn every_beginning_has_the_classes_in_their_shares() {
        let part = stored_by_class([6000, 3000, 1000]);
        let rows = order(&part, true);
        let mut all = rows.clone();
        all.sort_unstable();
        assert_eq!(all, (0..10_000).collect::<Vec<_>>(), "each row once");
        for len in [10, 256, 2000, 9_999] {
            for (class, share) in [(0, 0.6), (1, 0.3), (2, 0.1)] {
                let found = rows[..len].iter().filter(|&&row| class_of(&part, row) == class);
                let (found, right) = (found.count() as f64, share * len as f64);
                assert!((found - right).abs() <= 1.0, "class {class} of {len}: {found}, not {right}");
            }
        }
        assert_eq!(rows, order(&part, true));
        // Not the first of each class either.
        assert!(rows[..100].iter().any(|&row| row > 300 && row < 6000));
    }

    #[test]
    fn of_very_many_a_fair_share_is_asked() {
        let part = stored_by_class([600_000, 300_000, 100_000]);
        let mut rows = order(&part, true);
        for (class, share) in [(0, 0.6), (1, 0.3), (2, 0.1)] {
            let found = rows[..1000].iter().filter(|&&row| class_of(&part, row) == class).count() as f64;
            assert!((found - share * 1000.0).abs() <= 10.0, "class {class}: {found}");
        }
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), MOST, "each once");
    }

    #[test]
    fn numbers_are_shuffled_and_little_or_nothing_is_no_trouble() {
        assert_eq!(order(&stored_by_class([1, 0, 2]), true).len(), 3);
        let rows = order(&stored_by_class([1000, 0, 0]), false);
        assert!(rows != (0..1000).collect::<Vec<_>>() && rows.iter().map(|&r| u64::from(r)).sum::<u64>() == 499_500);
        assert!(order(&stored_by_class([0, 0, 0]), true).is_empty());
    }
}
