//! The training thread as a debugger: going instruction by instruction, travelling, searching, changing, forking.
//!
//! How that is done is [`Debugger`]'s own; here commands become calls, and what came of them is told.

use std::sync::Mutex;

use super::desk::Desk;
use super::telling::{catch_up, tell_new};
use super::{Interrupts, Mode, Urgency, Waker, Worker, locked};
use crate::trace::{At, Branch, Breakpoint, Checked, Inspection, Moment, Stopped};
use crate::trace::{Change, TensorEdit};
use crate::trainer::debugger::{DebugError, Debugger, Granularity, Held, Hit, Reversed, Way};
use crate::trainer::outbox::Outbox;

/// What the debugger's buttons and keys ask for.
#[derive(Clone, Debug, PartialEq)]
pub enum DebugCommand {
    /// What the panels wish to see; `None`: nobody looks.
    Look(Option<Box<Inspection>>),
    /// So far onwards.
    Forward(Granularity),
    /// So far back, exactly as it was.
    Back(Granularity),
    /// To any moment up to the furthest.
    Goto(Moment),
    /// Just behind the instruction that made the NaN or infinity that was told of.
    ShowNotFinite,
    /// Back to where a breakpoint would have stopped.
    ReverseContinue,
    /// Back to where a condition held.
    ReverseTo {
        /// Like a breakpoint's.
        condition: String,
        /// Since when it is asked.
        held: Held,
    },
    /// All there are to be, whatever there were.
    SetBreakpoints(Vec<Breakpoint>),
    /// Whether a condition that is being typed means something.
    CheckCondition {
        /// Where it is asked: that decides which values it may name.
        at: At,
        /// As it is typed.
        condition: String,
    },
    /// The same of an expression to be watched.
    CheckExpression(String),
    /// One number of a value, from here on.
    Set {
        /// As in the listing.
        name: String,
        /// An entry for every axis, from 0.
        index: Vec<usize>,
        /// Rounded to what the tensor holds.
        value: f32,
    },
    /// All numbers of a value at once.
    Edit {
        /// As in the listing.
        name: String,
        /// What becomes of each.
        edit: TensorEdit,
    },
    /// Another learning rate on this branch, whatever the project says.
    SetRate(f64),
    /// The last change made by hand is taken back; the run stands where it was made.
    Undo,
    /// Go on from here in two ways: the new one is this branch from now on.
    Fork {
        /// As in the listing.
        name: String,
    },
    /// To another branch, where it stands.
    Switch(u32),
    /// Another name for a branch.
    Rename {
        /// Its number.
        branch: u32,
        /// Changed where it is taken already.
        name: String,
    },
    /// A branch is no longer needed; deleting the one that is looked at leads to the one that it left.
    DeleteBranch(u32),
    /// A watched number is taken over the steps so far too, for its curve.
    GatherCurve(String),
    /// Stop on the way to a far place.
    Cancel,
}

impl DebugCommand {
    /// Whether the run stays where and as it is.
    pub(super) fn only_looks(&self) -> bool {
        self.urgency() == Urgency::None && !matches!(self, Self::DeleteBranch(_))
    }

    pub(super) fn urgency(&self) -> Urgency {
        match self {
            Self::Look(_)
            | Self::SetBreakpoints(_)
            | Self::CheckCondition { .. }
            | Self::CheckExpression(_)
            | Self::DeleteBranch(_)
            | Self::Rename { .. } => Urgency::None,
            Self::Goto(_) => Urgency::Instead,
            Self::Cancel => Urgency::Stop,
            _ => Urgency::AfterThis,
        }
    }

    /// Whether the run stands still for it.
    fn halts(&self) -> bool {
        self.urgency() != Urgency::None
    }
}

impl Worker {
    pub(super) fn debug(&mut self, command: DebugCommand) -> Result<(), DebugError> {
        if let DebugCommand::Look(look) = command {
            self.desk.look_at(look);
            return Ok(());
        }
        if self.debugger.is_none() {
            return Ok(());
        }
        if command.halts() {
            self.mode = Mode::Paused;
            // A curve is gathered from where it stands, for the reason that it stands there.
            if !matches!(command, DebugCommand::GatherCurve(_)) {
                self.desk.set_off();
            }
        }
        self.desk.stand();
        self.obey_debug(command)?;
        self.forget_not_finite_ahead();
        self.standing.did();
        self.tell_progress();
        Ok(())
    }

    fn obey_debug(&mut self, command: DebugCommand) -> Result<(), DebugError> {
        let Some(debugger) = &mut self.debugger else { return Ok(()) };
        match command {
            DebugCommand::Look(_) | DebugCommand::Cancel => {}
            DebugCommand::Forward(unit) => self.forward(unit)?,
            DebugCommand::Back(unit) => match before(debugger, unit) {
                Some(to) => self.travel(to)?,
                None => self.say("This is the start of the run."),
            },
            DebugCommand::Goto(to) => self.travel(to)?,
            DebugCommand::ShowNotFinite => self.show_culprit()?,
            DebugCommand::ReverseContinue => self.reverse(None)?,
            DebugCommand::ReverseTo { condition, held } => self.reverse(Some((condition, held)))?,
            DebugCommand::SetBreakpoints(breakpoints) => debugger.set_breakpoints(breakpoints),
            DebugCommand::CheckCondition { at, condition } => {
                let asked = Breakpoint::new(u32::MAX, at, Some(condition.clone()));
                let problem = debugger.check_breakpoint(&asked).err();
                self.desk.note(Checked { text: condition, is_condition: true, problem });
            }
            DebugCommand::CheckExpression(text) => {
                let problem = debugger.check_expression(&text).err().map(|error| error.message);
                self.desk.note(Checked { text, is_condition: false, problem });
            }
            DebugCommand::Set { name, index, value } => {
                let late = debugger.used_already(&name);
                self.alter(|debugger| debugger.set(&name, &index, value))?;
                late.into_iter().for_each(|late| self.say(&late));
            }
            DebugCommand::Edit { name, edit } => {
                let late = debugger.used_already(&name);
                self.alter(|debugger| debugger.edit(&name, edit))?;
                late.into_iter().for_each(|late| self.say(&late));
            }
            DebugCommand::GatherCurve(expression) => self.gather_curve(&expression)?,
            DebugCommand::SetRate(rate) => {
                self.alter(|debugger| debugger.set_learning_rate(rate))?;
            }
            DebugCommand::Undo => self.take_back()?,
            DebugCommand::Fork { name } => self.fork(name)?,
            DebugCommand::Switch(branch) => self.switch(branch),
            DebugCommand::Rename { branch, name } => {
                self.desk.branches.all.rename(branch, name);
                self.tell_branches();
            }
            DebugCommand::DeleteBranch(branch) => self.delete_branch(branch),
        }
        Ok(())
    }

    pub(super) fn say(&mut self, words: &str) {
        locked(&self.outbox).say(words.to_owned());
    }

    /// The run cannot go on from here, and stands.
    pub(super) fn stop_here(&mut self, why: String) {
        self.mode = Mode::Paused;
        self.say(&why);
        self.desk.stopped = Some(Stopped { why, breakpoint: None, culprit: None });
        self.desk.stand();
        self.tell_progress();
    }

    /// A breakpoint held: the run stands.
    pub(super) fn stopped_at(&mut self, hits: &[Hit]) {
        let Some(first) = hits.first() else { return };
        self.mode = Mode::Paused;
        let why = hits.iter().map(|hit| hit.why.as_str()).collect::<Vec<_>>().join("; ");
        let made = hits.iter().find_map(|hit| hit.not_finite.as_ref());
        let culprit = made.zip(self.debugger.as_ref()).and_then(|(made, debugger)| debugger.machine().place_of(made));
        self.desk.stopped = Some(Stopped { why, breakpoint: Some(first.breakpoint), culprit });
        self.desk.stand();
        self.picture_due = true;
    }

    /// What lies ahead of here no longer comes to be.
    pub(super) fn cut(&mut self) {
        let Some(debugger) = &self.debugger else { return };
        let step = debugger.moment().step;
        self.desk.stand();
        self.picture_due = true;
        if !self.desk.branches.cut(step) {
            return;
        }
        let mut outbox = locked(&self.outbox);
        outbox.cut(step);
    }

    fn take_back(&mut self) -> Result<(), DebugError> {
        let branch = self.desk.branches.all.current();
        let before = self.run().map(|run| run.training().clone());
        match self.undo()? {
            Some(entry) => {
                if let Some((run, before)) = self.debugger.as_ref().map(Debugger::run).zip(before)
                    && matches!(entry.change, Change::Training { .. } | Change::Graph { .. })
                {
                    self.page.graph.clone_from(&run.project().graph);
                    self.page.training = self.page.training.following(&before, run.training());
                    locked(&self.outbox).page = Some(Box::new(self.page.clone()));
                }
                // The one that a branch left has a lower number.
                let ways = &self.desk.branches.all;
                let now = ways.get(ways.current()).filter(|now| now.id < branch).map(Branch::title);
                let back = now.map_or(String::new(), |name| format!(" Back on the branch {name}."));
                self.say(&format!("Undone: {}.{back}", entry.change));
            }
            None => self.say("There is no change to undo."),
        }
        Ok(())
    }

    /// Progress is told beside the last view: there must be one.
    fn be_seen(&mut self) -> Result<(), DebugError> {
        if !self.desk.was_seen() {
            self.look_when_due()?;
            // Where the way ends is told too.
            self.desk.stand();
        }
        Ok(())
    }

    fn forward(&mut self, unit: Granularity) -> Result<(), DebugError> {
        if self.prepare()?
            && let Some(debugger) = &mut self.debugger
        {
            let done = debugger.advance(unit)?;
            self.passed(done);
            // Whoever goes by single instructions stays where they went.
            self.opens_culprit &= unit == Granularity::Step;
            self.open_culprit_when_due()?;
        }
        Ok(())
    }

    /// What breakpoints have to know of the steps so far is gathered, however many they are; whether it could be.
    pub(super) fn prepare(&mut self) -> Result<bool, DebugError> {
        if self.debugger.as_ref().is_none_or(Debugger::is_prepared) {
            return Ok(true);
        }
        self.be_seen()?;
        let Self { debugger: Some(debugger), desk, outbox, waker, interrupts, .. } = self else { return Ok(true) };
        let mut tell = Telling { what: "replaying the steps so far for a breakpoint", desk, outbox, waker, interrupts };
        let is_ready = debugger.prepare(&mut |progress| tell.goes_on(progress))?;
        self.picture_due = true;
        if !is_ready {
            let why = "A breakpoint needs all steps so far, but replaying them was cancelled. It starts again when you \
                    continue.";
            self.stop_here(why.into());
        }
        Ok(is_ready)
    }

    fn gather_curve(&mut self, expression: &str) -> Result<(), DebugError> {
        self.be_seen()?;
        let Self { debugger: Some(debugger), desk, outbox, waker, interrupts, .. } = self else { return Ok(()) };
        let mut tell = Telling { what: "replaying the steps so far for a curve", desk, outbox, waker, interrupts };
        debugger.gather_curve(expression, &mut |progress| tell.goes_on(progress))?;
        self.desk.draw_curve(expression);
        Ok(())
    }

    /// To a place, however far. Whatever interrupts is obeyed next.
    pub(super) fn travel(&mut self, to: Moment) -> Result<(), DebugError> {
        self.be_seen()?;
        let Self { debugger: Some(debugger), desk, outbox, waker, interrupts, .. } = self else { return Ok(()) };
        let what = format!("to step {}", to.step);
        let mut tell = Telling { what: &what, desk, outbox, waker, interrupts };
        let arrived = debugger.goto_while(to, &mut |way: Way| {
            if let Some(done) = way.new {
                tell_new(tell.desk, tell.outbox, done);
            }
            tell.goes_on(way.progress)
        });
        catch_up(desk, outbox, debugger.moment().step);
        self.picture_due = true;
        arrived.map(drop)
    }

    /// A branch that is left goes to the last step that was ever reached on it.
    pub(super) fn go_to_the_end_of(&mut self, old: &mut Debugger) {
        let (step, Self { desk, outbox, waker, interrupts, .. }) = (old.furthest(), self);
        let mut tell = Telling { what: "to the end of the branch", desk, outbox, waker, interrupts };
        // It rests wherever the way ended: all of it can be reached from there.
        let _ = old.goto_while(Moment { step, instruction: 0 }, &mut |way: Way| tell.goes_on(way.progress));
    }

    fn reverse(&mut self, to: Option<(String, Held)>) -> Result<(), DebugError> {
        if to.is_none() && self.debugger.as_ref().is_some_and(|debugger| !debugger.may_stop()) {
            self.say("There is no breakpoint to go back to. Set one, or go back to where a condition held.");
            return Ok(());
        }
        self.be_seen()?;
        let Self { debugger: Some(debugger), desk, outbox, waker, interrupts, .. } = self else { return Ok(()) };
        let what = match &to {
            Some((condition, _)) => format!("back to where {condition}"),
            None => "back to a breakpoint".to_owned(),
        };
        let mut tell = Telling { what: &what, desk, outbox, waker, interrupts };
        let mut go_on = |progress: f32| tell.goes_on(progress);
        let found = match &to {
            Some((condition, held)) => debugger.reverse_to(condition, *held, &mut go_on),
            None => debugger.reverse_continue(&mut go_on),
        };
        self.picture_due = true;
        match found? {
            Reversed::Found(hits) => self.stopped_at(&hits),
            Reversed::Nowhere => {
                let what = to.map_or("No breakpoint would have stopped earlier".to_owned(), |(what, _)| {
                    format!("{what} was never true before")
                });
                self.stop_here(format!("{what}. The run hasn't moved."));
            }
            Reversed::Cancelled => {}
        }
        Ok(())
    }
}

/// A long way, told of while it is gone.
struct Telling<'a> {
    what: &'a str,
    desk: &'a mut Desk,
    outbox: &'a Mutex<Outbox>,
    waker: &'a Waker,
    interrupts: &'a Interrupts,
}

impl Telling<'_> {
    /// Tells how far it is now and then; whether nobody wants something else.
    fn goes_on(&mut self, progress: f32) -> bool {
        if self.desk.is_time_to_tell()
            && let Some(view) = self.desk.on_the_way(self.what, progress)
        {
            locked(self.outbox).debug = Some(view);
            (self.waker)();
        }
        !self.interrupts.is_waiting()
    }
}

/// Where the unit before this place begins.
fn before(debugger: &Debugger, unit: Granularity) -> Option<Moment> {
    let Moment { step, instruction } = debugger.moment();
    let instructions = &debugger.machine().program().instructions;
    let (step, end) = match (step, instruction) {
        (0, 0) => return None,
        (step, 0) => (step - 1, instructions.len()),
        here => here,
    };
    let last = end.checked_sub(1)?;
    let group = |i: usize| (instructions[i].phase, instructions[i].layer);
    let belongs = |i: usize| match unit {
        Granularity::Instruction | Granularity::Until(_) => i == last,
        Granularity::Layer => group(i) == group(last),
        Granularity::Phase => group(i).0 == group(last).0,
        Granularity::Step => true,
    };
    let begin = (0..end).rev().take_while(|&i| belongs(i)).last().unwrap_or(last);
    Some(Moment { step, instruction: begin })
}
