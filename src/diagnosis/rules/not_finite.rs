//! NaN or infinity, and the instruction that made the first.
//!
//! No threshold. The machine knows the instruction; it is told with its layer and the step.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::Clip;

/// What the joint norm of the gradients is clipped to.
const NORM: f64 = 1.0;

pub static RULE: Rule = Rule {
    id: "not-finite",
    title: "NaN or infinity",
    when: When::Training { within: 100 },
    fires: "The loss is NaN or infinite.",
    why: "Nothing can be learnt from there on.",
    source: "SageMaker Debugger and MindSpore Insight (NaN and overflow in any tensor)",
    follows: &["inputs-unscaled", "target-unscaled", "diverging"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Some(records) = case.records else { return Vec::new() };
    let Some(found) = records.not_finite.as_ref() else {
        return records.broke_at.map(|step| broken(case, step)).into_iter().collect();
    };
    let titled = |name: &String| case.network.layers().into_iter().find(|layer| layer.id.title(&layer.name) == *name);
    let place = found.layer.as_ref().and_then(titled).map_or(Place::Network, |layer| Place::Layer(layer.id));
    let mut finding = Finding::new(&RULE, Severity::Serious, place, format!("{found} {}", found.advice()));
    finding.step = Some(found.step);
    let finding = finding.with("first step with it", found.step as f64);
    if !found.is_of_size() {
        return vec![finding];
    }
    let slower = super::slower(case.training);
    let clipped = crate::model::TrainingSpec { clip: Clip::Norm { max: NORM }, ..case.training.clone() };
    vec![finding.remedy(slower).remedy(Remedy::training("Clip the gradients to a norm of 1", clipped))]
}

/// Of a run that was kept before it broke.
fn broken(case: &Case, step: u64) -> Finding {
    let words = format!(
        "The run ended at step {step} because its loss was NaN or infinite. Diagnose the project without --run to see which \
         layer made the first such number."
    );
    let mut finding = Finding::new(&RULE, Severity::Serious, Place::Network, words);
    finding.step = Some(step);
    finding.with("step", step as f64).remedy(super::slower(case.training))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Records;
    use crate::diagnosis::testing::{Planted, dense, losses, points};
    use crate::engine::{FirstNotFinite, Phase};

    fn first(layer: &str) -> FirstNotFinite {
        FirstNotFinite {
            step: 7,
            instruction: 3,
            phase: Phase::Forward,
            line: "%1 = linear %x".into(),
            layer: Some(layer.into()),
            number: f64::INFINITY,
            sample: None,
            samples: Vec::new(),
            remedy: None,
            held_by: None,
        }
    }

    #[test]
    fn the_layer_that_made_the_first_is_named_with_its_step() {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0));
        let records = Records { not_finite: Some(first("Dense 1")), ..losses(&[1.0; 7]) };
        let found = judge(&planted.case().after(&records));
        assert_eq!((found[0].step, found[0].remedies.len()), (Some(7), 2));
        assert_eq!(found[0].place, Place::Layer(planted.graph().find("Dense 1").unwrap().id));
        let kept = Records { broke_at: Some(40), ..losses(&[1.0; 30]) };
        assert_eq!(judge(&planted.case().after(&kept))[0].step, Some(40));
        assert!(judge(&planted.case().after(&losses(&[1.0; 30]))).is_empty());
        assert!(judge(&planted.case()).is_empty());
    }
}
