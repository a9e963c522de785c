//! What our machine computes, recorded: answers to validation samples, the first step's loss and gradients in single
//! precision, and ten steps in double precision.

use super::{ExportError, machine, named};
use crate::data::order::EpochOrder;
use crate::data::{Batch, Dataset, augment};
use crate::engine::{EngineError, Machine, Precision, Role, Snapshot};
use crate::files::{NamedTensor, Values};
use crate::model::{Project, TrainingSpec};

/// Validation samples that are answered.
const ANSWERED: usize = 64;
/// Steps that are recorded.
const STEPS: usize = 10;

/// The recordings, with tensors as `called` names them:
///
/// | name | what |
/// | --- | --- |
/// | `f32/answers` | what arrives at the main Loss, for the first validation samples, while predicting |
/// | `f32/loss` | of the first step, without penalties |
/// | `f32/grad/NAME` | of the first step, with penalties, before clipping |
/// | `rows/I` | training samples of step I, from 0 |
/// | `f64/losses` | of each step, before its update |
/// | `f64/after/NAME` | parameters and running statistics after the last step |
pub fn record(
    project: &Project,
    dataset: &Dataset,
    first: &Snapshot,
    called: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<NamedTensor>, ExportError> {
    let mut all = Vec::new();
    let batches = batches(project, dataset)?;
    let mut single = machine(project, dataset, Precision::F32)?;
    single.restore_parameters(first)?;
    let shown = dataset.shown();
    let rows: Vec<u32> = (0..shown.len().min(ANSWERED) as u32).collect();
    let answers = single.predict(&shown.fetch(&rows)?.inputs, rows.len())?;
    let width = answers.len() / rows.len().max(1);
    all.push(NamedTensor { name: "f32/answers".into(), dims: vec![rows.len(), width], values: Values::F32(answers) });
    if let Some((_, batch)) = batches.first() {
        single.run_step(batch)?;
        all.extend(gradients(&single, called)?);
    }
    let mut double = machine(project, dataset, Precision::F64)?;
    double.restore_parameters(first)?;
    let mut losses = Vec::new();
    for (i, (rows, batch)) in batches.iter().enumerate() {
        losses.push(double.run_step(batch)?.loss);
        let rows = rows.iter().map(|&row| f64::from(row)).collect();
        all.push(row_of(format!("rows/{i}"), rows));
    }
    all.push(row_of("f64/losses".into(), losses));
    let after = double.snapshot()?;
    all.extend(named(&after, &|ours| called(ours).map(|theirs| format!("f64/after/{theirs}"))));
    Ok(all)
}

fn row_of(name: String, numbers: Vec<f64>) -> NamedTensor {
    NamedTensor { name, dims: vec![numbers.len()], values: Values::F64(numbers) }
}

fn gradients(machine: &Machine, called: &dyn Fn(&str) -> Option<String>) -> Result<Vec<NamedTensor>, ExportError> {
    let program = machine.program();
    let loss = program.data_loss.ok_or_else(|| EngineError::NotComputed("loss".into()))?;
    let (_, loss) = machine.read_f64(loss)?;
    let mut all = vec![NamedTensor { name: "f32/loss".into(), dims: vec![], values: Values::F64(loss) }];
    for (&of, &gradient) in &program.gradients {
        let Some(value) = program.value(of).filter(|value| value.role == Role::Parameter) else { continue };
        if let Some(theirs) = called(&value.name) {
            let (dims, numbers) = machine.read_f64(gradient)?;
            all.push(NamedTensor { name: format!("f32/grad/{theirs}"), dims, values: Values::F64(numbers) });
        }
    }
    Ok(all)
}

/// The first batches of a run, with their rows.
fn batches(project: &Project, dataset: &Dataset) -> Result<Vec<(Vec<u32>, Batch)>, ExportError> {
    let (len, size) = (dataset.train.len(), project.training.batch_size.max(1));
    let (mut all, mut epoch, mut cursor) = (Vec::new(), 0, 0);
    while all.len() < STEPS && len > 0 {
        let order = EpochOrder::new(crate::data::order::Algorithm::default(), project.training.seed, epoch, len);
        while all.len() < STEPS && cursor < len {
            let rows = order.rows(cursor..(cursor + size).min(len));
            cursor += rows.len();
            let mut batch = dataset.train.fetch(&rows)?;
            let TrainingSpec { augmentation, seed, .. } = &project.training;
            augment(&mut batch, &dataset.input_shape, dataset.truth.task, augmentation, *seed, epoch);
            all.push((rows, batch));
        }
        (epoch, cursor) = (epoch + 1, 0);
    }
    Ok(all)
}
