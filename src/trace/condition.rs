//! What the numbers of a layer say of it: one rule for the cards, the debugger's table and the command line.
//!
//! Only what is a fact of the numbers (NaN, dead, saturated, vanishing, frozen) is called bad or worth a look, and only
//! what they show is called well. What needs judgement is not told here.

use super::numbers::significant;
use super::{LayerHealth, LayersRecord, Statistics};

/// Outputs of which more than this share is exactly zero are told of.
const MOSTLY_ZERO: f32 = 0.95;
/// Of an activation with two ends, so many outputs at one of them leave hardly any slope to learn by.
const MOSTLY_SATURATED: f32 = 0.9;
/// Half of all units are zero for a single sample: only of several together it means something.
const TELLING: usize = 8;
/// A layer of rectifiers does well without so many of its units, and hardly misses so many more.
const FEW: f32 = 0.1;
const SOME: f32 = 0.25;
/// A unit that answers one sample in twenty is silent for so many of them once in thirty times: then it is as good as
/// dead.
const MANY: usize = 64;
/// A gradient so small is a signal that has got lost, or a network that has nothing more to learn: by itself nobody can
/// tell.
const TINY: f32 = 1e-6;
/// And so small beside the strongest layer's, it has got lost on the way;
const VANISHED: f32 = 1e-5;
/// unless it is as large as this, and the other one too large.
const NOT_VANISHED: f32 = 1e-4;
const LARGE: f32 = 1e3;
/// Updates, as a share of the weights.
const LARGE_STEP: f32 = 0.1;
const NO_STEP: f32 = 1e-7;

/// In order of how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Healthy.
    Well,
    /// The numbers do not tell.
    Unknown,
    /// Worth watching.
    Warning,
    /// A problem.
    Bad,
}

/// How a layer is doing, and why: words that follow its name and a colon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerCondition {
    /// How serious it is.
    pub severity: Severity,
    /// Why, in a few words.
    pub words: String,
}

/// What is known of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Vitals<'a> {
    /// What leaves it; of no numbers where that is not known.
    pub outputs: &'a Statistics,
    /// How many samples that, and the units and ends below, are of.
    pub samples: usize,
    /// Zeros are what such a layer is for (dropout), or come from what is before it.
    pub may_be_zero: bool,
    /// Units that are zero for all these samples, and all.
    pub dead: Option<(usize, usize)>,
    /// Share of outputs at an end of its activation; `None` of the answer itself, which is to go there.
    pub saturated: Option<f32>,
    /// Norm of the gradient of its weights; `None` where it has none, or none is known.
    pub gradient: Option<f32>,
    /// Samples that the gradient is of.
    pub batch: usize,
    /// The largest of all layers.
    pub strongest: f32,
    /// Of the last update, as a share of its weights.
    pub update: Option<f32>,
    /// Whether its weights are excluded from training.
    pub is_frozen: bool,
}

type Found = Option<(Severity, String)>;

impl Vitals<'_> {
    /// How serious it is and why: the first finding in order of importance.
    pub fn condition(&self) -> LayerCondition {
        let found = self.broken().or_else(|| self.dead()).or_else(|| self.learning()).or_else(|| self.strained());
        let (severity, words) = found.unwrap_or_else(|| self.untroubled());
        LayerCondition { severity, words }
    }

    fn broken(&self) -> Found {
        let broken = self.outputs.nans + self.outputs.infinities;
        if broken > 0 {
            return Some((Severity::Bad, format!("{broken} of {} outputs are NaN or infinite", self.outputs.count)));
        }
        let is_broken = self.gradient.is_some_and(|g| !g.is_finite());
        is_broken.then(|| (Severity::Bad, "its gradient is NaN or infinite".to_owned()))
    }

    /// Units that do not answer. A few samples tell that all are silent, and only many that some are for good.
    fn dead(&self) -> Found {
        let samples = self.samples;
        let zero = |dead, of| format!("{dead} of {of} units are zero for all {samples} samples");
        match self.dead.filter(|(dead, _)| *dead > 0 && samples >= TELLING) {
            Some((dead, of)) if dead == of => {
                return Some((
                    Severity::Bad,
                    format!("dead, all of its {of} units are zero for all {samples} samples"),
                ));
            }
            Some((dead, of)) if 2 * dead >= of && samples >= MANY => {
                return Some((Severity::Bad, format!("dying, {}", zero(dead, of))));
            }
            Some((dead, of)) if 2 * dead >= of => return Some((Severity::Warning, zero(dead, of))),
            _ => {}
        }
        let all_zero = self.outputs.count > 0 && self.outputs.zeros == 1.0;
        (all_zero && !self.may_be_zero && samples >= TELLING)
            .then(|| (Severity::Bad, format!("dead, all of its outputs are zero for all {samples} samples")))
    }

    /// Whether a gradient arrives.
    fn learning(&self) -> Found {
        let gradient = self.gradient.filter(|_| !self.is_frozen)?;
        if gradient == 0.0 {
            let still = if self.update == Some(0.0) { ", so its weights don't change" } else { "" };
            return Some(match (self.strongest > 0.0, self.batch >= TELLING) {
                (true, true) => (Severity::Bad, format!("no gradient arrives{still}")),
                (true, false) => (
                    Severity::Unknown,
                    format!("no gradient arrives in this step, but the batch is too small ({}) to tell", self.batch),
                ),
                (false, _) => (
                    Severity::Unknown,
                    "no layer gets a gradient in this step: either nothing can improve, or the signal is lost"
                        .to_owned(),
                ),
            });
        }
        if gradient > LARGE {
            return Some((Severity::Warning, format!("its gradient is very large ({})", short(gradient))));
        }
        (gradient < (VANISHED * self.strongest).min(NOT_VANISHED)).then(|| {
            let (own, strongest) = (short(gradient), short(self.strongest));
            (Severity::Warning, format!("its gradient vanishes ({own}, the strongest is {strongest})"))
        })
    }

    fn strained(&self) -> Found {
        let watch = |words: String| Some((Severity::Warning, words));
        if let Some(share) = self.saturated.filter(|share| *share > MOSTLY_SATURATED && self.samples >= TELLING) {
            return watch(format!("saturated, {} of its outputs are at the limits of the activation", percent(share)));
        }
        match self.update.filter(|_| !self.is_frozen) {
            Some(u) if u > LARGE_STEP => {
                return watch(format!("large updates, {} of its weights per step", percent(u)));
            }
            Some(u) if u < NO_STEP && self.gradient.is_none_or(|g| g >= TINY) => {
                return watch(format!("it hardly changes, by {} of its weights per step", percent(u)));
            }
            _ => {}
        }
        let (dead, of) = self.dead.filter(|&(dead, of)| dead as f32 > FEW * of as f32)?;
        let words = format!("{dead} of {of} units are zero for all {} samples", self.samples);
        match self.samples {
            MANY.. if dead as f32 > SOME * of as f32 => watch(words),
            MANY.. => Some((Severity::Unknown, words)),
            TELLING.. => Some((Severity::Unknown, format!("{words}, too few to tell"))),
            _ => None,
        }
    }

    /// Nothing is wrong: whether that is known.
    fn untroubled(&self) -> (Severity, String) {
        let zeros = self.outputs.zeros;
        let is_tiny = |g: f32| g < TINY;
        match self.gradient {
            _ if self.is_frozen => (Severity::Unknown, "frozen, its weights don't change".to_owned()),
            Some(g) if is_tiny(g) => {
                let words = "either it has converged, or the signal is lost";
                (Severity::Unknown, format!("its gradient is tiny ({}): {words}", short(g)))
            }
            _ if zeros > MOSTLY_ZERO && !self.may_be_zero && self.outputs.count > 0 => {
                (Severity::Unknown, format!("{} of its outputs are zero", percent(zeros)))
            }
            Some(_) => (Severity::Well, String::new()),
            None => (Severity::Unknown, String::new()),
        }
    }
}

impl LayersRecord {
    /// What the numbers say about a layer.
    pub fn condition(&self, health: &LayerHealth) -> LayerCondition {
        let strongest = self.layers.iter().filter_map(|l| l.gradient).filter(|g| g.is_finite()).fold(0.0, f32::max);
        let vitals = Vitals {
            outputs: &health.activations,
            samples: health.samples,
            may_be_zero: health.may_be_zero,
            dead: health.dead,
            saturated: health.saturated,
            gradient: health.gradient,
            batch: self.batch,
            strongest,
            update: health.update,
            is_frozen: health.is_frozen,
        };
        vitals.condition()
    }

    /// The whole table in one sentence: where a NaN was made, the first of the layers that are worst, or what was
    /// looked at.
    pub fn headline(&self) -> (Severity, String) {
        if let Some(found) = &self.not_finite {
            return (Severity::Bad, found.clone());
        }
        let judged = self.layers.iter().map(|health| (self.condition(health), health));
        let mut worst: Option<(LayerCondition, &LayerHealth)> = None;
        for (condition, health) in judged.filter(|(condition, _)| condition.severity >= Severity::Warning) {
            if worst.as_ref().is_none_or(|(known, _)| condition.severity > known.severity) {
                worst = Some((condition, health));
            }
        }
        match worst {
            Some((condition, health)) => (condition.severity, format!("{}: {}.", health.name, condition.words)),
            None => (Severity::Unknown, self.looked_at()),
        }
    }

    /// Of layers with which nothing is wrong: how many of those that learn were seen to, in this one step.
    fn looked_at(&self) -> String {
        let learning: Vec<_> =
            self.layers.iter().filter(|health| health.weights.is_some() && !health.is_frozen).collect();
        let reached = learning.iter().filter(|health| health.gradient.is_some()).count();
        if learning.is_empty() {
            return "No layer is trainable.".to_owned();
        }
        if reached == 0 {
            return "Gradients are available after the backward phase.".to_owned();
        }
        if reached < learning.len() {
            return format!("{reached} of {} layers have their gradient so far in this step.", learning.len());
        }
        let moved = learning.iter().all(|health| health.update.is_some_and(|update| update > 0.0));
        let end = if moved { "gets a gradient and moves" } else { "gets a gradient" };
        format!("In this step every layer {end}.")
    }
}

fn short(value: f32) -> String {
    significant(f64::from(value), 2)
}

/// "40 %", "0.3 %". What is not all is not called 100 %.
fn percent(share: f32) -> String {
    let written = significant(f64::from(share) * 100.0, 3);
    if share < 1.0 && written == "100" { "over 99.9 %".to_owned() } else { format!("{written} %") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::LayerId;

    fn health(id: u64, gradient: Option<f32>) -> LayerHealth {
        LayerHealth {
            layer: LayerId(id),
            name: format!("Layer {id}"),
            output: format!("%{id}"),
            activations: Statistics::of(&[0.0, 1.0, -1.0, 0.5]),
            samples: 64,
            may_be_zero: false,
            dead: None,
            saturated: None,
            gradient,
            weights: gradient.map(|_| 2.0),
            update: gradient.map(|g| g * 1e-3),
            is_frozen: false,
        }
    }

    fn record(layers: Vec<LayerHealth>) -> LayersRecord {
        LayersRecord { step: 3, batch: 32, layers, not_finite: None }
    }

    fn judged(health: LayerHealth) -> (Severity, String) {
        let LayerCondition { severity, words } =
            record(vec![health.clone(), self::health(9, Some(1.0))]).condition(&health);
        (severity, words)
    }

    #[test]
    fn only_what_the_numbers_show_is_called_well_and_only_facts_are_called_bad() {
        assert_eq!(judged(health(1, Some(0.5))), (Severity::Well, String::new()));
        assert_eq!(judged(health(1, None)), (Severity::Unknown, String::new()), "nobody knows");
        let tiny = record(vec![health(1, Some(5.8e-8)), health(2, Some(9e-8))]);
        let condition = tiny.condition(&tiny.layers[0]);
        assert_eq!(condition.severity, Severity::Unknown);
        assert!(condition.words.contains("tiny (5.8e−8)"), "{}", condition.words);
        let with = |change: &dyn Fn(&mut LayerHealth)| {
            let mut health = health(1, Some(0.5));
            change(&mut health);
            judged(health)
        };
        for (found, severity, words) in [
            (with(&|l| l.dead = Some((6, 8))), Severity::Bad, "dying, 6 of 8 units are zero for all 64 samples"),
            (with(&|l| l.dead = Some((8, 8))), Severity::Bad, "dead, all of its 8 units are zero for all 64 samples"),
            (with(&|l| l.dead = Some((3, 8))), Severity::Warning, "3 of 8 units are zero for all 64 samples"),
            (with(&|l| l.dead = Some((1, 8))), Severity::Unknown, "1 of 8 units are zero for all 64 samples"),
            (with(&|l| l.gradient = Some(0.0)), Severity::Bad, "no gradient arrives"),
            (
                with(&|l| (l.gradient, l.update) = (Some(0.0), Some(0.0))),
                Severity::Bad,
                "no gradient arrives, so its weights don't change",
            ),
            (with(&|l| l.gradient = Some(1e-7)), Severity::Warning, "its gradient vanishes (1e−7, the strongest is 1)"),
            (with(&|l| l.gradient = Some(5e4)), Severity::Warning, "its gradient is very large (50000)"),
            (with(&|l| l.gradient = Some(f32::NAN)), Severity::Bad, "its gradient is NaN or infinite"),
            (with(&|l| l.update = Some(0.4)), Severity::Warning, "large updates, 40 % of its weights per step"),
            (
                with(&|l| l.update = Some(1e-9)),
                Severity::Warning,
                "it hardly changes, by 1e−7 % of its weights per step",
            ),
            (
                with(&|l| l.saturated = Some(0.97)),
                Severity::Warning,
                "saturated, 97 % of its outputs are at the limits of the activation",
            ),
            (
                with(&|l| l.activations = Statistics::of(&[1.0, f32::NAN])),
                Severity::Bad,
                "1 of 2 outputs are NaN or infinite",
            ),
            (
                with(&|l| l.activations = Statistics::of(&[0.0; 40])),
                Severity::Bad,
                "dead, all of its outputs are zero for all 64 samples",
            ),
        ] {
            assert_eq!(found, (severity, words.to_owned()));
        }
        let frozen = with(&|l| (l.is_frozen, l.gradient, l.update) = (true, Some(0.0), Some(0.0)));
        assert_eq!(frozen, (Severity::Unknown, "frozen, its weights don't change".to_owned()));
        let dropout = with(&|l| (l.activations, l.may_be_zero) = (Statistics::of(&[0.0; 40]), true));
        assert_eq!(dropout.0, Severity::Well);
    }

    /// What looks like trouble and is none, or cannot be told from it.
    #[test]
    fn what_may_be_chance_or_success_is_not_called_trouble() {
        let with = |change: &dyn Fn(&mut LayerHealth)| {
            let mut health = health(1, Some(0.5));
            change(&mut health);
            judged(health)
        };
        let few = |dead| with(&|l| (l.samples, l.dead) = (16, Some((dead, 8))));
        assert_eq!(few(5), (Severity::Warning, "5 of 8 units are zero for all 16 samples".into()), "it may be chance");
        assert_eq!(few(1), (Severity::Unknown, "1 of 8 units are zero for all 16 samples, too few to tell".into()));
        assert_eq!(few(8).0, Severity::Bad, "not of all of them together");
        assert_eq!(with(&|l| l.dead = Some((6, 128))).0, Severity::Well, "six of many are not missed");
        assert_eq!(
            with(&|l| (l.samples, l.dead) = (1, Some((8, 8)))).0,
            Severity::Well,
            "a single sample tells nothing"
        );
        assert_eq!(with(&|l| (l.samples, l.activations) = (1, Statistics::of(&[0.0; 9]))).0, Severity::Unknown);
        assert_eq!(with(&|l| (l.samples, l.saturated) = (2, Some(1.0))).0, Severity::Well);

        let mut sparse = [0.0; 4000];
        sparse[7] = 1.0;
        let sparse = with(&|l| l.activations = Statistics::of(&sparse));
        assert_eq!(sparse, (Severity::Unknown, "over 99.9 % of its outputs are zero".into()), "not dead, not all");

        // Of a batch of one, the units of a layer may well be silent; of a network without error, all are.
        let alone = LayersRecord { batch: 1, ..record(vec![health(1, Some(0.0)), health(2, Some(1.0))]) };
        let condition = alone.condition(&alone.layers[0]);
        assert_eq!(condition.severity, Severity::Unknown);
        assert!(condition.words.contains("too small (1) to tell"), "{}", condition.words);
        let perfect = record(vec![health(1, Some(0.0)), health(2, Some(0.0))]);
        let condition = perfect.condition(&perfect.layers[0]);
        assert_eq!(condition.severity, Severity::Unknown);
        assert!(condition.words.contains("nothing can improve"), "{}", condition.words);

        // Beside a gradient that is far too large, one of usual size has not vanished.
        let large = record(vec![health(1, Some(0.5)), health(2, Some(1e6))]);
        assert_eq!(large.condition(&large.layers[0]).severity, Severity::Well);
    }

    #[test]
    fn the_headline_names_the_first_of_the_worst_and_never_more_than_was_looked_at() {
        let said = |layers| record(layers).headline().1;
        let waiting = LayerHealth { weights: Some(2.0), ..health(1, None) };
        assert_eq!(said(vec![waiting.clone()]), "Gradients are available after the backward phase.");
        let half = said(vec![waiting, health(2, Some(0.5)), health(3, None)]);
        assert_eq!(half, "1 of 2 layers have their gradient so far in this step.");
        let still = LayerHealth { update: None, ..health(2, Some(0.5)) };
        assert_eq!(said(vec![still]), "In this step every layer gets a gradient.");
        assert_eq!(said(vec![health(2, Some(0.5))]), "In this step every layer gets a gradient and moves.");
        let dead = |id| LayerHealth { dead: Some((8, 8)), ..health(id, Some(0.5)) };
        let watched = LayerHealth { dead: Some((3, 8)), ..health(1, Some(0.5)) };
        assert_eq!(
            said(vec![watched, dead(2), dead(3)]),
            "Layer 2: dead, all of its 8 units are zero for all 64 samples."
        );
        let found = "Step 3: the first NaN was made by `%4 = log %3`.".to_owned();
        let broken = LayersRecord { not_finite: Some(found.clone()), ..record(vec![dead(1)]) };
        assert_eq!(broken.headline(), (Severity::Bad, found));
    }
}
