//! Things that a network finds in pictures, beside those that are there.

use super::run::{Run, RunError};
use crate::data::Samples;
use crate::engine::{Machine, MeanLosses};
use crate::model::Task;
use crate::model::boxes::{Grid, Precision, Seen, Thing, things};
use crate::model::task::THING;

/// The cells of a run's answers.
pub(super) fn grid(run: &Run) -> Grid {
    grid_of(run.machine())
}

fn grid_of(machine: &Machine) -> Grid {
    let program = machine.program();
    let dims = &program.values[program.output.index()].shape.dims;
    // The Loss takes nothing else.
    Grid::of(dims).unwrap_or(Grid { classes: 1, rows: 1, columns: 1 })
}

/// What is in each picture, and what is found. `outputs` `[pictures, numbers of a grid]`, `targets` `[pictures, most,
/// numbers of a thing]`.
pub(super) fn each<'a>(
    grid: Grid,
    outputs: &'a [f32],
    targets: &'a [f32],
) -> impl Iterator<Item = (Vec<Thing>, Vec<Seen>)> + 'a {
    let pictures = (outputs.len() / grid.numbers()).max(1);
    let numbers = (targets.len() / pictures).max(THING);
    let pairs = outputs.chunks_exact(grid.numbers()).zip(targets.chunks_exact(numbers));
    pairs.map(move |(outputs, targets)| (things(targets), grid.read(outputs)))
}

/// How right the boxes found are, piece by piece.
pub(super) struct Found {
    grid: Grid,
    pub precision: Precision,
}

impl Found {
    pub fn by(machine: &Machine) -> Self {
        let grid = grid_of(machine);
        Self { grid, precision: Precision::new(grid.classes) }
    }

    pub fn take(&mut self, outputs: &[f32], targets: &[f32]) {
        for (things, found) in each(self.grid, outputs, targets) {
            self.precision.add(&things, &found.iter().map(|seen| seen.found).collect::<Vec<_>>());
        }
    }
}

/// The losses over a part, and how right the boxes found in it are.
pub(super) fn evaluate(machine: &Machine, part: &Samples) -> Result<(MeanLosses, Precision), RunError> {
    let mut found = Found::by(machine);
    let losses = machine.evaluate_samples(part, &mut |outputs, targets| found.take(outputs, targets))?;
    Ok((losses, found.precision))
}

impl Run {
    /// How right the boxes found in the validation part are; `None` where nothing is to be found.
    pub fn precision(&self) -> Result<Option<Precision>, RunError> {
        match self.task() {
            Task::Boxes { .. } => Ok(Some(evaluate(self.machine(), &self.dataset().validation)?.1)),
            Task::Classes(_) | Task::ClassesAt { .. } | Task::Numbers(_) | Task::Input(_) => Ok(None),
        }
    }
}
