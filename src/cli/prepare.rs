//! What `check`, `train` and `debug` do first: read the project, put the named data in place, load it, look for problems,
//! set up the run or go on with a saved one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::options::DeviceChoice;
use super::output::remark;
use crate::data::{self, Dataset, NoProgress};
use crate::engine::{Device, Memory};
use crate::model::{Inference, Place, Problem, Project, Source, infer};
use crate::persist::project_file::{self, FileError};
use crate::session::checkpoint::{self, Kept};
use crate::trace::Curves;
use crate::trainer::{self, Change, Run, signature};

/// The folder that relative paths in a project start from.
pub fn base_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The project in a file; a checkpoint has one inside, but is for going on with a run.
pub fn project(file: &Path) -> anyhow::Result<Project> {
    let is_checkpoint = || checkpoint::load(file).is_ok();
    match project_file::load(file) {
        Err(FileError::NotAProject { .. }) if is_checkpoint() => bail!(
            "{0} is a checkpoint. Name its project first and go on from it with: --resume {0}. The window opens it as it is: glassbox {0}",
            file.display()
        ),
        project => Ok(project?),
    }
}

/// Makes the project read its samples from `path`.
pub fn use_data(project: &mut Project, path: &Path) -> anyhow::Result<()> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match &mut project.data.source {
        Source::Csv(csv) => csv.path = path,
        Source::Idx(idx) => idx.folder = path,
        Source::Synthetic(_) | Source::Digits(_) => {
            bail!("This project makes its own data; --data has no meaning for it.")
        }
    }
    Ok(())
}

pub fn load(project: &Project, base: &Path) -> anyhow::Result<Arc<Dataset>> {
    Ok(Arc::new(data::load(&project.data, base, &NoProgress)?))
}

pub fn inference(project: &Project, dataset: &Dataset) -> Inference {
    infer(&project.graph, Some(&signature(dataset)))
}

/// What training takes; `None` while the network has problems.
pub fn memory(project: &Project, dataset: &Dataset, found: &Inference) -> Option<Memory> {
    if found.is_valid() { trainer::memory(project, dataset).ok() } else { None }
}

/// One line, or two with expected and got.
pub fn sentence(project: &Project, problem: &Problem) -> String {
    let place = match problem.place {
        Place::Wire(id) => {
            let name = |layer| project.graph.layer(layer).map(|l| l.name.clone()).unwrap_or_default();
            project.graph.wire(id).map(|w| format!("{} → {}: ", name(w.from), name(w.to))).unwrap_or_default()
        }
        Place::Layer(_) => format!("{}: ", problem.layer),
        Place::Graph => String::new(),
    };
    let shapes = problem.expected_got.as_ref().map(|(e, g)| format!(" Expected {e}, got {g}.")).unwrap_or_default();
    let repairs: Vec<_> = problem.repairs.iter().map(|repair| repair.label.as_str()).collect();
    let repairs = if repairs.is_empty() { String::new() } else { format!(" Repair: {}.", repairs.join(", or ")) };
    format!("{place}{}{shapes}{repairs}", problem.message)
}

pub fn choose_device(choice: DeviceChoice) -> anyhow::Result<Device> {
    match choice {
        DeviceChoice::Auto => Ok(Device::best()),
        DeviceChoice::Cpu => Ok(Device::Cpu),
        DeviceChoice::Cuda => {
            Device::Cuda(0).is_there()?;
            Ok(Device::Cuda(0))
        }
    }
}

/// Which run is asked for.
pub struct Start<'a> {
    pub file: &'a Path,
    pub data: Option<&'a Path>,
    pub epochs: Option<usize>,
    pub seed: Option<u64>,
    pub resume: Option<&'a Path>,
}

/// The run, and what is known of the steps before it.
pub fn run(start: &Start, device: Device) -> anyhow::Result<(Run, Curves)> {
    let mut project = self::project(start.file)?;
    if let Some(path) = start.data {
        use_data(&mut project, path)?;
    }
    if let Some(epochs) = start.epochs {
        project.training.epochs = epochs;
    }
    if let Some(seed) = start.seed {
        project.training.seed = seed;
    }
    let dataset = load(&project, &base_of(start.file))?;
    dataset.notes.iter().for_each(remark);
    let found = inference(&project, &dataset);
    if !found.is_valid() {
        let sentences: Vec<_> = found.problems.iter().map(|p| sentence(&project, p)).collect();
        bail!("The network cannot train yet.\n  {}", sentences.join("\n  "));
    }
    match start.resume {
        None => Ok((Run::new(&project, dataset, device)?, Curves::default())),
        Some(path) => resume(path, start.file, &project, dataset, device),
    }
}

/// Goes on from a checkpoint; what the project file says differently is a change at this point of the run.
fn resume(
    path: &Path,
    file: &Path,
    project: &Project,
    dataset: Arc<Dataset>,
    device: Device,
) -> anyhow::Result<(Run, Curves)> {
    let (kept, Kept { saved, curves, .. }) = checkpoint::load(path).map_err(anyhow::Error::msg)?;
    let (checkpoint, file) = (path.display(), file.display());
    if let Some(problem) = inference(&kept, &dataset).problems.first() {
        let why = sentence(&kept, problem);
        bail!("{checkpoint} is a checkpoint of another project than {file}: its network does not fit this data. {why}");
    }
    let mut run = Run::resume(&kept, dataset, device, saved)
        .with_context(|| format!("{checkpoint} is no checkpoint of the run in {file}"))?;
    let step = run.machine().step();
    if project.graph != kept.graph {
        remark(format_args!("From step {step} on with the network of {file}, which is another than in {checkpoint}."));
        run.change(Change::Graph { graph: project.graph.clone() })?;
    }
    if project.training != kept.training {
        run.change(Change::Training { training: project.training.clone() })?;
    }
    Ok((run, curves))
}
