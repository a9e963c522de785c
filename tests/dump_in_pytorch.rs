//! A dumped step computed again by PyTorch, through `scripts/recompute_dump.py`. Not run where no Python has torch; the
//! variable `PYTHON` names another interpreter.

use std::path::Path;
use std::process::{Command, Output};

fn must(output: &Output) {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// The interpreter that `PYTHON` names, or the first on the path, or the system's own (Debian's python3-torch).
fn python_with_torch() -> Option<String> {
    let named = std::env::var("PYTHON").ok();
    let known = named.map_or_else(|| vec!["python3".to_owned(), "/usr/bin/python3".to_owned()], |python| vec![python]);
    known.into_iter().find(|python| {
        let torch = Command::new(python).args(["-c", "import torch"]).output();
        torch.is_ok_and(|output| output.status.success())
    })
}

#[test]
fn losses_gradients_and_updates_agree_with_pytorch() {
    let Some(python) = python_with_torch() else {
        println!("not run: losses_gradients_and_updates_agree_with_pytorch (no Python with torch)");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/recompute_dump.py");
    let folder = tempfile::tempdir().unwrap();
    let glassbox = |arguments: &[&str]| {
        must(
            &Command::new(env!("CARGO_BIN_EXE_glassbox")).args(arguments).current_dir(folder.path()).output().unwrap(),
        );
    };
    let recompute = |dump: &str| Command::new(&python).arg(&script).arg(folder.path().join(dump)).output().unwrap();
    for (template, step) in [("xor", "5"), ("digits-cnn", "2"), ("digits-lstm", "2")] {
        glassbox(&["new", template, "-o", "project.glassbox.json"]);
        glassbox(&["debug", "project.glassbox.json", "--steps", step, "--dump", "step.safetensors"]);
        must(&recompute("step.safetensors"));
        std::fs::remove_file(folder.path().join("project.glassbox.json")).unwrap();
    }
    // A number changed inside the step does not follow from the rest, and is found.
    glassbox(&["new", "xor", "-o", "xor.glassbox.json"]);
    let edited = "goto 4; step; next; set %2[0, 0] = 3; goto 5; dump edited.safetensors";
    glassbox(&["debug", "xor.glassbox.json", "--command", edited]);
    let found = recompute("edited.safetensors");
    assert!(!found.status.success() && String::from_utf8_lossy(&found.stderr).contains("differs"));
}
