//! What the debugger's panels look at, fetched whenever the run stands (and now and then while it goes on): whole
//! tensors with names for their axes, one number explained, all layers, one sample.
//!
//! Answers wishes ([`Inspection`]); changes nothing: the run stands afterwards where it stood.

mod axes;
pub(super) mod layers;
mod probe;
mod sample;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::debugger::{DebugError, Debugger, Moment};
use super::value::locate;
use crate::engine::{EngineError, Machine, Role, ValueId};
use crate::trace::{Element, Inspection, Probe, Reading, SampleRecord, Shares, Sight, TensorRecord};

pub use axes::{axes, gates};
pub use layers::record as all_layers;
pub use probe::Lens;

/// Elements told at most of what a hovered number read.
const MOST_READ: usize = 4096;
/// A tensor with more numbers is not copied for each number that the pointer passes.
const QUICK: usize = 1 << 21;

/// Everything that is wished for. While the run goes on (`still` is false) only what can be had where it is: no
/// travelling to other steps, no explanations.
pub fn sight(debugger: &mut Debugger, inspection: &Inspection, still: bool) -> Sight {
    let mut sight = Sight::default();
    debugger.watch_updates(inspection.layers);
    let lens = match Lens::of(debugger, inspection.probe.as_ref()) {
        Ok(lens) => lens,
        Err(why) => {
            sight.probe = Some(Err(why));
            Lens::plain(debugger)
        }
    };
    if let Some(machine) = lens.probe() {
        sight.probe = Some(Ok(machine.batch_len()));
    }
    for name in &inspection.tensors {
        match tensor(debugger, &lens, name) {
            Ok(record) => sight.tensors.push(record),
            Err(why) => sight.missing.push((name.clone(), why)),
        }
    }
    sight.sample = inspection.sample.map(|row| {
        let asked = sample::Asked { row, saliency: inspection.saliency, worst: inspection.worst };
        let record = sample::record(debugger.run(), lens.machine(debugger), &asked)?;
        Ok(Arc::new(SampleRecord { step: lens.step().unwrap_or(record.step), ..record }))
    });
    if still {
        sight.at_step = inspection.at_step.as_ref().map(|at| at_step(debugger, inspection.probe.as_ref(), at));
        if let Some(element) = &inspection.element {
            explain(debugger, &lens, element, inspection.nudge, &mut sight);
            sight.shares = inspection.shares.then(|| shares(lens.machine(debugger), element));
        }
        sight.hovered = inspection
            .hovered
            .as_ref()
            .and_then(|element| reading(debugger, &lens, element, inspection.element.as_ref()));
        if inspection.layers {
            measure_update(debugger);
        }
    }
    sight.layers = inspection.layers.then(|| Ok(Arc::new(layers::record(debugger))));
    sight
}

/// Of all that is wished for only the number under the pointer.
pub fn pointed(debugger: &mut Debugger, inspection: &Inspection) -> Option<Reading> {
    let element = inspection.hovered.as_ref().filter(|element| is_quick(debugger.machine(), &element.name))?;
    let lens = Lens::of(debugger, inspection.probe.as_ref()).ok()?;
    reading(debugger, &lens, element, inspection.element.as_ref())
}

/// A whole tensor where the run stands.
pub fn here(debugger: &Debugger, name: &str) -> Result<TensorRecord, String> {
    tensor(debugger, &Lens::plain(debugger), name)
}

/// A whole tensor, under the name that it was asked for.
fn tensor(debugger: &Debugger, lens: &Lens, name: &str) -> Result<TensorRecord, String> {
    let (machine, step) = (lens.machine(debugger), lens.step());
    let id = locate(machine.program(), name)?;
    if let Some(why) = lens.why_not(debugger, name) {
        return Err(why);
    }
    let record = record(machine, id, name)?;
    Ok(TensorRecord { step: step.unwrap_or(record.step), ..record })
}

fn record(machine: &Machine, id: ValueId, name: &str) -> Result<TensorRecord, String> {
    let tensor = machine.read(id).map_err(|error| match error {
        EngineError::NotComputed(_) => {
            DebugError::NotComputed { name: name.to_owned(), step: machine.step() + 1 }.to_string()
        }
        error => error.to_string(),
    })?;
    let axes = axes(machine.program(), id);
    let (gates, step) = (gates(machine.program(), id), step_of(machine, id));
    Ok(TensorRecord { name: name.to_owned(), dims: tensor.dims, axes, gates, step, data: tensor.data })
}

/// The step that a value belongs to, from 1: what is not computed again yet is of the step before.
fn step_of(machine: &Machine, id: ValueId) -> u64 {
    let current = machine.step() + u64::from(machine.is_in_step());
    if machine.is_in_step() && !machine.is_current(id) { current.saturating_sub(1) } else { current }
}

/// A tensor as it was after another step. The run stands afterwards where it stood.
pub fn at_step(
    debugger: &mut Debugger,
    probe: Option<&Probe>,
    (name, step): &(String, u64),
) -> Result<TensorRecord, String> {
    let (here, furthest, step) = (debugger.moment(), debugger.timeline().furthest, *step);
    if step > furthest {
        return Err(format!("The run hasn't reached step {step} yet: it is at step {furthest}."));
    }
    debugger.goto_step(step).map_err(|error| error.to_string())?;
    let found = Lens::of(debugger, probe).and_then(|lens| tensor(debugger, &lens, name));
    debugger.goto(here).map_err(|error| error.to_string())?;
    found.map(|record| TensorRecord { step, ..record })
}

/// How a number came about; a nudge that cannot be made is no reason not to explain it.
fn explain(debugger: &mut Debugger, lens: &Lens, element: &Element, nudge: bool, sight: &mut Sight) {
    let mut found = lens.explain(debugger, &element.name, &element.index);
    if let (Ok(explanation), true) = (&mut found, nudge) {
        match lens.nudge(debugger, &element.name, &element.index) {
            Ok(verdict) => explanation.verdict = Some(verdict),
            Err(why) => sight.unchecked = Some(why),
        }
    }
    sight.explanation = Some(found);
}

/// What the number under the pointer read, and where the explained tensor was made of it; nothing where that cannot be
/// told quickly.
fn reading(debugger: &mut Debugger, lens: &Lens, element: &Element, about: Option<&Element>) -> Option<Reading> {
    if !is_quick(debugger.machine(), &element.name) {
        return None;
    }
    let used = about.map(|about| used(lens.machine(debugger), element, about)).unwrap_or_default();
    let told = lens.explain(debugger, &element.name, &element.index).ok()?;
    let read = told.arithmetic.elements().into_iter().take(MOST_READ).map(|(read, _)| read.clone());
    let read = read.filter(|read| read != element).collect();
    Some(Reading { element: element.clone(), read, used: used.into() })
}

fn is_quick(machine: &Machine, name: &str) -> bool {
    let value = locate(machine.program(), name).ok().and_then(|id| machine.program().value(id));
    value.is_some_and(|value| {
        let samples = if value.shape.batched { machine.batch_len() } else { 1 };
        value.shape.dims.iter().product::<usize>().saturating_mul(samples) <= QUICK
    })
}

fn used(machine: &Machine, element: &Element, explained: &Element) -> Vec<Element> {
    let id = locate(machine.program(), &explained.name).ok().filter(|_| is_quick(machine, &explained.name));
    id.and_then(|id| machine.readers(id, &explained.index, element).ok()).unwrap_or_default()
}

/// The gradient that a wish about a parameter means.
fn gradient_of(machine: &Machine, name: &str) -> Result<ValueId, String> {
    let program = machine.program();
    let id = locate(program, name)?;
    match program.value(id).map(|value| value.role) {
        Some(Role::Gradient) => Ok(id),
        Some(Role::Parameter) => {
            let gradient = program.gradients.get(&id).copied();
            gradient.ok_or_else(|| format!("{name} isn't trained, so no sample contributes to it."))
        }
        _ => Err(format!("{name} is neither a weight nor the gradient of one.")),
    }
}

/// Of a weight, the terms of its gradient.
fn shares(machine: &Machine, element: &Element) -> Result<Shares, String> {
    let id = gradient_of(machine, &element.name)?;
    let dims = machine.program().value(id).map(|value| value.shape.dims.clone()).unwrap_or_default();
    let flat = super::value::offset(&element.name, &dims, &element.index)?;
    if !machine.is_current(id) {
        return Err(format!("The gradient of {} hasn't been computed yet in this step.", element.name));
    }
    let terms = machine.shares(id, flat).map_err(|error| error.to_string())?;
    let element = Element { name: machine.program().name(id).to_owned(), index: element.index.clone() };
    Ok(Shares { element, terms: terms.into() })
}

/// Passes through the last update once more where nobody had measured it.
fn measure_update(debugger: &mut Debugger) {
    let here = debugger.moment();
    if here.step == 0 || !debugger.machine().updates().is_empty() {
        return;
    }
    let instructions = &debugger.machine().program().instructions;
    let Some(update) = instructions.iter().position(|i| i.phase == crate::engine::Phase::Update) else { return };
    if debugger.goto(Moment { step: here.step - 1, instruction: update }).is_ok() {
        // Going back may have made the machine anew.
        debugger.watch_updates(true);
    }
    // Where it fails nothing is told of the update; the table says so.
    let _ = debugger.goto(here);
}
