//! Ink on paper: thick anti-aliased lines on a 28 x 28 grid.

use super::hand::Point;

/// Pixels along each side, MNIST's.
pub(super) const SIDE: usize = 28;

pub(super) struct Pen {
    /// Half the width of a line, in pixels.
    pub half_width: f32,
    /// Over how many pixels the edge of a line fades.
    pub softness: f32,
    /// How dark a full stroke is, 0 to 1.
    pub ink: f32,
}

impl Pen {
    /// Pixel centres lie at whole numbers. A pixel is as dark as its nearest stroke makes it; crossings are not darker.
    pub fn draw(&self, strokes: &[Vec<Point>]) -> [f32; SIDE * SIDE] {
        let mut picture = [0.0f32; SIDE * SIDE];
        for stroke in strokes {
            for ends in stroke.windows(2) {
                self.line(ends[0], ends[1], &mut picture);
            }
        }
        picture
    }

    fn line(&self, from: Point, to: Point, picture: &mut [f32; SIDE * SIDE]) {
        let reach = self.half_width + self.softness;
        let columns = pixels(from.0.min(to.0) - reach, from.0.max(to.0) + reach);
        let rows = pixels(from.1.min(to.1) - reach, from.1.max(to.1) + reach);
        for row in rows {
            for column in columns.clone() {
                let distance = distance((column as f32, row as f32), from, to);
                let cover = ((self.half_width - distance) / self.softness + 0.5).clamp(0.0, 1.0);
                let pixel = &mut picture[row * SIDE + column];
                *pixel = pixel.max(cover * self.ink);
            }
        }
    }
}

/// The pixels of one axis between two positions.
fn pixels(low: f32, high: f32) -> std::ops::Range<usize> {
    let low = low.ceil().clamp(0.0, SIDE as f32) as usize;
    let high = (high.floor() + 1.0).clamp(0.0, SIDE as f32) as usize;
    low..high.max(low)
}

/// From a point to the nearest point of a line between two points.
fn distance(point: Point, from: Point, to: Point) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length_squared = dx * dx + dy * dy;
    let along = (point.0 - from.0) * dx + (point.1 - from.1) * dy;
    let t = if length_squared > 0.0 { (along / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (point.0 - from.0 - t * dx).hypot(point.1 - from.1 - t * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_dark_on_its_path_and_fades_beside_it() {
        let pen = Pen { half_width: 1.0, softness: 1.0, ink: 0.8 };
        let picture = pen.draw(&[vec![(5.0, 10.0), (20.0, 10.0)]]);
        let at = |row: usize, column: usize| picture[row * SIDE + column];
        assert_eq!(at(10, 12), 0.8);
        assert_eq!(at(11, 12), 0.4);
        assert_eq!(at(12, 12), 0.0);
        assert_eq!(at(10, 25), 0.0);
    }

    #[test]
    fn strokes_outside_the_paper_are_cut_off() {
        let pen = Pen { half_width: 1.0, softness: 1.0, ink: 1.0 };
        let picture = pen.draw(&[vec![(-50.0, -50.0), (80.0, 80.0)], vec![(100.0, 3.0), (300.0, 3.0)]]);
        assert_eq!(picture[0], 1.0);
        assert_eq!(picture[3 * SIDE + 27], 0.0);
    }
}
