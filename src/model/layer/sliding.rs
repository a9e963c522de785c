//! How a convolution's window slides along an axis: what the convolution layers share.

use super::choice::Padding;
use super::{Fix, Mismatch, ParamValue};

/// How a window slides along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Entries that the window reads.
    pub kernel: usize,
    /// Entries from one window to the next.
    pub stride: usize,
    /// What lies beyond the ends.
    pub padding: Padding,
    /// Zeros on each side when the padding is custom.
    pub pad: usize,
    /// Entries from one that is read to the next.
    pub dilation: usize,
}

/// Gives layers whose window is set by these five parameters their [`Sliding`].
macro_rules! slides {
    ($layer:ident) => {
        impl $layer {
            /// How its window slides, along either axis.
            pub fn sliding(&self) -> $crate::model::layer::Sliding {
                let Self { kernel, stride, padding, pad, dilation, .. } = *self;
                $crate::model::layer::Sliding { kernel, stride, padding, pad, dilation }
            }
        }
    };
}
pub(super) use slides;

impl Sliding {
    /// From the first entry of the window to the last.
    pub(super) fn span(&self) -> usize {
        (self.kernel - 1) * self.dilation + 1
    }

    /// Zeros before and after an axis of `size`.
    pub fn pads(&self, size: usize) -> (usize, usize) {
        match self.padding {
            Padding::Valid => (0, 0),
            Padding::Custom => (self.pad, self.pad),
            Padding::Same => {
                let out = size.div_ceil(self.stride);
                let total = ((out.saturating_sub(1)) * self.stride + self.span()).saturating_sub(size);
                (total / 2, total - total / 2)
            }
        }
    }

    /// Places the window takes along an axis of `size`; 0 when it does not fit.
    pub fn places(&self, size: usize) -> usize {
        let (before, after) = self.pads(size);
        let padded = size + before + after;
        if padded < self.span() { 0 } else { (padded - self.span()) / self.stride + 1 }
    }

    /// Zeros after the padding of an axis of `size` that let the window see the remainder too (PyTorch's ceil mode):
    /// none where a window would then stand on zeros alone.
    pub fn rest(&self, size: usize) -> usize {
        let (before, after) = self.pads(size);
        let padded = size + before + after;
        let start = self.places(size) * self.stride;
        let missing = (start + self.span()).saturating_sub(padded);
        if missing < self.stride && start < size + before { missing } else { 0 }
    }

    /// Rows and columns that leave, for those that arrive.
    pub(super) fn over(&self, [rows, columns]: [usize; 2]) -> Result<[usize; 2], Mismatch> {
        let places = [self.places(rows), self.places(columns)];
        if places.iter().all(|&n| n > 0) {
            return Ok(places);
        }
        let mut fixes = vec![Fix::Set { key: "padding", value: ParamValue::Text("same".into()) }];
        if self.dilation > 1 {
            fixes.push(Fix::Set { key: "dilation", value: ParamValue::Int(1) });
        }
        fixes.push(Fix::Set { key: "kernel", value: ParamValue::Int(rows.min(columns).max(1) as i64) });
        Err(Mismatch {
            expected: format!("at least {0} × {0} pixels", self.span()),
            got: format!("{rows} × {columns} pixels"),
            why: "The window is larger than the image.".into(),
            fixes,
        })
    }
}
