//! Recurrent networks over a whole sequence: `[B, T, ...]` f32, the products with the inputs already made.
//!
//! Samples do not depend on each other, so threads take groups of samples and go through all steps without waiting for
//! each other. Gates stand in PyTorch's order: LSTM i, f, g, o; GRU r, z, n.

use std::cell::Cell;

use super::elementwise::vectorised;
use super::math;
use super::matmul::{Matrix, matmul_of_columns, matmul_rows};
use super::split::{aligned, for_each_chunk, for_each_pair, for_each_triple, with_scratch, with_tile};
use super::strips;

/// Samples of a group: small enough to share among threads, large enough for a product to pay.
const GROUP: usize = 8;

#[derive(Clone, Copy, Debug)]
pub struct Sequence {
    pub batch: usize,
    pub steps: usize,
    pub hidden: usize,
    /// From the last step to the first.
    pub reverse: bool,
}

impl Sequence {
    /// Where the k-th step to be computed stands.
    pub fn at(&self, k: usize) -> usize {
        if self.reverse { self.steps - 1 - k } else { k }
    }

    fn rows(&self) -> usize {
        self.batch * self.steps
    }

    /// Multiply-adds of the products between states.
    fn work(&self, gates: usize) -> usize {
        self.rows() * self.hidden * self.hidden * gates
    }
}

/// `out = x Wᵀ + bias` for all steps at once.
pub fn input_product(x: &[f32], w: &[f32], bias: Option<&[f32]>, units: usize, out: &mut [f32]) {
    let (rows, inner) = (out.len() / units.max(1), w.len() / units.max(1));
    matmul_rows(Matrix::new(x, rows, inner), Matrix::new(w, units, inner).transposed(), bias, out);
}

/// The weights between states, laid out once for the products of all steps.
struct Between<'a> {
    laid_out: &'a [f32],
    sizes: [usize; 2],
}

thread_local! {
    static BETWEEN: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

impl Between<'_> {
    /// Calls `f` with some matrices, each laid out.
    fn with<R, const N: usize>(w: [Matrix; N], f: impl FnOnce([Between; N]) -> R) -> R {
        let len = |w: &Matrix| strips::len(w.sizes()[0], w.sizes()[1]).next_multiple_of(16);
        with_scratch(&BETWEEN, w.iter().map(len).sum::<usize>() + 16, |memory| {
            let mut rest = aligned(memory);
            f(w.map(|w| {
                let (laid_out, others) = std::mem::take(&mut rest).split_at_mut(len(&w));
                rest = others;
                strips::lay_out(w.as_right(), w.sizes(), laid_out);
                Between { laid_out, sizes: w.sizes() }
            }))
        })
    }

    /// `out = rows W`, or `out += rows W`; rows of `out` are `step` numbers apart.
    fn product(&self, rows: Matrix, (out, step): (&mut [f32], usize), accumulate: bool) {
        strips::product(rows.as_left(), self.laid_out, self.sizes, (out, step), accumulate);
    }
}

/// The rows of step `t`, one a sample.
fn rows_at<'a>(data: &'a [f32], s: &Sequence, t: usize, width: usize, columns: usize) -> Matrix<'a> {
    let samples = data.len() / (s.steps * width);
    Matrix::with_step(&data[t * width..], samples, columns, s.steps * width)
}

/// Copies the rows of step `from` to step `to`.
fn carry(data: &mut [f32], s: &Sequence, from: usize, to: usize) {
    let (stretch, h) = (s.steps * s.hidden, s.hidden);
    for sample in data.chunks_exact_mut(stretch) {
        sample.copy_within(from * h..(from + 1) * h, to * h);
    }
}

/// `gates`: in, the products with the inputs and the biases; out, the gates. Also the cells and the states.
pub fn lstm(s: &Sequence, w: &[f32], gates: &mut [f32], cells: &mut [f32], y: &mut [f32]) {
    let (h, wide, stretch) = (s.hidden, 4 * s.hidden, s.steps * s.hidden);
    Between::with([Matrix::new(w, wide, h).transposed()], |[w]| {
        let all = ((gates, GROUP * 4 * stretch), (cells, GROUP * stretch), (y, GROUP * stretch));
        for_each_triple(all.0, all.1, all.2, s.work(4), |_, gates, cells, y| {
            for k in 0..s.steps {
                let t = s.at(k);
                if k > 0 {
                    let before = rows_at(y, s, s.at(k - 1), h, h);
                    w.product(before, (&mut gates[t * wide..], 4 * stretch), true);
                    carry(cells, s, s.at(k - 1), t);
                }
                vectorised(
                    #[inline(always)]
                    || {
                        let rows = gates.chunks_exact_mut(4 * stretch).zip(cells.chunks_exact_mut(stretch));
                        for ((gates, c), y) in rows.zip(y.chunks_exact_mut(stretch)) {
                            let (c, y) = (&mut c[t * h..][..h], &mut y[t * h..][..h]);
                            if k == 0 {
                                c.fill(0.0);
                            }
                            lstm_cell(&mut gates[t * wide..][..wide], c, y);
                        }
                    },
                );
            }
        });
    });
}

#[inline(always)]
fn lstm_cell(gates: &mut [f32], c: &mut [f32], y: &mut [f32]) {
    let h = y.len();
    let (i, rest) = gates.split_at_mut(h);
    let (f, rest) = rest.split_at_mut(h);
    let (g, o) = rest.split_at_mut(h);
    let gates = i.iter_mut().zip(f).zip(g).zip(o);
    for ((((i, f), g), o), (c, y)) in gates.zip(c.iter_mut().zip(y)) {
        (*i, *f, *g, *o) = (math::sigmoid(*i), math::sigmoid(*f), math::tanh(*g), math::sigmoid(*o));
        *c = *f * *c + *i * *g;
        *y = *o * math::tanh(*c);
    }
}

/// Gradients of what the gates were computed from, out of those of the states.
pub fn lstm_backward(s: &Sequence, w: &[f32], dy: &[f32], gates: &[f32], cells: &[f32], dgates: &mut [f32]) {
    let (h, wide, stretch) = (s.hidden, 4 * s.hidden, s.steps * s.hidden);
    Between::with([Matrix::new(w, wide, h)], |[w]| {
        for_each_chunk(dgates, GROUP * 4 * stretch, s.work(4), |group, dgates| {
            let samples = dgates.len() / (4 * stretch);
            let own = group * GROUP * stretch..(group * GROUP + samples) * stretch;
            let (dy, cells, gates) = (&dy[own.clone()], &cells[own.clone()], &gates[4 * own.start..4 * own.end]);
            with_tile((2 * samples + 1) * h, |tile| {
                tile.fill(0.0);
                let (zeros, rest) = tile.split_at_mut(h);
                let (dh, dc) = rest.split_at_mut(samples * h);
                for k in (0..s.steps).rev() {
                    let t = s.at(k);
                    if k + 1 < s.steps {
                        let after = rows_at(dgates, s, s.at(k + 1), wide, wide);
                        w.product(after, (dh, h), false);
                    }
                    vectorised(
                        #[inline(always)]
                        || {
                            for sample in 0..samples {
                                let at = (sample * s.steps + t) * h;
                                let before = match k {
                                    0 => &*zeros,
                                    k => &cells[(sample * s.steps + s.at(k - 1)) * h..][..h],
                                };
                                let (dh, dc) = (&mut dh[sample * h..][..h], &mut dc[sample * h..][..h]);
                                dh.iter_mut().zip(&dy[at..at + h]).for_each(|(dh, dy)| *dh += dy);
                                let saved = (&gates[4 * at..4 * (at + h)], &cells[at..at + h], before);
                                lstm_cell_backward(saved, dh, dc, &mut dgates[4 * at..4 * (at + h)]);
                            }
                        },
                    );
                }
            });
        })
    });
}

#[inline(always)]
fn lstm_cell_backward((gates, c, before): (&[f32], &[f32], &[f32]), dh: &[f32], dc: &mut [f32], dgates: &mut [f32]) {
    let h = dh.len();
    let (di, rest) = dgates.split_at_mut(h);
    let (df, rest) = rest.split_at_mut(h);
    let (dg, d_o) = rest.split_at_mut(h);
    let (i, rest) = gates.split_at(h);
    let (f, rest) = rest.split_at(h);
    let (g, o) = rest.split_at(h);
    let saved = i.iter().zip(f).zip(g).zip(o).zip(c).zip(before);
    let out = di.iter_mut().zip(df).zip(dg).zip(d_o);
    for (((((((i, f), g), o), c), before), (((di, df), dg), d_o)), (dh, dc)) in saved.zip(out).zip(dh.iter().zip(dc)) {
        let squashed = math::tanh(*c);
        let d = *dc + dh * o * (1.0 - squashed * squashed);
        *di = d * g * i * (1.0 - i);
        *df = d * before * f * (1.0 - f);
        *dg = d * i * (1.0 - g * g);
        *d_o = dh * squashed * o * (1.0 - o);
        *dc = d * f;
    }
}

/// `gates`: in, the products with the inputs and the biases (of n only the input's); out, the gates. `states` (what n
/// sees of the state before, ungated): in, its bias. Also the new states `y`.
pub fn gru(s: &Sequence, w: &[f32], gates: &mut [f32], states: &mut [f32], y: &mut [f32]) {
    let (h, wide, stretch) = (s.hidden, 3 * s.hidden, s.steps * s.hidden);
    let parts = [Matrix::new(w, 2 * h, h), Matrix::new(&w[2 * h * h..], h, h)];
    Between::with(parts.map(Matrix::transposed), |[to_gates, to_states]| {
        let all = ((gates, GROUP * 3 * stretch), (states, GROUP * stretch), (y, GROUP * stretch));
        for_each_triple(all.0, all.1, all.2, s.work(3), |_, gates, states, y| {
            for k in 0..s.steps {
                let t = s.at(k);
                if k > 0 {
                    let before = rows_at(y, s, s.at(k - 1), h, h);
                    to_gates.product(before, (&mut gates[t * wide..], 3 * stretch), true);
                    to_states.product(before, (&mut states[t * h..], stretch), true);
                    carry(y, s, s.at(k - 1), t);
                }
                vectorised(
                    #[inline(always)]
                    || {
                        let rows = gates.chunks_exact_mut(3 * stretch).zip(states.chunks_exact(stretch));
                        for ((gates, states), y) in rows.zip(y.chunks_exact_mut(stretch)) {
                            let y = &mut y[t * h..][..h];
                            if k == 0 {
                                y.fill(0.0);
                            }
                            gru_cell(&mut gates[t * wide..][..wide], &states[t * h..][..h], y);
                        }
                    },
                );
            }
        });
    });
}

#[inline(always)]
fn gru_cell(gates: &mut [f32], states: &[f32], y: &mut [f32]) {
    let h = y.len();
    let (r, rest) = gates.split_at_mut(h);
    let (z, n) = rest.split_at_mut(h);
    for (((r, z), n), (state, y)) in r.iter_mut().zip(z).zip(n).zip(states.iter().zip(y)) {
        (*r, *z) = (math::sigmoid(*r), math::sigmoid(*z));
        *n = math::tanh(*n + *r * state);
        *y = (1.0 - *z) * *n + *z * *y;
    }
}

/// What GRU's backward reads of forward.
#[derive(Clone, Copy)]
pub struct GruSaved<'a> {
    pub gates: &'a [f32],
    pub states: &'a [f32],
    pub y: &'a [f32],
}

/// Gradients of what the gates were computed from, and of `states`.
pub fn gru_backward(s: &Sequence, w: &[f32], dy: &[f32], saved: &GruSaved, dgates: &mut [f32], dstates: &mut [f32]) {
    let (h, wide, stretch) = (s.hidden, 3 * s.hidden, s.steps * s.hidden);
    let all = ((dgates, GROUP * 3 * stretch), (dstates, GROUP * stretch));
    Between::with([Matrix::new(w, 2 * h, h), Matrix::new(&w[2 * h * h..], h, h)], |[of_gates, of_states]| {
        for_each_pair(all.0, all.1, s.work(3), |group, dgates, dstates| {
            let samples = dstates.len() / stretch;
            let first = group * GROUP * s.steps;
            with_tile((samples + 1) * h, |tile| {
                tile.fill(0.0);
                let (zeros, dh) = tile.split_at_mut(h);
                for k in (0..s.steps).rev() {
                    let t = s.at(k);
                    vectorised(
                        #[inline(always)]
                        || {
                            for sample in 0..samples {
                                let (own, at) = ((sample * s.steps + t) * h, (first + sample * s.steps + t) * h);
                                let before = match k {
                                    0 => &*zeros,
                                    k => &saved.y[(first + sample * s.steps + s.at(k - 1)) * h..][..h],
                                };
                                let dh = &mut dh[sample * h..][..h];
                                dh.iter_mut().zip(&dy[at..at + h]).for_each(|(dh, dy)| *dh += dy);
                                let saved = (&saved.gates[3 * at..3 * (at + h)], &saved.states[at..at + h], before);
                                let out = (&mut dgates[3 * own..3 * (own + h)], &mut dstates[own..own + h]);
                                gru_cell_backward(saved, dh, out);
                            }
                        },
                    );
                    if k > 0 {
                        let (dgates, dstates) = (rows_at(dgates, s, t, wide, 2 * h), rows_at(dstates, s, t, h, h));
                        of_gates.product(dgates, (dh, h), true);
                        of_states.product(dstates, (dh, h), true);
                    }
                }
            });
        })
    });
}

/// Leaves in `dh` what passes straight to the state before.
#[inline(always)]
fn gru_cell_backward(
    (gates, states, before): (&[f32], &[f32], &[f32]),
    dh: &mut [f32],
    (dgates, dstates): (&mut [f32], &mut [f32]),
) {
    let h = dh.len();
    let (dr, rest) = dgates.split_at_mut(h);
    let (dz, dn) = rest.split_at_mut(h);
    let (r, rest) = gates.split_at(h);
    let (z, n) = rest.split_at(h);
    let saved = r.iter().zip(z).zip(n).zip(states).zip(before);
    let out = dr.iter_mut().zip(dz).zip(dn).zip(dstates);
    for ((((((r, z), n), state), before), (((dr, dz), dn), dstate)), dh) in saved.zip(out).zip(dh) {
        let d = *dh * (1.0 - z) * (1.0 - n * n);
        *dr = d * state * r * (1.0 - r);
        *dz = *dh * (before - n) * z * (1.0 - z);
        *dn = d;
        *dstate = d * r;
        *dh *= z;
    }
}

/// How a recurrent network squashes its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Squash {
    Tanh,
    Relu,
    Sigmoid,
    /// `x / 6 + 1/2`, cut off at 0 and 1.
    HardSigmoid,
    Linear,
}

impl Squash {
    /// NaN stays NaN.
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        match self {
            Self::Tanh => math::tanh(x),
            Self::Relu if x < 0.0 => 0.0,
            Self::Sigmoid => math::sigmoid(x),
            Self::HardSigmoid => {
                let line = x / 6.0 + 0.5;
                let line = if line < 0.0 { 0.0 } else { line };
                if line > 1.0 { 1.0 } else { line }
            }
            Self::Relu | Self::Linear => x,
        }
    }

    /// The slope where it gives `y`.
    #[inline(always)]
    fn slope(self, y: f32) -> f32 {
        match self {
            Self::Tanh => 1.0 - y * y,
            Self::Relu => f32::from(u8::from(y > 0.0)),
            Self::Sigmoid => y * (1.0 - y),
            Self::HardSigmoid => f32::from(u8::from(y > 0.0 && y < 1.0)) / 6.0,
            Self::Linear => 1.0,
        }
    }
}

/// `y`: in, the products with the inputs and the biases; out, the states.
pub fn rnn(s: &Sequence, squash: Squash, w: &[f32], y: &mut [f32]) {
    let (h, stretch) = (s.hidden, s.steps * s.hidden);
    Between::with([Matrix::new(w, h, h).transposed()], |[w]| {
        for_each_chunk(y, GROUP * stretch, s.work(1), |_, y| {
            let samples = y.len() / stretch;
            with_tile(samples * h, |before| {
                for k in 0..s.steps {
                    let t = s.at(k);
                    if k > 0 {
                        w.product(Matrix::new(before, samples, h), (&mut y[t * h..], stretch), true);
                    }
                    for (y, before) in y.chunks_exact_mut(stretch).zip(before.chunks_exact_mut(h)) {
                        let y = &mut y[t * h..][..h];
                        match squash {
                            Squash::Tanh => vectorised(
                                #[inline(always)]
                                || y.iter_mut().for_each(|y| *y = math::tanh(*y)),
                            ),
                            other => y.iter_mut().for_each(|y| *y = other.value(*y)),
                        }
                        before.copy_from_slice(y);
                    }
                }
            });
        })
    });
}

/// Gradients of the sums before squashing.
pub fn rnn_backward(s: &Sequence, squash: Squash, w: &[f32], dy: &[f32], y: &[f32], dsums: &mut [f32]) {
    let (h, stretch) = (s.hidden, s.steps * s.hidden);
    Between::with([Matrix::new(w, h, h)], |[w]| {
        for_each_chunk(dsums, GROUP * stretch, s.work(1), |group, dsums| {
            let samples = dsums.len() / stretch;
            let own = group * GROUP * stretch..(group * GROUP + samples) * stretch;
            let (dy, y) = (&dy[own.clone()], &y[own]);
            with_tile(samples * h, |dh| {
                dh.fill(0.0);
                for k in (0..s.steps).rev() {
                    let t = s.at(k);
                    for (sample, dh) in dh.chunks_exact(h).enumerate() {
                        let at = sample * stretch + t * h;
                        let rows = dh.iter().zip(&dy[at..at + h]).zip(&y[at..at + h]);
                        for (d, ((dh, dy), y)) in dsums[at..at + h].iter_mut().zip(rows) {
                            *d = (dh + dy) * squash.slope(*y);
                        }
                    }
                    if k > 0 {
                        w.product(rows_at(dsums, s, t, h, h), (dh, h), false);
                    }
                }
            });
        })
    });
}

/// `dW = dsumsᵀ · (the states before)`, summed over all samples and steps in one product; the rows of several parts
/// below each other. A part is its numbers, how wide its rows are, and how many of the first columns count.
pub fn state_weights(s: &Sequence, y: &[f32], parts: &[(&[f32], usize, usize)], dw: &mut [f32]) {
    let (h, stretch) = (s.hidden, s.steps * s.hidden);
    with_tile(y.len(), |before| {
        for (before, y) in before.chunks_exact_mut(stretch).zip(y.chunks_exact(stretch)) {
            for k in 0..s.steps {
                let row = &mut before[s.at(k) * h..][..h];
                match k {
                    0 => row.fill(0.0),
                    k => row.copy_from_slice(&y[s.at(k - 1) * h..][..h]),
                }
            }
        }
        let before = Matrix::new(before, s.rows(), h);
        let mut rest = dw;
        for &(numbers, width, columns) in parts {
            let (own, below) = std::mem::take(&mut rest).split_at_mut(columns * h);
            matmul_of_columns(Matrix::with_step(numbers, s.rows(), columns, width), before, own);
            rest = below;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::kernels::testing::{numbers, same_bits_on_any_threads};

    #[test]
    fn same_bits_on_any_number_of_threads() {
        let s = Sequence { batch: 37, steps: 11, hidden: 24, reverse: true };
        let rows = s.batch * s.steps;
        let (w, dy) = (numbers(4 * 24 * 24, 1), numbers(rows * 24, 2));
        same_bits_on_any_threads(|| {
            let (mut gates, mut cells, mut y) = (numbers(rows * 96, 3), vec![0.0; rows * 24], vec![0.0; rows * 24]);
            lstm(&s, &w, &mut gates, &mut cells, &mut y);
            let (mut dgates, mut dw) = (vec![0.0; gates.len()], vec![0.0; w.len()]);
            lstm_backward(&s, &w, &dy, &gates, &cells, &mut dgates);
            state_weights(&s, &y, &[(&dgates, 96, 96)], &mut dw);
            [y, dgates, dw].concat()
        });
        same_bits_on_any_threads(|| {
            let (mut gates, mut states, mut y) = (numbers(rows * 72, 3), numbers(rows * 24, 4), vec![0.0; rows * 24]);
            let w = &w[..3 * 24 * 24];
            gru(&s, w, &mut gates, &mut states, &mut y);
            let (mut dgates, mut dstates) = (vec![0.0; gates.len()], vec![0.0; y.len()]);
            let saved = GruSaved { gates: &gates, states: &states, y: &y };
            gru_backward(&s, w, &dy, &saved, &mut dgates, &mut dstates);
            [y, dgates, dstates].concat()
        });
    }
}
