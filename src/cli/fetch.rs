//! `glassbox fetch`: open sets of pictures, listed and fetched.

use anyhow::{Context, bail};
use serde_json::json;

use super::options::FetchOptions;
use super::output::{answer, remark};
use super::watched::Watched;
use crate::data::{OPEN_SETS, OpenSet, Shelf};

pub fn run(options: &FetchOptions) -> anyhow::Result<()> {
    let shelf = Shelf::find().context("There is no folder for data. Set GLASSBOX_HOME to a folder.")?;
    match &options.name {
        None => list(&shelf, options.json),
        Some(name) => fetch(&shelf, name, options.json),
    }
}

fn megabytes(set: &OpenSet) -> f64 {
    set.bytes() as f64 / 1e6
}

fn list(shelf: &Shelf, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let row = |set: &OpenSet| {
            json!({
                "name": set.key, "title": set.title, "about": set.about, "bytes": set.bytes(),
                "is_there": shelf.has(set), "folder": shelf.place(set),
            })
        };
        let sets: Vec<_> = OPEN_SETS.iter().map(row).collect();
        answer(json!({ "sets": sets, "mirrors": shelf.mirrors_path() }))?;
        return Ok(());
    }
    for set in &OPEN_SETS {
        let place = if shelf.has(set) { shelf.place(set).display().to_string() } else { "not fetched yet".into() };
        answer(format_args!("{:<14} {:>6.1} MB  {}\n{:<24}  {place}", set.key, megabytes(set), set.about, ""))?;
    }
    answer(format_args!("Fetch one with: glassbox fetch NAME. More mirrors: {}", shelf.mirrors_path().display()))?;
    Ok(())
}

fn fetch(shelf: &Shelf, name: &str, as_json: bool) -> anyhow::Result<()> {
    let Some(set) = OpenSet::find(name) else {
        let keys = OPEN_SETS.iter().map(|set| set.key).collect::<Vec<_>>().join(", ");
        bail!("There is no open set {name:?}. There are: {keys}.");
    };
    let was_there = shelf.has(set);
    if !was_there {
        remark(format_args!(
            "Fetching {} ({:.1} MB). Ctrl-C stops it; the next time it goes on.",
            set.title,
            megabytes(set)
        ));
    }
    let place = shelf.fetch(set, &Watched::default())?;
    if as_json {
        answer(json!({ "name": set.key, "folder": place, "was_there": was_there }))?;
        return Ok(());
    }
    answer(place.display())?;
    remark(format_args!("Make a network for it with: glassbox new pictures --data \"{}\"", place.display()));
    Ok(())
}
