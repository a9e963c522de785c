//! A remedy tried: two runs from one beginning, one as the project is and one with the remedy, over the same batches;
//! which did better, and by how much.
//!
//! Both begin where the run began, with the same initial weights wherever the remedy leaves them their shape: what a
//! fault has done to the weights since would stay, and a remedy would be judged by it. Everything is in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crate::data::{self, Dataset, NoProgress};
use crate::diagnosis::{Change, Finding, Promise, Remedy, TrialError, When};
use crate::engine::metrics::NumberScore;
use crate::engine::{Device, Snapshot};
use crate::expr::{counted, thousands};
use crate::model::{Metric, Project, Task};
use crate::trace::{Curves, Evaluation, Pace, significant};
use crate::trainer::{Kept, Run, RunError, whole_output};

/// Steps of a trial at least.
pub const LEAST: u64 = 200;
/// And at most, however late something was seen.
pub const MOST: u64 = 2_000;
/// Losses that differ by a smaller share of the larger one are called even,
const EVEN: f64 = 0.02;
/// and so are those that differ by a smaller share of the loss at the beginning: both have learnt all there is.
const EVEN_OF_FIRST: f64 = 0.01;
/// Scores that differ by less, of 1.
const EVEN_SCORE: f64 = 0.005;

/// What is tried.
pub struct Course<'a> {
    /// The network, its data and settings as they are.
    pub project: &'a Project,
    /// The data of it.
    pub dataset: &'a Arc<Dataset>,
    /// The folder that relative paths of it start from.
    pub base: &'a Path,
    /// The weights that the run was given at its beginning; `None`: they are drawn.
    pub start: Option<&'a Snapshot>,
    /// What is to help.
    pub remedy: &'a Remedy,
    /// Of each run.
    pub steps: u64,
    /// What computes.
    pub device: Device,
}

/// What who looks on wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoOn {
    /// The next step.
    On,
    /// To compare what there is.
    Enough,
    /// Nothing more.
    Cancel,
}

/// One of the two runs.
#[derive(Clone, Debug)]
pub struct Side {
    /// What it is of.
    pub project: Project,
    /// What it told.
    pub curves: Curves,
    /// The step at which its loss was no number.
    pub broke_at: Option<u64>,
    /// At its end, over the validation set, or the training set where there is none; `None` where it broke.
    pub scores: Option<Evaluation>,
    /// Of each number that is predicted, in the user's units.
    pub numbers: Vec<NumberScore>,
    /// Mean share of each class that is found; `None` for other tasks.
    pub balance: Option<f64>,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Completed steps.
    pub steps: u64,
}

/// Which did better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// The remedy keeps its promise.
    Repair,
    /// It makes no difference that is worth it.
    Neither,
    /// It is worse with it.
    Original,
}

impl Winner {
    /// As JSON says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::Neither => "neither",
            Self::Original => "original",
        }
    }
}

/// Both runs at their end.
#[derive(Clone, Debug)]
pub struct Tried {
    /// As it was, and with the remedy.
    pub sides: [Side; 2],
    /// Which did better.
    pub winner: Winner,
    /// That in a sentence, with its numbers.
    pub sentence: String,
    /// The run with the remedy, to be gone on with.
    pub repaired: Kept,
}

/// Steps after which the remedies of a finding show something: what its rule promises, or what the run needed to show
/// the fault.
pub fn steps(finding: &Finding) -> u64 {
    let within = match finding.rule.when {
        When::BeforeTraining => 0,
        When::Training { within } => within,
    };
    within.max(finding.step.unwrap_or(0)).clamp(LEAST, MOST)
}

/// Trains both, step by step beside each other. `look` is shown their curves after every step. `None`: cancelled.
/// Errors are sentences.
pub fn try_remedy(course: &Course, look: &mut dyn FnMut(&[Curves; 2]) -> GoOn) -> Result<Option<Tried>, String> {
    let mended = course.remedy.apply(course.project).map_err(|error: TrialError| error.to_string())?;
    let dataset = match &course.remedy.change {
        Change::Data(spec) => Arc::new(data::load(spec, course.base, &NoProgress).map_err(|error| error.message)?),
        Change::Network(_) | Change::Training(_) | Change::ByHand => course.dataset.clone(),
    };
    let told = |error: RunError| error.to_string();
    let start = |project: &Project, dataset: Arc<Dataset>| match course.start {
        Some(weights) => Run::start_from(project, weights, dataset, course.device.clone()),
        None => Run::new(project, dataset, course.device.clone()),
    };
    let runs = [start(course.project, course.dataset.clone()), start(&mended, dataset)];
    let [as_it_is, repaired] = runs;
    let mut runs = [Racer::new(as_it_is.map_err(told)?), Racer::new(repaired.map_err(told)?)];
    let mut curves = runs.each_ref().map(|racer| Curves { metric: racer.run.task().metric(), ..Curves::default() });
    loop {
        let mut moved = false;
        for (racer, curves) in runs.iter_mut().zip(&mut curves) {
            moved |= racer.step(course.steps, curves).map_err(told)?;
        }
        match look(&curves) {
            GoOn::Cancel => return Ok(None),
            GoOn::On if moved => {}
            GoOn::On | GoOn::Enough => break,
        }
    }
    let [one, other] = runs;
    let [own, repaired_curves] = curves;
    let original = one.end(own).map_err(told)?.0;
    let (repair, repaired) = other.end(repaired_curves).map_err(told)?;
    let sides = [original, repair];
    let (winner, sentence) = verdict(&sides, course.remedy.promise);
    Ok(Some(Tried { sides, winner, sentence, repaired }))
}

/// A run that is trained beside another.
struct Racer {
    run: Run,
    broke_at: Option<u64>,
    began: Instant,
}

impl Racer {
    fn new(run: Run) -> Self {
        Self { run, broke_at: None, began: Instant::now() }
    }

    /// Whether there was a step to be done.
    fn step(&mut self, most: u64, curves: &mut Curves) -> Result<bool, RunError> {
        let run = &mut self.run;
        if self.broke_at.is_some() || run.machine().step() >= most || run.finished().is_some() {
            return Ok(false);
        }
        let row = run.step()?;
        curves.append(std::slice::from_ref(&row), &[]);
        run.take_summary().into_iter().for_each(|summary| curves.summaries.push(summary));
        if !row.loss.is_finite() || run.machine().first_not_finite().is_some() {
            self.broke_at = Some(row.step);
            return Ok(true);
        }
        if row.epoch_done && !run.dataset().validation.is_empty() {
            let scores = run.evaluate()?;
            run.judge(&scores)?;
            curves.append(&[], &[scores]);
        }
        Ok(true)
    }

    fn end(mut self, mut curves: Curves) -> Result<(Side, Kept), RunError> {
        let run = &mut self.run;
        let (step, epoch) = (run.machine().step(), run.epoch());
        curves.pace.push(Pace { step, epoch, seconds: self.began.elapsed().as_secs_f64() });
        let kept = Kept::new(run.save()?, curves.clone());
        run.restore_best()?;
        let dataset = run.dataset().clone();
        let is_whole = self.broke_at.is_none();
        let part = if dataset.validation.is_empty() { &dataset.train } else { &dataset.validation };
        let scores = if is_whole { Some(run.evaluate_part(part)?) } else { None };
        let is_validated = is_whole && !dataset.validation.is_empty();
        let side = Side {
            project: run.project().clone(),
            broke_at: self.broke_at,
            scores: scores.filter(|scores| scores.loss.is_finite()),
            numbers: if is_validated { run.number_scores()? } else { Vec::new() },
            balance: if is_validated { balance(run)? } else { None },
            parameters: run.machine().parameter_count(),
            steps: step,
            curves,
        };
        Ok((side, kept))
    }
}

/// The mean over the classes of the share of their validation samples that is found.
fn balance(run: &Run) -> Result<Option<f64>, RunError> {
    let Task::Classes(classes) = run.task() else { return Ok(None) };
    let mut each = vec![(0usize, 0usize); classes];
    for prediction in whole_output(run)?.predictions {
        if let Some((found, of)) = each.get_mut(prediction.truth as usize) {
            *found += usize::from(prediction.predicted == prediction.truth);
            *of += 1;
        }
    }
    let shares: Vec<f64> = each.iter().filter(|(_, of)| *of > 0).map(|&(n, of)| n as f64 / of as f64).collect();
    Ok((!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64))
}

/// Which of the two did better, by what the remedy promises, in a sentence.
fn verdict(sides: &[Side; 2], promise: Promise) -> (Winner, String) {
    let [original, repair] = sides;
    let lasted = |side: &Side| counted(side.steps as usize, "step");
    let (before, after) = match (&original.scores, &repair.scores) {
        (Some(before), Some(after)) => (before, after),
        (None, Some(after)) => {
            let sentence = format!(
                "The repair won: without it the loss was NaN or infinite at step {}; with it the loss is {} after {}.",
                thousands(original.broke_at.unwrap_or(original.steps)),
                short(after.loss),
                lasted(repair)
            );
            return (Winner::Repair, sentence);
        }
        (_, None) => {
            let at = thousands(repair.broke_at.unwrap_or(repair.steps));
            return (Winner::Original, format!("The repair lost: with it the loss was NaN or infinite at step {at}."));
        }
    };
    let is_validated = !original.curves.validation_loss.is_empty() || !repair.curves.validation_loss.is_empty();
    let loss = if is_validated { "validation loss" } else { "training loss" };
    let larger = before.loss.abs().max(after.loss.abs()).max(f64::MIN_POSITIVE);
    let first = original.curves.train_loss.values().first().map_or(0.0, |&loss| f64::from(loss).abs());
    let is_even = (before.loss - after.loss).abs() < EVEN_OF_FIRST * first;
    let gain = if is_even { 0.0 } else { (before.loss - after.loss) / larger };
    let scores = scores(sides, before, after);
    let numbers = format!("{loss} {} instead of {}{scores}", short(after.loss), short(before.loss));
    let after_steps = format!("after {}", lasted(repair));
    match promise {
        Promise::Loss if gain > EVEN => {
            let lower = significant(100.0 * gain, 2);
            let (now, then) = (short(after.loss), short(before.loss));
            // Fewer right answers can be less wrong altogether.
            let (won, scores) = match by_difference(after.score - before.score) {
                Winner::Original => ("won by its loss", scores.replacen(',', ", but", 1)),
                Winner::Repair | Winner::Neither => ("won", scores),
            };
            let sentence = format!(
                "The repair {won} {after_steps}: {loss} {now} instead of {then} ({lower}\u{a0}% lower){scores}."
            );
            (Winner::Repair, sentence)
        }
        Promise::Loss if gain < -EVEN => (Winner::Original, format!("The repair lost {after_steps}: {numbers}.")),
        Promise::Loss => (Winner::Neither, format!("It makes no difference {after_steps}: {numbers}.")),
        Promise::Balance => {
            let (then, now) = (original.balance.unwrap_or(0.0), repair.balance.unwrap_or(0.0));
            let winner = by_difference(now - then);
            let found = format!("each class is found in {} of its samples on average", percent(now));
            let word = match winner {
                Winner::Repair => "The repair won",
                Winner::Neither => "It makes no difference",
                Winner::Original => "The repair lost",
            };
            (winner, format!("{word} {after_steps}: {found}, instead of {}.", percent(then)))
        }
        Promise::Simpler => {
            let fewer = original.parameters.saturating_sub(repair.parameters);
            let with = if fewer > 0 { format!(" with {} fewer", counted(fewer, "parameter")) } else { String::new() };
            match gain < -EVEN && by_difference(after.score - before.score) == Winner::Original {
                true => (Winner::Original, format!("The repair lost {after_steps}: {numbers}.")),
                false => (Winner::Repair, format!("The repair won: as good{with} {after_steps}, {numbers}.")),
            }
        }
        Promise::Honest => {
            let sentence =
                format!("{after_steps}: {numbers}. That is what the network can do where the answer isn't given away.");
            (Winner::Repair, capital(&sentence))
        }
    }
}

fn by_difference(gain: f64) -> Winner {
    match gain {
        gain if gain > EVEN_SCORE => Winner::Repair,
        gain if gain < -EVEN_SCORE => Winner::Original,
        _ => Winner::Neither,
    }
}

/// ", accuracy 95 % instead of 50 %"; of numbers the typical error in their own units.
fn scores(sides: &[Side; 2], before: &Evaluation, after: &Evaluation) -> String {
    let [original, repair] = sides;
    let metric = original.curves.metric;
    if let ([then], [now]) = (original.numbers.as_slice(), repair.numbers.as_slice()) {
        return format!(", typical error {} instead of {}", short(now.rmse), short(then.rmse));
    }
    let written = |score: f64| match metric {
        Metric::Accuracy | Metric::Map50 => percent(score),
        Metric::R2 => significant(score, 3),
    };
    let title = if metric == Metric::Accuracy { "accuracy" } else { metric.title() };
    format!(", {title} {} instead of {}", written(after.score), written(before.score))
}

fn short(value: f64) -> String {
    significant(value, 3)
}

fn percent(share: f64) -> String {
    format!("{}\u{a0}%", significant(100.0 * share, 3))
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}
