//! Where training is to stop: the list, the field for another one, and the dots in the listing's gutter.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Checkbox, Label, RichText, Role, ScrollArea, Ui, WidgetInfo};
use egui_material_icons::icons;

use crate::gui::numbers::count;
use crate::gui::panels::body;
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Entered, Number, icon_button, named, path_field, perhaps, section, text_field};
use crate::session::{Action, State};
use crate::trace::{At, Breakpoint, DebugView, Listing, StepPhase, Turn};
use crate::trainer::DebugCommand;

#[derive(Default)]
pub struct BreakpointsUi {
    /// The condition that is being typed.
    typed: String,
    /// What was last asked about.
    asked: String,
    waits: Entered,
}

/// The breakpoint before a line, if there is one.
pub fn at_line<'a>(breakpoints: &'a [Breakpoint], listing: &Listing, line: usize) -> Option<&'a Breakpoint> {
    breakpoints.iter().find(|breakpoint| line_of(breakpoint, listing) == Some(line))
}

fn line_of(breakpoint: &Breakpoint, listing: &Listing) -> Option<usize> {
    match &breakpoint.at {
        At::Instruction(name) => listing.maker(name),
        At::Phase(phase) => listing.lines.iter().position(|line| line.stage == *phase),
        At::Layer(layer) => listing.lines.iter().position(|line| line.layer == Some(*layer)),
        At::Anywhere | At::NotFinite => None,
    }
}

/// A breakpoint before this line where there was none; none where there was one.
pub fn toggle(state: &State, listing: &Listing, line: usize, actions: &mut Vec<Action>) {
    let mut all = state.debug().breakpoints.clone();
    match at_line(&all, listing, line).map(|breakpoint| breakpoint.id) {
        Some(id) => all.retain(|breakpoint| breakpoint.id != id),
        None => {
            let Some(made) = listing.lines.get(line).and_then(|line| line.outputs.first()) else { return };
            all.push(Breakpoint::new(fresh(&all), At::Instruction(made.name.clone()), None));
        }
    }
    actions.push(Action::SetBreakpoints(all));
}

fn fresh(all: &[Breakpoint]) -> u32 {
    all.iter().map(|breakpoint| breakpoint.id + 1).max().unwrap_or(1)
}

pub fn show(ui: &mut Ui, state: &State, view: &DebugView, local: &mut BreakpointsUi, actions: &mut Vec<Action>) {
    ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
        body(ui, |ui| {
            add(ui, state, view, local, actions);
            list(ui, state, view, actions);
            log(ui, view);
        });
    });
}

fn add(ui: &mut Ui, state: &State, view: &DebugView, local: &mut BreakpointsUi, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    section(ui, "STOP WHEN THIS IS TRUE", "");
    let (field, entered) = path_field(ui, "Condition", "loss > 2 * min(loss)", &mut local.typed);
    field.on_hover_text(
        "Checked once per step, when all gradients are known and nothing has been updated \
            yet.\nmax(abs(dense_2.weight.grad)) > 10\nnan(%4)\nmean(%2 == 0) > 0.9 for 5 steps\nstep == 100",
    );
    let typed = local.typed.trim().to_owned();
    if typed != local.asked {
        local.asked.clone_from(&typed);
        if !typed.is_empty() {
            let condition = typed.clone();
            actions.push(Action::Debug(DebugCommand::CheckCondition { at: At::Anywhere, condition }));
        }
    }
    let checked = view.checked(&typed, true);
    let problem = checked.and_then(|checked| checked.problem.as_ref());
    perhaps(ui, problem, |ui, problem| drop(ui.label(RichText::new(problem).color(tokens.bad))));
    let is_good = checked.is_some() && problem.is_none();
    // Whoever is quicker than the answer has pressed Enter all the same.
    let entered = local.waits.entered(entered, &typed, checked.is_some());
    ui.horizontal_wrapped(|ui| {
        let button = named(ui.add_enabled(is_good, Button::new("Add")), "Add breakpoint");
        if button.clicked() || (entered && is_good) {
            let breakpoint = Breakpoint::new(fresh(&state.debug().breakpoints), At::Anywhere, Some(typed));
            push(state, breakpoint, actions);
            local.typed.clear();
        }
        let has_it = state.debug().breakpoints.iter().any(|breakpoint| breakpoint.at == At::NotFinite);
        let help = "Stops right after the instruction that produces the first NaN or infinity, and names the sample.";
        let button = named(ui.add_enabled(!has_it, Button::new("First NaN or infinity")), "First NaN or infinity");
        if button.on_hover_text(help).clicked() {
            push(state, Breakpoint::new(fresh(&state.debug().breakpoints), At::NotFinite, None), actions);
        }
        ui.menu_button("Phase …", |ui| {
            for phase in StepPhase::ALL {
                if ui.button(phase.title()).clicked() {
                    push(state, Breakpoint::new(fresh(&state.debug().breakpoints), At::Phase(phase), None), actions);
                }
            }
        });
        ui.menu_button("Layer …", |ui| {
            for layer in state.project().graph.unfolded().layers() {
                if ui.button(layer.id.title(&layer.name)).clicked() {
                    push(state, Breakpoint::new(fresh(&state.debug().breakpoints), At::Layer(layer.id), None), actions);
                }
            }
        });
        let help = "Logs a line at every step without stopping. Expressions in braces are replaced by their values.";
        if named(ui.button("Log"), "Log a message at every step").on_hover_text(help).clicked() {
            let message = Some("loss {loss}".to_owned());
            let breakpoint = Breakpoint::new(fresh(&state.debug().breakpoints), At::Anywhere, None);
            push(state, Breakpoint { log: true, message, ..breakpoint }, actions);
        }
    });
}

fn push(state: &State, breakpoint: Breakpoint, actions: &mut Vec<Action>) {
    let mut all = state.debug().breakpoints.clone();
    all.push(breakpoint);
    actions.push(Action::SetBreakpoints(all));
}

fn list(ui: &mut Ui, state: &State, view: &DebugView, actions: &mut Vec<Action>) {
    let tokens = Tokens::of(ui);
    section(ui, "BREAKPOINTS", &state.debug().breakpoints.len().to_string());
    if state.debug().breakpoints.is_empty() {
        let words = "None yet. Click to the left of a line in the listing, or press F9 on it.";
        ui.label(RichText::new(words).color(tokens.muted));
    }
    let mut all = state.debug().breakpoints.clone();
    let mut dropped = None;
    for breakpoint in &mut all {
        let problem = view.breakpoints.iter().find(|told| told.breakpoint.id == breakpoint.id);
        let problem = problem.and_then(|told| told.problem.as_deref());
        // Two may be the same in words.
        if ui.push_id(breakpoint.id, |ui| one(ui, state, breakpoint, problem)).inner {
            dropped = Some(breakpoint.id);
        }
    }
    all.retain(|breakpoint| Some(breakpoint.id) != dropped);
    if all != state.debug().breakpoints {
        actions.push(Action::SetBreakpoints(all));
    }
}

/// Returns whether it is to go.
fn one(ui: &mut Ui, state: &State, breakpoint: &mut Breakpoint, problem: Option<&str>) -> bool {
    let tokens = Tokens::of(ui);
    let words = words(state, breakpoint);
    let mut drop = false;
    ui.horizontal(|ui| {
        let on = ui.add(Checkbox::without_text(&mut breakpoint.enabled));
        on.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, breakpoint.enabled, format!("Enable {words}")));
        on.on_hover_text("Disabled.");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            drop = icon_button(ui, icons::ICON_CLOSE, true, false, &format!("Remove {words}")).clicked();
            let log = ui.add(Button::selectable(breakpoint.log, "log"));
            log.widget_info(|| WidgetInfo::selected(Role::Button, true, breakpoint.log, format!("Only log {words}")));
            if log.on_hover_text("Logs a line below instead of stopping.").clicked() {
                breakpoint.log = !breakpoint.log;
            }
            turn(ui, &tokens, breakpoint, &words);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let is_asked = breakpoint.enabled && problem.is_none();
                let text = RichText::new(&words).font(theme::mono(12.0));
                let text = text.color(if is_asked { tokens.text } else { tokens.faint });
                let text = if problem.is_some() { text.strikethrough() } else { text };
                let hover = problem.map_or(words.clone(), |problem| format!("{words}\nNot checked: {problem}"));
                ui.add(Label::new(text).truncate()).on_hover_text(hover);
            });
        });
    });
    let says = breakpoint.log && breakpoint.at != At::NotFinite;
    if says {
        let name = format!("Text that {words} logs");
        line(ui, "message", (&name, "loss {loss}, {norm(dense_1.weight.grad)}"), &mut breakpoint.message);
    }
    if !matches!(breakpoint.at, At::Anywhere | At::NotFinite) || (says && breakpoint.message.is_some()) {
        line(ui, "only if", (&format!("Condition of {words}"), "loss > 1"), &mut breakpoint.condition);
    }
    if let Some(problem) = problem {
        let help = "This breakpoint isn't being checked. Change its condition, or disable and enable it to try again.";
        ui.label(RichText::new(problem).color(tokens.bad)).on_hover_text(help);
    }
    drop
}

/// A field below a breakpoint; empty it is left out.
fn line(ui: &mut Ui, title: &str, (name, hint): (&str, &str), text: &mut Option<String>) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.add_space(24.0);
        ui.label(RichText::new(title).color(tokens.faint));
        let shown = text.clone().unwrap_or_default();
        let (_, typed) = text_field(ui, name, &shown, |field| {
            field.font(theme::mono(12.0)).hint_text(hint).desired_width(f32::INFINITY)
        });
        if let Some(typed) = typed {
            *text = Some(typed).filter(|typed| !typed.trim().is_empty());
        }
    });
}

/// How often it held; in its menu, which of the hits count.
fn turn(ui: &mut Ui, tokens: &Tokens, breakpoint: &mut Breakpoint, words: &str) {
    let turn = breakpoint.turn.map_or(String::new(), |turn| format!(" · {turn}"));
    let text = format!("{}×{turn}", count(breakpoint.hits));
    let colour = if breakpoint.turn.is_some() { tokens.accent } else { tokens.faint };
    let button = Button::new(RichText::new(&text).font(theme::mono(11.0)).color(colour)).frame_when_inactive(false);
    let stay = MenuConfig::new().close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
    let (response, _) = MenuButton::from_button(button).config(stay).ui(ui, |ui| {
        ui.set_min_width(176.0);
        let before = breakpoint.turn;
        let kind = |turn: Option<Turn>| turn.map(|turn| matches!(turn, Turn::Every(_)));
        let number = match before {
            Some(Turn::Hit(number) | Turn::Every(number)) => number,
            None => 10,
        };
        for (title, choice) in [
            ("On every hit", None),
            ("On the hit number", Some(Turn::Hit(number))),
            ("Every so many hits", Some(Turn::Every(number))),
        ] {
            if ui.radio(kind(choice) == kind(before), title).clicked() {
                breakpoint.turn = choice;
            }
        }
        if let Some(Turn::Hit(at) | Turn::Every(at)) = &mut breakpoint.turn {
            let field = Number::whole("The hit", (1.0, 1e9)).speed(0.2);
            let change = field.add(ui, "Hit number", number as f64).1;
            *at = change.value.map_or(number, |typed| typed as u64);
        }
        if ui.add_enabled(breakpoint.hits > 0, Button::new("Reset the count")).clicked() {
            breakpoint.hits = 0;
        }
    });
    named(response, &format!("{text}: hits of {words}"))
        .on_hover_text("How often it was hit while running forward. Click to choose on which hits it stops or logs.");
}

fn words(state: &State, breakpoint: &Breakpoint) -> String {
    match &breakpoint.at {
        At::Anywhere => breakpoint.condition.clone().unwrap_or_else(|| "every step".to_owned()),
        At::Instruction(name) => format!("before {name}"),
        At::Layer(layer) => {
            let name = state
                .project()
                .graph
                .layer(*layer)
                .map_or("a deleted layer".to_owned(), |found| layer.title(&found.name));
            format!("before {name}")
        }
        At::Phase(phase) => format!("before {}", phase.word()),
        At::NotFinite => "first NaN or infinity".to_owned(),
    }
}

fn log(ui: &mut Ui, view: &DebugView) {
    let tokens = Tokens::of(ui);
    if view.log.is_empty() {
        return;
    }
    section(ui, "LOG", &count(view.log.len() as u64 + view.log_cut));
    if ui.small_button("Copy log").clicked() {
        ui.ctx().copy_text(view.log.join("\n"));
    }
    for line in view.log.iter().rev() {
        ui.label(RichText::new(line).font(theme::mono(11.0)).color(tokens.muted));
    }
    if view.log_cut > 0 {
        let lines =
            if view.log_cut == 1 { "1 earlier line" } else { &format!("{} earlier lines", count(view.log_cut)) };
        ui.label(RichText::new(format!("… {lines} not kept.")).small().color(tokens.faint));
    }
}
