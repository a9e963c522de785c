//! What each layer puts out: one histogram a layer, with the numbers that tell a healthy one from a dead or saturated one.

use egui::{RichText, ScrollArea, Ui, Vec2};

use super::empty;
use crate::gui::histogram::histogram_ui;
use crate::gui::numbers::{number, percent};
use crate::gui::theme::{self, Tokens};
use crate::session::{Action, State};
use crate::trace::LayerPicture;

const WIDTH: f32 = 200.0;
const HEIGHT: f32 = 72.0;

pub(super) fn show(ui: &mut Ui, tokens: &Tokens, state: &State, actions: &mut Vec<Action>) {
    let graph = &state.project.graph;
    let layers = state.run.picture.as_deref().map(|picture| &picture.layers);
    let pictures: Vec<_> = graph
        .topological_order()
        .into_iter()
        .filter_map(|id| {
            let picture = layers?.get(&id).filter(|l| l.statistics.count > 0)?;
            Some((id, graph.layer(id)?.name.as_str(), picture))
        })
        .collect();
    if pictures.is_empty() {
        if state.run.step == 0 {
            return empty::no_run(ui, tokens, state, actions);
        }
        return empty::say(ui, tokens, "No outputs yet", "The next step shows what each layer puts out.");
    }
    ScrollArea::vertical().id_salt("histograms").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
            let columns = ((ui.available_width() + 24.0) / (WIDTH + 24.0)).floor().max(1.0);
            let width = (ui.available_width() + 24.0) / columns - 24.0;
            ui.spacing_mut().item_spacing = Vec2::new(24.0, 16.0);
            ui.horizontal_wrapped(|ui| {
                for (id, name, picture) in pictures {
                    ui.allocate_ui(Vec2::new(width, HEIGHT + 40.0), |ui| {
                        ui.set_width(width);
                        ui.push_id(id.0, |ui| one(ui, tokens, name, picture));
                    });
                }
            });
        });
    });
}

fn one(ui: &mut Ui, tokens: &Tokens, name: &str, picture: &LayerPicture) {
    ui.spacing_mut().item_spacing.y = 2.0;
    let s = &picture.statistics;
    ui.vertical(|ui| {
        ui.add(egui::Label::new(RichText::new(name).font(theme::medium(13.0)).color(tokens.text)).truncate());
        histogram_ui(ui, tokens, name, &picture.histogram, HEIGHT);
        let numbers = format!("{} … {}", number(picture.histogram.min), number(picture.histogram.max));
        ui.label(RichText::new(numbers).font(theme::mono(11.0)).color(tokens.faint));
        let mut text = format!("mean {} · std {}", number(s.mean), number(s.std));
        if s.zeros >= 0.005 {
            text += &format!(" · zeros {}", percent(s.zeros));
        }
        ui.label(RichText::new(text).font(theme::mono(11.0)).color(tokens.muted));
        if s.nans + s.infinities > 0 {
            let text = format!("{} NaN · {} infinite", s.nans, s.infinities);
            ui.label(RichText::new(text).font(theme::mono(11.0)).color(tokens.bad));
        }
    });
}
