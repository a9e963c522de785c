//! Numbers at the edge (not a number, infinite, huge, zero, corners) through every function of one number, and through
//! losses: what PyTorch answers, our kernels and references answer too. docs/semantics.md tells it in words.

use std::collections::BTreeMap;

use candle_core::DType;
use serde::Deserialize;

use super::check::{Way, forward_and_backward, forward_and_backward_of_pair};
use super::formula::{Abs, AtLeast, AtMost, Exp, Log, Reciprocal, Sign, Sqrt};
use super::test_device::test_device;
use super::{
    Absolute, Apply, Elu, Gelu, HardSwish, HardTanh, Huber, LeakyRelu, Mean, Mish, Relu, Selu, Sigmoid, Silu, Softplus,
    Squared, Tanh, Threshold,
};

#[derive(Deserialize)]
struct Fixture {
    x: Vec<String>,
    ops: BTreeMap<String, BTreeMap<String, Answers>>,
    pairs: Vec<[String; 2]>,
    losses: BTreeMap<String, BTreeMap<String, Answers>>,
}

#[derive(Deserialize)]
struct Answers {
    y: Vec<String>,
    dx: Vec<String>,
    /// Where the gradient that arrives is not a number.
    #[serde(default)]
    dx_of_nan: Vec<String>,
}

const PRECISIONS: [(DType, f64, &str); 2] = [(DType::F32, 1e-5, "f32"), (DType::F64, 1e-8, "f64")];

fn recorded() -> Fixture {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/edges.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(text: impl AsRef<str>) -> f64 {
    text.as_ref().parse().unwrap()
}

fn is_same(got: f64, expected: f64, tolerance: f64) -> bool {
    let close = (got - expected).abs() <= tolerance * expected.abs().max(0.1);
    got == expected || close || got.is_nan() && expected.is_nan()
}

/// y and the gradient at each x, for a gradient `dy` of y.
fn ours(name: &str, x: &[f64], dy: f64, how: (Way, DType)) -> Option<(Vec<f64>, Vec<f64>)> {
    Some(match name {
        "relu" => forward_and_backward(Apply(Relu), x, dy, how),
        "leaky_relu" => forward_and_backward(Apply(LeakyRelu { slope: 0.2 }), x, dy, how),
        "elu" => forward_and_backward(Apply(Elu { alpha: 0.7 }), x, dy, how),
        "selu" => forward_and_backward(Apply(Selu), x, dy, how),
        "gelu" => forward_and_backward(Apply(Gelu), x, dy, how),
        "silu" => forward_and_backward(Apply(Silu), x, dy, how),
        "hard_swish" => forward_and_backward(Apply(HardSwish), x, dy, how),
        "hard_tanh" => forward_and_backward(Apply(HardTanh { low: -1.0, high: 1.0 }), x, dy, how),
        "threshold" => forward_and_backward(Apply(Threshold { threshold: 1.0 }), x, dy, how),
        "mish" => forward_and_backward(Apply(Mish), x, dy, how),
        "softplus" => forward_and_backward(Apply(Softplus), x, dy, how),
        "tanh" => forward_and_backward(Apply(Tanh), x, dy, how),
        "sigmoid" => forward_and_backward(Apply(Sigmoid), x, dy, how),
        "abs" => forward_and_backward(Apply(Abs), x, dy, how),
        "sign" => forward_and_backward(Apply(Sign), x, dy, how),
        "exp" => forward_and_backward(Apply(Exp), x, dy, how),
        "log" => forward_and_backward(Apply(Log), x, dy, how),
        "sqrt" => forward_and_backward(Apply(Sqrt), x, dy, how),
        "reciprocal" => forward_and_backward(Apply(Reciprocal { numerator: 1.0 }), x, dy, how),
        "at_least" => forward_and_backward(Apply(AtLeast { least: 1.0 }), x, dy, how),
        "at_most" => forward_and_backward(Apply(AtMost { most: 1.0 }), x, dy, how),
        _ => return None,
    })
}

#[test]
fn numbers_at_the_edge_are_treated_as_pytorch_treats_them() {
    if test_device().is_none() {
        return;
    }
    let fixture = recorded();
    let x: Vec<f64> = fixture.x.iter().map(number).collect();
    assert!(fixture.ops.len() >= 21);
    let mut wrong = Vec::new();
    for (name, answers) in &fixture.ops {
        for (dtype, tolerance, key) in PRECISIONS {
            let answers = &answers[key];
            let gradients = [(1.0, &answers.dx), (f64::NAN, &answers.dx_of_nan)];
            for ((dy, dx), way) in gradients.into_iter().flat_map(|g| [(g, Way::Run), (g, Way::Reference)]) {
                let got = ours(name, &x, dy, (way, dtype));
                let (got_y, got_dx) = got.unwrap_or_else(|| panic!("{name} is recorded but not tested"));
                assert_eq!((got_y.len(), got_dx.len()), (answers.y.len(), dx.len()));
                for (what, got, expected) in [("y", got_y, &answers.y), ("dx", got_dx, dx)] {
                    for ((x, got), expected) in x.iter().zip(got).zip(expected.iter().map(number)) {
                        if !is_same(got, expected, tolerance) {
                            wrong.push(format!(
                                "{name} {key} {way:?}: {what}({x}) for dy = {dy} is {got}, PyTorch {expected}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn losses_of_numbers_at_the_edge_are_pytorchs() {
    if test_device().is_none() {
        return;
    }
    let fixture = recorded();
    let mut wrong = Vec::new();
    for (name, answers) in &fixture.losses {
        for ((dtype, tolerance, key), way) in PRECISIONS.into_iter().flat_map(|p| [(p, Way::Run), (p, Way::Reference)])
        {
            for (i, pair) in fixture.pairs.iter().enumerate() {
                let (pair, how) = ([number(&pair[0]), number(&pair[1])], (way, dtype));
                let (y, dx) = match name.as_str() {
                    "mse" => forward_and_backward_of_pair(Mean(Squared), pair, how),
                    "mae" => forward_and_backward_of_pair(Mean(Absolute), pair, how),
                    "huber" => forward_and_backward_of_pair(Mean(Huber), pair, how),
                    name => panic!("{name} is recorded but not tested"),
                };
                let expected = &answers[key];
                for (what, got, expected) in [("y", y, &expected.y[i]), ("dx", dx, &expected.dx[i])] {
                    if !is_same(got, number(expected), tolerance) {
                        wrong.push(format!("{name} {key} {way:?}: {what} of {pair:?} is {got}, PyTorch {expected}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
