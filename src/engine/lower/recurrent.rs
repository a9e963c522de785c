//! LSTM, GRU and SimpleRnn: an instruction a direction over all steps, then the last step where only that is asked for.

use super::{Lower, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::recurrent::Squash;
use crate::engine::op::Op;
use crate::engine::ops;
use crate::engine::program::ValueId;
use crate::model::layer::{Gru, Lstm, Nonlinearity, Recurrence, SimpleRnn};

/// As PyTorch's, all weights and biases start evenly between ±1 / √units.
fn initial(r: &Recurrence) -> Initial {
    Initial::Uniform { bound: 1.0 / (r.units as f64).sqrt() }
}

/// One direction of a sequence: the states, or the last of them.
fn direction<O: Op + 'static>(l: &mut Lowering, r: &Recurrence, reverse: bool, op: O) -> Result<ValueId> {
    let x = l.input(0);
    let steps = l.shape(x).dims[0];
    let [input, state, input_bias, state_bias] = Recurrence::names(reverse);
    let mut inputs = vec![x, l.weight(input, initial(r))?, l.weight(state, initial(r))?];
    for bias in [input_bias, state_bias] {
        inputs.extend(l.weight_if_any(bias, initial(r)));
    }
    let states = l.emit(op, &inputs);
    if r.every_step {
        return Ok(states);
    }
    // Reading backwards ends at the first step.
    let start = if reverse { 0 } else { steps - 1 };
    Ok(l.emit(ops::Slice { axis: 1, start, length: 1, drop_axis: true }, &[states]))
}

fn lower<O: Op + 'static>(l: &mut Lowering, r: Recurrence, op: impl Fn(bool) -> O) -> Result<ValueId> {
    let forwards = direction(l, &r, false, op(false))?;
    if !r.bidirectional {
        return Ok(forwards);
    }
    let backwards = direction(l, &r, true, op(true))?;
    let axis = l.shape(forwards).dims.len();
    Ok(l.emit(ops::Concat { axis }, &[forwards, backwards]))
}

impl Lower for Lstm {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        lower(l, self.recurrence(), |reverse| ops::Lstm { reverse })
    }
}

impl Lower for Gru {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        lower(l, self.recurrence(), |reverse| ops::Gru { reverse })
    }
}

impl Lower for SimpleRnn {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let squash = match self.nonlinearity {
            Nonlinearity::Tanh => Squash::Tanh,
            Nonlinearity::Relu => Squash::Relu,
        };
        lower(l, self.recurrence(), |reverse| ops::Rnn { squash, reverse })
    }
}
