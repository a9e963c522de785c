//! Where the network's answer is compared with the truth.

use super::params::layer_params;
use super::*;
use crate::model::Target;

layer_params! {
    /// The end of the network. Cross-entropy and binary cross-entropy take logits.
    pub struct Loss {
        loss (card): LossKind = LossKind::Auto, LossKind::kind(), "Loss", "How wrong the predictions are, as one \
            number. Training makes it smaller.";
    }
}

static ABOUT: About = About {
    title: "Loss",
    group: Group::Loss,
    tagline: "how wrong",
    help: "Compares the network's prediction with the truth and expresses the error as one number, the loss. Training \
        changes the weights to reduce it. A network needs exactly one.",
    formula: "L = mean error over the batch",
    glyph: "L",
    inputs: Inputs::One,
    has_output: false,
};

impl Loss {
    /// The loss in force for a target: `Auto` resolved.
    pub fn resolve(&self, target: Target) -> LossKind {
        match (self.loss, target) {
            (LossKind::Auto, Target::Classes(_) | Target::ClassesAt { .. }) => LossKind::CrossEntropy,
            (LossKind::Auto, Target::Numbers(_)) => LossKind::Mse,
            (chosen, _) => chosen,
        }
    }

    /// How many numbers must arrive (at each position). Two classes may also be told by a single logit, for all losses but cross-entropy.
    fn expects(&self, target: Target) -> Result<Vec<usize>, (String, LossKind)> {
        let kind = self.resolve(target);
        match (kind, target, target.classes()) {
            (LossKind::CrossEntropy | LossKind::BinaryCrossEntropy, Target::Numbers(_), _) => {
                Err((format!("{} is for classes, but this data has numbers as targets.", kind.title()), LossKind::Mse))
            }
            (_, Target::Numbers(n), _) => Ok(vec![n]),
            (LossKind::CrossEntropy, _, Some(n)) => Ok(vec![n]),
            (_, _, Some(2)) => Ok(vec![1, 2]),
            (_, _, classes) => Ok(classes.into_iter().collect()),
        }
    }
}

impl LayerSpec for Loss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let Some(data) = data else { return Ok(Shape::default()) };
        let got = &inputs[0];
        let lens = self.expects(data.target).map_err(|(why, instead)| Mismatch {
            expected: "a loss for numbers".into(),
            got: self.loss.title().into(),
            why,
            fixes: vec![Fix::Set { key: "loss", value: ParamValue::Text(instead.key().into()) }],
        })?;
        let shapes: Vec<Shape> =
            lens.iter().map(|&n| Shape(data.target.positions().into_iter().chain([n]).collect())).collect();
        if shapes.contains(got) {
            return Ok(Shape::default());
        }
        let wanted = lens[lens.len() - 1];
        let expected = shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let what = match data.target {
            Target::Classes(n) => format!("The data has {n} classes"),
            Target::ClassesAt { positions, classes } => {
                format!("The data has one of {classes} classes at each of {positions} positions")
            }
            Target::Numbers(n) => format!("The data has {n} target number{}", if n == 1 { "" } else { "s" }),
        };
        let mut fixes = Vec::new();
        let before_last = &got.0[..got.rank().saturating_sub(1)];
        if got.rank() > 0 && before_last.iter().copied().eq(data.target.positions()) {
            fixes.push(Fix::SetPrevious { key: "units", value: ParamValue::Int(wanted as i64) });
            fixes.push(Fix::InsertBefore(Dense { units: wanted, ..Dense::default() }.into()));
        } else if data.target.positions().is_none() {
            fixes.push(Fix::InsertBefore(Flatten {}.into()));
        }
        Err(Mismatch {
            expected,
            got: got.to_string(),
            why: format!("{what}, so the network must have as many outputs."),
            fixes,
        })
    }
}
