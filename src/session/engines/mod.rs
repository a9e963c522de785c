//! Other frameworks on this machine: which Python interpreters have them, and their training of an exported project as
//! a child process. Nothing here is needed for anything else.

mod contest;
mod interpreter;
mod log;
mod process;
mod race;
mod racer;
#[cfg(test)]
pub mod test_python;
#[cfg(test)]
mod tests;

pub use contest::{Contest, Order};
pub use interpreter::{Found, INSTALL, Interpreter, look_around};
pub use log::{Log, Told};
pub use process::Failure;
pub use race::{Compared, Finish, Standing, Wishes, beside, compare, csv, differences, run};
pub use racer::{Course, Racer, Status};

use crate::interop::Framework;

/// Who trains.
#[derive(Clone, Debug, PartialEq)]
pub enum Engine {
    /// This program.
    Glassbox,
    /// A framework in an interpreter that has it, Keras with what it computes with.
    Framework(Framework, Interpreter, Option<Backend>),
}

/// What Keras computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The usual one.
    TensorFlow,
    /// JAX.
    Jax,
    /// PyTorch.
    PyTorch,
}

impl Backend {
    /// All, the usual one first.
    pub const ALL: [Self; 3] = [Self::TensorFlow, Self::Jax, Self::PyTorch];

    /// "JAX"
    pub fn name(self) -> &'static str {
        match self {
            Self::TensorFlow => "TensorFlow",
            Self::Jax => "JAX",
            Self::PyTorch => "PyTorch",
        }
    }

    /// As `KERAS_BACKEND` says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::TensorFlow => "tensorflow",
            Self::Jax => "jax",
            Self::PyTorch => "torch",
        }
    }

    /// What is installed to have it.
    pub fn package(self) -> &'static str {
        self.word()
    }
}

impl Engine {
    /// As the command line says it: "glassbox", "pytorch", "keras-jax".
    pub fn word(&self) -> &'static str {
        match self {
            Self::Glassbox => "glassbox",
            Self::Framework(_, _, Some(Backend::Jax)) => "keras-jax",
            Self::Framework(_, _, Some(Backend::PyTorch)) => "keras-torch",
            Self::Framework(framework, ..) => framework.word(),
        }
    }

    /// "PyTorch 2.4.1", "Keras 3.15.0 on JAX"
    pub fn title(&self) -> String {
        match self {
            Self::Glassbox => format!("Glassbox {}", env!("CARGO_PKG_VERSION")),
            Self::Framework(framework, interpreter, backend) => {
                let version = interpreter.version_of(*framework).unwrap_or_default();
                // "2.15.0+cpu" is the same arithmetic.
                let version = version.split('+').next().unwrap_or_default();
                let on = backend.filter(|backend| *backend != Backend::TensorFlow);
                let on = on.map_or(String::new(), |backend| format!(" on {}", backend.name()));
                format!("{} {version}{on}", framework.name())
            }
        }
    }

    /// The framework, where it is one.
    pub fn framework(&self) -> Option<Framework> {
        match self {
            Self::Glassbox => None,
            Self::Framework(framework, ..) => Some(*framework),
        }
    }

    /// Everybody who can train with these interpreters, each framework in each version once: Glassbox first.
    pub fn all(interpreters: &[Interpreter]) -> Vec<Self> {
        let mut all = vec![Self::Glassbox];
        for framework in Framework::ALL {
            for interpreter in interpreters.iter().filter(|there| there.version_of(framework).is_some()) {
                let here = |backend| Self::Framework(framework, interpreter.clone(), backend);
                let new: Vec<Self> = match framework {
                    Framework::Keras => interpreter.backends().map(|backend| here(Some(backend))).collect(),
                    Framework::PyTorch | Framework::TensorFlow => vec![here(None)],
                };
                let is_new = |engine: &Self| all.iter().all(|known| known.title() != engine.title());
                let new: Vec<Self> = new.into_iter().filter(is_new).collect();
                all.extend(new);
            }
        }
        all
    }

    /// The first of this word among those that the interpreters have. Errors: a sentence with what to install.
    pub fn named(word: &str, interpreters: &[Interpreter]) -> Result<Self, String> {
        let all = Self::all(interpreters);
        if let Some(found) = all.iter().find(|engine| engine.word() == word) {
            return Ok(found.clone());
        }
        let keras = |engine: &&Self| word == "keras" && engine.framework() == Some(Framework::Keras);
        if let Some(found) = all.iter().find(keras) {
            return Ok(found.clone());
        }
        let package = match word {
            "pytorch" => "torch",
            "tensorflow" => "tensorflow",
            "keras" => "keras tensorflow",
            "keras-jax" => "keras jax",
            "keras-torch" => "keras torch",
            _ => {
                return Err(format!(
                    "There is no engine '{word}'. Choose from glassbox, pytorch, tensorflow, keras, keras-jax, keras-torch."
                ));
            }
        };
        Err(format!(
            "No Python here has {}. Install it with: python3 -m pip install {package}. Then name the interpreter with \
             --python if it isn't the first on the path.",
            package.replace(' ', " and "),
        ))
    }
}
