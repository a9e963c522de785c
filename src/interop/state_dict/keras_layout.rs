//! Keras's weights laid out as PyTorch's: kernels turned, gates in the other order, one bias as two. Every number stays
//! what it is.

use std::sync::Arc;

use super::{StateDict, Tensor};
use crate::files::Values;

/// What the file keeps of a layer.
pub struct Layer {
    /// Where it stands in the file.
    pub group: String,
    /// What Keras calls it.
    pub name: String,
    /// In the order of the file.
    pub variables: Vec<Variable>,
}

/// A tensor of a layer.
pub struct Variable {
    /// Which part of the layer has it: the cell, a direction.
    pub inner: Vec<String>,
    /// `kernel`; in Keras 3's files a number.
    pub role: String,
    /// As the file has it.
    pub tensor: Tensor,
}

/// Adds the layers to `found`, turned, and says of what is left as it was.
pub fn into_pytorch(layers: Vec<Layer>, found: &mut StateDict) {
    for layer in layers {
        let parts = parts(layer);
        for part in parts {
            match turned(&part) {
                Ok(tensors) => found.tensors.extend(tensors),
                Err(sentence) => {
                    found.note(part.name.clone(), sentence);
                    let name = |role: &str| format!("{}.{role}", part.name);
                    let as_is = part.variables.into_iter().map(|(role, tensor)| Tensor { name: name(&role), ..tensor });
                    found.tensors.extend(as_is);
                }
            }
        }
    }
    let words = "Kernels were transposed to PyTorch's layout, and gates put in its order. No number was changed.";
    found.translated.push(("layout".into(), words.into()));
}

/// A layer, or a direction of it.
struct Part {
    name: String,
    /// What the group calls it: `conv2d`, `lstm_1`.
    hint: String,
    /// Behind the names of the weights: `_reverse`.
    suffix: &'static str,
    /// By role.
    variables: Vec<(String, Tensor)>,
}

impl Part {
    fn get(&self, role: &str) -> Option<&Tensor> {
        self.variables.iter().find(|(own, _)| own == role).map(|(_, tensor)| tensor)
    }

    fn named(&self, what: &str, dims: Vec<usize>, values: Values, like: &Tensor) -> Tensor {
        let name = format!("{}.{what}{}", self.name, self.suffix);
        Tensor { name, dims, dtype: like.dtype, values: Arc::new(values) }
    }

    fn as_it_is(&self, role: &str, what: &str) -> Option<Tensor> {
        self.get(role).map(|tensor| Tensor { name: format!("{}.{what}{}", self.name, self.suffix), ..tensor.clone() })
    }
}

fn parts(layer: Layer) -> Vec<Part> {
    let hint = layer.group.rsplit('/').next().unwrap_or_default().to_lowercase();
    let is_attention = layer.variables.iter().any(|v| v.inner.iter().any(|step| step.starts_with("query")));
    let mut parts: Vec<Part> = Vec::new();
    for Variable { inner, role, tensor } in layer.variables {
        let is_backward = inner.iter().any(|step| step.starts_with("backward"));
        let suffix = if is_backward { "_reverse" } else { "" };
        let role = match inner.last().filter(|_| is_attention) {
            Some(step) => format!("{}/{role}", step.trim_end_matches("_dense").trim_start_matches("attention_")),
            None => role,
        };
        match parts.iter_mut().find(|part| part.suffix == suffix) {
            Some(part) => part.variables.push((role, tensor)),
            None => {
                let (name, hint) = (layer.name.clone(), hint.clone());
                parts.push(Part { name, hint, suffix, variables: vec![(role, tensor)] });
            }
        }
    }
    for part in &mut parts {
        part.variables.sort_by_key(|(role, _)| role.parse::<usize>().unwrap_or(usize::MAX));
        name_roles(part, is_attention);
    }
    parts
}

/// Keras 3's files number what Keras 2's name.
fn name_roles(part: &mut Part, is_attention: bool) {
    if is_attention {
        for (role, _) in &mut part.variables {
            *role = role.replace("/0", "/kernel").replace("/1", "/bias");
        }
        return;
    }
    if part.variables.iter().any(|(role, _)| role.parse::<usize>().is_err()) {
        return;
    }
    let ranks: Vec<usize> = part.variables.iter().map(|(_, tensor)| tensor.dims.len()).collect();
    let has = |word: &str| part.hint.contains(word);
    let roles: &[&str] = match ranks[..] {
        _ if has("batch_norm") && ranks.len() == 4 => &["gamma", "beta", "moving_mean", "moving_variance"],
        _ if has("batch_norm") && ranks.len() == 2 => &["moving_mean", "moving_variance"],
        _ if has("norm") && ranks.len() <= 2 => &["gamma", "beta"],
        _ if has("embedding") => &["embeddings"],
        _ if has("p_re_lu") => &["alpha"],
        _ if has("separable") => &["depthwise_kernel", "pointwise_kernel", "bias"],
        _ if has("depthwise") => &["depthwise_kernel", "bias"],
        [2, 2] | [2, 2, 1 | 2] => &["kernel", "recurrent_kernel", "bias"],
        [2..=5] | [2..=5, 1] => &["kernel", "bias"],
        _ => &[],
    };
    if ranks.len() <= roles.len() {
        part.variables.iter_mut().zip(roles).for_each(|((role, _), named)| *role = (*named).to_owned());
    }
}

/// Errors: a sentence on why it stays as it is.
fn turned(part: &Part) -> Result<Vec<Tensor>, String> {
    if part.get("query/kernel").is_some() {
        return attention(part);
    }
    if part.get("recurrent_kernel").is_some() {
        return recurrent(part);
    }
    let mut all = Vec::new();
    let mut known = 0;
    let separable = part.get("pointwise_kernel").is_some();
    let mut bias = if separable { "pointwise.bias" } else { "bias" };
    if let Some(kernel) = part.get("kernel") {
        let order: &[usize] = match kernel.dims.len() {
            2 => &[1, 0],
            3 => &[2, 1, 0],
            4 => &[3, 2, 0, 1],
            5 => &[4, 3, 0, 1, 2],
            _ => return Err("Left as it is: such a kernel isn't known.".into()),
        };
        let (dims, values) = permuted(kernel, order);
        all.push(part.named("weight", dims, values, kernel));
        known += 1;
    }
    if let Some(kernel) = part.get("depthwise_kernel") {
        let order: &[usize] = match kernel.dims.len() {
            3 => &[1, 2, 0],
            4 => &[2, 3, 0, 1],
            _ => return Err("Left as it is: such a kernel isn't known.".into()),
        };
        let (dims, values) = permuted(kernel, order);
        let filters = dims[0] * dims[1];
        let dims = [&[filters, 1], &dims[2..]].concat();
        all.push(part.named(if separable { "depthwise.weight" } else { "weight" }, dims, values, kernel));
        known += 1;
    }
    if let Some(kernel) = part.get("pointwise_kernel") {
        let order: &[usize] = if kernel.dims.len() == 3 { &[2, 1, 0] } else { &[3, 2, 0, 1] };
        if kernel.dims.len() != order.len() {
            return Err("Left as it is: such a kernel isn't known.".into());
        }
        let (dims, values) = permuted(kernel, order);
        all.push(part.named("pointwise.weight", dims, values, kernel));
        known += 1;
    }
    if let Some(alpha) = part.get("alpha") {
        // Shared along rows and columns it is one slope a channel.
        let channels = alpha.dims.last().copied().unwrap_or(1);
        let is_shared = alpha.dims.iter().product::<usize>() == channels;
        let dims = if is_shared { vec![channels] } else { alpha.dims.clone() };
        all.push(part.named("weight", dims, alpha.values.as_ref().clone(), alpha));
        known += 1;
    }
    if part.get("gamma").is_some() || part.get("moving_mean").is_some() {
        bias = "bias";
    }
    let plain = [
        ("embeddings", "weight"),
        ("gamma", "weight"),
        ("beta", "bias"),
        ("bias", bias),
        ("moving_mean", "running_mean"),
        ("moving_variance", "running_var"),
    ];
    let plain: Vec<_> = plain.iter().filter_map(|(role, what)| part.as_it_is(role, what)).collect();
    known += plain.len();
    all.extend(plain);
    if known < part.variables.len() {
        return Err("Left as it is: Glassbox doesn't know this layer's weights.".into());
    }
    Ok(all)
}

fn recurrent(part: &Part) -> Result<Vec<Tensor>, String> {
    let (Some(kernel), Some(state)) = (part.get("kernel"), part.get("recurrent_kernel")) else {
        return Err("Left as it is: a kernel is missing.".into());
    };
    let (&[_, rows], &[units, same]) = (&kernel.dims[..], &state.dims[..]) else {
        return Err("Left as it is: such a kernel isn't known.".into());
    };
    let gates = rows / units.max(1);
    if rows != same || units == 0 || gates * units != rows || !matches!(gates, 1 | 3 | 4) {
        return Err("Left as it is: such a kernel isn't known.".into());
    }
    let order: &[usize] = match gates {
        // z, r, h here; r, z, n there.
        3 => &[1, 0, 2],
        4 => &[0, 1, 2, 3],
        _ => &[0],
    };
    let mut all = Vec::new();
    for (tensor, what) in [(kernel, "weight_ih"), (state, "weight_hh")] {
        let (dims, values) = permuted(tensor, &[1, 0]);
        let width = dims[1];
        all.push(part.named(what, dims, blocks(&values, order, units * width), tensor));
    }
    let Some(bias) = part.get("bias") else { return Ok(all) };
    let both = match (&bias.dims[..], gates) {
        (&[2, all], 3) if all == rows => halves(&bias.values),
        (&[all], 3) if all == rows => {
            return Err(
                "Left as it is: its reset gate is applied before the recurrent product (reset_after=False), while \
                        Glassbox's GRU applies it after."
                    .into(),
            );
        }
        (&[all], _) if all == rows => [bias.values.as_ref().clone(), zeros(&bias.values)],
        (&[all], 4) if all == 2 * rows => halves(&bias.values),
        _ => return Err("Left as it is: such a bias isn't known.".into()),
    };
    for (values, what) in both.iter().zip(["bias_ih", "bias_hh"]) {
        all.push(part.named(what, vec![rows], blocks(values, order, units), bias));
    }
    Ok(all)
}

/// Three kernels `[E, heads, size]` as one, and the one that leads out.
fn attention(part: &Part) -> Result<Vec<Tensor>, String> {
    let inner =
        ["query", "key", "value"].map(|what| (part.get(&format!("{what}/kernel")), part.get(&format!("{what}/bias"))));
    let [Some(query), Some(key), Some(value), Some(output)] =
        [inner[0].0, inner[1].0, inner[2].0, part.get("output/kernel")]
    else {
        return Err("Left as it is: a kernel is missing.".into());
    };
    let flat = |tensor: &Tensor, keep: usize| -> Option<Tensor> {
        let (&[a, b, c], true) = (&tensor.dims[..], true) else { return None };
        let dims = if keep == 0 { vec![a, b * c] } else { vec![a * b, c] };
        Some(Tensor { dims, ..tensor.clone() })
    };
    let parts: Option<Vec<Tensor>> = [query, key, value].iter().map(|tensor| flat(tensor, 0)).collect();
    let (Some(parts), Some(output)) = (parts, flat(output, 2)) else {
        return Err("Left as it is: such a kernel isn't known.".into());
    };
    if parts.iter().any(|tensor| tensor.dims != parts[0].dims) {
        return Err("Left as it is: queries, keys and values of different widths aren't known.".into());
    }
    let turned: Vec<Values> = parts.iter().map(|tensor| permuted(tensor, &[1, 0]).1).collect();
    let [width, rows] = [parts[0].dims[0], parts[0].dims[1]];
    let mut all = vec![part.named("in_proj_weight", vec![3 * rows, width], joined(&turned), query)];
    if let [(_, Some(q)), (_, Some(k)), (_, Some(v))] = inner {
        let biases = [q, k, v].map(|tensor| tensor.values.as_ref().clone());
        all.push(part.named("in_proj_bias", vec![3 * rows], joined(&biases), q));
    }
    let (dims, values) = permuted(&output, &[1, 0]);
    all.push(part.named("out_proj.weight", dims, values, &output));
    all.extend(part.as_it_is("output/bias", "out_proj.bias"));
    Ok(all)
}

/// Axis i of what comes is axis `order[i]` of the tensor.
pub fn permuted(tensor: &Tensor, order: &[usize]) -> (Vec<usize>, Values) {
    let dims: Vec<usize> = order.iter().map(|axis| tensor.dims[*axis]).collect();
    let mut strides = vec![1; tensor.dims.len()];
    for axis in (1..tensor.dims.len()).rev() {
        strides[axis - 1] = strides[axis] * tensor.dims[axis];
    }
    let steps: Vec<usize> = order.iter().map(|axis| strides[*axis]).collect();
    let count: usize = dims.iter().product();
    let place = |mut index: usize| {
        let mut at = 0;
        for axis in (0..dims.len()).rev() {
            at += index % dims[axis] * steps[axis];
            index /= dims[axis];
        }
        at
    };
    let places = (0..count).map(place);
    let values = match &*tensor.values {
        Values::F32(values) => Values::F32(places.map(|at| values[at]).collect()),
        Values::F64(values) => Values::F64(places.map(|at| values[at]).collect()),
    };
    (dims, values)
}

/// Blocks of `len` numbers in another order.
fn blocks(values: &Values, order: &[usize], len: usize) -> Values {
    fn of<T: Copy>(values: &[T], order: &[usize], len: usize) -> Vec<T> {
        order.iter().flat_map(|block| values[block * len..(block + 1) * len].iter().copied()).collect()
    }
    match values {
        Values::F32(values) => Values::F32(of(values, order, len)),
        Values::F64(values) => Values::F64(of(values, order, len)),
    }
}

fn halves(values: &Values) -> [Values; 2] {
    match values {
        Values::F32(values) => {
            let (a, b) = values.split_at(values.len() / 2);
            [Values::F32(a.to_vec()), Values::F32(b.to_vec())]
        }
        Values::F64(values) => {
            let (a, b) = values.split_at(values.len() / 2);
            [Values::F64(a.to_vec()), Values::F64(b.to_vec())]
        }
    }
}

fn zeros(like: &Values) -> Values {
    match like {
        Values::F32(values) => Values::F32(vec![0.0; values.len()]),
        Values::F64(values) => Values::F64(vec![0.0; values.len()]),
    }
}

/// One behind the other; doubles where one of them is.
pub fn joined(parts: &[Values]) -> Values {
    let singles: Option<Vec<&Vec<f32>>> =
        parts.iter().map(|part| if let Values::F32(values) = part { Some(values) } else { None }).collect();
    match singles {
        Some(singles) => Values::F32(singles.into_iter().flatten().copied().collect()),
        None => Values::F64(parts.iter().flat_map(doubles).collect()),
    }
}

/// The numbers as doubles.
pub fn doubles(values: &Values) -> Vec<f64> {
    match values {
        Values::F32(values) => values.iter().map(|number| f64::from(*number)).collect(),
        Values::F64(values) => values.clone(),
    }
}
