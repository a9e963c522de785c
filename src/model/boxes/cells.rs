//! How the numbers of a grid of cells are read as things in a picture.
//!
//! A cell says whether there is a thing (a logit), where its centre lies, counted from the cell, how wide and high it
//! is (the logarithm of its cells), and for each class how much it looks like one (logits).

use super::{Extent, Found, Thing, suppress};
use crate::model::task::{CELL, THING};

/// Less certain finds are left out.
const LEAST: f32 = 0.01;
/// Two finds of a class that overlap by more are one.
const SAME: f64 = 0.5;
/// Finds that are kept of a picture.
const MOST: usize = 100;
/// The logarithm of the largest box, in cells: e to the power of it is 62.5.
pub const LARGEST: f64 = 4.135_166_556_742_356;

/// The cells of a network's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// What a thing may be.
    pub classes: usize,
    /// Cells from top to bottom.
    pub rows: usize,
    /// Cells from left to right.
    pub columns: usize,
}

/// A find, and the cell that says so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// What is found.
    pub found: Found,
    /// Row and column of the cell.
    pub cell: [usize; 2],
}

impl Grid {
    /// Of an answer with these sizes (numbers of a cell, rows, columns); `None` where it is no grid.
    pub fn of(dims: &[usize]) -> Option<Self> {
        match *dims {
            [numbers, rows, columns] if numbers > CELL && rows * columns > 0 => {
                Some(Self { classes: numbers - CELL, rows, columns })
            }
            _ => None,
        }
    }

    /// Numbers of one picture's answer.
    pub fn numbers(self) -> usize {
        (CELL + self.classes) * self.rows * self.columns
    }

    /// What is found in one picture, most certain first. `answer`: its numbers, `[numbers of a cell, rows, columns]`.
    pub fn read(self, answer: &[f32]) -> Vec<Seen> {
        let cells = 0..self.rows * self.columns;
        let all: Vec<Seen> = cells.filter_map(|cell| self.cell(answer, cell)).collect();
        let found: Vec<Found> = all.iter().map(|seen| seen.found).collect();
        suppress(&found, SAME, MOST).into_iter().map(|i| all[i]).collect()
    }

    fn cell(self, answer: &[f32], cell: usize) -> Option<Seen> {
        let number = |channel: usize| answer.get(channel * self.rows * self.columns + cell).map(|&x| f64::from(x));
        let there = sigmoid(number(0)?);
        let kinds = (0..self.classes).map(|class| number(CELL + class)).collect::<Option<Vec<_>>>()?;
        let mut class = 0;
        for (other, kind) in kinds.iter().enumerate() {
            if *kind > kinds[class] {
                class = other;
            }
        }
        let share = 1.0 / kinds.iter().map(|kind| (kind - kinds[class]).exp()).sum::<f64>();
        let score = (there * share) as f32;
        if score.is_nan() || score < LEAST {
            return None;
        }
        let [row, column] = [cell / self.columns, cell % self.columns];
        let along = |at: usize, cells: usize, [shift, size]: [f64; 2]| {
            let centre = at as f64 + 2.0 * sigmoid(shift) - 0.5;
            let half = size.min(LARGEST).exp() / 2.0;
            [(centre - half) / cells as f64, (centre + half) / cells as f64].map(|edge| edge as f32)
        };
        let [left, right] = along(column, self.columns, [number(1)?, number(3)?]);
        let [top, bottom] = along(row, self.rows, [number(2)?, number(4)?]);
        let found = Found { class, score, extent: Extent { left, top, right, bottom } };
        Some(Seen { found, cell: [row, column] })
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The things of a target: class (−1 where there is none), left, top, right, bottom of each.
pub fn things(target: &[f32]) -> Vec<Thing> {
    let thing = |numbers: &[f32]| match *numbers {
        [class, left, top, right, bottom] if class >= 0.0 => {
            Some(Thing { class: class as usize, extent: Extent { left, top, right, bottom } })
        }
        _ => None,
    };
    target.chunks_exact(THING).filter_map(thing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_zeros_is_one_cell_in_its_place_and_half_sure() {
        let grid = Grid::of(&[7, 2, 4]).unwrap();
        let mut answer = vec![0.0; grid.numbers()];
        answer[..8].fill(-20.0);
        answer[6] = 0.0;
        answer[6 * 8 + 6] = 1.0;
        let seen = grid.read(&answer);
        let share = 1.0 / (1.0 + (-1f32).exp());
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].cell, seen[0].found.class), ([1, 2], 1));
        assert!((seen[0].found.score - 0.5 * share).abs() < 1e-6);
        assert_eq!(seen[0].found.extent, Extent { left: 0.5, top: 0.5, right: 0.75, bottom: 1.0 });
    }

    #[test]
    fn neighbours_that_mean_the_same_thing_are_one_find() {
        let grid = Grid::of(&[6, 1, 3]).unwrap();
        let mut answer = vec![0.0; grid.numbers()];
        // The middle and the right cell both mean a box of two cells around the line between them.
        answer[..3].copy_from_slice(&[-20.0, 3.0, 2.0]);
        answer[3..6].copy_from_slice(&[0.0, 20.0, -1.098_612_3]);
        answer[9..12].fill(2f32.ln());
        let seen = grid.read(&answer);
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0].cell, [0, 1]);
    }

    #[test]
    fn what_is_no_number_and_no_grid_is_nothing() {
        let grid = Grid { classes: 1, rows: 2, columns: 2 };
        assert!(grid.read(&vec![f32::NAN; grid.numbers()]).is_empty());
        assert!(grid.read(&[1.0; 3]).is_empty());
        assert_eq!((Grid::of(&[5, 2, 2]), Grid::of(&[8])), (None, None));
    }

    #[test]
    fn padding_is_no_thing() {
        let all = things(&[1.0, 0.1, 0.2, 0.3, 0.4, -1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].class, all[0].extent.bottom), (1, 0.4));
    }
}
