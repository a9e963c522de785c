//! Convolutions in groups: each group of channels has filters of its own and sees no other. With one channel a group
//! (depthwise) sums are short and go to [`super::depthwise`]; wider groups are laid out as pictures of their own and
//! handed to [`super::conv2d`].

use super::conv2d::{self, Convolution, ends, layout_of_gradient, put_every, spread, tile_from};
use super::correlate::{Layout, take_every};
use super::depthwise::Padded;
use super::elementwise::{copy_row, vectorised};
use super::pixels::lanes;
use super::split::{for_each_chunk, sum_in_parts, with_tile};
use super::window::Window;
use super::{correlate, depthwise};

/// Numbers of a picture that is laid out as a whole: a good part of a core's second cache.
const TILE: usize = 32 * 1024;

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

    /// How a picture is laid out for [`depthwise::sums_of_nine`] and the like, when its windows are theirs.
    fn nine(&self) -> Option<Nine> {
        let Window { kernel, stride, dilation, before, .. } = self.each.window;
        let ([rows, columns], step) = (self.each.places(), stride[0]);
        let places = [rows, columns.saturating_sub(1) * step + 1];
        let layout = Layout {
            channels: 1,
            size: self.each.size,
            stride: [1; 2],
            phases: [1; 2],
            before,
            rows: rows.saturating_sub(1) * step + 3,
            pitch: places[1] + 2,
        };
        let usual = [kernel, dilation] == [[3; 2], [1; 2]] && (stride == [1; 2] || stride == [2; 2]);
        let fits = rows > 0 && places[1] >= lanes() && layout.len() <= TILE;
        (usual && fits).then_some(Nine { layout, places, step })
    }

    /// The same for the gradient of the pictures: a picture of as many numbers is made from that of the places.
    fn nine_backward(&self) -> Option<Nine> {
        let (Window { before, after, .. }, size) = (self.each.window, self.each.size);
        let Nine { step, .. } = self.nine()?;
        let few_zeros = before.iter().chain(&after).all(|zeros| *zeros <= 2);
        let (before, [rows, pitch]) = (before.map(|zeros| 2 - zeros.min(2)), size.map(|numbers| numbers + 2));
        let size_of_dy = self.each.places();
        let layout = Layout { channels: 1, size: size_of_dy, stride: [1; 2], phases: [1; 2], before, rows, pitch };
        let fits = self.each.filters == 1 && few_zeros && size[1] >= lanes() && layout.len() <= TILE;
        fits.then_some(Nine { layout, places: size, step })
    }

    fn planes(&self) -> [usize; 2] {
        let [rows, columns] = self.each.window.places(self.each.size);
        [self.each.size[0] * self.each.size[1], rows * columns]
    }
}

/// Windows of 3 × 3 numbers side by side that move by `step`.
struct Nine {
    layout: Layout,
    /// As if windows moved by a single column.
    places: [usize; 2],
    step: usize,
}

impl Nine {
    fn padded<'a>(&self, picture: &'a [f32], down: usize) -> Padded<'a> {
        Padded { picture, pitch: self.layout.pitch, places: self.places, down }
    }

    /// Lays out the gradient of places that lie `step` apart, with zeros in between.
    fn fill_apart(&self, dy: &[f32], out: &mut [f32]) {
        if self.step == 1 {
            return self.layout.fill(dy, 0, out);
        }
        let Layout { before: [above, left], size: [_, columns], pitch, .. } = self.layout;
        vectorised(
            #[inline(always)]
            || {
                out.fill(0.0);
                let rows = out[above * pitch..].chunks_mut(self.step * pitch);
                for (out, dy) in rows.zip(dy.chunks_exact(columns)) {
                    let room = (pitch.min(out.len()) - left).min((columns - 1) * self.step + 1);
                    put_every(self.step, dy, &mut out[left..][..room]);
                }
            },
        );
    }
}

/// `y = w ⋆ x + bias`
pub fn forward(g: &Grouped, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (input_len, output_len) = (g.input_len(), g.output_len());
    let batch = y.len() / output_len.max(1);
    if g.is_depthwise() {
        return forward_depthwise(g, x, w, bias, y);
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
        return backward_input_depthwise(g, w, dy, dx);
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
        return backward_weight_depthwise(g, x, dy, dw);
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

fn forward_depthwise(g: &Grouped, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (c, [inner, outer], area) = (&g.each, g.planes(), g.each.window.area());
    let ((layout, tile), [rows, columns]) = (c.layout(), c.places());
    if let Some(nine) = g.nine() {
        let wide = nine.places[1];
        return for_each_chunk(y, c.filters * outer, y.len() * area, |group, y| {
            with_tile(nine.layout.len() + rows * wide, |memory| {
                let (picture, made) = memory.split_at_mut(nine.layout.len());
                nine.layout.fill(&x[group * inner..][..inner], 0, picture);
                let from = nine.padded(picture, nine.step);
                for (f, y) in (group % g.groups * c.filters..).zip(y.chunks_exact_mut(outer)) {
                    let (w, bias) = (&w[f * area..][..area], bias.map_or(0.0, |bias| bias[f]));
                    if nine.step == 1 {
                        depthwise::sums_of_nine(from, w, bias, y);
                        continue;
                    }
                    depthwise::sums_of_nine(from, w, bias, made);
                    vectorised(
                        #[inline(always)]
                        || {
                            let rows = y.chunks_exact_mut(columns).zip(made.chunks_exact(wide));
                            rows.for_each(|(y, made)| take_every(nine.step, made, y));
                        },
                    );
                }
            });
        });
    }
    let (offsets, pitch) = (c.offsets(&layout), layout.pitch);
    for_each_chunk(y, c.filters * outer, y.len() * area, |group, y| {
        let x = &x[group * inner..][..inner];
        with_tile(layout.len() + tile * pitch + depthwise::SLACK, |memory| {
            let (picture, sums) = memory.split_at_mut(layout.len());
            for first in (0..rows).step_by(tile) {
                let tile = tile_from(first, tile, rows);
                layout.fill(x, first, picture);
                let places = (tile.len() - 1) * pitch + columns;
                for (f, y) in (group % g.groups * c.filters..).zip(y.chunks_exact_mut(outer)) {
                    let bias = bias.map_or(0.0, |bias| bias[f]);
                    depthwise::sums(picture, &offsets, &w[f * area..][..area], bias, places, sums);
                    put_rows(sums, pitch, columns, &mut y[first * columns..tile.end * columns]);
                }
            }
        });
    });
}

/// The first numbers of rows that lie `pitch` apart.
fn put_rows(from: &[f32], pitch: usize, columns: usize, to: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (to, from) in to.chunks_exact_mut(columns).zip(from.chunks(pitch)) {
                copy_row(&from[..columns], to);
            }
        },
    );
}

fn backward_input_depthwise(g: &Grouped, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (c, [inner, outer]) = (&g.each, g.planes());
    if let Some(nine) = g.nine_backward() {
        return for_each_chunk(dx, inner, dy.len() * 9, |group, dx| {
            let mut w: [f32; 9] = std::array::from_fn(|tap| w[group % g.groups * 9 + tap]);
            w.reverse();
            with_tile(nine.layout.len(), |picture| {
                nine.fill_apart(&dy[group * outer..][..outer], picture);
                depthwise::sums_of_nine(nine.padded(picture, 1), &w, 0.0, dx);
            });
        });
    }
    let ((layout, tile), last) = (layout_of_gradient(c), ends(c)[0]);
    let (pitch, of_group) = (layout.pitch, c.filters * outer);
    let with_weights = |share: conv2d::Share| {
        let groups = w.chunks_exact(g.weight_len());
        let weights: Vec<f32> = groups.flat_map(|w| share.taps.iter().map(|tap| w[*tap])).collect();
        (weights, share)
    };
    let shares: Vec<_> = conv2d::shares(c, &layout).into_iter().map(with_weights).collect();
    for_each_chunk(dx, inner, dy.len() * c.window.area(), |group, dx| {
        let dy = &dy[group * of_group..][..of_group];
        if c.window.stride != [1, 1] {
            // Not every number may be met by the window.
            dx.fill(0.0);
        }
        with_tile(layout.len() + tile * pitch + depthwise::SLACK, |memory| {
            let (picture, sums) = memory.split_at_mut(layout.len());
            for first in (0..last).step_by(tile) {
                layout.fill(dy, first, picture);
                for (weights, share) in &shares {
                    let Some(stretch) = share.within(&tile_from(first, tile, last), pitch) else { continue };
                    let weights = &weights[group % g.groups * share.taps.len()..][..share.taps.len()];
                    depthwise::sums(&picture[stretch.from..], &share.offsets, weights, 0.0, stretch.places, sums);
                    vectorised(
                        #[inline(always)]
                        || share.put(c, &stretch, pitch, sums, dx),
                    );
                }
            }
        });
    });
}

fn backward_weight_depthwise(g: &Grouped, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (c, [inner, outer], area) = (&g.each, g.planes(), g.each.window.area());
    let ((layout, tile), [rows, columns]) = (c.layout(), c.places());
    let (offsets, padded) = (c.offsets(&layout), correlate::padded((tile - 1) * layout.pitch + columns));
    let (batch, of_group, work) = (dy.len() / g.output_len().max(1), c.filters * outer, dy.len() * area);
    if let Some(nine) = g.nine() {
        let wide = nine.places[1];
        return sum_in_parts(batch, dw, work, |images, sums| {
            with_tile(nine.layout.len() + rows * wide, |memory| {
                let (picture, apart) = memory.split_at_mut(nine.layout.len());
                for group in images.start * g.groups..images.end * g.groups {
                    nine.layout.fill(&x[group * inner..][..inner], 0, picture);
                    let from = nine.padded(picture, nine.step);
                    let dy = dy[group * of_group..][..of_group].chunks_exact(outer);
                    let sums = sums[group % g.groups * c.filters * area..].chunks_exact_mut(area);
                    for (dy, sums) in dy.zip(sums) {
                        if nine.step == 1 {
                            depthwise::products_of_nine(from, dy, sums);
                            continue;
                        }
                        vectorised(
                            #[inline(always)]
                            || {
                                let rows = apart.chunks_exact_mut(wide).zip(dy.chunks_exact(columns));
                                rows.for_each(|(apart, dy)| put_every(nine.step, dy, apart));
                            },
                        );
                        depthwise::products_of_nine(from, apart, sums);
                    }
                }
            });
        });
    }
    sum_in_parts(batch, dw, work, |images, sums| {
        with_tile(layout.len() + padded, |memory| {
            let (picture, gradient) = memory.split_at_mut(layout.len());
            for group in images.start * g.groups..images.end * g.groups {
                let (x, dy) = (&x[group * inner..][..inner], &dy[group * of_group..][..of_group]);
                let sums = &mut sums[group % g.groups * c.filters * area..];
                for first in (0..rows).step_by(tile) {
                    layout.fill(x, first, picture);
                    for (dy, sums) in dy.chunks_exact(outer).zip(sums.chunks_exact_mut(area)) {
                        let tile = tile_from(first, tile, rows);
                        spread(dy, [rows, columns], tile, (layout.pitch, padded), gradient);
                        depthwise::products(gradient, picture, &offsets, sums);
                    }
                }
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers, same_bits_on_any_threads};

    /// Places, their numbers and the weights between them, one by one.
    #[test]
    fn windows_of_nine_by_definition() {
        let sizes = [([5, 21], 1, 1), ([33, 32], 1, 2), ([6, 40], 0, 1), ([7, 17], 2, 1), ([1, 19], 1, 1)];
        for ((size, zeros, filters), step) in sizes.into_iter().flat_map(|sizes| [(sizes, 1), (sizes, 2)]) {
            let window = Window { before: [zeros; 2], after: [zeros; 2], ..Window::square(3, step) };
            let g = Grouped { groups: 3, each: Convolution { channels: 1, size, filters, window } };
            let [rows, columns] = g.each.places();
            let (x, dy) = (numbers(2 * g.input_len(), 1), numbers(2 * g.output_len(), 2));
            let w = numbers(g.groups * g.weight_len(), 3);
            let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
            forward(&g, &x, &w, None, &mut y);
            backward_input(&g, &w, &dy, &mut dx);
            backward_weight(&g, &x, &dy, &mut dw);
            let [mut exact_y, mut exact_dx, mut exact_dw] = [&y, &dx, &dw].map(|numbers| vec![0.0f64; numbers.len()]);
            for (to, tap) in (0..y.len()).flat_map(|to| (0..9).map(move |tap| (to, tap))) {
                let (plane, row, column) = (to / (rows * columns), to / columns % rows, to % columns);
                let place = [row * step + tap / 3, column * step + tap % 3].map(|at| at.wrapping_sub(zeros));
                if place[0] < size[0] && place[1] < size[1] {
                    let from = (plane / filters * size[0] + place[0]) * size[1] + place[1];
                    let weight = plane % (3 * filters) * 9 + tap;
                    exact_y[to] += f64::from(x[from]) * f64::from(w[weight]);
                    exact_dx[from] += f64::from(dy[to]) * f64::from(w[weight]);
                    exact_dw[weight] += f64::from(dy[to]) * f64::from(x[from]);
                }
            }
            close(&y, &exact_y, 2e-6);
            close(&dx, &exact_dx, 2e-6);
            close(&dw, &exact_dw, 2e-6);
        }
    }

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
