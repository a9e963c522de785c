//! How the optimisers explain their numbers: the gradient with its decay, running means, corrections for their
//! beginning.
//!
//! Inputs of every update: the parameter, its gradient, then what the optimiser keeps. All as they were before it.

use candle_core::Tensor;

use crate::engine::error::Result;
use crate::engine::explain::Reader;
use crate::expr::Function;
use crate::trace::Arithmetic;

/// `g + decay · w`, or just `g` where nothing decays.
pub fn gradient(reader: &Reader, index: &[usize], decay: f64) -> Result<Arithmetic> {
    let gradient = reader.read(1, index)?;
    if decay == 0.0 {
        return Ok(gradient);
    }
    Ok(Arithmetic::named("g", gradient + Arithmetic::given("decay", decay) * reader.read(0, index)?))
}

/// What [`gradient`] explains, of whole tensors. Without a decay the weight plays no part, so that an infinite one, of
/// which 0 times would be no number, stays what it is.
pub fn decayed(gradient: &Tensor, w: &Tensor, decay: f64) -> Result<Tensor> {
    Ok(if decay == 0.0 { gradient.clone() } else { (gradient + (w * decay)?)? })
}

/// As [`decayed`], of one number: chosen before the loop over all of them, which is as quick without a decay as if
/// there were no such thing.
pub trait Decay: Copy + Send + Sync {
    fn add(self, gradient: f32, w: f32) -> f32;
}

#[derive(Clone, Copy)]
pub struct Nothing;

impl Decay for Nothing {
    #[inline(always)]
    fn add(self, gradient: f32, _w: f32) -> f32 {
        gradient
    }
}

#[derive(Clone, Copy)]
pub struct Share(pub f32);

impl Decay for Share {
    #[inline(always)]
    fn add(self, gradient: f32, w: f32) -> f32 {
        gradient + self.0 * w
    }
}

/// `share · before + (1 − share) · new`
pub fn running(before: Arithmetic, share: &Arithmetic, new: Arithmetic) -> Arithmetic {
    share.clone() * before + (Arithmetic::number(1.0) - share.clone()) * new
}

/// What a running mean that began with 0 is divided by after `t` steps: `1 − shareᵗ`.
pub fn correction(share: &Arithmetic, t: &Arithmetic) -> Arithmetic {
    Arithmetic::number(1.0) - share.clone().power(t.clone())
}

/// `√size + ε`
pub fn root(size: Arithmetic, epsilon: f64) -> Arithmetic {
    Arithmetic::call(Function::Sqrt, size) + Arithmetic::given("ε", epsilon)
}

pub fn rate(reader: &Reader) -> Arithmetic {
    Arithmetic::given("rate", reader.context.learning_rate)
}

/// The count of updates, this one included, where input `i` is the count so far.
pub fn count(reader: &Reader, i: usize) -> Result<Arithmetic> {
    Ok(Arithmetic::named("t", reader.read(i, &[])? + Arithmetic::number(1.0)))
}
