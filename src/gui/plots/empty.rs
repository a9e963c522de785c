//! What a panel says when it has nothing to draw: why, and what to do.

use egui::{Align, Button, Layout, RichText, Ui, UiBuilder};

use crate::gui::theme::{self, Tokens};
use crate::session::{Action, RunStatus, State, Tab, Transport};

/// A sentence in the middle of what is left of the panel.
pub fn say(ui: &mut Ui, tokens: &Tokens, title: &str, text: &str) {
    centred(ui, |ui| {
        ui.label(RichText::new(title).font(theme::medium(14.0)).color(tokens.text));
        ui.label(RichText::new(text).color(tokens.muted));
    });
}

/// Before the first step.
pub fn no_run(ui: &mut Ui, tokens: &Tokens, state: &State, actions: &mut Vec<Action>) {
    let problem = state.inference().problems.first().filter(|_| !state.project().graph.is_empty());
    if state.inference().is_forward_only() {
        return predicts_only(ui, tokens, state, actions);
    }
    let (title, text, can_play) = match state.run().status {
        RunStatus::NotReady if problem.is_some() => {
            ("The network cannot train yet", problem.map_or("", |problem| problem.message.as_str()), false)
        }
        RunStatus::NotReady if state.is_loading() => {
            ("Loading the data", "Curves appear here as the network learns.", false)
        }
        RunStatus::NotReady => {
            ("Nothing to train yet", "Choose data on the left and connect the layers from the data to the loss.", false)
        }
        RunStatus::Running => ("Training is starting", "The first numbers appear after the first step.", false),
        RunStatus::Failed => ("Training stopped", "See the message above, fix the cause and try again.", false),
        RunStatus::Paused | RunStatus::Finished => {
            ("Press Space to train", "Curves appear here as the network learns.", true)
        }
    };
    centred(ui, |ui| {
        words(ui, tokens, title, text);
        train(ui, tokens, can_play, actions);
    });
}

/// Before the first step, in words of the panel's own where training could begin.
pub fn no_run_but(ui: &mut Ui, tokens: &Tokens, state: &State, title: &str, text: &str, actions: &mut Vec<Action>) {
    if !matches!(state.run().status, RunStatus::Paused | RunStatus::Finished) {
        return say(ui, tokens, title, text);
    }
    centred(ui, |ui| {
        words(ui, tokens, title, text);
        train(ui, tokens, true, actions);
    });
}

/// A network without a Loss, and what can be done with it.
fn predicts_only(ui: &mut Ui, tokens: &Tokens, state: &State, actions: &mut Vec<Action>) {
    centred(ui, |ui| {
        words(ui, tokens, "This network predicts", "To train it, choose data and add a Loss behind its output.");
        ui.add_space(4.0);
        let label = RichText::new("Step through it").font(theme::medium(13.0)).color(tokens.on_accent);
        if state.run().status != RunStatus::NotReady && ui.add(Button::new(label).fill(tokens.accent)).clicked() {
            actions.push(Action::ShowTab(Tab::Debug));
        }
    });
}

fn train(ui: &mut Ui, tokens: &Tokens, can_play: bool, actions: &mut Vec<Action>) {
    if can_play {
        ui.add_space(4.0);
        let label = RichText::new("Train").font(theme::medium(13.0)).color(tokens.on_accent);
        if ui.add(Button::new(label).fill(tokens.accent)).clicked() {
            actions.push(Action::Transport(Transport::Play));
        }
    }
}

fn words(ui: &mut Ui, tokens: &Tokens, title: &str, text: &str) {
    // Where there is no room below the title, the button goes first.
    let low = ui.max_rect().height() < LOW;
    let title = ui.label(RichText::new(title).font(theme::medium(14.0)).color(tokens.text));
    if low {
        title.on_hover_text(text);
    } else {
        ui.label(RichText::new(text).color(tokens.muted));
    }
}

/// Of a title, two lines of text and a button.
const LOW: f32 = 100.0;

fn centred(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let room = ui.available_rect_before_wrap().shrink(12.0);
    let up = if room.height() < LOW { 30.0 } else { 52.0 };
    let top = (room.center().y - up).max(room.top());
    let all = room.height();
    let room = room.with_min_y(top).with_max_y(top + all);
    ui.scope_builder(UiBuilder::new().max_rect(room).layout(Layout::top_down(Align::Center)), |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        contents(ui);
    });
}
