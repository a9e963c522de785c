//! `glassbox train`: a run from start to end, with progress, log, checkpoint and resume.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::options::TrainOptions;
use super::output::remark;
use super::prepare;
use super::summary::{NotFinite, Summary};
use crate::data::Task;
use crate::engine::ranking::overall;
use crate::engine::{Device, Threads};
use crate::persist::project_file;
use crate::session::checkpoint;
use crate::trace::{Curves, KEPT};
use crate::trainer::{Evaluation, Run, StepRow, Stop};

pub fn run(options: &TrainOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.device)?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    threads.run(|| train(options, device, threads.count()))
}

fn train(options: &TrainOptions, device: Device, threads: usize) -> anyhow::Result<()> {
    let start = prepare::Start {
        file: &options.file,
        data: options.data.as_deref(),
        epochs: options.epochs,
        seed: options.seed,
        resume: options.resume.as_deref(),
    };
    let (mut run, mut curves) = prepare::run(&start, device)?;
    // Said before the work is done, not after it.
    options.checkpoint.as_deref().map(project_file::check_writable).transpose()?;
    let mut log = options.log.as_deref().map(Log::create).transpose()?;
    let bar = progress_bar(&run, options);
    let began = Instant::now();
    let (mut samples, first_step) = (0usize, run.machine().step());
    let mut epoch_loss = Mean::default();
    let mut not_finite = None;
    while run.finished().is_none() && options.steps.is_none_or(|limit| run.machine().step() < limit) {
        let row = run.step()?;
        samples += row.samples;
        epoch_loss.add(row.loss);
        if let Some(log) = &mut log {
            log.step(&row)?;
        }
        if let (None, Some(found)) = (&not_finite, run.machine().first_not_finite()) {
            bar.suspend(|| remark(format_args!("{found} {}", found.advice())));
            not_finite = Some(found.clone());
        }
        if options.checkpoint.is_some() {
            note(&mut curves, &row);
        }
        bar.set_position(row.step - first_step);
        if row.epoch_done {
            let scores = run.evaluate()?;
            if let Some(rate) = run.judge(&scores)? {
                bar.println(format!(
                    "Epoch {}: no improvement, the learning rate is now {rate:.3e}.",
                    run.epochs_done()
                ));
            }
            tell_epoch(&run, &bar, &scores, epoch_loss.take(), log.as_mut())?;
            curves.append(&[], &[scores]);
            if let Some(path) = &options.checkpoint {
                checkpoint::save(path, run.project(), &run.save()?, &curves).map_err(anyhow::Error::msg)?;
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    if samples == 0 {
        remark(format_args!("{}", nothing_done(&run, options)));
    }
    if let Some(path) = &options.checkpoint {
        checkpoint::save(path, run.project(), &run.save()?, &curves).map_err(anyhow::Error::msg)?;
    }
    if run.finished().is_some() {
        run.restore_best()?;
    }
    bar.finish_and_clear();
    if let Some(log) = log {
        log.finish()?;
    }
    let summary = summarise(&run, seconds, samples, threads)?;
    Summary { first_not_finite: not_finite.as_ref().map(NotFinite::of), ..summary }.print(options.json)
}

/// Why a run has not gone on, and what makes it go on.
fn nothing_done(run: &Run, options: &TrainOptions) -> String {
    let (step, file) = (run.machine().step(), options.file.display());
    let why = match run.finished() {
        Some(Stop::Early { patience }) => {
            let epochs = if patience == 1 { "epoch" } else { "epochs" };
            format!(
                "and was stopped early: the validation loss had not improved for {patience} {epochs}. It goes on when \
                 training.early_stopping is changed in {file}: another patience, or null for none."
            )
        }
        Some(Stop::Done) => {
            format!("and of {} epochs none is left. --epochs N asks for more.", run.training().epochs)
        }
        None => format!("and --steps {} is reached.", options.steps.unwrap_or(step)),
    };
    format!("Nothing to train: the run stands after step {step}, {why}")
}

fn progress_bar(run: &Run, options: &TrainOptions) -> ProgressBar {
    let all = run.steps_per_epoch() * run.training().epochs as u64;
    let all = options.steps.map_or(all, |limit| limit.min(all));
    let bar = ProgressBar::new(all.saturating_sub(run.machine().step()));
    let style = "{bar:30} {pos}/{len} steps  {per_sec}  {eta} left  {msg}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn score_key(run: &Run) -> &'static str {
    match run.dataset().task {
        Task::Classification { .. } => "val_accuracy",
        Task::Regression { .. } => "val_r2",
    }
}

/// For who opens the checkpoint. However long the run is, about so many points are kept.
fn note(curves: &mut Curves, row: &StepRow) {
    curves.append(&[*row], &[]);
    if curves.train_loss.len() >= 2 * KEPT {
        *curves = curves.thinned();
    }
}

fn tell_epoch(
    run: &Run,
    bar: &ProgressBar,
    scores: &Evaluation,
    train_loss: f64,
    log: Option<&mut Log>,
) -> anyhow::Result<()> {
    let key = score_key(run);
    bar.set_message(format!(
        "epoch {}  loss {train_loss:.4}  val_loss {:.4}  {key} {:.4}",
        run.epochs_done(),
        scores.loss,
        scores.score
    ));
    match log {
        Some(log) => log.line(&json!({
            "event": "epoch", "epoch": run.epochs_done(), "step": scores.step,
            "train_loss": train_loss, "val_loss": scores.loss, key: scores.score,
        })),
        None => Ok(()),
    }
}

fn summarise(run: &Run, seconds: f64, samples: usize, threads: usize) -> anyhow::Result<Summary> {
    let dataset = run.dataset().clone();
    let train = run.evaluate_part(&dataset.train)?;
    let validation = run.evaluate()?;
    let classes = matches!(dataset.task, Task::Classification { .. });
    let ranking = run.ranking()?.unwrap_or_default();
    let areas = overall(&ranking.areas);
    let stopped_early = matches!(run.finished(), Some(Stop::Early { .. }));
    Ok(Summary {
        epochs: run.epochs_done(),
        steps: run.machine().step(),
        train_loss: train.loss,
        val_loss: validation.loss,
        val_accuracy: classes.then_some(validation.score),
        top_k: ranking.top.map(|(k, _)| k),
        val_top_k_accuracy: ranking.top.map(|(_, share)| share),
        val_roc_area: areas.roc,
        val_pr_area: areas.precision_recall,
        val_r2: (!classes).then_some(validation.score),
        seconds,
        samples_per_second: samples as f64 / seconds.max(1e-9),
        seed: run.training().seed,
        device: run.machine().device().to_string(),
        threads,
        parameters: prepare::inference(run.project(), &dataset).parameter_count(),
        stopped_early,
        first_not_finite: None,
    })
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn take(&mut self) -> f64 {
        let Self { sum, count } = std::mem::take(self);
        sum / count.max(1) as f64
    }
}

/// JSON lines: one per step, one per epoch.
struct Log {
    file: BufWriter<File>,
    path: String,
}

impl Log {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("The log cannot be written: {}", path.display()))?;
        Ok(Self { file: BufWriter::new(file), path: path.display().to_string() })
    }

    fn line(&mut self, value: &serde_json::Value) -> anyhow::Result<()> {
        writeln!(self.file, "{value}").with_context(|| format!("The log cannot be written: {}", self.path))
    }

    fn step(&mut self, row: &StepRow) -> anyhow::Result<()> {
        self.line(&json!({
            "event": "step", "step": row.step, "loss": row.loss,
            "accuracy": row.accuracy, "learning_rate": row.learning_rate,
        }))
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("The log cannot be written: {}", self.path))
    }
}
