//! Other frameworks on this machine: which Python interpreters have them, and their training of an exported project as
//! a child process. Nothing here is needed for anything else.

mod interpreter;
mod race;
mod racer;

pub use interpreter::{Interpreter, look_around};
pub use race::{Compared, Finish, compare};
pub use racer::{Racer, Status};

use crate::interop::Framework;

/// Who trains.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// This program.
    Glassbox,
    /// A framework in an interpreter that has it.
    Framework(Framework, Interpreter),
}

impl Engine {
    /// As the command line says it: "glassbox", "pytorch".
    pub fn word(&self) -> &'static str {
        match self {
            Self::Glassbox => "glassbox",
            Self::Framework(framework, _) => framework.word(),
        }
    }

    /// "PyTorch 2.4.1"
    pub fn title(&self) -> String {
        match self {
            Self::Glassbox => format!("Glassbox {}", env!("CARGO_PKG_VERSION")),
            Self::Framework(framework, interpreter) => {
                let version = interpreter.version_of(*framework).unwrap_or_default();
                format!("{} {version}", framework.name())
            }
        }
    }

    /// The one of this word, in the first interpreter that has it. Errors: a sentence with what to install.
    pub fn named(word: &str, interpreters: &[Interpreter]) -> Result<Self, String> {
        if word == "glassbox" {
            return Ok(Self::Glassbox);
        }
        let Some(framework) = Framework::ALL.into_iter().find(|framework| framework.word() == word) else {
            let words: Vec<_> = Framework::ALL.iter().map(|framework| framework.word()).collect();
            return Err(format!("There is no engine '{word}'. Choose from glassbox, {}.", words.join(", ")));
        };
        let has = |interpreter: &&Interpreter| interpreter.version_of(framework).is_some();
        match interpreters.iter().find(has) {
            Some(interpreter) => Ok(Self::Framework(framework, interpreter.clone())),
            None => Err(format!(
                "No Python here has {}. Install it with: python3 -m pip install {}. Then name the interpreter with \
                 --python if it isn't the first on the path.",
                framework.name(),
                framework.package()
            )),
        }
    }
}
