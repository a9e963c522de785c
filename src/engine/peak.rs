//! What this machine can do at most, as a yardstick: f32 multiply-adds in matrix products that fit its caches.

use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::kernels::matmul::{Matrix, matmul_on_one_thread};

/// On all threads of the current pool, one product each; the best of several tries, since anything that disturbs only
/// slows.
pub fn multiply_adds_per_second() -> f64 {
    let (m, n, k) = (128, 512, 256);
    let threads = rayon::current_num_threads();
    let a: Vec<f32> = (0..m * k).map(|i| (i % 7) as f32 - 3.0).collect();
    let b: Vec<f32> = (0..k * n).map(|i| (i % 5) as f32 - 2.0).collect();
    let mut out = vec![0.0f32; threads * m * n];
    let rounds = 8;
    let (mut best, began) = (0.0f64, Instant::now());
    while began.elapsed() < Duration::from_millis(300) {
        let start = Instant::now();
        out.par_chunks_mut(m * n).for_each(|out| {
            for _ in 0..rounds {
                matmul_on_one_thread(Matrix::new(&a, m, k), Matrix::new(&b, k, n), out, n, false);
            }
        });
        let done = (threads * rounds * m * n * k) as f64;
        best = best.max(done / start.elapsed().as_secs_f64());
    }
    std::hint::black_box(&out);
    best
}
