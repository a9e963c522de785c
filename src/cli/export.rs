//! `glassbox export`: the project as a folder for another framework.

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::json;

use super::options::ExportProjectOptions;
use super::output::{answer, remark};
use super::prepare;
use crate::engine::Snapshot;
use crate::files::atomic;
use crate::interop::export::{self, Target};
use crate::session::checkpoint;

pub fn run(options: &ExportProjectOptions) -> anyhow::Result<()> {
    let mut project = prepare::project(&options.file)?;
    if let Some(path) = &options.data {
        prepare::use_data(&mut project, path)?;
    }
    let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
    dataset.notes.iter().for_each(remark);
    let found = prepare::inference(&project, &dataset);
    if !found.is_valid() {
        let sentences: Vec<_> = found.problems.iter().map(|problem| prepare::sentence(&project, problem)).collect();
        bail!("The network can't be exported yet.\n  {}", sentences.join("\n  "));
    }
    let weights = weights(options)?;
    let target = options.to.target();
    let (files, _) = match target {
        Target::Onnx => return file(options, &export::onnx(&project, &dataset, weights.as_ref())?),
        Target::Weights => return file(options, &export::weights(&project, &dataset, weights.as_ref())?),
        Target::Folder(framework) => export::folder(framework, &project, &dataset, weights.as_ref())?,
    };
    let folder = options.output.clone().unwrap_or_else(|| folder_of(options));
    if let (false, Some(name)) = (options.force, export::other_file(&folder, &files)) {
        bail!("{} has other files in it, such as {name}. Choose another folder, or add --force.", folder.display());
    }
    export::write(&folder, &files)?;
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    if options.json {
        return answer(json!({ "folder": folder, "files": names, "framework": target.name() })).map(drop);
    }
    let shown = folder.display();
    answer(format!(
        "Exported to {shown}: {}\nProve that {} computes the same: cd {shown} && python verify.py",
        names.join(", "),
        target.name()
    ))
    .map(drop)
}

/// A single file.
fn file(options: &ExportProjectOptions, bytes: &[u8]) -> anyhow::Result<()> {
    let path = options.output.clone().unwrap_or_else(|| {
        let mut name = folder_of(options).into_os_string();
        name.push(".");
        name.push(options.to.target().ending().unwrap_or_default());
        name.into()
    });
    if path.exists() && !options.force {
        bail!("{} is there already. Choose another name, or add --force.", path.display());
    }
    atomic::write(&path, bytes)?;
    if options.json {
        return answer(json!({ "file": path, "framework": options.to.target().name() })).map(drop);
    }
    answer(format!("Exported to {}", path.display())).map(drop)
}

/// Those of a run or checkpoint, where one is named.
fn weights(options: &ExportProjectOptions) -> anyhow::Result<Option<Snapshot>> {
    let named = options.run.as_ref().map(PathBuf::from).or_else(|| options.checkpoint.clone());
    let Some(named) = named else { return Ok(None) };
    let path = prepare::checkpoint_of(&options.file, &named)?;
    let weights = checkpoint::load_weights(&path).map_err(anyhow::Error::msg);
    let weights = weights.with_context(|| format!("Can't use the weights of {}", path.display()))?;
    Ok(Some(weights.snapshot))
}

/// `spiral.glassbox.json` goes into `spiral-pytorch`, or `spiral.onnx`.
fn folder_of(options: &ExportProjectOptions) -> PathBuf {
    let name = options.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = name.strip_suffix(".glassbox.json").unwrap_or(&name);
    match options.to.target() {
        Target::Onnx | Target::Weights => options.file.with_file_name(stem),
        Target::Folder(framework) => options.file.with_file_name(format!("{stem}-{}", framework.word())),
    }
}
