//! Node cards: painting, selecting and grabbing them. What is edited on them is in `params`, their pictures in
//! `previews`.

use std::collections::BTreeMap;

use egui::{Align2, CornerRadius, Rect, Response, Role, Sense, Stroke, StrokeKind, pos2, vec2};

use super::super::numbers;
use super::super::theme::{medium, mono, regular};
use super::super::units as unit_names;
use super::super::widgets::paint_kind_icon;
use super::geometry::{self, CardLayout, Content};
use super::health::Health;
use super::{CanvasUi, Frame, Gesture, halo, id, menus, name, params, phases, select};
use crate::expr::counted;
use crate::model::{Layer, LayerId, LayerKind};
use crate::session::{Action, State};
use crate::trace::{LayerPicture, Preview};

/// Of more units than this only the one under the pointer has a name.
const MANY: usize = 64;
/// Cards that are nearer to each other than this have no room for a column of units.
const TIGHT: f32 = 264.0;

/// Cards that may be on the screen, laid out.
pub fn layouts(frame: &Frame<'_>, local: &CanvasUi) -> BTreeMap<LayerId, CardLayout> {
    let font = regular(12.0);
    let measure = |text: &str| {
        let galley = frame.painter.layout_no_wrap(text.to_owned(), font.clone(), frame.tokens.text);
        galley.size().x
    };
    let near = geometry::near(frame.graph, frame.view.visible(frame.rect));
    near.into_iter()
        .filter_map(|id| {
            let layer = frame.graph.layer(id)?;
            let content = content(frame.state, layer, local);
            let content = if frame.has_detail() { content } else { content.brief() };
            let units = content.units && !is_hemmed_in(frame, local, layer);
            let content = Content { units, ..content };
            let held = local.held.filter(|(held, _)| *held == id).map(|(_, rect)| rect);
            Some((id, CardLayout::of(layer, &content, held, measure)))
        })
        .collect()
}

/// Whether another card lies so near above or below that there is no room for a column of units. One in the hand does
/// not count.
fn is_hemmed_in(frame: &Frame<'_>, local: &CanvasUi, layer: &Layer) -> bool {
    let moves = |id| matches!(&local.gesture, Gesture::Move(moving) if moving.moves(id));
    let near = |other: &Layer| {
        let apart = |axis: usize| (other.position[axis] - layer.position[axis]).abs();
        other.id != layer.id && apart(0) < geometry::WIDTH && apart(1) < TIGHT && !moves(other.id)
    };
    !moves(layer.id) && frame.graph.layers().any(near)
}

fn content(state: &State, layer: &Layer, local: &CanvasUi) -> Content {
    match layer.kind {
        LayerKind::Input(_) => {
            let loaded = state.dataset().is_some();
            let (all, units) = (local.textures.input_tiles(), local.textures.has_input_units());
            let part = unit_names::places(state, layer).filter(|_| units);
            let tiles = part.map_or(all, |places| places.iter().filter(|&&place| place < all).count());
            Content { params: true, tiles, units, more: None, line: true, footer: loaded, strip: None }
        }
        LayerKind::Loss(_) => {
            Content { params: true, tiles: 0, units: false, more: None, line: true, footer: false, strip: None }
        }
        _ => {
            let counted = state.inference().parameter_counts.contains_key(&layer.id);
            let (picture, unfolded) = (picture(state, layer.id), local.unfolded.contains(&layer.id));
            Content::of(layer, picture, counted, all_units(state, layer.id), unfolded)
        }
    }
}

/// How many units or channels a layer has, pictured or not.
fn all_units(state: &State, layer: LayerId) -> Option<usize> {
    match *state.inference().shapes.get(&layer)?.0.as_slice() {
        [units] => Some(units),
        [channels, _, _] => Some(channels),
        _ => None,
    }
}

fn picture(state: &State, layer: LayerId) -> Option<&LayerPicture> {
    state.run().picture.as_ref()?.layers.get(&layer)
}

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    local.hovered_unit = None;
    local.pinned_unit = local.pinned_unit.filter(|(layer, _)| frame.graph.layer(*layer).is_some());
    for (&layer_id, layout) in &frame.cards {
        let Some(layer) = frame.graph.layer(layer_id) else { continue };
        let rect = frame.on_screen(layout.rect);
        let response = ui.interact(rect, id("node", layer_id.0), Sense::click_and_drag());
        name(&response, Role::Button, format!("node {}", layer.name));
        if !ui.is_rect_visible(rect) {
            continue;
        }
        handle(ui, frame, local, layer, &response, actions);
        let health = Health::of(frame.state, layer);
        paint(ui, frame, local, (layer, layout), (&response, &health), actions);
        if frame.has_detail() {
            params::show(ui, frame, local, layer, layout, actions);
        }
        if menus::wanted(&response) {
            menus::node(&response, frame, layer, actions);
        }
        if let Health::Idle(why) = &health {
            let veil = frame.tokens.canvas.gamma_multiply(0.6);
            frame.painter.rect_filled(rect, frame.scaled(10.0), veil);
            response.on_hover_text(why);
        }
    }
}

fn handle(
    ui: &egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    layer: &Layer,
    response: &Response,
    actions: &mut Vec<Action>,
) {
    let extend = ui.input(|i| i.modifiers.shift || i.modifiers.command);
    let selected = frame.state.selection().layers.contains(&layer.id);
    if response.clicked() {
        local.pinned_unit = None;
    }
    if response.clicked() || (response.secondary_clicked() && !selected) {
        actions.push(Action::Select { layers: vec![layer.id], extend });
    }
    // A frame that is laid out twice hears the same click twice.
    if response.double_clicked() && frame.graph.block(layer.id).is_some() && ui.ctx().current_pass_index() == 0 {
        actions.push(Action::OpenBlock(Some(layer.id)));
    }
    if response.drag_started_by(egui::PointerButton::Primary) && matches!(local.gesture, Gesture::Idle) {
        if !selected {
            actions.push(Action::Select { layers: vec![layer.id], extend });
        }
        let along = if selected { frame.state.selection().layers.clone() } else { [layer.id].into() };
        if let Some(at) = ui.input(|i| i.pointer.press_origin()) {
            local.gesture = Gesture::Move(select::Moving::begin(frame.graph, &along, frame.graph_point(at)));
        }
    }
}

fn paint(
    ui: &mut egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    (layer, layout): (&Layer, &CardLayout),
    (response, health): (&Response, &Health),
    actions: &mut Vec<Action>,
) {
    let t = &frame.tokens;
    let rect = frame.on_screen(layout.rect);
    let radius = CornerRadius::from(frame.scaled(10.0));
    let selected = frame.state.selection().layers.contains(&layer.id)
        || phases::active(frame).is_some_and(|active| frame.state.project().graph.is_within(active, layer.id));
    if frame.has_detail() {
        halo(frame, rect, 10.0, t.shadow);
    }
    if selected {
        frame.painter.rect_stroke(
            rect.expand(1.0),
            radius,
            Stroke::new(frame.scaled(3.0).max(2.0), t.accent_soft),
            StrokeKind::Outside,
        );
    }
    let border = match (health, selected) {
        (_, true) => t.accent,
        (Health::Broken(_), _) => t.bad,
        _ if response.hovered() => t.faint,
        _ => t.line,
    };
    if let Some(block) = frame.graph.block(layer.id) {
        stack(frame, rect, radius, block.repeat);
    }
    frame.painter.rect(rect, radius, t.panel, Stroke::new(1.0, border), StrokeKind::Inside);
    title(ui, frame, layer, layout, health);
    match layer.kind {
        LayerKind::Input(_) => {
            input_content(frame, local, layer, layout);
            if local.textures.has_input_units() {
                units(ui, frame, local, layer, layout, actions);
            }
        }
        LayerKind::Loss(_) => loss_content(frame, layer, layout),
        _ => layer_content(ui, frame, local, layer, layout, actions),
    }
}

/// What lies behind the card of a Block: another where it repeats, a further one where it does so more than once.
fn stack(frame: &Frame<'_>, rect: Rect, radius: CornerRadius, repeat: usize) {
    let t = &frame.tokens;
    for depth in (1..=repeat.clamp(2, 3) - 1).rev() {
        let behind = rect.translate(egui::Vec2::splat(frame.scaled(5.0) * depth as f32));
        frame.painter.rect(behind, radius, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    }
}

fn title(ui: &egui::Ui, frame: &Frame<'_>, layer: &Layer, layout: &CardLayout, health: &Health) {
    let t = &frame.tokens;
    let about = layer.kind.about();
    let bar = layout.title;
    let icon = Rect::from_center_size(pos2(bar.left() + 19.0, bar.center().y), vec2(18.0, 18.0));
    paint_kind_icon(&frame.painter, t, about, frame.on_screen(icon));
    let left = frame.at(pos2(icon.right() + 8.0, bar.center().y));
    let room = frame.scaled(bar.right() - icon.right() - 32.0);
    frame.elided_in(left, title_of(frame.state, layer), frame.legible(medium(13.0)), t.text, room);
    if layer.frozen && frame.has_detail() {
        let at = frame.at(pos2(bar.right() - 24.0, bar.center().y));
        frame.text(at, Align2::RIGHT_CENTER, "frozen", regular(10.5), t.k_conv);
    } else if let Some(block) = frame.graph.block(layer.id).filter(|block| block.repeat > 1) {
        let at = frame.at(pos2(bar.right() - 24.0, bar.center().y));
        frame.text(at, Align2::RIGHT_CENTER, format!("× {}", block.repeat), medium(13.0), t.muted);
    }
    if let Some(colour) = health.colour(t) {
        let centre = frame.at(pos2(bar.right() - 14.0, bar.center().y));
        frame.painter.circle_filled(centre, frame.scaled(4.0).max(2.0), colour);
        let hit = Rect::from_center_size(centre, egui::Vec2::splat(frame.scaled(14.0).max(10.0)));
        let dot = ui.interact(hit, id("health", layer.id.0), Sense::hover());
        name(&dot, Role::Label, format!("health of {}: {}", layer.name, health.words()));
        dot.on_hover_text(health.words());
    }
}

/// The card of an Input that takes whole samples is headed by its data.
fn title_of<'a>(state: &'a State, layer: &'a Layer) -> &'a str {
    match (&layer.kind, state.dataset()) {
        (LayerKind::Input(input), Some(dataset)) if input.columns.is_empty() => &dataset.name,
        _ => &layer.name,
    }
}

fn input_content(frame: &Frame<'_>, local: &CanvasUi, layer: &Layer, layout: &CardLayout) {
    let t = &frame.tokens;
    let places = unit_names::places(frame.state, layer);
    local.textures.paint_input(frame, &layout.tiles, places.as_deref().filter(|_| local.textures.has_input_units()));
    if !frame.has_detail() {
        return;
    }
    input_names(frame, layer, layout);
    let Some(dataset) = frame.state.dataset() else {
        if let Some(line) = layout.line {
            let words = if frame.state.is_loading() { "loading…" } else { "no data yet" };
            frame.text(frame.at(line.left_center()), Align2::LEFT_CENTER, words, regular(12.0), t.muted);
        }
        return;
    };
    if let Some(line) = layout.line {
        let all = dataset.train.len() + dataset.validation.len();
        let samples = counted(all, "sample");
        frame.text(frame.at(line.left_center()), Align2::LEFT_CENTER, samples, regular(12.0), t.muted);
    }
    let named = |place: usize| dataset.input_names.get(place).cloned();
    let taken = places.unwrap_or_else(|| (0..dataset.input_names.len()).collect());
    let names = match taken.len() {
        0 => "pixels".to_owned(),
        1..=7 => taken.into_iter().filter_map(named).collect::<Vec<_>>().join(" · "),
        n => counted(n, "input"),
    };
    let shape = frame.state.inference().shapes.get(&layer.id).map_or(String::new(), ToString::to_string);
    footer(frame, layout, &names, &shape);
}

/// Beside the tiles, where they leave room.
fn input_names(frame: &Frame<'_>, layer: &Layer, layout: &CardLayout) {
    let is_named = frame.state.dataset().is_some_and(|dataset| !dataset.input_names.is_empty());
    if !is_named || !layout.is_column {
        return;
    }
    for (unit, tile) in layout.tiles.iter().enumerate() {
        let name = unit_names::short(frame.state, layer.id, unit);
        let left = pos2(layout.rect.left() + 10.0, tile.center().y);
        let room = layout.tiles.iter().map(Rect::left).reduce(f32::min).unwrap_or_default() - left.x - 4.0;
        if layout.tiles.len() <= 4 {
            frame.elided(frame.at(left), &name, regular(11.0), frame.tokens.muted, frame.scaled(room));
        }
    }
}

fn loss_content(frame: &Frame<'_>, layer: &Layer, layout: &CardLayout) {
    let (Some(line), true) = (layout.line, frame.has_detail()) else { return };
    let loss = frame.state.shown_loss_of(layer.id).map_or("–".to_owned(), |loss| numbers::significant(loss, 3));
    frame.text(frame.at(line.left_center()), Align2::LEFT_CENTER, loss, mono(13.0), frame.tokens.text);
}

fn layer_content(
    ui: &egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    layer: &Layer,
    layout: &CardLayout,
    actions: &mut Vec<Action>,
) {
    let picture = picture(frame.state, layer.id);
    if let Some(picture) = picture {
        local.textures.paint(frame, layer.id, picture, &layout.tiles);
        if !matches!(picture.preview, Preview::None | Preview::Maps { rows: 1, .. }) {
            units(ui, frame, local, layer, layout, actions);
        }
        more(ui, frame, local, layer, layout);
    }
    if frame.has_detail()
        && let Some(count) = frame.state.inference().parameter_counts.get(&layer.id)
    {
        let gradient = picture
            .and_then(|p| p.gradient_norm)
            .map_or(String::new(), |norm| format!("grad {}", numbers::significant(f64::from(norm), 2)));
        if frame.state.inference().idle.contains(&layer.id) {
            return footer(frame, layout, "not connected to the Loss", "");
        }
        let weights = counted(*count, "weight");
        footer(frame, layout, &weights, &gradient);
    }
}

/// Each unit's tile can be hovered, and clicked to stay in Output. What has a name is called by it, where there is
/// room.
fn units(
    ui: &egui::Ui,
    frame: &Frame<'_>,
    local: &mut CanvasUi,
    layer: &Layer,
    layout: &CardLayout,
    actions: &mut Vec<Action>,
) {
    let seen = frame.has_detail() && !frame.is_crowded();
    if !seen && !ui.rect_contains_pointer(frame.on_screen(layout.rect)) {
        return;
    }
    for (unit, tile) in layout.tiles.iter().enumerate() {
        let rect = frame.on_screen(*tile);
        if layout.tiles.len() > MANY && !ui.rect_contains_pointer(rect) {
            continue;
        }
        // A press that becomes a drag moves the card.
        let response = ui.interact(rect, id("unit", (layer.id.0, unit)), Sense::CLICK);
        name(&response, Role::Button, unit_names::name(frame.state, layer.id, unit));
        let is_pinned = local.pinned_unit == Some((layer.id, unit));
        // A frame that is laid out twice hears the same click twice.
        if response.clicked() && ui.ctx().current_pass_index() == 0 {
            local.pinned_unit = (!is_pinned).then_some((layer.id, unit));
            actions.push(Action::Select { layers: vec![layer.id], extend: false });
        }
        if is_pinned {
            let stroke = Stroke::new(2.0, frame.tokens.accent);
            frame.painter.rect_stroke(rect.expand(1.0), frame.scaled(4.0), stroke, StrokeKind::Outside);
        }
        if response.contains_pointer() && matches!(local.gesture, Gesture::Idle) {
            local.hovered_unit = Some((layer.id, unit));
            let stroke = Stroke::new(1.5, frame.tokens.text);
            frame.painter.rect_stroke(rect, frame.scaled(4.0), stroke, StrokeKind::Outside);
        }
    }
}

/// The way to the units that are not shown, and back.
fn more(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, layer: &Layer, layout: &CardLayout) {
    let Some((rect, words)) = &layout.more else { return };
    let rect = frame.on_screen(*rect);
    let response = ui.interact(rect, id("unfold", layer.id.0), Sense::click());
    let unfolded = local.unfolded.contains(&layer.id);
    let what = if unfolded { "Show fewer units of" } else { "Show all units of" };
    name(&response, Role::Button, format!("{what} {}", layer.name));
    let lit = response.hovered() || response.has_focus();
    let colour = if lit { frame.tokens.accent } else { frame.tokens.muted };
    frame.painter.text(rect.center(), Align2::CENTER_CENTER, words, frame.legible(regular(11.0)), colour);
    // A frame that is laid out twice hears the same click twice.
    let is_first = ui.ctx().current_pass_index() == 0;
    if response.clicked() && is_first && !local.unfolded.remove(&layer.id) {
        local.unfolded.insert(layer.id);
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand);
}

fn footer(frame: &Frame<'_>, layout: &CardLayout, left: &str, right: &str) {
    let Some(rect) = layout.footer else { return };
    let t = &frame.tokens;
    let place = frame.on_screen(rect);
    frame.painter.hline(place.x_range(), place.top(), (1.0, t.line));
    let right_at = frame.at(rect.right_center()) - vec2(frame.scaled(10.0), 0.0);
    let taken = frame.text(right_at, Align2::RIGHT_CENTER, right, regular(11.0), t.faint);
    let left_at = frame.at(rect.left_center()) + vec2(frame.scaled(10.0), 0.0);
    frame.elided(left_at, left, regular(11.0), t.faint, taken.left() - left_at.x - frame.scaled(6.0));
}
