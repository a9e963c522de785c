//! The panel at the lower right: what the network now does, in the form that suits the task.
//!
//! Owns tabs, toggles and what was typed or drawn to try out; reads pictures and data from the [`State`]. What belongs
//! to other data goes with it.

mod answers;
mod beside;
mod boxes;
mod classes;
mod codes;
mod colour_pad;
mod colours;
mod columns;
mod confusion;
mod curve;
mod export;
mod folds;
mod framing;
mod gallery;
mod numbers;
mod own_points;
mod pad;
mod photo;
mod points;
mod reconstructions;
mod rows;
mod sample;
mod scores;
mod surface;
mod terms;
mod thumbnail;
mod try_it;
mod unit;

#[cfg(test)]
mod test_data;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Weak};

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Layout, PopupCloseBehavior, Rect, RichText, Ui, UiBuilder, Vec2};
use egui_material_icons::icons;

use super::figure::{self, Take};
use super::numbers::count;
use super::plots::empty;
use super::theme::Tokens;
use super::widgets::{named, tab_strip};
use crate::data::{Dataset, sample_rows};
use crate::model::{AnswerView, LayerId, Task};
use crate::session::{Action, DataState, State};
use crate::trace::{OutputPicture, Over, PictureWishes};

pub use export::sheet;
pub use try_it::TryUi;

/// A unit of a layer's preview, while the pointer rests on it or it is pinned.
pub type HoveredUnit = (LayerId, usize);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    #[default]
    Output,
    Confusion,
    Scores,
    /// The plane of a layer of two units.
    Codes,
    TryIt,
}

/// The panel's own state.
#[derive(Debug)]
pub struct OutputUi {
    /// A tab above it says what it is.
    pub is_named: bool,
    pub tab: Tab,
    /// Show the validation points too.
    pub test: bool,
    /// Draw the decision in steps instead of shades.
    pub steps: bool,
    /// The cell of the confusion matrix whose samples are shown: (truth, predicted).
    pub cell: Option<(u32, u32)>,
    pub only_wrong: bool,
    /// What is said of the scores.
    pub scores: scores::Part,
    /// How often more samples were asked for.
    pub pages: usize,
    /// Row of the validation part shown large.
    pub picked: Option<u32>,
    pub try_it: TryUi,
    pub export: Option<Take>,
    /// Where a unit's function is asked about: a point of the picture, else a row of the validation part.
    point: Option<[f32; 2]>,
    row: usize,
    /// The column whose curve is shown; the most important one where none is picked.
    column: Option<String>,
    /// Of several predicted numbers the one that is shown.
    output: usize,
    /// The point of the plane of codes that is decoded.
    code: Option<[f32; 2]>,
    boxes: boxes::BoxesUi,
    points: own_points::PointsUi,
    /// The samples shown before there are answers.
    samples: Arc<[u32]>,
    /// What all but the toggles belongs to.
    of: Weak<Dataset>,
}

impl Default for OutputUi {
    fn default() -> Self {
        Self {
            is_named: false,
            tab: Tab::Output,
            test: true,
            steps: false,
            cell: None,
            only_wrong: false,
            scores: scores::Part::Overall,
            pages: 0,
            picked: None,
            try_it: TryUi::default(),
            export: None,
            point: None,
            row: 0,
            column: None,
            output: 0,
            code: None,
            boxes: boxes::BoxesUi::default(),
            points: own_points::PointsUi::default(),
            samples: Arc::default(),
            of: Weak::new(),
        }
    }
}

impl OutputUi {
    /// A photo has come: its answer is shown.
    pub fn show_photo(&mut self) {
        self.tab = Tab::TryIt;
        self.try_it.shows_photo = Some(true);
    }

    /// How answers are drawn stays; which sample or cell was picked does not.
    pub fn for_another_project(&self) -> Self {
        Self { tab: self.tab, test: self.test, steps: self.steps, ..Self::default() }
    }

    /// Adds what this panel wants pictured while it is on the screen.
    pub fn subscribe(&self, state: &State, unit: Option<HoveredUnit>, wanted: &mut PictureWishes) {
        wanted.output = true;
        wanted.unit = unit.and_then(|unit| unit::asked(state, self, unit));
        wanted.code = self.code.filter(|_| self.tab == Tab::Codes);
    }

    /// Rows of other data, and what was typed about them, mean nothing for these.
    fn follow(&mut self, dataset: &Arc<Dataset>) {
        if self.of.as_ptr() == Arc::as_ptr(dataset) {
            return;
        }
        *self = Self {
            is_named: self.is_named,
            tab: self.tab,
            test: self.test,
            steps: self.steps,
            only_wrong: self.only_wrong,
            scores: self.scores,
            boxes: self.boxes.clone(),
            points: self.points.clone(),
            samples: sample_rows(dataset, &dataset.validation, None, gallery::PAGE).into(),
            of: Arc::downgrade(dataset),
            ..Self::default()
        };
    }
}

/// `is_colour`: samples are colour pictures, or such as people have.
fn tabs(kind: AnswerView, is_colour: bool) -> &'static [(Tab, &'static str)] {
    match kind {
        AnswerView::Surface | AnswerView::Curve => &[(Tab::Output, "Output")],
        AnswerView::Images if is_colour => {
            &[(Tab::Output, "Samples"), (Tab::Confusion, "Confusion"), (Tab::Scores, "Scores"), (Tab::TryIt, "Try it")]
        }
        AnswerView::Images => {
            &[(Tab::Output, "Samples"), (Tab::Confusion, "Confusion"), (Tab::Scores, "Scores"), (Tab::TryIt, "Draw")]
        }
        AnswerView::Rows => {
            &[(Tab::Output, "Samples"), (Tab::Confusion, "Confusion"), (Tab::Scores, "Scores"), (Tab::TryIt, "Try it")]
        }
        AnswerView::Boxes => &[(Tab::Output, "Samples"), (Tab::Scores, "Scores"), (Tab::TryIt, "Try it")],
        AnswerView::Numbers => &[(Tab::Output, "Output"), (Tab::TryIt, "Try it")],
        AnswerView::Reconstructions => &[(Tab::Output, "Samples"), (Tab::Codes, "Plane"), (Tab::TryIt, "Draw")],
    }
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut OutputUi,
    (shown, pinned): (Option<HoveredUnit>, &mut Option<HoveredUnit>),
    actions: &mut Vec<Action>,
) {
    let tokens = Tokens::of(ui);
    let Some(dataset) = state.dataset() else {
        header(ui, &tokens, state, local, &[(Tab::Output, "Output")], None);
        return no_data(ui, &tokens, state.data());
    };
    local.follow(dataset);
    let kind = state.view().unwrap_or(AnswerView::Numbers);
    if state.inference().is_forward_only() {
        header(ui, &tokens, state, local, &[(Tab::Output, "Output")], None);
        if let Some(unit) = shown.and_then(|at| unit::of(state, at)) {
            return unit::show(ui, &tokens, (state, dataset), local, &unit, pinned);
        }
        let view = OutputView { state, dataset, picture: None, salt: 0 };
        return answers::show(ui, &tokens, &view, actions);
    }
    let tabs = tabs_of(state, dataset, kind);
    let tabs = tabs.as_slice();
    if !tabs.iter().any(|(tab, _)| *tab == local.tab) {
        local.tab = Tab::Output;
    }
    header(ui, &tokens, state, local, tabs, Some((kind, dataset)));
    if let Some(unit) = shown.and_then(|at| unit::of(state, at)) {
        return unit::show(ui, &tokens, (state, dataset), local, &unit, pinned);
    }
    body(ui, &tokens, (state, dataset), local, actions);
}

fn tabs_of(state: &State, dataset: &Dataset, kind: AnswerView) -> Vec<(Tab, &'static str)> {
    let is_colour = matches!(dataset.input_shape[..], [3, _, _]) || state.takes_photos();
    let all = tabs(kind, is_colour);
    let mut all = match state.task() {
        // Its numbers have no names.
        Some(Task::Input(_)) if kind == AnswerView::Numbers => all[..1].to_vec(),
        _ => all.iter().copied().filter(|(tab, _)| *tab != Tab::Codes || is_through_two(state)).collect(),
    };
    let view = OutputView { state, dataset, picture: None, salt: 0 };
    if !scores::parts(&view).is_empty() && !all.iter().any(|(tab, _)| *tab == Tab::Scores) {
        let place = all.iter().position(|(tab, _)| *tab == Tab::TryIt).unwrap_or(all.len());
        all.insert(place, (Tab::Scores, "Scores"));
    }
    all
}

/// Whether the narrowest layer has two units.
fn is_through_two(state: &State) -> bool {
    let graph = &state.project().graph;
    let has_output = |id: LayerId| graph.layer(id).is_some_and(|layer| layer.kind.about().has_output);
    let shapes = state.inference().shapes.iter().filter(|(id, shape)| shape.rank() == 1 && has_output(**id));
    shapes.map(|(_, shape)| shape.len()).min() == Some(2)
}

/// All but the heading.
fn body(
    ui: &mut Ui,
    tokens: &Tokens,
    (state, dataset): (&State, &Dataset),
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let view = OutputView { state, dataset, picture: picture(state), salt: 0 };
    match (state.view().unwrap_or(AnswerView::Numbers), local.tab) {
        (_, Tab::Scores) => scores::show(ui, tokens, &view, local, actions),
        (AnswerView::Surface, _) => surface::show(ui, tokens, &view, local, actions),
        (AnswerView::Curve, _) => curve::show(ui, tokens, &view, local),
        (AnswerView::Boxes, Tab::TryIt) => boxes::try_own(ui, tokens, &view, local, actions),
        (_, Tab::TryIt) => try_it::show(ui, tokens, &view, &mut local.try_it, actions),
        (AnswerView::Boxes, _) => boxes::show(ui, tokens, &view, local, actions),
        (AnswerView::Numbers, _) => numbers::show(ui, tokens, &view, &mut local.output, actions),
        (AnswerView::Reconstructions, Tab::Codes) => codes::show(ui, tokens, &view, local, actions),
        (AnswerView::Reconstructions, _) => reconstructions::show(ui, tokens, &view, local, actions),
        (AnswerView::Images | AnswerView::Rows, _) => classes::show(ui, tokens, &view, local, actions),
    }
}

/// What every kind of output reads.
#[derive(Clone, Copy)]
struct OutputView<'a> {
    state: &'a State,
    dataset: &'a Dataset,
    /// `None` before the first step: an untrained network's answers are noise.
    picture: Option<&'a OutputPicture>,
    /// Tells several outputs on one screen apart.
    salt: usize,
}

/// What a run that is kept does on the data that is loaded, beside that of another: `side` tells them apart.
pub fn of_run(
    ui: &mut Ui,
    tokens: &Tokens,
    (state, dataset): (&State, &Dataset),
    picture: &OutputPicture,
    side: usize,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let view = OutputView { state, dataset, picture: Some(picture), salt: side + 1 };
    // Another run may have been asked for something else.
    match picture {
        OutputPicture::Surface { .. } => surface::show(ui, tokens, &view, local, actions),
        OutputPicture::Curve { .. } => curve::show(ui, tokens, &view, local),
        OutputPicture::Numbers { .. } => numbers::show(ui, tokens, &view, &mut local.output, actions),
        OutputPicture::Boxes { .. } => boxes::show(ui, tokens, &view, local, actions),
        OutputPicture::Reconstructions { .. } => reconstructions::show(ui, tokens, &view, local, actions),
        OutputPicture::Classes { .. } => {
            let tab = std::mem::replace(&mut local.tab, Tab::Confusion);
            classes::show(ui, tokens, &view, local, actions);
            if local.tab == Tab::Confusion {
                local.tab = tab;
            }
        }
    }
}

/// Paints a validation sample that is a picture; `None` where it is none.
pub fn paint_sample(ui: &Ui, rect: Rect, dataset: &Dataset, row: usize) -> Option<()> {
    let values = dataset.validation.input(row).ok().filter(|_| dataset.input_shape.len() == 3)?;
    thumbnail::paint(ui, ui.painter(), rect, ("compared", row), &dataset.input_shape, &values);
    Some(())
}

/// A validation sample in a few words: "x 0.31, y −1.2".
pub fn sample_in_words(dataset: &Dataset, row: usize) -> String {
    if let Some(plane) = &dataset.plane {
        let at = |i: usize| plane.validation_points.get(2 * row + i).copied().unwrap_or(f32::NAN);
        let short = |value: f32| super::numbers::significant(f64::from(value), 2);
        return format!("x {}, y {}", short(at(0)), short(at(1)));
    }
    match dataset.validation.input(row) {
        Ok(values) if dataset.input_shape.len() == 1 => rows::in_words(dataset, &values),
        _ => format!("row {row}"),
    }
}

impl OutputView<'_> {
    /// The step that the picture shows.
    fn step(&self) -> u64 {
        self.state.run().picture.as_ref().map_or(0, |p| p.step)
    }
}

fn picture(state: &State) -> Option<&OutputPicture> {
    let picture = state.run().picture.as_ref().filter(|_| state.run().step > 0)?;
    picture.output.as_ref()
}

/// "2,000 of 60,000 samples", where scores are not over all of them.
fn over_words(over: Over) -> Option<String> {
    let text = || format!("over {} of {} samples", count(over.asked as u64), count(over.of as u64));
    (!over.is_whole()).then(text)
}

const OVER: &str = "A random selection from the validation set, with all classes in proportion. When training pauses, all samples are \
        used.";

fn over_label(ui: &mut Ui, tokens: &Tokens, over: Over) {
    if let Some(text) = over_words(over) {
        ui.label(RichText::new(text).small().color(tokens.faint)).on_hover_text(OVER);
    }
}

fn no_data(ui: &mut Ui, tokens: &Tokens, data: &DataState) {
    match data {
        DataState::Loading { doing, .. } => empty::say(ui, tokens, "Loading", doing),
        DataState::Failed(why) => empty::say(ui, tokens, "No data", why),
        _ => empty::say(ui, tokens, "No data yet", "Choose data in the Data tab on the left."),
    }
}

const HEADER: f32 = 36.0;

fn header(
    ui: &mut Ui,
    tokens: &Tokens,
    state: &State,
    local: &mut OutputUi,
    tabs: &[(Tab, &'static str)],
    shown: Option<(AnswerView, &Dataset)>,
) {
    let all = ui.available_rect_before_wrap();
    let row = Rect::from_min_size(all.min, Vec2::new(all.width(), HEADER));
    ui.painter().hline(row.x_range(), row.bottom(), egui::Stroke::new(1.0, tokens.line));
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let tabs_room = inner.with_max_x(inner.right() - 28.0);
    // Under a tab that says so it need not say again that it is the output.
    let own = |(tab, title): &(Tab, &'static str)| match *title {
        "Output" if local.is_named => (tabs.len() > 1).then_some((*tab, "Predictions")),
        title => Some((*tab, title)),
    };
    let tabs: Vec<(Tab, &str)> = tabs.iter().filter_map(own).collect();
    let left = UiBuilder::new().max_rect(tabs_room).layout(Layout::left_to_right(egui::Align::Center));
    ui.scope_builder(left, |ui| tab_strip(ui, &mut local.tab, &tabs));
    let right = UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(egui::Align::Center));
    ui.scope_builder(right, |ui| {
        let offer = export::offer(state, local);
        figure::button(ui, &mut local.export, offer, "Export the output");
        let is_drawn = |kind: &AnswerView| matches!(kind, AnswerView::Surface | AnswerView::Curve);
        let Some((kind, dataset)) = shown.filter(|(kind, _)| is_drawn(kind) && local.tab == Tab::Output) else {
            return;
        };
        if inner.width() >= SWITCHES {
            return switches(ui, local, kind, dataset);
        }
        // Behind one button where they would lie on the tab.
        let stay = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let icon = RichText::from(icons::ICON_TUNE).size(16.0).color(tokens.muted);
        let button = Button::new(icon).min_size(Vec2::splat(26.0)).frame_when_inactive(false);
        let menu = MenuButton::from_button(button).config(stay);
        let (response, _) = menu.ui(ui, |ui| switches(ui, local, kind, dataset));
        named(response, "What the output shows");
    });
    ui.advance_cursor_after_rect(row);
}

/// What a row with a tab, both switches and a button takes.
const SWITCHES: f32 = 280.0;

/// What is shown of points and of the network's answers.
fn switches(ui: &mut Ui, local: &mut OutputUi, kind: AnswerView, dataset: &Dataset) {
    if kind == AnswerView::Surface {
        let help = "Show only the predicted class, with a hard border, instead of how confident the network is.";
        ui.checkbox(&mut local.steps, "hard border").on_hover_text(help);
    }
    if !dataset.validation.is_empty() {
        let help = "Also show the validation points, which the network never trains on.";
        ui.checkbox(&mut local.test, "validation").on_hover_text(help);
    }
}
