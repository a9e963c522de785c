//! Products with a right factor that is laid out in strips of a few registers, term after term: a strip stays in the
//! nearest cache while rows of the left factor pass, which are read where they lie. No threads here.
//!
//! For factors that are small on one side; large ones go to the `gemm` crate, see [`super::matmul`].

use pulp::{Arch, Simd, WithSimd};

use super::elementwise::{copy_row, vectorised};
use super::panel::Left;
use super::pixels::lanes;
use super::transpose::transpose;

/// `b[k, j]` is `numbers[k · row + j · column]`; one of both is 1.
#[derive(Clone, Copy)]
pub struct Right<'a> {
    pub numbers: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// Numbers of the largest block of sums.
const EDGE: usize = 24 * 16;

/// Registers of the next strip when so many are left.
fn registers(left: usize) -> usize {
    match left {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// First column and width of every strip.
fn strips(width: usize) -> impl Iterator<Item = (usize, usize)> {
    let lanes = lanes();
    let mut column = 0;
    std::iter::from_fn(move || {
        let wide = registers((width - column.min(width)).div_ceil(lanes)) * lanes;
        let strip = (column < width).then_some((column, wide));
        column += wide;
        strip
    })
}

/// Numbers of a factor of so many rows and columns, laid out.
pub fn len(depth: usize, width: usize) -> usize {
    depth * width.next_multiple_of(lanes())
}

/// Lays a factor out; columns behind the last are zeros.
pub fn lay_out(b: Right, [depth, width]: [usize; 2], out: &mut [f32]) {
    for (column, wide) in strips(width) {
        let (real, from) = (wide.min(width - column), &b.numbers[column * b.column..]);
        let out = &mut out[depth * column..][..depth * wide];
        if real < wide {
            out.fill(0.0);
        }
        if b.column == 1 {
            vectorised(
                #[inline(always)]
                || {
                    for (k, out) in out.chunks_exact_mut(wide).enumerate() {
                        copy_row(&from[k * b.row..][..real], &mut out[..real]);
                    }
                },
            );
        } else {
            assert_eq!(b.row, 1, "one of both distances is 1");
            transpose((from, b.column), [real, depth], (out, wide));
        }
    }
}

/// `out = a b`, or `out += a b`, for `b` as [`lay_out`] made it, `[depth, width]`; rows of `out` are `step` numbers
/// apart.
///
/// Every number is summed from the first term to the last, wherever it stands.
pub fn product(a: Left, b: &[f32], [depth, width]: [usize; 2], (out, step): (&mut [f32], usize), accumulate: bool) {
    if a.rows == 0 || width == 0 {
        return;
    }
    let last = (a.rows - 1) * a.row + depth.saturating_sub(1) * a.step;
    assert!(a.row == 1 || a.step == 1, "one of both distances is 1");
    assert!(depth > 0 && last < a.numbers.len() && len(depth, width) <= b.len());
    assert!(step >= width && (a.rows - 1) * step + width <= out.len());
    let edge = &mut [0.0; EDGE];
    Arch::new().dispatch(Product { a, b, depth, width, out, step, accumulate, edge });
}

struct Product<'a> {
    a: Left<'a>,
    b: &'a [f32],
    depth: usize,
    width: usize,
    out: &'a mut [f32],
    step: usize,
    accumulate: bool,
    /// Rows of a strip that reaches over the last column.
    edge: &'a mut [f32; EDGE],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut column = 0;
        while column < self.width {
            let n = registers((self.width - column).div_ceil(S::F32_LANES));
            match (n, S::F32_LANES >= 16) {
                (1, true) => self.rows::<S, 16, 1>(simd, column),
                (2, true) => self.rows::<S, 12, 2>(simd, column),
                (_, true) => self.rows::<S, 8, 3>(simd, column),
                (1, false) => self.rows::<S, 8, 1>(simd, column),
                (2, false) => self.rows::<S, 6, 2>(simd, column),
                (_, false) => self.rows::<S, 4, 3>(simd, column),
            }
            column += n * S::F32_LANES;
        }
    }
}

impl Product<'_> {
    /// All rows of `N` registers, `ROWS` at a time.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, column: usize) {
        let mut row = 0;
        while row + ROWS <= self.a.rows {
            self.block::<S, ROWS, N>(simd, row, column);
            row += ROWS;
        }
        while ROWS > 8 && row + 8 <= self.a.rows {
            self.block::<S, 8, N>(simd, row, column);
            row += 8;
        }
        while row + 4 <= self.a.rows {
            self.block::<S, 4, N>(simd, row, column);
            row += 4;
        }
        for row in row..self.a.rows {
            self.block::<S, 1, N>(simd, row, column);
        }
    }

    #[inline(always)]
    fn block<S: Simd, const ROWS: usize, const N: usize>(&mut self, simd: S, first: usize, column: usize) {
        let Left { row, step, .. } = self.a;
        // The usual distances as constants, which saves computing with them.
        if row == 1 {
            self.sum::<S, ROWS, N>(simd, (1, step), first, column);
        } else {
            self.sum::<S, ROWS, N>(simd, (row, 1), first, column);
        }
    }

    #[inline(always)]
    fn sum<S: Simd, const ROWS: usize, const N: usize>(
        &mut self,
        simd: S,
        (row, step): (usize, usize),
        first: usize,
        column: usize,
    ) {
        let (lanes, depth) = (S::F32_LANES, self.depth);
        let wide = N * lanes;
        let real = wide.min(self.width - column);
        let b = &self.b[depth * column..][..depth * wide];
        let (out, out_step) = if real == wide {
            (&mut self.out[first * self.step + column..], self.step)
        } else {
            if self.accumulate {
                for (i, edge) in self.edge.chunks_exact_mut(wide).take(ROWS).enumerate() {
                    edge[..real].copy_from_slice(&self.out[(first + i) * self.step + column..][..real]);
                }
            }
            (&mut self.edge[..], wide)
        };
        assert!((ROWS - 1) * out_step + wide <= out.len());
        let mut sums = [[simd.splat_f32s(0.0); N]; ROWS];
        // SAFETY: `product` asserts that the last number of `a` that is read exists, `b` has `depth` times `wide`
        // numbers, and the last row of `out` is there. Checks would keep the sums in memory: twice the time.
        unsafe {
            let register = |numbers: *const f32, n: usize| numbers.add(n * lanes).cast::<S::f32s>().read_unaligned();
            if self.accumulate {
                // Plain loops: what the library's functions call is not compiled for the machine's vector units.
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = register(out.as_ptr().add(i * out_step), n);
                    }
                }
            }
            let a = self.a.numbers.as_ptr().add(first * row);
            let mut b = b.as_ptr();
            for k in 0..depth {
                let terms: [S::f32s; N] = std::array::from_fn(|n| register(b, n));
                b = b.add(wide);
                for (i, sums) in sums.iter_mut().enumerate() {
                    let a = simd.splat_f32s(*a.add(i * row + k * step));
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum = simd.mul_add_e_f32s(a, term, *sum);
                    }
                }
            }
            let to = out.as_mut_ptr();
            for (i, sums) in sums.iter().enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    to.add(i * out_step + n * lanes).cast::<S::f32s>().write_unaligned(*sum);
                }
            }
        }
        if real < wide {
            for (i, edge) in self.edge.chunks_exact(wide).take(ROWS).enumerate() {
                self.out[(first + i) * self.step + column..][..real].copy_from_slice(&edge[..real]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{close, numbers};

    fn by_definition(
        a: &[f32],
        b: &[f32],
        [rows, depth, width]: [usize; 3],
        start: impl Fn(usize, usize) -> f32,
    ) -> Vec<f64> {
        let term = |i: usize, j: usize, k: usize| f64::from(a[i * depth + k]) * f64::from(b[k * width + j]);
        let sum = |i, j| f64::from(start(i, j)) + (0..depth).map(|k| term(i, j, k)).sum::<f64>();
        (0..rows * width).map(|at| sum(at / width, at % width)).collect()
    }

    fn turned(numbers: &[f32], columns: usize) -> Vec<f32> {
        (0..columns).flat_map(|j| numbers.iter().skip(j).step_by(columns).copied()).collect()
    }

    #[test]
    fn products_of_any_sizes_however_their_factors_lie() {
        for [rows, depth, width] in [[1, 1, 1], [3, 5, 7], [13, 9, 16], [25, 4, 50], [8, 64, 100], [37, 20, 64]] {
            let (a, b, before) = (numbers(rows * depth, 1), numbers(depth * width, 2), numbers(rows * width, 3));
            let (turned_a, turned_b) = (turned(&a, depth), turned(&b, width));
            let lefts = [
                Left { numbers: &a, rows, row: depth, step: 1 },
                Left { numbers: &turned_a, rows, row: 1, step: rows },
            ];
            let rights =
                [Right { numbers: &b, row: width, column: 1 }, Right { numbers: &turned_b, row: 1, column: depth }];
            for (left, right) in lefts.into_iter().flat_map(|left| rights.map(|right| (left, right))) {
                let mut laid_out = vec![f32::NAN; len(depth, width)];
                lay_out(right, [depth, width], &mut laid_out);
                let result = |accumulate: bool| {
                    // Rows lie apart, and what lies between them stays.
                    let mut out = vec![0.25; (rows - 1) * (width + 3) + width];
                    for (out, before) in out.chunks_mut(width + 3).zip(before.chunks(width)) {
                        out[..width].copy_from_slice(before);
                    }
                    product(left, &laid_out, [depth, width], (&mut out, width + 3), accumulate);
                    assert!(out.chunks(width + 3).all(|row| row[width..].iter().all(|x| *x == 0.25)));
                    out.chunks(width + 3).flat_map(|row| row[..width].to_vec()).collect::<Vec<_>>()
                };
                let sizes = [rows, depth, width];
                close(&result(false), &by_definition(&a, &b, sizes, |_, _| 0.0), 2e-6);
                close(&result(true), &by_definition(&a, &b, sizes, |i, j| before[i * width + j]), 2e-6);
            }
        }
    }

    #[test]
    #[should_panic(expected = "last < a.numbers.len()")]
    fn numbers_that_are_not_there_are_refused() {
        let (a, b) = (numbers(11, 1), numbers(len(4, 2), 2));
        product(Left { numbers: &a, rows: 3, row: 4, step: 1 }, &b, [4, 2], (&mut [0.0; 6], 2), false);
    }
}
