//! What LSTM, GRU and the simple recurrent network share: the order of steps, the reference's way through time, and the
//! gradients of the weights between states and of the biases.

use candle_core::Tensor;

#[cfg(test)]
use super::squash::{Functions, Squash};
use super::unrolled::Order;
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::recurrent::{self as kernels, Sequence};
use crate::engine::kernels::reduce;
use crate::engine::op::{Frame, Op, ValueShape};
#[cfg(test)]
use crate::engine::ops::check::Case;
use crate::engine::ops::everywhere::product;
use crate::engine::ops::linear::{LinearW, LinearX};
use crate::engine::ops::places;
use crate::engine::program::ValueId;
use crate::trace::Arithmetic;

/// Where the k-th step to be computed stands.
pub fn at(k: usize, steps: usize, reverse: bool) -> usize {
    if reverse { steps - 1 - k } else { k }
}

/// `forwards` or `backwards`, for listings.
pub fn direction(reverse: bool) -> String {
    if reverse { "backwards".into() } else { String::new() }
}

/// Step `t` of `[B, T, N]` as `[B, N]`.
pub fn step(x: &Tensor, t: usize) -> Result<Tensor> {
    Ok(x.narrow(1, t, 1)?.squeeze(1)?)
}

/// Columns of `[B, N]`: part `i` of `h` columns.
pub fn part(x: &Tensor, i: usize, h: usize) -> Result<Tensor> {
    Ok(x.narrow(1, i * h, h)?)
}

/// `[B, T, N]` from steps `[B, N]` in the order in which they were computed.
pub fn in_place(mut steps: Vec<Tensor>, reverse: bool) -> Result<Tensor> {
    if reverse {
        steps.reverse();
    }
    Ok(Tensor::stack(&steps, 1)?)
}

/// `x Wᵀ` of `[B, T, F]`, with a bias when there is one.
pub fn input_product(x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let (batch, steps, features) = x.dims3()?;
    let y = product(&x.reshape((batch * steps, features))?, &w.t()?)?;
    let y = if let Some(bias) = bias { y.broadcast_add(bias)? } else { y };
    Ok(y.reshape((batch, steps, w.dim(0)?))?)
}

/// Sizes of a sequence of states `[B, T, H]`.
pub fn sequence(y: &Tensor, reverse: bool) -> Result<Sequence> {
    let (batch, steps, hidden) = y.dims3()?;
    Ok(Sequence { batch, steps, hidden, reverse })
}

/// The inputs of every recurrent op: x `[B, T, F]`, input weights, state weights, and both biases or none.
pub fn both_biases<'a>(frame: &'a Frame) -> Result<Option<(&'a Tensor, &'a Tensor)>> {
    if frame.input_count() > 3 { Ok(Some((frame.input(3)?, frame.input(4)?))) } else { Ok(None) }
}

/// Of states, of `gates` gates for each unit, and of one more number for each unit that backward needs.
pub fn gated_shapes(inputs: &[ValueShape], gates: usize) -> Vec<ValueShape> {
    let (steps, hidden) = (inputs[0].dims[0], inputs[2].dims[1]);
    [hidden, gates * hidden, hidden].map(|width| ValueShape::batched(vec![steps, width])).to_vec()
}

/// Gives the gradients of all inputs of a recurrent op, out of those of its gates: `gates` for the input's side; on the
/// states' side the first `shared` columns of them, then `states` when there is one.
pub fn contribute(pull: &mut Pullback, (gates, states): (ValueId, Option<ValueId>), (shared, reverse): (usize, bool)) {
    let (x, input_weights) = (pull.input(0), pull.input(1));
    let dims = pull.shape(input_weights).dims.clone();
    pull.give(0, LinearX, &[gates, input_weights]);
    pull.give(1, LinearW { dims }, &[gates, x]);
    let parts: Vec<_> = std::iter::once(gates).chain(states).collect();
    let with_states: Vec<_> = std::iter::once(pull.output(0)).chain(parts.iter().copied()).collect();
    pull.give(2, StateWeights { shared, reverse }, &with_states);
    pull.give_both([3, 4], Biases { shared }, &parts);
}

/// Inputs: the states `[B, T, H]`, then what each row of weights was used for: gates, and what else saw the state.
#[derive(Debug)]
struct StateWeights {
    /// How many columns of the gates saw the state.
    shared: usize,
    reverse: bool,
}

impl Op for StateWeights {
    fn name(&self) -> &'static str {
        "recurrent'w"
    }

    fn formula(&self) -> &'static str {
        "dW = Σₜ dgatesₜᵀ hₜ₋₁"
    }

    fn words(&self) -> &'static str {
        "The previous state times the gate's gradient, summed over steps and batch."
    }

    fn settings(&self) -> String {
        direction(self.reverse)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let y = frame.input(0)?;
        let (batch, steps, h) = y.dims3()?;
        let before = if self.reverse {
            y.narrow(1, 1, steps - 1)?.pad_with_zeros(1, 0, 1)?
        } else {
            y.narrow(1, 0, steps - 1)?.pad_with_zeros(1, 1, 0)?
        };
        let before = before.force_contiguous()?.reshape((batch * steps, h))?;
        let with_state = |gates: &Tensor| Ok(product(&gates.flatten(0, 1)?.t()?, &before)?);
        let mut dw: Tensor = with_state(&frame.input(1)?.narrow(2, 0, self.shared)?.force_contiguous()?)?;
        if frame.input_count() > 2 {
            let below: Result<Tensor> = with_state(frame.input(2)?);
            dw = Tensor::cat(&[dw, below?], 0)?;
        }
        frame.set(0, dw)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let s = sequence(frame.input(0)?, self.reverse)?;
        let width = frame.input(1)?.dim(2)?;
        let below = if frame.input_count() > 2 { frame.input(2)?.dim(2)? } else { 0 };
        let out = frame.reuse(0, &[self.shared + below, s.hidden])?;
        {
            let (y, gates) = (frame.f32s(0)?, frame.f32s(1)?);
            let states = if below > 0 { Some(frame.f32s(2)?) } else { None };
            let mut parts: Vec<(&[f32], usize, usize)> = vec![(&gates, width, self.shared)];
            parts.extend(states.as_ref().map(|states| (&**states, below, below)));
            bridge::write(&out, |dw| kernels::state_weights(&s, &y, &parts, dw))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (y, order) = (reader.input(0)?, Order::of(reader.input(0)?, self.reverse));
        let (input, row) = if index[0] < self.shared { (1, index[0]) } else { (2, index[0] - self.shared) };
        let mut terms = Vec::new();
        for (b, t) in (0..y.dims[0]).flat_map(|b| (0..order.steps).map(move |t| (b, t))) {
            if let Some(before) = order.before(t) {
                terms.push(reader.read(input, &[b, t, row])? * y.at(&[b, before, index[1]])?);
            }
        }
        Ok(Arithmetic::Sum(terms))
    }
}

/// Inputs: the gradients of the gates, and of what else saw the state. Outputs: of the input's bias and of the state's.
#[derive(Debug)]
struct Biases {
    shared: usize,
}

impl Op for Biases {
    fn name(&self) -> &'static str {
        "recurrent'b"
    }

    fn formula(&self) -> &'static str {
        "db = Σₜ dgatesₜ"
    }

    fn words(&self) -> &'static str {
        "The gate's gradient, summed over steps and batch."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let of_input = frame.input(0)?.flatten(0, 1)?.sum(0)?;
        let mut of_state = of_input.narrow(0, 0, self.shared)?.force_contiguous()?;
        if frame.input_count() > 1 {
            of_state = Tensor::cat(&[of_state, frame.input(1)?.flatten(0, 1)?.sum(0)?], 0)?;
        }
        frame.set(0, of_input)?;
        frame.set(1, of_state)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let units = frame.input(0)?.dim(2)?;
        let (of_input, of_state) = (frame.reuse(0, &[units])?, frame.reuse(1, &[units])?);
        {
            let gates = frame.f32s(0)?;
            let states = if frame.input_count() > 1 { Some(frame.f32s(1)?) } else { None };
            bridge::write2(&of_input, &of_state, |of_input, of_state| {
                reduce::sum_rows(&gates, of_input);
                let (shared, below) = of_state.split_at_mut(self.shared);
                shared.copy_from_slice(&of_input[..self.shared]);
                if let Some(states) = &states {
                    reduce::sum_rows(states, below);
                }
            })?;
        }
        frame.set(0, of_input)?;
        frame.set(1, of_state)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let is_below = output == 1 && index[0] >= self.shared;
        let (d, row) = if is_below { (reader.input(1)?, index[0] - self.shared) } else { (reader.input(0)?, index[0]) };
        places::sum(&places::across(&d.dims, 2, row), |at| d.at(at))
    }
}

/// What an op with so many gates is checked with: sizes, directions, functions of the gates, with biases and without.
#[cfg(test)]
pub fn gated_cases(gates: usize, check: impl Fn(bool, Functions, Case)) {
    let hard = Functions { gate: Squash::HardSigmoid, state: Squash::Sigmoid };
    let open = Functions { gate: Squash::Sigmoid, state: Squash::Relu };
    for (batch, steps, features, h, reverse, functions) in [
        (1, 1, 1, 1, false, Functions::USUAL),
        (3, 4, 2, 3, false, Functions::USUAL),
        (2, 5, 3, 2, true, Functions::USUAL),
        (11, 3, 2, 9, false, Functions::USUAL),
        (3, 4, 2, 3, false, hard),
        (2, 4, 2, 3, true, open),
    ] {
        let weights = || {
            let x = Case::new().batched(batch, &[steps, features]);
            x.fixed(&[gates * h, features]).fixed(&[gates * h, h])
        };
        check(reverse, functions, weights().fixed(&[gates * h]).fixed(&[gates * h]));
        check(reverse, functions, weights());
    }
}
