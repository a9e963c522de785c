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
