//! Weights from another program onto a project.

use glassbox::files::{TensorFile, Values};
use glassbox::interop::state_dict;

use super::*;

fn weights() -> String {
    format!("{}/tests/fixtures/state_dicts/small_2_15.pt", env!("CARGO_MANIFEST_DIR"))
}

/// What a checkpoint has under a name.
fn held(file: &Path, name: &str) -> Vec<f32> {
    let tensors = TensorFile::open(file).unwrap().read(|own| own == name).unwrap();
    match &tensors[0].values {
        Values::F32(values) => values.clone(),
        Values::F64(_) => panic!("single precision was asked for"),
    }
}

#[test]
fn weights_are_mapped_kept_as_a_run_and_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.glassbox.json"]);
    let told = json(folder, &["import", &weights(), "--onto", "x.glassbox.json", "--name", "theirs", "--json"]);
    let row = |i: usize| (told["rows"][i]["weight"].as_str().unwrap(), told["rows"][i]["tensors"][0].as_str().unwrap());
    assert_eq!((row(0), row(3)), (("dense_1.weight", "module.0.weight"), ("dense_2.bias", "module.2.bias")));
    assert_eq!((&told["rows"][0]["certainty"], &told["run"]), (&"sure".into(), &"theirs".into()));
    let runs = json(folder, &["runs", "x.glassbox.json", "--json"])["runs"].clone();
    assert_eq!((runs[0]["name"].as_str(), runs[0]["steps"].as_u64()), (Some("theirs"), Some(0)));
    let theirs = state_dict::read(Path::new(&weights())).unwrap();
    let theirs = theirs.find("module.0.weight").unwrap();
    let run = folder.join("x.runs/run-1.safetensors");
    assert_eq!(Values::F32(held(&run, "dense_1.weight")), *theirs.values);
    let train = ["train", "x.glassbox.json", "--epochs", "1", "--resume", "theirs", "--name", "more", "--json"];
    assert!(json(folder, &train)["steps"].as_u64() > Some(0));

    let text = json_free(folder, &["import", &weights(), "--onto", "x.glassbox.json", "-o", "out.safetensors"]);
    assert!(
        text.lines().count() == 6
            && text.contains("begin with “module.”")
            && text.contains("module.2.weight")
            && text.contains("certainty"),
        "{text}"
    );
    assert_eq!(held(&folder.join("out.safetensors"), "dense_1.weight"), held(&run, "dense_1.weight"));
}

#[test]
fn a_person_finishes_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "spiral", "-o", "s.glassbox.json"]);
    let file = weights();
    let import = |more: &[&'static str]| [&["import", &file, "--onto", "s.glassbox.json"][..], more].concat();
    fails(folder, &import(&[]), &["None of the file's tensors fits this network", "--map"]);
    fails(folder, &import(&["--map", "modle.0.bias=dense_1.bias"]), &["Did you mean module.0.bias?"]);
    fails(folder, &import(&["--map", "module.0.bias=dense_1.bias"]), &["8", "16", "doesn't fit"]);
    fails(folder, &import(&["--map", "module.0.bias"]), &["their.name=our.name"]);
    fails(folder, &["import", "s.glassbox.json", "--onto", "s.glassbox.json"], &["a Glassbox project"]);

    json_free(folder, &["new", "xor", "-o", "x.glassbox.json"]);
    let import = |more: &[&'static str]| [&["import", &file, "--onto", "x.glassbox.json", "--json"][..], more].concat();
    let told = json(folder, &import(&["--map", "=dense_2", "--partial", "--name", "a"]));
    assert!(told["rows"][2]["tensors"].is_null() && told["notices"].to_string().contains("dense_2.bias"), "{told}");
    assert_eq!(told["unused"], object!(["module.2.weight", "module.2.bias"]));
    let told = json(folder, &import(&["--map", "module.2=dense_2", "--name", "b"]));
    assert_eq!(told["rows"][3]["certainty"], "chosen");
}

#[test]
fn weights_alone_become_the_proposal_of_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = json(folder, &["import", &weights(), "-o", "p.glassbox.json", "--json"]);
    let report = told["report"].to_string();
    assert!(report.contains("proposal") && report.contains("order"), "{told}");
    let runs = json(folder, &["runs", "p.glassbox.json", "--json"]);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1, "{runs}");
}

/// Weights that leave alone have PyTorch's names, and come back onto the project as they were.
#[test]
fn weights_leave_alone_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (template, theirs, ours) in
        [("xor", "dense_1.weight", "dense_1.weight"), ("digits-lstm", "lstm_1.weight_ih_l0", "lstm_1.weight_ih")]
    {
        let project = format!("{template}.glassbox.json");
        json_free(folder, &["new", template, "-o", &project]);
        json_free(folder, &["export", &project, "--to", "safetensors"]);
        let file = format!("{template}.safetensors");
        assert!(!held(&folder.join(&file), theirs).is_empty());
        let back = format!("{template}-back.safetensors");
        json_free(folder, &["import", &file, "--onto", &project, "-o", &back]);
        assert_eq!(held(&folder.join(&file), theirs), held(&folder.join(&back), ours), "{template}");
    }
}
