//! What stands around the network in the window.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Branch",
        &["branches", "fork", "history"],
        "",
        "A run that was split in two: both share the past, and each goes on by itself, with settings of its own. A change at an earlier step begins one, so that what came after stays. Branches are kept with their run.",
    ),
    term(
        "Breakpoint",
        &["breakpoints", "condition", "stop"],
        "",
        "A place or a condition at which training stops, so that you can look: before an instruction, at a NaN, or when an expression such as loss > 2 holds.",
    ),
    term(
        "Canvas",
        &["minimap", "palette"],
        "",
        "The middle of the window, where the network is drawn: cards are layers, lines are wires. Layers come from the palette at the left.",
    ),
    term(
        "Curves",
        &["plots", "plot", "chart"],
        "",
        "How loss, score and learning rate went, step by step. Scroll to zoom, drag to move; the pointer reads all curves at one step.",
    ),
    term(
        "Debugger",
        &["debug", "step into", "step over"],
        "",
        "Stops training between two instructions, shows every number of the step, goes back and forth, and lets you change one and go on.",
    ),
    term(
        "Device",
        &["CPU", "CUDA", "GPU", "processor"],
        "",
        "What does the computing: the processor, with some of its threads, or a graphics card.",
    ),
    term(
        "Gradient flow",
        &["gradient norm", "flow"],
        "‖g‖ = √Σg²",
        "The size of the gradient in each layer, side by side: whether the signal that layers learn from fades or grows on its way back from the loss.",
    ),
    term(
        "Histogram",
        &["histograms", "distribution"],
        "",
        "How often numbers of each size occur: every bar counts those that fall between its ends.",
    ),
    term(
        "Inspector",
        &["settings"],
        "",
        "The panel at the right: the settings of what is selected on the canvas, and of training.",
    ),
    term(
        "Instruction",
        &["listing", "program", "op"],
        "",
        "One operation of the program that a network is compiled to. The debugger stops between two of them.",
    ),
    term(
        "Logarithmic axis",
        &["log", "log scale"],
        "",
        "An axis on which equal distances are equal ratios: 0.1, 1, 10 stand equally far apart. Small losses can be told from each other on it.",
    ),
    term("Mean", &["average"], "Σx / n", "The sum of numbers divided by how many there are."),
    term(
        "Memory",
        &["RAM"],
        "",
        "What training takes at once, beside the data: parameters, what the optimiser keeps of each, and the values of one batch.",
    ),
    term(
        "Norm",
        &["Euclidean norm", "L2 norm"],
        "√Σx²",
        "The length of numbers taken together: the root of the sum of their squares.",
    ),
    term(
        "Play",
        &["pause", "run", "train", "training"],
        "",
        "Lets the network learn, step after step, until you pause it or the last epoch is over; Play then goes on. The space bar does the same.",
    ),
    term(
        "Reset",
        &["start over", "new seed"],
        "",
        "Back to step 0 with the same initial weights: the same run again. A new seed draws other weights and another order of samples.",
    ),
    term(
        "Runs",
        &["compare", "run table"],
        "",
        "Every training of this project from its start, with its settings, curves and weights. The tab Compare puts them side by side.",
    ),
    term(
        "Smoothing",
        &["smooth", "exponential moving average"],
        "s ← w · s + (1 − w) · value",
        "Draws a running mean of a jumpy curve, with the raw one faint behind it.",
    ),
    term(
        "Speed",
        &["pace", "slow motion"],
        "",
        "How fast steps follow each other. At the right end training runs as fast as it can; further left each step can be watched.",
    ),
    term(
        "Standard deviation",
        &["std", "spread", "deviation"],
        "√(Σ(x − mean)² / n)",
        "How far numbers typically are from their mean.",
    ),
    term(
        "Undo",
        &["redo", "history of changes"],
        "",
        "Takes back the last change to network, data or settings; redo brings it again. What training has learnt stays, where it still fits.",
    ),
    term(
        "Zeros",
        &["zero"],
        "",
        "The share of numbers that are exactly 0. A unit that is 0 for every sample gets no gradient: it is dead.",
    ),
];
