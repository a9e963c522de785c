//! The shape of one sample, without the batch axis.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Sizes of the axes: `[units]` for a row, `[channels, rows, columns]` for a picture. Empty is a single number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(pub Vec<usize>);

impl Shape {
    /// A row of numbers, `[len]`.
    pub fn row(len: usize) -> Self {
        Self(vec![len])
    }

    /// Numbers in one sample. Saturates instead of overflowing.
    pub fn len(&self) -> usize {
        self.0.iter().fold(1usize, |n, &d| n.saturating_mul(d))
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// `[channels, rows, columns]` when the sample is a picture.
    pub fn as_image(&self) -> Option<[usize; 3]> {
        <[usize; 3]>::try_from(self.0.as_slice()).ok()
    }
}

impl From<Vec<usize>> for Shape {
    fn from(sizes: Vec<usize>) -> Self {
        Self(sizes)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("1 number");
        }
        for (i, size) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(" × ")?;
            }
            write!(f, "{size}")?;
        }
        Ok(())
    }
}
