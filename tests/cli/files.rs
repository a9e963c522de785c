//! Files that are something else than they should be.

use super::*;

#[test]
fn a_checkpoint_is_no_project_and_a_project_no_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (template, file) in [("xor", "x.json"), ("sine", "s.json"), ("moons", "m.json")] {
        json_free(folder, &["new", template, "-o", file]);
        json_free(folder, &["train", file, "--epochs", "1", "--checkpoint", &format!("{template}.safetensors")]);
    }
    for command in ["check", "train", "debug"] {
        fails(folder, &[command, "xor.safetensors"], &["is a checkpoint", "--resume xor.safetensors"]);
    }
    let resumed = |checkpoint: &'static str| ["debug", "x.json", "--resume", checkpoint, "--command", "info"];
    fails(folder, &resumed("x.json"), &["isn't a Glassbox checkpoint", "x.json"]);
    fails(folder, &resumed("sine.safetensors"), &["sine.safetensors doesn't belong to x.json"]);
    fails(folder, &resumed("moons.safetensors"), &["moons.safetensors belongs to different data"]);
    // Another network for the same data is a change of the run, and said.
    let wider = std::fs::read_to_string(folder.join("x.json")).unwrap().replace("\"units\": 8", "\"units\": 9");
    std::fs::write(folder.join("wider.json"), wider).unwrap();
    json_free(folder, &["train", "wider.json", "--epochs", "1", "--checkpoint", "wider.safetensors"]);
    let output = glassbox(folder, &resumed("wider.safetensors"));
    let said = text(&output.stderr);
    assert!(output.status.success() && said.contains("From step 25 on, the network is that of x.json"), "{said}");
    let output = glassbox(folder, &resumed("xor.safetensors"));
    assert_eq!((output.status.success(), text(&output.stderr)), (true, String::new()));
}

#[test]
fn files_of_other_kinds_are_told_from_their_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    std::fs::write(folder.join("empty"), "").unwrap();
    std::fs::write(folder.join("noise"), [0xff; 4000]).unwrap();
    std::fs::write(folder.join("package.json"), r#"{"name": "other", "version": "1.0"}"#).unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    std::fs::File::create(folder.join("sparse")).unwrap().set_len(1 << 30).unwrap();
    for file in ["empty", "noise", "package.json", "folder", "sparse"] {
        fails(folder, &["check", file], &[file]);
        fails(folder, &["debug", "x.json", "--resume", file, "--command", "info"], &[file]);
    }
    let bare = std::fs::read_to_string(folder.join("x.json")).unwrap();
    std::fs::write(folder.join("bom.json"), format!("\u{feff}{bare}")).unwrap();
    json(folder, &["check", "bom.json", "--json"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_dump_that_does_not_fit_says_so_and_leaves_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    // As an administrator may, through a link: the device itself must not be replaced by a file.
    std::os::unix::fs::symlink("/dev/full", folder.join("full.safetensors")).unwrap();
    let dump = |file: &'static str| ["debug", "x.json", "--steps", "1", "--dump", file];
    fails(folder, &dump("full.safetensors"), &["Can't write the file", "No space left", "full.safetensors"]);
    assert!(std::fs::symlink_metadata(folder.join("full.safetensors")).unwrap().is_symlink());
    fails(folder, &dump("none/a.safetensors"), &["there is no folder none"]);
    fails(folder, &dump("."), &["directory"]);
    std::fs::write(folder.join("old.safetensors"), "old").unwrap();
    fails(folder, &dump("old.safetensors"), &["not a Glassbox dump (3 bytes)"]);
    json_free(folder, &[&dump("old.safetensors")[..], &["--force"]].concat());
    json_free(folder, &dump("old.safetensors"));
    assert!(std::fs::read(folder.join("old.safetensors")).unwrap().len() > 1000);
}

/// As on a disk that is full: no file may grow beyond a block.
#[cfg(unix)]
#[test]
fn a_project_that_does_not_fit_says_so_and_the_one_before_stays() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "sine", "-o", "p.json"]);
    let before = std::fs::read(folder.join("p.json")).unwrap();
    let full = |file: &str| {
        let script =
            format!("trap '' XFSZ; ulimit -f 1; exec {:?} new xor -o {file} --force", env!("CARGO_BIN_EXE_glassbox"));
        let mut command = Command::new("bash");
        command.current_dir(folder).args(["-c", &script]).env("GLASSBOX_HOME", folder.join("home"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    };
    for file in ["p.json", "new.json"] {
        let said = full(file);
        assert!(
            said.contains("Can't write the file") && said.contains("free some space") && said.contains(file),
            "{said}"
        );
    }
    assert_eq!(std::fs::read(folder.join("p.json")).unwrap(), before);
    let left: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| name == "p.json" || name == "home"), "{left:?}");
}

/// The scripts beside the program, run by somebody who has no more than Python.
#[test]
fn scripts_without_their_packages_say_what_to_install() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    // -S: without the folders where packages are installed; -E: nor those that the environment names.
    let python =
        |arguments: &[&str]| Command::new("python3").args(["-E", "-S"]).args(arguments).current_dir(&scripts).output();
    let Ok(version) = python(&["--version"]) else {
        println!("not run: scripts_without_their_packages_say_what_to_install (no Python)");
        return;
    };
    assert!(version.status.success());
    for (arguments, words) in [
        (&["recompute_dump.py", "none.safetensors"][..], "pip install torch"),
        (&["bench/peers.py", "--engine", "torch", "--json"], "pip install numpy"),
    ] {
        let output = python(arguments).unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words) && !said.contains("Traceback"), "{said}");
    }
}
