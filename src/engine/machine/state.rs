//! What outlives a step: first values, snapshots, and what stays when the network or its settings change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use candle_core::{DType, Tensor};

use super::{Machine, TensorData, tensor_data};
use crate::engine::device::Precision;
use crate::engine::error::{EngineError, Result};
use crate::engine::init::Initial;
use crate::engine::program::{Program, Role, Value, ValueId};
use crate::model::{DataSignature, Graph, LayerId, TrainingSpec};

/// Everything that a run needs to go on bitwise: parameters, buffers, moments, and the step that keys schedule and
/// dropout. The generators need no state: they are keyed by seed and step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Steps completed.
    pub step: u64,
    /// Tensors by their names in the program.
    pub tensors: BTreeMap<String, SavedTensor>,
}

/// A tensor outside the machine.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedTensor {
    /// Size along each axis, outermost first.
    pub dims: Vec<usize>,
    /// Its elements, row by row.
    pub numbers: Numbers,
}

/// Elements in single or double precision.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Single precision.
    F32(Arc<[f32]>),
    /// Double precision.
    F64(Arc<[f64]>),
}

/// How much of the state survived a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Tensors whose name and shape still fit.
    pub kept: usize,
    /// Tensors there were.
    pub of: usize,
    /// Names of the parameters that had to start anew.
    pub fresh: Vec<String>,
}

impl Machine {
    /// State before the first step.
    pub(super) fn initialise(&mut self) -> Result<()> {
        for (index, initial) in first_values(&self.program, self.training.seed) {
            let dims = &self.program.values[index].shape.dims;
            self.values[index] = Some(tensor_data::from_f64(&initial, dims, self.dtype, &self.opened)?);
        }
        Ok(())
    }

    /// A copy of the state as it stands; take it between two steps.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let mut tensors = BTreeMap::new();
        for (value, slot) in self.program.values.iter().zip(&self.values) {
            if let (true, Some(tensor)) = (value.role.is_state(), slot) {
                let numbers = match self.dtype {
                    DType::F64 => Numbers::F64(tensor_data::to_f64(tensor)?.into()),
                    _ => Numbers::F32(tensor_data::to_f32(tensor)?.into()),
                };
                tensors.insert(value.name.clone(), SavedTensor { dims: tensor.dims().to_vec(), numbers });
            }
        }
        Ok(Snapshot { step: self.context.step, tensors })
    }

    /// Puts a snapshot back. Parameters and buffers must all be there; moments that are missing (another optimiser
    /// saved it) start anew. Nothing changes when it does not fit. What was computed is of another step than this, and
    /// forgotten.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.put_back(snapshot)?;
        for (value, held) in self.program.values.iter().zip(&mut self.values) {
            if !value.role.is_state() {
                *held = None;
            }
        }
        Ok(())
    }

    fn put_back(&mut self, snapshot: &Snapshot) -> Result<()> {
        let mut restored: Vec<(usize, Tensor)> = Vec::new();
        let mut refusals = Vec::new();
        for (index, value) in self.program.values.iter().enumerate().filter(|(_, value)| value.role.is_state()) {
            match snapshot.tensors.get(&value.name) {
                Some(saved) if saved.dims == value.shape.dims => restored.push((index, self.open_saved(saved)?)),
                _ if value.role == Role::Optimiser => restored.push((index, self.first_moment(value)?)),
                Some(saved) => {
                    refusals.push(format!(
                        "{} has shape {:?} there and {:?} here.",
                        value.name, saved.dims, value.shape.dims
                    ));
                }
                None => refusals.push(format!("{} is missing.", value.name)),
            }
        }
        if !refusals.is_empty() {
            return Err(EngineError::Snapshot(refusals.join(" ")));
        }
        for (index, tensor) in restored {
            self.values[index] = Some(tensor);
        }
        self.context.step = snapshot.step;
        self.update_watch.forget();
        self.schedule();
        self.in_step = false;
        self.pc = 0;
        self.watchdog.step_before_is_known = false;
        Ok(())
    }

    /// What a parameter, statistic or moment starts from with another seed; `None` of what is computed.
    pub fn first_value(&self, id: ValueId, seed: u64) -> Option<TensorData> {
        let dims = self.program.value(id)?.shape.dims.clone();
        let (_, numbers) = first_values(&self.program, seed).into_iter().find(|(index, _)| *index == id.index())?;
        Some(TensorData { dims, data: numbers.into_iter().map(|v| v as f32).collect() })
    }

    /// Puts only the weights (and running statistics) of a snapshot back: moments and the step number go on as they
    /// are, and the values of the last step stay readable.
    pub fn restore_parameters(&mut self, snapshot: &Snapshot) -> Result<()> {
        let mut now = self.snapshot()?;
        for (name, saved) in &snapshot.tensors {
            let role = self.program.find(name).and_then(|id| self.program.value(id)).map(|value| value.role);
            if matches!(role, Some(Role::Parameter | Role::Buffer)) {
                now.tensors.insert(name.clone(), saved.clone());
            }
        }
        let pc = self.pc;
        self.put_back(&now)?;
        self.pc = pc;
        Ok(())
    }

    fn open_saved(&self, saved: &SavedTensor) -> Result<Tensor> {
        match &saved.numbers {
            Numbers::F32(numbers) => tensor_data::from_f32(numbers, &saved.dims, self.dtype, &self.opened),
            Numbers::F64(numbers) => tensor_data::from_f64(numbers, &saved.dims, self.dtype, &self.opened),
        }
    }

    fn first_moment(&self, value: &Value) -> Result<Tensor> {
        // Moments start from constants: no seed and no layer changes them.
        let initial = value.initial.unwrap_or(Initial::ZEROS).draw(&value.shape.dims, 0, None, 0);
        tensor_data::from_f64(&initial, &value.shape.dims, self.dtype, &self.opened)
    }

    /// Continues with a changed graph, data set or settings. State that still fits stays: found by layer and the rest
    /// of its name (so a renamed layer keeps its weights), or else by its whole name when that layer is gone. A step in
    /// progress goes on where only settings changed, and is given up otherwise. Nothing changes when the graph cannot
    /// be compiled.
    pub fn reconfigure(&mut self, graph: &Graph, signature: &DataSignature, training: &TrainingSpec) -> Result<Kept> {
        let precision = if self.dtype == DType::F64 { Precision::F64 } else { Precision::F32 };
        let mut next = Self::new(graph, signature, training, self.device.clone(), precision)?;
        next.context.step = self.context.step;
        next.rate_scale = self.rate_scale;
        next.schedule();
        let kept = carry_over(&self.program, &self.values, &next.program, &mut next.values);
        if same_layout(&self.program, &next.program) {
            next.values.clone_from(&self.values);
            (next.pc, next.in_step, next.batch_len) = (self.pc, self.in_step, self.batch_len);
            next.watchdog = std::mem::take(&mut self.watchdog);
            next.update_watch = std::mem::take(&mut self.update_watch);
        }
        *self = next;
        Ok(kept)
    }
}

/// Index and first numbers of every state value.
fn first_values(program: &Program, seed: u64) -> Vec<(usize, Vec<f64>)> {
    let mut drawn: BTreeMap<Option<LayerId>, u64> = BTreeMap::new();
    let state =
        program.values.iter().enumerate().filter_map(|(i, value)| value.initial.map(|initial| (i, value, initial)));
    state
        .map(|(i, value, initial)| {
            // The index of the tensor within its layer: other layers do not change what it draws.
            let index = drawn.entry(value.layer).or_insert(0);
            let numbers = initial.draw(&value.shape.dims, seed, value.layer, *index);
            *index += 1;
            (i, numbers)
        })
        .collect()
}

fn carry_over(old: &Program, old_values: &[Option<Tensor>], new: &Program, new_values: &mut [Option<Tensor>]) -> Kept {
    let new_layers: BTreeSet<_> = new.values.iter().filter_map(|value| value.layer).collect();
    let state = || old.values.iter().enumerate().filter(|(_, value)| value.role.is_state());
    let by_layer: BTreeMap<_, _> = state().map(|(i, value)| ((value.layer, suffix(value)), i)).collect();
    let by_name: BTreeMap<_, _> = state().map(|(i, value)| (value.name.as_str(), i)).collect();
    let mut found = Kept { kept: 0, of: 0, fresh: Vec::new() };
    for (index, value) in new.values.iter().enumerate().filter(|(_, value)| value.role.is_state()) {
        found.of += 1;
        let orphan = |i: &usize| old.values[*i].layer.is_some_and(|layer| !new_layers.contains(&layer));
        // A parameter that starts anew takes its moments with it, even where theirs would fit.
        let is_orphan = value.role == Role::Optimiser && found.fresh.iter().any(|name| name == parameter_of(value));
        let source = by_layer
            .get(&(value.layer, suffix(value)))
            .or_else(|| by_name.get(value.name.as_str()).filter(|i| orphan(i)))
            .filter(|&&i| !is_orphan && old.values[i].shape == value.shape && old_values[i].is_some());
        match source {
            Some(&i) => {
                new_values[index].clone_from(&old_values[i]);
                found.kept += 1;
            }
            None if value.role == Role::Parameter => found.fresh.push(value.name.clone()),
            None => {}
        }
    }
    found
}

/// `dense_1.weight` of `dense_1.weight.adam_m`.
fn parameter_of(moment: &Value) -> &str {
    moment.name.rsplit_once('.').map_or("", |(parameter, _)| parameter)
}

/// `weight.adam_m` of `dense_1.weight.adam_m`.
fn suffix(value: &Value) -> &str {
    value.name.split_once('.').map_or(value.name.as_str(), |(_, suffix)| suffix)
}

/// Whether values and instructions are the same but for the settings of the ops.
fn same_layout(a: &Program, b: &Program) -> bool {
    let names = |p: &Program| p.values.iter().map(|v| (v.name.clone(), v.shape.clone())).collect::<Vec<_>>();
    let calls = |p: &Program| {
        p.instructions.iter().map(|i| (i.op.name(), i.inputs.clone(), i.outputs.clone())).collect::<Vec<_>>()
    };
    names(a) == names(b) && calls(a) == calls(b)
}
