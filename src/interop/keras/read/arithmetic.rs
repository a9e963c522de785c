//! Keras's functions as layers: `x / 255`, `relu(x)`, `a + b`. Keras 3 writes them as operations, TensorFlow's Keras as
//! `TFOpLambda`.

use serde_json::Value;

use super::activation::{self, literal};
use super::config::Argument;
use super::merge;
use super::plan::{Plan, Planned, Site, number};
use crate::model::layer::{Add, Formula, LayerKind, Maximum, Minimum, Multiply, Subtract};

/// An operation of Keras 3.
pub fn operation(site: &Site) -> Planned {
    let operands = operands(site)?;
    of(site, &site.call.class.to_lowercase(), &operands)
}

/// A function of TensorFlow.
pub fn lambda(site: &Site) -> Planned {
    let function = site.text("function").ok_or("it doesn't say its function")?;
    let name = function.rsplit('.').next().unwrap_or(function).trim_matches('_');
    let operands = operands(site)?;
    of(site, name, &operands)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operand {
    Tensor,
    Number(f64),
}

fn operands(site: &Site) -> Result<Vec<Operand>, String> {
    let mut all = Vec::new();
    for argument in &site.call.arguments {
        match argument {
            Argument::Tensor(_) => all.push(Operand::Tensor),
            Argument::Tensors(tensors) => all.extend(tensors.iter().map(|_| Operand::Tensor)),
            Argument::Constant(value) => all.push(Operand::Number(scalar(value)?)),
        }
    }
    // `x` and `y` by name, as TensorFlow writes them.
    for (key, value) in &site.call.keywords {
        if matches!(key.as_str(), "y" | "x2" | "x1" | "x") && number(value).is_some() {
            all.push(Operand::Number(scalar(value)?));
        }
    }
    all.extend(site.call.named.iter().map(|_| Operand::Tensor));
    Ok(all)
}

fn scalar(value: &Value) -> Result<f64, String> {
    number(value).ok_or_else(|| "one of its inputs isn't a number".into())
}

fn of(site: &Site, name: &str, operands: &[Operand]) -> Planned {
    use Operand::{Number, Tensor};
    let formula = |expression: String| Ok(Plan::of(Formula { expression }).say("Written as a formula."));
    match operands {
        [Tensor] => one(site, name),
        [Tensor, Number(c)] => {
            let c = literal(*c);
            formula(match name {
                "add" | "addv2" => format!("x + {c}"),
                "subtract" | "sub" => format!("x - {c}"),
                "multiply" | "mul" => format!("x * {c}"),
                "truedivide" | "divide" | "truediv" | "realdiv" => format!("x / {c}"),
                "power" | "pow" => format!("x ^ {c}"),
                "maximum" => format!("max(x, {c})"),
                "minimum" => format!("min(x, {c})"),
                other => return Err(format!("Glassbox has no {other}")),
            })
        }
        [Number(c), Tensor] => {
            let c = literal(*c);
            formula(match name {
                "add" | "addv2" => format!("{c} + x"),
                "subtract" | "sub" => format!("{c} - x"),
                "multiply" | "mul" => format!("{c} * x"),
                "truedivide" | "divide" | "truediv" | "realdiv" => format!("{c} / x"),
                "power" | "pow" => format!("{c} ^ x"),
                "maximum" => format!("max({c}, x)"),
                "minimum" => format!("min({c}, x)"),
                other => return Err(format!("Glassbox has no {other}")),
            })
        }
        [Tensor, Tensor] => {
            let kind: LayerKind = match name {
                "add" | "addv2" => Add {}.into(),
                "subtract" | "sub" => Subtract {}.into(),
                "multiply" | "mul" => Multiply {}.into(),
                "maximum" => Maximum {}.into(),
                "minimum" => Minimum {}.into(),
                other => return Err(format!("Glassbox has no {other} of two tensors")),
            };
            merge::of_kind(site, kind)
        }
        _ => Err(format!("Glassbox has no {name} of its inputs")),
    }
}

/// A function of single numbers.
fn one(site: &Site, name: &str) -> Planned {
    let expression = match name {
        "negative" | "neg" => "-x",
        "exp" => "exp(x)",
        "log" => "log(x)",
        "sqrt" => "sqrt(x)",
        "rsqrt" => "1 / sqrt(x)",
        "square" => "x ^ 2",
        "reciprocal" => "1 / x",
        "abs" | "absolute" => "abs(x)",
        "sin" => "sin(x)",
        "cos" => "cos(x)",
        "tan" => "tan(x)",
        "sign" => "sign(x)",
        "erf" => "erf(x)",
        "relu" | "relu6" | "sigmoid" | "tanh" | "softplus" | "silu" | "softsign" | "selu" => {
            let plan = activation::of(Some(&Value::from(name)), site)?.into_iter().fold(Plan::default(), Plan::main);
            return Ok(plan);
        }
        other => return Err(format!("Glassbox has no {other}")),
    };
    Ok(Plan::of(Formula { expression: expression.into() }).say("Written as a formula."))
}
