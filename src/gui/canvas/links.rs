//! Weights as lines between the units of neighbouring cards, as thick and as coloured as the weight, and biases as dots
//! at the units. Where they would be a tangle, only those of the unit that is pointed at.

use egui::epaint::Vertex;
use egui::{Color32, Mesh, Pos2, Rect, Role, Sense, Stroke, Vec2, pos2};

use super::super::figure;
use super::super::number_editor::{Number, reach};
use super::super::numbers::number;
use super::super::reading::read_text;
use super::super::units;
use super::geometry::{self, CardLayout};
use super::{CanvasUi, Frame, Gesture, id, name};
use crate::model::{LayerId, LayerKind};
use crate::trace::Matrix;

/// More lines than this on the screen say nothing.
const MOST: usize = 1_500;
/// So many are a tangle when all are wide.
const CROWD: usize = 120;
/// How near the pointer has to be, in points of the screen.
const TOUCH: f32 = 5.0;
/// Of a bias's dot.
const DOT: f32 = 3.5;

/// One number of a layer: what it multiplies of the unit's inputs; its bias without an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightAt {
    pub layer: LayerId,
    pub unit: usize,
    pub input: Option<usize>,
}

/// A line of a weight, or the dot of a bias, on the screen.
struct Link {
    place: WeightAt,
    source: LayerId,
    value: f32,
    /// Beside the strongest of its layer: -1 to 1.
    strength: f32,
    points: Vec<Pos2>,
}

/// A layer whose units and whose inputs are in sight.
struct Bundle<'a> {
    layer: LayerId,
    source: LayerId,
    from: &'a CardLayout,
    to: &'a CardLayout,
}

fn bundles<'a>(frame: &'a Frame<'_>, local: &CanvasUi) -> Vec<Bundle<'a>> {
    let pointed = local.shown_unit().map(|(layer, _)| layer);
    let mut lines = 0;
    let bundle = |(&layer, to): (&LayerId, &'a CardLayout)| {
        if !matches!(frame.graph.layer(layer)?.kind, LayerKind::Dense(_)) {
            return None;
        }
        let source = frame.graph.incoming(layer).next()?.from;
        let from = frame.cards.get(&source)?;
        lines += from.tiles.len() * to.tiles.len();
        let all = from.is_column && to.is_column && lines <= MOST;
        (all || pointed == Some(layer)).then_some(Bundle { layer, source, from, to })
    };
    frame.cards.iter().filter_map(bundle).collect()
}

/// The lines and dots of one layer: all, or those of the unit that is pointed at.
fn links(frame: &Frame<'_>, local: &CanvasUi, bundle: &Bundle<'_>) -> Option<Vec<Link>> {
    let &Bundle { layer, source, from, to } = bundle;
    let picture = frame.state.run().picture.as_ref()?.layers.get(&layer)?;
    let tensor = |name: &str| picture.weights.iter().find(|matrix| matrix.name == name);
    let weights = tensor("weight")?;
    let &[units, inputs] = weights.dims.as_slice() else { return None };
    let all = from.is_column && to.is_column;
    // The picture may be of the network as it was a moment ago. A folded card shows the first of its units.
    let fits = |count: usize, card: &CardLayout| match card.tiles.len() {
        shown if card.more.is_some() => count >= shown,
        shown => count == shown,
    };
    if all && !(fits(units, to) && fits(inputs, from)) {
        return None;
    }
    let strongest = strongest(weights);
    let mut links = Vec::new();
    for unit in (0..units.min(to.tiles.len())).filter(|unit| all || local.shown_unit() == Some((layer, *unit))) {
        for (input, tile) in from.tiles.iter().enumerate().take(inputs) {
            let Some(&value) = weights.values.get(unit * inputs + input) else { continue };
            let points = path(frame, (from, *tile), (to, to.tiles[unit]));
            let place = WeightAt { layer, unit, input: Some(input) };
            links.push(Link { place, source, value, strength: strength(value, strongest), points });
        }
    }
    if let Some(bias) = tensor("bias").filter(|_| all) {
        for (unit, (&value, tile)) in bias.values.iter().zip(&to.tiles).enumerate() {
            let at = frame.at(tile.left_bottom()) + Vec2::new(1.0, -1.0) * frame.scaled(DOT);
            let place = WeightAt { layer, unit, input: None };
            links.push(Link {
                place,
                source,
                value,
                strength: strength(value, self::strongest(bias)),
                points: vec![at],
            });
        }
    }
    Some(links)
}

fn strongest(matrix: &Matrix) -> f32 {
    matrix.values.iter().filter(|w| w.is_finite()).fold(1e-6f32, |m, w| m.max(w.abs()))
}

fn strength(value: f32, strongest: f32) -> f32 {
    if value.is_nan() { 1.0 } else { (value / strongest).clamp(-1.0, 1.0) }
}

/// From unit to unit: level past the other units of its card, and bent in between.
fn path(frame: &Frame<'_>, (from, a): (&CardLayout, Rect), (to, b): (&CardLayout, Rect)) -> Vec<Pos2> {
    let edge = |card: &CardLayout, side: fn(&Rect) -> f32, pick: fn(f32, f32) -> f32| {
        card.tiles.iter().map(side).reduce(pick).unwrap_or_default()
    };
    let (start, end) = (frame.at(a.right_center()), frame.at(b.left_center()));
    let leaves = frame.at(pos2(edge(from, Rect::right, f32::max), a.center().y));
    let arrives = if to.is_column { frame.at(pos2(edge(to, Rect::left, f32::min), b.center().y)) } else { end };
    let curve = geometry::curve(leaves, arrives, frame.view.zoom);
    let pieces = ((arrives - leaves).length() / 12.0).clamp(6.0, 24.0) as usize;
    let bent = (0..=pieces).map(|i| geometry::along(curve, i as f32 / pieces as f32));
    std::iter::once(start).chain(bent).chain([end]).collect()
}

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi) {
    let bundles = bundles(frame, local);
    // Their weights are asked for, and drawn once they are known.
    local.linked = bundles.iter().map(|bundle| bundle.layer).collect();
    let found = bundles.iter().filter_map(|bundle| links(frame, local, bundle)).flatten();
    let screen = frame.rect.expand(8.0);
    let links: Vec<Link> =
        found.filter(|link| Rect::from_points(&link.points).expand(1.0).intersects(screen)).collect();
    local.edited = local.edited.filter(|_| local.editor.is_open());
    let edited = links.iter().find(|link| Some(link.place) == local.edited);
    let touched = if local.editor.is_open() { edited } else { touched(ui, frame, local, &links) };
    let lit = |link: &Link| match (touched.map(|link| link.place), local.shown_unit()) {
        (Some(place), _) => link.place == place,
        (None, Some(unit)) => {
            unit == (link.place.layer, link.place.unit) || link.place.input.is_some_and(|i| unit == (link.source, i))
        }
        (None, None) => true,
    };
    paint(frame, &links, lit, figure::is_paper(ui));
    if let Some(link) = touched.filter(|_| !local.editor.is_open())
        && read(ui, frame, link)
        && let Some(at) = ui.ctx().pointer_latest_pos()
        && let Some(number) = number_of(frame, link)
    {
        local.editor.open(number, at);
        local.edited = Some(link.place);
    }
}

/// The dot or the line under the pointer, where nothing else is.
fn touched<'a>(ui: &egui::Ui, frame: &Frame<'_>, local: &CanvasUi, links: &'a [Link]) -> Option<&'a Link> {
    let pointer = ui.ctx().pointer_latest_pos().filter(|_| matches!(local.gesture, Gesture::Idle))?;
    if !ui.rect_contains_pointer(frame.rect) || ui.input(|i| i.pointer.any_down() && i.pointer.is_decidedly_dragging())
    {
        return None;
    }
    let dot = |link: &&Link| link.points.len() == 1 && link.points[0].distance(pointer) <= TOUCH;
    if let Some(dot) = links.iter().find(dot) {
        return Some(dot);
    }
    if local.hovered_unit.is_some() || is_over_a_control(ui, frame, pointer) {
        return None;
    }
    let near = links.iter().filter(|link| Rect::from_points(&link.points).expand(TOUCH).contains(pointer));
    let near = near.map(|link| (distance(&link.points, pointer), link)).filter(|(distance, _)| *distance <= TOUCH);
    // Of lines that meet at a unit the strong one, that can be seen.
    near.min_by(|(a, x), (b, y)| (a - x.strength.abs()).total_cmp(&(b - y.strength.abs()))).map(|(_, link)| link)
}

fn distance(points: &[Pos2], to: Pos2) -> f32 {
    points.windows(2).map(|pair| geometry::to_segment(to, pair[0], pair[1])).fold(f32::INFINITY, f32::min)
}

/// Whether the pointer is on a port, on a button of a wire, or on the shape that it carries.
fn is_over_a_control(ui: &egui::Ui, frame: &Frame<'_>, pointer: Pos2) -> bool {
    let over = |id| ui.ctx().read_response(id).is_some_and(|response| response.rect.contains(pointer));
    let ports =
        frame.cards.keys().any(|layer| over(id("output", layer.0)) || over(id("input", layer.0.wrapping_mul(1024))));
    let steps = super::steps::taken(frame).iter().any(|rect| rect.contains(pointer));
    ports || steps || frame.curves.iter().any(|(wire, _)| over(id("wire", wire.id.0)))
}

/// All lines are one mesh in the window; on paper each is a line, sharp at any size.
fn paint(frame: &Frame<'_>, links: &[Link], lit: impl Fn(&Link) -> bool, on_paper: bool) {
    let t = &frame.tokens;
    let mut mesh = Mesh::default();
    let (dots, lines): (Vec<&Link>, Vec<&Link>) = links.iter().partition(|link| link.points.len() == 1);
    let is_crowd = lines.len() > CROWD;
    // What is lit lies on top.
    for wanted in [false, true] {
        for link in lines.iter().filter(|link| lit(link) == wanted) {
            // Of many only the strong ones are seen.
            let size = if is_crowd { link.strength.powi(2) } else { link.strength.abs() };
            let colour = if link.value.is_nan() {
                t.bad
            } else if link.strength < 0.0 {
                t.neg
            } else {
                t.pos
            };
            let opacity = (0.2 + 0.8 * size) * if wanted { 1.0 } else { 0.25 };
            let most = if is_crowd { 2.0 } else { 3.0 };
            let width = frame.scaled(0.75 + most * size).max(0.75) * t.weight;
            let colour = colour.gamma_multiply(opacity);
            if on_paper {
                frame.painter.line(link.points.clone(), Stroke::new(width, colour));
            } else {
                stroke(&mut mesh, &link.points, width, colour);
            }
        }
    }
    frame.painter.add(mesh);
    for link in dots {
        let fill = if link.value.is_nan() { t.bad } else { t.diverging(link.strength) };
        let ring = Stroke::new(1.0, if lit(link) { t.text } else { t.faint });
        frame.painter.circle(link.points[0], frame.scaled(DOT).max(2.0), fill, ring);
    }
}

/// A line with soft edges.
fn stroke(mesh: &mut Mesh, points: &[Pos2], width: f32, colour: Color32) {
    const SOFT: f32 = 0.6;
    let base = mesh.vertices.len() as u32;
    let (inner, outer) = ((width / 2.0 - SOFT / 2.0).max(0.1), width / 2.0 + SOFT);
    for (i, &point) in points.iter().enumerate() {
        let along = points[(i + 1).min(points.len() - 1)] - points[i.saturating_sub(1)];
        let across = along.normalized().rot90();
        for (offset, colour) in
            [(-outer, Color32::TRANSPARENT), (-inner, colour), (inner, colour), (outer, Color32::TRANSPARENT)]
        {
            mesh.vertices.push(Vertex { pos: point + across * offset, uv: egui::epaint::WHITE_UV, color: colour });
        }
    }
    for piece in 0..points.len().saturating_sub(1) as u32 {
        for side in 0..3 {
            let a = base + 4 * piece + side;
            mesh.add_triangle(a, a + 1, a + 4);
            mesh.add_triangle(a + 1, a + 5, a + 4);
        }
    }
}

/// What is to be set where it is clicked.
fn number_of(frame: &Frame<'_>, link: &Link) -> Option<Number> {
    let WeightAt { layer, unit, input } = link.place;
    let picture = frame.state.run().picture.as_ref()?.layers.get(&layer)?;
    let wanted = if input.is_some() { "weight" } else { "bias" };
    let matrix = picture.weights.iter().find(|matrix| matrix.name == wanted)?;
    let index = std::iter::once(unit).chain(input).collect();
    let what = units::weight(frame.state, Some(link.source), layer, unit, input);
    Some(Number { tensor: matrix.tensor.clone(), index, what, value: link.value, range: reach(&matrix.values) })
}

/// Its name and number, at the pointer; whether it was clicked.
fn read(ui: &mut egui::Ui, frame: &Frame<'_>, link: &Link) -> bool {
    let Some(pointer) = ui.ctx().pointer_latest_pos() else { return false };
    let WeightAt { layer, unit, input } = link.place;
    let words =
        format!("{}: {}", units::weight(frame.state, Some(link.source), layer, unit, input), number(link.value));
    let spot = Rect::from_center_size(pointer, Vec2::splat(2.0 * TOUCH));
    let response = ui.interact(spot, id("weight", 0), Sense::CLICK);
    name(&response, Role::Button, &words);
    ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    read_text(&response, &words);
    response.clicked()
}
