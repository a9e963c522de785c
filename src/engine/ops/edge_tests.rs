//! Numbers at the edge (not a number, infinite, huge, zero, corners) through every function of one number: what PyTorch answers, our
//! kernels and references answer too. docs/semantics.md tells it in words.

use std::collections::BTreeMap;

use candle_core::DType;
use serde::Deserialize;

use super::check::forward_and_backward;
use super::formula::{Abs, AtLeast, AtMost, Exp, Log, Reciprocal, Sign, Sqrt};
use super::test_device::test_device;
use super::{Apply, Elu, Gelu, HardSwish, LeakyRelu, Relu, Selu, Sigmoid, Silu, Softplus, Tanh};

#[derive(Deserialize)]
struct Fixture {
    x: Vec<String>,
    ops: BTreeMap<String, BTreeMap<String, Answers>>,
}

#[derive(Deserialize)]
struct Answers {
    y: Vec<String>,
    dx: Vec<String>,
}

/// y and dy/dx at each x.
fn ours(name: &str, x: &[f64], dtype: DType) -> Option<(Vec<f64>, Vec<f64>)> {
    Some(match name {
        "relu" => forward_and_backward(Apply(Relu), x, dtype),
        "leaky_relu" => forward_and_backward(Apply(LeakyRelu { slope: 0.2 }), x, dtype),
        "elu" => forward_and_backward(Apply(Elu { alpha: 0.7 }), x, dtype),
        "selu" => forward_and_backward(Apply(Selu), x, dtype),
        "gelu" => forward_and_backward(Apply(Gelu), x, dtype),
        "silu" => forward_and_backward(Apply(Silu), x, dtype),
        "hard_swish" => forward_and_backward(Apply(HardSwish), x, dtype),
        "softplus" => forward_and_backward(Apply(Softplus), x, dtype),
        "tanh" => forward_and_backward(Apply(Tanh), x, dtype),
        "sigmoid" => forward_and_backward(Apply(Sigmoid), x, dtype),
        "abs" => forward_and_backward(Apply(Abs), x, dtype),
        "sign" => forward_and_backward(Apply(Sign), x, dtype),
        "exp" => forward_and_backward(Apply(Exp), x, dtype),
        "log" => forward_and_backward(Apply(Log), x, dtype),
        "sqrt" => forward_and_backward(Apply(Sqrt), x, dtype),
        "reciprocal" => forward_and_backward(Apply(Reciprocal { numerator: 1.0 }), x, dtype),
        "at_least" => forward_and_backward(Apply(AtLeast { least: 1.0 }), x, dtype),
        "at_most" => forward_and_backward(Apply(AtMost { most: 1.0 }), x, dtype),
        _ => return None,
    })
}

#[test]
fn numbers_at_the_edge_are_treated_as_pytorch_treats_them() {
    if test_device().is_none() {
        return;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/edges.json");
    let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let number = |text: &String| text.parse::<f64>().unwrap();
    let x: Vec<f64> = fixture.x.iter().map(number).collect();
    assert!(fixture.ops.len() >= 18);
    let mut wrong = Vec::new();
    for (name, answers) in &fixture.ops {
        for (dtype, tolerance, key) in [(DType::F32, 1e-5, "f32"), (DType::F64, 1e-8, "f64")] {
            let (y, dx) = ours(name, &x, dtype).unwrap_or_else(|| panic!("{name} is recorded but not tested"));
            for (what, got, expected) in [("y", y, &answers[key].y), ("dx", dx, &answers[key].dx)] {
                for ((x, got), expected) in x.iter().zip(got).zip(expected.iter().map(number)) {
                    let close = (got - expected).abs() <= tolerance * expected.abs().max(0.1);
                    if !(got == expected || close || got.is_nan() && expected.is_nan()) {
                        wrong.push(format!("{name} {key}: {what}({x}) is {got}, PyTorch {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
