//! What is told of a run that is kept, without its tensors: a row of the table of runs.

use serde::{Deserialize, Serialize};

use super::Curves;
use crate::model::Metric;
use crate::model::Project;

/// Points of the little curve in the table.
const SPARK: usize = 64;

/// A run of a project, as it stood when it was last kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCard {
    /// What its files are called, without an ending: the place of a run, never its name.
    #[serde(skip)]
    pub id: String,
    /// "Run 3", or what the person calls it.
    pub name: String,
    /// The person's note.
    pub note: String,
    /// Stays in sight at the top of the table.
    pub pinned: bool,
    /// Seconds since 1970, when the run began.
    pub began_secs: u64,
    /// Network, data and settings as they were in force at its end.
    pub project: Project,
    /// How it ended.
    pub ending: Ending,
    /// Completed.
    pub steps: u64,
    /// With the fraction of the one in progress.
    pub epochs: f64,
    /// Spent training.
    pub seconds: f64,
    /// What it was computed on.
    pub device: String,
    /// Who trained it, where that was an engine in a race or another program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineCard>,
    /// What the scores are.
    pub metric: Metric,
    /// Of the last batch; `None` where it was no finite number.
    pub train_loss: Option<f64>,
    /// Over the validation part, the last time it was computed.
    pub validation_loss: Option<f64>,
    /// Latest validation score.
    pub score: Option<f64>,
    /// The lowest validation loss, and the best score, of the whole run.
    pub best_validation_loss: Option<f64>,
    /// Best validation score.
    pub best_score: Option<f64>,
    /// The validation loss (or, where there is none, that of the batches) from the beginning to the end.
    pub spark: Vec<f32>,
    /// Bytes that its checkpoint takes on disk.
    pub bytes: u64,
}

/// An engine that trained a run, and how it did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineCard {
    /// As the command line says it: "pytorch".
    pub word: String,
    /// "PyTorch 2.15.0"
    pub title: String,
    /// From the start of its process to the end of its first step.
    pub seconds_to_first_step: Option<f64>,
    /// Median of most steps.
    pub ms_per_step: Option<f64>,
    /// Most memory of its process.
    pub peak_bytes: Option<u64>,
    /// What a person reads of its code.
    pub lines_of_code: usize,
}

/// How a run ended, as far as it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// It can go on.
    #[default]
    Paused,
    /// All epochs done.
    Done,
    /// The validation loss had stopped improving.
    Early,
    /// The loss became NaN or infinite at this step.
    NotFinite {
        /// Where it was found.
        step: u64,
    },
}

impl RunCard {
    /// Fills in what the curves tell.
    pub fn read_curves(&mut self, curves: &Curves) {
        let finite = |value: Option<(u64, f32)>| value.map(|(_, v)| f64::from(v)).filter(|v| v.is_finite());
        let all = |series: &super::Series| -> Vec<f64> {
            series.values().iter().copied().filter(|v| v.is_finite()).map(f64::from).collect()
        };
        self.metric = curves.metric;
        self.train_loss = finite(curves.train_loss.last());
        self.validation_loss = finite(curves.validation_loss.last());
        self.score = finite(curves.validation_metric.last());
        self.best_validation_loss = all(&curves.validation_loss).into_iter().min_by(f64::total_cmp);
        self.best_score = all(&curves.validation_metric).into_iter().max_by(f64::total_cmp);
        self.seconds = curves.pace.last().map_or(self.seconds, |pace| pace.seconds);
        let shown = if curves.validation_loss.len() > 1 { &curves.validation_loss } else { &curves.train_loss };
        self.spark = shown.thinned(SPARK).values().iter().copied().filter(|v| v.is_finite()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_quotes_its_curves_and_comes_back_whole() {
        let mut curves = Curves { metric: Metric::R2, ..Curves::default() };
        for step in 1..=1000u64 {
            curves.train_loss.push(step, 1.0 / step as f32);
            if step % 100 == 0 {
                curves.validation_loss.push(step, (step as f32 - 500.0).abs());
                curves.validation_metric.push(step, step as f32 / 2000.0);
            }
        }
        curves.train_loss.push(1001, f32::NAN);
        let mut card = RunCard { name: "Run 1".into(), ending: Ending::NotFinite { step: 1001 }, ..RunCard::default() };
        card.read_curves(&curves);
        assert_eq!((card.train_loss, card.validation_loss, card.best_validation_loss), (None, Some(500.0), Some(0.0)));
        assert_eq!((card.score, card.best_score), (Some(0.5), Some(0.5)));
        assert_eq!(card.spark.len(), 10);
        let text = serde_json::to_string(&card).unwrap();
        assert_eq!(serde_json::from_str::<RunCard>(&text).unwrap(), card);
    }
}
