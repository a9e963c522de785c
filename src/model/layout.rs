//! Where cards stand: columns by depth, rows by order.

use std::collections::BTreeMap;

use super::graph::{Graph, LayerId};

/// Distance between the left edges of neighbouring columns, in points.
pub const COLUMN: f32 = 216.0;
/// Distance between rows.
pub const ROW: f32 = 190.0;

/// A card's width and usual height with a margin: two that are nearer to each other touch.
const CARD: f32 = 176.0;

/// Lays the whole graph out.
pub fn tidy(graph: &mut Graph) {
    let mut depth: BTreeMap<LayerId, usize> = BTreeMap::new();
    let order = graph.topological_order();
    for &id in &order {
        let d = graph.incoming(id).filter_map(|w| depth.get(&w.from)).max().map_or(0, |d| d + 1);
        depth.insert(id, d);
    }
    let mut rows: BTreeMap<usize, Vec<LayerId>> = BTreeMap::new();
    for &id in &order {
        rows.entry(depth[&id]).or_default().push(id);
    }
    let tallest = rows.values().map(Vec::len).max().unwrap_or(0) as f32;
    for (column, ids) in rows {
        let top = (tallest - ids.len() as f32) * ROW / 2.0;
        for (row, id) in ids.into_iter().enumerate() {
            if let Some(layer) = graph.layer_mut(id) {
                layer.position = [column as f32 * COLUMN, top + row as f32 * ROW];
            }
        }
    }
}

/// Shifts what follows a new layer to the right, as far as needed for it to have its own column; beside a branch that is
/// not moved by this it goes to a lower row.
pub fn make_room(graph: &mut Graph, new: LayerId) {
    let Some(place) = graph.layer(new).map(|l| l.position) else { return };
    let followers: Vec<LayerId> =
        graph.layers().map(|l| l.id).filter(|&id| id != new && graph.reaches(new, id)).collect();
    let nearest =
        followers.iter().filter_map(|&id| graph.layer(id)).map(|l| l.position[0]).fold(f32::INFINITY, f32::min);
    let shift = place[0] + COLUMN - nearest;
    if shift.is_finite() && shift > 0.0 {
        for id in followers {
            if let Some(layer) = graph.layer_mut(id) {
                layer.position[0] += shift;
            }
        }
    }
    let others: Vec<[f32; 2]> = graph.layers().filter(|l| l.id != new).map(|l| l.position).collect();
    let mut y = place[1];
    while others.iter().any(|o| (o[0] - place[0]).abs() < CARD && (o[1] - y).abs() < CARD) {
        y += ROW;
    }
    if let Some(layer) = graph.layer_mut(new) {
        layer.position[1] = y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Add, Dense, Input};
    use crate::model::{Edit, LayerKind};

    fn touching(graph: &Graph) -> bool {
        let places: Vec<[f32; 2]> = graph.layers().map(|l| l.position).collect();
        let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() < CARD && (a[1] - b[1]).abs() < CARD;
        (0..places.len()).any(|i| places[..i].iter().any(|&other| near(places[i], other)))
    }

    #[test]
    fn a_layer_put_into_a_branch_or_after_one_covers_no_other() {
        let mut graph = Graph::default();
        let input = graph.add(Input {}.into(), [0.0, 0.0]);
        let dense = graph.add(Dense::default().into(), [COLUMN, 0.0]);
        let add = graph.add(Add {}.into(), [2.0 * COLUMN, 0.0]);
        for (from, to) in [(input, dense), (dense, add)] {
            graph.connect(from, to).expect("free ports");
        }
        let skip = graph.connect(input, add).expect("a second input");
        assert!(!touching(&graph));
        let kind: LayerKind = Dense::default().into();
        let insert = Edit::InsertOnWire { wire: skip, kind: kind.clone(), position: None };
        insert.apply(&mut graph).expect("a wire takes a layer");
        assert!(!touching(&graph), "{graph:?}");
        Edit::Append { after: input, kind }.apply(&mut graph).expect("one more branch");
        assert!(!touching(&graph), "{graph:?}");
    }
}
