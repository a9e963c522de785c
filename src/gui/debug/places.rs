//! Bookmarks of moments, and back to where one was: the two buttons above the time line.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, PopupCloseBehavior, RichText, ScrollArea, Ui};
use egui_material_icons::icons;

use crate::gui::theme::Tokens;
use crate::gui::widgets::{icon_button, named, text_field};
use crate::session::{Action, PlaceAction, State};
use crate::trace::Bookmark;

pub fn show(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let back = state.way_back();
    let name = match back {
        Some(place) => format!("Go back to {} (Alt ←)", place.moment.title()),
        None => "Go back (Alt ←)".to_owned(),
    };
    let button = icon_button(ui, icons::ICON_REPLY, back.is_some(), false, &name);
    if button.on_disabled_hover_text("Nothing to go back to yet.").clicked() {
        actions.push(Action::Places(PlaceAction::Return));
    }
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let text = match state.desk().bookmarks.len() {
        0 => "Bookmarks".to_owned(),
        n => format!("Bookmarks {n}"),
    };
    let (response, _) = MenuButton::from_button(Button::new(&text)).config(config).ui(ui, |ui| {
        ui.set_min_width(260.0);
        ui.set_max_width(260.0);
        let add = Button::new("Bookmark this moment").shortcut_text("Ctrl B");
        if ui.add(add).clicked() {
            actions.push(Action::Places(PlaceAction::Bookmark));
        }
        if state.desk().bookmarks.is_empty() {
            return;
        }
        ui.separator();
        ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
            for (at, bookmark) in state.desk().bookmarks.iter().enumerate() {
                if let Some(action) = ui.push_id(at, |ui| row(ui, state, at, bookmark)).inner {
                    let goes = matches!(action, PlaceAction::GoTo(_));
                    actions.push(Action::Places(action));
                    if goes {
                        ui.close();
                    }
                }
            }
        });
    });
    named(response, &text).on_hover_text("Named moments of the run, saved with the project.");
}

fn row(ui: &mut Ui, state: &State, at: usize, bookmark: &Bookmark) -> Option<PlaceAction> {
    let tokens = Tokens::of(ui);
    let Bookmark { name, place } = bookmark;
    let mut action = None;
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if icon_button(ui, icons::ICON_CLOSE, true, false, &format!("Delete {name}")).clicked() {
                action = Some(PlaceAction::Forget(at));
            }
            let reached = state.is_reached(*place);
            let go = icon_button(ui, icons::ICON_ARROW_FORWARD, reached, false, &format!("Go to {name}"));
            let why = "Its branch was deleted, or it lies beyond the steps computed so far.";
            if go.on_disabled_hover_text(why).clicked() {
                action = Some(PlaceAction::GoTo(at));
            }
            let title = place.moment.title();
            if title != *name {
                ui.label(RichText::new(title).small().color(tokens.faint));
            }
            let label = format!("Name of the bookmark {name}");
            let (_, typed) = text_field(ui, &label, name, |field| field.desired_width(f32::INFINITY));
            if let Some(typed) = typed.filter(|typed| !typed.trim().is_empty()) {
                action = Some(PlaceAction::Rename(at, typed.trim().to_owned()));
            }
        });
    });
    action
}
