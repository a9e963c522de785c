//! Functions of single numbers, and of rows: softmax and its logarithm.

use super::Refusal;
use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::{Activated, Activation, Elu, LayerKind};

/// The function that a layer applies to what it computes; nothing for `None`. ELU has its layer's default setting.
pub(super) fn activate(l: &mut Place, chosen: Activated, x: String) -> String {
    match chosen.activation {
        Activation::None => x,
        Activation::Relu => l.op("Relu", &[&x], []),
        Activation::LeakyRelu => l.op("LeakyRelu", &[&x], [Attribute::float("alpha", chosen.slope)]),
        Activation::Elu => l.op("Elu", &[&x], [Attribute::float("alpha", Elu::default().alpha)]),
        Activation::Gelu => l.op("Gelu", &[&x], []),
        Activation::Silu => silu(l, &x),
        Activation::Softplus => l.op("Softplus", &[&x], []),
        Activation::Tanh => l.op("Tanh", &[&x], []),
        Activation::Sigmoid => l.op("Sigmoid", &[&x], []),
        Activation::Selu => l.op("Selu", &[&x], []),
        Activation::HardSwish => l.op("HardSwish", &[&x], []),
        Activation::HardSigmoid => hard_sigmoid(l, &x),
        Activation::HardTanh => clip(l, &x, -1.0, 1.0),
        Activation::Mish => l.op("Mish", &[&x], []),
        Activation::CappedRelu => clip(l, &x, 0.0, chosen.cap),
        Activation::ThresholdedRelu => l.op("ThresholdedRelu", &[&x], [Attribute::float("alpha", chosen.threshold)]),
    }
}

pub(super) fn silu(l: &mut Place, x: &str) -> String {
    let gate = l.op("Sigmoid", &[x], []);
    l.op("Mul", &[x, &gate], [])
}

fn hard_sigmoid(l: &mut Place, x: &str) -> String {
    l.op("HardSigmoid", &[x], [Attribute::float("alpha", 1.0 / 6.0), Attribute::float("beta", 0.5)])
}

fn clip(l: &mut Place, x: &str, low: f64, high: f64) -> String {
    let (low, high) = (l.number(low), l.number(high));
    l.op("Clip", &[x, &low, &high], [])
}

/// A layer that is nothing but a function.
pub(super) fn layer(l: &mut Place, kind: &LayerKind) -> Result<String, Refusal> {
    let x = l.x();
    let plain = Activated { activation: Activation::None, slope: 0.0, cap: 0.0, threshold: 0.0 };
    let chosen = match kind {
        LayerKind::LeakyRelu(layer) => Activated { activation: Activation::LeakyRelu, slope: layer.slope, ..plain },
        LayerKind::CappedRelu(layer) => Activated { activation: Activation::CappedRelu, cap: layer.cap, ..plain },
        LayerKind::ThresholdedRelu(layer) => {
            Activated { activation: Activation::ThresholdedRelu, threshold: layer.threshold, ..plain }
        }
        LayerKind::Elu(layer) => return Ok(l.op("Elu", &[&x], [Attribute::float("alpha", layer.alpha)])),
        LayerKind::Softmax(_) => return Ok(l.op("Softmax", &[&x], [Attribute::int("axis", -1)])),
        LayerKind::LogSoftmax(_) => return Ok(l.op("LogSoftmax", &[&x], [Attribute::int("axis", -1)])),
        LayerKind::Prelu(_) => {
            // One slope a channel, the first axis of a sample: the axes behind it have one slope.
            let channels = l.numbers("weight")?.0[0];
            let behind = l.sizes().len().saturating_sub(1);
            let dims: Vec<usize> = std::iter::once(channels).chain(std::iter::repeat_n(1, behind)).collect();
            let slope = l.weight_as("weight", if channels == 1 { &[1] } else { &dims })?;
            return Ok(l.op("PRelu", &[&x, &slope], []));
        }
        other => Activated { activation: other.activation().unwrap_or(Activation::None), ..plain },
    };
    Ok(activate(l, chosen, x))
}
