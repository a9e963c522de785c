//! One period and more of a sine, over one number.

use super::{Draws, EXTENT, Sample};

/// `y = sin x` on -6 to 6; noise is the standard deviation added to y.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    (0..samples)
        .map(|_| {
            let x = draws.uniform(-f64::from(EXTENT), f64::from(EXTENT));
            Sample::new(x, 0.0, x.sin() + noise * draws.normal())
        })
        .collect()
}
