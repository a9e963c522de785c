//! Three hills and three hollows: Playground's `regressGaussian`.

use super::{Draws, Sample};

const RADIUS: f64 = 6.0;
/// Centre and sign of each.
const HILLS: [(f64, f64, f64); 6] =
    [(-4.0, 2.5, 1.0), (0.0, 2.5, -1.0), (4.0, 2.5, 1.0), (-4.0, -2.5, -1.0), (0.0, -2.5, 1.0), (4.0, -2.5, -1.0)];

/// Each hill falls linearly from 1 to 0 over a distance of 2 (Playground calls them Gaussian); the strongest counts.
/// Noise moves the point that is measured, not the point that is shown.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    (0..samples)
        .map(|_| {
            let x = draws.uniform(-RADIUS, RADIUS);
            let y = draws.uniform(-RADIUS, RADIUS);
            let noise_x = draws.uniform(-RADIUS, RADIUS) * noise;
            let noise_y = draws.uniform(-RADIUS, RADIUS) * noise;
            Sample::new(x, y, height(x + noise_x, y + noise_y))
        })
        .collect()
}

fn height(x: f64, y: f64) -> f64 {
    let mut strongest: f64 = 0.0;
    for (cx, cy, sign) in HILLS {
        let height = sign * (1.0 - (x - cx).hypot(y - cy) / 2.0).clamp(0.0, 1.0);
        if height.abs() > strongest.abs() {
            strongest = height;
        }
    }
    strongest
}
