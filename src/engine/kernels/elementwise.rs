//! Number-by-number loops over slices, written so that the compiler vectorises them: AVX2 where the machine has it
//! (found at run time, release builds are plain SSE2), and several threads when they pay.
//!
//! No sums here: each output depends on its own inputs only, so nothing depends on the partition.

use pulp::Arch;
use rayon::prelude::*;

/// Elements of a piece handed to a thread.
const PIECE: usize = 1 << 16;
/// Below this one thread does it all.
const PARALLEL_FROM: usize = 1 << 19;

/// Runs a loop compiled for the best instruction set of this machine. The closure must be `#[inline(always)]`-able: a plain loop.
#[inline]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

pub fn map(x: &[f32], out: &mut [f32], f: impl Fn(f32) -> f32 + Sync) {
    let piece = |(x, out): (&[f32], &mut [f32])| {
        vectorised(
            #[inline(always)]
            || {
                for (o, &x) in out.iter_mut().zip(x) {
                    *o = f(x);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece((x, out));
    } else {
        x.par_chunks(PIECE).zip(out.par_chunks_mut(PIECE)).for_each(piece);
    }
}

pub fn map2(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    let piece = |((a, b), out): ((&[f32], &[f32]), &mut [f32])| {
        vectorised(
            #[inline(always)]
            || {
                for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                    *o = f(a, b);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(((a, b), out));
    } else {
        a.par_chunks(PIECE).zip(b.par_chunks(PIECE)).zip(out.par_chunks_mut(PIECE)).for_each(piece);
    }
}

/// `out = f(out, a)`
pub fn update(out: &mut [f32], a: &[f32], f: impl Fn(f32, f32) -> f32 + Sync) {
    let piece = |(a, out): (&[f32], &mut [f32])| {
        vectorised(
            #[inline(always)]
            || {
                for (o, &a) in out.iter_mut().zip(a) {
                    *o = f(*o, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece((a, out));
    } else {
        a.par_chunks(PIECE).zip(out.par_chunks_mut(PIECE)).for_each(piece);
    }
}

/// `(out, state) = f(out, state, a)`
pub fn update2(out: &mut [f32], state: &mut [f32], a: &[f32], f: impl Fn(f32, f32, f32) -> (f32, f32) + Sync) {
    let piece = |((a, out), state): ((&[f32], &mut [f32]), &mut [f32])| {
        vectorised(
            #[inline(always)]
            || {
                for ((o, s), &a) in out.iter_mut().zip(state).zip(a) {
                    (*o, *s) = f(*o, *s, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(((a, out), state));
    } else {
        a.par_chunks(PIECE).zip(out.par_chunks_mut(PIECE)).zip(state.par_chunks_mut(PIECE)).for_each(piece);
    }
}

/// The same stretch of an input and three outputs, as rayon zips them.
type Piece3<'a> = (((&'a [f32], &'a mut [f32]), &'a mut [f32]), &'a mut [f32]);

/// `(out, s, t) = f(out, s, t, a)`
pub fn update3(
    out: &mut [f32],
    s: &mut [f32],
    t: &mut [f32],
    a: &[f32],
    f: impl Fn(f32, f32, f32, f32) -> (f32, f32, f32) + Sync,
) {
    let piece = |(((a, out), s), t): Piece3| {
        vectorised(
            #[inline(always)]
            || {
                for (((o, s), t), &a) in out.iter_mut().zip(s).zip(t).zip(a) {
                    (*o, *s, *t) = f(*o, *s, *t, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece((((a, out), s), t));
    } else {
        a.par_chunks(PIECE)
            .zip(out.par_chunks_mut(PIECE))
            .zip(s.par_chunks_mut(PIECE))
            .zip(t.par_chunks_mut(PIECE))
            .for_each(piece);
    }
}
