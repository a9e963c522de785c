//! The node canvas: cards, ports, wires, and everything that can be done with them by mouse and keyboard.
//!
//! Our own on egui: painted in screen space with scaled font sizes (crisp at every zoom); every card, port and wire is
//! an `interact` rectangle with an accessible name. It reads the [`State`] and pushes [`Action`]s; it keeps only where
//! one looks and what the hand is doing. It does not decide what is valid: shapes and problems come from
//! [`crate::model::infer`].

mod cards;
mod connecting;
mod drop;
mod export;
mod findings;
mod geometry;
mod health;
mod keys;
mod links;
mod looking;
mod menus;
mod minimap;
mod overlays;
mod params;
mod phases;
mod ports;
mod previews;
mod problems;
mod select;
mod steps;
mod view;
mod wires;
mod wiring;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use egui::{Align2, Color32, FontId, Id, Painter, Pos2, Rect, Sense, vec2};

use super::figure::{self, Take};
use super::number_editor::NumberEditor;
use super::theme::Tokens;
use crate::model::{Graph, LayerId, Wire, WireId};
use crate::session::{Action, Anchor, State};
use crate::trace::PictureWishes;
pub use export::sheet;
use geometry::CardLayout;
use looking::Framing;
pub use looking::Looks;
use view::View;

/// What the canvas keeps for itself.
pub struct CanvasUi {
    /// A layer to be looked at.
    pub wanted: Option<LayerId>,
    /// What lies over the canvas from its left side ends here.
    pub covered: f32,
    view: View,
    /// Show everything at the next frame.
    fit: bool,
    /// The view as it was last set here, and why; one that has changed since was changed by hand.
    framed: (View, Framing),
    /// The canvas's size in the last frame.
    size: egui::Vec2,
    /// A project was opened, or has outgrown its view: find one for it.
    opened: bool,
    /// Which project it was in the last frame: [`State::opened`].
    project: u64,
    /// Cards were in the hand in the last frame.
    was_moving: bool,
    /// What was drawn in the last frame, to notice another project and new cards.
    seen: Graph,
    /// The Block that was open in the last frame.
    inside: Option<LayerId>,
    /// Where one looked when a Block was opened or left.
    looks: BTreeMap<Option<LayerId>, Looks>,
    gesture: Gesture,
    textures: previews::Textures,
    space_panned: bool,
    /// The next frame gives the first parameter of this layer the keyboard.
    focus: Option<LayerId>,
    /// The keyboard was a field's, a list's or a dialog's in the last frame.
    was_busy: bool,
    /// The unit under the pointer, to be shown large in the Output panel.
    pub hovered_unit: Option<(LayerId, usize)>,
    /// The unit that stays there.
    pub pinned_unit: Option<(LayerId, usize)>,
    hovered_wire: Option<WireId>,
    /// The card whose plus or minus is under the pointer, as it was when that came: it stays under it.
    held: Option<(LayerId, Rect)>,
    /// Cards that show all their units.
    unfolded: BTreeSet<LayerId>,
    /// Layers whose weights are lines.
    linked: Vec<LayerId>,
    /// Where one of them is set, and which.
    editor: NumberEditor,
    edited: Option<links::WeightAt>,
    offer: Option<wiring::Offer>,
    /// Where a wire may lead that is drawn by keyboard.
    connecting: Option<connecting::Connecting>,
    /// Where the cards in sight are on the screen.
    placed: BTreeMap<LayerId, Rect>,
    /// Where the context menu was opened, in the graph's points.
    menu_at: Pos2,
    /// Where the controls that float over the canvas stood in the last frame: nothing else covers them.
    floating: Vec<Rect>,
    /// Where the words about problems are.
    bubbles: Vec<Rect>,
    /// The list of what needs a look is to open or to close, and is to have the keyboard.
    list_asked: bool,
    list_focus: bool,
    /// A panel is to be shown: where something was found that is not on the canvas.
    panel_asked: Option<Anchor>,
    /// The finding whose rule is explained.
    explained: Option<[String; 2]>,
    pub export: Option<Take>,
}

impl Default for CanvasUi {
    fn default() -> Self {
        Self {
            wanted: None,
            covered: 0.0,
            view: View::default(),
            fit: false,
            framed: (View::default(), Framing::default()),
            size: egui::Vec2::ZERO,
            opened: true,
            project: 0,
            was_moving: false,
            seen: Graph::default(),
            inside: None,
            looks: BTreeMap::new(),
            gesture: Gesture::Idle,
            textures: previews::Textures::default(),
            space_panned: false,
            focus: None,
            was_busy: false,
            hovered_unit: None,
            pinned_unit: None,
            hovered_wire: None,
            held: None,
            unfolded: BTreeSet::new(),
            linked: Vec::new(),
            editor: NumberEditor::default(),
            edited: None,
            offer: None,
            connecting: None,
            placed: BTreeMap::new(),
            menu_at: Pos2::ZERO,
            floating: Vec::new(),
            bubbles: Vec::new(),
            list_asked: false,
            list_focus: false,
            panel_asked: None,
            explained: None,
            export: None,
        }
    }
}

impl CanvasUi {
    /// Whether the Space that is now being released held the canvas for panning: then it is not play/pause.
    pub fn space_was_used_for_pan(&self) -> bool {
        self.space_panned
    }

    /// Asks for what the canvas shows: previews, and the weights that are lines.
    pub fn subscribe(&self, wanted: &mut PictureWishes) {
        wanted.canvas = true;
        wanted.unfolded = self.unfolded.iter().copied().collect();
        for &layer in &self.linked {
            if !wanted.layers.contains(&layer) {
                wanted.layers.push(layer);
            }
        }
    }

    /// Where a layer's card is on the screen, if it is in sight.
    pub fn card(&self, layer: LayerId) -> Option<Rect> {
        self.placed.get(&layer).copied()
    }

    /// Where all of them stand.
    pub fn cards(&self) -> impl Iterator<Item = Rect> {
        self.placed.values().copied()
    }

    /// What must be read and pressed, and is not to be covered.
    pub fn bubbles(&self) -> &[Rect] {
        &self.bubbles
    }

    /// The panel that was asked for since the last time.
    pub fn take_wish_for_panel(&mut self) -> Option<Anchor> {
        self.panel_asked.take()
    }

    /// The unit that the Output panel shows: the one under the pointer, else the pinned one.
    pub fn shown_unit(&self) -> Option<(LayerId, usize)> {
        self.hovered_unit.or(self.pinned_unit)
    }

    /// Shows the whole graph at the next frame.
    pub fn fit(&mut self) {
        self.fit = true;
    }
}

/// Below this zoom cards are brief.
const DETAIL: f32 = 0.62;
/// The smallest size, on the screen, of what must be read.
const LEGIBLE: f32 = 9.5;

/// What the hand is doing.
#[derive(Debug, Default)]
enum Gesture {
    #[default]
    Idle,
    Pan,
    /// From this corner, in the graph's points.
    Box {
        from: Pos2,
    },
    Move(select::Moving),
    Wire(wiring::Loose),
}

/// What all parts of the canvas draw with, for one frame.
struct Frame<'a> {
    state: &'a State,
    graph: &'a Graph,
    view: View,
    /// The canvas on the screen.
    rect: Rect,
    tokens: Tokens,
    painter: Painter,
    /// Cards that may be on the screen.
    cards: BTreeMap<LayerId, CardLayout>,
    /// Every wire with its curve on the screen.
    curves: Vec<(Wire, [Pos2; 4])>,
    /// egui's style at this zoom, for the parameters on the cards.
    style: Arc<egui::Style>,
}

impl Frame<'_> {
    fn at(&self, point: Pos2) -> Pos2 {
        self.view.to_screen(self.rect, point)
    }

    fn on_screen(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.at(rect.min), self.at(rect.max))
    }

    fn graph_point(&self, screen: Pos2) -> Pos2 {
        self.view.to_graph(self.rect, screen)
    }

    /// A length at 100 %, on the screen.
    fn scaled(&self, length: f32) -> f32 {
        length * self.view.zoom
    }

    /// Below this zoom words are specks: cards then show only their name and their picture.
    fn has_detail(&self) -> bool {
        self.view.zoom >= DETAIL
    }

    /// Whether so many cards are in sight that only those in use can have live controls.
    fn is_crowded(&self) -> bool {
        self.cards.len() > 48
    }

    /// A font of this size at 100 %. Sizes go in quarter points, so that zooming does not fill the glyph atlas.
    fn font(&self, font: FontId) -> FontId {
        FontId { size: ((font.size * self.view.zoom * 4.0).round() / 4.0).max(1.0), family: font.family }
    }

    /// One line of text that ends in an ellipsis where the room (on the screen) ends.
    fn elided(&self, left_middle: Pos2, text: &str, font: FontId, colour: Color32, room: f32) {
        self.elided_in(left_middle, text, self.font(font), colour, room);
    }

    /// The same in a font for the screen.
    fn elided_in(&self, left_middle: Pos2, text: &str, font: FontId, colour: Color32, room: f32) {
        let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, colour);
        job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(0.0));
        let galley = self.painter.layout_job(job);
        let at = Align2::LEFT_CENTER.anchor_size(left_middle, galley.size()).min;
        self.painter.galley(at, galley, colour);
    }

    /// As [`Self::font`] for what must be read at every zoom: names and shapes.
    fn legible(&self, font: FontId) -> FontId {
        let scaled = self.font(font);
        FontId { size: scaled.size.max(LEGIBLE), ..scaled }
    }

    fn text(&self, at: Pos2, anchor: Align2, text: impl ToString, font: FontId, colour: Color32) -> Rect {
        self.painter.text(at, anchor, text, self.font(font), colour)
    }
}

/// A stable id for a part of the canvas.
fn id(part: &str, key: impl std::hash::Hash + std::fmt::Debug) -> Id {
    Id::unique(("canvas", part, key))
}

/// Draws the canvas into what is left of `ui` and pushes what was done to it.
pub fn show(ui: &mut egui::Ui, state: &State, local: &mut CanvasUi, actions: &mut Vec<Action>) {
    let rect = ui.available_rect_before_wrap();
    ui.allocate_rect(rect, Sense::hover());
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt("canvas").max_rect(rect));
    child.set_clip_rect(rect.intersect(ui.clip_rect()));
    let ui = &mut child;
    let background = ui.interact(rect, id("background", 0), Sense::click_and_drag());
    name(&background, egui::Role::Canvas, "canvas");
    looking::around(ui, rect, &background, state, local);
    let level = state.project().graph.level(state.inside());
    let mut frame = Frame {
        state,
        graph: &level,
        view: local.view,
        rect,
        tokens: Tokens::of(ui),
        painter: ui.painter().clone(),
        cards: BTreeMap::new(),
        curves: Vec::new(),
        style: params::style(ui, local.view.zoom),
    };
    local.textures.refresh(ui.ctx(), state, &frame.tokens);
    frame.cards = cards::layouts(&frame, local);
    local.held = steps::held(ui, &frame, local);
    frame.curves = wires::curves(&frame);
    local.placed = frame.cards.iter().map(|(layer, card)| (*layer, frame.on_screen(card.rect))).collect();
    let frame = &frame;
    let on_paper = figure::is_paper(ui);
    if !on_paper {
        overlays::grid(frame);
    }
    wires::show(ui, frame, local, &background, actions);
    cards::show(ui, frame, local, actions);
    ports::show(ui, frame, local, actions);
    links::show(ui, frame, local);
    if on_paper {
        return;
    }
    steps::layers(ui, frame, local, actions);
    select::show(ui, frame, local, &background, actions);
    wiring::show(ui, frame, local, actions);
    connecting::show(ui, frame, local, actions);
    drop::show(ui, frame, local, actions);
    problems::bubbles(ui, frame, local, actions);
    local.floating.clear();
    overlays::show(ui, frame, local, actions);
    minimap::show(ui, frame, local);
    menus::background(&background, frame, local, actions);
    keys::handle(ui, frame, local, actions);
    local.editor.show(ui.ctx(), state, actions);
}

/// Out of a Block to where its card is.
fn leave(state: &State, block: LayerId) -> Action {
    Action::OpenBlock(state.project().graph.layer(block).and_then(|layer| layer.inside))
}

/// Where the hand is, or where it let go in this frame: on a slow machine the pointer may have gone on since.
fn hand(ui: &egui::Ui) -> Option<Pos2> {
    let release = |event: &egui::Event| match event {
        egui::Event::PointerButton { pos, button: egui::PointerButton::Primary, pressed: false, .. } => Some(*pos),
        _ => None,
    };
    ui.input(|i| i.events.iter().rev().find_map(release).or_else(|| i.pointer.interact_pos()))
}

/// Gives a thing on the canvas its accessible name.
fn name(response: &egui::Response, role: egui::Role, label: impl Into<String>) {
    let label = label.into();
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, &label));
}

/// A soft halo around a rectangle: glows and shadows.
fn halo(frame: &Frame<'_>, rect: Rect, radius: f32, colour: Color32) {
    let shadow = egui::Shadow {
        offset: [0, frame.scaled(4.0).round() as i8],
        blur: frame.scaled(14.0).round().clamp(0.0, 255.0) as u8,
        spread: 0,
        color: colour,
    };
    frame.painter.add(shadow.as_shape(rect, egui::CornerRadius::from(frame.scaled(radius))));
}

/// Room for a label of this size around a centre.
fn around(centre: Pos2, size: egui::Vec2, padding: [f32; 2]) -> Rect {
    Rect::from_center_size(centre, size + 2.0 * vec2(padding[0], padding[1]))
}
