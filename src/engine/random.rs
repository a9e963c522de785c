//! What the random numbers of training are keyed by: (seed, purpose, step or index, layer), never the order in which
//! instructions run. candle's own generator cannot be seeded on the CPU and is not used.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use crate::data::random::Draws;
use crate::model::LayerId;

/// Two purposes share no numbers under the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights.
    Weights = 1,
    /// Dropout masks.
    Dropout = 2,
    /// Gaussian noise layers.
    Noise = 3,
}

impl Purpose {
    /// The numbers for a seed, an index (such as the step) and a layer.
    pub fn draws(self, seed: u64, index: u64, layer: Option<LayerId>) -> Draws {
        let layer = layer.map_or(0, |id| id.0 + 1);
        let mut key = [0u8; 32];
        for (bytes, word) in key.chunks_exact_mut(8).zip([seed, self as u64, layer, 0]) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Draws::new(ChaCha8Rng::from_seed(key), index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_counts() {
        let first = |seed, purpose: Purpose, index, layer: u64| purpose.draws(seed, index, Some(LayerId(layer))).bits();
        let base = first(1, Purpose::Weights, 0, 1);
        assert_eq!(base, first(1, Purpose::Weights, 0, 1));
        assert_ne!(base, first(2, Purpose::Weights, 0, 1));
        assert_ne!(base, first(1, Purpose::Dropout, 0, 1));
        assert_ne!(base, first(1, Purpose::Weights, 1, 1));
        assert_ne!(base, first(1, Purpose::Weights, 0, 2));
    }
}
