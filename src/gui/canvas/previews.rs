//! Live pictures on the cards: one texture a layer, its tiles stacked, uploaded only when the picture changed.

use std::cell::LazyCell;
use std::collections::HashMap;
use std::sync::Arc;

use egui::{Color32, ColorImage, Pos2, Rect, TextureHandle, TextureOptions, pos2};

use super::super::theme::{Tokens, mix, pixel};
use super::Frame;
use super::geometry::COLUMN;
use crate::data::{Dataset, sample_rows};
use crate::model::LayerId;
use crate::session::State;
use crate::trace::{Histogram, LayerPicture, Preview};

/// The numbers of one unit or channel, row by row; of a colour picture those of its three channels.
type Tile = Arc<[f32]>;

/// Pixels along one side of a feature's picture on the Input card.
const FEATURE: usize = 32;
/// Of the histogram of a column of a table.
const BINS: usize = 12;
/// Samples that the histograms of columns are of, at most.
const MOST_ROWS: usize = 10_000;

#[derive(Default)]
pub struct Textures {
    dark: bool,
    layers: HashMap<LayerId, Strip>,
    input: Option<InputPicture>,
}

/// Tiles below each other in one texture; more go on beside them.
const DOWN: usize = 16;

/// Tiles of one size in one texture.
struct Strip {
    texture: TextureHandle,
    tiles: usize,
    rows: usize,
    columns: usize,
    /// Held, so that its address stays its own: tells whether the picture is still the same.
    of: Tile,
}

/// What is shown of the data.
struct InputPicture {
    look: InputLook,
    of: Arc<Dataset>,
}

enum InputLook {
    /// `units`: they are what the network reads, not a few samples.
    Strip {
        strip: Strip,
        units: bool,
    },
    Histograms(Vec<Histogram>),
}

impl Textures {
    /// Brings the textures up to date with the newest picture and data set.
    pub fn refresh(&mut self, ctx: &egui::Context, state: &State, tokens: &Tokens) {
        if self.dark != tokens.dark {
            *self = Self { dark: tokens.dark, ..Self::default() };
        }
        let pictures = state.run().picture.as_ref();
        self.layers.retain(|id, _| pictures.is_some_and(|p| p.layers.contains_key(id)));
        let palette = LazyCell::new(|| Palette::signed(tokens));
        for (&id, picture) in pictures.iter().flat_map(|p| &p.layers) {
            let Some((units, rows, columns)) = tiles_of(picture) else {
                self.layers.remove(&id);
                continue;
            };
            if self.layers.get(&id).is_some_and(|strip| strip.shows(units, rows, columns)) {
                continue;
            }
            let texture = self.layers.remove(&id).map(|strip| strip.texture);
            if let Some(strip) = upload(ctx, texture, units, [rows, columns], &palette) {
                self.layers.insert(id, strip);
            }
        }
        self.refresh_input(ctx, state, tokens);
    }

    fn refresh_input(&mut self, ctx: &egui::Context, state: &State, tokens: &Tokens) {
        let Some(dataset) = state.dataset() else {
            self.input = None;
            return;
        };
        if self.input.as_ref().is_some_and(|input| Arc::ptr_eq(&input.of, dataset)) {
            return;
        }
        let texture = self.input.take().and_then(|input| match input.look {
            InputLook::Strip { strip, .. } => Some(strip.texture),
            InputLook::Histograms(_) => None,
        });
        let strip = |tiles: &[Tile], size, palette: &Palette, units| {
            let strip = upload(ctx, texture, tiles, size, palette)?;
            Some(InputLook::Strip { strip, units })
        };
        let look = match input_tiles(dataset) {
            Some(InputTiles::Features(tiles)) => strip(&tiles, [FEATURE; 2], &Palette::signed(tokens), true),
            Some(InputTiles::Images { tiles, rows, columns }) => {
                strip(&tiles, [rows, columns], &Palette::grey(tokens), false)
            }
            Some(InputTiles::Columns(columns)) => Some(InputLook::Histograms(columns)),
            None => None,
        };
        self.input = look.map(|look| InputPicture { look, of: dataset.clone() });
    }

    /// How many pictures the Input card shows.
    pub fn input_tiles(&self) -> usize {
        self.input.as_ref().map_or(0, |input| match &input.look {
            InputLook::Strip { strip, .. } => strip.tiles,
            InputLook::Histograms(columns) => columns.len(),
        })
    }

    /// Whether they are what the network reads, number by number.
    pub fn has_input_units(&self) -> bool {
        self.input.as_ref().is_some_and(|input| !matches!(input.look, InputLook::Strip { units: false, .. }))
    }

    /// `places`: those that an Input takes; `None` for all.
    pub fn paint_input(&self, frame: &Frame<'_>, tiles: &[Rect], places: Option<&[usize]>) {
        let place = |i: usize| places.map_or(Some(i), |places| places.get(i).copied());
        match self.input.as_ref().map(|input| &input.look) {
            Some(InputLook::Strip { strip, .. }) => {
                let shown = tiles.iter().enumerate().filter_map(|(i, tile)| Some((place(i)?, tile)));
                shown.filter(|(i, _)| *i < strip.tiles).for_each(|(i, tile)| strip.paint_one(frame, i, *tile));
            }
            Some(InputLook::Histograms(columns)) => {
                let shown = (0..tiles.len()).filter_map(|i| columns.get(place(i)?)).zip(tiles);
                shown.for_each(|(column, tile)| small_histogram(frame, column, *tile));
            }
            None => {}
        }
    }

    /// Paints a layer's preview into its tiles; curves and histograms are lines and bars.
    pub fn paint(&self, frame: &Frame<'_>, id: LayerId, picture: &LayerPicture, tiles: &[Rect]) {
        match &picture.preview {
            Preview::Curves { units } => {
                for (unit, tile) in units.iter().zip(tiles) {
                    curve(frame, frame.on_screen(*tile), unit);
                }
            }
            Preview::Histograms { units } => small_histograms(frame, units, tiles),
            Preview::None => {
                if let Some(tile) = tiles.first() {
                    histogram(frame, frame.on_screen(*tile), &picture.histogram);
                }
            }
            Preview::Plane { .. } | Preview::Maps { .. } => {
                if let Some(strip) = self.layers.get(&id) {
                    strip.paint_all(frame, tiles);
                }
            }
        }
    }
}

impl Strip {
    fn shows(&self, units: &[Tile], rows: usize, columns: usize) -> bool {
        units.first().is_some_and(|first| Arc::ptr_eq(first, &self.of))
            && (self.tiles, self.rows, self.columns) == (units.len(), rows, columns)
    }

    fn paint_all(&self, frame: &Frame<'_>, tiles: &[Rect]) {
        tiles.iter().take(self.tiles).enumerate().for_each(|(i, tile)| self.paint_one(frame, i, *tile));
    }

    fn paint_one(&self, frame: &Frame<'_>, i: usize, tile: Rect) {
        let place = self.place(frame.on_screen(tile));
        let rounding = egui::CornerRadius::from(if place.width() < 16.0 { 0.0 } else { frame.scaled(4.0) });
        let shape = egui::epaint::RectShape::filled(place, rounding, Color32::WHITE);
        frame.painter.add(shape.with_texture(self.texture.id(), self.uv(i)));
    }

    /// Planes and strips fill their tile; pictures keep their proportions.
    fn place(&self, tile: Rect) -> Rect {
        if self.rows == 1 || (self.rows == self.columns && tile.width() < tile.height() * 1.6) {
            return tile;
        }
        let scale = (tile.width() / self.columns as f32).min(tile.height() / self.rows as f32);
        Rect::from_center_size(tile.center(), egui::vec2(self.columns as f32, self.rows as f32) * scale)
    }

    /// Half a texel inside, so that neighbours do not bleed in.
    fn uv(&self, i: usize) -> Rect {
        let [width, height] = size_of(self.tiles, [self.rows, self.columns]);
        let (left, top) = (i / DOWN * self.columns, i % DOWN * self.rows);
        let at = |x: f32, y: f32| pos2(x / width as f32, y / height as f32);
        Rect::from_min_max(
            at(left as f32 + 0.5, top as f32 + 0.5),
            at((left + self.columns) as f32 - 0.5, (top + self.rows) as f32 - 0.5),
        )
    }
}

/// All tiles of a picture, with their rows and columns.
fn tiles_of(picture: &LayerPicture) -> Option<(&[Tile], usize, usize)> {
    match &picture.preview {
        Preview::Plane { resolution, units } => Some((units, *resolution, *resolution)),
        Preview::Maps { rows, columns, channels } => Some((channels, *rows, *columns)),
        Preview::None | Preview::Curves { .. } | Preview::Histograms { .. } => None,
    }
}

/// Width and height of the texture of so many tiles.
fn size_of(tiles: usize, [rows, columns]: [usize; 2]) -> [usize; 2] {
    [tiles.div_ceil(DOWN) * columns, tiles.min(DOWN) * rows]
}

/// Uploads the tiles, into the old texture if there is one.
fn upload(
    ctx: &egui::Context,
    old: Option<TextureHandle>,
    units: &[Tile],
    [rows, columns]: [usize; 2],
    palette: &Palette,
) -> Option<Strip> {
    let first = units.first()?;
    let area = rows * columns;
    if area == 0 || units.iter().any(|u| u.len() != area && u.len() != 3 * area) {
        return None;
    }
    let [width, height] = size_of(units.len(), [rows, columns]);
    let mut pixels = vec![Color32::TRANSPARENT; width * height];
    for (i, unit) in units.iter().enumerate() {
        let corner = i % DOWN * rows * width + i / DOWN * columns;
        let mut put = |(at, colour)| pixels[corner + at / columns * width + at % columns] = colour;
        if unit.len() == area {
            palette.colour_all(unit).enumerate().for_each(put);
        } else {
            // Red, green and blue.
            (0..area).for_each(|at| put((at, pixel([0, 1, 2].map(|channel| unit[channel * area + at])))));
        }
    }
    let image = ColorImage::new([width, height], pixels);
    let options = if rows.min(columns) < 12 { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
    let texture = match old {
        Some(mut texture) => {
            texture.set(image, options);
            texture
        }
        None => ctx.load_texture("canvas preview", image, options),
    };
    Some(Strip { texture, tiles: units.len(), rows, columns, of: first.clone() })
}

/// 256 colours from low to high.
struct Palette {
    steps: Vec<Color32>,
    signed: bool,
    broken: Color32,
}

impl Palette {
    fn signed(tokens: &Tokens) -> Self {
        let steps = (0..=255).map(|i| tokens.diverging(i as f32 / 127.5 - 1.0)).collect();
        Self { steps, signed: true, broken: tokens.bad }
    }

    fn grey(tokens: &Tokens) -> Self {
        let steps = (0..=255).map(|i| mix(tokens.raised, tokens.text, i as f32 / 255.0)).collect();
        Self { steps, signed: false, broken: tokens.bad }
    }

    /// Each tile on its own scale, so that weak units can be read too.
    fn colour_all<'a>(&'a self, values: &'a [f32]) -> impl Iterator<Item = Color32> + 'a {
        let finite = || values.iter().copied().filter(|v| v.is_finite());
        let largest = finite().fold(0.0f32, |m, v| m.max(v.abs()));
        let mean_square = finite().map(|v| f64::from(v * v)).sum::<f64>() / finite().count().max(1) as f64;
        // A few extremes must not leave everything else dark; pictures keep their range.
        let high = if self.signed { largest.min(2.0 * mean_square.sqrt() as f32) } else { largest }.max(1e-6);
        values.iter().map(move |&v| {
            if v.is_nan() {
                return self.broken;
            }
            let t = if self.signed { v / high * 0.5 + 0.5 } else { v / high };
            self.steps[(t.clamp(0.0, 1.0) * 255.0).round() as usize]
        })
    }
}

enum InputTiles {
    Features(Vec<Tile>),
    Images { tiles: Vec<Tile>, rows: usize, columns: usize },
    Columns(Vec<Histogram>),
}

/// Each feature over the plane, a few samples when they are pictures, the numbers of each column of a table that has
/// few.
fn input_tiles(dataset: &Dataset) -> Option<InputTiles> {
    if let Some(plane) = &dataset.plane {
        let along = |i: usize| (i as f32 + 0.5) / FEATURE as f32 * 2.0 - 1.0;
        let units = plane.features.iter().map(|feature| {
            (0..FEATURE * FEATURE)
                .map(|i| {
                    let (x, y) = (along(i % FEATURE) * plane.extent, -along(i / FEATURE) * plane.extent);
                    feature.of(x, y)
                })
                .collect()
        });
        return Some(InputTiles::Features(units.collect()));
    }
    let part = &dataset.train;
    let (channels, rows, columns) = match *dataset.input_shape.as_slice() {
        [channels, rows, columns] => (channels, rows, columns),
        [columns] if columns <= COLUMN => {
            let some = part.fetch(&part.spread(MOST_ROWS)).ok()?;
            let column = |at| some.inputs.iter().skip(at).step_by(columns).copied().collect::<Vec<_>>();
            return Some(InputTiles::Columns((0..columns).map(|at| Histogram::of(&column(at), BINS)).collect()));
        }
        _ => return None,
    };
    // In colour, or the first channel.
    let numbers = rows * columns * if channels == 3 { 3 } else { 1 };
    let picture = |row: u32| part.input(row as usize).ok()?.get(..numbers).map(Arc::from);
    let tiles = sample_rows(dataset, part, None, 4).into_iter().filter_map(picture);
    Some(InputTiles::Images { tiles: tiles.collect(), rows, columns })
}

/// A unit's response along the input axis, around zero in the middle.
fn curve(frame: &Frame<'_>, tile: Rect, values: &[f32]) {
    let t = &frame.tokens;
    frame.painter.rect_filled(tile, frame.scaled(4.0), t.raised);
    frame.painter.hline(tile.x_range(), tile.center().y, (1.0, t.line));
    let high = values.iter().filter(|v| v.is_finite()).fold(0.0f32, |m, v| m.max(v.abs())).max(1e-6);
    let last = values.len().saturating_sub(1).max(1) as f32;
    let points: Vec<Pos2> = values
        .iter()
        .enumerate()
        .filter(|(_, v)| v.is_finite())
        .map(|(i, v)| {
            let y = tile.center().y - v / high * (tile.height() / 2.0 - 2.0);
            pos2(tile.left() + tile.width() * i as f32 / last, y)
        })
        .collect();
    frame.painter.line(points, egui::Stroke::new(frame.scaled(1.5).max(1.0), t.pos));
}

fn small_histograms(frame: &Frame<'_>, all: &[Histogram], tiles: &[Rect]) {
    all.iter().zip(tiles).for_each(|(one, tile)| small_histogram(frame, one, *tile));
}

fn small_histogram(frame: &Frame<'_>, one: &Histogram, tile: Rect) {
    let tile = frame.on_screen(tile);
    frame.painter.rect_filled(tile, frame.scaled(4.0), frame.tokens.raised);
    histogram(frame, tile.shrink(frame.scaled(2.0)), one);
}

/// Bars, orange below zero and blue above.
pub fn histogram(frame: &Frame<'_>, tile: Rect, histogram: &Histogram) {
    let t = &frame.tokens;
    let tallest = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let bar = tile.width() / histogram.counts.len().max(1) as f32;
    let step = (histogram.max - histogram.min) / histogram.counts.len().max(1) as f32;
    for (i, &count) in histogram.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let middle = histogram.min + (i as f32 + 0.5) * step;
        let left = tile.left() + i as f32 * bar;
        let top = tile.bottom() - (count as f32 / tallest * tile.height()).max(1.0);
        let rect = Rect::from_min_max(pos2(left, top), pos2(left + (bar - 0.5).max(0.5), tile.bottom()));
        frame.painter.rect_filled(rect, 0.0, if middle < 0.0 { t.neg } else { t.pos });
    }
    frame.painter.hline(tile.x_range(), tile.bottom(), (1.0, t.line));
}
