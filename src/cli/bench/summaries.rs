//! What the summaries of all layers, which every run keeps, cost the training rate.
//!
//! They cannot be switched off, and need not be: in one and the same run the steps with a summary are laid beside those
//! without.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::probe::median;
use crate::cli::output::{answer, remark};
use crate::data::{self, Dataset, NoProgress};
use crate::engine::{Device, Threads};
use crate::model::{Project, templates};
use crate::trainer::Run;

const TEMPLATES: [&str; 4] = ["xor", "spiral", "digits-mlp", "digits-cnn"];
/// Runs from the first step, of which the median counts.
const ROUNDS: usize = 10;
/// Of a run no more than this: summaries get rarer with every doubling, so a longer one would cost less.
const MOST_STEPS: u64 = 4_000;

/// Seconds that the steps of a run took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Took {
    with: f64,
    steps_with: u64,
    without: f64,
    steps_without: u64,
}

impl Took {
    /// The share by which a run is longer for its summaries.
    fn cost(self) -> f64 {
        let step = self.without / self.steps_without as f64;
        let bare = step * (self.steps_with + self.steps_without) as f64;
        (self.with + self.without) / bare - 1.0
    }
}

pub fn run(threads: Option<u16>, as_json: bool) -> anyhow::Result<()> {
    let threads = Threads::new(threads.map_or(0, usize::from))?;
    let mut all = Map::new();
    for key in TEMPLATES {
        let Some(project) = templates::build(key) else { continue };
        remark(format_args!("measuring {key} …"));
        let took = threads.run(|| measure(&project, ROUNDS, MOST_STEPS))?;
        let cost = median(took.iter().map(|took| took.cost()).collect());
        let Some(Took { steps_with, steps_without, .. }) = took.first().copied() else { continue };
        let steps = steps_with + steps_without;
        if as_json {
            all.insert(key.into(), json!({ "steps": steps, "summaries": steps_with, "cost": cost }));
        } else {
            let share = cost * 100.0;
            answer(format_args!("{key:12} {steps:>5} steps, {steps_with:>3} with a summary: {share:.2} %"))?;
        }
    }
    if as_json {
        answer(json!({ "summaries": Value::Object(all) }))?;
    }
    Ok(())
}

fn measure(project: &Project, rounds: usize, steps: u64) -> anyhow::Result<Vec<Took>> {
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress)?);
    (0..rounds).map(|_| one(project, &dataset, steps)).collect()
}

fn one(project: &Project, dataset: &Arc<Dataset>, steps: u64) -> anyhow::Result<Took> {
    let mut run = Run::new(project, dataset.clone(), Device::Cpu)?;
    let mut took = Took::default();
    while run.finished().is_none() && run.machine().step() < steps {
        let began = Instant::now();
        run.step()?;
        let summary = run.take_summary();
        let seconds = began.elapsed().as_secs_f64();
        match summary {
            // The first step is slower than all others anyhow: it reserves the memory of the rest.
            Some(summary) if summary.step == 1 => {}
            Some(_) => (took.with, took.steps_with) = (took.with + seconds, took.steps_with + 1),
            None => (took.without, took.steps_without) = (took.without + seconds, took.steps_without + 1),
        }
    }
    Ok(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_is_the_share_by_which_a_run_is_longer() {
        let took = Took { with: 3.0, steps_with: 1, without: 99.0, steps_without: 99 };
        assert!((took.cost() - 0.02).abs() < 1e-12);
    }

    #[test]
    fn steps_with_a_summary_are_told_from_those_without() {
        let project = templates::build("xor").unwrap();
        let took = measure(&project, 2, 40).unwrap();
        assert_eq!(took.len(), 2);
        // The 2nd, 4th, 8th, 16th and 32nd.
        assert!(took.iter().all(|took| (took.steps_with, took.steps_without) == (5, 34)), "{took:?}");
    }
}
