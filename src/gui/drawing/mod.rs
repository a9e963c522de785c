//! The window in which boxes are drawn around things in pictures: a picture, its boxes and their classes.
//!
//! `picture` is what is drawn on, `side` the lists beside it. An edit ends as one action; until then it is here.

mod picture;
mod side;

use std::sync::Arc;

use egui::{Align, Button, Context, Id, Key, Label, Layout, Modal, Modifiers, RichText, Ui, Vec2};

use super::dialogs::{Dialogs, Purpose};
use super::numbers::count;
use super::panels::dialog_frame;
use super::theme::{self, Tokens};
use super::widgets::{accent_button, named};
use crate::data::{BoxFolder, BoxPicture};
use crate::model::boxes::Extent;
use crate::model::{Drawn, DrawnBox};
use crate::session::{Action, BoxAction, Drawing, State, boxes_in};

/// Around the window.
const MARGIN: f32 = 24.0;
const SIDE: f32 = 204.0;
/// What stands above and below the picture.
const HEAD: f32 = 40.0;
const FOOT: f32 = 58.0;

#[derive(Debug, Default)]
pub struct DrawingUi {
    /// Of new boxes.
    class: String,
    /// The box that is chosen, by its place.
    chosen: Option<usize>,
    held: Option<picture::Held>,
    sight: picture::Sight,
    /// Drawn, while its class is not known.
    unnamed: Option<Extent>,
    /// Named, and nothing drawn of it yet.
    named: Vec<String>,
    /// What is typed as the name of a new class.
    typed: String,
    /// "Next" skips what is labelled.
    only_open: bool,
    /// What all but the class belongs to.
    at: usize,
    /// What was drawn when it was last looked at, and how much is labelled.
    known: Option<(Drawn, Arc<BoxFolder>, Counts)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    pictures: usize,
    boxes: usize,
}

/// What all parts of the window read.
struct View<'a> {
    folder: &'a BoxFolder,
    picture: &'a BoxPicture,
    drawing: &'a Drawing,
    drawn: &'a Drawn,
    /// `None`: the picture isn't used.
    boxes: Option<&'a [DrawnBox]>,
    classes: Vec<String>,
}

impl View<'_> {
    fn class(&self, name: &str) -> usize {
        self.classes.iter().position(|class| class == name).unwrap_or(self.classes.len())
    }

    /// The picture's boxes, changed.
    fn set(&self, what: impl Into<String>, change: impl FnOnce(&mut Vec<DrawnBox>)) -> Action {
        let mut boxes = self.boxes.unwrap_or_default().to_vec();
        change(&mut boxes);
        Action::Boxes(BoxAction::Set { picture: self.picture.name.clone(), boxes, what: what.into() })
    }

    /// As `set`, one of them, if it is there.
    fn set_one(&self, at: usize, what: impl Into<String>, change: impl FnOnce(&mut DrawnBox)) -> Action {
        self.set(what, |boxes| {
            if let Some(one) = boxes.get_mut(at) {
                change(one);
            }
        })
    }
}

/// Of all boxes: those of the labels, then those that were drawn.
fn classes(folder: &BoxFolder, drawn: &Drawn) -> Vec<String> {
    let mut all = folder.names.clone();
    for one in drawn.iter().flat_map(|picture| picture.boxes.iter()) {
        if !all.contains(&one.class) {
            all.push(one.class.clone());
        }
    }
    all
}

impl DrawingUi {
    pub fn show(&mut self, ctx: &Context, state: &State, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
        let (Some(drawing), Some(drawn)) = (state.drawing(), state.drawn()) else {
            *self = Self::default();
            return;
        };
        // A file is being chosen in front of it.
        if dialogs.is_open() {
            return;
        }
        let modal = Modal::new(Id::unique("boxes")).frame(dialog_frame(&ctx.global_style())).show(ctx, |ui| {
            let room = ctx.content_rect().size() - Vec2::splat(2.0 * MARGIN + 32.0);
            ui.set_width(room.x);
            ui.set_height(room.y);
            super::help::bound(ui);
            match &drawing.folder {
                None => self.waiting(ui),
                Some(folder) => self.contents(ui, state, (folder, drawing, drawn), dialogs, actions),
            }
        });
        if modal.inner || modal.should_close() {
            if !modal.inner && (self.chosen.is_some() || self.unnamed.is_some()) {
                (self.chosen, self.unnamed) = (None, None);
            } else {
                actions.push(Action::Boxes(BoxAction::Close));
            }
        }
    }

    /// Whether it is to close.
    fn waiting(&self, ui: &mut Ui) -> bool {
        ui.heading("Boxes");
        ui.label("Looking for pictures …");
        ui.button("Cancel").clicked()
    }

    fn contents(
        &mut self,
        ui: &mut Ui,
        state: &State,
        (folder, drawing, drawn): (&Arc<BoxFolder>, &Drawing, &Drawn),
        dialogs: &mut Dialogs,
        actions: &mut Vec<Action>,
    ) -> bool {
        let Some(picture) = drawing.picture() else { return true };
        self.follow(folder, drawing, drawn, actions);
        let boxes = boxes_in(drawn, picture);
        let mut classes = classes(folder, drawn);
        self.named.retain(|name| !classes.contains(name));
        classes.extend(self.named.iter().cloned());
        let view = View { folder, picture, drawing, drawn, boxes, classes };
        if !view.classes.contains(&self.class) {
            self.class = view.classes.first().cloned().unwrap_or_default();
        }
        self.chosen = self.chosen.filter(|&at| at < boxes.map_or(0, <[_]>::len));
        if !ui.ctx().text_edit_focused() {
            self.keys(ui, &view, actions);
        }
        let closes = self.head(ui, state, dialogs);
        let room = Vec2::new(ui.available_width(), (ui.available_height() - FOOT).max(120.0));
        ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Min), |ui| {
            let size = Vec2::new((room.x - SIDE - 12.0).max(120.0), room.y);
            let (area, response) = ui.allocate_exact_size(size, egui::Sense::click_and_drag());
            if let Some(done) = picture::show(ui, &view, self, area, &response) {
                self.take(&view, done, actions);
            }
            ui.add_space(4.0);
            ui.vertical(|ui| {
                ui.set_width(SIDE);
                side::show(ui, &view, self, actions);
            });
        });
        self.foot(ui, &view, actions);
        closes
    }

    /// Another picture was asked for, or something was undone elsewhere: that is shown. What is held is of the boxes as
    /// they were.
    fn follow(&mut self, folder: &Arc<BoxFolder>, drawing: &Drawing, drawn: &Drawn, actions: &mut Vec<Action>) {
        if self.at != drawing.at {
            self.at = drawing.at;
            (self.chosen, self.held, self.unnamed, self.sight) = (None, None, None, picture::Sight::default());
        }
        let is_known =
            |(known, of, _): &(Drawn, Arc<BoxFolder>, Counts)| Arc::ptr_eq(known, drawn) && Arc::ptr_eq(of, folder);
        if self.known.as_ref().is_some_and(is_known) {
            return;
        }
        self.held = None;
        let old = self.known.take().filter(|(_, of, _)| Arc::ptr_eq(of, folder)).map(|(drawn, ..)| drawn);
        if let Some(old) = old.filter(|old| old != drawn) {
            let differs = |one: &&BoxPicture| boxes_in(&old, one) != boxes_in(drawn, one);
            let here = folder.pictures.get(drawing.at).filter(differs);
            if here.is_none()
                && let Some(at) = folder.pictures.iter().position(|one| differs(&one))
            {
                actions.push(Action::Boxes(BoxAction::Show(at)));
            }
        }
        let own: std::collections::HashMap<&str, usize> =
            drawn.iter().map(|one| (one.picture.as_str(), one.boxes.len())).collect();
        let mut counts = Counts::default();
        for one in &folder.pictures {
            let boxes = own.get(one.name.as_str()).copied().or(one.boxes.as_ref().map(Vec::len));
            counts.pictures += usize::from(boxes.is_some());
            counts.boxes += boxes.unwrap_or(0);
        }
        self.known = Some((drawn.clone(), folder.clone(), counts));
    }

    fn keys(&mut self, ui: &Ui, view: &View<'_>, actions: &mut Vec<Action>) {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowRight) || pressed(Key::PageDown) {
            self.go(view, true, actions);
        }
        if pressed(Key::ArrowLeft) || pressed(Key::PageUp) {
            self.go(view, false, actions);
        }
        if let Some(at) = self.chosen
            && (pressed(Key::Delete) || pressed(Key::Backspace))
        {
            self.remove(view, at, actions);
        }
        let digits =
            [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
        for (key, class) in digits.into_iter().zip(&view.classes) {
            if pressed(key) {
                self.choose_class(view, class.clone(), actions);
            }
        }
    }

    fn remove(&mut self, view: &View<'_>, at: usize, actions: &mut Vec<Action>) {
        (self.chosen, self.held) = (None, None);
        let change = |boxes: &mut Vec<DrawnBox>| {
            if at < boxes.len() {
                boxes.remove(at);
            }
        };
        actions.push(view.set("delete a box", change));
    }

    /// Of what is drawn next, of the box that is chosen, or of the one that waits for a name.
    fn choose_class(&mut self, view: &View<'_>, class: String, actions: &mut Vec<Action>) {
        self.class.clone_from(&class);
        if let Some(extent) = self.unnamed.take() {
            self.add(view, extent, actions);
        } else if let Some(at) = self.chosen
            && view.boxes.and_then(|boxes| boxes.get(at)).is_some_and(|one| one.class != class)
        {
            actions.push(view.set_one(at, format!("make a box {class}"), |one| one.class = class));
        }
    }

    /// As `choose_class`, of one that need not be there yet.
    fn choose_new(&mut self, view: &View<'_>, class: String, actions: &mut Vec<Action>) {
        if !view.classes.contains(&class) {
            self.named.push(class.clone());
        }
        self.choose_class(view, class, actions);
    }

    fn add(&mut self, view: &View<'_>, extent: Extent, actions: &mut Vec<Action>) {
        let class = self.class.clone();
        self.chosen = Some(view.boxes.map_or(0, <[_]>::len));
        actions.push(view.set("draw a box", |boxes| boxes.push(DrawnBox { class, extent })));
    }

    fn take(&mut self, view: &View<'_>, done: picture::Done, actions: &mut Vec<Action>) {
        match done {
            picture::Done::Chosen(at) => (self.chosen, self.unnamed) = (at, None),
            picture::Done::Changed(at, extent, what) => {
                self.chosen = Some(at);
                actions.push(view.set_one(at, what, |one| one.extent = extent));
            }
            picture::Done::Drawn(extent) if self.class.is_empty() => {
                (self.chosen, self.unnamed) = (None, Some(extent));
            }
            picture::Done::Drawn(extent) => self.add(view, extent, actions),
        }
    }

    /// To the next picture or the one before; where only open ones are wanted, to the next of those.
    fn go(&self, view: &View<'_>, forward: bool, actions: &mut Vec<Action>) {
        let all = &view.folder.pictures;
        let is_wanted = |at: &usize| !self.only_open || boxes_in(view.drawn, &all[*at]).is_none();
        let at = view.drawing.at;
        let next =
            if forward { (at + 1..all.len()).find(is_wanted) } else { (0..at.min(all.len())).rev().find(is_wanted) };
        actions.extend(next.map(|at| Action::Boxes(BoxAction::Show(at))));
    }

    /// Whether it is to close.
    fn head(&self, ui: &mut Ui, state: &State, dialogs: &mut Dialogs) -> bool {
        let tokens = Tokens::of(ui);
        let mut closes = false;
        ui.allocate_ui_with_layout(Vec2::new(ui.available_width(), HEAD), Layout::left_to_right(Align::Center), |ui| {
            ui.heading("Boxes");
            if let Some((_, folder, counts)) = &self.known {
                let boxes = if counts.boxes == 1 { "box" } else { "boxes" };
                let text = format!(
                    "{} of {} pictures labelled, {} {boxes}",
                    count(counts.pictures as u64),
                    count(folder.pictures.len() as u64),
                    count(counts.boxes as u64)
                );
                ui.label(RichText::new(text).color(tokens.muted));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let help = "Load the data with these boxes and go back.";
                closes = accent_button(ui, true, "Done").on_hover_text(help).clicked();
                let help =
                    "Write all boxes to a COCO file, for other programs. Your own label files are never changed.";
                if ui.button("Export COCO …").on_hover_text(help).clicked() {
                    let suggestion = format!("{} boxes", state.project().name);
                    dialogs.ask(Purpose::ExportBoxes { suggestion }, ui.ctx());
                }
            });
        });
        closes
    }

    fn foot(&mut self, ui: &mut Ui, view: &View<'_>, actions: &mut Vec<Action>) {
        let tokens = Tokens::of(ui);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let last = view.folder.pictures.len().saturating_sub(1);
            let at = view.drawing.at;
            if named(ui.add_enabled(at > 0, Button::new("←")), "Previous picture (Left)").clicked() {
                self.go(view, false, actions);
            }
            if named(ui.add_enabled(at < last, Button::new("→")), "Next picture (Right)").clicked() {
                self.go(view, true, actions);
            }
            let place = format!("{} of {}", count(at as u64 + 1), count(last as u64 + 1));
            ui.label(RichText::new(place).font(theme::mono(12.0)).color(tokens.text));
            let help = "Previous and next skip labelled pictures.";
            ui.checkbox(&mut self.only_open, "only unlabelled").on_hover_text(help);
            if self.sight.zoom > 1.0 {
                let text = format!("{:.0} %: show all", self.sight.zoom * 100.0);
                if ui.button(text).on_hover_text("Show all of the picture.").clicked() {
                    self.sight = picture::Sight::default();
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let is_own = view.drawn.iter().any(|one| one.picture == view.picture.name);
                if is_own {
                    let (word, help) = match view.picture.boxes {
                        Some(_) => {
                            ("Restore labelled boxes", "Forget what was corrected: the boxes of its label count.")
                        }
                        None => ("Unlabel", "Forget the boxes: the picture isn't used."),
                    };
                    if ui.button(word).on_hover_text(help).clicked() {
                        actions.push(Action::Boxes(BoxAction::Forget(view.picture.name.clone())));
                    }
                }
                if view.boxes.is_none_or(|boxes| !boxes.is_empty()) {
                    let help = "The picture is one with nothing in it: the network learns that too.";
                    if ui.button("Nothing in it").on_hover_text(help).clicked() {
                        actions.push(view.set("say that nothing is in a picture", Vec::clear));
                    }
                }
                let state = match (is_own, view.boxes) {
                    (_, None) => "no boxes yet",
                    (true, Some([])) => "nothing in it",
                    (true, Some(_)) if view.picture.boxes.is_some() => "corrected",
                    (true, Some(_)) => "drawn",
                    (false, Some([])) => "nothing in it, by its label",
                    (false, Some(_)) => "as labelled",
                };
                ui.label(RichText::new(state).color(tokens.muted));
                let name = RichText::new(&view.picture.name).font(theme::mono(11.0)).color(tokens.muted);
                ui.add(Label::new(name).truncate()).on_hover_text(&view.picture.name);
            });
        });
        let text = "Drag to draw, or to move a box or its edges. Delete removes, Shift draws over a box, the wheel zooms, \
            ← → turn the page, 1 to 9 choose a class, Ctrl Z undoes.";
        ui.add(Label::new(RichText::new(text).small().color(tokens.faint)).truncate());
    }
}
