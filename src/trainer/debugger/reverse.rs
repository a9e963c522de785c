//! Backwards to where something held.
//!
//! Segment by segment between checkpoints, the last one first: each is replayed once, with the breakpoints asked on the
//! way. Where a condition remembers the steps before it, it is one segment from the first checkpoint.

use super::forward::Passing;
use super::{DebugError, Debugger, Hit, Moment};
use crate::trace::{At, Breakpoint};

/// Which moment is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The last one before here where it held.
    Last,
    /// Where it began to hold: it held there, and not when it was asked before. "Since when?"
    Since,
}

/// How going backwards ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversed {
    /// It stands where this held, as it would have stopped there going forward.
    Found(Vec<Hit>),
    /// It never held before; it stands where it was.
    Nowhere,
    /// It was told not to go on, and stands where it was.
    Cancelled,
}

/// What a segment showed, in its order.
#[derive(Default)]
struct Seen {
    /// The first and the last answer.
    first: Option<(Moment, Vec<Hit>)>,
    last_held: Option<bool>,
    /// The last moment where it held, and where it began to.
    held: Option<(Moment, Vec<Hit>)>,
    began: Option<(Moment, Vec<Hit>)>,
}

impl Debugger {
    /// Back to the last moment where an enabled breakpoint (that stops) would have stopped. `go_on` is told the share
    /// of the way that is searched.
    pub fn reverse_continue(&mut self, go_on: &mut dyn FnMut(f32) -> bool) -> Result<Reversed, DebugError> {
        self.search(Held::Last, go_on)
    }

    /// Back to where a condition held, asked as a breakpoint without a place is: once a step, before its update.
    pub fn reverse_to(
        &mut self,
        condition: &str,
        held: Held,
        go_on: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Reversed, DebugError> {
        self.check_condition(condition)?;
        let asked = Breakpoint::new(0, At::Anywhere, Some(condition.to_owned()));
        let breakpoints = std::mem::replace(&mut self.breakpoints, vec![asked]);
        self.lay_breakpoints();
        let found = self.search(held, go_on);
        self.set_breakpoints(breakpoints);
        found
    }

    fn search(&mut self, held: Held, go_on: &mut dyn FnMut(f32) -> bool) -> Result<Reversed, DebugError> {
        let here = self.moment();
        let found = self.search_back(here, held, go_on);
        match found {
            Ok(back @ (Reversed::Cancelled | Reversed::Nowhere)) => {
                self.travel(here, false, &mut |_| true)?;
                Ok(back)
            }
            Ok(found) => Ok(found),
            Err(error) => {
                // Where it stood, if there is still a way there.
                let _ = self.travel(here, false, &mut |_| true);
                Err(error)
            }
        }
    }

    fn search_back(
        &mut self,
        here: Moment,
        held: Held,
        go_on: &mut dyn FnMut(f32) -> bool,
    ) -> Result<Reversed, DebugError> {
        // Where it held at the first answer of a segment: it began there if it did not hold at the end of the segment
        // before.
        let mut pending: Option<(Moment, Vec<Hit>)> = None;
        // Up to and with this place; only the first segment ends before where it began.
        let (mut end, mut with_end) = (here, false);
        loop {
            let begin = self.segment_before(end)?;
            // Searched so far, and how much of it lies before a place in this segment.
            let (done, all) = (here.step - end.step, here.step.max(1) as f32);
            let mut goes_on = |step: u64| go_on(((done + step - begin.step) as f32 / all).min(0.999));
            let Some(seen) = self.look_through(end, with_end, &mut goes_on)? else { return Ok(Reversed::Cancelled) };
            let answer = match held {
                Held::Last => seen.held,
                Held::Since if pending.is_some() && seen.last_held == Some(false) => pending.take(),
                Held::Since => seen.began,
            };
            if let Some((place, hits)) = answer {
                self.travel(place, false, &mut |_| true)?;
                return Ok(Reversed::Found(hits));
            }
            if let Some((place, hits)) = seen.first {
                pending = Some((place, hits)).filter(|(_, hits)| !hits.is_empty());
            }
            if begin == Moment::default() {
                let Some((place, hits)) = pending.filter(|_| held == Held::Since) else {
                    return Ok(Reversed::Nowhere);
                };
                self.travel(place, false, &mut |_| true)?;
                return Ok(Reversed::Found(hits));
            }
            (end, with_end) = (begin, true);
        }
    }

    /// Stands at the last checkpoint before a place, with everything that conditions need of the steps before.
    fn segment_before(&mut self, end: Moment) -> Result<Moment, DebugError> {
        let latest = if end.instruction == 0 { end.step.saturating_sub(1) } else { end.step };
        let mut from = self.checkpoints.nearest(latest).cloned();
        if from.as_ref().is_some_and(|checkpoint| !checkpoint.memories.knows(&self.arms.needs)) {
            from = self.checkpoints.first().cloned();
        }
        match from {
            Some(checkpoint) => self.go_back_to(&checkpoint)?,
            None => self.begin_anew()?,
        }
        let needs = self.arms.needs.clone();
        self.memories.begin(&needs);
        Ok(self.moment())
    }

    /// Everything that holds between here and a place; `None` when it was told not to go on, which it is asked after
    /// every step: a segment may be the whole run.
    fn look_through(
        &mut self,
        end: Moment,
        with_end: bool,
        go_on: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Seen>, DebugError> {
        let mut seen = Seen::default();
        while self.moment() < end {
            let asked = self.asks();
            let one = self.execute(Passing::Searching, true)?;
            let place = self.moment();
            if one.row.is_some() && place < end && !go_on(place.step) {
                return Ok(None);
            }
            if place > end || (place == end && !with_end) {
                break;
            }
            let hits: Vec<_> = one.hits.into_iter().filter(|hit| !hit.log && !hit.broken).collect();
            let holds = !hits.is_empty();
            if !holds && !asked {
                continue;
            }
            if seen.first.is_none() {
                seen.first = Some((place, hits.clone()));
            }
            if holds {
                if seen.last_held == Some(false) {
                    seen.began = Some((place, hits.clone()));
                }
                seen.held = Some((place, hits));
            }
            seen.last_held = Some(holds);
        }
        Ok(Some(seen))
    }

    /// Whether the next instruction leads to where conditions without a place are asked.
    fn asks(&self) -> bool {
        let next = self.moment().instruction;
        next + 1 == self.arms.update
    }
}
