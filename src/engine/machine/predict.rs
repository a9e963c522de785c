//! The same network answering: dropout absent, batch norm with its running statistics, no gradients.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use candle_core::Tensor;

use super::{Machine, TensorData, execute, or_ones, shown_losses, tensor_data};
use crate::data::{Samples, Stretch};
use crate::engine::error::{EngineError, Result};
use crate::engine::kernels::bridge;
use crate::engine::op::StepContext;
use crate::engine::program::{Instruction, Phase, Program, ValueId};
use crate::model::LayerId;

#[derive(Clone)]
pub(super) struct Predictor {
    program: Program,
    /// State: its index in the training program, and here.
    shared: Vec<(usize, usize)>,
    /// Samples computed at once. Chosen by the program alone, so that results do not depend on the machine.
    rows: usize,
}

/// What the network answers to a part of the data, and how wrong that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    /// Mean over all samples, without penalties.
    pub loss: f64,
    /// `[len, n]`
    pub outputs: Vec<f32>,
}

/// Means over samples, without penalties.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeanLosses {
    /// Of several Losses their weighted sum.
    pub total: f64,
    /// Of each Loss, before its weight, where there are several.
    pub each: Vec<(LayerId, f64)>,
}

impl Predictor {
    /// Parameters are found by their names in the program that trains.
    pub fn new(program: Program, training: &Program) -> Self {
        let by_name: BTreeMap<_, _> = training.values.iter().enumerate().map(|(i, v)| (v.name.as_str(), i)).collect();
        let shared = program
            .values
            .iter()
            .enumerate()
            .filter(|(_, value)| value.role.is_state())
            .filter_map(|(i, value)| by_name.get(value.name.as_str()).map(|&from| (from, i)))
            .collect();
        let widest = program.values.iter().filter(|v| v.shape.batched).map(|v| v.shape.len()).max().unwrap_or(1);
        Self { program, shared, rows: ((1 << 20) / widest.max(1)).clamp(16, 1024) }
    }
}

/// What is asked, `[rows, ...]`.
enum Asked<'a> {
    Inputs(&'a [f32]),
    /// With their targets.
    Numbers(&'a [f32], &'a [f32]),
    Samples(&'a Samples),
}

impl Asked<'_> {
    /// Some rows of it; nothing of numbers that end before. `width`, `each`: numbers in an input and in a target.
    fn piece(&self, rows: Range<usize>, width: usize, each: usize) -> Result<Stretch<'_>> {
        let (inputs, targets): (&[f32], &[f32]) = match *self {
            Self::Samples(samples) => return Ok(samples.stretch(rows)?),
            Self::Inputs(inputs) => (inputs, &[]),
            Self::Numbers(inputs, targets) => (inputs, targets),
        };
        let of = |each: usize| rows.start * each..rows.end * each;
        let inputs = inputs.get(of(width)).unwrap_or_default();
        let targets = targets.get(of(each)).unwrap_or_default();
        Ok(Stretch { inputs: inputs.into(), targets: targets.into(), weights: [].as_slice().into() })
    }
}

impl Machine {
    /// What the network answers: `[rows, outputs]` for inputs `[rows, ...]`.
    pub fn predict(&self, inputs: &[f32], rows: usize) -> Result<Vec<f32>> {
        let output = self.predictor.program.output;
        let mut answers = Vec::new();
        self.in_chunks(&Asked::Inputs(inputs), rows, &|| true, |values, _, _| {
            answers.extend_from_slice(&values_of(values, output)?);
            Ok(())
        })?;
        Ok(answers)
    }

    /// As [`Self::predict`], with what is wired as the truth of the main Loss; nothing of that where it is the targets.
    /// Before each piece `go_on` is told the rows done so far; `None` as soon as it says no.
    pub fn predict_with_truth(
        &self,
        inputs: &[f32],
        rows: usize,
        go_on: &dyn Fn(usize) -> bool,
    ) -> Result<Option<[Vec<f32>; 2]>> {
        let program = &self.predictor.program;
        let mut both = [Vec::new(), Vec::new()];
        let done = Cell::new(0);
        let finished = self.in_chunks(&Asked::Inputs(inputs), rows, &|| go_on(done.get()), |values, _, len| {
            done.set(done.get() + len);
            both[0].extend_from_slice(&values_of(values, program.output)?);
            if program.truth != program.target {
                both[1].extend_from_slice(&values_of(values, program.truth)?);
            }
            Ok(())
        })?;
        Ok(finished.then_some(both))
    }

    /// What the network answers where this is what leaves a layer, `[rows, ...]`; `None` where the answer depends on
    /// what does not pass it.
    pub fn answers_from(&self, layer: LayerId, codes: &[f32], rows: usize) -> Result<Option<Vec<f32>>> {
        let program = &self.predictor.program;
        let Some(&code) = program.layer_outputs.get(&layer) else { return Ok(None) };
        let Some(needed) = between(program, code) else { return Ok(None) };
        let mut values = vec![None; program.values.len()];
        for &(from, to) in &self.predictor.shared {
            values[to].clone_from(&self.values[from]);
        }
        self.feed(&mut values, code, codes, rows)?;
        let context = StepContext { training: false, ..self.context };
        for instruction in needed {
            execute(program, instruction, &mut values, &context, &self.opened, self.dtype)?;
        }
        values_of(&values, program.output).map(Some)
    }

    /// Answers and loss for inputs `[rows, ...]` with their targets, as a data part holds them.
    pub fn evaluate(&self, inputs: &[f32], targets: &[f32], rows: usize) -> Result<Evaluated> {
        let found = self.evaluate_while(inputs, targets, rows, &|| true)?;
        found.ok_or_else(|| EngineError::NotComputed("loss".into()))
    }

    /// As [`Self::evaluate`], asking before each piece whether to go on; `None` as soon as the answer is no.
    pub fn evaluate_while(
        &self,
        inputs: &[f32],
        targets: &[f32],
        rows: usize,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<Evaluated>> {
        let mut outputs = Vec::new();
        let asked = Asked::Numbers(inputs, targets);
        let loss = self.loss_of(&asked, rows, go_on, &mut |piece, _| outputs.extend_from_slice(piece))?;
        Ok(loss.map(|loss| Evaluated { loss: loss.total, outputs }))
    }

    /// The mean losses over all samples; answers are handed out with their truth piece by piece, so that however many
    /// there are, neither they nor the samples are held together.
    pub fn evaluate_samples(&self, samples: &Samples, take: &mut dyn FnMut(&[f32], &[f32])) -> Result<MeanLosses> {
        let losses = self.evaluate_samples_while(samples, &|_| true, take)?;
        losses.ok_or_else(|| EngineError::NotComputed("loss".into()))
    }

    /// As [`Self::evaluate_samples`]. Before each piece `go_on` is told the samples done so far; `None` as soon as it
    /// says no.
    pub fn evaluate_samples_while(
        &self,
        samples: &Samples,
        go_on: &dyn Fn(usize) -> bool,
        take: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Result<Option<MeanLosses>> {
        let (done, width) = (Cell::new(0), self.answer_len());
        let mut take = |outputs: &[f32], truth: &[f32]| {
            done.set(done.get() + outputs.len() / width);
            take(outputs, truth);
        };
        self.loss_of(&Asked::Samples(samples), samples.len(), &|| go_on(done.get()), &mut take)
    }

    /// Numbers that are answered to a sample.
    fn answer_len(&self) -> usize {
        let program = &self.predictor.program;
        program.values[program.output.index()].shape.len().max(1)
    }

    /// `None` as soon as it is not to go on.
    fn loss_of(
        &self,
        asked: &Asked<'_>,
        rows: usize,
        go_on: &dyn Fn() -> bool,
        take: &mut dyn FnMut(&[f32], &[f32]),
    ) -> Result<Option<MeanLosses>> {
        let program = &self.predictor.program;
        let each = shown_losses(program);
        let mut sums = vec![0.0; 1 + each.len()];
        let finished = self.in_chunks(asked, rows, go_on, |values, targets, len| {
            match program.truth == program.target {
                true => take(&values_of(values, program.output)?, targets),
                false => take(&values_of(values, program.output)?, &values_of(values, program.truth)?),
            }
            let total = program.data_loss.ok_or_else(|| EngineError::NotComputed("loss".into()))?;
            let ids = std::iter::once(total).chain(each.iter().map(|&(_, id)| id));
            for (sum, id) in sums.iter_mut().zip(ids) {
                let loss = values[id.index()].as_ref();
                let loss = loss.ok_or_else(|| EngineError::NotComputed("loss".into()))?;
                *sum += bridge::scalar(loss)? * len as f64;
            }
            Ok(())
        })?;
        let mut means = sums.into_iter().map(|sum| sum / rows.max(1) as f64);
        let total = means.next().unwrap_or_default();
        let each = each.iter().zip(means).map(|(&(layer, _), mean)| (layer, mean)).collect();
        Ok(finished.then_some(MeanLosses { total, each }))
    }

    /// What leaves each of these layers when predicting: `[rows, ...]`. Layers that do not lead to the Loss are left
    /// out.
    pub fn layer_outputs(
        &self,
        inputs: &[f32],
        rows: usize,
        layers: &[LayerId],
    ) -> Result<BTreeMap<LayerId, TensorData>> {
        let outputs = &self.predictor.program.layer_outputs;
        let wanted: Vec<_> = layers.iter().filter_map(|id| outputs.get(id).map(|&v| (*id, v))).collect();
        self.values_of_layers(inputs, rows, &wanted)
    }

    /// As [`Self::layer_outputs`], but of attention its weights `[rows, heads, queries, keys]`: where it looks tells
    /// more than what leaves it.
    pub fn layer_pictures(
        &self,
        inputs: &[f32],
        rows: usize,
        layers: &[LayerId],
    ) -> Result<BTreeMap<LayerId, TensorData>> {
        let program = &self.predictor.program;
        let picture = |id: LayerId| {
            let mut own = program.instructions.iter().filter(|i| i.phase == Phase::Forward && i.layer == Some(id));
            let told = own.find_map(|i| i.outputs.get(i.op.pictured()?).copied());
            told.or_else(|| program.layer_outputs.get(&id).copied())
        };
        let wanted: Vec<_> = layers.iter().filter_map(|&id| picture(id).map(|value| (id, value))).collect();
        self.values_of_layers(inputs, rows, &wanted)
    }

    fn values_of_layers(
        &self,
        inputs: &[f32],
        rows: usize,
        wanted: &[(LayerId, ValueId)],
    ) -> Result<BTreeMap<LayerId, TensorData>> {
        let program = &self.predictor.program;
        let mut found: BTreeMap<LayerId, Vec<f32>> = BTreeMap::new();
        self.in_chunks(&Asked::Inputs(inputs), rows, &|| true, |values, _, _| {
            for &(layer, value) in wanted {
                found.entry(layer).or_default().extend_from_slice(&values_of(values, value)?);
            }
            Ok(())
        })?;
        let of =
            |layer: LayerId| wanted.iter().find(|(id, _)| *id == layer).and_then(|&(_, value)| program.value(value));
        let dims = |layer: LayerId| of(layer).map_or(vec![rows], |value| value.shape.with_batch(rows));
        Ok(found.into_iter().map(|(id, data)| (id, TensorData { dims: dims(id), data: data.into() })).collect())
    }

    /// Runs the forward phase (and the loss, with targets) over pieces of the samples. Returns whether all were done.
    fn in_chunks(
        &self,
        asked: &Asked<'_>,
        rows: usize,
        go_on: &dyn Fn() -> bool,
        mut done: impl FnMut(&[Option<Tensor>], &[f32], usize) -> Result<()>,
    ) -> Result<bool> {
        let program = &self.predictor.program;
        let mut values = vec![None; program.values.len()];
        for &(from, to) in &self.predictor.shared {
            values[to].clone_from(&self.values[from]);
        }
        let context = StepContext { training: false, ..self.context };
        let is_with_targets = !matches!(asked, Asked::Inputs(_));
        let last = if is_with_targets { Phase::Loss } else { Phase::Forward };
        let each = |id: ValueId| program.values[id.index()].shape.len();
        let mut start = 0;
        while start < rows {
            if !go_on() {
                return Ok(false);
            }
            let len = self.predictor.rows.min(rows - start);
            let Stretch { inputs, targets, weights } =
                asked.piece(start..start + len, each(program.input), each(program.target))?;
            self.feed(&mut values, program.input, &inputs, len)?;
            if is_with_targets {
                self.feed(&mut values, program.target, &targets, len)?;
                if let Some(id) = program.weights {
                    self.feed(&mut values, id, &or_ones(&weights, len), len)?;
                }
            }
            for instruction in program.instructions.iter().filter(|i| i.phase > Phase::Load && i.phase <= last) {
                execute(program, instruction, &mut values, &context, &self.opened, self.dtype)?;
            }
            done(&values, &targets, len)?;
            start += len;
        }
        Ok(true)
    }

    fn feed(&self, values: &mut [Option<Tensor>], id: ValueId, numbers: &[f32], len: usize) -> Result<()> {
        let value = &self.predictor.program.values[id.index()];
        let dims = value.shape.with_batch(len);
        if numbers.len() != dims.iter().product::<usize>() {
            return Err(EngineError::Shape { what: value.name.clone(), expected: dims, got: vec![numbers.len()] });
        }
        values[id.index()] = Some(tensor_data::from_f32(numbers, &dims, self.dtype, &self.opened)?);
        Ok(())
    }
}

/// The instructions that lead from a value to the answer, in their order; `None` where the input is needed beside it.
fn between(program: &Program, from: ValueId) -> Option<Vec<&Instruction>> {
    let (mut wanted, mut needed) = (BTreeSet::from([program.output]), Vec::new());
    for instruction in program.instructions.iter().rev().filter(|i| i.phase == Phase::Forward) {
        wanted.remove(&from);
        if instruction.outputs.iter().any(|output| wanted.contains(output)) {
            wanted.extend(&instruction.inputs);
            needed.push(instruction);
        }
    }
    let is_led = !needed.is_empty() && needed.iter().any(|instruction| instruction.inputs.contains(&from));
    needed.reverse();
    (is_led && !wanted.contains(&program.input)).then_some(needed)
}

fn values_of(values: &[Option<Tensor>], id: ValueId) -> Result<Vec<f32>> {
    let tensor = values.get(id.index()).and_then(Option::as_ref);
    tensor_data::to_f32(tensor.ok_or_else(|| EngineError::NotComputed(format!("number {}", id.0)))?)
}
