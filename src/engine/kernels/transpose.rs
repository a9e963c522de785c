//! Rows become columns: between pictures, channel after channel, and rows of all channels of a place.

/// Side of a square that is turned in registers.
const SIDE: usize = 8;

/// `to[j · to_step + i] = from[i · from_step + j]` for `rows` i and `columns` j.
pub fn transpose(from: (&[f32], usize), sizes: [usize; 2], (to, to_step): (&mut [f32], usize)) {
    if sizes[0] < SIDE || sizes[1] < SIDE {
        return number_by_number(from, sizes, (to, to_step));
    }
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(
            #[inline(always)]
            || {
                for_each_square(
                    sizes,
                    from.1 > to_step,
                    #[inline(always)]
                    |[i, j]| {
                        square_v3(simd, (&from.0[i * from.1 + j..], from.1), (&mut to[j * to_step + i..], to_step));
                    },
                )
            },
        );
    }
    for_each_square(sizes, from.1 > to_step, |[i, j]| {
        square((&from.0[i * from.1 + j..], from.1), (&mut to[j * to_step + i..], to_step));
    });
}

/// Along the rows first, or else along the columns: what lies further apart is read (or written) from front to back.
/// Squares that would reach over an edge stand at the edge, and turn some numbers once more.
#[inline(always)]
fn for_each_square([rows, columns]: [usize; 2], along_rows: bool, mut f: impl FnMut([usize; 2])) {
    if along_rows {
        for i in (0..rows).step_by(SIDE) {
            for j in (0..columns).step_by(SIDE) {
                f([i.min(rows - SIDE), j.min(columns - SIDE)]);
            }
        }
    } else {
        for j in (0..columns).step_by(SIDE) {
            for i in (0..rows).step_by(SIDE) {
                f([i.min(rows - SIDE), j.min(columns - SIDE)]);
            }
        }
    }
}

/// Too few of them for a square.
fn number_by_number(
    (from, from_step): (&[f32], usize),
    [rows, columns]: [usize; 2],
    (to, to_step): (&mut [f32], usize),
) {
    for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
        to[j * to_step + i] = from[i * from_step + j];
    }
}

#[inline(always)]
fn rows_of((from, step): (&[f32], usize)) -> [[f32; SIDE]; SIDE] {
    let mut rows = [[0.0; SIDE]; SIDE];
    for (i, row) in rows.iter_mut().enumerate() {
        row.copy_from_slice(&from[i * step..][..SIDE]);
    }
    rows
}

fn square(from: (&[f32], usize), (to, to_step): (&mut [f32], usize)) {
    let rows = rows_of(from);
    for j in 0..SIDE {
        to[j * to_step..][..SIDE].copy_from_slice(&rows.map(|row| row[j]));
    }
}

/// In three rounds: pairs of numbers, pairs of pairs, halves of a register.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn square_v3(simd: pulp::x86::V3, from: (&[f32], usize), (to, to_step): (&mut [f32], usize)) {
    use std::arch::x86_64::__m256;
    let avx = simd.avx;
    let r: [__m256; SIDE] = pulp::cast(rows_of(from));
    let (a, b) = (avx._mm256_unpacklo_ps(r[0], r[1]), avx._mm256_unpackhi_ps(r[0], r[1]));
    let (c, d) = (avx._mm256_unpacklo_ps(r[2], r[3]), avx._mm256_unpackhi_ps(r[2], r[3]));
    let (e, f) = (avx._mm256_unpacklo_ps(r[4], r[5]), avx._mm256_unpackhi_ps(r[4], r[5]));
    let (g, h) = (avx._mm256_unpacklo_ps(r[6], r[7]), avx._mm256_unpackhi_ps(r[6], r[7]));
    let (i, j) = (avx._mm256_shuffle_ps::<0x44>(a, c), avx._mm256_shuffle_ps::<0xee>(a, c));
    let (k, l) = (avx._mm256_shuffle_ps::<0x44>(b, d), avx._mm256_shuffle_ps::<0xee>(b, d));
    let (m, n) = (avx._mm256_shuffle_ps::<0x44>(e, g), avx._mm256_shuffle_ps::<0xee>(e, g));
    let (o, p) = (avx._mm256_shuffle_ps::<0x44>(f, h), avx._mm256_shuffle_ps::<0xee>(f, h));
    let columns: [[f32; SIDE]; SIDE] = pulp::cast([
        avx._mm256_permute2f128_ps::<0x20>(i, m),
        avx._mm256_permute2f128_ps::<0x20>(j, n),
        avx._mm256_permute2f128_ps::<0x20>(k, o),
        avx._mm256_permute2f128_ps::<0x20>(l, p),
        avx._mm256_permute2f128_ps::<0x31>(i, m),
        avx._mm256_permute2f128_ps::<0x31>(j, n),
        avx._mm256_permute2f128_ps::<0x31>(k, o),
        avx._mm256_permute2f128_ps::<0x31>(l, p),
    ]);
    for (column, numbers) in columns.iter().enumerate() {
        to[column * to_step..][..SIDE].copy_from_slice(numbers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_finds_its_place() {
        for (rows, columns) in [(1, 1), (8, 8), (3, 17), (16, 9), (24, 35)] {
            let (from_step, to_step) = (columns + 3, rows + 2);
            let from: Vec<f32> = (0..rows * from_step).map(|i| i as f32).collect();
            let mut to = vec![-1.0; columns * to_step];
            transpose((&from, from_step), [rows, columns], (&mut to, to_step));
            let mut plain = vec![-1.0; to.len()];
            square_by_square(&from, from_step, [rows, columns], &mut plain, to_step);
            for (at, (turned, plain)) in to.iter().zip(&plain).enumerate() {
                let (j, i) = (at / to_step, at % to_step);
                let expected = if i < rows { from[i * from_step + j] } else { -1.0 };
                assert_eq!([*turned, *plain], [expected; 2], "{rows} x {columns}, {i}, {j}");
            }
        }
    }

    /// The way of machines without AVX.
    fn square_by_square(from: &[f32], from_step: usize, sizes: [usize; 2], to: &mut [f32], to_step: usize) {
        if sizes.iter().any(|size| *size < SIDE) {
            return number_by_number((from, from_step), sizes, (to, to_step));
        }
        for_each_square(sizes, true, |[i, j]| {
            square((&from[i * from_step + j..], from_step), (&mut to[j * to_step + i..], to_step));
        });
    }
}
