//! `gru`: gated recurrent units over a whole sequence (Cho and others, 2014), all steps in one instruction. PyTorch's
//! `nn.GRU` with one layer in one direction, `batch_first`, starting from zeros.
//!
//! # Shapes
//! x `[B, T, F]`, weights `[3 H, F]` and `[3 H, H]`, two biases `[3 H]` (both or none) -> states `[B, T, H]`, gates
//! `[B, T, 3 H]` in the order r, z, n as they were used, and `[B, T, H]` what n sees of the state before r gates it.

use candle_core::Tensor;

use super::cell::{at, both_biases, contribute, gated_shapes, in_place, input_product, part, sequence, step};
use super::lstm::settings;
use super::squash::{self, Functions, explained, explained_slope};
use super::unrolled::{self, Order, rest};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::recurrent::{self as kernels, GruSaved};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::product;
use crate::trace::Arithmetic;

/// Gated recurrent unit (Cho et al., 2014) over all steps: [B, T, F] gives [B, T, H].
#[derive(Clone, Debug)]
pub struct Gru {
    /// From the last step to the first.
    pub reverse: bool,
    /// Of its gates and of what it remembers.
    pub functions: Functions,
}

impl Op for Gru {
    fn name(&self) -> &'static str {
        "gru"
    }

    fn formula(&self) -> &'static str {
        "r, z = σ(W x + U h + b); n = tanh(W x + b + r · (U h + b)); h ← (1 − z) · n + z · h"
    }

    fn words(&self) -> &'static str {
        "At every step two gates decide how much of the old state flows into the new one and how much is kept."
    }

    fn settings(&self) -> String {
        settings(self.reverse, self.functions)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".gates", ".seen"]
    }

    fn gates(&self) -> &'static [&'static str] {
        &["r", "z", "n"]
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        gated_shapes(inputs, 3)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(2)?);
        let (batch, steps, h) = (x.dim(0)?, x.dim(1)?, w.dim(1)?);
        let biases = both_biases(frame)?;
        let sums = input_product(x, frame.input(1)?, biases.map(|(of_input, _)| of_input))?;
        let mut before = Tensor::zeros((batch, h), x.dtype(), x.device())?;
        let (mut states, mut gates, mut seen) = (Vec::new(), Vec::new(), Vec::new());
        for k in 0..steps {
            let sum = step(&sums, at(k, steps, self.reverse))?;
            let mut of_state = product(&before, &w.t()?)?;
            if let Some((_, bias)) = biases {
                of_state = of_state.broadcast_add(bias)?;
            }
            let r = squash::squash(self.functions.gate, &(part(&sum, 0, h)? + part(&of_state, 0, h)?)?)?;
            let z = squash::squash(self.functions.gate, &(part(&sum, 1, h)? + part(&of_state, 1, h)?)?)?;
            let state = part(&of_state, 2, h)?.force_contiguous()?;
            let n = squash::squash(self.functions.state, &(part(&sum, 2, h)? + (&r * &state)?)?)?;
            before = (((1.0 - &z)? * &n)? + (&z * before)?)?;
            states.push(before.clone());
            gates.push(Tensor::cat(&[r, z, n], 1)?);
            seen.push(state);
        }
        frame.set(0, in_place(states, self.reverse)?)?;
        frame.set(1, in_place(gates, self.reverse)?)?;
        frame.set(2, in_place(seen, self.reverse)?)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        if self.functions != Functions::USUAL {
            return Ok(false);
        }
        let (batch, steps, _) = frame.input(0)?.dims3()?;
        let hidden = frame.input(2)?.dim(1)?;
        let [y, seen] = [frame.reuse(0, &[batch, steps, hidden])?, frame.reuse(2, &[batch, steps, hidden])?];
        let gates = frame.reuse(1, &[batch, steps, 3 * hidden])?;
        let s = sequence(&y, self.reverse)?;
        {
            let (x, input_weights, state_weights) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let (bias, of_state) = match both_biases(frame)? {
                Some(_) => {
                    let (mut bias, of_state) = (frame.f32s(3)?.to_vec(), frame.f32s(4)?[2 * hidden..].to_vec());
                    bias[..2 * hidden].iter_mut().zip(frame.f32s(4)?.iter()).for_each(|(a, b)| *a += b);
                    (Some(bias), of_state)
                }
                None => (None, vec![0.0; hidden]),
            };
            bridge::write3(&gates, &seen, &y, |gates, seen, y| {
                kernels::input_product(&x, &input_weights, bias.as_deref(), 3 * hidden, gates);
                seen.chunks_exact_mut(hidden).for_each(|row| row.copy_from_slice(&of_state));
                kernels::gru(&s, &state_weights, gates, seen, y);
            })?;
        }
        frame.set(0, y)?;
        frame.set(1, gates)?;
        frame.set(2, seen)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (y, gates, seen) = (reader.output(0)?, reader.output(1)?, reader.output(2)?);
        let &[b, t, c] = index else { return reader.output(output)?.at(index) };
        let h = y.dims[2];
        match output {
            0 => {
                let (z, n) = (gates.at(&[b, t, h + c])?, gates.at(&[b, t, 2 * h + c])?);
                let new = rest(z.clone()) * n;
                match Order::of(y, self.reverse).before(t) {
                    Some(before) => Ok(new + z * y.at(&[b, before, c])?),
                    None => Ok(new),
                }
            }
            1 if c < 2 * h => Ok(explained(self.functions.gate, unrolled::of_both(reader, c, [b, t], self.reverse)?)),
            1 => {
                let mut terms = unrolled::of_input(reader, c, [b, t])?;
                terms.push(gates.at(&[b, t, c - 2 * h])? * seen.at(&[b, t, c - 2 * h])?);
                Ok(explained(self.functions.state, Arithmetic::Sum(terms)))
            }
            _ => Ok(Arithmetic::Sum(unrolled::of_state(reader, 2 * h + c, [b, t], self.reverse)?)),
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let [y, gates, seen] = [0, 1, 2].map(|i| pull.output(i));
        let shared = 2 * pull.shape(pull.input(2)).dims[1];
        let inputs = [dy, y, gates, seen, pull.input(2)];
        let both =
            pull.gradients(GruGates { reverse: self.reverse, functions: self.functions }, &inputs, &[gates, seen]);
        contribute(pull, (both[0], Some(both[1])), (shared, self.reverse));
    }
}

/// Gradients of the sums that the gates were made of, and of what n saw of the state. Inputs: dy, y, gates, seen, state
/// weights.
#[derive(Debug)]
struct GruGates {
    reverse: bool,
    functions: Functions,
}

impl Op for GruGates {
    fn name(&self) -> &'static str {
        "gru'gates"
    }

    fn formula(&self) -> &'static str {
        "dh ← dy + dh · z + Uᵀ dgates; dgates = of (r, z, n) before squashing"
    }

    fn words(&self) -> &'static str {
        "Backpropagates through time: each state's effect on later steps is added to its gradient, which is then \
            passed on to the gates."
    }

    fn settings(&self) -> String {
        settings(self.reverse, self.functions)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, y, gates, seen, w) =
            (frame.input(0)?, frame.input(1)?, frame.input(2)?, frame.input(3)?, frame.input(4)?);
        let (steps, h) = (dy.dim(1)?, dy.dim(2)?);
        let (mut all, mut of_states, mut carried) = (Vec::new(), Vec::new(), None);
        for k in (0..steps).rev() {
            let t = at(k, steps, self.reverse);
            let (gates, state) = (step(gates, t)?, step(seen, t)?);
            let (r, z, n) = (part(&gates, 0, h)?, part(&gates, 1, h)?, part(&gates, 2, h)?);
            let mut dh = step(dy, t)?;
            if let Some(later) = carried {
                dh = (dh + later)?;
            }
            let before = if k > 0 { step(y, at(k - 1, steps, self.reverse))? } else { dh.zeros_like()? };
            let slope = |gate: &Tensor| squash::slope(self.functions.gate, gate);
            let dn = ((&dh * (1.0 - &z)?)? * squash::slope(self.functions.state, &n)?)?;
            let dr = ((&dn * state)? * slope(&r)?)?;
            let dz = ((&dh * (before - n)?)? * slope(&z)?)?;
            let dstate = (&dn * r)?;
            let sums = Tensor::cat(&[&dr, &dz, &dstate], 1)?;
            carried = Some(((dh * z)? + product(&sums, w)?)?);
            all.push(Tensor::cat(&[dr, dz, dn], 1)?);
            of_states.push(dstate);
        }
        let (dgates, dseen) = (in_place(all, !self.reverse)?, in_place(of_states, !self.reverse)?);
        frame.set(0, dgates)?;
        frame.set(1, dseen)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        if self.functions != Functions::USUAL {
            return Ok(false);
        }
        let s = sequence(frame.input(0)?, self.reverse)?;
        let dgates = frame.reuse(0, &[s.batch, s.steps, 3 * s.hidden])?;
        let dseen = frame.reuse(1, &[s.batch, s.steps, s.hidden])?;
        {
            let (dy, y, gates, seen) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?, frame.f32s(3)?);
            let (w, saved) = (frame.f32s(4)?, GruSaved { gates: &gates, states: &seen, y: &y });
            bridge::write2(&dgates, &dseen, |dgates, dseen| kernels::gru_backward(&s, &w, &dy, &saved, dgates, dseen))?;
        }
        frame.set(0, dgates)?;
        frame.set(1, dseen)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (y, gates) = (reader.input(1)?, reader.input(2)?);
        let &[b, t, column] = index else { return reader.output(output)?.at(index) };
        let (h, order) = (y.dims[2], Order::of(y, self.reverse));
        let (part, c) = if output == 1 { (3, column) } else { (column / h, column % h) };
        let gradient = StateGradient { reader, order, b, c };
        let (r, z, n) = (gates.at(&[b, t, c])?, gates.at(&[b, t, h + c])?, gates.at(&[b, t, 2 * h + c])?);
        let dn = reader.output(0)?.at(&[b, t, 2 * h + c])?;
        match part {
            0 => Ok(dn * reader.read(3, &[b, t, c])? * explained_slope(self.functions.gate, r)),
            1 => {
                let before = order.before(t).map(|before| y.at(&[b, before, c])).transpose()?;
                let before = before.unwrap_or(Arithmetic::given("state at the start", 0.0));
                Ok(gradient.of_state(t)? * (before - n) * explained_slope(self.functions.gate, z))
            }
            2 => Ok(gradient.of_state(t)? * rest(z) * explained_slope(self.functions.state, n)),
            _ => Ok(dn * r),
        }
    }
}

/// The gradient of a state of one unit of one sample, from what `gru'gates` reads and has computed for later steps.
struct StateGradient<'a> {
    reader: &'a Reader,
    order: Order,
    b: usize,
    c: usize,
}

impl StateGradient<'_> {
    /// Its gradient directly and through the gates of the next step, and its share of the next state.
    fn here(&self, t: usize) -> Result<(Vec<Arithmetic>, Option<Arithmetic>)> {
        let (b, c, u) = (self.b, self.c, self.reader.input(4)?);
        let mut terms = vec![self.reader.read(0, &[b, t, c])?];
        let Some(after) = self.order.after(t) else { return Ok((terms, None)) };
        let (dgates, dseen, h) = (self.reader.output(0)?, self.reader.output(1)?, u.dims[1]);
        for row in 0..2 * h {
            terms.push(dgates.at(&[b, after, row])? * u.at(&[row, c])?);
        }
        terms.extend(unrolled::through_weights(dseen, u, [b, after], c, 2 * h)?);
        Ok((terms, Some(self.reader.read(2, &[b, after, h + c])?)))
    }

    /// `dh`: the above, and through the next state that kept it.
    fn of_state(&self, t: usize) -> Result<Arithmetic> {
        let (mut steps, last) = (vec![t], self.order.shown(t));
        while let Some(after) = self.order.after(steps[steps.len() - 1]).filter(|_| steps[steps.len() - 1] != last) {
            steps.push(after);
        }
        let mut next = match self.order.after(last) {
            Some(after) => Some(Arithmetic::given("dh carried", self.carried(after)?)),
            None => None,
        };
        for step in steps.into_iter().rev() {
            let (mut terms, kept) = self.here(step)?;
            terms.extend(next.zip(kept).map(|(next, kept)| next * kept));
            let name = if step == t { "dh" } else { "dh of the next step" };
            next = Some(Arithmetic::named(name, Arithmetic::Sum(terms)));
        }
        Ok(next.unwrap_or(Arithmetic::number(0.0)))
    }

    /// The number that [`Self::of_state`] is.
    fn carried(&self, t: usize) -> Result<f64> {
        let (mut dh, mut step) = (0.0, Some(at(self.order.steps - 1, self.order.steps, self.order.reverse)));
        while let Some(here) = step {
            let (terms, kept) = self.here(here)?;
            dh = Arithmetic::Sum(terms).evaluate() + dh * kept.map_or(0.0, |z| z.evaluate());
            step = self.order.before(here).filter(|_| here != t);
        }
        Ok(dh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{fixture_check, gradient_check};
    use crate::engine::ops::recurrent::cell::gated_cases;

    #[test]
    fn gradients_agree_with_finite_differences() {
        gated_cases(3, |reverse, functions, case| gradient_check(Gru { reverse, functions }, case));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("gru", |params| Gru {
            reverse: params["reverse"].as_bool().unwrap(),
            functions: squash::recorded(params),
        });
    }
}
