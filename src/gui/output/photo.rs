//! A photo of a person's own, beside what the network answers to it.

use egui::{Rect, RichText, ScrollArea, Sense, Ui, Vec2, WidgetInfo};

use super::try_it::{About, TryUi, answer_ui, new_data};
use super::{OutputView, thumbnail};
use crate::gui::textures::fingerprint;
use crate::gui::theme::Tokens;
use crate::session::{Action, Photo};
use crate::trace::Reply;

/// The largest side of the photo.
const LARGE: f32 = 280.0;
/// From this width on the answer stands beside it.
const BESIDE: f32 = 220.0;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    ScrollArea::vertical().id_salt("photo").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            let Some(photo) = chosen(ui, tokens, view, actions) else { return };
            let room = ui.available_width();
            let beside = room >= BESIDE;
            let side = if beside { room * 0.45 } else { room }.min(LARGE);
            let reply = reply(view, photo, local, actions);
            let both = |ui: &mut Ui| {
                paint(ui, tokens, view, photo, side);
                ui.vertical(|ui| answer_ui(ui, tokens, view, reply));
            };
            if beside {
                ui.horizontal_top(both)
            } else {
                ui.vertical(both)
            };
        });
    });
}

/// A button to choose one, and the photo that was chosen.
pub(super) fn chosen<'a>(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'a>,
    actions: &mut Vec<Action>,
) -> Option<&'a Photo> {
    let photo = view.state.photo().filter(|photo| photo.sample.len() == view.dataset.input_len());
    ui.horizontal_wrapped(|ui| {
        let text = if photo.is_some() { "Another photo …" } else { "Choose a photo …" };
        if ui.button(text).clicked() {
            actions.push(Action::ChoosePhoto);
        }
        new_data(ui, actions);
        let text = photo.map_or("or drop one onto the window", |photo| photo.name.as_str());
        ui.label(RichText::new(text).small().color(tokens.muted));
    });
    photo
}

/// As the network is given it; returns where it lies.
pub(super) fn paint(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, photo: &Photo, side: f32) -> Rect {
    let (square, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let shape = &view.dataset.input_shape;
    ui.painter().rect_filled(square, 4.0, tokens.canvas);
    thumbnail::paint(ui, &ui.painter_at(square), square, "photo", shape, &photo.sample);
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Image, true, format!("{}, as the network sees it", photo.name))
    });
    thumbnail::place(square, shape)
}

/// The answer to it, which is asked for.
pub(super) fn reply<'a>(
    view: &OutputView<'a>,
    photo: &Photo,
    local: &mut TryUi,
    actions: &mut Vec<Action>,
) -> Option<&'a Reply> {
    local.ask(view, About::Photo(fingerprint(&photo.sample)), &photo.sample, actions);
    local.reply(view)
}
