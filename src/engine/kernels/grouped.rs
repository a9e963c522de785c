//! Convolutions in groups: each group of channels has filters of its own and sees no other. With one channel a group
//! (depthwise) sums are short, and plain loops over rows beat a matrix product; wider groups are laid out as pictures
//! of their own and handed to [`super::conv2d`].

use super::conv2d::{self, Convolution};
use super::lanes;
use super::split::{for_each_chunk, sum_in_parts};

/// Pictures `[B, groups · channels, size]` to `[B, groups · filters, places]`; weights
/// `[groups · filters, channels, KH, KW]`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped {
    pub groups: usize,
    /// One group's convolution.
    pub each: Convolution,
}

impl Grouped {
    fn input_len(&self) -> usize {
        self.groups * self.each.input_len()
    }

    fn output_len(&self) -> usize {
        self.groups * self.each.output_len()
    }

    fn weight_len(&self) -> usize {
        self.each.filters * self.each.channels * self.each.window.area()
    }

    fn is_depthwise(&self) -> bool {
        self.each.channels == 1
    }

    fn planes(&self) -> [usize; 2] {
        let [rows, columns] = self.each.window.places(self.each.size);
        [self.each.size[0] * self.each.size[1], rows * columns]
    }
}

/// `y = w ⋆ x + bias`
pub fn forward(g: &Grouped, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (input_len, output_len) = (g.input_len(), g.output_len());
    let batch = y.len() / output_len.max(1);
    if g.is_depthwise() {
        let ([inner, outer], work) = (g.planes(), y.len() * g.each.window.area());
        return for_each_chunk(y, outer, work, |i, y| {
            let (image, filter) = (i / (g.groups * g.each.filters), i % (g.groups * g.each.filters));
            let x = &x[image * input_len + filter / g.each.filters * inner..][..inner];
            y.fill(bias.map_or(0.0, |bias| bias[filter]));
            for_each_overlap(&g.each, |tap, overlap| {
                let w = w[filter * g.each.window.area() + tap];
                overlap.over_outputs(y, x, |y, x| *y += w * x);
            });
        });
    }
    let (mut from, mut to) = (vec![0.0; x.len() / g.groups], vec![0.0; y.len() / g.groups]);
    for group in 0..g.groups {
        take(x, input_len, g.each.input_len(), group, &mut from);
        let w = &w[group * g.weight_len()..][..g.weight_len()];
        let bias = bias.map(|bias| &bias[group * g.each.filters..][..g.each.filters]);
        conv2d::forward(&g.each, &from, w, bias, &mut to);
        put(&to, batch, g.each.output_len(), group, y);
    }
}

/// The gradient of the pictures.
pub fn backward_input(g: &Grouped, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input_len, output_len) = (g.input_len(), g.output_len());
    let batch = dx.len() / input_len.max(1);
    if g.is_depthwise() {
        let ([inner, outer], work) = (g.planes(), dy.len() * g.each.window.area());
        return for_each_chunk(dx, inner, work, |i, dx| {
            let (image, group) = (i / g.groups, i % g.groups);
            dx.fill(0.0);
            for filter in group * g.each.filters..(group + 1) * g.each.filters {
                let dy = &dy[image * output_len + filter * outer..][..outer];
                for_each_overlap(&g.each, |tap, overlap| {
                    let w = w[filter * g.each.window.area() + tap];
                    overlap.over_inputs(dx, dy, |dx, dy| *dx += w * dy);
                });
            }
        });
    }
    let (mut from, mut to) = (vec![0.0; dy.len() / g.groups], vec![0.0; dx.len() / g.groups]);
    for group in 0..g.groups {
        take(dy, output_len, g.each.output_len(), group, &mut from);
        let w = &w[group * g.weight_len()..][..g.weight_len()];
        conv2d::backward_input(&g.each, w, &from, &mut to);
        put(&to, batch, g.each.input_len(), group, dx);
    }
}

/// The gradient of the weights, over the batch and all places.
pub fn backward_weight(g: &Grouped, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (input_len, output_len) = (g.input_len(), g.output_len());
    if g.is_depthwise() {
        let ([inner, outer], area) = (g.planes(), g.each.window.area());
        return sum_in_parts(dy.len() / output_len.max(1), dw, dy.len() * area, |images, sums| {
            for (image, filter) in images.flat_map(|image| (0..g.groups * g.each.filters).map(move |f| (image, f))) {
                let x = &x[image * input_len + filter / g.each.filters * inner..][..inner];
                let dy = &dy[image * output_len + filter * outer..][..outer];
                for_each_overlap(&g.each, |tap, overlap| sums[filter * area + tap] += overlap.product(dy, x));
            }
        });
    }
    let (mut xs, mut dys) = (vec![0.0; x.len() / g.groups], vec![0.0; dy.len() / g.groups]);
    for group in 0..g.groups {
        take(x, input_len, g.each.input_len(), group, &mut xs);
        take(dy, output_len, g.each.output_len(), group, &mut dys);
        conv2d::backward_weight(&g.each, &xs, &dys, &mut dw[group * g.weight_len()..][..g.weight_len()]);
    }
}

/// One group of every picture.
fn take(all: &[f32], image: usize, part: usize, group: usize, out: &mut [f32]) {
    let images = all.chunks_exact(image.max(1)).zip(out.chunks_exact_mut(part.max(1)));
    images.for_each(|(all, out)| out.copy_from_slice(&all[group * part..][..part]));
}

/// The transpose of [`take`].
fn put(group_of_all: &[f32], batch: usize, part: usize, group: usize, all: &mut [f32]) {
    let image = all.len() / batch.max(1);
    let images = all.chunks_exact_mut(image.max(1)).zip(group_of_all.chunks_exact(part.max(1)));
    images.for_each(|(all, from)| all[group * part..][..part].copy_from_slice(from));
}

/// Where one entry of the window meets the picture: stretches of outputs, and of inputs `step` apart.
struct Overlap {
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
    /// Columns of a row of outputs, and of a row of inputs.
    widths: [usize; 2],
    /// Input row under output row 0, minus which is reached by stride: `first + row · stride`.
    first_row: isize,
    first_column: usize,
    strides: [usize; 2],
}

impl Overlap {
    /// The outputs of a row, and where their inputs begin.
    fn stretch(&self, row: usize) -> (std::ops::Range<usize>, usize) {
        let [outer, inner] = self.widths;
        let source = (self.first_row + (row * self.strides[0]) as isize) as usize;
        (row * outer + self.columns.start..row * outer + self.columns.end, source * inner + self.first_column)
    }

    fn over_outputs(&self, outputs: &mut [f32], inputs: &[f32], f: impl Fn(&mut f32, f32)) {
        for row in self.rows.clone() {
            let (to, from) = self.stretch(row);
            let outputs = &mut outputs[to];
            if self.strides[1] == 1 {
                outputs.iter_mut().zip(&inputs[from..]).for_each(|(o, i)| f(o, *i));
            } else {
                outputs.iter_mut().zip(inputs[from..].iter().step_by(self.strides[1])).for_each(|(o, i)| f(o, *i));
            }
        }
    }

    fn over_inputs(&self, inputs: &mut [f32], outputs: &[f32], f: impl Fn(&mut f32, f32)) {
        for row in self.rows.clone() {
            let (from, to) = self.stretch(row);
            let outputs = &outputs[from];
            if self.strides[1] == 1 {
                inputs[to..].iter_mut().zip(outputs).for_each(|(i, o)| f(i, *o));
            } else {
                inputs[to..].iter_mut().step_by(self.strides[1]).zip(outputs).for_each(|(i, o)| f(i, *o));
            }
        }
    }

    /// Σ outputs · inputs
    fn product(&self, outputs: &[f32], inputs: &[f32]) -> f32 {
        let mut sum = 0.0;
        for row in self.rows.clone() {
            let (outer, from) = self.stretch(row);
            let outputs = &outputs[outer];
            sum += if self.strides[1] == 1 {
                lanes::sum_of_pairs(outputs, &inputs[from..from + outputs.len()], |o, i| o * i)
            } else {
                outputs.iter().zip(inputs[from..].iter().step_by(self.strides[1])).map(|(o, i)| o * i).sum::<f32>()
            };
        }
        sum
    }
}

/// Every entry of the window by its number, with where it meets the picture (if anywhere).
fn for_each_overlap(c: &Convolution, mut f: impl FnMut(usize, &Overlap)) {
    let (window, [height, width]) = (&c.window, c.size);
    let [rows, columns] = window.places(c.size);
    for tap in 0..window.area() {
        let (u, v) = (tap / window.kernel[1], tap % window.kernel[1]);
        let (on_rows, on_columns) = (window.inside(0, u, height, rows), window.inside(1, v, width, columns));
        if on_rows.is_empty() || on_columns.is_empty() {
            continue;
        }
        let first_row = window.under(0, u, on_rows.start) as isize - (on_rows.start * window.stride[0]) as isize;
        let first_column = window.under(1, v, on_columns.start);
        let (widths, strides) = ([columns, width], window.stride);
        f(tap, &Overlap { rows: on_rows, columns: on_columns, widths, first_row, first_column, strides });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};
    use crate::engine::kernels::window::Window;

    #[test]
    fn same_bits_on_any_number_of_threads() {
        for (channels, filters) in [(1, 2), (3, 2)] {
            let window = Window { before: [1, 1], after: [1, 1], ..Window::square(3, 1) };
            let g = Grouped { groups: 4, each: Convolution { channels, size: [23, 19], filters, window } };
            let (x, dy) = (numbers(5 * g.input_len(), 1), numbers(5 * g.output_len(), 2));
            let w = numbers(g.groups * g.weight_len(), 3);
            same_bits_on_any_threads(|| {
                let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
                forward(&g, &x, &w, None, &mut y);
                backward_input(&g, &w, &dy, &mut dx);
                backward_weight(&g, &x, &dy, &mut dw);
                [y, dx, dw].concat()
            });
        }
    }
}
