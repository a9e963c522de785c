//! Two-dimensional convolution of f32 pictures: forward, gradient of the pictures, gradient of weights and bias.
//!
//! Sizes and order of the work are here, the arithmetic is in [`super::correlate`]. Windows of one number that visit
//! every pixel are plain matrix products, those of 3 × 3 with many channels go to [`super::winograd`], those of 5 × 5
//! or 7 × 7 to [`super::nested`], and those that move several pixels at a time, or over narrow pictures, to
//! [`super::interleaved`]. Deliberately no groups: see [`super::grouped`].

use std::ops::Range;

use super::correlate::{self, Layout, Packed};
use super::elementwise::{copy_row, vectorised};
use super::interleaved;
use super::lanes;
use super::matmul::{Matrix, matmul_on_one_thread};
use super::nested;
use super::pointwise;
use super::split::{for_each_chunk, partial_sums, sum_in, sum_in_parts, with_tile};
use super::window::Window;
use super::winograd;

/// Numbers of a laid out tile: 128 KiB, a good part of a core's second cache.
const TILE: usize = 32 * 1024;

/// The sizes of one convolution: pictures `[B, channels, size]` to `[B, filters, places]`.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    pub channels: usize,
    pub size: [usize; 2],
    pub filters: usize,
    pub window: Window,
}

impl Convolution {
    pub fn places(&self) -> [usize; 2] {
        self.window.places(self.size)
    }

    /// Numbers of one picture that goes in.
    pub fn input_len(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }

    /// Numbers of one picture that comes out.
    pub fn output_len(&self) -> usize {
        let [rows, columns] = self.places();
        self.filters * rows * columns
    }

    /// Numbers under the window: the length of every sum.
    pub fn depth(&self) -> usize {
        self.channels * self.window.area()
    }

    /// The window is one number, and meets no zeros around the picture: a matrix product for the places.
    fn is_pointwise(&self) -> bool {
        let Window { kernel, before, after, .. } = self.window;
        [kernel, before, after] == [[1; 2], [0; 2], [0; 2]]
    }

    /// The window visits every number once: the picture is its own matrix of columns.
    fn visits_all(&self) -> bool {
        self.window.stride == [1, 1]
    }

    /// Multiply-adds.
    pub fn work(&self, batch: usize) -> usize {
        batch * self.output_len() * self.depth()
    }

    /// Rows of the window's places that are computed together: as many as fit a tile, in tiles of about the same
    /// height.
    fn tile_rows(&self, planes: usize, pitch: usize) -> usize {
        let rows = self.places()[0];
        let fit = (TILE / (planes * pitch).max(1)).max(1);
        rows.div_ceil(rows.div_ceil(fit).max(1)).max(1)
    }

    /// How pictures are laid out to be read at `tile` rows of places.
    pub fn layout(&self) -> (Layout, usize) {
        let w = &self.window;
        let further = [0, 1].map(|axis| (w.span(axis) - 1) / w.stride[axis]);
        let pitch = self.places()[1] + further[1];
        let phases = [0, 1].map(|axis| w.stride[axis].min(w.span(axis)));
        let tile = self.tile_rows(self.channels * phases[0] * phases[1], pitch);
        let (channels, size, rows) = (self.channels, self.size, tile + further[0]);
        (Layout { channels, size, stride: w.stride, phases, before: w.before, rows, pitch }, tile)
    }

    /// Where the entries of the window lie in the layout, in the order of the weights of one filter.
    pub fn offsets(&self, layout: &Layout) -> Vec<usize> {
        let w = &self.window;
        let entries = (0..self.channels).flat_map(|c| (0..w.kernel[0]).map(move |u| (c, u)));
        entries
            .flat_map(|(c, u)| (0..w.kernel[1]).map(move |v| (c, u, v)))
            .map(|(c, u, v)| layout.offset(c, u * w.dilation[0], v * w.dilation[1]))
            .collect()
    }
}

/// Rows of a tile that begins at `first`, of `rows` in all.
pub fn tile_from(first: usize, tile: usize, rows: usize) -> Range<usize> {
    first..(first + tile).min(rows)
}

/// `y = w ⋆ x + bias`; `x` `[B, C, H, W]`, `w` `[F, C, KH, KW]`, `y` `[B, F, OH, OW]`.
pub fn forward(c: &Convolution, x: &[f32], w: &[f32], bias: Option<&[f32]>, y: &mut [f32]) {
    let (input_len, output_len, depth) = (c.input_len(), c.output_len(), c.depth());
    if y.is_empty() {
        return;
    }
    if winograd::pays(c) {
        return winograd::forward(c, x, w, bias, y);
    }
    if nested::pays(c) {
        return nested::forward(c, x, w, bias, y);
    }
    if interleaved::pays(c, c.filters) {
        return interleaved::forward(c, x, w, bias, y);
    }
    let [rows, columns] = c.places();
    let plane = rows * columns;
    let work = c.work(y.len() / output_len);
    if c.is_pointwise() && c.visits_all() {
        return for_each_chunk(y, output_len, work, |i, y| {
            if let Some(bias) = bias {
                y.chunks_mut(plane).zip(bias).for_each(|(y, b)| y.fill(*b));
            }
            let x = Matrix::new(&x[i * input_len..][..input_len], depth, plane);
            matmul_on_one_thread(Matrix::new(w, c.filters, depth), x, y, plane, bias.is_some());
        });
    }
    let (layout, tile) = c.layout();
    let (offsets, weights) = (c.offsets(&layout), Packed::new(c.filters, depth, |f, k| w[f * depth + k]));
    let most = (tile - 1) * layout.pitch + columns;
    for_each_chunk(y, output_len, work, |i, y| {
        let x = &x[i * input_len..][..input_len];
        with_tile(layout.len() + correlate::room(most), |memory| {
            let (picture, room) = memory.split_at_mut(layout.len());
            for first in (0..rows).step_by(tile) {
                let tile = tile_from(first, tile, rows);
                layout.fill(x, first, picture);
                let places = (tile.len() - 1) * layout.pitch + columns;
                correlate::sums(
                    picture,
                    &offsets,
                    &weights,
                    bias,
                    places,
                    room,
                    #[inline(always)]
                    |f, sums| {
                        let y = y[f * plane + first * columns..].chunks_exact_mut(columns);
                        for (y, sums) in y.zip(sums.chunks(layout.pitch)) {
                            copy_row(&sums[..columns], y);
                        }
                    },
                );
            }
        });
    });
}

/// The rows (or columns) of a picture that meet the same entries of the window: every stride-th.
pub struct Residue {
    /// What remains of `row + before` divided by the stride.
    pub remainder: usize,
    /// `(row + before) / stride` of the first, and how many there are.
    pub first: usize,
    pub count: usize,
}

impl Residue {
    pub fn of(window: &Window, axis: usize, size: usize, remainder: usize) -> Self {
        let (stride, before) = (window.stride[axis], window.before[axis]);
        let first = before.saturating_sub(remainder).div_ceil(stride);
        let end = (size + before).saturating_sub(remainder).div_ceil(stride);
        Self { remainder, first, count: end.saturating_sub(first) }
    }

    /// Entries of the window that meet them.
    pub fn entries(&self, window: &Window, axis: usize) -> Vec<usize> {
        let meets = |u: &usize| u * window.dilation[axis] % window.stride[axis] == self.remainder;
        (0..window.kernel[axis]).filter(meets).collect()
    }
}

/// One phase of rows with one phase of columns: sums over the same entries of the window.
pub struct Share {
    rows: Residue,
    columns: Residue,
    /// Of every entry, filter after filter, in the laid out gradient of the places.
    pub offsets: Vec<usize>,
    /// The weight of each among those of the first channel.
    pub taps: Vec<usize>,
}

/// The rows of a share that lie in a tile.
pub struct Stretch {
    rows: Range<usize>,
    /// The number of the laid out gradient at the first place, and places up to the last.
    pub from: usize,
    pub places: usize,
}

impl Share {
    /// The rows that lie in `tile`, when there are any.
    pub fn within(&self, tile: &Range<usize>, pitch: usize) -> Option<Stretch> {
        let rows = self.rows.first.max(tile.start)..(self.rows.first + self.rows.count).min(tile.end);
        let stretch = |rows: Range<usize>| {
            let (from, places) = ((rows.start - tile.start) * pitch, (rows.len() - 1) * pitch + self.columns.count);
            Stretch { rows, from, places }
        };
        Some(rows).filter(|rows| !rows.is_empty()).map(stretch)
    }

    /// Puts the sums of the places of a stretch where they belong in their plane.
    #[inline(always)]
    pub fn put(&self, c: &Convolution, stretch: &Stretch, pitch: usize, sums: &[f32], dx: &mut [f32]) {
        let (width, [down, across], count) = (c.size[1], c.window.stride, self.columns.count);
        let top = stretch.rows.start * down + self.rows.remainder - c.window.before[0];
        let left = self.columns.first * across + self.columns.remainder - c.window.before[1];
        for (dx, sums) in dx[top * width..].chunks_mut(down * width).zip(sums[..stretch.places].chunks(pitch)) {
            if across == 1 {
                copy_row(&sums[..count], &mut dx[left..left + count]);
            } else {
                dx[left..width].iter_mut().step_by(across).zip(&sums[..count]).for_each(|(dx, sum)| *dx = *sum);
            }
        }
    }
}

/// How the gradient of the places is laid out for [`Share`]s, and rows of places that are computed together.
pub fn layout_of_gradient(c: &Convolution) -> (Layout, usize) {
    let further = [0, 1].map(|axis| (c.window.span(axis) - 1) / c.window.stride[axis]);
    let pitch = ends(c)[1] + further[1];
    let tile = (TILE / (c.filters * pitch)).clamp(1, ends(c)[0]);
    let (channels, size, rows) = (c.filters, c.places(), tile + further[0]);
    (Layout { channels, size, stride: [1, 1], phases: [1, 1], before: further, rows, pitch }, tile)
}

/// Rows and columns of places that meet the picture.
pub fn ends(c: &Convolution) -> [usize; 2] {
    [0, 1].map(|axis| (c.size[axis] + c.window.before[axis]).div_ceil(c.window.stride[axis]))
}

/// The gradient of the pictures: `dx = wᵀ ⋆ dy`.
pub fn backward_input(c: &Convolution, w: &[f32], dy: &[f32], dx: &mut [f32]) {
    let (input_len, output_len, depth) = (c.input_len(), c.output_len(), c.depth());
    if dx.is_empty() {
        return;
    }
    if winograd::pays(c) {
        return winograd::backward_input(c, w, dy, dx);
    }
    if nested::pays(c) {
        return nested::backward_input(c, w, dy, dx);
    }
    if interleaved::pays(c, c.channels) {
        return interleaved::backward_input(c, w, dy, dx);
    }
    let (size, places) = (c.size, c.places());
    let work = c.work(dx.len() / input_len);
    if c.is_pointwise() {
        let (weights, plane) = (Matrix::new(w, c.filters, depth).transposed(), places[0] * places[1]);
        return for_each_chunk(dx, input_len, work, |i, dx| {
            let dy = Matrix::new(&dy[i * output_len..][..output_len], c.filters, plane);
            if c.visits_all() {
                return matmul_on_one_thread(weights, dy, dx, plane, false);
            }
            with_tile(c.channels * plane, |visited| {
                matmul_on_one_thread(weights, dy, visited, plane, false);
                scatter(c, visited, dx);
            });
        });
    }
    let (layout, tile) = layout_of_gradient(c);
    let (pitch, last, plane, area) = (layout.pitch, ends(c)[0], size[0] * size[1], c.window.area());
    let of_channel =
        |share: &Share| Packed::new(c.channels, share.taps.len(), |channel, k| w[share.taps[k] + channel * area]);
    let shares: Vec<_> = shares(c, &layout).into_iter().map(|share| (of_channel(&share), share)).collect();
    for_each_chunk(dx, input_len, work, |i, dx| {
        let dy = &dy[i * output_len..][..output_len];
        if c.window.stride != [1, 1] {
            // Not every number may be met by the window.
            dx.fill(0.0);
        }
        with_tile(layout.len() + correlate::room(tile * pitch), |memory| {
            let (picture, room) = memory.split_at_mut(layout.len());
            for first in (0..last).step_by(tile) {
                layout.fill(dy, first, picture);
                for (weights, share) in &shares {
                    let Some(stretch) = share.within(&tile_from(first, tile, last), pitch) else { continue };
                    let picture = &picture[stretch.from..];
                    correlate::sums(picture, &share.offsets, weights, None, stretch.places, room, |channel, sums| {
                        share.put(c, &stretch, pitch, sums, &mut dx[channel * plane..][..plane]);
                    });
                }
            }
        });
    });
}

/// Numbers of a pointwise convolution's places, put where its window is; zeros where it never is.
fn scatter(c: &Convolution, visited: &[f32], dx: &mut [f32]) {
    let ([height, width], [down, across], [_, columns]) = (c.size, c.window.stride, c.places());
    let planes = visited.chunks_exact(visited.len() / c.channels).zip(dx.chunks_exact_mut(height * width));
    vectorised(
        #[inline(always)]
        || {
            for (visited, dx) in planes {
                for (row, dx) in dx.chunks_exact_mut(width).enumerate() {
                    if row % down == 0 {
                        put_every(across, &visited[row / down * columns..][..columns], dx);
                    } else {
                        dx.fill(0.0);
                    }
                }
            }
        },
    );
}

/// `out[i · step] = numbers[i]`, and 0 in between.
#[inline(always)]
pub fn put_every(step: usize, numbers: &[f32], out: &mut [f32]) {
    if step == 2 {
        // In pairs, which the compiler can vectorise; the last number may have no partner.
        let whole = out.len() / 2;
        out.chunks_exact_mut(2).zip(numbers).for_each(|(out, number)| out.copy_from_slice(&[*number, 0.0]));
        out[2 * whole..].iter_mut().zip(&numbers[whole..]).for_each(|(out, number)| *out = *number);
    } else {
        out.fill(0.0);
        out.iter_mut().step_by(step).zip(numbers).for_each(|(out, number)| *out = *number);
    }
}

/// Every phase that meets any entry of the window.
pub fn shares(c: &Convolution, layout: &Layout) -> Vec<Share> {
    let (window, depth) = (&c.window, c.depth());
    let [down, across] = window.stride;
    let mut shares = Vec::new();
    for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
        let rows = Residue::of(window, 0, c.size[0], row);
        let columns = Residue::of(window, 1, c.size[1], column);
        let (mut offsets, mut taps) = (Vec::new(), Vec::new());
        for f in 0..c.filters {
            for u in rows.entries(window, 0) {
                for v in columns.entries(window, 1) {
                    let back = [u * window.dilation[0] / down, v * window.dilation[1] / across];
                    let [r, q] = [layout.before[0] - back[0], layout.before[1] - back[1] + columns.first];
                    offsets.push(layout.offset(f, r, q));
                    taps.push(f * depth + u * window.kernel[1] + v);
                }
            }
        }
        if !offsets.is_empty() && columns.count > 0 {
            shares.push(Share { rows, columns, offsets, taps });
        }
    }
    shares
}

/// The gradient of the weights, `dw = Σ dy ⋆ x`, over the batch and all places.
pub fn backward_weight(c: &Convolution, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    let (input_len, output_len) = (c.input_len(), c.output_len());
    if output_len == 0 {
        return dw.fill(0.0);
    }
    if c.is_pointwise() && c.visits_all() {
        return pointwise::backward_weight(c, x, dy, dw);
    }
    if winograd::pays(c) {
        return winograd::backward_weight(c, x, dy, dw);
    }
    if nested::pays(c) {
        return nested::backward_weight(c, x, dy, dw);
    }
    if interleaved::pays(c, c.channels * c.window.kernel[1]) {
        return interleaved::backward_weight(c, x, dy, dw);
    }
    let (layout, tile) = c.layout();
    let ([rows, columns], offsets) = (c.places(), c.offsets(&layout));
    let padded = correlate::padded((tile - 1) * layout.pitch + columns);
    // As many pictures as let the places of some filters stay in the first cache.
    let together = (1536 / padded).max(1);
    let batch = dy.len() / output_len;
    // Every part costs a pass over all weights: no more than keep some threads busy.
    let parts = partial_sums(batch, dw.len()).min(batch.div_ceil(together).max(4));
    sum_in(parts, batch, dw, c.work(batch), |images, sums| {
        for images in images.clone().step_by(together).map(|i| i..(i + together).min(images.end)) {
            with_tile(images.len() * (c.filters * padded + layout.len()), |memory| {
                let (dys, pictures) = memory.split_at_mut(images.len() * c.filters * padded);
                for first in (0..rows).step_by(tile) {
                    let laid_out =
                        dys.chunks_exact_mut(c.filters * padded).zip(pictures.chunks_exact_mut(layout.len()));
                    for (i, (dys, picture)) in images.clone().zip(laid_out) {
                        layout.fill(&x[i * input_len..][..input_len], first, picture);
                        let dy = &dy[i * output_len..][..output_len];
                        spread(dy, [rows, columns], tile_from(first, tile, rows), (layout.pitch, padded), dys);
                    }
                    correlate::products(dys, pictures, &offsets, images.len(), sums);
                }
            });
        }
    });
}

/// Rows of every plane of `dy`, each at the distance `pitch` from the one before, with zeros in between and behind.
pub fn spread(
    dy: &[f32],
    [rows, columns]: [usize; 2],
    tile: Range<usize>,
    (pitch, padded): (usize, usize),
    out: &mut [f32],
) {
    vectorised(
        #[inline(always)]
        || {
            for (dy, out) in dy.chunks_exact(rows * columns).zip(out.chunks_exact_mut(padded)) {
                out.fill(0.0);
                let dy = dy[tile.start * columns..tile.end * columns].chunks_exact(columns);
                for (out, dy) in out.chunks_mut(pitch).zip(dy) {
                    copy_row(dy, &mut out[..columns]);
                }
            }
        },
    );
}

/// The gradient of the bias, `db = Σ dy`, over the batch and all places: `dy` `[B, F, plane]`.
pub fn backward_bias(plane: usize, dy: &[f32], db: &mut [f32]) {
    let output_len = db.len() * plane;
    sum_in_parts(dy.len() / output_len.max(1), db, dy.len(), |images, sums| {
        for image in dy[images.start * output_len..images.end * output_len].chunks(output_len) {
            vectorised(
                #[inline(always)]
                || {
                    for (numbers, sum) in image.chunks(plane).zip(sums.iter_mut()) {
                        *sum += lanes::sum(numbers);
                    }
                },
            );
        }
    });
}

#[cfg(test)]
#[path = "conv2d_tests.rs"]
mod tests;
