//! What the training thread tells on its way: completed steps, pictures, progress, answers.

use std::sync::Arc;
use std::time::Instant;

use super::{Mode, Worker, locked};
use crate::trainer::debugger::{DebugError, Debugger};
use crate::trainer::journal::Change;
use crate::trainer::outbox::{Progress, Row, Stop};
use crate::trainer::pictures;

impl Worker {
    pub(super) fn answer(&mut self, sample: &[f32]) -> Result<(), DebugError> {
        if let Some(run) = self.run() {
            let answer = pictures::answer(run, sample)?;
            locked(&self.outbox).answer = Some(answer);
            (self.waker)();
        }
        Ok(())
    }

    /// Tells of a step that was completed; why the run is over, if it is. What was told before is not told again.
    pub(super) fn completed(&mut self, row: &Row) -> Result<Option<Stop>, DebugError> {
        let Some(debugger) = &mut self.debugger else { return Ok(None) };
        self.picture_due = true;
        if !self.desk.reached(row.step) {
            return Ok(if row.epoch_done { debugger.run().finished() } else { None });
        }
        self.recent.0 += row.samples;
        let not_finite = debugger.machine().first_not_finite();
        let news = not_finite.filter(|_| !self.told_not_finite).map(|found| format!("{found} {}", found.advice()));
        self.told_not_finite = not_finite.is_some();
        let (mut evaluation, mut stop, mut restored) = (None, None, None);
        if row.epoch_done {
            evaluation = Some(debugger.run().evaluate()?);
            stop = debugger.run().finished();
        }
        if stop.is_some() {
            restored = debugger.restore_best()?;
        }
        let last = debugger.run().journal().last();
        let cut = last.filter(|e| e.step == row.step && matches!(e.change, Change::Plateau { .. }));
        let mut outbox = locked(&self.outbox);
        if cut.is_some() {
            let rate = debugger.machine().learning_rate();
            let why = "results on the validation part have stopped improving";
            outbox.messages.push(format!("The learning rate is now {rate:.3e}: {why}."));
        }
        outbox.rows.push(*row);
        outbox.evaluations.extend(evaluation);
        if news.is_some() {
            outbox.not_finite = news;
        }
        if let Some(epoch) = restored {
            outbox.messages.push(format!("Put back the weights of epoch {epoch}, the best on the validation part."));
        }
        Ok(stop)
    }

    pub(super) fn take_picture_when_due(&mut self) -> Result<(), DebugError> {
        self.look_when_due()?;
        let (began, at_full_speed) = (Instant::now(), self.is_at_full_speed());
        if !self.picture_due || !self.pace.is_due(began, at_full_speed) {
            return Ok(());
        }
        self.picture_due = false;
        let Some(run) = self.debugger.as_ref().map(Debugger::run) else { return Ok(()) };
        let mut picture = pictures::of_layers(run, &self.watch)?;
        let (layers, mut output) = (began.elapsed(), None);
        if !self.watch.output {
            self.output = None;
        } else if self.output.is_none() || self.pace.output_is_due(began, at_full_speed) {
            let scored = if at_full_speed { pictures::SCORED_AT_FULL_SPEED } else { pictures::SCORED };
            self.output = Some(pictures::output(run, scored)?);
            output = Some(began.elapsed() - layers);
        }
        picture.output.clone_from(&self.output);
        self.pace.taken(Instant::now(), layers, output);
        locked(&self.outbox).picture = Some(Arc::new(picture));
        (self.waker)();
        Ok(())
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
        let Some(run) = self.run() else { return };
        let progress = Progress {
            running: !matches!(self.mode, Mode::Paused | Mode::Travel(_)),
            step: run.machine().step(),
            epoch: run.epoch(),
            steps_per_epoch: run.steps_per_epoch(),
            samples_per_second: self.rate,
            seconds: self.seconds,
            learning_rate: run.machine().learning_rate(),
        };
        locked(&self.outbox).progress = Some(progress);
        (self.waker)();
    }
}
