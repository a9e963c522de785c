//! Pooling of f32 images: largest of each window, mean of each window, mean of the whole.
//!
//! Works on planes (one channel of one image, `[H, W]`), of which a batch has `B · C`. Zeros around an image are never
//! read.

use super::elementwise::vectorised;
use super::lanes;
use super::pool_of_four as four;
use super::split::{for_each_chunk, for_each_pair};
use super::window::Window;

/// The rows (or columns) of an image under the window at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    /// Behind the last, which is never before `start`.
    pub end: usize,
    /// How many a mean divides by: more where zeros around the image count too.
    pub counted: usize,
}

/// The sizes of one pooling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pooling {
    pub size: [usize; 2],
    /// Of every place, along rows and along columns.
    pub spans: [Vec<Span>; 2],
}

impl Pooling {
    /// A window that slides; every place of it must see the image. `counted`: how many of the zeros after the image a
    /// mean counts (of those before it then counts all); `None`: it counts no zeros.
    pub fn sliding(window: &Window, size: [usize; 2], counted: Option<[usize; 2]>) -> Self {
        let places = window.places(size);
        let span = |axis: usize, place: usize| {
            // Counted from the zeros before the image.
            let first = place * window.stride[axis];
            let (before, last) = (window.before[axis], first + window.kernel[axis]);
            let (start, end) = (first.saturating_sub(before), last.saturating_sub(before).min(size[axis]));
            let padded = counted.map(|after| before + size[axis] + after[axis]);
            Span { start, end, counted: padded.map_or(end - start, |padded| last.min(padded) - first) }
        };
        Self { size, spans: [0, 1].map(|axis| (0..places[axis]).map(|place| span(axis, place)).collect()) }
    }

    /// So many parts of about one size, neighbours overlapping where they must: PyTorch's adaptive pooling.
    pub fn parts(parts: [usize; 2], size: [usize; 2]) -> Self {
        let span = |axis: usize, part: usize| {
            let (start, end) = (part * size[axis] / parts[axis], ((part + 1) * size[axis]).div_ceil(parts[axis]));
            Span { start, end, counted: end - start }
        };
        Self { size, spans: [0, 1].map(|axis| (0..parts[axis]).map(|part| span(axis, part)).collect()) }
    }

    /// Rows and columns that come out.
    pub fn places(&self) -> [usize; 2] {
        [self.spans[0].len(), self.spans[1].len()]
    }

    /// Numbers of a plane that goes in.
    pub fn input_len(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Numbers of a plane that comes out.
    pub fn output_len(&self) -> usize {
        self.spans[0].len() * self.spans[1].len()
    }

    /// Rows and columns of the largest window.
    pub fn largest(&self) -> [usize; 2] {
        let length = |span: &Span| span.end - span.start;
        [0, 1].map(|axis| self.spans[axis].iter().map(length).max().unwrap_or(0))
    }

    /// Calls `f` with every place and the rows and columns under the window there.
    fn for_each_place(&self, mut f: impl FnMut(usize, Span, Span)) {
        let [rows, columns] = &self.spans;
        let mut place = 0;
        for row in rows {
            for column in columns {
                f(place, *row, *column);
                place += 1;
            }
        }
    }

    /// How much is computed for so many numbers that come out.
    fn work(&self, outputs: usize) -> usize {
        outputs * self.largest().iter().product::<usize>()
    }
}

/// The usual window, 2 × 2 with stride 2.
fn is_of_four(p: &Pooling) -> bool {
    let pairs = |spans: &[Span]| spans.iter().enumerate().all(|(i, span)| (span.start, span.end) == (2 * i, 2 * i + 2));
    [0, 1].iter().all(|&axis| p.spans[axis].len() == p.size[axis] / 2 && pairs(&p.spans[axis]))
}

/// Planes that are handed to a thread together: small ones are many.
fn together(p: &Pooling) -> usize {
    (1 << 14) / p.input_len().max(1) + 1
}

/// The largest number of every window and where it lies in its plane (`row · W + column`, exact up to 2²⁴). Of equal
/// numbers the first counts, and NaN is larger than any number, as in PyTorch.
pub fn max_forward(p: &Pooling, x: &[f32], y: &mut [f32], argmax: &mut [f32]) {
    let (input_len, length, width) = (p.input_len(), p.output_len(), p.size[1]);
    let (work, planes) = (p.work(y.len()), together(p));
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
            p.for_each_place(|place, rows, columns| {
                let mut at = rows.start * width + columns.start;
                let mut best = x[at];
                for row in rows.start..rows.end {
                    let start = row * width + columns.start;
                    for (i, &candidate) in x[start..row * width + columns.end].iter().enumerate() {
                        if candidate > best || candidate.is_nan() {
                            (best, at) = (candidate, start + i);
                        }
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
    let (input_len, width, work) = (p.input_len(), p.size[1], p.work(y.len()));
    for_each_chunk(y, p.output_len(), work, |plane, y| {
        let x = &x[plane * input_len..][..input_len];
        p.for_each_place(|place, rows, columns| {
            let mut sum = 0.0;
            for row in rows.start..rows.end {
                x[row * width + columns.start..row * width + columns.end].iter().for_each(|x| sum += x);
            }
            y[place] = sum * (1.0 / (rows.counted * columns.counted) as f32);
        });
    });
}

/// `dx`: each gradient is shared equally among what its mean counts.
pub fn average_backward(p: &Pooling, dy: &[f32], dx: &mut [f32]) {
    let (length, width, work) = (p.output_len(), p.size[1], p.work(dy.len()));
    for_each_chunk(dx, p.input_len(), work, |plane, dx| {
        dx.fill(0.0);
        let dy = &dy[plane * length..][..length];
        p.for_each_place(|place, rows, columns| {
            let share = dy[place] * (1.0 / (rows.counted * columns.counted) as f32);
            for row in rows.start..rows.end {
                dx[row * width + columns.start..row * width + columns.end].iter_mut().for_each(|dx| *dx += share);
            }
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

    fn square(size: [usize; 2], kernel: usize, stride: usize) -> Pooling {
        Pooling::sliding(&Window::square(kernel, stride), size, Some([0; 2]))
    }

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
        let plain = sizes.map(|(size, kernel, stride)| square(size, kernel, stride));
        let around = Window { before: [1, 2], after: [1, 3], ..Window::square(4, 3) };
        let padded = [None, Some([0, 0]), Some([1, 2])].map(|counted| Pooling::sliding(&around, [6, 7], counted));
        let rest = Pooling::sliding(&Window { after: [1, 0], ..Window::square(2, 2) }, [5, 4], None);
        let parts = [[2, 3], [5, 7], [6, 2]].map(|parts| Pooling::parts(parts, [5, 7]));
        plain.into_iter().chain(padded).chain([rest]).chain(parts).collect()
    }

    #[test]
    fn what_a_mean_counts() {
        let counted =
            |p: &Pooling| p.spans[0].iter().map(|span| (span.start, span.end, span.counted)).collect::<Vec<_>>();
        let around = Window { before: [1; 2], after: [2; 2], ..Window::square(3, 2) };
        assert_eq!(counted(&Pooling::sliding(&around, [4; 2], None)), [(0, 2, 2), (1, 4, 3), (3, 4, 1)]);
        assert_eq!(counted(&Pooling::sliding(&around, [4; 2], Some([2; 2]))), [(0, 2, 3), (1, 4, 3), (3, 4, 3)]);
        // The last of the zeros only keeps a remainder, which PyTorch does not count.
        assert_eq!(counted(&Pooling::sliding(&around, [4; 2], Some([1; 2]))), [(0, 2, 3), (1, 4, 3), (3, 4, 2)]);
        assert_eq!(counted(&Pooling::parts([3, 1], [5, 5])), [(0, 2, 2), (1, 4, 3), (3, 5, 2)]);
    }

    /// What is under the window at place (i, j), and by what its mean divides.
    fn taps(p: &Pooling, i: usize, j: usize) -> (Vec<usize>, f64) {
        let (rows, columns) = (p.spans[0][i], p.spans[1][j]);
        let row = |u: usize| (columns.start..columns.end).map(move |v| u * p.size[1] + v);
        ((rows.start..rows.end).flat_map(row).collect(), 1.0 / (rows.counted * columns.counted) as f64)
    }

    #[test]
    fn every_window_by_definition() {
        for p in cases() {
            let (planes, [rows, columns]) = (6, p.places());
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
                let (taps, share) = taps(&p, i, j);
                let largest =
                    taps.iter().copied().reduce(|a, b| if x[base + b] > x[base + a] { b } else { a }).unwrap();
                assert_eq!(argmax[o] as usize, largest);
                max2.push(f64::from(x[base + largest]));
                dx2[base + largest] += f64::from(dy[o]);
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
            let p = square([size; 2], kernel, stride);
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
        let p = square([9, 21], 2, 2);
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
        let p = square([31, 33], 3, 2);
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
