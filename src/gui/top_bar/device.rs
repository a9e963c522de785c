//! The chip that says what computes, and the menu of what else could: each device, or why it cannot be used.

use egui::containers::menu::MenuButton;
use egui::{Align, Button, Label, Layout, RichText, Ui, Vec2};

use crate::engine::{Device, DeviceChoice, size};
use crate::expr::counted;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::named;
use crate::session::{Action, Devices};

pub(super) fn show(ui: &mut Ui, devices: &Devices, actions: &mut Vec<Action>) {
    if devices.choices.is_empty() {
        return;
    }
    let text = RichText::new(devices.label()).font(theme::mono(11.0)).color(Tokens::of(ui).muted);
    let chip = MenuButton::from_button(Button::new(text).min_size(Vec2::new(0.0, 26.0)));
    // A menu's own layout would spread the words of a sentence over its width.
    let to_the_left = Layout::top_down(Align::Min);
    let (response, _) = chip.ui(ui, |ui| ui.with_layout(to_the_left, |ui| menu(ui, devices, actions)));
    let name = format!("Device: {}", devices.label());
    named(response, &name)
        .on_hover_text("The device that runs the computation. Click to change it, even during a run.");
}

pub(super) fn menu(ui: &mut Ui, devices: &Devices, actions: &mut Vec<Action>) {
    ui.set_width(260.0);
    let muted = Tokens::of(ui).muted;
    let small = |text: &str| Label::new(RichText::new(text).size(11.5).color(muted)).wrap();
    for choice in &devices.choices {
        let is_available = choice.available.is_ok();
        let in_use = choice.device == devices.in_use;
        let entry = Button::selectable(in_use, title(choice, devices.threads));
        let response = ui.add_enabled(is_available, entry.min_size(Vec2::new(ui.available_width(), 26.0)));
        if response.clicked() && !in_use {
            actions.push(Action::SetDevice(choice.device.clone()));
        }
        if let Some(memory) = devices.memory.filter(|_| in_use) {
            ui.add(small(&format!("Memory: {} of {} in use", size(memory.used), size(memory.total))));
        }
        if let Err(why) = &choice.available {
            ui.add(small(why));
        }
    }
}

/// "CPU, 2 threads", "NVIDIA H100 80GB HBM3 (cuda:0)".
fn title(choice: &DeviceChoice, threads: usize) -> String {
    match &choice.device {
        Device::Cpu if threads == 1 => format!("{}, 1 thread", choice.name),
        Device::Cpu => format!("{}, {}", choice.name, counted(threads, "thread")),
        card if choice.available.is_ok() => format!("{} ({card})", choice.name),
        Device::Cuda(_) => choice.name.clone(),
    }
}
