//! `prelu`: leaky relu whose slope is learned, one for all or one a channel (He et al., 2015). PyTorch's `nn.PReLU`.
//!
//! # Shapes
//! x `[B, C, ...]`, slope `[1]` or `[C]` -> y like x.

use candle_core::Tensor;

use crate::engine::backward::Pullback;
use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::engine::kernels::split::{for_each_chunk, sum_in_parts};
use crate::engine::kernels::{bridge, lanes};
use crate::engine::op::{Frame, Op};
use crate::engine::ops::everywhere::{at_least, at_most};
use crate::trace::Arithmetic;

/// Inputs: x, slope.
#[derive(Debug)]
pub struct Prelu;

/// The slope with axes of 1 where x has others, so that both broadcast.
fn slopes(x: &Tensor, slope: &Tensor) -> Result<Tensor> {
    let dims: Vec<_> = (0..x.rank()).map(|axis| if axis == 1 { slope.elem_count() } else { 1 }).collect();
    Ok(slope.reshape(dims)?)
}

fn is_positive(x: &Tensor) -> Result<Tensor> {
    Ok(x.gt(0.0)?.to_dtype(x.dtype())?)
}

/// Calls `f` with the slope and the stretch of x that it belongs to, for all of one sample.
fn for_each_slope(slope: &[f32], sample: std::ops::Range<usize>, mut f: impl FnMut(usize, std::ops::Range<usize>)) {
    let plane = sample.len() / slope.len().max(1);
    (0..slope.len()).for_each(|i| f(i, sample.start + i * plane..sample.start + (i + 1) * plane));
}

/// The slope of the number at `index`, from an input of one for all or one a channel.
fn slope_at(reader: &Reader, input: usize, index: &[usize]) -> Result<Arithmetic> {
    let channel = if reader.input(input)?.numbers.len() == 1 { 0 } else { index[1] };
    reader.read(input, &[channel])
}

impl Op for Prelu {
    fn name(&self) -> &'static str {
        "prelu"
    }

    fn formula(&self) -> &'static str {
        "y = x if x > 0, else slope · x"
    }

    fn words(&self) -> &'static str {
        "Passes positive values through and multiplies negative ones by a learned slope."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let x = frame.input(0)?;
        let y = (at_least(x, 0.0)? + at_most(x, 0.0)?.broadcast_mul(&slopes(x, frame.input(1)?)?)?)?;
        frame.set(0, y)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(0)?.shape().clone();
        let each = shape.elem_count() / shape.dims()[0].max(1);
        let out = frame.reuse(0, shape.dims())?;
        {
            let (x, slope) = (frame.f32s(0)?, frame.f32s(1)?);
            bridge::write(&out, |y| {
                for_each_chunk(y, each, x.len(), |sample, y| {
                    let x = &x[sample * each..][..each];
                    for_each_slope(&slope, 0..each, |i, part| {
                        let slope = slope[i];
                        for (y, &x) in y[part.clone()].iter_mut().zip(&x[part]) {
                            *y = if x > 0.0 { x } else { slope * x };
                        }
                    });
                });
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let x = reader.read(0, index)?;
        Ok(if x.evaluate() > 0.0 { x } else { slope_at(reader, 1, index)? * x })
    }

    fn vjp(&self, pull: &mut Pullback) {
        let Some(dy) = pull.dy() else { return };
        let inputs = [dy, pull.input(0), pull.input(1)];
        pull.give(0, PreluX, &inputs);
        pull.give(1, PreluSlope, &inputs);
    }
}

/// Inputs: dy, x, slope.
#[derive(Debug)]
struct PreluX;

impl Op for PreluX {
    fn name(&self) -> &'static str {
        "prelu'x"
    }

    fn formula(&self) -> &'static str {
        "dx = dy if x > 0, else slope · dy"
    }

    fn words(&self) -> &'static str {
        "The gradient passes unchanged where the value was positive; elsewhere it is multiplied by the slope."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x) = (frame.input(0)?, frame.input(1)?);
        let positive = is_positive(x)?;
        let below = (1.0 - &positive)?.broadcast_mul(&slopes(x, frame.input(2)?)?)?;
        let dx = (dy * (positive + below)?)?;
        frame.set(0, dx)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let shape = frame.input(1)?.shape().clone();
        let each = shape.elem_count() / shape.dims()[0].max(1);
        let out = frame.reuse(0, shape.dims())?;
        {
            let (dy, x, slope) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            bridge::write(&out, |dx| {
                for_each_chunk(dx, each, x.len(), |sample, dx| {
                    let (x, dy) = (&x[sample * each..][..each], &dy[sample * each..][..each]);
                    for_each_slope(&slope, 0..each, |i, part| {
                        let slope = slope[i];
                        for ((dx, &x), &dy) in dx[part.clone()].iter_mut().zip(&x[part.clone()]).zip(&dy[part]) {
                            *dx = if x > 0.0 { dy } else { slope * dy };
                        }
                    });
                });
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let dy = reader.read(0, index)?;
        Ok(if reader.input(1)?.number(index)? > 0.0 { dy } else { slope_at(reader, 2, index)? * dy })
    }
}

/// Inputs: dy, x, slope (for its size).
#[derive(Debug)]
struct PreluSlope;

impl Op for PreluSlope {
    fn name(&self) -> &'static str {
        "prelu'slope"
    }

    fn formula(&self) -> &'static str {
        "dslope = Σ dy · x where x ≤ 0"
    }

    fn words(&self) -> &'static str {
        "The sum of output gradient times value, over the batch, wherever the slope was used."
    }

    fn reference(&self, frame: &mut Frame) -> Result<()> {
        let (dy, x) = (frame.input(0)?, frame.input(1)?);
        let (count, dims) = (frame.input(2)?.elem_count(), frame.input(2)?.shape().clone());
        let each = (dy * at_most(x, 0.0)?)?.reshape((x.dim(0)?, count, x.elem_count() / x.dim(0)?.max(1) / count))?;
        let slope = each.sum((0, 2))?.reshape(dims)?;
        frame.set(0, slope)
    }

    fn kernel(&self, frame: &mut Frame) -> Result<bool> {
        let (batch, dims) = (frame.input(1)?.dim(0)?, frame.input(2)?.shape().clone());
        let out = frame.reuse(0, dims.dims())?;
        {
            let (dy, x, slope) = (frame.f32s(0)?, frame.f32s(1)?, frame.f32s(2)?);
            let each = x.len() / batch.max(1);
            bridge::write(&out, |total| {
                sum_in_parts(batch, total, x.len(), |samples, sums| {
                    for sample in samples {
                        for_each_slope(&slope, sample * each..(sample + 1) * each, |i, part| {
                            let below = |dy: f32, x: f32| if x > 0.0 { 0.0 } else { dy * x };
                            sums[i] += lanes::sum_of_pairs(&dy[part.clone()], &x[part], below);
                        });
                    }
                });
            })?;
        }
        frame.set(0, out)?;
        Ok(true)
    }

    fn explain(&self, reader: &Reader, _output: usize, index: &[usize]) -> Result<Arithmetic> {
        let (dy, x, slopes) = (reader.input(0)?, reader.input(1)?, reader.input(2)?.numbers.len());
        let mut terms = Vec::new();
        for flat in 0..x.numbers.len() {
            let at = x.unflatten(flat);
            if (slopes == 1 || at[1] == index[0]) && x.numbers[flat] <= 0.0 {
                terms.push(dy.at(&at)? * x.at(&at)?);
            }
        }
        Ok(Arithmetic::Sum(terms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ops::check::{Case, fixture_check, gradient_check};

    #[test]
    fn gradients_agree_with_finite_differences() {
        gradient_check(Prelu, Case::new().batched(3, &[4, 5, 3]).fixed(&[4]));
        gradient_check(Prelu, Case::new().batched(2, &[3, 7]).fixed(&[1]));
        gradient_check(Prelu, Case::new().batched(5, &[7]).fixed(&[7]));
        gradient_check(Prelu, Case::new().batched(1, &[1]).fixed(&[1]));
    }

    #[test]
    fn agrees_with_pytorch() {
        fixture_check("prelu", |_| Prelu);
    }
}
