//! What `new table` takes a table for, says of it, and is told otherwise.

use super::*;

/// Cells that could be several things, and a column of each kind.
fn write(folder: &Path) {
    let rows: String = (0..60)
        .map(|i| {
            let (day, code) = (format!("{:02}/{:02}/2024", 1 + i % 12, 1 + i / 12), ["01067", "10115"][i % 2]);
            format!("{day};{code};1.{:03};{};{};{}\n", 100 + i, i * 7 % 11, i % 3, if i == 5 { "-" } else { "x" })
        })
        .collect();
    std::fs::write(folder.join("t.csv"), format!("day;plz;size;x;grade;word\n{rows}")).unwrap();
}

fn new(folder: &Path, more: &[&str]) -> Value {
    json(folder, &[&["new", "table", "--data", "t.csv", "-o", "p.json", "--json"], more].concat())
}

fn column<'a>(found: &'a Value, name: &str) -> &'a Value {
    let all = found["table"]["columns"].as_array().unwrap();
    all.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("{found}"))
}

#[test]
fn every_column_says_what_it_is_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder);
    let found = new(folder, &["--target", "grade"]);
    assert_eq!((&found["table"]["target"], &found["table"]["task"]), (&"grade".into(), &"classes".into()));
    assert_eq!(found["table"]["rows"], 60);
    for (name, kind, used) in [
        ("day", "date", "date"),
        ("plz", "number", "category"),
        ("size", "number", "number"),
        ("grade", "number", "target: classes"),
        ("word", "text", "category"),
    ] {
        let column = column(&found, name);
        assert_eq!((&column["type"], &column["used"]), (&kind.into(), &used.into()), "{column}");
        assert!(column["why"].as_str().unwrap().len() > 8, "{column}");
    }
    assert_eq!((&column(&found, "word")["missing"], &column(&found, "plz")["missing"]), (&1.into(), &0.into()));
    let notes = found["notes"].to_string();
    assert!(notes.contains("--decimal comma") && notes.contains("--dates"), "{notes}");
    // `check` says the same, and people read it as a table.
    let checked = json(folder, &["check", "p.json", "--json"]);
    assert_eq!(checked["table"], found["table"]);
    let said = json_free(folder, &["check", "p.json"]);
    let line = said.lines().find(|line| line.starts_with("plz ")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("category") && line.contains("leading zeros"), "{line}");
    assert!(said.contains("60 rows. Predicts grade: classes."), "{said}");
}

#[test]
fn every_choice_can_be_made_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder);
    let used = |more: &[&str], name: &str| {
        column(&new(folder, &[&["--target", "grade"], more].concat()), name)["used"].clone()
    };
    assert_eq!(used(&["--numeric", "plz"], "plz"), "number");
    assert_eq!(used(&["--category", "x"], "x"), "category");
    assert_eq!(used(&["--drop", "day"], "day"), "left out");
    assert_eq!(used(&["--keep", "word"], "word"), "category");
    assert_eq!(used(&["--task", "numbers"], "grade"), "target: numbers");
    assert_eq!(used(&["--missing", "x"], "word"), "left out");
    let values = |more: &[&str], name: &str| {
        column(&new(folder, &[&["--target", "grade"], more].concat()), name)["values"].clone()
    };
    assert_eq!(values(&["--decimal", "point"], "size"), "1.1 to 1.159");
    assert_eq!(values(&["--decimal", "comma"], "size"), "1100 to 1159");
    assert_eq!(values(&["--dates", "day-first"], "day"), "2024-01-01 to 2024-05-12");
    assert_eq!(values(&["--dates", "month-first"], "day"), "2024-01-01 to 2024-12-05");
    let bare = new(folder, &["--header", "no", "--target", "column 5"]);
    assert_eq!((&bare["table"]["header"], &bare["table"]["rows"]), (&false.into(), &61.into()));
    let piped = std::fs::read_to_string(folder.join("t.csv")).unwrap().replace(';', "!");
    std::fs::write(folder.join("t.csv"), piped).unwrap();
    assert_eq!(new(folder, &["--delimiter", "!", "--target", "grade"])["table"]["delimiter"], "!");
    // What was chosen stands in the project and is kept.
    let project: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("p.json")).unwrap()).unwrap();
    assert_eq!(project["data"]["source"]["reading"]["delimiter"], "!");
}

#[test]
fn what_cannot_be_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder);
    let table = |more: &[&'static str]| [&["new", "table", "--data", "t.csv", "-o", "p.json"], more].concat();
    fails(folder, &table(&["--keep", "gone"]), &["There is no column \"gone\"", "day, plz"]);
    fails(folder, &table(&["--drop", "x", "--numeric", "x"]), &["given two uses"]);
    fails(folder, &table(&["--target", "grade", "--date", "word"]), &["can't all be read as dates"]);
    fails(folder, &table(&["--target", "day", "--task", "numbers"]), &["\"day\"", "line 2"]);
    fails(folder, &["new", "xor", "--numeric", "x", "-o", "p.json"], &["only work with the template 'table'"]);
    std::fs::write(folder.join("t.csv"), "a,b,label\n1,2,x\n3,4,y\n").unwrap();
    fails(folder, &table(&["--target", "label"]), &["only 2 rows", "Add rows"]);
    std::fs::write(folder.join("t.csv"), "a,label\n1,x\n3,x\n5,x\n6,x\n").unwrap();
    fails(
        folder,
        &table(&["--target", "label"]),
        &["every row has the same value", "Choose another target, with --target or in the Data tab: a."],
    );
    std::fs::write(folder.join("t.csv"), "a,label\n1,x\n1,y\n1,x\n1,y\n1,x\n").unwrap();
    fails(folder, &table(&["--target", "label"]), &["No columns are left to learn from", "Add columns to the file"]);
    std::fs::write(folder.join("t.csv"), "id,label\n7,x\n3,y\n5,x\n6,y\n8,x\n").unwrap();
    fails(folder, &table(&["--target", "label", "--drop", "id"]), &["No columns are left", "--keep \"id\""]);
    std::fs::write(folder.join("t.csv"), "label\nx\ny\nx\ny\nx\n").unwrap();
    fails(folder, &table(&["--target", "label"]), &["has only the column \"label\"", "--delimiter"]);
}

#[test]
fn several_numbers_are_predicted_at_once_and_scored_each_in_its_unit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows = |n: usize| -> String {
        let of = |i: usize| (i as f64 * 0.37).sin();
        (0..n).map(|i| format!("{},{},{}\n", of(i), 3.0 * of(i) + of(3 * i), 5000.0 - 1000.0 * of(i) * of(i))).collect()
    };
    std::fs::write(folder.join("t.csv"), format!("x,small,large\n{}", rows(200))).unwrap();
    let found = new(folder, &["--target", "small", "--target", "large"]);
    assert_eq!(found["table"]["targets"], serde_json::json!(["small", "large"]));
    assert_eq!(column(&found, "small")["used"], "target: numbers");
    assert_eq!(column(&found, "large")["used"], "target: numbers");
    assert!(json_free(folder, &["check", "p.json"]).contains("Predicts small, large: numbers."));
    let told = json(folder, &["train", "p.json", "--epochs", "40", "--checkpoint", "c.safetensors", "--json"]);
    let of = |name: &str| told["val_targets"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let r2 = [of("small"), of("large")].map(|one| one["r2"].as_f64().unwrap());
    assert!((told["val_r2"].as_f64().unwrap() - (r2[0] + r2[1]) / 2.0).abs() < 1e-12, "{told}");
    // Each in its own unit: the second is a hundred times as wide.
    assert!(r2[1] > 0.9, "{told}");
    assert!(of("small")["rmse"].as_f64().unwrap() < 3.0 && of("large")["rmse"].as_f64().unwrap() < 120.0, "{told}");
    assert_eq!(told["baselines"].as_array().unwrap().len(), 3);
    let same = json(folder, &["evaluate", "c.safetensors", "--json"]);
    for (at, one) in ["small", "large"].iter().zip(told["val_targets"].as_array().unwrap()).enumerate() {
        let error = &same["errors"][at];
        assert_eq!((&error["output"], one.1["name"].as_str()), (&(*one.0).into(), Some(*one.0)));
        for key in ["r2", "rmse"] {
            assert!((error[key].as_f64().unwrap() / one.1[key].as_f64().unwrap() - 1.0).abs() < 1e-9, "{same} {told}");
        }
    }
    // New rows with the truth of both, then of one of them only.
    std::fs::write(folder.join("new.csv"), format!("x,large,small\n0.5,4750,1.6\n-0.2,4960,-0.7\n{}", "0.1,,2\n"))
        .unwrap();
    let answers = json(folder, &["predict", "c.safetensors", "--data", "new.csv", "--json"]);
    assert_eq!((&answers["answered"], &answers["score"]["rows"]), (&3.into(), &2.into()));
    let large = answers["answers"][0]["numbers"]["large"].as_f64().unwrap();
    assert!((large - 4750.0).abs() < 300.0 && answers["answers"][0]["numbers"]["small"].is_number(), "{answers}");
    let scored = json(folder, &["evaluate", "c.safetensors", "--data", "new.csv", "--json"]);
    assert_eq!((&scored["samples"], scored["errors"].as_array().unwrap().len()), (&2.into(), 2));
}

#[test]
fn several_targets_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder);
    let refused = |more: &[&str], words: &str| {
        let all = [&["new", "table", "--data", "t.csv", "-o", "p.json", "--target", "size"], more].concat();
        fails(folder, &all, &[words]);
    };
    refused(&["--target", "word"], "predicted as numbers, but \"word\" has \"x\" in line");
    refused(&["--target", "grade", "--task", "classes"], "leave out --task classes");
    refused(&["--target", "grade", "--drop", "grade"], "has another use as well");
    refused(&["--target", "gone"], "There is no column \"gone\"");
}

#[test]
fn of_a_very_skewed_number_the_logarithm_is_proposed_and_all_is_told_in_its_own_unit() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let row = |i: usize| {
        let (a, b) = ((i as f64 * 0.37).sin(), (i as f64 * 1.3).cos());
        format!("{a:.3},{b:.3},{:.1}\n", (6.0 + 2.5 * a + 2.0 * a * b).exp())
    };
    let head = "a,b,income\n";
    std::fs::write(folder.join("t.csv"), (0..300).map(row).fold(head.to_owned(), |all, row| all + &row)).unwrap();
    std::fs::write(folder.join("new.csv"), (300..360).map(row).fold(head.to_owned(), |all, row| all + &row)).unwrap();
    let plain = new(folder, &["--target", "income", "--target-scale", "linear"]);
    assert_eq!(column(&plain, "income")["used"], "target: numbers");
    let found = new(folder, &["--target", "income"]);
    let income = column(&found, "income");
    assert_eq!(income["used"], "target: logarithm");
    assert!(income["why"].as_str().unwrap().starts_with("very skewed ("), "{income}");
    assert!(found["notes"].to_string().contains("The network learns the logarithm of"), "{found}");
    assert_eq!(json(folder, &["check", "p.json", "--json"])["table"], found["table"]);
    let told = json(folder, &["train", "p.json", "--checkpoint", "c.safetensors", "--json"]);
    assert!(told["val_r2"].as_f64().unwrap() > 0.9, "{told}");
    // The mean of the numbers, not of their logarithms, which would be far below.
    assert!(told["baselines"][0]["score"].as_f64().unwrap().abs() < 0.1, "{told}");
    // By hand, from the answers.
    let answers = json(folder, &["predict", "c.safetensors", "--data", "new.csv", "--json"]);
    let truth: Vec<f64> = (300..360).map(|i| row(i).trim().rsplit(',').next().unwrap().parse().unwrap()).collect();
    let predicted: Vec<f64> =
        answers["answers"].as_array().unwrap().iter().map(|one| one["numbers"]["income"].as_f64().unwrap()).collect();
    let mean = truth.iter().sum::<f64>() / 60.0;
    let squares = |of: &dyn Fn(usize) -> f64| (0..60).map(|i| of(i).powi(2)).sum::<f64>();
    let residual = squares(&|i| truth[i] - predicted[i]);
    let r2 = 1.0 - residual / squares(&|i| truth[i] - mean);
    assert!((answers["score"]["r2"].as_f64().unwrap() - r2).abs() < 1e-5 && r2 > 0.8, "{r2} {answers}");
    let scored = json(folder, &["evaluate", "c.safetensors", "--data", "new.csv", "--json"]);
    assert!((scored["r2"].as_f64().unwrap() - r2).abs() < 1e-5, "{scored}");
    let rmse = scored["errors"][0]["rmse"].as_f64().unwrap();
    assert!((rmse / (residual / 60.0).sqrt() - 1.0).abs() < 1e-4, "{scored}");
    let all = &["new", "table", "--data", "t.csv", "-o", "p.json", "--target", "income", "--task", "classes"];
    fails(folder, &[&all[..], &["--target-scale", "log"]].concat(), &["--target-scale"]);
}

#[test]
fn rows_count_in_the_loss_by_the_weights_of_a_column() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Rows of weight 0 say the opposite of all others.
    let row = |i: usize| {
        let (x, lies) = ((i as f64 * 0.37).sin(), i.is_multiple_of(3));
        let kind = if (x > 0.0) == lies { "a" } else { "b" };
        format!("{x:.3},{:.3},{},{kind}\n", (i as f64 * 1.3).cos(), if lies { "0" } else { "2.5" })
    };
    let all: String = (0..300).map(row).collect();
    std::fs::write(folder.join("t.csv"), format!("x,z,w,kind\n{all}")).unwrap();
    let found = new(folder, &["--weight", "w"]);
    assert_eq!(found["table"]["target"], "kind");
    assert_eq!((&column(&found, "w")["used"], &column(&found, "w")["why"]), (&"row weight".into(), &"chosen".into()));
    assert!(found["notes"].to_string().contains("Each row is weighted in the loss by"), "{found}");
    assert_eq!(json(folder, &["check", "p.json", "--json"])["table"], found["table"]);
    let told = json(folder, &["train", "p.json", "--epochs", "60", "--checkpoint", "c.safetensors", "--json"]);
    // The loss doesn't see what is wrong, the accuracy does.
    let (loss, accuracy) = (told["val_loss"].as_f64().unwrap(), told["val_accuracy"].as_f64().unwrap());
    assert!(loss < 0.2 && (0.55..0.8).contains(&accuracy), "{told}");
    let same = json(folder, &["evaluate", "c.safetensors", "--json"]);
    assert!((same["loss"].as_f64().unwrap() - loss).abs() < 1e-6, "{same}");
    // New rows need no weights, and count alike.
    std::fs::write(folder.join("new.csv"), "x,z,kind\n0.9,0.1,b\n-0.9,0.2,a\n0.9,0.3,a\n").unwrap();
    let answers = json(folder, &["predict", "c.safetensors", "--data", "new.csv", "--json"]);
    assert_eq!((&answers["answers"][0]["class"], &answers["answered"]), (&"b".into(), &3.into()));
    let scored = json(folder, &["evaluate", "c.safetensors", "--data", "new.csv", "--json"]);
    assert!(scored["loss"].as_f64().unwrap() > 0.5, "{scored}");
    let folds = json(folder, &["train", "p.json", "--folds", "3", "--epochs", "5", "--json"]);
    assert!(folds["folds"].as_array().unwrap().len() == 3, "{folds}");
}

#[test]
fn weights_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String =
        (0..30).map(|i| format!("{},{},{}\n", i * 7 % 11, i % 7 - 1, ["a", "b"][i as usize % 2])).collect();
    std::fs::write(folder.join("t.csv"), format!("x,w,kind\n{rows}")).unwrap();
    let refused = |more: &[&str], words: &str| {
        fails(folder, &[&["new", "table", "--data", "t.csv", "-o", "p.json"], more].concat(), &[words]);
    };
    refused(&["--weight", "w"], "Line 2 has \"-1\"");
    refused(&["--weight", "gone"], "There is no column \"gone\"");
    refused(&["--weight", "kind", "--target", "kind"], "both the target and the weight");
    refused(&["--weight", "w", "--numeric", "w"], "given two uses");
}

/// Rent follows the district alone, which has 70 values that are in no order.
fn districts(rows: std::ops::Range<usize>) -> String {
    let level = |district: usize| (district * 7919 % 101) as f64 * 20.0;
    let of = |i: usize| {
        let district = i * 31 % 70;
        format!("{:.2},D{district:02},{:.1}\n", (i as f64 * 0.7).sin() * 40.0 + 60.0, level(district) + (i % 3) as f64)
    };
    format!("size,district,rent\n{}", rows.map(of).collect::<String>())
}

#[test]
fn a_category_with_many_values_goes_through_an_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("t.csv"), districts(0..1400)).unwrap();
    let found = new(folder, &["--target", "rent"]);
    let district = column(&found, "district");
    assert_eq!(district["used"], "category: embedding");
    assert_eq!(district["why"], "70 distinct values, each in several rows");
    assert_eq!(json(folder, &["check", "p.json", "--json"])["table"], found["table"]);
    let project = std::fs::read_to_string(folder.join("p.json")).unwrap();
    assert!(project.contains("\"embedding\"") && project.contains("\"concat\"") && project.contains("\"embedded\""));
    let told = json(folder, &["train", "p.json", "--checkpoint", "c.safetensors", "--json"]);
    assert!(told["val_r2"].as_f64().unwrap() > 0.9, "{told}");
    // Simple models measure distances, which indices have none of: they see the size alone.
    assert!(told["baselines"].as_array().unwrap().iter().all(|one| one["score"].as_f64().unwrap() < 0.2), "{told}");
    std::fs::write(folder.join("new.csv"), districts(1400..1500) + "50,Elsewhere,900\n").unwrap();
    let answers = json(folder, &["predict", "c.safetensors", "--data", "new.csv", "--json"]);
    assert!(answers["score"]["r2"].as_f64().unwrap() > 0.85, "{}", answers["score"]);
    assert!(answers["notes"].to_string().contains("Elsewhere"), "{}", answers["notes"]);
    let weighed = json(folder, &["evaluate", "c.safetensors", "--importance", "--dependence", "district", "--json"]);
    assert_eq!(weighed["importance"][0]["column"], "district");
    assert!(weighed["dependence"][0]["points"][0]["value"].as_str().unwrap().starts_with('D'), "{weighed}");
    // Otherwise, as somebody says.
    let out = new(folder, &["--target", "rent", "--drop", "district"]);
    assert_eq!(column(&out, "district")["used"], "left out");
    let each = new(folder, &["--target", "rent", "--category", "district"]);
    assert_eq!(column(&each, "district")["used"], "category");
    let asked = new(folder, &["--target", "district", "--embed", "rent"]);
    assert_eq!(column(&asked, "rent")["used"], "category: embedding");
}
