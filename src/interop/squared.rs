//! Windows of other programs that aren't square: here they all are, so theirs are written into a square of zeros.

/// Where the numbers of a window lie in a square one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Squared {
    /// Its rows and columns.
    pub sizes: [usize; 2],
    /// How far apart its rows and its columns are in the square.
    pub steps: [usize; 2],
    /// Rows and columns of the square before its first.
    pub before: [usize; 2],
    /// The rows, and columns, of the square.
    pub side: usize,
}

impl Squared {
    /// A kernel `[outer, rows, columns]` as `[outer, side, side]`.
    pub fn kernel(&self, weights: &[f32]) -> Vec<f32> {
        let Self { sizes: [rows, columns], steps, before, side } = *self;
        let outer = weights.len() / (rows * columns).max(1);
        let mut all = vec![0.0; outer * side * side];
        for (at, &number) in weights.iter().enumerate() {
            let (o, i, j) = (at / (rows * columns), at / columns % rows, at % columns);
            all[(o * side + before[0] + i * steps[0]) * side + before[1] + j * steps[1]] = number;
        }
        all
    }
}
