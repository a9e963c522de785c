//! The baselines that a score is told beside: found on a thread of their own while the network trains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::data::baselines::{Baseline, baselines};
use crate::data::{DataError, Dataset, Progress};
use crate::model::Source;

/// Whether they are still wanted.
struct Wanted(Arc<AtomicBool>);

impl Progress for Wanted {
    fn report(&self, _: f32, _: &str) {}

    fn cancelled(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

pub struct Beside {
    thread: JoinHandle<Result<Vec<Baseline>, DataError>>,
    wanted: Arc<AtomicBool>,
}

impl Beside {
    /// Of tables; `None` of all else, and where there is no thread for it.
    pub fn start(dataset: &Arc<Dataset>, source: &Source) -> Option<Self> {
        if !matches!(source, Source::Csv(_)) {
            return None;
        }
        let (dataset, wanted) = (dataset.clone(), Arc::new(AtomicBool::new(true)));
        let told = Wanted(wanted.clone());
        let work = move || baselines(&dataset, &dataset.validation, &told);
        let thread = std::thread::Builder::new().name("baselines".into()).spawn(work).ok()?;
        Some(Self { thread, wanted })
    }

    /// What they reach; nothing where nobody waits for it.
    pub fn end(self, is_wanted: bool) -> Vec<Baseline> {
        self.wanted.store(is_wanted, Ordering::Relaxed);
        self.thread.join().ok().and_then(Result::ok).unwrap_or_default()
    }
}
