//! Two half circles that reach into each other, as scikit-learn's `make_moons`, enlarged to the drawn square.

use std::f64::consts::PI;

use super::{Draws, Sample, shares};

pub(super) const CLASSES: [&str; 2] = ["upper moon", "lower moon"];

/// From scikit-learn's units to ours; its moons lie between -1 and 2.
const SCALE: f64 = 3.0;

/// Noise is the standard deviation in scikit-learn's units.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    let mut points = Vec::with_capacity(samples);
    for (class, share) in shares(samples, 2).enumerate() {
        for _ in 0..share {
            let t = draws.uniform(0.0, PI);
            let (x, y) = if class == 0 { (t.cos(), t.sin()) } else { (1.0 - t.cos(), 0.5 - t.sin()) };
            let x = x - 0.5 + noise * draws.normal();
            let y = y - 0.25 + noise * draws.normal();
            points.push(Sample::new(x * SCALE, y * SCALE, class as f64));
        }
    }
    points
}
