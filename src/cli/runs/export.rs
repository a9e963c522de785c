//! Runs taken out of a project: checkpoints that open by themselves, curves and the table as CSV.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::json;

use super::chosen;
use crate::cli::options::{ExportOptions, RunsOptions};
use crate::cli::output::answer;
use crate::cli::outputs::{FileKind, Files};
use crate::files::atomic;
use crate::model::slug;
use crate::persist::RunFolder;
use crate::session::checkpoint;
use crate::trace::{RunCard, curves_csv, runs_csv};

/// A file that is to be written, and from which runs.
struct Output<'a> {
    path: PathBuf,
    cards: Vec<&'a RunCard>,
}

pub fn run(options: &RunsOptions, folder: &RunFolder, cards: &[RunCard], wanted: &ExportOptions) -> anyhow::Result<()> {
    let named = if wanted.names.is_empty() { cards.iter().collect() } else { chosen(cards, &wanted.names)? };
    if named.is_empty() {
        bail!("No runs are saved with this project, so there is nothing to export.");
    }
    let (ending, kind) = if wanted.curves { ("csv", FileKind::Table) } else { ("safetensors", FileKind::Checkpoint) };
    let outputs = match &wanted.output {
        Some(output) => outputs(output, ending, wanted.curves, &named)?,
        None => Vec::new(),
    };
    let mut files =
        Files::new(wanted.force).reads("the project", Some(&options.file)).reads("a run", Some(folder.path()));
    files = outputs.iter().fold(files, |files, output| files.writes("-o", kind, Some(&output.path)));
    files.writes("--table", FileKind::Table, wanted.table.as_deref()).check()?;
    let mut written = Vec::new();
    for Output { path, cards } in &outputs {
        let bytes = match (wanted.curves, cards.as_slice()) {
            (true, cards) => curves_of(folder, cards)?,
            (false, cards) => checkpoint_of(folder, cards)?,
        };
        atomic::write(path, &bytes)?;
        written.push(path.as_path());
    }
    if let Some(path) = &wanted.table {
        atomic::write(path, runs_csv(named.into_iter()).as_bytes())?;
        written.push(path);
    }
    if options.json {
        let files: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
        answer(json!({ "files": files }))?;
    } else {
        written.iter().try_for_each(|path| answer(format_args!("Wrote {}", path.display())).map(|_| ()))?;
    }
    Ok(())
}

/// One file, where one is named; a file a run in a folder.
fn outputs<'a>(output: &Path, ending: &str, curves: bool, named: &[&'a RunCard]) -> anyhow::Result<Vec<Output<'a>>> {
    let is_folder = output.is_dir() || output.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if !is_folder && (curves || named.len() == 1) {
        return Ok(vec![Output { path: output.to_owned(), cards: named.to_vec() }]);
    }
    if !is_folder && output.extension().is_some() {
        bail!("{} runs don't fit in one file. Name a folder with -o: {}", named.len(), output.display());
    }
    std::fs::create_dir_all(output).with_context(|| format!("Can't create the folder: {}", output.display()))?;
    let mut taken = BTreeSet::new();
    let place = |card: &&'a RunCard| {
        // Names that differ in what a file cannot be called by would meet in one file.
        let stem = Some(slug(&card.name)).filter(|name| !name.is_empty()).unwrap_or_else(|| card.id.clone());
        let stem = if taken.insert(stem.clone()) { stem } else { format!("{stem}-{}", card.id) };
        Output { path: output.join(format!("{stem}.{ending}")), cards: vec![*card] }
    };
    Ok(named.iter().map(place).collect())
}

/// Byte for byte as it lies in the folder.
fn checkpoint_of(folder: &RunFolder, cards: &[&RunCard]) -> anyhow::Result<Vec<u8>> {
    let [card] = cards else { bail!("A file can hold only one checkpoint.") };
    let path = folder.checkpoint(&card.id);
    std::fs::read(&path).with_context(|| format!("Can't read the run: {}", path.display()))
}

fn curves_of(folder: &RunFolder, cards: &[&RunCard]) -> anyhow::Result<Vec<u8>> {
    let curves = cards.iter().map(|card| {
        let (_, kept) = checkpoint::load(&folder.checkpoint(&card.id)).map_err(anyhow::Error::msg)?;
        Ok((*card, kept.curves))
    });
    let curves: Vec<_> = curves.collect::<anyhow::Result<_>>()?;
    Ok(curves_csv(&curves.iter().map(|(card, curves)| (*card, curves)).collect::<Vec<_>>()).into_bytes())
}
