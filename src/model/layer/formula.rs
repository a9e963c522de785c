//! A layer whose function the user types.

use super::params::layer_params;
use super::*;

layer_params! {
    /// Any expression of `x`, applied to every number; compiled to ordinary operations and differentiated like them.
    pub struct Formula {
        expression (card): String = "x * sigmoid(1.702 * x)".into(), ParamKind::Text, "Formula", "An expression in x, \
            applied to every value. Operators + - * / ^, and functions such as exp, log, sqrt, abs, sin, cos, tanh, \
            sigmoid, relu, softplus, erf, min, max.";
    }
}

static ABOUT: About = About {
    title: "Formula",
    group: Group::Core,
    tagline: "your own",
    help: "Write your own function. It is applied to every value and shown step by step in the debugger, and its \
        gradient is derived for you.",
    formula: "y = your formula",
    glyph: "ƒ",
    inputs: Inputs::One,
    has_output: true,
};

impl LayerSpec for Formula {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        match crate::expr::parse_elementwise(&self.expression) {
            Ok(_) => Ok(inputs[0].clone()),
            Err(error) => Err(Mismatch {
                expected: "an expression in x".into(),
                got: format!("{:?}", self.expression),
                why: error.to_string(),
                fixes: vec![Fix::Set { key: "expression", value: ParamValue::Text("x".into()) }],
            }),
        }
    }
}
