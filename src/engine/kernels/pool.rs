//! Pooling of f32 pictures without zeros around: largest of each window, mean of each window, mean of the whole.
//!
//! Works on planes (one channel of one picture, `[H, W]`), of which a batch has `B · C`.

use super::elementwise::vectorised;
use super::lanes;
use super::pool_of_four as four;
use super::split::{for_each_chunk, for_each_pair};
use super::window::Window;

/// The sizes of one pooling.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    pub size: [usize; 2],
    pub window: Window,
}

impl Pooling {
    /// Numbers of a plane that goes in.
    pub fn input_len(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Numbers of a plane that comes out.
    pub fn output_len(&self) -> usize {
        let [rows, columns] = self.window.places(self.size);
        rows * columns
    }

    /// Calls `f` with every place and where its window starts in the plane.
    fn for_each_place(&self, mut f: impl FnMut(usize, usize)) {
        let [rows, columns] = self.window.places(self.size);
        for i in 0..rows {
            let row = i * self.window.stride[0] * self.size[1];
            for j in 0..columns {
                f(i * columns + j, row + j * self.window.stride[1]);
            }
        }
    }

    /// The offsets from a window's start to each of its numbers, in reading order.
    fn offsets(&self) -> Vec<usize> {
        let [rows, columns] = self.window.kernel;
        (0..rows).flat_map(|u| (0..columns).map(move |v| u * self.size[1] + v)).collect()
    }
}

/// The usual window, 2 × 2 with stride 2.
fn is_of_four(p: &Pooling) -> bool {
    p.window == Window::square(2, 2)
}

/// Planes that are handed to a thread together: small ones are many.
fn together(p: &Pooling) -> usize {
    (1 << 14) / p.input_len().max(1) + 1
}

/// The largest number of every window and where it lies in its plane (`row · W + column`, exact up to 2²⁴). Of equal
/// numbers the first counts, and NaN is larger than any number, as in PyTorch.
pub fn max_forward(p: &Pooling, x: &[f32], y: &mut [f32], argmax: &mut [f32]) {
    let (input_len, length, offsets) = (p.input_len(), p.output_len(), p.offsets());
    let (work, planes) = (y.len() * p.window.area(), together(p));
    for_each_pair((y, planes * length), (argmax, planes * length), work, |group, y, argmax| {
        let inputs = x[group * planes * input_len..].chunks_exact(input_len.max(1));
        let outputs = y.chunks_exact_mut(length).zip(argmax.chunks_exact_mut(length));
        if is_of_four(p) {
            return vectorised(
                #[inline(always)]
                || {
                    for (x, (y, argmax)) in inputs.zip(outputs) {
                        four::max_forward(p.size, x, y, argmax);
                    }
                },
            );
        }
        for (x, (y, argmax)) in inputs.zip(outputs) {
            p.for_each_place(|place, start| {
                let (mut best, mut at) = (x[start], start);
                for offset in &offsets[1..] {
                    let candidate = x[start + offset];
                    if candidate > best || candidate.is_nan() {
                        (best, at) = (candidate, start + offset);
                    }
                }
                y[place] = best;
                argmax[place] = at as f32;
            });
        }
    });
}

/// `dx`: each gradient goes to where the largest number was.
pub fn max_backward(p: &Pooling, argmax: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (length, planes) = (p.output_len(), together(p));
    for_each_chunk(dx, planes * p.input_len(), dy.len() * 2, |group, dx| {
        for (plane, dx) in dx.chunks_exact_mut(p.input_len()).enumerate() {
            let from = (group * planes + plane) * length..(group * planes + plane + 1) * length;
            let (argmax, dy) = (&argmax[from.clone()], &dy[from]);
            if !(is_of_four(p) && four::max_backward(p.size, argmax, dy, dx)) {
                dx.fill(0.0);
                for (at, dy) in argmax.iter().zip(dy) {
                    // A place outside is only there where somebody has set it.
                    if let Some(dx) = dx.get_mut(*at as usize) {
                        *dx += dy;
                    }
                }
            }
        }
    });
}

/// The mean of every window.
pub fn average_forward(p: &Pooling, x: &[f32], y: &mut [f32]) {
    let (input_len, offsets) = (p.input_len(), p.offsets());
    let scale = 1.0 / p.window.area() as f32;
    let work = y.len() * p.window.area();
    for_each_chunk(y, p.output_len(), work, |plane, y| {
        let x = &x[plane * input_len..][..input_len];
        p.for_each_place(|place, start| {
            y[place] = offsets.iter().map(|offset| x[start + offset]).sum::<f32>() * scale;
        });
    });
}

/// `dx`: each gradient is shared equally among the numbers of its window.
pub fn average_backward(p: &Pooling, dy: &[f32], dx: &mut [f32]) {
    let (length, offsets) = (p.output_len(), p.offsets());
    let scale = 1.0 / p.window.area() as f32;
    let work = dy.len() * p.window.area();
    for_each_chunk(dx, p.input_len(), work, |plane, dx| {
        dx.fill(0.0);
        let dy = &dy[plane * length..][..length];
        p.for_each_place(|place, start| {
            let share = dy[place] * scale;
            offsets.iter().for_each(|offset| dx[start + offset] += share);
        });
    });
}

/// The mean of every plane of `plane` numbers: `[B, C, H, W]` to `[B, C]`.
pub fn global_forward(plane: usize, x: &[f32], y: &mut [f32]) {
    let scale = 1.0 / plane as f32;
    for_each_chunk(y, 64, x.len(), |group, y| {
        vectorised(
            #[inline(always)]
            || {
                for (y, x) in y.iter_mut().zip(x[group * 64 * plane..].chunks(plane)) {
                    *y = lanes::sum(x) * scale;
                }
            },
        );
    });
}

/// `dx`: the gradient of a mean is shared equally among its plane.
pub fn global_backward(plane: usize, dy: &[f32], dx: &mut [f32]) {
    let scale = 1.0 / plane as f32;
    let work = dx.len();
    for_each_chunk(dx, plane, work, |i, dx| dx.fill(dy[i] * scale));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};

    fn cases() -> Vec<Pooling> {
        let sizes = [
            ([4, 4], 2, 2),
            ([5, 7], 2, 2),
            ([5, 7], 3, 2),
            ([7, 5], 2, 3),
            ([1, 1], 1, 1),
            ([6, 3], 3, 1),
            ([9, 8], 2, 1),
            ([14, 14], 2, 2),
            ([7, 21], 2, 2),
            ([2, 38], 2, 2),
            ([3, 3], 2, 2),
        ];
        sizes.map(|(size, kernel, stride)| Pooling { size, window: Window::square(kernel, stride) }).to_vec()
    }

    /// Rows and columns of the window at place (i, j).
    fn taps(p: &Pooling, i: usize, j: usize) -> Vec<usize> {
        let [kernel, stride] = [p.window.kernel[0], p.window.stride[0]];
        (0..kernel * kernel).map(|t| (i * stride + t / kernel) * p.size[1] + j * stride + t % kernel).collect()
    }

    #[test]
    fn every_window_by_definition() {
        for p in cases() {
            let (planes, [rows, columns]) = (6, p.window.places(p.size));
            let x = numbers(planes * p.input_len(), 5);
            let dy = numbers(planes * p.output_len(), 6);
            let (mut y, mut argmax, mut mean) =
                (vec![f32::NAN; dy.len()], vec![f32::NAN; dy.len()], vec![f32::NAN; dy.len()]);
            let (mut dx, mut dx_mean) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            max_forward(&p, &x, &mut y, &mut argmax);
            max_backward(&p, &argmax, &dy, &mut dx);
            average_forward(&p, &x, &mut mean);
            average_backward(&p, &dy, &mut dx_mean);
            let (mut max2, mut mean2) = (Vec::new(), Vec::new());
            let (mut dx2, mut dx_mean2) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            for o in 0..dy.len() {
                let (j, i, base) = (o % columns, o / columns % rows, o / p.output_len() * p.input_len());
                let taps = taps(&p, i, j);
                let largest =
                    taps.iter().copied().reduce(|a, b| if x[base + b] > x[base + a] { b } else { a }).unwrap();
                assert_eq!(argmax[o] as usize, largest);
                max2.push(f64::from(x[base + largest]));
                dx2[base + largest] += f64::from(dy[o]);
                let share = 1.0 / taps.len() as f64;
                mean2.push(taps.iter().map(|t| f64::from(x[base + t])).sum::<f64>() * share);
                taps.iter().for_each(|t| dx_mean2[base + t] += f64::from(dy[o]) * share);
            }
            close(&y, &max2, 0.0);
            close(&dx, &dx2, 1e-6);
            close(&mean, &mean2, 1e-6);
            close(&dx_mean, &dx_mean2, 1e-6);
        }
    }

    #[test]
    fn the_first_of_equals_and_any_nan_is_the_largest() {
        for (size, kernel, stride) in [(2, 2, 1), (2, 2, 2), (3, 3, 1), (8, 2, 2), (16, 2, 2)] {
            let p = Pooling { size: [size; 2], window: Window::square(kernel, stride) };
            let (mut y, mut at) = (vec![0.0; p.output_len()], vec![9.0; p.output_len()]);
            let mut x = vec![1.0; p.input_len()];
            max_forward(&p, &x, &mut y, &mut at);
            assert_eq!((y[0], at[0]), (1.0, 0.0));
            x[1] = f32::NAN;
            max_forward(&p, &x, &mut y, &mut at);
            assert!(y[0].is_nan());
            assert_eq!(at[0], 1.0);
        }
    }

    #[test]
    fn a_place_that_was_set_by_hand_gets_what_it_is_said_to_get() {
        let p = Pooling { size: [9, 21], window: Window::square(2, 2) };
        let (x, dy) = (numbers(3 * p.input_len(), 5), numbers(3 * p.output_len(), 6));
        let (mut y, mut argmax, mut dx) = (dy.clone(), dy.clone(), x.clone());
        max_forward(&p, &x, &mut y, &mut argmax);
        argmax[p.output_len() + 7] = 188.0;
        argmax[p.output_len() + 8] = 1e6;
        max_backward(&p, &argmax, &dy, &mut dx);
        let mut expected = vec![0.0; x.len()];
        for (o, (at, dy)) in argmax.iter().zip(&dy).enumerate().filter(|(_, (at, _))| **at < 189.0) {
            expected[o / p.output_len() * p.input_len() + *at as usize] += dy;
        }
        assert_eq!(dx, expected);
    }

    #[test]
    fn the_mean_of_a_plane_and_its_gradient() {
        let x = numbers(70 * 35, 1);
        let (mut y, mut dx) = (vec![0.0; 70], vec![0.0; x.len()]);
        global_forward(35, &x, &mut y);
        global_backward(35, &y, &mut dx);
        let mean: Vec<f64> = x.chunks(35).map(|p| p.iter().map(|x| f64::from(*x)).sum::<f64>() / 35.0).collect();
        close(&y, &mean, 1e-6);
        assert!(dx.chunks(35).zip(&y).all(|(dx, y)| dx.iter().all(|d| *d == y * (1.0 / 35.0))));
    }

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let p = Pooling { size: [31, 33], window: Window::square(3, 2) };
        let x = numbers(40 * p.input_len(), 5);
        same_bits_on_any_threads(|| {
            let mut y = vec![0.0; 40 * p.output_len()];
            let (mut argmax, mut dx, mut mean) = (y.clone(), x.clone(), vec![0.0; 40]);
            max_forward(&p, &x, &mut y, &mut argmax);
            max_backward(&p, &argmax, &y, &mut dx);
            global_forward(p.input_len(), &x, &mut mean);
            [y, argmax, dx, mean].concat()
        });
    }
}
