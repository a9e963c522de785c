//! `glassbox train --folds`: every sample validates once, and what was reached has a mean and a spread.

use super::*;

fn project(folder: &Path, rows: usize) {
    let row = |i: usize| format!("{},{},{}\n", i * 7 % 50, i * 13 % 29, ["apple", "pear"][i * 7 % 50 / 25]);
    let text = (0..rows).map(row).collect::<String>();
    std::fs::write(folder.join("fruit.csv"), format!("size,noise,kind\n{text}")).unwrap();
    json(
        folder,
        &["new", "table", "--data", "fruit.csv", "--target", "kind", "--test", "10%", "--json", "-o", "p.json"],
    );
}

#[test]
fn each_fold_is_a_run_and_the_same_seed_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, 200);
    let train = ["train", "p.json", "--epochs", "4", "--folds", "3", "--json"];
    let (first, again) = (json(folder, &train), json(folder, &train));
    let folds = first["folds"].as_array().unwrap();
    let number = |fold: &Value, name: &str| fold[name].as_f64().unwrap();
    assert_eq!((folds.len(), &first["of"], &first["interrupted"]), (3, &object!(3), &object!(false)));
    assert_eq!(folds.iter().map(|fold| fold["val_samples"].as_u64().unwrap()).sum::<u64>(), 180, "without the test");
    let of: Vec<f64> = folds.iter().map(|fold| number(fold, "val_accuracy")).collect();
    let mean = of.iter().sum::<f64>() / 3.0;
    let spread = (of.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    assert!((number(&first["mean"], "val_accuracy") - mean).abs() < 1e-12, "{first}");
    assert!((number(&first["std"], "val_accuracy") - spread).abs() < 1e-12, "{first}");
    for name in ["val_loss", "train_loss", "val_accuracy", "val_roc_area"] {
        assert_eq!((&first["mean"][name], &first["std"][name]), (&again["mean"][name], &again["std"][name]), "{name}");
    }
    let runs = json(folder, &["runs", "p.json", "--json"]);
    let names: Vec<_> = runs["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(["fold 1 of 3", "fold 3 of 3", "again, fold 2 of 3"].iter().all(|name| names.contains(name)), "{names:?}");
    // A fold is scored as what it was.
    let scored = json(folder, &["evaluate", "p.json", "--run", "fold 2 of 3", "--json"]);
    assert_eq!((&scored["samples"], &scored["accuracy"]), (&folds[1]["val_samples"], &folds[1]["val_accuracy"]));
    let told = text(&glassbox(folder, &train[..6]).stdout);
    assert!(told.contains("mean ± standard deviation") && told.contains("3 of 3 folds"), "{told}");
}

#[test]
fn what_folds_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, 30);
    fails(folder, &["train", "p.json", "--folds", "40"], &["only 27 rows for 40 folds", "Choose fewer folds"]);
    let wrong = glassbox(folder, &["train", "p.json", "--folds", "3", "--resume", "x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(glassbox(folder, &["train", "p.json", "--folds", "51"]).status.code(), Some(2));
}
