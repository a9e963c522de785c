//! Random numbers for making and splitting data, keyed by (seed, purpose, stream) so that no draw depends on how many
//! draws something else made, nor on the number of threads.

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
        }
    }
}

pub(super) struct Draws {
    rng: ChaCha8Rng,
}

impl Draws {
    /// The generator for a seed, a purpose and a stream within it.
    pub fn new(seed: u64, purpose: Purpose, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ purpose.key());
        rng.set_stream(stream);
        Self { rng }
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
        let mut draws = Draws::new(3, Purpose::Points, 0);
        let values: Vec<f64> = (0..20_000).map(|_| draws.normal()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        assert!(mean.abs() < 0.03, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.04, "variance {variance}");
    }

    #[test]
    fn streams_and_purposes_differ() {
        let first = |purpose, stream| Draws::new(1, purpose, stream).unit();
        assert_eq!(first(Purpose::Points, 0), first(Purpose::Points, 0));
        assert_ne!(first(Purpose::Points, 0), first(Purpose::Points, 1));
        assert_ne!(first(Purpose::Points, 0), first(Purpose::Split, 0));
    }
}
