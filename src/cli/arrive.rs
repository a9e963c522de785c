//! `glassbox import`: a model of another program as a project, with its weights as a run beside it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use serde_json::json;

use super::options::ImportOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::{onto, returned};
use crate::persist::{RunFolder, project_file};
use crate::session::checkpoint;
use crate::session::import::{Imported, import};
use crate::trace::{Finding, RunCard};

/// Names of layers beyond this push what is said of them to the right.
const WIDEST: usize = 40;

pub fn run(options: &ImportOptions) -> anyhow::Result<()> {
    match &options.onto {
        Some(project) if returned::is_run(&options.file) => return returned::run(options, project),
        Some(project) => return onto::run(options, project),
        None if returned::is_run(&options.file) => bail!(
            "{} is a run that was trained elsewhere. Name the project that was exported: --onto PROJECT",
            options.file.display()
        ),
        None => {}
    }
    let output = output_path(options)?;
    let files = Files::new(options.force).reads("the model", Some(&options.file));
    files.writes("-o", FileKind::Project, Some(&output)).check()?;
    let mut imported = import(&options.file).map_err(anyhow::Error::msg)?;
    if let Some(name) = project_file::name_of(&output) {
        imported.project.name.clone_from(&name);
        imported.kept.saved.project.name = name;
    }
    project_file::save(&imported.project, &output)?;
    let id = keep(&imported, &output)?;
    let arrival = &imported.arrival;
    if options.json {
        let line =
            |finding: &Finding| json!({ "what": finding.what, "fate": finding.fate.word(), "words": finding.words });
        let report: Vec<_> = arrival.report.findings.iter().map(line).collect();
        answer(json!({ "project": output, "run": id, "format": arrival.format, "report": report }))?;
        return Ok(());
    }
    let findings = &arrival.report.findings;
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or(0).min(WIDEST);
    for finding in findings {
        answer(format!("{:<11} {:<width$}  {}", finding.fate.word(), finding.what, finding.words).trim_end())?;
    }
    answer(arrival.summary())?;
    remark(format_args!("Wrote {0} and its weights as a run. Open it with: glassbox {0}", output.display()));
    Ok(())
}

/// The weights as the run that the project opens with.
fn keep(imported: &Imported, output: &Path) -> anyhow::Result<String> {
    let folder = RunFolder::beside(output);
    let began_secs = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let id = folder.claim([])?;
    let card = RunCard {
        id: id.clone(),
        name: "Imported".into(),
        note: imported.arrival.summary(),
        began_secs,
        project: imported.project.clone(),
        ..RunCard::default()
    };
    checkpoint::save(&folder.checkpoint(&id), &imported.project, &imported.kept).map_err(anyhow::Error::msg)?;
    folder.write(&card)?;
    folder.change_desk(|desk| {
        desk.live = Some(id.clone());
        desk.arrival = Some(imported.arrival.clone());
    })?;
    Ok(id)
}

fn output_path(options: &ImportOptions) -> anyhow::Result<PathBuf> {
    if let Some(path) = &options.output {
        return Ok(path.clone());
    }
    let stem = options.file.file_stem().context("The model has no name: choose one for the project with -o FILE.")?;
    let path = PathBuf::from(format!("{}.glassbox.json", stem.to_string_lossy()));
    if path.exists() {
        bail!("{} already exists. Choose another file with -o FILE.", path.display());
    }
    Ok(path)
}
