//! Largest of each window of 2 × 2 with stride 2, the usual one: rows of windows side by side and without branches, so that vector
//! units can do them. To be called inside [`vectorised`](super::elementwise::vectorised).

/// One plane of `size`; of equal numbers the first counts, and NaN is larger than any number.
#[inline(always)]
pub fn max_forward([_, width]: [usize; 2], x: &[f32], y: &mut [f32], argmax: &mut [f32]) {
    let columns = width / 2;
    let outputs = y.chunks_exact_mut(columns.max(1)).zip(argmax.chunks_exact_mut(columns.max(1)));
    for (row, (y, argmax)) in outputs.enumerate() {
        let start = 2 * row * width;
        let (upper, lower) = (&x[start..][..2 * columns], &x[start + width..][..2 * columns]);
        in_blocks(
            columns,
            #[inline(always)]
            |j, length| {
                let inputs = [&upper[2 * j..][..2 * length], &lower[2 * j..][..2 * length]];
                let first = (start + 2 * j) as f32;
                match length {
                    16 => largest::<16>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                    4 => largest::<4>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                    _ => largest::<1>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                }
            },
        );
    }
}

/// Calls `f` with first and length of blocks of 16, 4 or 1 that cover all columns; the last may cover some a second time.
#[inline(always)]
fn in_blocks(columns: usize, mut f: impl FnMut(usize, usize)) {
    let length = if columns >= 16 {
        16
    } else if columns >= 4 {
        4
    } else {
        1
    };
    for j in (0..columns).step_by(length) {
        f(j.min(columns - length), length);
    }
}

#[inline(always)]
fn largest<const N: usize>([upper, lower]: [&[f32]; 2], first: f32, width: f32, y: &mut [f32], argmax: &mut [f32]) {
    let (y, argmax) = (&mut y[..N], &mut argmax[..N]);
    let (upper, lower) = (&upper[..2 * N], &lower[..2 * N]);
    for k in 0..N {
        let (mut best, mut at) = (upper[2 * k], 0.0);
        for (candidate, place) in [(upper[2 * k + 1], 1.0), (lower[2 * k], width), (lower[2 * k + 1], width + 1.0)] {
            let larger = (candidate > best) | candidate.is_nan();
            (best, at) = (if larger { candidate } else { best }, if larger { place } else { at });
        }
        y[k] = best;
        argmax[k] = first + (2 * k as i32) as f32 + at;
    }
}
