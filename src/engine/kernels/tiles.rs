//! The transforms of Winograd's minimal filtering F(2 × 2, 3 × 3) (Lavin and Gray, 2015), with points 0, 1, -1 and ∞:
//! of tiles of a picture, of weights, of gradients, and back. Each is a rule for one axis that is applied to both.
//!
//! A pixel is `width` numbers, channels side by side; vector units work on many channels at once. The 16 numbers of a
//! transformed tile lie in 16 planes `step` numbers apart.

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

/// Rows of squares of pixels, all distances in numbers.
#[derive(Clone, Copy)]
pub struct Squares<'a> {
    /// Where the first square of each row begins.
    pub starts: &'a [usize],
    /// From one square to the next, and how many there are in a row.
    pub step: usize,
    pub count: usize,
    /// From one row of pixels to the next.
    pub pitch: usize,
}

impl Squares<'_> {
    pub fn len(&self) -> usize {
        self.starts.len() * self.count
    }

    /// Numbers up to the end of the last, when they have `side` × `side` pixels of `width` numbers.
    fn end(&self, side: usize, width: usize) -> usize {
        let start = self.starts.iter().max().unwrap_or(&0);
        start + self.count.saturating_sub(1) * self.step + (side - 1) * self.pitch + side * width
    }
}

/// Transforms squares of pixels to as many pixels of the planes.
pub fn expand<R: Rule<A, 4>, const A: usize>(
    pixels: &[f32],
    width: usize,
    squares: Squares,
    (planes, step): (&mut [f32], usize),
) {
    struct Expand<'a, R, const A: usize> {
        pixels: &'a [f32],
        width: usize,
        squares: Squares<'a>,
        planes: &'a mut [f32],
        step: usize,
        rule: PhantomData<R>,
    }

    impl<const A: usize, R: Rule<A, 4>> WithSimd for Expand<'_, R, A> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { pixels, width, squares, planes, step, .. } = self;
            let vectors = width / S::F32_LANES;
            assert!(squares.end(A, width) <= pixels.len());
            assert!((POINTS - 1) * step + squares.len() * width <= planes.len());
            // SAFETY: the assertions say that the last square lies in `pixels`, and its transformed pixels in the
            // planes. With checks the addresses would take longer than the numbers.
            unsafe {
                let mut to = planes.as_mut_ptr();
                for (start, i) in squares.starts.iter().flat_map(|start| (0..squares.count).map(move |i| (start, i))) {
                    let square = pixels.as_ptr().add(start + i * squares.step);
                    for v in 0..vectors {
                        let from = square.add(v * S::F32_LANES);
                        let mut x = [[simd.splat_f32s(0.0); A]; A];
                        for (row, x) in x.iter_mut().enumerate() {
                            for (column, x) in x.iter_mut().enumerate() {
                                *x = from.add(row * squares.pitch + column * width).cast::<S::f32s>().read_unaligned();
                            }
                        }
                        let points = on_both_axes::<S, R, A, 4>(simd, x);
                        for (plane, point) in points.as_flattened().iter().enumerate() {
                            to.add(plane * step).cast::<S::f32s>().write_unaligned(*point);
                        }
                        to = to.add(S::F32_LANES);
                    }
                }
            }
        }
    }

    Arch::new().dispatch(Expand { pixels, width, squares, planes, step, rule: PhantomData::<R> });
}

/// Transforms the pixels of the planes, one after another, back to squares of pixels plus `shift`.
pub fn contract<R: Rule<4, B>, const B: usize>(
    (planes, step): (&[f32], usize),
    width: usize,
    shift: &[f32],
    squares: Squares,
    pixels: &mut [f32],
) {
    struct Contract<'a, R, const B: usize> {
        planes: &'a [f32],
        step: usize,
        width: usize,
        shift: &'a [f32],
        squares: Squares<'a>,
        pixels: &'a mut [f32],
        rule: PhantomData<R>,
    }

    impl<const B: usize, R: Rule<4, B>> WithSimd for Contract<'_, R, B> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let Self { planes, step, width, shift, squares, pixels, .. } = self;
            let vectors = width / S::F32_LANES;
            assert!(squares.end(B, width) <= pixels.len() && width <= shift.len());
            assert!((POINTS - 1) * step + squares.len() * width <= planes.len());
            // SAFETY: as in `expand`, the other way round.
            unsafe {
                let mut from = planes.as_ptr();
                for (start, i) in squares.starts.iter().flat_map(|start| (0..squares.count).map(move |i| (start, i))) {
                    let square = pixels.as_mut_ptr().add(start + i * squares.step);
                    for v in 0..vectors {
                        let shift = shift.as_ptr().add(v * S::F32_LANES).cast::<S::f32s>().read_unaligned();
                        let mut points = [[simd.splat_f32s(0.0); 4]; 4];
                        for (plane, point) in points.as_flattened_mut().iter_mut().enumerate() {
                            *point = from.add(plane * step).cast::<S::f32s>().read_unaligned();
                        }
                        from = from.add(S::F32_LANES);
                        let to = square.add(v * S::F32_LANES);
                        for (row, x) in on_both_axes::<S, R, 4, B>(simd, points).iter().enumerate() {
                            for (column, x) in x.iter().enumerate() {
                                let to = to.add(row * squares.pitch + column * width).cast::<S::f32s>();
                                to.write_unaligned(simd.add_f32s(*x, shift));
                            }
                        }
                    }
                }
            }
        }
    }

    Arch::new().dispatch(Contract { planes, step, width, shift, squares, pixels, rule: PhantomData::<R> });
}
