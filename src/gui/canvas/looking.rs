//! Where one looks: panning, zooming, and finding a view when a project is opened, has grown, or the canvas changes its
//! size.
//!
//! A view that was found here is found anew when the canvas changes its size; one that a person chose stays.

use egui::Rect;

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

/// Where one looks, to be had back.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    view: View,
    framed: (View, Framing),
    size: egui::Vec2,
}

impl CanvasUi {
    /// Shows the whole network in a canvas of another size. Returns what was seen before.
    pub fn look_anew(&mut self) -> Looks {
        let before = Looks { view: self.view, framed: self.framed, size: self.size };
        self.fit = true;
        before
    }

    /// As it was. A canvas that has changed its size since is looked at anew, if its view was not chosen by hand.
    pub fn look_as(&mut self, before: Looks) {
        (self.view, self.framed, self.size) = (before.view, before.framed, before.size);
        (self.fit, self.opened) = (false, false);
    }

    pub(super) fn frame(&mut self, view: View, why: Framing) {
        self.view = view;
        self.framed = (view, why);
    }
}

/// What is looked at by itself is to be read.
const READABLE: f32 = 0.7;

/// The view of this frame.
pub fn around(ui: &egui::Ui, rect: Rect, background: &egui::Response, state: &State, local: &mut CanvasUi) {
    let graph = &*state.project().graph.level(state.inside());
    if graph.is_empty() {
        local.frame(View::default(), Framing::Loose);
        local.opened = true;
    }
    let is_moving = matches!(local.gesture, Gesture::Move(_));
    // What the hand lets go of lands a frame later.
    let is_by_hand = std::mem::replace(&mut local.was_moving, is_moving) || is_moving;
    let another = local.seen.is_empty() || state.opened() != local.project;
    if another {
        local.unfolded.clear();
        local.looks.clear();
        local.pinned_unit = None;
        local.inside = state.inside();
    }
    let elsewhere = std::mem::replace(&mut local.inside, state.inside());
    if elsewhere != state.inside() {
        local.looks.insert(elsewhere, Looks { view: local.view, framed: local.framed, size: local.size });
        local.seen = graph.clone();
        match local.looks.get(&state.inside()).copied() {
            Some(before) => local.look_as(before),
            None => local.opened = true,
        }
    }
    if another || *graph != local.seen {
        if another
            || (!is_by_hand && (pushed_out(graph, &local.seen, local.view, rect) || is_elsewhere(graph, local, rect)))
        {
            local.opened = true;
        } else if let Some(news) = hidden_news(graph, &local.seen, local.view, rect) {
            look_at(news, rect, local);
        }
        (local.seen, local.project) = (graph.clone(), state.opened());
    }
    follow_size(rect, local);
    if let Some(card) = local.wanted.take().and_then(|id| graph.layer(id)).map(geometry::nominal) {
        local.view.zoom = local.view.zoom.max(READABLE);
        let free = rect.with_min_x(local.covered.clamp(rect.left(), rect.center().x));
        local.view.centre_on(rect, card.center());
        local.view.offset.x += free.center().x - rect.center().x;
    }
    if let Some(bounds) = geometry::bounds(graph) {
        // The first layer of an empty canvas stays where it was dropped.
        if std::mem::take(&mut local.opened) && (graph.len() > 1 || state.history().undo_name().is_none()) {
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
    if over && !egui::Popup::is_any_open(ui.ctx()) {
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

/// Whether everything was in sight, and something is out of it now.
fn pushed_out(graph: &Graph, seen: &Graph, view: View, rect: Rect) -> bool {
    let visible = view.visible(rect);
    let sees = |layer: &crate::model::Layer| visible.contains(geometry::nominal(layer).center());
    seen.layers().all(sees) && graph.layers().any(|l| seen.layer(l.id).is_some() && !sees(l))
}

/// Whether another network stands there, most of its layers are others, or one that is wholly out of sight.
fn is_elsewhere(graph: &Graph, local: &CanvasUi, rect: Rect) -> bool {
    let visible = local.view.visible(rect);
    let same = graph.layers().filter(|l| local.seen.layer(l.id).is_some_and(|s| s.name == l.name)).count();
    same * 2 < graph.len() || !graph.layers().any(|l| visible.intersects(geometry::nominal(l)))
}

/// Where new cards stand of which one at least cannot be seen.
fn hidden_news(graph: &Graph, seen: &Graph, view: View, rect: Rect) -> Option<Rect> {
    let visible = view.visible(rect).expand(8.0);
    let new: Vec<Rect> = graph.layers().filter(|l| seen.layer(l.id).is_none()).map(geometry::nominal).collect();
    let hidden = new.iter().any(|card| !visible.contains(card.center()));
    new.into_iter().reduce(Rect::union).filter(|_| hidden)
}

/// Puts something into the middle, from further away where it is larger than the view.
fn look_at(news: Rect, rect: Rect, local: &mut CanvasUi) {
    let visible = local.view.visible(rect).size();
    if news.width() > visible.x || news.height() > visible.y {
        local.view = View::fit(rect, news);
    } else {
        local.view.centre_on(rect, news.center());
    }
    local.frame(local.view, Framing::Loose);
}
