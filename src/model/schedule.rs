//! How the learning rate changes over a run: pure functions of the step, and the one schedule that looks at results
//! instead. As PyTorch's `torch.optim.lr_scheduler`.
//!
//! Knows no run: who measures results asks [`PlateauState::judge`] and keeps the state.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// After warm-up. `step` counts from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Schedule {
    /// The same rate at every step.
    #[default]
    Constant,
    /// Multiply by `factor` every `every` steps.
    Step {
        /// Steps between two drops.
        every: usize,
        /// What the rate is multiplied by at each.
        factor: f64,
    },
    /// Multiply by `factor` each step.
    Exponential {
        /// What the rate is multiplied by.
        factor: f64,
    },
    /// Half a cosine from the base rate to `floor` times it over `steps` steps; then it stays.
    Cosine {
        /// Until the rate is lowest.
        steps: usize,
        /// The lowest rate, as a share of the full one.
        floor: f64,
    },
    /// Up to the base rate and down to almost nothing, once.
    OneCycle(OneCycle),
    /// Down whenever an epoch's result has stopped improving.
    Plateau(Plateau),
}

impl Schedule {
    /// One of each kind, with default settings.
    pub fn all() -> [Self; 6] {
        [
            Self::Constant,
            Self::Step { every: 1000, factor: 0.5 },
            Self::Exponential { factor: 0.9995 },
            Self::Cosine { steps: 5000, floor: 0.0 },
            Self::OneCycle(OneCycle::default()),
            Self::Plateau(Plateau::default()),
        ]
    }

    /// What it is called in the window.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Step { .. } => "Step",
            Self::Exponential { .. } => "Exponential",
            Self::Cosine { .. } => "Cosine",
            Self::OneCycle(_) => "One cycle",
            Self::Plateau(_) => "On plateau",
        }
    }

    /// The rate of step `t` (from 0, after warm-up). What plateaus have cost is not in it.
    pub fn rate(&self, base: f64, t: usize) -> f64 {
        match self {
            Self::Constant | Self::Plateau(_) => base,
            Self::Step { every, factor } => base * factor.powi((t / every.max(&1)) as i32),
            Self::Exponential { factor } => base * factor.powf(t as f64),
            Self::Cosine { steps, floor } => {
                let progress = (t as f64 / (*steps).max(1) as f64).min(1.0);
                let cosine = 0.5 * (1.0 + (PI * progress).cos());
                base * (floor + (1.0 - floor) * cosine)
            }
            Self::OneCycle(cycle) => cycle.rate(base, t),
        }
    }

    /// The momentum (Adam's beta 1) of step `t`, where the schedule moves it.
    pub fn momentum(&self, t: usize) -> Option<f64> {
        match self {
            Self::OneCycle(cycle) if cycle.cycle_momentum => Some(cycle.momentum(t)),
            _ => None,
        }
    }
}

/// As `OneCycleLR` (Smith and Topin, 2018); the base rate is the highest. After `steps` steps it stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OneCycle {
    /// `total_steps`
    pub steps: usize,
    /// Share of the steps in which the rate rises, `pct_start`.
    pub rise: f64,
    /// Straight lines instead of half cosines.
    pub linear: bool,
    /// The first rate is the highest divided by this, `div_factor`.
    pub start_divisor: f64,
    /// The last rate is the first divided by this, `final_div_factor`.
    pub end_divisor: f64,
    /// Down to the first rate as fast as up, and only then to the last.
    pub three_phases: bool,
    /// Momentum (beta 1) moves against the rate.
    pub cycle_momentum: bool,
    /// `base_momentum`, at the highest rate.
    pub low_momentum: f64,
    /// `max_momentum`, at both ends.
    pub high_momentum: f64,
}

impl Default for OneCycle {
    fn default() -> Self {
        Self {
            steps: 5000,
            rise: 0.3,
            linear: false,
            start_divisor: 25.0,
            end_divisor: 1e4,
            three_phases: false,
            cycle_momentum: true,
            low_momentum: 0.85,
            high_momentum: 0.95,
        }
    }
}

/// A stretch of one cycle: where it ends, and between which of (first, highest, last) it leads.
struct Stretch {
    end: f64,
    from: usize,
    to: usize,
}

impl OneCycle {
    fn stretches(&self) -> Vec<Stretch> {
        let steps = self.steps.max(1) as f64;
        let up = Stretch { end: self.rise * steps - 1.0, from: 0, to: 1 };
        if self.three_phases {
            let down = Stretch { end: 2.0 * self.rise * steps - 2.0, from: 1, to: 0 };
            return vec![up, down, Stretch { end: steps - 1.0, from: 0, to: 2 }];
        }
        vec![up, Stretch { end: steps - 1.0, from: 1, to: 2 }]
    }

    /// On the way between the three numbers (first, highest, last) at step `t`.
    fn between(&self, numbers: [f64; 3], t: usize) -> f64 {
        let t = t.min(self.steps.saturating_sub(1)) as f64;
        let mut start = 0.0;
        let stretches = self.stretches();
        for (i, stretch) in stretches.iter().enumerate() {
            if t <= stretch.end || i + 1 == stretches.len() {
                let length = stretch.end - start;
                let progress = if length > 0.0 { (t - start) / length } else { 1.0 };
                let (from, to) = (numbers[stretch.from], numbers[stretch.to]);
                let straight = (to - from) * progress + from;
                let curved = to + (from - to) / 2.0 * ((PI * progress).cos() + 1.0);
                return if self.linear { straight } else { curved };
            }
            start = stretch.end;
        }
        numbers[2]
    }

    fn rate(&self, highest: f64, t: usize) -> f64 {
        let first = highest / self.start_divisor;
        self.between([first, highest, first / self.end_divisor], t)
    }

    fn momentum(&self, t: usize) -> f64 {
        self.between([self.high_momentum, self.low_momentum, self.high_momentum], t)
    }
}

/// As `ReduceLROnPlateau`, asked at the end of every epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plateau {
    /// What must improve, on the validation part.
    pub watch: Watched,
    /// What the rate is multiplied by.
    pub factor: f64,
    /// Epochs without an improvement that are let pass.
    pub patience: u64,
    /// What counts as an improvement.
    pub threshold: f64,
    /// The threshold is a share of the best result, not a difference from it (`threshold_mode`).
    pub relative: bool,
    /// Epochs after a cut in which nothing is held against it.
    pub cooldown: u64,
    /// The rate does not fall below this, `min_lr`.
    pub least_rate: f64,
    /// A cut by no more than this is not made, `eps`.
    pub least_cut: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self {
            watch: Watched::Loss,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            relative: true,
            cooldown: 0,
            least_rate: 0.0,
            least_cut: 1e-8,
        }
    }
}

/// What the plateau schedule monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// The validation loss, which must fall (`mode="min"`).
    Loss,
    /// Accuracy or R², which must rise (`mode="max"`).
    Score,
}

/// Where a run stands with its plateaus; part of what a checkpoint keeps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlateauState {
    /// `None` before the first epoch.
    pub best: Option<f64>,
    /// Epochs since the last improvement.
    pub bad_epochs: u64,
    /// Epochs that the cooldown still lasts.
    pub cooldown: u64,
    /// What the cuts so far make of the rate.
    pub scale: f64,
}

impl Default for PlateauState {
    fn default() -> Self {
        Self { best: None, bad_epochs: 0, cooldown: 0, scale: 1.0 }
    }
}

impl PlateauState {
    /// Takes in an epoch's result; whether the rate was cut.
    pub fn judge(&mut self, plateau: &Plateau, base: f64, result: f64) -> bool {
        if self.is_better(plateau, result) {
            (self.best, self.bad_epochs) = (Some(result), 0);
        } else {
            self.bad_epochs += 1;
        }
        if self.cooldown > 0 {
            self.cooldown -= 1;
            self.bad_epochs = 0;
        }
        if self.bad_epochs <= plateau.patience {
            return false;
        }
        (self.cooldown, self.bad_epochs) = (plateau.cooldown, 0);
        let old = base * self.scale;
        let new = (old * plateau.factor).max(plateau.least_rate);
        if old - new <= plateau.least_cut {
            return false;
        }
        self.scale = new / base;
        true
    }

    fn is_better(&self, plateau: &Plateau, result: f64) -> bool {
        let threshold = plateau.threshold;
        match (plateau.watch, self.best) {
            (Watched::Loss, None) => result < f64::INFINITY,
            (Watched::Score, None) => result > f64::NEG_INFINITY,
            (Watched::Loss, Some(best)) if plateau.relative => result < best * (1.0 - threshold),
            (Watched::Loss, Some(best)) => result < best - threshold,
            (Watched::Score, Some(best)) if plateau.relative => result > best * (threshold + 1.0),
            (Watched::Score, Some(best)) => result > best + threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Recorded {
        schedule: Schedule,
        base: f64,
        /// For plateaus: what each epoch measured.
        #[serde(default)]
        results: Vec<f64>,
        rates: Vec<f64>,
        /// Empty where the schedule leaves it alone.
        #[serde(default)]
        momenta: Vec<f64>,
    }

    fn recorded() -> Vec<Recorded> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/schedules.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[track_caller]
    fn close(what: &Schedule, i: usize, got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-12 * expected.abs(), "{what:?} step {i}: {got}, PyTorch {expected}");
    }

    #[test]
    fn every_schedule_is_pytorchs() {
        let all = recorded();
        for wanted in Schedule::all().iter().skip(1) {
            let is_recorded =
                |case: &Recorded| std::mem::discriminant(&case.schedule) == std::mem::discriminant(wanted);
            assert!(all.iter().any(is_recorded), "{wanted:?} is not recorded");
        }
        for case in &all {
            assert!(case.rates.len() >= 20);
            let mut state = PlateauState::default();
            for (t, &expected) in case.rates.iter().enumerate() {
                if let Schedule::Plateau(plateau) = &case.schedule {
                    state.judge(plateau, case.base, case.results[t]);
                }
                close(&case.schedule, t, case.schedule.rate(case.base, t) * state.scale, expected);
                match case.momenta.get(t) {
                    Some(&momentum) => close(&case.schedule, t, case.schedule.momentum(t).unwrap(), momentum),
                    None => assert_eq!(case.schedule.momentum(t), None),
                }
            }
        }
    }

    #[test]
    fn one_cycle_ends_where_it_ends_and_bears_a_single_step() {
        let cycle = OneCycle { steps: 10, ..OneCycle::default() };
        assert_eq!(cycle.rate(1.0, 9), cycle.rate(1.0, 1000));
        assert!(OneCycle { steps: 1, ..cycle }.rate(1.0, 0).is_finite());
        assert!(OneCycle { steps: 0, rise: 0.0, ..cycle }.rate(1.0, 5).is_finite());
    }
}
