//! Whether memory stays what it is in a run that goes on for days: a session as the window has it, without a window,
//! trains a toy for very many steps and is saved again and again.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::json;

use super::timing::resident_memory;
use crate::cli::output::{answer, remark};
use crate::model::TrainingSpec;
use crate::model::limits::EPOCHS;
use crate::persist::Home;
use crate::session::{Action, DataState, RunStatus, State, Transport};

const TOY: &str = "xor";
const STEPS: u64 = 100_000_000;
const SAVES: u64 = 10_000;
/// As the memory is told while it goes on.
const PARTS: u64 = 100;
/// How often a window looks at what there is to tell.
const FRAME: Duration = Duration::from_millis(4);
/// Nothing happens for so long: something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the memory may grow from the first half to the second, as a share of it.
const ALLOWED: f64 = 0.01;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Soaked {
    steps: u64,
    saves: u64,
    /// The most bytes that were resident in the first half of the steps (without its first fifth, in which everything
    /// is filled), and in the second half. Curves and checkpoints hold between half of what they may and all of it, so
    /// peaks are compared.
    first: u64,
    most: u64,
}

impl Soaked {
    fn growth(self) -> f64 {
        self.most as f64 / self.first as f64 - 1.0
    }
}

/// An error where the memory grows by more than it may.
pub fn run(as_json: bool) -> anyhow::Result<()> {
    let soaked = soak(STEPS, SAVES, |step, bytes| {
        remark(format_args!("step {step}: {:.1} MiB", bytes as f64 / 1_048_576.0));
    })?;
    let Soaked { steps, saves, first, most } = soaked;
    let growth = soaked.growth();
    if as_json {
        let soak = json!({ "steps": steps, "saves": saves, "first_half_bytes": first, "second_half_bytes": most, "growth": growth });
        answer(json!({ "soak": soak }))?;
    } else {
        let mib = |bytes: u64| bytes as f64 / 1_048_576.0;
        answer(format_args!(
            "{steps} steps, {saves} saves: at most {:.1} MiB in the first half, {:.1} MiB in the second ({:+.2} %)",
            mib(first),
            mib(most),
            growth * 100.0
        ))?;
    }
    if growth >= ALLOWED {
        bail!("The memory has grown by {:.2} % from the first half of the steps to the second.", growth * 100.0);
    }
    Ok(())
}

/// `tell`: steps and resident bytes, now and then.
fn soak(steps: u64, saves: u64, mut tell: impl FnMut(u64, u64)) -> anyhow::Result<Soaked> {
    let folder = tempfile::tempdir().context("No space for the files of the run")?;
    let mut state = begin(folder.path())?;
    let mut soaked = Soaked { steps: 0, saves: 0, first: 0, most: 0 };
    let (mut asked, mut told, mut heard) = (None, 0, Instant::now());
    state.apply(Action::Transport(Transport::Play));
    while soaked.steps < steps || soaked.saves < saves || asked.is_some() {
        state.poll();
        if let Some(why) = state.error() {
            bail!("{why}");
        }
        let step = state.run().step;
        if step > soaked.steps {
            (heard, soaked.steps) = (Instant::now(), step);
        } else if heard.elapsed() > PATIENCE {
            bail!("No progress since step {step}: {:?}.", state.run().status);
        }
        let card = state.runs().live.as_ref().and_then(|id| state.runs().card(id));
        let is_written = |asked: &mut u64| card.is_some_and(|card| card.steps >= *asked);
        soaked.saves += u64::from(asked.take_if(is_written).is_some());
        let is_due = soaked.saves < saves && step > 0 && soaked.saves * steps <= step * saves;
        if asked.is_none() && is_due {
            asked = Some(step);
            state.apply(Action::Save);
        }
        let bytes = resident_memory().unwrap_or(0);
        if step > steps / 10 {
            let peak = if step <= steps / 2 { &mut soaked.first } else { &mut soaked.most };
            *peak = bytes.max(*peak);
        }
        if step / (steps / PARTS).max(1) > told {
            told = step / (steps / PARTS).max(1);
            tell(step, bytes);
        }
        std::thread::sleep(FRAME);
    }
    Ok(soaked)
}

/// A project with a file and a home, as a person has it, whose run does not come to its end.
fn begin(folder: &Path) -> anyhow::Result<State> {
    let mut state = State::start(Home::at(folder.join("home")));
    state.apply(Action::OpenTemplate(TOY.into()));
    state.apply(Action::SetSpeed(1.0));
    let began = Instant::now();
    while !matches!(state.data(), DataState::Ready(_)) || state.run().status != RunStatus::Paused {
        if began.elapsed() > PATIENCE {
            bail!("The data of {TOY} did not load.");
        }
        state.poll();
        std::thread::sleep(FRAME);
    }
    let training = TrainingSpec { epochs: EPOCHS.most, early_stopping: None, ..state.project().training.clone() };
    state.apply(Action::SetTraining(training));
    state.apply(Action::SaveAs(folder.join("toy.glassbox.json")));
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_one_trains_saves_and_tells_its_memory() {
        let mut parts = 0;
        let soaked = soak(2_000, 3, |_, _| parts += 1).unwrap();
        assert!(soaked.steps >= 2_000 && soaked.saves == 3 && parts > 0, "{soaked:?}");
        let grown = Soaked { steps: 1, saves: 1, first: 200, most: 203 };
        assert!((grown.growth() - 0.015).abs() < 1e-12);
    }
}
