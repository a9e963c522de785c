//! Dropout on the answer itself.
//!
//! Behind the last layer it sets answers to 0 at random and is never right. A fact of the network.

use crate::diagnosis::network::{is_absent_later, moves_only};
use crate::diagnosis::{Case, Finding, Place, Remedy, Rule, Severity, When};
use crate::model::{Edit, LayerKind};

pub static RULE: Rule = Rule {
    id: "dropout-at-end",
    title: "Dropout on the answer",
    when: When::BeforeTraining,
    fires: "A dropout with a rate above 0 stands between the last layer and the Loss.",
    why: "A fact of the network. Dropout is for hidden units, which others can stand in for.",
    source: "Srivastava et al., Dropout (2014): hidden and input units only",
    follows: &[],
    asks: &[],
    judge,
};

fn judge(case: &Case) -> Vec<Finding> {
    let network = &case.network;
    let of_end = |loss| {
        let mut layer = network.before(loss)?;
        while moves_only(&layer.kind) || is_absent_later(&layer.kind) {
            if let LayerKind::Dropout(dropout) = &layer.kind
                && dropout.rate > 0.0
            {
                return Some((layer, dropout.rate));
            }
            layer = network.before(layer.id)?;
        }
        None
    };
    let found = network.ends().into_iter().filter_map(|end| of_end(end.loss)).map(|(layer, rate)| {
        let words = format!(
            "{} stands between the last layer and the loss. It sets some of the answers themselves to 0, so the loss \
             punishes answers that the network never gave.",
            layer.name
        );
        let edit = Edit::Remove(vec![layer.id.drawn()]);
        Finding::new(&RULE, Severity::Serious, Place::Layer(layer.id), words)
            .with("share of answers that are set to 0", rate)
            .remedy(Remedy::edits(format!("Delete {}", layer.name), vec![edit]))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::testing::{Planted, dense, points};
    use crate::model::layer::Dropout;

    #[test]
    fn dropout_behind_the_last_layer_is_named_and_before_it_is_meant() {
        let drop = || LayerKind::from(Dropout::default());
        let planted = Planted::new(vec![dense(8), dense(2), drop()], points(1.0, 0.0));
        let found = judge(&planted.case());
        assert!(found[0].words.starts_with("Dropout 1"), "{}", found[0].words);
        assert!(judge(&planted.with(&found[0].remedies[0]).case()).is_empty());
        assert!(judge(&Planted::new(vec![dense(8), drop(), dense(2)], points(1.0, 0.0)).case()).is_empty());
    }
}
