//! What `check`, `train` and `debug` do first: read the project, put the named data in place, load it, look for
//! problems, set up the run or go on with a saved one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::options::{DeviceChoice, SplitOptions};
use super::output::remark;
use super::outputs::Files;
use super::runs;
use super::watched::Watched;
use crate::data::{self, Dataset};
use crate::engine::{Device, Memory};
use crate::model::{Inference, Problem, Project, Source, Subject, Wire, infer};
use crate::persist::RunFolder;
use crate::persist::project_file::{self, FileError};
use crate::session::checkpoint::{self, Kept};
use crate::trace::Curves;
use crate::trainer::{self, Change, Forks, Run};

/// The folder that relative paths in a project start from.
pub fn base_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The project in a file; a checkpoint has one inside, but is for going on with a run.
pub fn project(file: &Path) -> anyhow::Result<Project> {
    let is_checkpoint = || checkpoint::load(file).is_ok();
    match project_file::load(file) {
        Err(FileError::NotAProject { .. }) if is_checkpoint() => bail!(
            "{0} is a checkpoint. To continue from it, name its project and add --resume {0}. To open it in the \
                window: glassbox {0}",
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
        Source::Pictures(pictures) => pictures.folder = path,
        Source::Boxes(pictures) => pictures.folder = path,
        Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) => {
            bail!("This project generates its own data, so --data can't be used.")
        }
        Source::Sample(_) => bail!("This project has a single sample and no data, so --data can't be used."),
    }
    Ok(())
}

pub fn load(project: &Project, base: &Path) -> anyhow::Result<Arc<Dataset>> {
    Ok(Arc::new(data::load(&project.data, base, &Watched::default())?))
}

pub fn inference(project: &Project, dataset: &Dataset) -> Inference {
    infer(&project.graph, Some(&dataset.signature()))
}

/// What training takes; `None` while the network has problems.
pub fn memory(project: &Project, dataset: &Dataset, found: &Inference) -> Option<Memory> {
    if found.is_valid() { trainer::memory(project, dataset).ok() } else { None }
}

/// One line, or two with expected and got.
pub fn sentence(project: &Project, problem: &Problem) -> String {
    let place = match problem.place {
        Subject::Wire(id) => {
            let name = |layer| project.graph.layer(layer).map(|l| l.name.clone()).unwrap_or_default();
            let from = |wire: &Wire| project.graph.path_name(wire.from);
            project.graph.wire(id).map(|w| format!("{} → {}: ", from(w), name(w.to))).unwrap_or_default()
        }
        Subject::Layer(_) => format!("{}: ", problem.layer),
        Subject::Graph => String::new(),
    };
    let shapes = problem.expected_got.as_ref().map(|(e, g)| format!(" Expected {e}, got {g}.")).unwrap_or_default();
    let repairs: Vec<_> = problem.repairs.iter().map(|repair| repair.label.as_str()).collect();
    let repairs = if repairs.is_empty() { String::new() } else { format!(" Fix: {}.", repairs.join(", or ")) };
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

/// What `--resume` names: a file, or a run that is kept with the project, by its name.
pub fn checkpoint_of(file: &Path, named: &Path) -> anyhow::Result<PathBuf> {
    let Some(word) = named.to_str().filter(|_| !named.exists()) else { return Ok(named.to_owned()) };
    let folder = RunFolder::beside(file);
    let (cards, _) = folder.list();
    match runs::find(&cards, word) {
        Ok(card) => Ok(folder.checkpoint(&card.id)),
        // Rather a name than a file that is missing.
        Err(error) if named.extension().is_none() && !cards.is_empty() => Err(error),
        Err(_) => Ok(named.to_owned()),
    }
}

/// Which run is asked for.
pub struct Start<'a> {
    pub file: &'a Path,
    pub data: Option<&'a Path>,
    pub epochs: Option<usize>,
    pub seed: Option<u64>,
    /// What is said of the parts.
    pub split: Option<&'a SplitOptions>,
    pub resume: Option<&'a Path>,
    /// Whether the run may go on with other data than it knows; `None` where nobody can say so.
    pub other_data: Option<bool>,
}

impl Start<'_> {
    /// The project that is to be trained: that of the file, with what the options say.
    pub fn project(&self) -> anyhow::Result<Project> {
        let mut project = self::project(self.file)?;
        if let Some(path) = self.data {
            use_data(&mut project, path)?;
        }
        if let Some(epochs) = self.epochs {
            project.training.epochs = epochs;
        }
        if let Some(seed) = self.seed {
            project.training.seed = seed;
        }
        if let Some(split) = self.split {
            split.put(&mut project.data);
        }
        Ok(project)
    }

    /// What it reads.
    pub fn files(&self, project: &Project, force: bool) -> Files {
        let data = match &project.data.source {
            Source::Csv(csv) => Some(&csv.path),
            Source::Idx(idx) => Some(&idx.folder),
            Source::Pictures(pictures) => Some(&pictures.folder),
            Source::Boxes(pictures) => Some(&pictures.folder),
            Source::Synthetic(_) | Source::Digits(_) | Source::Shapes(_) | Source::Scenes(_) | Source::Sample(_) => {
                None
            }
        };
        let data = data.map(|path| data::resolve(&base_of(self.file), path));
        Files::new(force)
            .reads("the project", Some(self.file))
            .reads("the data", data.as_deref())
            .goes_on_from(self.resume)
    }
}

/// What is said of a run before its end, for people at once and for programs at the end.
#[derive(Debug, Default)]
pub struct Told {
    /// About the data.
    pub notes: Vec<String>,
    /// What is done otherwise than it may be meant.
    pub warnings: Vec<String>,
}

impl Told {
    pub fn warn(&mut self, sentence: String) {
        remark(&sentence);
        self.warnings.push(sentence);
    }
}

/// A run that is about to go on.
pub struct Begun {
    pub run: Run,
    /// What is known of the steps before.
    pub curves: Curves,
    /// The other ways that it has gone.
    pub forks: Forks,
    pub told: Told,
}

/// The run of a project that [`Start::project`] made. `trains`: one that only predicts will not do.
pub fn run(start: &Start, project: Project, device: Device, trains: bool) -> anyhow::Result<Begun> {
    let dataset = load(&project, &base_of(start.file))?;
    dataset.notes.iter().for_each(remark);
    let mut told = Told { notes: dataset.notes.clone(), ..Told::default() };
    let found = inference(&project, &dataset);
    if !found.is_valid() && (trains || !found.is_forward_only()) {
        let sentences: Vec<_> = found.problems.iter().map(|p| sentence(&project, p)).collect();
        bail!("The network can't train yet.\n  {}", sentences.join("\n  "));
    }
    let (mut run, curves, forks) = match start.resume {
        None => (Run::new(&project, dataset, device)?, Curves::default(), Forks::default()),
        Some(path) => resume(path, start, &project, dataset, device, &mut told)?,
    };
    run.take_notices().into_iter().for_each(|notice| told.warn(notice));
    Ok(Begun { run, curves, forks, told })
}

/// Goes on from a checkpoint; what the project file says differently is a change at this point of the run.
fn resume(
    path: &Path,
    start: &Start,
    project: &Project,
    dataset: Arc<Dataset>,
    device: Device,
    told: &mut Told,
) -> anyhow::Result<(Run, Curves, Forks)> {
    let (kept, of_run) = checkpoint::load(path).map_err(anyhow::Error::msg)?;
    let page = checkpoint::on_page(&kept, &of_run);
    let Kept { saved, mut curves, mut forks, .. } = of_run;
    let (checkpoint, file) = (path.display(), start.file.display());
    let found = inference(&kept, &dataset);
    // Whether it has to train has been asked of the project.
    if let Some(problem) = found.problems.first().filter(|_| !found.is_forward_only()) {
        let why = sentence(&kept, problem);
        bail!("{checkpoint} doesn't belong to {file}: its network doesn't fit this data. {why}");
    }
    let difference = Run::difference(&dataset, &saved.place)?;
    let then = saved.now.step;
    let resumed = match (difference, start.other_data) {
        (None, _) => Run::resume(&kept, dataset, device, saved),
        (Some(_), Some(true)) => {
            let begun = checkpoint::with(&kept, &kept.graph, &project.training);
            Run::begin_from(&begun, &saved, dataset, device)
        }
        (Some(difference), asked) => bail!(
            "{checkpoint} belongs to different data: {difference}. Use the data it was trained on, in the same order \
             and with the same split{}.",
            if asked.is_some() { ", or add --other-data to continue with this data" } else { "" }
        ),
    };
    let mut run = resumed.with_context(|| format!("{checkpoint} isn't a checkpoint of the run in {file}"))?;
    let step = run.machine().step();
    if let Some(difference) = difference {
        told.warn(format!(
            "Starting a new run from the weights of step {then} of {checkpoint}, on different data: {difference}."
        ));
        curves = Curves::default();
        if !std::mem::take(&mut forks.resting).is_empty() {
            told.warn("Its branches belong to the other data and are not carried over.".to_owned());
            forks = Forks::default();
        }
    }
    // What it was told of when it was kept; a branch may have settings of its own.
    if project.graph != page.graph {
        told.warn(format!("From step {step} on, the network is that of {file}, which differs from {checkpoint}."));
        run.change(Change::Graph { graph: project.graph.clone() })?;
    }
    let training = match &run.history().origin.earlier {
        Some(_) => project.training.clone(),
        None => run.training().edited(&page.training, &project.training),
    };
    if training != *run.training() {
        run.change(Change::Training { training })?;
    }
    Ok((run, curves, forks))
}
