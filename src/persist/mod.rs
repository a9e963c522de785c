//! Floor 4: what is kept on disk: project files and their migrations, checkpoints, autosave, the user's settings.

mod settings;

pub use settings::{Recent, Settings, Theme};
