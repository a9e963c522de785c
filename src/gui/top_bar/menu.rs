//! The file menu: the project, the view, help.

use egui::containers::menu::MenuButton;
use egui::{Button, Checkbox, RichText, Ui};
use egui_material_icons::icons;

use super::{HEIGHT, Room, Window, device, obstacle, other_theme, speed};
use crate::gui::anchors;
use crate::gui::dialogs::Purpose;
use crate::gui::palette::SIMPLE;
use crate::gui::panel;
use crate::gui::shortcuts::ZOOMS;
use crate::gui::widgets::{list_from_top, named};
use crate::interop::export::Target;
use crate::persist::{Area, KeepRuns};
use crate::session::{Action, Anchor, Screen, State, Tab, Transport};

pub(super) fn show(ui: &mut Ui, state: &State, room: Room, window: &mut Window, actions: &mut Vec<Action>) {
    let icon = RichText::from(icons::ICON_MENU).size(17.0);
    let (response, _) = MenuButton::from_button(Button::new(icon).frame_when_inactive(false)).ui(ui, |ui| {
        // In a small window at a large size there is more than the screen is high.
        let height = ui.ctx().content_rect().height() - HEIGHT - 32.0;
        list_from_top(ui).max_height(height).min_scrolled_height(height).show(ui, |ui| {
            ui.set_min_width(220.0);
            file(ui, state, window, actions);
            ui.separator();
            if room <= Room::Bare {
                squeezed_out(ui, state, room, actions);
                ui.separator();
            }
            view(ui, state, window, actions);
            ui.separator();
            help(ui, state, window, actions);
        });
    });
    anchors::put(ui, Anchor::Menu, &response);
    named(response, "Menu");
}

fn help(ui: &mut Ui, state: &State, window: &mut Window, actions: &mut Vec<Action>) {
    if ui.button("Tour of the window").clicked() {
        window.keys.tour.begin(state, actions);
    }
    if ui.add(Button::new("Glossary").shortcut_text("F1")).clicked() {
        window.keys.glossary.open(None);
    }
    if ui.add(Button::new("Keyboard shortcuts").shortcut_text("Ctrl /")).clicked() {
        window.keys.sheet_open = true;
    }
    if ui.button("About Glassbox").clicked() {
        window.keys.about.open();
    }
}

/// What the bar has no room for.
fn squeezed_out(ui: &mut Ui, state: &State, room: Room, actions: &mut Vec<Action>) {
    if room == Room::Barest && ui.add(Button::new("Code").shortcut_text("Ctrl 4")).clicked() {
        actions.push(Action::ShowTab(Tab::Code));
    }
    if state.screen() == Screen::Workspace && state.tab() == Tab::Build {
        if room < Room::Bare {
            ui.horizontal(|ui| {
                ui.label("Speed");
                speed(ui, state, room, actions);
            });
        }
        if ui.add_enabled(obstacle(state).is_none(), Button::new("New seed")).clicked() {
            actions.push(Action::Transport(Transport::NewSeed));
        }
    }
    if !state.devices().choices.is_empty() {
        ui.menu_button(format!("Device: {}", state.devices().label()), |ui| device::menu(ui, state.devices(), actions));
    }
    let (_, name, theme) = other_theme(state);
    if ui.button(name).clicked() {
        actions.push(Action::SetTheme(theme));
    }
}

fn file(ui: &mut Ui, state: &State, window: &mut Window, actions: &mut Vec<Action>) {
    let workspace = state.screen() == Screen::Workspace;
    let item = |ui: &mut Ui, enabled: bool, name: &str, keys: &str| {
        let button = Button::new(name);
        let button = if keys.is_empty() { button } else { button.shortcut_text(keys) };
        ui.add_enabled(enabled, button).clicked()
    };
    if item(ui, true, "New", "Ctrl N") {
        actions.push(Action::NewEmpty);
    }
    if item(ui, true, "Open …", "Ctrl O") {
        window.dialogs.ask(Purpose::Open, ui.ctx());
    }
    if item(ui, workspace, "Save", "Ctrl S") {
        actions.push(Action::Save);
    }
    if item(ui, workspace, "Save as …", "Ctrl Shift S") {
        window.dialogs.ask(Purpose::save(state), ui.ctx());
    }
    if item(ui, workspace && state.has_weights_worth_keeping(), "Save weights as …", "") {
        window.dialogs.ask(Purpose::save_weights(state), ui.ctx());
    }
    ui.add_enabled_ui(workspace && state.dataset().is_some(), |ui| {
        ui.menu_button("Export to", |ui| {
            for target in Target::ALL {
                let title = match target {
                    Target::Weights => "Weights only (safetensors)",
                    Target::Folder(_) | Target::Onnx => target.name(),
                };
                if ui.button(format!("{title} …")).clicked() {
                    window.dialogs.ask(Purpose::export_project(target, state), ui.ctx());
                }
            }
        });
    });
    if workspace && state.desk().arrival.is_some() && item(ui, true, "Import report", "") {
        actions.push(Action::ShowTab(Tab::Build));
        *window.report = true;
    }
    if item(ui, true, "Open weights …", "") {
        window.dialogs.ask(Purpose::OpenWeights, ui.ctx());
    }
    if item(ui, workspace && state.dataset().is_some(), "Import a run …", "") {
        window.dialogs.ask(Purpose::TakeInRun, ui.ctx());
    }
    keep_runs(ui, state, actions);
    if item(ui, workspace, "Back to start", "") {
        actions.push(Action::ShowWelcome);
    }
}

/// Which runs saving keeps, and what they take.
fn keep_runs(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let bytes: u64 = state.runs().cards.iter().map(|card| card.bytes).sum();
    let all = match state.runs().cards.len() {
        0 => "All runs".to_owned(),
        runs => format!("All runs ({runs}, {})", size(bytes)),
    };
    ui.menu_button("Keep with the project", |ui| {
        let choices =
            [(KeepRuns::All, all.as_str()), (KeepRuns::Last, "The current run only"), (KeepRuns::None, "No runs")];
        for (keep, words) in choices {
            if ui.radio(state.settings().keep_runs == keep, words).clicked() {
                actions.push(Action::SetKeepRuns(keep));
            }
        }
    });
}

/// "12 MB", as file managers count.
fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn view(ui: &mut Ui, state: &State, window: &mut Window, actions: &mut Vec<Action>) {
    let panels = &mut *window.panels;
    let arrangement = &state.settings().panels;
    let open = [
        (&mut panels.left, Area::Left),
        (&mut panels.right, Area::Right),
        (&mut panels.output, Area::LowerRight),
        (&mut panels.plots, Area::Bottom),
    ];
    for (open, place) in open {
        if let Some(name) = panel::names(arrangement, Tab::Build, place) {
            ui.add_enabled(!*window.projector, Checkbox::new(open, name));
        }
    }
    ui.menu_button("Arrange panels", |ui| panel::arrange(ui, state.tab(), arrangement, actions));
    if state.screen() == Screen::Workspace {
        let help = "Large text and strong lines for the classroom: the network, its output and the curves. Press Escape to \
                leave.";
        ui.checkbox(window.projector, "Projector view (F4)").on_hover_text(help);
    }
    ui.separator();
    if state.screen() == Screen::Workspace {
        let mut simple = state.desk().simple;
        if ui.checkbox(&mut simple, "Simple mode").on_hover_text(SIMPLE).changed() {
            actions.push(Action::SetSimple(simple));
        }
    }
    let mut still = state.settings().reduced_motion;
    if ui.checkbox(&mut still, "Reduced motion").changed() {
        actions.push(Action::SetReducedMotion(still));
    }
    ui.menu_button("Window zoom", |ui| {
        for scale in ZOOMS {
            let on = (state.settings().scale - scale).abs() < 0.01;
            if ui.radio(on, format!("{:.0} %", scale * 100.0)).clicked() {
                actions.push(Action::SetScale(scale));
            }
        }
    });
}
