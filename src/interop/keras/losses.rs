//! What is minimised, in `keras.ops` or TensorFlow's operations.

use crate::interop::code::python;
use crate::interop::{Network, Node, training};
use crate::model::layer::{Loss, LossKind};
use crate::model::{Compared, Task};

/// Whose operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `keras.ops`
    Keras,
    /// `tf`
    TensorFlow,
}

impl Dialect {
    fn op(self, keras: &str, tensorflow: &str) -> String {
        match self {
            Self::Keras => format!("ops.{keras}"),
            Self::TensorFlow => format!("tf.{tensorflow}"),
        }
    }

    fn mean(self) -> String {
        self.op("mean", "reduce_mean")
    }

    fn sum(self) -> String {
        self.op("sum", "reduce_sum")
    }

    fn one_hot(self, truth: &str, width: usize, answer: &str) -> String {
        match self {
            Self::Keras => format!("ops.one_hot({truth}, {width}, dtype={answer}.dtype)"),
            Self::TensorFlow => format!("tf.one_hot({truth}, {width}, dtype={answer}.dtype)"),
        }
    }

    fn column(self, truth: &str, answer: &str) -> String {
        format!("{}({truth}[..., None], {answer}.dtype)", self.op("cast", "cast"))
    }
}

/// A Loss as statements and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Statements before it.
    pub lines: Vec<String>,
    /// An expression.
    pub value: String,
}

fn list(numbers: &[f64]) -> String {
    format!("[{}]", numbers.iter().map(|&number| python::float(number)).collect::<Vec<_>>().join(", "))
}

/// The loss of an answer, before its weight. `truth`: class indices or numbers. `weighted`: samples count by their
/// weights `w`, and in Keras, which weighs and averages over all devices itself, the value is that of each sample.
pub fn written(
    network: &Network,
    (node, loss): (&Node, &Loss),
    (dialect, weighted): (Dialect, bool),
    answer: &str,
    truth: &str,
) -> Written {
    let task = network.task_of(node);
    let width = task.width();
    let mut lines = Vec::new();
    let target = target(task, node, loss, dialect, answer, truth);
    if let Some(target) = &target {
        lines.push(format!("target = {target}"));
    }
    let target = if target.is_some() { "target" } else { truth };
    let (mean, sum) = (dialect.mean(), dialect.sum());
    let weights = loss.weights_of_classes(width).ok().flatten();
    let softened = |lines: &mut Vec<String>| {
        lines.push(format!("log_p = {}({answer})", dialect.op("log_softmax", "nn.log_softmax")));
        lines.push(format!("target = {}", dialect.one_hot(truth, width, answer)));
    };
    let smooth = |lines: &mut Vec<String>| {
        let smoothing = loss.smoothing();
        if smoothing > 0.0 {
            let [kept, spread] = [1.0 - smoothing, smoothing / width.max(1) as f64].map(python::float);
            lines.push(format!("target = {kept} * target + {spread}"));
        }
    };
    let whole = |each: &str| match (weighted, dialect) {
        (false, _) => format!("{mean}({each})"),
        (true, Dialect::Keras) => each.to_owned(),
        (true, Dialect::TensorFlow) => format!("{mean}(w * {each})"),
    };
    // Of numbers: those of a sample are averaged first.
    let axes = (1..=node.input().rank()).map(|axis| axis.to_string()).collect::<Vec<_>>().join(", ");
    let numbers = |each: String| if weighted { whole(&format!("{mean}({each}, [{axes}])")) } else { whole(&each) };
    let by_class = |each: &str| match (weighted, dialect) {
        (false, _) => format!("{sum}({each}) / {sum}(weight)"),
        (true, Dialect::Keras) => format!("{each} / ops.mean(weight)"),
        (true, Dialect::TensorFlow) => format!("{sum}(w * {each}) / {sum}(weight)"),
    };
    let value = match task.loss(loss.loss) {
        LossKind::Auto | LossKind::CrossEntropy if weights.is_none() && loss.smoothing() == 0.0 => match dialect {
            Dialect::Keras => {
                whole(&format!("ops.sparse_categorical_crossentropy({truth}, {answer}, from_logits=True)"))
            }
            Dialect::TensorFlow => {
                lines.push(format!("each = tf.nn.sparse_softmax_cross_entropy_with_logits({truth}, {answer})"));
                whole("each")
            }
        },
        LossKind::Auto | LossKind::CrossEntropy => {
            softened(&mut lines);
            weigh(&mut lines, dialect, &weights, answer, truth);
            smooth(&mut lines);
            match weights {
                None => whole(&format!("{sum}(-target * log_p, -1)")),
                Some(_) => {
                    lines.push(format!("each = {sum}(-target * class_weights * log_p, -1)"));
                    by_class("each")
                }
            }
        }
        LossKind::Focal => {
            softened(&mut lines);
            weigh(&mut lines, dialect, &weights, answer, truth);
            lines.push(format!("log_p = {sum}(target * log_p, -1)"));
            let exp = dialect.op("exp", "exp");
            lines.push(format!("each = (1 - {exp}(log_p)) ** {} * -log_p", python::float(loss.gamma)));
            if weights.is_some() { by_class("weight * each") } else { whole("each") }
        }
        LossKind::KlDivergence => {
            softened(&mut lines);
            smooth(&mut lines);
            let entropy = entropy(loss.smoothing(), width);
            let more = if entropy == 0.0 { String::new() } else { format!(" + {}", python::float(entropy)) };
            match weighted {
                true => whole(&format!("({sum}(-target * log_p, -1){more})")),
                false => format!("{mean}({sum}(-target * log_p, -1)){more}"),
            }
        }
        LossKind::BinaryCrossEntropy => numbers(match dialect {
            Dialect::Keras => format!("ops.binary_crossentropy({target}, {answer}, from_logits=True)"),
            Dialect::TensorFlow => format!("tf.nn.sigmoid_cross_entropy_with_logits({target}, {answer})"),
        }),
        LossKind::Detection => training::detection(loss, answer, truth),
        LossKind::Hinge => numbers(format!("{}(1.0 - {answer} * {target})", dialect.op("relu", "nn.relu"))),
        LossKind::Mse => numbers(format!("{}({answer} - {target})", dialect.op("square", "square"))),
        LossKind::Mae => numbers(format!("{}({answer} - {target})", dialect.op("abs", "abs"))),
        LossKind::Huber => {
            lines.push(format!("error = {}({answer} - {target})", dialect.op("abs", "abs")));
            lines.push(format!("small = {}(error, 1.0)", dialect.op("minimum", "minimum")));
            numbers("small * (error - 0.5 * small)".to_owned())
        }
    };
    Written { lines, value }
}

/// The truth as the answer is compared with it, where it does not lie so in the data.
fn target(task: Task, node: &Node, loss: &Loss, dialect: Dialect, answer: &str, truth: &str) -> Option<String> {
    let is_single = node.input().0.last() == Some(&1);
    Some(match task.compared(loss.loss, is_single) {
        Compared::AsStored | Compared::Shares => return None,
        Compared::Column => dialect.column(truth, answer),
        Compared::Signs => format!("2.0 * {} - 1.0", dialect.column(truth, answer)),
        Compared::OneHot => dialect.one_hot(truth, task.width(), answer),
        Compared::SignOfEach => format!("2.0 * {} - 1.0", dialect.one_hot(truth, task.width(), answer)),
    })
}

/// What each class counts, and each sample's.
fn weigh(lines: &mut Vec<String>, dialect: Dialect, weights: &Option<Vec<f64>>, answer: &str, _truth: &str) {
    if let Some(weights) = weights {
        let constant = match dialect {
            Dialect::Keras => format!("ops.convert_to_tensor({}, {answer}.dtype)", list(weights)),
            Dialect::TensorFlow => format!("tf.constant({}, {answer}.dtype)", list(weights)),
        };
        lines.push(format!("class_weights = {constant}"));
        lines.push(format!("weight = {}(target * class_weights, -1)", dialect.sum()));
    }
}

/// Of a smoothed truth: Σ t ln t, the same for every sample.
fn entropy(smoothing: f64, width: usize) -> f64 {
    if smoothing == 0.0 {
        return 0.0;
    }
    let (spread, classes) = (smoothing / width.max(1) as f64, width as f64);
    let right = 1.0 - smoothing + spread;
    right * right.ln() + (classes - 1.0) * spread * spread.ln()
}
