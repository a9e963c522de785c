//! What a network is to say at each cell of a grid that finds things in pictures, and how wrong what it says is.
//!
//! The grid lies over the picture. A thing belongs to the cell that its centre lies in, and to the neighbour beside and
//! the neighbour above or below that are closest to the centre: these cells are to find it, all others are to say that
//! there is nothing. Boxes are left, top, right and bottom, in fractions of the picture's width and height.

mod cell_boxes;
mod cell_class;
mod cell_truth;
mod giou;
mod objectness;

use crate::engine::error::Result;
use crate::engine::explain::Operand;
use crate::trace::Arithmetic;

pub use cell_boxes::CellBoxes;
pub use cell_class::CellClass;
pub use cell_truth::CellTruth;
pub use giou::Giou;
pub use objectness::Objectness;

/// The sum over the cells of all pictures, each with its picture's share, divided by the pictures. `cells` is
/// `[B, 1, rows, columns]`, `shares` `[B, 1, 1, 1]`; `of` tells what a cell adds, `None` where it adds nothing.
fn mean_over_pictures(
    cells: &Operand,
    shares: &Operand,
    of: impl Fn(&[usize]) -> Result<Option<Arithmetic>>,
) -> Result<Arithmetic> {
    let mut parts = Vec::new();
    for flat in 0..cells.numbers.len() {
        let index = cells.unflatten(flat);
        if let Some(part) = of(&index)? {
            parts.push(shares.at(&[index[0], 0, 0, 0])? * Arithmetic::named("cell", part));
        }
    }
    Ok(Arithmetic::Sum(parts) / Arithmetic::given("pictures", cells.dims[0] as f64))
}

/// The same cell, in another channel.
fn channel(index: &[usize], channel: usize) -> [usize; 4] {
    [index[0], channel, index[2], index[3]]
}
