//! Every template gives bitwise the same run: on one, two and eight threads, in single steps, and across a save and a
//! resume.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, Dataset, NoProgress};
use glassbox::engine::{Device, Machine, Precision, Snapshot, Threads};
use glassbox::model::{
    Augmentation, BoxesSpec, ColumnChoice, ColumnRole, DataSpec, Fit, IdxSpec, PictureSpec, Project, Source, templates,
};
use glassbox::session::checkpoint::Kept;
use glassbox::session::{TableWish, checkpoint, propose_project, table_spec};
use glassbox::trace::Curves;
use glassbox::trainer::Run;

const STEPS: usize = 4;
const SAVED_AFTER: usize = 2;

/// Few and small batches of few samples: enough for every instruction to run several times.
fn small(key: &str) -> Project {
    let mut project = templates::build(key).unwrap();
    project.training.batch_size = project.training.batch_size.min(13);
    match &mut project.data.source {
        Source::Digits(digits) => digits.samples = 100,
        Source::Shapes(shapes) => shapes.samples = 100,
        Source::Scenes(scenes) => scenes.samples = 100,
        _ => {}
    }
    project
}

fn start(project: &Project, dataset: &Arc<Dataset>) -> Run {
    Run::new(project, dataset.clone(), Device::Cpu).unwrap()
}

fn state(machine: &Machine) -> Snapshot {
    machine.snapshot().unwrap()
}

/// Losses and state of a run that nobody stops.
fn free(project: &Project, dataset: &Arc<Dataset>, threads: usize) -> (Vec<u64>, Snapshot) {
    Threads::new(threads).unwrap().run(|| {
        let mut run = start(project, dataset);
        let losses = (0..STEPS).map(|_| run.step().unwrap().loss.to_bits()).collect();
        (losses, state(run.machine()))
    })
}

/// The same batches, one instruction at a time.
fn single_steps(project: &Project, dataset: &Arc<Dataset>) -> (Vec<u64>, Snapshot) {
    let mut run = start(project, dataset);
    let mut machine =
        Machine::new(&project.graph, &dataset.signature(), &project.training, Device::Cpu, Precision::F32).unwrap();
    let mut losses = Vec::new();
    for _ in 0..STEPS {
        machine.begin_step(&run.next_batch().unwrap()).unwrap();
        while machine.step_instruction().unwrap().is_some() {}
        losses.push(machine.report().unwrap().loss.to_bits());
        // It only moves on to the next batch.
        run.step().unwrap();
    }
    (losses, state(&machine))
}

/// Through a file in the middle.
fn in_two_halves(project: &Project, dataset: &Arc<Dataset>, path: &Path) -> (Vec<u64>, Snapshot) {
    let mut first = start(project, dataset);
    let mut losses: Vec<u64> = (0..SAVED_AFTER).map(|_| first.step().unwrap().loss.to_bits()).collect();
    checkpoint::save(path, first.project(), &Kept::new(first.save().unwrap(), Curves::default())).unwrap();
    let (kept, Kept { saved, .. }) = checkpoint::load(path).unwrap();
    let mut second = Run::resume(&kept, dataset.clone(), Device::Cpu, saved).unwrap();
    losses.extend((SAVED_AFTER..STEPS).map(|_| second.step().unwrap().loss.to_bits()));
    (losses, state(second.machine()))
}

fn same_however_it_is_run(key: &str, project: &Project) {
    let folder = tempfile::tempdir().unwrap();
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let one = free(project, &dataset, 1);
    assert!(one.0.iter().all(|&bits| f64::from_bits(bits).is_finite()) && one.1.step == STEPS as u64, "{key}");
    for threads in [2, 8] {
        assert!(one == free(project, &dataset, threads), "{key} on {threads} threads");
    }
    assert!(one == single_steps(project, &dataset), "{key} in single steps");
    assert!(one == in_two_halves(project, &dataset, &folder.path().join("half")), "{key} saved and resumed");
}

#[test]
fn every_template_is_the_same_run_however_it_is_run() {
    let keys = templates::TEMPLATES.iter().filter(|template| template.needs.is_none()).map(|template| template.key);
    let mut tried = 0;
    for key in keys {
        same_however_it_is_run(key, &small(key));
        tried += 1;
    }
    assert!(tried >= 12, "{tried}");
}

#[test]
fn so_are_runs_whose_pictures_are_mixed() {
    for key in ["digits-cnn", "digits-autoencoder", "shapes"] {
        let mut project = small(key);
        *project.training.augmentation = Augmentation { mixup: 0.4, rotation: 10.0, ..Augmentation::default() };
        same_however_it_is_run(key, &project);
    }
}

/// As `glassbox new` fits them to a folder of pictures, or to a table of classes or numbers.
#[test]
fn so_is_every_template_that_needs_files() {
    let Some(folder) = support::test_data("so_is_every_template_that_needs_files") else { return };
    let base = Path::new("");
    let pictures = Source::Idx(IdxSpec { folder: folder.join("mnist10k"), limit: Some(200) });
    let pictures = DataSpec { source: pictures, ..DataSpec::default() };
    let own = PictureSpec {
        folder: folder.join("pictures/sign_digits"),
        size: 16,
        grey: false,
        fit: Fit::Crop,
        label: String::new(),
    };
    let own = DataSpec { source: Source::Pictures(own), ..DataSpec::default() };
    let boxes =
        BoxesSpec { folder: folder.join("bccd"), size: 32, grey: false, fit: Fit::Stretch, drawn: Default::default() };
    let boxes = DataSpec { source: Source::Boxes(boxes), ..DataSpec::default() };
    let table = |file: &str, target: &str| {
        let wish = TableWish { targets: vec![target.to_owned()], ..TableWish::default() };
        table_spec(&folder.join("csv").join(file), &wish, base, &NoProgress).unwrap().0
    };
    let wish = TableWish {
        targets: vec!["mpg".to_owned()],
        roles: vec![ColumnChoice { name: "cylinders".into(), role: ColumnRole::Weight }],
        ..TableWish::default()
    };
    let weighted = table_spec(&folder.join("csv/mpg.csv"), &wish, base, &NoProgress).unwrap().0;
    let mut tried = BTreeSet::new();
    for (key, name, spec) in [
        ("mnist-mlp", "mnist-mlp", pictures.clone()),
        ("mnist-cnn", "mnist-cnn", pictures),
        ("pictures", "sign-digits", own),
        ("detect", "bccd", boxes),
        ("table", "penguins", table("penguins.csv", "species")),
        ("table", "mpg", table("mpg.csv", "mpg")),
        ("table", "weighted", weighted),
    ] {
        let dataset = data::load(&spec, base, &NoProgress).unwrap();
        let mut project = propose_project(&dataset, spec);
        if key == "mnist-mlp" {
            project.graph = templates::chain(templates::mlp(&[256, 128], dataset.truth.task.width()));
        }
        project.training.batch_size = project.training.batch_size.min(13);
        same_however_it_is_run(name, &project);
        tried.insert(key);
    }
    let with_files =
        templates::TEMPLATES.iter().filter(|template| template.needs.is_some()).map(|template| template.key);
    assert_eq!(tried, with_files.collect(), "a template that needs files is not tried");
}
