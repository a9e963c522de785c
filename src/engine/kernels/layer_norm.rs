//! Layer normalisation of f32 rows `[B, D]` (Ba, Kiros and Hinton, 2016): each row by its own mean and variance.

use super::elementwise::vectorised;
use super::reduce;
use super::split::{for_each_chunk, for_each_triple, sum_in_parts};
use super::standardise::{moments, pull_back, scale};

/// Rows that a thread takes together.
const TOGETHER: usize = 64;

/// `y = weight · (x - mean) / √(variance + ε) + bias`; also the mean and the biased variance of each row.
pub fn forward(
    epsilon: f64,
    x: &[f32],
    (weight, bias): (&[f32], &[f32]),
    y: &mut [f32],
    mean: &mut [f32],
    variance: &mut [f32],
) {
    let width = weight.len();
    let all = ((y, TOGETHER * width), (mean, TOGETHER), (variance, TOGETHER));
    for_each_triple(all.0, all.1, all.2, 3 * x.len(), |group, y, mean, variance| {
        let x = x[group * TOGETHER * width..].chunks_exact(width);
        vectorised(
            #[inline(always)]
            || {
                for ((x, y), (mean, variance)) in
                    x.zip(y.chunks_exact_mut(width)).zip(mean.iter_mut().zip(variance.iter_mut()))
                {
                    (*mean, *variance) = moments(x);
                    let (mean, scale) = (*mean, scale(*variance, epsilon));
                    for (((y, x), w), b) in y.iter_mut().zip(x).zip(weight).zip(bias) {
                        *y = (x - mean) * scale * w + b;
                    }
                }
            },
        );
    });
}

/// What backward reads of forward.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub x: &'a [f32],
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub epsilon: f64,
}

/// `dx = scale · (g - mean(g) - xhat · mean(g · xhat))` with `g = dy · weight`.
pub fn backward_input(rows: &Rows, weight: &[f32], dy: &[f32], dx: &mut [f32]) {
    let width = weight.len();
    let work = 4 * dx.len();
    for_each_chunk(dx, TOGETHER * width, work, |group, dx| {
        vectorised(
            #[inline(always)]
            || {
                for (row, dx) in (group * TOGETHER..).zip(dx.chunks_exact_mut(width)) {
                    let (x, dy) = (&rows.x[row * width..][..width], &dy[row * width..][..width]);
                    let (mean, scale) = (rows.mean[row], scale(rows.variance[row], rows.epsilon));
                    dx.iter_mut().zip(dy).zip(weight).for_each(|((g, dy), w)| *g = dy * w);
                    pull_back(dx, x, mean, scale);
                }
            },
        );
    });
}

/// `dweight = Σ dy · xhat` and `dbias = Σ dy`, over the rows.
pub fn backward_parameters(rows: &Rows, dy: &[f32], dweight: &mut [f32], dbias: &mut [f32]) {
    let width = dweight.len();
    let count = rows.mean.len();
    sum_in_parts(count, dweight, dy.len(), |part, sums| {
        vectorised(
            #[inline(always)]
            || {
                for row in part {
                    let (mean, scale) = (rows.mean[row], scale(rows.variance[row], rows.epsilon));
                    let (x, dy) = (&rows.x[row * width..][..width], &dy[row * width..][..width]);
                    sums.iter_mut().zip(x).zip(dy).for_each(|((sum, x), dy)| *sum += dy * ((x - mean) * scale));
                }
            },
        );
    });
    sum_in_parts(count, dbias, dy.len(), |part, sums| {
        reduce::sum_rows(&dy[part.start * width..part.end * width], sums)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};

    const EPSILON: f64 = 0.01;

    fn xhat(x: &[f64]) -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
        x.iter().map(|x| (x - mean) / (variance + EPSILON).sqrt()).collect()
    }

    fn everything(count: usize, width: usize) -> [Vec<f32>; 5] {
        let (x, dy) = (numbers(count * width, 1), numbers(count * width, 2));
        let (weight, bias) = (numbers(width, 3), numbers(width, 4));
        let (mut y, mut mean, mut variance) = (vec![0.0; x.len()], vec![0.0; count], vec![0.0; count]);
        forward(EPSILON, &x, (&weight, &bias), &mut y, &mut mean, &mut variance);
        let rows = Rows { x: &x, mean: &mean, variance: &variance, epsilon: EPSILON };
        let (mut dx, mut dweight, mut dbias) = (x.clone(), weight.clone(), bias.clone());
        backward_input(&rows, &weight, &dy, &mut dx);
        backward_parameters(&rows, &dy, &mut dweight, &mut dbias);
        [y, dx, dweight, dbias, mean]
    }

    #[test]
    fn forward_and_gradients_by_definition() {
        for (count, width) in [(1, 1), (3, 7), (20, 33), (1, 100)] {
            let (x, dy) = (numbers(count * width, 1), numbers(count * width, 2));
            let (weight, bias) = (numbers(width, 3), numbers(width, 4));
            let [y, dx, dweight, dbias, _] = everything(count, width);
            let exact: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            let (mut y2, mut dx2, mut dw2, mut db2) = (vec![], vec![], vec![0.0; width], vec![0.0; width]);
            for (row, dy) in exact.chunks(width).zip(dy.chunks(width)) {
                let value = |x: &[f64]| -> f64 {
                    xhat(x).iter().zip(dy).zip(&weight).map(|((h, dy), w)| h * f64::from(dy * w)).sum()
                };
                for (j, h) in xhat(row).into_iter().enumerate() {
                    y2.push(h * f64::from(weight[j]) + f64::from(bias[j]));
                    dw2[j] += h * f64::from(dy[j]);
                    db2[j] += f64::from(dy[j]);
                    let at = |step: f64| {
                        let mut x = row.to_vec();
                        x[j] += step;
                        value(&x)
                    };
                    dx2.push((at(1e-5) - at(-1e-5)) / 2e-5);
                }
            }
            close(&y, &y2, 1e-5);
            close(&dweight, &dw2, 1e-5);
            close(&dbias, &db2, 1e-5);
            if width > 1 {
                close(&dx, &dx2, 1e-4);
            }
        }
    }

    #[test]
    fn same_bits_on_any_number_of_threads() {
        same_bits_on_any_threads(|| everything(100, 1000).concat());
    }
}
