//! The network on paper: every card and wire, and nothing that can be pressed.

use egui::{Pos2, Rect, Ui, Vec2};

use super::looking::Framing;
use super::view::View;
use super::{CanvasUi, geometry, show};
use crate::gui::figure::{self, Offer, Sheet};
use crate::session::State;

/// Around the network.
const MARGIN: f32 = 24.0;
/// The same, before it is known how tall the cards are.
const AROUND: f32 = 600.0;
/// A larger network is drawn smaller.
const MOST: Vec2 = Vec2::new(2400.0, 1600.0);

pub(super) fn offer(state: &State) -> Offer {
    Offer { picture: !state.project().graph.is_empty(), numbers: false }
}

/// As the window's canvas shows its cards, whole.
pub fn sheet<'a>(state: &'a State, window: &CanvasUi) -> Sheet<'a> {
    let bounds = geometry::bounds(&state.project().graph.level(state.inside()))
        .unwrap_or(Rect::from_min_size(Pos2::ZERO, Vec2::splat(100.0)));
    let zoom = (MOST / bounds.size()).min_elem().min(1.0);
    let mut view = View { offset: Vec2::splat(AROUND) - bounds.min.to_vec2() * zoom, zoom };
    let nominal = Rect::from_min_size(Pos2::ZERO + Vec2::splat(AROUND), bounds.size() * zoom);
    // How tall a card is depends on what is on it.
    let mut first = looking_at(state, window, view);
    figure::measure(nominal.size() + Vec2::splat(2.0 * AROUND), |ui| show(ui, state, &mut first, &mut Vec::new()));
    let drawn = first.cards().reduce(Rect::union).unwrap_or(nominal);
    let drawn = drawn.with_min_x(nominal.left()).with_max_x(nominal.right()).expand(MARGIN);
    view.offset -= drawn.min.to_vec2();
    let mut local = looking_at(state, window, view);
    Sheet {
        name: format!("{} network", state.project().name),
        title: String::new(),
        caption: String::new(),
        size: drawn.size().ceil(),
        prepare: Box::new(|_| {}),
        contents: Box::new(move |ui: &mut Ui| show(ui, state, &mut local, &mut Vec::new())),
        numbers: Box::new(|_| {}),
    }
}

/// A canvas of its own: textures belong to the paper that they are on.
fn looking_at(state: &State, window: &CanvasUi, view: View) -> CanvasUi {
    let (seen, unfolded) = (state.project().graph.level(state.inside()).into_owned(), window.unfolded.clone());
    let mut local = CanvasUi { opened: false, seen, unfolded, view, ..CanvasUi::default() };
    local.frame(view, Framing::Loose);
    local
}
