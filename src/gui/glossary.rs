//! The glossary: every term on the screen, searchable, with its formula, and a picture where that says more (F1).

mod pictures;

use egui::{Align, Context, Id, Key, Layout, Modal, RichText, Role, TextEdit, Ui, Vec2, WidgetInfo};

use pictures::Pictures;

use super::theme::{self, Tokens};
use super::widgets::{list_from_top, select_all};
use crate::model::glossary::{Term, all, search};

/// Of the entries.
const WIDTH: f32 = 560.0;

#[derive(Default)]
pub struct GlossaryUi {
    open: Option<Open>,
}

struct Open {
    terms: Vec<Term>,
    typed: String,
    pictures: Pictures,
    /// The field is to have the keys.
    is_fresh: bool,
}

impl GlossaryUi {
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// At the entry of this term, if one is asked for.
    pub fn open(&mut self, term: Option<&'static str>) {
        self.open = Some(Open {
            terms: all(),
            typed: term.unwrap_or_default().to_owned(),
            pictures: Pictures::default(),
            is_fresh: true,
        });
    }

    /// Whether it was open.
    pub fn close(&mut self) -> bool {
        self.open.take().is_some()
    }

    pub fn show(&mut self, ctx: &Context) {
        let Some(open) = &mut self.open else { return };
        let frame = super::panels::dialog_frame(&ctx.global_style());
        // Besides the entries: margins, the heading, the field and the button.
        let room = ctx.content_rect().size() - Vec2::new(80.0, 190.0);
        let modal = Modal::new(Id::unique("glossary")).frame(frame).show(ctx, |ui| {
            ui.set_width(room.x.min(WIDTH));
            ui.heading("Glossary");
            let field =
                ui.add(TextEdit::singleline(&mut open.typed).hint_text("Search terms").desired_width(f32::INFINITY));
            let field = super::widgets::named(field, "Search terms");
            let other = field.changed();
            if std::mem::take(&mut open.is_fresh) {
                field.request_focus();
                select_all(ui, &field, open.typed.chars().count());
            }
            ui.add_space(6.0);
            entries(ui, &search(&open.terms, &open.typed), &mut open.pictures, room.y, other);
            ui.add_space(8.0);
            ui.button("Close").clicked() || ui.input(|i| i.key_pressed(Key::Escape))
        });
        if modal.should_close() || modal.inner {
            self.open = None;
        }
    }
}

/// `other`: something else is searched for than before, and its best is at the top.
fn entries(ui: &mut Ui, found: &[&Term], pictures: &mut Pictures, height: f32, other: bool) {
    let tokens = Tokens::of(ui);
    let list = list_from_top(ui);
    let list = if other { list.vertical_scroll_offset(0.0) } else { list };
    // As high whatever is found, so that nothing jumps while one types.
    list.max_height(height).min_scrolled_height(height).auto_shrink(false).show(ui, |ui| {
        if found.is_empty() {
            ui.label(RichText::new("No matching terms. Try a shorter word.").color(tokens.muted));
        }
        for term in found {
            entry(ui, &tokens, term, pictures);
        }
    });
}

fn entry(ui: &mut Ui, tokens: &Tokens, term: &Term, pictures: &mut Pictures) {
    let inside = ui.horizontal_top(|ui| {
        let picture = if pictures.has(term.name) { pictures::SIZE.x + 12.0 } else { 0.0 };
        let width = ui.available_width() - picture - 8.0;
        ui.allocate_ui_with_layout(Vec2::new(width, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(width);
            text(ui, tokens, term);
        });
        if picture > 0.0 {
            pictures.show(ui, term.name);
        }
    });
    let label = format!("{}: {}", term.name, term.words);
    inside.response.widget_info(|| WidgetInfo::labeled(Role::Article, true, &label));
    ui.add_space(10.0);
}

fn text(ui: &mut Ui, tokens: &Tokens, term: &Term) {
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(term.name).font(theme::medium(14.0)));
        if !term.also.is_empty() {
            ui.label(RichText::new(term.also.join(", ")).size(11.0).color(tokens.faint));
        }
    });
    ui.add(egui::Label::new(RichText::new(term.words).color(tokens.muted)).wrap());
    if !term.formula.is_empty() {
        ui.label(RichText::new(term.formula).font(theme::mono(12.0)).color(tokens.accent));
    }
}
