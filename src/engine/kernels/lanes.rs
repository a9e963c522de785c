//! Sums in eight interleaved partial sums: vector units do them at once, and rounding errors grow eight times slower. For
//! short stretches (a plane, a row), whose sums the caller adds up further.

/// The sum, in eight interleaved partial sums: vector units do them at once, and rounding errors grow eight times slower.
pub fn sum(numbers: &[f32]) -> f32 {
    sum_of(numbers, |x| x)
}

/// The sum of `f` of every number, as [`sum`].
pub fn sum_of(numbers: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 8];
    let chunks = numbers.chunks_exact(8);
    let rest: f32 = chunks.remainder().iter().map(|x| f(*x)).sum();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, x)| *lane += f(*x));
    }
    lanes.iter().sum::<f32>() + rest
}

/// The sum of `f` of every pair of numbers at the same place, as [`sum`].
pub fn sum_of_pairs(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| f(*a, *b)).sum();
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += f(*a, *b));
    }
    lanes.iter().sum::<f32>() + rest
}
