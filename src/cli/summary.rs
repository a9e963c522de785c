//! What a finished `train` says.

use serde::Serialize;

use crate::engine::FirstNotFinite;

#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub epochs: u64,
    pub steps: u64,
    /// Over the training part with the final weights.
    pub train_loss: f64,
    pub val_loss: f64,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_r2: Option<f64>,
    /// Spent training, evaluation included.
    pub seconds: f64,
    pub samples_per_second: f64,
    pub seed: u64,
    pub device: String,
    pub threads: usize,
    pub parameters: usize,
    pub stopped_early: bool,
    /// Where the first NaN or infinity came from, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_not_finite: Option<NotFinite>,
}

/// The instruction that made the first number that is not one.
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
        if json {
            println!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        println!(
            "{} epochs, {} steps in {:.1} s ({:.0} samples/s)",
            self.epochs, self.steps, self.seconds, self.samples_per_second
        );
        println!("training loss   {:.5}", self.train_loss);
        println!("validation loss {:.5}", self.val_loss);
        if let Some(accuracy) = self.val_accuracy {
            println!("accuracy        {:.2} %", accuracy * 100.0);
        }
        if let (Some(k), Some(share)) = (self.top_k, self.val_top_k_accuracy) {
            println!("top-{k} accuracy  {:.2} %", share * 100.0);
        }
        if let Some(area) = self.val_roc_area {
            println!("ROC area        {area:.4}");
        }
        if let Some(area) = self.val_pr_area {
            println!("PR area         {area:.4}");
        }
        if let Some(r2) = self.val_r2 {
            println!("R²              {r2:.4}");
        }
        Ok(())
    }
}
