//! A run once more: kept and gone on with, from its beginning with its journal, back to an earlier place, and on a machine that
//! may lack the device that it was computed on.

use std::sync::Arc;

use super::{Resume, Run, RunError, Saved};
use crate::data::batches::epoch_order;
use crate::data::{Dataset, Difference, Fingerprint};
use crate::engine::{Device, Kept};
use crate::model::{PlateauState, Project, Schedule};
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
        let place = Resume { data: Some(*self.fingerprint()), ..self.place.clone() };
        let encoding = Some(self.dataset.encoding.clone());
        Ok(Saved { now: self.machine.snapshot()?, best: self.best.clone(), place, encoding })
    }

    /// Of its data. Computed once, which takes a moment for a large set.
    fn fingerprint(&self) -> &Fingerprint {
        self.fingerprint.get_or_init(|| Fingerprint::of(&self.dataset))
    }

    /// A run that goes on bitwise from what [`Self::save`] returned; `project` is the one in force then. Refuses other data.
    pub fn resume(project: &Project, dataset: Arc<Dataset>, device: Device, saved: Saved) -> Result<Self, RunError> {
        let mut run = Self::new(project, dataset, device.clone())?;
        let difference = saved.place.data.and_then(|then| then.difference(run.fingerprint()));
        if let Some(difference) = difference {
            return Err(RunError::OtherData(difference));
        }
        run.stand(saved)?;
        if *run.place.device_in_force() != device {
            run.change(Change::Device { device })?;
        }
        Ok(run)
    }

    /// What of the data is other than where the run was saved.
    pub fn difference(dataset: &Dataset, place: &Resume) -> Option<Difference> {
        let (then, now) = (place.samples, dataset.train.len);
        let counted = (then != now).then_some(Difference::TrainingRows { then, now });
        place.data.map_or(counted, |then| then.difference(&Fingerprint::of(dataset)))
    }

    /// As [`Self::resume`], on purpose with other data: weights, moments and settings go on where they were, the epoch begins anew,
    /// and what was the best on the old data counts no more. The past is another run's and cannot be reached.
    pub fn resume_elsewhere(
        project: &Project,
        dataset: Arc<Dataset>,
        device: Device,
        saved: Saved,
    ) -> Result<Self, RunError> {
        let mut run = Self::new(project, dataset, device)?;
        run.machine.restore(&saved.now)?;
        let Resume { epoch, plateau, .. } = saved.place;
        run.place.plateau = PlateauState { scale: plateau.scale, ..PlateauState::default() };
        run.machine.scale_rate(plateau.scale);
        (run.place.epoch, run.place.best_epoch) = (epoch, epoch);
        run.order = epoch_order(project.training.seed, epoch, run.dataset.train.len);
        Ok(run)
    }

    /// Back to (or forward to) where [`Self::save`] was called in this very run; `project` is the one in force then.
    pub(in crate::trainer) fn rewind(&mut self, project: &Project, saved: Saved) -> Result<(), RunError> {
        if *project != self.project {
            let next = Self::new(project, self.dataset.clone(), self.machine.device())?;
            let fingerprint = self.fingerprint.clone();
            *self = Self { notices: self.take_notices(), missing: self.missing.take(), fingerprint, ..next };
        }
        self.stand(saved)?;
        let device = self.place.device_in_force().clone();
        if device == self.machine.device() { Ok(()) } else { self.go_to(&device) }
    }

    /// The run from its beginning, with nothing done and nothing changed.
    pub(in crate::trainer) fn afresh(&self) -> Result<Self, RunError> {
        let mut run = Self::new(&self.place.origin, self.dataset.clone(), Device::Cpu)?;
        run.missing.clone_from(&self.missing);
        run.fingerprint.clone_from(&self.fingerprint);
        run.place.device.clone_from(&self.place.device);
        run.go_to(&self.place.device)?;
        Ok(run)
    }

    fn stand(&mut self, saved: Saved) -> Result<(), RunError> {
        let Saved { now, best, place, .. } = saved;
        if place.samples != self.dataset.train.len || place.cursor > self.dataset.train.len {
            let (then, now) = (place.samples, self.dataset.train.len);
            return Err(RunError::OtherData(Difference::TrainingRows { then, now }));
        }
        self.machine.restore(&now)?;
        self.machine.scale_rate(place.plateau.scale);
        self.best = best;
        self.order = epoch_order(self.project.training.seed, place.epoch, self.dataset.train.len);
        self.place = place;
        Ok(())
    }
}
