//! Asking the network about something of one's own: a drawn picture, a typed row. The answer follows while it trains.

use egui::{Button, Label, Rect, RichText, ScrollArea, Sense, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use super::colour_pad::ColourPad;
use super::framing::Framing;
use super::pad::Pad;
use super::{OutputView, photo, rows, thumbnail};
use crate::data::Dataset;
use crate::gui::numbers::{number, sure};
use crate::gui::plots::empty;
use crate::gui::textures::fingerprint;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::named;
use crate::model::Task;
use crate::session::Action;
use crate::trace::Reply;

/// What was drawn or typed, and what was last asked.
#[derive(Clone, Debug, Default)]
pub struct TryUi {
    pub pad: Pad,
    pub colours: ColourPad,
    /// A photo is asked about, not what is drawn; before anybody has said so, if there is one.
    pub shows_photo: Option<bool>,
    /// The network is given the drawing as it stands on the pad.
    pub as_drawn: bool,
    /// How the pictures of the data stand, once that was measured.
    framing: Option<Framing>,
    /// One number for each input of a row-shaped data set.
    pub row: Vec<f32>,
    /// Sample of the validation part that was last taken over.
    pub(super) taken: usize,
    /// Fingerprint of the input and the picture's step: the answer of a later step is another one.
    asked: Option<(u64, u64)>,
    /// What is asked about, and the fingerprints of what it was since.
    about: About,
    since: Vec<u64>,
}

/// What is asked about: the answer to one says nothing about another, while what is drawn or typed changes bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum About {
    #[default]
    Nothing,
    /// The pad, or a row, that began with a sample.
    Own { taken: usize },
    /// A sample that was picked.
    Sample(u32),
    /// A photo, by its fingerprint.
    Photo(u64),
}

/// Answers that are awaited at once.
const AWAITED: usize = 64;

impl TryUi {
    /// Asks about `input` when it or the network has changed since.
    pub(super) fn ask(&mut self, view: &OutputView<'_>, about: About, input: &[f32], actions: &mut Vec<Action>) {
        let print = fingerprint(input);
        if self.about != about {
            self.about = about;
            self.since.clear();
        }
        if self.asked != Some((print, view.step())) {
            self.asked = Some((print, view.step()));
            self.since.retain(|&before| before != print);
            self.since.push(print);
            let surplus = self.since.len().saturating_sub(AWAITED);
            self.since.drain(..surplus);
            actions.push(Action::TryInput(input.to_vec()));
        }
    }

    /// The answer to what is asked about, or to what it just was.
    pub(super) fn reply<'a>(&self, view: &OutputView<'a>) -> Option<&'a Reply> {
        view.state.try_output().filter(|reply| self.since.contains(&fingerprint(&reply.sample)))
    }
}

/// "truth Gentoo", "true price 12.5": what the data says of a validation sample.
pub(super) fn truth(dataset: &Dataset, row: usize) -> Option<String> {
    let targets = dataset.validation.target(row).ok()?;
    let target = *targets.first()?;
    let truth = &dataset.truth;
    Some(match truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => {
            format!("truth {}", super::classes::name(&truth.names, target as u32))
        }
        Task::Boxes { .. } => return None,
        Task::Numbers(2..) => {
            let one = |(i, (name, &target)): (usize, (&String, &f32))| {
                format!("{name} {}", number(truth.unit(i).value(target)))
            };
            let all: Vec<String> = truth.names.iter().zip(targets.iter()).enumerate().map(one).collect();
            format!("true {}", all.join(", "))
        }
        Task::Numbers(_) | Task::Input(_) => {
            format!("true {} {}", truth.first_name().unwrap_or("value"), number(truth.unit(0).value(target)))
        }
    })
}

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    if view.state.takes_photos() && ways(ui, view, local) {
        return photo::show(ui, tokens, view, local, actions);
    }
    match view.dataset.input_shape.as_slice() {
        &[1, rows, columns] => draw(ui, tokens, view, local, [rows, columns], actions),
        [3, _, _] => paint(ui, tokens, view, local, actions),
        [_, _, _] => empty::say(ui, tokens, "Not available for these images", "The drawing pad has one colour only."),
        _ => rows::show(ui, tokens, view, local, actions),
    }
}

/// Whether a photo is asked about, not what is drawn; and what is done with a painting.
pub(super) fn ways(ui: &mut Ui, view: &OutputView<'_>, local: &mut TryUi) -> bool {
    let mut now = local.shows_photo.unwrap_or_else(|| view.state.photo().is_some());
    egui::Frame::NONE.inner_margin(egui::Margin { left: 12, right: 12, top: 4, bottom: 0 }).show(ui, |ui| {
        ui.horizontal(|ui| {
            for (is_photo, word) in [(false, "Draw"), (true, "Photo")] {
                if ui.selectable_label(now == is_photo, word).clicked() {
                    now = is_photo;
                    local.shows_photo = Some(is_photo);
                }
            }
            if !now && matches!(view.dataset.input_shape[..], [3, _, _]) {
                ui.add_space(8.0);
                painting_buttons(ui, view, local);
            }
        });
    });
    now
}

/// What is painted in colours, beside the answer.
fn paint(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) {
    let room = ui.available_size() - Vec2::new(24.0, 16.0);
    let beside = room.x >= 260.0;
    let side = if beside { (room.y - BELOW_COLOURS).min(room.x * 0.5) } else { room.x.min(room.y * 0.5) };
    ScrollArea::vertical().id_salt("paint").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            let both = |ui: &mut Ui| {
                ui.vertical(|ui| {
                    ui.set_max_width(side.clamp(112.0, LARGEST_PAD));
                    painting(ui, tokens, view, local, side.clamp(112.0, LARGEST_PAD));
                });
                ui.vertical(|ui| match asked_painting(view, local, actions) {
                    true => answer_ui(ui, tokens, view, local.reply(view)),
                    false => drop(ui.add(Label::new(RichText::new(PAINT).color(tokens.muted)).wrap())),
                });
            };
            if beside {
                ui.horizontal_top(both)
            } else {
                ui.vertical(both)
            };
        });
    });
}

pub(super) const PAINT: &str = "Paint with the mouse; the answer updates as you draw.";
/// Colours and the brush.
const BELOW_COLOURS: f32 = 84.0;

/// The pad with its tools; returns where it lies.
pub(super) fn painting(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, local: &mut TryUi, side: f32) -> Rect {
    local.colours.fit(view.dataset);
    let response = local.colours.ui(ui, tokens, side);
    local.colours.tools(ui, tokens);
    response.rect
}

fn painting_buttons(ui: &mut Ui, view: &OutputView<'_>, local: &mut TryUi) {
    local.colours.fit(view.dataset);
    if ui.add_enabled(!local.colours.is_blank(), Button::new("Clear")).clicked() {
        local.colours.clear();
    }
    let help = "Load the next validation sample, which you can then paint on.";
    if ui.button("Sample").on_hover_text(help).clicked() {
        local.taken = (local.taken + 1) % view.dataset.validation.len().max(1);
        if let Ok(values) = view.dataset.validation.input(local.taken) {
            local.colours.take(&values);
        }
    }
}

/// Asks about what is painted. Whether there is something.
pub(super) fn asked_painting(view: &OutputView<'_>, local: &mut TryUi, actions: &mut Vec<Action>) -> bool {
    if local.colours.is_blank() {
        return false;
    }
    let pixels = std::mem::take(&mut local.colours.pixels);
    local.ask(view, About::Own { taken: local.taken }, &pixels, actions);
    local.colours.pixels = pixels;
    true
}

/// The way to more than one: a file or a folder.
pub(super) fn new_data(ui: &mut Ui, actions: &mut Vec<Action>) {
    if ui.button("Predict new data …").on_hover_text(NEW_DATA).clicked() {
        actions.push(Action::ChooseNewData);
    }
}

const NEW_DATA: &str = "Predict all rows of a file, or all pictures of a folder, and save the answers as a table.";

fn draw(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut TryUi,
    [rows, columns]: [usize; 2],
    actions: &mut Vec<Action>,
) {
    local.pad.fit(rows, columns);
    let room = ui.available_size() - Vec2::new(24.0, 16.0);
    let side_beside = (room.y - BELOW_PAD).min(room.x * 0.46);
    // In a tall panel there is room for all answers below a larger pad.
    let answers = view.dataset.truth.names.len().min(MOST_ANSWERS) as f32 * ANSWER;
    let side_above = (room.y - BELOW_PAD - answers).min(room.x);
    let beside = room.x >= 220.0 && side_above < side_beside + 24.0;
    let side = if beside { side_beside } else { side_above.max(room.x.min(room.y * 0.5)) };
    let side = side.clamp(84.0, LARGEST_PAD);
    ScrollArea::vertical().id_salt("draw").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            let pad = |ui: &mut Ui, local: &mut TryUi, actions: &mut Vec<Action>| {
                ui.vertical(|ui| {
                    let response = local.pad.ui(ui, tokens, side);
                    // Whoever draws knows, and what is beside is not to be covered.
                    if local.pad.is_empty() {
                        response.on_hover_text("Draw here. Right-drag erases.");
                    }
                    pad_buttons(ui, view, local);
                    ui.horizontal(|ui| {
                        centring(ui, local);
                        let icon = RichText::from(icons::ICON_TABLE_VIEW).size(14.0);
                        if named(ui.add(Button::new(icon).small()), "Predict new data …").clicked() {
                            actions.push(Action::ChooseNewData);
                        }
                    });
                    let seen = ink(view, local);
                    if let Some(ink) = &seen {
                        ui.set_max_width(side.max(112.0));
                        self::seen(ui, tokens, view, ink);
                    }
                    seen
                })
                .inner
            };
            if beside {
                ui.horizontal_top(|ui| {
                    let ink = pad(ui, local, actions);
                    ui.vertical(|ui| answer(ui, tokens, view, (local, ink), actions));
                });
            } else {
                let ink = pad(ui, local, actions);
                answer(ui, tokens, view, (local, ink), actions);
            }
        });
    });
}

/// Buttons, a switch, and what the network sees.
const BELOW_PAD: f32 = 112.0;
const LARGEST_PAD: f32 = 480.0;
/// Of the bar of an answer, and of how many there is room for.
const ANSWER: f32 = 20.0;
const MOST_ANSWERS: usize = 12;
/// Of the side of what the network sees.
const SEEN: f32 = 40.0;

fn pad_buttons(ui: &mut Ui, view: &OutputView<'_>, local: &mut TryUi) {
    ui.horizontal(|ui| {
        if ui.add_enabled(!local.pad.is_empty(), Button::new("Clear")).clicked() {
            local.pad.clear();
        }
        let help = "Load the next validation sample, which you can then edit.";
        if ui.button("Sample").on_hover_text(help).clicked() {
            local.taken = (local.taken + 1) % view.dataset.validation.len().max(1);
            if let Ok(values) = view.dataset.validation.input(local.taken) {
                let (empty, full) = ink_range(view.dataset);
                let ink = values.iter().map(|v| ((v - empty) / (full - empty)).clamp(0.0, 1.0));
                local.pad.take(ink.collect());
            }
        }
    });
}

fn centring(ui: &mut Ui, local: &mut TryUi) {
    let help = "Centre the drawing and scale it to the size of the training images. Switch it off to see how poorly \
        the network copes with a digit in a corner. Loaded samples need no adjustment.";
    let mut centred = !local.as_drawn;
    let is_free = !local.pad.is_of_sample();
    let response = ui.add_enabled(is_free, egui::Checkbox::new(&mut centred, "centre"));
    local.as_drawn = !centred;
    response.on_hover_text(help).on_disabled_hover_text(help);
}

/// The drawing as the network is given it, small.
fn seen(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, ink: &[f32]) {
    ui.horizontal(|ui| {
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(SEEN), Sense::hover());
        thumbnail::paint(ui, &ui.painter_at(rect), rect, "seen", &view.dataset.input_shape, ink);
        ui.painter().rect_stroke(rect, 2.0, egui::Stroke::new(1.0, tokens.line), egui::StrokeKind::Outside);
        let name = "What the network sees";
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, name));
        ui.add(Label::new(RichText::new("what the network sees").small().color(tokens.muted)).wrap());
    });
}

/// What is drawn as the network is given it, from no ink (0) to full ink (1).
fn ink(view: &OutputView<'_>, local: &mut TryUi) -> Option<Vec<f32>> {
    if local.pad.is_empty() {
        return None;
    }
    let (empty, full) = ink_range(view.dataset);
    let level = |v: f32| ((v - empty) / (full - empty)).clamp(0.0, 1.0);
    let framing = *local.framing.get_or_insert_with(|| Framing::of(view.dataset, level));
    Some(if local.as_drawn { local.pad.ink.clone() } else { local.pad.framed(&framing) })
}

fn answer(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    (local, ink): (&mut TryUi, Option<Vec<f32>>),
    actions: &mut Vec<Action>,
) {
    let Some(ink) = ink else {
        ui.add(
            Label::new(RichText::new("Draw with the mouse; the answer updates as you draw.").color(tokens.muted))
                .wrap(),
        );
        return;
    };
    let (empty, full) = ink_range(view.dataset);
    let input: Vec<f32> = ink.iter().map(|ink| empty + ink * (full - empty)).collect();
    let about = About::Own { taken: local.taken };
    local.ask(view, about, &input, actions);
    answer_ui(ui, tokens, view, local.reply(view));
}

/// The numbers that stand for no ink and full ink, from a few training samples.
fn ink_range(dataset: &Dataset) -> (f32, f32) {
    let some = dataset.train.stretch(0..dataset.train.len().min(64));
    let some = some.iter().flat_map(|some| some.inputs.iter()).copied().filter(|v| v.is_finite());
    let (low, high) = some.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low < high { (low, high) } else { (0.0, 1.0) }
}

/// The network's answer: a bar for each class, or the predicted numbers.
pub(super) fn answer_ui(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, reply: Option<&Reply>) {
    let task = view.state.task().unwrap_or(view.dataset.truth.task);
    let Some(reply) = reply.filter(|r| r.values.len() == task.width()) else {
        ui.label(RichText::new("No prediction yet: train the network first (Space).").color(tokens.muted));
        return;
    };
    let names = &view.dataset.truth.names;
    match task {
        Task::Classes(_) | Task::ClassesAt { .. } => {
            let width = |name: &String| {
                let galley = ui.painter().layout_no_wrap(name.clone(), theme::medium(12.0), tokens.text);
                galley.size().x + 8.0
            };
            let widest = names.iter().map(width).fold(16.0, f32::max);
            ui.spacing_mut().item_spacing.y = 3.0;
            for (class, (name, &p)) in names.iter().zip(&reply.values).enumerate() {
                bar(ui, tokens, (name, p, reply.probability), reply.class == Some(class as u32), widest);
            }
        }
        // Nothing asks about one yet: the tab isn't offered.
        Task::Boxes { .. } => {}
        Task::Input(_) => reconstruction(ui, tokens, view, &reply.values),
        Task::Numbers(_) => {
            for (name, &value) in names.iter().zip(&reply.values) {
                let text = format!("{name} {}", number(value));
                ui.label(RichText::new(text).font(theme::semibold(18.0)).color(tokens.text));
            }
        }
    }
}

/// What becomes of a picture.
fn reconstruction(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, values: &[f32]) {
    let side = ui.available_width().min(RECONSTRUCTION);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    ui.painter().rect_filled(rect, 4.0, tokens.canvas);
    thumbnail::paint(ui, &ui.painter_at(rect), rect, "reconstruction", &view.dataset.input_shape, values);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "Its reconstruction"));
    ui.label(RichText::new("its reconstruction").small().color(tokens.muted));
}

/// The largest side of one.
const RECONSTRUCTION: f32 = 196.0;

const SCORE: &str = "How close this output is to its target of 1. With this loss it is a score, not a probability.";

fn bar(ui: &mut Ui, tokens: &Tokens, (name, p, probability): (&str, f32, bool), best: bool, names: f32) {
    let width = ui.available_width().max(100.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 16.0), egui::Sense::hover());
    let text = format!("{name}: {}", sure(p));
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &text));
    let painter = ui.painter_at(rect);
    let left = rect.left() + names.min(width * 0.4);
    let right = (rect.right() - 52.0).max(left + 8.0);
    let track = egui::Rect::from_min_max(egui::pos2(left, rect.top() + 4.0), egui::pos2(right, rect.bottom() - 4.0));
    painter.rect_filled(track, 3.0, tokens.raised);
    let share = if p.is_finite() { p.clamp(0.0, 1.0) } else { 0.0 };
    let filled = track.with_max_x(track.left() + track.width() * share);
    let colour = if best { tokens.accent } else { tokens.faint };
    painter.rect_filled(filled, 3.0, colour);
    let ink = if best { tokens.text } else { tokens.muted };
    let clipped = painter.with_clip_rect(rect.with_max_x(left - 4.0));
    let font = if best { theme::medium(12.0) } else { theme::regular(12.0) };
    clipped.text(rect.left_center(), egui::Align2::LEFT_CENTER, name, font, ink);
    painter.text(rect.right_center(), egui::Align2::RIGHT_CENTER, sure(p), theme::mono(11.0), ink);
    response.on_hover_text(if probability { text } else { format!("{text}, output {}\n{SCORE}", number(p)) });
}
