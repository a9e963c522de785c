//! What names in expressions stand for while training stands still.

use super::memory::Memories;
use super::{DebugError, Debugger};
use crate::engine::{Machine, Program};
use crate::expr::{self, Array, Expr, Index, Names, ParseError, Reduction};
use crate::trace::misplaced;
use crate::trainer::gates;
use crate::trainer::inspect::axes;
use crate::trainer::run::Run;
use crate::trainer::value::{BEFORE, before, locate};

/// Names that are no value of the program.
pub(super) const PLACE: [&str; 3] = ["step", "epoch", "learning_rate"];

/// The dimensions of a name in batches of a size.
pub(super) fn dims_of(program: &Program, batch: usize, name: &str) -> Result<Vec<usize>, String> {
    if PLACE.contains(&name) {
        return Ok(Vec::new());
    }
    if let Some(stem) = before(program, name) {
        return Err(format!(
            "Only print and watch can use {name}. Conditions, log points and curves are evaluated before the update, when {stem} has not changed yet."
        ));
    }
    let id = locate(program, name)?;
    let value = program.value(id).ok_or_else(|| format!("There is no value '{name}'."))?;
    Ok(value.shape.with_batch(batch))
}

/// A run where it stands, and what is remembered of the way to there.
pub(super) struct Scope<'a> {
    pub run: &'a Run,
    /// Whose values they are: the run's own, or one that probes it.
    pub machine: &'a Machine,
    pub memories: &'a Memories,
    /// What `step` stands for.
    pub step: u64,
}

impl<'a> Scope<'a> {
    /// Of the run's own values.
    pub fn of(run: &'a Run, memories: &'a Memories, step: u64) -> Self {
        Self { run, machine: run.machine(), memories, step }
    }

    pub fn evaluate(&mut self, expression: &Expr) -> Result<Array, String> {
        let placed = gates::placed(self.machine.program(), expression)?;
        expr::evaluate_over(&placed, self)
    }

    /// One number, or a sentence.
    pub fn number(&mut self, expression: &Expr) -> Result<f64, String> {
        let found = self.evaluate(expression)?;
        let many = || {
            let dims = &found.dims;
            format!(
                "{expression} isn't a single number (its shape is {dims:?}). Wrap it in max(...), min(...) or \
                    mean(...)."
            )
        };
        found.single().ok_or_else(many)
    }
}

impl Names for Scope<'_> {
    fn value(&mut self, name: &str) -> Result<Array, String> {
        let machine = self.machine;
        match name {
            "step" => return Ok(Array::number(self.step as f64)),
            "epoch" => return Ok(Array::number(self.run.epoch())),
            "learning_rate" => return Ok(Array::number(machine.learning_rate())),
            _ => {}
        }
        if before(machine.program(), name).is_some() {
            return Err(format!("{name} is shown while the run is paused."));
        }
        let id = locate(machine.program(), name)?;
        let is_state = machine.program().value(id).is_some_and(|value| value.role.is_state());
        if !is_state && !machine.is_current(id) {
            let step = machine.step() + u64::from(machine.is_in_step());
            if step > 0 && !machine.is_in_step() {
                return Err(format!("{name} isn't stored in checkpoints: 'goto {step}' recomputes step {step}."));
            }
            return Err(format!("{name} hasn't been computed yet in step {}.", step.max(1)));
        }
        let (dims, numbers) = machine.read_f64(id).map_err(|error| error.to_string())?;
        Ok(Array { dims, numbers })
    }

    fn past(&mut self, reduction: Reduction, of: &Expr) -> Result<Option<f64>, String> {
        if !matches!(reduction, Reduction::Min | Reduction::Max | Reduction::Mean) || of.names().is_empty() {
            return Ok(None);
        }
        if let Some(past) = self.memories.past(reduction, of) {
            return Ok(Some(past));
        }
        let (program, batch) = (self.run.machine().program(), self.run.batch_size());
        let is_single = expr::dims(of, &mut |name| dims_of(program, batch, name)).is_ok_and(|dims| dims.is_empty());
        if !is_single {
            return Ok(None);
        }
        let name = reduction.name();
        Err(format!(
            "{name}({of}) is over the steps so far, but only the loss is recorded at every step. Set a breakpoint with \
                {name}({of}) to record it too."
        ))
    }
}

impl Debugger {
    /// The value of an expression here, as a watch shows it; a sentence where it has none.
    pub fn evaluate(&self, text: &str) -> Result<Array, String> {
        let expression = expr::parse(text).map_err(|error| error.message)?;
        self.value_of(&expression)
    }

    /// As [`Self::evaluate`], of an expression that is read already.
    pub fn value_of(&self, expression: &Expr) -> Result<Array, String> {
        self.scope().evaluate(expression)
    }

    /// As [`Self::value_of`], of what a probe of the run computed.
    pub fn value_under(&self, machine: &Machine, expression: &Expr) -> Result<Array, String> {
        Scope { machine, ..self.scope() }.evaluate(expression)
    }

    /// As [`Self::value_of`], where it must be a single number.
    pub fn number_of(&self, expression: &Expr) -> Result<f64, String> {
        self.scope().number(expression)
    }

    /// What indices take of a value: the shape of that, empty for one element, and where its numbers lie.
    pub fn taken(&self, name: &str, index: &[Index]) -> Result<(Vec<usize>, Vec<usize>), String> {
        let (program, dims) = (self.machine().program(), self.dims(name)?);
        let numbered = gates::numbered(program, name, index)?;
        let axes = locate(program, name).map(|id| axes(program, id)).unwrap_or_default();
        for ((place, &size), axis) in numbered.iter().zip(&dims).zip(axes) {
            if let Index::At(place) = place
                && let Some(why) = misplaced(&axis, *place, size)
            {
                return Err(why);
            }
        }
        expr::taken(name, &dims, &numbered)
    }

    /// Of a value as it stands here; of what is not computed yet, as it will be.
    fn dims(&self, name: &str) -> Result<Vec<usize>, String> {
        let machine = self.machine();
        let found = locate(machine.program(), name).ok().and_then(|id| machine.read_f64(id).ok());
        found.map_or_else(|| dims_of(machine.program(), self.run.batch_size(), name), |(dims, _)| Ok(dims))
    }

    /// The one element that indices mean; a sentence where they mean several.
    pub fn element(&self, name: &str, index: &[Index]) -> Result<Vec<usize>, String> {
        let (shape, offsets) = self.taken(name, index)?;
        let dims = self.dims(name)?;
        let (true, &[mut at]) = (shape.is_empty(), &offsets[..]) else {
            let axes = dims.len();
            return Err(format!("{name} has shape {dims:?}: an element takes {axes} indices, one per axis."));
        };
        let mut found = vec![0; dims.len()];
        for (place, size) in found.iter_mut().zip(&dims).rev() {
            (*place, at) = (at % size.max(&1), at / size.max(&1));
        }
        Ok(found)
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope::of(&self.run, &self.memories, self.current_step())
    }

    /// Whether an expression means something in this program (names and shapes), before anything is computed: for what
    /// is shown while it is typed. The error says where in the text.
    pub fn check_expression(&self, text: &str) -> Result<(), ParseError> {
        let expression = expr::parse(text)?;
        self.check(text, &expression, false)
    }

    /// As [`Self::check_expression`], of the condition of a breakpoint: one number, and perhaps `for N steps` behind
    /// it.
    pub fn check_condition(&self, text: &str) -> Result<(), ParseError> {
        let condition = expr::parse_condition(text)?;
        self.check(text, &condition.expr, true)
    }

    fn check(&self, text: &str, expression: &Expr, is_condition: bool) -> Result<(), ParseError> {
        let (program, batch) = (self.machine().program(), self.run.batch_size());
        let placed = gates::placed(program, expression).map_err(|message| ParseError { message, at: 0 })?;
        expr::check(text, &placed, is_condition, &mut |name| {
            let stem = before(program, name).filter(|_| !is_condition);
            dims_of(program, batch, stem.unwrap_or(name))
        })
    }

    /// Everything that a person may type as a name here, for completion.
    pub fn names(&self) -> Vec<String> {
        let mut names = crate::trainer::value::names(self.machine().program());
        names.extend(PLACE.map(str::to_owned));
        names.sort();
        names
    }

    /// The names of what was before the step, which only [`Self::value_with_before`] knows.
    pub fn names_before(&self) -> Vec<String> {
        let values = self.machine().program().values.iter().filter(|value| value.role.is_state());
        let mut names: Vec<_> = values.map(|value| format!("{}{BEFORE}", value.name)).collect();
        names.sort();
        names
    }
}

impl From<ParseError> for DebugError {
    fn from(error: ParseError) -> Self {
        Self::Value(error.message)
    }
}
