//! The frames that all panels share: a heading as high as its tabs with a line below, and a body with margins.

use egui::{Frame, Margin, Stroke, Ui};

use super::theme::Tokens;

/// The 36 points at the top of a panel.
pub fn header(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.set_height(36.0);
        ui.add_space(12.0);
        contents(ui);
    });
    let y = ui.min_rect().bottom();
    ui.painter().hline(ui.max_rect().x_range(), y, Stroke::new(1.0, tokens.line));
    ui.add_space(1.0);
}

pub fn body(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    Frame::new().inner_margin(Margin { left: 14, right: 14, top: 10, bottom: 14 }).show(ui, |ui| {
        ui.set_width(ui.available_width());
        contents(ui);
    });
}
