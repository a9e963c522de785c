//! The batches of a run. Where making one costs something (pictures to decode or to change, rows to read), the next one
//! is made by a thread of its own while the network computes. A batch is a function of what it is asked by, so it
//! is the same whoever makes it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use super::{Run, RunError};
use crate::data::{Batch, DataError, Dataset, augment};
use crate::model::{Augmentation, TrainingSpec};

/// What a batch of the training part is a function of.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    rows: Vec<u32>,
    epoch: u64,
    seed: u64,
    augmentation: Augmentation,
}

impl Wanted {
    fn make(&self, dataset: &Dataset) -> Result<Batch, DataError> {
        let mut batch = dataset.train.fetch(&self.rows)?;
        let (shape, task) = (&dataset.input_shape, dataset.truth.task);
        augment(&mut batch, shape, task, &self.augmentation, self.seed, self.epoch);
        Ok(batch)
    }
}

/// The thread that makes the next batch.
#[derive(Default)]
pub(super) struct Loader {
    worker: Option<Worker>,
    /// What was asked of it last, while its answer was not taken.
    asked: Option<Wanted>,
}

/// It ends when the other ends of both are gone.
struct Worker {
    orders: Sender<Wanted>,
    batches: Receiver<Result<Batch, DataError>>,
}

impl Worker {
    fn start(dataset: Arc<Dataset>) -> Option<Self> {
        let (orders, wanted) = channel::<Wanted>();
        let (made, batches) = channel();
        let work = move || {
            while let Ok(wanted) = wanted.recv() {
                if made.send(wanted.make(&dataset)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().name("loader".into()).spawn(work).ok()?;
        Some(Self { orders, batches })
    }
}

impl Loader {
    /// Lets it make a batch meanwhile. Without a thread nothing is made ahead.
    fn ask(&mut self, wanted: Wanted, dataset: &Arc<Dataset>) {
        self.drop_unwanted();
        if self.worker.is_none() {
            self.worker = Worker::start(dataset.clone());
        }
        let is_asked = self.worker.as_ref().is_some_and(|worker| worker.orders.send(wanted.clone()).is_ok());
        self.asked = is_asked.then_some(wanted);
    }

    /// What it has made, if that is wanted now; waits for it.
    fn take(&mut self, wanted: &Wanted) -> Option<Result<Batch, DataError>> {
        if self.asked.as_ref() != Some(wanted) {
            return None;
        }
        self.asked = None;
        let made = self.worker.as_ref()?.batches.recv();
        if made.is_err() {
            self.worker = None;
        }
        made.ok()
    }

    /// The run has gone elsewhere meanwhile.
    fn drop_unwanted(&mut self) {
        let is_gone =
            self.asked.take().is_some() && self.worker.as_ref().is_some_and(|worker| worker.batches.recv().is_err());
        if is_gone {
            self.worker = None;
        }
    }
}

impl Run {
    /// Of the batch that the next step will use.
    pub fn next_rows(&self) -> Vec<u32> {
        let end = (self.place.cursor + self.batch_size()).min(self.dataset.train.len());
        self.order.rows(self.place.cursor..end)
    }

    /// The batch that the next step will use.
    pub fn next_batch(&self) -> Result<Batch, RunError> {
        Ok(self.wanted(self.next_rows(), self.place.epoch).make(&self.dataset)?)
    }

    /// As [`Run::next_batch`]; while the step is computed, the one after it is made.
    pub(super) fn load_batch(&mut self) -> Result<Batch, RunError> {
        let wanted = self.wanted(self.next_rows(), self.place.epoch);
        let made = self.loader.take(&wanted);
        let after = self.wanted_after(wanted.rows.len());
        let batch = made.unwrap_or_else(|| wanted.make(&self.dataset))?;
        if let Some(after) = after {
            self.loader.ask(after, &self.dataset);
        }
        Ok(batch)
    }

    fn wanted(&self, rows: Vec<u32>, epoch: u64) -> Wanted {
        let TrainingSpec { augmentation, seed, .. } = &self.project.training;
        Wanted { rows, epoch, seed: *seed, augmentation: **augmentation }
    }

    /// What the step after the next will use; `None` where it is made in no time, or there is none.
    fn wanted_after(&self, used: usize) -> Option<Wanted> {
        let (epoch, len) = (self.place.epoch, self.dataset.train.len());
        let TrainingSpec { augmentation, seed, epochs, .. } = &self.project.training;
        if self.dataset.train.is_at_hand() && !augmentation.is_active() {
            return None;
        }
        let from = self.place.cursor + used;
        if from < len {
            return Some(self.wanted(self.order.rows(from..(from + self.batch_size()).min(len)), epoch));
        }
        if epoch + 1 >= *epochs as u64 {
            return None;
        }
        let order = self.order_of(*seed, epoch + 1);
        Some(self.wanted(order.rows(0..self.batch_size().min(len)), epoch + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{NoProgress, load};
    use crate::engine::Device;
    use crate::model::{DataSpec, ShapesSpec, Source, templates};

    fn run() -> Run {
        let mut project = templates::build("shapes").unwrap();
        let shapes = ShapesSpec { samples: 100, size: 16, ..ShapesSpec::default() };
        project.data = DataSpec { source: Source::Shapes(shapes), ..DataSpec::default() };
        *project.training.augmentation = Augmentation { flip: true, noise: 0.1, ..Augmentation::default() };
        project.training.batch_size = 32;
        project.training.epochs = 2;
        let dataset = load(&project.data, std::path::Path::new(""), &NoProgress).unwrap();
        Run::new(&project, Arc::new(dataset), Device::Cpu).unwrap()
    }

    /// Over the end of an epoch, whose last batch is smaller, to the end of the run.
    #[test]
    fn what_is_made_ahead_is_what_is_used() {
        let mut run = run();
        for step in 0..run.steps_per_epoch() * 2 {
            let right = run.next_batch().unwrap();
            assert_eq!(run.loader.asked.is_some(), step > 0);
            assert_eq!(run.load_batch().unwrap(), right, "step {step}");
            run.step().unwrap();
        }
        assert!(run.finished().is_some() && run.loader.asked.is_none());
    }

    #[test]
    fn what_is_not_wanted_any_more_is_not_used() {
        let mut run = run();
        run.step().unwrap();
        let changed = Augmentation { flip_up_down: true, ..Augmentation::default() };
        *run.project.training.augmentation = changed;
        let right = run.next_batch().unwrap();
        assert_eq!(run.load_batch().unwrap(), right);
        assert_eq!(run.loader.asked.as_ref().unwrap().augmentation, changed);
        run.step().unwrap();
        assert_eq!(run.load_batch().unwrap(), run.next_batch().unwrap());
    }

    #[test]
    fn points_are_at_hand() {
        let project = templates::build("spiral").unwrap();
        let dataset = load(&project.data, std::path::Path::new(""), &NoProgress).unwrap();
        let mut run = Run::new(&project, Arc::new(dataset), Device::Cpu).unwrap();
        run.step().unwrap();
        assert!(run.loader.asked.is_none() && run.loader.worker.is_none());
    }

    #[test]
    fn a_loader_that_is_gone_is_not_waited_for() {
        let mut run = run();
        run.step().unwrap();
        let (orders, _) = channel();
        let (_, batches) = channel();
        run.loader.worker = Some(Worker { orders, batches });
        let right = run.next_batch().unwrap();
        assert_eq!(run.load_batch().unwrap(), right);
        run.step().unwrap();
    }
}
