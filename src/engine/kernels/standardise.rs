//! What layer and group normalisation do to a row, be it a sample or a group of its channels: mean and variance, and
//! the gradient through them.

use super::elementwise::vectorised;
use super::lanes;
use super::split::for_each_pair;

/// `1 / √(variance + ε)`
#[inline(always)]
pub fn scale(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// The mean and the biased variance of a row.
#[inline(always)]
pub fn moments(x: &[f32]) -> (f32, f32) {
    let width = x.len() as f32;
    let mean = lanes::sum(x) / width;
    (mean, lanes::sum_of(x, |x| (x - mean) * (x - mean)) / width)
}

/// The mean and the biased variance of each row of `width` numbers. `work`: operations of the whole kernel, which
/// decide over threads.
pub fn statistics(width: usize, x: &[f32], mean: &mut [f32], variance: &mut [f32], work: usize) {
    for_each_pair((mean, 1), (variance, 1), work, |row, mean, variance| {
        let x = &x[row * width..][..width];
        (mean[0], variance[0]) = vectorised(
            #[inline(always)]
            || moments(x),
        );
    });
}

/// `dx = scale · (h - mean(h) - xhat · mean(h · xhat))` of one row, in the place of `h`, the gradient of `xhat`.
#[inline(always)]
pub fn pull_back(h: &mut [f32], x: &[f32], mean: f32, scale: f32) {
    let width = x.len() as f32;
    let shift = lanes::sum(h) / width;
    let slope = lanes::sum_of_pairs(h, x, |h, x| h * (x - mean)) * scale * scale / width;
    h.iter_mut().zip(x).for_each(|(h, x)| *h = scale * (*h - shift - (x - mean) * slope));
}
