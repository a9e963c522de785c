//! Parts that are set aside, scores on them and on new data, baselines beside them, and what columns are worth.

use std::fmt::Write as _;

use super::*;

/// Rows whose size says nearly all, whose noise says nothing, and that know their site and day.
fn table(first: usize, rows: usize) -> String {
    let mut text = "size,noise,site,day,kind\n".to_owned();
    for i in first..first + rows {
        let size = (i * 7 % 50) as f64 / 3.0;
        let kind = ["apple", "pear", "plum"][(i * 7 % 50) / 17];
        let day = 1 + i / 16;
        writeln!(text, "{size:.1},{},s{},2024-{:02}-{:02},{kind}", i * 13 % 29, i % 9, 1 + day / 28, 1 + day % 28)
            .unwrap();
    }
    text
}

/// A project over it, trained as a run of this name.
fn trained(folder: &Path, new: &[&str]) -> Value {
    std::fs::write(folder.join("fruit.csv"), table(0, 400)).unwrap();
    let begin = ["new", "table", "--data", "fruit.csv", "--target", "kind", "--json", "-o", "p.json"];
    json(folder, &[&begin[..], new].concat());
    json(folder, &["train", "p.json", "--epochs", "12", "--name", "first", "--json"])
}

#[test]
fn a_part_is_set_aside_and_scored_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let told = trained(folder, &["--test", "15%", "--validation", "0.25"]);
    assert_eq!(told["val_samples"], 100);
    let models: Vec<_> = told["baselines"].as_array().unwrap().iter().map(|b| b["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["majority", "logistic_regression", "nearest_neighbours"]);
    let validation = json(folder, &["evaluate", "p.json", "--run", "first", "--json"]);
    assert_eq!((&validation["part"], &validation["samples"]), (&object!("validation"), &object!(100)));
    assert_eq!(validation["accuracy"], told["val_accuracy"], "the weights whose score was told");
    assert_eq!(validation["baselines"][0]["score"], told["baselines"][0]["score"]);
    let test = json(folder, &["evaluate", "p.json", "--test", "--json"]);
    // Of each class its share.
    let count = test["samples"].as_u64().unwrap();
    assert!(test["part"] == "test" && (59..=61).contains(&count), "{test}");
    let confusion: u64 = test["confusion"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|n| n.as_u64().unwrap())
        .sum();
    assert_eq!(confusion, count);
    let support: u64 = test["per_class"].as_array().unwrap().iter().map(|c| c["samples"].as_u64().unwrap()).sum();
    assert_eq!((support, test["classes"].as_array().unwrap().len()), (count, 3));
    let output = text(&glassbox(folder, &["evaluate", "p.json", "--test"]).stdout);
    for words in ["test set:", "majority class", "precision", "confusion", "plum"] {
        assert!(output.contains(words), "{words}: {output}");
    }
    // Another split is other data.
    json(folder, &["train", "p.json", "--epochs", "1", "--test", "0", "--name", "whole", "--json"]);
    fails(folder, &["evaluate", "p.json", "--run", "whole", "--test"], &["No test set was put aside", "--test 15%"]);
    fails(folder, &["evaluate", "p.json"], &["several runs", "--run", "first"]);
    std::fs::write(folder.join("fruit.csv"), table(1, 400)).unwrap();
    fails(folder, &["evaluate", "p.json", "--run", "first"], &["no longer what this run was trained on", "--data"]);
}

#[test]
fn new_rows_are_scored_and_columns_weighed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder, &["--group", "site"]);
    std::fs::write(folder.join("new.csv"), table(400, 60) + "5.0,1,s1,2024-01-01,banana\n3.0,2,s2,2024-01-02,\n")
        .unwrap();
    let told = json(folder, &["evaluate", "p.json", "--data", "new.csv", "--json"]);
    assert_eq!((&told["part"], &told["samples"], &told["baselines"]), (&object!("data"), &object!(60), &Value::Null));
    assert!(told["notes"].to_string().contains("2 rows without an answer that the network knows"), "{told}");
    let predicted = json(folder, &["predict", "p.json", "--run", "first", "--data", "new.csv", "--json"]);
    assert_eq!(predicted["score"]["accuracy"], told["accuracy"]);
    let weighed = json(folder, &["evaluate", "p.json", "--importance", "--dependence", "size", "--json"]);
    let columns: Vec<_> =
        weighed["importance"].as_array().unwrap().iter().map(|c| c["column"].as_str().unwrap()).collect();
    assert_eq!(columns[0], "size", "{weighed}");
    assert!(!columns.contains(&"site") && columns.contains(&"noise"), "{columns:?}");
    let again = json(folder, &["evaluate", "p.json", "--importance", "--json"]);
    assert_eq!(again["importance"], weighed["importance"], "by the seed");
    let points = weighed["dependence"][0]["points"].as_array().unwrap();
    let apple = |point: &Value| point["answers"][0].as_f64().unwrap();
    assert!(points.len() == 20 && apple(&points[0]) > apple(&points[19]) + 0.2, "{points:?}");
    fails(
        folder,
        &["evaluate", "p.json", "--dependence", "colour"],
        &["isn't given a column \"colour\"", "\"size\", \"noise\""],
    );
    std::fs::write(folder.join("bare.csv"), "size,noise,day\n1,2,2024-01-01\n").unwrap();
    fails(folder, &["evaluate", "p.json", "--data", "bare.csv"], &["No row", "\"kind\"", "glassbox predict"]);
}

#[test]
fn rows_are_divided_as_they_are_told_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut text = table(0, 100);
    text = text.replacen("kind\n", "kind,fold\n", 1);
    let lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => line.to_owned(),
            i => format!("{line},{}", ["train", "train", "val", "test"][i % 4]),
        })
        .collect();
    std::fs::write(folder.join("fruit.csv"), lines.join("\n")).unwrap();
    let new = |more: &[&str]| {
        let begin = ["new", "table", "--data", "fruit.csv", "--target", "kind", "--json", "-o", "p.json"];
        let told = json(folder, &[&begin[..], more].concat());
        let project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("p.json")).unwrap()).unwrap();
        (told["notes"].to_string(), project["data"]["split"].clone())
    };
    let (notes, split) = new(&[]);
    assert_eq!(split, object!({ "by": "marks", "column": "fold" }), "a column of parts is recognised");
    assert!(notes.contains("50 for training, 25 for validation, 25 for the test"), "{notes}");
    let (notes, split) = new(&["--order", "day", "--test", "20%"]);
    assert_eq!(split, object!({ "by": "order", "column": "day" }));
    assert!(notes.contains("by the order of \\\"day\\\""), "{notes}");
    assert_eq!(new(&["--split", "stratified"]).1, object!({ "by": "stratified" }));
    let options = ["new", "table", "--data", "fruit.csv", "--target", "kind", "-o", "p.json"];
    fails(folder, &[&options[..], &["--group", "gone"]].concat(), &["no column \"gone\" to split by", "size, noise"]);
    fails(folder, &[&options[..], &["--test", "0.9"]].concat(), &["95 % of the samples together"]);
    fails(folder, &["new", "spiral", "--test", "10%"], &["glassbox train"]);
}
