//! One budget for the checkpoints of all branches of a run.

use super::Debugger;
use super::checkpoints::Elsewhere;

/// Keeps the checkpoints of all branches within `budget` bytes together. Those that rest thin down first, to half of it
/// at most; the one that goes on has all that they leave. To be called whenever branches were added, dropped or changed
/// places; in between it holds by itself, for only the current one grows.
pub fn share_budget(budget: usize, current: &mut Debugger, mut resting: Vec<&mut Debugger>) {
    let each = budget / (2 * resting.len()).max(1);
    let mut elsewhere = Elsewhere::default();
    for (i, debugger) in resting.iter_mut().enumerate() {
        // What it shares with those before it is there already, and what they do not need is left to it.
        debugger.checkpoints.share((i + 1) * each, elsewhere.clone());
        elsewhere.add(&debugger.checkpoints);
    }
    current.checkpoints.share(budget, elsewhere);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::tests::{bits, debugger, xor};
    use super::*;

    /// Of all different checkpoints.
    fn bytes<'a>(all: impl Iterator<Item = &'a Debugger>) -> usize {
        let kept = all.flat_map(|debugger| debugger.checkpoints.kept());
        kept.map(|checkpoint| (Arc::as_ptr(checkpoint).addr(), checkpoint.bytes()))
            .collect::<BTreeMap<_, _>>()
            .values()
            .sum()
    }

    #[test]
    fn many_branches_stay_within_one_budget_and_what_they_share_counts_once() {
        let budget = 200_000;
        let mut project = xor();
        project.training.epochs = 100_000;
        let mut current = debugger(&project, budget);
        let mut resting: Vec<Debugger> = Vec::new();
        for round in 1..=12 {
            current.goto_step(round * 800).unwrap();
            let fork = current.fork().unwrap();
            resting.push(std::mem::replace(&mut current, fork));
            share_budget(budget, &mut current, resting.iter_mut().collect());
            let all = bytes(resting.iter().chain([&current]));
            assert!(all <= budget && all == current.timeline().bytes, "{all} in round {round}");
        }
        current.goto_step(20_000).unwrap();
        let all = bytes(resting.iter().chain([&current]));
        assert!(all <= budget && all > budget / 4, "{all}");
        let before = bits(&current);
        current.goto_step(3).unwrap();
        current.goto_step(20_000).unwrap();
        assert!(bits(&current) == before);
        let had = bytes(resting.iter());
        assert!(had <= budget / 2 && had > budget / 8, "{had}");
        resting.truncate(1);
        share_budget(budget, &mut current, resting.iter_mut().collect());
        let left = bytes(resting.iter());
        assert!(left < had, "{left} of {had}: what is dropped is free again");
        assert!(current.timeline().bytes <= budget);
    }
}
