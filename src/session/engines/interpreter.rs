//! Python interpreters and the frameworks that they have.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Backend;
use crate::interop::Framework;

/// An interpreter that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// As it calls itself, or else as it was named.
    pub path: PathBuf,
    /// "3.11.2"
    pub python: String,
    /// Versions by the name of the package; only those that are there.
    pub packages: BTreeMap<String, String>,
    /// How somebody named it, who may forget it again.
    #[serde(skip)]
    pub named: Option<PathBuf>,
}

/// Asks for versions without loading anything, which takes seconds.
const ASK: &str = r#"
import importlib.metadata as metadata, json, platform, sys
packages = {}
for name in ("torch", "tensorflow", "tensorflow-cpu", "keras", "jax", "numpy"):
    try:
        packages[name.removesuffix("-cpu")] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
print(json.dumps({"python": platform.python_version(), "path": sys.executable, "packages": packages}))
"#;

/// What does not answer for so long hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// An answer is short.
const LONGEST: u64 = 1 << 16;

#[derive(Deserialize)]
struct Answer {
    python: String,
    #[serde(default)]
    path: PathBuf,
    packages: BTreeMap<String, String>,
}

impl Interpreter {
    /// Asks one; of a virtual environment its folder will do. Errors: a sentence.
    pub fn look(path: &Path) -> Result<Self, String> {
        Self::look_for(path, PATIENCE)
    }

    fn look_for(path: &Path, patience: Duration) -> Result<Self, String> {
        let path = &program(path);
        let shown = path.display();
        let text = asked(path, patience)?;
        let answer: Option<Answer> = text.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        let answer = answer.ok_or_else(|| format!("{shown} isn't a Python interpreter, version 3.9 or newer."))?;
        let path = if answer.path.is_absolute() { answer.path } else { path.clone() };
        Ok(Self { path, python: answer.python, packages: answer.packages, named: None })
    }

    /// The version of a framework that it has.
    pub fn version_of(&self, framework: Framework) -> Option<&str> {
        self.packages.get(framework.package()).map(String::as_str)
    }

    /// What Keras can compute with here, the usual one first.
    pub fn backends(&self) -> impl Iterator<Item = Backend> + '_ {
        let has_keras = self.version_of(Framework::Keras).is_some();
        Backend::ALL.into_iter().filter(move |backend| has_keras && self.packages.contains_key(backend.package()))
    }

    /// "Python 3.11.7: torch 2.15.0, keras 3.15.0 (on TensorFlow and JAX)", without what is no framework.
    pub fn words(&self) -> String {
        let on: Vec<_> = self.backends().map(Backend::name).collect();
        let word = |(name, version): (&String, &String)| match name.as_str() {
            "numpy" => None,
            "keras" if on.is_empty() => Some(format!("keras {version} (without a backend)")),
            "keras" => Some(format!("keras {version} (on {})", on.join(", "))),
            _ => Some(format!("{name} {version}")),
        };
        let all: Vec<_> = self.packages.iter().filter_map(word).collect();
        format!("Python {}: {}", self.python, if all.is_empty() { "no framework".into() } else { all.join(", ") })
    }

    /// Whether there is anything to train with.
    fn is_any(&self) -> bool {
        Framework::ALL.iter().any(|&framework| self.version_of(framework).is_some())
    }
}

/// The interpreter of a virtual environment, where its folder is named.
fn program(path: &Path) -> PathBuf {
    let inside = ["bin/python", "Scripts/python.exe", "python.exe"].map(|inside| path.join(inside));
    let found = inside.into_iter().find(|inside| path.is_dir() && inside.exists());
    found.unwrap_or_else(|| path.to_owned())
}

/// What it prints. Errors: it cannot be started, or does not come to an end.
fn asked(path: &Path, patience: Duration) -> Result<String, String> {
    let shown = path.display();
    let mut command = Command::new(path);
    command.args(["-c", ASK]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("{shown} can't be started: {error}."))?;
    let (sender, text) = channel();
    if let Some(out) = child.stdout.take() {
        let read = move || {
            let mut text = Vec::new();
            let _ = out.take(LONGEST).read_to_end(&mut text);
            // Who asked may have lost patience.
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        };
        let started = std::thread::Builder::new().name("python".into()).spawn(read);
        started.map_err(|error| format!("{shown} can't be asked: {error}."))?;
    }
    let until = Instant::now() + patience;
    let text = text.recv_timeout(patience);
    // With its output closed it is about to end.
    while text.is_ok() && matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
    let has_ended = matches!(child.try_wait(), Ok(Some(_)));
    if !has_ended {
        let _ = child.kill();
        let _ = child.wait();
    }
    match text {
        Ok(text) if has_ended => Ok(text),
        _ => Err(format!("{shown} didn't answer.")),
    }
}

/// Where interpreters usually are: the path, the environment in force, and the places of installers.
fn usual() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        all.extend(std::env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from));
    }
    all.extend(["python3", "python"].map(PathBuf::from));
    all.extend(["/usr/bin/python3", "/usr/local/bin/python3", "/opt/homebrew/bin/python3"].map(PathBuf::from));
    let home = directories::UserDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
    let folders = ["miniconda3", "anaconda3", "miniforge3", ".venv"];
    all.extend(home.into_iter().flat_map(|home| folders.map(|folder| home.join(folder))));
    all
}

/// What a look around found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Each once, those that were named first; only those that have anything.
    pub interpreters: Vec<Interpreter>,
    /// Of those that were named: why there is nothing to train with.
    pub problems: Vec<(PathBuf, String)>,
}

/// Those that are named, those of `GLASSBOX_FRAMEWORKS`, and those in the usual places.
pub fn look_around(named: &[PathBuf]) -> Found {
    let from_variable = std::env::var_os("GLASSBOX_FRAMEWORKS");
    let from_variable: Vec<PathBuf> = from_variable.iter().flat_map(std::env::split_paths).collect();
    let mut found = Found::default();
    for (path, is_named) in
        named.iter().map(|path| (path, true)).chain(from_variable.iter().chain(&usual()).map(|path| (path, false)))
    {
        let known =
            |known: &Interpreter, other: &Interpreter| known.packages == other.packages && known.python == other.python;
        match Interpreter::look(path) {
            Ok(interpreter) if !interpreter.is_any() => {
                if is_named {
                    let why = format!("{} has none of torch, keras and tensorflow.", path.display());
                    found.problems.push((path.clone(), why));
                }
            }
            Ok(interpreter) if is_named => {
                found.interpreters.push(Interpreter { named: Some(path.clone()), ..interpreter });
            }
            Ok(interpreter) if found.interpreters.iter().any(|there| known(there, &interpreter)) => {}
            Ok(interpreter) => found.interpreters.push(interpreter),
            Err(why) if is_named => found.problems.push((path.clone(), why)),
            Err(_) => {}
        }
    }
    found
}

/// What to type where there is no framework.
pub const INSTALL: &str = "python3 -m pip install torch keras tensorflow";

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::super::test_python::{Python, python};
    use super::*;

    #[test]
    fn an_interpreter_says_what_it_has_and_one_that_is_none_is_refused_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let found = Interpreter::look(&python(folder.path(), Python::Trains)).unwrap();
        assert_eq!(found.version_of(Framework::PyTorch), Some("9.1.0"));
        assert_eq!(found.backends().collect::<Vec<_>>(), [Backend::PyTorch]);
        assert_eq!(found.words(), "Python 3.99.0: keras 9.2.0 (on PyTorch), torch 9.1.0");
        for (kind, words) in [(Python::Garbage, "isn't a Python interpreter"), (Python::Fails, "isn't a Python")] {
            let why = Interpreter::look(&python(folder.path(), kind)).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
        let why = Interpreter::look(&folder.path().join("missing")).unwrap_err();
        assert!(why.contains("can't be started"), "{why}");
        let hangs = python(folder.path(), Python::Hangs);
        let why = Interpreter::look_for(&hangs, Duration::from_millis(100)).unwrap_err();
        assert!(why.contains("didn't answer"), "{why}");
    }
}
