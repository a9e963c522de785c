//! What a panel shows, given to the outside: as a picture (PNG), a drawing (SVG) or numbers (CSV), to a file or the
//! clipboard.
//!
//! A panel offers the menu and keeps what was asked for; [`give`] draws it once more on paper. Which panels there are
//! is [`super::exports`]'s.

mod paper;
mod raster;
mod svg;
mod table;
mod words;

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Context, Id, PopupCloseBehavior, RichText, Ui, Vec2};
use egui_material_icons::icons;

pub use table::{Table, cell};

use super::dialogs::{Dialogs, Purpose};
use super::theme::{self, Tokens};
use super::widgets::named;
use crate::persist::Theme;
use crate::session::{Figure, Pixels};

/// What of a panel is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    CopyPicture,
    CopyDrawing,
    SavePicture,
    SaveDrawing,
    CopyNumbers,
    SaveNumbers,
}

/// What there is to be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    pub picture: bool,
    pub numbers: bool,
}

const NOTHING: &str = "There is nothing to save yet.";

/// A button that opens [`items`]; `name` is "Export the curves".
pub fn button(ui: &mut Ui, asked: &mut Option<Take>, offer: Offer, name: &str) {
    let icon = RichText::from(icons::ICON_DOWNLOAD).size(16.0).color(Tokens::of(ui).muted);
    let button = Button::new(icon).min_size(Vec2::splat(26.0)).frame_when_inactive(false);
    // The ground may be chosen before what is taken.
    let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(stay).ui(ui, |ui| items(ui, asked, offer));
    named(response, name);
}

pub fn items(ui: &mut Ui, asked: &mut Option<Take>, offer: Offer) {
    let mut item = |ui: &mut Ui, enabled: bool, words: &str, help: &str, take: Take| {
        let response = ui.add_enabled(enabled, Button::new(words));
        if response.on_hover_text(help).on_disabled_hover_text(NOTHING).clicked() {
            *asked = Some(take);
            ui.close();
        }
    };
    let picture = offer.picture;
    item(ui, picture, "Copy picture", "To paste into a document or slide.", Take::CopyPicture);
    let help = "Copies the SVG source, which drawing programs can paste.";
    item(ui, picture, "Copy drawing (SVG)", help, Take::CopyDrawing);
    item(ui, picture, "Save picture (PNG) …", "At twice the screen resolution.", Take::SavePicture);
    item(ui, picture, "Save drawing (SVG) …", "Sharp at any size, with editable text.", Take::SaveDrawing);
    let mut white = look(ui.ctx()) == Theme::Light;
    let help = "Export dark on white, for paper and slides, whatever the theme. Otherwise light on dark.";
    if ui.checkbox(&mut white, "On white").on_hover_text(help).changed() {
        let look = if white { Theme::Light } else { Theme::Dark };
        ui.data_mut(|data| data.insert_temp(ground_id(), look == Theme::Dark));
    }
    if offer.numbers {
        ui.separator();
        item(ui, true, "Copy data", "As a table, to paste into a spreadsheet.", Take::CopyNumbers);
        item(ui, true, "Save data (CSV) …", "A table for spreadsheets and other programs.", Take::SaveNumbers);
    }
}

fn ground_id() -> Id {
    Id::unique("figures are dark")
}

/// The theme of pictures: one for all panels, white until somebody wants it dark.
fn look(ctx: &Context) -> Theme {
    if ctx.data(|data| data.get_temp(ground_id()).unwrap_or(false)) { Theme::Dark } else { Theme::Light }
}

/// Whether this is a picture that is being made, not the window: nothing can be pressed there.
pub fn is_paper(ui: &Ui) -> bool {
    ui.data(|data| data.get_temp(paper_id()).unwrap_or(false))
}

fn paper_id() -> Id {
    Id::unique("on paper")
}

/// What a panel puts on paper.
pub struct Sheet<'a> {
    /// Of the file, without its ending.
    pub name: String,
    /// Above the contents; empty where they speak for themselves.
    pub title: String,
    /// Below them: what an axis counts.
    pub caption: String,
    /// Of the contents.
    pub size: Vec2,
    /// What egui is to remember on paper as it does in the window.
    pub prepare: Box<dyn Fn(&Context) + 'a>,
    pub contents: Box<dyn FnMut(&mut Ui) + 'a>,
    pub numbers: Box<dyn Fn(&mut Table) + 'a>,
}

/// Draws on a sheet that is thrown away, to see how large the contents are.
pub fn measure(size: Vec2, contents: impl FnMut(&mut Ui)) {
    paper::draw(size, Theme::Light, mark, contents);
}

fn mark(ctx: &Context) {
    ctx.data_mut(|data| data.insert_temp(paper_id(), true));
}

const TITLE: f32 = 36.0;
const CAPTION: f32 = 24.0;

impl Sheet<'_> {
    fn draw(&mut self, look: Theme) -> paper::Drawing {
        let Self { title, caption, size, prepare, contents, .. } = self;
        let above = if title.is_empty() { 0.0 } else { TITLE };
        let below = if caption.is_empty() { 0.0 } else { CAPTION };
        let whole = *size + Vec2::new(0.0, above + below);
        let prepare = |ctx: &Context| {
            mark(ctx);
            prepare(ctx);
        };
        paper::draw(whole, look, prepare, |ui| {
            let tokens = Tokens::of(ui);
            let sheet = ui.max_rect();
            let middle = sheet.with_min_y(sheet.top() + above).with_max_y(sheet.bottom() - below);
            let line = |at, anchor, text: &str, font, colour| {
                ui.painter().text(at, anchor, text, font, colour);
            };
            let (left, centre) = (egui::Align2::LEFT_CENTER, egui::Align2::CENTER_CENTER);
            let at = egui::pos2(sheet.left() + 16.0, sheet.top() + above / 2.0 + 2.0);
            line(at, left, title, theme::semibold(15.0), tokens.text);
            let at = egui::pos2(sheet.center().x, sheet.bottom() - below / 2.0 - 2.0);
            line(at, centre, caption, theme::regular(12.0), tokens.muted);
            let mut body = ui.new_child(egui::UiBuilder::new().max_rect(middle));
            body.set_clip_rect(middle);
            contents(&mut body);
        })
    }
}

/// Does what was asked for.
pub fn give(ctx: &Context, take: Take, mut sheet: Sheet<'_>, dialogs: &mut Dialogs) {
    let look = look(ctx);
    let figure = match take {
        Take::CopyPicture => {
            let Pixels { width, height, rgba } = sheet.draw(look).pixels();
            return ctx.copy_image(egui::ColorImage::from_rgba_unmultiplied([width, height], &rgba));
        }
        Take::CopyDrawing => return ctx.copy_text(sheet.draw(look).svg()),
        Take::CopyNumbers => {
            let mut table = Table::tabbed();
            (sheet.numbers)(&mut table);
            return ctx.copy_text(table.text());
        }
        Take::SavePicture => Figure::Picture(sheet.draw(look).pixels()),
        Take::SaveDrawing => Figure::Drawing(sheet.draw(look).svg()),
        Take::SaveNumbers => {
            let mut table = Table::csv();
            (sheet.numbers)(&mut table);
            Figure::Numbers(table.text())
        }
    };
    dialogs.ask(Purpose::SaveFigure { suggestion: sheet.name, figure: Box::new(figure) }, ctx);
}

#[cfg(test)]
mod tests;
