//! How a project trains: optimiser, schedule, batch, clipping, stopping. Pure settings; `engine/` and `trainer/` carry
//! them out.

use serde::{Deserialize, Serialize};

use super::Task;
use super::schedule::Schedule;

/// All settings of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingSpec {
    /// How gradients become updates.
    pub optimiser: Optimiser,
    /// Base learning rate; the schedule scales it.
    pub learning_rate: f64,
    /// How the learning rate changes during the run.
    pub schedule: Schedule,
    /// Steps over which the rate rises linearly from 0 to its base before the schedule begins.
    pub warm_up_steps: usize,
    /// Samples per step.
    pub batch_size: usize,
    /// Where training stops by itself.
    pub epochs: usize,
    /// Limit on gradients.
    pub clip: Clip,
    /// When to stop before the last epoch, if at all.
    pub early_stopping: Option<EarlyStopping>,
    /// Restore the weights of the epoch with the best validation loss when training ends.
    pub keep_best: bool,
    /// How pictures are changed each time they are trained on.
    #[serde(skip_serializing_if = "Augmentation::is_off")]
    pub augmentation: Box<Augmentation>,
    /// Seed of initial weights, shuffles, dropout and augmentation.
    pub seed: u64,
}

/// Random changes of pictures while training, of each one anew in every epoch. None of them where all are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Half of them are mirrored.
    pub flip: bool,
    /// Half of them stand on their heads.
    pub flip_up_down: bool,
    /// By so many degrees at most, either way.
    pub rotation: f64,
    /// By such a share of the side at most.
    pub shift: f64,
    /// Larger or smaller by such a share at most.
    pub zoom: f64,
    /// Leaning by so many degrees at most, either way.
    pub shear: f64,
    /// Lighter or darker by so much at most, of 0 to 1.
    pub brightness: f64,
    /// By such a share at most.
    pub contrast: f64,
    /// Of three colours, by such a share at most.
    pub saturation: f64,
    /// Standard deviation of what is added to each value.
    pub noise: f64,
    /// Side of a grey square somewhere, as a share of the picture's.
    pub cutout: f64,
    /// The α of Beta(α, α), from which the share is drawn that a picture keeps when it is mixed with another one.
    pub mixup: f64,
}

impl Augmentation {
    /// Whether it changes anything.
    pub fn is_active(&self) -> bool {
        !self.is_off()
    }

    /// Whether samples are mixed, inputs of such a shape with what is asked of them.
    pub fn mixes(&self, input: &[usize], task: Task) -> bool {
        self.mixup > 0.0 && input.len() == 3 && self.problem(task).is_none()
    }

    /// Why samples cannot be changed like this: a sentence.
    pub fn problem(&self, task: Task) -> Option<&'static str> {
        let cannot = "Mixup can't be used with boxes: a box can't be a share of one thing and the rest of another. Set \
            mixup to 0.";
        let has_boxes = match task {
            Task::Boxes { .. } => true,
            Task::Classes(_) | Task::ClassesAt { .. } | Task::Numbers(_) | Task::Input(_) => false,
        };
        (has_boxes && self.mixup > 0.0).then_some(cannot)
    }

    /// Whether it changes nothing.
    pub fn is_off(&self) -> bool {
        *self == Self::default()
    }
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
            augmentation: Box::default(),
            seed: 1,
        }
    }
}

/// What becomes of one setting where another one was changed from `before` to `after`. `follows`: only where it was the
/// same.
fn taken<T: Clone + PartialEq>(own: &T, before: &T, after: &T, follows: bool) -> T {
    let is_taken = before != after && (!follows || own == before);
    if is_taken { after.clone() } else { own.clone() }
}

impl TrainingSpec {
    /// These settings with those that were changed from `before` to `after`; all others stay as they are here.
    pub fn edited(&self, before: &Self, after: &Self) -> Self {
        self.merged(before, after, false)
    }

    /// As [`Self::edited`], but what is not as it was `before` stays too.
    pub fn following(&self, before: &Self, after: &Self) -> Self {
        self.merged(before, after, true)
    }

    fn merged(&self, before: &Self, after: &Self, follows: bool) -> Self {
        macro_rules! each {
            ($($setting:ident),*) => {
                Self { $($setting: taken(&self.$setting, &before.$setting, &after.$setting, follows)),* }
            };
        }
        each!(
            optimiser,
            learning_rate,
            schedule,
            warm_up_steps,
            batch_size,
            epochs,
            clip,
            early_stopping,
            keep_best,
            augmentation,
            seed
        )
    }
}

/// Definitions follow PyTorch's `torch.optim` exactly, so that curves can be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Optimiser {
    /// Stochastic gradient descent, with or without momentum.
    Sgd {
        /// 0: plain descent.
        momentum: f64,
        /// The gradient is taken where the momentum leads to.
        nesterov: bool,
        /// A share of each weight that is added to its gradient.
        weight_decay: f64,
    },
    /// Kingma and Ba, 2015.
    Adam {
        /// How much of the mean of gradients is kept each step.
        beta1: f64,
        /// The same for the mean of their squares.
        beta2: f64,
        /// Added to what is divided by.
        epsilon: f64,
        /// A share of each weight that is added to its gradient.
        weight_decay: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019).
    AdamW {
        /// How much of the mean of gradients is kept each step.
        beta1: f64,
        /// The same for the mean of their squares.
        beta2: f64,
        /// Added to what is divided by.
        epsilon: f64,
        /// A share of each weight, times the rate, that is taken off it.
        weight_decay: f64,
    },
    /// Tieleman and Hinton, 2012, as in PyTorch.
    RmsProp {
        /// How much of the mean of squares is kept each step.
        alpha: f64,
        /// Added to what is divided by.
        epsilon: f64,
        /// 0: none.
        momentum: f64,
        /// A share of each weight that is added to its gradient.
        weight_decay: f64,
    },
    /// `start`: what the sum of squares starts from (`initial_accumulator_value`); `rate_decay`: `lr_decay`.
    Adagrad {
        /// The rate is divided by 1 + rate_decay · steps.
        rate_decay: f64,
        /// What the sum of squares starts from.
        start: f64,
        /// Added to what is divided by.
        epsilon: f64,
        /// A share of each weight that is added to its gradient.
        weight_decay: f64,
    },
    /// Adam with Nesterov momentum (Dozat, 2016).
    #[serde(rename = "nadam")]
    NAdam {
        /// How much of the mean of gradients is kept each step.
        beta1: f64,
        /// The same for the mean of their squares.
        beta2: f64,
        /// Added to what is divided by.
        epsilon: f64,
        /// A share of each weight that is added to its gradient.
        weight_decay: f64,
        /// How fast the momentum comes to its full size.
        momentum_decay: f64,
    },
    /// Not PyTorch's: as in its paper (Chen et al., 2023), weight decay decoupled.
    Lion {
        /// How much of the mean of gradients counts in a step, beside the gradient.
        beta1: f64,
        /// How much of that mean is kept each step.
        beta2: f64,
        /// A share of each weight, times the rate, that is taken off it.
        weight_decay: f64,
    },
}

impl Optimiser {
    /// SGD with default settings.
    pub fn sgd() -> Self {
        Self::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Adam with default settings.
    pub fn adam() -> Self {
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }

    /// AdamW with default settings.
    pub fn adam_w() -> Self {
        Self::AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }

    /// RMSprop with default settings.
    pub fn rms_prop() -> Self {
        Self::RmsProp { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }

    /// Adagrad with default settings.
    pub fn adagrad() -> Self {
        Self::Adagrad { rate_decay: 0.0, start: 0.0, epsilon: 1e-10, weight_decay: 0.0 }
    }

    /// NAdam with default settings.
    pub fn nadam() -> Self {
        Self::NAdam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, momentum_decay: 0.004 }
    }

    /// Lion with default settings.
    pub fn lion() -> Self {
        Self::Lion { beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }
    }

    /// One of each with its defaults, for menus.
    pub fn all() -> [Self; 7] {
        [Self::sgd(), Self::adam(), Self::adam_w(), Self::rms_prop(), Self::adagrad(), Self::nadam(), Self::lion()]
    }

    /// What it is called in the window.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Sgd { .. } => "SGD",
            Self::Adam { .. } => "Adam",
            Self::AdamW { .. } => "AdamW",
            Self::RmsProp { .. } => "RMSprop",
            Self::Adagrad { .. } => "Adagrad",
            Self::NAdam { .. } => "NAdam",
            Self::Lion { .. } => "Lion",
        }
    }
}

impl TrainingSpec {
    /// The learning rate used by the step with zero-based index `step`, where no plateau has cut it.
    pub fn rate_at(&self, step: usize) -> f64 {
        let base = self.learning_rate;
        if step < self.warm_up_steps {
            return base * (step + 1) as f64 / self.warm_up_steps as f64;
        }
        self.schedule.rate(base, step - self.warm_up_steps)
    }

    /// The momentum (Adam's beta 1) used by that step, where the schedule moves it.
    pub fn momentum_at(&self, step: usize) -> Option<f64> {
        self.schedule.momentum(step.saturating_sub(self.warm_up_steps))
    }
}

/// Limit on gradients before the update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Clip {
    /// No limit.
    #[default]
    None,
    /// Scale all gradients together so that their joint norm is at most `max`.
    Norm {
        /// The largest norm, of all gradients together.
        max: f64,
    },
    /// Clamp every element to `-max ..= max`.
    Value {
        /// The largest absolute value.
        max: f64,
    },
}

/// Stops when the validation loss no longer improves.
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
