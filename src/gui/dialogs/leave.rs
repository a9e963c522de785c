//! "Save changes?" before something that would lose them.

use egui::{Context, Id, Modal, RichText};

use crate::expr::counted;
use crate::gui::numbers::duration;
use crate::gui::panels::dialog_frame;
use crate::gui::theme::Tokens;
use crate::gui::widgets::accent_button;
use crate::session::{Action, OfferAction, RunStatus, State, Transport};

/// What waits for the answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Leave {
    /// An action that replaces the project.
    For(Box<Action>),
    /// Closing the window.
    Window,
}

/// The question while it stands.
pub struct LeaveDialog {
    pub leave: Leave,
    /// Save was chosen; go on as soon as it is done.
    saving: bool,
}

pub(super) enum Step {
    Wait,
    Stay,
    Go,
}

impl Leave {
    /// Whether an action gives up the project that is open.
    pub fn is_needed_for(action: &Action) -> bool {
        matches!(
            action,
            Action::NewEmpty
                | Action::OpenTemplate(_)
                | Action::OpenTable { .. }
                | Action::OpenPictures(_)
                | Action::OpenBoxes(_)
                | Action::OpenSet(_)
                | Action::Open(_)
                | Action::Offer(OfferAction::AsProject)
                | Action::RecoverLast(true)
        )
    }
}

/// What would be gone.
fn lost(state: &State) -> String {
    if state.run().step == 0 {
        return "If you don't save, your changes will be lost.".to_owned();
    }
    let steps = counted(state.run().step as usize, "step");
    let time = if state.run().seconds < 1.0 { String::new() } else { format!(", {}", duration(state.run().seconds)) };
    format!("If you don't save, your changes and this run will be lost: {steps}{time}.")
}

impl LeaveDialog {
    pub fn new(leave: Leave) -> Self {
        Self { leave, saving: false }
    }

    pub(super) fn show(&mut self, ctx: &Context, state: &State, actions: &mut Vec<Action>) -> Step {
        if self.saving {
            // A failed save says so itself, and another's changes are asked about; going on would lose the changes.
            let is_refused = state.error().is_some() || state.is_changed_elsewhere();
            return match (state.is_unsaved(), is_refused) {
                (false, _) => Step::Go,
                (true, true) => Step::Stay,
                (true, false) => Step::Wait,
            };
        }
        let mut step = Step::Wait;
        let modal = Modal::new(Id::unique("leave")).frame(dialog_frame(&ctx.global_style())).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            ui.set_width(360.0);
            ui.heading(format!("Save changes to “{}”?", state.project().name));
            ui.label(RichText::new(lost(state)).color(tokens.muted));
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if accent_button(ui, true, "Save").clicked() {
                    // A run that went on would never be saved whole.
                    if state.run().status == RunStatus::Running {
                        actions.push(Action::Transport(Transport::Pause));
                    }
                    actions.push(Action::Save);
                    self.saving = true;
                }
                if ui.button("Discard").clicked() {
                    step = Step::Go;
                }
                if ui.button("Cancel").clicked() {
                    step = Step::Stay;
                }
            });
        });
        if !self.saving && matches!(step, Step::Wait) && modal.should_close() {
            step = Step::Stay;
        }
        step
    }
}
