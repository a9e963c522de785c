//! The arguments of `glassbox cache`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  glassbox cache\n  glassbox cache clear --older-than 30d\n  \
    glassbox cache clear --all\n  glassbox cache limit 50GB")]
pub struct CacheOptions {
    #[command(subcommand)]
    pub action: Option<CacheAction>,
    /// Print one JSON object.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum CacheAction {
    /// Remove the rows of tables that have changed or are gone; nothing that is in use.
    Clear(ClearOptions),
    /// Set how much disk space converted tables may take.
    Limit {
        /// As in 500MB or 50GB.
        size: String,
    },
}

#[derive(Debug, Args)]
pub struct ClearOptions {
    /// Remove those of every table.
    #[arg(long, conflicts_with = "older_than")]
    pub all: bool,
    /// Remove what hasn't been used for this long: 30d, 12h, 90min.
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,
}
