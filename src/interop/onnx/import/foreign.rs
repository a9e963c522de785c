//! What Glassbox has no layer for, in its place.

use super::op::{Op, Operand};
use super::value::{Axis, Value};
use super::{Reader, capital, elementwise, order};
use crate::interop::arriving::Fate;
use crate::model::Shape;
use crate::model::layer::Foreign;

impl Reader {
    /// The operator as a layer that computes nothing, with the shapes that the file says of it.
    pub fn leave_foreign(&mut self, op: &Op, what: String, kind: &str, why: String) -> Result<(), String> {
        let mut inputs = Vec::new();
        for operand in op.inputs.iter().flatten() {
            match operand {
                Operand::Value(value) => inputs.push(Some(self.settle(value).map_or(value.from, |value| value.from))),
                Operand::Unknown(port) => inputs.push(Some(*port)),
                Operand::Constant(_) => {}
            }
        }
        let named: Vec<&String> = op.node.output.iter().filter(|name| !name.is_empty()).collect();
        let shapes: Vec<Option<Vec<Option<usize>>>> =
            named.iter().map(|name| self.shapes.get(*name).cloned()).collect();
        let sizes: Option<Vec<Shape>> = shapes
            .iter()
            .map(|dims| {
                let dims = dims.as_ref()?.get(1..)?;
                let sizes: Vec<usize> = dims.iter().copied().collect::<Option<_>>()?;
                let shape = if sizes.is_empty() { Shape::row(1) } else { Shape(sizes) };
                (!shape.is_empty() && shape.len() < 1 << 28).then_some(shape)
            })
            .collect();
        let attributes: Vec<String> = op.node.attribute.iter().take(20).map(order::said).collect();
        if let (Some(Operand::Unknown(port)), Some(kind)) = (op.input(0), elementwise::layer(op)) {
            // It works number by number, whatever the shape.
            let at = self.built.add_bare(kind, *port)?;
            self.foreign.push(at);
            let name = op.node.output.first().cloned().unwrap_or_default();
            self.values.insert(name, Operand::Unknown((at, 0)));
            self.report.say(what, Fate::Exact, "");
            return Ok(());
        }
        let foreign = Foreign {
            what: format!("ONNX {}", if kind.is_empty() { "?" } else { kind }).chars().take(80).collect(),
            attributes: attributes.join(", ").chars().take(400).collect(),
            output: sizes.as_deref().map(Foreign::said).unwrap_or_default(),
        };
        let at = self.built.add_foreign(foreign, inputs)?;
        self.foreign.push(at);
        for (port, name) in named.into_iter().enumerate().take(16) {
            let operand = match sizes.as_ref().and_then(|sizes| sizes.get(port)) {
                Some(shape) if shapes[port].as_ref().is_some_and(|dims| dims.len() == 1) => {
                    let axes = vec![Axis::Batch];
                    Operand::Value(Value { from: (at, port), sizes: shape.0.clone(), axes, pending: None })
                }
                Some(shape) => Operand::Value(Value::plain((at, port), &shape.0)),
                None => Operand::Unknown((at, port)),
            };
            self.values.insert(name.clone(), operand);
        }
        self.report.say(what, Fate::Foreign, format!("{}.", capital(&why)));
        Ok(())
    }
}
