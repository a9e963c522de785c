//! Sums of products that slide over pictures: what convolutions compute, forward and backward, without laying the
//! windows out. A picture is laid out once with zeros around it, so that every term of a sum lies a fixed distance from
//! the place that the sum is for, and sums of neighbouring places are computed side by side in registers.
//!
//! Rows are computed over their whole pitch; the few places between two rows are thrown away.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::elementwise::{copy_row, vectorised};
use super::pixels::lanes;

/// Numbers behind a layout that may be read (and are thrown away).
const SLACK: usize = 64;

/// Pictures with zeros around them, split by `stride` into planes: the numbers that one entry of a window meets at
/// neighbouring places lie side by side.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    pub channels: usize,
    /// Of the picture as it is.
    pub size: [usize; 2],
    pub stride: [usize; 2],
    /// Planes that are read, down and across: all `stride` of them, or fewer when the window is smaller.
    pub phases: [usize; 2],
    /// Zeros before the first row and column.
    pub before: [usize; 2],
    /// Of one plane.
    pub rows: usize,
    pub pitch: usize,
}

impl Layout {
    pub fn len(&self) -> usize {
        self.channels * self.phases[0] * self.phases[1] * self.rows * self.pitch + SLACK
    }

    /// Where the first place finds what lies `row` rows and `column` columns behind the window's corner.
    pub fn offset(&self, channel: usize, row: usize, column: usize) -> usize {
        let [down, across] = self.stride;
        let plane = (channel * self.phases[0] + row % down) * self.phases[1] + column % across;
        (plane * self.rows + row / down) * self.pitch + column / across
    }

    /// Lays a picture out, from the place `first` rows below its top.
    pub fn fill(&self, picture: &[f32], first: usize, out: &mut [f32]) {
        vectorised(
            #[inline(always)]
            || self.lay_out(picture, first, out),
        );
    }

    #[inline(always)]
    fn lay_out(&self, picture: &[f32], first: usize, out: &mut [f32]) {
        let ([height, width], [down, across]) = (self.size, self.stride);
        let plane_len = self.rows * self.pitch;
        let (planes, slack) = out.split_at_mut(self.len() - SLACK);
        slack.fill(0.0);
        for (plane, out) in planes.chunks_exact_mut(plane_len.max(1)).enumerate() {
            let [p, q] = self.phases;
            let (channel, row_phase, column_phase) = (plane / (p * q), plane / q % p, plane % q);
            let source = &picture[channel * height * width..][..height * width];
            // Columns of the plane that lie on the picture.
            let start = self.before[1].saturating_sub(column_phase).div_ceil(across).min(self.pitch);
            let end = (width + self.before[1]).saturating_sub(column_phase).div_ceil(across).min(self.pitch).max(start);
            for (r, out) in out.chunks_exact_mut(self.pitch).enumerate() {
                let row = ((first + r) * down + row_phase).checked_sub(self.before[0]).filter(|row| *row < height);
                let Some(row) = row.filter(|_| start < end) else {
                    out.fill(0.0);
                    continue;
                };
                out[..start].fill(0.0);
                out[end..].fill(0.0);
                let source = &source[row * width + start * across + column_phase - self.before[1]..];
                take_every(across, source, &mut out[start..end]);
            }
        }
    }
}

/// `out[i] = source[i · step]`
#[inline(always)]
pub fn take_every(step: usize, source: &[f32], out: &mut [f32]) {
    match step {
        1 => copy_row(&source[..out.len()], out),
        2 => {
            // In pairs, which the compiler can vectorise; the last number may have no partner.
            let Some((last, out)) = out.split_last_mut() else { return };
            *last = source[2 * out.len()];
            out.iter_mut().zip(source.chunks_exact(2)).for_each(|(out, pair)| *out = pair[0]);
        }
        _ => out.iter_mut().zip(source.iter().step_by(step)).for_each(|(out, number)| *out = *number),
    }
}

/// Weights in the order in which [`sums`] reads them: some filters side by side, term after term.
pub struct Packed {
    numbers: Vec<f32>,
    filters: usize,
    terms: usize,
    block: usize,
}

impl Packed {
    /// `weight(filter, term)`
    pub fn new(filters: usize, terms: usize, weight: impl Fn(usize, usize) -> f32) -> Self {
        let block = if lanes() >= 16 { 8 } else { 4 };
        let mut numbers = vec![0.0; filters.div_ceil(block) * block * terms];
        for f in 0..filters {
            let numbers = numbers[f / block * block * terms + f % block..].iter_mut().step_by(block);
            numbers.take(terms).enumerate().for_each(|(k, number)| *number = weight(f, k));
        }
        Self { numbers, filters, terms, block }
    }
}

/// Room that [`sums`] needs for `places`.
pub fn room(places: usize) -> usize {
    8 * (places + SLACK)
}

/// For every filter, `write(filter, sums)`: at each place `p` the sum over all terms `k` of weight times
/// `picture[offsets[k] + p]`, plus the filter's bias.
pub fn sums(
    picture: &[f32],
    offsets: &[usize],
    weights: &Packed,
    bias: Option<&[f32]>,
    places: usize,
    room: &mut [f32],
    write: impl FnMut(usize, &[f32]),
) {
    assert!(offsets.len() == weights.terms && places > 0);
    Arch::new().dispatch(Sums { picture, offsets, weights, bias, places, room, write });
}

struct Sums<'a, W> {
    picture: &'a [f32],
    offsets: &'a [usize],
    weights: &'a Packed,
    bias: Option<&'a [f32]>,
    places: usize,
    room: &'a mut [f32],
    write: W,
}

impl<W: FnMut(usize, &[f32])> WithSimd for Sums<'_, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if self.weights.block == 8 { self.blocks::<S, 8>(simd) } else { self.blocks::<S, 4>(simd) }
    }
}

impl<W: FnMut(usize, &[f32])> Sums<'_, W> {
    #[inline(always)]
    fn blocks<S: Simd, const FILTERS: usize>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        let pitch = self.places.next_multiple_of(lanes) + 2 * lanes;
        for first in (0..self.weights.filters).step_by(FILTERS) {
            let weights = &self.weights.numbers[first * self.weights.terms..][..FILTERS * self.weights.terms];
            let bias: [f32; FILTERS] =
                std::array::from_fn(|f| self.bias.and_then(|b| b.get(first + f)).copied().unwrap_or(0.0));
            let mut place = 0;
            while place < self.places {
                let strip = Strip { picture: self.picture, offsets: self.offsets, weights, bias, place, pitch };
                place += lanes
                    * match (self.places - place).div_ceil(lanes) {
                        1 => strip.sum::<S, 1>(simd, self.room),
                        2 | 4 => strip.sum::<S, 2>(simd, self.room),
                        _ => strip.sum::<S, 3>(simd, self.room),
                    };
            }
            for f in first..self.weights.filters.min(first + FILTERS) {
                (self.write)(f, &self.room[(f - first) * pitch..][..self.places]);
            }
        }
    }
}

struct Strip<'a, const FILTERS: usize> {
    picture: &'a [f32],
    offsets: &'a [usize],
    weights: &'a [f32],
    bias: [f32; FILTERS],
    place: usize,
    pitch: usize,
}

impl<const FILTERS: usize> Strip<'_, FILTERS> {
    /// Some filters at `N` registers of places; returns `N`.
    #[inline(always)]
    fn sum<S: Simd, const N: usize>(&self, simd: S, out: &mut [f32]) -> usize {
        let wide = N * S::F32_LANES;
        let mut sums = self.bias.map(|bias| [simd.splat_f32s(bias); N]);
        for (offset, weights) in self.offsets.iter().zip(self.weights.chunks_exact(FILTERS)) {
            let x = S::as_simd_f32s(&self.picture[offset + self.place..][..wide]).0;
            let x: [S::f32s; N] = std::array::from_fn(|n| x[n]);
            for (sums, weight) in sums.iter_mut().zip(weights) {
                let weight = simd.splat_f32s(*weight);
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = simd.mul_add_e_f32s(weight, x, *sum);
                }
            }
        }
        for (f, sums) in sums.iter().enumerate() {
            let out = S::as_mut_simd_f32s(&mut out[f * self.pitch + self.place..][..wide]).0;
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = *sum);
        }
        N
    }
}

/// Numbers of a row of `places` that [`products`] reads.
pub fn padded(places: usize) -> usize {
    places.next_multiple_of(16)
}

/// Adds to `out[f, k]`, over all pictures of a batch, the sum over all places `p` of `dy[f, p]` times
/// `picture[offsets[k] + p]`.
///
/// `dys` is `[batch, filters, padded(places)]` with zeros where there is no place, `pictures` the laid out pictures.
pub fn products(dys: &[f32], pictures: &[f32], offsets: &[usize], batch: usize, out: &mut [f32]) {
    if batch > 0 && !out.is_empty() {
        let places = dys.len() / (batch * (out.len() / offsets.len()));
        Arch::new().dispatch(Products { dys, pictures, offsets, batch, places, within: 0..places, out });
    }
}

/// Numbers of a row that are multiplied before the next stretch of all rows: so many rows stay in the caches.
const STRETCH: usize = 1024;

/// Adds to `out[i, j]` the product of row i of `a` with row j of `b`, both of `length` numbers, a multiple of 16: a
/// matrix product with a transpose for long rows, which need not be laid out anew.
pub fn dot_rows(a: &[f32], b: &[f32], length: usize, out: &mut [f32]) {
    let offsets: Vec<usize> = (0..b.len() / length).map(|j| j * length).collect();
    let stretch = (length / 16).div_ceil(length.div_ceil(STRETCH)) * 16;
    for start in (0..length).step_by(stretch) {
        let within = start..(start + stretch).min(length);
        let (dys, pictures, offsets) = (a, b, &offsets);
        Arch::new().dispatch(Products { dys, pictures, offsets, batch: 1, places: length, within, out: &mut *out });
    }
}

struct Products<'a> {
    dys: &'a [f32],
    pictures: &'a [f32],
    offsets: &'a [usize],
    batch: usize,
    /// Numbers in a row of `dys`, and those of them that are multiplied.
    places: usize,
    within: Range<usize>,
    out: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES >= 16 { self.blocks::<S, 4, 6>(simd) } else { self.blocks::<S, 3, 4>(simd) }
    }
}

impl Products<'_> {
    #[inline(always)]
    fn blocks<S: Simd, const FILTERS: usize, const TERMS: usize>(self, simd: S) {
        let terms = self.offsets.len();
        let filters = self.out.len() / terms;
        let (places, from, length) = (self.places, self.within.start, self.within.len());
        let vectors = length / S::F32_LANES;
        let picture_len = self.pictures.len() / self.batch;
        let (down, along) = (filters.div_ceil(FILTERS), terms.div_ceil(TERMS));
        for block in 0..down * along {
            // The shorter side runs innermost: its rows stay in the nearest cache while the other's pass once.
            let (first, term) =
                if filters < terms { (block % down, block / down) } else { (block / along, block % along) };
            let (first, term) = (first * FILTERS, term * TERMS);
            // Blocks that stand over the edge compute their last row again and throw it away.
            let rows: [usize; FILTERS] = std::array::from_fn(|f| (first + f).min(filters - 1) * places + from);
            let offsets: [usize; TERMS] = std::array::from_fn(|k| self.offsets[(term + k).min(terms - 1)] + from);
            let mut sums = [[simd.splat_f32s(0.0); TERMS]; FILTERS];
            for i in 0..self.batch {
                let dy = &self.dys[i * filters * places..][..filters * places];
                let picture = &self.pictures[i * picture_len..][..picture_len];
                let dy: [&[S::f32s]; FILTERS] =
                    std::array::from_fn(|f| &S::as_simd_f32s(&dy[rows[f]..][..length]).0[..vectors]);
                let x: [&[S::f32s]; TERMS] =
                    std::array::from_fn(|k| &S::as_simd_f32s(&picture[offsets[k]..][..length]).0[..vectors]);
                for v in 0..vectors {
                    let dy: [S::f32s; FILTERS] = std::array::from_fn(|f| dy[f][v]);
                    for (k, x) in x.iter().enumerate() {
                        let x = x[v];
                        for f in 0..FILTERS {
                            sums[f][k] = simd.mul_add_e_f32s(dy[f], x, sums[f][k]);
                        }
                    }
                }
            }
            let rows = self.out[first * terms..].chunks_exact_mut(terms);
            for (out, sums) in rows.zip(sums) {
                out[term..].iter_mut().zip(sums).for_each(|(out, sum)| *out += simd.reduce_sum_f32s(sum));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers};

    #[test]
    fn products_of_rows_are_a_product_with_a_transpose() {
        for (m, n, length) in [(1, 1, 16), (5, 7, 528), (9, 13, 1600), (4, 6, 512)] {
            let (a, b) = (numbers(m * length, 1), numbers(n * length, 2));
            let mut out = vec![0.5; m * n];
            dot_rows(&a, &b, length, &mut out);
            let row = |data: &[f32], i: usize| data[i * length..(i + 1) * length].to_vec();
            let dot = |i, j| 0.5 + row(&a, i).iter().zip(row(&b, j)).map(|(a, b)| f64::from(a * b)).sum::<f64>();
            let expected: Vec<f64> = (0..m * n).map(|at| dot(at / n, at % n)).collect();
            close(&out, &expected, 1e-5);
        }
    }
}
