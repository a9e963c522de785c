//! `attention`: scaled dot-product attention in several heads (Vaswani and others, 2017), all in one instruction. What
//! PyTorch's `nn.MultiheadAttention` does between its two projections.
//!
//! # Shapes
//! queries `[B, T, E]`, keys and values `[B, S, E]`, or all three side by side `[B, T, 3 E]` -> `[B, T, E]` and the
//! attention weights `[B, heads, T, S]`. Head h has the columns h · E / heads and on.

use candle_core::{D, Tensor};

use super::everywhere::product;
use super::places::{self, only};
use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::attention::{self as kernels, Operand, Sizes};
use crate::engine::kernels::bridge;
use crate::engine::op::{Frame, Op, ValueShape};
use crate::engine::ops::activations::softmax::softmax;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// Inputs: queries, keys and values, or one value that holds all three.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Number of heads; divides the width.
    pub heads: usize,
    /// A position sees itself and those before it only.
    pub causal: bool,
}

fn settings(heads: usize, causal: bool) -> String {
    let heads = if heads == 1 { "1 head".to_owned() } else { format!("{heads} heads") };
    if causal { format!("{heads}, causal") } else { heads }
}

/// `[B, T, E]` as `[B, heads, T, E / heads]`.
fn in_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let (batch, steps, width) = x.dims3()?;
    Ok(x.reshape((batch, steps, heads, width / heads))?.transpose(1, 2)?.force_contiguous()?)
}

/// The reverse of [`in_heads`].
fn side_by_side(x: &Tensor) -> Result<Tensor> {
    let (batch, heads, steps, width) = x.dims4()?;
    Ok(x.transpose(1, 2)?.force_contiguous()?.reshape((batch, steps, heads * width))?)
}

/// Queries, keys and values in heads, from one operand or three.
fn operands(all: &[&Tensor], heads: usize) -> Result<[Tensor; 3]> {
    let third = |i: usize| -> Result<Tensor> {
        match all {
            [packed] => {
                let width = packed.dim(2)? / 3;
                in_heads(&packed.narrow(2, i * width, width)?.force_contiguous()?, heads)
            }
            _ => in_heads(all[i], heads),
        }
    };
    Ok([third(0)?, third(1)?, third(2)?])
}

/// What the kernels need to know, from the operands' sizes.
fn sizes(all: &[&Tensor], heads: usize, causal: bool) -> Result<Sizes> {
    let (batch, queries, width) = all[0].dims3()?;
    let (width, keys) = if all.len() == 1 { (width / 3, queries) } else { (width, all[1].dim(1)?) };
    Ok(Sizes { batch, heads, width, queries, keys, causal })
}

/// `count` inputs from `first` on.
fn inputs<'a>(frame: &'a Frame, first: usize) -> Result<Vec<&'a Tensor>> {
    (first..frame.input_count()).map(|i| frame.input(i)).collect()
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn formula(&self) -> &'static str {
        "y = P v with P = softmax(q kᵀ / √d), in each head"
    }

    fn words(&self) -> &'static str {
        "Every position looks for the positions that matter to it and takes the mean of their values, weighted \
            accordingly."
    }

    fn settings(&self) -> String {
        settings(self.heads, self.causal)
    }

    fn output_names(&self) -> &'static [&'static str] {
        &["", ".weights"]
    }

    fn pictured(&self) -> Option<usize> {
        Some(1)
    }

    fn axes(&self, output: usize) -> &'static [&'static str] {
        if output == 1 { &["head", "query", "key"] } else { &[] }
    }

    fn shapes(&self, inputs: &[ValueShape]) -> Vec<ValueShape> {
        let (queries, width) = (inputs[0].dims[0], inputs[0].dims[1]);
        let (width, keys) = if inputs.len() == 1 { (width / 3, queries) } else { (width, inputs[1].dims[0]) };
        vec![ValueShape::batched(vec![queries, width]), ValueShape::batched(vec![self.heads, queries, keys])]
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let [q, k, v] = operands(&inputs(frame, 0)?, self.heads)?;
        let (queries, keys) = (q.dim(2)?, k.dim(2)?);
        let mut scores = (product(&q, &k.t()?)? / (q.dim(3)? as f64).sqrt())?;
        if self.causal {
            let seen: Vec<u8> = (0..queries * keys).map(|i| u8::from(i % keys <= i / keys)).collect();
            let seen = Tensor::from_vec(seen, (queries, keys), q.device())?.broadcast_as(scores.shape())?;
            let never = Tensor::new(f32::NEG_INFINITY, q.device())?.to_dtype(q.dtype())?;
            scores = seen.where_cond(&scores, &never.broadcast_as(scores.shape())?)?;
        }
        let weights = softmax(&scores)?;
        let y = side_by_side(&product(&weights, &v)?)?;
        frame.set(0, y)?;
        frame.set(1, weights)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let s = sizes(&inputs(frame, 0)?, self.heads, self.causal)?;
        let out = frame.reuse(0, &[s.batch, s.queries, s.width])?;
        let weights = frame.reuse(1, &[s.batch, s.heads, s.queries, s.keys])?;
        {
            let all = (0..frame.input_count()).map(|i| frame.f32s(i)).collect::<Result<Vec<_>>>()?;
            let operands = Operand::three(&all.iter().map(|x| &**x).collect::<Vec<_>>(), &s);
            bridge::write2(&out, &weights, |y, weights| kernels::forward(&s, &operands, y, weights))?;
        }
        frame.set(0, out)?;
        frame.set(1, weights)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let heads = Heads::new(reader, 0, self.heads, self.causal)?;
        match (output, index) {
            (0, &[b, t, e]) => {
                let (p, head) = (reader.output(1)?, e / heads.each);
                places::sum(&[only(b), only(head), only(t), heads.seen(t)], |at| {
                    Ok(p.at(at)? * heads.number(VALUE, b, at[3], e)?)
                })
            }
            (1, &[b, head, t, s]) if heads.seen(t).contains(&s) => heads.share([b, head, t], s),
            (1, &[..]) if index.len() == 4 => Ok(Arithmetic::given("masked out", 0.0)),
            _ => reader.output(output)?.at(index),
        }
    }

    fn vjp(&self, pull: &mut Pullback) {
        let (inputs, weights) = (pull.inputs().to_vec(), pull.output(1));
        let with = |gradient| -> Vec<_> { [gradient, weights].into_iter().chain(inputs.iter().copied()).collect() };
        let Self { heads, causal } = *self;
        if let Some(dy) = pull.dy() {
            let found = pull.gradients(AttentionX { heads, causal }, &with(dy), &inputs);
            found.into_iter().enumerate().for_each(|(i, id)| pull.pass(i, id));
        }
        if let Some(dp) = pull.gradient_of(1) {
            // Values have no part in the weights.
            let asked = if inputs.len() == 1 { 1 } else { 2 };
            let found = pull.gradients(AttentionWeightsX { heads, causal }, &with(dp), &inputs[..asked]);
            found.into_iter().enumerate().for_each(|(i, id)| pull.pass(i, id));
        }
    }
}

/// From the gradient of the attention weights. Inputs: that, the weights, then what attention took. Outputs: a gradient
/// for queries and keys, or for all three side by side.
#[derive(Debug)]
struct AttentionWeightsX {
    heads: usize,
    causal: bool,
}

impl Op for AttentionWeightsX {
    fn name(&self) -> &'static str {
        "attention'weights"
    }

    fn formula(&self) -> &'static str {
        "dS = P · (dP − Σ dP · P) / √d; dq = dS k, dk = dSᵀ q"
    }

    fn words(&self) -> &'static str {
        "Queries and keys get gradient where the attention weights themselves are used further on."
    }

    fn settings(&self) -> String {
        settings(self.heads, self.causal)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let all = inputs(frame, 2)?;
        let [q, k, _] = operands(&all, self.heads)?;
        let ds = of_scores(frame.input(0)?, frame.input(1)?, q.dim(3)?)?;
        let found = [product(&ds, &k)?, product(&ds.t()?, &q)?];
        let found = found.iter().map(side_by_side).collect::<Result<Vec<_>>>()?;
        if all.len() == 1 {
            let packed = Tensor::cat(&[&found[0], &found[1], &found[0].zeros_like()?], 2)?;
            return frame.set(0, packed);
        }
        found.into_iter().enumerate().try_for_each(|(i, gradient)| frame.set(i, gradient))
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let heads = Heads { is_of_weights: true, ..Heads::new(reader, 2, self.heads, self.causal)? };
        heads.gradient(output, index)
    }
}

/// From the gradient of the weights to that of the scores before they are scaled.
fn of_scores(dp: &Tensor, p: &Tensor, each: usize) -> Result<Tensor> {
    let mean = (dp * p)?.sum_keepdim(D::Minus1)?;
    Ok(((p * dp.broadcast_sub(&mean)?)? / (each as f64).sqrt())?)
}

/// Inputs: dy, attention weights, then what attention took. Outputs: a gradient for each of the latter.
#[derive(Debug)]
struct AttentionX {
    heads: usize,
    causal: bool,
}

impl Op for AttentionX {
    fn name(&self) -> &'static str {
        "attention'x"
    }

    fn formula(&self) -> &'static str {
        "dS = P · (dP − Σ dP · P) / √d, dP = dy vᵀ; dq = dS k, dk = dSᵀ q, dv = Pᵀ dy"
    }

    fn words(&self) -> &'static str {
        "Values get gradient from wherever they were attended to; queries and keys get it where attention should \
            shift."
    }

    fn settings(&self) -> String {
        settings(self.heads, self.causal)
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let all = inputs(frame, 2)?;
        let [q, k, v] = operands(&all, self.heads)?;
        let (dy, p) = (in_heads(frame.input(0)?, self.heads)?, frame.input(1)?);
        let ds = of_scores(&product(&dy, &v.t()?)?, p, q.dim(3)?)?;
        let found = [product(&ds, &k)?, product(&ds.t()?, &q)?, product(&p.t()?, &dy)?];
        let found = found.iter().map(side_by_side).collect::<Result<Vec<_>>>()?;
        if all.len() == 1 {
            let packed = Tensor::cat(&found, 2)?;
            return frame.set(0, packed);
        }
        found.into_iter().enumerate().try_for_each(|(i, gradient)| frame.set(i, gradient))
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let s = sizes(&inputs(frame, 2)?, self.heads, self.causal)?;
        let dims = inputs(frame, 2)?.into_iter().map(|x| x.dims().to_vec()).collect::<Vec<_>>();
        let outs = dims.iter().enumerate().map(|(i, dims)| frame.reuse(i, dims)).collect::<Result<Vec<_>>>()?;
        {
            let (dy, p) = (frame.f32s(0)?, frame.f32s(1)?);
            let all = (2..frame.input_count()).map(|i| frame.f32s(i)).collect::<Result<Vec<_>>>()?;
            let operands = Operand::three(&all.iter().map(|x| &**x).collect::<Vec<_>>(), &s);
            match &outs[..] {
                [q, k, v] => {
                    bridge::write3(q, k, v, |dq, dk, dv| kernels::backward(&s, &operands, &p, &dy, dq, dk, dv))?
                }
                [packed, ..] => bridge::write(packed, |dx| kernels::backward_packed(&s, &operands, &p, &dy, dx))?,
                [] => {}
            }
        }
        outs.into_iter().enumerate().try_for_each(|(i, out)| frame.set(i, out))?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, output: usize, index: &[usize]) -> Result<Arithmetic> {
        Heads::new(reader, 2, self.heads, self.causal)?.gradient(output, index)
    }
}

const QUERY: usize = 0;
const KEY: usize = 1;
const VALUE: usize = 2;

/// Products up to which everything is shown; beyond, the mean gradient of a row is one number.
const IN_FULL: usize = 20_000;

/// What attention took, for explaining.
struct Heads<'a> {
    reader: &'a Reader,
    /// Input with the queries, or with all three.
    first: usize,
    width: usize,
    /// Columns of one head.
    each: usize,
    queries: usize,
    keys: usize,
    causal: bool,
    /// The first input is the gradient of the shares, not that of what is made with them.
    is_of_weights: bool,
}

impl<'a> Heads<'a> {
    fn new(reader: &'a Reader, first: usize, heads: usize, causal: bool) -> Result<Self> {
        let all = &reader.input(first)?.dims;
        let is_packed = reader.inputs.len() == first + 1;
        let width = if is_packed { all[2] / 3 } else { all[2] };
        let keys = if is_packed { all[1] } else { reader.input(first + 1)?.dims[1] };
        let each = width / heads;
        Ok(Self { reader, first, width, each, queries: all[1], keys, causal, is_of_weights: false })
    }

    /// A number of the gradient of queries, keys or values. The first input is a gradient, the second the shares.
    fn gradient(&self, output: usize, index: &[usize]) -> Result<Arithmetic> {
        let &[b, place, column] = index else { return self.reader.output(output)?.at(index) };
        let is_packed = self.reader.inputs.len() == 3;
        let (which, e) = if is_packed { (column / self.width, column % self.width) } else { (output, column) };
        let (p, head) = (self.reader.input(1)?, e / self.each);
        let asking: Vec<usize> = (0..self.queries).filter(|&t| self.seen(t).contains(&place)).collect();
        let terms: Result<Vec<_>> = match which {
            QUERY => {
                let score = |s: usize| self.of_score([b, head, place, s], self.seen(place).len());
                self.seen(place).map(|s| Ok(score(s)? * self.number(KEY, b, s, e)?)).collect()
            }
            KEY => {
                let score = |t: usize| self.of_score([b, head, t, place], asking.len());
                asking.iter().map(|&t| Ok(score(t)? * self.number(QUERY, b, t, e)?)).collect()
            }
            _ if self.is_of_weights => return Ok(Arithmetic::given("no part in the weights", 0.0)),
            _ => asking.iter().map(|&t| Ok(p.at(&[b, head, t, place])? * self.reader.read(0, &[b, t, e])?)).collect(),
        };
        Ok(Arithmetic::Sum(terms?))
    }

    /// A column of the query, key or value of a position.
    fn number(&self, which: usize, b: usize, position: usize, column: usize) -> Result<Arithmetic> {
        if self.reader.inputs.len() == self.first + 1 {
            return self.reader.read(self.first, &[b, position, which * self.width + column]);
        }
        self.reader.read(self.first + which, &[b, position, column])
    }

    /// The positions that a query looks at.
    fn seen(&self, t: usize) -> std::ops::Range<usize> {
        0..if self.causal { (t + 1).min(self.keys) } else { self.keys }
    }

    fn columns(&self, head: usize) -> std::ops::Range<usize> {
        head * self.each..(head + 1) * self.each
    }

    /// √d
    fn root(&self) -> Arithmetic {
        Arithmetic::call(Function::Sqrt, Arithmetic::given("d", self.each as f64))
    }

    /// `q k / √d`
    fn score(&self, [b, head, t]: [usize; 3], s: usize) -> Result<Arithmetic> {
        let product = |e: usize| Ok(self.number(QUERY, b, t, e)? * self.number(KEY, b, s, e)?);
        let sum = Arithmetic::Sum(self.columns(head).map(product).collect::<Result<_>>()?);
        Ok(Arithmetic::named("score", sum / self.root()))
    }

    /// The softmax of the scores. The largest is taken off first, which changes nothing but keeps exp within bounds.
    fn share(&self, query: [usize; 3], s: usize) -> Result<Arithmetic> {
        let scores = self.seen(query[2]).map(|s| self.score(query, s)).collect::<Result<Vec<_>>>()?;
        let largest = scores.iter().map(Arithmetic::evaluate).fold(f64::NEG_INFINITY, f64::max);
        let largest = Arithmetic::given("largest score", largest);
        let power = |score: Arithmetic| Arithmetic::call(Function::Exp, score - largest.clone());
        Ok(power(scores[s].clone()) / Arithmetic::Sum(scores.into_iter().map(power).collect()))
    }

    /// `dy v`: the gradient of the share of a position. The first input is dy, the second the shares.
    fn of_share(&self, [b, head, t, s]: [usize; 4]) -> Result<Arithmetic> {
        if self.is_of_weights {
            return self.reader.read(0, &[b, head, t, s]);
        }
        let product = |e: usize| Ok(self.reader.read(0, &[b, t, e])? * self.number(VALUE, b, s, e)?);
        Ok(Arithmetic::named("dP", Arithmetic::Sum(self.columns(head).map(product).collect::<Result<_>>()?)))
    }

    /// `P · (dP − Σ dP · P) / √d`, of which the explanation needs so many.
    fn of_score(&self, at: [usize; 4], needed: usize) -> Result<Arithmetic> {
        let ([b, head, t, _], p) = (at, self.reader.input(1)?);
        let term = |s: usize| Ok(self.of_share([b, head, t, s])? * p.at(&[b, head, t, s])?);
        let mean = if needed * self.keys * self.each <= IN_FULL {
            Arithmetic::named("Σ dP · P", Arithmetic::Sum(self.seen(t).map(term).collect::<Result<_>>()?))
        } else {
            let sum: Result<f64> = self.seen(t).map(|s| Ok(term(s)?.evaluate())).sum();
            Arithmetic::given("Σ dP · P", sum?)
        };
        Ok(Arithmetic::named("dS", p.at(&at)? * (self.of_share(at)? - mean) / self.root()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check, gradient_check_through};

    #[test]
    fn gradients_agree_with_finite_differences() {
        for (batch, steps, heads, width, causal) in
            [(1, 1, 1, 1, false), (2, 5, 2, 6, false), (3, 4, 1, 3, true), (2, 7, 3, 6, true)]
        {
            gradient_check(Attention { heads, causal }, Case::new().batched(batch, &[steps, 3 * width]));
        }
        for (queries, keys, causal) in [(3, 5, false), (4, 2, false), (4, 4, true), (2, 5, true)] {
            let case = Case::new().batched(2, &[queries, 6]).batched(2, &[keys, 6]).batched(2, &[keys, 6]);
            gradient_check(Attention { heads: 2, causal }, case);
        }
    }

    #[test]
    fn gradients_through_the_weights_agree_with_finite_differences() {
        for (steps, heads, causal) in [(1, 1, false), (5, 2, false), (4, 3, true)] {
            let case = Case::new().batched(2, &[steps, 18]);
            gradient_check_through(Attention { heads, causal }, case, &[0, 1]);
        }
        for (queries, keys, causal) in [(3, 5, false), (4, 4, true)] {
            let case = Case::new().batched(2, &[queries, 6]).batched(2, &[keys, 6]).batched(2, &[keys, 6]);
            gradient_check_through(Attention { heads: 2, causal }, case, &[0, 1]);
        }
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("attention", |params| Attention {
            heads: params["heads"].as_u64().unwrap() as usize,
            causal: params["causal"].as_bool().unwrap(),
        });
    }
}
