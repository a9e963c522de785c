//! Sums over one picture of one channel, which is what a depthwise convolution does to every channel: vector units work
//! on neighbouring places, as in [`super::correlate`], but on one filter at a time, since no other reads the picture.
//!
//! Deliberately nothing of windows, groups and gradients: see [`super::grouped`].

use pulp::{Arch, Simd, WithSimd};

/// Numbers behind the places that [`sums`] may write.
pub const SLACK: usize = 16;

/// `out[p]`: the sum over all terms `k` of `weights[k] · picture[offsets[k] + p]`, plus `bias`.
///
/// Every sum is taken from the first term to the last, wherever it stands.
pub fn sums(picture: &[f32], offsets: &[usize], weights: &[f32], bias: f32, places: usize, out: &mut [f32]) {
    Arch::new().dispatch(Sums { picture, offsets, weights, bias, places, out });
}

struct Sums<'a> {
    picture: &'a [f32],
    offsets: &'a [usize],
    weights: &'a [f32],
    bias: f32,
    places: usize,
    out: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut place = 0;
        while place < self.places {
            place += S::F32_LANES
                * match (self.places - place).div_ceil(S::F32_LANES) {
                    8.. => self.stretch::<S, 8>(simd, place),
                    4..8 => self.stretch::<S, 4>(simd, place),
                    2 | 3 => self.stretch::<S, 2>(simd, place),
                    _ => self.stretch::<S, 1>(simd, place),
                };
        }
    }
}

impl Sums<'_> {
    /// `N` registers of places; returns `N`.
    #[inline(always)]
    fn stretch<S: Simd, const N: usize>(&mut self, simd: S, place: usize) -> usize {
        let wide = N * S::F32_LANES;
        let mut sums = [simd.splat_f32s(self.bias); N];
        for (offset, weight) in self.offsets.iter().zip(self.weights) {
            let x = S::as_simd_f32s(&self.picture[offset + place..][..wide]).0;
            let weight = simd.splat_f32s(*weight);
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = simd.mul_add_e_f32s(weight, *x, *sum);
            }
        }
        let out = S::as_mut_simd_f32s(&mut self.out[place..][..wide]).0;
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum);
        N
    }
}

/// Adds to `out[k]` the sum over all places `p` of `dy[p] · picture[offsets[k] + p]`; `dy` is whole registers, with
/// zeros where there is no place.
pub fn products(dy: &[f32], picture: &[f32], offsets: &[usize], out: &mut [f32]) {
    Arch::new().dispatch(Products { dy, picture, offsets, out });
}

/// Terms that are summed at once: all of a window of 3 × 3.
const TERMS: usize = 9;

struct Products<'a> {
    dy: &'a [f32],
    picture: &'a [f32],
    offsets: &'a [usize],
    out: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let dy = S::as_simd_f32s(self.dy).0;
        let length = dy.len() * S::F32_LANES;
        for (offsets, out) in self.offsets.chunks(TERMS).zip(self.out.chunks_mut(TERMS)) {
            // Where there are fewer terms, the last again, which is thrown away.
            let x: [&[S::f32s]; TERMS] = std::array::from_fn(|k| {
                let offset = offsets[k.min(offsets.len() - 1)];
                &S::as_simd_f32s(&self.picture[offset..][..length]).0[..dy.len()]
            });
            let mut sums = [simd.splat_f32s(0.0); TERMS];
            for (v, dy) in dy.iter().enumerate() {
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum = simd.mul_add_e_f32s(*dy, x[v], *sum);
                }
            }
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out += simd.reduce_sum_f32s(sum));
        }
    }
}

/// A picture as [`sums_of_nine`] and [`products_of_nine`] read it: rows of `pitch` numbers, zeros around it included.
#[derive(Clone, Copy)]
pub struct Padded<'a> {
    pub picture: &'a [f32],
    pub pitch: usize,
    /// Rows and columns of places; the window of each lies to its right and below.
    pub places: [usize; 2],
    /// Rows between two rows of places: 1 or 2.
    pub down: usize,
}

impl Padded<'_> {
    /// Reading whole registers from the last place of the last row stays within the picture.
    fn holds(&self, lanes: usize) -> bool {
        let [rows, columns] = self.places;
        (1..=2).contains(&self.down)
            && self.picture.len() >= ((rows - 1) * self.down + 2) * self.pitch + columns.next_multiple_of(lanes) + 2
    }
}

/// As [`sums`] for windows of 3 × 3, `out` in rows of as many numbers as there are columns: at least a register. Each
/// number is read for several rows of places at once.
pub fn sums_of_nine(from: Padded, weights: &[f32], bias: f32, out: &mut [f32]) {
    Arch::new().dispatch(SumsOfNine { from, weights, bias, out });
}

struct SumsOfNine<'a> {
    from: Padded<'a>,
    weights: &'a [f32],
    bias: f32,
    out: &'a mut [f32],
}

impl WithSimd for SumsOfNine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let [rows, columns] = self.from.places;
        assert!(columns >= S::F32_LANES && self.from.holds(1) && self.out.len() >= rows * columns);
        let weights: [S::f32s; 9] = std::array::from_fn(|k| simd.splat_f32s(self.weights[k]));
        let mut row = 0;
        while row < rows {
            row += match (rows - row, self.from.down) {
                (4.., 1) if S::F32_LANES >= 16 => self.rows::<S, 4, 1>(simd, &weights, row),
                (2.., 1) => self.rows::<S, 2, 1>(simd, &weights, row),
                (2.., _) if S::F32_LANES >= 16 => self.rows::<S, 2, 2>(simd, &weights, row),
                _ => self.rows::<S, 1, 1>(simd, &weights, row),
            };
        }
    }
}

impl SumsOfNine<'_> {
    /// `ROWS` rows of places; returns `ROWS`.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize, const DOWN: usize>(
        &mut self,
        simd: S,
        weights: &[S::f32s; 9],
        row: usize,
    ) -> usize {
        let (pitch, columns, lanes) = (self.from.pitch, self.from.places[1], S::F32_LANES);
        for column in (0..columns).step_by(lanes) {
            // At the end some places once more.
            let column = column.min(columns - lanes);
            let mut sums = [simd.splat_f32s(self.bias); ROWS];
            // SAFETY: `with_simd` asserts that the last row has a window below and to the right of its last place, and
            // that `out` has all places; no register reaches over the last column.
            unsafe {
                let from = self.from.picture.as_ptr().add(row * self.from.down * pitch + column);
                let read =
                    |row: usize, column: usize| from.add(row * pitch + column).cast::<S::f32s>().read_unaligned();
                let mut x = [[simd.splat_f32s(0.0); 3]; 6];
                for (r, x) in x.iter_mut().enumerate().take((ROWS - 1) * DOWN + 3) {
                    for (v, x) in x.iter_mut().enumerate() {
                        *x = read(r, v);
                    }
                }
                for (r, sum) in sums.iter_mut().enumerate() {
                    for u in 0..3 {
                        for v in 0..3 {
                            *sum = simd.mul_add_e_f32s(weights[3 * u + v], x[r * DOWN + u][v], *sum);
                        }
                    }
                }
                for (r, sum) in sums.iter().enumerate() {
                    let to = self.out.as_mut_ptr().add((row + r) * columns + column);
                    to.cast::<S::f32s>().write_unaligned(*sum);
                }
            }
        }
        ROWS
    }
}

/// As [`products`] for windows of 3 × 3, `dy` in rows of as many numbers as there are columns. Each number of the
/// picture is read for three rows of the window at once.
pub fn products_of_nine(from: Padded, dy: &[f32], out: &mut [f32]) {
    Arch::new().dispatch(ProductsOfNine { from, dy, out });
}

struct ProductsOfNine<'a> {
    from: Padded<'a>,
    dy: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for ProductsOfNine<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ([rows, columns], pitch, lanes) = (self.from.places, self.from.pitch, S::F32_LANES);
        assert!(self.from.holds(lanes) && self.dy.len() >= rows * columns);
        let mut sums = [[simd.splat_f32s(0.0); 3]; 3];
        for column in (0..columns).step_by(lanes) {
            let real = lanes.min(columns - column);
            // SAFETY: `holds` says that registers from any column of the last window lie within the picture.
            let read = |row: usize| unsafe {
                let from = self.from.picture.as_ptr().add(row * pitch + column);
                let at = |v: usize| from.add(v).cast::<S::f32s>().read_unaligned();
                [at(0), at(1), at(2)]
            };
            let (mut above, mut middle) = (read(0), read(1));
            for row in 0..rows {
                let below = read(row * self.from.down + 2);
                let dy = &self.dy[row * columns + column..][..real];
                let dy = if real == lanes { S::as_simd_f32s(dy).0[0] } else { simd.partial_load_f32s(dy) };
                for v in 0..3 {
                    sums[0][v] = simd.mul_add_e_f32s(dy, above[v], sums[0][v]);
                    sums[1][v] = simd.mul_add_e_f32s(dy, middle[v], sums[1][v]);
                    sums[2][v] = simd.mul_add_e_f32s(dy, below[v], sums[2][v]);
                }
                if self.from.down == 1 {
                    (above, middle) = (middle, below);
                } else if row + 1 < rows {
                    (above, middle) = (below, read(row * 2 + 3));
                }
            }
        }
        for (out, sum) in self.out.iter_mut().zip(sums.as_flattened()) {
            *out += simd.reduce_sum_f32s(*sum);
        }
    }
}
