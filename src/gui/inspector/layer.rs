//! One selected layer: name, settings, shapes, problems, and a look inside.

use egui::{Button, RichText, Ui};

use super::selection::{fact, problems_of};
use super::{InspectorUi, columns, params, weights};
use crate::gui::numbers::count;
use crate::gui::palette::explain;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Few, checkbox, kind_icon, labelled, text_field};
use crate::model::layer::Inputs;
use crate::model::{Edit, Layer, LayerKind, Shape, Source};
use crate::session::{Action, State};

pub(super) fn show(ui: &mut Ui, state: &State, layer: &Layer, local: &mut InspectorUi, actions: &mut Vec<Action>) {
    let InspectorUi { editor, more, .. } = local;
    ui.push_id(layer.id.0, |ui| {
        heading(ui, layer);
        name(ui, layer, actions);
        let simple = state.desk().simple;
        let mut few = Few::new(simple, *more);
        params::show(ui, state, layer, &mut few, actions);
        if let LayerKind::Input(input) = &layer.kind
            && few.shows(input.columns.is_empty())
        {
            columns::show(ui, state, layer, input, actions);
        }
        let is_block = state.project().graph.block(layer.id).is_some();
        if is_block {
            block(ui, layer, actions);
        }
        if (layer.kind.has_weights() || is_block) && few.shows(!layer.frozen) {
            let help = "A frozen layer keeps its weights while the rest of the network trains.";
            if let Some(frozen) = checkbox(ui, "Frozen", help, layer.frozen) {
                actions.push(Action::Edit(Edit::Freeze { layer: layer.id, frozen }));
            }
        }
        if simple {
            few.button(ui, "settings", more);
        }
        shapes(ui, state, layer);
        if !params::says_problems(layer) {
            problems_of(ui, state, &state.project().graph.path_name(layer.id), actions);
        }
        if let Some(picture) = state.run().picture.as_ref().and_then(|picture| picture.layers.get(&layer.id)) {
            weights::show(ui, state, layer, picture, editor);
        }
    });
}

/// What is done with a Block beside its settings.
fn block(ui: &mut Ui, layer: &Layer, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        if ui.add(Button::new("Open").shortcut_text("Enter")).on_hover_text("Edit the layers inside.").clicked() {
            actions.push(Action::OpenBlock(Some(layer.id)));
        }
        let help = "Put the layers inside in its place, one repetition after the other.";
        if ui.add(Button::new("Ungroup").shortcut_text("Ctrl Shift G")).on_hover_text(help).clicked() {
            actions.push(Action::Edit(Edit::Ungroup(layer.id)));
        }
    });
}

fn heading(ui: &mut Ui, layer: &Layer) {
    let tokens = Tokens::of(ui);
    let about = layer.kind.about();
    let row = ui.horizontal(|ui| {
        kind_icon(ui, about, 18.0);
        ui.label(RichText::new(about.title).font(theme::medium(13.0)));
        ui.label(RichText::new(about.tagline).color(tokens.faint));
    });
    explain(row.response.interact(egui::Sense::hover()), about);
    ui.label(RichText::new(about.formula).font(theme::mono(11.5)).color(tokens.muted));
    ui.add_space(4.0);
}

fn name(ui: &mut Ui, layer: &Layer, actions: &mut Vec<Action>) {
    let mut renamed = None;
    labelled(ui, "Name", "The layer's name on the canvas, in listings and in checkpoints.", |ui| {
        let (response, name) = text_field(ui, "Name", &layer.name, |field| {
            field.desired_width(f32::INFINITY).margin(egui::Margin::symmetric(8, 5)).char_limit(60)
        });
        renamed = name;
        response
    });
    if let Some(name) = renamed.filter(|name| !name.trim().is_empty()) {
        actions.push(Action::Edit(Edit::Rename { layer: layer.id, name: name.trim().to_owned() }));
        actions.push(Action::EndEdit);
    }
}

fn shapes(ui: &mut Ui, state: &State, layer: &Layer) {
    ui.add_space(4.0);
    let arriving: Vec<String> = state
        .project()
        .graph
        .incoming(layer.id)
        .map(|wire| {
            let shape = state.inference().shape_on(wire).map_or("?".to_owned(), ToString::to_string);
            match layer.kind.about().inputs {
                inputs @ Inputs::Named(_) if inputs.is_named_for(wire.input) => {
                    format!("{} {shape}", inputs.name(wire.input))
                }
                _ => shape,
            }
        })
        .collect();
    if !arriving.is_empty() {
        fact(ui, "Input", &arriving.join(", "));
    }
    let outputs = state.inference().outputs.get(&layer.id).filter(|_| layer.kind.about().has_output);
    if let Some(shapes) = outputs {
        let named = |(name, shape): (&&str, &Shape)| match shapes.len() {
            1 => shape.to_string(),
            _ => format!("{name} {shape}"),
        };
        let all: Vec<String> = layer.kind.spec().outputs().iter().zip(shapes).map(named).collect();
        fact(ui, "Output", &all.join(", "));
    }
    match (&layer.kind, state.inference().parameter_counts.get(&layer.id)) {
        (LayerKind::Input(_), _) => fact(ui, "Data", source_name(state)),
        (LayerKind::Loss(_), _) => role_of_loss(ui, state, layer),
        (_, Some(0)) | (_, None) => {}
        (_, Some(&n)) => fact(ui, "Parameters", &count(n as u64)),
    }
}

/// Of several Losses: what the others leave to the first.
fn role_of_loss(ui: &mut Ui, state: &State, layer: &Layer) {
    let graph = &state.project().graph;
    let Some((main, _)) = graph.main_loss().filter(|_| graph.has_several_losses()) else { return };
    let reads = if main.id == layer.id { "this loss" } else { &main.name };
    fact(ui, "Scores and Output read", reads);
}

fn source_name(state: &State) -> &str {
    match (state.dataset(), &state.project().data.source) {
        (Some(dataset), _) => &dataset.name,
        (None, Source::Synthetic(spec)) => spec.kind.title(),
        (None, Source::Digits(_)) => "Drawn digits",
        (None, Source::Shapes(_)) => "Drawn shapes",
        (None, Source::Scenes(_)) => "Drawn scenes",
        (None, Source::Boxes(_)) => "Labelled pictures",
        (None, Source::Csv(_)) => "Table",
        (None, Source::Idx(_)) => "IDX folder",
        (None, Source::Pictures(_)) => "Picture folder",
        (None, Source::Sample(_)) => "One sample",
    }
}
