//! What is exported to Keras and TensorFlow computes there what it computes here: proved by these themselves, by the
//! very `verify.py` that a person gets. PyTorch is in `export_pytorch.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends by a panic")]

mod support;

use std::collections::BTreeSet;

use glassbox::interop::Framework;
use glassbox::model::layer::LayerKind;
use glassbox::model::{DataSpec, Optimiser, Project, Schedule, TrainingSpec, templates};
use support::exports::{Proofs, samples, template};
use support::random_graphs::{Chance, network, training};

/// Networks by chance of each kind of layer.
const EACH: usize = 1;

fn every_template_is_proved(framework: Framework) {
    let Some(mut proofs) = Proofs::new(framework, "every_template_is_proved") else { return };
    let real = support::test_data("templates that need files are proved by Keras and TensorFlow");
    for one in templates::TEMPLATES {
        let Some((project, dataset)) = template(one.key, real.as_ref()) else { continue };
        // Plateaus, early stopping and the like are refused.
        let _ = proofs.add(one.key, &project, &dataset);
    }
    proofs.hold();
}

fn networks_by_chance_are_proved(framework: Framework) {
    let Some(mut proofs) = Proofs::new(framework, "networks_by_chance_are_proved") else { return };
    let kinds: Vec<_> =
        LayerKind::all().into_iter().filter(|k| !matches!(k, LayerKind::Input(_) | LayerKind::Loss(_))).collect();
    let mut refused = BTreeSet::new();
    for kind in &kinds {
        let (mut proved, mut seed) = (0, 0);
        while proved < EACH {
            seed += 1;
            assert!(seed < 500, "{} is never proved; refused: {refused:#?}", kind.key());
            let mut chance = Chance(seed * 7 + 3);
            let Some((graph, signature)) = network(&mut chance, kind) else { continue };
            let training = TrainingSpec { batch_size: 4, ..training(&mut chance, seed) };
            let dataset = samples(&mut chance, &graph, &signature, false);
            let project = Project { name: format!("Chance {seed}"), graph, data: DataSpec::default(), training };
            match proofs.add(&format!("{}-{seed}", kind.key()), &project, &dataset) {
                Ok(()) => proved += 1,
                Err(why) => drop(refused.insert(why)),
            }
        }
    }
    proofs.hold();
}

fn every_optimiser_and_schedule_is_proved(framework: Framework) {
    let Some(mut proofs) = Proofs::new(framework, "every_optimiser_and_schedule_is_proved") else { return };
    let (project, dataset) = template("xor", None).unwrap();
    let schedules = Schedule::all();
    for (i, optimiser) in Optimiser::all().into_iter().enumerate() {
        for warm_up_steps in [0, 3] {
            let schedule = match (schedules[(i + warm_up_steps) % schedules.len()], warm_up_steps) {
                (Schedule::Plateau(_), 3) => Schedule::Cosine { steps: 8, floor: 0.1 },
                (Schedule::OneCycle(cycle), _) => Schedule::OneCycle(glassbox::model::OneCycle { steps: 8, ..cycle }),
                (schedule, _) => schedule,
            };
            let training =
                TrainingSpec { optimiser: optimiser.clone(), schedule, warm_up_steps, ..project.training.clone() };
            let project = Project { training, ..project.clone() };
            let name = format!("{}-{warm_up_steps}", optimiser.title());
            let _ = proofs.add(&name, &project, &dataset);
        }
    }
    proofs.hold();
}

#[test]
fn keras_proves_it() {
    every_template_is_proved(Framework::Keras);
    networks_by_chance_are_proved(Framework::Keras);
    every_optimiser_and_schedule_is_proved(Framework::Keras);
}

#[test]
fn tensorflow_proves_it() {
    every_template_is_proved(Framework::TensorFlow);
    networks_by_chance_are_proved(Framework::TensorFlow);
    every_optimiser_and_schedule_is_proved(Framework::TensorFlow);
}
