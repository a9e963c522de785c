//! A dumped step computed again by PyTorch, through `scripts/recompute_dump.py`. Not run where no Python has torch; the
//! variable `PYTHON` names another interpreter.

use std::path::Path;
use std::process::{Command, Output};

fn must(output: &Output) {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

#[test]
fn losses_gradients_and_updates_agree_with_pytorch() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let torch = Command::new(&python).args(["-c", "import torch"]).output();
    if !torch.is_ok_and(|output| output.status.success()) {
        println!("not run: losses_gradients_and_updates_agree_with_pytorch ({python} has no torch)");
        return;
    }
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
