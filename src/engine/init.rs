//! How state starts: initialisers of weights with PyTorch's fans, and constants.

use rayon::prelude::*;

use super::kernels::elementwise::vectorised;
use super::random::{Draws, Purpose};
use crate::model::LayerId;
use crate::model::layer::Initialiser;

/// The first numbers of a parameter, buffer or moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Every element has this value.
    Constant(f64),
    /// Normally distributed around 0.
    Normal {
        /// Its standard deviation.
        deviation: f64,
    },
    /// `[T, F]`: sin(t / 10000^(i / F)) at even i, the cosine of the same at the odd i behind it.
    Sinusoids,
    /// Evenly between -bound and bound.
    Uniform {
        /// The largest magnitude.
        bound: f64,
    },
    /// `value` is for [`Initialiser::Constant`].
    Weights {
        /// As the layer has it set; fans are read off the sizes.
        initialiser: Initialiser,
        /// Of every element.
        value: f64,
    },
}

impl Initial {
    /// All 0: biases and moments.
    pub const ZEROS: Self = Self::Constant(0.0);
    /// All 1: scales of normalisation.
    pub const ONES: Self = Self::Constant(1.0);

    /// The numbers, keyed by (seed, layer, `index` of the tensor within its layer): nothing else in the network changes
    /// them.
    pub fn draw(self, dims: &[usize], seed: u64, layer: Option<LayerId>, index: u64) -> Vec<f64> {
        let len = dims.iter().product();
        let (initialiser, value) = match self {
            Self::Constant(value) => return vec![value; len],
            Self::Sinusoids => return sinusoids(dims),
            Self::Normal { deviation } => {
                let draws = Purpose::Weights.draws(seed, index, layer);
                return normal(draws, len, deviation * deviation);
            }
            Self::Uniform { bound } => {
                let mut draws = Purpose::Weights.draws(seed, index, layer);
                return (0..len).map(|_| draws.uniform(-bound, bound)).collect();
            }
            Self::Weights { initialiser, value } => (initialiser, value),
        };
        let (fan_in, fan_out) = fans(dims);
        let mut draws = Purpose::Weights.draws(seed, index, layer);
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
            Initialiser::Orthogonal => orthogonal(&normal(draws, len, 1.0), dims),
            Initialiser::Zeros => vec![0.0; len],
            Initialiser::Constant => vec![value; len],
        }
    }
}

fn sinusoids(dims: &[usize]) -> Vec<f64> {
    let width = dims.last().copied().unwrap_or(1).max(1);
    let one = |i: usize| {
        let (t, feature) = ((i / width) as f64, i % width);
        let angle = t / 10_000f64.powf((feature - feature % 2) as f64 / width as f64);
        if feature % 2 == 0 { angle.sin() } else { angle.cos() }
    };
    (0..dims.iter().product()).map(one).collect()
}

fn normal(mut draws: Draws, len: usize, variance: f64) -> Vec<f64> {
    (0..len).map(|_| draws.normal() * variance.sqrt()).collect()
}

/// As `torch.nn.init.orthogonal_` makes it of the same normal numbers: the Q of a QR decomposition whose R has a
/// positive diagonal, of the matrix `[dims[0], the rest]` or of its transpose, whichever is taller.
fn orthogonal(numbers: &[f64], dims: &[usize]) -> Vec<f64> {
    let rows = dims.first().copied().unwrap_or(1).max(1);
    let columns = numbers.len() / rows;
    if rows < columns {
        let mut vectors = numbers.to_vec();
        orthonormalise(&mut vectors, columns);
        return vectors;
    }
    let turn = |from: &[f64], rows: usize, columns: usize| -> Vec<f64> {
        (0..columns).flat_map(|j| (0..rows).map(move |i| from[i * columns + j])).collect()
    };
    let mut vectors = turn(numbers, rows, columns);
    orthonormalise(&mut vectors, rows);
    turn(&vectors, columns, rows)
}

/// Vectors orthonormalised at a time, and earlier ones taken off them at a time: those stay in the cache meanwhile.
const BLOCK: usize = 64;
const TILE: usize = 16;

/// Gram and Schmidt's method on vectors of `length` numbers that lie one behind the other. What points along earlier
/// vectors is taken off twice, which makes up for rounding. Each vector's arithmetic is its own, so threads change no
/// bit.
fn orthonormalise(vectors: &mut [f64], length: usize) {
    let count = vectors.len() / length.max(1);
    for start in (0..count).step_by(BLOCK) {
        let (earlier, rest) = vectors.split_at_mut(start * length);
        let block = &mut rest[..(count - start).min(BLOCK) * length];
        for _ in 0..2 {
            for tile in earlier.chunks(TILE * length) {
                block.par_chunks_mut(length).for_each(|vector| take_off(vector, tile));
            }
        }
        for i in 0..block.len() / length {
            let (earlier, rest) = block.split_at_mut(i * length);
            let vector = &mut rest[..length];
            take_off(vector, earlier);
            take_off(vector, earlier);
            let size = dot(vector, vector).sqrt();
            vector.iter_mut().for_each(|v| *v /= size);
        }
    }
}

/// What of a vector points along each of the others, which have length 1.
fn take_off(vector: &mut [f64], others: &[f64]) {
    vectorised(
        #[inline(always)]
        || {
            for other in others.chunks_exact(vector.len()) {
                let along = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(v, o)| *v -= along * o);
            }
        },
    );
}

/// In eight partial sums, so that vector units can do them at once: wide layers have many to do.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    lanes.iter().sum::<f64>() + rest
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
    fn positions_get_sines_and_cosines() {
        let table = Initial::Sinusoids.draw(&[3, 5], 1, None, 0);
        assert_eq!(table[..5], [0.0, 1.0, 0.0, 1.0, 0.0]);
        let angle = 2.0 / 10_000f64.powf(0.4);
        assert_eq!((table[12], table[13]), (angle.sin(), angle.cos()));
        let bound = Initial::Uniform { bound: 0.25 }.draw(&[1000], 1, None, 0);
        assert!(bound.iter().all(|v| v.abs() <= 0.25) && bound.iter().any(|v| v.abs() > 0.2));
        let normal = Initial::Normal { deviation: 0.5 }.draw(&[1000], 1, None, 0);
        assert!((normal.iter().map(|v| v * v).sum::<f64>() / 1000.0 - 0.25).abs() < 0.05);
    }

    #[test]
    fn uniform_weights_stay_inside_their_bound() {
        let initial = Initial::Weights { initialiser: Initialiser::HeUniform, value: 0.0 };
        let bound = (6.0f64 / 10.0).sqrt();
        assert!(initial.draw(&[100, 10], 1, None, 0).iter().all(|v| v.abs() <= bound));
    }

    #[test]
    fn orthogonal_weights_are_at_right_angles_in_every_shape() {
        let initial = Initial::Weights { initialiser: Initialiser::Orthogonal, value: 0.0 };
        for dims in [&[5, 9][..], &[9, 5], &[4, 3, 3, 3], &[40, 2, 3, 3], &[1, 1], &[7], &[64, 64], &[150, 100]] {
            let (rows, weights) = (dims[0], initial.draw(dims, 3, Some(LayerId(1)), 0));
            let columns = weights.len() / rows;
            let at =
                |i: usize, j: usize| if rows <= columns { weights[i * columns + j] } else { weights[j * columns + i] };
            let (few, many) = (rows.min(columns), rows.max(columns));
            for a in 0..few {
                for b in 0..few {
                    let product: f64 = (0..many).map(|k| at(a, k) * at(b, k)).sum();
                    let expected = f64::from(u8::from(a == b));
                    assert!((product - expected).abs() < 1e-12, "{dims:?}: {a} · {b} = {product}");
                }
            }
        }
    }

    #[derive(serde::Deserialize)]
    struct Turned {
        dims: Vec<usize>,
        numbers: Vec<f64>,
        orthogonal: Vec<f64>,
    }

    #[test]
    fn orthogonal_weights_are_pytorchs() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/orthogonal.json");
        let cases: Vec<Turned> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(cases.len() >= 4);
        for case in cases {
            let got = orthogonal(&case.numbers, &case.dims);
            for (a, b) in got.iter().zip(&case.orthogonal) {
                assert!((a - b).abs() < 1e-12, "{:?}: {a}, not {b}", case.dims);
            }
        }
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
