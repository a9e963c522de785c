//! Convolutions with windows of 5 × 5 or 7 × 7 and stride 1 by nested minimal filtering: four by four places at once
//! from a tile of pixels, with 12¼ or 18 multiplications a place instead of 25 or 49. As in [`super::winograd`] there
//! is a matrix product for every number of a transformed tile, tiles times channels by channels times filters; but
//! there are so many (`P` × `P`) that columns are transformed for one of the `P` transformed rows after the other, and
//! all of it stays in the caches.
//!
//! Sizes and order of the work are here; the transforms are in [`super::nested_tiles`], the products in
//! [`super::panel`].

use std::cell::Cell;

use pulp::{Arch, Simd, WithSimd};

use super::conv2d::Convolution;
use super::nested_tiles::{OfGradients, OfPicture, OfWeights, Steps, TILE, ToPlaces, ToWeights, apply};
use super::panel::{Left, product};
use super::pixels::Pixels;
use super::split::{for_each_chunk, partial_sums, sum_in, with_scratch, with_tile};
use super::tiles::Rule;
use super::transpose::transpose;
use super::window::Window;
use super::winograd::Axis;

/// Tiles that are multiplied together: a good number of rows for every product.
const AT_ONCE: usize = 32;

/// Distance of planes beyond what they need, so that they do not fall on the same lines of the caches.
const APART: usize = 16;

/// Whether this convolution can be computed so, and is quicker for it.
pub fn pays(c: &Convolution) -> bool {
    let w = &c.window;
    let (side, [rows, columns]) = (w.kernel[0], c.places());
    let points = match side {
        5 => 14,
        7 => 17,
        _ => return false,
    };
    let usual = Window { before: [0; 2], after: [0; 2], ..*w } == Window::square(side, 1);
    let few_zeros = w.before.iter().chain(&w.after).all(|zeros| *zeros < side);
    // Transforms grow with the channels plus the filters, products with one times the other; tiles reach over the edge.
    let tiles = rows.div_ceil(TILE) * columns.div_ceil(TILE);
    let fewer = 2 * tiles * points * points <= rows * columns * w.area();
    usual && few_zeros && fewer && c.channels * c.filters >= 8 * (c.channels + c.filters)
}

/// `y = w ⋆ x + bias`
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let sizes = Sizes::of(c);
    match sizes.side {
        5 => sizes.convolve::<5, 8, 14>(x, w, [c.depth(), 25], false, bias, y),
        _ => sizes.convolve::<7, 10, 17>(x, w, [c.depth(), 49], false, bias, y),
    }
}

/// The gradient of the pictures.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let sizes = Sizes::of(c).backward();
    match sizes.side {
        5 => sizes.convolve::<5, 8, 14>(dy, w, [25, c.depth()], true, None, dx),
        _ => sizes.convolve::<7, 10, 17>(dy, w, [49, c.depth()], true, None, dx),
    }
}

/// The gradient of the weights, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let sizes = Sizes::of(c);
    match sizes.side {
        5 => sizes.correlate::<5, 8, 14>(x, dy, dw),
        _ => sizes.correlate::<7, 10, 17>(x, dy, dw),
    }
}

/// Pictures of `channels` that become pictures of `filters`.
#[derive(Clone, Copy)]
struct Sizes {
    channels: Axis,
    filters: Axis,
    size: [usize; 2],
    side: usize,
    before: [usize; 2],
    places: [usize; 2],
}

thread_local! {
    static WEIGHTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static TAPS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

impl Sizes {
    fn of(c: &Convolution) -> Self {
        let (channels, filters, side) = (Axis::of(c.channels), Axis::of(c.filters), c.window.kernel[0]);
        Self { channels, filters, size: c.size, side, before: c.window.before, places: c.places() }
    }

    /// The gradient of the pictures is a convolution of the gradient of the places.
    fn backward(self) -> Self {
        let before = self.before.map(|before| self.side - 1 - before);
        Self { channels: self.filters, filters: self.channels, size: self.places, before, places: self.size, ..self }
    }

    /// Tiles down and across.
    fn tiles(&self) -> [usize; 2] {
        self.places.map(|places| places.div_ceil(TILE))
    }

    /// The pixels under a row of tiles.
    fn under(&self) -> Pixels {
        let (Axis { count: channels, width }, further) = (self.channels, self.side - 1);
        let pitch = TILE * self.tiles()[1] + further;
        Pixels { channels, width, size: self.size, before: self.before, rows: TILE + further, pitch }
    }

    /// The places that a row of tiles makes.
    fn made(&self) -> Pixels {
        let Axis { count: channels, width } = self.filters;
        Pixels { channels, width, size: self.places, before: [0; 2], rows: TILE, pitch: TILE * self.tiles()[1] }
    }

    /// Multiply-adds, about.
    fn work(&self, batch: usize, points: usize) -> usize {
        batch * self.tiles().iter().product::<usize>() * points * points * self.channels.count * self.filters.count
    }

    /// The transformed weights: for every point of the rows and every point of the columns `[channels, filters]`. The
    /// window of a filter begins `of_filter` numbers behind that of the one before, that of a channel `of_channel`.
    /// With `backward` windows are read from their ends.
    fn with_weights<const W: usize, const P: usize>(
        &self,
        w: &[f32],
        [of_filter, of_channel]: [usize; 2],
        backward: bool,
        f: impl FnOnce(&[f32]),
    ) where
        OfWeights<W>: Rule<W, P>,
    {
        let (channels, Axis { count, width }, area) = (self.channels.count, self.filters, W * W);
        let plane = channels * width;
        with_scratch(&WEIGHTS, (P + W) * P * plane + area * plane, |memory| {
            let (points, memory) = memory.split_at_mut(P * P * plane);
            let (half, pixels) = memory.split_at_mut(W * P * plane);
            // Windows side by side: row of the window, column, channel, filter.
            let mut turned = vec![0.0; area * width];
            for channel in 0..channels {
                transpose((&w[channel * of_channel..], of_filter), [count, area], (&mut turned, width));
                for (tap, filters) in turned.chunks_exact(width).enumerate() {
                    let tap = if backward { area - 1 - tap } else { tap };
                    pixels[tap * plane + channel * width..][..width].copy_from_slice(filters);
                }
            }
            // Columns of the window first, a row of it at a time; then its rows.
            for_each_chunk(half, P * plane, W * P * plane, |row, half| {
                let from = (&pixels[row * W * plane..], Steps { next: plane, tile: 0 });
                apply::<OfWeights<W>, W, P>(from, (half, Steps { next: plane, tile: 0 }), 1, plane);
            });
            let steps = Steps { next: P * plane, tile: 0 };
            apply::<OfWeights<W>, W, P>((half, steps), (points, steps), 1, P * plane);
            f(points);
        });
    }

    /// Each of `y`'s pictures from one of `x`.
    fn convolve<const W: usize, const U: usize, const P: usize>(
        &self,
        x: &[f32],
        w: &[f32],
        steps: [usize; 2],
        backward: bool,
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) where
        OfPicture<W>: Rule<U, P>,
        OfWeights<W>: Rule<W, P>,
        ToPlaces<W>: Rule<P, TILE>,
    {
        let [down, across] = self.tiles();
        let output_len = self.filters.count * self.places[0] * self.places[1];
        let batch = y.len() / output_len;
        let images = (AT_ONCE / (down * across)).min(batch / 8).max(1);
        let at_once = (AT_ONCE / across).clamp(1, images * down);
        self.with_weights::<W, P>(w, steps, backward, |weights| {
            for_each_chunk(y, images * output_len, self.work(batch, P), |chunk, y| {
                let rows: Vec<[usize; 2]> =
                    (0..y.len() / output_len).flat_map(|image| (0..down).map(move |row| [image, row])).collect();
                for rows in rows.chunks(at_once) {
                    let first = chunk * images;
                    self.rows_of_tiles::<W, U, P>(x, first, rows, weights, bias, y);
                }
            });
        });
    }

    /// Some rows of tiles, each `[image, row]`, the first image being `first` of `x`.
    fn rows_of_tiles<const W: usize, const U: usize, const P: usize>(
        &self,
        x: &[f32],
        first: usize,
        rows: &[[usize; 2]],
        weights: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
    ) where
        OfPicture<W>: Rule<U, P>,
        ToPlaces<W>: Rule<P, TILE>,
    {
        let (across, channels, filters) = (self.tiles()[1], self.channels, self.filters);
        let (under, made, count) = (self.under(), self.made(), rows.len() * across);
        let input_len = channels.count * self.size[0] * self.size[1];
        let (row_in, row_out) = (under.pitch * channels.width, made.pitch * filters.width);
        let (of_x, of_y) = (rows.len() * row_in + APART, rows.len() * row_out + APART);
        let [plane_in, plane_out] = [channels, filters].map(|axis| count * axis.width + APART);
        let layout = under.len().max(made.len());
        with_tile(P * (of_x + of_y + plane_in + plane_out) + layout, |memory| {
            let (halves, memory) = memory.split_at_mut(P * of_x);
            let (half_places, memory) = memory.split_at_mut(P * of_y);
            let (before, memory) = memory.split_at_mut(P * plane_in);
            let (after, pixels) = memory.split_at_mut(P * plane_out);
            for (i, [image, row]) in rows.iter().enumerate() {
                under.fill(&x[(first + image) * input_len..][..input_len], row * TILE, pixels);
                let to = (&mut halves[i * row_in..], Steps { next: of_x, tile: 0 });
                apply::<OfPicture<W>, U, P>((pixels, Steps { next: row_in, tile: 0 }), to, 1, row_in);
            }
            let plane = channels.count * filters.width;
            for (point, weights) in weights.chunks_exact(P * plane).enumerate() {
                let Axis { width, .. } = channels;
                for i in 0..rows.len() {
                    let from = (&halves[point * of_x + i * row_in..], Steps { next: width, tile: TILE * width });
                    let to = (&mut before[i * across * width..], Steps { next: plane_in, tile: width });
                    apply::<OfPicture<W>, U, P>(from, to, across, width);
                }
                Arch::new().dispatch(Products {
                    left: Left { numbers: before, rows: count, row: channels.width, step: 1 },
                    left_step: plane_in,
                    right: weights,
                    right_step: plane,
                    right_len: plane,
                    width: filters.width,
                    out: after,
                    out_step: plane_out,
                    out_len: count * filters.width,
                    points: P,
                    accumulate: false,
                });
                let Axis { width, .. } = filters;
                let to = (&mut half_places[point * of_y..], Steps { next: width, tile: TILE * width });
                apply::<ToPlaces<W>, P, TILE>((after, Steps { next: plane_out, tile: width }), to, count, width);
            }
            for (i, [image, row]) in rows.iter().enumerate() {
                let from = (&half_places[i * row_out..], Steps { next: of_y, tile: 0 });
                let to = (&mut pixels[..made.len()], Steps { next: row_out, tile: 0 });
                apply::<ToPlaces<W>, P, TILE>(from, to, 1, row_out);
                let output_len = filters.count * self.places[0] * self.places[1];
                self.put_back(row * TILE, pixels, bias, &mut y[image * output_len..][..output_len]);
            }
        });
    }

    /// The places of a row of tiles, put into their picture.
    fn put_back(&self, first: usize, made: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
        let ([height, columns], Axis { count, width }, pitch) = (self.places, self.filters, self.made().pitch);
        for row in first..(first + TILE).min(height) {
            let from = (&made[(row - first) * pitch * width..], width);
            transpose(from, [columns, count], (&mut y[row * columns..], height * columns));
        }
        let rows = first * columns..(first + TILE).min(height) * columns;
        for (plane, bias) in y.chunks_exact_mut(height * columns).zip(bias.unwrap_or_default()) {
            plane[rows.clone()].iter_mut().for_each(|y| *y += bias);
        }
    }

    fn correlate<const W: usize, const U: usize, const P: usize>(&self, x: &[f32], dy: &[f32], dw: &mut [f32])
    where
        OfPicture<W>: Rule<U, P>,
        OfGradients<W>: Rule<TILE, P>,
        ToWeights<W>: Rule<P, W>,
    {
        let (channels, filters, area) = (self.channels, self.filters, W * W);
        let output_len = filters.count * self.places[0] * self.places[1];
        let batch = dy.len() / output_len;
        let (parts, plane) = (partial_sums(batch, dw.len()).min(8), filters.count * channels.width);
        with_scratch(&TAPS, area * plane, |taps| {
            sum_in(parts, batch, taps, self.work(batch, P), |images, taps| {
                self.sum_over::<W, U, P>(x, dy, images, taps);
            });
            for (f, dw) in dw.chunks_exact_mut(channels.count * area).enumerate() {
                transpose((&taps[f * channels.width..], plane), [area, channels.count], (dw, area));
            }
        });
    }

    /// `taps`: for every entry of the window `[filters, channels]`.
    fn sum_over<const W: usize, const U: usize, const P: usize>(
        &self,
        x: &[f32],
        dy: &[f32],
        images: std::ops::Range<usize>,
        taps: &mut [f32],
    ) where
        OfPicture<W>: Rule<U, P>,
        OfGradients<W>: Rule<TILE, P>,
        ToWeights<W>: Rule<P, W>,
    {
        let ([down, across], channels, filters) = (self.tiles(), self.channels, self.filters);
        let rows: Vec<[usize; 2]> = images.flat_map(|image| (0..down).map(move |row| [image, row])).collect();
        let at_once = (2 * AT_ONCE).div_ceil(across).min(rows.len());
        let (under, made) = (self.under(), self.made());
        let [input_len, output_len] =
            [(channels, self.size), (filters, self.places)].map(|(axis, size)| axis.count * size[0] * size[1]);
        let (row_x, row_dy) = (under.pitch * channels.width, made.pitch * filters.width);
        let [of_x, of_dy] = [row_x, row_dy].map(|row| at_once * row + APART);
        let [plane_x, plane_dy] = [channels, filters].map(|axis| at_once * across * axis.width + APART);
        let (plane, layout) = (filters.count * channels.width, under.len().max(made.len()));
        let of_sums = P * plane;
        with_tile(P * (of_x + of_dy + plane_x + plane_dy + of_sums + W * plane) + layout, |memory| {
            let (sums, memory) = memory.split_at_mut(P * of_sums);
            let (half, memory) = memory.split_at_mut(P * W * plane);
            let (halves_x, memory) = memory.split_at_mut(P * of_x);
            let (halves_dy, memory) = memory.split_at_mut(P * of_dy);
            let (of_pictures, memory) = memory.split_at_mut(P * plane_x);
            let (of_gradients, pixels) = memory.split_at_mut(P * plane_dy);
            for (block, rows) in rows.chunks(at_once).enumerate() {
                for (i, [image, row]) in rows.iter().enumerate() {
                    under.fill(&x[image * input_len..][..input_len], row * TILE, pixels);
                    let to = (&mut halves_x[i * row_x..], Steps { next: of_x, tile: 0 });
                    apply::<OfPicture<W>, U, P>((pixels, Steps { next: row_x, tile: 0 }), to, 1, row_x);
                    made.fill(&dy[image * output_len..][..output_len], row * TILE, pixels);
                    let to = (&mut halves_dy[i * row_dy..], Steps { next: of_dy, tile: 0 });
                    apply::<OfGradients<W>, TILE, P>((pixels, Steps { next: row_dy, tile: 0 }), to, 1, row_dy);
                }
                for (point, sums) in sums.chunks_exact_mut(of_sums).enumerate() {
                    let Axis { width, .. } = channels;
                    for i in 0..rows.len() {
                        let from = (&halves_x[point * of_x + i * row_x..], Steps { next: width, tile: TILE * width });
                        let to = (&mut of_pictures[i * across * width..], Steps { next: plane_x, tile: width });
                        apply::<OfPicture<W>, U, P>(from, to, across, width);
                    }
                    let Axis { width, .. } = filters;
                    let from = (&halves_dy[point * of_dy..], Steps { next: width, tile: TILE * width });
                    let to = (&mut of_gradients[..], Steps { next: plane_dy, tile: width });
                    apply::<OfGradients<W>, TILE, P>(from, to, rows.len() * across, width);
                    Arch::new().dispatch(Products {
                        left: Left { numbers: of_gradients, rows: filters.count, row: 1, step: filters.width },
                        left_step: plane_dy,
                        right: of_pictures,
                        right_step: plane_x,
                        right_len: rows.len() * across * channels.width,
                        width: channels.width,
                        out: sums,
                        out_step: plane,
                        out_len: plane,
                        points: P,
                        accumulate: block > 0,
                    });
                }
            }
            for (sums, half) in sums.chunks_exact(of_sums).zip(half.chunks_exact_mut(W * plane)) {
                let steps = Steps { next: plane, tile: 0 };
                apply::<ToWeights<W>, P, W>((sums, steps), (half, steps), 1, plane);
            }
            let steps = Steps { next: W * plane, tile: 0 };
            apply::<ToWeights<W>, P, W>((half, steps), (taps, steps), 1, W * plane);
        });
    }
}

/// The products of all points of the columns: planes `*_step` numbers apart.
struct Products<'a> {
    left: Left<'a>,
    left_step: usize,
    right: &'a [f32],
    right_step: usize,
    right_len: usize,
    width: usize,
    out: &'a mut [f32],
    out_step: usize,
    out_len: usize,
    points: usize,
    accumulate: bool,
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for point in 0..self.points {
            let left = Left { numbers: &self.left.numbers[point * self.left_step..], ..self.left };
            let right = &self.right[point * self.right_step..][..self.right_len];
            let out = &mut self.out[point * self.out_step..][..self.out_len];
            product(simd, left, right, self.width, out, self.accumulate);
        }
    }
}
