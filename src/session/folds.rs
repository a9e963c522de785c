//! Training a project once for each fold of its data: every sample validates once, and the scores have a mean and a
//! spread. Each fold is a run of its own that is kept beside the project.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::checkpoint;
use super::keeping::now_secs;
use crate::data::{self, NoProgress};
use crate::engine::Device;
use crate::engine::ranking::overall;
use crate::model::{Fold, Metric, Project};
use crate::persist::RunFolder;
use crate::trace::{Curves, Ending, KEPT, Pace, RunCard};
use crate::trainer::{Kept, Run, Stop};

/// What is trained.
pub struct FoldCourse<'a> {
    /// The network, its data and settings.
    pub project: &'a Project,
    /// The folder that relative paths of it start from.
    pub base: &'a Path,
    /// How many folds.
    pub of: usize,
    /// What the runs are called, before their number.
    pub name: &'a str,
    /// What computes.
    pub device: Device,
}

/// A fold that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldResult {
    /// Counted from 1.
    pub number: usize,
    /// The row of its run; without an id until it is kept.
    pub card: RunCard,
    /// What its scores are.
    pub scores: FoldScores,
}

/// Scores over the part that validated, with the weights that the run ended with, or the best where they are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldScores {
    /// Samples that they are over.
    pub samples: usize,
    /// Over the samples that it was trained on.
    pub train_loss: f64,
    /// Validation loss.
    pub loss: f64,
    /// Accuracy or R².
    pub score: f64,
    /// What it is.
    pub metric: Metric,
    /// Mean area under the ROC curve; `None` for numbers.
    pub roc: Option<f64>,
    /// And under the precision-recall curve.
    pub precision_recall: Option<f64>,
}

/// How far a fold is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FoldProgress {
    /// Counted from 1.
    pub number: usize,
    /// Of its steps, 0 to 1.
    pub share: f64,
}

/// Mean and standard deviation (of a sample: divided by one less) of some numbers.
pub fn mean_and_spread(numbers: &[f64]) -> (f64, f64) {
    let n = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (mean, if numbers.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}

/// "wide, fold 2 of 5"
pub fn fold_name(name: &str, number: usize, of: usize) -> String {
    if name.is_empty() { format!("fold {number} of {of}") } else { format!("{name}, fold {number} of {of}") }
}

/// What runs of folds are called before their number: the first name that no run has yet.
pub fn free_name<'a>(of: usize, names: impl Iterator<Item = &'a str> + Clone) -> String {
    let is_free = |name: &str| (1..=of).all(|number| !names.clone().any(|there| there == fold_name(name, number, of)));
    let numbered = (2..).map(|number| format!("again {number}"));
    let all = [String::new(), "again".into()].into_iter().chain(numbered);
    all.into_iter().find(|name| is_free(name)).unwrap_or_default()
}

/// Trains one fold after the other. `go_on` is told how far it is, and says whether somebody still wants them; `done`
/// is given each that is over, with the run to be kept. Errors are sentences.
pub fn train_folds(
    course: &FoldCourse,
    go_on: &mut dyn FnMut(FoldProgress) -> bool,
    done: &mut dyn FnMut(FoldResult, Kept) -> Result<(), String>,
) -> Result<(), String> {
    for number in 1..=course.of {
        match train_fold(course, number, go_on)? {
            Some((result, kept)) => done(result, kept)?,
            None => break,
        }
    }
    Ok(())
}

/// Keeps the run of a fold among the others, which gives it an id.
pub fn keep(folder: &RunFolder, result: &mut FoldResult, kept: &Kept) -> Result<(), String> {
    let card = &mut result.card;
    card.id = folder.claim([]).map_err(|error| error.to_string())?;
    checkpoint::save(&folder.checkpoint(&card.id), &card.project, kept)?;
    folder.write(card).map_err(|error| error.to_string())
}

fn train_fold(
    course: &FoldCourse,
    number: usize,
    go_on: &mut dyn FnMut(FoldProgress) -> bool,
) -> Result<Option<(FoldResult, Kept)>, String> {
    let mut project = course.project.clone();
    project.data.fold = Some(Fold { number, of: course.of });
    let dataset = data::load(&project.data, course.base, &NoProgress).map_err(|error| error.message)?;
    let told = |error: crate::trainer::RunError| error.to_string();
    let mut run = Run::new(&project, Arc::new(dataset), course.device.clone()).map_err(told)?;
    let (began, began_secs) = (Instant::now(), now_secs());
    let mut curves = Curves { metric: run.task().metric(), ..Curves::default() };
    let all = (run.steps_per_epoch() * run.training().epochs as u64).max(1) as f64;
    let mut ending = Ending::Done;
    while run.finished().is_none() {
        if !go_on(FoldProgress { number, share: run.machine().step() as f64 / all }) {
            return Ok(None);
        }
        let row = run.step().map_err(told)?;
        curves.append(std::slice::from_ref(&row), &[]);
        if curves.train_loss.len() >= 2 * KEPT {
            curves = curves.thinned();
        }
        run.take_summary().into_iter().for_each(|summary| curves.summaries.push(summary));
        if !row.loss.is_finite() {
            ending = Ending::NotFinite { step: row.step };
            break;
        }
        if row.epoch_done {
            let scores = run.evaluate().map_err(told)?;
            run.judge(&scores).map_err(told)?;
            curves.append(&[], &[scores]);
        }
    }
    if matches!(run.finished(), Some(Stop::Early { .. })) {
        ending = Ending::Early;
    }
    curves.pace.push(Pace { step: run.machine().step(), epoch: run.epoch(), seconds: began.elapsed().as_secs_f64() });
    let mut card = RunCard {
        name: fold_name(course.name, number, course.of),
        began_secs,
        project: run.project().clone(),
        ending,
        steps: run.machine().step(),
        epochs: run.epoch(),
        device: run.machine().device().to_string(),
        ..RunCard::default()
    };
    card.read_curves(&curves);
    let kept = Kept::new(run.save().map_err(told)?, curves);
    // Behind what is kept: the run can go on from its last step.
    run.restore_best().map_err(told)?;
    Ok(Some((FoldResult { number, card, scores: scores(&run).map_err(told)? }, kept)))
}

fn scores(run: &Run) -> Result<FoldScores, crate::trainer::RunError> {
    let (train, validation) = (run.evaluate_part(&run.dataset().train)?, run.evaluate()?);
    let areas = run.ranking()?.map(|(ranking, _)| overall(&ranking.areas));
    Ok(FoldScores {
        samples: run.dataset().validation.len(),
        train_loss: train.loss,
        loss: validation.loss,
        score: validation.score,
        metric: run.task().metric(),
        roc: areas.and_then(|areas| areas.roc),
        precision_recall: areas.and_then(|areas| areas.precision_recall),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::templates;

    #[test]
    fn the_spread_is_that_of_a_sample() {
        assert_eq!(mean_and_spread(&[1.0, 2.0, 3.0, 4.0]), (2.5, (5.0f64 / 3.0).sqrt()));
        assert_eq!(mean_and_spread(&[2.0]), (2.0, 0.0));
    }

    #[test]
    fn names_are_those_that_no_run_has() {
        let free = |names: &[&str]| free_name(3, names.iter().copied());
        assert_eq!(free(&[]), "");
        assert_eq!(free(&["Run 1", "fold 2 of 5"]), "");
        assert_eq!(free(&["fold 2 of 3"]), "again");
        assert_eq!(free(&["fold 2 of 3", "again, fold 1 of 3"]), "again 2");
    }

    #[test]
    fn each_fold_is_a_run_that_is_kept_and_somebody_can_stop() {
        let mut project = templates::build("xor").unwrap();
        project.training.epochs = 2;
        let folder = tempfile::tempdir().unwrap();
        let runs = RunFolder::at(folder.path().to_path_buf());
        let course = FoldCourse { project: &project, base: Path::new(""), of: 3, name: "", device: Device::Cpu };
        let mut found = Vec::new();
        let mut done = |mut result: FoldResult, kept: Kept| {
            keep(&runs, &mut result, &kept)?;
            found.push(result);
            Ok(())
        };
        train_folds(&course, &mut |_| true, &mut done).unwrap();
        let (cards, problems) = runs.list();
        assert_eq!((cards.len(), problems.len(), found.len()), (3, 0, 3));
        assert!(cards.iter().all(|card| card.ending == Ending::Done && card.epochs == 2.0), "{cards:?}");
        assert_eq!(found.iter().map(|fold| fold.scores.samples).sum::<usize>(), 500);
        // What is kept is a run like any other.
        let second = cards.iter().find(|card| card.name == "fold 2 of 3").unwrap();
        let (kept, run) = checkpoint::load(&runs.checkpoint(&second.id)).unwrap();
        assert_eq!((kept.data.fold, run.saved.now.step), (Some(Fold { number: 2, of: 3 }), second.steps));
        let mut calls = 0;
        let mut stopped = Vec::new();
        let mut go_on = |progress: FoldProgress| {
            calls += 1;
            progress.number < 2
        };
        let mut done = |result, _| {
            stopped.push(result);
            Ok(())
        };
        train_folds(&course, &mut go_on, &mut done).unwrap();
        assert_eq!(stopped.len(), 1);
        assert_eq!(stopped[0].scores, found[0].scores, "by the seed, to the bit");
        assert_ne!(found[0].scores.loss, found[1].scores.loss, "each fold is another");
    }
}
