//! A wire in the hand: from a port to wherever it may end.

use egui::{Popup, Pos2, Rect, SetOpenCommand, Stroke, StrokeKind, vec2};

use super::super::theme::regular;
use super::{CanvasUi, Frame, Gesture, around, geometry, hand, menus, wires};
use crate::model::layer::Inputs;
use crate::model::{ConnectError, Edit, End, Graph, LayerId, WireId};
use crate::session::Action;

/// A wire with one end in the hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loose {
    /// The end is loose: it looks for an input. `detached` is the wire whose end was taken off its port.
    End { from: End, detached: Option<WireId> },
    /// The start is loose: it looks for an output.
    Start { to: End },
}

impl Loose {
    /// Whether the loose end may be plugged in.
    pub fn may_meet(self, graph: &Graph, target: End) -> Result<(), ConnectError> {
        match self {
            Self::Start { to } => graph.may_connect(target, to),
            Self::End { from, detached: None } => graph.may_connect(from, target),
            Self::End { from, detached: Some(wire) } => {
                let mut without = graph.clone();
                without.disconnect(wire);
                without.may_connect(from, target)
            }
        }
    }

    /// What letting go over a layer or a port, or over nothing, does.
    fn drop_on(self, graph: &Graph, target: Option<End>) -> Option<Action> {
        let Some(target) = target else {
            return match self {
                Self::End { detached: Some(wire), .. } => Some(Action::Edit(Edit::Disconnect(wire))),
                _ => None,
            };
        };
        self.may_meet(graph, target).ok()?;
        match self {
            Self::Start { to } => Some(Action::Edit(Edit::Connect { from: target, to })),
            Self::End { from, detached: None } => Some(Action::Edit(Edit::Connect { from, to: target })),
            Self::End { from, detached: Some(wire) } => {
                let old = graph.wire(wire)?;
                let is_back = old.to == target.layer && target.port.is_none_or(|port| port == old.input);
                (!is_back).then(|| Action::Edits {
                    name: "move a wire".to_owned(),
                    edits: vec![Edit::Disconnect(wire), Edit::Connect { from, to: target }],
                })
            }
        }
    }
}

/// A wire was let go over nothing: which layer should it lead to?
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    from: End,
    /// In the graph's points.
    at: Pos2,
    fresh: bool,
}

/// The menu of layers at the end of a wire that was let go over nothing.
pub fn offer(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let Some(offer) = local.offer else { return };
    let id = super::id("offer", 0);
    let open = offer.fresh.then_some(SetOpenCommand::Bool(true));
    let popup = Popup::new(id, ui.ctx().clone(), frame.at(offer.at), ui.layer_id());
    let popup = popup.kind(egui::PopupKind::Menu).layout(egui::Layout::top_down_justified(egui::Align::Min));
    let position = [offer.at.x, offer.at.y - geometry::AXIS];
    popup.open_memory(open).style(egui::containers::menu::menu_style).show(|ui| {
        menus::kinds(
            ui,
            |about| about.inputs != Inputs::None,
            |kind| {
                let edit = Edit::AddConnected { from: offer.from, kind, position };
                actions.push(Action::Edit(edit.like_neighbours(frame.graph, frame.state.inference())));
            },
        );
    });
    local.offer = Popup::is_id_open(ui.ctx(), id).then_some(Offer { fresh: false, ..offer });
}

pub fn show(ui: &mut egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    offer(ui, frame, local, actions);
    let Gesture::Wire(loose) = local.gesture else { return };
    if ui.input(|i| i.key_pressed(egui::Key::Escape)) {
        local.gesture = Gesture::Idle;
        return;
    }
    let Some(pointer) = hand(ui) else {
        local.gesture = Gesture::Idle;
        return;
    };
    let target = under(frame, loose, pointer);
    let verdict = target.map(|end| loose.may_meet(frame.graph, end));
    if ui.input(|i| i.pointer.any_released() || !i.pointer.any_down()) {
        actions.extend(loose.drop_on(frame.graph, target));
        if let (Loose::End { from, detached: None }, None) = (loose, target) {
            local.offer = Some(Offer { from, at: frame.graph_point(pointer), fresh: true });
        }
        local.gesture = Gesture::Idle;
        return;
    }
    paint(frame, loose, pointer, target.filter(|_| matches!(verdict, Some(Ok(())))), matches!(verdict, Some(Err(_))));
    if let Some(Err(why)) = verdict {
        caption(frame, pointer, &why.to_string());
    }
}

/// What the loose end points at: the surroundings of a port, or the card of a layer.
fn under(frame: &Frame<'_>, loose: Loose, pointer: Pos2) -> Option<End> {
    let own = match loose {
        Loose::End { from, .. } => from.layer,
        Loose::Start { to } => to.layer,
    };
    let ports = |id: LayerId| -> Vec<(f32, End)> {
        let Some(layer) = frame.graph.layer(id) else { return Vec::new() };
        let away = |port: Pos2| frame.at(port).distance(pointer);
        match loose {
            Loose::End { .. } => {
                let ports = geometry::input_ports(frame.graph, layer).into_iter().enumerate();
                ports.map(|(i, port)| (away(port), geometry::input_end(layer, i))).collect()
            }
            Loose::Start { .. } => {
                geometry::output_ports(layer).enumerate().map(|(i, port)| (away(port), End::at(id, i))).collect()
            }
        }
    };
    let reach = frame.scaled(24.0).max(16.0);
    let others = frame.cards.keys().filter(|id| **id != own);
    let near = others.flat_map(|&id| ports(id)).filter(|(distance, _)| *distance <= reach);
    let by_port = near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, end)| end);
    by_port.or_else(|| {
        let over = |(_, card): &(&LayerId, &geometry::CardLayout)| frame.on_screen(card.rect).contains(pointer);
        frame.cards.iter().filter(|(id, _)| **id != own).filter(over).map(|(&id, _)| id.into()).next_back()
    })
}

fn paint(frame: &Frame<'_>, loose: Loose, pointer: Pos2, target: Option<End>, refused: bool) {
    let t = &frame.tokens;
    let begin = |end: End| {
        let port = end.port.unwrap_or_else(|| frame.graph.main_output(end.layer));
        frame.graph.layer(end.layer).and_then(|layer| geometry::output_port(layer, port)).map(|p| frame.at(p))
    };
    let arrive = |end: End| geometry::aim(frame.graph, end).map(|p| frame.at(p));
    let ends = match loose {
        Loose::End { from, .. } => begin(from).map(|start| (start, target.and_then(arrive).unwrap_or(pointer))),
        Loose::Start { to } => arrive(to).map(|end| (target.and_then(begin).unwrap_or(pointer), end)),
    };
    if let Some((from, to)) = ends {
        let colour = if refused { t.bad } else { t.accent };
        let stroke = Stroke::new(frame.scaled(2.5).clamp(1.5, 4.0), colour);
        wires::paint_curve(frame, geometry::curve(from, to, frame.view.zoom), stroke);
    }
    if let Some(card) = target.and_then(|end| frame.cards.get(&end.layer)) {
        let radius = frame.scaled(10.0);
        let stroke = Stroke::new(2.0, t.accent);
        frame.painter.rect_stroke(frame.on_screen(card.rect).expand(2.0), radius, stroke, StrokeKind::Outside);
    }
}

/// A few words beside the pointer while something is in the hand.
pub fn caption(frame: &Frame<'_>, pointer: Pos2, words: &str) {
    let t = &frame.tokens;
    let galley = frame.painter.layout(words.to_owned(), regular(12.0), t.text, 260.0);
    let corner = pointer + vec2(16.0, 18.0);
    let rect = around(corner + galley.size() / 2.0, galley.size(), [8.0, 5.0]);
    let limit = frame.rect.shrink(4.0);
    let shift = (limit.max - rect.max).min(egui::Vec2::ZERO);
    let rect = rect.translate(shift);
    frame.painter.rect(rect, 6.0, t.raised, Stroke::new(1.0, t.line), StrokeKind::Inside);
    frame.painter.galley(Rect::from_center_size(rect.center(), galley.size()).min, galley, t.text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Dense, Input};

    #[test]
    fn a_taken_off_end_is_cut_moved_or_put_back() {
        let mut graph = Graph::default();
        let input = graph.add(Input::default().into(), [0.0, 0.0]);
        let a = graph.add(Dense::default().into(), [200.0, 0.0]);
        let b = graph.add(Dense::default().into(), [400.0, 0.0]);
        let wire = graph.connect(input, a).unwrap();
        graph.connect(a, b).unwrap();
        let loose = Loose::End { from: input.into(), detached: Some(wire) };
        assert_eq!(loose.drop_on(&graph, None), Some(Action::Edit(Edit::Disconnect(wire))));
        assert_eq!(loose.drop_on(&graph, Some(a.into())), None);
        assert!(matches!(loose.drop_on(&graph, Some(b.into())), Some(Action::Edits { edits, .. }) if edits.len() == 2));
        assert_eq!(loose.drop_on(&graph, Some(input.into())), None, "the data's entrance takes no wire");
        let back = Loose::End { from: b.into(), detached: None };
        assert!(matches!(back.may_meet(&graph, a.into()), Err(ConnectError::Cycle { .. })));
    }
}
