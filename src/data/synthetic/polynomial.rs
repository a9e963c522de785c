//! A cubic with a hill and a hollow, over one number.

use super::{Draws, EXTENT, Sample};

/// `y = x (x² - 25) / 66` on -6 to 6: it ends at -1 and 1. Noise is the standard deviation added to y.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    (0..samples)
        .map(|_| {
            let x = draws.uniform(-f64::from(EXTENT), f64::from(EXTENT));
            Sample::new(x, 0.0, x * (x * x - 25.0) / 66.0 + noise * draws.normal())
        })
        .collect()
}
