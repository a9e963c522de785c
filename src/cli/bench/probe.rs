//! What looking costs: the training rate of the thread that trains for the window, with what the window pictures being
//! taken and without.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use serde_json::{Map, Value, json};

use crate::cli::output::{answer, remark};
use crate::data::{self, NoProgress};
use crate::engine::{Device, Threads};
use crate::model::{Project, templates};
use crate::trace::PictureWishes;
use crate::trainer::{Command, Trainer};

/// A surface with planes on every card, feature maps with a gallery and a confusion matrix, and a fitted curve.
const TEMPLATES: [&str; 3] = ["spiral", "digits-cnn", "sine"];
/// Pairs of measurements; the medians are compared.
const ROUNDS: usize = 5;
/// How often a window fetches what there is.
const FRAME: Duration = Duration::from_millis(16);

/// Steps a second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rates {
    unwatched: f64,
    watched: f64,
}

impl Rates {
    /// The share of the rate that looking takes.
    fn overhead(self) -> f64 {
        1.0 - self.watched / self.unwatched
    }
}

/// Threads as a window trains with; `time` is that of one of the measurements.
pub fn run(time: Duration, threads: Option<u16>, as_json: bool) -> anyhow::Result<()> {
    let threads = threads.map_or_else(|| Threads::available().saturating_sub(1).max(1), usize::from);
    let mut all = Map::new();
    for key in TEMPLATES {
        let Some(project) = templates::build(key) else { continue };
        remark(format_args!("measuring {key} …"));
        let rates = measure(project, time, threads)?;
        let (unwatched, watched, overhead) = (rates.unwatched, rates.watched, rates.overhead());
        if as_json {
            let rates = json!({ "unwatched": unwatched, "watched": watched });
            all.insert(key.into(), json!({ "steps_per_second": rates, "overhead": overhead }));
        } else {
            let share = overhead * 100.0;
            answer(format_args!(
                "{key:12} {unwatched:>10.0} steps/s, looked at {watched:>10.0} steps/s: looking costs {share:.1} %"
            ))?;
        }
    }
    if as_json {
        answer(json!({ "probe-overhead": Value::Object(all) }))?;
    }
    Ok(())
}

fn measure(mut project: Project, time: Duration, threads: usize) -> anyhow::Result<Rates> {
    // It must not come to its end.
    project.training.epochs = usize::try_from(u32::MAX)?;
    project.training.early_stopping = None;
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress)?);
    let selected = project.graph.layers().find(|layer| layer.kind.has_weights()).map(|layer| layer.id);
    let wanted = PictureWishes {
        canvas: true,
        layers: selected.into_iter().collect(),
        output: true,
        ..PictureWishes::default()
    };
    let trainer = Trainer::spawn(Arc::new(|| {}), threads).map_err(anyhow::Error::msg)?;
    trainer.send(Command::Start { run: 1, project: Box::new(project), dataset, device: Device::Cpu, kept: None });
    trainer.send(Command::Play);
    rate(&trainer, time / 2)?;
    let (mut unwatched, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (wanted, rates) in [(PictureWishes::default(), &mut unwatched), (wanted.clone(), &mut watched)] {
            trainer.send(Command::Want(wanted));
            // The first picture after a change is taken at once; it is not what a second of looking costs.
            rate(&trainer, time / 8)?;
            rates.push(rate(&trainer, time)?);
        }
    }
    Ok(Rates { unwatched: median(unwatched), watched: median(watched) })
}

/// Steps a second over some time, fetched as a window does.
pub(super) fn rate(trainer: &Trainer, time: Duration) -> anyhow::Result<f64> {
    trainer.take();
    let (began, mut steps) = (Instant::now(), 0);
    while began.elapsed() < time || steps == 0 {
        std::thread::sleep(FRAME);
        let told = trainer.take();
        if let Some(why) = told.failed {
            bail!(why);
        }
        steps += told.rows.len();
    }
    Ok(steps as f64 / began.elapsed().as_secs_f64())
}

pub(super) fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overhead_is_a_share_of_the_rate_without_looking() {
        let rates = Rates { unwatched: 200.0, watched: median(vec![10.0, 190.0, 1000.0]) };
        assert!((rates.overhead() - 0.05).abs() < 1e-12);
    }

    #[test]
    fn a_trainer_is_measured_with_and_without_pictures() {
        let project = templates::build("xor").unwrap();
        let rates = measure(project, Duration::from_millis(20), 1).unwrap();
        assert!(rates.unwatched > 0.0 && rates.watched > 0.0);
    }
}
