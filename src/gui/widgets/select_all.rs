//! A field whose text is taken up whole.

use egui::text::{CCursor, CCursorRange};
use egui::{Response, TextEdit, Ui};

/// What is typed next takes the place of what is there.
pub fn select_all(ui: &Ui, field: &Response, length: usize) {
    let mut state = TextEdit::load_state(ui.ctx(), field.id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::new(0), CCursor::new(length))));
    state.store(ui.ctx(), field.id);
}
