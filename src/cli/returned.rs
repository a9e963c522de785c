//! `glassbox import RUN --onto PROJECT`: what an exported folder has trained elsewhere, as a run of the project.

use std::path::Path;

use anyhow::bail;
use serde_json::json;

use super::options::ImportOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files, quoted};
use super::prepare;
use crate::persist::RunFolder;
use crate::session::{checkpoint, returned};

/// Whether this is a trained run, not weights: a folder or a log.
pub fn is_run(path: &Path) -> bool {
    path.is_dir() || returned::is_log(path)
}

pub fn run(options: &ImportOptions, onto: &Path) -> anyhow::Result<()> {
    if options.partial || !options.map.is_empty() {
        bail!("--map and --partial are for weights alone: import the checkpoint itself.");
    }
    let project = prepare::project(onto)?;
    Files::new(options.force)
        .reads("the project", Some(onto))
        .writes("-o", FileKind::Checkpoint, options.output.as_deref())
        .check()?;
    let dataset = std::sync::Arc::new(prepare::load(&project, &prepare::base_of(onto))?);
    let mut back = returned::read(&options.file, &project, &dataset).map_err(anyhow::Error::msg)?;
    if let Some(path) = &options.output {
        checkpoint::save(path, &project, &back.kept).map_err(anyhow::Error::msg)?;
    } else {
        let folder = RunFolder::beside(onto);
        back.card.name = options.name.clone().unwrap_or(back.card.name);
        if folder.list().0.iter().any(|card| card.name == back.card.name) {
            bail!("This project already has a run {:?}. Choose another name: --name NAME", back.card.name);
        }
        back.card.id = folder.claim([])?;
        checkpoint::save(&folder.checkpoint(&back.card.id), &project, &back.kept).map_err(anyhow::Error::msg)?;
        folder.write(&back.card)?;
    }
    if options.json {
        let by = back.card.engine.as_ref().map(|engine| engine.word.clone());
        answer(json!({
            "project": onto.display().to_string(),
            "run": options.output.is_none().then_some(&back.card.name),
            "checkpoint": options.output,
            "steps": back.card.steps,
            "engine": by,
            "told": back.told,
        }))?;
        return Ok(());
    }
    back.told.iter().try_for_each(|sentence| answer(sentence).map(drop))?;
    match &options.output {
        Some(path) => remark(format_args!("Wrote {}. Open it with: glassbox {0}", path.display())),
        None => {
            let (project, name) = (quoted(onto), quoted(Path::new(&back.card.name)));
            remark(format_args!(
                "Saved as the run {name}. Open the project with: glassbox {project}. Train it with: glassbox train {project} \
                 --resume {name}"
            ));
        }
    }
    Ok(())
}
