//! A network that has stopped learning although there is more to learn: a straight one where lines are not enough, a
//! small one, or one whose steps have become too short.
//!
//! That there is more to learn is what the nearest training sample tells: its error is at most twice the least that is
//! possible, so a network that is far worse leaves something unlearnt, whatever the noise in the data.

use super::linear_layers::is_straight;
use crate::diagnosis::{Case, Confidence, Finding, Nearest, Place, Records, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, Dense, Initialiser};
use crate::model::{Edit, Layer, LayerKind, ParamValue, Schedule, TrainingSpec};

/// The nearest sample is right (or explains) so much more often, about training and validation samples alike.
const WORSE: f64 = 0.1;
/// Means of the third and the last quarter of the run: nothing is learnt between them.
const STANDS: f64 = 0.02;
/// Steps before anything is said.
const LEAST: u64 = 200;
/// Trained weights for each training answer: fewer can't hold much.
const SMALL: f64 = 0.25;
/// The rate, in the one that was highest: below it the schedule has ended the training.
const FADED: f64 = 0.01;

pub static STRAIGHT: Rule = Rule {
    id: "straight-network",
    title: "A straight line isn't enough",
    when: When::Training { within: 200 },
    fires: "A network without any nonlinear layer has stopped learning after at least 200 steps, and the nearest training \
        sample answers better by at least 10 points, than it does training and validation samples.",
    why: "A fact of network and data, once the nearest sample knows better: 10 points are far beyond what its own error, at most \
        twice the least possible, leaves open.",
    source: "Minsky and Papert, Perceptrons (1969): XOR; Cover and Hart (1967): the nearest sample errs at most twice as often \
        as need be",
    follows: &["linear-layers"],
    asks: &[],
    judge: judge_straight,
};

pub static SMALL_NETWORK: Rule = Rule {
    id: "underfitting",
    title: "Underfitting",
    when: When::Training { within: 1000 },
    fires: "A nonlinear network with fewer than a quarter as many trained weights as training answers has stopped learning \
        after at least 200 steps, and the nearest training sample answers better by at least 10 points, than it does training \
        and validation samples.",
    why: "Scores that a network should reach depend on the data, so none is published; the nearest sample measures them. Larger \
        networks that stand still have another cause.",
    source: "Goodfellow et al., Deep Learning, section 5.2 (underfitting); Cover and Hart (1967): the nearest sample errs at \
        most twice as often as need be",
    follows: &[
        "dead-relu",
        "saturated",
        "vanishing-gradients",
        "symmetric-weights",
        "inputs-unscaled",
        "rate-too-high",
    ],
    asks: &[],
    judge: judge_small,
};

pub static PLATEAU: Rule = Rule {
    id: "plateau",
    title: "The schedule has ended the learning",
    when: When::Training { within: 200 },
    fires: "A schedule has brought the learning rate below a hundredth of its highest value, the loss stands still since, and the \
        nearest training sample answers better by at least 10 points, than the network does training and validation samples.",
    why: "A schedule that ends when all is learnt is healthy; the nearest sample tells that it isn't.",
    source: "gradsnitch (a slope that can't be told from 0); Cover and Hart (1967): the nearest sample errs at most twice as often as need be",
    follows: &["steps-too-small"],
    asks: &[],
    judge: judge_faded,
};

/// A run that stands still while the nearest sample knows better, with the better of its scores.
fn stands_still<'a>(case: &Case<'a>) -> Option<(&'a Records, Nearest, f64)> {
    let records = case.records.filter(|records| records.steps >= LEAST)?;
    let nearest = case.data.nearest?;
    let score = records.train.as_ref()?.score.max(records.validation.as_ref()?.score);
    let (third, last) = (records.mean_loss(0.5, 0.75)?, records.mean_loss(0.75, 1.0)?);
    let stands = last.is_finite() && (third - last) < STANDS * third.abs();
    (stands && score + WORSE < nearest.score).then_some((records, nearest, score))
}

fn finding(rule: &'static Rule, place: Place, words: String, still: (&Records, Nearest, f64)) -> Finding {
    let (records, nearest, score) = still;
    Finding::new(rule, Severity::Warning, place, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("the network's better score", score, nearest.score - WORSE)
        .with("score of the nearest training sample", nearest.score)
}

fn judge_straight(case: &Case) -> Vec<Finding> {
    let Some(still) = stands_still(case).filter(|_| is_straight(&case.network)) else { return Vec::new() };
    let words =
        "The network has no layer that bends anything, so it can only draw straight boundaries (or fit straight \
        lines). That isn't enough for this data."
            .to_owned();
    let trained = case.network.trained();
    let hidden = Dense { units: 16, activation: Activation::Relu, init: Initialiser::HeUniform, ..Dense::default() };
    let before = trained.first().and_then(|first| case.network.before(first.id));
    let edit = before.map(|before| Edit::Append { after: before.id.drawn(), kind: hidden.into() });
    let remedy = edit.map(|edit| Remedy::edits("Insert a hidden layer of 16 ReLU units", vec![edit]));
    vec![remedy.into_iter().fold(finding(&STRAIGHT, Place::Network, words, still), Finding::remedy)]
}

fn judge_small(case: &Case) -> Vec<Finding> {
    let Some(still) = stands_still(case).filter(|_| !is_straight(&case.network)) else { return Vec::new() };
    let weights = case.network.parameter_count();
    let answers = case.data.train * case.network.task().target().len().max(1);
    let each = weights as f64 / answers.max(1) as f64;
    if each >= SMALL || has_faded(case, still.0).is_some() {
        return Vec::new();
    }
    let words = format!(
        "The network has stopped learning, and is worse than looking up the most similar training sample. With {weights} \
         weights it may be too small for what there is to learn."
    );
    let finding = finding(&SMALL_NETWORK, Place::Network, words, still).beyond("weights for each answer", each, SMALL);
    let remedy = wider(case).unwrap_or_else(|| Remedy::by_hand("Use more units or layers"));
    vec![finding.remedy(remedy)]
}

/// Four times the units in every hidden Dense layer.
fn wider(case: &Case) -> Option<Remedy> {
    let ends: Vec<_> = case.network.ends().iter().map(|end| end.last.id).collect();
    let is_hidden = |layer: &&Layer| layer.id == layer.id.drawn() && !ends.contains(&layer.id);
    let edits: Vec<Edit> = case
        .network
        .trained()
        .into_iter()
        .filter(is_hidden)
        .filter_map(|layer| {
            let LayerKind::Dense(Dense { units, .. }) = &layer.kind else { return None };
            let value = ParamValue::Int((*units * 4) as i64);
            Some(Edit::SetParam { layer: layer.id.drawn(), key: "units".into(), value })
        })
        .collect();
    (!edits.is_empty()).then(|| Remedy::edits("Use four times as many hidden units", edits))
}

/// The last rate, where a schedule has brought it down to next to nothing.
fn has_faded(case: &Case, records: &Records) -> Option<f64> {
    let rates = records.curves.learning_rate.values();
    let (last, highest) = (f64::from(*rates.last()?), f64::from(rates.iter().copied().fold(0.0, f32::max)));
    let is_planned = !matches!(case.training.schedule, Schedule::Constant);
    (is_planned && last < FADED * highest).then_some(last)
}

fn judge_faded(case: &Case) -> Vec<Finding> {
    let Some(still) = stands_still(case) else { return Vec::new() };
    let Some(rate) = has_faded(case, still.0) else { return Vec::new() };
    let words =
        "The loss stands still because the schedule has brought the learning rate down to next to nothing, although \
        there is more to learn."
            .to_owned();
    let constant = TrainingSpec { schedule: Schedule::Constant, ..case.training.clone() };
    let finding = finding(&PLATEAU, Place::Setting("training.schedule"), words, still)
        .beyond("learning rate", rate, FADED * case.training.learning_rate)
        .remedy(Remedy::training("Keep the learning rate constant", constant));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, losses, points};
    use crate::trace::Evaluation;

    /// A network whose loss goes this way over 300 steps, with its score; the nearest sample is right about 98 %.
    fn planted(layers: Vec<LayerKind>, schedule: Schedule, loss: impl Fn(f32) -> f32, score: f64) -> [Vec<Finding>; 3] {
        let mut planted = Planted::new(layers, points(1.0, 0.0)).trained(|training| training.schedule = schedule);
        planted.facts.nearest = Some(Nearest { score: 0.98, asked: 200 });
        let each: Vec<f32> = (0..300).map(|step| loss(step as f32 / 300.0)).collect();
        let mut records = losses(&each);
        let rate = |step: u64| if schedule == Schedule::Constant || step < 100 { 0.01 } else { 1e-6 };
        (1..=300).for_each(|step| records.curves.learning_rate.push(step, rate(step)));
        let asked = Evaluation { step: 300, epoch: 30.0, loss: 0.5, losses: Vec::new(), score };
        (records.train, records.validation) = (Some(asked.clone()), Some(asked));
        let case = planted.case().after(&records);
        [judge_straight(&case), judge_small(&case), judge_faded(&case)]
    }

    fn count(found: &[Vec<Finding>; 3]) -> [usize; 3] {
        [found[0].len(), found[1].len(), found[2].len()]
    }

    #[test]
    fn who_stands_still_below_the_nearest_sample_is_told_why() {
        let bent = |units| vec![activated(units, Activation::Tanh), dense(2)];
        let still = |_: f32| 0.5;
        let plain = Schedule::Constant;
        let straight = planted(vec![dense(2)], plain, still, 0.7);
        assert_eq!(count(&straight), [1, 0, 0]);
        assert_eq!(straight[0][0].remedies[0].label, "Insert a hidden layer of 16 ReLU units");
        assert_eq!(count(&planted(bent(2), plain, still, 0.7)), [0, 1, 0]);
        assert_eq!(count(&planted(bent(64), plain, still, 0.7)), [0, 0, 0], "large enough: another cause");
        let ends = Schedule::Step { every: 100, factor: 1e-4 };
        assert_eq!(count(&planted(bent(2), ends, still, 0.7)), [0, 0, 1]);
        assert_eq!(count(&planted(bent(2), plain, |t| 1.0 - 0.5 * t, 0.7)), [0, 0, 0], "it goes on learning");
        assert_eq!(count(&planted(bent(2), plain, still, 0.95)), [0, 0, 0], "about as good");
    }
}
