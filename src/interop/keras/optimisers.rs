//! Optimisers as Glassbox defines them: a class for Keras, and one for a loop in TensorFlow. Keras's own add epsilon
//! elsewhere, start from other sums or fold the rate into the momentum.

use super::losses::Dialect;
use crate::interop::code::{Level, Part, Writer, python};
use crate::model::{Clip, Optimiser};

/// One statement of an update. Expressions are about a parameter `w`, its gradient `g`, the `rate`, the number `t` of
/// the step, what is kept, and the settings behind `self.`.
enum Do {
    /// A name for a value.
    Let(&'static str, String),
    /// A name for a value that is kept.
    Keep(&'static str, &'static str, String),
    /// Taken off the parameter.
    Move(String),
}

/// An optimiser's update.
struct Rule {
    class: &'static str,
    help: &'static str,
    /// Tensors like the parameter that are kept, with what they start from.
    slots: Vec<(&'static str, f64)>,
    /// Whether a single number is kept, which starts from 1: NAdam's product.
    product: bool,
    settings: Vec<(&'static str, f64)>,
    /// Decoupled decay, before anything else.
    shrink: Option<String>,
    update: Vec<Do>,
}

const MOMENTS: [(&str, f64); 2] = [("mean", 0.0), ("square", 0.0)];

fn text(expression: &str) -> String {
    expression.to_owned()
}

/// `1 - beta**t`: written so, single precision would lose half of its digits for a beta close to 1.
fn grown(name: &str, beta: f64, moves: bool) -> String {
    match (moves, beta) {
        (true, _) => format!("(1 - {name}**t)"),
        (false, 0.0) => "1.0".to_owned(),
        (false, _) => format!("-expm1(t * math.log({name}))"),
    }
}

/// Whether the class needs `import math`.
pub fn uses_math(optimiser: &Optimiser) -> bool {
    match optimiser {
        Optimiser::Adam { .. } | Optimiser::AdamW { .. } | Optimiser::NAdam { .. } => true,
        Optimiser::Sgd { .. } | Optimiser::RmsProp { .. } | Optimiser::Adagrad { .. } | Optimiser::Lion { .. } => false,
    }
}

/// `moves`: the schedule moves the momentum.
fn rule(optimiser: &Optimiser, moves: bool) -> Rule {
    let mean = || Do::Keep("m", "mean", text("self.momentum * mean + (1 - self.momentum) * g"));
    let square = || Do::Keep("v", "square", text("self.beta_2 * square + (1 - self.beta_2) * g * g"));
    let root = |beta: f64| Do::Let("root", format!("sqrt(v / {}) + self.epsilon", grown("self.beta_2", beta, false)));
    let step = |beta: f64| Do::Move(format!("rate * m / {} / root", grown("self.momentum", beta, moves)));
    let velocity = |name| Do::Keep(name, "velocity", text("self.momentum * velocity + g"));
    let shrink = |decay: f64| (decay != 0.0).then(|| text("rate * self.decay * w"));
    let (class, help, slots, mut settings, decay, update): (_, _, Vec<_>, Vec<_>, _, Vec<_>) = match *optimiser {
        Optimiser::Sgd { momentum, nesterov, weight_decay } => {
            let uses = momentum != 0.0 || moves;
            let mut update = Vec::new();
            if uses {
                update.push(velocity("v"));
                let ahead = if nesterov { "g + self.momentum * v" } else { "v" };
                update.push(Do::Let("g", text(ahead)));
            }
            update.push(Do::Move(text("rate * g")));
            let (slots, settings) =
                if uses { (vec![("velocity", 0.0)], vec![("momentum", momentum)]) } else { (vec![], vec![]) };
            ("SGD", "The rate is no part of the momentum.", slots, settings, weight_decay, update)
        }
        Optimiser::Adam { beta1, beta2, epsilon, weight_decay } => {
            let update = vec![mean(), square(), root(beta2), step(beta1)];
            let settings = vec![("momentum", beta1), ("beta_2", beta2), ("epsilon", epsilon)];
            ("Adam", "Epsilon is added behind the bias correction.", MOMENTS.to_vec(), settings, weight_decay, update)
        }
        Optimiser::AdamW { beta1, beta2, epsilon, weight_decay } => {
            let update = vec![mean(), square(), root(beta2), step(beta1)];
            let settings = vec![("momentum", beta1), ("beta_2", beta2), ("epsilon", epsilon)];
            ("AdamW", "Epsilon is added behind the bias correction.", MOMENTS.to_vec(), settings, weight_decay, update)
        }
        Optimiser::RmsProp { alpha, epsilon, momentum, weight_decay } => {
            let mut update = vec![
                Do::Keep("s", "square", text("self.rho * square + (1 - self.rho) * g * g")),
                Do::Let("g", text("g / (sqrt(s) + self.epsilon)")),
            ];
            let (mut slots, mut settings) = (vec![("square", 0.0)], vec![("rho", alpha), ("epsilon", epsilon)]);
            if momentum != 0.0 || moves {
                update.push(velocity("g"));
                slots.push(("velocity", 0.0));
                settings.push(("momentum", momentum));
            }
            update.push(Do::Move(text("rate * g")));
            ("RMSprop", "Epsilon is added to the root.", slots, settings, weight_decay, update)
        }
        Optimiser::Adagrad { rate_decay, start, epsilon, weight_decay } => {
            let falls = if rate_decay != 0.0 { " / (1 + (t - 1) * self.rate_decay)" } else { "" };
            let update = vec![
                Do::Keep("s", "total", text("total + g * g")),
                Do::Move(format!("rate{falls} * g / (sqrt(s) + self.epsilon)")),
            ];
            let mut settings = vec![("epsilon", epsilon)];
            settings.extend((rate_decay != 0.0).then_some(("rate_decay", rate_decay)));
            ("Adagrad", "Epsilon is added to the root.", vec![("total", start)], settings, weight_decay, update)
        }
        Optimiser::NAdam { beta1, beta2, epsilon, weight_decay, momentum_decay } => {
            let now = "self.momentum * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))";
            let next = "self.momentum * (1 - 0.5 * 0.96 ** ((t + 1) * self.momentum_decay))";
            let update = vec![
                Do::Let("now", text(now)),
                Do::Let("next_", text(next)),
                Do::Keep("p", "product", text("product * now")),
                mean(),
                square(),
                root(beta2),
                Do::Let("g", text("(1 - now) / (1 - p) * g + next_ / (1 - p * next_) * m")),
                Do::Move(text("rate * g / root")),
            ];
            let settings =
                vec![("momentum", beta1), ("beta_2", beta2), ("epsilon", epsilon), ("momentum_decay", momentum_decay)];
            ("NAdam", "Epsilon is added behind the bias correction.", MOMENTS.to_vec(), settings, weight_decay, update)
        }
        Optimiser::Lion { beta1, beta2, weight_decay } => {
            let update = vec![
                Do::Move(text("rate * sign(self.momentum * mean + (1 - self.momentum) * g)")),
                Do::Keep("m", "mean", text("self.beta_2 * mean + (1 - self.beta_2) * g")),
            ];
            let settings = vec![("momentum", beta1), ("beta_2", beta2)];
            ("Lion", "Decay is no part of the direction.", vec![("mean", 0.0)], settings, weight_decay, update)
        }
    };
    let is_decoupled = matches!(optimiser, Optimiser::AdamW { .. } | Optimiser::Lion { .. });
    settings.extend((decay != 0.0).then_some(("decay", decay)));
    let coupled = (decay != 0.0 && !is_decoupled).then(|| Do::Let("g", text("g + self.decay * w")));
    let update = coupled.into_iter().chain(update).collect();
    let product = matches!(optimiser, Optimiser::NAdam { .. });
    Rule { class, help, slots, product, settings, shrink: if is_decoupled { shrink(decay) } else { None }, update }
}

/// In the framework's words.
fn worded(expression: &str, dialect: Dialect) -> String {
    let (module, math) = if dialect == Dialect::Keras { ("ops", "ops") } else { ("tf", "tf.math") };
    expression
        .replace("expm1(", &format!("{math}.expm1("))
        .replace("sqrt(", &format!("{module}.sqrt("))
        .replace("sign(", &format!("{module}.sign("))
}

impl Do {
    fn write(&self, w: &mut Writer, dialect: Dialect) {
        match (self, dialect) {
            (Self::Let(name, value), _) => w.line(format!("{name} = {}", worded(value, dialect))),
            (Self::Keep(name, slot, value), Dialect::Keras) => {
                w.line(format!("{name} = {}", worded(value, dialect)));
                w.line(format!("self.assign({slot}, {name})"));
            }
            (Self::Keep(name, slot, value), Dialect::TensorFlow) => {
                w.line(format!("{name} = {slot}.assign({})", worded(value, dialect)));
            }
            (Self::Move(value), Dialect::Keras) => w.line(format!("self.assign_sub(w, {})", worded(value, dialect))),
            (Self::Move(value), Dialect::TensorFlow) => w.line(format!("w.assign_sub({})", worded(value, dialect))),
        }
    }
}

/// Whether a schedule can move its momentum.
pub fn has_momentum(optimiser: &Optimiser) -> bool {
    match optimiser {
        Optimiser::Adagrad { .. } => false,
        Optimiser::Sgd { .. }
        | Optimiser::Adam { .. }
        | Optimiser::AdamW { .. }
        | Optimiser::RmsProp { .. }
        | Optimiser::NAdam { .. }
        | Optimiser::Lion { .. } => true,
    }
}

/// The class's name, and its settings as arguments behind the first.
pub fn construct(optimiser: &Optimiser, moves: bool) -> (&'static str, Vec<String>) {
    let rule = rule(optimiser, moves);
    (rule.class, rule.settings.iter().map(|(name, value)| format!("{name}={}", python::float(*value))).collect())
}

/// The class. `twice`: for Keras, layers whose one bias stands for two of ours, which moves as both together.
pub fn definition(w: &mut Writer, optimiser: &Optimiser, clip: Clip, moves: bool, dialect: Dialect, twice: &[String]) {
    let rule = rule(optimiser, moves);
    w.about(Part::Optimiser, Level::Operation, |w| match dialect {
        Dialect::Keras => keras(w, &rule, clip, moves, twice),
        Dialect::TensorFlow => tensorflow(w, &rule, clip, moves),
    });
    w.blank(2);
}

fn names(rule: &Rule) -> Vec<&'static str> {
    let product = rule.product.then_some("product");
    rule.slots.iter().map(|(name, _)| *name).chain(product).collect()
}

fn keep_settings(w: &mut Writer, rule: &Rule, moves: bool, variable: &str) {
    for (name, _) in &rule.settings {
        match moves && *name == "momentum" {
            true => w.line(format!("self.momentum = {variable}")),
            false => w.line(format!("self.{name} = {name}")),
        }
    }
}

fn keras(w: &mut Writer, rule: &Rule, clip: Clip, moves: bool, twice: &[String]) {
    let settings: String = rule.settings.iter().map(|(name, _)| format!(", {name}")).collect();
    w.block(format!("class {}(keras.optimizers.Optimizer):", rule.class), |w| {
        w.line(format!("\"\"\"{}\"\"\"", rule.help));
        w.blank(1);
        w.block(format!("def __init__(self, learning_rate{settings}):"), |w| {
            w.line("super().__init__(learning_rate)");
            let variable = "self.add_variable((), keras.initializers.Constant(momentum))";
            keep_settings(w, rule, moves, variable);
        });
        if !names(rule).is_empty() {
            w.blank(1);
            w.block("def build(self, variables):", |w| {
                w.block("if self.built:", |w| w.line("return"));
                w.line("super().build(variables)");
                for (name, start) in &rule.slots {
                    match start {
                        0.0 => w.line(format!(
                            "self.{name} = [self.add_variable_from_reference(v, \"{name}\") for v in variables]"
                        )),
                        start => {
                            w.line(format!("start = keras.initializers.Constant({})", python::float(*start)));
                            let make = format!("self.add_variable_from_reference(v, \"{name}\", initializer=start)");
                            w.line(format!("self.{name} = ["));
                            w.inside(|w| {
                                w.line(make);
                                w.line("for v in variables");
                            });
                            w.line("]");
                        }
                    }
                }
                if rule.product {
                    w.line("one = keras.initializers.Ones()");
                    w.line("self.product = [self.add_variable((), one) for v in variables]");
                }
            });
        }
        clip_keras(w, clip, twice);
        w.blank(1);
        w.block("def update_step(self, g, w, learning_rate):", |w| {
            // Of an Embedding, whose gradient TensorFlow keeps row by row.
            w.line("g = ops.zeros(w.shape, w.dtype) + g");
            w.line("rate = ops.cast(learning_rate, w.dtype)");
            w.line("t = ops.cast(self.iterations + 1, w.dtype)");
            if !names(rule).is_empty() || !twice.is_empty() {
                w.line("i = self._get_variable_index(w)");
            }
            if !names(rule).is_empty() {
                let (all, from): (Vec<_>, Vec<_>) = names(rule).iter().map(|n| (*n, format!("self.{n}[i]"))).unzip();
                w.line(format!("{} = {}", all.join(", "), from.join(", ")));
            }
            if let Some(shrink) = &rule.shrink {
                w.line(format!("self.assign_sub(w, {shrink})"));
            }
            if !twice.is_empty() {
                w.block("if self._trainable_variables[i].path in TWICE:", |w| w.line("rate = 2 * rate"));
            }
            rule.update.iter().for_each(|one| one.write(w, Dialect::Keras));
        });
    });
}

fn clip_keras(w: &mut Writer, clip: Clip, twice: &[String]) {
    if clip == Clip::None {
        return;
    }
    w.blank(1);
    w.block("def apply(self, grads, trainable_variables=None):", |w| {
        w.line("variables = trainable_variables or self._trainable_variables");
        w.line("grads = [ops.zeros(v.shape, v.dtype) + g for v, g in zip(variables, grads)]");
        match clip {
            Clip::None => {}
            Clip::Value { max } => {
                let max = python::float(max);
                w.line(format!("grads = [ops.clip(g, -{max}, {max}) for g in grads]"));
            }
            Clip::Norm { max } => {
                if twice.is_empty() {
                    w.line("squares = [ops.sum(ops.square(g)) for g in grads]");
                } else {
                    w.line("often = [2 if v.path in TWICE else 1 for v in variables]");
                    w.line("squares = [n * ops.sum(ops.square(g)) for n, g in zip(often, grads)]");
                }
                w.line(format!("scale = {} / (ops.sqrt(sum(squares)) + 1e-6)", python::float(max)));
                w.line("grads = [g * ops.minimum(scale, 1.0) for g in grads]");
            }
        }
        w.line("super().apply(grads, trainable_variables)");
    });
}

fn tensorflow(w: &mut Writer, rule: &Rule, clip: Clip, moves: bool) {
    let settings: String = rule.settings.iter().map(|(name, _)| format!(", {name}")).collect();
    w.block(format!("class {}(tf.Module):", rule.class), |w| {
        w.block(format!("def __init__(self, variables{settings}):"), |w| {
            w.line("super().__init__()");
            w.line("self.parameters, dtype = variables, variables[0].dtype");
            keep_settings(w, rule, moves, "tf.Variable(momentum, dtype=dtype)");
            w.line("self.t = tf.Variable(0.0, dtype=dtype)");
            for (name, start) in &rule.slots {
                let fill = match start {
                    0.0 => "tf.zeros_like(v)".to_owned(),
                    start => format!("tf.fill(v.shape, tf.constant({}, dtype))", python::float(*start)),
                };
                w.line(format!("self.{name} = [tf.Variable({fill}) for v in variables]"));
            }
            if rule.product {
                w.line("one = tf.ones([], dtype)");
                w.line("self.product = [tf.Variable(one) for v in variables]");
            }
        });
        w.blank(1);
        w.block("def apply(self, gradients, rate):", |w| {
            match clip {
                Clip::None => {}
                Clip::Value { max } => {
                    let max = python::float(max);
                    w.line(format!("gradients = [tf.clip_by_value(g, -{max}, {max}) for g in gradients]"));
                }
                Clip::Norm { max } => {
                    w.line(format!("scale = {} / (tf.linalg.global_norm(gradients) + 1e-6)", python::float(max)));
                    w.line("gradients = [g * tf.minimum(scale, 1.0) for g in gradients]");
                }
            }
            w.line("t = self.t.assign_add(1.0)");
            let lists: String = names(rule).iter().map(|name| format!(", self.{name}")).collect();
            let each: String = names(rule).iter().map(|name| format!(", {name}")).collect();
            w.line(format!("all = zip(self.parameters, gradients{lists})"));
            w.block(format!("for w, g{each} in all:"), |w| {
                if let Some(shrink) = &rule.shrink {
                    w.line(format!("w.assign_sub({shrink})"));
                }
                rule.update.iter().for_each(|one| one.write(w, Dialect::TensorFlow));
            });
        });
    });
}
