//! Boxes drawn by hand: how many there are, and the way to them.

use egui::{Button, Label, RichText, Ui};

use crate::expr::counted;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{accent_button, section};
use crate::session::{Action, BoxAction, DataState, State};

pub(super) fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(drawn) = state.drawn() else { return };
    let tokens = Tokens::of(ui);
    section(ui, "BOXES", "");
    let help = "Look at the boxes picture by picture; draw, move and delete some. They are saved with the project; your \
        label files stay as they are.";
    let pressed = match state.data() {
        DataState::Failed(_) => accent_button(ui, true, "Draw boxes …"),
        _ => ui.add(Button::new("Draw boxes …")),
    };
    if pressed.on_hover_text(help).clicked() {
        actions.push(Action::Boxes(BoxAction::Open(None)));
    }
    if !drawn.is_empty() {
        let pictures = counted(drawn.len(), "picture");
        let text = format!("Drawn or corrected by hand in {pictures}.");
        ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
    }
}
