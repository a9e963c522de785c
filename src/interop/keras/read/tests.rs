//! Models that Keras wrote answer here as they did there, and what is no model is refused.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{hdf5_file, keras_file};
use crate::data::test_data::test_data;
use crate::engine::{Device, Machine, Precision, TensorData};
use crate::files::tensors::Values;
use crate::interop::frameworks::python_with;
use crate::interop::{Arrived, Fate};
use crate::model::layer::{Flatten, Loss};
use crate::model::{DataSignature, LayerId, Shape, Task, TrainingSpec, infer};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keras").join(name)
}

fn read(path: &Path) -> Arrived {
    let is_zip = path.extension().is_some_and(|ending| ending == "keras");
    let arrived = if is_zip { keras_file(path) } else { hdf5_file(path) };
    arrived.unwrap_or_else(|error| panic!("{error}"))
}

struct Record {
    dims: Vec<usize>,
    data: Vec<f32>,
}

fn records(value: &Value, sines: bool) -> Vec<Record> {
    let record = |(number, value): (usize, &Value)| {
        let whole = |v: &Value| v.as_u64().unwrap() as usize;
        let dims: Vec<usize> = value["dims"].as_array().unwrap().iter().map(whole).collect();
        let written: Vec<f32> = value["data"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect();
        let sine = |i: usize| (0.37 * i as f64 + number as f64).sin() as f32;
        let data = if sines { (0..dims.iter().product()).map(sine).collect() } else { written };
        Record { dims, data }
    };
    value.as_array().unwrap().iter().enumerate().map(record).collect()
}

/// Pictures H × W × C of each sample as C × H × W.
fn turned(record: &Record) -> Vec<f32> {
    let [rows, height, width, channels] = record.dims[..] else { return record.data.clone() };
    let mut out = Vec::with_capacity(record.data.len());
    for row in 0..rows {
        for channel in 0..channels {
            for place in 0..height * width {
                out.push(record.data[(row * height * width + place) * channels + channel]);
            }
        }
    }
    out
}

/// The data that its inputs are parts of: all behind each other, each under its name.
fn signature(arrived: &Arrived, outputs: usize) -> DataSignature {
    let task = Task::Numbers(outputs);
    if let [only] = arrived.inputs.as_slice() {
        return DataSignature { weighted: false, input: only.clone(), task, names: Vec::new() };
    }
    let inputs = arrived.graph.layers().filter(|layer| layer.kind.key() == "input");
    let named = |(layer, shape): (&crate::model::Layer, &Shape)| {
        (0..shape.len()).map(|i| format!("{}[{i}]", layer.slug())).collect::<Vec<_>>()
    };
    let names: Vec<String> = inputs.zip(&arrived.inputs).flat_map(named).collect();
    DataSignature { weighted: false, input: Shape::row(names.len()), task, names }
}

/// What its last layers answer, `[rows, numbers]` each.
fn answers(arrived: &Arrived, inputs: &[Record]) -> Vec<Vec<f32>> {
    let ends: Vec<LayerId> =
        arrived.graph.layers().filter(|l| arrived.graph.outgoing(l.id).next().is_none()).map(|l| l.id).collect();
    let rows = inputs[0].dims[0];
    let parts: Vec<Vec<f32>> = inputs.iter().map(turned).collect();
    let row =
        |row: usize| parts.iter().flat_map(move |part| part[row * part.len() / rows..][..part.len() / rows].to_vec());
    let batch: Vec<f32> = (0..rows).flat_map(row).collect();
    let answer = |end: LayerId| {
        let mut graph = arrived.graph.clone();
        let flat = graph.add_named(Flatten {}.into(), "test flat");
        let loss = graph.add_named(Loss::default().into(), "test loss");
        graph.connect(end, flat).unwrap();
        graph.connect(flat, loss).unwrap();
        let found = infer(&graph, Some(&signature(arrived, 1)));
        let width = found.shapes.get(&flat).unwrap_or_else(|| panic!("{:?}", found.problems)).len();
        let signature = signature(arrived, width);
        let training = TrainingSpec::default();
        let mut machine = Machine::new(&graph, &signature, &training, Device::Cpu, Precision::F32).unwrap();
        for tensor in &arrived.weights {
            let Values::F32(values) = &tensor.values else { panic!("{}: double", tensor.name) };
            let Some(id) = machine.program().find(&tensor.name) else { continue };
            let numbers = TensorData { dims: tensor.dims.clone(), data: values.clone().into() };
            machine.write(id, &numbers).unwrap();
        }
        machine.predict(&batch, rows).unwrap()
    };
    ends.into_iter().map(answer).collect()
}

/// The largest difference, relative to the largest number.
fn difference(path: &Path, record: &Path) -> f64 {
    let arrived = read(path);
    let record: Value = serde_json::from_str(&std::fs::read_to_string(record).unwrap()).unwrap();
    let is_sine = record["inputs"][0]["data"].as_array().unwrap().is_empty();
    let (inputs, outputs) = (records(&record["inputs"], is_sine), records(&record["outputs"], false));
    let foreign: Vec<_> = arrived.report.findings.iter().filter(|finding| finding.fate == Fate::Foreign).collect();
    assert!(foreign.is_empty(), "{}: {foreign:?}", path.display());
    let (found, wanted) = (answers(&arrived, &inputs).remove(0), turned(&outputs[0]));
    assert_eq!(found.len(), wanted.len(), "{}", path.display());
    let largest = wanted.iter().fold(1e-6_f64, |largest, v| largest.max(f64::from(v.abs())));
    let off = |(a, b): (&f32, &f32)| {
        let off = (f64::from(*a) - f64::from(*b)).abs();
        if off.is_nan() && a.is_nan() != b.is_nan() {
            f64::INFINITY
        } else if off.is_nan() {
            0.0
        } else {
            off
        }
    };
    found.iter().zip(&wanted).map(off).fold(0.0, f64::max) / largest
}

#[test]
fn models_of_many_layers_answer_as_in_keras() {
    for name in [
        "pictures.keras",
        "pictures.h5",
        "squeeze.keras",
        "sequences.keras",
        "sequences.h5",
        "nested.keras",
        "nested.h5",
        "words.keras",
        "several.keras",
    ] {
        let off = difference(&fixture(name), &fixture(&format!("{name}.json")));
        assert!(off < 1e-5, "{name}: {off:e}");
    }
}

#[test]
fn models_that_people_ship_answer_as_in_keras() {
    for name in ["emotion_model.hdf5", "deeplc_8c22.keras"] {
        let Some(path) = test_data(&format!("models/{name}")) else { continue };
        let off = difference(&path, &fixture(&format!("{name}.json")));
        assert!(off < 1e-5, "{name}: {off:e}");
    }
}

/// Has the script write models; `None` (after saying so) where there is no Keras.
fn written(arguments: &[&str], test: &str) -> Option<tempfile::TempDir> {
    let python = python_with(&["keras"], test)?;
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/interop_fixtures/keras_models.py");
    let mut command = std::process::Command::new(python);
    let output = command.arg(script).arg(arguments[0]).arg(folder.path()).args(&arguments[1..]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(folder)
}

/// All models of a folder answer as their records say.
fn all_answer_as_recorded(folder: &Path) {
    let mut failed = Vec::new();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending != "json"));
    paths.sort();
    for path in &paths {
        let record = PathBuf::from(format!("{}.json", path.display()));
        match std::panic::catch_unwind(|| difference(path, &record)) {
            Ok(off) if off < 1e-5 => {}
            Ok(off) => failed.push(format!("{}: {off:e}", path.display())),
            Err(panic) => failed.push(format!("{}: {:?}", path.display(), panic.downcast_ref::<String>())),
        }
    }
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), paths.len(), failed.join("\n"));
}

#[test]
fn what_keras_draws_at_random_answers_as_there() {
    let Some(folder) = written(&["random", "7", "60"], "what_keras_draws_at_random_answers_as_there") else { return };
    all_answer_as_recorded(folder.path());
}

#[test]
fn keras_applications_answer_as_there() {
    let Some(folder) = written(&["applications"], "keras_applications_answer_as_there") else { return };
    all_answer_as_recorded(folder.path());
}

#[test]
fn a_layer_that_is_not_known_stands_in_its_place() {
    let arrived = read(&fixture("foreign.keras"));
    assert_eq!(arrived.report.count(Fate::Foreign), 1);
    let found = infer(&arrived.graph, Some(&signature(&arrived, 2)));
    let foreign = arrived.graph.layers().find(|layer| layer.kind.key() == "foreign").unwrap();
    assert_eq!(found.shapes.get(&foreign.id), Some(&Shape::row(4)), "its shape passes on");
    assert_eq!(found.shapes.len(), 4);
    let kept: Vec<_> = found.obstacles().map(|problem| problem.layer.as_str()).collect();
    assert_eq!((kept, found.problems.len()), (vec!["wave"], 2), "and no Loss: {:?}", found.problems);
    let names: Vec<&str> = arrived.report.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(names[..2], ["input_layer_6", "dense_8"]);
}

#[test]
fn shared_layers_are_frozen_and_said() {
    let arrived = read(&fixture("nested.keras"));
    let shared: Vec<_> = arrived.graph.layers().filter(|layer| layer.name.starts_with("shared")).collect();
    assert!(shared.len() == 2 && shared.iter().all(|layer| layer.frozen), "{shared:?}");
    let said = arrived.report.findings.iter().filter(|finding| finding.words.contains("used 2 times"));
    assert_eq!(said.count(), 2);
    assert!(arrived.graph.layers().all(|layer| layer.frozen == layer.name.starts_with("shared")));
}

#[test]
fn what_is_no_model_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.keras");
    std::fs::write(&path, "<!DOCTYPE html><title>Not found</title>").unwrap();
    assert!(keras_file(&path).unwrap_err().to_string().contains("isn't a .keras file"));
    assert!(hdf5_file(&path).unwrap_err().to_string().contains("isn't a whole HDF5 file"));
    if let Some(weights) = test_data("models/mhcnuggets_HLA-A02-01.h5") {
        assert!(hdf5_file(&weights).unwrap_err().to_string().contains("weights but no network"));
    }
}
