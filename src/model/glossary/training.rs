//! How a network is trained: optimisers, schedules, stopping.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Adagrad",
        &["optimiser"],
        "w ← w − rate · g / √Σg²",
        "An optimiser whose step for each weight shrinks as its gradients accumulate. Good for rare inputs, but it \
            slows down over time.",
    ),
    term(
        "Adam",
        &["optimiser"],
        "w ← w − rate · m̂ / √v̂",
        "A good first choice of optimiser. It follows a running mean of the gradient, divided by its typical size, so \
            that all weights move at a similar pace.",
    ),
    term(
        "AdamW",
        &["optimiser"],
        "w ← w − rate · (m̂ / √v̂ + decay · w)",
        "Adam with weight decay applied directly to the weights instead of through the gradient.",
    ),
    term(
        "Alpha",
        &[],
        "v ← α · v + (1 − α) · g²",
        "In RMSprop: how slowly the running mean of squared gradients changes. In ELU and SELU: how far below zero the \
            curve goes.",
    ),
    term(
        "At most",
        &["limit"],
        "",
        "A maximum: the largest gradient before it is clipped, or the most samples read from a folder.",
    ),
    term(
        "Batch",
        &["batch size", "batches", "minibatch"],
        "",
        "The samples processed together in one step. Larger batches give steadier gradients and use the processor \
            better; smaller ones take more and noisier steps.",
    ),
    term(
        "Beta 1",
        &["β₁", "first moment"],
        "m ← β₁ · m + (1 − β₁) · g",
        "How slowly the running mean of the gradient changes: 0.9 looks back over about ten steps. It is the momentum \
            of Adam and its relatives.",
    ),
    term(
        "Beta 2",
        &["β₂", "second moment"],
        "v ← β₂ · v + (1 − β₂) · g²",
        "How slowly the running mean of squared gradients changes: 0.999 looks back over about a thousand steps. Adam \
            divides by its square root.",
    ),
    term(
        "Checkpoint",
        &["save", "safetensors"],
        "",
        "A snapshot of a run in a file: weights, optimiser state and position in the data, so that it can continue \
            exactly where it left off.",
    ),
    term(
        "Clipping",
        &["clip gradients", "gradient clipping", "clip"],
        "g ← g · max / ‖g‖",
        "Scales down gradients that are too large before the update, so that one bad batch can't throw the weights far \
            off.",
    ),
    term("Constant", &["schedule"], "", "A schedule that keeps the learning rate constant."),
    term(
        "Cooldown",
        &[],
        "",
        "In the On plateau schedule: epochs after a cut during which no further cut is considered, to give the network \
            time to settle.",
    ),
    term(
        "Cosine",
        &["schedule"],
        "rate · (1 + cos(π t / T)) / 2",
        "A schedule that lowers the learning rate along half a cosine: slowly at first, fast in the middle, slowly at the end.",
    ),
    term(
        "Cycle momentum",
        &["low momentum", "high momentum"],
        "",
        "In One cycle: moves the momentum opposite to the learning rate, low while the rate is high and high while it \
            is low.",
    ),
    term(
        "Early stopping",
        &["stop early", "stopping", "patience", "epochs to wait"],
        "",
        "Ends a run when the validation loss has not improved for a number of epochs, before the network starts to \
            memorise noise.",
    ),
    term("Epoch", &["epochs"], "", "One pass over the training data."),
    term(
        "Epsilon",
        &["ε"],
        "… / (√v + ε)",
        "A small number that prevents division by zero in optimisers and normalisation layers.",
    ),
    term("Every", &["step every"], "", "In the Step schedule: the number of steps between drops of the learning rate."),
    term(
        "Exponential",
        &["schedule"],
        "rate · factorᵗ",
        "A schedule that multiplies the learning rate by the same factor at every step.",
    ),
    term(
        "Factor",
        &[],
        "rate ← rate · factor",
        "A multiplier: of the learning rate at each drop of a schedule, or of rows and columns in Upsample.",
    ),
    term("Floor", &["minimum rate"], "", "The share of the learning rate that a schedule leaves at the end."),
    term(
        "Initial weights",
        &["initialiser", "init", "initial value", "Glorot", "He", "LeCun", "orthogonal"],
        "",
        "How weights are initialised, usually with random numbers. Their size matters: too small and signals fade, too \
            large and they explode.",
    ),
    term(
        "Keep best",
        &["keep the best", "best weights"],
        "",
        "Restores the weights of the epoch with the lowest validation loss when a run ends.",
    ),
    term(
        "L1 penalty",
        &["regularisation", "L1"],
        "L + strength · Σ|w|",
        "Adds the absolute value of every weight to the loss, which drives unneeded ones to exactly zero. Set it for \
            all layers in Training, or for one in its settings.",
    ),
    term(
        "L2 penalty",
        &["regularisation", "L2"],
        "L + strength · Σw²",
        "Adds the square of every weight to the loss, which keeps weights small and boundaries smooth. Unlike weight \
            decay, it is part of the loss.",
    ),
    term(
        "Learning rate",
        &["lr", "step size"],
        "w ← w − rate · g",
        "How far each step moves the weights. Too high and the loss jumps or becomes NaN; too low and training takes \
            for ever. The first setting to tune.",
    ),
    term(
        "Minimum gain",
        &["min delta", "minimum cut"],
        "",
        "How much better than the best so far a result must be to count as an improvement, for early stopping and the \
            On plateau schedule. Smaller changes count as noise.",
    ),
    term(
        "Lion",
        &["optimiser"],
        "w ← w − rate · sign(m)",
        "An optimiser that uses only the sign of a running mean of the gradient. Needs a smaller learning rate than \
            Adam.",
    ),
    term(
        "Moment",
        &["moments", "optimiser state"],
        "",
        "What an optimiser stores for each weight between steps, such as running means of the gradient.",
    ),
    term(
        "Momentum",
        &[],
        "v ← momentum · v + g",
        "Keeps moving in the direction of earlier steps, like a rolling ball: faster along valleys, steadier across \
            them.",
    ),
    term("Momentum decay", &[], "", "In NAdam: how quickly the momentum grows from half of beta 1 to all of it."),
    term("NAdam", &["optimiser"], "", "Adam with Nesterov momentum, which looks one step ahead."),
    term(
        "Nesterov",
        &["Nesterov momentum"],
        "",
        "Momentum that looks ahead: the gradient is taken where the momentum is about to carry the weights.",
    ),
    term(
        "On plateau",
        &["schedule", "reduce on plateau", "plateau"],
        "",
        "A schedule that lowers the learning rate when the validation loss has stopped improving.",
    ),
    term(
        "One cycle",
        &["schedule"],
        "",
        "A schedule that raises the learning rate to its peak and lowers it again, once over the whole run.",
    ),
    term(
        "Optimiser",
        &["optimizer", "update"],
        "",
        "The rule that turns gradients into weight updates: SGD, Adam and others.",
    ),
    term("Rate decay", &["lr decay"], "rate / (1 + decay · steps)", "In Adagrad: how quickly the learning rate falls."),
    term(
        "Regularisation",
        &["regularization"],
        "",
        "Anything that discourages overfitting: dropout, L1 and L2 penalties, weight decay, early stopping.",
    ),
    term(
        "Rise",
        &["three phases", "linear"],
        "",
        "In One cycle: the share of the steps during which the learning rate rises. It rises and falls along half \
            cosines or straight lines, with an optional third phase that fades it out.",
    ),
    term(
        "RMSprop",
        &["RMSProp", "optimiser"],
        "w ← w − rate · g / √v",
        "An optimiser that divides each step by the recent size of the gradient.",
    ),
    term(
        "Row weight",
        &["sample weight", "row weights", "survey weight"],
        "L = mean of w · loss of the row",
        "How much a row of a table counts in the loss, as one of its columns says: 2 as much as two such rows, 0 not at \
            all. Accuracy and R² count every row once.",
    ),
    term(
        "Schedule",
        &["learning rate schedule"],
        "",
        "How the learning rate changes during a run. Lowering it towards the end lets the weights settle.",
    ),
    term(
        "Seed",
        &["random seed", "chance", "random"],
        "",
        "The number that all randomness comes from: initial weights, sample order, dropout. The same seed gives the \
            same run, bit for bit.",
    ),
    term(
        "SGD",
        &["stochastic gradient descent", "optimiser"],
        "w ← w − rate · g",
        "The simplest optimiser: a step against the gradient, with or without momentum.",
    ),
    term(
        "Start divisor",
        &["end divisor"],
        "first rate = peak rate / divisor",
        "In One cycle: the first learning rate is the peak divided by this, and the last is the first divided by the \
            end divisor.",
    ),
    term(
        "Initial sum",
        &["initial accumulator"],
        "",
        "In Adagrad: the initial value of the sum of squared gradients. Larger values make the first steps smaller.",
    ),
    term(
        "Step",
        &["steps", "iteration", "schedule"],
        "",
        "One batch: forward, loss, backward, update. As a schedule: the learning rate drops by a factor at regular \
            intervals.",
    ),
    term(
        "Update",
        &["update phase", "Δw"],
        "w ← w − rate · …",
        "The last part of a step: the optimiser moves every weight according to its gradient. As a column: how far, \
            relative to the size of the weights; about 0.1 % is typical.",
    ),
    term(
        "Warm-up",
        &["warm-up steps"],
        "",
        "The first steps, during which the learning rate rises from 0 to its full value, so that early, noisy \
            gradients do no harm.",
    ),
    term(
        "Watch",
        &["watched"],
        "",
        "What the On plateau schedule monitors after every epoch: the validation loss, which should fall, or the \
            score, which should rise. In the debugger: the list of values kept in view.",
    ),
    term(
        "Weight decay",
        &["decay"],
        "w ← w − rate · decay · w",
        "Shrinks every weight a little at each step, which keeps the network simple. It isn't part of the loss. AdamW \
            and Lion shrink the weights directly; the other optimisers add decay · w to the gradient, which with SGD \
            equals an L2 penalty of half the size.",
    ),
];
