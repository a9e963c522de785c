//! From corners as labels have them to fractions of the picture as it is shown.

use std::collections::{BTreeMap, HashSet};

use image::metadata::Orientation;
use rayon::prelude::*;

use super::files::Files;
use super::tally::{Change, Fault, Tally};
use super::{Annotated, Unit};
use crate::data::DataError;
use crate::data::pictures::decode;
use crate::data::progress::{Progress, stop_if_cancelled};
use crate::model::boxes::{Extent, Thing};

/// Pictures placed between two looks at whether somebody still wants them.
const PIECE: usize = 256;
/// What may reach beyond a picture of fractions by rounding.
const ROUNDING: f64 = 1e-3;

/// The things of each picture that can be read. Those of boxes in pixels are opened.
pub(super) fn place(
    files: &Files,
    annotated: BTreeMap<usize, Annotated>,
    unit: Unit,
    progress: &dyn Progress,
) -> Result<(BTreeMap<usize, Vec<Thing>>, Tally), DataError> {
    let all: Vec<Annotated> = annotated.into_values().collect();
    let (mut placed, mut tally) = (BTreeMap::new(), Tally::default());
    for (done, some) in all.chunks(PIECE).enumerate() {
        stop_if_cancelled(progress)?;
        progress.report(0.1 + 0.1 * (done * PIECE) as f32 / all.len() as f32, "placing boxes");
        let things: Vec<_> = some.par_iter().map(|annotated| of_picture(files, annotated, unit)).collect();
        for (annotated, (things, own)) in some.iter().zip(things) {
            placed.insert(annotated.picture, things);
            tally.append(own);
        }
    }
    Ok((placed, tally))
}

fn of_picture(files: &Files, annotated: &Annotated, unit: Unit) -> (Vec<Thing>, Tally) {
    let (mut tally, mut things, mut seen) = (Tally::default(), Vec::new(), HashSet::new());
    let frame = match unit {
        Unit::Fractions => Frame::of_fractions(),
        Unit::Pixels => match decode::head(&files.pictures[annotated.picture]) {
            Ok(head) => Frame::of([head.width, head.height].map(f64::from), head.turned, annotated.stated),
            // It is told of, and left out, when it is decoded.
            Err(_) => return (things, tally),
        },
    };
    if let Some(change) = frame.change.filter(|_| !annotated.boxes.is_empty()) {
        tally.change(change, &annotated.label);
    }
    for (class, corners) in &annotated.boxes {
        match frame.extent(*corners) {
            Err(fault) => tally.fault(fault, &annotated.label),
            Ok((extent, is_cut)) => {
                if !seen.insert((*class, [extent.left, extent.top, extent.right, extent.bottom].map(f32::to_bits))) {
                    tally.fault(Fault::Twice, &annotated.label);
                    continue;
                }
                if is_cut {
                    tally.change(Change::Cut, &annotated.label);
                }
                things.push(Thing { class: *class, extent });
            }
        }
    }
    (things, tally)
}

/// What corners are counted from, and in.
struct Frame {
    size: [f64; 2],
    /// How far a box may reach beyond without a word.
    rounding: [f64; 2],
    turned: Orientation,
    change: Option<Change>,
}

impl Frame {
    fn of_fractions() -> Self {
        Self { size: [1.0; 2], rounding: [ROUNDING; 2], turned: Orientation::NoTransforms, change: None }
    }

    /// `stored`: width and height in the file; `turned`: how it is shown; `stated`: its size by the label.
    fn of(stored: [f64; 2], turned: Orientation, stated: Option<[f64; 2]>) -> Self {
        let shown = if is_across(turned) { [stored[1], stored[0]] } else { stored };
        let of = |size: [f64; 2], turned, change| Self { size, rounding: size.map(|side| 1.0 / side), turned, change };
        let none = Orientation::NoTransforms;
        let Some(stated) = stated.filter(|stated| *stated != shown) else { return of(shown, none, None) };
        let is_resized = |from: [f64; 2]| (stated[0] * from[1] / (stated[1] * from[0]) - 1.0).abs() < 0.01;
        if is_resized(shown) {
            return of(stated, none, Some(Change::Resized));
        }
        if stated == stored {
            return of(stored, turned, Some(Change::Turned));
        }
        of(shown, none, Some(Change::Contradicted))
    }

    /// Inside of the picture, and whether something was cut off for that.
    fn extent(&self, corners: [f64; 4]) -> Result<(Extent, bool), Fault> {
        if corners.iter().any(|corner| !corner.is_finite()) {
            return Err(Fault::NotANumber);
        }
        let [width, height] = self.size;
        let [left, top, right, bottom] =
            turn([corners[0] / width, corners[1] / height, corners[2] / width, corners[3] / height], self.turned);
        if right <= left || bottom <= top {
            return Err(Fault::NoArea);
        }
        if left >= 1.0 || top >= 1.0 || right <= 0.0 || bottom <= 0.0 {
            return Err(Fault::Outside);
        }
        let [x, y] = self.rounding;
        let is_cut = left < -x || right > 1.0 + x || top < -y || bottom > 1.0 + y;
        let [left, top, right, bottom] = [left, top, right, bottom].map(|side| side.clamp(0.0, 1.0) as f32);
        if right <= left || bottom <= top {
            return Err(Fault::NoArea);
        }
        Ok((Extent { left, top, right, bottom }, is_cut))
    }
}

/// Whether rows become columns.
fn is_across(turned: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(turned, Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH)
}

/// Left, top, right and bottom in a picture that is turned so.
fn turn([left, top, right, bottom]: [f64; 4], turned: Orientation) -> [f64; 4] {
    match turned {
        Orientation::NoTransforms => [left, top, right, bottom],
        Orientation::FlipHorizontal => [1.0 - right, top, 1.0 - left, bottom],
        Orientation::FlipVertical => [left, 1.0 - bottom, right, 1.0 - top],
        Orientation::Rotate180 => [1.0 - right, 1.0 - bottom, 1.0 - left, 1.0 - top],
        Orientation::Rotate90 => [1.0 - bottom, left, 1.0 - top, right],
        Orientation::Rotate270 => [top, 1.0 - right, bottom, 1.0 - left],
        Orientation::Rotate90FlipH => [top, left, bottom, right],
        Orientation::Rotate270FlipH => [1.0 - bottom, 1.0 - right, 1.0 - top, 1.0 - left],
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma};

    use super::*;

    #[test]
    fn a_box_is_turned_as_its_picture_is() {
        use Orientation::*;
        for turned in
            [NoTransforms, FlipHorizontal, FlipVertical, Rotate180, Rotate90, Rotate270, Rotate90FlipH, Rotate270FlipH]
        {
            let mut picture = GrayImage::new(8, 4);
            (1..3).for_each(|y| (2..7).for_each(|x| picture.put_pixel(x, y, Luma([255]))));
            let mut picture = DynamicImage::from(picture);
            picture.apply_orientation(turned);
            let frame = Frame::of([8.0, 4.0], turned, Some([8.0, 4.0]));
            let (extent, is_cut) = frame.extent([2.0, 1.0, 7.0, 3.0]).unwrap();
            let shown = picture.to_luma8();
            // Upside down, nothing tells how the label means it: as the picture is shown.
            let is_known = is_across(turned);
            if !is_known {
                assert_eq!(
                    (extent, frame.change),
                    (Frame::of([8.0, 4.0], NoTransforms, None).extent([2.0, 1.0, 7.0, 3.0]).unwrap().0, None)
                );
                continue;
            }
            let (width, height) = (shown.width() as f32, shown.height() as f32);
            let is_inside = |x: u32, y: u32| {
                let (x, y) = ((x as f32 + 0.5) / width, (y as f32 + 0.5) / height);
                x > extent.left && x < extent.right && y > extent.top && y < extent.bottom
            };
            assert!(shown.enumerate_pixels().all(|(x, y, pixel)| is_inside(x, y) == (pixel.0[0] > 0)), "{turned:?}");
            assert_eq!((is_cut, frame.change), (false, Some(Change::Turned)));
        }
    }

    #[test]
    fn sizes_that_differ_are_scaled_or_the_pictures_own() {
        let none = Orientation::NoTransforms;
        let same = Frame::of([200.0, 100.0], none, Some([400.0, 200.0]));
        assert_eq!((same.size, same.change), ([400.0, 200.0], Some(Change::Resized)));
        let other = Frame::of([200.0, 100.0], none, Some([200.0, 300.0]));
        assert_eq!((other.size, other.change), ([200.0, 100.0], Some(Change::Contradicted)));
        let unknown = Frame::of([200.0, 100.0], Orientation::Rotate90, None);
        assert_eq!((unknown.size, unknown.change), ([100.0, 200.0], None));
    }

    #[test]
    fn what_lies_outside_is_cut_or_a_fault() {
        let frame = Frame::of([200.0, 100.0], Orientation::NoTransforms, None);
        let extent = |left, top, right, bottom| Extent { left, top, right, bottom };
        assert_eq!(frame.extent([20.0, 10.0, 100.0, 50.0]), Ok((extent(0.1, 0.1, 0.5, 0.5), false)));
        assert_eq!(frame.extent([-0.5, 0.0, 200.5, 50.0]), Ok((extent(0.0, 0.0, 1.0, 0.5), false)), "half a pixel");
        assert_eq!(frame.extent([-20.0, 0.0, 100.0, 150.0]), Ok((extent(0.0, 0.0, 0.5, 1.0), true)));
        assert_eq!(frame.extent([200.0, 0.0, 220.0, 50.0]), Err(Fault::Outside));
        assert_eq!(frame.extent([20.0, 10.0, 20.0, 50.0]), Err(Fault::NoArea));
        assert_eq!(frame.extent([30.0, 10.0, 20.0, 50.0]), Err(Fault::NoArea));
        assert_eq!(frame.extent([30.0, f64::NAN, 40.0, 50.0]), Err(Fault::NotANumber));
        assert_eq!(frame.extent([0.0, 0.0, f64::INFINITY, 50.0]), Err(Fault::NotANumber));
        assert_eq!(frame.extent([1e-300, 0.0, 2e-300, 50.0]), Err(Fault::NoArea));
    }
}
