//! The settings of the source in use.

use egui::{Button, RichText, Ui};
use egui_material_icons::icons;

use super::{parts, points, table};
use crate::expr::counted;
use crate::gui::dialogs::{Dialogs, Purpose};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Change, checkbox, choice, float, labelled, text_field, usize_field};
use crate::model::{
    DataSpec, DigitsSpec, Fit, IdxSpec, PictureSpec, Reading, SampleSpec, ScenesSpec, ShapesSpec, Source,
    SyntheticSpec, limits,
};
use crate::session::{Action, State};

/// A changed copy of the settings, and whether the change is complete.
pub(super) struct Draft {
    pub(super) spec: DataSpec,
    pub(super) ended: bool,
    /// Another way to read the table: its columns are found anew.
    pub(super) reading: Option<Reading>,
}

impl Draft {
    pub(super) fn number<T>(&mut self, change: Change<T>, old: T) -> T {
        self.ended |= change.ended;
        change.value.unwrap_or(old)
    }
}

pub(super) fn show(ui: &mut Ui, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    edit(state, actions, |draft| {
        source(ui, state, draft, dialogs);
        if !matches!(draft.spec.source, Source::Idx(_) | Source::Sample(_)) {
            parts::show(ui, state, draft);
        }
    });
    again(ui, &state.project().data, actions);
}

/// Hands out a copy of the settings; what was changed on it is done.
pub(super) fn edit(state: &State, actions: &mut Vec<Action>, change: impl FnOnce(&mut Draft)) {
    let before = &state.project().data;
    let mut draft = Draft { spec: before.clone(), ended: false, reading: None };
    change(&mut draft);
    if let Some(reading) = draft.reading {
        actions.push(Action::ReadTable(Box::new(reading)));
    }
    if draft.spec != *before {
        actions.push(Action::SetData(draft.spec));
    }
    if draft.ended {
        actions.push(Action::EndEdit);
    }
}

fn source(ui: &mut Ui, state: &State, draft: &mut Draft, dialogs: &mut Dialogs) {
    match draft.spec.source.clone() {
        Source::Synthetic(mut spec) => {
            synthetic(ui, draft, &mut spec);
            draft.spec.source = Source::Synthetic(spec);
        }
        Source::Digits(mut spec) => {
            digits(ui, draft, &mut spec);
            draft.spec.source = Source::Digits(spec);
        }
        Source::Shapes(mut spec) => {
            shapes(ui, draft, &mut spec);
            draft.spec.source = Source::Shapes(spec);
        }
        Source::Scenes(mut spec) => {
            scenes(ui, draft, &mut spec);
            draft.spec.source = Source::Scenes(spec);
        }
        Source::Boxes(mut spec) => {
            place(ui, &spec.folder, Purpose::DataBoxes, dialogs);
            fitted(ui, draft, &mut spec.size, &mut spec.fit, &mut spec.grey);
            draft.spec.source = Source::Boxes(spec);
        }
        Source::Idx(mut spec) => {
            folder(ui, draft, &mut spec, dialogs);
            draft.spec.source = Source::Idx(spec);
        }
        Source::Pictures(mut spec) => {
            pictures(ui, draft, &mut spec, dialogs);
            draft.spec.source = Source::Pictures(spec);
        }
        Source::Csv(mut spec) => {
            table::show(ui, state, draft, &mut spec);
            draft.spec.source = Source::Csv(spec);
        }
        Source::Sample(mut spec) => {
            sample(ui, &mut spec, dialogs);
            draft.spec.source = Source::Sample(spec);
        }
    }
}

fn again(ui: &mut Ui, spec: &DataSpec, actions: &mut Vec<Action>) {
    let (word, help) = match spec.source {
        Source::Sample(_) => ("Draw again", "Draw other random numbers."),
        Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) => {
            ("Regenerate", "Generate new samples with the same settings.")
        }
        Source::Csv(_) | Source::Idx(_) | Source::Pictures(_) | Source::Boxes(_) => {
            ("New split", "Reload the data and choose different samples for validation.")
        }
    };
    let icon = RichText::from(icons::ICON_REFRESH).size(15.0);
    let button = crate::gui::widgets::named(ui.add(Button::new((icon, word))), word);
    if button.on_hover_text(help).clicked() {
        actions.push(Action::RegenerateData);
    }
}

fn synthetic(ui: &mut Ui, draft: &mut Draft, spec: &mut SyntheticSpec) {
    if !spec.points.is_empty() {
        ui.label(format!("{} put by hand, in the Output panel.", counted(spec.points.len(), "point")));
        let help = "Forget the points put by hand and generate the pattern again. Undo brings them back.";
        if ui.button("Generated points again").on_hover_text(help).clicked() {
            spec.points.clear();
            draft.ended = true;
        }
        return points::features(ui, draft, spec);
    }
    let help = "Number of points, training and validation together.";
    let samples = usize_field(ui, "Samples", help, spec.samples, &limits::POINTS);
    spec.samples = draft.number(samples, spec.samples);
    let help = "How much random noise is added to the points.";
    let noise = float(ui, "Noise", help, spec.noise, limits::NOISE.range());
    spec.noise = draft.number(noise, spec.noise);
    if spec.kind.has_class_count() {
        let classes = usize_field(ui, "Classes", "Number of classes.", spec.classes, &limits::CLASSES);
        spec.classes = draft.number(classes, spec.classes);
    }
    if spec.kind.raw_dimensions() == 2 {
        points::features(ui, draft, spec);
    }
}

/// What enters at each Input: drawn, typed, or from a file.
fn sample(ui: &mut Ui, spec: &mut SampleSpec, dialogs: &mut Dialogs) {
    for (number, part) in spec.parts.iter_mut().enumerate() {
        let title = if part.name.is_empty() { "Numbers".to_owned() } else { part.name.clone() };
        ui.label(format!("{title}: {}", part.shape));
        let id = ui.scope_id().with(("sample", number));
        // What is typed counts when the field is left.
        let mut text: String = ui.data(|data| data.get_temp(id)).unwrap_or_else(|| part.numbers.clone());
        let field = egui::TextEdit::singleline(&mut text).hint_text("random").desired_width(f32::INFINITY);
        let response = crate::gui::widgets::named(ui.add(field), &format!("Numbers of {title}"));
        let response = response.on_hover_text(
            "Numbers with commas between, or the path of an .npy or PNG file. Leave empty for random numbers.",
        );
        if response.lost_focus() {
            ui.data_mut(|data| data.remove_temp::<String>(id));
            part.numbers = text;
        } else if response.changed() {
            ui.data_mut(|data| data.insert_temp(id, text));
        }
    }
    if ui.button("Picture or array …").on_hover_text("A PNG or .npy file. Or drop one on the window.").clicked() {
        dialogs.ask(Purpose::OpenSample, ui.ctx());
    }
}

fn digits(ui: &mut Ui, draft: &mut Draft, spec: &mut DigitsSpec) {
    let help = "Number of digits, training and validation together.";
    let samples = usize_field(ui, "Samples", help, spec.samples, &limits::DIGITS);
    spec.samples = draft.number(samples, spec.samples);
    let help = "How much random noise is added to each pixel.";
    let noise = float(ui, "Noise", help, spec.noise, limits::NOISE.range());
    spec.noise = draft.number(noise, spec.noise);
}

fn shapes(ui: &mut Ui, draft: &mut Draft, spec: &mut ShapesSpec) {
    drawn(ui, draft, &mut spec.samples, &mut spec.size, &mut spec.noise);
}

fn scenes(ui: &mut Ui, draft: &mut Draft, spec: &mut ScenesSpec) {
    let help = "Things in a picture, at most.";
    let most = usize_field(ui, "Things", help, spec.most, &limits::THINGS);
    spec.most = draft.number(most, spec.most);
    drawn(ui, draft, &mut spec.samples, &mut spec.size, &mut spec.noise);
}

fn drawn(ui: &mut Ui, draft: &mut Draft, samples: &mut usize, size: &mut usize, noise: &mut f64) {
    let help = "Number of pictures, training and validation together.";
    let change = usize_field(ui, "Samples", help, *samples, &limits::DRAWN);
    *samples = draft.number(change, *samples);
    let help = "Rows and columns of a picture. Larger pictures take longer.";
    let change = usize_field(ui, "Size", help, *size, &limits::DRAWN_SIDE);
    *size = draft.number(change, *size);
    let help = "How much random noise is added to each pixel.";
    let change = float(ui, "Noise", help, *noise, limits::NOISE.range());
    *noise = draft.number(change, *noise);
}

fn pictures(ui: &mut Ui, draft: &mut Draft, spec: &mut PictureSpec, dialogs: &mut Dialogs) {
    place(ui, &spec.folder, Purpose::DataFolder, dialogs);
    label(ui, draft, &mut spec.label);
    fitted(ui, draft, &mut spec.size, &mut spec.fit, &mut spec.grey);
}

/// The column with the classes, of pictures with a table of labels.
fn label(ui: &mut Ui, draft: &mut Draft, label: &mut String) {
    let help = "Of pictures with a table of labels: the column with their classes. Empty: the most likely one, \
        which the notes name. Folders of classes need none.";
    let mut typed = None;
    labelled(ui, "Label column", help, |ui| {
        let width = ui.available_width();
        let (response, changed) =
            text_field(ui, "Label column", label, |field| field.hint_text("found by itself").desired_width(width));
        typed = changed;
        response
    });
    if let Some(typed) = typed {
        *label = typed.trim().to_owned();
        draft.ended = true;
    }
}

/// What every picture becomes.
fn fitted(ui: &mut Ui, draft: &mut Draft, size: &mut usize, fit: &mut Fit, grey: &mut bool) {
    let help = "Rows and columns that every picture is scaled to. Larger pictures show more and take longer.";
    let change = usize_field(ui, "Size", help, *size, &limits::SIDE);
    *size = draft.number(change, *size);
    let help = "Pictures that are not square: keep the middle, add black bars, or distort them.";
    let current = Fit::ALL.iter().position(|one| one == fit).unwrap_or_default();
    if let Some(i) = choice(ui, "Fit", help, current, &Fit::ALL.map(Fit::title)) {
        *fit = Fit::ALL[i];
        draft.ended = true;
    }
    let help = "One channel of brightness instead of red, green and blue.";
    if let Some(on) = checkbox(ui, "Greyscale", help, *grey) {
        *grey = on;
        draft.ended = true;
    }
}

/// The folder in use, and the way to another one.
fn place(ui: &mut Ui, folder: &std::path::Path, another: Purpose, dialogs: &mut Dialogs) {
    let tokens = Tokens::of(ui);
    let path = folder.display().to_string();
    ui.add(
        egui::Label::new(RichText::new(table::path_end(&path)).font(theme::mono(11.0)).color(tokens.muted)).truncate(),
    )
    .on_hover_text(path);
    if ui.button("Another folder …").clicked() {
        dialogs.ask(another, ui.ctx());
    }
}

fn folder(ui: &mut Ui, draft: &mut Draft, spec: &mut IdxSpec, dialogs: &mut Dialogs) {
    place(ui, &spec.folder, Purpose::DataFolder, dialogs);
    let help = "Use only some of the samples, so that training starts sooner.";
    if let Some(on) = checkbox(ui, "Limit", help, spec.limit.is_some()) {
        spec.limit = on.then_some(10_000);
        draft.ended = true;
    }
    if let Some(limit) = spec.limit {
        let change = usize_field(ui, "At most", "Maximum number of samples in each set.", limit, &limits::PICTURES);
        spec.limit = Some(draft.number(change, limit));
    }
}
