//! Scores one by one: of several targets, of the classes of things, of several Losses.

use std::collections::BTreeMap;

use crate::cli::summary::{OneLoss, OneTarget};
use crate::data::Dataset;
use crate::engine::metrics::NumberScore;
use crate::model::Task;
use crate::model::boxes::Precision;
use crate::trainer::{Evaluation, Run};

/// Where several numbers are predicted.
pub fn of_targets(run: &Run) -> anyhow::Result<Vec<OneTarget>> {
    let names = &run.dataset().truth.names;
    if !matches!(run.task(), Task::Numbers(2..)) {
        return Ok(Vec::new());
    }
    let of = |(name, one): (&String, NumberScore)| OneTarget { name: name.clone(), r2: one.r2, rmse: one.rmse };
    Ok(names.iter().zip(run.number_scores()?).map(of).collect())
}

/// Average precision at an overlap of half.
pub fn of_classes(dataset: &Dataset, precision: &Precision) -> BTreeMap<String, f64> {
    let all = dataset.truth.names.iter().zip(precision.of_classes());
    all.filter_map(|(name, of)| Some((name.clone(), of.ap50?))).collect()
}

/// Each Loss, where there are several.
pub fn losses(run: &Run, train: &Evaluation, validation: &Evaluation) -> Vec<OneLoss> {
    let of = |part: &Evaluation, layer| part.losses.iter().find(|(id, _)| *id == layer).map(|(_, loss)| *loss);
    let all = run.project().graph.losses().filter_map(|(layer, loss)| {
        let (train_loss, val_loss) = (of(train, layer.id)?, of(validation, layer.id)?);
        Some(OneLoss { name: layer.slug(), weight: loss.weight, train_loss, val_loss })
    });
    all.collect()
}
