//! `glassbox check`: every problem of a project, or its shapes when there is none.

use std::path::Path;

use super::columns;
use super::options::CheckOptions;
use super::output::{Answered, answer};
use super::prepare;
use super::watched::Watched;
use crate::data::{self, Dataset, TablePreview};
use crate::expr::{agreeing, counted};
use crate::files::memory as machine;
use crate::model::{CsvSpec, Project, Source};
use crate::persist::FileError;

pub fn run(options: &CheckOptions) -> anyhow::Result<()> {
    let project = match prepare::project(&options.file) {
        Err(error) => match error.downcast_ref() {
            Some(FileError::Numbers { problems, .. }) => return tell_numbers(problems, options.json),
            _ => return Err(error),
        },
        Ok(project) => project,
    };
    let dataset = prepare::load(&project, &prepare::base_of(&options.file))?;
    let found = prepare::inference(&project, &dataset);
    let mut problems: Vec<_> = found.obstacles().map(|p| prepare::sentence(&project, p)).collect();
    let notes = notes(&dataset, found.is_forward_only());
    let memory = prepare::memory(&project, &dataset, &found);
    problems.extend(project.training.augmentation.problem(dataset.truth.task).map(str::to_owned));
    problems.extend(memory.and_then(|memory| memory.refusal(machine::available())));
    let mut warnings = warnings(&project, &dataset);
    let table = table(&project, &prepare::base_of(&options.file))?;
    if let Some((csv, table)) = &table {
        warnings.extend(columns::warnings(table, &project.data, csv, &dataset)?);
    }
    if options.json {
        let layers: Vec<_> = project
            .graph
            .topological_order()
            .into_iter()
            .filter_map(|id| project.graph.layer(id))
            .map(|layer| {
                serde_json::json!({
                    "name": layer.name,
                    "kind": layer.kind.key(),
                    "shape": found.shapes.get(&layer.id).map(|s| s.0.clone()),
                    "parameters": found.parameter_counts.get(&layer.id),
                })
            })
            .collect();
        let parameters = found.parameter_count();
        let memory = memory.map(|memory| {
            serde_json::json!({
                "parameters": memory.parameters, "moments": memory.moments, "step": memory.step,
                "total": memory.total(), "batch": memory.batch, "available": machine::available(),
            })
        });
        let mut all = serde_json::json!({
            "layers": layers, "parameters": parameters, "memory_bytes": memory, "problems": problems,
            "notes": notes, "warnings": warnings,
        });
        if let Some((csv, table)) = &table {
            all["table"] = columns::json(table, csv, &dataset);
        }
        answer(all)?;
    } else {
        if let Some((csv, table)) = &table {
            answer(columns::text(table, csv, &dataset))?;
        }
        for id in project.graph.topological_order() {
            let Some(layer) = project.graph.layer(id) else { continue };
            let shape = found.shapes.get(&id).map_or("?".to_owned(), ToString::to_string);
            let count = found.parameter_counts.get(&id).copied().unwrap_or(0);
            answer(format_args!("{:<20} {shape:<20} {count:>12} parameters", layer.name))?;
        }
        let memory = memory.map(|memory| format!("memory to train: {memory}"));
        let notes = notes.iter().map(|note| format!("note: {note}"));
        let warnings = warnings.iter().map(|warning| format!("warning: {warning}"));
        let problems = problems.iter().map(|problem| format!("problem: {problem}"));
        answer(format_args!("{} parameters in total", found.parameter_count()))?;
        memory
            .into_iter()
            .chain(notes)
            .chain(warnings)
            .chain(problems)
            .try_for_each(|line| answer(line).map(|_| ()))?;
    }
    outcome(problems.len(), found.is_forward_only())
}

/// The columns of a table.
fn table<'a>(project: &'a Project, base: &Path) -> anyhow::Result<Option<(&'a CsvSpec, TablePreview)>> {
    let Source::Csv(csv) = &project.data.source else { return Ok(None) };
    Ok(Some((csv, data::inspect_csv(&data::resolve(base, &csv.path), &csv.reading, &Watched::default())?)))
}

/// What is worth knowing and nothing to mend.
fn notes(dataset: &Dataset, is_forward_only: bool) -> Vec<String> {
    let predicts = "The network has no Loss: it predicts. To train it, add one behind its output and choose data.";
    dataset.notes.iter().cloned().chain(is_forward_only.then(|| predicts.to_owned())).collect()
}

/// Numbers that cannot be, which nothing else is computed from.
fn tell_numbers(problems: &[String], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        answer(serde_json::json!({
            "layers": [], "parameters": 0, "memory_bytes": null, "problems": problems, "notes": [], "warnings": [],
        }))?;
    } else {
        problems.iter().try_for_each(|problem| answer(format_args!("problem: {problem}")).map(|_| ()))?;
    }
    outcome(problems.len(), false)
}

fn outcome(problems: usize, is_forward_only: bool) -> anyhow::Result<()> {
    let sentence = match problems {
        0 => return Ok(()),
        n if is_forward_only => {
            let are = agreeing(n, "is", "are");
            format!("There {are} {}. The network is computed only as far as there.", counted(n, "problem"))
        }
        n => format!(
            "There {} {}. The network can't train until {} fixed.",
            agreeing(n, "is", "are"),
            counted(n, "problem"),
            agreeing(n, "it is", "they are")
        ),
    };
    Err(Answered(sentence).into())
}

/// What trains, and perhaps otherwise than it is meant.
fn warnings(project: &Project, dataset: &Dataset) -> Vec<String> {
    let (batch, samples) = (project.training.batch_size, dataset.train.len());
    let large = format!(
        "The batch size is {batch}, but the training set has only {samples} samples, so every step uses all of them."
    );
    let is_single = matches!(project.data.source, Source::Sample(_));
    let without = "Augmentation changes pictures, but these samples are none, so they are trained on as they are.";
    let changes_nothing = project.training.augmentation.is_active() && dataset.input_shape.len() != 3;
    let large = (batch > samples && !is_single).then_some(large);
    large.into_iter().chain(changes_nothing.then(|| without.to_owned())).collect()
}
