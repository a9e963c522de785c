//! Runs that were trained by an exported folder, wherever that was: weights and log as a run of the project.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::engines::Log;
use crate::data::Dataset;
use crate::engine::{Device, Snapshot};
use crate::expr::counted;
use crate::interop::state_dict::mapping::Certainty;
use crate::interop::{Content, Framework, Network, export, recognise, state_dict};
use crate::model::{Metric, Project, infer};
use crate::trace::{Curves, Ending, EngineCard, RunCard};
use crate::trainer::{Kept, Run};

/// Files of an exported folder that are no checkpoints of its training.
const EXPORTED: [&str; 3] = ["weights.safetensors", "proof.safetensors", "model.keras"];
/// More steps than this no run has.
const MOST_STEPS: u64 = 1 << 40;

/// A run that came back.
pub struct Returned {
    /// Its row, without an id.
    pub card: RunCard,
    /// Where it stands.
    pub kept: Kept,
    /// What came over, and what did not: a sentence each.
    pub told: Vec<String>,
}

/// What a checkpoint holds for a project.
pub struct Weights {
    /// Under our names.
    pub snapshot: Snapshot,
    /// The framework whose exported code names them so; `None`: they were fitted by names and sizes.
    pub framework: Option<Framework>,
    /// Steps behind them, where the file says so.
    pub step: Option<u64>,
}

/// What is scored in this project.
pub fn metric(project: &Project, dataset: &Dataset) -> Metric {
    let signature = dataset.signature();
    let task = signature.task;
    infer(&project.graph, Some(&signature)).task(&project.graph, task).metric()
}

/// The weights of a file for the project's network. Errors: a sentence on what does not fit.
pub fn weights(path: &Path, project: &Project, dataset: &Dataset) -> Result<Weights, String> {
    let network = Network::new(&project.graph, &dataset.signature()).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
        format!("The network can't take weights yet: {first}")
    })?;
    let of = |framework, step, tensors| Weights {
        snapshot: state_dict::snapshot(tensors),
        framework: Some(framework),
        step,
    };
    let shown = path.display();
    if recognise(path).is_ok_and(|content| content == Content::Keras) {
        let tensors = export::keras_back(&network, path)?.ok_or_else(|| {
            format!(
                "{shown} doesn't fit this project. Open the project that was exported, or bring the model in as one \
                of its own: glassbox import {shown}"
            )
        })?;
        return Ok(of(Framework::Keras, None, tensors));
    }
    let dict = state_dict::read(path)?;
    if let Some(tensors) = export::pytorch_back(project, &network, &dict) {
        return Ok(of(Framework::PyTorch, dict.step, tensors));
    }
    if let Some(tensors) = export::tensorflow_back(&network, &dict) {
        return Ok(of(Framework::TensorFlow, dict.step, tensors));
    }
    let mapping = state_dict::propose(&dict, &network);
    let missing = mapping.missing();
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().take(4).map(|row| row.weight.as_str()).collect();
        return Err(format!(
            "{shown} doesn't fit this project: {} of its {} weights aren't there ({}{}). Open the project that was \
             exported, or bring in what fits with: glassbox import FILE --onto PROJECT --partial",
            missing.len(),
            mapping.rows.len(),
            names.join(", "),
            if missing.len() > names.len() { ", …" } else { "" },
        ));
    }
    if mapping.certainty() == Some(Certainty::Guess) {
        return Err(format!(
            "{shown} could fit this project in several ways. Choose one with: glassbox import FILE --onto PROJECT --map \
             THEIRS=OURS"
        ));
    }
    let tensors = mapping.apply(&dict).map_err(|problems| problems.join("\n"))?;
    Ok(Weights { snapshot: state_dict::snapshot(tensors), framework: None, step: dict.step })
}

/// A run that stands where the weights are, with the curves up to there. `by`: "PyTorch 2.15.0".
pub fn kept(by: &str, weights: Weights, log: &Log, project: &Project, dataset: &Arc<Dataset>) -> Result<Kept, String> {
    let step = weights.step.unwrap_or_else(|| log.now().step).min(MOST_STEPS);
    let run = Run::start(project, Some(&weights.snapshot), dataset.clone(), Device::Cpu);
    let run = run.map_err(|error| error.to_string())?;
    let mut curves = Curves { metric: run.task().metric(), ..log.kept() };
    curves.truncate(step);
    let mut saved = run.came_from_elsewhere(step).map_err(|error| error.to_string())?;
    saved.notice = Some(format!(
        "{by} trained this run up to step {step}. Its optimiser's state wasn't imported, so training continues with a \
         fresh one."
    ));
    Ok(Kept::new(saved, curves))
}

/// The run of a folder, or of a log or checkpoint in it. Errors: a sentence that says what to do.
pub fn read(path: &Path, project: &Project, dataset: &Arc<Dataset>) -> Result<Returned, String> {
    let Files { log: log_file, checkpoint } = Files::of(path)?;
    let batch = project.training.batch_size.clamp(1, dataset.train.len().max(1));
    let per_epoch = dataset.train.len().div_ceil(batch) as u64;
    let mut log = Log::at(log_file.as_deref().unwrap_or(Path::new("")), per_epoch, metric(project, dataset));
    if log_file.is_some() {
        log.read();
    }
    if let (Some(file), true) = (&log_file, log.told.is_empty()) {
        return Err(format!("{} has no steps in it: it isn't a log that train.py --log writes.", file.display()));
    }
    let weights = weights(&checkpoint, project, dataset)?;
    if weights.step.is_none() && log.told.is_empty() {
        return Err(format!(
            "{} doesn't say how many steps it has behind it, and there is no log beside it. Start a run with its weights: \
             glassbox import FILE --onto PROJECT",
            checkpoint.display()
        ));
    }
    let by = weights.framework.map_or("Another program", Framework::name);
    let (count, framework) = (weights.snapshot.tensors.len(), weights.framework);
    let kept = kept(by, weights, &log, project, dataset)?;
    let step = kept.saved.now.step;
    let mut told = vec![format!("{} of step {step} from {}.", counted(count, "weight"), shown(&checkpoint))];
    match &log_file {
        Some(file) => {
            told.push(format!("Curves of {} from {}.", counted(log.told.len().min(step as usize), "step"), shown(file)))
        }
        None => told.push("No curves: there is no log beside it (train.py --log run.jsonl).".to_owned()),
    }
    let later = log.now().step.saturating_sub(step);
    if later > 0 {
        told.push(format!("The log's last {later} steps came after the checkpoint and are left out."));
    }
    if let Some(there) = log.epoch_steps.filter(|there| *there != per_epoch) {
        told.push(format!(
            "An epoch had {there} steps there but has {per_epoch} here, so the batch size or the data differ."
        ));
    }
    told.push("The optimiser's state isn't imported.".to_owned());
    let name = name_of(log_file.as_deref().unwrap_or(&checkpoint)).unwrap_or_else(|| by.to_owned());
    let card = card(&name, framework.map(|framework| (framework.word(), framework.name())), &kept);
    Ok(Returned { card, kept, told })
}

/// What a run is called: as its file, or as its folder where everybody's file is called so.
fn name_of(file: &Path) -> Option<String> {
    let folder = || {
        let folder = std::path::absolute(file).ok()?;
        Some(folder.parent()?.file_name()?.to_string_lossy().into_owned())
    };
    let stem = file.file_stem()?.to_string_lossy().into_owned();
    let is_usual = ["run", "log", "train", "checkpoint", "model"].contains(&stem.to_lowercase().as_str());
    if is_usual { folder() } else { Some(stem) }
}

/// The row of a run that another framework has trained, or nobody knows who.
pub fn card(name: &str, by: Option<(&str, &str)>, kept: &Kept) -> RunCard {
    let (step, place) = (kept.saved.now.step, kept.curves.pace.last());
    let mut card = RunCard {
        name: name.to_owned(),
        began_secs: super::keeping::now_secs(),
        project: kept.saved.project.clone(),
        ending: Ending::Paused,
        steps: step,
        epochs: place.map_or(kept.saved.place.epoch as f64, |place| place.epoch),
        engine: by.map(|(word, title)| EngineCard { word: word.into(), title: title.into(), ..EngineCard::default() }),
        ..RunCard::default()
    };
    card.read_curves(&kept.curves);
    card
}

fn shown(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// What belongs to a run.
struct Files {
    log: Option<PathBuf>,
    checkpoint: PathBuf,
}

impl Files {
    fn of(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        if path.is_dir() {
            let log = newest(path, is_log);
            let checkpoint = log.as_deref().and_then(|log| same_stem(log, is_checkpoint));
            let checkpoint = checkpoint.or_else(|| newest(path, is_checkpoint));
            return match (log, checkpoint) {
                (log, Some(checkpoint)) => Ok(Self { log, checkpoint }),
                (Some(log), None) => Err(no_checkpoint(&log)),
                (None, None) => Err(format!(
                    "{shown} holds no trained run: run train.py --log run.jsonl --checkpoint run.pt there first."
                )),
            };
        }
        if !path.is_file() {
            return Err(format!("{shown} isn't there."));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if is_log(path) {
            let checkpoint = same_stem(path, is_checkpoint).or_else(|| newest(folder, is_checkpoint));
            let checkpoint = checkpoint.ok_or_else(|| no_checkpoint(path))?;
            return Ok(Self { log: Some(path.to_owned()), checkpoint });
        }
        let log = same_stem(path, is_log).or_else(|| newest(folder, is_log));
        Ok(Self { log, checkpoint: path.to_owned() })
    }
}

fn no_checkpoint(log: &Path) -> String {
    format!(
        "{} has no checkpoint beside it, so there are only curves. Train with --checkpoint run.pt (Keras: run.keras, \
         TensorFlow: run.safetensors), and copy it into the same folder.",
        log.display()
    )
}

fn ending(path: &Path) -> String {
    path.extension().map_or_else(String::new, |ending| ending.to_string_lossy().to_lowercase())
}

/// As `train.py --log run.jsonl` writes it.
pub fn is_log(path: &Path) -> bool {
    ending(path) == "jsonl"
}

fn is_checkpoint(path: &Path) -> bool {
    let is_exported = EXPORTED.iter().any(|name| path.file_name().is_some_and(|file| file == *name));
    matches!(ending(path).as_str(), "pt" | "pth" | "safetensors" | "keras") && !is_exported
}

fn same_stem(path: &Path, is_one: fn(&Path) -> bool) -> Option<PathBuf> {
    ["pt", "pth", "safetensors", "keras", "jsonl"]
        .map(|ending| path.with_extension(ending))
        .into_iter()
        .find(|path| is_one(path) && path.is_file())
}

fn newest(folder: &Path, is_one: fn(&Path) -> bool) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let age = |path: &PathBuf| {
        let changed = std::fs::metadata(path).and_then(|there| there.modified());
        (changed.unwrap_or(SystemTime::UNIX_EPOCH), path.clone())
    };
    entries.filter(|path| is_one(path) && path.is_file()).max_by_key(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_called_after_its_file_or_else_its_folder() {
        let name = |path: &str| name_of(Path::new(path));
        assert_eq!(name("spiral-torch/night.jsonl").as_deref(), Some("night"));
        assert_eq!(name("spiral-torch/run.jsonl").as_deref(), Some("spiral-torch"));
        assert_eq!(name("spiral-torch/checkpoint.pt").as_deref(), Some("spiral-torch"));
    }
}
