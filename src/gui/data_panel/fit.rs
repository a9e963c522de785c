//! How pictures that are not square are fitted, chosen by what it does to some of them.

use egui::{
    Align2, Color32, ColorImage, Id, Rect, Role, Sense, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo, pos2,
};

use super::preview;
use crate::gui::textures::cached;
use crate::gui::theme::{self, Tokens};
use crate::model::{DataSpec, Fit, Source};
use crate::session::{Action, Fits, State};

const GAP: f32 = 6.0;
const HEAD: f32 = 18.0;

/// A column for each way, and one for the pictures as they are; a click chooses.
pub(super) fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(fits) = state.fits().filter(|fits| !fits.pictures.is_empty()) else { return };
    let data = &state.project().data;
    let now = match &data.source {
        Source::Pictures(pictures) => pictures.fit,
        Source::Boxes(pictures) => pictures.fit,
        _ => return,
    };
    let tokens = Tokens::of(ui);
    let columns = (1 + Fit::ALL.len()) as f32;
    let side = ((ui.available_width() - GAP * (columns - 1.0)) / columns).floor().min(72.0);
    let height = HEAD + (side + GAP) * fits.pictures.len() as f32 - GAP;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        let (rect, response) = ui.allocate_exact_size(Vec2::new(side, height), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Pictures as they are"));
        response.on_hover_text("Some of your pictures, as they are.");
        heading(ui, rect, "original", tokens.faint);
        for (line, picture) in fits.pictures.iter().enumerate() {
            original(ui, fits, line, picture, square(rect, line, side), &tokens);
        }
        for (way, fit) in Fit::ALL.into_iter().enumerate() {
            if column(ui, fits, (way, fit), (side, height), fit == now) && fit != now {
                actions.push(Action::SetData(DataSpec { source: with(&data.source, fit), ..data.clone() }));
                actions.push(Action::EndEdit);
            }
        }
    });
}

fn with(source: &Source, fit: Fit) -> Source {
    let mut source = source.clone();
    match &mut source {
        Source::Pictures(pictures) => pictures.fit = fit,
        Source::Boxes(pictures) => pictures.fit = fit,
        _ => {}
    }
    source
}

fn square(column: Rect, line: usize, side: f32) -> Rect {
    let top = column.top() + HEAD + line as f32 * (side + GAP);
    Rect::from_min_size(pos2(column.left(), top), Vec2::splat(side))
}

fn heading(ui: &Ui, rect: Rect, text: &str, colour: Color32) {
    let at = pos2(rect.center().x, rect.top() + HEAD / 2.0 - 2.0);
    ui.painter().text(at, Align2::CENTER_CENTER, text, theme::regular(11.0), colour);
}

/// One way. Whether it was clicked.
fn column(ui: &mut Ui, fits: &Fits, (way, fit): (usize, Fit), (side, height): (f32, f32), is_now: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(side, height), Sense::click());
    let (name, help) = match fit {
        Fit::Crop => ("Crop pictures", "The middle is kept; what is beside it is cut off."),
        Fit::Pad => ("Pad pictures", "All of the picture, with black beside it."),
        Fit::Stretch => ("Stretch pictures", "All of the picture, out of proportion."),
    };
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_now, name));
    heading(ui, rect, &fit.title().to_lowercase(), if is_now { tokens.text } else { tokens.muted });
    for (line, picture) in fits.pictures.iter().enumerate() {
        let square = square(rect, line, side);
        let id = Id::unique(("fitted", line, way));
        let version = fits.version << 1 | u64::from(tokens.dark);
        let texture = cached(ui.ctx(), id, version, TextureOptions::LINEAR, || {
            preview::picture(&tokens, &picture.ways[way], fits.shape)
        });
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(texture.id(), square, uv, Color32::WHITE);
    }
    let lit = is_now || response.hovered() || response.has_focus();
    let around = Rect::from_min_max(pos2(rect.left(), rect.top() + HEAD), rect.max).expand(2.0);
    if lit {
        let stroke = if is_now { tokens.focus_stroke() } else { egui::Stroke::new(1.0, tokens.muted) };
        ui.painter().rect_stroke(around, 3.0, stroke, StrokeKind::Outside);
    }
    response.on_hover_text(help).clicked()
}

fn original(ui: &Ui, fits: &Fits, line: usize, picture: &crate::session::Fitted, square: Rect, tokens: &Tokens) {
    let [width, height] = picture.whole.size.map(|side| side.max(1) as f32);
    let scale = square.width() / width.max(height);
    let place = Rect::from_center_size(square.center(), Vec2::new(width, height) * scale);
    ui.painter().rect_filled(square, 2.0, tokens.canvas);
    let id = Id::unique(("unfitted", line));
    let texture = cached(ui.ctx(), id, fits.version, TextureOptions::LINEAR, || {
        ColorImage::from_rgb([picture.whole.width, picture.whole.height], &picture.whole.pixels)
    });
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture.id(), place, uv, Color32::WHITE);
}
