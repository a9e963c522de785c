//! Where a run stands and what happened to it, as JSON in its file: a format with a version of its own.
//!
//! Version 1 is what files say that say none. A change of the format raises the version, and what is read here of older
//! ones must stay: `tests/compat` holds files of each.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::data::order::Algorithm;
use crate::engine::processor;
use crate::model::{Device, Project};
use crate::trace::{History, JournalEntry, Origin, Weights};
use crate::trainer::{Resume, Saved};

const VERSION: u64 = 2;
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// All of a run but its tensors.
pub struct Read {
    pub step: u64,
    /// Of the best weights, where they are kept.
    pub best_step: Option<u64>,
    pub place: Resume,
    pub history: History,
    /// Why it goes on closely, but perhaps not bit for bit.
    pub notice: Option<String>,
}

pub fn write(saved: &Saved) -> Value {
    json!({
        "state": VERSION,
        "order": saved.place.order.name(),
        "program": PROGRAM,
        "processor": processor(),
        "step": saved.now.step,
        "best_step": saved.best.as_ref().map(|best| best.step),
        "run": saved.place,
        "history": saved.history,
    })
}

/// `project`: the one in force where it stands. Errors are sentences, without the name of the file.
pub fn read(state: &Value, project: &Project) -> Result<Read, String> {
    let step = state["step"].as_u64().ok_or("its step is missing.")?;
    let best_step = state["best_step"].as_u64();
    let place: Resume = serde_json::from_value(state["run"].clone()).map_err(damaged)?;
    let (place, history) = match state.get("state").map(Value::as_u64) {
        None => first_version(&state["run"], place, project)?,
        Some(Some(VERSION)) => (place, serde_json::from_value(state["history"].clone()).map_err(damaged)?),
        Some(version) => {
            let version = version.map_or("unknown".to_owned(), |version| version.to_string());
            return Err(format!(
                "it was saved by a newer Glassbox (state version {version}; this version reads up to {VERSION}). \
                 Update Glassbox to continue it."
            ));
        }
    };
    let mut read = Read { step, best_step, place, history, notice: notice(state) };
    match order(state) {
        Some(order) => read.place.order = order,
        // Its first epochs had other batches than they would have now.
        None => read.history.origin.weights = Weights::Unknown,
    }
    Ok(read)
}

/// Files that do not name theirs are from when there was only one. `None`: one that only a newer Glassbox knows.
fn order(state: &Value) -> Option<Algorithm> {
    state.get("order").map_or(Some(Algorithm::FisherYates), |name| Algorithm::named(name.as_str()?))
}

fn damaged(error: serde_json::Error) -> String {
    format!("it is damaged ({error}).")
}

/// Before 2026: the history lay among the place, and one loss was watched by both keeping the best and early stopping.
fn first_version(run: &Value, mut place: Resume, project: &Project) -> Result<(Resume, History), String> {
    #[derive(Deserialize)]
    struct First {
        origin: Arc<Project>,
        journal: Vec<JournalEntry>,
        #[serde(default)]
        device: Device,
    }
    let First { origin, journal, device } = serde_json::from_value(run.clone()).map_err(damaged)?;
    (place.early_loss, place.early_epoch) = match project.training.early_stopping {
        Some(_) => (place.best_loss, place.best_epoch),
        None => (None, place.epoch),
    };
    if !project.training.keep_best {
        (place.best_loss, place.best_epoch) = (None, place.epoch);
    }
    let origin = Origin { project: origin, device, weights: Weights::Fresh, earlier: None };
    Ok((place, History::with_journal(origin, journal)))
}

/// What was computed by another program or processor goes on closely.
fn notice(state: &Value) -> Option<String> {
    let of = |key: &str| state.get(key).and_then(Value::as_str);
    let here = processor();
    let (Some(program), Some(processor)) = (of("program"), of("processor")) else {
        return Some(
            "This run was saved by an older version of Glassbox. It continues closely, but perhaps not bit for bit."
                .to_owned(),
        );
    };
    if (program, processor) == (PROGRAM, here.as_str()) && order(state).is_some() {
        return None;
    }
    Some(format!(
        "This run was computed by Glassbox {program} on {processor}, and this is Glassbox {PROGRAM} on {here}. It \
         continues closely, but not bit for bit."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Snapshot;

    fn saved(order: Algorithm) -> Saved {
        let now = Snapshot { step: 7, tensors: Default::default() };
        let place = Resume { epoch: 2, cursor: 3, best_loss: Some(0.5), order, ..Resume::default() };
        let (project, history) = (Project::default(), History::default());
        Saved { project, now, best: None, start: None, place, history, encoding: None, notice: None }
    }

    #[test]
    fn a_state_comes_back_and_says_nothing_where_it_was_written() {
        for order in [Algorithm::FisherYates, Algorithm::Feistel] {
            let read = read(&write(&saved(order)), &Project::default()).unwrap();
            assert_eq!((read.step, read.best_step, read.notice), (7, None, None));
            assert_eq!((read.place, read.history), (saved(order).place, saved(order).history));
        }
    }

    #[test]
    fn another_program_processor_or_order_is_said_and_a_newer_state_is_refused() {
        let changed = |key: &str, value: Value| {
            let mut state = write(&saved(Algorithm::default()));
            state[key] = value;
            read(&state, &Project::default())
        };
        let notice = changed("processor", json!("sparc")).unwrap().notice.unwrap();
        assert!(notice.contains("sparc") && notice.contains("not bit for bit"), "{notice}");
        assert!(changed("program", json!("0.0.1")).unwrap().notice.is_some());
        let other = changed("order", json!("shuffle-9")).unwrap();
        assert_eq!((other.notice.is_some(), other.history.origin.weights), (true, Weights::Unknown));
        for newer in [json!(3), json!("three")] {
            let why = changed("state", newer).err().unwrap();
            assert!(why.contains("newer Glassbox") && why.contains("Update"), "{why}");
        }
        assert!(changed("step", Value::Null).err().unwrap().contains("step"));
    }
}
