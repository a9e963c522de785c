//! Floor 6: Glassbox without a window. One file a command.
//!
//! Exit codes: 0 done, 1 failed with a message that says what to do, 2 wrong usage. Progress goes to stderr, results to
//! stdout, `--json` prints one object there (`debug`: one for every command).

pub mod bench;
mod check;
mod debug;
mod new;
mod options;
mod prepare;
mod summary;
mod templates;
mod train;

use std::process::ExitCode;

use clap::Parser;
pub use options::{BenchOptions, Cli, Command};

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
    let outcome = match cli.command {
        None => return Next::Window(cli.file),
        Some(Command::Bench(options)) => return Next::Bench(options),
        Some(Command::Templates(options)) => templates::run(&options),
        Some(Command::New(options)) => new::run(&options),
        Some(Command::Check(options)) => check::run(&options),
        Some(Command::Train(options)) => train::run(&options),
        Some(Command::Debug(options)) => debug::run(&options),
    };
    Next::Exit(report(outcome))
}

/// Prints a failure as a sentence.
pub fn report(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("glassbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}
