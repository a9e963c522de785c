//! Convolutions with windows of 3 × 3 and stride 1 by Winograd's minimal filtering F(2 × 2, 3 × 3): two by two places
//! at once from a tile of 4 × 4 pixels, with 16 multiplications instead of 36. For every one of the 16 numbers of a
//! transformed tile there is a matrix product, tiles times channels by channels times filters; gradients are the same
//! steps backward.
//!
//! Sizes and order of the work are here; the transforms are in [`super::tiles`], the products in [`super::panel`].

use std::cell::Cell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::conv2d::Convolution;
use super::panel::{Left, product};
use super::pixels::{Pixels, lanes};
use super::split::{aligned, for_each_chunk, partial_sums, sum_in, with_scratch, with_tile};
use super::tiles::{OfGradients, OfPicture, OfWeights, POINTS, Squares, ToPlaces, ToWeights, contract, expand};
use super::transpose::transpose;
use super::window::Window;

/// Numbers of pixels that are laid out together: they fit a core's second cache.
const TOGETHER: usize = 64 * 1024;

/// Numbers of transformed tiles that are multiplied together: they stay in the second cache between the steps.
const AT_ONCE: usize = 48 * 1024;

/// Distance of planes beyond what they need, so that they do not fall on the same lines of the caches.
const APART: usize = 16;

/// Whether this convolution can be computed so, and is quicker for it.
pub fn pays(c: &Convolution) -> bool {
    let w = &c.window;
    let usual = Window { before: [0; 2], after: [0; 2], ..*w } == Window::square(3, 1);
    let few_zeros = w.before.iter().chain(&w.after).all(|zeros| *zeros <= 2);
    // Transforms grow with the channels plus the filters, products with one times the other.
    usual && few_zeros && c.channels * c.filters >= 8 * (c.channels + c.filters)
}

/// Pictures of `channels` that become pictures of `filters`.
#[derive(Clone, Copy)]
struct Sizes {
    channels: Axis,
    filters: Axis,
    size: [usize; 2],
    before: [usize; 2],
    places: [usize; 2],
}

/// Channels, and the numbers that a pixel takes: whole registers.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub count: usize,
    pub width: usize,
}

impl Axis {
    pub fn of(count: usize) -> Self {
        Self { count, width: count.next_multiple_of(lanes()) }
    }
}

/// Some rows of tiles of one picture.
struct Segment {
    image: usize,
    rows: Range<usize>,
}

impl Sizes {
    fn of(c: &Convolution) -> Self {
        let (channels, filters) = (Axis::of(c.channels), Axis::of(c.filters));
        Self { channels, filters, size: c.size, before: c.window.before, places: c.window.places(c.size) }
    }

    /// The gradient of the pictures is a convolution of the gradient of the places.
    fn backward(self) -> Self {
        let before = self.before.map(|before| 2 - before);
        Self { channels: self.filters, filters: self.channels, size: self.places, before, places: self.size }
    }

    fn tiles(&self) -> [usize; 2] {
        self.places.map(|places| places.div_ceil(2))
    }

    /// Rows of tiles that are laid out together, counted through all pictures.
    fn rows_together(&self) -> usize {
        let [down, across] = self.tiles();
        let fit = TOGETHER / (4 * (across + 1) * (self.channels.width + self.filters.width));
        if fit >= down { fit / down * down } else { down.div_ceil(down.div_ceil(fit.max(1))) }
    }

    /// Rows of tiles that are multiplied together.
    fn rows_at_once(&self) -> usize {
        (AT_ONCE / (POINTS * (self.channels.width + self.filters.width) * self.tiles()[1]))
            .clamp(1, self.rows_together())
    }

    /// Numbers between two planes of `rows` rows of tiles.
    fn step(&self, axis: Axis, rows: usize) -> usize {
        rows * self.tiles()[1] * axis.width + APART
    }

    /// The parts of a block of rows of tiles, counted through all pictures.
    fn segments(&self, block: Range<usize>) -> impl Iterator<Item = Segment> {
        let down = self.tiles()[0];
        let images = block.start / down..block.end.div_ceil(down);
        images.map(move |image| {
            let rows = block.start.max(image * down)..block.end.min((image + 1) * down);
            Segment { image, rows: rows.start - image * down..rows.end - image * down }
        })
    }

    /// The picture under `rows` rows of tiles.
    fn under(&self, rows: usize) -> Pixels {
        let Axis { count: channels, width } = self.channels;
        let pitch = 2 * self.tiles()[1] + 2;
        Pixels { channels, width, size: self.size, before: self.before, rows: 2 * rows + 2, pitch }
    }

    /// The places that `rows` rows of tiles make.
    fn made(&self, rows: usize) -> Pixels {
        let Axis { count: channels, width } = self.filters;
        let pitch = 2 * self.tiles()[1];
        Pixels { channels, width, size: self.places, before: [0; 2], rows: 2 * rows, pitch }
    }

    /// Numbers of the pixels under, or made by, the rows of tiles that are laid out together.
    fn pixels(&self, of: impl Fn(&Self, usize) -> Pixels) -> usize {
        let (down, together) = (self.tiles()[0], self.rows_together());
        // Parts of a picture may reach into the next.
        let pictures = if together.is_multiple_of(down) { together / down } else { 2 };
        pictures * of(self, together.min(down)).len()
    }

    /// The squares of some rows of tiles on pixels.
    fn squares<'a>(&self, starts: &'a [usize], pixels: Pixels) -> Squares<'a> {
        let [step, pitch] = [2, pixels.pitch].map(|pixel| pixel * pixels.width);
        Squares { starts, step, count: self.tiles()[1], pitch }
    }
}

/// Lays out the pictures of some segments one behind the other, and says where each of their rows of tiles begins.
fn lay_out(
    segments: impl Iterator<Item = Segment>,
    pixels: impl Fn(usize) -> Pixels,
    pictures: &[f32],
    out: &mut [f32],
) -> Vec<usize> {
    let (mut starts, mut end) = (Vec::new(), 0);
    for Segment { image, rows } in segments {
        let pixels = pixels(rows.len());
        let picture_len = pixels.channels * pixels.size[0] * pixels.size[1];
        pixels.fill(&pictures[image * picture_len..][..picture_len], 2 * rows.start, &mut out[end..]);
        starts.extend((0..rows.len()).map(|row| end + pixels.at(2 * row, 0)));
        end += pixels.len();
    }
    starts
}

/// The 16 products of one block, `out` and `a` `step` numbers a plane.
struct Products<'a> {
    left: Left<'a>,
    left_step: usize,
    right: &'a [f32],
    right_step: usize,
    depth: usize,
    width: usize,
    out: &'a mut [f32],
    out_step: usize,
    accumulate: bool,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for point in 0..POINTS {
            let left = Left { numbers: &self.left.numbers[point * self.left_step..], ..self.left };
            let right = &self.right[point * self.right_step..][..self.depth * self.width];
            let out = &mut self.out[point * self.out_step..][..self.left.rows * self.width];
            product(simd, left, right, self.width, out, self.accumulate);
        }
    }
}

thread_local! {
    static WEIGHTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// `y = w ⋆ x + bias`
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let sizes = Sizes::of(c);
    with_weights(&sizes, w, [9, c.channels * 9], false, |weights| convolve(&sizes, x, weights, bias, y));
}

/// The gradient of the pictures.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let sizes = Sizes::of(c).backward();
    with_weights(&sizes, w, [c.channels * 9, 9], true, |weights| convolve(&sizes, dy, weights, None, dx));
}

/// Calls `f` with the transformed weights, 16 planes `[channels, filters]`: the windows of one channel begin
/// `of_channel` numbers behind those of the one before, those of a filter `of_filter`. With `backward` they are read
/// from their ends.
fn with_weights(sizes: &Sizes, w: &[f32], [of_channel, of_filter]: [usize; 2], backward: bool, f: impl FnOnce(&[f32])) {
    let (channels, Axis { count, width }) = (sizes.channels.count, sizes.filters);
    let step = channels * width + APART;
    with_scratch(&WEIGHTS, POINTS * step + 9 * channels * width + 32, |memory| {
        let (planes, pixels) = aligned(memory).split_at_mut(POINTS * step);
        for (channel, pixels) in pixels.chunks_exact_mut(9 * width).take(channels).enumerate() {
            transpose((&w[channel * of_channel..], of_filter), [count, 9], (&mut *pixels, width));
            if backward {
                let (first, last) = pixels.split_at_mut(5 * width);
                first
                    .chunks_exact_mut(width)
                    .zip(last.rchunks_exact_mut(width))
                    .for_each(|(a, b)| a.swap_with_slice(b));
            }
        }
        expand::<OfWeights, 3>(pixels, width, windows(&[0], channels, width), (&mut *planes, step));
        f(planes);
    });
}

/// Windows of 3 × 3 pixels, one behind the other.
fn windows(start: &[usize; 1], count: usize, width: usize) -> Squares<'_> {
    Squares { starts: start, step: 9 * width, count, pitch: 3 * width }
}

fn convolve(sizes: &Sizes, x: &[f32], weights: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let ([down, across], together, at_once) = (sizes.tiles(), sizes.rows_together(), sizes.rows_at_once());
    let (channels, filters) = (sizes.channels, sizes.filters);
    let output_len = filters.count * sizes.places[0] * sizes.places[1];
    let batch = y.len() / output_len;
    let images = (together / down).min(batch / 8).max(1);
    let mut shift = vec![0.0; filters.width];
    shift.iter_mut().zip(bias.unwrap_or_default()).for_each(|(shift, bias)| *shift = *bias);
    let [from, to] = [channels, filters].map(|axis| sizes.step(axis, at_once));
    let (under, made) = (sizes.pixels(Sizes::under), sizes.pixels(Sizes::made));
    for_each_chunk(y, images * output_len, y_work(sizes, batch), |chunk, y| {
        with_tile(POINTS * (from + to) + under + made + 16, |memory| {
            let (before, memory) = aligned(memory).split_at_mut(POINTS * from);
            let (after, memory) = memory.split_at_mut(POINTS * to);
            let (pictures, places) = memory.split_at_mut(under);
            let rows = y.len() / output_len * down;
            for block in (0..rows).step_by(together).map(|row| row..(row + together).min(rows)) {
                let segments = sizes.segments(block.clone());
                let segments = segments.map(|s| Segment { image: s.image + chunk * images, ..s });
                let starts = lay_out(segments, |rows| sizes.under(rows), x, pictures);
                let to_starts: Vec<usize> = (0..starts.len()).map(|row| sizes.made(row).len()).collect();
                for (starts, to_starts) in starts.chunks(at_once).zip(to_starts.chunks(at_once)) {
                    let squares = sizes.squares(starts, sizes.under(1));
                    expand::<OfPicture, 4>(pictures, channels.width, squares, (&mut *before, from));
                    Arch::new().dispatch(Products {
                        left: Left { numbers: before, rows: starts.len() * across, row: channels.width, step: 1 },
                        left_step: from,
                        right: weights,
                        right_step: channels.count * filters.width + APART,
                        depth: channels.count,
                        width: filters.width,
                        out: after,
                        out_step: to,
                        accumulate: false,
                    });
                    let squares = sizes.squares(to_starts, sizes.made(1));
                    contract::<ToPlaces, 2>((&*after, to), filters.width, &shift, squares, places);
                }
                for segment in sizes.segments(block.clone()) {
                    let made = &places[sizes.made(segment.image * down + segment.rows.start - block.start).len()..];
                    put_back(sizes, &segment, made, &mut y[segment.image * output_len..][..output_len]);
                }
            }
        });
    });
}

/// Multiply-adds, about.
fn y_work(sizes: &Sizes, batch: usize) -> usize {
    batch * sizes.places[0] * sizes.places[1] * sizes.filters.count * sizes.channels.count * 4
}

/// The places of a segment, put into their picture.
fn put_back(sizes: &Sizes, segment: &Segment, places: &[f32], y: &mut [f32]) {
    let ([height, columns], Axis { count, width }) = (sizes.places, sizes.filters);
    let (first, end) = (2 * segment.rows.start, (2 * segment.rows.end).min(height));
    let pitch = 2 * sizes.tiles()[1];
    // All rows at once when nothing lies between them.
    let (rows, length) = if pitch == columns { (1, (end - first) * columns) } else { (end - first, columns) };
    for row in 0..rows {
        let to = (&mut y[(first + row) * columns..], height * columns);
        transpose((&places[row * pitch * width..], width), [length, count], to);
    }
}

/// The gradient of the weights, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let sizes = Sizes::of(c);
    let (channels, filters) = (sizes.channels, sizes.filters);
    let (together, at_once) = (sizes.rows_together(), sizes.rows_at_once());
    let ([down, across], batch) = (sizes.tiles(), dy.len() / c.output_len());
    let [of_x, of_dy] = [channels, filters].map(|axis| sizes.step(axis, at_once));
    let of_sums = filters.count * channels.width + APART;
    let (under, made) = (sizes.pixels(Sizes::under), sizes.pixels(Sizes::made));
    let (parts, zeros) = (partial_sums(batch, dw.len()).min(8), vec![0.0; channels.width]);
    let sum = |images: Range<usize>, taps: &mut [f32]| {
        with_tile(POINTS * (of_x + of_dy + of_sums) + under + made + 16, |memory| {
            let (sums, memory) = aligned(memory).split_at_mut(POINTS * of_sums);
            let (of_pictures, memory) = memory.split_at_mut(POINTS * of_x);
            let (of_gradients, memory) = memory.split_at_mut(POINTS * of_dy);
            let (pictures, gradients) = memory.split_at_mut(under);
            sums.fill(0.0);
            let rows = images.start * down..images.end * down;
            for block in rows.clone().step_by(together).map(|row| row..(row + together).min(rows.end)) {
                let x_starts = lay_out(sizes.segments(block.clone()), |rows| sizes.under(rows), x, pictures);
                let dy_starts = lay_out(sizes.segments(block), |rows| sizes.made(rows), dy, gradients);
                for (x_starts, dy_starts) in x_starts.chunks(at_once).zip(dy_starts.chunks(at_once)) {
                    let squares = sizes.squares(x_starts, sizes.under(1));
                    expand::<OfPicture, 4>(pictures, channels.width, squares, (&mut *of_pictures, of_x));
                    let squares = sizes.squares(dy_starts, sizes.made(1));
                    expand::<OfGradients, 2>(gradients, filters.width, squares, (&mut *of_gradients, of_dy));
                    Arch::new().dispatch(Products {
                        left: Left { numbers: of_gradients, rows: filters.count, row: 1, step: filters.width },
                        left_step: of_dy,
                        right: of_pictures,
                        right_step: of_x,
                        depth: x_starts.len() * across,
                        width: channels.width,
                        out: sums,
                        out_step: of_sums,
                        accumulate: true,
                    });
                }
            }
            let windows = windows(&[0], filters.count, channels.width);
            contract::<ToWeights, 3>((&*sums, of_sums), channels.width, &zeros, windows, taps);
        });
    };
    with_scratch(&WEIGHTS, 9 * filters.count * channels.width, |taps| {
        sum_in(parts, batch, taps, y_work(&sizes, batch), sum);
        for (dw, taps) in dw.chunks_exact_mut(channels.count * 9).zip(taps.chunks_exact(9 * channels.width)) {
            transpose((taps, channels.width), [9, channels.count], (dw, 9));
        }
    });
}
