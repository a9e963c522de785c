//! What each layer puts out: one histogram a layer, with the numbers that tell a healthy one from a dead or saturated
//! one.

use egui::{RichText, ScrollArea, Ui, Vec2};

use super::empty;
use crate::gui::histogram::histogram_ui;
use crate::gui::numbers::{number, percent};
use crate::gui::theme::{self, Tokens};
use crate::session::{Action, State};
use crate::trace::LayerPicture;

/// The least that a histogram needs with the gap beside it.
const WIDTH: f32 = 220.0;
const HEIGHT: f32 = 72.0;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, state: &State, actions: &mut Vec<Action>) {
    let graph = &*state.project().graph.unfolded();
    let layers = state.run().picture.as_deref().map(|picture| &picture.layers);
    let pictures: Vec<_> = graph
        .topological_order()
        .into_iter()
        .filter_map(|id| {
            let picture = layers?.get(&id).filter(|l| l.statistics.count > 0)?;
            Some((id, id.title(&graph.layer(id)?.name), picture))
        })
        .collect();
    if pictures.is_empty() {
        if state.run().step == 0 {
            return empty::no_run(ui, tokens, state, actions);
        }
        return empty::say(ui, tokens, "No outputs yet", "The outputs of each layer appear after the next step.");
    }
    ScrollArea::vertical().id_salt("histograms").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
            let columns = ((ui.available_width() / WIDTH) as usize).clamp(1, pictures.len());
            ui.spacing_mut().item_spacing = Vec2::new(24.0, 16.0);
            for row in pictures.chunks(columns) {
                ui.columns(columns, |cells| {
                    for (ui, (id, name, picture)) in cells.iter_mut().zip(row) {
                        ui.push_id(id.0, |ui| one(ui, tokens, name.as_str(), picture));
                    }
                });
            }
        });
    });
}

fn one(ui: &mut Ui, tokens: &Tokens, name: &str, picture: &LayerPicture) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let s = &picture.statistics;
    ui.vertical(|ui| {
        ui.add(egui::Label::new(RichText::new(name).font(theme::medium(13.0)).color(tokens.text)).truncate());
        histogram_ui(ui, tokens, name, &picture.histogram, HEIGHT);
        let mut span = format!("{} … {}", number(picture.histogram.min), number(picture.histogram.max));
        if s.zeros >= 0.005 {
            span += &format!(" · zeros {}", percent(s.zeros));
        }
        let small = |text: String| egui::Label::new(RichText::new(text).font(theme::mono(11.0)).color(tokens.muted));
        ui.add(small(span).truncate());
        ui.add(small(format!("mean {} · std {}", number(s.mean), number(s.std))).truncate());
        if s.nans + s.infinities > 0 {
            let text = format!("{} NaN · {} infinite", s.nans, s.infinities);
            ui.label(RichText::new(text).font(theme::mono(11.0)).color(tokens.bad));
        }
    });
}
