//! The keys of a code debugger.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::DebugUi;
use crate::session::{Action, State, Transport};
use crate::trainer::{DebugCommand, Unit};

pub const CONTINUE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F5);
const STEP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F8);
const OVER: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F10);
const BACK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F10);
const TO_CURSOR: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::F10);
const INTO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F11);
const OUT: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::F11);

/// Reads the keys of this frame.
pub fn handle(ctx: &Context, _state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    let pressed = |shortcut| ctx.input_mut(|i| i.consume_shortcut(&shortcut));
    let mut debug = |command| actions.push(Action::Debug(command));
    // The longer shortcut first: F10 also matches when Shift is held.
    if pressed(BACK) {
        debug(DebugCommand::Back(Unit::Instruction));
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
