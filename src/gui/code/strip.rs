//! The layers in a row above the code, to choose one; and what the colours in its margin mean.

use egui::{Button, Color32, RichText, ScrollArea, Ui};

use crate::gui::theme::{self, Tokens};
use crate::interop::Network;
use crate::interop::code::Level;
use crate::session::{Action, State};

/// The layers in the order in which they are computed; of a Block's repetitions the first.
pub fn show(ui: &mut Ui, tokens: &Tokens, state: &State, network: &Network, actions: &mut Vec<Action>) {
    let selected = state.selection().only();
    let scroll = ScrollArea::horizontal().auto_shrink([false, true]);
    scroll.scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let mut is_first = true;
            for node in network.nodes.iter().filter(|node| node.id == node.drawn) {
                if !is_first {
                    ui.label(RichText::new("→").size(11.0).color(tokens.faint));
                }
                is_first = false;
                let on = selected == Some(node.drawn);
                let colour = if on { tokens.text } else { tokens.muted };
                let text = RichText::new(&node.name).font(theme::regular(12.0)).color(colour);
                let chip = Button::selectable(on, text).corner_radius(9);
                let response = ui.add(chip);
                response.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::Button, true, on, format!("Code of {}", node.name))
                });
                if response.clicked() {
                    super::choose(node.drawn, actions);
                }
            }
        });
    });
}

/// The colour of a level in the margin.
pub fn colour(tokens: &Tokens, level: Level) -> Color32 {
    match level {
        Level::Layer => tokens.accent,
        Level::Operation => tokens.pos,
        Level::Loop => tokens.warn,
    }
}

/// From the right.
pub fn legend(ui: &mut Ui, tokens: &Tokens) {
    let words = |level: Level| match level {
        Level::Layer => "The framework brings it whole: layers, losses, optimisers",
        Level::Operation => "Single operations on tensors",
        Level::Loop => "A loop that is written out",
    };
    for level in Level::ALL.into_iter().rev() {
        ui.label(RichText::new(level.title()).size(12.0).color(colour(tokens, level))).on_hover_text(words(level));
        ui.label(RichText::new("▌").size(12.0).color(colour(tokens, level)));
    }
    ui.label(RichText::new("level of API").size(12.0).color(tokens.faint));
    ui.add_space(8.0);
}
