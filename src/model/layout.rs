//! Where cards stand: columns by depth, rows by order.

use std::collections::BTreeMap;

use super::graph::{Graph, LayerId};

/// Distance between the left edges of neighbouring columns, in points.
pub const COLUMN: f32 = 216.0;
/// Distance between rows.
pub const ROW: f32 = 190.0;

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

/// Shifts what follows a new layer to the right, as far as needed for it to have its own column.
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
}
