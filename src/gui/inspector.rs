//! The panel on the right: what is selected, and how it is trained.

mod columns;
mod layer;
mod params;
mod schedule_forms;
mod selection;
mod training;
mod training_forms;
mod weights;
mod whole;

use egui::{ScrollArea, Ui};

use super::number_editor::NumberEditor;
use super::widgets::tab_strip;
use crate::session::{Action, State};

#[derive(Default)]
pub struct InspectorUi {
    tab: Tab,
    /// Where a weight is set.
    editor: NumberEditor,
    /// The settings that a beginner is not shown were asked for.
    more: bool,
}

impl InspectorUi {
    /// Its settings of training, all of them.
    pub fn show_training(&mut self) {
        (self.tab, self.more) = (Tab::Training, true);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Layer,
    Training,
}

pub fn show(ui: &mut Ui, state: &State, local: &mut InspectorUi, actions: &mut Vec<Action>) {
    let title = selection::title(state);
    // What a click on another tab leaves is drawn once more, so that its fields take what was typed.
    let tab = local.tab;
    super::panels::header(ui, |ui| tab_strip(ui, &mut local.tab, &[(Tab::Layer, &title), (Tab::Training, "Training")]));
    ScrollArea::vertical().auto_shrink(false).id_salt(("inspector", tab == Tab::Layer)).show(ui, |ui| {
        super::panels::body(ui, |ui| match tab {
            Tab::Training => training::show(ui, state, &mut local.more, actions),
            Tab::Layer => match state.selection().only().and_then(|id| state.project().graph.layer(id)) {
                Some(layer) => layer::show(ui, state, layer, local, actions),
                None => selection::show(ui, state, actions),
            },
        });
    });
    local.editor.show(ui.ctx(), state, actions);
}

#[cfg(test)]
#[path = "inspector/tests.rs"]
mod tests;
