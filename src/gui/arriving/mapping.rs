//! Whose weights become whose: a row for each weight of the network, with the file's tensor that is proposed for it and
//! a list of all that fit.

use egui::{
    Align, Button, ComboBox, Context, Id, Label, Layout, Modal, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2,
};

use crate::gui::panels::dialog_frame;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{accent_button, combo};
use crate::interop::state_dict::mapping::{self, CHECK_GUESSES, Certainty, Row, sizes};
use crate::session::{Action, Offer, OfferAction};

const WIDEST: f32 = 940.0;
/// Besides the rows: margins, headings, what is left over, and the buttons.
const AROUND: f32 = 320.0;
const ROW: f32 = 30.0;
/// Shares of the width: a weight, its size, the tensor, its size, and why.
const SHARES: [f32; 5] = [0.22, 0.13, 0.30, 0.13, 0.22];
/// Tensors that a list shows, and that are named when they are left over.
const MOST_LISTED: usize = 200;
const MOST_NAMED: usize = 40;

#[derive(Default)]
pub struct TableUi {
    /// Only rows that need a look.
    only_open: bool,
}

impl TableUi {
    pub fn show(&mut self, ctx: &Context, offer: &Offer, actions: &mut Vec<Action>) {
        let room = ctx.content_rect().size() - vec2(80.0, AROUND);
        let frame = dialog_frame(&ctx.global_style());
        let mut act = |action| actions.push(Action::Offer(action));
        let modal = Modal::new(Id::unique("weights of a file")).frame(frame).show(ctx, |ui| {
            ui.set_width(room.x.min(WIDEST));
            self.contents(ui, offer, room.y, &mut act);
        });
        if modal.should_close() {
            act(OfferAction::Dismiss);
        }
    }

    fn contents(&mut self, ui: &mut Ui, offer: &Offer, height: f32, act: &mut impl FnMut(OfferAction)) {
        let tokens = Tokens::of(ui);
        let (all, filled) = (offer.mapping.rows.len(), offer.mapping.filled());
        ui.heading(format!("Weights of {}", offer.file()));
        let tensors = offer.weights.tensors.len();
        let mut text = format!(
            "{}: {}, for {} of this network.",
            offer.weights.format,
            many(tensors, "tensor"),
            many(all, "weight")
        );
        if let Some(prefix) = mapping::prefix(&offer.weights) {
            text.push_str(&format!(" All its names begin with “{prefix}”, which is left aside."));
        }
        ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
        ui.add_space(6.0);
        head(ui, &tokens);
        let is_open = |row: &&Row| {
            row.taken.as_ref().is_none_or(|taken| matches!(taken.certainty, Certainty::Guess | Certainty::Likely))
        };
        let rows: Vec<&Row> = offer.mapping.rows.iter().filter(|row| !self.only_open || is_open(row)).collect();
        let list = ScrollArea::vertical().max_height(height.max(3.0 * ROW)).auto_shrink([false, true]);
        list.show_rows(ui, ROW, rows.len(), |ui, range| {
            for row in &rows[range] {
                line(ui, &tokens, offer, row, act);
            }
        });
        ui.separator();
        self.sums(ui, &tokens, offer, filled);
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let help = "Takes the weights into the run that is open. Undo brings the ones from before back.";
            if accent_button(ui, filled > 0, "Load into this network").on_hover_text(help).clicked() {
                act(OfferAction::Load);
            }
            let help = "A network that is proposed from the names and sizes of the tensors.";
            if ui.button("Open as a new project").on_hover_text(help).clicked() {
                act(OfferAction::AsProject);
            }
            if ui.button("Cancel").clicked() {
                act(OfferAction::Dismiss);
            }
            if offer.is_changed() && ui.button("Propose again").clicked() {
                act(OfferAction::ProposeAgain);
            }
        });
    }

    /// What is filled, what is left over on both sides, and what to look at.
    fn sums(&mut self, ui: &mut Ui, tokens: &Tokens, offer: &Offer, filled: usize) {
        let all = offer.mapping.rows.len();
        ui.horizontal(|ui| {
            let colour = if filled == all { tokens.ok } else { tokens.warn };
            ui.label(RichText::new(format!("{filled} of {all} weights have a tensor.")).color(colour));
            if filled < all {
                ui.label(RichText::new("The others stay as they are.").color(tokens.muted));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.checkbox(&mut self.only_open, "Only rows to check");
            });
        });
        let is_guess = |row: &Row| row.taken.as_ref().is_some_and(|taken| taken.certainty == Certainty::Guess);
        if offer.mapping.rows.iter().any(is_guess) {
            ui.label(RichText::new(CHECK_GUESSES).color(tokens.warn));
        }
        let left = offer.mapping.left(&offer.weights);
        let named = left.iter().take(MOST_NAMED).map(|tensor| format!("{} ({})", tensor.name, sizes(&tensor.dims)));
        let mut named = named.collect::<Vec<_>>().join(", ");
        if left.len() > MOST_NAMED {
            named.push_str(&format!(" and {} more", left.len() - MOST_NAMED));
        }
        let text = match left.len() {
            0 => "No tensor of the file is left over.".to_owned(),
            count => format!("Left over in the file, {}: {named}.", many(count, "tensor")),
        };
        ScrollArea::vertical().id_salt("left over").max_height(44.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.add(Label::new(RichText::new(text).size(12.0).color(tokens.muted)).wrap());
        });
        for (what, sentence) in offer.weights.remarks().take(3) {
            ui.add(Label::new(RichText::new(format!("{what}: {sentence}")).size(12.0).color(tokens.faint)).truncate());
        }
    }
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A cell of a row, as wide as its column.
fn cell(ui: &mut Ui, column: usize, whole: f32, contents: impl FnOnce(&mut Ui)) {
    let width = (whole * SHARES[column] - 8.0).max(20.0);
    ui.allocate_ui_with_layout(vec2(width, ROW), Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_width(width);
        ui.set_max_width(width);
        contents(ui);
    });
}

fn head(ui: &mut Ui, tokens: &Tokens) {
    let whole = ui.available_width() - 12.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for (column, title) in ["THIS NETWORK", "SIZE", "THE FILE", "SIZE", "WHY"].into_iter().enumerate() {
            cell(ui, column, whole, |ui| {
                ui.label(RichText::new(title).size(11.0).color(tokens.faint));
            });
        }
    });
}

fn line(ui: &mut Ui, tokens: &Tokens, offer: &Offer, row: &Row, act: &mut impl FnMut(OfferAction)) {
    let whole = ui.available_width() - 12.0;
    let text = |ui: &mut Ui, text: String, colour| {
        let label = Label::new(RichText::new(&text).font(theme::mono(12.0)).color(colour)).truncate();
        ui.add(label).on_hover_text(text);
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        cell(ui, 0, whole, |ui| text(ui, row.weight.clone(), tokens.text));
        cell(ui, 1, whole, |ui| text(ui, sizes(&row.dims), tokens.muted));
        cell(ui, 2, whole, |ui| choice(ui, tokens, offer, row, act));
        let tensors = row.taken.as_ref().map_or(&[][..], |taken| taken.origin.tensors());
        let found = tensors.iter().filter_map(|name| offer.weights.find(name)).map(|tensor| sizes(&tensor.dims));
        cell(ui, 3, whole, |ui| text(ui, found.collect::<Vec<_>>().join(" + "), tokens.muted));
        cell(ui, 4, whole, |ui| why(ui, tokens, row));
    });
}

fn why(ui: &mut Ui, tokens: &Tokens, row: &Row) {
    let Some(taken) = &row.taken else {
        ui.label(RichText::new("stays as it is").size(12.0).color(tokens.warn));
        return;
    };
    let colour = match taken.certainty {
        Certainty::Sure | Certainty::Chosen => tokens.ok,
        Certainty::Likely => tokens.pos,
        Certainty::Guess => tokens.warn,
    };
    let (rect, dot) = ui.allocate_exact_size(vec2(8.0, 14.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.5, colour);
    dot.on_hover_text(taken.certainty.word());
    let change = taken.origin.change();
    let words = if change.is_empty() { taken.why.clone() } else { format!("{}, {change}", taken.why) };
    let label = Label::new(RichText::new(&words).size(12.0).color(tokens.muted)).truncate();
    ui.add(label).on_hover_text(format!("{}: {words}", taken.certainty.word()));
}

/// The tensors that fit, or none.
fn choice(ui: &mut Ui, tokens: &Tokens, offer: &Offer, row: &Row, act: &mut impl FnMut(OfferAction)) {
    let now = row.taken.as_ref().map_or_else(|| "none".to_owned(), |taken| taken.origin.text());
    let colour = if row.taken.is_some() { tokens.text } else { tokens.faint };
    let list = ComboBox::from_id_salt(&row.weight)
        .selected_text(RichText::new(&now).font(theme::mono(12.0)).color(colour))
        .width(ui.available_width() - 4.0)
        .truncate()
        .height(320.0);
    let mut chosen = None;
    let shown = combo(ui, list, |ui| {
        let item = |ui: &mut Ui, is_on: bool, text: &str, size: &str| {
            ui.horizontal(|ui| {
                let button = Button::selectable(is_on, RichText::new(text).font(theme::mono(12.0)));
                let clicked = ui.add(button).clicked();
                ui.label(RichText::new(size).font(theme::mono(11.0)).color(tokens.faint));
                clicked
            })
            .inner
        };
        if item(ui, row.taken.is_none(), "none", "") {
            chosen = Some(None);
        }
        let fitting = offer.mapping.candidates(row, &offer.weights);
        for tensor in fitting.iter().take(MOST_LISTED) {
            if item(ui, now == tensor.name, &tensor.name, &sizes(&tensor.dims)) {
                chosen = Some(Some(tensor.name.clone()));
            }
        }
        if fitting.len() > MOST_LISTED {
            let text = format!("{} more fit as well.", fitting.len() - MOST_LISTED);
            ui.label(RichText::new(text).color(tokens.faint));
        }
    });
    let name = format!("Tensor for {}", row.weight);
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
    if let Some(tensor) = chosen {
        act(OfferAction::Choose { weight: row.weight.clone(), tensor });
    }
}
