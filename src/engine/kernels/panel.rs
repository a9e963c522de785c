//! Products of small matrices that lie in the caches as they are: no packing, no threads. Rows of the result are whole
//! registers.

use pulp::Simd;

/// `a[i, k]` is `numbers[i · row + k · step]`.
#[derive(Clone, Copy)]
pub struct Left<'a> {
    pub numbers: &'a [f32],
    pub rows: usize,
    pub row: usize,
    pub step: usize,
}

/// `out = a b`, or `out += a b`: `b` and `out` have rows of `width` numbers, a multiple of the machine's lanes.
///
/// Every number is summed from the first term to the last, wherever it stands.
#[inline(always)]
pub fn product<S: Simd>(simd: S, a: Left, b: &[f32], width: usize, out: &mut [f32], accumulate: bool) {
    let lanes = S::F32_LANES;
    let mut column = 0;
    while column < width {
        let strip = Strip { a, b, width, column, accumulate };
        column += lanes
            * match (width - column) / lanes {
                0 | 1 if lanes >= 16 => strip.rows::<S, 16, 1>(simd, out),
                2 | 4 if lanes >= 16 => strip.rows::<S, 12, 2>(simd, out),
                _ if lanes >= 16 => strip.rows::<S, 8, 3>(simd, out),
                0 | 1 => strip.rows::<S, 8, 1>(simd, out),
                3 => strip.rows::<S, 4, 3>(simd, out),
                _ => strip.rows::<S, 6, 2>(simd, out),
            };
    }
}

struct Strip<'a> {
    a: Left<'a>,
    b: &'a [f32],
    width: usize,
    column: usize,
    accumulate: bool,
}

impl Strip<'_> {
    /// All rows of `N` registers, `ROWS` at a time; returns `N`.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize, const N: usize>(&self, simd: S, out: &mut [f32]) -> usize {
        let mut row = 0;
        while row + ROWS <= self.a.rows {
            self.block::<S, ROWS, N>(simd, row, out);
            row += ROWS;
        }
        while row + 4 <= self.a.rows {
            self.block::<S, 4, N>(simd, row, out);
            row += 4;
        }
        if row < self.a.rows && self.a.rows >= 4 && !self.accumulate {
            // Some rows once more, which is quicker than one by one.
            self.block::<S, 4, N>(simd, self.a.rows - 4, out);
            return N;
        }
        for row in row..self.a.rows {
            self.block::<S, 1, N>(simd, row, out);
        }
        N
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const N: usize>(&self, simd: S, first: usize, out: &mut [f32]) {
        let Left { numbers, row, step, .. } = self.a;
        // The usual distances as constants, which saves computing with them.
        if row == 1 {
            self.sum::<S, ROWS, N>(simd, Left { numbers, rows: first, row: 1, step }, out);
        } else {
            assert_eq!(step, 1, "one of both distances is 1");
            self.sum::<S, ROWS, N>(simd, Left { numbers, rows: first, row, step: 1 }, out);
        }
    }

    /// `ROWS` rows from `a.rows`.
    #[inline(always)]
    fn sum<S: Simd, const ROWS: usize, const N: usize>(&self, simd: S, a: Left, out: &mut [f32]) {
        let (first, depth, wide) = (a.rows, self.b.len() / self.width, N * S::F32_LANES);
        let last = (first + ROWS - 1) * a.row + depth.saturating_sub(1) * a.step;
        assert!(depth > 0 && last < a.numbers.len() && self.column + wide <= self.width);
        let out = &mut out[first * self.width..][..ROWS * self.width];
        let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
        // SAFETY: the assertion says that the last number of `a` that is read exists, and that `wide` numbers from
        // `column` lie within a row, of which `b` has `depth` and `out` has `ROWS`. Checks in the loop would keep the
        // sums in memory: twice the time.
        unsafe {
            let a_start = a.numbers.as_ptr().add(first * a.row);
            for k in 0..depth {
                let b = self.b.as_ptr().add(k * self.width + self.column).cast::<S::f32s>();
                let b: [S::f32s; N] = std::array::from_fn(|n| b.add(n).read_unaligned());
                for (i, sums) in sums.iter_mut().enumerate() {
                    let a = simd.splat_f32s(*a_start.add(i * a.row + k * a.step));
                    for (sum, b) in sums.iter_mut().zip(b) {
                        *sum = simd.mul_add_e_f32s(a, b, *sum);
                    }
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                let out = out.as_mut_ptr().add(i * self.width + self.column).cast::<S::f32s>();
                for (n, sum) in sums.iter().enumerate() {
                    let before = if self.accumulate { out.add(n).read_unaligned() } else { simd.splat_f32s(0.0) };
                    out.add(n).write_unaligned(simd.add_f32s(before, *sum));
                }
            }
        }
    }
}
