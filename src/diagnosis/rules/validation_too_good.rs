//! Validation samples that are easier than those that were learnt from.
//!
//! UMLAUT warns of a validation accuracy above 95 % or 5 points above that of training. A healthy network reaches both,
//! the second by chance on few samples. Here the two parts are asked alike, without dropout, and the difference has to
//! be beyond chance.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};

/// By so much the validation score is above that of the training set.
const ABOVE: f64 = 0.05;
/// And by so many standard errors of a share over so many samples.
const ERRORS: f64 = 4.0;
/// Loss over the training set, in the loss over the validation set.
const TIMES: f64 = 2.0;
/// Validation samples that there must be, and steps.
const SAMPLES: usize = 30;
const LEAST: u64 = 50;

pub static RULE: Rule = Rule {
    id: "validation-too-good",
    title: "Validation too good",
    when: When::Training { within: 50 },
    fires: "After at least 50 steps, of at least 30 validation samples 5 points more are right than of the training samples, \
        asked alike, which is more than 4 standard errors, and the loss over them is less than half.",
    why: "Of the templates none comes near; 5 points alone, the published limit, are reached by chance where there are few \
        samples, and 95 % by networks that are simply good.",
    source: "UMLAUT (validation accuracy above 95 %, or 5 points above training)",
    follows: &["split-duplicates", "leakage", "wrong-labels"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.steps >= LEAST) else { return Vec::new() };
    let (Some(train), Some(validation)) = (&records.train, &records.validation) else { return Vec::new() };
    let samples = case.data.validation;
    if samples < SAMPLES || case.network.task().classes().is_none() {
        return Vec::new();
    }
    let above = validation.score - train.score;
    let error = (train.score * (1.0 - train.score) / samples as f64).sqrt();
    let is_better = above > ABOVE && above > ERRORS * error && train.loss > TIMES * validation.loss;
    if !is_better {
        return Vec::new();
    }
    let words = "The network does better on the validation samples than on those it was trained on. They are easier, or known to \
        it, so their score says little about new ones. How the data was split is the first thing to look at.";
    let finding = Finding::new(&RULE, Severity::Warning, Place::Data, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("validation score above the training score", above, ABOVE.max(ERRORS * error))
        .with("validation score", validation.score)
        .with("training score", train.score)
        .beyond("training loss, in the validation loss", train.loss / validation.loss, TIMES);
    vec![finding.remedy(Remedy::by_hand("Split the data at random, by groups that belong together"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::Evaluation;

    fn planted(train: (f64, f64), validation: (f64, f64)) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let of = |(loss, score)| Some(Evaluation { step: 60, epoch: 6.0, loss, losses: Vec::new(), score });
        let records = Records { train: of(train), validation: of(validation), ..losses(&[0.5; 60]) };
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn a_part_that_is_easier_than_the_other_is_told_and_chance_is_not() {
        assert_eq!(planted((0.5, 0.75), (0.1, 0.98)), 1);
        assert_eq!(planted((0.5, 0.75), (0.4, 0.82)), 0, "chance");
        assert_eq!(planted((0.05, 0.99), (0.01, 1.0)), 0, "both are good");
        assert_eq!(planted((0.2, 0.9), (0.6, 0.8)), 0, "the usual way round");
    }
}
