//! Things found in pictures: pictures with true and found boxes, the worst first; one picture large, whose boxes tell
//! how they come about; and the precision of each class.

mod painted;
mod picture;
mod precision;
#[cfg(test)]
mod tests;

use egui::{Align2, RichText, ScrollArea, Sense, Slider, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use super::{OutputUi, OutputView, over_label, photo, thumbnail, try_it};
use crate::expr::counted;
use crate::gui::numbers::count;
use crate::gui::plots::empty;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::named;
use crate::model::boxes::{ClassPrecision, Found, Grid, Judged, Thing, Verdict, things};
use crate::session::Action;
use crate::trace::{Finds, OutputPicture, Over};
pub(super) use precision::show as scores;

/// Pictures shown at first, and with each press of the button for more.
const PAGE: usize = 24;
const IMAGE: f32 = 112.0;
/// The largest side of the pad.
const PAINTED: f32 = 320.0;
const CARD: Vec2 = Vec2::new(118.0, 136.0);

/// The panel's own state.
#[derive(Clone, Debug)]
pub(super) struct BoxesUi {
    /// Less certain finds are hidden.
    shown_from: f32,
    worst_first: bool,
    /// The find of the large picture that is explained.
    find: Option<usize>,
}

impl Default for BoxesUi {
    fn default() -> Self {
        Self { shown_from: 0.3, worst_first: true, find: None }
    }
}

/// Something of a person's own, and what is found in it.
pub(super) fn try_own(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let shown = Shown::of(view);
    let is_colour = matches!(view.dataset.input_shape[..], [3, _, _]);
    let is_painted = is_colour && !try_it::ways(ui, view, &mut local.try_it);
    ScrollArea::vertical().id_salt("photo with boxes").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            let side = ui.available_width().min(picture::LARGE);
            let (image, reply) = if is_painted {
                let image = try_it::painting(ui, tokens, view, &mut local.try_it, side.min(PAINTED));
                if !try_it::asked_painting(view, &mut local.try_it, actions) {
                    ui.label(RichText::new(try_it::PAINT).color(tokens.muted));
                    return;
                }
                (image, local.try_it.reply(view))
            } else {
                let Some(photo) = photo::chosen(ui, tokens, view, actions) else { return };
                let image = photo::paint(ui, tokens, view, photo, side);
                (image, photo::reply(view, photo, &mut local.try_it, actions))
            };
            let Some(shown) = shown else {
                let text = "No prediction yet: train the network first (Space).";
                ui.label(RichText::new(text).color(tokens.muted));
                return;
            };
            from_score(ui, tokens, local);
            let Some(reply) = reply else { return };
            let found: Vec<Found> = shown.grid.read(&reply.values).iter().map(|seen| seen.found).collect();
            let found: Vec<Found> = found.into_iter().filter(|one| one.score >= local.boxes.shown_from).collect();
            let names = &view.dataset.truth.names;
            painted::found(&ui.painter_at(image), tokens, image, names, &found);
            for (class, name) in names.iter().enumerate() {
                let scores: Vec<String> =
                    found.iter().filter(|one| one.class == class).map(|one| format!("{:.2}", one.score)).collect();
                if !scores.is_empty() {
                    let text = format!("{} {name}: {}", scores.len(), scores.join(", "));
                    ui.label(RichText::new(text).color(tokens.of_words(tokens.class(class))));
                }
            }
            if found.is_empty() {
                ui.label(RichText::new("Nothing found").color(tokens.muted));
            }
        });
    });
}

/// What was found, fit to be shown beside the data that is loaded.
#[derive(Clone, Copy)]
struct Shown<'a> {
    pictures: &'a [Finds],
    grid: Grid,
    classes: &'a [ClassPrecision],
    map50: Option<f64>,
    map: Option<f64>,
    over: Over,
}

impl<'a> Shown<'a> {
    fn of(view: &OutputView<'a>) -> Option<Self> {
        let Some(OutputPicture::Boxes { pictures, grid, classes, map50, map, over }) = view.picture else {
            return None;
        };
        let len = view.dataset.validation.len();
        let fits = grid.classes == view.dataset.truth.names.len()
            && pictures.iter().all(|picture| (picture.row as usize) < len);
        fits.then_some(Self { pictures, grid: *grid, classes, map50: *map50, map: *map, over: *over })
    }
}

/// A picture with what is there and, where the network was asked, what was found and how right that is.
struct Card {
    row: u32,
    things: Vec<Thing>,
    found: Vec<Found>,
    verdict: Verdict,
    is_answered: bool,
}

impl Card {
    fn answered(finds: &Finds, shown_from: f32) -> Self {
        let found: Vec<Found> = finds.found.iter().map(|seen| seen.found).collect();
        let verdict = Verdict::of(&finds.things, &found, shown_from);
        Self { row: finds.row, things: finds.things.clone(), found, verdict, is_answered: true }
    }

    fn unanswered(view: &OutputView<'_>, row: u32) -> Option<Self> {
        let things = things(&view.dataset.validation.target(row as usize).ok()?);
        let verdict = Verdict { found: Vec::new(), missed: Vec::new() };
        Some(Self { row, things, found: Vec::new(), verdict, is_answered: false })
    }

    fn false_finds(&self) -> usize {
        self.verdict.found.iter().filter(|judged| matches!(judged, Judged::Wrong)).count()
    }

    fn mistakes(&self) -> usize {
        self.verdict.missed.len() + self.false_finds()
    }

    /// "3 of 4, 1 false"
    fn caption(&self) -> String {
        let all = self.things.len();
        if !self.is_answered {
            return counted(all, "thing");
        }
        let right = all - self.verdict.missed.len();
        match self.false_finds() {
            0 => format!("{right} of {all}"),
            wrong => format!("{right} of {all}, {wrong} false"),
        }
    }

    fn describe(&self) -> String {
        if !self.is_answered {
            return format!("picture {}: {}", self.row, self.caption());
        }
        let (right, all) = (self.things.len() - self.verdict.missed.len(), self.things.len());
        format!("picture {}: {right} of {all} found, {} false", self.row, self.false_finds())
    }
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    if view.dataset.validation.is_empty() {
        let text = "No pictures are held out: raise the validation share in the Data tab.";
        return empty::say(ui, tokens, "No validation pictures", text);
    }
    let shown = Shown::of(view);
    if let Some(row) = local.picked.filter(|&row| (row as usize) < view.dataset.validation.len()) {
        return picture::show(ui, tokens, (view, shown), row, local, actions);
    }
    let cards = cards(view, shown, local);
    let most = PAGE * (1 + local.pages);
    ScrollArea::vertical().id_salt(("boxes", view.salt)).auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = Vec2::new(4.0, 4.0);
            controls(ui, tokens, shown, local);
            legend(ui, tokens, &view.dataset.truth.names, shown.is_some());
            ui.horizontal_wrapped(|ui| {
                for card in cards.iter().take(most) {
                    if picture_card(ui, tokens, view, card) {
                        (local.picked, local.boxes.find) = (Some(card.row), None);
                    }
                }
            });
            let rest = cards.len().saturating_sub(most);
            if rest > 0 && ui.button(format!("Show {} more", count(rest.min(PAGE) as u64))).clicked() {
                local.pages += 1;
            }
        });
    });
}

fn cards(view: &OutputView<'_>, shown: Option<Shown<'_>>, local: &OutputUi) -> Vec<Card> {
    let Some(shown) = shown else {
        return local.samples.iter().filter_map(|&row| Card::unanswered(view, row)).collect();
    };
    let mut cards: Vec<_> = shown.pictures.iter().map(|finds| Card::answered(finds, local.boxes.shown_from)).collect();
    if local.boxes.worst_first {
        cards.sort_by_key(|card| std::cmp::Reverse(card.mistakes()));
    }
    cards
}

const MAP50: &str = "Mean average precision: for each class the area under its precision-recall curve, and the mean over \
    the classes. A find is right if it overlaps a thing of its class by half or more.";
const MAP: &str = "The same, averaged over stricter and stricter overlaps: 0.5, 0.55 … 0.95.";
const FROM: &str = "Hide finds the network is less certain of. Higher: fewer false finds, but more is missed.";

/// Above the pictures: what is reached, and from which score on finds are shown.
fn controls(ui: &mut Ui, tokens: &Tokens, shown: Option<Shown<'_>>, local: &mut OutputUi) {
    let Some(shown) = shown else {
        ui.label(RichText::new("Not trained yet: press Space.").small().color(tokens.faint));
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        for (name, value, help) in [("mAP@0.5", shown.map50, MAP50), ("mAP", shown.map, MAP)] {
            let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
            let text = RichText::new(format!("{name} {value}")).font(theme::mono(12.0)).color(tokens.text);
            ui.label(text).on_hover_text(help);
        }
        over_label(ui, tokens, shown.over);
    });
    ui.horizontal_wrapped(|ui| {
        from_score(ui, tokens, local);
        let help = "Sort by how much is missed or wrongly found.";
        ui.checkbox(&mut local.boxes.worst_first, RichText::new("worst first").small()).on_hover_text(help);
    });
}

/// Classes that the legend names.
const NAMED: usize = 12;

/// What the lines and their colours say.
fn legend(ui: &mut Ui, tokens: &Tokens, names: &[String], is_answered: bool) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let text = if is_answered { "Solid: found. Dashed: true, red if missed." } else { "Dashed: true boxes." };
        ui.label(RichText::new(text).small().color(tokens.faint));
        if is_answered {
            for (class, name) in names.iter().enumerate().take(NAMED) {
                ui.label(RichText::new(name).small().color(tokens.of_words(tokens.class(class))));
            }
        }
        if is_answered && names.len() > NAMED {
            let rest = names[NAMED..].join(", ");
            let text = RichText::new(format!("and {} more", names.len() - NAMED)).small().color(tokens.faint);
            ui.label(text).on_hover_text(rest);
        }
    });
}

/// From which score on finds are shown.
fn from_score(ui: &mut Ui, tokens: &Tokens, local: &mut OutputUi) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.label(RichText::new("score from").small().color(tokens.muted)).on_hover_text(FROM);
        let slider = Slider::new(&mut local.boxes.shown_from, 0.01..=0.99).fixed_decimals(2);
        named(ui.add(slider).on_hover_text(FROM), "Score from which finds are shown");
    });
}

/// Whether it was clicked.
fn picture_card(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, card: &Card) -> bool {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, card.describe()));
    if ui.is_rect_visible(rect) {
        let square = egui::Rect::from_min_size(rect.min + Vec2::splat(3.0), Vec2::splat(IMAGE));
        let painter = ui.painter_at(rect);
        painter.rect_filled(square, 2.0, tokens.canvas);
        if let Ok(values) = view.dataset.validation.input(card.row as usize) {
            let shape = &view.dataset.input_shape;
            let image = thumbnail::place(square, shape);
            thumbnail::paint(ui, &painter, square, ("boxes", card.row, view.salt), shape, &values);
            painted::boxes(&painter.with_clip_rect(image), tokens, image, card, 1.2);
        }
        if response.hovered() || response.has_focus() {
            painter.rect_stroke(square, 2.0, Stroke::new(1.5, tokens.accent), StrokeKind::Outside);
        }
        let colour = if card.is_answered && card.mistakes() > 0 { tokens.bad } else { tokens.muted };
        let at = rect.center_bottom() - Vec2::new(0.0, 1.0);
        painter.text(at, Align2::CENTER_BOTTOM, card.caption(), theme::regular(11.0), colour);
    }
    response.on_hover_text(card.describe()).clicked()
}
