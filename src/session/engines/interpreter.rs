//! Python interpreters and the frameworks that they have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::interop::Framework;

/// An interpreter that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// As it was named or found.
    pub path: PathBuf,
    /// "3.11.2"
    pub python: String,
    /// Versions by the name of the package; only those that are there.
    pub packages: BTreeMap<String, String>,
}

/// Asks for versions without loading anything, which takes seconds.
const ASK: &str = r#"
import importlib.metadata as metadata, json, platform
packages = {}
for name in ("torch", "tensorflow", "tensorflow-cpu", "keras", "jax", "numpy"):
    try:
        packages[name.removesuffix("-cpu")] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps({"python": platform.python_version(), "packages": packages}))
"#;

#[derive(Deserialize)]
struct Answer {
    python: String,
    packages: BTreeMap<String, String>,
}

impl Interpreter {
    /// Asks one. Errors: a sentence.
    pub fn look(path: &Path) -> Result<Self, String> {
        let asked = Command::new(path).args(["-c", ASK]).stdin(Stdio::null()).output();
        let output = asked.map_err(|error| format!("{} can't be started: {error}.", path.display()))?;
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("{} isn't a Python 3 interpreter that answers.", path.display()))?;
        Ok(Self { path: path.to_owned(), python: answer.python, packages: answer.packages })
    }

    /// The version of a framework that it has.
    pub fn version_of(&self, framework: Framework) -> Option<&str> {
        self.packages.get(framework.package()).map(String::as_str)
    }
}

/// Those that are named, and the first of the path and of the system; each once, and only those that have anything.
pub fn look_around(named: &[PathBuf]) -> Vec<Interpreter> {
    let from_variable = std::env::var_os("GLASSBOX_FRAMEWORKS");
    let from_variable = from_variable.iter().flat_map(std::env::split_paths);
    let usual = ["python3", "/usr/bin/python3", "python"].map(PathBuf::from);
    let mut found: Vec<Interpreter> = Vec::new();
    for path in named.iter().cloned().chain(from_variable).chain(usual) {
        let Ok(interpreter) = Interpreter::look(&path) else { continue };
        let is_new = |known: &Interpreter| known.packages == interpreter.packages && known.python == interpreter.python;
        let has_any = Framework::ALL.iter().any(|&framework| interpreter.version_of(framework).is_some());
        if has_any && !found.iter().any(is_new) {
            found.push(interpreter);
        }
    }
    found
}
