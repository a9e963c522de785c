//! What stays in front until it is dealt with: a failure, work under way on the welcome screen, a project to bring
//! back. It floats, so that nothing below it jumps, and keeps clear of what it speaks of.

use egui::{Align2, Area, Context, Frame, Id, Label, Order, ProgressBar, Rect, RichText, Ui, Vec2};

use super::numbers::count;
use super::theme::{self, Tokens};
use super::widgets::{accent_button, bounded, prose};
use crate::data::in_window;
use crate::session::{Action, DataState, FileChanged, Screen, State, Tab, WayOut};
use crate::trace::NotFinite;

/// `middle`: what the panels leave free. Returns what is left of it for news of other kinds.
pub fn show(ctx: &Context, state: &State, middle: Rect, actions: &mut Vec<Action>) -> Rect {
    let welcome = state.screen() == Screen::Welcome;
    let loading = matches!(state.data(), DataState::Loading { .. }) && welcome;
    let recover = state.recoverable().filter(|_| welcome || state.is_recoverable_here());
    let not_finite = state.not_finite().filter(|_| !welcome);
    let reading = state.reading();
    let is_quiet = state.error().is_none() && !state.is_changed_elsewhere() && reading.is_none() && !loading;
    if is_quiet && recover.is_none() && not_finite.is_none() {
        return middle;
    }
    let area = Area::new(Id::unique("banners")).order(Order::Foreground);
    // The start page has its cards at the left and little below its right column. What the debugger looks at is at the
    // top; the workspace else has news of other kinds below.
    let below = !welcome && state.tab() == Tab::Debug;
    let width = match (welcome, below) {
        (true, _) => 300.0,
        (_, true) => 620.0f32.min(middle.width() - 48.0),
        (_, false) => 420.0f32.min(middle.width() - 48.0),
    };
    let area = match (welcome, below) {
        (true, _) => area.anchor(Align2::RIGHT_BOTTOM, Vec2::splat(-24.0)),
        (_, true) => area.pivot(Align2::CENTER_BOTTOM).fixed_pos(middle.center_bottom() - Vec2::new(0.0, 12.0)),
        (_, false) => area.anchor(Align2::CENTER_TOP, Vec2::new(0.0, super::top_bar::HEIGHT + 12.0)),
    };
    let card = |ui: &mut Ui, contents: &mut dyn FnMut(&mut Ui, &Tokens)| card(ui, width, contents);
    let shown = area.show(ctx, |ui| {
        if let Some(error) = state.error() {
            card(ui, &mut |ui, tokens| {
                ui.add(Label::new(bounded(&in_window(error), theme::regular(13.0), tokens.bad)).wrap());
                if ui.button("Dismiss").clicked() {
                    actions.push(Action::DismissError);
                }
            });
        }
        if state.is_changed_elsewhere() {
            card(ui, &mut |ui, tokens| changed_elsewhere_card(ui, tokens, state, actions));
        }
        if let Some(file) = &reading {
            card(ui, &mut |ui, _| {
                ui.horizontal(|ui| {
                    ui.spinner();
                    ui.add(Label::new(format!("Reading {file} …")).truncate());
                });
            });
        }
        if let Some(found) = not_finite {
            card(ui, &mut |ui, tokens| not_finite_card(ui, tokens, (state, below), found, actions));
        }
        if let (true, DataState::Loading { fraction, doing, .. }) = (loading, state.data()) {
            card(ui, &mut |ui, _| {
                ui.label(doing);
                ui.add(ProgressBar::new(*fraction).desired_width(width - 24.0).desired_height(6.0));
                if ui.button("Cancel loading").clicked() {
                    actions.push(Action::CancelLoading);
                }
            });
        }
        if let Some(name) = recover {
            card(ui, &mut |ui, tokens| recover_card(ui, tokens, name, welcome, actions));
        }
    });
    let taken = if below { shown.response.rect.height() } else { 0.0 };
    middle.with_max_y(middle.bottom() - taken)
}

/// What a crash left: of the last project, or of the file that is open.
fn recover_card(ui: &mut Ui, tokens: &Tokens, name: &str, welcome: bool, actions: &mut Vec<Action>) {
    ui.add(Label::new(RichText::new(format!("Restore “{name}”?")).font(theme::medium(14.0))).wrap());
    let text = if welcome {
        "Glassbox closed unexpectedly. Your project and its run were saved a few seconds before."
    } else {
        "Glassbox closed unexpectedly while this file was open. What wasn't saved, and the run, were kept."
    };
    ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
    ui.horizontal(|ui| {
        if accent_button(ui, true, "Restore").clicked() {
            actions.push(Action::RecoverLast(true));
        }
        let help = "Deletes it permanently. If you don't choose, Glassbox asks again the next time it starts.";
        if ui.button("Delete").on_hover_text(help).clicked() {
            actions.push(Action::RecoverLast(false));
        }
        let help = "Keeps it. Glassbox asks again the next time it starts.";
        if !welcome && ui.button("Later").on_hover_text(help).clicked() {
            actions.push(Action::RecoverLater);
        }
    });
}

/// Somebody else has written to the file: whose version stays is for the person to say.
fn changed_elsewhere_card(ui: &mut Ui, tokens: &Tokens, state: &State, actions: &mut Vec<Action>) {
    let title = "The file has changed since you opened it";
    ui.add(Label::new(RichText::new(title).font(theme::medium(14.0)).color(tokens.warn)).wrap());
    let text = format!("Another window or program has saved “{}”. Nothing has been overwritten.", state.project().name);
    ui.add(Label::new(RichText::new(text).color(tokens.muted)).wrap());
    ui.horizontal_wrapped(|ui| {
        let mut answer = |answer| actions.push(Action::AfterFileChanged(answer));
        let help = "Saves what you have here under another name. Both versions are kept.";
        if accent_button(ui, true, "Save as …").on_hover_text(help).clicked() {
            answer(FileChanged::SaveAs);
        }
        let help = "Opens what is in the file now. Undo brings back what you have here.";
        if ui.button("Reload").on_hover_text(help).clicked() {
            answer(FileChanged::Reload);
        }
        let help = "Replaces what is in the file with what you have here.";
        if ui.button("Overwrite").on_hover_text(help).clicked() {
            answer(FileChanged::Overwrite);
        }
        if ui.button("Cancel").clicked() {
            answer(FileChanged::Dismiss);
        }
    });
}

/// What happened, why, and the ways out.
fn not_finite_card(
    ui: &mut Ui,
    tokens: &Tokens,
    (state, is_opened): (&State, bool),
    found: &NotFinite,
    actions: &mut Vec<Action>,
) {
    let became = if found.word == "NaN" { "NaN" } else { "infinite" };
    let why = if found.is_of_size { ": the learning rate is probably too high" } else { "" };
    let title = format!("Values became {became} at step {}{why}.", count(found.step));
    let title = ui.add(Label::new(RichText::new(title).font(theme::medium(14.0)).color(tokens.bad)).wrap());
    let whole = format!("{} {}", found.sentence, found.advice);
    // What made it is open and chosen: more words would lie on its explanation.
    let text = if is_opened { found.advice.as_str() } else { whole.as_str() };
    ui.add(Label::new(prose(text, theme::regular(13.0), tokens.muted)).wrap());
    if is_opened {
        title.on_hover_text(whole);
    }
    let mut out = |way| actions.push(Action::AfterNotFinite(way));
    ui.horizontal_wrapped(|ui| {
        let back = format!("Go back to step {}", count(found.step.saturating_sub(1)));
        if accent_button(ui, true, &back).on_hover_text("The last step at which all values were finite.").clicked() {
            out(WayOut::GoBack);
        }
        if let Some(rate) = state.lower_rate().filter(|_| found.is_of_size) {
            let title = format!("Retry with learning rate {rate}");
            let help = "Starts over with a tenth of the learning rate. This run stays available in Compare.";
            if ui.button(title).on_hover_text(help).clicked() {
                out(WayOut::LowerRate);
            }
        }
        let help = "Opens the debugger at the instruction that produced the first such value.";
        if state.tab() != Tab::Debug && ui.button("Show the cause").on_hover_text(help).clicked() {
            out(WayOut::Show);
        }
        if ui.button("Dismiss").clicked() {
            out(WayOut::Dismiss);
        }
    });
}

fn card(ui: &mut Ui, width: f32, contents: &mut dyn FnMut(&mut Ui, &Tokens)) {
    let tokens = Tokens::of(ui);
    Frame::popup(ui.style()).inner_margin(12).show(ui, |ui| {
        ui.set_width(width);
        contents(ui, &tokens);
    });
}
