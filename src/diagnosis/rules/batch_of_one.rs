//! Batch norm over a single sample.
//!
//! Over one number the mean is the number itself: everything becomes 0. PyTorch refuses it. For pictures the mean is
//! over all positions, and nothing is said.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{LayerKind, TrainingSpec};

/// What is put in its place.
const USUAL: usize = 32;

pub static RULE: Rule = Rule {
    id: "batch-of-one",
    title: "Batch norm over one sample",
    when: When::BeforeTraining,
    fires: "A batch norm of a row gets batches of 1 sample; a warning where only the last batch of an epoch has 1.",
    why: "A fact of the settings: the mean of one number is that number, so 0 leaves the layer.",
    source: "PyTorch refuses it (Expected more than 1 value per channel when training)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let is_norm_of_rows = |layer: &&&crate::model::Layer| {
        matches!(layer.kind, LayerKind::BatchNorm(_))
            && network.size(layer.id) == network.shape(layer.id).map(|s| s.0[0])
    };
    let layers = network.layers();
    let Some(norm) = layers.iter().find(is_norm_of_rows) else { return Vec::new() };
    let (batch, samples) = (case.training.batch_size, case.data.train);
    let last = samples % batch.max(1);
    let (severity, words) = match (batch.min(samples), last) {
        (1, _) => (
            Severity::Serious,
            format!(
                "{} gets one sample at a time. The mean of one number is that number, so only 0 leaves it.",
                norm.name
            ),
        ),
        (_, 1) => (
            Severity::Warning,
            format!(
                "The last batch of every epoch has a single sample, of which {} makes 0 only: once per epoch a step \
                 teaches nonsense.",
                norm.name
            ),
        ),
        _ => return Vec::new(),
    };
    let larger = (batch + 1..=samples).find(|batch| samples % batch != 1);
    let batch_size = if batch == 1 { USUAL } else { larger.unwrap_or(samples) };
    let training = TrainingSpec { batch_size, ..case.training.clone() };
    let finding = Finding::new(&RULE, severity, Place::Setting("training.batch_size"), words)
        .with("batch size", batch as f64)
        .with("samples in the last batch of an epoch", if last == 0 { batch.min(samples) } else { last } as f64);
    vec![finding.remedy(Remedy::training(format!("Set the batch size to {batch_size}"), training))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};
    use crate::model::layer::BatchNorm;

    fn planted(batch: usize, norm: bool) -> (Planted, Vec<Finding>) {
        let norm = norm.then(|| BatchNorm::default().into());
        let layers = [vec![dense(8)], norm.into_iter().collect(), vec![dense(2)]].concat();
        let planted = Planted::new(layers, points(1.0, 0.0)).trained(|training| training.batch_size = batch);
        let found = judge(&planted.case());
        (planted, found)
    }

    #[test]
    fn batches_of_one_and_a_last_one_of_one_are_told() {
        let (project, found) = planted(1, true);
        assert_eq!((found[0].severity, &found[0].place), (Severity::Serious, &Place::Setting("training.batch_size")));
        assert!(judge(&project.with(&found[0].remedies[0]).case()).is_empty());
        // 200 samples: the last batch of 199 has one.
        let (project, found) = planted(199, true);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(judge(&project.with(&found[0].remedies[0]).case()).is_empty());
        assert!(planted(32, true).1.is_empty() && planted(1, false).1.is_empty());
    }
}
