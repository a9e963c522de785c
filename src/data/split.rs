//! Which samples train and which validate.

use super::random::Purpose;

/// Sample indices of the two parts, each in shuffled order.
#[derive(Debug, PartialEq)]
pub(super) struct Split {
    /// Rows of the training set.
    pub train: Vec<usize>,
    /// Rows of the validation set.
    pub validation: Vec<usize>,
}

/// Shuffles by `seed` and cuts off the validation share (rounded; at least one sample in each part, for two or more).
/// With `classes` (one index per sample), samples are exchanged until each class that has two samples is in both parts.
pub(super) fn split(len: usize, share: f64, seed: u64, classes: Option<&[usize]>) -> Split {
    let mut order: Vec<usize> = (0..len).collect();
    Purpose::Split.draws(seed, 0).shuffle(&mut order);
    let kept = ((len as f64 * share).round() as usize).clamp(1.min(len), len.saturating_sub(1).max(1).min(len));
    let train = order.split_off(kept);
    let mut split = Split { train, validation: order };
    if let Some(classes) = classes {
        let count = classes.iter().max().map_or(0, |&c| c + 1);
        fill_missing_classes(&mut split.validation, &mut split.train, classes, count);
        fill_missing_classes(&mut split.train, &mut split.validation, classes, count);
    }
    split
}

/// As [`split`], but the share is taken of each class by itself: of two samples or more at least one is in each part.
pub(super) fn stratified(classes: &[usize], share: f64, seed: u64) -> Split {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    Purpose::Split.draws(seed, 0).shuffle(&mut order);
    let mut left: Vec<usize> = vec![0; classes.iter().max().map_or(0, |&class| class + 1)];
    classes.iter().for_each(|&class| left[class] += 1);
    for count in &mut left {
        let kept = (*count as f64 * share).round() as usize;
        *count = if *count < 2 { 0 } else { kept.clamp(1, *count - 1) };
    }
    let mut split = Split { train: Vec::new(), validation: Vec::new() };
    for row in order {
        let is_kept = left[classes[row]] > 0;
        left[classes[row]] -= usize::from(is_kept);
        if is_kept { split.validation.push(row) } else { split.train.push(row) }
    }
    split
}

/// Brings each class that `part` lacks into it from `other`, where `other` can spare a sample, in exchange for one of a
/// class that `part` can spare.
fn fill_missing_classes(part: &mut [usize], other: &mut [usize], classes: &[usize], count: usize) {
    let counts_of = |samples: &[usize]| {
        let mut counts = vec![0usize; count];
        samples.iter().for_each(|&s| counts[classes[s]] += 1);
        counts
    };
    let (mut here, mut there) = (counts_of(part), counts_of(other));
    for class in 0..count {
        if here[class] > 0 || there[class] < 2 {
            continue;
        }
        let giver = other.iter().position(|&s| classes[s] == class);
        let taker = part.iter().position(|&s| here[classes[s]] > 1);
        let (Some(giver), Some(taker)) = (giver, taker) else { continue };
        let leaving = classes[part[taker]];
        std::mem::swap(&mut part[taker], &mut other[giver]);
        here[class] += 1;
        there[class] -= 1;
        here[leaving] -= 1;
        there[leaving] += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_in_exactly_one_part() {
        let split = split(101, 0.2, 5, None);
        assert_eq!((split.train.len(), split.validation.len()), (81, 20));
        let mut all = [split.train, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..101).collect::<Vec<_>>());
    }

    #[test]
    fn the_seed_decides() {
        assert_eq!(split(50, 0.3, 1, None), split(50, 0.3, 1, None));
        assert_ne!(split(50, 0.3, 1, None), split(50, 0.3, 2, None));
    }

    #[test]
    fn a_class_of_two_is_in_both_parts() {
        let mut classes = vec![0; 100];
        classes[17] = 1;
        classes[18] = 1;
        for seed in 0..50 {
            let split = split(100, 0.1, seed, Some(&classes));
            let has = |part: &[usize]| part.iter().any(|&s| classes[s] == 1);
            assert!(has(&split.train) && has(&split.validation), "seed {seed}");
            assert_eq!(split.validation.len(), 10);
        }
    }

    #[test]
    fn tiny_sets_keep_a_sample_in_each_part() {
        assert_eq!(split(2, 0.05, 1, None).validation.len(), 1);
        assert_eq!(split(2, 0.9, 1, None).train.len(), 1);
        assert_eq!(split(1, 0.2, 1, None).validation.len(), 1);
        assert_eq!(split(0, 0.2, 1, None).validation.len(), 0);
    }

    #[test]
    fn each_class_gives_its_share() {
        let classes: Vec<usize> = (0..130)
            .map(|row| {
                if row < 100 {
                    0
                } else if row < 129 {
                    2
                } else {
                    3
                }
            })
            .collect();
        let parts = stratified(&classes, 0.2, 7);
        let counts = |rows: &[usize]| [0, 1, 2, 3].map(|class| rows.iter().filter(|&&r| classes[r] == class).count());
        assert_eq!((counts(&parts.train), counts(&parts.validation)), ([80, 0, 23, 1], [20, 0, 6, 0]));
        assert_eq!(parts, stratified(&classes, 0.2, 7));
        assert_ne!(parts, stratified(&classes, 0.2, 8));
        assert_eq!(counts(&stratified(&[5, 5], 0.9, 1).train.iter().map(|_| 0).collect::<Vec<_>>())[0], 1);
        assert!(stratified(&[], 0.2, 1).train.is_empty());
    }
}
