//! The debugger's part of the top bar: where to go next, and where the run stands.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align2, Button, Color32, PopupCloseBehavior, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};
use egui_material_icons::icons;

use crate::gui::numbers::{count, significant};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{Entered, Number, accent_icon_button, icon_button, named, path_field, perhaps};
use crate::session::{Action, PlaceAction, RunStatus, State, Transport};
use crate::trace::{At, DebugView, Moment, Stopped};
use crate::trainer::{DebugCommand, Granularity, Held};

/// What the bar keeps for itself.
#[derive(Default)]
pub struct BarUi {
    condition: String,
    asked: String,
    waits: Entered,
    step: u64,
}

/// What there is room for on the buttons.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Words {
    /// Signs where they are understood.
    Few,
    Short,
    /// With the names of keys.
    All,
}

pub fn transport(
    ui: &mut Ui,
    state: &State,
    local: &mut BarUi,
    words: Words,
    obstacle: Option<&str>,
    actions: &mut Vec<Action>,
) {
    undo(ui, state, actions);
    let ready = obstacle.is_none();
    let running = state.run().status == RunStatus::Running;
    let explain = |response: Response, text: &str| {
        let why = obstacle.map_or(text.to_owned(), |why| format!("Can't run yet. {why}"));
        response.on_hover_text(text).on_disabled_hover_text(why)
    };
    let (icon, word) = if running { (icons::ICON_PAUSE, "Pause") } else { (icons::ICON_PLAY_ARROW, "Continue") };
    let text = if words == Words::All { format!("{word} F5") } else { word.to_owned() };
    let button = named(accent_icon_button(ui, ready, icon, (words > Words::Few).then_some(&*text)), word);
    if explain(button, "Trains until a breakpoint, the end of the run, or the next press (F5).").clicked() {
        actions.push(Action::Transport(Transport::Toggle));
    }
    let mut step = |ui: &mut Ui, text: &str, name: &str, help: &str, command: DebugCommand| {
        let button = Button::new(text).min_size(Vec2::new(0.0, 28.0));
        let response = named(ui.add_enabled(ready && !running, button), name);
        if explain(response, help).clicked() {
            actions.push(Action::Debug(command));
        }
    };
    let back = "Step back by one instruction, as if it had never run (Shift F10).";
    let text = if words > Words::Few { "◂ Back" } else { "◂" };
    step(ui, text, "Back", back, DebugCommand::Back(Granularity::Instruction));
    step(ui, "Over", "Over", "Run all instructions of this layer (F10).", DebugCommand::Forward(Granularity::Layer));
    step(ui, "Into", "Into", "Run one instruction (F11).", DebugCommand::Forward(Granularity::Instruction));
    let out = "Run to the end of this phase: load, forward, loss, backward or update (Shift F11).";
    step(ui, "Out", "Out", out, DebugCommand::Forward(Granularity::Phase));
    let batch = "Run to the end of this training step, or one whole step: forward, loss, backward, update (F8).";
    step(ui, "Step", "Step", batch, DebugCommand::Forward(Granularity::Step));
    ui.add_enabled_ui(ready && !running, |ui| reverse(ui, state, local, words, actions));
}

/// The last change made by hand, by its name.
fn undo(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let last = last_change(state);
    let name = last.as_ref().map_or("nothing", |(name, _)| name);
    if icon_button(ui, icons::ICON_UNDO, last.is_some(), false, &format!("Undo: {name} (Ctrl Z)")).clicked() {
        actions.extend(last.map(|(_, undo)| undo));
    }
}

/// What was changed last, and what takes it back. A network that cannot train was not told to the run: its edits are
/// the project's.
pub fn last_change(state: &State) -> Option<(&str, Action)> {
    if !state.can_run() {
        return state.history().undo_name().map(|name| (name, Action::Undo));
    }
    let made = state.debug().view.as_ref()?.changes.iter().rfind(|change| !change.ahead)?;
    Some((&made.what, Action::Debug(DebugCommand::Undo)))
}

/// Everything that leads backwards by more than an instruction.
fn reverse(ui: &mut Ui, state: &State, local: &mut BarUi, words: Words, actions: &mut Vec<Action>) {
    let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let text = if words == Words::All { "◂◂ Reverse to …" } else { "◂◂ …" };
    let button = Button::new(text).min_size(Vec2::new(0.0, 28.0));
    let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
        ui.set_min_width(300.0);
        ui.set_max_width(300.0);
        let item = |ui: &mut Ui, words: &str, keys: &str| ui.add(Button::new(words).shortcut_text(keys)).clicked();
        let mut command = None;
        if item(ui, "Back to a breakpoint", "Shift F5") {
            command = Some(DebugCommand::ReverseContinue);
        }
        let back = [
            ("Back one layer", Granularity::Layer),
            ("Back one phase", Granularity::Phase),
            ("Back one step", Granularity::Step),
        ];
        for (words, unit) in back {
            if item(ui, words, if unit == Granularity::Step { "Shift F8" } else { "" }) {
                command = Some(DebugCommand::Back(unit));
            }
        }
        ui.separator();
        command = condition(ui, state, local, actions).or(command);
        ui.separator();
        let gone = goto(ui, local);
        if let Some(action) = gone.or(command.map(Action::Debug)) {
            actions.push(action);
            ui.close();
        }
    });
    let help = "Run backwards: to a breakpoint, to where a condition held, or to a step.";
    named(response, "Reverse to").on_hover_text(help);
}

fn condition(ui: &mut Ui, state: &State, local: &mut BarUi, actions: &mut Vec<Action>) -> Option<DebugCommand> {
    let tokens = Tokens::of(ui);
    ui.label("Back to where this was true:");
    let (_, entered) = path_field(ui, "Reverse condition", "max(abs(dense_1.weight)) < 1", &mut local.condition);
    let typed = local.condition.trim().to_owned();
    if typed != local.asked {
        local.asked.clone_from(&typed);
        if !typed.is_empty() {
            let condition = typed.clone();
            actions.push(Action::Debug(DebugCommand::CheckCondition { at: At::Anywhere, condition }));
        }
    }
    let checked = state.debug().view.as_ref().and_then(|view| view.checked(&typed, true));
    let problem = checked.and_then(|checked| checked.problem.as_ref());
    perhaps(ui, problem, |ui, problem| drop(ui.label(RichText::new(problem).color(tokens.bad))));
    let is_good = checked.is_some() && problem.is_none();
    let entered = local.waits.entered(entered, &typed, checked.is_some());
    let mut held = None;
    ui.add_enabled_ui(is_good, |ui| {
        ui.horizontal(|ui| {
            if named(ui.button("Last time true"), "Last time true").clicked() || (entered && is_good) {
                held = Some(Held::Last);
            }
            if named(ui.button("Where it became true"), "Where it became true").clicked() {
                held = Some(Held::Since);
            }
        });
    });
    held.map(|held| DebugCommand::ReverseTo { condition: typed, held })
}

fn goto(ui: &mut Ui, local: &mut BarUi) -> Option<Action> {
    let mut go = false;
    ui.horizontal(|ui| {
        ui.label("Go to the end of step");
        let number = Number::whole("Step", (0.0, f64::INFINITY)).speed(1.0);
        let change = number.add(ui, "Step to go to", local.step as f64).1;
        local.step = change.value.map_or(local.step, |step| step as u64);
        go = named(ui.button("Go"), "Go to the step").clicked();
    });
    go.then_some(Action::Places(PlaceAction::Go(Moment { step: local.step, instruction: 0 })))
}

/// What the reason of a stop needs to be read at all.
const CHIP: f32 = 80.0;

/// Step and phase, the loss of this batch, and why the run stopped.
pub fn place(ui: &mut Ui, state: &State, room: f32, actions: &mut Vec<Action>) {
    let Some(view) = &state.debug().view else { return };
    ui.spacing_mut().item_spacing.x = 0.0;
    let (step, under) = step_words(state, view);
    let stopped = view.stopped.as_ref().filter(|_| view.travel.is_none());
    // Why it stopped comes before all else.
    let mut room = room - if stopped.is_some() { CHIP } else { 0.0 };
    let mut fits = |width: f32| {
        let fits = room >= width;
        room -= if fits { width } else { 0.0 };
        fits
    };
    if fits(112.0) {
        stat(ui, &step, &under, "The training step being computed, and the phase the run is in.", 112.0);
    }
    if fits(112.0) {
        let loss = view.loss.map_or("–".to_owned(), |loss| significant(loss, 4));
        stat(
            ui,
            &loss,
            "loss of this batch",
            "How wrong the network is on the batch of this step: the lower, the better.",
            112.0,
        );
    }
    if let Some(travel) = &view.travel {
        let percent = (travel.progress * 100.0).round();
        let text = format!("{} · {percent:.0} % · cancel", travel.what);
        let response = named(ui.add(Button::new(text).wrap_mode(egui::TextWrapMode::Truncate)), "Cancel");
        if response.on_hover_text("Recomputing the steps since the nearest checkpoint. Click to cancel.").clicked() {
            actions.push(Action::Debug(DebugCommand::Cancel));
        }
    } else if let Some(stopped) = stopped.filter(|_| room >= 0.0) {
        let tokens = Tokens::of(ui);
        let (text, colour) = match stopped {
            Stopped { culprit: Some(_), why, .. } => (format!("stopped: {why}"), tokens.bad),
            Stopped { breakpoint: Some(_), why, .. } => (format!("stopped: {why}"), tokens.accent),
            // The end of the run, say: nothing is wrong.
            Stopped { why, .. } => (why.clone(), tokens.muted),
        };
        chip(ui, &text, colour, room + CHIP);
    }
}

fn step_words(state: &State, view: &DebugView) -> (String, String) {
    let step = format!("step {}", count(view.current_step()));
    let all = state.project().training.epochs as u64 * state.run().steps_per_epoch;
    let phase = match view.moment.instruction {
        0 if view.moment.step == 0 => "start".to_owned(),
        0 => "complete".to_owned(),
        _ => view.next_line().map_or(String::new(), |line| line.stage.title().to_lowercase()),
    };
    (step, if all > 0 { format!("of {} · {phase}", count(all)) } else { phase })
}

fn stat(ui: &mut Ui, value: &str, under: &str, help: &str, width: f32) {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 34.0), Sense::hover());
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let at = rect.left_top() + Vec2::new(0.0, 3.0);
    painter.text(at, Align2::LEFT_TOP, value, theme::mono(12.0), tokens.text);
    painter.text(at + Vec2::new(0.0, 16.0), Align2::LEFT_TOP, under, theme::regular(10.5), tokens.faint);
    let name = format!("{value}, {under}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    response.on_hover_text(format!("{name}\n{help}"));
}

fn chip(ui: &mut Ui, text: &str, colour: Color32, room: f32) {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), theme::regular(11.5), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room - 24.0);
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(galley.size().x + 18.0, 22.0), Sense::hover());
    ui.painter().rect_stroke(rect, 11.0, Stroke::new(1.0, colour), StrokeKind::Inside);
    ui.painter().galley(rect.min + Vec2::new(9.0, (22.0 - galley.size().y) / 2.0), galley, colour);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(text));
    });
}
