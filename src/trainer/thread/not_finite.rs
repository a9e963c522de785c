//! A run whose numbers are none any more: it stands, says so once, and can be taken to what made the first of them.

use super::{Mode, Worker, locked};
use crate::trace::{Moment, NotFinite, Stopped};
use crate::trainer::debugger::{DebugError, Debugger};

impl Worker {
    /// After a step. The loss has become NaN or infinite: the run stands and tells why. Whoever goes on regardless is
    /// let.
    pub(super) fn stop_where_numbers_end(&mut self) {
        let found = self.debugger.as_ref().and_then(|debugger| debugger.machine().first_not_finite()).cloned();
        let is_news = found.is_some() && self.not_finite.is_none();
        if let Some(found) = found.as_ref().filter(|_| is_news) {
            locked(&self.outbox).not_finite = Some(NotFinite {
                step: found.step,
                word: found.word(),
                layer: found.layer.clone(),
                sentence: found.to_string(),
                advice: found.advice().to_owned(),
                is_of_size: found.is_of_size(),
            });
            self.mode = Mode::Paused;
            self.desk.stand();
        }
        // Who goes on is not told of another one that came of the first.
        self.not_finite = if is_news || found.is_none() { found } else { self.not_finite.take() };
        self.opens_culprit = is_news;
    }

    /// Whoever looks on while it stops is taken there.
    pub(super) fn open_culprit_when_due(&mut self) -> Result<(), DebugError> {
        if std::mem::take(&mut self.opens_culprit) && self.desk.is_looked_at() {
            self.show_culprit()?;
        }
        Ok(())
    }

    /// Back to just behind the instruction that made the first such number.
    pub(super) fn show_culprit(&mut self) -> Result<(), DebugError> {
        let Some((found, there)) = self.culprit() else { return Ok(()) };
        self.travel(there)?;
        let Some(debugger) = self.debugger.as_ref().filter(|debugger| debugger.moment() == there) else {
            return Ok(());
        };
        let culprit = debugger.machine().place_of(&found);
        self.desk.stopped = Some(Stopped { why: found.to_string(), breakpoint: None, culprit });
        self.desk.stand();
        Ok(())
    }

    fn culprit(&self) -> Option<(crate::engine::FirstNotFinite, Moment)> {
        let found = self.not_finite.clone()?;
        let there = self.debugger.as_ref()?.behind(&found)?;
        Some((found, there))
    }

    /// Gone back to before it, or to another branch, what comes next is news again.
    pub(super) fn forget_not_finite_ahead(&mut self) {
        let here = self.debugger.as_ref().map(Debugger::moment);
        if self.culprit().is_some_and(|(_, there)| here < Some(there)) {
            self.not_finite = None;
        }
    }
}
