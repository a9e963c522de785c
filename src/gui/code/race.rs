//! Several engines train the project: who takes part, their curves, and what it came to.

use std::collections::BTreeMap;

use egui::{Align, Button, Context, Layout, Rect, RichText, ScrollArea, Ui, UiBuilder, Vec2, WidgetInfo};
use egui_material_icons::{MaterialIcon, icons};

use super::engines::{self, look_once};
use super::standings::{self, apart};
use crate::gui::figure::{self, Offer, Sheet, Table, Take, is_paper};
use crate::gui::numbers::{count, number};
use crate::gui::panel::{Desk, Panel};
use crate::gui::panels::body;
use crate::gui::plots::chart::{Chart, ChartUi, Line};
use crate::gui::plots::export::{SIZE, remember};
use crate::gui::plots::scale::{Scale, StepAxis};
use crate::gui::plots::smooth::Smoother;
use crate::gui::plots::ticks::TickKind;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Number, accent_button, tab_strip};
use crate::persist::Area;
use crate::session::engines::{Engine, Standing, differences};
use crate::session::{Action, EngineAction, RaceView, State, Tab};
use crate::trace::{Pace, Series};

/// Of the losses of single batches.
const SMOOTHING: f32 = 0.8;

/// What is drawn of a race.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum View {
    /// When everybody was where.
    #[default]
    Time,
    /// That they lie on each other.
    Steps,
    /// How far they do.
    Difference,
}

impl View {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Time, "Loss by time"), (Self::Steps, "Loss by step"), (Self::Difference, "Difference")];

    fn title(self) -> &'static str {
        match self {
            Self::Time => "Loss of the race by time",
            Self::Steps => "Loss of the race by step",
            Self::Difference => "Difference from the first",
        }
    }

    fn caption(self) -> &'static str {
        match self {
            Self::Time => "seconds since each began",
            Self::Steps | Self::Difference => "steps",
        }
    }
}

/// The panel's own state.
#[derive(Debug)]
pub struct RaceUi {
    /// Who was let in or left out by hand, by their titles.
    picked: BTreeMap<String, bool>,
    steps: u64,
    at_once: bool,
    view: View,
    charts: [ChartUi; 3],
    /// Of each but the first, of so many steps.
    gaps: Vec<(usize, Series)>,
    smoothers: Vec<Smoother>,
    pub export: Option<Take>,
}

impl Default for RaceUi {
    fn default() -> Self {
        let log = ChartUi { log: true, ..ChartUi::default() };
        Self {
            picked: BTreeMap::new(),
            steps: 200,
            at_once: false,
            view: View::default(),
            charts: [ChartUi::default(), ChartUi::default(), log],
            gaps: Vec::new(),
            smoothers: Vec::new(),
            export: None,
        }
    }
}

impl RaceUi {
    /// Who takes part stays.
    pub fn for_another_project(self) -> Self {
        Self { picked: self.picked, steps: self.steps, at_once: self.at_once, ..Self::default() }
    }

    fn follow_gaps(&mut self, race: &RaceView) {
        let Some((first, others)) = race.standings.split_first() else { return };
        let count = |other: &Standing| other.told.len().min(first.told.len());
        let is_same = self.gaps.len() == others.len()
            && self.gaps.iter().zip(others).all(|((known, _), other)| *known == count(other));
        if is_same {
            return;
        }
        let gap = |other: &Standing| {
            let mut series = Series::default();
            // Nothing lies below a logarithm of 0.
            differences(&first.told, &other.told)
                .filter(|(_, difference)| *difference > 0.0)
                .for_each(|(step, difference)| series.push(step, difference as f32));
            (count(other), series)
        };
        self.gaps = others.iter().map(gap).collect();
    }
}

/// The race itself.
pub struct RacePanel;

impl Panel for RacePanel {
    fn name(&self) -> &'static str {
        "Race"
    }

    fn icon(&self) -> MaterialIcon {
        icons::ICON_SPORTS_SCORE
    }

    fn key(&self) -> &'static str {
        "race"
    }

    fn tab(&self) -> Tab {
        Tab::Code
    }

    fn places(&self) -> &'static [Area] {
        &[Area::Bottom]
    }

    fn has_heading(&self) -> bool {
        false
    }

    fn tools_width(&self, _: f32) -> f32 {
        60.0
    }

    fn tools(&self, ui: &mut Ui, desk: &mut Desk<'_>, _: f32) {
        let any = desk.state.race().is_some_and(|race| race.standings.iter().any(|one| !one.told.is_empty()));
        let offer = Offer { picture: any, numbers: any };
        figure::button(ui, &mut desk.own.code.race.export, offer, "Export the race");
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let tokens = Tokens::of(ui);
        let state = desk.state;
        look_once(state, desk.actions);
        ui.spacing_mut().item_spacing.y = 0.0;
        let local = &mut desk.own.code.race;
        setup(ui, &tokens, state, local, desk.actions);
        match state.race() {
            Some(race) => contents(ui, &tokens, race, local, desk.actions),
            None => before(ui, &tokens, state),
        }
    }
}

/// Who takes part, for how long, and the button.
fn setup(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut RaceUi, actions: &mut Vec<Action>) {
    let goes_on = state.race().is_some_and(|race| !race.is_over);
    let row = Rect::from_min_size(ui.available_rect_before_wrap().min, Vec2::new(ui.available_width(), 38.0));
    let inner = row.shrink2(Vec2::new(12.0, 0.0));
    let right = UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center));
    let used = ui.scope_builder(right, |ui| {
        if let Some(race) = state.race().filter(|race| !race.is_over) {
            if ui.button("Stop").clicked() {
                actions.push(Action::Engines(EngineAction::Stop(None)));
            }
            if ui.button(if race.paused { "Go on" } else { "Pause" }).clicked() {
                actions.push(Action::Engines(EngineAction::Pause(!race.paused)));
            }
            return ui.min_rect();
        }
        let chosen = chosen(state, local);
        let words = match chosen.as_slice() {
            [one] => format!("Train with {}", one.title()),
            _ => "Race".to_owned(),
        };
        let can = !chosen.is_empty() && state.inference().is_valid() && state.dataset().is_some();
        let go = accent_button(ui, can, &words);
        if go.on_disabled_hover_text("Choose an engine. The network must be able to train.").clicked() {
            let (steps, at_once) = (local.steps, local.at_once && chosen.len() > 1);
            actions.push(Action::Engines(EngineAction::Race { engines: chosen, steps, at_once }));
        }
        let help = "The race is over sooner, but the engines share the processor, so none is at its best.";
        ui.checkbox(&mut local.at_once, "all at once").on_hover_text(help);
        ui.label(RichText::new("steps").color(tokens.muted));
        let (_, change) =
            Number::whole("Steps of the race", (1.0, 1e6)).add(ui, "Steps of the race", local.steps as f64);
        if let Some(steps) = change.value {
            local.steps = steps as u64;
        }
        ui.min_rect()
    });
    let rest = inner.with_max_x((used.inner.left() - 16.0).max(inner.left()));
    let left = UiBuilder::new().max_rect(rest).layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(left, |ui| {
        ScrollArea::horizontal().id_salt("engines").auto_shrink([false, true]).show(ui, |ui| {
            ui.horizontal_centered(|ui| chips(ui, tokens, state, local, goes_on));
        });
    });
    ui.advance_cursor_after_rect(row);
}

/// Usually the first engine of each framework.
fn takes_part(engines: &[Engine], place: usize, local: &RaceUi) -> bool {
    let engine = &engines[place];
    let is_first = engines[..place].iter().all(|other| other.framework() != engine.framework());
    local.picked.get(&engine.title()).copied().unwrap_or(is_first)
}

fn chosen(state: &State, local: &RaceUi) -> Vec<Engine> {
    let engines = &state.engines().all;
    (0..engines.len()).filter(|&place| takes_part(engines, place, local)).map(|place| engines[place].clone()).collect()
}

fn chips(ui: &mut Ui, tokens: &Tokens, state: &State, local: &mut RaceUi, goes_on: bool) {
    let engines = &state.engines().all;
    if state.engines().looks && engines.len() < 2 {
        ui.spinner();
        ui.label(RichText::new("Looking for engines …").color(tokens.muted));
    }
    let all: Vec<&Engine> = engines.iter().collect();
    for (i, engine) in engines.iter().enumerate() {
        let title = engine.title();
        let on = takes_part(engines, i, local);
        let colour = standings::colour(tokens, engine, &all[..i]);
        let mark = RichText::new("●").size(9.0).color(if on { colour } else { tokens.faint });
        let text = RichText::new(&title).font(theme::medium(12.0)).color(if on { tokens.text } else { tokens.muted });
        let response = ui.add_enabled(!goes_on, Button::selectable(on, (mark, text)).corner_radius(9));
        response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, !goes_on, on, format!("Race with {title}")));
        if response.clicked() {
            local.picked.insert(title, !on);
        }
    }
}

/// What a race is, or what is missing.
fn before(ui: &mut Ui, tokens: &Tokens, state: &State) {
    let found = state.engines();
    body(ui, |ui| {
        if found.looked && found.found.interpreters.is_empty() {
            return engines::nothing(ui, tokens);
        }
        let text = "Each engine trains this network from the same initial weights, on the same batches in the same \
                    order, so their losses coincide until rounding sets them apart. Choose a single engine to train \
                    with it alone. Whatever an engine trains becomes a run of this project.";
        ui.add(egui::Label::new(RichText::new(text).color(tokens.muted)).wrap());
    });
}

/// Curves and table.
fn contents(ui: &mut Ui, tokens: &Tokens, race: &RaceView, local: &mut RaceUi, actions: &mut Vec<Action>) {
    let all = ui.available_rect_before_wrap();
    let table = (standings::width() + 12.0).min(all.width() * 0.6);
    let (left, right) = all.split_left_right_at_x(all.right() - table);
    ui.painter().hline(all.x_range(), all.top(), egui::Stroke::new(1.0, tokens.line));
    ui.painter().vline(right.left(), all.y_range(), egui::Stroke::new(1.0, tokens.line));
    let layout = Layout::top_down(Align::Min);
    ui.scope_builder(UiBuilder::new().max_rect(left.with_max_x(left.right() - 4.0)).layout(layout), |ui| {
        ui.set_clip_rect(left.intersect(ui.clip_rect()));
        ui.horizontal(|ui| {
            ui.set_height(32.0);
            ui.add_space(12.0);
            tab_strip(ui, &mut local.view, &View::ALL);
        });
        chart(ui, tokens, race, local);
    });
    let inner = right.with_min_x(right.left() + 8.0);
    ui.scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        ui.set_clip_rect(right.intersect(ui.clip_rect()));
        ScrollArea::vertical().id_salt("standings").auto_shrink(false).show(ui, |ui| {
            standings::show(ui, tokens, race, actions);
            verdict(ui, tokens, race);
        });
    });
    ui.advance_cursor_after_rect(all);
}

fn chart(ui: &mut Ui, tokens: &Tokens, race: &RaceView, local: &mut RaceUi) {
    local.follow_gaps(race);
    local.smoothers.resize_with(race.standings.len(), Smoother::default);
    for (smoother, standing) in local.smoothers.iter_mut().zip(&race.standings) {
        smoother.follow(&standing.curves.train_loss, SMOOTHING);
    }
    let colours = standings::colours(tokens, &race.standings);
    let names: Vec<String> = race.standings.iter().map(|standing| standing.engine.title()).collect();
    let unit = if local.view == View::Time { StepAxis::Time } else { StepAxis::Steps };
    let line = |i: usize, raw| {
        let standing: &Standing = &race.standings[i];
        let scale = Scale::of(unit, &standing.curves.pace, standing.now);
        Line { name: &names[i], raw, smooth: None, colour: colours[i], scale, faint: false }
    };
    let there = |i: &usize| !race.standings[*i].curves.train_loss.is_empty();
    let lines: Vec<Line<'_>> = match local.view {
        View::Time | View::Steps => {
            let all = (0..race.standings.len()).filter(there);
            let smoothed = |i: usize| {
                let smooth = Some(local.smoothers[i].smoothed());
                Line { smooth, ..line(i, &race.standings[i].curves.train_loss) }
            };
            all.map(smoothed).collect()
        }
        View::Difference => {
            let gaps = local.gaps.iter().enumerate().filter(|(_, (_, gap))| !gap.is_empty());
            gaps.map(|(i, (_, gap))| line(i + 1, gap)).collect()
        }
    };
    if lines.is_empty() {
        let text = match local.view {
            View::Difference if race.is_over => "The losses are identical, or there is only one engine to show.",
            View::Difference => "The difference appears once two engines have done a step.",
            _ if race.is_over => "No engine has done a step.",
            _ => "Curves appear with the first step. Frameworks take a few seconds to load.",
        };
        return body(ui, |ui| drop(ui.label(RichText::new(text).color(tokens.muted))));
    }
    let now = Pace::default();
    let scale = lines.first().map_or(Scale::of(unit, &[], now), |line| line.scale);
    let chart = Chart {
        title: local.view.title(),
        lines,
        marks: &[],
        scale,
        several: true,
        ghost: None,
        left_out: 0,
        legend: None,
        values: TickKind::Number,
        write: number,
    };
    chart.show(ui, tokens, &mut local.charts[local.view as usize]);
}

/// Whether they lie on each other, and where not.
fn verdict(ui: &mut Ui, tokens: &Tokens, race: &RaceView) {
    let Some(first) = race.standings.first() else { return };
    let beside = || race.standings.iter().zip(&race.compared).filter_map(|(one, found)| Some((one, found.as_ref()?)));
    let Some(worst) = beside().map(|(_, found)| found.first_hundred).reduce(f64::max) else { return };
    let title = first.engine.title();
    let mut text = format!("Over the first 100 steps, every loss is within {} of that of {title}.", apart(worst));
    for (one, step) in beside().filter_map(|(one, found)| Some((one, found.parts_at?))) {
        text.push_str(&format!(" From step {}, rounding sets {} apart.", count(step), one.engine.title()));
    }
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.add_space(20.0);
        let size = if is_paper(ui) { 12.0 } else { 11.5 };
        ui.add(egui::Label::new(RichText::new(text).size(size).color(tokens.muted)).wrap());
    });
}

/// On paper: curves above the table.
pub fn sheet<'a>(window: &Context, state: &'a State, local: &'a mut RaceUi) -> Sheet<'a> {
    let (window, view) = (window.clone(), local.view);
    let rows = state.race().map_or(0.0, standings::height);
    Sheet {
        name: format!("{} race", state.project().name),
        title: format!("{}: {}", state.project().name, view.title().to_lowercase()),
        caption: String::new(),
        size: SIZE + Vec2::new(0.0, rows + 64.0),
        prepare: Box::new(move |paper: &Context| remember(&window, view.title(), paper)),
        contents: Box::new(move |ui: &mut Ui| {
            let tokens = Tokens::of(ui);
            let Some(race) = state.race() else { return };
            let all = ui.available_rect_before_wrap();
            let (above, below) = all.split_top_bottom_at_y(all.bottom() - rows - 52.0);
            let mut place = |rect: Rect, draw: &mut dyn FnMut(&mut Ui)| {
                ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| draw(ui));
            };
            place(above.with_max_y(above.bottom() - 18.0), &mut |ui| chart(ui, &tokens, race, local));
            place(below, &mut |ui| {
                standings::show(ui, &tokens, race, &mut Vec::new());
                verdict(ui, &tokens, race);
            });
            let at = egui::pos2(above.center().x, above.bottom() - 8.0);
            let font = theme::regular(12.0);
            ui.painter().text(at, egui::Align2::CENTER_CENTER, view.caption(), font, tokens.muted);
        }),
        numbers: Box::new(move |table: &mut Table| {
            table.row(["engine", "step", "seconds", "loss"]);
            for standing in state.race().iter().flat_map(|race| &race.standings) {
                let title = standing.engine.title();
                for told in &standing.told {
                    table.row([title.clone(), told.step.to_string(), told.seconds.to_string(), told.loss.to_string()]);
                }
            }
        }),
    }
}
