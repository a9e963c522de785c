//! Pictures as pixels, channels side by side, with zeros around them: what kernels read that do all channels of a pixel
//! at once.

use pulp::{Arch, Simd, WithSimd};

use super::transpose::transpose;

/// A picture with zeros around it, or some of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Pixels {
    pub channels: usize,
    /// Numbers of a pixel: as many as channels, or more, which are of any value.
    pub width: usize,
    /// Of the picture as it is.
    pub size: [usize; 2],
    /// Zeros before the first row and column.
    pub before: [usize; 2],
    /// Rows that are laid out, and pixels in each.
    pub rows: usize,
    pub pitch: usize,
}

impl Pixels {
    pub fn len(&self) -> usize {
        self.rows * self.pitch * self.width
    }

    /// Where a pixel begins; row 0 is the first that is laid out, column 0 the first zero.
    pub fn at(&self, row: usize, column: usize) -> usize {
        (row * self.pitch + column) * self.width
    }

    /// Lays `picture` out from the row `first`, counted from the first row of zeros.
    pub fn fill(&self, picture: &[f32], first: usize, out: &mut [f32]) {
        let ([height, columns], width) = (self.size, self.width);
        let left = self.before[1].min(self.pitch);
        let end = (left + columns).min(self.pitch);
        for (r, out) in out.chunks_exact_mut(self.pitch * width).take(self.rows).enumerate() {
            let Some(row) = (first + r).checked_sub(self.before[0]).filter(|row| *row < height) else {
                out.fill(0.0);
                continue;
            };
            out[..left * width].fill(0.0);
            out[end * width..].fill(0.0);
            let from = (&picture[row * columns..], height * columns);
            transpose(from, [self.channels, end - left], (&mut out[left * width..], width));
        }
    }
}

/// Numbers of a vector register of this machine.
pub fn lanes() -> usize {
    struct Lanes;
    impl WithSimd for Lanes {
        type Output = usize;

        fn with_simd<S: Simd>(self, _: S) -> usize {
            S::F32_LANES
        }
    }
    Arch::new().dispatch(Lanes)
}
