//! Layers that come under a name of their own, and layers that take the place of others.

use super::{Graph, Layer, LayerId, LayerKind};

impl Graph {
    /// As [`Self::add`], under this name or, where it is taken, one like it.
    pub fn add_named(&mut self, kind: LayerKind, name: &str) -> LayerId {
        let id = LayerId(self.fresh_id().into());
        let name = self.free_name(name, None);
        self.layers.insert(id, Layer { id, name, kind, frozen: false, position: [0.0, 0.0], inside: None });
        self.furnish(id);
        id
    }

    /// Training leaves its weights alone.
    pub fn freeze(&mut self, id: LayerId) {
        if let Some(layer) = self.layer_mut(id) {
            layer.frozen = true;
        }
    }

    /// Another kind of layer under the same name. Wires at ports that it does not have go.
    pub(in crate::model) fn replace(&mut self, id: LayerId, kind: LayerKind) {
        let (inputs, outputs) = (kind.about().inputs, kind.spec().outputs().len());
        let Some(layer) = self.layer_mut(id) else { return };
        layer.kind = kind;
        let has_input = |port: usize| inputs.most().is_none_or(|most| port < most);
        self.wires
            .retain(|wire| (wire.to != id || has_input(wire.input)) && (wire.from != id || wire.output < outputs));
        self.close_all_ranks();
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Edit;
    use crate::model::layer::{Add, Dense, LayerKind, Tanh};
    use crate::model::templates::chain;

    #[test]
    fn another_layer_takes_the_name_and_the_wires_that_it_has_ports_for() {
        let dense = || LayerKind::from(Dense { units: 2, ..Dense::default() });
        let mut graph = chain(vec![dense(), Add {}.into(), dense()]);
        let of = |graph: &crate::model::Graph, name: &str| graph.find(name).unwrap().id;
        let add = of(&graph, "Add 1");
        graph.connect(of(&graph, "Input"), add).unwrap();
        assert_eq!(graph.incoming(add).count(), 2);
        Edit::Replace { layer: add, kind: Tanh {}.into() }.apply(&mut graph).unwrap();
        assert_eq!((graph.layer(add).unwrap().kind.key(), graph.incoming(add).count()), ("tanh", 1));
        assert_eq!(graph.outgoing(add).count(), 1);
        let other = graph.add_named(dense(), "Add 1");
        assert_ne!(graph.layer(other).unwrap().name, "Add 1");
    }
}
