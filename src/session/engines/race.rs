//! Several engines on one project, in turn or at once; what it came to, and how far apart their losses are step by
//! step.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::racer::Course;
use super::{Engine, Racer, Status, Told};
use crate::trace::{Curves, Pace};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(30);

/// What is wished of a race while it goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// All wait behind their next step.
    pub paused: bool,
    /// These are to end, by their places.
    pub stopped: BTreeSet<usize>,
    /// Nobody wants to know how it ends.
    pub abandoned: bool,
}

/// Has them train until all are over. `watch` sees them after every look, and says what is wished.
pub fn run(
    engines: Vec<Engine>,
    at_once: bool,
    course: &Course<'_>,
    watch: &mut dyn FnMut(&[Racer]) -> Wishes,
) -> Vec<Racer> {
    let mut racers: Vec<Racer> = engines.into_iter().map(|engine| Racer::new(engine, course)).collect();
    let mut wishes = Wishes::default();
    loop {
        let mut is_free = true;
        for racer in &mut racers {
            if *racer.status() == Status::Waiting && is_free && !wishes.paused {
                racer.start(course);
            }
            is_free &= at_once || racer.poll().is_over();
            racer.poll();
        }
        wishes = watch(&racers);
        for (place, racer) in racers.iter_mut().enumerate() {
            if wishes.stopped.contains(&place) {
                racer.stop();
            } else {
                racer.pause(wishes.paused);
            }
        }
        if wishes.abandoned || racers.iter().all(|racer| racer.status().is_over()) {
            return racers;
        }
        std::thread::sleep(EVERY);
    }
}

/// What is known of an engine in a race.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who it is.
    pub engine: Engine,
    /// How far it is.
    pub status: Status,
    /// Every step.
    pub told: Vec<Told>,
    /// The same as a run has it.
    pub curves: Arc<Curves>,
    /// Where it stands.
    pub now: Pace,
    /// Most memory of its process, once it has said so.
    pub peak_bytes: Option<u64>,
    /// What a person reads of its code.
    pub lines_of_code: usize,
    /// Samples of a full batch.
    pub batch_size: usize,
}

impl Standing {
    /// One that has not begun.
    pub fn new(engine: Engine) -> Self {
        let (curves, now) = (Arc::default(), Pace::default());
        Self {
            engine,
            status: Status::Waiting,
            told: Vec::new(),
            curves,
            now,
            peak_bytes: None,
            lines_of_code: 0,
            batch_size: 1,
        }
    }

    /// Brings it up to date with all but the curves, which take a while to be made.
    pub fn follow(&mut self, racer: &Racer) {
        self.told.extend(&racer.log.told[self.told.len().min(racer.log.told.len())..]);
        (self.now, self.peak_bytes) = (racer.log.now(), racer.log.peak_bytes);
        (self.lines_of_code, self.batch_size) = (racer.lines_of_code, racer.batch_size);
        if self.status != *racer.status() {
            self.status = racer.status().clone();
        }
    }

    /// Of a racer at its end.
    pub fn of(racer: &Racer) -> Self {
        let mut standing = Self::new(racer.engine.clone());
        standing.follow(racer);
        standing
    }
}

/// How an engine did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finish {
    /// "pytorch"
    pub engine: &'static str,
    /// "PyTorch 2.4.1"
    pub title: String,
    /// Why it did not come to its end.
    pub error: Option<String>,
    /// Steps that it told of.
    pub steps: u64,
    /// From the start of its process to the end of its first step.
    pub seconds_to_first_step: Option<f64>,
    /// Median of the steps after the first tenth.
    pub ms_per_step: Option<f64>,
    /// Of full batches at that pace.
    pub samples_per_second: Option<f64>,
    /// Most memory of its process.
    pub peak_bytes: Option<u64>,
    /// What a person reads of its code.
    pub lines_of_code: usize,
    /// Of its last step.
    pub final_loss: Option<f64>,
}

impl Finish {
    /// As far as it is known.
    pub fn of(standing: &Standing) -> Self {
        let told = &standing.told;
        let skipped = told.len() / 10;
        let mut paces: Vec<f64> = told[skipped..].windows(2).map(|pair| pair[1].seconds - pair[0].seconds).collect();
        let middle = paces.len() / 2;
        let pace = (!paces.is_empty()).then(|| *paces.select_nth_unstable_by(middle, f64::total_cmp).1);
        let pace = pace.filter(|seconds| *seconds > 0.0);
        let error = match &standing.status {
            Status::Failed(failure) => Some(failure.sentence.clone()),
            Status::Stopped => Some(format!("{} was stopped.", standing.engine.title())),
            Status::Waiting | Status::Running | Status::Done => None,
        };
        Self {
            engine: standing.engine.word(),
            title: standing.engine.title(),
            error,
            steps: told.last().map_or(0, |last| last.step),
            seconds_to_first_step: told.first().map(|first| first.seconds),
            ms_per_step: pace.map(|seconds| seconds * 1e3),
            samples_per_second: pace.map(|seconds| standing.batch_size as f64 / seconds),
            peak_bytes: standing.peak_bytes,
            lines_of_code: standing.lines_of_code,
            final_loss: told.last().map(|last| last.loss),
        }
    }
}

/// How far the losses of two engines are apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// "pytorch", beside the first engine of the race.
    pub engine: &'static str,
    /// Largest difference within the first hundred steps.
    pub first_hundred: f64,
    /// Largest difference of all.
    pub largest: f64,
    /// The first step whose losses differ by more than a thousandth, if any: from there rounding has led them apart.
    pub parts_at: Option<u64>,
}

/// Step, and how far two losses are apart there; equal infinities, and both no number, are not.
pub fn differences<'a>(first: &'a [Told], other: &'a [Told]) -> impl Iterator<Item = (u64, f64)> + Clone + 'a {
    first.iter().zip(other).map(|(a, b)| {
        let is_same = a.loss == b.loss || a.loss.is_nan() && b.loss.is_nan();
        (a.step, if is_same { 0.0 } else { (a.loss - b.loss).abs() })
    })
}

/// One beside the first; `None` before both have done a step.
pub fn beside(first: &Standing, other: &Standing) -> Option<Compared> {
    let all = || differences(&first.told, &other.told);
    all().next()?;
    let largest = |count: usize| all().take(count).map(|(_, difference)| difference).fold(0.0, f64::max);
    let parts = all().zip(&first.told).find(|((_, difference), told)| *difference > 1e-3 * told.loss.abs().max(1e-3));
    Some(Compared {
        engine: other.engine.word(),
        first_hundred: largest(100),
        largest: largest(usize::MAX),
        parts_at: parts.map(|((step, _), _)| step),
    })
}

/// Each of the others beside the first.
pub fn compare(standings: &[Standing]) -> Vec<Compared> {
    let Some((first, others)) = standings.split_first() else { return Vec::new() };
    others.iter().filter_map(|other| beside(first, other)).collect()
}

/// Every step of everybody as CSV.
pub fn csv(standings: &[Standing]) -> String {
    let mut text = "engine,step,seconds,loss\n".to_owned();
    for standing in standings {
        let title = standing.engine.title();
        for told in &standing.told {
            text.push_str(&format!("{title},{},{},{}\n", told.step, told.seconds, told.loss));
        }
    }
    text
}
