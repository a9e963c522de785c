//! The order in which the samples of an epoch are used: each once, in an order of its own per epoch, of which any place
//! is known without the rest. Going back in time needs any batch again, and data may have more rows than an order of
//! them has room in memory.
//!
//! What a run began with it keeps: the algorithm's name stands in its file, so that it goes on, and back, to the very
//! batches it had.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// An algorithm by which epochs are put in order. None ever changes; another one is another variant with another name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// All rows, shuffled in memory. No new run begins with it.
    FisherYates,
    /// A permutation computed place by place.
    #[default]
    Feistel,
}

impl Algorithm {
    /// As it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::FisherYates => "fisher-yates-1",
            Self::Feistel => "feistel-1",
        }
    }

    /// The one that a file names.
    pub fn named(name: &str) -> Option<Self> {
        [Self::FisherYates, Self::Feistel].into_iter().find(|one| one.name() == name)
    }
}

/// The order of one epoch.
#[derive(Clone, Debug)]
pub enum EpochOrder {
    /// Held row by row.
    Shuffled(Vec<u32>),
    /// Computed where it is asked for.
    Keyed(Keyed),
}

impl EpochOrder {
    /// Of `len` samples: at most as many as 32 bits count.
    pub fn new(algorithm: Algorithm, seed: u64, epoch: u64, len: usize) -> Self {
        match algorithm {
            Algorithm::FisherYates => Self::Shuffled(shuffled(seed, epoch, len)),
            Algorithm::Feistel => Self::Keyed(Keyed::new(seed, epoch, len)),
        }
    }

    /// The rows that stand at these places.
    pub fn rows(&self, places: Range<usize>) -> Vec<u32> {
        match self {
            Self::Shuffled(rows) => rows.get(places).unwrap_or_default().to_vec(),
            Self::Keyed(keyed) => keyed.rows(places),
        }
    }
}

/// The numbers below `len`, shuffled by Fisher and Yates.
pub fn shuffled(seed: u64, stream: u64, len: usize) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5348_5546_464c_4521);
    rng.set_stream(stream);
    let mut order: Vec<u32> = (0..len as u32).collect();
    for i in (1..order.len()).rev() {
        // The bias of a 64-bit remainder is far below anything a shuffle could show.
        let j = (rng.next_u64() % (i as u64 + 1)) as usize;
        order.swap(i, j);
    }
    order
}

/// With fewer, neighbours of small sets stay neighbours visibly often.
const ROUNDS: usize = 16;
/// Places computed at once.
const LANES: usize = 16;

/// A permutation of the numbers below `len`, computed place by place.
///
/// A place is written as two digits, `high * columns + low` with `high < rows`. A round of a Feistel network adds to
/// one digit a number that a keyed hash draws from the other, which can be undone whatever the hash: each round
/// permutes the table of `rows * columns` places, that is hardly larger than `len`. What comes out beyond `len` goes in
/// again until it is below (a walk along the cycle, which leads back below `len` as it began there), so the whole
/// permutes the numbers below `len`.
#[derive(Clone, Debug)]
pub struct Keyed {
    len: u32,
    /// Even, or a network could only make one half of all permutations.
    rows: u32,
    columns: u32,
    keys: [u32; ROUNDS],
}

impl Keyed {
    /// Of the numbers below `len`, keyed by seed and epoch.
    pub fn new(seed: u64, epoch: u64, len: usize) -> Self {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x4645_4953_5445_4c31);
        rng.set_stream(epoch);
        let side = len.saturating_sub(1).isqrt() + 1;
        let rows = side.next_multiple_of(2);
        Self { len, rows, columns: len.div_ceil(rows).max(1), keys: std::array::from_fn(|_| rng.next_u32()) }
    }

    fn rows(&self, places: Range<usize>) -> Vec<u32> {
        let end = places.end.min(self.len as usize) as u32;
        let mut found = Vec::with_capacity(places.len());
        let mut start = places.start as u32;
        while start < end {
            let mut lanes: [u32; LANES] = std::array::from_fn(|i| start.saturating_add(i as u32).min(end - 1));
            self.permute(&mut lanes);
            let count = LANES.min((end - start) as usize);
            found.extend(lanes[..count].iter().map(|&place| self.walked(place)));
            start += count as u32;
        }
        found
    }

    /// From what came out of the network once to a number below `len`.
    fn walked(&self, mut place: u32) -> u32 {
        while place >= self.len {
            let mut one = [place];
            self.permute(&mut one);
            [place] = one;
        }
        place
    }

    /// The network. Several places at once go through it side by side in the processor's vectors.
    fn permute<const N: usize>(&self, places: &mut [u32; N]) {
        let (mut high, mut low) = (places.map(|place| place / self.columns), places.map(|place| place % self.columns));
        for [first, second] in self.keys.as_chunks().0 {
            for (high, low) in high.iter_mut().zip(&low) {
                *high = sum(*high, drawn(*low, *first, self.rows), self.rows);
            }
            for (low, high) in low.iter_mut().zip(&high) {
                *low = sum(*low, drawn(*high, *second, self.columns), self.columns);
            }
        }
        *places = std::array::from_fn(|i| high[i] * self.columns + low[i]);
    }
}

/// A number below `bound` (at most 2^16, so that all are as likely to some parts in 10^5) that depends on `digit` and
/// `key` alone.
#[inline]
fn drawn(digit: u32, key: u32, bound: u32) -> u32 {
    let mut hash = digit.wrapping_add(key);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x7feb_352d);
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x846c_a68b);
    hash ^= hash >> 16;
    ((u64::from(hash) * u64::from(bound)) >> 32) as u32
}

/// Of two numbers below `bound`, what remains of their sum.
#[inline]
fn sum(a: u32, b: u32, bound: u32) -> u32 {
    let sum = a + b;
    sum.min(sum.wrapping_sub(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Algorithm; 2] = [Algorithm::FisherYates, Algorithm::Feistel];

    fn whole(algorithm: Algorithm, seed: u64, epoch: u64, len: usize) -> Vec<u32> {
        EpochOrder::new(algorithm, seed, epoch, len).rows(0..len)
    }

    /// How far a sum of squared deviations is from what chance makes of it, in its standard deviations.
    fn deviation(counts: &[u32], expected: f64, freedom: f64) -> f64 {
        let chi: f64 = counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        (chi - freedom) / (2.0 * freedom).sqrt()
    }

    #[test]
    fn an_epoch_uses_every_sample_once_whatever_their_number() {
        let sizes = (0..300).chain([509, 1021, 4096, 4097, 65_521, 65_536, 65_537, 99_991]);
        for len in sizes {
            for algorithm in BOTH {
                let mut order = whole(algorithm, 7, len as u64, len);
                order.sort_unstable();
                assert!(order.into_iter().eq(0..len as u32), "{algorithm:?}, {len} samples");
            }
        }
    }

    #[test]
    fn seeds_and_epochs_have_orders_of_their_own_and_each_has_the_same_again() {
        for algorithm in BOTH {
            let first = whole(algorithm, 7, 0, 1000);
            assert_eq!(first, whole(algorithm, 7, 0, 1000));
            for (seed, epoch) in [(7, 1), (8, 0), (7, 1 << 40), (6, 1)] {
                let other = whole(algorithm, seed, epoch, 1000);
                let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
                assert!(same < 10, "{algorithm:?}: {same} samples at the same place with seed {seed}, epoch {epoch}");
            }
            let order = EpochOrder::new(algorithm, 7, 0, 1000);
            let pieces = [0..1, 1..64, 64..64, 64..333, 333..1000];
            assert_eq!(pieces.map(|piece| order.rows(piece)).concat(), first, "{algorithm:?}");
        }
    }

    /// Files refer to it by its name: another order under the same name would give kept runs other batches.
    #[test]
    fn they_are_what_they_were_for_ever() {
        assert_eq!(whole(Algorithm::FisherYates, 1, 2, 8), [0, 6, 4, 7, 2, 3, 5, 1]);
        assert_eq!(whole(Algorithm::Feistel, 1, 2, 8), [3, 7, 1, 5, 2, 4, 6, 0]);
        assert_eq!(
            EpochOrder::new(Algorithm::Feistel, 3, 4, 1_000_000_007).rows(5..8),
            [383_610_926, 371_517_386, 933_640_921]
        );
        assert!(BOTH.into_iter().all(|one| Algorithm::named(one.name()) == Some(one)));
        assert_eq!(Algorithm::named("fisher-yates-2"), None);
    }

    /// No two places have the same sample, and no sample is out of bounds, among those of 10^9 that can be looked at.
    #[test]
    fn a_thousand_million_samples_need_no_memory() {
        let len = 1_000_000_000;
        let order = EpochOrder::new(Algorithm::Feistel, 1, 0, len);
        let mut rows: Vec<u32> =
            (0..100).flat_map(|piece| order.rows(piece * 10_000_019 % len..piece * 10_000_019 % len + 500)).collect();
        let mean = rows.iter().map(|&row| f64::from(row)).sum::<f64>() / rows.len() as f64;
        // The standard error of 50 000 evenly drawn.
        assert!((mean / 1e9 - 0.5).abs() < 4.0 / 12f64.sqrt() / 50_000f64.sqrt(), "mean {mean}");
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), 50_000);
        assert!(rows.iter().all(|&row| (row as usize) < len));
        let last = order.rows(len - 3..len + 100);
        assert_eq!(last.len(), 3, "there are no places beyond the last");
    }

    #[test]
    fn every_sample_is_as_likely_at_every_place_and_beside_every_other() {
        for len in [5usize, 10, 16, 49, 101] {
            let epochs = 400 * len as u64;
            let (mut at, mut pairs, mut after) = (vec![0u32; len * len], vec![0u32; len * len], vec![0u32; len - 1]);
            for epoch in 0..epochs {
                let order = whole(Algorithm::Feistel, 3, epoch, len);
                order.iter().enumerate().for_each(|(place, &row)| at[place * len + row as usize] += 1);
                pairs[order[0] as usize * len + order[1] as usize] += 1;
                for pair in order.windows(2) {
                    after[(pair[1] as usize + len - pair[0] as usize) % len - 1] += 1;
                }
            }
            let (n, epochs) = (len as f64, epochs as f64);
            pairs = pairs.into_iter().enumerate().filter(|(i, _)| i / len != i % len).map(|(_, count)| count).collect();
            for (what, found) in [
                ("place", deviation(&at, epochs / n, (n - 1.0).powi(2))),
                ("first two", deviation(&pairs, epochs / (n * (n - 1.0)), n * (n - 1.0) - 1.0)),
                ("distance of neighbours", deviation(&after, epochs, n - 2.0)),
            ] {
                assert!(found.abs() < 4.0, "{what} of {len}: {found} standard deviations from chance");
            }
        }
    }
}
