//! Matrix product on the CPU by the `gemm` crate, which is what candle itself uses, without candle's reading of
//! /proc/cpuinfo at each call.

use std::cell::Cell;

use super::panel::Left;
use super::split::{for_each_chunk, sum_in, with_scratch};
use super::strips::Right;
use super::transpose::transpose;

/// A row-major matrix as it lies in memory, or its transpose.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: isize,
    column_step: isize,
}

impl<'a> Matrix<'a> {
    /// `data` is `[rows, columns]`, row-major.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(data.len() >= rows * columns, "a matrix of {rows} x {columns} needs as many numbers");
        Self { data, rows, columns, row_step: columns as isize, column_step: 1 }
    }

    /// As [`Self::new`], each row `step` numbers behind the one before: a part of the columns of a larger matrix.
    pub fn with_step(data: &'a [f32], rows: usize, columns: usize, step: usize) -> Self {
        let last = rows.saturating_sub(1) * step + columns;
        assert!(step >= columns && data.len() >= last, "a matrix of {rows} x {columns} needs as many numbers");
        Self { data, rows, columns, row_step: step as isize, column_step: 1 }
    }

    /// `count` of its rows, from `first` on.
    fn rows_from(self, first: usize, count: usize) -> Self {
        let there = self.rows;
        assert!(first + count <= there, "rows {first} to {} of a matrix of {there}", first + count);
        let start = first * self.row_step.unsigned_abs();
        Self { data: &self.data[start..], rows: count, ..self }
    }

    /// Rows and columns.
    pub fn sizes(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// As [`super::strips`] read a left factor.
    pub fn as_left(self) -> Left<'a> {
        let [row, step] = [self.row_step, self.column_step].map(isize::unsigned_abs);
        Left { numbers: self.data, rows: self.rows, row, step }
    }

    /// As [`super::strips`] read a right factor.
    pub fn as_right(self) -> Right<'a> {
        let [row, column] = [self.row_step, self.column_step].map(isize::unsigned_abs);
        Right { numbers: self.data, row, column }
    }

    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
            data: self.data,
        }
    }
}

/// Products with fewer multiplications than this stay on one thread: waking others costs more.
const PARALLEL_FROM: usize = 1 << 22;

/// `out = a b`, or `out += a b` when `accumulate`; `out` is row-major `[a.rows, b.columns]`.
///
/// The partition of the work inside `gemm` does not change how any element is summed, so the result is bitwise the same
/// for any number of threads (tested below).
pub fn matmul(a: Matrix, b: Matrix, out: &mut [f32], accumulate: bool) {
    let work = a.rows.saturating_mul(b.columns).saturating_mul(a.columns);
    let parallel = work >= PARALLEL_FROM && rayon::current_num_threads() > 1;
    let parallelism = if parallel { gemm::Parallelism::Rayon(0) } else { gemm::Parallelism::None };
    multiply(a, b, out, b.columns, accumulate, parallelism);
}

/// Rows that one thread takes of a product with many of them.
const ROWS: usize = 256;

/// Whether so many rows are divided among threads in groups.
pub fn are_many(rows: usize) -> bool {
    rows >= 4 * ROWS
}

thread_local! {
    static TURNED: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// `out = a b`, plus `bias` in every row. With very many rows of `a` threads take groups of them, so that a group's
/// bias is still in the cache when the product is added to it, and a transposed `b` is laid out once for all.
pub fn matmul_rows(a: Matrix, b: Matrix, bias: Option<&[f32]>, out: &mut [f32]) {
    let units = b.columns;
    let fill = |out: &mut [f32]| {
        if let Some(bias) = bias {
            out.chunks_exact_mut(units.max(1)).for_each(|row| row.copy_from_slice(bias));
        }
    };
    if !are_many(a.rows) {
        fill(out);
        return matmul(a, b, out, bias.is_some());
    }
    let work = a.rows.saturating_mul(units).saturating_mul(a.columns);
    let product = |b: Matrix, out: &mut [f32]| {
        for_each_chunk(out, ROWS * units, work, |group, out| {
            fill(out);
            let rows = a.rows_from(group * ROWS, out.len() / units);
            matmul_on_one_thread(rows, b, out, units, bias.is_some());
        });
    };
    if b.column_step == 1 {
        return product(b, out);
    }
    with_scratch(&TURNED, b.rows * units, |turned| {
        transpose((b.data, b.column_step.unsigned_abs()), [units, b.rows], (&mut *turned, units));
        product(Matrix::new(turned, b.rows, units), out);
    });
}

/// Numbers of both factors that the caches of two threads hold with ease.
const CACHED: usize = 1 << 20;

/// Rows of a small result that one thread takes: multiples of what `gemm` does at once.
fn rows_of_result(rows: usize) -> usize {
    rows.div_ceil(4).next_multiple_of(6).max(24)
}

/// `out = aᵀ b`. With many numbers and a tall result each thread makes some of its rows. With very many, threads sum
/// over some of the rows of both instead, because what they would have to lay out for the whole product is larger than
/// their caches.
pub fn matmul_of_columns(a: Matrix, b: Matrix, out: &mut [f32]) {
    if !are_many(a.rows) {
        return matmul(a.transposed(), b, out, false);
    }
    if a.rows.saturating_mul(a.columns + b.columns) < CACHED {
        if a.columns < 2 * b.columns {
            return matmul(a.transposed(), b, out, false);
        }
        let (rows, work) = (rows_of_result(a.columns), a.rows.saturating_mul(out.len()));
        return for_each_chunk(out, rows * b.columns, work, |chunk, out| {
            let own = a.transposed().rows_from(chunk * rows, out.len() / b.columns);
            matmul_on_one_thread(own, b, out, b.columns, false);
        });
    }
    let (parts, work) = ((a.rows / (2 * ROWS)).min(8), a.rows.saturating_mul(out.len()));
    sum_in(parts, a.rows, out, work, |rows, sums| {
        let [a, b] = [a, b].map(|matrix| matrix.rows_from(rows.start, rows.len()));
        matmul_on_one_thread(a.transposed(), b, sums, b.columns, false);
    });
}

/// The same for callers that split their work themselves; each row of `out` starts `step` numbers behind the one
/// before.
pub fn matmul_on_one_thread(a: Matrix, b: Matrix, out: &mut [f32], step: usize, accumulate: bool) {
    multiply(a, b, out, step, accumulate, gemm::Parallelism::None);
}

fn multiply(a: Matrix, b: Matrix, out: &mut [f32], step: usize, accumulate: bool, parallelism: gemm::Parallelism) {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "inner sizes of a matrix product must agree");
    if m == 0 || n == 0 {
        return;
    }
    assert!(step >= n && out.len() >= (m - 1) * step + n, "a matrix product needs room for its result");
    if k == 0 {
        if !accumulate {
            out.chunks_mut(step).take(m).for_each(|row| row[..n].fill(0.0));
        }
        return;
    }
    // SAFETY: both inputs hold rows x columns numbers under their steps (checked when made; a transpose swaps both),
    // and `out`, checked above, is exclusively borrowed, so nothing overlaps it.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            step as isize,
            accumulate,
            a.data.as_ptr(),
            a.column_step,
            a.row_step,
            b.data.as_ptr(),
            b.column_step,
            b.row_step,
            1.0f32,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(len: usize, seed: u32) -> Vec<f32> {
        (0..len as u32).map(|i| ((i * 7919 + seed * 104_729) % 2003) as f32 / 1001.5 - 1.0).collect()
    }

    #[test]
    fn products_of_both_transposes_are_right() {
        let (m, n, k) = (5, 3, 7);
        let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
        let mut direct = vec![1.0; m * n];
        matmul(Matrix::new(&a, m, k), Matrix::new(&b, k, n), &mut direct, true);
        let at: Vec<f32> = (0..k * m).map(|i| a[(i % m) * k + i / m]).collect();
        let bt: Vec<f32> = (0..n * k).map(|i| b[(i % k) * n + i / k]).collect();
        let mut turned = vec![1.0; m * n];
        matmul(Matrix::new(&at, k, m).transposed(), Matrix::new(&bt, n, k).transposed(), &mut turned, true);
        for i in 0..m {
            for j in 0..n {
                let sum: f32 = 1.0 + (0..k).map(|l| a[i * k + l] * b[l * n + j]).sum::<f32>();
                assert!((direct[i * n + j] - sum).abs() < 1e-5);
                assert!((turned[i * n + j] - sum).abs() < 1e-5);
            }
        }
    }

    /// What `gemm` reads of it by address alone has to be there.
    #[test]
    #[should_panic(expected = "rows 2 to 5 of a matrix of 4")]
    fn rows_that_are_not_there_are_refused() {
        Matrix::new(&numbers(4 * 3, 1), 4, 3).rows_from(2, 3);
    }

    #[test]
    fn many_rows_are_the_same_products_on_any_number_of_threads() {
        let (rows, inner, units) = (1500, 7, 33);
        let (x, w, bias) = (numbers(rows * inner, 1), numbers(units * inner, 2), numbers(units, 3));
        let product = |rows: usize, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let w = Matrix::new(&w, units, inner).transposed();
            let mut out = vec![9.0; rows * units];
            pool.install(|| matmul_rows(Matrix::new(&x, rows, inner), w, Some(&bias), &mut out));
            out
        };
        let all = product(rows, 1);
        assert!(all == product(rows, 2) && all == product(rows, 8));
        for (a, b) in all.iter().zip(product(1000, 1)) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn sums_over_many_rows_are_the_same_products_on_any_number_of_threads() {
        for (rows, inner, units) in [(8193, 7, 129), (1600, 16, 257)] {
            let (a, b) = (numbers(rows * units, 1), numbers(rows * inner, 2));
            let product = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut out = vec![9.0; units * inner];
                let (a, b) = (Matrix::new(&a, rows, units), Matrix::new(&b, rows, inner));
                pool.install(|| matmul_of_columns(a, b, &mut out));
                out
            };
            let all = product(1);
            assert!(all == product(2) && all == product(8));
            let mut plain = vec![0.0; units * inner];
            matmul(Matrix::new(&a, rows, units).transposed(), Matrix::new(&b, rows, inner), &mut plain, false);
            for (a, b) in all.iter().zip(plain) {
                assert!((a - b).abs() < 2e-3 * (1.0 + b.abs()));
            }
        }
    }

    #[test]
    fn rows_may_lie_apart() {
        let (a, b) = (numbers(2 * 7, 1), numbers(3 * 2, 2));
        let mut whole = vec![0.0; 4];
        let part: Vec<f32> = [&a[0..3], &a[7..10]].concat();
        matmul(Matrix::new(&part, 2, 3), Matrix::new(&b, 3, 2), &mut whole, false);
        let mut out = vec![9.0; 7];
        matmul_on_one_thread(Matrix::with_step(&a, 2, 3, 7), Matrix::new(&b, 3, 2), &mut out, 5, false);
        assert_eq!(out, [whole[0], whole[1], 9.0, 9.0, 9.0, whole[2], whole[3]]);
    }

    #[test]
    fn the_number_of_threads_does_not_change_a_bit() {
        let sizes = [(64, 10, 784), (784, 128, 32), (1, 513, 1000), (333, 97, 511), (16, 16, 40_000)];
        for (m, n, k) in sizes {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let product = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut out = vec![0.0; m * n];
                pool.install(|| matmul(Matrix::new(&a, m, k), Matrix::new(&b, k, n), &mut out, false));
                out
            };
            let one = product(1);
            for threads in [2, 3, 8] {
                assert!(one == product(threads), "{m} x {n} x {k} with {threads} threads");
            }
        }
    }
}
