//! Points that a person put on the plane.

use serde::{Deserialize, Serialize};

/// A point and its class; in files `[x, y, class]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f32, f32, usize)", into = "(f32, f32, usize)")]
pub struct OwnPoint {
    /// Across.
    pub x: f32,
    /// Up.
    pub y: f32,
    /// From 0.
    pub class: usize,
}

impl OwnPoint {
    /// What a plane shows reaches so far from its middle.
    pub const REACH: f32 = 6.0;
    /// How many there may be.
    pub const MOST: usize = 5000;
    /// So few can be divided into parts.
    pub const LEAST: usize = 4;

    /// Whether a set of them can be learnt from: enough, and of two classes.
    pub fn suffice(points: &[Self]) -> bool {
        let first = points.first().map(|point| point.class);
        points.len() >= Self::LEAST && points.iter().any(|point| Some(point.class) != first)
    }
}

impl From<(f32, f32, usize)> for OwnPoint {
    fn from((x, y, class): (f32, f32, usize)) -> Self {
        Self { x, y, class }
    }
}

impl From<OwnPoint> for (f32, f32, usize) {
    fn from(point: OwnPoint) -> Self {
        (point.x, point.y, point.class)
    }
}
