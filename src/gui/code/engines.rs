//! Which interpreters of Python there are to train with, and which frameworks they have.

use std::path::Path;

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui};
use egui_material_icons::{MaterialIcon, icons};

use crate::gui::dialogs::Purpose;
use crate::gui::panel::{Desk, Panel};
use crate::gui::panels::body;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{icon_button, named};
use crate::persist::Area;
use crate::session::engines::{INSTALL, Interpreter};
use crate::session::{Action, EngineAction, State, Tab};

/// The list of them.
pub struct EnginesPanel;

impl Panel for EnginesPanel {
    fn name(&self) -> &'static str {
        "Engines"
    }

    fn title(&self, state: &State) -> String {
        match state.engines().all.len() {
            0 => "Engines".to_owned(),
            engines => format!("Engines {engines}"),
        }
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_MEMORY
    }

    fn key(&self) -> &'static str {
        "engines"
    }

    fn tab(&self) -> Tab {
        Tab::Code
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Bottom]
    }

    fn has_heading(&self) -> bool {
        false
    }

    fn tools_width(&self, _: f32) -> f32 {
        220.0
    }

    fn tools(&self, ui: &mut Ui, desk: &mut Desk<'_>, _: f32) {
        if ui.add_enabled(!desk.state.engines().looks, Button::new("Look again")).clicked() {
            desk.actions.push(Action::Engines(EngineAction::Look));
        }
        if ui.button("Add Python …").clicked() {
            desk.dialogs.ask(Purpose::Interpreter, ui.ctx());
        }
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let tokens = Tokens::of(ui);
        look_once(desk.state, desk.actions);
        let engines = desk.state.engines();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            body(ui, |ui| {
                if engines.looks {
                    ui.horizontal(|ui| {
                        ui.spinner();
                        ui.label(RichText::new("Looking for Python interpreters …").color(tokens.muted));
                    });
                }
                for interpreter in &engines.found.interpreters {
                    ui.horizontal_wrapped(|ui| {
                        about(ui, &tokens, interpreter);
                        if let Some(path) = &interpreter.named {
                            remove(ui, path, desk.actions);
                        }
                    });
                }
                for (path, why) in &engines.found.problems {
                    ui.horizontal_wrapped(|ui| {
                        ui.label(RichText::new(why).color(tokens.warn));
                        remove(ui, path, desk.actions);
                    });
                }
                let is_none = engines.looked && !engines.looks && engines.found.interpreters.is_empty();
                if is_none {
                    nothing(ui, &tokens);
                }
            });
        });
    }
}

/// Nobody has looked yet: whoever draws what needs it asks for it.
pub fn look_once(state: &State, actions: &mut Vec<Action>) {
    if !state.engines().looked && !state.engines().looks {
        actions.push(Action::Engines(EngineAction::Look));
    }
}

fn about(ui: &mut Ui, tokens: &Tokens, interpreter: &Interpreter) {
    let words = interpreter.words();
    let (python, frameworks) = words.split_once(": ").unwrap_or((&words, ""));
    ui.label(RichText::new(frameworks).color(tokens.text));
    ui.label(RichText::new(python).color(tokens.muted));
    ui.label(RichText::new(interpreter.path.display().to_string()).font(theme::mono(11.0)).color(tokens.faint));
}

/// Forgets one that was added by hand.
fn remove(ui: &mut Ui, path: &Path, actions: &mut Vec<Action>) {
    let remove = ui.add(Button::new(RichText::new("Remove").small()).frame_when_inactive(false));
    if named(remove, &format!("Remove {}", path.display())).clicked() {
        actions.push(Action::Engines(EngineAction::Forget(path.to_owned())));
    }
}

/// What to do where there is no framework.
pub fn nothing(ui: &mut Ui, tokens: &Tokens) {
    let text = "No Python here has PyTorch, Keras or TensorFlow. Install those you want to train with, or add the Python \
                that has them:";
    ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        ui.label(RichText::new(INSTALL).font(theme::mono(12.0)).color(tokens.text));
        if icon_button(ui, icons::ICON_CONTENT_COPY, true, false, "Copy the command").clicked() {
            ui.ctx().copy_text(INSTALL.to_owned());
        }
    });
}
