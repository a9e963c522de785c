//! How a project trains: optimiser, schedule, batch, clipping, stopping. Pure settings; `engine/` and `trainer/` carry them out.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSpec {
    pub optimiser: Optimiser,
    /// Base learning rate; the schedule scales it.
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Steps over which the rate rises linearly from 0 to its base before the schedule begins.
    pub warm_up_steps: usize,
    pub batch_size: usize,
    /// Where training stops by itself.
    pub epochs: usize,
    pub clip: Clip,
    pub early_stopping: Option<EarlyStopping>,
    /// Restore the weights of the epoch with the best validation loss when training ends.
    pub keep_best: bool,
    /// Seed of initial weights, shuffles and dropout.
    pub seed: u64,
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            optimiser: Optimiser::adam(),
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            warm_up_steps: 0,
            batch_size: 32,
            epochs: 100,
            clip: Clip::None,
            early_stopping: None,
            keep_best: false,
            seed: 1,
        }
    }
}

/// Definitions follow PyTorch's `torch.optim` exactly, so that curves can be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Optimiser {
    Sgd { momentum: f64, nesterov: bool, weight_decay: f64 },
    Adam { beta1: f64, beta2: f64, epsilon: f64, weight_decay: f64 },
    AdamW { beta1: f64, beta2: f64, epsilon: f64, weight_decay: f64 },
    RmsProp { alpha: f64, epsilon: f64, momentum: f64, weight_decay: f64 },
}

impl Optimiser {
    pub fn sgd() -> Self {
        Self::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    pub fn adam() -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }

    pub fn adam_w() -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }

    pub fn rms_prop() -> Self {
        Self::RmsProp { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }

    /// The four, each with its defaults, for menus.
    pub fn all() -> [Self; 4] {
        [Self::sgd(), Self::adam(), Self::adam_w(), Self::rms_prop()]
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "SGD",
            Self::Adam { .. } => "Adam",
            Self::AdamW { .. } => "AdamW",
            Self::RmsProp { .. } => "RMSprop",
        }
    }
}

/// How the learning rate changes over the run, after warm-up. `step` counts from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Schedule {
    #[default]
    Constant,
    /// Multiply by `factor` every `every` steps.
    Step { every: usize, factor: f64 },
    /// Multiply by `factor` each step.
    Exponential { factor: f64 },
    /// Half a cosine from the base rate to `floor` times it over `steps` steps; then it stays.
    Cosine { steps: usize, floor: f64 },
}

impl Schedule {
    pub fn all() -> [Self; 4] {
        [
            Self::Constant,
            Self::Step { every: 1000, factor: 0.5 },
            Self::Exponential { factor: 0.9995 },
            Self::Cosine { steps: 5000, floor: 0.0 },
        ]
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Step { .. } => "Step",
            Self::Exponential { .. } => "Exponential",
            Self::Cosine { .. } => "Cosine",
        }
    }
}

impl TrainingSpec {
    /// The learning rate used by the step with zero-based index `step`.
    pub fn rate_at(&self, step: usize) -> f64 {
        let base = self.learning_rate;
        if step < self.warm_up_steps {
            return base * (step + 1) as f64 / self.warm_up_steps as f64;
        }
        let t = step - self.warm_up_steps;
        match self.schedule {
            Schedule::Constant => base,
            Schedule::Step { every, factor } => base * factor.powi((t / every.max(1)) as i32),
            Schedule::Exponential { factor } => base * factor.powf(t as f64),
            Schedule::Cosine { steps, floor } => {
                let progress = (t as f64 / steps.max(1) as f64).min(1.0);
                let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
                base * (floor + (1.0 - floor) * cosine)
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Clip {
    #[default]
    None,
    /// Scale all gradients together so that their joint norm is at most `max`.
    Norm { max: f64 },
    /// Clamp every element to `-max ..= max`.
    Value { max: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without an improvement of the validation loss before training stops.
    pub patience: usize,
    /// What counts as an improvement.
    pub min_delta: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warm_up_rises_and_cosine_falls_to_its_floor() {
        let spec = TrainingSpec {
            learning_rate: 1.0,
            warm_up_steps: 4,
            schedule: Schedule::Cosine { steps: 10, floor: 0.1 },
            ..TrainingSpec::default()
        };
        assert_eq!(spec.rate_at(0), 0.25);
        assert_eq!(spec.rate_at(4), 1.0);
        assert!((spec.rate_at(9) - 0.55).abs() < 1e-12);
        assert!((spec.rate_at(1000) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn step_and_exponential_multiply() {
        let mut spec = TrainingSpec {
            learning_rate: 0.8,
            schedule: Schedule::Step { every: 3, factor: 0.5 },
            ..TrainingSpec::default()
        };
        assert_eq!((spec.rate_at(2), spec.rate_at(3), spec.rate_at(6)), (0.8, 0.4, 0.2));
        spec.schedule = Schedule::Exponential { factor: 0.5 };
        assert_eq!(spec.rate_at(2), 0.2);
    }
}
