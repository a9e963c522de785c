//! What the trainer has to tell, waiting to be taken. Scalars lose nothing; a picture replaces the one before it.

use std::sync::Arc;

use crate::engine::Device;
use crate::model::Project;
use crate::trace::{
    Branch, Curves, DebugView, Evaluation, Mark, NotFinite, Picture, Reply, StepRow, Summaries, Summary,
};
use crate::trainer::kept::Page;

/// Why a run ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// All epochs are done.
    Done,
    /// The validation loss has not improved for `patience` epochs.
    Early {
        /// Epochs without a gain.
        patience: usize,
    },
}

/// Where a run is, as of the last look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// It trains, and does not stand.
    pub running: bool,
    /// Completed steps.
    pub step: u64,
    /// Completed epochs, with the fraction of the current one.
    pub epoch: f64,
    /// The last, smaller batch counts.
    pub steps_per_epoch: u64,
    /// Over the last moments; 0 while it stands.
    pub samples_per_second: f64,
    /// Spent training.
    pub seconds: f64,
    /// Of the next step.
    pub learning_rate: f64,
    /// What computes it.
    pub device: Device,
    /// The run stands at a NaN or infinity that was told of, or behind it.
    pub not_finite: bool,
}

/// What happened on one branch.
#[derive(Debug, Default)]
pub struct News {
    /// The branch it is about.
    pub branch: u32,
    /// Where it began, if that is new.
    pub forked: Option<Forked>,
    /// What was told of later steps is no more.
    pub cut: Option<u64>,
    /// As [`Outbox::earlier`].
    pub earlier: Option<Box<Curves>>,
    /// A step each.
    pub rows: Vec<StepRow>,
    /// An epoch each.
    pub evaluations: Vec<Evaluation>,
    /// How the layers were doing, now and then.
    pub summaries: Vec<Arc<Summary>>,
}

/// Rows and evaluations that wait singly to be taken; what comes on top of them waits as curves, whose length has a
/// bound.
const MOST_ROWS: usize = 200_000;
/// Of sentences the newest.
const MOST_MESSAGES: usize = 200;

/// What the run has where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct InForce {
    /// Network, data and settings.
    pub project: Arc<Project>,
    /// Of what it was told by then.
    pub page: Page,
}

/// A branch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forked {
    /// The branch that it left.
    pub from: u32,
    /// Completed steps.
    pub step: u64,
    /// By itself: something was changed there, and something lay ahead.
    pub by_change: bool,
}

/// What the trainer has to tell, since it was last emptied.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Number of the run that all below belongs to; events of an older run are dropped by the reader.
    pub run: u64,
    /// What belongs to the branches that were left since the last time, in order.
    pub left: Vec<News>,
    /// The branch that all below belongs to.
    pub branch: u32,
    /// Where this branch was forked, if that is new.
    pub forked: Option<Forked>,
    /// What was told of steps after this one has become another history: it comes before the rows below.
    pub cut: Option<u64>,
    /// Rows and evaluations before those below, where nobody took them for so long that they became too many.
    pub earlier: Option<Box<Curves>>,
    /// A step each, in order.
    pub rows: Vec<StepRow>,
    /// An epoch each, in order.
    pub evaluations: Vec<Evaluation>,
    /// How the layers were doing.
    pub summaries: Vec<Arc<Summary>>,
    /// Branches that are gone, whatever is told of them above.
    pub deleted: Vec<u32>,
    /// All there are, when they may be others than were told.
    pub branches: Option<Vec<Branch>>,
    /// Of all changes of this branch, when there are others than were told.
    pub marks: Option<Vec<Mark>>,
    /// What is drawn and set is to follow the run: on another branch, or after a change was taken back.
    pub page: Option<Box<Page>>,
    /// In force where the run stands, when that is another than was told.
    pub in_force: Option<Box<InForce>>,
    /// The newest one, if it was not taken yet.
    pub picture: Option<Arc<Picture>>,
    /// Where the run stands, while somebody debugs it.
    pub debug: Option<Arc<DebugView>>,
    /// As of now.
    pub progress: Option<Progress>,
    /// "kept 4 of 6 tensors"
    pub messages: Vec<String>,
    /// Where the first NaN or infinity came from, for which the run stands.
    pub not_finite: Option<NotFinite>,
    /// Why it ended, if it just did.
    pub finished: Option<Stop>,
    /// The run cannot go on; a sentence.
    pub failed: Option<String>,
    /// To what was asked last.
    pub answer: Option<Reply>,
}

impl Outbox {
    /// From here on another branch is told of.
    pub(super) fn switch(&mut self, branch: u32, forked: Option<Forked>) {
        let news = News {
            branch: std::mem::replace(&mut self.branch, branch),
            forked: std::mem::replace(&mut self.forked, forked),
            cut: self.cut.take(),
            earlier: self.earlier.take(),
            rows: std::mem::take(&mut self.rows),
            evaluations: std::mem::take(&mut self.evaluations),
            summaries: std::mem::take(&mut self.summaries),
        };
        let is_told = news.earlier.is_some() || !news.rows.is_empty() || !news.evaluations.is_empty();
        if news.forked.is_some() || news.cut.is_some() || is_told {
            self.left.push(news);
        }
    }

    /// A step is complete.
    pub(super) fn tell(&mut self, row: StepRow, evaluation: Option<Evaluation>) {
        if self.rows.len() + self.evaluations.len() >= MOST_ROWS {
            let earlier = self.earlier.get_or_insert_default();
            earlier.append(&self.rows, &self.evaluations);
            self.rows.clear();
            self.evaluations.clear();
        }
        self.rows.push(row);
        self.evaluations.extend(evaluation);
    }

    /// Of a stretch of steps behind all that waits to be taken.
    pub(super) fn tell_stretch(&mut self, stretch: &Curves) {
        let earlier = self.earlier.get_or_insert_default();
        earlier.append(&self.rows, &self.evaluations);
        earlier.extend(&Curves { summaries: Summaries::default(), ..stretch.clone() });
        self.rows.clear();
        self.evaluations.clear();
        self.summaries.extend(stretch.summaries.all().iter().cloned());
    }

    pub(super) fn say(&mut self, sentence: String) {
        if self.messages.len() >= MOST_MESSAGES {
            self.messages.remove(0);
        }
        self.messages.push(sentence);
    }

    /// What lies after this step has become another history.
    pub(super) fn cut(&mut self, step: u64) {
        self.rows.retain(|row| row.step <= step);
        self.evaluations.retain(|scores| scores.step <= step);
        self.summaries.retain(|summary| summary.step <= step);
        if let Some(earlier) = &mut self.earlier {
            earlier.truncate(step);
        }
        self.cut = Some(self.cut.map_or(step, |cut| cut.min(step)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64) -> StepRow {
        StepRow {
            step,
            loss: step as f64,
            losses: Vec::new(),
            accuracy: None,
            learning_rate: 0.1,
            samples: 1,
            epoch_done: true,
        }
    }

    #[test]
    fn rows_that_nobody_takes_become_curves_and_none_is_told_twice_or_behind_a_cut() {
        let mut outbox = Outbox::default();
        let all = 2 * MOST_ROWS as u64 + 7;
        for step in 1..=all {
            let scores = Evaluation { step, epoch: step as f64, loss: 1.0, losses: Vec::new(), score: 0.5 };
            outbox.tell(row(step), step.is_multiple_of(10).then_some(scores));
            assert!(outbox.rows.len() + outbox.evaluations.len() <= MOST_ROWS + 2);
        }
        let mut told = Curves::default();
        let read = |outbox: &Outbox, told: &mut Curves| {
            outbox.earlier.iter().for_each(|earlier| told.extend(earlier));
            told.append(&outbox.rows, &outbox.evaluations);
        };
        read(&outbox, &mut told);
        assert!(told.train_loss.steps().iter().copied().eq(1..=all));
        assert_eq!(told.validation_loss.len() as u64, all / 10);
        outbox.cut(1000);
        told = Curves::default();
        read(&outbox, &mut told);
        assert!(told.train_loss.steps().iter().copied().eq(1..=1000));
        outbox.switch(1, None);
        assert!(outbox.earlier.is_none() && outbox.left[0].earlier.is_some());
        (0..1000).for_each(|i| outbox.say(i.to_string()));
        assert_eq!((outbox.messages.len(), outbox.messages[199].as_str()), (MOST_MESSAGES, "999"));
    }
}
