//! The canvas's keyboard. Silent while something is being typed or a menu is open.
//!
//! Undo, redo, save and play/pause belong to the whole window and are not here.

use egui::{Event, Key, Modifiers};

use super::connecting::Connecting;
use super::menus::{COPY_OFFSET, copy_layers, select_all};
use super::{CanvasUi, Frame, Gesture, geometry, steps};
use crate::model::{Edit, Layer, LayerId};
use crate::session::Action;

pub fn handle(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let ctx = ui.ctx();
    let popup = egui::Popup::is_any_open(ctx);
    let asked = popup || ctx.memory(|m| m.top_modal_layer().is_some()) || local.editor.is_open();
    let busy = ctx.text_edit_focused() || asked;
    // The key that ends a field or closes a list is heard by it in the same frame: it must not begin something else
    // here.
    let was_busy = std::mem::replace(&mut local.was_busy, busy);
    if busy || !matches!(local.gesture, Gesture::Idle) {
        return;
    }
    editing(ui, frame, actions);
    steps::keys(ui, frame, actions);
    looking(ui, local, actions);
    if !was_busy && ctx.memory(|m| m.focused().is_none()) {
        walking(ui, frame, local, actions);
    }
}

fn pressed(ui: &egui::Ui, modifiers: Modifiers, key: Key) -> bool {
    ui.input_mut(|i| i.consume_key(modifiers, key))
}

/// Delete, copy, paste, duplicate, select all.
fn editing(ui: &egui::Ui, frame: &Frame<'_>, actions: &mut Vec<Action>) {
    let selection = frame.state.selection();
    let layers: Vec<LayerId> = selection.layers.iter().copied().collect();
    if pressed(ui, Modifiers::NONE, Key::Delete) || pressed(ui, Modifiers::NONE, Key::Backspace) {
        match selection.wire {
            Some(wire) if layers.is_empty() => actions.push(Action::Edit(Edit::Disconnect(wire))),
            _ if !layers.is_empty() => actions.push(Action::Edit(Edit::Remove(layers.clone()))),
            _ => {}
        }
    }
    if pressed(ui, Modifiers::COMMAND, Key::D) && !layers.is_empty() {
        actions.push(Action::Edit(Edit::Duplicate { layers: layers.clone(), offset: COPY_OFFSET }));
    }
    if pressed(ui, Modifiers::COMMAND | Modifiers::SHIFT, Key::G) {
        let blocks = layers.iter().filter(|&&id| frame.graph.block(id).is_some()).copied();
        let edits: Vec<_> = blocks.map(Edit::Ungroup).collect();
        if let Some(first) = edits.first() {
            actions.push(Action::Edits { name: first.name(frame.graph), edits });
        }
    } else if pressed(ui, Modifiers::COMMAND, Key::G) {
        actions.push(Action::Edit(Edit::Group(layers.clone())));
    }
    if pressed(ui, Modifiers::COMMAND, Key::A) {
        actions.push(select_all(frame));
    }
    let (copy, cut, paste) = ui.input(|i| {
        let any = |test: fn(&Event) -> bool| i.events.iter().any(test);
        (any(|e| matches!(e, Event::Copy)), any(|e| matches!(e, Event::Cut)), any(|e| matches!(e, Event::Paste(_))))
    });
    if (copy || cut) && !layers.is_empty() {
        copy_layers(ui.ctx(), frame, &layers, actions);
        if cut {
            actions.push(Action::Edit(Edit::Remove(layers)));
        }
    }
    if paste && frame.state.clipboard().is_some() {
        actions.push(Action::Paste { offset: COPY_OFFSET });
    }
}

/// Fit, tidy, the list of what needs a look.
fn looking(ui: &egui::Ui, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    if pressed(ui, Modifiers::NONE, Key::F) {
        local.fit = true;
    }
    if pressed(ui, Modifiers::NONE, Key::P) {
        local.list_asked = true;
    }
    if pressed(ui, Modifiers::NONE, Key::L) {
        actions.push(Action::Edit(Edit::Tidy));
        local.fit = true;
    }
}

/// Arrows from card to card, Enter into the first parameter, W to a wire, Escape out of everything.
fn walking(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let arrows = [
        (Key::ArrowLeft, egui::vec2(-1.0, 0.0)),
        (Key::ArrowRight, egui::vec2(1.0, 0.0)),
        (Key::ArrowUp, egui::vec2(0.0, -1.0)),
        (Key::ArrowDown, egui::vec2(0.0, 1.0)),
    ];
    for (key, direction) in arrows {
        if pressed(ui, Modifiers::NONE, key)
            && let Some(next) = next(frame, direction)
        {
            actions.push(Action::Select { layers: vec![next], extend: false });
        }
    }
    if let Some(only) = frame.state.selection().only()
        && pressed(ui, Modifiers::NONE, Key::Enter)
    {
        match frame.graph.block(only) {
            Some(_) => actions.push(Action::OpenBlock(Some(only))),
            None => local.focus = Some(only),
        }
    }
    if let Some(only) = frame.state.selection().only()
        && frame.graph.layer(only).is_some_and(|layer| layer.kind.about().has_output)
        && pressed(ui, Modifiers::NONE, Key::W)
    {
        local.connecting = Some(Connecting::from(only));
    }
    pinning(ui, frame, local);
    let something = !frame.state.selection().layers.is_empty() || frame.state.selection().wire.is_some();
    if something && pressed(ui, Modifiers::NONE, Key::Escape) {
        actions.push(Action::SelectNothing);
    } else if let Some(block) = frame.state.inside()
        && pressed(ui, Modifiers::NONE, Key::Escape)
    {
        actions.push(super::leave(frame.state, block));
    }
}

/// U and Shift U pin one unit of the selected card after the other, Escape lets go.
fn pinning(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi) {
    let chosen = frame.state.selection().only().and_then(|id| Some((id, frame.cards.get(&id)?.tiles.len())));
    for (modifiers, by) in [(Modifiers::SHIFT, usize::MAX), (Modifiers::NONE, 1)] {
        if let Some((layer, count)) = chosen.filter(|(_, count)| *count > 0)
            && pressed(ui, modifiers, Key::U)
        {
            let pinned = local.pinned_unit.filter(|(pinned, _)| *pinned == layer).map(|(_, unit)| unit);
            let next = match pinned {
                Some(unit) => (unit + count).wrapping_add(by) % count,
                None => 0,
            };
            local.pinned_unit = Some((layer, next));
        }
    }
    if local.pinned_unit.is_some() && pressed(ui, Modifiers::NONE, Key::Escape) {
        local.pinned_unit = None;
    }
}

/// The nearest card in a direction; without a selection the first one.
fn next(frame: &Frame<'_>, direction: egui::Vec2) -> Option<LayerId> {
    let centre = |layer: &Layer| geometry::nominal(layer).center();
    let Some(current) = frame.state.selection().layers.first().and_then(|&id| frame.graph.layer(id)) else {
        let first = |a: &&Layer, b: &&Layer| a.position[0].total_cmp(&b.position[0]);
        return frame.graph.layers().min_by(first).map(|l| l.id);
    };
    let from = centre(current);
    frame
        .graph
        .layers()
        .filter(|l| l.id != current.id)
        .filter_map(|layer| {
            let way = centre(layer) - from;
            let ahead = way.dot(direction);
            let aside = (way - direction * ahead).length();
            (ahead > 1.0 && aside < 2.0 * ahead).then_some((ahead + 2.0 * aside, layer.id))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, id)| id)
}
