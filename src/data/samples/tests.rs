use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

impl Samples {
    /// Of samples in memory, all numbers.
    pub fn inputs(&self) -> &[f32] {
        in_memory(self.rows.in_place(0..self.len()).unwrap().inputs)
    }

    /// As [`Self::inputs`]: an index or numbers a sample.
    pub fn targets(&self) -> &[f32] {
        in_memory(self.rows.in_place(0..self.len()).unwrap().targets)
    }
}

fn in_memory(numbers: Cow<'_, [f32]>) -> &[f32] {
    let Cow::Borrowed(numbers) = numbers else { panic!("they were copied") };
    numbers
}

/// Rows that are made when they are asked for: `row`, its half, and the class `row % 3`.
pub(crate) struct Made {
    pub len: usize,
    pub asked: Arc<AtomicUsize>,
    /// From here on nothing can be read.
    pub broken: usize,
}

impl Made {
    pub fn new(len: usize) -> Self {
        Self { len, asked: Arc::default(), broken: usize::MAX }
    }
}

impl Rows for Made {
    fn len(&self) -> usize {
        self.len
    }

    fn input(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if row >= self.broken.min(self.len) {
            return Err(DataError::new(format!("The picture {row}.png cannot be read.")));
        }
        Ok(vec![row as f32, row as f32 / 2.0].into())
    }

    fn target(&self, row: usize) -> Result<Cow<'_, [f32]>, DataError> {
        Ok(vec![(row % 3) as f32].into())
    }
}

fn numbers() -> Samples {
    Samples::in_memory(&[2], [1.0, 2.0, 3.0, 4.0, 5.0, f32::NAN], [7.0, 8.0, 7.0])
}

#[test]
fn what_is_asked_for_comes_in_the_order_in_which_it_is_asked_for() {
    for (samples, of) in
        [(numbers(), [1.0, 2.0, 3.0, 4.0]), (Samples::new(&[2], 1, Made::new(9)), [0.0, 0.0, 1.0, 0.5])]
    {
        let [a, b, c, d] = of;
        let batch = samples.fetch(&[1, 0, 1]).unwrap();
        assert_eq!((batch.len, &batch.rows[..], &batch.inputs[..]), (3, &[1, 0, 1][..], &[c, d, a, b, c, d][..]));
        assert_eq!(batch.targets.len(), 3);
        let stretch = samples.stretch(0..2).unwrap();
        assert_eq!((&stretch.inputs[..], stretch.targets.len()), (&of[..], 2));
        assert_eq!(*samples.input(1).unwrap(), [c, d]);
    }
    assert!(matches!(numbers().whole().unwrap().inputs, Cow::Borrowed(_)), "what lies in memory is not copied");
}

#[test]
fn what_is_not_there_or_cannot_be_read_is_said() {
    let said = |found: Result<Batch, DataError>| found.unwrap_err().message;
    assert!(said(numbers().fetch(&[0, 3])).contains("no sample 3"));
    let made = Samples::new(&[2], 1, Made { broken: 5, ..Made::new(9) });
    assert!(said(made.fetch(&[4, 5])).contains("5.png"));
    assert!(made.take_stock(true).is_err() && made.stretch(4..6).is_err());
}

#[test]
fn what_is_known_of_all_is_found_once() {
    let samples = numbers();
    assert_eq!((samples.input_range(), samples.target_range()), (Some((1.0, 5.0)), Some((7.0, 8.0))));
    assert_eq!(samples.counts().unwrap().iter().map(|(&class, &n)| (class, n)).collect::<Vec<_>>(), [(7, 2), (8, 1)]);
    assert_eq!(samples.target_means().unwrap(), [22.0 / 3.0]);
    let made = Made::new(3000);
    let asked = made.asked.clone();
    let made = Samples::new(&[2], 1, made);
    made.take_stock(true).unwrap();
    let once = asked.load(Ordering::Relaxed);
    assert_eq!((once, made.counts().unwrap()[&1]), (3000, 1000));
    made.take_stock(true).unwrap();
    assert_eq!((made.input_range(), made.fair(true).len()), (Some((0.0, 2999.0)), 3000));
    assert_eq!(asked.load(Ordering::Relaxed), once + 3000);
    assert_eq!(Samples::in_memory(&[2], [], []).input_range(), None);
}

#[test]
fn rows_are_spread_over_all() {
    let samples = Samples::new(&[2], 1, Made::new(10));
    assert_eq!(samples.spread(4), [0, 2, 5, 7]);
    assert_eq!(samples.spread(99), (0..10).collect::<Vec<_>>());
    assert_eq!(samples.spread(0), [0u32; 0]);
}

#[test]
fn equal_are_samples_whose_numbers_are() {
    let one = || Samples::in_memory(&[1], [1.0, 2.0], [0.0, 1.0]);
    assert_eq!(one(), one());
    assert_ne!(one(), Samples::in_memory(&[1], [1.0, 2.0], [0.0, 2.0]));
    assert_ne!(one(), Samples::in_memory(&[2], [1.0, 2.0], [0.0]));
    // Not even where the first are gone.
    let mut versions: Vec<u64> = (0..50).map(|_| one().version()).collect();
    versions.sort_unstable();
    versions.dedup();
    let held = one();
    assert_eq!((versions.len(), held.clone().version()), (50, held.version()));
    assert_eq!(Samples::new(&[2], 1, Made::new(2000)), Samples::new(&[2], 1, Made::new(2000)));
}
