//! Floor 4: what is kept on disk: project files and their migrations, checkpoints, autosave, the user's settings, exported
//! tensors.

pub mod checkpoint;
mod home;
pub mod project_file;
mod runs;
mod settings;
pub mod tensor_file;

pub use home::{AutosaveNote, Home};
pub use project_file::FileError;
pub use runs::{Desk, RunFolder, Stamp};
pub use settings::{KeepRuns, Recent, Settings, Theme};
