//! A window that slides over the rows and columns of a picture: the arithmetic that convolution and pooling share.

/// Kernel, stride, zeros around and spacing of the kernel's entries, each `[rows, columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub before: [usize; 2],
    pub after: [usize; 2],
    /// How far apart the entries lie on the picture; 1: side by side.
    pub dilation: [usize; 2],
}

impl Window {
    /// Square and without zeros around, as pooling takes it.
    pub fn square(kernel: usize, stride: usize) -> Self {
        Self { kernel: [kernel; 2], stride: [stride; 2], before: [0; 2], after: [0; 2], dilation: [1; 2] }
    }

    /// Rows (or columns) of the picture from the first entry to the last.
    pub fn span(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// Places the window takes over a picture of `size`, per axis; 0 when it does not fit.
    pub fn places(&self, size: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis| {
            let padded = size[axis] + self.before[axis] + self.after[axis];
            let span = self.span(axis);
            if padded < span { 0 } else { (padded - span) / self.stride[axis] + 1 }
        })
    }

    /// Numbers in the window.
    pub fn area(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The places along an axis where entry `offset` of the window lies on the picture, not on the zeros around it.
    pub fn inside(&self, axis: usize, offset: usize, size: usize, places: usize) -> std::ops::Range<usize> {
        let (stride, before, offset) = (self.stride[axis], self.before[axis], offset * self.dilation[axis]);
        let first = before.saturating_sub(offset).div_ceil(stride).min(places);
        let end = (size + before).saturating_sub(offset).div_ceil(stride).min(places);
        first..end.max(first)
    }

    /// The row (or column) of the picture under entry `offset` of the window at `place`; only for places
    /// [`Self::inside`].
    pub fn under(&self, axis: usize, offset: usize, place: usize) -> usize {
        place * self.stride[axis] + offset * self.dilation[axis] - self.before[axis]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_agrees_with_looking_at_every_place() {
        for kernel in 1..5 {
            for (stride, dilation) in (1..4).flat_map(|stride| [(stride, 1), (stride, 2), (stride, 3)]) {
                for (before, after) in [(0, 0), (1, 0), (0, 1), (2, 3), (5, 5)] {
                    for size in 1..7 {
                        let (before, after, dilation) = ([before; 2], [after; 2], [dilation; 2]);
                        let w = Window { kernel: [kernel; 2], stride: [stride; 2], before, after, dilation };
                        let places = w.places([size, size])[0];
                        for offset in 0..kernel {
                            let at = |p: &usize| p * stride + offset * dilation[0];
                            let expected: Vec<usize> =
                                (0..places).filter(|p| (before[0]..before[0] + size).contains(&at(p))).collect();
                            let range = w.inside(0, offset, size, places);
                            assert_eq!(range.clone().collect::<Vec<_>>(), expected, "{w:?} {size} {offset}");
                            assert!(range.clone().all(|p| w.under(0, offset, p) < size));
                        }
                    }
                }
            }
        }
    }
}
