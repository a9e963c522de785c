//! The columns of the data that an Input takes, to be ticked.

use egui::{ScrollArea, Ui};

use crate::gui::widgets::checkbox;
use crate::model::layer::{Input, columns};
use crate::model::{Edit, Layer, ParamValue};
use crate::session::{Action, State};

/// Above this the list scrolls.
const HEIGHT: f32 = 170.0;

pub(super) fn show(ui: &mut Ui, state: &State, layer: &Layer, input: &Input, actions: &mut Vec<Action>) {
    let Some(dataset) = state.dataset() else { return };
    let data = dataset.signature();
    let all = columns(&data);
    if all.len() < 2 {
        return;
    }
    let taken: Vec<bool> = all.iter().map(|column| input.takes(column, &data)).collect();
    let is_last = taken.iter().filter(|taken| **taken).count() == 1;
    let list = ScrollArea::vertical().id_salt("columns").max_height(HEIGHT).auto_shrink([false, true]);
    list.show(ui, |ui| {
        for (i, column) in all.iter().enumerate() {
            let help = "Whether this column enters here. At least one must.";
            let Some(on) = checkbox(ui, column, help, taken[i]) else { continue };
            if !on && is_last {
                continue;
            }
            let is_chosen = |at: usize| if at == i { on } else { taken[at] };
            let chosen: Vec<&str> =
                all.iter().enumerate().filter(|(at, _)| is_chosen(*at)).map(|(_, name)| name.as_str()).collect();
            let text = if chosen.len() == all.len() { String::new() } else { chosen.join(", ") };
            let value = ParamValue::Text(text);
            actions.push(Action::Edit(Edit::SetParam { layer: layer.id, key: "columns".to_owned(), value }));
            actions.push(Action::EndEdit);
        }
    });
}
