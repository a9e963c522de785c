//! Transforms of nested minimal filtering along one axis: windows of 5 or 7 numbers at four neighbouring places, with
//! 14 or 17 multiplications instead of 20 or 28. A window is cut into a piece of 2 or 4 numbers and one of 3. The even
//! piece goes by F(2, 2) (Karatsuba's three multiplications for four, once more for pairs of pairs), the other by the
//! rules of [`super::tiles`]. All factors are 1, -1 and ½, so that rounding stays that of a plain sum, and a place is
//! made of what is under its own window alone.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::tiles::{self, Rule};

/// Neighbouring places that are computed from one tile.
pub const TILE: usize = 4;

/// Of the numbers under four neighbouring windows of `W`.
pub struct OfPicture<const W: usize>;

/// Of the weights of a window.
pub struct OfWeights<const W: usize>;

/// From the products of both to four places.
pub struct ToPlaces<const W: usize>;

/// [`ToPlaces`] backward: of the gradients of four places.
pub struct OfGradients<const W: usize>;

/// [`OfWeights`] backward: to the gradients of the weights of a window.
pub struct ToWeights<const W: usize>;

/// F(2, 2) for its numbers, its weights, its places, and the last two backward.
mod pair {
    use super::Simd;

    #[inline(always)]
    pub fn of_picture<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 3] {
        [simd.sub_f32s(a, b), b, simd.sub_f32s(b, c)]
    }

    #[inline(always)]
    pub fn of_weights<S: Simd>(simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        [a, simd.add_f32s(a, b), b]
    }

    #[inline(always)]
    pub fn to_places<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 2] {
        [simd.add_f32s(a, b), simd.sub_f32s(b, c)]
    }

    #[inline(always)]
    pub fn of_gradients<S: Simd>(simd: S, [a, b]: [S::f32s; 2]) -> [S::f32s; 3] {
        [a, simd.add_f32s(a, b), simd.neg_f32s(b)]
    }

    #[inline(always)]
    pub fn to_weights<S: Simd>(simd: S, [a, b, c]: [S::f32s; 3]) -> [S::f32s; 2] {
        [simd.add_f32s(a, b), simd.add_f32s(b, c)]
    }
}

/// `to`, with `parts` one behind the other from `at` on.
#[inline(always)]
fn put<T: Copy, const N: usize, const PARTS: usize>(to: &mut [T], at: usize, parts: [[T; N]; PARTS]) {
    for (i, part) in parts.iter().enumerate() {
        to[at + i * N..at + (i + 1) * N].copy_from_slice(part);
    }
}

/// `N` numbers from `at` on.
#[inline(always)]
fn take<T: Copy, const N: usize>(from: &[T], at: usize) -> [T; N] {
    std::array::from_fn(|i| from[at + i])
}

#[inline(always)]
fn sum<S: Simd, const N: usize>(simd: S, a: [S::f32s; N], b: [S::f32s; N]) -> [S::f32s; N] {
    let mut sums = a;
    for (sum, b) in sums.iter_mut().zip(b) {
        *sum = simd.add_f32s(*sum, b);
    }
    sums
}

impl Rule<10, 17> for OfPicture<7> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, d: [S::f32s; 10]) -> [S::f32s; 17] {
        let mut out = [simd.splat_f32s(0.0); 17];
        let less = [simd.sub_f32s(d[0], d[2]), simd.sub_f32s(d[1], d[3]), simd.sub_f32s(d[2], d[4])];
        let more = [less[2], simd.sub_f32s(d[3], d[5]), simd.sub_f32s(d[4], d[6])];
        let pairs = [pair::of_picture(simd, less), pair::of_picture(simd, take(&d, 2)), pair::of_picture(simd, more)];
        put(&mut out, 0, pairs);
        put(&mut out, 9, [tiles::OfPicture::along(simd, take(&d, 4)), tiles::OfPicture::along(simd, take(&d, 6))]);
        out
    }
}

impl Rule<7, 17> for OfWeights<7> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, g: [S::f32s; 7]) -> [S::f32s; 17] {
        let mut out = [simd.splat_f32s(0.0); 17];
        let both = sum(simd, [g[0], g[1]], [g[2], g[3]]);
        let pairs =
            [pair::of_weights(simd, take(&g, 0)), pair::of_weights(simd, both), pair::of_weights(simd, take(&g, 2))];
        put(&mut out, 0, pairs);
        put(&mut out, 9, [tiles::OfWeights::along(simd, take(&g, 4)); 2]);
        out
    }
}

impl Rule<17, 4> for ToPlaces<7> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, m: [S::f32s; 17]) -> [S::f32s; 4] {
        let [a, b, c]: [[S::f32s; 2]; 3] = [
            pair::to_places(simd, take(&m, 0)),
            pair::to_places(simd, take(&m, 3)),
            pair::to_places(simd, take(&m, 6)),
        ];
        let [d, e]: [[S::f32s; 2]; 2] =
            [tiles::ToPlaces::along(simd, take(&m, 9)), tiles::ToPlaces::along(simd, take(&m, 13))];
        let (ab, bc) = (sum(simd, a, b), [simd.sub_f32s(b[0], c[0]), simd.sub_f32s(b[1], c[1])]);
        let ([y0, y1], [y2, y3]) = (sum(simd, ab, d), sum(simd, bc, e));
        [y0, y1, y2, y3]
    }
}

impl Rule<4, 17> for OfGradients<7> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, y: [S::f32s; 4]) -> [S::f32s; 17] {
        let mut out = [simd.splat_f32s(0.0); 17];
        let both = sum(simd, [y[0], y[1]], [y[2], y[3]]);
        let less = [simd.neg_f32s(y[2]), simd.neg_f32s(y[3])];
        let pairs =
            [pair::of_gradients(simd, take(&y, 0)), pair::of_gradients(simd, both), pair::of_gradients(simd, less)];
        put(&mut out, 0, pairs);
        put(&mut out, 9, [tiles::OfGradients::along(simd, take(&y, 0)), tiles::OfGradients::along(simd, take(&y, 2))]);
        out
    }
}

impl Rule<17, 7> for ToWeights<7> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, m: [S::f32s; 17]) -> [S::f32s; 7] {
        let [a, b, c]: [[S::f32s; 2]; 3] = [
            pair::to_weights(simd, take(&m, 0)),
            pair::to_weights(simd, take(&m, 3)),
            pair::to_weights(simd, take(&m, 6)),
        ];
        let ([g0, g1], [g2, g3]) = (sum(simd, a, b), sum(simd, b, c));
        let [g4, g5, g6]: [S::f32s; 3] = tiles::ToWeights::along(simd, sum::<S, 4>(simd, take(&m, 9), take(&m, 13)));
        [g0, g1, g2, g3, g4, g5, g6]
    }
}

impl Rule<8, 14> for OfPicture<5> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, d: [S::f32s; 8]) -> [S::f32s; 14] {
        let mut out = [simd.splat_f32s(0.0); 14];
        put(&mut out, 0, [pair::of_picture(simd, take(&d, 0)), pair::of_picture(simd, take(&d, 2))]);
        put(&mut out, 6, [tiles::OfPicture::along(simd, take(&d, 2)), tiles::OfPicture::along(simd, take(&d, 4))]);
        out
    }
}

impl Rule<5, 14> for OfWeights<5> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, g: [S::f32s; 5]) -> [S::f32s; 14] {
        let mut out = [simd.splat_f32s(0.0); 14];
        put(&mut out, 0, [pair::of_weights(simd, take(&g, 0)); 2]);
        put(&mut out, 6, [tiles::OfWeights::along(simd, take(&g, 2)); 2]);
        out
    }
}

impl Rule<14, 4> for ToPlaces<5> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, m: [S::f32s; 14]) -> [S::f32s; 4] {
        let [a, b]: [[S::f32s; 2]; 2] = [pair::to_places(simd, take(&m, 0)), pair::to_places(simd, take(&m, 3))];
        let [c, d]: [[S::f32s; 2]; 2] =
            [tiles::ToPlaces::along(simd, take(&m, 6)), tiles::ToPlaces::along(simd, take(&m, 10))];
        let ([y0, y1], [y2, y3]) = (sum(simd, a, c), sum(simd, b, d));
        [y0, y1, y2, y3]
    }
}

impl Rule<4, 14> for OfGradients<5> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, y: [S::f32s; 4]) -> [S::f32s; 14] {
        let mut out = [simd.splat_f32s(0.0); 14];
        put(&mut out, 0, [pair::of_gradients(simd, take(&y, 0)), pair::of_gradients(simd, take(&y, 2))]);
        put(&mut out, 6, [tiles::OfGradients::along(simd, take(&y, 0)), tiles::OfGradients::along(simd, take(&y, 2))]);
        out
    }
}

impl Rule<14, 5> for ToWeights<5> {
    #[inline(always)]
    fn along<S: Simd>(simd: S, m: [S::f32s; 14]) -> [S::f32s; 5] {
        let [g0, g1]: [S::f32s; 2] = pair::to_weights(simd, sum::<S, 3>(simd, take(&m, 0), take(&m, 3)));
        let [g2, g3, g4]: [S::f32s; 3] = tiles::ToWeights::along(simd, sum::<S, 4>(simd, take(&m, 6), take(&m, 10)));
        [g0, g1, g2, g3, g4]
    }
}

/// Stretches of numbers that a rule goes across: from one to the next, and from one tile to the next.
#[derive(Clone, Copy)]
pub struct Steps {
    pub next: usize,
    pub tile: usize,
}

/// Applies a rule to `count` tiles, each `A` stretches of `length` numbers (whole registers) that become `B`.
pub fn apply<R: Rule<A, B>, const A: usize, const B: usize>(
    (from, from_steps): (&[f32], Steps),
    (to, to_steps): (&mut [f32], Steps),
    count: usize,
    length: usize,
) {
    let end = |steps: Steps, stretches: usize| (count - 1) * steps.tile + (stretches - 1) * steps.next + length;
    assert!(count > 0 && end(from_steps, A) <= from.len() && end(to_steps, B) <= to.len());
    Arch::new().dispatch(Apply { from, from_steps, to, to_steps, count, length, rule: PhantomData::<R> });
}

struct Apply<'a, R, const A: usize, const B: usize> {
    from: &'a [f32],
    from_steps: Steps,
    to: &'a mut [f32],
    to_steps: Steps,
    count: usize,
    length: usize,
    rule: PhantomData<R>,
}

impl<const A: usize, const B: usize, R: Rule<A, B>> WithSimd for Apply<'_, R, A, B> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for tile in 0..self.count {
            for at in (0..self.length).step_by(S::F32_LANES) {
                // SAFETY: `apply` has checked that the last stretch of the last tile lies in both; `length` is whole
                // registers. With checks the addresses would take longer than the numbers.
                unsafe {
                    let from = self.from.as_ptr().add(tile * self.from_steps.tile + at);
                    let to = self.to.as_mut_ptr().add(tile * self.to_steps.tile + at);
                    let mut x = [simd.splat_f32s(0.0); A];
                    for (i, x) in x.iter_mut().enumerate() {
                        *x = from.add(i * self.from_steps.next).cast::<S::f32s>().read_unaligned();
                    }
                    for (i, x) in R::along(simd, x).iter().enumerate() {
                        to.add(i * self.to_steps.next).cast::<S::f32s>().write_unaligned(*x);
                    }
                }
            }
        }
    }
}
