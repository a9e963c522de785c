//! What tells one data set from another: the rows of both parts and their order, in a few numbers that a run keeps.
//! Names, units and everything else that is only shown are not in it.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DataError, Dataset, Samples};

/// Rows whose hashes are found at once, and those that a thread takes at least.
const PIECE: usize = 1 << 16;
const LEAST: usize = 1 << 10;

/// Of a data set. Equal ones are, as good as certainly, of equal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Of the training set.
    pub train: PartPrint,
    /// Of the validation set.
    pub validation: PartPrint,
}

/// Fingerprint of one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartPrint {
    /// Number of rows.
    pub rows: usize,
    /// Of the rows one behind the other.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    in_order: u64,
    /// Of the same rows however they stand.
    #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
    in_any_order: u64,
}

/// What two data sets differ in; where it is displayed, half a sentence: "it was trained on 400 samples, and there are
/// 380 now".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Another number of them.
    TrainingRows {
        /// When the run began.
        then: usize,
        /// In what is loaded.
        now: usize,
    },
    /// Another number of them.
    ValidationRows {
        /// When the run began.
        then: usize,
        /// In what is loaded.
        now: usize,
    },
    /// All rows are there, but some that were for training are for validation.
    Divided,
    /// The parts are the same, but for the order of their rows.
    Order,
    /// The training set differs.
    Training,
    /// The validation set differs.
    Validation,
    /// Both sets differ.
    Both,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrainingRows { then, now } => {
                write!(f, "it was trained on {then} samples, but the data now has {now}")
            }
            Self::ValidationRows { then, now } => {
                write!(f, "it was validated on {then} samples, but the data now has {now}")
            }
            Self::Divided => f.write_str(
                "the samples are the same, but split differently: some it was trained on would now count as validation \
                    samples",
            ),
            Self::Order => {
                f.write_str("the samples are the same, but in a different order, so its batches would differ")
            }
            Self::Training => f.write_str("it was trained on different samples"),
            Self::Validation => f.write_str("it was validated on different samples"),
            Self::Both => {
                f.write_str("it was trained and validated on different samples, or on the same ones split differently")
            }
        }
    }
}

impl Fingerprint {
    /// Where the data was loaded it is known already.
    pub fn of(dataset: &Dataset) -> Result<Self, DataError> {
        Ok(Self { train: dataset.train.print()?, validation: dataset.validation.print()? })
    }

    /// How data differs from what this was taken of.
    pub fn difference(&self, now: &Self) -> Option<Difference> {
        let (a, b) = (self, now);
        let rows = |part: fn(&Self) -> PartPrint| (part(a).rows, part(b).rows);
        let ((train, train_now), (validation, validation_now)) =
            (rows(|print| print.train), rows(|print| print.validation));
        let all = |print: &Self| print.train.in_any_order.wrapping_add(print.validation.in_any_order);
        let is_same = |part: fn(&Self) -> PartPrint| part(a).in_any_order == part(b).in_any_order;
        Some(match () {
            () if a == b => return None,
            () if train != train_now => Difference::TrainingRows { then: train, now: train_now },
            () if validation != validation_now => Difference::ValidationRows { then: validation, now: validation_now },
            () => match (is_same(|print| print.train), is_same(|print| print.validation)) {
                (true, true) => Difference::Order,
                _ if all(a) == all(b) => Difference::Divided,
                (false, true) => Difference::Training,
                (true, false) => Difference::Validation,
                (false, false) => Difference::Both,
            },
        })
    }
}

impl PartPrint {
    pub(super) fn of(part: &Samples) -> Result<Self, DataError> {
        let mut print = Printing::new(part.len(), part.input_len());
        let of = |row: usize| {
            let weight = part.is_weighted().then(|| part.weight(row)).transpose()?;
            Ok(joined(part.input_hash(row)?, &part.target(row)?, weight))
        };
        for from in (0..part.len()).step_by(PIECE) {
            let rows = from..(from + PIECE).min(part.len());
            let hashes: Vec<u64> =
                rows.into_par_iter().with_min_len(LEAST).map(of).collect::<Result<_, DataError>>()?;
            hashes.into_iter().for_each(|row| print.take(row));
        }
        Ok(print.0)
    }
}

/// A fingerprint on its way.
pub(super) struct Printing(PartPrint);

impl Printing {
    /// `width`: numbers of an input.
    pub fn new(rows: usize, width: usize) -> Self {
        Self(PartPrint { rows, in_order: mixed(rows as u64, width as u64), in_any_order: 0 })
    }

    /// The next row, by its [`row_hash`].
    pub fn take(&mut self, row: u64) {
        let PartPrint { in_order, in_any_order, .. } = &mut self.0;
        (*in_order, *in_any_order) = (mixed(*in_order ^ row, ORDER), in_any_order.wrapping_add(row));
    }

    /// Of all rows.
    pub fn end(self) -> PartPrint {
        self.0
    }
}

/// What tells one sample from another.
pub(super) fn row_hash(input: &[f32], target: &[f32], weight: Option<f32>) -> u64 {
    joined(hashed(input), target, weight)
}

fn joined(input: u64, target: &[f32], weight: Option<f32>) -> u64 {
    let plain = mixed(input, hashed(target) ^ TARGETS);
    weight.map_or(plain, |weight| mixed(plain, hashed(&[weight])))
}

// Odd numbers without a pattern. They stand in files: never change one, nor how they are used.
const START: u64 = 0x9e37_79b9_7f4a_7c15;
const NUMBERS: u64 = 0xd6e8_feb8_6659_fd93;
const TARGETS: u64 = 0xa076_1d64_78bd_642f;
const ORDER: u64 = 0xe703_7ed1_a0b4_28db;

/// Both halves of the product, folded.
fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ START) * u128::from(b ^ NUMBERS);
    (product >> 64) as u64 ^ product as u64
}

/// Of the bits of some numbers, two at a time on four ways that do not wait for each other: gigabytes a second.
pub(super) fn hashed(numbers: &[f32]) -> u64 {
    let word = |[a, b]: &[f32; 2]| u64::from(a.to_bits()) << 32 | u64::from(b.to_bits());
    let (eights, rest) = numbers.as_chunks::<8>();
    let mut lanes = [ORDER, TARGETS, !START, !ORDER];
    for eight in eights {
        let pairs = eight.as_chunks::<2>().0;
        lanes.iter_mut().zip(pairs).for_each(|(lane, pair)| *lane = mixed(*lane ^ word(pair), NUMBERS ^ ORDER));
    }
    let hash = lanes.into_iter().fold(0, mixed);
    let (pairs, last) = rest.as_chunks::<2>();
    let hash = pairs.iter().fold(hash, |hash, pair| mixed(hash ^ word(pair), NUMBERS ^ ORDER));
    last.iter().fold(hash, |hash, number| mixed(hash ^ u64::from(number.to_bits()), TARGETS))
}

/// JSON's readers elsewhere have no whole numbers of 64 bits.
fn to_hex<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{value:016x}"))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Truth;

    fn part(rows: &[[f32; 3]]) -> Samples {
        let inputs: Vec<f32> = rows.iter().flat_map(|row| [row[0], row[1]]).collect();
        Samples::in_memory(&[2], inputs, rows.iter().map(|row| row[2]).collect::<Vec<_>>())
    }

    fn print(train: &[[f32; 3]], validation: &[[f32; 3]]) -> Fingerprint {
        let dataset = Dataset {
            name: String::new(),
            input_shape: vec![2],
            input_names: Vec::new(),
            input_units: Vec::new(),
            truth: Truth::classes(vec!["a".into(), "b".into()]),
            train: part(train),
            validation: part(validation),
            test: None,
            plane: None,
            notes: Vec::new(),
            giveaways: Vec::new(),
            encoding: std::sync::Arc::default(),
            origin: None,
            places: None,
            own_validation: false,
        };
        Fingerprint::of(&dataset).unwrap()
    }

    const A: [f32; 3] = [1.0, 2.0, 0.0];
    const B: [f32; 3] = [3.0, 4.0, 1.0];
    const C: [f32; 3] = [5.0, 6.0, 1.0];
    const D: [f32; 3] = [5.0, 6.0, 0.0];

    #[test]
    fn what_differs_is_told_apart() {
        let kept = print(&[A, B], &[C]);
        for (now, difference) in [
            (print(&[A, B], &[C]), None),
            (print(&[B, A], &[C]), Some(Difference::Order)),
            (print(&[A, C], &[B]), Some(Difference::Divided)),
            (print(&[A, D], &[C]), Some(Difference::Training)),
            (print(&[A, B], &[D]), Some(Difference::Validation)),
            (print(&[A, A], &[D]), Some(Difference::Both)),
            (print(&[A], &[C]), Some(Difference::TrainingRows { then: 2, now: 1 })),
            (print(&[A, B], &[C, D]), Some(Difference::ValidationRows { then: 1, now: 2 })),
        ] {
            assert_eq!(kept.difference(&now), difference);
        }
        // A target that is another is another row, and rows do not cancel each other out.
        assert_ne!(print(&[C], &[A]), print(&[D], &[A]));
        assert_ne!(print(&[A, A], &[C]).train, print(&[B, B], &[C]).train);
    }

    #[test]
    fn every_number_counts_where_it_stands() {
        for plain in [0.0f32, 1.0] {
            let row = vec![plain; 19];
            let changed = (0..row.len()).map(|i| {
                let mut other = row.clone();
                other[i] = 7.0;
                hashed(&other)
            });
            let all: std::collections::BTreeSet<u64> = changed.chain([hashed(&row), hashed(&row[..18])]).collect();
            assert_eq!(all.len(), row.len() + 2);
        }
    }

    #[test]
    fn it_comes_back_from_a_file_as_it_was_for_ever() {
        let print = print(&[A, B], &[C]);
        let text = serde_json::to_string(&print).unwrap();
        assert_eq!(serde_json::from_str::<Fingerprint>(&text).unwrap(), print);
        assert_eq!(text, RECORDED);
        let wide: Vec<f32> = (0..19u8).map(f32::from).collect();
        assert_eq!(hashed(&wide), 0x1297_06f4_05d7_2c29);
    }

    /// Every kept run has one: another way to compute it would make strangers of their own data.
    const RECORDED: &str = r#"{"train":{"rows":2,"in_order":"e82cfb4562cf8fde","in_any_order":"48e32cfe73ab0914"},"validation":{"rows":1,"in_order":"ca032031be8d2942","in_any_order":"8f6a377fc8c98f75"}}"#;
}
