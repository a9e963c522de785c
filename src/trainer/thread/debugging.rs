//! The training thread as a debugger: going instruction by instruction, travelling through the run, telling where it stands.
//!
//! How that is done is [`Debugger`]'s own; here it is cut into slices, so that a long way can be left at any time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Mode, Worker, locked};
use crate::trace::{DebugView, Gaze, Listing, Moment, Sight, Stopped, Travel};
use crate::trainer::debugger::{DebugError, Debugger, Unit};
use crate::trainer::standing;

/// What the debugger's buttons and keys ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum DebugCommand {
    /// What the panels wish to see; `None`: nobody looks.
    Look(Option<Box<Gaze>>),
    Forward(Unit),
    Back(Unit),
    Goto(Moment),
    /// Forwards to an instruction: of this step, or of the next when it has passed.
    RunTo(usize),
    /// The last change made by hand is taken back; the run stands where it was made.
    Undo,
    /// Stop on the way to a far place.
    CancelTravel,
}

/// How often a run that goes on is told about.
const WHILE_RUNNING: Duration = Duration::from_millis(120);

/// What the thread keeps for whoever debugs.
#[derive(Default)]
pub(super) struct Desk {
    look: Option<Box<Gaze>>,
    listing: Arc<Listing>,
    stopped: Option<Stopped>,
    /// The last step ever reached.
    furthest: Option<u64>,
    /// Where a journey began.
    from: u64,
    /// The run stands, and that was not told yet.
    due: bool,
    told: Option<Instant>,
}

impl Desk {
    pub fn begin_run(&mut self) {
        *self = Self { look: self.look.take(), due: true, ..Self::default() };
    }

    /// Whether there is something to tell of a run that stands.
    pub fn is_due(&self) -> bool {
        self.due && self.look.is_some()
    }

    /// The run has come to stand here.
    pub fn stand(&mut self) {
        self.due = true;
    }

    /// The run goes on.
    pub fn set_off(&mut self) {
        self.stopped = None;
        self.due = true;
    }

    /// A step is complete; whether it is one that was never reached before.
    pub fn reached(&mut self, step: u64) -> bool {
        let is_new = self.furthest.is_none_or(|furthest| step > furthest);
        if is_new {
            self.furthest = Some(step);
        }
        is_new
    }
}

impl Worker {
    pub(super) fn debug(&mut self, command: DebugCommand) -> Result<(), DebugError> {
        if let DebugCommand::Look(look) = command {
            (self.desk.look, self.desk.due) = (look, true);
            return Ok(());
        }
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        self.mode = Mode::Paused;
        self.desk.set_off();
        match command {
            DebugCommand::Look(_) | DebugCommand::CancelTravel => {}
            DebugCommand::Forward(unit) => {
                let done = debugger.advance(unit, &mut |_| Ok(false))?;
                if let Some(row) = done.row {
                    self.completed(&row)?;
                }
            }
            DebugCommand::Back(unit) => match before(debugger, unit) {
                Some(to) => self.travel(to)?,
                None => self.say("This is the beginning of the run: there is nothing before it."),
            },
            DebugCommand::Goto(to) => self.travel(to)?,
            DebugCommand::RunTo(instruction) => {
                let here = debugger.moment();
                let passed = here.instruction > 0 && instruction <= here.instruction;
                self.travel(Moment { step: here.step + u64::from(passed), instruction })?;
            }
            DebugCommand::Undo => match debugger.undo()? {
                Some(entry) => {
                    self.cut();
                    self.say(&format!("Took back: {}.", standing::change_words(&entry.change)));
                }
                None => self.say("There is no change to take back."),
            },
        }
        self.tell_progress();
        Ok(())
    }

    pub(super) fn say(&mut self, words: &str) {
        locked(&self.outbox).messages.push(words.to_owned());
    }

    /// The run cannot go on from here, and stands.
    pub(super) fn stop_here(&mut self, why: String) {
        self.mode = Mode::Paused;
        self.desk.stand();
        self.say(&why);
        self.desk.stopped = Some(Stopped { why, breakpoint: None });
        self.tell_progress();
    }

    /// What lies ahead of here no longer comes to be.
    pub(super) fn cut(&mut self) {
        let Some(debugger) = &self.debugger else { return };
        let step = debugger.moment().step;
        self.desk.due = true;
        if self.desk.furthest.is_none_or(|furthest| furthest <= step) {
            return;
        }
        self.desk.furthest = Some(step);
        let mut outbox = locked(&self.outbox);
        outbox.rows.retain(|row| row.step <= step);
        outbox.evaluations.retain(|scores| scores.step <= step);
        outbox.cut = Some(outbox.cut.map_or(step, |cut| cut.min(step)));
    }

    /// Begins the way to a place. It is gone in slices.
    fn travel(&mut self, to: Moment) -> Result<(), DebugError> {
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        self.desk.from = debugger.moment().step;
        debugger.depart(to)?;
        self.mode = Mode::Travel(to);
        self.next_step = Instant::now();
        self.travel_on(to)
    }

    /// A step (or an instruction) further on the way.
    pub(super) fn travel_on(&mut self, to: Moment) -> Result<(), DebugError> {
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        let here = debugger.moment();
        if here < to {
            let unit = if here.step < to.step { Unit::Step } else { Unit::Instruction };
            if let Some(row) = debugger.advance(unit, &mut |_| Ok(false))?.row {
                self.completed(&row)?;
            }
        }
        if self.debugger.as_ref().is_some_and(|debugger| debugger.moment() >= to) {
            self.mode = Mode::Paused;
            self.desk.stand();
            self.picture_due = true;
        }
        Ok(())
    }

    /// Tells where the run stands, if somebody looks: at once when it stands still, now and then while it goes on.
    pub(super) fn look_when_due(&mut self) -> Result<(), DebugError> {
        let still = self.mode == Mode::Paused;
        let rested = self.desk.told.is_none_or(|told| told.elapsed() >= WHILE_RUNNING);
        if self.desk.look.is_none() || !(if still { self.desk.due } else { rested }) {
            return Ok(());
        }
        let Some(debugger) = &self.debugger else { return Ok(()) };
        let listing = standing::listing(debugger.machine().program());
        if listing != *self.desk.listing {
            self.desk.listing = Arc::new(listing);
        }
        let furthest = self.desk.furthest.unwrap_or_default();
        let travel = match self.mode {
            Mode::Travel(to) => Some(Travel { from: self.desk.from, now: debugger.moment().step, to: to.step }),
            _ => None,
        };
        let view = DebugView {
            stopped: self.desk.stopped.clone(),
            furthest,
            travel,
            sight: match &self.desk.look {
                Some(gaze) => standing::sight(debugger, gaze),
                _ => Sight::default(),
            },
            ..standing::view(debugger, self.desk.listing.clone())
        };
        self.desk.due &= !still;
        self.desk.told = Some(Instant::now());
        locked(&self.outbox).debug = Some(Arc::new(view));
        (self.waker)();
        Ok(())
    }
}

/// Where the unit before this place begins.
fn before(debugger: &Debugger, unit: Unit) -> Option<Moment> {
    let Moment { step, instruction } = debugger.moment();
    let instructions = &debugger.machine().program().instructions;
    let (step, end) = match (step, instruction) {
        (0, 0) => return None,
        (step, 0) => (step - 1, instructions.len()),
        here => here,
    };
    let last = end.checked_sub(1)?;
    let belongs = |i: usize| match unit {
        Unit::Instruction => i == last,
        Unit::Layer => {
            (instructions[i].phase, instructions[i].layer) == (instructions[last].phase, instructions[last].layer)
        }
        Unit::Phase => instructions[i].phase == instructions[last].phase,
        Unit::Step => true,
    };
    let begin = (0..end).rev().take_while(|&i| belongs(i)).last().unwrap_or(last);
    Some(Moment { step, instruction: begin })
}
