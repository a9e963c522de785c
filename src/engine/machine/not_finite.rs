//! Where the first NaN or infinity of a run was made.
//!
//! The loss is looked at once a step, when it has been computed. A number that is not one has by then come down to it:
//! either an instruction of this step made it, or the weights held it already. In the second case the gradients and
//! updates of the step before still stand in the machine, and one of those made it.

use std::fmt;

use candle_core::Tensor;

use super::{Machine, tensor_data};
use crate::engine::error::Result;
use crate::engine::kernels::bridge;
use crate::engine::program::{Instruction, Phase, ValueId};
use crate::trace::Element;

/// The instruction that made the first number that is not finite.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstNotFinite {
    /// Counted from 1, as the steps of a curve.
    pub step: u64,
    /// Its index in the program.
    pub instruction: usize,
    /// The phase of the instruction.
    pub phase: Phase,
    /// As in the listing: `%4 = log %3`.
    pub line: String,
    /// Name of the layer that it belongs to.
    pub layer: Option<String>,
    /// What it made: NaN, or an infinity.
    pub number: f64,
    /// Row of the training part whose number it was, where the value has a row for every sample.
    pub sample: Option<u32>,
    /// All such rows, where the instruction was caught as it ran.
    pub samples: Vec<u32>,
    /// What helps where the instruction itself makes such a number of good ones.
    pub remedy: Option<&'static str>,
    /// The state that held such a number before the step began: then the instruction only was the first to meet it.
    pub held_by: Option<String>,
}

impl FirstNotFinite {
    /// "NaN", "infinity", "minus infinity".
    pub fn word(&self) -> &'static str {
        match self.number {
            n if n.is_nan() => "NaN",
            n if n > 0.0 => "infinity",
            _ => "minus infinity",
        }
    }

    /// Whether nothing but the size of the numbers can have made it, after an update: before the first one no rate has
    /// done anything.
    pub fn is_of_size(&self) -> bool {
        let is_after_update = self.step > 1 || self.phase == Phase::Update;
        is_after_update && self.phase != Phase::Load && self.held_by.is_none() && self.remedy.is_none()
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match (self.phase, &self.held_by, self.remedy) {
            (Phase::Load, None, _) => "Correct or remove that sample and start again.",
            (_, Some(_), _) => "Nothing can be learnt after that. Go back to before it, or start again.",
            (_, None, Some(remedy)) => remedy,
            (_, None, None) if !self.is_of_size() => {
                "The values were too large before training began. Scale the data, or use smaller initial weights."
            }
            (_, None, None) => {
                "The values grew too large. Start again with a smaller learning rate, or clip the gradients."
            }
        }
    }
}

impl fmt::Display for FirstNotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (step, word, line) = (self.step, self.word(), &self.line);
        match &self.held_by {
            Some(state) => write!(f, "Step {step}: {state} already contained {word} before the step, and `{line}`")?,
            None if self.phase == Phase::Load => write!(f, "Step {step}: the data itself contains {word}: `{line}`")?,
            None => write!(f, "Step {step}: `{line}`")?,
        }
        if let Some(layer) = &self.layer {
            write!(f, " ({layer})")?;
        }
        match &self.held_by {
            Some(_) => write!(f, " was the first to use it")?,
            None if self.phase == Phase::Load => {}
            None => write!(f, " was the first instruction to produce {word}")?,
        }
        match (self.sample, self.samples.len()) {
            (Some(_), 2..) => {
                let shown: Vec<_> = self.samples.iter().take(SHOWN).map(u32::to_string).collect();
                let more = self.samples.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, ", samples {}{more} of the training set.", shown.join(", "))
            }
            (Some(sample), _) => write!(f, ", sample {sample} of the training set."),
            (None, _) => write!(f, "."),
        }
    }
}

/// Samples that a sentence names.
const SHOWN: usize = 8;

/// What is remembered between steps to tell of it.
#[derive(Default)]
pub(super) struct Watchdog {
    found: Option<FirstNotFinite>,
    /// Training rows of the batch in work, and of the one before.
    rows: Vec<u32>,
    rows_before: Vec<u32>,
    /// The values of the backward and update phases are those of the step before this one.
    pub step_before_is_known: bool,
}

impl Watchdog {
    /// The rows of the batch that is staged.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Keeps those of the batch before as well: its update may be the culprit.
    pub fn next_batch(&mut self, rows: &[u32]) {
        std::mem::swap(&mut self.rows, &mut self.rows_before);
        self.rows.clear();
        self.rows.extend_from_slice(rows);
    }
}

impl Machine {
    /// The instruction that made the first NaN or infinity, while the loss is such a number.
    pub fn first_not_finite(&self) -> Option<&FirstNotFinite> {
        self.watchdog.found.as_ref()
    }

    /// The instruction that made the first one of this step's numbers so far, whatever the loss is or will be.
    pub fn first_not_finite_so_far(&self) -> Result<Option<FirstNotFinite>> {
        let done = ..self.pc.min(self.program.instructions.len());
        let Some(first) = self.first_of(done, |_| true, &self.watchdog.rows)? else { return Ok(None) };
        let first = FirstNotFinite { step: self.context_of_values().step + 1, ..first };
        let reads_state = first.phase < Phase::Update;
        let call = self.program.instructions.get(first.instruction).filter(|_| reads_state);
        Ok(Some(match call.map(|call| self.spoilt_state(call)).transpose()?.flatten() {
            Some((state, number)) => {
                let held_by = Some(self.program.name(state).to_owned());
                FirstNotFinite { number, held_by, sample: None, ..first }
            }
            None => first,
        }))
    }

    /// Where it is to be seen, as the values stand: the first such number of what the instruction made, or of the state
    /// that held one before.
    pub fn place_of(&self, found: &FirstNotFinite) -> Option<Element> {
        let made = || self.program.instructions.get(found.instruction).map(|i| i.outputs.clone());
        let held = found.held_by.as_ref().and_then(|state| self.program.find(state)).map(|state| vec![state]);
        held.or_else(made)?.into_iter().find_map(|id| {
            let (mut flat, _) = self.not_finite(id).ok()??;
            let mut index = self.tensor(id).ok()?.dims().to_vec();
            for axis in index.iter_mut().rev() {
                let size = std::mem::replace(axis, flat % (*axis).max(1)).max(1);
                flat /= size;
            }
            Some(Element { name: self.program.name(id).to_owned(), index })
        })
    }

    /// Called when the loss of a step has just been computed.
    pub(super) fn look_at_loss(&mut self) -> Result<()> {
        let Some(loss) = self.program.loss else { return Ok(()) };
        if bridge::scalar(self.tensor(loss)?)?.is_finite() {
            self.watchdog.found = None;
        } else if self.watchdog.found.is_none() {
            self.watchdog.found = self.search()?;
        }
        Ok(())
    }

    fn search(&self) -> Result<Option<FirstNotFinite>> {
        let done = ..self.pc + 1;
        let Some(first) = self.first_of(done, |phase| phase <= Phase::Loss, &self.watchdog.rows)? else {
            return Ok(None);
        };
        let first = FirstNotFinite { step: self.context.step + 1, ..first };
        let Some(instruction) = self.program.instructions.get(first.instruction) else { return Ok(None) };
        let Some((state, number)) = self.spoilt_state(instruction)? else { return Ok(Some(first)) };
        if self.watchdog.step_before_is_known {
            let before = self.first_of(.., |phase| phase > Phase::Loss, &self.watchdog.rows_before)?;
            if let Some(before) = before {
                return Ok(Some(FirstNotFinite { step: self.context.step, ..before }));
            }
        }
        let held_by = Some(self.program.name(state).to_owned());
        Ok(Some(FirstNotFinite { number, held_by, sample: None, ..first }))
    }

    /// The first instruction of some phases that has such a number among its outputs, as those stand.
    fn first_of(
        &self,
        range: impl std::slice::SliceIndex<[Instruction], Output = [Instruction]>,
        phases: impl Fn(Phase) -> bool,
        rows: &[u32],
    ) -> Result<Option<FirstNotFinite>> {
        let instructions = self.program.instructions.get(range).unwrap_or_default();
        for (index, instruction) in instructions.iter().enumerate().filter(|(_, i)| phases(i.phase)) {
            for &output in &instruction.outputs {
                let Some((at, number)) = self.not_finite(output)? else { continue };
                let shape = self.program.value(output).map(|value| &value.shape).filter(|shape| shape.batched);
                let sample = shape.and_then(|shape| rows.get(at / shape.len().max(1)).copied());
                return Ok(Some(FirstNotFinite {
                    step: 0,
                    instruction: index,
                    phase: instruction.phase,
                    line: self.program.line(instruction),
                    layer: instruction.layer.and_then(|id| self.program.layer_name(id)),
                    number,
                    sample,
                    samples: Vec::new(),
                    remedy: instruction.op.remedy(),
                    held_by: None,
                }));
            }
        }
        Ok(None)
    }

    /// Whether state that an instruction changes in place already holds such a number.
    pub fn is_spoilt_before(&self, index: usize) -> Result<bool> {
        let Some(instruction) = self.program.instructions.get(index) else { return Ok(false) };
        for &output in instruction.outputs.iter().filter(|output| instruction.inputs.contains(output)) {
            if self.not_finite(output)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether an instruction that has just run made such a number of others that were none. State changed in place is
    /// asked before, with [`Self::is_spoilt_before`].
    pub fn made_not_finite(&self, index: usize) -> Result<Option<FirstNotFinite>> {
        let (rows, program) = (&self.watchdog.rows, &self.program);
        let Some(instruction) = program.instructions.get(index) else { return Ok(None) };
        let Some(first) = self.first_of(index..index + 1, |_| true, rows)? else { return Ok(None) };
        let from_elsewhere = |id: &&ValueId| !instruction.outputs.contains(id) && instruction.phase != Phase::Load;
        for &input in instruction.inputs.iter().filter(from_elsewhere) {
            if self.not_finite(input)?.is_some() {
                return Ok(None);
            }
        }
        let mut samples = Vec::new();
        for &output in &instruction.outputs {
            samples = self.rows_not_finite(output)?;
            if !samples.is_empty() {
                break;
            }
        }
        let step = self.context.step + u64::from(self.in_step);
        Ok(Some(FirstNotFinite { step, instruction: index, samples, ..first }))
    }

    /// Rows of the training part whose numbers in a value are such; none where it has no row for every sample.
    fn rows_not_finite(&self, id: ValueId) -> Result<Vec<u32>> {
        let batched = self.program.value(id).filter(|value| value.shape.batched);
        let Some((value, tensor)) = batched.zip(self.values.get(id.index()).and_then(Option::as_ref)) else {
            return Ok(Vec::new());
        };
        let numbers = tensor_data::to_f64(tensor)?;
        let of_rows = numbers.chunks(value.shape.len().max(1)).zip(&self.watchdog.rows);
        Ok(of_rows.filter(|(numbers, _)| numbers.iter().any(|v| !v.is_finite())).map(|(_, &row)| row).collect())
    }

    /// An input that outlives steps and holds such a number.
    fn spoilt_state(&self, instruction: &Instruction) -> Result<Option<(ValueId, f64)>> {
        for &input in &instruction.inputs {
            let is_state = self.program.value(input).is_some_and(|value| value.role.is_state());
            if let (true, Some((_, number))) = (is_state, self.not_finite(input)?) {
                return Ok(Some((input, number)));
            }
        }
        Ok(None)
    }

    /// Place and kind of the first such number of a value, in row-major order; `None` also where it is not computed.
    fn not_finite(&self, id: ValueId) -> Result<Option<(usize, f64)>> {
        self.values.get(id.index()).and_then(Option::as_ref).map_or(Ok(None), first_in)
    }
}

fn first_in(tensor: &Tensor) -> Result<Option<(usize, f64)>> {
    if bridge::is_cpu_f32(tensor) {
        let numbers = bridge::f32s(tensor)?;
        return Ok(numbers.iter().position(|v| !v.is_finite()).map(|at| (at, f64::from(numbers[at]))));
    }
    let numbers = tensor_data::to_f64(tensor)?;
    Ok(numbers.iter().position(|v| !v.is_finite()).map(|at| (at, numbers[at])))
}
