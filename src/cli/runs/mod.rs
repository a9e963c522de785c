//! `glassbox runs`: the runs that are kept with a project, listed, exported, renamed, deleted. The window may have the
//! project open at the same time: every file is replaced whole, and what is not asked for is left as it is.

mod export;
mod table;

use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};

use super::options::{RunsAction, RunsOptions};
use super::output::answer;
use crate::expr::{counted, listed, nearest};
use crate::persist::{RunFolder, project_file};
use crate::trace::RunCard;

pub fn run(options: &RunsOptions) -> anyhow::Result<()> {
    let folder = folder_of(&options.file)?;
    let (cards, problems) = folder.list();
    match &options.action {
        None => list(&options.file, &cards, &problems, options.json),
        Some(RunsAction::Export(wanted)) => export::run(options, &folder, &cards, wanted),
        Some(RunsAction::Delete { names }) => delete(&folder, &chosen(&cards, names)?, options.json),
        Some(RunsAction::Rename { name, new }) => rename(&folder, &cards, [name, new], options.json),
    }
}

/// The folder beside a project. Errors where the file is none.
pub fn folder_of(file: &Path) -> anyhow::Result<RunFolder> {
    // Only the mark: runs can be looked at whatever has become of the project.
    if !project_file::is_one(file) {
        project_file::load(file)?;
    }
    Ok(RunFolder::beside(file))
}

fn list(file: &Path, cards: &[RunCard], problems: &[String], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = (0..cards.len()).map(|i| table::json(cards, i)).collect();
        answer(json!({ "project": file.display().to_string(), "runs": rows, "problems": problems }))?;
        return Ok(());
    }
    if cards.is_empty() && problems.is_empty() {
        let file = super::outputs::quoted(file);
        answer(format_args!(
            "No runs are saved with this project yet. To save one: glassbox train {file} --name \"first try\""
        ))?;
        return Ok(());
    }
    if !cards.is_empty() {
        answer(table::text(cards))?;
    }
    problems.iter().try_for_each(|problem| answer(format_args!("problem: {problem}")).map(|_| ()))
}

/// The runs of these names, each once.
fn chosen<'a>(cards: &'a [RunCard], names: &[String]) -> anyhow::Result<Vec<&'a RunCard>> {
    let mut found: Vec<&RunCard> = Vec::new();
    for name in names {
        let card = find(cards, name)?;
        if !found.iter().any(|other| other.id == card.id) {
            found.push(card);
        }
    }
    Ok(found)
}

/// A run by its name, or by what its files are called.
pub fn find<'a>(cards: &'a [RunCard], name: &str) -> anyhow::Result<&'a RunCard> {
    let named: Vec<_> = cards.iter().filter(|card| card.name == name).collect();
    match named.as_slice() {
        [card] => Ok(card),
        [] => match cards.iter().find(|card| card.id == name) {
            Some(card) => Ok(card),
            None => bail!("{}", unknown(cards, name)),
        },
        several => {
            let ids: Vec<_> = several.iter().map(|card| card.id.as_str()).collect();
            bail!("{} runs are named {name:?}. Choose one by its id: {}.", several.len(), ids.join(", "))
        }
    }
}

fn unknown(cards: &[RunCard], name: &str) -> String {
    let names: Vec<_> = cards.iter().map(|card| card.name.as_str()).collect();
    let meant = match nearest(name, names.iter().copied()) {
        Some(name) => format!("Did you mean {name:?}?"),
        None if names.is_empty() => "No runs are saved with this project.".to_owned(),
        None => format!("The runs are: {}.", listed(&names)),
    };
    format!("There is no run {name:?}. {meant}")
}

fn delete(folder: &RunFolder, cards: &[&RunCard], as_json: bool) -> anyhow::Result<()> {
    for card in cards {
        folder.delete(&card.id)?;
        if !as_json {
            answer(format_args!("Deleted {} ({}).", card.name, counted(card.steps as usize, "step")))?;
        }
    }
    if as_json {
        answer(json!({ "deleted": cards.iter().map(|card| row(card)).collect::<Vec<_>>() }))?;
    }
    Ok(())
}

fn rename(folder: &RunFolder, cards: &[RunCard], [name, new]: [&String; 2], as_json: bool) -> anyhow::Result<()> {
    let card = find(cards, name)?;
    let new = new.trim();
    if new.is_empty() {
        bail!("A run needs a name.");
    }
    if let Some(other) = cards.iter().find(|other| other.name == new && other.id != card.id) {
        bail!("There is already a run {new:?} ({}). Choose another name.", counted(other.steps as usize, "step"));
    }
    let old = card.name.clone();
    let card = folder.change(&card.id, |card| card.name = new.to_owned())?;
    if as_json {
        answer(json!({ "renamed": row(&card), "from": old }))?;
    } else {
        answer(format_args!("Renamed {old} to {new}."))?;
    }
    Ok(())
}

fn row(card: &RunCard) -> Value {
    json!({ "id": card.id, "name": card.name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_name_or_its_id() {
        let card = |id: &str, name: &str| RunCard { id: id.into(), name: name.into(), ..RunCard::default() };
        let cards = [card("run-1", "wide"), card("run-2", "twin"), card("run-3", "twin"), card("run-4", "run-1")];
        let id = |name: &str| find(&cards, name).map(|card| card.id.clone()).map_err(|error| error.to_string());
        assert_eq!((id("wide"), id("run-2")), (Ok("run-1".into()), Ok("run-2".into())));
        assert_eq!(id("run-1"), Ok("run-4".into()), "what a person calls it comes first");
        assert!(id("twin").unwrap_err().contains("run-2, run-3"));
        assert!(id("wied").unwrap_err().contains("Did you mean \"wide\"?"));
        assert!(id("quite another").unwrap_err().contains("The runs are: wide, twin"));
        let names = ["wide", "run-3", "wide"].map(String::from);
        assert_eq!(chosen(&cards, &names).unwrap().len(), 2);
    }
}
