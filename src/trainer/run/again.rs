//! A run once more: kept and gone on with, from its beginning with its journal, back to an earlier place, and on a
//! machine that may lack the device that it was computed on.

use std::sync::Arc;

use super::{Resume, Run, RunError, Saved, Stand};
use crate::data::order::Algorithm;
use crate::data::{Dataset, Difference, Fingerprint};
use crate::engine::{Device, Numbers, Role, SavedTensor, Snapshot};
use crate::model::Project;
use crate::trace::{Change, Earlier, Happened, Origin, Weights};

impl Run {
    /// Makes the next change that lies ahead, once more. The journal may have been written on another machine: on this
    /// one it goes on on the CPU where a device is not there, and says so.
    pub(in crate::trainer) fn redo(&mut self) -> Result<(), RunError> {
        match self.history.ahead().first().map(|entry| entry.change.clone()) {
            Some(Change::Device { device }) => self.go_to(&device)?,
            Some(change) => drop(self.carry_out(&change)?),
            None => {}
        }
        self.history.made_again();
        Ok(())
    }

    /// Begins with these weights.
    pub(super) fn begin_with(&mut self, weights: &Snapshot) -> Result<(), RunError> {
        let program = self.machine.program();
        let is_weight = |role: Role| matches!(role, Role::Parameter | Role::Buffer);
        let wanted = program.values.iter().filter(|value| is_weight(value.role)).map(|value| value.name.clone());
        let (found, missing): (Vec<_>, Vec<_>) = wanted.partition(|name| weights.tensors.contains_key(name));
        if found.is_empty() {
            return Err(RunError::Weights("none of their names matches this network.".into()));
        }
        if !missing.is_empty() {
            let (count, names) = (missing.len(), missing.join(", "));
            self.notices.push(format!(
                "{count} of {} tensors are not among the weights and are re-initialised: {names}.",
                count + found.len()
            ));
        }
        self.machine.restore_parameters(weights)?;
        let Snapshot { step, mut tensors } = self.machine.snapshot()?;
        tensors.retain(|name, _| found.contains(name) || missing.contains(name));
        self.start = Some(Arc::new(Snapshot { step, tensors }));
        self.history.origin.weights = Weights::Given;
        Ok(())
    }

    /// With those weights that fit by name and shape; the others are drawn.
    pub fn start_from(
        project: &Project,
        weights: &Snapshot,
        dataset: Arc<Dataset>,
        device: Device,
    ) -> Result<Self, RunError> {
        let mut run = Self::start(project, None, dataset, device)?;
        let program = run.machine.program();
        let fits = |name: &str, dims: &[usize]| {
            let value = program.find(name).and_then(|id| program.value(id));
            value.is_some_and(|value| value.shape.dims == dims)
        };
        let mut fitting = weights.clone();
        fitting.tensors.retain(|name, tensor| fits(name, &tensor.dims));
        if fitting.tensors.keys().any(|name| run.machine.program().find(name).is_some()) {
            run.begin_with(&fitting)?;
        }
        Ok(run)
    }

    /// Weights that the next run is to begin with too: those that this one was given, or, where it was only run
    /// forward, those that it has.
    pub fn given(&self) -> Option<Snapshot> {
        let given = match (&self.history.origin.weights, &self.start) {
            (Weights::Given, Some(start)) => Some((**start).clone()),
            _ if !self.trains() => return self.machine.snapshot().ok(),
            _ => None,
        };
        let loaded = self.loaded_first();
        if loaded.is_empty() {
            return given;
        }
        let mut snapshot = given.unwrap_or_default();
        let program = self.machine.program();
        for (name, numbers) in loaded.iter().flat_map(|tensors| tensors.iter()) {
            let value = program.find(name).and_then(|id| program.value(id));
            let Some(dims) = value.map(|value| value.shape.dims.clone()) else { continue };
            let saved = SavedTensor { dims, numbers: Numbers::F32(numbers.clone()) };
            snapshot.tensors.insert(name.clone(), saved);
        }
        Some(snapshot)
    }

    /// Whether those came from a file.
    pub fn has_given(&self) -> bool {
        matches!(self.history.origin.weights, Weights::Given) || !self.loaded_first().is_empty()
    }

    /// The weights that were loaded before the first step and not undone, the last ones last.
    fn loaded_first(&self) -> Vec<&crate::model::Numbers> {
        let mut loaded = Vec::new();
        for entry in self.history.made().iter().filter(|entry| entry.step == 0) {
            match &entry.change {
                Change::Weights { from: Some(_), tensors } => loaded.push(tensors),
                Change::Weights { from: None, .. } => drop(loaded.pop()),
                _ => {}
            }
        }
        loaded
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
            let what = format!("This run was computed on {device}, which isn't available. It continues on the CPU.");
            self.notices.push(format!("{what} {error}"));
            self.missing = Some(device.clone());
        }
        Device::Cpu
    }

    /// Sentences about what was done otherwise than asked, once.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// Everything that going on needs: tensors, the place in the data, and what happened.
    pub fn save(&self) -> Result<Saved, RunError> {
        let Stand { now, best, place, .. } = self.stand()?;
        let place = Resume { data: Some(Fingerprint::of(&self.dataset)?), ..place };
        let (start, history) = (self.start.clone(), self.history.clone());
        let (project, encoding) = (self.project.clone(), Some(self.dataset.encoding.clone()));
        Ok(Saved { project, now, best, start, place, history, encoding, notice: None })
    }

    /// As [`Self::save`], of a run that has just been given its weights: another program has trained them for so many
    /// steps over these samples, so that nobody here can go back to before.
    pub fn came_from_elsewhere(&self, steps: u64) -> Result<Saved, RunError> {
        let mut saved = self.save()?;
        let per_epoch = self.steps_per_epoch().max(1);
        saved.now.step = steps;
        saved.place.epoch = steps / per_epoch;
        saved.place.cursor = (steps % per_epoch) as usize * self.batch_size();
        (saved.start, saved.history.origin.weights) = (None, Weights::Unknown);
        Ok(saved)
    }

    /// This moment, for [`Self::rewind`].
    pub(in crate::trainer) fn stand(&self) -> Result<Stand, RunError> {
        let (now, best) = (self.machine.snapshot()?, self.best.clone());
        Ok(Stand { now, best, place: self.place, happened: self.history.happened() })
    }

    /// A run that goes on bitwise from what [`Self::save`] returned; `project` is the one in force then. Refuses other
    /// data.
    pub fn resume(project: &Project, dataset: Arc<Dataset>, device: Device, saved: Saved) -> Result<Self, RunError> {
        let mut run = Self::new(project, dataset, device.clone())?;
        let now = Fingerprint::of(&run.dataset)?;
        if let Some(difference) = saved.place.data.and_then(|then| then.difference(&now)) {
            return Err(RunError::OtherData(difference));
        }
        let Saved { now, best, start, place, history, notice, .. } = saved;
        (run.start, run.history) = (start, history);
        run.notices.extend(notice);
        run.stand_at(Stand { now, best, place, happened: run.history.happened() })?;
        if *run.history.device() != device {
            run.change(Change::Device { device })?;
        }
        Ok(run)
    }

    /// What of the data is other than where the run was saved.
    pub fn difference(dataset: &Dataset, place: &Resume) -> Result<Option<Difference>, RunError> {
        let (then, now) = (place.samples, dataset.train.len());
        Ok(match place.data {
            Some(then) => then.difference(&Fingerprint::of(dataset)?),
            None => (then != now).then_some(Difference::TrainingRows { then, now }),
        })
    }

    /// A new run on other data, on purpose, that begins with the weights of one that was kept; its steps count from 1,
    /// and its optimiser remembers nothing. It says what it began with, and can go back to it.
    pub fn begin_from(
        project: &Project,
        saved: &Saved,
        dataset: Arc<Dataset>,
        device: Device,
    ) -> Result<Self, RunError> {
        let other_data = Self::difference(&dataset, &saved.place)?.map(|difference| difference.to_string());
        let mut run = Self::start(project, Some(&saved.now), dataset, device)?;
        run.history.origin.earlier = Some(Earlier { step: saved.now.step, other_data });
        Ok(run)
    }

    /// Back to (or forward to) where [`Self::stand`] was called in this very run; `project` is the one in force then.
    pub(in crate::trainer) fn rewind(&mut self, project: &Project, stand: Stand) -> Result<(), RunError> {
        if *project != self.project {
            let next = Self::new(project, self.dataset.clone(), self.machine.device())?;
            let (history, start) = (std::mem::take(&mut self.history), self.start.take());
            let notices = self.take_notices();
            *self = Self { notices, missing: self.missing.take(), history, start, ..next };
        }
        self.stand_at(stand)?;
        let device = self.history.device().clone();
        if device == self.machine.device() { Ok(()) } else { self.go_to(&device) }
    }

    /// A second run with the same history that stands where [`Self::stand`] was called in this one.
    pub(in crate::trainer) fn another(&self, project: &Project, stand: Stand) -> Result<Self, RunError> {
        let mut run = Self::new(project, self.dataset.clone(), self.machine.device())?;
        (run.history, run.start) = (self.history.clone(), self.start.clone());
        run.missing.clone_from(&self.missing);
        run.rewind(project, stand)?;
        Ok(run)
    }

    /// The run from its beginning, with nothing done and all changes ahead.
    pub(in crate::trainer) fn afresh(&self) -> Result<Self, RunError> {
        let Origin { project, device, weights, .. } = &self.history.origin;
        let is_known = match weights {
            Weights::Fresh => true,
            Weights::Given => self.start.is_some(),
            Weights::Unknown => false,
        };
        if !is_known {
            let why = "The start of this run is no longer known, so it can't go back to before it was opened.";
            return Err(RunError::Change(why.into()));
        }
        let mut run = Self::start(project, self.start.as_deref(), self.dataset.clone(), Device::Cpu)?;
        run.notices.clear();
        run.keep_order(self.place.order);
        run.missing.clone_from(&self.missing);
        run.history.clone_from(&self.history);
        run.history.go_to(Happened::default());
        run.go_to(device)?;
        Ok(run)
    }

    /// By another algorithm than new runs have, perhaps.
    fn keep_order(&mut self, algorithm: Algorithm) {
        self.place.order = algorithm;
        self.order = self.order_of(self.project.training.seed, self.place.epoch);
    }

    fn stand_at(&mut self, stand: Stand) -> Result<(), RunError> {
        let Stand { now, best, place, happened } = stand;
        if place.samples != self.dataset.train.len() || place.cursor > self.dataset.train.len() {
            let (then, now) = (place.samples, self.dataset.train.len());
            return Err(RunError::OtherData(Difference::TrainingRows { then, now }));
        }
        self.machine.restore(&now)?;
        self.machine.scale_rate(place.plateau.scale);
        self.best = best;
        self.place = place;
        self.keep_order(place.order);
        self.history.go_to(happened);
        Ok(())
    }
}
