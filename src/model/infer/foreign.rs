//! Foreign layers on the way to a Loss: the network can't be computed beyond them.

use super::*;
use crate::model::layer::Formula;

/// One for each that a Loss waits for; where there is no Loss, for each at which the network ends for want of it.
pub(super) fn problems(graph: &Graph) -> impl Iterator<Item = Problem> + '_ {
    let behind = graph.main_loss().is_none().then(|| behind(graph));
    graph.layers().filter_map(move |layer| {
        let LayerKind::Foreign(foreign) = &layer.kind else { return None };
        let is_asked_for = match &behind {
            None => graph.leads_to_loss(layer.id),
            Some(behind) => graph.incoming(layer.id).next().is_some() && !behind.contains(&layer.id),
        };
        let is_asked_for = is_asked_for || layer.inside.is_some();
        is_asked_for.then(|| Problem {
            place: Subject::Layer(layer.id),
            layer: layer.name.clone(),
            message: format!(
                "Glassbox has no layer for {}, so the network is computed only up to {}.",
                foreign.title(),
                layer.name
            ),
            expected_got: None,
            repairs: repairs(graph, layer),
        })
    })
}

/// Layers that can't be computed for want of one before them.
fn behind(graph: &Graph) -> BTreeSet<LayerId> {
    let foreign = graph.layers().filter(|layer| matches!(layer.kind, LayerKind::Foreign(_)));
    let after = |id: LayerId| graph.outgoing(id).map(|wire| wire.to);
    let mut open: Vec<LayerId> = foreign.flat_map(|layer| after(layer.id)).collect();
    let mut behind = BTreeSet::new();
    while let Some(id) = open.pop() {
        if behind.insert(id) {
            open.extend(after(id));
        }
    }
    behind
}

fn repairs(graph: &Graph, layer: &Layer) -> Vec<Repair> {
    let wires = graph.incoming(layer.id).count();
    let remove = Repair {
        label: if wires == 1 {
            format!("Remove {} and connect through", layer.name)
        } else {
            format!("Remove {}", layer.name)
        },
        edit: Edit::Remove(vec![layer.id]),
    };
    let formula = (wires == 1).then(|| Repair {
        label: format!("Replace {} by a Formula", layer.name),
        edit: Edit::Replace { layer: layer.id, kind: Formula { expression: "x".into() }.into() },
    });
    [remove].into_iter().chain(formula).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Dense, Foreign};
    use crate::model::templates::chain;

    #[test]
    fn a_foreign_layer_keeps_a_network_from_training_until_it_is_mended() {
        let dense = |units| LayerKind::from(Dense { units, ..Dense::default() });
        let what = Foreign { what: "Keras Lambda".into(), output: "4".into(), ..Foreign::default() };
        let graph = chain(vec![dense(4), what.into(), dense(2)]);
        let data = DataSignature { weighted: false, names: Vec::new(), input: Shape::row(2), task: Task::Classes(2) };
        let found = infer(&graph, Some(&data));
        assert_eq!(found.shapes.len(), 5, "shapes are known beyond it");
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert_eq!(
            problem.message,
            "Glassbox has no layer for Keras Lambda, so the network is computed only up to Foreign 1."
        );
        let labels: Vec<_> = problem.repairs.iter().map(|repair| repair.label.as_str()).collect();
        assert_eq!(labels, ["Remove Foreign 1 and connect through", "Replace Foreign 1 by a Formula"]);
        for repair in &problem.repairs {
            let mut mended = graph.clone();
            repair.edit.apply(&mut mended).unwrap();
            assert!(infer(&mended, Some(&data)).is_valid(), "{}", repair.label);
        }
        // Without a Loss, the first of several.
        let mut bare = graph.clone();
        let foreign = bare.find("Foreign 1").unwrap().id;
        let next = bare.add(Foreign { output: "4".into(), ..Foreign::default() }.into(), [0.0; 2]);
        bare.connect(foreign, next).unwrap();
        bare.remove(bare.find("Loss").unwrap().id);
        let named: Vec<_> = infer(&bare, Some(&data)).obstacles().map(|problem| problem.layer.clone()).collect();
        assert_eq!(named, ["Foreign 1"]);
        // Aside, it keeps nothing from training.
        let mut aside = chain(vec![dense(2)]);
        let foreign = aside.add(Foreign { output: "4".into(), ..Foreign::default() }.into(), [0.0; 2]);
        assert!(infer(&aside, Some(&data)).is_valid());
        aside.connect(aside.find("Dense 1").unwrap().id, foreign).unwrap();
        assert!(infer(&aside, Some(&data)).is_valid());
    }
}
