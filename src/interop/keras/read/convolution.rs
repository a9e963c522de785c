//! Convolutions: kernels from rows × columns × in × out to out × in × rows × columns.

use super::activation;
use super::plan::{Plan, Planned, Site, permuted};
use super::store::Tensor;
use super::window::Window;
use crate::model::layer::{
    Activation, Conv1d, Conv2d, ConvTranspose2d, Crop2d, DepthwiseConv2d, LayerKind, Padding, PaddingInTime,
    SeparableConv2d,
};

const TURNED: &str = "Kernel turned from rows × columns × in × out to out × in × rows × columns.";

fn rank(tensor: &Tensor, rank: usize) -> Result<(), String> {
    if tensor.dims.len() == rank {
        Ok(())
    } else {
        Err(format!("its kernel has {} axes, not {rank}", tensor.dims.len()))
    }
}

fn finish(site: &Site, kind: LayerKind, words: &str, weights: impl FnOnce(Plan) -> Plan) -> Planned {
    finish_with(site, kind, words, |kind| weights(Plan::of(kind)))
}

fn finish_with(site: &Site, mut kind: LayerKind, words: &str, plan: impl FnOnce(LayerKind) -> Plan) -> Planned {
    let functions = activation::of(site.get("activation"), site)?;
    let behind = activation::applied(&mut kind, functions);
    Ok(plan(kind).then_any(behind).say(words))
}

/// Along the steps of a sequence.
pub fn conv1d(site: &Site) -> Planned {
    if site.text("data_format") == Some("channels_first") {
        return Err("its features are first, and Glassbox's last".into());
    }
    if site.even_or("groups", 1)? != 1 {
        return Err("it has groups, which Glassbox's Conv 1-D has not".into());
    }
    let layer = Conv1d {
        filters: site.count("filters")?,
        kernel: site.even("kernel_size")?,
        stride: site.even_or("strides", 1)?,
        padding: padding_in_time(site)?,
        dilation: site.even_or("dilation_rate", 1)?,
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..Conv1d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 2 } else { 1 })?;
    rank(&tensors[0], 3)?;
    finish(site, layer.into(), "Kernel turned from steps × in × out to out × in × steps.", |plan| {
        plan.with("weight", permuted(&tensors[0], &[2, 1, 0])).with_bias("bias", tensors.get(1))
    })
}

fn padding_in_time(site: &Site) -> Result<PaddingInTime, String> {
    match site.text("padding").unwrap_or("valid") {
        "valid" => Ok(PaddingInTime::Valid),
        "same" => Ok(PaddingInTime::Same),
        "causal" => Ok(PaddingInTime::Causal),
        other => Err(format!("its padding is {other}")),
    }
}

/// Over a picture.
pub fn conv2d(site: &Site) -> Planned {
    let window = Window::of(site)?;
    let layer = Conv2d {
        filters: site.count("filters")?,
        kernel: window.kernel,
        stride: window.stride,
        padding: window.padding,
        dilation: window.dilation,
        groups: site.even_or("groups", 1)?,
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..Conv2d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 2 } else { 1 })?;
    rank(&tensors[0], 4)?;
    let kernel = window.kernel(permuted(&tensors[0], &[3, 2, 0, 1]))?;
    finish_with(site, layer.into(), TURNED, |kind| {
        window.plan(kind).with("weight", kernel).with_bias("bias", tensors.get(1))
    })
}

/// rows × columns × channels × filters each, as channels and filters together × 1 × rows × columns.
fn of_each_channel(kernel: &Tensor) -> Vec<f32> {
    permuted(kernel, &[2, 3, 0, 1])
}

/// Every channel by itself.
pub fn depthwise(site: &Site) -> Planned {
    let window = Window::of(site)?;
    let layer = DepthwiseConv2d {
        multiplier: site.even_or("depth_multiplier", 1)?,
        kernel: window.kernel,
        stride: window.stride,
        padding: window.padding,
        dilation: window.dilation,
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..DepthwiseConv2d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 2 } else { 1 })?;
    rank(&tensors[0], 4)?;
    let kernel = window.kernel(of_each_channel(&tensors[0]))?;
    finish_with(site, layer.into(), TURNED, |kind| {
        window.plan(kind).with("weight", kernel).with_bias("bias", tensors.get(1))
    })
}

/// A factor for each channel: a depthwise convolution of single pixels.
pub fn layer_scale(site: &Site) -> Planned {
    let &[channels, ..] = site.input()? else { return Err("a single number arrives".into()) };
    let factors = site.tensors(&[""], 1)?.remove(0);
    if site.input()?.len() != 3 || factors.dims != [channels] {
        return Err("it scales something other than the channels of a picture".into());
    }
    let layer = DepthwiseConv2d {
        kernel: 1,
        padding: Padding::Valid,
        bias: false,
        activation: Activation::None,
        ..DepthwiseConv2d::default()
    };
    Ok(Plan::of(layer).with("weight", factors.data).say("A factor for each channel, as a depthwise conv of 1 × 1."))
}

/// Every channel by itself, then mixed.
pub fn separable(site: &Site) -> Planned {
    let window = Window::of(site)?;
    let layer = SeparableConv2d {
        filters: site.count("filters")?,
        kernel: window.kernel,
        stride: window.stride,
        padding: window.padding,
        dilation: window.dilation,
        multiplier: site.even_or("depth_multiplier", 1)?,
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..SeparableConv2d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 3 } else { 2 })?;
    rank(&tensors[0], 4)?;
    rank(&tensors[1], 4)?;
    let kernel = window.kernel(of_each_channel(&tensors[0]))?;
    finish_with(site, layer.into(), "Both kernels turned to out × in × rows × columns.", |kind| {
        let plan = window.plan(kind).with("depthwise.weight", kernel);
        plan.with("pointwise.weight", permuted(&tensors[1], &[3, 2, 0, 1])).with_bias("pointwise.bias", tensors.get(2))
    })
}

/// The same along steps: both kernels multiplied are one of an ordinary convolution.
pub fn separable1d(site: &Site) -> Planned {
    if site.text("data_format") == Some("channels_first") {
        return Err("its features are first, and Glassbox's last".into());
    }
    let layer = Conv1d {
        filters: site.count("filters")?,
        kernel: site.even("kernel_size")?,
        stride: site.even_or("strides", 1)?,
        padding: padding_in_time(site)?,
        dilation: site.even_or("dilation_rate", 1)?,
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..Conv1d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 3 } else { 2 })?;
    let ([steps, channels, each], [1, middle, filters]) = (&tensors[0].dims[..], &tensors[1].dims[..]) else {
        return Err("its kernels have other axes than they should".into());
    };
    let (steps, channels, each, middle, filters) = (*steps, *channels, *each, *middle, *filters);
    let large = filters.saturating_mul(channels).saturating_mul(steps) > 1 << 28;
    if large || channels.checked_mul(each) != Some(middle) {
        return Err("its two kernels don't fit each other".into());
    }
    let (depthwise, pointwise) = (&tensors[0].data, &tensors[1].data);
    let mut weight = vec![0.0; filters * channels * steps];
    for (at, out) in weight.iter_mut().enumerate() {
        let (filter, channel, step) = (at / (channels * steps), at / steps % channels, at % steps);
        let of_one = |one: usize| {
            let place = channel * each + one;
            f64::from(depthwise[(step * channels + channel) * each + one])
                * f64::from(pointwise[place * filters + filter])
        };
        *out = (0..each).map(of_one).sum::<f64>() as f32;
    }
    let words = "Both kernels multiplied into that of one convolution: it gives the same, but would train otherwise.";
    finish(site, layer.into(), words, |plan| plan.with("weight", weight).with_bias("bias", tensors.get(2)))
}

/// A convolution in reverse.
pub fn transposed(site: &Site) -> Planned {
    site.lies_as_the_model()?;
    if site.get("output_padding").is_some() {
        return Err("it sets its output padding".into());
    }
    if site.even_or("dilation_rate", 1)? != 1 {
        return Err("it is dilated".into());
    }
    let (kernel, stride) = (site.even("kernel_size")?, site.even_or("strides", 1)?);
    // What lies beyond size · stride is cut off, the odd row and column at the end.
    let beyond = match site.text("padding").unwrap_or("valid") {
        "valid" => 0,
        "same" => kernel.saturating_sub(stride),
        other => return Err(format!("its padding is {other}")),
    };
    let layer = ConvTranspose2d {
        filters: site.count("filters")?,
        kernel,
        stride,
        pad: beyond / 2,
        output_padding: stride.saturating_sub(kernel),
        activation: Activation::None,
        bias: site.is_unless("use_bias"),
        ..ConvTranspose2d::default()
    };
    let tensors = site.tensors(&[""], if layer.bias { 2 } else { 1 })?;
    rank(&tensors[0], 4)?;
    let functions = activation::of(site.get("activation"), site)?;
    let mut kind = LayerKind::from(layer);
    let behind = activation::applied(&mut kind, functions);
    let plan = Plan::of(kind).with("weight", permuted(&tensors[0], &[3, 2, 0, 1])).with_bias("bias", tensors.get(1));
    let plan = if beyond % 2 == 1 {
        plan.then(Crop2d { top: 0, bottom: 1, left: 0, right: 1 }).say("The odd row and column are cut off behind it.")
    } else {
        plan
    };
    Ok(plan.then_any(behind).say("Kernel turned from rows × columns × out × in to in × out × rows × columns."))
}
