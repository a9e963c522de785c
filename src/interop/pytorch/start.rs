//! How weights start, in the words of `nn.init`.

use super::super::code::python;
use crate::model::layer::Initialiser;

/// A line that fills a weight. `he` and `lecun`: the fan-in of PyTorch's definition is ours.
pub fn fill(weight: &str, initialiser: Initialiser, value: f64) -> String {
    let with = |call: &str, more: &str| format!("nn.init.{call}({weight}{more})");
    match initialiser {
        Initialiser::GlorotUniform => with("xavier_uniform_", ""),
        Initialiser::GlorotNormal => with("xavier_normal_", ""),
        Initialiser::HeUniform => with("kaiming_uniform_", ", nonlinearity=\"relu\""),
        Initialiser::HeNormal => with("kaiming_normal_", ", nonlinearity=\"relu\""),
        // Gain 1: variance 1 / fan-in.
        Initialiser::LeCunUniform => with("kaiming_uniform_", ", nonlinearity=\"linear\""),
        Initialiser::LeCunNormal => with("kaiming_normal_", ", nonlinearity=\"linear\""),
        Initialiser::Orthogonal => with("orthogonal_", ""),
        Initialiser::Zeros => with("zeros_", ""),
        Initialiser::Constant => with("constant_", &format!(", {}", python::float(value))),
    }
}

/// A line that fills a bias.
pub fn zeros(bias: &str) -> String {
    format!("nn.init.zeros_({bias})")
}
