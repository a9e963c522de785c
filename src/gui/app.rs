//! The window's main object: lets the session catch up, draws the screen it is on, and carries out what was asked for.

use std::sync::Arc;

use egui::{CentralPanel, Context, Frame, Panel, SurrenderFocusOn, Ui, ViewportCommand};

use super::arriving::ArrivingUi;
use super::banners;
use super::dialogs::{Dialogs, FilePicker, Leave, NativePicker};
use super::drawing::DrawingUi;
use super::new_data::NewDataUi;
use super::projector;
use super::shortcuts::{self, ShortcutsUi};
use super::theme::{self, Tokens};
use super::thumbnails::Thumbnails;
use super::toasts::{Edge, Toasts};
use super::top_bar;
use super::trial::TrialUi;
use super::welcome::{self, WelcomeUi};
use super::workspace::{self, WorkspaceUi};
use crate::persist::Theme;
use crate::session::{Action, Anchor, Event, RunAction, RunStatus, Screen, State};

pub struct App {
    pub state: State,
    welcome: WelcomeUi,
    workspace: WorkspaceUi,
    thumbnails: Thumbnails,
    dialogs: Dialogs,
    shortcuts: ShortcutsUi,
    toasts: Toasts,
    arriving: ArrivingUi,
    new_data: NewDataUi,
    drawing: DrawingUi,
    trial: TrialUi,
    /// The look that is in force, to notice when a setting changes.
    look: Option<(Theme, bool, bool, f32)>,
    /// In the window's title bar.
    title: String,
    /// The person has agreed that the window closes.
    closing: bool,
}

impl App {
    pub fn new(ctx: &Context, state: State) -> Self {
        Self::with_picker(ctx, state, Arc::new(NativePicker))
    }

    /// With another way to choose files: tests have no desktop.
    pub fn with_picker(ctx: &Context, mut state: State, picker: Arc<dyn FilePicker>) -> Self {
        super::fonts::install(ctx);
        // A field takes what was typed when a press elsewhere begins: where the press ends the field may be gone.
        ctx.options_mut(|options| {
            options.input_options.surrender_focus_on = SurrenderFocusOn::Presses;
            // The zoom is a setting: our own keys change it, so that it is kept.
            options.zoom_with_keyboard = false;
        });
        let waker = ctx.clone();
        state.set_waker(Arc::new(move || waker.request_repaint()));
        let mut app = Self {
            state,
            welcome: WelcomeUi::default(),
            workspace: WorkspaceUi::default(),
            thumbnails: Thumbnails::default(),
            dialogs: Dialogs::new(picker),
            shortcuts: ShortcutsUi::default(),
            toasts: Toasts::default(),
            arriving: ArrivingUi::default(),
            new_data: NewDataUi::default(),
            drawing: DrawingUi::default(),
            trial: TrialUi::default(),
            look: None,
            title: String::new(),
            closing: false,
        };
        app.keep_look(ctx);
        app
    }

    /// Opens the panel that this is about.
    pub(super) fn reveal(&mut self, anchor: Anchor) {
        self.workspace.reveal(anchor, &self.state.settings().panels);
    }

    /// Everything before a frame: news from the threads, the look, the wish to close.
    pub fn catch_up(&mut self, ctx: &Context) {
        let events = self.state.poll();
        self.hear(&events, ctx);
        self.keep_look(ctx);
        self.keep_title(ctx);
        if ctx.input(|i| i.viewport().close_requested()) && self.state.is_unsaved() && !self.closing {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.dialogs.ask_leave(Leave::Window);
        }
        // A run that goes on is followed; else the window sleeps until something happens.
        if self.state.run().status == RunStatus::Running {
            ctx.request_repaint_after(std::time::Duration::from_millis(16));
        }
    }

    /// Toasts and questions are made of what has happened.
    fn hear(&mut self, events: &[Event], ctx: &Context) {
        self.toasts.hear(events);
        if events.contains(&Event::ModelArrived) {
            self.arriving.report = true;
        }
        if events.contains(&Event::WantsPhoto) {
            self.dialogs.ask(super::dialogs::Purpose::OpenPhoto, ctx);
        }
        if events.contains(&Event::WantsNewData) {
            self.new_data.open();
        }
        if events.contains(&Event::PhotoArrived) {
            self.workspace.output.show_photo();
        }
        if events.contains(&Event::WantsPlace) {
            self.dialogs.ask(super::dialogs::Purpose::save(&self.state), ctx);
        }
    }

    fn keep_look(&mut self, ctx: &Context) {
        let settings = self.state.settings();
        let (theme, still, mut scale) = (settings.theme, settings.reduced_motion, settings.scale.clamp(1.0, 2.0));
        let large = self.workspace.projector.on && self.state.screen() == Screen::Workspace;
        if large {
            scale = projector::scale(scale, ctx.content_rect().size() * ctx.zoom_factor());
        }
        let look = (theme, still, large, scale);
        if self.look != Some(look) {
            if large {
                theme::apply_strong(ctx, theme, still);
            } else {
                theme::apply(ctx, theme, still);
            }
            ctx.set_zoom_factor(scale);
            self.look = Some(look);
        }
    }

    fn keep_title(&mut self, ctx: &Context) {
        let title = match self.state.screen() {
            Screen::Welcome => "Glassbox".to_owned(),
            Screen::Workspace => {
                format!("{}{} – Glassbox", if self.state.is_unsaved() { "• " } else { "" }, self.state.project().name)
            }
        };
        if self.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    pub fn draw(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let tokens = Tokens::of(ui);
        let mut actions = Vec::new();
        self.workspace.follow(&self.state);
        let (keys, own) = (&mut self.shortcuts, &mut self.workspace);
        shortcuts::handle(&ctx, &self.state, keys, own, &mut self.dialogs, &mut actions);
        let dropped = |input: &egui::InputState| input.raw.dropped_files.first().map(|file| file.path().to_path_buf());
        // A frame that is laid out twice is given the same file twice.
        if let Some(path) = ctx.input(dropped).filter(|_| ctx.current_pass_index() == 0) {
            // A log is of a run of the project that is open.
            let is_run = path.extension().is_some_and(|ending| ending == "jsonl");
            actions.push(if is_run { Action::Runs(RunAction::TakeIn(path)) } else { Action::Open(path) });
        }
        own.projector.follow(&mut own.canvas);
        own.open.follow(ui.available_width());
        let bar = Frame::new().fill(tokens.panel).inner_margin(egui::Margin::symmetric(12, 0));
        Panel::top("top bar").exact_size(top_bar::HEIGHT).resizable(false).frame(bar).show(ui, |ui| {
            let mut window = top_bar::Window {
                panels: self.workspace.open.now(),
                projector: &mut self.workspace.projector.on,
                keys: &mut self.shortcuts,
                dialogs: &mut self.dialogs,
                debug: &mut self.workspace.debug.bar,
                report: &mut self.arriving.report,
            };
            top_bar::show(ui, &self.state, &mut window, &mut actions);
        });
        match self.state.screen() {
            Screen::Welcome => {
                CentralPanel::no_frame().frame(Frame::new().fill(tokens.bg)).show(ui, |ui| {
                    let (local, thumbnails) = (&mut self.welcome, &mut self.thumbnails);
                    welcome::show(ui, &self.state, local, thumbnails, &mut self.dialogs, &mut actions);
                });
            }
            Screen::Workspace => {
                let (local, thumbnails) = (&mut self.workspace, &mut self.thumbnails);
                workspace::show(ui, &self.state, local, thumbnails, &mut self.dialogs, &mut actions);
            }
        }
        let whole = ctx.content_rect();
        let is_workspace = self.state.screen() == Screen::Workspace;
        let middle = self.workspace.middle.filter(|_| is_workspace).unwrap_or(whole);
        let middle = banners::show(&ctx, &self.state, middle, &mut actions);
        if is_workspace {
            self.arriving.show(&ctx, &self.state, &mut self.workspace.canvas, &mut actions);
        }
        if is_workspace {
            self.new_data.show(&ctx, &self.state, &mut self.dialogs, &mut actions);
            self.drawing.show(&ctx, &self.state, &mut self.dialogs, &mut actions);
            self.trial.show(&ctx, &self.state, &mut actions);
        }
        self.dialogs.show(&ctx, &self.state, &mut actions);
        self.help(&ctx, &mut actions);
        let edge = if is_workspace { Edge::Lower } else { Edge::Upper };
        let bubbles = if is_workspace { self.workspace.canvas.bubbles() } else { &[] };
        self.toasts.show(&ctx, (middle, edge), bubbles, &mut actions);
        super::widgets::refusal(&ctx);
        self.carry_out(&ctx, actions);
    }

    /// What explains the window, in front of it.
    fn help(&mut self, ctx: &Context, actions: &mut Vec<Action>) {
        let keys = &mut self.shortcuts;
        shortcuts::sheet(ctx, keys);
        keys.glossary.show(ctx);
        keys.about.show(ctx, &self.state);
        if std::mem::take(&mut self.welcome.wants_tour) {
            keys.tour.begin(&self.state, actions);
        }
        if !self.dialogs.is_open() && !keys.is_in_front() {
            keys.tour.show(ctx, &self.state, &mut self.workspace, actions);
        }
    }

    fn carry_out(&mut self, ctx: &Context, actions: Vec<Action>) {
        let busy = !actions.is_empty();
        for action in actions {
            let gives_up = Leave::is_needed_for(&action) && !self.state.keeps_project(&action);
            if gives_up && self.state.is_unsaved() {
                self.dialogs.ask_leave(Leave::For(Box::new(action)));
            } else {
                let is_template = matches!(action, Action::OpenTemplate(_));
                let events = self.state.apply(action);
                self.hear(&events, ctx);
                // The first network that a person opens is shown around.
                if is_template && !self.state.settings().tour_seen {
                    let mut first = Vec::new();
                    self.shortcuts.tour.begin(&self.state, &mut first);
                    for action in first {
                        let events = self.state.apply(action);
                        self.hear(&events, ctx);
                    }
                }
            }
        }
        match self.dialogs.take_confirmed() {
            Some(Leave::For(action)) => {
                let events = self.state.apply(*action);
                self.hear(&events, ctx);
            }
            Some(Leave::Window) => {
                self.closing = true;
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
            None if !busy => return,
            None => {}
        }
        // What was done shows in the next frame.
        ctx.request_repaint();
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.catch_up(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.state.close();
    }
}

/// The program's mark, for window managers that ask the window and not its desktop entry.
const ICON: &[u8] = include_bytes!("../../assets/icon/glassbox.png");

/// Opens the window on a session and stays until it is closed.
pub fn run(state: State) -> eframe::Result {
    let icon = eframe::icon_data::from_png_bytes(ICON).unwrap_or_default();
    let viewport = egui::ViewportBuilder::default()
        .with_icon(icon)
        .with_title("Glassbox")
        .with_app_id("glassbox")
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([1024.0, 640.0]);
    let options = eframe::NativeOptions { viewport, ..Default::default() };
    eframe::run_native("Glassbox", options, Box::new(move |creation| Ok(Box::new(App::new(&creation.egui_ctx, state)))))
}

#[cfg(test)]
#[path = "app/tests.rs"]
mod tests;
