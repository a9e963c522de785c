//! What the words on the screen mean: one entry for every term, in plain English, with a formula where it has one.
//!
//! Layers explain themselves ([`crate::model::layer::About`]); their entries are taken from there.

use super::LayerKind;

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub name: &'static str,
    /// Other words for it.
    pub also: &'static [&'static str],
    /// A sentence or two.
    pub words: &'static str,
    /// Empty where there is none.
    pub formula: &'static str,
}

const fn term(name: &'static str, also: &'static [&'static str], formula: &'static str, words: &'static str) -> Term {
    Term { name, also, words, formula }
}

const TERMS: [Term; 67] = [
    term(
        "Accuracy",
        &["val accuracy", "score"],
        "right answers / all answers",
        "The share of samples whose class the network gets right. Easy to read, but blind to how sure the network was; the loss is not.",
    ),
    term(
        "Activation",
        &["activation function", "hidden activation"],
        "y = f(x)",
        "A simple curve that every number passes through after a layer. Without one, a stack of layers could only draw a straight line.",
    ),
    term(
        "Adagrad",
        &["optimiser"],
        "w ← w − rate · g / √Σg²",
        "An optimiser that gives each weight a step that shrinks with all the gradient it has seen. Good for rare inputs; slows down over time.",
    ),
    term(
        "Adam",
        &["optimiser"],
        "w ← w − rate · m̂ / √v̂",
        "The optimiser to begin with. It follows a running mean of the gradient, divided by its usual size, so that every weight moves at a similar pace.",
    ),
    term(
        "AdamW",
        &["optimiser"],
        "w ← w − rate · (m̂ / √v̂ + decay · w)",
        "Adam with weight decay applied to the weights themselves, as it was meant, instead of through the gradient.",
    ),
    term(
        "Backpropagation",
        &["backward pass", "backward phase"],
        "",
        "How the gradient is computed: from the loss back through every layer, by the chain rule. Each layer gets its share from the one after it.",
    ),
    term(
        "Batch",
        &["batch size", "minibatch"],
        "",
        "The samples a step looks at together. Larger batches give steadier gradients and use the processor better; smaller ones take more, noisier steps.",
    ),
    term(
        "Bias",
        &[],
        "y = w · x + b",
        "A number that is added to a unit's weighted sum. It moves the border that the unit draws without turning it.",
    ),
    term(
        "Binary cross-entropy",
        &["BCE", "loss"],
        "L = −t log p − (1 − t) log(1 − p)",
        "The loss for yes-or-no answers: the surprise at the true answer, given the probability that the network gave it.",
    ),
    term(
        "Branch",
        &["fork", "history"],
        "",
        "A run that was split in two: both share the past, and each goes on by itself. Branches are kept with their run.",
    ),
    term(
        "Breakpoint",
        &["condition"],
        "",
        "A place or a condition at which training stops, so that you can look: before an instruction, at a NaN, or when an expression such as loss > 2 holds.",
    ),
    term(
        "Checkpoint",
        &["save", "safetensors"],
        "",
        "A run in a file: weights, the optimiser's memory and the place in the data, so that it can go on exactly where it stood.",
    ),
    term(
        "Class",
        &["label", "target"],
        "",
        "One of the answers that a network chooses from: a digit, a species, yes or no.",
    ),
    term(
        "Clipping",
        &["gradient clipping", "clip"],
        "g ← g · max / ‖g‖",
        "Gradients that are too large are shortened before the update. It keeps one bad batch from throwing the weights far away.",
    ),
    term(
        "Confusion matrix",
        &[],
        "",
        "A table of true classes against predicted ones. The diagonal is right; everything beside it shows what is taken for what.",
    ),
    term("Constant", &["schedule"], "", "A schedule that leaves the learning rate as it is."),
    term(
        "Cosine",
        &["schedule"],
        "rate · (1 + cos(π t / T)) / 2",
        "A schedule that lowers the learning rate along half a cosine: slowly at first, fast in the middle, slowly at the end.",
    ),
    term(
        "Cross-entropy",
        &["loss"],
        "L = −log p[class]",
        "The loss for choosing one of several classes: the surprise at the true class. It is 0 only when the network is certain and right.",
    ),
    term(
        "Dead unit",
        &["dying ReLU", "dead"],
        "",
        "A unit that gives zero for every sample. It gets no gradient, so it can't come back by itself. A lower learning rate or Leaky ReLU helps.",
    ),
    term(
        "Early stopping",
        &["patience"],
        "",
        "Ends a run when the validation loss has not improved for so many epochs, before the network learns the noise by heart.",
    ),
    term(
        "Embedding",
        &[],
        "",
        "A learned row of numbers for each word or number, so that similar ones can lie close together.",
    ),
    term("Epoch", &[], "", "One pass over all training samples."),
    term(
        "Exploding gradient",
        &["diverging"],
        "",
        "Gradients that grow from layer to layer until the numbers overflow. A lower learning rate, clipping or normalisation helps.",
    ),
    term(
        "Exponential",
        &["schedule"],
        "rate · factorᵗ",
        "A schedule that multiplies the learning rate by the same factor at every step.",
    ),
    term(
        "Feature",
        &["input", "column"],
        "",
        "One of the numbers that describe a sample: a column of a table, a pixel, a coordinate.",
    ),
    term(
        "Frozen",
        &["freeze"],
        "",
        "A frozen layer keeps its weights: the gradient passes through it, but it is not trained.",
    ),
    term(
        "Gradient",
        &["slope", "grad", "derivative"],
        "∂L / ∂w",
        "How the loss would change if a number changed a little. Training moves every weight a small step against its gradient.",
    ),
    term(
        "Huber",
        &["loss", "smooth L1"],
        "",
        "A loss for numbers that is quadratic for small errors and straight for large ones, so that outliers pull less.",
    ),
    term(
        "Initial weights",
        &["initialiser", "init", "seed"],
        "",
        "The random numbers that weights begin with. Their size matters: too small and signals fade, too large and they explode.",
    ),
    term(
        "Keep best",
        &["best weights"],
        "",
        "Puts back the weights of the epoch with the lowest validation loss when a run ends.",
    ),
    term(
        "L1 penalty",
        &["regularisation", "L1"],
        "L + strength · Σ|w|",
        "Adds every weight's size to the loss, which drives useless ones to exactly zero. Set for all layers at once in Training, or for one in its settings.",
    ),
    term(
        "L2 penalty",
        &["regularisation", "L2"],
        "L + strength · Σw²",
        "Adds every weight's square to the loss, which keeps all of them small and the border smooth. It differs from weight decay, which pulls on the weights without counting in the loss.",
    ),
    term(
        "Learning rate",
        &["rate", "lr", "step size"],
        "w ← w − rate · g",
        "How far a step moves the weights. Too high and the loss jumps or becomes NaN; too low and training takes for ever. The first setting to try.",
    ),
    term(
        "Lion",
        &["optimiser"],
        "w ← w − rate · sign(m)",
        "An optimiser that looks only at the sign of a running mean of the gradient. Needs a smaller learning rate than Adam.",
    ),
    term(
        "Logits",
        &["raw scores"],
        "",
        "What a network says for each class before softmax turns it into probabilities: any numbers, the larger the likelier.",
    ),
    term(
        "Loss",
        &["cost", "error", "val loss", "train loss"],
        "",
        "How wrong the answers are, as one number. Training makes it small.",
    ),
    term(
        "MAE",
        &["mean absolute error", "L1 loss", "loss"],
        "L = mean of |y − t|",
        "The mean distance between answers and truth. Outliers count no more than their size.",
    ),
    term(
        "Moment",
        &["moments", "optimiser state"],
        "",
        "What an optimiser remembers of each weight between steps, such as running means of the gradient.",
    ),
    term(
        "Momentum",
        &[],
        "v ← momentum · v + g",
        "Carries on in the direction of earlier steps, as a ball rolls on: faster along valleys, calmer across them.",
    ),
    term(
        "MSE",
        &["mean squared error", "loss"],
        "L = mean of (y − t)²",
        "The mean squared distance between answers and truth: the usual loss for numbers. Large errors count much more.",
    ),
    term(
        "NAdam",
        &["optimiser"],
        "",
        "Adam with Nesterov's look ahead: it adds the part of the momentum that the next step would bring.",
    ),
    term(
        "NaN",
        &["not a number", "infinity"],
        "0 / 0",
        "Not a number: what comes of 0 / 0, of infinity minus infinity, or of the log of a negative number. It spreads through everything it meets, so training stops.",
    ),
    term(
        "Noise",
        &[],
        "",
        "Randomness in the data. More of it makes the classes overlap, and a perfect score impossible.",
    ),
    term(
        "One cycle",
        &["schedule"],
        "",
        "A schedule that raises the learning rate to its highest and lowers it again, once over the whole run.",
    ),
    term(
        "Optimiser",
        &["optimizer", "update"],
        "",
        "The rule by which gradients become steps of the weights: SGD, Adam and others.",
    ),
    term(
        "Overfitting",
        &["generalisation"],
        "",
        "Learning the training samples by heart: the training loss goes on falling while the validation loss rises. More data, dropout, L2 or early stopping helps.",
    ),
    term("Parameter", &["parameters", "weights"], "", "A number that training changes: a weight or a bias."),
    term(
        "On plateau",
        &["schedule", "reduce on plateau", "plateau"],
        "",
        "A schedule that lowers the learning rate when the validation loss has stopped improving.",
    ),
    term(
        "R²",
        &["R squared", "val R²", "score"],
        "1 − Σ(y − t)² / Σ(t − mean)²",
        "How much of the spread of the truth the answers explain: 1 is perfect, 0 no better than always saying the mean, below 0 worse.",
    ),
    term(
        "Regularisation",
        &["regularization"],
        "",
        "Anything that keeps a network from learning by heart: dropout, L1 and L2 penalties, weight decay, early stopping.",
    ),
    term(
        "RMSprop",
        &["RMSProp", "optimiser"],
        "w ← w − rate · g / √v",
        "An optimiser that divides each step by how large the gradient has been lately.",
    ),
    term(
        "Sample",
        &["row", "example"],
        "",
        "One case to learn from: a row of a table, a picture, a point, with the answer that goes with it.",
    ),
    term(
        "Saturated",
        &["saturation"],
        "",
        "A tanh or sigmoid unit whose output is at one of its ends: the curve is flat there, so hardly any gradient passes.",
    ),
    term(
        "Schedule",
        &["learning rate schedule"],
        "",
        "How the learning rate changes over a run. Lowering it towards the end lets the weights settle.",
    ),
    term(
        "Seed",
        &["random seed"],
        "",
        "The number all randomness comes from: initial weights, the order of samples, dropout. The same seed gives the same run, to the last bit.",
    ),
    term(
        "SGD",
        &["stochastic gradient descent", "optimiser"],
        "w ← w − rate · g",
        "The plainest optimiser: a step against the gradient, with or without momentum.",
    ),
    term(
        "Shape",
        &["dimensions", "tensor"],
        "",
        "How many numbers there are along each axis: 28 × 28 for a small picture, 10 for ten classes.",
    ),
    term(
        "Softmax",
        &["probabilities"],
        "pᵢ = eˣⁱ / Σ eˣ",
        "Turns any numbers into shares that add up to 1, to be read as probabilities.",
    ),
    term(
        "Standardise",
        &["scaling", "normalise"],
        "(x − mean) / spread",
        "Shifts and scales a column so that its mean is 0 and its spread 1. Without it, large columns drown small ones.",
    ),
    term(
        "Step",
        &["iteration", "update", "schedule"],
        "",
        "One batch: forward, loss, backward, update. As a schedule: the learning rate drops by a factor every so many steps.",
    ),
    term(
        "Tensor",
        &[],
        "",
        "Numbers in a block with any number of axes: a single number, a row, a table, a stack of pictures.",
    ),
    term(
        "Underfitting",
        &[],
        "",
        "A network too small, or too little trained, to catch the pattern: both losses stay high. More units, more layers or more epochs help.",
    ),
    term(
        "Unit",
        &["neuron"],
        "y = f(w · x + b)",
        "One number that a layer computes: a weighted sum of what comes in, plus a bias, through the activation.",
    ),
    term(
        "Validation",
        &["test", "validation part", "split"],
        "",
        "Samples that are kept out of training, to see how the network does on what it has not seen.",
    ),
    term(
        "Vanishing gradient",
        &["vanishes"],
        "",
        "Gradients that shrink from layer to layer until the first layers hardly learn. ReLU, normalisation or shortcuts help.",
    ),
    term(
        "Warm-up",
        &["warm-up steps"],
        "",
        "The first steps, in which the learning rate rises from 0 to its value, so that the first noisy gradients do no harm.",
    ),
    term(
        "Weight decay",
        &["decay"],
        "w ← w − rate · decay · w",
        "Shrinks every weight a little at each step, which keeps the network simple, and does not count in the loss. AdamW and Lion shrink the weights directly; the other optimisers add decay · w to the gradient, which with SGD is an L2 penalty of half the size.",
    ),
];

/// Every entry, by name.
pub fn all() -> Vec<Term> {
    let layers = LayerKind::all().into_iter().map(|kind| {
        let about = kind.about();
        Term { name: about.title, also: &["layer"], words: about.help, formula: about.formula }
    });
    let mut all: Vec<Term> = TERMS.to_vec();
    let known = |name: &str| TERMS.iter().any(|term| term.name == name);
    all.extend(layers.filter(|term| !known(term.name)));
    all.sort_by_key(|term| term.name.to_lowercase());
    all
}

/// What fits what was typed: names that begin with it first, then other names and words for it, then what only mentions it.
pub fn search<'a>(terms: &'a [Term], typed: &str) -> Vec<&'a Term> {
    let typed = typed.trim().to_lowercase();
    let rank = |term: &Term| {
        let name = term.name.to_lowercase();
        let also = || term.also.iter().map(|word| word.to_lowercase());
        match () {
            () if name.starts_with(&typed) => Some(0),
            () if also().any(|word| word.starts_with(&typed)) => Some(1),
            () if name.contains(&typed) || also().any(|word| word.contains(&typed)) => Some(2),
            () if term.words.to_lowercase().contains(&typed) => Some(3),
            () => None,
        }
    };
    let mut found: Vec<_> = terms.iter().filter_map(|term| Some((rank(term)?, term))).collect();
    // Within a rank the order of the alphabet stays.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, term)| term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Optimiser, Schedule};

    #[test]
    fn every_term_on_the_screen_has_an_entry() {
        let all = all();
        let has = |name: &str| all.iter().any(|term| term.name == name || term.also.contains(&name));
        let optimisers = Optimiser::all().into_iter().map(|optimiser| optimiser.title());
        let schedules = Schedule::all().into_iter().map(|schedule| schedule.title());
        let layers = LayerKind::all().into_iter().map(|kind| kind.about().title);
        for name in optimisers.chain(schedules).chain(layers) {
            assert!(has(name), "{name}");
        }
        for name in
            ["epoch", "train loss", "val loss", "val accuracy", "Learning rate", "Gradient", "NaN", "Breakpoint"]
        {
            assert!(search(&all, name).first().is_some_and(|term| term.words.len() > 10), "{name}");
        }
    }

    #[test]
    fn entries_are_short_sentences_and_there_is_one_of_each() {
        let all = all();
        for (i, term) in all.iter().enumerate() {
            assert!(term.words.ends_with('.') && (20..400).contains(&term.words.chars().count()), "{}", term.name);
            assert!(all[i + 1..].iter().all(|other| other.name != term.name), "{} twice", term.name);
        }
        assert!(all.is_sorted_by_key(|term| term.name.to_lowercase()));
    }

    #[test]
    fn the_name_that_is_typed_comes_first() {
        let all = all();
        let first = |typed: &str| search(&all, typed).first().map(|term| term.name);
        assert_eq!(first("lear"), Some("Learning rate"));
        assert_eq!(first("dying"), Some("Dead unit"));
        assert_eq!(first("neuron"), Some("Unit"));
        assert_eq!(search(&all, "").len(), all.len());
        assert!(search(&all, "xyzzy").is_empty());
    }
}
