//! What reaching any step of a run costs: the debugger goes to steps drawn at random, backwards and forwards; and what
//! its checkpoints cost a run that is never stopped.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Map, Value, json};

use crate::cli::output::{answer, remark};
use crate::data::{self, NoProgress};
use crate::engine::{Device, Threads};
use crate::model::templates;
use crate::trainer::{Debugger, Moment, Run, Way};

/// A toy that is trained for very long, and a network of convolutions.
const RUNS: [(&str, u64); 2] = [("xor", 100_000), ("digits-cnn", 1_000)];
/// How often a free run is timed with a debugger and without.
const ROUNDS: usize = 3;
/// Steps that are gone to.
const VISITS: usize = 60;
/// As the command line gives it without `--memory`.
const BUDGET: usize = 256 << 20;

struct Scrubbed {
    median: Duration,
    worst: Duration,
    replayed: u64,
    spacing: u64,
    checkpoints: usize,
    bytes: usize,
    /// The share of a free run's time that keeping checkpoints takes.
    cost: f64,
}

pub fn run(threads: Option<u16>, as_json: bool) -> anyhow::Result<()> {
    let threads = Threads::new(threads.map_or(0, usize::from))?;
    let mut all = Map::new();
    for (key, steps) in RUNS {
        remark(format_args!("measuring {key} …"));
        let found = threads.run(|| measure(key, steps))?;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        if as_json {
            let of_one = json!({
                "steps": steps, "median_ms": ms(found.median), "worst_ms": ms(found.worst),
                "most_replayed": found.replayed, "spacing": found.spacing, "checkpoints": found.checkpoints,
                "bytes": found.bytes, "cost_of_checkpoints": found.cost,
            });
            all.insert(key.into(), of_one);
        } else {
            let Scrubbed { replayed, spacing, checkpoints, .. } = found;
            let (mib, cost) = (found.bytes as f64 / f64::from(1 << 20), found.cost * 100.0);
            answer(format_args!(
                "{key:12} {steps:>7} steps: any step within {:.1} ms (median {:.1}), at most {replayed} steps replayed, \
                 {checkpoints} checkpoints every {spacing} steps in {mib:.1} MiB; keeping them takes {cost:.1} % of the run",
                ms(found.worst),
                ms(found.median),
            ))?;
        }
    }
    if as_json {
        answer(json!({ "scrub": Value::Object(all) }))?;
    }
    Ok(())
}

fn measure(key: &str, steps: u64) -> anyhow::Result<Scrubbed> {
    let Some(mut project) = templates::build(key) else { bail!("There is no template {key}.") };
    // It must not come to its end.
    project.training.epochs = usize::try_from(u32::MAX)?;
    project.training.early_stopping = None;
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress)?);
    let fresh = || Run::new(&project, dataset.clone(), Device::Cpu);
    // In turns, and the best of each: whatever else the machine does hits both alike.
    let (mut plain, mut kept) = (Duration::MAX, Duration::MAX);
    let mut debugger = Debugger::new(fresh()?, BUDGET)?;
    for _ in 0..ROUNDS {
        plain = plain.min(plain_run(fresh()?, steps)?);
        debugger = Debugger::new(fresh()?, BUDGET)?;
        let began = Instant::now();
        while debugger.moment().step < steps {
            debugger.run_free()?;
        }
        kept = kept.min(began.elapsed());
    }
    let cost = (kept.as_secs_f64() / plain.as_secs_f64() - 1.0).max(0.0);
    let mut times = Vec::new();
    let mut most = 0;
    for visit in 0..VISITS {
        // The golden section goes everywhere, and never the same way twice.
        let share = (visit as f64 * 0.618_033_988_75).fract();
        let step = 1 + (share * (steps - 1) as f64) as u64;
        let mut replayed = 0;
        let began = Instant::now();
        debugger.goto_while(Moment { step, instruction: 0 }, &mut |_: Way| {
            replayed += 1;
            true
        })?;
        times.push(began.elapsed());
        most = most.max(replayed);
    }
    times.sort();
    let (checkpoints, bytes, spacing) = debugger.checkpoints();
    let (median, worst) = (times[VISITS / 2], times[VISITS - 1]);
    Ok(Scrubbed { median, worst, replayed: most, spacing, checkpoints, bytes, cost })
}

/// The same run without a debugger, results at the end of epochs included.
fn plain_run(mut run: Run, steps: u64) -> anyhow::Result<Duration> {
    let began = Instant::now();
    while run.machine().step() < steps {
        if run.step()?.epoch_done {
            let results = run.evaluate()?;
            run.judge(&results)?;
        }
    }
    Ok(began.elapsed())
}
