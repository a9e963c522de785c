//! The screen where networks are built and trained: panels around the canvas. Each can be resized and hidden.

use egui::{CentralPanel, Frame, Panel, Ui};

use super::canvas::{self, CanvasUi};
use super::compare::{self, CompareUi};
use super::data_panel::{self, DataPanelUi};
use super::debug::{self, DebugUi};
use super::dialogs::Dialogs;
use super::inspector::{self, InspectorUi};
use super::output::{self, OutputUi};
use super::palette::{self, PaletteUi};
use super::panels::{fixed, header};
use super::plots::{self, PlotsUi};
use super::theme::Tokens;
use super::thumbnails::Thumbnails;
use super::top_bar::PanelsOpen;
use super::widgets::tab_strip;
use crate::session::{Action, State, Tab};
use crate::trace::Watch;

#[derive(Default)]
pub struct WorkspaceUi {
    pub open: PanelsOpen,
    left: Left,
    palette: PaletteUi,
    data: DataPanelUi,
    inspector: InspectorUi,
    canvas: CanvasUi,
    plots: PlotsUi,
    output: OutputUi,
    pub debug: DebugUi,
    compare: CompareUi,
    /// Where the canvas was drawn, or what the Debug tab has in its place: news floats there.
    pub middle: Option<egui::Rect>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    #[default]
    Layers,
    Data,
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut WorkspaceUi,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    if state.tab == Tab::Debug {
        let middle = debug::show(ui, state, &mut local.debug, &mut local.canvas, dialogs, actions);
        local.middle = Some(middle);
        return;
    }
    if state.tab == Tab::Compare {
        local.middle = Some(ui.max_rect());
        compare::show(ui, state, &mut local.compare, dialogs, actions);
        let mut wanted = Watch { sample: state.watch.sample, ..Watch::default() };
        local.compare.subscribe(state, &mut wanted);
        if wanted != state.watch {
            actions.push(Action::Watch(wanted));
        }
        return;
    }
    let tokens = Tokens::of(ui);
    let panel = Frame::new().fill(tokens.panel);
    let (width, height) = (ui.available_width(), ui.available_height());
    // A size that was chosen in a large window would leave nothing to the canvas in a small one: each has its own.
    let low = height < 720.0;
    let (class, left_width, right_width) = match width {
        w if w < 900.0 => (0, 176.0, 224.0),
        w if w < 1200.0 => (1, 208.0, 264.0),
        _ => (2, 232.0, 312.0),
    };

    let left = Panel::left(("left", class)).frame(panel).default_size(left_width);
    left.size_range(176.0..=(width * 0.3).max(176.0)).show_collapsible(ui, &mut local.open.left, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        // Fields of the tab that is left take what was typed into them.
        let tab = local.left;
        header(ui, |ui| tab_strip(ui, &mut local.left, &[(Left::Layers, "Layers"), (Left::Data, "Data")]));
        match tab {
            Left::Layers => palette::show(ui, state, &mut local.palette, actions),
            Left::Data => data_panel::show(ui, state, &mut local.data, thumbnails, dialogs, actions),
        }
    });

    let right = Panel::right(("right", class)).frame(panel).default_size(right_width);
    right.size_range(224.0..=(width * 0.4).max(224.0)).show_collapsible(ui, &mut local.open.right, |ui| {
        let below = Panel::bottom(("output", low))
            .frame(panel)
            .default_size((height * if low { 0.44 } else { 0.36 }).min(312.0));
        below.size_range(140.0..=(height * 0.65)).show_collapsible(ui, &mut local.open.output, |ui| {
            fixed(ui, |ui| output::show(ui, state, &mut local.output, local.canvas.hovered_unit, actions));
        });
        CentralPanel::no_frame().show(ui, |ui| inspector::show(ui, state, &mut local.inspector, actions));
    });

    let bottom = Panel::bottom(("plots", low)).frame(panel).default_size((height * 0.36).min(312.0));
    bottom.size_range(120.0..=(height * 0.65)).show_collapsible(ui, &mut local.open.plots, |ui| {
        fixed(ui, |ui| plots::show(ui, state, &mut local.plots, actions));
    });

    CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        local.middle = Some(ui.max_rect());
        canvas::show(ui, state, &mut local.canvas, actions);
    });

    let wanted = wanted_watch(state, local);
    if wanted != state.watch {
        actions.push(Action::Watch(wanted));
    }
}

/// What is on the screen and should be pictured, as all panels together want it.
fn wanted_watch(state: &State, local: &WorkspaceUi) -> Watch {
    let mut watch = Watch { canvas: true, layers: Vec::new(), output: false, sample: state.watch.sample };
    if local.open.right {
        if local.open.output {
            local.output.subscribe(&mut watch);
        }
        watch.layers.extend(state.selection.only());
    }
    if local.open.plots {
        local.plots.subscribe(&mut watch);
    }
    local.canvas.subscribe(&mut watch);
    watch
}
