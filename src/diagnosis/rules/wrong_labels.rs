//! Samples that a network which has learnt the others is sure to be of another class.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::trace::{Instrument, SampleReading};

/// Surer of another class than of that class's own samples, on the mean, and at least this sure.
const SURE: f64 = 0.8;
/// Share of the training samples, and least of them.
const LIMIT: f64 = 0.02;
const LEAST: usize = 5;
/// Most of the wrong answers are sure ones: those near a boundary are not.
const OF_WRONG: f64 = 0.5;
/// The network is right so often, ...
const RIGHT: f64 = 0.8;

pub static RULE: Rule = Rule {
    id: "wrong-labels",
    title: "Labels probably wrong",
    when: When::Training { within: 200 },
    fires: "A network that is right about at least 80 % of the training samples is as sure of another class for at least 2 % of \
        them, and at least 5, as it is on the mean of that class's own (and at least 80 % sure), and so \
        for more than half of those it gets wrong.",
    why: "The published criterion, the mean of the class's own samples, is kept. Where classes overlap, wrong \
        answers are unsure ones; that most of them are sure tells wrong labels from a boundary.",
    source: "Northcutt et al., Confident Learning (2021): at least as sure of another class as of its own samples on the mean",
    follows: &[],
    asks: &[Instrument::Samples],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records else { return Vec::new() };
    let all: Vec<(&SampleReading, (usize, usize, f64))> =
        records.readings.samples.iter().filter_map(|sample| Some((sample, sample.class?))).collect();
    let wrong: Vec<_> = all.iter().filter(|(_, (own, answered, _))| own != answered).collect();
    let usual = |class: usize| {
        let own = all.iter().filter(|(_, (own, ..))| *own == class);
        let in_own = own.map(|(_, (own, answered, sure))| if own == answered { *sure } else { 1.0 - sure });
        let (count, sum) = in_own.fold((0.0, 0.0), |(count, sum), sure| (count + 1.0, sum + sure));
        sum / f64::max(count, 1.0)
    };
    let is_sure = |answered: usize, sure: f64| sure >= SURE && sure >= usual(answered);
    let mut sure: Vec<_> = wrong.iter().filter(|(_, (_, answered, sure))| is_sure(*answered, *sure)).collect();
    let share = sure.len() as f64 / all.len().max(1) as f64;
    let right = 1.0 - wrong.len() as f64 / all.len().max(1) as f64;
    let are_typical = sure.len() as f64 > OF_WRONG * wrong.len() as f64;
    if sure.len() < LEAST || share < LIMIT || right < RIGHT || !are_typical {
        return Vec::new();
    }
    sure.sort_by(|a, b| b.0.loss.total_cmp(&a.0.loss));
    let name = |class: usize| case.data.classes.get(class).map_or_else(String::new, |class| class.0.clone());
    let Some((worst, (own, answered, certainty))) = sure.first().map(|first| (first.0, first.1)) else {
        return Vec::new();
    };
    let words = format!(
        "{} training samples look like another class than they are labelled as. Sample {}, for one, is labelled \"{}\" and \
         looks like \"{}\". Networks learn wrong labels by heart, late and at the cost of the rest.",
        sure.len(),
        worst.row + 1,
        name(own),
        name(answered)
    );
    let finding = Finding::new(&RULE, Severity::Warning, Place::Data, words)
        .seen(records.steps, Confidence::Likely)
        .beyond("share of samples that are surely of another class", share, LIMIT)
        .with("how sure of the worst", certainty)
        .with("share of right answers", right)
        .remedy(Remedy::by_hand("Look at these samples in the data view and correct their labels"));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::trace::Readings;

    /// Of 200 samples so many answered wrongly and surely, and so many wrongly near the boundary.
    fn planted(sure: u32, unsure: u32) -> Vec<Finding> {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let class = |row: u32| match row {
            row if row < sure => (0, 1, 0.99),
            row if row < sure + unsure => (1, 0, 0.6),
            row => (row as usize % 2, row as usize % 2, 0.9),
        };
        let sample = |row| SampleReading { row, loss: f64::from(row == 3), class: Some(class(row)) };
        let readings = Readings { samples: (0..200).map(sample).collect(), ..Readings::default() };
        judge(&planted.case().after(&Records { readings, ..losses(&[0.3; 60]) }))
    }

    #[test]
    fn samples_that_surely_look_like_another_class_are_told() {
        let found = planted(10, 3);
        assert!(found[0].words.contains("Sample 4, for one, is labelled \"class 0\""), "{}", found[0].words);
        assert!(planted(3, 0).is_empty(), "few");
        assert!(planted(10, 20).is_empty(), "a boundary where classes meet");
        assert!(planted(80, 0).is_empty(), "a network that has not learnt");
    }
}
