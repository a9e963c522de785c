//! The debugger's part of the top bar: where to go next, and where the run stands.

use egui::{Align2, Button, Response, RichText, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};
use egui_material_icons::icons;

use crate::gui::numbers::{count, significant};
use crate::gui::theme::{self, Tokens};
use crate::gui::widgets::{accent_icon_button, named};
use crate::session::{Action, RunStatus, State, Transport};
use crate::trace::DebugView;
use crate::trainer::{DebugCommand, Unit};

/// `words`: whether there is room for the keys' names.
pub fn transport(ui: &mut Ui, state: &State, words: bool, obstacle: Option<&str>, actions: &mut Vec<Action>) {
    let ready = obstacle.is_none();
    let running = state.run.status == RunStatus::Running;
    let explain = |response: Response, text: &str| {
        let why = obstacle.map_or(text.to_owned(), |why| format!("Cannot run yet. {why}"));
        response.on_hover_text(text).on_disabled_hover_text(why)
    };
    let (icon, word) = if running { (icons::ICON_PAUSE, "Pause") } else { (icons::ICON_PLAY_ARROW, "Continue") };
    let text = if words { format!("{word} F5") } else { word.to_owned() };
    let button = named(accent_icon_button(ui, ready, icon, Some(&text)), word);
    if explain(button, "Trains on until a breakpoint, the end, or the next press (F5).").clicked() {
        actions.push(Action::Transport(Transport::Toggle));
    }
    let mut step = |ui: &mut Ui, text: &str, name: &str, help: &str, command: DebugCommand| {
        let button = Button::new(text).min_size(Vec2::new(0.0, 28.0));
        let response = named(ui.add_enabled(ready && !running, button), name);
        if explain(response, help).clicked() {
            actions.push(Action::Debug(command));
        }
    };
    let back = "Back by one instruction, as if it had not run (Shift F10).";
    step(ui, "◂ Back", "Back", back, DebugCommand::Back(Unit::Instruction));
    step(ui, "Over", "Over", "All instructions of this layer (F10).", DebugCommand::Forward(Unit::Layer));
    step(ui, "Into", "Into", "One single instruction (F11).", DebugCommand::Forward(Unit::Instruction));
    let out = "To the end of this phase: load, forward, loss, backward or update (Shift F11).";
    step(ui, "Out", "Out", out, DebugCommand::Forward(Unit::Phase));
    let batch = "To the end of this step, or one whole step: a batch forward, its loss, backward, update (F8).";
    step(ui, "Step", "Step", batch, DebugCommand::Forward(Unit::Step));
}

/// Step and phase, the loss of this batch, and why the run stopped.
pub fn place(ui: &mut Ui, state: &State, room: f32) {
    let Some(view) = &state.debug else { return };
    ui.spacing_mut().item_spacing.x = 0.0;
    let (step, under) = step_words(state, view);
    let mut room = room;
    let mut fits = |width: f32| {
        room -= width;
        room >= 0.0
    };
    if fits(112.0) {
        stat(
            ui,
            &step,
            &under,
            "Which training step is being computed, and in which of its phases the run stands.",
            112.0,
        );
    }
    if fits(112.0) {
        let loss = view.loss.map_or("–".to_owned(), |loss| significant(loss, 4));
        stat(ui, &loss, "loss of this batch", "How wrong the network is on the batch of this step.", 112.0);
    }
    if let Some(stopped) = view.stopped.as_ref().filter(|_| room > 80.0) {
        chip(ui, &format!("stopped: {}", stopped.why), room);
    }
}

fn step_words(state: &State, view: &DebugView) -> (String, String) {
    let step = format!("step {}", count(view.current_step()));
    let all = state.project.training.epochs as u64 * state.run.steps_per_epoch;
    let phase = match view.moment.instruction {
        0 if view.moment.step == 0 => "before the first".to_owned(),
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

fn chip(ui: &mut Ui, text: &str, room: f32) {
    let tokens = Tokens::of(ui);
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), theme::regular(11.5), tokens.bad);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room - 24.0);
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(galley.size().x + 18.0, 22.0), Sense::hover());
    ui.painter().rect_stroke(rect, 11.0, Stroke::new(1.0, tokens.bad), StrokeKind::Inside);
    ui.painter().galley(rect.min + Vec2::new(9.0, (22.0 - galley.size().y) / 2.0), galley, tokens.bad);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_ui(|ui| {
        ui.label(RichText::new(text));
    });
}
