//! Going to any place of the run, forwards or backwards.

use super::checkpoints::Checkpoint;
use super::forward::{Advance, Passing};
use super::{DebugError, Debugger, Moment, Timeline};

/// Told on the way after every step; whoever is told says whether to go on.
pub struct Way<'a> {
    /// Share of the way that is done.
    pub progress: f32,
    /// A step that was never reached before in this history: rows and results for the curves.
    pub new: Option<&'a Advance>,
}

impl Debugger {
    /// Stands just after the update of a step, with all its values.
    pub fn goto_step(&mut self, step: u64) -> Result<(), DebugError> {
        self.goto(Moment { step, instruction: 0 })
    }

    /// Forwards or backwards to a place. A place that the run does not reach leaves it where it ended.
    pub fn goto(&mut self, to: Moment) -> Result<(), DebugError> {
        self.goto_while(to, &mut |_| true).map(|_| ())
    }

    /// As [`Self::goto`], asking after every step whether to go on. Returns whether it arrived: when it was told not to
    /// go on, it stands behind the whole step that it had reached, with its values. Breakpoints do not stop it.
    pub fn goto_while(&mut self, to: Moment, go_on: &mut dyn FnMut(Way) -> bool) -> Result<bool, DebugError> {
        if self.moment() == to && self.has_values() {
            return Ok(true);
        }
        self.travel(to, self.moment() != to, go_on)
    }

    /// Whether the values of the step are there: of a resumed run only what outlives a step is.
    fn has_values(&self) -> bool {
        self.machine().step() == 0 || self.machine().pc() > 0
    }

    /// `from_here`: whether the way may begin where the run stands.
    pub(super) fn travel(
        &mut self,
        to: Moment,
        from_here: bool,
        go_on: &mut dyn FnMut(Way) -> bool,
    ) -> Result<bool, DebugError> {
        // The values of the last step are part of a place between two steps, so that step is always computed.
        let latest = if to.instruction == 0 { to.step.saturating_sub(1) } else { to.step };
        let here = self.moment();
        let is_ahead = from_here && here < to;
        match self.checkpoints.nearest(latest).cloned() {
            Some(checkpoint) if is_ahead && here.step >= checkpoint.step() => {}
            Some(checkpoint) => self.go_back_to(&checkpoint)?,
            None => self.begin_anew()?,
        }
        self.pass_until(to, Passing::Silent, go_on)
    }

    /// Forwards over known or new ground.
    pub(super) fn pass_until(
        &mut self,
        to: Moment,
        passing: Passing,
        go_on: &mut dyn FnMut(Way) -> bool,
    ) -> Result<bool, DebugError> {
        let begin = self.moment().step;
        let length = to.step.saturating_sub(begin).max(1) as f32;
        while self.moment() < to {
            let furthest = self.furthest;
            let is_whole = self.moment().step < to.step && self.is_plain_step() && self.end().is_none();
            let one = if is_whole { self.whole_step(passing)? } else { self.execute(passing, false)? };
            if one.row.is_some() {
                let new = Some(&one).filter(|one| one.row.as_ref().is_some_and(|row| row.step > furthest));
                let progress = (self.moment().step.saturating_sub(begin)) as f32 / length;
                let goes_on = go_on(Way { progress, new });
                if !goes_on && self.moment() < to {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Silently over known ground; `go_on` is told the share that is done.
    pub(super) fn replay_until(&mut self, to: Moment, go_on: &mut dyn FnMut(f32) -> bool) -> Result<bool, DebugError> {
        self.pass_until(to, Passing::Silent, &mut |way| go_on(way.progress))
    }

    pub(super) fn go_back_to(&mut self, checkpoint: &Checkpoint) -> Result<(), DebugError> {
        self.run.rewind(&checkpoint.project, checkpoint.stand.clone())?;
        self.memories.clone_from(&checkpoint.memories);
        self.settle(checkpoint.project.clone());
        self.make_changes()
    }

    /// Before the first checkpoint: a resumed run has a past too.
    pub(super) fn begin_anew(&mut self) -> Result<(), DebugError> {
        self.run = self.run.afresh()?;
        self.memories = super::Memories::default();
        self.settle(std::sync::Arc::new(self.run.project().clone()));
        self.keep()?;
        self.make_changes()
    }

    /// After the project in force may have become another.
    pub(super) fn settle(&mut self, project: std::sync::Arc<crate::model::Project>) {
        if !std::sync::Arc::ptr_eq(&project, &self.project) {
            self.project = project;
            self.lay_breakpoints();
        } else {
            self.memories.only(&self.arms.needs);
        }
    }

    /// Back by one instruction; returns whether there was one.
    pub fn back_instruction(&mut self) -> Result<bool, DebugError> {
        let Some(before) = self.before(self.moment()) else { return Ok(false) };
        self.goto(before)?;
        Ok(true)
    }

    fn before(&self, Moment { step, instruction }: Moment) -> Option<Moment> {
        let count = self.machine().program().instructions.len();
        match (step, instruction) {
            (0, 0) => None,
            (step, 0) => Some(Moment { step: step - 1, instruction: count.saturating_sub(1) }),
            (step, instruction) => Some(Moment { step, instruction: instruction - 1 }),
        }
    }

    /// Back to where the instructions of the layer before here begin, in their phase; returns whether there were any.
    pub fn back_layer(&mut self) -> Result<bool, DebugError> {
        self.back_group(|i| (i.phase, i.layer))
    }

    /// Back to where the phase before here begins; returns whether there was one.
    pub fn back_phase(&mut self) -> Result<bool, DebugError> {
        self.back_group(|i| i.phase)
    }

    fn back_group<G: PartialEq>(
        &mut self,
        group: impl Fn(&crate::engine::Instruction) -> G,
    ) -> Result<bool, DebugError> {
        let Some(mut to) = self.before(self.moment()) else { return Ok(false) };
        let instructions = &self.machine().program().instructions;
        let group_at = |i: usize| instructions.get(i).map(&group);
        while to.instruction > 0 && group_at(to.instruction - 1) == group_at(to.instruction) {
            to.instruction -= 1;
        }
        self.goto(to)?;
        Ok(true)
    }

    /// Back to where the step in progress began, or the last one; returns whether there was one.
    pub fn back_step(&mut self) -> Result<bool, DebugError> {
        let to = match self.moment() {
            Moment { step: 0, instruction: 0 } => return Ok(false),
            Moment { step, instruction: 0 } => step - 1,
            Moment { step, .. } => step,
        };
        self.goto_step(to)?;
        Ok(true)
    }
}

impl Timeline {
    /// Steps of replay that going to a step takes.
    pub fn replayed(&self, step: u64) -> u64 {
        // The step itself is always computed, so that its values are there.
        let latest = step.saturating_sub(1);
        let from = self.checkpoints.iter().rev().find(|&&checkpoint| checkpoint <= latest).copied();
        step - from.unwrap_or(0)
    }
}
