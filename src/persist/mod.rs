//! Floor 4: what is kept on disk: project files and their migrations, checkpoints, autosave, the user's settings,
//! exported tensors.

mod arrangement;
pub mod checkpoint;
mod home;
pub mod project_file;
mod runs;
mod session_folder;
mod settings;
pub mod tensor_file;

pub use arrangement::{Area, Arrangement};
pub use home::Home;
pub use project_file::FileError;
pub use runs::{Desk, RunFolder, Stamp};
pub use session_folder::{Left, Note, Opened, RunNote, SessionFolder};
pub use settings::{KeepRuns, Recent, Settings, Theme};
