//! What conditions remember of the steps before: the least, the largest and the mean of a number, and for how many
//! steps in a row something held.
//!
//! It belongs to a place of the run like everything else: a checkpoint holds it, and replaying from there leads to the
//! very same. So `loss > 2 * min(loss)` answers the same wherever the debugger came from.

use crate::expr::{Expr, Reduction};

/// Of one number, over the steps so far. Steps where it was NaN are left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Past {
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
}

impl Default for Past {
    fn default() -> Self {
        Self { count: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 }
    }
}

impl Past {
    pub fn push(&mut self, value: f64) {
        if !value.is_nan() {
            self.count += 1;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.sum += value;
        }
    }

    /// NaN before the first step.
    fn of(&self, reduction: Reduction) -> f64 {
        match reduction {
            _ if self.count == 0 => f64::NAN,
            Reduction::Min => self.min,
            Reduction::Max => self.max,
            _ => self.sum / self.count as f64,
        }
    }
}

/// Everything remembered at one place. The loss always is; the rest while a breakpoint needs it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memories {
    pub loss: Past,
    pasts: Vec<(Expr, Past)>,
    /// By place and condition: for how many steps in a row it held.
    streaks: Vec<(String, u64)>,
}

/// The one number that is always remembered.
pub(super) const LOSS: &str = "loss";

fn is_loss(of: &Expr) -> bool {
    matches!(of, Expr::Name(name) if name == LOSS)
}

impl Memories {
    /// Whether there is more to remember than the loss.
    pub fn is_plain(&self) -> bool {
        self.pasts.is_empty() && self.streaks.is_empty()
    }

    pub fn knows(&self, need: &Needs) -> bool {
        need.pasts.iter().all(|of| self.past(Reduction::Min, of).is_some())
            && need.streaks.iter().all(|key| self.streaks.iter().any(|(known, _)| known == key))
    }

    /// Keeps what is needed, and begins with what is not there.
    pub fn begin(&mut self, need: &Needs) {
        self.only(need);
        self.begin_too(need);
    }

    /// As [`Self::begin`], and keeps the rest.
    pub fn begin_too(&mut self, need: &Needs) {
        for of in &need.pasts {
            if self.past(Reduction::Min, of).is_none() {
                self.pasts.push((of.clone(), Past::default()));
            }
        }
        for key in &need.streaks {
            if !self.streaks.iter().any(|(known, _)| known == key) {
                self.streaks.push((key.clone(), 0));
            }
        }
    }

    /// Forgets what is not needed.
    pub fn only(&mut self, need: &Needs) {
        self.pasts.retain(|(of, _)| need.pasts.contains(of));
        self.streaks.retain(|(key, _)| need.streaks.contains(key));
    }

    /// What is remembered of a number; `None` when nothing is.
    pub fn past(&self, reduction: Reduction, of: &Expr) -> Option<f64> {
        if is_loss(of) {
            return Some(self.loss.of(reduction));
        }
        self.pasts.iter().find(|(known, _)| known == of).map(|(_, past)| past.of(reduction))
    }

    /// Adds a step to everything that is remembered but the loss.
    pub fn sample(&mut self, mut value_of: impl FnMut(&Expr, &Self) -> Option<f64>) {
        for i in 0..self.pasts.len() {
            let value = value_of(&self.pasts[i].0, self);
            self.pasts[i].1.push(value.unwrap_or(f64::NAN));
        }
    }

    /// Tells whether something held or not this time; returns for how many times in a row it now did.
    pub fn held(&mut self, key: &str, holds: bool) -> u64 {
        let Some((_, streak)) = self.streaks.iter_mut().find(|(known, _)| known == key) else {
            return u64::from(holds);
        };
        *streak = if holds { *streak + 1 } else { 0 };
        *streak
    }
}

/// What the conditions in force must have remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Needs {
    /// Inner ones before those that contain them.
    pub pasts: Vec<Expr>,
    pub streaks: Vec<String>,
}

impl Needs {
    pub fn past(&mut self, of: Expr) {
        if !is_loss(&of) && !self.pasts.contains(&of) {
            self.pasts.push(of);
        }
    }

    /// Those that `others` have not.
    pub fn beyond(&self, others: &Self) -> Self {
        let pasts = self.pasts.iter().filter(|of| !others.pasts.contains(of)).cloned().collect();
        let streaks = self.streaks.iter().filter(|key| !others.streaks.contains(key)).cloned().collect();
        Self { pasts, streaks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_leaves_out_what_is_no_number() {
        let mut past = Past::default();
        assert!(past.of(Reduction::Min).is_nan());
        for value in [3.0, f64::NAN, 1.0] {
            past.push(value);
        }
        let of = [Reduction::Min, Reduction::Max, Reduction::Mean].map(|reduction| past.of(reduction));
        assert_eq!(of, [1.0, 3.0, 2.0]);
    }

    #[test]
    fn only_what_is_needed_is_remembered() {
        let (norm, key) = (Expr::Name("norm".into()), "a".to_owned());
        let mut need = Needs { pasts: Vec::new(), streaks: vec![key.clone()] };
        need.past(norm.clone());
        need.past(norm.clone());
        need.past(Expr::Name(LOSS.into()));
        assert_eq!(need.pasts.len(), 1);
        let mut memories = Memories::default();
        assert!(!memories.knows(&need) && memories.is_plain());
        memories.begin(&need);
        assert!(memories.knows(&need) && !memories.is_plain());
        memories.sample(|_, _| Some(4.0));
        assert_eq!(memories.past(Reduction::Max, &norm), Some(4.0));
        assert_eq!([true, true, false, true].map(|holds| memories.held(&key, holds)), [1, 2, 0, 1]);
        memories.begin(&need);
        assert_eq!(memories.past(Reduction::Max, &norm), Some(4.0));
        memories.only(&Needs::default());
        assert!(memories.is_plain() && memories.past(Reduction::Max, &norm).is_none());
    }
}
