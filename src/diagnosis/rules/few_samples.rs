//! Far more weights than the samples could tell.
//!
//! The classical ten samples a weight fires on nearly every network that works: drawn digits are learnt with 60 weights
//! a sample. Here a hundred weights for each number that samples are to teach, fewer than 500 samples, and nothing that
//! holds the weights in check.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Dropout, GaussianNoise};
use crate::model::{EarlyStopping, LayerKind, Optimiser, ParamValue, TrainingSpec};

/// Weights for each number that is to be learnt.
const LIMIT: f64 = 100.0;
/// With more samples than this nothing is said.
const MANY: usize = 500;
/// Epochs without an improvement that the remedy waits.
const PATIENCE: usize = 10;

pub static RULE: Rule = Rule {
    id: "few-samples",
    title: "Few samples for many weights",
    when: When::BeforeTraining,
    fires: "There are fewer than 500 training samples, more than 100 trained weights for each number in their targets, and \
        neither dropout, noise, L1, L2, weight decay, augmentation nor early stopping.",
    why: "Ten samples for each weight, the classical rule, fires on networks that generalise well. With a hundred weights \
        for each answer and nothing that holds them in check, the samples can simply be learnt by heart.",
    source: "CS231n (20 samples without regularisation reach a loss of 0); Zhang et al., Understanding deep learning \
        requires rethinking generalization (2017)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let (samples, weights) = (case.data.train, case.network.parameter_count());
    let answers = samples * case.network.task().target().len().max(1);
    let each = weights as f64 / answers.max(1) as f64;
    if samples >= MANY || each <= LIMIT || is_held(case) {
        return Vec::new();
    }
    let words = format!(
        "{weights} weights are to be learnt from {samples} samples. So many can hold all of them by heart, and then say \
         little about new ones."
    );
    let early_stopping = Some(EarlyStopping { patience: PATIENCE, min_delta: 0.0 });
    let stopped = TrainingSpec { early_stopping, keep_best: true, ..case.training.clone() };
    let finding = Finding::new(&RULE, Severity::Warning, Place::Data, words)
        .beyond("weights for each number to learn", each, LIMIT)
        .with("training samples", samples as f64)
        .remedy(Remedy::training("Stop early and keep the best weights", stopped))
        .remedy(Remedy::by_hand("Use fewer units, dropout or L2, or more samples"));
    vec![finding]
}

/// Whether anything keeps weights from learning by heart.
fn is_held(case: &Case) -> bool {
    let decay = match case.training.optimiser {
        Optimiser::Sgd { weight_decay, .. }
        | Optimiser::Adam { weight_decay, .. }
        | Optimiser::AdamW { weight_decay, .. }
        | Optimiser::RmsProp { weight_decay, .. }
        | Optimiser::Adagrad { weight_decay, .. }
        | Optimiser::NAdam { weight_decay, .. }
        | Optimiser::Lion { weight_decay, .. } => weight_decay,
    };
    let is_penalised = |kind: &LayerKind| {
        let is_on = |key| matches!(kind.spec().param(key), Some(ParamValue::Float(factor)) if factor > 0.0);
        is_on("l1") || is_on("l2")
    };
    let holds = |kind: &LayerKind| match kind {
        LayerKind::Dropout(Dropout { rate, .. }) => *rate > 0.0,
        LayerKind::GaussianNoise(GaussianNoise { .. }) => true,
        kind => is_penalised(kind),
    };
    let training = case.training;
    let is_set = decay > 0.0 || training.early_stopping.is_some() || training.augmentation.is_active();
    is_set || case.network.layers().iter().any(|layer| holds(&layer.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points};
    use crate::model::layer::Activation;

    fn planted(units: usize) -> Planted {
        Planted::new(
            vec![activated(units, Activation::Relu), activated(units, Activation::Relu), dense(2)],
            points(1.0, 0.0),
        )
    }

    #[test]
    fn many_weights_for_few_samples_are_told_until_something_holds_them() {
        let wide = planted(256);
        let found = judge(&wide.case());
        assert!(found[0].words.contains("from 200 samples"), "{}", found[0].words);
        assert!(judge(&wide.with(&found[0].remedies[0]).case()).is_empty());
        assert!(judge(&planted(64).case()).is_empty(), "23 weights a sample");
    }
}
