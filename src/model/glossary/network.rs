//! What a network is made of, and what happens in it.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Activation",
        &["activation function", "hidden activation"],
        "y = f(x)",
        "A simple function applied to every output of a layer. Without it, a stack of layers could only draw a \
            straight line.",
    ),
    term(
        "Autoencoder",
        &["reconstruction", "code", "codes", "bottleneck", "latent space", "plane of codes"],
        "",
        "A network that learns to give back its input through a layer with few units. What leaves that layer is the \
            code of a sample: all that is needed to draw it again.",
    ),
    term(
        "Axis",
        &["axes", "drop the axis", "dimension"],
        "",
        "One dimension of a tensor: the rows or columns of a table, the channels of an image, the steps of a sequence. \
            Axes are counted from 1, without the batch.",
    ),
    term(
        "Backpropagation",
        &["backward pass", "backward phase"],
        "",
        "How gradients are computed: from the loss back through every layer, by the chain rule. Each layer receives \
            its gradient from the one after it.",
    ),
    term(
        "Bias",
        &[],
        "y = w · x + b",
        "A number added to a unit's weighted sum. It shifts the boundary the unit draws without rotating it.",
    ),
    term(
        "Both directions",
        &["bidirectional"],
        "",
        "A recurrent layer that also reads the sequence backwards, with separate weights, and joins both results side \
            by side.",
    ),
    term(
        "Causal",
        &["causal mask", "causal padding"],
        "",
        "Not seeing the future: in attention, a position sees only itself and those before it; in a 1-D \
            convolution, zeros are added only before the sequence, so that no output sees a later step.",
    ),
    term(
        "Channel",
        &["channels", "feature map"],
        "",
        "One plane of an image: red, green or blue, or what one filter of a convolution has found.",
    ),
    term(
        "Cap",
        &["ReLU6"],
        "y = min(max(0, x), cap)",
        "The largest output of Capped ReLU. With a cap of 6 it is called ReLU6.",
    ),
    term(
        "Convolution",
        &["convolutional", "conv", "CNN"],
        "y = kernel ∗ x + b",
        "A small window of weights slides over an image or a sequence and looks for the same pattern everywhere. It needs few weights, and what it learns in one corner it knows in all.",
    ),
    term(
        "Count padding",
        &["count_include_pad"],
        "",
        "In average pooling: whether the mean also counts the zeros of the padding. PyTorch counts them, Keras doesn't.",
    ),
    term("Cut off", &[], "", "In transposed convolution: rows and columns removed from each side of the output."),
    term(
        "Dead unit",
        &["dying ReLU", "dead"],
        "",
        "A unit that outputs zero for every sample. It gets no gradient, so it can't recover by itself. A lower \
            learning rate or Leaky ReLU helps.",
    ),
    term(
        "Deviation",
        &["standard deviation", "sigma"],
        "σ",
        "How far values typically are from their mean. About two thirds of normally distributed values are within one \
            standard deviation.",
    ),
    term(
        "Dilation",
        &[],
        "",
        "The spacing between the entries of a kernel. 2 skips every other pixel, covering a larger area with the same \
            number of weights.",
    ),
    term(
        "Embedding",
        &[],
        "",
        "A learned vector for each word or category, so that similar ones can be close together. A column of a table whose \
            role is embedding enters the network as one whole number for each category, which an Embedding layer looks up: \
            for columns with many categories.",
    ),
    term(
        "Encoding",
        &["positions"],
        "sin(t / 10000^(k/d))",
        "How a position becomes numbers: waves of different lengths, which need no training, or learned values. For a \
            table column: how its values become numbers.",
    ),
    term(
        "Every step",
        &["return sequences"],
        "",
        "Whether a recurrent layer outputs its result after every step, as a sequence, or only after the last one.",
    ),
    term(
        "Exploding gradient",
        &["diverging"],
        "",
        "Gradients that grow from layer to layer until they overflow. A lower learning rate, clipping or normalisation \
            helps.",
    ),
    term(
        "Filters",
        &["filter", "filters each", "depth multiplier"],
        "y = kernel ∗ x + b",
        "The patterns a convolution looks for. Each filter is a small window of weights that slides over the image; \
            what it finds is one channel of the output.",
    ),
    term(
        "Forward",
        &["forward pass", "forward phase", "inference"],
        "",
        "The first part of a step: the samples of the batch pass through the network, layer by layer, to give a \
            prediction.",
    ),
    term(
        "Frozen",
        &["freeze"],
        "",
        "A frozen layer keeps its weights. Gradients pass through it, but it isn't trained.",
    ),
    term(
        "Function",
        &["nonlinearity"],
        "",
        "The function applied to each new state of a recurrent layer. Tanh keeps it between −1 and 1.",
    ),
    term(
        "Gate function",
        &["recurrent activation"],
        "",
        "The function of an LSTM's or GRU's gates, between 0 (closed) and 1 (open): sigmoid, or its cheaper piecewise form.",
    ),
    term(
        "Gradient",
        &["slope", "grad", "derivative"],
        "∂L / ∂w",
        "How the loss would change if a value changed a little. Training moves every weight a small step against its \
            gradient.",
    ),
    term(
        "Groups",
        &["group"],
        "",
        "Independent sets of channels. In a convolution, groups need fewer weights; in group norm, each group is \
            normalised separately.",
    ),
    term(
        "Heads",
        &["head", "attention heads"],
        "",
        "Attention mechanisms working in parallel, each on an equal share of the features. Each can look for something \
            different.",
    ),
    term(
        "Health",
        &["health mark", "problem", "problems"],
        "",
        "The dot on a layer's card: green if its numbers are healthy, amber or red for a problem (vanishing, \
            saturated, dead, NaN), neutral if there isn't enough evidence.",
    ),
    term(
        "Hidden layer",
        &["layer", "layers", "node", "card"],
        "",
        "A layer takes numbers and computes new ones. Layers between input and output are called hidden, because the \
            data doesn't say what they should output. The usual one is a Dense layer of units.",
    ),
    term(
        "Keep the remainder",
        &["remainder", "ceil mode"],
        "",
        "In pooling: a remainder at the edge that is too small for a full window gets its own window instead of being \
            dropped.",
    ),
    term(
        "Kernel",
        &["window", "kernel size"],
        "",
        "The window of weights that a filter slides over an image or along a sequence: 3 means 3 rows and columns. In \
            pooling, the window that is reduced to one value.",
    ),
    term(
        "Length",
        &["start"],
        "",
        "In Slice: how many indices to keep, and from where (start). Negative numbers count from the end.",
    ),
    term(
        "Logits",
        &["raw scores"],
        "",
        "A network's raw score for each class, before softmax turns it into a probability. The larger, the more \
            probable.",
    ),
    term(
        "Mode",
        &["nearest", "bilinear"],
        "",
        "How Upsample fills new pixels: nearest copies the closest one, bilinear interpolates between neighbours, \
            which is smoother.",
    ),
    term(
        "NaN",
        &["not a number", "infinity"],
        "0 / 0",
        "“Not a number”: the result of 0 / 0, infinity minus infinity or the log of a negative number. It spreads to \
            everything computed from it, so training stops.",
    ),
    term(
        "Network",
        &["model", "neural network"],
        "",
        "Layers and the wires between them: a function with many weights, which training adjusts until it predicts \
            well.",
    ),
    term(
        "Order",
        &["permutation"],
        "",
        "In Permute: which input axis comes first, which second, and so on, counted from 1.",
    ),
    term(
        "Output padding",
        &[],
        "",
        "In transposed convolution: extra rows and columns at the bottom and right. They choose between the sizes that \
            a convolution would shrink to the same one.",
    ),
    term("Output rows", &["output columns"], "", "In adaptive pooling: the number of rows and columns of the output."),
    term(
        "Padding",
        &["pad", "same size"],
        "",
        "Zeros added around an image before a kernel slides over it. “Same size” keeps its size, “none” loses the \
            border, “custom” adds as many as you choose.",
    ),
    term("Parameter", &["parameters"], "", "A number that training adjusts: a weight or a bias."),
    term(
        "Slope",
        &["initial slope", "per channel"],
        "",
        "What Leaky ReLU and PReLU multiply negative values by. PReLU learns it, either one for all values or one per \
            channel.",
    ),
    term(
        "Rate",
        &["dropout rate"],
        "",
        "In dropout: the share of values set to zero at random in each step. Elsewhere, short for learning rate.",
    ),
    term(
        "Repetitions",
        &["repetition", "repeat"],
        "",
        "How many times the layers of a Block follow one another, each time with weights of their own. The output of \
            one repetition is the input of the next.",
    ),
    term(
        "Saturated",
        &["saturated unit", "saturating"],
        "",
        "A tanh or sigmoid unit whose output is at one of its limits, where the curve is flat and passes back almost \
            no gradient.",
    ),
    term(
        "Shape",
        &["dimensions", "tensor"],
        "",
        "The size of a tensor along each axis: 28 × 28 for a small image, 10 for ten classes.",
    ),
    term(
        "Softmax",
        &["probabilities"],
        "pᵢ = eˣⁱ / Σ eˣ",
        "Turns any values into probabilities: positive and adding up to 1.",
    ),
    term(
        "Steps before",
        &["steps after", "rows above", "rows below", "columns left", "columns right"],
        "",
        "In zero padding and cropping: how many are added or removed on each side.",
    ),
    term("Stride", &[], "", "How far a kernel or pooling window moves each time. 2 halves the width and height."),
    term(
        "Tensor",
        &[],
        "",
        "An array of numbers with any number of axes: a single number, a row, a table, a stack of images.",
    ),
    term(
        "Threshold",
        &["threshold of Thresholded ReLU"],
        "",
        "What values must exceed to count. Thresholded ReLU sets the others to 0; the On plateau schedule ignores \
            gains below its threshold.",
    ),
    term(
        "Unit",
        &["neuron", "units", "neurons"],
        "y = f(w · x + b)",
        "The part of a layer that computes one output: a weighted sum of the inputs, plus a bias, passed through the \
            activation. Also called a neuron.",
    ),
    term(
        "Vanishing gradient",
        &["vanishes"],
        "",
        "Gradients that shrink from layer to layer until the first layers hardly learn. ReLU, normalisation or skip \
            connections help.",
    ),
    term(
        "Vocabulary",
        &[],
        "",
        "How many distinct words, letters or categories an embedding knows, as whole numbers from 0.",
    ),
    term(
        "Weight",
        &["link", "connection weight"],
        "w · x",
        "A number that training adjusts: how much an input counts in a unit's sum. Blue is positive, orange negative; \
            the thicker the line, the larger the weight.",
    ),
    term(
        "Whole channels",
        &["spatial dropout"],
        "",
        "Dropout of whole channels of an image or features of a sequence. Neighbouring pixels are so similar that \
            dropping single ones hides little.",
    ),
    term("Width", &["embedding size"], "", "The length of the vector an embedding gives each word or category."),
    term(
        "Wire",
        &["connection", "from", "to", "carries", "takes", "gives"],
        "",
        "A connection from the output of one layer to the input of another. The shape of what it carries is written on \
            it.",
    ),
];
