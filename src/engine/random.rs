//! Every random number of training: ChaCha8, keyed by (seed, purpose, step or index, layer), never by the order in
//! which instructions run. candle's own generator cannot be seeded on the CPU and is not used.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::model::LayerId;

/// Two purposes share no numbers under the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// Dropout masks.
    Dropout = 2,
    Noise = 3,
}

/// Random numbers from a counter-based generator (ChaCha): the same key gives the same numbers.
pub struct Draws {
    rng: ChaCha8Rng,
}

impl Draws {
    /// The numbers for a seed, a purpose, an index (such as the step) and a layer.
    pub fn new(seed: u64, purpose: Purpose, index: u64, layer: Option<LayerId>) -> Self {
        let layer = layer.map_or(0, |id| u64::from(id.0) + 1);
        let mut key = [0u8; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, layer, 0]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Self { rng }
    }

    /// Goes on from the `word`th 32-bit word, so that pieces of one sequence can be drawn apart.
    pub fn at(mut self, word: u64) -> Self {
        self.rng.set_word_pos(u128::from(word));
        self
    }

    /// 32 random bits.
    #[cfg(test)]
    pub fn bits(&mut self) -> u32 {
        self.rng.next_u32()
    }

    /// Many bits at once, which is much faster than one by one.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    /// Uniform in `0 .. 1` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniformly distributed in `low..high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// Standard normal, by Box and Muller's transform (both draws are always used: no rejection).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_counts() {
        let first = |seed, purpose, index, layer: u32| Draws::new(seed, purpose, index, Some(LayerId(layer))).bits();
        let base = first(1, Purpose::Weights, 0, 1);
        assert_eq!(base, first(1, Purpose::Weights, 0, 1));
        assert_ne!(base, first(2, Purpose::Weights, 0, 1));
        assert_ne!(base, first(1, Purpose::Dropout, 0, 1));
        assert_ne!(base, first(1, Purpose::Weights, 1, 1));
        assert_ne!(base, first(1, Purpose::Weights, 0, 2));
    }

    #[test]
    fn a_sequence_can_be_drawn_in_pieces() {
        let draws = || Draws::new(5, Purpose::Dropout, 7, None);
        let mut whole = draws();
        let all: Vec<u32> = (0..100).map(|_| whole.bits()).collect();
        let mut second_half = draws().at(50);
        assert!(all[50..].iter().all(|&bits| bits == second_half.bits()));
    }
}
