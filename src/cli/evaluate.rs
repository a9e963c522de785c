//! `glassbox evaluate`: how good trained weights are, on the validation or the test part or on new samples with
//! answers; what each column is worth to them, and how their answer follows it.

use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::options::EvaluateOptions;
use super::output::{answer, remark};
use super::prepare;
use super::watched::Watched;
use super::weights::{self, Named};
use crate::data::baselines::{self, Baseline};
use crate::data::{self, Dataset, NoProgress, Samples, read_unseen};
use crate::engine::Threads;
use crate::expr::{counted, decimals, quoted};
use crate::model::Metric;
use crate::trainer::Run;
use crate::trainer::judging::{ClassReport, Dependence, Importance, Judge, Report};

/// How often each column is shuffled.
const REPEATS: usize = 10;

pub fn run(options: &EvaluateOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.computing.device)?;
    let threads = Threads::new(options.computing.threads.map_or(0, usize::from))?;
    threads.run(|| {
        let named = weights::of(&options.file, options.run.as_deref())?;
        let asked = asked(options, &named)?;
        let judge = Judge::new(&named.weights.project, &named.weights.snapshot, &named.weights.encoding, device)
            .with_context(|| format!("{} can't be evaluated", options.file.display()))?;
        let told = tell(options, &judge, &asked)?;
        asked.notes.iter().for_each(remark);
        if options.json { answer(told.json(&named, &asked)).map(drop) } else { answer(told.text(&asked)).map(drop) }
    })
}

/// The samples that the weights are asked about.
struct Asked {
    /// "validation set"
    what: String,
    /// In JSON.
    key: &'static str,
    part: Samples,
    notes: Vec<String>,
    /// Where they are a part of the data that was trained on.
    dataset: Option<Arc<Dataset>>,
}

fn asked(options: &EvaluateOptions, named: &Named) -> anyhow::Result<Asked> {
    let weights = &named.weights;
    if let Some(path) = &options.data {
        let unseen = read_unseen(&weights.encoding, path, &Watched::default())?;
        let mut notes = unseen.notes.clone();
        let (rows, targets) = unseen.known(weights.encoding.target.truth().task.target().len());
        let lacking = unseen.kept.iter().filter(|kept| **kept).count() - rows.len();
        if rows.is_empty() && !unseen.unknown_classes.is_empty() {
            bail!(
                "No row of {} has a class that the network knows: the rows have {}, and it was trained on {}. Rename the \
                 classes as in training, or ask for predictions alone: glassbox predict",
                path.display(),
                quoted(&unseen.unknown_classes),
                quoted(&weights.encoding.target.truth().names),
            );
        }
        if rows.is_empty() {
            let headings = weights.encoding.target.headings();
            let column = if headings.len() > 1 { "columns" } else { "column" };
            let named: Vec<String> = headings.iter().map(|name| format!("{name:?}")).collect();
            let named = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
            bail!(
                "No row of {} has an answer to compare with. Name the {column} as in training{named}, or ask for \
                 predictions alone: glassbox predict",
                path.display(),
            );
        }
        if lacking > 0 {
            let (rows, are) = if lacking == 1 { ("row", "is") } else { ("rows", "are") };
            notes.push(format!(
                "{lacking} {rows} without an answer that the network knows {are} left out{}.",
                match unseen.unknown_classes.len() {
                    0 => String::new(),
                    _ => format!(" (unknown: {})", quoted(&unseen.unknown_classes)),
                }
            ));
        }
        if weights.project.data.is_weighted() {
            notes.push("Rows had weights in training. Here all count alike.".into());
        }
        let width = weights.encoding.input_shape.iter().product::<usize>();
        let inputs: Vec<f32> =
            rows.iter().flat_map(|row| &unseen.inputs[row * width..(row + 1) * width]).copied().collect();
        let part = Samples::in_memory(&weights.encoding.input_shape, inputs, targets);
        let what = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(Asked { what, key: "data", part, notes, dataset: None });
    }
    let dataset = Arc::new(data::load(&weights.project.data, &named.base, &NoProgress)?);
    if let Some(difference) = Run::difference(&dataset, &weights.place)? {
        bail!(
            "The data is no longer what this run was trained on: {difference}. Evaluate other samples with --data PATH."
        );
    }
    let (what, key, part) = if options.test {
        let test = dataset.test.clone().context(
            "No test set was put aside when this run was trained. Set one aside in the project's settings, or when \
             training: glassbox train PROJECT --test 15%",
        )?;
        ("test set", "test", test)
    } else {
        ("validation set", "validation", dataset.validation.clone())
    };
    Ok(Asked { what: what.into(), key, part, notes: Vec::new(), dataset: Some(dataset) })
}

/// What was found.
struct Told {
    report: Report,
    baselines: Vec<Baseline>,
    importance: Option<(Vec<Importance>, usize)>,
    dependence: Vec<Dependence>,
    /// What the network's answers are called.
    outputs: Vec<String>,
}

fn tell(options: &EvaluateOptions, judge: &Judge, asked: &Asked) -> anyhow::Result<Told> {
    let watched = Watched::default();
    let report = judge.report(&asked.part, &watched)?;
    let baselines = match &asked.dataset {
        Some(dataset) => baselines::baselines(dataset, &asked.part, &watched)?,
        None => Vec::new(),
    };
    let outputs = judge.truth().names.clone();
    let rows = asked.part.fair(report.classes.is_some());
    let importance = options.importance.then(|| judge.importance(&asked.part, &rows, REPEATS, &watched)).transpose()?;
    if importance.as_ref().is_some_and(|(columns, _)| columns.is_empty()) {
        bail!(
            "The network is given no columns, so there is nothing to shuffle. --importance is for tables and points."
        );
    }
    let mut dependence = Vec::new();
    for column in &options.dependence {
        let curve = judge.dependence(&asked.part, &rows, column)?;
        let names = || judge.columns().into_iter().map(|group| group.name).collect::<Vec<_>>();
        dependence.push(curve.with_context(|| {
            format!("The network isn't given a column {column:?}. Its columns are: {}.", quoted(names()))
        })?);
    }
    Ok(Told { report, baselines, importance, dependence, outputs })
}

impl Told {
    fn text(&self, asked: &Asked) -> String {
        let Report { samples, loss, metric, score, .. } = &self.report;
        let mut lines =
            vec![format!("{}: {}", asked.what, counted(*samples, "sample")), format!("{:<22} {loss:.5}", "loss")];
        lines.push(format!("{:<22} {}", metric.title(), shown(*metric, *score)));
        for number in &self.report.numbers {
            if self.report.numbers.len() > 1 {
                lines.push(format!("{:<22} {}", format!("R² of {}", number.name), decimals(number.r2)));
            }
            lines.push(format!("{:<22} {:.4}", format!("RMSE of {}", number.name), number.rmse));
            lines.push(format!("{:<22} {:.4}", format!("MAE of {}", number.name), number.mae));
        }
        if let Some(boxes) = &self.report.boxes {
            lines.extend(boxes.map.map(|map| format!("{:<22} {map:.4}", "mAP")));
            lines.extend(boxes.ap50.iter().map(|(name, ap)| format!("AP@0.5 {ap:.4} for {name}")));
        }
        let areas = self.report.classes.as_ref().and_then(|classes| classes.areas);
        let area = |name: &str, area: Option<f64>| area.map(|area| format!("{name:<22} {area:.4}"));
        lines.extend(areas.and_then(|areas| area("ROC area", areas.roc)));
        lines.extend(areas.and_then(|areas| area("PR area", areas.precision_recall)));
        lines.extend(self.baselines.iter().map(|baseline| baseline_line(baseline, *metric)));
        lines.extend(self.report.classes.as_ref().map(class_table));
        if let Some((columns, over)) = &self.importance {
            lines.push(format!(
                "\nimportance: how much {} falls when a column is shuffled, over {}",
                metric.title(),
                counted(*over, "sample")
            ));
            let width = columns.iter().map(|c| c.column.chars().count()).max().unwrap_or(0);
            lines.extend(
                columns.iter().map(|c| format!("{:<width$}  {:>8} ± {:.4}", c.column, decimals(c.mean), c.deviation)),
            );
        }
        for curve in &self.dependence {
            lines.push(format!("\n{}: mean answer where it has this value", curve.column));
            lines.push(curve_table(curve, &self.outputs));
        }
        lines.join("\n")
    }

    fn json(&self, named: &Named, asked: &Asked) -> Value {
        let Report { samples, loss, metric, score, classes, numbers, boxes } = &self.report;
        let mut all = json!({
            "part": asked.key, "samples": samples, "step": named.weights.snapshot.step, "loss": loss,
            (metric.key()): score, "notes": asked.notes,
        });
        if !self.baselines.is_empty() {
            all["baselines"] = baselines_json(&self.baselines);
        }
        if let Some(classes) = classes {
            all["classes"] = json!(classes.names);
            all["confusion"] = json!(classes.confusion.chunks(classes.names.len().max(1)).collect::<Vec<_>>());
            all["roc_area"] = json!(classes.areas.and_then(|areas| areas.roc));
            all["pr_area"] = json!(classes.areas.and_then(|areas| areas.precision_recall));
            let each = classes.names.iter().zip(&classes.each).map(|(name, s)| {
                json!({ "class": name, "precision": s.precision, "recall": s.recall, "f1": s.f1, "samples": s.support })
            });
            all["per_class"] = each.collect();
        }
        if !numbers.is_empty() {
            let each = numbers.iter().map(|n| json!({ "output": n.name, "r2": n.r2, "mae": n.mae, "rmse": n.rmse }));
            all["errors"] = each.collect();
        }
        if let Some(boxes) = boxes {
            all["map"] = json!(boxes.map);
            all["ap50"] = boxes.ap50.iter().map(|(name, ap)| (name.clone(), json!(ap))).collect();
        }
        if let Some((columns, over)) = &self.importance {
            let each = columns.iter().map(|c| json!({ "column": c.column, "mean": c.mean, "std": c.deviation }));
            all["importance"] = each.collect();
            all["importance_samples"] = json!(over);
            all["importance_repeats"] = json!(REPEATS);
        }
        if !self.dependence.is_empty() {
            let curve = |curve: &Dependence| {
                let points = curve.points.iter().map(|p| json!({ "value": p.label, "answers": p.answers }));
                json!({ "column": curve.column, "points": points.collect::<Vec<_>>() })
            };
            all["dependence"] = self.dependence.iter().map(curve).collect();
        }
        all
    }
}

/// A line for each value of the column, a column for each answer, under its name.
fn curve_table(curve: &Dependence, names: &[String]) -> String {
    let width = curve.points.iter().map(|point| point.label.chars().count()).max().unwrap_or(0);
    let of = |at: usize| names.get(at).map_or("", String::as_str);
    let count = curve.points.first().map_or(0, |point| point.answers.len());
    let widths: Vec<usize> = (0..count).map(|at| of(at).chars().count().max(8) + 2).collect();
    let head: String = widths.iter().enumerate().map(|(at, width)| format!("{:>width$}", of(at))).collect();
    let rows = curve.points.iter().map(|point| {
        let answers = point.answers.iter().zip(&widths);
        let cells: String =
            answers.map(|(answer, width)| format!("{:>width$}", decimals(f64::from(*answer)))).collect();
        format!("{:<width$}{cells}", point.label)
    });
    std::iter::once(format!("{:<width$}{head}", "")).chain(rows).collect::<Vec<_>>().join("\n")
}

pub fn shown(metric: Metric, score: f64) -> String {
    match metric {
        Metric::Accuracy => format!("{:.2} %", score * 100.0),
        Metric::R2 | Metric::Map50 => decimals(score),
    }
}

/// "5 nearest neighbours   81.20 % (learnt from 20,000 of 43,152 samples)"
pub fn baseline_line(baseline: &Baseline, metric: Metric) -> String {
    let Baseline { model, score, train, of, .. } = baseline;
    let learnt = if train < of { format!(" (learnt from {train} of {of} samples)") } else { String::new() };
    format!("{:<22} {}{learnt}", model.title(), shown(metric, *score))
}

pub fn baselines_json(all: &[Baseline]) -> Value {
    let one = |b: &Baseline| json!({ "model": b.model.key(), "score": b.score, "train_samples": b.train, "samples": b.scored });
    all.iter().map(one).collect()
}

/// A line for each class, and the confusion matrix of few.
fn class_table(classes: &ClassReport) -> String {
    const FEW: usize = 20;
    let width = classes.names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(5);
    let share = |share: Option<f32>| share.map_or_else(|| format!("{:>9}", "–"), |share| format!("{share:>9.4}"));
    let mut lines =
        vec![format!("\n{:<width$} {:>9} {:>9} {:>9} {:>9}", "class", "precision", "recall", "F1", "samples")];
    for (name, s) in classes.names.iter().zip(&classes.each) {
        lines.push(format!(
            "{name:<width$} {} {} {} {:>9}",
            share(s.precision),
            share(s.recall),
            share(s.f1),
            s.support
        ));
    }
    let n = classes.names.len();
    if n <= FEW {
        lines.push("\nconfusion: a row for each true class, a column for each predicted one".into());
        for (name, row) in classes.names.iter().zip(classes.confusion.chunks(n.max(1))) {
            let cells: String = row.iter().map(|count| format!(" {count:>7}")).collect();
            lines.push(format!("{name:<width$}{cells}"));
        }
    }
    lines.join("\n")
}
