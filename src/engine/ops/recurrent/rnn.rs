//! `rnn`: a simple recurrent network over a whole sequence (Elman, 1990), all steps in one instruction. PyTorch's
//! `nn.RNN` with one layer in one direction, `batch_first`, starting from zeros.
//!
//! # Shapes
//! x `[B, T, F]`, weights `[H, F]` and `[H, H]`, two biases `[H]` (both or none) -> states `[B, T, H]`.

use candle_core::Tensor;

use super::cell::{at, both_biases, contribute, direction, in_place, input_product, sequence, step};
use super::squash;
use super::unrolled::{self, Order};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::bridge;
use crate::engine::kernels::recurrent::{self as kernels, Squash};
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::everywhere::product;
use crate::trace::Arithmetic;

/// Simple recurrence over all steps: [B, T, F] gives [B, T, H].
#[derive(Clone, Debug)]
pub struct Rnn {
    /// The function applied to each new state.
    pub squash: Squash,
    /// From the last step to the first.
    pub reverse: bool,
}

fn settings(squash: Squash, reverse: bool) -> String {
    [squash::word(squash).to_owned(), direction(reverse)]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

impl Op for Rnn {
    fn name(&self) -> &'static str {
        "rnn"
    }

    fn formula(&self) -> &'static str {
        "h ← f(W x + U h + b)"
    }

    fn words(&self) -> &'static str {
        "At every step combines the input with the previous state and squashes the sum into the new state."
    }

    fn settings(&self) -> String {
        settings(self.squash, self.reverse)
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        vec![ValueShape::batched(vec![inputs[0].dims[0], inputs[2].dims[1]])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (x, w) = (frame.input(0)?, frame.input(2)?);
        let steps = x.dim(1)?;
        let bias = both_biases(frame)?.map(|(a, b)| a + b).transpose()?;
        let sums = input_product(x, frame.input(1)?, bias.as_ref())?;
        let mut states: Vec<Tensor> = Vec::new();
        for k in 0..steps {
            let mut sum = step(&sums, at(k, steps, self.reverse))?;
            if let Some(before) = states.last() {
                sum = (sum + product(before, &w.t()?)?)?;
            }
            states.push(squash::squash(self.squash, &sum)?);
        }
        frame.set(0, in_place(states, self.reverse)?)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, steps, _) = frame.input(0)?.dims3()?;
        let hidden = frame.input(2)?.dim(1)?;
        let out = frame.reuse(0, &[batch, steps, hidden])?;
        let s = sequence(&out, self.reverse)?;
        {
            let (x, input_weights, state_weights) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let bias = match both_biases(frame)? {
                Some(_) => {
                    Some(frame.f32s(3)?.iter().zip(frame.f32s(4)?.iter()).map(|(a, b)| a + b).collect::<Vec<_>>())
                }
                None => None,
            };
            bridge::write(&out, |y| {
                kernels::input_product(&x, &input_weights, bias.as_deref(), hidden, y);
                kernels::rnn(&s, self.squash, &state_weights, y);
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, t, c] = index else { return reader.output(output)?.at(index) };
        let sum = unrolled::of_both(reader, c, [b, t], self.reverse)?;
        Ok(squash::explained(self.squash, sum))
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let shared = pull.shape(pull.input(2)).dims[0];
        let op = RnnSums { squash: self.squash, reverse: self.reverse };
        let dsums = pull.hidden(op, &[dy, pull.output(0), pull.input(2)])[0];
        contribute(pull, (dsums, None), (shared, self.reverse));
    }
}

/// Gradients of the sums before squashing. Inputs: dy, y, state weights.
#[derive(Debug)]
struct RnnSums {
    squash: Squash,
    reverse: bool,
}

impl Op for RnnSums {
    fn name(&self) -> &'static str {
        "rnn'sums"
    }

    fn formula(&self) -> &'static str {
        "dh ← dy + Uᵀ dsums; dsums = dh · f'(h)"
    }

    fn words(&self) -> &'static str {
        "Backpropagates through time: each state's effect on later steps is added to its gradient."
    }

    fn settings(&self) -> String {
        settings(self.squash, self.reverse)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, y, w) = (frame.input(0)?, frame.input(1)?, frame.input(2)?);
        let steps = dy.dim(1)?;
        let mut all: Vec<Tensor> = Vec::new();
        for k in (0..steps).rev() {
            let t = at(k, steps, self.reverse);
            let mut dh = step(dy, t)?;
            if let Some(after) = all.last() {
                dh = (dh + product(after, w)?)?;
            }
            all.push((dh * squash::slope(self.squash, &step(y, t)?)?)?);
        }
        let dsums = in_place(all, !self.reverse)?;
        frame.set(0, dsums)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let s = sequence(frame.input(0)?, self.reverse)?;
        let out = frame.reuse(0, &[s.batch, s.steps, s.hidden])?;
        {
            let (dy, y, w) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write(&out, |dsums| kernels::rnn_backward(&s, self.squash, &w, &dy, &y, dsums))?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dsums, y) = (reader.output(output)?, reader.read(1, index)?);
        let &[b, t, c] = index else { return dsums.at(index) };
        let mut dh = vec![reader.read(0, index)?];
        if let Some(after) = Order::of(dsums, self.reverse).after(t) {
            dh.extend(unrolled::through_weights(dsums, reader.input(2)?, [b, after], c, 0)?);
        }
        Ok(Arithmetic::named("dh", Arithmetic::Sum(dh)) * squash::explained_slope(self.squash, y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, steps, features, h, reverse, squash) in [
            (1, 1, 1, 1, false, Squash::Tanh),
            (3, 4, 2, 3, false, Squash::Relu),
            (2, 5, 3, 2, true, Squash::Tanh),
            (11, 3, 2, 9, true, Squash::Relu),
            (3, 4, 2, 3, false, Squash::Sigmoid),
            (3, 4, 2, 3, true, Squash::HardSigmoid),
            (2, 4, 2, 3, false, Squash::Linear),
        ] {
            let op = Rnn { squash, reverse };
            let weights = |case: Case| case.fixed(&[h, features]).fixed(&[h, h]);
            let case = weights(Case::new().batched(batch, &[steps, features]));
            gradient_check(op.clone(), case.fixed(&[h]).fixed(&[h]));
            gradient_check(op, weights(Case::new().batched(batch, &[steps, features])));
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("rnn", |params| Rnn {
            squash: if params["squash"] == "relu" { Squash::Relu } else { Squash::Tanh },
            reverse: params["reverse"].as_bool().unwrap(),
        });
    }
}
