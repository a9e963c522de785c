//! The files of a run: written where nobody else has written since, and read for what their network does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::checkpoint::{self, Kept};
use super::runs::RunOutput;
use crate::data::Dataset;
use crate::engine::Device;
use crate::model::Project;
use crate::persist::{RunFolder, Stamp};
use crate::trace::RunCard;
use crate::trainer::{Run, WholeOutput, whole_output};

/// The states of the files that this window has read or written last, by their paths.
pub(super) type Stamps = Arc<Mutex<BTreeMap<PathBuf, Stamp>>>;

pub(super) fn locked(stamps: &Stamps) -> MutexGuard<'_, BTreeMap<PathBuf, Stamp>> {
    stamps.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// `stamps`: the states of the files that this window has read or written last. Where somebody else has written since,
/// the run goes under an id of its own, so that neither is lost.
pub(super) fn write_run(
    folder: &RunFolder,
    card: RunCard,
    project: &Project,
    kept: &Kept,
    stamps: &Stamps,
) -> Result<RunCard, String> {
    let mut card = card;
    let is_ours = folder.stamp(&card.id) == locked(stamps).get(&folder.checkpoint(&card.id)).copied();
    if !is_ours {
        card.id = folder.claim([]).map_err(|error| error.to_string())?;
    }
    card.steps = kept.saved.now.step;
    let path = folder.checkpoint(&card.id);
    checkpoint::save(&path, project, kept)?;
    card.bytes = std::fs::metadata(&path).map_or(0, |there| there.len());
    if let Some(stamp) = folder.stamp(&card.id) {
        locked(stamps).insert(path, stamp);
    }
    // A name or a note that was written meanwhile stays.
    if is_ours
        && let Ok(there) = folder.read(&card.id)
        && there.began_secs == card.began_secs
    {
        (card.name, card.note, card.pinned) = (there.name, there.note, there.pinned);
    }
    folder.write(&card).map_err(|error| error.to_string())?;
    Ok(card)
}

/// What the network of a kept run does on the data that is loaded. Errors are sentences.
pub(super) fn output(path: &Path, dataset: Arc<Dataset>) -> Result<RunOutput, String> {
    let (project, kept) = checkpoint::load(path)?;
    if kept.saved.encoding.as_ref().is_some_and(|learnt| !learnt.is_like(&dataset.encoding)) {
        return Err(
            "This run learnt its target or its categories in another form than the data has now. Restore the run to \
                    see what it does."
                .into(),
        );
    }
    let mut run = Run::new(&project, dataset, Device::Cpu).map_err(|error| error.to_string())?;
    run.machine_mut().restore(&kept.saved.now).map_err(|error| error.to_string())?;
    let WholeOutput { picture, predictions, guesses } = whole_output(&run).map_err(|error| error.to_string())?;
    let (predictions, guesses) = (predictions.into(), guesses.into());
    Ok(RunOutput { step: kept.saved.now.step, picture, predictions, guesses })
}
