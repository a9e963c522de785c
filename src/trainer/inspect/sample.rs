//! One sample of the batch: what every layer makes of it, the gradients that come back, and what of the input matters.

use super::step_of;
use crate::engine::{Machine, ValueId};
use crate::trace::{SampleLayer, SampleRecord, TensorRecord};
use crate::trainer::run::{Run, signature};

pub fn record(run: &Run, row: usize, saliency: bool) -> Result<SampleRecord, String> {
    let machine = run.machine();
    let (program, rows) = (machine.program(), machine.batch_len());
    if rows == 0 || machine.read(program.input).is_err() {
        return Err("No batch is loaded yet: go one instruction forward.".into());
    }
    let row = row.min(rows - 1);
    let graph = &run.project().graph;
    let mut layers = Vec::new();
    for layer in graph.topological_order().into_iter().filter_map(|id| graph.layer(id)) {
        let Some(&output) = program.layer_outputs.get(&layer.id).filter(|id| **id != program.input) else { continue };
        let Ok(value) = row_of(machine, output, row) else { continue };
        let gradient =
            program.gradients.get(&output).filter(|id| machine.is_current(**id) && machine.is_current(output));
        let gradient = gradient.and_then(|&id| row_of(machine, id, row).ok());
        layers.push(SampleLayer { layer: layer.id, name: layer.name.clone(), value, gradient });
    }
    Ok(SampleRecord {
        step: machine.step() + u64::from(machine.is_in_step()),
        row,
        rows,
        sample: machine.batch_rows().get(row).copied(),
        input: row_of(machine, program.input, row)?,
        target: row_of(machine, program.target, row)?,
        layers,
        saliency: saliency.then(|| input_gradient(run, row)),
    })
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
    Ok(TensorRecord { name: whole.name, dims, axes, step, data: data.into() })
}

fn input_gradient(run: &Run, row: usize) -> Result<TensorRecord, String> {
    let machine = run.machine();
    let found = machine.input_gradient(&run.project().graph, &signature(run.dataset()));
    let found = found.map_err(|error| error.to_string())?;
    let found = found.ok_or("The input is a list of indices: the loss has no slope in them.")?;
    let input = machine.program().input;
    let whole = TensorRecord {
        name: format!("d{}", machine.program().name(input)),
        dims: found.dims,
        axes: super::axes(machine.program(), input),
        step: machine.step(),
        data: found.data,
    };
    cut(whole, row, machine.step() + u64::from(machine.is_in_step()))
}
