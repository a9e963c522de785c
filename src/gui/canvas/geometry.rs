//! Sizes and places of cards, ports and wires, in the graph's points. Nothing is painted here.
//!
//! A layer's position is the top left corner of a card of usual height. Cards are as tall as what they show and stand
//! centred on one axis, so that the wires of a row are straight whatever is on the cards.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use super::super::numbers::count;
use super::view::point;
use crate::model::layer::Inputs;
use crate::model::{End, Graph, Layer, LayerId, LayerKind, ParamKind, ParamSpec, ParamValue, Wire};
use crate::trace::{LayerPicture, Preview};

pub const WIDTH: f32 = 160.0;
const LOSS_WIDTH: f32 = 128.0;
/// From a layer's position down to the axis of its ports.
pub const AXIS: f32 = 80.0;
const TITLE: f32 = 32.0;
const ROW: f32 = 24.0;
const CHIP: f32 = 20.0;
/// Across a plus or a minus beside a number.
const STEP: f32 = 16.0;
const FOOTER: f32 = 24.0;
const PADDING: f32 = 10.0;
const GAP: f32 = 4.0;
const MORE: f32 = 20.0;
const TALLEST_TILE: f32 = 56.0;
/// As many units stand below each other, each with a height of its own, so that its weights can be lines. More are a
/// grid.
pub const COLUMN: usize = 16;
/// How far a wire that leads back to the left reaches beyond its ends.
const BEND: f32 = 24.0;
/// Between the ports of a merging layer.
const PORT_STEP: f32 = 18.0;

pub fn width(kind: &LayerKind) -> f32 {
    if matches!(kind, LayerKind::Loss(_)) { LOSS_WIDTH } else { WIDTH }
}

/// A card of usual height: for the minimap, for fitting and for ghosts.
pub fn nominal(layer: &Layer) -> Rect {
    Rect::from_min_size(point(layer.position), vec2(width(&layer.kind), 2.0 * AXIS))
}

/// Everything drawn, in nominal cards, with room for the bends of wires that lead to another line.
pub fn bounds(graph: &Graph) -> Option<Rect> {
    let left = |id| graph.layer(id).map_or(0.0, |layer| layer.position[0]);
    let bends = graph.wires().iter().any(|wire| left(wire.to) < left(wire.from));
    let cards = graph.layers().map(nominal).reduce(Rect::union);
    cards.map(|cards| cards.expand2(vec2(if bends { BEND } else { 0.0 }, 0.0)))
}

/// A parameter on a card.
pub struct ParamSlot {
    pub spec: ParamSpec,
    pub value: ParamValue,
    pub label: Option<(String, Pos2)>,
    pub chip: Rect,
    /// Of a number of units or filters: one less at the left of the chip, one more at its right.
    pub steps: Option<[Rect; 2]>,
}

/// The parts of one card.
pub struct CardLayout {
    pub rect: Rect,
    pub title: Rect,
    pub params: Vec<ParamSlot>,
    /// One line of words above the preview.
    pub line: Option<Rect>,
    /// Tiles of units, or one wide tile for a histogram.
    pub tiles: Vec<Rect>,
    /// Whether each tile has a height of its own: lines can lead to it.
    pub is_column: bool,
    /// Below the tiles: the way to those that are not shown, and back.
    pub more: Option<(Rect, String)>,
    pub footer: Option<Rect>,
}

/// What a card has to have room for.
pub struct Content {
    pub params: bool,
    pub tiles: usize,
    /// Whether the tiles are units, that may have lines of their own.
    pub units: bool,
    /// Words for the way to the others.
    pub more: Option<String>,
    pub line: bool,
    pub footer: bool,
    /// A single wide tile of this height in place of unit tiles.
    pub strip: Option<f32>,
}

impl Content {
    /// Without words: for a card that is seen from afar.
    pub fn brief(self) -> Self {
        Self { params: false, line: false, footer: false, ..self }
    }

    /// What there is to show of a layer that is neither Input nor Loss.
    pub fn of(
        layer: &Layer,
        picture: Option<&LayerPicture>,
        counted: bool,
        all: Option<usize>,
        unfolded: bool,
    ) -> Self {
        let (tiles, units, strip) = match picture.map(|p| &p.preview) {
            Some(Preview::Plane { units, .. } | Preview::Curves { units }) => (units.len(), true, None),
            Some(Preview::Histograms { units }) => (units.len(), true, None),
            // A row of numbers is one strip.
            Some(Preview::Maps { rows: 1, .. }) => (0, false, Some(14.0)),
            Some(Preview::Maps { channels, .. }) => (channels.len(), false, None),
            Some(Preview::None) if picture.is_some_and(|p| p.histogram.counts.iter().any(|&n| n > 0)) => {
                (0, false, Some(36.0))
            }
            _ => (0, false, None),
        };
        let footer = counted && (layer.kind.has_weights() || matches!(layer.kind, LayerKind::Block(_)));
        let shown = if unfolded { tiles } else { tiles.min(COLUMN) };
        let more = all.filter(|all| *all > COLUMN && tiles > 1).map(|all| match unfolded {
            false => format!("+{} more", count((all - shown) as u64)),
            true if all > shown => format!("first {} of {} · fewer", count(shown as u64), count(all as u64)),
            true => "show fewer".to_owned(),
        });
        Self { params: true, tiles: shown, units, more, line: false, footer, strip }
    }
}

impl CardLayout {
    /// `measure` gives the width of a text at 100 % (small size). What is `held` keeps its upper edge, and gets no
    /// lower.
    pub fn of(layer: &Layer, content: &Content, held: Option<Rect>, measure: impl Fn(&str) -> f32) -> Self {
        let width = width(&layer.kind);
        let inner = width - 2.0 * PADDING;
        let (params, rows) = if content.params { flow_params(layer, inner, &measure) } else { (Vec::new(), 0) };
        let mut y = TITLE + rows as f32 * ROW;
        let line = content.line.then(|| Rect::from_min_size(pos2(PADDING, y), vec2(inner, ROW)));
        y += line.map_or(0.0, |r| r.height());
        let is_column = content.units && (1..=COLUMN).contains(&content.tiles);
        let tiles = match content.strip {
            Some(height) => vec![Rect::from_min_size(pos2(PADDING, y + 2.0), vec2(inner, height))],
            None if is_column => column(content.tiles, pos2(PADDING, y + 2.0), inner),
            None => tiles(content.tiles, pos2(PADDING, y + 2.0), inner),
        };
        if let Some(last) = tiles.last() {
            y = last.max.y + 8.0;
        }
        let more = content.more.as_ref().filter(|_| !tiles.is_empty());
        let more = more.map(|words| (Rect::from_min_size(pos2(PADDING, y - 6.0), vec2(inner, MORE)), words.clone()));
        y += if more.is_some() { MORE - 2.0 } else { 0.0 };
        if !content.footer && y > TITLE && tiles.is_empty() {
            y += 4.0;
        }
        let footer = content.footer.then(|| Rect::from_min_size(pos2(0.0, y), vec2(width, FOOTER)));
        y = (y + footer.map_or(0.0, |r| r.height())).max(TITLE + 8.0);
        y = held.map_or(y, |held| y.max(held.height()));
        let middle = point(layer.position) + vec2(0.0, AXIS - y / 2.0);
        let corner = held.map_or(middle, |held| pos2(middle.x, held.top()));
        let place = |rect: Rect| rect.translate(corner.to_vec2());
        Self {
            rect: Rect::from_min_size(corner, vec2(width, y)),
            title: place(Rect::from_min_size(Pos2::ZERO, vec2(width, TITLE))),
            params: params
                .into_iter()
                .map(|slot| ParamSlot {
                    label: slot.label.map(|(text, at)| (text, at + corner.to_vec2())),
                    chip: place(slot.chip),
                    steps: slot.steps.map(|both| both.map(place)),
                    ..slot
                })
                .collect(),
            line: line.map(place),
            tiles: tiles.into_iter().map(place).collect(),
            is_column,
            more: more.map(|(rect, words)| (place(rect), words)),
            footer: footer.map(place),
        }
    }
}

/// Parameters from left to right, broken into rows.
fn flow_params(layer: &Layer, inner: f32, measure: &impl Fn(&str) -> f32) -> (Vec<ParamSlot>, usize) {
    let (mut slots, mut x, mut row) = (Vec::new(), 0.0, 0usize);
    for spec in layer.kind.spec().param_specs().into_iter().filter(|spec| spec.on_card) {
        let Some(value) = layer.kind.spec().param(spec.key) else { continue };
        // A foreign layer without settings says none.
        if matches!(layer.kind, LayerKind::Foreign(_)) && value == ParamValue::Text(String::new()) {
            continue;
        }
        let label = label(&spec);
        let label_width = label.as_ref().map_or(0.0, |text| measure(text) + 6.0);
        let step = if spec.is_count() { STEP } else { 0.0 };
        let wanted = match spec.kind {
            ParamKind::Text => inner,
            _ => (measure(&shown(&spec.kind, &value)) + if step > 0.0 { 6.0 } else { 12.0 }).max(24.0 - step / 4.0),
        };
        if x > 0.0 && x + label_width + wanted + 2.0 * step > inner {
            (x, row) = (0.0, row + 1);
        }
        let y = TITLE + row as f32 * ROW;
        let chip_width = wanted.min(inner - x - label_width - 2.0 * step);
        let chip = Rect::from_min_size(pos2(PADDING + x + label_width + step, y), vec2(chip_width, CHIP));
        let beside = |left| Rect::from_min_size(pos2(left, y), vec2(step, CHIP));
        let steps = spec.is_count().then(|| [beside(chip.left() - step), beside(chip.right())]);
        let label = label.map(|text| (text, pos2(PADDING + x, y + CHIP / 2.0)));
        slots.push(ParamSlot { label, spec, value, chip, steps });
        x += label_width + chip_width + 2.0 * step + 8.0;
    }
    let rows = if slots.is_empty() { 0 } else { row + 1 };
    (slots, rows)
}

/// Choices and formulas speak for themselves; numbers need their name.
fn label(spec: &ParamSpec) -> Option<String> {
    match spec.kind {
        ParamKind::Choice(_) | ParamKind::Text => None,
        _ => Some(spec.label.to_lowercase()),
    }
}

/// What the user reads on a chip.
pub fn shown(kind: &ParamKind, value: &ParamValue) -> String {
    match (kind, value) {
        (ParamKind::Choice(options), ParamValue::Text(key)) => {
            options.iter().find(|(k, _)| k == key).map_or_else(|| key.clone(), |(_, title)| (*title).to_owned())
        }
        (_, ParamValue::Bool(on)) => if *on { "yes" } else { "no" }.to_owned(),
        (_, ParamValue::Int(v)) => v.to_string(),
        (_, ParamValue::Float(v)) => v.to_string(),
        (_, ParamValue::Text(text)) => text.clone(),
    }
}

fn tiles(count: usize, corner: Pos2, inner: f32) -> Vec<Rect> {
    let columns = match count {
        0 => return Vec::new(),
        1 => 1,
        2 => 2,
        3..=8 => 4,
        9..=48 => 6,
        49..=128 => 8,
        _ => 12,
    };
    let wide = (inner - GAP * (columns as f32 - 1.0)) / columns as f32;
    let size = vec2(wide, wide.min(TALLEST_TILE));
    (0..count)
        .map(|i| {
            let (column, row) = ((i % columns) as f32, (i / columns) as f32);
            Rect::from_min_size(corner + vec2(column * (size.x + GAP), row * (size.y + GAP)), size)
        })
        .collect()
}

/// Units below each other. More than a few stand in two columns, in zigzag, so that a line passes between those of one
/// column to each of the other.
fn column(count: usize, corner: Pos2, inner: f32) -> Vec<Rect> {
    let (side, pitch, columns) = match count {
        1 => (56.0, 56.0, 1),
        2..=4 => (36.0, 40.0, 1),
        5..=8 => (32.0, 18.0, 2),
        _ => (24.0, 13.5, 2),
    };
    let wide = columns as f32 * (side + GAP) - GAP;
    let left = corner.x + (inner - wide) / 2.0;
    let tile = |i: usize| {
        let at = pos2(left + (i % columns) as f32 * (side + GAP), corner.y + i as f32 * pitch);
        Rect::from_min_size(at, Vec2::splat(side))
    };
    (0..count).map(tile).collect()
}

/// The first on the axis of the card, the others below.
pub fn output_ports(layer: &Layer) -> impl Iterator<Item = Pos2> {
    let first = point(layer.position) + vec2(width(&layer.kind), AXIS);
    (0..layer.kind.spec().outputs().len()).map(move |port| first + vec2(0.0, port as f32 * PORT_STEP))
}

pub fn output_port(layer: &Layer, port: usize) -> Option<Pos2> {
    output_ports(layer).nth(port)
}

/// What a wire is drawn to that is dropped on an input port: one that has a meaning of its own, or the layer.
pub fn input_end(layer: &Layer, port: usize) -> End {
    match layer.kind.about().inputs {
        Inputs::Named(_) => End::at(layer.id, port),
        _ => layer.id.into(),
    }
}

/// All ports that have names; else one for each wire that arrives, and for merging layers one more that is free.
pub fn input_ports(graph: &Graph, layer: &Layer) -> Vec<Pos2> {
    let wires = graph.incoming(layer.id).count();
    (0..input_count(layer, wires)).filter_map(|i| input_port(layer, wires, i)).collect()
}

fn input_count(layer: &Layer, wires: usize) -> usize {
    match layer.kind.about().inputs {
        Inputs::Named(ports) => ports.len(),
        inputs => (wires + 1).max(inputs.least()).min(inputs.most().unwrap_or(usize::MAX)),
    }
}

fn input_port(layer: &Layer, wires: usize, index: usize) -> Option<Pos2> {
    let count = input_count(layer, wires);
    let middle = point(layer.position) + vec2(0.0, AXIS);
    let first = match layer.kind.about().inputs {
        Inputs::Named(_) => 0.0,
        _ => (1.0 - count as f32) / 2.0,
    };
    (index < count).then(|| middle + vec2(0.0, (first + index as f32) * PORT_STEP))
}

/// Where a new wire is aimed at: the port that is meant, or the one that a wire to the layer takes.
pub fn aim(graph: &Graph, end: End) -> Option<Pos2> {
    let port = end.port.unwrap_or_else(|| graph.free_input(end.layer));
    input_ports(graph, graph.layer(end.layer)?).get(port).copied()
}

/// Both ends of every wire. One pass over the graph: a lookup for each wire would be quadratic.
pub fn all_ends(graph: &Graph) -> Vec<(Wire, Pos2, Pos2)> {
    let mut arrived = std::collections::HashMap::<LayerId, usize>::new();
    for wire in graph.wires() {
        *arrived.entry(wire.to).or_default() += 1;
    }
    let place = |wire: &Wire| {
        let from = output_port(graph.layer(wire.from)?, wire.output)?;
        let to = input_port(graph.layer(wire.to)?, arrived.get(&wire.to).copied().unwrap_or(0), wire.input)?;
        Some((*wire, from, to))
    };
    graph.wires().iter().filter_map(place).collect()
}

/// Control points of the curve between two ports: leaves to the right, arrives from the left. To a lower or higher line
/// it turns back in the gap between the two.
pub fn curve(from: Pos2, to: Pos2, zoom: f32) -> [Pos2; 4] {
    let (back, down) = (from.x - to.x, to.y - from.y);
    if back > 0.0 && down.abs() > 2.0 * AXIS * zoom {
        let turn = vec2(0.2 * back + 40.0 * zoom, 1.35 * down);
        return [from, from + turn, to - turn, to];
    }
    let reach = if to.x >= from.x { (to.x - from.x) / 2.0 } else { ((from.x - to.x) / 2.0).min(160.0 * zoom) };
    let reach = reach.max(24.0 * zoom);
    [from, from + vec2(reach, 0.0), to - vec2(reach, 0.0), to]
}

/// How far a wire has to rise (negative) or sink to lead around the cards between its ends; 0 where nothing is in its
/// way.
pub fn detour(graph: &Graph, wire: &Wire, from: Pos2, to: Pos2) -> f32 {
    let across = to.x - from.x;
    if across <= WIDTH {
        return 0.0;
    }
    let others = graph.layers().filter(|layer| layer.id != wire.from && layer.id != wire.to);
    let between = others.filter(|layer| {
        let card = nominal(layer);
        card.right() > from.x + 8.0 && card.left() < to.x - 8.0
    });
    // How far each of them stands below the straight way.
    let below = |layer: &Layer| {
        let middle = nominal(layer).center();
        middle.y - from.y - (to.y - from.y) * ((middle.x - from.x) / across)
    };
    let heights: Vec<f32> = between.map(below).collect();
    if heights.iter().all(|height| height.abs() > AXIS * 0.8) {
        return 0.0;
    }
    let crowd = |range: std::ops::Range<f32>| heights.iter().filter(|height| range.contains(height)).count();
    let up = crowd(-3.0 * AXIS..-AXIS * 0.8) <= crowd(AXIS * 0.8..3.0 * AXIS);
    let rise = 112.0 + 0.14 * across;
    if up { -rise } else { rise }
}

/// As [`curve`], led around what is in the way; both lengths on the screen.
pub fn curve_around(from: Pos2, to: Pos2, zoom: f32, detour: f32) -> [Pos2; 4] {
    if detour == 0.0 {
        return curve(from, to, zoom);
    }
    let reach = 24.0 * zoom;
    [from, from + vec2(reach, detour), to + vec2(-reach, detour), to]
}

pub fn along([a, b, c, d]: [Pos2; 4], t: f32) -> Pos2 {
    let u = 1.0 - t;
    let sum = a.to_vec2() * (u * u * u)
        + b.to_vec2() * (3.0 * u * u * t)
        + c.to_vec2() * (3.0 * u * t * t)
        + d.to_vec2() * (t * t * t);
    sum.to_pos2()
}

/// Distance from a point to a curve, by short straight pieces.
pub fn distance(points: [Pos2; 4], to: Pos2) -> f32 {
    let hull = Rect::from_points(&points);
    if !hull.expand(24.0).contains(to) {
        return f32::INFINITY;
    }
    let mut nearest = f32::INFINITY;
    let mut last = points[0];
    for i in 1..=24 {
        let next = along(points, i as f32 / 24.0);
        nearest = nearest.min(to_segment(to, last, next));
        last = next;
    }
    nearest
}

pub fn to_segment(p: Pos2, a: Pos2, b: Pos2) -> f32 {
    let (ab, ap) = (b - a, p - a);
    let t = if ab == Vec2::ZERO { 0.0 } else { (ap.dot(ab) / ab.length_sq()).clamp(0.0, 1.0) };
    (ap - ab * t).length()
}

/// Layers whose cards may be on the screen.
pub fn near(graph: &Graph, visible: Rect) -> Vec<LayerId> {
    graph.layers().filter(|l| visible.intersects(nominal(l).expand(120.0))).map(|l| l.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Add, Dense, Input, Loss};

    fn graph() -> Graph {
        let mut graph = Graph::default();
        let input = graph.add(Input::default().into(), [0.0, 0.0]);
        let dense = graph.add(Dense::default().into(), [216.0, 0.0]);
        let add = graph.add(Add {}.into(), [432.0, 0.0]);
        graph.add(Loss::default().into(), [648.0, 0.0]);
        for (from, to) in [(input, dense), (input, add), (dense, add)] {
            graph.connect(from, to).unwrap();
        }
        graph
    }

    #[test]
    fn every_wire_has_a_port_of_its_own_and_merging_layers_a_free_one() {
        let graph = graph();
        let add = graph.find("Add 1").unwrap();
        let ports = input_ports(&graph, add);
        assert_eq!(ports.len(), 3);
        let ends: Vec<_> = all_ends(&graph).into_iter().filter(|(w, ..)| w.to == add.id).map(|(.., to)| to).collect();
        assert_eq!(ends, ports[..2]);
        assert_eq!(aim(&graph, add.id.into()), Some(ports[2]));
        assert!(output_port(graph.find("Loss").unwrap(), 0).is_none());
    }

    #[test]
    fn a_wire_leads_around_the_cards_in_its_way() {
        let mut graph = graph();
        let clear = |graph: &Graph| {
            let card = |layer: &Layer| Rect::from_center_size(nominal(layer).center(), vec2(WIDTH, AXIS));
            all_ends(graph).into_iter().all(|(wire, from, to)| {
                let points = curve_around(from, to, 1.0, detour(graph, &wire, from, to));
                let others = graph.layers().filter(|l| l.id != wire.from && l.id != wire.to);
                others.into_iter().all(|l| (0..=32).all(|i| !card(l).contains(along(points, i as f32 / 32.0))))
            })
        };
        assert!(clear(&graph), "past Dense, from Input to Add");
        let straight = |graph: &Graph, from: &str, to: &str| {
            let id = |name| graph.find(name).unwrap().id;
            let is = |(w, ..): &&(Wire, Pos2, Pos2)| (w.from, w.to) == (id(from), id(to));
            let ends = all_ends(graph);
            let &(wire, a, b) = ends.iter().find(is).unwrap();
            detour(graph, &wire, a, b)
        };
        assert_eq!(straight(&graph, "Input", "Dense 1"), 0.0);
        assert!(straight(&graph, "Input", "Add 1") < 0.0, "above");
        // A row above is in use: below then.
        graph.add(Dense::default().into(), [216.0, -190.0]);
        assert!(straight(&graph, "Input", "Add 1") > 0.0);
        assert!(clear(&graph));
    }

    #[test]
    fn a_wire_to_the_next_line_leads_between_the_cards() {
        for key in ["digits-cnn", "digits-resnet", "digits-attention"] {
            let graph = crate::model::templates::build(key).unwrap().graph;
            for (wire, from, to) in all_ends(&graph) {
                let points = curve_around(from, to, 1.0, detour(&graph, &wire, from, to));
                for layer in graph.layers().filter(|l| l.id != wire.from && l.id != wire.to) {
                    let card = nominal(layer);
                    let met = (0..=64).map(|i| along(points, i as f32 / 64.0)).find(|&p| card.contains(p));
                    assert_eq!(met, None, "{key}: from {from:?} to {to:?} over {}", layer.name);
                }
            }
        }
    }

    #[test]
    fn cards_grow_around_the_axis_of_their_ports() {
        let graph = graph();
        let dense = graph.find("Dense 1").unwrap();
        let layout = |tiles, units| {
            let content = Content { params: true, tiles, units, more: None, line: false, footer: true, strip: None };
            CardLayout::of(dense, &content, None, |text| text.len() as f32 * 6.0)
        };
        for card in [layout(0, false), layout(8, false), layout(16, false), layout(8, true), layout(16, true)] {
            assert!((card.rect.center().y - (dense.position[1] + AXIS)).abs() < 1e-3);
            assert!(card.params.iter().all(|p| card.rect.contains_rect(p.chip)), "chips inside");
            let steps: Vec<_> = card.params.iter().filter_map(|p| p.steps.map(|steps| (p.chip, steps))).collect();
            assert_eq!(steps.len(), 1, "the units go up and down");
            assert!(
                steps
                    .iter()
                    .all(|(chip, s)| s.iter().all(|s| card.rect.contains_rect(*s) && !s.shrink(0.1).intersects(*chip)))
            );
            assert!(card.tiles.iter().all(|&t| card.rect.contains_rect(t)), "tiles inside");
        }
        assert!(layout(16, false).rect.height() < 190.0, "rows of a tidy layout do not overlap");
        for count in 1..=COLUMN {
            let tiles = layout(count, true).tiles;
            let crosses = |i: usize, j: usize| tiles[j].y_range().contains(tiles[i].center().y);
            let apart = (0..count).all(|i| (0..count).all(|j| i == j || !crosses(i, j)));
            assert!(apart, "a line to one of {count} units crosses no other");
        }
    }

    #[test]
    fn distance_to_a_curve_is_zero_on_it() {
        let c = curve(pos2(0.0, 0.0), pos2(100.0, 40.0), 1.0);
        assert!(distance(c, along(c, 0.37)) < 0.5);
        assert!(distance(c, pos2(50.0, 60.0)) > 20.0);
    }
}
