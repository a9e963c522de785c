//! The keys of a code debugger.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::{DebugUi, breakpoints};
use crate::session::{Action, State, Transport};
use crate::trainer::{DebugCommand, Unit};

const CONTINUE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F5);
const STEP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F8);
const OVER: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F10);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F10);
const TO_CURSOR: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::F10);
const INTO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F11);
const REVERSE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F5);
const BACK_STEP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F8);
const BREAKPOINT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F9);
const OUT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F11);

/// Reads the keys of this frame.
pub fn handle(ctx: &Context, state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let pressed = |shortcut| ctx.input_mut(|i| i.consume_shortcut(&shortcut));
    if pressed(BREAKPOINT)
        && let Some(view) = &state.debug
    {
        let line = local.listing.cursor.unwrap_or(view.moment.instruction);
        breakpoints::toggle(state, &view.listing, line, actions);
    }
    walk(ctx, state, local);
    let mut debug = |command| actions.push(Action::Debug(command));
    // The longer shortcut first: F10 also matches when Shift is held.
    for (shortcut, unit) in [(BACK, Unit::Instruction), (BACK_STEP, Unit::Step)] {
        if pressed(shortcut) {
            debug(DebugCommand::Back(unit));
        }
    }
    if pressed(REVERSE) {
        debug(DebugCommand::ReverseContinue);
    }
    if pressed(TO_CURSOR)
        && let Some(line) = local.listing.cursor
    {
        debug(DebugCommand::Forward(Unit::Until(line)));
    }
    if pressed(OUT) {
        debug(DebugCommand::Forward(Unit::Phase));
    }
    for (shortcut, unit) in [(OVER, Unit::Layer), (INTO, Unit::Instruction), (STEP, Unit::Step)] {
        if pressed(shortcut) {
            debug(DebugCommand::Forward(unit));
        }
    }
    if pressed(CONTINUE) {
        actions.push(Action::Transport(Transport::Toggle));
    }
}

/// The arrows choose a line of the listing, as long as nothing else wants them.
fn walk(ctx: &Context, state: &State, local: &mut DebugUi) {
    let elsewhere = local.middle.shows_canvas()
        || ctx.any_popup_open()
        || ctx.memory(|memory| memory.focused().is_some() || memory.top_modal_layer().is_some());
    let Some(view) = state.debug.as_ref().filter(|_| !elsewhere) else { return };
    let pressed = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let (up, down) = (pressed(Key::ArrowUp), pressed(Key::ArrowDown));
    if up == down || view.listing.lines.is_empty() {
        return;
    }
    // The first press chooses where the run stands.
    let line = match local.listing.cursor {
        None => view.moment.instruction,
        Some(line) if up => line.saturating_sub(1),
        Some(line) => line + 1,
    };
    let line = line.min(view.listing.lines.len() - 1);
    local.listing.choose(line);
    if let Some(output) = view.listing.lines[line].outputs.first() {
        local.middle.look_at(&output.name);
    }
}
