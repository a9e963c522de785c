//! The weights of one unit as links: while a unit is pointed at, a line from every unit that feeds it, as thick and as
//! coloured as the weight. All weights at once would be a tangle.

use egui::epaint::CubicBezierShape;
use egui::{Align2, Color32, Pos2, Stroke, vec2};

use super::super::numbers::number;
use super::super::theme::mono;
use super::{CanvasUi, Frame, geometry};
use crate::model::LayerId;

pub fn show(frame: &Frame<'_>, local: &CanvasUi) {
    let Some((layer, unit)) = local.hovered_unit else { return };
    let Some((source, weights)) = incoming(frame, layer, unit) else { return };
    let (Some(from), Some(to)) = (frame.cards.get(&source), frame.cards.get(&layer)) else { return };
    let Some(target) = to.tiles.get(unit).filter(|_| from.tiles.len() == weights.len()) else { return };
    let strongest = weights.iter().fold(1e-6f32, |m, w| m.max(w.abs()));
    let end = frame.at(target.left_center());
    for (tile, &weight) in from.tiles.iter().zip(weights) {
        link(frame, frame.at(tile.right_center()), end, weight / strongest);
    }
    if weights.len() <= 4 && frame.has_detail() {
        for (tile, &weight) in from.tiles.iter().zip(weights) {
            value(frame, frame.at(tile.right_center()), weight);
        }
    }
}

/// The weights of a unit and the layer that they come from, if they are on the picture.
fn incoming<'a>(frame: &Frame<'a>, layer: LayerId, unit: usize) -> Option<(LayerId, &'a [f32])> {
    let picture = frame.state.run.picture.as_ref()?.layers.get(&layer)?;
    let matrix = picture.weights.iter().find(|m| m.name == "weight")?;
    let &[units, inputs] = matrix.dims.as_slice() else { return None };
    let row = (unit < units).then(|| matrix.values.get(unit * inputs..(unit + 1) * inputs)).flatten()?;
    let wire = frame.graph.incoming(layer).next()?;
    Some((wire.from, row))
}

/// `strength` is -1 to 1.
fn link(frame: &Frame<'_>, from: Pos2, to: Pos2, strength: f32) {
    let t = &frame.tokens;
    let colour = if strength < 0.0 { t.neg } else { t.pos };
    let stroke = Stroke::new(
        frame.scaled(0.75 + 3.0 * strength.abs()).max(0.75),
        colour.gamma_multiply(0.35 + 0.65 * strength.abs()),
    );
    let points = geometry::curve(from, to, frame.view.zoom);
    frame.painter.add(CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke));
}

fn value(frame: &Frame<'_>, at: Pos2, weight: f32) {
    let t = &frame.tokens;
    let galley = frame.painter.layout_no_wrap(number(weight), frame.font(mono(10.0)), t.text);
    let rect = Align2::LEFT_CENTER.anchor_size(at + vec2(frame.scaled(8.0), 0.0), galley.size());
    frame.painter.rect_filled(rect.expand(2.0), 3.0, t.canvas.gamma_multiply(0.85));
    frame.painter.galley(rect.min, galley, t.text);
}
