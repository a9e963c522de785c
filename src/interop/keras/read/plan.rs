//! What a layer of Keras becomes: one layer of Glassbox or a few, with their weights, before they are drawn.

use serde_json::Value;

use super::config::Call;
use super::store::Tensor;
use super::weights::Weights;
use crate::model::layer::LayerKind;
use crate::model::{LayerId, Shape};

/// What a tensor of Keras is in the graph.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The layer that it leaves.
    pub from: LayerId,
    /// By which of its outputs.
    pub port: usize,
    /// As Glassbox has it, pictures with their channels first; `None`: behind a foreign layer that doesn't say it.
    pub shape: Option<Shape>,
    /// A row of a picture of these sizes, channel by channel: Keras has it pixel by pixel.
    pub rows: Option<[usize; 3]>,
    /// Some of its steps are to be ignored by what follows.
    pub masked: bool,
}

/// Where a wire to a step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// At what the layer is given.
    Given(usize),
    /// At an earlier step.
    Step(usize),
}

/// One layer of those that do what one of Keras's does.
#[derive(Clone, Debug)]
pub struct Step {
    /// With its parameters.
    pub kind: LayerKind,
    /// By their names in Glassbox, in PyTorch's layout.
    pub weights: Vec<(&'static str, Vec<f32>)>,
    /// What arrives, port by port.
    pub feeds: Vec<Feed>,
    /// It has the name of Keras's layer.
    pub is_main: bool,
    /// Its numbers are constants of the file.
    pub frozen: bool,
}

/// What a layer becomes.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In order; none where it changes nothing.
    pub steps: Vec<Step>,
    /// What was written otherwise, in sentences.
    pub words: Vec<String>,
    /// The ports of the last step that its outputs are; empty: its usual one.
    pub outputs: Vec<usize>,
    /// What leaves it is a row of a picture of these sizes, channel by channel.
    pub rows: Option<[usize; 3]>,
    /// What leaves it is masked.
    pub masks: bool,
    /// It was left behind.
    pub is_left_out: bool,
}

/// Why a layer stays foreign, or its plan.
pub type Planned = Result<Plan, String>;

impl Plan {
    /// A single layer, fed by what Keras's is given first.
    pub fn of(kind: impl Into<LayerKind>) -> Self {
        Self::default().main(kind)
    }

    fn push(mut self, kind: LayerKind, is_main: bool) -> Self {
        let feed = self.steps.len().checked_sub(1).map_or(Feed::Given(0), Feed::Step);
        self.steps.push(Step { kind, weights: Vec::new(), feeds: vec![feed], is_main, frozen: false });
        self
    }

    /// The next step, which has the name.
    pub fn main(self, kind: impl Into<LayerKind>) -> Self {
        self.push(kind.into(), true)
    }

    /// The next step, a helper.
    pub fn then(self, kind: impl Into<LayerKind>) -> Self {
        self.push(kind.into(), false)
    }

    /// The next step, if there is one.
    pub fn then_any(self, kinds: Vec<LayerKind>) -> Self {
        kinds.into_iter().fold(self, |plan, kind| plan.push(kind, false))
    }

    /// What arrives at the last step.
    pub fn fed(mut self, feeds: impl IntoIterator<Item = Feed>) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.feeds = feeds.into_iter().collect();
        }
        self
    }

    /// A weight of the last step.
    pub fn with(mut self, name: &'static str, data: Vec<f32>) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.weights.push((name, data));
        }
        self
    }

    /// A bias of the last step, where there is one.
    pub fn with_bias(self, name: &'static str, bias: Option<&Tensor>) -> Self {
        match bias {
            Some(bias) => self.with(name, bias.data.clone()),
            None => self,
        }
    }

    /// The last step is not trained.
    pub fn frozen(mut self) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.frozen = true;
        }
        self
    }

    /// A sentence for the report.
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }
}

/// A layer of Keras where it stands.
pub struct Site<'a> {
    /// The call.
    pub call: &'a Call,
    /// What it is given, in the order of [`Call::sources`].
    pub flows: &'a [Flow],
    /// The file's.
    pub weights: &'a Weights,
    /// Pictures of the model have their channels first already.
    pub channels_first: bool,
    /// Keras 2 or older.
    pub is_old: bool,
    /// What follows takes a row in any order.
    pub rows_may_turn: bool,
    /// How many of its outputs others use.
    pub used: usize,
}

impl Site<'_> {
    /// The shape of what it is given first.
    pub fn input(&self) -> Result<&[usize], String> {
        self.shape(0)
    }

    /// The shape of one of what it is given.
    pub fn shape(&self, at: usize) -> Result<&[usize], String> {
        let shape = self.flows.get(at).ok_or("nothing arrives")?.shape.as_ref();
        shape.map(|shape| shape.0.as_slice()).ok_or_else(|| "the shape of its input isn't known".into())
    }

    /// Whether a shape is a picture whose channels were last.
    pub fn is_turned(&self, shape: &[usize]) -> bool {
        shape.len() == 3 && !self.channels_first
    }

    /// A setting.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.call.config.get(key).filter(|value| !value.is_null())
    }

    /// A switch.
    pub fn is(&self, key: &str) -> bool {
        self.get(key) == Some(&Value::Bool(true))
    }

    /// A switch that is on where nothing is said.
    pub fn is_unless(&self, key: &str) -> bool {
        self.get(key) != Some(&Value::Bool(false))
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<f64, String> {
        let value = self.get(key).ok_or_else(|| format!("it has no {key}"))?;
        number(value).ok_or_else(|| format!("its {key} isn't a number"))
    }

    /// A number, or what stands for it.
    pub fn number_or(&self, key: &str, usual: f64) -> Result<f64, String> {
        if self.get(key).is_some() { self.number(key) } else { Ok(usual) }
    }

    /// A count.
    pub fn count(&self, key: &str) -> Result<usize, String> {
        let value = self.get(key).ok_or_else(|| format!("it has no {key}"))?;
        count(value).ok_or_else(|| format!("its {key} isn't a whole number"))
    }

    /// One number or more: `3`, `[3]`, `[1, 3]`.
    pub fn sizes(&self, key: &str) -> Result<Vec<usize>, String> {
        let value = self.get(key).ok_or_else(|| format!("it has no {key}"))?;
        let all: Option<Vec<usize>> = match value {
            Value::Array(list) => list.iter().map(count).collect(),
            one => count(one).map(|one| vec![one]),
        };
        all.filter(|all| !all.is_empty()).ok_or_else(|| format!("its {key} isn't made of whole numbers"))
    }

    /// One number for all axes: `3`, `[3]` or `[3, 3]`.
    pub fn even(&self, key: &str) -> Result<usize, String> {
        let all = self.sizes(key)?;
        if all.iter().all(|one| *one == all[0]) {
            return Ok(all[0]);
        }
        let sizes = all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" × ");
        Err(format!("its {key} is {sizes}, and Glassbox has only squares"))
    }

    /// The same, or what stands for it.
    pub fn even_or(&self, key: &str, usual: usize) -> Result<usize, String> {
        if self.get(key).is_some() { self.even(key) } else { Ok(usual) }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_str)
    }

    /// The axis that a setting names, from 1 with the batch in front, of what is given first in Keras's own order.
    pub fn axis(&self, value: &Value, rank: usize) -> Result<usize, String> {
        axis(value, rank).ok_or_else(|| format!("its axis is {value}, which isn't one"))
    }

    /// Its weights, as many as there have to be.
    pub fn tensors(&self, parts: &[&str], wanted: usize) -> Result<Vec<Tensor>, String> {
        let all = self.weights.of(&self.call.place, parts)?;
        if all.len() == wanted {
            return Ok(all);
        }
        Err(format!("it has {} tensors of weights in the file, not {wanted}", all.len()))
    }

    /// Whether its pictures lie as those of the whole model.
    pub fn lies_as_the_model(&self) -> Result<(), String> {
        match self.text("data_format") {
            Some(format) if (format == "channels_first") != self.channels_first => {
                Err("its channels are in another place than those of other layers".into())
            }
            _ => Ok(()),
        }
    }
}

/// A number of any kind.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// A whole number from 0.
pub fn count(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|&n| n <= 1 << 32)
}

/// `-1` or `3` of an axis of a shape with the batch in front; alone, or as the only one of a list.
pub fn axis(value: &Value, rank: usize) -> Option<usize> {
    let value = match value {
        Value::Array(list) if list.len() == 1 => &list[0],
        other => other,
    };
    let axis = value.as_i64()?;
    let axis = if axis < 0 { axis + rank as i64 + 1 } else { axis };
    usize::try_from(axis).ok().filter(|axis| (1..=rank).contains(axis))
}

/// The order of the axes of a tensor changed: axis i of the result is axis `order[i]`.
pub fn permuted(tensor: &Tensor, order: &[usize]) -> Vec<f32> {
    let rank = tensor.dims.len();
    if order.len() != rank {
        return tensor.data.clone();
    }
    let mut strides = vec![1; rank];
    for i in (0..rank.saturating_sub(1)).rev() {
        strides[i] = strides[i + 1] * tensor.dims[i + 1];
    }
    let sizes: Vec<usize> = order.iter().map(|&axis| tensor.dims[axis]).collect();
    let steps: Vec<usize> = order.iter().map(|&axis| strides[axis]).collect();
    let mut at = vec![0; rank];
    let mut out = Vec::with_capacity(tensor.data.len());
    for _ in 0..tensor.data.len() {
        out.push(tensor.data[at.iter().zip(&steps).map(|(i, step)| i * step).sum::<usize>()]);
        for i in (0..rank).rev() {
            at[i] += 1;
            if at[i] < sizes[i] {
                break;
            }
            at[i] = 0;
        }
    }
    out
}
