//! Dense and the layers that normalise.

use super::Refusal;
use super::activation::activate;
use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::{BatchNorm, Dense, InstanceNorm, LayerNorm, RmsNorm};

/// Of a row `Gemm`, of every step of a sequence `MatMul`.
pub(super) fn dense(l: &mut Place, layer: &Dense) -> Result<String, Refusal> {
    let x = l.x();
    let weight = l.weight("weight")?;
    let y = if l.sizes().len() == 1 {
        let mut inputs = vec![x, weight];
        if l.has("bias") {
            inputs.push(l.weight("bias")?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        l.op("Gemm", &inputs, [Attribute::int("transB", 1)])
    } else {
        linear(l, &x, &weight, "bias")?
    };
    Ok(activate(l, layer.activated(), y))
}

/// `x Wᵀ + b` at every step, W as PyTorch lays it.
pub(super) fn linear(l: &mut Place, x: &str, weight: &str, bias: &str) -> Result<String, Refusal> {
    let turned = l.transpose(weight, &[1, 0]);
    let y = l.op("MatMul", &[x, &turned], []);
    if !l.has(bias) {
        return Ok(y);
    }
    let bias = l.weight(bias)?;
    Ok(l.op("Add", &[&y, &bias], []))
}

pub(super) fn batch(l: &mut Place, layer: &BatchNorm) -> Result<String, Refusal> {
    let x = l.x();
    let weights = ["weight", "bias", "running_mean", "running_var"];
    let [weight, bias, mean, variance] = weights.map(|name| l.weight(name));
    let inputs = [&x, &*weight?, &*bias?, &*mean?, &*variance?];
    Ok(l.op("BatchNormalization", &inputs, [Attribute::float("epsilon", layer.epsilon)]))
}

pub(super) fn layer(l: &mut Place, layer: &LayerNorm) -> Result<String, Refusal> {
    let (x, sizes) = (l.x(), l.sizes());
    let (weight, bias) = (l.weight("weight")?, l.weight("bias")?);
    let axis = -(layer.normalised(&sizes).len() as i64);
    let settings = [Attribute::int("axis", axis), Attribute::float("epsilon", layer.epsilon)];
    Ok(l.op("LayerNormalization", &[&x, &weight, &bias], settings))
}

/// Each group as one channel of an instance norm, then scale and shift of each channel: before version 21 of the
/// operators GroupNormalization has them for each group.
pub(super) fn group(l: &mut Place, groups: usize, epsilon: f64) -> Result<String, Refusal> {
    let (x, sizes) = (l.x(), l.sizes());
    let each = sizes.iter().product::<usize>() / groups;
    let grouped = l.reshape(&x, &[groups, each]);
    let ones = l.constant("ones", &[groups], &vec![1.0; groups]);
    let zeros = l.constant("zeros", &[groups], &vec![0.0; groups]);
    let inputs = [&*grouped, &ones, &zeros];
    let normal = l.op("InstanceNormalization", &inputs, [Attribute::float("epsilon", epsilon)]);
    let normal = l.reshape(&normal, &sizes);
    let dims: Vec<usize> = (0..sizes.len()).map(|axis| if axis == 0 { sizes[0] } else { 1 }).collect();
    let (weight, bias) = (l.weight_as("weight", &dims)?, l.weight_as("bias", &dims)?);
    let scaled = l.op("Mul", &[&normal, &weight], []);
    Ok(l.op("Add", &[&scaled, &bias], []))
}

/// Of a sequence over time: ONNX has the features first.
pub(super) fn instance(l: &mut Place, layer: &InstanceNorm) -> Result<String, Refusal> {
    let is_sequence = l.sizes().len() == 2;
    let x = if is_sequence { l.transpose(&l.x(), &[0, 2, 1]) } else { l.x() };
    let (weight, bias) = (l.weight("weight")?, l.weight("bias")?);
    let settings = [Attribute::float("epsilon", layer.epsilon)];
    let y = l.op("InstanceNormalization", &[&x, &weight, &bias], settings);
    Ok(if is_sequence { l.transpose(&y, &[0, 2, 1]) } else { y })
}

/// `x / √(mean(x²) + ε) · γ`: the operator itself came with version 23.
pub(super) fn rms(l: &mut Place, layer: &RmsNorm) -> Result<String, Refusal> {
    let (x, rank) = (l.x(), l.sizes().len() as i64);
    let weight = l.weight("weight")?;
    let over = l.numbers("weight")?.0.len() as i64;
    let squares = l.op("Mul", &[&x, &x], []);
    let axes: Vec<i64> = (rank + 1 - over..=rank).collect();
    let axes = l.ints("axes", &axes);
    let mean = l.op("ReduceMean", &[&squares, &axes], [Attribute::int("keepdims", 1)]);
    let epsilon = l.number(layer.epsilon);
    let mean = l.op("Add", &[&mean, &epsilon], []);
    let root = l.op("Sqrt", &[&mean], []);
    let scaled = l.op("Div", &[&x, &root], []);
    Ok(l.op("Mul", &[&scaled, &weight], []))
}
