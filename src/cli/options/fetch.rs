//! Options of `fetch`.

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox fetch\n  glassbox fetch mnist\n  glassbox fetch cifar-10")]
pub struct FetchOptions {
    /// One of the sets that `glassbox fetch` lists (default: list them).
    pub name: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}
