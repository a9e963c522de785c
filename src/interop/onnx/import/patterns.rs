//! Layers that exporters write as several operators, put together again: layer norm, RMS norm, group norm and
//! attention. Where all of it is there, the last operator becomes the layer's own; what led to it is then read by
//! nobody.

use std::collections::BTreeMap;

use super::super::proto::{Attribute, Node};
use super::constant::Constant;

/// The operators of a file, to be searched backwards from what they make.
pub(super) struct Searched<'a, F> {
    nodes: &'a [Node],
    makers: BTreeMap<&'a str, usize>,
    readers: BTreeMap<&'a str, Vec<usize>>,
    constant: F,
}

/// The operators with each layer that was found in the place of its last operator.
pub(super) fn rewritten(nodes: Vec<Node>, constant: impl Fn(&str) -> Option<Constant>) -> Vec<Node> {
    let mut found = Vec::new();
    {
        let searched = Searched::new(&nodes, constant);
        for (at, node) in nodes.iter().enumerate() {
            let made = match node.op_type.as_deref().unwrap_or_default() {
                "Div" | "Mul" => searched.norm(at),
                "InstanceNormalization" => searched.group(at),
                "Softmax" => searched.attention(at).or_else(|| searched.packed(at)),
                _ => None,
            };
            found.extend(made);
        }
    }
    let mut nodes = nodes;
    for (at, node) in found {
        // A second output was another operator's.
        let taken = node.output.get(1).cloned();
        if let Some(taken) = taken {
            nodes.iter_mut().for_each(|node| node.output.retain(|output| *output != taken));
        }
        nodes[at] = node;
    }
    nodes
}

impl<'a, F: Fn(&str) -> Option<Constant>> Searched<'a, F> {
    fn new(nodes: &'a [Node], constant: F) -> Self {
        let (mut makers, mut readers): (BTreeMap<&str, usize>, BTreeMap<&str, Vec<usize>>) = Default::default();
        for (at, node) in nodes.iter().enumerate() {
            makers.extend(node.output.iter().map(|output| (output.as_str(), at)));
            node.input.iter().for_each(|input| readers.entry(input).or_default().push(at));
        }
        Self { nodes, makers, readers, constant }
    }

    pub fn node(&self, at: usize) -> &'a Node {
        &self.nodes[at]
    }

    /// The operator that makes a value, if it is one of this kind.
    pub fn maker(&self, name: &str, kind: &str) -> Option<&'a Node> {
        let node = &self.nodes[*self.makers.get(name)?];
        (node.op_type.as_deref() == Some(kind)).then_some(node)
    }

    /// A constant, of the file or of an operator `Constant`, also with its axes turned or cut by others.
    pub fn fixed(&self, name: &str) -> Option<Constant> {
        if let Some(constant) = (self.constant)(name) {
            return Some(constant);
        }
        let node = self.maker(name, "Constant")?;
        let tensor = node.attribute.iter().find_map(|attribute| attribute.t.as_deref())?;
        super::constant::read(tensor, None, &mut usize::MAX.clone()).ok()
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        self.fixed(name)?.single()
    }

    /// The only operator that reads a value.
    pub fn reader(&self, name: &str) -> Option<usize> {
        match self.readers.get(name).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    pub fn is(&self, at: usize, kind: &str) -> bool {
        self.nodes[at].op_type.as_deref() == Some(kind)
    }

    /// Axes of a `ReduceMean` that keeps them, with `x` that it is of.
    fn mean(&self, name: &str) -> Option<(&'a str, Vec<i64>)> {
        let node = self.maker(name, "ReduceMean")?;
        let ints = |name: &str| node.attribute.iter().find(|setting| setting.name.as_deref() == Some(name));
        let keeps = ints("keepdims").and_then(|setting| setting.i).unwrap_or(1) != 0;
        let axes = match ints("axes") {
            Some(axes) => axes.ints.clone(),
            None => self.fixed(node.input.get(1)?)?.wholes()?.to_vec(),
        };
        keeps.then_some((node.input.first()?.as_str(), axes))
    }

    /// What a square is of.
    fn squared(&self, name: &str) -> Option<&'a str> {
        if let Some(node) = self.maker(name, "Mul") {
            let [a, b] = &node.input[..] else { return None };
            return (a == b).then_some(a.as_str());
        }
        let node = self.maker(name, "Pow")?;
        (self.number(node.input.get(1)?)? == 2.0).then(|| node.input[0].as_str())
    }

    /// Of `√(mean(y²) + ε)`: y, the axes and ε.
    fn deviation(&self, name: &str) -> Option<(&'a str, Vec<i64>, f64)> {
        let root = self.maker(name, "Sqrt")?;
        let sum = self.maker(root.input.first()?, "Add")?;
        let [a, b] = &sum.input[..] else { return None };
        let (mean, epsilon) = match self.number(b) {
            Some(epsilon) => (a, epsilon),
            None => (b, self.number(a)?),
        };
        let (square, axes) = self.mean(mean)?;
        Some((self.squared(square)?, axes, epsilon))
    }

    /// What a product or quotient divides, and by which deviation.
    fn divided(&self, node: &'a Node) -> Option<(&'a str, &'a str)> {
        let [a, b] = &node.input[..] else { return None };
        if node.op_type.as_deref() == Some("Div") {
            return Some((a, b));
        }
        let reciprocal = |name: &str| -> Option<&'a str> {
            if let Some(node) = self.maker(name, "Reciprocal") {
                return node.input.first().map(String::as_str);
            }
            let node = self.maker(name, "Div")?;
            (self.number(node.input.first()?)? == 1.0).then(|| node.input[1].as_str())
        };
        reciprocal(b).map(|b| (a.as_str(), b)).or_else(|| reciprocal(a).map(|a| (b.as_str(), a)))
    }

    /// The constant that the only reader of a value multiplies it with, or adds to it.
    fn then(&self, output: &str, kind: &str) -> Option<(usize, &'a str)> {
        let at = self.reader(output)?;
        let [a, b] = &self.nodes[at].input[..] else { return None };
        let other = if a == output { b } else { a };
        let is_fixed = self.is(at, kind) && self.fixed(other).is_some_and(|constant| constant.data.len() > 1);
        is_fixed.then_some((at, other.as_str()))
    }

    fn norm(&self, at: usize) -> Option<(usize, Node)> {
        let node = &self.nodes[at];
        let (above, below) = self.divided(node)?;
        let (within, axes, epsilon) = self.deviation(below)?;
        // Layer norm if what is divided and what is squared are the same difference to the mean.
        let centred = |name: &str| -> Option<(&'a str, Vec<i64>)> {
            let [x, mean] = &self.maker(name, "Sub")?.input[..] else { return None };
            let (of, axes) = self.mean(mean)?;
            (of == x).then_some((x.as_str(), axes))
        };
        let (x, kind) = match (centred(above), centred(within)) {
            (Some(above), Some(within)) if above == within && above.1 == axes => (above.0, "LayerNormalization"),
            _ if above == within => (above, "RMSNormalization"),
            _ => return None,
        };
        let least = *axes.iter().min()?;
        let count = axes.len() as i64;
        if least < 0 && least != -count {
            return None;
        }
        let mut last = at;
        let mut inputs = vec![x.to_owned()];
        if let Some((scaled, weight)) = self.then(node.output.first()?, "Mul") {
            (last, _) = (scaled, inputs.push(weight.to_owned()));
            if kind == "LayerNormalization"
                && let Some((shifted, bias)) = self.then(self.nodes[scaled].output.first()?, "Add")
            {
                (last, _) = (shifted, inputs.push(bias.to_owned()));
            }
        }
        let settings =
            vec![Attribute::int("axis", least), Attribute::int("count", count), Attribute::float("epsilon", epsilon)];
        Some((last, self.whole(last, kind, inputs, settings)))
    }

    pub fn whole(&self, at: usize, kind: &str, input: Vec<String>, attribute: Vec<Attribute>) -> Node {
        let last = &self.nodes[at];
        Node { input, attribute, op_type: Some(kind.to_owned()), domain: None, ..last.clone() }
    }

    /// Each group as one channel of an instance norm that neither scales nor shifts.
    fn group(&self, at: usize) -> Option<(usize, Node)> {
        let node = &self.nodes[at];
        let [x, scale, shift] = &node.input[..] else { return None };
        let (scale, shift) = (self.fixed(scale)?, self.fixed(shift)?);
        let is_bare = scale.reals().iter().all(|&number| number == 1.0);
        if !is_bare || shift.reals().iter().any(|&number| number != 0.0) {
            return None;
        }
        let grouped = self.maker(x, "Reshape")?;
        let shape = self.fixed(grouped.input.get(1)?)?;
        let groups = *shape.wholes()?.get(1)?;
        let back = self.reader(node.output.first()?)?;
        if !self.is(back, "Reshape") || groups as usize != scale.data.len() {
            return None;
        }
        let mut last = back;
        let mut inputs = vec![grouped.input.first()?.clone()];
        if let Some((scaled, weight)) = self.then(self.nodes[back].output.first()?, "Mul")
            && let Some((shifted, bias)) = self.then(self.nodes[scaled].output.first()?, "Add")
        {
            inputs.extend([weight.to_owned(), bias.to_owned()]);
            last = shifted;
        }
        let epsilon = node.attribute.iter().find(|setting| setting.name.as_deref() == Some("epsilon"));
        let epsilon = epsilon.and_then(|setting| setting.f).map_or(1e-5, super::op::short);
        let settings = vec![Attribute::int("num_groups", groups), Attribute::float("epsilon", epsilon)];
        Some((last, self.whole(last, "GroupNormalization", inputs, settings)))
    }

    /// A projection `x W + b`: x, W and b by their names.
    pub fn projection(&self, name: &str) -> Option<(&'a str, &'a str, Option<&'a str>)> {
        let of = |name: &str| -> Option<(&'a str, &'a str)> {
            let [x, weight] = &self.maker(name, "MatMul")?.input[..] else { return None };
            Some((x, weight))
        };
        if let Some((x, weight)) = of(name) {
            return Some((x, weight, None));
        }
        let [a, b] = &self.maker(name, "Add")?.input[..] else { return None };
        match (of(a), of(b)) {
            (Some((x, weight)), _) => Some((x, weight, Some(b))),
            (_, Some((x, weight))) => Some((x, weight, Some(a))),
            _ => None,
        }
    }

    /// Of a value in heads, `[batch, heads, steps, each]`: the projection before, and how its axes are turned.
    fn in_heads(&self, name: &str) -> Option<(&'a str, Vec<i64>, Vec<i64>)> {
        let turned = self.maker(name, "Transpose")?;
        let order = turned.attribute.iter().find(|setting| setting.name.as_deref() == Some("perm"))?.ints.clone();
        let split = self.maker(turned.input.first()?, "Reshape")?;
        let shape = self.fixed(split.input.get(1)?)?;
        Some((split.input.first()?.as_str(), order, shape.wholes()?.to_vec()))
    }

    /// A value times a number, or divided by it.
    pub fn scaled(&self, name: &'a str) -> (&'a str, f64) {
        if let Some(node) = self.maker(name, "Mul")
            && let [a, b] = &node.input[..]
        {
            if let Some(number) = self.number(b) {
                return (a, number);
            }
            if let Some(number) = self.number(a) {
                return (b, number);
            }
        }
        if let Some(node) = self.maker(name, "Div")
            && let [a, b] = &node.input[..]
            && let Some(number) = self.number(b)
        {
            return (a, 1.0 / number);
        }
        (name, 1.0)
    }

    /// Queries, keys and values projected, cut into heads, softmax of their products, and the last projection.
    fn attention(&self, at: usize) -> Option<(usize, Node)> {
        let node = &self.nodes[at];
        let mut scores = node.input.first()?.as_str();
        let mut causal = 0;
        if let Some(sum) = self.maker(scores, "Add")
            && let [a, b] = &sum.input[..]
        {
            let (of, mask) = if self.fixed(b).is_some() { (a, b) } else { (b, a) };
            if !is_causal(&self.fixed(mask)?) {
                return None;
            }
            (scores, causal) = (of, 1);
        }
        let (products, scale) = self.scaled(scores);
        let [q, k] = &self.maker(products, "MatMul")?.input[..] else { return None };
        let ((q, q_scale), (k, k_scale)) = (self.scaled(q), self.scaled(k));
        let (q, q_order, shape) = self.in_heads(q)?;
        let (k, k_order, _) = self.in_heads(k)?;
        let seen = self.readers.get(node.output.first()?.as_str())?.iter().copied();
        let (mut product, mut rest) = (None, Vec::new());
        for reader in seen {
            let is_it = self.is(reader, "MatMul") && self.nodes[reader].input.first() == node.output.first();
            if is_it { product = Some(reader) } else { rest.push(reader) }
        }
        let product = product?;
        let (v, v_order, _) = self.in_heads(self.nodes[product].input.get(1)?)?;
        let orders = [&q_order[..], &k_order, &v_order];
        if orders != [&[0, 2, 1, 3][..], &[0, 2, 3, 1], &[0, 2, 1, 3]] {
            return None;
        }
        let [_, _, heads, each] = shape[..] else { return None };
        let total = scale * q_scale * k_scale;
        if heads < 1 || each < 1 || (total * (each as f64).sqrt() - 1.0).abs() > 1e-5 {
            return None;
        }
        // The mean of the weights over the heads may be asked for as well, and nothing else of them.
        if rest.len() > 1 || rest.iter().any(|&at| !self.is(at, "ReduceMean")) {
            return None;
        }
        let turned = self.reader(self.nodes[product].output.first()?).filter(|&at| self.is(at, "Transpose"))?;
        let joined = self.reader(self.nodes[turned].output.first()?).filter(|&at| self.is(at, "Reshape"))?;
        let (last, weight, bias) = self.last_projection(self.nodes[joined].output.first()?)?;
        let mut inputs = Vec::new();
        for part in [q, k, v] {
            let (x, weight, bias) = self.projection(part)?;
            inputs.extend([x.to_owned(), weight.to_owned(), bias.unwrap_or_default().to_owned()]);
        }
        inputs.extend([weight.to_owned(), bias.unwrap_or_default().to_owned()]);
        let mut whole =
            self.whole(last, ATTENTION, inputs, vec![Attribute::int("heads", heads), Attribute::int("causal", causal)]);
        if let Some(&mean) = rest.first() {
            whole.output.push(self.nodes[mean].output.first()?.clone());
        }
        Some((last, whole))
    }

    /// The operator that ends the projection of a value, its matrix and its bias.
    fn last_projection(&self, name: &str) -> Option<(usize, &'a str, Option<&'a str>)> {
        let product = self.reader(name).filter(|&at| self.is(at, "MatMul"))?;
        let weight = self.nodes[product].input.get(1)?.as_str();
        let output = self.nodes[product].output.first()?;
        if let Some(sum) = self.reader(output).filter(|&at| self.is(at, "Add")) {
            let [a, b] = &self.nodes[sum].input[..] else { return None };
            let bias = if a == output { b } else { a };
            if self.fixed(bias).is_some_and(|bias| bias.dims.len() == 1) {
                return Some((sum, weight, Some(bias)));
            }
        }
        Some((product, weight, None))
    }
}

/// What attention that was put together is called among the operators.
pub(super) const ATTENTION: &str = "MultiHeadAttention";

/// Whether a mask hides what comes later, and nothing else.
pub(super) fn is_causal(mask: &Constant) -> bool {
    let (numbers, rank) = (mask.reals(), mask.dims.len());
    let is_flat = rank >= 2 && mask.dims[..rank - 2].iter().all(|&size| size == 1);
    if !is_flat || numbers.is_empty() {
        return false;
    }
    let keys = mask.dims[rank - 1];
    numbers.iter().enumerate().all(|(at, &number)| {
        let hidden = at % keys > at / keys;
        if hidden { number <= -1e4 } else { number == 0.0 }
    })
}
