//! Sums in an order fixed by the sizes alone, so that results are bitwise the same for any number of threads.

use super::elementwise::vectorised;

/// `out[j] = Σ_i rows[i, j]` over rows of `out.len()` numbers, from the first row to the last.
pub fn sum_rows(rows: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    if out.is_empty() {
        return;
    }
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(out.len()) {
                for (sum, &value) in out.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        },
    );
}

const LANES: usize = 16;
const PIECE: usize = 256;

/// Σ f(x): in f32 lanes over short pieces, whose sums are added in f64.
pub fn sum_of(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut total = 0.0f64;
            for piece in x.chunks(PIECE) {
                let mut lanes = [0.0f32; LANES];
                let groups = piece.chunks_exact(LANES);
                let rest = groups.remainder();
                for group in groups {
                    for (lane, &x) in lanes.iter_mut().zip(group) {
                        *lane += f(x);
                    }
                }
                total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                total += rest.iter().map(|&x| f64::from(f(x))).sum::<f64>();
            }
            total
        },
    )
}

/// Σ f(a, b), summed as [`sum_of`] does.
pub fn sum_of2(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut total = 0.0f64;
            for (a, b) in a.chunks(PIECE).zip(b.chunks(PIECE)) {
                let mut lanes = [0.0f32; LANES];
                let (groups_a, groups_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
                let (rest_a, rest_b) = (groups_a.remainder(), groups_b.remainder());
                for (a, b) in groups_a.zip(groups_b) {
                    for ((lane, &a), &b) in lanes.iter_mut().zip(a).zip(b) {
                        *lane += f(a, b);
                    }
                }
                total += lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>();
                total += rest_a.iter().zip(rest_b).map(|(&a, &b)| f64::from(f(a, b))).sum::<f64>();
            }
            total
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right_for_odd_sizes() {
        let x: Vec<f32> = (0..1003).map(|i| i as f32).collect();
        assert_eq!(sum_of(&x, |v| v), 1002.0 * 1003.0 / 2.0);
        let halves: Vec<f32> = x.iter().map(|_| 0.5).collect();
        assert_eq!(sum_of2(&x, &halves, |a, b| a * b), 1002.0 * 1003.0 / 4.0);
        let mut out = [1.0; 17];
        sum_rows(&x[..17 * 59], &mut out);
        assert_eq!(out[16], (0..59).map(|i| (i * 17 + 16) as f32).sum::<f32>());
    }
}
