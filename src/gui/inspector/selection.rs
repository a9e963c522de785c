//! Nothing, a wire, or several layers selected: the network as a whole, and what can be done.

use egui::{Button, Label, Response, RichText, Ui};

use crate::engine::size;
use crate::gui::numbers::count;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{accent_button, label_width, section};
use crate::model::{Edit, Problem, Task, transfer};
use crate::session::{Action, State};

/// The name of the inspector's first tab.
pub(super) fn title(state: &State) -> String {
    let layer = state.selection().only().and_then(|id| state.project().graph.layer(id));
    match (layer, state.selection().layers.len(), state.selection().wire) {
        (Some(layer), ..) => layer.name.clone(),
        (None, 2.., _) => format!("{} layers", state.selection().layers.len()),
        (None, _, Some(_)) => "Wire".into(),
        _ => "Network".into(),
    }
}

pub(super) fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    if state.selection().layers.len() > 1 {
        several(ui, state, actions);
    } else if let Some(wire) = state.selection().wire.and_then(|id| state.project().graph.wire(id)) {
        let name = |id| state.project().graph.layer(id).map_or("?", |layer| layer.name.as_str());
        fact(ui, "From", name(wire.from));
        fact(ui, "To", name(wire.to));
        if let Some(shape) = state.inference().shape_on(wire) {
            fact(ui, "Carries", &shape.to_string());
        }
        let mine = state.inference().wire_problem(wire.id);
        mine.into_iter().for_each(|problem| problem_ui(ui, problem, actions));
        if ui.button("Disconnect").clicked() {
            actions.push(Action::Edit(Edit::Disconnect(wire.id)));
        }
    } else {
        network(ui, state, actions);
    }
}

fn several(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let ids: Vec<_> = state.selection().layers.iter().copied().collect();
    let weights: usize = ids.iter().filter_map(|id| state.inference().parameter_counts.get(id)).sum();
    fact(ui, "Layers", &count(ids.len() as u64));
    fact(ui, "Parameters", &count(weights as u64));
    ui.horizontal(|ui| {
        if ui.add(Button::new("Duplicate").shortcut_text("Ctrl D")).clicked() {
            actions.push(Action::Edit(Edit::Duplicate { layers: ids.clone(), offset: [32.0, 32.0] }));
        }
        let help = "One card for these layers, which can repeat them.";
        if ui.add(Button::new("Group").shortcut_text("Ctrl G")).on_hover_text(help).clicked() {
            actions.push(Action::Edit(Edit::Group(ids.clone())));
        }
        if ui.add(Button::new("Delete").shortcut_text("Del")).clicked() {
            actions.push(Action::Edit(Edit::Remove(ids.clone())));
        }
    });
}

fn network(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    fact(ui, "Layers", &count(state.project().graph.len() as u64));
    fact(ui, "Parameters", &count(state.inference().parameter_count() as u64));
    if let Some(memory) = state.memory() {
        value_of(ui, "Memory", &size(memory.total())).on_hover_text("Memory that training needs, excluding the data.");
        fact(ui, "– parameters", &size(memory.parameters));
        value_of(ui, "– moments", &size(memory.moments))
            .on_hover_text("What the optimiser stores for every parameter.");
        let help = "Activations, gradients and masks of one step at this batch size.";
        value_of(ui, &format!("– batch of {}", memory.batch), &size(memory.step)).on_hover_text(help);
    }
    if state.project().graph.is_empty() {
        ui.add_space(8.0);
        let hint = "The settings of what you select on the canvas appear here.";
        ui.add(Label::new(RichText::new(hint).color(tokens.muted)).wrap());
        return;
    }
    let problems = state.inference().problems.len();
    if problems > 0 {
        fact(ui, "Problems", &count(problems as u64));
    }
    for problem in &state.inference().problems {
        problem_ui(ui, problem, actions);
    }
    learn_more(ui, state, actions);
    if state.inference().is_valid() {
        ui.add_space(8.0);
        let hint = "Select a layer on the canvas to see its settings and weights.";
        ui.add(Label::new(RichText::new(hint).color(tokens.muted)).wrap());
    }
}

/// Transfer learning, of a network that was trained elsewhere.
fn learn_more(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let graph = &state.project().graph;
    let Some(head) = transfer::head(graph).filter(|_| state.desk().arrival.is_some()) else { return };
    let Some(layer) = graph.layer(head) else { return };
    section(ui, "TRANSFER LEARNING", "");
    let frozen = transfer::freeze_all_but(graph, head);
    let help = format!("Only {} is trained. The other layers keep what they know.", layer.name);
    let button = ui.add_enabled(!frozen.is_empty(), Button::new("Freeze all but the last layer"));
    if button.on_hover_text(help).on_disabled_hover_text("All other layers are frozen.").clicked() {
        actions.push(Action::Edits { name: format!("freeze all but {}", layer.name), edits: frozen });
    }
    let task = state.dataset().map(|dataset| dataset.truth.task).filter(|task| !matches!(task, Task::Input(_)));
    let edits = task.and_then(|task| transfer::new_head(graph, head, task));
    let why = match task {
        None => "Choose data in the Data tab first.",
        Some(_) => "The last layer is none whose width can be set.",
    };
    let button = ui.add_enabled(edits.is_some(), Button::new("New last layer for the data"));
    let help =
        format!("Replaces {} by a layer with as many outputs as the data asks for, and adds a Loss.", layer.name);
    let response = button.on_hover_text(help).on_disabled_hover_text(why);
    if let Some(edits) = edits.filter(|_| response.clicked()) {
        actions.push(Action::Edits { name: format!("replace {} by a new head", layer.name), edits });
    }
}

pub(super) fn fact(ui: &mut Ui, label: &str, value: &str) {
    value_of(ui, label, value);
}

/// As [`fact`], for a word about it where the pointer rests.
fn value_of(ui: &mut Ui, label: &str, value: &str) -> Response {
    let tokens = Tokens::of(ui);
    ui.scope(|ui| {
        // A line of text, not as high as a field.
        ui.spacing_mut().interact_size.y = 18.0;
        ui.horizontal(|ui| {
            let size = egui::Vec2::new(label_width(ui), 18.0);
            ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.set_min_width(size.x);
                ui.label(RichText::new(label).color(tokens.muted));
            });
            ui.add(Label::new(RichText::new(value).font(theme::mono(12.0))).truncate()).on_hover_text(value)
        })
        .inner
    })
    .inner
}

/// What is wrong, expected and got, and a button for every repair.
pub(super) fn problem_ui(ui: &mut Ui, problem: &Problem, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.add_space(4.0);
    let frame = egui::Frame::new().fill(tokens.raised).corner_radius(8).inner_margin(egui::Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        if !problem.layer.is_empty() {
            section_name(ui, &problem.layer);
        }
        ui.add(Label::new(RichText::new(&problem.message).color(tokens.bad)).wrap());
        if let Some((expected, got)) = &problem.expected_got {
            fact(ui, "expected", expected);
            fact(ui, "got", got);
        }
        ui.horizontal_wrapped(|ui| {
            for (i, repair) in problem.repairs.iter().enumerate() {
                let response = if i == 0 { accent_button(ui, true, &repair.label) } else { ui.button(&repair.label) };
                if response.clicked() {
                    actions.push(Action::Edit(repair.edit.clone()));
                }
            }
        });
    });
}

fn section_name(ui: &mut Ui, name: &str) {
    ui.label(RichText::new(name).font(theme::medium(13.0)));
}

/// All problems that concern one layer, on it or on its wires.
pub(super) fn problems_of(ui: &mut Ui, state: &State, name: &str, actions: &mut Vec<Action>) {
    let mine: Vec<_> = state.inference().problems.iter().filter(|p| p.layer == name).collect();
    if mine.is_empty() {
        return;
    }
    section(ui, "PROBLEM", "");
    mine.into_iter().for_each(|problem| problem_ui(ui, problem, actions));
}
