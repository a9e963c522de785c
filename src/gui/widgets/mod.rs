//! Small controls that several panels draw: buttons, tabs, labelled fields, layer icons. They know nothing of the session.

mod buttons;
mod fields;
mod icon;
mod tabs;

pub use buttons::{accent_button, accent_icon_button, icon_button, named, section};
pub use fields::{
    Change, checkbox, choice, float, given_up, integer, label_width, labelled, path_field, rate, text_field,
};
pub use icon::{kind_icon, paint_kind_icon};
pub use tabs::tab_strip;
