//! Checkpoints on the way, within a budget of bytes.
//!
//! The rule: one at the first place and one at every step that is a multiple of the spacing, which begins at
//! [`FIRST_SPACING`]. When they take more than the budget, the spacing doubles and those that are no multiples of it are
//! dropped, until the rest fits. So any step is reached from one before it with fewer steps of replay than the spacing (and
//! one more, so that its values are computed), and the spacing grows with the length of the run, not the memory. The first
//! is kept even where it alone is more than the budget.

use std::sync::Arc;

use crate::engine::{Numbers, Snapshot};
use crate::model::Project;
use crate::trainer::Saved;

pub(super) const FIRST_SPACING: u64 = 8;

pub(super) struct Checkpoint {
    /// How many of the known changes it contains.
    pub applied: usize,
    /// In force then; shared while it stays the same.
    pub project: Arc<Project>,
    pub saved: Saved,
    bytes: usize,
}

impl Checkpoint {
    pub fn step(&self) -> u64 {
        self.saved.now.step
    }
}

pub(super) struct Ring {
    /// By step.
    kept: Vec<Checkpoint>,
    budget: usize,
    spacing: u64,
}

impl Ring {
    pub fn new(budget: usize) -> Self {
        Self { kept: Vec::new(), budget, spacing: FIRST_SPACING }
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn bytes(&self) -> usize {
        self.kept.iter().map(|checkpoint| checkpoint.bytes).sum()
    }

    pub fn spacing(&self) -> u64 {
        self.spacing
    }

    /// Whether the rule asks for a checkpoint here that is not there.
    pub fn wants(&self, step: u64) -> bool {
        let is_due = self.kept.is_empty() || step.is_multiple_of(self.spacing);
        is_due && self.kept.binary_search_by_key(&step, Checkpoint::step).is_err()
    }

    pub fn keep(&mut self, applied: usize, project: &Project, saved: Saved) {
        let Err(at) = self.kept.binary_search_by_key(&saved.now.step, Checkpoint::step) else { return };
        let before = at.checked_sub(1).map(|at| &self.kept[at].project).filter(|kept| ***kept == *project);
        let project = before.map_or_else(|| Arc::new(project.clone()), Arc::clone);
        let bytes = size(&saved);
        self.kept.insert(at, Checkpoint { applied, project, saved, bytes });
        while self.bytes() > self.budget && self.kept.len() > 1 {
            self.spacing *= 2;
            let (first, spacing) = (self.kept[0].step(), self.spacing);
            self.kept.retain(|c| c.step() == first || c.step().is_multiple_of(spacing));
            if self.kept.len() == 2 && self.kept[0].bytes + self.kept[1].bytes > self.budget {
                self.kept.truncate(1);
            }
        }
    }

    /// The last one at or before a step.
    pub fn nearest(&self, step: u64) -> Option<&Checkpoint> {
        self.kept.iter().rev().find(|checkpoint| checkpoint.step() <= step)
    }

    /// Drops what a change made at `step` (as the `applied`-th) is not part of.
    pub fn forget_after(&mut self, step: u64, applied: usize) {
        self.kept.retain(|checkpoint| checkpoint.step() <= step && checkpoint.applied <= applied);
    }
}

/// About what a checkpoint takes, with an allowance for names, maps and pointers.
fn size(saved: &Saved) -> usize {
    let tensors = |snapshot: &Snapshot| -> usize {
        let one = |(name, tensor): (&String, &crate::engine::SavedTensor)| {
            let numbers = match &tensor.numbers {
                Numbers::F32(numbers) => size_of_val(&**numbers),
                Numbers::F64(numbers) => size_of_val(&**numbers),
            };
            numbers + name.len() + 8 * tensor.dims.len() + 160
        };
        snapshot.tensors.iter().map(one).sum()
    };
    let best = saved.best.as_ref().map_or(0, tensors);
    tensors(&saved.now) + best + saved.place.journal.len() * 256 + 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SavedTensor;
    use crate::trainer::Resume;

    fn saved(step: u64) -> Saved {
        let numbers = Numbers::F32(vec![step as f32; 1000].into());
        let tensors = [("w".to_owned(), SavedTensor { dims: vec![1000], numbers })].into();
        Saved { now: Snapshot { step, tensors }, best: None, place: Resume::default() }
    }

    #[test]
    fn a_long_run_stays_within_the_budget_and_the_spacing_within_its_bound() {
        let budget = 100 * size(&saved(0));
        let mut ring = Ring::new(budget);
        for step in 0..100_000 {
            if ring.wants(step) {
                ring.keep(0, &Project::default(), saved(step));
            }
            assert!(ring.bytes() <= budget);
        }
        assert!(ring.spacing() <= 2048, "{}", ring.spacing());
        for step in [0, 1, 57, 4096, 99_999] {
            let from = ring.nearest(step).unwrap().step();
            assert!(step - from < ring.spacing(), "{step} from {from}");
        }
    }

    #[test]
    fn the_first_stays_even_where_nothing_fits() {
        let mut ring = Ring::new(10);
        for step in 3..100 {
            if ring.wants(step) {
                ring.keep(0, &Project::default(), saved(step));
            }
        }
        assert_eq!((ring.len(), ring.nearest(99).unwrap().step()), (1, 3));
    }
}
