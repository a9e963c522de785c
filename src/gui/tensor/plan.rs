//! Where cells and small pictures stand: sizes that suit the room, places both ways. Only what is in sight is asked
//! for.

use egui::{Pos2, Rect, Vec2};

use super::layout::{Cell, Layout};

/// A cell is never drawn larger than this at zoom 1: large enough for its number.
const LARGEST_CELL: f32 = 48.0;
/// Between small pictures.
const GAP: f32 = 8.0;
/// Height of the index above a small picture.
const LABEL: f32 = 14.0;
/// Small pictures are not made smaller than this to fit all of them.
const SMALLEST_FACET: f32 = 56.0;

/// The geometry of one layout in one room.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Size of a cell, in points.
    pub cell: Vec2,
    /// Small pictures in a row.
    pub across: usize,
    /// Pictures run down first, this many, before they go on to the right.
    down_first: Option<usize>,
    /// Height of the label above each; 0 for a single picture.
    pub label: f32,
    pub facets: usize,
    pub rows: usize,
    pub columns: usize,
}

impl Plan {
    pub fn new(layout: &Layout, room: Vec2, zoom: f32) -> Self {
        let (facets, rows, columns) = (layout.facets(), layout.rows(), layout.columns());
        let several = facets > 1;
        let label = if several { LABEL } else { 0.0 };
        let counts = Vec2::new(columns.max(1) as f32, rows.max(1) as f32);
        let inner = layout.facets_across().filter(|_| several);
        let outer = inner.map(|inner| facets / inner.max(1));
        let cell_with = |across| small_cell(counts, facets, across, room);
        // A table of pictures lies on its side where they become larger so, or where all columns but few rows can be
        // seen.
        let narrow = |across: Option<usize>| across.is_none_or(|n| n as f32 * (SMALLEST_FACET + GAP) <= room.x);
        let lies = inner < outer && narrow(outer) && cell_with(outer).x >= cell_with(inner).x;
        let cell = match (several, lies) {
            (false, _) => one_cell(counts, room),
            (true, true) => cell_with(outer),
            (true, false) => cell_with(inner),
        };
        let down_first = inner.filter(|_| lies);
        let mut plan = Self { cell: cell * zoom, across: 1, down_first, label, facets, rows, columns };
        let fitting = ((room.x + GAP) / plan.pitch().x).floor().max(1.0) as usize;
        plan.across = match if lies { outer } else { inner } {
            // Pictures that form a table keep its columns while a few of them can be seen.
            Some(columns) if columns <= fitting.max(4) || lies => columns,
            _ => fitting.min(facets.max(1)),
        };
        plan
    }

    /// From one small picture to the next.
    fn pitch(&self) -> Vec2 {
        if self.facets > 1 { self.facet_size() + Vec2::new(GAP, GAP + self.label) } else { self.facet_size() }
    }

    pub fn facet_size(&self) -> Vec2 {
        self.cell * Vec2::new(self.columns as f32, self.rows as f32)
    }

    /// Small pictures below each other.
    fn down(&self) -> usize {
        self.facets.div_ceil(self.across.max(1))
    }

    /// Of everything.
    pub fn size(&self) -> Vec2 {
        let down = self.down();
        let gap = if self.facets > 1 { GAP } else { 0.0 };
        (self.pitch() * Vec2::new(self.across as f32, down as f32) - Vec2::splat(gap)).max(Vec2::splat(1.0))
    }

    /// Where the cells of a small picture are.
    pub fn facet_rect(&self, origin: Pos2, facet: usize) -> Rect {
        let (across, down) = match self.down_first {
            Some(down) => (facet / down, facet % down),
            None => (facet % self.across, facet / self.across),
        };
        let place = Vec2::new(across as f32, down as f32);
        Rect::from_min_size(origin + place * self.pitch() + Vec2::new(0.0, self.label), self.facet_size())
    }

    /// The small picture at a place in their table.
    fn facet_at(&self, across: usize, down: usize) -> usize {
        self.down_first.map_or(down * self.across + across, |tall| across * tall + down)
    }

    pub fn cell_rect(&self, origin: Pos2, cell: Cell) -> Rect {
        let place = Vec2::new(cell.column as f32, cell.row as f32);
        Rect::from_min_size(self.facet_rect(origin, cell.facet).min + place * self.cell, self.cell)
    }

    /// The cell under a point.
    pub fn at(&self, origin: Pos2, pos: Pos2) -> Option<Cell> {
        let from = pos - origin;
        if from.min_elem() < 0.0 {
            return None;
        }
        let place = from / self.pitch();
        let (across, down) = (place.x as usize, place.y as usize);
        let facet = self.facet_at(across, down);
        if across >= self.across || down >= self.down() || facet >= self.facets {
            return None;
        }
        let rect = self.facet_rect(origin, facet);
        let inside = (pos - rect.min) / self.cell;
        let (row, column) = (inside.y as usize, inside.x as usize);
        (inside.min_elem() >= 0.0 && row < self.rows && column < self.columns).then_some(Cell { facet, row, column })
    }

    /// The small pictures that a part of the screen shows.
    pub fn visible(&self, origin: Pos2, clip: Rect) -> impl Iterator<Item = usize> + use<'_> {
        let pitch = self.pitch();
        let range = |low: f32, high: f32, pitch: f32, all: usize| {
            let first = (low / pitch).floor().max(0.0) as usize;
            first.min(all)..((high / pitch).floor().max(-1.0) + 1.0).max(0.0).min(all as f32) as usize
        };
        let rows = range(clip.top() - origin.y, clip.bottom() - origin.y, pitch.y, self.down());
        let columns = range(clip.left() - origin.x, clip.right() - origin.x, pitch.x, self.across);
        let all = rows.flat_map(move |row| columns.clone().map(move |column| (column, row)));
        all.map(|(column, row)| self.facet_at(column, row)).filter(|&facet| facet < self.facets)
    }

    /// Rows and columns of a small picture that a part of the screen shows.
    pub fn visible_cells(&self, facet: Rect, clip: Rect) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        let clip = clip.intersect(facet);
        let range = |low: f32, high: f32, cell: f32, all: usize| {
            let first = (low / cell).floor().max(0.0) as usize;
            first.min(all)..((high / cell).ceil().max(0.0) as usize).min(all)
        };
        (
            range(clip.top() - facet.top(), clip.bottom() - facet.top(), self.cell.y, self.rows),
            range(clip.left() - facet.left(), clip.right() - facet.left(), self.cell.x, self.columns),
        )
    }
}

/// One picture fills the room. Where its sides differ too much for square cells, they are stretched a little.
fn one_cell(counts: Vec2, room: Vec2) -> Vec2 {
    let fit = (room / counts).min(Vec2::splat(LARGEST_CELL));
    let square = fit.min_elem();
    if square >= 8.0 { Vec2::splat(square) } else { fit.min(Vec2::splat(square.max(8.0))) }
}

/// Many pictures: as large as lets all be seen, but never too small to show anything.
fn small_cell(counts: Vec2, facets: usize, across: Option<usize>, room: Vec2) -> Vec2 {
    let longest = counts.max_elem();
    let smallest = (SMALLEST_FACET / longest).clamp(0.25, 24.0);
    let fits = |cell: f32| {
        let pitch = counts * cell + Vec2::new(GAP, GAP + LABEL);
        let per_row = across.unwrap_or(((room.x + GAP) / pitch.x).floor() as usize);
        per_row > 0
            && per_row as f32 * pitch.x <= room.x + GAP
            && facets.div_ceil(per_row) as f32 * pitch.y <= room.y + GAP
    };
    let sizes = [36.0, 28.0, 24.0, 20.0, 16.0, 14.0, 12.0, 10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5];
    let best = sizes.into_iter().filter(|cell| *cell > smallest).find(|cell| fits(*cell));
    Vec2::splat(best.unwrap_or(smallest))
}

#[cfg(test)]
mod tests {
    use super::super::layout::Role;
    use super::*;

    fn plan(dims: &[usize], roles: &[Role]) -> Plan {
        Plan::new(&Layout::new(dims, roles, &[]), Vec2::new(560.0, 320.0), 1.0)
    }

    #[test]
    fn points_and_cells_agree() {
        let origin = Pos2::new(13.0, 7.0);
        let facets = plan(&[6, 5, 4], &[Role::Facets, Role::Rows, Role::Columns]);
        let single = plan(&[5, 4], &[Role::Rows, Role::Columns]);
        let kernels = plan(&[8, 3, 5, 4], &[Role::Facets, Role::Facets, Role::Rows, Role::Columns]);
        assert_eq!(kernels.across, 8, "filters run across where there is more room");
        for plan in [facets, single, kernels] {
            for facet in 0..plan.facets {
                for cell in [(0, 0), (4, 3), (2, 1)].map(|(row, column)| Cell { facet, row, column }) {
                    let rect = plan.cell_rect(origin, cell);
                    assert_eq!(plan.at(origin, rect.center()), Some(cell));
                    assert!(Rect::from_min_size(origin, plan.size()).expand(0.01).contains_rect(rect));
                }
            }
            assert_eq!(plan.at(origin, origin - Vec2::splat(1.0)), None);
            assert_eq!(plan.at(origin, origin + plan.size() + Vec2::splat(9.0)), None);
        }
    }

    #[test]
    fn a_picture_fits_its_room_and_small_ones_stay_large_enough() {
        let small = plan(&[3, 2], &[Role::Rows, Role::Columns]);
        assert_eq!(small.cell, Vec2::splat(48.0));
        let large = plan(&[4096, 4096], &[Role::Rows, Role::Columns]);
        assert!(large.size().x <= 561.0 && large.size().y <= 321.0, "{:?}", large.size());
        let many = plan(&[512, 28, 28], &[Role::Facets, Role::Rows, Role::Columns]);
        assert!(many.facet_size().x >= 55.0 && many.size().y > 320.0);
        assert!(many.size().x <= 560.0);
        let flat = plan(&[64, 3136], &[Role::Rows, Role::Columns]);
        assert!(flat.cell.y >= 4.0, "{:?}", flat.cell);
    }

    #[test]
    fn only_what_is_in_sight_is_visited() {
        let many = plan(&[32_768, 28, 28], &[Role::Facets, Role::Rows, Role::Columns]);
        let origin = Pos2::new(0.0, -40_000.0);
        let clip = Rect::from_min_size(Pos2::ZERO, Vec2::new(560.0, 320.0));
        let seen: Vec<_> = many.visible(origin, clip).collect();
        assert!((20..100).contains(&seen.len()), "{}", seen.len());
        for facet in [seen[0], seen[seen.len() - 1]] {
            assert!(clip.expand(20.0).intersects(many.facet_rect(origin, facet)));
        }
        let (rows, columns) = many.visible_cells(Rect::from_min_size(Pos2::new(-30.0, 0.0), many.facet_size()), clip);
        assert!(rows.len() == 28 && columns.start > 10 && columns.end == 28, "{rows:?} {columns:?}");
    }
}
