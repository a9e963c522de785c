//! Largest of each window of 2 × 2 with stride 2, the usual one: rows of windows side by side and without branches, so
//! that vector units can do them.

/// One plane of `size`; of equal numbers the first counts, and NaN is larger than any number. To be called inside
/// [`vectorised`](super::elementwise::vectorised).
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
                    8 => largest::<8>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                    4 => largest::<4>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                    _ => largest::<1>(inputs, first, width as f32, &mut y[j..], &mut argmax[j..]),
                }
            },
        );
    }
}

/// Calls `f` with first and length of blocks of 16, 8, 4 or 1 that cover all columns; the last may cover some a second
/// time.
#[inline(always)]
fn in_blocks(columns: usize, mut f: impl FnMut(usize, usize)) {
    let length = match columns {
        16.. => 16,
        8.. => 8,
        4.. => 4,
        _ => 1,
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

/// Windows whose gradients are handed on at once.
#[cfg(target_arch = "x86_64")]
const WINDOWS: usize = 4;

/// The gradient of one plane of `size`: each of `dy` goes to the number of its window that was the largest, the others
/// get 0. Or false, and nothing is right: where a machine or a row is too narrow, and where one was said to lie outside
/// its window, which only a person does.
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables, reason = "the loop is x86's"))]
pub fn max_backward(size: [usize; 2], argmax: &[f32], dy: &[f32], dx: &mut [f32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new()
        && size[1] / 2 >= WINDOWS
    {
        return simd.vectorize(
            #[inline(always)]
            || plane_v3(simd, size, argmax, dy, dx),
        );
    }
    false
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn plane_v3(simd: pulp::x86::V3, [height, width]: [usize; 2], argmax: &[f32], dy: &[f32], dx: &mut [f32]) -> bool {
    let columns = width / 2;
    let mut strays = false;
    let inputs = argmax.chunks_exact(columns).zip(dy.chunks_exact(columns));
    for (row, ((argmax, dy), dx)) in inputs.zip(dx.chunks_exact_mut(2 * width)).enumerate() {
        let (upper, lower) = dx.split_at_mut(width);
        for j in (0..columns).step_by(WINDOWS) {
            let j = j.min(columns - WINDOWS);
            let place = (2 * (row * width + j)) as f32;
            let [above, below] = windows_v3(simd, &argmax[j..], &dy[j..], [place, place + width as f32]);
            upper[2 * j..][..2 * WINDOWS].copy_from_slice(&above.0);
            lower[2 * j..][..2 * WINDOWS].copy_from_slice(&below.0);
            // Of every window one place.
            let found = above.1 | below.1;
            strays |= (found | found >> 1) & 0b0101_0101 != 0b0101_0101;
        }
        if width % 2 == 1 {
            (upper[width - 1], lower[width - 1]) = (0.0, 0.0);
        }
    }
    if height % 2 == 1 {
        dx[(height - 1) * width..].fill(0.0);
    }
    !strays
}

/// The gradients of two rows from the first of `places` on, and a bit for each place that was the largest.
// Plain expressions: what the library's `map` calls is not compiled for the machine's vector units.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn windows_v3(simd: pulp::x86::V3, argmax: &[f32], dy: &[f32], places: [f32; 2]) -> [([f32; 2 * WINDOWS], i32); 2] {
    let (argmax, dy) = (twice_v3(simd, argmax), twice_v3(simd, dy));
    [row_v3(simd, argmax, dy, places[0]), row_v3(simd, argmax, dy, places[1])]
}

/// Every number of the windows two times, for the two places of a row.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn twice_v3(simd: pulp::x86::V3, numbers: &[f32]) -> std::arch::x86_64::__m256 {
    let mut wide = [0.0f32; 2 * WINDOWS];
    wide[..WINDOWS].copy_from_slice(&numbers[..WINDOWS]);
    simd.avx2._mm256_permutevar8x32_ps(pulp::cast(wide), pulp::cast([0i32, 0, 1, 1, 2, 2, 3, 3]))
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn row_v3(
    simd: pulp::x86::V3,
    argmax: std::arch::x86_64::__m256,
    dy: std::arch::x86_64::__m256,
    place: f32,
) -> ([f32; 2 * WINDOWS], i32) {
    let avx = simd.avx;
    let lanes = pulp::cast([0.0f32, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
    let places = avx._mm256_add_ps(avx._mm256_set1_ps(place), lanes);
    let is_largest = avx._mm256_cmp_ps::<{ std::arch::x86_64::_CMP_EQ_OQ }>(argmax, places);
    // A sum as in the definition: no zero becomes negative.
    let dx = avx._mm256_add_ps(avx._mm256_and_ps(is_largest, dy), avx._mm256_setzero_ps());
    (pulp::cast(dx), avx._mm256_movemask_ps(is_largest))
}
