//! `glassbox export`: the project as a folder for another framework, or the boxes of its data.

use std::path::PathBuf;

use anyhow::{Context, bail};
use serde_json::json;

use super::options::ExportProjectOptions;
use super::output::{answer, remark};
use super::prepare;
use super::watched::Watched;
use crate::data;
use crate::engine::Snapshot;
use crate::expr::counted;
use crate::files::atomic;
use crate::interop::export::{self, Target};
use crate::model::{Project, Source};
use crate::session::checkpoint;

pub fn run(options: &ExportProjectOptions) -> anyhow::Result<()> {
    let mut project = prepare::project(&options.file)?;
    if let Some(path) = &options.data {
        prepare::use_data(&mut project, path)?;
    }
    let Some(target) = options.to.target() else { return boxes(options, &project) };
    let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
    dataset.notes.iter().for_each(remark);
    let found = prepare::inference(&project, &dataset);
    if !found.is_valid() {
        let sentences: Vec<_> = found.problems.iter().map(|problem| prepare::sentence(&project, problem)).collect();
        bail!("The network can't be exported yet.\n  {}", sentences.join("\n  "));
    }
    let weights = weights(options)?;
    let (framework, (files, _)) = match target {
        Target::Onnx => return network(options, target, &export::onnx(&project, &dataset, weights.as_ref())?),
        Target::Weights => return network(options, target, &export::weights(&project, &dataset, weights.as_ref())?),
        Target::Folder(framework) => (framework, export::folder(framework, &project, &dataset, weights.as_ref())?),
    };
    let own = |name: String| options.file.with_file_name(name);
    let folder = options.output.clone().unwrap_or_else(|| own(format!("{}-{}", stem_of(options), framework.word())));
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

/// What is a single file.
fn network(options: &ExportProjectOptions, target: Target, bytes: &[u8]) -> anyhow::Result<()> {
    let path = free(options, &format!(".{}", target.ending().unwrap_or_default()))?;
    atomic::write(&path, bytes)?;
    if options.json {
        return answer(json!({ "file": path, "framework": target.name() })).map(drop);
    }
    answer(format!("Exported to {}", path.display())).map(drop)
}

/// What was labelled and drawn, for other programs.
fn boxes(options: &ExportProjectOptions, project: &Project) -> anyhow::Result<()> {
    let Source::Boxes(spec) = &project.data.source else {
        bail!("The data of {} has no labelled boxes, so there is nothing to write as COCO.", options.file.display());
    };
    if options.run.is_some() || options.checkpoint.is_some() {
        bail!("The boxes are those of the data, not of a network: leave out --run and --checkpoint.");
    }
    let path = free(options, "-coco.json")?;
    let folder = data::resolve(&prepare::base_of(&options.file), &spec.folder);
    let made = data::boxes_as_coco(&folder, &spec.drawn, &Watched::default())?;
    made.notes.iter().for_each(remark);
    atomic::write(&path, made.text.as_bytes())?;
    if options.json {
        let (pictures, boxes) = (made.pictures, made.boxes);
        let all =
            json!({ "file": path, "pictures": pictures, "boxes": boxes, "classes": made.names, "notes": made.notes });
        return answer(all).map(drop);
    }
    let classes = made.names.join(", ");
    let (boxes, pictures) = (counted(made.boxes, "box"), counted(made.pictures, "picture"));
    answer(format!("Wrote {boxes} in {pictures} ({classes}) to {}", path.display())).map(drop)
}

/// The file that is asked for, or one beside the project; what is there stays.
fn free(options: &ExportProjectOptions, ending: &str) -> anyhow::Result<PathBuf> {
    let path = options.output.clone().unwrap_or_else(|| {
        let mut name = options.file.with_file_name(stem_of(options)).into_os_string();
        name.push(ending);
        name.into()
    });
    if path.exists() && !options.force {
        bail!("{} is there already. Choose another name, or add --force.", path.display());
    }
    Ok(path)
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
fn stem_of(options: &ExportProjectOptions) -> String {
    let name = options.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".glassbox.json").unwrap_or(&name).to_owned()
}
