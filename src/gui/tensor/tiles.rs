//! Cells as textures: pieces of a picture that are made when they come into sight, a few in each frame.
//!
//! Where cells are smaller than the dots of the screen, a dot shows the largest of its cells, and NaN before all.

use egui::{Color32, ColorImage, Id, Pos2, Rect, TextureOptions, Ui, Vec2};

use super::layout::{Cell, Layout};
use super::plan::Plan;
use super::scale::{Range, Scale};
use crate::gui::textures::{cached_within, mix};
use crate::gui::theme::{Tokens, pixel};

/// Dots along each side of a piece, as long as no more than [`LARGEST`] numbers lie behind them.
const SIDE: usize = 128;
const SMALLEST_SIDE: usize = 16;
/// Numbers behind one piece: about 2 ms.
const LARGEST: usize = 1 << 20;
/// Numbers looked at in one frame to make pieces; the last of them may go beyond.
pub const BUDGET: usize = 1 << 18;
/// A piece costs no less than this, however few its numbers: so many are made in one frame at most.
const LEAST_COST: usize = BUDGET / 256;

/// How numbers become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    Signed(Scale),
    /// As the eye sees it: the channels (one or three, so far apart in the numbers) from `low` to `high`.
    Image {
        channels: usize,
        stride: usize,
        low: f32,
        high: f32,
    },
}

/// The numbers of one picture and how they are laid out.
pub struct Tiles<'a> {
    pub id: Id,
    /// Changes with the numbers.
    pub version: u64,
    pub data: &'a [f32],
    pub layout: &'a Layout,
    pub plan: &'a Plan,
    pub paint: Paint,
    pub tokens: &'a Tokens,
}

/// How many cells become one dot, across and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grain {
    x: usize,
    y: usize,
}

impl Grain {
    /// Of a piece.
    fn side(self) -> usize {
        let dots = (LARGEST / (self.x * self.y)).isqrt().max(1);
        (1 << dots.ilog2()).clamp(SMALLEST_SIDE, SIDE)
    }
}

impl Tiles<'_> {
    /// Draws one small picture as far as it is in sight.
    pub fn show(&self, ui: &Ui, facet: usize, rect: Rect, budget: &mut usize) {
        let clip = ui.clip_rect().intersect(rect);
        if !clip.is_positive() {
            return;
        }
        let painter = ui.painter().with_clip_rect(clip);
        let grain = self.grain(ui.ctx().pixels_per_point());
        let (rows, columns) = self.plan.visible_cells(rect, clip);
        let (tall, wide) = (grain.side() * grain.y, grain.side() * grain.x);
        for down in rows.start / tall..rows.end.div_ceil(tall) {
            for across in columns.start / wide..columns.end.div_ceil(wide) {
                let (row, column) = (down * tall, across * wide);
                let dots = [
                    (self.plan.columns - column).min(wide).div_ceil(grain.x),
                    (self.plan.rows - row).min(tall).div_ceil(grain.y),
                ];
                let size = Vec2::new((dots[0] * grain.x) as f32, (dots[1] * grain.y) as f32) * self.plan.cell;
                let corner = rect.min + Vec2::new(column as f32, row as f32) * self.plan.cell;
                let place = Rect::from_min_size(corner, size);
                let from = Cell { facet, row, column };
                match self.texture(ui, from, dots, grain, budget) {
                    Some(texture) => {
                        let uv = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));
                        painter.image(texture.id(), place, uv, Color32::WHITE);
                    }
                    None => {
                        painter.rect_filled(place.intersect(rect), 0.0, self.tokens.raised);
                    }
                }
            }
        }
    }

    fn grain(&self, pixels_per_point: f32) -> Grain {
        let of = |cell: f32| ((1.0 / (cell * pixels_per_point).max(1e-6)).ceil() as usize).max(1).next_power_of_two();
        Grain { x: of(self.plan.cell.x), y: of(self.plan.cell.y) }
    }

    fn texture(
        &self,
        ui: &Ui,
        from: Cell,
        dots: [usize; 2],
        grain: Grain,
        budget: &mut usize,
    ) -> Option<egui::TextureHandle> {
        let id = self.id.with((from, grain.x, grain.y));
        let cost = (dots[0] * dots[1] * grain.x * grain.y).max(LEAST_COST);
        cached_within(ui.ctx(), id, self.version(), TextureOptions::NEAREST, (budget, cost), || {
            ColorImage::new(dots, self.dots(from, dots, grain))
        })
    }

    /// The colours of a piece.
    fn dots(&self, from: Cell, dots: [usize; 2], grain: Grain) -> Vec<Color32> {
        let rows = from.row..(from.row + dots[1] * grain.y).min(self.plan.rows);
        let columns = from.column..(from.column + dots[0] * grain.x).min(self.plan.columns);
        if let Some([rows, columns]) = self.layout.offsets(from.facet, rows, columns) {
            let lines = rows.chunks(grain.y);
            let places = lines.flat_map(|rows| columns.chunks(grain.x).map(move |columns| (rows, columns)));
            return places.map(|(rows, columns)| self.colour(self.largest_of(rows, columns))).collect();
        }
        let dot = |i: usize| {
            let (row, column) = (from.row + i / dots[0] * grain.y, from.column + i % dots[0] * grain.x);
            self.colour(self.largest(Cell { facet: from.facet, row, column }, grain))
        };
        (0..dots[0] * dots[1]).map(dot).collect()
    }

    /// As [`Self::largest`], where it is known how far rows and columns are apart.
    fn largest_of(&self, rows: &[usize], columns: &[usize]) -> Option<usize> {
        if let ([row], [column]) = (rows, columns) {
            return Some(row + column);
        }
        let mut best: Option<(usize, f32)> = None;
        for row in rows {
            for column in columns {
                let Some(&value) = self.data.get(row + column) else { continue };
                let rank = rank(value);
                if best.is_none_or(|(_, most)| rank > most) {
                    best = Some((row + column, rank));
                }
            }
        }
        best.map(|(at, _)| at)
    }

    fn version(&self) -> u64 {
        let paint = match self.paint {
            Paint::Signed(scale) => mix(u64::from(scale.limit.to_bits()), u64::from(scale.range == Range::Log)),
            Paint::Image { low, high, .. } => mix(u64::from(low.to_bits()), u64::from(high.to_bits()) | 1 << 40),
        };
        mix(mix(self.version, paint), u64::from(self.tokens.dark))
    }

    /// Of the number at this place.
    fn colour(&self, at: Option<usize>) -> Color32 {
        let Some(at) = at else { return Color32::TRANSPARENT };
        match self.paint {
            Paint::Signed(scale) => scale.colour(self.tokens, self.data.get(at).copied().unwrap_or(f32::NAN)),
            Paint::Image { channels, stride, low, high } => {
                let span = (high - low).max(f32::MIN_POSITIVE);
                let channel = |c: usize| {
                    let at = at + if channels >= 3 { c * stride } else { 0 };
                    self.data.get(at).map_or(f32::NAN, |v| (v - low) / span)
                };
                let colours = [channel(0), channel(1), channel(2)];
                if colours.iter().any(|c| c.is_nan()) { self.tokens.bad } else { pixel(colours) }
            }
        }
    }

    /// Where the number lies that a dot shows.
    fn largest(&self, cell: Cell, grain: Grain) -> Option<usize> {
        if grain == (Grain { x: 1, y: 1 }) {
            return self.layout.offset(cell);
        }
        let mut best: Option<(usize, f32)> = None;
        for row in cell.row..(cell.row + grain.y).min(self.plan.rows) {
            for column in cell.column..(cell.column + grain.x).min(self.plan.columns) {
                let Some(at) = self.layout.offset(Cell { row, column, ..cell }) else { continue };
                let Some(&value) = self.data.get(at) else { continue };
                let rank = rank(value);
                if best.is_none_or(|(_, most)| rank > most) {
                    best = Some((at, rank));
                }
            }
        }
        best.map(|(at, _)| at)
    }

    /// The cell that the dot under a cell shows, and whether the dot is that cell alone.
    pub fn shown(&self, cell: Cell, pixels_per_point: f32) -> (Cell, bool) {
        let grain = self.grain(pixels_per_point);
        if grain == (Grain { x: 1, y: 1 }) {
            return (cell, true);
        }
        let corner = Cell { row: cell.row / grain.y * grain.y, column: cell.column / grain.x * grain.x, ..cell };
        let wanted = self.largest(corner, grain);
        let rows = corner.row..(corner.row + grain.y).min(self.plan.rows);
        let all = rows.flat_map(|row| {
            let columns = corner.column..(corner.column + grain.x).min(self.plan.columns);
            columns.map(move |column| Cell { row, column, ..corner })
        });
        let found = all.into_iter().find(|cell| self.layout.offset(*cell) == wanted);
        (found.unwrap_or(cell), false)
    }

    /// "each dot shows the largest of 4 × 4 cells", when that is so.
    pub fn caption(&self, pixels_per_point: f32) -> Option<String> {
        let grain = self.grain(pixels_per_point);
        (grain.x * grain.y > 1).then(|| format!("each pixel shows the largest of {} × {} values", grain.y, grain.x))
    }
}

/// NaN is seen before all, then what is largest.
fn rank(value: f32) -> f32 {
    if value.is_nan() { f32::INFINITY } else { value.abs().min(f32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Role;
    use super::*;

    #[test]
    fn a_piece_never_stands_for_too_many_numbers() {
        for (x, y, side) in [(1, 1, 128), (4, 8, 128), (2, 128, 64), (16, 64, 32), (1024, 1024, 16)] {
            assert_eq!(Grain { x, y }.side(), side, "{x} × {y}");
        }
    }

    #[test]
    fn a_dot_shows_the_largest_of_its_cells_and_nan_before_all() {
        let mut data = vec![0.1f32; 1000 * 1000];
        data[501 * 1000 + 502] = -9.0;
        data[3] = f32::NAN;
        data[4] = 77.0;
        let layout = Layout::new(&[1000, 1000], &[Role::Rows, Role::Columns], &[]);
        let plan = Plan::new(&layout, Vec2::new(250.0, 250.0), 1.0);
        let tokens = Tokens::dark();
        let paint = Paint::Signed(Scale { range: Range::Linear, limit: 77.0 });
        let id = Id::unique("t");
        let tiles = Tiles { id, version: 0, data: &data, layout: &layout, plan: &plan, paint, tokens: &tokens };
        assert_eq!(tiles.grain(1.0), Grain { x: 4, y: 4 });
        let at = |row, column| tiles.shown(Cell { facet: 0, row, column }, 1.0).0;
        assert_eq!(at(503, 500), Cell { facet: 0, row: 501, column: 502 });
        assert_eq!(at(0, 0), Cell { facet: 0, row: 0, column: 3 });
        assert_eq!(tiles.colour(tiles.largest(Cell::default(), tiles.grain(1.0))), tokens.bad);
        // A piece that does not begin at the corner, and is cut off at the end.
        let (from, grain) = (Cell { facet: 0, row: 500, column: 500 }, tiles.grain(1.0));
        let piece = tiles.dots(from, [125, 125], grain);
        let alone = |i: usize| Cell { facet: 0, row: 500 + i / 125 * 4, column: 500 + i % 125 * 4 };
        let each: Vec<_> = (0..125 * 125).map(|i| tiles.colour(tiles.largest(alone(i), grain))).collect();
        assert!(piece == each && piece[0] != piece[1]);
        assert!(tiles.caption(1.0).unwrap().contains("4 × 4"));
        assert_eq!(tiles.caption(8.0), None);
    }
}
