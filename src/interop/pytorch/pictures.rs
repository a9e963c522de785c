//! Layers for pictures `[B, C, H, W]`.

use super::super::code::python;
use super::layers::At;
use super::pieces::Piece;
use super::start;
use super::windows::{self, Padded};
use crate::model::layer::{
    AvgPool2d, Conv2d, ConvTranspose2d, Crop2d, DepthwiseConv2d, Initialiser, Interpolation, MaxPool2d,
    SeparableConv2d, Sliding, Upsample,
};

/// What arrives, with zeros around it where a layer cannot add them itself.
fn padded_input(at: &At, padded: &Padded, value: &str) -> String {
    match &padded.outside {
        Some(zeros) => format!("F.pad({}, {zeros}{value})", at.x()),
        None => at.x().to_owned(),
    }
}

/// Arguments of an `nn.Conv2d`.
struct Convolution {
    from: usize,
    to: usize,
    groups: usize,
    bias: bool,
}

fn arguments(convolution: &Convolution, sliding: &Sliding, padded: &Padded) -> Vec<String> {
    let mut all = vec![convolution.from.to_string(), convolution.to.to_string()];
    all.extend(windows::arguments(sliding.kernel, sliding.stride, 1, padded));
    for (name, value) in [("dilation", sliding.dilation), ("groups", convolution.groups)] {
        all.extend((value != 1).then(|| format!("{name}={value}")));
    }
    all.extend((!convolution.bias).then(|| "bias=False".to_owned()));
    all
}

fn starts(p: &mut Piece, name: &str, (init, value): (Initialiser, f64), bias: bool) {
    p.start.push(start::fill(&format!("self.{name}.weight"), init, value));
    p.start.extend(bias.then(|| start::zeros(&format!("self.{name}.bias"))));
}

fn sizes(at: &At) -> [usize; 3] {
    <[usize; 3]>::try_from(at.node.input().0.as_slice()).unwrap_or([1; 3])
}

pub fn conv2d(p: &mut Piece, at: &At, layer: &Conv2d) {
    let [channels, rows, columns] = sizes(at);
    let sliding = layer.sliding();
    let padded = windows::of_convolution(&sliding, &[rows, columns]);
    let shape = Convolution { from: channels, to: layer.filters, groups: layer.groups, bias: layer.bias };
    p.member(at.name, "nn.Conv2d", arguments(&shape, &sliding, &padded));
    starts(p, at.name, (layer.init, layer.init_value), layer.bias);
    at.weight_and_bias(p, layer.bias);
    at.activated(p, layer.activated(), format!("self.{}({})", at.name, padded_input(at, &padded, "")));
}

pub fn depthwise(p: &mut Piece, at: &At, layer: &DepthwiseConv2d) {
    let [channels, rows, columns] = sizes(at);
    let sliding = layer.sliding();
    let padded = windows::of_convolution(&sliding, &[rows, columns]);
    let shape = Convolution { from: channels, to: channels * layer.multiplier, groups: channels, bias: layer.bias };
    p.member(at.name, "nn.Conv2d", arguments(&shape, &sliding, &padded));
    starts(p, at.name, (layer.init, layer.init_value), layer.bias);
    at.weight_and_bias(p, layer.bias);
    at.activated(p, layer.activated(), format!("self.{}({})", at.name, padded_input(at, &padded, "")));
}

pub fn separable(p: &mut Piece, at: &At, layer: &SeparableConv2d) {
    let [channels, rows, columns] = sizes(at);
    let (sliding, middle) = (layer.sliding(), channels * layer.multiplier);
    let padded = windows::of_convolution(&sliding, &[rows, columns]);
    let [depthwise, pointwise] = ["depthwise", "pointwise"].map(|part| format!("{}_{part}", at.name));
    let shape = Convolution { from: channels, to: middle, groups: channels, bias: false };
    p.member(&depthwise, "nn.Conv2d", arguments(&shape, &sliding, &padded));
    let bias = if layer.bias { vec![] } else { vec!["bias=False".to_owned()] };
    let sizes = [middle.to_string(), layer.filters.to_string(), "1".to_owned()];
    p.member(&pointwise, "nn.Conv2d", [sizes.to_vec(), bias].concat());
    starts(p, &depthwise, (layer.init, layer.init_value), false);
    starts(p, &pointwise, (layer.init, layer.init_value), layer.bias);
    for part in ["depthwise.weight", "pointwise.weight", "pointwise.bias"].iter().take(2 + usize::from(layer.bias)) {
        p.tensors.push((format!("{}.{part}", at.node.slug), format!("{}_{part}", at.name)));
    }
    p.step(&at.output, format!("self.{depthwise}({})", padded_input(at, &padded, "")));
    at.activated(p, layer.activated(), format!("self.{pointwise}({})", at.output));
}

pub fn transposed(p: &mut Piece, at: &At, layer: &ConvTranspose2d) {
    let [channels, ..] = sizes(at);
    let mut arguments = vec![channels.to_string(), layer.filters.to_string(), layer.kernel.to_string()];
    for (name, value, usual) in
        [("stride", layer.stride, 1), ("padding", layer.pad, 0), ("output_padding", layer.output_padding, 0)]
    {
        arguments.extend((value != usual).then(|| format!("{name}={value}")));
    }
    arguments.extend((!layer.bias).then(|| "bias=False".to_owned()));
    p.member(at.name, "nn.ConvTranspose2d", arguments);
    starts(p, at.name, (layer.init, layer.init_value), layer.bias);
    at.weight_and_bias(p, layer.bias);
    at.activated(p, layer.activated(), format!("self.{}({})", at.name, at.x()));
}

pub fn crop(p: &mut Piece, at: &At, layer: &Crop2d) {
    let cut = |start: usize, axis: usize| format!("{start}:{}", start + at.node.output().0[axis]);
    p.step(&at.output, format!("{}[:, :, {}, {}]", at.x(), cut(layer.top, 1), cut(layer.left, 2)));
}

pub fn upsample(p: &mut Piece, at: &At, layer: &Upsample) {
    let mode = match layer.mode {
        Interpolation::Nearest => "nearest",
        Interpolation::Bilinear => "bilinear",
    };
    at.function(
        p,
        "F.interpolate",
        &[format!("scale_factor={}", layer.factor), format!("mode={}", python::string(mode))],
    );
}

pub fn max_pool(p: &mut Piece, at: &At, layer: &MaxPool2d) {
    let [_, rows, columns] = sizes(at);
    let (padded, keeps) = windows::of_pool(&layer.pool(), &[rows, columns]);
    let x = padded_input(at, &padded, ", value=float(\"-inf\")");
    let mut arguments = [vec![x], windows::arguments(layer.kernel, layer.stride, layer.kernel, &padded)].concat();
    arguments.extend(keeps.then(|| "ceil_mode=True".to_owned()));
    p.call(&at.output, "F.max_pool2d", arguments, "");
}

pub fn avg_pool(p: &mut Piece, at: &At, layer: &AvgPool2d) {
    let [_, rows, columns] = sizes(at);
    let (padded, keeps) = windows::of_pool(&layer.pool(), &[rows, columns]);
    average(
        p,
        at,
        ("F.avg_pool2d", ""),
        windows::arguments(layer.kernel, layer.stride, layer.kernel, &padded),
        &padded,
        [keeps, layer.count_padding],
    );
}

/// `turned`: what the input is put through first, `.transpose(1, 2)` for sequences.
pub fn average(
    p: &mut Piece,
    at: &At,
    (pool, turned): (&str, &str),
    window: Vec<String>,
    padded: &Padded,
    [keeps, counts]: [bool; 2],
) {
    let with = |x: String| [vec![format!("{x}{turned}")], window.clone()].concat();
    let mut arguments = with(padded_input(at, padded, ""));
    arguments.extend(keeps.then(|| "ceil_mode=True".to_owned()));
    let is_padded = padded.inside.is_some() || padded.outside.is_some();
    match &padded.outside {
        // Zeros that PyTorch does not add itself, it counts: what a window holds of the picture is counted apart.
        Some(zeros) if !counts => {
            let ones = with(format!("F.pad(torch.ones_like({}), {zeros})", at.x()));
            p.step("share", format!("{pool}({})", ones.join(", ")));
            p.call(&at.output, pool, arguments, &format!("{turned} / share{turned}"));
        }
        _ => {
            arguments.extend((is_padded && !counts).then(|| "count_include_pad=False".to_owned()));
            p.call(&at.output, pool, arguments, turned);
        }
    }
}
