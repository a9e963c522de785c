//! Checkpoints on the way, within a budget of bytes and of number.
//!
//! The rule: one at the first place and one at every step that is a multiple of the spacing, which begins at
//! [`first_spacing`]. When they take more than the budget or are more than [`MOST`], the spacing doubles and those that
//! are no multiples of it are dropped, until the rest fits. So any step is reached from one before it with fewer steps
//! of replay than the spacing (and one more, so that its values are computed), and the spacing grows with the length of
//! the run, not the memory. The first is kept even where it alone is more than the budget.
//!
//! Branches have most of their checkpoints in common. What branches that rest keep counts too, and nothing counts
//! twice.

use std::collections::HashSet;
use std::sync::Arc;

use super::memory::Memories;
use crate::engine::{Numbers, Snapshot};
use crate::model::Project;
use crate::trainer::run::Stand;

/// So many at most, however small they are: more are no faster to go back to, and take time.
const MOST: usize = 4096;

/// Steps of a small network take less time than keeping it: it is kept more rarely, and replayed as fast.
fn first_spacing(bytes: usize) -> u64 {
    match bytes {
        0..0x1_0000 => 64,
        0x1_0000..0x8_0000 => 32,
        _ => 8,
    }
}

pub(super) struct Checkpoint {
    /// In force then; shared while it stays the same.
    pub project: Arc<Project>,
    pub stand: Stand,
    /// What conditions know of the steps up to here.
    pub memories: Memories,
    bytes: usize,
}

impl Checkpoint {
    pub fn new(project: Arc<Project>, stand: Stand, memories: Memories) -> Self {
        let bytes = size(&stand);
        Self { project, stand, memories, bytes }
    }

    pub fn step(&self) -> u64 {
        self.stand.now.step
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// What other branches keep.
#[derive(Clone, Default)]
pub(super) struct Elsewhere {
    pub bytes: usize,
    /// By address: they are kept there for as long as this is looked at.
    which: HashSet<usize>,
}

impl Elsewhere {
    pub fn add(&mut self, checkpoints: &CheckpointStore) {
        for checkpoint in &checkpoints.kept {
            if self.which.insert(Arc::as_ptr(checkpoint).addr()) {
                self.bytes += checkpoint.bytes;
            }
        }
    }

    fn has(&self, checkpoint: &Arc<Checkpoint>) -> bool {
        self.which.contains(&Arc::as_ptr(checkpoint).addr())
    }
}

/// Cloned by a fork; the tensors are shared.
#[derive(Clone)]
pub(super) struct CheckpointStore {
    /// By step.
    kept: Vec<Arc<Checkpoint>>,
    /// Of those that are only kept here.
    own_bytes: usize,
    elsewhere: Elsewhere,
    /// Of what is kept beside them: the changes of the run.
    beside: usize,
    budget: usize,
    /// 0 until there is one.
    spacing: u64,
}

impl CheckpointStore {
    pub fn new(budget: usize) -> Self {
        Self { kept: Vec::new(), own_bytes: 0, elsewhere: Elsewhere::default(), beside: 0, budget, spacing: 0 }
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Of all checkpoints, those of branches that rest too, and of the changes.
    pub fn bytes(&self) -> usize {
        self.own_bytes + self.elsewhere.bytes + self.beside
    }

    /// So many bytes are kept besides.
    pub fn keep_beside(&mut self, bytes: usize) {
        self.beside = bytes;
        self.thin();
    }

    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Another budget, of which some is taken elsewhere; with less, what does not fit is dropped.
    pub fn share(&mut self, budget: usize, elsewhere: Elsewhere) {
        (self.budget, self.elsewhere) = (budget, elsewhere);
        self.weigh();
        self.thin();
    }

    pub fn spacing(&self) -> u64 {
        self.spacing
    }

    #[cfg(test)]
    pub fn kept(&self) -> &[Arc<Checkpoint>] {
        &self.kept
    }

    pub fn steps(&self) -> Vec<u64> {
        self.kept.iter().map(|checkpoint| checkpoint.step()).collect()
    }

    /// Whether the rule asks for a checkpoint here that is not there.
    pub fn wants(&self, step: u64) -> bool {
        let is_due = self.kept.is_empty() || step.is_multiple_of(self.spacing);
        is_due && self.place(step).is_err()
    }

    fn place(&self, step: u64) -> Result<usize, usize> {
        match self.kept.last() {
            // Nearly always: a run goes forward.
            Some(last) if last.step() < step => Err(self.kept.len()),
            _ => self.kept.binary_search_by_key(&step, |checkpoint| checkpoint.step()),
        }
    }

    pub fn keep(&mut self, checkpoint: Checkpoint) {
        let Err(at) = self.place(checkpoint.step()) else { return };
        if self.kept.is_empty() && self.spacing == 0 {
            self.spacing = first_spacing(checkpoint.bytes);
        }
        self.own_bytes += checkpoint.bytes;
        self.kept.insert(at, Arc::new(checkpoint));
        self.thin();
    }

    fn is_too_much(&self) -> bool {
        (self.own_bytes > 0 && self.bytes() > self.budget) || self.kept.len() > MOST
    }

    fn thin(&mut self) {
        while self.is_too_much() && self.kept.len() > 1 {
            self.spacing *= 2;
            let (first, spacing) = (self.kept[0].step(), self.spacing);
            self.kept.retain(|c| c.step() == first || c.step().is_multiple_of(spacing));
            self.weigh();
            if self.kept.len() == 2 && self.is_too_much() {
                self.kept.truncate(1);
                self.weigh();
            }
        }
    }

    fn weigh(&mut self) {
        let own = self.kept.iter().filter(|checkpoint| !self.elsewhere.has(checkpoint));
        self.own_bytes = own.map(|checkpoint| checkpoint.bytes).sum();
    }

    /// The last one at or before a step.
    pub fn nearest(&self, step: u64) -> Option<&Arc<Checkpoint>> {
        let at = self.kept.partition_point(|checkpoint| checkpoint.step() <= step);
        at.checked_sub(1).and_then(|at| self.kept.get(at))
    }

    pub fn first(&self) -> Option<&Arc<Checkpoint>> {
        self.kept.first()
    }

    /// Whoever comes by a checkpoint may know more of the steps before it than was known when it was kept.
    pub fn learn(&mut self, step: u64, memories: &Memories) {
        let Ok(at) = self.place(step) else { return };
        let checkpoint = &mut self.kept[at];
        if checkpoint.memories != *memories {
            let (project, stand) = (checkpoint.project.clone(), checkpoint.stand.clone());
            let bytes = checkpoint.bytes;
            *checkpoint = Arc::new(Checkpoint { project, stand, memories: memories.clone(), bytes });
            self.weigh();
            self.thin();
        }
    }

    /// Drops what lies after `step`, or was kept when more than so many changes were made.
    pub fn forget_after(&mut self, step: u64, changes: usize) {
        self.kept.retain(|checkpoint| checkpoint.step() <= step && checkpoint.stand.happened.changes <= changes);
        self.weigh();
    }
}

/// About what a checkpoint takes, with an allowance for names, maps and pointers.
fn size(stand: &Stand) -> usize {
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
    let best = stand.best.as_ref().map_or(0, tensors);
    tensors(&stand.now) + best + 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::SavedTensor;
    use crate::trace::Happened;
    use crate::trainer::Resume;

    fn checkpoint(step: u64) -> Checkpoint {
        let numbers = Numbers::F32(vec![step as f32; 1000].into());
        let tensors = [("w".to_owned(), SavedTensor { dims: vec![1000], numbers })].into();
        let (place, happened) = (Resume::default(), Happened::default());
        let stand = Stand { now: Snapshot { step, tensors }, best: None, place, happened };
        Checkpoint::new(Arc::default(), stand, Memories::default())
    }

    #[test]
    fn a_long_run_stays_within_the_budget_and_the_spacing_within_its_bound() {
        let budget = 100 * checkpoint(0).bytes;
        let mut checkpoints = CheckpointStore::new(budget);
        for step in 0..100_000 {
            if checkpoints.wants(step) {
                checkpoints.keep(checkpoint(step));
            }
            assert!(checkpoints.bytes() <= budget);
        }
        assert!(checkpoints.spacing() <= 2048, "{}", checkpoints.spacing());
        for step in [0, 1, 57, 4096, 99_999] {
            let from = checkpoints.nearest(step).unwrap().step();
            assert!(step - from < checkpoints.spacing(), "{step} from {from}");
        }
        assert_eq!(checkpoints.bytes(), checkpoints.kept.iter().map(|c| c.bytes).sum::<usize>());
        checkpoints.share(budget / 4, Elsewhere::default());
        assert!(checkpoints.bytes() <= budget / 4 && checkpoints.len() > 10);
    }

    #[test]
    fn small_ones_are_not_more_than_a_number_of_them() {
        let mut checkpoints = CheckpointStore::new(usize::MAX);
        for step in 0..600_000 {
            if checkpoints.wants(step) {
                checkpoints.keep(checkpoint(step));
            }
        }
        assert!((MOST / 2..=MOST).contains(&checkpoints.len()), "{}", checkpoints.len());
        assert_eq!(checkpoints.nearest(599_999).unwrap().step() % checkpoints.spacing(), 0);
        checkpoints.forget_after(1000, 0);
        assert_eq!(checkpoints.bytes(), checkpoints.kept.iter().map(|c| c.bytes).sum::<usize>());
        assert!(checkpoints.nearest(599_999).unwrap().step() <= 1000);
    }

    #[test]
    fn the_first_stays_even_where_nothing_fits() {
        let mut checkpoints = CheckpointStore::new(10);
        for step in 3..300 {
            if checkpoints.wants(step) {
                checkpoints.keep(checkpoint(step));
            }
        }
        assert_eq!((checkpoints.len(), checkpoints.nearest(299).unwrap().step()), (1, 3));
    }
}
