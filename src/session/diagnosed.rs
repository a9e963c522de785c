//! What keeps the network from learning, by the rules of the diagnosis: the one source of the marks on cards, of the
//! list of what needs a look, and of the news about it.
//!
//! A thread of its own judges, when something has changed and at steps ever further apart; the run waits for nothing.
//! The data is looked through once. What only a run knows is taken from what it has told anyway.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use super::works::LoadProgress;
use super::{NoticeKind, RunStatus, State};
use crate::data::Dataset;
use crate::diagnosis::{Case, Change, DataFacts, Finding, Place, Records, Severity, diagnose};
use crate::model::LayerId;
use crate::trace::{Evaluation, OutputPicture, Series};

/// By then every rule about a layer has had its say: from here on silence means that nothing was found.
const TOLD: u64 = 64;

/// What is done about findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiagnosisAction {
    /// This finding is not shown any more, in this project.
    Dismiss {
        /// The rule.
        rule: String,
        /// As [`Place::key`] tells it.
        place: String,
    },
    /// All that were dismissed are shown again.
    ShowDismissed,
    /// A remedy is tried: two runs from the beginning, one with it.
    Try {
        /// The rule, and the place as [`Place::key`] tells it.
        of: [String; 2],
        /// Its place among the remedies of the finding.
        remedy: usize,
    },
    /// What was trained so far is compared.
    CompareNow,
    /// The remedy stays, and the run with it goes on the table.
    Keep,
    /// Nothing of what was tried stays.
    Discard,
}

impl From<DiagnosisAction> for super::Action {
    fn from(action: DiagnosisAction) -> Self {
        Self::Diagnosis(action)
    }
}

/// What was found, and of what.
#[derive(Debug, Default)]
pub struct Diagnosed {
    /// What is known of the data that is loaded.
    facts: Option<(Arc<Dataset>, Arc<DataFacts>)>,
    /// The most serious first, with those that were dismissed.
    pub found: Vec<Finding>,
    /// Completed steps of the run when it was judged; `None`: never yet.
    pub(super) at: Option<u64>,
    /// Whether the run stood then.
    stood: bool,
    /// The network, its settings or the data are others now.
    pub is_stale: bool,
    /// What was told of this run already.
    told: BTreeSet<[String; 2]>,
}

impl Diagnosed {
    /// As if this had been found after so many steps, for panels that are posed.
    pub(super) fn posed(found: Vec<Finding>, at: Option<u64>) -> Self {
        Self { found, at, ..Self::default() }
    }

    /// What was found while another run trained says nothing of this one.
    pub fn of_another_run(&mut self) {
        self.found.retain(|finding| finding.step.is_none());
        self.told.clear();
        (self.at, self.is_stale) = (None, true);
    }
}

/// A thread that judges.
pub struct Diagnosing {
    answer: Receiver<Result<Judged, String>>,
    progress: Arc<LoadProgress>,
}

impl Drop for Diagnosing {
    fn drop(&mut self) {
        self.progress.cancel();
    }
}

struct Judged {
    dataset: Arc<Dataset>,
    facts: Arc<DataFacts>,
    found: Vec<Finding>,
    /// Completed, of this run.
    steps: u64,
    run: u64,
}

/// The rule and the place: by these a finding is known again.
pub(super) fn key(finding: &Finding) -> [String; 2] {
    [finding.rule.id.to_owned(), finding.place.key()]
}

impl State {
    /// What was found and not dismissed, the most serious first.
    pub fn diagnosed(&self) -> impl Iterator<Item = &Finding> {
        // Who is told of the number itself needs no other words for it.
        let is_told = |finding: &&Finding| self.run.not_finite.is_none() || finding.rule.id != "not-finite";
        let is_there = |finding: &&Finding| match finding.place {
            Place::Layer(id) => self.project.graph.layer(id).is_some(),
            _ => true,
        };
        self.diagnosed.found.iter().filter(is_told).filter(is_there).filter(|one| !self.is_dismissed(one))
    }

    /// How many findings a person does not want to see.
    pub fn dismissed(&self) -> usize {
        self.diagnosed.found.iter().filter(|finding| self.is_dismissed(finding)).count()
    }

    fn is_dismissed(&self, finding: &Finding) -> bool {
        !self.desk.dismissed.is_empty() && self.desk.dismissed.contains(&key(finding))
    }

    /// What was found at this layer, the most serious first. `id`: of the layer, or of a repetition of it.
    pub fn diagnosed_at(&self, id: LayerId) -> impl Iterator<Item = &Finding> {
        self.diagnosed().filter(move |finding| finding.place == Place::Layer(id))
    }

    /// Whether every rule about layers has judged the run as it goes: what they say nothing of is well.
    pub fn is_told_of_layers(&self) -> bool {
        self.run.step > 0 && self.diagnosed.at.is_some_and(|at| at >= TOLD)
    }

    pub(super) fn apply_to_diagnosis(&mut self, action: DiagnosisAction) {
        match action {
            DiagnosisAction::Dismiss { rule, place } => {
                let title = crate::diagnosis::find(&rule).map_or("The finding", |rule| rule.title);
                let back = DiagnosisAction::ShowDismissed.into();
                self.offer(NoticeKind::Info, format!("Dismissed in this project: {title}."), "Show again", back);
                let dismissed = [rule, place];
                if !self.desk.dismissed.contains(&dismissed) {
                    self.desk.dismissed.push(dismissed);
                }
            }
            DiagnosisAction::ShowDismissed => self.desk.dismissed.clear(),
            DiagnosisAction::Try { of, remedy } => self.try_repair(&of, remedy),
            DiagnosisAction::CompareNow => self.compare_trial_now(),
            DiagnosisAction::Keep => self.keep_trial(),
            DiagnosisAction::Discard => self.discard_trial(),
        }
    }

    /// Takes in what was found, and has it judged again when that is due.
    pub(super) fn poll_diagnosis(&mut self) {
        if let Some(job) = &self.works.diagnosing {
            match job.answer.try_recv() {
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) | Ok(Err(_)) => {}
                Ok(Ok(judged)) => self.take_judged(judged),
            }
            self.works.diagnosing = None;
        }
        let dataset = self.dataset().filter(|_| self.inference.is_valid() && !self.is_loading()).cloned();
        let Some(dataset) = dataset else {
            self.diagnosed.found.clear();
            self.diagnosed.at = None;
            return;
        };
        if self.is_due() {
            self.judge_again(dataset);
        }
    }

    /// At every change, when a run comes to stand, and in between at steps a quarter further on each time.
    fn is_due(&self) -> bool {
        let (run, known) = (&self.run, &self.diagnosed);
        let Some(at) = known.at.filter(|_| !known.is_stale) else { return true };
        match run.status == RunStatus::Running {
            true => run.step < at || run.step > at + at / 4,
            false => run.step != at || !known.stood,
        }
    }

    fn judge_again(&mut self, dataset: Arc<Dataset>) {
        let (project, records) = (self.project.clone(), self.records(&dataset));
        let known = self.diagnosed.facts.as_ref().filter(|(of, _)| Arc::ptr_eq(of, &dataset));
        let (facts, run) = (known.map(|(_, facts)| facts.clone()), self.works.run_number);
        self.diagnosed.is_stale = false;
        self.diagnosed.stood = self.run.status != RunStatus::Running;
        self.diagnosed.at = Some(self.run.step);
        let (sender, answer) = channel();
        let waker = self.works.waker();
        let progress = Arc::new(LoadProgress::new(None));
        let wanted = progress.clone();
        let work = move || {
            let judged = || {
                let facts = match facts {
                    Some(facts) => facts,
                    None => Arc::new(DataFacts::of(&dataset, wanted.as_ref()).map_err(|error| error.message)?),
                };
                let case = Case::new(&project, &facts);
                let steps = records.as_ref().map_or(0, |records| records.steps);
                let found = match &records {
                    Some(records) => diagnose(&case.after(records)),
                    None => diagnose(&case),
                };
                Ok(Judged { dataset, facts, found, steps, run })
            };
            // The session may have moved on.
            let _ = sender.send(judged());
            waker();
        };
        // Without a thread nothing is told, which is no failure of what a person does.
        let begun = std::thread::Builder::new().name("diagnosis".into()).spawn(work);
        self.works.diagnosing = begun.is_ok().then_some(Diagnosing { answer, progress });
    }

    fn take_judged(&mut self, judged: Judged) {
        self.diagnosed.facts = Some((judged.dataset, judged.facts));
        if judged.run != self.works.run_number || judged.steps > self.run.step {
            self.diagnosed.is_stale = true;
            return;
        }
        self.diagnosed.found = judged.found;
        // Where the numbers have ended, that is told already, and why.
        let stands_by_itself = self.run.not_finite.is_some() || self.run.status == RunStatus::NotReady;
        if judged.steps >= TOLD && !stands_by_itself {
            self.tell_of_findings();
        }
    }

    /// News of what a run has shown, once; of several the first, which the others may follow from.
    fn tell_of_findings(&mut self) {
        let is_news = |finding: &&Finding| {
            finding.severity == Severity::Serious
                && finding.step.is_some()
                && finding.rule.id != "not-finite"
                && !self.diagnosed.told.contains(&key(finding))
        };
        let news: Vec<Finding> = self.diagnosed().filter(is_news).cloned().collect();
        let Some(first) = news.first() else { return };
        let place = self.where_is(first).map_or(String::new(), |place| format!(" in {place}"));
        let text = format!("{}{place}. P shows why, and what helps.", first.rule.title);
        self.diagnosed.told.extend(news.iter().map(key));
        let remedy = first.remedies.iter().position(|remedy| remedy.change != Change::ByHand);
        let tries = remedy.map(|remedy| DiagnosisAction::Try { of: key(first), remedy }.into());
        let offers = tries.map(|action| ("Try a repair".to_owned(), action));
        self.offer_all(NoticeKind::Warning, text, offers.into_iter().collect());
    }

    /// The layer of a finding that is about one.
    fn where_is(&self, finding: &Finding) -> Option<String> {
        let Place::Layer(id) = finding.place else { return None };
        Some(self.project.graph.path_name(id))
    }

    /// What the run has told, as rules read it. Over the training set it is what the batches of the last epoch said: a
    /// run that goes on is asked nothing.
    fn records(&self, dataset: &Dataset) -> Option<Records> {
        let run = &self.run;
        if run.step == 0 || run.waits {
            return None;
        }
        let mut curves = run.curves.thinned();
        curves.truncate(run.step);
        let last = |series: &Series| series.points().last().map(|(_, value)| f64::from(value));
        let lately = |series: &Series| {
            let after = run.step.saturating_sub(run.steps_per_epoch);
            let within = series.points().filter(|(step, _)| *step > after);
            let (count, sum) = within.fold((0.0, 0.0), |(n, sum), (_, value)| (n + 1.0, sum + f64::from(value)));
            (count > 0.0).then(|| sum / count)
        };
        let scores = |loss: Option<f64>, score: Option<f64>| {
            let (loss, score) = loss.zip(score)?;
            Some(Evaluation { step: run.step, epoch: run.epoch, loss, losses: Vec::new(), score })
        };
        let score = lately(&curves.train_metric).or_else(|| last(&curves.validation_metric));
        let train = scores(lately(&curves.train_loss), score);
        let validation = scores(last(&curves.validation_loss), last(&curves.validation_metric));
        Some(Records {
            steps: run.step,
            steps_per_epoch: run.steps_per_epoch,
            batch: self.project.training.batch_size.clamp(1, dataset.train.len().max(1)),
            is_fresh: !self.begins_with_given() && !self.works.is_set_by_hand,
            train,
            validation,
            predicted: self.predicted(),
            curves,
            ..Records::default()
        })
    }

    /// How often each class was answered over the validation set, where that is pictured.
    fn predicted(&self) -> Vec<usize> {
        let pictured = self.run.picture.as_ref().and_then(|picture| picture.output.as_ref());
        let Some(OutputPicture::Classes { predictions, classes, .. }) = pictured else { return Vec::new() };
        let mut counts = vec![0; *classes];
        for prediction in predictions {
            if let Some(count) = counts.get_mut(prediction.predicted as usize) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
#[path = "diagnosed/tests.rs"]
mod tests;
