//! A first loss far above that of guessing.
//!
//! Before it has learnt anything a classifier should say every class alike: a cross-entropy of ln K (CS231n).
//! TheDeepChecker calls it wrong from 100 % off. Of two classes healthy networks start there by chance, so it also
//! has to be 2 above. Below ln K nothing is said: weights may be lucky.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::LossKind;

/// In ln K.
const LIMIT: f64 = 2.0;
/// And so much above it: of few classes, whose ln K is small.
const ABOVE: f64 = 2.0;
/// The mean of fewer losses varies by itself.
const LEAST_BATCH: usize = 8;

pub static RULE: Rule = Rule {
    id: "loss-at-start",
    title: "First loss above that of guessing",
    when: When::Training { within: 1 },
    fires: "The cross-entropy of the first batch, of at least 8 samples and with fresh weights, is at least 2 ln K and at \
        least 2 above ln K, for K classes.",
    why: "Guessing costs ln K. Templates start at up to 1.6 ln K, and small networks for two classes at twice it by chance, \
        so for few classes the published 100 % isn't enough.",
    source: "CS231n (initial loss ln K); TheDeepChecker (100 % off)",
    follows: &["inputs-unscaled"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.batch >= LEAST_BATCH) else { return Vec::new() };
    let is_plain = case.network.plain_loss() == Some(LossKind::CrossEntropy) && !case.data.signature.weighted;
    let (Some(classes), Some(loss), true) = (case.network.task().classes(), records.first_loss(), is_plain) else {
        return Vec::new();
    };
    let guessing = (classes as f64).ln();
    let limit = (LIMIT * guessing).max(guessing + ABOVE);
    if !loss.is_finite() || loss < limit {
        return Vec::new();
    }
    let words = "Before it has learnt anything, the network is already sure of wrong answers. The first steps are spent on \
        undoing that, and large outputs may push units to where they no longer learn.";
    let finding = Finding::new(&RULE, Severity::Warning, Place::Network, words)
        .seen(1, Confidence::Measured)
        .beyond("first loss", loss, limit)
        .with("loss of guessing (ln K)", guessing)
        .remedy(Remedy::by_hand("Scale the inputs"))
        .remedy(Remedy::by_hand("Use smaller initial weights, such as Glorot, in the last layer"));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::model::layer::Loss;

    fn planted(loss: Loss, records: &Records) -> usize {
        let planted = Planted::with_loss(vec![dense(8), dense(2)], loss, points(1.0, 0.0));
        judge(&planted.case().after(records)).len()
    }

    #[test]
    fn a_first_loss_far_above_ln_k_is_told_and_a_usual_one_is_not() {
        let of = |first: f32| losses(&[first, 0.6, 0.5]);
        assert_eq!(planted(Loss::default(), &of(2.8)), 1);
        assert_eq!(planted(Loss::default(), &of(2.6)), 0);
        assert_eq!(planted(Loss::default(), &of(0.2)), 0);
        let given = Records { is_fresh: false, ..of(9.0) };
        assert_eq!(planted(Loss::default(), &given), 0, "weights that were given may be of another task");
        assert_eq!(planted(Loss { class_weights: "1, 30".into(), ..Loss::default() }, &of(9.0)), 0);
        assert_eq!(planted(Loss::default(), &Records { batch: 2, ..of(9.0) }), 0);
    }
}
