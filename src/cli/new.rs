//! `glassbox new`: a project from a template, fitted to the user's data where the template wants some.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::columns;
use super::options::{NewOptions, ScaleChoice, SplitOptions, TaskChoice};
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::watched::Watched;
use crate::data;
use crate::model::templates::{self, TEMPLATES};
use crate::model::{DataSpec, IdxSpec, Project, Source};
use crate::persist::project_file;
use crate::session::{TableWish, pictures_spec, propose_detector, propose_project, surveyed_spec};

pub fn run(options: &NewOptions) -> anyhow::Result<()> {
    let Some(template) = templates::find(&options.template) else {
        let keys: Vec<_> = TEMPLATES.iter().map(|t| t.key).collect();
        bail!("There is no template {:?}. The templates are: {}.", options.template, keys.join(", "));
    };
    let names_labels = template.key == "pictures" && options.target.len() == 1;
    let says_nothing = (options.target.is_empty() || names_labels)
        && options.task.is_none()
        && options.target_scale.is_none()
        && options.table.is_empty();
    if template.key != "table" && !says_nothing {
        bail!(
            "--target, --task and the options for tables only work with the template 'table', and one --target, the column \
             with the classes, with 'pictures'."
        );
    }
    if template.needs.is_none() && options.split != SplitOptions::default() {
        bail!("The options for the split only work with a template that needs data. Give them to 'glassbox train'.");
    }
    let output = output_path(options)?;
    // Said before a large table is read.
    let files = Files::new(options.force).reads("the data", options.data.as_deref());
    files.writes("-o", FileKind::Project, Some(&output)).check()?;
    let (project, told) = match (template.needs, &options.data) {
        (None, None) => (templates::build(template.key).context("This template can't be built.")?, Told::default()),
        (None, Some(_)) => bail!("The template {:?} generates its own data, so --data isn't needed.", template.key),
        (Some(needs), None) => bail!("The template {:?} needs {needs}: add --data PATH.", template.key),
        (Some(_), Some(path)) => {
            // The project may lie elsewhere than here, so the path is kept in full.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            fitted(template.key, &path, options)?
        }
    };
    project_file::save(&project, &output)?;
    if options.json {
        let mut all = json!({ "project": output, "template": template.key, "notes": told.notes });
        if let Some(table) = told.table {
            all["table"] = table;
        }
        answer(all)?;
    } else if let Some(text) = told.text {
        answer(text)?;
    }
    remark(format_args!("Wrote {}. Train it with: glassbox train {0}", output.display()));
    Ok(())
}

/// What is said of the data.
#[derive(Default)]
struct Told {
    notes: Vec<String>,
    /// Its columns, for people and for programs.
    text: Option<String>,
    table: Option<Value>,
}

fn fitted(key: &str, path: &Path, options: &NewOptions) -> anyhow::Result<(Project, Told)> {
    let base = Path::new("");
    let (mut spec, table, known) = match key {
        "table" => {
            let wish = TableWish {
                targets: options.target.clone(),
                task: options.task.map(TaskChoice::role),
                log: options.target_scale.map(|scale| scale == ScaleChoice::Log),
                for_new_network: true,
                roles: options.table.roles(),
                keep: options.table.keep.clone(),
                reading: options.table.reading(),
            };
            let (spec, table, known) = surveyed_spec(path, &wish, base, &Watched::default())?;
            (spec, Some(table), Some(known))
        }
        "pictures" => {
            let label = options.target.first().map_or("", String::as_str);
            let (spec, known) = pictures_spec(path, label, base, &DataSpec::default(), &Watched::default())?;
            (spec, None, known)
        }
        "detect" => {
            let (boxes, known) = data::propose_boxes(path, base, &Watched::default())?;
            let spec = DataSpec { source: Source::Boxes(boxes), ..DataSpec::default() };
            if known.is_none() {
                return unlabelled(spec, path, options);
            }
            (spec, None, known)
        }
        _ => {
            let source = Source::Idx(IdxSpec { folder: path.to_owned(), limit: None });
            (DataSpec { source, ..DataSpec::default() }, None, None)
        }
    };
    options.split.put(&mut spec);
    let dataset = data::load_known(&spec, known.as_ref(), base, &Watched::default())?;
    drop(known);
    dataset.notes.iter().for_each(remark);
    let mut told = Told { notes: dataset.notes.clone(), ..Told::default() };
    if let (Source::Csv(csv), Some(table)) = (&spec.source, &table) {
        told.text = Some(columns::text(table, csv, &dataset));
        told.table = Some(columns::json(table, csv, &dataset));
        let warnings = columns::warnings(table, &spec, csv, &dataset)?;
        warnings.iter().for_each(remark);
        told.notes.extend(warnings);
    }
    let mut project = propose_project(&dataset, spec);
    if key == "mnist-mlp" {
        project.graph = templates::chain(templates::mlp(&[256, 128], dataset.truth.task.width()));
    }
    Ok((project, told))
}

/// Of a folder in whose pictures boxes are still to be drawn.
fn unlabelled(mut spec: DataSpec, path: &Path, options: &NewOptions) -> anyhow::Result<(Project, Told)> {
    options.split.put(&mut spec);
    let note = "The pictures have no labels yet. Open the project in the window and draw boxes: Data, Draw boxes.";
    remark(note);
    Ok((propose_detector(path, spec), Told { notes: vec![note.to_owned()], ..Told::default() }))
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
