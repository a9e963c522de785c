//! What stays in front until it is dealt with: a failure, work under way on the welcome screen, a project to bring back.
//! It floats, so that nothing below it jumps.

use egui::{Align2, Area, Context, Frame, Id, Label, Order, ProgressBar, RichText, Ui, Vec2};

use super::theme::{self, Tokens};
use super::widgets::accent_button;
use crate::session::{Action, DataState, Screen, State};

pub fn show(ctx: &Context, state: &State, actions: &mut Vec<Action>) {
    let welcome = state.screen == Screen::Welcome;
    let loading = matches!(state.data, DataState::Loading { .. }) && welcome;
    let recover = state.recoverable.as_ref().filter(|_| welcome);
    if state.error.is_none() && !loading && recover.is_none() {
        return;
    }
    let area = Area::new(Id::unique("banners")).order(Order::Foreground);
    // The start page has its headline above; the workspace has news of other kinds below.
    let (corner, offset) =
        if welcome { (Align2::CENTER_BOTTOM, -24.0) } else { (Align2::CENTER_TOP, super::top_bar::HEIGHT + 12.0) };
    area.anchor(corner, Vec2::new(0.0, offset)).show(ctx, |ui| {
        if let Some(error) = &state.error {
            card(ui, |ui, tokens| {
                ui.add(Label::new(RichText::new(error).color(tokens.bad)).wrap());
                if ui.button("Dismiss").clicked() {
                    actions.push(Action::DismissError);
                }
            });
        }
        if let (true, DataState::Loading { fraction, doing, .. }) = (loading, &state.data) {
            card(ui, |ui, _| {
                ui.label(doing);
                ui.add(ProgressBar::new(*fraction).desired_width(360.0).desired_height(6.0));
                if ui.button("Cancel loading").clicked() {
                    actions.push(Action::CancelLoading);
                }
            });
        }
        if let Some(name) = recover {
            card(ui, |ui, tokens| {
                ui.label(RichText::new(format!("Bring back “{name}”?")).font(theme::medium(14.0)));
                let text = "Glassbox ended without closing it. It is as it was a few seconds before, with its run.";
                ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
                ui.horizontal(|ui| {
                    if accent_button(ui, true, "Bring back").clicked() {
                        actions.push(Action::RecoverLast(true));
                    }
                    if ui.button("Not now").clicked() {
                        actions.push(Action::RecoverLast(false));
                    }
                });
            });
        }
    });
}

fn card(ui: &mut Ui, contents: impl FnOnce(&mut Ui, &Tokens)) {
    let tokens = Tokens::of(ui);
    Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
        ui.set_width(420.0);
        contents(ui, &tokens);
    });
}
