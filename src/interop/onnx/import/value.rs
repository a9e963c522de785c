//! Values of the file beside those of the graph. ONNX has the batch among the axes and reorders, adds and drops axes at
//! will; here a value knows which of its axes is which of a sample's, so that most of this needs no layers.

use super::built::{Built, Port};
use crate::expr::Expr;
use crate::model::layer::{Flatten, LayerKind, Permute, Reshape};

/// An axis of the file's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// The samples.
    Batch,
    /// An axis of a sample in the graph.
    Of(usize),
    /// One of size 1 that a sample in the graph does not have.
    One,
}

/// A function of a value that may become a layer, or part of a larger function.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    /// Of `x`.
    pub expression: Expr,
    /// The layer that is just this.
    pub kind: Option<LayerKind>,
    /// Nodes that it was put together from.
    pub parts: usize,
    /// The layer that Glassbox wrote it for.
    pub name: Option<String>,
}

/// What leaves a layer, as the file sees it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    pub from: Port,
    /// Of a sample in the graph.
    pub sizes: Vec<usize>,
    /// The file's axes. Axes of a sample that are missing here have size 1.
    pub axes: Vec<Axis>,
    pub pending: Option<Box<Pending>>,
}

impl Value {
    /// What leaves a layer in these sizes, its axes in the order of `dims`, of which `None` is the batch.
    pub fn in_order(from: Port, sizes: Vec<usize>, dims: &[Option<usize>]) -> Self {
        let mut next = 0;
        let axes = dims.iter().map(|size| match size {
            None => Axis::Batch,
            Some(_) => {
                next += 1;
                Axis::Of(next - 1)
            }
        });
        Self { from, sizes, axes: axes.collect(), pending: None }
    }

    /// Samples in front, then the axes as they are.
    pub fn plain(from: Port, sizes: &[usize]) -> Self {
        let axes = std::iter::once(Axis::Batch).chain((0..sizes.len()).map(Axis::Of)).collect();
        Self { from, sizes: sizes.to_vec(), axes, pending: None }
    }

    pub fn rank(&self) -> usize {
        self.axes.len()
    }

    /// Sizes of the file's axes; `None` is the batch.
    pub fn dims(&self) -> Vec<Option<usize>> {
        let size = |axis: &Axis| match axis {
            Axis::Batch => None,
            Axis::Of(axis) => Some(self.sizes[*axis]),
            Axis::One => Some(1),
        };
        self.axes.iter().map(size).collect()
    }

    /// Where the batch is.
    pub fn batch(&self) -> Result<usize, String> {
        self.axes.iter().position(|axis| *axis == Axis::Batch).ok_or_else(|| "it has no axis of samples".to_owned())
    }

    /// The size of one of the file's axes.
    pub fn size(&self, axis: usize) -> Result<usize, String> {
        match self.dims().get(axis) {
            Some(Some(size)) => Ok(*size),
            Some(None) => Err("it works across samples".into()),
            None => Err(format!("there is no axis {axis}")),
        }
    }

    /// The file's axes but the batch.
    pub fn others(&self) -> Vec<usize> {
        (0..self.rank()).filter(|&axis| self.axes[axis] != Axis::Batch).collect()
    }

    /// Numbers in a sample.
    pub fn len(&self) -> usize {
        self.sizes.iter().product()
    }
}

impl Built {
    /// The same numbers in another shape. Two reshapes are one.
    pub fn reshape(&mut self, from: Port, sizes: &[usize]) -> Result<Port, String> {
        if self.shape(from).0 == sizes {
            return Ok(from);
        }
        let mut from = from;
        while let LayerKind::Reshape(_) | LayerKind::Flatten(_) = self.layers[from.0].kind {
            let Some(Some(before)) = self.layers[from.0].inputs.first().copied() else { break };
            from = before;
        }
        if self.shape(from).0 == sizes {
            return Ok(from);
        }
        if sizes.len() == 1 && self.shape(from).rank() > 1 {
            return self.add(Flatten {}, &[from], Vec::new());
        }
        let shape = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
        self.add(Reshape { shape }, &[from], Vec::new())
    }

    /// The axes of a sample in another order. Two orders are one.
    pub fn permute(&mut self, from: Port, order: &[usize]) -> Result<Port, String> {
        if order.iter().copied().eq(0..order.len()) {
            return Ok(from);
        }
        let (mut from, mut order) = (from, order.to_vec());
        while let LayerKind::Permute(permute) = &self.layers[from.0].kind {
            let Some(Some(before)) = self.layers[from.0].inputs.first().copied() else { break };
            let Ok(first) = permute.axes(order.len()) else { break };
            order = order.iter().map(|&axis| first[axis]).collect();
            from = before;
        }
        if order.iter().copied().eq(0..order.len()) {
            return Ok(from);
        }
        let order = order.iter().map(|axis| (axis + 1).to_string()).collect::<Vec<_>>().join(", ");
        self.add(Permute { order }, &[from], Vec::new())
    }

    /// The value with just these of the file's axes, in this order, as the axes of a sample.
    pub fn arrange(&mut self, value: &Value, axes: &[usize]) -> Result<Port, String> {
        if value.pending.is_some() {
            return Err("a function before it isn't settled".into());
        }
        let mut order = Vec::new();
        let mut sizes = Vec::new();
        for &axis in axes {
            match value.axes.get(axis) {
                Some(Axis::Of(own)) => {
                    order.push(*own);
                    sizes.push(value.sizes[*own]);
                }
                Some(Axis::One) => sizes.push(1),
                _ => return Err("it works across samples".into()),
            }
        }
        let missing: Vec<usize> = (0..value.sizes.len()).filter(|axis| !order.contains(axis)).collect();
        if missing.iter().any(|&axis| value.sizes[axis] != 1) {
            return Err("an axis is left out".into());
        }
        // What has size 1 may stand anywhere.
        let large: Vec<usize> = order.iter().copied().filter(|&axis| value.sizes[axis] > 1).collect();
        let mut from = value.from;
        if !large.is_sorted() {
            order.extend(missing);
            from = self.permute(from, &order)?;
        }
        let sizes = if sizes.is_empty() { vec![1] } else { sizes };
        self.reshape(from, &sizes)
    }

    /// All of the file's axes but the batch, as they stand there.
    pub fn natural(&mut self, value: &Value) -> Result<Port, String> {
        self.arrange(value, &value.others())
    }

    /// What leaves a layer that took [`Self::natural`] and kept its axes.
    pub fn as_before(&self, from: Port, value: &Value) -> Value {
        let sizes = self.shape(from).0.clone();
        Value::in_order(from, sizes, &value.dims())
    }

    /// The same numbers in the file's order, in axes of these sizes; `None` is the batch.
    pub fn reshaped(&mut self, value: &Value, dims: &[Option<usize>]) -> Result<Value, String> {
        let before = |all: &[Option<usize>], at: usize| all[..at].iter().flatten().product::<usize>();
        let at = dims.iter().position(Option::is_none).ok_or("the samples are mixed with other axes")?;
        let is_apart = before(&value.dims(), value.batch()?) == before(dims, at);
        if !is_apart || dims.iter().flatten().product::<usize>() != value.len() {
            return Err("the samples are mixed with other axes".into());
        }
        let old: Vec<Axis> = value.axes.iter().copied().filter(|axis| value.is_large(axis)).collect();
        let sizes: Vec<usize> = dims.iter().flatten().copied().collect();
        let large: Vec<usize> = sizes.iter().copied().filter(|&size| size > 1).collect();
        let is_same = old.iter().map(|axis| if let Axis::Of(own) = axis { value.sizes[*own] } else { 1 }).eq(large);
        if is_same {
            // Axes of size 1 come and go.
            let mut old = old.into_iter();
            let axes = dims.iter().map(|size| match size {
                None => Axis::Batch,
                Some(1) => Axis::One,
                Some(_) => old.next().unwrap_or(Axis::One),
            });
            return Ok(Value { axes: axes.collect(), ..value.clone() });
        }
        let from = self.natural(value)?;
        let from = self.reshape(from, &sizes)?;
        Ok(Value::in_order(from, sizes, dims))
    }
}

impl Value {
    fn is_large(&self, axis: &Axis) -> bool {
        matches!(axis, Axis::Of(own) if self.sizes[*own] > 1)
    }
}
