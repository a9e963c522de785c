//! What a layer writes with: operators, constants and weights under names that begin with its own.

use super::{Refusal, Writer};
use crate::files::Values;
use crate::interop::network::Node as LayerNode;
use crate::interop::onnx::proto::{Attribute, Node, Tensor, ValueInfo};
use crate::model::Shape;

/// One layer while it is written.
pub(super) struct Place<'w, 'a> {
    writer: &'w mut Writer<'a>,
    /// The layer.
    pub node: &'w LayerNode,
    arriving: Vec<Option<String>>,
    /// Its first operator.
    first: usize,
}

impl<'w, 'a> Place<'w, 'a> {
    pub fn new(writer: &'w mut Writer<'a>, node: &'w LayerNode, arriving: Vec<Option<String>>) -> Self {
        let first = writer.nodes.len();
        Self { writer, node, arriving, first }
    }

    /// What arrives first.
    pub fn x(&self) -> String {
        self.port(0).unwrap_or_default()
    }

    /// What arrives at a port.
    pub fn port(&self, port: usize) -> Option<String> {
        self.arriving.get(port).cloned().flatten()
    }

    /// Sizes of what arrives first.
    pub fn sizes(&self) -> Vec<usize> {
        self.node.input().0.clone()
    }

    /// Sizes of what leaves.
    pub fn leaving(&self) -> Vec<usize> {
        self.node.output().0.clone()
    }

    pub fn refuse(&self, why: impl Into<String>) -> Refusal {
        Refusal::Layer { layer: self.node.name.clone(), why: why.into() }
    }

    fn name(&mut self, word: &str) -> String {
        let name = format!("{}.{word}", self.node.slug);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !self.writer.taken.contains(name));
        let free = free.unwrap_or(name);
        self.writer.taken.insert(free.clone());
        free
    }

    /// An operator with several outputs.
    pub fn ops(
        &mut self,
        operator: &str,
        inputs: &[&str],
        settings: impl IntoIterator<Item = Attribute>,
        outputs: usize,
    ) -> Vec<String> {
        let made: Vec<String> = (0..outputs).map(|_| self.name(&operator.to_lowercase())).collect();
        self.writer.nodes.push(Node {
            input: inputs.iter().map(|input| (*input).to_owned()).collect(),
            output: made.clone(),
            name: made.first().cloned(),
            op_type: Some(operator.to_owned()),
            attribute: settings.into_iter().collect(),
            doc_string: Some(self.node.name.clone()),
            domain: None,
        });
        made
    }

    /// An operator.
    pub fn op(&mut self, operator: &str, inputs: &[&str], settings: impl IntoIterator<Item = Attribute>) -> String {
        self.ops(operator, inputs, settings, 1).swap_remove(0)
    }

    /// The numbers of a weight, and its sizes.
    pub fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>), Refusal> {
        let declared = self.node.weights.iter().find(|weight| weight.name == name);
        let wanted = declared.map(|weight| weight.dims.clone()).unwrap_or_default();
        let full = format!("{}.{name}", self.node.slug);
        let refusal = || Refusal::Weight { name: full.clone(), wanted: wanted.clone() };
        let tensor = self.writer.weights.get(full.as_str()).ok_or_else(refusal)?;
        let values = match &tensor.values {
            Values::F32(values) => values.clone(),
            Values::F64(values) => values.iter().map(|&value| value as f32).collect(),
        };
        if tensor.dims != wanted || values.len() != wanted.iter().product::<usize>() {
            return Err(refusal());
        }
        Ok((wanted, values))
    }

    /// Whether the layer has such a weight.
    pub fn has(&self, name: &str) -> bool {
        self.node.weights.iter().any(|weight| weight.name == name)
    }

    /// A weight under its own name.
    pub fn weight(&mut self, name: &str) -> Result<String, Refusal> {
        let dims = self.numbers(name)?.0;
        self.weight_as(name, &dims)
    }

    /// A weight under its own name, with other axes.
    pub fn weight_as(&mut self, name: &str, dims: &[usize]) -> Result<String, Refusal> {
        let numbers = self.numbers(name)?.1;
        Ok(self.constant(name, dims, &numbers))
    }

    /// Numbers that the layer needs.
    pub fn constant(&mut self, word: &str, dims: &[usize], numbers: &[f32]) -> String {
        let name = self.name(word);
        self.writer.constants.push(Tensor::floats(&name, dims, numbers));
        name
    }

    /// One number.
    pub fn number(&mut self, number: f64) -> String {
        self.constant("number", &[], &[number as f32])
    }

    /// Whole numbers.
    pub fn ints(&mut self, word: &str, numbers: &[i64]) -> String {
        let name = self.name(word);
        self.writer.constants.push(Tensor::ints(&name, numbers));
        name
    }

    /// Samples of these sizes; the numbers keep their order.
    pub fn reshape(&mut self, x: &str, sizes: &[usize]) -> String {
        let shape: Vec<i64> = std::iter::once(0).chain(sizes.iter().map(|&size| size as i64)).collect();
        let shape = self.ints("shape", &shape);
        self.op("Reshape", &[x, &shape], [])
    }

    /// What arrives in the shape of what leaves.
    pub fn reshaped(&mut self) -> String {
        let (x, sizes) = (self.x(), self.leaving());
        self.reshape(&x, &sizes)
    }

    /// What arrives as rows.
    pub fn flat(&mut self) -> String {
        let x = self.x();
        self.op("Flatten", &[&x], [Attribute::int("axis", 1)])
    }

    /// The axes, the batch included, in another order.
    pub fn transpose(&mut self, x: &str, order: &[usize]) -> String {
        self.op("Transpose", &[x], [Attribute::ints("perm", order.iter().copied())])
    }

    /// All that arrives through one operator.
    pub fn merged(&mut self, operator: &str) -> String {
        let arriving: Vec<String> = self.arriving.iter().flatten().cloned().collect();
        let arriving: Vec<&str> = arriving.iter().map(String::as_str).collect();
        self.op(operator, &arriving, [])
    }

    /// All that arrives, one after the other.
    pub fn in_turn(&mut self, operator: &str) -> String {
        let mut arriving = self.arriving.clone().into_iter().flatten();
        let first = arriving.next().unwrap_or_default();
        arriving.fold(first, |so_far, next| self.op(operator, &[&so_far, &next], []))
    }

    /// The value leaves the layer, under this name where the layer made it.
    pub fn leave(&mut self, value: String, name: String, shape: Option<&Shape>) -> String {
        let own = &mut self.writer.nodes[self.first..];
        if !own.iter().any(|node| node.output.contains(&value)) {
            return value;
        }
        for node in own {
            let places = node.output.iter_mut().chain(&mut node.input).chain(&mut node.name);
            places.filter(|place| **place == value).for_each(|place| place.clone_from(&name));
        }
        if let Some(shape) = shape {
            self.writer.shapes.push(ValueInfo::batched(&name, &shape.0, None));
        }
        name
    }
}
