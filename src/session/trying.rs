//! A remedy tried in the window: on a thread beside the run, in memory, until it is kept or discarded.
//!
//! The run on the table goes on meanwhile and is touched by nothing; a program that ends halfway has written nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::diagnosed::key;
use super::keeping::TRAINER_ANSWERS;
use super::trial::{Course, GoOn, Tried, steps, try_remedy};
use super::works::LoadProgress;
use super::{Action, NoticeKind, RunView, State};
use crate::data::Progress;
use crate::diagnosis::{Change, Remedy};
use crate::model::Project;
use crate::trace::Curves;
use crate::trainer::Command;

/// Between two looks of the window.
const SHOWN: Duration = Duration::from_millis(50);

/// A remedy that is tried, or was.
#[derive(Debug)]
pub struct Trial {
    /// "Dead ReLU units"
    pub title: &'static str,
    /// What is tried.
    pub remedy: Remedy,
    /// Of each run.
    pub steps: u64,
    /// As it is, and with the remedy.
    pub curves: [Arc<Curves>; 2],
    /// Both at their end; `None`: they are still trained. A failure is a sentence.
    pub outcome: Option<Result<Box<Tried>, String>>,
    /// What was open when it began.
    project: Project,
}

impl Trial {
    /// How far it is, 0 to 1.
    pub fn share(&self) -> f32 {
        let done = self.curves.iter().filter_map(|curves| curves.train_loss.last()).map(|(step, _)| step).max();
        (done.unwrap_or(0) as f32 / self.steps.max(1) as f32).min(1.0)
    }
}

enum Told {
    Curves(Box<[Curves; 2]>),
    Ended(Result<Option<Box<Tried>>, String>),
}

/// The thread that trains both.
pub(super) struct Trying {
    told: Receiver<Told>,
    progress: Arc<LoadProgress>,
    is_enough: Arc<AtomicBool>,
}

impl Drop for Trying {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

impl State {
    /// The remedy that is tried, or was and is to be decided on.
    pub fn trial(&self) -> Option<&Trial> {
        self.trial.as_deref()
    }

    /// Tries a remedy of a finding, by its place among all of them.
    pub(super) fn try_repair(&mut self, of: &[String; 2], remedy: usize) {
        if self.works.trying.is_some() {
            return self.notify(NoticeKind::Info, "A repair is being tried already.");
        }
        let finding = self.diagnosed().find(|finding| key(finding) == *of).cloned();
        let Some((finding, dataset)) = finding.zip(self.dataset().cloned()) else {
            return self.notify(NoticeKind::Info, "This isn't found any more.");
        };
        let Some(remedy) = finding.remedies.get(remedy).filter(|remedy| remedy.change != Change::ByHand).cloned()
        else {
            return self.notify(NoticeKind::Info, "Only you can make this change.");
        };
        let (project, base, device) = (self.project.clone(), self.base(), self.settings.device.clone());
        // Weights of a file are a beginning that only the trainer knows.
        let given = self.begins_with_given().then(channel).map(|(reply, answer)| {
            self.tell(Command::Save(reply));
            answer
        });
        let (sender, told) = channel();
        let waker = self.works.waker();
        let (progress, is_enough) = (Arc::new(LoadProgress::new(None)), Arc::new(AtomicBool::new(false)));
        let (wanted, enough, woken) = (progress.clone(), is_enough.clone(), waker.clone());
        let (tried, course_of, steps) = (remedy.clone(), project.clone(), steps(&finding));
        let work = move || {
            let mut shown = Instant::now();
            let mut look = |curves: &[Curves; 2]| {
                if shown.elapsed() >= SHOWN {
                    shown = Instant::now();
                    // The session may have moved on.
                    let _ = sender.send(Told::Curves(Box::new(curves.clone())));
                    woken();
                }
                match (wanted.cancelled(), enough.load(Ordering::Relaxed)) {
                    (true, _) => GoOn::Cancel,
                    (false, true) => GoOn::Enough,
                    (false, false) => GoOn::On,
                }
            };
            let both = || {
                let start = match given {
                    Some(answer) => {
                        let kept = answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "The trainer didn't respond.")?;
                        kept?.saved.start.clone()
                    }
                    None => None,
                };
                let (project, dataset, remedy) = (&course_of, &dataset, &tried);
                let course = Course { project, dataset, base: &base, start: start.as_deref(), remedy, steps, device };
                try_remedy(&course, &mut look)
            };
            let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(both));
            let ended = caught.unwrap_or_else(|_| Err("It failed because of a bug in Glassbox.".into()));
            let _ = sender.send(Told::Ended(ended.map(|tried| tried.map(Box::new))));
            waker();
        };
        match std::thread::Builder::new().name("repair".into()).spawn(work) {
            Ok(_) => {
                self.works.trying = Some(Trying { told, progress, is_enough });
                let curves = [Arc::default(), Arc::default()];
                let title = finding.rule.title;
                self.trial = Some(Box::new(Trial { title, remedy, steps, curves, outcome: None, project }));
            }
            Err(error) => self.notify(NoticeKind::Error, format!("Couldn't start a thread: {error}.")),
        }
    }

    /// What there is is compared now.
    pub(super) fn compare_trial_now(&self) {
        if let Some(trying) = &self.works.trying {
            trying.is_enough.store(true, Ordering::Relaxed);
        }
    }

    /// It is not wanted, or not any more.
    pub(super) fn discard_trial(&mut self) {
        (self.works.trying, self.trial) = (None, None);
    }

    /// The remedy becomes a step of undo, and the run with it goes on the table; the run before is kept as any other.
    pub(super) fn keep_trial(&mut self) {
        let Some(trial) = self.trial.take_if(|trial| matches!(trial.outcome, Some(Ok(_)))) else { return };
        let Trial { remedy, outcome: Some(Ok(tried)), project, .. } = *trial else { return };
        let is_same = super::running::bare(&project.graph) == super::running::bare(&self.project.graph)
            && (&project.training, &project.data) == (&self.project.training, &self.project.data);
        let before = self.project.clone();
        match remedy.apply(&before) {
            Ok(mended) => self.project = mended,
            Err(error) => return self.notify(NoticeKind::Warning, error.to_string()),
        }
        let mut name = remedy.label.chars();
        let name = name.next().map_or(String::new(), |first| first.to_lowercase().chain(name).collect());
        self.history.record(name, None, &before);
        if is_same {
            self.put_on_table(tried.repaired);
        }
        self.after_change(&before);
        self.offer(NoticeKind::Success, format!("Kept: {}.", remedy.label), "Undo", Action::Undo);
    }

    /// A run that goes on the table as soon as its data is there; the one that is there is let go.
    fn put_on_table(&mut self, kept: crate::trainer::Kept) {
        self.let_go();
        self.run = RunView::default();
        (self.works.told, self.works.resume_in, self.works.resume_id) = (None, None, None);
        self.works.resume = Some(Box::new(kept));
    }

    /// Takes in what was trained.
    pub(super) fn poll_trial(&mut self) {
        let Some(trying) = &self.works.trying else { return };
        loop {
            let told = match trying.told.try_recv() {
                Ok(told) => told,
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => Told::Ended(Err("It failed because of a bug in Glassbox.".into())),
            };
            match (told, &mut self.trial) {
                (Told::Curves(curves), Some(trial)) => trial.curves = curves.map(Arc::new),
                (Told::Ended(Ok(Some(tried))), Some(trial)) => {
                    trial.curves = tried.sides.each_ref().map(|side| Arc::new(side.curves.clone()));
                    trial.outcome = Some(Ok(tried));
                    self.works.trying = None;
                    return;
                }
                (Told::Ended(Err(why)), Some(trial)) => {
                    trial.outcome = Some(Err(why));
                    self.works.trying = None;
                    return;
                }
                (Told::Ended(Ok(None)), _) | (_, None) => return self.discard_trial(),
            }
        }
    }
}

#[cfg(test)]
#[path = "trying/tests.rs"]
mod tests;
