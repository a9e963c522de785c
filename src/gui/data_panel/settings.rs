//! The settings of the source in use.

use egui::{Button, RichText, Ui};
use egui_material_icons::icons;

use super::{points, table};
use crate::gui::dialogs::{Dialogs, Purpose};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Change, checkbox, float, integer, section};
use crate::model::{DataSpec, DigitsSpec, IdxSpec, Source, SyntheticSpec};
use crate::session::{Action, State};

/// A changed copy of the settings, and whether the change is complete.
pub(super) struct Draft {
    pub(super) spec: DataSpec,
    pub(super) ended: bool,
}

impl Draft {
    pub(super) fn number<T>(&mut self, change: Change<T>, old: T) -> T {
        self.ended |= change.ended;
        change.value.unwrap_or(old)
    }
}

pub(super) fn show(ui: &mut Ui, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    section(ui, "SETTINGS", "");
    let before = &state.project.data;
    let mut draft = Draft { spec: before.clone(), ended: false };
    match before.source.clone() {
        Source::Synthetic(mut spec) => {
            synthetic(ui, &mut draft, &mut spec);
            draft.spec.source = Source::Synthetic(spec);
        }
        Source::Digits(mut spec) => {
            digits(ui, &mut draft, &mut spec);
            draft.spec.source = Source::Digits(spec);
        }
        Source::Idx(mut spec) => {
            folder(ui, &mut draft, &mut spec, dialogs);
            draft.spec.source = Source::Idx(spec);
        }
        Source::Csv(mut spec) => {
            table::show(ui, state, &mut draft, &mut spec);
            draft.spec.source = Source::Csv(spec);
        }
    }
    if !matches!(before.source, Source::Idx(_)) {
        let help = "The share of samples that the network never learns from: they show whether it understood or only remembers.";
        let change = float(ui, "Validation", help, before.validation, (0.05, 0.9));
        draft.spec.validation = draft.number(change, before.validation);
    }
    if draft.spec != *before {
        actions.push(Action::SetData(draft.spec));
    }
    if draft.ended {
        actions.push(Action::EndEdit);
    }
    again(ui, before, actions);
}

fn again(ui: &mut Ui, spec: &DataSpec, actions: &mut Vec<Action>) {
    let (word, help) = match spec.source {
        Source::Synthetic(_) | Source::Digits(_) => ("Regenerate", "Draw new samples with the same settings."),
        Source::Csv(_) | Source::Idx(_) => ("Split anew", "Read again, and choose other samples for validation."),
    };
    let icon = RichText::from(icons::ICON_REFRESH).size(15.0);
    let button = crate::gui::widgets::named(ui.add(Button::new((icon, word))), word);
    if button.on_hover_text(help).clicked() {
        actions.push(Action::RegenerateData);
    }
}

fn synthetic(ui: &mut Ui, draft: &mut Draft, spec: &mut SyntheticSpec) {
    let help = "How many points are drawn, training and validation together.";
    let samples = integer(ui, "Samples", help, spec.samples as i64, (10, 100_000));
    spec.samples = draft.number(samples, spec.samples as i64).max(10) as usize;
    let help = "How far points stray from their place.";
    let noise = float(ui, "Noise", help, spec.noise, (0.0, 0.5));
    spec.noise = draft.number(noise, spec.noise);
    if spec.kind.has_class_count() {
        let classes = integer(ui, "Classes", "How many kinds of points there are.", spec.classes as i64, (2, 10));
        spec.classes = draft.number(classes, spec.classes as i64).clamp(2, 10) as usize;
    }
    if spec.kind.raw_dimensions() == 2 {
        points::features(ui, draft, spec);
    }
}

fn digits(ui: &mut Ui, draft: &mut Draft, spec: &mut DigitsSpec) {
    let help = "How many digits are drawn, training and validation together.";
    let samples = integer(ui, "Samples", help, spec.samples as i64, (100, 60_000));
    spec.samples = draft.number(samples, spec.samples as i64).max(100) as usize;
    let help = "How much each pixel is disturbed.";
    let noise = float(ui, "Noise", help, spec.noise, (0.0, 0.5));
    spec.noise = draft.number(noise, spec.noise);
}

fn folder(ui: &mut Ui, draft: &mut Draft, spec: &mut IdxSpec, dialogs: &mut Dialogs) {
    let tokens = Tokens::of(ui);
    let path = spec.folder.display().to_string();
    ui.add(
        egui::Label::new(RichText::new(table::path_end(&path)).font(theme::mono(11.0)).color(tokens.muted)).truncate(),
    )
    .on_hover_text(path);
    if ui.button("Another folder …").clicked() {
        dialogs.ask(Purpose::DataFolder, ui.ctx());
    }
    let help = "Use only some of the samples: training starts sooner.";
    if let Some(on) = checkbox(ui, "Limit", help, spec.limit.is_some()) {
        spec.limit = on.then_some(10_000);
        draft.ended = true;
    }
    if let Some(limit) = spec.limit {
        let change = integer(ui, "At most", "Samples of each part.", limit as i64, (10, 10_000_000));
        spec.limit = Some(draft.number(change, limit as i64).max(10) as usize);
    }
}
