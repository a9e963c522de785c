//! `lstm`: long short-term memory over a whole sequence (Hochreiter and Schmidhuber, 1997), all steps in one
//! instruction. PyTorch's `nn.LSTM` with one layer in one direction, `batch_first`, starting from zeros.
//!
//! # Shapes
//! x `[B, T, F]`, weights `[4 H, F]` and `[4 H, H]`, two biases `[4 H]` (both or none) -> states `[B, T, H]`, gates
//! `[B, T, 4 H]` in the order i, f, g, o as they were used, and cells `[B, T, H]`.

use candle_core::Tensor;

use super::cell::{
    at, both_biases, contribute, direction, gated_shapes, in_place, input_product, part, sequence, step,
};
use super::squash::{self, Functions, Squash, explained, explained_slope};
use super::unrolled::{self, Order};
use crate::engine::backward::Pullback;
use crate::engine::error::{EngineError, Result};
use crate::engine::explain::{Operand, Reader};
use crate::engine::kernels::{bridge, recurrent as kernels};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::product;
use crate::trace::Arithmetic;

/// Long short-term memory (Hochreiter and Schmidhuber, 1997) over all steps: [B, T, F] gives [B, T, H].
#[derive(Clone, Debug)]
pub struct Lstm {
    /// From the last step to the first.
    pub reverse: bool,
    /// Of its gates and of its cell.
    pub functions: Functions,
}

/// `backwards, gates hard sigmoid`
pub(super) fn settings(reverse: bool, functions: Functions) -> String {
    [direction(reverse), functions.settings()].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(", ")
}

impl Op for Lstm {
    fn name(&self) -> &'static str {
        "lstm"
    }

    fn formula(&self) -> &'static str {
        "i, f, g, o = σ, σ, tanh, σ of W x + U h + b; c ← f · c + i · g; h ← o · tanh(c)"
    }

    fn words(&self) -> &'static str {
        "At every step gates decide what the memory forgets, what it stores and what it outputs."
    }

    fn settings(&self) -> String {
        settings(self.reverse, self.functions)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".gates", ".cells"]
    }

    fn gates(&self) -> &'static [&'static str] {
        &["i", "f", "g", "o"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        gated_shapes(inputs, 4)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(2)?);
        let (steps, h) = (x.dim(1)?, w.dim(1)?);
        let bias = both_biases(frame)?.map(|(a, b)| a + b).transpose()?;
        let sums = input_product(x, frame.input(1)?, bias.as_ref())?;
        let (mut states, mut gates, mut cells) = (Vec::new(), Vec::new(), Vec::new());
        for k in 0..steps {
            let mut sum = step(&sums, at(k, steps, self.reverse))?;
            if let Some(before) = states.last() {
                let before: &Tensor = before;
                sum = (sum + product(before, &w.t()?)?)?;
            }
            let Functions { gate: of_gates, state: of_states } = self.functions;
            let gate = |n: usize| Ok::<_, EngineError>(squash::squash(of_gates, &part(&sum, n, h)?)?);
            let (i, f, g, o) = (gate(0)?, gate(1)?, squash::squash(of_states, &part(&sum, 2, h)?)?, gate(3)?);
            let taken = (&i * &g)?;
            let cell = if let Some(before) = cells.last() { ((&f * before)? + taken)? } else { taken };
            states.push((&o * squash::squash(of_states, &cell)?)?);
            gates.push(Tensor::cat(&[i, f, g, o], 1)?);
            cells.push(cell);
        }
        frame.set(0, in_place(states, self.reverse)?)?;
        frame.set(1, in_place(gates, self.reverse)?)?;
        frame.set(2, in_place(cells, self.reverse)?)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        if self.functions != Functions::USUAL {
            return Ok(false);
        }
        let (batch, steps, _) = frame.input(0)?.dims3()?;
        let hidden = frame.input(2)?.dim(1)?;
        let [y, cells] = [frame.reuse(0, &[batch, steps, hidden])?, frame.reuse(2, &[batch, steps, hidden])?];
        let gates = frame.reuse(1, &[batch, steps, 4 * hidden])?;
        let s = sequence(&y, self.reverse)?;
        {
            let (x, input_weights, state_weights) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let bias = match both_biases(frame)? {
                Some(_) => {
                    Some(frame.f32s(3)?.iter().zip(frame.f32s(4)?.iter()).map(|(a, b)| a + b).collect::<Vec<_>>())
                }
                None => None,
            };
            bridge::write3(&gates, &cells, &y, |gates, cells, y| {
                kernels::input_product(&x, &input_weights, bias.as_deref(), 4 * hidden, gates);
                kernels::lstm(&s, &state_weights, gates, cells, y);
            })?;
        }
        frame.set(0, y)?;
        frame.set(1, gates)?;
        frame.set(2, cells)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (gates, cells) = (reader.output(1)?, reader.output(2)?);
        let &[b, t, c] = index else { return reader.output(output)?.at(index) };
        let h = cells.dims[2];
        let gate = |n: usize| gates.at(&[b, t, n * h + c]);
        match output {
            0 => Ok(gate(3)? * explained(self.functions.state, cells.at(index)?)),
            1 => {
                let sum = unrolled::of_both(reader, c, [b, t], self.reverse)?;
                Ok(explained(if c / h == 2 { self.functions.state } else { self.functions.gate }, sum))
            }
            _ => match Order::of(cells, self.reverse).before(t) {
                Some(before) => Ok(gate(1)? * cells.at(&[b, before, c])? + gate(0)? * gate(2)?),
                None => Ok(gate(0)? * gate(2)?),
            },
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let (gates, cells) = (pull.output(1), pull.output(2));
        let shared = pull.shape(pull.input(2)).dims[0];
        let inputs = [dy, gates, cells, pull.input(2)];
        let dgates =
            pull.gradients(LstmGates { reverse: self.reverse, functions: self.functions }, &inputs, &[gates])[0];
        contribute(pull, (dgates, None), (shared, self.reverse));
    }
}

/// Gradients of the sums that the gates were made of. Inputs: dy, gates, cells, state weights.
#[derive(Debug)]
struct LstmGates {
    reverse: bool,
    functions: Functions,
}

impl Op for LstmGates {
    fn name(&self) -> &'static str {
        "lstm'gates"
    }

    fn formula(&self) -> &'static str {
        "dh ← dy + Uᵀ dgates; dc ← dc · f + dh · o · (1 − tanh²(c)); dgates = of (i, f, g, o) before squashing"
    }

    fn words(&self) -> &'static str {
        "Backpropagates through time: each state's effect on later steps is added to its gradient, which is then \
            passed on to the gates."
    }

    fn settings(&self) -> String {
        settings(self.reverse, self.functions)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, gates, cells, w) = (frame.input(0)?, frame.input(1)?, frame.input(2)?, frame.input(3)?);
        let (steps, h) = (dy.dim(1)?, dy.dim(2)?);
        let Functions { gate: of_gates, state: of_states } = self.functions;
        let (mut all, mut carried): (Vec<Tensor>, Option<Tensor>) = (Vec::new(), None);
        for k in (0..steps).rev() {
            let t = at(k, steps, self.reverse);
            let gates = step(gates, t)?;
            let (i, f, g, o) = (part(&gates, 0, h)?, part(&gates, 1, h)?, part(&gates, 2, h)?, part(&gates, 3, h)?);
            let mut dh = step(dy, t)?;
            if let Some(after) = all.last() {
                dh = (dh + product(after, w)?)?;
            }
            let squashed = squash::squash(of_states, &step(cells, t)?)?;
            let mut dc = ((&dh * &o)? * squash::slope(of_states, &squashed)?)?;
            if let Some(later) = carried {
                dc = (dc + later)?;
            }
            let before = if k > 0 { step(cells, at(k - 1, steps, self.reverse))? } else { dc.zeros_like()? };
            let slope = |gate: &Tensor| squash::slope(of_gates, gate);
            let di = ((&dc * &g)? * slope(&i)?)?;
            let df = ((&dc * before)? * slope(&f)?)?;
            let dg = ((&dc * &i)? * squash::slope(of_states, &g)?)?;
            let d_o = ((dh * squashed)? * slope(&o)?)?;
            all.push(Tensor::cat(&[di, df, dg, d_o], 1)?);
            carried = Some((dc * f)?);
        }
        let dgates = in_place(all, !self.reverse)?;
        frame.set(0, dgates)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        if self.functions != Functions::USUAL {
            return Ok(false);
        }
        let s = sequence(frame.input(0)?, self.reverse)?;
        let out = frame.reuse(0, &[s.batch, s.steps, 4 * s.hidden])?;
        {
            let (dy, gates, cells, w) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            bridge::write(&out, |dgates| kernels::lstm_backward(&s, &w, &dy, &gates, &cells, dgates))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dgates = reader.output(output)?;
        let &[b, t, column] = index else { return dgates.at(index) };
        let (cells, order) = (reader.input(2)?, Order::of(dgates, self.reverse));
        let (part, c) = (column / cells.dims[2], column % cells.dims[2]);
        let Functions { gate: of_gates, state: of_states } = self.functions;
        let gradient = StateGradient { reader, dgates, order, b, c, of_states };
        let gate = |n: usize| gradient.gate(n, t);
        match part {
            0 => Ok(gradient.of_cell(t)? * gate(2)? * explained_slope(of_gates, gate(0)?)),
            1 => {
                let before = order.before(t).map(|before| cells.at(&[b, before, c])).transpose()?;
                let before = before.unwrap_or(Arithmetic::given("cell at the start", 0.0));
                Ok(gradient.of_cell(t)? * before * explained_slope(of_gates, gate(1)?))
            }
            2 => Ok(gradient.of_cell(t)? * gate(0)? * explained_slope(of_states, gate(2)?)),
            _ => {
                let squashed = explained(of_states, cells.at(&[b, t, c])?);
                Ok(gradient.of_state(t)? * squashed * explained_slope(of_gates, gate(3)?))
            }
        }
    }
}

/// The gradients of a state and a cell of one unit of one sample, from what `lstm'gates` reads and has computed for
/// later steps.
struct StateGradient<'a> {
    reader: &'a Reader,
    dgates: &'a Operand,
    order: Order,
    b: usize,
    c: usize,
    of_states: Squash,
}

impl StateGradient<'_> {
    fn gate(&self, n: usize, t: usize) -> Result<Arithmetic> {
        let gates = self.reader.input(1)?;
        gates.at(&[self.b, t, n * (gates.dims[2] / 4) + self.c])
    }

    /// `dy + Uᵀ dgates` of the next step.
    fn of_state(&self, t: usize) -> Result<Arithmetic> {
        let mut terms = vec![self.reader.read(0, &[self.b, t, self.c])?];
        if let Some(after) = self.order.after(t) {
            terms.extend(unrolled::through_weights(self.dgates, self.reader.input(3)?, [self.b, after], self.c, 0)?);
        }
        Ok(Arithmetic::named("dh", Arithmetic::Sum(terms)))
    }

    /// The gradient of the cell through its own state.
    fn here(&self, t: usize) -> Result<Arithmetic> {
        let squashed = explained(self.of_states, self.reader.read(2, &[self.b, t, self.c])?);
        Ok(self.of_state(t)? * self.gate(3, t)? * explained_slope(self.of_states, squashed))
    }

    /// `dc`: through its own state, and through the cell of the next step that kept it.
    fn of_cell(&self, t: usize) -> Result<Arithmetic> {
        let mut later = Vec::new();
        let (mut step, last) = (t, self.order.shown(t));
        while step != last {
            later.push(step);
            step = self.order.after(step).unwrap_or(last);
        }
        let mut dc = self.here(last)?;
        if let Some(after) = self.order.after(last) {
            dc = dc + Arithmetic::given("dc carried", self.carried(after)?) * self.gate(1, after)?;
        }
        let mut after = last;
        for step in later.into_iter().rev() {
            dc = self.here(step)? + Arithmetic::named("dc of the next step", dc) * self.gate(1, after)?;
            after = step;
        }
        Ok(Arithmetic::named("dc", dc))
    }

    /// The number that [`Self::of_cell`] is.
    fn carried(&self, t: usize) -> Result<f64> {
        let (mut dc, mut after, mut step) =
            (0.0, None, Some(at(self.order.steps - 1, self.order.steps, self.order.reverse)));
        while let Some(here) = step {
            let kept = after.map(|after| self.gate(1, after)).transpose()?.map_or(0.0, |f| f.evaluate());
            dc = self.here(here)?.evaluate() + dc * kept;
            (after, step) = (Some(here), self.order.before(here).filter(|_| here != t));
        }
        Ok(dc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{fixture_check, gradient_check};
    use crate::engine::ops::recurrent::cell::gated_cases;

    #[test]
    fn gradients_agree_with_finite_differences() {
        gated_cases(4, |reverse, functions, case| gradient_check(Lstm { reverse, functions }, case));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("lstm", |params| Lstm {
            reverse: params["reverse"].as_bool().unwrap(),
            functions: squash::recorded(params),
        });
    }
}
