//! The frames that all panels share: a heading as high as its tabs with a line below, and a body with margins.

use egui::{Frame, Margin, Sense, Stroke, Ui, UiBuilder};

use super::theme::Tokens;

/// How high the heading of a panel is.
pub const HEADING: f32 = 36.0;

/// The heading at the top of a panel.
pub fn header(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    let row = ui.horizontal(|ui| {
        ui.set_height(HEADING);
        ui.add_space(12.0);
        contents(ui);
    });
    let y = row.response.rect.bottom();
    ui.painter().hline(ui.max_rect().x_range(), y, Stroke::new(1.0, tokens.line));
    ui.add_space(1.0);
}

pub fn body(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    Frame::new().inner_margin(Margin { left: 14, right: 14, top: 6, bottom: 14 }).show(ui, |ui| {
        ui.set_width(ui.available_width());
        super::help::bound(ui);
        ui.spacing_mut().item_spacing.y = 6.0;
        contents(ui);
    });
}

/// The frame of a dialog.
pub fn dialog_frame(style: &egui::Style) -> Frame {
    Frame::popup(style).inner_margin(16).corner_radius(10)
}

/// Draws into exactly the room there is, so that a panel stays as large as the person made it, whatever it holds.
pub fn fixed(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let rect = ui.available_rect_before_wrap();
    ui.allocate_rect(rect, Sense::hover());
    let mut inside = ui.new_child(UiBuilder::new().max_rect(rect).layout(*ui.layout()));
    inside.set_clip_rect(rect.intersect(ui.clip_rect()));
    super::help::bound(&inside);
    contents(&mut inside);
}
