//! The curves of the runs that are picked, on paper.

use egui::{Context, Ui, Vec2};

use super::curves::{contents, title};
use super::{CompareUi, Seen};
use crate::gui::figure::{Sheet, Table};
use crate::gui::plots::export::{SIZE, remember};
use crate::model::Metric;
use crate::session::State;

/// Of the file. The numbers of runs have a way of their own: the session reads them from where they are kept.
pub fn sheet<'a>(window: &Context, state: &'a State, local: &'a mut CompareUi) -> Sheet<'a> {
    let metric = state.runs().cards.first().map_or(Metric::Accuracy, |card| card.metric);
    let what = title(local.curves.tab, metric);
    let (window, unit) = (window.clone(), local.curves.unit.title());
    Sheet {
        name: format!("{} curves", state.project().name),
        title: format!("{}: {}", state.project().name, what.to_lowercase()),
        caption: unit.to_owned(),
        size: SIZE + Vec2::new(0.0, 40.0),
        prepare: Box::new(move |paper: &Context| remember(&window, what, paper)),
        contents: Box::new(|ui: &mut Ui| {
            let seen = Seen::of(ui, state);
            contents(ui, &seen, local);
        }),
        numbers: Box::new(|_: &mut Table| {}),
    }
}
