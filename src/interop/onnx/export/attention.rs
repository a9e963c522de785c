//! Multi-head attention, composed: projections, products in each head, softmax, and the last projection.

use super::Refusal;
use super::norm::linear;
use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::MultiHeadAttention;

/// Queries, keys and values: the thirds of the packed projection.
fn projected(l: &mut Place, from: &[String; 3], width: usize) -> Result<[String; 3], Refusal> {
    let thirds = |l: &mut Place, packed: String| {
        let sizes = l.ints("thirds", &[width as i64; 3]);
        l.ops("Split", &[&packed, &sizes], [Attribute::int("axis", 0)], 3)
    };
    let weight = l.weight("in_proj_weight")?;
    let weights = thirds(l, weight);
    let biases = if l.has("in_proj_bias") {
        let bias = l.weight("in_proj_bias")?;
        thirds(l, bias)
    } else {
        Vec::new()
    };
    let mut all = from.clone();
    for (i, x) in all.iter_mut().enumerate() {
        let turned = l.transpose(&weights[i], &[1, 0]);
        let product = l.op("MatMul", &[x, &turned], []);
        *x = match biases.get(i) {
            Some(bias) => l.op("Add", &[&product, bias], []),
            None => product,
        };
    }
    Ok(all)
}

pub(super) fn attention(l: &mut Place, layer: &MultiHeadAttention) -> Result<Vec<String>, Refusal> {
    let query = l.x();
    let key = l.port(1).unwrap_or_else(|| query.clone());
    let value = l.port(2).unwrap_or_else(|| key.clone());
    let (steps, width) = (l.sizes()[0], l.sizes()[1]);
    let keys = l.node.arriving.get(1).and_then(Option::as_ref).map_or(steps, |shape| shape.0[0]);
    let each = width / layer.heads;
    let [q, k, v] = projected(l, &[query, key, value], width)?;
    let in_heads = |l: &mut Place, x: &str, steps: usize, order: [usize; 4]| {
        let x = l.reshape(x, &[steps, layer.heads, each]);
        l.transpose(&x, &order)
    };
    let q = in_heads(l, &q, steps, [0, 2, 1, 3]);
    let k = in_heads(l, &k, keys, [0, 2, 3, 1]);
    let v = in_heads(l, &v, keys, [0, 2, 1, 3]);
    let scores = l.op("MatMul", &[&q, &k], []);
    let scale = l.number(1.0 / (each as f64).sqrt());
    let mut scores = l.op("Mul", &[&scores, &scale], []);
    if layer.causal {
        let hidden = |at: usize| if at % keys > at / keys { f32::NEG_INFINITY } else { 0.0 };
        let mask: Vec<f32> = (0..steps * keys).map(hidden).collect();
        let mask = l.constant("mask", &[steps, keys], &mask);
        scores = l.op("Add", &[&scores, &mask], []);
    }
    let shares = l.op("Softmax", &[&scores], [Attribute::int("axis", -1)]);
    let seen = l.op("MatMul", &[&shares, &v], []);
    let seen = l.transpose(&seen, &[0, 2, 1, 3]);
    let seen = l.reshape(&seen, &[steps, width]);
    let weight = l.weight("out_proj.weight")?;
    let output = linear(l, &seen, &weight, "out_proj.bias")?;
    let heads = l.ints("heads", &[1]);
    let weights = l.op("ReduceMean", &[&shares, &heads], [Attribute::int("keepdims", 0)]);
    Ok(vec![output, weights])
}
