//! A run as a checkpoint file and back: where the trainer's snapshot meets the file format.

use std::path::{Path, PathBuf};

use crate::engine::{Numbers, SavedTensor, Snapshot};
use crate::model::Project;
use crate::persist::checkpoint::{self, Checkpoint, NamedTensor, Values};
use crate::persist::{Home, project_file};
use crate::trainer::{Resume, Saved};

/// Names of the best epoch's weights, when they are kept, begin with this.
const BEST: &str = "best/";

/// Errors are sentences for the user.
pub fn save(path: &Path, project: &Project, saved: &Saved) -> Result<(), String> {
    let place = serde_json::json!({
        "run": saved.place,
        "step": saved.now.step,
        "best_step": saved.best.as_ref().map(|best| best.step),
    });
    let mut tensors: Vec<_> = named(&saved.now, "").collect();
    if let Some(best) = &saved.best {
        tensors.extend(named(best, BEST));
    }
    let checkpoint = Checkpoint { project: project.clone(), place: place.to_string(), tensors };
    checkpoint::save(&checkpoint, path).map_err(|error| error.to_string())
}

pub fn load(path: &Path) -> Result<(Project, Saved), String> {
    let file = checkpoint::load(path).map_err(|error| error.to_string())?;
    let damaged = |error: serde_json::Error| format!("The run in {} cannot be read: {error}", path.display());
    let place: serde_json::Value = serde_json::from_str(&file.place).map_err(damaged)?;
    let run: Resume = serde_json::from_value(place["run"].clone()).map_err(damaged)?;
    let (best, now): (Vec<_>, Vec<_>) = file.tensors.into_iter().partition(|tensor| tensor.name.starts_with(BEST));
    let step = place["step"].as_u64().ok_or_else(|| format!("The run in {} does not say its step.", path.display()))?;
    let now = snapshot(step, now, "");
    let best = place["best_step"].as_u64().map(|step| snapshot(step, best, BEST));
    Ok((file.project, Saved { now, best, place: run }))
}

/// The autosaved project, its run if there was one, and the file it belongs to.
pub type Recovered = (Project, Option<Saved>, Option<PathBuf>);

pub fn read_autosave(home: &Home) -> Result<Recovered, String> {
    let note = home.autosave_note();
    let project = project_file::load(&home.autosave_path()).map_err(|error| error.to_string())?;
    // The project alone is worth bringing back when its run is damaged or belongs to another state of it.
    let run = note.has_run.then(|| load(&home.autosave_run_path()).ok()).flatten();
    let saved = run.filter(|(kept, _)| kept.data == project.data).map(|(_, saved)| saved);
    Ok((project, saved, note.file))
}

pub fn write_autosave(
    home: &Home,
    project: &Project,
    saved: Option<&Saved>,
    file: Option<&Path>,
) -> Result<(), String> {
    if let Some(saved) = saved {
        save(&home.autosave_run_path(), project, saved)?;
    }
    home.write_autosave(project, file, saved.is_some()).map_err(|error| error.to_string())
}

fn named<'a>(snapshot: &'a Snapshot, prefix: &'a str) -> impl Iterator<Item = NamedTensor> + 'a {
    snapshot.tensors.iter().map(move |(name, tensor)| NamedTensor {
        name: format!("{prefix}{name}"),
        dims: tensor.dims.clone(),
        values: match &tensor.numbers {
            Numbers::F32(values) => Values::F32(values.to_vec()),
            Numbers::F64(values) => Values::F64(values.to_vec()),
        },
    })
}

fn snapshot(step: u64, tensors: Vec<NamedTensor>, prefix: &str) -> Snapshot {
    let tensors = tensors.into_iter().map(|tensor| {
        let name = tensor.name.strip_prefix(prefix).unwrap_or(&tensor.name).to_owned();
        let numbers = match tensor.values {
            Values::F32(values) => Numbers::F32(values.into()),
            Values::F64(values) => Numbers::F64(values.into()),
        };
        (name, SavedTensor { dims: tensor.dims, numbers })
    });
    Snapshot { step, tensors: tensors.collect() }
}
