//! The screen where networks are built and trained: panels around the canvas. Each can be resized and hidden.

use egui::{CentralPanel, Frame, Panel, Ui};

use super::anchors;
use super::canvas::{self, CanvasUi};
use super::code::{self, CodeUi};
use super::compare::{self, CompareUi};
use super::data_panel::DataPanelUi;
use super::debug::{self, DebugUi};
use super::dialogs::Dialogs;
use super::exports;
use super::inspector::InspectorUi;
use super::output::OutputUi;
use super::palette::PaletteUi;
use super::panel::{self, Desk, Shown};
use super::panels::fixed;
use super::plots::PlotsUi;
use super::projector::{self, Projector};
use super::theme::Tokens;
use super::thumbnails::Thumbnails;
use super::top_bar::PanelsOpen;
use crate::persist::{Area, Arrangement};
use crate::session::{Action, Anchor, State, Tab};
use crate::trace::PictureWishes;

/// A window of fewer points has no room for a panel on either side of the canvas.
const NARROW: f32 = 740.0;

/// Which panels are open, in a usual window and in a narrow one: what suits the one hides the canvas in the other.
#[derive(Clone, Copy, Debug)]
pub struct Opens {
    usual: PanelsOpen,
    narrow: PanelsOpen,
    is_narrow: bool,
}

impl Default for Opens {
    fn default() -> Self {
        let usual = PanelsOpen::default();
        Self { usual, narrow: PanelsOpen { left: false, ..usual }, is_narrow: false }
    }
}

impl Opens {
    /// Called before a frame is drawn.
    pub fn follow(&mut self, width: f32) {
        self.is_narrow = width < NARROW;
    }

    pub fn now(&mut self) -> &mut PanelsOpen {
        if self.is_narrow { &mut self.narrow } else { &mut self.usual }
    }

    fn are(&self) -> PanelsOpen {
        if self.is_narrow { self.narrow } else { self.usual }
    }
}

#[derive(Default)]
pub struct WorkspaceUi {
    pub open: Opens,
    pub projector: Projector,
    /// Which panel is seen where several stand.
    pub shown: Shown,
    pub palette: PaletteUi,
    pub data: DataPanelUi,
    pub inspector: InspectorUi,
    pub canvas: CanvasUi,
    pub plots: PlotsUi,
    pub output: OutputUi,
    pub debug: DebugUi,
    pub compare: CompareUi,
    pub code: CodeUi,
    /// Where the canvas was drawn, or what the Debug tab has in its place: news floats there.
    pub middle: Option<egui::Rect>,
    /// The project that all this is about.
    project: u64,
}

impl WorkspaceUi {
    /// Before a frame. With another project everything goes that was about the one before: what was chosen, typed,
    /// scrolled to or remembered. How a person likes their panels stays.
    pub fn follow(&mut self, state: &State) {
        if self.project == state.opened() {
            return;
        }
        let before = std::mem::take(self);
        *self = Self {
            open: before.open,
            projector: before.projector.for_another_project(),
            shown: before.shown,
            plots: before.plots.for_another_project(),
            output: before.output.for_another_project(),
            debug: before.debug.for_another_project(),
            compare: before.compare.for_another_project(),
            code: before.code.for_another_project(),
            project: state.opened(),
            ..Self::default()
        };
    }
}

impl WorkspaceUi {
    /// Opens the panel that this is about, if it is hidden.
    pub fn reveal(&mut self, anchor: Anchor, arrangement: &Arrangement) {
        let Some(panel) = panel::named(anchor) else { return };
        let Some(place) = panel::place_of(panel, arrangement) else { return };
        self.shown.choose(panel.key());
        let open = self.open.now();
        match place {
            Area::Left => open.left = true,
            Area::Right => open.right = true,
            Area::LowerRight => (open.right, open.output) = (true, true),
            Area::Bottom => open.plots = true,
            Area::Top | Area::Centre => {}
        }
        self.projector.on &= !matches!(anchor, Anchor::Layers | Anchor::Data | Anchor::Inspector);
    }
}

pub fn show(
    ui: &mut Ui,
    state: &State,
    local: &mut WorkspaceUi,
    thumbnails: &mut Thumbnails,
    dialogs: &mut Dialogs,
    actions: &mut Vec<Action>,
) {
    let desk = &mut Desk { state, own: local, thumbnails, dialogs, actions, is_named: false };
    match state.tab() {
        Tab::Debug => return debug::show(ui, desk),
        Tab::Compare => {
            desk.own.middle = Some(ui.max_rect());
            compare::show(ui, desk);
        }
        Tab::Code => {
            desk.own.middle = Some(ui.max_rect());
            code::show(ui, desk);
        }
        Tab::Build if desk.own.projector.on => projector::build(ui, desk),
        Tab::Build => build(ui, desk),
    }
    exports::follow(ui.ctx(), desk);
    let wanted = all_wanted(state, desk.own);
    if wanted != *state.wanted() {
        desk.actions.push(Action::Want(wanted));
    }
}

fn build(ui: &mut Ui, desk: &mut Desk<'_>) {
    let tokens = Tokens::of(ui);
    let ground = Frame::new().fill(tokens.panel);
    let (width, height) = (ui.available_width(), ui.available_height());
    // A size that was chosen in a large window would leave nothing to the canvas in a small one: each has its own.
    let low = height < 720.0;
    let (class, left_width, right_width) = match width {
        w if w < 900.0 => (0, 176.0, 224.0),
        w if w < 1200.0 => (1, 208.0, 264.0),
        _ => (2, 232.0, 312.0),
    };
    if let Some(panel) = desk.own.canvas.take_wish_for_panel() {
        desk.own.reveal(panel, &desk.state.settings().panels);
        if panel == Anchor::Inspector {
            desk.own.inspector.show_training();
        }
    }
    // Which are open is changed by dragging an edge, while the panels have the desk.
    let mut open = desk.own.open.are();

    let arrangement = &desk.state.settings().panels;
    let stands = |place: Area| !panel::at(arrangement, Tab::Build, place).is_empty();
    let [at_left, at_right, lower_right, at_bottom] =
        [Area::Left, Area::Right, Area::LowerRight, Area::Bottom].map(stands);
    if at_left {
        let left = Panel::left(("left", class)).frame(ground).default_size(left_width);
        left.size_range(176.0..=(width * 0.3).max(176.0)).show_collapsible(ui, &mut open.left, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            panel::show(ui, Tab::Build, &[Area::Left], desk);
        });
    }
    if at_right || lower_right {
        let right = Panel::right(("right", class)).frame(ground).default_size(right_width);
        right.size_range(224.0..=(width * 0.4).max(224.0)).show_collapsible(ui, &mut open.right, |ui| {
            if at_right && lower_right {
                let below = Panel::bottom(("output", low))
                    .frame(ground)
                    .default_size((height * if low { 0.44 } else { 0.36 }).min(312.0));
                below.resizable(true).size_range(150.0..=(height * 0.65)).show_collapsible(
                    ui,
                    &mut open.output,
                    |ui| {
                        fixed(ui, |ui| panel::show(ui, Tab::Build, &[Area::LowerRight], desk));
                    },
                );
            }
            let upper = if at_right { Area::Right } else { Area::LowerRight };
            CentralPanel::no_frame().show(ui, |ui| panel::show(ui, Tab::Build, &[upper], desk));
        });
    }
    if at_bottom {
        let bottom = Panel::bottom(("plots", low)).frame(ground).default_size((height * 0.36).min(312.0));
        bottom.resizable(true).size_range(120.0..=(height * 0.65)).show_collapsible(ui, &mut open.plots, |ui| {
            fixed(ui, |ui| panel::show(ui, Tab::Build, &[Area::Bottom], desk));
        });
    }

    *desk.own.open.now() = open;
    CentralPanel::no_frame().frame(Frame::new().fill(tokens.canvas)).show(ui, |ui| {
        desk.own.middle = Some(ui.max_rect());
        super::help::bound(ui);
        anchors::put_at(ui, Anchor::Canvas, ui.max_rect());
        canvas::show(ui, desk.state, &mut desk.own.canvas, desk.actions);
    });
}

/// What is on the screen and should be pictured, as all panels together want it.
fn all_wanted(state: &State, local: &WorkspaceUi) -> PictureWishes {
    let mut wanted = PictureWishes { sample: state.wanted().sample, ..PictureWishes::default() };
    if state.tab() == Tab::Compare {
        for place in [Area::Top, Area::Bottom, Area::Centre, Area::Right] {
            panel::wants(Tab::Compare, &[place], state, local, &mut wanted);
        }
        return wanted;
    }
    if state.tab() == Tab::Code {
        return wanted;
    }
    if local.projector.on {
        for panel in projector::PANELS {
            panel.wants(state, local, &mut wanted);
        }
        wanted.canvas = true;
        local.canvas.subscribe(&mut wanted);
        return wanted;
    }
    let open = local.open.are();
    let alone = panel::at(&state.settings().panels, Tab::Build, Area::Right).is_empty();
    let places = [
        (Area::Left, open.left),
        (Area::LowerRight, open.right && (open.output || alone)),
        (Area::Right, open.right),
        (Area::Bottom, open.plots),
    ];
    for (place, _) in places.into_iter().filter(|(_, is_open)| *is_open) {
        panel::wants(Tab::Build, &[place], state, local, &mut wanted);
    }
    wanted.canvas = true;
    local.canvas.subscribe(&mut wanted);
    wanted
}
