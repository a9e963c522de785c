//! Recurrent layers and attention: gates in another order, two biases for one.

use serde_json::Value;

use super::dense;
use super::plan::{Feed, Plan, Planned, Site};
use super::store::Tensor;
use crate::model::layer::{Gru, LayerKind, Lstm, MultiHeadAttention, Nonlinearity, Recurrence, SimpleRnn};

/// LSTM, GRU or SimpleRNN as it stands in a file.
struct Cell<'a> {
    class: &'a str,
    config: &'a Value,
    units: usize,
    bias: bool,
}

impl<'a> Cell<'a> {
    fn of(class: &'a str, config: &'a Value) -> Result<Self, String> {
        let is = |key: &str| config.get(key) == Some(&Value::Bool(true));
        for (key, why) in [
            ("go_backwards", "it reads its sequence backwards"),
            ("stateful", "it keeps its state from batch to batch"),
            ("time_major", "its batches lie in another axis"),
        ] {
            if is(key) {
                return Err(why.into());
            }
        }
        if class == "GRU" && !is("reset_after") {
            return Err("its reset gate acts before the product with the state (reset_after is off), and Glassbox's \
                        behind it"
                .into());
        }
        let units = config.get("units").and_then(super::plan::count).ok_or("it doesn't say its units")?;
        Ok(Self { class, config, units, bias: config.get("use_bias") != Some(&Value::Bool(false)) })
    }

    fn gates(&self) -> usize {
        match self.class {
            "LSTM" => 4,
            "GRU" => 3,
            _ => 1,
        }
    }

    /// The function, and whether it is Keras 2's hard sigmoid: ours of 1.2 times as much.
    fn function(&self, key: &str, usual: &str, is_old: bool) -> Result<(Nonlinearity, bool), String> {
        let value = self.config.get(key);
        let name = match value {
            None => usual,
            Some(Value::Null) => "linear",
            Some(Value::String(name)) => name,
            Some(object) => object.get("config").and_then(Value::as_str).unwrap_or("?"),
        };
        Ok(match name {
            "tanh" => (Nonlinearity::Tanh, false),
            "relu" => (Nonlinearity::Relu, false),
            "sigmoid" => (Nonlinearity::Sigmoid, false),
            "hard_sigmoid" => (Nonlinearity::HardSigmoid, is_old),
            "linear" => (Nonlinearity::Linear, false),
            other => return Err(format!("its {key} is {other}")),
        })
    }

    /// The order of the gates here, and which of them are gates and no candidate.
    fn order(&self) -> (&'static [usize], &'static [bool]) {
        match self.class {
            "LSTM" => (&[0, 1, 2, 3], &[true, true, false, true]),
            "GRU" => (&[1, 0, 2], &[true, true, false]),
            _ => (&[0], &[false]),
        }
    }

    /// From in × (gates · units) to (gates · units) × in.
    fn matrix(&self, tensor: &Tensor, steep: [bool; 2]) -> Result<Vec<f32>, String> {
        let width = self.gates() * self.units;
        let [rows, columns] = tensor.dims[..] else { return Err("its kernel isn't a matrix".into()) };
        if columns != width {
            return Err("its kernel doesn't fit its units".into());
        }
        let mut out = Vec::with_capacity(tensor.data.len());
        for (gate, unit) in self.places() {
            let by = self.factor(gate, steep);
            out.extend((0..rows).map(|row| tensor.data[row * columns + gate * self.units + unit] * by));
        }
        Ok(out)
    }

    fn vector(&self, data: &[f32], steep: [bool; 2]) -> Vec<f32> {
        self.places().map(|(gate, unit)| data[gate * self.units + unit] * self.factor(gate, steep)).collect()
    }

    /// Keras's gate and unit of each row here.
    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.order().0.iter().flat_map(|&gate| (0..self.units).map(move |unit| (gate, unit)))
    }

    fn factor(&self, gate: usize, [of_gates, of_others]: [bool; 2]) -> f32 {
        let steep = if self.order().1[gate] { of_gates } else { of_others };
        if steep { 1.2 } else { 1.0 }
    }

    /// Weights of one direction, by their names here.
    fn weights(
        &self,
        tensors: &[Tensor],
        reverse: bool,
        steep: [bool; 2],
    ) -> Result<Vec<(&'static str, Vec<f32>)>, String> {
        let names = Recurrence::names(reverse);
        let mut all = vec![(names[0], self.matrix(&tensors[0], steep)?), (names[1], self.matrix(&tensors[1], steep)?)];
        if let Some(bias) = tensors.get(2) {
            let width = self.gates() * self.units;
            let expected = if self.class == "GRU" { 2 * width } else { width };
            if bias.data.len() != expected {
                return Err("its biases don't fit its units".into());
            }
            let of_input = self.vector(&bias.data[..width], steep);
            let of_state = if self.class == "GRU" { self.vector(&bias.data[width..], steep) } else { vec![0.0; width] };
            all.extend([(names[2], of_input), (names[3], of_state)]);
        }
        Ok(all)
    }

    fn words(&self) -> &'static str {
        match self.class {
            "LSTM" => "Kernels transposed; the second bias is 0.",
            "GRU" => "Kernels transposed, gates from z, r, n to r, z, n.",
            _ => "Kernels transposed; the second bias is 0.",
        }
    }
}

/// A recurrent layer, in one direction or both.
pub fn recurrent(site: &Site) -> Planned {
    let wrapper = Value::Object(site.call.config.clone());
    let is_both = site.call.class == "Bidirectional";
    let (class, config) = if is_both { both_directions(&wrapper)? } else { (site.call.class.as_str(), &wrapper) };
    if site.flows.len() > 1 {
        return Err("it is given an initial state".into());
    }
    if site.flows.first().is_some_and(|flow| flow.masked) {
        return Err("it skips the steps that are masked before it".into());
    }
    let cell = Cell::of(class, config)?;
    let (nonlinearity, is_steep) = cell.function("activation", "tanh", site.is_old)?;
    let (gate_nonlinearity, are_steep) = cell.function("recurrent_activation", "sigmoid", site.is_old)?;
    if is_steep && class == "LSTM" {
        return Err("it uses Keras 2's hard sigmoid of its memory".into());
    }
    let steep = [are_steep, is_steep];
    let (units, bias, bidirectional) = (cell.units, cell.bias, is_both);
    let kind: LayerKind = match class {
        "LSTM" => Lstm { units, nonlinearity, gate_nonlinearity, bidirectional, bias }.into(),
        "GRU" => Gru { units, nonlinearity, gate_nonlinearity, bidirectional, bias }.into(),
        _ => SimpleRnn { units, nonlinearity, bidirectional, bias }.into(),
    };
    let each = if bias { 3 } else { 2 };
    let parts: &[&str] = if is_both { &["forward_layer/cell", "backward_layer/cell"] } else { &["cell"] };
    let tensors = site.tensors(parts, each * parts.len())?;
    let mut plan = Plan::of(kind).say(cell.words());
    for (number, tensors) in tensors.chunks(each).enumerate() {
        for (name, data) in cell.weights(tensors, number == 1, steep)? {
            plan = plan.with(name, data);
        }
    }
    if are_steep {
        plan = plan.say("Keras 2's hard sigmoid is steeper: the weights of the gates are 1.2 times as large.");
    }
    let is_sequence = config.get("return_sequences") == Some(&Value::Bool(true));
    let first = if is_sequence { Recurrence::SEQUENCE } else { Recurrence::LAST };
    plan.outputs = match (config.get("return_state") == Some(&Value::Bool(true)), site.used) {
        (false, _) | (true, 0 | 1) => vec![first],
        (true, 2) if !is_both => vec![first, Recurrence::LAST],
        _ => return Err("its state is used by other layers".into()),
    };
    Ok(plan)
}

/// What runs in both directions: the forward layer stands for both, which must be of one kind.
fn both_directions(config: &Value) -> Result<(&str, &Value), String> {
    match config.get("merge_mode").and_then(Value::as_str) {
        Some("concat") => {}
        mode => return Err(format!("its directions are joined by {}", mode.unwrap_or("nothing"))),
    }
    let layer = config.get("layer").ok_or("it has no layer in it")?;
    let class = super::config::text(layer, "class_name").unwrap_or_default();
    if !matches!(class, "LSTM" | "GRU" | "SimpleRNN") {
        return Err(format!("it runs {class} in both directions"));
    }
    let own = layer.get("config").unwrap_or(&Value::Null);
    if let Some(back) = config.get("backward_layer").filter(|back| !back.is_null()) {
        let settings = back.get("config").unwrap_or(&Value::Null);
        let differs = ["units", "activation", "recurrent_activation", "use_bias", "reset_after", "return_sequences"]
            .iter()
            .any(|key| own.get(key) != settings.get(key));
        if differs || super::config::text(back, "class_name") != Some(class) {
            return Err("its directions have different layers".into());
        }
    }
    Ok((class, own))
}

/// The same layer at every step.
pub fn time_distributed(site: &Site) -> Planned {
    let layer = site.get("layer").ok_or("it has no layer in it")?;
    let class = super::config::text(layer, "class_name").unwrap_or_default();
    let mut call = site.call.clone();
    call.config = layer.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    call.class = class.to_owned();
    let inner = Site { call: &call, ..*site };
    if site.input()?.len() != 2 {
        return Err("its input isn't a sequence of rows".into());
    }
    match class {
        "Dense" => dense::dense(&inner, &["layer"]),
        "Activation" | "ReLU" | "LeakyReLU" | "ELU" => super::activation::layer(&inner),
        "Dropout" => super::layers::dropout(&inner),
        _ => Err(format!("it applies {class} at every step")),
    }
}

/// Multi-head attention.
pub fn attention(site: &Site) -> Planned {
    let width = *site.input()?.last().ok_or("a single number arrives")?;
    let (heads, each) = (site.count("num_heads")?, site.count("key_dim")?);
    let of_values = if site.get("value_dim").is_some() { site.count("value_dim")? } else { each };
    for (is_there, why) in [
        (site.get("output_shape").is_some(), "its output has a width of its own"),
        (site.is("use_gate"), "it has a gate"),
        (site.get("sliding_window").is_some(), "it looks through a window"),
        (site.flows.iter().any(|flow| flow.masked), "it skips the steps that are masked before it"),
        (site.call.named.iter().any(|(name, _)| name.contains("mask")), "it is given a mask"),
        (site.used > 1, "where it looks is used by other layers"),
        (heads.checked_mul(each) != Some(width) || of_values != each, "its heads don't share the width of its input"),
    ] {
        if is_there {
            return Err(why.into());
        }
    }
    let bias = site.is_unless("use_bias");
    let parts = ["query_dense", "key_dense", "value_dense", "output_dense"];
    let tensors = site.tensors(&parts, if bias { 8 } else { 4 })?;
    let step = if bias { 2 } else { 1 };
    let (mut inner, mut inner_bias) = (Vec::new(), Vec::new());
    for part in 0..3 {
        let kernel = &tensors[part * step];
        if kernel.data.len() != width * width || kernel.dims.first() != Some(&width) {
            return Err("queries, keys and values have different widths".into());
        }
        inner.extend(
            (0..width).flat_map(|unit| (0..width).map(move |input| input * width + unit)).map(|at| kernel.data[at]),
        );
        inner_bias.extend(bias.then(|| tensors[part * step + 1].data.clone()).into_iter().flatten());
    }
    let out = &tensors[3 * step];
    if out.data.len() != width * width {
        return Err("its output has a width of its own".into());
    }
    let outer = (0..width).flat_map(|unit| (0..width).map(move |input| input * width + unit)).map(|at| out.data[at]);
    let layer = MultiHeadAttention {
        heads,
        causal: site.call.keywords.get("use_causal_mask") == Some(&Value::Bool(true)),
        bias,
    };
    let feeds = feeds(site)?;
    let mut plan = Plan::of(layer).fed(feeds).with("in_proj_weight", inner).with("out_proj.weight", outer.collect());
    if bias {
        plan = plan.with("in_proj_bias", inner_bias).with("out_proj.bias", tensors[7].data.clone());
    }
    if site.number_or("dropout", 0.0)? > 0.0 {
        plan = plan.say("Its dropout, which acts in training only, is left out.");
    }
    Ok(plan.say("Kernels of queries, keys and values put below each other and transposed."))
}

/// Keras gives query, value, key; here they arrive as query, key, value.
fn feeds(site: &Site) -> Result<Vec<Feed>, String> {
    let positional = site.call.sources().len() - site.call.named.len();
    let by_name = |name: &str| site.call.named.iter().position(|(known, _)| known == name).map(|at| positional + at);
    let at = |place: usize, name: &str| if place < positional { Some(place) } else { by_name(name) };
    let query = at(0, "query").ok_or("it has no query")?;
    let value = at(1, "value").ok_or("it has no value")?;
    let key = at(2, "key").unwrap_or(value);
    Ok([query, key, value].map(Feed::Given).to_vec())
}
