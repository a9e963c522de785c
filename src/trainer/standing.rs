//! The records that the debugger's panels draw: the program as a listing, and where a run stands in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::debugger::{Debugger, Timeline};
use crate::engine::{Instruction, Program, Role, Value, ValueId};
use crate::expr::{self, Array};
use crate::trace::{
    Breakpoint, BreakpointView, ChangeMark, Checkpoints, DebugView, Line, Listing, Moment, Token, ValueKind, Watched,
};
use crate::trace::{Change, JournalEntry};

pub fn listing(program: &Program) -> Listing {
    Listing { lines: program.instructions.iter().map(|instruction| line(program, instruction)).collect() }
}

fn line(program: &Program, instruction: &Instruction) -> Line {
    let tokens = |ids: &[ValueId]| ids.iter().filter_map(|&id| program.value(id)).map(token).collect();
    let layer_name = instruction.layer.and_then(|id| program.layer_name(id)).unwrap_or_default();
    Line {
        stage: instruction.phase,
        layer: instruction.layer,
        layer_name,
        op: instruction.op.name().to_owned(),
        settings: instruction.op.settings(),
        outputs: tokens(&instruction.outputs),
        inputs: tokens(&instruction.inputs),
        formula: instruction.op.formula().to_owned(),
        words: instruction.op.words().to_owned(),
    }
}

fn token(value: &Value) -> Token {
    let kind = match value.role {
        Role::Input | Role::Target | Role::Weight => ValueKind::Data,
        Role::Parameter => ValueKind::Parameter,
        Role::Buffer | Role::Optimiser => ValueKind::Memory,
        Role::Gradient => ValueKind::Gradient,
        Role::Activation | Role::Loss | Role::Hidden => ValueKind::Value,
    };
    Token { name: value.name.clone(), kind, batched: value.shape.batched, dims: value.shape.dims.clone() }
}

/// Where the run stands; what the thread alone knows (why it stopped, how far it ever was) is left to it.
pub fn view(debugger: &Debugger, listing: Arc<Listing>) -> DebugView {
    let (machine, moment) = (debugger.machine(), debugger.moment());
    let program = machine.program();
    let number = |id: ValueId| {
        let read = Some(id).filter(|&id| machine.is_current(id)).and_then(|id| machine.read_f64(id).ok());
        read.and_then(|(_, numbers)| numbers.first().copied())
    };
    let several = if program.losses.len() > 1 { &program.losses[..] } else { &[] };
    let Timeline { checkpoints: steps, bytes, budget, spacing, furthest, .. } = debugger.timeline();
    let (made, ahead) = debugger.changes();
    let breakpoint = |breakpoint: &Breakpoint| BreakpointView {
        problem: debugger.breakpoint_problem(breakpoint.id).map(str::to_owned),
        breakpoint: breakpoint.clone(),
    };
    let mark = |is_ahead: bool| {
        move |entry: &JournalEntry| ChangeMark {
            at: place(entry),
            what: entry.change.to_string(),
            ahead: is_ahead,
            of_numbers: matches!(entry.change, Change::Value { .. } | Change::Tensor { .. } | Change::Weights { .. }),
        }
    };
    DebugView {
        moment,
        done: machine.pc().min(listing.lines.len()),
        batch: machine.batch_len(),
        rows: machine.batch_rows().into(),
        epoch: debugger.run().epoch(),
        loss: program.data_loss.and_then(number),
        losses: several.iter().filter_map(|&(layer, id)| Some((layer, number(id)?))).collect(),
        learning_rate: machine.learning_rate(),
        checkpoints: Checkpoints { steps, bytes, budget, spacing },
        furthest,
        breakpoints: debugger.breakpoints().iter().map(breakpoint).collect(),
        curves: debugger.curves(),
        changes: made.iter().map(mark(false)).chain(ahead.iter().map(mark(true))).collect(),
        listing,
        ..DebugView::default()
    }
}

/// The expressions that are watched, beside what they were at another place. `still`: the run stands, and may look
/// back.
pub fn watches(
    debugger: &mut Debugger,
    expressions: &[String],
    before: &BTreeMap<String, f64>,
    still: bool,
) -> Vec<Watched> {
    let mut all = Vec::new();
    for expression in expressions {
        let found = value(debugger, expression, still);
        let comes_later = found.is_err() && debugger.check_expression(expression).is_ok();
        let value = found.and_then(|found| {
            found.single().ok_or_else(|| {
                let shape: Vec<_> = found.dims.iter().map(ToString::to_string).collect();
                format!("{} values: wrap it in max(…), mean(…) or norm(…).", shape.join(" × "))
            })
        });
        let before = before.get(expression).copied();
        all.push(Watched { value, comes_later, before, expression: expression.clone() });
    }
    all
}

fn value(debugger: &mut Debugger, expression: &str, still: bool) -> Result<Array, String> {
    let read = expr::parse(expression).map_err(|error| error.message)?;
    if still { debugger.value_with_before(&read).map_err(|error| error.to_string()) } else { debugger.value_of(&read) }
}

fn place(entry: &JournalEntry) -> Moment {
    Moment { step: entry.step, instruction: entry.instruction }
}
