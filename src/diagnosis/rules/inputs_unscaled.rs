//! Inputs that are large, or far from zero beside their spread.
//!
//! Published limits are narrow (SageMaker Debugger: mean beyond 0.2; UMLAUT: anything outside -1 to 1) and fire on
//! healthy networks: standardised columns have outliers at 5, and points of a plane reach 6. Here the root mean square
//! of an input counts, which is what multiplies the first layer's sums.

use crate::diagnosis::{Case, Finding, InputFacts, Place, Remedy, Rule, Severity, When};
use crate::model::layer::BatchNorm;
use crate::model::{CsvSpec, DataSpec, Edit, LayerKind, Scaling, Source};

/// Root mean square of an input.
const LARGE: f64 = 20.0;
/// Means in standard deviations, of inputs whose mean is at least [`FAR`].
const SHIFTED: f64 = 8.0;
const FAR: f64 = 2.0;

pub static RULE: Rule = Rule {
    id: "inputs-unscaled",
    title: "Inputs not scaled",
    when: When::BeforeTraining,
    fires: "The root mean square of an input over the training set is above 20, or its mean is beyond 2 and more than 8 \
        standard deviations from 0, and no normalisation or embedding follows the Input.",
    why: "The published limits fire on healthy data, such as standardised columns with outliers. The points of \
        the templates have a root mean square of up to 3.5 and are learnt well.",
    source: "SageMaker Debugger, NotNormalizedData (mean beyond 0.2); UMLAUT (outside −1 to 1)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    if case.network.orders_its_inputs() {
        return Vec::new();
    }
    let of = |input: &&InputFacts| !input.is_index && input.deviation > 0.0 && excess(input) > 1.0;
    let mut found: Vec<&InputFacts> = case.data.inputs.iter().filter(of).collect();
    found.sort_by(|a, b| excess(b).total_cmp(&excess(a)));
    let Some(worst) = found.first() else { return Vec::new() };
    let others = match found.len() {
        1 => String::new(),
        2 => " So is 1 other input.".to_owned(),
        n => format!(" So are {} other inputs.", n - 1),
    };
    let name = if case.data.are_rows() { format!("\"{}\" is", worst.name) } else { "The inputs are".to_owned() };
    let words = format!(
        "{name} not scaled.{others} The first layer multiplies its inputs by its weights, so its sums are far too large \
         at the start, and a step that suits one weight is too large or too small for another."
    );
    let place = if case.data.are_rows() { Place::Column(worst.name.clone()) } else { Place::Data };
    let finding = Finding::new(&RULE, Severity::Serious, place, words)
        .beyond("root mean square", size(worst), LARGE)
        .beyond("mean in standard deviations", (worst.mean / worst.deviation).abs(), SHIFTED)
        .with("mean", worst.mean)
        .with("standard deviation", worst.deviation);
    vec![remedies(case).into_iter().fold(finding, Finding::remedy)]
}

fn size(input: &InputFacts) -> f64 {
    input.mean.hypot(input.deviation)
}

/// How far it is beyond the nearer limit; above 1 it is.
fn excess(input: &InputFacts) -> f64 {
    let shift = if input.mean.abs() > FAR { (input.mean / input.deviation).abs() / SHIFTED } else { 0.0 };
    (size(input) / LARGE).max(shift)
}

fn remedies(case: &Case) -> Vec<Remedy> {
    if let Source::Csv(csv) = &case.source.source
        && csv.scaling != Scaling::Standardise
    {
        let source = Source::Csv(CsvSpec { scaling: Scaling::Standardise, ..csv.clone() });
        return vec![Remedy::data("Standardise the numeric columns", DataSpec { source, ..case.source.clone() })];
    }
    let inputs = case.network.layers().into_iter().filter(|layer| matches!(layer.kind, LayerKind::Input(_)));
    let edits: Vec<_> =
        inputs.map(|input| Edit::Append { after: input.id, kind: BatchNorm::default().into() }).collect();
    vec![Remedy::edits("Insert batch norm behind the Input", edits)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};

    fn planted(scale: f32, shift: f32) -> Vec<Finding> {
        let planted = Planted::new(vec![dense(8), dense(2)], points(scale, shift));
        judge(&planted.case())
    }

    #[test]
    fn large_and_shifted_inputs_are_named_and_healthy_ones_are_not() {
        let found = planted(1000.0, 0.0);
        assert_eq!(found[0].place, Place::Column("y".into()), "the larger one of two");
        assert_eq!(found[0].evidence[0].limit, Some(LARGE));
        assert!(found[0].words.contains("1 other input."), "{}", found[0].words);
        assert!(!planted(1.0, 2010.0).is_empty(), "years");
        for (scale, shift) in [(1.0, 0.0), (6.0, 0.0), (1.0, 3.0), (0.3, 0.5), (12.0, 5.0)] {
            assert!(planted(scale, shift).is_empty(), "{scale} {shift}");
        }
    }

    #[test]
    fn a_normalisation_behind_the_input_is_enough_and_is_what_helps() {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1000.0, 0.0));
        let found = judge(&planted.case());
        let mended = planted.with(&found[0].remedies[0]);
        assert!(judge(&mended.case()).is_empty());
    }
}
