//! `glassbox debug`: the training that runs, stopped between any two instructions, backwards and forwards.

mod branches;
mod breaks;
mod changing;
mod command;
mod explain;
mod help;
mod moving;
mod obey;
mod prompt;
mod show;
mod values;

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::options::DebugOptions;
use super::prepare;
use crate::engine::{Device, Threads};
use crate::trainer::Debugger;

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
            Some(text.with_context(|| format!("The script cannot be read: {}", path.display()))?)
        }
        (None, command) => command.clone(),
    };
    let start = prepare::Start {
        file: &options.file,
        data: options.data.as_deref(),
        epochs: None,
        seed: options.seed,
        resume: options.resume.as_deref(),
    };
    let run = prepare::run(&start, device)?;
    let interrupted = Arc::new(AtomicBool::new(false));
    let mut console = Console::new(Debugger::new(run, (options.memory as usize) << 20)?, interrupted.clone());
    match (options.steps.zip(options.dump.as_deref()), commands) {
        (Some((step, path)), _) => {
            let went = console.obey(&format!("goto {step}"));
            let said = went.and_then(|_| console.dump(path)).map_err(anyhow::Error::msg)?;
            say("dump", &said, options.json);
            Ok(())
        }
        (None, Some(commands)) => script(&mut console, &commands, options.json),
        (None, None) if std::io::stdin().is_terminal() => {
            signal_hook::flag::register(signal_hook::consts::SIGINT, interrupted)?;
            converse(&mut console, options.json)
        }
        (None, None) => pipe(&mut console, options.json),
    }
}

/// What a command answers.
pub struct Said {
    pub text: String,
    pub json: Value,
}

fn say(command: &str, said: &Said, as_json: bool) {
    if as_json {
        let mut object = json!({ "command": command });
        if let (Some(object), Some(fields)) = (object.as_object_mut(), said.json.as_object()) {
            object.extend(fields.clone());
        }
        println!("{object}");
    } else if !said.text.is_empty() {
        println!("{}", said.text);
    }
}

/// The first command that cannot be carried out ends it.
fn script(console: &mut Console, text: &str, as_json: bool) -> anyhow::Result<()> {
    for (i, line) in command::split(text).iter().enumerate() {
        match console.obey(line) {
            Ok(Some(said)) => say(line, &said, as_json),
            Ok(None) => break,
            Err(sentence) => bail!("Command {} ({line}): {sentence}", i + 1),
        }
    }
    Ok(())
}

/// Asks until there is nothing more. What cannot be done is said, and asked again.
fn converse(console: &mut Console, as_json: bool) -> anyhow::Result<()> {
    let mut prompt = Prompt::new();
    let mut last = String::new();
    eprintln!(
        "{}\n'help' shows the commands; an empty line repeats the last one, Ctrl-C ends a long way.",
        console.place().text
    );
    while let Some(line) = prompt.read(console.debugger().names()).context("The commands cannot be read")? {
        let line = if line.trim().is_empty() { last.clone() } else { line };
        if !obey_all(console, &line, as_json).goes_on {
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
        let line = line.context("The commands cannot be read")?;
        let obeyed = obey_all(console, &line, as_json);
        failed += obeyed.failed;
        if !obeyed.goes_on {
            break;
        }
    }
    match failed {
        0 => Ok(()),
        1 => bail!("1 command could not be carried out."),
        n => bail!("{n} commands could not be carried out."),
    }
}

struct Obeyed {
    goes_on: bool,
    failed: usize,
}

/// The commands of a line.
fn obey_all(console: &mut Console, line: &str, as_json: bool) -> Obeyed {
    let mut failed = 0;
    for command in command::split(line) {
        let outcome = console.obey(&command);
        console.take_notices().iter().for_each(|notice| eprintln!("{notice}"));
        match outcome {
            Ok(Some(said)) => say(&command, &said, as_json),
            Ok(None) => return Obeyed { goes_on: false, failed },
            Err(sentence) => {
                failed += 1;
                if as_json {
                    println!("{}", json!({ "command": command, "error": sentence }));
                } else {
                    eprintln!("{sentence}");
                }
            }
        }
    }
    Obeyed { goes_on: true, failed }
}
