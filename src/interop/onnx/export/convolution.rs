//! Convolutions, with the padding worked out for the size that arrives, and what enlarges pictures.

use super::Refusal;
use super::activation::activate;
use super::place::Place;
use crate::interop::onnx::proto::Attribute;
use crate::model::layer::{
    Conv1d, Conv2d, ConvTranspose2d, DepthwiseConv2d, Interpolation, SeparableConv2d, Sliding, Upsample,
};

/// Zeros before all axes, then behind all.
fn pads(all: &[(usize, usize)]) -> Attribute {
    Attribute::ints("pads", all.iter().map(|pad| pad.0).chain(all.iter().map(|pad| pad.1)))
}

fn window(sliding: &Sliding, sizes: &[usize], groups: usize) -> [Attribute; 5] {
    let zeros: Vec<_> = sizes.iter().map(|&size| sliding.pads(size)).collect();
    [
        Attribute::ints("kernel_shape", [sliding.kernel; 2]),
        Attribute::ints("strides", [sliding.stride; 2]),
        Attribute::ints("dilations", [sliding.dilation; 2]),
        Attribute::int("group", groups as i64),
        pads(&zeros),
    ]
}

/// A convolution of `x` with a weight and, where the layer has it, a bias.
fn convolve(
    l: &mut Place,
    x: &str,
    [weight, bias]: [&str; 2],
    settings: impl IntoIterator<Item = Attribute>,
) -> Result<String, Refusal> {
    let mut inputs = vec![x.to_owned(), l.weight(weight)?];
    if l.has(bias) {
        inputs.push(l.weight(bias)?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    Ok(l.op("Conv", &inputs, settings))
}

pub(super) fn conv2d(l: &mut Place, layer: &Conv2d) -> Result<String, Refusal> {
    let settings = window(&layer.sliding(), &l.sizes()[1..], layer.groups);
    let y = convolve(l, &l.x(), ["weight", "bias"], settings)?;
    Ok(activate(l, layer.activated(), y))
}

pub(super) fn depthwise(l: &mut Place, layer: &DepthwiseConv2d) -> Result<String, Refusal> {
    let sizes = l.sizes();
    let y = convolve(l, &l.x(), ["weight", "bias"], window(&layer.sliding(), &sizes[1..], sizes[0]))?;
    Ok(activate(l, layer.activated(), y))
}

pub(super) fn separable(l: &mut Place, layer: &SeparableConv2d) -> Result<String, Refusal> {
    let sizes = l.sizes();
    let settings = window(&layer.sliding(), &sizes[1..], sizes[0]);
    let found = convolve(l, &l.x(), ["depthwise.weight", "no bias"], settings)?;
    let y = convolve(l, &found, ["pointwise.weight", "pointwise.bias"], [Attribute::ints("kernel_shape", [1, 1])])?;
    Ok(activate(l, layer.activated(), y))
}

/// Samples are steps × features; ONNX has the features first.
pub(super) fn conv1d(l: &mut Place, layer: &Conv1d) -> Result<String, Refusal> {
    let (before, after, _) = layer.fit(l.sizes()[0]);
    let turned = l.transpose(&l.x(), &[0, 2, 1]);
    let settings = [
        Attribute::ints("kernel_shape", [layer.kernel]),
        Attribute::ints("strides", [layer.stride]),
        Attribute::ints("dilations", [layer.dilation]),
        pads(&[(before, after)]),
    ];
    let y = convolve(l, &turned, ["weight", "bias"], settings)?;
    let y = l.transpose(&y, &[0, 2, 1]);
    Ok(activate(l, layer.activated(), y))
}

pub(super) fn transposed(l: &mut Place, layer: &ConvTranspose2d) -> Result<String, Refusal> {
    let mut inputs = vec![l.x(), l.weight("weight")?];
    if l.has("bias") {
        inputs.push(l.weight("bias")?);
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let settings = [
        Attribute::ints("kernel_shape", [layer.kernel; 2]),
        Attribute::ints("strides", [layer.stride; 2]),
        Attribute::ints("output_padding", [layer.output_padding; 2]),
        pads(&[(layer.pad, layer.pad); 2]),
    ];
    let y = l.op("ConvTranspose", &inputs, settings);
    Ok(activate(l, layer.activated(), y))
}

pub(super) fn upsample(l: &mut Place, layer: &Upsample) -> String {
    let x = l.x();
    let factor = layer.factor as f32;
    let scales = l.constant("scales", &[4], &[1.0, 1.0, factor, factor]);
    let settings = match layer.mode {
        Interpolation::Nearest => vec![
            Attribute::text("mode", "nearest"),
            Attribute::text("coordinate_transformation_mode", "asymmetric"),
            Attribute::text("nearest_mode", "floor"),
        ],
        Interpolation::Bilinear => {
            vec![Attribute::text("mode", "linear"), Attribute::text("coordinate_transformation_mode", "half_pixel")]
        }
    };
    l.op("Resize", &[&x, "", &scales], settings)
}
