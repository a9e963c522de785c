//! What an enabled breakpoint costs the training rate, by kind. None of these ever stops.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::probe::{median, rate};
use crate::cli::output::{answer, remark};
use crate::data::{self, NoProgress};
use crate::engine::{Device, Threads};
use crate::model::{Project, templates};
use crate::trace::{At, Breakpoint};
use crate::trainer::{Command, DebugCommand, Trainer};

const TEMPLATES: [&str; 2] = ["spiral", "digits-cnn"];
/// Pairs of measurements, with the breakpoint and without; the medians are compared.
const ROUNDS: usize = 10;

/// Its name, and what it asks.
const KINDS: [(&str, At, Option<&str>); 4] = [
    ("a condition on the loss", At::Anywhere, Some("loss > 1e30")),
    ("a condition on the past", At::Anywhere, Some("loss > 1e30 + max(loss)")),
    ("a condition on a gradient", At::Anywhere, Some("max(abs(dense_1.weight.grad)) > 1e30")),
    ("the first NaN or infinity", At::NotFinite, None),
];

/// Threads as a window trains with; `time` is that of one of the measurements.
pub fn run(time: Duration, threads: Option<u16>, as_json: bool) -> anyhow::Result<()> {
    let threads = threads.map_or_else(|| Threads::available().saturating_sub(1).max(1), usize::from);
    let mut all = Map::new();
    for key in TEMPLATES {
        let Some(project) = templates::build(key) else { continue };
        let trainer = train(project, threads)?;
        rate(&trainer, time / 2)?;
        let mut of = Map::new();
        for (kind, at, condition) in KINDS {
            remark(format_args!("measuring {key}, {kind} …"));
            let breakpoint = Breakpoint::new(1, at, condition.map(str::to_owned));
            let (free, armed) = pairs(&trainer, &breakpoint, time)?;
            let cost = 1.0 - armed / free;
            if as_json {
                of.insert(kind.into(), json!({ "free": free, "armed": armed, "cost": cost }));
            } else {
                let share = cost * 100.0;
                answer(format_args!("{key:12} {kind:26} {free:>9.0} steps/s, {armed:>9.0} with it: {share:.1} %"))?;
            }
        }
        all.insert(key.into(), Value::Object(of));
    }
    if as_json {
        answer(json!({ "breakpoints": Value::Object(all) }))?;
    }
    Ok(())
}

fn train(mut project: Project, threads: usize) -> anyhow::Result<Trainer> {
    // It must not come to its end.
    project.training.epochs = usize::try_from(u32::MAX)?;
    project.training.early_stopping = None;
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress)?);
    let trainer = Trainer::spawn(Arc::new(|| {}), threads).map_err(anyhow::Error::msg)?;
    trainer.send(Command::Start { run: 1, project: Box::new(project), dataset, device: Device::Cpu, kept: None });
    trainer.send(Command::Play);
    Ok(trainer)
}

/// Steps a second without the breakpoint and with it.
fn pairs(trainer: &Trainer, breakpoint: &Breakpoint, time: Duration) -> anyhow::Result<(f64, f64)> {
    let (mut free, mut armed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (breakpoints, rates) in [(Vec::new(), &mut free), (vec![breakpoint.clone()], &mut armed)] {
            trainer.send(Command::Debug(DebugCommand::SetBreakpoints(breakpoints)));
            // Some steps go by before the thread looks at its commands.
            rate(trainer, time / 8)?;
            rates.push(rate(trainer, time)?);
        }
    }
    Ok((median(free), median(armed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_goes_on_past_every_kind() {
        let trainer = train(templates::build("xor").unwrap(), 1).unwrap();
        for (kind, at, condition) in KINDS {
            let breakpoint = Breakpoint::new(1, at, condition.map(str::to_owned));
            let (free, armed) = pairs(&trainer, &breakpoint, Duration::from_millis(2)).unwrap();
            assert!(free > 0.0 && armed > 0.0, "{kind}");
        }
    }
}
