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
use crate::diagnosis::{Case, Change, DataFacts, Finding, Place, RULES, Records, Rule, Severity, When, diagnose};
use crate::engine::{Device, Snapshot, Threads};
use crate::expr::{counted, thousands};
use crate::model::Project;
use crate::session::checkpoint;
use crate::session::diagnosing::{recorded, watch};
use crate::session::trial::{self, Course, GoOn, Side, Tried};
use crate::trace::{Curves, Ending};
use crate::trainer::Run;

/// The exit code where something serious was found.
const SERIOUS: u8 = 3;

pub fn run(options: &DiagnoseOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.computing.device)?;
    let threads = Threads::new(options.computing.threads.map_or(0, usize::from))?;
    threads.run(|| {
        let seen = match &options.run {
            Some(name) => kept(options, name, device.clone())?,
            None => fresh(options, device.clone())?,
        };
        tell(options, &seen, &device)
    })
}

/// A project with its data, and what a run of it recorded.
struct Seen {
    project: Project,
    dataset: Arc<Dataset>,
    facts: DataFacts,
    records: Option<Records>,
    /// The weights that the run was given at its beginning.
    start: Option<Arc<Snapshot>>,
}

/// Trains the project for some steps in memory.
fn fresh(options: &DiagnoseOptions, device: Device) -> anyhow::Result<Seen> {
    let start = start(options);
    let project = start.project()?;
    if options.steps == 0 {
        let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
        refuse_invalid(&project, &dataset)?;
        let facts = DataFacts::of(&dataset, &Watched::default())?;
        return Ok(Seen { project, dataset, facts, records: None, start: None });
    }
    let mut run = prepare::run(&start, project, device, true)?.run;
    let facts = DataFacts::of(run.dataset(), &Watched::default())?;
    let bar = bar(options.steps);
    let records = watch(&mut run, options.steps, &mut |step| bar.set_position(step))?;
    bar.finish_and_clear();
    let (project, dataset) = (run.project().clone(), run.dataset().clone());
    Ok(Seen { project, dataset, facts, records: Some(records), start: None })
}

fn bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} steps  {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
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
    let start = kept.saved.start.clone();
    let run = Run::resume(&project, dataset.clone(), device, kept.saved)
        .with_context(|| format!("the run {name:?} can't be diagnosed"))?;
    let broke_at = match card.ending {
        Ending::NotFinite { step } => Some(step),
        Ending::Paused | Ending::Done | Ending::Early => None,
    };
    let records = recorded(&run, kept.curves, broke_at)?;
    Ok(Seen { project: run.project().clone(), dataset, facts, records: Some(records), start })
}

/// The first remedy of each finding, tried; `None` where there is none that the program could make.
fn try_all(
    options: &DiagnoseOptions,
    seen: &Seen,
    found: &[Finding],
    device: &Device,
) -> anyhow::Result<Vec<Option<Tried>>> {
    let base = prepare::base_of(&options.file);
    let tried = |finding: &Finding| {
        let remedy = finding.remedies.iter().find(|remedy| remedy.change != Change::ByHand);
        let Some(remedy) = remedy.filter(|_| options.tries) else { return Ok(None) };
        let steps = trial::steps(finding);
        let Seen { project, dataset, start, .. } = seen;
        let (start, device) = (start.as_deref(), device.clone());
        let course = Course { project, dataset, base: &base, start, remedy, steps, device };
        let bar = bar(steps);
        let mut look = |curves: &[Curves; 2]| {
            bar.set_position(curves.iter().map(|curves| curves.train_loss.len() as u64).max().unwrap_or(0));
            GoOn::On
        };
        let tried = trial::try_remedy(&course, &mut look).map_err(anyhow::Error::msg);
        bar.finish_and_clear();
        tried
    };
    found.iter().map(tried).collect()
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

fn tell(options: &DiagnoseOptions, seen: &Seen, device: &Device) -> anyhow::Result<()> {
    let case = Case::new(&seen.project, &seen.facts);
    let case = match &seen.records {
        Some(records) => case.after(records),
        None => case,
    };
    let found = diagnose(&case);
    let tried = try_all(options, seen, &found, device)?;
    let steps = seen.records.as_ref().map_or(0, |records| records.steps);
    let serious = found.iter().filter(|finding| finding.severity == Severity::Serious).count();
    if options.json {
        let both = found.iter().zip(&tried);
        let findings: Vec<_> = both.map(|(finding, tried)| as_json(&case, finding, tried.as_ref())).collect();
        answer(json!({
            "project": options.file.display().to_string(), "run": options.run, "steps": steps, "rules": RULES.len(),
            "able": able(steps),
            "serious": serious, "findings": findings,
        }))?;
    } else {
        let mut both = found.iter().zip(&tried);
        both.try_for_each(|(finding, tried)| answer(text(&case, finding, tried.as_ref())).map(drop))?;
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

fn text(case: &Case, finding: &Finding, tried: Option<&Tried>) -> String {
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
    lines.extend(tried.map(|tried| format!("  tried the first: {}", tried.sentence)));
    lines.join("\n") + "\n"
}

fn summary(found: &[Finding], steps: u64) -> String {
    let looked = match steps {
        0 => "before training".to_owned(),
        n => format!("after {}", counted(n as usize, "step")),
    };
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let all = [(Severity::Serious, "serious finding"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let all: Vec<_> = all
        .into_iter()
        .filter(|(severity, _)| count(*severity) > 0)
        .map(|(severity, noun)| counted(count(severity), noun))
        .collect();
    let rules = able(steps);
    match (all.is_empty(), rules == RULES.len()) {
        (true, true) => format!("Nothing found by {}, {looked}.", counted(rules, "rule")),
        (true, false) => {
            let of = thousands(RULES.len() as u64);
            format!("Nothing found {looked} by the {rules} of {of} rules that can tell by then.")
        }
        (false, _) => format!("Found {looked}: {}.", all.join(", ")),
    }
}

/// Rules that can tell after so many steps.
fn able(steps: u64) -> usize {
    let can = |rule: &&&Rule| match rule.when {
        When::BeforeTraining => true,
        When::Training { within } => within <= steps,
    };
    RULES.iter().filter(can).count()
}

/// One of the two runs of a trial.
fn side(side: &Side) -> Value {
    json!({
        "steps": side.steps, "loss": side.scores.as_ref().map(|scores| scores.loss),
        "score": side.scores.as_ref().map(|scores| scores.score), "not_finite_at": side.broke_at,
        "parameters": side.parameters,
    })
}

fn as_json(case: &Case, finding: &Finding, tried: Option<&Tried>) -> Value {
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
    let trial = tried.map(|tried| {
        let [without, with] = tried.sides.each_ref().map(side);
        let (winner, words) = (tried.winner.word(), &tried.sentence);
        json!({ "winner": winner, "words": words, "metric": tried.sides[0].curves.metric.key(), "without": without,
            "with": with })
    });
    let name = match &finding.place {
        Place::Column(name) => name.clone(),
        other => place(case, other),
    };
    json!({
        "rule": finding.rule.id, "title": finding.rule.title, "severity": finding.severity.word(),
        "place": { "kind": finding.place.kind(), "name": name }, "step": finding.step, "words": finding.words,
        "evidence": evidence, "confidence": finding.confidence.word(), "remedies": remedies,
        "may_follow_from": finding.may_follow_from, "source": finding.rule.source, "trial": trial,
    })
}
