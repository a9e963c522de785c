//! The probe batch: samples that stay the same, so that any two steps can be compared by what they make of them.

use egui::containers::menu::MenuButton;
use egui::{Button, Label, RichText, Ui, Vec2};

use crate::gui::numbers::count;
use crate::gui::theme::Tokens;
use crate::gui::widgets::named;
use crate::trace::{DebugView, Inspection, Probe};

/// What the panels keep of it.
#[derive(Default)]
pub struct ProbeUi {
    probe: Option<Probe>,
}

impl ProbeUi {
    pub fn subscribe(&self, inspection: &mut Inspection) {
        inspection.probe.clone_from(&self.probe);
    }

    pub fn is_on(&self) -> bool {
        self.probe.is_some()
    }
}

const HELP: &str = "Each step trains on a different batch. A probe batch stays the same at every step, so that you see \
                    how the weights change its values and gradients. The run itself isn't affected.";

/// Chooses the samples. In a narrow heading the button has a short name.
pub fn menu(ui: &mut Ui, view: &DebugView, local: &mut ProbeUi, is_narrow: bool) {
    let title = if is_narrow { "Probe" } else { "Probe batch" };
    let button = Button::selectable(local.is_on(), title).min_size(Vec2::new(0.0, 26.0));
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| {
        ui.set_min_width(220.0);
        let here = Probe::Rows(view.rows.clone());
        let is_here = matches!(&local.probe, Some(Probe::Rows(_)));
        let own = !local.is_on();
        let choices = [
            (own, "Each step's own batch", None, true),
            (local.probe == Some(Probe::First), "First batch of the run", Some(Probe::First), true),
            (is_here, "Samples of this step", Some(here), !view.rows.is_empty()),
        ];
        for (chosen, title, probe, possible) in choices {
            if ui.add_enabled(possible, Button::selectable(chosen, title)).clicked() {
                local.probe = probe;
                ui.close();
            }
        }
    });
    named(response, "Probe batch").on_hover_text(HELP);
}

/// What is seen in place of the step's own batch, as long as it is.
pub fn line(ui: &mut Ui, tokens: &Tokens, view: &DebugView, local: &mut ProbeUi) {
    if !local.is_on() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        match &view.sight.probe {
            Some(Ok(samples)) => {
                let step = match view.moment.step {
                    0 => "before the first step".to_owned(),
                    step => format!("after step {}", count(step)),
                };
                let text =
                    format!("Probe batch: the same {samples} samples at every step, shown with the weights {step}.");
                ui.add(Label::new(RichText::new(text).color(tokens.accent)).wrap()).on_hover_text(HELP);
            }
            Some(Err(why)) => drop(ui.label(RichText::new(why).color(tokens.warn))),
            None => drop(ui.label(RichText::new("Probing …").color(tokens.faint))),
        }
        if named(ui.small_button("✕"), "Stop probing").clicked() {
            local.probe = None;
        }
    });
}
