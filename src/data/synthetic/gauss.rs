//! Two Gaussian clouds: Playground's `classifyTwoGaussData`.

use super::{Draws, Sample, shares};

pub(super) const CLASSES: [&str; 2] = ["upper right", "lower left"];

/// Clouds around (2, 2) and (-2, -2); noise 0 to 0.5 sets their variance from 0.5 to 4.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    let deviation = (0.5 + noise / 0.5 * 3.5).sqrt();
    let mut points = Vec::with_capacity(samples);
    for (class, (share, centre)) in shares(samples, 2).zip([2.0, -2.0]).enumerate() {
        for _ in 0..share {
            let x = centre + deviation * draws.normal();
            let y = centre + deviation * draws.normal();
            points.push(Sample::new(x, y, class as f64));
        }
    }
    points
}
