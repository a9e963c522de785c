//! Settings that many layers have alike: which layers these are, and whether they agree.

use super::layer::{Group, ParamValue};
use super::{Graph, LayerId};

/// What stands once for the whole network, beside each layer's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// Of the layers between the input and the output.
    HiddenActivation,
    /// Of all layers that have such a penalty, the output's too.
    L1,
    /// The L2 penalty of all layers.
    L2,
}

impl Shared {
    /// The parameter's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::HiddenActivation => "activation",
            Self::L1 => "l1",
            Self::L2 => "l2",
        }
    }

    /// For the sentence "change … of all layers".
    pub fn of_whom(self) -> &'static str {
        match self {
            Self::HiddenActivation => "the activation of all hidden layers",
            Self::L1 => "L1 of all layers",
            Self::L2 => "L2 of all layers",
        }
    }

    /// The layers that have this setting.
    pub fn layers(self, graph: &Graph) -> Vec<LayerId> {
        let has = |id: &LayerId| graph.layer(*id).is_some_and(|layer| layer.kind.spec().param(self.key()).is_some());
        let all = graph.layers().map(|layer| layer.id).filter(has);
        match self {
            Self::HiddenActivation => {
                let outputs = outputs(graph);
                all.filter(|id| !outputs.contains(id) && !is_activated_later(graph, *id)).collect()
            }
            Self::L1 | Self::L2 => all.collect(),
        }
    }

    /// The value that all have; `None` where they differ or there are none.
    pub fn value(self, graph: &Graph) -> Option<ParamValue> {
        let mut values = self.layers(graph).into_iter().map(|id| graph.layer(id)?.kind.spec().param(self.key()));
        let first = values.next()??;
        values.all(|value| value.as_ref() == Some(&first)).then_some(first)
    }
}

/// Whether the loss that is made small has a penalty on weights in it, which no curve shows.
pub fn is_penalised(graph: &Graph) -> bool {
    let strong = |shared: Shared| {
        let of = |id: LayerId| graph.layer(id).and_then(|layer| layer.kind.spec().param(shared.key()));
        shared.layers(graph).into_iter().filter_map(of).any(|value| value != ParamValue::Float(0.0))
    };
    strong(Shared::L1) || strong(Shared::L2)
}

/// The last layers with weights before a Loss: what they put out is an answer.
fn outputs(graph: &Graph) -> Vec<LayerId> {
    let graph = &*graph.unfolded();
    let mut found = Vec::new();
    let mut ahead: Vec<LayerId> = graph.losses().map(|(layer, _)| layer.id).collect();
    while let Some(id) = ahead.pop() {
        for before in graph.incoming(id).map(|wire| wire.from) {
            match graph.layer(before) {
                Some(layer) if layer.kind.spec().param("activation").is_some() => found.push(before.drawn()),
                _ => ahead.push(before),
            }
        }
    }
    found
}

/// Whether an activation stands on the canvas as a layer of its own behind this one, with nothing but norms, dropout
/// and the like between.
fn is_activated_later(graph: &Graph, id: LayerId) -> bool {
    let mut at = id;
    loop {
        let mut after = graph.outgoing(at).map(|wire| wire.to);
        let (Some(next), None) = (after.next(), after.next()) else { return false };
        match graph.layer(next).map(|layer| layer.kind.about().group) {
            Some(Group::Activation) => return true,
            Some(Group::Normalisation) => at = next,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Edit;
    use crate::model::layer::{
        Activation, BatchNorm, Conv2d, Dense, Dropout, Flatten, Input, LayerKind, Loss, Relu, Softmax,
    };

    /// These in a row.
    fn chain(kinds: Vec<LayerKind>) -> (Graph, Vec<LayerId>) {
        let mut graph = Graph::default();
        let ids: Vec<_> = kinds.into_iter().map(|kind| graph.add(kind, [0.0; 2])).collect();
        for pair in ids.windows(2) {
            graph.connect(pair[0], pair[1]).unwrap();
        }
        (graph, ids)
    }

    fn dense(activation: Activation) -> LayerKind {
        Dense { activation, ..Dense::default() }.into()
    }

    fn set(graph: &mut Graph, shared: Shared, value: ParamValue) {
        Edit::SetAll { shared, value }.apply(graph).unwrap();
    }

    #[test]
    fn one_edit_sets_all_hidden_layers_and_never_the_output() {
        let (mut graph, ids) = chain(vec![
            Input::default().into(),
            dense(Activation::Tanh),
            Dropout::default().into(),
            dense(Activation::Relu),
            dense(Activation::None),
            Softmax {}.into(),
            Loss::default().into(),
        ]);
        let activation = Shared::HiddenActivation;
        assert_eq!(activation.layers(&graph), [ids[1], ids[3]]);
        assert_eq!(activation.value(&graph), None, "they differ");
        set(&mut graph, activation, ParamValue::Text("sigmoid".into()));
        assert_eq!(activation.value(&graph), Some(ParamValue::Text("sigmoid".into())));
        let output = graph.layer(ids[4]).unwrap().kind.spec().param("activation");
        assert_eq!(output, Some(ParamValue::Text("none".into())));
        assert!(
            Edit::SetAll { shared: activation, value: ParamValue::Text("magic".into()) }.apply(&mut graph).is_err()
        );

        assert_eq!(Shared::L2.value(&graph), Some(ParamValue::Float(0.0)));
        assert!(!is_penalised(&graph));
        set(&mut graph, Shared::L2, ParamValue::Float(0.01));
        assert!(is_penalised(&graph));
        for id in [ids[1], ids[3], ids[4]] {
            assert_eq!(graph.layer(id).unwrap().kind.spec().param("l2"), Some(ParamValue::Float(0.01)));
        }
    }

    #[test]
    fn a_layer_whose_activation_is_a_layer_of_its_own_gets_no_second_one() {
        let (graph, ids) = chain(vec![
            Input::default().into(),
            Conv2d::default().into(),
            BatchNorm::default().into(),
            Relu {}.into(),
            Conv2d::default().into(),
            Flatten {}.into(),
            dense(Activation::None),
            Loss::default().into(),
        ]);
        assert_eq!(Shared::HiddenActivation.layers(&graph), [ids[4]]);
        assert_eq!(Shared::HiddenActivation.value(&Graph::default()), None);
    }

    #[test]
    fn both_ends_of_a_branch_into_the_loss_are_outputs() {
        let (mut graph, ids) = chain(vec![
            Input::default().into(),
            dense(Activation::Tanh),
            dense(Activation::None),
            crate::model::layer::Add {}.into(),
            Loss::default().into(),
        ]);
        let side = graph.add(dense(Activation::None), [0.0; 2]);
        graph.connect(ids[1], side).unwrap();
        graph.connect(side, ids[3]).unwrap();
        assert_eq!(Shared::HiddenActivation.layers(&graph), [ids[1]]);
    }
}
