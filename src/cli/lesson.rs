//! `glassbox lesson`: the list of lessons, one checked, one carried out.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::options::{LessonAction, LessonOptions};
use super::output::{Answered, answer};
use crate::expr::counted;
use crate::lesson::{self, BUILT_IN, Lesson};
use crate::session::lessons::{self, Played};

pub fn run(options: &LessonOptions) -> anyhow::Result<()> {
    match &options.action {
        LessonAction::List => list(options.json),
        LessonAction::Check { file } => check(file, options.json),
        LessonAction::Run { lesson, seed } => play(lesson, *seed, options.json),
    }
}

fn list(as_json: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for (name, text) in BUILT_IN {
        let lesson = Lesson::from_text(text).with_context(|| format!("the lesson {name}"))?;
        let Lesson { title, minutes, about, .. } = &lesson;
        if as_json {
            let steps = lesson.steps.len();
            all.push(json!({ "name": name, "title": title, "minutes": minutes, "about": about, "steps": steps }));
        } else {
            answer(format_args!("{name:<16} {title} ({minutes} min): {about}"))?;
        }
    }
    if as_json {
        answer(json!({ "lessons": all }))?;
    }
    Ok(())
}

/// A lesson of the program by its name, or one in a file.
fn text(named: &Path) -> anyhow::Result<String> {
    let own = named.to_str().and_then(lesson::find).filter(|_| !named.exists());
    if let Some(text) = own {
        return Ok(text.to_owned());
    }
    let is_word = named.extension().is_none() && named.components().count() == 1 && !named.exists();
    if is_word {
        let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        bail!("There is no lesson or file {:?}. The lessons are: {}.", named.display().to_string(), names.join(", "));
    }
    std::fs::read_to_string(named).with_context(|| format!("Can't read {}", named.display()))
}

fn checked(named: &Path, as_json: bool) -> anyhow::Result<Lesson> {
    let lesson = Lesson::from_text(&text(named)?).with_context(|| named.display().to_string())?;
    let faults = lessons::faults(&lesson);
    if faults.is_empty() {
        return Ok(lesson);
    }
    let sentence = format!("{} in {}.", counted(faults.len(), "fault"), named.display());
    if as_json {
        let all: Vec<_> = faults
            .iter()
            .map(|fault| json!({ "step": fault.step, "field": fault.field, "words": fault.words }))
            .collect();
        answer(json!({ "error": sentence, "faults": all }))?;
    } else {
        faults.iter().try_for_each(|fault| answer(fault).map(drop))?;
    }
    Err(Answered(sentence).into())
}

fn check(file: &Path, as_json: bool) -> anyhow::Result<()> {
    let lesson = checked(file, as_json)?;
    if as_json {
        answer(json!({ "title": lesson.title, "steps": lesson.steps.len(), "faults": [] }))?;
    } else {
        answer(format_args!("{}: {}, no faults.", lesson.title, counted(lesson.steps.len(), "step")))?;
    }
    Ok(())
}

fn play(named: &Path, seed: Option<u64>, as_json: bool) -> anyhow::Result<()> {
    let lesson = checked(named, as_json)?;
    let (mut steps, mut told) = (Vec::new(), Ok(true));
    let outcome = lessons::play(&lesson, seed, &mut |played| match as_json {
        true => steps.push(object(played)),
        false if told.is_ok() => told = answer(page(played)),
        false => {}
    });
    told?;
    if as_json {
        let error = outcome.as_ref().err().map(ToString::to_string);
        let mut all = json!({ "title": lesson.title, "met": outcome.is_ok(), "steps": steps });
        error.into_iter().for_each(|error| all["error"] = Value::String(error));
        answer(all)?;
    }
    outcome.map_err(|error| Answered(error.to_string()).into())
}

/// A step for people.
fn page(played: &Played) -> String {
    let mut lines = vec![played.title.clone(), played.text.clone()];
    lines.extend(played.answer.iter().map(|answer| format!("Answer: {answer}")));
    lines.extend(played.explain.clone());
    lines.extend(played.check.iter().map(|(check, is_met)| {
        let word = if *is_met { "met" } else { "not met" };
        format!("[step {}] {word}: {check}", played.at.unwrap_or(0))
    }));
    lines.join("\n") + "\n"
}

fn object(played: &Played) -> Value {
    let check = played.check.as_ref().map(|(check, is_met)| json!({ "condition": check, "met": is_met }));
    json!({
        "title": played.title, "text": played.text, "answer": played.answer, "step": played.at, "check": check,
        "explain": played.explain,
    })
}
