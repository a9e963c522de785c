//! Formula: the typed expression, one instruction for each of its parts. What is constant is worked out here, and parts
//! that occur twice are computed once.

use std::collections::BTreeMap;

use super::{Lower, Lowering};
use crate::engine::error::{EngineError, Result};
use crate::engine::ops::formula::{
    Abs, ApplyPair, AtLeast, AtMost, Cos, Divide, Erf, Exp, Log, Maximum, Minimum, Pow, Power, Reciprocal, ScaleShift,
    Sign, Sin, Sqrt, Step, Subtract,
};
use crate::engine::ops::{self, Apply};
use crate::engine::program::ValueId;
use crate::expr::{self, BinaryOperator, Expr, Function, UnaryOperator};
use crate::model::layer::Formula;

impl Lower for Formula {
    fn lower(&self, l: &mut Lowering) -> Result<ValueId> {
        let refused = |why: String| EngineError::Formula { layer: l.layer().name.clone(), why };
        let expression = expr::parse_elementwise(&self.expression).map_err(|error| refused(error.to_string()))?;
        let x = l.input(0);
        let mut parts = Parts { x, done: BTreeMap::new(), l };
        match parts.part(&expression)? {
            Part::Value(value) => Ok(value),
            // Such as x - x is not folded, so only an expression without x comes here, which the parser refuses.
            Part::Constant(value) => Ok(parts.scale_shift(x, 0.0, value)),
        }
    }
}

/// What a part of the expression is: known now, or computed by the program.
#[derive(Clone, Copy)]
enum Part {
    Constant(f64),
    Value(ValueId),
}

struct Parts<'a, 'b> {
    x: ValueId,
    /// What was emitted for a part, by its text.
    done: BTreeMap<String, ValueId>,
    l: &'a mut Lowering<'b>,
}

impl Parts<'_, '_> {
    fn part(&mut self, expression: &Expr) -> Result<Part> {
        if !expression.mentions("x") {
            return Ok(Part::Constant(expr::eval(expression, f64::NAN)));
        }
        let text = expression.to_string();
        if let Some(value) = self.done.get(&text) {
            return Ok(Part::Value(*value));
        }
        let value = match expression {
            Expr::Number(_) | Expr::Name(_) | Expr::Element(..) | Expr::Slice(..) => self.x,
            Expr::Unary(UnaryOperator::Negate, a) => {
                let a = self.value(a)?;
                self.scale_shift(a, -1.0, 0.0)
            }
            Expr::Unary(UnaryOperator::Not, _) => return Err(self.not_a_number()),
            Expr::Binary(operator, a, b) => {
                let (a, b) = (self.part(a)?, self.part(b)?);
                self.binary(*operator, a, b)?
            }
            Expr::Call(function, arguments) => self.call(*function, arguments)?,
            Expr::Reduce(..) | Expr::Along(..) => return Err(self.not_a_number()),
        };
        self.done.insert(text, value);
        Ok(Part::Value(value))
    }

    /// A part that mentions x.
    fn value(&mut self, expression: &Expr) -> Result<ValueId> {
        match self.part(expression)? {
            Part::Value(value) => Ok(value),
            Part::Constant(constant) => Ok(self.scale_shift(self.x, 0.0, constant)),
        }
    }

    fn not_a_number(&self) -> EngineError {
        let why = "it is a comparison, but a layer needs numbers.".to_owned();
        EngineError::Formula { layer: self.l.layer().name.clone(), why }
    }

    fn scale_shift(&mut self, x: ValueId, scale: f64, shift: f64) -> ValueId {
        self.l.emit(Apply(ScaleShift { scale, shift }), &[x])
    }

    fn binary(&mut self, operator: BinaryOperator, a: Part, b: Part) -> Result<ValueId> {
        use BinaryOperator as B;
        use Part::{Constant, Value};
        Ok(match (operator, a, b) {
            (B::Add, Value(a), Value(b)) => self.l.emit(ops::Add, &[a, b]),
            (B::Add, Value(x), Constant(c)) | (B::Add, Constant(c), Value(x)) => self.scale_shift(x, 1.0, c),
            (B::Subtract, Value(a), Value(b)) => self.l.emit(ApplyPair(Subtract), &[a, b]),
            (B::Subtract, Value(x), Constant(c)) => self.scale_shift(x, 1.0, -c),
            (B::Subtract, Constant(c), Value(x)) => self.scale_shift(x, -1.0, c),
            (B::Multiply, Value(a), Value(b)) => self.l.emit(ops::Mul, &[a, b]),
            (B::Multiply, Value(x), Constant(c)) | (B::Multiply, Constant(c), Value(x)) => self.scale_shift(x, c, 0.0),
            (B::Divide, Value(a), Value(b)) => self.l.emit(ApplyPair(Divide), &[a, b]),
            (B::Divide, Value(x), Constant(c)) => self.scale_shift(x, 1.0 / c, 0.0),
            (B::Divide, Constant(numerator), Value(x)) => self.l.emit(Apply(Reciprocal { numerator }), &[x]),
            (B::Power, Value(x), Constant(exponent)) => self.l.emit(Apply(Power { exponent }), &[x]),
            (B::Power, Value(a), Value(b)) => self.l.emit(ApplyPair(Pow), &[a, b]),
            // cˣ = e^(x · ln c)
            (B::Power, Constant(c), Value(x)) => {
                let exponent = self.scale_shift(x, c.ln(), 0.0);
                self.l.emit(Apply(Exp), &[exponent])
            }
            (operator, Constant(a), Constant(b)) => self.scale_shift(self.x, 0.0, operator.apply(a, b)),
            _ => return Err(self.not_a_number()),
        })
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<ValueId> {
        if let [a, b] = arguments {
            let (a, b) = (self.part(a)?, self.part(b)?);
            return self.call_with_two(function, a, b);
        }
        let Some(argument) = arguments.first() else { return Err(self.not_a_number()) };
        let x = [self.value(argument)?];
        let l = &mut self.l;
        Ok(match function {
            Function::Exp => l.emit(Apply(Exp), &x),
            Function::Log => l.emit(Apply(Log), &x),
            Function::Sqrt => l.emit(Apply(Sqrt), &x),
            Function::Abs => l.emit(Apply(Abs), &x),
            Function::Sin => l.emit(Apply(Sin), &x),
            Function::Cos => l.emit(Apply(Cos), &x),
            Function::Tan => {
                let (sin, cos) = (l.emit(Apply(Sin), &x), l.emit(Apply(Cos), &x));
                l.emit(ApplyPair(Divide), &[sin, cos])
            }
            Function::Tanh => l.emit(Apply(ops::Tanh), &x),
            Function::Sigmoid => l.emit(Apply(ops::Sigmoid), &x),
            Function::Relu => l.emit(Apply(ops::Relu), &x),
            Function::Softplus => l.emit(Apply(ops::Softplus), &x),
            Function::Erf => l.emit(Apply(Erf), &x),
            Function::Gelu => l.emit(Apply(ops::Gelu), &x),
            Function::Silu => l.emit(Apply(ops::Silu), &x),
            Function::Sign => l.emit(Apply(Sign), &x),
            Function::Step => l.emit(Apply(Step), &x),
            Function::Min | Function::Max | Function::Pow => return Err(self.not_a_number()),
        })
    }

    fn call_with_two(&mut self, function: Function, a: Part, b: Part) -> Result<ValueId> {
        use Part::{Constant, Value};
        Ok(match (function, a, b) {
            (Function::Min, Value(a), Value(b)) => self.l.emit(ApplyPair(Minimum), &[a, b]),
            (Function::Min, Value(x), Constant(most)) | (Function::Min, Constant(most), Value(x)) => {
                self.l.emit(Apply(AtMost { most }), &[x])
            }
            (Function::Max, Value(a), Value(b)) => self.l.emit(ApplyPair(Maximum), &[a, b]),
            (Function::Max, Value(x), Constant(least)) | (Function::Max, Constant(least), Value(x)) => {
                self.l.emit(Apply(AtLeast { least }), &[x])
            }
            (Function::Pow, a, b) => self.binary(BinaryOperator::Power, a, b)?,
            _ => return Err(self.not_a_number()),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Device, Machine, Mode, Precision, compile};
    use crate::expr;
    use crate::model::layer::{Dense, Formula, Input, Loss};
    use crate::model::{DataSignature, Graph, Shape, Task, TrainingSpec};

    fn drawn(expression: &str) -> (Graph, DataSignature) {
        let mut graph = Graph::default();
        let input = graph.add(Input::default().into(), [0.0; 2]);
        let formula = graph.add(Formula { expression: expression.into() }.into(), [0.0; 2]);
        let dense = graph.add(Dense { units: 1, ..Dense::default() }.into(), [0.0; 2]);
        let loss = graph.add(Loss::default().into(), [0.0; 2]);
        for (from, to) in [(input, formula), (formula, dense), (dense, loss)] {
            graph.connect(from, to).unwrap();
        }
        (graph, DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![5]), task: Task::Numbers(1) })
    }

    #[test]
    fn what_the_program_computes_is_what_was_typed() {
        let xs = [0.3f32, 0.7, 1.4, 2.5, 0.9];
        for expression in [
            "x",
            "x * sigmoid(1.702 * x)",
            "2 - x",
            "x - 2 + pi",
            "-x / 3",
            "3 / x",
            "x ^ 2 - x ^ 0.5 + x ^ x",
            "2 ^ x + pow(x, 3) + pow(1.5, x)",
            "min(x, 1) + max(2, x) + min(x, x * x) - max(sqrt(x), sin(x))",
            "exp(-x) + log(x) + abs(x - 1) + cos(x) + tan(x / 4)",
            "tanh(x) + relu(x - 1) + softplus(x) + erf(x) + gelu(x) + silu(x)",
            "sign(x - 1) * step(x - 0.5) + x / (1 + x)",
            "(2 + 3) ^ 2 * x + sin(pi / 2)",
        ] {
            let (graph, signature) = drawn(expression);
            let training = TrainingSpec::default();
            let machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
            let layer = graph.find("Formula 1").unwrap().id;
            let got = machine.layer_outputs(&xs, 1, &[layer]).unwrap().remove(&layer).unwrap();
            let typed = expr::parse_elementwise(expression).unwrap();
            for (x, y) in xs.iter().zip(got.data.iter()) {
                let expected = expr::eval(&typed, f64::from(*x));
                let close = (f64::from(*y) - expected).abs() <= 1e-5 * expected.abs().max(1.0);
                assert!(close, "{expression} at {x}: {y}, expected {expected}");
            }
        }
    }

    #[test]
    fn every_part_is_an_instruction_and_repeated_parts_are_computed_once() {
        let (graph, signature) = drawn("exp(2 * 3 * x) + exp(2 * 3 * x) / 2");
        let program = compile(&graph, &signature, &TrainingSpec::default(), Mode::Predict).unwrap();
        let names: Vec<_> = program
            .instructions
            .iter()
            .filter(|i| i.layer == graph.find("Formula 1").map(|layer| layer.id))
            .map(|i| program.line(i))
            .collect();
        assert_eq!(names.len(), 4, "{names:#?}");
        assert!(names[0].contains("scale_shift [scale 6, shift 0]"), "{names:#?}");
    }
}
