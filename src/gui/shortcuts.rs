//! Keys that work everywhere in the window, and the sheet that lists all keys (Ctrl /).
//!
//! Keys of the canvas are handled by the canvas; they are listed here so that there is one sheet.

use egui::{Context, Grid, Id, Key, KeyboardShortcut, Modal, Modifiers, Popup, RichText, Vec2};

use super::about::AboutUi;
use super::arriving::ArrivingUi;
use super::debug;
use super::dialogs::{Dialogs, Purpose};
use super::glossary::GlossaryUi;
use super::help::HelpUi;
use super::theme::{self, Tokens};
use super::tour::TourUi;
use super::widgets::list_from_top;
use super::workspace::WorkspaceUi;
use crate::session::{Action, Screen, State, Tab, Transport, WATCHABLE};
use crate::trainer::DebugCommand;

const NEW: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::N);
const OPEN: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::O);
const SAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::S);
const SAVE_AS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::S);
/// What begins or keeps a project. The longer shortcut first: Ctrl+S also matches when Shift is held.
const FILES: [KeyboardShortcut; 4] = [OPEN, NEW, SAVE_AS, SAVE];
const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
const REDO_Y: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Y);
/// Keyboards differ in where the plus is.
const LARGER: [KeyboardShortcut; 2] =
    [KeyboardShortcut::new(Modifiers::COMMAND, Key::Plus), KeyboardShortcut::new(Modifiers::COMMAND, Key::Equals)];
const SMALLER: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Minus);
const USUAL_SIZE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Num0);
/// Before the bare Space, which does not care for Shift by itself.
const FULL_SPEED: KeyboardShortcut = KeyboardShortcut::new(Modifiers::SHIFT, Key::Space);
const HELP: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F1);
const PROJECTOR: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::F4);
const LEAVE: KeyboardShortcut = KeyboardShortcut::new(Modifiers::NONE, Key::Escape);
const KEYS: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Slash);

/// How large everything may be.
pub const ZOOMS: [f32; 5] = [1.0, 1.25, 1.5, 1.75, 2.0];

#[derive(Default)]
pub struct ShortcutsUi {
    pub sheet_open: bool,
    pub glossary: GlossaryUi,
    pub about: AboutUi,
    pub tour: TourUi,
    help: HelpUi,
    /// Space is down and nothing else has happened since: its release plays or pauses.
    space_armed: bool,
    /// Asked for while a field was being typed into: done when the field has taken what was typed.
    after_field: Option<KeyboardShortcut>,
}

impl ShortcutsUi {
    /// Whether one of its windows has all keys.
    pub fn is_in_front(&self) -> bool {
        self.sheet_open || self.glossary.is_open() || self.about.is_open()
    }
}

/// Reads the keys of this frame. Nothing happens while a dialog asks something.
pub fn handle(
    ctx: &Context,
    state: &State,
    local: &mut ShortcutsUi,
    own: &mut WorkspaceUi,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    if ctx.input_mut(|i| i.consume_shortcut(&KEYS)) && !local.glossary.is_open() {
        local.sheet_open = !local.sheet_open;
    }
    help(ctx, state, local);
    let waited = local.after_field.take();
    let pressed = |shortcut| ctx.input_mut(|i| i.consume_shortcut(&shortcut));
    if let Some(scale) = zoom(state.settings().scale, pressed) {
        actions.push(Action::SetScale(scale));
    }
    let is_behind = dialogs.is_open() || local.is_in_front() || ArrivingUi::is_in_front(state);
    if !is_behind && state.drawing().is_some() {
        local.space_armed = false;
        if let Some(asked) = [SAVE_AS, SAVE].into_iter().find(|&shortcut| pressed(shortcut)) {
            file(ctx, state, asked, dialogs, actions);
        }
        if !text_has_focus(ctx) {
            actions.extend(undo_or_redo(pressed));
        }
        return;
    }
    // An open list or menu keeps its keys to itself, but nobody has to close it before saving.
    if is_behind || Popup::is_any_open(ctx) {
        local.space_armed = false;
        if !is_behind && let Some(asked) = FILES.into_iter().find(|&shortcut| pressed(shortcut)) {
            Popup::close_all(ctx);
            local.after_field = Some(asked);
            ctx.request_repaint();
        }
        return;
    }
    local.tour.keys(ctx, state);
    if let Some(asked) = waited.or_else(|| FILES.into_iter().find(|&shortcut| pressed(shortcut))) {
        if waited.is_none() && text_has_focus(ctx) {
            ctx.memory_mut(|memory| memory.focused().into_iter().for_each(|field| memory.surrender_focus(field)));
            local.after_field = Some(asked);
            ctx.request_repaint();
        } else {
            file(ctx, state, asked, dialogs, actions);
        }
    }
    if state.screen() != Screen::Workspace {
        return;
    }
    for (key, tab) in
        [(Key::Num1, Tab::Build), (Key::Num2, Tab::Debug), (Key::Num3, Tab::Compare), (Key::Num4, Tab::Code)]
    {
        if pressed(KeyboardShortcut::new(Modifiers::COMMAND, key)) {
            actions.push(Action::ShowTab(tab));
        }
    }
    // Escape that ends a field ends nothing else.
    let is_free = || ctx.memory(|memory| memory.focused().is_none());
    if pressed(PROJECTOR) || (own.projector.on && is_free() && pressed(LEAVE)) {
        own.projector.on = !own.projector.on;
        ctx.request_repaint();
    }
    if !text_has_focus(ctx) {
        let debugged = || debug::bar::last_change(state).map_or(Action::Debug(DebugCommand::Undo), |(_, undo)| undo);
        actions.extend(undo_or_redo(pressed).map(|action| match action {
            Action::Undo if state.tab() == Tab::Debug => debugged(),
            action => action,
        }));
    }
    if state.tab() == Tab::Debug {
        debug::keys::handle(ctx, state, &mut own.debug, actions);
    }
    if !is_taken(ctx) && pressed(FULL_SPEED) {
        actions.push(Action::SetSpeed(if state.speed() < 1.0 { 1.0 } else { state.pace().unwrap_or(WATCHABLE) }));
    }
    space(ctx, local, actions);
}

fn undo_or_redo(pressed: impl Fn(KeyboardShortcut) -> bool) -> Option<Action> {
    if pressed(REDO) || pressed(REDO_Y) {
        return Some(Action::Redo);
    }
    pressed(UNDO).then_some(Action::Undo)
}

/// The zoom that a key asks for: the next of those that the menu offers, or the usual one.
fn zoom(now: f32, pressed: impl Fn(KeyboardShortcut) -> bool) -> Option<f32> {
    if LARGER.into_iter().any(&pressed) {
        return ZOOMS.into_iter().find(|&zoom| zoom > now + 0.01);
    }
    if pressed(SMALLER) {
        return ZOOMS.into_iter().rev().find(|&zoom| zoom < now - 0.01);
    }
    pressed(USUAL_SIZE).then_some(ZOOMS[0])
}

/// F1 opens the glossary where it speaks of what is pointed at, and closes it.
fn help(ctx: &Context, state: &State, local: &mut ShortcutsUi) {
    local.help.follow(ctx);
    if ctx.input_mut(|i| i.consume_shortcut(&HELP)) && !local.sheet_open && !local.glossary.close() {
        local.help.ask(ctx);
    }
    if let Some(term) = local.help.answer(ctx, state) {
        local.glossary.open(term);
    }
}

fn file(ctx: &Context, state: &State, asked: KeyboardShortcut, dialogs: &mut Dialogs, actions: &mut Vec<Action>) {
    let workspace = state.screen() == Screen::Workspace;
    match asked {
        OPEN => dialogs.ask(Purpose::Open, ctx),
        NEW => actions.push(Action::NewEmpty),
        SAVE_AS if workspace => dialogs.ask(Purpose::save(state), ctx),
        SAVE if workspace => actions.push(Action::Save),
        _ => {}
    }
}

/// Space plays on its release, so that a drag with Space held can pan the canvas instead.
fn space(ctx: &Context, local: &mut ShortcutsUi, actions: &mut Vec<Action>) {
    if is_taken(ctx) {
        local.space_armed = false;
        return;
    }
    let (pressed, released, moved) = ctx.input(|i| {
        let other = i.pointer.any_down() || i.modifiers.any();
        (i.key_pressed(Key::Space), i.key_released(Key::Space), other)
    });
    if pressed {
        local.space_armed = true;
    }
    if moved {
        local.space_armed = false;
    }
    if released && std::mem::take(&mut local.space_armed) {
        actions.push(Action::Transport(Transport::Toggle));
    }
}

/// Whether Space may mean something else where the keys go: the listing has no use for it.
fn is_taken(ctx: &Context) -> bool {
    ctx.memory(|memory| memory.focused()).is_some_and(|focused| focused != debug::listing_id())
}

/// Whether a text field is being typed into: it has its own undo.
fn text_has_focus(ctx: &Context) -> bool {
    let focused = ctx.memory(|memory| memory.focused());
    focused.is_some_and(|id| egui::TextEdit::load_state(ctx, id).is_some())
}

const SHEET: [(&str, &[(&str, &str)]); 7] = [
    (
        "Everywhere",
        &[
            ("Space", "play or pause"),
            ("Shift Space", "toggle full speed"),
            ("Ctrl Z", "undo"),
            ("Ctrl Shift Z, Ctrl Y", "redo"),
            ("Ctrl N", "new, empty canvas"),
            ("Ctrl O", "open a project"),
            ("Ctrl S", "save"),
            ("Ctrl Shift S", "save as"),
            ("Ctrl 1, 2, 3, 4", "Build, Debug, Compare, Code"),
            ("F4", "toggle projector view"),
            ("F1", "explain what is under the pointer or focused"),
            ("Ctrl +, Ctrl −, Ctrl 0", "window zoom"),
            ("Ctrl /", "show these shortcuts"),
        ],
    ),
    (
        "Canvas",
        &[
            ("F", "fit the network into view"),
            ("L", "tidy the layout"),
            ("Arrows", "move between cards"),
            ("Enter, U", "edit the selected card; pin its units"),
            ("W", "draw a wire from the selected card"),
            ("+, −", "add or remove a unit; on a wire, a layer"),
            ("Insert", "add a layer after the selected one"),
            ("Delete", "delete the selection"),
            ("P", "list of issues"),
            ("Ctrl C, Ctrl V", "copy, paste"),
            ("Ctrl D", "duplicate"),
            ("Ctrl A", "select all"),
            ("Ctrl G, Ctrl Shift G", "group into a Block, ungroup"),
            ("Enter, Escape", "open a Block; leave it"),
            ("Space + drag, middle drag", "pan"),
            ("Ctrl + scroll", "zoom to the pointer"),
        ],
    ),
    (
        "Panels",
        &[
            ("Tab, Shift Tab", "move between controls"),
            ("Enter", "activate; add a layer"),
            ("Escape", "leave a field, close a dialog"),
        ],
    ),
    (
        "Debug",
        &[
            ("F5", "continue, or pause"),
            ("F11", "step into: one instruction"),
            ("F10", "step over: one layer"),
            ("Shift F11", "step out: to the end of the phase"),
            ("F8", "step: to the end of the step"),
            ("Shift F10", "back one instruction"),
            ("Shift F8", "back one step"),
            ("Shift F5", "back to a breakpoint"),
            ("1, 2, 3, 4", "program, breakpoints, tensor, canvas"),
            ("5, 6, 7, 8", "watch, layers, sample, time line"),
            ("Arrows", "move between lines, values, cells, steps"),
            ("Enter, Backspace", "see where a number comes from; go back"),
            ("Ctrl B", "bookmark this moment"),
            ("Alt Left", "go back to the previous place"),
            ("F9", "breakpoint at the selected line"),
            ("Ctrl F10", "run to the selected line"),
            ("Ctrl Z", "undo the last change"),
        ],
    ),
    (
        "Compare",
        &[
            ("Up, Down", "move between runs"),
            ("Space", "overlay its curves"),
            ("Shift Up, Shift Down", "select a range of runs"),
            ("Ctrl A", "select all"),
            ("F2", "rename"),
            ("Delete", "delete (can be undone)"),
        ],
    ),
    (
        "Boxes",
        &[
            ("Drag, Shift drag", "draw a box; over another"),
            ("Delete", "delete the chosen box"),
            ("Left, Right", "previous and next picture"),
            ("1 to 9", "choose a class"),
            ("Escape", "let go of the box; close"),
        ],
    ),
    (
        "Curves",
        &[
            ("Scroll", "zoom the step axis"),
            ("Ctrl + scroll", "zoom the value axis"),
            ("Right drag", "zoom to a box"),
            ("Drag", "pan"),
            ("Double-click", "show everything"),
        ],
    ),
];

/// Of the sheet with its parts in two columns.
const WIDTH: f32 = 980.0;

pub fn sheet(ctx: &Context, local: &mut ShortcutsUi) {
    if !local.sheet_open {
        return;
    }
    let frame = super::panels::dialog_frame(&ctx.global_style());
    // Besides the parts: margins, the heading and the button.
    let room = ctx.content_rect().size() - Vec2::new(80.0, 140.0);
    let modal = Modal::new(Id::unique("shortcuts")).frame(frame).show(ctx, |ui| {
        let width = room.x.min(WIDTH);
        ui.set_width(width);
        ui.spacing_mut().interact_size.y = 18.0;
        ui.heading("Keyboard");
        let list = list_from_top(ui).max_height(room.y).min_scrolled_height(room.y);
        list.auto_shrink([false, true]).show(ui, |ui| {
            if width < WIDTH {
                return SHEET.iter().for_each(|part| part_ui(ui, part));
            }
            ui.columns_const::<2, _>(|columns| {
                let mut lines = [0; 2];
                // Each part in the column that is shorter so far.
                for part in &SHEET {
                    let shorter = usize::from(lines[1] < lines[0]);
                    lines[shorter] += part.1.len() + 2;
                    part_ui(&mut columns[shorter], part);
                }
            });
        });
        ui.add_space(8.0);
        ui.button("Close").clicked()
    });
    if modal.should_close() || modal.inner {
        local.sheet_open = false;
    }
}

fn part_ui(ui: &mut egui::Ui, (title, rows): &(&str, &[(&str, &str)])) {
    let tokens = Tokens::of(ui);
    super::widgets::section(ui, title, "");
    Grid::new(title).num_columns(2).spacing([12.0, 4.0]).min_col_width(168.0).show(ui, |ui| {
        for (keys, what) in *rows {
            ui.label(RichText::new(*keys).font(theme::mono(12.0)));
            ui.label(RichText::new(*what).color(tokens.muted));
            ui.end_row();
        }
    });
}
