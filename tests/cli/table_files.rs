//! Tables of other kinds than text, from a new project to predictions.

use super::{fails, glassbox, json, text};

#[test]
fn json_lines_and_parts_of_a_table_are_trained_on_and_predicted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let kinds = ["a", "b"];
    let row =
        |i: usize| format!("{{\"size\": {{\"x\": {}}}, \"y\": {}, \"kind\": \"{}\"}}\n", i % 7, i % 5, kinds[i % 2]);
    std::fs::write(folder.join("table.jsonl"), (0..60).map(row).collect::<String>()).unwrap();
    std::fs::create_dir(folder.join("parts")).unwrap();
    for part in 0..3 {
        let rows: String = (0..20).map(|i| format!("{},{},{}\n", i % 7, i % 5, kinds[i % 2])).collect();
        std::fs::write(folder.join(format!("parts/{part}.csv")), format!("size.x,y,kind\n{rows}")).unwrap();
    }
    let made = glassbox(folder, &["new", "table", "--data", "table.jsonl", "--target", "kind", "-o", "p.json"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    json(folder, &["check", "p.json", "--json"]);
    json(folder, &["train", "p.json", "--steps", "5", "--checkpoint", "a.safetensors", "--json"]);
    let parts = json(folder, &["train", "p.json", "--steps", "5", "--data", "parts/*.csv", "--json"]);
    let notes = parts["notes"].to_string();
    assert!(notes.contains("Read 3 files as one table, from 0.csv to 2.csv."), "{notes}");
    for (data, rows) in [("parts", 60), ("parts/1.csv", 20), ("table.jsonl", 60)] {
        let found = json(folder, &["predict", "a.safetensors", "--data", data, "--json"]);
        assert_eq!((found["rows"].as_u64(), found["score"]["rows"].as_u64()), (Some(rows), Some(rows)), "{found}");
    }
    fails(folder, &["new", "table", "--data", "table.jsonl", "--sheet", "One", "-o", "q.json"], &["no sheets", "One"]);
    std::fs::write(folder.join("parts/3.csv"), "other\n1\n").unwrap();
    fails(folder, &["new", "table", "--data", "parts", "-o", "q.json"], &["3.csv has \"other\"", "0.csv lacks"]);
}

#[test]
fn the_encoding_of_a_table_is_found_said_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let row = |i: usize| format!("{},{},{}\n", i % 7, ["Łódź", "Gdańsk"][i % 2], ["nie", "tak"][i / 2 % 2]);
    let table = format!("x,miasto,wynik\n{}", (0..60).map(row).collect::<String>());
    std::fs::write(folder.join("t.csv"), encoding_rs::WINDOWS_1250.encode(&table).0).unwrap();
    let made = |encoding: &[&str]| {
        let new = ["new", "table", "--data", "t.csv", "--target", "wynik", "-o", "p.json", "--json", "--force"];
        json(folder, &[&new[..], encoding].concat())
    };
    let found = made(&[]);
    assert!(found["notes"].to_string().contains("add --encoding NAME"), "{found}");
    let read_as = |found: &serde_json::Value| {
        (found["table"]["encoding"].as_str().unwrap().to_owned(), found["table"]["columns"][1]["values"].to_string())
    };
    assert_ne!(read_as(&found).0, "UTF-8");
    let (name, cities) = read_as(&made(&["--encoding", "cp1250"]));
    assert!(name == "windows-1250" && cities.contains("Łódź") && cities.contains("Gdańsk"), "{name}: {cities}");
    // The project knows.
    let checked = json(folder, &["check", "p.json", "--json"]);
    assert!(checked["notes"].to_string().contains("read as windows-1250, as you said"), "{checked}");
    let refused = glassbox(folder, &["new", "table", "--data", "t.csv", "--encoding", "klingon", "-o", "q.json"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("No text encoding is called \"klingon\""), "{}", text(&refused.stderr));
}
