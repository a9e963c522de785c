//! The shapes that are drawn: their outlines, and how much of a pixel they cover.

use crate::model::boxes::Extent;

/// The classes of drawn shapes, in the order of their indices.
pub(super) const CLASSES: [&str; 6] = ["circle", "square", "triangle", "star", "cross", "ring"];

/// How wide the ink of a ring is, by its radius.
const RING: f32 = 0.38;

type Point = [f32; 2];

/// A shape at its place, in pixels; y down.
#[derive(Clone, Debug)]
pub(super) enum Outline {
    Round { middle: Point, radius: f32, hole: f32 },
    Corners(Vec<Point>),
}

impl Outline {
    /// `side`: the longer one of the box around it; `place`: where that box lies in the room that is left, 0 to 1.
    pub fn new(class: usize, side: f32, angle: f32, place: Point, picture: f32) -> Self {
        let corners = match CLASSES[class] {
            "square" => regular(4, |_| 1.0),
            "triangle" => regular(3, |_| 1.0),
            "star" => regular(10, |corner| if corner % 2 == 0 { 1.0 } else { 0.45 }),
            "cross" => cross(),
            name => {
                let middle = place.map(|at| side / 2.0 + at * (picture - side));
                let hole = if name == "ring" { side / 2.0 * (1.0 - RING) } else { 0.0 };
                return Self::Round { middle, radius: side / 2.0, hole };
            }
        };
        let (sin, cos) = angle.sin_cos();
        let turned: Vec<Point> = corners.iter().map(|[x, y]| [cos * x - sin * y, sin * x + cos * y]).collect();
        let [low, high] = around(&turned);
        let scale = side / (high[0] - low[0]).max(high[1] - low[1]);
        let at = |point: Point, axis: usize| {
            let length = (high[axis] - low[axis]) * scale;
            place[axis] * (picture - length) + (point[axis] - low[axis]) * scale
        };
        Self::Corners(turned.into_iter().map(|point| [at(point, 0), at(point, 1)]).collect())
    }

    /// Smallest and largest x and y.
    pub fn bounds(&self) -> [Point; 2] {
        match self {
            Self::Round { middle, radius, .. } => [middle.map(|at| at - radius), middle.map(|at| at + radius)],
            Self::Corners(corners) => around(corners),
        }
    }

    /// In fractions of a picture of so many pixels.
    pub fn extent(&self, picture: f32) -> Extent {
        let [low, high] = self.bounds().map(|point| point.map(|at| (at / picture).clamp(0.0, 1.0)));
        Extent { left: low[0], top: low[1], right: high[0], bottom: high[1] }
    }

    /// The share of the pixel around a point that it covers.
    pub fn cover(&self, point: Point) -> f32 {
        (0.5 - self.distance(point)).clamp(0.0, 1.0)
    }

    /// To the nearest point of the outline, less than 0 inside.
    fn distance(&self, point: Point) -> f32 {
        match self {
            Self::Round { middle, radius, hole } => {
                let from = (point[0] - middle[0]).hypot(point[1] - middle[1]);
                if *hole > 0.0 { (from - radius).max(hole - from) } else { from - radius }
            }
            Self::Corners(corners) => from_corners(point, corners),
        }
    }
}

/// Corners around the middle, each at a distance of its own.
fn regular(count: usize, far: impl Fn(usize) -> f32) -> Vec<Point> {
    let corner = |at: usize| {
        let angle = std::f32::consts::TAU * at as f32 / count as f32;
        [far(at) * angle.sin(), -far(at) * angle.cos()]
    };
    (0..count).map(corner).collect()
}

fn cross() -> Vec<Point> {
    const ARM: f32 = 0.3;
    let quarter = [[ARM, -1.0], [ARM, -ARM], [1.0, -ARM]];
    let turned = |[x, y]: Point, turns: usize| (0..turns).fold([x, y], |[x, y], _| [-y, x]);
    (0..4).flat_map(|turns| quarter.map(|corner| turned(corner, turns))).collect()
}

fn around(corners: &[Point]) -> [Point; 2] {
    let pick = |of: fn(f32, f32) -> f32, from: f32| {
        corners.iter().fold([from; 2], |[x, y], corner| [of(x, corner[0]), of(y, corner[1])])
    };
    [pick(f32::min, f32::INFINITY), pick(f32::max, f32::NEG_INFINITY)]
}

fn from_corners(point: Point, corners: &[Point]) -> f32 {
    let (mut nearest, mut is_inside) = (f32::INFINITY, false);
    let mut before = corners[corners.len() - 1];
    for &corner in corners {
        let edge = [before[0] - corner[0], before[1] - corner[1]];
        let from = [point[0] - corner[0], point[1] - corner[1]];
        let along = (from[0] * edge[0] + from[1] * edge[1]) / (edge[0] * edge[0] + edge[1] * edge[1]);
        let along = along.clamp(0.0, 1.0);
        let [x, y] = [from[0] - along * edge[0], from[1] - along * edge[1]];
        nearest = nearest.min(x * x + y * y);
        let is_above = [point[1] >= corner[1], point[1] >= before[1]];
        let is_left = edge[0] * from[1] > edge[1] * from[0];
        if is_above == [true, false] && is_left || is_above == [false, true] && !is_left {
            is_inside = !is_inside;
        }
        before = corner;
    }
    if is_inside { -nearest.sqrt() } else { nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_fills_its_box_to_every_side_and_no_further() {
        for (class, name) in CLASSES.iter().enumerate() {
            for step in 0..24 {
                let place = [step as f32 / 23.0, 1.0 - step as f32 / 23.0];
                let outline = Outline::new(class, 30.0, step as f32 * 0.7, place, 64.0);
                let [low, high] = outline.bounds();
                let longer = (high[0] - low[0]).max(high[1] - low[1]);
                assert!((longer - 30.0).abs() < 1e-3 && low.iter().all(|at| *at > -1e-3), "{class}: {low:?} {high:?}");
                assert!(high.iter().all(|at| *at < 64.001), "{class}: {high:?}");
                let (mut inked, mut sum) = ([f32::INFINITY, f32::INFINITY, 0.0f32, 0.0f32], 0.0);
                for (x, y) in (0..64 * 64).map(|at| ((at % 64) as f32, (at / 64) as f32)) {
                    let cover = outline.cover([x + 0.5, y + 0.5]);
                    sum += cover;
                    if cover > 0.05 {
                        inked = [inked[0].min(x), inked[1].min(y), inked[2].max(x + 1.0), inked[3].max(y + 1.0)];
                    }
                }
                // A pointed corner covers little of its last pixels.
                let right = [low[0], low[1], high[0], high[1]];
                let far = inked.iter().zip(right).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(far < 2.6, "{name}: {inked:?}, not {right:?}");
                assert!(sum > 150.0 && sum < 910.0, "{name}: {sum}");
            }
        }
    }

    #[test]
    fn coverage_is_the_area() {
        let sum = |class, angle| -> f32 {
            let outline = Outline::new(class, 40.0, angle, [0.5; 2], 64.0);
            (0..64 * 64).map(|at| outline.cover([(at % 64) as f32 + 0.5, (at / 64) as f32 + 0.5])).sum()
        };
        let near = |ours: f32, right: f32| assert!((ours / right - 1.0).abs() < 0.02, "{ours}, not {right}");
        near(sum(0, 0.0), std::f32::consts::PI * 400.0);
        near(sum(1, std::f32::consts::FRAC_PI_4), 1600.0);
        near(sum(1, 0.0), 800.0);
        near(sum(4, 0.0), (0.6 * 2.0 * 2.0 - 0.36) * 400.0);
        near(sum(5, 0.0), std::f32::consts::PI * 400.0 * (1.0 - 0.62 * 0.62));
    }
}
