//! Rings around one centre, the innermost first.

use std::f64::consts::TAU;

use super::{Draws, Sample, shares};

const RADIUS: f64 = 5.0;

/// Without noise a ring fills the middle half of its band; noise adds a shake of that standard deviation in x and y.
/// Wider rings are not denser in points: each class has as many samples as the others.
pub(super) fn draw(samples: usize, noise: f64, classes: usize, draws: &mut Draws) -> Vec<Sample> {
    let band = RADIUS / classes as f64;
    let mut points = Vec::with_capacity(samples);
    for (class, share) in shares(samples, classes).enumerate() {
        for _ in 0..share {
            let r = band * (class as f64 + draws.uniform(0.5, 1.0));
            let angle = draws.uniform(0.0, TAU);
            let x = r * angle.cos() + noise * draws.normal();
            let y = r * angle.sin() + noise * draws.normal();
            points.push(Sample::new(x, y, class as f64));
        }
    }
    points
}
