//! Formula layers: the tree of the expression, an operator a node, each part once.

use std::collections::BTreeMap;

use super::Refusal;
use super::activation::silu;
use super::place::Place;
use crate::expr::{self, BinaryOperator, Expr, Function, UnaryOperator};
use crate::interop::onnx::proto::{Attribute, kind};
use crate::model::layer::Formula;

pub(super) fn formula(l: &mut Place, layer: &Formula) -> Result<String, Refusal> {
    let expression = expr::parse_elementwise(&layer.expression).map_err(|error| l.refuse(error.to_string()))?;
    let x = l.x();
    let mut parts = Parts { l, x, done: BTreeMap::new() };
    let made = parts.part(&expression)?;
    if made == parts.x {
        return Ok(parts.l.op("Identity", &[&made], []));
    }
    Ok(made)
}

struct Parts<'p, 'w, 'a> {
    l: &'p mut Place<'w, 'a>,
    x: String,
    /// What was written already, by its text.
    done: BTreeMap<String, String>,
}

impl Parts<'_, '_, '_> {
    fn part(&mut self, expression: &Expr) -> Result<String, Refusal> {
        let text = expression.to_string();
        if let Some(made) = self.done.get(&text) {
            return Ok(made.clone());
        }
        let made = if !expression.mentions("x") {
            self.l.number(expr::eval(expression, f64::NAN))
        } else {
            match expression {
                Expr::Name(_) => self.x.clone(),
                Expr::Unary(UnaryOperator::Negate, a) => {
                    let a = self.part(a)?;
                    self.l.op("Neg", &[&a], [])
                }
                Expr::Binary(operator, a, b) => self.binary(*operator, a, b)?,
                Expr::Call(function, arguments) => self.call(*function, arguments)?,
                Expr::Unary(UnaryOperator::Not, _)
                | Expr::Number(_)
                | Expr::Element(..)
                | Expr::Slice(..)
                | Expr::Reduce(..)
                | Expr::Along(..) => return Err(self.not_a_number()),
            }
        };
        self.done.insert(text, made.clone());
        Ok(made)
    }

    fn not_a_number(&self) -> Refusal {
        self.l.refuse("its expression holds a comparison, but a layer needs numbers.")
    }

    fn binary(&mut self, operator: BinaryOperator, a: &Expr, b: &Expr) -> Result<String, Refusal> {
        let name = match operator {
            BinaryOperator::Add => "Add",
            BinaryOperator::Subtract => "Sub",
            BinaryOperator::Multiply => "Mul",
            BinaryOperator::Divide => "Div",
            // As the layer computes it: of a negative number it is not a number.
            BinaryOperator::Power if !a.mentions("x") => {
                let base = self.l.number(expr::eval(a, f64::NAN).ln());
                let b = self.part(b)?;
                let exponent = self.l.op("Mul", &[&b, &base], []);
                return Ok(self.l.op("Exp", &[&exponent], []));
            }
            BinaryOperator::Power => "Pow",
            BinaryOperator::Equal
            | BinaryOperator::NotEqual
            | BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual
            | BinaryOperator::And
            | BinaryOperator::Or => return Err(self.not_a_number()),
        };
        let (a, b) = (self.part(a)?, self.part(b)?);
        Ok(self.l.op(name, &[&a, &b], []))
    }

    fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<String, Refusal> {
        if let ([a, b], Function::Pow) = (arguments, function) {
            return self.binary(BinaryOperator::Power, a, b);
        }
        let made: Result<Vec<String>, Refusal> = arguments.iter().map(|argument| self.part(argument)).collect();
        let made = made?;
        let inputs: Vec<&str> = made.iter().map(String::as_str).collect();
        let name = match function {
            Function::Exp => "Exp",
            Function::Log => "Log",
            Function::Sqrt => "Sqrt",
            Function::Abs => "Abs",
            Function::Sin => "Sin",
            Function::Cos => "Cos",
            Function::Tan => "Tan",
            Function::Tanh => "Tanh",
            Function::Sigmoid => "Sigmoid",
            Function::Relu => "Relu",
            Function::Softplus => "Softplus",
            Function::Erf => "Erf",
            Function::Gelu => "Gelu",
            Function::Silu => return Ok(silu(self.l, inputs.first().copied().unwrap_or_default())),
            Function::Sign => "Sign",
            Function::Step => {
                let zero = self.l.number(0.0);
                let above = self.l.op("Greater", &[inputs.first().copied().unwrap_or_default(), &zero], []);
                return Ok(self.l.op("Cast", &[&above], [Attribute::int("to", kind::FLOAT.into())]));
            }
            Function::Min => "Min",
            Function::Max => "Max",
            Function::Pow => "Pow",
        };
        Ok(self.l.op(name, &inputs, []))
    }
}
