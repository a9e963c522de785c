//! A classifier that always answers the same.
//!
//! SageMaker Debugger looks at the confusion matrix. No threshold is published for this; 95 % of the answers, where
//! that class has less than 80 % of the samples.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};

/// Share of the answers.
const LIMIT: f64 = 0.95;
/// Where a class has so many of the samples, it may well be the best answer.
const COMMON: f64 = 0.8;
/// Steps before anything is said, and validation samples that are needed.
const LEAST: u64 = 50;
const SAMPLES: usize = 20;

pub static RULE: Rule = Rule {
    id: "one-class",
    title: "Always the same answer",
    when: When::Training { within: 50 },
    fires: "After at least 50 steps, 95 % of at least 20 validation samples are given the same class, which less than 80 % of \
        them have.",
    why: "No share is published. Where one class has most of the samples it may well be the best answer.",
    source: "SageMaker Debugger, Confusion (looks at the whole matrix)",
    follows: &[
        "class-imbalance",
        "inputs-unscaled",
        "double-activation",
        "symmetric-weights",
        "vanishing-gradients",
        "dead-relu",
        "saturated",
        "diverging",
        "flat-loss",
        "steps-too-large",
        "steps-too-small",
        "activation-spread",
        "init-misfit",
        "rate-too-low",
        "rate-too-high",
        "norm-lags",
        "dropout-too-strong",
    ],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.steps >= LEAST) else { return Vec::new() };
    let all: usize = records.predicted.iter().sum();
    let most = records.predicted.iter().copied().enumerate().max_by_key(|(_, count)| *count);
    let Some((class, count)) = most.filter(|_| all >= SAMPLES) else { return Vec::new() };
    let truly: usize = case.data.validation_classes.iter().sum();
    let common = case.data.validation_classes.get(class).copied().unwrap_or(0) as f64 / truly.max(1) as f64;
    let share = count as f64 / all as f64;
    if share < LIMIT || common >= COMMON {
        return Vec::new();
    }
    let name = case.data.classes.get(class).map_or_else(String::new, |class| class.0.clone());
    let words = format!(
        "The network answers \"{name}\" to nearly everything. It has learnt how frequent the classes are, and nothing about \
         what tells them apart."
    );
    let finding = Finding::new(&RULE, Severity::Serious, Place::Network, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("share of the answers", share, LIMIT)
        .with("share of the samples that are of that class", common);
    vec![finding.remedy(Remedy::by_hand("Look at the other findings first: this is rarely the cause"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};

    #[test]
    fn the_class_that_is_always_answered_is_named() {
        let planted = Planted::new(vec![dense(2)], points(1.0, 0.0));
        let found = |predicted: [usize; 2]| {
            let records = Records { predicted: predicted.to_vec(), ..losses(&[0.7; 60]) };
            judge(&planted.case().after(&records))
        };
        assert!(found([1, 199])[0].words.contains("\"class 1\""));
        assert!(found([40, 160]).is_empty());
        assert!(found([0, 10]).is_empty(), "too few");
    }
}
