//! The keys of a code debugger.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::listing::{self, walk, walk::Step};
use super::{DebugUi, Pane, breakpoints};
use crate::session::{Action, PlaceAction, State, Transport};
use crate::trainer::{DebugCommand, Granularity};

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
const RETURN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::ALT, Key::ArrowLeft);
const BOOKMARK: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::B);
const PANES: [(Key, Pane); 8] = [
    (Key::Num1, Pane::Program),
    (Key::Num2, Pane::Breakpoints),
    (Key::Num3, Pane::Tensor),
    (Key::Num4, Pane::Canvas),
    (Key::Num5, Pane::Watch),
    (Key::Num6, Pane::Layers),
    (Key::Num7, Pane::Sample),
    (Key::Num8, Pane::Time),
];
/// Rows of the listing that Page up and down go by.
const PAGE: usize = 10;

/// Reads the keys of this frame.
pub fn handle(ctx: &Context, state: &State, local: &mut DebugUi, actions: &mut Vec<Action>) {
    if ctx.memory(|memory| memory.top_modal_layer().is_some()) {
        return;
    }
    panes(ctx, local);
    let pressed = |shortcut| ctx.input_mut(|i| i.consume_shortcut(&shortcut));
    if pressed(BREAKPOINT)
        && let Some(view) = &state.debug().view
    {
        let line = local.listing.cursor.unwrap_or(view.moment.instruction);
        breakpoints::toggle(state, &view.listing, line, actions);
    }
    for (shortcut, action) in [(RETURN, PlaceAction::Return), (BOOKMARK, PlaceAction::Bookmark)] {
        if pressed(shortcut) {
            actions.push(Action::Places(action));
        }
    }
    arrows(ctx, state, local);
    let mut debug = |command| actions.push(Action::Debug(command));
    // The longer shortcut first: F10 also matches when Shift is held.
    for (shortcut, unit) in [(BACK, Granularity::Instruction), (BACK_STEP, Granularity::Step)] {
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
        debug(DebugCommand::Forward(Granularity::Until(line)));
    }
    if pressed(OUT) {
        debug(DebugCommand::Forward(Granularity::Phase));
    }
    for (shortcut, unit) in [(OVER, Granularity::Layer), (INTO, Granularity::Instruction), (STEP, Granularity::Step)] {
        if pressed(shortcut) {
            debug(DebugCommand::Forward(unit));
        }
    }
    if pressed(CONTINUE) {
        actions.push(Action::Transport(Transport::Toggle));
    }
}

/// One key for each pane: it is shown, and takes the keyboard.
fn panes(ctx: &Context, local: &mut DebugUi) {
    if ctx.text_edit_focused() {
        return;
    }
    for (key, pane) in PANES {
        if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key)) {
            local.show_pane(pane);
        }
    }
    // On the canvas it deletes.
    if !local.shows_canvas && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Backspace)) {
        local.middle.back();
    }
}

/// The arrows choose a row of the listing when that has the keyboard, or when nothing else wants them.
fn arrows(ctx: &Context, state: &State, local: &mut DebugUi) {
    let focused = ctx.memory(|memory| memory.focused());
    let in_listing = focused == Some(listing::id());
    let elsewhere = focused.is_some() || local.shows_canvas;
    let Some(view) = state.debug().view.as_ref().filter(|_| in_listing || !elsewhere) else { return };
    let mut keys = vec![(Key::ArrowUp, Step::Up(1)), (Key::ArrowDown, Step::Down(1))];
    if in_listing {
        keys.extend([
            (Key::PageUp, Step::Up(PAGE)),
            (Key::PageDown, Step::Down(PAGE)),
            (Key::Home, Step::First),
            (Key::End, Step::Last),
            (Key::ArrowLeft, Step::Left),
            (Key::ArrowRight, Step::Right),
            (Key::Enter, Step::Enter),
        ]);
    }
    for (key, step) in keys {
        if ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key))
            && let Some(name) = walk::step(&mut local.listing, view, step)
        {
            local.middle.look_at(&name);
        }
    }
}
