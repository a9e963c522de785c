//! What a finished `train` says.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::evaluate;
use super::output::answer;
use crate::data::baselines::Baseline;
use crate::engine::FirstNotFinite;
use crate::expr::{counted, decimals};
use crate::model::Metric;

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub epochs: u64,
    pub steps: u64,
    /// Over the training part with the final weights.
    pub train_loss: f64,
    pub val_loss: f64,
    /// What each Loss says, where there are several: the two above are their weighted sum.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<OneLoss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_accuracy: Option<f64>,
    /// Where there are four classes or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_top_k_accuracy: Option<f64>,
    /// Mean over the classes, each against all others; of two classes the second's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_roc_area: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_pr_area: Option<f64>,
    /// How many validation samples, drawn evenly from all classes, the three scores above are over; `None`: all of
    /// them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranked_samples: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_r2: Option<f64>,
    /// Of each number, where several are predicted: the one above is their mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub val_targets: Vec<OneTarget>,
    /// Mean average precision of boxes that overlap the true ones by half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_map50: Option<f64>,
    /// The mean over overlaps of 0.5, 0.55 ... 0.95.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_map: Option<f64>,
    /// The first of the two for each class of which there is something.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub val_ap50: BTreeMap<String, f64>,
    /// What simple models reach on the validation part of a table.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "baselines")]
    pub baselines: Vec<Baseline>,
    /// What they are scored by.
    #[serde(skip)]
    pub metric: Metric,
    /// In the validation part: what scores are over.
    pub val_samples: usize,
    /// Spent training, evaluation included.
    pub seconds: f64,
    pub samples_per_second: f64,
    pub seed: u64,
    pub device: String,
    pub threads: usize,
    pub parameters: usize,
    pub stopped_early: bool,
    /// Somebody ended it before it was done.
    pub interrupted: bool,
    /// Where the first NaN or infinity came from, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_not_finite: Option<NotFinite>,
    /// About the data.
    pub notes: Vec<String>,
    /// What was done otherwise than it may have been meant.
    pub warnings: Vec<String>,
    /// Why it did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn baselines<S: Serializer>(all: &[Baseline], serializer: S) -> Result<S::Ok, S::Error> {
    evaluate::baselines_json(all).serialize(serializer)
}

/// One of several Losses.
#[derive(Clone, Debug, Serialize)]
pub struct OneLoss {
    /// As in the listing: "loss_2".
    pub name: String,
    pub weight: f64,
    /// Before the weight, as the next.
    pub train_loss: f64,
    pub val_loss: f64,
}

/// One of several numbers that are predicted.
#[derive(Clone, Debug, Serialize)]
pub struct OneTarget {
    /// Its heading.
    pub name: String,
    pub r2: f64,
    /// In its own unit.
    pub rmse: f64,
}

/// The instruction that made the first number that is not finite.
#[derive(Clone, Debug, Serialize)]
pub struct NotFinite {
    pub step: u64,
    pub instruction: usize,
    /// As in the listing.
    pub line: String,
    pub layer: Option<String>,
    /// "NaN", "infinity", "minus infinity": JSON has no numbers for them.
    pub number: &'static str,
    /// Row of the training part.
    pub sample: Option<u32>,
    /// The weights or other state that held it before the step, where none of its instructions made it.
    pub held_by: Option<String>,
    pub sentence: String,
}

impl NotFinite {
    pub fn of(found: &FirstNotFinite) -> Self {
        Self {
            step: found.step,
            instruction: found.instruction,
            line: found.line.clone(),
            layer: found.layer.clone(),
            number: found.word(),
            sample: found.sample,
            held_by: found.held_by.clone(),
            sentence: found.to_string(),
        }
    }
}

impl Summary {
    pub fn print(&self, json: bool) -> anyhow::Result<()> {
        answer(if json { serde_json::to_string(self)? } else { self.text() })?;
        Ok(())
    }

    fn text(&self) -> String {
        let (epochs, steps, seconds, rate) = (self.epochs, self.steps, self.seconds, self.samples_per_second);
        let top = self.top_k.map_or(String::new(), |k| format!("top-{k} accuracy"));
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let over =
            self.ranked_samples.map_or(String::new(), |asked| format!(" (over {asked} of {})", self.val_samples));
        let area = |area: f64| format!("{area:.4}{over}");
        let scores = [
            ("training loss", Some(format!("{:.5}", self.train_loss))),
            ("validation loss", Some(format!("{:.5}", self.val_loss))),
            ("accuracy", self.val_accuracy.map(percent)),
            (&top, self.val_top_k_accuracy.map(|share| format!("{}{over}", percent(share)))),
            ("ROC area", self.val_roc_area.map(area)),
            ("PR area", self.val_pr_area.map(area)),
            ("R²", self.val_r2.map(decimals)),
            ("mAP@0.5", self.val_map50.map(|map| format!("{map:.4}"))),
            ("mAP", self.val_map.map(|map| format!("{map:.4}"))),
        ];
        let told = scores.into_iter().filter_map(|(name, score)| Some(format!("\n{name:<22} {}", score?)));
        let each = self.losses.iter().map(|loss| {
            let OneLoss { name, weight, train_loss, val_loss } = loss;
            format!("\n{name:<22} training {train_loss:.5}, validation {val_loss:.5}, weight {weight}")
        });
        let of_target = self.val_targets.iter().map(|OneTarget { name, r2, rmse }| {
            format!("\n{:<22} R² {}, RMSE {rmse:.4}", format!("of {name}"), decimals(*r2))
        });
        let of_class = self.val_ap50.iter().map(|(name, ap)| format!("\nAP@0.5 {ap:.4} for {name}"));
        let beside = self.baselines.iter().map(|baseline| evaluate::baseline_line(baseline, self.metric));
        let beside = beside.map(|line| format!("\n{line}"));
        let rows: String = told.chain(of_target).chain(of_class).chain(each).chain(beside).collect();
        let (epochs, steps) = (counted(epochs as usize, "epoch"), counted(steps as usize, "step"));
        format!("{epochs}, {steps} in {seconds:.1} s ({rate:.0} samples/s){rows}")
    }
}
