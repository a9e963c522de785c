//! Floor 6: Glassbox without a window. One file a command.
//!
//! Exit codes: 0 done, 1 failed with a message that says what to do, 2 wrong usage. Progress goes to stderr, results to
//! stdout, `--json` prints one object there (`debug`: one for every command); of a failure it is `{"error": SENTENCE}`.

pub mod bench;
mod check;
mod debug;
mod new;
mod options;
mod output;
mod prepare;
mod summary;
mod templates;
mod train;

use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
pub use options::{BenchOptions, Cli, Command};
pub use output::report;

/// A single word that names nothing here: a command mistyped rather than a project.
fn is_no_file(word: &Path) -> bool {
    word.extension().is_none() && word.components().count() == 1 && !word.exists()
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
    let cli = Cli::parse();
    let (outcome, as_json) = match cli.command {
        None => match cli.file {
            Some(word) if is_no_file(&word) => {
                let word = word.display();
                Cli::command()
                    .error(ErrorKind::InvalidSubcommand, format!("there is neither a command nor a file '{word}'"))
                    .exit()
            }
            file => return Next::Window(file),
        },
        Some(Command::Bench(options)) => return Next::Bench(options),
        Some(Command::Templates(options)) => (templates::run(&options), options.json),
        Some(Command::New(options)) => (new::run(&options), false),
        Some(Command::Check(options)) => (check::run(&options), options.json),
        Some(Command::Train(options)) => (train::run(&options), options.json),
        Some(Command::Debug(options)) => (debug::run(&options), options.json),
    };
    Next::Exit(report(outcome, as_json))
}
