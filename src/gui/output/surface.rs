//! Points of the plane: what the network answers everywhere on it, with the samples on top.

use egui::{
    Align2, Color32, ColorImage, Painter, Pos2, Rect, Response, RichText, Sense, Stroke, TextureOptions, Ui, Vec2,
    WidgetInfo,
};
use egui_plot::{PlotBounds, PlotTransform};

use super::points::{self, Samples};
use super::{OutputUi, OutputView, colours, own_points};
use crate::data::Dataset;
use crate::expr::{agreeing, counted};
use crate::gui::numbers::{count, number, significant, sure};
use crate::gui::plots::ticks::TickKind;
use crate::gui::reading::{read, reading_row};
use crate::gui::textures::{cached, fingerprint, mix};
use crate::gui::theme::{self, Tokens};
use crate::model::Task;
use crate::session::Action;
use crate::trace::OutputPicture;

/// Below the picture: numbers of the axis, then the legend.
const BELOW: f32 = 48.0;
const LEFT: f32 = 24.0;

struct Surface<'a> {
    resolution: usize,
    scores: Vec<&'a [f32]>,
    task: Task,
}

pub(super) fn show(
    ui: &mut Ui,
    tokens: &Tokens,
    view: &OutputView<'_>,
    local: &mut OutputUi,
    actions: &mut Vec<Action>,
) {
    let Some(plane) = &view.dataset.plane else { return };
    let is_offered = own_points::is_offered(view);
    if is_offered {
        let room = ui.available_rect_before_wrap();
        let row =
            Rect::from_min_size(room.min + Vec2::new(12.0, 4.0), Vec2::new(room.width() - 24.0, own_points::TOOLS));
        own_points::tools(ui, tokens, view, &mut local.points, row);
        ui.advance_cursor_after_rect(row);
    }
    let is_edited = is_offered && local.points.is_on;
    let surface = view.picture.and_then(|picture| surface(picture, view.dataset));
    let places = places(ui, f64::from(plane.extent));
    let frame = *places.frame();
    let sense = if is_edited { Sense::click_and_drag() } else { Sense::hover() };
    let response = ui.interact(frame, ui.scope_id().with("surface"), sense);
    let painter = ui.painter_at(frame);
    match &surface {
        Some(surface) => paint_surface(ui, tokens, &painter, frame, view, surface, local.steps),
        None => {
            painter.rect_filled(frame, 4.0, tokens.canvas);
        }
    }
    paint_ticks(ui.painter(), tokens, &places);
    let samples = points::samples(view.dataset, local.test);
    points::paint(&painter, tokens, &places, view.dataset, &samples);
    if is_edited {
        own_points::paint_held(ui, tokens, &response, &places, &local.points);
        own_points::edit(&response, view, &places, &samples, &mut local.points, actions);
    }
    response.widget_info(|| {
        let of = if surface.is_some() { "Network output" } else { "The data" };
        WidgetInfo::labeled(egui::Role::Image, true, format!("{of}, over the plane"))
    });
    // It would hide what was just put.
    if !is_edited {
        paint_reading(tokens, view.dataset, &response, &places, surface.as_ref(), &samples);
    }
    legend(ui, tokens, view.dataset, frame, &samples, surface.is_some());
}

/// The surface, when the picture is one and fits the data that is loaded.
fn surface<'a>(picture: &'a OutputPicture, dataset: &Dataset) -> Option<Surface<'a>> {
    let OutputPicture::Surface { resolution, scores, task, .. } = picture else { return None };
    let cells = resolution * resolution;
    let fits = *task == dataset.truth.task && scores.len() == task.width() && scores.iter().all(|s| s.len() == cells);
    fits.then(|| Surface { resolution: *resolution, scores: scores.iter().map(|s| &**s).collect(), task: *task })
}

/// A square as large as there is room.
pub(super) fn places(ui: &Ui, extent: f64) -> PlotTransform {
    let room = ui.available_rect_before_wrap();
    let room = Rect::from_min_max(room.min + Vec2::new(LEFT + 8.0, 10.0), room.max - Vec2::new(12.0, BELOW));
    let side = room.width().min(room.height()).max(48.0);
    let left = room.left() + ((room.width() - side) / 2.0).max(0.0);
    let rect = Rect::from_min_size(Pos2::new(left.round(), room.top()), Vec2::splat(side.round()));
    PlotTransform::new(rect, PlotBounds::new_symmetrical(extent), false)
}

fn paint_surface(
    ui: &Ui,
    tokens: &Tokens,
    painter: &Painter,
    frame: Rect,
    view: &OutputView<'_>,
    surface: &Surface<'_>,
    steps: bool,
) {
    let mut version = u64::from(steps) << 1 | u64::from(tokens.dark);
    for scores in &surface.scores {
        version = mix(version, fingerprint(scores));
    }
    let range = points::target_range(view.dataset);
    let n = surface.resolution;
    let make = || {
        let mut all = vec![0.0; surface.scores.len()];
        let pixels = (0..n * n).map(|i| {
            for (one, scores) in all.iter_mut().zip(&surface.scores) {
                *one = scores[i];
            }
            match surface.task {
                Task::Classes(_) | Task::ClassesAt { .. } => colours::classes(tokens, &all, steps),
                Task::Numbers(_) | Task::Input(_) | Task::Boxes { .. } => colours::number(tokens, all[0], range, steps),
            }
        });
        ColorImage::new([n, n], pixels.collect())
    };
    let options = if steps { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
    let texture = cached(ui.ctx(), egui::Id::unique("output surface").with((steps, view.salt)), version, options, make);
    let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
    painter.image(texture.id(), frame, uv, Color32::WHITE);
}

pub(super) fn paint_ticks(painter: &Painter, tokens: &Tokens, places: &PlotTransform) {
    let font = theme::mono(10.0);
    let line = Stroke::new(1.0, tokens.line);
    let (frame, [to, _]) = (places.frame(), places.bounds().max());
    let wanted = if frame.width() < 160.0 { 2.0 } else { 4.0 };
    for mark in TickKind::Number.marks((-to, to), 1.6 * to / wanted) {
        let text = TickKind::Number.write(mark, to);
        let x = places.position_from_point_x(mark.value);
        painter.vline(x, egui::Rangef::new(frame.bottom(), frame.bottom() + 3.0), line);
        painter.text(Pos2::new(x, frame.bottom() + 4.0), Align2::CENTER_TOP, &text, font.clone(), tokens.faint);
        let y = places.position_from_point_y(mark.value);
        painter.hline(egui::Rangef::new(frame.left() - 3.0, frame.left()), y, line);
        painter.text(Pos2::new(frame.left() - 5.0, y), Align2::RIGHT_CENTER, text, font.clone(), tokens.faint);
    }
}

fn paint_reading(
    tokens: &Tokens,
    dataset: &Dataset,
    response: &Response,
    places: &PlotTransform,
    surface: Option<&Surface<'_>>,
    samples: &Samples,
) {
    let Some(pos) = response.hover_pos() else { return };
    let (frame, at) = (places.frame(), places.value_from_position(pos));
    read(response, |ui| {
        ui.label(
            RichText::new(format!("x {}, y {}", significant(at.x, 3), significant(at.y, 3))).font(theme::mono(12.0)),
        );
        if let Some(surface) = surface {
            read_answer(ui, tokens, dataset, surface, (pos - frame.min) / frame.size());
        }
        if let Some(sample) = points::under(places, samples, pos) {
            let part = if sample.test { "validation point" } else { "training point" };
            let truth = match dataset.classes() {
                Some(classes) => classes.get(sample.target as usize).cloned().unwrap_or_default(),
                None => number(sample.target),
            };
            let colour = points::colour(tokens, dataset, sample, points::target_range(dataset));
            reading_row(ui, tokens, colour, part, &truth);
        }
    });
}

/// The numbers of the cell under the pointer: every class, or the predicted number.
fn read_answer(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, surface: &Surface<'_>, at: Vec2) {
    let n = surface.resolution;
    let cell = |share: f32| ((share.max(0.0) * n as f32) as usize).min(n - 1);
    let index = cell(at.y) * n + cell(at.x);
    let names = &dataset.truth.names;
    match dataset.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => {
            for (class, (name, scores)) in names.iter().zip(&surface.scores).enumerate() {
                reading_row(ui, tokens, tokens.class(class), name, &sure(scores[index]));
            }
        }
        Task::Numbers(_) | Task::Input(_) | Task::Boxes { .. } => {
            let value = surface.scores.first().map_or(f32::NAN, |s| s[index]);
            let colour = tokens.diverging(value / points::target_range(dataset));
            let name = dataset.truth.first_name().unwrap_or("prediction");
            reading_row(ui, tokens, colour, name, &number(value));
        }
    }
}

fn legend(ui: &mut Ui, tokens: &Tokens, dataset: &Dataset, frame: Rect, samples: &Samples, trained: bool) {
    let room = ui.available_rect_before_wrap();
    let top = frame.bottom() + 20.0;
    let rect = Rect::from_min_max(Pos2::new(room.left() + 12.0, top), Pos2::new(room.right() - 12.0, top + 20.0));
    // What is not to be seen comes first, so that names leave it room.
    let from_the_right = egui::Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(rect).layout(from_the_right), |ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        let (short, long) = notes(samples, trained);
        if !short.is_empty() {
            let label = egui::Label::new(RichText::new(short).small().color(tokens.faint)).truncate();
            ui.add(label).on_hover_text(long);
        }
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| match dataset.classes() {
            Some(classes) => class_names(ui, tokens, classes),
            None => scale(ui, tokens, points::target_range(dataset)),
        });
    });
}

/// Whole where there is room, else all equally short; what has no room at all stands behind an ellipsis.
fn class_names(ui: &mut Ui, tokens: &Tokens, classes: &[String]) {
    /// A dot and what is around it, and the ellipsis.
    const DOT: f32 = 20.0;
    const ELLIPSIS: f32 = 14.0;
    let font = egui::TextStyle::Body.resolve(ui.style());
    let painter = ui.painter().clone();
    let width = |name: &str| DOT + painter.layout_no_wrap(name.to_owned(), font.clone(), tokens.muted).size().x;
    let (room, gap) = (ui.available_width(), ui.spacing().item_spacing.x);
    let whole = classes.iter().map(|name| width(name) + gap).sum::<f32>() - gap;
    let share = if whole <= room { room } else { ((room + gap) / classes.len() as f32 - gap).max(2.0 * DOT) };
    for (class, name) in classes.iter().enumerate() {
        let letters = name.chars().count();
        let first = |n: usize| name.chars().take(n).collect::<String>().trim_end().to_owned() + "…";
        let short = if width(name) <= share { Some(name.clone()) } else { None };
        let short = short.or_else(|| (1..letters).rev().map(first).find(|short| width(short) <= share));
        let short = short.unwrap_or_else(|| "…".to_owned());
        let rest = if class + 1 < classes.len() { gap + ELLIPSIS } else { 0.0 };
        if share < room && width(&short) + rest > ui.available_width() {
            ui.label(RichText::new("…").color(tokens.faint)).on_hover_text(classes.join(", "));
            break;
        }
        let row = ui.scope(|ui| reading_row(ui, tokens, tokens.class(class), &short, "")).response;
        if short != *name {
            row.on_hover_text(name);
        }
    }
}

/// The signed scale with its ends.
fn scale(ui: &mut Ui, tokens: &Tokens, range: f32) {
    let small = |text: String| RichText::new(text).font(theme::mono(11.0)).color(tokens.muted);
    ui.label(small(number(-range)));
    let (rect, response) = ui.allocate_exact_size(Vec2::new(72.0, 8.0), Sense::hover());
    for i in 0..24 {
        let x = egui::lerp(rect.x_range(), i as f32 / 24.0);
        let part = Rect::from_min_size(Pos2::new(x, rect.top()), Vec2::new(rect.width() / 24.0 + 0.5, rect.height()));
        ui.painter().rect_filled(part, 0.0, tokens.diverging(i as f32 / 11.5 - 1.0));
    }
    response
        .on_hover_text("Orange is negative, blue is positive; full colour is the largest value in the training data.");
    ui.label(small(number(range)));
}

/// What is not to be seen, in few words and in many.
fn notes(samples: &Samples, trained: bool) -> (String, String) {
    let (mut short, mut long) = (Vec::new(), Vec::new());
    if !trained {
        short.push("untrained".to_owned());
        long.push("Not trained yet: press Space.".to_owned());
    }
    if samples.drawn.len() < samples.all {
        let (drawn, all) = (count(samples.drawn.len() as u64), count(samples.all as u64));
        short.push(format!("{drawn} of {all} points"));
        long.push(format!("Showing {drawn} of {all} points, chosen evenly."));
    }
    if samples.outside > 0 {
        short.push(format!("{} outside", samples.outside));
        long.push(format!(
            "{} {} outside the plot.",
            counted(samples.outside, "point"),
            agreeing(samples.outside, "lies", "lie")
        ));
    }
    (short.join(" · "), long.join("\n"))
}
