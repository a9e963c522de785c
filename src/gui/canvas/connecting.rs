//! A wire drawn by keyboard: W lists where the outputs of the selected card may lead, by the names of ports. Typing
//! narrows the list, the arrows choose, Enter connects.

use egui::{Button, Key, Modifiers, Popup, PopupCloseBehavior, RichText, SetOpenCommand, TextEdit, WidgetInfo};

use super::{CanvasUi, Frame, geometry};
use crate::gui::theme::{self, Tokens};
use crate::model::layer::Inputs;
use crate::model::{Edit, End, Graph, Layer, LayerId};
use crate::session::Action;

/// The open list.
#[derive(Clone, Debug)]
pub struct Connecting {
    from: LayerId,
    typed: String,
    at: usize,
    fresh: bool,
}

impl Connecting {
    pub fn from(layer: LayerId) -> Self {
        Self { from: layer, typed: String::new(), at: 0, fresh: true }
    }
}

/// A wire that may be drawn.
#[derive(Clone, Debug, PartialEq)]
struct Way {
    /// "query of Attention 1", from one of several outputs "sequence → Dense 2".
    words: String,
    from: End,
    to: End,
}

/// Rows of the list.
const MOST: usize = 9;

/// All that lead somewhere, the nearest layers behind first.
fn ways(graph: &Graph, from: &Layer) -> Vec<Way> {
    let (outputs, mut all) = (from.kind.spec().outputs(), Vec::new());
    let order = graph.topological_order();
    let own = order.iter().position(|&id| id == from.id).unwrap_or_default();
    let behind = order[own..].iter().chain(&order[..own]);
    let targets: Vec<_> = behind.filter_map(|&id| graph.layer(id)).collect();
    for (output, name) in outputs.iter().enumerate() {
        for to in &targets {
            for (port, end) in ends(to) {
                let start = End::at(from.id, output);
                if graph.may_connect(start, end).is_ok() {
                    let begin = if outputs.len() > 1 { format!("{name} → ") } else { String::new() };
                    let port = port.map_or(String::new(), |port| format!("{port} of "));
                    all.push(Way { words: format!("{begin}{port}{}", to.name), from: start, to: end });
                }
            }
        }
    }
    all
}

/// Where a wire may arrive: at each port that has a name, else at the layer.
fn ends(layer: &Layer) -> Vec<(Option<&'static str>, End)> {
    match layer.kind.about().inputs {
        Inputs::None => Vec::new(),
        Inputs::One | Inputs::Many | Inputs::Any => vec![(None, layer.id.into())],
        Inputs::Named(ports) => {
            let named = |(i, port): (usize, &crate::model::layer::InputPort)| (Some(port.name), End::at(layer.id, i));
            ports.iter().enumerate().map(named).collect()
        }
    }
}

pub fn show(ui: &egui::Ui, frame: &Frame<'_>, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let Some(mut list) = local.connecting.take() else { return };
    let Some(layer) = frame.graph.layer(list.from) else { return };
    let id = super::id("connecting", 0);
    let open = list.fresh.then_some(SetOpenCommand::Bool(true));
    let at = geometry::output_port(layer, 0).map_or(frame.rect.center(), |port| frame.at(port));
    let popup = Popup::new(id, ui.ctx().clone(), at, ui.layer_id());
    let popup = popup.close_behavior(PopupCloseBehavior::CloseOnClickOutside).open_memory(open);
    let mut chosen = None;
    popup.show(|ui| {
        ui.set_width(230.0);
        chosen = contents(ui, frame.graph, layer, &mut list);
    });
    if let Some(Way { from, to, .. }) = chosen {
        actions.push(Action::Edit(Edit::Connect { from, to }));
        Popup::close_id(ui.ctx(), id);
        return;
    }
    list.fresh = false;
    local.connecting = Popup::is_id_open(ui.ctx(), id).then_some(list);
}

fn contents(ui: &mut egui::Ui, graph: &Graph, layer: &Layer, list: &mut Connecting) -> Option<Way> {
    let tokens = Tokens::of(ui);
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let (down, up, enter) = (pressed(Key::ArrowDown), pressed(Key::ArrowUp), pressed(Key::Enter));
    ui.label(RichText::new(format!("Connect {} to", layer.name)).font(theme::medium(12.5)));
    let hint = "Type a layer or a port";
    let field = ui.add(TextEdit::singleline(&mut list.typed).hint_text(hint).desired_width(f32::INFINITY));
    let typed = list.typed.clone();
    field.widget_info(|| WidgetInfo {
        label: Some("Connect to".into()),
        ..WidgetInfo::text_edit(true, &typed, &typed, hint)
    });
    if list.fresh {
        field.request_focus();
    }
    let words: Vec<String> = list.typed.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut found = ways(graph, layer);
    found.retain(|way| words.iter().all(|word| way.words.to_lowercase().contains(word)));
    if field.changed() {
        list.at = 0;
    }
    list.at = (list.at + usize::from(down)).saturating_sub(usize::from(up)).min(found.len().saturating_sub(1));
    if found.is_empty() {
        ui.label(RichText::new("Nothing can be connected").color(tokens.muted));
    }
    // The chosen row stays in sight.
    let first = (list.at + 1).saturating_sub(MOST);
    let mut clicked = None;
    for (i, way) in found.iter().enumerate().skip(first).take(MOST) {
        let row = Button::selectable(i == list.at, &way.words).truncate();
        if ui.add_sized([ui.available_width(), 22.0], row).clicked() {
            clicked = Some(i);
        }
    }
    if found.len() > MOST {
        let rest = format!("{} of {}", list.at + 1, found.len());
        ui.label(RichText::new(rest).small().color(tokens.faint));
    }
    clicked.or(enter.then_some(list.at)).and_then(|i| found.into_iter().nth(i))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::layer::{Dense, Input, Loss, Lstm, MultiHeadAttention};

    #[test]
    fn every_port_that_may_be_met_is_listed_by_its_name() {
        let mut graph = Graph::default();
        let input = graph.add(Input::default().into(), [0.0; 2]);
        let lstm = graph.add(Lstm::default().into(), [0.0; 2]);
        let attention = graph.add(MultiHeadAttention::default().into(), [0.0; 2]);
        let dense = graph.add(Dense::default().into(), [0.0; 2]);
        let loss = graph.add(Loss::default().into(), [0.0; 2]);
        for (from, to) in [(input, lstm), (lstm, dense), (dense, loss)] {
            graph.connect(from, to).unwrap();
        }
        let words = |id| ways(&graph, graph.layer(id).unwrap()).into_iter().map(|way| way.words).collect::<Vec<_>>();
        assert_eq!(words(dense)[..1], ["truth of Loss"]);
        let of_lstm = words(lstm);
        for expected in ["sequence → query of Multi-head attention 1", "last → truth of Loss", "sequence → Dense 1"]
        {
            assert!(of_lstm.iter().any(|words| words == expected), "{expected} is missing in {of_lstm:?}");
        }
        assert!(!of_lstm.iter().any(|words| words.ends_with("Input")), "the data's entrance takes no wire");
        assert!(words(loss).is_empty() && !words(attention).is_empty());
    }
}
