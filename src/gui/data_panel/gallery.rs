//! What the network sees of some pictures while training, epoch by epoch.

use std::hash::{DefaultHasher, Hash, Hasher};

use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, Id, Label, Rect, RichText, Role, Sense, TextFormat, TextureOptions, Ui, Vec2, WidgetInfo, pos2};

use super::preview;
use crate::data::{Batch, Dataset, augment, mix, mixture, partner, share};
use crate::gui::numbers::{number, percent};
use crate::gui::textures::cached;
use crate::gui::theme::{Tokens, regular};
use crate::model::TrainingSpec;

/// Pictures in the gallery.
const PICTURES: usize = 4;
/// With a larger share of itself a picture looks as it is.
const SEEN: f32 = 0.9;
/// Epochs among which those are looked for, and draws by which their share is told.
const LOOKED_AT: u64 = 200;
const COUNTED: u32 = 500;
const GAP: f32 = 4.0;
/// Of a picture, at least; and of one with its parts below it.
const SIDES: [f32; 2] = [48.0, 68.0];
/// Height of a line that names a part.
const LINE: f32 = 12.0;

/// A line for each picture: as it is, and as it is trained on in the first epochs, with mixup the first in which one
/// sees it. Mixup mixes each with the one of the line above it.
pub(super) fn gallery(ui: &mut Ui, training: &TrainingSpec, dataset: &Dataset, shape: [usize; 3]) {
    let tokens = Tokens::of(ui);
    let shown = Shown::of(training, dataset);
    let least = SIDES[usize::from(shown.mixes)] + GAP;
    let across = ((ui.available_width() + GAP) / least).floor().max(2.0);
    let side = ((ui.available_width() + GAP) / across).floor() - GAP;
    let mut hasher = DefaultHasher::new();
    format!("{:?} {}", training.augmentation, training.seed).hash(&mut hasher);
    (dataset.train.version(), tokens.dark).hash(&mut hasher);
    let version = hasher.finish();
    if shown.mixes {
        let text = format!("{} of all pictures are mixed by 10 % or more, as these are.", percent(shown.seen()));
        ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
    }
    ui.spacing_mut().item_spacing = Vec2::splat(GAP);
    for line in 0..shown.rows.len() {
        ui.horizontal(|ui| {
            for place in 0..across as u64 {
                let epoch = place.checked_sub(1).map(|place| shown.epoch(line, place));
                let lines = if shown.mixes { 2.0 * LINE } else { 0.0 };
                let (cell, response) = ui.allocate_exact_size(Vec2::new(side, side + lines), Sense::hover());
                let rect = Rect::from_min_size(cell.min, Vec2::splat(side));
                let id = Id::unique(("augmented", line, place));
                let texture = cached(ui.ctx(), id, version, TextureOptions::NEAREST, || {
                    preview::picture(&tokens, &shown.picture(line, epoch), shape)
                });
                let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
                ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
                for (i, text) in shown.parts(line, epoch).into_iter().enumerate() {
                    let format = TextFormat::simple(regular(10.0), tokens.muted);
                    let mut job = LayoutJob::single_section(text, format);
                    job.wrap = TextWrapping::truncate_at_width(side);
                    let galley = ui.painter().layout_job(job);
                    let at = pos2(cell.left(), rect.bottom() + LINE * i as f32);
                    ui.painter().galley(at, galley, tokens.muted);
                }
                let name = shown.name(line, epoch);
                response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
                response.on_hover_text(name);
            }
        });
    }
}

/// Some pictures of the training part.
struct Shown<'a> {
    training: &'a TrainingSpec,
    dataset: &'a Dataset,
    rows: Vec<u32>,
    mixes: bool,
    /// What each is, where they are mixed.
    words: Vec<String>,
}

impl<'a> Shown<'a> {
    fn of(training: &'a TrainingSpec, dataset: &'a Dataset) -> Self {
        let rows: Vec<u32> = dataset.fair(&dataset.train).iter().copied().take(PICTURES).collect();
        let mixes = training.augmentation.mixes(&dataset.input_shape, dataset.truth.task);
        let words = if mixes { rows.iter().map(|&row| words(dataset, row)).collect() } else { Vec::new() };
        Self { training, dataset, rows, mixes, words }
    }

    /// As it is in an epoch, or without one as it is.
    fn picture(&self, line: usize, epoch: Option<u64>) -> Vec<f32> {
        let other = partner(line, self.rows.len());
        let Ok(mut batch) = self.dataset.train.fetch(&[self.rows[other], self.rows[line]]) else { return Vec::new() };
        let own = batch.inputs.len() / 2;
        if let Some(epoch) = epoch {
            let TrainingSpec { augmentation, seed, .. } = self.training;
            augment(&mut batch, &self.dataset.input_shape, self.dataset.truth.task, augmentation, *seed, epoch);
        }
        let Batch { inputs, lambda, .. } = batch;
        if lambda.is_empty() {
            return inputs[own..].to_vec();
        }
        let mut mixed = vec![0.0; inputs.len()];
        mix(&inputs, &lambda, &mut mixed);
        mixed.split_off(own)
    }

    /// Of those in which it is mixed to be seen, at this place; without as many, the one at this place.
    fn epoch(&self, line: usize, place: u64) -> u64 {
        let is_seen = |epoch: &u64| self.share(line, *epoch) <= SEEN;
        let found = (0..LOOKED_AT).filter(is_seen).nth(place as usize).filter(|_| self.mixes);
        found.unwrap_or(place)
    }

    /// Of all pictures in an epoch, how many are mixed to be seen.
    fn seen(&self) -> f32 {
        let TrainingSpec { augmentation, seed, .. } = self.training;
        let is_seen = |row: &u32| share(augmentation.mixup, *seed, 0, *row) <= SEEN;
        (0..COUNTED).filter(is_seen).count() as f32 / COUNTED as f32
    }

    fn share(&self, line: usize, epoch: u64) -> f32 {
        share(self.training.augmentation.mixup, self.training.seed, epoch, self.rows[line])
    }

    /// "70 % cat", "30 % dog"
    fn mixture(&self, line: usize, epoch: u64) -> Vec<String> {
        mixture(self.share(line, epoch), &self.words[line], &self.words[partner(line, self.rows.len())])
    }

    /// What a picture is of, in a line each.
    fn parts(&self, line: usize, epoch: Option<u64>) -> Vec<String> {
        match epoch {
            _ if !self.mixes => Vec::new(),
            None => vec![self.words[line].clone()],
            Some(epoch) => self.mixture(line, epoch),
        }
    }

    fn name(&self, line: usize, epoch: Option<u64>) -> String {
        match epoch {
            None => "As it is".to_owned(),
            Some(epoch) if self.mixes => format!("In epoch {}: {}", epoch + 1, self.mixture(line, epoch).join(", ")),
            Some(epoch) => format!("In epoch {}", epoch + 1),
        }
    }
}

/// The class, or the numbers, of a sample.
fn words(dataset: &Dataset, row: u32) -> String {
    let target = dataset.train.target(row as usize).unwrap_or_default();
    match (dataset.classes(), target.first()) {
        (Some(classes), Some(&class)) => classes.get(class as usize).cloned().unwrap_or_else(|| class.to_string()),
        _ => {
            let values = target.iter().enumerate().map(|(i, &value)| number(dataset.truth.unit(i).value(value)));
            values.collect::<Vec<_>>().join(", ")
        }
    }
}
