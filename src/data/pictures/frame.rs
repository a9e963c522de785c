//! From places in the square that a network is given back to the picture that it was made of.

use super::decode::{self, Wanted};
use crate::model::boxes::Extent;

/// How a picture lies in its square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Width and height of the whole picture, as it is shown.
    size: [f64; 2],
    /// Of each axis, where the picture begins and how long it is, in sides of the square.
    placed: [[f64; 2]; 2],
}

impl Frame {
    pub(in crate::data) fn of(size: [u32; 2], wanted: Wanted) -> Self {
        let side = wanted.side as f64;
        let placed = decode::placed(size, wanted).map(|axis| axis.map(|pixels| pixels / side));
        Self { size: size.map(f64::from), placed }
    }

    /// Of a picture that is its square.
    pub fn whole(width: usize, height: usize) -> Self {
        Self { size: [width as f64, height as f64], placed: [[0.0, 1.0]; 2] }
    }

    /// Left, top, right and bottom in pixels of the picture, as far as they are in it.
    pub fn pixels(&self, extent: Extent) -> [f32; 4] {
        let at = |fraction: f32, axis: usize| {
            let ([begin, length], size) = (self.placed[axis], self.size[axis]);
            ((f64::from(fraction) - begin) / length * size).clamp(0.0, size) as f32
        };
        [at(extent.left, 0), at(extent.top, 1), at(extent.right, 0), at(extent.bottom, 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fit;

    #[test]
    fn a_box_is_told_in_pixels_of_the_picture_however_it_was_fitted() {
        let pixels = |fit, [left, top, right, bottom]: [f32; 4]| {
            let frame = Frame::of([200, 100], Wanted { side: 50, channels: 3, fit });
            frame.pixels(Extent { left, top, right, bottom }).map(f32::round)
        };
        assert_eq!(pixels(Fit::Stretch, [0.1, 0.2, 0.5, 1.2]), [20.0, 20.0, 100.0, 100.0]);
        // Half of the height is bars: 12 pixels above, 13 below.
        assert_eq!(pixels(Fit::Pad, [0.0, 0.24, 0.5, 0.74]), [0.0, 0.0, 100.0, 100.0]);
        assert_eq!(pixels(Fit::Pad, [0.25, 0.0, 1.0, 0.49]), [50.0, 0.0, 200.0, 50.0]);
        // A quarter is cut off on both sides.
        assert_eq!(pixels(Fit::Crop, [0.0, 0.0, 0.5, 0.5]), [50.0, 0.0, 100.0, 50.0]);
        let whole = Frame::whole(40, 20).pixels(Extent { left: 0.25, top: 0.5, right: 2.0, bottom: 1.0 });
        assert_eq!(whole, [10.0, 10.0, 40.0, 20.0]);
    }
}
