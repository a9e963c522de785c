//! A gradient against what really happens: its element is nudged, the step is rehearsed, the losses are compared.
//!
//! A difference in double precision is the truth here; the gradient is to agree with it as far as single precision can
//! tell. At a kink there is no truth: the loss has a slope on either side. Curvature makes the sides differ as well,
//! but less and less the smaller the nudge; at a kink they differ as much as before.

use candle_core::DType;

use super::Machine;
use super::rehearsal::{Nudge, Override, Rehearsal};
use crate::engine::backward::gradient_name;
use crate::engine::error::{EngineError, Result};
use crate::engine::explain::Operand;
use crate::engine::program::{Phase, ValueId};
use crate::trace::{Judgement, Verdict};

/// Sizes of the nudge, each against the size of the numbers around the nudged one.
const NUDGES: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];
/// How far a gradient may be off, against itself; and against the largest of its tensor, of which single precision
/// keeps seven digits.
const OFF: f64 = 1e-3;
const OFF_OF_LARGEST: f64 = 1e-5;
/// How many times smaller the sides' disagreement must get with a nudge ten times smaller, to be curvature.
const CURVATURE: f64 = 0.3;
/// How many times more than a definition a kernel may lose to single precision: it adds up in another order.
const OTHER_ORDER: f64 = 8.0;

impl Machine {
    /// Whether the nudge agrees with a gradient of the step in progress, before its update. `gradient`: as it stands
    /// now, edited or not. `overrides`: what was changed by hand in this step, see [`Rehearsal::of`].
    pub fn nudge(&self, gradient: ValueId, index: &[usize], overrides: &[Override]) -> Result<Verdict> {
        Rehearsal::of(self, overrides)?.verdict(self, gradient, index)
    }

    /// The value that a gradient belongs to.
    pub fn nudged_by(&self, gradient: ValueId) -> Option<ValueId> {
        let name = self.program.name(gradient);
        let of = || self.program.gradients.iter().filter(|(_, found)| **found == gradient).map(|(&value, _)| value);
        // A gradient that is passed on unchanged belongs to several values; it has the name of one.
        of().find(|&value| gradient_name(self.program.name(value)) == name).or_else(|| of().next())
    }
}

/// What one size of nudge finds.
#[derive(Clone, Copy)]
struct Found {
    nudge: f64,
    sides: [f64; 2],
    /// What rounding in double precision may make of a slope.
    noise: f64,
}

impl Found {
    fn difference(&self) -> f64 {
        (self.sides[0] + self.sides[1]) / 2.0
    }

    fn gap(&self) -> f64 {
        (self.sides[0] - self.sides[1]).abs()
    }
}

impl Rehearsal {
    /// As [`Machine::nudge`]; the machine is the one that was rehearsed, and holds the gradient.
    pub fn verdict(&self, machine: &Machine, gradient: ValueId, index: &[usize]) -> Result<Verdict> {
        let name = machine.program.name(gradient).to_owned();
        let no_gradient = "only gradients can be checked (d%… and ….grad), and not parts of them or clipped ones";
        let Some(value) = machine.nudged_by(gradient) else {
            return Err(EngineError::NotNudged(format!("{name}: {no_gradient}")));
        };
        machine.producer(gradient)?;
        let held = Operand::new(&name, machine.tensor(gradient)?)?;
        let number = held.number(index)?;
        let flat = held.flatten(index);
        if !self.loss()?.is_finite() {
            return Err(EngineError::NotNudged("the loss isn't finite".into()));
        }
        let largest = held.numbers.iter().filter(|n| n.is_finite()).fold(0.0f64, |largest, n| largest.max(n.abs()));
        let mut found = self.try_out(value, flat, NUDGES[0])?;
        for (i, &size) in NUDGES.iter().enumerate() {
            let before = found;
            if i > 0 {
                found = self.try_out(value, flat, size)?;
            }
            let off = OFF_OF_LARGEST * largest + found.noise;
            let agrees = number.is_finite()
                && (found.difference() - number).abs() <= OFF * number.abs().max(found.difference().abs()) + off;
            let is_smooth = found.gap() <= 10.0 * OFF * found.difference().abs() + off
                || i > 0 && found.gap() <= CURVATURE * before.gap();
            // Smaller nudges only where this one leaves a doubt: they drown in rounding sooner.
            if agrees && is_smooth {
                return Ok(verdict(found, Judgement::Agrees));
            }
            if i + 1 == NUDGES.len() && is_smooth {
                let judgement = self.why_off(machine, gradient, flat, number, found, off)?;
                let mut verdict = verdict(found, judgement);
                if judgement == Judgement::AtKink {
                    // Rounding put a number on the other side: the gradient is the slope there.
                    verdict.sides = [found.difference(), number];
                }
                return Ok(verdict);
            }
        }
        Ok(verdict(found, Judgement::AtKink))
    }

    fn try_out(&self, value: ValueId, flat: usize, size: f64) -> Result<Found> {
        let around = self.numbers(value).unwrap_or_default();
        let own = around.get(flat).map_or(0.0, |n| n.abs());
        let mean_square = around.iter().map(|n| n * n).sum::<f64>() / around.len().max(1) as f64;
        let nudge = size * own.max(mean_square.sqrt()).clamp(1e-3, 1e6);
        let loss = self.loss()?;
        let ahead = self.nudged_loss(Nudge { value, flat, by: nudge })?;
        let behind = self.nudged_loss(Nudge { value, flat, by: -nudge })?;
        let noise = 1e-14 * loss.abs().max(ahead.abs()).max(behind.abs()).max(1e-3) / nudge;
        Ok(Found { nudge, sides: [(ahead - loss) / nudge, (loss - behind) / nudge], noise })
    }

    /// Of a gradient that disagrees where the loss is smooth. When it follows in double precision from the forward
    /// values that the machine holds, and the one that follows from exact ones agrees with the nudge, nothing is wrong
    /// with it but rounding: either a number was rounded over to the other side of a kink, or single precision cannot
    /// tell better.
    fn why_off(
        &self,
        machine: &Machine,
        gradient: ValueId,
        flat: usize,
        number: f64,
        found: Found,
        off: f64,
    ) -> Result<Judgement> {
        let difference = found.difference();
        let is_close = |a: f64, b: f64, off: f64| {
            a.is_finite() && b.is_finite() && (a - b).abs() <= OFF * a.abs().max(b.abs()) + off
        };
        let exact = self.backward(gradient, None, DType::F64)?.get(flat).copied().unwrap_or(f64::NAN);
        let follows = self.backward(gradient, Some(machine), DType::F64)?;
        // Where large gradients cancel, what is left of them in single precision is mostly rounding.
        let rounded = self.backward(gradient, Some(machine), DType::F32)?;
        let losses = follows.iter().zip(&rounded).map(|(a, b)| (a - b).abs()).filter(|loss| loss.is_finite());
        let lost = losses.fold(0.0f64, f64::max);
        let follows = follows.get(flat).copied().unwrap_or(f64::NAN);
        if is_close(follows, number, off + OTHER_ORDER * lost) && is_close(exact, difference, off) {
            match self.rounding(machine)? {
                Rounding::Near => return Ok(Judgement::Agrees),
                Rounding::Over => return Ok(Judgement::AtKink),
                Rounding::Far => {}
            }
        }
        let by = (difference - number).abs() / difference.abs().max(number.abs());
        Ok(Judgement::Differs { by: if by.is_finite() { by } else { f64::INFINITY } })
    }

    /// What single precision has made of the forward values.
    fn rounding(&self, machine: &Machine) -> Result<Rounding> {
        let forward = self.program().instructions.iter().take_while(|i| i.phase <= Phase::Forward);
        let mut rounding = Rounding::Near;
        for (op, at, output) in forward.flat_map(|i| i.outputs.iter().enumerate().map(|(at, &id)| (&i.op, at, id))) {
            let name = machine.program.name(output);
            let held = Operand::new(name, machine.tensor(output)?)?.numbers;
            let exact = self.numbers(output).unwrap_or_default();
            if op.is_choice(at) {
                if held != exact {
                    rounding = Rounding::Over;
                }
                continue;
            }
            let largest = exact.iter().fold(1e-6f64, |largest, n| largest.max(n.abs()));
            if held.iter().zip(&exact).any(|(a, b)| (a - b).abs() > 1e-3 * largest) {
                return Ok(Rounding::Far);
            }
            if held.iter().zip(&exact).any(|(a, b)| (*a > 0.0) != (*b > 0.0)) {
                rounding = Rounding::Over;
            }
        }
        Ok(rounding)
    }
}

/// How the forward values of a machine lie to those in double precision.
#[derive(Clone, Copy, PartialEq)]
enum Rounding {
    /// As near as rounding leaves them.
    Near,
    /// As near, but one of them on the other side of zero, or naming another place: there may be a kink between.
    Over,
    /// No rounding: somebody changed them.
    Far,
}

fn verdict(found: Found, judgement: Judgement) -> Verdict {
    Verdict { nudge: found.nudge, difference: found.difference(), sides: found.sides, judgement }
}
