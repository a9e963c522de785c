//! Convolutions whose window moves several pixels at a time, or over narrow pictures, and their gradients, on pictures
//! whose channels lie side by side: nothing has to be taken apart by the stride, and no register reaches over the end
//! of a row.
//!
//! Sizes and order of the work are here, the arithmetic is in [`super::runs`].

use std::cell::Cell;
use std::ops::Range;

use super::conv2d::{Convolution, Residue, tile_from};
use super::pixels::{Pixels, lanes};
use super::runs::{self, Grid, Patch, Run, SLACK, Weights, padded};
use super::split::{for_each_chunk, partial_sums, sum_in, with_scratch, with_tile};
use super::transpose::transpose;

/// Numbers of a tile, before and after: a good part of a core's second cache.
const TILE: usize = 64 * 1024;

/// Places in a row that count as few: planes of channels would waste a good part of the registers.
const NARROW: usize = 16;

/// Whether a convolution is quicker so, when the numbers in a register belong to `side_by_side` filters, channels or
/// terms.
pub fn pays(c: &Convolution, side_by_side: usize) -> bool {
    let w = &c.window;
    let moves = w.stride != [1, 1] || c.places()[1] <= NARROW;
    let fills_registers = 4 * side_by_side >= 3 * side_by_side.next_multiple_of(lanes());
    moves && w.area() > 1 && fills_registers && c.channels.min(c.filters) >= 8
}

/// Rows of `all` that are worked on together, when each takes `row` numbers.
fn tile_rows(all: usize, row: usize) -> usize {
    let fit = (TILE / row.max(1)).max(1);
    all.div_ceil(all.div_ceil(fit).max(1)).max(1)
}

/// How pictures are laid out to be read at `tile` rows of places.
fn laid_out(c: &Convolution, tile: usize) -> Pixels {
    let w = &c.window;
    let [rows, pitch] = [(0, tile), (1, c.places()[1])].map(|(axis, n)| (n - 1) * w.stride[axis] + w.span(axis));
    Pixels { channels: c.channels, width: c.channels, size: c.size, before: w.before, rows, pitch }
}

/// The terms of one place: entry after entry of the window, all channels of each.
fn terms(c: &Convolution, pixels: &Pixels) -> Vec<Run> {
    let w = &c.window;
    let entries = (0..w.area()).map(|tap| [tap / w.kernel[1] * w.dilation[0], tap % w.kernel[1] * w.dilation[1]]);
    runs::of(entries.map(|[row, column]| pixels.at(row, column)), c.channels)
}

/// `y = w ⋆ x + bias`
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (input_len, output_len, area) = (c.input_len(), c.output_len(), c.window.area());
    let ([rows, columns], [down, across]) = (c.places(), c.window.stride);
    let (plane, width) = (rows * columns, c.filters.next_multiple_of(lanes()));
    let tile = tile_rows(rows, down * laid_out(c, 1).pitch * c.channels + columns * width);
    let pixels = laid_out(c, tile);
    let mut table = vec![0.0; c.depth() * width];
    transpose((w, c.depth()), [c.filters, c.depth()], (&mut table, width));
    let order = (0..area).flat_map(|tap| (0..c.channels).map(move |channel| channel * area + tap));
    let weights = Weights::new(&table, width, terms(c, &pixels), order);
    let mut shift = vec![0.0; width];
    shift.iter_mut().zip(bias.unwrap_or_default()).for_each(|(shift, bias)| *shift = *bias);
    let place = |to: usize| Patch { from: pixels.at(to / columns * down, to % columns * across), to };
    let places: Vec<Patch> = (0..tile * columns).map(place).collect();
    for_each_chunk(y, output_len, c.work(y.len() / output_len), |i, y| {
        let x = &x[i * input_len..][..input_len];
        with_tile(pixels.len() + SLACK + places.len() * width, |memory| {
            let (picture, made) = memory.split_at_mut(pixels.len() + SLACK);
            for first in (0..rows).step_by(tile) {
                pixels.fill(x, first * down, picture);
                let places = &places[..tile_from(first, tile, rows).len() * columns];
                runs::sums(picture, places, &weights, &shift, made);
                transpose((made, width), [places.len(), c.filters], (&mut y[first * columns..], plane));
            }
        });
    });
}

/// One phase of rows with one phase of columns: sums over the same entries of the window.
struct Share {
    rows: Residue,
    columns: Residue,
    weights: Weights,
}

/// Some rows of a picture whose gradient is computed together.
struct Strip {
    /// The first row of places that is laid out.
    first: usize,
    rows: Range<usize>,
    /// The pixels that each share makes.
    places: Vec<Vec<Patch>>,
}

/// The gradient of the pictures: `dx = wᵀ ⋆ dy`.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input_len, output_len) = (c.input_len(), c.output_len());
    let ([height, columns], [down, across]) = (c.size, c.window.stride);
    let width = c.channels.next_multiple_of(lanes());
    let before = [0, 1].map(|axis| (c.window.span(axis) - 1) / c.window.stride[axis]);
    let ends = [0, 1].map(|axis| (c.size[axis] + c.window.before[axis]).div_ceil(c.window.stride[axis]));
    let pitch = ends[1] + before[1];
    let tile = tile_rows(ends[0], pitch * c.filters + down * columns * width);
    let pixels =
        Pixels { channels: c.filters, width: c.filters, size: c.places(), before, rows: tile + before[0], pitch };
    let (shares, zeros) = (shares(c, w, &pixels, width), vec![0.0; width]);
    let tiles = (0..ends[0]).step_by(tile).map(|first| tile_from(first, tile, ends[0]));
    let strips: Vec<Strip> = tiles.map(|tile| strip(c, &shares, &pixels, tile)).collect();
    for_each_chunk(dx, input_len, c.work(dx.len() / input_len), |i, dx| {
        let dy = &dy[i * output_len..][..output_len];
        with_tile(pixels.len() + SLACK + tile * down * columns * width, |memory| {
            let (picture, made) = memory.split_at_mut(pixels.len() + SLACK);
            for Strip { first, rows, places } in &strips {
                if shares.len() < down * across {
                    // Not every number is met by the window.
                    made.fill(0.0);
                }
                pixels.fill(dy, *first, picture);
                for (share, places) in shares.iter().zip(places) {
                    runs::sums(picture, places, &share.weights, &zeros, made);
                }
                let to = (&mut dx[rows.start * columns..], height * columns);
                transpose((&*made, width), [rows.len() * columns, c.channels], to);
            }
        });
    });
}

/// Every phase that meets any entry of the window.
fn shares(c: &Convolution, w: &[f32], pixels: &Pixels, width: usize) -> Vec<Share> {
    let (window, area) = (&c.window, c.window.area());
    let [down, across] = window.stride;
    let mut table = vec![0.0; c.filters * area * width];
    for (w, rows) in w.chunks_exact(c.channels * area).zip(table.chunks_exact_mut(area * width)) {
        transpose((w, area), [c.channels, area], (rows, width));
    }
    let mut shares = Vec::new();
    for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
        let rows = Residue::of(window, 0, c.size[0], row);
        let columns = Residue::of(window, 1, c.size[1], column);
        let (mut offsets, mut taps) = (Vec::new(), Vec::new());
        // From the last entry to the first, which is the order of the pixels.
        for u in rows.entries(window, 0).into_iter().rev() {
            for v in columns.entries(window, 1).into_iter().rev() {
                let back = [u * window.dilation[0] / down, v * window.dilation[1] / across];
                offsets.push(pixels.at(pixels.before[0] - back[0], pixels.before[1] - back[1]));
                taps.push(u * window.kernel[1] + v);
            }
        }
        if !taps.is_empty() && rows.count * columns.count > 0 {
            let order = taps.iter().flat_map(|tap| (0..c.filters).map(move |f| f * area + tap));
            let weights = Weights::new(&table, width, runs::of(offsets.into_iter(), c.filters), order);
            shares.push(Share { rows, columns, weights });
        }
    }
    shares
}

/// What is made of a tile of rows of places.
fn strip(c: &Convolution, shares: &[Share], pixels: &Pixels, tile: Range<usize>) -> Strip {
    let ([down, across], [above, left]) = (c.window.stride, c.window.before);
    let [top, bottom] = [tile.start, tile.end].map(|row| (row * down).saturating_sub(above).min(c.size[0]));
    let places = shares.iter().map(|share| {
        let rows = share.rows.first.max(tile.start)..(share.rows.first + share.rows.count).min(tile.end);
        let columns = share.columns.first..share.columns.first + share.columns.count;
        let place = |row: usize, column: usize| {
            let to = [row * down + share.rows.remainder - above, column * across + share.columns.remainder - left];
            Patch { from: pixels.at(row - tile.start, column), to: (to[0] - top) * c.size[1] + to[1] }
        };
        rows.flat_map(|row| columns.clone().map(move |column| (row, column))).map(|(r, q)| place(r, q)).collect()
    });
    Strip { first: tile.start, rows: top..bottom, places: places.collect() }
}

thread_local! {
    static SUMS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// The gradient of the weights, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (input_len, output_len) = (c.input_len(), c.output_len());
    let ([rows, columns], [down, across], filters) = (c.places(), c.window.stride, c.filters);
    let tile = tile_rows(rows, down * laid_out(c, 1).pitch * c.channels + columns * filters);
    let pixels = laid_out(c, tile);
    let terms = terms(c, &pixels);
    let steps = [pixels.at(down, 0), pixels.at(0, across)];
    let (batch, row) = (dy.len() / output_len, terms.iter().map(|run| padded(run.terms)).sum::<usize>());
    let parts = partial_sums(batch, filters * row).min(8);
    with_scratch(&SUMS, filters * row, |total| {
        sum_in(parts, batch, total, c.work(batch), |images, sums| {
            with_tile(pixels.len() + SLACK + tile * columns * filters, |memory| {
                let (picture, gradients) = memory.split_at_mut(pixels.len() + SLACK);
                for (i, first) in images.flat_map(|i| (0..rows).step_by(tile).map(move |first| (i, first))) {
                    let tile = tile_from(first, tile, rows);
                    pixels.fill(&x[i * input_len..][..input_len], first * down, picture);
                    let dy = &dy[i * output_len..][..output_len];
                    let counts = [tile.len(), columns];
                    let from = (&dy[first * columns..], rows * columns);
                    transpose(from, [filters, tile.len() * columns], (&mut *gradients, filters));
                    runs::products(picture, Grid { steps, counts }, &terms, (gradients, filters), sums);
                }
            });
        });
        for (dw, sums) in dw.chunks_exact_mut(c.depth()).zip(total.chunks_exact(row)) {
            let mut tap = 0;
            let mut from = 0;
            for run in &terms {
                let taps = run.terms / c.channels;
                transpose((&sums[from..], c.channels), [taps, c.channels], (&mut dw[tap..], c.window.area()));
                (tap, from) = (tap + taps, from + padded(run.terms));
            }
        }
    });
}
