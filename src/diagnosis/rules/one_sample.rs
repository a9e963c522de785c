//! A training sample that makes up most of the loss.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::trace::Instrument;

/// Share of the loss of all samples that were asked.
const LIMIT: f64 = 0.5;
/// Fewer samples say nothing.
const SAMPLES: usize = 50;
/// Of the first losses: below this share of them nothing is lost.
const SMALL: f64 = 0.1;
/// Steps before anything is said.
const LEAST: u64 = 50;

pub static RULE: Rule = Rule {
    id: "one-sample",
    title: "One sample dominates the loss",
    when: When::Training { within: 100 },
    fires: "After at least 50 steps one of at least 50 training samples makes up more than half of the loss of all that are \
        asked, while the mean loss is still above a tenth of the first losses.",
    why: "No share is published. More than all others together is beyond doubt; where nearly everything is learnt the last \
        wrong answer always is, so the loss has to be worth something still.",
    source: "Huber, Robust Estimation of a Location Parameter (1964): a loss that outliers can't dominate",
    follows: &["target-unscaled", "inputs-unscaled"],
    asks: &[Instrument::Samples],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records.filter(|records| records.steps >= LEAST) else { return Vec::new() };
    let samples = &records.readings.samples;
    let sum: f64 = samples.iter().map(|sample| sample.loss).sum();
    let worst = samples.iter().max_by(|a, b| a.loss.total_cmp(&b.loss)).filter(|_| samples.len() >= SAMPLES);
    let Some(worst) = worst.filter(|worst| worst.loss.is_finite() && worst.loss > LIMIT * sum) else {
        return Vec::new();
    };
    let mean = sum / samples.len() as f64;
    if records.early_loss().is_none_or(|early| mean < SMALL * early) {
        return Vec::new();
    }
    let words = format!(
        "Training sample {} makes up most of the loss, so the steps serve it rather than all others. Look at it: its \
         numbers may be wrong, or in another unit.",
        worst.row + 1
    );
    let finding = Finding::new(&RULE, Severity::Warning, Place::Data, words)
        .seen(records.steps, Confidence::Measured)
        .beyond("its share of the loss", worst.loss / sum, LIMIT)
        .with("training sample", f64::from(worst.row + 1))
        .with("its loss", worst.loss)
        .with("mean loss", mean);
    let finding = finding.remedy(Remedy::by_hand("Correct the sample, or leave it out"));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, numbers};
    use crate::trace::{Readings, SampleReading};

    fn planted(worst: f64, others: f64) -> Vec<Finding> {
        let planted = Planted::new(vec![dense(8), dense(1)], numbers(|i| (i as f32).sin()));
        let loss = |row: u32| if row == 17 { worst } else { others };
        let samples = (0..100).map(|row| SampleReading { row, loss: loss(row), class: None }).collect();
        let records = Records { readings: Readings { samples, ..Readings::default() }, ..losses(&[1.0; 60]) };
        judge(&planted.case().after(&records))
    }

    #[test]
    fn the_sample_that_makes_up_most_of_the_loss_is_named() {
        let found = planted(200.0, 0.5);
        assert!(found[0].words.contains("Training sample 18 "), "{}", found[0].words);
        assert!(planted(20.0, 0.5).is_empty());
        assert!(planted(2.0, 1e-5).is_empty(), "nearly all is learnt");
    }
}
