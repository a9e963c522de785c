//! The gradient of the weights of convolutions whose window is one number that visits every pixel: a product over all
//! places. Forward and the gradient of the pictures are plain matrix products, see [`super::conv2d`].

use super::conv2d::Convolution;
use super::panel::Left;
use super::split::{aligned, partial_sums, sum_in, with_tile};
use super::strips::{self, Right};

/// Places that are summed together: their strips stay in the nearest cache.
const TERMS: usize = 128;

/// The gradient of the weights, `dw = Σ dy xᵀ`, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let plane = c.size[0] * c.size[1];
    let (input_len, output_len) = (c.channels * plane, c.filters * plane);
    let batch = dy.len() / output_len;
    let parts = partial_sums(batch, dw.len()).min(8);
    sum_in(parts, batch, dw, c.work(batch), |images, sums| {
        with_tile(strips::len(TERMS, c.channels) + 16, |memory| {
            let laid_out = aligned(memory);
            for (i, place) in images.flat_map(|i| (0..plane).step_by(TERMS).map(move |place| (i, place))) {
                let sizes = [TERMS.min(plane - place), c.channels];
                let (x, dy) = (&x[i * input_len..][..input_len], &dy[i * output_len..][..output_len]);
                strips::lay_out(Right { numbers: &x[place..], row: 1, column: plane }, sizes, laid_out);
                let dy = Left { numbers: &dy[place..], rows: c.filters, row: plane, step: 1 };
                strips::product(dy, laid_out, sizes, (&mut *sums, c.channels), true);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};
    use crate::engine::kernels::window::Window;

    #[test]
    fn the_gradient_of_the_weights_by_definition() {
        for (batch, channels, filters, side) in [(1, 1, 1, 1), (3, 5, 7, 9), (2, 17, 33, 12), (9, 48, 24, 5)] {
            let c = Convolution { channels, size: [side; 2], filters, window: Window::square(1, 1) };
            let plane = side * side;
            let (x, dy) = (numbers(batch * channels * plane, 1), numbers(batch * filters * plane, 2));
            let of = |i: usize, f: usize, k: usize, p: usize| {
                f64::from(dy[(i * filters + f) * plane + p]) * f64::from(x[(i * channels + k) * plane + p])
            };
            let sum =
                |f, k| (0..batch).flat_map(|i| (0..plane).map(move |p| (i, p))).map(|(i, p)| of(i, f, k, p)).sum();
            let expected: Vec<f64> = (0..filters * channels).map(|at| sum(at / channels, at % channels)).collect();
            let mut dw = vec![9.0; filters * channels];
            backward_weight(&c, &x, &dy, &mut dw);
            close(&dw, &expected, 2e-6);
            same_bits_on_any_threads(|| {
                let mut dw = vec![9.0; filters * channels];
                backward_weight(&c, &x, &dy, &mut dw);
                dw
            });
        }
    }
}
