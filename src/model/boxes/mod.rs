//! Boxes around things in a picture, as numbers: where one lies, how far two overlap, which of many that a network says
//! are kept. How right they are is in `precision`. Nothing of pictures, files or tensors.

mod cells;
mod precision;

pub use cells::{Grid, LARGEST, Seen, things};
pub use precision::{ClassPrecision, Judged, Precision, Verdict};

/// Where a thing is, in fractions of the picture: 0 to 1, x to the right, y down.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extent {
    /// Smallest x.
    pub left: f32,
    /// Smallest y.
    pub top: f32,
    /// Largest x.
    pub right: f32,
    /// Largest y.
    pub bottom: f32,
}

/// What a network says is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Index of its class.
    pub class: usize,
    /// How certain the network is: 0 to 1.
    pub score: f32,
    /// Where.
    pub extent: Extent,
}

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thing {
    /// Index of its class.
    pub class: usize,
    /// Where.
    pub extent: Extent,
}

impl Extent {
    /// Of the picture; 0 where the corners are crossed over.
    pub fn area(self) -> f64 {
        let [left, top, right, bottom] = self.sides();
        (right - left).max(0.0) * (bottom - top).max(0.0)
    }

    /// What both share, by what they cover together: 0 to 1, and 0 where neither has an area.
    pub fn iou(self, other: Self) -> f64 {
        let shared = self.shared(other).area();
        if shared > 0.0 { shared / (self.area() + other.area() - shared) } else { 0.0 }
    }

    /// Where both are. It has no area if that is nowhere.
    pub fn shared(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// What of it is inside of the picture; `None` where that is less than a share of it, or has no area.
    pub fn kept(self, least: f64) -> Option<Self> {
        let inside = self.shared(Self { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 });
        let area = inside.area();
        (area > 0.0 && area >= least * self.area()).then_some(inside)
    }

    fn sides(self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom].map(f64::from)
    }

    fn is_finite(self) -> bool {
        self.sides().into_iter().all(f64::is_finite)
    }
}

/// Non-maximum suppression: the indices of those that are kept, most certain first (the earlier of equals), at most
/// `most`. One goes if it overlaps a kept one of its class by more than `threshold` (of [`Extent::iou`]), or isn't a
/// number.
pub fn suppress(found: &[Found], threshold: f64, most: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for at in by_score(found) {
        if kept.len() == most {
            break;
        }
        let one = found[at];
        let hides = |&other: &usize| {
            let other = found[other];
            other.class == one.class && other.extent.iou(one.extent) > threshold
        };
        if !kept.iter().any(hides) {
            kept.push(at);
        }
    }
    kept
}

/// Indices, most certain first, the earlier of equals; without those that aren't numbers.
fn by_score(found: &[Found]) -> Vec<usize> {
    let is_number = |one: &Found| !one.score.is_nan() && one.extent.is_finite();
    let mut order: Vec<usize> = (0..found.len()).filter(|&at| is_number(&found[at])).collect();
    order.sort_by(|&a, &b| descending(found[a].score, found[b].score));
    order
}

/// As scores are ordered: 0 and -0 are equal.
fn descending(a: f32, b: f32) -> std::cmp::Ordering {
    b.partial_cmp(&a).unwrap_or(std::cmp::Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn extent(left: f32, top: f32, right: f32, bottom: f32) -> Extent {
        Extent { left, top, right, bottom }
    }

    fn found(class: usize, score: f32, left: f32) -> Found {
        Found { class, score, extent: extent(left, 0.0, left + 0.5, 0.5) }
    }

    #[test]
    fn overlap_is_what_is_shared_by_what_is_covered() {
        let one = extent(0.0, 0.0, 0.5, 0.5);
        assert_eq!((one.area(), one.iou(one)), (0.25, 1.0));
        assert_eq!(one.iou(extent(0.25, 0.0, 0.75, 0.5)), 1.0 / 3.0);
        assert_eq!(one.iou(extent(0.5, 0.0, 1.0, 0.5)), 0.0, "they touch");
        assert_eq!(one.iou(extent(0.6, 0.6, 0.9, 0.9)), 0.0, "apart in both directions");
        assert_eq!(one.iou(extent(0.4, 0.4, 0.1, 0.1)), 0.0, "crossed over");
        assert_eq!(extent(0.2, 0.2, 0.2, 0.4).iou(extent(0.2, 0.2, 0.2, 0.4)), 0.0, "no area");
    }

    #[test]
    fn the_most_certain_of_its_class_is_kept() {
        let all = [found(0, 0.5, 0.0), found(0, 0.9, 0.125), found(1, 0.4, 0.125), found(0, 0.3, 0.5)];
        assert_eq!(suppress(&all, 0.5, 10), [1, 2, 3]);
        assert_eq!(suppress(&all, 0.6, 10), [1, 0, 2, 3], "0.6 is not more than 0.6");
        assert_eq!(suppress(&all, 0.5, 2), [1, 2]);
        assert!(suppress(&all, 0.5, 0).is_empty());
    }

    #[test]
    fn one_that_was_suppressed_suppresses_nothing() {
        let chain = [found(0, 0.9, 0.0), found(0, 0.8, 0.2), found(0, 0.7, 0.4)];
        assert_eq!(suppress(&chain, 0.3, 10), [0, 2]);
    }

    #[test]
    fn the_earlier_of_equals_is_first_and_what_is_no_number_goes() {
        let mut all = vec![found(0, 0.5, 0.0), found(0, f32::NAN, 0.1), found(0, 0.5, 0.0), found(1, 0.5, 0.0)];
        all.push(Found { extent: extent(f32::NAN, 0.0, 1.0, 1.0), ..found(2, 0.9, 0.0) });
        all.push(found(3, f32::INFINITY, 0.0));
        assert_eq!(suppress(&all, 0.5, 10), [5, 0, 3]);
    }
}
