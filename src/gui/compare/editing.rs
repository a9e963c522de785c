//! A name or a note while it is typed, in the row where it stands.

use egui::{Id, Key, Rect, TextEdit, Ui, WidgetInfo};

use super::CompareUi;
use crate::gui::theme;
use crate::session::{Action, RunAction};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Name,
    Note,
}

#[derive(Debug)]
pub struct Editing {
    pub id: String,
    pub of: Of,
    text: String,
    before: String,
    /// The field has not been drawn yet.
    fresh: bool,
}

impl Editing {
    pub fn new(id: &str, of: Of, text: &str) -> Self {
        Self { id: id.to_owned(), of, text: text.to_owned(), before: text.to_owned(), fresh: true }
    }
}

/// The field in its place. Enter or leaving it keeps what was typed, Escape does not.
pub fn field(ui: &mut Ui, local: &mut CompareUi, place: Rect, actions: &mut Vec<Action>) {
    let Some(editing) = &mut local.editing else { return };
    let (name, hint) = match editing.of {
        Of::Name => ("Name of the run", ""),
        Of::Note => ("Note on the run", "Note: what was this run for?"),
    };
    let edit = TextEdit::singleline(&mut editing.text).id(Id::unique("name or note of a run")).hint_text(hint);
    let edit = edit.font(theme::regular(13.0)).margin(egui::Margin::symmetric(6, 4));
    let response = ui.put(place, edit.desired_width(place.width()));
    let (before, text) = (editing.before.clone(), editing.text.clone());
    response.widget_info(|| WidgetInfo {
        label: Some(name.to_owned()),
        ..WidgetInfo::text_edit(true, &before, &text, hint)
    });
    if std::mem::take(&mut editing.fresh) {
        response.request_focus();
        return;
    }
    if !response.lost_focus() {
        return;
    }
    let given_up = ui.input(|i| i.key_pressed(Key::Escape));
    let Some(Editing { id, of, text, before, .. }) = local.editing.take() else { return };
    let text = text.trim().to_owned();
    if given_up || text == before {
        return;
    }
    match of {
        Of::Name if text.is_empty() => {}
        Of::Name => actions.push(Action::Runs(RunAction::Rename { id, name: text })),
        Of::Note => actions.push(Action::Runs(RunAction::Note { id, note: text })),
    }
}
