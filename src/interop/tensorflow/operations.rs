//! Each step as operations on tensors.

use crate::interop::code::{expression, python};
use crate::interop::keras::plan::{Border, Cell, Ends, Merge, Recurrent, Step, What, Window};
use crate::model::layer::{Activated, Activation, Nonlinearity};

use super::brought::Brought;
use super::functions::TensorFlow;

/// What a step becomes.
#[derive(Default)]
pub struct Lines {
    /// Statements; the last ones assign the target.
    pub lines: Vec<Line>,
    /// Functions of the file that they call.
    pub brought: Vec<Brought>,
}

/// One statement.
pub enum Line {
    /// As it stands.
    Text(String),
    /// `head(arguments)tail`
    Call(String, Vec<String>, String),
    /// `if training:` and what stands under it.
    Training(String),
}

/// What a step is called and reads.
pub struct Around<'a> {
    /// What is assigned.
    pub target: &'a str,
    /// Values that are read.
    pub reads: &'a [String],
    /// Sizes of what is read first.
    pub dims: &'a [usize],
    /// What keys its random numbers.
    pub key: u64,
}

impl Lines {
    fn text(&mut self, text: impl Into<String>) {
        self.lines.push(Line::Text(text.into()));
    }

    fn set(&mut self, target: &str, expression: impl AsRef<str>) {
        let expression = expression.as_ref();
        if target != expression {
            self.text(format!("{target} = {expression}"));
        }
    }

    fn call(&mut self, target: &str, head: &str, arguments: &[String], tail: &str) {
        self.lines.push(Line::Call(format!("{target} = {head}"), arguments.to_vec(), tail.to_owned()));
    }
}

fn own(step: &Step, name: &str) -> String {
    format!("self.{}_{name}", step.name)
}

fn plus_bias(step: &Step, bias: bool) -> String {
    if bias { format!(" + {}", own(step, "bias")) } else { String::new() }
}

fn ends(padding: Ends) -> &'static str {
    match padding {
        Ends::Valid | Ends::Causal => "\"VALID\"",
        Ends::Same => "\"SAME\"",
    }
}

fn list(numbers: &[usize]) -> String {
    python::list(numbers)
}

fn with_batch(axes: &[usize]) -> String {
    list(&axes.iter().map(|axis| axis + 1).collect::<Vec<_>>())
}

/// `[[0, 0], [1, 1], [0, 0]]`
fn border(ends: &[[usize; 2]]) -> String {
    let all = std::iter::once([0, 0]).chain(ends.iter().copied()).chain([[0, 0]]);
    format!("[{}]", all.map(|[a, b]| format!("[{a}, {b}]")).collect::<Vec<_>>().join(", "))
}

/// A function of numbers.
pub fn activation(of: &Activated, x: &str) -> String {
    match of.activation {
        Activation::None => x.to_owned(),
        Activation::Relu => format!("tf.nn.relu({x})"),
        Activation::LeakyRelu => format!("tf.nn.leaky_relu({x}, {})", python::float(of.slope)),
        Activation::Elu => format!("tf.nn.elu({x})"),
        // tf.nn.gelu rounds the root of 2 to single precision.
        Activation::Gelu => format!("0.5 * {x} * (1.0 + tf.math.erf({x} / 2**0.5))"),
        Activation::Silu => format!("tf.nn.silu({x})"),
        Activation::Softplus => format!("tf.nn.softplus({x})"),
        Activation::Tanh => format!("tf.tanh({x})"),
        Activation::Sigmoid => format!("tf.sigmoid({x})"),
        Activation::Selu => format!("tf.nn.selu({x})"),
        Activation::HardSwish => format!("{x} * tf.nn.relu6({x} + 3.0) / 6.0"),
        Activation::HardSigmoid => format!("tf.nn.relu6({x} + 3.0) / 6.0"),
        Activation::HardTanh => format!("tf.clip_by_value({x}, -1.0, 1.0)"),
        Activation::Mish => format!("{x} * tf.tanh(tf.nn.softplus({x}))"),
        Activation::CappedRelu if of.cap == 6.0 => format!("tf.nn.relu6({x})"),
        Activation::CappedRelu => format!("tf.clip_by_value({x}, 0.0, {})", python::float(of.cap)),
        Activation::ThresholdedRelu => {
            format!("tf.where({x} > {}, {x}, tf.zeros_like({x}))", python::float(of.threshold))
        }
    }
}

fn nonlinearity(function: Nonlinearity) -> (&'static str, Option<Brought>) {
    match function {
        Nonlinearity::Tanh => ("tf.tanh", None),
        Nonlinearity::Relu => ("tf.nn.relu", None),
        Nonlinearity::Sigmoid => ("tf.sigmoid", None),
        Nonlinearity::HardSigmoid => ("hard_sigmoid", Some(Brought::HardSigmoid)),
        Nonlinearity::Linear => ("tf.identity", None),
    }
}

/// The statements of a step. Errors: an expression that cannot be read, which its layer says before.
pub fn lines(step: &Step, around: &Around) -> Result<Lines, String> {
    let mut l = Lines::default();
    let Around { target, reads, .. } = *around;
    let x = reads.first().map_or("x", String::as_str);
    let mut function = None;
    match &step.what {
        What::Input { columns } => match columns {
            Some(columns) => l.set(target, format!("tf.gather(x, {}, axis=1)", list(columns))),
            None => l.set(target, "x"),
        },
        What::Dense { bias, activation, .. } => {
            l.set(target, format!("{x} @ {}{}", own(step, "kernel"), plus_bias(step, *bias)));
            function = *activation;
        }
        What::Conv { window, groups, bias, activation, .. } => {
            conv(&mut l, step, around, window, *groups, *bias);
            function = *activation;
        }
        What::Depthwise { window, bias, activation, .. } => {
            let kernel = own(step, "kernel");
            let arguments = slid(x, &[kernel], window);
            l.call(target, "tf.nn.depthwise_conv2d", &arguments, &plus_bias(step, *bias));
            function = *activation;
        }
        What::Separable { window, bias, activation, .. } => {
            let kernels = [own(step, "depthwise_kernel"), own(step, "pointwise_kernel")];
            let arguments = slid(x, &kernels, window);
            l.call(target, "tf.nn.separable_conv2d", &arguments, &plus_bias(step, *bias));
            function = *activation;
        }
        What::ConvTranspose { window, bias, activation, .. } => {
            let sizes = step.leaves[0].iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            let shape = format!("[tf.shape({x})[0], {sizes}]");
            let rest = [own(step, "kernel"), shape, window.stride.to_string(), ends(window.padding).to_owned()];
            let arguments = [vec![x.to_owned()], rest.to_vec()].concat();
            l.call(target, "tf.nn.conv2d_transpose", &arguments, &plus_bias(step, *bias));
            function = *activation;
        }
        What::Recurrent(of) => recurrent(&mut l, step, around, of),
        What::Attention { size, causal, bias, scores, .. } => {
            attention(&mut l, step, around, *size, [*causal, *bias, *scores]);
        }
        What::Formula { expression: typed } => l.set(target, expression(typed, x, &TensorFlow)?),
        _ => plain(&mut l, step, around),
    }
    if let Some(function) = function {
        l.set(target, activation(&function, target));
    }
    Ok(l)
}

fn slid(x: &str, kernels: &[String], window: &Window) -> Vec<String> {
    let (s, d) = (window.stride, window.dilation);
    let mut all = vec![x.to_owned()];
    all.extend(kernels.iter().cloned());
    all.extend([format!("[1, {s}, {s}, 1]"), ends(window.padding).to_owned()]);
    all.extend((d != 1).then(|| format!("dilations=[{d}, {d}]")));
    all
}

fn conv(l: &mut Lines, step: &Step, around: &Around, window: &Window, groups: usize, bias: bool) {
    let mut x = around.reads[0].clone();
    if window.padding == Ends::Causal {
        let before = (window.kernel - 1) * window.dilation;
        l.set(around.target, format!("tf.pad({x}, [[0, 0], [{before}, 0], [0, 0]])"));
        x = around.target.to_owned();
    }
    let function = if window.axes == 2 { "tf.nn.conv2d" } else { "tf.nn.conv1d" };
    let rest = vec![window.stride.to_string(), ends(window.padding).to_owned()];
    let kernel = own(step, "kernel");
    if window.dilation != 1 {
        // On a processor only this one has gradients where the window has gaps.
        let rest = [ends(window.padding).to_owned(), format!("dilations={}", window.dilation)];
        return dilated(l, step, around, &[vec![x, kernel], rest.to_vec()].concat(), groups, bias);
    }
    if groups == 1 {
        return l.call(around.target, function, &[vec![x, kernel], rest].concat(), &plus_bias(step, bias));
    }
    // On a processor TensorFlow has no gradients of convolutions in groups.
    l.text(format!("parts = zip(tf.split({x}, {groups}, -1), tf.split({kernel}, {groups}, -1))"));
    l.text(format!("parts = [{function}(part, kernel, {}) for part, kernel in parts]", rest.join(", ")));
    l.set(around.target, format!("tf.concat(parts, -1){}", plus_bias(step, bias)));
}

fn dilated(l: &mut Lines, step: &Step, around: &Around, arguments: &[String], groups: usize, bias: bool) {
    let [x, kernel, padding, dilations] = arguments else { return };
    let more = format!("padding={padding}, {dilations}");
    if groups == 1 {
        let arguments = [x.clone(), kernel.clone(), format!("padding={padding}"), dilations.clone()];
        return l.call(around.target, "tf.nn.convolution", &arguments, &plus_bias(step, bias));
    }
    l.text(format!("parts = zip(tf.split({x}, {groups}, -1), tf.split({kernel}, {groups}, -1))"));
    l.text(format!("parts = [tf.nn.convolution(part, kernel, {more}) for part, kernel in parts]"));
    l.set(around.target, format!("tf.concat(parts, -1){}", plus_bias(step, bias)));
}

fn recurrent(l: &mut Lines, step: &Step, around: &Around, of: &Recurrent) {
    let (function, name) = match of.cell {
        Cell::Lstm => (Brought::Lstm, "lstm"),
        Cell::Gru => (Brought::Gru, "gru"),
        Cell::Simple => (Brought::SimpleRnn, "simple_rnn"),
    };
    l.brought.push(function);
    let (function, needs) = nonlinearity(of.function);
    let (gate, gate_needs) = nonlinearity(of.gate);
    l.brought.extend([needs, gate_needs].into_iter().flatten());
    let x = &around.reads[0];
    let direction = |prefix: &str, x: &str| {
        let mut names = vec!["kernel", "recurrent_kernel"];
        match (of.bias, of.cell) {
            (false, _) => {}
            (true, Cell::Gru) => names.push("bias"),
            (true, _) => names.extend(["bias", "recurrent_bias"]),
        }
        let weights = names.iter().map(|name| own(step, &format!("{prefix}{name}"))).collect::<Vec<_>>();
        let weights = format!("[{}]", weights.join(", "));
        let mut arguments = vec![x.to_owned(), weights, function.to_owned()];
        arguments.extend((of.cell != Cell::Simple).then(|| gate.to_owned()));
        arguments
    };
    if !of.both_ways {
        // Everything, then the last state.
        let mut targets = around.target.split(", ");
        let target = match (of.sequence, of.last) {
            (true, true) => format!("{}, {}", targets.next().unwrap_or("_"), targets.next().unwrap_or("_")),
            (true, false) => format!("{}, _", around.target),
            (false, _) => format!("_, {}", around.target),
        };
        return l.call(&target, name, &direction("", x), "");
    }
    l.call("forward, end", name, &direction("forward_", x), "");
    l.call("backward, start", name, &direction("backward_", &format!("tf.reverse({x}, [1])")), "");
    let both = "tf.concat([forward, tf.reverse(backward, [1])], -1)";
    match (of.sequence, of.last) {
        (true, true) => {
            let targets: Vec<&str> = around.target.split(", ").collect();
            l.set(targets[0], both);
            // As Keras's states: of an LSTM each h is followed by its c.
            let places = if of.cell == Cell::Lstm { [1, 3] } else { [1, 2] };
            for (place, state) in places.into_iter().zip(["end", "start"]) {
                let name = targets.get(place).copied().unwrap_or("_");
                if name != "_" {
                    l.set(name, state);
                }
            }
        }
        (true, false) => l.set(around.target, both),
        (false, _) => l.set(around.target, "tf.concat([end, start], -1)"),
    }
}

fn attention(l: &mut Lines, step: &Step, around: &Around, size: usize, [causal, bias, scores]: [bool; 3]) {
    let [query, value, key] = around.reads else { return };
    for (target, name, x) in [("q", "query", query), ("k", "key", key), ("v", "value", value)] {
        let kernel = own(step, &format!("{name}_kernel"));
        l.call(target, "tf.einsum", &["\"bte,ehd->bhtd\"".to_owned(), x.to_owned(), kernel], "");
        if bias {
            l.set(target, format!("{target} + {}[:, None]", own(step, &format!("{name}_bias"))));
        }
    }
    l.set("scores", format!("tf.matmul(q, k, transpose_b=True) / {size}**0.5"));
    if causal {
        l.set("seen", "tf.sequence_mask(tf.range(q.shape[2]) + 1, k.shape[2])");
        l.set("scores", "tf.where(seen, scores, scores.dtype.min)");
    }
    l.set("weights", "tf.nn.softmax(scores)");
    let out = own(step, "output_kernel");
    let targets: Vec<&str> = around.target.split(", ").collect();
    l.call(targets[0], "tf.einsum", &["\"bhtd,hde->bte\"".to_owned(), "weights @ v".to_owned(), out], "");
    if bias {
        l.set(targets[0], format!("{} + {}", targets[0], own(step, "output_bias")));
    }
    if let (true, Some(name)) = (scores, targets.get(1)) {
        l.set(name, "weights");
    }
}

/// What moves axes, borders and windows.
fn plain(l: &mut Lines, step: &Step, around: &Around) {
    let Around { target, reads, .. } = *around;
    let x = reads.first().map_or("x", String::as_str);
    let pool = |window: &Window, what: &str| {
        let rest = [window.kernel.to_string(), window.stride.to_string(), ends(window.padding).to_owned()];
        (format!("tf.nn.{what}_pool{}d", window.axes), rest.join(", "))
    };
    match &step.what {
        What::ZeroPad(zeros) => l.call(target, "tf.pad", &[x.to_owned(), border(zeros)], ""),
        What::LowPad(ends) => {
            let lowest = format!("constant_values={x}.dtype.min");
            l.call(target, "tf.pad", &[x.to_owned(), border(ends), lowest], "");
        }
        What::Crop(ends) => {
            let ranges = ends.iter().zip(&step.leaves[0]).map(|([start, _], len)| format!("{start}:{}", start + len));
            l.set(target, format!("{x}[:, {}]", ranges.collect::<Vec<_>>().join(", ")));
        }
        What::MaxPool(Window { kernel: 1, stride, axes, .. }) => {
            l.set(target, format!("{x}[:{}]", format!(", ::{stride}").repeat(*axes)));
        }
        What::MaxPool(window) => {
            let (function, rest) = pool(window, "max");
            l.set(target, format!("{function}({x}, {rest})"));
        }
        What::MeanPool(window) => {
            let (function, rest) = pool(window, "avg");
            l.set(target, format!("{function}({x}, {rest})"));
        }
        What::BorderedMeanPool { window, border: ends, counted } => {
            let (function, rest) = pool(window, "avg");
            let outer: Border = ends.iter().zip(counted).map(|([a, b], [c, d])| [a - c, b - d]).collect();
            l.call(
                "counts",
                "tf.pad",
                &[format!("tf.ones_like({x}[:1])"), border(counted), "constant_values=1".into()],
                "",
            );
            l.set("counts", format!("{function}(tf.pad(counts, {}), {rest})", border(&outer)));
            l.set(target, format!("{function}(tf.pad({x}, {}), {rest}) / counts", border(ends)));
        }
        What::Adaptive { rows, columns } => {
            l.brought.push(Brought::Adaptive);
            l.set(target, format!("adaptive_average_pool({x}, {rows}, {columns})"));
        }
        What::GlobalMean => l.set(target, format!("tf.reduce_mean({x}, [1, 2])")),
        What::Upsample { factor, bilinear: false } => {
            l.set(target, format!("tf.repeat(tf.repeat({x}, {factor}, axis=1), {factor}, axis=2)"));
        }
        What::Upsample { factor, bilinear: true } => {
            l.brought.push(Brought::Bilinear);
            l.set(target, format!("upsample_bilinear({x}, {factor})"));
        }
        What::Embedding { .. } => {
            l.set(target, format!("tf.gather({}, tf.cast({x}, tf.int32))", own(step, "embeddings")));
        }
        What::Positions { .. } => l.set(target, format!("{x} + {}", own(step, "positions"))),
        What::Permute(order) => {
            let axes = std::iter::once(0).chain(order.iter().map(|axis| axis + 1)).collect::<Vec<_>>();
            l.set(target, format!("tf.transpose({x}, {})", list(&axes)));
        }
        What::Reshape(sizes) => {
            let sizes = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            l.set(target, format!("tf.reshape({x}, [-1, {sizes}])"));
        }
        What::Flatten { picture } => {
            let comment = if picture.is_some() { "  # rows, columns, channels" } else { "" };
            l.set(target, format!("tf.reshape({x}, [-1, {}]){comment}", step.leaves[0][0]));
        }
        What::Slice { axis, first, length, drops } => {
            let part = if *drops { first.to_string() } else { format!("{first}:{}", first + length) };
            l.set(target, format!("{x}[:, {}{part}]", ":, ".repeat(*axis)));
        }
        What::Reduce { max, axis, keeps } => {
            let (function, keep) = (if *max { "max" } else { "mean" }, if *keeps { ", keepdims=True" } else { "" });
            l.set(target, format!("tf.reduce_{function}({x}, {}{keep})", axis + 1));
        }
        What::BatchNorm { .. } | What::LayerNorm { .. } | What::RmsNorm { .. } | What::GroupNorm { .. } => {
            normalised(l, step, around);
        }
        _ => by_numbers(l, step, around),
    }
}

fn normalised(l: &mut Lines, step: &Step, around: &Around) {
    let Around { target, reads, dims, .. } = *around;
    let x = reads.first().map_or("x", String::as_str);
    match &step.what {
        What::BatchNorm { epsilon, momentum } => {
            l.brought.push(Brought::BatchNorm);
            let names = ["gamma", "beta", "moving_mean", "moving_variance"].map(|name| own(step, name));
            let mut arguments = vec![x.to_owned()];
            arguments.extend(names);
            arguments.extend([*momentum, *epsilon].map(python::float));
            arguments.push(if step.frozen { "False".to_owned() } else { "training".to_owned() });
            l.call(target, "batch_norm", &arguments, "");
        }
        What::LayerNorm { axes, epsilon } => {
            l.set("mean, variance", format!("tf.nn.moments({x}, {}, keepdims=True)", with_batch(axes)));
            let mut all = vec![x.to_owned(), "mean".to_owned(), "variance".to_owned()];
            all.extend([own(step, "beta"), own(step, "gamma"), python::float(*epsilon)]);
            l.call(target, "tf.nn.batch_normalization", &all, "");
        }
        What::RmsNorm { axes, epsilon } => {
            l.set("square", format!("tf.reduce_mean({x}**2, {}, keepdims=True)", with_batch(axes)));
            let root = format!("tf.math.rsqrt(square + {})", python::float(*epsilon));
            l.set(target, format!("{x} * {root} * {}", own(step, "scale")));
        }
        What::GroupNorm { groups, epsilon } => {
            l.brought.push(Brought::GroupNorm);
            let groups = groups.unwrap_or(dims.last().copied().unwrap_or(1));
            let mut all = vec![x.to_owned(), groups.to_string(), own(step, "gamma"), own(step, "beta")];
            all.push(python::float(*epsilon));
            l.call(target, "group_norm", &all, "");
        }
        _ => {}
    }
}

/// What works number by number, or on several inputs.
fn by_numbers(l: &mut Lines, step: &Step, around: &Around) {
    let Around { target, reads, dims, key } = *around;
    let x = reads.first().map_or("x", String::as_str);
    match &step.what {
        What::Activation(activated) => l.set(target, activation(activated, x)),
        What::Elu { alpha } => {
            let below = format!("{} * tf.nn.elu(tf.minimum({x}, 0.0))", python::float(*alpha));
            l.set(target, format!("tf.nn.relu({x}) + {below}"));
        }
        What::Prelu { .. } => {
            l.set(target, format!("tf.nn.relu({x}) - {} * tf.nn.relu(-{x})", own(step, "alpha")));
        }
        What::Softmax { axis, log } => {
            let (word, last) = (if *log { "log_softmax" } else { "softmax" }, axis + 1 == dims.len());
            let axis = if last { String::new() } else { format!(", axis={}", axis + 1) };
            l.set(target, format!("tf.nn.{word}({x}{axis})"));
        }
        What::Dropout { rate, .. } if *rate == 0.0 => l.set(target, x),
        What::Dropout { rate, whole_channels, picture } => {
            l.set(target, x);
            let mut more = String::new();
            if *whole_channels && dims.len() > 1 {
                more.push_str(", whole_channels=True");
            }
            if let Some([rows, columns, channels]) = picture {
                more.push_str(&format!(", picture=({rows}, {columns}, {channels})"));
            }
            let call = format!("{target} = self.dropout({target}, {}, {key}{more})", python::float(*rate));
            l.lines.push(Line::Training(call));
        }
        What::Noise { deviation } => {
            l.set(target, x);
            let call = format!("{target} = self.noise({target}, {}, {key})", python::float(*deviation));
            l.lines.push(Line::Training(call));
        }
        What::Merge(merge) => l.set(target, merged(*merge, reads)),
        What::Concat { axis } => {
            l.set(target, format!("tf.concat([{}], {})", reads.join(", "), axis + 1));
        }
        _ => {}
    }
}

fn merged(merge: Merge, reads: &[String]) -> String {
    let pairwise = |function: &str| {
        let one_more = |all: String, x: &String| format!("{function}({all}, {x})");
        reads.iter().skip(1).fold(reads.first().cloned().unwrap_or_default(), one_more)
    };
    match merge {
        Merge::Add => reads.join(" + "),
        Merge::Subtract => reads.join(" - "),
        Merge::Multiply => reads.join(" * "),
        Merge::Average => format!("({}) / {}", reads.join(" + "), reads.len()),
        Merge::Maximum => pairwise("tf.maximum"),
        Merge::Minimum => pairwise("tf.minimum"),
    }
}
