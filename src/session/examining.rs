//! What is found out about a network on request, beside its training: its score on the test part, what each column is
//! worth to it, its answers to new data; and what simple models reach on the same table.
//!
//! Every question is a thread of its own that is told the weights of one moment; the run goes on meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::answers::Answers;
use super::keeping::TRAINER_ANSWERS;
use super::works::LoadProgress;
use super::{Action, NoticeKind, State};
use crate::data::baselines::{Baseline, baselines};
use crate::data::{Dataset, Progress, read_unseen};
use crate::engine::Device;
use crate::files::atomic;
use crate::model::{Metric, Source};
use crate::trainer::judging::{Dependence, Importance, Judge, Report};
use crate::trainer::{Command, Kept};

/// How often each column is shuffled.
const REPEATS: usize = 5;
/// Columns whose curves are found, the most important ones.
const CURVES: usize = 40;
/// Lines of the answers to new data that are shown.
const SHOWN: usize = 100;

/// What can be asked about the network as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExamineAction {
    /// Its scores on the test part.
    Test,
    /// What each column is worth to it, and how its answer follows them.
    Columns,
    /// Its answers to a file or folder.
    Predict(PathBuf),
    /// Those answers as a table in a file.
    SavePredictions(PathBuf),
    /// What is being found out is not wanted any more.
    Cancel,
    /// The scores of the project, trained once for each of so many folds of its data; `None`: no longer.
    Folds(Option<usize>),
}

/// What is known about the network on the table and its data.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// What simple models reach on the validation part of a table; empty until it is found out.
    pub baselines: Vec<Baseline>,
    /// Scores on the test part.
    pub test: Option<TestScores>,
    /// How often the network was scored on the test part of this data.
    pub looks: usize,
    /// What columns are worth.
    pub columns: Option<ColumnWorth>,
    /// The answers to new data.
    pub predictions: Option<Predictions>,
    /// Why the last file could not be answered.
    pub refused: Option<String>,
    /// What is being found out.
    pub doing: Option<ExamineAction>,
    /// How far that is, 0 to 1, in a few words.
    pub progress: (f32, String),
}

/// Scores on the test part.
#[derive(Clone, Debug, PartialEq)]
pub struct TestScores {
    /// Of the weights, completed.
    pub step: u64,
    /// What they are.
    pub report: Report,
    /// What simple models reach there.
    pub baselines: Vec<Baseline>,
}

/// What columns are worth to a network.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnWorth {
    /// Of the weights, completed.
    pub step: u64,
    /// The most important first.
    pub importance: Vec<Importance>,
    /// Samples that were asked.
    pub over: usize,
    /// How the answer follows each; of very many columns the most important ones.
    pub curves: Vec<Dependence>,
}

/// What a network answers to new data.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// Of the weights, completed.
    pub step: u64,
    /// The file or folder that was asked about.
    pub source: PathBuf,
    /// In it.
    pub rows: usize,
    /// Those that were answered.
    pub answered: usize,
    /// Of the rows that say what is right, and how many these are.
    pub score: Option<(Metric, f64, usize)>,
    /// What was unknown, missing or left out, in sentences.
    pub notes: Vec<String>,
    /// A heading and the first lines.
    pub lines: Vec<Vec<String>>,
    /// How many lines there are, without the heading.
    pub line_count: usize,
    /// All of them, as a CSV table.
    pub csv: Arc<str>,
    /// Where they were saved.
    pub saved: Option<PathBuf>,
}

enum Found {
    Baselines(Vec<Baseline>),
    Test(Box<TestScores>),
    Columns(Box<ColumnWorth>),
    Predicted(Box<Predictions>),
    Saved(PathBuf),
}

/// A question that is being answered.
pub(super) struct Question {
    answer: Receiver<Result<Found, String>>,
    progress: Arc<LoadProgress>,
    /// Nobody asked: a failure is not told.
    by_itself: bool,
}

impl Drop for Question {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

/// A part of some work, from one share of it to another.
struct Part<'a>(&'a dyn Progress, f32, f32);

impl Progress for Part<'_> {
    fn report(&self, fraction: f32, doing: &str) {
        self.0.report(self.1 + (self.2 - self.1) * fraction, doing);
    }

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

impl State {
    /// What was found out about the network on request.
    pub fn examined(&self) -> &Examined {
        &self.examined
    }

    pub(super) fn examine(&mut self, action: ExamineAction) {
        if action == ExamineAction::Cancel {
            (self.works.question, self.examined.doing) = (None, None);
            return;
        }
        if let ExamineAction::Folds(of) = action {
            return self.cross_validate(of);
        }
        if let ExamineAction::SavePredictions(path) = action {
            return self.save_predictions(path);
        }
        let Some(dataset) = self.dataset().cloned() else {
            return self.notify(NoticeKind::Warning, "There is no data yet.");
        };
        if self.works.trainer.is_none() || self.works.told.is_none() {
            return self.notify(NoticeKind::Warning, "There are no weights yet, because the network can't train.");
        }
        if self.examined.doing.is_some() {
            return self.notify(NoticeKind::Info, "Something else is still being worked out.");
        }
        let (reply, answer) = channel();
        self.tell(Command::Save(reply));
        let asked = action.clone();
        let work = move |wanted: &dyn Progress| {
            let kept = answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "The trainer didn't respond.".to_owned())?;
            answered(&asked, &*kept?, &dataset, wanted)
        };
        self.ask_about("examiner", action, work);
    }

    fn save_predictions(&mut self, path: PathBuf) {
        let Some(predictions) = &self.examined.predictions else {
            return self.notify(NoticeKind::Warning, "There are no predictions to save yet.");
        };
        let csv = predictions.csv.clone();
        let to = path.clone();
        let work = move |_: &dyn Progress| {
            atomic::write(&to, csv.as_bytes()).map(|()| Found::Saved(to)).map_err(|error| error.to_string())
        };
        self.ask_about("writer", ExamineAction::SavePredictions(path), work);
    }

    fn ask_about(
        &mut self,
        name: &str,
        action: ExamineAction,
        work: impl FnOnce(&dyn Progress) -> Result<Found, String> + Send + 'static,
    ) {
        if let Some(question) = self.ask_beside(name, false, work) {
            self.works.question = Some(question);
            (self.examined.doing, self.examined.progress) = (Some(action), (0.0, String::new()));
            self.examined.refused = None;
        }
    }

    /// Another run: what was found out about the one before says nothing of it.
    pub(super) fn forget_examined(&mut self) {
        self.works.question = None;
        let Examined { baselines, looks, .. } = std::mem::take(&mut self.examined);
        self.examined = Examined { baselines, looks, ..Examined::default() };
    }

    /// Other data: nothing is known any more. Of a table it is found out what simple models reach.
    pub(super) fn examine_anew(&mut self, dataset: &Arc<Dataset>) {
        (self.works.question, self.works.beside, self.examined) = (None, None, Examined::default());
        if !matches!(self.project.data.source, Source::Csv(_)) {
            return;
        }
        let dataset = dataset.clone();
        let work = move |wanted: &dyn Progress| {
            let found = baselines(&dataset, &dataset.validation, wanted);
            found.map(Found::Baselines).map_err(|error| error.message)
        };
        self.works.beside = self.ask_beside("baselines", true, work);
    }

    fn ask_beside(
        &mut self,
        name: &str,
        by_itself: bool,
        work: impl FnOnce(&dyn Progress) -> Result<Found, String> + Send + 'static,
    ) -> Option<Question> {
        let (sender, answer) = channel();
        let waker = self.works.waker();
        let progress = Arc::new(LoadProgress::new((!by_itself).then(|| waker.clone())));
        let told = progress.clone();
        let work = move || {
            // The session may have moved on.
            let _ = sender.send(work(told.as_ref()));
            waker();
        };
        match std::thread::Builder::new().name(name.into()).spawn(work) {
            Ok(_) => Some(Question { answer, progress, by_itself }),
            Err(error) => {
                self.notify(NoticeKind::Error, format!("Couldn't start a thread: {error}."));
                None
            }
        }
    }

    /// Takes in what was found out.
    pub(super) fn poll_examined(&mut self) {
        let take = |question: &mut Option<Question>| {
            let outcome = match question.as_ref()?.answer.try_recv() {
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Err("It failed because of a bug in Glassbox.".to_owned()),
                Ok(outcome) => outcome,
            };
            question.take().map(|question| (outcome, question.by_itself))
        };
        if let Some(question) = &self.works.question {
            self.examined.progress = question.progress.read();
        }
        let asked = take(&mut self.works.question);
        let done = if asked.is_some() { self.examined.doing.take() } else { None };
        let found = [asked, take(&mut self.works.beside)];
        for (outcome, by_itself) in found.into_iter().flatten() {
            match outcome {
                Ok(Found::Baselines(all)) => self.examined.baselines = all,
                Ok(Found::Test(scores)) => {
                    self.examined.test = Some(*scores);
                    self.examined.looks += 1;
                }
                Ok(Found::Columns(worth)) => self.examined.columns = Some(*worth),
                Ok(Found::Predicted(predictions)) => self.examined.predictions = Some(*predictions),
                Ok(Found::Saved(path)) => {
                    self.notify(NoticeKind::Success, format!("The predictions are in {}", path.display()));
                    if let Some(predictions) = &mut self.examined.predictions {
                        predictions.saved = Some(path);
                    }
                }
                Err(why) if matches!(done, Some(ExamineAction::Predict(_))) => self.examined.refused = Some(why),
                Err(why) if !by_itself => self.notify(NoticeKind::Error, why),
                Err(_) => {}
            }
        }
    }
}

fn answered(
    asked: &ExamineAction,
    kept: &Kept,
    dataset: &Arc<Dataset>,
    wanted: &dyn Progress,
) -> Result<Found, String> {
    let encoding = kept.saved.encoding.as_ref().unwrap_or(&dataset.encoding);
    let judge = Judge::new(&kept.saved.project, &kept.saved.now, encoding, Device::Cpu).map_err(|e| e.to_string())?;
    let step = kept.saved.now.step;
    let failed = |error: crate::trainer::RunError| error.to_string();
    match asked {
        ExamineAction::Test => {
            let test = dataset.test.as_ref().ok_or("No test set is put aside. Put one aside in the Data tab.")?;
            let report = judge.report(test, &Part(wanted, 0.0, 0.6)).map_err(failed)?;
            let baselines = baselines(dataset, test, &Part(wanted, 0.6, 1.0)).map_err(|error| error.message)?;
            Ok(Found::Test(Box::new(TestScores { step, report, baselines })))
        }
        ExamineAction::Columns => {
            let part = dataset.shown();
            let rows = dataset.fair(part);
            let (importance, over) = judge.importance(part, &rows, REPEATS, &Part(wanted, 0.0, 0.8)).map_err(failed)?;
            let names = importance.iter().take(CURVES).map(|one| one.column.clone()).collect::<Vec<_>>();
            let curves = names.iter().enumerate().map(|(at, name)| {
                wanted.report(0.8 + 0.2 * at as f32 / names.len() as f32, "following columns");
                if wanted.cancelled() {
                    return Err("It was cancelled.".to_owned());
                }
                judge.dependence(part, &rows, name).map_err(failed)
            });
            let curves = curves.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect();
            Ok(Found::Columns(Box::new(ColumnWorth { step, importance, over, curves })))
        }
        ExamineAction::Predict(path) => {
            predicted(&judge, path, step, wanted).map(|predictions| Found::Predicted(Box::new(predictions)))
        }
        ExamineAction::SavePredictions(_) | ExamineAction::Cancel | ExamineAction::Folds(_) => {
            Err("It was cancelled.".into())
        }
    }
}

/// The answers to a file or folder.
fn predicted(judge: &Judge, path: &Path, step: u64, wanted: &dyn Progress) -> Result<Predictions, String> {
    let read = read_unseen(judge.encoding(), path, &Part(wanted, 0.0, 0.5));
    let unseen = read.map_err(|error| error.message)?;
    let answers = Answers::of(judge, &unseen, step, &Part(wanted, 0.5, 1.0)).map_err(|error| error.to_string())?;
    let score = answers.score(&unseen).map(|(score, rows)| (answers.metric(), score, rows));
    let csv = answers.csv(&unseen).map_err(|error| error.to_string())?;
    Ok(Predictions {
        step,
        source: path.to_owned(),
        rows: unseen.kept.len(),
        answered: answers.rows,
        score,
        lines: answers.lines(&unseen).take(1 + SHOWN).collect(),
        line_count: answers.line_count(&unseen),
        csv: csv.into(),
        notes: unseen.notes,
        saved: None,
    })
}

impl From<ExamineAction> for Action {
    fn from(action: ExamineAction) -> Self {
        Self::Examine(action)
    }
}

#[cfg(test)]
#[path = "examining/tests.rs"]
mod tests;
