//! Reading a number off a drawing: a tooltip at the pointer that follows it without delay.

use egui::{Response, RichText, Tooltip, Ui};

use super::theme::{self, Tokens};

/// Shows `contents` beside the pointer; to be called while the pointer is over `response`.
pub fn read(response: &Response, contents: impl FnOnce(&mut Ui)) {
    Tooltip::for_widget(response).at_pointer().gap(12.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        contents(ui);
    });
}

/// One line of text.
pub fn read_text(response: &Response, text: &str) {
    read(response, |ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(text);
    });
}

/// A line of a reading: a coloured dot, a name, its number at the right. AccessKit sees "name number".
pub fn reading_row(ui: &mut Ui, tokens: &Tokens, colour: egui::Color32, name: &str, value: &str) {
    let row = ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (dot, _) = ui.allocate_exact_size(egui::Vec2::splat(8.0), egui::Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, colour);
        paint_text(ui, RichText::new(name).color(tokens.muted));
        paint_text(ui, RichText::new(value).font(theme::mono(12.0)).color(tokens.text));
    });
    row.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name} {value}")));
}

/// Text without an AccessKit node of its own: the row names it.
fn paint_text(ui: &mut Ui, text: RichText) {
    let galley = egui::WidgetText::from(text).into_galley(ui, None, f32::INFINITY, egui::TextStyle::Body);
    let (rect, _) = ui.allocate_exact_size(galley.size(), egui::Sense::hover());
    ui.painter().galley(rect.min, galley, egui::Color32::PLACEHOLDER);
}
