//! Number-by-number loops over slices, written so that the compiler vectorises them: AVX2 where the machine has it
//! (found at run time, release builds are plain SSE2), and several threads when they pay.
//!
//! Functions are copied into each loop: behind a reference, what they captured would be read anew for every number,
//! since the compiler cannot know that the output does not overlap it, and nothing would vectorise.
//!
//! No sums here: each output depends on its own inputs only, so nothing depends on the partition.

#![allow(clippy::redundant_locals, reason = "`let f = f;` is the copy that the second paragraph speaks of")]

use pulp::Arch;
use rayon::prelude::*;

/// Elements of a piece handed to a thread.
const PIECE: usize = 1 << 15;
/// Below this one thread does it all.
const PARALLEL_FROM: usize = 1 << 17;

/// Runs a loop compiled for the best instruction set of this machine. The closure must be `#[inline(always)]`-able: a
/// plain loop.
#[inline]
pub fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(work)
}

/// `out = x`, for large tensors.
pub fn copy(x: &[f32], out: &mut [f32]) {
    if out.len() < PARALLEL_FROM {
        out.copy_from_slice(x);
    } else {
        out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(out, x)| out.copy_from_slice(x));
    }
}

/// `out = x`, for a row of a picture: calling the system's copy takes longer than copying so few numbers.
#[inline(always)]
pub fn copy_row(x: &[f32], out: &mut [f32]) {
    match out.len() {
        0..4 | 129.. => out.copy_from_slice(x),
        4..8 => copy_in_pieces::<4>(x, out),
        8..16 => copy_in_pieces::<8>(x, out),
        16..129 => copy_in_pieces::<16>(x, out),
    }
}

/// The last piece overlaps the one before.
#[inline(always)]
fn copy_in_pieces<const N: usize>(x: &[f32], out: &mut [f32]) {
    for at in (0..out.len()).step_by(N) {
        let at = at.min(out.len() - N);
        out[at..at + N].copy_from_slice(&x[at..at + N]);
    }
}

/// `out = f(x)`
pub fn map(x: &[f32], out: &mut [f32], f: impl Fn(f32) -> f32 + Copy + Sync) {
    let piece = |x: &[f32], out: &mut [f32]| {
        vectorised(
            #[inline(always)]
            || {
                let own = f;
                for (o, &x) in out.iter_mut().zip(x) {
                    *o = own(x);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(x, out);
    } else {
        x.par_chunks(PIECE).zip(out.par_chunks_mut(PIECE)).for_each(|(x, out)| piece(x, out));
    }
}

/// `out = f(a, b)`
pub fn map2(a: &[f32], b: &[f32], out: &mut [f32], f: impl Fn(f32, f32) -> f32 + Copy + Sync) {
    let piece = |a: &[f32], b: &[f32], out: &mut [f32]| {
        vectorised(
            #[inline(always)]
            || {
                let own = f;
                for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                    *o = own(a, b);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(a, b, out);
    } else {
        let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE)).zip(out.par_chunks_mut(PIECE));
        pieces.for_each(|((a, b), out)| piece(a, b, out));
    }
}

/// `out = f(out, a)`
pub fn update(out: &mut [f32], a: &[f32], f: impl Fn(f32, f32) -> f32 + Copy + Sync) {
    let piece = |out: &mut [f32], a: &[f32]| {
        vectorised(
            #[inline(always)]
            || {
                let own = f;
                for (o, &a) in out.iter_mut().zip(a) {
                    *o = own(*o, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(out, a);
    } else {
        out.par_chunks_mut(PIECE).zip(a.par_chunks(PIECE)).for_each(|(out, a)| piece(out, a));
    }
}

/// `(out, s) = f(out, s, a)`
pub fn update2(out: &mut [f32], s: &mut [f32], a: &[f32], f: impl Fn(f32, f32, f32) -> (f32, f32) + Copy + Sync) {
    let piece = |out: &mut [f32], s: &mut [f32], a: &[f32]| {
        vectorised(
            #[inline(always)]
            || {
                let own = f;
                for ((o, s), &a) in out.iter_mut().zip(s).zip(a) {
                    (*o, *s) = own(*o, *s, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(out, s, a);
    } else {
        let pieces = out.par_chunks_mut(PIECE).zip(s.par_chunks_mut(PIECE)).zip(a.par_chunks(PIECE));
        pieces.for_each(|((out, s), a)| piece(out, s, a));
    }
}

/// `(out, s, t) = f(out, s, t, a)`
pub fn update3(
    out: &mut [f32],
    s: &mut [f32],
    t: &mut [f32],
    a: &[f32],
    f: impl Fn(f32, f32, f32, f32) -> (f32, f32, f32) + Copy + Sync,
) {
    let piece = |out: &mut [f32], s: &mut [f32], t: &mut [f32], a: &[f32]| {
        vectorised(
            #[inline(always)]
            || {
                let own = f;
                for (((o, s), t), &a) in out.iter_mut().zip(s).zip(t).zip(a) {
                    (*o, *s, *t) = own(*o, *s, *t, a);
                }
            },
        );
    };
    if out.len() < PARALLEL_FROM {
        piece(out, s, t, a);
    } else {
        let state = s.par_chunks_mut(PIECE).zip(t.par_chunks_mut(PIECE));
        let pieces = out.par_chunks_mut(PIECE).zip(state).zip(a.par_chunks(PIECE));
        pieces.for_each(|((out, (s, t)), a)| piece(out, s, t, a));
    }
}
