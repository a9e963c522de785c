//! Options of `lesson`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox lesson list\n  glassbox lesson run step-size\n  glassbox lesson check \
    mine.json\n  glassbox lesson run mine.json --seed 3 --json\n\nHow a lesson is written: docs/lessons.md.")]
pub struct LessonOptions {
    #[command(subcommand)]
    pub action: LessonAction,
    /// Print one JSON object.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum LessonAction {
    /// List the lessons in the program.
    List,
    /// Check a lesson file and print everything that is wrong with it. Nothing is trained.
    Check {
        /// A lesson file (*.json).
        file: PathBuf,
    },
    /// Carry out a whole lesson as a script: everything it sets up, trains, asks and checks.
    Run {
        /// A lesson from the list, or a lesson file.
        #[arg(value_name = "NAME_OR_FILE")]
        lesson: PathBuf,
        /// Seed for data and initial weights, instead of the lesson's own.
        #[arg(long, value_name = "S", value_parser = super::seed)]
        seed: Option<u64>,
    },
}
