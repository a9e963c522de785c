//! What stands around the network in the window.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Branch",
        &["branches", "fork", "history"],
        "",
        "An alternative continuation of a run: branches share their past, then continue separately, each with its own \
            settings. Changing something at an earlier step starts one, so that the later steps are kept. Branches are \
            saved with their run.",
    ),
    term(
        "Breakpoint",
        &["breakpoints", "condition", "stop"],
        "",
        "A place or condition at which training stops so that you can look inside: before an instruction, at a NaN, or \
            when an expression such as loss > 2 is true.",
    ),
    term(
        "Canvas",
        &["minimap", "palette"],
        "",
        "The middle of the window, where you build the network: cards are layers, lines are wires. Add layers from the \
            palette on the left.",
    ),
    term(
        "Curves",
        &["plots", "plot", "chart"],
        "",
        "Loss, score and learning rate over the steps. Scroll to zoom, drag to pan; the pointer reads all curves at \
            one step.",
    ),
    term(
        "Debugger",
        &["debug", "step into", "step over"],
        "",
        "Stops training between two instructions, shows every value of the step, goes back and forth, and lets you \
            change values and continue.",
    ),
    term(
        "Device",
        &["CPU", "CUDA", "GPU", "processor"],
        "",
        "The hardware that runs the computation: the processor, with a number of threads, or a graphics card.",
    ),
    term(
        "Gradient flow",
        &["gradient norm", "flow"],
        "‖g‖ = √Σg²",
        "The size of the gradient in each layer, side by side. It shows whether the learning signal fades or grows on \
            its way back from the loss.",
    ),
    term(
        "Histogram",
        &["histograms", "distribution"],
        "",
        "How often values of each size occur: every bar counts the values within its range.",
    ),
    term(
        "Inspector",
        &["settings"],
        "",
        "The panel on the right: settings of what is selected on the canvas, and of training.",
    ),
    term(
        "Instruction",
        &["listing", "program", "op"],
        "",
        "One operation of the program that a network is compiled to. The debugger can stop between any two.",
    ),
    term(
        "Logarithmic axis",
        &["log", "log scale"],
        "",
        "An axis on which equal distances are equal ratios: 0.1, 1 and 10 are equally far apart, so small losses stay \
            distinguishable.",
    ),
    term("Mean", &["average"], "Σx / n", "The sum of values divided by how many there are."),
    term(
        "Memory",
        &["RAM"],
        "",
        "What training needs, excluding the data: parameters, optimiser state and the values of one batch.",
    ),
    term(
        "Norm",
        &["Euclidean norm", "L2 norm"],
        "√Σx²",
        "The length of a vector: the square root of the sum of its squared values.",
    ),
    term(
        "Play",
        &["pause", "run", "train", "training"],
        "",
        "Trains the network, step after step, until you pause it or the last epoch is over. Press Play again to train \
            on. The space bar does the same.",
    ),
    term(
        "Reset",
        &["start over", "new seed"],
        "",
        "Back to step 0 with the same initial weights, for the same run again. A new seed gives different weights and \
            a different sample order.",
    ),
    term(
        "Runs",
        &["compare", "run table"],
        "",
        "Every time you trained this project from the start, with settings, curves and weights. The Compare tab shows \
            runs side by side.",
    ),
    term(
        "Smoothing",
        &["smooth", "exponential moving average"],
        "s ← w · s + (1 − w) · value",
        "Shows a running mean of a noisy curve, with the raw curve faint behind it.",
    ),
    term(
        "Speed",
        &["pace", "slow motion"],
        "",
        "How fast training runs: fully right as fast as possible, further left slow enough to follow each step.",
    ),
    term(
        "Standard deviation",
        &["std", "spread", "deviation"],
        "√(Σ(x − mean)² / n)",
        "How far values typically are from their mean.",
    ),
    term(
        "Undo",
        &["redo", "history of changes"],
        "",
        "Undoes the last change to network, data or settings; redo repeats it. Trained weights are kept where they \
            still fit.",
    ),
    term(
        "Zeros",
        &["zero"],
        "",
        "The share of values that are exactly 0. A unit that is 0 for every sample gets no gradient: it is dead.",
    ),
];
