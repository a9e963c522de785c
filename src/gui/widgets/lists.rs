//! Lists that open.

use egui::{ScrollArea, Ui};

/// A list that scrolls where it has to, and begins at its top whenever it is opened anew.
pub fn list_from_top(ui: &Ui) -> ScrollArea {
    let (id, pass) = (ui.scope_id().with("last pass of the list"), ui.ctx().cumulative_pass_nr());
    let before = ui.data_mut(|data| data.get_temp_mut_or_default::<Option<u64>>(id).replace(pass));
    let list = ScrollArea::vertical();
    if before.is_some_and(|before| pass <= before + 1) { list } else { list.vertical_scroll_offset(0.0) }
}
