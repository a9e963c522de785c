//! Convolutions with windows of 3 × 3 and stride 1 by Winograd's minimal filtering F(2 × 2, 3 × 3): two by two places at once from a
//! tile of 4 × 4 pixels, with 16 multiplications instead of 36. For every one of the 16 numbers of a transformed tile there is a
//! matrix product, tiles times channels by channels times filters; gradients are the same steps backward.
//!
//! Sizes and order of the work are here; the transforms are in [`super::tiles`], the products in [`super::panel`].

use std::cell::Cell;
use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::conv2d::Convolution;
use super::panel::{Left, product};
use super::split::{for_each_chunk, partial_sums, sum_in, with_scratch, with_tile};
use super::tiles::{
    NOWHERE, OfGradients, OfPicture, OfWeights, POINTS, Squares, ToPlaces, ToWeights, contract, expand,
};
use super::transpose::transpose;
use super::window::Window;

/// Numbers of the transformed tiles that are worked on together: they fit a core's second cache.
const TOGETHER: usize = 160 * 1024;

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
struct Axis {
    count: usize,
    width: usize,
}

impl Axis {
    fn of(count: usize) -> Self {
        Self { count, width: count.next_multiple_of(Arch::new().dispatch(Lanes)) }
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
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

    /// Rows of tiles that are worked on together, counted through all pictures.
    fn rows_together(&self) -> usize {
        let [down, across] = self.tiles();
        let fit = TOGETHER / (POINTS * (self.channels.width + self.filters.width) * across);
        if fit >= down { fit / down * down } else { down.div_ceil(down.div_ceil(fit.max(1))) }
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

    /// Rows of the picture under some rows of tiles.
    fn rows_under(&self, tiles: &Range<usize>) -> Range<usize> {
        let first = (2 * tiles.start).saturating_sub(self.before[0]).min(self.size[0]);
        first..(2 * tiles.end + 2).saturating_sub(self.before[0]).clamp(first, self.size[0])
    }

    /// Rows of places that some rows of tiles make.
    fn rows_made(&self, tiles: &Range<usize>) -> Range<usize> {
        2 * tiles.start..(2 * tiles.end).min(self.places[0])
    }

    /// The rows and columns of the places that each tile of a segment makes.
    fn pairs(&self, segment: &Segment) -> [Vec<[usize; 2]>; 2] {
        let ([height, width], top) = (self.places, 2 * segment.rows.start);
        let row = |row: usize| (row < height).then(|| (row - top) * width);
        let column = |column: usize| (column < width).then_some(column);
        [every_second(segment.rows.clone(), row), every_second(0..self.tiles()[1], column)]
    }

    /// Numbers of the pixels that `rows` rows of tiles lie on or make.
    fn pixels(&self, rows: usize) -> usize {
        let under = (2 * rows + 2).min(self.size[0]) * self.size[1] + 1;
        let made = (2 * rows).min(self.places[0]) * self.places[1] + 1;
        (under * self.channels.width).max(made * self.filters.width)
    }

    /// Transforms the tiles of a segment: `planes` start with its first tile.
    fn expand_picture(&self, x: &[f32], segment: &Segment, pixels: &mut [f32], planes: (&mut [f32], usize)) {
        let rows = self.rows_under(&segment.rows);
        let zero = lay_out(x, self.channels, self.size, (segment.image, &rows), pixels);
        let (top, [above, left], [_, width]) = (rows.start, self.before, self.size);
        let row = |row: usize| row.checked_sub(above).filter(|row| *row < self.size[0]).map(|row| (row - top) * width);
        let column = |column: usize| column.checked_sub(left).filter(|column| *column < width);
        let (rows, columns) = (every_second(segment.rows.clone(), row), every_second(0..self.tiles()[1], column));
        let squares = Squares::<4> { rows: &rows, columns: &columns };
        expand::<OfPicture, 4>(pixels, self.channels.width, (squares, zero), planes);
    }
}

/// Pixels of some rows of a picture, and one of zeros behind them, whose number is returned.
fn lay_out(
    pictures: &[f32],
    axis: Axis,
    [height, width]: [usize; 2],
    (image, rows): (usize, &Range<usize>),
    pixels: &mut [f32],
) -> usize {
    let (plane, count) = (height * width, rows.len() * width);
    let picture = &pictures[image * axis.count * plane..][..axis.count * plane];
    transpose((&picture[rows.start * width..], plane), [axis.count, count], (&mut *pixels, axis.width));
    pixels[count * axis.width..][..axis.width].fill(0.0);
    count
}

/// For every tile along an axis its rows (or columns), of which `at` says where they are.
fn every_second<const SIDE: usize>(tiles: Range<usize>, at: impl Fn(usize) -> Option<usize>) -> Vec<[usize; SIDE]> {
    tiles.map(|tile| std::array::from_fn(|k| at(2 * tile + k).unwrap_or(NOWHERE))).collect()
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

/// The part of `memory` that begins with a line of the caches; it must have 16 numbers more than are needed.
fn aligned(memory: &mut [f32]) -> &mut [f32] {
    let skip = memory.as_ptr().align_offset(64).min(memory.len());
    &mut memory[skip..]
}

/// `y = w ⋆ x + bias`
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let sizes = Sizes::of(c);
    let weight = |channel: usize, filter: usize| &w[(filter * c.channels + channel) * 9..][..9];
    with_weights(&sizes, weight, |k, tap| k[tap], |weights| convolve(&sizes, x, weights, bias, y));
}

/// The gradient of the pictures.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let sizes = Sizes::of(c).backward();
    let weight = |filter: usize, channel: usize| &w[(filter * c.channels + channel) * 9..][..9];
    with_weights(&sizes, weight, |k, tap| k[8 - tap], |weights| convolve(&sizes, dy, weights, None, dx));
}

/// Calls `f` with the transformed weights, 16 planes `[channels, filters]`.
fn with_weights<'a>(
    sizes: &Sizes,
    window: impl Fn(usize, usize) -> &'a [f32],
    tap: impl Fn(&[f32], usize) -> f32,
    f: impl FnOnce(&[f32]),
) {
    let (channels, width) = (sizes.channels.count, sizes.filters.width);
    let step = channels * width + APART;
    with_scratch(&WEIGHTS, POINTS * step + 9 * channels * width + 32, |memory| {
        let (planes, pixels) = aligned(memory).split_at_mut(POINTS * step);
        for channel in 0..channels {
            let pixels = &mut pixels[channel * 9 * width..][..9 * width];
            for filter in 0..sizes.filters.count {
                let window = window(channel, filter);
                pixels[filter..].iter_mut().step_by(width).enumerate().for_each(|(k, pixel)| *pixel = tap(window, k));
            }
        }
        let rows = windows(channels);
        expand::<OfWeights, 3>(pixels, width, (windows_of(&rows), 0), (&mut *planes, step));
        f(planes);
    });
}

/// The rows of windows of 3 × 3 pixels, one window behind the other.
fn windows(count: usize) -> Vec<[usize; 3]> {
    (0..count).map(|window| [0, 3, 6].map(|row| window * 9 + row)).collect()
}

fn windows_of(rows: &[[usize; 3]]) -> Squares<'_, 3> {
    Squares { rows, columns: &[[0, 1, 2]] }
}

fn convolve(sizes: &Sizes, x: &[f32], weights: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let ([down, across], together) = (sizes.tiles(), sizes.rows_together());
    let plane = sizes.places[0] * sizes.places[1];
    let output_len = sizes.filters.count * plane;
    let batch = y.len() / output_len;
    let images = (together / down).min(batch / 8).max(1);
    let mut shift = vec![0.0; sizes.filters.width];
    shift.iter_mut().zip(bias.unwrap_or_default()).for_each(|(shift, bias)| *shift = *bias);
    let [from, to] = [sizes.channels, sizes.filters].map(|axis| sizes.step(axis, together));
    let pixels = sizes.pixels(together);
    for_each_chunk(y, images * output_len, y_work(sizes, batch), |chunk, y| {
        with_tile((POINTS * from).max(pixels) + (POINTS * to).max(pixels) + 16, |memory| {
            // Pixels take the place of what is not needed yet, or no more.
            let (inner, outer) = aligned(memory).split_at_mut((POINTS * from).max(pixels));
            let rows = y.len() / output_len * down;
            for block in (0..rows).step_by(together).map(|row| row..(row + together).min(rows)) {
                let mut tiles = 0;
                for mut segment in sizes.segments(block.clone()) {
                    segment.image += chunk * images;
                    let planes = &mut inner[tiles * sizes.channels.width..];
                    sizes.expand_picture(x, &segment, outer, (planes, from));
                    tiles += segment.rows.len() * across;
                }
                Arch::new().dispatch(Products {
                    left: Left { numbers: inner, rows: tiles, row: sizes.channels.width, step: 1 },
                    left_step: from,
                    right: weights,
                    right_step: sizes.channels.count * sizes.filters.width + APART,
                    depth: sizes.channels.count,
                    width: sizes.filters.width,
                    out: outer,
                    out_step: to,
                    accumulate: false,
                });
                let mut tiles = 0;
                for segment in sizes.segments(block) {
                    let y = &mut y[segment.image * output_len..][..output_len];
                    let planes = &outer[tiles * sizes.filters.width..];
                    contract_places(sizes, &segment, &shift, (planes, to), inner, y);
                    tiles += segment.rows.len() * across;
                }
            }
        });
    });
}

/// Multiply-adds, about.
fn y_work(sizes: &Sizes, batch: usize) -> usize {
    batch * sizes.places[0] * sizes.places[1] * sizes.filters.count * sizes.channels.count * 4
}

/// Transforms the products of a segment back to places, and puts them into the picture `y`.
fn contract_places(
    sizes: &Sizes,
    segment: &Segment,
    shift: &[f32],
    planes: (&[f32], usize),
    pixels: &mut [f32],
    y: &mut [f32],
) {
    let ([height, columns], filters) = (sizes.places, sizes.filters);
    let rows = sizes.rows_made(&segment.rows);
    let [of_rows, of_columns] = sizes.pairs(segment);
    let squares = Squares::<2> { rows: &of_rows, columns: &of_columns };
    contract::<ToPlaces, 2>(planes, filters.width, shift, squares, pixels);
    let count = rows.len() * columns;
    transpose((&*pixels, filters.width), [count, filters.count], (&mut y[rows.start * columns..], height * columns));
}

/// The gradient of the weights, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let sizes = Sizes::of(c);
    let (channels, filters, together) = (sizes.channels, sizes.filters, sizes.rows_together());
    let ([down, across], batch) = (sizes.tiles(), dy.len() / c.output_len());
    let [of_x, of_dy] = [channels, filters].map(|axis| sizes.step(axis, together));
    let of_sums = filters.count * channels.width + APART;
    let pixels = sizes.pixels(together).max(9 * filters.count * channels.width);
    let parts = partial_sums(batch, dw.len()).min(8);
    sum_in(parts, batch, dw, y_work(&sizes, batch), |images, dw| {
        with_tile(POINTS * (of_x + of_dy + of_sums) + pixels + 16, |memory| {
            let (sums, memory) = aligned(memory).split_at_mut(POINTS * of_sums);
            let (of_pictures, memory) = memory.split_at_mut(POINTS * of_x);
            let (of_gradients, pixels) = memory.split_at_mut(POINTS * of_dy);
            sums.fill(0.0);
            let rows = images.start * down..images.end * down;
            for block in rows.clone().step_by(together).map(|row| row..(row + together).min(rows.end)) {
                let mut tiles = 0;
                for segment in sizes.segments(block) {
                    let planes = &mut of_pictures[tiles * channels.width..];
                    sizes.expand_picture(x, &segment, pixels, (planes, of_x));
                    let planes = &mut of_gradients[tiles * filters.width..];
                    expand_gradients(&sizes, dy, &segment, pixels, (planes, of_dy));
                    tiles += segment.rows.len() * across;
                }
                Arch::new().dispatch(Products {
                    left: Left { numbers: of_gradients, rows: filters.count, row: 1, step: filters.width },
                    left_step: of_dy,
                    right: of_pictures,
                    right_step: of_x,
                    depth: tiles,
                    width: channels.width,
                    out: sums,
                    out_step: of_sums,
                    accumulate: true,
                });
            }
            let (rows, zeros) = (windows(filters.count), vec![0.0; channels.width]);
            contract::<ToWeights, 3>((&*sums, of_sums), channels.width, &zeros, windows_of(&rows), pixels);
            for (dw, taps) in dw.chunks_exact_mut(channels.count * 9).zip(pixels.chunks_exact(9 * channels.width)) {
                for (dw, channel) in dw.chunks_exact_mut(9).zip(0..) {
                    dw.iter_mut().zip(taps[channel..].iter().step_by(channels.width)).for_each(|(dw, sum)| *dw += sum);
                }
            }
        });
    });
}

/// Transforms the gradients of a segment's places.
fn expand_gradients(sizes: &Sizes, dy: &[f32], segment: &Segment, pixels: &mut [f32], planes: (&mut [f32], usize)) {
    let rows = sizes.rows_made(&segment.rows);
    let zero = lay_out(dy, sizes.filters, sizes.places, (segment.image, &rows), pixels);
    let [of_rows, of_columns] = sizes.pairs(segment);
    let squares = Squares::<2> { rows: &of_rows, columns: &of_columns };
    expand::<OfGradients, 2>(pixels, sizes.filters.width, (squares, zero), planes);
}
