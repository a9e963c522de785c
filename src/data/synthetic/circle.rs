//! A disc inside a ring: Playground's `classifyCircleData`.

use std::f64::consts::TAU;

use super::{Draws, Sample, shares};

pub(super) const CLASSES: [&str; 2] = ["inside", "outside"];

const RADIUS: f64 = 5.0;

/// Half the points within 0.5 of the radius, half between 0.7 and 1 of it. Noise moves the point that is labelled, not
/// the point that is shown, so that labels near the border are wrong.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    let mut points = Vec::with_capacity(samples);
    for (share, (near, far)) in shares(samples, 2).zip([(0.0, 0.5), (0.7, 1.0)]) {
        for _ in 0..share {
            let r = draws.uniform(near * RADIUS, far * RADIUS);
            let angle = draws.uniform(0.0, TAU);
            let (x, y) = (r * angle.sin(), r * angle.cos());
            let noise_x = draws.uniform(-RADIUS, RADIUS) * noise;
            let noise_y = draws.uniform(-RADIUS, RADIUS) * noise;
            let inside = (x + noise_x).hypot(y + noise_y) < RADIUS * 0.5;
            points.push(Sample::new(x, y, if inside { 0.0 } else { 1.0 }));
        }
    }
    points
}
