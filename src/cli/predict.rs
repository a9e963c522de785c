//! `glassbox predict`: trained weights answer for rows that they never saw, without the data that they learnt from.

use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::options::PredictOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::watched::Watched;
use super::{prepare, weights};
use crate::data::{Unseen, read_unseen};
use crate::engine::{Device, Threads};
use crate::files::atomic;
use crate::model::Task;
use crate::session::Answers;
use crate::session::checkpoint::{self, Weights};
use crate::trainer::judging::Judge;

pub fn run(options: &PredictOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.computing.device)?;
    let path = weights::path_of(&options.file, options.run.as_deref())?;
    // Said before the work is done, not after it.
    Files::new(options.force)
        .reads("the project", Some(&options.file).filter(|file| **file != path).map(|file| &**file))
        .reads("the checkpoint", Some(&path))
        .reads("the data", Some(&options.data))
        .writes("--output", FileKind::Answers, options.output.as_deref())
        .check()?;
    let threads = Threads::new(options.computing.threads.map_or(0, usize::from))?;
    threads.run(|| predict(options, &path, device))
}

fn predict(options: &PredictOptions, path: &Path, device: Device) -> anyhow::Result<()> {
    let Weights { project, snapshot, encoding, .. } = checkpoint::load_weights(path).map_err(anyhow::Error::msg)?;
    let unseen = read_unseen(&encoding, &options.data, &Watched::default())?;
    let answers = Judge::new(&project, &snapshot, &encoding, device)
        .and_then(|judge| Answers::of(&judge, &unseen, snapshot.step, &Watched::default()))
        .with_context(|| format!("{} can't predict", options.file.display()))?;
    unseen.notes.iter().for_each(remark);
    let score = answers.score(&unseen);
    match (&options.output, options.json) {
        (Some(path), _) => {
            let text = answers.csv(&unseen)?;
            atomic::write(path, text.as_bytes())?;
            if options.json {
                answer(as_json(&answers, &unseen, score, false)).map(drop)
            } else {
                answer(answers.summary(&unseen, score, path)).map(drop)
            }
        }
        (None, true) => answer(as_json(&answers, &unseen, score, true)).map(drop),
        (None, false) => answer(answers.csv(&unseen)?.trim_end()).map(drop),
    }
}

fn as_json(answers: &Answers, unseen: &Unseen, score: Option<(f64, usize)>, with_answers: bool) -> Value {
    let mut all =
        json!({ "rows": unseen.kept.len(), "answered": answers.rows, "step": answers.step, "notes": unseen.notes });
    if let Some((score, rows)) = score {
        all["score"] = json!({ (answers.metric().key()): score, "rows": rows });
    }
    if with_answers {
        let answered = unseen.kept.iter().enumerate().filter(|(_, kept)| **kept);
        all["answers"] = answered.enumerate().map(|(row, (line, _))| row_json(answers, unseen, row, line)).collect();
    }
    all
}

fn row_json(answers: &Answers, unseen: &Unseen, row: usize, line: usize) -> Value {
    let mut one = Map::from_iter([("row".to_owned(), json!(line + 1))]);
    one.extend(unseen.names.get(line).map(|name| ("file".to_owned(), json!(name))));
    if let Some(errors) = &answers.errors {
        one.insert("reconstruction_error".into(), json!(errors[row]));
        return Value::Object(one);
    }
    match answers.truth.task {
        Task::Classes(_) | Task::ClassesAt { .. } => {
            let shares = answers.answer.shares(answers.outputs_of(row));
            let said = if answers.answer.is_probability() { "probabilities" } else { "scores" };
            one.insert("class".into(), json!(answers.truth.names.get(answers.answer.class(answers.outputs_of(row)))));
            one.insert(
                said.into(),
                answers.truth.names.iter().cloned().zip(shares.iter().map(|&p| json!(p))).collect(),
            );
        }
        Task::Boxes { .. } => {
            one.insert("boxes".into(), answers.found_json(unseen, row));
        }
        Task::Numbers(_) | Task::Input(_) => {
            let numbers = answers.truth.names.iter().cloned().zip(answers.numbers(row).map(|number| json!(number)));
            one.insert("numbers".into(), numbers.collect());
        }
    }
    Value::Object(one)
}
