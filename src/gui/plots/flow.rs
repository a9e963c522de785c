//! Gradient flow: how strong a signal each layer gets to learn from. Bars on a logarithmic scale, since healthy
//! networks differ by powers of ten and sick ones by many.

use egui::{Align2, Color32, Pos2, Rect, ScrollArea, Sense, Stroke, Ui, Vec2, WidgetInfo};
use egui_plot::{PlotBounds, PlotTransform};

use super::empty;
use super::ticks::TickKind;
use super::{FlowOrder, PlotsUi};
use crate::gui::numbers::number;
use crate::gui::reading::read_text;
use crate::gui::theme::{self, Tokens};
use crate::model::LayerId;
use crate::session::{Action, State};

const ROW: f32 = 24.0;
const NAME: f32 = 120.0;
const VALUE: f32 = 72.0;

/// One layer's bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub id: LayerId,
    pub name: String,
    pub norm: f32,
}

/// What all bars need.
pub(super) fn height(state: &State, order: FlowOrder) -> f32 {
    flows(state, order).len() as f32 * ROW + 64.0
}

/// The layers that have a gradient, in the order asked for.
pub fn flows(state: &State, order: FlowOrder) -> Vec<Flow> {
    let Some(picture) = &state.run().picture else { return Vec::new() };
    let graph = &*state.project().graph.unfolded();
    let mut flows: Vec<Flow> = graph
        .topological_order()
        .into_iter()
        .filter_map(|id| {
            let norm = picture.layers.get(&id)?.gradient_norm?;
            Some(Flow { id, name: id.title(&graph.layer(id)?.name), norm })
        })
        .collect();
    match order {
        FlowOrder::Network => {}
        FlowOrder::Largest => flows.sort_by(|a, b| rank(b.norm).total_cmp(&rank(a.norm))),
        FlowOrder::Smallest => flows.sort_by(|a, b| rank(a.norm).total_cmp(&rank(b.norm))),
    }
    flows
}

/// NaN counts as larger than everything: it is what must be seen.
fn rank(norm: f32) -> f32 {
    if norm.is_nan() { f32::INFINITY } else { norm }
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut PlotsUi, actions: &mut Vec<Action>) {
    let flows = flows(state, local.order);
    if flows.is_empty() {
        if state.run().step == 0 {
            return empty::no_run(ui, tokens, state, actions);
        }
        let text = "The gradient norm of each layer appears after the next step.";
        return empty::say(ui, tokens, "No gradients yet", text);
    }
    let (from, to) = decades(&flows);
    let step = state.run().picture.as_ref().map_or(0, |p| p.step);
    let width = ui.available_width();
    ui.spacing_mut().item_spacing.y = 0.0;
    let top = ui.cursor().min + Vec2::new(12.0, 8.0);
    let height = ui.available_height() - 48.0;
    let body = Rect::from_min_size(top, Vec2::new(width - 24.0, height.max(ROW)));
    let bars = Rect::from_min_max(
        Pos2::new(body.left() + NAME, body.top()),
        Pos2::new((body.right() - VALUE).max(body.left() + NAME + 8.0), body.bottom()),
    );
    let places = PlotTransform::new(bars, PlotBounds::from_min_max([from, 0.0], [to, 1.0]), false);
    for mark in TickKind::Logarithm.marks((from, to), 80.0 / places.dpos_dvalue_x()) {
        let x = places.position_from_point_x(mark.value);
        ui.painter().vline(x, bars.y_range(), Stroke::new(1.0, tokens.line));
        let (at, text) = (Pos2::new(x, bars.bottom() + 6.0), TickKind::Logarithm.write(mark, to));
        ui.painter().text(at, Align2::CENTER_TOP, text, theme::mono(11.0), tokens.faint);
    }
    let caption = format!("gradient norm of each layer at step {}, log scale", crate::gui::numbers::count(step));
    let at = Pos2::new(bars.left(), bars.bottom() + 6.0);
    if width > 620.0 {
        ui.painter().text(at + Vec2::new(0.0, 18.0), Align2::LEFT_TOP, caption, theme::regular(11.0), tokens.faint);
    }
    ui.scope_builder(egui::UiBuilder::new().max_rect(body), |ui| {
        ScrollArea::vertical().id_salt("gradient flow").max_height(body.height()).show(ui, |ui| {
            for flow in &flows {
                row(ui, tokens, &places, flow, actions);
            }
        });
    });
}

/// The ends of the axis as powers of ten: from a decade below the smallest to the largest, so that no bar is empty.
fn decades(flows: &[Flow]) -> (f64, f64) {
    let usable = || flows.iter().map(|f| f64::from(f.norm)).filter(|n| n.is_finite() && *n > 0.0);
    let (low, high) = (usable().fold(f64::INFINITY, f64::min), usable().fold(0.0, f64::max));
    if high == 0.0 {
        return (-3.0, 0.0);
    }
    ((low.log10() - 0.3).floor(), (high.log10() + 0.05).ceil())
}

fn row(ui: &mut Ui, tokens: &Tokens, places: &PlotTransform, flow: &Flow, actions: &mut Vec<Action>) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::click());
    let text = format!("{}: gradient norm {}", flow.name, number(flow.norm));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &text));
    let painter = ui.painter();
    if response.hovered() {
        painter.rect_filled(rect, 4.0, tokens.hover.gamma_multiply(0.5));
    }
    let clip = painter.with_clip_rect(rect.with_max_x(rect.left() + NAME - 8.0).intersect(ui.clip_rect()));
    clip.text(rect.left_center(), Align2::LEFT_CENTER, &flow.name, theme::regular(13.0), tokens.text);
    let broken = !flow.norm.is_finite();
    let bars = places.frame();
    let length = f64::from(flow.norm).log10().max(places.bounds().min()[0]);
    let end = if broken { bars.right() } else { places.position_from_point_x(length) };
    let bar = Rect::from_min_max(
        Pos2::new(bars.left(), rect.top() + 5.0),
        Pos2::new(end.max(bars.left()), rect.bottom() - 5.0),
    );
    let colour: Color32 = if broken { tokens.bad } else { tokens.accent };
    painter.rect_filled(bar, 3.0, colour);
    let number_colour = if broken { tokens.bad } else { tokens.muted };
    painter.text(rect.right_center(), Align2::RIGHT_CENTER, number(flow.norm), theme::mono(12.0), number_colour);
    if response.hovered() {
        read_text(&response, &format!("{text}. Click to select the layer."));
    }
    if response.clicked() {
        actions.push(Action::Select { layers: vec![flow.id], extend: false });
    }
}
