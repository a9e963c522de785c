//! What is minimised, as a function of what `forward` returns and of the truth; and the penalties beside it.

use super::super::code::{Level, Names, Part, Writer, python};
use super::super::{Network, Node, Source, training};
use crate::model::layer::{LayerKind, Loss, LossKind};
use crate::model::{Answer, Compared};

/// Losses of a network, ready to be written.
pub struct Losses {
    /// What `forward` returns: one value, or several in a tuple.
    pub returned: Vec<Source>,
    /// Which of `x` and `y` the losses compare with.
    pub reads: [bool; 2],
    /// Each Loss.
    pub each: Vec<One>,
    /// Lines of `penalty(model)`, each with the layer that it is about.
    pub penalties: Vec<(Part, String)>,
    /// Targets are class indices.
    pub of_classes: bool,
    /// Samples count by their weights.
    pub weighted: bool,
    /// Samples are mixed: those of a part of each mixture count by its share.
    pub mixes: bool,
}

/// One Loss.
pub struct One {
    /// As logs name it.
    pub slug: String,
    /// The layer on the canvas.
    pub part: Part,
    /// How much it counts.
    pub weight: f64,
    /// Lines before the last; the last is an expression.
    pub lines: Vec<String>,
    /// The loss itself.
    pub value: String,
    /// What it compares with.
    pub truth: String,
}

/// Penalties of a layer: `1e-4 * model.dense_1.weight.square().sum()`.
fn penalties(network: &Network, names: &Names) -> Vec<(Part, String)> {
    let mut all = Vec::new();
    for (node, name) in network.nodes.iter().zip(&names.layers) {
        let strengths = match &node.kind {
            LayerKind::Dense(layer) => [layer.l1, layer.l2],
            LayerKind::Conv2d(layer) => [layer.l1, layer.l2],
            LayerKind::DepthwiseConv2d(layer) => [layer.l1, layer.l2],
            LayerKind::SeparableConv2d(layer) => [layer.l1, layer.l2],
            LayerKind::ConvTranspose2d(layer) => [layer.l1, layer.l2],
            LayerKind::Conv1d(layer) => [layer.l1, layer.l2],
            _ => continue,
        };
        if node.frozen {
            continue;
        }
        let weights = match &node.kind {
            LayerKind::SeparableConv2d(_) => vec![format!("{name}_depthwise"), format!("{name}_pointwise")],
            _ => vec![name.clone()],
        };
        for weight in weights {
            for (strength, norm) in strengths.into_iter().zip(["abs", "square"]) {
                if strength > 0.0 {
                    let term = format!("{} * model.{weight}.weight.{norm}().sum()", python::float(strength));
                    all.push((Part::Layer(node.drawn), term));
                }
            }
        }
    }
    all
}

/// Reads the Losses of a network.
pub fn of(network: &Network, names: &Names, mixes: bool) -> Losses {
    let losses = network.losses();
    let mut returned: Vec<Source> = Vec::new();
    let mut place = |source: Source| {
        returned.iter().position(|known| *known == source).unwrap_or_else(|| {
            returned.push(source);
            returned.len() - 1
        })
    };
    // The network's own answer comes first.
    let main = network.main_loss().and_then(|(node, _)| node.inputs.first().copied().flatten());
    main.into_iter().for_each(|answer| {
        place(answer);
    });
    let mut ends = Vec::new();
    for (node, loss) in &losses {
        let answer = node.inputs.first().copied().flatten().map(&mut place).unwrap_or(0);
        let truth = match node.inputs.get(Loss::TRUTH).copied().flatten() {
            None => Truth::Target,
            Some(source) => match of_input(network, source) {
                Some(text) => Truth::Input(text),
                None => Truth::Returned(place(source)),
            },
        };
        ends.push((*node, *loss, answer, truth));
    }
    let reads_x = ends.iter().any(|(.., truth)| matches!(truth, Truth::Input(_)));
    let reads_y = ends.iter().any(|(.., truth)| matches!(truth, Truth::Target));
    // A picture that is given back is compared with the mixture itself.
    let mixes = mixes && reads_y;
    let is_tuple = returned.len() > 1;
    let named =
        |place: usize| if is_tuple { names_of(network, names, &returned)[place].clone() } else { "outputs".into() };
    let each = ends.iter().map(|(node, loss, answer, truth)| {
        let truth = match truth {
            Truth::Target => "y".to_owned(),
            Truth::Input(text) => text.clone(),
            Truth::Returned(place) => named(*place),
        };
        one(network, (node, loss), &named(*answer), &truth, network.signature.weighted || mixes)
    });
    let each = each.collect();
    let penalties = penalties(network, names);
    Losses {
        each,
        reads: [reads_x, reads_y],
        penalties,
        of_classes: network.signature.task.classes().is_some(),
        weighted: network.signature.weighted,
        mixes,
        returned,
    }
}

enum Truth {
    Target,
    Input(String),
    Returned(usize),
}

/// What `forward` returns, by the names of the layers it leaves.
pub fn names_of(network: &Network, names: &Names, returned: &[Source]) -> Vec<String> {
    let of = |source: &Source| match network.nodes[source.node].kind.spec().outputs() {
        [_] => names.layers[source.node].clone(),
        ports => format!("{}_{}", names.layers[source.node], ports.get(source.port).copied().unwrap_or("output")),
    };
    returned.iter().map(of).collect()
}

/// A truth that is the sample itself, or it in a row: `x.flatten(1)`.
fn of_input(network: &Network, source: Source) -> Option<String> {
    let node = &network.nodes[source.node];
    match &node.kind {
        LayerKind::Input(input) if input.columns.trim().is_empty() => Some("x".to_owned()),
        LayerKind::Flatten(_) => {
            let inner = of_input(network, node.sources().next()?)?;
            (inner == "x").then(|| "x.flatten(1)".to_owned())
        }
        _ => None,
    }
}

fn one(network: &Network, (node, loss): (&Node, &Loss), answer: &str, truth: &str, weighted: bool) -> One {
    let task = network.task_of(node);
    let width = task.width();
    let is_single = node.input().0.last() == Some(&1);
    let at_positions = task.positions().is_some();
    // A class at every position counts as a row of its own.
    let (logits, labels) = match at_positions {
        true => (format!("{answer}.flatten(0, 1)"), format!("{truth}.flatten()")),
        false => (answer.to_owned(), truth.to_owned()),
    };
    let mut lines = Vec::new();
    let compared = as_compared(task.compared(loss.loss, is_single), width, answer, truth);
    let prepared = |lines: &mut Vec<String>| {
        if compared == truth {
            return truth.to_owned();
        }
        lines.push(format!("target = {compared}"));
        "target".to_owned()
    };
    let weights = loss.weights_of_classes(width).ok().flatten();
    let listed = weights
        .map(|weights| format!("torch.tensor({}, dtype={answer}.dtype, device={answer}.device)", list(&weights)));
    let averaged = |function: &str, lines: &mut Vec<String>| {
        let target = prepared(lines);
        if !weighted {
            return format!("{function}({answer}, {target})");
        }
        lines.push(format!("each = {function}({answer}, {target}, reduction=\"none\")"));
        of_numbers(node)
    };
    let value = match task.loss(loss.loss) {
        LossKind::Auto | LossKind::CrossEntropy => {
            let mut arguments = vec![logits, labels];
            let by_class = listed.is_some();
            if let Some(listed) = listed {
                lines.push(format!("class_weights = {listed}"));
                arguments.push("weight=class_weights".to_owned());
            }
            if loss.smoothing() > 0.0 {
                arguments.push(format!("label_smoothing={}", python::float(loss.smoothing())));
            }
            if !weighted {
                format!("F.cross_entropy({})", arguments.join(", "))
            } else {
                arguments.push("reduction=\"none\"".to_owned());
                lines.push(format!("each = F.cross_entropy({})", arguments.join(", ")));
                let by_class = by_class.then(|| format!("(w * each).sum() / class_weights[{truth}].sum()"));
                by_class.unwrap_or_else(|| OF_SAMPLES.to_owned())
            }
        }
        LossKind::Focal => {
            lines.push(format!("log_p = F.log_softmax({answer}, dim=-1)"));
            lines.push(format!("log_p = log_p.gather(-1, {truth}.unsqueeze(-1)).squeeze(-1)"));
            let focal = format!("(1 - log_p.exp()) ** {} * -log_p", python::float(loss.gamma));
            let row = if weighted { "w * " } else { "" };
            match listed {
                Some(listed) => {
                    lines.push(format!("weight = {listed}[{truth}]"));
                    format!("({row}weight * {focal}).sum() / weight.sum()")
                }
                None => format!("({row}{focal}).mean()"),
            }
        }
        LossKind::KlDivergence => {
            let mut target = prepared(&mut lines);
            if loss.smoothing() > 0.0 {
                let (kept, spread) = (1.0 - loss.smoothing(), loss.smoothing() / width.max(1) as f64);
                lines.push(format!("target = {} * {target} + {}", python::float(kept), python::float(spread)));
                target = "target".to_owned();
            }
            let rows = if at_positions { ".flatten(0, 1)" } else { "" };
            lines.push(format!("log_p = F.log_softmax({answer}, dim=-1)"));
            if weighted {
                lines.push(format!("each = F.kl_div(log_p, {target}, reduction=\"none\").sum(-1)"));
                OF_SAMPLES.to_owned()
            } else {
                format!("F.kl_div(log_p{rows}, {target}{rows}, reduction=\"batchmean\")")
            }
        }
        LossKind::Detection => training::detection(loss, answer, truth),
        LossKind::BinaryCrossEntropy => averaged("F.binary_cross_entropy_with_logits", &mut lines),
        LossKind::Hinge => {
            let each = format!("F.relu(1.0 - {answer} * {})", wrapped(prepared(&mut lines)));
            if weighted {
                lines.push(format!("each = {each}"));
                of_numbers(node)
            } else {
                format!("{each}.mean()")
            }
        }
        LossKind::Mse => averaged("F.mse_loss", &mut lines),
        LossKind::Mae => averaged("F.l1_loss", &mut lines),
        LossKind::Huber => averaged("F.huber_loss", &mut lines),
    };
    let (slug, part, weight) = (node.slug.clone(), Part::Layer(node.drawn), loss.weight);
    One { slug, part, weight, lines, value, truth: truth.to_owned() }
}

/// The truth as the answer is compared with it.
fn as_compared(how: Compared, width: usize, answer: &str, truth: &str) -> String {
    let one_hot = format!("F.one_hot({truth}, {width}).to({answer}.dtype)");
    match how {
        Compared::AsStored => truth.to_owned(),
        Compared::Column => format!("{truth}.unsqueeze(-1).to({answer}.dtype)"),
        Compared::Signs => format!("2.0 * {truth}.unsqueeze(-1).to({answer}.dtype) - 1.0"),
        Compared::OneHot | Compared::Shares => one_hot,
        Compared::SignOfEach => format!("2.0 * {one_hot} - 1.0"),
    }
}

/// `each` is of each sample, `w` its weight.
const OF_SAMPLES: &str = "(w * each).mean()";

/// As [`OF_SAMPLES`], where `each` is of numbers of samples.
fn of_numbers(node: &Node) -> String {
    let rest = if node.input().rank() > 1 { ".flatten(1)" } else { "" };
    format!("(w * each{rest}.mean(1)).mean()")
}

fn wrapped(text: String) -> String {
    if text.contains(' ') { format!("({text})") } else { text }
}

fn list(numbers: &[f64]) -> String {
    format!("[{}]", numbers.iter().map(|&number| python::float(number)).collect::<Vec<_>>().join(", "))
}

impl Losses {
    /// `outputs, y`
    pub fn arguments(&self) -> String {
        let names = ["x", "y"].iter().zip(self.reads).filter_map(|(name, reads)| reads.then_some(*name));
        let weights = self.weighted.then_some("w");
        std::iter::once("outputs").chain(names).chain(weights).collect::<Vec<_>>().join(", ")
    }

    /// `outputs, y, w=1.0`
    fn parameters(&self) -> String {
        format!("{}{}", self.arguments(), if self.mixes { ", w=1.0" } else { "" })
    }

    /// Whether each Loss has a curve of its own beside their sum.
    pub fn are_several(&self) -> bool {
        self.each.len() > 1
    }

    /// The functions of the model's file.
    pub fn write(&self, w: &mut Writer, returned: &[String]) {
        if self.are_several() {
            w.block(format!("def losses({}):", self.parameters()), |w| {
                w.line("\"\"\"Each loss by its name, before its weight.\"\"\"");
                self.unpack(w, returned);
                for one in &self.each {
                    w.about(one.part, Level::Layer, |w| {
                        one.lines.iter().for_each(|line| w.wrapped(line));
                        w.line(format!("{} = {}", one.slug, one.value));
                    });
                }
                let pairs: Vec<_> = self.each.iter().map(|one| format!("\"{0}\": {0}", one.slug)).collect();
                w.line(format!("return {{{}}}", pairs.join(", ")));
            });
            w.blank(2);
        }
        w.block(format!("def loss_function({}):", self.parameters()), |w| {
            if self.are_several() {
                w.line(format!("each = losses({})", self.parameters().replace("=1.0", "")));
                let terms = self.each.iter().map(|one| scaled(one.weight, &format!("each[\"{}\"]", one.slug)));
                let terms = terms.collect::<Vec<_>>().join(" + ");
                return w.line(format!("return {terms}"));
            }
            self.unpack(w, returned);
            for one in &self.each {
                w.about(one.part, Level::Layer, |w| {
                    one.lines.iter().for_each(|line| w.wrapped(line));
                    w.line(format!("return {}", scaled(one.weight, &one.value)));
                });
            }
        });
        if !self.penalties.is_empty() {
            w.blank(2);
            w.block("def penalty(model):", |w| {
                w.line("\"\"\"L1 and L2 of the weights, part of what is minimised.\"\"\"");
                let last = self.penalties.len() - 1;
                if last > 0 {
                    w.line("return (");
                }
                for (i, (part, term)) in self.penalties.iter().enumerate() {
                    w.about(*part, Level::Operation, |w| match (last, i) {
                        (0, _) => w.line(format!("return {term}")),
                        (_, 0) => w.inside(|w| w.line(term)),
                        _ => w.inside(|w| w.line(format!("+ {term}"))),
                    });
                }
                if last > 0 {
                    w.line(")");
                }
            });
        }
    }

    fn unpack(&self, w: &mut Writer, returned: &[String]) {
        if returned.len() > 1 {
            w.line(format!("{} = outputs", returned.join(", ")));
        }
    }
}

fn scaled(weight: f64, value: &str) -> String {
    if weight == 1.0 { value.to_owned() } else { format!("{} * {value}", python::float(weight)) }
}

/// Which answers of a batch are right, as an expression of `answer` and `y`; `None` for numbers.
pub fn right_answers(network: &Network) -> Option<&'static str> {
    network.task.classes()?;
    let (main, _) = network.main_loss()?;
    let is_single = main.input().0.last() == Some(&1);
    Some(match (is_single, network.answer == Answer::Probabilities) {
        (true, true) => "(answer[..., 0] > 0.5) == y",
        (true, false) => "(answer[..., 0] > 0.0) == y",
        (false, _) => "answer.argmax(-1) == y",
    })
}
