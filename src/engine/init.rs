//! How state starts: initialisers of weights with PyTorch's fans, and constants.

use super::random::{Draws, Purpose};
use crate::model::LayerId;
use crate::model::layer::Initialiser;

/// The first numbers of a parameter, buffer or moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    Constant(f64),
    /// `value` is for [`Initialiser::Constant`].
    Weights {
        initialiser: Initialiser,
        value: f64,
    },
}

impl Initial {
    pub const ZEROS: Self = Self::Constant(0.0);
    pub const ONES: Self = Self::Constant(1.0);

    /// The numbers, keyed by (seed, layer, `index` of the tensor within its layer): nothing else in the network changes them.
    pub fn draw(self, dims: &[usize], seed: u64, layer: Option<LayerId>, index: u64) -> Vec<f64> {
        let len = dims.iter().product();
        let (initialiser, value) = match self {
            Self::Constant(value) => return vec![value; len],
            Self::Weights { initialiser, value } => (initialiser, value),
        };
        let (fan_in, fan_out) = fans(dims);
        let mut draws = Draws::new(seed, Purpose::Weights, index, layer);
        let mut uniform = |variance: f64| {
            let bound = (3.0 * variance).sqrt();
            (0..len).map(|_| draws.uniform(-bound, bound)).collect()
        };
        let glorot = 2.0 / (fan_in + fan_out);
        match initialiser {
            Initialiser::GlorotUniform => uniform(glorot),
            Initialiser::HeUniform => uniform(2.0 / fan_in),
            Initialiser::LeCunUniform => uniform(1.0 / fan_in),
            Initialiser::GlorotNormal => normal(draws, len, glorot),
            Initialiser::HeNormal => normal(draws, len, 2.0 / fan_in),
            Initialiser::LeCunNormal => normal(draws, len, 1.0 / fan_in),
            Initialiser::Zeros => vec![0.0; len],
            Initialiser::Constant => vec![value; len],
        }
    }
}

fn normal(mut draws: Draws, len: usize, variance: f64) -> Vec<f64> {
    (0..len).map(|_| draws.normal() * variance.sqrt()).collect()
}

/// As `torch.nn.init._calculate_fan_in_and_fan_out`: `[out, in, kernel...]`, each times the kernel's size.
fn fans(dims: &[usize]) -> (f64, f64) {
    match dims {
        [] => (1.0, 1.0),
        [n] => (*n as f64, *n as f64),
        [fan_out, fan_in, kernel @ ..] => {
            let field: usize = kernel.iter().product();
            ((fan_in * field).max(1) as f64, (fan_out * field).max(1) as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variance(initialiser: Initialiser) -> f64 {
        let values = Initial::Weights { initialiser, value: 0.5 }.draw(&[64, 16, 3, 3], 4, Some(LayerId(2)), 0);
        values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn variances_follow_the_fans() {
        let (fan_in, fan_out) = (144.0, 576.0);
        for (initialiser, expected) in [
            (Initialiser::GlorotUniform, 2.0 / (fan_in + fan_out)),
            (Initialiser::GlorotNormal, 2.0 / (fan_in + fan_out)),
            (Initialiser::HeUniform, 2.0 / fan_in),
            (Initialiser::HeNormal, 2.0 / fan_in),
            (Initialiser::LeCunUniform, 1.0 / fan_in),
            (Initialiser::LeCunNormal, 1.0 / fan_in),
            (Initialiser::Zeros, 0.0),
            (Initialiser::Constant, 0.25),
        ] {
            let got = variance(initialiser);
            assert!((got - expected).abs() <= 0.05 * expected, "{initialiser:?}: {got}, not {expected}");
        }
    }

    #[test]
    fn uniform_weights_stay_inside_their_bound() {
        let initial = Initial::Weights { initialiser: Initialiser::HeUniform, value: 0.0 };
        let bound = (6.0f64 / 10.0).sqrt();
        assert!(initial.draw(&[100, 10], 1, None, 0).iter().all(|v| v.abs() <= bound));
    }

    #[test]
    fn layers_and_seeds_draw_different_weights() {
        let initial = Initial::Weights { initialiser: Initialiser::HeNormal, value: 0.0 };
        let draw = |seed, layer| initial.draw(&[4, 4], seed, Some(LayerId(layer)), 0);
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
    }
}
