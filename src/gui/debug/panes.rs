//! The panes of the Debug tab as panels: what each is called, where it may stand, and what it draws.

use egui::{ScrollArea, Ui};
use egui_material_icons::{MaterialIcon, icons};

use super::{breakpoints, change, layers, listing, middle, sample, time, watch};
use crate::gui::panel::{Desk, Panel};
use crate::gui::panels::{body, fixed};
use crate::gui::theme::Tokens;
use crate::gui::workspace::WorkspaceUi;
use crate::persist::Area;
use crate::session::{DataState, State, Tab};
use crate::trace::PictureWishes;

/// The parts of the tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    Program,
    Breakpoints,
    Tensor,
    Canvas,
    Watch,
    Layers,
    Sample,
    Time,
}

impl Panel for Pane {
    fn name(&self) -> &'static str {
        match self {
            Self::Program => "Program",
            Self::Breakpoints => "Breakpoints",
            Self::Tensor => "Tensor",
            Self::Canvas => "Canvas",
            Self::Watch => "Watch",
            Self::Layers => "Layers",
            Self::Sample => "Sample",
            Self::Time => "Time",
        }
    }

    fn title(&self, state: &State) -> String {
        match (self, state.debug().breakpoints.len()) {
            (Self::Breakpoints, 1..) => format!("Breakpoints {}", state.debug().breakpoints.len()),
            _ => self.name().to_owned(),
        }
    }

    fn icon(&self) -> MaterialIcon {
        match self {
            Self::Program => icons::ICON_CODE,
            Self::Breakpoints => icons::ICON_STOP_CIRCLE,
            Self::Tensor => icons::ICON_GRID_ON,
            Self::Canvas => icons::ICON_ACCOUNT_TREE,
            Self::Watch => icons::ICON_VISIBILITY,
            Self::Layers => icons::ICON_MONITOR_HEART,
            Self::Sample => icons::ICON_IMAGE_SEARCH,
            Self::Time => icons::ICON_SCHEDULE,
        }
    }

    fn key(&self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Breakpoints => "breakpoints",
            Self::Tensor => "tensor",
            Self::Canvas => "debug_canvas",
            Self::Watch => "watch",
            Self::Layers => "debug_layers",
            Self::Sample => "sample",
            Self::Time => "time",
        }
    }

    fn tab(&self) -> Tab {
        Tab::Debug
    }

    fn places(&self) -> &'static [Area] {
        match self {
            Self::Program => &[Area::Left, Area::Right],
            Self::Breakpoints => &[Area::Left, Area::Right, Area::Bottom],
            Self::Tensor => &[Area::Centre, Area::Right, Area::Left],
            // The middle is never empty.
            Self::Canvas => &[Area::Centre],
            Self::Watch | Self::Layers | Self::Sample => &[Area::Right, Area::Left, Area::Bottom],
            Self::Time => &[Area::Bottom, Area::Top],
        }
    }

    fn has_heading(&self) -> bool {
        *self == Self::Time
    }

    fn shortcut(&self) -> Option<char> {
        char::from_digit(*self as u32 + 1, 10)
    }

    fn takes_focus(&self, own: &mut WorkspaceUi) -> bool {
        match self {
            // What they show takes it, not their tab.
            Self::Program | Self::Tensor | Self::Time => false,
            Self::Breakpoints | Self::Canvas | Self::Watch | Self::Layers | Self::Sample => {
                own.debug.takes_focus(*self)
            }
        }
    }

    fn tools_width(&self, room: f32) -> f32 {
        if *self == Self::Tensor { middle::tools_width(room) } else { 0.0 }
    }

    fn tools(&self, ui: &mut Ui, desk: &mut Desk<'_>, room: f32) {
        if *self == Self::Tensor {
            middle::tools(ui, desk.state, &mut desk.own.debug, room);
        }
    }

    fn wants(&self, _state: &State, own: &WorkspaceUi, wanted: &mut PictureWishes) {
        if *self == Self::Canvas {
            own.canvas.subscribe(wanted);
        }
    }

    fn show(&self, ui: &mut Ui, desk: &mut Desk<'_>) {
        if matches!(self, Self::Tensor | Self::Canvas) {
            ui.spacing_mut().item_spacing.y = 8.0;
        }
        fixed(ui, |ui| self.contents(ui, desk));
    }
}

impl Pane {
    fn contents(self, ui: &mut Ui, desk: &mut Desk<'_>) {
        let (state, own, actions) = (desk.state, &mut *desk.own, &mut *desk.actions);
        let local = &mut own.debug;
        if self == Self::Canvas {
            return middle::canvas_ui(ui, state, local, &mut own.canvas, actions);
        }
        let Some(view) = &state.debug().view else {
            if self == Self::Program {
                nothing(ui, state);
            }
            return;
        };
        let tokens = Tokens::of(ui);
        match self {
            Self::Program => listing::show(ui, state, view, local, actions),
            Self::Breakpoints => breakpoints::show(ui, state, view, &mut local.breakpoints, actions),
            Self::Tensor => middle::tensor_ui(ui, state, local, desk.dialogs, actions),
            Self::Canvas => {}
            Self::Watch => scrolled(ui, |ui| {
                let (hover, explained) = (&mut local.hover, &local.middle.explanation);
                if let Some(element) = watch::show(ui, state, view, &mut local.watch, (hover, explained), actions) {
                    local.follow_back(view, element);
                }
                let about = (local.middle.looked.as_deref(), local.middle.chosen());
                change::show(ui, state, view, about, &mut local.change, actions);
            }),
            Self::Layers => scrolled(ui, |ui| {
                if let Some(name) = layers::show(ui, &tokens, &view.sight, &mut local.layers) {
                    local.middle.look_at(&name);
                }
            }),
            Self::Sample => scrolled(ui, |ui| {
                if let Some(name) = sample::show(ui, &tokens, &view.sight, &mut local.sample) {
                    local.middle.look_at_sample(&name, local.sample.row);
                }
            }),
            Self::Time => {
                let focus = local.takes_focus(self);
                time::show(ui, state, view, (&mut local.time, focus), actions);
            }
        }
    }
}

fn scrolled(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| body(ui, contents));
}

/// Why there is no program to be seen.
fn nothing(ui: &mut Ui, state: &State) {
    let why = state.inference().problems.first().map(|problem| problem.message.as_str());
    body(ui, |ui| {
        let usual = match state.data() {
            DataState::Ready(_) => "Preparing the run. Its program appears here in a moment.",
            _ => "The program appears here once the data is loaded.",
        };
        ui.label(why.unwrap_or(usual));
    });
}
