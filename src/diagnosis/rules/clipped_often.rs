//! Gradients that are cut to a small part of their size in every step.
//!
//! The Deep Learning Tuning Playbook calls it too much from half of the steps on. Networks with memory are clipped in
//! most steps and learn well, so here every summary has to be cut to less than a tenth.

use crate::diagnosis::{Case, Confidence, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::Clip;

/// Norm of the gradient, in what it is clipped to.
const LIMIT: f64 = 10.0;
/// Summaries that must agree.
const SUMMARIES: usize = 5;

pub static RULE: Rule = Rule {
    id: "clipped-often",
    title: "Gradients clipped all the time",
    when: When::Training { within: 16 },
    fires: "In the last 5 summaries the norm of the gradient of all layers is more than 10 times what it is clipped to.",
    why: "The published share of steps, a half, is passed by recurrent networks that are clipped to a norm of 1 and learn \
        well. From 10 times on what is left of the gradient is its direction, and the limit decides how long steps are.",
    source: "Deep Learning Tuning Playbook (Godbole et al. 2023): clipped in more than half of the steps",
    follows: &["exploding-gradients", "target-unscaled", "inputs-unscaled", "diverging", "loss-at-start"],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let Clip::Norm { max } = case.training.clip else { return Vec::new() };
    let Some(records) = case.records else { return Vec::new() };
    let layers = case.network.trained();
    let mut norms = [(0, 0.0); SUMMARIES];
    for layer in &layers {
        let lately = records.lately(layer.id, SUMMARIES);
        if lately.len() < SUMMARIES {
            return Vec::new();
        }
        for (norm, (step, of)) in norms.iter_mut().zip(lately) {
            *norm = (step, norm.1 + f64::from(of.gradient).powi(2));
        }
    }
    let least = norms.iter().map(|(_, squares)| squares.sqrt()).fold(f64::INFINITY, f64::min);
    if layers.is_empty() || !least.is_finite() || least < LIMIT * max {
        return Vec::new();
    }
    let words = "Every step is cut to a small part of its length, so clipping decides how far the network moves, not the \
        learning rate. Either the limit is far too small, or the gradients are far too large.";
    let finding = Finding::new(&RULE, Severity::Note, Place::Setting("training.clip"), words)
        .seen(norms[SUMMARIES - 1].0, Confidence::Measured)
        .beyond("smallest norm of the gradient", least, LIMIT * max)
        .with("clipped to", max)
        .remedy(Remedy::by_hand(format!(
            "Clip at a norm of {}, or find why gradients are so large",
            super::plain(least)
        )));
    vec![finding]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points, summaries};

    fn planted(gradients: [f32; 2], clip: Clip) -> usize {
        let planted = Planted::new(vec![dense(8), dense(2)], points(1.0, 0.0)).trained(|training| training.clip = clip);
        let records = summaries(&planted, &["Dense 1", "Dense 2"], 0.0, |layer, of| of.gradient = gradients[layer]);
        judge(&planted.case().after(&records)).len()
    }

    #[test]
    fn a_limit_far_below_every_gradient_is_told() {
        assert_eq!(planted([0.3, 0.4], Clip::Norm { max: 0.01 }), 1);
        assert_eq!(planted([0.3, 0.4], Clip::Norm { max: 0.1 }), 0, "a fifth of it is left");
        assert_eq!(planted([0.3, 0.4], Clip::None), 0);
    }
}
