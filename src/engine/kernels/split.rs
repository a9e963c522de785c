//! How kernels share work among threads, and the memory they work in.
//!
//! Everything here depends on sizes alone, never on the number of threads: a kernel built on it gives the same bits on
//! any number of them.

use std::cell::Cell;
use std::ops::Range;

use rayon::prelude::*;

/// Below this many multiply-adds (or numbers touched) handing work to other threads costs more than it gives.
const WORTH_SHARING: usize = 60_000;

/// Calls `f` with the index of every chunk of `length` numbers of `data`, on many threads when `work` (about the number
/// of multiply-adds altogether) is large enough.
pub fn for_each_chunk(data: &mut [f32], length: usize, work: usize, f: impl Fn(usize, &mut [f32]) + Sync + Send) {
    if length == 0 {
        return;
    }
    if work < WORTH_SHARING || data.len() <= length {
        data.chunks_mut(length).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        data.par_chunks_mut(length).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}

/// As [`for_each_chunk`], over chunks of two slices at once.
pub fn for_each_pair(
    (a, a_length): (&mut [f32], usize),
    (b, b_length): (&mut [f32], usize),
    work: usize,
    f: impl Fn(usize, &mut [f32], &mut [f32]) + Sync + Send,
) {
    if a_length == 0 || b_length == 0 {
        return;
    }
    if work < WORTH_SHARING || a.len() <= a_length {
        a.chunks_mut(a_length).zip(b.chunks_mut(b_length)).enumerate().for_each(|(i, (a, b))| f(i, a, b));
    } else {
        let pairs = a.par_chunks_mut(a_length).zip(b.par_chunks_mut(b_length));
        pairs.enumerate().for_each(|(i, (a, b))| f(i, a, b));
    }
}

/// As [`for_each_chunk`], over chunks of three slices at once.
pub fn for_each_triple(
    (a, a_length): (&mut [f32], usize),
    (b, b_length): (&mut [f32], usize),
    (c, c_length): (&mut [f32], usize),
    work: usize,
    f: impl Fn(usize, &mut [f32], &mut [f32], &mut [f32]) + Sync + Send,
) {
    if a_length == 0 || b_length == 0 || c_length == 0 {
        return;
    }
    if work < WORTH_SHARING || a.len() <= a_length {
        let all = a.chunks_mut(a_length).zip(b.chunks_mut(b_length)).zip(c.chunks_mut(c_length));
        all.enumerate().for_each(|(i, ((a, b), c))| f(i, a, b, c));
    } else {
        let all = a.par_chunks_mut(a_length).zip(b.par_chunks_mut(b_length)).zip(c.par_chunks_mut(c_length));
        all.enumerate().for_each(|(i, ((a, b), c))| f(i, a, b, c));
    }
}

/// How many partial sums a sum over `count` items is made of, when each is `size` numbers: enough for many threads,
/// but at most about 8 MiB of them.
pub fn partial_sums(count: usize, size: usize) -> usize {
    ((2 << 20) / size.max(1)).clamp(2, 16).min(count).max(1)
}

/// The items of part `i` of `parts`.
pub fn part(count: usize, parts: usize, i: usize) -> Range<usize> {
    i * count / parts..(i + 1) * count / parts
}

/// Sums over `count` items, added up in a fixed order: `f(items, sums)` adds the items of one part to its own `sums`
/// (which start at 0); the parts are then added in their order into `total`.
pub fn sum_in_parts(count: usize, total: &mut [f32], work: usize, f: impl Fn(Range<usize>, &mut [f32]) + Sync + Send) {
    let parts = partial_sums(count, total.len());
    sum_in(parts, count, total, work, f);
}

/// As [`sum_in_parts`], in as many parts as the caller finds best (from sizes alone).
pub fn sum_in(
    parts: usize,
    count: usize,
    total: &mut [f32],
    work: usize,
    f: impl Fn(Range<usize>, &mut [f32]) + Sync + Send,
) {
    let size = total.len();
    with_scratch(&PARTS, parts * size, |partial| {
        partial.fill(0.0);
        for_each_chunk(partial, size, work, |i, sums| f(part(count, parts, i), sums));
        total.fill(0.0);
        for sums in partial.chunks(size.max(1)) {
            for (t, s) in total.iter_mut().zip(sums) {
                *t += s;
            }
        }
    });
}

thread_local! {
    static PARTS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    static TILE: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Working memory of this thread, `length` numbers of any value.
pub fn with_tile<R>(length: usize, f: impl FnOnce(&mut [f32]) -> R) -> R {
    with_scratch(&TILE, length, f)
}

/// The part of `memory` that begins with a line of the caches; it must have 16 numbers more than are needed.
pub fn aligned(memory: &mut [f32]) -> &mut [f32] {
    let skip = memory.as_ptr().align_offset(64).min(memory.len());
    &mut memory[skip..]
}

/// Keeps the memory between calls: asking the system for fresh pages each time costs more than many kernels. Taken out
/// while in use, so a kernel that runs inside another (work stealing) just gets memory of its own.
pub fn with_scratch<R>(
    keeper: &'static std::thread::LocalKey<Cell<Vec<f32>>>,
    length: usize,
    f: impl FnOnce(&mut [f32]) -> R,
) -> R {
    let mut memory = keeper.take();
    if memory.len() < length {
        memory.resize(length, 0.0);
    }
    let result = f(&mut memory[..length]);
    keeper.set(memory);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_item_once() {
        for (count, size) in [(1, 10), (5, 10), (64, 18_432), (100, 5_000_000), (7, 0)] {
            let parts = partial_sums(count, size);
            assert!(parts >= 1 && parts <= count);
            let all: Vec<usize> = (0..parts).flat_map(|i| part(count, parts, i)).collect();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn sums_are_the_same_bits_on_any_number_of_threads() {
        let items: Vec<f32> = (0..100_000).map(|i| (i as f32 * 0.37).sin()).collect();
        let sum = || {
            let mut total = [0.0f32];
            sum_in_parts(items.len(), &mut total, 1 << 30, |range, s| items[range].iter().for_each(|x| s[0] += x));
            total[0].to_bits()
        };
        let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(sum);
        assert_eq!(on(1), on(3));
        assert_eq!(on(1), on(8));
    }
}
