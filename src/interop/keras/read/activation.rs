//! Activation functions, as a setting of a layer and as layers.

use serde_json::Value;

use super::plan::{Plan, Planned, Site, number, permuted};
use crate::model::layer::{
    Activation, CappedRelu, Elu, Field, Formula, Gelu, HardSigmoid, HardSwish, HardTanh, LayerKind, LeakyRelu,
    LogSoftmax, Mish, Permute, Prelu, Relu, Reshape, Selu, Sigmoid, Silu, Softmax, Softplus, Tanh, ThresholdedRelu,
};

/// A function as layers: none where it does nothing.
pub type Layers = Vec<LayerKind>;

fn formula(expression: impl Into<String>) -> Layers {
    vec![Formula { expression: expression.into() }.into()]
}

/// What stands under `activation`: a name, a function with its name, or a layer.
pub fn of(value: Option<&Value>, site: &Site) -> Result<Layers, String> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(name)) => named(name, site),
        Some(object) => {
            let class = object.get("class_name").and_then(Value::as_str).unwrap_or_default();
            let config = object.get("config").unwrap_or(&Value::Null);
            match (class, config) {
                ("function", Value::String(name)) => named(name, site),
                ("Activation", config) => of(config.get("activation"), site),
                _ => of_layer(class, config, site),
            }
        }
    }
}

fn named(name: &str, site: &Site) -> Result<Layers, String> {
    Ok(match name {
        "linear" => Vec::new(),
        "relu" => vec![Relu {}.into()],
        "relu6" => vec![CappedRelu { cap: 6.0 }.into()],
        "leaky_relu" => vec![LeakyRelu { slope: 0.2 }.into()],
        "elu" | "celu" => vec![Elu { alpha: 1.0 }.into()],
        "selu" => vec![Selu {}.into()],
        "gelu" => vec![Gelu {}.into()],
        "silu" | "swish" => vec![Silu {}.into()],
        "softplus" => vec![Softplus {}.into()],
        "tanh" => vec![Tanh {}.into()],
        "sigmoid" => vec![Sigmoid {}.into()],
        "hard_sigmoid" if site.is_old => formula("max(0, min(1, 0.2 * x + 0.5))"),
        "hard_sigmoid" => vec![HardSigmoid {}.into()],
        "hard_silu" | "hard_swish" => vec![HardSwish {}.into()],
        "hard_tanh" => vec![HardTanh {}.into()],
        "mish" => vec![Mish {}.into()],
        "exponential" => formula("exp(x)"),
        "softsign" => formula("x / (1 + abs(x))"),
        "log_sigmoid" => formula("-softplus(-x)"),
        "tanh_shrink" => formula("x - tanh(x)"),
        "squareplus" => formula("(x + sqrt(x^2 + 4)) / 2"),
        "hard_shrink" => formula("x * step(abs(x) - 0.5)"),
        "soft_shrink" => formula("sign(x) * relu(abs(x) - 0.5)"),
        "softmax" => along(Softmax {}.into(), site.output_is_turned()),
        "log_softmax" => along(LogSoftmax {}.into(), site.output_is_turned()),
        other => return Err(format!("its activation {other} is none of Glassbox's")),
    })
}

/// Along the last axis, which of a picture is Keras's channels.
fn along(kind: LayerKind, is_turned: bool) -> Layers {
    if is_turned {
        vec![Permute { order: "2, 3, 1".into() }.into(), kind, Permute { order: "3, 1, 2".into() }.into()]
    } else {
        vec![kind]
    }
}

/// A layer without weights that is a function of single numbers.
pub fn of_layer(class: &str, config: &Value, site: &Site) -> Result<Layers, String> {
    let get = |keys: &[&str], usual: f64| {
        let value = keys.iter().find_map(|key| config.get(key).filter(|value| !value.is_null()));
        // Old files have numbers as arrays of one, wrapped.
        let value = value.map(|value| value.get("value").unwrap_or(value));
        value.map_or(Ok(usual), |value| number(value).ok_or_else(|| format!("its {} isn't a number", keys[0])))
    };
    Ok(match class {
        "ReLU" => {
            let cap = config.get("max_value").filter(|value| !value.is_null()).map(|_| get(&["max_value"], 0.0));
            relu(cap.transpose()?, get(&["negative_slope"], 0.0)?, get(&["threshold"], 0.0)?)
        }
        "LeakyReLU" => leaky(get(&["negative_slope", "alpha"], 0.3)?),
        "ELU" => {
            let alpha = get(&["alpha"], 1.0)?;
            if (0.0..=10.0).contains(&alpha) {
                vec![Elu { alpha }.into()]
            } else {
                return Err(format!("its alpha is {alpha}, more than 10"));
            }
        }
        "ThresholdedReLU" => relu(None, 0.0, get(&["theta"], 1.0)?),
        "Softmax" => {
            let axis = config.get("axis").cloned().unwrap_or(Value::from(-1));
            let rank = site.input()?.len();
            match super::plan::axis(&axis, rank) {
                Some(axis) if axis == rank => along(Softmax {}.into(), site.is_turned(site.input()?)),
                _ => return Err("it is along an axis that isn't the last".into()),
            }
        }
        other => return Err(format!("Glassbox has no {other}")),
    })
}

fn leaky(slope: f64) -> Layers {
    match slope {
        0.0 => vec![Relu {}.into()],
        0.0..=1.0 => vec![LeakyRelu { slope }.into()],
        _ => formula(format!("relu(x) - {} * relu(-x)", literal(slope))),
    }
}

fn relu(cap: Option<f64>, slope: f64, threshold: f64) -> Layers {
    match (cap, slope == 0.0, threshold == 0.0) {
        (None, true, true) => vec![Relu {}.into()],
        (None, false, true) => leaky(slope),
        (None, true, false) => vec![ThresholdedRelu { threshold }.into()],
        (Some(cap), true, true) if cap >= 0.001 => vec![CappedRelu { cap }.into()],
        _ => {
            let upper =
                if threshold == 0.0 { "relu(x)".to_owned() } else { format!("x * step(x - {})", literal(threshold)) };
            let upper = cap.map_or(upper.clone(), |cap| format!("min(max({upper}, 0), {})", literal(cap)));
            let lower = format!("{} * relu({} - x)", literal(slope), literal(threshold));
            formula(if slope == 0.0 { upper } else { format!("{upper} - {lower}") })
        }
    }
}

/// A number as it can be typed anywhere in a formula.
pub fn literal(number: f64) -> String {
    if number < 0.0 { format!("({number})") } else { number.to_string() }
}

impl Site<'_> {
    /// Whether what leaves this layer is a picture whose channels were last: its functions see it so.
    fn output_is_turned(&self) -> bool {
        let of_pictures = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Conv2DTranspose"];
        let is_picture = self.input().is_ok_and(|shape| shape.len() == 3);
        !self.channels_first && (of_pictures.contains(&self.call.class.as_str()) || is_picture)
    }
}

/// Functions that a layer can apply itself become its parameters; the others are layers behind it.
pub fn applied(kind: &mut LayerKind, layers: Layers) -> Layers {
    let [only] = layers.as_slice() else { return layers };
    let Some(activation) = only.activation() else { return layers };
    let setting = match only {
        LayerKind::LeakyRelu(layer) => Some(("slope", layer.slope)),
        LayerKind::CappedRelu(layer) => Some(("cap", layer.cap)),
        LayerKind::ThresholdedRelu(layer) => Some(("threshold", layer.threshold)),
        LayerKind::Elu(layer) if layer.alpha != 1.0 => return layers,
        _ => None,
    };
    let mut fits = kind.params_mut().set_param("activation", &activation.to_param()).is_ok();
    if let Some((key, value)) = setting {
        fits &= kind.params_mut().set_param(key, &value.to_param()).is_ok();
    }
    if fits {
        return Vec::new();
    }
    let _ = kind.params_mut().set_param("activation", &Activation::None.to_param());
    layers
}

/// A layer that is a function.
pub fn layer(site: &Site) -> Planned {
    let config = Value::Object(site.call.config.clone());
    let layers = match site.call.class.as_str() {
        "Activation" => of(site.get("activation"), site)?,
        class => of_layer(class, &config, site)?,
    };
    let Some(at) = layers.iter().position(|kind| !matches!(kind, LayerKind::Permute(_))) else {
        return Ok(Plan { is_left_out: true, ..Plan::default() }.say("It changes nothing."));
    };
    let is_turned = layers.len() > 1;
    let steps = layers.into_iter().enumerate();
    let plan = steps.fold(Plan::default(), |plan, (i, kind)| if i == at { plan.main(kind) } else { plan.then(kind) });
    let is_formula = plan.steps.iter().any(|step| matches!(step.kind, LayerKind::Formula(_)));
    Ok(match (is_turned, is_formula) {
        (true, _) => plan.say("Channels are put last for it, and first again."),
        (_, true) => plan.say("Written as a formula."),
        _ => plan,
    })
}

/// A slope each, shared along some axes.
pub fn prelu(site: &Site) -> Planned {
    let alphas = site.tensors(&[""], 1)?.remove(0);
    let shape = site.input()?.to_vec();
    if alphas.dims.len() != shape.len() {
        return Err("its slopes don't fit its input".into());
    }
    let dims = &alphas.dims;
    let turned = site.is_turned(&shape);
    if alphas.data.len() == 1 {
        return Ok(Plan::of(Prelu::default()).with("weight", alphas.data));
    }
    let each = || Prelu { per_channel: true, ..Prelu::default() };
    match (dims.as_slice(), shape.as_slice()) {
        ([_], [_]) => Ok(Plan::of(each()).with("weight", alphas.data)),
        ([1, 1, _], [_, _, _]) if turned => Ok(Plan::of(each()).with("weight", alphas.data)),
        ([_, 1, 1], [_, _, _]) if !turned => Ok(Plan::of(each()).with("weight", alphas.data)),
        ([1, _], [_, _]) => {
            let turn = || Permute { order: "2, 1".into() };
            let plan = Plan::default().then(turn()).main(each()).with("weight", alphas.data).then(turn());
            Ok(plan.say("Features are put first for it, and last again."))
        }
        _ => {
            // A slope for every number: of the row that they all make.
            let whole: Vec<usize> = if turned { vec![shape[1], shape[2], shape[0]] } else { shape.clone() };
            if *dims != whole {
                return Err("its slopes are shared along an axis in a way that Glassbox has not".into());
            }
            let slopes = if turned { permuted(&alphas, &[2, 0, 1]) } else { alphas.data };
            let text = |sizes: &[usize]| sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" x ");
            let row = Reshape { shape: shape.iter().product::<usize>().to_string() };
            let plan =
                Plan::default().then(row).main(each()).with("weight", slopes).then(Reshape { shape: text(&shape) });
            Ok(plan.say("Laid out as a row for it, with a slope for every number."))
        }
    }
}
