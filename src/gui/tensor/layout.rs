//! How the axes of a tensor lie on the flat screen: down, across, as small pictures beside each other, or cut at one
//! index.
//!
//! Pure arithmetic between places on the screen and indices; draws nothing.

use std::ops::Range;

/// What becomes of one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One index of it is shown.
    Slice,
    /// A small picture for each index.
    Facets,
    Rows,
    Columns,
    /// Flattened: laid behind each other with the other axes that run the same way.
    IntoRows,
    IntoColumns,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Slice, Self::Facets, Self::Rows, Self::Columns, Self::IntoRows, Self::IntoColumns];

    pub fn title(self) -> &'static str {
        match self {
            Self::Slice => "one index",
            Self::Facets => "pictures",
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::IntoRows => "flatten into rows",
            Self::IntoColumns => "flatten into columns",
        }
    }
}

/// The roles that suit a tensor with these axes.
pub fn suitable(dims: &[usize], axes: &[String]) -> Vec<Role> {
    let rank = dims.len();
    let is = |axis: usize, word: &str| axes.get(axis).is_some_and(|name| name == word);
    (0..rank)
        .map(|axis| match rank - axis {
            1 => Role::Columns,
            2 => Role::Rows,
            _ if is(axis, "sample") => Role::Slice,
            // Kernels: a picture for every pair of channels. Beyond that the outer axes are cut.
            n if n <= 4 => Role::Facets,
            _ => Role::Slice,
        })
        .collect()
}

/// Gives `axis` a role; whoever held it alone takes the one that became free.
pub fn assign(roles: &mut [Role], axis: usize, role: Role) {
    let Some(&before) = roles.get(axis) else { return };
    if matches!(role, Role::Rows | Role::Columns)
        && let Some(holder) = roles.iter().position(|r| *r == role)
    {
        roles[holder] = before;
    }
    roles[axis] = role;
}

/// A cell: which small picture, and where in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cell {
    pub facet: usize,
    pub row: usize,
    pub column: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    dims: Vec<usize>,
    strides: Vec<usize>,
    facet_axes: Vec<usize>,
    row_axes: Vec<usize>,
    column_axes: Vec<usize>,
    /// By axis; only those of sliced axes count.
    slices: Vec<usize>,
    /// A single row is broken after so many cells.
    wrap: Option<usize>,
}

impl Layout {
    pub fn new(dims: &[usize], roles: &[Role], slices: &[usize]) -> Self {
        let mut strides = vec![1; dims.len()];
        for axis in (1..dims.len()).rev() {
            strides[axis - 1] = strides[axis] * dims[axis];
        }
        let with = |wanted: &[Role]| {
            let has = |axis: &usize| roles.get(*axis).is_some_and(|role| wanted.contains(role));
            (0..dims.len()).filter(has).collect::<Vec<_>>()
        };
        let slices = (0..dims.len())
            .map(|axis| slices.get(axis).copied().unwrap_or(0).min(dims[axis].saturating_sub(1)))
            .collect();
        Self {
            facet_axes: with(&[Role::Facets]),
            row_axes: with(&[Role::Rows, Role::IntoRows]),
            column_axes: with(&[Role::Columns, Role::IntoColumns]),
            dims: dims.to_vec(),
            strides,
            slices,
            wrap: None,
        }
    }

    /// Breaks a lone row into several of this width.
    pub fn wrapped(mut self, width: usize) -> Self {
        self.wrap = (self.is_strip() && self.len_of(&self.column_axes) > width).then_some(width.max(1));
        self
    }

    /// Whether there is only one row in only one picture.
    pub fn is_strip(&self) -> bool {
        self.facets() == 1 && self.len_of(&self.row_axes) == 1
    }

    fn len_of(&self, axes: &[usize]) -> usize {
        axes.iter().map(|&axis| self.dims[axis]).product()
    }

    pub fn facets(&self) -> usize {
        self.len_of(&self.facet_axes)
    }

    pub fn rows(&self) -> usize {
        match self.wrap {
            Some(width) => self.len_of(&self.column_axes).div_ceil(width),
            None => self.len_of(&self.row_axes),
        }
    }

    pub fn columns(&self) -> usize {
        self.wrap.unwrap_or_else(|| self.len_of(&self.column_axes))
    }

    pub fn is_empty(&self) -> bool {
        self.facets() * self.rows() * self.columns() == 0
    }

    /// Pictures that belong in one row, where the axes of the pictures form a table themselves.
    pub fn facets_across(&self) -> Option<usize> {
        if self.facet_axes.len() < 2 { None } else { self.facet_axes.last().map(|&axis| self.dims[axis]) }
    }

    /// The index of a cell; `None` behind the end of a wrapped row.
    pub fn index(&self, cell: Cell) -> Option<Vec<usize>> {
        let (row, column) = self.unwrapped(cell)?;
        let mut index: Vec<usize> = self.slices.clone();
        for (axes, mut at) in [(&self.facet_axes, cell.facet), (&self.row_axes, row), (&self.column_axes, column)] {
            for &axis in axes.iter().rev() {
                index[axis] = at % self.dims[axis].max(1);
                at /= self.dims[axis].max(1);
            }
        }
        Some(index)
    }

    fn unwrapped(&self, cell: Cell) -> Option<(usize, usize)> {
        let Some(width) = self.wrap else { return Some((cell.row, cell.column)) };
        let at = cell.row * width + cell.column;
        (at < self.len_of(&self.column_axes)).then_some((0, at))
    }

    /// Where a cell's number lies in row-major order.
    pub fn offset(&self, cell: Cell) -> Option<usize> {
        let (row, column) = self.unwrapped(cell)?;
        let places = self.along(&self.facet_axes, cell.facet)
            + self.along(&self.row_axes, row)
            + self.along(&self.column_axes, column);
        Some(places + self.base())
    }

    /// How far apart in the numbers these rows, and these columns, of a small picture are: a cell's number lies at the
    /// sum of both. `None` where that is not so, in the last line of a row that was broken into several.
    pub fn offsets(&self, facet: usize, rows: Range<usize>, columns: Range<usize>) -> Option<[Vec<usize>; 2]> {
        let before = self.along(&self.facet_axes, facet) + self.base();
        if let Some(width) = self.wrap {
            let is_whole = rows.end * width <= self.len_of(&self.column_axes);
            let lies_behind = |pair: &[usize]| self.strides[pair[0]] == self.strides[pair[1]] * self.dims[pair[1]];
            let has_no_gaps = self.column_axes.last().is_some_and(|&axis| self.strides[axis] == 1);
            let has_no_gaps = has_no_gaps && self.column_axes.windows(2).all(lies_behind);
            let rows = rows.map(|row| before + row * width).collect();
            return (is_whole && has_no_gaps).then(|| [rows, columns.collect()]);
        }
        let rows = rows.map(|row| before + self.along(&self.row_axes, row)).collect();
        Some([rows, columns.map(|column| self.along(&self.column_axes, column)).collect()])
    }

    /// How far the sliced axes move every place.
    fn base(&self) -> usize {
        let sliced = (0..self.dims.len()).filter(|axis| {
            !self.facet_axes.contains(axis) && !self.row_axes.contains(axis) && !self.column_axes.contains(axis)
        });
        sliced.map(|axis| self.slices[axis] * self.strides[axis]).sum()
    }

    fn along(&self, axes: &[usize], mut at: usize) -> usize {
        let mut offset = 0;
        for &axis in axes.iter().rev() {
            offset += at % self.dims[axis].max(1) * self.strides[axis];
            at /= self.dims[axis].max(1);
        }
        offset
    }

    /// The cell that shows an index; `None` when it is cut away.
    pub fn cell(&self, index: &[usize]) -> Option<Cell> {
        if index.len() != self.dims.len() || index.iter().zip(&self.dims).any(|(i, n)| i >= n) {
            return None;
        }
        let shown = |axis: &usize| {
            self.facet_axes.contains(axis) || self.row_axes.contains(axis) || self.column_axes.contains(axis)
        };
        if (0..self.dims.len()).any(|axis| !shown(&axis) && index[axis] != self.slices[axis]) {
            return None;
        }
        let place = |axes: &[usize]| axes.iter().fold(0, |at, &axis| at * self.dims[axis] + index[axis]);
        let (facet, row, column) = (place(&self.facet_axes), place(&self.row_axes), place(&self.column_axes));
        Some(match self.wrap {
            Some(width) => Cell { facet, row: column / width, column: column % width },
            None => Cell { facet, row, column },
        })
    }

    /// The index along the axes of the pictures: `[3]`, `[0, 2]`.
    pub fn facet_index(&self, facet: usize) -> Vec<(usize, usize)> {
        let mut at = facet;
        let mut index: Vec<(usize, usize)> = Vec::new();
        for &axis in self.facet_axes.iter().rev() {
            index.push((axis, at % self.dims[axis].max(1)));
            at /= self.dims[axis].max(1);
        }
        index.reverse();
        index
    }

    /// Axes that run down and across, outermost first.
    pub fn row_and_column_axes(&self) -> (&[usize], &[usize]) {
        (&self.row_axes, &self.column_axes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axes: &[&str]) -> Vec<String> {
        axes.iter().map(|&axis| axis.to_owned()).collect()
    }

    #[test]
    fn suitable_roles_follow_rank_and_names() {
        use Role::{Columns, Facets, Rows, Slice};
        let images = names(&["sample", "channel", "row", "column"]);
        assert_eq!(suitable(&[64, 512, 28, 28], &images), [Slice, Facets, Rows, Columns]);
        let kernels = names(&["filter", "channel", "row", "column"]);
        assert_eq!(suitable(&[8, 3, 3, 3], &kernels), [Facets, Facets, Rows, Columns]);
        assert_eq!(suitable(&[4, 3], &names(&["unit", "input"])), [Rows, Columns]);
        assert_eq!(suitable(&[4, 10, 6], &names(&["sample", "step", "feature"])), [Slice, Rows, Columns]);
        assert_eq!(suitable(&[7], &names(&["unit"])), [Columns]);
        assert!(suitable(&[], &[]).is_empty());
    }

    #[test]
    fn every_cell_finds_its_number_and_back() {
        let dims = [2, 3, 4, 5];
        let all = [
            [Role::Slice, Role::Facets, Role::Rows, Role::Columns],
            [Role::Facets, Role::Facets, Role::Columns, Role::Rows],
            [Role::IntoRows, Role::Rows, Role::Columns, Role::IntoColumns],
            [Role::Rows, Role::Slice, Role::Slice, Role::Columns],
        ];
        for roles in all {
            let layout = Layout::new(&dims, &roles, &[1, 2, 3, 4]);
            let mut seen = std::collections::HashSet::new();
            for facet in 0..layout.facets() {
                for row in 0..layout.rows() {
                    for column in 0..layout.columns() {
                        let cell = Cell { facet, row, column };
                        let index = layout.index(cell).unwrap();
                        let flat = index.iter().zip(&dims).fold(0, |at, (i, n)| at * n + i);
                        assert_eq!(layout.offset(cell), Some(flat), "{roles:?} {cell:?}");
                        assert_eq!(layout.cell(&index), Some(cell));
                        seen.insert(flat);
                    }
                }
            }
            assert_eq!(seen.len(), layout.facets() * layout.rows() * layout.columns());
        }
        let layout = Layout::new(&dims, &all[0], &[1, 0, 0, 0]);
        assert_eq!(layout.cell(&[0, 1, 1, 1]), None);
        assert_eq!(Layout::new(&dims, &all[1], &[]).facets_across(), Some(3));
    }

    #[test]
    fn a_strip_is_broken_into_rows() {
        let layout = Layout::new(&[10], &[Role::Columns], &[]).wrapped(4);
        assert_eq!((layout.rows(), layout.columns()), (3, 4));
        let at = |row, column| layout.offset(Cell { facet: 0, row, column });
        assert_eq!((at(0, 3), at(2, 1), at(2, 2)), (Some(3), Some(9), None));
        assert_eq!(layout.cell(&[9]), Some(Cell { facet: 0, row: 2, column: 1 }));
        assert_eq!(Layout::new(&[], &[], &[]).offset(Cell::default()), Some(0));
    }

    #[test]
    fn rows_and_columns_lie_as_far_apart_as_each_cell_says() {
        let layouts = [
            Layout::new(&[3, 4, 5], &[Role::Facets, Role::Rows, Role::Columns], &[]),
            Layout::new(&[3, 4, 5], &[Role::IntoColumns, Role::Slice, Role::Rows], &[0, 2, 0]),
            Layout::new(&[3, 4, 5], &[Role::Slice, Role::IntoColumns, Role::Columns], &[1, 0, 0]).wrapped(6),
            Layout::new(&[3, 4, 5], &[Role::Columns, Role::Slice, Role::Slice], &[0, 1, 1]).wrapped(2),
        ];
        let mut answered = 0;
        for layout in layouts {
            for facet in 0..layout.facets() {
                for row in 0..layout.rows() {
                    let columns = 0..layout.columns();
                    let Some([rows, columns]) = layout.offsets(facet, row..row + 1, columns) else { continue };
                    for (column, offset) in columns.iter().enumerate() {
                        assert_eq!(layout.offset(Cell { facet, row, column }), Some(rows[0] + offset));
                        answered += 1;
                    }
                }
            }
        }
        // All, but the last line of the strip and the strip with gaps.
        assert_eq!(answered, 60 + 15 + 18);
    }

    #[test]
    fn an_axis_that_takes_a_place_gives_its_own() {
        let mut roles = vec![Role::Slice, Role::Facets, Role::Rows, Role::Columns];
        assign(&mut roles, 1, Role::Rows);
        assert_eq!(roles, [Role::Slice, Role::Rows, Role::Facets, Role::Columns]);
        assign(&mut roles, 0, Role::Facets);
        assert_eq!(roles, [Role::Facets, Role::Rows, Role::Facets, Role::Columns]);
    }
}
