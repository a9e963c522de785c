//! Buttons and headings.

use egui::{Button, Response, RichText, Role, Ui, Vec2, WidgetInfo};
use egui_material_icons::MaterialIcon;

use crate::gui::theme::{self, Tokens};

/// Gives a control its AccessKit name, and the same name as its tooltip.
pub fn named(response: Response, name: &str) -> Response {
    let enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    response.on_hover_text(name).on_disabled_hover_text(name)
}

/// A square button that shows only an icon; `name` is its tooltip and its AccessKit name.
pub fn icon_button(ui: &mut Ui, icon: MaterialIcon, enabled: bool, selected: bool, name: &str) -> Response {
    let button = Button::selectable(selected, RichText::from(icon).size(17.0))
        .min_size(Vec2::new(28.0, 28.0))
        .frame_when_inactive(selected);
    named(ui.add_enabled(enabled, button), name)
}

/// The one button that matters most.
pub fn accent_button(ui: &mut Ui, enabled: bool, text: &str) -> Response {
    let tokens = Tokens::of(ui);
    let text = RichText::new(text).font(theme::medium(13.0)).color(tokens.on_accent);
    ui.add_enabled(enabled, Button::new(text).fill(tokens.accent).min_size(Vec2::new(0.0, 28.0)))
}

/// The play button: an icon, and a word where there is room.
pub fn accent_icon_button(ui: &mut Ui, enabled: bool, icon: MaterialIcon, word: Option<&str>) -> Response {
    let tokens = Tokens::of(ui);
    let icon = RichText::from(icon).size(17.0).color(tokens.on_accent);
    let (button, width) = match word {
        Some(word) => {
            (Button::new((icon, RichText::new(word).font(theme::medium(13.0)).color(tokens.on_accent))), 84.0)
        }
        None => (Button::new(icon), 36.0),
    };
    ui.add_enabled(enabled, button.fill(tokens.accent).min_size(Vec2::new(width, 28.0)))
}

/// A small heading inside a panel, with an optional number at its right end.
pub fn section(ui: &mut Ui, title: &str, value: &str) {
    let tokens = Tokens::of(ui);
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).size(11.0).color(tokens.faint));
        if !value.is_empty() {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(RichText::new(value).font(theme::mono(11.0)).color(tokens.faint)).truncate());
            });
        }
    });
}
