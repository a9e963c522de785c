//! A tilted plane over (x, y): Playground's `regressPlane`.

use super::{Draws, Sample};

const RADIUS: f64 = 6.0;

/// `z = (x + y) / 10`. Noise moves the point that is measured, not the point that is shown.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    (0..samples)
        .map(|_| {
            let x = draws.uniform(-RADIUS, RADIUS);
            let y = draws.uniform(-RADIUS, RADIUS);
            let noise_x = draws.uniform(-RADIUS, RADIUS) * noise;
            let noise_y = draws.uniform(-RADIUS, RADIUS) * noise;
            Sample::new(x, y, (x + noise_x + y + noise_y) / 10.0)
        })
        .collect()
}
