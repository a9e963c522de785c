//! Context menus of cards, wires and the ground.

use egui::{Button, Response, Ui};

use super::super::figure;
use super::super::widgets::list_from_top;
use super::{CanvasUi, Frame, export, geometry, view};
use crate::model::layer::{Group, Inputs};
use crate::model::{Edit, Layer, LayerId, LayerKind, Task, WireId, transfer};
use crate::session::Action;

/// How far copies land from their originals.
pub const COPY_OFFSET: [f32; 2] = [40.0, 40.0];

fn item(ui: &mut Ui, words: &str, shortcut: &str) -> bool {
    ui.add(Button::new(words).shortcut_text(shortcut)).clicked()
}

/// Whether a thing's menu is open or about to be: asking costs less than offering it to hundreds of things.
pub fn wanted(response: &Response) -> bool {
    response.secondary_clicked() || response.context_menu_opened()
}

/// What the menu of a card is about: the selection when the card is part of it, else the card.
fn subject(frame: &Frame<'_>, layer: LayerId) -> Vec<LayerId> {
    let selected = &frame.state.selection().layers;
    if selected.contains(&layer) { selected.iter().copied().collect() } else { vec![layer] }
}

/// To the session's clipboard, and by name to the system's, which passes Ctrl+V on only when it holds some text.
pub fn copy_layers(ctx: &egui::Context, frame: &Frame<'_>, layers: &[LayerId], actions: &mut Vec<Action>) {
    let names: Vec<&str> = layers.iter().filter_map(|&id| frame.graph.layer(id)).map(|l| l.name.as_str()).collect();
    ctx.copy_text(names.join(", "));
    actions.push(Action::Copy);
}

pub fn node(response: &Response, frame: &Frame<'_>, layer: &Layer, actions: &mut Vec<Action>) {
    response.context_menu(|ui| {
        let layers = subject(frame, layer.id);
        block(ui, frame, layer, &layers, actions);
        if layer.kind.about().has_output {
            ui.menu_button("Add after", |ui| {
                kinds(
                    ui,
                    |about| about.inputs != Inputs::None,
                    |kind| {
                        let edit = Edit::Append { after: layer.id, kind };
                        actions.push(Action::Edit(edit.like_neighbours(frame.graph, frame.state.inference())));
                    },
                );
            });
        }
        if item(ui, "Duplicate", "Ctrl+D") {
            actions.push(Action::Edit(Edit::Duplicate { layers: layers.clone(), offset: COPY_OFFSET }));
        }
        if item(ui, "Copy", "Ctrl+C") {
            copy_layers(ui.ctx(), frame, &layers, actions);
        }
        if layer.kind.has_weights() || frame.graph.block(layer.id).is_some() {
            let words = if layer.frozen { "Unfreeze weights" } else { "Freeze weights" };
            if item(ui, words, "") {
                actions.push(Action::Edit(Edit::Freeze { layer: layer.id, frozen: !layer.frozen }));
            }
        }
        transfer(ui, frame, layer, actions);
        let wires: Vec<WireId> =
            frame.graph.wires().iter().filter(|w| w.from == layer.id || w.to == layer.id).map(|w| w.id).collect();
        if !wires.is_empty() && item(ui, "Disconnect", "") {
            let edits = wires.into_iter().map(Edit::Disconnect).collect();
            actions.push(Action::Edits { name: format!("disconnect {}", layer.name), edits });
        }
        ui.separator();
        if item(ui, "Delete", "Del") {
            actions.push(Action::Edit(Edit::Remove(layers)));
        }
    });
}

/// What a network that was trained elsewhere needs to learn something new.
fn transfer(ui: &mut Ui, frame: &Frame<'_>, layer: &Layer, actions: &mut Vec<Action>) {
    let graph = frame.graph;
    if !layer.kind.has_weights() || frame.state.inside().is_some() {
        return;
    }
    let frozen = transfer::freeze_all_but(graph, layer.id);
    if !frozen.is_empty() && item(ui, "Freeze all other layers", "") {
        actions.push(Action::Edits { name: format!("freeze all but {}", layer.name), edits: frozen });
    }
    let task = frame.state.dataset().map(|dataset| dataset.truth.task).filter(|task| !matches!(task, Task::Input(_)));
    if let Some(edits) = task.and_then(|task| transfer::new_head(graph, layer.id, task))
        && item(ui, "Replace by a head for the data", "")
    {
        actions.push(Action::Edits { name: format!("replace {} by a new head", layer.name), edits });
    }
}

/// Into a Block, out of one, and what becomes one.
fn block(ui: &mut Ui, frame: &Frame<'_>, layer: &Layer, layers: &[LayerId], actions: &mut Vec<Action>) {
    if frame.graph.block(layer.id).is_some() {
        if item(ui, "Open", "Enter") {
            actions.push(Action::OpenBlock(Some(layer.id)));
        }
        if item(ui, "Ungroup", "Ctrl+Shift+G") {
            actions.push(Action::Edit(Edit::Ungroup(layer.id)));
        }
    }
    if !layer.kind.is_end() && item(ui, "Group into a Block", "Ctrl+G") {
        actions.push(Action::Edit(Edit::Group(layers.to_vec())));
    }
}

pub fn wire(ui: &mut Ui, frame: &Frame<'_>, wire: WireId, actions: &mut Vec<Action>) {
    ui.menu_button("Insert", |ui| {
        kinds(
            ui,
            |about| about.inputs != Inputs::None && about.has_output,
            |kind| {
                let edit = Edit::InsertOnWire { wire, kind, position: None };
                actions.push(Action::Edit(edit.like_neighbours(frame.graph, frame.state.inference())));
            },
        );
    });
    if frame.graph.wire(wire).is_some() && item(ui, "Cut", "Del") {
        actions.push(Action::Edit(Edit::Disconnect(wire)));
    }
}

/// On the ground, or on a wire's curve.
pub fn background(response: &Response, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    if response.secondary_clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        local.menu_at = frame.graph_point(at);
        match local.hovered_wire {
            Some(wire) => actions.push(Action::SelectWire(wire)),
            None => actions.push(Action::SelectNothing),
        }
    }
    let at = local.menu_at;
    response.context_menu(|ui| {
        if let Some(selected) = frame.state.selection().wire {
            wire(ui, frame, selected, actions);
            return;
        }
        ui.menu_button("Add", |ui| {
            kinds(
                ui,
                |_| true,
                |kind| {
                    let corner = at - egui::vec2(0.0, geometry::AXIS);
                    let (position, inside) = ([corner.x, corner.y], frame.state.inside());
                    actions.push(Action::Edit(Edit::Add { kind, position, inside }));
                },
            );
        });
        if let Some(fragment) = frame.state.clipboard()
            && item(ui, "Paste here", "Ctrl+V")
        {
            actions.push(Action::Paste { offset: paste_offset(fragment, at) });
        }
        if item(ui, "Select all", "Ctrl+A") {
            actions.push(select_all(frame));
        }
        ui.separator();
        if item(ui, "Tidy the layout", "L") {
            actions.push(Action::Edit(Edit::Tidy));
            local.fit = true;
        }
        if item(ui, "Fit in view", "F") {
            local.fit = true;
        }
        ui.separator();
        ui.menu_button("Export", |ui| figure::items(ui, &mut local.export, export::offer(frame.state)));
    });
}

/// Layers by group.
pub fn kinds(ui: &mut Ui, fits: impl Fn(&crate::model::layer::About) -> bool, mut chosen: impl FnMut(LayerKind)) {
    for group in Group::PALETTE {
        let of_group: Vec<_> =
            LayerKind::all().into_iter().filter(|k| k.about().group == group && fits(k.about())).collect();
        if of_group.is_empty() {
            continue;
        }
        ui.menu_button(group.title(), |ui| {
            let height = ui.ctx().content_rect().height() - 24.0;
            list_from_top(ui).max_height(height).show(ui, |ui| {
                for kind in of_group {
                    let about = kind.about();
                    if ui.button(about.title).on_hover_text(about.help).clicked() {
                        chosen(kind);
                    }
                }
            });
        });
    }
}

pub fn select_all(frame: &Frame<'_>) -> Action {
    Action::Select { layers: frame.graph.layers().map(|l| l.id).collect(), extend: false }
}

/// The shift that brings the top left card of a fragment to a place.
pub fn paste_offset(fragment: &crate::model::Graph, at: egui::Pos2) -> [f32; 2] {
    let corner = fragment.layers().map(|l| view::point(l.position)).reduce(egui::Pos2::min).unwrap_or_default();
    let shift = at - corner;
    [shift.x, shift.y]
}
