//! What is found out about a network on request, beside its training: its score on the test part, what each column is
//! worth to it, its answers to new data; and what simple models reach on the same table.
//!
//! Every question is a thread of its own that is told the weights of one moment; the run goes on meanwhile.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::answers::{Answers, beside};
use super::keeping::TRAINER_ANSWERS;
use super::{Action, NoticeKind, State};
use crate::data::baselines::{Baseline, baselines};
use crate::data::{Dataset, NoProgress, Progress, read_unseen};
use crate::engine::Device;
use crate::files::atomic;
use crate::model::Source;
use crate::trainer::judging::{Dependence, Importance, Judge, Report};
use crate::trainer::{Command, Kept};

/// How often each column is shuffled.
const REPEATS: usize = 5;
/// Columns whose curves are found, the most important ones.
const CURVES: usize = 40;

/// What can be asked about the network as it is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExamineAction {
    /// Its scores on the test part.
    Test,
    /// What each column is worth to it, and how its answer follows them.
    Columns,
    /// Its answers to a file or folder, written beside it.
    Predict(PathBuf),
    /// What is being found out is not wanted any more.
    Cancel,
}

/// What is known about the network on the table and its data.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    /// What simple models reach on the validation part of a table; empty until it is found out.
    pub baselines: Vec<Baseline>,
    /// Scores on the test part.
    pub test: Option<TestScores>,
    /// What columns are worth.
    pub columns: Option<ColumnWorth>,
    /// What is being found out.
    pub doing: Option<ExamineAction>,
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

enum Found {
    Baselines(Vec<Baseline>),
    Test(Box<TestScores>),
    Columns(Box<ColumnWorth>),
    /// A sentence.
    Predicted(String),
}

/// A question that is being answered.
pub(super) struct Question {
    answer: Receiver<Result<Found, String>>,
    wanted: Arc<AtomicBool>,
    /// Nobody asked: a failure is not told.
    by_itself: bool,
}

impl Drop for Question {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

struct Wanted(Arc<AtomicBool>);

impl Progress for Wanted {
    fn report(&self, _: f32, _: &str) {}

    fn cancelled(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
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
        let work = move |wanted: &Wanted| {
            let kept = answer.recv_timeout(TRAINER_ANSWERS).map_err(|_| "The trainer didn't respond.".to_owned())?;
            answered(&asked, &*kept?, &dataset, wanted)
        };
        if let Some(question) = self.ask_beside("examiner", false, work) {
            (self.works.question, self.examined.doing) = (Some(question), Some(action));
        }
    }

    /// Other data: nothing is known any more. Of a table it is found out what simple models reach.
    pub(super) fn examine_anew(&mut self, dataset: &Arc<Dataset>) {
        (self.works.question, self.works.beside, self.examined) = (None, None, Examined::default());
        if !matches!(self.project.data.source, Source::Csv(_)) {
            return;
        }
        let dataset = dataset.clone();
        let work = move |wanted: &Wanted| {
            let found = baselines(&dataset, &dataset.validation, wanted);
            found.map(Found::Baselines).map_err(|error| error.message)
        };
        self.works.beside = self.ask_beside("baselines", true, work);
    }

    fn ask_beside(
        &mut self,
        name: &str,
        by_itself: bool,
        work: impl FnOnce(&Wanted) -> Result<Found, String> + Send + 'static,
    ) -> Option<Question> {
        let (sender, answer) = channel();
        let (wanted, waker) = (Arc::new(AtomicBool::new(true)), self.works.waker.clone());
        let told = Wanted(wanted.clone());
        let work = move || {
            // The session may have moved on.
            let _ = sender.send(work(&told));
            if let Some(waker) = waker {
                waker();
            }
        };
        match std::thread::Builder::new().name(name.into()).spawn(work) {
            Ok(_) => Some(Question { answer, wanted, by_itself }),
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
        let asked = take(&mut self.works.question);
        if asked.is_some() {
            self.examined.doing = None;
        }
        let found = [asked, take(&mut self.works.beside)];
        for (outcome, by_itself) in found.into_iter().flatten() {
            match outcome {
                Ok(Found::Baselines(all)) => self.examined.baselines = all,
                Ok(Found::Test(scores)) => self.examined.test = Some(*scores),
                Ok(Found::Columns(worth)) => self.examined.columns = Some(*worth),
                Ok(Found::Predicted(text)) => self.notify(NoticeKind::Success, text),
                Err(why) if !by_itself => self.notify(NoticeKind::Error, why),
                Err(_) => {}
            }
        }
    }
}

fn answered(asked: &ExamineAction, kept: &Kept, dataset: &Arc<Dataset>, wanted: &Wanted) -> Result<Found, String> {
    let encoding = kept.saved.encoding.as_ref().unwrap_or(&dataset.encoding);
    let judge = Judge::new(&kept.saved.project, &kept.saved.now, encoding, Device::Cpu).map_err(|e| e.to_string())?;
    let step = kept.saved.now.step;
    let failed = |error: crate::trainer::RunError| error.to_string();
    match asked {
        ExamineAction::Test => {
            let test = dataset.test.as_ref().ok_or("No test set is put aside. Put one aside in the Data tab.")?;
            let report = judge.report(test).map_err(failed)?;
            let baselines = baselines(dataset, test, wanted).map_err(|error| error.message)?;
            Ok(Found::Test(Box::new(TestScores { step, report, baselines })))
        }
        ExamineAction::Columns => {
            let part = dataset.shown();
            let rows = dataset.fair(part);
            let (importance, over) = judge.importance(part, &rows, REPEATS, wanted).map_err(failed)?;
            let names = importance.iter().take(CURVES).map(|one| one.column.clone()).collect::<Vec<_>>();
            let curves = names.iter().map(|name| judge.dependence(part, &rows, name).map_err(failed));
            let curves = curves.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect();
            Ok(Found::Columns(Box::new(ColumnWorth { step, importance, over, curves })))
        }
        ExamineAction::Predict(path) => {
            let unseen = read_unseen(encoding, path, &NoProgress).map_err(|error| error.message)?;
            let answers = Answers::of(&judge, &unseen, step).map_err(failed)?;
            let to = beside(path);
            let text = answers.csv(&unseen).map_err(|error| error.to_string())?;
            atomic::write(&to, text.as_bytes()).map_err(|error| error.to_string())?;
            let notes: String = unseen.notes.iter().map(|note| format!("\n{note}")).collect();
            Ok(Found::Predicted(format!("{}{notes}", answers.summary(answers.score(&unseen), &to))))
        }
        ExamineAction::Cancel => Err("It was cancelled.".into()),
    }
}

impl From<ExamineAction> for Action {
    fn from(action: ExamineAction) -> Self {
        Self::Examine(action)
    }
}

#[cfg(test)]
#[path = "examining/tests.rs"]
mod tests;
