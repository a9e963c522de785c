//! What the normalisations have in common: mean and variance of a set of numbers, a number counted from the mean in
//! units of the spread, and the gradient of that; of rows of tensors, and as they explain it.

use std::ops::Range;

use candle_core::Tensor;

use crate::engine::error::Result;
use crate::engine::explain::Operand;
use crate::engine::ops::places;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// `[rows, 1]`
pub fn column(values: &Tensor) -> Result<Tensor> {
    Ok(values.reshape((values.elem_count(), 1))?)
}

/// `1 / √(variance + ε)` as `[rows, 1]`.
fn scale(variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok((column(variance)? + epsilon)?.sqrt()?.recip()?)
}

/// `(x - mean) / √(variance + ε)` of `[rows, D]`, each row by its own statistics.
pub fn of_rows(x: &Tensor, mean: &Tensor, variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    Ok(x.broadcast_sub(&column(mean)?)?.broadcast_mul(&scale(variance, epsilon)?)?)
}

/// The gradient of those rows, out of `h`, that of what [`of_rows`] made.
pub fn pull_back(h: &Tensor, xhat: &Tensor, variance: &Tensor, epsilon: f64) -> Result<Tensor> {
    let along = xhat.broadcast_mul(&(h * xhat)?.mean_keepdim(1)?)?;
    let inner = (h.broadcast_sub(&h.mean_keepdim(1)?)? - along)?;
    Ok(inner.broadcast_mul(&scale(variance, epsilon)?)?)
}

/// `√(var + ε)`
pub fn spread(variance: Arithmetic, epsilon: f64) -> Arithmetic {
    Arithmetic::named("spread", Arithmetic::call(Function::Sqrt, variance + Arithmetic::given("ε", epsilon)))
}

/// `(x − mean) / √(var + ε)`
pub fn standardised(x: Arithmetic, mean: Arithmetic, variance: Arithmetic, epsilon: f64) -> Arithmetic {
    Arithmetic::named("x̂", (x - mean) / spread(variance, epsilon))
}

/// How many numbers a set has.
pub fn number_of(set: &[Range<usize>]) -> Arithmetic {
    Arithmetic::given("n", places::count(set) as f64)
}

/// `Σ x / n`
pub fn mean(set: &[Range<usize>], x: &Operand) -> Result<Arithmetic> {
    Ok(places::sum(set, |at| x.at(at))? / number_of(set))
}

/// `Σ (x − mean)² / n`
pub fn variance(set: &[Range<usize>], x: &Operand, mean: &Arithmetic) -> Result<Arithmetic> {
    Ok(places::sum(set, |at| Ok((x.at(at)? - mean.clone()).squared()))? / number_of(set))
}

/// A set of numbers that were standardised together, by its own statistics.
pub struct Together<'a> {
    pub set: &'a [Range<usize>],
    pub x: &'a Operand,
    pub mean: Arithmetic,
    pub variance: Arithmetic,
    pub epsilon: f64,
}

impl Together<'_> {
    pub fn standardised(&self, at: &[usize]) -> Result<Arithmetic> {
        Ok(standardised(self.x.at(at)?, self.mean.clone(), self.variance.clone(), self.epsilon))
    }

    /// `(h − mean(h) − x̂ · mean(h · x̂)) / √(var + ε)`, where `h` is the gradient of each standardised number.
    pub fn gradient(&self, at: &[usize], h: impl Fn(&[usize]) -> Result<Arithmetic>) -> Result<Arithmetic> {
        let n = number_of(self.set);
        let shift = places::sum(self.set, &h)? / n.clone();
        // The spread is the same for all: it divides the sum once.
        let along = places::sum(self.set, |other| Ok(h(other)? * (self.x.at(other)? - self.mean.clone())))?;
        let along = along / spread(self.variance.clone(), self.epsilon) / n;
        let stretch = self.standardised(at)? * Arithmetic::named("mean(h · x̂)", along);
        let inner = Arithmetic::named("h", h(at)?) - Arithmetic::named("mean(h)", shift) - stretch;
        Ok(inner / spread(self.variance.clone(), self.epsilon))
    }
}
