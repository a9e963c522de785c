//! The thread that reads and writes the runs of a project, one thing after the other in the order in which they were
//! asked for, so that the window never waits for a disk. What is read and written is [`super::keeping`]'s matter.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::checkpoint::Kept;
use super::runs::RunOutput;
use crate::model::Project;
use crate::persist::Desk;
use crate::trace::{Curves, RunCard};
use crate::trainer::Waker;

/// Something to be done with the runs on disk.
pub(super) type Job = Box<dyn FnOnce() -> News + Send>;

/// What came of it. Errors are sentences.
pub(super) enum News {
    Listed {
        cards: Vec<RunCard>,
        problems: Vec<String>,
        desk: Option<Box<Desk>>,
    },
    /// The run as it lies on disk now.
    Kept {
        id: String,
        outcome: Result<Box<RunCard>, String>,
    },
    Loaded {
        id: String,
        /// Nobody asked for it but the project that was opened.
        by_itself: bool,
        outcome: Result<Box<(Project, Kept)>, String>,
    },
    Curves {
        id: String,
        outcome: Result<Box<Curves>, String>,
    },
    Output {
        id: String,
        outcome: Result<Box<RunOutput>, String>,
    },
    /// A run that was trained elsewhere lies among the project's now, and what came over.
    Returned(Result<(Box<RunCard>, String), String>),
    /// Done; a sentence, if there is something to say.
    Done(Option<String>),
    Failed(String),
}

impl News {
    /// Of something that is told of only where it fails.
    pub fn quiet<T>(done: Result<T, impl std::fmt::Display>) -> Self {
        done.map_or_else(|error| Self::Failed(error.to_string()), |_| Self::Done(None))
    }

    /// Of something that says what it did.
    pub fn told(done: Result<String, String>) -> Self {
        done.map_or_else(Self::Failed, |text| Self::Done(Some(text)))
    }
}

pub(super) struct Archive {
    jobs: Option<Sender<(u64, Job)>>,
    news: Receiver<(u64, News)>,
    thread: Option<JoinHandle<()>>,
    /// Asked for, and not yet answered.
    waiting: usize,
}

impl Archive {
    pub fn spawn(waker: Waker) -> Result<Self, String> {
        let (jobs, inbox) = channel::<(u64, Job)>();
        let (outbox, news) = channel();
        let work = move || {
            while let Ok((table, job)) = inbox.recv() {
                let stumbled = || News::Failed("Reading or writing a run failed because of a bug in Glassbox.".into());
                let news = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| stumbled());
                // The session may have ended.
                let _ = outbox.send((table, news));
                waker();
            }
        };
        let thread = std::thread::Builder::new().name("runs".into()).spawn(work).map_err(|error| error.to_string())?;
        Ok(Self { jobs: Some(jobs), news, thread: Some(thread), waiting: 0 })
    }

    /// `table`: which project it is about, for whoever takes the news.
    pub fn ask(&mut self, table: u64, job: Job) {
        if let Some(jobs) = &self.jobs
            && jobs.send((table, job)).is_ok()
        {
            self.waiting += 1;
        }
    }

    pub fn take(&mut self) -> Vec<(u64, News)> {
        let news: Vec<_> = self.news.try_iter().collect();
        self.waiting = self.waiting.saturating_sub(news.len());
        news
    }

    /// Whether something is still being read or written.
    pub fn is_busy(&self) -> bool {
        self.waiting > 0
    }
}

impl Drop for Archive {
    /// Waits for everything that was asked for.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
