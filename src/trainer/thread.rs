//! The named thread that owns the run and its past: commands in, an outbox out. A panic in it becomes a message.
//!
//! Owns when to compute and when to look. Where the run goes when it is debugged is `debugging`'s own.

mod asker;
mod branches;
mod debugging;
mod desk;
mod interrupts;
mod loading;
mod not_finite;
mod starting;
mod telling;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::debugger::{DebugError, Debugger, Granularity};
use super::kept::{Kept, Page};
use super::outbox::{InForce, Outbox, Stop};
use super::pace::Pace;
use super::run::{Run, RunError};
use super::scoring::Asked;
use crate::data::Dataset;
use crate::engine::{Device, FirstNotFinite, Threads};
use crate::model::Project;
use crate::trace::Change;
use crate::trace::{OutputPicture, PictureWishes};
pub use asker::Asker;
use asker::Standing;
pub use debugging::DebugCommand;
use desk::Desk;
use interrupts::{Interrupts, Urgency};
pub use loading::Load;
use starting::Given;

/// Told when the outbox has something new; must be cheap and may be called from the training thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What the thread is asked for. Answers come in the outbox.
pub enum Command {
    /// Forget the run there is and set up a new one, paused.
    Start {
        /// Given to everything that is told of it.
        run: u64,
        /// Network, data and settings.
        project: Box<Project>,
        /// The samples that these settings gave.
        dataset: Arc<Dataset>,
        /// What computes.
        device: Device,
        /// What it goes on with, whatever else the project says.
        kept: Option<Box<Kept>>,
    },
    /// Forget the run.
    Clear,
    /// Train until something stops it.
    Play,
    /// Finish the step in progress and stand.
    Pause,
    /// One step, or the rest of the one in progress.
    StepBatch,
    /// To the end of the epoch.
    StepEpoch,
    /// 0 (slowest) to 1 (full speed).
    Speed(f32),
    /// Another network, other settings or another device, from the next step on.
    Change(Box<Change>),
    /// Weights of a file, or those from before it, from the next step on.
    Load(Load),
    /// What was dragged has been let go: the next change is another one.
    EndDrag,
    /// The pictures that are on the screen.
    Want(PictureWishes),
    /// One sample, as the network takes it; the answer comes in the outbox.
    Ask(Vec<f32>),
    /// What the debugger's buttons and keys ask for.
    Debug(DebugCommand),
    /// Bytes for the checkpoints that going back begins at.
    Budget(usize),
    /// The run as it stands between two steps, and all that was told of it.
    Save(Sender<Result<Box<Kept>, String>>),
    /// End the thread.
    Quit,
}

/// Handle of the training thread. Dropping it ends the thread.
pub struct Trainer {
    asker: Asker,
    outbox: Arc<Mutex<Outbox>>,
    thread: Option<JoinHandle<()>>,
}

impl Trainer {
    /// `threads`: how many compute; 0 takes all there are.
    pub fn spawn(waker: Waker, threads: usize) -> Result<Self, String> {
        let (commands, inbox) = channel();
        let outbox = Arc::new(Mutex::new(Outbox::default()));
        let interrupts = Arc::new(Interrupts::default());
        let standing = Arc::new(Standing::default());
        let mut worker = Worker::new(inbox, outbox.clone(), waker, interrupts.clone(), standing.clone());
        let threads = Threads::new(threads).map_err(|error| error.to_string())?;
        let work = move || threads.run(|| worker.work());
        let thread = std::thread::Builder::new().name("trainer".into()).spawn(work).map_err(|e| e.to_string())?;
        Ok(Self { asker: Asker::new(commands, interrupts, standing), outbox, thread: Some(thread) })
    }

    /// Comes back at once; the thread looks at it between two slices of work.
    pub fn send(&self, command: Command) {
        self.asker.send(command);
    }

    /// For another thread that wishes to keep the run.
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// Everything told since the last time.
    pub fn take(&self) -> Outbox {
        let mut outbox = locked(&self.outbox);
        let (run, branch) = (outbox.run, outbox.branch);
        std::mem::replace(&mut *outbox, Outbox { run, branch, ..Outbox::default() })
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.send(Command::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Paused,
    Running,
    /// Until the end of the current epoch.
    ToEpochEnd,
    /// This many more steps.
    Steps(u32),
}

/// How long the thread computes before it looks at commands and hands over rows.
const SLICE: Duration = Duration::from_millis(6);
/// Steps longer than this are gone instruction by instruction while somebody debugs.
const LONG: Duration = Duration::from_millis(80);
/// For checkpoints, until something else is asked for.
const DEFAULT_BUDGET: usize = 256 << 20;

struct Worker {
    inbox: Receiver<Command>,
    outbox: Arc<Mutex<Outbox>>,
    waker: Waker,
    run_number: u64,
    debugger: Option<Debugger>,
    given: Given,
    desk: Desk,
    /// What is drawn and set, as far as it was told.
    page: Page,
    /// The last that was told to be in force.
    in_force: Option<InForce>,
    budget: usize,
    mode: Mode,
    speed: f32,
    wanted: PictureWishes,
    /// Spent training since the run was begun or gone on with here, and before.
    seconds: f64,
    seconds_before: f64,
    /// Samples and seconds since the rate was last told.
    recent: (usize, f64),
    rate: f64,
    pace: Pace,
    picture_due: bool,
    /// The newest picture of the output, and the answers behind it.
    output: Option<OutputPicture>,
    asked: Option<Asked>,
    /// The network may answer otherwise than when `output` was taken.
    is_stale: bool,
    /// The sample that somebody asked about last.
    question: Option<Vec<f32>>,
    next_step: Instant,
    /// What made the NaN or infinity that the loss is, once that was told.
    not_finite: Option<FirstNotFinite>,
    /// That was told just now.
    opens_culprit: bool,
    /// The run has come to its end, which is told with how far it has come.
    ended: Option<Stop>,
    /// A step takes longer than somebody who presses pause would wait.
    long_steps: bool,
    interrupts: Arc<Interrupts>,
    standing: Arc<Standing>,
}

impl Worker {
    fn new(
        inbox: Receiver<Command>,
        outbox: Arc<Mutex<Outbox>>,
        waker: Waker,
        interrupts: Arc<Interrupts>,
        standing: Arc<Standing>,
    ) -> Self {
        let now = Instant::now();
        Self {
            inbox,
            outbox,
            waker,
            run_number: 0,
            debugger: None,
            given: Given::default(),
            desk: Desk::default(),
            page: Page::of(&Project::default()),
            in_force: None,
            budget: DEFAULT_BUDGET,
            mode: Mode::Paused,
            speed: 1.0,
            wanted: PictureWishes::default(),
            seconds: 0.0,
            seconds_before: 0.0,
            recent: (0, 0.0),
            rate: 0.0,
            pace: Pace::new(),
            picture_due: false,
            output: None,
            asked: None,
            is_stale: false,
            question: None,
            next_step: now,
            not_finite: None,
            opens_culprit: false,
            ended: None,
            long_steps: false,
            interrupts,
            standing,
        }
    }

    fn work(&mut self) {
        loop {
            match self.receive() {
                Ok(Some(Command::Quit)) | Err(()) => return,
                Ok(command) => {
                    let outcome = catch_unwind(AssertUnwindSafe(|| self.turn(command)));
                    match outcome {
                        Ok(Ok(())) => {}
                        // The run itself is well: what was asked for cannot be done.
                        Ok(Err(DebugError::Run(RunError::Change(why)))) => self.stop_here(why),
                        Ok(Err(DebugError::Run(error))) => self.fail(error.to_string()),
                        Ok(Err(error)) => self.stop_here(error.to_string()),
                        Err(panic) => self.fail(panic_sentence(panic.as_ref())),
                    }
                }
            }
        }
    }

    /// The next command, or `None` when it is time to compute.
    fn receive(&self) -> Result<Option<Command>, ()> {
        let wait = match self.wait() {
            None => return self.inbox.recv().map(Some).map_err(drop),
            Some(wait) => wait,
        };
        if wait.is_zero() {
            return match self.inbox.try_recv() {
                Ok(command) => Ok(Some(command)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Disconnected) => Err(()),
            };
        }
        match self.inbox.recv_timeout(wait) {
            Ok(command) => Ok(Some(command)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    /// How long until there is something to compute; `None`: not before a command.
    fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        match (&self.debugger, self.mode) {
            (None, _) => None,
            (Some(_), Mode::Paused) if self.desk.is_due() => Some(Duration::ZERO),
            (Some(_), Mode::Paused) if self.has_more_to_ask() => Some(Duration::ZERO),
            (Some(_), Mode::Paused) if self.picture_due => Some(self.pace.wait_when_paused(now)),
            (Some(_), Mode::Paused) => None,
            (Some(_), _) => Some(self.next_step.saturating_duration_since(now)),
        }
    }

    fn turn(&mut self, command: Option<Command>) -> Result<(), DebugError> {
        match command {
            Some(command) => self.obey(command),
            None => self.compute(),
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), DebugError> {
        self.interrupts.received(&command);
        self.picture_due = true;
        self.is_stale |= command.may_change_answers();
        match command {
            Command::Start { run, project, dataset, device, kept } => {
                self.start(run, &project, dataset, device, kept)?;
            }
            Command::Clear => {
                (self.debugger, self.mode, self.given) = (None, Mode::Paused, Given::default());
                self.desk.begin_run();
                self.standing.clear();
            }
            Command::Play => self.go(Mode::Running),
            Command::StepBatch => self.go(Mode::Steps(1)),
            Command::StepEpoch => self.go(Mode::ToEpochEnd),
            Command::Pause => {
                self.mode = Mode::Paused;
                self.desk.stand();
                self.tell_progress();
            }
            Command::Debug(command) => self.debug(command)?,
            Command::Budget(bytes) => {
                self.budget = bytes;
                self.share();
                self.desk.stand();
            }
            Command::Speed(speed) => {
                self.speed = speed.clamp(0.0, 1.0);
                self.next_step = Instant::now();
            }
            Command::Change(change) => self.change(*change)?,
            Command::Load(load) => self.load(load)?,
            Command::EndDrag => self.debugger.iter_mut().for_each(Debugger::end_drag),
            Command::Want(wanted) => {
                self.wanted = wanted;
                self.pace.hurry();
            }
            Command::Ask(sample) => {
                self.question = Some(sample);
                self.answer()?;
            }
            Command::Save(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.kept());
            }
            Command::Quit => {}
        }
        Ok(())
    }

    fn run(&self) -> Option<&Run> {
        self.debugger.as_ref().map(Debugger::run)
    }

    fn go(&mut self, mode: Mode) {
        self.desk.set_off();
        let finished = self.run().and_then(Run::finished);
        if let (Some(stop), Mode::Running) = (finished, mode) {
            self.ended = Some(stop);
        } else if self.debugger.is_some() {
            self.mode = mode;
            self.pace.hurry();
        }
        self.next_step = Instant::now();
        self.tell_progress();
    }

    /// Time between two steps at the chosen speed; at full speed there is none.
    fn pause_between_steps(&self) -> Option<Duration> {
        // One step a second at the slow end, a thousand just below full speed.
        (self.speed < 0.999).then(|| Duration::from_secs_f64(10f64.powf(-3.0 * f64::from(self.speed))))
    }

    fn compute(&mut self) -> Result<(), DebugError> {
        let began = Instant::now();
        if self.mode != Mode::Paused {
            match self.pause_between_steps() {
                None => {
                    while self.mode != Mode::Paused && began.elapsed() < SLICE {
                        self.one_step()?;
                    }
                }
                Some(pause) => {
                    self.one_step()?;
                    self.next_step = (self.next_step + pause).max(began);
                }
            }
            let spent = began.elapsed().as_secs_f64();
            self.seconds += spent;
            self.recent.1 += spent.max(self.pause_between_steps().map_or(0.0, |p| p.as_secs_f64()));
            self.tell_progress();
        }
        self.take_picture_when_due()?;
        self.ask_on()
    }

    /// To the end of the step in progress, or one step.
    fn one_step(&mut self) -> Result<(), DebugError> {
        if !self.prepare()? {
            return Ok(());
        }
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        let began = Instant::now();
        // Where a step takes long, a pause must not wait for its end.
        let in_parts = self.desk.is_looked_at() && (self.long_steps || debugger.machine().is_in_step());
        let done = if in_parts { debugger.advance(Granularity::Instruction)? } else { debugger.run_free()? };
        self.long_steps = if in_parts { self.long_steps } else { began.elapsed() > LONG };
        let epoch_done = done.row.as_ref().map(|row| row.epoch_done);
        let (stopped, finished) = (done.stopped(), done.finished);
        self.passed(done);
        let Some(epoch_done) = epoch_done else { return Ok(()) };
        self.mode = match self.mode {
            _ if stopped => Mode::Paused,
            Mode::Running if finished.is_some() => {
                self.ended = finished;
                Mode::Paused
            }
            Mode::ToEpochEnd if epoch_done => Mode::Paused,
            Mode::Steps(n) if n <= 1 => Mode::Paused,
            Mode::Steps(n) => Mode::Steps(n - 1),
            other => other,
        };
        if self.mode == Mode::Paused {
            self.desk.stand();
        }
        self.open_culprit_when_due()
    }

    fn is_at_full_speed(&self) -> bool {
        self.mode != Mode::Paused && self.pause_between_steps().is_none()
    }

    fn fail(&mut self, message: String) {
        (self.debugger, self.mode) = (None, Mode::Paused);
        self.standing.clear();
        let mut outbox = locked(&self.outbox);
        outbox.run = self.run_number;
        outbox.failed = Some(message);
        drop(outbox);
        (self.waker)();
    }
}

fn panic_sentence(panic: &(dyn std::any::Any + Send)) -> String {
    let what = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!(
        "The trainer stopped because of a bug in Glassbox ({}). Your project is unaffected; press Reset to train \
            again.",
        what.unwrap_or("no details")
    )
}
