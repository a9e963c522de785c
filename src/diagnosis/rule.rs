//! What a rule is: its words, what it promises, and the function that judges.

use std::fmt;

use super::{Case, Finding};
use crate::trace::Instrument;

/// When a rule can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By what is drawn, set and loaded.
    BeforeTraining,
    /// By the records of a run: on a network with its fault within so many steps.
    Training {
        /// Completed steps.
        within: u64,
    },
}

/// One thing that keeps networks from learning.
pub struct Rule {
    /// Its name in JSON and on its page: "dead-relu".
    pub id: &'static str,
    /// A heading: "Dead ReLU units".
    pub title: &'static str,
    /// When it can tell.
    pub when: When,
    /// What it fires on, with its threshold: a sentence.
    pub fires: &'static str,
    /// Why that threshold, where published ones conflict: a sentence.
    pub why: &'static str,
    /// The paper or system, with the threshold that is published there.
    pub source: &'static str,
    /// Rules whose fault may be the cause of this one's.
    pub follows: &'static [&'static str],
    /// What it has to be told beyond the records that every run has.
    pub asks: &'static [Instrument],
    /// What it finds; nothing where it cannot tell.
    pub judge: fn(&Case) -> Vec<Finding>,
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
