//! What can be set about the charts: at the right end of the heading, or behind one button where there is no room.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{ComboBox, PopupCloseBehavior, RichText, Slider, Ui, WidgetInfo};

use super::scale::Unit;
use super::{FlowOrder, PlotsUi, Tab};
use crate::gui::theme::{self, Tokens};

const LOG_HELP: &str = "Logarithmic value axis: equal distances are equal ratios, so small values can be told apart.";
const SMOOTH_HELP: &str = "Smooths curves that have a point for every batch: an exponential moving average,\n\
                           s = w·s + (1 − w)·value. The raw curve stays visible behind. Validation is never smoothed.";

/// Points that the controls of a tab need in a row.
fn needed(tab: Tab) -> f32 {
    match tab {
        Tab::Loss | Tab::Metric => 324.0,
        Tab::LearningRate => 168.0,
        Tab::Flow => 144.0,
        Tab::Histograms => 0.0,
    }
}

/// From the right to the left.
pub(super) fn show(ui: &mut Ui, tokens: &Tokens, local: &mut PlotsUi, room: f32) {
    let tab = local.tab;
    if room < needed(tab) {
        // Several things may be set before it closes.
        let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        MenuButton::new("View").config(stay).ui(ui, |ui| in_menu(ui, tokens, local));
        return;
    }
    match tab {
        Tab::Flow => order_combo(ui, local),
        Tab::Histograms => {}
        _ => {
            axis_combo(ui, local);
            if tab != Tab::LearningRate {
                smoothing(ui, tokens, local);
                ui.label(RichText::new("smooth").color(tokens.muted));
            }
            log(ui, local);
        }
    }
}

/// The same, below each other.
fn in_menu(ui: &mut Ui, tokens: &Tokens, local: &mut PlotsUi) {
    if local.tab == Tab::Flow {
        for order in FlowOrder::ALL {
            ui.radio_value(&mut local.order, order, order.title());
        }
        return;
    }
    log(ui, local);
    ui.horizontal(|ui| {
        for unit in Unit::ALL {
            if ui.radio_value(&mut local.unit, unit, unit.title()).changed() {
                local.show_all();
            }
        }
    });
    if local.tab != Tab::LearningRate {
        ui.horizontal(|ui| {
            ui.label(RichText::new("smooth").color(tokens.muted));
            smoothing(ui, tokens, local);
        });
    }
}

fn order_combo(ui: &mut Ui, local: &mut PlotsUi) {
    let title = local.order.title();
    let combo = ComboBox::from_id_salt("flow order").selected_text(title).show_ui(ui, |ui| {
        for order in FlowOrder::ALL {
            ui.selectable_value(&mut local.order, order, order.title());
        }
    });
    combo.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Order: {title}")));
}

fn axis_combo(ui: &mut Ui, local: &mut PlotsUi) {
    let shown = local.unit.title();
    let combo = ComboBox::from_id_salt("x axis").selected_text(shown).width(80.0).show_ui(ui, |ui| {
        for unit in Unit::ALL {
            let choice = ui.selectable_value(&mut local.unit, unit, unit.title());
            if choice.on_hover_text(unit.help()).changed() {
                local.show_all();
            }
        }
    });
    combo.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Step axis: {shown}")));
}

fn log(ui: &mut Ui, local: &mut PlotsUi) {
    let Some(chart) = local.chart() else { return };
    if ui.toggle_value(&mut chart.log, "log").on_hover_text(LOG_HELP).changed() {
        chart.show_all = true;
    }
}

fn smoothing(ui: &mut Ui, tokens: &Tokens, local: &mut PlotsUi) {
    ui.spacing_mut().slider_width = 72.0;
    let text = RichText::new(format!("{:.2}", local.smoothing)).font(theme::mono(12.0)).color(tokens.muted);
    ui.label(text);
    let slider = Slider::new(&mut local.smoothing, 0.0..=0.99).show_value(false);
    let response = ui.add(slider).on_hover_text(SMOOTH_HELP);
    let now = f64::from(local.smoothing);
    response.widget_info(|| WidgetInfo::slider(true, now, "Smoothing"));
}
