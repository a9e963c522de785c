//! Small controls that several panels draw: buttons, labelled fields, layer icons, numbers as text. They know nothing of the session.

mod buttons;
mod fields;
mod icon;
mod numbers;

pub use buttons::{accent_button, accent_icon_button, icon_button, named, section, tab_strip};
pub use fields::{Change, checkbox, choice, float, integer, labelled, path_field, rate, text_field};
pub use icon::{kind_icon, paint_kind_icon};
pub use numbers::{duration, loss, short};
