//! Normalisation, and the layers that prepare data with numbers of their own.

use super::activation::literal;
use super::plan::{Plan, Planned, Site, permuted};
use crate::model::layer::{BatchNorm, Formula, GroupNorm, LayerKind, LayerNorm, Permute, Reshape, RmsNorm};

/// Steps × features as a picture of one column with a channel each, and back.
fn over_features(shape: &[usize], kind: LayerKind, weights: impl FnOnce(Plan) -> Plan) -> Plan {
    let (steps, features) = (shape[0], shape[1]);
    let turn = || Permute { order: "2, 1".into() };
    let plan = Plan::default().then(turn()).then(Reshape { shape: format!("{features} x {steps} x 1") }).main(kind);
    weights(plan)
        .then(Reshape { shape: format!("{features} x {steps}") })
        .then(turn())
        .say("Features become channels for it, and features again.")
}

/// Whether the axis that it names is that of channels or features.
fn is_of_channels(site: &Site, shape: &[usize]) -> Result<bool, String> {
    let Some(axis) = site.get("axis") else { return Ok(true) };
    let axis = site.axis(axis, shape.len())?;
    Ok(if shape.len() == 3 && site.channels_first { axis == 1 } else { axis == shape.len() })
}

/// Scale and shift, where there are any, else ones and zeros.
fn learned(site: &Site, tensors: &mut std::vec::IntoIter<super::store::Tensor>, width: usize) -> [Vec<f32>; 2] {
    let mut next = |key: &str, otherwise: f32| {
        let own = site.is_unless(key).then(|| tensors.next()).flatten();
        own.map_or_else(|| vec![otherwise; width], |tensor| tensor.data)
    };
    [next("scale", 1.0), next("center", 0.0)]
}

/// What is said where there is no scale or no shift to learn.
fn without(site: &Site, plan: Plan) -> Plan {
    match (site.is_unless("scale"), site.is_unless("center")) {
        (true, true) => plan,
        (false, true) => plan.say("It had no scale: here it is 1, and training would change it."),
        (true, false) => plan.say("It had no shift: here it is 0, and training would change it."),
        (false, false) => {
            plan.say("It had no scale and no shift: here they are 1 and 0, and training would change them.")
        }
    }
}

/// Over the batch; in prediction with running statistics.
pub fn batch(site: &Site) -> Planned {
    let shape = site.input()?;
    if !is_of_channels(site, shape)? {
        return Err("it is along an axis that isn't that of channels or features".into());
    }
    if site.is("renorm") {
        return Err("it renormalises".into());
    }
    let count = 2 + usize::from(site.is_unless("scale")) + usize::from(site.is_unless("center"));
    let mut tensors = site.tensors(&[""], count)?.into_iter();
    let width = if shape.len() == 3 { shape[0] } else { *shape.last().ok_or("a single number arrives")? };
    let [scale, shift] = learned(site, &mut tensors, width);
    let [mean, variance] = [tensors.next(), tensors.next()].map(|tensor| tensor.map(|tensor| tensor.data));
    let (mean, variance) = (mean.ok_or("it has no mean")?, variance.ok_or("it has no variance")?);
    let momentum = 1.0 - site.number_or("momentum", 0.99)?;
    let kind = BatchNorm {
        epsilon: site.number_or("epsilon", 1e-3)?,
        // Written as people write it: 1 - 0.99 is 0.010000000000000009.
        momentum: (momentum * 1e9).round() / 1e9,
    };
    let weights = |plan: Plan| {
        plan.with("weight", scale).with("bias", shift).with("running_mean", mean).with("running_var", variance)
    };
    let plan = if shape.len() == 2 { over_features(shape, kind.into(), weights) } else { weights(Plan::of(kind)) };
    Ok(without(site, plan).say("Keras's momentum m is 1 − m here, as in PyTorch: the share of the newest batch."))
}

/// Over the features of each sample.
pub fn layer(site: &Site) -> Planned {
    if site.is("rms_scaling") {
        return Err("it scales by the root mean square but keeps its shift".into());
    }
    let epsilon = site.number_or("epsilon", 1e-3)?;
    let shape = site.input()?.to_vec();
    let count = usize::from(site.is_unless("scale")) + usize::from(site.is_unless("center"));
    let tensors = site.tensors(&[""], count)?;
    let (is_last, is_whole) = axes(site, shape.len())?;
    let kind = LayerNorm { epsilon };
    let turned = site.is_turned(&shape);
    let plan = if is_whole && shape.len() == 3 {
        let tensors: Vec<_> = tensors
            .into_iter()
            .map(|mut tensor| {
                if turned && tensor.dims.len() == 3 {
                    tensor.data = permuted(&tensor, &[2, 0, 1]);
                }
                tensor
            })
            .collect();
        let [scale, shift] = learned(site, &mut tensors.into_iter(), shape.iter().product());
        Plan::of(kind).with("weight", scale).with("bias", shift)
    } else if is_last {
        let width = if shape.len() == 3 { shape[0] } else { *shape.last().ok_or("a single number arrives")? };
        let [scale, shift] = learned(site, &mut tensors.into_iter(), width);
        let weights = |plan: Plan| plan.with("weight", scale).with("bias", shift);
        of_last(&shape, turned, kind.into(), weights)?
    } else {
        return Err("it is along axes that Glassbox's isn't".into());
    };
    Ok(without(site, plan))
}

/// Whether it is along the last axis, and whether along all of them.
fn axes(site: &Site, rank: usize) -> Result<(bool, bool), String> {
    let Some(value) = site.get("axis") else { return Ok((true, rank == 1)) };
    let list = match value.as_array() {
        Some(list) => list.iter().map(|axis| site.axis(axis, rank)).collect::<Result<Vec<_>, _>>()?,
        None => vec![site.axis(value, rank)?],
    };
    let mut sorted = list.clone();
    sorted.sort_unstable();
    Ok((list == [rank], sorted.into_iter().eq(1..=rank)))
}

/// What acts on the last axis of a row or of a sequence, on the channels of a picture.
fn of_last(shape: &[usize], turned: bool, kind: LayerKind, weights: impl FnOnce(Plan) -> Plan) -> Planned {
    match *shape {
        [_] | [_, _] => Ok(weights(Plan::of(kind))),
        [channels, rows, columns] if turned => {
            let plan = Plan::default()
                .then(Permute { order: "2, 3, 1".into() })
                .then(Reshape { shape: format!("{} x {channels}", rows * columns) })
                .main(kind);
            Ok(weights(plan)
                .then(Reshape { shape: format!("{rows} x {columns} x {channels}") })
                .then(Permute { order: "3, 1, 2".into() })
                .say("Every pixel is a step of a sequence for it."))
        }
        _ => Err("it is along an axis that Glassbox's isn't".into()),
    }
}

/// By the root mean square of the features.
pub fn rms(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    let scale = site.tensors(&[""], 1)?.remove(0);
    let (is_last, _) = axes(site, shape.len())?;
    if !is_last {
        return Err("it is along axes that Glassbox's isn't".into());
    }
    let kind = RmsNorm { epsilon: site.number_or("epsilon", 1e-6)? };
    of_last(&shape, site.is_turned(&shape), kind.into(), |plan| plan.with("weight", scale.data))
}

/// Over groups of channels of each sample.
pub fn group(site: &Site) -> Planned {
    let shape = site.input()?.to_vec();
    if !is_of_channels(site, &shape)? {
        return Err("it is along an axis that isn't that of channels or features".into());
    }
    let width = if shape.len() == 3 { shape[0] } else { *shape.last().ok_or("a single number arrives")? };
    let groups = site.get("groups").and_then(serde_json::Value::as_i64).unwrap_or(32);
    let groups = if groups < 0 { width } else { usize::try_from(groups).unwrap_or(1) };
    let count = usize::from(site.is_unless("scale")) + usize::from(site.is_unless("center"));
    let mut tensors = site.tensors(&[""], count)?.into_iter();
    let [scale, shift] = learned(site, &mut tensors, width);
    let kind = GroupNorm { groups, epsilon: site.number_or("epsilon", 1e-3)? };
    let weights = |plan: Plan| plan.with("weight", scale).with("bias", shift);
    let plan = if shape.len() == 2 { over_features(&shape, kind.into(), weights) } else { weights(Plan::of(kind)) };
    Ok(without(site, plan))
}

/// `x * scale + offset`, each one number or one a channel.
pub fn rescaling(site: &Site) -> Planned {
    let [scale, offset] = [numbers(site, "scale")?, numbers(site, "offset")?];
    match (scale.as_slice(), offset.as_slice()) {
        ([scale], [offset]) => {
            let shift = if *offset == 0.0 { String::new() } else { format!(" + {}", literal(*offset)) };
            let expression = format!("x * {}{shift}", literal(*scale));
            Ok(Plan::of(Formula { expression }).say("Written as a formula."))
        }
        _ => {
            let shape = site.input()?.to_vec();
            let width = if shape.len() == 3 { shape[0] } else { *shape.last().ok_or("a single number arrives")? };
            let wide =
                |numbers: &[f64]| -> Vec<f32> { (0..width).map(|i| numbers[i % numbers.len()] as f32).collect() };
            affine(&shape, wide(&scale), wide(&offset))
        }
    }
}

fn numbers(site: &Site, key: &str) -> Result<Vec<f64>, String> {
    let usual = if key == "scale" { 1.0 } else { 0.0 };
    match site.get(key) {
        None => Ok(vec![usual]),
        Some(serde_json::Value::Array(list)) if !list.is_empty() => {
            let all: Option<Vec<f64>> = list.iter().map(super::plan::number).collect();
            all.ok_or_else(|| format!("its {key} isn't made of numbers"))
        }
        Some(_) => Ok(vec![site.number(key)?]),
    }
}

/// A scale and a shift a channel: a batch norm that is not trained and whose statistics are 0 and 1.
fn affine(shape: &[usize], scale: Vec<f32>, shift: Vec<f32>) -> Planned {
    let width = scale.len();
    let kind = BatchNorm { epsilon: 1e-12, momentum: 0.0 };
    let weights = |plan: Plan| {
        plan.with("weight", scale)
            .with("bias", shift)
            .with("running_mean", vec![0.0; width])
            .with("running_var", vec![1.0; width])
            .frozen()
    };
    let plan = match shape.len() {
        2 => over_features(shape, kind.into(), weights),
        1 | 3 => weights(Plan::of(kind)),
        _ => return Err("its input has more axes than Glassbox knows".into()),
    };
    Ok(plan.say("A frozen batch norm with its numbers."))
}

/// As Keras spells it.
pub const STANDARDISING: &str = concat!("Normal", "ization");

/// (x − mean) / deviation, as found in data.
pub fn standardising(site: &Site) -> Planned {
    if site.is("invert") {
        return Err("it inverts the scaling".into());
    }
    let shape = site.input()?.to_vec();
    let of_config = || -> Result<[Vec<f64>; 2], String> { Ok([numbers(site, "mean")?, numbers(site, "variance")?]) };
    let of_weights = || -> Result<[Vec<f64>; 2], String> {
        let all = site.weights.of(&site.call.place, &[""])?;
        let [mean, variance, ..] = all.as_slice() else { return Err("its statistics aren't in the file".into()) };
        Ok([mean, variance].map(|tensor| tensor.data.iter().map(|&v| f64::from(v)).collect()))
    };
    let [mean, variance] = if site.get("mean").is_some() { of_config()? } else { of_weights()? };
    let deviation: Vec<f64> = variance.iter().map(|v| v.max(0.0).sqrt().max(1e-7)).collect();
    if let ([mean], [deviation]) = (mean.as_slice(), deviation.as_slice()) {
        let expression = format!("(x - {}) / {}", literal(*mean), literal(*deviation));
        return Ok(Plan::of(Formula { expression }).say("Written as a formula."));
    }
    if !is_of_channels(site, &shape)? {
        return Err("its statistics aren't those of channels or features".into());
    }
    let width = if shape.len() == 3 { shape[0] } else { *shape.last().ok_or("a single number arrives")? };
    if mean.len() != width || deviation.len() != width {
        return Err("its statistics aren't those of channels or features".into());
    }
    let scale = deviation.iter().map(|d| (1.0 / d) as f32).collect();
    let shift = mean.iter().zip(&deviation).map(|(m, d)| (-m / d) as f32).collect();
    affine(&shape, scale, shift)
}
