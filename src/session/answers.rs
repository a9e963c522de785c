//! What a network answers to rows that it never saw, as a table.

use std::path::Path;

use serde_json::{Value, json};

use crate::data::{Frame, Progress, Truth, Unseen};
use crate::engine::metrics::Tally;
use crate::expr::{counted, decimals};
use crate::model::boxes::{Found, Grid};
use crate::model::{Answer, Metric, Task};
use crate::trainer::RunError;
use crate::trainer::judging::Judge;

/// Above the lines of what was found.
const FINDS: [&str; 7] = ["picture", "class", "score", "left", "top", "right", "bottom"];
/// Digits that hardly anybody writes by hand.
const LONG: usize = 6;

/// What a network answers to rows that it never saw.
pub struct Answers {
    /// What its outputs are called.
    pub truth: Truth,
    /// How they are read.
    pub answer: Answer,
    /// The column that is predicted.
    name: String,
    /// `[rows, n]`
    outputs: Vec<f32>,
    width: usize,
    /// Of a network that gives back its input: the mean squared difference of each row, of scaled numbers.
    pub errors: Option<Vec<f32>>,
    /// Of a network that finds things in pictures.
    grid: Option<Grid>,
    /// Rows and columns of what the network takes, where that is pictures.
    picture: [usize; 2],
    /// That are answered.
    pub rows: usize,
    /// Completed when these weights were kept.
    pub step: u64,
}

impl Answers {
    /// `step`: completed when these weights were kept.
    pub fn of(judge: &Judge, unseen: &Unseen, step: u64, progress: &dyn Progress) -> Result<Self, RunError> {
        let machine = judge.machine();
        let rows = unseen.kept.iter().filter(|kept| **kept).count();
        let [outputs, given] = judge.answers(&unseen.inputs, rows, progress)?;
        let width = (outputs.len() / rows.max(1)).max(1);
        let errors = (!judge.has_truth()).then(|| {
            let both = outputs.chunks(width).zip(given.chunks(width));
            both.map(|(row, given)| row.iter().zip(given).map(|(y, x)| (y - x) * (y - x)).sum::<f32>() / width as f32)
                .collect()
        });
        let program = machine.program();
        let dims = &program.values[program.output.index()].shape.dims;
        let grid = matches!(machine.task(), Task::Boxes { .. }).then(|| Grid::of(dims)).flatten();
        let picture = if let [_, rows, columns] = judge.encoding().input_shape[..] { [rows, columns] } else { [1; 2] };
        let (truth, answer, name) = (judge.truth().clone(), machine.answer(), judge.column().to_owned());
        Ok(Self { truth, answer, name, outputs, width, errors, grid, picture, rows, step })
    }

    /// Of one row that is answered.
    pub fn outputs_of(&self, row: usize) -> &[f32] {
        &self.outputs[row * self.width..(row + 1) * self.width]
    }

    /// Predicted numbers in the data's units.
    pub fn numbers(&self, row: usize) -> impl Iterator<Item = f32> + '_ {
        self.outputs_of(row).iter().enumerate().map(|(i, &output)| self.truth.unit(i).value(output))
    }

    /// What is found in a picture, most certain first; `None` where nothing is looked for.
    pub fn found(&self, row: usize) -> Option<Vec<Found>> {
        Some(self.grid?.read(self.outputs_of(row)).into_iter().map(|seen| seen.found).collect())
    }

    /// The same for programs; edges in pixels of the picture.
    pub fn found_json(&self, unseen: &Unseen, row: usize) -> Value {
        let one = |found: Found| {
            let [left, top, right, bottom] = self.frame(unseen, row).pixels(found.extent);
            json!({ "class": self.truth.names.get(found.class), "score": found.score,
                "left": left, "top": top, "right": right, "bottom": bottom })
        };
        self.found(row).unwrap_or_default().into_iter().map(one).collect()
    }

    fn frame(&self, unseen: &Unseen, row: usize) -> Frame {
        let [rows, columns] = self.picture;
        unseen.frames.get(row).copied().unwrap_or_else(|| Frame::whole(columns, rows))
    }

    /// What the rows with a truth score (accuracy or R²), and how many these are.
    pub fn score(&self, unseen: &Unseen) -> Option<(f64, usize)> {
        if self.errors.is_some() || self.grid.is_some() {
            return None;
        }
        let each = self.truth.task.target().len();
        let (rows, truths) = unseen.known(each);
        let mut means = vec![0.0; each];
        for (i, truth) in truths.iter().enumerate() {
            means[i % each] += f64::from(*truth) / rows.len() as f64;
        }
        let mut tally = Tally::new(self.answer, &means, &self.truth.units);
        rows.iter().zip(truths.chunks(each)).for_each(|(row, truth)| tally.take(self.outputs_of(*row), truth));
        (!rows.is_empty()).then(|| (tally.score(), rows.len()))
    }

    /// What [`Self::score`] is.
    pub fn metric(&self) -> Metric {
        if self.answer == Answer::Numbers { Metric::R2 } else { Metric::Accuracy }
    }

    /// For people; `path`: where the answers were written.
    pub fn summary(&self, unseen: &Unseen, score: Option<(f64, usize)>, path: &Path) -> String {
        let written = format!("written to {}", path.display());
        if self.grid.is_some() {
            let found = self.line_count(unseen);
            let pictures = counted(self.rows, "picture");
            return format!("Found {} in {pictures}, {written}", counted(found, "thing"));
        }
        let score = score.map_or(String::new(), |(score, rows)| match self.metric() {
            Metric::R2 => format!("\nR²       {} over {}", decimals(score), counted(rows, "row")),
            _ => format!("\naccuracy {:.2} % over {}", score * 100.0, counted(rows, "row")),
        });
        format!("Predicted {}, {written}{score}", counted(self.rows, "row"))
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
            // A line for each find.
            Task::Boxes { .. } => {}
            Task::Numbers(_) | Task::Input(_) => head.extend(self.truth.names.iter().cloned()),
        }
        head
    }

    /// Whether this is how a file with [`Self::csv`] begins. A table of numbers has no word that tells: there the rows
    /// are counted, and the numbers written as they are here, with more digits than people write.
    pub fn are_begun_by(text: &[u8]) -> bool {
        let mut reader = csv::Reader::from_reader(text);
        let Ok(head) = reader.headers().cloned() else { return false };
        let head: Vec<&str> = head.iter().collect();
        if head == FINDS {
            return true;
        }
        let Some((&"row", rest)) = head.split_first() else { return false };
        let skipped = 1 + usize::from(rest.first() == Some(&"file"));
        match head.get(skipped..).unwrap_or_default() {
            [] => return false,
            ["reconstruction error"] => return true,
            [_, said @ ("probability" | "score"), first, ..] if first.starts_with(&format!("{said} of ")) => {
                return true;
            }
            _ => {}
        }
        let (mut numbers, mut long) = (0, 0);
        for (row, record) in reader.records().map_while(Result::ok).enumerate() {
            // The last one may be cut off.
            if record.len() != head.len() {
                break;
            }
            let mut cells = record.iter();
            if cells.next() != Some((row + 1).to_string().as_str()) {
                return false;
            }
            for cell in cells.skip(skipped - 1).filter(|cell| !cell.is_empty()) {
                if cell.parse::<f32>().map(|value| value.to_string()).ok().as_deref() != Some(cell) {
                    return false;
                }
                numbers += 1;
                long += usize::from(cell.bytes().filter(u8::is_ascii_digit).count() >= LONG);
            }
        }
        numbers > 0 && long * 2 > numbers
    }

    /// A heading, and a line for every row of the file; what is not answered is empty. Of pictures in which things are
    /// found, a line for each find.
    pub fn lines<'a>(&'a self, unseen: &'a Unseen) -> Box<dyn Iterator<Item = Vec<String>> + 'a> {
        if self.grid.is_some() {
            return Box::new(self.lines_of_finds(unseen));
        }
        let mut head = self.head();
        if !unseen.names.is_empty() {
            head.insert(1, "file".to_owned());
        }
        let (width, mut row) = (head.len(), 0);
        let lines = unseen.kept.iter().enumerate().map(move |(line, kept)| {
            let mut cells = vec![(line + 1).to_string()];
            cells.extend(unseen.names.get(line).cloned());
            if *kept {
                cells.extend(self.cells(row));
                row += 1;
            }
            cells.resize(width, String::new());
            cells
        });
        Box::new(std::iter::once(head).chain(lines))
    }

    /// Pictures are told by their files, or else by their numbers from 1; edges in pixels.
    fn lines_of_finds<'a>(&'a self, unseen: &'a Unseen) -> impl Iterator<Item = Vec<String>> + 'a {
        let head = FINDS.map(str::to_owned).to_vec();
        let kept = unseen.kept.iter().enumerate().filter(|(_, kept)| **kept);
        let lines = kept.enumerate().flat_map(move |(row, (line, _))| {
            let picture = unseen.names.get(line).cloned().unwrap_or_else(|| (line + 1).to_string());
            let frame = self.frame(unseen, row);
            self.found(row).unwrap_or_default().into_iter().map(move |found| {
                let class = self.truth.names.get(found.class).cloned().unwrap_or_default();
                let edges = frame.pixels(found.extent).map(|edge| format!("{edge:.1}"));
                [vec![picture.clone(), class, found.score.to_string()], edges.to_vec()].concat()
            })
        });
        std::iter::once(head).chain(lines)
    }

    /// How many of them there are, without the heading.
    pub fn line_count(&self, unseen: &Unseen) -> usize {
        match self.grid {
            Some(_) => (0..self.rows).filter_map(|row| self.found(row)).map(|found| found.len()).sum(),
            None => unseen.kept.len(),
        }
    }

    /// All [`Self::lines`].
    pub fn csv(&self, unseen: &Unseen) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for line in self.lines(unseen) {
            writer.write_record(&line)?;
        }
        let bytes = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn cells(&self, row: usize) -> Vec<String> {
        if let Some(errors) = &self.errors {
            return vec![errors[row].to_string()];
        }
        let Some(classes) = self.truth.task.classes().map(|_| &self.truth.names) else {
            return self.numbers(row).map(|number| number.to_string()).collect();
        };
        let (class, shares) = (self.answer.class(self.outputs_of(row)), self.answer.shares(self.outputs_of(row)));
        let mut cells = vec![classes.get(class).cloned().unwrap_or_default()];
        cells.extend(shares.get(class).into_iter().chain(&shares).map(f32::to_string));
        cells
    }
}
