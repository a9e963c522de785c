//! A race on a thread of its own, for who draws it meanwhile.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::racer::Course;
use super::{Engine, Racer, Standing, Wishes, run};
use crate::data::Dataset;
use crate::model::Project;
use crate::trainer::{Kept, Waker};

/// Between two tellings.
const TELLS_EVERY: Duration = Duration::from_millis(250);

/// What is raced, and how.
pub struct Order {
    /// Who takes part, in this order.
    pub engines: Vec<Engine>,
    /// All at once instead of one after the other.
    pub at_once: bool,
    /// That each trains.
    pub steps: u64,
    /// What they train.
    pub project: Project,
    /// Its samples.
    pub dataset: Arc<Dataset>,
    /// Where relative paths of its data begin.
    pub base: PathBuf,
}

/// What a racer has trained, or why that is lost; its place among the racers.
pub type Trained = (usize, Result<Box<Kept>, String>);

#[derive(Default)]
struct Shared {
    standings: Vec<Standing>,
    trained: Vec<Trained>,
    wishes: Wishes,
    is_over: bool,
}

/// A race that goes on.
pub struct Contest {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Contest {
    /// Begins; `waker` is told when there is something to look at.
    pub fn start(order: Order, waker: Waker) -> Result<Self, String> {
        let standings = order.engines.iter().cloned().map(Standing::new).collect();
        let shared = Arc::new(Mutex::new(Shared { standings, ..Shared::default() }));
        let ours = shared.clone();
        let work = move || {
            Told { shared: &ours, waker: &waker, told: None, is_taken: vec![false; order.engines.len()] }.race(&order);
            locked(&ours).is_over = true;
            waker();
        };
        let thread = std::thread::Builder::new().name("race".into()).spawn(work);
        let thread = thread.map_err(|error| format!("Couldn't start the race: {error}."))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// All wait behind their next step, or go on.
    pub fn pause(&self, paused: bool) {
        locked(&self.shared).wishes.paused = paused;
    }

    /// One ends with what it has.
    pub fn stop(&self, place: usize) {
        locked(&self.shared).wishes.stopped.insert(place);
    }

    /// Brings what is known of the racers up to date. Returns what has been trained since, and whether it is over.
    pub fn look(&self, known: &mut Vec<Standing>) -> (Vec<Trained>, bool) {
        let mut shared = locked(&self.shared);
        known.truncate(shared.standings.len());
        for (i, now) in shared.standings.iter().enumerate() {
            match known.get_mut(i) {
                None => known.push(now.clone()),
                Some(known) => {
                    let mut told = std::mem::take(&mut known.told);
                    told.extend(&now.told[told.len().min(now.told.len())..]);
                    let Standing { engine, status, curves, now, peak_bytes, lines_of_code, batch_size, .. } = now;
                    *known = Standing {
                        engine: engine.clone(),
                        status: status.clone(),
                        told,
                        curves: curves.clone(),
                        now: *now,
                        peak_bytes: *peak_bytes,
                        lines_of_code: *lines_of_code,
                        batch_size: *batch_size,
                    };
                }
            }
        }
        (std::mem::take(&mut shared.trained), shared.is_over)
    }
}

impl Drop for Contest {
    fn drop(&mut self) {
        locked(&self.shared).wishes.abandoned = true;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's side of it.
struct Told<'a> {
    shared: &'a Mutex<Shared>,
    waker: &'a Waker,
    told: Option<Instant>,
    /// Of whom the weights have been taken.
    is_taken: Vec<bool>,
}

impl Told<'_> {
    fn race(mut self, order: &Order) {
        let course = Course {
            project: &order.project,
            dataset: &order.dataset,
            base: &order.base,
            steps: order.steps,
            threads: None,
        };
        run(order.engines.clone(), order.at_once, &course, &mut |racers| self.watch(racers, &course));
    }

    fn watch(&mut self, racers: &[Racer], course: &Course<'_>) -> Wishes {
        for (place, racer) in racers.iter().enumerate() {
            if racer.status().is_over() && !std::mem::replace(&mut self.is_taken[place], true) {
                self.tell(racers);
                if !racer.log.told.is_empty() {
                    let kept = racer.kept(course).map(Box::new);
                    locked(self.shared).trained.push((place, kept));
                    (self.waker)();
                }
            }
        }
        if self.told.is_none_or(|told| told.elapsed() >= TELLS_EVERY) {
            self.tell(racers);
        }
        locked(self.shared).wishes.clone()
    }

    fn tell(&mut self, racers: &[Racer]) {
        self.told = Some(Instant::now());
        let mut is_news = false;
        for (place, racer) in racers.iter().enumerate() {
            let curves = {
                let shared = locked(self.shared);
                let known = &shared.standings[place];
                let grown = known.now.step != racer.log.now().step
                    || known.curves.validation_loss.len() != racer.log.curves.validation_loss.len();
                is_news |= grown || known.status != *racer.status() || known.peak_bytes != racer.log.peak_bytes;
                grown
            };
            let curves = curves.then(|| Arc::new(racer.log.kept()));
            let mut shared = locked(self.shared);
            let known = &mut shared.standings[place];
            known.follow(racer);
            known.curves = curves.unwrap_or_else(|| known.curves.clone());
        }
        if is_news {
            (self.waker)();
        }
    }
}
