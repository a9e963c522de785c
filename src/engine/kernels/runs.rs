//! Sums over pictures whose channels lie side by side in every pixel. What a row of a window lies on is one run of
//! numbers then, whatever the distance to the next place, and vector units work on many filters (or, for the gradient
//! of the weights, on many terms) at once.
//!
//! Deliberately nothing of windows and gradients: see [`super::interleaved`].

use pulp::{Arch, Simd, WithSimd};

use super::pixels::lanes;

/// Numbers behind a picture that [`products`] reads (and throws away).
pub const SLACK: usize = 64;

/// Terms of a sum that lie side by side, `offset` behind the place that the sum is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    pub offset: usize,
    pub terms: usize,
}

/// Pixels in the order of their weights as the fewest runs: `channels` numbers each.
pub fn of(pixels: impl Iterator<Item = usize>, channels: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for offset in pixels {
        match runs.last_mut() {
            Some(last) if last.offset + last.terms == offset => last.terms += channels,
            _ => runs.push(Run { offset, terms: channels }),
        }
    }
    runs
}

/// Weights in the order in which [`sums`] reads them: one or two registers of filters, term after term.
pub struct Weights {
    numbers: Vec<f32>,
    runs: Vec<Run>,
    depth: usize,
    lanes: usize,
}

impl Weights {
    /// The terms of all runs are the rows `order` of `table`, each `width` numbers: whole registers.
    pub fn new(table: &[f32], width: usize, runs: Vec<Run>, order: impl Iterator<Item = usize> + Clone) -> Self {
        let (lanes, depth) = (lanes(), runs.iter().map(|run| run.terms).sum());
        let mut numbers = Vec::with_capacity(width * depth);
        for column in (0..width).step_by(2 * lanes) {
            let wide = (width - column).min(2 * lanes);
            order.clone().for_each(|row| numbers.extend_from_slice(&table[row * width + column..][..wide]));
        }
        assert_eq!(numbers.len(), width * depth, "a row for every term");
        Self { numbers, runs, depth, lanes }
    }
}

/// A place that a sum is for: where its terms begin in the picture, and the pixel that it makes.
#[derive(Clone, Copy, Debug)]
pub struct Patch {
    pub from: usize,
    pub to: usize,
}

/// For every place the sums of all filters plus `bias`, into a pixel of as many numbers as `bias` has: whole registers.
///
/// Every sum is taken from the first term to the last, wherever it stands.
pub fn sums(picture: &[f32], places: &[Patch], weights: &Weights, bias: &[f32], out: &mut [f32]) {
    assert_eq!(weights.numbers.len(), bias.len() * weights.depth, "a weight for every term of every filter");
    Arch::new().dispatch(Sums { picture, places, weights, bias, out });
}

struct Sums<'a> {
    picture: &'a [f32],
    places: &'a [Patch],
    weights: &'a Weights,
    bias: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        assert_eq!(self.weights.lanes, S::F32_LANES, "weights are laid out for this machine");
        let (width, lanes) = (self.bias.len(), S::F32_LANES);
        for column in (0..width).step_by(2 * lanes) {
            match (width - column >= 2 * lanes, lanes >= 16) {
                (true, true) => self.strip::<S, 8, 2>(simd, column),
                (false, true) => self.strip::<S, 12, 1>(simd, column),
                (true, false) => self.strip::<S, 4, 2>(simd, column),
                (false, false) => self.strip::<S, 8, 1>(simd, column),
            }
        }
    }
}

impl Sums<'_> {
    /// All places, `ROWS` at a time, for `N` registers of filters.
    #[inline(always)]
    fn strip<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, column: usize) {
        let count = self.places.len();
        if count < ROWS {
            return (0..count).for_each(|place| self.block::<S, 1, N>(simd, place, column));
        }
        for place in (0..count).step_by(ROWS) {
            // At the end some places once more, which is quicker than one by one.
            self.block::<S, ROWS, N>(simd, place.min(count - ROWS), column);
        }
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, first: usize, column: usize) {
        let (width, wide, depth) = (self.bias.len(), N * S::F32_LANES, self.weights.depth);
        let mut places = [Patch { from: 0, to: 0 }; ROWS];
        places.copy_from_slice(&self.places[first..first + ROWS]);
        let furthest = places.iter().map(|place| place.from).max().unwrap_or(0);
        let runs = &self.weights.runs;
        assert!(runs.iter().all(|run| furthest + run.offset + run.terms <= self.picture.len()));
        assert!(column + wide <= width && places.iter().all(|place| (place.to + 1) * width <= self.out.len()));
        let weights = &self.weights.numbers[column * depth..][..wide * depth];
        let bias = &S::as_simd_f32s(&self.bias[column..]).0[..N];
        let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
        sums.iter_mut().for_each(|sums| sums.copy_from_slice(bias));
        // SAFETY: the assertions say that every run of every place lies in the picture, and that every pixel lies in
        // `out`; the runs have `depth` terms together, and `weights` has `wide` numbers for each. Checks in the loop
        // would keep the sums in memory.
        unsafe {
            let mut weights = weights.as_ptr().cast::<S::f32s>();
            for run in runs {
                let from: [*const f32; ROWS] =
                    std::array::from_fn(|i| self.picture.as_ptr().add(places[i].from + run.offset));
                for k in 0..run.terms {
                    let w: [S::f32s; N] = std::array::from_fn(|n| weights.add(n).read_unaligned());
                    weights = weights.add(N);
                    for (sums, from) in sums.iter_mut().zip(from) {
                        let x = simd.splat_f32s(*from.add(k));
                        for (sum, w) in sums.iter_mut().zip(w) {
                            *sum = simd.mul_add_e_f32s(x, w, *sum);
                        }
                    }
                }
            }
            for (place, sums) in places.iter().zip(sums) {
                let out = self.out.as_mut_ptr().add(place.to * width + column).cast::<S::f32s>();
                sums.iter().enumerate().for_each(|(n, sum)| out.add(n).write_unaligned(*sum));
            }
        }
    }
}

/// A grid of places on a picture: the distances between two rows and two columns of places, and how many there are of
/// each.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub steps: [usize; 2],
    pub counts: [usize; 2],
}

/// Adds to `out[f, run, term]` the sum over all places of the grid of `dy[place, f]` times the term at this place. Runs
/// take [`padded`] numbers in `out`; `dy` is a pixel of `filters` numbers for every place.
pub fn products(picture: &[f32], grid: Grid, runs: &[Run], (dy, filters): (&[f32], usize), out: &mut [f32]) {
    if grid.counts[0] * grid.counts[1] > 0 && !out.is_empty() {
        Arch::new().dispatch(Products { picture, grid, runs, dy, filters, out });
    }
}

/// Numbers that the sums of a run take in [`products`]: whole registers.
pub fn padded(terms: usize) -> usize {
    terms.next_multiple_of(lanes())
}

struct Products<'a> {
    picture: &'a [f32],
    grid: Grid,
    runs: &'a [Run],
    dy: &'a [f32],
    filters: usize,
    out: &'a mut [f32],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = S::F32_LANES;
        let mut to = 0;
        for run in self.runs {
            let end = to + run.terms.next_multiple_of(lanes);
            let mut from = run.offset;
            while to < end {
                let registers = match ((end - to) / lanes, lanes >= 16) {
                    (1, true) => self.strip::<S, 16, 1>(simd, from, to),
                    (2 | 4, true) => self.strip::<S, 12, 2>(simd, from, to),
                    (_, true) => self.strip::<S, 8, 3>(simd, from, to),
                    (1, false) => self.strip::<S, 8, 1>(simd, from, to),
                    (2 | 4, false) => self.strip::<S, 6, 2>(simd, from, to),
                    (_, false) => self.strip::<S, 4, 3>(simd, from, to),
                };
                (from, to) = (from + registers * lanes, to + registers * lanes);
            }
        }
    }
}

impl Products<'_> {
    /// All filters, `ROWS` at a time, with `N` registers of terms; returns `N`.
    #[inline(always)]
    fn strip<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, from: usize, to: usize) -> usize {
        let mut filter = 0;
        while filter + ROWS <= self.filters {
            self.block::<S, ROWS, N>(simd, filter, from, to);
            filter += ROWS;
        }
        while filter + 4 <= self.filters {
            self.block::<S, 4, N>(simd, filter, from, to);
            filter += 4;
        }
        (filter..self.filters).for_each(|filter| self.block::<S, 1, N>(simd, filter, from, to));
        N
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, filter: usize, from: usize, to: usize) {
        let (Grid { steps, counts }, wide) = (self.grid, N * S::F32_LANES);
        let last = from + (counts[0] - 1) * steps[0] + (counts[1] - 1) * steps[1];
        assert!(last + wide <= self.picture.len() && counts[0] * counts[1] * self.filters <= self.dy.len());
        assert!(filter + ROWS <= self.filters);
        let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
        // SAFETY: the assertions say that the last place's terms lie in the picture, and that `dy` has a pixel for
        // every place with all filters. Checks in the loop would keep the sums in memory.
        unsafe {
            for row in 0..counts[0] {
                let x = self.picture.as_ptr().add(from + row * steps[0]);
                let dy = self.dy.as_ptr().add(row * counts[1] * self.filters + filter);
                for column in 0..counts[1] {
                    let x = x.add(column * steps[1]).cast::<S::f32s>();
                    let x: [S::f32s; N] = std::array::from_fn(|n| x.add(n).read_unaligned());
                    let dy = dy.add(column * self.filters);
                    for (i, sums) in sums.iter_mut().enumerate() {
                        let dy = simd.splat_f32s(*dy.add(i));
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum = simd.mul_add_e_f32s(dy, x, *sum);
                        }
                    }
                }
            }
        }
        let width = self.out.len() / self.filters;
        for (out, sums) in self.out[filter * width..].chunks_exact_mut(width).zip(sums) {
            let out = S::as_mut_simd_f32s(&mut out[to..to + wide]).0;
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = simd.add_f32s(*out, sum));
        }
    }
}
