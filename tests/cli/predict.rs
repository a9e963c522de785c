//! Trained weights answer for new rows, and a checkpoint holds the weights whose score is told.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use glassbox::data::{self, NoProgress, read_unseen};
use glassbox::engine::{Device, Numbers};
use glassbox::persist::project_file;
use glassbox::session::checkpoint;
use glassbox::trainer::Run;

use super::*;

/// Rows of a table whose gaps and categories have to be handled; `rows` of them from `first` on.
fn table(first: usize, rows: usize) -> String {
    let mut text = "size,colour,kind\n".to_owned();
    for i in first..first + rows {
        let size = if i % 17 == 0 { String::new() } else { format!("{:.1}", (i * 7 % 50) as f64 / 3.0) };
        let colour = if i % 23 == 0 { "" } else { ["red", "green", "blue"][i * 5 % 3] };
        let kind = ["apple", "pear", "plum"][(i * 7 % 50) / 17];
        writeln!(text, "{size},{colour},{kind}").unwrap();
    }
    text
}

fn bits(answers: &Value) -> Vec<u32> {
    let of = |row: &Value| {
        let said = row["probabilities"].as_object().unwrap().clone();
        ["apple", "pear", "plum"].map(|class| (said[class].as_f64().unwrap() as f32).to_bits())
    };
    answers.as_array().unwrap().iter().flat_map(of).collect()
}

#[test]
fn a_checkpoint_answers_for_a_table_without_the_one_that_it_learnt_from() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("fruit.csv"), table(0, 400)).unwrap();
    assert!(
        glassbox(folder, &["new", "table", "--data", "fruit.csv", "--target", "kind", "-o", "p.json"]).status.success()
    );
    json(folder, &["train", "p.json", "--epochs", "3", "--checkpoint", "run.safetensors", "--json"]);

    // What the run itself answers to all rows of the table.
    let (project, kept) = checkpoint::load(&folder.join("run.safetensors")).unwrap();
    let dataset = Arc::new(data::load(&project.data, folder, &NoProgress).unwrap());
    let unseen = read_unseen(&dataset.encoding, &folder.join("fruit.csv"), &NoProgress).unwrap();
    let rows = |inputs: &[f32]| -> BTreeSet<Vec<u32>> {
        inputs.chunks(dataset.input_len()).map(|row| row.iter().map(|v| v.to_bits()).collect()).collect()
    };
    let both = [&dataset.train, &dataset.validation].map(|part| part.whole().unwrap().inputs.to_vec()).concat();
    assert_eq!(rows(&unseen.inputs), rows(&both), "rows become the very samples that they were in training");
    let run = Run::resume(&project, dataset, Device::Cpu, kept.saved).unwrap();
    let outputs = run.machine().predict(&unseen.inputs, 400).unwrap();
    let shares = outputs.chunks(3).flat_map(|row| run.machine().answer().shares(row));
    let expected: Vec<u32> = shares.map(f32::to_bits).collect();

    // Columns in another order, and nothing else to be had.
    let text = std::fs::read_to_string(folder.join("fruit.csv")).unwrap();
    let turned: String = text.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n").collect();
    std::fs::write(folder.join("turned.csv"), turned).unwrap();
    std::fs::remove_file(folder.join("fruit.csv")).unwrap();
    std::fs::remove_file(folder.join("p.json")).unwrap();
    let told = json(folder, &["predict", "run.safetensors", "--data", "turned.csv", "--json"]);
    assert_eq!(bits(&told["answers"]), expected, "bit for bit");
    let hits = told["answers"].as_array().unwrap().iter().zip(text.lines().skip(1));
    let hits = hits.filter(|(answer, line)| line.ends_with(answer["class"].as_str().unwrap())).count();
    assert_eq!(
        (told["score"]["accuracy"].as_f64(), told["score"]["rows"].as_u64()),
        (Some(hits as f64 / 400.0), Some(400))
    );

    // Rows without the answer, with a gap and with what was never seen.
    std::fs::write(folder.join("new.csv"), "colour,size\nred,3.5\npurple,\nblue,2\n").unwrap();
    let output = glassbox(folder, &["predict", "run.safetensors", "--data", "new.csv", "-o", "answers.csv"]);
    let said = text_of(&output);
    for words in
        ["\"size\" lacks 1 value:", "median", "\"colour\" has values in 1 row ", "\"purple\"", "Predicted 3 rows"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    let written = std::fs::read_to_string(folder.join("answers.csv")).unwrap();
    let lines: Vec<_> = written.lines().collect();
    assert_eq!(lines[0], "row,kind,probability,probability of apple,probability of pear,probability of plum");
    assert!(lines.len() == 4 && lines[2].starts_with("2,"), "{written}");

    // What cannot be is said, and nothing is written over.
    let predict = |data: &'static str, more: &'static [&'static str]| {
        [&["predict", "run.safetensors", "--data", data], more].concat()
    };
    std::fs::write(folder.join("short.csv"), "colour\nred\nblue\n").unwrap();
    fails(folder, &predict("short.csv", &[]), &["\"size\"", "lacks", "colour"]);
    std::fs::write(folder.join("words.csv"), "colour,size\nred,3\nblue,large\n").unwrap();
    fails(folder, &predict("words.csv", &[]), &["line 3", "\"large\""]);
    assert!(glassbox(folder, &predict("new.csv", &["-o", "answers.csv"])).status.success(), "it is its own");
    std::fs::write(folder.join("mine.csv"), "colour,size\nred,3\n").unwrap();
    fails(folder, &predict("new.csv", &["-o", "mine.csv"]), &["--output mine.csv", "--force"]);
    fails(folder, &predict("new.csv", &["-o", "new.csv", "--force"]), &["new.csv is the data"]);
    fails(folder, &predict("new.csv", &["-o", "run.safetensors", "--force"]), &["run.safetensors is the checkpoint"]);
    assert!(glassbox(folder, &predict("new.csv", &["-o", "answers.csv", "--force"])).status.success());
}

fn text_of(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn points_are_answered_for_by_their_coordinates_and_numbers_in_their_units() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("points.csv"), "x,y\n-3,0\n3,1\n,2\n0.5,-2\n").unwrap();
    for (template, column) in [("moons", "class,probability,"), ("plane", "z")] {
        json_free(folder, &["new", template, "-o", "p.json"]);
        json(folder, &["train", "p.json", "--epochs", "2", "--checkpoint", "p.safetensors", "--json"]);
        let output = glassbox(folder, &["predict", "p.safetensors", "--data", "points.csv"]);
        let (said, remarks) = (text(&output.stdout), text(&output.stderr));
        let lines: Vec<_> = said.lines().collect();
        assert!(output.status.success() && lines.len() == 5, "{said}{remarks}");
        assert!(lines[0].starts_with(&format!("row,{column}")), "{said}");
        assert!(lines[3].starts_with("3,") && lines[3].trim_end_matches(',') == "3", "a row without x: {said}");
        assert!(remarks.contains("1 row lacks a value"), "{remarks}");
        std::fs::remove_file(folder.join("p.json")).unwrap();
    }
}

#[test]
fn pictures_are_answered_for_and_score_what_training_said() {
    let Some(data) = support::test_data("pictures_are_answered_for_and_score_what_training_said") else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mnist = std::fs::canonicalize(data.join("mnist10k")).unwrap();
    let mnist = mnist.to_str().unwrap();
    json_free(folder, &["new", "mnist-mlp", "--data", mnist, "-o", "m.json"]);
    let summary = json(folder, &["train", "m.json", "--steps", "10", "--checkpoint", "m.safetensors", "--json"]);
    let told = json(folder, &["predict", "m.safetensors", "--data", mnist, "-o", "a.csv", "--json"]);
    // The folder is one pair of files, of which training kept some for validation: both parts together are all of it.
    let (project, kept) = checkpoint::load(&folder.join("m.safetensors")).unwrap();
    let dataset = Arc::new(data::load(&project.data, folder, &NoProgress).unwrap());
    let run = Run::resume(&project, dataset.clone(), Device::Cpu, kept.saved).unwrap();
    let hits = |accuracy: f64, rows: usize| (accuracy * rows as f64).round() as u64;
    let (train, validation) = (run.evaluate_part(&dataset.train).unwrap().score, run.evaluate().unwrap().score);
    assert_eq!(summary["val_accuracy"].as_f64(), Some(validation));
    assert_eq!(summary["val_samples"].as_u64(), Some(dataset.validation.len() as u64));
    let rows = dataset.train.len() + dataset.validation.len();
    assert_eq!(told["score"]["rows"].as_u64(), Some(rows as u64));
    let found = hits(told["score"]["accuracy"].as_f64().unwrap(), rows);
    assert_eq!(found, hits(train, dataset.train.len()) + hits(validation, dataset.validation.len()));
}

#[test]
fn picture_files_are_learnt_from_and_answered_for_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let picture = |name: &str, shade: u8| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), 20, 16);
        encoder.set_color(png::ColorType::Rgb);
        let pixels: Vec<u8> = (0..960).map(|i| if i % 3 == 0 { shade } else { i as u8 / 8 }).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    };
    for i in 0..12 {
        picture(&format!("all/dim/{i}.png"), i);
        picture(&format!("all/bright/{i}.png"), 255 - i);
    }
    std::fs::write(folder.join("all/dim/broken.png"), "").unwrap();
    json_free(folder, &["new", "pictures", "--data", "all", "-o", "p.json"]);
    let checked = json(folder, &["check", "p.json", "--json"]);
    assert!(checked["notes"].to_string().contains("dim/broken.png (empty)"), "{checked}");
    json(folder, &["train", "p.json", "--epochs", "8", "--checkpoint", "p.safetensors", "--json"]);
    picture("new/dim/a.png", 20);
    picture("new/bright/b.png", 235);
    picture("new/c.png", 235);
    let told = json(folder, &["predict", "p.safetensors", "--data", "new", "--json"]);
    assert_eq!((told["score"]["accuracy"].as_f64(), told["score"]["rows"].as_u64()), (Some(1.0), Some(2)), "{told}");
    let [file, class] = ["file", "class"].map(|key| told["answers"][0][key].as_str());
    assert_eq!((file, class), (Some("c.png"), Some("bright")));
    json_free(folder, &["predict", "p.safetensors", "--data", "new/dim/a.png", "-o", "a.csv"]);
    let lines = std::fs::read_to_string(folder.join("a.csv")).unwrap();
    assert!(lines.starts_with("row,file,class,") && lines.contains("\n1,a.png,dim,"), "{lines}");
}

#[test]
fn each_find_in_a_picture_is_a_row_in_its_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let picture = |name: &str, [width, height]: [u32; 2], left: u32| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
        encoder.set_color(png::ColorType::Grayscale);
        let is_thing = |i: u32| (left..left + 12).contains(&(i % width)) && (4..16).contains(&(i / width));
        let pixels: Vec<u8> = (0..width * height).map(|i| if is_thing(i) { 250 } else { 20 }).collect();
        encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    };
    let (mut images, mut annotations) = (Vec::new(), Vec::new());
    for i in 0..16 {
        picture(&format!("all/{i}.png"), [48, 32], i);
        images.push(serde_json::json!({ "id": i, "file_name": format!("{i}.png"), "width": 48, "height": 32 }));
        annotations.push(serde_json::json!({ "id": i, "image_id": i, "category_id": 7, "bbox": [i, 4, 12, 12] }));
    }
    let categories = [serde_json::json!({ "id": 7, "name": "block" })];
    let labels = serde_json::json!({ "images": images, "annotations": annotations, "categories": categories });
    std::fs::write(folder.join("all/labels.json"), labels.to_string()).unwrap();
    json_free(folder, &["new", "detect", "--data", "all", "-o", "d.json"]);
    json(folder, &["train", "d.json", "--steps", "2", "--checkpoint", "d.safetensors", "--json"]);
    picture("new/wide.png", [96, 32], 5);
    picture("new/tall.png", [20, 60], 3);
    std::fs::write(folder.join("new/broken.png"), "").unwrap();
    let output = glassbox(folder, &["predict", "d.safetensors", "--data", "new", "-o", "found.csv"]);
    let said = text_of(&output);
    let written = std::fs::read_to_string(folder.join("found.csv")).unwrap();
    let lines: Vec<Vec<&str>> = written.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["picture", "class", "score", "left", "top", "right", "bottom"]);
    assert!(lines.len() > 2 && said.contains(&format!("Found {} things in 2 pictures", lines.len() - 1)), "{said}");
    let told = json(folder, &["predict", "d.safetensors", "--data", "new", "--json"]);
    let mut expected = Vec::new();
    for answer in told["answers"].as_array().unwrap() {
        for found in answer["boxes"].as_array().unwrap() {
            let edges = ["left", "top", "right", "bottom"].map(|edge| found[edge].as_f64().unwrap());
            let of = |key: &str| found[key].as_str().unwrap().to_owned();
            let score = (found["score"].as_f64().unwrap() as f32).to_string();
            let edges = edges.map(|edge| format!("{:.1}", edge as f32));
            expected
                .push([vec![answer["file"].as_str().unwrap().to_owned(), of("class"), score], edges.to_vec()].concat());
        }
    }
    assert_eq!(lines[1..], expected);
    for line in &lines[1..] {
        let [width, height] = match line[0] {
            "wide.png" => [96.0, 32.0],
            "tall.png" => [20.0, 60.0],
            other => panic!("{other}"),
        };
        let [left, top, right, bottom] = [3, 4, 5, 6].map(|i| line[i].parse::<f64>().unwrap());
        assert!(0.0 <= left && left <= right && right <= width && top <= bottom && bottom <= height, "{line:?}");
        assert!(line[1] == "block" && line[2].parse::<f32>().unwrap() >= 0.01);
    }
    assert!(["wide.png", "tall.png"].iter().all(|name| lines.iter().any(|line| line[0] == *name)), "{written}");
}

/// The numbers of all tensors whose names begin with a prefix (and no other), by the rest of their names.
fn tensors(path: &Path, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<_> = file
        .iter()
        .filter_map(|(name, view)| {
            let rest = name.strip_prefix(prefix).filter(|rest| !rest.contains('/'))?;
            Some((rest.to_owned(), view.data().to_vec()))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_checkpoint_shows_the_weights_whose_score_is_told_and_goes_on_from_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    json_free(folder, &["new", "xor", "-o", "x.json"]);
    let mut project = project_file::load(&folder.join("x.json")).unwrap();
    // Far too fast: the best epoch is none of the last.
    (project.training.learning_rate, project.training.keep_best, project.training.epochs) = (1.0, true, 7);
    project_file::save(&project, &folder.join("x.json")).unwrap();
    let whole = ["train", "x.json", "--checkpoint", "whole.safetensors", "--log", "whole.jsonl", "--json"];
    let summary = json(folder, &whole);
    json(folder, &["train", "x.json", "--epochs", "4", "--checkpoint", "half.safetensors", "--json"]);
    let (half, whole) = (folder.join("half.safetensors"), folder.join("whole.safetensors"));

    let log = std::fs::read_to_string(folder.join("whole.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let epochs: Vec<f64> =
        lines.iter().filter(|l| l["event"] == "epoch").map(|l| l["val_loss"].as_f64().unwrap()).collect();
    let best = epochs.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(
        epochs.len() == 7 && *epochs.last().unwrap() > best,
        "the last epoch is to be none of the best: {epochs:?}"
    );
    let restored = lines.last().unwrap();
    assert_eq!((&restored["event"], restored["val_loss"].as_f64()), (&Value::from("restored"), Some(best)));
    assert_eq!(restored["epoch"].as_u64(), epochs.iter().position(|&loss| loss == best).map(|i| i as u64 + 1));

    // What other programs read scores what was told.
    let (kept, found) = checkpoint::load(&whole).unwrap();
    let dataset = Arc::new(data::load(&kept.data, folder, &NoProgress).unwrap());
    let mut run = Run::resume(&kept, dataset, Device::Cpu, found.saved.clone()).unwrap();
    assert_eq!(run.evaluate().unwrap().loss, *epochs.last().unwrap(), "the run stands where it was left");
    let weights = checkpoint::load_weights(&whole).unwrap();
    run.machine_mut().restore_parameters(&weights.snapshot).unwrap();
    let scores = run.evaluate().unwrap();
    assert_eq!((Some(scores.loss), Some(scores.loss)), (summary["val_loss"].as_f64(), Some(best)));
    assert_eq!(Some(scores.score), summary["val_accuracy"].as_f64());
    let plain = tensors(&whole, "");
    for (name, bytes) in &plain {
        let Some(Numbers::F32(numbers)) = weights.snapshot.tensors.get(name).map(|saved| &saved.numbers) else {
            continue;
        };
        assert_eq!(*bytes, numbers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>(), "{name}");
    }
    assert!(plain.iter().any(|(name, _)| name == "dense_1.weight") && plain != tensors(&whole, "last/"));

    // And a run that was ended early goes on as if it had not been.
    json(folder, &["train", "x.json", "--resume", "half.safetensors", "--checkpoint", "rest.safetensors", "--json"]);
    let rest = folder.join("rest.safetensors");
    assert!(tensors(&half, "last/") != tensors(&half, ""), "the half was left with its best weights shown");
    for prefix in ["", "last/"] {
        assert!(tensors(&rest, prefix) == tensors(&whole, prefix), "{prefix:?} differs");
    }
}

#[test]
fn a_network_that_gives_back_its_input_says_how_far_off_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("fruit.csv"), table(0, 400)).unwrap();
    assert!(
        glassbox(folder, &["new", "table", "--data", "fruit.csv", "--target", "kind", "-o", "p.json"]).status.success()
    );
    // As many outputs as inputs, compared with them.
    let path = folder.join("p.json");
    let data = project_file::load(&path).unwrap().data;
    let inputs = data::load(&data, folder, &NoProgress).unwrap().input_len();
    let mut project: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let graph = &mut project["graph"];
    let id = |name: &str| {
        let layers = graph["layers"].as_array().unwrap();
        layers.iter().find(|layer| layer["name"] == name).unwrap()["id"].clone()
    };
    let (input, loss) = (id("Input"), id("Loss"));
    let before = graph["wires"].as_array().unwrap().iter().find(|wire| wire["to"] == loss).unwrap()["from"].clone();
    let layers = graph["layers"].as_array_mut().unwrap();
    layers.iter_mut().find(|layer| layer["id"] == before).unwrap()["units"] = inputs.into();
    let wire = serde_json::json!({ "id": 1000, "from": input, "to": loss, "input": "truth" });
    graph["wires"].as_array_mut().unwrap().push(wire);
    std::fs::write(&path, project.to_string()).unwrap();
    json(folder, &["train", "p.json", "--epochs", "20", "--checkpoint", "run.safetensors", "--json"]);

    std::fs::write(folder.join("new.csv"), "colour,size\nred,3.5\nblue,9000\nblue,2\n").unwrap();
    let told = json(folder, &["predict", "run.safetensors", "--data", "new.csv", "--json"]);
    let errors: Vec<f64> = told["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer["reconstruction_error"].as_f64().unwrap())
        .collect();
    assert_eq!((errors.len(), &told["score"]), (3, &Value::Null));
    assert!(errors[1] > 100.0 * errors[0].max(errors[2]), "what is unlike all others stands out: {errors:?}");
    assert!(glassbox(folder, &["predict", "run.safetensors", "--data", "new.csv", "-o", "out.csv"]).status.success());
    let written = std::fs::read_to_string(folder.join("out.csv")).unwrap();
    assert!(written.starts_with("row,reconstruction error\n1,") && written.lines().count() == 4, "{written}");
}
