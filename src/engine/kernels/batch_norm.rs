//! Batch normalisation of f32 values `[B, C, plane]` (Ioffe and Szegedy, 2015): statistics, forward, backward.
//!
//! `plane` is `H · W` for pictures and 1 for rows of features. Sums of a channel are taken in one fixed order, plane by
//! plane, in f64: a batch of pictures has too many numbers for plain f32 sums.

use std::cell::Cell;

use super::elementwise::vectorised;
use super::lanes;
use super::split::{for_each_chunk, for_each_pair, with_scratch};
use super::standardise::scale;

/// The sizes: `batch` samples of `channels` channels of `plane` numbers.
#[derive(Clone, Copy, Debug)]
pub struct Channels {
    pub batch: usize,
    pub channels: usize,
    pub plane: usize,
}

impl Channels {
    /// Numbers that one mean is taken of.
    pub fn count(&self) -> usize {
        self.batch * self.plane
    }

    fn len(&self) -> usize {
        self.count() * self.channels
    }
}

/// What normalises a value: `xhat = (x - mean) · scale`, with `scale = 1 / √(variance + ε)`.
#[derive(Clone, Copy)]
pub struct Statistics<'a> {
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub epsilon: f64,
}

impl Statistics<'_> {
    fn scale(&self, channel: usize) -> f32 {
        scale(self.variance[channel], self.epsilon)
    }
}

/// Channels whose sums one thread takes at a time: a cache line of a row of features, and of pictures a few.
const MANY: usize = 16;
const FEW: usize = 4;

impl Channels {
    fn group(&self) -> usize {
        MANY.div_ceil(self.plane.max(1)).max(FEW)
    }
}

/// `Σ f(channel, start)` over the planes of each of `count` channels from `first`, each plane starting at `start`.
#[inline(always)]
fn sums<const N: usize>(
    c: &Channels,
    first: usize,
    count: usize,
    f: impl Fn(usize, usize) -> [f32; N],
) -> [[f64; N]; MANY] {
    let mut sums = [[0.0f64; N]; MANY];
    for sample in 0..c.batch {
        for (channel, sum) in (first..).zip(&mut sums[..count]) {
            let numbers = f(channel, (sample * c.channels + channel) * c.plane);
            sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += f64::from(number));
        }
    }
    sums
}

/// Numbers of a plane whose sums are taken one by one.
const LONG: usize = 64;

thread_local! {
    static PLANES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Mean and biased variance of every channel.
pub fn statistics(c: &Channels, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    if c.plane >= LONG {
        return of_long_planes(c, x, mean, variance);
    }
    let (count, length) = (c.count() as f64, c.group());
    for_each_pair((mean, length), (variance, length), 2 * c.len(), |group, mean, variance| {
        let (first, channels) = (group * length, mean.len());
        vectorised(
            #[inline(always)]
            || {
                let of_numbers = sums(
                    c,
                    first,
                    channels,
                    #[inline(always)]
                    |_, at| [lanes::sum(&x[at..at + c.plane])],
                );
                mean.iter_mut().zip(of_numbers).for_each(|(mean, [sum])| *mean = (sum / count) as f32);
                let of_squares = sums(
                    c,
                    first,
                    channels,
                    #[inline(always)]
                    |channel, at| [squares(&x[at..at + c.plane], mean[channel - first])],
                );
                variance.iter_mut().zip(of_squares).for_each(|(variance, [sum])| *variance = (sum / count) as f32);
            },
        );
    });
}

/// `Σ (x - m)²`
#[inline(always)]
fn squares(x: &[f32], m: f32) -> f32 {
    lanes::sum_of(
        x,
        #[inline(always)]
        |x| (x - m) * (x - m),
    )
}

/// Memory is what takes the time, so each plane is read once: its squares are about its own mean, and moved to that of
/// its channel afterwards (Chan, Golub and LeVeque, 1983).
fn of_long_planes(c: &Channels, x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    let (count, length, sample) = (c.count() as f64, c.plane as f64, c.channels * c.plane);
    with_scratch(&PLANES, 2 * c.batch * c.channels, |planes| {
        for_each_chunk(planes, 2 * c.channels, 2 * c.len(), |i, planes| {
            vectorised(
                #[inline(always)]
                || {
                    for (x, found) in x[i * sample..][..sample].chunks_exact(c.plane).zip(planes.chunks_exact_mut(2)) {
                        let sum = lanes::sum(x);
                        (found[0], found[1]) = (sum, squares(x, sum / c.plane as f32));
                    }
                },
            );
        });
        for (channel, (mean, variance)) in mean.iter_mut().zip(variance).enumerate() {
            let planes = || planes[2 * channel..].chunks(2).step_by(c.channels).map(|of| [of[0], of[1]].map(f64::from));
            let m = planes().map(|[sum, _]| sum).sum::<f64>() / count;
            let moved = planes().map(|[sum, squares]| squares + length * (sum / length - m) * (sum / length - m));
            (*mean, *variance) = (m as f32, (moved.sum::<f64>() / count) as f32);
        }
    });
}

/// `y = (x - mean) · factor + shift`
#[inline(always)]
fn apply(x: &[f32], mean: f32, factor: f32, shift: f32, y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = (x - mean) * factor + shift;
    }
}

/// `y = weight · xhat + bias`, one weight and bias a channel.
pub fn forward(c: &Channels, x: &[f32], s: &Statistics, weight: &[f32], bias: &[f32], y: &mut [f32]) {
    let sample = c.channels * c.plane;
    for_each_chunk(y, sample, c.len(), |i, y| {
        let planes = y.chunks_mut(c.plane.max(1)).zip(x[i * sample..].chunks(c.plane.max(1)));
        vectorised(
            #[inline(always)]
            || {
                for (channel, (y, x)) in planes.enumerate() {
                    apply(x, s.mean[channel], s.scale(channel) * weight[channel], bias[channel], y);
                }
            },
        );
    });
}

/// `dweight = Σ dy · xhat` and `dbias = Σ dy`, over the batch and the plane.
pub fn backward_parameters(
    c: &Channels,
    x: &[f32],
    s: &Statistics,
    dy: &[f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    let length = c.group();
    for_each_pair((dweight, length), (dbias, length), 2 * c.len(), |group, dweight, dbias| {
        let first = group * length;
        vectorised(
            #[inline(always)]
            || {
                let of_both = sums(
                    c,
                    first,
                    dweight.len(),
                    #[inline(always)]
                    |channel, at| {
                        let m = s.mean[channel];
                        lanes::sum_of_pairs_and_sum(
                            &dy[at..at + c.plane],
                            &x[at..at + c.plane],
                            #[inline(always)]
                            |dy, x| dy * (x - m),
                        )
                    },
                );
                for (i, (dweight, dbias)) in dweight.iter_mut().zip(dbias.iter_mut()).enumerate() {
                    let [of_products, of_gradients] = of_both[i];
                    *dweight = (of_products * f64::from(s.scale(first + i))) as f32;
                    *dbias = of_gradients as f32;
                }
            },
        );
    });
}

/// The gradient of `x` when its own batch made the statistics:
/// `dx = weight · scale · (dy - mean(dy) - xhat · mean(dy · xhat))`, with the sums of [`backward_parameters`].
#[allow(clippy::too_many_arguments, reason = "the formula has as many")]
pub fn backward_input(
    c: &Channels,
    x: &[f32],
    s: &Statistics,
    weight: &[f32],
    dy: &[f32],
    dweight: &[f32],
    dbias: &[f32],
    dx: &mut [f32],
) {
    let sample = c.channels * c.plane;
    let count = c.count() as f32;
    for_each_chunk(dx, sample, 2 * c.len(), |i, dx| {
        vectorised(
            #[inline(always)]
            || {
                for (channel, dx) in dx.chunks_mut(c.plane.max(1)).enumerate() {
                    let at = i * sample + channel * c.plane;
                    let (x, dy) = (&x[at..at + dx.len()], &dy[at..at + dx.len()]);
                    let (mean, scale) = (s.mean[channel], s.scale(channel));
                    let (factor, shift) = (weight[channel] * scale, dbias[channel] / count);
                    let slope = scale * (dweight[channel] / count);
                    for ((dx, x), dy) in dx.iter_mut().zip(x).zip(dy) {
                        *dx = factor * (dy - shift - (x - mean) * slope);
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};

    fn cases() -> [Channels; 5] {
        [(1, 1, 5), (6, 33, 1), (3, 5, 20), (4, 17, 7), (3, 2, 70)].map(|(batch, channels, plane)| Channels {
            batch,
            channels,
            plane,
        })
    }

    /// The numbers of a channel, in f64.
    fn channel(c: &Channels, all: &[f32], channel: usize) -> Vec<f64> {
        let of = |i: &usize| i / c.plane % c.channels == channel;
        (0..all.len()).filter(of).map(|i| f64::from(all[i])).collect()
    }

    #[test]
    fn statistics_and_values_by_definition() {
        for c in cases() {
            let x: Vec<f32> = numbers(c.len(), 1).iter().map(|x| x + 3.0).collect();
            let (weight, bias) = (numbers(c.channels, 2), numbers(c.channels, 3));
            let (mut mean, mut variance, mut y) = (vec![0.0; c.channels], vec![0.0; c.channels], vec![0.0; x.len()]);
            statistics(&c, &x, &mut mean, &mut variance);
            let s = Statistics { mean: &mean, variance: &variance, epsilon: 1e-5 };
            forward(&c, &x, &s, &weight, &bias, &mut y);
            let n = c.count() as f64;
            for k in 0..c.channels {
                let numbers = channel(&c, &x, k);
                let m = numbers.iter().sum::<f64>() / n;
                let v = numbers.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / n;
                close(&mean[k..=k], &[m], 1e-6);
                assert!((f64::from(variance[k]) - v).abs() < 1e-6);
                let expected: Vec<f64> = numbers
                    .iter()
                    .map(|x| f64::from(weight[k]) * (x - m) / (v + 1e-5).sqrt() + f64::from(bias[k]))
                    .collect();
                let y: Vec<f32> = channel(&c, &y, k).iter().map(|y| *y as f32).collect();
                close(&y, &expected, 2e-4);
            }
        }
    }

    /// The mean of `y · dy` as a function of `x`, in f64: its slope is what backward must give.
    fn objective(c: &Channels, x: &[f64], weight: &[f32], bias: &[f32], dy: &[f32]) -> f64 {
        let n = c.count() as f64;
        let mut total = 0.0;
        for k in 0..c.channels {
            let of: Vec<usize> = (0..x.len()).filter(|i| i / c.plane % c.channels == k).collect();
            let m = of.iter().map(|i| x[*i]).sum::<f64>() / n;
            let v = of.iter().map(|i| (x[*i] - m).powi(2)).sum::<f64>() / n;
            for i in of {
                let xhat = (x[i] - m) / (v + 0.01).sqrt();
                total += f64::from(dy[i]) * (f64::from(weight[k]) * xhat + f64::from(bias[k]));
            }
        }
        total
    }

    #[test]
    fn gradients_are_finite_differences() {
        for c in cases() {
            let (x, dy) = (numbers(c.len(), 1), numbers(c.len(), 4));
            let (weight, bias) = (numbers(c.channels, 2), numbers(c.channels, 3));
            let (mut mean, mut variance, mut dx) = (vec![0.0; c.channels], vec![0.0; c.channels], vec![0.0; x.len()]);
            let (mut dweight, mut dbias) = (vec![0.0; c.channels], vec![0.0; c.channels]);
            statistics(&c, &x, &mut mean, &mut variance);
            let s = Statistics { mean: &mean, variance: &variance, epsilon: 0.01 };
            backward_parameters(&c, &x, &s, &dy, &mut dweight, &mut dbias);
            backward_input(&c, &x, &s, &weight, &dy, &dweight, &dbias, &mut dx);
            let exact: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            let slope = |i: usize| {
                let at = |step: f64| {
                    let mut x = exact.clone();
                    x[i] += step;
                    objective(&c, &x, &weight, &bias, &dy)
                };
                (at(1e-5) - at(-1e-5)) / 2e-5
            };
            let slopes: Vec<f64> = (0..x.len()).map(slope).collect();
            close(&dx, &slopes, 1e-4);
            let expected: Vec<f64> = (0..c.channels).map(|k| channel(&c, &dy, k).iter().sum()).collect();
            close(&dbias, &expected, 1e-5);
            let along = |k: usize| {
                let mut other = weight.clone();
                other[k] += 1.0;
                objective(&c, &exact, &other, &bias, &dy) - objective(&c, &exact, &weight, &bias, &dy)
            };
            close(&dweight, &(0..c.channels).map(along).collect::<Vec<_>>(), 1e-4);
        }
    }

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let c = Channels { batch: 8, channels: 50, plane: 400 };
        let (x, dy, weight) = (numbers(c.len(), 1), numbers(c.len(), 4), numbers(c.channels, 2));
        same_bits_on_any_threads(|| {
            let (mut mean, mut variance, mut y) = (vec![0.0; c.channels], vec![0.0; c.channels], vec![0.0; x.len()]);
            let (mut dweight, mut dbias, mut dx) = (weight.clone(), weight.clone(), x.clone());
            statistics(&c, &x, &mut mean, &mut variance);
            let s = Statistics { mean: &mean, variance: &variance, epsilon: 1e-5 };
            forward(&c, &x, &s, &weight, &weight, &mut y);
            backward_parameters(&c, &x, &s, &dy, &mut dweight, &mut dbias);
            backward_input(&c, &x, &s, &weight, &dy, &dweight, &dbias, &mut dx);
            [mean, variance, y, dweight, dbias, dx].concat()
        });
    }
}
