//! Other people's frameworks, where there are any: Python interpreters that have them.
//!
//! `GLASSBOX_FRAMEWORKS` names interpreters that are asked first, as a search path does (`scripts/test --all` makes
//! one). Without a framework a test is named as not run; under CI that is a failure for PyTorch, which the system has,
//! and for the others wherever the variable is set.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An interpreter that can import all of these modules, or `None` after saying which test is not run.
pub fn python_with(modules: &[&str], test: &str) -> Option<PathBuf> {
    let named = std::env::var_os("GLASSBOX_FRAMEWORKS");
    let mut known: Vec<PathBuf> = named.iter().flat_map(std::env::split_paths).collect();
    known.extend(std::env::var_os("PYTHON").map(PathBuf::from));
    known.extend(["python3", "/usr/bin/python3"].map(PathBuf::from));
    let imports = format!("import {}", modules.join(", "));
    let has_all = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", &imports]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    if let Some(python) = known.into_iter().find(has_all) {
        return Some(python);
    }
    let must = std::env::var_os("CI").is_some() && (named.is_some() || modules == ["torch"]);
    assert!(!must, "{test}: no Python has {}", modules.join(" and "));
    println!("not run: {test} (no Python with {})", modules.join(" and "));
    None
}

/// Runs `verify.py` of several folders in one process each after the other, so that a framework is loaded once.
pub fn verify(python: &Path, folders: &[PathBuf]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/interop/verify_all.py");
    Command::new(python).arg(script).args(folders).output().unwrap()
}
