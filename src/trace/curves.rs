//! What training told of itself, step by step: curves over the steps, how quickly they came, and what was changed on
//! the way.

use std::collections::BTreeMap;

use super::{Evaluation, Series, StepRow, Summaries};
use crate::model::{Graph, LayerId, Metric};

/// What was measured of a run, by completed steps.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Loss of every training batch.
    pub train_loss: Series,
    /// Over the whole validation part, about once per epoch.
    pub validation_loss: Series,
    /// What the scores are.
    pub metric: Metric,
    /// Of every training batch for accuracy; empty for other metrics.
    pub train_metric: Series,
    /// By epoch.
    pub validation_metric: Series,
    /// By step.
    pub learning_rate: Series,
    /// When the run was where, from its beginning: in between, epochs and time grow evenly.
    pub pace: Vec<Pace>,
    /// How the layers were doing.
    pub summaries: Summaries,
    /// Of each Loss, while there were several.
    pub losses: BTreeMap<LayerId, LossCurves>,
}

/// What one of several Losses said, before its weight.
#[derive(Clone, Debug, Default)]
pub struct LossCurves {
    /// Of every training batch.
    pub train: Series,
    /// Over the whole validation part.
    pub validation: Series,
}

/// About so many points of every curve are kept with a run.
pub const KEPT: usize = 4096;

/// Seconds of training between two knots of the pace, until they are less than this share of the time so far.
const PACE_EVERY: f64 = 0.1;
const FINEST_PACE: f64 = 8192.0;
/// Reached only by who changes the epochs all the time.
const MOST_KNOTS: usize = 1 << 17;

impl Curves {
    /// What was told of more steps.
    pub fn append(&mut self, rows: &[StepRow], scores: &[Evaluation]) {
        for row in rows {
            self.train_loss.push(row.step, row.loss as f32);
            self.learning_rate.push(row.step, row.learning_rate as f32);
            for &(layer, loss) in &row.losses {
                self.losses.entry(layer).or_default().train.push(row.step, loss as f32);
            }
            if let Some(accuracy) = row.accuracy {
                self.train_metric.push(row.step, accuracy);
            }
        }
        for scores in scores {
            self.validation_loss.push(scores.step, scores.loss as f32);
            self.validation_metric.push(scores.step, scores.score as f32);
            for &(layer, loss) in &scores.losses {
                self.losses.entry(layer).or_default().validation.push(scores.step, loss as f32);
            }
        }
    }

    /// What was told of later steps still, where single rows were too many to be handed over.
    pub fn extend(&mut self, later: &Self) {
        later.summaries.all().iter().for_each(|summary| self.summaries.push(summary.clone()));
        self.beside(later, |series, later| later.points().for_each(|(step, value)| series.push(step, value)));
    }

    /// Each series beside the same one of another run.
    fn beside(&mut self, other: &Self, mut both: impl FnMut(&mut Series, &Series)) {
        self.named_mut().into_iter().zip(other.named()).for_each(|((_, own), (_, other))| both(own, other));
        for (&layer, other) in &other.losses {
            let own = self.losses.entry(layer).or_default();
            both(&mut own.train, &other.train);
            both(&mut own.validation, &other.validation);
        }
    }

    /// What is known of the steps after one, up to another.
    pub fn stretch(&self, after: u64, up_to: u64) -> Self {
        let mut stretch = Self { metric: self.metric, ..Self::default() };
        stretch.beside(self, |series, own| {
            let points = own.points().skip_while(|(step, _)| *step <= after).take_while(|(step, _)| *step <= up_to);
            points.for_each(|(step, value)| series.push(step, value));
        });
        let within = self.summaries.all().iter().filter(|summary| summary.step > after && summary.step <= up_to);
        within.for_each(|summary| stretch.summaries.push(summary.clone()));
        stretch
    }

    /// The run is here now. A knot is tied now and then, the more seldom the longer the run is; at once where epochs
    /// have become others.
    pub fn note_pace(&mut self, now: Pace, at_once: bool) {
        let seldom = PACE_EVERY.max(now.seconds / FINEST_PACE);
        let due = |last: &Pace| now.step > last.step && (at_once || now.seconds - last.seconds >= seldom);
        if self.pace.last().is_none_or(due) {
            self.pace.push(now);
        }
        if self.pace.len() > MOST_KNOTS {
            let mut i = 0;
            self.pace.retain(|_| {
                i += 1;
                i % 2 == 1
            });
        }
    }

    /// What is kept of them in a file, however long they are.
    pub fn thinned(&self) -> Self {
        let thin = |series: &Series| series.thinned(KEPT);
        let thin_both = |both: &LossCurves| LossCurves { train: thin(&both.train), validation: thin(&both.validation) };
        let every = self.pace.len().div_ceil(KEPT).max(1);
        let last = self.pace.last().filter(|_| every > 1).copied();
        Self {
            train_loss: thin(&self.train_loss),
            validation_loss: thin(&self.validation_loss),
            metric: self.metric,
            train_metric: thin(&self.train_metric),
            validation_metric: thin(&self.validation_metric),
            learning_rate: thin(&self.learning_rate),
            pace: self.pace.iter().copied().step_by(every).chain(last).collect(),
            summaries: self.summaries.clone(),
            losses: self.losses.iter().map(|(&layer, both)| (layer, thin_both(both))).collect(),
        }
    }

    /// By their names in a file.
    pub fn named(&self) -> [(&'static str, &Series); 5] {
        [
            ("train_loss", &self.train_loss),
            ("validation_loss", &self.validation_loss),
            ("train_metric", &self.train_metric),
            ("validation_metric", &self.validation_metric),
            ("learning_rate", &self.learning_rate),
        ]
    }

    /// The same, to be filled.
    pub fn named_mut(&mut self) -> [(&'static str, &mut Series); 5] {
        let Self { train_loss, validation_loss, train_metric, validation_metric, learning_rate, .. } = self;
        [
            ("train_loss", train_loss),
            ("validation_loss", validation_loss),
            ("train_metric", train_metric),
            ("validation_metric", validation_metric),
            ("learning_rate", learning_rate),
        ]
    }

    /// The curves of each Loss of several, with its layer's name in this graph.
    pub fn of_losses(&self, graph: &Graph) -> impl Iterator<Item = (LayerId, String, &LossCurves)> {
        self.losses.iter().map(|(&id, both)| {
            let name = graph.layer(id).map_or_else(|| format!("Loss {}", id.0), |layer| layer.name.clone());
            (id, name, both)
        })
    }

    /// Drops everything after a step.
    pub fn truncate(&mut self, step: u64) {
        self.named_mut().into_iter().for_each(|(_, series)| series.truncate(step));
        for both in self.losses.values_mut() {
            both.train.truncate(step);
            both.validation.truncate(step);
        }
        self.pace.retain(|pace| pace.step <= step);
        self.summaries.truncate(step);
    }
}

/// A moment of the run, a knot of its pace.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// Completed steps.
    pub step: u64,
    /// Completed epochs, with the fraction of the current one.
    pub epoch: f64,
    /// Spent training.
    pub seconds: f64,
}

/// Something was changed here.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Completed steps.
    pub step: u64,
    /// "lr 0.1 → 0.01"
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_of_days_has_few_knots() {
        let mut curves = Curves::default();
        let of = |i: u64| Pace { step: i, epoch: i as f64, seconds: i as f64 / 20.0 };
        (0..20 * 86_400 * 3).for_each(|i| curves.note_pace(of(i), false));
        assert!((20_000..90_000).contains(&curves.pace.len()), "{}", curves.pace.len());
        assert!(curves.pace.windows(2).all(|two| two[0].step < two[1].step));
        assert_eq!(curves.pace[1], of(2));
        let last = curves.pace[curves.pace.len() - 1];
        curves.note_pace(Pace { step: last.step + 1, ..last }, false);
        assert_eq!(curves.pace.last(), Some(&last));
        curves.note_pace(Pace { step: last.step + 1, ..last }, true);
        assert_eq!(curves.pace.last().map(|pace| pace.step), Some(last.step + 1));
    }

    #[test]
    fn what_was_too_much_for_single_rows_follows_what_was_told() {
        let row = |step: u64| StepRow {
            step,
            loss: 1.0 / step as f64,
            losses: vec![(LayerId(7), 2.0 / step as f64), (LayerId(9), 3.0)],
            accuracy: Some(0.5),
            learning_rate: 0.1,
            samples: 1,
            epoch_done: true,
        };
        let scores = |step: u64| Evaluation {
            step,
            epoch: step as f64,
            loss: 2.0,
            losses: vec![(LayerId(9), 1.5)],
            score: 0.25,
        };
        let (mut whole, mut first, mut later) = (Curves::default(), Curves::default(), Curves::default());
        for step in 1..=100 {
            let (rows, scores) = ([row(step)], [scores(step)]);
            whole.append(&rows, &scores);
            if step <= 60 { &mut first } else { &mut later }.append(&rows, &scores);
        }
        first.extend(&later);
        let stretch = whole.stretch(60, 99);
        assert!(stretch.train_loss.points().eq(later.train_loss.points().take(39)));
        for ((name, a), (_, b)) in first.named().into_iter().zip(whole.named()) {
            assert!(a.points().eq(b.points()) && a.len() == 100, "{name}");
        }
        for (id, whole) in &whole.losses {
            let (first, later) = (&first.losses[id], &stretch.losses[id]);
            assert!(first.train.points().eq(whole.train.points()) && first.train.len() == 100);
            assert!(first.validation.points().eq(whole.validation.points()) && later.train.len() == 39);
        }
        first.truncate(10);
        assert_eq!((first.losses[&LayerId(9)].train.len(), first.losses[&LayerId(9)].validation.len()), (10, 10));
    }
}
