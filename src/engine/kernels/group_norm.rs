//! Group normalisation of f32 values `[B, C, plane]` (Wu and He, 2018): each group of neighbouring channels of a sample
//! by its own mean and variance, each channel by its own scale and shift.

use super::lanes;
use super::split::{for_each_chunk, sum_in_parts};
use super::standardise::{self, pull_back, statistics};

#[derive(Clone, Copy, Debug)]
pub struct Groups {
    pub groups: usize,
    pub channels: usize,
    /// Numbers of one channel.
    pub plane: usize,
    pub epsilon: f64,
}

impl Groups {
    /// Numbers of one group.
    fn width(&self) -> usize {
        self.channels / self.groups.max(1) * self.plane
    }

    fn scale(&self, variance: f32) -> f32 {
        standardise::scale(variance, self.epsilon)
    }

    /// The first channel of a row (a group of a sample).
    fn first_channel(&self, row: usize) -> usize {
        row % self.groups * (self.channels / self.groups)
    }
}

/// `y = weight · (x - mean) / √(variance + ε) + bias`; also the mean and the biased variance of each group of each
/// sample.
pub fn forward(
    g: &Groups,
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    y: &mut [f32],
    mean: &mut [f32],
    variance: &mut [f32],
) {
    let (width, work) = (g.width(), 3 * x.len());
    statistics(width, x, mean, variance, work);
    let (mean, variance) = (&*mean, &*variance);
    for_each_chunk(y, width, work, |row, y| {
        let (mean, scale, first) = (mean[row], g.scale(variance[row]), g.first_channel(row));
        let planes = y.chunks_exact_mut(g.plane).zip(x[row * width..][..width].chunks_exact(g.plane));
        for (channel, (y, x)) in planes.enumerate() {
            let (w, b) = (weight[first + channel], bias[first + channel]);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - mean) * scale * w + b);
        }
    });
}

/// What backward reads of forward.
#[derive(Clone, Copy)]
pub struct Saved<'a> {
    pub x: &'a [f32],
    pub mean: &'a [f32],
    pub variance: &'a [f32],
}

/// `dx = scale · (h - mean(h) - xhat · mean(h · xhat))` with `h = dy · weight`.
pub fn backward_input(g: &Groups, saved: &Saved, weight: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (width, work) = (g.width(), 4 * dx.len());
    for_each_chunk(dx, width, work, |row, dx| {
        let (x, dy) = (&saved.x[row * width..][..width], &dy[row * width..][..width]);
        let (mean, scale, first) = (saved.mean[row], g.scale(saved.variance[row]), g.first_channel(row));
        for (channel, (h, dy)) in dx.chunks_exact_mut(g.plane).zip(dy.chunks_exact(g.plane)).enumerate() {
            let w = weight[first + channel];
            h.iter_mut().zip(dy).for_each(|(h, dy)| *h = dy * w);
        }
        pull_back(dx, x, mean, scale);
    });
}

/// `dweight = Σ dy · xhat` and `dbias = Σ dy`, over batch and places.
pub fn backward_parameters(g: &Groups, saved: &Saved, dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
    let sample = g.channels * g.plane;
    let batch = dy.len() / sample.max(1);
    let each = g.channels / g.groups;
    sum_in_parts(batch, dweight, dy.len(), |samples, sums| {
        for (i, channel) in samples.flat_map(|i| (0..g.channels).map(move |channel| (i, channel))) {
            let row = i * g.groups + channel / each;
            let (mean, scale, at) = (saved.mean[row], g.scale(saved.variance[row]), i * sample + channel * g.plane);
            let (x, dy) = (&saved.x[at..][..g.plane], &dy[at..][..g.plane]);
            sums[channel] += lanes::sum_of_pairs(dy, x, |dy, x| dy * ((x - mean) * scale));
        }
    });
    sum_in_parts(batch, dbias, dy.len(), |samples, sums| {
        for dy in dy[samples.start * sample..samples.end * sample].chunks_exact(sample.max(1)) {
            sums.iter_mut().zip(dy.chunks_exact(g.plane)).for_each(|(sum, dy)| *sum += lanes::sum(dy));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let g = Groups { groups: 3, channels: 6, plane: 77, epsilon: 1e-5 };
        let batch = 60;
        let (x, dy) = (numbers(batch * 6 * 77, 1), numbers(batch * 6 * 77, 2));
        let (weight, bias) = (numbers(6, 3), numbers(6, 4));
        same_bits_on_any_threads(|| {
            let (mut y, mut mean, mut variance) = (x.clone(), vec![0.0; batch * 3], vec![0.0; batch * 3]);
            forward(&g, &x, (&weight, &bias), &mut y, &mut mean, &mut variance);
            let saved = Saved { x: &x, mean: &mean, variance: &variance };
            let (mut dx, mut dweight, mut dbias) = (x.clone(), weight.clone(), bias.clone());
            backward_input(&g, &saved, &weight, &dy, &mut dx);
            backward_parameters(&g, &saved, &dy, &mut dweight, &mut dbias);
            [y, mean, variance, dx, dweight, dbias].concat()
        });
    }
}
