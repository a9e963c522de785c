//! `glassbox train --folds`: a run for each fold, and the mean and spread of their scores.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::cli::evaluate::shown;
use crate::cli::interrupt::Interrupt;
use crate::cli::options::TrainOptions;
use crate::cli::output::{Ended, answer, remark};
use crate::cli::prepare;
use crate::engine::Device;
use crate::expr::decimals;
use crate::model::{Metric, Project};
use crate::persist::RunFolder;
use crate::session::folds::{
    FoldCourse, FoldProgress, FoldResult, FoldScores, fold_name, free_name, keep, mean_and_spread, train_folds,
};
use crate::trainer::Kept;

pub fn train(options: &TrainOptions, project: &Project, of: usize, device: Device) -> anyhow::Result<()> {
    let (base, folder) = (prepare::base_of(&options.file), RunFolder::beside(&options.file));
    let dataset = prepare::load(project, &base)?;
    dataset.notes.iter().for_each(remark);
    let found = prepare::inference(project, &dataset);
    if !found.is_valid() {
        let sentences: Vec<_> = found.problems.iter().map(|problem| prepare::sentence(project, problem)).collect();
        anyhow::bail!("The network can't train yet.\n  {}", sentences.join("\n  "));
    }
    let name = name(options.name.as_deref(), of, &folder)?;
    let interrupt = Interrupt::listen()?;
    let bar = ProgressBar::new(1000 * of as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {msg}  {eta} left") {
        bar.set_style(style);
    }
    let began = Instant::now();
    let mut results: Vec<FoldResult> = Vec::new();
    let course = FoldCourse { project, base: &base, of, name: &name, device };
    let mut go_on = |progress: FoldProgress| {
        bar.set_position((1000.0 * ((progress.number - 1) as f64 + progress.share)) as u64);
        bar.set_message(format!("fold {} of {of}", progress.number));
        interrupt.asked().is_none()
    };
    let mut done = |mut result: FoldResult, kept: Kept| {
        keep(&folder, &mut result, &kept)?;
        bar.println(line(&result));
        results.push(result);
        Ok(())
    };
    let trained = train_folds(&course, &mut go_on, &mut done);
    bar.finish_and_clear();
    trained.map_err(anyhow::Error::msg)?;
    let seconds = began.elapsed().as_secs_f64();
    if options.json {
        answer(as_json(&results, of, seconds))?;
    } else if !results.is_empty() {
        answer(text(&results, of, seconds))?;
    }
    match interrupt.asked() {
        Some(code) => {
            let sentence = format!("Stopped after {} of {of} folds. Their runs are saved.", results.len());
            Err(Ended { sentence, code, is_told: false }.into())
        }
        None => Ok(()),
    }
}

/// What the runs are called before their number: what was asked for, which may not be taken, or the first free one.
fn name(asked: Option<&str>, of: usize, folder: &RunFolder) -> anyhow::Result<String> {
    let cards = folder.list().0;
    let is_free = |name: &str| (1..=of).all(|number| cards.iter().all(|card| card.name != fold_name(name, number, of)));
    match asked.map(str::trim) {
        Some("") => anyhow::bail!("--name needs a name for the runs."),
        Some(name) if is_free(name) => Ok(name.to_owned()),
        Some(name) => anyhow::bail!("This project already has folds of {name:?}. Choose another name."),
        None => Ok(free_name(of, cards.iter().map(|card| card.name.as_str()))),
    }
}

/// "fold 2 of 5: accuracy 96.67 %, val loss 0.1234"
fn line(result: &FoldResult) -> String {
    let FoldScores { loss, score, metric, .. } = result.scores;
    format!("{:<24} {} {}, validation loss {loss:.5}", result.card.name, metric.title(), shown(metric, score))
}

/// Of every score that all folds have its name in JSON, what it is called, whether it is a share, and its values.
fn scores(results: &[FoldResult]) -> Vec<Score> {
    let Some(metric) = results.first().map(|first| first.scores.metric) else { return Vec::new() };
    let all = |of: &dyn Fn(&FoldScores) -> Option<f64>| {
        results.iter().map(|result| of(&result.scores)).collect::<Option<Vec<f64>>>()
    };
    let named = [
        ("train_loss".to_owned(), "training loss", all(&|scores| Some(scores.train_loss))),
        ("val_loss".to_owned(), "validation loss", all(&|scores| Some(scores.loss))),
        (format!("val_{}", metric.key()), metric.title(), all(&|scores| Some(scores.score))),
        ("val_roc_area".to_owned(), "ROC area", all(&|scores| scores.roc)),
        ("val_pr_area".to_owned(), "PR area", all(&|scores| scores.precision_recall)),
    ];
    let is_share = |title: &str| metric == Metric::Accuracy && title == metric.title();
    let score = |(key, title, numbers): (String, &'static str, Option<Vec<f64>>)| {
        Some(Score { key, title, is_share: is_share(title), numbers: numbers? })
    };
    named.into_iter().filter_map(score).collect()
}

struct Score {
    key: String,
    title: &'static str,
    is_share: bool,
    numbers: Vec<f64>,
}

impl Score {
    /// "accuracy                 98.98 % ± 1.52"
    fn line(&self) -> String {
        let (mean, spread) = mean_and_spread(&self.numbers);
        match self.is_share {
            true => format!("{:<24} {:.2} % ± {:.2}", self.title, mean * 100.0, spread * 100.0),
            false => format!("{:<24} {} ± {spread:.4}", self.title, decimals(mean)),
        }
    }
}

fn text(results: &[FoldResult], of: usize, seconds: f64) -> String {
    let mut lines: Vec<String> = results.iter().map(line).collect();
    lines.push(format!("\n{} of {of} folds in {seconds:.1} s, mean ± standard deviation", results.len()));
    lines.extend(scores(results).iter().map(Score::line));
    lines.join("\n")
}

fn as_json(results: &[FoldResult], of: usize, seconds: f64) -> Value {
    let one = |result: &FoldResult| {
        let FoldScores { samples, train_loss, loss, score, metric, roc, precision_recall } = result.scores;
        let key = format!("val_{}", metric.key());
        let mut one = json!({
            "fold": result.number, "run": result.card.name, "epochs": result.card.epochs, "steps": result.card.steps,
            "val_samples": samples, "train_loss": train_loss, "val_loss": loss, key: score,
            "seconds": result.card.seconds,
        });
        one["val_roc_area"] = json!(roc);
        one["val_pr_area"] = json!(precision_recall);
        one
    };
    let all = scores(results);
    let of_all = |pick: fn((f64, f64)) -> f64| {
        all.iter().map(|score| (score.key.clone(), json!(pick(mean_and_spread(&score.numbers))))).collect::<Value>()
    };
    json!({
        "folds": results.iter().map(one).collect::<Vec<_>>(), "of": of, "mean": of_all(|(mean, _)| mean),
        "std": of_all(|(_, spread)| spread), "seconds": seconds, "interrupted": results.len() < of,
    })
}
