//! How often something is written: what has waited long enough, and never so often that it is all that the disk does.

use std::time::{Duration, Instant};

/// While something changes all the time.
pub const AT_LEAST: Duration = Duration::from_secs(3);
/// How many times the time that a write takes passes before the next.
const TIMES: u32 = 20;

/// Instants are handed in: it looks at no clock.
#[derive(Debug)]
pub struct Rhythm {
    every: Duration,
    /// Since when something waits to be written.
    since: Option<Instant>,
    not_before: Option<Instant>,
    /// When it is tried again.
    again: Option<Instant>,
    in_a_hurry: bool,
}

impl Rhythm {
    pub fn of(every: Duration) -> Self {
        Self { every, since: None, not_before: None, again: None, in_a_hurry: false }
    }

    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// Nothing waits.
    pub fn rest(&mut self) {
        self.since = None;
    }

    /// What waits is the last for a while.
    pub fn hurry(&mut self) {
        self.in_a_hurry = true;
    }

    /// Something waits: whether it is to be written now.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let in_time = self.again.map_or(now >= since + self.every && self.may(now), |again| now >= again);
        let is_due = self.in_a_hurry || in_time;
        if is_due {
            // What comes while it is written may be in a hurry of its own.
            (self.in_a_hurry, self.again) = (false, None);
        }
        is_due
    }

    /// Not so soon after the last time that it would be all that the disk does.
    pub fn may(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|then| now >= then)
    }

    /// Tried it, with success or without.
    pub fn wrote(&mut self, now: Instant, took: Duration) {
        self.since = None;
        self.not_before = Some(now + took + (took * TIMES).max(self.every));
    }

    /// It failed, and will for a while.
    pub fn failed(&mut self, now: Instant) {
        self.not_before = self.not_before.max(Some(now + AT_LEAST));
    }

    pub fn again_in(&mut self, now: Instant, wait: Duration) {
        self.again = Some(now + wait);
    }
}
