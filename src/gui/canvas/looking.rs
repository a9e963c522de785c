//! Where one looks: panning, zooming, and finding a view when a project is opened, has grown, or the canvas changes its size.
//!
//! A view that was found here is found anew when the canvas changes its size; one that a person chose stays.

use egui::{Pos2, Rect};

use super::view::View;
use super::{CanvasUi, Gesture, geometry};
use crate::model::Graph;
use crate::session::State;

/// Why the view is as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// As an empty canvas has it, or with something new in the middle.
    #[default]
    Loose,
    /// A first look at a project.
    First,
    /// Everything was asked for.
    Whole,
}

impl CanvasUi {
    fn frame(&mut self, view: View, why: Framing) {
        self.view = view;
        self.framed = (view, why);
    }
}

/// The view of this frame.
pub fn around(ui: &egui::Ui, rect: Rect, background: &egui::Response, state: &State, local: &mut CanvasUi) {
    let graph = &state.project.graph;
    if graph.is_empty() {
        local.frame(View::default(), Framing::Loose);
        local.opened = true;
    }
    if *graph != local.seen {
        let another = local.seen.is_empty() || is_another_project(state, &local.seen);
        if another {
            local.unfolded.clear();
        }
        if another || pushed_out(graph, &local.seen, local.view, rect) {
            local.opened = true;
        } else if let Some(news) = hidden_news(graph, &local.seen, local.view, rect) {
            local.view.centre_on(rect, news);
            local.frame(local.view, Framing::Loose);
        }
        local.seen = graph.clone();
    }
    follow_size(rect, local);
    if let Some(bounds) = geometry::bounds(graph) {
        // The first layer of an empty canvas stays where it was dropped.
        if std::mem::take(&mut local.opened) && (graph.len() > 1 || state.history.undo_name().is_none()) {
            local.frame(View::first(rect, bounds), Framing::First);
        }
        if std::mem::take(&mut local.fit) {
            local.frame(View::fit(rect, bounds), Framing::Whole);
        }
    }
    by_hand(ui, rect, background, local);
}

/// A canvas of another size: the network would be half out of it.
fn follow_size(rect: Rect, local: &mut CanvasUi) {
    let before = std::mem::replace(&mut local.size, rect.size());
    if before == egui::Vec2::ZERO || (before - rect.size()).abs().max_elem() < 0.5 {
        return;
    }
    match local.framed {
        (view, _) if view != local.view => {}
        (_, Framing::First) => local.opened = true,
        (_, Framing::Whole) => local.fit = true,
        (view, Framing::Loose) => {
            let sees = |size| {
                let visible = view.visible(Rect::from_min_size(rect.min, size));
                move |layer: &crate::model::Layer| visible.contains(geometry::nominal(layer).center())
            };
            local.opened |= local.seen.layers().all(sees(before)) && !local.seen.layers().all(sees(rect.size()));
        }
    }
}

fn by_hand(ui: &egui::Ui, rect: Rect, background: &egui::Response, local: &mut CanvasUi) {
    let Some(pointer) = ui.ctx().pointer_latest_pos() else { return };
    let over = background.container_contains_pointer() && rect.contains(pointer);
    pan(ui, over, local);
    if over && !ui.ctx().any_popup_open() {
        let (scroll, zoom) = ui.input(|i| {
            let pinch = i.multi_touch().is_some() || i.events.iter().any(|e| matches!(e, egui::Event::Zoom(_)));
            // A notch of the wheel counts half of what egui makes of it; fingers are followed exactly.
            (i.smooth_scroll_delta(), i.zoom_delta().powf(if pinch { 1.0 } else { 0.5 }))
        });
        local.view.offset += scroll;
        if zoom != 1.0 {
            local.view.zoom_about(rect, pointer, zoom);
        }
    }
}

/// Middle drag, or drag with Space held.
fn pan(ui: &egui::Ui, over: bool, local: &mut CanvasUi) {
    let typing = ui.ctx().text_edit_focused();
    let (middle, primary, down, delta, space, space_pressed) = ui.input(|i| {
        let p = &i.pointer;
        (
            p.button_pressed(egui::PointerButton::Middle),
            p.button_pressed(egui::PointerButton::Primary),
            p.middle_down() || (p.primary_down() && i.key_down(egui::Key::Space)),
            p.delta(),
            i.key_down(egui::Key::Space),
            i.key_pressed(egui::Key::Space),
        )
    });
    if space_pressed {
        local.space_panned = false;
    }
    if over && (middle || (primary && space && !typing)) {
        local.gesture = Gesture::Pan;
        local.space_panned |= space;
    }
    if matches!(local.gesture, Gesture::Pan) {
        local.view.offset += delta;
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
        if !down {
            local.gesture = Gesture::Idle;
        }
    } else if space && over && !typing {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grab);
    }
}

/// Opened, not edited: there is nothing to undo, and most of the layers are others.
fn is_another_project(state: &State, seen: &Graph) -> bool {
    let graph = &state.project.graph;
    let fresh = state.history.undo_name().is_none() && state.history.redo_name().is_none();
    let same = graph.layers().filter(|l| seen.layer(l.id).is_some_and(|s| s.name == l.name)).count();
    fresh && same * 2 < graph.len()
}

/// Whether everything was in sight, and a new card has pushed something out of it.
fn pushed_out(graph: &Graph, seen: &Graph, view: View, rect: Rect) -> bool {
    let visible = view.visible(rect);
    let sees = |layer: &crate::model::Layer| visible.contains(geometry::nominal(layer).center());
    graph.len() > seen.len()
        && seen.layers().all(sees)
        && graph.layers().any(|l| seen.layer(l.id).is_some() && !sees(l))
}

/// The middle of a new card that cannot be seen.
fn hidden_news(graph: &Graph, seen: &Graph, view: View, rect: Rect) -> Option<Pos2> {
    let visible = view.visible(rect).expand(8.0);
    let new = graph.layers().filter(|l| seen.layer(l.id).is_none());
    new.map(|l| geometry::nominal(l).center()).find(|centre| !visible.contains(*centre))
}
