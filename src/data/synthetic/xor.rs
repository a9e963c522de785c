//! Four quadrants, opposite ones alike: Playground's `classifyXORData`.

use super::{Draws, Sample};

pub(super) const CLASSES: [&str; 2] = ["same sign", "opposite sign"];

const RADIUS: f64 = 5.0;
/// Keeps the points off the axes.
const PADDING: f64 = 0.3;

/// Noise moves the point that is labelled, not the point that is shown.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    let padded = |value: f64| value + if value > 0.0 { PADDING } else { -PADDING };
    (0..samples)
        .map(|_| {
            let x = padded(draws.uniform(-RADIUS, RADIUS));
            let y = padded(draws.uniform(-RADIUS, RADIUS));
            let noise_x = draws.uniform(-RADIUS, RADIUS) * noise;
            let noise_y = draws.uniform(-RADIUS, RADIUS) * noise;
            let same = (x + noise_x) * (y + noise_y) >= 0.0;
            Sample::new(x, y, if same { 0.0 } else { 1.0 })
        })
        .collect()
}
