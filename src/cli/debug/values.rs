//! What names in expressions stand for, and how numbers are shown.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::expr::{self, Array, Expr};
use crate::trainer::{Debugger, locate};

/// Names that are no value of the program.
const PLACE: [&str; 3] = ["step", "epoch", "learning_rate"];

/// Whether every name means something, before anything is computed.
pub fn check(debugger: &Debugger, expression: &Expr) -> Result<(), String> {
    let mut names = expression.names().into_iter().filter(|name| !PLACE.contains(name) && !["pi", "e"].contains(name));
    names.try_for_each(|name| locate(debugger.machine().program(), name).map(drop))
}

pub fn evaluate(debugger: &Debugger, expression: &Expr) -> Result<Array, String> {
    expr::evaluate(expression, &mut |name| value_of(debugger, name))
}

/// One number, or a sentence.
pub fn number(debugger: &Debugger, expression: &Expr) -> Result<f64, String> {
    let found = evaluate(debugger, expression)?;
    let many = || {
        let dims = &found.dims;
        format!(
            "{expression} is not one number but has the shape {dims:?}: write max(...), min(...) or mean(...) around it."
        )
    };
    found.single().ok_or_else(many)
}

fn value_of(debugger: &Debugger, name: &str) -> Result<Array, String> {
    let machine = debugger.machine();
    match name {
        "step" => return Ok(Array::number(debugger.current_step() as f64)),
        "epoch" => return Ok(Array::number(debugger.run().epoch())),
        "learning_rate" => return Ok(Array::number(machine.learning_rate())),
        _ => {}
    }
    let id = locate(machine.program(), name)?;
    let is_state = machine.program().value(id).is_some_and(|value| value.role.is_state());
    if !is_state && !machine.is_current(id) {
        let step = debugger.current_step();
        if step > 0 && !machine.is_in_step() {
            return Err(format!("{name} is not kept in a checkpoint: 'goto {step}' computes step {step} again."));
        }
        return Err(format!("{name} has not been computed yet in step {}.", step.max(1)));
    }
    let (dims, numbers) = machine.read_f64(id).map_err(|error| error.to_string())?;
    Ok(Array { dims, numbers })
}

/// As exact as it is: a number that is an f32 with the digits of an f32.
pub fn digits(value: f64) -> String {
    let narrow = value as f32;
    if f64::from(narrow) == value { narrow.to_string() } else { value.to_string() }
}

/// JSON has no NaN and no infinity: those are words.
fn json_number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

pub fn to_json(array: &Array) -> Value {
    let numbers: Vec<_> = array.numbers.iter().map(|&v| json_number(v)).collect();
    json!({ "shape": array.dims, "numbers": numbers })
}

/// Rows and numbers in a row that are printed.
const SHOWN: usize = 10;

/// A number, or shape, statistics and the first rows.
pub fn to_text(array: &Array) -> String {
    if let Some(value) = array.single() {
        return digits(value);
    }
    let of = |reduction: expr::Reduction| digits(reduction.apply(&array.numbers) as f32 as f64);
    let mut text = format!(
        "shape {:?}   min {}   max {}   mean {}   norm {}",
        array.dims,
        of(expr::Reduction::Min),
        of(expr::Reduction::Max),
        of(expr::Reduction::Mean),
        of(expr::Reduction::Norm)
    );
    let width = array.dims.last().copied().unwrap_or(1).max(1);
    let rows = array.numbers.len().div_ceil(width);
    for row in array.numbers.chunks(width).take(SHOWN) {
        let mut shown: Vec<_> = row.iter().take(SHOWN).map(|&v| format!("{:>13}", digits(v))).collect();
        shown.extend((width > SHOWN).then(|| format!("... {} more", width - SHOWN)));
        // Writing to a String does not fail.
        let _ = write!(text, "\n{}", shown.join(" "));
    }
    if rows > SHOWN {
        let _ = write!(text, "\n... {} more rows", rows - SHOWN);
    }
    text
}
