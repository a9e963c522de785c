//! Random numbers: ChaCha8 by key, so that no draw depends on how many draws something else made, nor on the number of
//! threads. Those for making and splitting data are keyed here, by (seed, purpose, stream); those of training in the
//! engine.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a generator is for: two purposes with the same seed share no numbers.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Points,
    Split,
    Subset,
    Digits,
    Fair,
    Sample,
    Augment,
    Shear,
    Importance,
    Shapes,
    Scenes,
    Mixup,
}

impl Purpose {
    /// Mixed into the seed; never change one, or projects change their data.
    fn key(self) -> u64 {
        match self {
            Self::Points => 0x504f_494e_5453,
            Self::Split => 0x0053_504c_4954,
            Self::Subset => 0x5355_4253_4554,
            Self::Digits => 0x4449_4749_5453,
            Self::Fair => 0x4641_4952,
            Self::Sample => 0x5341_4d50_4c45,
            Self::Augment => 0x0041_5547_4d45_4e54,
            Self::Shear => 0x0053_4845_4152,
            Self::Importance => 0x494d_504f_5254,
            Self::Shapes => 0x5348_4150_4553,
            Self::Scenes => 0x5343_454e_4553,
            Self::Mixup => 0x004d_4958_5550,
        }
    }

    /// The numbers for a seed and a stream within it.
    pub fn draws(self, seed: u64, stream: u64) -> Draws {
        Draws::new(ChaCha8Rng::seed_from_u64(seed ^ self.key()), stream)
    }
}

/// The numbers that the values of a column are shuffled by.
pub(crate) fn shuffled(seed: u64, stream: u64) -> Draws {
    Purpose::Importance.draws(seed, stream)
}

/// One sequence of random numbers. Who makes it decides what it is keyed by: a purpose of this module, or of the
/// engine's.
pub struct Draws {
    rng: ChaCha8Rng,
}

impl Draws {
    /// The numbers of a generator that was seeded, from the beginning of one of its streams.
    pub fn new(mut rng: ChaCha8Rng, stream: u64) -> Self {
        rng.set_stream(stream);
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

    /// A whole number in `0 .. bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.rng.next_u64() % (bound.max(1) as u64)) as usize
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_has_mean_0_and_variance_1() {
        let mut draws = Purpose::Points.draws(3, 0);
        let values: Vec<f64> = (0..20_000).map(|_| draws.normal()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.04, "variance {variance}");
    }

    #[test]
    fn streams_and_purposes_differ() {
        let first = |purpose: Purpose, stream| purpose.draws(1, stream).unit();
        assert_eq!(first(Purpose::Points, 0), first(Purpose::Points, 0));
        assert_ne!(first(Purpose::Points, 0), first(Purpose::Points, 1));
        assert_ne!(first(Purpose::Points, 0), first(Purpose::Split, 0));
    }

    #[test]
    fn a_sequence_can_be_drawn_in_pieces() {
        let draws = || Purpose::Points.draws(5, 7);
        let mut whole = draws();
        let all: Vec<u32> = (0..100).map(|_| whole.bits()).collect();
        let mut second_half = draws().at(50);
        assert!(all[50..].iter().all(|&bits| bits == second_half.bits()));
    }
}
