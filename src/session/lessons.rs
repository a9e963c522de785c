//! A lesson carried out without a window, as a script: every step is set up, run, checked and told. What names stand
//! for in a lesson is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::Anchor;
use crate::data::{self, NoProgress};
use crate::engine::Device;
use crate::expr::{Array, counted, evaluate, parse};
use crate::lesson::{self, Fault, Lesson, Predict, Run as Going, Step, placeholders};
use crate::model::{Project, infer};
use crate::trace::Evaluation;
use crate::trainer::{Run, locate};

/// Steps after which waiting for `until` is given up where the lesson says nothing else.
const AT_MOST: u64 = 10_000;

/// Why a lesson came to an end before its last step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LessonError(Fault);

/// What came of a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Played {
    /// Of the step.
    pub title: String,
    /// What was read before.
    pub text: String,
    /// What turned out to be the answer, where something was asked.
    pub answer: Option<String>,
    /// Where the run stood at the end; `None` before there is one.
    pub at: Option<u64>,
    /// The check, and whether it was met.
    pub check: Option<(String, bool)>,
    /// What was read afterwards.
    pub explain: Option<String>,
}

/// Names of numbers that are none of the network's values.
pub const NUMBERS: [&str; 11] = [
    "step",
    "epoch",
    "learning_rate",
    "batch_size",
    "parameters",
    "samples",
    "batch_loss",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
];

/// The network of a lesson in training.
struct Stage {
    run: Run,
    /// Loss of the last batch.
    last: Option<f64>,
}

/// What names stand for while a stage stands still.
struct Facts<'a> {
    stage: Option<&'a Stage>,
    kept: &'a BTreeMap<String, f64>,
    /// Of the training part and of the validation part, once asked for.
    scores: [Option<Evaluation>; 2],
}

impl<'a> Facts<'a> {
    fn of(stage: Option<&'a Stage>, kept: &'a BTreeMap<String, f64>) -> Self {
        Self { stage, kept, scores: [None, None] }
    }

    fn score(&mut self, run: &Run, of_validation: bool) -> Result<Evaluation, String> {
        let part = if of_validation { &run.dataset().validation } else { &run.dataset().train };
        if part.is_empty() {
            return Err("This data has no validation set.".to_owned());
        }
        let slot = &mut self.scores[usize::from(of_validation)];
        if slot.is_none() {
            *slot = Some(run.evaluate_part(part).map_err(|error| error.to_string())?);
        }
        slot.clone().ok_or_else(|| "Nothing was evaluated.".to_owned())
    }

    fn value(&mut self, name: &str) -> Result<Array, String> {
        if let Some(number) = self.kept.get(name) {
            return Ok(Array::number(*number));
        }
        let stage = self.stage.ok_or_else(|| format!("{name}: there is no network yet."))?;
        let run = &stage.run;
        let number = match name {
            "step" => run.machine().step() as f64,
            "epoch" => run.epoch(),
            "learning_rate" => run.machine().learning_rate(),
            "batch_size" => run.batch_size() as f64,
            "parameters" => run.machine().parameter_count() as f64,
            "samples" => run.dataset().train.len() as f64,
            "batch_loss" => stage.last.ok_or("batch_loss: no step has been made yet.")?,
            "loss" => self.score(run, false)?.loss,
            "accuracy" => self.score(run, false)?.score,
            "validation_loss" => self.score(run, true)?.loss,
            "validation_accuracy" => self.score(run, true)?.score,
            _ => return value_of_program(run, name),
        };
        Ok(Array::number(number))
    }

    /// One number.
    fn number(&mut self, text: &str) -> Result<f64, String> {
        let expression = parse(text).map_err(|error| error.message)?;
        let value = evaluate(&expression, &mut |name| self.value(name))?;
        value.single().ok_or_else(|| format!("{text} isn't a single number. Wrap it in max(...) or mean(...)."))
    }

    fn holds(&mut self, text: &str) -> Result<bool, String> {
        Ok(self.number(text)? != 0.0)
    }

    fn filled(&mut self, text: &str, prediction: Option<&str>) -> Result<String, String> {
        lesson::filled(text, prediction, &mut |name| self.value(name))
    }
}

fn value_of_program(run: &Run, name: &str) -> Result<Array, String> {
    let machine = run.machine();
    let id = locate(machine.program(), name)?;
    let is_state = machine.program().value(id).is_some_and(|value| value.role.is_state());
    if !is_state && !machine.is_current(id) {
        return Err(format!("{name} hasn't been computed yet: no step has been made."));
    }
    let (dims, numbers) = machine.read_f64(id).map_err(|error| error.to_string())?;
    Ok(Array { dims, numbers })
}

/// What is wrong with a lesson: its fields, the controls it points at, and the networks it sets up. Nothing is trained.
pub fn faults(lesson: &Lesson) -> Vec<Fault> {
    let mut found = lesson::faults(lesson);
    for (at, step) in lesson.steps.iter().enumerate() {
        if let Some(pointer) = step.point.as_ref().filter(|pointer| Anchor::named(&pointer.at).is_none()) {
            let names: Vec<_> = Anchor::NAMED.iter().map(|(name, _)| *name).collect();
            let words = format!("There is no control {:?}. The controls are: {}.", pointer.at, names.join(", "));
            found.push(Fault { step: at + 1, field: "point.at".to_owned(), words });
        }
    }
    if found.is_empty() {
        let (mut before, mut run, mut kept) = (None, None, BTreeSet::new());
        for (at, step) in lesson.steps.iter().enumerate() {
            let mut say = |field: String, words| found.push(Fault { step: at + 1, field, words });
            match set_up(step, &mut before, None) {
                Some(Ok(new)) => run = Some(new),
                Some(Err(words)) => say("setup".to_owned(), words),
                None => {}
            }
            kept.extend(step.keep.keys().map(String::as_str));
            for (field, expression) in expressions(step) {
                let names = parse(&expression).map(|parsed| parsed.names().into_iter().map(str::to_owned).collect());
                let names: BTreeSet<String> = names.unwrap_or_default();
                let unknown = |name: &String| run.as_ref().and_then(|run| is_known(run, &kept, name).err());
                names.iter().filter_map(unknown).for_each(|words| say(field.clone(), words));
            }
        }
    }
    found.sort_by_key(|fault| fault.step);
    found
}

/// Whether a name stands for anything.
fn is_known(run: &Run, kept: &BTreeSet<&str>, name: &str) -> Result<(), String> {
    if kept.contains(name) || NUMBERS.contains(&name) {
        return Ok(());
    }
    locate(run.machine().program(), name).map(drop)
}

/// All that a step computes, each with the field it stands in.
fn expressions(step: &Step) -> Vec<(String, String)> {
    let asked = step.predict.as_ref();
    let texts = [
        ("text", Some(&step.text)),
        ("explain", step.explain.as_ref()),
        ("predict.question", asked.map(|predict| &predict.question)),
    ];
    let inside = |(field, text): (&str, Option<&String>)| {
        let text = text.map_or("", String::as_str);
        placeholders(text).into_iter().map(|inside| (field.to_owned(), inside.to_owned())).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = texts.into_iter().flat_map(inside).filter(|(_, inside)| inside != "prediction").collect();
    let mut add = |field: &str, text: Option<&String>| all.extend(text.map(|text| (field.to_owned(), text.clone())));
    asked.iter().flat_map(|predict| &predict.choices).for_each(|choice| add("predict.choices", Some(&choice.when)));
    add("predict.number", asked.and_then(|predict| predict.number.as_ref()));
    add("run.until", step.run.as_ref().and_then(|run| run.until.as_ref()));
    add("check", step.check.as_ref());
    step.keep.iter().for_each(|(name, number)| add(&format!("keep.{name}"), Some(number)));
    all
}

/// The run that a step sets up, if it does.
fn set_up(step: &Step, before: &mut Option<Project>, seed: Option<u64>) -> Option<Result<Run, String>> {
    let setup = step.setup.as_ref()?;
    let mut begin = || {
        let mut project = lesson::project(setup, before.as_ref())?;
        if let Some(seed) = seed {
            (project.training.seed, project.data.seed) = (seed, seed);
        }
        *before = Some(project.clone());
        let dataset = data::load(&project.data, Path::new(""), &NoProgress).map_err(|error| error.to_string())?;
        if let Some(problem) = infer(&project.graph, Some(&dataset.signature())).problems.first() {
            return Err(format!("{}: {}", problem.layer, problem.message));
        }
        Run::new(&project, Arc::new(dataset), Device::Cpu).map_err(|error| error.to_string())
    };
    Some(begin())
}

/// Carries out a lesson. `seed`: of all its networks and data, instead of their own. `each` is told of every step as
/// soon as it is over. Ends at the first step whose check is not met, or whose question has no answer.
pub fn play(lesson: &Lesson, seed: Option<u64>, each: &mut dyn FnMut(&Played)) -> Result<(), LessonError> {
    let (mut stage, mut before, mut kept) = (None, None, BTreeMap::new());
    for (at, step) in lesson.steps.iter().enumerate() {
        let fault = |field: &str, words: String| LessonError(Fault { step: at + 1, field: field.to_owned(), words });
        if let Some(run) = set_up(step, &mut before, seed) {
            stage = Some(Stage { run: run.map_err(|words| fault("setup", words))?, last: None });
        }
        let text = Facts::of(stage.as_ref(), &kept).filled(&step.text, None).map_err(|words| fault("text", words))?;
        if let (Some(going), Some(stage)) = (&step.run, &mut stage) {
            go(stage, going, &kept).map_err(|words| fault("run", words))?;
        }
        for (name, expression) in &step.keep {
            let number = Facts::of(stage.as_ref(), &kept).number(expression);
            kept.insert(name.clone(), number.map_err(|words| fault(&format!("keep.{name}"), words))?);
        }
        let mut facts = Facts::of(stage.as_ref(), &kept);
        let answer = step.predict.as_ref().map(|predict| answer(predict, &mut facts)).transpose();
        let answer = answer.map_err(|words| fault("predict", words))?;
        let check = step.check.as_ref().map(|check| Ok((check.clone(), facts.holds(check)?))).transpose();
        let check = check.map_err(|words| fault("check", words))?;
        let explain = step.explain.as_ref().map(|text| facts.filled(text, answer.as_deref())).transpose();
        let explain = explain.map_err(|words| fault("explain", words))?;
        let unmet = check.as_ref().filter(|(_, is_met)| !is_met).map(|(check, _)| unmet(check, &mut facts));
        let at = stage.as_ref().map(|stage| stage.run.machine().step());
        each(&Played { title: step.title.clone(), text, answer, at, check, explain });
        if let Some(words) = unmet {
            return Err(fault("check", words));
        }
    }
    Ok(())
}

/// What a check that is not met says of its names.
fn unmet(check: &str, facts: &mut Facts) -> String {
    let names = parse(check).map(|parsed| parsed.names().into_iter().map(str::to_owned).collect::<Vec<_>>());
    let told = |name: &String| Some(format!("{name} is {}", facts.value(name).ok()?.single()?));
    let numbers: Vec<_> = names.unwrap_or_default().iter().filter_map(told).collect();
    let numbers = if numbers.is_empty() { String::new() } else { format!(": {}", numbers.join(", ")) };
    format!("{check} isn't true{numbers}.")
}

/// What turned out to be right.
fn answer(predict: &Predict, facts: &mut Facts) -> Result<String, String> {
    if let Some(number) = &predict.number {
        return facts.filled(&format!("{{{number}}}"), None);
    }
    let mut right = Vec::new();
    for choice in &predict.choices {
        if facts.holds(&choice.when)? {
            right.push(choice.say.clone());
        }
    }
    match &right[..] {
        [only] => Ok(only.clone()),
        several => Err(format!("Exactly one choice must turn out to be right, not {}.", several.len())),
    }
}

/// Trains as far as a step says.
fn go(stage: &mut Stage, going: &Going, kept: &BTreeMap<String, f64>) -> Result<(), String> {
    let (from, epochs) = (stage.run.machine().step(), stage.run.epochs_done());
    let at_most = going.at_most.unwrap_or(AT_MOST);
    loop {
        let (step, done) = (stage.run.machine().step() - from, stage.run.epochs_done() - epochs);
        let is_reached = match &going.until {
            Some(until) => step > 0 && Facts::of(Some(stage), kept).holds(until)?,
            None => going.steps.is_some_and(|steps| step >= steps) || going.epochs.is_some_and(|n| done >= n),
        };
        if is_reached {
            return Ok(());
        }
        if let Some(until) = going.until.as_ref().filter(|_| step >= at_most) {
            return Err(format!("After {} this still isn't true: {until}.", counted(step as usize, "step")));
        }
        if stage.run.finished().is_some() {
            return Err(format!("Training ended after {}, before that.", counted(step as usize, "step")));
        }
        let row = stage.run.step().map_err(|error| error.to_string())?;
        stage.last = Some(row.loss);
        if row.epoch_done && !stage.run.dataset().validation.is_empty() {
            let scores = stage.run.evaluate().map_err(|error| error.to_string())?;
            stage.run.judge(&scores).map_err(|error| error.to_string())?;
        }
    }
}
