//! Attention in heads over f32 sequences: each head's scores, their softmax, and what the shares take of the values.
//! Threads take whole samples.

use super::elementwise::vectorised;
use super::lanes;
use super::math;
use super::matmul::Matrix;
use super::split::{aligned, for_each_chunk, for_each_pair, for_each_triple, with_tile};
use super::strips;

#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub batch: usize,
    pub heads: usize,
    /// Of all heads together.
    pub width: usize,
    pub queries: usize,
    pub keys: usize,
    pub causal: bool,
}

impl Sizes {
    fn head(&self) -> usize {
        self.width / self.heads
    }

    fn scale(&self) -> f32 {
        (1.0 / (self.head() as f64).sqrt()) as f32
    }

    /// Weights of one sample.
    fn shares(&self) -> usize {
        self.heads * self.queries * self.keys
    }

    /// Numbers of queries, keys or values of one head, laid out either way, and to the next line of the caches.
    fn laid_out(&self) -> usize {
        let rows = self.queries.max(self.keys);
        strips::len(rows, self.head()).max(strips::len(self.head(), rows)) + 16
    }

    /// Multiply-adds of one product over all samples.
    fn work(&self) -> usize {
        self.batch * self.queries * self.keys * self.width
    }
}

/// Queries, keys or values: rows of `width` numbers that stand `step` apart.
#[derive(Clone, Copy)]
pub struct Operand<'a> {
    data: &'a [f32],
    rows: usize,
    step: usize,
}

impl<'a> Operand<'a> {
    /// From one slice that holds all three side by side, or from three.
    pub fn three(all: &[&'a [f32]], s: &Sizes) -> [Self; 3] {
        let rows = [s.queries, s.keys, s.keys];
        [0, 1, 2].map(|i| match all {
            [packed] => Self { data: &packed[i * s.width..], rows: rows[i], step: 3 * s.width },
            _ => Self { data: all[i], rows: rows[i], step: s.width },
        })
    }

    /// The part of one head in one sample.
    fn head(&self, s: &Sizes, sample: usize, head: usize) -> Matrix<'a> {
        let start = sample * self.rows * self.step + head * s.head();
        Matrix::with_step(&self.data[start..], self.rows, s.head(), self.step)
    }
}

/// `y = P v`, `P = softmax(q kᵀ / √d)`; the shares P are kept.
pub fn forward(s: &Sizes, [q, k, v]: &[Operand; 3], y: &mut [f32], shares: &mut [f32]) {
    let chunks = ((y, s.queries * s.width), (shares, s.shares()));
    for_each_pair(chunks.0, chunks.1, 2 * s.work(), |sample, y, shares| {
        with_tile(s.laid_out(), |memory| {
            for (head, p) in shares.chunks_exact_mut(s.queries * s.keys).enumerate() {
                let (q, k, v) = (q.head(s, sample, head), k.head(s, sample, head), v.head(s, sample, head));
                product(q, k.transposed(), memory, (p, s.keys));
                softmax(s, p);
                let p = Matrix::new(p, s.queries, s.keys);
                product(p, v, memory, (&mut y[head * s.head()..], s.width));
            }
        });
    });
}

/// `out = a b`, `b` laid out in `memory`.
fn product(a: Matrix, b: Matrix, memory: &mut [f32], out: (&mut [f32], usize)) {
    let (laid_out, sizes) = (aligned(memory), b.sizes());
    strips::lay_out(b.as_right(), sizes, laid_out);
    strips::product(a.as_left(), laid_out, sizes, out, false);
}

/// Each row of scores becomes shares; what a causal row must not see gets none.
fn softmax(s: &Sizes, scores: &mut [f32]) {
    let scale = s.scale();
    vectorised(
        #[inline(always)]
        || {
            for (row, p) in scores.chunks_exact_mut(s.keys).enumerate() {
                let seen = if s.causal { (row + 1).min(s.keys) } else { s.keys };
                let (p, hidden) = p.split_at_mut(seen);
                hidden.fill(0.0);
                let max = lanes::largest(p);
                p.iter_mut().for_each(|p| *p = math::exp((*p - max) * scale));
                let share = 1.0 / lanes::sum(p);
                p.iter_mut().for_each(|p| *p *= share);
            }
        },
    );
}

/// Where one head's gradient goes: rows that stand `step` apart.
struct Target<'a> {
    out: &'a mut [f32],
    step: usize,
}

/// The gradients of one sample, head by head; `target(i)` is where that of operand i goes.
fn sample_backward(
    s: &Sizes,
    [q, k, v]: &[Operand; 3],
    (shares, dy): (&[f32], &[f32]),
    sample: usize,
    mut write: impl FnMut(usize, usize, &mut dyn FnMut(Target)),
) {
    let area = s.queries * s.keys;
    with_tile(area + s.laid_out(), |memory| {
        let (ds, memory) = memory.split_at_mut(area);
        for (head, p) in shares.chunks_exact(area).enumerate() {
            let dy = Operand { data: dy, rows: s.queries, step: s.width }.head(s, 0, head);
            product(dy, v.head(s, sample, head).transposed(), memory, (ds, s.keys));
            softmax_backward(s, p, ds);
            let (p, ds) = (Matrix::new(p, s.queries, s.keys), Matrix::new(ds, s.queries, s.keys));
            let mut product = |a: Matrix, b: Matrix, to: Target| product(a, b, memory, (to.out, to.step));
            write(0, head, &mut |to| product(ds, k.head(s, sample, head), to));
            write(1, head, &mut |to| product(ds.transposed(), q.head(s, sample, head), to));
            write(2, head, &mut |to| product(p.transposed(), dy, to));
        }
    });
}

/// From the gradient of the shares to that of the scores before scaling.
fn softmax_backward(s: &Sizes, p: &[f32], ds: &mut [f32]) {
    let scale = s.scale();
    vectorised(
        #[inline(always)]
        || {
            for (p, ds) in p.chunks_exact(s.keys).zip(ds.chunks_exact_mut(s.keys)) {
                let mean = lanes::sum_of_pairs(p, ds, |p, d| p * d);
                ds.iter_mut().zip(p).for_each(|(d, p)| *d = p * (*d - mean) * scale);
            }
        },
    );
}

/// Gradients of queries, keys and values that lie apart.
pub fn backward(
    s: &Sizes,
    operands: &[Operand; 3],
    shares: &[f32],
    dy: &[f32],
    dq: &mut [f32],
    dk: &mut [f32],
    dv: &mut [f32],
) {
    let (queries, keys) = (s.queries * s.width, s.keys * s.width);
    for_each_triple((dq, queries), (dk, keys), (dv, keys), 4 * s.work(), |sample, dq, dk, dv| {
        let own = (&shares[sample * s.shares()..][..s.shares()], &dy[sample * queries..][..queries]);
        let mut all = [dq, dk, dv];
        sample_backward(s, operands, own, sample, |i, head, fill| {
            fill(Target { out: &mut all[i][head * s.head()..], step: s.width });
        });
    });
}

/// The same where all three stand side by side.
pub fn backward_packed(s: &Sizes, operands: &[Operand; 3], shares: &[f32], dy: &[f32], dx: &mut [f32]) {
    let queries = s.queries * s.width;
    for_each_chunk(dx, 3 * queries, 4 * s.work(), |sample, dx| {
        let own = (&shares[sample * s.shares()..][..s.shares()], &dy[sample * queries..][..queries]);
        sample_backward(s, operands, own, sample, |i, head, fill| {
            fill(Target { out: &mut dx[i * s.width + head * s.head()..], step: 3 * s.width });
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let s = Sizes { batch: 9, heads: 3, width: 24, queries: 17, keys: 17, causal: true };
        let (x, dy) = (numbers(9 * 17 * 72, 1), numbers(9 * 17 * 24, 2));
        same_bits_on_any_threads(|| {
            let operands = Operand::three(&[&x], &s);
            let (mut y, mut shares, mut dx) = (dy.clone(), vec![0.0; 9 * s.shares()], x.clone());
            forward(&s, &operands, &mut y, &mut shares);
            backward_packed(&s, &operands, &shares, &dy, &mut dx);
            [y, shares, dx].concat()
        });
    }

    #[test]
    fn a_number_that_is_none_spoils_its_own_row_only() {
        let s = Sizes { batch: 1, heads: 1, width: 1, queries: 3, keys: 3, causal: true };
        let x = [1.0, 0.5, 2.0, f32::NAN, 0.5, 3.0, 1.0, -0.5, 4.0];
        let (mut y, mut shares) = ([0.0; 3], [0.0; 9]);
        forward(&s, &Operand::three(&[&x], &s), &mut y, &mut shares);
        assert!(y[0] == 2.0 && y[1].is_nan() && y[2].is_finite());
    }
}
