//! Transfer learning: a network that was trained elsewhere keeps what it knows, and its last layer learns something
//! new.

use super::graph::{Graph, LayerId};
use super::layer::{Activation, Conv2d, Dense, Group, LayerKind, Loss};
use super::{Edit, Task};

/// Freezes every layer with weights but one, which is to be trained.
pub fn freeze_all_but(graph: &Graph, trained: LayerId) -> Vec<Edit> {
    let changes = |layer: &&super::Layer| layer.kind.has_weights() && layer.frozen == (layer.id == trained);
    graph.layers().filter(changes).map(|layer| Edit::Freeze { layer: layer.id, frozen: layer.id != trained }).collect()
}

/// The last layer with weights, where there is one last.
pub fn head(graph: &Graph) -> Option<LayerId> {
    let mut heads = graph.layers().filter(|layer| is_head(graph, layer.id)).map(|layer| layer.id);
    heads.next().filter(|_| heads.next().is_none())
}

/// Whether nothing with weights comes after a layer that has some.
pub fn is_head(graph: &Graph, layer: LayerId) -> bool {
    let behind = |other: &super::Layer| other.id != layer && graph.reaches(layer, other.id);
    let has_weights = graph.layer(layer).is_some_and(|layer| layer.kind.has_weights() && layer.inside.is_none());
    has_weights && !graph.layers().any(|other| behind(other) && (other.kind.has_weights() || other.inside.is_some()))
}

/// A new last layer in the place of one, with weights of its own and as many outputs as the data asks for; functions
/// behind it go, and a Loss comes where there is none. `None`: it is not the last, or no layer whose width can be set.
pub fn new_head(graph: &Graph, head: LayerId, task: Task) -> Option<Vec<Edit>> {
    if !is_head(graph, head) {
        return None;
    }
    let layer = graph.layer(head)?;
    let kind: LayerKind = match &layer.kind {
        LayerKind::Dense(_) => Dense { units: task.width(), activation: Activation::None, ..Dense::default() }.into(),
        // Its maps are averaged behind it.
        LayerKind::Conv2d(conv) => {
            Conv2d { filters: task.width(), activation: Activation::None, ..conv.clone() }.into()
        }
        _ => return None,
    };
    let mut edits = vec![
        Edit::Replace { layer: head, kind },
        // Under the old name it would have the old weights, where they fit.
        Edit::Rename { layer: head, name: "Head".to_owned() },
        Edit::Freeze { layer: head, frozen: false },
    ];
    let behind = || graph.layers().filter(|other| other.id != head && graph.reaches(head, other.id));
    let is_function = |other: &&super::Layer| other.kind.about().group == Group::Activation;
    let functions: Vec<LayerId> = behind().filter(is_function).map(|other| other.id).collect();
    let last = behind().filter(|other| {
        !functions.contains(&other.id) && graph.outgoing(other.id).all(|wire| functions.contains(&wire.to))
    });
    let last = last.last().map_or(head, |other| other.id);
    if !functions.is_empty() {
        edits.push(Edit::Remove(functions));
    }
    if graph.main_loss().is_none() {
        let from = graph.layer(last)?;
        let position = [from.position[0] + super::layout::COLUMN, from.position[1]];
        edits.push(Edit::AddConnected { from: last.into(), kind: Loss::default().into(), position });
    }
    Some(edits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Flatten, GlobalAvgPool, Softmax};
    use crate::model::templates::chain;
    use crate::model::{DataSignature, Shape, infer};

    fn graph() -> Graph {
        let dense = |units| LayerKind::from(Dense { units, ..Dense::default() });
        let layers = vec![Conv2d::default().into(), Flatten {}.into(), dense(9), dense(7), Softmax {}.into()];
        let mut graph = chain(layers);
        let loss = graph.find("Loss").unwrap().id;
        graph.remove(loss);
        graph
    }

    #[test]
    fn all_but_the_last_are_frozen() {
        let mut graph = graph();
        let last = graph.find("Dense 2").unwrap().id;
        for edit in freeze_all_but(&graph, last) {
            edit.apply(&mut graph).unwrap();
        }
        let frozen: Vec<_> = graph.layers().filter(|layer| layer.frozen).map(|layer| layer.name.as_str()).collect();
        assert_eq!(frozen, ["Conv 2-D 1", "Dense 1"]);
        assert_eq!(freeze_all_but(&graph, last), []);
    }

    #[test]
    fn a_new_head_fits_the_data_and_trains() {
        let mut graph = graph();
        let of = |graph: &Graph, name: &str| graph.find(name).unwrap().id;
        assert_eq!(new_head(&graph, of(&graph, "Dense 1"), Task::Classes(3)), None);
        let head = of(&graph, "Dense 2");
        for edit in new_head(&graph, head, Task::Classes(3)).unwrap() {
            edit.apply(&mut graph).unwrap();
        }
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 5, 5]), task: Task::Classes(3) };
        let found = infer(&graph, Some(&data));
        assert!(found.is_valid(), "{:?}", found.problems);
        assert_eq!((found.shapes[&head].0.as_slice(), graph.find("Softmax 1")), (&[3][..], None));
        assert_eq!(graph.layer(head).unwrap().slug(), "head");
    }

    #[test]
    fn a_convolution_whose_maps_are_averaged_can_be_the_head() {
        let conv = |filters| LayerKind::from(Conv2d { filters, ..Conv2d::default() });
        let mut graph = chain(vec![conv(4), conv(7), GlobalAvgPool {}.into(), Softmax {}.into()]);
        graph.remove(graph.find("Loss").unwrap().id);
        let found = head(&graph).unwrap();
        assert_eq!(graph.layer(found).unwrap().name, "Conv 2-D 2");
        for edit in new_head(&graph, found, Task::Classes(3)).unwrap() {
            edit.apply(&mut graph).unwrap();
        }
        let data =
            DataSignature { weighted: false, names: Vec::new(), input: Shape(vec![1, 9, 9]), task: Task::Classes(3) };
        let inferred = infer(&graph, Some(&data));
        assert!(inferred.is_valid(), "{:?}", inferred.problems);
    }
}
