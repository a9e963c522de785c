//! What the tests of kernels share.

/// Repeatable numbers between -1 and 1.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32 * 2.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// `max |a - b| <= tolerance · max |b|`.
#[track_caller]
pub fn close(a: &[f32], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    let largest = b.iter().fold(1e-30f64, |m, b| m.max(b.abs()));
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        let error = (f64::from(*a) - b).abs();
        assert!(error <= tolerance * largest, "number {i}: {a} instead of {b} (largest {largest})");
    }
}

#[track_caller]
pub fn same_bits_on_any_threads(compute: impl Fn() -> Vec<f32> + Sync + Send) {
    let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(&compute);
    let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let one = bits(on(1));
    assert!(one == bits(on(2)) && one == bits(on(5)));
}
