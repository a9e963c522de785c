//! The bar above everything: the project, the transport, how the run goes, and the window's own switches.
//!
//! It never wraps: when the window is narrow, words go first, then the least important numbers.

mod device;
mod menu;
mod stats;

use egui::{Align, Button, Layout, RichText, Slider, Ui, Vec2};
use egui_material_icons::{MaterialIcon, icons};

use super::anchors;
use super::debug::bar;
use super::dialogs::Dialogs;
use super::shortcuts::ShortcutsUi;
use super::theme::{self, Tokens};
use super::widgets::{accent_icon_button, icon_button, named, text_field};
use crate::persist::Theme;
use crate::session::{Action, Anchor, RunStatus, Screen, State, Tab, Transport};

/// Which panels are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PanelsOpen {
    pub left: bool,
    pub right: bool,
    pub plots: bool,
    pub output: bool,
}

impl Default for PanelsOpen {
    fn default() -> Self {
        Self { left: true, right: true, plots: true, output: true }
    }
}

/// What the bar may change that is the window's own.
pub struct Window<'a> {
    pub panels: &'a mut PanelsOpen,
    /// The large view for a class.
    pub projector: &'a mut bool,
    pub keys: &'a mut ShortcutsUi,
    pub dialogs: &'a mut Dialogs,
    pub debug: &'a mut bar::BarUi,
    /// What came over of an imported model is on the screen.
    pub report: &'a mut bool,
}

/// How much room there is for words.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// A small window at twice the size: what has no room here is in the menu.
    Barest,
    /// A small window at one and a half times the size.
    Bare,
    /// A window at twice the size.
    Least,
    Tight,
    Medium,
    Wide,
    /// Also for words that only explain.
    Widest,
}

pub const HEIGHT: f32 = 48.0;

pub fn show(ui: &mut Ui, state: &State, window: &mut Window, actions: &mut Vec<Action>) {
    let width = ui.available_width();
    let room = match width {
        w if w >= 1560.0 => Room::Widest,
        w if w >= 1360.0 => Room::Wide,
        w if w >= 1180.0 => Room::Medium,
        w if w >= 860.0 => Room::Tight,
        w if w >= 690.0 => Room::Least,
        w if w >= 556.0 => Room::Bare,
        _ => Room::Barest,
    };
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        menu::show(ui, state, room, window, actions);
        logo(ui, room);
        if state.screen() == Screen::Workspace {
            project_name(ui, state, room, actions);
            match state.tab() {
                Tab::Build | Tab::Compare | Tab::Code => {
                    history(ui, state, actions);
                    ui.add_space(4.0);
                    transport(ui, state, room, actions);
                    if room >= Room::Bare {
                        speed(ui, state, room, actions);
                    }
                }
                Tab::Debug => {
                    let obstacle = obstacle(state);
                    if room == Room::Barest {
                        // Close together rather than on each other.
                        (ui.spacing_mut().button_padding.x, ui.spacing_mut().item_spacing.x) = (4.0, 2.0);
                    }
                    let words = match room {
                        Room::Barest | Room::Bare | Room::Least => bar::Words::Few,
                        Room::Tight | Room::Medium => bar::Words::Short,
                        Room::Wide | Room::Widest => bar::Words::All,
                    };
                    bar::transport(ui, state, window.debug, words, obstacle.as_deref(), actions);
                }
            }
        }
        // The right end is drawn first, so that the numbers know how much is left for them.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            switches(ui, state, room, window, actions);
            if state.screen() == Screen::Workspace {
                tabs(ui, state, room, actions);
                let rest = ui.available_width() - 8.0;
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add_space(8.0);
                    match state.tab() {
                        Tab::Build | Tab::Compare | Tab::Code => stats::show(ui, state.run(), rest),
                        Tab::Debug => bar::place(ui, state, rest, actions),
                    }
                });
            }
        });
    });
}

/// What the workspace is for.
fn tabs(ui: &mut Ui, state: &State, room: Room, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = if room <= Room::Bare { 4.0 } else { 6.0 };
        let tabs = [
            (
                Tab::Code,
                icons::ICON_CODE,
                "Code",
                "The network as the code of other frameworks, with the lines of the chosen layer lit.",
            ),
            (
                Tab::Compare,
                icons::ICON_SSID_CHART,
                "Compare",
                "All runs of this project: what changed, which is best, and their curves and outputs side by side.",
            ),
            (
                Tab::Debug,
                icons::ICON_BUG_REPORT,
                "Debug",
                "Pause training anywhere, inspect every number, step back, change values and continue.",
            ),
            (Tab::Build, icons::ICON_SCHEMA, "Build", "Build the network, choose data and settings, and train."),
        ];
        // Where four have no room, the menu has the last.
        for (tab, icon, title, help) in tabs.into_iter().skip(usize::from(room == Room::Barest)) {
            let on = state.tab() == tab;
            let colour = if on { tokens.text } else { tokens.muted };
            // Where words do not fit, their pictures do.
            let text = match room {
                Room::Barest | Room::Bare | Room::Least => RichText::from(icon).size(16.0),
                _ => RichText::new(title).font(theme::medium(13.0)),
            };
            let button = Button::selectable(on, text.color(colour)).min_size(Vec2::new(0.0, 26.0));
            let button = button.frame_when_inactive(false);
            let response = ui.add(button);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Tab, true, on, title));
            anchors::put(ui, Anchor::Tab(tab), &response);
            let help = if room <= Room::Least { format!("{title}: {help}") } else { help.to_owned() };
            if response.on_hover_text(help).clicked() && !on {
                actions.push(Action::ShowTab(tab));
            }
        }
    });
}

fn logo(ui: &mut Ui, room: Room) {
    let tokens = Tokens::of(ui);
    if room <= Room::Least {
        return;
    }
    ui.label(RichText::new("◈").size(16.0).color(tokens.accent));
    if room >= Room::Medium {
        ui.label(RichText::new("Glassbox").font(theme::semibold(14.0)));
        ui.add_space(8.0);
    }
}

fn project_name(ui: &mut Ui, state: &State, room: Room, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let limit = match room {
        Room::Barest | Room::Bare => 64.0,
        Room::Least | Room::Tight => 96.0,
        Room::Medium | Room::Wide | Room::Widest => 150.0,
    };
    let galley = ui.painter().layout_no_wrap(state.project().name.clone(), theme::regular(13.0), tokens.text);
    let width = (galley.size().x + 18.0).clamp(56.0, limit);
    let (field, renamed) = text_field(ui, "Project name", &state.project().name, |field| {
        field
            .desired_width(width)
            .clip_text(true)
            .background_color(egui::Color32::TRANSPARENT)
            .margin(egui::Margin::symmetric(6, 5))
            .char_limit(80)
    });
    if !field.has_focus() && galley.size().x + 12.0 > field.rect.width() {
        end_in_an_ellipsis(ui, &galley, field.rect);
    }
    field.on_hover_text(format!("{}\nThe project's name. Click to change it.", state.project().name));
    if let Some(name) = renamed.filter(|name| !name.trim().is_empty()) {
        actions.push(Action::RenameProject(name.trim().to_owned()));
    }
    let dot = if state.is_unsaved() { "●" } else { "" };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(10.0, 16.0), egui::Sense::hover());
    ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, dot, theme::regular(9.0), tokens.muted);
    if state.is_unsaved() {
        let name = "Not saved yet";
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name));
        response.on_hover_text("There are unsaved changes.");
    }
}

/// Over the end of a field that shows the beginning of a longer text.
fn end_in_an_ellipsis(ui: &Ui, text: &egui::Galley, field: egui::Rect) {
    let tokens = Tokens::of(ui);
    let ellipsis = ui.painter().layout_no_wrap("…".to_owned(), theme::regular(13.0), tokens.text);
    let (left, room) = (field.left() + 6.0, field.width() - 12.0 - ellipsis.size().x);
    // Behind the last letter that fits whole.
    let ends = text.rows.iter().flat_map(|row| &row.glyphs).map(|glyph| glyph.max_x());
    let end = left + ends.take_while(|end| *end <= room).last().unwrap_or(0.0);
    let rest = egui::Rect::from_min_max(egui::pos2(end, field.top()), field.right_bottom());
    ui.painter().rect_filled(rest.shrink2(Vec2::new(0.0, 2.0)), 0.0, tokens.panel);
    let at = egui::pos2(end, field.center().y - ellipsis.size().y / 2.0);
    ui.painter().galley(at, ellipsis, tokens.text);
}

fn history(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    for (icon, verb, key, name, action) in [
        (icons::ICON_UNDO, "Undo", "Ctrl Z", state.history().undo_name(), Action::Undo),
        (icons::ICON_REDO, "Redo", "Ctrl Y", state.history().redo_name(), Action::Redo),
    ] {
        let label = match name {
            Some(name) => format!("{verb}: {name} ({key})"),
            None => format!("{verb}: nothing ({key})"),
        };
        if icon_button(ui, icon, name.is_some(), false, &label).clicked() {
            actions.push(action);
        }
    }
}

/// Why nothing can run, if so.
fn obstacle(state: &State) -> Option<String> {
    if state.run().status != RunStatus::NotReady {
        return None;
    }
    let problem = state.inference().problems.first().map(|problem| problem.message.clone());
    let waiting = if state.is_loading() { "The data is loading." } else { "The data isn't ready yet." };
    Some(problem.unwrap_or_else(|| waiting.to_owned()))
}

fn transport(ui: &mut Ui, state: &State, room: Room, actions: &mut Vec<Action>) {
    let mut push = |transport| actions.push(Action::Transport(transport));
    let obstacle = obstacle(state);
    let ready = obstacle.is_none();
    let running = state.run().status == RunStatus::Running;
    let explain = |response: egui::Response, text: &str| {
        let why = obstacle.as_ref().map_or(text.to_owned(), |why| format!("Can't run yet. {why}"));
        response.on_hover_text(text).on_disabled_hover_text(why)
    };

    let reset = icon_button(ui, icons::ICON_RESTART_ALT, ready, false, "Reset");
    if explain(reset, "Back to step 0 with the same initial weights.").clicked() {
        push(Transport::Reset);
    }
    if room >= Room::Least {
        let seed = icon_button(ui, icons::ICON_CASINO, ready, false, "New seed");
        let help = match state.begins_with_given() {
            true => "Back to step 0 with random initial weights instead of those of the file.",
            false => "Back to step 0 with different initial weights.",
        };
        if explain(seed, help).clicked() {
            push(Transport::NewSeed);
        }
    }

    let (icon, word) = if running { (icons::ICON_PAUSE, "Pause") } else { (icons::ICON_PLAY_ARROW, "Play") };
    let play = accent_icon_button(ui, ready, icon, (room > Room::Tight).then_some(word));
    let play = named(play, word);
    anchors::put(ui, Anchor::Play, &play);
    let help = if state.run().status == RunStatus::Finished {
        "Trains past the last epoch, for as many epochs again. Reset starts over."
    } else {
        "Space plays and pauses."
    };
    if explain(play, help).clicked() {
        push(Transport::Toggle);
    }

    for (long, short, name, help, action) in [
        ("Step ›", "›", "Step", "One batch: forward, loss, backward, update.", Transport::StepBatch),
        ("Epoch »", "»", "Epoch", "Train for one pass over the training data.", Transport::StepEpoch),
    ] {
        let text = if room <= Room::Tight { short } else { long };
        let button = Button::new(text).min_size(Vec2::new(28.0, 28.0));
        let response = named(ui.add_enabled(ready && !running, button), name);
        if explain(response, help).clicked() {
            push(action);
        }
    }
}

fn speed(ui: &mut Ui, state: &State, room: Room, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    let word = |ui: &mut Ui, text: &str| {
        if room == Room::Widest {
            ui.label(RichText::new(text).color(tokens.faint));
        }
    };
    ui.add_space(4.0);
    word(ui, "slow");
    ui.spacing_mut().slider_width = if room <= Room::Tight { 56.0 } else { 88.0 };
    let mut speed = state.speed();
    let response = ui.add(Slider::new(&mut speed, 0.0..=1.0).show_value(false));
    let name = "Speed";
    response.widget_info(|| egui::WidgetInfo::slider(true, f64::from(speed), name));
    anchors::put(ui, Anchor::Speed, &response);
    let help = "Speed: fully right trains as fast as possible; further left slows down until you can follow each step. \
                Shift Space toggles full speed.";
    if response.on_hover_text(help).changed() {
        actions.push(Action::SetSpeed(speed));
    }
    word(ui, "full");
}

/// The theme that is not in force, after its icon and its name.
fn other_theme(state: &State) -> (MaterialIcon, &'static str, Theme) {
    match state.settings().theme {
        Theme::Dark => (icons::ICON_LIGHT_MODE, "Light theme", Theme::Light),
        Theme::Light => (icons::ICON_DARK_MODE, "Dark theme", Theme::Dark),
    }
}

/// From right to left: theme, panels, device.
fn switches(ui: &mut Ui, state: &State, room: Room, window: &mut Window, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    if *window.projector
        && icon_button(ui, icons::ICON_CLOSE_FULLSCREEN, true, true, "Leave the projector view (Esc)").clicked()
    {
        *window.projector = false;
    }
    if room >= Room::Least {
        let (icon, name, other) = other_theme(state);
        if icon_button(ui, icon, true, false, name).clicked() {
            actions.push(Action::SetTheme(other));
        }
    }
    if state.screen() == Screen::Workspace && state.tab() == Tab::Build && !*window.projector {
        let panels = &mut *window.panels;
        let mut toggle = |open: &mut bool, icon, what: &str| {
            let name = format!("{} {what}", if *open { "Hide" } else { "Show" });
            let icon = RichText::from(icon).size(17.0).color(if *open { tokens.text } else { tokens.faint });
            let button = Button::new(icon).min_size(Vec2::new(28.0, 28.0)).frame_when_inactive(false);
            if named(ui.add(button), &name).clicked() {
                *open = !*open;
            }
        };
        if room >= Room::Medium {
            toggle(&mut panels.right, icons::ICON_DOCK_TO_LEFT, "the inspector");
            toggle(&mut panels.plots, icons::ICON_DOCK_TO_BOTTOM, "the plots");
        }
        // In a narrow window it is closed at first, and must be found.
        if room >= Room::Medium || room <= Room::Least {
            toggle(&mut panels.left, icons::ICON_DOCK_TO_RIGHT, "layers and data");
        }
    }
    if (state.tab() == Tab::Build && room >= Room::Least) || room > Room::Tight {
        device::show(ui, state.devices(), actions);
    }
}

#[cfg(test)]
#[path = "top_bar/tests.rs"]
mod tests;
