//! Validation samples that are training samples too.
//!
//! No system surveyed publishes a share; from 5 % on (as the Data panel warns) the score is mostly of what was learnt
//! by heart. At least 5 samples, so that small data with few distinct rows is left alone.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{DataSpec, Division, Source};

/// Share of the validation samples.
const LIMIT: f64 = 0.05;
/// And so many of them at least.
const LEAST: usize = 5;

pub static RULE: Rule = Rule {
    id: "split-duplicates",
    title: "Samples in both parts",
    when: When::BeforeTraining,
    fires: "More than 5 % of the validation samples, and at least 5, have the inputs and the target of a training sample.",
    why: "No share is published. Below it the score hardly moves; few distinct rows in little data are left alone.",
    source: "Barz and Denzler, Do we train on test data? (2020): 3 % of CIFAR-10 and 10 % of CIFAR-100 are duplicates",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(twins) = case.data.twins.filter(|twins| twins.count >= LEAST && twins.of > 0) else { return Vec::new() };
    let share = twins.count as f64 / twins.of as f64;
    if share <= LIMIT {
        return Vec::new();
    }
    let words = "Many validation samples are also in the training set, value for value. The network may know them by heart, \
        so its score says little about new data.";
    let finding = Finding::new(&RULE, Severity::Serious, Place::Data, words)
        .beyond("share of validation samples that are training samples", share, LIMIT)
        .with("such samples", twins.count as f64);
    let is_by_lot = matches!(case.source.split, Division::Usual | Division::Random | Division::Stratified);
    let together = DataSpec { split: Division::Together, ..case.source.clone() };
    let remedy = match &case.source.source {
        Source::Csv(_) if is_by_lot => Remedy::data("Keep equal rows together", together),
        _ => Remedy::by_hand("Remove duplicate rows, or split by a column that groups what belongs together"),
    };
    vec![finding.remedy(remedy)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::diagnosis::testing::{Planted, dense, points};

    #[test]
    fn a_validation_set_out_of_the_training_set_is_told() {
        let same = Planted::new(vec![dense(2)], points(1.0, 0.0));
        assert_eq!(judge(&same.case())[0].evidence[0].value, 1.0);
        let apart = Dataset { validation: points(1.1, 0.0).validation, ..points(1.0, 0.0) };
        assert!(judge(&Planted::new(vec![dense(2)], apart).case()).is_empty());
    }
}
