//! `glassbox diagnose`: what keeps a network from learning, found before training and in some steps of it, or in the
//! records of a run that is kept.

use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::options::DiagnoseOptions;
use super::output::{Ended, answer};
use super::prepare::{self, Start};
use super::runs;
use super::watched::Watched;
use crate::data::Dataset;
use crate::diagnosis::{Case, Change, DataFacts, Finding, Place, RULES, Records, Severity, diagnose};
use crate::engine::{Device, Threads};
use crate::model::Project;
use crate::session::checkpoint;
use crate::session::diagnosing::{recorded, watch};
use crate::trace::Ending;
use crate::trainer::Run;

/// The exit code where something serious was found.
const SERIOUS: u8 = 3;

pub fn run(options: &DiagnoseOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.device)?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    threads.run(|| {
        let seen = match &options.run {
            Some(name) => kept(options, name, device)?,
            None => fresh(options, device)?,
        };
        tell(options, &seen)
    })
}

/// A project with its data, and what a run of it recorded.
struct Seen {
    project: Project,
    facts: DataFacts,
    records: Option<Records>,
}

/// Trains the project for some steps in memory.
fn fresh(options: &DiagnoseOptions, device: Device) -> anyhow::Result<Seen> {
    let start = start(options);
    let project = start.project()?;
    if options.steps == 0 {
        let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
        refuse_invalid(&project, &dataset)?;
        let facts = DataFacts::of(&dataset, &Watched::default())?;
        return Ok(Seen { project, facts, records: None });
    }
    let mut run = prepare::run(&start, project, device, true)?.run;
    let facts = DataFacts::of(run.dataset(), &Watched::default())?;
    let bar = ProgressBar::new(options.steps);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} steps  {eta} left") {
        bar.set_style(style);
    }
    let records = watch(&mut run, options.steps, &mut |step| bar.set_position(step))?;
    bar.finish_and_clear();
    Ok(Seen { project: run.project().clone(), facts, records: Some(records) })
}

/// A run of the project as it was kept.
fn kept(options: &DiagnoseOptions, name: &str, device: Device) -> anyhow::Result<Seen> {
    let folder = runs::folder_of(&options.file)?;
    let (cards, _) = folder.list();
    let card = runs::find(&cards, name)?;
    let (mut project, kept) = checkpoint::load(&folder.checkpoint(&card.id)).map_err(anyhow::Error::msg)?;
    if let Some(path) = &options.data {
        prepare::use_data(&mut project, path)?;
    }
    let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
    if let Some(difference) = Run::difference(&dataset, &kept.saved.place)? {
        bail!("The run {name:?} was trained on different data: {difference}. Name its data with --data.");
    }
    let facts = DataFacts::of(&dataset, &Watched::default())?;
    let run = Run::resume(&project, dataset, device, kept.saved)
        .with_context(|| format!("the run {name:?} can't be diagnosed"))?;
    let broke_at = match card.ending {
        Ending::NotFinite { step } => Some(step),
        Ending::Paused | Ending::Done | Ending::Early => None,
    };
    let records = recorded(&run, kept.curves, broke_at)?;
    Ok(Seen { project: run.project().clone(), facts, records: Some(records) })
}

fn start(options: &DiagnoseOptions) -> Start<'_> {
    let (data, seed) = (options.data.as_deref(), options.seed);
    Start { file: &options.file, data, epochs: None, seed, split: None, resume: None, other_data: None }
}

/// A network with problems is for `glassbox check`.
fn refuse_invalid(project: &Project, dataset: &Arc<Dataset>) -> anyhow::Result<()> {
    let found = prepare::inference(project, dataset);
    if found.is_valid() {
        return Ok(());
    }
    let sentences: Vec<_> = found.problems.iter().map(|problem| prepare::sentence(project, problem)).collect();
    bail!("The network can't train yet.\n  {}", sentences.join("\n  "))
}

fn tell(options: &DiagnoseOptions, seen: &Seen) -> anyhow::Result<()> {
    let case = Case::new(&seen.project, &seen.facts);
    let case = match &seen.records {
        Some(records) => case.after(records),
        None => case,
    };
    let found = diagnose(&case);
    let steps = seen.records.as_ref().map_or(0, |records| records.steps);
    let serious = found.iter().filter(|finding| finding.severity == Severity::Serious).count();
    if options.json {
        let findings: Vec<_> = found.iter().map(|finding| as_json(&case, finding)).collect();
        answer(json!({
            "project": options.file.display().to_string(), "run": options.run, "steps": steps, "rules": RULES.len(),
            "serious": serious, "findings": findings,
        }))?;
    } else {
        found.iter().try_for_each(|finding| answer(text(&case, finding)).map(drop))?;
        answer(summary(&found, steps))?;
    }
    if serious == 0 {
        return Ok(());
    }
    let sentence = format!("{serious} serious");
    Err(Ended { sentence, code: SERIOUS, is_told: true }.into())
}

/// "Dense 1", "training.learning_rate", "the data".
fn place(case: &Case, place: &Place) -> String {
    match place {
        Place::Network => "the network".to_owned(),
        Place::Layer(id) => case.network.name(*id),
        Place::Setting(key) => (*key).to_owned(),
        Place::Column(name) => format!("\"{name}\""),
        Place::Data => "the data".to_owned(),
    }
}

fn text(case: &Case, finding: &Finding) -> String {
    let mut lines = vec![format!(
        "{}: {}, {} ({})",
        finding.severity.word(),
        finding.rule.title,
        place(case, &finding.place),
        finding.rule.id
    )];
    lines.push(format!("  {}", finding.words));
    let evidence: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
    let at = finding.step.map_or(String::new(), |step| format!(" at step {step}"));
    if !evidence.is_empty() {
        lines.push(format!("  seen{at}: {}", evidence.join(", ")));
    }
    if !finding.may_follow_from.is_empty() {
        lines.push(format!("  may follow from: {}", finding.may_follow_from.join(", ")));
    }
    lines.extend(finding.remedies.iter().map(|remedy| format!("  try: {}", remedy.label)));
    lines.join("\n") + "\n"
}

fn summary(found: &[Finding], steps: u64) -> String {
    let looked = match steps {
        0 => "before training".to_owned(),
        1 => "after 1 step".to_owned(),
        n => format!("after {n} steps"),
    };
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let counted = [Severity::Serious, Severity::Warning, Severity::Note].map(|severity| (count(severity), severity));
    let counted: Vec<_> = counted
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| match (count, severity) {
            (_, Severity::Serious) | (1, _) => format!("{count} {}", severity.word()),
            _ => format!("{count} {}s", severity.word()),
        })
        .collect();
    match counted.is_empty() {
        true => format!("Nothing found by {} rules, {looked}.", RULES.len()),
        false => format!("Found {looked}: {}.", counted.join(", ")),
    }
}

fn as_json(case: &Case, finding: &Finding) -> Value {
    let evidence: Vec<_> = finding
        .evidence
        .iter()
        .map(|evidence| json!({ "what": evidence.what, "value": evidence.value, "limit": evidence.limit }))
        .collect();
    let remedies: Vec<_> = finding
        .remedies
        .iter()
        .map(|remedy| {
            let change = match &remedy.change {
                Change::Network(_) => Some("network"),
                Change::Training(_) => Some("training"),
                Change::Data(_) => Some("data"),
                Change::ByHand => None,
            };
            json!({ "label": remedy.label, "change": change })
        })
        .collect();
    let name = match &finding.place {
        Place::Column(name) => name.clone(),
        other => place(case, other),
    };
    json!({
        "rule": finding.rule.id, "title": finding.rule.title, "severity": finding.severity.word(),
        "place": { "kind": finding.place.kind(), "name": name }, "step": finding.step, "words": finding.words,
        "evidence": evidence, "confidence": finding.confidence.word(), "remedies": remedies,
        "may_follow_from": finding.may_follow_from, "source": finding.rule.source,
    })
}
