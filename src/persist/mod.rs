//! Floor 4: what is kept on disk: project files and their migrations, checkpoints, autosave, the user's settings.

pub mod project_file;
mod settings;

pub use project_file::FileError;
pub use settings::{Recent, Settings, Theme};
