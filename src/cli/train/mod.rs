//! `glassbox train`: a run from start to end, with progress, log, checkpoint and resume.

mod beside;
mod each;
mod folds;
mod log;
mod mean;
mod named;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::interrupt::Interrupt;
use super::options::{DeviceChoice, TrainOptions};
use super::output::{Ended, remark};
use super::outputs::{FileKind, are_same, quoted};
use super::prepare::{self, Begun, Told};
use super::summary::{NotFinite, Summary};
use crate::engine::ranking::overall;
use crate::engine::{Device, FirstNotFinite, Threads};
use crate::expr::counted;
use crate::model::boxes::Precision;
use crate::model::{LayerId, Metric};
use crate::session::checkpoint::{self, Plain};
use crate::trace::{Curves, Ending, KEPT};
use crate::trainer::{Evaluation, Forks, Kept, Run, Saved, StepRow, Stop};
use beside::Beside;
use each::{losses, of_classes, of_targets};
use log::Log;
use mean::Mean;
pub use named::Named;

pub fn run(options: &TrainOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.device)?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    threads.run(|| train(options, device, threads.count()))
}

fn train(options: &TrainOptions, device: Device, threads: usize) -> anyhow::Result<()> {
    let asked = Instant::now();
    let resume = options.resume.as_deref().map(|path| prepare::checkpoint_of(&options.file, path)).transpose()?;
    let start = prepare::Start {
        file: &options.file,
        data: options.data.as_deref(),
        epochs: options.epochs,
        seed: options.seed,
        split: Some(&options.split),
        resume: resume.as_deref(),
        other_data: Some(options.other_data),
    };
    let project = start.project()?;
    if let Some(of) = options.folds {
        return folds::train(options, &project, of.into(), device);
    }
    // Said before the work is done, not after it.
    let files = start.files(&project, options.force);
    files
        .writes("--log", FileKind::Log, options.log.as_deref())
        .writes("--checkpoint", FileKind::Checkpoint, options.checkpoint.as_deref())
        .check()?;
    let Begun { run, mut curves, forks, mut told } = prepare::run(&start, project, device, true)?;
    curves.metric = run.task().metric();
    let claim = |name: &String| Named::claim(&options.file, name, resume.as_deref(), &curves);
    let named = options.name.as_ref().map(claim).transpose()?;
    let mut log = options.log.as_deref().map(|path| open_log(path, options, &run, &mut told)).transpose()?;
    if let (Some(log), true) = (&mut log, options.seconds) {
        log.tell_seconds(asked);
    }
    let bar = progress_bar(&run, options);
    let mut training = Training {
        options,
        first_step: run.machine().step(),
        run,
        curves,
        forks,
        log,
        named,
        bar,
        told,
        samples: 0,
        epoch_loss: Mean::default(),
        epoch_losses: BTreeMap::new(),
        not_finite: None,
        kept: None,
    };
    if let (Some(from), Some(to)) = (&resume, &options.checkpoint)
        && are_same(from, to)
    {
        training.kept = Some(training.first_step);
    }
    let beside = Beside::start(training.run.dataset(), &training.run.project().data.source);
    let interrupt = Interrupt::listen()?;
    if options.until_closed {
        interrupt.listen_to_input()?;
    }
    let began = Instant::now();
    let end = training.go(&interrupt)?;
    training.end(end, began.elapsed().as_secs_f64(), threads, beside)
}

/// A run that goes on goes on in its log.
fn open_log(path: &Path, options: &TrainOptions, run: &Run, told: &mut Told) -> anyhow::Result<Log> {
    if options.resume.is_none() || run.history().origin.earlier.is_some() && run.machine().step() == 0 {
        return Log::create(path);
    }
    let step = run.machine().step();
    let (log, cut) = Log::go_on(path, step)?;
    let shown = path.display();
    match cut.lines {
        0 => {}
        1 => remark(format_args!("{shown} continues after step {step}: removed 1 later line.")),
        n => remark(format_args!("{shown} continues after step {step}: removed {n} later lines.")),
    }
    if cut.missing > 0 {
        told.warn(format!(
            "{shown} is missing the {} before step {}.",
            counted(cut.missing as usize, "step"),
            step + 1
        ));
    }
    Ok(log)
}

/// Why training came to its end.
enum End {
    /// What was asked for is done.
    Done,
    /// Somebody ended it; the exit code.
    Interrupted(u8),
    /// The loss was no number any more.
    NotFinite,
}

struct Training<'a> {
    options: &'a TrainOptions,
    run: Run,
    curves: Curves,
    /// The other ways that it has gone: they are kept as they are.
    forks: Forks,
    log: Option<Log>,
    named: Option<Named>,
    bar: ProgressBar,
    told: Told,
    first_step: u64,
    /// Used since it began.
    samples: usize,
    epoch_loss: Mean,
    /// Of each Loss, where there are several.
    epoch_losses: BTreeMap<LayerId, Mean>,
    not_finite: Option<FirstNotFinite>,
    /// Where the run stood that the checkpoint holds.
    kept: Option<u64>,
}

impl Training<'_> {
    fn step_of(&self) -> u64 {
        self.run.machine().step()
    }

    fn go(&mut self, interrupt: &Interrupt) -> anyhow::Result<End> {
        while self.run.finished().is_none() && self.options.steps.is_none_or(|limit| self.step_of() < limit) {
            if let Some(code) = interrupt.asked() {
                return Ok(End::Interrupted(code));
            }
            if let Some(log) = self.log.as_mut().filter(|_| interrupt.is_paused()) {
                log.stand(|| interrupt.stand())?;
            }
            let row = self.run.step()?;
            self.take_in(&row)?;
            if !row.loss.is_finite() && !self.options.past_nan {
                return Ok(End::NotFinite);
            }
            if row.epoch_done {
                self.end_epoch()?;
            }
        }
        Ok(End::Done)
    }

    fn take_in(&mut self, row: &StepRow) -> anyhow::Result<()> {
        self.samples += row.samples;
        self.epoch_loss.add(row.loss);
        for &(layer, loss) in &row.losses {
            self.epoch_losses.entry(layer).or_default().add(loss);
        }
        if let Some(log) = &mut self.log {
            log.step(row, by_name(&self.run, &row.losses))?;
        }
        if let (None, Some(found)) = (&self.not_finite, self.run.machine().first_not_finite()) {
            self.bar.suspend(|| remark(format_args!("{found} {}", found.advice())));
            self.not_finite = Some(found.clone());
        }
        let summary = self.run.take_summary();
        if self.options.checkpoint.is_some() || self.named.is_some() {
            note(&mut self.curves, row);
            summary.into_iter().for_each(|summary| self.curves.summaries.push(summary));
        }
        self.bar.set_position(row.step - self.first_step);
        Ok(())
    }

    fn end_epoch(&mut self) -> anyhow::Result<()> {
        let scores = self.run.evaluate()?;
        if let Some(rate) = self.run.judge(&scores)? {
            let epoch = self.run.epochs_done();
            self.bar.println(format!("Epoch {epoch}: no improvement, the learning rate is now {rate:.3e}."));
        }
        let losses: Vec<_> =
            std::mem::take(&mut self.epoch_losses).into_iter().map(|(id, mut m)| (id, m.take())).collect();
        tell_epoch(&self.run, &self.bar, &scores, (self.epoch_loss.take(), &losses), self.log.as_mut())?;
        self.curves.append(&[], &[scores]);
        if self.options.checkpoint.is_some() { self.keep(self.run.save()?, Plain::Last) } else { self.flush() }?;
        match &mut self.named {
            Some(named) if named.is_due() => named.keep(&self.run, &self.curves, &self.forks, Ending::Paused),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.log.as_mut().map(Log::flush).transpose().map(drop)
    }

    /// The run of `--name` as it stands at the end.
    fn keep_named(&mut self, end: &End) -> anyhow::Result<()> {
        let step = self.step_of();
        let ending = match (end, self.run.finished()) {
            (End::NotFinite, _) => Ending::NotFinite { step },
            (_, Some(Stop::Early { .. })) => Ending::Early,
            (_, Some(Stop::Done)) => Ending::Done,
            (_, None) => Ending::Paused,
        };
        match &mut self.named {
            Some(named) if matches!(end, End::NotFinite) && named.is_there() => named.end(ending),
            Some(named) => named.keep(&self.run, &self.curves, &self.forks, ending),
            None => Ok(()),
        }
    }

    /// Writes what there is, the log first: every step of the checkpoint is in it.
    fn keep(&mut self, saved: Saved, plain: Plain) -> anyhow::Result<()> {
        self.flush()?;
        if let Some(path) = &self.options.checkpoint {
            let kept = Kept { forks: self.forks.clone(), ..Kept::new(saved, self.curves.clone()) };
            checkpoint::save_as(path, self.run.project(), &kept, plain).map_err(anyhow::Error::msg)?;
            self.kept = Some(self.step_of());
        }
        Ok(())
    }

    /// Puts the best weights back where that is asked for. The checkpoint shows those whose score is told, and goes on
    /// from the last.
    fn put_back(&mut self, keep: bool) -> anyhow::Result<()> {
        let last = if keep && self.options.checkpoint.is_some() { Some(self.run.save()?) } else { None };
        let restored = if self.run.finished().is_some() { self.run.restore_best()? } else { None };
        if let Some(last) = last {
            self.keep(last, if restored.is_some() { Plain::Best } else { Plain::Last })?;
        }
        if let (Some(epoch), Some(log)) = (restored, &mut self.log) {
            let (scores, key) = (self.run.evaluate()?, score_key(&self.run));
            log.line(&json!({
                "event": "restored", "epoch": epoch, "step": scores.step, "val_loss": scores.loss, key: scores.score,
            }))?;
        }
        self.log.as_mut().map(Log::end).transpose().map(drop)
    }

    fn end(mut self, end: End, seconds: f64, threads: usize, beside: Option<Beside>) -> anyhow::Result<()> {
        let (step, options) = (self.step_of(), self.options);
        if self.samples == 0 && matches!(end, End::Done) {
            remark(nothing_done(&self.run, options));
        }
        // What was kept before can be gone on from, weights that are NaN cannot.
        let older = self.kept.filter(|_| matches!(end, End::NotFinite));
        self.keep_named(&end)?;
        self.put_back(older.is_none())?;
        self.bar.finish_and_clear();
        let ended = match end {
            End::Done => None,
            End::Interrupted(code) => {
                let sentence = how_to_go_on(options, step);
                // The summary takes a while, and who cannot wait for it has been told.
                remark(&sentence);
                Some(Ended { sentence, code, is_told: true })
            }
            End::NotFinite => Some(Ended { sentence: spoilt(options, step, older), code: 1, is_told: false }),
        };
        self.told.warnings.extend(self.run.take_notices());
        let summary = summarise(&self.run, seconds, self.samples, threads)?;
        let summary = Summary {
            interrupted: matches!(end, End::Interrupted(_)),
            // Who cannot wait for the rest does not wait for these.
            baselines: beside.map_or_else(Vec::new, |beside| beside.end(matches!(end, End::Done))),
            metric: self.run.task().metric(),
            first_not_finite: self.not_finite.as_ref().map(NotFinite::of),
            notes: self.told.notes,
            warnings: self.told.warnings,
            error: ended.as_ref().map(|ended| ended.sentence.clone()),
            ..summary
        };
        summary.print(options.json)?;
        ended.map_or(Ok(()), |ended| Err(ended.into()))
    }
}

/// Of a run that somebody ended.
fn how_to_go_on(options: &TrainOptions, step: u64) -> String {
    let kept = options.checkpoint.as_deref().or(options.name.as_ref().map(Path::new));
    match kept {
        Some(from) => {
            let again = again(options, from);
            format!("Stopped after step {step}. Everything has been written. To continue: {again}")
        }
        None => format!(
            "Stopped after step {step}. The weights were not saved. Next time, save the run with --name NAME, or its \
             weights with --checkpoint OUT."
        ),
    }
}

/// The command that goes on from a checkpoint.
fn again(options: &TrainOptions, from: &Path) -> String {
    let mut words = vec!["glassbox train".to_owned(), quoted(&options.file)];
    let mut option = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("{name} {value}")));
    let path = |path: &Option<std::path::PathBuf>| path.as_deref().map(quoted);
    option("--data", path(&options.data));
    option("--epochs", options.epochs.map(|n| n.to_string()));
    option("--steps", options.steps.map(|n| n.to_string()));
    option("--seed", options.seed.map(|n| n.to_string()));
    let device = match options.device {
        DeviceChoice::Auto => None,
        DeviceChoice::Cpu => Some("cpu".to_owned()),
        DeviceChoice::Cuda => Some("cuda".to_owned()),
    };
    option("--device", device);
    option("--threads", options.threads.map(|n| n.to_string()));
    option("--log", path(&options.log));
    option("--resume", Some(quoted(from)));
    option("--checkpoint", path(&options.checkpoint));
    option("--name", options.name.as_ref().map(|name| quoted(Path::new(name))));
    words.extend(options.json.then(|| "--json".to_owned()));
    words.join(" ")
}

/// Of a run whose loss is no number any more.
fn spoilt(options: &TrainOptions, step: u64, older: Option<u64>) -> String {
    let kept = match (&options.checkpoint, older) {
        (Some(path), Some(older)) => format!(" {} has the run as it was after step {older}.", path.display()),
        _ => String::new(),
    };
    format!(
        "Training stopped at step {step} because the loss is NaN or infinite, so nothing more can be learnt. Try a \
         smaller learning rate or clipping, or continue anyway with --past-nan.{kept}"
    )
}

/// Why a run has not gone on, and what makes it go on.
fn nothing_done(run: &Run, options: &TrainOptions) -> String {
    let (step, file) = (run.machine().step(), options.file.display());
    let why = match run.finished() {
        Some(Stop::Early { patience }) => {
            let epochs = counted(patience, "epoch");
            format!(
                "and was stopped early: the validation loss had not improved for {epochs}. To continue, \
                 change training.early_stopping in {file}: more patience, or null for none."
            )
        }
        Some(Stop::Done) => {
            let epochs = run.training().epochs;
            let all = if epochs == 1 {
                "the one epoch is".to_owned()
            } else {
                format!("all {} are", counted(epochs, "epoch"))
            };
            format!("and {all} done. Ask for more with --epochs N.")
        }
        None => format!("and --steps {} has been reached.", options.steps.unwrap_or(step)),
    };
    format!("Nothing to train: the run is at step {step}, {why}")
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
    match run.task().metric() {
        Metric::Accuracy => "val_accuracy",
        Metric::R2 => "val_r2",
        Metric::Map50 => "val_map50",
    }
}

/// For who opens the checkpoint. However long the run is, about so many points are kept.
fn note(curves: &mut Curves, row: &StepRow) {
    curves.append(std::slice::from_ref(row), &[]);
    if curves.train_loss.len() >= 2 * KEPT {
        *curves = curves.thinned();
    }
}

fn tell_epoch(
    run: &Run,
    bar: &ProgressBar,
    scores: &Evaluation,
    (train_loss, train_losses): (f64, &[(LayerId, f64)]),
    log: Option<&mut Log>,
) -> anyhow::Result<()> {
    let key = score_key(run);
    bar.set_message(format!(
        "epoch {}  loss {train_loss:.4}  val_loss {:.4}  {key} {:.4}",
        run.epochs_done(),
        scores.loss,
        scores.score
    ));
    let Some(log) = log else { return Ok(()) };
    let mut line = json!({
        "event": "epoch", "epoch": run.epochs_done(), "step": scores.step,
        "train_loss": train_loss, "val_loss": scores.loss, key: scores.score,
    });
    if let (Some(train), Some(validation)) = (by_name(run, train_losses), by_name(run, &scores.losses)) {
        (line["train_losses"], line["val_losses"]) = (train, validation);
    }
    log.line(&line)
}

/// What each Loss says, by the name of its layer; `None` where there is only one.
fn by_name(run: &Run, losses: &[(LayerId, f64)]) -> Option<Value> {
    let graph = &run.project().graph;
    let named = losses.iter().filter_map(|&(id, loss)| Some((graph.layer(id)?.slug(), json!(loss))));
    (!losses.is_empty()).then(|| Value::Object(named.collect()))
}

fn summarise(run: &Run, seconds: f64, samples: usize, threads: usize) -> anyhow::Result<Summary> {
    let dataset = run.dataset().clone();
    let train = run.evaluate_part(&dataset.train)?;
    let validation = run.evaluate()?;
    let scored = |metric| (run.task().metric() == metric).then_some(validation.score);
    let precision = run.precision()?;
    let (ranking, over) = run.ranking()?.unwrap_or_default();
    let areas = overall(&ranking.areas);
    let stopped_early = matches!(run.finished(), Some(Stop::Early { .. }));
    Ok(Summary {
        epochs: run.epochs_done(),
        steps: run.machine().step(),
        train_loss: train.loss,
        val_loss: validation.loss,
        losses: losses(run, &train, &validation),
        val_accuracy: scored(Metric::Accuracy),
        top_k: ranking.top.map(|(k, _)| k),
        val_top_k_accuracy: ranking.top.map(|(_, share)| share),
        val_roc_area: areas.roc,
        val_pr_area: areas.precision_recall,
        ranked_samples: (!over.is_whole()).then_some(over.asked),
        val_samples: dataset.validation.len(),
        val_r2: scored(Metric::R2),
        val_targets: of_targets(run)?,
        val_map50: scored(Metric::Map50),
        val_map: precision.as_ref().and_then(Precision::map),
        val_ap50: precision.as_ref().map(|precision| of_classes(&dataset, precision)).unwrap_or_default(),
        seconds,
        samples_per_second: samples as f64 / seconds.max(1e-9),
        seed: run.training().seed,
        device: run.machine().device().to_string(),
        threads,
        parameters: prepare::inference(run.project(), &dataset).parameter_count(),
        stopped_early,
        interrupted: false,
        baselines: Vec::new(),
        metric: run.task().metric(),
        first_not_finite: None,
        notes: Vec::new(),
        warnings: Vec::new(),
        error: None,
    })
}
