//! What is wrong with a lesson, as far as the file alone can tell.

use std::collections::BTreeSet;

use super::{Lesson, Predict, Run, Step, placeholders, project};
use crate::expr::parse;
use crate::model::Project;

/// Something that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 for the lesson as a whole.
    pub step: usize,
    /// The field, as `predict.choices`.
    pub field: String,
    /// A sentence.
    pub words: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.step {
            0 => write!(f, "{}: {}", self.field, self.words),
            step => write!(f, "step {step}, {}: {}", self.field, self.words),
        }
    }
}

/// Collects what is wrong with one step.
struct Judge<'a> {
    step: usize,
    found: &'a mut Vec<Fault>,
}

impl Judge<'_> {
    fn say(&mut self, field: &str, words: impl Into<String>) {
        self.found.push(Fault { step: self.step, field: field.to_owned(), words: words.into() });
    }

    fn condition(&mut self, field: &str, text: &str) {
        if let Err(error) = parse(text) {
            self.say(field, error.message);
        }
    }

    fn text(&mut self, field: &str, text: &str) {
        if text.matches('{').count() != text.matches('}').count() {
            self.say(field, "A brace is opened and not closed, or closed and not opened.");
        }
        for inside in placeholders(text).into_iter().filter(|inside| *inside != "prediction") {
            if let Err(error) = parse(inside) {
                self.say(field, format!("{{{inside}}}: {}", error.message));
            }
        }
    }

    fn run(&mut self, run: &Run) {
        let ways = [run.steps.is_some(), run.epochs.is_some(), run.until.is_some()];
        if ways.iter().filter(|given| **given).count() != 1 {
            self.say("run", "Give exactly one of steps, epochs and until.");
        }
        if run.at_most.is_some() && run.until.is_none() {
            self.say("run.at_most", "It only works with until.");
        }
        if run.steps == Some(0) || run.epochs == Some(0) || run.at_most == Some(0) {
            self.say("run", "The number must be at least 1.");
        }
        if let Some(until) = &run.until {
            self.condition("run.until", until);
        }
    }

    fn predict(&mut self, predict: &Predict) {
        self.text("predict.question", &predict.question);
        match (&predict.number, predict.choices.len()) {
            (Some(number), 0) => {
                if let Err(error) = parse(number) {
                    self.say("predict.number", error.message);
                }
            }
            (Some(_), _) => self.say("predict", "Give either choices or a number."),
            (None, 0 | 1) => self.say("predict.choices", "A question needs at least two choices, or a number."),
            (None, _) => predict.choices.iter().for_each(|choice| self.condition("predict.choices", &choice.when)),
        }
        if predict.within.is_some_and(|within| within.is_nan() || within < 0.0) {
            self.say("predict.within", "It must be 0 or more.");
        }
    }

    fn step(&mut self, step: &Step, before: &mut Option<Project>) {
        if let Some(setup) = &step.setup {
            match project(setup, before.as_ref()) {
                Ok(project) => *before = Some(project),
                Err(words) => self.say("setup", words),
            }
        }
        let needs = step.run.is_some() || step.check.is_some() || !step.keep.is_empty();
        if before.is_none() && step.setup.is_none() && needs {
            self.say("setup", "There is no network yet: this step or one before it needs a setup.");
        }
        self.text("text", &step.text);
        step.explain.iter().for_each(|text| self.text("explain", text));
        step.predict.iter().for_each(|predict| self.predict(predict));
        step.run.iter().for_each(|run| self.run(run));
        step.check.iter().for_each(|check| self.condition("check", check));
        for (name, expression) in &step.keep {
            if let Err(error) = parse(expression) {
                self.say(&format!("keep.{name}"), error.message);
            }
        }
    }
}

/// Everything that is wrong with a lesson, in the order of its steps.
pub fn faults(lesson: &Lesson) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut whole = Judge { step: 0, found: &mut found };
    if lesson.steps.is_empty() {
        whole.say("steps", "A lesson needs at least one step.");
    }
    if lesson.title.trim().is_empty() {
        whole.say("title", "A lesson needs a title.");
    }
    if lesson.minutes == 0 {
        whole.say("minutes", "It must be at least 1.");
    }
    let (mut before, mut kept) = (None, BTreeSet::new());
    for (at, step) in lesson.steps.iter().enumerate() {
        let mut judge = Judge { step: at + 1, found: &mut found };
        judge.step(step, &mut before);
        for name in step.keep.keys() {
            if !kept.insert(name) {
                judge.say(&format!("keep.{name}"), "A step before keeps another number by this name.");
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(steps: &str) -> String {
        let text = format!(r#"{{"glassbox_lesson": 1, "title": "T", "minutes": 1, "about": "A", "steps": [{steps}]}}"#);
        let found = faults(&Lesson::from_text(&text).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_fault_is_told_with_its_step_and_field() {
        let good = r#"{"title": "t", "text": "x", "setup": {"template": "xor"}, "run": {"steps": 1}}"#;
        assert_eq!(said(good), "");
        for (step, words) in [
            (r#"{"title": "t", "text": "x", "run": {"steps": 1}}"#, "step 1, setup: There is no network"),
            (r#"{"title": "t", "text": "{step +}"}"#, "step 1, text: {step +}"),
            (r#"{"title": "t", "text": "{step"}"#, "step 1, text: A brace"),
            (r#"{"title": "t", "text": "x", "setup": {"template": "no"}}"#, "step 1, setup: template"),
            (r#"{"title": "t", "text": "x", "setup": {"template": "xor"}, "run": {}}"#, "step 1, run: Give exactly"),
            (r#"{"title": "t", "text": "x", "setup": {"template": "xor"}, "check": "loss <"}"#, "step 1, check"),
            (r#"{"title": "t", "text": "x", "predict": {"question": "q?"}}"#, "step 1, predict.choices"),
        ] {
            assert!(said(step).contains(words), "{step}: {}", said(step));
        }
        assert_eq!(said(""), "steps: A lesson needs at least one step.");
    }

    #[test]
    fn a_misspelt_field_is_told_with_its_line() {
        let text = "{\"glassbox_lesson\": 1,\n\"titel\": \"T\"}";
        let said = Lesson::from_text(text).unwrap_err().to_string();
        assert!(said.contains("titel") && said.contains("line 2"), "{said}");
        let newer = r#"{"glassbox_lesson": 2, "title": "T", "minutes": 1, "about": "A", "steps": []}"#;
        assert!(Lesson::from_text(newer).unwrap_err().to_string().contains("format is 2"));
    }
}
