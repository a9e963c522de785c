//! The picture that is drawn on.

use egui::{
    Align2, Color32, CursorIcon, Id, Painter, PointerButton, Pos2, Rect, Response, Stroke, StrokeKind, TextureOptions,
    Ui, Vec2,
};

use super::{DrawingUi, View};
use crate::data::Colours;
use crate::gui::textures::cached;
use crate::gui::theme::{self, Tokens};
use crate::model::DrawnBox;
use crate::model::boxes::Extent;

/// How near an edge is taken hold of, in points.
const GRIP: f32 = 7.0;
/// Sides, in points, below which a box that is drawn or resized was only a slip.
const SLIP: f32 = 4.0;
const HANDLE: f32 = 7.0;
/// Around the picture, so that what lies at its edge can be taken hold of.
const EDGE: f32 = 4.0;
/// The nearest one can come.
const ZOOM: f32 = 16.0;

/// What is dragged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Held {
    /// `None`: a new box.
    at: Option<usize>,
    before: Extent,
    grip: Grip,
    /// In fractions of the picture.
    from: [f32; 2],
}

/// By which edges: across and down -1 for the lower one, 1 for the upper one, 0 for neither; both 0: as a whole.
type Grip = [i8; 2];

/// What has been done.
pub(super) enum Done {
    Chosen(Option<usize>),
    Drawn(Extent),
    Changed(usize, Extent, &'static str),
}

pub(super) fn show(
    ui: &mut Ui,
    view: &View<'_>,
    local: &mut DrawingUi,
    area: Rect,
    response: &Response,
) -> Option<Done> {
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(area);
    painter.rect_filled(area, 6.0, tokens.canvas);
    let name = format!("Picture {}", view.picture.name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
    let colours = match &view.drawing.shown {
        Some(Ok(colours)) => colours,
        Some(Err(why)) => {
            let why = painter.layout(why.clone(), theme::regular(13.0), tokens.bad, area.width() - 40.0);
            painter.galley(area.center() - why.size() / 2.0, why, tokens.bad);
            return None;
        }
        None => {
            let at = area.center();
            painter.text(at, Align2::CENTER_CENTER, "Reading …", theme::regular(13.0), tokens.faint);
            return None;
        }
    };
    local.sight.follow(ui, area, colours, response);
    let image = local.sight.place(area, colours);
    paint_colours(ui, &painter, image, (colours, view.drawing.version));
    let done = handle(ui, view, local, image, response);
    paint_boxes(ui, &painter, &tokens, (view, local), image, response);
    done
}

/// What of the picture is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sight {
    /// 1: all of it.
    pub zoom: f32,
    /// What lies in the middle, in fractions of the picture.
    centre: [f32; 2],
}

impl Default for Sight {
    fn default() -> Self {
        Self { zoom: 1.0, centre: [0.5; 2] }
    }
}

impl Sight {
    /// The wheel comes nearer to what is pointed at; a drag with the middle button moves.
    fn follow(&mut self, ui: &Ui, area: Rect, colours: &Colours, response: &Response) {
        let now = self.place(area, colours);
        if let Some(pos) = response.hover_pos() {
            let (scrolled, pinched) = ui.input(|input| (input.smooth_scroll_delta.y, input.zoom_delta()));
            let zoom = (self.zoom * pinched * (scrolled / 240.0).exp()).clamp(1.0, ZOOM);
            if zoom != self.zoom {
                let under = (pos - now.min) / now.size();
                let size = now.size() * zoom / self.zoom;
                let middle = under - (pos - area.center()) / size;
                (self.zoom, self.centre) = (zoom, [middle.x, middle.y]);
            }
        }
        if response.dragged_by(PointerButton::Middle) {
            let moved = response.drag_delta() / now.size();
            self.centre = [self.centre[0] - moved.x, self.centre[1] - moved.y];
        }
        let size = self.size(area, colours);
        for (axis, (room, length)) in [(area.width(), size.x), (area.height(), size.y)].into_iter().enumerate() {
            // Nothing beside it is seen while there is more of it.
            let half = (room / length / 2.0).min(0.5);
            self.centre[axis] = self.centre[axis].clamp(half, 1.0 - half);
        }
    }

    fn size(self, area: Rect, colours: &Colours) -> Vec2 {
        let [width, height] = colours.size.map(|side| side.max(1) as f32);
        let area = area.shrink(EDGE);
        Vec2::new(width, height) * (area.width() / width).min(area.height() / height) * self.zoom
    }

    fn place(self, area: Rect, colours: &Colours) -> Rect {
        let size = self.size(area, colours);
        Rect::from_min_size(area.center() - Vec2::from(self.centre) * size, size)
    }
}

fn paint_colours(ui: &Ui, painter: &Painter, image: Rect, (colours, version): (&Colours, u64)) {
    let texture = cached(ui.ctx(), Id::unique("picture with boxes"), version, TextureOptions::LINEAR, || {
        egui::ColorImage::from_rgb([colours.width, colours.height], &colours.pixels)
    });
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    painter.image(texture.id(), image, uv, Color32::WHITE);
}

fn place(image: Rect, extent: Extent) -> Rect {
    let at = |x: f32, y: f32| image.min + Vec2::new(x, y) * image.size();
    Rect::from_two_pos(at(extent.left, extent.top), at(extent.right, extent.bottom))
}

fn fraction(image: Rect, pos: Pos2) -> [f32; 2] {
    let at = (pos - image.min) / image.size();
    [at.x.clamp(0.0, 1.0), at.y.clamp(0.0, 1.0)]
}

/// The box and how it is taken hold of: the chosen one first, then the smallest.
fn under(view: &View<'_>, chosen: Option<usize>, image: Rect, pos: Pos2) -> Option<(usize, Grip)> {
    let boxes = view.boxes.unwrap_or_default();
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|&a, &b| {
        (Some(b) == chosen).cmp(&(Some(a) == chosen)).then(boxes[a].extent.area().total_cmp(&boxes[b].extent.area()))
    });
    order.into_iter().find_map(|at| Some((at, grip(place(image, boxes[at].extent), pos)?)))
}

fn grip(rect: Rect, pos: Pos2) -> Option<Grip> {
    if !rect.expand(GRIP / 2.0).contains(pos) {
        return None;
    }
    let edge = |low: f32, high: f32, at: f32| {
        // Of a small box the middle can still be taken hold of.
        let near = GRIP.min((high - low) / 4.0).max(1.0);
        match at {
            at if at - low < near => -1,
            at if high - at < near => 1,
            _ => 0,
        }
    };
    Some([edge(rect.left(), rect.right(), pos.x), edge(rect.top(), rect.bottom(), pos.y)])
}

impl Held {
    /// The box as the pointer has it.
    fn now(&self, [x, y]: [f32; 2]) -> Extent {
        let [from_x, from_y] = self.from;
        let Extent { left, top, right, bottom } = self.before;
        let sorted = |a: f32, b: f32| (a.min(b), a.max(b));
        match (self.at, self.grip) {
            (None, _) => {
                let ((left, right), (top, bottom)) = (sorted(from_x, x), sorted(from_y, y));
                Extent { left, top, right, bottom }
            }
            (Some(_), [0, 0]) => {
                let dx = (x - from_x).clamp(-left, 1.0 - right);
                let dy = (y - from_y).clamp(-top, 1.0 - bottom);
                // Never beyond an edge by rounding.
                let inside = |at: f32| at.clamp(0.0, 1.0);
                Extent {
                    left: inside(left + dx),
                    top: inside(top + dy),
                    right: inside(right + dx),
                    bottom: inside(bottom + dy),
                }
            }
            (Some(_), [across, down]) => {
                let along = |low: f32, high: f32, edge: i8, at: f32| match edge {
                    -1 => sorted(at, high),
                    1 => sorted(low, at),
                    _ => (low, high),
                };
                let ((left, right), (top, bottom)) = (along(left, right, across, x), along(top, bottom, down, y));
                Extent { left, top, right, bottom }
            }
        }
    }
}

/// What clicks and drags do.
fn handle(ui: &Ui, view: &View<'_>, local: &mut DrawingUi, image: Rect, response: &Response) -> Option<Done> {
    let draws_over = ui.input(|input| input.modifiers.shift);
    let taken = |chosen, pos| if draws_over { None } else { under(view, chosen, image, pos) };
    if response.drag_started_by(PointerButton::Primary)
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        local.unnamed = None;
        let from = fraction(image, origin);
        local.held = match taken(local.chosen, origin) {
            Some((at, grip)) => {
                let before = view.boxes.unwrap_or_default()[at].extent;
                local.chosen = Some(at);
                Some(Held { at: Some(at), before, grip, from })
            }
            None if image.expand(GRIP).contains(origin) => {
                local.chosen = None;
                Some(Held { at: None, before: Extent::default(), grip: [0, 0], from })
            }
            None => None,
        };
    }
    let pos = response.interact_pointer_pos().or(response.hover_pos());
    if let Some(pos) = pos {
        cursor(
            ui,
            local
                .held
                .map(|held| (held.at.is_some(), held.grip))
                .or_else(|| Some(taken(local.chosen, pos).map_or((false, [0, 0]), |(_, grip)| (true, grip)))),
        );
    }
    if response.drag_stopped_by(PointerButton::Primary)
        && let Some(held) = local.held.take()
        && let Some(pos) = response.interact_pointer_pos()
    {
        let extent = held.now(fraction(image, pos));
        let size = place(image, extent).size();
        return match held.at {
            Some(_) if extent == held.before => None,
            Some(at) if held.grip == [0, 0] => Some(Done::Changed(at, extent, "move a box")),
            _ if size.x < SLIP || size.y < SLIP => None,
            None => Some(Done::Drawn(extent)),
            Some(at) => Some(Done::Changed(at, extent, "resize a box")),
        };
    }
    if response.clicked()
        && let Some(pos) = response.interact_pointer_pos()
    {
        return Some(Done::Chosen(under(view, None, image, pos).map(|(at, _)| at)));
    }
    None
}

fn cursor(ui: &Ui, held: Option<(bool, Grip)>) {
    let icon = match held {
        Some((true, [0, 0])) => CursorIcon::Move,
        Some((true, [0, _])) => CursorIcon::ResizeVertical,
        Some((true, [_, 0])) => CursorIcon::ResizeHorizontal,
        Some((true, [a, b])) if a == b => CursorIcon::ResizeNwSe,
        Some((true, _)) => CursorIcon::ResizeNeSw,
        _ => CursorIcon::Crosshair,
    };
    ui.ctx().set_cursor_icon(icon);
}

fn paint_boxes(
    ui: &Ui,
    painter: &Painter,
    tokens: &Tokens,
    (view, local): (&View<'_>, &DrawingUi),
    image: Rect,
    response: &Response,
) {
    let pointer = response.interact_pointer_pos().or(response.hover_pos()).filter(|pos| image.contains(*pos));
    let held = local.held.zip(response.interact_pointer_pos());
    let held = held.map(|(held, pos)| (held.at, held.now(fraction(image, pos))));
    for (at, DrawnBox { class, extent }) in view.boxes.unwrap_or_default().iter().enumerate() {
        let now = held.filter(|(of, _)| *of == Some(at)).map_or(*extent, |(_, extent)| extent);
        let colour = tokens.class(view.class(class));
        one(painter, tokens, place(image, now), (colour, class), local.chosen == Some(at));
    }
    let new = held.filter(|(at, _)| at.is_none()).map(|(_, extent)| extent).or(local.unnamed);
    if let Some(extent) = new {
        let colour = tokens.class(view.class(&local.class));
        let name = if local.class.is_empty() { "?" } else { &local.class };
        one(painter, tokens, place(image, extent), (colour, name), true);
    }
    // Where a new box would begin.
    if let (None, Some(pos)) = (held, pointer)
        && (ui.input(|input| input.modifiers.shift) || under(view, local.chosen, image, pos).is_none())
    {
        let stroke = Stroke::new(1.0, tokens.on_accent.gamma_multiply(0.45));
        painter.hline(image.x_range(), pos.y, stroke);
        painter.vline(pos.x, image.y_range(), stroke);
    }
}

/// A box with its class.
fn one(painter: &Painter, tokens: &Tokens, rect: Rect, (colour, class): (Color32, &str), is_chosen: bool) {
    let width = if is_chosen { 2.5 } else { 1.8 };
    let under = Stroke::new(width + 1.5, tokens.on_icon.gamma_multiply(0.5));
    painter.rect_stroke(rect, 0.0, under, StrokeKind::Middle);
    painter.rect_stroke(rect, 0.0, Stroke::new(width, colour), StrokeKind::Middle);
    let galley = painter.layout_no_wrap(class.to_owned(), theme::medium(11.0), tokens.ink(colour));
    let size = galley.size() + Vec2::new(8.0, 2.0);
    // Above the box, or in it at the upper edge of the picture.
    let above = rect.left_top() - Vec2::new(width / 2.0, size.y);
    let min = if above.y >= painter.clip_rect().top() { above } else { rect.left_top() };
    let ground = Rect::from_min_size(min, size);
    painter.rect_filled(ground, 2.0, colour);
    painter.galley(ground.min + Vec2::new(4.0, 1.0), galley, tokens.text);
    if is_chosen {
        painter.rect_filled(rect, 0.0, colour.gamma_multiply(0.12));
        let middle = rect.center();
        for at in [
            rect.left_top(),
            rect.right_top(),
            rect.left_bottom(),
            rect.right_bottom(),
            Pos2::new(middle.x, rect.top()),
            Pos2::new(middle.x, rect.bottom()),
            Pos2::new(rect.left(), middle.y),
            Pos2::new(rect.right(), middle.y),
        ] {
            let handle = Rect::from_center_size(at, Vec2::splat(HANDLE));
            painter.rect_filled(handle, 1.5, tokens.on_accent);
            painter.rect_stroke(handle, 1.5, Stroke::new(1.2, colour), StrokeKind::Middle);
        }
    }
}
