//! `model.py`: the network in Keras's functional API.

use super::call::{Call, Make, Setting, call};
use super::file::outputs;
use super::plan::{Plan, Step, Tensor, What};
use crate::expr::Function;
use crate::interop::Source;
use crate::interop::code::{Functions, Level, Names, Part, Script, Writer, expression, python};

/// Names that the code uses itself.
pub const TAKEN: [&str; 10] = ["keras", "layers", "ops", "inputs", "outputs", "model", "build_model", "np", "tf", "x"];

/// What each value is called.
pub struct Values<'a> {
    plan: &'a Plan,
    names: Vec<Vec<String>>,
}

impl<'a> Values<'a> {
    /// `input`: of a single one.
    pub fn new(plan: &'a Plan, names: &Names, input: &str) -> Self {
        let single = plan.inputs().count() == 1;
        let of = |step: &Step| -> Vec<String> {
            if matches!(step.what, What::Input { .. }) {
                return vec![if single { input.to_owned() } else { step.name.clone() }];
            }
            let own = names.value(Source { node: step.node, port: 0 });
            match step.what {
                What::Recurrent(of) if step.leaves.len() > 1 => {
                    let states: &[&str] = match step.leaves.len() {
                        2 if !of.both_ways => &["last"],
                        3 if !of.both_ways => &["last", "_"],
                        3 => &["forward", "backward"],
                        _ => &["forward", "_", "backward", "_"],
                    };
                    let more = states.iter().map(|&state| match state {
                        "_" => "_".to_owned(),
                        state => format!("{}_{state}", step.name),
                    });
                    std::iter::once(own).chain(more).collect()
                }
                What::Attention { scores: true, .. } => vec![own, format!("{}_weights", step.name)],
                // What leaves by a second port.
                _ if step.name.ends_with("_last") || step.name.ends_with("_weights") => vec![step.name.clone()],
                _ => vec![own],
            }
        };
        Self { plan, names: plan.steps.iter().map(of).collect() }
    }

    /// Of a tensor.
    pub fn name(&self, tensor: Tensor) -> &str {
        self.names[tensor.step].get(tensor.port).map_or("_", String::as_str)
    }

    /// What a step's outputs are assigned to; what nobody reads is `_`.
    pub fn target(&self, step: usize) -> String {
        let one = |(port, name): (usize, &String)| {
            let is_read = port == 0 || self.plan.readers(Tensor { step, port }) > 0;
            if is_read { name.clone() } else { "_".to_owned() }
        };
        self.names[step].iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// `model.py`. Errors: an expression that cannot be read, which the layer says before it comes to this.
pub fn script(names: &Names, plan: &Plan, title: &str) -> Result<Script, String> {
    let values = Values::new(plan, names, "inputs");
    let calls: Vec<Option<Call>> = plan.steps.iter().map(|step| call(plan, step)).collect();
    let own = own_classes(plan, &calls);
    let is_op = |call: &Call| matches!(call.make, Make::Op(..));
    let mut w = Writer::default();
    w.line("import keras");
    let mut imports = vec!["layers"];
    imports.extend(calls.iter().flatten().any(is_op).then_some("ops"));
    w.line(format!("from keras import {}", imports.join(", ")));
    if !own.is_empty() {
        w.blank(1);
        w.line(format!("from glassbox_layers import {}", own.join(", ")));
    }
    w.blank(2);
    w.block("def build_model():", |w| {
        for (i, (step, call)) in plan.steps.iter().zip(&calls).enumerate() {
            w.about(Part::Layer(step.layer), Level::Layer, |w| match call {
                None => input(w, step, &values.target(i)),
                Some(call) => write(w, plan, i, call, &values),
            });
        }
        let inputs: Vec<_> = plan.inputs().map(|(step, _)| values.name(Tensor { step, port: 0 }).to_owned()).collect();
        let outputs: Vec<_> = outputs(plan).into_iter().map(|tensor| values.name(tensor).to_owned()).collect();
        let arguments = [one_or_list(&inputs), one_or_list(&outputs), format!("name=\"{title}\"")];
        w.at_level(Level::Layer, |w| w.call("return keras.Model", &arguments, ""));
    });
    Ok(w.script("model.py"))
}

fn one_or_list(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        _ => format!("[{}]", names.join(", ")),
    }
}

fn input(w: &mut Writer, step: &Step, target: &str) {
    let shape = python::tuple(&step.leaves[0]);
    w.line(format!("{target} = keras.Input({shape}, name=\"{}\")", step.name));
}

fn write(w: &mut Writer, plan: &Plan, i: usize, call: &Call, values: &Values) {
    let step = &plan.steps[i];
    let target = values.target(i);
    let reads: Vec<String> = step.reads.iter().map(|&read| values.name(read).to_owned()).collect();
    let saying: Vec<String> = call.saying.iter().map(|(key, setting)| format!("{key}={}", text(setting))).collect();
    let mut settings = arguments(call);
    match &call.make {
        Make::Op(_, _, function) => {
            settings.insert(0, reads[0].clone());
            settings.extend(saying);
            w.call(&format!("{target} = ops.{function}"), &settings, "");
        }
        Make::Item { axis, first, length, drops } => {
            let before = ":, ".repeat(*axis);
            let part = if *drops { first.to_string() } else { format!("{first}:{}", first + length) };
            w.line(format!("{target} = {}[{before}{part}]", reads[0]));
        }
        Make::Layer(_) | Make::Improved(_) | Make::Own(_) => {
            if !step.variables.is_empty() || matches!(step.what, What::Dropout { .. } | What::Noise { .. }) {
                settings.push(format!("name=\"{}\"", step.name));
            }
            if step.frozen && !step.variables.is_empty() {
                settings.push("trainable=False".to_owned());
            }
            let head = match &call.make {
                Make::Layer(class) => format!("layers.{class}"),
                Make::Improved(class) => (*class).to_owned(),
                Make::Own(class) => class.clone(),
                Make::Op(..) | Make::Item { .. } => String::new(),
            };
            let applied = match &step.what {
                What::Merge(_) | What::Concat { .. } => vec![format!("[{}]", reads.join(", "))],
                What::Attention { .. } => {
                    let mut all = reads[..2].to_vec();
                    all.extend((reads[2] != reads[1]).then(|| format!("key={}", reads[2])));
                    all
                }
                _ => reads,
            };
            let tail = format!("({})", [applied, saying].concat().join(", "));
            w.call(&format!("{target} = {head}"), &settings, &format!("{tail}{}", comment(step)));
        }
    }
}

/// Where numbers lie in another order than in Glassbox.
fn comment(step: &Step) -> &'static str {
    match step.what {
        What::Flatten { picture: Some(_) } => "  # rows, columns, channels",
        _ => "",
    }
}

fn arguments(call: &Call) -> Vec<String> {
    let one = |(place, (key, setting)): (usize, &(&str, Setting))| {
        if place < call.positional { text(setting) } else { format!("{key}={}", text(setting)) }
    };
    call.settings.iter().enumerate().map(one).collect()
}

fn text(setting: &Setting) -> String {
    match setting {
        Setting::Int(n) => n.to_string(),
        Setting::Float(number) => python::float(*number),
        Setting::Bool(is_so) => python::bool(*is_so).to_owned(),
        Setting::Word(word) => format!("\"{word}\""),
        Setting::Text(text) => python::string(text),
        Setting::List(all) => {
            let all: Vec<String> = all.iter().map(text).collect();
            if all.len() == 1 { format!("({},)", all[0]) } else { format!("({})", all.join(", ")) }
        }
        Setting::Penalty([l1, l2]) => match (*l1 > 0.0, *l2 > 0.0) {
            (true, false) => format!("keras.regularizers.L1({})", python::float(*l1)),
            (false, true) => format!("keras.regularizers.L2({})", python::float(*l2)),
            _ => format!("keras.regularizers.L1L2({}, {})", python::float(*l1), python::float(*l2)),
        },
        Setting::Constant(value) => format!("keras.initializers.Constant({})", python::float(*value)),
        Setting::Layer(call) => match &call.make {
            Make::Layer(class) => format!("layers.{class}({})", arguments(call).join(", ")),
            _ => String::new(),
        },
    }
}

/// Classes that `glassbox_layers.py` has to hold, each once.
fn own_classes(plan: &Plan, calls: &[Option<Call>]) -> Vec<String> {
    let class = |(step, call): (&Step, &Option<Call>)| match &call.as_ref()?.make {
        Make::Own(class) => Some((class.clone(), step.node)),
        Make::Improved(class) => Some(((*class).to_owned(), step.node)),
        _ => None,
    };
    let mut all: Vec<String> = plan.steps.iter().zip(calls).filter_map(class).map(|(class, _)| class).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Formulas in `keras.ops`.
pub struct KerasOps;

impl Functions for KerasOps {
    fn call(&self, function: Function, arguments: &[String], _numbers: &[bool]) -> String {
        let [x, ..] = arguments else { return String::new() };
        let all = arguments.join(", ");
        let name = match function {
            Function::Exp => "exp",
            Function::Log => "log",
            Function::Sqrt => "sqrt",
            Function::Abs => "abs",
            Function::Sin => "sin",
            Function::Cos => "cos",
            Function::Tan => "tan",
            Function::Tanh => "tanh",
            Function::Sigmoid => "sigmoid",
            Function::Relu => "relu",
            Function::Softplus => "softplus",
            Function::Erf => "erf",
            Function::Gelu => return format!("ops.gelu({x}, approximate=False)"),
            Function::Silu => "silu",
            Function::Sign => "sign",
            Function::Step => return format!("ops.cast({x} > 0, {x}.dtype)"),
            Function::Min => "minimum",
            Function::Max => "maximum",
            Function::Pow => "power",
        };
        format!("ops.{name}({all})")
    }
}

const IMPROVED_BATCH_NORM: &str = r#"class BatchNormalization(layers.BatchNormalization):
    """Its running variance is unbiased, as PyTorch's: divided by n - 1."""

    def call(self, x, training=None, mask=None):
        before = 1.0 * self.moving_variance
        y = super().call(x, training=training, mask=mask)
        if training and self.trainable:
            n = ops.cast(ops.size(x) // x.shape[-1], before.dtype)
            kept = self.momentum * before
            new = (self.moving_variance - kept) * n / ops.maximum(n - 1, 1)
            self.moving_variance.assign(kept + new)
        return y"#;

const BORDERED: &str = r#"@keras.saving.register_keras_serializable("glassbox")
class BorderedAveragePooling(layers.Layer):
    """The mean of each window over a border of zeros, of which only some count."""

    def __init__(self, pool_size, strides, border, counted, **kwargs):
        super().__init__(**kwargs)
        self.pool_size, self.strides = pool_size, strides
        self.border, self.counted = border, counted

    def call(self, x):
        around = [[0, 0], *self.border, [0, 0]]
        inner = [[0, 0], *self.counted, [0, 0]]
        outer = [[a - c, b - d] for (a, b), (c, d) in zip(around, inner)]
        ones = ops.pad(ops.ones((1, *x.shape[1:]), x.dtype), inner, constant_values=1)
        return self.pool(ops.pad(x, around)) / self.pool(ops.pad(ones, outer))

    def pool(self, x):
        return ops.average_pool(x, self.pool_size, self.strides, "valid")

    def get_config(self):
        names = ("pool_size", "strides", "border", "counted")
        return super().get_config() | {name: getattr(self, name) for name in names}"#;

const ADAPTIVE: &str = r#"@keras.saving.register_keras_serializable("glassbox")
class AdaptiveAveragePooling(layers.Layer):
    """The mean of each part of a picture, whatever its size."""

    def __init__(self, rows, columns, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns = rows, columns

    def call(self, x):
        def parts(size, n):
            return [(i * size // n, -(-(i + 1) * size // n)) for i in range(n)]

        def row(a, b):
            across = parts(x.shape[2], self.columns)
            return ops.stack([ops.mean(x[:, a:b, c:d], (1, 2)) for c, d in across], 1)

        return ops.stack([row(a, b) for a, b in parts(x.shape[1], self.rows)], 1)

    def get_config(self):
        return super().get_config() | {"rows": self.rows, "columns": self.columns}"#;

const POSITIONS: &str = r#"@keras.saving.register_keras_serializable("glassbox")
class PositionalEncoding(layers.Layer):
    """Adds to every step of a sequence numbers of its own, learned or a fixed table."""

    def __init__(self, learned=False, **kwargs):
        super().__init__(**kwargs)
        self.learned = learned

    def build(self, shape):
        self.positions = self.add_weight(
            shape=shape[1:], name="positions", trainable=self.learned
        )

    def call(self, x):
        return x + self.positions

    def get_config(self):
        return super().get_config() | {"learned": self.learned}"#;

const THRESHOLD: &str = r#"@keras.saving.register_keras_serializable("glassbox")
class Threshold(layers.Layer):
    """Values above the threshold, 0 for all others."""

    def __init__(self, threshold, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, x):
        return ops.where(x > self.threshold, x, ops.zeros_like(x))

    def get_config(self):
        return super().get_config() | {"threshold": self.threshold}"#;

/// `glassbox_layers.py`; `None` where Keras has everything. Errors: as [`script`].
pub fn own_layers(plan: &Plan) -> Result<Option<Script>, String> {
    let calls: Vec<Option<Call>> = plan.steps.iter().map(|step| call(plan, step)).collect();
    let classes = own_classes(plan, &calls);
    if classes.is_empty() {
        return Ok(None);
    }
    let mut w = Writer::default();
    w.line("import keras");
    w.line("from keras import layers, ops");
    for class in &classes {
        let made = plan.steps.iter().zip(&calls).find(|(_, call)| match call.as_ref().map(|call| &call.make) {
            Some(Make::Own(own)) => own == class,
            Some(Make::Improved(own)) => own == class,
            _ => false,
        });
        let Some((step, _)) = made else { continue };
        w.blank(2);
        let code = match class.as_str() {
            "BatchNormalization" => IMPROVED_BATCH_NORM.to_owned(),
            "AdaptiveAveragePooling" => ADAPTIVE.to_owned(),
            "BorderedAveragePooling" => BORDERED.to_owned(),
            "PositionalEncoding" => POSITIONS.to_owned(),
            "Threshold" => THRESHOLD.to_owned(),
            _ => formula(step, class)?,
        };
        w.about(Part::Layer(step.layer), Level::Operation, |w| w.text(&code));
    }
    Ok(Some(w.script("glassbox_layers.py")))
}

fn formula(step: &Step, class: &str) -> Result<String, String> {
    let What::Formula { expression: typed } = &step.what else { return Ok(String::new()) };
    let written = expression(typed, "x", &KerasOps)?;
    Ok(format!(
        "@keras.saving.register_keras_serializable(\"glassbox\")\nclass {class}(layers.Layer):\n    def call(self, x):\n        \
         return {written}"
    ))
}

/// What the model is called: a project's title as an identifier.
pub fn title(project: &str) -> String {
    let letters = project.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    let name: String = letters.collect::<String>().trim_matches('_').to_owned();
    if name.is_empty() { "network".to_owned() } else { name }
}
