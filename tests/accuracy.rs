//! Templates learn what they promise with their own settings: the mean validation score of seeds 1 to 5.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::path::Path;
use std::sync::Arc;

use glassbox::data::{self, NoProgress};
use glassbox::engine::Device;
use glassbox::model::{ColumnChoice, ColumnRole, DataSpec, IdxSpec, Project, Source, templates};
use glassbox::session::{TableWish, propose_project, table_spec};
use glassbox::trainer::Run;

/// Validation score of a run to its end, as `glassbox train` reports it.
fn score(project: &Project, seed: u64) -> f64 {
    let mut project = project.clone();
    project.training.seed = seed;
    let dataset = Arc::new(data::load(&project.data, Path::new(""), &NoProgress).unwrap());
    let mut run = Run::new(&project, dataset, Device::Cpu).unwrap();
    while run.finished().is_none() {
        if run.step().unwrap().epoch_done {
            let scores = run.evaluate().unwrap();
            run.judge(&scores).unwrap();
        }
    }
    run.restore_best().unwrap();
    run.evaluate().unwrap().score
}

fn mean_of_five(name: &str, project: &Project) -> f64 {
    let scores: Vec<f64> = (1..=5).map(|seed| score(project, seed)).collect();
    let mean = scores.iter().sum::<f64>() / 5.0;
    println!("{name}: {mean:.4} from {scores:?}");
    mean
}

fn table(folder: &Path, file: &str, target: &str, drop: &[&str]) -> Project {
    let left_out = |name: &&str| ColumnChoice { name: name.to_string(), role: ColumnRole::LeftOut };
    let roles = drop.iter().map(left_out).collect();
    let wish = TableWish { targets: vec![target.to_owned()], roles, ..TableWish::default() };
    let path = folder.join("csv").join(file);
    let (spec, _) = table_spec(&path, &wish, Path::new(""), &NoProgress).unwrap();
    let dataset = data::load(&spec, Path::new(""), &NoProgress).unwrap();
    propose_project(&dataset, spec)
}

#[test]
fn spiral_on_raw_coordinates() {
    let mean = mean_of_five("spiral", &templates::build("spiral").unwrap());
    assert!(mean >= 0.97, "{mean}");
}

#[test]
fn the_other_generated_templates_learn_too() {
    for (key, floor) in [
        ("xor", 0.97),
        ("circle", 0.97),
        ("gauss", 0.97),
        ("moons", 0.97),
        ("blobs", 0.9),
        ("sine", 0.97),
        ("plane", 0.97),
        ("digits-resnet", 0.97),
        ("digits-lstm", 0.93),
        ("digits-attention", 0.9),
        ("shapes", 0.97),
        ("scenes", 0.9),
        // Of two numbers: hands and places differ in more ways.
        ("digits-autoencoder", 0.18),
    ] {
        let score = score(&templates::build(key).unwrap(), 1);
        println!("{key}: {score:.4}");
        assert!(score >= floor, "{key}: {score}");
    }
}

#[test]
fn drawn_digits_with_convolutions() {
    let mean = mean_of_five("digits-cnn", &templates::build("digits-cnn").unwrap());
    assert!(mean >= 0.97, "{mean}");
}

#[test]
fn species_of_penguins() {
    let Some(folder) = support::test_data("species_of_penguins") else { return };
    let mean = mean_of_five("penguins", &table(&folder, "penguins.csv", "species", &[]));
    assert!(mean >= 0.96, "{mean}");
}

#[test]
fn survivors_of_the_titanic() {
    let Some(folder) = support::test_data("survivors_of_the_titanic") else { return };
    let mean = mean_of_five("titanic", &table(&folder, "titanic.csv", "survived", &["alive"]));
    assert!(mean >= 0.78, "{mean}");
}

#[test]
fn prices_of_diamonds() {
    let Some(folder) = support::test_data("prices_of_diamonds") else { return };
    let mean = mean_of_five("diamonds", &table(&folder, "diamonds.csv", "price", &[]));
    assert!(mean >= 0.96, "{mean}");
}

#[test]
fn mnist_with_convolutions() {
    let Some(folder) = support::test_data("mnist_with_convolutions") else { return };
    let source = Source::Idx(IdxSpec { folder: folder.join("mnist10k"), limit: None });
    let spec = DataSpec { source, ..DataSpec::default() };
    let dataset = data::load(&spec, Path::new(""), &NoProgress).unwrap();
    assert_eq!((dataset.train.len(), dataset.validation.len()), (8000, 2000));
    let project = propose_project(&dataset, spec);
    assert!(project.training.epochs <= 6);
    let score = score(&project, 1);
    println!("mnist-cnn: {score:.4}");
    assert!(score >= 0.975, "{score}");
}
