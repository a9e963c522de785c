//! The network on paper: every card and wire, and nothing that can be pressed.

use egui::{Rect, Ui, Vec2};

use super::looking::Framing;
use super::view::View;
use super::{CanvasUi, geometry, show};
use crate::gui::figure::{Offer, Sheet};
use crate::session::State;

/// Around the network.
const MARGIN: f32 = 24.0;
/// A larger network is drawn smaller.
const MOST: Vec2 = Vec2::new(2400.0, 1600.0);

pub(super) fn offer(state: &State) -> Offer {
    Offer { picture: !state.project.graph.is_empty(), numbers: false }
}

pub fn sheet(state: &State) -> Sheet<'_> {
    let graph = &state.project.graph;
    let bounds = geometry::bounds(graph).unwrap_or(Rect::from_min_size(egui::Pos2::ZERO, Vec2::splat(100.0)));
    let zoom = (MOST / bounds.size()).min_elem().min(1.0);
    let view = View { offset: Vec2::splat(MARGIN) - bounds.min.to_vec2() * zoom, zoom };
    let mut local = CanvasUi { opened: false, seen: graph.clone(), view, ..CanvasUi::default() };
    local.frame(view, Framing::Loose);
    Sheet {
        name: format!("{} network", state.project.name),
        title: String::new(),
        caption: String::new(),
        size: bounds.size() * zoom + Vec2::splat(2.0 * MARGIN),
        prepare: Box::new(|_| {}),
        contents: Box::new(move |ui: &mut Ui| show(ui, state, &mut local, &mut Vec::new())),
        numbers: Box::new(|_| {}),
    }
}
