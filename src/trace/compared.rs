//! What differs between two tensors of one shape, in numbers.

use super::TensorRecord;

/// Over the numbers so far.
#[derive(Default)]
pub struct Sums {
    /// Elements compared.
    pub count: usize,
    largest: f32,
    at: usize,
    sum: f64,
    squares: f64,
    norm: f64,
    same: usize,
}

/// What there is to say about a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Largest magnitude, and where.
    pub largest: f32,
    /// Index of the largest difference.
    pub at: Vec<usize>,
    /// Mean absolute difference.
    pub mean: f64,
    /// Norm of the difference as a share of the norm of the second.
    pub relative: f64,
    /// Share of numbers that are the same bit for bit (or both NaN).
    pub same: f32,
}

impl Sums {
    /// Some more numbers; their differences are written down.
    pub fn advance(&mut self, a: &[f32], b: &[f32], difference: &mut [f32]) {
        for ((&a, &b), d) in a.iter().zip(b).zip(difference) {
            *d = self::difference(a, b);
            let magnitude = if d.is_nan() { f32::INFINITY } else { d.abs() };
            if magnitude > self.largest {
                (self.largest, self.at) = (magnitude, self.count);
            }
            self.sum += f64::from(magnitude);
            self.squares += f64::from(magnitude) * f64::from(magnitude);
            self.norm += f64::from(b) * f64::from(b);
            self.same += usize::from(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
            self.count += 1;
        }
    }
}

/// Equal infinities do not differ.
fn difference(a: f32, b: f32) -> f32 {
    if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { a - b }
}

impl Facts {
    /// Summarises the sums over the elements of `record`.
    pub fn of(sums: &Sums, record: &TensorRecord) -> Self {
        let &Sums { count, largest, at, sum, squares, norm, same } = sums;
        let n = count.max(1) as f64;
        Self {
            largest,
            at: record.unflatten(at),
            mean: sum / n,
            relative: if squares == 0.0 { 0.0 } else { (squares / norm).sqrt() },
            same: same as f32 / n as f32,
        }
    }

    /// Of two whole tensors; a sentence when they cannot be compared.
    pub fn between(a: &TensorRecord, b: &TensorRecord) -> Result<Self, String> {
        comparable(a, b)?;
        let (mut sums, mut differences) = (Sums::default(), vec![0.0; a.data.len()]);
        sums.advance(&a.data, &b.data, &mut differences);
        Ok(Self::of(&sums, a))
    }
}

/// A sentence where two tensors have different shapes.
pub fn comparable(a: &TensorRecord, b: &TensorRecord) -> Result<(), String> {
    if a.dims == b.dims {
        return Ok(());
    }
    Err(format!(
        "{} has shape {:?} and {} has shape {:?}: only tensors of the same shape can be compared.",
        a.name, a.dims, b.name, b.dims
    ))
}
