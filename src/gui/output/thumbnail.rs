//! A sample as a small picture: one channel from the ground to the ink of the theme, three as colours.

use egui::{Color32, ColorImage, Painter, Pos2, Rect, TextureOptions, Ui};

use crate::gui::textures::{cached, fingerprint};
use crate::gui::theme::{self, Tokens};

/// Paints `values` (`[channels, rows, columns]`) into `rect`, with crisp pixels.
pub(super) fn paint(
    ui: &Ui,
    painter: &Painter,
    rect: Rect,
    salt: impl egui::AsIdSalt,
    shape: &[usize],
    values: &[f32],
) {
    let &[channels, rows, columns] = shape else { return };
    if rows * columns == 0 || values.len() != channels * rows * columns {
        return;
    }
    let id = egui::Id::unique("sample thumbnail").with(salt);
    let tokens = Tokens::of(ui);
    let version = fingerprint(values) ^ u64::from(tokens.dark);
    let texture = cached(ui.ctx(), id, version, TextureOptions::NEAREST, || {
        let (low, high) = extent(values);
        let level = |v: f32| (v - low) / (high - low);
        let plane = rows * columns;
        let pixels = (0..plane).map(|i| match channels {
            3 => theme::pixel([0, 1, 2].map(|channel| level(values[channel * plane + i]))),
            _ => theme::mix(tokens.zero, tokens.text, level(values[i])),
        });
        ColorImage::new([columns, rows], pixels.collect())
    });
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    painter.image(texture.id(), fit(rect, columns as f32 / rows as f32), uv, Color32::WHITE);
}

/// Where [`paint`] puts a sample of this shape.
pub(super) fn place(rect: Rect, shape: &[usize]) -> Rect {
    match *shape {
        [_, rows, columns] if rows * columns > 0 => fit(rect, columns as f32 / rows as f32),
        _ => rect,
    }
}

/// 0 to 1 for ordinary pictures; what is there when they were scaled otherwise.
fn extent(values: &[f32]) -> (f32, f32) {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(0.0, f32::min), finite().fold(0.0, f32::max));
    if low >= 0.0 && high <= 1.0 { (0.0, 1.0) } else { (low, high.max(low + 1e-6)) }
}

/// The largest rectangle of this shape in the middle of `rect`.
fn fit(rect: Rect, aspect: f32) -> Rect {
    let width = rect.width().min(rect.height() * aspect);
    Rect::from_center_size(rect.center(), egui::vec2(width, width / aspect))
}
