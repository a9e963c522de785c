//! How pictures are changed while training.

use egui::{Label, RichText, Ui};

use super::gallery::gallery;
use crate::data::Dataset;
use crate::gui::theme::Tokens;
use crate::gui::widgets::{Change, checkbox, float, section};
use crate::model::limits::{self, Limits};
use crate::model::{Augmentation, Task, TrainingSpec};
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
    mixup: 0.0,
};
/// The α that mixup is switched on with: of those that the paper finds best for ImageNet.
const ALPHA: f64 = 0.2;

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
        mixup(ui, &mut now, &mut ended, dataset.truth.task);
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

/// Where it makes sense, or has to be switched off.
fn mixup(ui: &mut Ui, now: &mut Augmentation, ended: &mut bool, task: Task) {
    if (Augmentation { mixup: ALPHA, ..*now }).problem(task).is_some() && now.mixup == 0.0 {
        return;
    }
    let help = "Mix each picture with another one of its batch. The loss then counts the answers of both, each by its \
        share of the picture.";
    if let Some(on) = checkbox(ui, "Mixup", help, now.mixup > 0.0) {
        (now.mixup, *ended) = (if on { ALPHA } else { 0.0 }, true);
    }
    if now.mixup > 0.0 {
        let help = "The shares are drawn from Beta(α, α), a distribution on 0 to 1. α near 0: most pictures stay nearly as \
            they are. 1: all shares are equally likely. Above: most are mixed about half and half.";
        let range = (0.01, limits::MIXUP.most);
        let Change { value, ended: is_done, .. } = float(ui, "Mixup alpha", help, now.mixup, range);
        *ended |= is_done;
        now.mixup = value.unwrap_or(now.mixup);
    }
    if let Some(problem) = now.problem(task) {
        ui.add(Label::new(RichText::new(problem).color(Tokens::of(ui).warn)).wrap());
    }
}
