//! A dumped step computed again by PyTorch, through `scripts/recompute_dump.py`. Not run where no Python has torch; the
//! variable `PYTHON` names another interpreter, as does `GLASSBOX_FRAMEWORKS`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use glassbox::model::layer::{Dense, Loss, LossKind};
use glassbox::model::templates;
use glassbox::persist::project_file;

fn must(output: &Output) {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}

/// A network with two answers and a Loss for each, the second of which counts for half, and a penalty.
fn two_losses() -> String {
    let mut project = templates::build("blobs").unwrap();
    let graph = &mut project.graph;
    let first = graph.find("Dense 1").unwrap().id;
    let aside = graph.add(Dense { units: 3, l2: 0.01, ..Dense::default() }.into(), [0.0, 0.0]);
    let loss = graph.add(Loss { loss: LossKind::Mse, weight: 0.5, ..Loss::default() }.into(), [0.0, 0.0]);
    graph.connect(first, aside).unwrap();
    graph.connect(aside, loss).unwrap();
    project_file::to_text(&project).unwrap()
}

#[test]
fn values_gradients_and_updates_agree_with_pytorch() {
    let test = "values_gradients_and_updates_agree_with_pytorch";
    let Some(python) = support::frameworks::python_with(&["torch"], test) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/recompute_dump.py");
    let folder = tempfile::tempdir().unwrap();
    let glassbox = |arguments: &[&str]| {
        must(
            &Command::new(env!("CARGO_BIN_EXE_glassbox")).args(arguments).current_dir(folder.path()).output().unwrap(),
        );
    };
    let recompute =
        |dumps: &[String]| Command::new(&python).arg(&script).args(dumps).current_dir(folder.path()).output().unwrap();
    let mut dumps = Vec::new();
    let data = support::test_data("steps_of_templates_that_need_files_agree_with_pytorch");
    for template in templates::TEMPLATES {
        let mut new = vec!["new", template.key, "-o", "project.glassbox.json"];
        let file = match template.key {
            "table" => Some("csv/penguins.csv"),
            "pictures" => Some("pictures/sign_digits"),
            "detect" => Some("bccd"),
            _ => template.needs.map(|_| "mnist10k"),
        };
        let file = match (&data, file) {
            (Some(folder), Some(file)) => Some(folder.join(file).to_string_lossy().into_owned()),
            (None, Some(_)) => continue,
            (_, None) => None,
        };
        new.extend(file.iter().flat_map(|path| ["--data", path.as_str()]));
        glassbox(&new);
        let dump = format!("{}.safetensors", template.key);
        glassbox(&["debug", "project.glassbox.json", "--steps", "3", "--dump", &dump]);
        std::fs::remove_file(folder.path().join("project.glassbox.json")).unwrap();
        dumps.push(dump);
    }
    std::fs::write(folder.path().join("two.glassbox.json"), two_losses()).unwrap();
    glassbox(&["debug", "two.glassbox.json", "--steps", "3", "--dump", "two.safetensors"]);
    dumps.push("two.safetensors".into());
    must(&recompute(&dumps));
    // A number changed inside the step does not follow from the rest, and is found.
    glassbox(&["new", "xor", "-o", "xor.glassbox.json"]);
    let edited = "goto 4; step; next; set %2[0, 0] = 3; goto 5; dump edited.safetensors";
    glassbox(&["debug", "xor.glassbox.json", "--command", edited]);
    let found = recompute(&["edited.safetensors".to_owned()]);
    assert!(!found.status.success() && String::from_utf8_lossy(&found.stderr).contains("differs"));
}
