//! Two runs beside each other: what their networks do, how they are drawn, and where they disagree.

use std::sync::Arc;

use egui::{Align, Button, ComboBox, Layout, Rect, RichText, Ui, UiBuilder, Vec2, WidgetInfo};

use super::rows::Row;
use super::{CompareUi, Seen, differences, disagreements, menu, networks, side_by_side};
use crate::gui::anchors;
use crate::gui::output::OutputUi;
use crate::gui::plots::empty;
use crate::gui::theme;
use crate::gui::widgets::{combo, tab_strip};
use crate::session::{Action, Anchor, RunAction, RunOutput};
use crate::trace::{Guess, OutputPicture, Prediction};

const HEADER: f32 = 36.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    SideBySide,
    Networks,
    Disagreements,
}

/// The panel's own state.
#[derive(Debug, Default)]
pub struct PairUi {
    pub tab: Tab,
    /// Of each of the two.
    pub outputs: [OutputUi; 2],
    /// Which of the disagreements are listed.
    pub which: disagreements::Which,
    /// Of numbers, what is largest comes first, and of which of several outputs.
    pub by: differences::By,
    pub output: usize,
    /// Of which outputs the disagreements were counted, and they.
    counted: Option<Counted>,
}

#[derive(Debug)]
struct Counted {
    of: [Arc<RunOutput>; 2],
    found: Option<Arc<Vec<[Prediction; 2]>>>,
    by: (differences::By, usize),
    apart: Option<Arc<Vec<[Guess; 2]>>>,
}

/// The two, with what is known of their outputs.
pub(super) struct Both {
    pub rows: [Row; 2],
    pub outputs: [Option<Arc<RunOutput>>; 2],
    /// Samples to which they give different answers; `None` where that is not known or means nothing.
    pub disagreements: Option<Arc<Vec<[Prediction; 2]>>>,
    /// What both predict of each sample, where that are numbers, in the order that was chosen.
    pub apart: Option<Arc<Vec<[Guess; 2]>>>,
}

impl Both {
    /// What a network does, as far as it is known.
    pub fn picture<'a>(&'a self, seen: &'a Seen<'_>, side: usize) -> Option<&'a OutputPicture> {
        let live = || seen.state.run().picture.as_ref().filter(|_| self.rows[side].live)?.output.as_ref();
        // The live one is newest where it is trained.
        live().or_else(|| self.outputs[side].as_ref().map(|output| &output.picture))
    }

    pub fn name(&self, side: usize) -> &str {
        &self.rows[side].card.name
    }

    /// Validation samples that both were asked about.
    pub fn samples(&self) -> usize {
        let of = |output: &Arc<RunOutput>| output.predictions.len().max(output.guesses.first().map_or(0, Vec::len));
        self.outputs.iter().flatten().map(of).min().unwrap_or(0)
    }
}

/// The two outputs' answers where they differ, by the rows of the validation part.
pub fn disagreements_of(a: &[Prediction], b: &[Prediction]) -> Vec<[Prediction; 2]> {
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(one), Some(other)) = (a.get(i), b.get(j)) {
        match one.row.cmp(&other.row) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                if one.predicted != other.predicted {
                    found.push([*one, *other]);
                }
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    found
}

fn both(seen: &Seen<'_>, local: &mut CompareUi) -> Option<Both> {
    let runs = seen.state.runs();
    let pair = runs.pair.as_ref()?;
    let rows = [local.rows.find(&pair[0])?, local.rows.find(&pair[1])?];
    let outputs = pair.each_ref().map(|id| runs.outputs.get(id).cloned());
    let (mut disagreements, mut apart) = (None, None);
    if let [Some(a), Some(b)] = &outputs {
        let outputs = a.guesses.len().min(b.guesses.len());
        local.pair.output = local.pair.output.min(outputs.saturating_sub(1));
        let by = (local.pair.by, local.pair.output);
        let same =
            |counted: &Counted| counted.by == by && Arc::ptr_eq(&counted.of[0], a) && Arc::ptr_eq(&counted.of[1], b);
        if !local.pair.counted.as_ref().is_some_and(same) {
            let are_classes = !a.predictions.is_empty() && !b.predictions.is_empty();
            let found = are_classes.then(|| Arc::new(disagreements_of(&a.predictions, &b.predictions)));
            let numbers = [a, b].map(|output| output.guesses.get(by.1).filter(|guesses| !guesses.is_empty()));
            let apart = match numbers {
                [Some(a), Some(b)] => Some(Arc::new(differences::of(a, b, by.0))),
                _ => None,
            };
            local.pair.counted = Some(Counted { of: [a.clone(), b.clone()], found, by, apart });
        }
        let counted = local.pair.counted.as_ref();
        disagreements = counted.and_then(|counted| counted.found.clone());
        apart = counted.and_then(|counted| counted.apart.clone());
    }
    Some(Both { rows, outputs, disagreements, apart })
}

/// `is_named`: its name stands on a tab above it.
pub(super) fn show(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, is_named: bool, actions: &mut Vec<Action>) {
    anchors::put_at(ui, Anchor::RunsPair, ui.max_rect());
    let both = both(seen, local);
    header(ui, seen, local, both.as_ref(), is_named);
    let Some(both) = both else {
        if let Some(row) = local.current.as_deref().and_then(|id| local.rows.find(id)) {
            return alone(ui, seen, local, &row, actions);
        }
        let text = "Click a row above, then Ctrl-click another.";
        return empty::say(ui, &seen.tokens, "Select two runs to see them side by side", text);
    };
    match local.pair.tab {
        Tab::SideBySide => side_by_side::show(ui, seen, local, &both, actions),
        Tab::Networks => networks::show(ui, seen, local, &both, actions),
        Tab::Disagreements if both.apart.is_some() => differences::show(ui, seen, local, &both),
        Tab::Disagreements => disagreements::show(ui, seen, local, &both, actions),
    }
}

/// While only one is chosen: what can be done with it.
fn alone(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, row: &Row, actions: &mut Vec<Action>) {
    let inside = ui.available_rect_before_wrap().shrink(16.0);
    ui.scope_builder(UiBuilder::new().max_rect(inside), |ui| {
        ui.label(RichText::new(&row.card.name).font(theme::medium(14.0)).color(seen.tokens.text));
        let text = "Ctrl-click another row, or click its colour, to see the two side by side.";
        ui.add(egui::Label::new(RichText::new(text).color(seen.tokens.muted)).wrap());
        menu::buttons(ui, row, local, actions);
    });
}

fn header(ui: &mut Ui, seen: &Seen<'_>, local: &mut CompareUi, both: Option<&Both>, is_named: bool) {
    let all = ui.available_rect_before_wrap();
    let row = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADER));
    ui.painter().rect_filled(row, 0.0, seen.tokens.panel);
    ui.painter().hline(row.x_range(), row.bottom(), egui::Stroke::new(1.0, seen.tokens.line));
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let count = both.and_then(|both| both.disagreements.as_ref()).map(|found| found.len());
    let third = match count {
        _ if both.is_some_and(|both| both.apart.is_some()) => "Largest differences".to_owned(),
        Some(n) => format!("Disagreements {n}"),
        None => "Disagreements".to_owned(),
    };
    let first = if is_named { "Outputs" } else { "Side by side" };
    let tabs = [(Tab::SideBySide, first), (Tab::Networks, "Networks"), (Tab::Disagreements, third.as_str())];
    let left = UiBuilder::new().max_rect(inner).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(left, |ui| tab_strip(ui, &mut local.pair.tab, &tabs));
    ui.advance_cursor_after_rect(row);
}

/// The name of one of the two with its colour: a list to choose another from.
pub(super) fn name(
    ui: &mut Ui,
    seen: &Seen<'_>,
    local: &CompareUi,
    both: &Both,
    side: usize,
    actions: &mut Vec<Action>,
) {
    let id = &both.rows[side].card.id;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let (bar, _) = ui.allocate_exact_size(Vec2::new(22.0, 20.0), egui::Sense::hover());
        let bar = Rect::from_center_size(bar.center(), Vec2::new(22.0, 3.0));
        ui.painter().rect_filled(bar, 1.5, local.colours.get(&seen.tokens, id));
        let width = ui.available_width();
        let name = both.name(side);
        let list =
            ComboBox::from_id_salt(("one of the pair", side)).selected_text(name).width(width.min(220.0)).truncate();
        let shown = combo(ui, list, |ui| {
            for row in local.rows.shown.iter().rev() {
                let is_this = row.card.id == *id;
                let choice = ui.add(Button::selectable(is_this, row.card.name.as_str()));
                if choice.clicked() && !is_this {
                    ui.close();
                    let mut pair = both.rows.each_ref().map(|row| row.card.id.clone());
                    if pair[1 - side] == row.card.id {
                        pair.swap(0, 1);
                    } else {
                        pair[side].clone_from(&row.card.id);
                    }
                    let mut picked = seen.state.runs().picked.clone();
                    picked.extend(pair.iter().cloned());
                    if picked != seen.state.runs().picked {
                        actions.push(Action::Runs(RunAction::Pick(picked)));
                    }
                    actions.push(Action::Runs(RunAction::Pair(Some(pair))));
                }
            }
        });
        let which = if side == 0 { "First run" } else { "Second run" };
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("{which}: {name}")));
    });
}
