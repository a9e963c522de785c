//! Group normalisation (Wu and He, 2018).

use super::params::{float, int, layer_params};
use super::*;

layer_params! {
    /// As PyTorch's `nn.GroupNorm`, on rows and pictures.
    pub struct GroupNorm {
        groups (card): usize = 4, int(1, 4096), "Groups", "How many groups the channels are divided into. 1 normalises \
            all channels together; one group per channel normalises each by itself (instance norm).";
        epsilon: f64 = 1e-5, float(1e-12, 1.0), "Epsilon", "A small number added to the variance to prevent division \
            by zero.";
    }
}

static ABOUT: About = About {
    title: "Group norm",
    group: Group::Normalisation,
    tagline: "per group of channels",
    help: "Normalises each group of adjacent channels of a sample to mean 0 and standard deviation 1, then applies a \
        learned scale and shift per channel. Independent of the other samples, so it works well with small batches.",
    formula: "y = γ · (x - mean) / √(variance + ε) + β",
    glyph: "N",
    inputs: Inputs::One,
    has_output: true,
};

/// The largest number up to `most` that divides all of `sizes`.
pub(super) fn common_divisor(sizes: &[usize], most: usize) -> usize {
    (1..=most).rev().find(|n| sizes.iter().all(|size| size % n == 0)).unwrap_or(1)
}

impl LayerSpec for GroupNorm {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn infer(&self, inputs: &[Shape], _data: Option<&DataSignature>) -> Result<Shape, Mismatch> {
        let channels = inputs[0].0.first().copied().unwrap_or(0);
        if !matches!(inputs[0].rank(), 1 | 3) {
            return Err(Mismatch {
                expected: "a row of numbers or an image".into(),
                got: inputs[0].to_string(),
                why: "Group norm works on the features of a row or the channels of an image.".into(),
                fixes: vec![Fix::InsertBefore(Flatten {}.into())],
            });
        }
        if channels % self.groups == 0 {
            return Ok(inputs[0].clone());
        }
        let fit = common_divisor(&[channels], self.groups);
        Err(Mismatch {
            expected: format!("channels divisible into {} groups", self.groups),
            got: format!("{channels} channels"),
            why: "All groups must have the same number of channels.".into(),
            fixes: vec![Fix::Set { key: "groups", value: ParamValue::Int(fit as i64) }],
        })
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<Weight> {
        let channels = inputs[0].0.first().copied().unwrap_or(1);
        vec![Weight::new("weight", [channels], &["channel"]), Weight::new("bias", [channels], &["channel"])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_must_divide_the_channels() {
        let layer = GroupNorm::default();
        assert_eq!(layer.infer(&[Shape(vec![8, 3, 3])], None).unwrap().0, [8, 3, 3]);
        let refused = layer.infer(&[Shape(vec![6, 3, 3])], None).unwrap_err();
        assert_eq!(refused.fixes, [Fix::Set { key: "groups", value: ParamValue::Int(3) }]);
        assert!(layer.infer(&[Shape(vec![8, 3])], None).is_err());
    }
}
