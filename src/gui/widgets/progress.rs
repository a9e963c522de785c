//! Work that goes on beside: how far it is, in a few words, with a way to stop it.

use egui::{Label, ProgressBar, RichText, Ui};

use crate::gui::theme::Tokens;

/// Whether it was cancelled.
pub fn progress(ui: &mut Ui, (fraction, doing): &(f32, String)) -> bool {
    let tokens = Tokens::of(ui);
    ui.add(ProgressBar::new(*fraction).desired_height(6.0));
    ui.horizontal(|ui| {
        let cancelled = ui.button("Cancel").clicked();
        let text = if doing.is_empty() { "starting" } else { doing };
        ui.add(Label::new(RichText::new(text).color(tokens.muted)).truncate());
        cancelled
    })
    .inner
}
