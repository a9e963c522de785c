//! What the training thread tells on its way: completed steps, pictures, progress, answers.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::desk::Desk;
use super::{Command, Mode, SLICE, Worker, locked};
use crate::trace::{OutputPicture, Pace, StepRow};
use crate::trainer::debugger::{Advance, DebugError, Debugger};
use crate::trainer::kept::Kept;
use crate::trainer::outbox::{InForce, Outbox, Progress};
use crate::trainer::pictures;
use crate::trainer::run::{Run, RunError};
use crate::trainer::scoring::{self, Asked};

impl Worker {
    /// Something was changed, or taken back, or another branch is looked at.
    pub(super) fn tell_marks(&mut self) {
        let marks = self.run().map(|run| run.history().marks());
        locked(&self.outbox).marks = marks;
        self.tell_branches();
    }

    pub(super) fn tell_branches(&mut self) {
        let Some(run) = self.run() else { return };
        let branches = self.desk.branches.all.told(run.machine().step());
        locked(&self.outbox).branches = Some(branches);
    }

    /// The run as it stands between two steps, with what was told of it.
    pub(super) fn kept(&mut self) -> Result<Box<Kept>, String> {
        let debugger = self.debugger.as_mut().ok_or("There is no run to save.")?;
        let saved = debugger.save().map_err(|error| error.to_string())?;
        let (step, epoch) = (saved.now.step, debugger.run().epoch());
        let mut curves = self.desk.branches.curves.thinned();
        // Knots are tied now and then; where it stands is known whatever came since the last one.
        if curves.pace.last().is_none_or(|last| last.step < step) {
            curves.pace.push(Pace { step, epoch, seconds: self.seconds_before + self.seconds });
        }
        let forks = self.desk.branches.kept(step).map_err(|error| error.to_string())?;
        let page = Some(Box::new(self.page.clone()));
        Ok(Box::new(Kept { page, forks, ..Kept::new(saved, curves) }))
    }

    /// Answers what was asked last, if anything was.
    pub(super) fn answer(&mut self) -> Result<(), DebugError> {
        let Some((run, question)) = self.run().zip(self.question.as_deref()) else { return Ok(()) };
        if let Some(reply) = scoring::reply(run, question)? {
            locked(&self.outbox).answer = Some(reply);
            (self.waker)();
        }
        Ok(())
    }

    /// Tells what came by. Steps that were told of before are not told again.
    pub(super) fn passed(&mut self, done: Advance) {
        let Some(debugger) = &mut self.debugger else { return };
        self.desk.write_down(debugger.take_messages());
        (self.picture_due, self.is_stale) = (true, true);
        if let Some(row) = tell_new(&mut self.desk, &self.outbox, &done) {
            self.recent.0 += row.samples;
        }
        if done.row.is_some() {
            self.stop_where_numbers_end();
        }
        self.stopped_at(&done.hits);
    }

    pub(super) fn take_picture_when_due(&mut self) -> Result<(), DebugError> {
        self.look_when_due()?;
        let (began, at_full_speed) = (Instant::now(), self.is_at_full_speed());
        if !self.picture_due || !self.pace.is_due(began, at_full_speed) {
            return Ok(());
        }
        self.picture_due = false;
        let Some(run) = self.debugger.as_ref().map(Debugger::run) else { return Ok(()) };
        let mut picture = pictures::of_layers(run, &self.wanted)?;
        let (layers, mut output) = (began.elapsed(), None);
        if self.wanted.output && !run.trains() {
            picture.answers = pictures::answers(run)?;
        }
        if !self.wanted.output || !run.trains() {
            (self.output, self.asked) = (None, None);
        } else if self.output.is_none() || (self.is_stale && self.pace.output_is_due(began, at_full_speed)) {
            let (found, asked) = look_at_output(run, at_full_speed)?;
            (self.output, self.asked) = (Some(found), asked);
            output = Some(began.elapsed() - layers);
            if std::mem::take(&mut self.is_stale) {
                self.answer()?;
            }
        }
        picture.output.clone_from(&self.output);
        self.pace.taken(Instant::now(), layers, output);
        locked(&self.outbox).picture = Some(Arc::new(picture));
        (self.waker)();
        Ok(())
    }

    /// Whether the run stands, and there are samples of the validation part that were not asked yet.
    pub(super) fn has_more_to_ask(&self) -> bool {
        let asked = self.asked.as_ref().filter(|_| self.mode == Mode::Paused && !self.is_stale);
        asked.zip(self.run()).is_some_and(|(asked, run)| !asked.is_complete(run))
    }

    /// Asks some more of them; when all have answered, there is another picture.
    pub(super) fn ask_on(&mut self) -> Result<(), DebugError> {
        let began = Instant::now();
        while self.has_more_to_ask() && began.elapsed() < SLICE {
            let Some((asked, run)) = self.asked.as_mut().zip(self.debugger.as_ref().map(Debugger::run)) else { break };
            asked.ask(run, asked.count() + scoring::PIECE)?;
            if asked.is_complete(run) {
                self.output = Some(asked.picture(run)?);
                self.picture_due = true;
            }
        }
        Ok(())
    }

    fn tell_in_force(&mut self) {
        let Some(debugger) = &self.debugger else { return };
        let is_told = |told: &InForce| Arc::ptr_eq(&told.project, debugger.project()) && told.page == self.page;
        if !self.in_force.as_ref().is_some_and(is_told) {
            let now = InForce { project: debugger.project().clone(), page: self.page.clone() };
            self.in_force = Some(now.clone());
            locked(&self.outbox).in_force = Some(Box::new(now));
        }
    }

    pub(super) fn tell_progress(&mut self) {
        // A short run is over before a quarter of a second: until then all of it counts.
        let (long, all_so_far) = (self.recent.1 > 0.25, self.recent.1 >= self.seconds);
        if self.recent.1 > 0.0 && (long || all_so_far) {
            self.rate = self.recent.0 as f64 / self.recent.1;
        }
        if long {
            self.recent = (0, 0.0);
        }
        let notices = self.debugger.as_mut().map(Debugger::take_notices).unwrap_or_default();
        let ended = self.ended.take();
        let Some(run) = self.run() else { return };
        let progress = Progress {
            running: self.mode != Mode::Paused,
            step: run.machine().step(),
            epoch: run.epoch(),
            steps_per_epoch: run.steps_per_epoch(),
            samples_per_second: self.rate,
            seconds: self.seconds_before + self.seconds,
            learning_rate: run.machine().learning_rate(),
            device: run.machine().device(),
            not_finite: self.not_finite.is_some(),
        };
        self.standing.tell(self.run_number, progress.step, progress.running);
        self.tell_in_force();
        self.desk.branches.note(&progress);
        let mut outbox = locked(&self.outbox);
        notices.into_iter().for_each(|notice| outbox.say(notice));
        outbox.progress = Some(progress);
        outbox.finished = ended.or(outbox.finished.take());
        drop(outbox);
        (self.waker)();
    }
}

impl Command {
    /// Whether the network may answer otherwise after it. Steps tell of themselves.
    pub(super) fn may_change_answers(&self) -> bool {
        match self {
            Self::Debug(command) => !command.only_looks(),
            Self::Start { .. } | Self::Clear | Self::Change(_) | Self::Load(_) => true,
            _ => false,
        }
    }
}

/// What the network does, and the answers behind it where it is shown by those.
fn look_at_output(run: &Run, at_full_speed: bool) -> Result<(OutputPicture, Option<Asked>), RunError> {
    if let Some(found) = pictures::output(run)? {
        return Ok((found, None));
    }
    let mut asked = Asked::of(run);
    asked.ask(run, if at_full_speed { scoring::FEW } else { scoring::SOME })?;
    Ok((asked.picture(run)?, Some(asked)))
}

/// A branch has come by steps that were gone before it was forked: they are told of it too.
pub(super) fn catch_up(desk: &mut Desk, outbox: &Mutex<Outbox>, step: u64) {
    if let Some(piece) = desk.branches.catch_up(step) {
        locked(outbox).tell_stretch(&piece);
    }
}

/// Tells of a step that nobody was told of before; returns its row. Without a Loss there is nothing to draw of it.
pub(super) fn tell_new(desk: &mut Desk, outbox: &Mutex<Outbox>, done: &Advance) -> Option<StepRow> {
    if !done.trains {
        return None;
    }
    if let Some(row) = &done.row {
        catch_up(desk, outbox, row.step - 1);
    }
    let row = done.row.clone().filter(|row| desk.branches.reached(row.step))?;
    desk.branches.curves.append(std::slice::from_ref(&row), done.evaluation.as_slice());
    if let Some(summary) = &done.summary {
        desk.branches.curves.summaries.push(summary.clone());
    }
    let mut outbox = locked(outbox);
    outbox.summaries.extend(done.summary.clone());
    outbox.tell(row.clone(), done.evaluation.clone());
    // What was told before of where the run stands is never behind what is told of its steps.
    if let Some(progress) = &mut outbox.progress {
        progress.epoch += (row.step as f64 - progress.step as f64) / progress.steps_per_epoch.max(1) as f64;
        progress.step = row.step;
    }
    // Of the same step, and after it: what is shown from here on is what these weights do.
    desk.branches.curves.append(&[], done.after_restoring.as_slice());
    outbox.evaluations.extend(done.after_restoring.clone());
    if let Some(rate) = done.cut {
        let why = "validation results have stopped improving";
        outbox.say(format!("The learning rate is now {rate:.3e}: {why}."));
    }
    if let Some(epoch) = done.restored {
        let why = "the best on the validation set";
        outbox.say(format!("Restored the weights of epoch {epoch}, {why}."));
    }
    Some(row)
}
