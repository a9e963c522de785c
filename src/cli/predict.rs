//! `glassbox predict`: trained weights answer for rows that they never saw, with nothing but the checkpoint.

use std::path::Path;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::options::PredictOptions;
use super::output::{answer, remark};
use super::outputs::{FileKind, Files};
use super::prepare;
use crate::data::{NoProgress, Truth, Unseen, read_unseen};
use crate::engine::metrics::Tally;
use crate::engine::{Device, Machine, Precision, Threads};
use crate::files::atomic;
use crate::model::boxes::{Grid, Seen};
use crate::model::{Answer, DataSignature, Shape, Task};
use crate::session::checkpoint::{self, Weights};

pub fn run(options: &PredictOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.device)?;
    // Said before the work is done, not after it.
    Files::new(options.force)
        .reads("the checkpoint", Some(&options.file))
        .reads("the data", Some(&options.data))
        .writes("--output", FileKind::Answers, options.output.as_deref())
        .check()?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    threads.run(|| predict(options, device))
}

fn predict(options: &PredictOptions, device: Device) -> anyhow::Result<()> {
    let weights = checkpoint::load_weights(&options.file).map_err(anyhow::Error::msg)?;
    let unseen = read_unseen(&weights.encoding, &options.data, &NoProgress)?;
    let answers =
        Answers::of(&weights, &unseen, device).with_context(|| format!("{} can't predict", options.file.display()))?;
    unseen.notes.iter().for_each(remark);
    let score = answers.score(&unseen);
    match (&options.output, options.json) {
        (Some(path), _) => {
            let text = answers.csv(&unseen)?;
            atomic::write(path, text.as_bytes())?;
            if options.json {
                answer(answers.json(&unseen, score, false)).map(drop)
            } else {
                answer(answers.summary(score, path)).map(drop)
            }
        }
        (None, true) => answer(answers.json(&unseen, score, true)).map(drop),
        (None, false) => answer(answers.csv(&unseen)?.trim_end()).map(drop),
    }
}

struct Answers {
    truth: Truth,
    answer: Answer,
    /// The column that is predicted.
    name: String,
    /// `[rows, n]`
    outputs: Vec<f32>,
    width: usize,
    /// Of a network that gives back its input: the mean squared difference of each row, of scaled numbers.
    errors: Option<Vec<f32>>,
    /// Of a network that finds things in pictures.
    grid: Option<Grid>,
    rows: usize,
    /// Completed when these weights were kept.
    step: u64,
}

impl Answers {
    fn of(weights: &Weights, unseen: &Unseen, device: Device) -> anyhow::Result<Self> {
        let Weights { project, snapshot, encoding } = weights;
        let truth = encoding.target.truth();
        let signature =
            DataSignature { input: Shape(encoding.input_shape.clone()), task: truth.task, names: encoding.names() };
        let mut machine = Machine::new(&project.graph, &signature, &project.training, device, Precision::F32)?;
        machine.restore(snapshot)?;
        let rows = unseen.kept.iter().filter(|kept| **kept).count();
        let [outputs, given] = machine.predict_with_truth(&unseen.inputs, rows)?;
        let width = (outputs.len() / rows.max(1)).max(1);
        let errors = matches!(machine.task(), Task::Input(_)).then(|| {
            let both = outputs.chunks(width).zip(given.chunks(width));
            both.map(|(row, given)| row.iter().zip(given).map(|(y, x)| (y - x) * (y - x)).sum::<f32>() / width as f32)
                .collect()
        });
        let program = machine.program();
        let dims = &program.values[program.output.index()].shape.dims;
        let grid = matches!(machine.task(), Task::Boxes { .. }).then(|| Grid::of(dims)).flatten();
        let (name, step) = (encoding.target.column().unwrap_or("class").to_owned(), snapshot.step);
        Ok(Self { truth, answer: machine.answer(), name, outputs, width, errors, grid, rows, step })
    }

    fn outputs_of(&self, row: usize) -> &[f32] {
        &self.outputs[row * self.width..(row + 1) * self.width]
    }

    /// Predicted numbers in the data's units.
    fn numbers(&self, row: usize) -> impl Iterator<Item = f32> + '_ {
        self.outputs_of(row).iter().enumerate().map(|(i, &output)| self.truth.unit(i).value(output))
    }

    /// What is found in a picture, most certain first; `None` where nothing is looked for.
    fn seen(&self, row: usize) -> Option<Vec<Value>> {
        let grid = self.grid?;
        let one = |seen: Seen| {
            let (found, at) = (seen.found, seen.found.extent);
            json!({ "class": self.truth.names.get(found.class), "score": found.score,
                "left": at.left, "top": at.top, "right": at.right, "bottom": at.bottom })
        };
        Some(grid.read(self.outputs_of(row)).into_iter().map(one).collect())
    }

    /// What the rows with a truth score (accuracy or R²), and how many these are.
    fn score(&self, unseen: &Unseen) -> Option<(f64, usize)> {
        if self.errors.is_some() || self.grid.is_some() {
            return None;
        }
        let known: Vec<(usize, f32)> =
            unseen.truths.iter().enumerate().filter_map(|(row, truth)| Some((row, (*truth)?))).collect();
        let mean = known.iter().map(|(_, truth)| f64::from(*truth)).sum::<f64>() / known.len() as f64;
        let mut tally = Tally::new(self.answer, &[mean]);
        known.iter().for_each(|(row, truth)| tally.take(self.outputs_of(*row), &[*truth]));
        (!known.is_empty()).then(|| (tally.score(), known.len()))
    }

    fn score_name(&self) -> &'static str {
        if self.answer == Answer::Numbers { "r2" } else { "accuracy" }
    }

    fn summary(&self, score: Option<(f64, usize)>, path: &Path) -> String {
        let score = score.map_or(String::new(), |(score, rows)| match self.score_name() {
            "r2" => format!("\nR²       {score:.4} over {rows} rows"),
            _ => format!("\naccuracy {:.2} % over {rows} rows", score * 100.0),
        });
        format!("Predicted {} rows, written to {}{score}", self.rows, path.display())
    }

    /// What stands above the columns of [`Self::csv`].
    fn head(&self) -> Vec<String> {
        let said = if self.answer.is_probability() { "probability" } else { "score" };
        let mut head = vec!["row".to_owned()];
        match self.truth.task {
            _ if self.errors.is_some() => head.push("reconstruction error".to_owned()),
            Task::Classes(_) | Task::ClassesAt { .. } => {
                head.extend([self.name.clone(), said.to_owned()]);
                head.extend(self.truth.names.iter().map(|class| format!("{said} of {class}")));
            }
            Task::Boxes { .. } => head.push("boxes".to_owned()),
            Task::Numbers(_) | Task::Input(_) => head.extend(self.truth.names.iter().cloned()),
        }
        head
    }

    /// A line for every row of the file; what is not answered is empty.
    fn csv(&self, unseen: &Unseen) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut head = self.head();
        if !unseen.names.is_empty() {
            head.insert(1, "file".to_owned());
        }
        writer.write_record(&head)?;
        let mut row = 0;
        for (line, kept) in unseen.kept.iter().enumerate() {
            let mut cells = vec![(line + 1).to_string()];
            cells.extend(unseen.names.get(line).cloned());
            if *kept {
                cells.extend(self.cells(row));
                row += 1;
            }
            cells.resize(head.len(), String::new());
            writer.write_record(&cells)?;
        }
        Ok(String::from_utf8(writer.into_inner()?)?)
    }

    fn cells(&self, row: usize) -> Vec<String> {
        if let Some(errors) = &self.errors {
            return vec![errors[row].to_string()];
        }
        if let Some(seen) = self.seen(row) {
            return vec![Value::Array(seen).to_string()];
        }
        let Some(classes) = self.truth.task.classes().map(|_| &self.truth.names) else {
            return self.numbers(row).map(|number| number.to_string()).collect();
        };
        let (class, shares) = (self.answer.class(self.outputs_of(row)), self.answer.shares(self.outputs_of(row)));
        let mut cells = vec![classes.get(class).cloned().unwrap_or_default()];
        cells.extend(shares.get(class).into_iter().chain(&shares).map(f32::to_string));
        cells
    }

    fn json(&self, unseen: &Unseen, score: Option<(f64, usize)>, with_answers: bool) -> Value {
        let mut all =
            json!({ "rows": unseen.kept.len(), "answered": self.rows, "step": self.step, "notes": unseen.notes });
        if let Some((score, rows)) = score {
            all["score"] = json!({ self.score_name(): score, "rows": rows });
        }
        if with_answers {
            let answered = unseen.kept.iter().enumerate().filter(|(_, kept)| **kept);
            all["answers"] = answered.enumerate().map(|(row, (line, _))| self.row_json(unseen, row, line)).collect();
        }
        all
    }

    fn row_json(&self, unseen: &Unseen, row: usize, line: usize) -> Value {
        let mut one = Map::from_iter([("row".to_owned(), json!(line + 1))]);
        one.extend(unseen.names.get(line).map(|name| ("file".to_owned(), json!(name))));
        if let Some(errors) = &self.errors {
            one.insert("reconstruction_error".into(), json!(errors[row]));
            return Value::Object(one);
        }
        match self.truth.task {
            Task::Classes(_) | Task::ClassesAt { .. } => {
                let shares = self.answer.shares(self.outputs_of(row));
                let said = if self.answer.is_probability() { "probabilities" } else { "scores" };
                one.insert("class".into(), json!(self.truth.names.get(self.answer.class(self.outputs_of(row)))));
                one.insert(
                    said.into(),
                    self.truth.names.iter().cloned().zip(shares.iter().map(|&p| json!(p))).collect(),
                );
            }
            Task::Boxes { .. } => {
                one.insert("boxes".into(), Value::Array(self.seen(row).unwrap_or_default()));
            }
            Task::Numbers(_) | Task::Input(_) => {
                let numbers = self.truth.names.iter().cloned().zip(self.numbers(row).map(|number| json!(number)));
                one.insert("numbers".into(), numbers.collect());
            }
        }
        Value::Object(one)
    }
}
