//! Some of the samples: points, a curve, pictures, or rows of a table.

use egui::{
    Color32, ColorImage, Grid, Id, Rect, RichText, Role, ScrollArea, Sense, Stroke, TextureOptions, Ui, Vec2,
    WidgetInfo, pos2,
};

use crate::data::{Dataset, Plane, sample_rows};
use crate::gui::numbers::number;
use crate::gui::textures::cached;
use crate::gui::theme::{self, Tokens, mix};
use crate::gui::widgets::section;
use crate::model::Task;

/// Rows chosen for the data set that is shown, chosen once.
#[derive(Default)]
pub struct PreviewUi {
    /// Version of the samples that `rows` belongs to; 0: of none.
    of: u64,
    rows: Vec<u32>,
}

/// More points than this say nothing more in so small a picture.
const MOST_POINTS: usize = 800;
const PICTURES: usize = 20;

pub(super) fn show(ui: &mut Ui, dataset: &Dataset, local: &mut PreviewUi) {
    section(ui, "SAMPLES", "");
    let version = dataset.train.version();
    if local.of != version {
        *local = PreviewUi { of: version, rows: sample_rows(dataset, &dataset.train, None, PICTURES) };
    }
    // A scope: rows of a table stand closer than fields.
    ui.scope(|ui| match (&dataset.plane, dataset.input_shape.as_slice()) {
        (Some(plane), _) => points(ui, dataset, plane),
        (None, [1]) if dataset.classes().is_none() => curve(ui, dataset),
        (None, [channels, rows, columns]) => pictures(ui, dataset, [*channels, *rows, *columns], local),
        _ => numbers(ui, dataset, local),
    });
}

fn square(ui: &mut Ui, name: &str) -> Rect {
    let tokens = Tokens::of(ui);
    let side = ui.available_width().min(220.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    ui.painter().rect_filled(rect, 6.0, tokens.canvas);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    rect
}

/// The colour of a target: its class, or its size.
fn colour(tokens: &Tokens, dataset: &Dataset, target: f32) -> Color32 {
    match dataset.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => tokens.class(target as usize),
        Task::Numbers(_) | Task::Input(_) | Task::Boxes { .. } => tokens.diverging(target),
    }
}

fn points(ui: &mut Ui, dataset: &Dataset, plane: &Plane) {
    let tokens = Tokens::of(ui);
    let rect = square(ui, "Samples in the plane");
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    painter.hline(rect.x_range(), rect.center().y, Stroke::new(1.0, tokens.line));
    painter.vline(rect.center().x, rect.y_range(), Stroke::new(1.0, tokens.line));
    let scale = rect.width() / 2.0 / plane.extent.max(1e-6);
    for row in dataset.train.spread(MOST_POINTS) {
        let (Ok(target), Some(&[x, y])) =
            (dataset.train.target(row as usize), plane.train_points.get(2 * row as usize..2 * row as usize + 2))
        else {
            continue;
        };
        let at = rect.center() + Vec2::new(x, -y) * scale;
        painter.circle_filled(at, 1.8, colour(&tokens, dataset, target.first().copied().unwrap_or_default()));
    }
}

fn curve(ui: &mut Ui, dataset: &Dataset) {
    let tokens = Tokens::of(ui);
    let rect = square(ui, "Samples over x");
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let span = |range: Option<(f32, f32)>| {
        let (low, high) = range.unwrap_or_default();
        (low, (high - low).max(1e-6))
    };
    let (x0, x_span) = span(dataset.train.input_range());
    let (y0, y_span) = span(dataset.train.target_range());
    let inner = rect.shrink(8.0);
    let some = dataset.train.fetch(&dataset.train.spread(MOST_POINTS)).unwrap_or_default();
    for (x, y) in some.inputs.iter().zip(&some.targets) {
        let across = inner.left() + (x - x0) / x_span * inner.width();
        let up = inner.bottom() - (y - y0) / y_span * inner.height();
        painter.circle_filled(pos2(across, up), 1.8, tokens.pos);
    }
}

fn pictures(ui: &mut Ui, dataset: &Dataset, shape: [usize; 3], local: &PreviewUi) {
    let tokens = Tokens::of(ui);
    let columns = (ui.available_width() / 42.0).floor().max(1.0);
    let side = (ui.available_width() / columns).floor() - 4.0;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(4.0);
        for (i, &row) in local.rows.iter().enumerate() {
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
            let version = local.of ^ u64::from(row) << 32 ^ u64::from(tokens.dark) << 63;
            let id = Id::unique(("data preview", i));
            let texture = cached(ui.ctx(), id, version, TextureOptions::NEAREST, || {
                picture(&tokens, &dataset.train.input(row as usize).unwrap_or_default(), shape)
            });
            let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), rect, uv, Color32::WHITE);
            let target = dataset.train.target(row as usize);
            let class = target.ok().and_then(|target| target.first().copied()).unwrap_or_default();
            let name = dataset.classes().and_then(|classes| classes.get(class as usize)).cloned().unwrap_or_default();
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Sample of {name}")));
            response.on_hover_text(name);
        }
    });
}

/// One channel: from nothing to the text's colour; three: as red, green and blue.
pub(super) fn picture(tokens: &Tokens, pixels: &[f32], [channels, rows, columns]: [usize; 3]) -> ColorImage {
    let area = rows * columns;
    let at = |channel: usize, i: usize| pixels.get(channel * area + i).copied().unwrap_or_default();
    let cells = (0..area).map(|i| {
        if channels == 3 {
            theme::pixel([at(0, i), at(1, i), at(2, i)])
        } else {
            mix(tokens.zero, tokens.text, at(0, i))
        }
    });
    ColorImage::new([columns, rows], cells.collect())
}

/// Rows of numbers as the network takes them.
fn numbers(ui: &mut Ui, dataset: &Dataset, local: &PreviewUi) {
    ui.spacing_mut().interact_size.y = 16.0;
    ScrollArea::horizontal().id_salt("sample rows").show(ui, |ui| {
        Grid::new("rows").spacing([12.0, 2.0]).show(ui, |ui| {
            for name in dataset.input_names.iter().take(12) {
                ui.label(RichText::new(name).font(theme::mono(11.0)));
            }
            ui.end_row();
            for &row in local.rows.iter().take(8) {
                for value in dataset.train.input(row as usize).unwrap_or_default().iter().take(12) {
                    ui.label(RichText::new(number(*value)).font(theme::mono(11.0)));
                }
                ui.end_row();
            }
        });
    });
}
