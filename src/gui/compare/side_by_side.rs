//! What the two networks do on the data that is loaded, in the form that suits the task, and how often they disagree.

use egui::{Link, RichText, ScrollArea, Ui, UiBuilder, Vec2};

use super::pair::{self, Both, Tab};
use super::{CompareUi, Seen, menu};
use crate::gui::numbers::count;
use crate::gui::output;
use crate::gui::plots::empty;
use crate::gui::theme;
use crate::session::Action;

/// Below the pictures: a sentence, and two rows of buttons at the most.
const BELOW: f32 = 104.0;
const LEAST: f32 = 150.0;
/// Two pictures stand below each other where each would be narrower.
const NARROW: f32 = 150.0;

pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both, actions: &mut Vec<Action>) {
    let height = ui.available_height();
    ScrollArea::vertical().id_salt("side by side").auto_shrink(false).show(ui, |ui| {
        let room = ui.available_rect_before_wrap().shrink2(Vec2::new(16.0, 10.0));
        let stacked = room.width() / 2.0 - 8.0 < NARROW;
        let width = if stacked { room.width() } else { room.width() / 2.0 - 8.0 };
        let tall = (height - BELOW).max(LEAST).min(width + 86.0);
        let mut end = room.top();
        for side in 0..2 {
            let offset = if stacked {
                Vec2::new(0.0, (tall + 10.0) * side as f32)
            } else {
                Vec2::new((width + 16.0) * side as f32, 0.0)
            };
            let place = egui::Rect::from_min_size(room.min + offset, Vec2::new(width, tall));
            ui.scope_builder(UiBuilder::new().id_salt(("side", side)).max_rect(place), |ui| {
                ui.set_clip_rect(ui.clip_rect().intersect(place.expand(4.0)));
                one(ui, seen, local, both, side, actions);
            });
            end = end.max(place.bottom());
        }
        let below = egui::Rect::from_min_max(egui::pos2(room.left(), end + 6.0), egui::pos2(room.right(), end + BELOW));
        ui.scope_builder(UiBuilder::new().max_rect(below), |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            sentence(ui, seen, local, both);
            menu::buttons(ui, &both.rows[0], local, actions);
        });
        let used = egui::Rect::from_min_max(room.min, egui::pos2(room.right(), end + BELOW - 20.0));
        ui.advance_cursor_after_rect(used);
    });
}

fn one(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both, side: usize, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.y = 4.0;
    pair::name(ui, seen, local, both, side, actions);
    let state = seen.state;
    let Some(dataset) = state.dataset() else {
        return empty::say(ui, &seen.tokens, "No data yet", "Outputs are shown on the loaded data.");
    };
    let Some(picture) = both.picture(seen, side) else {
        let id = &both.rows[side].card.id;
        return match state.runs().problems.get(id) {
            Some(problem) => problem_ui(ui, seen, problem),
            None => empty::say(ui, &seen.tokens, "Running the network", "Its predictions appear here."),
        };
    };
    let shown = &mut local.pair.outputs[side];
    output::of_run(ui, &seen.tokens, (state, dataset), picture, side, shown, actions);
    if shown.cell.is_some() {
        let cell = shown.cell.take();
        shown.tab = output::Tab::Output;
        local.pair.which.cell = cell.map(|(truth, predicted)| (side, truth, predicted));
        local.pair.tab = Tab::Disagreements;
    }
}

fn problem_ui(ui: &mut Ui, seen: &Seen<'_>, problem: &str) {
    ui.add_space(16.0);
    ui.add(egui::Label::new(RichText::new(problem).color(seen.tokens.warn)).wrap());
}

/// "They disagree on 14 of 100 validation samples. Show them"
fn sentence(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: &Both) {
    let tokens = &seen.tokens;
    let Some(found) = &both.disagreements else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let muted = |text: &str| RichText::new(text).color(tokens.muted);
        if found.is_empty() {
            ui.label(muted(&format!(
                "Both networks agree on all {} validation samples.",
                count(both.samples() as u64)
            )));
            return;
        }
        ui.label(muted("They disagree on"));
        let number = format!("{} of {}", count(found.len() as u64), count(both.samples() as u64));
        ui.label(RichText::new(number).font(theme::mono(12.0)).color(tokens.text));
        ui.label(muted("validation samples."));
        if ui.add(Link::new(RichText::new("Show them").color(tokens.accent))).clicked() {
            local.pair.which.cell = None;
            local.pair.tab = Tab::Disagreements;
        }
    });
}
