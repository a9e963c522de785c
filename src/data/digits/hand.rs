//! One writer's hand: bends a skeleton, slants, turns, stretches and places it, and picks the pen.

use std::f64::consts::TAU;

use super::pen::{Pen, SIDE};
use super::skeletons::Stroke;
use crate::data::random::Draws;

/// A point of the picture in pixels.
pub(super) type Point = (f32, f32);

/// How long a piece of a smooth curve is drawn as a straight line: enough pieces per control point to look round.
const PIECES: usize = 7;

/// The strokes of one sample as polylines in pixels, and the pen that draws them.
pub(super) fn write(skeleton: &[Stroke], draws: &mut Draws) -> (Vec<Vec<Point>>, Pen) {
    let bend = Bend::new(draws);
    let place = Placement::new(draws);
    let strokes = skeleton
        .iter()
        .map(|stroke| {
            let shake = 0.022;
            let points: Vec<Point> = stroke
                .points
                .iter()
                .map(|&(x, y)| {
                    let (x, y) = bend.at(x, y);
                    (x + (shake * draws.normal()) as f32, y + (shake * draws.normal()) as f32)
                })
                .collect();
            let path = if stroke.smooth { smooth(&points) } else { points };
            path.into_iter().map(|point| place.at(point)).collect()
        })
        .collect();
    let pen = Pen {
        half_width: draws.uniform(0.8, 1.7) as f32,
        softness: draws.uniform(0.9, 1.8) as f32,
        ink: draws.uniform(0.7, 1.0) as f32,
    };
    (strokes, pen)
}

/// A slow wave over the unit box that moves neighbouring points alike: strokes that meet still meet.
struct Bend {
    /// For x and y: two waves, each (amplitude, frequency along x, frequency along y, phase).
    waves: [[(f64, f64, f64, f64); 2]; 2],
}

impl Bend {
    fn new(draws: &mut Draws) -> Self {
        let mut wave = || {
            let amplitude = 0.045 * draws.normal();
            (amplitude, draws.uniform(-4.0, 4.0), draws.uniform(-4.0, 4.0), draws.uniform(0.0, TAU))
        };
        Self { waves: [[wave(), wave()], [wave(), wave()]] }
    }

    fn at(&self, x: f32, y: f32) -> Point {
        let (x, y) = (f64::from(x), f64::from(y));
        let moved = |waves: &[(f64, f64, f64, f64)]| -> f64 {
            waves.iter().map(|&(amplitude, fx, fy, phase)| amplitude * (fx * x + fy * y + phase).sin()).sum()
        };
        ((x + moved(&self.waves[0])) as f32, (y + moved(&self.waves[1])) as f32)
    }
}

/// From the unit box to pixels: stretch, slant, turn, shift.
struct Placement {
    width: f32,
    height: f32,
    slant: f32,
    turn: (f32, f32),
    centre: Point,
}

impl Placement {
    fn new(draws: &mut Draws) -> Self {
        let height = draws.uniform(16.0, 21.0);
        let width = height * draws.uniform(0.5, 0.9);
        let angle = 0.1 * draws.normal();
        let room = 1.6;
        let middle = (SIDE as f64 - 1.0) / 2.0;
        Self {
            width: width as f32,
            height: height as f32,
            slant: (0.12 + 0.17 * draws.normal()) as f32,
            turn: (angle.cos() as f32, angle.sin() as f32),
            centre: ((middle + draws.uniform(-room, room)) as f32, (middle + draws.uniform(-room, room)) as f32),
        }
    }

    fn at(&self, (x, y): Point) -> Point {
        let (x, y) = ((x - 0.5) * self.width, (y - 0.5) * self.height);
        // A positive slant leans to the right: what is above (negative y) moves right.
        let x = x - self.slant * y;
        let (cos, sin) = self.turn;
        (x * cos - y * sin + self.centre.0, x * sin + y * cos + self.centre.1)
    }
}

/// A Catmull-Rom spline through the points (uniform; the ends are doubled), as short straight pieces.
fn smooth(points: &[Point]) -> Vec<Point> {
    let mut path = Vec::with_capacity(points.len() * PIECES + 1);
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    for i in 0..points.len() as isize - 1 {
        let (a, b, c, d) = (at(i - 1), at(i), at(i + 1), at(i + 2));
        for piece in 0..PIECES {
            let t = piece as f32 / PIECES as f32;
            path.push((spline(a.0, b.0, c.0, d.0, t), spline(a.1, b.1, c.1, d.1, t)));
        }
    }
    path.extend(points.last());
    path
}

/// The spline between `b` (t = 0) and `c` (t = 1).
fn spline(a: f32, b: f32, c: f32, d: f32, t: f32) -> f32 {
    let (t2, t3) = (t * t, t * t * t);
    0.5 * (2.0 * b + (c - a) * t + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2 + (3.0 * b - a - 3.0 * c + d) * t3)
}
