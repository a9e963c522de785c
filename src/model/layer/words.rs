//! What people call a layer who do not know its name yet, and which layers they need first.

use super::LayerKind;

/// Enough for the first networks; the other kinds stand behind these.
const FIRST: [&str; 8] = ["dense", "flatten", "dropout", "relu", "tanh", "sigmoid", "conv2d", "max_pool2d"];

impl LayerKind {
    /// Whether a beginner's palette shows it.
    pub fn is_first(&self) -> bool {
        FIRST.contains(&self.key())
    }

    /// Other words that a search finds it by.
    pub fn aliases(&self) -> &'static [&'static str] {
        match self.key() {
            "input" => &["input layer", "data", "features"],
            "dense" => &[
                "hidden layer",
                "output layer",
                "neuron",
                "unit",
                "fully connected",
                "linear",
                "perceptron",
                "MLP",
                "weights",
            ],
            "block" => &["group", "repeat", "stack", "module", "subnetwork", "sequential", "stage", "loop"],
            "formula" => &["expression", "custom", "lambda", "function"],
            "flatten" => &["row of pixels", "unroll", "vector"],
            "reshape" => &["view", "dimensions"],
            "gaussian_noise" => &["regularisation", "regularization", "jitter", "augmentation", "random"],
            "zero_pad1d" | "zero_pad2d" => &["padding", "border", "margin"],
            "crop1d" | "crop2d" => &["cropping", "cut", "border"],
            "dropout" => &["spatial dropout", "regularisation", "regularization", "overfitting"],
            "relu" | "leaky_relu" | "prelu" | "elu" | "selu" | "gelu" | "silu" | "hard_swish" | "mish" | "softplus"
            | "tanh" | "hard_tanh" | "sigmoid" | "hard_sigmoid" | "thresholded_relu" => {
                &["activation function", "nonlinearity", "non-linearity", "squash", "swish"]
            }
            "capped_relu" => &["activation function", "nonlinearity", "ReLU6", "clip"],
            "softmax" | "log_softmax" => &["activation function", "probabilities", "classes"],
            "conv2d" | "depthwise_conv2d" | "separable_conv2d" => {
                &["filter", "kernel", "feature map", "CNN", "convolution", "picture", "image"]
            }
            "conv_transpose2d" => &["deconvolution", "filter", "kernel", "upsampling", "decoder"],
            "upsample" => &["resize", "enlarge", "upsampling", "interpolation"],
            "conv1d" => &["filter", "kernel", "CNN", "convolution", "time series", "causal", "dilated", "TCN"],
            "max_pool2d" | "avg_pool2d" | "global_avg_pool" | "adaptive_avg_pool2d" => {
                &["pooling", "downsample", "subsample", "shrink"]
            }
            "max_pool1d" | "avg_pool1d" => &["pooling", "downsample", "subsample", "shrink", "time series"],
            "embedding" => &["lookup table", "word vectors", "tokens", "characters"],
            "positional_encoding" => &["transformer", "position embedding", "order"],
            "multi_head_attention" => &["transformer", "self-attention", "attention", "query", "key", "value"],
            "lstm" | "gru" | "simple_rnn" => &["RNN", "recurrent", "memory", "time series", "sequence"],
            "permute" => &["transpose", "swap axes"],
            "slice" => &["crop", "select", "last step"],
            "mean_over" | "max_over" => &["reduce", "pooling", "axis"],
            "batch_norm" | "layer_norm" | "group_norm" | "instance_norm" | "rms_norm" => {
                &["normalisation", "normalization", "standardise", "scale"]
            }
            "add" => &["residual", "skip connection", "shortcut", "sum", "merge"],
            "multiply" => &["gate", "product", "merge"],
            "subtract" => &["difference", "minus", "merge"],
            "average" => &["mean", "ensemble", "vote", "merge"],
            "maximum" | "minimum" => &["maxout", "largest", "smallest", "merge"],
            "concat" => &["concatenate", "join", "stack", "merge"],
            "loss" => &["error", "cost", "objective", "target", "cross-entropy", "MSE", "output layer"],
            _ => &[],
        }
    }

    /// Whether these words are about it: all of them, each in its names or in what it says of itself.
    pub fn is_called(&self, words: &str) -> bool {
        let about = self.about();
        let own = [about.title, about.tagline, about.group.title(), self.key()];
        let all: Vec<String> = own.iter().chain(self.aliases()).map(|text| text.to_lowercase()).collect();
        // "neurons" is a neuron.
        let single =
            |word: &str| word.strip_suffix('s').filter(|one| one.len() > 2 && !one.ends_with('s')).map(str::to_owned);
        let has = |word: &str| all.iter().any(|text| text.contains(word));
        words.to_lowercase().split_whitespace().all(|word| has(word) || single(word).is_some_and(|one| has(&one)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Vec<&'static str> {
        LayerKind::all().iter().filter(|kind| kind.is_called(words)).map(LayerKind::key).collect()
    }

    #[test]
    fn layers_are_found_by_what_people_call_them() {
        for (words, key) in [
            ("hidden layer", "dense"),
            ("Neurons", "dense"),
            ("hidden layers", "dense"),
            ("neuron", "dense"),
            ("filter", "conv2d"),
            ("pooling", "max_pool2d"),
            ("skip connection", "add"),
            ("transformer", "multi_head_attention"),
            ("memory", "lstm"),
        ] {
            assert!(found(words).contains(&key), "{words}: {:?}", found(words));
        }
        assert!(found("xyzzy").is_empty());
        assert_eq!(found("").len(), LayerKind::all().len());
    }

    #[test]
    fn every_layer_has_other_names_and_a_beginner_sees_eight() {
        let all = LayerKind::all();
        assert!(all.iter().all(|kind| !kind.aliases().is_empty()));
        assert_eq!(all.iter().filter(|kind| kind.is_first()).count(), FIRST.len());
    }
}
