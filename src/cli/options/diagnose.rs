//! What a project is diagnosed by.

use std::path::PathBuf;

use clap::Args;

use super::ComputingOptions;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  glassbox diagnose spiral.glassbox.json\n  glassbox diagnose spiral.glassbox.json --steps \
    2000 --json\n  glassbox diagnose spiral.glassbox.json --run \"first try\"\n  glassbox diagnose spiral.glassbox.json \
    --try\n\nExit codes: 0 nothing serious, 3 something \
    serious, 1 the project couldn't be diagnosed, 2 wrong usage. Every rule is described in docs/diagnosis.md."
)]
pub struct DiagnoseOptions {
    /// A project file.
    pub file: PathBuf,
    /// Diagnose this saved run of the project by its records, instead of training.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["steps", "seed"])]
    pub run: Option<String>,
    /// Train for this many steps in memory. 0 looks only at the network, the settings and the data.
    #[arg(long, value_name = "N", default_value_t = crate::session::diagnosing::STEPS)]
    pub steps: u64,
    /// Try the first remedy of every finding: train from the beginning with and without it over the same batches, and
    /// compare. Nothing is saved.
    #[arg(long = "try")]
    pub tries: bool,
    /// Use this table or folder of pictures instead of the one named in the project.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Seed for initial weights, shuffling and dropout, instead of the project's.
    #[arg(long, value_name = "S", value_parser = super::seed)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub computing: ComputingOptions,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
