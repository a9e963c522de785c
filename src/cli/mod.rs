//! Floor 6: Glassbox without a window. One file a command.
//!
//! Exit codes: 0 done, 1 failed with a message that says what to do, 2 wrong usage, 3 `diagnose` found something
//! serious, 130 and 143 ended by a signal.
//! Progress goes to stderr, results to stdout, `--json` prints one object there (`debug`: one for every command); of a
//! failure it is `{"error": SENTENCE}`.

mod arrive;
pub mod bench;
mod cache;
mod check;
mod columns;
mod debug;
mod diagnose;
mod engines;
mod evaluate;
mod export;
mod fetch;
mod interrupt;
mod lesson;
mod new;
mod onto;
mod options;
mod output;
mod outputs;
mod predict;
mod prepare;
mod race;
mod returned;
mod runs;
mod summary;
mod templates;
mod train;
mod watched;
mod weights;

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
pub use options::{BenchOptions, Cli, Command};
pub use output::report;

use crate::expr::nearest;
/// The first argument where it is a word that names nothing here: a command mistyped rather than a project.
fn mistyped() -> Option<String> {
    let word = std::env::args_os().nth(1)?.into_string().ok()?;
    let is_command = Cli::command().get_subcommands().any(|command| command.get_name() == word) || word == "help";
    let path = Path::new(&word);
    let is_no_file = path.extension().is_none() && path.components().count() == 1 && !path.exists();
    (is_no_file && !is_command && !word.starts_with('-')).then_some(word)
}

/// A command behind the file that it is about.
fn turned_round() -> Option<String> {
    let mut words = std::env::args_os().skip(1);
    let (file, word) = (words.next()?, words.next()?.into_string().ok()?);
    let is_command = |word: &str| Cli::command().get_subcommands().any(|command| command.get_name() == word);
    let comes_late = is_command(&word) && !file.to_str().is_some_and(|file| is_command(file) || file.starts_with('-'));
    comes_late.then(|| format!("the command comes first: glassbox {word} {}", outputs::quoted(Path::new(&file))))
}

/// What a mistyped command may have been.
fn meant(word: &str) -> String {
    let commands = Cli::command();
    let names: Vec<_> = commands.get_subcommands().map(|command| command.get_name()).collect();
    match nearest(word, names.iter().copied()) {
        Some(name) => format!("there is no command or file '{word}'; did you mean '{name}'?"),
        None => format!("there is no command or file '{word}'; the commands are {}", names.join(", ")),
    }
}

/// What is left to do above this floor.
pub enum Next {
    /// Open the window, with a file when one was named.
    Window(Option<std::path::PathBuf>),
    Bench(BenchOptions),
    Exit(ExitCode),
}

/// Reads the arguments and carries out what needs no window.
pub fn run() -> Next {
    if let Some(word) = mistyped() {
        Cli::command().error(ErrorKind::InvalidSubcommand, meant(&word)).exit()
    }
    if let Some(sentence) = turned_round() {
        Cli::command().error(ErrorKind::ArgumentConflict, sentence).exit()
    }
    let cli = Cli::parse();
    let (outcome, as_json) = match cli.command {
        None => return Next::Window(cli.file),
        Some(Command::Bench(options)) => return Next::Bench(options),
        Some(Command::Templates(options)) => (templates::run(&options), options.json),
        Some(Command::New(options)) => (new::run(&options), options.json),
        Some(Command::Import(options)) => (arrive::run(&options), options.json),
        Some(Command::Check(options)) => (check::run(&options), options.json),
        Some(Command::Diagnose(options)) => (diagnose::run(&options), options.json),
        Some(Command::Lesson(options)) => (lesson::run(&options), options.json),
        Some(Command::Train(options)) => (train::run(&options), options.json),
        Some(Command::Runs(options)) => (runs::run(&options), options.json),
        Some(Command::Predict(options)) => (predict::run(&options), options.json),
        Some(Command::Evaluate(options)) => (evaluate::run(&options), options.json),
        Some(Command::Export(options)) => (export::run(&options), options.json),
        Some(Command::Engines(options)) => (engines::run(&options), options.json),
        Some(Command::Race(options)) => (race::run(&options), options.json),
        Some(Command::Fetch(options)) => (fetch::run(&options), options.json),
        Some(Command::Cache(options)) => (cache::run(&options), options.json),
        Some(Command::Debug(options)) => (debug::run(&options), options.json),
    };
    Next::Exit(report(outcome, as_json))
}
