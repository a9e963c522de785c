//! Sums in interleaved partial sums: vector units do them at once, and rounding errors grow as many times slower. For
//! short stretches (a plane, a row), whose sums the caller adds up further. To be called inside
//! [`vectorised`](super::elementwise::vectorised) where it matters.

/// Partial sums of long stretches, two large registers, and of what is left.
const MANY: usize = 32;
const FEW: usize = 8;

/// The sum of the numbers.
#[inline(always)]
pub fn sum(numbers: &[f32]) -> f32 {
    sum_of(
        numbers,
        #[inline(always)]
        |x| x,
    )
}

/// The sum of `f` of every number.
#[inline(always)]
pub fn sum_of(numbers: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum_of_pairs(
        numbers,
        numbers,
        #[inline(always)]
        |x, _| f(x),
    )
}

/// The sum of `f` of every pair of numbers at the same place.
#[inline(always)]
pub fn sum_of_pairs(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let length = a.len().min(b.len());
    let long = length / MANY * MANY;
    let [(a, a_rest), (b, b_rest)] = [a.split_at(long), b[..length].split_at(long)];
    let a_rest = &a_rest[..b_rest.len()];
    in_lanes::<MANY>(a, b, &f) + in_lanes::<FEW>(a_rest, b_rest, &f)
}

/// The largest of the numbers, -∞ of none. NaN is passed over.
#[inline(always)]
pub fn largest(numbers: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut found = [f32::NEG_INFINITY; MANY];
    let chunks = numbers.chunks_exact(MANY);
    let rest = chunks.remainder().iter().fold(f32::NEG_INFINITY, |a, &b| larger(a, b));
    for chunk in chunks {
        for i in 0..MANY {
            found[i] = larger(found[i], chunk[i]);
        }
    }
    if numbers.len() < MANY { rest } else { larger(folded(found, larger), rest) }
}

/// The sums of `f` of every pair of numbers at the same place, and of the first numbers of the pairs: both in the order
/// in which they are summed alone.
#[inline(always)]
pub fn sum_of_pairs_and_sum(a: &[f32], b: &[f32], f: impl Fn(f32, f32) -> f32) -> [f32; 2] {
    let length = a.len().min(b.len());
    let (mut pairs, mut firsts) = ([0.0f32; MANY], [0.0f32; MANY]);
    let long = length / MANY * MANY;
    for (a, b) in a[..long].chunks_exact(MANY).zip(b[..long].chunks_exact(MANY)) {
        for i in 0..MANY {
            pairs[i] += f(a[i], b[i]);
            firsts[i] += a[i];
        }
    }
    let (a, b) = (&a[long..length], &b[long..length]);
    let rest = [in_lanes::<FEW>(a, b, &f), in_lanes::<FEW>(a, a, &|a, _| a)];
    if long == 0 { rest } else { [folded(pairs, add) + rest[0], folded(firsts, add) + rest[1]] }
}

#[inline(always)]
fn add(a: f32, b: f32) -> f32 {
    a + b
}

/// All lanes joined by `f`, in halves.
#[inline(always)]
fn folded<const LANES: usize>(lanes: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    // Or else the compiler does the loop before in pairs of numbers, which is what these additions want.
    let mut lanes = std::hint::black_box(lanes);
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            lanes[i] = f(lanes[i], lanes[i + width]);
        }
        width /= 2;
    }
    lanes[0]
}

#[inline(always)]
fn in_lanes<const LANES: usize>(a: &[f32], b: &[f32], f: &impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let mut total = 0.0;
    for (a, b) in a.remainder().iter().zip(b.remainder()) {
        total += f(*a, *b);
    }
    if a.len() == 0 {
        return total;
    }
    for (a, b) in a.zip(b) {
        for i in 0..LANES {
            lanes[i] += f(a[i], b[i]);
        }
    }
    folded(lanes, add) + total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_counted_once() {
        for length in [0, 1, 7, 8, 9, 31, 32, 33, 75] {
            let a: Vec<f32> = (0..length).map(|i| (i + 1) as f32).collect();
            assert_eq!(sum(&a), (length * (length + 1) / 2) as f32);
            let squares: f32 = a.iter().map(|x| x * x).sum();
            assert_eq!(sum_of(&a, |x| x * x), squares);
            assert_eq!(largest(&a), if length == 0 { f32::NEG_INFINITY } else { length as f32 });
            let pairs = sum_of_pairs(&a, &a, |a, b| a * b);
            assert_eq!(sum_of_pairs_and_sum(&a, &a, |a, b| a * b), [pairs, sum(&a)]);
            assert_eq!(sum_of_pairs(&a, &vec![2.0; length + 3], |a, b| a * b), (length * (length + 1)) as f32);
        }
    }
}
