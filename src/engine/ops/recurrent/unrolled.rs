//! How the recurrent ops explain their numbers: sums over the input and the previous state, and gradients carried back
//! through time.

use super::cell::at;
use crate::engine::error::Result;
use crate::engine::explain::{Operand, Reader};
use crate::expr::Function;
use crate::trace::Arithmetic;

/// How many later steps are shown in full where gradients are carried back through time; what comes from still later
/// ones is one number.
pub const SHOWN: usize = 12;

/// The order of steps of one sequence.
#[derive(Clone, Copy)]
pub struct Order {
    pub steps: usize,
    pub reverse: bool,
}

impl Order {
    pub fn of(y: &Operand, reverse: bool) -> Self {
        Self { steps: y.dims[1], reverse }
    }

    /// Which is computed before the step at `t`.
    pub fn before(self, t: usize) -> Option<usize> {
        let k = at(t, self.steps, self.reverse);
        k.checked_sub(1).map(|k| at(k, self.steps, self.reverse))
    }

    /// Which is computed after the step at `t`.
    pub fn after(self, t: usize) -> Option<usize> {
        let k = at(t, self.steps, self.reverse) + 1;
        (k < self.steps).then(|| at(k, self.steps, self.reverse))
    }

    /// The last computed of the steps to be shown with that at `t`.
    pub fn shown(self, t: usize) -> usize {
        let k = (at(t, self.steps, self.reverse) + SHOWN).min(self.steps.saturating_sub(1));
        at(k, self.steps, self.reverse)
    }
}

/// The terms of `W x + b` for one row of the weights. Inputs of every recurrent op: x, W, U, and both biases or none.
pub fn of_input(reader: &Reader, row: usize, [b, t]: [usize; 2]) -> Result<Vec<Arithmetic>> {
    let mut terms = Vec::new();
    for f in 0..reader.input(0)?.dims[2] {
        terms.push(reader.read(0, &[b, t, f])? * reader.read(1, &[row, f])?);
    }
    if reader.inputs.len() > 3 {
        terms.push(reader.read(3, &[row])?);
    }
    Ok(terms)
}

/// The terms of `U h + b` for one row of the weights, `h` being the state before; the states are the op's first output.
pub fn of_state(reader: &Reader, row: usize, [b, t]: [usize; 2], reverse: bool) -> Result<Vec<Arithmetic>> {
    let y = reader.output(0)?;
    let mut terms = Vec::new();
    if let Some(before) = Order::of(y, reverse).before(t) {
        for c in 0..y.dims[2] {
            terms.push(y.at(&[b, before, c])? * reader.read(2, &[row, c])?);
        }
    }
    if reader.inputs.len() > 3 {
        terms.push(reader.read(4, &[row])?);
    }
    Ok(terms)
}

/// Both together.
pub fn of_both(reader: &Reader, row: usize, place: [usize; 2], reverse: bool) -> Result<Arithmetic> {
    let mut terms = of_input(reader, row, place)?;
    terms.extend(of_state(reader, row, place, reverse)?);
    Ok(Arithmetic::Sum(terms))
}

/// The terms of `Uᵀ d` for one column of the weights, from row `first` on.
pub fn through_weights(d: &Operand, u: &Operand, place: [usize; 2], c: usize, first: usize) -> Result<Vec<Arithmetic>> {
    let [b, t] = place;
    let rows = (u.dims[0] - first).min(d.dims[2]);
    (0..rows).map(|row| Ok(d.at(&[b, t, row])? * u.at(&[first + row, c])?)).collect()
}

pub fn sigmoid(sum: Arithmetic) -> Arithmetic {
    Arithmetic::call(Function::Sigmoid, sum)
}

pub fn tanh(sum: Arithmetic) -> Arithmetic {
    Arithmetic::call(Function::Tanh, sum)
}

/// `1 − a`
pub fn rest(a: Arithmetic) -> Arithmetic {
    Arithmetic::number(1.0) - a
}

/// The slope of σ where it gives `gate`.
pub fn sigmoid_slope(gate: Arithmetic) -> Arithmetic {
    gate.clone() * rest(gate)
}

/// The slope of tanh where it gives `a`.
pub fn tanh_slope(a: Arithmetic) -> Arithmetic {
    rest(a.squared())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_follow_each_other_in_either_direction() {
        let forwards = Order { steps: 20, reverse: false };
        assert_eq!((forwards.before(0), forwards.before(3), forwards.after(19)), (None, Some(2), None));
        assert_eq!((forwards.after(3), forwards.shown(3), forwards.shown(18)), (Some(4), 3 + SHOWN, 19));
        let backwards = Order { steps: 20, reverse: true };
        assert_eq!((backwards.before(19), backwards.before(3), backwards.after(0)), (None, Some(4), None));
        assert_eq!((backwards.after(3), backwards.shown(16), backwards.shown(3)), (Some(2), 16 - SHOWN, 0));
    }
}
