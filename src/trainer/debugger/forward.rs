//! Going forward: whole steps at full speed, or instruction by instruction with breakpoints.

use std::sync::Arc;

use super::super::outbox::Stop;
use super::super::run::Run;
use super::breakpoints::Hit;
use super::{DebugError, Debugger};
use crate::engine::Phase;
use crate::expr::counted;
use crate::model::{LayerId, Schedule};
use crate::trace::{Evaluation, StepRow, Summary};

/// How far to go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    /// One.
    Instruction,
    /// All instructions in a row that belong to one layer in one phase.
    Layer,
    /// Forward, loss, backward or update.
    Phase,
    /// To the end of the step in progress.
    Step,
    /// Until this instruction comes next, in this step or in the one after it.
    Until(usize),
}

/// How an advance ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advance {
    /// There is a Loss.
    pub trains: bool,
    /// Of the step that was completed by it.
    pub row: Option<StepRow>,
    /// Over the validation part, where that step was the last of an epoch.
    pub evaluation: Option<Evaluation>,
    /// How the layers were doing in it, where that was looked at.
    pub summary: Option<Arc<Summary>>,
    /// The learning rate from here on, where the epoch's result cut it.
    pub cut: Option<f64>,
    /// The run has come to its end with it.
    pub finished: Option<Stop>,
    /// The epoch whose weights were put back at the end, the best on the validation part; and what they score.
    pub restored: Option<u64>,
    /// What those weights score.
    pub after_restoring: Option<Evaluation>,
    /// Breakpoints where it stopped; those that only log are not among them.
    pub hits: Vec<Hit>,
}

impl Advance {
    /// Whether a breakpoint stopped it.
    pub fn stopped(&self) -> bool {
        !self.hits.is_empty()
    }
}

/// What passing by is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// New ground, or on the person's command: what comes by is told.
    Told,
    /// Replay: only what changes the run is computed.
    Silent,
    /// Replay in search of a place: breakpoints tell of themselves.
    Searching,
}

impl Debugger {
    /// One whole training step (the rest of it, when it is begun), at full speed where no breakpoint is enabled and no
    /// change lies in it. Past the end of the run too: whether it is finished is for the caller to ask.
    pub fn run_free(&mut self) -> Result<Advance, DebugError> {
        if self.is_free() { self.whole_step(Passing::Told) } else { self.go(Granularity::Step, true) }
    }

    /// Goes forward until the end of the unit, a breakpoint, or the end of the step.
    pub fn advance(&mut self, unit: Granularity) -> Result<Advance, DebugError> {
        self.go(unit, false)
    }

    fn go(&mut self, unit: Granularity, past_the_end: bool) -> Result<Advance, DebugError> {
        self.prepare(&mut |_| true)?;
        let within = self.group(unit);
        let mut all = Advance::default();
        loop {
            let one = self.execute(Passing::Told, past_the_end)?;
            let is_complete = one.row.is_some();
            if is_complete {
                all = Advance { hits: Vec::new(), ..one.clone() };
            }
            all.hits = self.judge(one.hits);
            let is_there = match unit {
                Granularity::Until(place) => self.next_instruction().0 == place || one.finished.is_some(),
                Granularity::Instruction => true,
                _ => is_complete || self.group(unit) != within,
            };
            if is_there || all.stopped() {
                return Ok(all);
            }
        }
    }

    /// Why there is nothing ahead, as an advance would tell it: the run has come to its end here.
    pub fn end(&self) -> Option<DebugError> {
        let step = self.machine().step();
        let stop = self.run.finished().filter(|_| step >= self.furthest && !self.machine().is_in_step())?;
        Some(DebugError::End { step, why: reason(stop, &self.run) })
    }

    /// What the next instruction is part of.
    fn group(&self, unit: Granularity) -> Option<(Phase, Option<LayerId>)> {
        let (_, next) = self.next_instruction();
        next.filter(|_| matches!(unit, Granularity::Layer | Granularity::Phase))
            .map(|i| (i.phase, i.layer.filter(|_| unit == Granularity::Layer)))
    }

    /// Whether a whole step can be done without looking at its instructions.
    fn is_free(&self) -> bool {
        self.arms.is_idle() && self.is_plain_step()
    }

    /// Whether nothing happens inside the step that comes, and nothing is remembered of it but the loss.
    pub(super) fn is_plain_step(&self) -> bool {
        let step = self.machine().step();
        let is_ahead = self.run.history().ahead().first().is_none_or(|entry| entry.step > step);
        is_ahead && self.memories.is_plain() && !self.machine().is_in_step()
    }

    /// A step through the code of free training.
    pub(super) fn whole_step(&mut self, passing: Passing) -> Result<Advance, DebugError> {
        let row = self.run.step()?;
        let program = self.machine().program();
        let total = if program.loss == program.data_loss {
            Some(row.loss)
        } else {
            program.loss.map(|loss| self.machine().read_f64(loss)).transpose()?.and_then(|(_, n)| n.first().copied())
        };
        self.memories.loss.push(total.unwrap_or(f64::NAN));
        let advance = self.complete(row, passing)?;
        self.make_changes()?;
        Ok(advance)
    }

    /// One instruction, and what happens on arriving behind it. Its hits are those that hold; nobody has judged them
    /// yet.
    pub(super) fn execute(&mut self, passing: Passing, past_the_end: bool) -> Result<Advance, DebugError> {
        if !self.machine().is_in_step() {
            if let Some(end) = self.end().filter(|_| !past_the_end) {
                return Err(end);
            }
            self.run.begin_step()?;
        }
        let index = self.machine().pc();
        let watched = self.arms.not_finite.filter(|_| passing != Passing::Silent);
        let watched = if watched.is_some() && self.machine().is_spoilt_before(index)? { None } else { watched };
        let row = self.run.step_instruction()?;
        let mut hits = Vec::new();
        if let Some((breakpoint, log)) = watched
            && let Some(found) = self.machine().made_not_finite(index)?
        {
            let why = found.to_string();
            hits.push(Hit { breakpoint, why, log, not_finite: Some(found), broken: false });
        }
        hits.extend(self.arrive(row.is_some()));
        let advance = match row {
            Some(row) => self.complete(row, passing)?,
            None => Advance::default(),
        };
        self.make_changes()?;
        Ok(Advance { hits, ..advance })
    }

    /// After the last instruction of a step.
    fn complete(&mut self, row: StepRow, passing: Passing) -> Result<Advance, DebugError> {
        // A network without a Loss is only run forward: there is nothing to judge.
        let (step, epoch_done) = (row.step, row.epoch_done && self.run.trains());
        let (row, summary) = (Some(row), self.run.take_summary());
        let mut advance = Advance { row, summary, trains: self.run.trains(), ..Advance::default() };
        let is_new = step > self.furthest;
        self.furthest = self.furthest.max(step);
        self.sample_curves(step);
        if epoch_done && (passing == Passing::Told || is_new || self.results_matter()) {
            let results = self.run.evaluate()?;
            advance.cut = self.run.judge(&results)?;
            advance.evaluation = Some(results);
        }
        if epoch_done {
            advance.finished = self.run.finished();
            if advance.finished.is_some() {
                advance.restored = self.run.restore_best()?;
                if advance.restored.is_some() && passing == Passing::Told {
                    advance.after_restoring = Some(self.run.evaluate()?);
                }
            }
        }
        if self.checkpoints.wants(step) {
            self.keep()?;
        } else if !self.memories.is_plain() {
            self.checkpoints.learn(step, &self.memories);
        }
        Ok(advance)
    }

    /// Whether the results of an epoch change how the run goes on.
    fn results_matter(&self) -> bool {
        let training = self.run.training();
        matches!(training.schedule, Schedule::Plateau(_)) || training.early_stopping.is_some() || training.keep_best
    }
}

fn reason(stop: Stop, run: &Run) -> String {
    match stop {
        Stop::Done => match run.training().epochs {
            1 => "the one epoch is done".to_owned(),
            epochs => format!("all {} are done", counted(epochs, "epoch")),
        },
        Stop::Early { patience } => {
            format!("the validation loss has not improved for {}", counted(patience, "epoch"))
        }
    }
}
