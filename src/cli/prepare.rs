//! What `check` and `train` do first: read the project, put the named data in place, load it, look for problems.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use crate::data::{self, Dataset, NoProgress};
use crate::model::{Inference, Place, Problem, Project, Source, infer};
use crate::trainer::signature;

/// The folder that relative paths in a project start from.
pub fn base_of(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
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
