//! `glassbox debug`: the training that runs, stopped between any two instructions, backwards and forwards.

mod branches;
mod breaks;
mod changing;
mod command;
mod completion;
mod curve;
mod explain;
mod help;
mod marks;
mod moving;
mod obey;
mod probe;
mod prompt;
mod show;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::io::{BufRead, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use serde_json::{Value, json};

use super::options::DebugOptions;
use super::output::{Answered, answer, remark};
use super::outputs::FileKind;
use super::prepare;
use crate::engine::{Device, Threads};
use crate::persist::RunFolder;

use branches::Ways;
use obey::Console;
use prompt::Prompt;

pub fn run(options: &DebugOptions) -> anyhow::Result<()> {
    let device = prepare::choose_device(options.device)?;
    let threads = Threads::new(options.threads.map_or(0, usize::from))?;
    threads.run(|| debug(options, device))
}

fn debug(options: &DebugOptions, device: Device) -> anyhow::Result<()> {
    let commands = match (&options.script, &options.command) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path);
            Some(text.with_context(|| format!("Can't read the script: {}", path.display()))?)
        }
        (None, command) => command.clone(),
    };
    let resume = options.resume.as_deref().map(|path| prepare::checkpoint_of(&options.file, path)).transpose()?;
    let start = prepare::Start {
        file: &options.file,
        data: options.data.as_deref(),
        epochs: None,
        seed: options.seed,
        split: None,
        resume: resume.as_deref(),
        other_data: None,
    };
    let project = start.project()?;
    let files = start.files(&project, options.force).reads("the script", options.script.as_deref());
    files.clone().writes("--dump", FileKind::Dump, options.dump.as_deref()).check()?;
    let begun = prepare::run(&start, project, device, false)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let ways = Ways::begin(begun, (options.memory as usize) << 20)?;
    let mut console = Console::new(ways, interrupted.clone(), files);
    console.keep_marks(RunFolder::beside(&options.file));
    match (options.steps.zip(options.dump.as_deref()), commands) {
        (Some((step, path)), _) => {
            let went = console.obey(&format!("goto {step}"));
            let said = went.and_then(|_| console.dump(path)).map_err(anyhow::Error::msg)?;
            say("dump", &said, options.json).map(|_| ())
        }
        (None, Some(commands)) => script(&mut console, options.script.as_deref(), &commands, options.json),
        (None, None) if std::io::stdin().is_terminal() => {
            signal_hook::flag::register(signal_hook::consts::SIGINT, interrupted)?;
            converse(&mut console, Prompt::new()?, options.json)
        }
        (None, None) => pipe(&mut console, options.json),
    }
}

/// Characters of a command that are said again with what is wrong with it.
const EXCERPT: usize = 60;

/// What a command answers.
pub struct Said {
    pub text: String,
    pub json: Value,
}

/// Returns whether somebody still reads.
fn say(command: &str, said: &Said, as_json: bool) -> anyhow::Result<bool> {
    if !as_json {
        return answer(&said.text);
    }
    let mut object = json!({ "command": command });
    if let (Some(object), Some(fields)) = (object.as_object_mut(), said.json.as_object()) {
        object.extend(fields.clone());
    }
    answer(object)
}

/// The first command that cannot be carried out ends it. `file`: where they were read from.
fn script(console: &mut Console, file: Option<&Path>, text: &str, as_json: bool) -> anyhow::Result<()> {
    for (i, (number, line)) in command::split(text).iter().enumerate() {
        let outcome = console.obey(line);
        console.take_notices().iter().for_each(remark);
        match outcome {
            Ok(Some(said)) => say(line, &said, as_json)?,
            Ok(None) => break,
            Err(sentence) => {
                let place = match file {
                    Some(file) => format!("{}, line {number}", file.display()),
                    None => format!("Command {}", i + 1),
                };
                let told = format!("{place} ({}): {sentence}", excerpt(line));
                if as_json {
                    answer(failure(line, &sentence, file.map(|file| (file, *number))))?;
                }
                return Err(Answered(told).into());
            }
        };
    }
    Ok(())
}

/// A command that could not be carried out; `place`: the file and line where a script has it.
fn failure(command: &str, sentence: &str, place: Option<(&Path, usize)>) -> Value {
    let mut object = json!({ "command": command, "error": sentence });
    if let Some((file, line)) = place {
        object["file"] = json!(file.display().to_string());
        object["line"] = json!(line);
    }
    object
}

/// As much of a command as it takes to know it again.
fn excerpt(command: &str) -> String {
    let shown: String = command.chars().take(EXCERPT).collect();
    if shown.len() < command.len() { shown + "…" } else { shown }
}

/// Asks until there is nothing more. What cannot be done is said, and asked again.
fn converse(console: &mut Console, mut prompt: Prompt, as_json: bool) -> anyhow::Result<()> {
    let mut last = String::new();
    let hint = "'help' lists the commands. An empty line repeats the last one, Ctrl-C interrupts, Ctrl-D quits.";
    remark(format_args!("{}\n{hint}", console.place().text));
    while let Some(line) = prompt.read(console.words()).context("Can't read the commands")? {
        let line = if line.trim().is_empty() { last.clone() } else { line };
        if !obey_all(console, &line, as_json)?.goes_on {
            break;
        }
        last = line;
    }
    Ok(())
}

/// Commands from a pipe, each as it comes; the exit code tells whether all could be carried out.
fn pipe(console: &mut Console, as_json: bool) -> anyhow::Result<()> {
    let mut failed = 0;
    for line in std::io::stdin().lock().lines() {
        let line = line.context("Can't read the commands")?;
        let obeyed = obey_all(console, &line, as_json)?;
        failed += obeyed.failed;
        if !obeyed.goes_on {
            break;
        }
    }
    match failed {
        0 => Ok(()),
        1 => Err(Answered("1 command failed.".into()).into()),
        n => Err(Answered(format!("{n} commands failed.")).into()),
    }
}

struct Obeyed {
    /// Whether there is to be another line: nobody has said `quit`, and somebody reads the answers.
    goes_on: bool,
    failed: usize,
}

/// The commands of a line.
fn obey_all(console: &mut Console, line: &str, as_json: bool) -> anyhow::Result<Obeyed> {
    let mut failed = 0;
    let mut is_read = true;
    for (_, command) in command::split(line) {
        let outcome = console.obey(&command);
        console.take_notices().iter().for_each(remark);
        match outcome {
            Ok(Some(said)) => is_read &= say(&command, &said, as_json)?,
            Ok(None) => return Ok(Obeyed { goes_on: false, failed }),
            Err(sentence) => {
                failed += 1;
                if as_json {
                    is_read &= answer(failure(&command, &sentence, None))?;
                } else {
                    remark(sentence);
                }
            }
        }
    }
    Ok(Obeyed { goes_on: is_read, failed })
}
