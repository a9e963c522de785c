//! What this program is: versions, what computes, and whose work it stands on; to be copied into a report of a fault.

use egui::{Context, Id, Key, Label, Modal, RichText, ScrollArea, Ui, Vec2};

use super::theme::{self, Tokens};
use super::widgets::{accent_button, section};
use crate::session::State;
use crate::session::about::{About, FONTS, libraries};

/// Of the text.
const WIDTH: f32 = 520.0;

#[derive(Default)]
pub struct AboutUi {
    open: bool,
    copied: bool,
}

impl AboutUi {
    pub fn open(&mut self) {
        (self.open, self.copied) = (true, false);
    }

    pub fn is_open(&self) -> bool {
        self.open
    }

    pub fn show(&mut self, ctx: &Context, state: &State) {
        if !self.open {
            return;
        }
        let frame = super::panels::dialog_frame(&ctx.global_style());
        // Besides the text: margins, the heading and the buttons.
        let room = ctx.content_rect().size() - Vec2::new(80.0, 150.0);
        let modal = Modal::new(Id::unique("about")).frame(frame).show(ctx, |ui| {
            ui.set_width(room.x.min(WIDTH));
            ui.heading("About Glassbox");
            let about = About::of(state);
            ScrollArea::vertical().max_height(room.y).auto_shrink([false, true]).show(ui, |ui| contents(ui, &about));
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if accent_button(ui, true, "Copy for a bug report").clicked() {
                    ctx.copy_text(about.to_string());
                    self.copied = true;
                }
                let closed = ui.button("Close").clicked();
                if self.copied {
                    ui.label(RichText::new("Copied. Paste it into your bug report.").color(Tokens::of(ui).muted));
                }
                closed || ui.input(|i| i.key_pressed(Key::Escape))
            })
            .inner
        });
        if modal.should_close() || modal.inner {
            self.open = false;
        }
    }
}

fn contents(ui: &mut Ui, about: &About) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new("A neural network you can see through.").color(tokens.muted));
    ui.add_space(4.0);
    egui::Grid::new("about").num_columns(2).spacing([16.0, 4.0]).show(ui, |ui| {
        for (name, value) in about.lines() {
            ui.label(RichText::new(name).color(tokens.muted));
            ui.add(Label::new(RichText::new(value).font(theme::mono(12.0))).wrap());
            ui.end_row();
        }
    });
    let licence = "Glassbox is free software, under your choice of the MIT licence or the Apache Licence 2.0.";
    ui.add(Label::new(licence).wrap());
    section(ui, "FONTS", "");
    for (name, licence) in FONTS {
        row(ui, name, licence);
    }
    let libraries = libraries();
    section(ui, "LIBRARIES", &format!("{}", libraries.len()));
    let thanks = "Glassbox is built on these libraries, each under the licence shown beside it.";
    ui.add(Label::new(RichText::new(thanks).color(tokens.muted)).wrap());
    for library in &libraries {
        row(ui, &format!("{} {}", library.name, library.version), library.licence);
    }
}

fn row(ui: &mut Ui, name: &str, licence: &str) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 16.0;
        let width = ui.available_width() * 0.46;
        ui.allocate_ui_with_layout(Vec2::new(width, 16.0), egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_width(width);
            ui.add(Label::new(RichText::new(name).font(theme::mono(11.5))).truncate());
        });
        ui.add(Label::new(RichText::new(licence).size(11.5).color(tokens.muted)).truncate());
    });
}
