//! What layer and group normalisation do to a row, be it a sample or a group of its channels: mean and variance, and
//! the gradient through them.

use super::lanes;
use super::split::for_each_pair;

/// `1 / √(variance + ε)`
pub fn scale(variance: f32, epsilon: f64) -> f32 {
    (1.0 / (f64::from(variance) + epsilon).sqrt()) as f32
}

/// The mean and the biased variance of each row of `width` numbers. `work`: operations of the whole kernel, which
/// decide over threads.
pub fn statistics(width: usize, x: &[f32], mean: &mut [f32], variance: &mut [f32], work: usize) {
    for_each_pair((mean, 1), (variance, 1), work, |row, mean, variance| {
        let x = &x[row * width..][..width];
        let m = lanes::sum(x) / width as f32;
        (mean[0], variance[0]) = (m, lanes::sum_of(x, |x| (x - m) * (x - m)) / width as f32);
    });
}

/// `dx = scale · (h - mean(h) - xhat · mean(h · xhat))` of one row, in the place of `h`, the gradient of `xhat`.
pub fn pull_back(h: &mut [f32], x: &[f32], mean: f32, scale: f32) {
    let width = x.len() as f32;
    let shift = lanes::sum(h) / width;
    let slope = lanes::sum_of_pairs(h, x, |h, x| h * (x - mean)) * scale * scale / width;
    h.iter_mut().zip(x).for_each(|(h, x)| *h = scale * (*h - shift - (x - mean) * slope));
}
