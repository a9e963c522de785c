//! Where cards stand: columns by depth, rows by order; a chain that is too long for one line goes on in a line below,
//! as text does.

use std::collections::BTreeMap;
use std::ops::Range;

use super::graph::{Graph, LayerId, Wire};
use super::layer::{Group, LayerKind};

/// Distance between the left edges of neighbouring columns, in points.
pub const COLUMN: f32 = 216.0;
/// Distance between rows.
pub const ROW: f32 = 190.0;
/// The same where cards have a column of a few units, and of up to sixteen.
const UNITS_ROW: f32 = 280.0;
const MANY_UNITS_ROW: f32 = 344.0;

/// A card's width and usual height with a margin: two that are nearer to each other touch.
const CARD: f32 = 176.0;
/// Between cards that stand side by side.
const MARGIN: f32 = 56.0;
/// Between two lines of a long chain: room for the wire that leads back to the left.
const LINE_GAP: f32 = 48.0;
/// More of it above a line in which wires lead over cards.
const ARCH: f32 = 80.0;
/// The canvas that a layout is made for.
const ROOM: [f32; 2] = [860.0, 440.0];
/// A single line is kept as long as it fits at this zoom.
const ONE_LINE: f32 = 0.8;
/// What a wire more that goes from line to line costs, as a part of the zoom.
const TORN: f32 = 0.9;
/// Columns in a line at most, where there are several.
const LONGEST: usize = 24;

/// Lays the whole graph out, and what lies in each Block.
pub fn tidy(graph: &mut Graph) {
    let blocks: Vec<_> = graph.layers().map(|layer| layer.id).filter(|&id| graph.block(id).is_some()).collect();
    for block in std::iter::once(None).chain(blocks.into_iter().map(Some)) {
        let mut level = graph.level(block).into_owned();
        tidy_level(&mut level);
        for placed in level.layers() {
            if let Some(layer) = graph.layer_mut(placed.id) {
                layer.position = placed.position;
            }
        }
    }
}

fn tidy_level(graph: &mut Graph) {
    let mut depth: BTreeMap<LayerId, usize> = BTreeMap::new();
    let order = graph.topological_order();
    for &id in &order {
        let d = graph.incoming(id).filter_map(|w| depth.get(&w.from)).max().map_or(0, |d| d + 1);
        depth.insert(id, d);
    }
    let mut columns: Vec<Vec<LayerId>> = vec![Vec::new(); depth.values().max().map_or(0, |d| d + 1)];
    for &id in &order {
        columns[depth[&id]].push(id);
    }
    let spans = graph.wires().iter().map(|wire| depth[&wire.from]..depth[&wire.to]).collect();
    let row = row(graph, &order);
    let plan = Plan { heights: columns.iter().map(Vec::len).collect(), row, spans };
    for (line, top) in plan.lines() {
        let tallest = plan.tallest(&line) as f32;
        for (x, ids) in columns[line].iter().enumerate() {
            let top = top + (tallest - ids.len() as f32) * plan.row / 2.0;
            for (row, &id) in ids.iter().enumerate() {
                if let Some(layer) = graph.layer_mut(id) {
                    layer.position = [x as f32 * COLUMN, top + row as f32 * plan.row];
                }
            }
        }
    }
}

/// How far rows are apart: a row of numbers that Dense layers make of the Input is drawn unit by unit.
fn row(graph: &Graph, order: &[LayerId]) -> f32 {
    let mut units: BTreeMap<LayerId, usize> = BTreeMap::new();
    for &id in order {
        let before = graph.incoming(id).next().and_then(|wire| units.get(&wire.from)).copied();
        let own = match graph.layer(id).map(|layer| &layer.kind) {
            Some(LayerKind::Input(_)) => Some(1),
            Some(LayerKind::Dense(dense)) => before.map(|_| dense.units),
            Some(kind) if kind.about().group == Group::Activation => before,
            _ => None,
        };
        own.map(|own| units.insert(id, own));
    }
    let of = |units: &usize| match units {
        2..=8 => UNITS_ROW,
        9..=16 => MANY_UNITS_ROW,
        _ => ROW,
    };
    units.values().map(of).fold(ROW, f32::max)
}

/// What is to be broken into lines.
struct Plan {
    /// Cards in each column.
    heights: Vec<usize>,
    /// Distance between rows.
    row: f32,
    /// From which column to which each wire leads.
    spans: Vec<Range<usize>>,
}

impl Plan {
    /// The columns of each line, and where its top is.
    fn lines(&self) -> Vec<(Range<usize>, f32)> {
        let one = || std::iter::once(0..self.heights.len()).collect::<Vec<_>>();
        let (size, _) = self.size(&one());
        if ROOM[0] / size[0] >= ONE_LINE {
            return self.placed(one());
        }
        let several = (2..=self.heights.len().min(LONGEST)).map(|longest| self.broken(longest));
        let best = several.chain([one()]).map(|lines| (self.worth(&lines), lines)).max_by(|a, b| a.0.total_cmp(&b.0));
        self.placed(best.map(|(_, lines)| lines).unwrap_or_default())
    }

    /// Into as few lines of at most `longest` columns as there have to be, with as few wires between them as can be,
    /// and of these the ones that are most alike in length.
    fn broken(&self, longest: usize) -> Vec<Range<usize>> {
        let count = self.heights.len();
        let torn: Vec<usize> = (0..count).map(|at| self.torn(at)).collect();
        // For each end of a line: what the lines up to there cost, and where the last of them begins.
        let mut best = vec![((0, 0), 0); count + 1];
        for end in 1..=count {
            let cost = |begin: usize| {
                let ((tears, squares), _) = best[begin];
                ((tears + if begin == 0 { 0 } else { torn[begin] }, squares + (end - begin).pow(2)), begin)
            };
            // Of two that are alike the one with the longer lines first.
            let begins = (end.saturating_sub(longest)..end).rev();
            best[end] = begins.map(cost).min_by_key(|(cost, _)| *cost).unwrap_or_default();
        }
        let mut lines = Vec::new();
        let mut end = count;
        while end > 0 {
            lines.push(best[end].1..end);
            end = best[end].1;
        }
        lines.reverse();
        lines
    }

    /// Wires that lead past the left edge of this column.
    fn torn(&self, column: usize) -> usize {
        self.spans.iter().filter(|span| span.start < column && span.end >= column).count()
    }

    fn tallest(&self, line: &Range<usize>) -> usize {
        self.heights[line.clone()].iter().copied().max().unwrap_or(0)
    }

    fn placed(&self, lines: Vec<Range<usize>>) -> Vec<(Range<usize>, f32)> {
        let (_, tops) = self.size(&lines);
        lines.into_iter().zip(tops).collect()
    }

    /// Width and height of all lines, and the top of each.
    fn size(&self, lines: &[Range<usize>]) -> ([f32; 2], Vec<f32>) {
        let (mut bottom, mut tops) = (0.0, Vec::new());
        for (i, line) in lines.iter().enumerate() {
            let arches = self.spans.iter().any(|s| line.contains(&s.start) && line.contains(&s.end) && s.len() > 1);
            if i > 0 {
                bottom += LINE_GAP + if arches { ARCH } else { 0.0 };
            }
            tops.push(bottom);
            bottom += self.tallest(line) as f32 * self.row;
        }
        let widest = lines.iter().map(Range::len).max().unwrap_or(0);
        ([(widest as f32 * COLUMN - MARGIN).max(1.0), bottom.max(1.0)], tops)
    }

    /// The zoom at which everything fits, less where lines tear apart what is wired.
    fn worth(&self, lines: &[Range<usize>]) -> f32 {
        let ([width, height], _) = self.size(lines);
        let torn: usize = lines.iter().skip(1).map(|line| self.torn(line.start).saturating_sub(1)).sum();
        (ROOM[0] / width).min(ROOM[1] / height).min(1.0) * TORN.powi(i32::try_from(torn).unwrap_or(i32::MAX))
    }
}

/// Whether a wire leads back to the left: on to the next line.
fn turns(graph: &Graph, wire: &Wire) -> bool {
    let x = |id| graph.layer(id).map_or(0.0, |layer| layer.position[0]);
    x(wire.to) < x(wire.from)
}

/// Shifts what follows a new layer in its line to the right, as far as needed for it to have its own column; beside a
/// branch that is not moved by this it goes to a lower row.
pub fn make_room(graph: &mut Graph, new: LayerId) {
    let Some((place, inside)) = graph.layer(new).map(|l| (l.position, l.inside)) else { return };
    let followers = followers(graph, new);
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
    let others: Vec<[f32; 2]> = graph.inside(inside).filter(|l| l.id != new).map(|l| l.position).collect();
    let row = row(graph, &graph.topological_order());
    let tall = CARD + row - ROW;
    let mut y = place[1];
    while others.iter().any(|o| (o[0] - place[0]).abs() < CARD && (o[1] - y).abs() < tall) {
        y += row;
    }
    if let Some(layer) = graph.layer_mut(new) {
        layer.position[1] = y;
    }
}

/// Layers that a layer leads to without a turn to the next line.
fn followers(graph: &Graph, of: LayerId) -> Vec<LayerId> {
    let (mut found, mut next) = (Vec::new(), vec![of]);
    while let Some(id) = next.pop() {
        for wire in graph.outgoing(id).filter(|wire| !turns(graph, wire)) {
            if !found.contains(&wire.to) {
                found.push(wire.to);
                next.push(wire.to);
            }
        }
    }
    found
}

/// Where a layer goes that is put into a wire: behind where the wire begins, in the line of the layer that it leads to.
pub fn within(graph: &Graph, wire: &Wire) -> [f32; 2] {
    let place = |id| graph.layer(id).map(|layer| layer.position).unwrap_or_default();
    let (from, to) = (place(wire.from), place(wire.to));
    [from[0] + COLUMN, if turns(graph, wire) { from[1] } else { to[1] }]
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
        let input = graph.add(Input::default().into(), [0.0, 0.0]);
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

    fn lines(graph: &Graph) -> Vec<usize> {
        let mut lines: BTreeMap<i64, usize> = BTreeMap::new();
        graph.layers().for_each(|layer| *lines.entry(layer.position[1] as i64).or_default() += 1);
        lines.into_values().collect()
    }

    #[test]
    fn a_long_chain_is_broken_into_lines_and_a_short_one_is_not() {
        let chain = |n| crate::model::templates::chain(vec![Dense::default().into(); n]);
        assert_eq!(lines(&chain(3)), [5]);
        assert_eq!(lines(&chain(4)), [3, 3]);
        assert_eq!(lines(&chain(8)), [5, 5]);
        assert_eq!(lines(&chain(18)), [7, 7, 6]);
        let deep = lines(&chain(198));
        assert!(deep.len() > 8 && deep.iter().all(|&n| n <= LONGEST), "{deep:?}");
        assert!(!touching(&chain(38)));
    }

    #[test]
    fn a_line_ends_where_only_one_wire_is_torn() {
        let graph = crate::model::templates::build("digits-attention").expect("a template").graph;
        let place = |start: &str| graph.layers().find(|l| l.name.starts_with(start)).expect("a layer").position;
        let (from, to) = (place("Positional"), place("Add"));
        assert!(from[1] == to[1] && from[0] < to[0], "the wire around attention stays in its line: {from:?} {to:?}");
        assert!(lines(&graph).len() > 1);
    }

    #[test]
    fn a_layer_put_into_a_line_moves_only_that_line() {
        let mut graph = crate::model::templates::chain(vec![Dense::default().into(); 8]);
        let before: Vec<_> = graph.layers().map(|l| (l.id, l.position)).collect();
        let wires: Vec<_> = graph.wires().iter().map(|wire| (wire.id, turns(&graph, wire))).collect();
        assert_eq!(wires.iter().filter(|(_, turns)| *turns).count(), 1);
        for (wire, _) in wires {
            let insert = Edit::InsertOnWire { wire, kind: Dense::default().into(), position: None };
            insert.apply(&mut graph).expect("a wire takes a layer");
            assert!(!touching(&graph), "{graph:?}");
        }
        for (id, old) in before {
            let new = graph.layer(id).map(|l| l.position).unwrap_or_default();
            assert!(new[0] <= 2.0 * old[0] && new[1] == old[1], "{old:?} {new:?}");
        }
    }
}
