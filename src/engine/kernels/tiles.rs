//! The transforms of Winograd's minimal filtering F(2 × 2, 3 × 3) (Lavin and Gray, 2015), with points 0, 1, -1 and ∞: of tiles
//! of a picture, of weights, of gradients, and back. Each is a rule for one axis that is applied to both.
//!
//! A pixel is `width` numbers, channels side by side; vector units work on many channels at once. The 16 numbers of a transformed
//! tile lie in 16 planes `step` numbers apart.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

/// Numbers of a transformed tile.
pub const POINTS: usize = 16;

/// A transform along one axis, `A` numbers to `B`.
pub trait Rule<const A: usize, const B: usize> {
    fn along<S: Simd>(simd: S, x: [S::f32s; A]) -> [S::f32s; B];
}

/// Of four pixels in a row, two of which it shares with the next tile.
pub struct OfPicture;

impl Rule<4, 4> for OfPicture {
    #[inline(always)]
    fn along<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
        [simd.sub_f32s(a, c), simd.add_f32s(b, c), simd.sub_f32s(c, b), simd.sub_f32s(b, d)]
    }
}

/// Of three weights in a row.
pub struct OfWeights;

impl Rule<3, 4> for OfWeights {
    #[inline(always)]
    fn along<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 4] {
        let half = simd.splat_f32s(0.5);
        let (outer, middle) = (simd.mul_f32s(half, simd.add_f32s(a, c)), simd.mul_f32s(half, b));
        [a, simd.add_f32s(outer, middle), simd.sub_f32s(outer, middle), c]
    }
}

/// From the products of both to two places in a row.
pub struct ToPlaces;

impl Rule<4, 2> for ToPlaces {
    #[inline(always)]
    fn along<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
        [simd.add_f32s(a, simd.add_f32s(b, c)), simd.sub_f32s(simd.sub_f32s(b, c), d)]
    }
}

/// [`ToPlaces`] backward: of the gradients of two places in a row.
pub struct OfGradients;

impl Rule<2, 4> for OfGradients {
    #[inline(always)]
    fn along<S: Simd>(simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 4] {
        [a, simd.add_f32s(a, b), simd.sub_f32s(a, b), simd.neg_f32s(b)]
    }
}

/// [`OfWeights`] backward: to the gradients of three weights in a row.
pub struct ToWeights;

impl Rule<4, 3> for ToWeights {
    #[inline(always)]
    fn along<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 3] {
        let half = simd.splat_f32s(0.5);
        let outer = simd.mul_f32s(half, simd.add_f32s(b, c));
        [simd.add_f32s(a, outer), simd.mul_f32s(half, simd.sub_f32s(b, c)), simd.add_f32s(outer, d)]
    }
}

// Plain loops here and below: what the library's `map` calls is not compiled for the machine's vector units.
#[inline(always)]
fn on_both_axes<S: Simd, R: Rule<A, B>, const A: usize, const B: usize>(
    simd: S,
    x: [[S::f32s; A]; A],
) -> [[S::f32s; B]; B] {
    let zero = simd.splat_f32s(0.0);
    let (mut half, mut whole) = ([[zero; A]; B], [[zero; B]; B]);
    for row in 0..A {
        let along = R::along(simd, x[row]);
        for column in 0..B {
            half[column][row] = along[column];
        }
    }
    for column in 0..B {
        let along = R::along(simd, half[column]);
        for row in 0..B {
            whole[row][column] = along[row];
        }
    }
    whole
}

/// Of a row or a column of pixels: it is not there.
pub const NOWHERE: usize = 1 << 40;

/// Squares of `SIDE` × `SIDE` pixels in rows and columns, by the numbers of their pixels: a row's plus a column's.
pub struct Squares<'a, const SIDE: usize> {
    pub rows: &'a [[usize; SIDE]],
    pub columns: &'a [[usize; SIDE]],
}

impl<const SIDE: usize> Squares<'_, SIDE> {
    fn len(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The pixels of square `i`; those that are not there are [`NOWHERE`] or more.
    #[inline(always)]
    fn pixels(&self, i: usize) -> [[usize; SIDE]; SIDE] {
        let (rows, columns) = (&self.rows[i / self.columns.len()], &self.columns[i % self.columns.len()]);
        let mut pixels = [[0; SIDE]; SIDE];
        for (pixels, row) in pixels.iter_mut().zip(rows) {
            for (pixel, column) in pixels.iter_mut().zip(columns) {
                *pixel = row + column;
            }
        }
        pixels
    }
}

/// Transforms squares of pixels to as many pixels of the planes; where there is no pixel, to `other`.
pub fn expand<R: Rule<A, 4>, const A: usize>(
    pixels: &[f32],
    width: usize,
    (squares, other): (Squares<A>, usize),
    (planes, step): (&mut [f32], usize),
) {
    struct Expand<'a, R, const A: usize> {
        pixels: &'a [f32],
        width: usize,
        squares: Squares<'a, A>,
        other: usize,
        planes: &'a mut [f32],
        step: usize,
        rule: PhantomData<R>,
    }

    impl<const A: usize, R: Rule<A, 4>> WithSimd for Expand<'_, R, A> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let vectors = self.width / S::F32_LANES;
            let pixels = S::as_simd_f32s(self.pixels).0;
            let mut planes = self.planes.chunks_mut(self.step);
            let mut planes: [&mut [S::f32s]; POINTS] =
                std::array::from_fn(|_| S::as_mut_simd_f32s(planes.next().unwrap_or_default()).0);
            for i in 0..self.squares.len() {
                let mut from: [[&[S::f32s]; A]; A] = [[&[]; A]; A];
                for (from, pixel) in from.as_flattened_mut().iter_mut().zip(self.squares.pixels(i).as_flattened()) {
                    let pixel = if *pixel < NOWHERE { *pixel } else { self.other };
                    *from = &pixels[pixel * vectors..][..vectors];
                }
                for v in 0..vectors {
                    let mut x = [[simd.splat_f32s(0.0); A]; A];
                    for (x, from) in x.as_flattened_mut().iter_mut().zip(from.as_flattened()) {
                        *x = from[v];
                    }
                    let points = on_both_axes::<S, R, A, 4>(simd, x);
                    for (plane, point) in planes.iter_mut().zip(points.as_flattened()) {
                        plane[i * vectors + v] = *point;
                    }
                }
            }
        }
    }

    Arch::new().dispatch(Expand { pixels, width, squares, other, planes, step, rule: PhantomData::<R> });
}

/// Transforms the pixels of the planes, one after another, back to squares of pixels plus `shift`.
pub fn contract<R: Rule<4, B>, const B: usize>(
    (planes, step): (&[f32], usize),
    width: usize,
    shift: &[f32],
    squares: Squares<B>,
    pixels: &mut [f32],
) {
    struct Contract<'a, R, const B: usize> {
        planes: &'a [f32],
        step: usize,
        width: usize,
        shift: &'a [f32],
        squares: Squares<'a, B>,
        pixels: &'a mut [f32],
        rule: PhantomData<R>,
    }

    impl<const B: usize, R: Rule<4, B>> WithSimd for Contract<'_, R, B> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let vectors = self.width / S::F32_LANES;
            let pixels = S::as_mut_simd_f32s(self.pixels).0;
            let shift = &S::as_simd_f32s(self.shift).0[..vectors];
            let mut planes = self.planes.chunks(self.step);
            let planes: [&[S::f32s]; POINTS] =
                std::array::from_fn(|_| S::as_simd_f32s(planes.next().unwrap_or_default()).0);
            for i in 0..self.squares.len() {
                let square = self.squares.pixels(i);
                for v in 0..vectors {
                    let mut points = [[simd.splat_f32s(0.0); 4]; 4];
                    for (point, plane) in points.as_flattened_mut().iter_mut().zip(&planes) {
                        *point = plane[i * vectors + v];
                    }
                    let x = on_both_axes::<S, R, 4, B>(simd, points);
                    for (to, x) in square.as_flattened().iter().zip(x.as_flattened()) {
                        if *to < NOWHERE {
                            pixels[to * vectors + v] = simd.add_f32s(*x, shift[v]);
                        }
                    }
                }
            }
        }
    }

    Arch::new().dispatch(Contract { planes, step, width, shift, squares, pixels, rule: PhantomData::<R> });
}
