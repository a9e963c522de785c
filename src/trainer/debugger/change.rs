//! Changing what stands still, taking changes back, and going on in two ways from one place.

use super::super::value;
use super::{DebugError, Debugger, Moment};
use crate::engine::{Kept, ValueId};
use crate::model::limits::LEARNING_RATE;
use crate::trace::{Change, JournalEntry, TensorEdit};

impl Debugger {
    /// Sets one element. Parameters, statistics and moments can be set at any place, other values once they are
    /// computed. Where a class or a place is read, only such a number is taken.
    pub fn set(&mut self, name: &str, index: &[usize], value: f32) -> Result<(), DebugError> {
        let name = self.changeable(name)?;
        self.refuse(&name, &[value])?;
        self.end_drag();
        self.change(Change::Value { name, index: index.to_vec(), value }).map(|_| ())
    }

    /// Changes a whole tensor, wherever [`Self::set`] could change an element of it.
    pub fn edit(&mut self, name: &str, edit: TensorEdit) -> Result<(), DebugError> {
        let name = self.changeable(name)?;
        let edited = value::edited(self.machine(), &name, &edit).map_err(DebugError::Value)?;
        self.refuse(&name, &edited.data)?;
        self.change(Change::Tensor { name, edit }).map(|_| ())
    }

    fn refuse(&self, name: &str, numbers: &[f32]) -> Result<(), DebugError> {
        let classes = self.run.dataset().classes();
        value::refuse(self.machine().program(), name, classes, numbers).map_err(DebugError::Value)
    }

    /// Another learning rate, from the next instruction on.
    pub fn set_learning_rate(&mut self, rate: f64) -> Result<(), DebugError> {
        if !(rate.is_finite() && rate > 0.0) {
            return Err(DebugError::Value(format!("The learning rate must be above 0, not {rate}.")));
        }
        if let Some(refusal) = LEARNING_RATE.refuse(rate) {
            return Err(DebugError::Value(refusal));
        }
        let training = crate::model::TrainingSpec { learning_rate: rate, ..self.run.training().clone() };
        self.change(Change::Training { training }).map(|_| ())
    }

    /// The hand that dragged a number has let it go: what is changed from now on is taken back by itself.
    pub fn end_drag(&mut self) {
        self.run.history_mut().end_drag();
    }

    /// Makes a change here and writes it in the journal. What lay ahead is forgotten. A step in progress that another
    /// network or another optimiser cannot go on with is given up: the change is then made where it began.
    pub fn change(&mut self, change: Change) -> Result<Kept, DebugError> {
        let mut here = self.moment();
        let is_of_the_program = !change.is_of_numbers();
        let mut kept = self.run.carry_out(&change)?;
        if here.instruction > 0 && !self.machine().is_in_step() {
            here.instruction = 0;
            self.travel(here, false, &mut |_| true)?;
            kept = self.run.carry_out(&change)?;
        }
        let Moment { step, instruction } = here;
        let history = self.run.history_mut();
        history.change(JournalEntry { step, instruction, change }, kept.kept == kept.of);
        self.checkpoints.forget_after(step, self.run.history().made().len() - 1);
        self.weigh_history();
        self.cut_curves(step);
        self.furthest = step;
        if is_of_the_program {
            self.take_the_new_program();
        }
        Ok(kept)
    }

    /// The listing's own name of a value that can be changed here, so that the journal says the same whatever was
    /// typed.
    fn changeable(&self, name: &str) -> Result<String, DebugError> {
        let machine = self.machine();
        let program = machine.program();
        let id = value::locate(program, name).map_err(DebugError::Value)?;
        if !self.can_change(id) {
            return Err(DebugError::NotYet { name: name.to_owned(), step: machine.step() + 1 });
        }
        Ok(program.name(id).to_owned())
    }

    /// As [`Listing::used_already`](crate::trace::Listing::used_already), here.
    pub fn used_already(&self, name: &str) -> Option<String> {
        let program = self.machine().program();
        let name = value::locate(program, name).map(|id| program.name(id)).ok()?;
        crate::trainer::standing::listing(program).used_already(name, self.moment().instruction)
    }

    /// Whether a value can be changed here: state anywhere, what is computed after its instruction has run in this
    /// step.
    pub fn can_change(&self, id: ValueId) -> bool {
        let machine = self.machine();
        let program = machine.program();
        let is_staged = !program.instructions.iter().any(|instruction| instruction.outputs.contains(&id));
        let is_state = program.value(id).is_some_and(|value| value.role.is_state());
        is_state || (machine.is_in_step() && !is_staged && machine.is_current(id))
    }

    /// Takes the last change back and stands where it was made; `None` when there is none.
    pub fn undo(&mut self) -> Result<Option<JournalEntry>, DebugError> {
        let Some(entry) = self.run.history_mut().undo() else { return Ok(None) };
        self.checkpoints.forget_after(entry.step, self.run.history().made().len());
        self.weigh_history();
        self.cut_curves(entry.step);
        self.furthest = self.furthest.min(entry.step);
        self.travel(Moment { step: entry.step, instruction: entry.instruction }, false, &mut |_| true)?;
        Ok(Some(entry))
    }

    /// Makes the changes that belong to this place.
    pub(super) fn make_changes(&mut self) -> Result<(), DebugError> {
        let mut is_other = false;
        while let Some(entry) = self.run.history().ahead().first()
            && (entry.step, entry.instruction) <= self.run.moment()
        {
            is_other |= !entry.change.is_of_numbers();
            self.run.redo()?;
        }
        if is_other {
            self.take_the_new_program();
        }
        Ok(())
    }

    /// The changes count as part of what is kept.
    pub(super) fn weigh_history(&mut self) {
        self.checkpoints.keep_beside(self.run.history().bytes());
    }

    /// Conditions that mean something only now have no past before it: what they ask for is remembered from here on.
    fn take_the_new_program(&mut self) {
        let before = self.arms.needs.clone();
        self.settle(std::sync::Arc::new(self.run.project().clone()));
        self.memories.begin_too(&self.arms.needs.beyond(&before));
    }

    /// A second run from this very moment, with the same past, breakpoints and changes. Both go on by themselves; the
    /// checkpoints before here are shared.
    pub fn fork(&self) -> Result<Self, DebugError> {
        let here = self.moment();
        let latest = if here.instruction == 0 { here.step.saturating_sub(1) } else { here.step };
        let nearest = self.checkpoints.nearest(latest).or(self.checkpoints.first());
        let nearest = nearest.ok_or_else(|| DebugError::Value("There is nothing to branch from yet.".into()))?;
        let run = self.run.another(&nearest.project, nearest.stand.clone())?;
        let mut fork = Self {
            run,
            checkpoints: self.checkpoints.clone(),
            project: nearest.project.clone(),
            furthest: self.furthest,
            breakpoints: self.breakpoints.clone(),
            broken: self.broken.clone(),
            arms: self.arms.clone(),
            memories: nearest.memories.clone(),
            messages: Vec::new(),
            unsaid: 0,
            curves: self.curves.clone(),
        };
        fork.lay_breakpoints();
        fork.make_changes()?;
        // Made here but not part of the checkpoint: they come by on the way. What lies ahead here lies ahead there.
        if fork.moment() < here {
            fork.travel(here, true, &mut |_| true)?;
        }
        Ok(fork)
    }

    /// Everything that going on needs, as it stands at the beginning of the step in progress (or between two).
    pub fn save(&mut self) -> Result<crate::trainer::Saved, DebugError> {
        let here = self.moment();
        if here.instruction == 0 {
            return Ok(self.run.save()?);
        }
        self.goto_step(here.step)?;
        let saved = self.run.save();
        self.goto(here)?;
        Ok(saved?)
    }
}
