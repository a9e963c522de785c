//! Two arms that wind around each other: Playground's `classifySpiralData`.

use std::f64::consts::{PI, TAU};

use super::{Draws, Sample, shares};

pub(super) const CLASSES: [&str; 2] = ["first arm", "second arm"];

const RADIUS: f64 = 5.0;
const TURNS: f64 = 1.75;

/// Points at even steps along each arm; noise shakes them by up to its amount in x and y.
pub(super) fn draw(samples: usize, noise: f64, draws: &mut Draws) -> Vec<Sample> {
    let per_arm = samples as f64 / 2.0;
    let mut points = Vec::with_capacity(samples);
    for (class, (share, start)) in shares(samples, 2).zip([0.0, PI]).enumerate() {
        for i in 0..share {
            let along = i as f64 / per_arm;
            let (r, t) = (along * RADIUS, TURNS * along * TAU + start);
            let x = r * t.sin() + draws.uniform(-1.0, 1.0) * noise;
            let y = r * t.cos() + draws.uniform(-1.0, 1.0) * noise;
            points.push(Sample::new(x, y, class as f64));
        }
    }
    points
}
