//! One Gaussian cloud per class, around a circle; the seed turns the circle and moves the clouds in and out.

use std::f64::consts::TAU;

use super::{Draws, Sample, shares};

/// The clouds' standard deviation is 0.4 without noise and 1.4 at noise 0.5.
pub(super) fn draw(samples: usize, noise: f64, classes: usize, draws: &mut Draws) -> Vec<Sample> {
    let turn = draws.uniform(0.0, TAU);
    let centres: Vec<(f64, f64)> = (0..classes)
        .map(|class| {
            let angle = turn + TAU * class as f64 / classes as f64;
            let r = draws.uniform(3.4, 4.6);
            (r * angle.cos(), r * angle.sin())
        })
        .collect();
    let deviation = 0.4 + 2.0 * noise;
    let mut points = Vec::with_capacity(samples);
    for (class, (share, (cx, cy))) in shares(samples, classes).zip(centres).enumerate() {
        for _ in 0..share {
            let x = cx + deviation * draws.normal();
            let y = cy + deviation * draws.normal();
            points.push(Sample::new(x, y, class as f64));
        }
    }
    points
}
