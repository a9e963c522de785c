//! The precision of each class: a table, and its curves over recall.

use egui::{Id, RichText, ScrollArea, Stroke, Ui};
use egui_plot::Line;

use super::super::classes::name;
use super::{MAP, MAP50, OutputView, Shown, over_label};
use crate::gui::numbers::count;
use crate::gui::plots::ticks::TickKind;
use crate::gui::plots::{empty, figure};
use crate::gui::theme::{self, Tokens};
use crate::session::Action;

const HEIGHT: f32 = 180.0;

pub fn show(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, actions: &mut Vec<Action>) {
    let Some(shown) = Shown::of(view) else { return empty::no_run(ui, tokens, view.state, actions) };
    ScrollArea::both().id_salt("precision").auto_shrink(false).show(ui, |ui| {
        egui::Frame::NONE.inner_margin(12).show(ui, |ui| {
            over_label(ui, tokens, shown.over);
            table(ui, tokens, view, shown);
            ui.add_space(8.0);
            let title = "precision over recall, at an overlap of half";
            ui.label(RichText::new(title).small().color(tokens.faint)).on_hover_text(CURVES);
            curves(ui, tokens, view, shown);
        });
    });
}

const CURVES: &str = "Precision: the share of finds that are right. Recall: the share of things that are found. From left \
    to right less and less certain finds are counted.";

fn table(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, shown: Shown<'_>) {
    let heads = [
        ("class", "What things may be."),
        (
            "AP@0.5",
            "Average precision: the area under the precision-recall curve, where a find that overlaps a thing by \
            half is right.",
        ),
        ("AP", "The mean over overlaps of 0.5, 0.55 … 0.95."),
        ("things", "How many are in the validation pictures."),
        ("finds", "How many boxes were found, however uncertain."),
    ];
    let mono = |value: Option<f64>| {
        let text = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
        RichText::new(text).font(theme::mono(12.0)).color(tokens.text)
    };
    egui::Grid::new("precision of classes").num_columns(5).spacing([14.0, 4.0]).show(ui, |ui| {
        for (head, help) in heads {
            ui.label(RichText::new(head).small().color(tokens.faint)).on_hover_text(help);
        }
        ui.end_row();
        for (class, one) in shown.classes.iter().enumerate() {
            let text = RichText::new(name(&view.dataset.truth.names, class as u32));
            ui.label(text.color(tokens.of_words(tokens.class(class))));
            ui.label(mono(one.ap50));
            ui.label(mono(one.ap));
            for number in [one.things, one.found] {
                ui.label(RichText::new(count(number as u64)).font(theme::mono(12.0)).color(tokens.muted));
            }
            ui.end_row();
        }
        ui.label("mean");
        ui.label(mono(shown.map50)).on_hover_text(MAP50);
        ui.label(mono(shown.map)).on_hover_text(MAP);
        ui.end_row();
    });
}

fn curves(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, shown: Shown<'_>) {
    let id = Id::unique("precision over recall").with(view.salt);
    let plot = figure::figure(tokens, id, TickKind::Share, TickKind::Share);
    let plot = plot.default_x_bounds(0.0, 1.0).default_y_bounds(0.0, 1.02);
    let plot = plot.width(ui.available_width().min(420.0)).height(HEIGHT);
    let response = plot.show(ui, |plot| {
        for (class, one) in shown.classes.iter().enumerate() {
            let points: Vec<[f64; 2]> = one.curve.iter().map(|&[recall, precision, _]| [recall, precision]).collect();
            plot.line(Line::new("", points).stroke(Stroke::new(1.8 * tokens.weight, tokens.class(class))));
        }
    });
    let name = "Precision over recall of each class";
    response.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
}
