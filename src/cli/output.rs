//! What is printed: answers to stdout, remarks to stderr.
//!
//! A reader such as `head` may have seen enough and be gone. That is no failure: what else the command has to do is
//! done, and its exit code is the usual one. A full disk is a failure.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use serde_json::json;

/// A failure that has been told in the JSON of the answer already.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Answered(pub String);

/// A command that came to another end than it was to, with the exit code that says so. Told in the JSON already.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct Ended {
    pub sentence: String,
    pub code: u8,
    /// To people, too.
    pub is_told: bool,
}

/// A line or several to stdout. Returns whether somebody still reads there.
pub fn answer(text: impl Display) -> anyhow::Result<bool> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error).context("Can't write to standard output"),
    }
}

/// A line to stderr. Where even that cannot be written, nobody is left to be told.
pub fn remark(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// The exit code of an outcome, after its failure has been told: a sentence on stderr, and an object with `error` on
/// stdout where JSON was asked for and none has told of it.
pub fn report(outcome: anyhow::Result<()>, as_json: bool) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let sentence = format!("{error:#}");
    let ended = error.downcast_ref::<Ended>();
    if as_json && ended.is_none() && !error.is::<Answered>() {
        // The sentence below is told anyhow.
        let _ = answer(json!({ "error": sentence }));
    }
    if !ended.is_some_and(|ended| ended.is_told) {
        remark(format_args!("glassbox: {sentence}"));
    }
    ended.map_or(ExitCode::FAILURE, |ended| ended.code.into())
}
