//! LSTM, GRU and SimpleRnn: an instruction a direction over all steps, then the last step where that is asked for.

use super::{Leaving, LowerPorts, Lowering};
use crate::engine::error::Result;
use crate::engine::init::Initial;
use crate::engine::kernels::recurrent::Squash;
use crate::engine::op::Op;
use crate::engine::ops::{self, Functions};
use crate::engine::program::ValueId;
use crate::model::layer::{Gru, Lstm, Nonlinearity, Recurrence, SimpleRnn};

/// As PyTorch's, all weights and biases start evenly between ±1 / √units.
fn initial(r: &Recurrence) -> Initial {
    Initial::Uniform { bound: 1.0 / (r.units as f64).sqrt() }
}

/// One direction of a sequence: the states, and where they are asked for the last of them.
fn direction<O: Op + 'static>(
    l: &mut Lowering,
    r: &Recurrence,
    reverse: bool,
    op: O,
) -> Result<(ValueId, Option<ValueId>)> {
    let x = l.input(0);
    let steps = l.shape(x).dims[0];
    let [input, state, input_bias, state_bias] = Recurrence::names(reverse);
    let mut inputs = vec![x, l.weight(input, initial(r))?, l.weight(state, initial(r))?];
    for bias in [input_bias, state_bias] {
        inputs.extend(l.weight_if_any(bias, initial(r)));
    }
    let states = l.emit(op, &inputs);
    // Reading backwards ends at the first step.
    let start = if reverse { 0 } else { steps - 1 };
    let slice = ops::Slice { axis: 1, start, length: 1, drop_axis: true };
    let last = l.wants(Recurrence::LAST).then(|| l.emit(slice, &[states]));
    Ok((states, last))
}

fn lower<O: Op + 'static>(l: &mut Lowering, r: Recurrence, op: impl Fn(bool) -> O) -> Result<Leaving> {
    let (states, last) = direction(l, &r, false, op(false))?;
    if !r.bidirectional {
        return Ok(vec![Some(states), last]);
    }
    let (back_states, back_last) = direction(l, &r, true, op(true))?;
    let beside = |l: &mut Lowering, forwards: ValueId, backwards: ValueId| {
        let axis = l.shape(forwards).dims.len();
        l.emit(ops::Concat { axis }, &[forwards, backwards])
    };
    let sequence = l.wants(Recurrence::SEQUENCE).then(|| beside(l, states, back_states));
    let last = last.zip(back_last).map(|(forwards, backwards)| beside(l, forwards, backwards));
    Ok(vec![sequence, last])
}

fn squash(nonlinearity: Nonlinearity) -> Squash {
    match nonlinearity {
        Nonlinearity::Tanh => Squash::Tanh,
        Nonlinearity::Relu => Squash::Relu,
        Nonlinearity::Sigmoid => Squash::Sigmoid,
        Nonlinearity::HardSigmoid => Squash::HardSigmoid,
        Nonlinearity::Linear => Squash::Linear,
    }
}

fn functions(state: Nonlinearity, gate: Nonlinearity) -> Functions {
    Functions { gate: squash(gate), state: squash(state) }
}

impl LowerPorts for Lstm {
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving> {
        lower(l, self.recurrence(), |reverse| ops::Lstm {
            reverse,
            functions: functions(self.nonlinearity, self.gate_nonlinearity),
        })
    }
}

impl LowerPorts for Gru {
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving> {
        lower(l, self.recurrence(), |reverse| ops::Gru {
            reverse,
            functions: functions(self.nonlinearity, self.gate_nonlinearity),
        })
    }
}

impl LowerPorts for SimpleRnn {
    fn lower_ports(&self, l: &mut Lowering) -> Result<Leaving> {
        lower(l, self.recurrence(), |reverse| ops::Rnn { squash: squash(self.nonlinearity), reverse })
    }
}
