//! What can be set about the charts: at the right end of the heading, or behind one button where there is no room.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{ComboBox, PopupCloseBehavior, RichText, Slider, Ui, WidgetInfo};

use super::chart::ChartUi;
use super::scale::StepAxis;
use super::{FlowOrder, PlotsUi, Tab};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::combo;

const LOG_HELP: &str = "Logarithmic axis: equal distances are equal ratios, so small values stay distinguishable.";
const SMOOTH_HELP: &str = "Smooths the curves recorded every batch with an exponential moving average,\ns = w·s + \
                           (1 − w)·value. The raw curve stays visible behind. Validation curves are never smoothed.";
const SMOOTH_RUNS_HELP: &str = "Smooths every curve with an exponential moving average,\ns = w·s + (1 − w)·value. The raw curve stays visible \
        behind.";

/// What can be set about a chart of curves over training steps.
pub struct AxisSettings<'a> {
    pub chart: &'a mut ChartUi,
    pub unit: &'a mut StepAxis,
    /// `None` where curves are not smoothed.
    pub smoothing: Option<&'a mut f32>,
    /// Whether validation is smoothed as well.
    pub smooths_all: bool,
    /// Whether the value axis may be logarithmic.
    pub log: bool,
}

impl AxisSettings<'_> {
    /// Points that the controls need in a row.
    fn needed(&self) -> f32 {
        if self.smoothing.is_some() { 324.0 } else { 168.0 }
    }

    /// From the right to the left, as far as there is room for them. Whether the step axis counts something else now.
    pub fn show(mut self, ui: &mut Ui, tokens: &Tokens, room: f32) -> bool {
        if room < self.needed() {
            return behind_a_button(ui, |ui| self.in_menu(ui, tokens)).unwrap_or(false);
        }
        let changed = self.axis_combo(ui);
        if self.smoothing.is_some() {
            self.smooth(ui, tokens);
            ui.label(RichText::new("smooth").color(tokens.muted));
        }
        self.log(ui);
        changed
    }

    /// The same, below each other.
    fn in_menu(&mut self, ui: &mut Ui, tokens: &Tokens) -> bool {
        self.log(ui);
        let choices = |ui: &mut Ui| {
            let choose = |unit: StepAxis| ui.radio_value(self.unit, unit, unit.title()).changed();
            StepAxis::ALL.map(choose).contains(&true)
        };
        let changed = ui.horizontal(choices).inner;
        if self.smoothing.is_some() {
            ui.horizontal(|ui| {
                ui.label(RichText::new("smooth").color(tokens.muted));
                self.smooth(ui, tokens);
            });
        }
        changed
    }

    fn axis_combo(&mut self, ui: &mut Ui) -> bool {
        let (shown, mut changed) = (self.unit.title(), false);
        let list = ComboBox::from_id_salt("x axis").selected_text(shown).width(80.0);
        let list = combo(ui, list, |ui| {
            for unit in StepAxis::ALL {
                let choice = ui.selectable_value(self.unit, unit, unit.title());
                changed |= choice.on_hover_text(unit.help()).changed();
            }
        });
        list.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Step axis: {shown}")));
        changed
    }

    fn log(&mut self, ui: &mut Ui) {
        if !self.log {
            return;
        }
        if ui.toggle_value(&mut self.chart.log, "log").on_hover_text(LOG_HELP).changed() {
            self.chart.show_all = true;
        }
    }

    fn smooth(&mut self, ui: &mut Ui, tokens: &Tokens) {
        let Some(smoothing) = &mut self.smoothing else { return };
        ui.spacing_mut().slider_width = 72.0;
        ui.label(RichText::new(format!("{smoothing:.2}")).font(theme::mono(12.0)).color(tokens.muted));
        let slider = Slider::new(&mut **smoothing, 0.0..=0.99).show_value(false);
        let response = ui.add(slider).on_hover_text(if self.smooths_all { SMOOTH_RUNS_HELP } else { SMOOTH_HELP });
        let now = f64::from(**smoothing);
        response.widget_info(|| WidgetInfo::slider(true, now, "Smoothing"));
    }
}

/// From the right to the left.
pub(super) fn show(ui: &mut Ui, tokens: &Tokens, local: &mut PlotsUi, room: f32) {
    if local.tab == Tab::Flow {
        return order(ui, local, room);
    }
    if local.settings().is_some_and(|settings| settings.show(ui, tokens, room)) {
        local.show_all();
    }
}

fn behind_a_button<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> Option<R> {
    // Several things may be set before it closes.
    let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    MenuButton::new("View").config(stay).ui(ui, contents).1.map(|shown| shown.inner)
}

fn order(ui: &mut Ui, local: &mut PlotsUi, room: f32) {
    if room < 144.0 {
        behind_a_button(ui, |ui| {
            for order in FlowOrder::ALL {
                ui.radio_value(&mut local.order, order, order.title());
            }
        });
        return;
    }
    let title = local.order.title();
    let list = combo(ui, ComboBox::from_id_salt("flow order").selected_text(title), |ui| {
        for order in FlowOrder::ALL {
            ui.selectable_value(&mut local.order, order, order.title());
        }
    });
    list.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Order: {title}")));
}
