//! Where the network's answer is compared with the truth.

use super::params::layer_params;
use super::*;
use crate::model::Task;

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

impl LossKind {
    /// Whether it asks which class is right, so that it has nothing to compare numbers with.
    pub fn compares_classes(self) -> bool {
        match self {
            Self::CrossEntropy | Self::BinaryCrossEntropy => true,
            Self::Auto | Self::Mse | Self::Mae | Self::Huber => false,
        }
    }
}

impl LayerSpec for Loss {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let Some(data) = data else { return Ok(Shape::default()) };
        let (got, task) = (&inputs[0], data.task);
        if !task.fits(self.loss) {
            return Err(unfit(self.loss, task));
        }
        let shapes = task.outputs(self.loss);
        if shapes.contains(got) {
            return Ok(Shape::default());
        }
        let wanted = task.width();
        let expected = shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        let mut fixes = Vec::new();
        let before_last = &got.0[..got.rank().saturating_sub(1)];
        if got.rank() > 0 && before_last.iter().copied().eq(task.positions()) {
            fixes.push(Fix::SetPrevious { key: "units", value: ParamValue::Int(wanted as i64) });
            fixes.push(Fix::InsertBefore(Dense { units: wanted, ..Dense::default() }.into()));
        } else if task.positions().is_none() {
            fixes.push(Fix::InsertBefore(Flatten {}.into()));
        }
        Err(Mismatch {
            expected,
            got: got.to_string(),
            why: format!("{}, so the network must have as many outputs.", task.sentence()),
            fixes,
        })
    }
}

/// A loss that has nothing to compare.
fn unfit(loss: LossKind, task: Task) -> Mismatch {
    Mismatch {
        expected: "a loss for numbers".into(),
        got: loss.title().into(),
        why: format!("{} is for classes, but this data has numbers as targets.", loss.title()),
        fixes: vec![Fix::Set { key: "loss", value: ParamValue::Text(task.usual_loss().key().into()) }],
    }
}
