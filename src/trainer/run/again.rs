//! A run once more: kept and gone on with, from its beginning with its journal, back to an earlier place, and on a machine that
//! may lack the device that it was computed on.

use std::sync::Arc;

use super::{Run, RunError, Saved};
use crate::data::Dataset;
use crate::data::batches::epoch_order;
use crate::engine::{Device, Kept};
use crate::model::{Project, Schedule};
use crate::trace::{Change, JournalEntry};

impl Run {
    /// A run that stands where this one stood when `step` steps were complete: from the start, with the journal.
    pub fn replay(&self, step: u64) -> Result<Self, RunError> {
        let mut run = self.afresh()?;
        let mut journal = self.place.journal.iter().peekable();
        loop {
            while let Some(entry) = journal.next_if(|entry| (entry.step, entry.instruction) <= run.moment()) {
                run.change_again(&entry.change)?;
            }
            let here = run.machine.step();
            if here >= step && !run.machine.is_in_step() {
                return Ok(run);
            }
            let row = if journal.peek().is_some_and(|entry| entry.step == here) || run.machine.is_in_step() {
                if !run.machine.is_in_step() {
                    run.begin_step()?;
                }
                run.step_instruction()?
            } else {
                Some(run.step()?)
            };
            let epoch_done = row.is_some_and(|row| row.epoch_done);
            if epoch_done && matches!(run.project.training.schedule, Schedule::Plateau(_)) {
                // What has been cut is in the journal; what has not yet been is only known from every epoch's result.
                run.follow_plateau(&run.evaluate()?);
            }
        }
    }

    /// As [`Self::change`], of a journal that may have been written on another machine: on this one it goes on on the CPU where a
    /// device is not there, and says so.
    pub(in crate::trainer) fn change_again(&mut self, change: &Change) -> Result<Kept, RunError> {
        let Change::Device { device } = change else { return self.change(change.clone()) };
        let (step, instruction) = self.moment();
        self.go_to(device)?;
        self.place.journal.push(JournalEntry { step, instruction, change: change.clone() });
        Ok(Kept { kept: 0, of: 0, fresh: Vec::new() })
    }

    /// Goes on on the device where the run was, or on the CPU.
    fn go_to(&mut self, device: &Device) -> Result<(), RunError> {
        let device = self.there_or_cpu(device);
        Ok(self.machine.move_to(device)?)
    }

    /// The device if it is there, else the CPU; which is said once.
    fn there_or_cpu(&mut self, device: &Device) -> Device {
        let Err(error) = device.is_there() else { return device.clone() };
        if self.missing.as_ref() != Some(device) {
            let what = format!("This run was computed on {device}, which is not there. It goes on on the CPU.");
            self.notices.push(format!("{what} {error}"));
            self.missing = Some(device.clone());
        }
        Device::Cpu
    }

    /// Sentences about what was done otherwise than asked, once.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Everything that going on needs: tensors, and the place in the data.
    pub fn save(&self) -> Result<Saved, RunError> {
        Ok(Saved { now: self.machine.snapshot()?, best: self.best.clone(), place: self.place.clone() })
    }

    /// A run that goes on bitwise from what [`Self::save`] returned; `project` is the one in force then.
    pub fn resume(project: &Project, dataset: Arc<Dataset>, device: Device, saved: Saved) -> Result<Self, RunError> {
        let mut run = Self::new(project, dataset, device.clone())?;
        run.stand(saved)?;
        if *run.place.device_in_force() != device {
            run.change(Change::Device { device })?;
        }
        Ok(run)
    }

    /// Back to (or forward to) where [`Self::save`] was called in this very run; `project` is the one in force then.
    pub(in crate::trainer) fn rewind(&mut self, project: &Project, saved: Saved) -> Result<(), RunError> {
        if *project != self.project {
            let next = Self::new(project, self.dataset.clone(), self.machine.device())?;
            *self = Self { notices: self.take_notices(), missing: self.missing.take(), ..next };
        }
        self.stand(saved)?;
        let device = self.place.device_in_force().clone();
        if device == self.machine.device() { Ok(()) } else { self.go_to(&device) }
    }

    /// The run from its beginning, with nothing done and nothing changed.
    pub(in crate::trainer) fn afresh(&self) -> Result<Self, RunError> {
        let mut run = Self::new(&self.place.origin, self.dataset.clone(), Device::Cpu)?;
        run.missing.clone_from(&self.missing);
        run.place.device.clone_from(&self.place.device);
        run.go_to(&self.place.device)?;
        Ok(run)
    }

    fn stand(&mut self, saved: Saved) -> Result<(), RunError> {
        let Saved { now, best, place } = saved;
        if place.samples != self.dataset.train.len || place.cursor > self.dataset.train.len {
            return Err(RunError::Resume(format!(
                "it was trained on {} samples, and the data now has {}. Use the same data and split.",
                place.samples, self.dataset.train.len
            )));
        }
        self.machine.restore(&now)?;
        self.machine.scale_rate(place.plateau.scale);
        self.best = best;
        self.order = epoch_order(self.project.training.seed, place.epoch, self.dataset.train.len);
        self.place = place;
        Ok(())
    }
}
