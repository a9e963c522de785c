//! A softmax or sigmoid in front of a Loss that applies it itself.
//!
//! NeuraLint finds it in code. No threshold: it is there or not. Log-softmax is left out: softmax of it is
//! softmax.

use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::layer::{Activation, LossKind};
use crate::model::{Edit, Layer, LayerKind, ParamValue};

pub static RULE: Rule = Rule {
    id: "double-activation",
    title: "Activation applied twice",
    when: When::BeforeTraining,
    fires: "Softmax or sigmoid is the last function before a loss that already contains softmax, or sigmoid before \
        binary cross-entropy.",
    why: "Either it is there or not. Log-softmax is left out, because softmax doesn't change it.",
    source: "NeuraLint (activation before a loss that contains it)",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let ends = case.network.ends();
    let found = ends.iter().filter_map(|end| {
        let twice = twice(end.last, end.kind)?;
        let (name, loss) = (case.network.name(end.last.id), end.kind.title().to_lowercase());
        let words = format!(
            "{name} ends in {twice}, and {loss} applies one of its own. Twice squashed, even a network that is certain \
             can't reach a loss near 0, and the gradients are small."
        );
        let finding = Finding::new(&RULE, Severity::Serious, Place::Layer(end.last.id), words);
        let finding = match lowest(case, end.kind) {
            Some(lowest) => finding.with("lowest loss that can be reached", lowest),
            None => finding,
        };
        Some(finding.remedy(remedy(end.last, twice)))
    });
    found.collect()
}

/// What is applied once by the layer and once by the loss.
fn twice(last: &Layer, loss: LossKind) -> Option<&'static str> {
    let is_softmax = matches!(last.kind, LayerKind::Softmax(_));
    let is_sigmoid = last.kind.activation() == Some(Activation::Sigmoid);
    match loss {
        _ if loss.compares_shares() && is_softmax => Some("softmax"),
        _ if loss.compares_shares() && is_sigmoid => Some("sigmoid"),
        LossKind::BinaryCrossEntropy if is_sigmoid => Some("sigmoid"),
        LossKind::BinaryCrossEntropy if is_softmax => Some("softmax"),
        _ => None,
    }
}

/// Cross-entropy of outputs that are 1 at the class and 0 elsewhere.
fn lowest(case: &Case, loss: LossKind) -> Option<f64> {
    let others = case.network.task().classes()? as f64 - 1.0;
    (loss == LossKind::CrossEntropy).then(|| (1.0 + others * (-1.0f64).exp()).ln())
}

fn remedy(last: &Layer, twice: &str) -> Remedy {
    let id = last.id.drawn();
    match last.kind.chosen_activation() {
        Some(_) => {
            let value = ParamValue::Text(Activation::None.key().into());
            let edit = Edit::SetParam { layer: id, key: "activation".into(), value };
            Remedy::edits(format!("Take the {twice} out of {}", last.name), vec![edit])
        }
        None => Remedy::edits(format!("Delete {}", last.name), vec![Edit::Remove(vec![id])]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, activated, dense, points};
    use crate::model::layer::{Dropout, LogSoftmax, Loss, Softmax};

    fn planted(end: Vec<LayerKind>, loss: LossKind) -> (Planted, Vec<Finding>) {
        let layers = [vec![activated(8, Activation::Tanh)], end].concat();
        let planted = Planted::with_loss(layers, Loss { loss, ..Loss::default() }, points(1.0, 0.0));
        let found = judge(&planted.case());
        (planted, found)
    }

    #[test]
    fn the_layer_is_named_and_its_remedy_leaves_nothing_to_find() {
        for (end, loss) in [
            (vec![dense(2), Softmax {}.into()], LossKind::Auto),
            (vec![dense(2), Softmax {}.into(), Dropout::default().into()], LossKind::Focal),
            (vec![activated(2, Activation::Sigmoid)], LossKind::CrossEntropy),
            (vec![activated(1, Activation::Sigmoid)], LossKind::BinaryCrossEntropy),
        ] {
            let (planted, found) = planted(end, loss);
            assert_eq!(found.len(), 1, "{loss:?}");
            let Place::Layer(id) = found[0].place else { unreachable!() };
            let last = if planted.graph().find("Softmax 1").is_some() { "Softmax 1" } else { "Dense 2" };
            assert_eq!(planted.graph().layer(id).unwrap().name, last);
            assert!(judge(&planted.with(&found[0].remedies[0]).case()).is_empty());
        }
    }

    #[test]
    fn what_the_loss_does_not_contain_may_stand_before_it() {
        for (end, loss) in [
            (vec![dense(2)], LossKind::Auto),
            (vec![dense(2), LogSoftmax {}.into()], LossKind::Auto),
            (vec![activated(2, Activation::Sigmoid)], LossKind::Mse),
            (vec![dense(2), Softmax {}.into(), dense(2)], LossKind::Auto),
        ] {
            assert!(planted(end, loss).1.is_empty(), "{loss:?}");
        }
    }
}
