//! `glassbox new`: a project from a template, fitted to the user's data where the template wants some.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::options::NewOptions;
use super::output::remark;
use super::outputs::{FileKind, Files};
use crate::data::{self, NoProgress};
use crate::model::templates::{self, TEMPLATES};
use crate::model::{DataSpec, IdxSpec, Project, Reading, Source};
use crate::persist::project_file;
use crate::session::{propose_project, table_spec};

pub fn run(options: &NewOptions) -> anyhow::Result<()> {
    let Some(template) = templates::find(&options.template) else {
        let keys: Vec<_> = TEMPLATES.iter().map(|t| t.key).collect();
        bail!("There is no template {:?}. The templates are: {}.", options.template, keys.join(", "));
    };
    if template.key != "table" && (options.target.is_some() || options.sheet.is_some() || !options.drop.is_empty()) {
        bail!("--target, --sheet and --drop only work with the template 'table'.");
    }
    let output = output_path(options)?;
    // Said before a large table is read.
    let files = Files::new(options.force).reads("the data", options.data.as_deref());
    files.writes("-o", FileKind::Project, Some(&output)).check()?;
    let project = match (template.needs, &options.data) {
        (None, None) => templates::build(template.key).context("This template can't be built.")?,
        (None, Some(_)) => bail!("The template {:?} generates its own data, so --data isn't needed.", template.key),
        (Some(needs), None) => bail!("The template {:?} needs {needs}: add --data PATH.", template.key),
        (Some(_), Some(path)) => {
            // The project may lie elsewhere than here, so the path is kept in full.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            fitted(template.key, &path, options)?
        }
    };
    project_file::save(&project, &output)?;
    remark(format_args!("Wrote {}. Train it with: glassbox train {0}", output.display()));
    Ok(())
}

fn fitted(key: &str, path: &Path, options: &NewOptions) -> anyhow::Result<Project> {
    let base = Path::new("");
    let spec = match key {
        "table" => {
            let reading = Reading { sheet: options.sheet.clone(), ..Reading::default() };
            table_spec(path, options.target.as_deref(), &options.drop, reading, base, &NoProgress)?.0
        }
        "pictures" => DataSpec { source: data::propose_pictures(path, base, &NoProgress)?, ..DataSpec::default() },
        _ => {
            let source = Source::Idx(IdxSpec { folder: path.to_owned(), limit: None });
            DataSpec { source, ..DataSpec::default() }
        }
    };
    let dataset = data::load(&spec, base, &NoProgress)?;
    dataset.notes.iter().for_each(remark);
    let mut project = propose_project(&dataset, spec);
    if key == "mnist-mlp" {
        project.graph = templates::chain(templates::mlp(&[256, 128], dataset.truth.task.width()));
    }
    Ok(project)
}

fn output_path(options: &NewOptions) -> anyhow::Result<PathBuf> {
    match &options.output {
        Some(path) => Ok(path.clone()),
        None => {
            let path = PathBuf::from(format!("{}.glassbox.json", options.template));
            if path.exists() {
                bail!("{} already exists. Choose another file with -o FILE.", path.display());
            }
            Ok(path)
        }
    }
}
