//! Which samples train, which validate, and which are set aside for the test.
//!
//! The parts are drawn one after the other: first the test part, from random numbers of its own, so that neither the
//! validation share nor a fold changes it; then the rest is divided as if there were no test.

use std::borrow::Cow;

use super::random::{Draws, Purpose};
use crate::expr::counted;
use crate::model::{DataSpec, Division, Fold};

/// Sample indices of the parts, each in shuffled order but for those that are divided by order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Split {
    /// Rows of the training set.
    pub train: Vec<usize>,
    /// Rows of the validation set.
    pub validation: Vec<usize>,
    /// Rows that neither training nor choosing sees.
    pub test: Vec<usize>,
}

/// What is known of the rows that are to be divided.
#[derive(Default)]
pub(super) struct Rows<'a> {
    pub len: usize,
    /// A class index each; `None` for numbers.
    pub classes: Option<&'a [usize]>,
    /// What the column says by which they are divided.
    pub keys: Keys,
    /// The source takes of each class its share, unless it is told otherwise.
    pub is_stratified: bool,
}

/// What decides beside the lot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Keys {
    #[default]
    None,
    /// By which rows are ordered; NaN comes first.
    Order(Vec<f64>),
    Marks(Vec<Mark>),
    /// Equal numbers stay together.
    Groups(Vec<u64>),
}

/// The part that a row is said to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Train,
    Validation,
    Test,
}

/// Streams of random numbers; never change one.
const REST: u64 = 0;
const TEST: u64 = 1;

/// As the settings say. Errors are sentences without the name of the file.
pub(super) fn divide(spec: &DataSpec, rows: &Rows) -> Result<Split, String> {
    let split = match (&spec.split, &rows.keys) {
        (Division::Order { .. }, keys) => in_order(spec, rows.len, keys)?,
        (_, Keys::Marks(marks)) => marked(spec, rows, marks)?,
        (Division::Together, Keys::Groups(groups)) => in_groups(spec, groups, rows.classes)?,
        (_, Keys::Groups(groups)) => in_groups(spec, groups, None)?,
        _ => {
            let (rest, test) = set_aside(spec, rows);
            let of_rest = drawn(spec, rows, rest.as_deref())?;
            Split { test, ..of_rest }
        }
    };
    if spec.test > 0.0 && (split.train.is_empty() || split.validation.is_empty()) {
        return Err("Too few rows are left for training and validation. Set less aside for the test".into());
    }
    Ok(split)
}

/// Whether a folder's part for tests is one: of settings that say nothing of parts it validates, as it always did.
pub(super) fn has_own_test(spec: &DataSpec) -> bool {
    spec.split != Division::Usual || spec.test > 0.0 || spec.fold.is_some()
}

/// What a folder says of parts.
pub(super) struct Own<T> {
    pub train: Vec<T>,
    pub validation: Option<Vec<T>>,
    pub test: Option<Vec<T>>,
}

impl<T> Own<T> {
    /// Whether its own part validates: folds are drawn from all.
    pub fn validates(&self, spec: &DataSpec) -> bool {
        self.validation.is_some() && spec.fold.is_none()
    }
}

/// Takes out of what is for training what validates and what is set aside, where the folder has no own part for it:
/// training, validation and test. Folds are drawn from all that is not set aside. Of each class its share, where
/// something has one.
pub(super) fn hold_back<T>(
    own: Own<T>,
    class: Option<&dyn Fn(&T) -> usize>,
    spec: &DataSpec,
) -> Result<[Vec<T>; 3], String> {
    let Own { mut train, mut validation, test } = own;
    if spec.fold.is_some() {
        train.extend(validation.take().into_iter().flatten());
    }
    if validation.is_some() && (test.is_some() || spec.test == 0.0) {
        return Ok([train, validation.unwrap_or_default(), test.unwrap_or_default()]);
    }
    let classes: Option<Vec<usize>> = class.map(|class| train.iter().map(class).collect());
    let is_stratified = classes.is_some();
    let rows = Rows { len: train.len(), classes: classes.as_deref(), is_stratified, ..Default::default() };
    let share = if test.is_some() { 0.0 } else { spec.test };
    let split = divide(&DataSpec { test: share, ..spec.clone() }, &rows)?;
    let mut all: Vec<Option<T>> = train.into_iter().map(Some).collect();
    let mut take = |rows: Vec<usize>| rows.into_iter().filter_map(|row| all[row].take()).collect::<Vec<T>>();
    let (drawn, aside, mut train) = (take(split.validation), take(split.test), take(split.train));
    Ok(match validation {
        Some(own) => {
            train.extend(drawn);
            [train, own, aside]
        }
        None => [train, drawn, test.unwrap_or(aside)],
    })
}

/// Whether of each class its share is drawn.
fn is_stratified(spec: &DataSpec, rows: &Rows) -> bool {
    match spec.split {
        Division::Stratified => true,
        Division::Usual => rows.is_stratified,
        _ => false,
    }
}

/// Takes the test part out of all rows: what is left, in ascending order (`None`: all), and the part.
fn set_aside(spec: &DataSpec, rows: &Rows) -> (Option<Vec<usize>>, Vec<usize>) {
    if spec.test == 0.0 {
        return (None, Vec::new());
    }
    let draws = Purpose::Split.draws(spec.seed, TEST);
    let split = match rows.classes.filter(|_| is_stratified(spec, rows)) {
        Some(classes) => stratified_by(classes, spec.test, draws),
        None => split_by(rows.len, spec.test, draws, rows.classes),
    };
    let mut rest = split.train;
    rest.sort_unstable();
    (Some(rest), split.validation)
}

/// Divides rows by lot: all, or some of them.
fn drawn(spec: &DataSpec, rows: &Rows, some: Option<&[usize]>) -> Result<Split, String> {
    let classes = rows.classes.map(|classes| match some {
        Some(some) => Cow::Owned(some.iter().map(|&row| classes[row]).collect::<Vec<_>>()),
        None => Cow::Borrowed(classes),
    });
    let len = some.map_or(rows.len, <[usize]>::len);
    let share = spec.validation / (1.0 - spec.test);
    let split = match (spec.fold, &classes) {
        (Some(fold), classes) => {
            let by_class = classes.as_deref().filter(|_| spec.split != Division::Random);
            folded(fold, len, spec.seed, by_class)?
        }
        (None, Some(classes)) if is_stratified(spec, rows) => stratified(classes, share, spec.seed),
        (None, classes) => split(len, share, spec.seed, classes.as_deref()),
    };
    let Some(some) = some else { return Ok(split) };
    let back = |part: Vec<usize>| part.into_iter().map(|place| some[place]).collect();
    Ok(Split { train: back(split.train), validation: back(split.validation), test: Vec::new() })
}

/// The rows of one fold validate, all others train. With `classes` every fold has its share of each.
fn folded(fold: Fold, len: usize, seed: u64, classes: Option<&[usize]>) -> Result<Split, String> {
    let Fold { number, of } = fold;
    if len < of {
        return Err(format!("There are only {len} rows for {of} folds. Choose fewer folds"));
    }
    let mut order: Vec<usize> = (0..len).collect();
    Purpose::Split.draws(seed, REST).shuffle(&mut order);
    if let Some(classes) = classes {
        order.sort_by_key(|&row| classes[row]);
    }
    let mut split = Split::default();
    for (place, row) in order.into_iter().enumerate() {
        if place % of + 1 == number { split.validation.push(row) } else { split.train.push(row) }
    }
    Ok(split)
}

/// The last rows are the test, those before them validate. Rows of one key are in one part where that leaves each its
/// rows. A fold validates on the block behind those that it learns from.
fn in_order(spec: &DataSpec, len: usize, keys: &Keys) -> Result<Split, String> {
    let mut order: Vec<usize> = (0..len).collect();
    let key = |row: usize| match keys {
        Keys::Order(keys) if keys[row].is_nan() => f64::NEG_INFINITY,
        Keys::Order(keys) => keys[row],
        _ => row as f64,
    };
    order.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    let share = |share: f64| (len as f64 * share).round() as usize;
    // Between different keys, as near as there is such a place.
    let border = |at: usize, from: usize, to: usize| {
        let is_border = |at: usize| at > from && at < to && key(order[at - 1]) != key(order[at]);
        let near = (0..len).flat_map(|off| [at.checked_sub(off), at.checked_add(off)]).flatten();
        near.take(2 * len).find(|&at| is_border(at)).unwrap_or(at.clamp(from.min(to), to))
    };
    let test = if spec.test > 0.0 { border(len - share(spec.test).clamp(1, len.max(1)), 0, len) } else { len };
    let (from, to) = match spec.fold {
        None => (border(test.saturating_sub(share(spec.validation).max(1)), 0, test), test),
        Some(Fold { number, of }) if test > of => {
            let block = |number: usize| number * test / (of + 1);
            let to = if number == of { test } else { border(block(number + 1), 0, test) };
            (border(block(number), 0, to), to)
        }
        Some(Fold { of, .. }) => return Err(format!("There are only {test} rows for {of} folds. Choose fewer folds")),
    };
    let part = |from: usize, to: usize| order[from..to].to_vec();
    Ok(Split { train: part(0, from), validation: part(from, to), test: part(test, len) })
}

/// As the file says. Where it says nothing of validation, that is drawn from the rows for training.
fn marked(spec: &DataSpec, rows: &Rows, marks: &[Mark]) -> Result<Split, String> {
    let of = |mark: Mark| (0..rows.len).filter(|&row| marks[row] == mark).collect::<Vec<_>>();
    let (train, validation, test) = (of(Mark::Train), of(Mark::Validation), of(Mark::Test));
    if train.is_empty() {
        return Err("No row is marked for training".into());
    }
    match (validation.is_empty(), spec.fold) {
        (false, Some(_)) => {
            Err("The file says which rows validate, so there are no folds. Choose another way to split".into())
        }
        (false, None) => {
            let mut train = train;
            Purpose::Split.draws(spec.seed, REST).shuffle(&mut train);
            Ok(Split { train, validation, test })
        }
        (true, _) => {
            let stratified = DataSpec { split: Division::Stratified, test: 0.0, ..spec.clone() };
            Ok(Split { test, ..drawn(&stratified, rows, Some(&train))? })
        }
    }
}

/// Draws whole groups, as long as that brings a part nearer to its share; of each class its own, where every group is
/// of one.
fn in_groups(spec: &DataSpec, keys: &[u64], classes: Option<&[usize]>) -> Result<Split, String> {
    let class = |group: &Vec<usize>| classes.zip(group.first()).map_or(0, |(classes, &row)| classes[row]);
    let mut groups = grouped(keys);
    let mut sizes = vec![0; groups.iter().map(class).max().map_or(1, |last| last + 1)];
    groups.iter().for_each(|group| sizes[class(group)] += group.len());
    let parts = if spec.test > 0.0 { 3 } else { 2 };
    if groups.len() < parts {
        let what = if spec.split == Division::Together { "different rows" } else { "groups" };
        return Err(format!("There are only {} {what} for {parts} parts. Choose another way to split", groups.len()));
    }
    let mut split = Split::default();
    if spec.test > 0.0 {
        Purpose::Split.draws(spec.seed, TEST).shuffle(&mut groups);
        split.test = take_of_each(&mut groups, spec.test, (&class, &sizes), 2);
    }
    let mut draws: Draws = Purpose::Split.draws(spec.seed, REST);
    draws.shuffle(&mut groups);
    split.validation = match spec.fold {
        None => take_of_each(&mut groups, spec.validation, (&class, &sizes), 1),
        Some(fold) => take_fold(&mut groups, fold, (&class, &sizes))?,
    };
    if split.validation.is_empty() {
        return Err("Every class has equal rows only, so none can validate. Choose another way to split".into());
    }
    split.train = groups.concat();
    draws.shuffle(&mut split.train);
    Ok(split)
}

/// Rows of one key each, in the order in which the keys are met.
fn grouped(keys: &[u64]) -> Vec<Vec<usize>> {
    let mut place_of = std::collections::HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (row, key) in keys.iter().enumerate() {
        let place = *place_of.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    groups
}

/// Takes one of several folds, whose sizes are as even as the groups allow.
fn take_fold(
    groups: &mut Vec<Vec<usize>>,
    Fold { number, of }: Fold,
    (class, sizes): (&impl Fn(&Vec<usize>) -> usize, &[usize]),
) -> Result<Vec<usize>, String> {
    if groups.len() < of {
        return Err(format!("There are only {} for {of} folds. Choose fewer folds", counted(groups.len(), "group")));
    }
    let (mut sizes, mut of_class) = (vec![0; of], vec![vec![0; of]; sizes.len()]);
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let mut chosen = Vec::new();
    groups.retain(|group| {
        let own = &mut of_class[class(group)];
        let smallest = (0..of).min_by_key(|&fold| (own[fold], sizes[fold])).unwrap_or_default();
        own[smallest] += group.len();
        sizes[smallest] += group.len();
        let is_in = smallest + 1 == number;
        chosen.extend(group.iter().filter(|_| is_in));
        !is_in
    });
    Ok(chosen)
}

/// Takes its share of the rows of each class, of which there are `sizes` in all: at least one group, where so many are
/// `left` of the class.
fn take_of_each(
    groups: &mut Vec<Vec<usize>>,
    share: f64,
    (class, sizes): (&impl Fn(&Vec<usize>) -> usize, &[usize]),
    left: usize,
) -> Vec<usize> {
    let mut of_class: Vec<Vec<Vec<usize>>> = vec![Vec::new(); sizes.len()];
    std::mem::take(groups).into_iter().for_each(|group| of_class[class(&group)].push(group));
    let mut taken = Vec::new();
    for (of_class, &size) in of_class.iter_mut().zip(sizes) {
        taken.extend(take(of_class, share * size as f64, left));
    }
    *groups = of_class.into_iter().flatten().collect();
    taken
}

/// At least one group, and so many are left at least.
fn take(groups: &mut Vec<Vec<usize>>, goal: f64, left: usize) -> Vec<usize> {
    let mut taken: Vec<usize> = Vec::new();
    if groups.len() <= left {
        return taken;
    }
    let mut can_go = groups.len() - left;
    groups.retain(|group| {
        let (now, then) = (taken.len() as f64, (taken.len() + group.len()) as f64);
        let goes = can_go > 0 && (then - goal).abs() < (now - goal).abs();
        if goes {
            taken.extend(group);
            can_go -= 1;
        }
        !goes
    });
    if taken.is_empty()
        && let Some(smallest) = (0..groups.len()).min_by_key(|&place| groups[place].len())
    {
        taken = groups.remove(smallest);
    }
    taken
}

/// Shuffles by `seed` and cuts off the validation share (rounded; at least one sample in each part, for two or more).
/// With `classes` (one index per sample), samples are exchanged until each class that has two samples is in both parts.
fn split(len: usize, share: f64, seed: u64, classes: Option<&[usize]>) -> Split {
    split_by(len, share, Purpose::Split.draws(seed, REST), classes)
}

fn split_by(len: usize, share: f64, mut draws: Draws, classes: Option<&[usize]>) -> Split {
    let mut order: Vec<usize> = (0..len).collect();
    draws.shuffle(&mut order);
    let kept = ((len as f64 * share).round() as usize).clamp(1.min(len), len.saturating_sub(1).max(1).min(len));
    let train = order.split_off(kept);
    order.shrink_to_fit();
    let mut split = Split { train, validation: order, test: Vec::new() };
    if let Some(classes) = classes {
        let count = classes.iter().max().map_or(0, |&c| c + 1);
        fill_missing_classes(&mut split.validation, &mut split.train, classes, count);
        fill_missing_classes(&mut split.train, &mut split.validation, classes, count);
    }
    split
}

/// As [`split`], but the share is taken of each class by itself: of two samples or more at least one is in each part.
fn stratified(classes: &[usize], share: f64, seed: u64) -> Split {
    stratified_by(classes, share, Purpose::Split.draws(seed, REST))
}

fn stratified_by(classes: &[usize], share: f64, mut draws: Draws) -> Split {
    let mut order: Vec<usize> = (0..classes.len()).collect();
    draws.shuffle(&mut order);
    let mut left: Vec<usize> = vec![0; classes.iter().max().map_or(0, |&class| class + 1)];
    classes.iter().for_each(|&class| left[class] += 1);
    for count in &mut left {
        let kept = (*count as f64 * share).round() as usize;
        *count = if *count < 2 { 0 } else { kept.clamp(1, *count - 1) };
    }
    let mut split = Split::default();
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

    fn spec(split: Division, test: f64, fold: Option<Fold>) -> DataSpec {
        DataSpec { split, test, fold, seed: 3, ..DataSpec::default() }
    }

    fn sorted(mut rows: Vec<usize>) -> Vec<usize> {
        rows.sort_unstable();
        rows
    }

    /// 100 rows of three classes, of which the last is rare.
    fn classes() -> Vec<usize> {
        (0..100).map(|row| if row >= 90 { 2 } else { row % 2 }).collect()
    }

    fn is_whole(split: &Split, len: usize) -> bool {
        sorted([&split.train[..], &split.validation, &split.test].concat()) == (0..len).collect::<Vec<_>>()
    }

    #[test]
    fn without_a_choice_rows_are_divided_as_ever() {
        let classes = classes();
        let rows = Rows { len: 100, classes: Some(&classes), ..Rows::default() };
        let usual = divide(&spec(Division::Usual, 0.0, None), &rows).unwrap();
        assert_eq!(usual, split(100, 0.2, 3, Some(&classes)));
        // Recorded: runs that are kept know their rows.
        assert_eq!(usual.validation[..5], RECORDED);
        assert_eq!(divide(&spec(Division::Random, 0.0, None), &rows).unwrap(), usual);
        let pictures = Rows { is_stratified: true, ..rows };
        let of_pictures = divide(&spec(Division::Usual, 0.0, None), &pictures).unwrap();
        assert_eq!(of_pictures, stratified(&classes, 0.2, 3));
        assert_eq!(divide(&spec(Division::Stratified, 0.0, None), &pictures).unwrap(), of_pictures);
    }

    const RECORDED: [usize; 5] = [0, 65, 94, 2, 81];

    #[test]
    fn the_test_part_stays_whatever_validates() {
        let classes = classes();
        let rows = Rows { len: 100, classes: Some(&classes), ..Rows::default() };
        for division in [Division::Usual, Division::Stratified] {
            let first = divide(&spec(division.clone(), 0.2, None), &rows).unwrap();
            assert_eq!((first.test.len(), first.validation.len(), first.train.len()), (20, 20, 60));
            assert!(is_whole(&first, 100));
            for number in 1..=4 {
                let fold = divide(&spec(division.clone(), 0.2, Some(Fold { number, of: 4 })), &rows).unwrap();
                assert_eq!((&fold.test, fold.validation.len()), (&first.test, 20));
            }
            let wider = DataSpec { validation: 0.4, ..spec(division, 0.2, None) };
            assert_eq!(divide(&wider, &rows).unwrap().test, first.test);
        }
        let stratified = divide(&spec(Division::Stratified, 0.2, None), &rows).unwrap();
        for part in [&stratified.test, &stratified.validation] {
            assert_eq!(part.iter().filter(|&&row| classes[row] == 2).count(), 2);
        }
    }

    #[test]
    fn each_row_validates_in_one_fold() {
        let classes = classes();
        for classes in [None, Some(&classes[..])] {
            let rows = Rows { len: 100, classes, ..Rows::default() };
            let folds = (1..=3).map(|number| divide(&spec(Division::Usual, 0.0, Some(Fold { number, of: 3 })), &rows));
            let folds: Vec<Split> = folds.collect::<Result<_, _>>().unwrap();
            assert!(folds.iter().all(|fold| is_whole(fold, 100) && (33..=34).contains(&fold.validation.len())));
            let all = folds.iter().flat_map(|fold| fold.validation.clone()).collect();
            assert_eq!(sorted(all), (0..100).collect::<Vec<_>>());
            let rare = |fold: &Split| classes.map(|c| fold.validation.iter().filter(|&&row| c[row] == 2).count());
            assert!(folds.iter().all(|fold| rare(fold).is_none_or(|count| (3..=4).contains(&count))));
        }
        let few = Rows { len: 3, ..Rows::default() };
        assert!(divide(&spec(Division::Usual, 0.0, Some(Fold { number: 1, of: 5 })), &few).is_err());
    }

    #[test]
    fn by_order_the_last_rows_validate() {
        let order = Division::Order { column: Some("date".into()) };
        let keys: Vec<f64> = (0..20).rev().map(f64::from).collect();
        let rows = |keys| Rows { len: 20, keys: Keys::Order(keys), ..Rows::default() };
        let split = divide(&spec(order.clone(), 0.1, None), &rows(keys.clone())).unwrap();
        assert_eq!((split.test, split.validation), (vec![1, 0], vec![5, 4, 3, 2]));
        // A day is in one part, and what has no date comes first.
        let mut days: Vec<f64> = (0..20).map(|row| f64::from(row / 3)).collect();
        days[19] = f64::NAN;
        let split = divide(&spec(order.clone(), 0.0, None), &rows(days.clone())).unwrap();
        assert_eq!(sorted(split.validation), [15, 16, 17, 18]);
        // Each fold learns from what was before.
        for number in 1..=4 {
            let fold = divide(&spec(order.clone(), 0.0, Some(Fold { number, of: 4 })), &rows(keys.clone())).unwrap();
            let latest = fold.train.iter().map(|&row| keys[row]).fold(f64::MIN, f64::max);
            assert!(fold.validation.iter().all(|&row| keys[row] > latest) && fold.validation.len() == 4);
        }
        let file = divide(&spec(Division::Order { column: None }, 0.0, None), &Rows { len: 10, ..Rows::default() });
        assert_eq!(file.unwrap().validation, [8, 9]);
        let same = divide(&spec(order, 0.0, None), &rows(vec![1.0; 20])).unwrap();
        assert_eq!(same.validation.len(), 4);
    }

    #[test]
    fn marks_are_followed() {
        let marks = |word: fn(usize) -> Mark| Keys::Marks((0..30).map(word).collect());
        let rows = |keys| Rows { len: 30, keys, ..Rows::default() };
        let marked = Division::Marks { column: "part".into() };
        let all = marks(|row| [Mark::Train, Mark::Validation, Mark::Test][row % 3]);
        let split = divide(&spec(marked.clone(), 0.0, None), &rows(all.clone())).unwrap();
        assert!(is_whole(&split, 30) && split.test.iter().all(|row| row % 3 == 2));
        assert_eq!(split.validation, (1..30).step_by(3).collect::<Vec<_>>());
        let fold = Some(Fold { number: 1, of: 2 });
        assert!(divide(&spec(marked.clone(), 0.0, fold), &rows(all)).is_err());
        let two = || marks(|row| if row < 20 { Mark::Train } else { Mark::Test });
        let split = divide(&spec(marked.clone(), 0.0, None), &rows(two())).unwrap();
        assert_eq!((split.train.len(), split.validation.len(), split.test), (16, 4, (20..30).collect()));
        assert_eq!(divide(&spec(marked.clone(), 0.0, fold), &rows(two())).unwrap().validation.len(), 10);
        assert!(divide(&spec(marked, 0.0, None), &rows(marks(|_| Mark::Test))).is_err());
    }

    #[test]
    fn groups_stay_together() {
        let groups: Vec<u64> = (0..90).map(|row| row / 6 % 7).collect();
        let rows = || Rows { len: 90, keys: Keys::Groups(groups.clone()), ..Rows::default() };
        let by = Division::Groups { column: "site".into() };
        let of = |part: &[usize]| part.iter().map(|&row| groups[row]).collect::<std::collections::BTreeSet<_>>();
        let split = divide(&spec(by.clone(), 0.2, None), &rows()).unwrap();
        let (train, validation, test) = (of(&split.train), of(&split.validation), of(&split.test));
        assert!(is_whole(&split, 90) && train.is_disjoint(&validation) && validation.is_disjoint(&test));
        assert!(train.is_disjoint(&test) && (10..=26).contains(&split.test.len()));
        let folds =
            (1..=3).map(|number| divide(&spec(by.clone(), 0.0, Some(Fold { number, of: 3 })), &rows()).unwrap());
        let folds: Vec<Split> = folds.collect();
        assert!(folds.iter().all(|fold| is_whole(fold, 90) && of(&fold.train).is_disjoint(&of(&fold.validation))));
        assert_eq!(folds.iter().map(|fold| fold.validation.len()).sum::<usize>(), 90);
        let one = Rows { len: 4, keys: Keys::Groups(vec![7; 4]), ..Rows::default() };
        assert!(divide(&spec(by, 0.0, None), &one).is_err());
    }

    #[test]
    fn equal_rows_stay_together_and_classes_keep_their_shares() {
        // Pairs of equal rows, and one class in ten.
        let classes: Vec<usize> = (0..400).map(|row| usize::from(row / 2 % 10 == 0)).collect();
        let keys: Vec<u64> = (0..400).map(|row| row / 2).collect();
        let rows = || Rows { len: 400, classes: Some(&classes), keys: Keys::Groups(keys.clone()), ..Rows::default() };
        let rare = |part: &[usize]| part.iter().filter(|&&row| classes[row] == 1).count();
        let are_pairs = |part: &[usize]| part.iter().all(|row| part.contains(&(row ^ 1)));
        let split = divide(&spec(Division::Together, 0.1, None), &rows()).unwrap();
        assert!(is_whole(&split, 400));
        for (part, size) in [(&split.train, 280), (&split.validation, 80), (&split.test, 40)] {
            assert!(are_pairs(part) && part.len() == size && rare(part) == size / 10, "{} {}", part.len(), rare(part));
        }
        for number in 1..=4 {
            let fold = divide(&spec(Division::Together, 0.0, Some(Fold { number, of: 4 })), &rows()).unwrap();
            assert!(is_whole(&fold, 400) && are_pairs(&fold.validation) && rare(&fold.validation) == 10);
        }
        let two =
            Rows { len: 4, classes: Some(&[0, 0, 1, 1]), keys: Keys::Groups(vec![3, 3, 5, 5]), ..Rows::default() };
        assert!(divide(&spec(Division::Together, 0.0, None), &two).unwrap_err().contains("equal rows only"));
    }
}
