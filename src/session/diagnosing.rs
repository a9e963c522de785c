//! A run made ready for diagnosis: trained for some steps in memory, or gone on with as it was kept, and asked what the
//! rules ask.

use crate::diagnosis::{Records, asked};
use crate::model::Task;
use crate::trace::{Curves, Weights};
use crate::trainer::{Run, RunError, whole_output};

/// Steps that a run is trained for where nobody says how many: enough for most rules.
pub const STEPS: u64 = 200;
/// Training samples that are asked once more at the end.
const MOST_ASKED: usize = 20_000;

/// Trains a fresh run for so many steps, until it ends or a number is none. `each` is told of every completed step.
pub fn watch(run: &mut Run, steps: u64, each: &mut dyn FnMut(u64)) -> Result<Records, RunError> {
    let mut curves = Curves { metric: run.task().metric(), ..Curves::default() };
    while run.machine().step() < steps && run.finished().is_none() {
        let row = run.step()?;
        curves.append(std::slice::from_ref(&row), &[]);
        run.take_summary().into_iter().for_each(|summary| curves.summaries.push(summary));
        each(row.step);
        if let Some(found) = run.machine().first_not_finite().cloned() {
            return Ok(Records { not_finite: Some(found), ..unasked(run, curves) });
        }
        if row.epoch_done {
            let scores = run.evaluate()?;
            run.judge(&scores)?;
            curves.append(&[], &[scores]);
        }
    }
    recorded(run, curves, None)
}

/// What is known of a run where it stands, with the curves that were kept of it. `broke_at`: the step at which its loss
/// was found to be no number.
pub fn recorded(run: &Run, curves: Curves, broke_at: Option<u64>) -> Result<Records, RunError> {
    let dataset = run.dataset();
    let is_asked = dataset.train.len() <= MOST_ASKED;
    let train = if is_asked { Some(run.evaluate_part(&dataset.train)?) } else { None };
    let validation = if dataset.validation.is_empty() { None } else { Some(run.evaluate()?) };
    let readings = run.read(&asked())?;
    Ok(Records { train, validation, predicted: predicted(run)?, broke_at, readings, ..unasked(run, curves) })
}

fn unasked(run: &Run, curves: Curves) -> Records {
    let origin = &run.history().origin;
    Records {
        steps: run.machine().step(),
        steps_per_epoch: run.steps_per_epoch(),
        batch: run.batch_size(),
        is_fresh: origin.weights == Weights::Fresh && origin.earlier.is_none(),
        curves,
        ..Records::default()
    }
}

/// How often each class was answered over the validation set; empty for other tasks.
fn predicted(run: &Run) -> Result<Vec<usize>, RunError> {
    let Task::Classes(classes) = run.task() else { return Ok(Vec::new()) };
    let mut counts = vec![0; classes];
    for prediction in whole_output(run)?.predictions {
        if let Some(count) = counts.get_mut(prediction.predicted as usize) {
            *count += 1;
        }
    }
    Ok(counts)
}
