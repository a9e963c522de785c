//! `glassbox debug`: the training that runs, stopped between any two instructions, backwards and forwards.

mod command;
mod explain;
mod obey;
mod values;

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::options::DebugOptions;
use super::prepare;
use crate::engine::{Device, Threads};
use crate::trainer::Debugger;

use obey::Console;

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
    let mut console = Console::new(Debugger::new(run, (options.memory as usize) << 20)?);
    match (options.steps.zip(options.dump.as_deref()), commands) {
        (Some((step, path)), _) => {
            let went = console.obey(&format!("goto {step}"));
            let said = went.and_then(|_| console.dump(path)).map_err(anyhow::Error::msg)?;
            say("dump", &said, options.json);
            Ok(())
        }
        (None, Some(commands)) => script(&mut console, &commands, options.json),
        (None, None) => converse(&mut console, options.json),
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

/// Asks until there is nothing more. What cannot be done is said, and asked again; of a pipe the exit code tells of it.
fn converse(console: &mut Console, as_json: bool) -> anyhow::Result<()> {
    let asks = std::io::stdin().is_terminal();
    let (mut last, mut failed) = (String::new(), 0);
    if asks {
        eprintln!("{}\n'help' shows the commands; an empty line repeats the last one.", console.place().text);
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        if asks {
            eprint!("(glassbox) ");
            // A prompt that cannot be shown is no reason to stop.
            let _ = std::io::stderr().flush();
        }
        let Some(line) = lines.next() else { break };
        let line = line.context("The commands cannot be read")?;
        let repeated = if asks && line.trim().is_empty() { last.clone() } else { line };
        for command in command::split(&repeated) {
            let outcome = console.obey(&command);
            console.take_notices().iter().for_each(|notice| eprintln!("{notice}"));
            match outcome {
                Ok(Some(said)) => say(&command, &said, as_json),
                Ok(None) => return finish(asks, failed),
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
        last = repeated;
    }
    finish(asks, failed)
}

fn finish(asks: bool, failed: usize) -> anyhow::Result<()> {
    match failed {
        1 if !asks => bail!("1 command could not be carried out."),
        n if n > 1 && !asks => bail!("{n} commands could not be carried out."),
        _ => Ok(()),
    }
}
