//! Small controls that several panels draw: buttons, tabs, labelled fields, layer icons. They know nothing of the
//! session.

mod buttons;
mod few;
mod fields;
mod icon;
mod lists;
mod number;
mod progress;
mod prose;
mod select_all;
mod tabs;
pub mod typed;

pub use buttons::{accent_button, accent_icon_button, icon_button, named, section};
pub use few::Few;
pub use fields::{
    Entered, checkbox, choice, float, integer, label_width, labelled, number_field, path_field, rate, small_choice,
    text_field, usize_field,
};
pub use icon::{kind_icon, paint_kind_icon};
pub use lists::{combo, list_from_top};
pub use number::{Change, Number, is_refused, refusal};
pub use progress::progress;
pub use prose::{bounded, prose};
pub use select_all::select_all;
pub use tabs::{pane_tabs, tab_strip};

use egui::{PointerButton, Ui};

/// Draws what comes and goes with the news. Where it is not, it takes no room, and all that is drawn behind it keeps
/// its id: fields that are typed into, menus that are open, buttons that are being pressed.
pub fn perhaps<T>(ui: &mut Ui, what: Option<T>, draw: impl FnOnce(&mut Ui, T)) {
    match what {
        Some(what) => drop(ui.scope(|ui| draw(ui, what))),
        None => ui.skip_ahead_auto_ids(1),
    }
}

/// Whether this is the second click of two at one place. (A third counts too: egui takes any click just before for the
/// first of three.)
pub fn is_second_click(ui: &Ui) -> bool {
    let button = PointerButton::Primary;
    ui.input(|i| i.pointer.button_double_clicked(button) || i.pointer.button_triple_clicked(button))
}
