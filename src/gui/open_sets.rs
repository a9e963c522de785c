//! The catalogue of open sets: what each is, how much is fetched, and a button. Both screens that offer data have it.

use egui::{Label, RichText, Ui};

use super::theme::Tokens;
use crate::data::{OPEN_SETS, OpenSet};
use crate::session::State;

/// The key of the set that was chosen.
pub fn show(ui: &mut Ui, state: &State) -> Option<&'static str> {
    let tokens = Tokens::of(ui);
    let mut chosen = None;
    for set in &OPEN_SETS {
        ui.horizontal(|ui| {
            let is_there = state.has_set(set.key);
            let word = if is_there { format!("Use {}", set.title) } else { format!("Fetch {}", set.title) };
            let help = if is_there { "It is on this computer." } else { "Fetched once over the network, then kept." };
            if ui.button(word).on_hover_text(format!("{}. {help}", set.about)).clicked() {
                chosen = Some(set.key);
            }
            let size = if is_there { "fetched".to_owned() } else { megabytes(set) };
            ui.add(Label::new(RichText::new(size).color(tokens.muted)).truncate());
        });
    }
    chosen
}

fn megabytes(set: &OpenSet) -> String {
    format!("{:.0} MB", set.bytes() as f64 / 1e6)
}
