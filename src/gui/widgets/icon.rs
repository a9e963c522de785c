//! The coloured square with a sign that stands for a kind of layer.

use egui::{Align2, Painter, Rect, Response, Sense, Ui, Vec2};

use crate::gui::theme::{self, Tokens};
use crate::model::layer::About;

pub fn kind_icon(ui: &mut Ui, about: &About, size: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    paint_kind_icon(ui.painter(), &Tokens::of(ui), about, rect);
    response
}

pub fn paint_kind_icon(painter: &Painter, tokens: &Tokens, about: &About, rect: Rect) {
    painter.rect_filled(rect, rect.width() * 0.28, tokens.group(about.group));
    let size = rect.height() * if about.glyph.chars().count() > 1 { 0.5 } else { 0.64 };
    painter.text(rect.center(), Align2::CENTER_CENTER, about.glyph, theme::semibold(size), tokens.on_icon);
}
