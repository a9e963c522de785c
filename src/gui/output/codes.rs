//! The plane of a layer of two units that a picture has to pass: what the network makes of its points, and where the
//! codes of the validation samples lie in it. The point under the pointer, or the one that arrow keys move, is decoded.

use egui::{
    Align2, Color32, ColorImage, Event, EventFilter, Key, Modifiers, Painter, Pos2, Rect, Response, RichText, Sense,
    Stroke, StrokeKind, TextureOptions, Ui, Vec2, WidgetInfo,
};

use super::reconstructions::Pairs;
use super::{OutputUi, OutputView, thumbnail};
use crate::gui::numbers::significant;
use crate::gui::plots::empty;
use crate::gui::textures::{cached, fingerprint};
use crate::gui::theme::{self, Tokens, mix};
use crate::session::Action;
use crate::trace::Codes;

/// The column beside the plane, and what the plane leaves it at least.
const BESIDE: f32 = 148.0;
const LEAST: f32 = 96.0;
const MARGIN: f32 = 12.0;
/// Of the plane's width: one press of an arrow key.
const STEP: f32 = 1.0 / 48.0;
const DOT: f32 = 2.4;

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let Some((pairs, codes)) = Pairs::of(view).and_then(|pairs| Some((pairs, pairs.codes?))) else {
        return empty::no_run(ui, tokens, view.state, actions);
    };
    let room = ui.available_rect_before_wrap().shrink2(Vec2::new(MARGIN, 8.0));
    let stands_beside = room.width() > room.height();
    let side = if stands_beside {
        room.height().min(room.width() - LEAST - MARGIN)
    } else {
        room.width().min(room.height() - LEAST - MARGIN)
    };
    let plane = Rect::from_min_size(room.min, Vec2::splat(side.max(48.0)));
    let response = ui.interact(plane, ui.scope_id().with(("codes", view.salt)), Sense::click());
    let at = follow(ui, codes, &response, local);
    let painter = ui.painter_at(plane);
    paint_tiles(ui, tokens, &painter, plane, view, codes);
    let colour = |row: u32| {
        let target = view.dataset.validation.target(row as usize).ok().and_then(|target| target.first().copied());
        target.filter(|_| view.dataset.classes().is_some()).map_or(tokens.accent, |class| tokens.class(class as usize))
    };
    for (&row, &point) in pairs.rows.iter().zip(codes.points.iter()) {
        let centre = on_screen(codes, plane, point);
        painter.circle(centre, DOT, colour(row), Stroke::new(0.6, tokens.canvas));
    }
    marker(&painter, tokens, on_screen(codes, plane, at));
    if response.has_focus() {
        ui.painter().rect_stroke(plane.expand(1.0), 2.0, tokens.focus_stroke(), StrokeKind::Outside);
    }
    let layer =
        view.state.project().graph.layer(codes.layer).map_or("the narrowest layer", |layer| layer.name.as_str());
    let place = format!("{}, {}", short(at[0]), short(at[1]));
    let name = format!("Plane of codes of {layer}, at {place}. Arrow keys move the point.");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Canvas, true, &name));
    response.on_hover_cursor(egui::CursorIcon::Crosshair);
    let beside = if stands_beside {
        Rect::from_min_max(egui::pos2(plane.right() + MARGIN, room.top()), room.max)
    } else {
        Rect::from_min_max(egui::pos2(room.left(), plane.bottom() + MARGIN), room.max)
    };
    decoded(ui, tokens, view, beside, (layer, &place));
}

fn short(value: f32) -> String {
    significant(f64::from(value), 2)
}

/// The point that is decoded: under the pointer, else where it was put.
fn follow(ui: &Ui, codes: &Codes, response: &Response, local: &mut OutputUi) -> [f32; 2] {
    let [x, y] = codes.range;
    let middle = [(x[0] + x[1]) / 2.0, (y[0] + y[1]) / 2.0];
    let mut at = local.code.unwrap_or(middle);
    if response.clicked() {
        response.request_focus();
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let pressed = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f32;
        let right = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        let up = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        at = [at[0] + right * STEP * (x[1] - x[0]), at[1] + up * STEP * (y[1] - y[0])];
        at = [at[0].clamp(x[0], x[1]), at[1].clamp(y[0], y[1])];
    }
    // While keys move it, a pointer that rests on the plane does not hold it.
    let moves = ui.input(|i| i.events.iter().any(|event| matches!(event, Event::PointerMoved(_))));
    if let Some(pos) = response.hover_pos().filter(|_| moves || response.clicked()) {
        let share = (pos - response.rect.min) / response.rect.size();
        at = [x[0] + share.x * (x[1] - x[0]), y[1] - share.y * (y[1] - y[0])];
    }
    local.code = Some(at);
    at
}

/// Where a code lies on the screen.
fn on_screen(codes: &Codes, plane: Rect, [x, y]: [f32; 2]) -> Pos2 {
    let share = |value: f32, [low, high]: [f32; 2]| (value - low) / (high - low);
    let (x, y) = (share(x, codes.range[0]), share(y, codes.range[1]));
    egui::pos2(plane.left() + x * plane.width(), plane.bottom() - y * plane.height())
}

fn marker(painter: &Painter, tokens: &Tokens, centre: Pos2) {
    painter.circle_stroke(centre, 6.5, Stroke::new(3.5, tokens.canvas));
    painter.circle_stroke(centre, 6.5, Stroke::new(1.8, tokens.text));
}

/// What the plane decodes to, as one dim picture behind the codes.
fn paint_tiles(ui: &Ui, tokens: &Tokens, painter: &Painter, plane: Rect, view: &OutputView<'_>, codes: &Codes) {
    painter.rect_filled(plane, 2.0, tokens.canvas);
    let &[channels, rows, columns] = view.dataset.input_shape.as_slice() else { return };
    let (side, each) = (codes.side, channels * rows * columns);
    if each == 0 || codes.tiles.len() != side * side * each {
        return;
    }
    let version = fingerprint(&codes.tiles) ^ u64::from(tokens.dark);
    let id = egui::Id::unique("tiles of codes").with(view.salt);
    let texture = cached(ui.ctx(), id, version, TextureOptions::LINEAR, || {
        let mut pixels = Vec::with_capacity(side * rows * side * columns);
        for y in 0..side * rows {
            for x in 0..side * columns {
                let tile = (y / rows) * side + x / columns;
                let at = |channel: usize| {
                    codes.tiles[tile * each + channel * rows * columns + (y % rows) * columns + x % columns]
                };
                pixels.push(match channels {
                    3 => theme::pixel([0, 1, 2].map(|channel| at(channel).clamp(0.0, 1.0))),
                    _ => mix(tokens.canvas, tokens.text, DIM * at(0).clamp(0.0, 1.0)),
                });
            }
        }
        ColorImage::new([side * columns, side * rows], pixels)
    });
    painter.image(texture.id(), plane, Rect::from_min_max(Pos2::ZERO, egui::pos2(1.0, 1.0)), Color32::WHITE);
}

/// How strong the ink of the tiles is, so that the codes on them stand out.
const DIM: f32 = 0.42;

/// The picture at the point, with a word about what it is.
fn decoded(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>, room: Rect, (layer, place): (&str, &str)) {
    let side = room.width().min(room.height() - 34.0).min(BESIDE);
    if side < 24.0 {
        return;
    }
    let rect = Rect::from_min_size(room.min, Vec2::splat(side));
    ui.painter().rect_filled(rect, 4.0, tokens.canvas);
    let decoded = view.state.run().picture.as_ref().and_then(|picture| picture.decoded.as_ref());
    if let Some(decoded) = decoded {
        let painter = ui.painter_at(rect);
        thumbnail::paint(ui, &painter, rect, ("decoded", view.salt), &view.dataset.input_shape, &decoded.picture);
    }
    ui.painter().rect_stroke(rect, 4.0, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let response = ui.interact(rect, ui.scope_id().with(("decoded", view.salt)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("Decoded picture at {place}")));
    response.on_hover_text(format!("What the network makes of the code {place} in {layer}."));
    let below = rect.left_bottom() + Vec2::new(0.0, 4.0);
    let font = theme::mono(11.0);
    ui.painter().text(below, Align2::LEFT_TOP, place, font, tokens.muted);
    let words = if view.dataset.classes().is_some() { "dots: samples, by class" } else { "dots: samples" };
    let rest = Rect::from_min_max(below + Vec2::new(0.0, 15.0), room.max);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rest), |ui| {
        ui.add(egui::Label::new(RichText::new(words).small().color(tokens.faint)).wrap());
        legend(ui, tokens, view);
    });
}

/// The colours of the classes, as far as there is room.
fn legend(ui: &mut Ui, tokens: &Tokens, view: &OutputView<'_>) {
    let Some(names) = view.dataset.classes() else { return };
    ui.spacing_mut().item_spacing = Vec2::new(6.0, 1.0);
    ui.horizontal_wrapped(|ui| {
        for (class, name) in names.iter().enumerate().take_while(|(class, _)| *class < 24) {
            ui.label(RichText::new(name).font(theme::medium(12.0)).color(tokens.class(class)));
        }
    });
}
