//! What stands in front of batch norm and should not: a bias, and dropout.
//!
//! NeuraLint finds both in code. Batch norm subtracts the mean, and with it any bias before it; dropout changes the
//! variance between training and prediction, which batch norm has recorded (Li et al., 2018). Facts of the network.

use crate::diagnosis::{Case, Finding, Place, Promise, Remedy, Rule, Severity, When};
use crate::model::{Edit, Layer, LayerKind, ParamValue};

pub static BIAS: Rule = Rule {
    id: "bias-before-norm",
    title: "Bias before batch norm",
    when: When::BeforeTraining,
    fires: "A layer with a bias and without activation feeds only a batch norm.",
    why: "A fact of the network. It costs memory and time, and no accuracy: a note.",
    source: "NeuraLint (bias before batch normalisation); Ioffe and Szegedy (2015), section 3.2",
    follows: &[],
    asks: &[],
    judge: judge_bias,
};

pub static DROPOUT: Rule = Rule {
    id: "dropout-before-norm",
    title: "Dropout before batch norm",
    when: When::BeforeTraining,
    fires: "A dropout with a rate above 0 feeds a batch norm, with at most reshaping, a Dense or a Conv layer between them.",
    why: "A fact of the network. Behind further layers the effect fades, so only the nearest are looked at.",
    source: "NeuraLint (dropout before batch normalisation); Li et al. (2018) on the variance shift between dropout \
        and batch norm",
    follows: &[],
    asks: &[],
    judge: judge_dropout,
};

fn judge_bias(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let found = network.layers().into_iter().filter(|layer| layer.id == layer.id.drawn()).filter_map(|layer| {
        let has_bias = layer.kind.spec().param("bias") == Some(ParamValue::Bool(true));
        let next = network.next(layer.id).filter(|next| matches!(next.kind, LayerKind::BatchNorm(_)))?;
        let is_useless = has_bias && layer.kind.activation().is_none();
        is_useless.then(|| {
            let words = format!(
                "The bias of {} is subtracted again by {}, which has a shift of its own.",
                layer.name, next.name
            );
            let edit = Edit::SetParam { layer: layer.id, key: "bias".into(), value: ParamValue::Bool(false) };
            let finding = Finding::new(&BIAS, Severity::Note, Place::Layer(layer.id), words);
            finding.remedy(
                Remedy::edits(format!("Leave the bias out of {}", layer.name), vec![edit]).promising(Promise::Simpler),
            )
        })
    });
    found.collect()
}

fn judge_dropout(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let found = network.layers().into_iter().filter(|layer| layer.id == layer.id.drawn()).filter_map(|layer| {
        let LayerKind::Dropout(dropout) = &layer.kind else { return None };
        let mut next = network.next(layer.id)?;
        if matches!(next.kind, LayerKind::Dense(_) | LayerKind::Conv2d(_) | LayerKind::Conv1d(_)) {
            next = network.next(next.id)?;
        }
        let is_norm = matches!(next.kind, LayerKind::BatchNorm(_)) && dropout.rate > 0.0;
        is_norm.then(|| finding(layer, next, dropout.rate))
    });
    found.collect()
}

fn finding(dropout: &Layer, norm: &Layer, rate: f64) -> Finding {
    let words = format!(
        "{} makes the numbers spread more while training than when predicting, and {} has recorded how they spread while \
         training. So the network predicts with numbers of a size that it wasn't trained for.",
        dropout.name, norm.name
    );
    let label = format!("Delete {}", dropout.name);
    Finding::new(&DROPOUT, Severity::Warning, Place::Layer(dropout.id), words)
        .with("variance while training, in that when predicting", 1.0 / (1.0 - rate).max(1e-6))
        .remedy(Remedy::edits(label, vec![Edit::Remove(vec![dropout.id.drawn()])]))
        .remedy(Remedy::by_hand("Put dropout behind the last batch norm"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points};
    use crate::model::layer::{Activation, BatchNorm, Dense, Dropout};

    fn planted(layers: &[LayerKind], judge: fn(&Case) -> Vec<Finding>) -> usize {
        let planted = Planted::new(layers.to_vec(), points(1.0, 0.0));
        let found = judge(&planted.case());
        if let Some(first) = found.first() {
            assert!(judge(&planted.with(&first.remedies[0]).case()).is_empty(), "the remedy does not help");
        }
        found.len()
    }

    #[test]
    fn a_bias_that_batch_norm_subtracts_is_named() {
        let norm = || LayerKind::from(BatchNorm::default());
        let without = Dense { units: 8, bias: false, ..Dense::default() };
        assert_eq!(planted(&[dense(8), norm(), dense(2)], judge_bias), 1);
        assert_eq!(planted(&[without.into(), norm(), dense(2)], judge_bias), 0);
        assert_eq!(planted(&[activated(8, Activation::Relu), norm(), dense(2)], judge_bias), 0, "it bends first");
    }

    #[test]
    fn dropout_in_front_of_batch_norm_is_named() {
        let norm = || LayerKind::from(BatchNorm::default());
        let drop = || LayerKind::from(Dropout::default());
        assert_eq!(planted(&[activated(8, Activation::Relu), drop(), norm(), dense(2)], judge_dropout), 1);
        assert_eq!(planted(&[drop(), dense(8), norm(), dense(2)], judge_dropout), 1);
        assert_eq!(planted(&[dense(8), norm(), drop(), dense(2)], judge_dropout), 0);
    }
}
