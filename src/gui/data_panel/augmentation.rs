//! How pictures are changed while training, and what the network then sees.

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::{Color32, Id, Rect, Role, Sense, TextureOptions, Ui, Vec2, WidgetInfo, pos2};

use super::preview;
use crate::data::{Dataset, augment};
use crate::gui::textures::cached;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{Change, checkbox, float, section};
use crate::model::limits::{self, Limits};
use crate::model::{Augmentation, TrainingSpec};
use crate::session::{Action, State};

/// What is switched on first: gentle, and harmless for most pictures.
const GENTLE: Augmentation = Augmentation {
    flip: false,
    flip_up_down: false,
    rotation: 10.0,
    shift: 0.1,
    zoom: 0.1,
    shear: 0.0,
    brightness: 0.1,
    contrast: 0.1,
    saturation: 0.0,
    noise: 0.0,
    cutout: 0.0,
};
/// Pictures in the gallery.
const PICTURES: usize = 4;

pub(super) fn show(ui: &mut Ui, state: &State, dataset: &Dataset, actions: &mut Vec<Action>) {
    let [channels, rows, columns] = dataset.input_shape[..] else { return };
    section(ui, "AUGMENTATION", "");
    let training = &state.project().training;
    let before = *training.augmentation;
    let (mut now, mut ended) = (before, false);
    let help = "Change the pictures a little at random each time the network learns from them. With few pictures it then \
        learns what matters. Validation sees them as they are.";
    if let Some(on) = checkbox(ui, "Augment", help, before.is_active()) {
        now = if on { GENTLE } else { Augmentation::default() };
        ended = true;
    }
    if before.is_active() {
        fields(ui, &mut now, &mut ended, channels == 3);
        gallery(ui, training, dataset, [channels, rows, columns]);
    }
    if now != before {
        actions.push(Action::SetTraining(TrainingSpec { augmentation: Box::new(now), ..training.clone() }));
    }
    if ended {
        actions.push(Action::EndEdit);
    }
}

fn fields(ui: &mut Ui, now: &mut Augmentation, ended: &mut bool, has_colours: bool) {
    for (label, help, on) in [
        ("Flip", "Mirror half of them. Not for letters and digits.", &mut now.flip),
        ("Upside down", "Turn half of them over.", &mut now.flip_up_down),
    ] {
        if let Some(is) = checkbox(ui, label, help, *on) {
            (*on, *ended) = (is, true);
        }
    }
    let mut number = |label: &str, help: &str, limits: Limits<f64>, value: &mut f64| {
        let Change { value: changed, ended: is_done, .. } = float(ui, label, help, *value, limits.range());
        *ended |= is_done;
        *value = changed.unwrap_or(*value);
    };
    number("Rotation", "By so many degrees at most.", limits::ROTATION, &mut now.rotation);
    number("Shift", "By such a share of the side at most.", limits::SHIFT, &mut now.shift);
    number("Zoom", "Larger or smaller by such a share at most.", limits::ZOOM, &mut now.zoom);
    number("Shear", "Leaning by so many degrees at most.", limits::SHEAR, &mut now.shear);
    number("Brightness", "Lighter or darker by so much at most, of 0 to 1.", limits::BRIGHTNESS, &mut now.brightness);
    number("Contrast", "More or less by such a share at most.", limits::CONTRAST, &mut now.contrast);
    if has_colours {
        number("Saturation", "More or less colour by such a share at most.", limits::SATURATION, &mut now.saturation);
    }
    number("Noise", "Standard deviation of what is added to each value.", limits::PIXEL_NOISE, &mut now.noise);
    number("Cutout", "Side of a grey square somewhere, as a share of the side.", limits::CUTOUT, &mut now.cutout);
}

/// A line for each picture: as it is, and as it is trained on in the first epochs.
fn gallery(ui: &mut Ui, training: &TrainingSpec, dataset: &Dataset, shape: [usize; 3]) {
    let tokens = Tokens::of(ui);
    let gap = 4.0;
    let across = ((ui.available_width() + gap) / 52.0).floor().max(2.0);
    let side = ((ui.available_width() + gap) / across).floor() - gap;
    let mut hasher = DefaultHasher::new();
    format!("{:?} {}", training.augmentation, training.seed).hash(&mut hasher);
    (dataset.train.version(), tokens.dark).hash(&mut hasher);
    let version = hasher.finish();
    let rows = dataset.fair(&dataset.train);
    ui.spacing_mut().item_spacing = Vec2::splat(gap);
    for (line, &row) in rows.iter().take(PICTURES).enumerate() {
        ui.horizontal(|ui| {
            for place in 0..across as u64 {
                let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
                let id = Id::unique(("augmented", line, place));
                let texture = cached(ui.ctx(), id, version, TextureOptions::NEAREST, || {
                    let mut batch = dataset.train.fetch(&[row]).unwrap_or_default();
                    if let Some(epoch) = place.checked_sub(1) {
                        augment(
                            &mut batch,
                            &dataset.input_shape,
                            dataset.truth.task,
                            &training.augmentation,
                            training.seed,
                            epoch,
                        );
                    }
                    preview::picture(&tokens, &batch.inputs, shape)
                });
                let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
                let name = if place == 0 { "As it is".to_owned() } else { format!("In epoch {place}") };
                response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
                response.on_hover_text(name);
            }
        });
    }
}
