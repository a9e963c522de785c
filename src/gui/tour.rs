//! A tour of the window: a bubble at one real control after the other, each with a sentence. The window stays usable
//! meanwhile.

use egui::{
    Area, Context, Frame, Id, Key, Label, Modifiers, Order, Pos2, Rect, RichText, Role, Stroke, StrokeKind, Vec2,
};

use super::anchors;
use super::theme::{self, Tokens};
use super::widgets::accent_button;
use super::workspace::{Opens, WorkspaceUi};
use crate::session::{Action, Anchor, Screen, State, Tab};

struct Stop {
    anchor: Anchor,
    title: &'static str,
    words: &'static str,
}

const fn stop(anchor: Anchor, title: &'static str, words: &'static str) -> Stop {
    Stop { anchor, title, words }
}

const STOPS: [Stop; 9] = [
    stop(
        Anchor::Canvas,
        "The network",
        "Each card is a layer. The lines carry numbers from one layer to the next, from the data on the left to the \
            loss on the right.",
    ),
    stop(
        Anchor::Play,
        "Play trains it",
        "The network predicts, learns how wrong it was and adjusts its weights a little, over and over. Try it now, or \
            press the space bar.",
    ),
    stop(
        Anchor::Speed,
        "Speed",
        "On the left, slow enough to follow each step; on the right, as fast as your computer can. Shift Space toggles \
            full speed.",
    ),
    stop(
        Anchor::Output,
        "What it predicts",
        "The network's predictions as it learns. The background shows what it predicts, the points are samples in \
            their true colour.",
    ),
    stop(
        Anchor::Plots,
        "How well it is doing",
        "The loss says how wrong the network is, and should fall. The validation curve is measured on samples it never \
            trains on: that's the one that counts.",
    ),
    stop(
        Anchor::Data,
        "Data",
        "Change what the network learns from: more noise, fewer samples, another pattern, or your own table.",
    ),
    stop(
        Anchor::Layers,
        "More layers",
        "Drag a layer onto a line to insert it, or double-click it to append it. Ctrl Z undoes anything.",
    ),
    stop(
        Anchor::Inspector,
        "Settings",
        "The settings of whatever you select on the canvas appear here. Training has the learning rate and the rest. \
            You can change them while the network trains.",
    ),
    stop(
        Anchor::Menu,
        "Help is one key away",
        "F1 explains whatever is under the pointer. This menu has the glossary, all keyboard shortcuts and this tour.",
    ),
];

#[derive(Default)]
pub struct TourUi {
    at: Option<usize>,
    /// Frames since it went there: what was hidden takes one to come.
    waited: u8,
    /// The panels that were open before it began: they are again when it ends.
    before: Option<Opens>,
    /// Of the bubble, as it was drawn last.
    size: Vec2,
}

/// After so many frames without it a control is not on this screen.
const PATIENCE: u8 = 5;
const WIDTH: f32 = 304.0;
const GAP: f32 = 12.0;

impl TourUi {
    /// Begins on the project that is open, or on the first template.
    pub fn begin(&mut self, state: &State, actions: &mut Vec<Action>) {
        (self.at, self.waited) = (Some(0), 0);
        if state.screen() == Screen::Welcome {
            actions.push(match state.project().graph.is_empty() {
                true => Action::OpenTemplate("spiral".into()),
                false => Action::ShowWorkspace,
            });
        }
        actions.push(Action::TourSeen);
    }

    pub fn is_open(&self) -> bool {
        self.at.is_some()
    }

    /// Its keys, before anything else gets them; not while a field or a button has the focus.
    pub fn keys(&mut self, ctx: &Context, state: &State) {
        if state.screen() == Screen::Welcome {
            self.at = None;
        }
        if self.at.is_none() || ctx.egui_wants_keyboard_input() {
            return;
        }
        let pressed = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        if pressed(Key::Enter) || pressed(Key::ArrowRight) {
            self.go(1);
        } else if pressed(Key::ArrowLeft) {
            self.go(-1);
        } else if pressed(Key::Escape) {
            self.at = None;
        }
    }

    fn go(&mut self, by: isize) {
        let next = self.at.and_then(|at| if at == 0 && by < 0 { Some(0) } else { at.checked_add_signed(by) });
        (self.at, self.waited) = (next.filter(|next| *next < STOPS.len()), 0);
    }

    /// Shows what the stop is about and draws its bubble. A control that this screen does not have is passed over.
    pub fn show(&mut self, ctx: &Context, state: &State, workspace: &mut WorkspaceUi, actions: &mut Vec<Action>) {
        let Some(at) = self.at else {
            workspace.open = self.before.take().unwrap_or(workspace.open);
            return;
        };
        self.before.get_or_insert(workspace.open);
        let stop = &STOPS[at];
        if state.tab() != Tab::Build {
            actions.push(Action::ShowTab(Tab::Build));
        }
        workspace.reveal(stop.anchor, &state.settings().panels);
        let Some(target) = anchors::find(ctx, stop.anchor) else {
            self.waited += 1;
            if self.waited > PATIENCE {
                self.go(1);
            }
            ctx.request_repaint();
            return;
        };
        let screen = ctx.content_rect();
        let size = if self.size == Vec2::ZERO { Vec2::new(WIDTH, 150.0) } else { self.size };
        let (place, side) = place(target, size, screen);
        let tokens = Tokens::of_ctx(ctx);
        mark(ctx, &tokens, target, place, size, side);
        let area = Area::new(Id::unique("tour")).order(Order::Foreground).fixed_pos(place).constrain(true);
        let inside = area.show(ctx, |ui| {
            let frame = Frame::popup(ui.style()).inner_margin(14).stroke(Stroke::new(1.0, tokens.accent));
            frame.show(ui, |ui| {
                ui.set_width(WIDTH.min(screen.width() - 48.0) - 28.0);
                self.contents(ui, &tokens, at)
            })
        });
        let size = inside.response.rect.size();
        if size != self.size {
            self.size = size;
            ctx.request_repaint();
        }
    }

    fn contents(&mut self, ui: &mut egui::Ui, tokens: &Tokens, at: usize) {
        let stop = &STOPS[at];
        ui.horizontal(|ui| {
            ui.label(RichText::new(stop.title).font(theme::medium(14.0)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let count = format!("{} of {}", at + 1, STOPS.len());
                let label = ui.label(RichText::new(&count).size(11.0).color(tokens.faint));
                label.widget_info(|| egui::WidgetInfo::labeled(Role::Status, true, format!("Tour: {count}")));
            });
        });
        ui.add(Label::new(RichText::new(stop.words).color(tokens.muted)).wrap());
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let is_last = at + 1 == STOPS.len();
            let next = accent_button(ui, true, if is_last { "Done" } else { "Next" });
            if next.on_hover_text("Enter or →").clicked() {
                self.go(1);
            }
            if at > 0 && ui.button("Back").on_hover_text("←").clicked() {
                self.go(-1);
            }
            if !is_last {
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let help = "Or press Escape. You can start the tour again from the menu.";
                    if ui.add(egui::Button::new("Skip the tour").frame(false)).on_hover_text(help).clicked() {
                        self.at = None;
                    }
                });
            }
        });
    }
}

/// Where a bubble stands to what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Below,
    Above,
    Right,
    Left,
    /// There is no room beside it.
    Inside,
}

/// The upper left corner of a bubble of this size: beside its target, and all of it on the screen.
fn place(target: Rect, size: Vec2, screen: Rect) -> (Pos2, Side) {
    let room = screen.shrink(8.0);
    let centred = target.center() - size / 2.0;
    let sides = [
        (Side::Below, Pos2::new(centred.x, target.bottom() + GAP)),
        (Side::Above, Pos2::new(centred.x, target.top() - GAP - size.y)),
        (Side::Right, Pos2::new(target.right() + GAP, centred.y)),
        (Side::Left, Pos2::new(target.left() - GAP - size.x, centred.y)),
    ];
    let within = |corner: Pos2| {
        let last = (room.max - size).max(room.min);
        Pos2::new(corner.x.clamp(room.left(), last.x), corner.y.clamp(room.top(), last.y))
    };
    let beside = sides.into_iter().map(|(side, corner)| (within(corner), side));
    let free = |corner: Pos2| !Rect::from_min_size(corner, size).intersects(target);
    beside.clone().find(|(corner, _)| free(*corner)).unwrap_or((within(centred), Side::Inside))
}

/// A line around the target, and a corner of the bubble that points at it.
fn mark(ctx: &Context, tokens: &Tokens, target: Rect, place: Pos2, size: Vec2, side: Side) {
    let painter = ctx.layer_painter(egui::LayerId::new(Order::Foreground, Id::unique("tour mark")));
    let grown = target.expand(3.0).intersect(ctx.content_rect().shrink(2.0));
    painter.rect_stroke(grown, 8.0, Stroke::new(2.0, tokens.accent), StrokeKind::Inside);
    let bubble = Rect::from_min_size(place, size);
    let along_x = |y: f32| Pos2::new(target.center().x.clamp(bubble.left() + 18.0, bubble.right() - 18.0), y);
    let along_y = |x: f32| Pos2::new(x, target.center().y.clamp(bubble.top() + 18.0, bubble.bottom() - 18.0));
    let (tip, out) = match side {
        Side::Below => (along_x(bubble.top()), Vec2::UP),
        Side::Above => (along_x(bubble.bottom()), Vec2::DOWN),
        Side::Right => (along_y(bubble.left()), Vec2::LEFT),
        Side::Left => (along_y(bubble.right()), Vec2::RIGHT),
        Side::Inside => return,
    };
    let across = out.rot90() * 7.0;
    let triangle = vec![tip + across, tip - across, tip + out * 8.0];
    painter.add(egui::Shape::convex_polygon(triangle, tokens.accent, Stroke::NONE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bubble_is_beside_its_target_and_all_of_it_on_the_screen() {
        let size = Vec2::new(304.0, 150.0);
        for screen in [Vec2::new(1440.0, 900.0), Vec2::new(1024.0, 640.0), Vec2::new(512.0, 320.0)] {
            let screen = Rect::from_min_size(Pos2::ZERO, screen);
            for (x, y, w, h) in [
                (0.0, 0.0, 0.04, 0.06),
                (0.9, 0.0, 0.1, 0.06),
                (0.0, 0.1, 0.15, 0.9),
                (0.8, 0.6, 0.2, 0.4),
                (0.15, 0.1, 0.65, 0.5),
                (0.15, 0.6, 0.65, 0.4),
                (0.0, 0.0, 1.0, 1.0),
            ] {
                let whole = screen.size();
                let target =
                    Rect::from_min_size(Pos2::new(x * whole.x, y * whole.y), Vec2::new(w * whole.x, h * whole.y));
                let (corner, side) = place(target, size, screen);
                let bubble = Rect::from_min_size(corner, size);
                assert!(screen.contains_rect(bubble), "{bubble:?} for {target:?} in {screen:?}");
                assert!(side == Side::Inside || !bubble.intersects(target), "{bubble:?} covers {target:?}");
            }
        }
    }
}
