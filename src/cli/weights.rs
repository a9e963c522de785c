//! The weights that `predict` and `evaluate` ask: of a checkpoint, or of a run that is kept with a project.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{prepare, runs};
use crate::expr::listed;
use crate::persist::{RunFolder, project_file};
use crate::session::checkpoint::{self, Weights};

/// Weights, and where they were found.
pub struct Named {
    pub weights: Weights,
    /// The folder that relative paths of their project start from.
    pub base: PathBuf,
}

/// Of a checkpoint, or of a project's run by its name; of a project with one run it need not be said.
pub fn of(file: &Path, run: Option<&str>) -> anyhow::Result<Named> {
    let path = path_of(file, run)?;
    let weights = checkpoint::load_weights(&path).map_err(anyhow::Error::msg)?;
    Ok(Named { weights, base: prepare::base_of(file) })
}

/// Where the checkpoint lies.
pub fn path_of(file: &Path, run: Option<&str>) -> anyhow::Result<PathBuf> {
    if !project_file::is_one(file) {
        return match run {
            None => Ok(file.to_owned()),
            Some(run) => bail!("--run {run:?} names a run of a project, and {} is none.", file.display()),
        };
    }
    let folder = RunFolder::beside(file);
    let (cards, _) = folder.list();
    let card = match (run, cards.as_slice()) {
        (Some(run), cards) => runs::find(cards, run)?,
        (None, [only]) => only,
        (None, []) => bail!(
            "No runs are saved with {0} yet. To save one: glassbox train {0} --name \"first try\"",
            file.display()
        ),
        (None, several) => {
            let names: Vec<_> = several.iter().map(|card| card.name.as_str()).collect();
            bail!("{} has several runs. Choose one with --run: {}.", file.display(), listed(&names))
        }
    };
    Ok(folder.checkpoint(&card.id))
}
