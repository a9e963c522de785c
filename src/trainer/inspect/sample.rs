//! One sample of the batch: what every layer makes of it, the gradients that come back, what the network answers and
//! how wrong that is, and what of the input matters.

use std::ops::Range;
use std::sync::Arc;

use super::step_of;
use crate::data::{Dataset, Truth, mixture};
use crate::engine::{Machine, ValueId};
use crate::model::Task;
use crate::trace::{Gates, SampleAnswer, SampleLayer, SampleRecord, TensorRecord};
use crate::trainer::run::Run;

/// Numbers that a sentence names.
const NAMED: usize = 4;

/// What of a sample is asked for beside its way through the layers.
pub struct Asked {
    pub row: usize,
    pub saliency: bool,
    pub worst: bool,
}

/// `machine`: the run's own, or one that probes it.
pub fn record(run: &Run, machine: &Machine, asked: &Asked) -> Result<SampleRecord, String> {
    let (program, rows) = (machine.program(), machine.batch_len());
    if rows == 0 || machine.read(program.input).is_err() {
        return Err("No batch is loaded yet. Run one instruction first.".into());
    }
    let row = asked.row.min(rows - 1);
    let graph = &*run.project().graph.unfolded();
    let current = |id: ValueId| Some(id).filter(|&id| machine.is_current(id));
    let row_of_current = |id: ValueId| current(id).and_then(|id| row_of(machine, id, row).ok());
    let layers = graph.topological_order().into_iter().filter_map(|id| graph.layer(id)).filter_map(|layer| {
        let &output = program.layer_outputs.get(&layer.id).filter(|id| **id != program.input)?;
        let value = row_of_current(output);
        let gradient = program.gradients.get(&output).filter(|_| value.is_some()).and_then(|&id| row_of_current(id));
        let output = program.name(output).to_owned();
        Some(SampleLayer { layer: layer.id, name: layer.id.title(&layer.name), output, value, gradient })
    });
    let known = current(program.output).filter(|_| program.loss.is_some());
    let answered = |rows| answers(run.dataset(), machine, rows);
    Ok(SampleRecord {
        step: machine.step() + u64::from(machine.is_in_step()),
        row,
        rows,
        sample: machine.batch_rows().get(row).copied(),
        input: row_of(machine, program.input, row)?,
        truth: Targets::of(machine)?.truth(run.dataset(), machine.task(), row),
        answer: known.map(|_| answered(row..row + 1)).transpose()?.and_then(|mut answers| answers.pop()),
        layers: layers.collect(),
        saliency: asked.saliency.then(|| input_gradient(run, machine, row)),
        worst: known.filter(|_| asked.worst).map(|_| worst_first(answered(0..rows)?)).transpose()?,
    })
}

fn worst_first(mut answers: Vec<SampleAnswer>) -> Result<Arc<[SampleAnswer]>, String> {
    answers.sort_by(SampleAnswer::worse_first);
    Ok(answers.into())
}

/// What the network says of some rows of the batch, from its outputs as they stand.
pub fn answers(dataset: &Dataset, machine: &Machine, rows: Range<usize>) -> Result<Vec<SampleAnswer>, String> {
    let (program, answer) = (machine.program(), machine.answer());
    let losses = machine.row_losses(rows.clone()).map_err(|error| error.to_string())?;
    let read = |id: ValueId| machine.read(id).map_err(|error| error.to_string());
    let (outputs, targets) = (read(program.output)?.data, Targets::of(machine)?);
    let width = outputs.len() / machine.batch_len().max(1);
    let answered = rows.zip(losses).map(|(row, loss)| {
        let (outputs, target) = (&outputs[row * width..(row + 1) * width], targets.own(row));
        let of_class = dataset.classes().filter(|_| machine.task().classes().is_some()).map(|classes| {
            let class = answer.class(outputs);
            (class, class_name(classes, class), answer.shares(outputs).get(class).copied())
        });
        let predicted = of_class.as_ref().map(|(_, name, _)| name.clone());
        SampleAnswer {
            row,
            sample: machine.batch_rows().get(row).copied(),
            truth: targets.truth(dataset, machine.task(), row),
            predicted: predicted.unwrap_or_else(|| match machine.task() {
                Task::Input(_) => plain_numbers(outputs),
                _ => numbers(&dataset.truth, outputs),
            }),
            share: of_class.as_ref().and_then(|(_, _, share)| *share),
            is_probability: answer.is_probability(),
            is_right: of_class.map(|(class, _, _)| target.first() == Some(&(class as f32))),
            loss,
        }
    });
    Ok(answered.collect())
}

/// What a batch is to be answered with.
struct Targets {
    /// Numbers of one.
    each: usize,
    own: Arc<[f32]>,
    /// Where samples are mixed: the share of each, and the targets of whom it is mixed with.
    mixed: Option<[Arc<[f32]>; 2]>,
}

impl Targets {
    fn of(machine: &Machine) -> Result<Self, String> {
        let read = |id: ValueId| machine.read(id).map(|found| found.data).map_err(|error| error.to_string());
        let own = read(machine.program().target)?;
        let mixed = match machine.program().mixed {
            None => None,
            Some([shares, partners]) => Some([read(shares)?, read(partners)?]),
        };
        Ok(Self { each: own.len() / machine.batch_len().max(1), own, mixed })
    }

    /// Of one sample, which of a mixture is the larger part.
    fn own(&self, row: usize) -> &[f32] {
        self.part(&self.own, row)
    }

    fn part<'a>(&self, all: &'a [f32], row: usize) -> &'a [f32] {
        all.get(row * self.each..(row + 1) * self.each).unwrap_or_default()
    }

    /// "cat", and of a mixture "70 % cat, 30 % dog".
    fn truth(&self, dataset: &Dataset, task: Task, row: usize) -> String {
        let own = named(dataset, self.own(row));
        let words = match &self.mixed {
            None => own,
            Some([shares, partners]) => {
                let share = shares.get(row).copied().unwrap_or(1.0);
                mixture(share, &own, &named(dataset, self.part(partners, row))).join(", ")
            }
        };
        match task {
            Task::Input(_) => format!("the input itself ({words})"),
            _ => words,
        }
    }
}

/// A target in the words of the data.
fn named(dataset: &Dataset, target: &[f32]) -> String {
    match (dataset.classes(), target.first()) {
        (Some(classes), Some(&class)) => class_name(classes, class as usize),
        _ => numbers(&dataset.truth, target),
    }
}

fn class_name(classes: &[String], class: usize) -> String {
    classes.get(class).cloned().unwrap_or_else(|| class.to_string())
}

/// As the data has them, before they were scaled.
fn numbers(truth: &Truth, scaled: &[f32]) -> String {
    let values: Vec<_> = scaled.iter().take(NAMED + 1).enumerate().map(|(i, &v)| truth.unit(i).value(v)).collect();
    plain_numbers(&values)
}

fn plain_numbers(values: &[f32]) -> String {
    let mut named: Vec<_> = values.iter().take(NAMED).map(|&v| crate::trace::significant(v.into(), 4)).collect();
    named.extend((values.len() > NAMED).then(|| "…".to_owned()));
    named.join(", ")
}

/// One row of a batched value, without the batch axis.
fn row_of(machine: &Machine, id: ValueId, row: usize) -> Result<TensorRecord, String> {
    let name = machine.program().name(id);
    cut(super::record(machine, id, name)?, row, step_of(machine, id))
}

fn cut(whole: TensorRecord, row: usize, step: u64) -> Result<TensorRecord, String> {
    let each = whole.dims.iter().skip(1).product::<usize>();
    let data = whole.data.get(row * each..(row + 1) * each);
    let data = data.ok_or_else(|| format!("{} has no row {row}.", whole.name))?;
    let (dims, axes) = (whole.dims[1..].to_vec(), whole.axes.get(1..).unwrap_or_default().to_vec());
    let gates = whole.gates.and_then(|gates| Some(Gates { axis: gates.axis.checked_sub(1)?, ..gates }));
    Ok(TensorRecord { name: whole.name, dims, axes, gates, step, data: data.into() })
}

fn input_gradient(run: &Run, machine: &Machine, row: usize) -> Result<TensorRecord, String> {
    let found = machine.input_gradient(&run.project().graph, &run.dataset().signature());
    let found = found.map_err(|error| error.to_string())?;
    let found = found.ok_or("The input is a list of indices, which have no gradient.")?;
    let input = machine.program().input;
    let whole = TensorRecord {
        name: format!("d{}", machine.program().name(input)),
        dims: found.dims,
        axes: super::axes(machine.program(), input),
        gates: None,
        step: machine.step(),
        data: found.data,
    };
    cut(whole, row, machine.step() + u64::from(machine.is_in_step()))
}
