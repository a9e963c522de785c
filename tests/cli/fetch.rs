//! `glassbox fetch`, and pictures that are no folder for each class.

use super::*;

#[test]
fn open_sets_are_listed_and_a_missing_network_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let listed = json(folder, &["fetch", "--json"]);
    let names: Vec<&str> = listed["sets"].as_array().unwrap().iter().map(|set| set["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mnist", "fashion-mnist", "kmnist", "cifar-10"]);
    assert_eq!((&listed["sets"][0]["bytes"], &listed["sets"][0]["is_there"]), (&object!(11_594_722), &object!(false)));
    let shown = text(&glassbox(folder, &["fetch"]).stdout);
    assert!(shown.contains("170.1 MB") && shown.contains("not fetched yet"), "{shown}");
    let unknown = glassbox(folder, &["fetch", "imagenet"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("There are: mnist, fashion-mnist, kmnist, cifar-10."));
    // Nobody answers behind such a proxy, whatever network there is.
    let mut command = Command::new(env!("CARGO_BIN_EXE_glassbox"));
    command.args(["fetch", "mnist"]).current_dir(folder).env("GLASSBOX_HOME", folder.join("home"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, "http://127.0.0.1:1");
    }
    let alone = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    let said = text(&alone.stderr);
    assert_eq!(alone.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Fetching MNIST (11.6 MB)") && said.contains("There is no network to fetch MNIST over"),
        "{said}"
    );
}

/// A picture of one colour: an old and simple kind of file.
fn bmp(level: u8) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    bytes.extend([58u32, 0, 54, 40].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([1u32, 1].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([1u16, 24].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([0u32, 4, 0, 0, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
    bytes.extend([level, level, level, 0]);
    bytes
}

#[test]
fn a_folder_with_a_table_of_labels_trains() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("all")).unwrap();
    let mut table = "file,label\n".to_owned();
    for i in 0..20u8 {
        std::fs::write(folder.join(format!("all/{i}.bmp")), bmp(if i % 2 == 0 { 20 } else { 230 })).unwrap();
        table += &format!("{i}.bmp,{}\n", ["dark", "light"][usize::from(i % 2)]);
    }
    std::fs::write(folder.join("all/labels.csv"), table).unwrap();
    let new = json(folder, &["new", "pictures", "--data", "all", "-o", "p.json", "--json"]);
    assert!(new["notes"].to_string().contains("The labels are those of labels.csv"), "{new}");
    let trained = json(folder, &["train", "p.json", "--epochs", "2", "--json"]);
    assert!(trained["val_accuracy"].as_f64().is_some(), "{trained}");
    assert!(trained["notes"].to_string().contains("column \\\"label\\\""), "{trained}");
    // The table itself, and CIFAR's files.
    json(folder, &["new", "pictures", "--data", "all/labels.csv", "-o", "q.json", "--json"]);
    let record = |i: u8| [vec![i % 10], vec![i % 10 * 20; 3072]].concat();
    std::fs::write(folder.join("data_batch_1.bin"), (0..50u8).flat_map(record).collect::<Vec<u8>>()).unwrap();
    std::fs::write(folder.join("test_batch.bin"), (0..50u8).flat_map(record).collect::<Vec<u8>>()).unwrap();
    let new = json(folder, &["new", "pictures", "--data", ".", "-o", "c.json", "--json"]);
    assert!(new["notes"].to_string().contains("part for testing is"), "{new}");
}
